// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The units, as systemd sees them, and the service under a systemd of its own.
//!
//! The latter needs root, `debootstrap`, `systemd-nspawn` and `make`. Where it cannot be, that is
//! said on the terminal, and the test passes; with `LICTOR_TEST_SYSTEMD=required` it fails.
//! `LICTOR_TEST_BINARY` names another lictor than the one that cargo has built.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How exposed the service may be at most, in tenths, as `systemd-analyze security` counts.
const EXPOSURE: u32 = 13;

/// Says on the terminal that something was not tested; the test harness would swallow it.
fn skipped(why: &str) {
    let required = std::env::var_os("LICTOR_TEST_SYSTEMD").is_some_and(|v| v == "required");
    assert!(!required, "required, but {why}");
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
    for (unit, most) in [
        ("lictor", EXPOSURE),
        ("lictor-deliver", EXPOSURE),
        ("lictor-backup", 5),
        ("lictor-scan@x", 10),
    ] {
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
            "share/doc/lictor/prometheus-alerts.yml",
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

/// A Debian with systemd, made once and kept: with its lock, as only one can boot it at a time.
fn debian() -> Result<(PathBuf, File), String> {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let said = |key: &str| release.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
    // The program was built for the C library of this host.
    let suite = match (said("ID"), said("VERSION_CODENAME")) {
        (Some("debian"), Some(name)) => name,
        _ => "bookworm",
    };
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("debian-{suite}"));
    std::fs::create_dir_all(&place).map_err(|e| e.to_string())?;
    let lock = File::create(place.join("lock")).map_err(|e| e.to_string())?;
    lock.lock().map_err(|e| e.to_string())?;
    let (root, whole) = (place.join("root"), place.join("whole"));
    if !whole.exists() {
        // What an interrupted run may have left.
        let _ = std::fs::remove_dir_all(&root);
        let mut debootstrap = Command::new("debootstrap");
        debootstrap.args(["--variant=minbase", "--include=systemd,systemd-sysv,dbus,git", suite]);
        let (well, says) = run(debootstrap.arg(&root));
        if !well {
            let last = says.lines().next_back().unwrap_or_default();
            return Err(format!("debootstrap made no {suite}: {last}"));
        }
        File::create(whole).map_err(|e| e.to_string())?;
    }
    Ok((root, lock))
}

/// Why no systemd can be booted here.
fn lacking() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("only root can boot a systemd".into());
    }
    let tools = ["debootstrap", "systemd-nspawn", "make"];
    tools.iter().find(|t| !has(t)).map(|t| format!("{t} is not installed"))
}

#[test]
fn the_service_lives_under_a_real_systemd() {
    let not = "the service was not run under systemd";
    if let Some(why) = lacking() {
        return skipped(&format!("{why}, {not}"));
    }
    let (root, _lock) = match debian() {
        Ok(debian) => debian,
        Err(why) => return skipped(&format!("{why}, {not}")),
    };
    let unit = root.join("etc/systemd/system/lictor-test.service");
    let wanted = root.join("etc/systemd/system/multi-user.target.wants/lictor-test.service");
    let text = "[Service]\nType=oneshot\nExecStart=/stage/inside.sh\n\
                ExecStopPost=/bin/systemctl --no-block poweroff\n";
    std::fs::write(&unit, text).expect("a unit in the container");
    let _ = std::fs::remove_file(&wanted);
    std::os::unix::fs::symlink("../lictor-test.service", wanted).expect("a link");

    let outside = tempfile::tempdir().expect("a directory");
    let (stage, result) = (outside.path().join("stage"), outside.path().join("result"));
    std::fs::create_dir(&stage).expect("a directory");
    std::fs::create_dir(&result).expect("a directory");
    let script = stage.join("inside.sh");
    std::fs::copy(project().join("tests/systemd/inside.sh"), script).expect("the script");
    let binary = std::env::var("LICTOR_TEST_BINARY");
    let mut make = Command::new("make");
    make.current_dir(project()).args(["install", "PREFIX=/usr", "COMPLETIONS="]);
    make.arg(format!("DESTDIR={}", stage.join("tree").display()));
    make.arg(format!("BINARY={}", binary.as_deref().unwrap_or(env!("CARGO_BIN_EXE_lictor"))));
    let (well, says) = run(&mut make);
    assert!(well, "{says}");

    // What is written in the container is gone with it.
    let mut boot = Command::new("timeout");
    boot.args(["--kill-after=10", "600", "systemd-nspawn", "--quiet", "--volatile=overlay"]);
    boot.args(["--register=no", "--keep-unit", "--boot", "--console=pipe", "--private-network"]);
    boot.arg(format!("--machine=lictor-test-{}", std::process::id()));
    boot.arg(format!("--directory={}", root.display()));
    boot.arg(format!("--bind-ro={}:/stage", stage.display()));
    boot.arg(format!("--bind={}:/result", result.display()));
    boot.env("UNIFIED_CGROUP_HIERARCHY", "1").stdin(Stdio::null());
    let (_, console) = run(&mut boot);
    let Ok(log) = std::fs::read_to_string(result.join("log")) else {
        let last = console.lines().rev().take(3).collect::<Vec<_>>().join(" / ");
        return skipped(&format!("systemd did not boot ({last}), {not}"));
    };
    assert!(result.join("passed").exists(), "{log}\n--- console\n{console}");
}
