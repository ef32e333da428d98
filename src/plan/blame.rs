// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Which commit brought a piece of evidence in: the last one before which the file, under
//! whatever name, did not have these lines one after the other. Blame line by line would name
//! a commit for each, and one that only moved them.
//!
//! All places are followed in one walk from the newest commit back, so that what they have in
//! common is read once. In a merge the parent that has the file as it is is followed, as
//! `git log` does; else the first that has the lines. How the lines end does not count.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;

use git2::{Commit, Mailmap, ObjectType, Oid, Repository, Tree};
use memchr::memmem;

use super::Checkout;
use super::changes::{Lost, came_from, lost};
use super::content::{Content, Reader};
use super::repo::{Repo, blob, not_looked};
use crate::clock::Moment;

/// Commits that one walk looks at.
const MAX_COMMITS: usize = 100_000;

/// Bytes of trees and contents that one walk reads.
const MAX_READ: u64 = 2 << 30;

/// What an entry of a tree, and looking one up, count as in bytes.
const ENTRY: u64 = 32;
const LOOKUP: u64 = 64;

/// A content larger than this, in bytes, is not followed.
const MAX_CONTENT: u64 = 16 << 20;

/// A `.mailmap` larger than this, in bytes, is not used.
const MAX_MAILMAP: usize = 256 << 10;

/// Some lines of a file.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub path: &'a [u8],
    /// First and last, counted from 1.
    pub lines: (u32, u32),
}

/// The commit that brought something in. The words are the repository's: see `diag::visible`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduced {
    pub commit: String,
    /// `Name <address>`, by the mailmap at the top of the history.
    pub author: String,
    /// When it was written, by the author's clock.
    pub time: Moment,
    /// The first line of the message.
    pub summary: String,
}

/// Why it cannot be said which commit brought something in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untraced {
    NoRepository,
    /// The lines are not in the commit that the view stands on.
    NotCommitted,
    /// The history that a shallow clone has ends before.
    Shallow,
    /// It is further back than this many commits that were looked at.
    TooFar(usize),
    /// The file, or git's data, cannot be read.
    Unreadable(String),
}

impl fmt::Display for Untraced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Untraced::NoRepository => f.write_str("it is in no git repository"),
            Untraced::NotCommitted => f.write_str("it is not committed"),
            Untraced::Shallow => f.write_str(
                "the clone is shallow and its history ends before; `git fetch --unshallow` gets all",
            ),
            Untraced::TooFar(commits) => {
                write!(f, "it is further back than the {commits} commits that were looked at")
            }
            Untraced::Unreadable(why) => write!(f, "it cannot be read: {why}"),
        }
    }
}

impl From<git2::Error> for Untraced {
    fn from(e: git2::Error) -> Untraced {
        Untraced::Unreadable(e.message().to_owned())
    }
}

/// For each place the answer.
pub(super) type Answer = Result<Introduced, Untraced>;

