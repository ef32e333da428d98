// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is to be told to whom: endpoints, how far each was told of the ledger, and the messages
//! that are under way to it. What stands in a message, and when it is sent, is not decided here.

use std::collections::BTreeMap;
use std::str::FromStr;

use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::Store;
use crate::clock::Moment;
use crate::diag::Failure;
use crate::model::UnknownWord;
use crate::scan::components::is_marker;

/// A due time that is further away than this was set by a clock that was wrong.
const MOST_AHEAD: i64 = 10 * 24 * 3600 * 1_000_000_000;

/// How an endpoint is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EndpointState {
    Active,
    /// It failed for long; it is tried now and then.
    Suspended,
    /// It said that it wants nothing more (410).
    Disabled,
    /// It is not configured any more.
    Gone,
}

impl EndpointState {
    pub fn as_str(self) -> &'static str {
        match self {
            EndpointState::Active => "active",
            EndpointState::Suspended => "suspended",
            EndpointState::Disabled => "disabled",
            EndpointState::Gone => "gone",
        }
    }
}

impl FromStr for EndpointState {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        use EndpointState::{Active, Disabled, Gone, Suspended};
        let all = [Active, Suspended, Disabled, Gone];
        all.into_iter().find(|k| k.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// An endpoint as it is remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    pub id: i64,
    pub name: String,
    /// The last event that it was told of, or does not want.
    pub cursor: i64,
    pub routed: Moment,
    pub tokens: Option<f64>,
    pub state: EndpointState,
    /// Since when nothing was taken by it.
    pub failing: Option<Moment>,
    /// How often in a row.
    pub failures: u32,
    /// Nothing is sent before.
    pub hold: Moment,
    pub trouble: Option<String>,
    /// Ever.
    pub delivered: u64,
    /// Attempts, ever.
    pub failed: u64,
    pub dead: u64,
}

/// How much waits for an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    pub pending: u64,
    /// When the first of them was made.
    pub oldest: Option<Moment>,
    /// Messages that were given up and are kept.
    pub dead: u64,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    Pending,
    Delivered,
    /// Given up.
    Dead,
}

impl DeliveryState {
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Pending => "pending",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Dead => "dead",
        }
    }
}

impl FromStr for DeliveryState {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        use DeliveryState::{Dead, Delivered, Pending};
        let all = [Pending, Delivered, Dead];
        all.into_iter().find(|k| k.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// A message to an endpoint, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: i64,
    /// The name of the endpoint.
    pub endpoint: String,
    pub uuid: [u8; 16],
    pub kind: String,
    pub body: String,
    pub made: Moment,
    pub state: DeliveryState,
    pub due: Moment,
    pub attempts: u32,
    pub tried: Option<Moment>,
    pub status: Option<u16>,
    pub said: Option<String>,
}

/// A message that is to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    pub uuid: [u8; 16],
    pub kind: &'static str,
    pub body: String,
    /// The violations it is about; of each the messages are delivered in the order in which
    /// they were made.
    pub about: Vec<i64>,
}

/// How far an endpoint was told of the ledger, and what it may still be sent.
#[derive(Debug, Clone, Copy)]
pub struct Routed {
    pub from: i64,
    pub to: i64,
    pub now: Moment,
    pub tokens: Option<f64>,
}

/// An attempt to deliver.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub at: Moment,
    pub status: Option<u16>,
    /// What the endpoint said, or why nothing came of it.
    pub said: Option<String>,
    pub outcome: Outcome,
}

/// What follows from an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Delivered,
    /// The message is tried again at a moment, or given up if there is none; nothing at all is
    /// sent to the endpoint before another.
    Failed {
        again: Option<Moment>,
        hold: Moment,
    },
    /// The endpoint wants nothing more. The message stays.
    Disabled,
    /// The message cannot be written as the endpoint takes it, and is given up.
    Unwritable,
}

/// Which deliveries are wanted; what is `None` does not narrow.
#[derive(Debug, Default, Clone)]
pub struct DeliveryFilter {
    pub endpoint: Option<String>,
    pub state: Option<DeliveryState>,
    /// Those whose last attempt failed: dead ones, and pending ones that were tried.
    pub failed: bool,
    pub since: Option<Moment>,
    pub uuid: Option<[u8; 16]>,
    /// Those in whose body this stands.
    pub holding: Option<String>,
    /// At most, the newest.
    pub most: Option<u32>,
}

const ENDPOINT: &str = "SELECT id, name, cursor, routed, tokens, state, failing, failures, hold,
    trouble, delivered, failed, dead FROM endpoint";

