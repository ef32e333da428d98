// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Logging on standard error.

use std::io;

use tracing_subscriber::EnvFilter;

use super::args::{Cli, LogFormat};
use lictor::diag::{Failure, visible};

/// Starts logging as the arguments and `LICTOR_LOG` say.
pub fn init(cli: &Cli) -> anyhow::Result<()> {
    let level = match cli.verbose {
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
    let colour = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match cli.log_format {
        LogFormat::Text => builder.with_ansi(colour).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
