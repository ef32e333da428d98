// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Policies at work: the life of a violation, waivers and curations, what a policy would
//! change, what a change brings in, and the history as evidence.

mod common;

use std::collections::BTreeSet;

use common::{Sandbox, expression, paths, tag};
use rusqlite::Connection;
use serde_json::Value;

/// Denies AGPL where it is shipped and allows it in tests; waivers and curations are beside it.
const POLICY: &str = r#"
version = 1
name = "ours"

[categories]
permissive = "allow"
strong-copyleft = "review"

[categories.network-copyleft]
outcome = { test = "allow", otherwise = "deny" }
reason = "users must be offered the source"
remedy = "replace it"

[waivers]
files = "waivers/*.toml"
max-days = 36500

[curations]
files = "curations/*.toml"
"#;

/// A repository beside a directory with a policy; gives the policy's path.
fn ours() -> (Sandbox, String) {
    let s = Sandbox::repo();
    let policy = s.path("../policy/policy.toml");
    s.write("../policy/policy.toml", POLICY);
    (s, policy.to_str().expect("UTF-8").to_owned())
}

/// The kinds of all events about violations, in order.
fn kinds(s: &Sandbox) -> Vec<String> {
    let events = s.lictor(&["audit", "export"]).expect(0).json_lines();
    let kind = |e: &Value| e["kind"].as_str().expect("a kind").to_owned();
    events.iter().map(kind).filter(|k| k != "scan").collect()
}

/// The only violation that is known.
#[track_caller]
fn only(s: &Sandbox) -> Value {
    let all = s.findings(&[]);
    let violations: Vec<&Value> =
        all.iter().map(|f| &f["violation"]).filter(|v| !v.is_null()).collect();
    assert_eq!(violations.len(), 1, "{all:#?}");
    violations[0].clone()
}

