// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor events`: what happened to violations, a line each, and what happens from now on.

use std::io::{self, Write};

use serde::Deserialize;
use serde_json::Value;

use super::CLEAN;
use super::args::{Events, EventsFormat};
use super::client::Client;
use super::output::Output;
use lictor::diag::{Failure, visible};

/// How many events are shown when it is not said from which on.
const LAST: i64 = 20;

#[derive(Deserialize)]
struct Page {
    events: Vec<Value>,
    next: i64,
    last: i64,
}

pub fn run(args: &Events) -> anyhow::Result<u8> {
    let client = Client::find(&args.service)?;
    let mut after = match args.after {
        Some(after) => i64::try_from(after)?,
        None => (client.get::<Page>("/v1/events?limit=1")?.last - LAST).max(0),
    };
    let mut out = Output::open(None)?;
    if !args.follow {
        loop {
            let page: Page = client.get(&format!("/v1/events?limit=1000&after={after}"))?;
            page.events.iter().try_for_each(|event| show(event, args.format, &mut out))?;
            after = page.next;
            if after >= page.last || page.events.is_empty() {
                break;
            }
        }
        out.finish()?;
        return Ok(CLEAN);
    }
    let mut written = Ok(());
    client.follow(after, &mut |data| {
        let event: Value = serde_json::from_str(data).unwrap_or_default();
        after = event["seq"].as_i64().unwrap_or(after);
        // Whoever follows wants to see it now.
        written = show(&event, args.format, &mut out).and_then(|()| out.flush());
        written.is_ok()
    })?;
    written?;
    out.finish()?;
    Err(Failure::new("the service ended")
        .help(format!("when it is back: `lictor events --follow --after {after}` misses nothing"))
        .into())
}

fn show(event: &Value, format: EventsFormat, out: &mut dyn Write) -> io::Result<()> {
    if let EventsFormat::Jsonl = format {
        return writeln!(out, "{event}");
    }
    let text = |key: &str| visible(event[key].as_str().unwrap_or_default().as_bytes());
    write!(out, "{} {} {}", event["seq"], text("at"), text("kind"))?;
    for key in ["violation", "path"] {
        if event[key].is_string() {
            write!(out, " {}", text(key))?;
        }
    }
    for (key, value) in event["detail"].as_object().into_iter().flatten() {
        let value = match value {
            // Of a digest, as much as anybody compares.
            Value::String(text) if is_digest(text) => text.chars().take(12).collect(),
            Value::String(_) if key == "engine" => continue,
            Value::String(text) if text.contains(' ') => format!("\"{text}\""),
            Value::String(text) if !text.is_empty() => text.clone(),
            Value::Number(number) => number.to_string(),
            // What was before is in the machine format.
            _ => continue,
        };
        write!(out, " {}={}", visible(key.as_bytes()), visible(value.as_bytes()))?;
    }
    writeln!(out)
}

fn is_digest(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
