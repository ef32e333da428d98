// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Reads policies, version 1 of the format (TOML 1.0), with the files that belong to them.
//! `policies/README.md` documents it.
//!
//! Files are walked rather than deserialised, because the first mistake must not hide the
//! others: [`crate::shape`] finds those of form, this module those of meaning. A policy with
//! any mistake in any of its files is no policy.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::cases::Case;
use super::conditions::{Conditions, Origin, Relation, Subject};
use super::contexts::{Contexts, Said};
use super::curations::Curation;
use super::globs::{Globs, specificity};
use super::waivers::{Waiver, Waivers};
use super::{Layer, Policy, Rule, Trust, keys};
use crate::diag::{Failure, Mistakes, did_you_mean, visible};
use crate::licenses::expression::{Expr, Term};
use crate::licenses::{Category, Licenses, license_ids};
use crate::model::{Outcome, Severity};
use crate::shape::{self, Entry, Key, Reader, entries, flag, number, tables, text, texts};

/// A file of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// The files beside a policy.
pub trait Files {
    /// The files whose paths fit a glob, sorted, by the names under which they are read.
    fn find(&self, glob: &str) -> Vec<String>;

    /// The text of a file.
    fn read(&self, name: &str) -> Result<String, String>;
}

/// No files.
pub struct Nowhere;

impl Files for Nowhere {
    fn find(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn read(&self, name: &str) -> Result<String, String> {
        Err(format!("there is no `{name}` beside this policy"))
    }
}

/// Files in a directory.
pub struct Disk {
    directory: PathBuf,
}

impl Disk {
    /// Those in the directory of a file.
    pub fn beside(path: &Path) -> Disk {
        Disk { directory: path.parent().unwrap_or(Path::new("")).to_owned() }
    }
}

impl Files for Disk {
    fn find(&self, glob: &str) -> Vec<String> {
        let Ok(globs) = Globs::new(vec![glob.to_owned()]) else { return Vec::new() };
        // The part before the first wildcard says where to begin.
        let base = glob.find(['*', '?', '[', '{']).map_or(glob, |n| &glob[..n]);
        let base = base.rfind('/').map_or("", |n| &base[..n]);
        let directory = match &self.directory {
            here if here.as_os_str().is_empty() => Path::new("."),
            here => here,
        };
        let mut found = Vec::new();
        listed(&directory.join(base), MAX_DEPTH, &mut found);
        let mut names: Vec<String> = found
            .iter()
            .filter_map(|path| Some(path.strip_prefix(directory).ok()?.to_str()?.to_owned()))
            .filter(|name| globs.fits(name.as_bytes()))
            .collect();
        names.sort();
        names
    }

    fn read(&self, name: &str) -> Result<String, String> {
        match open(&self.directory.join(name)) {
            Ok((_, text)) => Ok(text),
            Err(failure) => Err(match std::error::Error::source(&failure) {
                Some(cause) => format!("{}: {cause}", failure.message),
                None => failure.message,
            }),
        }
    }
}

/// How many directories deep files beside a policy are looked for.
const MAX_DEPTH: usize = 8;

/// The files below a directory; links are not followed. What cannot be listed has none.
fn listed(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(t) if t.is_file() => found.push(entry.path()),
            Ok(t) if t.is_dir() && depth > 0 => listed(&entry.path(), depth - 1, found),
            _ => {}
        }
    }
}

/// The text of a policy file, and its name for people.
pub fn open(path: &Path) -> Result<(String, String), Failure> {
    let help = "name a policy file with --policy, or leave it out to use the built-in default";
    shape::open(path, "the policy", help)
}

/// Reads a policy and what belongs to it.
pub fn read(
    name: &str,
    text: &str,
    files: &dyn Files,
    licenses: &Licenses,
) -> Result<Policy, Vec<Mistakes>> {
    let mut loader = Loader { files, licenses, readers: Vec::new(), sources: Vec::new() };
    let policy = loader.policy(name, text);
    loader.finish(policy)
}

/// Reads a policy that stands in a checkout, for a directory of it, below another.
pub(super) fn lay(
    policy: &mut Policy,
    name: &str,
    text: &str,
    directory: Vec<u8>,
    licenses: &Licenses,
) -> Result<(), Vec<Mistakes>> {
    let mut loader = Loader { files: &Nowhere, licenses, readers: Vec::new(), sources: Vec::new() };
    let draft = loader.layer(name, text, &policy.contexts);
    let rules = loader.finish(draft)?;
    policy.layers.push(Layer { rules, checkouts: None, directory });
    policy.sources.push(Source { name: name.into(), text: text.into() });
    policy.digest = digest(&policy.sources);
    Ok(())
}

/// SHA-256 of one file, or of the digests of several.
fn digest(sources: &[Source]) -> String {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let one = |s: &Source| hex(&Sha256::digest(&s.text));
    match sources {
        [single] => one(single),
        many => {
            let lines: String = many.iter().map(|s| format!("{} {}\n", one(s), s.name)).collect();
            hex(&Sha256::digest(lines))
        }
    }
}

/// A rule and where it stands.
struct Draft {
    rule: Rule,
    over: Vec<(String, Range<usize>)>,
    file: usize,
    span: Range<usize>,
}

/// What is gathered from a policy and the files that it includes.
#[derive(Default)]
struct Gathered {
    name: Option<String>,
    contexts: Said,
    contexts_at: Option<(usize, Range<usize>)>,
    first_party: Vec<String>,
    rules: Vec<Draft>,
    incompatible: Option<Rule>,
    undecided: Option<Rule>,
    prefer: Vec<Term>,
    outbound: Vec<(String, Expr)>,
    layers: Vec<(Option<Globs>, String, usize, Range<usize>)>,
    /// Each with its file and the place of its last day.
    waivers: Vec<(Waiver, usize, Range<usize>)>,
    max_days: Option<i64>,
    warn_days: Option<i64>,
    curations: Vec<Curation>,
    trust: Option<Trust>,
    /// Each with its place.
    cases: Vec<(Case, Range<usize>)>,
}

