// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is watched: checkouts, the file systems they are on, and what the kernel gives for it.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::account::{Account, Want};
use super::unit::Unit;
use super::{Notes, Verdict, counted, shown};
use crate::config::{Config, Entry, Mode};
use crate::daemon::pass::Target;
use crate::diag::visible;
use crate::plan::{Checkout, Memory, Selection, View, Watching};
use crate::report::human::Count;
use crate::watch;

/// How many checkouts inside of checkouts are looked at.
const MOST_NESTED: usize = 10_000;

/// What the kernel gives one user (inotify(7)); `None` where it does not say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    pub watches: Option<u64>,
    pub instances: Option<u64>,
    pub queued: Option<u64>,
}

impl Limits {
    fn read() -> Limits {
        let read = |name: &str| {
            let text = std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?;
            text.trim().parse().ok()
        };
        Limits {
            watches: read("max_user_watches"),
            instances: read("max_user_instances"),
            queued: read("max_queued_events"),
        }
    }
}

/// Looks at every checkout, then at what it takes to watch them.
pub fn examine(config: &Config, account: &Account, service: Option<&Unit>, notes: &mut Notes) {
    notes.about = "checkout";
    let directories = config.directories();
    for entry in &config.checkouts {
        if !directories.iter().any(|(_, e)| std::ptr::eq(*e, entry)) {
            notes.warning(
                format!("{} names no directory now", visible(entry.path.as_bytes())),
                "what appears there will be watched; if there should be something, correct `path`",
            );
        }
    }
    let mut needed = Needed::default();
    for (path, entry) in &directories {
        directory(path, entry, account, service, config.watch.mode, &mut needed, notes);
    }
    notes.about = "limits";
    if config.watch.mode == Mode::Poll {
        notes.ok("checkouts are polled, which takes no watches");
    } else {
        judge(&needed, Limits::read(), notes);
    }
    open_files(needed.checkouts, service, notes);
}

/// What it takes to watch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Needed {
    pub checkouts: u64,
    pub watches: u64,
}

fn directory(
    path: &Path,
    entry: &Entry,
    account: &Account,
    service: Option<&Unit>,
    mode: Mode,
    needed: &mut Needed,
    notes: &mut Notes,
) {
    let name = shown(path);
    if let Some(setting) = service.and_then(|s| s.hides(path)) {
        notes.problem(
            format!("{name} is hidden from the service by its unit"),
            format!("`sudo systemctl edit lictor`, and write `[Service]`, `{setting}`"),
        );
    }
    let verdict = if is_other(account) { Verdict::Warning } else { Verdict::Problem };
    let views = match &entry.revisions[..] {
        [] => vec![View::Worktree],
        names => names.iter().map(|r| View::Revision(r.clone())).collect(),
    };
    for view in views {
        let Entry { no_untracked, include_ignored, .. } = *entry;
        let target = Target { path: path.to_owned(), view, no_untracked, include_ignored };
        match target.find() {
            Ok(checkout) => {
                let selection = Selection { no_untracked, include_ignored };
                look(&checkout, selection, account, needed, notes);
            }
            Err(failure) => {
                notes.failure(verdict, &failure);
                return;
            }
        }
    }
    if mode == Mode::Auto
        && let Some(kind) = deaf(path)
    {
        notes.warning(
            format!("{name} is on {kind}, where the kernel does not tell of all changes"),
            "what it does not tell is found at every `watch.reconcile`; make that shorter, set \
             `watch.mode = \"poll\"`, or keep the checkout on a local disk",
        );
    }
}

/// Whether what cannot be read here says nothing of what the service can read.
fn is_other(account: &Account) -> bool {
    !account.is_here && !rustix::process::geteuid().is_root()
}

/// Counts directories, and those that a user may not list.
struct Counter<'a> {
    root: &'a Path,
    directories: AtomicU64,
    /// The user, where somebody else looks on behalf of it.
    account: Option<&'a Account>,
    closed: Mutex<BTreeSet<PathBuf>>,
}

impl Watching for Counter<'_> {
    fn directory(&self, path: &[u8]) {
        self.directories.fetch_add(1, Ordering::Relaxed);
        let Some(account) = self.account else { return };
        let path = self.root.join(std::ffi::OsStr::from_bytes(path));
        if !account.may(Want::Read, &path) {
            let mut closed = self.closed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            closed.insert(path);
        }
    }
}

