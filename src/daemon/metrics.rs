// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Numbers for Prometheus, in the OpenMetrics text format; `docs/metrics.md` describes each.
//!
//! What happens is counted where it happens. What is the case is taken from the [`Status`] when
//! somebody asks, so that the two never say different things.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::status::{CheckoutStatus, Status};
use crate::diag::visible;

/// From a save to its verdict, in seconds.
const VERDICT: [f64; 16] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];

/// For one look at a checkout, in seconds.
const LOOK: [f64; 12] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 20.0, 60.0, 300.0, 1200.0, 3600.0];

/// For writing what came of it, in seconds.
const COMMIT: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    checkout: String,
    view: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    checkout: String,
    view: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    checkout: String,
    view: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct For {
    checkout: String,
    view: String,
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct To {
    webhook: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToState {
    webhook: String,
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToResult {
    webhook: String,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceState {
    state: &'static str,
}

/// All numbers of the service.
pub struct Metrics {
    registry: Registry,
    verdicts: Histogram,
    looks: Family<Kind, Histogram, fn() -> Histogram>,
    commits: Histogram,
    contents_read: Counter,
    contents_known: Counter,
    bytes_read: Counter,
    /// What is set anew whenever somebody asks; one at a time does.
    now: Mutex<Now>,
}

/// What is the case.
#[derive(Default)]
struct Now {
    state: Family<ServiceState, Gauge>,
    problems: Gauge,
    watches: Gauge,
    watches_limit: Gauge,
    polling: Gauge,
    store: Gauge,
    events: Counter,
    checkout: Family<InState, Gauge>,
    files: Family<Of, Gauge>,
    queue: Family<Of, Gauge>,
    open: Family<OfOutcome, Gauge>,
    waived: Family<Of, Gauge>,
    looked: Family<Of, Gauge>,
    looked_at_all: Family<Of, Gauge>,
    rescans: Family<For, Counter>,
    webhook: Family<ToState, Gauge>,
    pending: Family<To, Gauge>,
    oldest: Family<To, Gauge>,
    behind: Family<To, Gauge>,
    deliveries: Family<ToResult, Counter>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

impl Metrics {
    pub fn new() -> Metrics {
        let look: fn() -> Histogram = || Histogram::new(LOOK);
        let m = Metrics {
            registry: Registry::default(),
            verdicts: Histogram::new(VERDICT),
            looks: Family::new_with_constructor(look),
            commits: Histogram::new(COMMIT),
            contents_read: Counter::default(),
            contents_known: Counter::default(),
            bytes_read: Counter::default(),
            now: Mutex::default(),
        };
        let mut r = Registry::with_prefix("lictor");
        r.register(
            "build",
            "The version of lictor",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        {
            let now = m.now.lock().unwrap_or_else(PoisonError::into_inner);
            r.register("state", "1 for the state that the service is in", now.state.clone());
            r.register("problems", "What is wrong now", now.problems.clone());
            r.register("watches", "Watched directories", now.watches.clone());
            r.register(
                "watches_limit",
                "How many directories the kernel lets the service watch; 0 if it does not say",
                now.watches_limit.clone(),
            );
            r.register(
                "polling",
                "1 while checkouts are polled that cannot be watched",
                now.polling.clone(),
            );
            r.register_with_unit("store", "The store with its log", Unit::Bytes, now.store.clone());
            r.register("events", "Events in the ledger", now.events.clone());
            r.register(
                "checkout_state",
                "1 for the state that a checkout is in",
                now.checkout.clone(),
            );
            r.register("files", "Files that are known", now.files.clone());
            r.register(
                "queue_paths",
                "Paths that may have changed and were not looked at yet",
                now.queue.clone(),
            );
            r.register("open_violations", "Open violations", now.open.clone());
            r.register("waived_violations", "Waived violations", now.waived.clone());
            r.register_with_unit(
                "last_look_timestamp",
                "When a checkout was last looked at, or a part of it",
                Unit::Seconds,
                now.looked.clone(),
            );
            r.register_with_unit(
                "last_whole_look_timestamp",
                "When all of a checkout was last looked at",
                Unit::Seconds,
                now.looked_at_all.clone(),
            );
            r.register(
                "rescans",
                "Looks at all of a checkout since the start of the service, by reason",
                now.rescans.clone(),
            );
            r.register(
                "webhook_state",
                "1 for the state that a webhook is in",
                now.webhook.clone(),
            );
            r.register(
                "deliveries_pending",
                "Messages that wait to be delivered",
                now.pending.clone(),
            );
            r.register_with_unit(
                "oldest_delivery_timestamp",
                "When the first message was made that waits",
                Unit::Seconds,
                now.oldest.clone(),
            );
            r.register(
                "webhook_behind_events",
                "Events that no messages were made of yet",
                now.behind.clone(),
            );
            r.register(
                "deliveries",
                "What became of messages: delivered, attempts that failed, given up",
                now.deliveries.clone(),
            );
        }
        r.register_with_unit(
            "change_to_verdict",
            "From a change to what is said of it in the store",
            Unit::Seconds,
            m.verdicts.clone(),
        );
        r.register_with_unit("look", "How long looks took", Unit::Seconds, m.looks.clone());
        r.register_with_unit(
            "store_commit",
            "How long it took to write what came of a look",
            Unit::Seconds,
            m.commits.clone(),
        );
        r.register("contents_read", "Contents that were read", m.contents_read.clone());
        r.register(
            "contents_known",
            "Contents of which was known what is in them",
            m.contents_known.clone(),
        );
        r.register_with_unit("read", "What was read", Unit::Bytes, m.bytes_read.clone());
        Metrics { registry: r, ..m }
    }

    /// A change was judged, and what came of it is in the store.
    pub fn verdict(&self, since_change: Duration) {
        self.verdicts.observe(since_change.as_secs_f64());
    }

    /// A checkout was looked at: in part, as a whole, or judged anew without reading.
    pub fn look(&self, kind: &'static str, took: Duration) {
        self.looks.get_or_create(&Kind { kind }).observe(took.as_secs_f64());
    }

    /// What a look read, and what it need not read.
    pub fn contents(&self, read: u64, known: u64, bytes: u64) {
        self.contents_read.inc_by(read);
        self.contents_known.inc_by(known);
        self.bytes_read.inc_by(bytes);
    }

    /// Something was written to the store.
    pub fn commit(&self, took: Duration) {
        self.commits.observe(took.as_secs_f64());
    }

    /// All numbers as text, those of what is the case by this status and the number of the last
    /// event.
    pub fn text(&self, status: &Status, last_event: i64) -> String {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.set(status, last_event);
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            // Writing to memory does not fail.
            tracing::error!("the metrics cannot be written");
        }
        text
    }
}

impl Now {
    fn set(&self, status: &Status, last_event: i64) {
        let int = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.state.clear();
        self.state.get_or_create(&ServiceState { state: status.state.as_str() }).set(1);
        self.problems.set(int(status.problems.len() as u64));
        self.watches.set(int(status.watches.used));
        self.watches_limit.set(int(status.watches.limit.unwrap_or(0)));
        self.polling.set(i64::from(status.watches.polling));
        self.store.set(int(status.store.bytes));
        set(&self.events, last_event.unsigned_abs());
        // A checkout that is gone has no numbers any more.
        self.checkout.clear();
        self.files.clear();
        self.queue.clear();
        self.open.clear();
        self.waived.clear();
        self.looked.clear();
        self.looked_at_all.clear();
        self.rescans.clear();
        for c in &status.checkouts {
            self.set_checkout(c, &int);
        }
        self.webhook.clear();
        self.pending.clear();
        self.oldest.clear();
        self.behind.clear();
        self.deliveries.clear();
        for w in &status.webhooks {
            let webhook = &w.name;
            let (to, state) = (To { webhook: webhook.clone() }, w.state.clone());
            self.webhook.get_or_create(&ToState { webhook: webhook.clone(), state }).set(1);
            self.pending.get_or_create(&to).set(int(w.pending));
            self.behind.get_or_create(&to).set(int(w.behind));
            let oldest = w.oldest.as_ref().and_then(|t| t.parse::<jiff::Timestamp>().ok());
            if let Some(oldest) = oldest {
                self.oldest.get_or_create(&to).set(oldest.as_second());
            }
            let counts = [("delivered", w.delivered), ("failed", w.failed), ("dead", w.given_up)];
            for (result, n) in counts {
                let of = ToResult { webhook: webhook.clone(), result };
                set(&self.deliveries.get_or_create(&of), n);
            }
        }
    }

    fn set_checkout(&self, c: &CheckoutStatus, int: &dyn Fn(u64) -> i64) {
        // Whatever a directory is called, a terminal can show it.
        let (checkout, view) = (visible(c.root.as_bytes()), visible(c.view.as_bytes()));
        let of = Of { checkout: checkout.clone(), view: view.clone() };
        let state = c.state.as_str();
        let in_state = InState { checkout: checkout.clone(), view: view.clone(), state };
        self.checkout.get_or_create(&in_state).set(1);
        self.files.get_or_create(&of).set(int(c.files));
        self.queue.get_or_create(&of).set(int(c.pending));
        for (outcome, n) in [("deny", c.open.deny), ("review", c.open.review)] {
            let of = OfOutcome { checkout: checkout.clone(), view: view.clone(), outcome };
            self.open.get_or_create(&of).set(int(n));
        }
        self.waived.get_or_create(&of).set(int(c.waived));
        for (family, time) in
            [(&self.looked, &c.last_scan), (&self.looked_at_all, &c.last_whole_scan)]
        {
            let time = time.as_ref().and_then(|t| t.parse::<jiff::Timestamp>().ok());
            if let Some(time) = time {
                family.get_or_create(&of).set(time.as_second());
            }
        }
        for (reason, n) in &c.rescans {
            let (checkout, view) = (checkout.clone(), view.clone());
            let of = For { checkout, view, reason: reason.clone() };
            set(&self.rescans.get_or_create(&of), *n);
        }
    }
}

/// A count that is kept elsewhere.
fn set(counter: &Counter, n: u64) {
    let inner: &AtomicU64 = counter.inner();
    inner.store(n, Ordering::Relaxed);
}
