// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Whether webhooks can be told: what they name, who delivers, and how they took it so far. Nothing
//! is sent; `lictor webhook test` does that.

use super::unit::Unit;
use super::{Notes, Verdict};
use crate::config::Config;
use crate::deliver::Endpoint;
use crate::diag::visible;
use crate::store::{EndpointState, Store};

const UNIT: &str = "lictor-deliver.service";

pub fn examine(config: &Config, service: Option<&Unit>, notes: &mut Notes) {
    notes.about = "webhooks";
    if config.webhooks.is_empty() {
        notes.ok("none are configured");
        return;
    }
    for webhook in &config.webhooks {
        match Endpoint::load(webhook) {
            Ok(_) => notes.ok(format!("{}: its secrets and files are in order", webhook.name)),
            Err(failure) => notes.failure(Verdict::Problem, &failure),
        }
    }
    // Without systemd the service delivers itself.
    let by_units = service.is_some_and(Unit::is_active);
    if by_units && !Unit::ask(UNIT).is_some_and(|unit| unit.is_active()) {
        notes.problem(
            format!("{UNIT} is not active, so that webhooks are told nothing"),
            "start it: `sudo systemctl enable --now lictor-deliver`; nothing is lost meanwhile",
        );
    }
    if !config.store.exists() {
        return;
    }
    let known = Store::open_existing(&config.store).and_then(|store| store.endpoints());
    // What is wrong with the store was said before.
    for e in known.unwrap_or_default() {
        let trouble = visible(e.trouble.unwrap_or_default().as_bytes());
        let help =
            format!("see `lictor webhook test {0}`, then `lictor webhook resume {0}`", e.name);
        match e.state {
            EndpointState::Suspended => notes.warning(
                format!("{} is suspended after it failed for long: {trouble}", e.name),
                help,
            ),
            EndpointState::Disabled => {
                notes.warning(format!("{} wants nothing more: {trouble}", e.name), help);
            }
            EndpointState::Active | EndpointState::Gone => {}
        }
    }
}
