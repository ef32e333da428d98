// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Logging on standard error, or to the journal with its fields where that is what standard error
//! leads to (systemd.exec(5), `$JOURNAL_STREAM`).

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::args::{Cli, Command, LogFormat};
use lictor::diag::{Failure, visible};

/// Starts logging as the arguments and `LICTOR_LOG` say.
pub fn init(cli: &Cli) -> anyhow::Result<()> {
    let level = match cli.verbose {
        0 if matches!(cli.command, Command::Serve(_)) => "lictor=info,warn",
        0 => "warn",
        1 => "lictor=info,warn",
        _ => "lictor=trace,debug",
    };
    let filter = match std::env::var("LICTOR_LOG") {
        Ok(spec) if !spec.is_empty() => EnvFilter::try_new(&spec).map_err(|e| {
            Failure::config(format!("LICTOR_LOG={} is no log filter", visible(spec.as_bytes())))
                .caused_by(e)
                .help("write for example LICTOR_LOG=info or LICTOR_LOG=lictor::plan=debug")
        })?,
        _ => EnvFilter::new(level),
    };
    if matches!(cli.command, Command::Serve(_))
        && leads_to_journal()
        && let Ok(journal) = tracing_journald::layer()
    {
        let journal = journal.with_field_prefix(Some("LICTOR".into()));
        tracing_subscriber::registry().with(filter).with(journal).init();
        return Ok(());
    }
    let colour = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match cli.log_format {
        LogFormat::Text => builder.with_ansi(colour).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

/// Whether standard error is a stream to the journal.
fn leads_to_journal() -> bool {
    let Some(stream) = std::env::var_os("JOURNAL_STREAM") else { return false };
    let Ok(stat) = rustix::fs::fstat(io::stderr()) else { return false };
    stream.to_str() == Some(format!("{}:{}", stat.st_dev, stat.st_ino).as_str())
}
