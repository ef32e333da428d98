// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is known, in SQLite: contents and what was detected in them, files, violations.
//!
//! One writer, short transactions, `synchronous=FULL`: what was committed survives a crash at
//! any instant. The end of a scan is one transaction. Detections are kept by content, so
//! that changing a policy or switching a branch reads no file again. Reports read here;
//! nothing is decided here.

mod attribute;
mod backup;
mod events;
mod lock;
mod outbox;
mod query;
mod rescue;
mod sweep;
mod violations;

use std::cell::Cell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior,
    params,
};
use rusqlite_migration::{M, Migrations};
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::diag::{Failure, visible};
use crate::model::{BlobId, Match, Pointer, Skipped};
use crate::plan::{Checkout, Memory, Remembered, Stat, Was};
use crate::scan::conclude::Conclusion;
use crate::scan::{
    Change, Concluded, Detected, Kept as Remains, KnownContent, Moves, NewContent, Recalled,
    Records, Scanned,
};
use violations::Relicensed;

pub use attribute::MOST as MOST_ATTRIBUTED;
pub use backup::{Backup, backup, backups, rotate};
pub use events::{Event, Verified};
pub use lock::{Lock, lock, lock_outbox};
pub use outbox::{
    Attempt, Delivery, DeliveryFilter, DeliveryState, Endpoint, EndpointState, NewDelivery,
    Outcome, Routed, Waiting,
};
pub use query::{Cursor, Filter, Finding, Known, Placed, Seen, State, Tally, Violation};
pub use rescue::{Rescued, damage, rescue};
pub use sweep::Swept;

/// How long others may hold the store before this process gives up. SQLite has no queue: with many
/// writers on a slow disk one may have to wait for all of them, several times.
const BUSY: Duration = Duration::from_secs(30);

/// Changed files from which the write-ahead log is worth two syncs to be rid of.
const LONG_LOG: usize = 1000;

/// Pages that are kept in memory, in KiB: what a batch of a first scan changes, and what a look at a
/// file or two reads.
const MUCH_CACHE: i64 = 32 * 1024;
const LITTLE_CACHE: i64 = 8 * 1024;

/// Contents that are kept at once without asking for more.
const FEW_CONTENTS: usize = 100;

const SCHEMA: &[M<'_>] = &[
    M::up(include_str!("store/schema-1.sql")),
    M::up(include_str!("store/schema-2.sql")).foreign_key_check(),
    M::up(include_str!("store/schema-3.sql")),
    M::up(include_str!("store/schema-4.sql")),
    M::up(include_str!("store/schema-5.sql")).foreign_key_check(),
    M::up(include_str!("store/schema-6.sql")),
    M::up(include_str!("store/schema-7.sql")),
    M::up(include_str!("store/schema-8.sql")),
];

/// An open store.
pub struct Store {
    db: Connection,
    path: PathBuf,
    /// Ids of texts that are kept once.
    expressions: Interned,
    words: Interned,
    /// What is kept once of what was found in many contents, as far as this process has met it.
    detections: FxHashMap<Digest, i64>,
    engine: Option<(String, i64)>,
    /// `ledger.swept` when these were learnt, and when a scan last asked what is remembered.
    swept: i64,
    recalled: i64,
    /// Whether something failed because of damage.
    damaged: Cell<bool>,
}

/// Of the matches of a content.
type Digest = [u8; 32];

/// A table of texts that are kept once, as far as this process has met them.
struct Interned {
    table: &'static str,
    ids: HashMap<Arc<str>, i64>,
}

