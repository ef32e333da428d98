// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! When a rule holds, and which of two rules is the more specific.
//!
//! A rule names its subject (a license, an exception, families, categories, flags) and may be
//! narrowed to places and evidence. Between two rules that both hold, the one goes first whose
//! subject is named more closely; then the one that holds in fewer cases; then the one that
//! says that it goes `over` the other. Nothing else decides.

use std::collections::BTreeSet;

use super::globs::Globs;
use super::{Evidence, Surroundings};
use crate::licenses::expression::Term;
use crate::licenses::{Category, Licenses};
use crate::model::MatchKind;

/// How what one rule covers lies to what another covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Equal,
    Narrower,
    Wider,
    /// Some cases are covered by both, and each covers others.
    Meets,
    Apart,
}

impl Relation {
    pub fn of(inside: bool, around: bool, meets: bool) -> Relation {
        match (inside, around) {
            (true, true) => Relation::Equal,
            (true, false) => Relation::Narrower,
            (false, true) => Relation::Wider,
            (false, false) if meets => Relation::Meets,
            (false, false) => Relation::Apart,
        }
    }

    fn and(self, other: Relation) -> Relation {
        match (self, other) {
            (Relation::Apart, _) | (_, Relation::Apart) => Relation::Apart,
            (Relation::Equal, one) | (one, Relation::Equal) => one,
            (a, b) if a == b => a,
            _ => Relation::Meets,
        }
    }

    /// Of what is narrowed or not at all.
    fn optional<T>(a: Option<&T>, b: Option<&T>, both: impl Fn(&T, &T) -> Relation) -> Relation {
        match (a, b) {
            (None, None) => Relation::Equal,
            (Some(_), None) => Relation::Narrower,
            (None, Some(_)) => Relation::Wider,
            (Some(a), Some(b)) => both(a, b),
        }
    }

    fn sets<T: Ord>(a: Option<&BTreeSet<T>>, b: Option<&BTreeSet<T>>) -> Relation {
        Relation::optional(a, b, |a, b| {
            Relation::of(a.is_subset(b), b.is_subset(a), !a.is_disjoint(b))
        })
    }

    fn values<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> Relation {
        Relation::optional(a, b, |a, b| if a == b { Relation::Equal } else { Relation::Apart })
    }
}

/// What is judged by a rule.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    License(&'a Term),
    /// A file in which nothing was found.
    Nothing,
}

/// Whether what is found was made here or brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    Copied,
    FirstParty,
}

/// When a rule holds. What is `None` does not narrow it.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    pub licenses: Option<BTreeSet<Term>>,
    pub exceptions: Option<BTreeSet<String>>,
    pub families: Option<BTreeSet<String>>,
    pub categories: Option<BTreeSet<Category>>,
    pub osi_approved: Option<bool>,
    pub fsf_free: Option<bool>,
    pub unknown: Option<bool>,
    /// Holds for files without a license, and only for those.
    pub none: bool,
    /// Holds for whatever no other rule names.
    pub otherwise: bool,

    pub contexts: Option<BTreeSet<String>>,
    pub paths: Option<Globs>,
    pub components: Option<Globs>,
    pub checkouts: Option<Globs>,
    pub branches: Option<Globs>,
    pub origin: Option<Origin>,

    pub undeclared: Option<bool>,
    pub altered: Option<bool>,
    pub kinds: Option<BTreeSet<MatchKind>>,
    /// In percent.
    pub max_score: Option<u8>,
}

impl Conditions {
    /// How closely the subject is named; the greater goes first.
    pub fn level(&self) -> u8 {
        match self {
            Conditions { licenses: Some(_), .. } => 6,
            Conditions { exceptions: Some(_), .. } => 5,
            Conditions { families: Some(_), .. } => 4,
            Conditions { categories: Some(_), .. } | Conditions { unknown: Some(_), .. } => 3,
            Conditions { osi_approved: Some(_), .. } | Conditions { fsf_free: Some(_), .. } => 2,
            Conditions { otherwise: true, .. } => 0,
            _ => 1,
        }
    }

    /// Whether a rule of this subject judges a license, or a file without any.
    pub fn is_about(&self, subject: Subject<'_>, licenses: &Licenses) -> bool {
        let Subject::License(term) = subject else { return self.none };
        if self.none {
            return false;
        }
        let id = term.base_license();
        let category = licenses.category(term);
        let flag = |wanted: Option<bool>, is: bool| wanted.is_none_or(|wanted| wanted == is);
        self.licenses.as_ref().is_none_or(|l| l.contains(term))
            && self.exceptions.as_ref().is_none_or(|list| {
                term.addition.as_ref().is_some_and(|a| list.contains(a.as_str()))
            })
            && self
                .families
                .as_ref()
                .is_none_or(|list| licenses.families(term).iter().any(|f| list.contains(*f)))
            && self.categories.as_ref().is_none_or(|l| category.is_some_and(|c| l.contains(&c)))
            && flag(self.unknown, category.is_none())
            && flag(self.osi_approved, licenses.is_osi_approved(id))
            && flag(self.fsf_free, licenses.is_fsf_free(id))
    }

    /// Whether the rule holds at a place, but for what it asks of the path.
    pub fn holds_around(&self, around: &Surroundings<'_>, here: &Where<'_>) -> bool {
        let fits = |globs: &Option<Globs>, path: &[u8]| {
            globs.as_ref().is_none_or(|globs| globs.fits(path))
        };
        self.contexts.as_ref().is_none_or(|list| list.contains(here.context))
            && self.origin.is_none_or(|origin| origin == here.origin)
            && self.branches.as_ref().is_none_or(|globs| {
                around.branch.is_some_and(|branch| globs.fits(branch.as_bytes()))
            })
            && fits(&self.checkouts, around.checkout)
            && fits(&self.components, here.component)
    }

