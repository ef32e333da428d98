// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What a company thinks of licenses, and what follows for a finding.
//!
//! [`file`] reads policies and reports every mistake in them; [`conditions`] knows when a rule
//! holds and which of two goes first; this module judges expressions at places. Judging is a
//! pure function: policy, finding, place and day in, decision with its rules out.

pub mod cases;
pub mod conditions;
pub mod contexts;
pub mod curations;
mod file;
pub mod globs;
mod keys;
pub mod places;
pub mod sets;
pub mod waivers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::diag::{Failure, Mistakes, visible};
use crate::licenses::compatibility::Answer;
use crate::licenses::expression::{Expr, Term};
use crate::licenses::{Category, Licenses};
use crate::model::{Match, MatchKind, Outcome, Severity};
use conditions::{Conditions, Subject};
use contexts::Contexts;
use curations::Curation;
use globs::Globs;
use places::Place;
use waivers::{Waived, Waivers};

pub use crate::shape::MAX_FILE;
pub use file::Source;
pub use keys::{CURATION_FILE, POLICY, WAIVER_FILE};

/// The policy that is used when none is given.
const DEFAULT: &str = include_str!("../policies/default.toml");

/// A policy with all that belongs to it, valid as a whole.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What the policy calls itself.
    pub name: String,
    /// Where it came from, for people: a path, or words for the built-in one.
    pub origin: String,
    /// SHA-256 of the file, in hex, or of the digests of all files that belong to it: the
    /// revision that decisions name.
    pub digest: String,
    /// Every file that belongs to it.
    pub sources: Vec<Source>,
    pub contexts: Contexts,
    pub cases: Vec<cases::Case>,
    pub waivers: Waivers,
    pub curations: Vec<Curation>,
    pub trust: Option<Trust>,
    /// The policy itself first; those behind it can only be stricter, unless one before
    /// delegates.
    layers: Vec<Layer>,
    first_party: Option<Globs>,
    prefer: BTreeMap<Term, usize>,
    outbound: Vec<(Globs, Arc<Expr>)>,
    incompatible: Arc<Rule>,
    undecided: Arc<Rule>,
}

/// Rules that hold together, in the order in which they go before each other.
#[derive(Debug, Clone)]
struct Layer {
    rules: Vec<Arc<Rule>>,
    /// Only in these checkouts.
    checkouts: Option<Globs>,
    /// Only below this directory of a checkout; empty for all of it.
    directory: Vec<u8>,
}

/// Which files inside checkouts are heeded.
#[derive(Debug, Clone)]
pub struct Trust {
    policies: Globs,
    checkouts: Option<Globs>,
}

/// Which policy judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRef {
    pub name: String,
    pub origin: String,
    pub digest: String,
}

impl From<&Policy> for PolicyRef {
    fn from(p: &Policy) -> PolicyRef {
        PolicyRef { name: p.name.clone(), origin: p.origin.clone(), digest: p.digest.clone() }
    }
}

/// One rule of a policy.
#[derive(Debug)]
pub struct Rule {
    /// What the policy calls it; `license:MIT`, `category:font` and `otherwise:unknown` where it
    /// is a line of a table. Outcomes by context are rules with one name.
    pub id: String,
    pub outcome: Outcome,
    pub severity: Severity,
    /// Why the policy says so.
    pub reason: String,
    /// What someone who meets it should do.
    pub remedy: String,
    /// Whether lower layers may decide otherwise.
    pub delegate: bool,
    pub when: Conditions,
    /// Where it stands: the file's name, and the line.
    pub place: (String, usize),
}

/// What a policy says of one license.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The license, with its exception; empty for a file without any.
    pub license: String,
    pub category: Option<Category>,
    pub rule: Arc<Rule>,
}

