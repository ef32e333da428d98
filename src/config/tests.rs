// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

use std::os::unix::fs::symlink;

use super::*;

/// Reads a text as if it were a file of `/etc/lictor`.
fn read_in(text: &str, given: &Given) -> Result<Config, Mistakes> {
    read("lictor.toml", text, Path::new("/etc/lictor/lictor.toml"), given)
}

fn config(text: &str) -> Config {
    read_in(text, &Given::default()).unwrap_or_else(|m| panic!("{}", m.render(false)))
}

/// What is said of a text, and that it is said once.
#[track_caller]
fn wrong(text: &str, says: &[&str]) {
    let mistakes = read_in(text, &Given::default()).expect_err(text);
    let shown = mistakes.render(false);
    assert_eq!(mistakes.list.len(), 1, "{shown}");
    for part in says {
        assert!(shown.contains(part), "`{part}` is not said: {shown}");
    }
}

const ONE: &str = "version = 1\n[[checkout]]\npath = '/srv/a'\n";

#[test]
fn what_is_left_out_has_its_usual_value() {
    let c = config(ONE);
    assert_eq!(c.origin, Path::new("/etc/lictor/lictor.toml"));
    assert_eq!(c.digest.len(), 12);
    assert_eq!((c.policy.as_deref(), c.license_db.as_deref()), (None, None));
    assert_eq!(c.store, Path::new("/var/lib/lictor/lictor.db"));
    assert_eq!(c.backups(), Path::new("/var/lib/lictor/backup"));
    assert_eq!(c.watch, Watch::default());
    assert_eq!(c.scan, Scan::default());
    assert_eq!(c.scan.max_file_size, 32 << 20);
    assert_eq!(c.control.socket, Path::new("/run/lictor/control.sock"));
    assert_eq!((c.control.mode, c.control.listen), (0o660, None));
    assert_eq!(c.backup.keep, 7);
    assert_eq!(c.retention.contents, Duration::from_secs(90 * 86_400));
    let path = "/srv/a".to_owned();
    let entry = Entry { path, revisions: vec![], no_untracked: false, include_ignored: false };
    assert_eq!(c.checkouts, [entry]);
}

const ALL: &str = "
version = 1
policy = 'policy.toml'
license-db = '../licenses/'
store = 'state/l.db'

[[checkout]]
path = '/srv/*//work/'
no-untracked = true

[[checkout]]
path = 'mirror.git'
revisions = ['main', 'release/1.0']

[watch]
mode = 'poll'
settle = '250ms'
max-delay = '10s'
reconcile = '12h'
poll = '90s'

[scan]
threads = 3
max-file-size = '1M'
nice = 0
io = 'best-effort'

[control]
socket = '/tmp/x.sock'
mode = '0600'
listen = '[::1]:7280'
token-file = 'credential:token'

[backup]
directory = '/backup'
keep = 3

[retention]
contents = '30d'
";

#[test]
fn what_is_said_holds_and_paths_begin_beside_the_file() {
    let c = config(ALL);
    assert_eq!(c.policy.as_deref(), Some(Path::new("/etc/lictor/policy.toml")));
    assert_eq!(c.license_db.as_deref(), Some(Path::new("/etc/lictor/../licenses")));
    assert_eq!(c.store, Path::new("/etc/lictor/state/l.db"));
    assert_eq!(c.checkouts[0].path, "/srv/*/work");
    assert!(c.checkouts[0].no_untracked && !c.checkouts[0].include_ignored);
    assert_eq!(c.checkouts[1].path, "/etc/lictor/mirror.git");
    assert_eq!(c.checkouts[1].revisions, ["main", "release/1.0"]);
    assert_eq!((c.watch.mode, c.watch.settle), (Mode::Poll, Duration::from_millis(250)));
    assert_eq!((c.watch.poll, c.watch.max_delay.as_secs()), (Duration::from_secs(90), 10));
    assert_eq!((c.scan.threads, c.scan.nice, c.scan.io), (Some(3), 0, Io::BestEffort));
    assert_eq!((c.scan.max_file_size, c.control.mode), (1 << 20, 0o600));
    assert_eq!(c.control.listen, Some("[::1]:7280".parse().unwrap()));
    let token = "/run/credentials/lictor.service/token";
    assert_eq!(c.control.token_file.as_deref(), Some(Path::new(token)));
    assert_eq!((c.backups(), c.backup.keep), (PathBuf::from("/backup"), 3));
    assert_eq!(c.retention.contents, Duration::from_secs(30 * 86_400));
}

