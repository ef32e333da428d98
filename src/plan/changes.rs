// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What a change brings in: two trees, or a tree and the index, compared by git's objects
//! alone. The work tree has no part in it.
//!
//! The index is made into trees first, in memory: hashing its entries costs little beside
//! reading a tree from git for every directory, and what is equal needs no look inside.
//!
//! A file that only moved is told by its content first, which takes time linear in the change.
//! What is left is compared by similarity, as `git diff` does, unless it is too much of that.

use std::cmp::Ordering;
use std::io::Write as _;
use std::sync::Arc;

use git2::{
    Delta as Status, DiffFindOptions, DiffOptions, FileMode, Index, IndexEntry, ObjectType, Oid,
    Repository, Tree,
};
use rustc_hash::{FxHashMap, FxHashSet};
use sha1::{Digest, Sha1};

use super::repo::{Repo, blob, conflicted, is_intended, not_looked, stage};
use super::{MAX_DEPTH, NotLooked, Note, View};
use crate::diag::{Failure, visible};
use crate::model::{BlobId, Skipped};

/// Files that one change may add, change and remove. Trees can name more files in a few bytes
/// than any disk holds.
const MAX_CHANGED: usize = 4_000_000;

/// Pairs of an added and a removed file that are compared at most by similarity.
const MAX_PAIRS: usize = 100_000;

/// Files larger than this, in bytes, are not compared by similarity.
const MAX_SIMILAR: usize = 1 << 20;

/// What a view is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// The commit that HEAD names; before the first commit everything is new.
    Head,
    /// A revision, named as for `git rev-parse`.
    Revision(String),
    /// Where the view's history and that of a revision part.
    MergeBase(String),
}

/// Two revisions to compare, as `git diff` takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub base: Base,
    /// The revision to be looked at, for [`View::Revision`].
    pub head: String,
}

impl Range {
    /// Reads `BASE`, `BASE..HEAD` or `BASE...HEAD`; the latter begins at the merge base.
    ///
    /// # Errors
    /// No base is named. git would take HEAD for it, but in a script that is a variable that
    /// was not set, and nothing would be looked at.
    pub fn parse(text: &str) -> Result<Range, Failure> {
        let (base, head, merge_base) = match (text.split_once("..."), text.split_once("..")) {
            (Some((base, head)), _) => (base, head, true),
            (None, Some((base, head))) => (base, head, false),
            (None, None) => (text, "", false),
        };
        if base.trim().is_empty() {
            let shown = visible(text.as_bytes());
            return Err(Failure::new(format!("`{shown}` does not say what to compare with"))
                .help("name a base: `main`, `v1.0..HEAD` or `origin/main...HEAD`"));
        }
        let base = base.to_owned();
        let base = if merge_base { Base::MergeBase(base) } else { Base::Revision(base) };
        let head = if head.is_empty() { "HEAD" } else { head };
        Ok(Range { base, head: head.to_owned() })
    }
}

/// A file that is new or has another content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    pub path: Arc<[u8]>,
    pub blob: BlobId,
    /// Where it was and what it held; `None` when it is new. Another path: it was moved, or
    /// copied.
    pub was: Option<(Arc<[u8]>, BlobId)>,
    /// It has the content of a file that the same change removes or changes, and is not that
    /// file moved.
    pub copied: bool,
}

/// What a change brings in and takes away.
#[derive(Debug, Default)]
pub struct Changes {
    /// The commit that was compared with; `None` before the first commit, or where the base
    /// is no commit.
    pub base: Option<String>,
    /// Sorted by path.
    pub deltas: Vec<Delta>,
    /// Files that are gone, sorted by path; not those that were moved.
    pub removed: Vec<(Arc<[u8]>, BlobId)>,
    /// What is new or changed and cannot be looked at, sorted.
    pub not_looked: Vec<NotLooked>,
    pub notes: Vec<Note>,
}

impl Repo {
    /// What `view` has that `base` had not, below `scope`.
    pub fn changes(
        &self,
        view: &View,
        commit: Option<&str>,
        base: &Base,
        scope: &[u8],
    ) -> Result<Changes, Failure> {
        let repo = self.lock();
        let commit = commit.and_then(|c| Oid::from_str(c).ok());
        let (base, old) = self.base(&repo, base, commit)?;
        let old = old.map(|t| t.id());
        let mut comparison = Comparison::new(&repo, scope);
        let new = if *view == View::Staged {
            let index = repo.index().map_err(|e| self.broken("index", e))?;
            Some(comparison.build(&index))
        } else {
            Some(self.tree(&repo, commit)?.id())
        };
        let mut changes = comparison.run(old, new).map_err(|e| self.broken("changes", e))?;
        pair(&repo, &mut changes);
        changes.base = base;
        Ok(changes)
    }

