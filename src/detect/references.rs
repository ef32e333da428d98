// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Licenses that are named: in a sentence that grants, in a field, beside each other with a slash
//! between, by their address, or in the fixed words of a rule.
//!
//! One automaton finds names, addresses and rules in the words of a region. A name is
//! read with what belongs to it: versions before or behind it, and whether later ones are
//! granted. A name that is also a common word counts only in the company of words about
//! licenses or of other licenses. Which of all that is said about a file holds is decided in
//! `combine`.

mod addresses;
mod choice;
mod family;
mod offers;
mod reader;
mod words;

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::automaton::Automaton;
use super::combine::Sure;
use super::texts;
use super::tokens::{self, Token};
use crate::licenses::Licenses;
use crate::licenses::names;
use crate::licenses::rules::{Rule, RuleKind};
use family::Known;
use offers::Offers;
pub(super) use offers::{Offer, Sentence};
use reader::Reader;
use words::Words;

/// A license named at a place, positions in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub expression: String,
    pub place: Range<usize>,
    pub how: How,
    /// Number of what matched; see [`References::title`].
    number: u32,
    /// Whether it is joined by "or" to the reference before it.
    pub or: bool,
    /// Whether the words before it say that something stands under it.
    pub granted: bool,
}

impl Reference {
    fn new(expression: String, place: Range<usize>, how: How, number: u32) -> Reference {
        Reference { expression, place, how, number, or: false, granted: false }
    }

    /// Whether it names one license and not a family.
    pub fn is_sure(&self) -> bool {
        let vague = How::Name { sure: Sure::Vague };
        !(matches!(self.how, How::Clue | How::Address { vague: true }) || self.how == vague)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// The fixed words of a rule.
    Rule,
    /// The fixed words of a rule that are a weak sign.
    Clue,
    /// A name, and how much it says of the version.
    Name { sure: Sure },
    Address {
        /// The license has versions, and it does not say which.
        vague: bool,
    },
    /// The words of an exception, to be attached to the license that stands by it.
    Exception,
    /// The name of an exception, which says something only behind a license.
    ExceptionName,
}

/// Where a name means its license.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Anywhere,
    /// Where licenses are spoken of.
    InContext,
    /// As a sentence or line of its own.
    Alone,
}

/// What a sequence of the automaton stands for.
enum Meaning {
    Name {
        family: usize,
        speaks: Speaks,
    },
    /// An SPDX id as it is written, hyphens and all.
    Id(&'static str),
    Exception(String),
    Rule {
        expression: String,
        how: How,
        /// Where the license stands of which the words speak.
        files: Vec<String>,
    },
    FalseAlarm {
        open: bool,
    },
    Address {
        id: String,
        vague: bool,
    },
}

pub(super) struct References {
    automaton: Automaton,
    meanings: Vec<Meaning>,
    /// What each of the meanings is called in evidence.
    titles: Vec<Arc<str>>,
    families: Vec<Known>,
    words: Words,
    offers: Offers,
}

impl References {
    pub fn new(licenses: &Licenses) -> References {
        let mut sequences: Vec<(Vec<u64>, u32)> = Vec::new();
        let mut meanings: Vec<Meaning> = Vec::new();
        let mut titles: Vec<Arc<str>> = Vec::new();
        let mut add = |words: Vec<u64>, meaning: Meaning, title: String| {
            sequences.push((words, u32::try_from(meanings.len()).expect("fewer than 2^32")));
            meanings.push(meaning);
            titles.push(title.into());
        };
        let words = Words::new();
        let mut families = Vec::new();
        let mut covered: FxHashSet<String> = FxHashSet::default();
        for family in licenses.names().families.values() {
            let number = families.len();
            let expand = |patterns: &[String]| -> Vec<String> {
                patterns.iter().flat_map(|p| names::expand(p).unwrap_or_default()).collect()
            };
            let (strong, weak) = (expand(&family.strong), expand(&family.weak));
            let all = [
                (&strong, Speaks::Anywhere),
                (&weak, Speaks::InContext),
                (&expand(&family.alone), Speaks::Alone),
            ];
            for (names, speaks) in all {
                for name in names {
                    let meaning = Meaning::Name { family: number, speaks };
                    add(tokens::words(name), meaning, format!("name {name}"));
                }
            }
            let known = Known::new(family, strong.iter().chain(&weak));
            let names: Vec<Vec<u64>> =
                strong.iter().chain(&weak).map(|n| tokens::words(n)).collect();
            for (_, id) in &known.versions {
                // What the grammar reads: one of the names, and the version behind it.
                if names.iter().any(|n| tokens::words(id).starts_with(n)) {
                    covered.extend([id.clone(), format!("{id}-only"), format!("{id}-or-later")]);
                    covered.insert(format!("{id}+"));
                }
            }
            families.push(known);
        }
        let vague: FxHashSet<&str> = families
            .iter()
            .filter(|f| !f.versions.is_empty())
            .filter_map(|f| f.unversioned.as_deref())
            .collect();
        for id in crate::licenses::license_ids() {
            let read = covered.contains(id) && !has_date(id);
            if !read {
                add(tokens::words(id), Meaning::Id(id), format!("name {id}"));
            }
        }
        for (id, exception) in &licenses.names().exceptions {
            for name in exception.names.iter().flat_map(|p| names::expand(p).unwrap_or_default()) {
                add(tokens::words(&name), Meaning::Exception(id.clone()), format!("name {name}"));
            }
        }
        // As an id is written; a name of the same words goes first.
        for id in crate::licenses::exception_ids() {
            let current = licenses.exception_successor(id).unwrap_or(id);
            add(tokens::words(id), Meaning::Exception(current.to_owned()), format!("name {id}"));
        }
        for rule in licenses.rules().iter().filter(|r| !texts::is_text(r)) {
            let own = tokens::words(&rule.text);
            let meaning = match (rule.kind, &rule.expression) {
                (RuleKind::FalsePositive, _) => Meaning::FalseAlarm {
                    open: own.last().is_some_and(|w| words.ends_open.contains(w)),
                },
                (RuleKind::Intro | RuleKind::Clue, _) | (_, None) => continue,
                (_, Some(expression)) => Meaning::Rule {
                    how: how(rule, own.len(), vague.contains(expression.as_str())),
                    expression: expression.clone(),
                    files: rule.referenced_filenames.clone(),
                },
            };
            add(own, meaning, rule.name.clone());
        }
        for (address, id) in addresses::addresses(licenses) {
            let has_digit = |s: &str| s.bytes().any(|b| b.is_ascii_digit());
            let gnu = address.starts_with("gnu.org/");
            let vague = has_digit(&id) && !has_digit(&address) && !gnu;
            let title = format!("address {address}");
            add(tokens::words(&address), Meaning::Address { id, vague }, title);
        }
        let automaton = Automaton::new(sequences);
        References { automaton, meanings, titles, families, words, offers: Offers::new() }
    }

