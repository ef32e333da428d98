// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The life of violations: opened, changed, waived, resolved, reopened, moved. What a scan
//! found is compared with what is remembered, and every difference is an event. So is a license
//! that a file had not before.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rusqlite::{Transaction, params};
use rustc_hash::FxHashSet;
use serde_json::json;

use super::Interned;
use super::events::Ledger;
use crate::model::BlobId;
use crate::policy::Judged;
use crate::policy::waivers::Lapse;
use crate::scan::{Scanned, Verdict};

fn text(detail: &serde_json::Value) -> Arc<str> {
    detail.to_string().into()
}

/// A violation as it is remembered, without where it is.
#[derive(Clone, PartialEq, Eq)]
struct Row {
    id: i64,
    rule: Arc<str>,
    outcome: Arc<str>,
    severity: Arc<str>,
    context: Arc<str>,
    waiver: Option<Arc<str>>,
    resolved: bool,
    born: Option<Vec<u8>>,
}

/// The violations of one file by license, sorted. Mostly it is one, and there are many files.
type OfFile = Vec<(Arc<str>, Row)>;

type Rows = BTreeMap<Vec<u8>, OfFile>;

fn put(of: &mut OfFile, license: Arc<str>, row: Row) {
    match of.binary_search_by(|(known, _)| known.cmp(&license)) {
        Ok(n) => of[n].1 = row,
        Err(n) => of.insert(n, (license, row)),
    }
}

fn take(of: &mut OfFile, license: &str) -> Option<Row> {
    let n = of.binary_search_by(|(known, _)| (**known).cmp(license)).ok()?;
    Some(of.remove(n).1)
}

/// What is the case now with a license in a file.
struct Now<'a> {
    judged: &'a Judged,
    waiver: Option<&'a str>,
    /// Why a waiver that is about it does not hold.
    lapse: Option<(&'a str, Lapse)>,
}

/// Where violations are, and when that was last looked at.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub checkout: i64,
    pub last_scan: i64,
}

/// A file with other words, and another license.
pub(super) struct Relicensed {
    pub path: Arc<[u8]>,
    pub from: Option<String>,
    pub to: Option<Arc<str>>,
    pub blob: BlobId,
}

/// What became of violations.
#[derive(Clone, Copy, Default)]
pub(super) struct Became {
    /// Whether anything did.
    pub anything: bool,
    /// How many were opened for the first time.
    pub opened: i64,
}

/// Writes what became of violations, in what was scanned, and which files have another license.
/// Of a checkout that is new nothing is remembered.
pub(super) fn write(
    tx: &Transaction<'_>,
    words: &mut Interned,
    At { checkout, last_scan }: At,
    scanned: &Scanned,
    relicensed: &[Relicensed],
    is_new: bool,
) -> rusqlite::Result<Became> {
    let mut life = Life {
        tx,
        words,
        checkout,
        scanned,
        is_new,
        now: scanned.started.0,
        last_scan,
        ledger: Ledger::open(tx, scanned.started.0)?,
        begun: false,
        opened: HashMap::new(),
    };
    for r in relicensed {
        let detail = json!({ "from": r.from, "to": r.to.as_deref(), "blob": r.blob.to_string() });
        life.event("license.changed", None, &r.path, &text(&detail))?;
    }
    let first = life.ledger.violation;
    if !scanned.judged_before {
        life.violations()?;
    }
    let became = Became { anything: life.begun, opened: life.ledger.violation - first };
    life.ledger.close(tx)?;
    Ok(became)
}

/// Adds the violations of a checkout from a path up to another, also those that are resolved.
fn read(
    tx: &Transaction<'_>,
    checkout: i64,
    from: &[u8],
    end: &[u8],
    all: &mut Rows,
) -> rusqlite::Result<()> {
    let mut select = tx.prepare_cached(
        "SELECT path, license, id, rule, outcome, severity, context, waiver, state, born
         FROM violation WHERE checkout = ?1 AND path >= ?2 AND path < ?3",
    )?;
    // A few words make up all of them.
    let mut words: FxHashSet<Arc<str>> = FxHashSet::default();
    let mut word = |text: &str| match words.get(text) {
        Some(word) => Arc::clone(word),
        None => {
            let new: Arc<str> = text.into();
            words.insert(Arc::clone(&new));
            new
        }
    };
    let mut rows = select.query(params![checkout, from, end])?;
    while let Some(r) = rows.next()? {
        let row = Row {
            id: r.get(2)?,
            rule: word(r.get_ref(3)?.as_str()?),
            outcome: word(r.get_ref(4)?.as_str()?),
            severity: word(r.get_ref(5)?.as_str()?),
            context: word(r.get_ref(6)?.as_str()?),
            waiver: r.get_ref(7)?.as_str_or_null()?.map(&mut word),
            resolved: r.get_ref(8)?.as_str()? == "resolved",
            born: r.get(9)?,
        };
        let license = word(r.get_ref(1)?.as_str()?);
        put(all.entry(r.get(0)?).or_insert_with(|| Vec::with_capacity(1)), license, row);
    }
    Ok(())
}

