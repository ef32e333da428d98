// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Whether code under one license may be a part of a work that is given out under another: the
//! file `license-db/compatibility.toml`.
//!
//! Nothing here has a part in detection, nor in [`Licenses::digest`].

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::expression::{Expr, Term, family};
use super::{Category, Effect, Licenses, license_ids};

const COMPATIBILITY: &str = include_str!("../../license-db/compatibility.toml");

/// Whether it may be; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    No,
    Unknown,
    Yes,
}

impl Answer {
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::No => "no",
            Answer::Unknown => "unknown",
            Answer::Yes => "yes",
        }
    }
}

/// An answer and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compatibility {
    pub answer: Answer,
    /// The part of the outbound expression that decided.
    pub outbound: Term,
    /// Why, in a sentence for people.
    pub because: &'static str,
    /// Who says so; nobody if nothing is known, or nobody needs to.
    pub sources: Vec<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sources: BTreeMap<String, String>,
    groups: BTreeMap<String, Vec<String>>,
    rule: Vec<Line>,
    otherwise: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    from: Vec<String>,
    into: Vec<String>,
    answer: Answer,
    source: Vec<String>,
    because: String,
}

/// A line with its groups written out.
struct Rule {
    from: HashSet<&'static str>,
    into: HashSet<&'static str>,
    line: &'static Line,
}

impl Rule {
    fn covers(&self, from: &str, into: &str) -> bool {
        self.from.contains(from) && (self.into.contains("*") || self.into.contains(into))
    }
}

struct Table {
    file: &'static File,
    rules: Vec<Rule>,
    otherwise: Vec<Rule>,
}

/// The compiled-in table; a test reads the file, so that this cannot fail in the field.
fn table() -> &'static Table {
    static FILE: LazyLock<File> = LazyLock::new(|| {
        toml::from_str(COMPATIBILITY)
            .expect("the compiled-in license-db/compatibility.toml is valid")
    });
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        let file: &'static File = &FILE;
        let rules = |lines: &'static [Line]| {
            let rule = |line: &'static Line| Rule {
                from: file.members(&line.from),
                into: file.members(&line.into),
                line,
            };
            lines.iter().map(rule).collect()
        };
        Table { file, rules: rules(&file.rule), otherwise: rules(&file.otherwise) }
    });
    &TABLE
}

impl File {
    /// The ids that are named, those of groups included.
    fn members(&'static self, named: &'static [String]) -> HashSet<&'static str> {
        let mut members = HashSet::new();
        let mut todo: Vec<&'static str> = named.iter().map(String::as_str).collect();
        while let Some(name) = todo.pop() {
            match name.strip_prefix('@') {
                // A group that is met again brings nothing new, and cannot go in circles.
                Some(group) if members.insert(name) => {
                    todo.extend(self.groups.get(group).into_iter().flatten().map(String::as_str));
                }
                Some(_) => {}
                None => {
                    members.insert(name);
                }
            }
        }
        members.retain(|m| !m.starts_with('@'));
        members
    }
}

impl Table {
    /// What the file says of this very pair.
    fn find(&'static self, from: &str, into: &str) -> Option<&'static Line> {
        let all = self.rules.iter().chain(&self.otherwise);
        all.into_iter().find(|r| r.covers(from, into)).map(|r| r.line)
    }
}

/// An answer without the part of the expression that it is for.
struct Found {
    answer: Answer,
    because: &'static str,
    sources: Vec<&'static str>,
}

impl Found {
    fn own(answer: Answer, because: &'static str) -> Found {
        Found { answer, because, sources: Vec::new() }
    }

