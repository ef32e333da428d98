// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The keys of `lictor.toml`, as [`crate::shape`] wants them.

use std::time::Duration;

use crate::shape::{Key, Shape};

const TEXT: Shape = Shape::Text;
const DAY: u64 = 24 * 60 * 60;

const fn seconds(least: u64, most: u64) -> Shape {
    Shape::Duration(Duration::from_secs(least), Duration::from_secs(most))
}

/// The keys of the file.
pub const CONFIG: &[Key] = &[
    Key::new("version", Shape::Number(1, 1), "The version of the format.", "version = 1")
        .required(),
    Key::new(
        "policy",
        TEXT,
        "The policy file by which is judged. If left out, the built-in default.",
        "policy = 'policy.toml'",
    ),
    Key::new(
        "license-db",
        TEXT,
        "A directory of rules and licenses that is laid over the built-in license database.",
        "license-db = 'licenses'",
    ),
    Key::new(
        "store",
        TEXT,
        "The file in which is remembered what was found. If left out, `lictor.db` in the state directory that systemd gives the service, or `/var/lib/lictor/lictor.db`.",
        "store = '/var/lib/lictor/lictor.db'",
    ),
    Key::new(
        "checkout",
        Shape::Tables(CHECKOUT),
        "Checkouts that are watched; at least one. A directory that several tables name belongs to the first of them.",
        "[[checkout]]",
    )
    .required(),
    Key::new(
        "watch",
        Shape::Table(WATCH),
        "How changes are noticed.",
        "watch.mode = 'poll'",
    ),
    Key::new("scan", Shape::Table(SCAN), "How much is read, and at what cost to others.", "scan.threads = 2"),
    Key::new(
        "control",
        Shape::Table(CONTROL),
        "Where the service can be asked and told.",
        "control.socket = '/run/lictor/control.sock'",
    ),
    Key::new("backup", Shape::Table(BACKUP), "Backups of the store.", "backup.keep = 7"),
    Key::new(
        "retention",
        Shape::Table(RETENTION),
        "How long is remembered what is no more. Violations and their history are never forgotten.",
        "retention.contents = '90d'",
    ),
];

const CHECKOUT: &[Key] = &[
    Key::new(
        "path",
        TEXT,
        "A directory, or a glob of directories: `*`, `?`, `[ab]` and `{a,b}` stand for a part of one name. A name that begins with a dot must be asked for with a dot. To mean one of these characters itself, put it in brackets: `[[]`.",
        "path = '/srv/git/*'",
    )
    .required(),
    Key::new(
        "revisions",
        Shape::Some(&TEXT),
        "Branches and tags that are judged from git's objects, in a bare mirror for example. If left out, the work tree, or `HEAD` of a bare repository.",
        "revisions = ['main', 'release-1.0']",
    ),
    Key::new(
        "no-untracked",
        Shape::Flag,
        "Whether files that git does not track are left out.",
        "no-untracked = true",
    ),
    Key::new(
        "include-ignored",
        Shape::Flag,
        "Whether what git's ignore rules leave out is looked at as well.",
        "include-ignored = true",
    ),
];

const WATCH: &[Key] = &[
    Key::new(
        "mode",
        Shape::Word("mode", &["auto", "poll"]),
        "`auto`: the kernel says what changes, and where it cannot, lictor looks for itself. `poll`: lictor always looks for itself, every `poll`. If left out, `auto`.",
        "mode = 'auto'",
    ),
    Key::new(
        "settle",
        Shape::Duration(Duration::from_millis(1), Duration::from_secs(60)),
        "How long nothing must have changed before what changed is looked at. If left out, `100ms`.",
        "settle = '100ms'",
    ),
    Key::new(
        "max-delay",
        Shape::Duration(Duration::from_millis(1), Duration::from_secs(3600)),
        "How long is waited at most while something always changes; not less than `settle`. If left out, `5s`.",
        "max-delay = '5s'",
    ),
    Key::new(
        "reconcile",
        seconds(60, 30 * DAY),
        "How often a checkout is compared with what is known of it although no change was noticed. Changes that another host makes on a network file system are only found so. If left out, `6h`.",
        "reconcile = '6h'",
    ),
    Key::new(
        "poll",
        seconds(1, DAY),
        "How often is looked for changes where the kernel does not tell of them. If left out, `1m`.",
        "poll = '1m'",
    ),
];

const SCAN: &[Key] = &[
    Key::new(
        "threads",
        Shape::Number(1, 256),
        "How many threads work. If left out, one for each processor.",
        "threads = 2",
    ),
    Key::new(
        "max-file-size",
        Shape::Size,
        "Files larger than this are not read; k, M and G are powers of 1024. If left out, `32M`.",
        "max-file-size = '32M'",
    ),
    Key::new(
        "nice",
        Shape::Number(0, 19),
        "How far scans step back for other programs on the processors: 0 not at all, 19 as far as can be. If left out, 10.",
        "nice = 10",
    ),
    Key::new(
        "io",
        Shape::Word("class of I/O", &["idle", "best-effort"]),
        "How scans read disks: `idle` when nobody else does, `best-effort` like everybody. If left out, `idle`.",
        "io = 'idle'",
    ),
];

const CONTROL: &[Key] = &[
    Key::new(
        "socket",
        TEXT,
        "The unix socket. If left out, `control.sock` in the runtime directory that systemd gives the service, or `/run/lictor/control.sock`.",
        "socket = '/run/lictor/control.sock'",
    ),
    Key::new(
        "mode",
        TEXT,
        "Who may connect, as the mode of the socket in octal. If left out, `0660`: its user and its group.",
        "mode = '0660'",
    ),
    Key::new(
        "listen",
        TEXT,
        "An address of this host itself, and a port, on which the same is served over TCP to those who have the token. If left out, there is none.",
        "listen = '127.0.0.1:7280'",
    ),
    Key::new(
        "token-file",
        TEXT,
        "The file with the token that must be shown at `listen`; `credential:NAME` is the one that systemd hands to the service by that name. Required with `listen`.",
        "token-file = 'credential:control-token'",
    ),
];

const BACKUP: &[Key] = &[
    Key::new(
        "directory",
        TEXT,
        "The directory of the backups. If left out, `backup` beside the store.",
        "directory = '/var/lib/lictor/backup'",
    ),
    Key::new(
        "keep",
        Shape::Number(1, 1000),
        "How many are kept, the newest. If left out, 7.",
        "keep = 7",
    ),
];

const RETENTION: &[Key] = &[Key::new(
    "contents",
    seconds(DAY, 36_500 * DAY),
    "Contents that no file has had for this long are forgotten; where one comes back it is read again. If left out, `90d`.",
    "contents = '90d'",
)];
