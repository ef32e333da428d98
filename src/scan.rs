// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The pipeline: plan, detect, evaluate. Everything that scans goes through [`scan`].
//!
//! What was known before is asked of [`Records`], what is new is given to it; where that is
//! kept, this module does not know. It reads no clock and writes nothing to disk.

pub mod change;
pub mod components;
pub mod conclude;
mod judge;
pub mod standing;

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::clock::Moment;
use crate::detect::{Detector, is_license_file};
use crate::diag::{Failure, visible};
use crate::licenses::Licenses;
use crate::model::{BlobId, Detection, FileKind, Match, Pointer, Skipped};
use crate::plan::content::Content as Read;
use crate::plan::{self, Checkout, Identity, Memory, NotLooked, Note, Selection, Stat, Was};
use crate::policy::curations::Curation;
use crate::policy::waivers::Lapsed;
use crate::policy::{self, Decision, Judged, LoadError, Policy, PolicyRef};
use components::{directory, name};
use conclude::{Conclusion, Tree};
use judge::{Judge, Landmarks};
use standing::Part;

/// Contents larger than this are not read, unless a scan says otherwise.
pub const DEFAULT_MAX_SIZE: u64 = 32 << 20;

/// How many new contents are given to [`Records`] at once.
const BATCH: usize = 8192;

/// What was known before a scan, and where what is new goes.
pub trait Records: Send {
    /// What is remembered of a checkout in its view and scope, files sorted by path.
    fn recall(&mut self, checkout: &Checkout, engine: &str) -> Result<Recalled, Failure>;

    /// What `engine` found in a content at any time, in any checkout.
    fn look_up(&mut self, engine: &str, what: Detected) -> Result<Option<KnownContent>, Failure>;

    /// Takes new detections; gives the keys under which the contents are known from now on.
    fn keep(&mut self, engine: &str, batch: &[NewContent]) -> Result<Vec<i64>, Failure>;

    /// The matches in a content, by its key.
    fn evidence(&mut self, key: i64) -> Result<Vec<Match>, Failure>;

    /// See [`Recalled::born`].
    fn born(&mut self, checkout: &Checkout) -> Result<Moves, Failure>;

    /// Takes the end of a scan as one transaction: files, violations, the checkout's state.
    fn conclude(&mut self, scanned: &Scanned) -> Result<Concluded, Failure>;
}

/// What became of the end of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concluded {
    Kept(Kept),
    /// Somebody else concluded a scan of the same checkout since this one recalled what was
    /// remembered. Nothing was kept; scanning again is quick, as all contents are known.
    Overtaken,
}

/// What is remembered from now on, as in [`Recalled`], and what became of violations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    pub revision: i64,
    pub judgement: Option<u64>,
    /// How many violations were opened that never were before.
    pub opened: i64,
}

/// Remembers nothing and keeps nothing. It knows the matches that it is given; keys count them.
#[derive(Default)]
pub struct Forgetful {
    pub matches: Vec<Vec<Match>>,
}

impl Records for Forgetful {
    fn recall(&mut self, _: &Checkout, _: &str) -> Result<Recalled, Failure> {
        Ok(Recalled::default())
    }

    fn look_up(&mut self, _: &str, _: Detected) -> Result<Option<KnownContent>, Failure> {
        Ok(None)
    }

    fn keep(&mut self, _: &str, batch: &[NewContent]) -> Result<Vec<i64>, Failure> {
        Ok(vec![0; batch.len()])
    }

    fn evidence(&mut self, key: i64) -> Result<Vec<Match>, Failure> {
        let matches = usize::try_from(key).ok().and_then(|n| self.matches.get(n));
        Ok(matches.cloned().unwrap_or_default())
    }

    fn born(&mut self, _: &Checkout) -> Result<Moves, Failure> {
        Ok(Moves::default())
    }

    fn conclude(&mut self, _: &Scanned) -> Result<Concluded, Failure> {
        Ok(Concluded::Kept(Kept::default()))
    }
}

/// Where files were, by where they are.
pub type Moves = FxHashMap<Arc<[u8]>, Arc<[u8]>>;

/// What is remembered of a checkout.
#[derive(Default)]
pub struct Recalled {
    pub memory: Memory,
    /// For each file of `memory`, what is known of its content with the present engine.
    pub contents: Vec<Option<KnownContent>>,
    /// What was concluded for files of `memory` that point to others, by number.
    pub concluded: FxHashMap<usize, Conclusion>,
    /// Whether any content at all is known; if none is, nothing needs to be looked up.
    pub any_content: bool,
    /// [`Scanned::judgement`] of the last scan; `None` if it was not of the whole checkout.
    pub judgement: Option<u64>,
    /// Where files were when their violations were opened, if elsewhere, by where they are.
    pub born: Moves,
    /// Counts what was concluded of the checkout; `None` if nothing was, or nobody counts.
    pub revision: Option<i64>,
}

/// What a detection is kept by: a content says one thing as `package.json` and another as
/// `data.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Detected {
    pub blob: BlobId,
    pub kind: FileKind,
}

/// A content whose detection is remembered.
#[derive(Debug, Clone)]
pub struct KnownContent {
    /// What [`Records`] knows it by.
    pub key: i64,
    pub expression: Option<Arc<str>>,
    /// See [`policy::profile`].
    pub profile: Arc<str>,
    /// See [`Detection::points`].
    pub points: Option<Arc<[Pointer]>>,
    pub skipped: Option<Skipped>,
    /// In bytes.
    pub size: u64,
}

/// A content that was detected just now.
#[derive(Debug, Clone)]
pub struct NewContent {
    pub what: Detected,
    /// In bytes.
    pub size: u64,
    pub detection: Arc<Detection>,
    /// See [`policy::profile`].
    pub profile: Arc<str>,
}

/// What to do in a scan.
pub struct Options<'a> {
    pub selection: Selection,
    /// In bytes.
    pub max_size: u64,
    /// A file that this scan writes and must not look at.
    pub output: Option<PathBuf>,
    /// When the scan began; files changed about then are read again next time.
    pub started: Moment,
    /// Keep what was matched in memory after the records have it, for a report on all of it.
    pub keep_matches: bool,
    /// Told of every directory of a work tree before it is listed.
    pub watching: Option<&'a dyn plan::Watching>,
}