struct Loader<'a> {
    files: &'a dyn Files,
    licenses: &'a Licenses,
    /// One a file, with its mistakes.
    readers: Vec<Reader>,
    sources: Vec<Source>,
}

impl Loader<'_> {
    fn finish<T>(self, value: T) -> Result<T, Vec<Mistakes>> {
        let wrong: Vec<Mistakes> =
            self.readers.into_iter().filter_map(|r| r.finish(()).err()).collect();
        if wrong.is_empty() { Ok(value) } else { Err(wrong) }
    }

    /// Begins with a file; gives its number. Mistakes of form are noted.
    fn begin(&mut self, name: &str, text: &str) -> usize {
        self.readers.push(Reader::new(name, text));
        self.sources.push(Source { name: name.into(), text: text.into() });
        self.readers.len() - 1
    }

    fn wrong(
        &mut self,
        file: usize,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.readers[file].wrong(span, message, help);
    }

    fn policy(&mut self, name: &str, text: &str) -> Policy {
        let mut all = Gathered::default();
        self.gather(name, text, &mut all, &mut vec![name.to_owned()]);
        for (waiver, file, at) in &all.waivers {
            let days = waiver.expires.since(waiver.granted).map_or(0, |s| s.get_days());
            if let Some(most) = all.max_days.filter(|most| i64::from(days) > *most) {
                let message = format!("the waiver is granted for {days} days");
                let help = format!("the policy grants at most {most} (`waivers.max-days`)");
                self.wrong(*file, at.clone(), message, Some(help));
            }
        }
        let contexts = Contexts::new(&all.contexts).unwrap_or_else(|unranked| {
            let (file, span) = all.contexts_at.clone().unwrap_or((0, 0..0));
            for context in unranked {
                let message = format!("nothing says where the context `{context}` ranks");
                let help = "name it in `precedence`, in the order in which contexts go before \
                            each other where a path is in several";
                self.wrong(file, span.clone(), message, Some(help.into()));
            }
            Contexts::known()
        });
        for (id, condition, says) in [
            (
                "unknown",
                Conditions { unknown: Some(true), ..Conditions::default() },
                "no license list knows this license",
            ),
            (
                "unnamed",
                Conditions { otherwise: true, ..Conditions::default() },
                "the policy says nothing of this license",
            ),
            ("none", Conditions { none: true, ..Conditions::default() }, "no license was found"),
        ] {
            let id = format!("otherwise:{id}");
            if all.rules.iter().any(|d| d.rule.id == id) {
                continue;
            }
            let outcome = if condition.none { Outcome::Allow } else { Outcome::Review };
            let rule = built_in(&id, outcome, says, condition, name);
            all.rules.push(Draft { rule, over: Vec::new(), file: 0, span: 0..0 });
        }
        let ids: BTreeSet<String> = all.rules.iter().map(|d| d.rule.id.clone()).collect();
        self.named(&all, &ids, &contexts);
        let rules = self.rank(all.rules, &contexts, true);
        let mut layers = vec![Layer { rules, checkouts: None, directory: Vec::new() }];
        for (checkouts, named, file, span) in all.layers {
            match self.files.read(&named) {
                Ok(text) => {
                    let rules = self.layer(&named, &text, &contexts);
                    layers.push(Layer { rules, checkouts, directory: Vec::new() });
                }
                Err(why) => self.wrong(file, span, why, None),
            }
        }
        let mut outbound: Vec<(Globs, Arc<Expr>)> = Vec::new();
        all.outbound.sort_by_key(|(glob, _)| (std::cmp::Reverse(specificity(glob)), glob.clone()));
        for (glob, expr) in all.outbound {
            // The glob was tried where it was read.
            outbound.extend(Globs::new(vec![glob]).ok().map(|globs| (globs, Arc::new(expr))));
        }
        let otherwise = |rule: Option<Rule>, id: &str, outcome, says: &str| {
            let id = format!("otherwise:{id}");
            Arc::new(
                rule.unwrap_or_else(|| built_in(&id, outcome, says, Conditions::default(), name)),
            )
        };
        let prefer = all.prefer.into_iter().enumerate().map(|(n, term)| (term, n)).collect();
        let first_party = (!all.first_party.is_empty()).then_some(all.first_party);
        Policy {
            name: all.name.unwrap_or_else(|| name.to_owned()),
            origin: name.to_owned(),
            digest: digest(&self.sources),
            sources: self.sources.clone(),
            cases: all.cases.into_iter().map(|(case, _)| case).collect(),
            waivers: Waivers::new(
                all.waivers.into_iter().map(|(w, ..)| w).collect(),
                all.warn_days.unwrap_or(30),
            ),
            curations: all.curations,
            trust: all.trust,
            layers,
            first_party: first_party.and_then(|globs| Globs::new(globs).ok()),
            prefer,
            outbound,
            incompatible: otherwise(
                all.incompatible,
                "incompatible",
                Outcome::Deny,
                "it may not be inside what is given out under the outbound license",
            ),
            undecided: otherwise(
                all.undecided,
                "undecided",
                Outcome::Review,
                "nobody says whether it may be inside what is given out under the outbound license",
            ),
            contexts,
        }
    }

    /// Notes the rules and contexts that waivers and tests name, and that there are not.
    fn named(&mut self, all: &Gathered, ids: &BTreeSet<String>, contexts: &Contexts) {
        let fixed = ["otherwise:incompatible", "otherwise:undecided"];
        let mut known: Vec<&str> = ids.iter().map(String::as_str).chain(fixed).collect();
        // Rules of lower layers are known where those are.
        if !all.layers.is_empty() || all.trust.is_some() {
            known.clear();
        }
        let mut missing = Vec::new();
        let rules = all.waivers.iter().map(|(w, file, at)| (&w.rule, *file, at.clone()));
        let cases = all.cases.iter().map(|(c, at)| (&c.rule, 0, at.clone()));
        for (rule, file, at) in rules.chain(cases) {
            if let Some(rule) =
                rule.as_ref().filter(|r| !known.is_empty() && !known.contains(&r.as_str()))
            {
                missing.push((
                    file,
                    at,
                    format!("there is no rule `{rule}`"),
                    did_you_mean(rule, &known),
                ));
            }
        }
        let names: Vec<&str> = contexts.names().iter().map(String::as_str).collect();
        for (case, at) in &all.cases {
            if let Some(name) = case.context.as_ref().filter(|n| contexts.number(n).is_none()) {
                let help = did_you_mean(name, &names);
                missing.push((0, at.clone(), format!("there is no context `{name}`"), help));
            }
        }
        for (file, at, message, help) in missing {
            self.wrong(file, at, message, help);
        }
    }

    /// The rules of a policy that is laid below another.
    fn layer(&mut self, name: &str, text: &str, contexts: &Contexts) -> Vec<Arc<Rule>> {
        let mut all = Gathered::default();
        let file = self.readers.len();
        self.gather(name, text, &mut all, &mut vec![name.to_owned()]);
        let (document, _) = DeTable::parse_recoverable(text);
        let only_above = [
            "contexts",
            "first-party",
            "prefer",
            "outbound",
            "waivers",
            "curations",
            "layer",
            "trust",
            "include",
        ];
        for key in document.get_ref().keys().filter(|k| only_above.contains(&k.get_ref().as_ref()))
        {
            let message = format!("`{}` has no place in a lower layer", key.get_ref());
            let help = "only the policy that is named first says it; here stand rules and tests";
            self.wrong(file, key.span(), message, Some(help.into()));
        }
        for (key, _) in entries(document.get_ref().get("otherwise")) {
            if matches!(key.get_ref().as_ref(), "incompatible" | "undecided") {
                let message = format!("`{}` has no place in a lower layer", key.get_ref());
                let help = "what is given out, the policy says that is named first";
                self.wrong(file, key.span(), message, Some(help.into()));
            }
        }
        self.rank(all.rules, contexts, false)
    }

    fn gather(&mut self, name: &str, text: &str, all: &mut Gathered, above: &mut Vec<String>) {
        let file = self.begin(name, text);
        let document = &shape::parse(&mut self.readers[file], text);
        self.readers[file].document(document, keys::POLICY);
        for (key, value) in document {
            self.key(file, key.get_ref(), value, document, all);
        }
        for (named, span) in document.get("include").map(texts).unwrap_or_default() {
            let named = &self.beside_file(file, named);
            if above.contains(named) {
                let message = format!("`{named}` includes itself: {}", above.join(" includes "));
                self.wrong(file, span, message, Some("leave one of them out".into()));
                continue;
            }
            // Two files may include the same third.
            if self.sources.iter().skip(1).any(|s| s.name == *named) {
                continue;
            }
            match self.files.read(named) {
                Ok(text) => {
                    above.push(named.clone());
                    self.gather(named, &text, all, above);
                    above.pop();
                }
                Err(why) => self.wrong(file, span, why, None),
            }
        }
    }

    /// The name of a file and the line of a place in it.
    fn place(&self, file: usize, at: &Range<usize>) -> (String, usize) {
        let Source { name, text } = &self.sources[file];
        let line = 1 + text[..at.start.min(text.len())].matches('\n').count();
        (name.clone(), line)
    }

    /// The name of a file that another one names, which is beside that one.
    fn beside_file(&self, file: usize, named: &str) -> String {
        let here = if file == 0 { "" } else { self.sources[file].name.as_str() };
        here.rsplit_once('/').map_or(named.to_owned(), |(here, _)| format!("{here}/{named}"))
    }

    fn key(
        &mut self,
        file: usize,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        document: &DeTable<'_>,
        all: &mut Gathered,
    ) {
        match key {
            // That of the first file is the policy's.
            "name" if file == 0 => all.name = value.get_ref().as_str().map(str::to_owned),
            "contexts" => self.contexts(file, value, all),
            "first-party" => all.first_party.extend(self.globs(file, Some(value))),
            "categories" => {
                for (key, value) in entries(Some(value)) {
                    let Ok(category) = key.get_ref().parse::<Category>() else { continue };
                    let when = || Conditions {
                        categories: Some([category].into()),
                        ..Conditions::default()
                    };
                    let id = format!("category:{}", category.as_str());
                    let says = format!("the policy names the category {}", category.as_str());
                    self.ruling(file, &id, key.span(), value, &says, &when, all);
                }
            }
            "licenses" => {
                for (key, value) in entries(Some(value)) {
                    let Some(term) = self.named_license(file, (key, value)) else { continue };
                    let when = || Conditions {
                        licenses: Some([term.clone()].into()),
                        ..Conditions::default()
                    };
                    let id = format!("license:{term}");
                    let says = format!("the policy names {term}");
                    self.ruling(file, &id, key.span(), value, &says, &when, all);
                }
            }
            "otherwise" => self.otherwise(file, value, all),
            "rule" => {
                for (table, span) in tables(document, "rule") {
                    self.rule(file, table, span, all);
                }
            }
            "prefer" => {
                for (id, span) in texts(value) {
                    all.prefer.extend(self.term(file, id, span));
                }
            }
            "outbound" => {
                for (key, value) in entries(Some(value)) {
                    let glob = key.get_ref().as_ref();
                    let Some(glob) = self.glob(file, glob, key.span()) else { continue };
                    let Some(text) = value.get_ref().as_str() else { continue };
                    let expr = self.expression(file, text, value.span());
                    all.outbound.extend(expr.map(|expr| (glob, expr)));
                }
            }
            "layer" => {
                for (table, span) in tables(document, "layer") {
                    let checkouts = self.narrow(file, table, "checkout");
                    if let Some(named) = text(table, "policy") {
                        all.layers.push((checkouts, named.to_owned(), file, span));
                    }
                }
            }
            "trust" => {
                let Some(table) = value.get_ref().as_table() else { return };
                let checkouts = self.narrow(file, table, "checkout");
                let policies = self.narrow(file, table, "policies");
                let said = policies.map(|policies| Trust { policies, checkouts });
                all.trust = all.trust.take().or(said);
            }
            "waivers" | "curations" => {
                let Some(table) = value.get_ref().as_table() else { return };
                if key == "waivers" {
                    let most = number(table, "max-days");
                    all.max_days = all.max_days.into_iter().chain(most).min();
                    all.warn_days = all.warn_days.or(number(table, "warn-days"));
                }
                for (glob, span) in table.get("files").map(texts).unwrap_or_default() {
                    self.beside(file, key, glob, span, all);
                }
            }
            // Those of an included file are about that file by itself.
            "test" if file == 0 => {
                for (table, span) in tables(document, "test") {
                    self.case(file, table, span, all);
                }
            }
            _ => {}
        }
    }

    /// Reads the files of waivers or curations that fit a glob.
    fn beside(
        &mut self,
        file: usize,
        key: &str,
        glob: &str,
        span: Range<usize>,
        all: &mut Gathered,
    ) {
        if let Err((_, why)) = Globs::new(vec![glob.to_owned()]) {
            return self.wrong(file, span, format!("impossible glob: {why}"), None);
        }
        let glob = &self.beside_file(file, glob);
        let found = self.files.find(glob);
        // A glob may fit nothing yet; a name must be there.
        if found.is_empty() && !glob.contains(['*', '?', '[', '{']) {
            let message = format!("there is no `{glob}` beside this policy");
            return self.wrong(file, span, message, None);
        }
        for name in found {
            let text = match self.files.read(&name) {
                Ok(text) => text,
                Err(why) => {
                    self.wrong(file, span.clone(), why, None);
                    continue;
                }
            };
            let number = self.begin(&name, &text);
            let document = &shape::parse(&mut self.readers[number], &text);
            let (keys, name): (&'static [Key], _) = match key {
                "waivers" => (keys::WAIVER_FILE, "waiver"),
                _ => (keys::CURATION_FILE, "curation"),
            };
            self.readers[number].document(document, keys);
            for (table, span) in tables(document, name) {
                if name == "waiver" {
                    self.waiver(number, table, span, all);
                } else {
                    self.curation(number, table, all);
                }
            }
        }
    }
}

