// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Where the service writes and listens: the store, its backups, the control socket.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::account::{Account, Want};
use super::unit::Unit;
use super::{Notes, Verdict, counted, shown};
use crate::clock::Moment;
use crate::config::Config;
use crate::report::human::bytes;
use crate::store;
use crate::watch;

/// Below this a store cannot be worked with.
const SCARCE: u64 = 64 << 20;

/// Below this it soon may not be.
const LITTLE: u64 = 512 << 20;

/// From how many days on a backup is old.
const OLD: i64 = 3;

/// How long a socket may take to accept.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks at the store and the disk that it is on.
pub fn store(config: &Config, account: &Account, service: Option<&Unit>, notes: &mut Notes) {
    notes.about = "store";
    let path = &config.store;
    let Some(directory) = writable(path, account, service, notes) else { return };
    let size = |p: &Path| std::fs::metadata(p).map_or(0, |m| m.len());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let size = size(path) + size(Path::new(&log));
    if path.exists() && !account.may(Want::Write, path) {
        notes.problem(
            format!("{} may not write {}", account.name, shown(path)),
            format!("give it away: `sudo chown {}: {}*`", account.name, shown(path)),
        );
        return;
    }
    if let Some(kind) = watch::remote(directory).ok().flatten() {
        notes.problem(
            format!("{} is on {kind}, where a store gets damaged", shown(path)),
            "name a file on a local disk as `store`",
        );
        return;
    }
    let free =
        rustix::fs::statvfs(directory).map_or(u64::MAX, |s| s.f_bavail.saturating_mul(s.f_frsize));
    let (has, left) = (bytes(size), bytes(free));
    let wanted = size.max(LITTLE);
    match free {
        0..SCARCE => notes.problem(
            format!("{left} are free where {} is", shown(path)),
            "make room: without it nothing is written any more",
        ),
        _ if free < wanted => notes.warning(
            format!("{left} are free where {} is, which has {has}", shown(path)),
            format!("have {} free: backups and upgrades write it a second time", bytes(wanted)),
        ),
        _ if size == 0 => notes.ok(format!("{} will be made; {left} are free", shown(path))),
        _ => notes.ok(format!("{}: {has}; {left} are free", shown(path))),
    }
}

/// The directory that a file is or will be in, if the service may write there.
fn writable<'p>(
    path: &'p Path,
    account: &Account,
    service: Option<&Unit>,
    notes: &mut Notes,
) -> Option<&'p Path> {
    let directory = path.parent().unwrap_or(path);
    let unit = service.filter(|s| s.is_loaded());
    if unit.is_some_and(|s| !s.lets_write(directory)) {
        notes.problem(
            format!("the unit does not let the service write to {}", shown(directory)),
            format!(
                "`sudo systemctl edit lictor`, and write `[Service]`, `ReadWritePaths={}`",
                shown(directory)
            ),
        );
        return None;
    }
    // What is missing is made, from what is there.
    let there = directory.ancestors().find(|p| p.is_dir())?;
    // systemd makes the directories of a unit, and gives them to its user.
    if unit.is_some_and(|s| s.makes(directory) && !s.makes(there)) {
        return Some(there);
    }
    if !account.may(Want::Write, there) {
        let help = match there == directory {
            true => format!("give it away: `sudo chown {} {}`", account.name, shown(there)),
            false => format!("make it: `sudo install -d -o {} {}`", account.name, shown(directory)),
        };
        notes.problem(format!("{} may not write to {}", account.name, shown(there)), help);
        return None;
    }
    Some(there)
}

/// Looks at the backups and how old they are.
pub fn backups(
    config: &Config,
    account: &Account,
    service: Option<&Unit>,
    now: Moment,
    notes: &mut Notes,
) {
    notes.about = "backup";
    let directory = config.backups();
    let found = match store::backups(&directory) {
        Ok(found) => found,
        Err(failure) => {
            // Whoever may not see the store's directory is told so once.
            if account.is_here || rustix::process::geteuid().is_root() {
                notes.failure(Verdict::Problem, &failure);
            }
            return;
        }
    };
    if writable(&directory.join("x"), account, service, notes).is_none() {
        return;
    }
    let name = shown(&directory);
    let Some(newest) = found.first() else {
        if config.store.exists() {
            notes.warning(
                format!("there is no backup in {name}"),
                "have them made: `sudo systemctl enable --now lictor-backup.timer`; or `lictor backup`",
            );
        } else {
            notes.ok(format!("none in {name}, as there is no store yet"));
        }
        return;
    };
    let made: Option<jiff::Timestamp> = newest.made.parse().ok();
    let then = made.and_then(|m| i64::try_from(m.as_nanosecond()).ok());
    let days = then.map_or(0, |then| now.0.saturating_sub(then) / 86_400_000_000_000);
    let says =
        format!("{} in {name}, the newest of {}", counted(found.len(), "backup"), newest.made);
    if days >= OLD {
        notes.warning(
            format!("{says}, {days} days ago"),
            "see why: `systemctl status lictor-backup.timer`, `journalctl -u lictor-backup`",
        );
    } else {
        notes.ok(says);
    }
}

