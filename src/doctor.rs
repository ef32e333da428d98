// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Looks at everything around the service: what it is told, what it watches, what the kernel and
//! systemd give it, where it writes. Says what to do where something is not in order, and
//! changes nothing.
//!
//! Who asks need not be who serves. What the service may read and write is judged for the user
//! of its unit, where systemd knows one.

mod account;
mod checkouts;
mod places;
mod unit;
mod webhooks;

use std::path::Path;

use crate::clock::Moment;
use crate::config::{Config, LoadError};
use crate::diag::{Failure, visible};
use crate::licenses::Licenses;
use crate::licenses::rules::OverlayError;
use crate::policy::{self, Policy};
use account::Account;
use unit::Unit;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Ok,
    /// The service works, but not as it could.
    Warning,
    /// The service does not work, or something will be lost.
    Problem,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "problem",
        }
    }
}

/// What came of looking at one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub verdict: Verdict,
    /// A word for what was looked at.
    pub about: &'static str,
    /// Safe to print.
    pub says: String,
    /// What to do; empty where there is nothing to be done.
    pub help: String,
}

/// Gathers checks about one thing after the other.
#[derive(Debug, Default)]
struct Notes {
    about: &'static str,
    checks: Vec<Check>,
}

impl Notes {
    fn add(&mut self, verdict: Verdict, says: impl Into<String>, help: impl Into<String>) {
        let (says, help) = (says.into(), help.into());
        self.checks.push(Check { verdict, about: self.about, says, help });
    }

    fn ok(&mut self, says: impl Into<String>) {
        self.add(Verdict::Ok, says, "");
    }

    fn warning(&mut self, says: impl Into<String>, help: impl Into<String>) {
        self.add(Verdict::Warning, says, help);
    }

    fn problem(&mut self, says: impl Into<String>, help: impl Into<String>) {
        self.add(Verdict::Problem, says, help);
    }

    /// A failure as a check, with what it is made of.
    fn failure(&mut self, verdict: Verdict, failure: &Failure) {
        self.add(verdict, failure.in_a_line(), failure.help.clone().unwrap_or_default());
    }
}

/// Looks at everything that belongs to the service of this configuration.
pub fn examine(path: &Path, overlay: Option<&Path>, now: Moment) -> Vec<Check> {
    let mut notes = Notes::default();
    let service = Unit::ask("lictor.service");
    let account = account(service.as_ref(), &mut notes);
    let config = configuration(path, overlay, &mut notes);
    if let (Some(config), Some(account)) = (&config, &account) {
        checkouts::examine(config, account, service.as_ref(), &mut notes);
        places::store(config, account, service.as_ref(), &mut notes);
        places::backups(config, account, service.as_ref(), now, &mut notes);
        places::control(config, account, service.as_ref(), &mut notes);
    }
    unit::examine(service.as_ref(), &mut notes);
    if let Some(config) = &config {
        webhooks::examine(config, service.as_ref(), &mut notes);
    }
    if let Some(config) = &config {
        places::reachable(config, service.as_ref(), &mut notes);
    }
    notes.checks
}

/// Who reads the checkouts and writes the store.
fn account(service: Option<&Unit>, notes: &mut Notes) -> Option<Account> {
    notes.about = "user";
    let me = Account::here();
    let Some(service) = service.filter(|s| s.is_loaded()) else {
        notes.ok(format!("all is looked at as {}, as no unit says otherwise", me.name));
        return Some(me);
    };
    let name = match service.get("User") {
        "" => "root",
        name => name,
    };
    let Some(account) = Account::find(name, service.reads_all()) else {
        let name = visible(name.as_bytes());
        notes.problem(
            format!("the service runs as {name}, and there is no such user"),
            "make it: `sudo systemd-sysusers`, then `sudo systemd-tmpfiles --create`",
        );
        return None;
    };
    let may = if account.reads_all { ", and may read every file" } else { "" };
    let says = format!("the service runs as {}{may}", account.name);
    if account.is_here || me.reads_all {
        notes.ok(says);
    } else {
        notes.warning(
            format!("{says}; {} does not see all that it sees", me.name),
            "ask as root: `sudo lictor doctor`",
        );
    }
    Some(account)
}

/// Reads the configuration and what it names.
fn configuration(path: &Path, overlay: Option<&Path>, notes: &mut Notes) -> Option<Config> {
    notes.about = "configuration";
    let check =
        format!("see `lictor config check {}`", visible(path.as_os_str().as_encoded_bytes()));
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(LoadError::Failure(failure)) => {
            notes.failure(Verdict::Problem, &failure);
            return None;
        }
        Err(LoadError::Mistakes(m)) => {
            let n = m.list.len();
            notes.problem(format!("{} is wrong: {}", m.file, counted(n, "mistake")), check);
            return None;
        }
    };
    notes.ok(format!("{}, revision {}", shown(&config.origin), config.digest));
    notes.about = "license-db";
    let mut own = None;
    if let Some(directory) = config.license_db.as_deref().or(overlay) {
        match Licenses::load_overlay(directory) {
            Ok(licenses) => {
                notes.ok(format!("{} over the built-in one", shown(directory)));
                own = Some(licenses);
            }
            Err(OverlayError::Failure(failure)) => notes.failure(Verdict::Problem, &failure),
            Err(OverlayError::Mistakes(files)) => {
                let n = files.iter().map(|m| m.list.len()).sum();
                let says = format!("{} is wrong: {}", shown(directory), counted(n, "mistake"));
                notes.problem(says, check);
                // The policy may rest on it.
                return Some(config);
            }
        }
    }
    notes.about = "policy";
    let licenses = own.as_ref().unwrap_or_else(|| Licenses::builtin());
    match &config.policy {
        None => notes.ok("the built-in default, as the configuration names none"),
        Some(path) => match Policy::load(path, licenses) {
            Ok(policy) => {
                let name = visible(policy.name.as_bytes());
                notes.ok(format!("{name} ({}), revision {}", shown(path), policy.digest));
            }
            Err(policy::LoadError::Failure(failure)) => notes.failure(Verdict::Problem, &failure),
            Err(policy::LoadError::Mistakes(files)) => {
                let n = files.iter().map(|m| m.list.len()).sum();
                let says = format!("{} is wrong: {}", shown(path), counted(n, "mistake"));
                notes.problem(says, check);
            }
        },
    }
    Some(config)
}

fn shown(path: &Path) -> String {
    visible(path.as_os_str().as_encoded_bytes())
}

fn counted(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

#[cfg(test)]
mod tests;
