// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What happens to the service itself, as events of the ledger: each is told once, also when the
//! service was restarted meanwhile. Who is told of it is not known here.

use jiff::civil::Date;
use serde_json::json;

use crate::clock::Moment;
use crate::diag::{Failure, visible};
use crate::policy::{Policy, PolicyRef};
use crate::store::Store;

/// What became of a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// It is not there.
    Unreachable {
        what: String,
        help: Option<String>,
    },
    /// It is there and cannot be looked at.
    Failed {
        what: String,
        help: Option<String>,
    },
    Well,
}

const KINDS: [&str; 3] = ["checkout.unreachable", "scan.failed", "checkout.recovered"];

/// Notes what became of a checkout, unless that is what was noted of it last. That it is well is
/// no news of one that never was otherwise.
///
/// # Errors
/// The store cannot be read or written.
pub fn checkout(
    store: &Store,
    root: &str,
    view: &str,
    became: &Became,
    now: Moment,
) -> Result<(), Failure> {
    let root = visible(root.as_bytes());
    let is_it = |detail: &serde_json::Value| detail["checkout"] == *root && detail["view"] == *view;
    let last = store.last_note(&KINDS, &is_it)?;
    let last = last.as_ref().map(|(kind, _)| kind.as_str());
    let (kind, problem) = match became {
        Became::Unreachable { what, help } => (KINDS[0], Some((what, help))),
        Became::Failed { what, help } => (KINDS[1], Some((what, help))),
        Became::Well => (KINDS[2], None),
    };
    if last == Some(kind) || (*became == Became::Well && last.is_none()) {
        return Ok(());
    }
    let mut detail = json!({ "checkout": root, "view": view });
    if let Some((what, help)) = problem {
        detail["what"] = what.as_str().into();
        detail["help"] = help.clone().into();
    }
    store.note(kind, &detail, now)
}

/// Notes by which policy is judged from now on, unless it is that by which was judged before.
///
/// # Errors
/// The store cannot be read or written.
pub fn policy(store: &Store, policy: &Policy, now: Moment) -> Result<(), Failure> {
    let last = store.last_note(&["policy.changed"], &|_| true)?;
    let noted = last.and_then(|(_, detail)| detail["digest"].as_str().map(str::to_owned));
    let judged = || -> Result<Option<String>, Failure> {
        let known = store.checkouts(None)?;
        let last = known.into_iter().filter(|k| k.policy.is_some()).max_by_key(|k| k.last_scan);
        Ok(last.and_then(|k| k.policy))
    };
    let was = match noted {
        Some(noted) => Some(noted),
        None => judged()?,
    };
    let PolicyRef { name, digest, .. } = PolicyRef::from(policy);
    // By the first one nothing changed.
    let Some(was) = was.filter(|was| *was != digest) else { return Ok(()) };
    store.note("policy.changed", &json!({ "name": name, "digest": digest, "was": was }), now)
}

/// Notes which waivers are about to end: each once for each of the leads, which are days, the most
/// first.
///
/// # Errors
/// The store cannot be read or written.
pub fn waivers(
    store: &Store,
    policy: &Policy,
    leads: &[u32],
    today: Date,
    now: Moment,
) -> Result<(), Failure> {
    let mut waived = None;
    for waiver in &policy.waivers.list {
        let days = today.until(waiver.expires).map_or(i64::MAX, |span| span.get_days().into());
        let reached = leads.iter().copied().rfind(|lead| (0..=i64::from(*lead)).contains(&days));
        let Some(lead) = reached else { continue };
        let expires = waiver.expires.to_string();
        let told = store.last_note(&["waiver.expiring"], &|detail| {
            detail["waiver"] == *waiver.id && detail["expires"] == *expires
        })?;
        let told = told.and_then(|(_, detail)| detail["lead"].as_i64());
        if told.is_some_and(|told| told <= i64::from(lead)) {
            continue;
        }
        if waived.is_none() {
            waived = Some(store.waived()?);
        }
        let waives = waived.as_ref().and_then(|w| w.get(&waiver.id)).copied().unwrap_or(0);
        let detail = json!({
            "waiver": waiver.id, "expires": expires, "days": days, "lead": lead,
            "granted-by": waiver.granted_by, "reason": waiver.reason, "ticket": waiver.ticket,
            "waives": waives,
        });
        store.note("waiver.expiring", &detail, now)?;
    }
    Ok(())
}
