// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What systemd says of the units.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::{Notes, shown};
use crate::diag::visible;

/// A unit as systemd has it loaded.
#[derive(Debug, Default)]
pub struct Unit {
    properties: BTreeMap<String, String>,
}

impl Unit {
    /// Asks for a unit; `None` where there is no systemd that could be asked.
    pub fn ask(name: &str) -> Option<Unit> {
        let out = Command::new("systemctl").args(["show", name]).output().ok()?;
        out.status.success().then(|| Unit::parse(&String::from_utf8_lossy(&out.stdout)))
    }

    pub fn parse(text: &str) -> Unit {
        let mut unit = Unit::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let all = unit.properties.entry(key.to_owned()).or_default();
            // Some come more than once, a line each.
            if !all.is_empty() {
                all.push('\n');
            }
            all.push_str(value);
        }
        unit
    }

    /// The value of a property; empty where there is none.
    pub fn get(&self, key: &str) -> &str {
        self.properties.get(key).map_or("", String::as_str)
    }

    pub fn is_loaded(&self) -> bool {
        self.get("LoadState") == "loaded"
    }

    pub fn is_active(&self) -> bool {
        matches!(self.get("ActiveState"), "active" | "reloading")
    }

    /// Whether it has the capability to read everything.
    pub fn reads_all(&self) -> bool {
        self.get("AmbientCapabilities").contains("cap_dac_read_search")
    }

    /// Whether a path below one of these directories is hidden from the service, by which setting.
    pub fn hides(&self, path: &Path) -> Option<&'static str> {
        let below = |all: &[&str]| all.iter().any(|d| path.starts_with(d));
        if self.get("PrivateTmp") == "yes" && below(&["/tmp", "/var/tmp"]) {
            return Some("PrivateTmp=no");
        }
        let hidden = matches!(self.get("ProtectHome"), "yes" | "tmpfs");
        (hidden && below(&["/home", "/root", "/run/user"])).then_some("ProtectHome=read-only")
    }

    /// Whether systemd makes the directory for the service, or one above it.
    pub fn makes(&self, path: &Path) -> bool {
        let below = |base: &str, key: &str| {
            let mut own = self.get(key).split(' ').filter(|d| !d.is_empty());
            own.any(|d| path.starts_with(Path::new(base).join(d)))
        };
        below("/var/lib", "StateDirectory") || below("/run", "RuntimeDirectory")
    }

    /// Whether the service can write there, as far as its unit goes.
    pub fn lets_write(&self, path: &Path) -> bool {
        let paths = self.get("ReadWritePaths").split(' ');
        let mut paths = paths.map(|p| p.trim_start_matches(['-', '+'])).filter(|p| !p.is_empty());
        self.get("ProtectSystem") != "strict"
            || self.makes(path)
            || paths.any(|p| path.starts_with(p))
    }
}

/// Looks at the units and their states.
pub fn examine(service: Option<&Unit>, notes: &mut Notes) {
    notes.about = "systemd";
    let Some(service) = service else {
        notes.ok("there is no systemd here that could be asked for units");
        return;
    };
    if !service.is_loaded() {
        notes.warning(
            "there is no lictor.service",
            "install the units: `make install`, or the package; then `sudo systemctl daemon-reload`",
        );
        return;
    }
    let state = visible(service.get("ActiveState").as_bytes());
    match state.as_str() {
        "active" | "reloading" => {
            let says = visible(service.get("StatusText").as_bytes());
            let says = if says.is_empty() { says } else { format!(": {says}") };
            notes.ok(format!("lictor.service is {state}{says}"));
        }
        "activating" => notes.warning(
            format!("lictor.service is starting ({})", visible(service.get("SubState").as_bytes())),
            "it is ready when every checkout is watched; `journalctl -u lictor` if that never comes",
        ),
        "failed" => notes.problem(
            format!("lictor.service has failed: {}", visible(service.get("Result").as_bytes())),
            "see why: `journalctl -u lictor`; then `sudo systemctl restart lictor`",
        ),
        _ => notes.warning(
            format!("lictor.service is {state}"),
            "start it, now and at boot: `sudo systemctl enable --now lictor`",
        ),
    }
    if service.get("UnitFileState") == "disabled" && service.is_active() {
        notes.warning(
            "lictor.service is not started at boot",
            "have it started: `sudo systemctl enable lictor`",
        );
    }
    if service.get("NeedDaemonReload") == "yes" {
        notes.warning(
            "the units on disk are newer than those that systemd knows",
            "`sudo systemctl daemon-reload`, then `sudo systemctl restart lictor`",
        );
    }
    let restarts: u32 = service.get("NRestarts").parse().unwrap_or(0);
    if restarts > 0 {
        notes.warning(
            format!("lictor.service was started again {restarts} times"),
            "see why: `journalctl -u lictor`",
        );
    }
    let fragment = Path::new(service.get("FragmentPath"));
    if let Some(timer) = Unit::ask("lictor-backup.timer") {
        if !timer.is_loaded() {
            let beside = fragment.parent().unwrap_or(fragment);
            notes.warning(
                "there is no lictor-backup.timer",
                format!("install it beside the other units, in {}", shown(beside)),
            );
        } else if timer.is_active() {
            notes.ok("lictor-backup.timer makes backups");
        } else {
            notes.warning(
                "lictor-backup.timer is not started",
                "have backups made: `sudo systemctl enable --now lictor-backup.timer`",
            );
        }
    }
}