/// How far a scan has come; read by whoever shows it.
#[derive(Default)]
pub struct Progress {
    /// Contents to be read and read so far.
    pub contents: AtomicU64,
    pub contents_done: AtomicU64,
    /// Bytes to be read, where known beforehand, and read so far.
    pub bytes: AtomicU64,
    pub bytes_done: AtomicU64,
    /// Directories listed so far.
    pub listed: AtomicU64,
    /// Set from outside to end the scan early.
    pub cancelled: AtomicBool,
}

impl Progress {
    /// Another number whenever something was done.
    pub fn signs(&self) -> u64 {
        let counts = [&self.contents, &self.contents_done, &self.listed];
        counts.map(|n| n.load(Ordering::Relaxed)).into_iter().fold(0, u64::wrapping_add)
    }
}

/// The outcome of a scan of one checkout.
pub struct Scanned {
    pub checkout: Checkout,
    pub engine: String,
    pub started: Moment,
    pub policy: PolicyRef,
    /// The files of the policy, to be kept with what was judged by it.
    pub policy_files: Vec<policy::Source>,
    /// Sorted by path.
    pub files: Vec<ScannedFile>,
    pub contents: Vec<ScannedContent>,
    /// What was detected, each once; contents name it by number.
    pub said: Vec<Said>,
    /// What the policy says, each once; files name it by number.
    pub verdicts: Vec<Verdict>,
    /// The contexts of the policy; verdicts name them by number.
    pub contexts: Vec<String>,
    /// Who made the curations of the policy, and why; files name them by number.
    pub curations: Vec<Arc<[u8]>>,
    /// Changes with every violation, or waived one, that comes, goes or is judged otherwise.
    pub judgement: u64,
    /// What was compared with, if only a change was looked at.
    pub against: Option<change::Against>,
    /// The spots that were looked at, if not everything was; each with all that is below it.
    pub spots: Option<Vec<Arc<[u8]>>>,
    /// See [`Recalled::revision`].
    pub revision: Option<i64>,
    /// See [`plan::Plan::missing`].
    pub missing: Vec<Arc<[u8]>>,
    /// Files that were elsewhere at the last scan: to, and from.
    pub moved: Vec<Move>,
    /// Sorted by path.
    pub not_looked: Vec<NotLooked>,
    pub nested: Vec<plan::Nested>,
    /// Remembered files that are gone.
    pub removed: Vec<Arc<[u8]>>,
    /// What was remembered as not looked at: why, and whether it was tracked.
    pub was_not_looked: HashMap<Arc<[u8]>, (Skipped, bool)>,
    pub ignored: u64,
    pub excluded: u64,
    /// To be remembered; see [`Memory::index`].
    pub index: Option<Stat>,
    pub notes: Vec<Note>,
    pub contents_read: u64,
    pub bytes_read: u64,
    /// Whether all violations are known to be those that are remembered.
    pub judged_before: bool,
    /// The scan was ended early; only what was done is in it.
    pub interrupted: bool,
    /// Nothing more could be given to [`Records`], and why.
    pub records_failed: Option<Failure>,
}

/// Where a file is, and where it was.
pub type Move = (Arc<[u8]>, Arc<[u8]>);

pub struct ScannedFile {
    pub path: Arc<[u8]>,
    /// Number in [`Scanned::contents`].
    pub content: usize,
    /// `None` when it cannot be relied on next time, or for files read from git's objects.
    pub stat: Option<Stat>,
    pub tracked: bool,
    pub change: Change,
    /// Number in [`Scanned::verdicts`].
    pub verdict: usize,
    /// What is said by the files to which this one points, if it says no license precisely.
    pub concluded: Option<Box<Conclusion>>,
    /// What people concluded: number in [`Policy::curations`].
    pub curated: Option<usize>,
}

/// How a file differs from what was remembered of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    None,
    /// Same content, other stat.
    Touched,
    /// New, or another content, or detected by another engine, or concluded otherwise.
    Content,
}

pub struct ScannedContent {
    pub blob: BlobId,
    /// What [`Records`] knows it by; `None` when it was not kept.
    pub key: Option<i64>,
    /// Number in [`Scanned::said`].
    pub said: usize,
    pub points: Option<Arc<[Pointer]>>,
    pub skipped: Option<Skipped>,
    /// In bytes; 0 until it was read.
    pub size: u64,
    /// The matches, when this scan detected them and keeps them; otherwise they are in the records.
    pub fresh: Option<Arc<Detection>>,
}

impl ScannedContent {
    /// Whether it was detected in this scan.
    fn is_detected(&self) -> bool {
        self.fresh.is_some() || self.key.is_some()
    }
}

/// What was detected in contents.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Said {
    pub expression: Option<Arc<str>>,
    /// See [`policy::profile`].
    pub profile: Arc<str>,
}

/// An expression, detected or concluded, and what the policy says of it at some place.
pub struct Verdict {
    pub expression: Option<Arc<str>>,
    /// Number in [`Scanned::contexts`].
    pub context: usize,
    pub decision: Decision,
    /// Waivers that would hold, but for something.
    pub lapsed: Vec<Lapsed>,
}

impl Scanned {
    /// With files, and nothing known of them yet.
    fn new(
        checkout: Checkout,
        engine: String,
        policy: &Policy,
        started: Moment,
        files: Vec<ScannedFile>,
    ) -> Scanned {
        Scanned {
            checkout,
            engine,
            started,
            policy: PolicyRef::from(policy),
            policy_files: policy.sources.clone(),
            files,
            contents: Vec::new(),
            said: Vec::new(),
            verdicts: Vec::new(),
            contexts: policy.contexts.names().to_vec(),
            curations: policy.curations.iter().map(Curation::by_and_why).collect(),
            judgement: 0,
            against: None,
            spots: None,
            revision: None,
            missing: Vec::new(),
            moved: Vec::new(),
            not_looked: Vec::new(),
            nested: Vec::new(),
            removed: Vec::new(),
            was_not_looked: HashMap::new(),
            ignored: 0,
            excluded: 0,
            index: None,
            notes: Vec::new(),
            contents_read: 0,
            bytes_read: 0,
            judged_before: false,
            interrupted: false,
            records_failed: None,
        }
    }

