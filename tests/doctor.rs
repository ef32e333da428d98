// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor doctor`, which looks at everything around the service.

mod common;

use std::os::unix::net::UnixListener;
use std::path::Path;

use serde_json::Value;

use common::{Sandbox, chown_all, is_root, set_mode, tag};

/// A sandbox with a configuration for one repository, a store and a socket in it. `more` stands
/// above the tables.
fn sandbox(more: &str) -> Sandbox {
    let s = Sandbox::new();
    // No systemd but that of the test.
    program(&s, "systemctl", "exit 1");
    let path = format!("{}:{}", s.path("bin").display(), std::env::var("PATH").expect("a path"));
    let s = s.with("PATH", path);
    let repo = s.at("git/app");
    repo.git(&["init", "-q", "-b", "main"]);
    repo.write("src/a/x.c", tag("MIT"));
    repo.commit();
    std::fs::create_dir_all(s.path("state")).expect("a directory");
    std::fs::create_dir_all(s.path("run")).expect("a directory");
    configure(&s, more, "");
    s
}

fn configure(s: &Sandbox, above: &str, below: &str) {
    let text = format!(
        "version = 1\nstore = 'state/lictor.db'\n{above}\n[[checkout]]\npath = 'git/*'\n\
         [control]\nsocket = 'run/s'\n{below}\n"
    );
    s.write("lictor.toml", text);
}

/// A program that stands before all others of its name.
fn program(s: &Sandbox, name: &str, script: &str) {
    let path = format!("bin/{name}");
    s.write(&path, format!("#!/bin/sh\n{script}\n"));
    set_mode(&s.path(&path), 0o755);
}

/// What is said about something, as verdict, words and help.
fn about(report: &Value, about: &str) -> Vec<(String, String, String)> {
    let checks = report["checks"].as_array().expect("checks");
    let text = |v: &Value| v.as_str().expect("a text").to_owned();
    let of = checks.iter().filter(|c| c["about"] == about);
    of.map(|c| (text(&c["verdict"]), text(&c["says"]), text(&c["help"]))).collect()
}

const DOCTOR: [&str; 5] = ["doctor", "--config", "lictor.toml", "--format", "json"];

/// The report; its exit code must be that of the worst verdict.
#[track_caller]
fn doctor(s: &Sandbox) -> Value {
    let run = s.lictor(&DOCTOR);
    let report = run.json();
    let worst =
        report["checks"].as_array().expect("checks").iter().map(|c| match c["verdict"].as_str() {
            Some("problem") => 2,
            Some("warning") => 1,
            _ => 0,
        });
    run.expect(worst.max().unwrap_or(0));
    report
}

/// Fails unless one of what is said has this verdict and these words.
#[track_caller]
fn says(report: &Value, what: &str, verdict: &str, words: &[&str]) {
    let all = about(report, what);
    let fits = |(v, says, help): &(String, String, String)| {
        v == verdict && words.iter().all(|w| says.contains(w) || help.contains(w))
    };
    assert!(all.iter().any(fits), "no {verdict} about {what} says {words:?}: {report:#}");
}

#[test]
fn what_is_well_is_said_to_be() {
    let s = sandbox("");
    let _service = UnixListener::bind(s.path("run/s")).expect("a socket");
    let report = doctor(&s);
    says(&report, "configuration", "ok", &["lictor.toml, revision "]);
    says(&report, "policy", "ok", &["built-in default"]);
    let app = s.path("git/app").display().to_string();
    // The root, src and src/a.
    says(&report, "checkout", "ok", &[&app, " on main, 3 directories"]);
    says(&report, "store", "ok", &["lictor.db will be made"]);
    says(&report, "backup", "ok", &["there is no store yet"]);
    says(&report, "control", "ok", &["the service listens at"]);
    says(&report, "systemd", "ok", &["there is no systemd"]);
    assert_eq!((&report["format"], &report["version"]), (&"lictor-doctor".into(), &1.into()));
    let human = s.lictor(&DOCTOR[..3]);
    human.shows(&["ok       configuration", "ok       checkout", "directories to watch"]);
    // Nothing was changed.
    assert!(!s.path("state/lictor.db").exists());
}

#[test]
fn what_is_wrong_in_files_is_found_and_the_rest_is_still_looked_at() {
    let s = sandbox("policy = 'p.toml'");
    says(&doctor(&s), "policy", "problem", &["cannot read the policy"]);
    s.write("p.toml", "version = 1\n[categories]\npermisive = 'allow'\n");
    let report = doctor(&s);
    says(&report, "policy", "problem", &["p.toml is wrong: 1 mistake", "lictor config check"]);
    says(&report, "store", "ok", &[]);
    s.write("lictor.toml", "version = 1\nstor = 1\n");
    let report = doctor(&s);
    says(&report, "configuration", "problem", &["2 mistakes", "lictor config check lictor.toml"]);
    assert_eq!(about(&report, "store"), []);
    s.remove("lictor.toml");
    says(&doctor(&s), "configuration", "problem", &["cannot read the configuration"]);
}

