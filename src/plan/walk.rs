// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Walking a work tree: one `getdents` a directory, one `fstatat` a file, in parallel.
//!
//! What git tracks is known beforehand, sorted by path; every directory is handed its own
//! part of that list, so that looking a name up costs next to nothing and ignore rules are
//! asked only of what nobody knows. Directories are opened one from the other and never
//! through a link.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir};
use rustix::io::Errno;

use super::ignores::{Frame, GITIGNORE, LICTORIGNORE};
use super::repo::{IndexStat, Repo};
use super::{
    Around, Checkout, File, Identity, Memory, Nested, NotLooked, Note, Plan, Remembered, Selection,
    Stat, Was, Watching,
};
use crate::diag::{Failure, visible};
use crate::model::{BlobId, Skipped};

/// Directories nested deeper than this are not looked at.
pub const MAX_DEPTH: usize = 256;

/// Ignore files larger than this, in bytes, are not read.
const MAX_IGNORE_FILE: u64 = 1 << 20;

/// A path of which something is known before the walk.
struct Known<'a> {
    path: &'a [u8],
    tracked: bool,
    gitlink: bool,
    remembered: Option<usize>,
    clean: Option<(BlobId, IndexStat)>,
}

/// A plan of the files on disk.
pub(super) fn worktree(
    checkout: &Checkout,
    repo: Option<&Repo>,
    selection: Selection,
    memory: &Memory,
    watching: Option<&dyn Watching>,
) -> Result<Plan, Failure> {
    let mut notes = Vec::new();
    let index = repo.and_then(Repo::index_stat);
    let same_index = index.is_some() && index == memory.index;
    let tracked = match repo {
        Some(repo) if !same_index => repo.tracked().unwrap_or_else(|note: Note| {
            notes.push(note);
            Vec::new()
        }),
        _ => Vec::new(),
    };
    let unknown = !notes.is_empty() || (repo.is_none() && checkout.git_rules);
    if unknown && selection.no_untracked {
        let root = visible(checkout.root.as_os_str().as_bytes());
        let note = notes.first().or(checkout.notes.first());
        let failure = Failure::new(format!(
            "--no-untracked needs to know what git tracks in {root}, and that cannot be read"
        ));
        let failure = failure.help("leave --no-untracked out");
        return Err(match note {
            Some(note) => failure.caused_by(io::Error::other(note.message.clone())),
            None => failure,
        });
    }
    let known = if same_index {
        memory.files.iter().enumerate().map(|(n, r)| remembered(n, r, r.tracked)).collect()
    } else {
        merge(&memory.files, &tracked)
    };
    let expected =
        known.iter().filter(|k| k.tracked && k.path.starts_with(&checkout.scope)).count();

    let walk = Walk {
        root: &checkout.root,
        known: &known,
        memory: &memory.files,
        selection,
        git_rules: checkout.git_rules,
        watching,
    };
    let start = walk.start(checkout, repo)?;
    let walked = walk.directory(&start);

    let mut plan = Plan { notes, files: Vec::with_capacity(known.len()), ..Plan::default() };
    walked.flatten(&mut plan);
    plan.nested.sort();
    // A tracked file that is missing now may come back without a trace in the index.
    let met = plan.files.iter().filter(|f| f.tracked).count()
        + plan.not_looked.iter().filter(|n| n.tracked).count()
        + plan.nested.iter().filter(|n| n.tracked).count();
    plan.index = index.filter(|_| met == expected && plan.notes.is_empty());
    if met != expected {
        plan.missing = missing(&plan, &known);
    }
    Ok(plan)
}