impl Store {
    /// Opens a store, making it where there is none.
    ///
    /// # Errors
    /// It cannot be opened or written, is no store, is damaged, or is of a newer lictor.
    pub fn open(path: &Path) -> Result<Store, Failure> {
        if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(|e| {
                let shown = visible(parent.as_os_str().as_encoded_bytes());
                Failure::new(format!("cannot make the store's directory {shown}"))
                    .caused_by(e)
                    .help("name another place with --store, or use --no-store")
            })?;
        }
        Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens a store that must be there.
    ///
    /// # Errors
    /// As [`Store::open`], and there is none.
    pub fn open_existing(path: &Path) -> Result<Store, Failure> {
        if !path.exists() {
            let shown = visible(path.as_os_str().as_encoded_bytes());
            return Err(Failure::new(format!("there is no store at {shown}"))
                .help("scan something first, or name the store with --store"));
        }
        Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Store, Failure> {
        let fail = |e: rusqlite::Error| failure(path, &e);
        let mut db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(fail)?;
        db.busy_timeout(BUSY).map_err(fail)?;
        // The first statement that reads the file finds out whether it is a database; the
        // second one would write to one that is another program's.
        if is_foreign(&db).map_err(fail)? {
            let shown = visible(path.as_os_str().as_encoded_bytes());
            return Err(Failure::new(format!("{shown} is a database, but none of lictor's"))
                .help("name another store with --store"));
        }
        let mode: String =
            db.query_row("PRAGMA journal_mode = wal", [], |r| r.get(0)).map_err(fail)?;
        if mode != "wal" {
            let shown = visible(path.as_os_str().as_encoded_bytes());
            return Err(Failure::new(format!("the store {shown} cannot use a write-ahead log"))
                .help("put it on a local file system with --store; network file systems cannot hold it"));
        }
        db.execute_batch(
            // To check with each row what it refers to takes as long as all else that is done in
            // a first scan, and it was looked up or entered just before: tests check it instead.
            // A new schema that a power cut takes away is made again.
            "PRAGMA synchronous = normal; PRAGMA foreign_keys = off;
             PRAGMA temp_store = memory; PRAGMA trusted_schema = off;",
        )
        .map_err(fail)?;
        // Another process may be making the same store at this moment.
        migrate(&mut db, path).or_else(|e| if is_current(&db) { Ok(()) } else { Err(e) })?;
        db.pragma_update(None, "synchronous", "full").map_err(fail)?;
        // `conclude` does it where it is worth two syncs.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
        Ok(Store {
            db,
            path: path.to_owned(),
            expressions: Interned { table: "expression", ids: HashMap::new() },
            words: Interned { table: "words", ids: HashMap::new() },
            detections: FxHashMap::default(),
            engine: None,
            swept: 0,
            recalled: 0,
            damaged: Cell::new(false),
        })
    }

    /// Whether something failed because the store is damaged, since it was opened.
    pub fn is_damaged(&self) -> bool {
        self.damaged.get()
    }

    fn fail(&self, e: &rusqlite::Error) -> Failure {
        self.damaged.set(self.damaged.get() || rescue::is_damage(e));
        failure(&self.path, e)
    }

    /// The number of an engine, which is entered where it is new.
    fn engine(&mut self, name: &str) -> rusqlite::Result<i64> {
        if let Some((known, id)) = &self.engine
            && known == name
        {
            return Ok(*id);
        }
        let select = "SELECT id FROM engine WHERE name = ?1";
        let id = match self.db.query_row(select, [name], |r| r.get(0)).optional()? {
            Some(id) => id,
            None => self.db.query_row(
                "INSERT INTO engine (name) VALUES (?1) ON CONFLICT DO UPDATE SET name = name RETURNING id",
                [name],
                |r| r.get(0),
            )?,
        };
        self.engine = Some((name.to_owned(), id));
        Ok(id)
    }

    fn try_recall(&mut self, checkout: &Checkout, engine: &str) -> rusqlite::Result<Recalled> {
        let engine = self.engine(engine)?;
        self.recalled = swept(&self.db)?;
        let any_content = self
            .db
            .query_row("SELECT 1 FROM content WHERE engine = ?1 LIMIT 1", [engine], |_| Ok(()))
            .optional()?
            .is_some();
        let found = self
            .db
            .query_row(
                "SELECT id, judgement, engine, index_size, index_mtime, index_ino, revision
                 FROM checkout WHERE root = ?1 AND view = ?2",
                params![root_bytes(checkout), checkout.view.name()],
                |r| {
                    let index = stat(r, 3)?;
                    Ok((
                        r.get::<_, i64>(0)?,
                        r.get::<_, Option<i64>>(1)?,
                        r.get::<_, Option<i64>>(2)?,
                        index,
                        r.get::<_, i64>(6)?,
                    ))
                },
            )
            .optional()?;
        let Some((id, judgement, detected_by, index, revision)) = found else {
            return Ok(Recalled { any_content, ..Recalled::default() });
        };
        // While all files are this engine's, nothing has to be asked of their contents.
        let current = detected_by == Some(engine);
        let rows = Rows { checkout: id, engine, current };
        let Recalled { memory, contents, concluded, .. } = rows.read(&self.db, &checkout.scope)?;
        Ok(Recalled {
            memory: Memory { index, ..memory },
            contents,
            concluded,
            any_content,
            judgement: judgement.filter(|_| current).map(i64::cast_unsigned),
            born: born(&self.db, id)?,
            revision: Some(revision),
        })
    }

    fn try_look_up(
        &mut self,
        engine: &str,
        what: Detected,
    ) -> rusqlite::Result<Option<KnownContent>> {
        let engine = self.engine(engine)?;
        let mut select = self.db.prepare_cached(
            "SELECT c.id, e.text, c.skipped, c.size, w.text, p.text
             FROM content c LEFT JOIN expression e ON e.id = c.expression
             LEFT JOIN words w ON w.id = c.points
             LEFT JOIN detection d ON d.id = c.detection
             LEFT JOIN words p ON p.id = d.profile
             WHERE c.blob = ?1 AND c.engine = ?2 AND c.kind = ?3",
        )?;
        select
            .query_row(params![what.blob.0, engine, what.kind.as_str()], |r| {
                let expression: Option<String> = r.get(1)?;
                Ok(KnownContent {
                    key: r.get(0)?,
                    expression: expression.map(Into::into),
                    profile: r.get_ref(5)?.as_str_or_null()?.unwrap_or_default().into(),
                    points: r.get_ref(4)?.as_str_or_null()?.map(points),
                    skipped: skipped(r, 2)?,
                    size: r.get::<_, i64>(3)?.cast_unsigned(),
                })
            })
            .optional()
    }

    fn try_keep(&mut self, engine: &str, batch: &[NewContent]) -> rusqlite::Result<Vec<i64>> {
        let engine = self.engine(engine)?;
        if batch.len() > FEW_CONTENTS {
            self.cache(MUCH_CACHE)?;
        }
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let swept = swept(&tx)?;
        if swept != self.swept {
            (self.swept, self.detections) = (swept, FxHashMap::default());
            self.expressions.ids.clear();
            self.words.ids.clear();
        }
        // Ids learnt in a transaction that fails must not be believed.
        let mut known = Kept {
            expressions: Interned { ids: self.expressions.ids.clone(), ..self.expressions },
            words: Interned { ids: self.words.ids.clone(), ..self.words },
            detections: self.detections.clone(),
        };
        // In the order of the index, which makes its pages full and the order irrelevant.
        let mut order: Vec<usize> = (0..batch.len()).collect();
        order.sort_unstable_by_key(|n| batch[*n].what);
        let mut keys = vec![0; batch.len()];
        {
            let mut insert = tx.prepare_cached(
                "INSERT INTO content (blob, engine, kind, size, expression, skipped, points, detection)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (blob, engine, kind) DO NOTHING",
            )?;
            let mut select = tx.prepare_cached(
                "SELECT id FROM content WHERE blob = ?1 AND engine = ?2 AND kind = ?3",
            )?;
            for n in order {
                let NewContent { what, size, detection, profile } = &batch[n];
                let (blob, kind) = (what.blob.0, what.kind.as_str());
                let expression = match &detection.expression {
                    Some(e) => Some(known.expressions.id(&tx, e)?),
                    None => None,
                };
                let skipped = detection.skipped.map(Skipped::as_str);
                let points = match &detection.points {
                    Some(points) => Some(known.words.id(&tx, &points_text(points))?),
                    None => None,
                };
                let found = match &detection.matches[..] {
                    [] => None,
                    matches => Some(known.detection(&tx, matches, profile)?),
                };
                let row =
                    params![blob, engine, kind, int(*size), expression, skipped, points, found];
                keys[n] = match insert.execute(row)? {
                    // Another process was faster; what it found is the same.
                    0 => select.query_row(params![blob, engine, kind], |r| r.get(0))?,
                    _ => tx.last_insert_rowid(),
                };
            }
        }
        tx.commit()?;
        let Kept { expressions, words, detections } = known;
        self.expressions.ids = expressions.ids;
        // Words of texts are seldom met twice; only the frequent ones are worth remembering.
        self.words.ids = if words.ids.len() < 20_000 { words.ids } else { HashMap::new() };
        self.detections = if detections.len() < 20_000 { detections } else { FxHashMap::default() };
        Ok(keys)
    }

    fn try_conclude(&mut self, scanned: &Scanned) -> rusqlite::Result<Concluded> {
        let concluded = self.try_write(scanned);
        if scanned.spots.is_none() {
            // A service that runs for months keeps no more than small looks need.
            self.cache(LITTLE_CACHE)?;
            self.db.execute_batch("PRAGMA shrink_memory")?;
        }
        concluded
    }

    /// How many pages are kept in memory, in KiB.
    fn cache(&self, kib: i64) -> rusqlite::Result<()> {
        self.db.pragma_update(None, "cache_size", -kib)
    }

    fn try_write(&mut self, scanned: &Scanned) -> rusqlite::Result<Concluded> {
        if let Some(spots) = &scanned.spots {
            return self.write_part(scanned, spots);
        }
        let news = scanned.news();
        if news == 0 {
            // Only the time of the scan is at stake: it need not reach the disk before the
            // next transaction does. What comes after must, whatever becomes of this.
            self.db.pragma_update(None, "synchronous", "normal")?;
            let written = self.write(scanned, false);
            return self.db.pragma_update(None, "synchronous", "full").and(written);
        }
        self.cache(MUCH_CACHE)?;
        let concluded = self.write(scanned, true)?;
        if news > LONG_LOG {
            // A long log would have to be read when the store is next opened. Others may be
            // reading it now, then it is done another time.
            self.db.query_row("PRAGMA wal_checkpoint(truncate)", [], |_| Ok(()))?;
        }
        Ok(concluded)
    }

    /// Writes the end of a scan of everything as one transaction.
    fn write(&mut self, scanned: &Scanned, is_news: bool) -> rusqlite::Result<Concluded> {
        let engine = self.engine(&scanned.engine)?;
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let swept = swept(&tx)?;
        if swept != self.recalled && !contents_are_there(&tx, scanned)? {
            return Ok(Concluded::Overtaken);
        }
        let checkout = &scanned.checkout;
        let before = row(&tx, checkout)?;
        if before.as_ref().map(|r| r.revision) != scanned.revision {
            return Ok(Concluded::Overtaken);
        }
        let (id, last_scan, revision) = match &before {
            Some(row) => (row.id, row.last_scan, row.revision + i64::from(is_news)),
            None => {
                tx.execute(
                    "INSERT INTO checkout (root, view) VALUES (?1, ?2)",
                    params![root_bytes(checkout), checkout.view.name()],
                )?;
                (tx.last_insert_rowid(), None, 1)
            }
        };
        let whole = checkout.scope.is_empty();
        // The policy is that of all remembered violations, or of none for sure.
        let all = !scanned.interrupted && whole;
        let policy = all.then_some(scanned.policy.digest.as_str());
        // What could not be read is remembered as it was, and judged when it can be again.
        let sure = all && !scanned.not_looked.iter().any(|n| n.why.is_failure());
        let judgement = sure.then_some(scanned.judgement);
        let index = scanned.index.filter(|_| whole && !scanned.interrupted);
        let index = index.filter(|s| !s.is_racy(scanned.started));
        let now = scanned.started.0;
        tx.execute(
            "UPDATE checkout SET engine = ?2, policy = ?3, commit_id = ?4, index_size = ?5,
                    index_mtime = ?6, index_ino = ?7, first_scan = coalesce(first_scan, ?8),
                    last_scan = iif(?9, last_scan, ?8), judgement = ?10,
                    branch = ?11, revision = ?12
             WHERE id = ?1",
            params![
                id,
                all.then_some(engine),
                policy,
                checkout.commit,
                index.map(|s| int(s.size)),
                index.map(|s| s.mtime),
                index.map(|s| int(s.ino)),
                now,
                scanned.interrupted,
                judgement.map(u64::cast_signed),
                checkout.branch,
                revision,
            ],
        )?;
        // Ids learnt in a transaction that fails must not be believed.
        let ids = if swept == self.swept { self.expressions.ids.clone() } else { HashMap::new() };
        let mut expressions = Interned { ids, ..self.expressions };
        let mut words = Interned { ids: HashMap::new(), ..self.words };
        let is_new = before.is_none();
        let written = write_files(&tx, &mut expressions, &mut words, id, scanned, is_new)?;
        let mut became = violations::Became::default();
        let relicensed = &written.relicensed[..];
        let same = scanned.judged_before && relicensed.is_empty();
        if !scanned.interrupted && !same {
            keep_policy(&tx, scanned)?;
            let at = violations::At { checkout: id, last_scan: last_scan.unwrap_or(now) };
            became = violations::write(&tx, &mut words, at, scanned, relicensed, is_new)?;
        }
        tx.commit()?;
        Ok(Concluded::Kept(Remains { revision, judgement, opened: became.opened }))
    }

    /// Writes the end of a scan of some spots as one transaction, if they are not as they were.
    fn write_part(
        &mut self,
        scanned: &Scanned,
        spots: &[Arc<[u8]>],
    ) -> rusqlite::Result<Concluded> {
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let checkout = &scanned.checkout;
        let Some(row) = row(&tx, checkout)?.filter(|r| Some(r.revision) == scanned.revision) else {
            return Ok(Concluded::Overtaken);
        };
        if swept(&tx)? != self.recalled && !contents_are_there(&tx, scanned)? {
            return Ok(Concluded::Overtaken);
        }
        let judgement = row.judgement;
        let same = Remains { revision: row.revision, judgement, opened: 0 };
        if scanned.interrupted {
            return Ok(Concluded::Kept(same));
        }
        let mut expressions = Interned { ids: HashMap::new(), ..self.expressions };
        let mut words = Interned { ids: HashMap::new(), ..self.words };
        let written = write_files(&tx, &mut expressions, &mut words, row.id, scanned, false)?;
        let last_scan = row.last_scan.unwrap_or(scanned.started.0);
        let at = violations::At { checkout: row.id, last_scan };
        let became = violations::write(&tx, &mut words, at, scanned, &written.relicensed, false)?;
        let moved_on = row.commit != checkout.commit || row.branch != checkout.branch;
        if !became.anything && !moved_on && scanned.news_of_files() == 0 {
            return Ok(Concluded::Kept(same));
        }
        if became.anything {
            keep_policy(&tx, scanned)?;
        }
        let judgement = judgement.filter(|_| !became.anything);
        tx.execute(
            "UPDATE checkout SET commit_id = ?2, branch = ?3, last_scan = ?4, judgement = ?5,
                    revision = revision + 1, index_mtime = iif(?6, NULL, index_mtime)
             WHERE id = ?1",
            params![
                row.id,
                checkout.commit,
                checkout.branch,
                scanned.started.0,
                judgement.map(u64::cast_signed),
                // What git tracks may come back without a trace in the index.
                written.gone,
            ],
        )?;
        tx.commit()?;
        tracing::debug!(spots = spots.len(), "kept");
        Ok(Concluded::Kept(Remains {
            revision: row.revision + 1,
            judgement,
            opened: became.opened,
        }))
    }
}

/// What is remembered of a checkout itself.
struct CheckoutRow {
    id: i64,
    last_scan: Option<i64>,
    revision: i64,
    judgement: Option<u64>,
    commit: Option<String>,
    branch: Option<String>,
}

fn row(tx: &Transaction<'_>, checkout: &Checkout) -> rusqlite::Result<Option<CheckoutRow>> {
    tx.query_row(
        "SELECT id, last_scan, revision, judgement, commit_id, branch FROM checkout
         WHERE root = ?1 AND view = ?2",
        params![root_bytes(checkout), checkout.view.name()],
        |r| {
            Ok(CheckoutRow {
                id: r.get(0)?,
                last_scan: r.get(1)?,
                revision: r.get(2)?,
                judgement: r.get::<_, Option<i64>>(3)?.map(i64::cast_unsigned),
                commit: r.get(4)?,
                branch: r.get(5)?,
            })
        },
    )
    .optional()
}

/// Which files of a checkout to read.
struct Rows {
    checkout: i64,
    engine: i64,
    /// Whether all of them were detected by this engine.
    current: bool,
}

impl Rows {
    /// The files below `scope`, sorted by path.
    fn read(&self, db: &Connection, scope: &[u8]) -> rusqlite::Result<Recalled> {
        let mut expressions = Texts::of("expression");
        let mut profiles = Texts::of("words");
        let mut pointers: HashMap<i64, Arc<[Pointer]>> = HashMap::new();
        let mut select = db.prepare(
            "SELECT path, size, mtime, ino, tracked, skipped, blob, content, expression, points,
                    concluded, because, profile
             FROM file WHERE checkout = ?1 AND path >= ?2 AND path < ?3 ORDER BY path",
        )?;
        let mut text_of = db.prepare("SELECT text FROM words WHERE id = ?1")?;
        let mut of_engine = db.prepare("SELECT engine = ?2 FROM content WHERE id = ?1")?;
        let mut rows = select.query(params![self.checkout, scope, end_of(scope)])?;
        let (mut files, mut contents) = (Vec::new(), Vec::new());
        let mut concluded = FxHashMap::default();
        while let Some(r) = rows.next()? {
            let why = skipped(r, 5)?;
            let what = match r.get_ref(6)?.as_blob_or_null()? {
                Some(blob) => Was::Content(blob_id(blob)?),
                None => Was::Skipped(why.unwrap_or(Skipped::Failed)),
            };
            let mut known = None;
            if let Some(key) = r.get::<_, Option<i64>>(7)?
                && (self.current || of_engine.query_row([key, self.engine], |r| r.get(0))?)
            {
                let expression = expressions.get(db, r.get(8)?)?;
                let profile = profiles.get(db, r.get(12)?)?.unwrap_or_default();
                let size = r.get::<_, i64>(1)?.cast_unsigned();
                // Few files point anywhere.
                let mut points = None;
                if let Some(id) = r.get::<_, Option<i64>>(9)? {
                    points = Some(match pointers.get(&id) {
                        Some(known) => Arc::clone(known),
                        None => {
                            let text: String = text_of.query_row([id], |r| r.get(0))?;
                            let new = self::points(&text);
                            pointers.insert(id, Arc::clone(&new));
                            new
                        }
                    });
                    if let Some(expression) = expressions.get(db, r.get(10)?)? {
                        let because = because(r.get_ref(11)?.as_blob_or_null()?);
                        concluded.insert(files.len(), Conclusion { expression, because });
                    }
                }
                known = Some(KnownContent { key, expression, profile, points, skipped: why, size });
            }
            files.push(Remembered {
                path: r.get_ref(0)?.as_blob()?.into(),
                stat: stat(r, 1)?,
                tracked: r.get(4)?,
                what,
            });
            contents.push(known);
        }
        let memory = Memory { files, index: None };
        Ok(Recalled { memory, contents, concluded, ..Recalled::default() })
    }
}

/// Keeps the policy by which was judged, so that its rules can be read when it is long another.
fn keep_policy(tx: &Transaction<'_>, scanned: &Scanned) -> rusqlite::Result<()> {
    let files = scanned.policy_files.iter();
    let files: Vec<_> =
        files.map(|f| serde_json::json!({ "name": f.name, "text": f.text })).collect();
    let crate::policy::PolicyRef { name, origin, digest } = &scanned.policy;
    tx.execute(
        "INSERT INTO policy (digest, name, origin, files) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        params![digest, name, origin, serde_json::Value::from(files).to_string()],
    )?;
    Ok(())
}

/// Where files with violations that are not resolved were when those were opened, if elsewhere.
fn born(db: &Connection, checkout: i64) -> rusqlite::Result<Moves> {
    let mut select = db.prepare(
        "SELECT path, born FROM violation
         WHERE checkout = ?1 AND born IS NOT NULL AND last_seen IS NULL",
    )?;
    let rows = select.query_map([checkout], |r| {
        Ok((r.get_ref(0)?.as_blob()?.into(), r.get_ref(1)?.as_blob()?.into()))
    })?;
    rows.collect()
}

/// The paths on which a conclusion rests, as they are kept in a file's row.
fn because(paths: Option<&[u8]>) -> Vec<Arc<[u8]>> {
    paths.unwrap_or_default().split(|b| *b == 0).map(Arc::from).collect()
}

/// Pointers as one text, and back.
fn points_text(points: &[Pointer]) -> Arc<str> {
    points.iter().map(|p| format!("{} {}\n", p.line, p.path)).collect::<String>().into()
}

fn points(text: &str) -> Arc<[Pointer]> {
    let pointer = |line: &str| {
        let (number, path) = line.split_once(' ')?;
        Some(Pointer { path: path.into(), line: number.parse().ok()? })
    };
    text.lines().filter_map(pointer).collect()
}

impl Records for Store {
    fn recall(&mut self, checkout: &Checkout, engine: &str) -> Result<Recalled, Failure> {
        self.try_recall(checkout, engine).map_err(|e| self.fail(&e))
    }

