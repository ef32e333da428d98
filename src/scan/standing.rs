// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is known of a checkout, kept in memory between scans, so that some spots of it can be
//! looked at and judged as if all of it had been.
//!
//! It mirrors what [`Records`] holds. Verdicts mostly depend on the file alone; where they may not
//! (a license file came, an ignore file changed, git's index is another), a part is refused and
//! the whole is to be looked at.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::components::{directory, is_marker, name};
use super::conclude::Conclusion;
use super::judge::Landmarks;
use super::{
    Change, Kept, KnownContent, Options, Progress, Recalled, Records, Scanned, With, heed, is_own,
    judge_again, look,
};
use crate::clock::Moment;
use crate::detect::{Detector, is_license_file};
use crate::diag::Failure;
use crate::licenses::Licenses;
use crate::model::Skipped;
use crate::plan::{Around, Checkout, Identity, NotLooked, Remembered, Stat, Tracking, Was};
use crate::policy::Policy;

/// How many files git may have begun or ceased to track for them to be looked at one by one.
const MOST_TRACKING: usize = 1000;

/// What is known of a checkout.
pub struct Standing {
    engine: String,
    commit: Option<String>,
    branch: Option<String>,
    recalled: Recalled,
    /// git's index when it was last seen to track what is tracked here.
    index: Option<Stat>,
    /// See [`crate::plan::Plan::missing`].
    missing: Vec<Arc<[u8]>>,
    /// What the last scan of some spots met in another index, until it is taken over.
    met: Option<(Option<Stat>, Tracking)>,
    /// With those files of the checkout laid below it that it trusts.
    policy: Policy,
    landmarks: Landmarks,
    /// License files by their directory.
    license_files: FxHashMap<Vec<u8>, Vec<Arc<[u8]>>>,
    /// Names, without their ending, of files to which others point.
    pointed: FxHashSet<Vec<u8>>,
}

/// Spots of a checkout, and what stands around them.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub standing: &'a Standing,
    pub spots: &'a [Arc<[u8]>],
}

/// Spots and more of them, sorted and none below another.
fn with_spots<'a>(
    spots: &'a [Arc<[u8]>],
    more: impl Iterator<Item = &'a Arc<[u8]>>,
) -> Vec<Arc<[u8]>> {
    let mut all: Vec<Arc<[u8]>> = spots.iter().chain(more).cloned().collect();
    all.sort_unstable();
    all.dedup();
    let is_spot = |path: &[u8]| all.binary_search_by(|p| (**p).cmp(path)).is_ok();
    let below = |path: &[u8]| {
        let ends = path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(n, _)| n);
        !path.is_empty() && is_spot(b"") || ends.into_iter().any(|n| is_spot(&path[..n]))
    };
    all.iter().filter(|path| !below(path)).cloned().collect()
}

/// What is needed for a [`Standing`], beside what was scanned.
pub struct Ground {
    policy: Policy,
    index: Option<Stat>,
}

/// Why some spots cannot be judged by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// git's index tracks other files, or the branch is another.
    Index,
    /// The license database is another.
    Database,
    /// Ignore rules or git's settings for files changed.
    Settings,
    /// A file changed on which verdicts on others depend: a license file, a manifest, a policy.
    Landmark,
    /// A checkout inside came or went.
    Nested,
}

/// Scans a whole checkout, given what stands of it, if anything does; also gives what a standing
/// is made of.
///
/// # Errors
/// As for [`super::scan`].
#[allow(clippy::too_many_arguments, reason = "those of `scan`, and what stands")]
pub fn whole(
    checkout: Checkout,
    standing: Option<&Standing>,
    detector: &Detector,
    licenses: &Licenses,
    policy: &Policy,
    records: &mut dyn Records,
    options: &Options<'_>,
    progress: &Progress,
) -> Result<(Scanned, Ground), Failure> {
    let engine = detector.engine();
    // Before anything is read: what changes afterwards makes it another.
    let index = checkout.index_stat();
    let anew;
    let recalled = match standing {
        Some(standing) if standing.engine == engine => &standing.recalled,
        _ => {
            anew = records.recall(&checkout, &engine)?;
            &anew
        }
    };
    tracing::debug!(files = recalled.memory.files.len(), "recalled");
    let plan = checkout.plan(options.selection, &recalled.memory, options.watching)?;
    tracing::debug!(files = plan.files.len(), nested = plan.nested.len(), "planned");
    let policy = match policy.trust {
        Some(_) => heed(policy, &checkout, &plan, licenses)?,
        None => policy.clone(),
    };
    let with = With { detector, licenses, policy: &policy, options, progress };
    let scanned = look(checkout, recalled, plan, None, &with, records)?;
    Ok((scanned, Ground { policy, index }))
}

