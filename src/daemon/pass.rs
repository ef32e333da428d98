// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! One look at a checkout, of everything or of some spots, from the first question to what is
//! kept. It runs on the thread that owns the store; when to look is not decided here.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{self, Moment};
use crate::detect::Detector;
use crate::diag::{Failure, visible};
use crate::licenses::Licenses;
use crate::plan::{Checkout, Note, Selection, View, Watching};
use crate::policy::Policy;
use crate::scan::standing::{self, Ground, Standing};
use crate::scan::{Concluded, Kept, Options, Progress, Records as _, Scanned};
use crate::store::Store;
use crate::watch::{Reason, Work};

/// How often a look begins again because somebody else was faster.
const MOST_TURNS: usize = 5;

/// What a look is done with; another one when the configuration changes.
#[derive(Clone)]
pub struct Tools {
    pub licenses: &'static Licenses,
    pub detector: Arc<Detector>,
    pub policy: Arc<Policy>,
    /// In bytes.
    pub max_size: u64,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The root of a checkout, or a bare repository.
    pub path: PathBuf,
    pub view: View,
    pub no_untracked: bool,
    pub include_ignored: bool,
}

impl Target {
    fn selection(&self) -> Selection {
        let Target { no_untracked, include_ignored, .. } = *self;
        Selection { no_untracked, include_ignored }
    }

    /// Finds the checkout, which must be all of one.
    ///
    /// # Errors
    /// It is not there, or not readable, or only a part of a checkout.
    pub fn find(&self) -> Result<Checkout, Failure> {
        let checkout = Checkout::find(&self.path, self.view.clone())?;
        if !checkout.scope.is_empty() {
            let shown = visible(self.path.as_os_str().as_bytes());
            let root = visible(checkout.root.as_os_str().as_bytes());
            return Err(Failure::new(format!("{shown} is in the checkout {root}"))
                .help("name the checkout itself; leave out parts of it with a `.lictorignore`"));
        }
        Ok(checkout)
    }
}

/// How a look went about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Part,
    Whole(Reason),
    /// Nothing was read: another policy was asked.
    Judged,
}

/// What came of a look.
pub struct Done {
    pub kind: Kind,
    pub root: PathBuf,
    pub commit: Option<String>,
    pub branch: Option<String>,
    /// Files that are known now.
    pub files: usize,
    /// Files, of those that were looked at, that were not as remembered.
    pub news: usize,
    pub contents_read: u64,
    pub bytes_read: u64,
    /// Contents that were known without being looked at.
    pub known: usize,
    /// Checkouts inside this one.
    pub nested: Option<Vec<PathBuf>>,
    /// What of it could not be looked at.
    pub failures: Vec<String>,
    pub notes: Vec<Note>,
    /// It was ended from outside; nothing is concluded.
    pub interrupted: bool,
    /// The number of the last event in the store.
    pub event: i64,
    /// How long it took to write it to the store.
    pub committed: Duration,
}

/// Looks at checkouts, one after the other.
pub struct Looker {
    store: Store,
    tools: Arc<Tools>,
    standings: HashMap<Target, Standing>,
}

impl Looker {
    pub fn new(store: Store, tools: Arc<Tools>) -> Looker {
        Looker { store, tools, standings: HashMap::new() }
    }

    /// Works with other tools from now on.
    pub fn set_tools(&mut self, tools: Arc<Tools>) {
        self.tools = tools;
    }

    pub fn tools(&self) -> &Arc<Tools> {
        &self.tools
    }

    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Whether the store showed damage since it was opened.
    pub fn is_damaged(&self) -> bool {
        self.store.is_damaged()
    }

    /// Forgets what stands in memory of a checkout.
    pub fn forget(&mut self, target: &Target) {
        self.standings.remove(target);
    }

    /// Lists a checkout, so that all its directories are watched, and looks at nothing.
    ///
    /// # Errors
    /// The checkout cannot be found or listed, or the store cannot be read.
    pub fn arm(&mut self, target: &Target, watching: &dyn Watching) -> Result<(), Failure> {
        let checkout = target.find()?;
        let recalled = self.store.recall(&checkout, &self.tools.detector.engine())?;
        checkout.plan(target.selection(), &recalled.memory, Some(watching))?;
        Ok(())
    }

