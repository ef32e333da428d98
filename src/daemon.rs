// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The service: watches checkouts and looks at what may have changed, until it is told to stop.
//!
//! One loop hears everything in one line (events, signals, requests, what the worker says) and
//! owns all state; one worker looks and writes. What is found and judged is the same as in
//! `lictor scan`, which runs the same pipeline.

pub mod control;
pub mod courier;
mod desk;
pub mod metrics;
mod notes;
pub mod pass;
mod priority;
pub mod status;
mod supervisor;
mod tools;
pub mod watched;
pub mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::clock::{self, Moment};
use crate::config::{Config, Mode};
use crate::deliver::{self, Deliverer};
use crate::diag::{Failure, visible};
use crate::plan::View;
use crate::scan::Progress;
use crate::store::{self, Store};
use crate::watch::{
    Change, FileWatch, Inbox, Reason, Unwatchable, Watcher, Work, is_remote, most_watches,
};
use desk::{Desk, Question};
use metrics::Metrics;
use notes::Became;
use pass::{Done, Kind, Target, Tools};
use status::{
    CheckoutState, CheckoutStatus, ConfigStatus, Open, PolicyStatus, Problem, Rescanned, State,
    Status, StoreStatus, Watches,
};
use tools::Loaded;
use watched::{Doing, Need, Watched};
use worker::{Id, Job, Report, Took};

/// How long a configuration must have been quiet before it is read: editors write in steps.
const CONFIG_SETTLE: Duration = Duration::from_millis(200);

/// How long a look may go on without a sign of life.
const STALL: Duration = Duration::from_secs(300);

/// How often at least is looked whether the day is another.
const DAY_CHECK: Duration = Duration::from_secs(3600);

/// How long after the start, and how often, the store is swept.
const SWEEP: (Duration, Duration) = (Duration::from_secs(3600), Duration::from_secs(24 * 3600));

/// What the loop hears, beside the worker.
enum Message {
    /// Something came into an inbox.
    Wake,
    /// The configuration, or what it names, may have changed.
    Files,
    /// A directory may have come that a glob of checkouts names, or have gone.
    Beside,
    /// What is mounted changed.
    Mounts,
    Signal(i32),
    Asked(Question),
}

/// Runs the service until it is told to stop. It delivers to webhooks as well, unless it is not
/// to, or another process does.
///
/// # Errors
/// It cannot start: the configuration is wrong, the store cannot be used or is another's.
pub fn run(path: &Path, delivers: bool) -> Result<(), Failure> {
    let Loaded { config, tools, files } = tools::load(path, None)?;
    let _lock = lock_store(&config)?;
    let gate: Arc<RwLock<()>> = Arc::default();
    let open: worker::Open = {
        let (path, backups, gate) = (config.store.clone(), config.backups(), Arc::clone(&gate));
        Box::new(move || {
            let _alone = gate.write().unwrap_or_else(PoisonError::into_inner);
            open_store(&path, &backups)
        })
    };
    let store = open()?;
    deliver::enrol(&store, &config)?;
    let niceness = priority::of(&config.scan);
    rayon::ThreadPoolBuilder::new()
        .num_threads(config.scan.threads.map_or(0, usize::from))
        .thread_name(|n| format!("worker-{n}"))
        // Room for walking directories nested `plan::MAX_DEPTH` deep.
        .stack_size(16 << 20)
        .start_handler(move |_| niceness.take_on())
        .build_global()
        .map_err(|e| Failure::new("cannot start the worker threads").caused_by(e))?;
    let (messages, heard) = crossbeam_channel::unbounded();
    let (jobs, taken) = crossbeam_channel::unbounded();
    let (said, reports) = crossbeam_channel::unbounded();
    let progress = Arc::new(Progress::default());
    let niceness = move || niceness.take_on();
    let worker = worker::start(
        store,
        open,
        Arc::clone(&tools),
        taken,
        said,
        Arc::clone(&progress),
        niceness,
    )?;
    signals(messages.clone())?;
    mounts(messages.clone())?;
    let changed = messages.clone();
    let watch = FileWatch::new(move || _ = changed.send(Message::Files));
    let came = messages.clone();
    let beside = FileWatch::new(move || _ = came.send(Message::Beside));
    let stopping = Arc::new(AtomicBool::new(false));
    let metrics = Arc::new(Metrics::new());
    let (events, followed) = tokio::sync::watch::channel(0);
    let mut service = Service {
        path: path.to_owned(),
        config,
        tools,
        messages,
        jobs: Some(jobs),
        progress,
        watched: BTreeMap::new(),
        next_id: 1,
        turns: 0,
        busy: None,
        arming: BTreeSet::new(),
        ready: false,
        stopping: false,
        desk_stopping: Arc::clone(&stopping),
        files: watch.ok(),
        beside: beside.ok(),
        reload_at: None,
        expand_at: None,
        problems: BTreeMap::new(),
        started: Moment::now(),
        loaded: Moment::now(),
        tickets: BTreeMap::new(),
        next_ticket: 1,
        waiting: Vec::new(),
        metrics,
        events,
        day: Moment::now().day(),
        sweep_at: clock::tick() + SWEEP.0,
        beat: Beat::new(supervisor::watchdog(), clock::tick()),
        status: String::new(),
        delivers,
        deliverer: None,
    };
    service.watch_files(&files);
    service.set_checkouts();
    service.set_deliverer();
    service.note_policy();
    service.note_waivers();
    let desk = Desk {
        loop_: service.messages.clone(),
        store: service.config.store.clone(),
        gate,
        licenses: service.tools.licenses,
        metrics: Arc::clone(&service.metrics),
        events: followed,
        stopping,
        last: Mutex::new(service.say()),
    };
    let tcp = match (service.config.control.listen, &service.config.control.token_file) {
        (Some(address), Some(file)) => Some((address, control::Token::read(file)?)),
        _ => None,
    };
    let listeners =
        control::listen(&service.config.control.socket, service.config.control.mode, tcp)?;
    let server = control::start(listeners, Arc::new(desk), control::Limits::default())?;
    service.run(&heard, &reports);
    server.stop();
    if let Some(deliverer) = service.deliverer.take() {
        deliverer.stop();
    }
    drop(service);
    // It ends its job first, which was told to be quick about it.
    if worker.join().is_err() {
        tracing::error!("the worker ended by a panic");
    }
    Ok(())
}

