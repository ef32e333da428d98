// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What a company thinks of licenses, and what follows for a finding.
//!
//! [`file`] reads a policy and reports every mistake in it; this module judges expressions
//! by it. Judging is a pure function: policy and expression in, decision with its rules
//! out. Contexts, waivers and layers are not known here yet.

mod file;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::diag::{Failure, Mistakes, visible};
use crate::licenses::expression::{Expr, Term};
use crate::licenses::{Category, Licenses};
use crate::model::Outcome;

/// The policy that is used when none is given.
const DEFAULT: &str = include_str!("../policies/default.toml");

/// Largest policy file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A policy, valid as a whole.
#[derive(Debug)]
pub struct Policy {
    /// What the policy calls itself.
    pub name: String,
    /// Where it came from, for people: a path, or words for the built-in one.
    pub origin: String,
    /// SHA-256 of the file, in hex: the revision that decisions name.
    pub digest: String,
    licenses: BTreeMap<Term, Arc<Rule>>,
    categories: BTreeMap<Category, Arc<Rule>>,
    /// For a license no list knows.
    unknown: Arc<Rule>,
    /// For a license whose category the policy does not name.
    unnamed: Arc<Rule>,
    /// For a file in which nothing was found.
    none: Arc<Rule>,
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

/// One line of a policy.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `license:MIT`, `category:font`, `otherwise:unknown`.
    pub id: String,
    pub outcome: Outcome,
    /// Why the policy says so.
    pub reason: String,
    /// What someone who meets it should do.
    pub remedy: String,
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
    /// The branch that was chosen, where the expression offered a choice.
    pub choice: Option<String>,
    /// The licenses in the chosen branch that are not simply allowed, worst first.
    pub breaches: Vec<Judged>,
}

impl Policy {
    /// The policy that is used when none is given.
    pub fn builtin(licenses: &Licenses) -> Policy {
        file::read("policies/default.toml", DEFAULT, licenses)
            .map(|p| Policy { origin: "built-in default".into(), ..p })
            .expect("the compiled-in policy is valid")
    }

    /// Reads a policy file.
    ///
    /// # Errors
    /// The file cannot be read, or everything that is wrong in it.
    pub fn load(path: &Path, licenses: &Licenses) -> Result<Policy, LoadError> {
        let name = visible(path.as_os_str().as_encoded_bytes());
        let unreadable = |e: std::io::Error| {
            Failure::config(format!("cannot read the policy {name}")).caused_by(e).help(
                "name a policy file with --policy, or leave it out to use the built-in default",
            )
        };
        let meta = std::fs::metadata(path).map_err(unreadable)?;
        if !meta.is_file() || meta.len() > MAX_FILE {
            return Err(Failure::config(format!(
                "the policy {name} is not a file of at most 1 MiB"
            ))
            .help("name a TOML file with --policy")
            .into());
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()]
                .iter()
                .filter(|b| **b == b'\n')
                .count();
            Failure::config(format!("the policy {name} is not UTF-8 (line {line})"))
                .help("save it as UTF-8; TOML knows no other encoding")
        })?;
        Ok(file::read(&name, &text, licenses)?)
    }

    /// What the policy says of one license.
    pub fn judge(&self, licenses: &Licenses, term: &Term) -> Judged {
        let category = licenses.category(term);
        // A pair with an exception is judged as a pair before it is judged by its category.
        let rule = self.licenses.get(term).or_else(|| match category {
            Some(c) => self.categories.get(&c),
            None => Some(&self.unknown),
        });
        Judged {
            license: term.to_string(),
            category,
            rule: Arc::clone(rule.unwrap_or(&self.unnamed)),
        }
    }

    /// What the policy says of an expression, or of finding nothing.
    pub fn decide(&self, licenses: &Licenses, expr: Option<&Expr>) -> Decision {
        let Some(expr) = expr else {
            let nothing =
                Judged { license: String::new(), category: None, rule: Arc::clone(&self.none) };
            let outcome = nothing.rule.outcome;
            let breaches = if outcome > Outcome::Allow { vec![nothing] } else { Vec::new() };
            return Decision { outcome, choice: None, breaches };
        };
        let mut chosen = self.choose(licenses, expr);
        chosen.breaches.sort_by(|a, b| {
            b.rule.outcome.cmp(&a.rule.outcome).then_with(|| a.license.cmp(&b.license))
        });
        chosen.breaches.dedup_by(|a, b| a.license == b.license);
        let choice = (chosen.branch != *expr).then(|| chosen.branch.to_string());
        Decision { outcome: chosen.outcome, choice, breaches: chosen.breaches }
    }

    /// AND takes the worst, OR the best branch; among equally good branches the first by
    /// its text, so that the order of operands decides nothing.
    fn choose(&self, licenses: &Licenses, expr: &Expr) -> Chosen {
        match expr {
            Expr::Term(term) => {
                let judged = self.judge(licenses, term);
                let outcome = judged.rule.outcome;
                let breaches = if outcome > Outcome::Allow { vec![judged] } else { Vec::new() };
                Chosen { outcome, breaches, branch: expr.clone() }
            }
            Expr::And(parts) => {
                let parts: Vec<Chosen> = parts.iter().map(|e| self.choose(licenses, e)).collect();
                let outcome = parts.iter().map(|c| c.outcome).max().unwrap_or(Outcome::Allow);
                let (breaches, branches): (Vec<_>, Vec<_>) =
                    parts.into_iter().map(|c| (c.breaches, c.branch)).unzip();
                let branch = Expr::all(branches).unwrap_or_else(|| expr.clone());
                Chosen { outcome, breaches: breaches.concat(), branch }
            }
            Expr::Or(parts) => parts
                .iter()
                .map(|e| self.choose(licenses, e))
                .min_by_key(|c| (c.outcome, c.branch.to_string()))
                .unwrap_or_else(|| Chosen {
                    outcome: Outcome::Deny,
                    breaches: Vec::new(),
                    branch: expr.clone(),
                }),
        }
    }
}

