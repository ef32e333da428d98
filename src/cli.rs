// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The command line: arguments, output, exit codes. One module a command.

mod args;
mod audit;
mod backup;
mod client;
mod config;
mod detect;
mod doctor;
mod events;
mod explain;
mod findings;
mod init;
mod license_db;
mod log;
mod obligations;
mod output;
mod policy;
mod progress;
mod rescan;
mod scan;
mod setup;
mod status;
mod waive;
mod webhook;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Error;
use clap::{CommandFactory, Parser};

use args::{Cli, Command};
use lictor::config::LoadError as ConfigError;
use lictor::daemon;
use lictor::diag::{Failure, Kind, Mistakes, visible};
use lictor::licenses::rules::OverlayError;
use lictor::policy::LoadError;
use lictor::report::ReportError;

/// Nothing at or above the threshold.
const CLEAN: u8 = 0;
/// Violations at or above the threshold.
const VIOLATIONS: u8 = 1;
/// The command failed, or the scan is incomplete.
const FAILED: u8 = 2;
/// `EX_CONFIG` of sysexits.h: a configuration, a policy or the license database is wrong.
const CONFIG: u8 = 78;

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.color.write_global();
    let overlay = cli.license_db.as_deref();
    let licenses = || setup::licenses(overlay);
    let done = log::init(&cli).and_then(|()| match &cli.command {
        Command::Scan(args) => scan::run(args, licenses()?),
        Command::Detect(args) => detect::run(args, licenses()?),
        Command::Findings(args) => findings::run(args, licenses()?),
        Command::Explain(args) => explain::run(args, licenses()?),
        Command::Policy(command) => policy::run(command, licenses()?),
        Command::Waive(args) => waive::waive(args, licenses()?),
        Command::Curate(args) => waive::curate(args, licenses()?),
        Command::Obligations(args) => obligations::run(args, licenses()?),
        Command::Audit(command) => audit::run(command),
        Command::Status(args) => status::run(args),
        Command::Rescan(args) => rescan::run(args),
        Command::Events(args) => events::run(args),
        Command::Reload(args) => client::Client::find(args)?.reload().map(|()| CLEAN),
        Command::Backup(args) => backup::run(args),
        Command::Config(command) => config::run(command, overlay),
        Command::Doctor(args) => doctor::run(args, overlay),
        Command::Init(args) => init::run(args, licenses()?),
        Command::Serve(args) => {
            daemon::run(&args.config.config, !args.no_deliver).map(|()| CLEAN).map_err(Error::from)
        }
        Command::Deliver(args) => {
            daemon::courier::run(&args.config.config).map(|()| CLEAN).map_err(Error::from)
        }
        Command::Webhook(command) => webhook::run(command),
        Command::LicenseDb(command) => license_db::run(command, overlay),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "lictor", &mut script);
            let written = io::stdout().write_all(&script);
            written.map(|()| CLEAN).map_err(Error::from)
        }
    });
    ExitCode::from(done.unwrap_or_else(|e| report(&e)))
}

/// Says what went wrong, on standard error; gives the exit code.
fn report(error: &Error) -> u8 {
    if is_broken_pipe(error) {
        return CLEAN;
    }
    if let Some(LoadError::Mistakes(files)) = error.downcast_ref::<LoadError>() {
        let place = match &files[..] {
            [one] => format!("the policy {}", one.file),
            many => format!("{} files of the policy", many.len()),
        };
        show(files, &place);
        return CONFIG;
    }
    if let Some(ConfigError::Mistakes(file)) = error.downcast_ref::<ConfigError>() {
        show(std::slice::from_ref(file), &format!("the configuration {}", file.file));
        return CONFIG;
    }
    if let Some(OverlayError::Mistakes(files)) = error.downcast_ref::<OverlayError>() {
        let place = match &files[..] {
            [one] => format!("the license database file {}", one.file),
            many => format!("{} files of the license database", many.len()),
        };
        show(files, &place);
        return CONFIG;
    }
    let failure = failure(error);
    for mistakes in failure.iter().flat_map(|f| &f.mistakes) {
        anstream::eprintln!("{}\n", mistakes.render(colours()));
    }
    // The message of a failure is made for people; anything else may hold what a file says.
    let what = match failure {
        Some(failure) => failure.message.clone(),
        None if is_io(error) => {
            format!("cannot write the report: {}", visible(error.to_string().as_bytes()))
        }
        None => visible(error.to_string().as_bytes()),
    };
    anstream::eprintln!("error: {what}");
    // What an error is made of says the same again where it is transparent.
    let mut said = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if cause != said {
            anstream::eprintln!("  because: {}", visible(cause.as_bytes()));
            said = cause;
        }
    }
    if let Some(help) = failure.and_then(|f| f.help.as_ref()) {
        anstream::eprintln!("  help: {help}");
    }
    match failure.map(|f| f.kind) {
        Some(Kind::Config) => CONFIG,
        _ => FAILED,
    }
}

/// Shows all mistakes of some files, and how many there are.
fn show(files: &[Mistakes], place: &str) {
    let n: usize = files.iter().map(|m| m.list.len()).sum();
    let word = if n == 1 { "mistake" } else { "mistakes" };
    for mistakes in files {
        anstream::eprintln!("{}\n", mistakes.render(colours()));
    }
    anstream::eprintln!("error: {n} {word} in {place}");
}

/// Whether standard error is shown in colours.
fn colours() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

fn failure(error: &Error) -> Option<&Failure> {
    if let Some(LoadError::Failure(f)) = error.downcast_ref::<LoadError>() {
        return Some(f);
    }
    if let Some(ConfigError::Failure(f)) = error.downcast_ref::<ConfigError>() {
        return Some(f);
    }
    if let Some(OverlayError::Failure(f)) = error.downcast_ref::<OverlayError>() {
        return Some(f);
    }
    if let Some(ReportError::Failure(f)) = error.downcast_ref::<ReportError>() {
        return Some(f);
    }
    error.downcast_ref::<Failure>()
}

fn is_io(error: &Error) -> bool {
    matches!(error.downcast_ref::<ReportError>(), Some(ReportError::Io(_)))
        || error.is::<io::Error>()
}

/// Whether the error is only that nobody reads the output any more.
fn is_broken_pipe(error: &Error) -> bool {
    let kind = match error.downcast_ref::<ReportError>() {
        Some(ReportError::Io(e)) => Some(e.kind()),
        _ => error.downcast_ref::<io::Error>().map(io::Error::kind),
    };
    kind == Some(io::ErrorKind::BrokenPipe)
}