struct Life<'a, 't> {
    tx: &'a Transaction<'t>,
    words: &'a mut Interned,
    checkout: i64,
    scanned: &'a Scanned,
    /// Whether nothing is remembered of the checkout.
    is_new: bool,
    now: i64,
    last_scan: i64,
    ledger: Ledger,
    /// Whether the event that says by what was judged is written.
    begun: bool,
    /// What is said of new violations: files that share a verdict say the same.
    opened: HashMap<*const Judged, Arc<str>>,
}

impl Life<'_, '_> {
    /// Compares the violations of all that was scanned with those that are remembered.
    fn violations(&mut self) -> rusqlite::Result<()> {
        let (tx, checkout, scanned) = (self.tx, self.checkout, self.scanned);
        let mut remembered = Rows::new();
        match &scanned.spots {
            _ if self.is_new => {}
            None => {
                let scope = &scanned.checkout.scope;
                read(tx, checkout, scope, &super::end_of(scope), &mut remembered)?;
            }
            Some(spots) => {
                for spot in spots {
                    let (after, below) = ([spot, &b"\0"[..]].concat(), [spot, &b"/"[..]].concat());
                    read(tx, checkout, spot, &after, &mut remembered)?;
                    read(tx, checkout, &below, &super::end_of(&below), &mut remembered)?;
                }
            }
        }
        for (to, from) in &scanned.moved {
            if let Some(rows) = remembered.remove(&**from) {
                let there = remembered.entry(to.to_vec()).or_default();
                for (license, row) in self.moved(to, from, rows)? {
                    put(there, license, row);
                }
            }
        }
        for f in &scanned.files {
            let verdict = scanned.verdict(f);
            let nothing =
                verdict.decision.breaches.is_empty() && verdict.decision.waived.is_empty();
            let before = remembered.remove(&*f.path);
            if nothing && before.is_none() {
                continue;
            }
            self.file(&f.path, verdict, before.unwrap_or_default())?;
        }
        // What could not be read is not known to be mended, nor what the scan did not come to.
        let unread: Vec<&[u8]> = scanned
            .not_looked
            .iter()
            .filter(|n| n.why.is_failure())
            .map(|n| n.path.as_slice())
            .collect();
        let is_unread = |path: &[u8]| {
            unread
                .iter()
                .any(|u| path.strip_prefix(*u).is_some_and(|r| r.is_empty() || r[0] == b'/'))
        };
        for (path, rows) in remembered {
            if !is_unread(&path) {
                for (license, row) in rows {
                    self.resolve(&path, &license, &row)?;
                }
            }
        }
        Ok(())
    }

    fn event(
        &mut self,
        kind: &str,
        id: Option<i64>,
        path: &[u8],
        detail: &Arc<str>,
    ) -> rusqlite::Result<()> {
        if !self.begun {
            self.begun = true;
            let s = self.scanned;
            let detail = json!({
                "first": self.is_new,
                "checkout": crate::diag::visible(s.checkout.root.as_os_str().as_encoded_bytes()),
                "view": s.checkout.view.name(),
                "commit": s.checkout.commit,
                "branch": s.checkout.branch,
                "policy": s.policy.digest,
                "engine": s.engine,
            });
            self.ledger.add(self.tx, self.words, "scan", None, None, &text(&detail))?;
        }
        self.ledger.add(self.tx, self.words, kind, id, Some(path), detail)
    }

    /// Takes the violations of a file along to where it is now.
    fn moved(&mut self, to: &[u8], from: &[u8], rows: OfFile) -> rusqlite::Result<OfFile> {
        let mut moved = OfFile::new();
        for (license, row) in rows {
            if row.resolved {
                continue;
            }
            let born = row.born.clone().unwrap_or_else(|| from.to_vec());
            let born = (born != to).then_some(born);
            // What was resolved there once makes room.
            let key = params![self.checkout, to, license];
            self.tx
                .prepare_cached(
                    "DELETE FROM violation WHERE checkout = ?1 AND path = ?2 AND license = ?3",
                )?
                .execute(key)?;
            self.tx
                .prepare_cached(
                    "UPDATE violation SET path = ?4, born = ?5
                     WHERE checkout = ?1 AND path = ?2 AND license = ?3",
                )?
                .execute(params![self.checkout, from, license, to, born])?;
            let detail = json!({ "license": *license, "from": crate::diag::visible(from) });
            self.event("violation.moved", Some(row.id), to, &text(&detail))?;
            moved.push((license, Row { born, ..row }));
        }
        Ok(moved)
    }