impl Standing {
    /// What stands after everything was scanned and kept.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn new(
        scanned: Scanned,
        kept: Kept,
        ground: Ground,
        licenses: &Licenses,
        records: &mut dyn Records,
    ) -> Result<Standing, Failure> {
        let Ground { policy, index } = ground;
        let landmarks = Landmarks::find(&scanned, &scanned.files, &policy, licenses);
        let mut license_files: FxHashMap<Vec<u8>, Vec<Arc<[u8]>>> = FxHashMap::default();
        for f in scanned.files.iter().filter(|f| is_license_file(name(&f.path))) {
            let directory = directory(&f.path).to_vec();
            license_files.entry(directory).or_default().push(f.path[..].into());
        }
        // Both are large, and one is enough in memory.
        drop((scanned.files, scanned.contents, scanned.moved, scanned.removed));
        let mut recalled = records.recall(&scanned.checkout, &scanned.engine)?;
        // Somebody was faster. That is found out when the next scan is to be kept.
        recalled.revision = recalled.revision.filter(|r| *r == kept.revision);
        let mut pointed = FxHashSet::default();
        for known in recalled.contents.iter().flatten() {
            pointed.extend(pointed_by(known));
        }
        Ok(Standing {
            engine: scanned.engine,
            commit: scanned.checkout.commit,
            branch: scanned.checkout.branch,
            recalled,
            index,
            missing: scanned.missing,
            met: None,
            policy,
            landmarks,
            license_files,
            pointed,
        })
    }

    pub fn revision(&self) -> Option<i64> {
        self.recalled.revision
    }

    /// How many files are known.
    pub fn files(&self) -> usize {
        self.recalled.memory.files.len()
    }

    /// The commit that was looked at.
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    pub(super) fn landmarks(&self) -> &Landmarks {
        &self.landmarks
    }

    pub(super) fn license_files(&self, directory: &[u8]) -> Vec<Arc<[u8]>> {
        self.license_files.get(directory).cloned().unwrap_or_default()
    }

    pub(super) fn said(&self, path: &[u8]) -> Option<Option<Arc<str>>> {
        let known = self.recalled.contents[self.at(path).ok()?].as_ref()?;
        Some(known.expression.clone())
    }

    fn at(&self, path: &[u8]) -> Result<usize, usize> {
        self.recalled.memory.files.binary_search_by(|r| (*r.path).cmp(path))
    }

    /// What is remembered of some spots.
    fn at_spots(&self, spots: &[Arc<[u8]>]) -> Recalled {
        let Recalled { memory, contents, concluded, born, .. } = &self.recalled;
        let mut part =
            Recalled { any_content: true, revision: self.recalled.revision, ..Recalled::default() };
        let mut numbers: Vec<usize> = Vec::new();
        for spot in spots {
            numbers.extend(self.at(spot).ok());
            let below = [spot, &b"/"[..]].concat();
            let first = self.at(&below).unwrap_or_else(|n| n);
            let inside = memory.files[first..].iter().take_while(|r| r.path.starts_with(&below));
            numbers.extend(first..first + inside.count());
        }
        numbers.sort_unstable();
        for (n, number) in numbers.into_iter().enumerate() {
            let file = &memory.files[number];
            part.concluded.extend(concluded.get(&number).map(|c| (n, c.clone())));
            part.born.extend(born.get(&file.path).map(|b| (file.path.clone(), b.clone())));
            part.contents.push(contents[number].clone());
            part.memory.files.push(file.clone());
        }
        part
    }

    /// What git tracks otherwise than is known here; nothing after a commit of what was tracked
    /// before, and when `git status` has noted in its index what files are like. `None` where that
    /// cannot be told of single files.
    fn tracking(&self, checkout: &Checkout) -> Option<Tracking> {
        let tracked = checkout.tracked_names()?;
        let tracked = tracked.iter().map(|(path, inside)| (&path[..], *inside));
        let mut tracked = tracked.filter(|(path, _)| !is_own(path)).peekable();
        let known = self.recalled.memory.files.iter().filter(|r| r.tracked);
        let known = known.map(|r| (&*r.path, r.what == Was::Skipped(Skipped::Submodule)));
        let missing = self.missing.iter().map(|path| (&**path, false));
        let mut known: Vec<(&[u8], bool)> = known.chain(missing).collect();
        known.sort_unstable();
        let mut tracking = Tracking::default();
        let mut known = known.into_iter().peekable();
        loop {
            let (list, (path, inside)) = match (known.peek(), tracked.peek()) {
                (None, None) => return Some(tracking),
                (Some(old), Some(new)) if old == new => {
                    known.next();
                    tracked.next();
                    continue;
                }
                (Some(old), new) if new.is_none_or(|new| old.0 < new.0) => {
                    let old = *old;
                    known.next();
                    (&mut tracking.ceased, old)
                }
                // A file took the place of a checkout, or the other way round.
                (Some(old), Some(new)) if old.0 == new.0 => return None,
                (_, Some(new)) => {
                    let new = *new;
                    tracked.next();
                    (&mut tracking.begun, new)
                }
                (Some(_), None) => return None,
            };
            if inside || list.len() >= MOST_TRACKING {
                return None;
            }
            list.push(path.into());
        }
    }

    /// Whether more than the file itself may be judged otherwise when one of this path changes.
    fn is_decisive(&self, checkout: &Checkout, path: &[u8]) -> Option<Refused> {
        let name = name(path);
        match name {
            b".gitignore" | b".lictorignore" | b".gitattributes" | b".gitmodules" | b".git" => {
                return Some(Refused::Settings);
            }
            _ => {}
        }
        let marks = self.landmarks.components.is_some() && is_marker(name);
        if marks || is_license_file(name) || self.pointed.contains(&bare(name)) {
            return Some(Refused::Landmark);
        }
        let root = checkout.root.as_os_str().as_bytes();
        self.policy.trusts(root, path).then_some(Refused::Landmark)
    }

    /// Looks at some spots, each with all that is below it, sorted and none below another.
    ///
    /// # Errors
    /// As for [`super::scan`].
    #[allow(clippy::too_many_arguments, reason = "those of `scan`, and the spots")]
    pub fn scan(
        &mut self,
        checkout: Checkout,
        spots: &[Arc<[u8]>],
        detector: &Detector,
        licenses: &Licenses,
        records: &mut dyn Records,
        options: &Options<'_>,
        progress: &Progress,
    ) -> Result<Result<Scanned, Refused>, Failure> {
        // Policies have rules for branches.
        if checkout.branch != self.branch {
            return Ok(Err(Refused::Index));
        }
        // Before the index is read: what changes afterwards makes it another.
        let index = checkout.index_stat();
        self.met = None;
        let mut tracking = Tracking::default();
        if index != self.index {
            let Some(met) = self.tracking(&checkout) else { return Ok(Err(Refused::Index)) };
            tracking = met;
        }
        let spots = with_spots(spots, tracking.begun.iter().chain(&tracking.ceased));
        if detector.engine() != self.engine {
            return Ok(Err(Refused::Database));
        }
        if let Some(refused) = spots.iter().find_map(|s| self.is_decisive(&checkout, s)) {
            return Ok(Err(refused));
        }
        let recalled = self.at_spots(&spots);
        let around = Around {
            memory: &self.recalled.memory,
            missing: &self.missing,
            tracking: &tracking,
            watching: options.watching,
        };
        let plan = checkout.plan_spots(options.selection, &recalled.memory, &spots, &around)?;
        let known = &recalled.memory.files;
        let mut unchanged = FxHashSet::default();
        let mut changed = plan.files.iter().filter(|f| match f.identity {
            Identity::Unchanged(n) => {
                unchanged.insert(n);
                false
            }
            _ => true,
        });
        let came = changed.find_map(|f| self.is_decisive(&checkout, &f.path));
        drop(changed);
        let went = known.iter().enumerate().filter(|(n, _)| !unchanged.contains(n));
        let went = || went.into_iter().find_map(|(_, r)| self.is_decisive(&checkout, &r.path));
        if let Some(refused) = came.or_else(went) {
            return Ok(Err(refused));
        }
        let nested = plan.nested.iter().map(|n| (&n.path[..], n.tracked));
        let was_nested = known.iter().filter(|r| r.what == Was::Skipped(Skipped::Submodule));
        if !nested.eq(was_nested.map(|r| (&*r.path, r.tracked))) {
            return Ok(Err(Refused::Nested));
        }
        let with = With { detector, licenses, policy: &self.policy, options, progress };
        let part = Part { standing: self, spots: &spots };
        let mut scanned = look(checkout, &recalled, plan, Some(part), &with, records)?;
        scanned.spots = Some(spots);
        self.met = Some((index, tracking));
        Ok(Ok(scanned))
    }

    /// Judges everything by another policy, without looking at any file; `None` where files have
    /// to be looked at for that.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn judge(
        &self,
        checkout: Checkout,
        licenses: &Licenses,
        policy: &Policy,
        records: &mut dyn Records,
        now: Moment,
    ) -> Result<Option<(Scanned, Ground)>, Failure> {
        if policy.trust.is_some() || self.policy.trust.is_some() {
            return Ok(None);
        }
        let (mut scanned, unseen) =
            judge_again(checkout, &self.engine, &self.recalled, licenses, policy, records, now)?;
        if unseen > 0 {
            return Ok(None);
        }
        // What was not looked at stays as it was.
        let skipped = self.recalled.memory.files.iter().filter_map(|r| match r.what {
            Was::Skipped(why) => Some((r, why)),
            Was::Content(_) => None,
        });
        for (r, why) in skipped {
            scanned.was_not_looked.insert(Arc::clone(&r.path), (why, r.tracked));
            let path = r.path.to_vec();
            scanned.not_looked.push(NotLooked {
                path,
                why,
                tracked: r.tracked,
                detail: String::new(),
            });
        }
        scanned.revision = self.recalled.revision;
        scanned.index = self.recalled.memory.index;
        scanned.missing.clone_from(&self.missing);
        Ok(Some((scanned, Ground { policy: policy.clone(), index: self.index })))
    }

    /// Takes over what a scan of some spots found and the records kept.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn take(
        &mut self,
        scanned: &Scanned,
        kept: Kept,
        records: &mut dyn Records,
    ) -> Result<(), Failure> {
        let mut changes: BTreeMap<Arc<[u8]>, Option<Row>> = BTreeMap::new();
        let (index, tracking) = self.met.take().unwrap_or((self.index, Tracking::default()));
        self.index = index;
        for path in &scanned.removed {
            let remembered = self.at(path).ok().map(|n| self.recalled.memory.files[n].tracked);
            if remembered.is_some_and(|did| tracking.is_tracked(path, did)) {
                self.missing.push(Arc::clone(path));
                self.recalled.memory.index = None;
            }
            changes.insert(Arc::clone(path), None);
        }
        // Those that are not there yet.
        let new = tracking.begun.iter().filter(|path| self.at(path).is_err()).cloned();
        let new: Vec<Arc<[u8]>> = new.collect();
        self.missing.extend(new);
        for f in scanned.files.iter().filter(|f| f.change > Change::None) {
            if let Some(row) = Row::of(scanned, f) {
                changes.insert(Arc::clone(&f.path), Some(row));
            }
        }
        changes.extend(not_looked(scanned).map(|(path, row)| (path, Some(row))));
        let came = |path: &Arc<[u8]>| matches!(changes.get(path), Some(Some(_)));
        self.missing.retain(|path| tracking.is_tracked(path, true) && !came(path));
        self.missing.sort_unstable();
        self.change(changes);
        self.commit.clone_from(&scanned.checkout.commit);
        self.recalled.revision = Some(kept.revision);
        self.recalled.judgement = kept.judgement;
        // A violation that is open again is where it was moved long ago.
        self.recalled.born = records.born(&scanned.checkout)?;
        Ok(())
    }

    fn change(&mut self, changes: BTreeMap<Arc<[u8]>, Option<Row>>) {
        for known in changes.values().flatten().filter_map(|r| r.known.as_ref()) {
            self.pointed.extend(pointed_by(known));
        }
        let in_place = changes.iter().all(|(path, row)| row.is_some() && self.at(path).is_ok());
        let Recalled { memory, contents, concluded, .. } = &mut self.recalled;
        if in_place {
            for (path, row) in changes {
                let (Some(row), Ok(n)) =
                    (row, memory.files.binary_search_by(|r| (*r.path).cmp(&path)))
                else {
                    continue;
                };
                memory.files[n] = row.file;
                contents[n] = row.known;
                match row.concluded {
                    Some(c) => _ = concluded.insert(n, c),
                    None => _ = concluded.remove(&n),
                }
            }
            return;
        }
        let files = std::mem::take(&mut memory.files);
        let known = std::mem::take(contents);
        let mut before = std::mem::take(concluded);
        memory.files.reserve(files.len() + changes.len());
        contents.reserve(files.len() + changes.len());
        let mut put = |row: Row| {
            concluded.extend(row.concluded.map(|c| (memory.files.len(), c)));
            memory.files.push(row.file);
            contents.push(row.known);
        };
        let mut changes = changes.into_iter().peekable();
        for (n, (file, known)) in files.into_iter().zip(known).enumerate() {
            while let Some((_, row)) = changes.next_if(|(path, _)| **path < *file.path) {
                row.map(&mut put);
            }
            match changes.next_if(|(path, _)| **path == *file.path) {
                Some((_, row)) => _ = row.map(&mut put),
                None => put(Row { file, known, concluded: before.remove(&n) }),
            }
        }
        for (_, row) in changes {
            row.map(&mut put);
        }
    }

    /// Whether this is what the records hold; tells the first difference.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn differs(
        &self,
        checkout: &Checkout,
        records: &mut dyn Records,
    ) -> Result<Option<String>, Failure> {
        let now = records.recall(checkout, &self.engine)?;
        let here = &self.recalled;
        let rows = |r: &Recalled| {
            let row = |n: usize| {
                let file = &r.memory.files[n];
                let path = crate::diag::visible(&file.path);
                let known = r.contents[n].as_ref();
                let known = known.map(|k| (k.key, k.expression.clone(), k.profile.clone(), k.size));
                let concluded = r.concluded.get(&n);
                format!(
                    "{path} {:?} {} {:?} {known:?} {concluded:?}",
                    file.stat, file.tracked, file.what
                )
            };
            (0..r.memory.files.len()).map(row).collect::<Vec<String>>()
        };
        let (ours, theirs) = (rows(here), rows(&now));
        if let Some((a, b)) = ours.iter().zip(&theirs).find(|(a, b)| a != b) {
            return Ok(Some(format!("{a}\n{b}")));
        }
        let about = |r: &Recalled| {
            format!(
                "{} files, revision {:?}, judgement {:?}, index {:?}, {} born",
                r.memory.files.len(),
                r.revision,
                r.judgement,
                r.memory.index,
                r.born.len()
            )
        };
        Ok((about(here) != about(&now)).then(|| format!("{}\n{}", about(here), about(&now))))
    }
}

