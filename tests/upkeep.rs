// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The store over the years: backups while it is written, damage, rescue, retention, one daemon.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{Sandbox, tag, text};
use lictor::clock::Moment;
use lictor::detect::Detector;
use lictor::licenses::Licenses;
use lictor::plan::{Checkout, Selection, View};
use lictor::policy::Policy;
use lictor::scan::{Concluded, Options, Progress, Records as _};
use lictor::store::{self, Store};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use rusqlite::Connection;
use serde_json::Value;

/// Monday, 23 November 2026, 01:02:03, `later` seconds after it.
fn moment(later: u64) -> Moment {
    Moment((1_795_395_723 + later as i64) * 1_000_000_000)
}

const DAY: u64 = 24 * 60 * 60;

/// A repository with violations that was scanned.
fn scanned() -> Sandbox {
    let s = Sandbox::repo();
    for n in 0..40 {
        s.write(format!("deny/{n}.c"), format!("{}{n}\n", tag("AGPL-3.0-only")));
        s.write(format!("fine/{n}.c"), format!("{}{n}\n", tag("MIT")));
    }
    s.write("COPYING", text("ISC"));
    s.commit();
    s.lictor(&["scan"]).expect(1);
    s
}

fn backups_of(s: &Sandbox) -> PathBuf {
    s.state_dir().join("backups")
}

/// What a store says of everything but when it was looked at.
fn findings(store: &Path) -> Vec<Value> {
    let s = Sandbox::new().with("LICTOR_STORE", store);
    let mut all = s.findings(&[]);
    for finding in &mut all {
        if let Some(violation) = finding["violation"].as_object_mut() {
            violation.remove("last_seen");
        }
    }
    all
}

/// The numbers of all violations, by path and license.
fn numbers(store: &Path) -> BTreeSet<(Vec<u8>, String, i64)> {
    let db = Connection::open(store).expect("the store");
    let mut select =
        db.prepare("SELECT path, license, id FROM violation").expect("a query of violations");
    let rows = select.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)));
    rows.expect("violations").collect::<Result<_, _>>().expect("violations")
}

fn events(store: &Path) -> Vec<(i64, String, Value)> {
    let mut all = Vec::new();
    let each = &mut |e: store::Event| {
        all.push((e.seq, e.kind, serde_json::from_str(&e.detail).expect("JSON")));
        true
    };
    Store::open_existing(store).expect("the store").events(0, None, each).expect("events");
    all
}

#[track_caller]
fn is_whole(store: &Path) {
    assert_eq!(store::damage(store).expect("looking through the store"), None);
    let open = Store::open_existing(store).expect("the store");
    assert_eq!(open.verify_events().expect("reading events").broken, None);
    let db = Connection::open(store).expect("the store");
    let query = "SELECT count(*) FROM pragma_foreign_key_check";
    let dangling: i64 = db.query_row(query, [], |r| r.get(0)).expect("checking keys");
    assert_eq!(dangling, 0, "rows refer to rows that are not there");
}

