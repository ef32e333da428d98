// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Which files there are, and of which the content is not yet known.
//!
//! A plan is made for one checkout in one view: its work tree, its index, or a revision.
//! Nothing here reads the content of a file that is already known, and nothing follows a
//! link out of the checkout. What is in the contents belongs to `detect`.

mod blame;
mod changes;
pub mod content;
mod ignores;
mod repo;
mod walk;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha1::{Digest, Sha1};

use crate::clock::Moment;
use crate::diag::{Failure, visible};
use crate::model::{BlobId, Skipped};

pub use blame::{Introduced, Place, Untraced};
pub use changes::{Base, Changes, Delta, Range};
pub use walk::{MAX_DEPTH, is_at_or_below};

/// Which state of a checkout is looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// The files as they are on disk.
    Worktree,
    /// What `git commit` would record: the index.
    Staged,
    /// The tree of a revision, named as for `git rev-parse`.
    Revision(String),
}

impl View {
    /// The word for this view in the store and in reports; empty for the work tree.
    pub fn name(&self) -> String {
        match self {
            View::Worktree => String::new(),
            View::Staged => "staged".into(),
            View::Revision(rev) => format!("rev:{rev}"),
        }
    }

    /// The reverse of [`View::name`].
    pub fn parse(name: &str) -> View {
        match (name, name.strip_prefix("rev:")) {
            ("", _) => View::Worktree,
            (_, Some(rev)) => View::Revision(rev.to_owned()),
            _ => View::Staged,
        }
    }
}

/// Which files of a work tree count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection {
    /// Leave out what git does not track.
    pub no_untracked: bool,
    /// Look also at what git's ignore rules leave out.
    pub include_ignored: bool,
}

/// Size, modification time and inode: what tells that a file was not touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    pub size: u64,
    /// Nanoseconds since the Unix epoch.
    pub mtime: i64,
    pub ino: u64,
}

impl Stat {
    fn of(stat: &rustix::fs::Stat) -> Stat {
        let nanos = stat.st_mtime.saturating_mul(1_000_000_000);
        Stat {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mtime: nanos.saturating_add(stat.st_mtime_nsec.cast_signed()),
            ino: stat.st_ino,
        }
    }

    /// Whether a change just after `seen` could leave this stat as it is (git's "racily
    /// clean"). File systems stamp with the kernel's tick, some with whole seconds.
    pub fn is_racy(self, seen: Moment) -> bool {
        const TICK: i64 = 20_000_000;
        const COARSE: i64 = 2_000_000_000;
        let slack = if self.mtime % 1_000_000_000 == 0 { COARSE } else { TICK };
        self.mtime.saturating_add(slack) >= seen.0
    }
}

/// A file whose content was known at the last scan of the same checkout and view.
#[derive(Debug, Clone)]
pub struct Remembered {
    pub path: Arc<[u8]>,
    /// `None` when the stat could not be relied on.
    pub stat: Option<Stat>,
    pub tracked: bool,
    pub what: Was,
}

/// What a remembered path was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Was {
    /// A file with this content.
    Content(BlobId),
    /// Something that was not looked at.
    Skipped(Skipped),
}

/// What was known of a checkout after its last scan.
#[derive(Debug, Default)]
pub struct Memory {
    /// Sorted by path.
    pub files: Vec<Remembered>,
    /// The stat of git's index then; while it is the same, what git tracks is the same.
    pub index: Option<Stat>,
}

/// How the content of a file is come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// The file is as remembered: number in [`Memory::files`].
    Unchanged(usize),
    /// git knows the content: by the index, or because it is read from git's objects.
    Git(BlobId),
    /// The file must be read to know.
    Unknown,
}

/// One file of a plan.
#[derive(Debug)]
pub struct File {
    /// Relative to the checkout's root, with `/`, not necessarily UTF-8.
    pub path: Arc<[u8]>,
    /// `None` for files that are read from git's objects.
    pub stat: Option<Stat>,
    pub tracked: bool,
    pub identity: Identity,
}

/// Something that is not looked at, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotLooked {
    pub path: Vec<u8>,
    pub why: Skipped,
    pub tracked: bool,
    /// More about it, empty where `why` says it all.
    pub detail: String,
}

