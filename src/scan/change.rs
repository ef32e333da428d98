// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What a change brings in: the violations that it adds, and the licenses that it changes.
//! Only the files of the change are looked at, as they are and as they were, and the few on
//! which their verdicts depend. Nothing is remembered of it.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::components::{directory, is_marker, name};
use super::conclude::{self, Tree};
use super::{
    Detected, KnownContent, Looked, Moves, Options, Records, Scanned, Verdict, judge_files,
};
use crate::detect::{Detector, is_license_file};
use crate::diag::Failure;
use crate::licenses::Licenses;
use crate::model::{BlobId, Detection, FileKind, Match, Skipped};
use crate::plan::content::Content as Read;
use crate::plan::{self, Base, Changes, Checkout, NotLooked};
use crate::policy::Policy;

/// What a scan of a change was compared with.
pub struct Against {
    /// As it was asked for, for people.
    pub base: String,
    /// The commit; `None` before the first, or where the base is none.
    pub commit: Option<String>,
    /// Files that say another license than before, or none any more. Sorted by path.
    pub changed: Vec<LicenseChange>,
}

/// A file that says another license than it did.
pub struct LicenseChange {
    pub path: Arc<[u8]>,
    /// Where it was, if elsewhere.
    pub from: Option<Arc<[u8]>>,
    pub before: Option<Arc<str>>,
    pub after: Option<Arc<str>>,
}

/// A file of one side.
type File = (Arc<[u8]>, BlobId);

/// Scans what `checkout` has, in a view other than the work tree, that `base` had not.
///
/// # Errors
/// As [`Checkout::changes`].
pub fn scan(
    checkout: Checkout,
    base: &Base,
    detector: &Detector,
    licenses: &Licenses,
    policy: &Policy,
    records: &mut dyn Records,
    options: &Options<'_>,
) -> Result<Scanned, Failure> {
    let engine = detector.engine();
    let mut changes = checkout.changes(base)?;
    changes.deltas.retain(|d| !super::is_own(&d.path));
    let names = checkout.names()?;
    let laid;
    let policy = match policy.trust {
        Some(_) => {
            laid = super::heed(policy, &checkout, &trusted(policy, &checkout, &names)?, licenses)?;
            &laid
        }
        None => policy,
    };
    let new: Vec<File> = changes.deltas.iter().map(|d| (d.path.clone(), d.blob)).collect();
    // A copy brings its license to where it was not.
    for d in changes.deltas.iter_mut().filter(|d| d.copied) {
        d.was = None;
    }
    let old: Vec<File> = changes.deltas.iter().filter_map(|d| d.was.clone()).collect();
    let around = around(&checkout, &names, &changes)?;
    let mut contents = Contents { detector, checkout: &checkout, known: BTreeMap::new(), options };
    contents.look(new.iter().chain(&old).chain(&around), &engine, records)?;
    let after = contents.judge(&new, &around, &names, &engine, licenses, policy)?;
    let before = contents.judge(&old, &around, &names, &engine, licenses, policy)?;
    let not_looked = contents.not_looked(&new);
    let mut scanned = after;
    let mut at: FxHashMap<&[u8], usize> = FxHashMap::default();
    for (n, f) in before.files.iter().enumerate() {
        at.insert(&f.path, n);
    }
    let deltas: FxHashMap<&[u8], &plan::Delta> =
        changes.deltas.iter().map(|d| (&*d.path, d)).collect();
    scanned.files.retain(|f| deltas.contains_key(&*f.path));
    let mut changed = Vec::new();
    let mut reduced: FxHashMap<(usize, Option<usize>), usize> = FxHashMap::default();
    let mut files = std::mem::take(&mut scanned.files);
    for f in &mut files {
        let Some((from, _)) = deltas.get(&*f.path).and_then(|d| d.was.as_ref()) else { continue };
        let Some(was) = at.get(&**from).map(|n| &before.files[*n]) else { continue };
        let old = before.verdict(was);
        let key = (f.verdict, Some(was.verdict));
        let (said, says) = (&old.expression, &scanned.verdicts[f.verdict].expression);
        if said != says {
            changed.push(LicenseChange {
                path: Arc::clone(&f.path),
                from: (*from != f.path).then(|| Arc::clone(from)),
                before: said.clone(),
                after: says.clone(),
            });
        }
        f.verdict = *reduced.entry(key).or_insert_with(|| {
            let new = less(&scanned.verdicts[f.verdict], old);
            scanned.verdicts.push(new);
            scanned.verdicts.len() - 1
        });
    }
    scanned.files = files;
    scanned.checkout = checkout;
    scanned.not_looked = changes.not_looked;
    scanned.not_looked.extend(not_looked);
    scanned.not_looked.sort();
    scanned.notes = changes.notes;
    scanned.against = Some(Against { base: shown(base), commit: changes.base, changed });
    Ok(scanned)
}

