// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Webhooks: tells others what happened, at least once and of each violation in order.
//!
//! The ledger of the store is the outbox. An endpoint has a place in it up to which it was told;
//! `route` says what of the events behind it is one message, `tell` writes the message, and
//! by one transaction messages are entered and the place moves on. One thread an endpoint, a
//! `lane`, sends what is due, so that none waits for another. What happens is decided and
//! written elsewhere; who is told is configured.

mod client;
mod endpoint;
pub mod format;
mod guard;
mod lane;
pub mod message;
mod pace;
mod route;
pub mod samples;
pub mod schedule;
pub mod secret;
mod shorten;
pub mod sign;
mod tell;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, TrySendError, bounded};

use crate::clock::Moment;
use crate::config::{Config, Webhook};
use crate::diag::Failure;
use crate::store::{self, Lock, Store};
use crate::watch::FileWatch;
use message::{Data, Kind, Message};

pub use endpoint::{Answered, Endpoint};
pub use tell::event_id;

/// What all lanes are told at once.
type Bells = Arc<Mutex<Vec<Sender<()>>>>;

/// All endpoints, and who sends to them.
pub struct Deliverer {
    store: PathBuf,
    lanes: BTreeMap<String, Lane>,
    bells: Bells,
    /// Hears of everything that is written to the store, by whomever.
    watch: Option<FileWatch>,
    /// What another process began to send is this one's now.
    _lock: Lock,
}

struct Lane {
    webhook: Webhook,
    /// Of all endpoints; a lane that opens the store anew says who is configured.
    names: Arc<[String]>,
    link: Option<String>,
    orders: Arc<lane::Orders>,
    bell: Sender<()>,
    thread: JoinHandle<()>,
}

impl Deliverer {
    /// Begins to deliver from the store of a configuration.
    ///
    /// # Errors
    /// Another process delivers from it, or the store's directory cannot be written.
    pub fn start(config: &Config) -> Result<Deliverer, Failure> {
        if let Some(directory) = config.store.parent() {
            // The service may not have been there yet. That it cannot be made shows at once.
            let _ = std::fs::create_dir_all(directory);
        }
        let lock = store::lock_outbox(&config.store)?;
        // From now on, though nobody else may have made the store yet.
        if let Err(e) = Store::open(&config.store).and_then(|store| enrol(&store, config)) {
            tracing::warn!(error = %e, "the store is not to be had yet");
        }
        let bells = Bells::default();
        let ring = Arc::clone(&bells);
        let watch = FileWatch::new(move || ring_all(&ring));
        let mut watch = watch
            .inspect_err(|e| {
                tracing::warn!(error = e, "the store is looked at in intervals");
            })
            .ok();
        if let Some(watch) = &mut watch {
            watch.set(std::slice::from_ref(&config.store));
        }
        let mut all = Deliverer {
            store: config.store.clone(),
            lanes: BTreeMap::new(),
            bells,
            watch,
            _lock: lock,
        };
        all.set(config);
        Ok(all)
    }

    /// Delivers to the endpoints of a configuration, and to no others. Files that it names are
    /// read anew.
    pub fn set(&mut self, config: &Config) {
        let names: Arc<[String]> = config.webhooks.iter().map(|w| w.name.clone()).collect();
        let stays = |name: &str, lane: &Lane| {
            let same = |w: &&Webhook| w.name == name && **w == lane.webhook;
            lane.link == config.link
                && lane.names == names
                && config.webhooks.iter().any(|w| same(&w))
        };
        let gone: Vec<String> = self
            .lanes
            .iter()
            .filter(|(name, lane)| !stays(name, lane))
            .map(|(name, _)| name.clone())
            .collect();
        let ended: Vec<Lane> = gone.iter().filter_map(|name| self.lanes.remove(name)).collect();
        ended.iter().for_each(Lane::stop);
        // A lane that begins anew must not send beside the one before.
        ended.into_iter().for_each(Lane::join);
        for lane in self.lanes.values() {
            lane.orders.reread();
            ring(&lane.bell);
        }
        for webhook in &config.webhooks {
            if !self.lanes.contains_key(&webhook.name) {
                let lane = self.open(webhook, config.link.clone(), Arc::clone(&names));
                match lane {
                    Ok(lane) => _ = self.lanes.insert(webhook.name.clone(), lane),
                    Err(e) => tracing::error!(webhook = webhook.name, error = %e, "no deliveries"),
                }
            }
        }
        let bells = self.lanes.values().map(|lane| lane.bell.clone()).collect();
        *self.bells.lock().unwrap_or_else(PoisonError::into_inner) = bells;
        if let Some(watch) = &mut self.watch {
            watch.set(std::slice::from_ref(&self.store));
        }
    }

