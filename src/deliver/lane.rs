// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The thread of one endpoint: makes messages of what happened, sends what is due, writes what came
//! of it, and waits until there is more to do. What was sent and not written down is sent again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use serde_json::json;
use uuid::Uuid;

use super::endpoint::{Endpoint, later};
use super::message::{DigestReason, Message};
use super::pace;
use super::route::{Batch, Scan, Wanted};
use super::tell::{self, Asker};
use crate::clock::{self, Moment};
use crate::config::Webhook;
use crate::diag::Failure;
use crate::store::{self, Attempt, Delivery, EndpointState, NewDelivery, Outcome, Routed, Store};

/// How long is waited at most without a reason.
const IDLE: Duration = Duration::from_secs(3600);

/// How long is waited after something failed that is no endpoint's fault.
const TROUBLE: Duration = Duration::from_secs(10);

/// How often an endpoint is tried that is suspended.
const PROBE: Duration = Duration::from_secs(3600);

/// How long a message waits for it to be known who brought its violations in.
const ATTRIBUTION: Duration = Duration::from_secs(10);

/// What a lane is told from outside; a bell is rung then.
#[derive(Default)]
pub struct Orders {
    stopping: AtomicBool,
    reread: AtomicBool,
}

impl Orders {
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Reads the files anew that the configuration names.
    pub fn reread(&self) {
        self.reread.store(true, Ordering::Relaxed);
    }
}

/// What a lane works with.
pub struct Work {
    pub store: PathBuf,
    pub webhook: Webhook,
    /// Of all endpoints.
    pub names: Arc<[String]>,
    pub link: Option<String>,
    pub orders: Arc<Orders>,
    pub heard: Receiver<()>,
}

/// Delivers until told to stop.
pub fn run(work: &Work) {
    let mut lane = Lane { work, store: None, endpoint: None, waits: None, said: String::new() };
    while !work.orders.stopping.load(Ordering::Relaxed) {
        let wait = match lane.step() {
            Ok(wait) => {
                lane.well();
                wait
            }
            Err(failure) => {
                lane.say(&failure);
                TROUBLE
            }
        };
        match work.heard.recv_timeout(wait.min(IDLE)) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
}

struct Lane<'w> {
    work: &'w Work,
    /// The open store, and which file it is.
    store: Option<(Store, Identity)>,
    endpoint: Option<Endpoint>,
    /// For what is waited that is to be known of a scan, and since when.
    waits: Option<(Moment, Instant)>,
    /// What was said to be wrong.
    said: String,
}

type Identity = (u64, u64);

fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()))
}

impl Lane<'_> {
    /// Says once what is wrong.
    fn say(&mut self, failure: &Failure) {
        let text = failure.in_a_line();
        if self.said != text {
            let help = failure.help.as_deref().unwrap_or_default();
            tracing::error!(webhook = self.work.webhook.name, help, "{text}");
            self.said = text;
        }
    }

    fn well(&mut self) {
        if !std::mem::take(&mut self.said).is_empty() {
            tracing::info!(webhook = self.work.webhook.name, "well again");
        }
    }

    /// Does all that can be done now; tells how long nothing more can.
    fn step(&mut self) -> Result<Duration, Failure> {
        if self.work.orders.reread.swap(false, Ordering::Relaxed) {
            self.endpoint = None;
        }
        // A rescue puts another file into the store's place.
        let now = identity(&self.work.store);
        if self.store.as_ref().map(|(_, known)| *known) != now {
            self.store = None;
        }
        if self.store.is_none() {
            let store = Store::open_existing(&self.work.store)?;
            let names: Vec<&str> = self.work.names.iter().map(String::as_str).collect();
            store.set_endpoints(&names, Moment::now())?;
            let identity = identity(&self.work.store).unwrap_or_default();
            self.store = Some((store, identity));
        }
        if self.endpoint.is_none() {
            self.endpoint = Some(Endpoint::load(&self.work.webhook)?);
        }
        let (Some((store, _)), Some(endpoint)) = (&self.store, &self.endpoint) else {
            return Ok(TROUBLE);
        };
        store.wait_for_writers()?;
        loop {
            if self.work.orders.stopping.load(Ordering::Relaxed) {
                return Ok(Duration::ZERO);
            }
            let now = Moment::now();
            let name = &self.work.webhook.name;
            let Some(row) = store.endpoint(name)? else {
                return Err(Failure::new("the store does not know the webhook any more"));
            };
            if matches!(row.state, EndpointState::Disabled | EndpointState::Gone) {
                return Ok(IDLE);
            }
            let suspended = row.state == EndpointState::Suspended;
            // A suspended one is tried with what is there; the rest stays in the ledger.
            let due = |at: Moment| store.next_delivery(row.id, at);
            let all = if suspended { due(Moment(i64::MAX))? } else { due(now)? };
            let routed = match all {
                Ok(_) if suspended => IDLE,
                _ => route(self.work, store, &row, &mut self.waits, now)?,
            };
            if row.hold > now && row.hold.0 - now.0 < 2 * 24 * 3600 * 1_000_000_000 {
                return Ok(routed.min(until(row.hold, now)));
            }
            let next = if suspended { due(Moment(i64::MAX))? } else { due(now)? };
            match next {
                Ok(delivery) => deliver(self.work, store, endpoint, &row, &delivery)?,
                Err(next) => {
                    return Ok(routed.min(next.map_or(IDLE, |next| until(next, now))));
                }
            }
        }
    }
}

