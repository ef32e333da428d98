// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! lictor on lictor: every file of this project is under its license, and none speaks of another
//! as if it were its own.

mod common;

use std::path::Path;

use common::Sandbox;

#[test]
fn the_project_is_under_its_own_license_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let parts = [
        "src",
        "tests",
        "benches",
        "fuzz",
        "policies",
        "license-db",
        "systemd",
        "docs",
        ".ci",
        "LICENSES",
    ];
    let files = ["Cargo.toml", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "REUSE.toml"];
    let mut args = vec!["detect".to_owned(), "--format".to_owned(), "jsonl".to_owned()];
    args.extend(parts.iter().chain(&files).map(|p| root.join(p).display().to_string()));
    let run = Sandbox::new().lictor(&args);
    run.expect(0);
    let lines = run.json_lines();
    assert!(lines.len() > 50, "only {} files", lines.len());
    for line in lines {
        let (path, found) =
            (line["path"].as_str().unwrap_or_default(), line["expression"].as_str());
        // Rules are what other licenses say; REUSE.toml speaks for them.
        if path.ends_with(".RULE") || path.ends_with(".LICENSE") {
            continue;
        }
        // Snapshots show what a report says, cargo writes its locks, and JSON has no comments;
        // REUSE.toml speaks for them, too.
        let quoted = [".snap", "Cargo.lock", ".json"].iter().any(|end| path.ends_with(end));
        assert!(found == Some("Apache-2.0") || (quoted && found.is_none()), "{path}: {found:?}");
    }
}

#[test]
fn a_scan_of_the_project_is_clean() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !root.join(".git").exists() {
        eprintln!("skipped: not a git checkout, so that what was built would be scanned too");
        return;
    }
    let root = root.display().to_string();
    let run = Sandbox::new().lictor(&["scan", "--no-store", "--fail-on", "review", &root]);
    run.expect(0).shows(&["No violations."]);
}