/// What is tracked and was not met.
fn missing(plan: &Plan, known: &[Known<'_>]) -> Vec<Arc<[u8]>> {
    let mut met: Vec<&[u8]> = plan.files.iter().map(|f| &*f.path).collect();
    met.extend(plan.not_looked.iter().map(|n| &*n.path));
    met.extend(plan.nested.iter().map(|n| &*n.path));
    met.sort_unstable();
    let tracked = known.iter().filter(|k| k.tracked).map(|k| k.path);
    tracked.filter(|path| met.binary_search(path).is_err()).map(Arc::from).collect()
}

/// A plan of some spots of the files on disk: each a path with all that is below it. `memory`
/// holds what is remembered of just these.
pub(super) fn spots(
    checkout: &Checkout,
    repo: Option<&Repo>,
    selection: Selection,
    memory: &Memory,
    spots: &[Arc<[u8]>],
    around: &Around<'_>,
) -> Result<Plan, Failure> {
    let tracking = around.tracking;
    let tracked = |r: &Remembered| tracking.is_tracked(&r.path, r.tracked);
    let mut known: Vec<Known<'_>> =
        memory.files.iter().enumerate().map(|(n, r)| remembered(n, r, tracked(r))).collect();
    let is_within = |path: &[u8]| spots.iter().any(|spot| is_at_or_below(path, spot));
    let is_known = |path: &[u8]| memory.files.binary_search_by(|r| (*r.path).cmp(path)).is_ok();
    let missing = around.missing.iter().filter(|path| tracking.is_tracked(path, true));
    let missing = missing.chain(&tracking.begun).filter(|p| is_within(p) && !is_known(p));
    known.extend(missing.map(|path| Known {
        path,
        tracked: true,
        gitlink: false,
        remembered: None,
        clean: None,
    }));
    known.sort_unstable_by_key(|k| k.path);
    let walk = Walk {
        root: &checkout.root,
        known: &known,
        memory: &memory.files,
        selection,
        git_rules: checkout.git_rules,
        watching: around.watching,
    };
    let mut ways = Ways { walk: &walk, around, opened: HashMap::new() };
    ways.open_root(walk.start(checkout, repo)?)?;
    let mut plan = Plan::default();
    for spot in spots {
        ways.look(spot).flatten(&mut plan);
    }
    plan.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    // Several spots below a directory that cannot be read say so once.
    plan.not_looked.sort();
    plan.not_looked.dedup();
    plan.nested.sort();
    plan.nested.dedup();
    Ok(plan)
}

/// Whether a path is a spot or below it.
pub fn is_at_or_below(path: &[u8], spot: &[u8]) -> bool {
    spot.is_empty()
        || path.strip_prefix(spot).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

/// The directories that lead to spots, each opened once.
struct Ways<'w> {
    walk: &'w Walk<'w>,
    around: &'w Around<'w>,
    opened: HashMap<Vec<u8>, Way>,
}

/// What a directory on the way came to.
#[derive(Clone)]
enum Way {
    Open(Arc<Opened>),
    /// Not there, or left out.
    Nowhere,
    /// It cannot be read, or is a checkout of its own.
    Ends(Vec<NotLooked>, Vec<Nested>),
}

struct Opened {
    fd: Arc<OwnedFd>,
    /// The rules in it.
    rules: Rules,
    depth: usize,
}

impl Ways<'_> {
    fn open_root(&mut self, start: Directory) -> Result<(), Failure> {
        let rules =
            self.walk.rules_in(&start.rules, start.parent.as_fd(), b"", &[GITIGNORE, LICTORIGNORE]);
        let opened = Opened { fd: start.parent, rules, depth: 0 };
        self.opened.insert(Vec::new(), Way::Open(Arc::new(opened)));
        Ok(())
    }

    /// Whether git tracks anything at or below a path.
    fn is_tracked(&self, path: &[u8]) -> bool {
        let Around { memory, missing, tracking, .. } = self.around;
        let start = memory.files.partition_point(|r| *r.path < *path);
        let below = [path, b"/"].concat();
        let from = memory.files.partition_point(|r| *r.path < *below);
        let here = memory.files.get(start).filter(|r| *r.path == *path);
        let inside = memory.files[from..].iter().take_while(|r| r.path.starts_with(&below));
        let at_or_below = |p: &[u8]| is_at_or_below(p, path);
        here.into_iter().chain(inside).any(|r| tracking.is_tracked(&r.path, r.tracked))
            || missing.iter().any(|m| at_or_below(m) && tracking.is_tracked(m, true))
            || tracking.begun.iter().any(|b| at_or_below(b))
    }

    /// Whether something is left out by the rules of the directory that it is in.
    fn leaves_out(&self, rules: &Rules, path: &[u8], is_dir: bool) -> bool {
        let walk = self.walk;
        rules.lictor.as_ref().is_some_and(|r| r.ignores(&walk.on_disk(path), is_dir))
            || ((walk.selection.no_untracked || walk.left_out(rules, path, is_dir))
                && !self.is_tracked(path))
    }

    /// The directory at `path`, which does not end in a slash.
    fn open(&mut self, path: &[u8]) -> Way {
        if let Some(way) = self.opened.get(path) {
            return way.clone();
        }
        let way = self.open_new(path);
        self.opened.insert(path.to_vec(), way.clone());
        way
    }

    fn open_new(&mut self, path: &[u8]) -> Way {
        let (above, name) = split(path);
        let above = match self.open(above) {
            Way::Open(above) => above,
            other => return other,
        };
        if self.leaves_out(&above.rules, path, true) {
            return Way::Nowhere;
        }
        let ends = |what: String| {
            let walked = Walked::unreadable(path, what);
            Way::Ends(walked.not_looked, walked.nested)
        };
        if above.depth + 1 > MAX_DEPTH {
            return ends(too_deep());
        }
        let fd = match rustix::fs::openat(&*above.fd, name, DIRECTORY, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Way::Nowhere,
            Err(e) => return ends(format!("cannot be opened: {}", io::Error::from(e))),
        };
        let on_disk = self.walk.on_disk(path);
        let has_git = rustix::fs::statat(&fd, ".git", AtFlags::SYMLINK_NOFOLLOW).is_ok();
        if has_git && is_repository(&on_disk) {
            let tracked = self.is_tracked(path);
            return Way::Ends(Vec::new(), vec![Nested { path: path.to_vec(), tracked }]);
        }
        let slashed = [path, b"/"].concat();
        let rules = self.walk.rules_below(&above.rules, &slashed);
        let files = [GITIGNORE, LICTORIGNORE];
        let rules = self.walk.rules_in(&rules, fd.as_fd(), &slashed, &files);
        Way::Open(Arc::new(Opened { fd: Arc::new(fd), rules, depth: above.depth + 1 }))
    }

    /// Looks at a spot and all that is below it.
    fn look(&mut self, spot: &[u8]) -> Walked {
        let (above, name) = split(spot);
        let above = match self.open(above) {
            Way::Open(above) => above,
            Way::Nowhere => return Walked::default(),
            Way::Ends(not_looked, nested) => {
                return Walked { not_looked, nested, ..Walked::default() };
            }
        };
        let mut walked = Walked::default();
        let stat = match rustix::fs::statat(&*above.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT | Errno::NOTDIR) => return walked,
            Err(e) => return Walked::unreadable(spot, io::Error::from(e).to_string()),
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        if self.leaves_out(&above.rules, spot, kind.is_dir()) {
            return walked;
        }
        let walk = self.walk;
        let at = walk.known.binary_search_by_key(&spot, |k| k.path).ok().map(|n| &walk.known[n]);
        if !kind.is_dir() {
            walk.file(&above.fd, name, kind, at, spot, &mut walked);
            return walked;
        }
        let path = [spot, b"/"].concat();
        let gitlink = at.is_some_and(|k| k.gitlink);
        walk.directory(&Directory {
            parent: Arc::clone(&above.fd),
            name: name.to_vec(),
            known: walk.below(&(0..walk.known.len()), &path),
            gitlink,
            rules: walk.rules_below(&above.rules, &path),
            depth: above.depth + 1,
            is_start: false,
            path,
        })
    }
}

