// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! A damaged store: how it is told, and what takes its place. Files and detections can be had
//! from the checkouts again; violations' numbers, events and what was looked up cannot, and come
//! from the newest backup that is whole. Nothing is thrown away.
//!
//! At every instant there is a store under its name, so that nobody makes a new one meanwhile;
//! what a crash leaves half done is told as damage, and the next rescue goes on with it.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use serde_json::json;

use super::backup::{Backup, backups};
use super::events::Ledger;
use super::{Interned, Store, beside, remove};
use crate::clock::Moment;
use crate::diag::{Failure, visible};

/// The bytes of a store are a multiple of this.
const PAGE: u64 = 4096;

/// What became of a damaged store.
#[derive(Debug)]
pub struct Rescued {
    /// What was wrong, if it could be told.
    pub damage: Option<String>,
    /// Where the damaged store is now.
    pub aside: PathBuf,
    /// The backup that took its place; `None` if an empty store did.
    pub from: Option<Backup>,
    /// Newer backups that are damaged too, and how.
    pub passed_over: Vec<(PathBuf, String)>,
}

impl std::fmt::Display for Rescued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |path: &Path| visible(path.as_os_str().as_encoded_bytes());
        let damage = self.damage.as_deref().unwrap_or("it failed");
        write!(f, "the store was damaged ({damage}) and is now {}; ", shown(&self.aside))?;
        match &self.from {
            Some(b) => write!(f, "the backup of {} took its place ({})", b.made, shown(&b.path))?,
            None => write!(f, "there is no backup, so an empty store took its place")?,
        }
        for (path, why) in &self.passed_over {
            write!(f, "; the backup {} is damaged too ({why})", shown(path))?;
        }
        Ok(())
    }
}

impl Store {
    /// Looks through the whole store; gives the first thing that is wrong with it.
    ///
    /// # Errors
    /// The store cannot be read for another reason.
    pub fn check(&self) -> Result<Option<String>, Failure> {
        let first = self.db.query_row("PRAGMA quick_check(1)", [], |r| r.get::<_, String>(0));
        match first {
            Ok(word) if word == "ok" => Ok(None),
            // What is damaged may hold anything.
            Ok(complaint) => Ok(Some(visible(complaint.as_bytes()))),
            Err(e) if is_damage(&e) => Ok(Some(visible(e.to_string().as_bytes()))),
            Err(e) => Err(self.fail(&e)),
        }
    }
}

pub(super) fn is_damage(e: &rusqlite::Error) -> bool {
    is_corrupt(e) || e.sqlite_error_code() == Some(ErrorCode::NotADatabase)
}

fn is_corrupt(e: &rusqlite::Error) -> bool {
    e.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
}

/// What is wrong with a store that is there, also one that cannot be opened because of it. A
/// rescue that was not ended is damage too.
///
/// # Errors
/// It cannot be told: the store cannot be read for another reason, or is none of lictor's.
pub fn damage(store: &Path) -> Result<Option<String>, Failure> {
    if set_aside(store).is_some() {
        return Ok(Some("it was set aside before, and nothing took its place".into()));
    }
    let size = std::fs::metadata(store).map_or(1, |m| m.len());
    if size == 0 {
        return Ok(Some("it is empty".into()));
    }
    let open = || -> rusqlite::Result<()> {
        let db = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    };
    match open() {
        // A text that somebody named by mistake is no store that lost its head.
        Err(e) if is_damage(&e) && (is_corrupt(&e) || size.is_multiple_of(PAGE)) => {
            Ok(Some(visible(e.to_string().as_bytes())))
        }
        _ => Store::open_existing(store)?.check(),
    }
}

/// The first thing that is wrong with a file that nobody writes, whatever it is; it is not
/// changed, nor anything put beside it.
pub(super) fn examine(path: &Path) -> Option<String> {
    let look = || -> rusqlite::Result<String> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // Fails where it is no store.
        db.query_row("SELECT count(*) FROM ledger", [], |_| Ok(()))?;
        db.query_row("PRAGMA quick_check(1)", [], |r| r.get(0))
    };
    match look() {
        Ok(word) if word == "ok" => None,
        Ok(complaint) => Some(visible(complaint.as_bytes())),
        Err(e) => Some(visible(e.to_string().as_bytes())),
    }
}

