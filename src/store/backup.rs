// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Backups of a store in use: whole files with their time in their name, taken from one
//! snapshot while others read and write. A name is given only to what was checked and is on
//! the disk.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::Store;
use crate::clock::Moment;
use crate::diag::{Failure, visible};

/// A backup by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub path: PathBuf,
    /// RFC 3339.
    pub made: String,
}

/// Where a backup is written before it is whole.
const PART: &str = "lictor.part";

/// Makes a backup in a directory, which is made where there is none; gives its path.
///
/// # Errors
/// The store cannot be read or is damaged, or the backup cannot be written; no half one is left.
pub fn backup(store: &Path, directory: &Path, now: Moment) -> Result<PathBuf, Failure> {
    let shown = visible(directory.as_os_str().as_encoded_bytes());
    let fail = |e: io::Error| {
        Failure::new(format!("cannot write a backup to {shown}")).caused_by(e).help(
            "check that you may write there, and that there is room for another copy of the store",
        )
    };
    let from = Store::open_existing(store)?;
    std::fs::create_dir_all(directory).map_err(fail)?;
    let directory = std::fs::canonicalize(directory).map_err(fail)?;
    // Held until the end: another backup would remove what this one writes, and waits instead.
    let held = File::open(&directory).map_err(fail)?;
    held.lock().map_err(fail)?;
    let part = Part::new(directory.join(PART)).map_err(fail)?;
    // A path that is not UTF-8 is still text to SQLite.
    let copy =
        from.db.execute("VACUUM INTO CAST(?1 AS TEXT)", [part.0.as_os_str().as_encoded_bytes()]);
    copy.map_err(|e| match e.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::DatabaseBusy) => from.fail(&e),
        _ => fail(io::Error::other(e.to_string())),
    })?;
    if let Some(damage) = super::rescue::examine(&part.0) {
        return Err(fail(io::Error::other(format!("what was written is not whole: {damage}"))));
    }
    let made = now.rfc3339().replace(':', "-");
    let whole = directory.join(format!("lictor-{made}.db"));
    File::open(&part.0).and_then(|f| f.sync_all()).map_err(fail)?;
    std::fs::rename(&part.0, &whole).map_err(fail)?;
    held.sync_all().map_err(fail)?;
    Ok(whole)
}

/// A file that is removed unless it was renamed. What an earlier process left there is removed.
struct Part(PathBuf);

impl Part {
    fn new(path: PathBuf) -> io::Result<Part> {
        let part = Part(path);
        part.remove()?;
        Ok(part)
    }

    fn remove(&self) -> io::Result<()> {
        super::remove(&super::beside(&self.0, "-journal"))?;
        super::remove(&self.0)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // The next backup tries again.
        let _ = self.remove();
    }
}

/// The backups in a directory, the newest first; none if there is no directory.
///
/// # Errors
/// The directory cannot be listed.
pub fn backups(directory: &Path) -> Result<Vec<Backup>, Failure> {
    let fail = |e: io::Error| {
        let shown = visible(directory.as_os_str().as_encoded_bytes());
        Failure::new(format!("cannot list the backups in {shown}"))
            .caused_by(e)
            .help("check that you may read the directory")
    };
    let listing = match std::fs::read_dir(directory) {
        Ok(listing) => listing,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(fail(e)),
    };
    let mut found = Vec::new();
    for entry in listing {
        let path = entry.map_err(fail)?.path();
        let made = path.file_name().and_then(|n| made(n.to_str()?));
        found.extend(made.map(|made| Backup { path, made }));
    }
    found.sort_unstable_by(|a, b| b.made.cmp(&a.made));
    Ok(found)
}

/// When the backup of this name was made.
fn made(name: &str) -> Option<String> {
    let time = name.strip_prefix("lictor-")?.strip_suffix(".db")?;
    let shape = "0000-00-00T00-00-00Z";
    let fits = |(t, s): (u8, u8)| if s == b'0' { t.is_ascii_digit() } else { t == s };
    if time.len() != shape.len() || !time.bytes().zip(shape.bytes()).all(fits) {
        return None;
    }
    let (day, hour) = time.split_at(10);
    Some(format!("{day}{}", hour.replace('-', ":")))
}

/// Removes all but the newest backups; gives those that were removed.
///
/// # Errors
/// The directory cannot be listed, or a backup cannot be removed.
pub fn rotate(directory: &Path, keep: usize) -> Result<Vec<PathBuf>, Failure> {
    let mut removed = Vec::new();
    // Whatever is asked for, the newest one stays.
    for old in backups(directory)?.into_iter().skip(keep.max(1)) {
        super::remove(&old.path).map_err(|e| {
            let shown = visible(old.path.as_os_str().as_encoded_bytes());
            Failure::new(format!("cannot remove the old backup {shown}"))
                .caused_by(e)
                .help("check that you may write to its directory")
        })?;
        removed.push(old.path);
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::made;

    #[test]
    fn only_names_of_backups_are_taken_for_backups() {
        let time = made("lictor-2026-11-23T01-02-03Z.db");
        assert_eq!(time.as_deref(), Some("2026-11-23T01:02:03Z"));
        for other in
            ["lictor.db", "lictor.part", "lictor-2026-11-23T01-02-03Z.db-wal", "lictor-.db"]
        {
            assert_eq!(made(other), None, "{other}");
        }
    }
}