/// What a policy says of a finding.
#[derive(Debug, Clone)]
pub struct Decision {
    pub outcome: Outcome,
    /// The branch that was chosen, where the expression offered a choice; its licenses in the
    /// order of their ids.
    pub choice: Option<String>,
    /// What the policy says of each license of the expression, in the order of their ids, or of
    /// there being none.
    pub judged: Vec<Judged>,
    /// The licenses in the chosen branch that are not simply allowed, worst first.
    pub breaches: Vec<Judged>,
    /// Those of them that are waived, taken out of `breaches` and `outcome`.
    pub waived: Vec<Waived>,
}

impl Decision {
    pub fn severity(&self) -> Severity {
        self.breaches.iter().map(|b| b.rule.severity).max().unwrap_or(Severity::Info)
    }
}

/// The checkout around a file.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The root directory.
    pub checkout: &'a [u8],
    pub branch: Option<&'a str>,
}

/// How a license is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub kinds: BTreeSet<MatchKind>,
    /// Of the best match, in percent, rounded down.
    pub score: u8,
    /// Whether all there is are texts with changed words.
    pub altered: bool,
}

/// How the licenses of a finding are known, as one text: a line for each expression that was
/// matched, with the kinds of the matches, the best score, and whether all were altered texts.
pub fn profile(matches: &[Match]) -> String {
    let mut known: BTreeMap<&str, Evidence> = BTreeMap::new();
    for m in matches {
        let score = (m.score * 100.0).floor().clamp(0.0, 100.0) as u8;
        let all = known.entry(&m.expression).or_insert(Evidence {
            kinds: BTreeSet::new(),
            score: 0,
            altered: true,
        });
        all.kinds.insert(m.kind);
        all.score = all.score.max(score);
        all.altered &= m.is_altered();
    }
    let line = |(expression, e): (&str, Evidence)| {
        let kinds: Vec<&str> = e.kinds.iter().map(|k| k.as_str()).collect();
        let altered = if e.altered { "altered" } else { "-" };
        format!("{} {} {altered} {expression}\n", kinds.join("+"), e.score)
    };
    known.into_iter().map(line).collect()
}