/// What stands in a table of a policy.
impl Loader<'_> {
    fn contexts(&mut self, file: usize, value: &Spanned<DeValue<'_>>, all: &mut Gathered) {
        all.contexts_at.get_or_insert((file, value.span()));
        for (key, value) in entries(Some(value)) {
            let list = || texts(value).into_iter().map(|(t, _)| t.to_owned()).collect();
            match key.get_ref().as_ref() {
                // What a file says goes before what those say that it includes.
                "default" => {
                    let said = value.get_ref().as_str().map(str::to_owned);
                    all.contexts.default = all.contexts.default.take().or(said);
                }
                "layout" => all.contexts.no_layout |= value.get_ref().as_str() == Some("none"),
                "precedence" => _ = all.contexts.precedence.get_or_insert_with(list),
                name => {
                    let globs = self.globs(file, Some(value));
                    all.contexts.own.push((name.to_owned(), globs));
                }
            }
        }
    }

    fn otherwise(&mut self, file: usize, value: &Spanned<DeValue<'_>>, all: &mut Gathered) {
        for (key, value) in entries(Some(value)) {
            let name = key.get_ref().as_ref();
            let id = format!("otherwise:{name}");
            let when = |name: &str| Conditions {
                unknown: (name == "unknown").then_some(true),
                none: name == "none",
                otherwise: name == "unnamed",
                ..Conditions::default()
            };
            let says = match name {
                "unknown" => "no license list knows this license",
                "unnamed" => "the policy says nothing of this license",
                "none" => "no license was found",
                "incompatible" => {
                    "it may not be inside what is given out under the outbound license"
                }
                "undecided" => {
                    "nobody says whether it may be inside what is given out under the outbound license"
                }
                _ => continue,
            };
            if matches!(name, "incompatible" | "undecided") {
                if value.get_ref().get("outcome").is_some_and(|o| o.get_ref().is_table()) {
                    let help = "write one outcome; a context can be made stricter by a [[rule]]";
                    let message = format!("`{name}` has no outcomes by context");
                    self.wrong(file, value.span(), message, Some(help.into()));
                    continue;
                }
                let mut one = Gathered::default();
                self.ruling(file, &id, key.span(), value, says, &|| when(name), &mut one);
                let rule = one.rules.pop().map(|d| d.rule);
                let slot = match name {
                    "incompatible" => &mut all.incompatible,
                    _ => &mut all.undecided,
                };
                *slot = slot.take().or(rule);
            } else {
                self.ruling(file, &id, key.span(), value, says, &|| when(name), all);
            }
        }
    }

    /// A line of a table: `"deny"`, or `{ outcome = "deny", reason = "..." }`.
    #[allow(clippy::too_many_arguments, reason = "each is one thing that a rule is made of")]
    fn ruling(
        &mut self,
        file: usize,
        id: &str,
        span: Range<usize>,
        value: &Spanned<DeValue<'_>>,
        says: &str,
        when: &dyn Fn() -> Conditions,
        all: &mut Gathered,
    ) {
        let empty = DeTable::new();
        let table = value.get_ref().as_table().unwrap_or(&empty);
        let outcome = match value.get_ref() {
            DeValue::Table(table) => table.get("outcome"),
            _ => Some(value),
        };
        let Some(outcome) = outcome else { return };
        let outcomes = self.outcomes(file, outcome, &when());
        if all.rules.iter().any(|d| d.rule.id == id) {
            let message = format!("`{id}` is named twice");
            let help = "deprecated ids count as those that replace them; keep one line";
            self.wrong(file, span.clone(), message, Some(help.into()));
            return;
        }
        for (context, outcome) in outcomes {
            let mut when = when();
            if let Some(context) = context {
                when.contexts = Some([context].into());
            }
            let rule = self.build(file, id, span.clone(), table, says, outcome, when);
            all.rules.push(Draft { rule, over: Vec::new(), file, span: span.clone() });
        }
    }

    /// An outcome, or those of several contexts.
    fn outcomes(
        &mut self,
        file: usize,
        value: &Spanned<DeValue<'_>>,
        when: &Conditions,
    ) -> Vec<(Option<String>, Outcome)> {
        if let Some(word) = value.get_ref().as_str() {
            return word.parse().ok().map(|o| (None, o)).into_iter().collect();
        }
        let list = entries(Some(value));
        if when.contexts.is_some() {
            let message = "the rule has contexts already";
            let help = "leave out `context`, or write one outcome";
            self.wrong(file, value.span(), message, Some(help.into()));
        }
        if !list.iter().any(|(key, _)| key.get_ref() == "otherwise") && value.get_ref().is_table() {
            let message = "no outcome for the other contexts";
            let help = "add `otherwise = \"deny\"`, or what else is meant";
            self.wrong(file, value.span(), message, Some(help.into()));
        }
        let outcome = |(key, value): &Entry<'_, '_>| {
            let name = key.get_ref().as_ref();
            let outcome = value.get_ref().as_str()?.parse().ok()?;
            Some(((name != "otherwise").then(|| name.to_owned()), outcome))
        };
        list.iter().filter_map(outcome).collect()
    }

    #[allow(clippy::too_many_arguments, reason = "each is one thing that a rule is made of")]
    fn build(
        &mut self,
        file: usize,
        id: &str,
        span: Range<usize>,
        table: &DeTable<'_>,
        says: &str,
        outcome: Outcome,
        when: Conditions,
    ) -> Rule {
        let severity = text(table, "severity").and_then(|s| s.parse().ok());
        Rule {
            id: id.to_owned(),
            outcome,
            severity: severity.unwrap_or(usual_severity(outcome)),
            reason: text(table, "reason").unwrap_or(says).to_owned(),
            remedy: text(table, "remedy").unwrap_or(usual_remedy(outcome)).to_owned(),
            delegate: flag(table, "delegate").unwrap_or(false),
            when,
            place: self.place(file, &span),
        }
    }

    /// A `[[rule]]`.
    fn rule(&mut self, file: usize, table: &DeTable<'_>, span: Range<usize>, all: &mut Gathered) {
        let Some(id) = text(table, "id") else { return };
        let at = table.get("id").map_or(span, Spanned::span);
        if id.is_empty() || id.contains(|c: char| c.is_whitespace() || c.is_control() || c == ':') {
            let help = "letters, digits, `-`, `_` and `.` make good names";
            let message = format!("`{}` is no name for a rule", visible(id.as_bytes()));
            self.wrong(file, at.clone(), message, Some(help.into()));
        }
        if all.rules.iter().any(|d| d.rule.id == id) {
            let help = "names of rules must differ, also from those in included files";
            self.wrong(file, at.clone(), format!("`{id}` is named twice"), Some(help.into()));
        }
        let when = self.conditions(file, table);
        let subjects = [
            when.licenses.is_some(),
            when.exceptions.is_some(),
            when.families.is_some(),
            when.categories.is_some(),
            when.osi_approved.is_some(),
            when.fsf_free.is_some(),
        ];
        if (when.none || when.unknown == Some(true)) && subjects.contains(&true)
            || when.none && when.unknown.is_some()
        {
            let which = if when.none { "none" } else { "unknown" };
            let span = table.get(which).map_or(at.clone(), Spanned::span);
            let message = format!("`{which}` leaves nothing that the other conditions fit");
            let help = "write a rule of its own for it";
            self.wrong(file, span, message, Some(help.into()));
        }
        let evidence = ["kind", "altered", "undeclared", "max-score"];
        if let Some(name) = evidence.into_iter().find(|n| when.none && table.contains_key(*n)) {
            let span = table.get(name).map_or(at.clone(), Spanned::span);
            let message = format!("`{name}` is said of licenses, and `none` of there being none");
            self.wrong(file, span, message, Some("leave out one of them".into()));
        }
        let exclusive = when.none || when.unknown == Some(true);
        for term in when.licenses.iter().flatten().filter(|_| !exclusive) {
            if !when.is_about(Subject::License(term), self.licenses) {
                let span = table.get("license").map_or(at.clone(), Spanned::span);
                let message = format!("`{term}` is not what the other conditions ask for");
                let help = "exception, family, category and flags must fit the license as well";
                self.wrong(file, span, message, Some(help.into()));
            }
        }
        let over = table.get("over").map(texts).unwrap_or_default();
        for (_, span) in over.iter().filter(|(over, _)| *over == id) {
            self.wrong(file, span.clone(), format!("`{id}` cannot go over itself"), None);
        }
        let over: Vec<_> = over.into_iter().map(|(id, span)| (id.to_owned(), span)).collect();
        let Some(outcome) = table.get("outcome") else { return };
        for (context, outcome) in self.outcomes(file, outcome, &when) {
            let mut when = when.clone();
            if let Some(context) = context {
                when.contexts = Some([context].into());
            }
            let says = "the policy has a rule for it";
            let rule = self.build(file, id, at.clone(), table, says, outcome, when);
            all.rules.push(Draft { rule, over: over.clone(), file, span: at.clone() });
        }
    }

    fn conditions(&mut self, file: usize, table: &DeTable<'_>) -> Conditions {
        let list = |name: &str| table.get(name).map(texts);
        let mut licenses = list("license").map(|_| BTreeSet::new());
        for (id, span) in list("license").unwrap_or_default() {
            let term = self.term(file, id, span);
            licenses.iter_mut().for_each(|l| l.extend(term.clone()));
        }
        let mut exceptions = list("exception").map(|_| BTreeSet::new());
        for (id, span) in list("exception").unwrap_or_default() {
            match self.licenses.exception_id(id) {
                Some(known) => {
                    exceptions.iter_mut().for_each(|l| _ = l.insert(known.to_owned()));
                }
                None => {
                    let help = self.licenses.closest_exception(id);
                    let help = help.map(|c| format!("did you mean `{c}`?"));
                    self.wrong(file, span, format!("unknown license exception `{id}`"), help);
                }
            }
        }
        let mut families = list("family").map(|_| BTreeSet::new());
        for (name, span) in list("family").unwrap_or_default() {
            let known: Vec<&str> = self.licenses.family_names().collect();
            if !known.contains(&name) {
                let help = did_you_mean(name, &known)
                    .unwrap_or_else(|| format!("known are: {}", known.join(", ")));
                self.wrong(file, span, format!("unknown family `{name}`"), Some(help));
            }
            families.iter_mut().for_each(|l| _ = l.insert(name.to_owned()));
        }
        let words = |name: &str| list(name).map(|l| l.into_iter().map(|(w, _)| w.to_owned()));
        Conditions {
            licenses,
            exceptions,
            families,
            categories: words("category").map(|l| l.filter_map(|w| w.parse().ok()).collect()),
            osi_approved: flag(table, "osi-approved"),
            fsf_free: flag(table, "fsf-free"),
            unknown: flag(table, "unknown"),
            none: flag(table, "none") == Some(true),
            otherwise: false,
            contexts: words("context").map(Iterator::collect),
            paths: self.narrow(file, table, "path"),
            components: self.narrow(file, table, "component"),
            checkouts: self.narrow(file, table, "checkout"),
            branches: self.narrow(file, table, "branch"),
            origin: text(table, "origin").map(origin),
            undeclared: flag(table, "undeclared"),
            altered: flag(table, "altered"),
            kinds: words("kind").map(|l| l.filter_map(|w| w.parse().ok()).collect()),
            max_score: number(table, "max-score").and_then(|n| u8::try_from(n).ok()),
        }
    }

    /// The globs of a key.
    fn narrow(&mut self, file: usize, table: &DeTable<'_>, name: &str) -> Option<Globs> {
        let value = table.get(name)?;
        let globs = self.globs(file, Some(value));
        Globs::new(globs).ok()
    }

    /// The globs of a value, those that are some.
    fn globs(&mut self, file: usize, value: Option<&Spanned<DeValue<'_>>>) -> Vec<String> {
        let mut globs = Vec::new();
        for (glob, span) in value.map(texts).unwrap_or_default() {
            globs.extend(self.glob(file, glob, span));
        }
        globs
    }

    fn glob(&mut self, file: usize, glob: &str, span: Range<usize>) -> Option<String> {
        match Globs::new(vec![glob.to_owned()]) {
            Ok(_) if glob.starts_with("./") || glob.ends_with('/') || glob.is_empty() => {
                let help = "paths begin at the checkout's root; `vendor/**` is all below `vendor`";
                self.wrong(file, span, "the glob fits no path", Some(help.into()));
                None
            }
            Ok(_) => Some(glob.to_owned()),
            Err((_, why)) => {
                let help = "`*`, `**`, `?`, `[a-z]` and `{one,other}` can stand in a glob";
                self.wrong(file, span, format!("impossible glob: {why}"), Some(help.into()));
                None
            }
        }
    }

    fn expression(&mut self, file: usize, text: &str, span: Range<usize>) -> Option<Expr> {
        match self.licenses.parse(text) {
            Ok(expr) => Some(expr),
            Err(e) => {
                self.wrong(file, span, e.message, e.help);
                None
            }
        }
    }

    /// One license, or one pair.
    fn term(&mut self, file: usize, text: &str, span: Range<usize>) -> Option<Term> {
        match self.expression(file, text, span.clone())? {
            Expr::Term(term) => Some(term),
            expr => {
                let message = format!("`{expr}` is more than one license");
                let help = "name one license, or one license WITH one exception, at a time";
                self.wrong(file, span, message, Some(help.into()));
                None
            }
        }
    }

    /// The key of a line of `[licenses]`.
    fn named_license(&mut self, file: usize, (key, value): Entry<'_, '_>) -> Option<Term> {
        if let Some(id) =
            unquoted(key.get_ref(), value).filter(|id| self.licenses.parse(id).is_ok())
        {
            let help = format!("write it as \"{id}\", since a dot in a bare key makes a table");
            // What that table lacks is not what is wrong.
            let (text, start) = (&self.sources[file].text, key.span().start);
            let line = start..text[start..].find('\n').map_or(text.len(), |n| start + n);
            self.readers[file].mistakes.retain(|m| !line.contains(&m.span.start));
            self.wrong(file, key.span(), format!("`{id}` needs quotes"), Some(help));
            return None;
        }
        self.term(file, key.get_ref(), key.span())
    }

    fn case(&mut self, file: usize, table: &DeTable<'_>, span: Range<usize>, all: &mut Gathered) {
        let Some(expect) = text(table, "expect").and_then(|w| w.parse().ok()) else { return };
        let mut expression = |name: &str| {
            let (text, span) = (text(table, name)?, table.get(name)?.span());
            // As well as leaving it out.
            (text != "NONE").then(|| self.expression(file, text, span))?
        };
        let (license, declared) = (expression("license"), expression("declared"));
        let owned = |name: &str| text(table, name).map(str::to_owned);
        let case = Case {
            place: self.place(file, &span),
            license,
            path: owned("path"),
            context: owned("context"),
            component: owned("component"),
            checkout: owned("checkout"),
            branch: owned("branch"),
            declared,
            kind: text(table, "kind").and_then(|w| w.parse().ok()),
            score: number(table, "score").and_then(|n| u8::try_from(n).ok()),
            altered: flag(table, "altered").unwrap_or(false),
            expect,
            rule: owned("rule"),
            choice: owned("choice"),
            severity: text(table, "severity").and_then(|w| w.parse().ok()),
        };
        all.cases.push((case, span));
    }

    fn waiver(&mut self, file: usize, table: &DeTable<'_>, span: Range<usize>, all: &mut Gathered) {
        for (name, help) in [
            ("granted-by", "a waiver counts only if somebody stands by it"),
            ("reason", "say why, for whoever reads it in five years"),
            ("ticket", "say where it was decided"),
            ("id", "reports and events call it by its name"),
        ] {
            if let Some(value) = table.get(name)
                && value.get_ref().as_str().is_some_and(|t| t.trim().is_empty())
            {
                self.wrong(file, value.span(), format!("`{name}` is empty"), Some(help.into()));
            }
        }
        let day = |name: &str| Some((shape::date(table, name)?, table.get(name)?.span()));
        let (Some((granted, _)), Some((expires, at))) = (day("granted"), day("expires")) else {
            return;
        };
        if expires < granted {
            self.wrong(file, at.clone(), "the waiver ends before it begins", None);
        }
        let (Some(id), Some(name)) = (text(table, "id"), text(table, "license")) else { return };
        if all.waivers.iter().any(|(w, ..)| w.id == id) {
            let message = format!("the waiver `{id}` is named twice");
            self.wrong(file, table.get("id").map_or(span.clone(), Spanned::span), message, None);
        }
        let license = match (name, table.get("license")) {
            ("NONE", _) => None,
            (_, Some(value)) => match self.term(file, name, value.span()) {
                Some(term) => Some(term.to_string()),
                None => return,
            },
            _ => return,
        };
        let (paths, components) =
            (self.narrow(file, table, "path"), self.narrow(file, table, "component"));
        if paths.is_none() && components.is_none() {
            let help = "add `path` or `component`";
            self.wrong(
                file,
                span.clone(),
                "the waiver does not say where it holds",
                Some(help.into()),
            );
        }
        let mut hashes = BTreeSet::new();
        for (hash, span) in table.get("hash").map(texts).unwrap_or_default() {
            if hash.len() != 64 || !hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                let help = "`lictor waive` writes it: the SHA-256 of what matched, in hex";
                self.wrong(file, span, "this is no hash of a matched text", Some(help.into()));
            }
            hashes.insert(hash.to_owned());
        }
        let owned = |name: &str| text(table, name).unwrap_or_default().to_owned();
        let checkouts = self.narrow(file, table, "checkout");
        let waiver = Waiver {
            id: id.to_owned(),
            license,
            paths,
            components,
            checkouts,
            rule: text(table, "rule").map(str::to_owned),
            hashes,
            granted_by: owned("granted-by"),
            granted,
            expires,
            reason: owned("reason"),
            ticket: owned("ticket"),
            place: self.place(file, &span),
        };
        all.waivers.push((waiver, file, at));
    }

    fn curation(&mut self, file: usize, table: &DeTable<'_>, all: &mut Gathered) {
        let mut expression = |name: &str| {
            let (text, span) = (text(table, name)?, table.get(name)?.span());
            match text {
                "NONE" => Some(None),
                text => self.expression(file, text, span).map(|e| Some(e.to_string())),
            }
        };
        let (Some(detected), Some(concluded)) = (expression("detected"), expression("concluded"))
        else {
            return;
        };
        let mut blobs = table.get("blob").map(|_| BTreeSet::new());
        for (blob, span) in table.get("blob").map(texts).unwrap_or_default() {
            if blob.len() != 40 || !blob.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                let help = "`git hash-object FILE` says it: 40 hexadecimal digits";
                self.wrong(file, span, "this is no git blob id", Some(help.into()));
            }
            blobs.iter_mut().for_each(|l| _ = l.insert(blob.to_owned()));
        }
        for name in ["by", "reason"] {
            if let Some(value) = table.get(name)
                && value.get_ref().as_str().is_some_and(|t| t.trim().is_empty())
            {
                let help = "a correction counts only if somebody stands by it and says why";
                self.wrong(file, value.span(), format!("`{name}` is empty"), Some(help.into()));
            }
        }
        let Some(paths) = self.narrow(file, table, "path") else { return };
        let checkouts = self.narrow(file, table, "checkout");
        let owned = |name: &str| text(table, name).unwrap_or_default().to_owned();
        all.curations.push(Curation {
            paths,
            checkouts,
            detected,
            concluded: concluded.map(Into::into),
            blobs,
            by: owned("by"),
            reason: owned("reason"),
        });
    }

    /// Puts rules into the order in which they go before each other, and notes those that
    /// nothing puts in order, that name what there is not, and that never decide.
    fn rank(&mut self, drafts: Vec<Draft>, contexts: &Contexts, whole: bool) -> Vec<Arc<Rule>> {
        for d in &drafts {
            for name in d.rule.when.contexts.iter().flatten() {
                if contexts.number(name).is_none() {
                    let names: Vec<&str> = contexts.names().iter().map(String::as_str).collect();
                    let help = did_you_mean(name, &names)
                        .unwrap_or_else(|| format!("known are: {}", names.join(", ")));
                    let message = format!("unknown context `{name}`");
                    self.wrong(d.file, d.span.clone(), message, Some(help));
                }
            }
        }
        let ids: BTreeSet<&str> = drafts.iter().map(|d| d.rule.id.as_str()).collect();
        for d in &drafts {
            for (over, span) in d.over.iter().filter(|(over, _)| !ids.contains(over.as_str())) {
                let known: Vec<&str> = ids.iter().copied().collect();
                let help = did_you_mean(over, &known);
                self.wrong(d.file, span.clone(), format!("there is no rule `{over}`"), help);
            }
        }
        // before[a] are the rules that go before a.
        let count = drafts.len();
        let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); count];
        for a in 0..count {
            for b in a + 1..count {
                self.compare(&drafts, (a, b), &mut before);
            }
        }
        // By name where nothing else decides, so that the order in the file never does.
        let mut left: Vec<usize> = (0..count).collect();
        left.sort_by_key(|n| {
            let rule = &drafts[*n].rule;
            (std::cmp::Reverse(rule.when.level()), &rule.id, rule.when.contexts.as_ref())
        });
        let mut order = Vec::with_capacity(count);
        let mut done = vec![false; count];
        while let Some(at) = left.iter().position(|n| before[*n].iter().all(|b| done[*b])) {
            let n = left.remove(at);
            done[n] = true;
            order.push(n);
        }
        if let Some(n) = left.first().copied() {
            let d = &drafts[n];
            let message = format!("`{}` goes over rules that go over it", d.rule.id);
            let help = "leave out one `over` of the circle";
            self.wrong(d.file, d.span.clone(), message, Some(help.into()));
        }
        // What else is wrong may be why a rule never decides.
        if whole && self.readers.iter().all(|r| r.mistakes.is_empty()) {
            self.unreachable(&drafts, &order);
        }
        let mut rules: Vec<Option<Rule>> = drafts.into_iter().map(|d| Some(d.rule)).collect();
        order.into_iter().filter_map(|n| rules[n].take().map(Arc::new)).collect()
    }

    /// Notes which of two rules goes before the other.
    fn compare(
        &mut self,
        drafts: &[Draft],
        (a, b): (usize, usize),
        before: &mut [BTreeSet<usize>],
    ) {
        let (one, other) = (&drafts[a], &drafts[b]);
        if one.rule.id == other.rule.id {
            // Outcomes by context: those that name theirs go before the one for all others.
            if one.rule.when.contexts.is_some() != other.rule.when.contexts.is_some() {
                let (first, second) =
                    if one.rule.when.contexts.is_some() { (a, b) } else { (b, a) };
                before[second].insert(first);
            }
            return;
        }
        let goes_over = |x: &Draft, y: &Draft| x.over.iter().any(|(id, _)| *id == y.rule.id);
        let relation = one.rule.when.relation(&other.rule.when);
        let levels = one.rule.when.level().cmp(&other.rule.when.level());
        let said = (goes_over(one, other), goes_over(other, one));
        let natural = match (relation, levels) {
            (Relation::Apart, _) => {
                return;
            }
            (_, std::cmp::Ordering::Greater) => Some((a, b)),
            (_, std::cmp::Ordering::Less) => Some((b, a)),
            (Relation::Narrower, _) => Some((a, b)),
            (Relation::Wider, _) => Some((b, a)),
            (Relation::Equal | Relation::Meets, _) => None,
        };
        match (natural, said) {
            (Some((first, second)), (false, false)) => {
                before[second].insert(first);
            }
            (Some((first, second)), (one_over, _)) => {
                let winner = if one_over { a } else { b };
                if winner == first {
                    before[second].insert(first);
                } else {
                    let (d, wide) = (&drafts[winner], &drafts[first]);
                    let message = format!(
                        "`{}` cannot go over `{}`, which is more specific",
                        d.rule.id, wide.rule.id
                    );
                    let help = "it would never decide; change its conditions instead";
                    self.wrong(d.file, d.span.clone(), message, Some(help.into()));
                }
            }
            (None, (true, false)) => _ = before[b].insert(a),
            (None, (false, true)) => _ = before[a].insert(b),
            // The circle is found when the rules are put in order.
            (None, (true, true)) => {
                before[b].insert(a);
                before[a].insert(b);
            }
            (None, (false, false)) => {
                let same = |x: &Rule| (x.outcome, x.severity, x.delegate);
                if same(&one.rule) == same(&other.rule) && relation == Relation::Meets {
                    return;
                }
                let message = format!(
                    "`{}` and `{}` ({}:{}) are equally specific, and both can hold",
                    other.rule.id, one.rule.id, one.rule.place.0, one.rule.place.1
                );
                let help = format!(
                    "narrow one of them, or say which goes first: `over = \"{}\"`",
                    one.rule.id
                );
                self.wrong(other.file, other.span.clone(), message, Some(help));
            }
        }
    }

    /// Notes the rules that never decide, because others always do before them.
    fn unreachable(&mut self, drafts: &[Draft], order: &[usize]) {
        for (rank, n) in order.iter().enumerate() {
            let d = &drafts[*n];
            // What is said of all else is no mistake where nothing is left.
            if d.rule.when.otherwise || d.rule.when.none {
                continue;
            }
            let above: Vec<&Rule> = order[..rank]
                .iter()
                .map(|n| &drafts[*n].rule)
                .filter(|r| {
                    let narrowing = d.rule.when.narrowing_relation(&r.when);
                    matches!(narrowing, Relation::Equal | Relation::Narrower)
                })
                .collect();
            if above.is_empty() {
                continue;
            }
            let ids = license_ids().chain(["LicenseRef-of-no-list"]);
            let mut about = ids
                .map(|id| Term { license: id.to_owned(), addition: None })
                .chain(d.rule.when.licenses.iter().flatten().cloned())
                .filter(|t| d.rule.when.is_about(Subject::License(t), self.licenses))
                .peekable();
            // Exceptions have no list of pairs to go through.
            if about.peek().is_none() {
                continue;
            }
            let covered = about.all(|t| {
                above.iter().any(|r| r.when.is_about(Subject::License(&t), self.licenses))
            });
            if covered {
                let message = format!("`{}` never decides", d.rule.id);
                let names: BTreeSet<&str> = above.iter().map(|r| r.id.as_str()).collect();
                let some: Vec<&str> = names.into_iter().take(4).collect();
                let help = format!(
                    "more specific rules say something of everything it names, among them {}",
                    some.join(", ")
                );
                self.wrong(d.file, d.span.clone(), message, Some(help));
            }
        }
    }
}