#[test]
fn the_life_of_a_violation() {
    let (s, policy) = ours();
    let scan = |code| s.lictor(&["scan", "--policy", &policy]).expect(code).stdout.clone();
    s.write("CODEOWNERS", "vendor/ @legal\n");
    s.write("src/main.c", tag("MIT"));
    s.commit();
    scan(0);
    assert_eq!(kinds(&s), [""; 0]);

    // A vendored file arrives: denied where it is shipped, allowed in tests.
    s.write("vendor/db.c", tag("AGPL-3.0-only"));
    s.write("tests/db.c", tag("AGPL-3.0-only"));
    s.git(&["add", "-A"]);
    s.git(&["commit", "-q", "-m", "vendor the database", "--author", "Eve <eve@example.org>"]);
    let commit = s.git(&["rev-parse", "HEAD"]);
    scan(1);
    assert_eq!(kinds(&s), ["violation.opened", "violation.attributed"]);
    let v = only(&s);
    assert_eq!(v["state"], "open");
    assert_eq!(v["context"], "shipped");
    assert_eq!(v["severity"], "high");
    assert_eq!(v["commit"], commit.as_str());
    assert_eq!(v["author"], "Eve <eve@example.org>");
    assert_eq!(v["owner"], "@legal");
    let id = v["id"].as_str().expect("a number").to_owned();
    s.lictor(&["policy", "explain", &id, "--policy", &policy]).expect(0).shows(&[
        "AGPL-3.0-only in",
        "brought in by Eve <eve@example.org>",
        "owned by @legal",
        "violation.opened",
        "Rule category:network-copyleft",
        "why: users must be offered the source",
    ]);

    // It is waived.
    let waivers = s.path("../policy/waivers");
    std::fs::create_dir(&waivers).expect("a directory");
    let file = waivers.join("db.toml");
    let waive = |expires: &str| {
        let file = file.to_str().expect("UTF-8");
        let args = ["waive", &id, "--expires", expires, "--reason", "bought", "--ticket", "L-1"];
        s.lictor(&[&args[..], &["--granted-by", "Jo <jo@example.org>", "--to", file]].concat())
    };
    waive("2020-01-01").expect(2).says(&["would have ended", "a day that is to come"]);
    waive("2099-12-31").expect(0).shows(&["added to", "[[waiver]]", "AGPL-3.0-only"]);
    let report = scan(0);
    assert!(
        report.contains("No violations") && report.contains("1 file with waivers."),
        "{report}"
    );
    assert_eq!(only(&s)["state"], "waived");
    assert_eq!(kinds(&s)[2..], ["violation.waived"]);
    scan(0);
    assert_eq!(kinds(&s).len(), 3, "nothing happened");

    // It is moved, and is still the same, and still waived.
    std::fs::create_dir(s.path("third")).expect("a directory");
    s.git(&["mv", "vendor/db.c", "third/renamed.c"]);
    s.commit();
    scan(0);
    assert_eq!(kinds(&s)[3..], ["violation.moved"]);
    let v = only(&s);
    assert_eq!((v["id"].as_str(), v["state"].as_str()), (Some(id.as_str()), Some("waived")));
    scan(0);

    // Lines shift, and nothing happens.
    let shifted = format!("\n\n\n{}", tag("AGPL-3.0-only"));
    s.write_at("third/renamed.c", shifted, 10);
    scan(0);
    assert_eq!(kinds(&s).len(), 4);

    // The matched words change: the waiver lapses.
    s.write_at("third/renamed.c", tag("AGPL-3.0-only AND MIT"), 20);
    let report = scan(1);
    assert!(report.contains("category:network-copyleft"), "{report}");
    assert!(report.contains("does not hold for 1 file: the matched text"), "{report}");
    assert_eq!(kinds(&s)[4..], ["license.changed", "waiver.lapsed"]);
    let lapsed = s.lictor(&["audit", "export"]).json_lines().pop().expect("an event");
    assert_eq!(lapsed["detail"]["why"], "text-changed");
    assert_eq!(only(&s)["state"], "open");
    s.lictor(&["explain", "third/renamed.c", "--policy", &policy])
        .expect(0)
        .shows(&["does not hold: the matched text is not the one it was granted for"]);

    // Back as it was, then gone, then back again: one violation all the while.
    s.write_at("third/renamed.c", tag("AGPL-3.0-only"), 30);
    scan(0);
    s.remove("third/renamed.c");
    scan(0);
    assert_eq!(only(&s)["state"], "resolved");
    s.remove(&file);
    s.write_at("third/renamed.c", tag("AGPL-3.0-only"), 40);
    scan(1);
    let happened =
        ["license.changed", "violation.waived", "violation.resolved", "violation.reopened"];
    assert_eq!(kinds(&s)[6..], happened);
    assert_eq!(only(&s)["id"], id.as_str());
    s.lictor(&["audit", "verify"]).expect(0).shows(&["events are what was written"]);

    // By what was judged can be read when it is long another.
    s.write("../policy/policy.toml", "version = 1\n");
    let events = s.lictor(&["audit", "export"]).json_lines();
    let digest = events[0]["detail"]["policy"].as_str().expect("a digest");
    s.lictor(&["audit", "policy", &digest[..12]]).expect(0).shows(&["users must be offered"]);
    s.lictor(&["audit", "policy", "deadbeef"]).expect(2).says(&["no policy `deadbeef` is kept"]);
}

#[test]
fn a_waiver_ends_with_its_last_day() {
    let (s, policy) = ours();
    s.write("db.c", tag("AGPL-3.0-only"));
    let scan = |code| s.lictor(&["scan", "--policy", &policy]).expect(code).stdout.clone();
    scan(1);
    let id = only(&s)["id"].as_str().expect("a number").to_owned();
    let args = ["waive", &id, "--expires", "2099-12-31", "--reason", "r", "--ticket", "t"];
    let entry = s.lictor(&[&args[..], &["--granted-by", "Jo"]].concat()).expect(0).stdout.clone();
    let granted = entry.lines().find(|l| l.starts_with("granted =")).expect("a line");
    // As it looks on the day after its last.
    let over = entry.replace(granted, "granted = 2020-01-01").replace("2099-12-31", "2020-12-31");
    s.write("../policy/waivers/w.toml", format!("version = 1\n{entry}"));
    scan(0);
    s.write("../policy/waivers/w.toml", format!("version = 1\n{over}"));
    scan(1);
    let last = s.lictor(&["audit", "export"]).json_lines().pop().expect("an event");
    assert_eq!(
        (&last["kind"], &last["detail"]["why"]),
        (&"waiver.lapsed".into(), &"expired".into())
    );
    s.lictor(&["policy", "check", &policy]).expect(0).shows(&["has expired on 2020-12-31"]);
    s.lictor(&["policy", "coverage", "--policy", &policy])
        .expect(0)
        .shows(&["Waivers that waive nothing: 1"]);
}

