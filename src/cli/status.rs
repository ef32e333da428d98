// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor status`: at a glance, whether the service is well and what each checkout does.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::args::{self, StatusFormat};
use super::client::Client;
use super::output::Output;
use super::{CLEAN, FAILED};
use lictor::daemon::status::{CheckoutState, CheckoutStatus, State, Status, WebhookStatus};
use lictor::diag::visible;

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const BUSY: Style = AnsiColor::Yellow.on_default();

pub fn run(args: &args::Status) -> anyhow::Result<u8> {
    let client = Client::find(&args.service)?;
    let mut out = Output::open(None)?;
    let status: Status = client.get("/v1/status")?;
    match args.format {
        StatusFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(&status)?)?,
        StatusFormat::Human => human(&status, &mut out)?,
    }
    out.finish()?;
    Ok(if status.state == State::Degraded { FAILED } else { CLEAN })
}

fn human(status: &Status, out: &mut dyn Write) -> io::Result<()> {
    let v = |text: &str| visible(text.as_bytes());
    let style = match status.state {
        State::Watching => GOOD,
        State::Degraded => BAD,
        State::Starting | State::Stopping => BUSY,
    };
    writeln!(
        out,
        "lictor {} is {style}{}{style:#}, process {} since {}",
        v(&status.version),
        status.state.as_str(),
        status.pid,
        v(&status.started)
    )?;
    for problem in &status.problems {
        writeln!(out, "{BAD}problem:{BAD:#} {}, since {}", v(&problem.what), v(&problem.since))?;
        if let Some(help) = &problem.help {
            writeln!(out, "   help: {}", v(help))?;
        }
    }
    let (config, policy, store) = (&status.config, &status.policy, &status.store);
    writeln!(
        out,
        "\n  configuration  {}, revision {}, read {}",
        v(&config.path),
        v(&config.digest),
        v(&config.loaded)
    )?;
    let digest: String = policy.digest.chars().take(12).collect();
    writeln!(
        out,
        "  policy         {} ({}), revision {}",
        v(&policy.name),
        v(&policy.origin),
        v(&digest)
    )?;
    writeln!(out, "  store          {}, {}", v(&store.path), bytes(store.bytes))?;
    let limit = status.watches.limit.map(|n| format!(" of {}", count(n))).unwrap_or_default();
    let polling = if status.watches.polling { ", and some checkouts are polled" } else { "" };
    writeln!(out, "  watches        {}{limit}{polling}\n", count(status.watches.used))?;
    if status.checkouts.is_empty() {
        writeln!(out, "No checkouts are there now.")?;
    } else {
        table(&status.checkouts, out)?;
    }
    webhooks(&status.webhooks, out)
}

/// A line for each webhook, and what is wrong with it below.
fn webhooks(webhooks: &[WebhookStatus], out: &mut dyn Write) -> io::Result<()> {
    let wide = webhooks.iter().map(|w| w.name.chars().count()).chain([7]).max().unwrap_or(0);
    if !webhooks.is_empty() {
        let head = format!("{:wide$}  state      pending  delivered  given up", "webhook");
        writeln!(out, "\n{BOLD}{head}{BOLD:#}")?;
    }
    for w in webhooks {
        let style = match (w.state.as_str(), &w.failing_since) {
            ("active", None) => GOOD,
            ("active", Some(_)) => BUSY,
            _ => BAD,
        };
        let (name, state) = (visible(w.name.as_bytes()), visible(w.state.as_bytes()));
        let (pending, delivered) = (count(w.pending), count(w.delivered));
        let dead = count(w.given_up);
        writeln!(
            out,
            "{name:wide$}  {style}{state:9}{style:#}  {pending:>7}  {delivered:>9}  {dead:>8}"
        )?;
        if let (Some(trouble), Some(since)) = (&w.trouble, &w.failing_since) {
            let (trouble, since) = (visible(trouble.as_bytes()), visible(since.as_bytes()));
            writeln!(out, "  {style}{trouble}, nothing was taken since {since}{style:#}")?;
        }
    }
    Ok(())
}

/// A line for each checkout, and what there is to say of it below.
fn table(checkouts: &[CheckoutStatus], out: &mut dyn Write) -> io::Result<()> {
    let head = ["checkout", "state", "files", "deny", "review", "waived", "last look"];
    let rows: Vec<[String; 7]> = checkouts.iter().map(row).collect();
    let width = |n: usize| {
        let cells = rows.iter().map(|row| row[n].chars().count());
        cells.chain([head[n].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[&str], style: Style, out: &mut dyn Write| {
        for (n, cell) in cells.iter().enumerate() {
            let width = widths[n];
            match n {
                1 => write!(out, "  {style}{cell:width$}{style:#}")?,
                // Numbers stand under their last digits.
                2..=5 => write!(out, "  {cell:>width$}")?,
                6 => write!(out, "  {cell}")?,
                _ => write!(out, "{cell:width$}")?,
            }
        }
        writeln!(out)
    };
    write!(out, "{BOLD}")?;
    line(&head, BOLD, out)?;
    write!(out, "{BOLD:#}")?;
    for (row, checkout) in rows.iter().zip(checkouts) {
        let style = match checkout.state {
            CheckoutState::Watching => GOOD,
            CheckoutState::Unreachable | CheckoutState::Failed => BAD,
            _ => BUSY,
        };
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        line(&cells, style, out)?;
        let mut notes = Vec::new();
        let commit = checkout.commit.iter().map(|c| c.chars().take(12).collect::<String>());
        let mut at: Vec<String> = checkout.branch.iter().cloned().chain(commit).collect();
        if !checkout.view.is_empty() {
            at.insert(0, checkout.view.clone());
        }
        notes.extend(Some(at.join(" ")).filter(|at| !at.is_empty()));
        if checkout.pending > 0 {
            notes.push(format!("{} paths wait", count(checkout.pending)));
        }
        let rescans = checkout.rescans.iter().filter(|(reason, _)| *reason != "start");
        notes.extend(rescans.map(|(reason, n)| format!("{reason} {}", count(*n))));
        if !notes.is_empty() {
            writeln!(out, "  {FAINT}{}{FAINT:#}", visible(notes.join(", ").as_bytes()))?;
        }
        if let Some(why) = &checkout.why {
            writeln!(out, "  {style}{}{style:#}", visible(why.as_bytes()))?;
        }
    }
    Ok(())
}

fn row(c: &CheckoutStatus) -> [String; 7] {
    let state = match c.done {
        Some(percent) => format!("{} {percent}%", c.state.as_str()),
        None => c.state.as_str().to_owned(),
    };
    [
        visible(c.root.as_bytes()),
        state,
        count(c.files),
        count(c.open.deny),
        count(c.open.review),
        count(c.waived),
        visible(c.last_scan.as_deref().unwrap_or("never").as_bytes()),
    ]
}

/// A number with thousands apart: `61,203`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn bytes(n: u64) -> String {
    match n {
        0..1_048_576 => format!("{} KiB", n.div_ceil(1024)),
        _ => format!("{:.1} MiB", n as f64 / 1_048_576.0),
    }
}
