// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor doctor`: looks at everything around the service and says what to do.

use std::io::Write;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::CLEAN;
use super::args::{Doctor, ListFormat};
use super::output::Output;
use lictor::clock::Moment;
use lictor::doctor::{Check, Verdict, examine};

/// There are warnings, and no problems.
const WARNINGS: u8 = 1;
/// There are problems.
const PROBLEMS: u8 = 2;

pub fn run(args: &Doctor, overlay: Option<&Path>) -> anyhow::Result<u8> {
    let checks = examine(&args.config.config, overlay, Moment::now());
    let mut out = Output::open(None)?;
    match args.format {
        ListFormat::Human => human(&checks, &mut out)?,
        ListFormat::Json => {
            let all: Vec<_> = checks
                .iter()
                .map(|c| {
                    json!({ "verdict": c.verdict.as_str(), "about": c.about, "says": c.says, "help": c.help })
                })
                .collect();
            let report = json!({
                "format": "lictor-doctor", "version": 1, "lictor": env!("CARGO_PKG_VERSION"), "checks": all,
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
        }
    }
    out.finish()?;
    Ok(match checks.iter().map(|c| c.verdict).max() {
        Some(Verdict::Problem) => PROBLEMS,
        Some(Verdict::Warning) => WARNINGS,
        _ => CLEAN,
    })
}

fn human(checks: &[Check], out: &mut dyn Write) -> std::io::Result<()> {
    for c in checks {
        let colour = match c.verdict {
            Verdict::Ok => AnsiColor::Green,
            Verdict::Warning => AnsiColor::Yellow,
            Verdict::Problem => AnsiColor::Red,
        };
        let style = Style::new().fg_color(Some(colour.into()));
        writeln!(out, "{style}{:<8}{style:#} {:<14} {}", c.verdict.as_str(), c.about, c.says)?;
        if !c.help.is_empty() {
            writeln!(out, "{:24}do: {}", "", c.help)?;
        }
    }
    let count = |verdict| checks.iter().filter(|c| c.verdict == verdict).count();
    let (problems, warnings) = (count(Verdict::Problem), count(Verdict::Warning));
    let plural =
        |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    match (problems, warnings) {
        (0, 0) => writeln!(out, "\nall is well"),
        _ => writeln!(out, "\n{}, {}", plural(problems, "problem"), plural(warnings, "warning")),
    }
}
