// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Licenses that package manifests declare: found by the name of the file, remembered by it,
//! and found again after a store of old was brought up to date.

mod common;

use common::{Sandbox, expression, tag};
use serde_json::Value;

fn some(s: &str) -> Option<String> {
    Some(s.to_owned())
}

/// The matches that a report has for a path.
#[track_caller]
fn matches<'a>(report: &'a Value, path: &str) -> &'a Value {
    let files = report["checkouts"][0]["found"].as_array().expect("files");
    let file = files.iter().find(|f| f["path"] == path);
    assert!(file.is_some(), "{path} is not in the report: {report:#}");
    &file.expect("checked above")["matches"]
}

const POM: &str = "<project>\n  <licenses>\n    <license>\n      <name>EPL 2.0</name>\n\
    </license>\n    <license>\n      <name>GPL v2 with Classpath exception</name>\n\
    </license>\n  </licenses>\n</project>\n";

/// A repository of several ecosystems.
fn mixed() -> Sandbox {
    let s = Sandbox::repo();
    s.write("Cargo.toml", "[package]\nname = \"x\"\nlicense = \"MIT/Apache-2.0\"\n");
    s.write("web/package.json", "{\n  \"name\": \"x\",\n  \"license\": \"ISC\"\n}\n");
    s.write("web/private/package.json", format!("{{\"license\": \"UN{}\"}}\n", "LICENSED"));
    s.write("java/pom.xml", POM);
    s.write("py/setup.py", "setup(name='x', license='GPLv3+')\n");
    s.write(
        "debian/copyright",
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
         Files: *\nCopyright: X\nLicense: Expat\n\nFiles: debian/*\nCopyright: Y\n\
         License: GPL-2+ or Artistic\n",
    );
    s.commit();
    s
}

#[test]
fn what_manifests_declare_is_found_with_its_evidence() {
    let report = mixed().scan_json(&[]);
    for (path, meant) in [
        ("Cargo.toml", "MIT OR Apache-2.0"),
        ("web/package.json", "ISC"),
        ("java/pom.xml", "EPL-2.0 OR GPL-2.0-only WITH Classpath-exception-2.0"),
        ("py/setup.py", "GPL-3.0-or-later"),
        ("debian/copyright", "MIT AND (GPL-2.0-or-later OR Artistic-1.0-Perl)"),
    ] {
        assert_eq!(expression(&report, path), some(meant), "{path}");
        assert_eq!(matches(&report, path)[0]["kind"], "manifest", "{path}");
    }
    let private = expression(&report, "web/private/package.json");
    assert_eq!(private, some("LicenseRef-lictor-proprietary"));
    let m = &matches(&report, "Cargo.toml")[0];
    assert_eq!((&m["start_line"], &m["end_line"]), (&Value::from(3), &Value::from(3)));
    assert_eq!((&m["words"], &m["score"]), (&Value::from("MIT/Apache-2.0"), &Value::from(1.0)));
    let m = &matches(&report, "java/pom.xml")[0];
    assert_eq!((&m["start_line"], &m["end_line"]), (&Value::from(4), &Value::from(7)));
}

#[test]
fn a_tag_and_a_manifest_in_one_file_are_both_heard() {
    let s = Sandbox::repo();
    let tag = tag("CC0-1.0").replace("//", "#").replace("int x;\n", "");
    s.write("Cargo.toml", format!("{tag}[package]\nlicense = 'MIT'\n"));
    let report = s.scan_json(&[]);
    assert_eq!(expression(&report, "Cargo.toml"), some("CC0-1.0 AND MIT"));
}

#[test]
fn one_content_says_by_its_name_what_it_says() {
    let s = Sandbox::repo();
    let content = "{\"license\": \"AGPL-3.0-only\"}\n";
    s.write("data.json", content);
    s.write("package.json", content);
    s.commit();
    for args in [&["--no-store"][..], &[], &[]] {
        let report = s.scan_json(args);
        for (path, kind) in [("data.json", "notice"), ("package.json", "manifest")] {
            assert_eq!(expression(&report, path), some("AGPL-3.0-only"), "{args:?}");
            assert_eq!(matches(&report, path)[0]["kind"], kind, "{args:?}");
        }
    }
    assert_eq!(s.reads(&[]), 0, "both are remembered");
    // Under another name it is another file, and found out anew.
    std::fs::rename(s.path("data.json"), s.path("composer.json")).expect("renaming a file");
    let report = s.scan_json(&[]);
    assert_eq!(expression(&report, "composer.json"), some("AGPL-3.0-only"));
    // Back again, it is known.
    std::fs::rename(s.path("composer.json"), s.path("data.json")).expect("renaming a file");
    let report = s.scan_json(&[]);
    assert_eq!(matches(&report, "data.json")[0]["kind"], "notice");
}

#[test]
fn a_file_that_is_named_is_looked_at_by_its_name() {
    let s = mixed();
    let run = s.lictor(&["detect", "--format", "jsonl", "web/package.json", "Cargo.toml"]);
    let found: Vec<Value> = run.expect(0).json_lines();
    assert_eq!(found[0]["expression"], "ISC");
    assert_eq!(found[1]["expression"], "MIT OR Apache-2.0");
    s.lictor(&["explain", "web/package.json"]).expect(0).shows(&["ISC", "manifest"]);
}

/// A table as it was in the first schema, under another name.
fn first(table: &str) -> String {
    let schema = include_str!("../src/store/schema-1.sql");
    let start = schema.find(&format!("CREATE TABLE {table} ")).expect("the table");
    let end = start + schema[start..].find(';').expect("its end") + 1;
    schema[start..end].replace(&format!("TABLE {table}"), &format!("TABLE {table}_1"))
}

/// Takes away what a store had before violations had a life of their own.
const BEFORE_LEDGER: &str = "
    CREATE TABLE violation_1 (
        checkout   INTEGER NOT NULL REFERENCES checkout ON DELETE CASCADE,
        path       BLOB NOT NULL,
        rule       TEXT NOT NULL,
        license    TEXT NOT NULL,
        outcome    TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        last_seen  INTEGER,
        PRIMARY KEY (checkout, path, rule, license)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO violation_1 SELECT checkout, path, rule, license, outcome, first_seen, last_seen
        FROM violation;
    DROP TABLE violation;
    ALTER TABLE violation_1 RENAME TO violation;
    DROP TABLE event;
    DROP TABLE ledger;
    DROP TABLE policy;
    ALTER TABLE checkout DROP COLUMN judgement;
    ALTER TABLE checkout DROP COLUMN branch;
    ALTER TABLE checkout DROP COLUMN revision;
    ALTER TABLE checkout DROP COLUMN attributed;
    DROP TABLE about;
    DROP TABLE delivery;
    DROP TABLE endpoint;
    DROP TABLE unused;";

/// Brings a store back to what it was before contents were kept by the kind of the file.
fn make_old(s: &Sandbox) {
    let db = rusqlite::Connection::open(s.store()).expect("the store");
    db.execute_batch(&format!(
        "PRAGMA foreign_keys = off;
         BEGIN;
         DELETE FROM content WHERE kind <> '';
         {}
         INSERT INTO evidence_1 SELECT c.id, seq, e.expression, e.kind, score, start_line, end_line,
                words FROM content c JOIN evidence e ON e.detection = c.detection;
         DROP TABLE evidence;
         DROP TABLE detection;
         ALTER TABLE evidence_1 RENAME TO evidence;
         {}
         INSERT INTO content_1 SELECT id, blob, engine, size, expression, skipped FROM content;
         DROP TABLE content;
         ALTER TABLE content_1 RENAME TO content;
         {}
         INSERT INTO file_1 SELECT checkout, path, content, blob, expression, skipped, tracked, size,
                mtime, ino FROM file;
         DROP TABLE file;
         ALTER TABLE file_1 RENAME TO file;
         {BEFORE_LEDGER}
         UPDATE engine SET name = '2:' || name;
         PRAGMA user_version = 1;
         COMMIT;",
        first("evidence"),
        first("content"),
        first("file"),
    ))
    .expect("an old store");
}

#[test]
fn a_store_of_old_is_brought_up_to_date_and_keeps_what_it_knows() {
    let s = Sandbox::repo();
    s.write("a.c", tag("MIT"));
    s.write("lib/b.c", tag("AGPL-3.0-only"));
    s.write("plain.c", "int x;\n");
    s.commit();
    let before = s.scan_json(&[]);
    let findings = s.findings(&[]);
    make_old(&s);
    // What an old detector found is not believed, but what was seen when is still known.
    assert_eq!(s.reads(&[]), 3, "contents are looked at once more");
    assert_eq!(s.reads(&[]), 0, "and then remembered");
    assert_eq!(s.scan_json(&[]), before);
    let since = |all: &[Value]| {
        all.iter().map(|f| f["violation"]["first_seen"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(since(&s.findings(&[])), since(&findings));
    let db = rusqlite::Connection::open(s.store()).expect("the store");
    let ask = |query: &str| -> i64 { db.query_row(query, [], |r| r.get(0)).expect("an answer") };
    assert_eq!(ask("PRAGMA user_version"), 8);
    assert_eq!(ask("SELECT count(*) FROM content"), 6);
    assert_eq!(ask("SELECT count(*) FROM evidence"), 4, "the old evidence is still there");
    assert_eq!(ask("SELECT count(*) FROM evidence WHERE matched IS NULL"), 2);
    assert_eq!(ask("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/// Brings a store back to what it was before evidence was kept once for many contents.
const BEFORE_DETECTIONS: &str = "
    BEGIN;
    {BEFORE_LEDGER}
    ALTER TABLE file DROP COLUMN profile;
    CREATE TABLE evidence_4 (
        content    INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
        seq        INTEGER NOT NULL,
        expression INTEGER NOT NULL REFERENCES expression,
        kind       TEXT NOT NULL,
        score      REAL NOT NULL,
        start_line INTEGER NOT NULL,
        end_line   INTEGER NOT NULL,
        words      INTEGER NOT NULL REFERENCES words,
        basis      TEXT,
        matched    INTEGER REFERENCES words,
        PRIMARY KEY (content, seq)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO evidence_4 SELECT c.id, seq, e.expression, e.kind, score, start_line, end_line,
            words, basis, matched
        FROM content c JOIN evidence e ON e.detection = c.detection;
    DROP TABLE evidence;
    ALTER TABLE evidence_4 RENAME TO evidence;
    ALTER TABLE content DROP COLUMN detection;
    DROP TABLE detection;
    PRAGMA user_version = 4;
    COMMIT;";

#[test]
fn what_is_found_alike_in_many_contents_is_kept_once() {
    let s = Sandbox::repo();
    s.write("a.c", format!("{}int a;\n", tag("MIT")));
    s.write("b.c", format!("{}int b;\n", tag("MIT")));
    s.write("c.c", format!("\n{}", tag("AGPL-3.0-only")));
    s.write("plain.c", "int x;\n");
    s.commit();
    let before = s.scan_json(&[]);
    let open = || rusqlite::Connection::open(s.store()).expect("the store");
    let ask = |query: &str| -> i64 { open().query_row(query, [], |r| r.get(0)).expect("a number") };
    assert_eq!(ask("SELECT count(*) FROM content"), 4);
    assert_eq!(
        (ask("SELECT count(*) FROM detection"), ask("SELECT count(*) FROM evidence")),
        (2, 2)
    );
    let told = || {
        let explained = |p| s.lictor(&["explain", "--format", "json", p]).expect(0).json();
        // Old stores know no contexts, and not who brought something in.
        let forget = |v: &mut Value| {
            for key in ["context", "commit", "author", "authored"] {
                v[key] = Value::Null;
            }
        };
        let without = |mut v: Value| {
            let list = v["seen"]["violations"].as_array_mut();
            list.into_iter().flatten().for_each(forget);
            if v["violation"].is_object() {
                forget(&mut v["violation"]);
            }
            v
        };
        let explained = ["a.c", "b.c", "c.c", "plain.c"].map(explained).map(without);
        (explained, s.findings(&[]).into_iter().map(without).collect::<Vec<_>>())
    };
    let told_before = told();
    let old = BEFORE_DETECTIONS.replace("{BEFORE_LEDGER}", BEFORE_LEDGER);
    open().execute_batch(&old).expect("a store of schema 4");
    assert_eq!(ask("SELECT count(*) FROM evidence"), 3);
    // What was found is still known, content by content.
    assert_eq!(told(), told_before);
    assert_eq!(s.reads(&[]), 0);
    assert_eq!(s.scan_json(&[]), before);
    assert_eq!((ask("PRAGMA user_version"), ask("SELECT count(*) FROM detection")), (8, 3));
    // What is new is found once more, and then no more.
    for (n, path) in ["d.c", "e.c"].into_iter().enumerate() {
        s.write(path, format!("{}int {n};\n", tag("MIT")));
        assert_eq!(s.reads(&[]), 1);
        assert_eq!(ask("SELECT count(*) FROM detection"), 4);
    }
    assert_eq!(ask("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}
