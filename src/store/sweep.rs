// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Retention: contents that no file has had for long are forgotten, and what only they refer
//! to. They can be had from the checkouts again. Events, violations, policies, checkouts and
//! engines are kept for good.
//!
//! What is to go is found while others write, and then taken out piece by piece, each piece
//! looked at again under the lock. The row with the highest number stays wherever it would go:
//! so no number is ever given twice, whatever another process still holds.

use std::time::Duration;

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::Store;
use crate::clock::Moment;
use crate::diag::Failure;

/// How many rows are taken out while others wait.
const PIECE: usize = 5_000;

/// How long contents of other engines are kept at least: another lictor may just be about to
/// say which files have them.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// What was taken out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    pub contents: usize,
    pub detections: usize,
    pub texts: usize,
    /// Whether the file was made smaller.
    pub vacuumed: bool,
}

/// What goes when nothing refers to it any more, in this order: a table, and a query for all
/// numbers that are referred to.
const ORPHANS: [(&str, &str); 3] = [
    ("detection", "SELECT detection FROM content WHERE detection IS NOT NULL"),
    (
        "expression",
        "SELECT expression FROM content WHERE expression IS NOT NULL
         UNION ALL SELECT expression FROM evidence
         UNION ALL SELECT expression FROM file WHERE expression IS NOT NULL
         UNION ALL SELECT concluded FROM file WHERE concluded IS NOT NULL",
    ),
    (
        "words",
        "SELECT detail FROM event
         UNION ALL SELECT points FROM content WHERE points IS NOT NULL
         UNION ALL SELECT profile FROM detection WHERE profile IS NOT NULL
         UNION ALL SELECT words FROM evidence
         UNION ALL SELECT matched FROM evidence WHERE matched IS NOT NULL
         UNION ALL SELECT points FROM file WHERE points IS NOT NULL
         UNION ALL SELECT profile FROM file WHERE profile IS NOT NULL",
    ),
];

impl Store {
    /// Forgets contents that no file has had for `keep`, those of other engines than this one
    /// a day after no file had them. They are counted from the sweep that first finds them
    /// without a file. A file that shrinks by a quarter is made smaller.
    ///
    /// # Errors
    /// The store cannot be read or written. What was taken out before stays so.
    pub fn sweep(&mut self, engine: &str, keep: Duration, now: Moment) -> Result<Swept, Failure> {
        let swept = self.try_sweep(engine, keep, now);
        swept.map_err(|e| self.fail(&e))
    }

    fn try_sweep(&mut self, engine: &str, keep: Duration, now: Moment) -> rusqlite::Result<Swept> {
        let due = self.mark(engine, keep, now)?;
        let mut swept = Swept::default();
        for piece in due.chunks(PIECE) {
            swept.contents += self.forget_contents(piece)?;
        }
        for (table, referred) in ORPHANS {
            let removed = self.forget_orphans(table, referred)?;
            match table {
                "detection" => swept.detections = removed,
                _ => swept.texts += removed,
            }
        }
        let count =
            |what: &str| self.db.query_row(&format!("PRAGMA {what}"), [], |r| r.get::<_, i64>(0));
        swept.vacuumed = count("freelist_count")? * 4 >= count("page_count")?;
        if swept.vacuumed {
            // The copy may be too large for the memory.
            self.db
                .execute_batch("PRAGMA temp_store = file; VACUUM; PRAGMA temp_store = memory;")?;
            self.db.query_row("PRAGMA wal_checkpoint(truncate)", [], |_| Ok(()))?;
        } else {
            self.db.execute_batch("PRAGMA optimize")?;
        }
        Ok(swept)
    }

