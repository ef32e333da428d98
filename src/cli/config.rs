// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor config`: check the service's configuration and what it names, show what is in force.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::Error;

use super::args::{ConfigArg, ConfigCommand};
use super::output::Output;
use super::{CLEAN, CONFIG, report, setup};
use lictor::config::{self, Config};
use lictor::deliver::Endpoint;
use lictor::diag::visible;
use lictor::policy::Policy;
use lictor::report::ReportError;
use lictor::shape;

pub fn run(command: &ConfigCommand, overlay: Option<&Path>) -> anyhow::Result<u8> {
    let mut out = Output::open(None)?;
    let code = match command {
        ConfigCommand::Check(args) => check(args, overlay, &mut out)?,
        ConfigCommand::Show(args) => {
            let config = Config::load(args.path())?;
            let name = visible(config.origin.as_os_str().as_bytes());
            write!(out, "# {name}, revision {}\n{}", config.digest, config.to_toml())
                .map_err(ReportError::from)?;
            CLEAN
        }
        ConfigCommand::Schema => {
            let schema = shape::schema("lictor configuration, version 1", config::CONFIG);
            let text = serde_json::to_string_pretty(&schema)?;
            writeln!(out, "{text}").map_err(ReportError::from)?;
            CLEAN
        }
    };
    out.finish()?;
    Ok(code)
}

/// Reads the configuration and the files it names, and reports what is wrong in all of them.
fn check(args: &ConfigArg, overlay: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<u8> {
    let config = Config::load(args.path())?;
    let name = visible(config.origin.as_os_str().as_bytes());
    let directory = config.license_db.as_deref().or(overlay);
    let licenses = match setup::licenses(directory) {
        Ok(licenses) => licenses,
        Err(e) => {
            report(&Error::new(e));
            anstream::eprintln!(
                "note: the policy was not read, as it rests on the license database"
            );
            return Ok(CONFIG);
        }
    };
    let policy = match &config.policy {
        Some(path) => Policy::load(path, licenses)?,
        None => Policy::builtin(licenses),
    };
    let now = config.directories();
    let there = now.iter().filter(|(path, _)| path.is_dir()).count();
    writeln!(out, "{name}: revision {}", config.digest)?;
    writeln!(
        out,
        "  policy {} ({}), revision {}",
        visible(policy.name.as_bytes()),
        visible(policy.origin.as_bytes()),
        policy.digest
    )?;
    if let Some(directory) = directory {
        let name = visible(directory.as_os_str().as_bytes());
        writeln!(out, "  license database {name} over the built-in one")?;
    }
    writeln!(out, "  {there} of {} directories of checkouts are there", now.len())?;
    for (path, _) in now.iter().filter(|(path, _)| !path.is_dir()) {
        writeln!(out, "  note: there is no directory {}", visible(path.as_os_str().as_bytes()))?;
    }
    for entry in config.checkouts.iter().filter(|e| !now.iter().any(|(_, n)| std::ptr::eq(*n, *e)))
    {
        writeln!(out, "  note: {} names no directory now", visible(entry.path.as_bytes()))?;
    }
    webhooks(&config, out)?;
    Ok(CLEAN)
}

/// Reads what webhooks name. What this user cannot read the service may be able to.
fn webhooks(config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    if !config.webhooks.is_empty() {
        writeln!(out, "  {} webhooks", config.webhooks.len())?;
    }
    for webhook in &config.webhooks {
        match Endpoint::load(webhook) {
            Ok(_) => {}
            Err(failure) if !failure.mistakes.is_empty() => return Err(failure.into()),
            Err(failure) => writeln!(out, "  note: {failure}")?,
        }
    }
    Ok(())
}