/// A path as the directory that it is in and its last part.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|b| *b == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

fn too_deep() -> String {
    format!("nested deeper than {MAX_DEPTH} directories")
}

fn remembered(n: usize, r: &Remembered, tracked: bool) -> Known<'_> {
    Known {
        path: &r.path,
        tracked,
        gitlink: tracked && r.what == Was::Skipped(Skipped::Submodule),
        remembered: Some(n),
        clean: None,
    }
}

/// What is remembered and what the index holds now, as one sorted list.
fn merge<'a>(files: &'a [Remembered], tracked: &'a [super::repo::Tracked]) -> Vec<Known<'a>> {
    let mut known = Vec::with_capacity(files.len().max(tracked.len()));
    let mut old = files.iter().enumerate().peekable();
    for t in tracked {
        while let Some((n, r)) = old.next_if(|(_, r)| *r.path < *t.path) {
            known.push(remembered(n, r, false));
        }
        let same = old.next_if(|(_, r)| *r.path == *t.path).map(|(n, _)| n);
        known.push(Known {
            path: &t.path,
            tracked: true,
            gitlink: t.gitlink,
            remembered: same,
            clean: t.clean,
        });
    }
    known.extend(old.map(|(n, r)| remembered(n, r, false)));
    known
}

struct Walk<'a> {
    root: &'a Path,
    known: &'a [Known<'a>],
    memory: &'a [Remembered],
    selection: Selection,
    git_rules: bool,
    watching: Option<&'a dyn Watching>,
}