pub(super) fn introduced(checkout: &Checkout, repo: &Repo, places: &[Place<'_>]) -> Vec<Answer> {
    let texts: Vec<Result<Vec<u8>, Untraced>> = match checkout.reader(MAX_CONTENT) {
        Ok(reader) => places.iter().map(|p| evidence(checkout, &reader, *p)).collect(),
        Err(e) => places.iter().map(|_| Err(Untraced::Unreadable(e.message.clone()))).collect(),
    };
    let top = checkout.commit.as_deref().and_then(|c| Oid::from_str(c).ok());
    let repo = repo.lock();
    let mut walk = Walk { repo: &repo, queue: BTreeMap::new(), commits: 0, read: 0 };
    let mut answers: Vec<Option<Answer>> = Vec::with_capacity(places.len());
    for (n, (place, text)) in places.iter().zip(texts).enumerate() {
        let start = text.and_then(|text| walk.start(n, place.path, text, top));
        answers.push(start.err().map(Err));
    }
    walk.run(&mut answers, mailmap(&repo, top).as_ref());
    let commits = walk.commits;
    answers.into_iter().map(|a| a.unwrap_or(Err(Untraced::TooFar(commits)))).collect()
}

/// The mailmap at the top of the history. libgit2 would read the one of the work tree, through
/// a link if it is one.
fn mailmap(repo: &Repository, top: Option<Oid>) -> Option<Mailmap> {
    let tree = repo.find_commit(top?).ok()?.tree().ok()?;
    let entry = tree.get_name(".mailmap")?;
    if not_looked(b"", entry.filemode().cast_unsigned(), entry.id()).is_some() {
        return None;
    }
    let odb = repo.odb().ok()?;
    let (size, kind) = odb.read_header(entry.id()).ok()?;
    if size > MAX_MAILMAP || kind != ObjectType::Blob {
        return None;
    }
    let content = odb.read(entry.id()).ok()?;
    Mailmap::from_buffer(&String::from_utf8_lossy(content.data())).ok()
}

fn introduction(commit: &Commit<'_>, mailmap: Option<&Mailmap>) -> Introduced {
    let mapped = mailmap.and_then(|m| commit.author_with_mailmap(m).ok());
    let author = mapped.unwrap_or_else(|| commit.author().to_owned());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Introduced {
        commit: commit.id().to_string(),
        author: format!("{} <{}>", text(author.name_bytes()), text(author.email_bytes())),
        time: Moment(author.when().seconds().saturating_mul(1_000_000_000)),
        summary: text(commit.summary_bytes().unwrap_or_default()),
    }
}

/// Whether a commit that is said to have no parents has some: a shallow clone ends there.
fn is_cut_off(commit: &Commit<'_>) -> bool {
    commit.raw_header_bytes().split(|b| *b == b'\n').any(|line| line.starts_with(b"parent "))
}

/// The lines of a place as the view has them, as [`lines`] gives them.
fn evidence(checkout: &Checkout, reader: &Reader, place: Place<'_>) -> Result<Vec<u8>, Untraced> {
    let blob = if checkout.reads_objects() {
        let blob = checkout.blob_at(place.path).map_err(|e| Untraced::Unreadable(e.message))?;
        Some(blob.ok_or(Untraced::NotCommitted)?)
    } else {
        None
    };
    let mut content = Vec::new();
    match reader.read(place.path, blob, &mut content) {
        Ok(Content::Read(_)) => {}
        Ok(Content::TooLarge(_)) => return Err(Untraced::Unreadable("it is too large".into())),
        Ok(Content::Vanished | Content::Special) => return Err(Untraced::NotCommitted),
        Err(e) => return Err(Untraced::Unreadable(e.to_string())),
    }
    let (first, last) = place.lines;
    let skip = first.max(1) as usize - 1;
    let text = lines(&content, skip, (last as usize).saturating_sub(skip).max(1));
    let is_empty = |text: &[u8]| text.iter().all(|b| *b == b'\n');
    // Where no such lines are, the file as a whole is what is asked for.
    let text = if is_empty(&text) { lines(&content, 0, usize::MAX) } else { text };
    if is_empty(&text) { Err(Untraced::NotCommitted) } else { Ok(text) }
}

/// Whole lines, with a line's end around each and no blanks before it: what is searched for and
/// what it is searched in.
fn lines(content: &[u8], skip: usize, take: usize) -> Vec<u8> {
    let mut text = vec![b'\n'];
    for line in content.split(|b| *b == b'\n').skip(skip).take(take) {
        text.extend_from_slice(line.trim_ascii_end());
        text.push(b'\n');
    }
    text
}

/// A place on its way back through the history.
struct Traced {
    number: usize,
    path: Vec<u8>,
    /// The trees from the root's to the one that the file is in, and the file's content.
    chain: Vec<Oid>,
    text: Vec<u8>,
}

struct Walk<'r> {
    repo: &'r Repository,
    /// What is to be looked at next, by commit; the youngest is the last.
    queue: BTreeMap<(i64, Oid), Vec<Traced>>,
    commits: usize,
    read: u64,
}

/// What a tree has under a path, beside another that has a file there.
enum Found {
    /// The same content. The trees above it may be others.
    Same(Vec<Oid>),
    Other(Vec<Oid>),
    Missing,
}

struct Parent<'r> {
    commit: Commit<'r>,
    tree: Tree<'r>,
    /// The files that it has and the child has not, found out when first asked.
    lost: OnceCell<Vec<Lost>>,
}

impl<'r> Walk<'r> {
    fn start(
        &mut self,
        number: usize,
        path: &[u8],
        text: Vec<u8>,
        top: Option<Oid>,
    ) -> Result<(), Untraced> {
        let commit = self.repo.find_commit(top.ok_or(Untraced::NotCommitted)?)?;
        match self.find(&commit.tree()?, path, &[])? {
            Found::Other(chain) if self.has(&chain, &text)? => {
                self.go(&commit, Traced { number, path: path.to_vec(), chain, text });
                Ok(())
            }
            _ => Err(Untraced::NotCommitted),
        }
    }

    fn go(&mut self, commit: &Commit<'_>, traced: Traced) {
        let key = (commit.time().seconds(), commit.id());
        self.queue.entry(key).or_default().push(traced);
    }

    fn run(&mut self, answers: &mut [Option<Answer>], mailmap: Option<&Mailmap>) {
        while let Some(((_, id), here)) = self.queue.pop_last() {
            if self.commits >= MAX_COMMITS || self.read >= MAX_READ {
                return;
            }
            self.commits += 1;
            let read = self.repo.find_commit(id).map_err(Untraced::from);
            let read = read.and_then(|commit| Ok((self.parents(&commit)?, commit)));
            for mut traced in here {
                let n = traced.number;
                answers[n] = match &read {
                    Err(e) => Some(Err(e.clone())),
                    Ok((parents, commit)) => match self.step(commit, parents, &mut traced) {
                        Err(e) => Some(Err(e)),
                        Ok(None) => Some(Ok(introduction(commit, mailmap))),
                        Ok(Some(parent)) => {
                            self.go(&parent.commit, traced);
                            None
                        }
                    },
                };
            }
        }
    }