/// Sets a damaged store aside and puts the newest backup that is whole into its place, or an
/// empty store. All checkouts have to be looked at in full afterwards. The caller holds the
/// store's lock.
///
/// # Errors
/// What takes its place cannot be made or put there; then the damaged store is where it was, or
/// counts as damaged still.
pub fn rescue(store: &Path, directory: &Path, now: Moment) -> Result<Rescued, Failure> {
    let shown = visible(store.as_os_str().as_encoded_bytes());
    let fail = |e: io::Error| {
        Failure::new(format!(
            "the store {shown} is damaged, and nothing could be put into its place"
        ))
        .caused_by(e)
        .help("check that you may write to its directory, and that there is room; then start again")
    };
    let fresh = beside(store, ".restoring");
    for end in ["", "-wal", "-shm", "-journal"] {
        remove(&beside(&fresh, end)).map_err(fail)?;
    }
    let mut rescued = Rescued {
        damage: damage(store).ok().flatten(),
        aside: set_aside(store).unwrap_or_else(|| free_name(store, now)),
        from: None,
        passed_over: Vec::new(),
    };
    let mut replacement = None;
    for backup in backups(directory)? {
        // A migration may find what the check does not.
        let whole = match examine(&backup.path) {
            None => {
                std::fs::copy(&backup.path, &fresh).map_err(fail)?;
                let same = std::fs::metadata(store).map_err(fail)?.permissions();
                std::fs::set_permissions(&fresh, same).map_err(fail)?;
                Store::open_existing(&fresh).map_err(|e| e.message)
            }
            Some(damage) => Err(damage),
        };
        match whole {
            Ok(opened) => {
                replacement = Some(opened);
                rescued.from = Some(backup);
                break;
            }
            Err(damage) => {
                rescued.passed_over.push((backup.path, damage));
                for end in ["", "-wal", "-shm"] {
                    remove(&beside(&fresh, end)).map_err(fail)?;
                }
            }
        }
    }
    let mut replacement = match replacement {
        Some(opened) => opened,
        None => Store::open(&fresh)?,
    };
    replacement.begin_anew(&rescued, last_violation(store), now)?;
    drop(replacement);
    File::open(&fresh).and_then(|f| f.sync_all()).map_err(fail)?;
    replace(store, &fresh, &rescued.aside).map_err(fail)?;
    Ok(rescued)
}

/// Puts a file into the place of a store. The link says until the end that this is not done;
/// the log must be gone before, as it would be written into whatever store lies beside it.
fn replace(store: &Path, fresh: &Path, aside: &Path) -> io::Result<()> {
    match std::fs::hard_link(store, aside) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        done => done?,
    }
    sync_directory(store)?;
    for end in ["-wal", "-shm"] {
        match std::fs::rename(beside(store, end), beside(aside, end)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
    }
    sync_directory(store)?;
    std::fs::rename(fresh, store)?;
    sync_directory(store)
}

fn sync_directory(of: &Path) -> io::Result<()> {
    let parent = of.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// The other name of a store that a rescue gave it and did not come to the end with.
fn set_aside(store: &Path) -> Option<PathBuf> {
    let own = std::fs::metadata(store).ok().filter(|m| m.nlink() > 1)?;
    let parent = store.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let begin = beside(Path::new(store.file_name()?), ".damaged-");
    let begin = begin.as_os_str().as_encoded_bytes();
    let same = |entry: &std::fs::DirEntry| {
        let name = entry.file_name();
        let other = entry.metadata().ok();
        name.as_encoded_bytes().starts_with(begin)
            && other.is_some_and(|o| (o.dev(), o.ino()) == (own.dev(), own.ino()))
    };
    let mut entries = std::fs::read_dir(parent).ok()?.flatten();
    entries.find(same).map(|entry| entry.path())
}

/// A name for a store that is set aside.
fn free_name(store: &Path, now: Moment) -> PathBuf {
    let name = format!(".damaged-{}", now.rfc3339().replace(':', "-"));
    let more = (2..).map(|n| format!("{name}-{n}"));
    let mut names = std::iter::once(name.clone()).chain(more).map(|name| beside(store, &name));
    names.find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| beside(store, &name))
}

/// The last number that was given to a violation, if the damaged store still says it. Numbers
/// that people were told must not be given to something else.
fn last_violation(store: &Path) -> Option<i64> {
    let db = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let last: i64 = db.query_row("SELECT violation FROM ledger", [], |r| r.get(0)).ok()?;
    // What is damaged may hold anything.
    (0..1 << 40).contains(&last).then_some(last)
}

impl Store {
    /// Makes what is remembered of checkouts count for nothing, and says in the ledger what
    /// happened. Everything is in the one file afterwards.
    fn begin_anew(
        &mut self,
        rescued: &Rescued,
        last_violation: Option<i64>,
        now: Moment,
    ) -> Result<(), Failure> {
        let name = |path: &Path| visible(path.file_name().unwrap_or_default().as_encoded_bytes());
        let mut detail = json!({ "damage": rescued.damage, "aside": name(&rescued.aside) });
        let kind = match &rescued.from {
            Some(backup) => {
                detail["backup"] = name(&backup.path).into();
                detail["made"] = backup.made.as_str().into();
                "store.restored"
            }
            None => "store.lost",
        };
        let write = || -> rusqlite::Result<()> {
            let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
            tx.execute(
                "UPDATE checkout SET engine = NULL, judgement = NULL, index_size = NULL,
                        index_mtime = NULL, index_ino = NULL",
                [],
            )?;
            let mut ledger = Ledger::open(&tx, now.0)?;
            ledger.violation = ledger.violation.max(last_violation.unwrap_or(0));
            let mut words = Interned { ids: Default::default(), ..self.words };
            ledger.add(&tx, &mut words, kind, None, None, &detail.to_string().into())?;
            ledger.close(&tx)?;
            tx.commit()?;
            // Whoever opens it next turns the log on again.
            self.db.query_row("PRAGMA journal_mode = delete", [], |_| Ok(()))
        };
        let written = write();
        written.map_err(|e| self.fail(&e))
    }
}
