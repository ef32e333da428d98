// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor policy`: check a policy, run its tests, try it on everything that is known, ask why.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::args::{Known as Wanted, PolicyCommand, PolicyFile, SchemaOf, TryFormat, TryPolicy};
use super::output::Output;
use super::{CLEAN, VIOLATIONS, setup};
use lictor::clock::Moment;
use lictor::detect::Detector;
use lictor::diag::{Failure, visible};
use lictor::licenses::Licenses;
use lictor::plan::{Checkout, View};
use lictor::policy::conditions::{Relation, Subject};
use lictor::policy::waivers::Lapse;
use lictor::policy::{self, Policy, PolicyRef, Rule};
use lictor::report::ReportError;
use lictor::report::human;
use lictor::report::policies::{Coverage, Tried, coverage, tried, tried_json};
use lictor::scan::{Records, Scanned, judge_again};
use lictor::shape;
use lictor::store::{Known, Store};

pub fn run(command: &PolicyCommand, licenses: &'static Licenses) -> anyhow::Result<u8> {
    let mut out = Output::open(None)?;
    let code = match command {
        PolicyCommand::Check(args) => check(args, licenses, &mut out)?,
        PolicyCommand::Test(args) => test(args, licenses, &mut out)?,
        PolicyCommand::Try(args) => attempt(args, licenses, &mut out)?,
        PolicyCommand::Explain { id, policy, store } => {
            let policy = setup::policy(policy, licenses)?;
            explain(id, &policy, &setup::store_path(store)?, licenses, &mut out)?
        }
        PolicyCommand::Coverage { policy, known } => {
            let policy = setup::policy(policy, licenses)?;
            let mut all = Coverage::default();
            each(known, licenses, &policy, &mut |_, scanned, _, _| {
                all.add(&scanned);
                Ok(())
            })?;
            coverage(&policy, &all, &mut out)?;
            CLEAN
        }
        PolicyCommand::Schema { of } => {
            let (title, keys) = match of {
                SchemaOf::Policy => ("lictor policy, version 1", policy::POLICY),
                SchemaOf::Waivers => ("lictor waivers, version 1", policy::WAIVER_FILE),
                SchemaOf::Curations => ("lictor curations, version 1", policy::CURATION_FILE),
            };
            let schema = shape::schema(title, keys);
            let text = serde_json::to_string_pretty(&schema)?;
            writeln!(out, "{text}").map_err(ReportError::from)?;
            CLEAN
        }
    };
    out.finish()?;
    Ok(code)
}