#[test]
fn what_is_shown_is_read_as_the_same() {
    for text in [ONE, ALL] {
        let config = config(text);
        let shown = config.to_toml();
        let mut again = read_in(&shown, &Given::default()).expect(&shown);
        assert_eq!(again.to_toml(), shown);
        assert_eq!(again.backups(), config.backups());
        again.backup = config.backup.clone();
        again.digest = config.digest.clone();
        assert_eq!(again, config);
    }
}

#[test]
fn systemd_says_where_things_are() {
    let given = Given::by(|name| match name {
        "STATE_DIRECTORY" => Some("/var/lib/a:/var/lib/b".into()),
        "RUNTIME_DIRECTORY" => Some("/run/a".into()),
        "CREDENTIALS_DIRECTORY" => Some("/run/credentials/a".into()),
        _ => None,
    });
    let text = format!("{ONE}[control]\ntoken-file = 'credential:t'\n");
    let c = read_in(&text, &given).unwrap();
    assert_eq!(c.store, Path::new("/var/lib/a/lictor.db"));
    assert_eq!(c.backups(), Path::new("/var/lib/a/backup"));
    assert_eq!(c.control.socket, Path::new("/run/a/control.sock"));
    assert_eq!(c.control.token_file, Some("/run/credentials/a/t".into()));
    assert_eq!(Given::by(|_| Some("relative".into())), Given::default());
    assert_eq!(Given::by(|_| Some("".into())), Given::default());
}

#[test]
fn every_mistake_is_told_with_its_line_and_a_way_out() {
    let with = |more: &str| format!("{ONE}{more}\n");
    for (more, says) in [
        ("[wacht]", &["lictor.toml:4:2", "unknown key `wacht`", "did you mean `watch`?"][..]),
        ("[watch]\nmode = 'polling'", &["5:8", "unknown mode `polling`", "`poll`"]),
        ("[watch]\nsettle = 100", &["`settle` must be a span of time, not integer", "\"100ms\""]),
        ("[watch]\nsettle = '100'", &["`settle` is no span of time", "\"5s\""]),
        ("[watch]\nsettle = '2m'", &["`settle` must be between 1ms and 1m"]),
        ("[watch]\nsettle = '20s'\nmax-delay = '10s'", &["6:13", "less than `settle`, 20s"]),
        ("[scan]\nmax-file-size = '9G'", &["`max-file-size` is no size", "less than 4G"]),
        ("[scan]\nnice = -5", &["`nice` must be between 0 and 19"]),
        ("[scan]\nio = 'realtime'", &["unknown class of I/O", "idle, best-effort"]),
        ("[control]\nmode = '0060'", &["`0060` is no mode", "\"0660\""]),
        ("[control]\nmode = 'rw-rw----'", &["`rw-rw----` is no mode"]),
        ("[control]\nlisten = '127.0.0.1:1'", &["`listen` needs a `token-file`"]),
        (
            "[control]\ntoken-file = 't'\nlisten = '0.0.0.0:1'",
            &["6:10", "not an address of this host"],
        ),
        ("[control]\ntoken-file = 't'\nlisten = 'localhost:1'", &["no address with a port"]),
        ("[control]\ntoken-file = 'credential:a/b'", &["`a/b` is no name", "LoadCredential="]),
        ("[backup]\nkeep = 0", &["`keep` must be between 1 and 1000"]),
        ("[retention]\ncontents = '1h'", &["`contents` must be between 1d and"]),
        ("[[checkout]]\npath = ''", &["5:8", "`path` is empty"]),
        ("[[checkout]]\npath = '~/git'", &["`~` is not made a home directory"]),
        ("[[checkout]]\npath = \"/a\\u0000b\"", &["holds a NUL"]),
        ("[[checkout]]\npath = '/srv/**/x'", &["`**` has no place", "for each directory"]),
        ("[[checkout]]\npath = '/srv/[x'", &["`[x` is no glob", "`[[]`"]),
        ("[[checkout]]\npath = '/srv/{a,b/c}'", &["is no glob"]),
        ("[[checkout]]\npath = '/srv/./a/'", &["`/srv/./a/` is named twice"]),
        ("[[checkout]]\nrevisions = 'main'", &["`path` is missing", "path = '/srv/git/*'"]),
        ("[[checkout]]\npath = '/b'\nrevisions = 'v*'", &["6:13", "no name of a branch or tag"]),
        ("[[checkout]]\npath = '/b'\nrevisions = []", &["`revisions` names nothing"]),
        ("[[checkout]]\npath = '/b'\nrevisions = 'main'\nno-untracked = true", &["no meaning"]),
        (
            "[[checkout]]\npath = '/b'\ninclude-ignored = true\nno-untracked = true",
            &["exclude each other"],
        ),
    ] {
        wrong(&with(more), says);
    }
    wrong("version = 1\n", &["there is no checkout to watch", "[[checkout]]"]);
    wrong("version = 1\ncheckout = []\n", &["2:12", "there is no checkout to watch"]);
    wrong("version = 1\ncheckout = 'a'\n", &["`checkout` must be a list of tables"]);
    let other = read_in(&ONE.replace('1', "2"), &Given::default()).unwrap_err().render(false);
    assert!(other.contains("this lictor reads version 1"), "{other}");
    wrong(&with(&format!("[control]\nsocket = '/{}'", "x".repeat(107))), &["longer than 107"]);
}