    /// The commit and the tree to compare with.
    fn base<'r>(
        &self,
        repo: &'r Repository,
        base: &Base,
        commit: Option<Oid>,
    ) -> Result<(Option<String>, Option<Tree<'r>>), Failure> {
        let object = match base {
            Base::Head => {
                let Some(commit) = repo.head().ok().and_then(|h| h.peel_to_commit().ok()) else {
                    return Ok((None, None));
                };
                commit.into_object()
            }
            Base::Revision(rev) => {
                repo.revparse_single(rev).map_err(|e| self.no_commit(repo, rev, e))?
            }
            Base::MergeBase(rev) => {
                let other = repo.revparse_single(rev).and_then(|o| o.peel_to_commit());
                let other = other.map_err(|e| self.no_commit(repo, rev, e))?;
                // Before the first commit there is no history to part from another.
                let Some(commit) = commit else { return Ok((None, None)) };
                let both = repo.merge_base(other.id(), commit);
                let both = both.map_err(|e| self.no_merge_base(repo, rev, e))?;
                repo.find_object(both, None).map_err(|e| self.broken(rev, e))?
            }
        };
        let name = object.peel_to_commit().ok().map(|c| c.id().to_string());
        let shown = name.clone().unwrap_or_else(|| object.id().to_string());
        let tree = object.peel_to_tree().map_err(|e| self.broken(&shown, e))?;
        Ok((name, Some(tree)))
    }

    fn no_merge_base(&self, repo: &Repository, rev: &str, e: git2::Error) -> Failure {
        let root = visible(self.root().as_os_str().as_encoded_bytes());
        let rev = visible(rev.as_bytes());
        let help = match self.deepen(repo) {
            Some(help) => help,
            None => format!("they have no commit in common; compare directly with `{rev}..`"),
        };
        Failure::new(format!("{root} does not know where its history and that of `{rev}` part"))
            .caused_by(e)
            .help(help)
    }
}

/// Everything below `scope` in a tree, as new.
pub(super) fn contents(
    repo: &Repository,
    tree: &Tree<'_>,
    scope: &[u8],
) -> Result<Changes, git2::Error> {
    Comparison::new(repo, scope).run(None, Some(tree.id()))
}

/// A file that is gone, and what it held.
pub(super) type Lost = (Arc<[u8]>, BlobId);

/// The files of `old` that `new` does not have under the same path, sorted, and how many are
/// another in all; used where a history is followed.
pub(super) fn lost(
    repo: &Repository,
    old: &Tree<'_>,
    new: &Tree<'_>,
) -> Result<(Vec<Lost>, usize), git2::Error> {
    let changes = Comparison::new(repo, b"").run(Some(old.id()), Some(new.id()))?;
    let all = changes.deltas.len() + changes.removed.len();
    Ok((changes.removed, all))
}

/// Which of the files that were lost a new one was before, and how many bytes it took to know.
pub(super) fn came_from(
    repo: &Repository,
    lost: &[Lost],
    path: &[u8],
    blob: BlobId,
) -> Result<(Option<usize>, u64), git2::Error> {
    let same = |n: &usize| lost[*n].1 == blob;
    let all = 0..lost.len();
    let named = all.clone().filter(same).find(|n| name(&lost[*n].0) == name(path));
    if let Some(n) = named.or_else(|| all.clone().find(same)) {
        return Ok((Some(n), 0));
    }
    let odb = repo.odb()?;
    let size = |blob: &BlobId| {
        let id = Oid::from_bytes(&blob.0).ok()?;
        odb.read_header(id).ok().map(|(size, _)| size)
    };
    let Some(own) = size(&blob) else { return Ok((None, 0)) };
    let mut read = own;
    let mut near = Vec::new();
    for n in all.take(MAX_PAIRS) {
        // What is half the same is neither much longer nor much shorter.
        if let Some(size) = size(&lost[n].1).filter(|s| (own / 2..=own * 2).contains(s)) {
            near.push((n, lost[n].1));
            read += size;
        }
        if read > 64 << 20 {
            break;
        }
    }
    let pairs = similar(repo, &near, &[(0, blob)])?;
    Ok((pairs.first().map(|(n, _)| *n), read as u64))
}

