// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

use std::os::unix::fs::{PermissionsExt, chown};

use super::account::Want;
use super::checkouts::{Limits, Needed, judge};
use super::*;

fn judged(needed: Needed, limits: Limits) -> Vec<(Verdict, String, String)> {
    let mut notes = Notes::default();
    judge(&needed, limits, &mut notes);
    notes.checks.into_iter().map(|c| (c.verdict, c.says, c.help)).collect()
}

#[test]
fn what_the_kernel_gives_is_held_against_what_is_needed() {
    let limits = Limits { watches: Some(65_536), instances: Some(128), queued: Some(16_384) };
    let few = judged(Needed { checkouts: 3, watches: 1000 }, limits);
    let ok = "1,000 directories to watch, of 65,536 watches";
    assert_eq!(few, [(Verdict::Ok, ok.to_owned(), String::new())]);
    let close = judged(Needed { checkouts: 3, watches: 60_000 }, limits);
    assert_eq!(close[0].0, Verdict::Warning);
    assert!(close[0].2.contains("fs.inotify.max_user_watches = 131072"), "{close:?}");
    let many = judged(Needed { checkouts: 200, watches: 70_000 }, limits);
    assert_eq!(many.len(), 2);
    assert!(many[0].1.contains("70,000 directories") && many[0].1.contains("polled"), "{many:?}");
    assert!(many[0].2.contains("fs.inotify.max_user_watches = 262144"), "{many:?}");
    assert!(many[1].2.contains("fs.inotify.max_user_instances = 512"), "{many:?}");
    let small = Limits { queued: Some(1000), ..limits };
    let queue = judged(Needed { checkouts: 1, watches: 1 }, small);
    assert!(queue[1].2.contains("fs.inotify.max_queued_events = 65536"), "{queue:?}");
    let silent = judged(Needed { checkouts: 1, watches: 1 }, Limits::default());
    assert_eq!(silent.iter().map(|c| c.0).max(), Some(Verdict::Ok));
}

#[test]
fn a_unit_says_what_it_hides_and_where_it_lets_write() {
    let unit = Unit::parse(
        "LoadState=loaded\nProtectSystem=strict\nProtectHome=read-only\nPrivateTmp=yes\n\
         StateDirectory=lictor\nRuntimeDirectory=lictor\nReadWritePaths=-/srv/lictor /data\n\
         AmbientCapabilities=cap_dac_read_search cap_chown\nStatusText=a=b\n",
    );
    assert!(unit.is_loaded() && !unit.is_active() && unit.reads_all());
    assert_eq!((unit.get("StatusText"), unit.get("Other")), ("a=b", ""));
    for (path, hidden) in [
        ("/tmp/x", Some("PrivateTmp=no")),
        ("/var/tmp", Some("PrivateTmp=no")),
        ("/tmpfoo", None),
        ("/home/jo/git", None),
    ] {
        assert_eq!(unit.hides(Path::new(path)), hidden, "{path}");
    }
    for (path, lets) in [
        ("/var/lib/lictor", true),
        ("/var/lib/lictor/backup", true),
        ("/run/lictor", true),
        ("/srv/lictor/a", true),
        ("/data", true),
        ("/var/lib/lictor2", false),
        ("/srv", false),
    ] {
        assert_eq!(unit.lets_write(Path::new(path)), lets, "{path}");
    }
    let homes = Unit::parse("ProtectHome=tmpfs\n");
    assert_eq!(homes.hides(Path::new("/root/x")), Some("ProtectHome=read-only"));
    assert!(homes.lets_write(Path::new("/etc")) && !homes.is_loaded());
}

#[test]
fn what_another_user_may_is_told_by_modes() {
    let temp = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(temp.path()).unwrap();
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let (dir, file) = (root.join("d"), root.join("d/f"));
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(&file, "").unwrap();
    set(&root, 0o755);
    let here = std::fs::metadata(&file).map(|m| std::os::unix::fs::MetadataExt::uid(&m)).unwrap();
    let user = |uid: u32, groups: &[u32], reads_all| Account {
        name: "x".into(),
        uid,
        groups: groups.to_vec(),
        reads_all,
        is_here: false,
    };
    let other = user(54_321, &[54_321], false);
    for (on_dir, on_file, want, may) in [
        (0o755, 0o644, Want::Read, true),
        (0o755, 0o640, Want::Read, false),
        (0o750, 0o644, Want::Read, false),
        (0o755, 0o644, Want::Write, false),
        (0o755, 0o646, Want::Write, true),
    ] {
        set(&dir, on_dir);
        set(&file, on_file);
        assert_eq!(other.may(want, &file), may, "{on_dir:o} {on_file:o}");
    }
    set(&dir, 0o700);
    assert!(!other.may(Want::Read, &dir) && !other.may(Want::Write, &dir));
    let reader = user(54_321, &[], true);
    assert!(reader.may(Want::Read, &dir) && reader.may(Want::Read, &file));
    assert!(!reader.may(Want::Write, &dir));
    set(&file, 0o600);
    let owner = user(here, &[], false);
    // Its directory may be below one that only another user enters.
    if owner.may(Want::Read, &root) {
        assert!(owner.may(Want::Write, &file) && owner.may(Want::Write, &dir));
    }
    if chown(&dir, None, Some(54_321)).is_ok() {
        set(&dir, 0o770);
        assert!(other.may(Want::Write, &dir));
        set(&dir, 0o707);
        assert!(!other.may(Want::Write, &dir), "its own group's bits count, not all others'");
    }
}
