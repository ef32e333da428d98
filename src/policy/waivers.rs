// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Waivers: granted exceptions from a policy's rules. A waiver holds for a license at some
//! places, as long as the words that were matched are those that were looked at, and to its
//! last day. Whether a file breaks a rule at all is not known here.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::globs::Globs;
use super::{Decision, Judged};
use crate::licenses::Licenses;
use crate::model::{Match, Outcome};

/// A granted exception.
#[derive(Debug)]
pub struct Waiver {
    pub id: String,
    /// `None` for files without a license.
    pub license: Option<String>,
    pub paths: Option<Globs>,
    pub components: Option<Globs>,
    pub checkouts: Option<Globs>,
    /// The rule that is waived; any if `None`.
    pub rule: Option<String>,
    /// See [`text_hash`].
    pub hashes: BTreeSet<String>,
    pub granted_by: String,
    pub granted: Date,
    /// The last day on which it holds, UTC.
    pub expires: Date,
    pub reason: String,
    pub ticket: String,
    /// Where it stands: the file's name, and the line.
    pub place: (String, usize),
}

/// A breach that is waived.
#[derive(Debug, Clone)]
pub struct Waived {
    pub judged: Judged,
    pub waiver: Arc<Waiver>,
}

/// Why a waiver that is about a file does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lapse {
    /// Its last day is over.
    Expired,
    /// Its first day has not come.
    NotYet,
    /// The matched text is not the one that was looked at.
    TextChanged,
}

impl Lapse {
    pub fn as_str(self) -> &'static str {
        match self {
            Lapse::Expired => "expired",
            Lapse::NotYet => "not-yet",
            Lapse::TextChanged => "text-changed",
        }
    }

    /// In words for people.
    pub fn says(self) -> &'static str {
        match self {
            Lapse::Expired => "it has expired",
            Lapse::NotYet => "it does not hold yet",
            Lapse::TextChanged => "the matched text is not the one it was granted for",
        }
    }
}

/// A waiver that would hold, but for something.
#[derive(Debug, Clone)]
pub struct Lapsed {
    /// The license whose breach it would have waived.
    pub license: String,
    pub waiver: Arc<Waiver>,
    pub why: Lapse,
}

/// The waivers of a policy.
#[derive(Debug, Clone)]
pub struct Waivers {
    /// In the order of their ids.
    pub list: Vec<Arc<Waiver>>,
    /// How many days before its end a waiver is told to be ending.
    pub warn_days: i64,
}

/// What a waiver asks of a file.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub path: &'a [u8],
    /// Where the file was when its violation was opened, if elsewhere.
    pub born: Option<&'a [u8]>,
    pub component: &'a [u8],
    pub checkout: &'a [u8],
}

impl Waivers {
    pub(super) fn new(mut list: Vec<Waiver>, warn_days: i64) -> Waivers {
        list.sort_by(|a, b| a.id.cmp(&b.id));
        Waivers { list: list.into_iter().map(Arc::new).collect(), warn_days }
    }

    /// Takes out of a decision what is waived. `hash` gives the hash of the text that was
    /// matched for a license, and is asked only where a waiver is about the file.
    pub fn apply(
        &self,
        decision: &Decision,
        file: Asked<'_>,
        today: Date,
        hash: &mut dyn FnMut(&str) -> String,
    ) -> Option<(Decision, Vec<Lapsed>)> {
        let (mut waived, mut lapsed, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for breach in &decision.breaches {
            let mut found = None;
            for waiver in self.list.iter().filter(|w| w.is_about(breach, file)) {
                let lapse = match waiver.lapse(today) {
                    None if !waiver.hashes.contains(&hash(&breach.license)) => {
                        Some(Lapse::TextChanged)
                    }
                    lapse => lapse,
                };
                match lapse {
                    None => found = Some(Arc::clone(waiver)),
                    Some(why) => {
                        let (license, waiver) = (breach.license.clone(), Arc::clone(waiver));
                        lapsed.push(Lapsed { license, waiver, why });
                    }
                }
                if found.is_some() {
                    break;
                }
            }
            match found {
                Some(waiver) => waived.push(Waived { judged: breach.clone(), waiver }),
                None => left.push(breach.clone()),
            }
        }
        if waived.is_empty() && lapsed.is_empty() {
            return None;
        }
        // What another waiver covers has no need of one that lapsed.
        lapsed.retain(|l| left.iter().any(|b| b.license == l.license));
        let outcome = left.iter().map(|b| b.rule.outcome).max().unwrap_or(Outcome::Allow);
        let (choice, judged) = (decision.choice.clone(), decision.judged.clone());
        let decision = Decision { outcome, choice, judged, breaches: left, waived };
        Some((decision, lapsed))
    }
}

impl Waiver {
    /// Why it does not hold on a day.
    pub fn lapse(&self, today: Date) -> Option<Lapse> {
        match () {
            () if today > self.expires => Some(Lapse::Expired),
            () if today < self.granted => Some(Lapse::NotYet),
            () => None,
        }
    }

    fn is_about(&self, breach: &Judged, file: Asked<'_>) -> bool {
        let at = |globs: &Option<Globs>, path: &[u8]| {
            globs.as_ref().is_none_or(|globs| globs.fits(path))
        };
        self.license.as_deref().unwrap_or("") == breach.license
            && self.rule.as_ref().is_none_or(|rule| *rule == breach.rule.id)
            && at(&self.checkouts, file.checkout)
            && (at(&self.paths, file.path) && at(&self.components, file.component)
                || file.born.is_some_and(|born| self.components.is_none() && at(&self.paths, born)))
    }
}

/// The hash of what was matched for a license in a file: SHA-256, in hex, over the hashes of
/// its matches, sorted and each once. It does not change with lines, comment marks or the
/// rest of the file, and does with every word of the matches.
pub fn text_hash(matches: &[Match], license: &str, licenses: &Licenses) -> String {
    let names = |m: &&Match| {
        *m.expression == *license
            || licenses
                .parse(&m.expression)
                .is_ok_and(|e| e.terms().iter().any(|t| t.to_string() == license))
    };
    let hashes: BTreeSet<[u8; 16]> = matches.iter().filter(names).map(|m| m.hash).collect();
    let mut all = Sha256::new();
    for hash in hashes {
        all.update(hash);
    }
    all.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