#[test]
fn any_edit_of_the_history_is_found() {
    let (s, policy) = ours();
    for n in 0..5 {
        s.write(format!("f{n}.c"), tag("AGPL-3.0-only"));
    }
    s.lictor(&["scan", "--policy", &policy]).expect(1);
    let verify = || s.lictor(&["audit", "verify"]);
    let said = verify().expect(0).stdout.clone();
    let head = said.trim().rsplit(' ').next().expect("a hash").to_owned();
    s.lictor(&["audit", "verify", "--head", &head]).expect(0);
    let db = Connection::open(s.store()).expect("the store");
    db.query_row("PRAGMA wal_checkpoint(truncate)", [], |_| Ok(())).expect("a checkpoint");
    drop(db);
    let whole = std::fs::read(s.store()).expect("the store");
    for (edit, event) in [
        ("UPDATE event SET path = x'66302e63' WHERE seq = 3", 3),
        ("UPDATE event SET kind = 'violation.closed' WHERE seq = 2", 2),
        ("UPDATE event SET time = time + 1 WHERE seq = 6", 6),
        ("UPDATE event SET violation = 9 WHERE seq = 4", 4),
        ("UPDATE event SET hash = zeroblob(32) WHERE seq = 5", 5),
        (
            "UPDATE words SET text = replace(text, '\"deny\"', '\"allow\"')
          WHERE id = (SELECT detail FROM event WHERE seq = 2)",
            2,
        ),
        ("DELETE FROM event WHERE seq = 4", 4),
        ("DELETE FROM event WHERE seq >= 6", 6),
        ("DELETE FROM event", 1),
    ] {
        let db = Connection::open(s.store()).expect("the store");
        db.execute(edit, []).expect(edit);
        drop(db);
        verify().expect(2).says(&[&format!("event {event} is broken")]);
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", s.store().display()));
        }
        std::fs::write(s.store(), &whole).expect("the store as it was");
    }
    verify().expect(0);
    s.lictor(&["audit", "verify", "--head", &"0".repeat(64)]).expect(2).says(&["no event has"]);
}

/// Path, license, rule, outcome and state of what is not resolved.
fn standing(s: &Sandbox) -> BTreeSet<[String; 5]> {
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let all = s.findings(&[]);
    let open = all.iter().filter(|f| !f["violation"].is_null());
    open.map(|f| {
        let v = &f["violation"];
        [
            text(&f["path"]),
            text(&v["license"]),
            text(&v["rule"]),
            text(&f["outcome"]),
            text(&v["state"]),
        ]
    })
    .filter(|v| v[4] != "resolved")
    .collect()
}