fn origin(word: &str) -> Origin {
    if word == "copied" { Origin::Copied } else { Origin::FirstParty }
}

/// A rule that holds where the policy is silent.
fn built_in(id: &str, outcome: Outcome, says: &str, when: Conditions, file: &str) -> Rule {
    Rule {
        id: id.into(),
        outcome,
        severity: usual_severity(outcome),
        reason: says.into(),
        remedy: usual_remedy(outcome).into(),
        delegate: false,
        when,
        place: (file.into(), 0),
    }
}

/// The id that was meant by `GPL-2.0-only = "deny"`, which TOML takes apart at the dot.
fn unquoted(key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
    let table = value.get_ref().as_table()?;
    let (next, value) = table.iter().next().filter(|_| table.len() == 1)?;
    let next = next.get_ref().as_ref();
    if matches!(next, "outcome" | "severity" | "reason" | "remedy" | "delegate") {
        return None;
    }
    let id = format!("{key}.{next}");
    unquoted(&id, value).or(Some(id))
}

fn usual_severity(outcome: Outcome) -> Severity {
    match outcome {
        Outcome::Allow => Severity::Info,
        Outcome::Review => Severity::Medium,
        Outcome::Deny => Severity::High,
    }
}

fn usual_remedy(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "nothing",
        Outcome::Review => "ask the open source office before shipping it",
        Outcome::Deny => "remove or replace it, or ask the open source office",
    }
}

#[cfg(test)]
mod tests;