    fn open(
        &self,
        webhook: &Webhook,
        link: Option<String>,
        names: Arc<[String]>,
    ) -> Result<Lane, Failure> {
        let (bell, heard) = bounded(1);
        let orders = Arc::new(lane::Orders::default());
        let work = lane::Work {
            store: self.store.clone(),
            webhook: webhook.clone(),
            names: Arc::clone(&names),
            link: link.clone(),
            orders: Arc::clone(&orders),
            heard,
        };
        let name = format!("to {}", webhook.name);
        let thread = std::thread::Builder::new().name(name).spawn(move || lane::run(&work));
        let thread = thread.map_err(|e| Failure::new("cannot start a thread").caused_by(e))?;
        Ok(Lane { webhook: webhook.clone(), names, link, orders, bell, thread })
    }

    /// How many endpoints there are.
    pub fn endpoints(&self) -> usize {
        self.lanes.len()
    }

    /// Whether all lanes are alive.
    pub fn is_alive(&self) -> bool {
        self.lanes.values().all(|lane| !lane.thread.is_finished())
    }

    /// Ends when what is under way has been answered, at most a lane's timeout.
    pub fn stop(self) {
        self.lanes.values().for_each(Lane::stop);
        self.lanes.into_values().for_each(Lane::join);
    }
}

impl Lane {
    fn stop(&self) {
        self.orders.stop();
        ring(&self.bell);
    }

    fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!(webhook = self.webhook.name, "the lane ended by a panic");
        }
    }
}

fn ring(bell: &Sender<()>) {
    match bell.try_send(()) {
        // It was rung already, or nobody hears it any more.
        Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
    }
}

fn ring_all(bells: &Bells) {
    bells.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(ring);
}

/// Sees to it that what happens from now on is told to the endpoints of a configuration, though
/// nobody may deliver yet.
///
/// # Errors
/// The store cannot be opened or written.
pub fn enrol(store: &Store, config: &Config) -> Result<(), Failure> {
    let names: Vec<&str> = config.webhooks.iter().map(|w| w.name.as_str()).collect();
    store.set_endpoints(&names, Moment::now())
}

/// A message to see whether all is well with an endpoint: one that says so, or what stands for an
/// event of some kind. Each has an id of its own.
pub fn test_message(webhook: &str, kind: Option<Kind>) -> Message {
    let now = Moment::now();
    let id = tell::uuid(now, &[webhook.as_bytes(), &now.0.to_be_bytes(), b"test"]).to_string();
    let wanted = kind.unwrap_or(Kind::Test);
    let sample = samples::samples().into_iter().find(|m| m.kind == wanted);
    let data = sample.map(|m| m.data).unwrap_or_default();
    let mut data = Data { id, webhook: data.webhook.as_ref().map(|_| webhook.to_owned()), ..data };
    if wanted == Kind::Test {
        data.webhook = Some(webhook.to_owned());
        data.summary = tell::summary(wanted, &data);
    }
    Message { kind: wanted, timestamp: now.rfc3339(), data }
}

#[cfg(test)]
pub(crate) mod tests;
