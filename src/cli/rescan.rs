// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor rescan`: have the service look at everything anew, and wait for what comes of it.

use std::io::Write;

use serde::Deserialize;
use serde_json::json;

use super::args::Rescan;
use super::client::Client;
use super::output::Output;
use super::status::count;
use super::{CLEAN, FAILED};
use lictor::daemon::status::RescanOutcome;
use lictor::diag::{Failure, visible};

/// How long one request waits, in seconds; then another one goes on.
const TURN: u64 = 60;

#[derive(Deserialize)]
struct Ticket {
    ticket: u64,
    outcome: Option<RescanOutcome>,
}

pub fn run(args: &Rescan) -> anyhow::Result<u8> {
    let client = Client::find(&args.service)?;
    let mut asked = json!({ "wait": if args.wait { TURN } else { 0 } });
    if let Some(path) = &args.path {
        let shown = visible(path.as_os_str().as_encoded_bytes());
        // A checkout that is gone is still known to the service by its path.
        let whole = std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
        let whole = whole.map_err(|e| Failure::new(format!("{shown} is no path")).caused_by(e))?;
        let Some(text) = whole.to_str() else {
            let message = format!("{shown} is not UTF-8, and cannot be named to the service");
            return Err(Failure::new(message).help("leave it out: all is looked at").into());
        };
        asked["checkout"] = text.into();
    }
    let mut answer: Ticket = client.post("/v1/rescan", &asked)?;
    let mut out = Output::open(None)?;
    if !args.wait {
        writeln!(out, "It is begun; `lictor status` shows how far it is.")?;
        out.finish()?;
        return Ok(CLEAN);
    }
    let outcome = loop {
        match answer.outcome {
            Some(outcome) => break outcome,
            None => answer = client.get(&format!("/v1/rescan/{}?wait={TURN}", answer.ticket))?,
        }
    };
    let mut code = CLEAN;
    for done in &outcome.checkouts {
        let view = if done.view.is_empty() { String::new() } else { format!(" {}", done.view) };
        writeln!(
            out,
            "{}: {} files, {} to deny, {} to review, {} waived",
            visible(format!("{}{view}", done.root).as_bytes()),
            count(done.files),
            count(done.open.deny),
            count(done.open.review),
            count(done.waived)
        )?;
        if let Some(why) = &done.why {
            code = FAILED;
            writeln!(out, "  not all of it: {}", visible(why.as_bytes()))?;
        }
    }
    out.finish()?;
    Ok(code)
}