/// A checkout inside another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nested {
    pub path: Vec<u8>,
    pub tracked: bool,
}

/// Something a person should know about a checkout; the scan goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub message: String,
    pub help: String,
}

/// What there is to look at in one checkout.
#[derive(Debug, Default)]
pub struct Plan {
    /// Sorted by path.
    pub files: Vec<File>,
    pub not_looked: Vec<NotLooked>,
    /// Checkouts inside this one, sorted by path; `tracked` when they are submodules.
    pub nested: Vec<Nested>,
    /// Directories and files left out by git's ignore rules, not counting what is in them.
    pub ignored: u64,
    /// The same for `.lictorignore`.
    pub excluded: u64,
    /// To be remembered with the files; see [`Memory::index`].
    pub index: Option<Stat>,
    /// What git tracks and was not found, sorted; of a work tree only.
    pub missing: Vec<Arc<[u8]>>,
    pub notes: Vec<Note>,
}

/// Told of every directory before it is listed, by its path relative to the checkout's root, from
/// several threads.
pub trait Watching: Sync {
    fn directory(&self, path: &[u8]);
}

/// What is known of a checkout, some spots of which are looked at.
pub struct Around<'a> {
    /// All that is remembered.
    pub memory: &'a Memory,
    /// See [`Plan::missing`].
    pub missing: &'a [Arc<[u8]>],
    /// What git tracks otherwise than is remembered.
    pub tracking: &'a Tracking,
    pub watching: Option<&'a dyn Watching>,
}

/// Files that git has begun or ceased to track, each list sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tracking {
    pub begun: Vec<Arc<[u8]>>,
    pub ceased: Vec<Arc<[u8]>>,
}

impl Tracking {
    /// Whether git tracks a file of which it is remembered whether it did.
    pub fn is_tracked(&self, path: &[u8], did: bool) -> bool {
        let has = |list: &[Arc<[u8]>]| list.binary_search_by(|p| (**p).cmp(path)).is_ok();
        if did { !has(&self.ceased) } else { has(&self.begun) }
    }
}

/// A directory or repository that is looked at as one.
pub struct Checkout {
    /// Absolute, links resolved. For a bare repository its own directory.
    pub root: PathBuf,
    /// Only what is below this path counts; empty, or relative to `root` and ending in `/`.
    pub scope: Vec<u8>,
    pub view: View,
    /// The commit that HEAD, or the revision, names.
    pub commit: Option<String>,
    /// The branch that is looked at: what HEAD is on, or what the revision names.
    pub branch: Option<String>,
    repo: Option<repo::Repo>,
    /// Whether git's ignore rules hold: they do in a repository, even in one that cannot be
    /// read, and in a plain directory they do not.
    git_rules: bool,
    notes: Vec<Note>,
}

impl Checkout {
    /// Finds the checkout that `path` is, or is in.
    ///
    /// # Errors
    /// The path is missing, no directory or unreadable; a view other than the work tree is
    /// asked of something that is no usable repository; the revision does not exist.
    pub fn find(path: &Path, view: View) -> Result<Checkout, Failure> {
        let shown = visible(path.as_os_str().as_bytes());
        let root = std::fs::canonicalize(path).map_err(|e| {
            let failure = Failure::new(format!("cannot look at {shown}")).caused_by(e);
            failure.help("name a directory that exists and that you may read")
        })?;
        if !root.is_dir() {
            let message = format!("{shown} is not a directory");
            let help = "scan the directory it is in, or look at one file with `lictor detect`";
            return Err(Failure::new(message).help(help));
        }
        let (repo, notes) = repo::find(&root);
        let Some(repo) = repo else {
            if view != View::Worktree {
                let mut failure =
                    Failure::new(format!("{shown} is not in a git repository that can be read"));
                failure.help = notes.first().map(|n: &Note| format!("{}; {}", n.message, n.help));
                return Err(failure);
            }
            let root = match repo::enclosing(&root) {
                // The repository cannot be read, but it is one checkout all the same.
                Some(top) if !notes.is_empty() => return Ok(Checkout::plain(top, &root, notes)),
                _ => root.clone(),
            };
            return Ok(Checkout::plain(root.clone(), &root, notes));
        };
        let view = match view {
            View::Worktree if repo.is_bare() => View::Revision("HEAD".into()),
            view => view,
        };
        if view == View::Staged {
            repo.use_index_of_hook()?;
        }
        let commit = match &view {
            View::Revision(rev) => Some(repo.resolve(rev)?),
            _ => repo.head(),
        };
        let branch = repo.branch(match &view {
            View::Revision(rev) => rev,
            _ => "HEAD",
        });
        let top = repo.root();
        let scope = scope(&top, &root);
        Ok(Checkout {
            root: top,
            scope,
            view,
            commit,
            branch,
            repo: Some(repo),
            git_rules: true,
            notes,
        })
    }