    /// Looks at a checkout and keeps what is found.
    ///
    /// # Errors
    /// The checkout cannot be found or listed, the store cannot be read or written. Nothing is
    /// concluded then, and the next look is of everything.
    pub fn look(
        &mut self,
        target: &Target,
        work: &Work,
        watching: Option<&dyn Watching>,
        progress: &Progress,
    ) -> Result<Done, Failure> {
        let looked = self.try_look(target, work, watching, progress);
        if looked.is_err() {
            self.forget(target);
        }
        looked.and_then(|done| self.with_event(done))
    }

    /// With the number of the last event.
    fn with_event(&self, done: Done) -> Result<Done, Failure> {
        Ok(Done { event: self.store.last_event()?, ..done })
    }

    fn try_look(
        &mut self,
        target: &Target,
        work: &Work,
        watching: Option<&dyn Watching>,
        progress: &Progress,
    ) -> Result<Done, Failure> {
        let mut reason = match work {
            Work::Everything(reason) => *reason,
            Work::Spots(spots) => match self.part(target, spots, watching, progress)? {
                Ok(done) => return Ok(done),
                Err(reason) => reason,
            },
        };
        let mut turns = 0;
        loop {
            let done = self.whole(target, reason, watching, progress)?;
            if let Some(done) = done {
                return Ok(done);
            }
            reason = Reason::Overtaken;
            turns += 1;
            if turns >= MOST_TURNS {
                return Err(Failure::new(
                    "others scanned the same checkout all the while, and nothing could be kept",
                )
                .help("it is tried again; see who runs `lictor scan` there without end"));
            }
        }
    }

    fn options<'w>(&self, target: &Target, watching: Option<&'w dyn Watching>) -> Options<'w> {
        Options {
            selection: target.selection(),
            max_size: self.tools.max_size,
            output: None,
            started: Moment::now(),
            keep_matches: false,
            watching,
        }
    }

    /// Looks at some spots, or says why everything must be.
    fn part(
        &mut self,
        target: &Target,
        spots: &[Arc<[u8]>],
        watching: Option<&dyn Watching>,
        progress: &Progress,
    ) -> Result<Result<Done, Reason>, Failure> {
        let options = self.options(target, watching);
        let Some(standing) = self.standings.get_mut(target) else {
            return Ok(Err(Reason::Start));
        };
        let checkout = target.find()?;
        if checkout.reads_objects() {
            // Only references can have moved, and mostly others.
            if standing.commit() != checkout.commit.as_deref() {
                return Ok(Err(Reason::Index));
            }
            return Ok(Ok(nothing(checkout, standing.files())));
        }
        let Tools { detector, licenses, .. } = &*self.tools;
        let scanned = standing.scan(
            checkout,
            spots,
            detector,
            licenses,
            &mut self.store,
            &options,
            progress,
        )?;
        let mut scanned = match scanned {
            Ok(scanned) => scanned,
            Err(refused) => {
                tracing::debug!(root = %target.path.display(), why = ?refused, "all of it");
                return Ok(Err(refused.into()));
            }
        };
        if let Some(failure) = scanned.records_failed.take() {
            return Err(failure);
        }
        let began = clock::tick();
        let mut committed = Duration::ZERO;
        if !scanned.interrupted {
            let concluded = self.store.conclude(&scanned)?;
            committed = began.elapsed();
            match concluded {
                Concluded::Kept(kept) => {
                    standing.take(&scanned, kept, &mut self.store)?;
                    self.attribute(&scanned, kept);
                }
                Concluded::Overtaken => return Ok(Err(Reason::Overtaken)),
            }
        }
        let files = self.standings.get(target).map_or(0, Standing::files);
        Ok(Ok(Done { committed, ..done(Kind::Part, &scanned, files) }))
    }

    /// Looks at everything; `None` if somebody else was faster.
    fn whole(
        &mut self,
        target: &Target,
        reason: Reason,
        watching: Option<&dyn Watching>,
        progress: &Progress,
    ) -> Result<Option<Done>, Failure> {
        let checkout = target.find()?;
        let standing = self.standings.remove(target).filter(|_| reason != Reason::Overtaken);
        let options = self.options(target, watching);
        let Tools { detector, licenses, policy, .. } = &*self.tools;
        let (mut scanned, ground) = standing::whole(
            checkout,
            standing.as_ref(),
            detector,
            licenses,
            policy,
            &mut self.store,
            &options,
            progress,
        )?;
        if let Some(failure) = scanned.records_failed.take() {
            return Err(failure);
        }
        if scanned.interrupted {
            return Ok(Some(done(Kind::Whole(reason), &scanned, 0)));
        }
        drop(standing);
        self.conclude(target, Kind::Whole(reason), scanned, ground)
    }

    /// Judges everything by the policy as it is now; nothing is read. Where that is not enough,
    /// everything is looked at.
    ///
    /// # Errors
    /// As for [`Looker::look`].
    pub fn judge(
        &mut self,
        target: &Target,
        watching: Option<&dyn Watching>,
        progress: &Progress,
    ) -> Result<Done, Failure> {
        if let Some(standing) = self.standings.get(target) {
            let checkout = target.find()?;
            let Tools { licenses, policy, .. } = &*self.tools;
            let now = Moment::now();
            let judged = standing.judge(checkout, licenses, policy, &mut self.store, now)?;
            if let Some((scanned, ground)) = judged
                && let Some(done) = self.conclude(target, Kind::Judged, scanned, ground)?
            {
                return self.with_event(done);
            }
        }
        self.look(target, &Work::Everything(Reason::Configuration), watching, progress)
    }

    fn conclude(
        &mut self,
        target: &Target,
        kind: Kind,
        scanned: Scanned,
        ground: Ground,
    ) -> Result<Option<Done>, Failure> {
        let began = clock::tick();
        let Concluded::Kept(kept) = self.store.conclude(&scanned)? else { return Ok(None) };
        let committed = began.elapsed();
        self.attribute(&scanned, kept);
        let done = done(kind, &scanned, 0);
        let licenses = self.tools.licenses;
        let standing = Standing::new(scanned, kept, ground, licenses, &mut self.store)?;
        let files = standing.files();
        self.standings.insert(target.clone(), standing);
        Ok(Some(Done { committed, files, ..done }))
    }

    /// Finds out who brought new violations in. That it fails takes nothing from the verdicts.
    fn attribute(&mut self, scanned: &Scanned, kept: Kept) {
        if kept.opened == 0 {
            return;
        }
        if let Err(e) = self.store.attribute(&scanned.checkout, scanned.started) {
            tracing::warn!(error = %e, "who brought violations in is not known");
        }
    }

    /// Whether what stands in memory is what the store holds; tells the first difference.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn differs(&mut self, target: &Target) -> Result<Option<String>, Failure> {
        let checkout = target.find()?;
        match self.standings.get(target) {
            Some(standing) => standing.differs(&checkout, &mut self.store),
            None => Ok(None),
        }
    }
}