/// A file as it is remembered.
struct Row {
    file: Remembered,
    known: Option<KnownContent>,
    concluded: Option<Conclusion>,
}

impl Row {
    /// `None` for what could not be kept.
    fn of(scanned: &Scanned, f: &super::ScannedFile) -> Option<Row> {
        let content = scanned.content(f);
        let key = content.key?;
        let said = &scanned.said[content.said];
        let known = KnownContent {
            key,
            expression: said.expression.clone(),
            profile: Arc::clone(&said.profile),
            points: content.points.clone(),
            skipped: content.skipped,
            size: content.size,
        };
        let file = Remembered {
            path: Arc::clone(&f.path),
            stat: f.stat.map(|s| Stat { size: content.size, ..s }),
            tracked: f.tracked,
            what: Was::Content(content.blob),
        };
        Some(Row { file, known: Some(known), concluded: f.concluded.as_deref().cloned() })
    }
}

/// What was not looked at, as it is remembered.
fn not_looked(scanned: &Scanned) -> impl Iterator<Item = (Arc<[u8]>, Row)> {
    let nested = scanned.nested.iter().map(|n| (&*n.path, Skipped::Submodule, n.tracked));
    let skipped = scanned.not_looked.iter().map(|n| (&*n.path, n.why, n.tracked));
    skipped.chain(nested).map(|(path, why, tracked)| {
        let path: Arc<[u8]> = path.into();
        let what = Was::Skipped(why);
        let file = Remembered { path: Arc::clone(&path), stat: None, tracked, what };
        (path, Row { file, known: None, concluded: None })
    })
}

/// Names of files to which a content points.
fn pointed_by(known: &KnownContent) -> impl Iterator<Item = Vec<u8>> {
    let points = known.points.iter().flat_map(|points| points.iter());
    points.map(|p| bare(name(p.path.as_bytes())))
}

/// A name as another file may call it: without its ending and in small letters.
fn bare(name: &[u8]) -> Vec<u8> {
    let end = name.iter().rposition(|b| *b == b'.').filter(|n| *n > 0).unwrap_or(name.len());
    name[..end].to_ascii_lowercase()
}
