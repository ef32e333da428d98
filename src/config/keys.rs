// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The keys of `lictor.toml`, as [`crate::shape`] wants them.

use std::time::Duration;

use super::webhooks::FormatKind;
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
    Key::new(
        "webhook",
        Shape::Tables(WEBHOOK),
        "Who is told what happens. docs/webhooks.md describes what arrives there.",
        "[[webhook]]",
    ),
    Key::new(
        "link",
        TEXT,
        "Where people find a violation, for what is told of it; `{violation}` stands for its number. If left out, there is no link.",
        "link = 'https://ospo.example.com/violations/{violation}'",
    ),
    Key::new(
        "waiver-leads",
        Shape::Some(&Shape::Number(1, 365)),
        "How many days before its end a waiver is told to be ending; each is told once. If left out, `[30, 7, 1]`.",
        "waiver-leads = [30, 7, 1]",
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

const RETENTION: &[Key] = &[
    Key::new(
        "contents",
        seconds(DAY, 36_500 * DAY),
        "Contents that no file has had for this long are forgotten; where one comes back it is read again. If left out, `90d`.",
        "contents = '90d'",
    ),
    Key::new(
        "deliveries",
        seconds(DAY, 36_500 * DAY),
        "How long a message to a webhook is kept that was delivered or given up; until then it can be replayed. If left out, `30d`.",
        "deliveries = '30d'",
    ),
];

/// How a body can be written, by the words of the file.
pub(super) const FORMATS: [(&str, FormatKind); 6] = [
    ("standard", FormatKind::Standard),
    ("cloudevents", FormatKind::CloudEvents),
    ("slack", FormatKind::Slack),
    ("mattermost", FormatKind::Mattermost),
    ("teams", FormatKind::Teams),
    ("template", FormatKind::Template),
];

const SOME_TEXT: Shape = Shape::Some(&TEXT);

const WEBHOOK: &[Key] = &[
    Key::new(
        "name",
        TEXT,
        "What it is called: by this is remembered what it was told.",
        "name = 'ospo'",
    )
    .required(),
    Key::new(
        "url",
        TEXT,
        "Where is posted to. `https`, without a user name or password. Required, or `url-file`.",
        "url = 'https://hooks.example.com/lictor'",
    ),
    Key::new(
        "url-file",
        TEXT,
        "The file with the address, where that is a secret itself, as those of chats are; `credential:NAME` is the one that systemd hands to the service by that name.",
        "url-file = 'credential:slack-url'",
    ),
    Key::new(
        "plain-http",
        Shape::Flag,
        "Whether an address with `http` will do, on a network of one's own.",
        "plain-http = true",
    ),
    Key::new(
        "format",
        Shape::Word(
            "format",
            &["standard", "cloudevents", "slack", "mattermost", "teams", "template"],
        ),
        "How the body is written. If left out, `standard`: Standard Webhooks 1.0.0.",
        "format = 'slack'",
    ),
    Key::new(
        "template",
        TEXT,
        "The file of the template, with `format = 'template'`.",
        "template = 'ticket.json.j2'",
    ),
    Key::new(
        "secrets",
        SOME_TEXT,
        "Where the secrets are by which is signed: files with one a line, the newest first, `credential:NAME`, or `env:NAME` for a variable. All of them sign, so that one can be exchanged for another. Required where the format is `standard` or `cloudevents`.",
        "secrets = 'credential:ospo-webhook'",
    ),
    Key::new(
        "events",
        Shape::Some(&Shape::Word(
            "event",
            &[
                "violation.*",
                "violation.opened",
                "violation.changed",
                "violation.reopened",
                "violation.waived",
                "violation.resolved",
                "waiver.*",
                "waiver.expiring",
                "waiver.lapsed",
                "license.changed",
                "scan.failed",
                "checkout.*",
                "checkout.unreachable",
                "checkout.recovered",
                "policy.changed",
                "webhook.*",
                "webhook.suspended",
                "webhook.resumed",
            ],
        )),
        "What is told. If left out, everything but `license.changed`.",
        "events = ['violation.*', 'waiver.*']",
    ),
    Key::new(
        "severity",
        Shape::Word("severity", &["info", "low", "medium", "high", "critical"]),
        "The least severity of a violation that is told. If left out, every one.",
        "severity = 'high'",
    ),
    Key::new(
        "checkouts",
        SOME_TEXT,
        "Globs of the checkouts of which is told. If left out, all.",
        "checkouts = '/srv/git/products/**'",
    ),
    Key::new(
        "contexts",
        SOME_TEXT,
        "The contexts of which is told, by the names that the policy gives them. If left out, all.",
        "contexts = ['shipped']",
    ),
    Key::new(
        "licenses",
        SOME_TEXT,
        "The licenses of which is told, by their SPDX ids. If left out, all.",
        "licenses = ['AGPL-3.0-only', 'AGPL-3.0-or-later']",
    ),
    Key::new(
        "owners",
        SOME_TEXT,
        "The owners of files of which is told, as CODEOWNERS names them. If left out, all.",
        "owners = ['@acme/payments']",
    ),
    Key::new(
        "group",
        Shape::Flag,
        "Whether the violations of one rule in one component, that happen at once, are one message. If left out, `true`.",
        "group = false",
    ),
    Key::new(
        "first-scan",
        Shape::Word("kind of first scan", &["summary", "everything", "nothing"]),
        "What is told of a checkout that was never scanned before. If left out, `summary`: one message that counts.",
        "first-scan = 'summary'",
    ),
    Key::new(
        "digest",
        TEXT,
        "When all that happened is told in one message: `hourly`, `daily 09:00`, `weekly monday 09:00`. If left out, it is told when it happens.",
        "digest = 'daily 09:00'",
    ),
    Key::new(
        "quiet",
        TEXT,
        "Hours in which nothing is told; at their end it is, in one message if it is much.",
        "quiet = '22:00-07:00'",
    ),
    Key::new(
        "time-zone",
        TEXT,
        "In which times of day are meant. If left out, `UTC`.",
        "time-zone = 'Europe/Berlin'",
    ),
    Key::new(
        "rate",
        TEXT,
        "How many messages there are at most in a time; what would be more is told in one. If left out, there is no limit.",
        "rate = '60/1h'",
    ),
    Key::new(
        "retry",
        Shape::Some(&Shape::Duration(Duration::from_millis(10), Duration::from_secs(7 * DAY))),
        "How long is waited before each further attempt, give or take a fifth; after the last a message is given up and kept. If left out, the schedule of Standard Webhooks: `['5s', '5m', '30m', '2h', '5h', '10h', '14h', '20h', '1d']`.",
        "retry = ['5s', '1m', '10m', '1h']",
    ),
    Key::new(
        "timeout",
        Shape::Duration(Duration::from_millis(100), Duration::from_secs(30)),
        "How long an attempt may take in all. If left out, `20s`.",
        "timeout = '20s'",
    ),
    Key::new(
        "connect-timeout",
        Shape::Duration(Duration::from_millis(100), Duration::from_secs(15)),
        "How long it may take until there is a connection. If left out, `5s`.",
        "connect-timeout = '5s'",
    ),
    Key::new(
        "suspend-after",
        Shape::Duration(Duration::from_secs(1), Duration::from_secs(30 * DAY)),
        "After how long without success it is suspended: it is then tried once an hour, and what happens meanwhile is told when it is back. If left out, `1d`.",
        "suspend-after = '1d'",
    ),
    Key::new(
        "ca",
        TEXT,
        "A file with the certificates, in PEM, by which the receiver is known, instead of those of the system.",
        "ca = '/etc/lictor/ca.pem'",
    ),
    Key::new(
        "certificate",
        TEXT,
        "A file with the certificate, in PEM, by which lictor shows who it is; with `key`.",
        "certificate = '/etc/lictor/client.pem'",
    ),
    Key::new(
        "key",
        TEXT,
        "The file with the key of `certificate`, in PEM.",
        "key = '/etc/lictor/client.key'",
    ),
    Key::new(
        "proxy",
        TEXT,
        "The proxy through which is sent: `http://HOST:PORT`, `https`, `socks5`, or `socks5h`, which looks the name up itself as the first two do. The environment names none.",
        "proxy = 'http://proxy.example.com:3128'",
    ),
    Key::new(
        "proxy-file",
        TEXT,
        "The file with the address of the proxy, where a password is in it; or `credential:NAME`.",
        "proxy-file = 'credential:proxy'",
    ),
    Key::new(
        "allow",
        SOME_TEXT,
        "Networks to which may be sent though they are not public. If left out, none: an address of this host, of a private network or of the cloud's own services is refused, also if a name leads there.",
        "allow = ['10.20.0.0/16']",
    ),
];
