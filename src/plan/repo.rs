// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The facts that git knows: roots, HEAD, the index, trees, attributes. Read by libgit2;
//! nothing of a repository is ever executed, neither hooks nor filters nor monitors.
//!
//! What libgit2 cannot read (split and sparse indexes, SHA-256 and reftable repositories) is
//! said in a note, and the directory is walked instead.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use git2::{AttrCheckFlags, AttrValue, IndexEntry, ObjectType, Oid, Repository, Tree};

use super::{File, Identity, NotLooked, Note, Plan, Stat, View, changes, content, os};
use crate::clock::Moment;
use crate::diag::{Failure, visible};
use crate::model::{BlobId, Skipped};

/// A repository that libgit2 can open.
pub(super) struct Repo {
    repo: Mutex<Repository>,
    git_dir: PathBuf,
    workdir: Option<PathBuf>,
}

/// Something in the index.
#[derive(Debug, Clone)]
pub(super) struct Tracked {
    pub path: Vec<u8>,
    pub gitlink: bool,
    /// The content, where the index can be relied on when the file on disk has this stat.
    pub clean: Option<(BlobId, IndexStat)>,
}

/// A stat as the index keeps it: truncated to 32 bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct IndexStat {
    size: u32,
    seconds: i32,
    nanos: u32,
    ino: u32,
}

impl IndexStat {
    /// Whether a file with this stat is the one that the index describes.
    pub fn is(&self, stat: &Stat) -> bool {
        let same_nanos =
            self.nanos == 0 || i64::from(self.nanos) == stat.mtime.rem_euclid(1_000_000_000);
        let same_ino = self.ino == 0 || self.ino == stat.ino as u32;
        same_nanos
            && same_ino
            && self.size == stat.size as u32
            && self.seconds == stat.mtime.div_euclid(1_000_000_000) as i32
    }
}

const GITLINK: u32 = 0o160_000;
const LINK: u32 = 0o120_000;
const TYPE: u32 = 0o170_000;

/// The repository that `path` is in, if there is one; a note if it cannot be read.
pub(super) fn find(path: &Path) -> (Option<Repo>, Vec<Note>) {
    relax();
    match Repository::open_ext(path, git2::RepositoryOpenFlags::empty(), None::<&Path>) {
        Ok(repo) => {
            // Resolved as `Checkout::find` resolves what the user named.
            let real = |p: &Path| std::fs::canonicalize(p).unwrap_or_else(|_| p.to_owned());
            let git_dir = real(repo.path());
            let workdir = repo.workdir().map(real);
            (Some(Repo { repo: Mutex::new(repo), git_dir, workdir }), Vec::new())
        }
        Err(e) if e.code() == git2::ErrorCode::NotFound && enclosing(path).is_none() => {
            (None, Vec::new())
        }
        Err(e) => (None, vec![unreadable(&enclosing(path).unwrap_or_else(|| path.to_owned()), &e)]),
    }
}

/// The nearest directory at or above `path` that has a `.git`.
pub(super) fn enclosing(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|p| p.join(".git").symlink_metadata().is_ok()).map(Path::to_owned)
}

fn unreadable(root: &Path, e: &git2::Error) -> Note {
    Note {
        message: format!(
            "git's data of {} cannot be read ({}); the directory is walked instead",
            visible(root.as_os_str().as_encoded_bytes()),
            visible(e.message().as_bytes()),
        ),
        help: "ignore rules hold, but files that are tracked although ignored are not looked at; \
               use --include-ignored to look at everything"
            .into(),
    }
}

/// Lets libgit2 open what it can read but by default refuses.
fn relax() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: both set global options of libgit2 and must not race with its other
        // calls; `Once` runs them before the first repository is opened.
        #[allow(unsafe_code, reason = "libgit2 has no safe way to set global options")]
        unsafe {
            // Another user's checkout is safe to read: nothing in it is executed.
            let _ = git2::opts::set_verify_owner_validation(false);
            let _ =
                git2::opts::set_extensions(&["partialclone", "preciousobjects", "worktreeconfig"]);
        }
    });
}

impl Repo {
    pub fn lock(&self) -> MutexGuard<'_, Repository> {
        self.repo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_bare(&self) -> bool {
        self.workdir.is_none()
    }

    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// git's directory, and the one that all work trees share.
    pub fn directories(&self) -> (PathBuf, PathBuf) {
        let common = self.lock().commondir().to_owned();
        (self.git_dir.clone(), std::fs::canonicalize(&common).unwrap_or(common))
    }