fn names(directory: &Path) -> Vec<String> {
    let listing = std::fs::read_dir(directory).expect("listing a directory");
    let name = |e: std::io::Result<std::fs::DirEntry>| {
        e.expect("an entry").file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<String> = listing.map(name).collect();
    names.sort();
    names
}

// Backups.

#[test]
fn a_backup_is_made_while_others_write() {
    let s = scanned();
    let db = Connection::open(s.store()).expect("the store");
    db.execute_batch("BEGIN IMMEDIATE; INSERT INTO expression (text) VALUES ('not committed')")
        .expect("writing");
    let made = store::backup(&s.store(), &backups_of(&s), moment(0)).expect("a backup");
    db.execute_batch("COMMIT").expect("committing");
    assert_eq!(names(&backups_of(&s)), ["lictor-2026-11-23T01-02-03Z.db"]);
    let copy = Connection::open(&made).expect("the backup");
    let query = "SELECT count(*) FROM expression WHERE text = 'not committed'";
    assert_eq!(copy.query_row(query, [], |r| r.get::<_, i64>(0)), Ok(0));
    drop(copy);
    assert_eq!(findings(&made), findings(&s.store()));
    is_whole(&made);
}

#[test]
fn backups_during_a_first_scan_are_whole() {
    let s = Sandbox::repo();
    for n in 0..3000 {
        s.write(format!("{}/{n}.c", n % 50), format!("{}{n}\n", tag("AGPL-3.0-only")));
    }
    s.lictor(&["scan", "0"]).expect(1);
    let mut scan = s.start(&["scan", "-j2"]);
    let mut made = 0;
    while scan.try_wait().expect("the scan's state").is_none() {
        made += 1;
        let backup = store::backup(&s.store(), &backups_of(&s), moment(made)).expect("a backup");
        is_whole(&backup);
    }
    common::finish(scan).expect(1);
    assert!(made > 0, "the scan ended before a backup was made");
    store::rotate(&backups_of(&s), 2).expect("rotating");
    // The checks above opened them, which is why some have a log beside them.
    let left = store::backups(&backups_of(&s)).expect("listing");
    let newest = [moment(made), moment(made - 1)].map(Moment::rfc3339);
    let left: Vec<String> = left.into_iter().map(|b| b.made).take(2).collect();
    assert_eq!(left[..], newest[..left.len()]);
}

#[test]
fn backups_at_once_are_made_one_after_the_other() {
    let s = scanned();
    std::thread::scope(|threads| {
        for n in 0..4 {
            let make = move |s: &Sandbox| store::backup(&s.store(), &backups_of(s), moment(n));
            let s = &s;
            threads.spawn(move || is_whole(&make(s).expect("a backup")));
        }
    });
    assert_eq!(store::backups(&backups_of(&s)).expect("listing").len(), 4);
}

#[test]
fn no_half_backup_has_the_name_of_a_whole_one() {
    let s = scanned();
    let directory = backups_of(&s);
    std::fs::create_dir(&directory).expect("a directory");
    std::fs::write(directory.join("lictor.part"), "left by a crash").expect("writing");
    store::backup(&s.store(), &directory, moment(1)).expect("a backup");
    assert_eq!(names(&directory), ["lictor-2026-11-23T01-02-04Z.db"]);

    // What cannot be written, or not be read, leaves nothing.
    std::fs::create_dir(directory.join("lictor.part")).expect("a directory in the way");
    let error = store::backup(&s.store(), &directory, moment(2)).expect_err("no room");
    assert!(error.help.is_some_and(|h| h.contains("room")));
    std::fs::remove_dir(directory.join("lictor.part")).expect("clearing the way");
    settle(&s.store());
    overwrite_all_but_the_first_page(&s.store());
    store::backup(&s.store(), &directory, moment(3)).expect_err("the store is damaged");
    assert_eq!(names(&directory), ["lictor-2026-11-23T01-02-04Z.db"]);
}

#[test]
fn old_backups_go_and_other_files_stay() {
    let s = scanned();
    let directory = backups_of(&s);
    for n in 0..4 {
        store::backup(&s.store(), &directory, moment(n * DAY)).expect("a backup");
    }
    std::fs::write(directory.join("lictor-notes.db"), "mine").expect("writing");
    let removed = store::rotate(&directory, 2).expect("rotating");
    assert_eq!(removed.len(), 2);
    assert_eq!(
        names(&directory),
        ["lictor-2026-11-25T01-02-03Z.db", "lictor-2026-11-26T01-02-03Z.db", "lictor-notes.db"]
    );
    store::rotate(&directory, 0).expect("rotating");
    assert_eq!(store::backups(&directory).expect("listing").len(), 1, "the newest one stays");
    assert_eq!(store::backups(Path::new("/nonexistent")).expect("listing"), []);
}

#[test]
fn lictor_backup_says_what_it_wrote() {
    let s = scanned();
    let to = backups_of(&s);
    let to = to.to_str().expect("UTF-8");
    let run = s.lictor(&["backup", "--to", to, "--keep", "1"]);
    run.expect(0).shows(&["lictor-", ".db"]);
    let made = PathBuf::from(run.stdout.trim().rsplit(' ').next().expect("a path"));
    is_whole(&made);
    s.lictor(&["backup", "--to", "/proc/nothing"]).expect(2).says(&["cannot write a backup"]);
    let none = s.with("LICTOR_STORE", "/nonexistent/lictor.db");
    none.lictor(&["backup", "--to", to]).expect(2).says(&["there is no store"]);
}

#[test]
fn lictor_backup_asks_the_configuration() {
    let s = scanned();
    for n in 0..4 {
        store::backup(&s.store(), &s.path("kept"), moment(n)).expect("a backup");
    }
    let config = format!(
        "version = 1\nstore = '{}'\n[[checkout]]\npath = '.'\n\
         [backup]\ndirectory = 'kept'\nkeep = 2\n",
        s.store().display()
    );
    s.write("lictor.toml", config);
    s.lictor(&["backup", "--config", "lictor.toml"]).expect(0).shows(&["/kept/lictor-"]);
    assert_eq!(names(&s.path("kept")).len(), 2);
    s.with("LICTOR_CONFIG", "lictor.toml").lictor(&["backup", "--keep", "1"]).expect(0);
    assert_eq!(names(&s.path("kept")).len(), 1);
    s.lictor(&["backup", "--config", "none.toml"]).expect(78).says(&["none.toml"]);
}

// Damage.

fn overwrite(store: &Path, page: u64) {
    let file = std::fs::File::options().write(true).open(store).expect("the store's file");
    file.write_all_at(&[0xa5; 4096], page * 4096).expect("overwriting a page");
}

fn overwrite_all_but_the_first_page(store: &Path) {
    let pages = std::fs::metadata(store).expect("the store's file").len() / 4096;
    (1..pages).for_each(|page| overwrite(store, page));
}

/// Brings everything into the one file.
fn settle(store: &Path) {
    let db = Connection::open(store).expect("the store");
    let to_end = db.query_row("PRAGMA wal_checkpoint(truncate)", [], |r| r.get::<_, i64>(0));
    assert_eq!(to_end, Ok(0), "the log could not be written back");
}

#[test]
fn whichever_page_is_damaged_the_store_is_rescued() {
    let s = scanned();
    let before = numbers(&s.store());
    let known = findings(&s.store());
    assert!(before.len() >= 40, "there is something to lose");
    store::backup(&s.store(), &backups_of(&s), moment(0)).expect("a backup");
    settle(&s.store());
    let whole = std::fs::read(s.store()).expect("the store's bytes");
    let pages = whole.len() as u64 / 4096;
    let mut seen = 0;
    for page in 0..pages {
        for end in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", s.store().display()));
        }
        std::fs::write(s.store(), &whole).expect("the store's bytes");
        overwrite(&s.store(), page);
        // A page of text is whole whatever it says.
        if store::damage(&s.store()).expect("looking through the store").is_none() {
            continue;
        }
        seen += 1;
        let rescued = store::rescue(&s.store(), &backups_of(&s), moment(page)).expect("a rescue");
        assert!(rescued.damage.is_some() && rescued.aside.is_file(), "{rescued:?}");
        is_whole(&s.store());
        assert_eq!(numbers(&s.store()), before, "page {page}");
        let (_, kind, detail) = events(&s.store()).pop().expect("an event");
        assert_eq!(kind, "store.restored");
        assert_eq!(detail["backup"], "lictor-2026-11-23T01-02-03Z.db");
        assert_eq!(detail["made"], "2026-11-23T01:02:03Z");
    }
    assert!(seen * 10 >= pages * 9, "{seen} of {pages} damaged pages were told");
    // What is derived comes from the checkout again; what is new gets a number of its own.
    s.write("deny/new.c", tag("AGPL-3.0-only"));
    s.lictor(&["scan"]).expect(1);
    s.lictor(&["audit", "verify"]).expect(0);
    let after = numbers(&s.store());
    assert!(after.is_superset(&before) && after.len() == before.len() + 1, "{after:?}");
    s.remove("deny/new.c");
    s.lictor(&["scan"]).expect(1);
    let open = |all: Vec<Value>| -> Vec<Value> {
        all.into_iter().filter(|f| f["violation"]["state"] != "resolved").collect()
    };
    assert_eq!(open(findings(&s.store())), known);
}