#[test]
fn one_mistake_does_not_hide_another() {
    let text = "version = 1\nstor = 'x'\n[[checkout]]\n[watch]\nsettle = 1\npoll = '0s'\n";
    let mistakes = read_in(text, &Given::default()).unwrap_err();
    assert_eq!(mistakes.list.len(), 4, "{}", mistakes.render(false));
    let text = format!("{ONE}[scan]\nnice = 99\n[watch\nsettle = '1s'\n");
    let broken = read_in(&text, &Given::default());
    let shown = broken.unwrap_err().render(false);
    assert!(shown.contains("not TOML") && shown.contains("`nice`"), "{shown}");
}

#[test]
fn branches_and_tags_are_called_as_git_lets_them() {
    for good in ["main", "release/1.0", "v1", "grün", "HEAD", "a@b", "x.y"] {
        assert!(is_ref_name(good), "{good}");
    }
    for bad in [
        "", "@", "a b", "a~1", "a^", "a:b", "a..b", "-a", "/a", "a/", "a//b", ".a", "a/.b",
        "a.lock", "a.lock/b", "a.", "a@{1}", "a\\b", "a\x01",
    ] {
        assert!(!is_ref_name(bad), "{bad}");
    }
}

#[test]
fn globs_name_the_directories_that_there_are_now() {
    let temp = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(temp.path()).unwrap();
    for dir in ["etc[1]", "git/b", "git/a", "git/.hidden", "git/{x}", "other/a/deep"] {
        std::fs::create_dir_all(root.join(dir)).unwrap();
    }
    std::fs::write(root.join("git/file"), "").unwrap();
    symlink(root.join("git/b"), root.join("git/0-link-to-b")).unwrap();
    symlink(root.join("other"), root.join("git/link-to-other")).unwrap();
    symlink(root.join("nothing"), root.join("git/dangling")).unwrap();
    let directories = |paths: &[&str]| -> Vec<(String, usize)> {
        let tables: String =
            paths.iter().map(|p| format!("[[checkout]]\npath = '{p}'\n")).collect();
        let text = format!("version = 1\n{tables}");
        let origin = root.join("etc[1]/lictor.toml");
        let config = read("l", &text, &origin, &Given::default()).unwrap();
        let number = |entry: &Entry| config.checkouts.iter().position(|e| e == entry).unwrap();
        let short = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        config.directories().iter().map(|(path, entry)| (short(path), number(entry))).collect()
    };
    let named = |list: &[(&str, usize)]| -> Vec<(String, usize)> {
        list.iter().map(|(path, n)| ((*path).to_owned(), *n)).collect()
    };
    let all = root.join("git/*").to_str().unwrap().to_owned();
    // Neither what is hidden, a file, nor a second name of the same directory.
    let usual = [("git/a", 0), ("git/b", 0), ("git/link-to-other", 0), ("git/{x}", 0)];
    assert_eq!(directories(&[&all]), named(&usual));
    assert_eq!(directories(&["../git/.*"]), named(&[("etc[1]/../git/.hidden", 0)]));
    assert_eq!(
        directories(&["../git/a", "../git/[ab]", "../git/{b,c}"]),
        named(&[("etc[1]/../git/a", 0), ("etc[1]/../git/b", 1)])
    );
    assert_eq!(directories(&["../*/a/*"]), named(&[("etc[1]/../other/a/deep", 0)]));
    // A path by itself is given though nothing is there; a glob is not.
    assert_eq!(directories(&["gone", "gone/*"]), named(&[("etc[1]/gone", 0)]));
    assert_eq!(directories(&["../git/[{]x[}]"]), named(&[("etc[1]/../git/{x}", 0)]));
    // What appears is named the next time.
    std::fs::create_dir(root.join("git/new")).unwrap();
    assert_eq!(directories(&[&all]).len(), 5);
}