struct Chosen {
    outcome: Outcome,
    breaches: Vec<Judged>,
    branch: Expr,
}

/// Why a policy could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error("{} mistakes in the policy {}", .0.list.len(), .0.file)]
    Mistakes(Mistakes),
}

impl From<Mistakes> for LoadError {
    fn from(mistakes: Mistakes) -> LoadError {
        LoadError::Mistakes(mistakes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Policy {
        file::read("p.toml", text, Licenses::builtin())
            .unwrap_or_else(|m| panic!("{}", m.render(false)))
    }

    fn decide(policy: &Policy, expr: &str) -> (Outcome, Option<String>, Vec<String>) {
        let db = Licenses::builtin();
        let d = policy.decide(db, Some(&db.parse(expr).unwrap()));
        let rules = d.breaches.iter().map(|b| format!("{} by {}", b.license, b.rule.id)).collect();
        (d.outcome, d.choice, rules)
    }

    #[test]
    fn or_takes_the_best_and_remembers_it_and_takes_the_worst() {
        let p = Policy::builtin(Licenses::builtin());
        use Outcome::{Allow, Deny, Review};
        let gpl = "GPL-2.0-only by category:strong-copyleft".to_owned();
        let agpl = "AGPL-3.0-only by category:network-copyleft".to_owned();
        for (expr, outcome, choice, rules) in [
            ("MIT", Allow, None, vec![]),
            ("GPL-2.0-only OR MIT", Allow, Some("MIT"), vec![]),
            ("MIT OR Apache-2.0", Allow, Some("Apache-2.0"), vec![]),
            ("GPL-2.0-only AND MIT", Review, None, vec![gpl.clone()]),
            ("GPL-2.0-only AND AGPL-3.0-only", Deny, None, vec![agpl.clone(), gpl.clone()]),
            (
                "AGPL-3.0-only OR GPL-2.0-only AND MIT",
                Review,
                Some("GPL-2.0-only AND MIT"),
                vec![gpl],
            ),
            ("(AGPL-3.0-only OR MIT) AND ISC", Allow, Some("MIT AND ISC"), vec![]),
            ("LicenseRef-ours", Review, None, vec!["LicenseRef-ours by otherwise:unknown".into()]),
        ] {
            assert_eq!(decide(&p, expr), (outcome, choice.map(str::to_owned), rules), "{expr}");
        }
    }

    #[test]
    fn a_pair_is_judged_before_its_license_and_a_license_before_its_category() {
        let p = policy(
            "version = 1\n[categories]\nstrong-copyleft = 'deny'\nweak-copyleft = 'review'\n\
             [licenses]\n'GPL-3.0-only' = 'review'\n'GPL-2.0-only WITH Classpath-exception-2.0' = 'allow'\n",
        );
        let outcome = |e: &str| decide(&p, e).0;
        assert_eq!(outcome("GPL-2.0-only"), Outcome::Deny);
        assert_eq!(outcome("GPL-3.0-only"), Outcome::Review);
        assert_eq!(outcome("GPL-2.0-only WITH Classpath-exception-2.0"), Outcome::Allow);
        assert_eq!(outcome("GPL-3.0-only WITH Classpath-exception-2.0"), Outcome::Review);
        // A category that the policy does not name is never allowed in silence.
        assert_eq!(decide(&p, "MIT").2, ["MIT by otherwise:unnamed"]);
    }

    #[test]
    fn finding_nothing_is_allowed_unless_the_policy_says_otherwise() {
        let db = Licenses::builtin();
        assert_eq!(Policy::builtin(db).decide(db, None).outcome, Outcome::Allow);
        let strict = policy("version = 1\n[otherwise]\nnone = 'review'\n").decide(db, None);
        assert_eq!((strict.outcome, strict.breaches.len()), (Outcome::Review, 1));
    }

    #[test]
    fn every_category_has_a_place_in_the_default_policy() {
        let p = Policy::builtin(Licenses::builtin());
        assert!(Category::ALL.iter().all(|c| p.categories.contains_key(c)));
    }

    #[test]
    fn an_expression_of_hundreds_of_terms_is_judged_in_one_walk() {
        let p = Policy::builtin(Licenses::builtin());
        let expr = format!("{}0BSD", "(MIT OR GPL-2.0-only) AND ".repeat(300));
        assert_eq!(decide(&p, &expr).1.as_deref(), Some("MIT AND 0BSD"));
    }
}