    fn parents(&mut self, commit: &Commit<'r>) -> Result<Vec<Parent<'r>>, Untraced> {
        let parents = commit.parents().map(|parent| {
            let tree = parent.tree()?;
            self.read += tree.len() as u64 * ENTRY;
            Ok(Parent { commit: parent, tree, lost: OnceCell::new() })
        });
        let parents: Vec<Parent<'_>> = parents.collect::<Result<_, Untraced>>()?;
        if parents.is_empty() && is_cut_off(commit) {
            return Err(Untraced::Shallow);
        }
        Ok(parents)
    }

    /// Takes a place to the parent that has its lines; `None` where there is none.
    fn step<'p>(
        &mut self,
        commit: &Commit<'_>,
        parents: &'p [Parent<'r>],
        traced: &mut Traced,
    ) -> Result<Option<&'p Parent<'r>>, Untraced> {
        let mut other = Vec::new();
        let mut missing = Vec::new();
        for parent in parents {
            match self.find(&parent.tree, &traced.path, &traced.chain)? {
                Found::Same(chain) => {
                    traced.chain = chain;
                    return Ok(Some(parent));
                }
                Found::Other(chain) => other.push((parent, chain)),
                Found::Missing => missing.push(parent),
            }
        }
        for (parent, chain) in other {
            if self.has(&chain, &traced.text)? {
                traced.chain = chain;
                return Ok(Some(parent));
            }
        }
        let Some(content) = traced.chain.last().copied() else { return Ok(None) };
        for parent in missing {
            let lost = match parent.lost.get() {
                Some(lost) => lost,
                None => {
                    let (lost, changed) = lost(self.repo, &parent.tree, &commit.tree()?)?;
                    self.read += changed as u64 * ENTRY;
                    parent.lost.get_or_init(|| lost)
                }
            };
            let (from, read) = came_from(self.repo, lost, &traced.path, blob(content))?;
            self.read += read;
            let Some((path, _)) = from.and_then(|n| lost.get(n)) else { continue };
            if let Found::Other(chain) = self.find(&parent.tree, path, &[])?
                && self.has(&chain, &traced.text)?
            {
                (traced.path, traced.chain) = (path.to_vec(), chain);
                return Ok(Some(parent));
            }
        }
        Ok(None)
    }

    /// What `tree` has under `path`, given the chain of a file there in another tree. Goes no
    /// deeper than to where they are the same.
    fn find(&mut self, tree: &Tree<'_>, path: &[u8], known: &[Oid]) -> Result<Found, Untraced> {
        if known.first() == Some(&tree.id()) {
            return Ok(Found::Same(known.to_vec()));
        }
        let mut chain = vec![tree.id()];
        let mut below: Option<Tree<'_>> = None;
        let mut names = path.split(|b| *b == b'/').peekable();
        while let Some(name) = names.next() {
            let here = below.as_ref().unwrap_or(tree);
            self.read += LOOKUP;
            let entry = here.get_name_bytes(name);
            let Some((id, mode, kind)) =
                entry.map(|e| (e.id(), e.filemode().cast_unsigned(), e.kind()))
            else {
                break;
            };
            if known.get(chain.len()) == Some(&id) {
                chain.extend_from_slice(&known[chain.len()..]);
                return Ok(Found::Same(chain));
            }
            chain.push(id);
            let is_tree = kind == Some(ObjectType::Tree);
            match names.peek() {
                Some(_) if is_tree => {
                    let next = self.repo.find_tree(id)?;
                    self.read += next.len() as u64 * ENTRY;
                    below = Some(next);
                }
                None if !is_tree => {
                    let is_file = not_looked(b"", mode, id).is_none();
                    return Ok(if is_file { Found::Other(chain) } else { Found::Missing });
                }
                _ => break,
            }
        }
        Ok(Found::Missing)
    }

    /// Whether the content at the end of a chain has these lines.
    fn has(&mut self, chain: &[Oid], text: &[u8]) -> Result<bool, Untraced> {
        let Some(id) = chain.last() else { return Ok(false) };
        let odb = self.repo.odb()?;
        let (size, _) = odb.read_header(*id)?;
        self.read += size as u64;
        if size as u64 > MAX_CONTENT {
            return Ok(false);
        }
        let content = odb.read(*id)?;
        Ok(memmem::find(&lines(content.data(), 0, usize::MAX), text).is_some())
    }
}
