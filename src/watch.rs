// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Says that something in a checkout may have changed: too often, never too seldom.
//!
//! Every directory has a watch of its own, added before it is listed. What the kernel tells is
//! gathered in an [`Inbox`]; any doubt is [`Change::Everything`]. What really changed is found out
//! by looking, which is not done here.

pub mod dirty;
mod files;
mod git;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use notify::{ErrorKind, Event, EventKind, INotifyWatcher, RecursiveMode, Watcher as _};

use crate::clock;
use crate::diag::{Failure, visible};
use crate::plan::Watching;
pub use dirty::{Change, Dirty, Reason, Work};
pub use files::FileWatch;

/// What may have changed in a checkout and was not looked at yet; filled by the kernel's events.
pub struct Inbox {
    dirty: Mutex<Dirty>,
    /// Wakes whoever looks; called when something comes into an empty inbox, or git is at work.
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Inbox {
    pub fn new(wake: Box<dyn Fn() + Send + Sync>) -> Arc<Inbox> {
        Arc::new(Inbox { dirty: Mutex::default(), wake })
    }

    pub fn put(&self, change: Change) {
        self.put_at(change, clock::tick());
    }

    fn put_at(&self, change: Change, now: Instant) {
        let urgent = change == Change::Git;
        let was_empty = {
            let mut dirty = self.dirty();
            let was_empty = dirty.is_empty();
            dirty.add(change, now);
            was_empty
        };
        if was_empty || urgent {
            (self.wake)();
        }
    }

    pub fn dirty(&self) -> MutexGuard<'_, Dirty> {
        self.dirty.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a checkout cannot be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwatchable {
    pub what: String,
    pub help: String,
}

/// The watches of one checkout.
pub struct Watcher {
    root: PathBuf,
    git: Arc<Mutex<git::Places>>,
    /// Directories, relative to the root, that have a watch. The kernel's events take out what
    /// may have lost its watch; it is never held while a watch is added, as that waits for the
    /// thread that handles the events.
    watched: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    notify: Mutex<INotifyWatcher>,
    unwatchable: Mutex<Option<Unwatchable>>,
}

impl Watcher {
    /// A watcher of the checkout at `root`, without any watch yet.
    ///
    /// # Errors
    /// The kernel gives no more instances.
    pub fn new(root: &Path, inbox: Arc<Inbox>) -> Result<Watcher, Unwatchable> {
        let watched: Arc<Mutex<BTreeSet<Vec<u8>>>> = Arc::default();
        let git: Arc<Mutex<git::Places>> = Arc::default();
        let heard = Heard {
            root: root.to_owned(),
            inbox,
            watched: Arc::clone(&watched),
            git: Arc::clone(&git),
        };
        let handle = move |event: notify::Result<Event>| heard.event(event);
        let config = notify::Config::default().with_follow_symlinks(false);
        let notify = INotifyWatcher::new(handle, config).map_err(|e| unwatchable(&e))?;
        Ok(Watcher {
            root: root.to_owned(),
            git,
            watched,
            notify: Mutex::new(notify),
            unwatchable: Mutex::default(),
        })
    }

    /// How many directories are watched.
    pub fn len(&self) -> usize {
        lock(&self.watched).len() + lock(&self.git).watched.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Why a directory could not be watched, since this was last asked.
    pub fn take_unwatchable(&self) -> Option<Unwatchable> {
        lock(&self.unwatchable).take()
    }

    /// Watches what git writes when it is at work: the directory of the work tree, the one that
    /// it shares with others, and where branches and tags are.
    pub fn watch_git(&self, git_dir: &Path, common: &Path) {
        let missing = lock(&self.git).missing(git_dir, common);
        for directory in missing {
            self.add(&directory);
        }
    }

    /// Waits until the thread that handles events has answered.
    pub fn is_alive(&self) -> bool {
        lock(&self.notify).configure(notify::Config::default()).is_ok()
    }

    fn add(&self, path: &Path) {
        let added = lock(&self.notify).watch(path, RecursiveMode::NonRecursive);
        let Err(e) = added else { return };
        let gone = match &e.kind {
            ErrorKind::PathNotFound => true,
            ErrorKind::Io(e) => matches!(
                e.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::NotADirectory
                    // It is not looked at either, and that is said.
                    | io::ErrorKind::PermissionDenied
            ),
            _ => false,
        };
        if !gone {
            *lock(&self.unwatchable) = Some(unwatchable(&e));
        }
    }
}

impl Watching for Watcher {
    fn directory(&self, path: &[u8]) {
        // Entered first: an event that comes from here on takes it out again.
        if !lock(&self.watched).insert(path.to_vec()) {
            return;
        }
        self.add(&self.root.join(OsStr::from_bytes(path)));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unwatchable(e: &notify::Error) -> Unwatchable {
    let many = |what: &str, sysctl: &str| Unwatchable {
        what: format!("the kernel gives no more {what}"),
        help: format!(
            "raise `{sysctl}` with sysctl(8), for good in a file of /etc/sysctl.d; until then the \
             checkout is looked at in intervals"
        ),
    };
    match &e.kind {
        ErrorKind::MaxFilesWatch => many("inotify watches", "fs.inotify.max_user_watches"),
        ErrorKind::Io(io) if io.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
            many("inotify instances", "fs.inotify.max_user_instances")
        }
        _ => Unwatchable {
            what: format!("watching failed: {}", visible(e.to_string().as_bytes())),
            help: "the checkout is looked at in intervals instead".into(),
        },
    }
}

/// What hears the kernel's events, on a thread of its own.
struct Heard {
    root: PathBuf,
    inbox: Arc<Inbox>,
    watched: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    git: Arc<Mutex<git::Places>>,
}

impl Heard {
    fn event(&self, event: notify::Result<Event>) {
        let event = match event {
            Ok(event) => event,
            Err(e) => {
                tracing::warn!(root = %self.root.display(), error = %e, "watching");
                self.inbox.put(Change::Everything(Reason::Lost));
                return;
            }
        };
        if event.need_rescan() {
            self.inbox.put(Change::Everything(Reason::Overflow));
            return;
        }
        // Everybody's reading, our own before all.
        if matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write))
        {
            return;
        }
        let moved = matches!(
            event.kind,
            EventKind::Create(CreateKind::Folder | CreateKind::Any | CreateKind::Other)
                | EventKind::Remove(_)
                | EventKind::Modify(ModifyKind::Name(_))
                | EventKind::Any
                | EventKind::Other
        );
        for path in &event.paths {
            self.path(path, moved);
        }
    }

    fn path(&self, path: &Path, moved: bool) {
        if let Some(change) = lock(&self.git).change(path, moved) {
            self.inbox.put(change);
            return;
        }
        let Ok(relative) = path.strip_prefix(&self.root) else { return };
        let relative = relative.as_os_str().as_bytes();
        if moved {
            forget(&mut lock(&self.watched), relative);
        }
        self.inbox.put(match relative {
            b"" | b".git" => Change::Everything(Reason::Root),
            _ if relative.starts_with(b".git/") => return,
            _ => Change::At(relative.to_vec()),
        });
    }
}

/// Takes out a directory and those below it.
fn forget(watched: &mut BTreeSet<Vec<u8>>, path: &[u8]) {
    watched.remove(path);
    let mut below = path.to_vec();
    if !below.is_empty() {
        below.push(b'/');
    }
    let gone: Vec<Vec<u8>> =
        watched.range(below.clone()..).take_while(|p| p.starts_with(&below)).cloned().collect();
    for path in gone {
        watched.remove(&path);
    }
}

/// The most watches that the kernel gives a user; `None` where it does not say.
pub fn most_watches() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches").ok()?;
    text.trim().parse().ok()
}

/// How many directories of git's are watched beside those of the work tree.
pub fn git_directories(git_dir: &Path, common: &Path) -> usize {
    git::Places::default().missing(git_dir, common).len()
}

/// Whether changes that other machines make below a path are not told by the kernel.
///
/// # Errors
/// The file system cannot be asked.
pub fn is_remote(path: &Path) -> Result<bool, Failure> {
    Ok(remote(path)?.is_some())
}

/// What the file system is called below a path, if changes that other machines make there are not
/// told by the kernel.
///
/// # Errors
/// The file system cannot be asked.
pub fn remote(path: &Path) -> Result<Option<&'static str>, Failure> {
    // statfs(2).
    const REMOTE: [(u64, &str); 8] = [
        (0x6969, "NFS"),
        (0xfe53_4d42, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0x0102_1997, "9P"),
        (0x5346_414f, "AFS"),
        (0x00c3_6400, "Ceph"),
        (0x6573_5546, "FUSE"),
        (0x7375_7245, "Coda"),
    ];
    let stat = rustix::fs::statfs(path).map_err(|e| {
        let shown = visible(path.as_os_str().as_bytes());
        Failure::new(format!("cannot ask for the file system of {shown}"))
            .caused_by(io::Error::from(e))
    })?;
    let kind = u64::from(stat.f_type.cast_unsigned() as u32);
    Ok(REMOTE.iter().find(|(magic, _)| *magic == kind).map(|(_, name)| *name))
}