    fn plain(top: PathBuf, asked: &Path, notes: Vec<Note>) -> Checkout {
        let scope = scope(&top, asked);
        let git_rules = !notes.is_empty();
        Checkout {
            root: top,
            scope,
            view: View::Worktree,
            commit: None,
            branch: None,
            repo: None,
            git_rules,
            notes,
        }
    }

    /// A checkout that is only known, not looked at: by its root, view, commit and branch.
    pub fn known(
        root: PathBuf,
        view: View,
        commit: Option<String>,
        branch: Option<String>,
    ) -> Checkout {
        let (scope, notes) = (Vec::new(), Vec::new());
        Checkout { root, scope, view, commit, branch, repo: None, git_rules: false, notes }
    }

    /// The path of a file of this checkout on disk.
    pub fn path_of(&self, relative: &[u8]) -> PathBuf {
        self.root.join(OsStr::from_bytes(relative))
    }

    /// What counts of it, as a path relative to its root.
    pub fn scope_path(&self) -> &Path {
        Path::new(os(self.scope.strip_suffix(b"/").unwrap_or(&self.scope)))
    }

    /// Where git looks for this repository's hooks; `None` where there is no repository.
    pub fn hooks(&self) -> Option<PathBuf> {
        self.repo.as_ref().map(repo::Repo::hooks)
    }

    /// Whether files are read from git's objects rather than from disk.
    pub fn reads_objects(&self) -> bool {
        self.view != View::Worktree
    }

    /// A reader of contents for one thread.
    ///
    /// # Errors
    /// The checkout's directory or repository cannot be opened.
    pub fn reader(&self, limit: u64) -> Result<content::Reader, Failure> {
        match &self.repo {
            Some(repo) if self.reads_objects() => content::Reader::objects(repo.git_dir(), limit),
            _ => content::Reader::files(&self.root, limit),
        }
    }

    /// Finds the files, comparing with what is remembered.
    ///
    /// # Errors
    /// The checkout cannot be listed at all; a part that cannot is in the plan.
    pub fn plan(
        &self,
        selection: Selection,
        memory: &Memory,
        watching: Option<&dyn Watching>,
    ) -> Result<Plan, Failure> {
        let mut plan = match (&self.view, &self.repo) {
            (View::Staged, Some(repo)) => repo.staged(&self.scope)?,
            (View::Revision(rev), Some(repo)) => repo.revision(rev, &self.scope)?,
            _ => walk::worktree(self, self.repo.as_ref(), selection, memory, watching)?,
        };
        plan.notes.splice(0..0, self.notes.iter().cloned());
        plan.not_looked.sort();
        Ok(plan)
    }

    /// Finds the files of a work tree at some spots, each a path with all that is below it, sorted
    /// and none below another. `memory` is what is remembered of just these. What git tracks must
    /// be as it was: whoever asks sees to it by [`Checkout::index_stat`].
    ///
    /// # Errors
    /// As for [`Checkout::plan`].
    pub fn plan_spots(
        &self,
        selection: Selection,
        memory: &Memory,
        spots: &[Arc<[u8]>],
        around: &Around<'_>,
    ) -> Result<Plan, Failure> {
        walk::spots(self, self.repo.as_ref(), selection, memory, spots, around)
    }

    /// The stat of git's index; `None` where there is none.
    pub fn index_stat(&self) -> Option<Stat> {
        self.repo.as_ref().and_then(repo::Repo::index_stat)
    }

    /// What git's index tracks, sorted by path, each with whether a checkout inside is meant; `None`
    /// where there is none that can be read.
    pub fn tracked_names(&self) -> Option<Vec<(Vec<u8>, bool)>> {
        self.repo.as_ref().and_then(repo::Repo::tracked_names)
    }

