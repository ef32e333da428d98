// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Where questions from the control API come in. They are put to the loop, which owns all state,
//! and answered by it; what is in the store is read here, by a connection of its own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::Message;
use super::control;
use super::metrics::Metrics;
use super::status::{
    CheckoutStatus, Open, Problem, RescanOutcome, Rescanned, State, Status, WebhookStatus,
};
use crate::clock::Moment;
use crate::diag::Failure;
use crate::licenses::Licenses;
use crate::store::{EndpointState, Store, Tally};

/// How long the loop may take to answer. It never waits for anything itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the loop is asked.
pub enum Question {
    Status(Sender<Status>),
    /// To look at everything of the checkout at or above a path, or of all checkouts.
    Rescan(Option<PathBuf>, Sender<Result<u64, Failure>>),
    /// What came of that. Answered when it is done; roots and views are.
    Wait(u64, Sender<Vec<Rescanned>>),
    Reload(Sender<Result<(), Failure>>),
}

/// The service as the control API sees it.
pub struct Desk {
    pub loop_: Sender<Message>,
    pub store: PathBuf,
    /// Whoever puts another store into its place is alone.
    pub gate: Arc<RwLock<()>>,
    pub licenses: &'static Licenses,
    pub metrics: Arc<Metrics>,
    pub events: tokio::sync::watch::Receiver<i64>,
    pub stopping: Arc<AtomicBool>,
    /// What the loop said last.
    pub last: Mutex<Status>,
}

impl Desk {
    fn ask<T>(&self, question: impl FnOnce(Sender<T>) -> Question) -> Option<Receiver<T>> {
        let (sender, receiver) = bounded(1);
        self.loop_.send(Message::Asked(question(sender))).ok()?;
        Some(receiver)
    }

    /// How many violations there are, by root and view.
    fn tally(&self) -> Vec<Tally> {
        let _reading = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let tally = Store::open_existing(&self.store).and_then(|store| store.tally());
        tally.unwrap_or_else(|e| {
            tracing::warn!(error = %e, "violations could not be counted");
            Vec::new()
        })
    }
}

/// How the webhooks are that are configured, as the store tells.
fn webhooks(store: &Store) -> Result<Vec<WebhookStatus>, Failure> {
    let (waiting, last) = (store.waiting()?, store.last_event()?);
    let known = store.endpoints()?.into_iter().filter(|e| e.state != EndpointState::Gone);
    let status = known.map(|e| {
        let waiting = waiting.get(&e.name).copied().unwrap_or_default();
        WebhookStatus {
            state: e.state.as_str().into(),
            trouble: e.trouble.filter(|_| e.failures > 0),
            failing_since: e.failing.map(Moment::rfc3339),
            pending: waiting.pending,
            oldest: waiting.oldest.map(Moment::rfc3339),
            behind: last.saturating_sub(e.cursor).unsigned_abs(),
            dead: waiting.dead,
            delivered: e.delivered,
            failed: e.failed,
            given_up: e.dead,
            name: e.name,
        }
    });
    Ok(status.collect())
}

fn find<'t>(tally: &'t [Tally], root: &str, view: &str) -> Option<&'t Tally> {
    tally.iter().find(|t| t.view == view && String::from_utf8_lossy(&t.root) == root)
}

fn open(tally: &Tally) -> Open {
    Open { deny: tally.deny, review: tally.review }
}

impl control::Service for Desk {
    fn status(&self) -> Status {
        let answer = self.ask(Question::Status).and_then(|a| a.recv_timeout(PATIENCE).ok());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut status = match answer {
            Some(status) => status,
            None => Status {
                state: State::Degraded,
                problems: vec![Problem {
                    what: "the service does not answer; this is what it said last".into(),
                    since: Moment::now().rfc3339(),
                    help: Some("the watchdog of systemd restarts it if this goes on".into()),
                }],
                ..last.clone()
            },
        };
        last.clone_from(&status);
        drop(last);
        let tally = self.tally();
        for c in &mut status.checkouts {
            let CheckoutStatus { root, view, .. } = &*c;
            if let Some(tally) = find(&tally, root, view) {
                (c.open, c.waived) = (open(tally), tally.waived);
            }
        }
        let found = Store::open_existing(&self.store).and_then(|store| webhooks(&store));
        status.webhooks = found.unwrap_or_else(|e| {
            tracing::warn!(error = %e, "what became of webhooks cannot be told");
            Vec::new()
        });
        if self.stopping() {
            status.state = State::Stopping;
        }
        status
    }

    fn rescan(&self, checkout: Option<&Path>) -> Result<u64, Failure> {
        let path = checkout.map(Path::to_owned);
        let answer = self.ask(|reply| Question::Rescan(path, reply));
        answer.and_then(|a| a.recv_timeout(PATIENCE).ok()).unwrap_or_else(|| Err(gone()))
    }

    fn wait(&self, ticket: u64, at_most: Duration) -> Option<RescanOutcome> {
        let answer = self.ask(|reply| Question::Wait(ticket, reply))?;
        let mut checkouts = answer.recv_timeout(at_most).ok()?;
        let tally = self.tally();
        for c in &mut checkouts {
            if let Some(tally) = find(&tally, &c.root, &c.view) {
                (c.open, c.waived) = (open(tally), tally.waived);
            }
        }
        Some(RescanOutcome { checkouts })
    }

    fn reload(&self) -> Result<(), Failure> {
        let answer = self.ask(Question::Reload).ok_or_else(gone)?;
        // Reading a license database takes its time.
        answer.recv_timeout(PATIENCE * 6).unwrap_or_else(|_| Err(gone()))
    }

    fn store(&self) -> &Path {
        &self.store
    }

    fn reading(&self) -> Option<RwLockReadGuard<'_, ()>> {
        Some(self.gate.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn licenses(&self) -> &'static Licenses {
        self.licenses
    }

    fn metrics(&self) -> String {
        self.metrics.text(&self.status(), *self.events.borrow())
    }

    fn events(&self) -> tokio::sync::watch::Receiver<i64> {
        self.events.clone()
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

fn gone() -> Failure {
    Failure::new("the service is stopping or does not answer").help("ask again in a moment")
}
