// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Whatever happens in a checkout, and however badly it is told: once all is looked at, what is
//! known equals what a fresh scan finds. The watcher is a script that doubles, shuffles and loses
//! events; what it loses it admits to, as the kernel does, or is met by reconciling.

mod common;

use std::path::Path;
use std::sync::Arc;

use common::known::{fresh, known, tools};
use common::{Sandbox, tag, text};
use lictor::clock;
use lictor::daemon::pass::{Looker, Target, Tools};
use lictor::detect::Detector;
use lictor::licenses::Licenses;
use lictor::plan::View;
use lictor::policy::Policy;
use lictor::scan::Progress;
use lictor::store::Store;
use lictor::watch::{Change, Dirty, Reason};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

const FILES: [&str; 14] = [
    "a.c",
    "d/b.c",
    "d/e/c.c",
    "d.c",
    "d/e.c",
    "LICENSE",
    "d/COPYING",
    "d/package.json",
    ".gitignore",
    "d/.lictorignore",
    "d/e/x.log",
    "vendor/lib/z.c",
    "vendor/lib/LICENSE",
    "notes.html",
];

const DIRECTORIES: [&str; 5] = ["d", "d/e", "vendor", "vendor/lib", "new"];

/// Something that is done, to files and directories by number, and what becomes of its events.
#[derive(Debug, Clone)]
enum Step {
    Write(usize, usize),
    Remove(usize),
    Move(usize, usize),
    MoveDirectory(usize, usize),
    RemoveDirectory(usize),
    Link(usize),
    Add(usize),
    Commit,
    Switch,
    Tell(Told),
    Look,
    Judge(usize),
}

/// What becomes of the events since the last time.
#[derive(Debug, Clone, Copy)]
enum Told {
    Well,
    Twice,
    Backwards,
    /// Lost, and the watcher says so.
    Overflow,
}