fn shown(base: &Base) -> String {
    match base {
        Base::Head => "HEAD".into(),
        Base::Revision(rev) => rev.clone(),
        Base::MergeBase(rev) => format!("the merge base with {rev}"),
    }
}

/// A verdict without what was so before: a license that broke the policy at least as badly.
fn less(new: &Verdict, old: &Verdict) -> Verdict {
    let mut decision = new.decision.clone();
    decision.breaches.retain(|b| {
        let as_bad = |o: &&crate::policy::Judged| {
            o.license == b.license
                && (o.rule.outcome, o.rule.severity) >= (b.rule.outcome, b.rule.severity)
        };
        !old.decision.breaches.iter().any(|o| as_bad(&o))
    });
    let outcomes = decision.breaches.iter().map(|b| b.rule.outcome);
    decision.outcome = outcomes.max().unwrap_or(crate::model::Outcome::Allow);
    let (expression, lapsed) = (new.expression.clone(), new.lapsed.clone());
    Verdict { expression, context: new.context, decision, lapsed }
}

/// The policy files of a checkout that are trusted, as a plan of their own.
fn trusted(
    policy: &Policy,
    checkout: &Checkout,
    names: &[Arc<[u8]>],
) -> Result<plan::Plan, Failure> {
    let root = checkout.root.as_os_str().as_encoded_bytes();
    let mut plan = plan::Plan::default();
    for path in names.iter().filter(|p| policy.trusts(root, p)) {
        if let Some(blob) = checkout.blob_at(path)? {
            let (path, identity) = (Arc::clone(path), plan::Identity::Git(blob));
            plan.files.push(plan::File { path, stat: None, tracked: true, identity });
        }
    }
    Ok(plan)
}

/// The files that make the directories of a change components.
fn around(
    checkout: &Checkout,
    names: &[Arc<[u8]>],
    changes: &Changes,
) -> Result<Vec<File>, Failure> {
    let mut directories: Vec<&[u8]> = Vec::new();
    for d in &changes.deltas {
        let mut here: &[u8] = &d.path;
        while !here.is_empty() {
            here = directory(here);
            directories.push(here);
        }
    }
    directories.sort_unstable();
    directories.dedup();
    let mut files = Vec::new();
    for here in directories {
        for path in in_directory(names, here).filter(|p| is_marker(name(p))) {
            files.extend(checkout.blob_at(path)?.map(|blob| (Arc::clone(path), blob)));
        }
    }
    Ok(files)
}

/// The files right in a directory.
fn in_directory<'n>(names: &'n [Arc<[u8]>], here: &'n [u8]) -> impl Iterator<Item = &'n Arc<[u8]>> {
    let prefix = if here.is_empty() { Vec::new() } else { [here, b"/"].concat() };
    let start = names.partition_point(|n| &**n < prefix.as_slice());
    let below = names[start..].iter();
    let length = prefix.len();
    below.take_while(move |n| n.starts_with(&prefix)).filter(move |n| !n[length..].contains(&b'/'))
}

/// What was found in a content, or why nothing was looked for.
enum Found {
    Detected(Detection),
    Not(Skipped, String),
}

/// What was found in a content that is remembered.
fn detection(known: &KnownContent, matches: Vec<Match>) -> Detection {
    let (points, skipped) = (known.points.clone(), known.skipped);
    Detection { expression: known.expression.clone(), matches, points, skipped }
}

/// The contents of a change, each looked at once.
struct Contents<'a> {
    detector: &'a Detector,
    checkout: &'a Checkout,
    known: BTreeMap<Detected, Found>,
    options: &'a Options<'a>,
}

