// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! A checkout as the service sees it: what state it is in, and when it is to be looked at.
//! Decides by the time that it is told, and by whether git's lock is there.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pass::Target;
use super::worker::Id;
use crate::clock::Moment;
use crate::config;
use crate::watch::{Change, Inbox, Reason, Unwatchable, Watcher};

/// How long git's lock is respected. A git that was killed leaves it behind.
const PATIENCE: Duration = Duration::from_secs(60);

/// How soon a failed look is tried again, at first and at last.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How often in a row a look is given up because git began to work.
const MOST_SUPERSEDED: u32 = 3;

/// What is being done about a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Nothing yet.
    Waiting,
    Looking,
    /// All that is known was looked at.
    Quiet,
    /// git is at work.
    Holding,
    Unreachable,
    Failed,
}

/// What is known of the last looks.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub root: Option<PathBuf>,
    pub commit: Option<String>,
    pub branch: Option<String>,
    pub files: usize,
    pub last: Option<Moment>,
    pub last_whole: Option<Moment>,
}

/// A checkout that is watched.
pub struct Watched {
    pub id: Id,
    pub target: Target,
    /// The checkout that it was found in.
    pub inside: Option<Id>,
    pub inbox: Arc<Inbox>,
    pub watcher: Option<Arc<Watcher>>,
    /// Why it is not watched, but looked at in intervals.
    pub unwatchable: Option<Unwatchable>,
    /// The directory when it was last looked at; another one there is another checkout.
    pub identity: Option<(u64, u64)>,
    /// git's directory of the work tree, and the one that it shares with others.
    pub git_dirs: Option<(PathBuf, PathBuf)>,
    pub doing: Doing,
    pub seen: Seen,
    /// What could not be looked at the last time.
    pub incomplete: usize,
    pub rescans: BTreeMap<Reason, u64>,
    /// By another policy, or on another day.
    pub judge: bool,
    /// The last look at everything that was asked for, and the last that was done.
    pub asked: u64,
    pub answered: u64,
    pub looking_for: u64,
    /// When it had its last turn, counted over all checkouts.
    pub turn: u64,
    failures: u32,
    not_before: Option<Instant>,
    locked_since: Option<Instant>,
    superseded: u32,
    next_round: Instant,
}

/// What a checkout needs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Nothing,
    Now,
    /// Not before.
    At(Instant),
}

impl Watched {
    pub fn new(
        id: Id,
        target: Target,
        inside: Option<Id>,
        inbox: Arc<Inbox>,
        now: Instant,
    ) -> Watched {
        inbox.put(Change::Everything(Reason::Start));
        Watched {
            id,
            target,
            inside,
            inbox,
            watcher: None,
            unwatchable: None,
            identity: None,
            git_dirs: None,
            doing: Doing::Waiting,
            seen: Seen::default(),
            incomplete: 0,
            rescans: BTreeMap::new(),
            judge: false,
            asked: 0,
            answered: 0,
            looking_for: 0,
            turn: 0,
            failures: 0,
            not_before: None,
            locked_since: None,
            superseded: 0,
            next_round: now,
        }
    }

    /// Whether git has its lock on the index.
    pub fn is_locked(&self) -> bool {
        let lock = self.git_dirs.as_ref().map(|(d, _)| d.join("index.lock"));
        lock.is_some_and(|path| path.symlink_metadata().is_ok())
    }

    pub fn is_polled(&self, settings: &config::Watch) -> bool {
        settings.mode == config::Mode::Poll || self.unwatchable.is_some() || self.watcher.is_none()
    }

    /// Says what the checkout needs. `locked` tells whether git is at work in it.
    pub fn need(&mut self, settings: &config::Watch, now: Instant, locked: bool) -> Need {
        if self.doing == Doing::Looking {
            return Need::Nothing;
        }
        let retry = self.not_before.filter(|at| *at > now);
        let due = self.inbox.dirty().due(settings.settle, settings.max_delay);
        // What was never looked at has nothing to settle.
        let due = if self.seen.last.is_none() { due.map(|_| now) } else { due };
        let due = if self.judge { Some(due.map_or(now, |d| d.min(now))) } else { due };
        let Some(due) = due else {
            self.locked_since = None;
            if self.doing == Doing::Holding {
                self.doing = Doing::Quiet;
            }
            return Need::At(self.next_round);
        };
        if let Some(retry) = retry {
            return Need::At(retry);
        }
        if due > now {
            return Need::At(due);
        }
        if locked {
            let since = *self.locked_since.get_or_insert(now);
            if now < since + PATIENCE {
                self.doing = Doing::Holding;
                return Need::At(since + PATIENCE);
            }
        }
        Need::Now
    }

    /// Puts in what is due by the clock alone.
    pub fn round(&mut self, settings: &config::Watch, now: Instant) {
        if now < self.next_round {
            return;
        }
        let polled = self.is_polled(settings);
        let every = if polled { settings.poll } else { settings.reconcile };
        self.next_round = now + every;
        // The first one comes anyway.
        if self.seen.last.is_some() {
            let reason = if polled { Reason::Poll } else { Reason::Reconcile };
            self.inbox.put(Change::Everything(reason));
        }
    }

    /// The look begins.
    pub fn begin(&mut self, turn: u64) {
        self.turn = turn;
        self.doing = Doing::Looking;
        self.locked_since = None;
        self.judge = false;
        self.looking_for = self.asked;
    }

    /// Whether the look that goes on is better given up: git began to change what is looked at.
    pub fn supersede(&mut self, locked: bool) -> bool {
        let may = self.doing == Doing::Looking && locked && self.superseded < MOST_SUPERSEDED;
        self.superseded += u32::from(may);
        may
    }

    /// The look went well.
    pub fn succeeded(&mut self, whole: bool, settings: &config::Watch, now: Instant) {
        self.doing = Doing::Quiet;
        self.failures = 0;
        self.not_before = None;
        self.superseded = 0;
        self.seen.last = Some(Moment::now());
        if whole {
            self.seen.last_whole = self.seen.last;
            self.answered = self.answered.max(self.looking_for);
            let every = if self.is_polled(settings) { settings.poll } else { settings.reconcile };
            self.next_round = now + every;
        }
    }

    /// The look failed, and everything is looked at again, not too soon.
    pub fn failed(&mut self, there: bool, now: Instant) {
        self.doing = if there { Doing::Failed } else { Doing::Unreachable };
        self.answered = self.answered.max(self.looking_for);
        let (first, last) = RETRY;
        self.not_before = Some(now + (first * 2u32.saturating_pow(self.failures)).min(last));
        self.failures = (self.failures + 1).min(16);
        self.inbox.put(Change::Everything(if there { Reason::Failed } else { Reason::Root }));
    }

    /// The look was given up.
    pub fn interrupted(&mut self) {
        self.doing = Doing::Waiting;
        self.inbox.put(Change::Everything(Reason::Superseded));
    }

    /// Somebody asks for a look at everything now; gives the number to wait for.
    pub fn ask(&mut self) -> u64 {
        self.asked += 1;
        self.not_before = None;
        self.inbox.put(Change::Everything(Reason::Asked));
        self.asked
    }
}
