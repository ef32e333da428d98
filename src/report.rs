// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is shown of a scan, of stored findings and of one file: one module a format.
//!
//! Reports only arrange what was found. They print nothing; they write to what they are
//! given, and everything untrusted goes through [`crate::diag::visible`] on its way to people.

pub mod csv;
pub mod human;
pub mod json;
pub mod license_db;
pub mod obligations;
pub mod policies;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::detect::{Altered, Change, is_license_file};
use crate::diag::Failure;
use crate::licenses::Licenses;
use crate::model::{BlobId, Detection, Match, Outcome, Skipped};
use crate::policy::waivers::Lapsed;
use crate::policy::{Decision, Judged, PolicyRef};
use crate::scan::components::{Components, directory, name};
use crate::scan::conclude::{self, Conclusion};
use crate::scan::{Files, Scanned, ScannedFile};
use crate::store::{Seen, Store};

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Whoever reads may have gone away, which is no error.
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// A scan of a directory: its checkout and those nested in it.
pub struct ScanReport<'a> {
    pub scans: &'a [Scanned],
    /// Where the evidence of contents is that were not read in this scan.
    pub store: Option<&'a Store>,
}

/// Violations of one rule in one component.
pub struct Group<'a> {
    pub outcome: Outcome,
    pub rule: &'a Judged,
    /// Number of the scan, and the component's directory in it.
    pub scan: usize,
    pub component: &'a [u8],
    pub files: u64,
    /// Files by license, most first.
    pub licenses: Vec<(&'a str, u64)>,
    /// The first file by path.
    pub sample: &'a ScannedFile,
}

/// A group while its files are counted, with their number by license.
type Counted<'a> = (Group<'a>, BTreeMap<&'a str, u64>);

impl ScanReport<'_> {
    /// What was found in a file, with the evidence.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn detection(&self, scan: &Scanned, file: &ScannedFile) -> Result<Arc<Detection>, Failure> {
        let content = scan.content(file);
        if let Some(fresh) = &content.fresh {
            return Ok(Arc::clone(fresh));
        }
        let matches = match (self.store, content.key) {
            (Some(store), Some(key)) => store.evidence(key)?,
            _ => Vec::new(),
        };
        let expression = scan.detected(file).cloned();
        let (points, skipped) = (content.points.clone(), content.skipped);
        Ok(Arc::new(Detection { expression, matches, points, skipped }))
    }

    /// What other files say for those of a scan, best asked in the order of the files.
    pub fn conclusions<'s>(&self, licenses: &'s Licenses, scan: &'s Scanned) -> Conclusions<'s> {
        Conclusions { licenses, scan, tree: scan.tree(), last: None }
    }

    /// Files by what was found in them, or where they point to, most first, with the outcome.
    /// Contents that were not searched are left out.
    pub fn shares(&self) -> Vec<(Option<&str>, u64, Outcome)> {
        let mut shares: BTreeMap<Option<&str>, (u64, Outcome)> = BTreeMap::new();
        for scan in self.scans {
            let mut counts = vec![0; scan.verdicts.len()];
            for f in &scan.files {
                counts[f.verdict] += u64::from(scan.content(f).skipped.is_none());
            }
            for (verdict, n) in scan.verdicts.iter().zip(counts).filter(|(_, n)| *n > 0) {
                let outcome = verdict.decision.outcome;
                shares.entry(verdict.expression.as_deref()).or_insert((0, outcome)).0 += n;
            }
        }
        let mut shares: Vec<_> = shares.into_iter().map(|(e, (n, o))| (e, n, o)).collect();
        shares.sort_by_key(|(e, n, _)| (std::cmp::Reverse(*n), *e));
        shares
    }

    /// The violations, grouped by rule and component, worst first, then by number of files.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for (number, scan) in self.scans.iter().enumerate() {
            let components = Components::find(scan.files.iter().map(|f| &*f.path));
            // Counted by verdict first: there are few of those.
            let mut counts: FxHashMap<(usize, &[u8]), (u64, &ScannedFile)> = FxHashMap::default();
            let mut here = components.walk();
            // Neighbors are mostly alike: runs of files are counted rather than files.
            let alike = |a: &ScannedFile, b: &ScannedFile| {
                (a.verdict, scan.content(a).skipped) == (b.verdict, scan.content(b).skipped)
                    && directory(&a.path) == directory(&b.path)
            };
            for run in scan.files.chunk_by(alike).filter(|run| !scan.breaches(&run[0]).is_empty()) {
                let key = (run[0].verdict, here.of(&run[0].path));
                counts.entry(key).or_insert((0, &run[0])).0 += run.len() as u64;
            }
            let mut found: BTreeMap<(&str, &[u8]), Counted<'_>> = BTreeMap::new();
            for ((verdict, component), (files, sample)) in counts {
                let breaches = &scan.verdicts[verdict].decision.breaches;
                for (n, b) in breaches.iter().enumerate() {
                    let new = || {
                        let group = Group {
                            outcome: b.rule.outcome,
                            rule: b,
                            scan: number,
                            component,
                            files: 0,
                            licenses: Vec::new(),
                            sample,
                        };
                        (group, BTreeMap::new())
                    };
                    let (group, licenses) =
                        found.entry((b.rule.id.as_str(), component)).or_insert_with(new);
                    // Two licenses under one rule are still one file.
                    if !breaches[..n].iter().any(|other| other.rule.id == b.rule.id) {
                        group.files += files;
                    }
                    if sample.path < group.sample.path {
                        (group.sample, group.rule) = (sample, b);
                    }
                    *licenses.entry(b.license.as_str()).or_default() += files;
                }
            }
            groups.extend(found.into_values().map(|(mut group, licenses)| {
                group.licenses = licenses.into_iter().collect();
                group.licenses.sort_by_key(|(l, n)| (std::cmp::Reverse(*n), *l));
                group
            }));
        }
        groups.sort_by(|a, b| {
            b.outcome.cmp(&a.outcome).then(b.files.cmp(&a.files)).then_with(|| {
                (a.scan, a.component, &a.rule.rule.id).cmp(&(b.scan, b.component, &b.rule.rule.id))
            })
        });
        groups
    }

    /// How many files violate something, by the worst outcome of each.
    pub fn violating(&self, outcome: Outcome) -> u64 {
        let worst = |scan: &Scanned, f: &ScannedFile| {
            // Decisions name the worst first.
            scan.breaches(f).first().map(|b| b.rule.outcome) == Some(outcome)
        };
        self.scans.iter().map(|s| s.files.iter().filter(|f| worst(s, f)).count() as u64).sum()
    }

    /// What was not looked at, by reason.
    pub fn not_looked(&self) -> BTreeMap<Skipped, u64> {
        let mut reasons = BTreeMap::new();
        for scan in self.scans {
            for n in &scan.not_looked {
                *reasons.entry(n.why).or_default() += 1;
            }
            for why in scan.files.iter().filter_map(|f| scan.content(f).skipped) {
                *reasons.entry(why).or_default() += 1;
            }
        }
        reasons
    }

    /// Whether every scan is complete.
    pub fn is_complete(&self) -> bool {
        !self.scans.iter().any(Scanned::is_incomplete)
    }
}