/// The last part of a path.
fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or_default()
}

/// What a tree has under one name.
#[derive(Clone)]
struct Entry {
    name: Vec<u8>,
    mode: u32,
    id: Oid,
}

const TREE: u32 = 0o40_000;

impl Entry {
    fn is_tree(&self) -> bool {
        self.mode == TREE
    }

    /// The order of the entries in a tree: that of the paths below them.
    fn cmp(&self, other: &Entry) -> Ordering {
        let key = |e: &Entry| if e.is_tree() { Some(b'/') } else { None };
        self.name.iter().copied().chain(key(self)).cmp(other.name.iter().copied().chain(key(other)))
    }
}

/// Two trees on their way to be compared.
struct Comparison<'r> {
    repo: &'r Repository,
    scope: &'r [u8],
    /// Trees of the index, which git need not have.
    built: FxHashMap<Oid, Vec<Entry>>,
    conflicts: FxHashSet<Vec<u8>>,
    changes: Changes,
}

impl<'r> Comparison<'r> {
    fn new(repo: &'r Repository, scope: &'r [u8]) -> Comparison<'r> {
        Comparison {
            repo,
            scope,
            built: FxHashMap::default(),
            conflicts: FxHashSet::default(),
            changes: Changes::default(),
        }
    }

    /// Makes the trees that a commit of the index would have.
    fn build(&mut self, index: &Index) -> Oid {
        let mut entries: Vec<IndexEntry> = Vec::with_capacity(index.len());
        for e in index.iter() {
            if stage(&e) != 0 {
                if e.path.starts_with(self.scope) && self.conflicts.insert(e.path.clone()) {
                    self.changes.not_looked.push(conflicted(e.path));
                }
            } else if e.path.iter().filter(|b| **b == b'/').count() > MAX_DEPTH {
                self.changes.not_looked.push(too_deep(&e.path));
            } else if !is_intended(&e) {
                entries.push(e);
            }
        }
        self.tree_of(&entries, 0)
    }

    /// The tree of entries whose paths are alike in their first `skip` bytes.
    fn tree_of(&mut self, entries: &[IndexEntry], skip: usize) -> Oid {
        let mut tree: Vec<Entry> = Vec::new();
        let mut rest = entries;
        while let [first, ..] = rest {
            let path = &first.path[skip..];
            let len = match path.iter().position(|b| *b == b'/') {
                None => {
                    tree.push(Entry { name: path.to_vec(), mode: first.mode, id: first.id });
                    1
                }
                Some(end) => {
                    let below = &path[..=end];
                    let len = rest.partition_point(|e| e.path[skip..].starts_with(below));
                    let id = self.tree_of(&rest[..len.max(1)], skip + end + 1);
                    tree.push(Entry { name: path[..end].to_vec(), mode: TREE, id });
                    len.max(1)
                }
            };
            rest = &rest[len..];
        }
        let mut bytes = Vec::with_capacity(tree.len() * 40);
        for e in &tree {
            // Writing to a vector does not fail.
            let _ = write!(bytes, "{:o} ", e.mode);
            bytes.extend_from_slice(&e.name);
            bytes.push(0);
            bytes.extend_from_slice(&blob(e.id).0);
        }
        let mut hash = Sha1::new();
        hash.update(format!("tree {}\0", bytes.len()));
        hash.update(&bytes);
        let id = Oid::from_bytes(&hash.finalize()).unwrap_or(Oid::ZERO_SHA1);
        self.built.insert(id, tree);
        id
    }

    fn entries(&self, id: Option<Oid>) -> Result<Vec<Entry>, git2::Error> {
        let Some(id) = id else { return Ok(Vec::new()) };
        if let Some(built) = self.built.get(&id) {
            return Ok(built.clone());
        }
        let tree = self.repo.find_tree(id)?;
        let entry = |e: git2::TreeEntry<'_>| {
            let is_tree = e.kind() == Some(ObjectType::Tree);
            let mode = if is_tree { TREE } else { e.filemode().cast_unsigned() };
            Entry { name: e.name_bytes().to_vec(), mode, id: e.id() }
        };
        Ok(tree.iter().map(entry).collect())
    }

    fn run(mut self, old: Option<Oid>, new: Option<Oid>) -> Result<Changes, git2::Error> {
        if old != new {
            self.trees(&mut Vec::new(), old, new, 0)?;
        }
        let Comparison { conflicts, mut changes, .. } = self;
        if !conflicts.is_empty() {
            changes.removed.retain(|(path, _)| !conflicts.contains(&**path));
        }
        changes.deltas.sort_by(|a, b| a.path.cmp(&b.path));
        changes.removed.sort();
        changes.not_looked.sort();
        Ok(changes)
    }

    /// Compares two trees at `path`, which is empty or ends in `/`.
    fn trees(
        &mut self,
        path: &mut Vec<u8>,
        old: Option<Oid>,
        new: Option<Oid>,
        depth: usize,
    ) -> Result<(), git2::Error> {
        if depth > MAX_DEPTH {
            self.changes.not_looked.push(too_deep(path));
            return Ok(());
        }
        let (old, new) = (self.entries(old)?, self.entries(new)?);
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(o), Some(n)) => o.cmp(n),
            };
            let o = if order.is_le() { old.next() } else { None };
            let n = if order.is_ge() { new.next() } else { None };
            if o.map(|e| (e.id, e.mode)) == n.map(|e| (e.id, e.mode)) {
                continue;
            }
            let length = path.len();
            path.extend_from_slice(o.or(n).map_or(b"", |e| &e.name));
            if o.or(n).is_some_and(Entry::is_tree) {
                path.push(b'/');
                if path.starts_with(self.scope) || self.scope.starts_with(path) {
                    self.trees(path, o.map(|e| e.id), n.map(|e| e.id), depth + 1)?;
                }
            } else if path.starts_with(self.scope) {
                self.entry(path, o, n)?;
            }
            path.truncate(length);
        }
    }

    /// Something that is no tree and is not the same on both sides.
    fn entry(
        &mut self,
        path: &[u8],
        old: Option<&Entry>,
        new: Option<&Entry>,
    ) -> Result<(), git2::Error> {
        let changes = &mut self.changes;
        let file = |e: Option<&Entry>| {
            e.filter(|e| not_looked(path, e.mode, e.id).is_none()).map(|e| blob(e.id))
        };
        match (file(old), file(new)) {
            // The mode alone is no change.
            (Some(old), Some(new)) if old == new => {}
            (old, Some(blob)) => {
                let path: Arc<[u8]> = path.into();
                let was = old.map(|old| (Arc::clone(&path), old));
                changes.deltas.push(Delta { path, blob, was, copied: false });
            }
            (old, None) => {
                changes.removed.extend(old.map(|old| (path.into(), old)));
                changes.not_looked.extend(new.and_then(|e| not_looked(path, e.mode, e.id)));
            }
        }
        if changes.deltas.len() + changes.removed.len() + changes.not_looked.len() > MAX_CHANGED {
            return Err(git2::Error::from_str("more files changed than can be told"));
        }
        Ok(())
    }
}

