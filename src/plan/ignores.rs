// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Ignore rules: git's (gitignore(5): `.gitignore`, `info/exclude`, `core.excludesFile`) for
//! what git does not track, and `.lictorignore`, in the same syntax, for everything.
//!
//! A chain of frames, one for each directory that has such a file, is handed down the walk.
//! A `.gitignore` is parsed only when something untracked asks for it: in a clean checkout
//! nothing does.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The names of the files with the rules.
pub(super) const GITIGNORE: &[u8] = b".gitignore";
pub(super) const LICTORIGNORE: &[u8] = b".lictorignore";

/// The rules that hold in a directory: those of its own file, then those above.
pub(super) struct Frame {
    directory: PathBuf,
    files: Vec<PathBuf>,
    rules: OnceLock<Gitignore>,
    above: Option<Arc<Frame>>,
}

impl Frame {
    /// Rules that stand in `files` and are read relative to `directory`.
    pub fn new(directory: PathBuf, files: Vec<PathBuf>, above: Option<Arc<Frame>>) -> Arc<Frame> {
        Arc::new(Frame { directory, files, rules: OnceLock::new(), above })
    }

    /// Whether the nearest rule that speaks of `path` leaves it out.
    pub fn ignores(&self, path: &Path, is_dir: bool) -> bool {
        let rules = self.rules.get_or_init(|| self.parse());
        match rules.matched(path, is_dir) {
            Match::Ignore(_) => true,
            Match::Whitelist(_) => false,
            Match::None => self.above.as_ref().is_some_and(|f| f.ignores(path, is_dir)),
        }
    }

    fn parse(&self) -> Gitignore {
        let mut builder = GitignoreBuilder::new(&self.directory);
        for file in &self.files {
            // A line that is no pattern is passed over, as git does.
            if let Some(e) = builder.add(file) {
                tracing::debug!(file = %file.display(), error = %e, "ignore rules");
            }
        }
        builder.build().unwrap_or_else(|e| {
            tracing::warn!(directory = %self.directory.display(), error = %e, "ignore rules left out");
            Gitignore::empty()
        })
    }
}