    fn look_up(&mut self, engine: &str, what: Detected) -> Result<Option<KnownContent>, Failure> {
        self.try_look_up(engine, what).map_err(|e| self.fail(&e))
    }

    fn evidence(&mut self, key: i64) -> Result<Vec<Match>, Failure> {
        Store::evidence(self, key)
    }

    fn born(&mut self, checkout: &Checkout) -> Result<Moves, Failure> {
        let find = || match row(&self.db.unchecked_transaction()?, checkout)? {
            Some(row) => born(&self.db, row.id),
            None => Ok(Moves::default()),
        };
        find().map_err(|e: rusqlite::Error| self.fail(&e))
    }

    fn keep(&mut self, engine: &str, batch: &[NewContent]) -> Result<Vec<i64>, Failure> {
        self.try_keep(engine, batch).map_err(|e| self.fail(&e))
    }

    fn conclude(&mut self, scanned: &Scanned) -> Result<Concluded, Failure> {
        self.try_conclude(scanned).map_err(|e| self.fail(&e))
    }
}

fn migrate(db: &mut Connection, path: &Path) -> Result<(), Failure> {
    use rusqlite_migration::{Error, SchemaVersion};
    let migrations = Migrations::from_slice(SCHEMA);
    let other = |e: Error| match e {
        Error::RusqliteError { err, .. } => failure(path, &err),
        e => Failure::new(format!(
            "the store {} cannot be brought up to date",
            visible(path.as_os_str().as_encoded_bytes())
        ))
        .caused_by(e)
        .help("use the lictor that made it, or move it away: the next scan makes a new one"),
    };
    let shown = visible(path.as_os_str().as_encoded_bytes());
    match migrations.current_version(db).map_err(other)? {
        SchemaVersion::Inside(n) if n.get() == SCHEMA.len() => Ok(()),
        SchemaVersion::Outside(n) => Err(Failure::new(format!(
            "the store {shown} was made by a newer lictor (schema {n}, this one knows {})",
            SCHEMA.len()
        ))
        .help("update lictor, or name another store with --store")),
        _ => migrations.to_latest(db).map_err(other),
    }
}

fn is_current(db: &Connection) -> bool {
    let version = db.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0));
    version.is_ok_and(|v| usize::try_from(v) == Ok(SCHEMA.len()))
}