fn endpoint(r: &Row<'_>) -> rusqlite::Result<Endpoint> {
    let count = |n: usize| r.get::<_, i64>(n).map(i64::unsigned_abs);
    Ok(Endpoint {
        id: r.get(0)?,
        name: r.get(1)?,
        cursor: r.get(2)?,
        routed: Moment(r.get(3)?),
        tokens: r.get(4)?,
        state: r.get_ref(5)?.as_str()?.parse().unwrap_or(EndpointState::Active),
        failing: r.get::<_, Option<i64>>(6)?.map(Moment),
        failures: r.get(7)?,
        hold: Moment(r.get(8)?),
        trouble: r.get(9)?,
        delivered: count(10)?,
        failed: count(11)?,
        dead: count(12)?,
    })
}

const DELIVERY: &str = "SELECT d.id, e.name, d.uuid, d.kind, d.body, d.made, d.state, d.due,
    d.attempts, d.tried, d.status, d.said FROM delivery d JOIN endpoint e ON e.id = d.endpoint";

fn delivery(r: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: r.get(0)?,
        endpoint: r.get(1)?,
        uuid: r.get(2)?,
        kind: r.get(3)?,
        body: r.get(4)?,
        made: Moment(r.get(5)?),
        state: r.get_ref(6)?.as_str()?.parse().unwrap_or(DeliveryState::Dead),
        due: Moment(r.get(7)?),
        attempts: r.get(8)?,
        tried: r.get::<_, Option<i64>>(9)?.map(Moment),
        status: r.get(10)?,
        said: r.get(11)?,
    })
}