    /// The work tree, or the repository itself when it is bare.
    pub fn root(&self) -> PathBuf {
        self.workdir.clone().unwrap_or_else(|| self.git_dir.clone())
    }

    /// Where hooks are (githooks(5), `core.hooksPath`).
    pub fn hooks(&self) -> PathBuf {
        let repo = self.lock();
        let configured = repo.config().and_then(|c| c.get_path("core.hookspath")).ok();
        match configured {
            // Relative to where hooks are run.
            Some(path) => repo.workdir().unwrap_or(repo.path()).join(path),
            None => repo.commondir().join("hooks"),
        }
    }

    /// The commit that HEAD names; `None` before the first commit.
    pub fn head(&self) -> Option<String> {
        let repo = self.lock();
        let head = repo.head().ok()?.peel_to_commit().ok()?;
        Some(head.id().to_string())
    }

    /// The branch that a name stands for: HEAD is on it, or it is called so.
    pub fn branch(&self, name: &str) -> Option<String> {
        let repo = self.lock();
        let reference = repo.resolve_reference_from_short_name(name).ok()?.resolve().ok()?;
        reference.is_branch().then(|| reference.shorthand().ok().map(str::to_owned))?
    }

    /// The commit that `rev` names.
    pub fn resolve(&self, rev: &str) -> Result<String, Failure> {
        let repo = self.lock();
        let commit = repo.revparse_single(rev).and_then(|o| o.peel_to_commit());
        commit.map(|c| c.id().to_string()).map_err(|e| self.no_commit(&repo, rev, e))
    }

    pub fn no_commit(&self, repo: &Repository, rev: &str, e: git2::Error) -> Failure {
        let root = visible(self.root().as_os_str().as_encoded_bytes());
        let help = self.deepen(repo).unwrap_or_else(|| {
            "name a commit, a branch or a tag, as for `git rev-parse`; fetch it if it is elsewhere"
                .into()
        });
        Failure::new(format!("{root} has no commit `{}`", visible(rev.as_bytes())))
            .caused_by(e)
            .help(help)
    }

    /// What to do about a commit that is missing, if this is a shallow clone.
    pub fn deepen(&self, repo: &Repository) -> Option<String> {
        let is_shallow = repo.commondir().join("shallow").symlink_metadata().is_ok();
        is_shallow.then(|| {
            "this clone is shallow: fetch more of the history with `git fetch --unshallow`, or have \
             all of it cloned (`fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` in GitLab CI)"
                .into()
        })
    }