/// A directory about to be listed.
struct Directory {
    /// The directory it is opened from, and its name there.
    parent: Arc<OwnedFd>,
    name: Vec<u8>,
    /// Relative to the checkout's root, ending in `/` unless it is the root itself.
    path: Vec<u8>,
    known: Range<usize>,
    gitlink: bool,
    rules: Rules,
    depth: usize,
    /// The walk begins here: part of the checkout even when it holds a `.git`.
    is_start: bool,
}

/// The rules that hold in a directory.
#[derive(Clone)]
struct Rules {
    git: Option<Arc<Frame>>,
    lictor: Option<Arc<Frame>>,
    within: Arc<Within>,
}

/// Whether a directory is itself left out by git's rules, found out when first asked.
struct Within {
    above: Option<Arc<Within>>,
    rules: Option<Arc<Frame>>,
    path: PathBuf,
    ignored: OnceLock<bool>,
}

impl Within {
    fn ignored(&self) -> bool {
        *self.ignored.get_or_init(|| {
            let above = self.above.as_ref().is_some_and(|w| w.ignored());
            above || self.rules.as_ref().is_some_and(|r| r.ignores(&self.path, true))
        })
    }
}

/// The names in a directory, those of directories with a slash behind.
#[derive(Default)]
struct Names {
    text: Vec<u8>,
    entries: Vec<(Range<usize>, FileType)>,
    has_git: bool,
}

impl Names {
    fn list(fd: &OwnedFd) -> rustix::io::Result<Names> {
        let mut names = Names::default();
        let mut buffer = Vec::with_capacity(32 << 10);
        let mut listing = RawDir::new(fd, buffer.spare_capacity_mut());
        while let Some(entry) = listing.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            match name {
                b"." | b".." => continue,
                b".git" => {
                    names.has_git = true;
                    continue;
                }
                _ => {}
            }
            let mut kind = entry.file_type();
            if kind == FileType::Unknown
                && let Ok(stat) = rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW)
            {
                kind = FileType::from_raw_mode(stat.st_mode);
            }
            let start = names.text.len();
            names.text.extend_from_slice(name);
            if kind.is_dir() {
                names.text.push(b'/');
            }
            names.entries.push((start..names.text.len(), kind));
        }
        Ok(names)
    }

    /// In the order in which git sorts paths.
    fn sort(&mut self) {
        let text = &self.text;
        self.entries.sort_unstable_by(|a, b| text[a.0.clone()].cmp(&text[b.0.clone()]));
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], FileType)> {
        self.entries.iter().map(|(range, kind)| (&self.text[range.clone()], *kind))
    }
}

/// What is known in a directory, asked for in the order of the names.
struct KnownHere<'w, 'k> {
    known: &'w [Known<'k>],
    /// Length of the directory's own path.
    skip: usize,
    next: usize,
    /// Submodules passed on the way: git sorts them without the slash that a directory has.
    gitlinks: Vec<&'w [u8]>,
}

impl<'w, 'k> KnownHere<'w, 'k> {
    fn pass(&mut self, before: impl Fn(&[u8]) -> bool) {
        while let Some(k) = self.known.get(self.next)
            && before(&k.path[self.skip..])
        {
            if k.gitlink {
                self.gitlinks.push(&k.path[self.skip..]);
            }
            self.next += 1;
        }
    }

    fn file(&mut self, name: &[u8]) -> Option<&'w Known<'k>> {
        self.pass(|path| path < name);
        self.known.get(self.next).filter(|k| &k.path[self.skip..] == name)
    }