    pub fn content(&self, file: &ScannedFile) -> &ScannedContent {
        &self.contents[file.content]
    }

    /// The expression that was detected in a file.
    pub fn detected(&self, file: &ScannedFile) -> Option<&Arc<str>> {
        self.said[self.content(file).said].expression.as_ref()
    }

    /// What the policy says of a file: of what people concluded, or the files say to which it
    /// points, or else of what was detected in it.
    pub fn verdict(&self, file: &ScannedFile) -> &Verdict {
        &self.verdicts[file.verdict]
    }

    /// The files as conclusions need them.
    pub fn tree(&self) -> Files<'_> {
        let said = |f: &ScannedFile| self.detected(f).cloned();
        Files::new(&self.files, Box::new(said))
    }

    /// What a file violates; nothing if its content was not searched.
    pub fn breaches(&self, file: &ScannedFile) -> &[Judged] {
        &self.verdict(file).decision.breaches
    }

    /// How many files differ from what is remembered of them, and one if violations do.
    pub fn news(&self) -> usize {
        self.news_of_files() + usize::from(!self.judged_before)
    }

    /// How many files differ from what is remembered of them.
    pub fn news_of_files(&self) -> usize {
        let changed = self.files.iter().filter(|f| f.change > Change::None);
        changed.count() + self.removed.len() + self.newly_not_looked().count()
    }

    /// What is not looked at and was not remembered as such: path, why, and whether it is
    /// tracked. A checkout inside this one is remembered as a submodule is.
    pub fn newly_not_looked(&self) -> impl Iterator<Item = (&[u8], Skipped, bool)> {
        let nested = self.nested.iter().map(|n| (&*n.path, Skipped::Submodule, n.tracked));
        let not_looked = self.not_looked.iter().map(|n| (&*n.path, n.why, n.tracked));
        not_looked.chain(nested).filter(|(path, why, tracked)| {
            self.was_not_looked.get(*path) != Some(&(*why, *tracked))
        })
    }

    /// Whether something that should have been looked at was not.
    pub fn is_incomplete(&self) -> bool {
        self.interrupted
            || self.records_failed.is_some()
            || self.not_looked.iter().any(|n| n.why.is_failure())
    }
}

/// Scans one checkout.
///
/// # Errors
/// The checkout cannot be listed, or the records cannot be read. What goes wrong with single
/// files is in the outcome.
pub fn scan(
    checkout: Checkout,
    detector: &Detector,
    licenses: &Licenses,
    policy: &Policy,
    records: &mut dyn Records,
    options: &Options<'_>,
    progress: &Progress,
) -> Result<Scanned, Failure> {
    let recalled = records.recall(&checkout, &detector.engine())?;
    tracing::debug!(files = recalled.memory.files.len(), "recalled");
    let plan = checkout.plan(options.selection, &recalled.memory, options.watching)?;
    tracing::debug!(files = plan.files.len(), nested = plan.nested.len(), "planned");
    let laid;
    let policy = match policy.trust {
        Some(_) => {
            laid = heed(policy, &checkout, &plan, licenses)?;
            &laid
        }
        None => policy,
    };
    let with = With { detector, licenses, policy, options, progress };
    look(checkout, &recalled, plan, None, &with, records)
}

/// What a scan is done with.
struct With<'a> {
    detector: &'a Detector,
    licenses: &'a Licenses,
    policy: &'a Policy,
    options: &'a Options<'a>,
    progress: &'a Progress,
}