#[test]
fn checkouts_that_cannot_be_watched_are_told_one_by_one() {
    let s = sandbox("");
    configure(
        &s,
        "",
        "[[checkout]]\npath = 'gone'\n[[checkout]]\npath = 'none/*'\n\
         [[checkout]]\npath = 'git/app/src'\n[[checkout]]\npath = 'mirror.git'\nrevisions = ['main', 'v9']\n",
    );
    let app = s.path("git/app").display().to_string();
    s.git(&["clone", "-q", "--bare", &app, "mirror.git"]);
    let report = doctor(&s);
    says(&report, "checkout", "problem", &["cannot look at", "/gone"]);
    says(&report, "checkout", "warning", &["/none/* names no directory now"]);
    says(&report, "checkout", "problem", &["/git/app/src is in the checkout"]);
    says(&report, "checkout", "problem", &["`v9`"]);
    says(&report, "checkout", "ok", &["/mirror.git: ", " on main"]);
    says(&report, "checkout", "ok", &["/git/app: "]);
    // What libgit2 cannot read is walked, and that is said.
    std::fs::write(s.path("git/app/.git/config"), "[core]\n\trepositoryformatversion = 9\n")
        .expect("a configuration of git");
    let notes = about(&doctor(&s), "checkout");
    assert!(
        notes.iter().any(|(v, says, _)| v == "warning" && says.contains("/git/app: ")),
        "{notes:?}"
    );
}

#[test]
fn a_submodule_counts_as_a_checkout_inside() {
    let s = sandbox("");
    let app = s.path("git/app").display().to_string();
    s.at("git/outer").git(&["init", "-q"]);
    s.at("git/outer").git(&["submodule", "-q", "add", &app, "sub"]);
    says(&doctor(&s), "checkout", "ok", &["/git/outer: ", "1 checkout inside"]);
}

#[test]
fn a_user_without_rights_is_told_what_it_may_not_do() {
    if !is_root() {
        return;
    }
    let s = sandbox("").unprivileged();
    set_mode(&s.path("state"), 0o755);
    let report = doctor(&s);
    says(&report, "user", "ok", &["nobody"]);
    says(&report, "store", "problem", &["nobody may not write to", "sudo chown nobody"]);
    says(&report, "control", "problem", &["nobody may not write to", "/run"]);
    set_mode(&s.path("git/app/src/a"), 0o700);
    says(&doctor(&s), "checkout", "problem", &["nobody may not read", "/git/app/src/a"]);
    set_mode(&s.path("git/app"), 0o700);
    let closed = about(&doctor(&s), "checkout");
    let [(verdict, words, _)] = &closed[..] else { panic!("more than one thing: {closed:?}") };
    assert!(verdict == "problem" && words.contains("Permission denied"), "{words}");
    chown_all(&s.path("state"), 65534);
    chown_all(&s.path("git"), 65534);
    let report = doctor(&s);
    says(&report, "checkout", "ok", &["3 directories"]);
    says(&report, "store", "ok", &["will be made"]);
    // A store that somebody else has made.
    s.write("state/lictor.db", "x");
    set_mode(&s.path("state/lictor.db"), 0o644);
    says(&doctor(&s), "store", "problem", &["may not write", "sudo chown nobody: "]);
}

#[test]
fn backups_are_told_by_their_age() {
    let s = sandbox("");
    s.write("state/lictor.db", "x");
    says(&doctor(&s), "backup", "warning", &["there is no backup", "lictor-backup.timer"]);
    s.write("state/backup/lictor-2020-02-02T02-02-02Z.db", "x");
    let old = ["1 backup in", "the newest of 2020-02-02T02:02:02Z", "days ago"];
    says(&doctor(&s), "backup", "warning", &old);
}

#[test]
fn the_socket_is_tried() {
    let s = sandbox("");
    let start = ["does not listen", "sudo systemctl start lictor"];
    says(&doctor(&s), "control", "warning", &start);
    // What a service that was killed left there.
    drop(UnixListener::bind(s.path("run/s")).expect("a socket"));
    says(&doctor(&s), "control", "warning", &start);
}

