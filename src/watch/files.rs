// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Watches a few files that people edit: configuration, policies, the license database. Editors
//! replace files, so it is their directories that are watched, and any change in them is told. In
//! the same way it is told what comes and goes beside checkouts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, INotifyWatcher, RecursiveMode, Watcher as _};

/// Directories below which so many others are, are not watched in depth.
const MOST: usize = 1000;

/// The watches of some files.
pub struct FileWatch {
    notify: INotifyWatcher,
    watched: BTreeSet<PathBuf>,
}

impl FileWatch {
    /// Calls `changed` whenever something in the directories of the files changes.
    ///
    /// # Errors
    /// The kernel gives no watches: as text.
    pub fn new(changed: impl Fn() + Send + 'static) -> Result<FileWatch, String> {
        let handle = move |event: notify::Result<Event>| {
            let matters = event.map_or(true, |e| match e.kind {
                EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
                _ => true,
            });
            if matters {
                changed();
            }
        };
        let notify = INotifyWatcher::new(handle, notify::Config::default());
        let notify = notify.map_err(|e| super::unwatchable(&e).what)?;
        Ok(FileWatch { notify, watched: BTreeSet::new() })
    }

    /// Watches the directories of these files, and directories among them with all below them,
    /// instead of what was watched before. What is not there is watched for above it.
    pub fn set(&mut self, paths: &[PathBuf]) {
        let mut wanted = BTreeSet::new();
        for path in paths {
            if path.is_dir() {
                add_below(path, &mut wanted);
            }
            let existing = path.ancestors().skip(1).find(|p| p.is_dir());
            wanted.extend(existing.map(Path::to_owned));
        }
        self.watch(wanted);
    }

    /// Watches what comes into these directories and goes, instead of what was watched before. What
    /// is not there is watched for above it.
    pub fn set_directories<'p>(&mut self, directories: impl IntoIterator<Item = &'p PathBuf>) {
        let nearest = |path: &PathBuf| path.ancestors().find(|p| p.is_dir()).map(Path::to_owned);
        self.watch(directories.into_iter().filter_map(nearest).collect());
    }

    fn watch(&mut self, wanted: BTreeSet<PathBuf>) {
        for path in self.watched.difference(&wanted) {
            // It may be gone by itself.
            let _ = self.notify.unwatch(path);
        }
        for path in &wanted {
            // Anew: what was watched may have been replaced by another directory.
            if let Err(e) = self.notify.watch(path, RecursiveMode::NonRecursive) {
                tracing::warn!(path = %path.display(), error = %e, "cannot be watched; reload by hand when it changes");
            }
        }
        self.watched = wanted;
    }
}

fn add_below(path: &Path, wanted: &mut BTreeSet<PathBuf>) {
    if wanted.len() >= MOST || !wanted.insert(path.to_owned()) {
        return;
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            add_below(&entry.path(), wanted);
        }
    }
}