fn contents() -> Vec<Vec<u8>> {
    vec![
        tag("MIT").into_bytes(),
        tag("AGPL-3.0-only").into_bytes(),
        tag("GPL-2.0-only OR MIT").into_bytes(),
        text("ISC").as_bytes().to_vec(),
        b"int main(void) { return 0; }\n".to_vec(),
        b"/* See the file COPYING for the license of this file. */\n".to_vec(),
        // In two parts, so that this file is not under it.
        format!("/* Licensed under the {}, see the file LICENSE. */\n", "GPL").into_bytes(),
        b"*.log\ne/\n".to_vec(),
        b"{ \"license\": \"BSD-3-Clause\" }\n".to_vec(),
        b"\x7fELF\0\0\0\0".to_vec(),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let file = || 0..FILES.len();
    let directory = || 0..DIRECTORIES.len();
    prop_oneof![
        8 => (file(), 0usize..10).prop_map(|(f, c)| Step::Write(f, c)),
        2 => file().prop_map(Step::Remove),
        2 => (file(), file()).prop_map(|(a, b)| Step::Move(a, b)),
        1 => (directory(), directory()).prop_map(|(a, b)| Step::MoveDirectory(a, b)),
        1 => directory().prop_map(Step::RemoveDirectory),
        1 => file().prop_map(Step::Link),
        1 => file().prop_map(Step::Add),
        1 => Just(Step::Commit),
        1 => Just(Step::Switch),
        4 => prop_oneof![
            4 => Just(Told::Well),
            1 => Just(Told::Twice),
            1 => Just(Told::Backwards),
            1 => Just(Told::Overflow),
        ].prop_map(Step::Tell),
        5 => Just(Step::Look),
        1 => (0usize..2).prop_map(Step::Judge),
    ]
}

/// A checkout, what is known of it, and what was not told yet.
struct Watched {
    s: Sandbox,
    looker: Looker,
    target: Target,
    policies: Vec<Arc<Policy>>,
    policy: usize,
    dirty: Dirty,
    untold: Vec<Change>,
}

impl Watched {
    fn new(detector: &Arc<Detector>) -> Watched {
        let s = Sandbox::repo();
        let licenses = Licenses::builtin();
        let file = s.state_dir().join("policy.toml");
        // It asks for components, and for what their manifests declare.
        let text = "version = 1\nname = 'strict'\n[categories]\npermissive = 'review'\n\
                    [[rule]]\nid = 'vendored'\nlicense = 'ISC'\noutcome = 'deny'\n\
                    component = 'vendor/**'\n\
                    [[rule]]\nid = 'else'\nlicense = 'MIT'\noutcome = 'deny'\nundeclared = true\n";
        std::fs::write(&file, text).expect("a policy");
        let strict = Policy::load(&file, licenses);
        let strict = strict.unwrap_or_else(|e| {
            assert_eq!(format!("{e:?}"), "", "the policy of this test");
            Policy::builtin(licenses)
        });
        let policies = vec![Arc::new(Policy::builtin(licenses)), Arc::new(strict)];
        let tools = tools(detector, &policies[0]);
        let store = Store::open(&s.store()).expect("a store");
        let looker = Looker::new(store, tools);
        let target = Target {
            path: s.dir.clone(),
            view: View::Worktree,
            no_untracked: false,
            include_ignored: false,
        };
        let mut dirty = Dirty::default();
        dirty.add(Change::Everything(Reason::Start), clock::tick());
        Watched { s, looker, target, policies, policy: 0, dirty, untold: Vec::new() }
    }

    fn happened(&mut self, path: &str) {
        self.untold.push(match path.starts_with(".git/") {
            true => Change::Git,
            false => Change::At(path.as_bytes().to_vec()),
        });
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        let s = self.s.clone();
        let is_dir = |p: &str| s.path(p).symlink_metadata().is_ok_and(|m| m.is_dir());
        // A directory may be where a file is to be, or the other way round: then nothing is done.
        match *step {
            Step::Write(f, c) => {
                let path = s.path(FILES[f]);
                let parent = path.parent().expect("a directory");
                if std::fs::create_dir_all(parent).is_ok()
                    && std::fs::write(&path, &contents()[c]).is_ok()
                {
                    // The directory that came, if one did, and the file.
                    let parts = FILES[f].match_indices('/').map(|(n, _)| &FILES[f][..n]);
                    let came: Vec<&str> = parts.collect();
                    for directory in came {
                        self.happened(directory);
                    }
                    self.happened(FILES[f]);
                }
            }
            Step::Remove(f) => {
                if std::fs::remove_file(s.path(FILES[f])).is_ok() {
                    self.happened(FILES[f]);
                }
            }
            Step::Move(a, b) => {
                let to_dir = s.path(FILES[b]).parent().is_some_and(Path::is_dir);
                if to_dir
                    && !is_dir(FILES[b])
                    && std::fs::rename(s.path(FILES[a]), s.path(FILES[b])).is_ok()
                {
                    self.happened(FILES[a]);
                    self.happened(FILES[b]);
                }
            }
            Step::MoveDirectory(a, b) => {
                let (from, to) = (DIRECTORIES[a], DIRECTORIES[b]);
                if std::fs::rename(s.path(from), s.path(to)).is_ok() {
                    self.happened(from);
                    self.happened(to);
                }
            }
            Step::RemoveDirectory(d) => {
                if std::fs::remove_dir_all(s.path(DIRECTORIES[d])).is_ok() {
                    self.happened(DIRECTORIES[d]);
                }
            }
            Step::Link(f) => {
                if std::os::unix::fs::symlink("a.c", s.path(FILES[f])).is_ok() {
                    self.happened(FILES[f]);
                }
            }
            Step::Add(f) => {
                let _ = s.try_git(&["add", "-f", "--", FILES[f]]);
                self.happened(".git/index");
            }
            Step::Commit => {
                s.commit();
                self.happened(".git/HEAD");
            }
            Step::Switch => {
                // Back and forth between the last two commits, as far as there are two.
                let before = s.try_git(&["ls-files", "-s"]).unwrap_or_default();
                let _ = s.try_git(&["checkout", "-q", "-f", "@~1"]);
                let after = s.try_git(&["ls-files", "-s"]).unwrap_or_default();
                if before != after {
                    for f in FILES.iter().chain(&DIRECTORIES) {
                        self.happened(f);
                    }
                }
                self.happened(".git/HEAD");
            }
            Step::Tell(told) => self.tell(told),
            Step::Look => self.look()?,
            Step::Judge(policy) => {
                self.policy = policy;
                let tools = Tools {
                    policy: Arc::clone(&self.policies[policy]),
                    ..Tools::clone(self.looker.tools())
                };
                self.looker.set_tools(Arc::new(tools));
                let done = self.looker.judge(&self.target, None, &Progress::default());
                done.map_err(|e| format!("{e:?}"))?;
            }
        }
        Ok(())
    }

    fn tell(&mut self, told: Told) {
        let mut changes = std::mem::take(&mut self.untold);
        match told {
            Told::Well => {}
            Told::Twice => changes.extend(changes.clone()),
            Told::Backwards => changes.reverse(),
            Told::Overflow => changes = vec![Change::Everything(Reason::Overflow)],
        }
        for change in changes {
            self.dirty.add(change, clock::tick());
        }
    }

    fn look(&mut self) -> Result<(), String> {
        let Some(work) = self.dirty.take() else { return Ok(()) };
        let done = self.looker.look(&self.target, &work, None, &Progress::default());
        let done = done.map_err(|e| format!("{e:?}"))?;
        if let Some(difference) = self.looker.differs(&self.target).map_err(|e| e.to_string())? {
            return Err(format!(
                "after {work:?} ({:?}) memory is not the store's:\n{difference}",
                done.kind
            ));
        }
        Ok(())
    }

    /// All that is known, as lines.
    fn known(&mut self) -> Vec<String> {
        let checkout = self.target.find().expect("the checkout is there");
        let engine = self.looker.tools().detector.engine();
        known(self.looker.store(), &checkout, &engine)
    }

    /// All that a fresh scan finds.
    fn fresh(&self) -> Vec<String> {
        fresh(&self.s, &self.target, self.looker.tools())
    }
}

#[test]
fn whatever_is_told_what_is_known_is_what_a_fresh_scan_finds() {
    let detector = Arc::new(Detector::new(Licenses::builtin()));
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let steps = prop::collection::vec(step(), 1..40);
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        let mut w = Watched::new(&detector);
        let fail = |e: String| TestCaseError::fail(e);
        for step in &steps {
            w.step(step).map_err(fail)?;
        }
        w.tell(Told::Well);
        w.look().map_err(fail)?;
        prop_assert_eq!(w.known(), w.fresh());
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.map_or_else(|e| e.to_string(), |()| String::new()));
}