fn until(then: Moment, now: Moment) -> Duration {
    // A little later, so that it is not asked again a moment too soon.
    Duration::from_nanos(then.0.saturating_sub(now.0).max(0).unsigned_abs())
        + Duration::from_millis(1)
}

/// Enters messages for what happened, as far as it may be told; tells how long nothing more may.
fn route(
    work: &Work,
    store: &Store,
    row: &store::Endpoint,
    waits: &mut Option<(Moment, Instant)>,
    now: Moment,
) -> Result<Duration, Failure> {
    let w = &work.webhook;
    let tokens = w.rate.map(|rate| pace::refill(rate, row.tokens, row.routed, now));
    let mut first = None;
    store.events(row.cursor, None, &mut |event| {
        first = Some(event.time);
        false
    })?;
    let Some(first) = first else {
        *waits = None;
        return Ok(IDLE);
    };
    let turn = match pace::turn(w, first, tokens, now) {
        Ok(turn) => turn,
        Err(not_before) => return Ok(until(not_before, now)),
    };
    let mut asker = Asker::new(store, work.link.as_deref())?;
    let wanted = Wanted::new(w);
    let mut batch = Batch::after(store.scan_before(row.cursor)?.map(|e| Scan::of(&e)));
    let mut last = row.cursor;
    // Scans of which something is still to be found out.
    let mut opened: Vec<(Scan, usize)> = Vec::new();
    store.events(row.cursor, None, &mut |event| {
        last = event.seq;
        match event.kind.as_str() {
            "scan" => opened.push((Scan::of(&event), 0)),
            "violation.opened" => {
                if let Some((_, n)) = opened.last_mut() {
                    *n += 1;
                }
            }
            _ => {}
        }
        batch.add(&wanted, event, &mut asker);
        batch.full.is_none()
    })?;
    if let Some(failed) = asker.failed.take() {
        return Err(failed);
    }
    if let Some(left) = unattributed(&asker, &opened, waits)? {
        return Ok(left);
    }
    let last = batch.full.unwrap_or(last);
    let messages = messages(&mut asker, &batch, turn)?;
    let tokens = tokens.map(|left| (left - messages.len() as f64).max(0.0));
    let routed = Routed { from: row.cursor, to: last, now, tokens };
    if store.route(row.id, routed, &messages)? && !messages.is_empty() {
        tracing::debug!(webhook = w.name, messages = messages.len(), last, "routed");
    }
    // There may be more already.
    Ok(Duration::ZERO)
}

/// How long is to be waited for it to be known who brought new violations in.
fn unattributed(
    asker: &Asker<'_>,
    opened: &[(Scan, usize)],
    waits: &mut Option<(Moment, Instant)>,
) -> Result<Option<Duration>, Failure> {
    for (scan, n) in opened {
        if *n == 0 || *n > store::MOST_ATTRIBUTED || asker.is_attributed(scan)? {
            continue;
        }
        let now = clock::tick();
        let since = match waits {
            Some((began, since)) if *began == scan.began => *since,
            _ => {
                *waits = Some((scan.began, now));
                now
            }
        };
        let waited = now.saturating_duration_since(since);
        if waited < ATTRIBUTION {
            return Ok(Some(ATTRIBUTION - waited));
        }
    }
    *waits = None;
    Ok(None)
}