#[test]
fn without_a_whole_backup_an_empty_store_takes_the_place() {
    let s = scanned();
    let directory = backups_of(&s);
    let old = store::backup(&s.store(), &directory, moment(0)).expect("a backup");
    overwrite_all_but_the_first_page(&old);
    settle(&s.store());
    let last = numbers(&s.store()).iter().map(|(_, _, id)| *id).max().expect("violations");
    let pages = std::fs::metadata(s.store()).expect("the store's file").len() / 4096;
    // The last pages are evidence and events, and not what was given numbers.
    overwrite(&s.store(), pages - 1);
    overwrite(&s.store(), pages - 2);
    assert!(store::damage(&s.store()).expect("looking through the store").is_some());
    let rescued = store::rescue(&s.store(), &directory, moment(5)).expect("a rescue");
    assert_eq!(rescued.from, None);
    assert_eq!(rescued.passed_over.len(), 1);
    let said = rescued.to_string();
    assert!(said.contains("no backup") && said.contains("damaged too"), "{said}");
    is_whole(&s.store());
    assert_eq!(events(&s.store())[0].1, "store.lost");
    // Numbers that people were told are given to nothing else.
    s.lictor(&["scan"]).expect(1);
    let lowest = numbers(&s.store()).iter().map(|(_, _, id)| *id).min().expect("violations");
    assert!(lowest > last, "{lowest} was given before");
    s.lictor(&["audit", "verify"]).expect(0);
}

