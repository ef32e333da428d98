// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is remembered by the kind of a file, and kept when a store of old is brought up to date.

mod common;

use common::{Sandbox, tag, touch};

/// Brings a store back to what it was before contents were kept by the kind of the file.
fn make_old(s: &Sandbox) {
    let db = rusqlite::Connection::open(s.store()).expect("the store");
    let schema = include_str!("../src/store/schema-1.sql");
    let start = schema.find("CREATE TABLE content").expect("the table");
    let end = start + schema[start..].find("STRICT;").expect("its end") + "STRICT;".len();
    let table = schema[start..end].replace("TABLE content", "TABLE content_1");
    db.execute_batch(&format!(
        "PRAGMA foreign_keys = off;
         BEGIN;
         DELETE FROM content WHERE kind <> '';
         {table}
         INSERT INTO content_1 SELECT id, blob, engine, size, expression, skipped FROM content;
         DROP TABLE content;
         ALTER TABLE content_1 RENAME TO content;
         PRAGMA user_version = 1;
         COMMIT;"
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
    assert_eq!(s.reads(&[]), 0, "nothing is forgotten");
    assert_eq!(s.scan_json(&[]), before);
    assert_eq!(s.findings(&[]).len(), findings.len());
    let db = rusqlite::Connection::open(s.store()).expect("the store");
    let ask = |query: &str| -> i64 { db.query_row(query, [], |r| r.get(0)).expect("an answer") };
    assert_eq!(ask("PRAGMA user_version"), 2);
    assert_eq!(ask("SELECT count(*) FROM content"), 3);
    assert_eq!(ask("SELECT count(*) FROM evidence"), 2, "the evidence is still there");
    assert_eq!(ask("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    // What is looked up by content is found as well.
    make_old(&s);
    touch(&s.path("a.c"), 60);
    s.git(&["update-index", "--refresh"]);
    assert_eq!(s.scan_json(&[]), before);
}