    /// The tree of a commit.
    pub fn tree<'r>(&self, repo: &'r Repository, commit: Option<Oid>) -> Result<Tree<'r>, Failure> {
        let commit = commit.ok_or_else(|| git2::Error::from_str("there is no commit yet"));
        let tree = commit.and_then(|c| repo.find_commit(c)?.tree());
        tree.map_err(|e| self.broken("HEAD", e))
    }

    fn index_path(&self) -> PathBuf {
        self.git_dir.join("index")
    }

    /// Takes the index that git is about to commit, where a hook of git's runs: for `git commit
    /// --all` it is another file than the usual one. One outside this repository is another's.
    pub fn use_index_of_hook(&self) -> Result<(), Failure> {
        let Some(path) = std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from) else {
            return Ok(());
        };
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => std::fs::canonicalize(parent).ok(),
            _ => std::env::current_dir().ok(),
        };
        if directory.as_ref() != Some(&self.git_dir) || !path.exists() {
            return Ok(());
        }
        let index = git2::Index::open(&path);
        let set = index.and_then(|mut index| self.lock().set_index(&mut index));
        set.map_err(|e| self.broken("index", e))
    }

    /// The stat of the index file.
    pub fn index_stat(&self) -> Option<Stat> {
        content::stat(&self.index_path())
    }

    /// Everything the index holds, sorted by path.
    pub fn tracked(&self) -> Result<Vec<Tracked>, Note> {
        let repo = self.lock();
        // Racily clean (git, Documentation/technical/racy-git): a file that is not older than
        // the index may have changed since without a trace.
        let written = content::stat(&self.index_path()).map_or(Moment(0), |s| Moment(s.mtime));
        // Of its own: the repository's would stay in memory for as long as files are read.
        let index = git2::Index::open(&self.index_path());
        let index = index.map_err(|e| unreadable(&self.root(), &e))?;
        let mut tracked: Vec<Tracked> = index
            .iter()
            .map(|e| {
                let stat = IndexStat {
                    size: e.file_size,
                    seconds: e.mtime.seconds(),
                    nanos: e.mtime.nanoseconds(),
                    ino: e.ino,
                };
                let mtime = i64::from(stat.seconds) * 1_000_000_000 + i64::from(stat.nanos);
                let merged = stage(&e) == 0;
                let clean = (merged && mtime < written.0).then(|| (blob(e.id), stat));
                Tracked { path: e.path, gitlink: e.mode & TYPE == GITLINK, clean }
            })
            .collect();
        drop(index);
        // A conflict has up to three stages of one path.
        tracked.dedup_by(|a, b| a.path == b.path);
        if has_filters(&repo, &self.root(), &tracked) {
            for t in &mut tracked {
                let path = Path::new(os(&t.path));
                if is_filtered(&repo, path) {
                    t.clean = None;
                }
            }
        }
        Ok(tracked)
    }

    /// The paths of the index, sorted, each with whether a checkout inside is meant.
    pub fn tracked_names(&self) -> Option<Vec<(Vec<u8>, bool)>> {
        let index = git2::Index::open(&self.index_path()).ok()?;
        let name = |e: IndexEntry| (e.path, e.mode & TYPE == GITLINK);
        let mut names: Vec<(Vec<u8>, bool)> = index.iter().map(name).collect();
        // A conflict has up to three stages of one path.
        names.dedup_by(|a, b| a.0 == b.0);
        Some(names)
    }

    /// The files with git's ignore rules that hold for the whole repository, weakest first.
    pub fn global_excludes(&self) -> Vec<PathBuf> {
        let repo = self.lock();
        let configured = repo.config().and_then(|c| c.get_path("core.excludesfile")).ok();
        let default = || {
            let base = std::env::var_os("XDG_CONFIG_HOME")
                .map(PathBuf::from)
                .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")))?;
            Some(base.join("git/ignore"))
        };
        let exclude = repo.commondir().join("info/exclude");
        configured.or_else(default).into_iter().chain([exclude]).filter(|p| p.is_file()).collect()
    }

    /// A plan of the index.
    pub fn staged(&self, scope: &[u8]) -> Result<Plan, Failure> {
        let repo = self.lock();
        let index = repo.index().map_err(|e| self.broken("index", e))?;
        let mut plan = Plan::default();
        for e in index.iter().filter(|e| e.path.starts_with(scope)) {
            if is_intended(&e) {
                continue;
            }
            if stage(&e) == 0 {
                add(&mut plan, e.path, e.mode, e.id);
            } else if stage(&e) == 2 {
                plan.not_looked.push(conflicted(e.path));
            }
        }
        Ok(plan)
    }

    /// A plan of the tree of a revision.
    pub fn revision(&self, rev: &str, scope: &[u8]) -> Result<Plan, Failure> {
        let repo = self.lock();
        let tree = repo.revparse_single(rev).and_then(|o| o.peel_to_tree());
        let all = tree.and_then(|tree| changes::contents(&repo, &tree, scope));
        let all = all.map_err(|e| self.broken(rev, e))?;
        let files = all.deltas.into_iter().map(|d| File {
            path: d.path,
            stat: None,
            tracked: true,
            identity: Identity::Git(d.blob),
        });
        Ok(Plan { files: files.collect(), not_looked: all.not_looked, ..Plan::default() })
    }

    /// All paths of the index or of a commit, sorted.
    pub fn names(&self, view: &View, commit: Option<&str>) -> Result<Vec<Arc<[u8]>>, Failure> {
        let repo = self.lock();
        let mut names: Vec<Arc<[u8]>> = Vec::new();
        if *view == View::Staged {
            let index = repo.index().map_err(|e| self.broken("index", e))?;
            names.extend(index.iter().filter(|e| !is_intended(e)).map(|e| Arc::from(e.path)));
            names.dedup();
            return Ok(names);
        }
        let tree = self.tree(&repo, commit.and_then(|c| Oid::from_str(c).ok()))?;
        let all = changes::contents(&repo, &tree, b"").map_err(|e| self.broken("HEAD", e))?;
        names.extend(all.deltas.into_iter().map(|d| d.path));
        names.extend(all.not_looked.into_iter().map(|n| Arc::from(n.path)));
        names.sort();
        Ok(names)
    }

    /// The content of one file of the index or of a commit.
    pub fn blob_at(
        &self,
        view: &View,
        commit: Option<&str>,
        path: &[u8],
    ) -> Result<Option<BlobId>, Failure> {
        // libgit2 takes no other paths.
        let mut parts = Path::new(os(path)).components();
        if path.contains(&0) || !matches!(parts.next(), Some(Component::Normal(_))) {
            return Ok(None);
        }
        let repo = self.lock();
        let path = Path::new(os(path));
        let (mode, id) = if *view == View::Staged {
            let index = repo.index().map_err(|e| self.broken("index", e))?;
            match index.get_path(path, 0).filter(|e| !is_intended(e)) {
                Some(entry) => (entry.mode, entry.id),
                None => return Ok(None),
            }
        } else {
            let tree = self.tree(&repo, commit.and_then(|c| Oid::from_str(c).ok()))?;
            match tree.get_path(path) {
                Ok(entry) if entry.kind() == Some(ObjectType::Tree) => return Ok(None),
                Ok(entry) => (entry.filemode().cast_unsigned(), entry.id()),
                Err(e) if e.code() == git2::ErrorCode::NotFound => return Ok(None),
                Err(e) => return Err(self.broken("HEAD", e)),
            }
        };
        Ok(not_looked(b"", mode, id).is_none().then(|| blob(id)))
    }

    pub fn broken(&self, what: &str, e: git2::Error) -> Failure {
        let root = visible(self.root().as_os_str().as_encoded_bytes());
        Failure::new(format!("cannot read {} of the repository {root}", visible(what.as_bytes())))
            .caused_by(e)
            .help(
                "check the repository with `git fsck`; a partial clone must fetch what is missing",
            )
    }
}