/// The reverse of [`profile`], by license. What cannot be read is left out.
fn evidence(profile: &str, licenses: &Licenses) -> BTreeMap<Term, Evidence> {
    let mut known: BTreeMap<Term, Evidence> = BTreeMap::new();
    for line in profile.lines() {
        let mut parts = line.splitn(4, ' ');
        let (Some(kinds), Some(score), Some(altered), Some(expression)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let Ok(expr) = licenses.parse(expression) else { continue };
        let kinds: BTreeSet<MatchKind> = kinds.split('+').filter_map(|k| k.parse().ok()).collect();
        let score = score.parse().unwrap_or(0);
        let altered = altered == "altered";
        for term in expr.terms() {
            let all = known.entry(term.clone()).or_insert_with(|| Evidence {
                kinds: BTreeSet::new(),
                score: 0,
                altered: true,
            });
            all.kinds.extend(&kinds);
            all.score = all.score.max(score);
            all.altered &= altered;
        }
    }
    known
}

impl Policy {
    /// The policy that is used when none is given.
    pub fn builtin(licenses: &Licenses) -> Policy {
        file::read("policies/default.toml", DEFAULT, &file::Nowhere, licenses)
            .map(|p| Policy { origin: "built-in default".into(), ..p })
            .expect("the compiled-in policy is valid")
    }

    /// Reads a policy file and what belongs to it.
    ///
    /// # Errors
    /// The file cannot be read, or everything that is wrong in it and its neighbors.
    pub fn load(path: &Path, licenses: &Licenses) -> Result<Policy, LoadError> {
        let files = file::Disk::beside(path);
        let (name, text) = file::open(path)?;
        Ok(file::read(&name, &text, &files, licenses)?)
    }

    /// Whether a file of a checkout is heeded as a policy.
    pub fn trusts(&self, checkout: &[u8], path: &[u8]) -> bool {
        self.trust.as_ref().is_some_and(|trust| {
            trust.policies.fits(path)
                && trust.checkouts.as_ref().is_none_or(|globs| globs.fits(checkout))
        })
    }

    /// This policy with one from a checkout laid below it, for the directory where that is, or
    /// the one above if that is called `.lictor`.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub fn lay(&mut self, path: &[u8], text: &str, licenses: &Licenses) -> Result<(), LoadError> {
        let slash = |path: &[u8]| path.iter().rposition(|b| *b == b'/').map_or(0, |n| n + 1);
        let directory = &path[..slash(path)];
        let directory = match directory.strip_suffix(b".lictor/") {
            Some(above) if above.is_empty() || above.ends_with(b"/") => above,
            _ => directory,
        };
        let name = visible(path);
        Ok(file::lay(self, &name, text, directory.to_vec(), licenses)?)
    }

    /// All rules, each layer in the order in which they go before each other.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<Rule>> {
        let outbound = (!self.outbound.is_empty()).then_some([&self.incompatible, &self.undecided]);
        self.layers.iter().flat_map(|l| &l.rules).chain(outbound.into_iter().flatten())
    }

    /// What the policy says of one license, or of a file without any, at a place.
    pub fn judge(
        &self,
        licenses: &Licenses,
        subject: Subject<'_>,
        evidence: Option<&Evidence>,
        place: &Place,
    ) -> Judged {
        let (license, category) = match subject {
            Subject::License(term) => (term.to_string(), licenses.category(term)),
            Subject::Nothing => (String::new(), None),
        };
        let declared = match (subject, &place.declared) {
            (Subject::License(term), Some(declared)) => Some(declared.terms().contains(&term)),
            _ => None,
        };
        let mut first = 0;
        let mut decided: Option<&Arc<Rule>> = None;
        for layer in &self.layers {
            let holds = |(n, rule): &(usize, &Arc<Rule>)| {
                place.holds(first + n)
                    && rule.when.is_about(subject, licenses)
                    && rule.when.holds_by(evidence, declared)
            };
            let says = layer.rules.iter().enumerate().find(holds).map(|(_, rule)| rule);
            decided = match (decided, says) {
                (Some(above), Some(says)) if above.delegate || is_stricter(says, above) => {
                    Some(says)
                }
                (None, says) => says,
                (above, _) => above,
            };
            first += layer.rules.len();
        }
        let compatible = match (subject, &place.outbound) {
            (Subject::License(term), Some(outbound)) => {
                match licenses.compatible(term, outbound).answer {
                    Answer::Yes => None,
                    Answer::No => Some(&self.incompatible),
                    Answer::Unknown => Some(&self.undecided),
                }
            }
            _ => None,
        };
        // The reader sees to it that the first layer has something to say of everything.
        let decided = decided.unwrap_or(&self.undecided);
        let rule = compatible.filter(|c| is_stricter(c, decided)).unwrap_or(decided);
        Judged { license, category, rule: Arc::clone(rule) }
    }

    /// What the policy says of an expression, or of finding nothing, at a place.
    /// `profile` says how its licenses are known.
    pub fn decide(
        &self,
        licenses: &Licenses,
        expr: Option<&Expr>,
        profile: &str,
        place: &Place,
    ) -> Decision {
        let evidence = evidence(profile, licenses);
        let Some(expr) = expr else {
            let nothing = self.judge(licenses, Subject::Nothing, None, place);
            let outcome = nothing.rule.outcome;
            let judged = vec![nothing];
            let breaches = if outcome > Outcome::Allow { judged.clone() } else { Vec::new() };
            return Decision { outcome, choice: None, judged, breaches, waived: Vec::new() };
        };
        let mut judged: BTreeMap<&Term, (Judged, Rank)> = BTreeMap::new();
        for term in expr.terms() {
            if !judged.contains_key(term) {
                let says = self.judge(licenses, Subject::License(term), evidence.get(term), place);
                let last = self.prefer.len();
                let rank = Rank {
                    outcome: says.rule.outcome,
                    severity: says.rule.severity,
                    preferred: self.prefer.get(term).copied().unwrap_or(last),
                };
                judged.insert(term, (says, rank));
            }
        }
        let mut chosen = Vec::new();
        // Each expression has a term.
        let rank = choose(expr, &judged, &mut chosen);
        let outcome = rank.map_or(Outcome::Deny, |r| r.outcome);
        let chosen: BTreeSet<&Term> = chosen.into_iter().collect();
        let mut breaches: Vec<Judged> = chosen
            .iter()
            .filter_map(|t| judged.get(t))
            .filter(|(says, _)| says.rule.outcome > Outcome::Allow)
            .map(|(says, _)| says.clone())
            .collect();
        breaches.sort_by(|a, b| {
            let worst = |j: &Judged| std::cmp::Reverse((j.rule.outcome, j.rule.severity));
            worst(a).cmp(&worst(b)).then_with(|| a.license.cmp(&b.license))
        });
        let choice = has_choice(expr).then(|| {
            let terms: Vec<String> = chosen.iter().map(ToString::to_string).collect();
            terms.join(" AND ")
        });
        let judged = judged.into_values().map(|(says, _)| says).collect();
        Decision { outcome, choice, judged, breaches, waived: Vec::new() }
    }
}