    /// The files in which the license of a reference is said to stand by its rule.
    pub fn files(&self, r: &Reference) -> &[String] {
        match &self.meanings[r.number as usize] {
            Meaning::Rule { files, .. } => files,
            _ => &[],
        }
    }

    /// What a reference was recognised by: a rule's file, a name or an address.
    pub fn title(&self, r: &Reference) -> Arc<str> {
        Arc::clone(&self.titles[r.number as usize])
    }

    /// Where in `tokens` a choice between licenses is offered that do not stand side by side; at
    /// most so many.
    pub fn offers(&self, text: &[u8], tokens: &[Token], most: usize) -> Vec<Sentence> {
        Reader { of: self, text, tokens }.offers().take(most).collect()
    }

    /// The licenses named in `tokens`, in order.
    // A function of its own, so that benches/count.sh can count it.
    #[inline(never)]
    pub fn find(&self, text: &[u8], tokens: &[Token]) -> Vec<Reference> {
        Reader { of: self, text, tokens }.read()
    }
}

/// Whether an id has a day in it, which the grammar does not take for a version.
fn has_date(id: &str) -> bool {
    id.split('-').any(|part| part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit()))
}

/// A rule for an exception with fewer words than this only names it.
const EXCEPTION_WORDS: usize = 5;

/// Relevance from which the words of a rule are a statement of their own.
const SURE: u8 = 80;

/// Whether a match of a rule is more than a hint.
pub(super) fn is_sure(rule: &Rule) -> bool {
    rule.relevance >= SURE
}

/// What is said where the words of a rule stand; `vague` if its expression is a family's
/// whose version is not said.
fn how(rule: &Rule, words: usize, vague: bool) -> How {
    match rule.exception {
        true if words < EXCEPTION_WORDS => How::ExceptionName,
        true => How::Exception,
        false if vague => How::Name { sure: Sure::Vague },
        false if !is_sure(rule) => How::Clue,
        false => How::Rule,
    }
}

/// A GNU id without what says whether later versions are granted.
pub(super) fn stem(id: &str) -> &str {
    let id = id.strip_suffix('+').unwrap_or(id);
    id.strip_suffix("-only").or_else(|| id.strip_suffix("-or-later")).unwrap_or(id)
}

#[cfg(test)]
mod tests;
