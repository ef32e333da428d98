// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The kernel's own events, on real trees: whatever is done while a checkout is watched and looked
//! at, once the events of it have come and are looked at, what is known is what a fresh scan
//! finds. That all events have come is told by a cookie: a file that is written last.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::known::{fresh, known, tools};
use common::{Sandbox, tag, text};
use crossbeam_channel::{Receiver, unbounded};
use lictor::daemon::pass::{Looker, Target};
use lictor::detect::Detector;
use lictor::licenses::Licenses;
use lictor::plan::{View, Watching as _};
use lictor::policy::Policy;
use lictor::scan::Progress;
use lictor::store::Store;
use lictor::watch::{Change, Inbox, Reason, Watcher, Work};

/// A random number generator that is the same every time (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("it is small")
    }
}

/// A checkout that is watched by the kernel and looked at by a thread of its own.
struct Watched {
    s: Sandbox,
    looker: Looker,
    target: Target,
    inbox: Arc<Inbox>,
    watcher: Arc<Watcher>,
    woken: Receiver<()>,
    cookies: AtomicUsize,
}

impl Watched {
    fn new(s: Sandbox) -> Watched {
        let licenses = Licenses::builtin();
        let policy = Arc::new(Policy::builtin(licenses));
        let tools = tools(&Arc::new(Detector::new(licenses)), &policy);
        let store = Store::open(&s.store()).expect("a store");
        let looker = Looker::new(store, tools);
        let view = View::Worktree;
        let path = s.dir.clone();
        let target = Target { path, view, no_untracked: false, include_ignored: false };
        let (wake, woken) = unbounded();
        let inbox = Inbox::new(Box::new(move || _ = wake.send(())));
        inbox.put(Change::Everything(Reason::Start));
        let watcher = Arc::new(watcher(&s, &inbox));
        Watched { s, looker, target, inbox, watcher, woken, cookies: AtomicUsize::new(0) }
    }

    /// Looks at what there is to look at; gives whether it covers a path.
    fn look(&mut self, path: &str) -> bool {
        let work = self.inbox.dirty().take();
        let Some(work) = work else { return false };
        if matches!(work, Work::Everything(reason) if reason.doubts_watches()) {
            self.watcher = Arc::new(watcher(&self.s, &self.inbox));
        }
        let done =
            self.looker.look(&self.target, &work, Some(&*self.watcher), &Progress::default());
        done.expect("a look");
        assert_eq!(self.watcher.take_unwatchable(), None);
        assert_eq!(self.looker.differs(&self.target).expect("the store can be read"), None);
        match work {
            Work::Everything(_) => true,
            Work::Spots(spots) => spots.iter().any(|s| &**s == path.as_bytes()),
        }
    }

    /// Looks until all that was done before is looked at.
    #[track_caller]
    fn settle(&mut self) {
        let n = self.cookies.fetch_add(1, Ordering::Relaxed);
        let cookie = format!("cookie-{n}");
        self.s.write(&cookie, "");
        while !self.look(&cookie) {
            let woken = self.woken.recv_timeout(Duration::from_secs(30));
            woken.expect("an event of the cookie");
        }
        // The look may have been of everything, before the cookie was there: once more.
        while self.look("") {}
        assert_eq!(self.known(), fresh(&self.s, &self.target, self.looker.tools()));
    }

    fn known(&mut self) -> Vec<String> {
        let checkout = self.target.find().expect("the checkout");
        let engine = self.looker.tools().detector.engine();
        known(self.looker.store(), &checkout, &engine)
    }
}

fn watcher(s: &Sandbox, inbox: &Arc<Inbox>) -> Watcher {
    let watcher = Watcher::new(&s.dir, Arc::clone(inbox)).expect("an instance of inotify");
    watcher.watch_git(&s.dir.join(".git"), &s.dir.join(".git"));
    watcher.directory(b"");
    watcher
}

fn contents() -> Vec<Vec<u8>> {
    vec![
        tag("MIT").into_bytes(),
        tag("AGPL-3.0-only").into_bytes(),
        text("ISC").as_bytes().to_vec(),
        b"int main(void) { return 0; }\n".to_vec(),
        b"/* See the file COPYING for the license of this file. */\n".to_vec(),
        b"*.o\nout/\n".to_vec(),
    ]
}