/// Looks at what is planned, given what is remembered of just that. What stands around it is
/// needed where that is not everything.
fn look(
    checkout: Checkout,
    recalled: &Recalled,
    plan: plan::Plan,
    part: Option<Part<'_>>,
    with: &With<'_>,
    records: &mut dyn Records,
) -> Result<Scanned, Failure> {
    let With { detector, licenses, policy, options, progress } = *with;
    let engine = detector.engine();
    let mut gathered = Gathered::default();
    gathered.contents.reserve(plan.files.len());
    let mut files = Vec::with_capacity(plan.files.len());
    let mut not_looked = plan.not_looked;
    let mut work: Vec<Work> = Vec::new();
    let mut places: FxHashMap<Detected, usize> = FxHashMap::default();
    let mut still_there = vec![false; recalled.memory.files.len()];
    let old_paths = &recalled.memory.files;
    let old = |path: &[u8]| old_paths.binary_search_by(|r| (*r.path).cmp(path)).ok();
    let output = options.output.as_ref().and_then(|o| o.strip_prefix(&checkout.root).ok());
    let mut excluded = plan.excluded;
    for file in plan.files {
        if is_own(&file.path) {
            excluded += 1;
            continue;
        }
        if output.is_some_and(|o| o.as_os_str().as_bytes() == &*file.path) {
            continue;
        }
        let before = match file.identity {
            Identity::Unchanged(n) => Some(n),
            _ => old(&file.path),
        };
        if let Some(n) = before {
            still_there[n] = true;
        }
        let was = before.map(|n| &old_paths[n]);
        let blob = match (file.identity, was.map(|r| r.what)) {
            (Identity::Git(blob), _) | (Identity::Unchanged(_), Some(Was::Content(blob))) => {
                Some(blob)
            }
            _ => None,
        };
        // What is remembered with the file spares a look-up.
        let mut known = before
            .filter(|n| blob.is_some_and(|b| old_paths[*n].what == Was::Content(b)))
            .and_then(|n| recalled.contents[n].clone());
        let remembered = known.is_some();
        // The kind follows from the path: only for what is not remembered it has to be known.
        let what = match (blob, &known) {
            (Some(blob), None) => Some(Detected { blob, kind: FileKind::of(&file.path) }),
            _ => None,
        };
        if let Some(what) = what.filter(|w| recalled.any_content && !places.contains_key(w)) {
            known = records.look_up(&engine, what)?;
        }
        // The limit holds for what is known as well, so that a report depends on no records.
        let size = file.stat.map(|s| s.size).or(known.as_ref().map(|k| k.size));
        if let Some(size) = size.filter(|s| *s > options.max_size) {
            let (path, why) = (file.path.to_vec(), Skipped::TooLarge);
            let detail = format!("{size} bytes");
            not_looked.push(NotLooked { path, why, tracked: file.tracked, detail });
            continue;
        }
        let mut scanned = ScannedFile {
            path: file.path,
            content: usize::MAX,
            stat: file.stat.filter(|s| !s.is_racy(options.started)),
            tracked: file.tracked,
            change: Change::Content,
            verdict: 0,
            concluded: None,
            curated: None,
        };
        let read = |scanned: &ScannedFile| Work {
            file: files.len(),
            path: scanned.path.clone(),
            blob,
            size: file.stat.map_or(0, |s| s.size),
            stat: scanned.stat,
        };
        match (blob, known, what) {
            (Some(blob), Some(known), _) => {
                // Doubles do no harm, and asking for them would cost more.
                scanned.content = gathered.known(blob, &known);
                let same_stat =
                    was.is_some_and(|r| r.stat == scanned.stat && r.tracked == scanned.tracked);
                scanned.change = match (remembered, same_stat) {
                    (false, _) => Change::Content,
                    (true, false) => Change::Touched,
                    (true, true) => Change::None,
                };
            }
            (_, None, Some(what)) => {
                scanned.content = *places.entry(what).or_insert_with(|| {
                    work.push(read(&scanned));
                    gathered.expected(what.blob)
                });
            }
            _ => work.push(read(&scanned)),
        }
        files.push(scanned);
    }

    let mut scanned = Scanned {
        not_looked,
        nested: plan.nested,
        ignored: plan.ignored,
        excluded,
        index: plan.index,
        missing: plan.missing,
        notes: plan.notes,
        revision: recalled.revision,
        ..Scanned::new(checkout, engine, policy, options.started, files)
    };
    if !work.is_empty() {
        let any_content = recalled.any_content;
        detect(
            &mut scanned,
            &mut gathered,
            places,
            &work,
            any_content,
            detector,
            records,
            options,
            progress,
        )?;
    }
    // A file that was read again and is what it was has only been touched.
    for file in scanned.files.iter_mut().filter(|f| f.change == Change::Content) {
        let same = old(&file.path).is_some_and(|n| {
            recalled.contents[n].is_some()
                && old_paths[n].what == Was::Content(gathered.contents[file.content].blob)
        });
        if same {
            file.change = Change::Touched;
        }
    }
    gathered.conclude(&mut scanned, licenses, part, |path| {
        let n = old(path)?;
        recalled.concluded.get(&n)
    });
    scanned.not_looked.sort();
    for n in &scanned.not_looked {
        if let Some(n) = old(&n.path) {
            still_there[n] = true;
        }
    }
    for n in &scanned.nested {
        if let Some(n) = old(&n.path) {
            still_there[n] = true;
        }
    }
    let not_looked = old_paths.iter().filter_map(|r| match r.what {
        Was::Skipped(why) => Some((r.path.clone(), (why, r.tracked))),
        Was::Content(_) => None,
    });
    scanned.was_not_looked = not_looked.collect();
    if !scanned.interrupted {
        // What is below a directory that cannot be read is not known to be gone.
        let failed = scanned.not_looked.iter().filter(|n| n.why.is_failure());
        let unread: FxHashSet<&[u8]> = failed.map(|n| n.path.as_slice()).collect();
        let hidden = |path: &[u8]| {
            let slashes = path.iter().enumerate().filter(|(_, b)| **b == b'/');
            !unread.is_empty() && slashes.map(|(n, _)| n).any(|n| unread.contains(&path[..n]))
        };
        scanned.removed = old_paths
            .iter()
            .zip(&still_there)
            .filter(|(r, there)| !**there && !hidden(&r.path))
            .map(|(r, _)| r.path.clone())
            .collect();
    }
    gathered.judge(&mut scanned, recalled, part, licenses, policy, records, options.started)?;
    scanned.judged_before = part.is_none() && recalled.judgement == Some(scanned.judgement);
    tracing::debug!(files = scanned.files.len(), read = scanned.contents_read, "judged");
    Ok(scanned)
}

/// Judges what is remembered of a checkout, without looking at any file. What this engine has
/// not seen is left out; how many files that are is the second that it gives.
///
/// # Errors
/// The records cannot be read.
pub fn judge_again(
    checkout: Checkout,
    engine: &str,
    recalled: &Recalled,
    licenses: &Licenses,
    policy: &Policy,
    records: &mut dyn Records,
    now: Moment,
) -> Result<(Scanned, usize), Failure> {
    let mut gathered = Gathered::default();
    let mut files = Vec::with_capacity(recalled.memory.files.len());
    let mut unseen = 0;
    for (n, (was, known)) in recalled.memory.files.iter().zip(&recalled.contents).enumerate() {
        let (Was::Content(blob), Some(known)) = (was.what, known) else {
            unseen += usize::from(matches!(was.what, Was::Content(_)));
            continue;
        };
        files.push(ScannedFile {
            path: Arc::clone(&was.path),
            content: gathered.known(blob, known),
            stat: was.stat,
            tracked: was.tracked,
            change: Change::None,
            verdict: 0,
            concluded: recalled.concluded.get(&n).cloned().map(Box::new),
            curated: None,
        });
    }
    let mut scanned = Scanned::new(checkout, engine.to_owned(), policy, now, files);
    gathered.judge(&mut scanned, recalled, None, licenses, policy, records, now)?;
    scanned.judged_before = recalled.judgement == Some(scanned.judgement);
    Ok((scanned, unseen))
}

/// Whether a file is lictor's own: policies and waivers name licenses without being under them.
fn is_own(path: &[u8]) -> bool {
    path.starts_with(b".lictor/") || memchr::memmem::find(path, b"/.lictor/").is_some()
}

/// A file that was looked at apart from a scan of its checkout.
pub struct Looked<'a> {
    pub path: Arc<[u8]>,
    pub blob: BlobId,
    pub detection: &'a Detection,
    /// What the files say to which it points.
    pub concluded: Option<Conclusion>,
}

