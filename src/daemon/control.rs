// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The control API: HTTP/1.1 with JSON on a unix socket, and with a token on loopback.
//! `docs/openapi.json` describes it.
//!
//! It runs on a thread of its own and asks the service through [`Service`]. Whatever a client
//! does, or leaves undone, takes a bounded part of memory, descriptors and time: connections,
//! requests, answers and waiting are all limited, and the oldest connection that asks for nothing
//! makes room for a new one.

mod events;
mod listen;
mod problem;
mod routes;
mod serve;

use std::path::Path;
use std::sync::RwLockReadGuard;
use std::time::Duration;

use super::status::{RescanOutcome, Status};
use crate::diag::Failure;
use crate::licenses::Licenses;

pub use listen::{Listeners, Token, listen};
pub use serve::{Limits, Server, start};

/// Where the socket is when nothing else is said.
pub const DEFAULT_SOCKET: &str = "/run/lictor/control.sock";

/// The description of the API.
pub const OPENAPI: &str = include_str!("../../docs/openapi.json");

/// What the API asks of the service. Every call may come from any thread, and may block for a
/// moment; `wait` and `reload` may for longer.
pub trait Service: Send + Sync + 'static {
    fn status(&self) -> Status;

    /// Asks for a scan of everything in the checkout at or above a path, or in all checkouts;
    /// gives a number to ask by what came of it.
    ///
    /// # Errors
    /// The path is in no checkout that is configured.
    fn rescan(&self, checkout: Option<&Path>) -> Result<u64, Failure>;

    /// What came of a scan that was asked for; `None` if it is not done by then.
    fn wait(&self, ticket: u64, at_most: Duration) -> Option<RescanOutcome>;

    /// Reads configuration and policies anew.
    ///
    /// # Errors
    /// Something is wrong in them; what was in force before still is.
    fn reload(&self) -> Result<(), Failure>;

    fn store(&self) -> &Path;

    /// Is held while the store is read: nothing takes its place then.
    fn reading(&self) -> Option<RwLockReadGuard<'_, ()>> {
        None
    }

    fn licenses(&self) -> &'static Licenses;

    /// In the OpenMetrics text format.
    fn metrics(&self) -> String;

    /// The number of the last event in the store.
    fn events(&self) -> tokio::sync::watch::Receiver<i64>;

    fn stopping(&self) -> bool;
}
