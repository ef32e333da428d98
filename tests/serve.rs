// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The service as a process: with a socket where systemd listens, real events and real signals.

mod common;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Child;

use common::known::{found_afresh, found_now};
use common::service::{LONG, Service, config, configure, damage};
use common::{Sandbox, tag, text};
use crossbeam_channel::{Receiver, unbounded};
use serde_json::Value;

/// `lictor events --follow`, read line by line.
struct Followed {
    child: Child,
    lines: Receiver<String>,
}

impl Followed {
    fn start(service: &Service) -> Followed {
        let args = ["events", "--follow", "--after", "0", "--format", "jsonl"];
        let mut child = service.s.start(&args);
        let out = child.stdout.take().expect("a pipe");
        let (sender, lines) = unbounded();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Followed { child, lines }
    }

    /// Waits for an event of this kind about this path.
    #[track_caller]
    fn wait_for(&self, kind: &str, path: &str, service: &Service) -> Value {
        loop {
            let line = self.lines.recv_timeout(LONG);
            let line = line.unwrap_or_else(|e| {
                let log = service.log();
                assert!(log.is_empty(), "no {kind} of {path}: {e}\n{log}");
                String::new()
            });
            let event: Value = serde_json::from_str(&line).expect("JSON");
            if event["kind"] == kind && event["path"] == path {
                return event;
            }
        }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_is_saved_is_judged_and_told() {
    let s = Sandbox::repo();
    s.write("a.c", tag("MIT"));
    s.commit();
    configure(&s, &["."], "");
    let service = Service::start(&s);
    let events = Followed::start(&service);
    s.write("lib/deep/x.c", tag("AGPL-3.0-only"));
    events.wait_for("violation.opened", "lib/deep/x.c", &service);
    // The directory is watched by now.
    s.write("lib/deep/y.c", tag("AGPL-3.0-only"));
    events.wait_for("violation.opened", "lib/deep/y.c", &service);
    std::fs::rename(s.path("lib"), s.path("src")).expect("moving a directory");
    events.wait_for("violation.moved", "src/deep/x.c", &service);
    s.write("src/deep/y.c", tag("MIT"));
    events.wait_for("violation.resolved", "src/deep/y.c", &service);
    s.remove("src/deep/x.c");
    events.wait_for("violation.resolved", "src/deep/x.c", &service);
    let status = service.status();
    assert_eq!(status["state"], "watching", "{status:#}");
    assert_eq!(status["checkouts"][0]["state"], "watching");
    assert_eq!(status["checkouts"][0]["open"]["deny"], 0);
    assert!(status["watches"]["used"].as_u64() >= Some(3), "{status:#}");
    drop(events);
    service.stop();
    s.lictor(&["audit", "verify"]).expect(0);
}

#[test]
fn another_policy_holds_at_once_and_a_wrong_one_does_not() {
    let s = Sandbox::repo();
    s.write("a.c", tag("MIT"));
    s.commit();
    let policy = s.state_dir().join("policy.toml");
    let allow = "version = 1\nname = 'p'\n[categories]\npermissive = 'allow'\n";
    std::fs::write(&policy, allow).expect("a policy");
    configure(&s, &["."], &format!("policy = '{}'", policy.display()));
    let service = Service::start(&s);
    service.rescan().expect(0);
    let read = || service.status()["checkouts"][0]["rescans"].clone();
    let before = read();
    let events = Followed::start(&service);
    std::fs::write(&policy, allow.replace("allow", "deny")).expect("a policy");
    events.wait_for("violation.opened", "a.c", &service);
    assert_eq!(read(), before, "no file was looked at for that");
    // As an editor leaves it in the midst of writing.
    std::fs::write(&policy, "version = 1\nname = 'p'\n[categ").expect("half a policy");
    let run = service.s.lictor(&["reload"]);
    assert_ne!(run.code, Some(0), "{run:?}");
    let status = service.status();
    assert_eq!(status["state"], "degraded");
    assert!(status["problems"][0]["what"].to_string().contains("policy"), "{status:#}");
    assert_eq!(status["checkouts"][0]["open"]["deny"], 1, "the policy before holds");
    std::fs::write(&policy, allow).expect("a policy");
    events.wait_for("violation.resolved", "a.c", &service);
    assert_eq!(service.status()["state"], "watching");
    drop(events);
    service.stop();
}

#[test]
fn a_switch_of_branches_is_looked_at_as_one() {
    let s = Sandbox::repo();
    for n in 0..400 {
        s.write(format!("src/{}/{n}.c", n % 7), tag("MIT") + &n.to_string());
    }
    s.commit();
    s.git(&["checkout", "-q", "-b", "other"]);
    for n in 0..400 {
        s.write(format!("src/{}/{n}.c", n % 7), tag("AGPL-3.0-only") + &n.to_string());
    }
    s.commit();
    s.git(&["checkout", "-q", "main"]);
    configure(&s, &["."], "");
    let service = Service::start(&s);
    service.rescan().expect(0);
    let looks = |status: &Value| {
        let all = status["checkouts"][0]["rescans"].as_object().expect("an object").clone();
        all.values().filter_map(Value::as_u64).sum::<u64>()
    };
    let before = looks(&service.status());
    let events = Followed::start(&service);
    s.git(&["checkout", "-q", "other"]);
    events.wait_for("violation.opened", "src/0/399.c", &service);
    let status = service.status();
    assert_eq!(status["checkouts"][0]["branch"], "other");
    assert_eq!(status["checkouts"][0]["open"]["deny"], 400);
    assert!(looks(&status) - before <= 3, "{status:#}");
    drop(events);
    service.stop();
}

#[test]
fn a_commit_is_no_look_at_everything() {
    let s = Sandbox::repo();
    s.write(".gitignore", "out/\n");
    for name in ["a.c", "b.c", "gone.c", "loose.c", "out/left.c"] {
        s.write(name, tag("MIT"));
    }
    s.commit();
    configure(&s, &["."], "");
    let service = Service::start(&s);
    service.rescan().expect(0);
    let events = Followed::start(&service);
    let rescans = || service.status()["checkouts"][0]["rescans"].clone();
    let before = rescans();
    s.write("a.c", tag("AGPL-3.0-only"));
    events.wait_for("violation.opened", "a.c", &service);
    s.git(&["commit", "-q", "-a", "-m", "other"]);
    // A look that comes after the commit.
    s.write("b.c", tag("AGPL-3.0-only"));
    events.wait_for("violation.opened", "b.c", &service);
    assert_eq!(service.status()["checkouts"][0]["commit"], s.git(&["rev-parse", "HEAD"]));
    assert_eq!(rescans(), before);
    // git begins to track a file that is known, one that is new and one that it ignores, and ceases
    // to track one that stays, one that is ignored then and one that goes.
    s.write("known.c", tag("AGPL-3.0-only"));
    events.wait_for("violation.opened", "known.c", &service);
    s.write("new.c", tag("AGPL-3.0-only"));
    s.write("out/forced.c", tag("AGPL-3.0-only"));
    s.git(&["add", "-f", "known.c", "new.c", "out/forced.c"]);
    s.git(&["rm", "-q", "gone.c"]);
    s.git(&["rm", "-q", "--cached", "loose.c"]);
    s.git(&["commit", "-q", "-m", "all of it"]);
    events.wait_for("violation.opened", "out/forced.c", &service);
    s.write("a.c", tag("MIT"));
    events.wait_for("violation.resolved", "a.c", &service);
    s.git(&["rm", "-q", "--cached", "out/forced.c"]);
    events.wait_for("violation.resolved", "out/forced.c", &service);
    // It is tracked, and not there; then it comes back.
    s.remove("new.c");
    events.wait_for("violation.resolved", "new.c", &service);
    s.git(&["checkout", "-q", "new.c"]);
    events.wait_for("violation.reopened", "new.c", &service);
    assert_eq!(service.status()["checkouts"][0]["commit"], s.git(&["rev-parse", "HEAD"]));
    assert_eq!(rescans(), before);
    drop(events);
    service.stop();
    assert_eq!(found_now(&s, &[]), found_afresh(&s));
}

#[test]
fn what_holds_on_a_branch_holds_when_the_branch_is_another() {
    let s = Sandbox::repo();
    s.write("a.c", tag("MIT"));
    s.commit();
    s.git(&["branch", "release"]);
    let policy = s.state_dir().join("policy.toml");
    let text = "version = 1\nname = 'p'\n[categories]\npermissive = 'allow'\n\
                [[rule]]\nid = 'released'\nlicense = 'MIT'\noutcome = 'deny'\nbranch = 'release'\n";
    std::fs::write(&policy, text).expect("a policy");
    configure(&s, &["."], &format!("policy = '{}'", policy.display()));
    let service = Service::start(&s);
    service.rescan().expect(0);
    let events = Followed::start(&service);
    // Nothing but HEAD changes by that.
    s.git(&["symbolic-ref", "HEAD", "refs/heads/release"]);
    events.wait_for("violation.opened", "a.c", &service);
    s.git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    events.wait_for("violation.resolved", "a.c", &service);
    drop(events);
    service.stop();
}

#[test]
fn a_checkout_that_goes_and_comes_back_is_looked_at_again() {
    let s = Sandbox::new();
    let one = s.at("one");
    one.git(&["init", "-q"]);
    one.write("a.c", tag("MIT"));
    one.commit();
    let two = s.at("two");
    two.git(&["init", "-q"]);
    two.write("b.c", tag("MIT"));
    two.commit();
    configure(&s, &["one", "two"], "");
    let service = Service::start(&s);
    service.rescan().expect(0);
    let events = Followed::start(&service);
    std::fs::rename(s.path("one"), s.path("gone")).expect("moving it away");
    let run = service.rescan();
    assert_ne!(run.code, Some(0), "{run:?}");
    let status = service.status();
    assert_eq!(status["checkouts"][0]["state"], "unreachable", "{status:#}");
    assert_eq!(status["checkouts"][1]["state"], "watching", "the other does not suffer");
    two.write("c.c", tag("AGPL-3.0-only"));
    events.wait_for("violation.opened", "c.c", &service);
    // Replaced by another clone.
    s.git(&["clone", "-q", "gone", "one"]);
    one.write("d.c", tag("AGPL-3.0-only"));
    events.wait_for("violation.opened", "d.c", &service);
    service.rescan().expect(0);
    assert_eq!(service.status()["state"], "watching");
    drop(events);
    service.stop();
}

#[test]
fn checkouts_inside_others_are_watched_too() {
    let s = Sandbox::repo();
    s.write("a.c", tag("MIT"));
    s.commit();
    configure(&s, &["."], "");
    let service = Service::start(&s);
    let events = Followed::start(&service);
    let inner = s.at("third/party");
    inner.git(&["init", "-q"]);
    inner.write("b.c", tag("AGPL-3.0-only"));
    inner.commit();
    events.wait_for("violation.opened", "b.c", &service);
    let roots = service.status()["checkouts"].as_array().map(Vec::len);
    assert_eq!(roots, Some(2));
    drop(events);
    service.stop();
}

#[test]
fn a_directory_that_comes_where_a_glob_looks_is_watched() {
    let s = Sandbox::new();
    let first = s.at("teams/one/first");
    first.git(&["init", "-q"]);
    first.write("a.c", tag("MIT"));
    first.commit();
    configure(&s, &["teams/*/*"], "");
    let service = Service::start(&s);
    let events = Followed::start(&service);
    // Where no directory was when the service began, and then beside it.
    for (at, path) in [("teams/two/second", "b.c"), ("teams/two/third", "c.c")] {
        let new = s.at(at);
        new.git(&["init", "-q"]);
        new.write(path, tag("AGPL-3.0-only"));
        events.wait_for("violation.opened", path, &service);
    }
    let roots = || service.status()["checkouts"].as_array().map(Vec::len);
    assert_eq!(roots(), Some(3));
    drop(events);
    service.stop();
}

#[test]
fn a_store_that_shows_damage_while_it_is_used_is_rescued() {
    let s = Sandbox::repo();
    s.write("a.c", tag("AGPL-3.0-only"));
    s.commit();
    configure(&s, &["."], "");
    let service = Service::start(&s);
    service.rescan().expect(0);
    let number = |s: &Sandbox| {
        let all = s.findings(&[]);
        let of = all.iter().find(|f| f["path"] == "a.c").expect("a finding");
        of["violation"]["id"].clone()
    };
    let before = number(&s);
    let config = config(&s).display().to_string();
    s.lictor(&["backup", "--config", &config]).expect(0);
    // With a backup, and without one.
    let backups = s.store().with_file_name("backup");
    for (turn, said) in [(0, "store.restored"), (1, "store.lost")] {
        if turn == 1 {
            std::fs::remove_dir_all(&backups).expect("removing the backups");
        }
        damage(&s);
        s.write(format!("new{turn}.c"), tag("AGPL-3.0-only"));
        // The first looks meet the damage.
        let mended = (0..20).any(|_| service.rescan().code == Some(0));
        assert!(mended, "{}", service.log());
        assert_eq!(service.status()["state"], "watching");
        assert_eq!(found_now(&s, &[]), found_afresh(&s));
        s.lictor(&["audit", "verify"]).expect(0);
        let history = s.lictor(&["audit", "export"]);
        history.expect(0);
        assert!(history.stdout.contains(said), "{}", history.stdout);
        if turn == 0 {
            assert_eq!(number(&s), before, "its number is that of the backup");
        }
    }
    service.stop();
}

#[test]
fn two_services_do_not_share_a_store() {
    let s = Sandbox::repo();
    configure(&s, &["."], "");
    let service = Service::start(&s);
    let pid = service.child.as_ref().expect("it runs").id().to_string();
    let other = s.with("LICTOR_CONFIG", config(&s));
    let run = other.lictor(&["serve"]);
    run.expect(2).says(&[&pid]);
    service.stop();
}

#[test]
fn a_scan_beside_the_service_harms_neither() {
    let s = Sandbox::repo();
    s.write("a.c", tag("MIT"));
    s.commit();
    configure(&s, &["."], "");
    let service = Service::start(&s);
    let events = Followed::start(&service);
    for n in 0..5 {
        s.write(format!("{n}.c"), tag("AGPL-3.0-only"));
        s.lictor(&["scan", "--fail-on", "never"]).expect(0);
        events.wait_for("violation.opened", &format!("{n}.c"), &service);
    }
    service.rescan().expect(0);
    assert_eq!(found_now(&s, &[]), found_afresh(&s));
    drop(events);
    service.stop();
    s.lictor(&["audit", "verify"]).expect(0);
}

#[test]
fn out_of_watches_it_looks_in_intervals_and_says_so() {
    let s = Sandbox::repo();
    for n in 0..40 {
        s.write(format!("d{n}/a.c"), tag("MIT"));
    }
    s.commit();
    configure(&s, &["."], "");
    // A user namespace has limits of its own (namespaces(7), /proc/sys/user).
    let script = "echo 10 > /proc/sys/user/max_inotify_watches && exec \"$@\"";
    let unshare = ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"];
    let try_it = ["-Ur", "sh", "-c", "echo 10 > /proc/sys/user/max_inotify_watches"];
    let able = s.command("unshare").args(try_it).status();
    if !able.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this machine lets nobody make user namespaces");
        return;
    }
    let mut service = Service::launch(&s, &unshare);
    service.wait_for("READY=1");
    let events = Followed::start(&service);
    s.write("d39/b.c", tag("AGPL-3.0-only"));
    events.wait_for("violation.opened", "d39/b.c", &service);
    let status = service.status();
    assert_eq!(status["checkouts"][0]["state"], "polling", "{status:#}");
    let problem = &status["problems"][0];
    assert!(problem["help"].to_string().contains("fs.inotify.max_user_watches"), "{status:#}");
    drop(events);
    service.stop();
}

#[test]
fn linked_work_trees_and_branches_of_mirrors_are_watched() {
    let s = Sandbox::new();
    let main = s.at("main");
    main.git(&["init", "-q", "-b", "main"]);
    main.write("a.c", tag("MIT"));
    main.commit();
    main.git(&["worktree", "add", "-q", "-b", "side", "../side"]);
    s.git(&["clone", "-q", "--mirror", "main", "mirror.git"]);
    configure(&s, &["side"], "");
    let mut text = std::fs::read_to_string(config(&s)).expect("the configuration");
    let mirror = s.path("mirror.git");
    text += &format!("[[checkout]]\npath = '{}'\nrevisions = ['main']\n", mirror.display());
    std::fs::write(config(&s), text).expect("a configuration");
    let service = Service::start(&s);
    service.rescan().expect(0);
    let events = Followed::start(&service);
    let side = s.at("side");
    side.write("b.c", tag("AGPL-3.0-only"));
    events.wait_for("violation.opened", "b.c", &service);
    side.commit();
    main.write("c.c", tag("AGPL-3.0-only"));
    main.commit();
    main.git(&["push", "-q", "../mirror.git", "main"]);
    events.wait_for("violation.opened", "c.c", &service);
    service.rescan().expect(0);
    let status = service.status();
    let of = |view: &str| {
        let all = status["checkouts"].as_array().expect("a list");
        all.iter().find(|c| c["view"] == view).expect("a checkout").clone()
    };
    assert_eq!(of("rev:main")["commit"], main.git(&["rev-parse", "HEAD"]));
    assert_eq!(of("")["commit"], side.git(&["rev-parse", "HEAD"]));
    assert_eq!(of("")["branch"], "side");
    drop(events);
    service.stop();
}

#[test]
fn a_full_disk_stops_the_writing_until_there_is_room() {
    let s = Sandbox::repo();
    s.write("a.c", tag("MIT"));
    s.commit();
    configure(&s, &["."], "");
    let disk = s.state_dir().join("lictor");
    std::fs::create_dir_all(&disk).expect("a directory");
    // A small disk that only the service sees.
    let mount = format!("mount -t tmpfs -o size=1m tmpfs {} && exec \"$@\"", disk.display());
    let unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", &mount, "sh"];
    let able =
        s.command("unshare").args(["-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status();
    if !able.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this machine lets nobody make user namespaces with mounts");
        return;
    }
    let mut service = Service::launch(&s, &unshare);
    service.wait_for("READY=1");
    service.rescan().expect(0);
    let pid = service.child.as_ref().expect("it runs").id();
    let inside = PathBuf::from(format!("/proc/{pid}/root"))
        .join(disk.strip_prefix("/").expect("it is absolute"));
    let filler = inside.join("filler");
    let mut full = std::fs::File::create(&filler).expect("a file on the small disk");
    while std::io::Write::write_all(&mut full, &[0; 4096]).is_ok() {}
    s.write("b.c", tag("AGPL-3.0-only"));
    let run = service.rescan();
    assert_ne!(run.code, Some(0), "{run:?}");
    let status = service.status();
    assert_eq!(status["checkouts"][0]["state"], "failed", "{status:#}");
    assert!(status["problems"][0]["what"].to_string().contains("space"), "{status:#}");
    std::fs::remove_file(&filler).expect("room");
    drop(full);
    service.rescan().expect(0);
    let status = service.status();
    assert_eq!(status["state"], "watching", "{status:#}");
    assert_eq!(status["checkouts"][0]["open"]["deny"], 1, "{status:#}");
    service.stop();
}

/// How often the service is killed; more with LICTOR_TEST_KILLS.
fn kills() -> usize {
    let given = std::env::var("LICTOR_TEST_KILLS").ok().and_then(|n| n.parse().ok());
    given.unwrap_or(12)
}

#[test]
fn killed_at_any_moment_it_loses_nothing() {
    let s = Sandbox::repo();
    s.write("COPYING", text("MIT"));
    for n in 0..60 {
        s.write(format!("d{}/{n}.c", n % 5), tag("MIT"));
    }
    s.commit();
    configure(&s, &["."], "");
    let licenses = ["MIT", "AGPL-3.0-only", "ISC", "GPL-2.0-only", "SSPL-1.0"];
    for turn in 0..kills() {
        let mut service = Service::start(&s);
        for n in 0..(turn * 7) % 23 {
            let at = format!("d{}/{}.c", n % 5, (n * 11 + turn) % 60);
            s.write_at(at, tag(licenses[(n + turn) % 5]), (turn * 100 + n) as u64);
            if n % 9 == 8 {
                s.commit();
            }
        }
        if turn % 3 == 2 {
            // In the midst of looking at everything.
            let _ = service.s.lictor(&["rescan"]);
        }
        service.kill();
        // What a scan finds that knows what was kept is what one finds that knows nothing.
        if turn % 4 == 3 || turn + 1 == kills() {
            s.lictor(&["scan", "--fail-on", "never"]).expect(0);
            s.lictor(&["audit", "verify"]).expect(0);
            assert_eq!(found_now(&s, &[]), found_afresh(&s), "after {turn}");
        }
    }
    let ids: Vec<u64> = s
        .findings(&[])
        .iter()
        .filter_map(|f| f["violation"]["id"].as_str()?.strip_prefix('V')?.parse().ok())
        .collect();
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "no violation is there twice");
}
