// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The units, as systemd sees them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How exposed the service may be at most, in tenths, as `systemd-analyze security` counts.
const EXPOSURE: u32 = 13;

/// Says on the terminal that something was not tested; the test harness would swallow it.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a program can be started.
fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// What a program wrote, and whether it went well.
fn run(command: &mut Command) -> (bool, String) {
    let out = command.output().expect("a program that is there");
    let text = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// The shipped units with the program where it is now, as systemd demands that it is there.
fn units(into: &Path) -> Vec<PathBuf> {
    let mut units = Vec::new();
    for entry in std::fs::read_dir(project().join("systemd")).expect("the directory of units") {
        let path = entry.expect("a unit").path();
        let name = path.file_name().expect("a name").to_string_lossy().replace('@', "@x");
        if ![".service", ".socket", ".timer"].iter().any(|kind| name.ends_with(kind)) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a unit");
        assert!(!text.contains("/usr/local"), "{name}: packages install below /usr");
        let text = text.replace("/usr/bin/lictor", env!("CARGO_BIN_EXE_lictor"));
        std::fs::write(into.join(&name), text).expect("a copy of a unit");
        units.push(into.join(&name));
    }
    assert!(units.len() >= 6, "{units:?}");
    units
}

#[test]
fn systemd_understands_every_unit_and_finds_the_service_tight() {
    if !has("systemd-analyze") {
        skipped("systemd-analyze is not installed, the units were not checked");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let units = units(directory.path());
    // The colon at the end: and where it looks for others.
    let path = format!("{}:", directory.path().display());
    let mut verify = Command::new("systemd-analyze");
    let (well, says) = run(verify.arg("verify").args(&units).env("SYSTEMD_UNIT_PATH", path));
    assert!(well && says.is_empty(), "systemd-analyze verify says:\n{says}");
    for (unit, most) in [("lictor", EXPOSURE), ("lictor-backup", 5), ("lictor-scan@x", 10)] {
        let mut security = Command::new("systemd-analyze");
        let threshold = format!("--threshold={most}");
        let unit = directory.path().join(format!("{unit}.service"));
        let (tight, says) =
            run(security.args(["security", "--offline=true", &threshold]).arg(unit));
        assert!(tight, "more exposed than {most} tenths:\n{says}");
    }
}

#[test]
fn the_user_and_the_directories_are_what_systemd_expects() {
    if !has("systemd-sysusers") || !has("systemd-tmpfiles") {
        skipped("systemd-sysusers or -tmpfiles is not installed, their files were not checked");
        return;
    }
    // Both work in a directory as if it were the root of a host.
    let root = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(root.path().join("etc")).expect("a directory");
    let at = format!("--root={}", root.path().display());
    let mut sysusers = Command::new("systemd-sysusers");
    let (well, says) = run(sysusers.arg(&at).arg(project().join("systemd/lictor.sysusers")));
    assert!(well, "{says}");
    let passwd = std::fs::read_to_string(root.path().join("etc/passwd")).expect("users");
    assert!(passwd.contains("lictor:x:") && passwd.contains(":/var/lib/lictor:"), "{passwd}");
    let mut tmpfiles = Command::new("systemd-tmpfiles");
    let tmpfiles = tmpfiles.args([&at, "--create"]).arg(project().join("systemd/lictor.tmpfiles"));
    let (well, says) = run(tmpfiles);
    if well {
        assert!(
            root.path().join("run/lictor").is_dir() && root.path().join("var/lib/lictor").is_dir()
        );
    } else {
        skipped(&format!("directories cannot be given to a user here: {}", says.trim()));
    }
}

#[test]
fn what_is_installed_names_the_program_where_it_is() {
    if !has("make") {
        skipped("make is not installed, `make install` was not tried");
        return;
    }
    for (prefix, exec) in [("/usr", "ExecPaths=/usr "), ("/opt/x", "ExecPaths=/opt/x/bin /usr ")] {
        let tree = tempfile::tempdir().expect("a directory");
        let mut make = Command::new("make");
        make.current_dir(project()).args(["install", &format!("PREFIX={prefix}")]);
        make.arg(format!("DESTDIR={}", tree.path().display()));
        make.arg(format!("BINARY={}", env!("CARGO_BIN_EXE_lictor")));
        let (well, says) = run(&mut make);
        assert!(well, "{says}");
        let below =
            |path: &str| tree.path().join(format!("{prefix}/{path}").trim_start_matches('/'));
        let unit = below("lib/systemd/system/lictor.service");
        let unit = std::fs::read_to_string(unit).expect("the unit");
        assert!(unit.contains(&format!("ExecStart={prefix}/bin/lictor serve")), "{unit}");
        assert!(unit.contains(exec), "{unit}");
        for path in [
            "bin/lictor",
            "lib/systemd/system/lictor.socket",
            "lib/systemd/system/lictor-backup.timer",
            "lib/sysusers.d/lictor.conf",
            "lib/tmpfiles.d/lictor.conf",
            "share/bash-completion/completions/lictor",
            "share/doc/lictor/service.md",
        ] {
            assert!(below(path).metadata().is_ok_and(|m| m.len() > 0), "{path} is not installed");
        }
        // What the administrator wrote stays.
        let config = tree.path().join("etc/lictor/lictor.toml");
        std::fs::write(&config, "mine").expect("a configuration");
        assert!(run(&mut make).0);
        assert_eq!(std::fs::read_to_string(&config).expect("the configuration"), "mine");
    }
}
