// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is concluded for files from those to which they point, and from the license files of
//! their directories.

mod common;

use common::{Sandbox, expression, tag, text, touch};
use serde_json::{Value, json};

/// Words that send the reader to a file. In parts, so that this file sends nobody anywhere.
fn see(file: &str) -> String {
    format!("/* {} the file {file} for the terms. */\nint x;\n", "See")
}

/// The name of a family without a version, and where more is said.
fn vague(file: &str) -> String {
    format!("// Under the {} Public License, {} {file}.\nint y;\n", "GNU General", "see the file")
}

/// A repository in which files point to others, and one in which nothing is said.
fn product() -> Sandbox {
    let s = Sandbox::repo();
    s.write("COPYING", text("GPL-2.0-only"));
    s.write("main.c", see("COPYING"));
    s.write("src/vague.c", vague("../COPYING"));
    s.write("src/own.c", format!("{}{}", tag("MIT"), see("COPYING")));
    s.write("src/plain.c", "int z;\n");
    s.write("vendor/db/LICENSE.txt", text("AGPL-3.0-only"));
    s.write("vendor/db/db.c", see("LICENSE"));
    s.write("vendor/db/plain.c", "int q;\n");
    s.write("vendor/lost.c", see("COPYING.LOST"));
    s.commit();
    s
}

/// What is concluded for a file in a report, null if it speaks for itself.
fn concluded(report: &Value, path: &str) -> Value {
    let files = report["checkouts"][0]["found"].as_array().expect("files");
    files.iter().find(|f| f["path"] == path).expect("the file")["concluded"].clone()
}

fn by(how: &str, expression: &str, because: &str) -> Value {
    json!({"expression": expression, "how": how, "because": [because]})
}

/// Path and license of the open violations.
fn open(s: &Sandbox) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let all = s.findings(&["--state", "open"]);
    all.iter().map(|f| (text(&f["path"]), text(&f["violation"]["license"]))).collect()
}

#[test]
fn files_are_judged_by_what_they_point_to_and_not_by_what_covers_them() {
    let s = product();
    let report = s.lictor(&["scan", "--format", "json"]).expect(1).json();
    for (path, said, conclusion) in [
        ("main.c", None, by("pointer", "GPL-2.0-only", "COPYING")),
        ("src/vague.c", Some("GPL-1.0-or-later"), by("pointer", "GPL-2.0-only", "COPYING")),
        ("src/own.c", Some("MIT"), Value::Null),
        ("src/plain.c", None, by("directory", "GPL-2.0-only", "COPYING")),
        ("vendor/db/db.c", None, by("pointer", "AGPL-3.0-only", "vendor/db/LICENSE.txt")),
        ("vendor/db/plain.c", None, by("directory", "AGPL-3.0-only", "vendor/db/LICENSE.txt")),
        ("vendor/lost.c", None, by("directory", "GPL-2.0-only", "COPYING")),
        ("COPYING", Some("GPL-2.0-only"), Value::Null),
    ] {
        assert_eq!(expression(&report, path).as_deref(), said, "{path} speaks otherwise");
        assert_eq!(concluded(&report, path), conclusion, "{path}");
    }
    let violating = [
        ("COPYING", "GPL-2.0-only"),
        ("main.c", "GPL-2.0-only"),
        ("src/vague.c", "GPL-2.0-only"),
        ("vendor/db/LICENSE.txt", "AGPL-3.0-only"),
        ("vendor/db/db.c", "AGPL-3.0-only"),
    ];
    let violating = violating.map(|(path, license)| (path.to_owned(), license.to_owned()));
    assert_eq!(open(&s), violating);
    let shown = s.lictor(&["findings", "--path", "vendor/db/db.c"]).expect(0).stdout.clone();
    assert!(shown.contains("AGPL-3.0-only by vendor/db/LICENSE.txt"), "{shown}");
    assert_eq!(s.findings(&["--license", "AGPL-3.0-only"]).len(), 2, "asked for by conclusion");
}