/// Among rules of two layers the one that allows less.
fn is_stricter(a: &Rule, b: &Rule) -> bool {
    (a.outcome, a.severity) > (b.outcome, b.severity)
}

fn has_choice(expr: &Expr) -> bool {
    match expr {
        Expr::Term(_) => false,
        Expr::And(parts) => parts.iter().any(has_choice),
        Expr::Or(_) => true,
    }
}

/// What is compared first when there is a choice: the outcome, how bad it is, what the policy
/// prefers. Among what is equal the licenses decide, in the order of their ids, so that the
/// order of operands has no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    outcome: Outcome,
    severity: Severity,
    preferred: usize,
}

/// AND takes the worst, OR the best. Puts the licenses of what is chosen behind `chosen`.
fn choose<'e>(
    expr: &'e Expr,
    judged: &BTreeMap<&'e Term, (Judged, Rank)>,
    chosen: &mut Vec<&'e Term>,
) -> Option<Rank> {
    match expr {
        Expr::Term(term) => {
            chosen.push(term);
            judged.get(term).map(|(_, rank)| *rank)
        }
        Expr::And(parts) => {
            let ranks = parts.iter().filter_map(|e| choose(e, judged, chosen));
            ranks.reduce(|a, b| Rank {
                outcome: a.outcome.max(b.outcome),
                severity: a.severity.max(b.severity),
                preferred: a.preferred.max(b.preferred),
            })
        }
        Expr::Or(parts) => {
            let start = chosen.len();
            let mut best: Option<Rank> = None;
            for part in parts {
                let end = chosen.len();
                let rank = choose(part, judged, chosen);
                let ties = || sorted(&chosen[end..]) < sorted(&chosen[start..end]);
                if best.is_none() || rank < best || rank == best && ties() {
                    best = rank;
                    chosen.drain(start..end);
                } else {
                    chosen.truncate(end);
                }
            }
            best
        }
    }
}

/// Each license once, in the order of ids.
fn sorted<'e>(terms: &[&'e Term]) -> BTreeSet<&'e Term> {
    terms.iter().copied().collect()
}

/// Why a policy could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Failure(#[from] Failure),
    /// Every mistake, by file.
    #[error("mistakes in {} files of the policy", .0.len())]
    Mistakes(Vec<Mistakes>),
}

impl From<Vec<Mistakes>> for LoadError {
    fn from(mistakes: Vec<Mistakes>) -> LoadError {
        LoadError::Mistakes(mistakes)
    }
}

#[cfg(test)]
mod tests;