/// Judges some files of a checkout, sorted by path, as a scan would.
///
/// # Errors
/// As for [`judge_again`].
pub fn judge_files(
    checkout: Checkout,
    engine: &str,
    files: Vec<Looked<'_>>,
    born: Moves,
    licenses: &Licenses,
    policy: &Policy,
    now: Moment,
) -> Result<Scanned, Failure> {
    let mut recalled = Recalled { born, ..Recalled::default() };
    let mut records = Forgetful::default();
    for (n, file) in files.into_iter().enumerate() {
        let Looked { path, blob, detection, concluded } = file;
        let what = Was::Content(blob);
        recalled.memory.files.push(plan::Remembered { path, stat: None, tracked: true, what });
        recalled.contents.push(Some(KnownContent {
            key: i64::try_from(n).unwrap_or_default(),
            expression: detection.expression.clone(),
            profile: policy::profile(&detection.matches).into(),
            points: None,
            skipped: detection.skipped,
            size: 0,
        }));
        recalled.concluded.extend(concluded.map(|c| (n, c)));
        records.matches.push(detection.matches.clone());
    }
    let judged = judge_again(checkout, engine, &recalled, licenses, policy, &mut records, now)?;
    Ok(judged.0)
}

/// A policy with those files of a checkout laid below it that it trusts.
fn heed(
    policy: &Policy,
    checkout: &Checkout,
    plan: &plan::Plan,
    licenses: &Licenses,
) -> Result<Policy, Failure> {
    let mut laid = policy.clone();
    let root = checkout.root.as_os_str().as_bytes();
    let reader = checkout.reader(policy::MAX_FILE)?;
    for file in plan.files.iter().filter(|f| policy.trusts(root, &f.path)) {
        let wrong = |why: &str| {
            let path = visible(&file.path);
            Failure::config(format!("the policy {path} in the checkout {why}")).help(
                "mend it, or take it out of `trust.policies`: without it too much might be allowed",
            )
        };
        let blob = match file.identity {
            Identity::Git(blob) if checkout.reads_objects() => Some(blob),
            _ => None,
        };
        let mut bytes = Vec::new();
        match reader.read(&file.path, blob, &mut bytes) {
            Ok(Read::Read(_)) => {}
            Ok(_) => return Err(wrong("is no file of at most 1 MiB")),
            Err(e) => return Err(wrong("cannot be read").caused_by(e)),
        }
        let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8"))?;
        laid.lay(&file.path, &text, licenses).map_err(|e| match e {
            LoadError::Failure(failure) => failure,
            LoadError::Mistakes(mistakes) => wrong("has mistakes").because_of(mistakes),
        })?;
    }
    Ok(laid)
}

/// A content to be read.
struct Work {
    /// Number of the file in the outcome.
    file: usize,
    path: Arc<[u8]>,
    /// Known from git, or found out by reading.
    blob: Option<BlobId>,
    size: u64,
    /// Of the file of which git knows that; `None` where it could change and keep it.
    stat: Option<Stat>,
}

impl Work {
    /// Whether git knew another content than the one that was read.
    fn planned_otherwise(&self, read: Detected) -> bool {
        self.blob.is_some_and(|planned| planned != read.blob)
    }
}

/// What became of a piece of work.
struct Done {
    work: usize,
    what: Became,
}

enum Became {
    Detected {
        what: Detected,
        size: u64,
        detection: Arc<Detection>,
        stat: Option<Stat>,
    },
    /// Known already: detected earlier, or by another worker in this scan.
    Known {
        what: Detected,
        known: Option<KnownContent>,
        stat: Option<Stat>,
    },
    NotLooked(Skipped, String),
    Vanished,
}

/// The contents of a scan while they come in.
#[derive(Default)]
struct Gathered {
    contents: Vec<ScannedContent>,
    said: Vec<Said>,
    /// Numbers of what is kept alive in `said`, by where its texts are.
    places: FxHashMap<(*const u8, *const u8), usize>,
    numbers: FxHashMap<Said, usize>,
}

impl Gathered {
    fn number(&mut self, expression: Option<&Arc<str>>, profile: &Arc<str>) -> usize {
        let place = |e: Option<&Arc<str>>| e.map_or(std::ptr::null(), |e| e.as_ptr());
        let places = (place(expression), place(Some(profile)));
        if let Some(number) = self.places.get(&places) {
            return *number;
        }
        let said = Said { expression: expression.cloned(), profile: Arc::clone(profile) };
        let number = *self.numbers.entry(said).or_insert_with_key(|said| {
            self.said.push(said.clone());
            self.said.len() - 1
        });
        // Only what is kept cannot come to lie where something else was.
        let kept = &self.said[number];
        if (place(kept.expression.as_ref()), place(Some(&kept.profile))) == places {
            self.places.insert(places, number);
        }
        number
    }

    fn push(&mut self, content: ScannedContent) -> usize {
        self.contents.push(content);
        self.contents.len() - 1
    }

    fn known(&mut self, blob: BlobId, known: &KnownContent) -> usize {
        let said = self.number(known.expression.as_ref(), &known.profile);
        let key = Some(known.key);
        let (skipped, size, points) = (known.skipped, known.size, known.points.clone());
        self.push(ScannedContent { blob, key, said, points, skipped, size, fresh: None })
    }

    /// A place for a content that is about to be detected.
    fn expected(&mut self, blob: BlobId) -> usize {
        let (key, points, skipped, fresh) = (None, None, None, None);
        // What is said becomes known when it is detected.
        self.push(ScannedContent { blob, key, said: 0, points, skipped, size: 0, fresh })
    }

    fn detected(&mut self, place: usize, size: u64, detection: Arc<Detection>, profile: &Arc<str>) {
        let said = self.number(detection.expression.as_ref(), profile);
        let content = &mut self.contents[place];
        content.said = said;
        content.size = size;
        content.skipped = detection.skipped;
        content.points.clone_from(&detection.points);
        content.fresh = Some(detection);
    }