#[test]
fn the_second_scan_reads_nothing_and_concludes_the_same() {
    let s = product();
    let first = s.lictor(&["scan", "--format", "json"]);
    assert_eq!(s.reads(&[]), 0, "nothing has changed");
    for args in [vec!["-j1"], vec!["-j8"], vec!["--no-store"]] {
        let again = s.lictor(&[vec!["scan", "--format", "json"], args.clone()].concat());
        assert_eq!(first.stdout, again.stdout, "{args:?} gives another report");
    }
    let human = |s: &Sandbox| {
        let shown = s.lictor(&["scan"]).expect(1).stdout.clone();
        shown.split_once("Licenses").expect("the table").1.to_owned()
    };
    let before = human(&s);
    assert_eq!(human(&s), before);
    // Known by content alone: files are touched, and the contents are looked up.
    for path in ["main.c", "src/vague.c", "vendor/db/db.c"] {
        touch(&s.path(path), 60);
    }
    assert_eq!(s.lictor(&["scan", "--format", "json"]).stdout, first.stdout);
}

#[test]
fn a_change_of_the_file_pointed_to_is_news_for_those_that_point() {
    let s = product();
    s.lictor(&["scan"]).expect(1);
    s.write_at("vendor/db/LICENSE.txt", text("MIT"), 60);
    let report = s.lictor(&["scan", "--format", "json"]).expect(0).json();
    let file = "vendor/db/LICENSE.txt";
    assert_eq!(concluded(&report, "vendor/db/db.c"), by("pointer", "MIT", file));
    assert!(!open(&s).iter().any(|(path, _)| path.starts_with("vendor/")), "{:?}", open(&s));
    // Gone: the next one of that name above is meant, if there is one.
    s.remove(file);
    let report = s.scan_json(&[]);
    let covered = by("directory", "GPL-2.0-only", "COPYING");
    assert_eq!(concluded(&report, "vendor/db/db.c"), covered);
    // Come: what pointed nowhere points to it.
    s.write("vendor/COPYING.LOST", text("SSPL-1.0"));
    let report = s.lictor(&["scan", "--format", "json"]).expect(1).json();
    let lost = by("pointer", "SSPL-1.0", "vendor/COPYING.LOST");
    assert_eq!(concluded(&report, "vendor/lost.c"), lost);
    assert!(open(&s).iter().any(|(path, _)| path == "vendor/lost.c"), "{:?}", open(&s));
    assert_eq!(s.scan_json(&[]), report, "and it is remembered");
}

#[test]
fn a_scan_of_a_part_keeps_what_was_concluded_from_above() {
    let s = product();
    s.lictor(&["scan"]).expect(1);
    let before = open(&s);
    s.lictor(&["scan", "src"]).expect(0);
    s.lictor(&["scan", "vendor/db"]).expect(1);
    assert_eq!(open(&s), before);
    s.lictor(&["scan"]).expect(1);
    assert_eq!(open(&s), before);
}

#[test]
fn an_explanation_names_the_files_that_speak_for_one() {
    let s = product();
    s.lictor(&["explain", "src/vague.c"]).expect(0).shows(&[
        "from     GPL-2.0-only, by COPYING (it points there)",
        "points to ../COPYING, line 1",
        "GPL-2.0-only (strong-copyleft): review",
    ]);
    s.lictor(&["explain", "vendor/db/plain.c"]).expect(0).shows(&[
        "from     AGPL-3.0-only, by vendor/db/LICENSE.txt (nearest above it",
        "Verdict allow",
    ]);
    let json = s.lictor(&["explain", "--format", "json", "main.c"]).expect(0).json();
    assert_eq!(json["concluded"], by("pointer", "GPL-2.0-only", "COPYING"));
    assert_eq!(json["points_to"], json!([{"path": "COPYING", "line": 1}]));
    assert_eq!(json["outcome"], "review");
}

#[test]
fn a_manifest_points_to_its_license_file_and_no_path_leads_out() {
    let s = Sandbox::repo();
    s.write("../LICENSE", text("MIT"));
    s.write("Cargo.toml", "[package]\nname = 'x'\nlicense-file = 'doc/terms.txt'\n");
    s.write("doc/terms.txt", text("ISC"));
    s.write("out.c", see("../LICENSE"));
    s.write("deep/out.c", see("../../../LICENSE"));
    s.commit();
    let report = s.scan_json(&[]);
    assert_eq!(concluded(&report, "Cargo.toml"), by("pointer", "ISC", "doc/terms.txt"));
    assert_eq!(concluded(&report, "out.c"), Value::Null);
    assert_eq!(concluded(&report, "deep/out.c"), Value::Null);
}