impl From<standing::Refused> for Reason {
    fn from(refused: standing::Refused) -> Reason {
        match refused {
            standing::Refused::Index => Reason::Index,
            standing::Refused::Database => Reason::Configuration,
            standing::Refused::Settings | standing::Refused::Nested => Reason::Settings,
            standing::Refused::Landmark => Reason::Landmark,
        }
    }
}

fn done(kind: Kind, scanned: &Scanned, files: usize) -> Done {
    let failures = scanned.not_looked.iter().filter(|n| n.why.is_failure());
    let failures = failures.map(|n| {
        format!("{}: {} {}", visible(&n.path), n.why.as_str(), visible(n.detail.as_bytes()))
    });
    let failures: Vec<String> = failures.collect();
    let nested = scanned.nested.iter().map(|n| scanned.checkout.path_of(&n.path));
    let read = usize::try_from(scanned.contents_read).unwrap_or(usize::MAX);
    Done {
        kind,
        commit: scanned.checkout.commit.clone(),
        branch: scanned.checkout.branch.clone(),
        files,
        news: scanned.news_of_files(),
        contents_read: scanned.contents_read,
        bytes_read: scanned.bytes_read,
        known: scanned.contents.len().saturating_sub(read),
        nested: matches!(kind, Kind::Whole(_)).then(|| nested.collect()),
        failures,
        notes: scanned.notes.clone(),
        interrupted: scanned.interrupted,
        event: 0,
        committed: Duration::ZERO,
        root: scanned.checkout.root.clone(),
    }
}

/// What comes of a look that was not needed.
fn nothing(checkout: Checkout, files: usize) -> Done {
    Done {
        kind: Kind::Part,
        commit: checkout.commit,
        branch: checkout.branch,
        files,
        news: 0,
        contents_read: 0,
        bytes_read: 0,
        known: 0,
        nested: None,
        failures: Vec::new(),
        notes: Vec::new(),
        interrupted: false,
        event: 0,
        committed: Duration::ZERO,
        root: checkout.root,
    }
}

/// Whether two paths are the same directory now.
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_dir)?;
    Some((meta.dev(), meta.ino()))
}