fn add(plan: &mut Plan, path: Vec<u8>, mode: u32, id: Oid) {
    match not_looked(&path, mode, id) {
        Some(other) => plan.not_looked.push(other),
        None => plan.files.push(File {
            path: path.into(),
            stat: None,
            tracked: true,
            identity: Identity::Git(blob(id)),
        }),
    }
}

/// What git has under a path, unless it is a file.
pub(super) fn not_looked(path: &[u8], mode: u32, id: Oid) -> Option<NotLooked> {
    let (why, detail) = match mode & TYPE {
        GITLINK => (Skipped::Submodule, format!("at {id}; scan that repository by itself")),
        LINK => (Skipped::Symlink, String::new()),
        _ => return None,
    };
    Some(NotLooked { path: path.to_vec(), why, tracked: true, detail })
}

pub(super) fn conflicted(path: Vec<u8>) -> NotLooked {
    NotLooked {
        path,
        why: Skipped::Unreadable,
        tracked: true,
        detail: "it has a merge conflict; resolve it first".into(),
    }
}

/// Whether it was put there by `git add --intent-to-add`: a commit would not record it.
pub(super) fn is_intended(e: &IndexEntry) -> bool {
    e.flags_extended & git2::IndexEntryExtendedFlag::INTENT_TO_ADD.bits() != 0
}

/// Bits 12 and 13 of an index entry's flags (gitformat-index(5)).
pub(super) fn stage(e: &IndexEntry) -> u16 {
    (e.flags >> 12) & 3
}

pub(super) fn blob(id: Oid) -> BlobId {
    let mut bytes = [0; 20];
    // Oids of the SHA-1 repositories that libgit2 opens are 20 bytes long.
    bytes.copy_from_slice(&id.as_bytes()[..20]);
    BlobId(bytes)
}

/// Whether any attributes file speaks of filters, so that a file on disk may be another
/// content than the blob in the index (git-lfs, `working-tree-encoding`, `eol=crlf`, `ident`).
fn has_filters(repo: &Repository, root: &Path, tracked: &[Tracked]) -> bool {
    let in_tree = tracked
        .iter()
        .filter(|t| t.path == b".gitattributes" || t.path.ends_with(b"/.gitattributes"))
        .map(|t| root.join(os(&t.path)));
    let own = repo.commondir().join("info/attributes");
    let global = repo.config().and_then(|c| c.get_path("core.attributesfile")).ok();
    in_tree.chain([own]).chain(global).any(|path| {
        let small = path.symlink_metadata().is_ok_and(|m| m.is_file() && m.len() < 1 << 20);
        small
            && std::fs::read(&path).is_ok_and(|bytes| {
                ["filter", "working-tree-encoding", "eol=crlf", "ident"]
                    .iter()
                    .any(|w| memchr::memmem::find(&bytes, w.as_bytes()).is_some())
            })
    })
}

fn is_filtered(repo: &Repository, path: &Path) -> bool {
    ["filter", "working-tree-encoding", "ident", "eol"].iter().any(|name| {
        let value = repo.get_attr_bytes(path, name, AttrCheckFlags::FILE_THEN_INDEX).ok().flatten();
        match AttrValue::always_bytes(value) {
            AttrValue::Unspecified | AttrValue::False => false,
            // Other line ends than CRLF are those of the index.
            AttrValue::Bytes(value) => *name != "eol" || value == b"crlf",
            _ => true,
        }
    })
}