#[test]
fn an_older_backup_is_taken_where_the_newest_is_damaged() {
    let s = scanned();
    let directory = backups_of(&s);
    store::backup(&s.store(), &directory, moment(0)).expect("a backup");
    let newest = store::backup(&s.store(), &directory, moment(DAY)).expect("a backup");
    overwrite_all_but_the_first_page(&newest);
    settle(&s.store());
    std::fs::write(s.store(), "").expect("emptying the store");
    assert_eq!(store::damage(&s.store()).expect("looking").as_deref(), Some("it is empty"));
    let rescued = store::rescue(&s.store(), &directory, moment(2 * DAY)).expect("a rescue");
    assert_eq!(rescued.from.map(|b| b.made).as_deref(), Some("2026-11-23T01:02:03Z"));
    assert_eq!(rescued.passed_over[0].0, newest);
    is_whole(&s.store());
}

#[test]
fn what_is_no_store_is_not_taken_for_a_damaged_one() {
    let s = Sandbox::new();
    let text = s.path("passwd");
    std::fs::write(&text, "root:x:0:0\n".repeat(700)).expect("a text");
    let error = store::damage(&text).expect_err("it is no store");
    assert!(error.message.contains("is not a store"), "{error}");
    let other = s.path("other.db");
    Connection::open(&other)
        .and_then(|db| db.execute_batch("CREATE TABLE t (x)"))
        .expect("a table");
    let error = store::damage(&other).expect_err("it is another program's");
    assert!(error.message.contains("none of lictor's"), "{error}");
}

#[test]
fn a_rescue_that_was_cut_off_is_ended_by_the_next() {
    let s = scanned();
    let directory = backups_of(&s);
    let before = numbers(&s.store());
    store::backup(&s.store(), &directory, moment(0)).expect("a backup");
    let beside = |end: &str| PathBuf::from(format!("{}{end}", s.store().display()));
    settle(&s.store());
    overwrite_all_but_the_first_page(&s.store());
    let damaged = std::fs::read(s.store()).expect("the store's bytes");

    // Before anything was set aside: what takes the place cannot be written.
    std::fs::create_dir(beside(".restoring")).expect("a directory in the way");
    store::rescue(&s.store(), &directory, moment(1)).expect_err("it cannot be written");
    assert_eq!(std::fs::read(s.store()).expect("the store's bytes"), damaged);
    assert!(!beside(".damaged-2026-11-23T01-02-04Z").exists());
    std::fs::remove_dir(beside(".restoring")).expect("clearing the way");

    // Between the two names of the store: its log cannot be moved.
    std::fs::write(beside("-wal"), "a log").expect("writing");
    std::fs::create_dir_all(beside(".damaged-2026-11-23T01-02-05Z-wal/x")).expect("in the way");
    store::rescue(&s.store(), &directory, moment(2)).expect_err("the log cannot be moved");
    assert_eq!(std::fs::read(s.store()).expect("the store's bytes"), damaged);
    std::fs::remove_dir_all(beside(".damaged-2026-11-23T01-02-05Z-wal")).expect("clearing");

    // Were the damage in the log alone, the store would look whole now, and not be.
    let said = store::damage(&s.store()).expect("looking").expect("it is half done");
    assert!(said.contains("set aside"), "{said}");
    let rescued = store::rescue(&s.store(), &directory, moment(3)).expect("a rescue");
    assert_eq!(rescued.aside, beside(".damaged-2026-11-23T01-02-05Z"));
    assert_eq!(std::fs::read(&rescued.aside).expect("what was set aside"), damaged);
    assert!(beside(".damaged-2026-11-23T01-02-05Z-wal").is_file());
    is_whole(&s.store());
    assert_eq!(numbers(&s.store()), before);
}