    /// git's directory of this work tree and the one that it shares with others, which mostly are
    /// the same; `None` where there is no repository that can be read.
    pub fn git_dirs(&self) -> Option<(PathBuf, PathBuf)> {
        self.repo.as_ref().map(repo::Repo::directories)
    }

    /// What this view, the index or a revision, has that `base` had not: what a merge request
    /// or a commit brings in. Of a scope, a file that was moved into it is new.
    ///
    /// # Errors
    /// The base does not exist; the work tree, or no repository, is to be compared; git's data
    /// cannot be read.
    pub fn changes(&self, base: &Base) -> Result<Changes, Failure> {
        let repo = self.objects()?;
        repo.changes(&self.view, self.commit.as_deref(), base, &self.scope)
    }

    /// All paths of this view, the index or a revision, whatever the scope; sorted. Much
    /// cheaper than a plan.
    ///
    /// # Errors
    /// As for [`Checkout::changes`].
    pub fn names(&self) -> Result<Vec<Arc<[u8]>>, Failure> {
        self.objects()?.names(&self.view, self.commit.as_deref())
    }

    /// The content of one file of this view, the index or a revision.
    ///
    /// # Errors
    /// As for [`Checkout::changes`].
    pub fn blob_at(&self, path: &[u8]) -> Result<Option<BlobId>, Failure> {
        self.objects()?.blob_at(&self.view, self.commit.as_deref(), path)
    }

    /// For each place the commit that brought it in: the last one before which the file, under
    /// whatever name, did not have these lines one after the other. One call for many places
    /// takes little longer than one for the oldest of them.
    pub fn introduced(&self, places: &[Place<'_>]) -> Vec<Result<Introduced, Untraced>> {
        match &self.repo {
            Some(repo) => blame::introduced(self, repo, places),
            None => places.iter().map(|_| Err(Untraced::NoRepository)).collect(),
        }
    }

    /// The repository, of which a view other than the work tree is looked at.
    fn objects(&self) -> Result<&repo::Repo, Failure> {
        match &self.repo {
            Some(repo) if self.reads_objects() => Ok(repo),
            _ => {
                let root = visible(self.root.as_os_str().as_bytes());
                Err(Failure::new(format!(
                    "the files of {root} on disk are no state that git knows"
                ))
                .help("look at a revision or at what is staged"))
            }
        }
    }
}

/// `asked` relative to `top`, as a scope.
fn scope(top: &Path, asked: &Path) -> Vec<u8> {
    match asked.strip_prefix(top) {
        Ok(rest) if !rest.as_os_str().is_empty() => {
            let mut scope = rest.as_os_str().as_bytes().to_vec();
            scope.push(b'/');
            scope
        }
        _ => Vec::new(),
    }
}

/// A path of git's as the operating system takes it.
fn os(path: &[u8]) -> &OsStr {
    OsStr::from_bytes(path)
}

/// The git blob id of a content (gitformat: SHA-1 over `blob <size>\0<content>`).
pub fn blob_id(bytes: &[u8]) -> BlobId {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    BlobId(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_id_is_what_git_hash_object_says() {
        assert_eq!(blob_id(b"").to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(blob_id(b"hello\n").to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
    }

    #[test]
    fn a_stat_is_racy_until_the_clock_has_moved_on() {
        let stat = |mtime| Stat { size: 1, mtime, ino: 1 };
        let now = Moment(1_700_000_000_500_000_001);
        assert!(stat(now.0).is_racy(now) && stat(now.0 + 9).is_racy(now));
        assert!(stat(now.0 - 10_000_000).is_racy(now));
        assert!(!stat(now.0 - 30_000_000).is_racy(now));
        // Whole seconds: a file system that knows no better.
        assert!(stat(1_700_000_000_000_000_000).is_racy(now));
        assert!(!stat(1_699_999_998_000_000_000).is_racy(now));
    }

    #[test]
    fn a_scope_is_relative_and_ends_in_a_slash() {
        let scope = |a: &str| scope(Path::new("/r"), Path::new(a));
        assert_eq!(scope("/r"), b"");
        assert_eq!(scope("/r/a/b"), b"a/b/");
    }
}
