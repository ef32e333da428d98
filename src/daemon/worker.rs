// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The thread that looks at checkouts and writes the store. One at a time: each look uses all
//! threads of the pool, and takes its turn.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use super::pass::{Done, Looker, Target, Tools};
use crate::clock;
use crate::diag::Failure;
use crate::plan::Watching;
use crate::scan::Progress;
use crate::store::Store;
use crate::watch::{Watcher, Work};

/// Which checkout, by a number that is never used again.
pub type Id = u64;

/// Something that is done with the store.
pub type Task = Box<dyn FnOnce(&mut Store) + Send>;

/// What the worker is to do.
pub enum Job {
    /// Watch all directories, and look at nothing.
    Arm(Id, Target, Arc<Watcher>),
    Look(Id, Target, Work, Option<Arc<Watcher>>),
    /// Judge again by another policy, or on another day.
    Judge(Id, Target, Option<Arc<Watcher>>),
    Tools(Arc<Tools>),
    Forget(Target),
    /// Something that is done with the store now and then.
    Upkeep(Task),
    /// Something that is written to the store, and takes no time.
    Note(Task),
    /// Answer, to show that the thread is alive, and the watchers' threads are.
    Ping(Vec<Arc<Watcher>>),
}

/// What the worker says.
pub enum Report {
    Armed(Id, Result<(), Failure>),
    Looked(Id, Result<Done, Failure>, Took),
    /// The store was opened anew after damage; what is in it may be older than what was looked at.
    Reopened,
    Upkept,
    /// Whether all watchers are alive.
    Pong(bool),
}

/// When a look began and ended.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    pub began: Instant,
    pub ended: Instant,
}

impl Took {
    pub fn long(&self) -> Duration {
        self.ended.saturating_duration_since(self.began)
    }
}

/// Opens the store; one that is damaged is set aside before.
pub type Open = Box<dyn Fn() -> Result<Store, Failure> + Send>;

/// Starts the worker; it ends when nobody can send it jobs any more.
///
/// # Errors
/// There is no thread to be had.
pub fn start(
    store: Store,
    open: Open,
    tools: Arc<Tools>,
    jobs: Receiver<Job>,
    reports: Sender<Report>,
    progress: Arc<Progress>,
    niceness: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, Failure> {
    let run = move || {
        niceness();
        let looker = Some(Looker::new(store, Arc::clone(&tools)));
        let mut bench = Bench { looker, tools, open, reopened: false };
        for job in jobs {
            let report = bench.work(job, &progress);
            bench.mend();
            let reopened = std::mem::take(&mut bench.reopened).then_some(Report::Reopened);
            // Nobody listens any more when the service stops.
            if reopened.into_iter().chain(report).any(|report| reports.send(report).is_err()) {
                break;
            }
        }
    };
    let thread = std::thread::Builder::new().name("looker".into()).spawn(run);
    thread.map_err(|e| Failure::new("cannot start the thread that looks at checkouts").caused_by(e))
}

fn hook(watcher: &Option<Arc<Watcher>>) -> Option<&dyn Watching> {
    watcher.as_deref().map(|w| w as &dyn Watching)
}

/// What the worker works with.
struct Bench {
    /// `None` while the store is damaged and nothing could take its place.
    looker: Option<Looker>,
    tools: Arc<Tools>,
    open: Open,
    /// Whether the store was opened anew, and that was not told yet.
    reopened: bool,
}

impl Bench {
    fn looker(&mut self) -> Result<&mut Looker, Failure> {
        let looker = match self.looker.take() {
            Some(looker) => looker,
            None => {
                let store = (self.open)()?;
                self.reopened = true;
                Looker::new(store, Arc::clone(&self.tools))
            }
        };
        Ok(self.looker.insert(looker))
    }

    /// Opens the store anew if it showed damage, as the service does when it starts.
    fn mend(&mut self) {
        if !self.looker.as_ref().is_some_and(Looker::is_damaged) {
            return;
        }
        // Closed before another takes its place.
        self.looker = None;
        if let Err(e) = self.looker() {
            tracing::error!(error = %e, help = e.help, "the store is damaged; it is tried again");
        }
    }

    /// Looks at a checkout; a panic costs one look, not the service.
    fn guarded<T>(
        &mut self,
        target: &Target,
        work: impl FnOnce(&mut Looker) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        guarded(self.looker()?, target, work)
    }

    fn work(&mut self, job: Job, progress: &Progress) -> Option<Report> {
        let began = clock::tick();
        let took = || Took { began, ended: clock::tick() };
        Some(match job {
            Job::Arm(id, target, watcher) => {
                Report::Armed(id, self.guarded(&target, |l| l.arm(&target, &*watcher)))
            }
            Job::Look(id, target, work, watcher) => {
                let look = |l: &mut Looker| l.look(&target, &work, hook(&watcher), progress);
                let looked = self.guarded(&target, look);
                Report::Looked(id, looked, took())
            }
            Job::Judge(id, target, watcher) => {
                let judge = |l: &mut Looker| l.judge(&target, hook(&watcher), progress);
                let judged = self.guarded(&target, judge);
                Report::Looked(id, judged, took())
            }
            Job::Upkeep(task) => {
                if let Some(looker) = &mut self.looker {
                    task(looker.store());
                }
                Report::Upkept
            }
            Job::Note(task) => {
                if let Some(looker) = &mut self.looker {
                    task(looker.store());
                }
                return None;
            }
            Job::Ping(watchers) => Report::Pong(watchers.iter().all(|w| w.is_alive())),
            Job::Tools(tools) => {
                self.tools = Arc::clone(&tools);
                if let Some(looker) = &mut self.looker {
                    looker.set_tools(tools);
                }
                return None;
            }
            Job::Forget(target) => {
                if let Some(looker) = &mut self.looker {
                    looker.forget(&target);
                }
                return None;
            }
        })
    }
}

fn guarded<T>(
    looker: &mut Looker,
    target: &Target,
    work: impl FnOnce(&mut Looker) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let done = std::panic::catch_unwind(AssertUnwindSafe(|| work(looker)));
    done.unwrap_or_else(|_| {
        looker.forget(target);
        let shown = crate::diag::visible(target.path.as_os_str().as_encoded_bytes());
        Err(Failure::new(format!("looking at {shown} failed by a mistake of lictor's"))
            .help("please report it with what the journal says; it is tried again"))
    })
}