    /// What is below a directory, whose name ends in a slash, and whether it is a submodule.
    fn directory(&mut self, name: &[u8]) -> (Range<usize>, bool) {
        self.pass(|path| path < name);
        let len =
            self.known[self.next..].partition_point(|k| k.path[self.skip..].starts_with(name));
        let below = self.next..self.next + len;
        self.next += len;
        (below, self.gitlinks.contains(&&name[..name.len() - 1]))
    }
}

#[derive(Default)]
struct Walked {
    items: Vec<Item>,
    not_looked: Vec<NotLooked>,
    nested: Vec<Nested>,
    ignored: u64,
    excluded: u64,
}

enum Item {
    File(File),
    Directory(Box<Walked>),
}

impl Walked {
    fn flatten(self, plan: &mut Plan) {
        plan.not_looked.extend(self.not_looked);
        plan.nested.extend(self.nested);
        plan.ignored += self.ignored;
        plan.excluded += self.excluded;
        for item in self.items {
            match item {
                Item::File(file) => plan.files.push(file),
                Item::Directory(walked) => walked.flatten(plan),
            }
        }
    }

    fn unreadable(path: &[u8], detail: String) -> Walked {
        let why = Skipped::Unreadable;
        let path = path.strip_suffix(b"/").unwrap_or(path).to_vec();
        Walked {
            not_looked: vec![NotLooked { path, why, tracked: false, detail }],
            ..Walked::default()
        }
    }
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Walk<'_> {
    /// Opens the root, and the directories on the way to the scope with their ignore files.
    fn start(&self, checkout: &Checkout, repo: Option<&Repo>) -> Result<Directory, Failure> {
        let root = self.root.to_owned();
        let fail = |path: PathBuf, e: Errno| {
            Failure::new(format!("cannot open {}", visible(path.as_os_str().as_bytes())))
                .caused_by(io::Error::from(e))
                .help("check that it exists and that you may read it")
        };
        let fd =
            rustix::fs::open(&root, DIRECTORY, Mode::empty()).map_err(|e| fail(root.clone(), e))?;
        let global = repo.map(Repo::global_excludes).unwrap_or_default();
        let git = (!global.is_empty()).then(|| Frame::new(root.clone(), global, None));
        let within =
            Within { above: None, rules: None, path: root.clone(), ignored: OnceLock::new() };
        let mut start = Directory {
            parent: Arc::new(fd),
            name: b".".to_vec(),
            path: Vec::new(),
            known: 0..self.known.len(),
            gitlink: false,
            rules: Rules { git, lictor: None, within: Arc::new(within) },
            depth: 0,
            is_start: true,
        };
        for part in checkout.scope.split(|b| *b == b'/').filter(|p| !p.is_empty()) {
            let here = root.join(OsStr::from_bytes(&start.path));
            let fd =
                rustix::fs::openat(&*start.parent, start.name.as_slice(), DIRECTORY, Mode::empty())
                    .map_err(|e| fail(here.clone(), e))?;
            let rules =
                self.rules_in(&start.rules, fd.as_fd(), &start.path, &[GITIGNORE, LICTORIGNORE]);
            let path = [&start.path[..], part, b"/"].concat();
            start = Directory {
                parent: Arc::new(fd),
                name: part.to_vec(),
                known: self.below(&start.known, &path),
                gitlink: false,
                rules: self.rules_below(&rules, &path),
                depth: start.depth + 1,
                is_start: true,
                path,
            };
        }
        Ok(start)
    }

    /// The part of `range` that is below `path`, which ends in `/`.
    fn below(&self, range: &Range<usize>, path: &[u8]) -> Range<usize> {
        let part = &self.known[range.clone()];
        let start = part.partition_point(|k| k.path < path);
        let len = part[start..].partition_point(|k| k.path.starts_with(path));
        range.start + start..range.start + start + len
    }

    /// Ignore rules do not know a directory by its slash.
    fn on_disk(&self, path: &[u8]) -> PathBuf {
        self.root.join(OsStr::from_bytes(path.strip_suffix(b"/").unwrap_or(path)))
    }