    fn file(&mut self, path: &[u8], verdict: &Verdict, mut before: OfFile) -> rusqlite::Result<()> {
        let context = &self.scanned.contexts[verdict.context];
        let open = verdict.decision.breaches.iter().map(|judged| {
            let lapsed = verdict.lapsed.iter().find(|l| l.license == judged.license);
            let lapse = lapsed.map(|l| (l.waiver.id.as_str(), l.why));
            Now { judged, waiver: None, lapse }
        });
        let waived = verdict.decision.waived.iter().map(|w| Now {
            judged: &w.judged,
            waiver: Some(w.waiver.id.as_str()),
            lapse: None,
        });
        for now in open.chain(waived) {
            let was = take(&mut before, &now.judged.license);
            self.license(path, context, verdict, &now, was)?;
        }
        for (license, row) in before {
            self.resolve(path, &license, &row)?;
        }
        Ok(())
    }

    fn license(
        &mut self,
        path: &[u8],
        context: &str,
        verdict: &Verdict,
        now: &Now<'_>,
        was: Option<Row>,
    ) -> rusqlite::Result<()> {
        let rule = &now.judged.rule;
        let license = &now.judged.license;
        let (outcome, severity) = (rule.outcome.as_str(), rule.severity.as_str());
        let state = if now.waiver.is_some() { "waived" } else { "open" };
        let says = || {
            json!({
                "license": license, "rule": rule.id, "outcome": outcome, "severity": severity,
                "context": context, "expression": verdict.expression.as_deref(),
                "choice": verdict.decision.choice, "reason": rule.reason, "remedy": rule.remedy,
            })
        };
        let Some(was) = was else {
            self.ledger.violation += 1;
            let id = self.ledger.violation;
            self.tx
                .prepare_cached(
                    "INSERT INTO violation (id, checkout, path, license, rule, outcome, severity,
                        context, state, waiver, first_seen)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                )?
                .execute(params![
                    id,
                    self.checkout,
                    path,
                    license,
                    rule.id,
                    outcome,
                    severity,
                    context,
                    state,
                    now.waiver,
                    self.now
                ])?;
            let detail = self.opened.entry(now.judged).or_insert_with(|| text(&says()));
            let detail = Arc::clone(detail);
            self.event("violation.opened", Some(id), path, &detail)?;
            if let Some(waiver) = now.waiver {
                let mut detail = says();
                detail["waiver"] = waiver.into();
                self.event("violation.waived", Some(id), path, &text(&detail))?;
            }
            return Ok(());
        };
        let mut detail = says();
        let same = *was.rule == *rule.id
            && *was.outcome == *outcome
            && *was.severity == *severity
            && *was.context == *context;
        if same && !was.resolved && was.waiver.as_deref() == now.waiver {
            return Ok(());
        }
        self.tx
            .prepare_cached(
                "UPDATE violation SET rule = ?4, outcome = ?5, severity = ?6, context = ?7,
                        state = ?8, waiver = ?9, last_seen = NULL
                 WHERE checkout = ?1 AND path = ?2 AND license = ?3",
            )?
            .execute(params![
                self.checkout,
                path,
                license,
                rule.id,
                outcome,
                severity,
                context,
                state,
                now.waiver
            ])?;
        if was.resolved {
            self.event("violation.reopened", Some(was.id), path, &text(&detail))?;
        } else if !same {
            detail["was"] = json!({
                "rule": *was.rule, "outcome": *was.outcome, "severity": *was.severity,
                "context": *was.context,
            });
            self.event("violation.changed", Some(was.id), path, &text(&detail))?;
        }
        let before = was.waiver.as_deref().filter(|_| !was.resolved);
        match (before, now.waiver) {
            (Some(before), None) => {
                let why = now.lapse.filter(|(id, _)| *id == before).map(|(_, why)| why.as_str());
                let mut detail = says();
                detail["waiver"] = before.into();
                detail["why"] = why.unwrap_or("withdrawn").into();
                self.event("waiver.lapsed", Some(was.id), path, &text(&detail))?;
            }
            (before, Some(waiver)) if before != Some(waiver) => {
                detail["waiver"] = waiver.into();
                self.event("violation.waived", Some(was.id), path, &text(&detail))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn resolve(&mut self, path: &[u8], license: &str, row: &Row) -> rusqlite::Result<()> {
        if row.resolved {
            return Ok(());
        }
        self.tx
            .prepare_cached(
                "UPDATE violation SET state = 'resolved', last_seen = ?4
                 WHERE checkout = ?1 AND path = ?2 AND license = ?3",
            )?
            .execute(params![self.checkout, path, license, self.last_scan])?;
        let detail = json!({
            "license": license, "rule": *row.rule, "outcome": *row.outcome,
            "severity": *row.severity, "context": *row.context,
        });
        self.event("violation.resolved", Some(row.id), path, &text(&detail))
    }
}