    /// Asks the files to which others point. `before` gives what was concluded at the last
    /// scan: what is concluded otherwise now is news, though the file be the same.
    fn conclude<'r>(
        &mut self,
        scanned: &mut Scanned,
        licenses: &Licenses,
        part: Option<Part<'_>>,
        before: impl Fn(&[u8]) -> Option<&'r Conclusion>,
    ) {
        let points = |f: &ScannedFile| self.contents[f.content].points.as_ref();
        let pointing: Vec<usize> =
            (0..scanned.files.len()).filter(|n| points(&scanned.files[*n]).is_some()).collect();
        if pointing.is_empty() {
            return;
        }
        let said = |f: &ScannedFile| self.said[self.contents[f.content].said].expression.clone();
        let files = Files::new(&scanned.files, Box::new(said));
        let tree = Patched { files, part };
        let scope = &scanned.checkout.scope;
        let mut concluded = Vec::with_capacity(pointing.len());
        // The files of a directory mostly say the same words.
        let mut known: FxHashMap<Asked<'_>, Option<Conclusion>> = FxHashMap::default();
        for n in pointing {
            let file = &scanned.files[n];
            let Some(points) = points(file) else { continue };
            let said = self.contents[file.content].said;
            let now = || {
                let own = self.said[said].expression.as_deref();
                conclude::by_pointers(licenses, &tree, &file.path, own, points)
            };
            // A license file is the only one that may be what it points to.
            let now = match is_license_file(name(&file.path)) {
                true => now(),
                false => {
                    known.entry((directory(&file.path), said, points)).or_insert_with(now).clone()
                }
            };
            let before = before(&file.path);
            // What lies above the part that is scanned is not looked at, and not known to be
            // otherwise than it was.
            let outside = || before.filter(|c| c.because.iter().any(|p| !p.starts_with(scope)));
            let now = now.or_else(|| outside().cloned());
            let same = now.as_ref() == before;
            concluded.push((n, now, same));
        }
        drop(tree);
        for (n, now, same) in concluded {
            if !same {
                scanned.files[n].change = Change::Content;
            }
            scanned.files[n].concluded = now.map(Box::new);
        }
    }

    /// Judges every file; what is alike, once.
    #[allow(clippy::too_many_arguments, reason = "all of them are asked for a verdict")]
    fn judge(
        self,
        scanned: &mut Scanned,
        recalled: &Recalled,
        part: Option<Part<'_>>,
        licenses: &Licenses,
        policy: &Policy,
        records: &mut dyn Records,
        now: Moment,
    ) -> Result<(), Failure> {
        scanned.contents = self.contents;
        scanned.said = self.said;
        scanned.moved = moves(scanned, &recalled.memory);
        let mut files = std::mem::take(&mut scanned.files);
        let found;
        let landmarks = match part {
            Some(part) => part.standing.landmarks(),
            None => {
                found = Landmarks::find(scanned, &files, policy, licenses);
                &found
            }
        };
        let judge = Judge::new(scanned, recalled, landmarks, licenses, policy, now);
        let judged = judge.judge(&mut files, records);
        scanned.files = files;
        (scanned.verdicts, scanned.judgement) = judged?;
        Ok(())
    }
}

/// Profiles, each kept once.
#[derive(Default)]
struct Profiles {
    known: FxHashSet<Arc<str>>,
}

impl Profiles {
    fn of(&mut self, detection: &Detection) -> Arc<str> {
        let profile = policy::profile(&detection.matches);
        if let Some(known) = self.known.get(profile.as_str()) {
            return Arc::clone(known);
        }
        let profile: Arc<str> = profile.into();
        self.known.insert(Arc::clone(&profile));
        profile
    }
}

/// Files that came up where none was, with the content of one that is gone. Of several that
/// are alike those with the same name belong together first, then the first by path.
fn moves(scanned: &Scanned, memory: &Memory) -> Vec<Move> {
    if scanned.removed.is_empty() {
        return Vec::new();
    }
    let at = |path: &[u8]| memory.files.binary_search_by(|r| (*r.path).cmp(path)).ok();
    let mut gone: FxHashMap<BlobId, Vec<&Arc<[u8]>>> = FxHashMap::default();
    for path in &scanned.removed {
        if let Some(Was::Content(blob)) = at(path).map(|n| memory.files[n].what) {
            gone.entry(blob).or_default().push(path);
        }
    }
    let mut moved = Vec::new();
    let mut placed: FxHashSet<&[u8]> = FxHashSet::default();
    let came = scanned.files.iter().filter(|f| f.change == Change::Content);
    let came: Vec<&ScannedFile> = came.filter(|f| at(&f.path).is_none()).collect();
    for same_name in [true, false] {
        for f in &came {
            let Some(from) = gone.get_mut(&scanned.content(f).blob) else { continue };
            if placed.contains(&*f.path) {
                continue;
            }
            let fits = |p: &&Arc<[u8]>| !same_name || name(p) == name(&f.path);
            if let Some(n) = from.iter().position(fits) {
                moved.push((Arc::clone(&f.path), Arc::clone(from.remove(n))));
                placed.insert(&f.path);
            }
        }
    }
    moved.sort();
    moved
}

/// What a conclusion depends on: the directory of a file, what it says itself (by number), and
/// where it points.
type Asked<'a> = (&'a [u8], usize, &'a [Pointer]);

/// What a file says itself.
type SaidBy<'a> = Box<dyn Fn(&ScannedFile) -> Option<Arc<str>> + 'a>;

/// The files of a scan as conclusions need them.
pub struct Files<'a> {
    /// Sorted by path.
    files: &'a [ScannedFile],
    said: SaidBy<'a>,
    /// License files by their directory.
    license_files: FxHashMap<&'a [u8], Vec<&'a ScannedFile>>,
}

impl<'a> Files<'a> {
    fn new(files: &'a [ScannedFile], said: SaidBy<'a>) -> Files<'a> {
        let mut license_files: FxHashMap<&[u8], Vec<&ScannedFile>> = FxHashMap::default();
        for f in files.iter().filter(|f| is_license_file(name(&f.path))) {
            license_files.entry(directory(&f.path)).or_default().push(f);
        }
        Files { files, said, license_files }
    }
}

/// The files of a part of a checkout, and what stands around it.
struct Patched<'a> {
    files: Files<'a>,
    part: Option<Part<'a>>,
}

impl Tree for Patched<'_> {
    fn said(&self, path: &[u8]) -> Option<Option<Arc<str>>> {
        let standing = || {
            let part = self.part?;
            let is_within = part.spots.iter().any(|spot| plan::is_at_or_below(path, spot));
            part.standing.said(path).filter(|_| !is_within)
        };
        self.files.said(path).or_else(standing)
    }

    fn license_files(&self, directory: &[u8]) -> Vec<Arc<[u8]>> {
        match self.part {
            // That no license file came or went is seen to before a part is looked at.
            Some(part) => part.standing.license_files(directory),
            None => self.files.license_files(directory),
        }
    }
}