/// Makes the store this process's alone; it need not be there yet.
fn lock_store(config: &Config) -> Result<store::Lock, Failure> {
    if let Some(directory) = config.store.parent() {
        std::fs::create_dir_all(directory).map_err(|e| {
            let shown = visible(directory.as_os_str().as_encoded_bytes());
            Failure::new(format!("cannot make the store's directory {shown}"))
                .caused_by(e)
                .help("make it, or name another place as `store` in the configuration")
        })?;
    }
    store::lock(&config.store)
}

/// Opens the store. One that is damaged is set aside, and what cannot be had from the checkouts
/// comes from the newest backup.
fn open_store(path: &Path, backups: &Path) -> Result<Store, Failure> {
    if path.exists()
        && let Some(damage) = store::damage(path)?
    {
        tracing::error!(damage, "the store is damaged");
        let rescued = store::rescue(path, backups, Moment::now())?;
        tracing::error!("{rescued}");
    }
    Store::open(path)
}

/// Hears signals on a thread of its own.
fn signals(messages: Sender<Message>) -> Result<(), Failure> {
    let fail = |e| Failure::new("cannot watch for signals").caused_by(e);
    let wanted = [SIGTERM, SIGINT, SIGHUP];
    let mut signals = signal_hook::iterator::Signals::new(wanted).map_err(fail)?;
    let asked = AtomicBool::new(false);
    let hear = move || {
        for signal in signals.forever() {
            if signal != SIGHUP && asked.swap(true, Ordering::Relaxed) {
                // Dies of the signal, as whoever sent it twice expects. What is kept is safe.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
            if messages.send(Message::Signal(signal)).is_err() {
                break;
            }
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(hear).map_err(fail)?;
    Ok(())
}

/// Hears what is mounted and unmounted (proc_pid_mountinfo(5)): a checkout may come or go by that
/// without any event.
fn mounts(messages: Sender<Message>) -> Result<(), Failure> {
    let Ok(file) = std::fs::File::open("/proc/self/mountinfo") else { return Ok(()) };
    let hear = move || {
        use rustix::event::{PollFd, PollFlags, poll};
        loop {
            let mut fds = [PollFd::new(&file, PollFlags::PRI)];
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => break,
                Ok(_) => {}
            }
            if messages.send(Message::Mounts).is_err() {
                break;
            }
        }
    };
    let thread = std::thread::Builder::new().name("mounts".into()).spawn(hear);
    thread.map_err(|e| Failure::new("cannot start a thread").caused_by(e))?;
    Ok(())
}

/// What the worker does, since when, and when it last showed life.
struct Busy {
    id: Option<Id>,
    sign: u64,
    seen: Instant,
    /// When the first of what is looked at changed.
    since: Option<Instant>,
}

/// The watchdog's food.
struct Beat {
    every: Option<Duration>,
    next: Instant,
    /// A question that was not answered.
    asked: bool,
}

impl Beat {
    fn new(watchdog: Option<Duration>, now: Instant) -> Beat {
        // Twice as often as asked (sd_watchdog_enabled(3)).
        Beat { every: watchdog.map(|d| d / 2), next: now, asked: false }
    }
}

/// What something that is wrong is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Configuration,
    Watching,
    Look,
    Worker,
}

/// Something that is wrong.
struct Wrong {
    what: String,
    help: Option<String>,
    since: Moment,
}

/// How many looks that were asked for are remembered.
const MOST_TICKETS: usize = 1000;

struct Service {
    path: PathBuf,
    config: Config,
    tools: Arc<Tools>,
    messages: Sender<Message>,
    /// `None` when the worker is to end.
    jobs: Option<Sender<Job>>,
    progress: Arc<Progress>,
    watched: BTreeMap<Id, Watched>,
    next_id: Id,
    turns: u64,
    busy: Option<Busy>,
    /// Checkouts that have no watches yet.
    arming: BTreeSet<Id>,
    ready: bool,
    stopping: bool,
    /// What the control API reads.
    desk_stopping: Arc<AtomicBool>,
    files: Option<FileWatch>,
    /// Where globs of checkouts look for names.
    beside: Option<FileWatch>,
    reload_at: Option<Instant>,
    expand_at: Option<Instant>,
    /// What is wrong now, of the service or of a checkout, by what it is about.
    problems: BTreeMap<(Option<Id>, About), Wrong>,
    started: Moment,
    /// When the configuration was read that is in force.
    loaded: Moment,
    /// Looks that were asked for: which ones of which checkouts.
    tickets: BTreeMap<u64, Vec<(Id, u64)>>,
    next_ticket: u64,
    waiting: Vec<(u64, Sender<Vec<Rescanned>>)>,
    metrics: Arc<Metrics>,
    /// The number of the last event in the store.
    events: tokio::sync::watch::Sender<i64>,
    day: jiff::civil::Date,
    sweep_at: Instant,
    beat: Beat,
    /// What systemd was told last.
    status: String,
    /// Whether this process is to deliver to webhooks.
    delivers: bool,
    deliverer: Option<Deliverer>,
}

impl Service {
    fn run(&mut self, heard: &Receiver<Message>, reports: &Receiver<Report>) {
        loop {
            let next = self.turn(clock::tick());
            if self.stopping && self.busy.is_none() {
                break;
            }
            let timeout = match next {
                Some(at) => crossbeam_channel::at(at),
                None => crossbeam_channel::never(),
            };
            crossbeam_channel::select! {
                recv(heard) -> message => match message {
                    Ok(message) => self.hear(message),
                    Err(_) => break,
                },
                recv(reports) -> report => match report {
                    Ok(report) => self.report(report),
                    Err(_) => {
                        tracing::error!("the worker is gone");
                        break;
                    }
                },
                recv(timeout) -> _ => {}
            }
        }
        supervisor::stopping();
        self.jobs = None;
    }

    /// Does what is due and tells when the next is.
    fn turn(&mut self, now: Instant) -> Option<Instant> {
        let mut next = now + DAY_CHECK;
        if let Some(at) = self.reload_at {
            if at <= now {
                self.reload_at = None;
                // It is noted, and told.
                let _ = self.reload();
            } else {
                next = next.min(at);
            }
        }
        if let Some(at) = self.expand_at {
            if at <= now {
                self.expand_at = None;
                self.set_checkouts();
            } else {
                next = next.min(at);
            }
        }
        let today = Moment::now().day();
        if today != self.day {
            // Waivers end by the day.
            self.day = today;
            for w in self.watched.values_mut() {
                w.judge = true;
            }
            self.note_waivers();
        }
        if self.sweep_at > now {
            next = next.min(self.sweep_at);
        } else if self.busy.is_none() && self.ready {
            self.sweep_at = now + SWEEP.1;
            self.sweep(now);
        }
        if let Some(every) = self.beat.every {
            if self.beat.next <= now {
                self.beat.next = now + every;
                self.beat(now);
            }
            next = next.min(self.beat.next);
        }
        if !self.stopping {
            next = next.min(self.dispatch(now));
        }
        self.tell_status();
        Some(next)
    }

    /// Gives the worker the most urgent work; tells when the next is due.
    fn dispatch(&mut self, now: Instant) -> Instant {
        let mut next = now + DAY_CHECK;
        let mut ready: Option<(u64, Id)> = None;
        let settings = &self.config.watch;
        for w in self.watched.values_mut() {
            w.round(settings, now);
            let locked = w.is_locked();
            if w.doing == Doing::Looking {
                continue;
            }
            match w.need(settings, now, locked) {
                Need::Nothing => {}
                Need::At(at) => next = next.min(at),
                // Who had no turn for longest is next.
                Need::Now => ready = Some(ready.map_or((w.turn, w.id), |r| r.min((w.turn, w.id)))),
            }
        }
        if self.busy.is_some() {
            return next;
        }
        if let Some(id) = self.arming.first().copied() {
            self.arm(id, now);
        } else if let Some((_, id)) = ready {
            self.look(id, now);
        }
        next
    }

    fn send(&mut self, job: Job, id: Option<Id>, since: Option<Instant>, now: Instant) {
        self.progress.cancelled.store(self.stopping, Ordering::Relaxed);
        if self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok()) {
            self.busy = Some(Busy { id, sign: 0, seen: now, since });
        }
    }

    /// Forgets what no file has had for long.
    fn sweep(&mut self, now: Instant) {
        let engine = self.tools.detector.engine();
        let keep = self.config.retention.contents;
        let delivered = self.config.retention.deliveries;
        let task = move |store: &mut Store| {
            let now = Moment::now();
            match store.sweep(&engine, keep, now) {
                Ok(swept) => tracing::info!(?swept, "the store was swept"),
                Err(e) => tracing::warn!(error = e.in_a_line(), "the store could not be swept"),
            }
            let long = i64::try_from(delivered.as_nanos()).unwrap_or(i64::MAX);
            if let Err(e) = store.forget_deliveries(Moment(now.0.saturating_sub(long))) {
                tracing::warn!(error = e.in_a_line(), "old messages could not be forgotten");
            }
        };
        self.send(Job::Upkeep(Box::new(task)), None, None, now);
    }

    /// Sees to it that a checkout has a watcher that is its own.
    fn see_to_watcher(&mut self, id: Id, doubted: bool) {
        let polled = self.config.watch.mode == Mode::Poll;
        let Some(w) = self.watched.get_mut(&id) else { return };
        let identity = pass::identity(&w.target.path);
        if doubted || identity != w.identity {
            w.watcher = None;
            w.identity = identity;
        }
        if polled || identity.is_none() || w.watcher.is_some() {
            return;
        }
        let root = std::fs::canonicalize(&w.target.path).unwrap_or_else(|_| w.target.path.clone());
        let mut why = None;
        match Watcher::new(&root, Arc::clone(&w.inbox)) {
            Ok(watcher) => {
                if let Ok(checkout) = w.target.find()
                    && let Some((git_dir, common)) = checkout.git_dirs()
                {
                    watcher.watch_git(&git_dir, &common);
                    w.git_dirs = Some((git_dir, common));
                }
                w.watcher = Some(Arc::new(watcher));
            }
            Err(refused) => why = Some(refused),
        }
        if why.is_none() && is_remote(&root).unwrap_or(false) {
            why = Some(Unwatchable {
                what: "the file system does not tell what other machines change".into(),
                help: "the checkout is looked at in intervals as well; keep it on a local disk to \
                       be told at once"
                    .into(),
            });
        }
        self.set_unwatchable(id, why);
    }

    fn arm(&mut self, id: Id, now: Instant) {
        self.see_to_watcher(id, false);
        let Some(w) = self.watched.get(&id) else {
            self.arming.remove(&id);
            return;
        };
        let reads_objects = w.target.view != View::Worktree;
        match (&w.watcher, reads_objects) {
            (Some(watcher), false) => {
                let job = Job::Arm(id, w.target.clone(), Arc::clone(watcher));
                self.send(job, Some(id), None, now);
            }
            _ => self.armed(id),
        }
    }

    fn armed(&mut self, id: Id) {
        self.arming.remove(&id);
        if self.arming.is_empty() && !self.ready {
            self.ready = true;
            let watches: usize = self.watches();
            tracing::info!(checkouts = self.watched.len(), watches, "ready");
            supervisor::ready("watching");
        }
    }

    fn watches(&self) -> usize {
        self.watched.values().filter_map(|w| w.watcher.as_ref()).map(|w| w.len()).sum()
    }

    fn look(&mut self, id: Id, now: Instant) {
        let Some(w) = self.watched.get_mut(&id) else { return };
        let (since, everything) = {
            let dirty = w.inbox.dirty();
            (dirty.first(), dirty.everything())
        };
        self.see_to_watcher(id, everything.is_some_and(Reason::doubts_watches));
        let Some(w) = self.watched.get_mut(&id) else { return };
        if let (Some(watcher), Some((git_dir, common))) = (&w.watcher, &w.git_dirs) {
            // A new directory of branches.
            watcher.watch_git(git_dir, common);
        }
        self.turns += 1;
        let judge = w.judge;
        w.begin(self.turns);
        let watcher = w.watcher.clone();
        let target = w.target.clone();
        let work = w.inbox.dirty().take();
        let job = match work {
            // What has to be looked at is judged by the new policy as well.
            Some(Work::Everything(reason)) => {
                Job::Look(id, target, Work::Everything(reason), watcher)
            }
            Some(Work::Spots(spots)) if judge => {
                for spot in spots {
                    w.inbox.put(Change::At(spot.to_vec()));
                }
                Job::Judge(id, target, watcher)
            }
            None => Job::Judge(id, target, watcher),
            Some(work) => Job::Look(id, target, work, watcher),
        };
        self.send(job, Some(id), since, now);
    }

    fn hear(&mut self, message: Message) {
        let now = clock::tick();
        match message {
            Message::Wake => self.supersede(),
            Message::Files => self.reload_at = Some(now + CONFIG_SETTLE),
            // Not put off by what goes on there without end.
            Message::Beside => _ = self.expand_at.get_or_insert(now + CONFIG_SETTLE),
            Message::Mounts => {
                for w in self.watched.values() {
                    if pass::identity(&w.target.path) != w.identity {
                        w.inbox.put(Change::Everything(Reason::Root));
                    }
                }
            }
            Message::Signal(SIGHUP) => {
                self.reload_at = None;
                // It is noted, and told.
                let _ = self.reload();
            }
            Message::Asked(question) => self.answer(question),
            Message::Signal(_) => {
                tracing::info!("stopping");
                self.stopping = true;
                self.desk_stopping.store(true, Ordering::Relaxed);
                self.progress.cancelled.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Gives a look at everything up when git begins to change what is looked at.
    fn supersede(&mut self) {
        let Some(id) = self.busy.as_ref().and_then(|b| b.id) else { return };
        let reading = self.progress.contents.load(Ordering::Relaxed)
            > self.progress.contents_done.load(Ordering::Relaxed);
        let Some(w) = self.watched.get_mut(&id) else { return };
        let locked = w.is_locked();
        if reading && w.supersede(locked) {
            tracing::debug!(root = %w.target.path.display(), "given up for git");
            self.progress.cancelled.store(true, Ordering::Relaxed);
        }
    }

    fn report(&mut self, report: Report) {
        let now = clock::tick();
        let since = match report {
            Report::Pong(_) | Report::Reopened => None,
            _ => self.busy.take().and_then(|b| b.since),
        };
        match report {
            Report::Armed(id, armed) => {
                self.take_unwatchable(id);
                if let (Err(failure), Some(w)) = (armed, self.watched.get_mut(&id)) {
                    let there = pass::identity(&w.target.path).is_some();
                    w.failed(there, now);
                    self.say_failure(id, &failure);
                }
                self.armed(id);
            }
            Report::Looked(id, looked, took) => {
                self.take_unwatchable(id);
                self.looked(id, looked, took, since);
            }
            Report::Upkept => {}
            Report::Reopened => {
                // What stands in it may be of a backup.
                for w in self.watched.values() {
                    w.inbox.put(Change::Everything(Reason::Damage));
                }
            }
            Report::Pong(alive) => {
                self.beat.asked = false;
                if alive {
                    self.right((None, About::Worker));
                    supervisor::alive();
                } else {
                    self.stuck("a thread that hears the kernel's events is gone");
                }
            }
        }
    }

    /// Falls back to looking in intervals where the kernel gives no watches.
    fn take_unwatchable(&mut self, id: Id) {
        let Some(w) = self.watched.get_mut(&id) else { return };
        let Some(why) = w.watcher.as_ref().and_then(|watcher| watcher.take_unwatchable()) else {
            return;
        };
        // The watches that it has are of use to the others.
        w.watcher = None;
        self.set_unwatchable(id, Some(why));
    }

    fn set_unwatchable(&mut self, id: Id, why: Option<Unwatchable>) {
        let Some(w) = self.watched.get_mut(&id) else { return };
        w.unwatchable.clone_from(&why);
        let root = w.target.path.clone();
        let about = (Some(id), About::Watching);
        match why {
            Some(why) => {
                if self.wrong(about, why.what.clone(), Some(why.help.clone())) {
                    tracing::warn!(root = %root.display(), help = why.help, "{}", why.what);
                }
            }
            None => _ = self.right(about),
        }
    }

    fn looked(
        &mut self,
        id: Id,
        looked: Result<Done, Failure>,
        took: Took,
        since: Option<Instant>,
    ) {
        let now = clock::tick();
        let Some(w) = self.watched.get_mut(&id) else { return };
        let done = match looked {
            Ok(done) => done,
            Err(failure) => {
                let there = pass::identity(&w.target.path).is_some();
                w.failed(there, now);
                self.say_failure(id, &failure);
                self.answer_waiting();
                return;
            }
        };
        if done.interrupted {
            w.interrupted();
            return;
        }
        let whole = matches!(done.kind, Kind::Whole(_));
        w.succeeded(whole, &self.config.watch, now);
        if let Kind::Whole(reason) = done.kind {
            *w.rescans.entry(reason).or_default() += 1;
            w.incomplete = done.failures.len();
        }
        w.seen.root = Some(done.root.clone());
        w.seen.commit.clone_from(&done.commit);
        w.seen.branch.clone_from(&done.branch);
        w.seen.files = done.files;
        let lag = since.map(|since| now.saturating_duration_since(since));
        let kind = match done.kind {
            Kind::Part => "partial",
            Kind::Whole(_) => "whole",
            Kind::Judged => "judged",
        };
        self.metrics.look(kind, took.long());
        self.metrics.contents(done.contents_read, done.known as u64, done.bytes_read);
        if done.news > 0 {
            self.metrics.commit(done.committed);
        }
        // What was there before the service was did not change just now.
        let first = matches!(done.kind, Kind::Whole(Reason::Start | Reason::Damage));
        if let Some(lag) = lag.filter(|_| !first && done.news > 0) {
            self.metrics.verdict(lag);
        }
        tracing::debug!(
            root = %done.root.display(),
            kind = ?done.kind,
            files = done.files,
            news = done.news,
            read = done.contents_read,
            took = ?took.long(),
            ?lag,
            "looked"
        );
        if self.right((Some(id), About::Look)) {
            tracing::info!(root = %done.root.display(), "well again");
            self.note_checkout(id, Became::Well);
        } else if first {
            // It may have been otherwise when the service ended.
            self.note_checkout(id, Became::Well);
        }
        // Nobody may follow the events.
        self.events.send_if_modified(|last| std::mem::replace(last, done.event) != done.event);
        if let Some(nested) = done.nested {
            self.set_nested(id, &nested);
        }
        self.answer_waiting();
    }

    /// Watches the checkouts that were found inside another, and no others.
    fn set_nested(&mut self, inside: Id, nested: &[PathBuf]) {
        let Some(outer) = self.watched.get(&inside) else { return };
        let Target { no_untracked, include_ignored, .. } = outer.target;
        let known: BTreeMap<PathBuf, Id> = self
            .watched
            .values()
            .filter(|w| w.inside == Some(inside))
            .map(|w| (w.target.path.clone(), w.id))
            .collect();
        for (path, id) in &known {
            if !nested.contains(path) {
                self.drop_checkout(*id);
            }
        }
        for path in nested.iter().filter(|p| !known.contains_key(*p)) {
            let view = View::Worktree;
            let target = Target { path: path.clone(), view, no_untracked, include_ignored };
            self.add_checkout(target, Some(inside));
        }
    }

    fn add_checkout(&mut self, target: Target, inside: Option<Id>) {
        if self.watched.values().any(|w| w.target == target) {
            return;
        }
        let id = self.next_id;
        self.next_id += 1;
        let wake = self.messages.clone();
        let inbox = Inbox::new(Box::new(move || _ = wake.send(Message::Wake)));
        let watched = Watched::new(id, target, inside, inbox, clock::tick());
        self.watched.insert(id, watched);
        self.arming.insert(id);
    }

    fn drop_checkout(&mut self, id: Id) {
        let inner: Vec<Id> =
            self.watched.values().filter(|w| w.inside == Some(id)).map(|w| w.id).collect();
        for id in inner {
            self.drop_checkout(id);
        }
        self.arming.remove(&id);
        self.problems.retain(|(of, _), _| *of != Some(id));
        if let (Some(w), Some(jobs)) = (self.watched.remove(&id), &self.jobs) {
            // The worker is there as long as the service.
            let _ = jobs.send(Job::Forget(w.target));
        }
    }

    /// Watches the checkouts that the configuration names, and no others.
    fn set_checkouts(&mut self) {
        // First: what comes from here on is told.
        if let Some(beside) = &mut self.beside {
            beside.set_directories(&self.config.parents());
        }
        let mut wanted: BTreeSet<Target> = BTreeSet::new();
        for (path, entry) in self.config.directories() {
            let target = |view: View| Target {
                path: path.clone(),
                view,
                no_untracked: entry.no_untracked,
                include_ignored: entry.include_ignored,
            };
            if entry.revisions.is_empty() {
                wanted.insert(target(View::Worktree));
            }
            wanted.extend(entry.revisions.iter().map(|r| target(View::Revision(r.clone()))));
        }
        let gone: Vec<Id> = self
            .watched
            .values()
            .filter(|w| w.inside.is_none() && !wanted.contains(&w.target))
            .map(|w| w.id)
            .collect();
        for id in gone {
            self.drop_checkout(id);
        }
        for target in wanted {
            self.add_checkout(target, None);
        }
    }

    fn watch_files(&mut self, paths: &[PathBuf]) {
        let mut paths = paths.to_vec();
        if self.delivers {
            paths.extend(self.config.webhooks.iter().flat_map(crate::config::Webhook::files));
        }
        if let Some(files) = &mut self.files {
            files.set(&paths);
        }
    }

    /// Reads the configuration and what it names anew. What is wrong leaves the old in force.
    fn reload(&mut self) -> Result<(), Failure> {
        let about = (None, About::Configuration);
        let loaded = match tools::load(&self.path, Some(&self.tools)) {
            Ok(loaded) => loaded,
            Err(failure) => {
                let what = failure.in_a_line();
                if self.wrong(about, what.clone(), failure.help.clone()) {
                    tracing::error!("{what}; the configuration before stays in force");
                }
                return Err(failure);
            }
        };
        if self.right(about) {
            tracing::info!("the configuration is right again");
        }
        let Loaded { config, tools, files } = loaded;
        let same_engine = Arc::ptr_eq(&tools.detector, &self.tools.detector)
            && tools.max_size == self.tools.max_size;
        let same_policy = tools.policy.digest == self.tools.policy.digest;
        if config.store != self.config.store || config.control != self.config.control {
            tracing::warn!("another store or control socket needs a restart");
        }
        let same = config.digest == self.config.digest;
        self.config = config;
        self.set_checkouts();
        self.watch_files(&files);
        let enrolled = self.config.clone();
        self.note(move |store| deliver::enrol(store, &enrolled));
        self.set_deliverer();
        if same && same_engine && same_policy {
            return Ok(());
        }
        self.loaded = Moment::now();
        tracing::info!(policy = tools.policy.digest, "the configuration was read anew");
        self.tools = Arc::clone(&tools);
        if let Some(jobs) = &self.jobs {
            // The worker is there as long as the service.
            let _ = jobs.send(Job::Tools(tools));
        }
        self.note_policy();
        self.note_waivers();
        for w in self.watched.values_mut() {
            w.judge |= !same_policy;
            if !same_engine {
                w.inbox.put(Change::Everything(Reason::Configuration));
            }
        }
        Ok(())
    }

    /// Says what does not move; the watchdog gets nothing.
    fn stuck(&mut self, what: &str) {
        let help = "systemd's watchdog restarts the service; please report it with the journal";
        if self.wrong((None, About::Worker), what.into(), Some(help.into())) {
            tracing::error!("{what}");
        }
    }

    /// Feeds the watchdog while all threads show life.
    fn beat(&mut self, now: Instant) {
        if let Some(busy) = &mut self.busy {
            let sign = self.progress.signs();
            if sign != busy.sign {
                (busy.sign, busy.seen) = (sign, now);
            }
            if now.saturating_duration_since(busy.seen) < STALL {
                supervisor::alive();
                if !self.ready {
                    supervisor::patience(STALL);
                }
            } else {
                self.stuck("the worker does not move any more");
            }
            return;
        }
        if self.beat.asked {
            self.stuck("the worker does not answer");
            return;
        }
        let watchers = self.watched.values().filter_map(|w| w.watcher.clone()).collect();
        self.beat.asked = self.jobs.as_ref().is_some_and(|j| j.send(Job::Ping(watchers)).is_ok());
    }

    /// Says a failure once, not at every try.
    fn say_failure(&mut self, id: Id, failure: &Failure) {
        let what = failure.in_a_line();
        if self.wrong((Some(id), About::Look), what.clone(), failure.help.clone())
            && let Some(w) = self.watched.get(&id)
        {
            let help = failure.help.clone();
            tracing::error!(
                root = %w.target.path.display(),
                help = help.as_deref().unwrap_or_default(),
                "{what}"
            );
            let became = match w.doing {
                Doing::Unreachable => Became::Unreachable { what, help },
                _ => Became::Failed { what, help },
            };
            self.note_checkout(id, became);
        }
    }

    /// Writes something to the store when the worker comes to it.
    fn note(&self, write: impl FnOnce(&Store) -> Result<(), Failure> + Send + 'static) {
        let task = move |store: &mut Store| {
            if let Err(e) = write(store) {
                tracing::warn!(error = e.in_a_line(), "what happened could not be written down");
            }
        };
        if let Some(jobs) = &self.jobs {
            // The worker is there as long as the service.
            let _ = jobs.send(Job::Note(Box::new(task)));
        }
    }

    fn note_checkout(&self, id: Id, became: Became) {
        let Some(w) = self.watched.get(&id) else { return };
        let (root, view) = (root(w), w.target.view.name());
        self.note(move |store| notes::checkout(store, &root, &view, &became, Moment::now()));
    }

    fn note_policy(&self) {
        let policy = Arc::clone(&self.tools.policy);
        self.note(move |store| notes::policy(store, &policy, Moment::now()));
    }

    fn note_waivers(&self) {
        let policy = Arc::clone(&self.tools.policy);
        let (leads, today) = (self.config.waiver_leads.clone(), self.day);
        self.note(move |store| notes::waivers(store, &policy, &leads, today, Moment::now()));
    }

    /// Delivers to the webhooks of the configuration, if this process is to.
    fn set_deliverer(&mut self) {
        if !self.delivers {
            return;
        }
        match &mut self.deliverer {
            Some(deliverer) => deliverer.set(&self.config),
            None if self.config.webhooks.is_empty() => {}
            None => match Deliverer::start(&self.config) {
                Ok(deliverer) => self.deliverer = Some(deliverer),
                Err(e) => tracing::warn!(error = e.in_a_line(), "no webhooks from this process"),
            },
        }
    }

    /// Notes what is wrong; tells whether that is news.
    fn wrong(&mut self, key: (Option<Id>, About), what: String, help: Option<String>) -> bool {
        if self.problems.get(&key).is_some_and(|known| known.what == what) {
            return false;
        }
        self.problems.insert(key, Wrong { what, help, since: Moment::now() });
        true
    }

    fn right(&mut self, key: (Option<Id>, About)) -> bool {
        self.problems.remove(&key).is_some()
    }

    fn answer(&mut self, question: Question) {
        // Who asked may be gone by now.
        match question {
            Question::Status(reply) => _ = reply.send(self.say()),
            Question::Rescan(path, reply) => _ = reply.send(self.rescan(path.as_deref())),
            Question::Reload(reply) => {
                self.reload_at = None;
                _ = reply.send(self.reload());
            }
            Question::Wait(ticket, reply) => {
                self.waiting.push((ticket, reply));
                self.answer_waiting();
            }
        }
    }

    /// Asks for a look at everything.
    fn rescan(&mut self, path: Option<&Path>) -> Result<u64, Failure> {
        let asked: Vec<Id> = match path {
            None => self.watched.keys().copied().collect(),
            Some(path) => {
                let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
                let root = |w: &Watched| {
                    let root = w.seen.root.clone().unwrap_or_else(|| w.target.path.clone());
                    path.starts_with(&root).then(|| root.as_os_str().len())
                };
                let nearest = self.watched.values().filter_map(root).max();
                let at = self.watched.values().filter(|w| nearest.is_some() && root(w) == nearest);
                at.map(|w| w.id).collect()
            }
        };
        if asked.is_empty() {
            let shown = path.map(|p| visible(p.as_os_str().as_encoded_bytes()));
            let shown = shown.unwrap_or_else(|| "the configuration".into());
            return Err(Failure::new(format!("there is no watched checkout at or above {shown}"))
                .help("`lictor status` lists the checkouts that are watched"));
        }
        let mut ticket = Vec::new();
        for id in asked {
            if let Some(w) = self.watched.get_mut(&id) {
                ticket.push((id, w.ask()));
            }
        }
        let number = self.next_ticket;
        self.next_ticket += 1;
        self.tickets.insert(number, ticket);
        if self.tickets.len() > MOST_TICKETS {
            self.tickets.pop_first();
        }
        Ok(number)
    }

    /// Answers those who wait for looks that are done.
    fn answer_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (ticket, reply) in waiting {
            let asked = self.tickets.get(&ticket).map_or(&[][..], Vec::as_slice);
            let is_done =
                |(id, n): &(Id, u64)| self.watched.get(id).is_none_or(|w| w.answered >= *n);
            if !asked.iter().all(is_done) {
                self.waiting.push((ticket, reply));
                continue;
            }
            let came = asked.iter().filter_map(|(id, _)| self.watched.get(id)).map(|w| Rescanned {
                root: root(w),
                view: w.target.view.name(),
                why: self.why(w),
                files: w.seen.files as u64,
                open: Open::default(),
                waived: 0,
            });
            // Who asked may be gone by now.
            let _ = reply.send(came.collect());
        }
        let most = self.waiting.len().saturating_sub(MOST_TICKETS);
        self.waiting.drain(..most);
    }

    /// Why a checkout is not as it should be.
    fn why(&self, w: &Watched) -> Option<String> {
        let wrong = |about| self.problems.get(&(Some(w.id), about)).map(|p| p.what.clone());
        let incomplete = (w.incomplete > 0)
            .then(|| format!("{} files or directories could not be looked at", w.incomplete));
        wrong(About::Look).or_else(|| wrong(About::Watching)).or(incomplete)
    }

    /// What the service says of itself; violations are counted by whoever asks.
    fn say(&self) -> Status {
        let mut problems: Vec<(Moment, Problem)> = Vec::new();
        for ((id, _), wrong) in &self.problems {
            let about = id.and_then(|id| self.watched.get(&id)).map(root);
            let what = match about {
                Some(root) => format!("{root}: {}", wrong.what),
                None => wrong.what.clone(),
            };
            let problem = Problem { what, since: wrong.since.rfc3339(), help: wrong.help.clone() };
            problems.push((wrong.since, problem));
        }
        problems.sort_by_key(|(since, _)| *since);
        let starting = self.watched.values().any(|w| w.doing == Doing::Waiting && w.turn == 0);
        let state = match () {
            () if self.stopping => State::Stopping,
            () if !problems.is_empty() => State::Degraded,
            () if starting || !self.ready => State::Starting,
            () => State::Watching,
        };
        let policy = &self.tools.policy;
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let size = |end: &str| {
            let mut path = self.config.store.clone().into_os_string();
            path.push(end);
            std::fs::metadata(path).map_or(0, |m| m.len())
        };
        let mut checkouts: Vec<CheckoutStatus> =
            self.watched.values().map(|w| self.say_checkout(w)).collect();
        checkouts.sort_by(|a, b| (&a.root, &a.view).cmp(&(&b.root, &b.view)));
        Status {
            version: env!("CARGO_PKG_VERSION").into(),
            pid: std::process::id(),
            started: self.started.rfc3339(),
            state,
            problems: problems.into_iter().map(|(_, problem)| problem).collect(),
            config: ConfigStatus {
                path: shown(&self.config.origin),
                digest: self.config.digest.clone(),
                loaded: self.loaded.rfc3339(),
            },
            policy: PolicyStatus {
                name: policy.name.clone(),
                origin: policy.origin.clone(),
                digest: policy.digest.clone(),
            },
            store: StoreStatus { path: shown(&self.config.store), bytes: size("") + size("-wal") },
            watches: Watches {
                used: self.watches() as u64,
                limit: most_watches(),
                polling: self.watched.values().any(|w| w.is_polled(&self.config.watch)),
            },
            checkouts,
            // What became of messages is in the store, which whoever asks reads.
            webhooks: Vec::new(),
        }
    }

    fn say_checkout(&self, w: &Watched) -> CheckoutStatus {
        let time = |at: Option<Moment>| at.map(Moment::rfc3339);
        let looking = w.doing == Doing::Looking;
        let count = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
        let (all, done) = (count(&self.progress.contents), count(&self.progress.contents_done));
        let percent = u8::try_from((done * 100).checked_div(all).unwrap_or(0)).ok();
        CheckoutStatus {
            root: root(w),
            view: w.target.view.name(),
            state: match w.doing {
                Doing::Waiting => CheckoutState::Waiting,
                Doing::Looking => CheckoutState::Scanning,
                Doing::Holding => CheckoutState::Holding,
                Doing::Unreachable => CheckoutState::Unreachable,
                Doing::Failed => CheckoutState::Failed,
                Doing::Quiet if w.is_polled(&self.config.watch) => CheckoutState::Polling,
                Doing::Quiet => CheckoutState::Watching,
            },
            why: self.why(w),
            commit: w.seen.commit.clone(),
            branch: w.seen.branch.clone(),
            files: w.seen.files as u64,
            open: Open::default(),
            waived: 0,
            pending: w.inbox.dirty().len() as u64,
            last_scan: time(w.seen.last),
            last_whole_scan: time(w.seen.last_whole),
            rescans: w.rescans.iter().map(|(r, n)| (r.as_str().to_owned(), *n)).collect(),
            done: percent.filter(|_| looking && all > 0),
        }
    }

    fn tell_status(&mut self) {
        let count = |doing: Doing| self.watched.values().filter(|w| w.doing == doing).count();
        let (all, bad) = (self.watched.len(), count(Doing::Failed) + count(Doing::Unreachable));
        let plural = if all == 1 { "" } else { "s" };
        let mut status = format!("{all} checkout{plural}");
        if bad > 0 {
            status += &format!(", {bad} in trouble");
        }
        if self.problems.contains_key(&(None, About::Configuration)) {
            status += ", the configuration on disk is wrong";
        }
        let first = |w: &&Watched| w.doing == Doing::Looking && w.seen.last.is_none();
        if let Some(w) = self.watched.values().find(first) {
            let shown = visible(w.target.path.as_os_str().as_encoded_bytes());
            status += &format!(", first look at {shown}");
        }
        if status != self.status {
            supervisor::status(&status);
            self.status = status;
        }
    }
}

fn root(w: &Watched) -> String {
    let path = w.seen.root.as_ref().unwrap_or(&w.target.path);
    path.to_string_lossy().into_owned()
}