// One daemon a store.

#[test]
fn a_store_has_one_lock() {
    let s = Sandbox::new();
    let path = s.path("lictor.db");
    let held = store::lock(&path).expect("nobody has it");
    std::os::unix::fs::symlink(&path, s.path("link.db")).expect("a link");
    let error = store::lock(&path).expect_err("it is held");
    let own = std::process::id().to_string();
    assert!(error.message.contains(&own), "{error}");
    assert!(error.help.is_some_and(|h| h.contains("systemctl stop") && h.contains(&own)));
    // By another name it is the same store, once it is there.
    std::fs::write(&path, "").expect("a file");
    store::lock(&s.path("link.db")).expect_err("it is held");
    drop(held);
    // Whatever number the file names.
    std::fs::write(s.path("lictor.db.lock"), "1\n").expect("a number");
    // What another test starts just now has it as well until it is a program of its own.
    let patience = Instant::now() + Duration::from_secs(10);
    while let Err(e) = store::lock(&path) {
        assert!(Instant::now() < patience, "nobody has it: {e}");
        std::thread::yield_now();
    }
    let error = store::lock(Path::new("/nonexistent/lictor.db")).expect_err("no directory");
    assert!(error.message.contains("cannot lock"), "{error}");
}

// Retention.

fn engine() -> String {
    Detector::new(Licenses::builtin()).engine()
}

fn count(store: &Path, query: &str) -> i64 {
    let db = Connection::open(store).expect("the store");
    db.query_row(query, [], |r| r.get(0)).expect("a number")
}

/// The content with the highest number is kept in any case: this one.
fn stays_last(s: &Sandbox) {
    s.write("last.c", "int last;\n");
    s.lictor(&["scan"]).expect(1);
}

const MONTH: Duration = Duration::from_secs(30 * DAY);

#[test]
fn contents_that_no_file_has_are_forgotten_after_their_time() {
    let s = scanned();
    let contents = || count(&s.store(), "SELECT count(*) FROM content");
    stays_last(&s);
    let all = contents();
    for n in 0..40 {
        s.remove(format!("deny/{n}.c"));
    }
    s.lictor(&["scan"]).expect(0);
    let sweep = |days: u64| {
        let mut open = Store::open_existing(&s.store()).expect("the store");
        open.sweep(&engine(), MONTH, moment(days * DAY)).expect("a sweep")
    };
    assert_eq!(sweep(0).contents, 0, "only now they are known to be without a file");
    // One comes back, and is remembered.
    s.write("deny/7.c", format!("{}7\n", tag("AGPL-3.0-only")));
    s.lictor(&["scan"]).expect(1);
    assert_eq!(sweep(29).contents, 0);
    let swept = sweep(31);
    assert_eq!((swept.contents, contents()), (39, all - 39));
    assert_eq!(sweep(32), store::Swept::default(), "nothing is left to do");
    is_whole(&s.store());
    s.lictor(&["audit", "verify"]).expect(0);
    assert_eq!(count(&s.store(), "SELECT count(*) FROM violation"), 40);
    assert_eq!(count(&s.store(), "SELECT count(*) FROM unused"), 0);
    // A clock that was set back keeps nothing for ever.
    s.remove("deny/7.c");
    s.lictor(&["scan"]).expect(0);
    for days in [1000, 10, 41] {
        sweep(days);
    }
    assert_eq!(contents(), all - 40);
}

#[test]
fn a_store_that_shrinks_much_is_made_smaller() {
    let s = Sandbox::repo();
    for n in 0..400 {
        let matches: String = (0..40).map(|m| format!("{}{m}\n", tag("AGPL-3.0-only"))).collect();
        s.write(format!("{n}.c"), format!("{}{matches}", "\n".repeat(n)));
    }
    s.lictor(&["scan"]).expect(1);
    stays_last(&s);
    for n in 0..390 {
        s.remove(format!("{n}.c"));
    }
    s.lictor(&["scan"]).expect(1);
    settle(&s.store());
    let size = || std::fs::metadata(s.store()).expect("the store's file").len();
    let before = size();
    let mut open = Store::open_existing(&s.store()).expect("the store");
    open.sweep(&engine(), MONTH, moment(0)).expect("a sweep");
    // Somebody reads all the while.
    let reader = Connection::open(s.store()).expect("the store");
    let mut select = reader.prepare("SELECT id FROM content").expect("a query");
    let mut rows = select.query([]).expect("rows");
    rows.next().expect("a row");
    let swept = open.sweep(&engine(), MONTH, moment(40 * DAY)).expect("a sweep");
    assert!(swept.vacuumed && swept.contents == 390, "{swept:?}");
    drop(rows);
    drop(select);
    drop(reader);
    settle(&s.store());
    assert!(size() * 2 < before, "{before} bytes became {}", size());
    is_whole(&s.store());
}