fn messages(
    asker: &mut Asker<'_>,
    batch: &Batch,
    turn: pace::Turn,
) -> Result<Vec<NewDelivery>, Failure> {
    let mut all = Vec::new();
    for sum in batch.first.values() {
        all.push(tell::digest(asker, sum, DigestReason::FirstScan)?);
    }
    if batch.messages() <= turn.most {
        for group in &batch.groups {
            all.push(tell::group(asker, group)?);
        }
    } else if !batch.sum.is_empty() {
        all.push(tell::digest(asker, &batch.sum, turn.why)?);
    }
    Ok(all)
}

/// Sends one message and writes what came of it.
fn deliver(
    work: &Work,
    store: &Store,
    endpoint: &Endpoint,
    row: &store::Endpoint,
    delivery: &Delivery,
) -> Result<(), Failure> {
    let name = &work.webhook.name;
    let id = Uuid::from_bytes(delivery.uuid);
    let message: Result<Message, _> = serde_json::from_str(&delivery.body);
    let body = message
        .map_err(|e| Failure::new("the message cannot be read").caused_by(e))
        .and_then(|message| endpoint.body(&message));
    let now = Moment::now();
    let body = match body {
        Ok(body) => body,
        Err(failure) => {
            tracing::error!(webhook = name, %id, error = %failure, "given up: it cannot be written");
            let said = Some(failure.message);
            let attempt = Attempt { at: now, status: None, said, outcome: Outcome::Unwritable };
            return store.attempted(delivery, &attempt);
        }
    };
    let answered = endpoint.send(&id.to_string(), &body, now);
    let now = Moment::now();
    let suspended = row.state == EndpointState::Suspended;
    let kept = suspended.then_some(PROBE);
    let before = (delivery.attempts, row.failures);
    let mut outcome = endpoint.outcome(&answered, before, &id, kept, now);
    if let (true, Outcome::Failed { hold, .. }) = (suspended, &mut outcome) {
        *hold = (*hold).max(later(now, PROBE));
    }
    let said = Some(answered.said.clone()).filter(|s| !s.is_empty());
    let shown = match (answered.status, &said) {
        (Some(status), Some(said)) => format!("it answered {status}: {said}"),
        (Some(status), None) => format!("it answered {status}"),
        (None, said) => said.clone().unwrap_or_default(),
    };
    let took = answered.took;
    match &outcome {
        Outcome::Delivered => tracing::debug!(webhook = name, %id, ?took, "delivered"),
        Outcome::Failed { again: None, .. } => {
            tracing::error!(webhook = name, %id, "given up: {shown}");
        }
        _ => tracing::warn!(webhook = name, %id, "not delivered: {shown}"),
    }
    let attempt = Attempt { at: now, status: answered.status, said: Some(shown.clone()), outcome };
    store.attempted(delivery, &attempt)?;
    let detail = json!({ "webhook": name, "what": shown });
    match attempt.outcome {
        Outcome::Delivered if row.state != EndpointState::Active => {
            let told = Some(("webhook.resumed", &detail));
            store.set_endpoint_state(name, EndpointState::Active, told, now)?;
            tracing::info!(webhook = name, "it takes messages again");
        }
        Outcome::Disabled => {
            let detail = json!({
                "webhook": name, "what": shown,
                "help": format!("where that was a mistake: `lictor webhook resume {name}`"),
            });
            let told = Some(("webhook.suspended", &detail));
            store.set_endpoint_state(name, EndpointState::Disabled, told, now)?;
        }
        Outcome::Failed { .. } if row.state == EndpointState::Active => {
            let long = i64::try_from(work.webhook.suspend_after.as_nanos()).unwrap_or(i64::MAX);
            if row.failing.is_some_and(|since| now.0.saturating_sub(since.0) >= long) {
                let detail = json!({
                    "webhook": name, "what": shown,
                    "help": "it is tried once an hour; what happens meanwhile is told when it is back",
                });
                let told = Some(("webhook.suspended", &detail));
                store.set_endpoint_state(name, EndpointState::Suspended, told, now)?;
                tracing::error!(webhook = name, "suspended: {shown}");
            }
        }
        _ => {}
    }
    Ok(())
}