#[test]
fn the_token_must_be_there_and_a_secret() {
    let s = sandbox("");
    configure(&s, "", "listen = '127.0.0.1:0'\ntoken-file = 'token'");
    says(&doctor(&s), "control", "problem", &["token file", "cannot be read"]);
    s.write("token", "");
    says(&doctor(&s), "control", "problem", &["is empty"]);
    s.write("token", "secret");
    set_mode(&s.path("token"), 0o644);
    says(&doctor(&s), "control", "warning", &["everybody may read", "chmod o-r"]);
    set_mode(&s.path("token"), 0o600);
    says(&doctor(&s), "control", "ok", &["the token for TCP"]);
}

/// A systemd that says this of the service, and that the timer runs.
fn systemd(s: &Sandbox, service: &str) {
    let unit = format!(
        "LoadState=loaded\\nFragmentPath=/usr/lib/systemd/system/lictor.service\\n{service}"
    );
    let timer = "LoadState=loaded\\nActiveState=active\\n";
    let script = format!("case $2 in *.timer) printf '{timer}' ;; *) printf '{unit}' ;; esac");
    program(s, "systemctl", &script);
}

#[test]
fn what_systemd_says_of_the_unit_is_heeded() {
    let s = sandbox("");
    // The sandbox is below /tmp, or where TMPDIR says.
    let below = s.dir.starts_with("/tmp") || s.dir.starts_with("/var/tmp");
    program(&s, "systemctl", "echo LoadState=not-found");
    says(&doctor(&s), "systemd", "warning", &["there is no lictor.service", "make install"]);
    systemd(&s, "User=no-such-user\\nActiveState=inactive\\n");
    let report = doctor(&s);
    says(&report, "user", "problem", &["no-such-user", "systemd-sysusers"]);
    says(&report, "systemd", "warning", &["is inactive", "sudo systemctl enable --now lictor"]);
    let strict = "ActiveState=failed\\nResult=exit-code\\nProtectSystem=strict\\nPrivateTmp=yes\\n\
                  StateDirectory=lictor\\nPrivateNetwork=yes\\nLimitNOFILE=256\\nNeedDaemonReload=yes\\n";
    systemd(&s, strict);
    configure(&s, "", "listen = '127.0.0.1:7280'\ntoken-file = 'token'");
    s.write("token", "secret");
    let report = doctor(&s);
    says(&report, "systemd", "problem", &["has failed: exit-code", "journalctl -u lictor"]);
    says(&report, "systemd", "warning", &["sudo systemctl daemon-reload"]);
    says(&report, "systemd", "ok", &["lictor-backup.timer makes backups"]);
    says(&report, "store", "problem", &["does not let the service write", "ReadWritePaths="]);
    says(&report, "control", "problem", &["has no network", "ListenStream=127.0.0.1:7280"]);
    says(&report, "limits", "warning", &["256 files open", "LimitNOFILE=1024"]);
    if below {
        says(&report, "checkout", "problem", &["is hidden", "PrivateTmp=no"]);
    }
    let running =
        "ActiveState=active\\nStatusText=1 checkout\\nNRestarts=2\\nUnitFileState=disabled\\n";
    systemd(&s, running);
    let report = doctor(&s);
    says(&report, "systemd", "ok", &["lictor.service is active: 1 checkout"]);
    says(&report, "systemd", "warning", &["not started at boot"]);
    says(&report, "systemd", "warning", &["started again 2 times"]);
}

#[test]
fn rights_are_judged_for_the_user_of_the_unit() {
    if !is_root() {
        return;
    }
    let s = sandbox("");
    set_mode(s.dir.parent().expect("a directory above"), 0o755);
    let user = "User=nobody\\nActiveState=active\\n";
    systemd(&s, user);
    set_mode(&s.path("git/app/src/a"), 0o700);
    let report = doctor(&s);
    says(&report, "user", "ok", &["the service runs as nobody"]);
    says(&report, "store", "problem", &["nobody may not write to"]);
    says(&report, "checkout", "problem", &["nobody may not read", "/git/app/src/a"]);
    systemd(&s, &format!("{user}AmbientCapabilities=cap_dac_read_search\\n"));
    let report = doctor(&s);
    says(&report, "user", "ok", &["may read every file"]);
    let checkouts = about(&report, "checkout");
    assert!(checkouts.iter().all(|(verdict, ..)| verdict != "problem"), "{checkouts:?}");
    // Somebody else asks, who does not see what the service sees.
    let other = s.unprivileged();
    systemd(&s, "User=daemon\\nActiveState=active\\nAmbientCapabilities=cap_dac_read_search\\n");
    let report = doctor(&other);
    says(&report, "user", "warning", &["nobody does not see all", "sudo lictor doctor"]);
    assert!(!report.to_string().contains("may not read"), "{report:#}");
    assert!(Path::new(&s.path("git/app/src/a")).exists());
}