impl Tree for Files<'_> {
    fn said(&self, path: &[u8]) -> Option<Option<Arc<str>>> {
        let n = self.files.binary_search_by(|f| (*f.path).cmp(path)).ok()?;
        Some((self.said)(&self.files[n]))
    }

    fn license_files(&self, directory: &[u8]) -> Vec<Arc<[u8]>> {
        let files = self.license_files.get(directory).into_iter().flatten();
        files.map(|f| Arc::clone(&f.path)).collect()
    }
}

/// Reads and detects, in parallel; what comes in is kept in batches by this thread.
#[allow(clippy::too_many_arguments, reason = "the second half of `scan`, which owns all of these")]
fn detect(
    scanned: &mut Scanned,
    gathered: &mut Gathered,
    mut places: FxHashMap<Detected, usize>,
    work: &[Work],
    any_content: bool,
    detector: &Detector,
    records: &mut dyn Records,
    options: &Options<'_>,
    progress: &Progress,
) -> Result<(), Failure> {
    progress.contents.fetch_add(work.len() as u64, Ordering::Relaxed);
    progress.bytes.fetch_add(work.iter().map(|w| w.size).sum(), Ordering::Relaxed);
    let claimed: Mutex<FxHashSet<Detected>> = Mutex::new(places.keys().copied().collect());
    let records = Mutex::new(records);
    let engine = scanned.engine.clone();
    let checkout = &scanned.checkout;
    // Fails here rather than once for every file.
    checkout.reader(options.max_size)?;
    let workers = Workers {
        detector,
        records: any_content.then_some(&records),
        claimed: &claimed,
        engine: &engine,
        of_objects: checkout.reads_objects(),
    };
    let (sender, receiver) = crossbeam_channel::bounded::<Done>(4096);
    let mut dropped: FxHashMap<usize, Option<(Skipped, String)>> = FxHashMap::default();
    let mut waiting: Vec<(usize, Detected)> = Vec::new();
    // Contents of which the file that was read turned out to hold another.
    let mut orphaned: Vec<usize> = Vec::new();
    let mut finished = vec![false; work.len()];
    let mut records_failed = None;
    let (mut batch, mut batch_places) = (Vec::new(), Vec::new());
    let mut profiles = Profiles::default();
    let mut not_looked = Vec::new();
    let (mut contents_read, mut bytes_read) = (0, 0);
    let files = &mut scanned.files;
    tracing::debug!(contents = work.len(), threads = rayon::current_num_threads(), "detecting");

    rayon::in_place_scope(|scope| {
        let workers = &workers;
        scope.spawn(move |_| {
            work.par_iter().enumerate().with_max_len(64).for_each_init(
                || (checkout.reader(options.max_size), Vec::new()),
                |(reader, buffer), (n, w)| {
                    if progress.cancelled.load(Ordering::Relaxed) {
                        return;
                    }
                    let what = match reader {
                        Ok(reader) => workers.look(reader, buffer, w),
                        Err(e) => Became::NotLooked(Skipped::Unreadable, e.to_string()),
                    };
                    progress.contents_done.fetch_add(1, Ordering::Relaxed);
                    progress.bytes_done.fetch_add(w.size, Ordering::Relaxed);
                    // The receiver lives as long as this scope.
                    let _ = sender.send(Done { work: n, what });
                },
            );
        });
        let mut keep =
            |batch: &mut Vec<NewContent>, places: &mut Vec<usize>, gathered: &mut Gathered| {
                let (batch, places) = (std::mem::take(batch), std::mem::take(places));
                if records_failed.is_some() || batch.is_empty() {
                    return;
                }
                match records.lock().unwrap_or_else(PoisonError::into_inner).keep(&engine, &batch) {
                    Ok(keys) => {
                        for (place, key) in places.into_iter().zip(keys) {
                            gathered.contents[place].key = Some(key);
                            if !options.keep_matches {
                                gathered.contents[place].fresh = None;
                            }
                        }
                    }
                    Err(e) => records_failed = Some(e),
                }
            };
        for done in receiver {
            let w = &work[done.work];
            finished[done.work] = true;
            match done.what {
                Became::Detected { what, size, detection, stat } => {
                    orphaned.extend(w.planned_otherwise(what).then_some(files[w.file].content));
                    contents_read += 1;
                    bytes_read += w.size;
                    let place = *places.entry(what).or_insert_with(|| gathered.expected(what.blob));
                    let profile = profiles.of(&detection);
                    gathered.detected(place, size, Arc::clone(&detection), &profile);
                    files[w.file].content = place;
                    files[w.file].stat = files[w.file].stat.filter(|s| stat == Some(*s));
                    batch.push(NewContent { what, size, detection, profile });
                    batch_places.push(place);
                    if batch.len() >= BATCH {
                        keep(&mut batch, &mut batch_places, gathered);
                    }
                }
                Became::Known { what, known, stat } => {
                    orphaned.extend(w.planned_otherwise(what).then_some(files[w.file].content));
                    contents_read += 1;
                    bytes_read += w.size;
                    files[w.file].stat = files[w.file].stat.filter(|s| stat == Some(*s));
                    match (places.get(&what), known) {
                        (Some(place), _) => files[w.file].content = *place,
                        (None, Some(known)) => {
                            let place = gathered.known(what.blob, &known);
                            places.insert(what, place);
                            files[w.file].content = place;
                        }
                        (None, None) => waiting.push((w.file, what)),
                    }
                }
                Became::NotLooked(why, detail) => {
                    dropped.insert(w.file, Some((why, detail)));
                }
                Became::Vanished => {
                    dropped.insert(w.file, None);
                }
            }
        }
        keep(&mut batch, &mut batch_places, gathered);
    });

    for (file, what) in waiting {
        match places.get(&what) {
            Some(place) => scanned.files[file].content = *place,
            None => {
                let detail =
                    format!("so did another file with the same content, blob {}", what.blob);
                dropped.insert(file, Some((Skipped::Failed, detail)));
            }
        }
    }
    scanned.interrupted = finished.iter().any(|f| !f);
    // Files that share a content with one that was not read share its fate.
    let changed = || "a file with the same content changed while it was read".to_owned();
    let orphaned = orphaned.into_iter().map(|place| (place, Some((Skipped::Failed, changed()))));
    let mut lost: FxHashMap<usize, Option<(Skipped, String)>> = orphaned.collect();
    for (n, w) in work.iter().enumerate() {
        let place = scanned.files[w.file].content;
        match w.blob {
            Some(_) if !finished[n] => _ = lost.insert(place, None),
            Some(_) if dropped.contains_key(&w.file) => {
                lost.insert(place, dropped[&w.file].clone());
            }
            None if !finished[n] => _ = dropped.insert(w.file, None),
            _ => {}
        }
    }
    let contents = &gathered.contents;
    let mut number = 0;
    scanned.files.retain(|f| {
        number += 1;
        let fate = match dropped.remove(&(number - 1)) {
            Some(fate) => fate,
            None => match lost.get(&f.content) {
                Some(fate) if !contents[f.content].is_detected() => fate.clone(),
                _ => return true,
            },
        };
        // Without a reason it has vanished, or the scan was ended before it came to it.
        not_looked.extend(fate.map(|(why, detail)| NotLooked {
            path: f.path.to_vec(),
            why,
            tracked: f.tracked,
            detail,
        }));
        false
    });
    scanned.not_looked.extend(not_looked);
    scanned.contents_read = contents_read;
    scanned.bytes_read = bytes_read;
    scanned.records_failed = records_failed;
    Ok(())
}