#[test]
fn what_a_policy_would_change_is_what_it_changes() {
    let (s, policy) = ours();
    s.write("a.c", tag("AGPL-3.0-only"));
    s.write("gpl.c", tag("GPL-2.0-only"));
    s.write("mit.c", tag("MIT"));
    s.write("tests/a.c", tag("AGPL-3.0-only"));
    s.write("vendor/z/LICENSE", common::text("Zlib"));
    s.write("vendor/z/z.c", "// see LICENSE\nint z;\n");
    s.write("plain.c", "int x;\n");
    s.lictor(&["scan", "--policy", &policy]).expect(1);
    let before = standing(&s);
    let new = r#"
version = 1
[contexts]
internal = "gpl.c"
[categories]
permissive = { outcome = "review", severity = "low" }
network-copyleft = "review"
strong-copyleft = { outcome = { internal = "allow", otherwise = "deny" } }
[[rule]]
id = "vendored"
category = "permissive"
origin = "copied"
outcome = "deny"
[otherwise]
none = "review"
"#;
    s.write("../policy/new.toml", new);
    let file = s.path("../policy/new.toml");
    let file = file.to_str().expect("UTF-8");
    let tried = s.lictor(&["policy", "try", file, "--format", "json"]).expect(0).json();
    assert_eq!(standing(&s), before, "trying changes nothing");
    let mut expected = before.clone();
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let row = |d: &Value, v: &Value| {
        [
            text(&d["path"]),
            text(&d["license"]),
            text(&v["rule"]),
            text(&v["outcome"]),
            "open".into(),
        ]
    };
    let differences = tried["checkouts"][0]["differences"].as_array().expect("a list");
    for d in differences {
        if !d["before"].is_null() {
            assert!(expected.remove(&row(d, &d["before"])), "{d}");
        }
        if !d["after"].is_null() {
            expected.insert(row(d, &d["after"]));
        }
    }
    assert!(differences.len() > 5, "{differences:#?}");
    s.lictor(&["policy", "try", file]).expect(0).shows(&[
        "would appear",
        "would vanish",
        "would change",
    ]);
    let read = s.lictor(&["scan", "--policy", file]).expect(1).contents_read();
    assert_eq!(read, 0, "another policy reads no file");
    assert_eq!(standing(&s), expected);
    s.lictor(&["policy", "try", file]).expect(0).shows(&["nothing would change"]);
}

#[test]
fn a_change_is_judged_by_what_it_brings_in() {
    let (s, policy) = ours();
    s.write("old.c", tag("AGPL-3.0-only"));
    s.write("vendor/x.c", tag("MIT"));
    s.write("same.c", tag("MIT"));
    s.commit();
    s.git(&["tag", "base"]);
    // What was wrong before is not this change's.
    s.append("old.c", "int y;\n", 5);
    s.write_at("vendor/x.c", tag("BUSL-1.1"), 5);
    s.write("new.c", tag("AGPL-3.0-only"));
    s.write("tests/new.c", tag("AGPL-3.0-only"));
    s.git(&["add", "-A"]);
    let staged = s.scan_json(&["--staged", "--policy", &policy]);
    s.git(&["commit", "-q", "-m", "c"]);
    let diff = s.scan_json(&["--diff", "base..HEAD", "--policy", &policy]);
    for report in [&staged, &diff] {
        assert_eq!(paths(report), ["new.c", "old.c", "tests/new.c", "vendor/x.c"]);
        let files = report["checkouts"][0]["found"].as_array().expect("files");
        let wrong = |f: &&Value| f["violations"].is_array();
        let wrong: Vec<&str> =
            files.iter().filter(wrong).filter_map(|f| f["path"].as_str()).collect();
        assert_eq!(wrong, ["new.c", "vendor/x.c"]);
        let changed = &report["checkouts"][0]["against"]["changed"];
        assert_eq!(changed.as_array().map(Vec::len), Some(1), "{changed}");
        assert_eq!(changed[0]["path"], "vendor/x.c");
        assert_eq!(
            (&changed[0]["before"], &changed[0]["after"]),
            (&"MIT".into(), &"BUSL-1.1".into())
        );
    }
    s.lictor(&["scan", "--diff", "base", "--policy", &policy])
        .expect(1)
        .shows(&["vendor/x.c went from MIT to BUSL-1.1", "against base"]);
    s.lictor(&["scan", "--diff", "HEAD", "--policy", &policy]).expect(0);
    s.lictor(&["scan", "--diff", "nowhere", "--policy", &policy]).expect(2).says(&["nowhere"]);
    assert_eq!(kinds(&s), [""; 0], "nothing of it is remembered");
}

