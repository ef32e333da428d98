// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What the service says of itself: plain data, as the control API gives it and `lictor status`
//! reads it. Times are RFC 3339; paths that are not UTF-8 have replacement characters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the service is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Of lictor.
    pub version: String,
    pub pid: u32,
    pub started: String,
    pub state: State,
    /// What is wrong now, the oldest first; none while all is well.
    pub problems: Vec<Problem>,
    pub config: ConfigStatus,
    pub policy: PolicyStatus,
    pub store: StoreStatus,
    pub watches: Watches,
    /// By root and view.
    pub checkouts: Vec<CheckoutStatus>,
    /// By name. This or another process delivers to them.
    pub webhooks: Vec<WebhookStatus>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not everything was looked at since the start.
    Starting,
    Watching,
    /// A piece is broken; `problems` say which. All else goes on.
    Degraded,
    Stopping,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Starting => "starting",
            State::Watching => "watching",
            State::Degraded => "degraded",
            State::Stopping => "stopping",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub what: String,
    pub since: String,
    pub help: Option<String>,
}

/// The configuration that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigStatus {
    pub path: String,
    pub digest: String,
    /// When.
    pub loaded: String,
}

/// The policy by which is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyStatus {
    pub name: String,
    pub origin: String,
    pub digest: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreStatus {
    pub path: String,
    /// With its log.
    pub bytes: u64,
}

/// The kernel's watches of directories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watches {
    pub used: u64,
    /// How many a user may have; `None` if the kernel does not say.
    pub limit: Option<u64>,
    /// Whether some checkouts are polled instead.
    pub polling: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckoutStatus {
    pub root: String,
    /// `""` the work tree, or `rev:NAME`.
    pub view: String,
    pub state: CheckoutState,
    /// Why it is in a state in which it should not stay.
    pub why: Option<String>,
    pub commit: Option<String>,
    pub branch: Option<String>,
    pub files: u64,
    pub open: Open,
    /// Violations that are waived.
    pub waived: u64,
    /// Paths that may have changed and were not looked at yet.
    pub pending: u64,
    pub last_scan: Option<String>,
    pub last_whole_scan: Option<String>,
    /// How often all of it was looked at, by reason.
    pub rescans: BTreeMap<String, u64>,
    /// Percent, while it is scanned and the end is known.
    pub done: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutState {
    /// For its first scan, or its turn.
    Waiting,
    Scanning,
    /// git is at work in it.
    Holding,
    Watching,
    /// Looked at in intervals, as it cannot be watched.
    Polling,
    Unreachable,
    Failed,
}

impl CheckoutState {
    pub fn as_str(self) -> &'static str {
        match self {
            CheckoutState::Waiting => "waiting",
            CheckoutState::Scanning => "scanning",
            CheckoutState::Holding => "holding",
            CheckoutState::Watching => "watching",
            CheckoutState::Polling => "polling",
            CheckoutState::Unreachable => "unreachable",
            CheckoutState::Failed => "failed",
        }
    }
}

/// How a webhook is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookStatus {
    pub name: String,
    /// `active`; `suspended` after it failed for long; `disabled` after it said that it wants
    /// nothing more.
    pub state: String,
    /// What was wrong at the last attempt, if it failed.
    pub trouble: Option<String>,
    /// Since when nothing was taken by it.
    pub failing_since: Option<String>,
    /// Messages that wait, and when the first of them was made.
    pub pending: u64,
    pub oldest: Option<String>,
    /// Events of the ledger that were not looked at for it yet.
    pub behind: u64,
    /// Messages that were given up and are kept.
    pub dead: u64,
    /// Ever.
    pub delivered: u64,
    /// Attempts that failed, ever.
    pub failed: u64,
    /// Messages that were given up, ever.
    pub given_up: u64,
}

/// Open violations by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    pub deny: u64,
    pub review: u64,
}

/// What a scan that was asked for came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RescanOutcome {
    pub checkouts: Vec<Rescanned>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rescanned {
    pub root: String,
    pub view: String,
    /// Why it could not be scanned, or not all of it.
    pub why: Option<String>,
    pub files: u64,
    pub open: Open,
    pub waived: u64,
}