/// What the workers share.
struct Workers<'a, 'r> {
    detector: &'a Detector,
    records: Option<&'a Mutex<&'r mut dyn Records>>,
    claimed: &'a Mutex<FxHashSet<Detected>>,
    engine: &'a str,
    /// Contents come from git's objects, which never change.
    of_objects: bool,
}

impl Workers<'_, '_> {
    fn look(&self, reader: &plan::content::Reader, buffer: &mut Vec<u8>, w: &Work) -> Became {
        let stat = match reader.read(&w.path, w.blob, buffer) {
            Ok(Read::Read(stat)) => stat,
            Ok(Read::TooLarge(size)) => {
                return Became::NotLooked(Skipped::TooLarge, format!("{size} bytes"));
            }
            Ok(Read::Special) => return Became::NotLooked(Skipped::Special, String::new()),
            Ok(Read::Vanished) => return Became::Vanished,
            Err(e) => return Became::NotLooked(Skipped::Unreadable, e.to_string()),
        };
        let kind = FileKind::of(&w.path);
        // What git knows of a file holds for what was read if the file did not change in between.
        let same = self.of_objects || stat.is_some() && stat == w.stat;
        let what = match w.blob.filter(|_| same) {
            Some(blob) => Detected { blob, kind },
            None => {
                let what = Detected { blob: plan::blob_id(buffer), kind };
                // What was planned is claimed already.
                let planned = w.blob == Some(what.blob);
                if let Some(known) = (!planned).then(|| self.known(what)).flatten() {
                    return Became::Known { what, known, stat };
                }
                what
            }
        };
        let size = buffer.len() as u64;
        let detect = AssertUnwindSafe(|| self.detector.detect(buffer, kind));
        let detection = std::panic::catch_unwind(detect);
        // A long file's buffer is not kept for the short ones after it.
        if buffer.capacity() > 1 << 20 {
            *buffer = Vec::new();
        }
        match detection {
            Ok(detection) => Became::Detected { what, size, detection: Arc::new(detection), stat },
            Err(_) => Became::NotLooked(
                Skipped::Failed,
                format!("the detector failed on blob {}; please report it", what.blob),
            ),
        }
    }

    /// `Some` when the content needs no detection by this worker.
    fn known(&self, what: Detected) -> Option<Option<KnownContent>> {
        if !self.claimed.lock().unwrap_or_else(PoisonError::into_inner).insert(what) {
            return Some(None);
        }
        let records = self.records?;
        let found =
            records.lock().unwrap_or_else(PoisonError::into_inner).look_up(self.engine, what);
        match found {
            Ok(known) => known.map(Some),
            // Detecting again does no harm; keeping it will say what is wrong.
            Err(e) => {
                tracing::debug!(error = %e, "look-up failed");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: what git knew of a file when the scan was planned was kept for what was read
    /// later, for good and for every checkout with such a content.
    #[test]
    fn what_git_knows_of_a_file_does_not_hold_for_what_it_became() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.c");
        let tag = |license: &str| format!("/* SPDX-License-{}: {license} */\n", "Identifier");
        let (was, is) = (tag("MIT"), tag("GPL-2.0-only"));
        let (was, is) = (was.as_bytes(), is.as_bytes());
        let detector = Detector::new(Licenses::builtin());
        let claimed = Mutex::default();
        let workers = Workers {
            detector: &detector,
            records: None,
            claimed: &claimed,
            engine: "",
            of_objects: false,
        };
        let reader = plan::content::Reader::files(dir.path(), 1000).unwrap();
        let stat = || match reader.read(b"a.c", None, &mut Vec::new()) {
            Ok(Read::Read(stat)) => stat,
            _ => None,
        };
        std::fs::write(&path, was).unwrap();
        let blob = Some(plan::blob_id(was));
        let planned = |stat| Work { file: 0, path: b"a.c"[..].into(), blob, size: 0, stat };
        let look = |w: &Work| match workers.look(&reader, &mut Vec::new(), w) {
            Became::Detected { what, detection, .. } => (what.blob, detection.expression.clone()),
            _ => panic!("it was read"),
        };
        let before = planned(stat());
        assert_eq!(look(&before), (plan::blob_id(was), Some("MIT".into())));
        // Its time may be that of the plan, where nothing was to be relied on.
        assert_eq!(look(&planned(None)), (plan::blob_id(was), Some("MIT".into())));
        std::fs::write(&path, is).unwrap();
        for w in [before, planned(None)] {
            claimed.lock().unwrap().clear();
            assert_eq!(look(&w), (plan::blob_id(is), Some("GPL-2.0-only".into())));
        }
    }
}