/// Does something to a tree, whatever is there; what cannot be done is not.
fn something(s: &Sandbox, dice: &mut Dice, contents: &[Vec<u8>]) {
    let directories = ["", "a/", "a/b/", "a/b/c/", "d/", "d/e/", "out/"];
    let names = ["x.c", "y.c", "z.o", "COPYING", ".gitignore", "n.txt"];
    let directory = |d: &mut Dice| directories[d.roll(directories.len())];
    let file = |d: &mut Dice| s.path(format!("{}{}", directory(d), names[d.roll(names.len())]));
    match dice.roll(20) {
        0..8 => {
            let path = file(dice);
            let _ = std::fs::create_dir_all(path.parent().expect("a directory"));
            let _ = std::fs::write(path, &contents[dice.roll(contents.len())]);
        }
        8..11 => _ = std::fs::remove_file(file(dice)),
        11..14 => _ = std::fs::rename(file(dice), file(dice)),
        14 | 15 => {
            let (from, to) = (s.path(directory(dice)), s.path(directory(dice)));
            if from != s.dir && to != s.dir {
                let _ = std::fs::rename(from, to);
            }
        }
        16 => {
            let path = s.path(directory(dice));
            if path != s.dir {
                let _ = std::fs::remove_dir_all(path);
            }
        }
        17 => {
            // A whole directory at once, which a watch cannot be quick enough for.
            let path = s.path(format!("{}new", directory(dice)));
            let _ = std::fs::create_dir_all(path.join("deep/er"));
            for name in ["1.c", "deep/2.c", "deep/er/3.c"] {
                let _ = std::fs::write(path.join(name), &contents[dice.roll(contents.len())]);
            }
        }
        18 => {
            let _ = s.try_git(&["add", "-A"]);
            let _ = s.try_git(&["commit", "-q", "-m", "c"]);
        }
        _ => {
            let branch = ["main", "other"][dice.roll(2)];
            let _ = s.try_git(&["checkout", "-q", "-f", branch]);
        }
    }
}

/// Two branches that differ in files and directories.
fn repository() -> Sandbox {
    let s = Sandbox::repo();
    s.write("a/x.c", tag("MIT"));
    s.write("a/b/y.c", tag("ISC"));
    s.write("COPYING", text("MIT"));
    s.commit();
    s.git(&["checkout", "-q", "-b", "other"]);
    s.write("a/b/c/y.c", tag("AGPL-3.0-only"));
    s.write("d/e/x.c", tag("MIT"));
    s.remove("a/b/y.c");
    s.commit();
    s.git(&["checkout", "-q", "main"]);
    s
}

#[test]
fn whatever_happens_while_it_is_watched_is_found() {
    let contents = contents();
    for seed in 1..=6 {
        let mut w = Watched::new(repository());
        w.settle();
        for _ in 0..10 {
            let (s, done) = (w.s.clone(), Arc::new(AtomicUsize::new(0)));
            let (contents, mine) = (contents.clone(), Arc::clone(&done));
            let mut dice = Dice(seed * 7919 + w.cookies.load(Ordering::Relaxed) as u64);
            let writer = std::thread::spawn(move || {
                for _ in 0..60 {
                    something(&s, &mut dice, &contents);
                }
                mine.store(1, Ordering::Release);
            });
            // Looks in the midst of it.
            while done.load(Ordering::Acquire) == 0 {
                w.look("");
            }
            writer.join().expect("the writer");
            w.settle();
        }
    }
}

#[test]
fn a_queue_that_runs_over_is_made_good() {
    let mut w = Watched::new(repository());
    w.settle();
    {
        // Whoever hears the events waits for the inbox: the kernel's queue fills up.
        let inbox = Arc::clone(&w.inbox);
        let _held = inbox.dirty();
        for n in 0..40_000 {
            std::fs::write(w.s.path("a/x.c"), format!("{n}")).expect("writing");
            std::fs::write(w.s.path("d.c"), format!("{n}")).expect("writing");
        }
        std::fs::create_dir_all(w.s.path("lost/deep")).expect("a directory");
        std::fs::write(w.s.path("lost/deep/x.c"), tag("AGPL-3.0-only")).expect("writing");
    }
    w.settle();
    // What was lost is watched from now on.
    w.s.write("lost/deep/y.c", tag("MIT"));
    w.settle();
    assert!(w.known().iter().any(|line| line.starts_with("lost/deep/y.c")));
}