    /// Notes which contents have no file, and since when; gives those for which that is too long.
    fn mark(&self, engine: &str, keep: Duration, now: Moment) -> rusqlite::Result<Vec<i64>> {
        let ago =
            |d: Duration| now.0.saturating_sub(i64::try_from(d.as_nanos()).unwrap_or(i64::MAX));
        let (own, others) = (ago(keep), ago(keep.min(GRACE)));
        let (mut new, mut due) = (Vec::new(), Vec::new());
        let mut select = self.db.prepare(
            "SELECT c.id, u.since, n.name = ?1
             FROM content c JOIN engine n ON n.id = c.engine LEFT JOIN unused u ON u.content = c.id
             WHERE c.id NOT IN (SELECT content FROM file WHERE content IS NOT NULL) ORDER BY c.id",
        )?;
        let mut rows = select.query([engine])?;
        while let Some(r) = rows.next()? {
            let id: i64 = r.get(0)?;
            // A clock that was set back would keep it for ever.
            match r.get::<_, Option<i64>>(1)?.filter(|since| *since <= now.0) {
                None => new.push(id),
                Some(since) if since <= if r.get(2)? { own } else { others } => due.push(id),
                Some(_) => {}
            }
        }
        let mut select = self
            .db
            .prepare("SELECT content FROM unused WHERE content IN (SELECT content FROM file)")?;
        let back: Vec<i64> = select.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
        for piece in new.chunks(PIECE) {
            let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
            let mut put =
                tx.prepare("INSERT OR REPLACE INTO unused (content, since) VALUES (?1, ?2)")?;
            for id in piece {
                put.execute(params![id, now.0])?;
            }
            drop(put);
            tx.commit()?;
        }
        for piece in back.chunks(PIECE) {
            let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
            let mut remove = tx.prepare("DELETE FROM unused WHERE content = ?1")?;
            for id in piece {
                remove.execute([id])?;
            }
            drop(remove);
            tx.commit()?;
        }
        Ok(due)
    }

    /// Takes out contents, but for those that a file has got since they were found to be due.
    fn forget_contents(&self, ids: &[i64]) -> rusqlite::Result<usize> {
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let (first, last) = (ids.first().copied().unwrap_or(0), ids.last().copied().unwrap_or(0));
        let mut select =
            tx.prepare("SELECT DISTINCT content FROM file WHERE content BETWEEN ?1 AND ?2")?;
        let used = select.query_map([first, last], |r| r.get::<_, i64>(0))?;
        let used: rustc_hash::FxHashSet<i64> = used.collect::<Result<_, _>>()?;
        drop(select);
        let highest: Option<i64> =
            tx.query_row("SELECT max(id) FROM content", [], |r| r.get(0)).optional()?;
        let mut remove = tx.prepare("DELETE FROM content WHERE id = ?1")?;
        let mut unmark = tx.prepare("DELETE FROM unused WHERE content = ?1")?;
        let mut removed = 0;
        for id in ids.iter().filter(|id| Some(**id) != highest && !used.contains(id)) {
            removed += remove.execute([id])?;
            unmark.execute([id])?;
        }
        drop((remove, unmark));
        tx.execute("UPDATE ledger SET swept = swept + 1", [])?;
        tx.commit()?;
        Ok(removed)
    }

    /// Takes out the rows of a table to which nothing refers.
    fn forget_orphans(&self, table: &str, referred: &str) -> rusqlite::Result<usize> {
        let orphans = format!(
            "SELECT id FROM {table} WHERE id NOT IN ({referred})
             AND id < (SELECT max(id) FROM {table}) LIMIT {PIECE}"
        );
        let any = format!("SELECT EXISTS ({orphans})");
        let mut removed = 0;
        while self.db.query_row(&any, [], |r| r.get(0))? {
            let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
            let ids: Vec<i64> =
                tx.prepare(&orphans)?.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
            let mut remove = tx.prepare(&format!("DELETE FROM {table} WHERE id = ?1"))?;
            let mut evidence = tx.prepare("DELETE FROM evidence WHERE detection = ?1")?;
            for id in ids {
                removed += remove.execute([id])?;
                if table == "detection" {
                    evidence.execute([id])?;
                }
            }
            drop((remove, evidence));
            tx.execute("UPDATE ledger SET swept = swept + 1", [])?;
            tx.commit()?;
        }
        Ok(removed)
    }
}