/// A configuration with a webhook that has these keys beside a name.
fn hook(keys: &str) -> String {
    format!("{ONE}[[webhook]]\nname = 'w'\n{keys}\n")
}

#[test]
fn what_is_wrong_with_a_webhook_is_told() {
    let right = "url = 'https://hooks.example.com/a'\nsecrets = 'env:S'\n";
    assert_eq!(config(&hook(right)).webhooks.len(), 1);
    let with = |more: &str| hook(&format!("{right}{more}"));
    for (text, says) in [
        (hook("secrets = 'env:S'"), &["`url` is missing", "url-file"][..]),
        (hook("url = 'http://a.example/'\nsecrets = 'env:S'"), &["everybody", "plain-http"]),
        (hook("url = 'https://me:pass@a.example/'\nsecrets = 'env:S'"), &["a password"]),
        (hook("url = 'ftp://a.example/'\nsecrets = 'env:S'"), &["no address"]),
        (hook("url = 'https://a.example/'"), &["`secrets` is missing", "secret new"]),
        (with("url-file = 'u'"), &["exclude each other"]),
        (with("format = 'template'"), &["belong together"]),
        (with("template = 't.j2'"), &["belong together"]),
        (with("certificate = 'c.pem'"), &["`certificate` and `key` belong together"]),
        (with("digest = 'daily 9:00'"), &["`daily 9:00`", "daily 09:00"]),
        (with("digest = 'weekly funday 09:00'"), &["weekly monday 09:00"]),
        (with("quiet = '22:00'"), &["22:00-07:00"]),
        (with("quiet = '07:00-07:00'"), &["22:00-07:00"]),
        (with("rate = '0/1h'"), &["60/1h"]),
        (with("rate = '5/2d'"), &["60/1h"]),
        (with("time-zone = 'Europe/Atlantis'"), &["IANA"]),
        (with("allow = '10.0.0.0/33'"), &["no network"]),
        (with("proxy = 'proxy.example'"), &["no address of a proxy"]),
        (with("checkouts = '/srv/{a'"), &["no glob"]),
        (with("events = 'violation.found'"), &["unknown event"]),
        (with("timeout = '2m'"), &["between 100ms and 30s"]),
        (with(&format!("[[webhook]]\nname = 'w'\n{right}")), &["two webhooks"]),
    ] {
        wrong(&text, says);
    }
    wrong(&hook(&right.replace("env:S", "whsec_c2VjcmV0")), &["a secret stands in"]);
}

#[test]
fn a_webhook_is_shown_as_it_is_read() {
    let text = hook(
        "url-file = 'credential:chat'\nformat = 'slack'\nevents = ['waiver.*', 'scan.failed']\n\
         severity = 'high'\nowners = '@a/b'\ngroup = false\nfirst-scan = 'nothing'\n\
         digest = 'weekly friday 16:30'\nquiet = '22:00-07:00'\ntime-zone = 'Europe/Berlin'\n\
         rate = '20/1h'\nretry = ['5s', '1m']\ntimeout = '9s'\nsuspend-after = '2d'\n\
         ca = 'ca.pem'\ncertificate = 'c.pem'\nkey = 'c.key'\nproxy = 'http://p.example:3128'\n\
         allow = ['10.0.0.0/8', 'fd00::/8']",
    );
    let first = config(&text);
    let again = config(&first.to_toml());
    assert_eq!(again.webhooks, first.webhooks);
    let w = &first.webhooks[0];
    let events: Vec<&str> = w.wants.events.iter().map(|e| e.as_str()).collect();
    assert_eq!(events, ["waiver.expiring", "waiver.lapsed", "scan.failed"]);
    assert_eq!(w.url, Url::File("/run/credentials/lictor-deliver.service/chat".into()));
}