    fn of(line: &'static Line) -> Found {
        let names = line.source.iter().filter_map(|s| table().file.sources.get(s));
        Found {
            answer: line.answer,
            because: &line.because,
            sources: names.map(String::as_str).collect(),
        }
    }
}

impl Licenses {
    /// Whether code under `inbound` may be a part of a work that is given out under `outbound`.
    ///
    /// Recipients of a choice may take any branch of it, so that the code must go into each. Of
    /// what holds together one part must take the code in, and no part that reaches over the
    /// whole work may refuse it.
    pub fn compatible(&self, inbound: &Term, outbound: &Expr) -> Compatibility {
        match outbound {
            Expr::Term(out) => {
                let Found { answer, because, sources } = self.one_license(inbound, out);
                Compatibility { answer, outbound: out.clone(), because, sources }
            }
            Expr::Or(branches) => {
                let all = branches.iter().map(|b| self.compatible(inbound, b));
                worst(all).unwrap_or_else(|| nothing(inbound))
            }
            Expr::And(parts) => {
                let all: Vec<_> = parts.iter().map(|p| (p, self.compatible(inbound, p))).collect();
                let taken = best(all.iter().map(|(_, c)| c.clone()));
                let reaching = all.iter().filter(|(p, _)| self.reaches_over_all(p));
                let limits = reaching.map(|(_, c)| c.clone());
                worst(taken.into_iter().chain(limits)).unwrap_or_else(|| nothing(inbound))
            }
        }
    }

    /// Whether a part of an outbound expression speaks of the whole work.
    fn reaches_over_all(&self, part: &Expr) -> bool {
        let strong = |t: &&Term| {
            matches!(self.category(t), Some(Category::StrongCopyleft | Category::NetworkCopyleft))
        };
        part.terms().iter().any(strong)
    }

    fn one_license(&self, inbound: &Term, out: &Term) -> Found {
        if inbound == out {
            return Found::own(Answer::Yes, "It is the same license.");
        }
        // Of `X+` only the versions that it lets choose are known.
        let named = Term { license: inbound.base_license().to_owned(), ..inbound.clone() };
        let mut found = match named == *out {
            true => Found::own(Answer::Yes, "It is the same license."),
            false => self.pair(&named, out),
        };
        for later in later(inbound) {
            let other = if later == *out {
                Found::own(Answer::Yes, "It may be used under later versions.")
            } else {
                self.pair(&later, out)
            };
            if other.answer > found.answer {
                found = other;
            }
        }
        found
    }

    /// One version into another license.
    fn pair(&self, inbound: &Term, out: &Term) -> Found {
        let table = table();
        if let Some(line) = table.find(&inbound.to_string(), &out.to_string()) {
            return Found::of(line);
        }
        if let Some(exception) = &inbound.addition {
            // Further permissions may be dropped.
            let bare = Term { license: inbound.license.clone(), addition: None };
            let found = if bare == *out {
                Found::own(Answer::Yes, "The exception may be dropped.")
            } else {
                self.pair(&bare, out)
            };
            let keeps = self.exceptions.get(exception) == Some(&Effect::Keeps);
            let copyleft = !self.is_permissive(&bare);
            return match found.answer {
                Answer::No if !(keeps && copyleft) => {
                    Found::own(Answer::Unknown, "It is not said what the exception changes.")
                }
                _ => found,
            };
        }
        if out.addition.is_some() {
            let bare = Term { license: out.license.clone(), addition: None };
            if *inbound != bare {
                let found = self.pair(inbound, &bare);
                if found.answer != Answer::Yes || self.is_permissive(inbound) {
                    return found;
                }
            }
            return Found::own(
                Answer::Unknown,
                "The code does not come with the exception that the work is given out with.",
            );
        }
        Found::own(Answer::Unknown, "Nobody is known to have said.")
    }