fn plural(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// The policies that are named, or the one that is in use.
fn policies(args: &PolicyFile, licenses: &Licenses) -> anyhow::Result<Vec<Policy>> {
    if args.files.is_empty() {
        return Ok(vec![setup::policy(&args.policy, licenses)?]);
    }
    let load = |path: &std::path::PathBuf| Ok(Policy::load(path, licenses)?);
    args.files.iter().map(load).collect()
}

fn check(args: &PolicyFile, licenses: &Licenses, out: &mut dyn Write) -> anyhow::Result<u8> {
    let today = Moment::now().day();
    for policy in policies(args, licenses)? {
        let rules: std::collections::BTreeSet<&str> =
            policy.rules().map(|r| r.id.as_str()).collect();
        writeln!(
            out,
            "{}: {}, {}, {}, {}; revision {}",
            visible(policy.origin.as_bytes()),
            plural(rules.len(), "rule"),
            plural(policy.cases.len(), "test"),
            plural(policy.waivers.list.len(), "waiver"),
            plural(policy.curations.len(), "curation"),
            policy.digest,
        )?;
        for w in &policy.waivers.list {
            let left = i64::from(w.expires.since(today).map_or(0, |s| s.get_days()));
            let says = match w.lapse(today) {
                Some(Lapse::Expired) => format!("has expired on {}", w.expires),
                Some(_) => format!("does not hold before {}", w.granted),
                None if left <= policy.waivers.warn_days => {
                    format!(
                        "expires on {}, in {}",
                        w.expires,
                        plural(left.unsigned_abs() as usize, "day")
                    )
                }
                None => continue,
            };
            let id = visible(w.id.as_bytes());
            writeln!(out, "  note: the waiver {id} ({}:{}) {says}", w.place.0, w.place.1)?;
        }
    }
    Ok(CLEAN)
}

fn test(args: &PolicyFile, licenses: &Licenses, out: &mut dyn Write) -> anyhow::Result<u8> {
    let mut failed = 0;
    for policy in policies(args, licenses)? {
        let mut wrong = 0;
        for case in &policy.cases {
            let problems = case.run(&policy, licenses);
            wrong += usize::from(!problems.is_empty());
            for problem in problems {
                let (file, line) = &case.place;
                writeln!(out, "{file}:{line}: {}", visible(problem.as_bytes()))?;
            }
        }
        let name = visible(policy.origin.as_bytes());
        let cases = plural(policy.cases.len(), "test");
        match (wrong, policy.cases.len()) {
            (_, 0) => writeln!(out, "{name}: no tests; add some as [[test]]")?,
            (0, _) => writeln!(out, "{name}: {cases} passed")?,
            (wrong, _) => writeln!(out, "{name}: {wrong} of {cases} failed")?,
        }
        failed += wrong;
    }
    Ok(if failed > 0 { VIOLATIONS } else { CLEAN })
}

/// What is done with a checkout that was judged: how many of its files were not, and the store.
type Judged<'a> = dyn FnMut(Known, Scanned, usize, &Store) -> Result<(), Failure> + 'a;

/// Judges all that is known of the wanted checkouts.
pub fn each(
    wanted: &Wanted,
    licenses: &'static Licenses,
    policy: &Policy,
    with: &mut Judged<'_>,
) -> Result<(), Failure> {
    let mut store = Store::open_existing(&setup::store_path(&wanted.store)?)?;
    let engine = Detector::new(licenses).engine();
    let below = wanted.checkout.as_ref().map(|p| {
        std::fs::canonicalize(p).or_else(|_| std::path::absolute(p)).unwrap_or_else(|_| p.clone())
    });
    let now = Moment::now();
    for known in store.checkouts(below.as_deref())? {
        let recalled = store.recall(&known.checkout(), &engine)?;
        let (scanned, unseen) =
            judge_again(known.checkout(), &engine, &recalled, licenses, policy, &mut store, now)?;
        with(known, scanned, unseen, &store)?;
    }
    Ok(())
}

fn attempt(
    args: &TryPolicy,
    licenses: &'static Licenses,
    out: &mut dyn Write,
) -> anyhow::Result<u8> {
    let policy = Policy::load(&args.file, licenses)?;
    let mut all = Vec::new();
    each(&args.known, licenses, &policy, &mut |known, scanned, unseen, store| {
        let before = store.violations(&known)?;
        all.push(Tried::compare(known, before, &scanned, unseen));
        Ok(())
    })?;
    let policy = PolicyRef::from(&policy);
    match args.format {
        TryFormat::Human => tried(&policy, &all, args.all, out)?,
        TryFormat::Json => tried_json(&policy, &all, out)?,
    }
    Ok(CLEAN)
}

/// The number of a violation, from `V17`.
pub fn number(name: &str) -> Option<i64> {
    name.strip_prefix(['V', 'v'])?.parse().ok()
}

fn explain(
    id: &str,
    policy: &Policy,
    store: &Path,
    licenses: &Licenses,
    out: &mut dyn Write,
) -> anyhow::Result<u8> {
    let mut context = None;
    let rule = match number(id) {
        Some(number) if !policy.rules().any(|r| r.id == id) => {
            let mut store = Store::open_existing(store)?;
            let mut found = store.violation(number)?;
            if let Some(placed) = &found
                && placed.violation.commit.is_none()
            {
                let root = Path::new(std::ffi::OsStr::from_bytes(&placed.root));
                // The history shows without it where the checkout is gone.
                if let Ok(checkout) = Checkout::find(root, View::parse(&placed.view)) {
                    store.attribute_one(&checkout, number, Moment::now())?;
                    found = store.violation(number)?;
                }
            }
            let Some(placed) = found else {
                let failure = Failure::new(format!("there is no violation {id}"));
                return Err(failure.help("`lictor findings` shows the numbers").into());
            };
            let v = &placed.violation;
            let license = if v.license.is_empty() { "no license" } else { &v.license };
            let waiver = v.waiver.as_ref().map(|w| format!(" by {}", visible(w.as_bytes())));
            writeln!(
                out,
                "{} {license} in {}/{}",
                v.name(),
                visible(&placed.root),
                visible(&placed.path)
            )?;
            writeln!(out, "  {}{}", v.state.as_str(), waiver.unwrap_or_default())?;
            writeln!(
                out,
                "  {} ({}) in the context {}",
                v.outcome.as_str(),
                v.severity.as_str(),
                v.context
            )?;
            if let Some(by) = human::brought_by(v) {
                writeln!(out, "  {by}")?;
            }
            writeln!(out, "\nHistory")?;
            let mut lines = Vec::new();
            store.events(0, Some(number), &mut |e| {
                lines.push(format!(
                    "  {}  #{:<7} {:<20} {}",
                    e.time.rfc3339(),
                    e.seq,
                    e.kind,
                    visible(e.detail.as_bytes())
                ));
                true
            })?;
            lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
            writeln!(out)?;
            context = Some(v.context.clone());
            v.rule.clone()
        }
        _ => id.to_owned(),
    };
    let mut rules: Vec<_> = policy.rules().filter(|r| r.id == rule).collect();
    if let Some(context) = context {
        let fits = |r: &Rule| r.when.contexts.as_ref().is_none_or(|list| list.contains(&context));
        rules.retain(|r| fits(r));
        // The one for all other contexts stands last.
        rules.truncate(1);
    }
    if rules.is_empty() {
        let ids: Vec<&str> = policy.rules().map(|r| r.id.as_str()).collect();
        let failure =
            Failure::new(format!("the policy has no rule `{}`", visible(rule.as_bytes())));
        return Err(Failure { help: lictor::diag::did_you_mean(&rule, &ids), ..failure }.into());
    }
    for rule in rules {
        let place = match rule.place.1 {
            0 => "built in".to_owned(),
            line => format!("{}:{line}", visible(rule.place.0.as_bytes())),
        };
        writeln!(out, "Rule {} ({place})", rule.id)?;
        writeln!(out, "  {} ({})", rule.outcome.as_str(), rule.severity.as_str())?;
        writeln!(out, "  why: {}", visible(rule.reason.as_bytes()))?;
        writeln!(out, "  do:  {}", visible(rule.remedy.as_bytes()))?;
        for condition in rule.when.says() {
            writeln!(out, "  if {condition}")?;
        }
        let first: Vec<&str> = before(policy, rule, licenses);
        if !first.is_empty() {
            writeln!(out, "  unless one of these holds, which go before it: {}", first.join(", "))?;
        }
        writeln!(out)?;
    }
    Ok(CLEAN)
}

/// The rules that go before one where both hold.
fn before<'p>(policy: &'p Policy, rule: &Rule, licenses: &Licenses) -> Vec<&'p str> {
    let mut names: Vec<&str> = policy
        .rules()
        .take_while(|r| !std::ptr::eq(&raw const ***r, rule))
        .filter(|r| r.id != rule.id && r.when.relation(&rule.when) != Relation::Apart)
        .filter(|r| {
            let fits = |term| rule.when.is_about(Subject::License(term), licenses);
            r.when.licenses.as_ref().is_none_or(|list| list.iter().any(fits))
        })
        .map(|r| r.id.as_str())
        .collect();
    names.dedup();
    names
}
