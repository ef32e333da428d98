// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The ledger: what happened to violations, each event chained to the one before it by hash.
//!
//! The hash of an event is the SHA-256 of the hash before it (32 zero bytes at the start), its
//! number and time (8 bytes each, big endian), and kind, violation, path and detail, each with
//! its length before it (8 bytes, big endian; a violation or path that is not there has none).
//! Whoever keeps the head of the chain elsewhere can prove that nothing before it was changed.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use sha2::{Digest, Sha256};

use super::{Interned, Store};
use crate::clock::Moment;
use crate::diag::Failure;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Counted from 1, without gaps.
    pub seq: i64,
    pub time: Moment,
    /// `scan`, `violation.opened`, ...
    pub kind: String,
    pub violation: Option<i64>,
    pub path: Option<Vec<u8>>,
    /// A JSON object.
    pub detail: String,
    pub hash: [u8; 32],
}

/// What `verify` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub events: i64,
    /// Of the last event.
    pub head: [u8; 32],
    /// The first event that is not what it was, and how that shows.
    pub broken: Option<(i64, &'static str)>,
}

fn hash(
    before: &[u8; 32],
    (seq, time): (i64, i64),
    kind: &str,
    violation: Option<i64>,
    path: Option<&[u8]>,
    detail: &str,
) -> [u8; 32] {
    let mut all = Sha256::new();
    all.update(before);
    all.update(seq.to_be_bytes());
    all.update(time.to_be_bytes());
    let violation = violation.map(i64::to_be_bytes);
    let parts =
        [Some(kind.as_bytes()), violation.as_ref().map(|v| &v[..]), path, Some(detail.as_bytes())];
    for part in parts.into_iter().flatten() {
        all.update((part.len() as u64).to_be_bytes());
        all.update(part);
    }
    all.finalize().into()
}

/// The end of the chain while events are added to it.
pub(super) struct Ledger {
    time: i64,
    /// The last number that was given to a violation.
    pub violation: i64,
    seq: i64,
    head: [u8; 32],
}

impl Ledger {
    pub fn open(tx: &Transaction<'_>, time: i64) -> rusqlite::Result<Ledger> {
        tx.query_row("SELECT violation, event, hash FROM ledger", [], |r| {
            Ok(Ledger { time, violation: r.get(0)?, seq: r.get(1)?, head: r.get(2)? })
        })
    }

    pub fn add(
        &mut self,
        tx: &Transaction<'_>,
        words: &mut Interned,
        kind: &str,
        violation: Option<i64>,
        path: Option<&[u8]>,
        detail: &std::sync::Arc<str>,
    ) -> rusqlite::Result<()> {
        self.seq += 1;
        self.head = hash(&self.head, (self.seq, self.time), kind, violation, path, detail);
        let mut insert = tx.prepare_cached(
            "INSERT INTO event (seq, time, kind, violation, path, detail, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let detail = words.id(tx, detail)?;
        insert.execute(params![self.seq, self.time, kind, violation, path, detail, self.head])?;
        Ok(())
    }

    pub fn close(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        let head = params![self.violation, self.seq, self.head];
        tx.execute("UPDATE ledger SET violation = ?1, event = ?2, hash = ?3", head)?;
        Ok(())
    }
}

fn event(r: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        seq: r.get(0)?,
        time: Moment(r.get(1)?),
        kind: r.get(2)?,
        violation: r.get(3)?,
        path: r.get(4)?,
        detail: r.get::<_, Option<String>>(5)?.unwrap_or_default(),
        hash: r.get::<_, Vec<u8>>(6)?.try_into().unwrap_or_default(),
    })
}

const SELECT: &str = "SELECT e.seq, e.time, e.kind, e.violation, e.path, w.text, e.hash
                      FROM event e LEFT JOIN words w ON w.id = e.detail";

impl Store {
    /// The events behind `after`, in order, given to `each` until it says `false`; those of one
    /// violation only, if one is named.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn events(
        &self,
        after: i64,
        violation: Option<i64>,
        each: &mut dyn FnMut(Event) -> bool,
    ) -> Result<(), Failure> {
        let query = |each: &mut dyn FnMut(Event) -> bool| -> rusqlite::Result<()> {
            let filter = "WHERE e.seq > ?1 AND (?2 IS NULL OR e.violation = ?2) ORDER BY e.seq";
            let mut select = self.db.prepare(&format!("{SELECT} {filter}"))?;
            let mut rows = select.query(params![after, violation])?;
            while let Some(r) = rows.next()? {
                if !each(event(r)?) {
                    break;
                }
            }
            Ok(())
        };
        query(each).map_err(|e| self.fail(&e))
    }

    /// Adds an event to the ledger.
    pub(super) fn note_in(
        &self,
        tx: &Transaction<'_>,
        kind: &str,
        detail: &serde_json::Value,
        now: Moment,
    ) -> rusqlite::Result<()> {
        let mut ledger = Ledger::open(tx, now.0)?;
        let mut words = Interned { ids: Default::default(), ..self.words };
        ledger.add(tx, &mut words, kind, None, None, &detail.to_string().into())?;
        ledger.close(tx)
    }

    /// The last scan before an event, or that event itself.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn scan_before(&self, seq: i64) -> Result<Option<Event>, Failure> {
        let query = format!("{SELECT} WHERE e.seq <= ?1 AND e.kind = 'scan' ORDER BY e.seq DESC");
        let found =
            self.db.prepare_cached(&query).and_then(|mut s| s.query_row([seq], event).optional());
        found.map_err(|e| self.fail(&e))
    }

    /// The number of the last event; 0 if there is none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn last_event(&self) -> Result<i64, Failure> {
        let query = "SELECT event FROM ledger";
        self.db.query_row(query, [], |r| r.get(0)).map_err(|e| self.fail(&e))
    }

    /// Computes the chain anew and finds the first event that was changed, taken out, put in
    /// or cut off.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn verify_events(&self) -> Result<Verified, Failure> {
        let mut all = Verified { events: 0, head: [0; 32], broken: None };
        self.events(0, None, &mut |e| {
            let path = e.path.as_deref();
            let now = hash(&all.head, (e.seq, e.time.0), &e.kind, e.violation, path, &e.detail);
            if e.seq != all.events + 1 {
                all.broken = Some((all.events + 1, "it is missing"));
            } else if now != e.hash {
                all.broken = Some((e.seq, "it, or its hash, is not what was written"));
            }
            (all.events, all.head) = (e.seq, e.hash);
            all.broken.is_none()
        })?;
        if all.broken.is_none() {
            let query = "SELECT event, hash FROM ledger";
            let end = self.db.query_row(query, [], |r| Ok((r.get::<_, i64>(0)?, r.get(1)?)));
            let (events, head): (i64, [u8; 32]) = end.map_err(|e| self.fail(&e))?;
            if events > all.events {
                all.broken = Some((all.events + 1, "it is missing, with all behind it"));
            } else if (events, head) != (all.events, all.head) {
                all.broken = Some((all.events, "the head of the chain is another"));
            }
        }
        Ok(all)
    }
}
