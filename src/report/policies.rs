// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What a policy would change, what it never meets, and why a rule decides as it does.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde::Serialize;

use super::ReportError;
use crate::diag::visible;
use crate::model::{Outcome, Severity};
use crate::policy::{Judged, Policy, PolicyRef, Rule};
use crate::scan::Scanned;
use crate::store::{Known, State, Violation};

/// Lines of a kind of difference that are shown unless all are asked for.
const SHOWN: usize = 12;

/// What is said of a license in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Verdict {
    pub outcome: Outcome,
    pub severity: Severity,
    pub rule: String,
    pub context: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiver: Option<String>,
}

/// A license in a file of which another policy says otherwise.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    pub path: Vec<u8>,
    pub license: String,
    /// `None` if it is no violation by that policy.
    pub before: Option<Verdict>,
    pub after: Option<Verdict>,
}

/// What another policy would change in a checkout.
pub struct Tried {
    pub known: Known,
    pub files: usize,
    /// Files that this lictor has not looked at, or not with this license database.
    pub unseen: usize,
    pub same: usize,
    /// Sorted by path.
    pub differences: Vec<Difference>,
}

/// Whether a difference is of a kind.
type Is = fn(&Difference) -> bool;

/// What differences have in common that are shown together: after, before, and the license.
type Alike<'a> = (Option<&'a Verdict>, Option<&'a Verdict>, &'a str);

impl Tried {
    /// Compares what is remembered with what a policy says of the same files.
    pub fn compare(
        known: Known,
        before: Vec<(Vec<u8>, Violation)>,
        now: &Scanned,
        unseen: usize,
    ) -> Tried {
        let mut old: BTreeMap<(Vec<u8>, String), Verdict> = BTreeMap::new();
        for (path, v) in before {
            let Violation { rule, license, outcome, severity, context, waiver, .. } = v;
            let waiver = waiver.filter(|_| v.state == State::Waived);
            old.insert((path, license), Verdict { outcome, severity, rule, context, waiver });
        }
        let mut same = 0;
        let mut differences = Vec::new();
        for f in &now.files {
            let verdict = now.verdict(f);
            let context = &now.contexts[verdict.context];
            let says = |judged: &Judged, waiver: Option<&str>| Verdict {
                outcome: judged.rule.outcome,
                severity: judged.rule.severity,
                rule: judged.rule.id.clone(),
                context: context.clone(),
                waiver: waiver.map(str::to_owned),
            };
            let open = verdict.decision.breaches.iter().map(|b| (b, None));
            let waived = verdict.decision.waived.iter();
            let waived = waived.map(|w| (&w.judged, Some(w.waiver.id.as_str())));
            for (judged, waiver) in open.chain(waived) {
                let after = says(judged, waiver);
                let before = old.remove(&(f.path.to_vec(), judged.license.clone()));
                if before.as_ref() == Some(&after) {
                    same += 1;
                    continue;
                }
                let (path, license) = (f.path.to_vec(), judged.license.clone());
                differences.push(Difference { path, license, before, after: Some(after) });
            }
        }
        for ((path, license), before) in old {
            differences.push(Difference { path, license, before: Some(before), after: None });
        }
        differences.sort_by(|a, b| (&a.path, &a.license).cmp(&(&b.path, &b.license)));
        Tried { known, files: now.files.len(), unseen, same, differences }
    }
}

fn files(n: usize) -> String {
    if n == 1 { "1 file".into() } else { format!("{n} files") }
}

fn said(verdict: &Verdict) -> String {
    let Verdict { outcome, severity, rule, context, waiver } = verdict;
    let waived = waiver.as_ref().map(|w| format!(", waived by {}", visible(w.as_bytes())));
    let waived = waived.unwrap_or_default();
    format!("{} ({}) by {rule} in {context}{waived}", outcome.as_str(), severity.as_str())
}