#[test]
fn the_hook_stops_a_commit_that_is_denied() {
    let s = Sandbox::repo();
    s.write("LICENSE", common::text("MIT"));
    s.commit();
    let lictor = std::path::Path::new(env!("CARGO_BIN_EXE_lictor"));
    let bin = lictor.parent().expect("a directory").to_str().expect("UTF-8").to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    let s = s.with("PATH", format!("{bin}:{path}"));
    s.lictor(&["init", "--from", "permissive-only", "--hook", "--yes"])
        .expect(0)
        .shows(&["it says its license: MIT", "pre-commit"]);
    s.lictor(&["policy", "test", ".lictor/policy.toml", ".lictor/base.toml"]).expect(0);
    s.lictor(&["init", "--from", "permissive-only", "--yes"]).expect(2).says(&["there already"]);
    s.commit();
    s.write("ok.c", tag("MIT"));
    s.commit();
    s.write("bad.c", tag("GPL-3.0-only"));
    s.git(&["add", "-A"]);
    let refused = s.try_git(&["commit", "-q", "-m", "c"]).expect_err("the hook");
    assert!(s.try_git(&["log", "-1", "--format=%s", "--", "bad.c"]).expect("a log").is_empty());
    assert!(refused.contains("1"), "{refused}");
    s.remove("bad.c");
    s.commit();
}

#[test]
fn a_curation_holds_while_the_same_is_detected() {
    let (s, policy) = ours();
    s.write("x.c", tag("AGPL-3.0-only"));
    let scan = |code| s.lictor(&["scan", "--policy", &policy]).expect(code).stdout.clone();
    scan(1);
    let file = s.path("../policy/curations/c.toml");
    std::fs::create_dir(file.parent().expect("a directory")).expect("a directory");
    let to = file.to_str().expect("UTF-8");
    let args = ["curate", "x.c", "--conclude", "MIT", "--by", "Jo", "--reason", "a test's words"];
    s.lictor(&[&args[..], &["--to", to]].concat()).expect(0).shows(&["[[curation]]"]);
    scan(0);
    assert_eq!(only(&s)["state"], "resolved");
    let report = s.scan_json(&["--policy", &policy]);
    assert_eq!(expression(&report, "x.c").as_deref(), Some("AGPL-3.0-only"));
    let found = &report["checkouts"][0]["found"][0];
    assert_eq!(found["concluded"]["expression"], "MIT");
    assert_eq!(found["concluded"]["how"], "curation");
    s.lictor(&["explain", "x.c", "--policy", &policy])
        .expect(0)
        .shows(&["curated  MIT, by Jo: a test's words"]);
    s.append("x.c", "int other;\n", 10);
    scan(1);
    assert_eq!(only(&s)["state"], "open");
    s.lictor(&["curate", "x.c", "--conclude", "MTI", "--by", "Jo", "--reason", "r"])
        .expect(2)
        .says(&["unknown license id `MTI`"]);
}

#[test]
fn a_policy_in_a_checkout_is_heard_only_if_it_is_trusted() {
    let (s, policy) = ours();
    s.write("lib/a.c", tag("MIT"));
    s.write(
        "lib/.lictor/policy.toml",
        "version = 1\n[categories]\npermissive = 'deny'\nnetwork-copyleft = 'allow'\n",
    );
    s.write("lib/b.c", tag("AGPL-3.0-only"));
    let wrong = |report: &Value| -> Vec<String> {
        let files = report["checkouts"][0]["found"].as_array().expect("files").iter();
        let wrong = files.filter(|f| f["violations"].is_array());
        wrong.map(|f| f["path"].as_str().expect("a path").to_owned()).collect()
    };
    assert_eq!(wrong(&s.scan_json(&["--policy", &policy])), ["lib/b.c"]);
    let trusting = format!("{POLICY}\n[trust]\npolicies = '**/.lictor/policy.toml'\n");
    s.write("../policy/policy.toml", &trusting);
    assert_eq!(wrong(&s.scan_json(&["--policy", &policy])), ["lib/a.c", "lib/b.c"]);
    // One that cannot be read might have been stricter.
    s.write_at("lib/.lictor/policy.toml", "version = 1\n[categoris]\n", 10);
    s.lictor(&["scan", "--policy", &policy]).expect(78).says(&[
        "unknown key `categoris`",
        "the policy lib/.lictor/policy.toml in the checkout has mistakes",
        "trust.policies",
    ]);
    s.write_at("lib/.lictor/policy.toml", "version = 1\n[waivers]\nfiles = 'w'\n", 20);
    s.lictor(&["scan", "--policy", &policy]).expect(78).says(&["`waivers` has no place"]);
}