fn too_deep(path: &[u8]) -> NotLooked {
    NotLooked {
        path: path.strip_suffix(b"/").unwrap_or(path).to_vec(),
        why: Skipped::Unreadable,
        tracked: true,
        detail: format!("nested deeper than {MAX_DEPTH} directories"),
    }
}

/// Finds among the new files those that were moved or copied.
fn pair(repo: &Repository, changes: &mut Changes) {
    let Changes { deltas, removed, notes, .. } = changes;
    let mut gone = vec![false; removed.len()];
    // With the same content and name, then with the same content.
    for by_name in [true, false] {
        let key = |path: &Arc<[u8]>, blob: BlobId| {
            (blob, if by_name { name(path).to_vec() } else { Vec::new() })
        };
        // The first of them is the last to be put in.
        let mut free: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        for n in (0..removed.len()).rev().filter(|n| !gone[*n]) {
            free.entry(key(&removed[n].0, removed[n].1)).or_default().push(n);
        }
        for d in deltas.iter_mut().filter(|d| d.was.is_none()) {
            let same = free.get_mut(&key(&d.path, d.blob)).and_then(Vec::pop);
            if let Some(n) = same {
                gone[n] = true;
                d.was = Some(removed[n].clone());
            }
        }
    }
    let mut sources: FxHashMap<BlobId, Arc<[u8]>> = FxHashMap::default();
    let changed = deltas.iter().filter_map(|d| d.was.clone());
    for (path, blob) in changed.chain(removed.iter().cloned()) {
        let first = sources.entry(blob).or_insert_with(|| Arc::clone(&path));
        if path < *first {
            *first = path;
        }
    }
    for d in deltas.iter_mut().filter(|d| d.was.is_none()) {
        if let Some(path) = sources.get(&d.blob) {
            d.was = Some((Arc::clone(path), d.blob));
            d.copied = true;
        }
    }
    let new: Vec<usize> = (0..deltas.len()).filter(|n| deltas[*n].was.is_none()).collect();
    let old: Vec<usize> = (0..removed.len()).filter(|n| !gone[*n]).collect();
    if new.len().saturating_mul(old.len()) > MAX_PAIRS {
        notes.push(Note {
            message: format!(
                "{} new and {} removed files are too many to be compared with each other; those \
                 that were moved and changed at once count as new",
                new.len(),
                old.len()
            ),
            help: "compare with a nearer revision".into(),
        });
    } else if !new.is_empty() && !old.is_empty() {
        let blobs = |list: &[usize], of: &dyn Fn(usize) -> BlobId| -> Vec<(usize, BlobId)> {
            list.iter().map(|n| (*n, of(*n))).collect()
        };
        let old = blobs(&old, &|n| removed[n].1);
        let new = blobs(&new, &|n| deltas[n].blob);
        match similar(repo, &old, &new) {
            Ok(pairs) => {
                for (o, n) in pairs {
                    gone[o] = true;
                    deltas[n].was = Some(removed[o].clone());
                }
            }
            Err(e) => tracing::debug!(error = %e, "comparing by similarity"),
        }
    }
    let mut gone = gone.into_iter();
    removed.retain(|_| !gone.next().unwrap_or_default());
}