impl Store {
    /// Runs what writes as one transaction.
    fn writing<T>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        let run = || {
            let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
            let done = write(&tx)?;
            tx.commit()?;
            Ok(done)
        };
        run().map_err(|e| self.fail(&e))
    }

    /// Sees to it that these endpoints are known, and no others are told anything. One that is
    /// new, or comes back, is told of what happens from now on.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub fn set_endpoints(&self, names: &[&str], now: Moment) -> Result<(), Failure> {
        // Mostly nothing is to be written.
        let known = self.endpoints()?;
        let stays = |e: &Endpoint| (e.state != EndpointState::Gone) == names.contains(&&*e.name);
        if known.iter().all(stays) && names.iter().all(|n| known.iter().any(|e| e.name == *n)) {
            return Ok(());
        }
        self.writing(|tx| {
            for e in known.iter().filter(|e| !names.contains(&&*e.name)) {
                tx.execute("UPDATE endpoint SET state = 'gone' WHERE id = ?1", [e.id])?;
            }
            for name in names {
                tx.execute(
                    "INSERT INTO endpoint (name, cursor, routed)
                     SELECT ?1, event, ?2 FROM ledger WHERE true
                     ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, routed = ?2,
                        state = 'active', failing = NULL, failures = 0, hold = 0
                     WHERE state = 'gone'",
                    params![name, now.0],
                )?;
            }
            Ok(())
        })
    }

    /// Waits until nobody is writing. The kernel tells of a write before others can see it.
    ///
    /// # Errors
    /// Somebody writes for long, or the store cannot be read.
    pub fn wait_for_writers(&self) -> Result<(), Failure> {
        let wait =
            || Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?.rollback();
        wait().map_err(|e| self.fail(&e))
    }

    /// All endpoints, by name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn endpoints(&self) -> Result<Vec<Endpoint>, Failure> {
        let query = || {
            let mut select = self.db.prepare_cached(&format!("{ENDPOINT} ORDER BY name"))?;
            select.query_map([], endpoint)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        query().map_err(|e| self.fail(&e))
    }

    /// One endpoint.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn endpoint(&self, name: &str) -> Result<Option<Endpoint>, Failure> {
        let query = || {
            let mut select = self.db.prepare_cached(&format!("{ENDPOINT} WHERE name = ?1"))?;
            select.query_row([name], endpoint).optional()
        };
        query().map_err(|e| self.fail(&e))
    }

    /// How much waits for each endpoint, by its name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn waiting(&self) -> Result<BTreeMap<String, Waiting>, Failure> {
        let query = || -> rusqlite::Result<BTreeMap<String, Waiting>> {
            let mut select = self.db.prepare_cached(
                "SELECT e.name, (SELECT count(*) FROM delivery d
                                 WHERE d.endpoint = e.id AND d.state = 'pending'),
                        (SELECT min(d.made) FROM delivery d
                         WHERE d.endpoint = e.id AND d.state = 'pending'),
                        (SELECT count(*) FROM delivery d
                         WHERE d.endpoint = e.id AND d.state = 'dead')
                 FROM endpoint e",
            )?;
            let rows = select.query_map([], |r| {
                let waiting = Waiting {
                    pending: r.get::<_, i64>(1)?.unsigned_abs(),
                    oldest: r.get::<_, Option<i64>>(2)?.map(Moment),
                    dead: r.get::<_, i64>(3)?.unsigned_abs(),
                };
                Ok((r.get(0)?, waiting))
            })?;
            rows.collect()
        };
        query().map_err(|e| self.fail(&e))
    }

    /// Enters messages for an endpoint and moves on what it was told of, unless somebody else
    /// did; tells whether it was done.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn route(
        &self,
        endpoint: i64,
        routed: Routed,
        messages: &[NewDelivery],
    ) -> Result<bool, Failure> {
        let Routed { from, to, now, tokens } = routed;
        self.writing(|tx| {
            let moved = tx.execute(
                "UPDATE endpoint SET cursor = ?3, routed = ?4, tokens = ?5
                 WHERE id = ?1 AND cursor = ?2",
                params![endpoint, from, to, now.0, tokens],
            )?;
            if moved == 1 {
                enter(tx, endpoint, messages, now)?;
            }
            Ok(moved == 1)
        })
    }

    /// The first message for an endpoint that is due and waits for no other, or when the next
    /// will be.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn next_delivery(
        &self,
        endpoint: i64,
        now: Moment,
    ) -> Result<Result<Delivery, Option<Moment>>, Failure> {
        let query = || -> rusqlite::Result<Result<Delivery, Option<Moment>>> {
            let mut select = self.db.prepare_cached(&format!(
                "{DELIVERY} WHERE d.endpoint = ?1 AND d.state = 'pending'
                   AND (d.due <= ?2 OR d.due > ?3)
                   AND NOT EXISTS (
                     SELECT 1 FROM about a JOIN about b
                       ON b.endpoint = a.endpoint AND b.violation = a.violation
                          AND b.delivery < a.delivery
                     WHERE a.delivery = d.id)
                 ORDER BY d.due > ?2, d.due, d.id LIMIT 1"
            ))?;
            let ahead = now.0.saturating_add(MOST_AHEAD);
            let found = select.query_row(params![endpoint, now.0, ahead], delivery).optional()?;
            if let Some(found) = found {
                return Ok(Ok(found));
            }
            // What waits for another is due when that is no longer pending.
            let mut next = self.db.prepare_cached(
                "SELECT min(due) FROM delivery
                 WHERE endpoint = ?1 AND state = 'pending' AND due > ?2",
            )?;
            let next: Option<i64> = next.query_row(params![endpoint, now.0], |r| r.get(0))?;
            Ok(Err(next.map(Moment)))
        };
        query().map_err(|e| self.fail(&e))
    }

    /// Writes what came of an attempt.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn attempted(&self, of: &Delivery, attempt: &Attempt) -> Result<(), Failure> {
        let Attempt { at, status, said, outcome } = attempt;
        self.writing(|tx| {
            let (state, due) = match outcome {
                Outcome::Delivered => (DeliveryState::Delivered, at),
                Outcome::Failed { again: None, .. } | Outcome::Unwritable => {
                    (DeliveryState::Dead, at)
                }
                Outcome::Failed { again: Some(again), .. } => (DeliveryState::Pending, again),
                Outcome::Disabled => (DeliveryState::Pending, at),
            };
            tx.execute(
                "UPDATE delivery SET state = ?2, due = ?3, attempts = attempts + 1, tried = ?4,
                        status = ?5, said = ?6 WHERE id = ?1",
                params![of.id, state.as_str(), due.0, at.0, status, said],
            )?;
            if state != DeliveryState::Pending {
                tx.execute("DELETE FROM about WHERE delivery = ?1", [of.id])?;
            }
            match outcome {
                Outcome::Delivered => tx.execute(
                    "UPDATE endpoint SET delivered = delivered + 1, failing = NULL, failures = 0,
                            hold = 0, trouble = NULL
                     WHERE name = ?1",
                    [&of.endpoint],
                )?,
                Outcome::Failed { again, hold } => tx.execute(
                    "UPDATE endpoint SET failed = failed + 1, failing = coalesce(failing, ?2),
                            failures = failures + 1, hold = ?3, trouble = ?4, dead = dead + ?5
                     WHERE name = ?1",
                    params![of.endpoint, at.0, hold.0, said, again.is_none()],
                )?,
                Outcome::Disabled => tx.execute(
                    "UPDATE endpoint SET failed = failed + 1, failing = coalesce(failing, ?2),
                            failures = failures + 1, trouble = ?3
                     WHERE name = ?1",
                    params![of.endpoint, at.0, said],
                )?,
                Outcome::Unwritable => tx.execute(
                    "UPDATE endpoint SET dead = dead + 1 WHERE name = ?1",
                    [&of.endpoint],
                )?,
            };
            Ok(())
        })
    }

    /// Puts an endpoint into another state, with the event that says so, unless it is in that
    /// already. What it failed before counts no more once it is active.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub fn set_endpoint_state(
        &self,
        name: &str,
        state: EndpointState,
        told: Option<(&str, &serde_json::Value)>,
        now: Moment,
    ) -> Result<(), Failure> {
        self.writing(|tx| {
            let active = state == EndpointState::Active;
            let changed = tx.execute(
                "UPDATE endpoint SET state = ?2, failing = iif(?3, NULL, failing),
                        failures = iif(?3, 0, failures), hold = iif(?3, 0, hold)
                 WHERE name = ?1 AND state <> ?2",
                params![name, state.as_str(), active],
            )?;
            if changed == 1
                && let Some((kind, detail)) = told
            {
                self.note_in(tx, kind, detail, now)?;
            }
            Ok(())
        })
    }

    /// Writes an event that is about no violation.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn note(&self, kind: &str, detail: &serde_json::Value, now: Moment) -> Result<(), Failure> {
        self.writing(|tx| self.note_in(tx, kind, detail, now))
    }

    /// The last event of one of these kinds that is about no violation and has this in its detail.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn last_note(
        &self,
        kinds: &[&str],
        is_it: &dyn Fn(&serde_json::Value) -> bool,
    ) -> Result<Option<(String, serde_json::Value)>, Failure> {
        let query = || -> rusqlite::Result<Option<(i64, String, serde_json::Value)>> {
            let mut last: Option<(i64, String, serde_json::Value)> = None;
            for kind in kinds {
                let mut select = self.db.prepare_cached(
                    "SELECT e.seq, w.text FROM event e JOIN words w ON w.id = e.detail
                     WHERE e.kind = ?1 AND e.violation IS NULL AND e.kind <> 'scan'
                     ORDER BY e.seq DESC",
                )?;
                let mut rows = select.query([kind])?;
                while let Some(r) = rows.next()? {
                    let seq: i64 = r.get(0)?;
                    if last.as_ref().is_some_and(|(known, ..)| *known > seq) {
                        break;
                    }
                    let detail = serde_json::from_str(r.get_ref(1)?.as_str()?).unwrap_or_default();
                    if is_it(&detail) {
                        last = Some((seq, (*kind).to_owned(), detail));
                        break;
                    }
                }
            }
            Ok(last)
        };
        let found = query().map_err(|e| self.fail(&e))?;
        Ok(found.map(|(_, kind, detail)| (kind, detail)))
    }

    /// The deliveries that a filter wants, in the order in which they were made.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, Failure> {
        let DeliveryFilter { endpoint, state, failed, since, uuid, holding, most } = filter;
        let query = || -> rusqlite::Result<Vec<Delivery>> {
            let mut select = self.db.prepare(&format!(
                "{DELIVERY} WHERE (?1 IS NULL OR e.name = ?1) AND (?2 IS NULL OR d.state = ?2)
                   AND (NOT ?3 OR d.state = 'dead' OR d.state = 'pending' AND d.attempts > 0)
                   AND (?4 IS NULL OR d.made >= ?4) AND (?5 IS NULL OR d.uuid = ?5)
                   AND (?6 IS NULL OR instr(d.body, ?6) > 0)
                 ORDER BY d.id DESC LIMIT ?7"
            ))?;
            let values = params![
                endpoint,
                state.map(DeliveryState::as_str),
                failed,
                since.map(|s| s.0),
                uuid,
                holding,
                most.map_or(-1, i64::from)
            ];
            let mut all: Vec<Delivery> =
                select.query_map(values, delivery)?.collect::<rusqlite::Result<_>>()?;
            all.reverse();
            Ok(all)
        };
        query().map_err(|e| self.fail(&e))
    }

    /// Lets deliveries that are no longer pending be sent once more, from the beginning of the
    /// schedule and under the same id; gives how many.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn replay(&self, deliveries: &[i64], now: Moment) -> Result<usize, Failure> {
        self.writing(|tx| {
            let mut again = 0;
            for id in deliveries {
                again += tx.execute(
                    "UPDATE delivery SET state = 'pending', due = ?2, attempts = 0
                     WHERE id = ?1 AND state <> 'pending'",
                    params![id, now.0],
                )?;
            }
            Ok(again)
        })
    }

    /// Forgets deliveries that were ended before a moment; gives how many.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn forget_deliveries(&self, before: Moment) -> Result<usize, Failure> {
        self.writing(|tx| {
            tx.execute("DELETE FROM delivery WHERE state <> 'pending' AND made < ?1", [before.0])
        })
    }

    /// The component of a path: the nearest directory at or above it with a file that makes it
    /// one, empty for the root.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn component(&self, root: &[u8], view: &str, path: &[u8]) -> Result<Vec<u8>, Failure> {
        let query = || -> rusqlite::Result<Vec<u8>> {
            let checkout = "SELECT id FROM checkout WHERE root = ?1 AND view = ?2";
            let mut checkout = self.db.prepare_cached(checkout)?;
            let Some(id) =
                checkout.query_row(params![root, view], |r| r.get::<_, i64>(0)).optional()?
            else {
                return Ok(Vec::new());
            };
            // The next name in a directory; what is in one of its directories is passed over.
            let mut next = self.db.prepare_cached(
                "SELECT path FROM file WHERE checkout = ?1 AND path >= ?2 AND path < ?3
                 ORDER BY path LIMIT 1",
            )?;
            let mut directory = path;
            while let Some(slash) = directory.iter().rposition(|b| *b == b'/') {
                directory = &directory[..slash];
                let below = [directory, b"/"].concat();
                let end = super::end_of(&below);
                let mut from = below.clone();
                while let Some(found) =
                    next.query_row(params![id, from, end], |r| r.get::<_, Vec<u8>>(0)).optional()?
                {
                    let rest = &found[below.len()..];
                    match rest.iter().position(|b| *b == b'/') {
                        None if is_marker(rest) => return Ok(directory.to_vec()),
                        None => from = [&found[..], b"\0"].concat(),
                        Some(n) => from = [&found[..below.len() + n], b"0"].concat(),
                    }
                }
            }
            Ok(Vec::new())
        };
        query().map_err(|e| self.fail(&e))
    }

    /// Whether who brought the new violations of a scan in was looked up.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn is_attributed(&self, root: &[u8], view: &str, began: Moment) -> Result<bool, Failure> {
        let query = "SELECT attributed >= ?3 FROM checkout WHERE root = ?1 AND view = ?2";
        let found = self.db.query_row(query, params![root, view, began.0], |r| r.get(0));
        // A checkout that is not known any more needs nothing.
        let found: Option<Option<bool>> = found.optional().map_err(|e| self.fail(&e))?;
        Ok(found.is_none_or(|found| found == Some(true)))
    }

    /// What a policy calls itself, by its digest.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn policy_name(&self, digest: &str) -> Result<Option<String>, Failure> {
        let query = "SELECT name FROM policy WHERE digest = ?1";
        let found = self.db.query_row(query, [digest], |r| r.get(0)).optional();
        found.map_err(|e| self.fail(&e))
    }

    /// How many violations each waiver waives now, by its id.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn waived(&self) -> Result<BTreeMap<String, u64>, Failure> {
        let query = || -> rusqlite::Result<BTreeMap<String, u64>> {
            let mut select = self.db.prepare(
                "SELECT waiver, count(*) FROM violation WHERE state = 'waived' GROUP BY waiver",
            )?;
            let rows =
                select.query_map([], |r| Ok((r.get(0)?, r.get::<_, i64>(1)?.unsigned_abs())))?;
            rows.collect()
        };
        query().map_err(|e| self.fail(&e))
    }
}

fn enter(
    tx: &Transaction<'_>,
    endpoint: i64,
    messages: &[NewDelivery],
    now: Moment,
) -> rusqlite::Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO delivery (endpoint, uuid, kind, body, made, due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )?;
    let mut about = tx.prepare_cached(
        "INSERT INTO about (endpoint, violation, delivery) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING",
    )?;
    for m in messages {
        insert.execute(params![endpoint, m.uuid, m.kind, m.body, now.0])?;
        let id = tx.last_insert_rowid();
        for violation in &m.about {
            about.execute(params![endpoint, violation, id])?;
        }
    }
    Ok(())
}