/// Whether there are tables, but not lictor's.
fn is_foreign(db: &Connection) -> rusqlite::Result<bool> {
    let query =
        "SELECT count(*) > 0 AND coalesce(sum(name = 'evidence'), 0) = 0 FROM sqlite_schema";
    db.query_row(query, [], |r| r.get(0))
}

/// What writing files showed.
#[derive(Default)]
struct Written {
    /// Whether a file is gone that git tracks.
    gone: bool,
    relicensed: Vec<Relicensed>,
}

/// Writes what files are now. Of a checkout that is new nothing is remembered.
fn write_files(
    tx: &Transaction<'_>,
    expressions: &mut Interned,
    words: &mut Interned,
    checkout: i64,
    scanned: &Scanned,
    is_new: bool,
) -> rusqlite::Result<Written> {
    let mut written = Written::default();
    let mut was = tx.prepare_cached(
        "SELECT f.blob, f.expression, e.text FROM file f
         LEFT JOIN expression e ON e.id = f.expression
         WHERE f.checkout = ?1 AND f.path = ?2 AND f.content IS NOT NULL",
    )?;
    let mut put = tx.prepare_cached(
        "INSERT INTO file
            (checkout, path, content, blob, expression, skipped, tracked, size, mtime, ino,
             points, concluded, because, profile)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (checkout, path) DO UPDATE SET content = excluded.content,
            blob = excluded.blob, expression = excluded.expression, skipped = excluded.skipped,
            tracked = excluded.tracked, size = excluded.size, mtime = excluded.mtime,
            ino = excluded.ino, points = excluded.points, concluded = excluded.concluded,
            because = excluded.because, profile = excluded.profile",
    )?;
    let none = None::<i64>;
    for f in scanned.files.iter().filter(|f| f.change > Change::None) {
        let content = scanned.content(f);
        let Some(key) = content.key else { continue };
        let expression = match scanned.detected(f) {
            Some(e) => Some(expressions.id(tx, e)?),
            None => None,
        };
        let profile = words.id(tx, &scanned.said[content.said].profile)?;
        let why = content.skipped.map(Skipped::as_str);
        let size = int(content.size);
        let (mtime, ino) = f.stat.map(|s| (s.mtime, int(s.ino))).unzip();
        let blob = content.blob.0;
        let (mut points, mut concluded, mut because) = (none, none, None);
        if let Some(p) = &content.points {
            points = Some(words.id(tx, &points_text(p))?);
        }
        if let Some(c) = &f.concluded {
            concluded = Some(expressions.id(tx, &c.expression)?);
            because = Some(c.because.join(&0));
        }
        if !is_new && f.change == Change::Content {
            let mut rows = was.query(params![checkout, f.path])?;
            if let Some(r) = rows.next()?
                && r.get_ref(0)?.as_blob()? != blob
                && r.get::<_, Option<i64>>(1)? != expression
            {
                let to = scanned.detected(f).cloned();
                let (path, blob) = (Arc::clone(&f.path), content.blob);
                written.relicensed.push(Relicensed { path, from: r.get(2)?, to, blob });
            }
        }
        put.execute(params![
            checkout, f.path, key, blob, expression, why, f.tracked, size, mtime, ino, points,
            concluded, because, profile
        ])?;
    }
    for (path, why, tracked) in scanned.newly_not_looked() {
        let why = why.as_str();
        put.execute(params![
            checkout, path, none, none, none, why, tracked, none, none, none, none, none, none,
            none
        ])?;
    }
    let mut remove =
        tx.prepare_cached("DELETE FROM file WHERE checkout = ?1 AND path = ?2 RETURNING tracked")?;
    for path in &scanned.removed {
        let mut rows = remove.query(params![checkout, path])?;
        while let Some(r) = rows.next()? {
            written.gone |= r.get::<_, bool>(0)?;
        }
    }
    Ok(written)
}