#[test]
fn a_scan_that_rests_on_what_was_swept_fails_and_the_next_is_right() {
    let s = Sandbox::repo();
    s.write("a.c", tag("AGPL-3.0-only"));
    s.lictor(&["scan"]).expect(1);
    let old = std::fs::read(s.path("a.c")).expect("a file");
    s.write_at("a.c", tag("MIT"), 1);
    s.lictor(&["scan"]).expect(0);
    let sweep = |days: u64| {
        let mut open = Store::open_existing(&s.store()).expect("the store");
        open.sweep(&engine(), MONTH, moment(days * DAY)).expect("a sweep").contents
    };
    sweep(0);
    s.write_at("a.c", old, 2);
    let licenses = Licenses::builtin();
    let (detector, policy) = (Detector::new(licenses), Policy::builtin(licenses));
    let scan = |records: &mut Store| {
        let checkout = Checkout::find(&s.dir, View::Worktree).expect("a checkout");
        let options = Options {
            selection: Selection::default(),
            max_size: 1 << 20,
            output: None,
            started: moment(50 * DAY),
            keep_matches: true,
            watching: None,
        };
        let progress = Progress::default();
        lictor::scan::scan(checkout, &detector, licenses, &policy, records, &options, &progress)
            .expect("a scan")
    };
    let mut open = Store::open_existing(&s.store()).expect("the store");
    let scanned = scan(&mut open);
    assert_eq!(scanned.contents_read, 1);
    assert_eq!(sweep(40), 1, "what was looked up has had no file for long");
    let concluded = open.conclude(&scanned).expect("it is told");
    assert_eq!(concluded, Concluded::Overtaken, "it rests on nothing");
    is_whole(&s.store());
    // The same store, with all that it has in memory of numbers that are gone.
    let scanned = scan(&mut open);
    open.conclude(&scanned).expect("the next scan looks anew");
    is_whole(&s.store());
    let found = findings(&s.store());
    let deny = found.iter().find(|f| f["path"] == "a.c").expect("a finding");
    assert_eq!(deny["expression"], "AGPL-3.0-only");
    assert_eq!(deny["violation"]["state"], "open");
}

/// What is done to a checkout and its store.
#[derive(Debug, Clone)]
enum Step {
    Write(usize, usize),
    Delete(usize),
    Rename(usize, usize),
    Scan,
    /// By a lictor with another license database.
    ScanOtherwise,
    Sweep,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let file = || 0usize..6;
    prop_oneof![
        5 => (file(), 0usize..7).prop_map(|(f, c)| Step::Write(f, c)),
        2 => file().prop_map(Step::Delete),
        1 => (file(), file()).prop_map(|(a, b)| Step::Rename(a, b)),
        4 => Just(Step::Scan),
        1 => Just(Step::ScanOtherwise),
        3 => Just(Step::Sweep),
        2 => (0u64..25).prop_map(Step::Wait),
    ]
}