#[test]
fn what_is_owed_is_told_for_what_was_chosen() {
    let (s, policy) = ours();
    s.write("a.c", tag("MIT OR GPL-2.0-only"));
    s.write("b.c", tag("Apache-2.0"));
    s.write("tests/c.c", tag("AGPL-3.0-only"));
    s.lictor(&["scan", "--policy", &policy]).expect(0);
    let owed = s.lictor(&["obligations", "--policy", &policy, "--context", "shipped"]);
    owed.expect(0).shows(&["MIT: 1 file", "Apache-2.0: 1 file", "notice-file"]);
    owed.hides(&["GPL-2.0-only", "AGPL"]);
    let all = s.lictor(&["obligations", "--policy", &policy, "--format", "json"]).expect(0).json();
    assert_eq!(all["licenses"].as_array().map(Vec::len), Some(3));
    s.lictor(&["obligations", "--policy", &policy, "--context", "shiped"])
        .expect(2)
        .says(&["there is no context `shiped`", "did you mean `shipped`?"]);
}

#[test]
fn the_ready_made_policies_pass_their_tests_and_have_enough() {
    let s = Sandbox::new();
    for name in [
        "default",
        "distributed-product",
        "hosted-service",
        "internal-tools",
        "open-source-outbound",
        "permissive-only",
    ] {
        let file = format!("{}/policies/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        s.lictor(&["policy", "check", &file]).expect(0);
        let run = s.lictor(&["policy", "test", &file]);
        run.expect(0).shows(&["tests passed"]);
        let text = std::fs::read_to_string(&file).expect("a policy");
        assert!(text.matches("[[test]]").count() >= 20, "{name} has too few tests");
    }
    let wrong = "version = 1\n[categories]\npermissive = 'allow'\n[[test]]\nlicense = 'MIT'\nexpect = 'deny'\n";
    s.write("p.toml", wrong);
    s.lictor(&["policy", "test", "p.toml"])
        .expect(1)
        .shows(&["p.toml:4: the outcome is allow, not deny"]);
}

#[test]
fn the_reference_names_every_key() {
    fn names(schema: &Value, out: &mut BTreeSet<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            for (name, below) in properties {
                assert!(below["description"].as_str().is_some_and(|d| d.len() > 9), "{name}");
                out.insert(name.clone());
            }
        }
        match schema {
            Value::Object(map) => map.values().for_each(|v| names(v, out)),
            Value::Array(list) => list.iter().for_each(|v| names(v, out)),
            _ => {}
        }
    }
    let s = Sandbox::new();
    let reference = include_str!("../policies/README.md");
    for of in ["policy", "waivers", "curations"] {
        let schema = s.lictor(&["policy", "schema", of]).expect(0).json();
        let mut all = BTreeSet::new();
        names(&schema, &mut all);
        assert!(all.len() > 3);
        for name in all {
            let told = reference.contains(&format!("`{name}`"))
                || reference.contains(&format!(".{name}`"));
            assert!(told, "`{name}` is not in policies/README.md");
        }
        let kept = format!("{}/docs/schemas/{of}.json", env!("CARGO_MANIFEST_DIR"));
        let kept: Value =
            serde_json::from_str(&std::fs::read_to_string(kept).expect("a schema")).expect("JSON");
        assert_eq!(
            kept, schema,
            "docs/schemas/{of}.json: write it anew with `lictor policy schema {of}`"
        );
    }
}