/// How often rows were taken out by [`Store::sweep`].
fn swept(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT swept FROM ledger")?.query_row([], |r| r.get(0))
}

/// Whether the contents that a scan looked up are still kept.
fn contents_are_there(tx: &Transaction<'_>, scanned: &Scanned) -> rusqlite::Result<bool> {
    let mut select = tx.prepare_cached("SELECT 1 FROM content WHERE id = ?1")?;
    let changed = scanned.files.iter().filter(|f| f.change > Change::None);
    for key in changed.filter_map(|f| scanned.content(f).key) {
        if !select.exists([key])? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is kept once, as far as it is known while a batch is written.
struct Kept {
    expressions: Interned,
    words: Interned,
    detections: FxHashMap<Digest, i64>,
}

impl Kept {
    /// The number under which the matches of a content are kept.
    fn detection(
        &mut self,
        tx: &Transaction<'_>,
        matches: &[Match],
        profile: &Arc<str>,
    ) -> rusqlite::Result<i64> {
        let digest = digest(matches);
        if let Some(id) = self.detections.get(&digest) {
            return Ok(*id);
        }
        let found = tx
            .prepare_cached("SELECT id FROM detection WHERE digest = ?1")?
            .query_row([digest], |r| r.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                let profile = self.words.id(tx, profile)?;
                tx.prepare_cached("INSERT INTO detection (digest, profile) VALUES (?1, ?2)")?
                    .execute(params![digest, profile])?;
                let id = tx.last_insert_rowid();
                self.evidence(tx, id, matches)?;
                id
            }
        };
        self.detections.insert(digest, id);
        Ok(id)
    }

    fn evidence(
        &mut self,
        tx: &Transaction<'_>,
        detection: i64,
        matches: &[Match],
    ) -> rusqlite::Result<()> {
        let mut insert = tx.prepare_cached(
            "INSERT INTO evidence (detection, seq, expression, kind, score, start_line, end_line,
                words, basis, matched, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        for (seq, m) in (0i64..).zip(matches) {
            insert.execute(params![
                detection,
                seq,
                self.expressions.id(tx, &m.expression)?,
                m.kind.as_str(),
                f64::from(m.score),
                m.start_line,
                m.end_line,
                self.words.id(tx, &m.words)?,
                m.basis.as_str(),
                self.words.id(tx, &m.matched)?,
                m.hash,
            ])?;
        }
        Ok(())
    }
}

/// What tells the matches of one content from those of another.
fn digest(matches: &[Match]) -> Digest {
    let mut hash = Sha256::new();
    for m in matches {
        let Match {
            expression,
            kind,
            basis,
            matched,
            score,
            start_line,
            end_line,
            words,
            hash: of,
        } = m;
        for text in [&**expression, kind.as_str(), basis.as_str(), matched, words] {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        hash.update(score.to_le_bytes());
        hash.update(start_line.to_le_bytes());
        hash.update(end_line.to_le_bytes());
        hash.update(of);
    }
    hash.finalize().into()
}

impl Interned {
    fn id(&mut self, tx: &Transaction<'_>, text: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some(id) = self.ids.get(text) {
            return Ok(*id);
        }
        let table = self.table;
        let found = tx
            .prepare_cached(&format!("SELECT id FROM {table} WHERE text = ?1"))?
            .query_row([text.as_ref()], |r| r.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                tx.prepare_cached(&format!("INSERT INTO {table} (text) VALUES (?1)"))?
                    .execute([text.as_ref()])?;
                tx.last_insert_rowid()
            }
        };
        self.ids.insert(Arc::clone(text), id);
        Ok(id)
    }
}

/// Texts that are kept once, by their number, read once each.
struct Texts {
    table: &'static str,
    texts: HashMap<i64, Arc<str>>,
}

impl Texts {
    fn of(table: &'static str) -> Texts {
        Texts { table, texts: HashMap::new() }
    }

    fn get(&mut self, db: &Connection, id: Option<i64>) -> rusqlite::Result<Option<Arc<str>>> {
        let Some(id) = id else { return Ok(None) };
        if let Some(text) = self.texts.get(&id) {
            return Ok(Some(Arc::clone(text)));
        }
        let text: String = db
            .prepare_cached(&format!("SELECT text FROM {} WHERE id = ?1", self.table))?
            .query_row([id], |r| r.get(0))?;
        let text: Arc<str> = text.into();
        self.texts.insert(id, Arc::clone(&text));
        Ok(Some(text))
    }
}

/// `PATH` with something behind its name, as SQLite names what belongs to a database.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn root_bytes(checkout: &Checkout) -> &[u8] {
    checkout.root.as_os_str().as_encoded_bytes()
}