    /// The rules in a directory, given those that hold around it and the names of the
    /// ignore files that are in it.
    fn rules_in(&self, around: &Rules, fd: BorrowedFd<'_>, path: &[u8], names: &[&[u8]]) -> Rules {
        let mut rules = around.clone();
        for name in names {
            // As git does, an ignore file is not read through a link.
            let Ok(stat) = rustix::fs::statat(fd, *name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            let regular = FileType::from_raw_mode(stat.st_mode).is_file();
            if !regular || Stat::of(&stat).size > MAX_IGNORE_FILE {
                continue;
            }
            let directory = self.on_disk(path);
            let file = directory.join(OsStr::from_bytes(name));
            let slot = if *name == LICTORIGNORE { &mut rules.lictor } else { &mut rules.git };
            if *name == LICTORIGNORE || self.git_rules {
                *slot = Some(Frame::new(directory, vec![file], slot.take()));
            }
        }
        rules
    }

    /// The rules for a directory below one in which `rules` hold.
    fn rules_below(&self, rules: &Rules, path: &[u8]) -> Rules {
        let within = Within {
            above: Some(Arc::clone(&rules.within)),
            rules: rules.git.clone(),
            path: self.on_disk(path),
            ignored: OnceLock::new(),
        };
        Rules { within: Arc::new(within), ..rules.clone() }
    }

    /// Whether something that git does not track is to be left out.
    fn left_out(&self, rules: &Rules, path: &[u8], is_dir: bool) -> bool {
        let ignored = || {
            rules.within.ignored()
                || rules.git.as_ref().is_some_and(|r| r.ignores(&self.on_disk(path), is_dir))
        };
        self.git_rules && !self.selection.include_ignored && ignored()
    }

    fn directory(&self, at: &Directory) -> Walked {
        let failed = |what: &str, e: Errno| {
            Walked::unreadable(&at.path, format!("{what}: {}", io::Error::from(e)))
        };
        if at.depth > MAX_DEPTH {
            return Walked::unreadable(&at.path, too_deep());
        }
        let fd = match rustix::fs::openat(&*at.parent, at.name.as_slice(), DIRECTORY, Mode::empty())
        {
            Ok(fd) => fd,
            // Removed, or replaced by a file or link, since its parent was listed.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if !at.is_start => {
                return Walked::default();
            }
            Err(e) => return failed("cannot be opened", e),
        };
        // What changes before the watch is there is found by listing, what changes after it is seen.
        if let Some(watching) = self.watching {
            watching.directory(at.path.strip_suffix(b"/").unwrap_or(&at.path));
        }
        let mut names = match Names::list(&fd) {
            Ok(names) => names,
            Err(e) => return failed("cannot be listed", e),
        };
        if names.has_git {
            if !at.is_start && is_repository(&self.on_disk(&at.path)) {
                let path = at.path[..at.path.len() - 1].to_vec();
                let nested = vec![Nested { path, tracked: at.gitlink }];
                return Walked { nested, ..Walked::default() };
            }
        } else if at.gitlink && names.entries.is_empty() {
            let path = at.path[..at.path.len() - 1].to_vec();
            let detail = "not checked out; run `git submodule update --init`".to_owned();
            let not_looked =
                vec![NotLooked { path, why: Skipped::Submodule, tracked: true, detail }];
            return Walked { not_looked, ..Walked::default() };
        }
        names.sort();

        let ignore_files: Vec<&[u8]> = [GITIGNORE, LICTORIGNORE]
            .into_iter()
            .filter(|file| names.iter().any(|(name, _)| name == *file))
            .collect();
        let rules = if ignore_files.is_empty() {
            at.rules.clone()
        } else {
            self.rules_in(&at.rules, fd.as_fd(), &at.path, &ignore_files)
        };

        let fd = Arc::new(fd);
        let mut walked = Walked::default();
        let mut below: Vec<Directory> = Vec::new();
        // Where in `items` the directories go.
        let mut places: Vec<usize> = Vec::new();
        // Names and what is known come in the same order.
        let mut known_here = KnownHere {
            known: &self.known[at.known.clone()],
            skip: at.path.len(),
            next: 0,
            gitlinks: Vec::new(),
        };
        for (name, kind) in names.iter() {
            let path = || [&at.path[..], name].concat();
            let is_dir = kind.is_dir();
            if rules.lictor.as_ref().is_some_and(|r| r.ignores(&self.on_disk(&path()), is_dir)) {
                walked.excluded += 1;
                continue;
            }
            if is_dir {
                let path = path();
                let (known, gitlink) = known_here.directory(name);
                let known = at.known.start + known.start..at.known.start + known.end;
                let tracked = gitlink || self.known[known.clone()].iter().any(|k| k.tracked);
                if !tracked && (self.selection.no_untracked || self.left_out(&rules, &path, true)) {
                    walked.ignored += 1;
                    continue;
                }
                places.push(walked.items.len());
                walked.items.push(Item::Directory(Box::default()));
                below.push(Directory {
                    parent: Arc::clone(&fd),
                    name: name.to_vec(),
                    rules: self.rules_below(&rules, &path),
                    path,
                    known,
                    gitlink,
                    depth: at.depth + 1,
                    is_start: false,
                });
                continue;
            }
            let known = known_here.file(name);
            let tracked = known.is_some_and(|k| k.tracked);
            if !tracked && (self.selection.no_untracked || self.left_out(&rules, &path(), false)) {
                walked.ignored += 1;
                continue;
            }
            self.file(&fd, name, kind, known, &path(), &mut walked);
        }
        let results: Vec<Walked> = below.par_iter().map(|d| self.directory(d)).collect();
        for (place, result) in places.into_iter().zip(results) {
            walked.items[place] = Item::Directory(Box::new(result));
        }
        walked
    }

