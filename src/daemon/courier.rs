// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor deliver`: delivers what the store holds, and nothing else. Under systemd it is a service
//! of its own, so that what has the network reads no checkouts, and what reads them has no network.

use std::path::Path;
use std::time::Instant;

use crossbeam_channel::Receiver;
use signal_hook::consts::SIGHUP;

use super::{CONFIG_SETTLE, DAY_CHECK, Message, signals, supervisor, tools};
use crate::clock::{self, Moment};
use crate::config::Config;
use crate::deliver::Deliverer;
use crate::diag::Failure;
use crate::store::Store;
use crate::watch::FileWatch;

/// Delivers until told to stop.
///
/// # Errors
/// The configuration is wrong, or another process delivers from the store.
pub fn run(path: &Path) -> Result<(), Failure> {
    let config = tools::config(path)?;
    let (messages, heard) = crossbeam_channel::unbounded();
    signals(messages.clone())?;
    let changed = messages.clone();
    let mut files = FileWatch::new(move || _ = changed.send(Message::Files)).ok();
    let mut deliverer = Deliverer::start(&config)?;
    watch(&mut files, &config);
    supervisor::ready(&status(&deliverer));
    tracing::info!(webhooks = deliverer.endpoints(), "delivering");
    serve(path, &mut deliverer, &mut files, config, &heard);
    supervisor::stopping();
    deliverer.stop();
    Ok(())
}

fn serve(
    path: &Path,
    deliverer: &mut Deliverer,
    files: &mut Option<FileWatch>,
    mut config: Config,
    heard: &Receiver<Message>,
) {
    let every = supervisor::watchdog().map(|d| d / 2);
    let mut reload_at: Option<Instant> = None;
    let mut clean_at = clock::tick();
    loop {
        let now = clock::tick();
        if reload_at.is_some_and(|at| at <= now) {
            reload_at = None;
            reload(path, deliverer, files, &mut config);
        }
        if clean_at <= now {
            clean_at = now + DAY_CHECK;
            clean(&config);
        }
        if every.is_some() && deliverer.is_alive() {
            supervisor::alive();
        }
        let next = [reload_at, Some(clean_at), every.map(|every| now + every)];
        let next = next.into_iter().flatten().min().unwrap_or(clean_at);
        match heard.recv_deadline(next) {
            Ok(Message::Files) => reload_at = Some(clock::tick() + CONFIG_SETTLE),
            Ok(Message::Signal(SIGHUP)) => reload_at = Some(clock::tick()),
            Ok(Message::Signal(_)) => break,
            // Nobody asks, and nothing is watched.
            Ok(Message::Wake | Message::Beside | Message::Mounts | Message::Asked(_)) => {}
            Err(e) if e.is_timeout() => {}
            Err(_) => break,
        }
    }
}

/// What is wrong leaves the configuration before in force.
fn reload(
    path: &Path,
    deliverer: &mut Deliverer,
    files: &mut Option<FileWatch>,
    config: &mut Config,
) {
    match tools::config(path) {
        Ok(new) => {
            if new.store != config.store {
                tracing::warn!("another store needs a restart");
            }
            *config = Config { store: config.store.clone(), ..new };
            deliverer.set(config);
            watch(files, config);
            supervisor::status(&status(deliverer));
            tracing::info!(webhooks = deliverer.endpoints(), "the configuration was read anew");
        }
        Err(failure) => {
            tracing::error!("{}; the configuration before stays in force", failure.in_a_line());
        }
    }
}

/// Forgets messages that were ended long ago. The store may not be there yet.
fn clean(config: &Config) {
    if !config.store.exists() {
        return;
    }
    let long = i64::try_from(config.retention.deliveries.as_nanos()).unwrap_or(i64::MAX);
    let before = Moment(Moment::now().0.saturating_sub(long));
    let cleaned = Store::open_existing(&config.store).and_then(|s| s.forget_deliveries(before));
    match cleaned {
        Ok(0) => {}
        Ok(n) => tracing::info!(messages = n, "forgot what was delivered or given up long ago"),
        Err(e) => tracing::warn!(error = e.in_a_line(), "old messages could not be forgotten"),
    }
}

fn watch(files: &mut Option<FileWatch>, config: &Config) {
    if let Some(files) = files {
        let mut paths = vec![config.origin.clone()];
        paths.extend(config.webhooks.iter().flat_map(crate::config::Webhook::files));
        files.set(&paths);
    }
}

fn status(deliverer: &Deliverer) -> String {
    match deliverer.endpoints() {
        0 => "no webhooks are configured".into(),
        1 => "1 webhook".into(),
        n => format!("{n} webhooks"),
    }
}