/// The first path after all that begin with `scope`, which is empty or ends in `/`.
fn end_of(scope: &[u8]) -> Vec<u8> {
    match scope {
        [head @ .., _] => [head, b"0"].concat(),
        // No path begins with the byte that no UTF-8 and no sane name begins with, twice.
        [] => vec![0xff; 16],
    }
}

/// SQLite's integers are signed; inode numbers may use the top bit.
fn int(n: u64) -> i64 {
    n.cast_signed()
}

fn stat(r: &Row<'_>, first: usize) -> rusqlite::Result<Option<Stat>> {
    let Some(mtime) = r.get::<_, Option<i64>>(first + 1)? else { return Ok(None) };
    let (size, ino): (i64, i64) = (r.get(first)?, r.get(first + 2)?);
    Ok(Some(Stat { size: size.cast_unsigned(), mtime, ino: ino.cast_unsigned() }))
}

fn skipped(r: &Row<'_>, column: usize) -> rusqlite::Result<Option<Skipped>> {
    let word = r.get_ref(column)?.as_str_or_null()?;
    // A word of a newer lictor's still means that it was not looked at.
    Ok(word.map(|w| w.parse().unwrap_or(Skipped::Failed)))
}

fn blob_id(bytes: &[u8]) -> rusqlite::Result<BlobId> {
    let id = bytes.try_into().map_err(|_| {
        let kind = rusqlite::types::Type::Blob;
        rusqlite::Error::FromSqlConversionFailure(0, kind, "a blob id has 20 bytes".into())
    })?;
    Ok(BlobId(id))
}