    fn is_permissive(&self, term: &Term) -> bool {
        matches!(self.category(term), Some(Category::Permissive | Category::PublicDomain))
    }
}

/// An expression without parts does not exist; nothing is known of it.
fn nothing(inbound: &Term) -> Compatibility {
    let because = "It is not said what the work is given out under.";
    Compatibility {
        answer: Answer::Unknown,
        outbound: inbound.clone(),
        because,
        sources: Vec::new(),
    }
}

/// The first of the worst answers.
fn worst(all: impl Iterator<Item = Compatibility>) -> Option<Compatibility> {
    all.min_by_key(|c| c.answer)
}

/// The first of the best answers.
fn best(all: impl Iterator<Item = Compatibility>) -> Option<Compatibility> {
    all.min_by_key(|c| std::cmp::Reverse(c.answer))
}

/// The versions that `-or-later` or `+` lets choose, but for the one that is named.
fn later(term: &Term) -> Vec<Term> {
    let gnu = term.license.ends_with("-or-later");
    let Some(named) = term.license.strip_suffix("-or-later").or(term.license.strip_suffix('+'))
    else {
        return Vec::new();
    };
    let Some((stem, least)) = version(named) else { return Vec::new() };
    let with =
        |license: &str| Term { license: license.to_owned(), addition: term.addition.clone() };
    let ids = license_ids().filter(|id| {
        let bare = id.strip_suffix("-only").or(id.strip_suffix("-or-later"));
        if bare.is_some() != gnu {
            return false;
        }
        version(bare.unwrap_or(id)).is_some_and(|(s, v)| s == stem && v >= least)
    });
    ids.filter(|id| *id != term.license).map(with).collect()
}

/// An id that ends in its version, taken apart.
fn version(id: &str) -> Option<(&str, Vec<u32>)> {
    let stem = family(id);
    let numbers = id[stem.len()..].strip_prefix('-')?.split('.').map(|n| n.parse().ok());
    Some((stem, numbers.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(expression: &str) -> Term {
        match Licenses::builtin().parse(expression).unwrap() {
            Expr::Term(term) => term,
            other => panic!("{other} is no term"),
        }
    }

    fn answer(inbound: &str, outbound: &str) -> Answer {
        let db = Licenses::builtin();
        db.compatible(&term(inbound), &db.parse(outbound).unwrap()).answer
    }

    /// All ids that the file speaks of.
    fn named() -> Vec<&'static str> {
        let table = table();
        let rules = table.rules.iter().chain(&table.otherwise);
        let ids: HashSet<&str> = rules
            .flat_map(|r| r.from.iter().chain(&r.into))
            .copied()
            .filter(|i| *i != "*")
            .collect();
        let mut ids: Vec<_> = ids.into_iter().collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn every_id_group_and_source_exists_and_is_used() {
        let db = Licenses::builtin();
        let file = table().file;
        for id in named() {
            let known = db.parse(id).map(|e| e.to_string());
            assert_eq!(known.as_deref().ok(), Some(id), "there is no current {id}");
        }
        let lines = || file.rule.iter().chain(&file.otherwise);
        let mentions = || lines().flat_map(|l| l.from.iter().chain(&l.into));
        let mentions: Vec<&String> = mentions().chain(file.groups.values().flatten()).collect();
        for group in mentions.iter().filter_map(|m| m.strip_prefix('@')) {
            assert!(file.groups.contains_key(group), "there is no @{group}");
        }
        for group in file.groups.keys() {
            assert!(mentions.iter().any(|m| m.strip_prefix('@') == Some(group)), "@{group}");
        }
        for line in lines() {
            assert!(!line.source.is_empty() && line.because.ends_with('.'), "{}", line.because);
            for source in &line.source {
                assert!(file.sources.contains_key(source), "there is no source {source}");
            }
        }
        for source in file.sources.keys() {
            assert!(lines().any(|l| l.source.contains(source)), "{source} is not used");
        }
        assert!(named().len() >= 200, "{}", named().len());
    }

    #[test]
    fn no_two_lines_speak_of_the_same_pair() {
        let table = table();
        for rules in [&table.rules, &table.otherwise] {
            for (n, a) in rules.iter().enumerate() {
                for b in &rules[n + 1..] {
                    let from: Vec<_> = a.from.intersection(&b.from).collect();
                    let any = a.into.contains("*") || b.into.contains("*");
                    let into: Vec<_> = a.into.intersection(&b.into).collect();
                    let both = !from.is_empty() && (any || !into.is_empty());
                    assert!(!both, "two lines speak of {from:?} into {into:?}");
                }
            }
        }
    }

    #[test]
    fn every_license_goes_into_itself() {
        for id in license_ids() {
            let Ok(expr) = Licenses::builtin().parse(id) else { continue };
            let Expr::Term(term) = &expr else { continue };
            assert_eq!(Licenses::builtin().compatible(term, &expr).answer, Answer::Yes, "{id}");
        }
    }

    #[test]
    fn what_asks_for_notices_only_goes_into_everything() {
        for out in named().into_iter().chain(["LicenseRef-acme", "CC-BY-NC-4.0", "Zed"]) {
            for permissive in ["MIT", "BSD-3-Clause", "ISC", "0BSD", "CC0-1.0", "Zlib"] {
                assert_eq!(answer(permissive, out), Answer::Yes, "{permissive} into {out}");
            }
        }
    }

    #[test]
    fn copyleft_goes_into_nothing_permissive() {
        let db = Licenses::builtin();
        let permissive = table().file.members(&table().file.groups["permissive"]);
        for id in named() {
            let copyleft = matches!(
                db.category(&term(id)),
                Some(Category::StrongCopyleft | Category::NetworkCopyleft)
            );
            if copyleft {
                for out in &permissive {
                    assert_ne!(answer(id, out), Answer::Yes, "{id} into {out}");
                }
            }
        }
        for out in &permissive {
            let lenient = matches!(
                db.category(&term(out)),
                Some(
                    Category::Permissive
                        | Category::PublicDomain
                        | Category::Font
                        | Category::Documentation
                )
            );
            // The border case of what may still be called copyleft.
            let artistic = out.starts_with("Artistic-") || *out == "NBPL-1.0";
            assert!(lenient || artistic, "{out} is not permissive");
        }
    }

    #[test]
    fn what_everybody_knows() {
        use Answer::{No, Unknown, Yes};
        for (inbound, outbound, expected) in [
            ("GPL-2.0-only", "GPL-3.0-only", No),
            ("GPL-3.0-only", "GPL-2.0-only", No),
            ("GPL-2.0-or-later", "GPL-3.0-only", Yes),
            ("GPL-2.0-or-later", "GPL-3.0-or-later", Yes),
            ("GPL-2.0-only", "GPL-2.0-or-later", No),
            ("GPL-2.0-or-later", "GPL-2.0-only", Yes),
            ("GPL-2.0-or-later", "AGPL-3.0-or-later", Yes),
            ("GPL-3.0-only", "MIT", No),
            ("GPL-2.0-or-later", "Apache-2.0", No),
            ("AGPL-3.0-only", "GPL-2.0-only", No),
            ("AGPL-3.0-only", "GPL-3.0-only", Unknown),
            ("Apache-2.0", "GPL-2.0-only", No),
            ("Apache-2.0", "GPL-2.0-or-later", No),
            ("Apache-2.0", "GPL-3.0-only", Yes),
            ("Apache-2.0", "GPL-3.0-or-later", Yes),
            ("Apache-2.0", "AGPL-3.0-only", Yes),
            ("Apache-2.0", "MIT", Yes),
            ("Apache-2.0 WITH LLVM-exception", "GPL-2.0-only", Yes),
            ("Apache-2.0 WITH LLVM-exception", "MIT", Yes),
            ("LGPL-2.1-only", "GPL-2.0-only", Yes),
            ("LGPL-2.1-only", "GPL-3.0-or-later", Yes),
            ("LGPL-2.1-only", "MIT", No),
            ("LGPL-3.0-only", "GPL-2.0-only", No),
            ("LGPL-2.0-or-later", "LGPL-2.1-only", Yes),
            ("BSD-4-Clause", "GPL-2.0-only", No),
            ("OpenSSL", "GPL-3.0-only", No),
            ("CDDL-1.0", "GPL-2.0-only", No),
            ("EPL-1.0", "GPL-3.0-only", No),
            ("EPL-2.0", "GPL-3.0-only", Unknown),
            ("MPL-2.0", "GPL-2.0-or-later", Yes),
            ("MPL-2.0-no-copyleft-exception", "GPL-2.0-or-later", No),
            ("MPL-1.1", "GPL-2.0-only", No),
            ("MPL-1.1+", "GPL-2.0-only", Yes),
            ("MPL-2.0", "Apache-2.0", No),
            ("CC-BY-SA-4.0", "GPL-3.0-only", Yes),
            ("CC-BY-NC-4.0", "MIT", No),
            ("BUSL-1.1", "Apache-2.0", No),
            ("LicenseRef-acme", "MIT", Unknown),
            ("MIT", "LicenseRef-acme", Yes),
            ("GPL-2.0-only", "LicenseRef-acme", Unknown),
        ] {
            assert_eq!(answer(inbound, outbound), expected, "{inbound} into {outbound}");
        }
    }

    #[test]
    fn an_exception_is_dropped_but_not_invented() {
        use Answer::{No, Unknown, Yes};
        for (inbound, outbound, expected) in [
            ("GPL-2.0-only WITH Linux-syscall-note", "GPL-2.0-only", Yes),
            ("GPL-2.0-only WITH Linux-syscall-note", "MIT", Unknown),
            ("GPL-2.0-only WITH GPL-CC-1.0", "MIT", No),
            ("GPL-2.0-or-later WITH Bison-exception-2.2", "GPL-3.0-only", Yes),
            ("GPL-2.0-only", "GPL-2.0-only WITH Linux-syscall-note", Unknown),
            ("GPL-3.0-only", "GPL-2.0-only WITH Linux-syscall-note", No),
            ("Apache-2.0", "GPL-3.0-only WITH GCC-exception-3.1", Yes),
            ("Apache-2.0", "GPL-2.0-only WITH Linux-syscall-note", No),
            ("MIT", "GPL-2.0-only WITH Linux-syscall-note", Yes),
            (
                "GPL-2.0-or-later WITH Autoconf-exception-macro",
                "GPL-3.0-or-later WITH Autoconf-exception-macro",
                Yes,
            ),
        ] {
            assert_eq!(answer(inbound, outbound), expected, "{inbound} into {outbound}");
        }
    }

    #[test]
    fn of_an_outbound_expression_every_choice_and_every_whole_counts() {
        use Answer::{No, Unknown, Yes};
        for (inbound, outbound, expected) in [
            // Recipients may choose.
            ("MIT", "MIT OR Apache-2.0", Yes),
            ("Apache-2.0", "MIT OR Apache-2.0", Yes),
            ("GPL-2.0-only", "MIT OR GPL-2.0-only", No),
            ("Apache-2.0", "GPL-2.0-only OR GPL-3.0-only", No),
            ("MPL-2.0", "MPL-2.0 OR GPL-2.0-or-later OR LGPL-2.1-or-later", Yes),
            // The parts of a work.
            ("MPL-2.0", "Apache-2.0 AND MPL-2.0", Yes),
            ("GPL-2.0-only", "MIT AND GPL-2.0-only", Yes),
            ("Apache-2.0", "MIT AND GPL-2.0-only", No),
            ("GPL-3.0-only", "MIT AND BSD-3-Clause", No),
            ("CDDL-1.0", "CDDL-1.0 AND GPL-2.0-only", No),
            ("LicenseRef-acme", "LicenseRef-acme AND GPL-2.0-only", Unknown),
            ("Apache-2.0", "MPL-2.0 AND (MIT OR GPL-3.0-only)", Yes),
        ] {
            assert_eq!(answer(inbound, outbound), expected, "{inbound} into {outbound}");
        }
        let db = Licenses::builtin();
        let out = db.parse("MIT AND GPL-2.0-only").unwrap();
        let found = db.compatible(&term("Apache-2.0"), &out);
        assert_eq!(found.outbound, term("GPL-2.0-only"));
        let sources = ["OSADL license compatibility matrix", "the FSF's list of licenses"];
        assert_eq!(found.sources, sources);
        assert!(found.because.contains("patents"), "{}", found.because);
    }

    #[test]
    fn the_order_of_parts_does_not_matter() {
        for inbound in ["MIT", "Apache-2.0", "GPL-2.0-or-later", "MPL-2.0", "LicenseRef-acme"] {
            for (one, other) in [
                ("MIT OR GPL-2.0-only", "GPL-2.0-only OR MIT"),
                ("Apache-2.0 AND MPL-2.0", "MPL-2.0 AND Apache-2.0"),
                ("MIT AND (GPL-3.0-only OR EPL-2.0)", "(EPL-2.0 OR GPL-3.0-only) AND MIT"),
            ] {
                assert_eq!(answer(inbound, one), answer(inbound, other), "{inbound}: {one}");
            }
        }
    }

    #[test]
    fn later_versions_are_those_of_the_same_license() {
        let ids = |e: &str| later(&term(e)).into_iter().map(|t| t.license).collect::<Vec<_>>();
        assert_eq!(ids("GPL-2.0-or-later"), ["GPL-2.0-only", "GPL-3.0-only", "GPL-3.0-or-later"]);
        assert_eq!(ids("MPL-1.1+"), ["MPL-1.1", "MPL-2.0"]);
        assert_eq!(ids("GPL-3.0-only"), [""; 0]);
        assert_eq!(ids("LicenseRef-acme"), [""; 0]);
    }
}
