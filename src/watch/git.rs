// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What git's files tell about git's work (gitrepository-layout(5)).

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Change, Reason};

/// Directories of references that are watched at most; others are met by reconciling.
const MOST: usize = 2000;

/// git's directories of one checkout.
#[derive(Default)]
pub(super) struct Places {
    /// The one of the work tree and the shared one.
    directories: Vec<PathBuf>,
    pub watched: BTreeSet<PathBuf>,
}

impl Places {
    /// Directories that are to be watched and are not.
    pub fn missing(&mut self, git_dir: &Path, common: &Path) -> Vec<PathBuf> {
        self.directories = vec![git_dir.to_owned(), common.to_owned()];
        self.directories.dedup();
        let mut wanted = self.directories.clone();
        wanted.push(common.join("info"));
        wanted.push(common.join("refs"));
        wanted.extend(["refs/heads", "refs/tags"].map(|below| common.join(below)));
        let mut next = wanted.len() - 2;
        while next < wanted.len().min(MOST) {
            // What cannot be listed has nothing to watch.
            let listing = std::fs::read_dir(&wanted[next]).into_iter().flatten().flatten();
            let below = listing.filter(|e| e.file_type().is_ok_and(|t| t.is_dir()));
            wanted.extend(below.map(|e| e.path()));
            next += 1;
        }
        wanted.truncate(MOST);
        wanted.retain(|path| path.is_dir() && self.watched.insert(path.clone()));
        wanted
    }

    /// What an event in one of git's directories means; `None` if it is elsewhere.
    pub fn change(&mut self, path: &Path, moved: bool) -> Option<Change> {
        let inside = |d: &PathBuf| path.strip_prefix(d).ok();
        // The directory of a linked work tree is in the shared one: the longest is meant.
        let relative = self.directories.iter().filter_map(inside);
        let relative = relative.min_by_key(|r| r.as_os_str().len())?;
        if moved {
            self.watched.retain(|d| !d.starts_with(path));
        }
        Some(meaning(relative.as_os_str().as_bytes()))
    }
}

/// What a change of a file in git's directory means; at worst that HEAD is asked in vain.
fn meaning(relative: &[u8]) -> Change {
    match relative {
        b"info/exclude" | b"config" | b"config.worktree" => Change::Everything(Reason::Settings),
        // The directory itself.
        b"" => Change::Everything(Reason::Root),
        _ => Change::Git,
    }
}