/// What other files say for those of a scan.
pub struct Conclusions<'s> {
    licenses: &'s Licenses,
    scan: &'s Scanned,
    tree: Files<'s>,
    /// What is said for all files of a directory: the next file is mostly in the same.
    last: Option<(&'s [u8], Option<Conclusion>)>,
}

impl<'s> Conclusions<'s> {
    pub fn of(&mut self, file: &'s ScannedFile) -> Option<Covered> {
        if let Some(number) = file.curated {
            let expression = self.scan.verdict(file).expression.clone();
            let expression = expression.unwrap_or_else(|| NONE.into());
            let because = vec![Arc::clone(&self.scan.curations[number])];
            return Some(Covered { how: How::Curation, what: Conclusion { expression, because } });
        }
        if let Some(c) = &file.concluded {
            return Some(Covered { how: How::Pointer, what: (**c).clone() });
        }
        let silent = self.scan.detected(file).is_none();
        if !silent || is_license_file(name(&file.path)) {
            return None;
        }
        let here = directory(&file.path);
        if self.last.as_ref().is_none_or(|(last, _)| *last != here) {
            let what = conclude::by_directory(self.licenses, &self.tree, &file.path);
            self.last = Some((here, what));
        }
        let what = self.last.as_ref().and_then(|(_, what)| what.clone())?;
        Some(Covered { how: How::Directory, what })
    }
}

/// The match that best shows a license of an expression: the first that names it, or the first.
pub fn telling<'m>(matches: &'m [Match], license: &str) -> Option<&'m Match> {
    let id = license.split(' ').next().unwrap_or(license);
    matches.iter().find(|m| m.expression.contains(id)).or(matches.first())
}

/// What stands for the license of a file of which people concluded that it has none, or in
/// which nothing was found (SPDX 2.3, 8.5).
pub const NONE: &str = "NONE";

/// What is concluded for a file, beside what was detected in it.
#[derive(Debug, Clone)]
pub struct Covered {
    pub how: How,
    pub what: Conclusion,
}

/// How a conclusion was come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// People looked; the conclusion says who, and why.
    Curation,
    /// The file points to others, which say it.
    Pointer,
    /// Others speak for their directory; policies do not judge by that.
    Directory,
}

impl Explanation<'_> {
    /// What was changed in the text of a match.
    pub fn changes(&self, m: &Match) -> &[Change] {
        let same = |a: &&Altered| a.matched == m.matched;
        let exactly = self.altered.iter().filter(same).find(|a| a.line == m.start_line);
        exactly.or_else(|| self.altered.iter().find(same)).map_or(&[], |a| &a.changes)
    }
}

/// Why one file has its verdict.
pub struct Explanation<'a> {
    /// The file's path for people.
    pub path: String,
    pub blob: BlobId,
    pub content: &'a [u8],
    pub detection: Detection,
    /// What other files say for this one.
    pub concluded: Option<Covered>,
    /// What was changed in texts.
    pub altered: Vec<Altered>,
    pub decision: Decision,
    /// How the path is used, by the policy.
    pub context: String,
    /// Waivers that would hold, but for something.
    pub lapsed: Vec<Lapsed>,
    pub policy: PolicyRef,
    pub engine: String,
    /// What the store remembers of the file, if there is a store and it was scanned.
    pub seen: Option<Seen>,
}