/// Writes what another policy would change.
///
/// # Errors
/// The writer fails.
pub fn tried(
    policy: &PolicyRef,
    tried: &[Tried],
    all: bool,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let digest = &policy.digest[..policy.digest.len().min(12)];
    writeln!(
        out,
        "Policy {} ({}), revision {digest}\n",
        visible(policy.name.as_bytes()),
        policy.origin
    )?;
    for t in tried {
        let view =
            if t.known.view.is_empty() { String::new() } else { format!(" [{}]", t.known.view) };
        let root = visible(&t.known.root);
        let commit = t.known.commit.as_deref().map_or("", |c| &c[..c.len().min(12)]);
        let at = if commit.is_empty() { String::new() } else { format!(" at {commit}") };
        writeln!(out, "{root}{}{at}: {}", visible(view.as_bytes()), files(t.files))?;
        if t.unseen > 0 {
            writeln!(
                out,
                "  {} are not known to this lictor; scan again to have them judged",
                files(t.unseen)
            )?;
        }
        let kinds: [(&str, Is); 3] = [
            ("would appear", |d| d.before.is_none()),
            ("would vanish", |d| d.after.is_none()),
            ("would change", |d| d.before.is_some() && d.after.is_some()),
        ];
        for (what, is) in kinds {
            let mut groups: BTreeMap<Alike<'_>, Vec<&Difference>> = BTreeMap::new();
            for d in t.differences.iter().filter(|d| is(d)) {
                let key = (d.after.as_ref(), d.before.as_ref(), d.license.as_str());
                groups.entry(key).or_default().push(d);
            }
            let count: usize = groups.values().map(Vec::len).sum();
            if count == 0 {
                continue;
            }
            writeln!(
                out,
                "  {count} {} {what}",
                if count == 1 { "violation" } else { "violations" }
            )?;
            let mut groups: Vec<_> = groups.into_iter().collect();
            groups.sort_by_key(|(_, list)| std::cmp::Reverse(list.len()));
            let limit = if all { usize::MAX } else { SHOWN };
            for ((after, before, license), list) in groups.iter().take(limit) {
                let license = if license.is_empty() { "no license" } else { license };
                let says = match (before, after) {
                    (Some(before), Some(after)) => format!("{}; was {}", said(after), said(before)),
                    (one, other) => one.or(*other).map(said).unwrap_or_default(),
                };
                let license = visible(license.as_bytes());
                writeln!(out, "    {:>7}  {license}: {says}", list.len())?;
                let samples = if all { list.len() } else { 1 };
                for d in list.iter().take(samples) {
                    writeln!(out, "             {}", visible(&d.path))?;
                }
            }
            if groups.len() > limit {
                writeln!(out, "    and {} more kinds; --all shows them", groups.len() - limit)?;
            }
        }
        if t.differences.is_empty() {
            writeln!(out, "  nothing would change")?;
        }
        let same = if t.same == 1 {
            "1 violation stays".into()
        } else {
            format!("{} violations stay", t.same)
        };
        writeln!(out, "  {same} as it is now\n")?;
    }
    if tried.is_empty() {
        writeln!(out, "No checkout is remembered; scan one first.")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct TriedJson<'a> {
    format: &'static str,
    version: u32,
    policy: &'a str,
    checkouts: Vec<CheckoutJson<'a>>,
}

#[derive(Serialize)]
struct CheckoutJson<'a> {
    checkout: String,
    view: &'a str,
    files: usize,
    unseen: usize,
    same: usize,
    differences: Vec<DifferenceJson<'a>>,
}

#[derive(Serialize)]
struct DifferenceJson<'a> {
    #[serde(flatten)]
    path: super::json::Path<'a>,
    license: &'a str,
    before: Option<&'a Verdict>,
    after: Option<&'a Verdict>,
}

impl<'a> From<&'a Difference> for DifferenceJson<'a> {
    fn from(d: &'a Difference) -> DifferenceJson<'a> {
        DifferenceJson {
            path: super::json::Path::new(&d.path),
            license: &d.license,
            before: d.before.as_ref(),
            after: d.after.as_ref(),
        }
    }
}