impl Contents<'_> {
    fn look<'f>(
        &mut self,
        files: impl Iterator<Item = &'f File>,
        engine: &str,
        records: &mut dyn Records,
    ) -> Result<(), Failure> {
        let mut wanted: BTreeMap<Detected, &'f Arc<[u8]>> = BTreeMap::new();
        for (path, blob) in files {
            wanted.entry(Detected { blob: *blob, kind: FileKind::of(path) }).or_insert(path);
        }
        let mut work = Vec::new();
        for (what, path) in wanted {
            match records.look_up(engine, what)? {
                Some(known) => {
                    let matches = records.evidence(known.key)?;
                    self.known.insert(what, Found::Detected(detection(&known, matches)));
                }
                None => work.push((what, path)),
            }
        }
        let found: Vec<(Detected, Found)> = work
            .par_iter()
            .map_init(
                || (self.checkout.reader(self.options.max_size), Vec::new()),
                |(reader, buffer), (what, path)| {
                    let found = match reader {
                        Ok(reader) => self.find(reader, buffer, *what, path),
                        Err(e) => Found::Not(Skipped::Unreadable, e.to_string()),
                    };
                    (*what, found)
                },
            )
            .collect();
        self.known.extend(found);
        Ok(())
    }

    fn find(
        &self,
        reader: &plan::content::Reader,
        buffer: &mut Vec<u8>,
        what: Detected,
        path: &[u8],
    ) -> Found {
        match reader.read(path, Some(what.blob), buffer) {
            Ok(Read::Read(_)) => {}
            Ok(Read::TooLarge(size)) => {
                return Found::Not(Skipped::TooLarge, format!("{size} bytes"));
            }
            Ok(Read::Special | Read::Vanished) => {
                return Found::Not(Skipped::Special, String::new());
            }
            Err(e) => return Found::Not(Skipped::Unreadable, e.to_string()),
        }
        let detect = AssertUnwindSafe(|| self.detector.detect(buffer, what.kind));
        match std::panic::catch_unwind(detect) {
            Ok(detection) => Found::Detected(detection),
            Err(_) => Found::Not(
                Skipped::Failed,
                format!("the detector failed on blob {}; please report it", what.blob),
            ),
        }
    }

    fn get(&self, path: &[u8], blob: BlobId) -> Option<&Found> {
        self.known.get(&Detected { blob, kind: FileKind::of(path) })
    }

    fn not_looked(&self, files: &[File]) -> Vec<NotLooked> {
        let not = |(path, blob): &File| match self.get(path, *blob) {
            Some(Found::Not(why, detail)) => Some(NotLooked {
                path: path.to_vec(),
                why: *why,
                tracked: true,
                detail: detail.clone(),
            }),
            _ => None,
        };
        files.iter().filter_map(not).collect()
    }

    /// Judges files of one side, with those around them.
    fn judge(
        &self,
        files: &[File],
        around: &[File],
        names: &[Arc<[u8]>],
        engine: &str,
        licenses: &Licenses,
        policy: &Policy,
    ) -> Result<Scanned, Failure> {
        let mut all: BTreeMap<&Arc<[u8]>, BlobId> = BTreeMap::new();
        all.extend(around.iter().map(|(path, blob)| (path, *blob)));
        all.extend(files.iter().map(|(path, blob)| (path, *blob)));
        let tree = Objects { contents: self, names };
        let looked: Vec<Looked<'_>> = all
            .into_iter()
            .filter_map(|(path, blob)| {
                let Found::Detected(detection) = self.get(path, blob)? else { return None };
                let own = detection.expression.as_deref();
                let points = detection.points.as_deref();
                let concluded =
                    points.and_then(|p| conclude::by_pointers(licenses, &tree, path, own, p));
                Some(Looked { path: Arc::clone(path), blob, detection, concluded })
            })
            .collect();
        let Checkout { root, view, commit, branch, .. } = self.checkout;
        let known = Checkout::known(root.clone(), view.clone(), commit.clone(), branch.clone());
        let (now, born) = (self.options.started, Moves::default());
        let detections: Vec<&Detection> = looked.iter().map(|l| l.detection).collect();
        let mut scanned = judge_files(known, engine, looked, born, licenses, policy, now)?;
        // Reports show the evidence of what was detected now.
        for content in &mut scanned.contents {
            let key = content.key.and_then(|k| usize::try_from(k).ok());
            let detection = key.and_then(|n| detections.get(n));
            content.fresh = detection.map(|d| Arc::new((*d).clone()));
        }
        Ok(scanned)
    }
}

/// The files of the view that is looked at.
struct Objects<'a> {
    contents: &'a Contents<'a>,
    names: &'a [Arc<[u8]>],
}

impl Tree for Objects<'_> {
    fn said(&self, path: &[u8]) -> Option<Option<Arc<str>>> {
        let checkout = self.contents.checkout;
        let blob = checkout.blob_at(path).ok()??;
        match self.contents.get(path, blob) {
            Some(Found::Detected(detection)) => return Some(detection.expression.clone()),
            Some(Found::Not(..)) => return None,
            None => {}
        }
        let reader = checkout.reader(self.contents.options.max_size).ok()?;
        let what = Detected { blob, kind: FileKind::of(path) };
        match self.contents.find(&reader, &mut Vec::new(), what, path) {
            Found::Detected(detection) => Some(detection.expression),
            _ => None,
        }
    }

    fn license_files(&self, directory: &[u8]) -> Vec<Arc<[u8]>> {
        in_directory(self.names, directory).filter(|p| is_license_file(name(p))).cloned().collect()
    }
}
