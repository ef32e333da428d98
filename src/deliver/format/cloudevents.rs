// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! CloudEvents 1.0 in the JSON event format: the native data with the attributes around it by
//! which brokers route. The type is the native one behind `lictor.`: there is no domain to reverse.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::deliver::message::{Message, SCHEMA};

/// The event; its `id` is the `webhook-id`.
pub fn event(message: &Message) -> Value {
    let data = &message.data;
    let root = data.checkout.as_ref().map_or("/", |c| c.root.as_str());
    let mut event = json!({
        "specversion": "1.0",
        "id": data.id,
        "source": format!("lictor:{}", encoded(root)),
        "type": format!("lictor.{}", message.kind),
        "time": message.timestamp,
        "datacontenttype": "application/json",
        "dataschema": format!("urn:lictor:webhook:{SCHEMA}"),
        "data": data,
    });
    let subject = match (&data.violations[..], &data.component) {
        ([one], _) if data.count == 1 => Some(one.id.clone()),
        (_, Some(component)) => Some(component.clone()),
        _ => data.waiver.as_ref().map(|w| w.id.clone()).or_else(|| data.webhook.clone()),
    };
    if let Some(subject) = subject.filter(|s| !s.is_empty()) {
        event["subject"] = subject.into();
    }
    event
}

/// A path as it stands in a URI (RFC 3986, section 2).
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for b in path.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~/".contains(&b) {
            out.push(char::from(b));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}