/// The same for machines.
///
/// # Errors
/// The writer fails.
pub fn tried_json(
    policy: &PolicyRef,
    tried: &[Tried],
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let checkouts = tried.iter().map(|t| CheckoutJson {
        checkout: String::from_utf8_lossy(&t.known.root).into_owned(),
        view: &t.known.view,
        files: t.files,
        unseen: t.unseen,
        same: t.same,
        differences: t.differences.iter().map(DifferenceJson::from).collect(),
    });
    super::json::line(
        out,
        &TriedJson {
            format: "lictor-policy-try",
            version: super::json::VERSION,
            policy: &policy.digest,
            checkouts: checkouts.collect(),
        },
    )
}

/// How often each rule decided, and what was decided by none that names it.
#[derive(Default)]
pub struct Coverage {
    /// Licenses in files, by rule.
    pub met: BTreeMap<String, u64>,
    /// Licenses that only a rule for all else judged, with the number of their files.
    pub unnamed: BTreeMap<String, u64>,
    pub waivers: BTreeSet<String>,
    pub curations: BTreeSet<usize>,
    pub files: u64,
}

impl Coverage {
    /// Counts what decided in the files of a checkout.
    pub fn add(&mut self, scanned: &Scanned) {
        let mut counts = vec![0; scanned.verdicts.len()];
        for f in &scanned.files {
            counts[f.verdict] += 1;
            self.curations.extend(f.curated);
        }
        self.files += scanned.files.len() as u64;
        for (verdict, n) in scanned.verdicts.iter().zip(counts).filter(|(_, n)| *n > 0) {
            for judged in &verdict.decision.judged {
                *self.met.entry(judged.rule.id.clone()).or_default() += n;
                if judged.rule.when.otherwise || judged.rule.id == "otherwise:unknown" {
                    *self.unnamed.entry(judged.license.clone()).or_default() += n;
                }
            }
            self.waivers.extend(verdict.decision.waived.iter().map(|w| w.waiver.id.clone()));
        }
    }
}

/// Writes which rules, waivers and curations are never met, and which licenses no rule names.
///
/// # Errors
/// The writer fails.
pub fn coverage(
    policy: &Policy,
    coverage: &Coverage,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let rules: BTreeMap<&str, &Rule> = policy.rules().map(|r| (r.id.as_str(), &**r)).collect();
    let place = |rule: &Rule| match rule.place.1 {
        0 => "built in".to_owned(),
        line => format!("{}:{line}", rule.place.0),
    };
    writeln!(out, "Rules that decided in {} known files", coverage.files)?;
    let mut met: Vec<_> = coverage.met.iter().collect();
    met.sort_by_key(|(id, n)| (std::cmp::Reverse(**n), id.as_str()));
    for (id, n) in met {
        writeln!(out, "  {n:>9}  {id}")?;
    }
    let never: Vec<_> = rules.iter().filter(|(id, _)| !coverage.met.contains_key(**id)).collect();
    writeln!(out, "\nRules that never decided: {}", never.len())?;
    for (id, rule) in never {
        writeln!(out, "  {id} ({})", place(rule))?;
    }
    writeln!(out, "\nLicenses that no rule names: {}", coverage.unnamed.len())?;
    for (license, n) in &coverage.unnamed {
        writeln!(out, "  {n:>9}  {}", visible(license.as_bytes()))?;
    }
    let waivers = &policy.waivers.list;
    let unused: Vec<_> = waivers.iter().filter(|w| !coverage.waivers.contains(&w.id)).collect();
    if !waivers.is_empty() {
        writeln!(out, "\nWaivers that waive nothing: {}", unused.len())?;
        for w in unused {
            let id = visible(w.id.as_bytes());
            writeln!(out, "  {id} ({}:{}), to {}", w.place.0, w.place.1, w.expires)?;
        }
    }
    if !policy.curations.is_empty() {
        let unused = (0..policy.curations.len()).filter(|n| !coverage.curations.contains(n));
        let unused: Vec<_> = unused.map(|n| &policy.curations[n]).collect();
        writeln!(out, "\nCurations that hold nowhere: {}", unused.len())?;
        for c in unused {
            writeln!(out, "  {}", c.paths.texts().join(", "))?;
        }
    }
    Ok(())
}
