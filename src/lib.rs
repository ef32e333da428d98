// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! lictor: finds out under which licenses the contents of checkouts stand,
//! judges that against a policy, and remembers what it found and why.
//!
//! This library never prints and never ends the process; the binary does.
//! The modules below are listed from the bottom of the house to the top: a
//! module uses only those above it in this list. `tests/architecture.rs` keeps
//! it so, and `ARCHITECTURE.md` says why.

pub mod clock;
pub mod model;

pub mod diag;

pub mod shape;

pub mod licenses;

pub mod detect;

pub mod owners;
pub mod policy;

pub mod plan;

pub mod scan;

pub mod config;

pub mod store;

pub mod report;

pub mod watch;

pub mod deliver;

pub mod daemon;

pub mod doctor;