/// Looks at a checkout and those inside it, without reading any file.
fn look(
    checkout: &Checkout,
    selection: Selection,
    account: &Account,
    needed: &mut Needed,
    notes: &mut Notes,
) {
    let name = shown(&checkout.root);
    let mut todo: Vec<PathBuf> = Vec::new();
    let (mut inside, mut listed) = (0, 0);
    let mut next = Some(None::<Checkout>);
    while let Some(nested) = next {
        let checkout = nested.as_ref().unwrap_or(checkout);
        let counter = Counter {
            root: &checkout.root,
            directories: AtomicU64::new(0),
            account: (!account.is_here && !account.reads_all).then_some(account),
            closed: Mutex::default(),
        };
        needed.checkouts += 1;
        if let Some((git_dir, common)) = checkout.git_dirs() {
            needed.watches += watch::git_directories(&git_dir, &common) as u64;
        }
        if !checkout.reads_objects() {
            match checkout.plan(selection, &Memory::default(), Some(&counter)) {
                Ok(plan) => {
                    for note in &plan.notes {
                        let says = format!("{}: {}", shown(&checkout.root), note.message);
                        notes.warning(says, &note.help);
                    }
                    let closed = counter.closed.into_inner().unwrap_or_default();
                    let mut unread: Vec<String> = closed.iter().map(|p| shown(p)).collect();
                    let failed = plan.not_looked.iter().filter(|n| n.why.is_failure());
                    let failed = failed.filter(|_| !is_other(account));
                    unread.extend(failed.map(|n| shown(&checkout.path_of(&n.path))));
                    unreadable(&unread, account, notes);
                    todo.extend(plan.nested.iter().map(|n| checkout.path_of(&n.path)));
                }
                Err(failure) => {
                    notes.failure(Verdict::Problem, &failure);
                    return;
                }
            }
        }
        listed += counter.directories.into_inner();
        next = None;
        while let Some(path) = todo.pop().filter(|_| inside < MOST_NESTED) {
            // One that cannot be found is told by the service, which goes on with the others.
            if let Ok(found) = Checkout::find(&path, View::Worktree) {
                inside += 1;
                next = Some(Some(found));
                break;
            }
        }
    }
    needed.watches += listed;
    let at = checkout.commit.as_deref().map_or("no commit", |c| &c[..c.len().min(12)]);
    let on = checkout
        .branch
        .as_deref()
        .map_or(String::new(), |b| format!(" on {}", visible(b.as_bytes())));
    let mut says = format!("{name}: {at}{on}");
    if !checkout.reads_objects() {
        let noun = if listed == 1 { "directory" } else { "directories" };
        says += &format!(", {} {noun}", Count(listed));
    }
    if inside > 0 {
        says += &format!(", {} inside", counted(inside, "checkout"));
    }
    notes.ok(says);
}

fn unreadable(unread: &[String], account: &Account, notes: &mut Notes) {
    let Some(first) = unread.first() else { return };
    let more = match unread.len() - 1 {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    notes.problem(
        format!("{} may not read {first}{more}", account.name),
        format!(
            "let the user {} read it, or leave the unit its `AmbientCapabilities=CAP_DAC_READ_SEARCH`",
            account.name
        ),
    );
}

/// The kind of file system below a path, where the kernel does not tell of all changes.
fn deaf(path: &Path) -> Option<&'static str> {
    const OVERLAY: u64 = 0x794c_7630;
    if let Some(kind) = watch::remote(path).ok().flatten() {
        return Some(kind);
    }
    let stat = rustix::fs::statfs(path).ok()?;
    (u64::from(stat.f_type.cast_unsigned() as u32) == OVERLAY).then_some("an overlay")
}

/// Whether the kernel gives what it takes to watch.
pub fn judge(needed: &Needed, limits: Limits, notes: &mut Notes) {
    let Needed { checkouts, watches } = *needed;
    // Each checkout has one, and the configuration has one.
    let instances = checkouts + 1;
    let write = |name: &str, n: u64| {
        format!(
            "write `fs.inotify.{name} = {n}` into /etc/sysctl.d/90-lictor.conf, then `sudo sysctl --system`"
        )
    };
    // Twice of it, as checkouts grow.
    let room = |n: u64| (2 * n).next_power_of_two();
    match limits.watches {
        Some(most) if watches > most => notes.warning(
            format!(
                "there are {} directories to watch, and the kernel gives {} watches; some checkouts will be polled",
                Count(watches),
                Count(most)
            ),
            write("max_user_watches", room(watches)),
        ),
        Some(most) if watches > most / 10 * 8 => notes.warning(
            format!(
                "there are {} directories to watch, and the kernel gives {} watches, which is little more",
                Count(watches),
                Count(most)
            ),
            write("max_user_watches", room(watches)),
        ),
        Some(most) => notes.ok(format!(
            "{} directories to watch, of {} watches",
            Count(watches),
            Count(most)
        )),
        None => notes.ok(format!(
            "{} directories to watch; the kernel does not say how many it gives",
            Count(watches)
        )),
    }
    if let Some(most) = limits.instances.filter(|most| instances > *most) {
        notes.warning(
            format!("{instances} inotify instances are needed, and the kernel gives {most}; some checkouts will be polled"),
            write("max_user_instances", room(instances)),
        );
    }
    if let Some(most) = limits.queued.filter(|most| *most < 16_384) {
        notes.warning(
            format!(
                "the kernel keeps only {most} events; more at once mean that all is looked at again"
            ),
            write("max_queued_events", 65_536),
        );
    }
}

/// Whether the service may have as many files open as it needs.
fn open_files(checkouts: u64, service: Option<&Unit>, notes: &mut Notes) {
    // Repositories have a few packs open, and each thread some files and directories.
    let needed = 512 + 16 * checkouts;
    let here = || rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let most = match service.filter(|s| s.is_loaded()) {
        Some(service) => service.get("LimitNOFILE").parse().ok(),
        None => here(),
    };
    match most {
        Some(most) if most < needed => notes.warning(
            format!("the service may have {most} files open, and needs up to {needed}"),
            format!(
                "`sudo systemctl edit lictor`, and write `[Service]`, `LimitNOFILE={}`",
                needed.next_power_of_two()
            ),
        ),
        Some(most) => notes.ok(format!("{most} open files, of which up to {needed} are needed")),
        None => notes.ok("open files without limit"),
    }
}