    /// Whether the evidence for a license is such that the rule holds.
    pub fn holds_by(&self, evidence: Option<&Evidence>, is_declared: Option<bool>) -> bool {
        let flag = |wanted: Option<bool>, is: bool| wanted.is_none_or(|wanted| wanted == is);
        flag(self.undeclared, is_declared == Some(false))
            && flag(self.altered, evidence.is_some_and(|e| e.altered))
            && self.kinds.as_ref().is_none_or(|kinds| {
                evidence.is_some_and(|e| !e.kinds.is_empty() && e.kinds.is_subset(kinds))
            })
            && self.max_score.is_none_or(|most| evidence.is_some_and(|e| e.score <= most))
    }

    /// The conditions in words, each a sentence that may follow "if".
    pub fn says(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut list = |what: &str, items: Vec<String>| {
            if !items.is_empty() {
                all.push(format!("{what} {}", items.join(" or ")));
            }
        };
        let terms = self.licenses.iter().flatten().map(ToString::to_string);
        list("the license is", terms.collect());
        list("the exception is", self.exceptions.iter().flatten().cloned().collect());
        list("the license is of the family", self.families.iter().flatten().cloned().collect());
        let words = self.categories.iter().flatten().map(|c| c.as_str().to_owned());
        list("its category is", words.collect());
        list("the context is", self.contexts.iter().flatten().cloned().collect());
        let globs = |g: &Option<Globs>| g.iter().flat_map(|g| g.texts().to_vec()).collect();
        list("the path fits", globs(&self.paths));
        list("the component fits", globs(&self.components));
        list("the checkout fits", globs(&self.checkouts));
        list("the branch fits", globs(&self.branches));
        let words = self.kinds.iter().flatten().map(|k| k.as_str().to_owned());
        list("it is known only by matches of the kind", words.collect());
        let mut flag = |is: Option<bool>, yes: &str, no: &str| {
            all.extend(is.map(|is| if is { yes.to_owned() } else { no.to_owned() }));
        };
        flag(self.osi_approved, "the OSI approved of it", "the OSI did not approve of it");
        flag(self.fsf_free, "the FSF calls it free", "the FSF does not call it free");
        flag(self.unknown, "no list knows the license", "a list knows the license");
        flag(self.none.then_some(true), "no license was found", "");
        flag(self.otherwise.then_some(true), "no other rule names the license", "");
        let declared = "the manifest of its component declares it, or nothing";
        flag(self.undeclared, "the manifest of its component declares others", declared);
        flag(self.altered, "its text was changed", "its text was not changed");
        all.extend(self.origin.map(|origin| match origin {
            Origin::Copied => "it was copied from elsewhere".to_owned(),
            Origin::FirstParty => "it is first-party".to_owned(),
        }));
        all.extend(self.max_score.map(|n| format!("its best match has a score of {n}% at most")));
        all
    }

    /// How the cases of this lie to those of another.
    pub fn relation(&self, other: &Conditions) -> Relation {
        self.subject_relation(other).and(self.narrowing_relation(other))
    }

    fn subject_relation(&self, other: &Conditions) -> Relation {
        if self.none != other.none {
            return Relation::Apart;
        }
        [
            Relation::sets(self.licenses.as_ref(), other.licenses.as_ref()),
            Relation::sets(self.exceptions.as_ref(), other.exceptions.as_ref()),
            Relation::sets(self.families.as_ref(), other.families.as_ref()),
            Relation::sets(self.categories.as_ref(), other.categories.as_ref()),
            Relation::values(self.unknown.as_ref(), other.unknown.as_ref()),
            Relation::values(self.osi_approved.as_ref(), other.osi_approved.as_ref()),
            Relation::values(self.fsf_free.as_ref(), other.fsf_free.as_ref()),
            match (self.categories.is_some(), other.categories.is_some()) {
                // No category is that of what no list knows.
                (true, false) if other.unknown == Some(true) => Relation::Apart,
                (false, true) if self.unknown == Some(true) => Relation::Apart,
                _ => Relation::Equal,
            },
        ]
        .into_iter()
        .fold(Relation::Equal, Relation::and)
    }

    /// As [`Conditions::relation`], of places and evidence alone.
    pub fn narrowing_relation(&self, other: &Conditions) -> Relation {
        let globs = |a: &Option<Globs>, b: &Option<Globs>| {
            Relation::optional(a.as_ref(), b.as_ref(), Globs::relation)
        };
        let score =
            Relation::optional(self.max_score.as_ref(), other.max_score.as_ref(), |a, b| {
                Relation::of(a <= b, b <= a, true)
            });
        [
            Relation::sets(self.contexts.as_ref(), other.contexts.as_ref()),
            globs(&self.paths, &other.paths),
            globs(&self.components, &other.components),
            globs(&self.checkouts, &other.checkouts),
            globs(&self.branches, &other.branches),
            Relation::values(self.origin.as_ref(), other.origin.as_ref()),
            Relation::values(self.undeclared.as_ref(), other.undeclared.as_ref()),
            Relation::values(self.altered.as_ref(), other.altered.as_ref()),
            Relation::sets(self.kinds.as_ref(), other.kinds.as_ref()),
            score,
        ]
        .into_iter()
        .fold(Relation::Equal, Relation::and)
    }
}

/// Where a file is, as rules ask for it.
#[derive(Debug)]
pub struct Where<'a> {
    pub component: &'a [u8],
    pub context: &'a str,
    pub origin: Origin,
}