/// Which of `old` became which of `new`, by similarity of at least one half.
fn similar(
    repo: &Repository,
    old: &[(usize, BlobId)],
    new: &[(usize, BlobId)],
) -> Result<Vec<(usize, usize)>, git2::Error> {
    let odb = repo.odb()?;
    // Under numbers for names: nothing of a path can collide or be refused.
    let index = |list: &[(usize, BlobId)], side: &str| -> Result<Index, git2::Error> {
        let mut index = Index::new()?;
        for (n, blob) in list {
            let id = Oid::from_bytes(&blob.0)?;
            if odb.read_header(id).is_ok_and(|(size, _)| (1..=MAX_SIMILAR).contains(&size)) {
                index.add(&entry(format!("{side}{n:010}").into_bytes(), id))?;
            }
        }
        Ok(index)
    };
    let (old, new) = (index(old, "old")?, index(new, "new")?);
    let mut options = DiffOptions::new();
    options.skip_binary_check(true);
    let mut diff = repo.diff_index_to_index(&old, &new, Some(&mut options))?;
    let mut find = DiffFindOptions::new();
    find.renames(true).rename_threshold(50).rename_limit(MAX_PAIRS);
    diff.find_similar(Some(&mut find))?;
    let number = |path: Option<&[u8]>| -> Option<usize> {
        std::str::from_utf8(path?.get(3..)?).ok()?.parse().ok()
    };
    let renamed = diff.deltas().filter(|d| d.status() == Status::Renamed);
    Ok(renamed
        .filter_map(|d| {
            Some((number(d.old_file().path_bytes())?, number(d.new_file().path_bytes())?))
        })
        .collect())
}

fn entry(path: Vec<u8>, id: Oid) -> IndexEntry {
    let never = git2::IndexTime::new(0, 0);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode: u32::from(FileMode::Blob),
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_git_diff_reads_it() {
        let range = |base: Base, head: &str| Range { base, head: head.into() };
        let revision = |r: &str| Base::Revision(r.into());
        let parse = |text| Range::parse(text).expect("a range");
        assert_eq!(parse("main"), range(revision("main"), "HEAD"));
        assert_eq!(parse("v1.0..next"), range(revision("v1.0"), "next"));
        assert_eq!(parse("main.."), range(revision("main"), "HEAD"));
        assert_eq!(parse("main...next"), range(Base::MergeBase("main".into()), "next"));
        assert_eq!(parse("main..."), range(Base::MergeBase("main".into()), "HEAD"));
        for empty in ["", " ", "..", "...", "..HEAD", "...HEAD"] {
            assert!(Range::parse(empty).is_err(), "{empty:?}");
        }
    }
}