/// Looks at where the service is to listen.
pub fn control(config: &Config, account: &Account, service: Option<&Unit>, notes: &mut Notes) {
    notes.about = "control";
    let socket = &config.control.socket;
    let unit = service.filter(|s| s.is_loaded());
    if !socket.exists() && writable(socket, account, service, notes).is_some() {
        notes.ok(format!("{} will be made", shown(socket)));
    }
    let Some(listen) = config.control.listen else { return };
    let is_handed = || {
        let unit = Unit::ask("lictor.socket")?;
        unit.get("Listen").lines().find(|l| l.starts_with(&format!("{listen} "))).map(drop)
    };
    if unit.is_some_and(|s| s.get("PrivateNetwork") == "yes") && is_handed().is_none() {
        notes.problem(
            format!("nobody can reach {listen}: the service has no network"),
            format!(
                "`sudo systemctl edit lictor.socket`, and write `[Socket]`, `ListenStream={listen}`; then \
                 `sudo systemctl stop lictor.socket lictor` and `sudo systemctl start lictor`"
            ),
        );
    }
    if let Some(file) = &config.control.token_file {
        token(file, account, unit, notes);
    }
}

/// Looks at the file with the token. What systemd hands over is there only while the service runs.
fn token(file: &Path, account: &Account, unit: Option<&Unit>, notes: &mut Notes) {
    let name = shown(file);
    if file.starts_with("/run/credentials") {
        let active = unit.is_some_and(Unit::is_active);
        if active && rustix::process::geteuid().is_root() && !file.exists() {
            notes.problem(
                format!("systemd hands no token over: there is no {name}"),
                "write it into /etc/credstore/lictor.control-token, with the mode 600, and restart",
            );
        }
        return;
    }
    match std::fs::metadata(file) {
        Ok(meta) if meta.len() == 0 => notes.problem(
            format!("the token file {name} is empty"),
            "write a long random word into it: `openssl rand -hex 32`",
        ),
        Ok(_) if !account.may(Want::Read, file) => notes.problem(
            format!("{} may not read the token file {name}", account.name),
            format!("let it: `sudo chown {} {name}`", account.name),
        ),
        Ok(meta) if meta.mode() & 0o004 != 0 => notes.warning(
            format!("everybody may read the token file {name}"),
            format!("`sudo chmod o-r {name}`"),
        ),
        Ok(_) => notes.ok(format!("the token for TCP is in {name}")),
        Err(e) => notes.problem(
            format!("the token file {name} cannot be read: {e}"),
            "write a long random word into it: `openssl rand -hex 32`",
        ),
    }
}

/// Connects to the socket and says nothing. Where that would start the service it is left.
pub fn reachable(config: &Config, service: Option<&Unit>, notes: &mut Notes) {
    notes.about = "control";
    if service.is_some_and(|s| s.is_loaded() && !s.is_active()) {
        return;
    }
    let socket = config.control.socket.clone();
    let name = shown(&socket);
    let (said, heard) = crossbeam_channel::bounded(1);
    // It may be left waiting where nobody accepts.
    std::thread::spawn(move || said.send(UnixStream::connect(socket).map(drop)));
    let start = "start it: `sudo systemctl start lictor`, or `lictor serve`";
    match heard.recv_timeout(PATIENCE) {
        Ok(Ok(())) => notes.ok(format!("the service listens at {name}")),
        Ok(Err(e)) if e.kind() == io::ErrorKind::PermissionDenied => notes.warning(
            format!("you may not connect to {name}"),
            "have yourself added to the group of the socket: `sudo usermod -aG lictor $USER`, and log in anew",
        ),
        Ok(Err(e)) => notes.warning(format!("the service does not listen at {name}: {e}"), start),
        Err(_) => notes.problem(
            format!("nobody accepts connections at {name}"),
            "the service hangs: see `journalctl -u lictor`, then `sudo systemctl restart lictor`",
        ),
    }
}
