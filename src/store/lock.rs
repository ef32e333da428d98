// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! One daemon a store, and one who delivers: locks that the kernel lets go of however their holder
//! ends. Scans by hand beside a daemon do not take any; SQLite's own locks are enough between
//! writers.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::diag::{Failure, visible};

/// Held while it lives. The file stays: a new one could be locked beside it.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Locks a store, which need not be there yet, for this process.
///
/// # Errors
/// Another process has it, or the file beside the store that is locked cannot be written.
pub fn lock(store: &Path) -> Result<Lock, Failure> {
    take(store, ".lock", "has the store", "lictor")
}

/// Claims all that is to be delivered from a store for this process: what another one began and
/// did not end is begun again.
///
/// # Errors
/// As for [`lock`].
pub fn lock_outbox(store: &Path) -> Result<Lock, Failure> {
    take(store, ".outbox-lock", "delivers from the store", "lictor-deliver")
}

fn take(store: &Path, end: &str, does: &str, unit: &str) -> Result<Lock, Failure> {
    let store = real(store);
    let shown = visible(store.as_os_str().as_encoded_bytes());
    let fail = |e| {
        Failure::new(format!("cannot lock the store {shown}"))
            .caused_by(e)
            .help("check that its directory is there, and that you may write to it")
    };
    let path = super::beside(&store, end);
    let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(fail)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let read = file.take(32).read_to_string(&mut pid);
            let pid = read.ok().and_then(|_| pid.trim().parse::<u32>().ok());
            let (who, stop) = match pid {
                Some(pid) => (format!(", process {pid}"), format!("`kill {pid}`")),
                None => (
                    String::new(),
                    format!("see `fuser {}`", visible(path.as_os_str().as_encoded_bytes())),
                ),
            };
            return Err(Failure::new(format!("another lictor{who}, {does} {shown}")).help(
                format!("stop it (`systemctl stop {unit}`, or {stop}), or name another store"),
            ));
        }
        Err(TryLockError::Error(e)) => return Err(fail(e)),
    }
    let write = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    write.map_err(fail)?;
    Ok(Lock { _file: file })
}

/// The path without links, so that a store has one lock whatever it is called by.
fn real(store: &Path) -> PathBuf {
    if let Ok(real) = std::fs::canonicalize(store) {
        return real;
    }
    let parent = store.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (std::fs::canonicalize(parent), store.file_name()) {
        (Ok(parent), Some(name)) => parent.join(name),
        _ => store.to_owned(),
    }
}