/// Sweeps, and compares what is left with what must be: `since` has the contents that no file
/// had at earlier sweeps, with the day from which on.
fn sweep_and_compare(
    s: &Sandbox,
    day: u64,
    since: &mut BTreeMap<i64, u64>,
) -> Result<(), TestCaseError> {
    let ids = |query: &str| -> BTreeSet<i64> {
        let db = Connection::open(s.store()).expect("the store");
        let mut select = db.prepare(query).expect("a query");
        let rows = select.query_map([], |r| r.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("numbers")
    };
    let all = ids("SELECT id FROM content");
    let other = ids(&format!(
        "SELECT c.id FROM content c JOIN engine e ON e.id = c.engine WHERE e.name <> '{}'",
        engine()
    ));
    let unused = "SELECT id FROM content c
                  WHERE NOT EXISTS (SELECT 1 FROM file f WHERE f.content = c.id)";
    let unused = ids(unused);
    since.retain(|id, _| unused.contains(id));
    for id in &unused {
        since.entry(*id).or_insert(day);
    }
    let due = |id: &i64| {
        let days = day - since.get(id).copied().unwrap_or(day);
        days >= if other.contains(id) { 1 } else { 30 } && Some(id) != all.last()
    };
    let stay: BTreeSet<i64> = all.iter().copied().filter(|id| !due(id)).collect();
    let before = findings(&s.store());
    let history = events(&s.store());

    let mut open = Store::open_existing(&s.store()).expect("the store");
    open.sweep(&engine(), MONTH, moment(day * DAY)).expect("a sweep");

    is_whole(&s.store());
    prop_assert_eq!(findings(&s.store()), before);
    prop_assert_eq!(events(&s.store()), history);
    prop_assert_eq!(ids("SELECT id FROM content"), stay);
    for (table, referred) in [
        ("detection", &[("content", "detection")][..]),
        (
            "expression",
            &[
                ("content", "expression"),
                ("evidence", "expression"),
                ("file", "expression"),
                ("file", "concluded"),
            ],
        ),
        (
            "words",
            &[
                ("event", "detail"),
                ("content", "points"),
                ("detection", "profile"),
                ("evidence", "words"),
                ("evidence", "matched"),
                ("file", "points"),
                ("file", "profile"),
            ],
        ),
    ] {
        let mut orphans =
            format!("SELECT id FROM {table} t WHERE id < (SELECT max(id) FROM {table})");
        for (by, column) in referred {
            orphans += &format!(" AND NOT EXISTS (SELECT 1 FROM {by} WHERE {column} = t.id)");
        }
        prop_assert_eq!(ids(&orphans), BTreeSet::new(), "{} is kept for nothing", table);
    }
    Ok(())
}

#[test]
fn a_sweep_takes_what_is_due_and_nothing_else() {
    let config = Config {
        cases: 12,
        max_shrink_iters: 60,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_123),
        ..Config::default()
    };
    let contents = [
        tag("MIT"),
        tag("AGPL-3.0-only"),
        tag("GPL-2.0-only OR MIT"),
        text("ISC").to_owned(),
        text("AGPL-3.0-only").to_owned(),
        "// See the file COPYING for the license.\n".to_owned(),
        "int main(void) { return 0; }\n".to_owned(),
    ];
    let files = ["a.c", "b/c.c", "b/COPYING", "COPYING", "d.c", "e/f.c"];
    let steps = prop::collection::vec(step(), 12..30);
    TestRunner::new(config)
        .run(&steps, |steps| {
            let s = Sandbox::repo();
            let rule = "---\nlicense_expression: MIT\nis_license_tag: yes\n---\nzebra crossing\n";
            s.at("rules").write("zebra_1.RULE", rule);
            let s = s.at("tree");
            s.write("first.c", &contents[0]);
            s.lictor(&["scan"]).expect(0);
            let (mut day, mut since) = (0, BTreeMap::new());
            for (n, step) in steps.into_iter().chain([Step::Scan, Step::Sweep]).enumerate() {
                match step {
                    Step::Write(f, c) => s.write_at(files[f], &contents[c], n as u64),
                    Step::Delete(f) if s.path(files[f]).exists() => s.remove(files[f]),
                    Step::Rename(a, b) if s.path(files[a]).exists() => {
                        let to = s.path(files[b]);
                        std::fs::create_dir_all(to.parent().expect("a directory")).expect("made");
                        std::fs::rename(s.path(files[a]), to).expect("renaming a file");
                    }
                    Step::Scan | Step::ScanOtherwise => {
                        let rules = ["--license-db", "../rules"];
                        let more = if matches!(step, Step::Scan) { &[][..] } else { &rules };
                        let run = s.lictor(&[&["scan"], more].concat());
                        prop_assert!(matches!(run.code, Some(0 | 1)), "{:?}", run);
                    }
                    Step::Sweep => sweep_and_compare(&s, day, &mut since)?,
                    Step::Wait(days) => day += days,
                    Step::Delete(_) | Step::Rename(..) => {}
                }
            }
            Ok(())
        })
        .expect("a sweep took what it must not, or left what it must");
}