    /// Puts what is no directory where it belongs.
    fn file(
        &self,
        fd: &OwnedFd,
        name: &[u8],
        kind: FileType,
        known: Option<&Known<'_>>,
        path: &[u8],
        walked: &mut Walked,
    ) {
        let tracked = known.is_some_and(|k| k.tracked);
        let skipped = |why, detail| NotLooked { path: path.to_vec(), why, tracked, detail };
        if kind == FileType::Symlink {
            walked.not_looked.push(skipped(Skipped::Symlink, String::new()));
            return;
        }
        if !kind.is_file() {
            walked.not_looked.push(skipped(Skipped::Special, special(kind).into()));
            return;
        }
        match rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => {
                let stat = Stat::of(&stat);
                let identity = self.identity(known, &stat);
                let path = match identity {
                    Identity::Unchanged(n) => Arc::clone(&self.memory[n].path),
                    _ => path.into(),
                };
                walked.items.push(Item::File(File { path, stat: Some(stat), tracked, identity }));
            }
            Err(Errno::NOENT) => {}
            Err(e) => {
                walked.not_looked.push(skipped(Skipped::Unreadable, io::Error::from(e).to_string()))
            }
        }
    }

    fn identity(&self, known: Option<&Known<'_>>, stat: &Stat) -> Identity {
        let Some(known) = known else { return Identity::Unknown };
        if let Some(n) = known.remembered {
            let old = &self.memory[n];
            if old.stat == Some(*stat) && matches!(old.what, Was::Content(_)) {
                return Identity::Unchanged(n);
            }
        }
        match known.clean {
            Some((blob, index)) if index.is(stat) => Identity::Git(blob),
            _ => Identity::Unknown,
        }
    }
}

/// Whether a `.git` is a repository or leads to one; git takes it for nothing otherwise.
fn is_repository(directory: &Path) -> bool {
    let dot_git = directory.join(".git");
    if dot_git.is_dir() {
        return dot_git.join("HEAD").symlink_metadata().is_ok();
    }
    // Nothing but a small file can name another place.
    let small = dot_git.symlink_metadata().is_ok_and(|m| m.is_file() && m.len() < 1 << 16);
    let Some(bytes) = small.then(|| std::fs::read(&dot_git).ok()).flatten() else { return false };
    let Some(target) = bytes.strip_prefix(b"gitdir:") else { return false };
    directory.join(OsStr::from_bytes(target.trim_ascii())).join("HEAD").symlink_metadata().is_ok()
}

fn special(kind: FileType) -> &'static str {
    match kind {
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice => "a character device",
        FileType::BlockDevice => "a block device",
        _ => "no regular file",
    }
}