/// What to tell a person about an error of SQLite's.
fn failure(path: &Path, e: &rusqlite::Error) -> Failure {
    let shown = visible(path.as_os_str().as_encoded_bytes());
    let away = "move it away: the next scan makes a new one from the checkouts";
    let (message, help) = match e.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            format!("the store {shown} is in use by another process"),
            "wait for the other lictor to finish, or use --no-store or another --store".to_owned(),
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => (
            format!("the store {shown} cannot be written"),
            "check who owns it and its directory, or use --no-store or another --store".to_owned(),
        ),
        Some(ErrorCode::CannotOpen) => (
            format!("the store {shown} cannot be opened"),
            "check that its directory is there and may be written, or use --no-store or another --store"
                .to_owned(),
        ),
        Some(ErrorCode::DiskFull) => (
            format!("no space is left for the store {shown}"),
            "make room, or use another --store; what was kept before is safe".to_owned(),
        ),
        Some(ErrorCode::DatabaseCorrupt) => (format!("the store {shown} is damaged"), away.to_owned()),
        Some(ErrorCode::NotADatabase) => (
            format!("{shown} is not a store"),
            format!("name another one with --store, or {away}"),
        ),
        Some(ErrorCode::SystemIoFailure) => (
            format!("the store {shown} cannot be read or written"),
            "check the disk and the space on it, or use another --store".to_owned(),
        ),
        _ => (format!("the store {shown} failed"), format!("if this happens again, {away}")),
    };
    Failure::new(message).help(help).caused_by(std::io::Error::other(e.to_string()))
}
