// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What `scan`, `findings`, `explain` and `detect` do with repositories as they should be.

mod common;

use common::{Sandbox, expression, found, not_looked, paths, tag, text, touch};
use serde_json::Value;

/// A repository with one file to deny, one to review, one to allow and one without anything.
fn small() -> Sandbox {
    let s = Sandbox::repo();
    s.write("deny.c", tag("AGPL-3.0-only"));
    s.write("lib/review.c", tag("GPL-2.0-only"));
    s.write("lib/allow.c", tag("MIT"));
    s.write("plain.c", "int x;\n");
    s.commit();
    s
}

fn some(s: &str) -> Option<String> {
    Some(s.to_owned())
}

/// Path and state of all violations in the store.
fn violations(s: &Sandbox, args: &[&str]) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let all = s.findings(args).into_iter().filter(|f| !f["violation"].is_null());
    all.map(|f| (text(&f["path"]), text(&f["violation"]["state"]))).collect()
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[test]
fn a_second_scan_reads_nothing() {
    let s = small();
    assert_eq!(s.reads(&[]), 4, "the first scan reads every content");
    assert_eq!(s.reads(&[]), 0, "nothing has changed");
}

#[test]
fn the_reports_of_the_first_and_the_second_scan_are_the_same_bytes() {
    let s = small();
    s.write("untracked.txt", text("MIT"));
    s.write("image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0");
    std::os::unix::fs::symlink("deny.c", s.path("link")).expect("a link");
    let first = s.lictor(&["scan", "--format", "json"]);
    assert_eq!(found(&first.json()).len(), 6, "{first:#?}");
    for args in [vec!["-j1"], vec!["-j8"], vec!["--no-store", "-j1"], vec!["--no-store", "-j8"]] {
        let again = s.lictor(&[vec!["scan", "--format", "json"], args.clone()].concat());
        assert_eq!(first.stdout, again.stdout, "{args:?} gives another report");
    }
    let other = s.with("XDG_STATE_HOME", s.dir.with_file_name("elsewhere"));
    let again = other.lictor(&["scan", "--format", "json", "-j8"]);
    assert_eq!(first.stdout, again.stdout, "a first scan into another store differs");
}

#[test]
fn a_touched_file_is_read_and_nothing_else_changes() {
    let s = small();
    s.write("new.c", tag("MIT AND ISC"));
    let before = s.scan_json(&[]);
    touch(&s.path("new.c"), 60);
    touch(&s.path("deny.c"), 60);
    assert_eq!(s.reads(&[]), 2, "both touched files are read");
    assert_eq!(s.scan_json(&[]), before, "the report is what it was");
    assert_eq!(s.reads(&[]), 0, "their new times are remembered");
}

#[test]
fn an_edited_file_has_another_verdict() {
    let s = small();
    s.lictor(&["scan"]).expect(1);
    s.write_at("deny.c", tag("ISC"), 60);
    s.write_at("plain.c", tag("SSPL-1.0"), 60);
    let run = s.lictor(&["scan", "--format", "json"]);
    let report = run.expect(1).json();
    assert_eq!(expression(&report, "deny.c"), some("ISC"));
    assert_eq!(expression(&report, "plain.c"), some("SSPL-1.0"));
    assert_eq!(
        violations(&s, &["--outcome", "deny"]),
        [pair("deny.c", "resolved"), pair("plain.c", "open")]
    );
}

#[test]
fn a_violation_ends_with_its_file_and_opens_again_with_it() {
    let s = small();
    s.lictor(&["scan"]).expect(1);
    let first = s.findings(&["--path", "deny.c"]);
    assert_eq!(first[0]["violation"]["state"], "open", "{first:?}");
    s.remove("deny.c");
    s.lictor(&["scan"]).expect(0);
    assert_eq!(violations(&s, &["--state", "resolved"]), [pair("deny.c", "resolved")]);
    assert_eq!(violations(&s, &["--state", "open"]), [pair("lib/review.c", "open")]);
    s.git(&["checkout", "-q", "--", "deny.c"]);
    s.lictor(&["scan"]).expect(1);
    assert_eq!(violations(&s, &["--state", "resolved"]), []);
    let again = s.findings(&["--path", "deny.c"]);
    let since = |f: &[Value]| f[0]["violation"]["first_seen"].clone();
    assert_eq!(since(&again), since(&first), "it was first seen when it was first seen");
}

#[test]
fn a_content_seen_in_another_checkout_is_not_read_again() {
    let s = small();
    s.lictor(&["scan"]).expect(1);
    s.git(&["clone", "-q", ".", "../clone"]);
    let clone = s.at("../clone");
    for file in ["deny.c", "lib/review.c", "lib/allow.c", "plain.c"] {
        touch(&clone.path(file), 60);
    }
    clone.git(&["update-index", "--refresh"]);
    assert_eq!(clone.reads(&[]), 0, "the index of the clone names contents that are known");
    let (ours, theirs) = (s.scan_json(&[]), clone.scan_json(&[]));
    assert_eq!(ours["checkouts"][0]["found"], theirs["checkouts"][0]["found"]);
}

#[test]
fn a_file_as_young_as_the_index_is_read() {
    let s = small();
    s.lictor(&["scan"]).expect(1);
    s.git(&["clone", "-q", ".", "../clone"]);
    let clone = s.at("../clone");
    // The index says that deny.c is what was checked out; its stat cannot deny it.
    let index = clone.path(".git/index");
    let then = std::fs::metadata(clone.path("deny.c")).expect("a stat").modified();
    let then = then.expect("a time");
    let size = tag("AGPL-3.0-only").len();
    let mut other = tag("MIT").into_bytes();
    other.resize(size, b' ');
    std::fs::write(clone.path("deny.c"), other).expect("writing over it");
    common::set_time(&clone.path("deny.c"), then);
    common::set_time(&index, then);
    let report = clone.scan_json(&[]);
    assert_eq!(expression(&report, "deny.c"), some("MIT"), "a racily clean file was believed");
}

#[test]
fn a_file_that_is_only_intended_to_be_added_is_read() {
    let s = small();
    s.write("empty", "");
    s.write("new.c", tag("AGPL-3.0-only"));
    s.git(&["add", "--intent-to-add", "new.c"]);
    let report = s.scan_json(&[]);
    assert_eq!(expression(&report, "new.c"), some("AGPL-3.0-only"));
    assert_eq!(expression(&report, "empty"), None, "the empty content has no license");
    let blob = s.git(&["hash-object", "new.c"]);
    let files = report["checkouts"][0]["found"].as_array().expect("files");
    let file = files.iter().find(|f| f["path"] == "new.c").expect("the file");
    assert_eq!(file["blob"], blob.as_str(), "the index knows no content of it");
}

#[test]
fn a_file_that_is_only_intended_to_be_added_is_not_staged() {
    let s = small();
    s.write("new.c", tag("AGPL-3.0-only"));
    s.git(&["add", "--intent-to-add", "new.c"]);
    let staged = paths(&s.scan_json(&["--staged"]));
    assert_eq!(staged, [""; 0]);
}

#[test]
fn files_that_are_not_tracked_are_scanned_unless_they_are_ignored() {
    let s = Sandbox::repo();
    s.write("excludes", "*.global\n");
    s.git(&["config", "core.excludesFile", s.path("excludes").to_str().expect("UTF-8")]);
    s.write(".git/info/exclude", "/private\n");
    s.write(".gitignore", "target/\n*.log\n!keep.log\n/only-here\n");
    s.write("sub/.gitignore", "*.tmp\n!*.global\n");
    for path in [
        "tracked.c",
        "untracked.c",
        "a.log",
        "keep.log",
        "target/x.c",
        "sub/target/y.c",
        "sub/a.tmp",
        "b.tmp",
        "private",
        "sub/private",
        "only-here",
        "sub/only-here",
        "c.global",
        "sub/d.global",
        "sub/target.c",
    ] {
        s.write(path, tag("MIT"));
    }
    s.write("file/target", tag("MIT"));
    s.git(&["add", "tracked.c"]);
    let expected = [
        ".gitignore",
        "b.tmp",
        "excludes",
        "file/target",
        "keep.log",
        "sub/.gitignore",
        "sub/d.global",
        "sub/only-here",
        "sub/private",
        "sub/target.c",
        "tracked.c",
        "untracked.c",
    ];
    let report = s.scan_json(&[]);
    assert_eq!(paths(&report), expected);
    // git is the measure.
    let mut git: Vec<String> = s
        .git(&["ls-files", "--cached", "--others", "--exclude-standard"])
        .lines()
        .map(str::to_owned)
        .collect();
    git.sort();
    assert_eq!(paths(&report), git);
    // Directories that are left out count once: target, sub/target, a.log, sub/a.tmp,
    // private, only-here, c.global.
    assert_eq!(report["checkouts"][0]["ignored"], 7, "{report:#}");
    s.lictor(&["scan"]).expect(0).shows(&["Left out by git's rules: 7 paths"]);

    assert_eq!(paths(&s.scan_json(&["--no-untracked"])), ["tracked.c"]);
    let all = paths(&s.scan_json(&["--include-ignored"]));
    assert_eq!(all.len(), expected.len() + 7, "{all:?}");
    assert_eq!(paths(&s.scan_json(&[])), expected, "what was looked at once is forgotten again");
}

#[test]
fn the_users_own_ignore_file_holds() {
    let s = Sandbox::repo();
    s.write("../config/git/ignore", "*.mine\n");
    s.write("a.mine", tag("MIT"));
    s.write("b.c", tag("MIT"));
    assert_eq!(paths(&s.scan_json(&[])), ["b.c"]);
}

#[test]
fn an_ignored_file_that_is_tracked_is_scanned_every_time() {
    let s = Sandbox::repo();
    s.write(".gitignore", "out/\n*.gen\n");
    s.write("out/deep/tracked.c", tag("AGPL-3.0-only"));
    s.write("out/untracked.c", tag("AGPL-3.0-only"));
    s.write("a.gen", tag("GPL-2.0-only"));
    s.git(&["add", "-f", ".gitignore", "out/deep/tracked.c", "a.gen"]);
    s.git(&["commit", "-q", "-m", "c"]);
    for time in ["first", "second", "third"] {
        let got = paths(&s.scan_json(&[]));
        assert_eq!(got, [".gitignore", "a.gen", "out/deep/tracked.c"], "in the {time} scan");
    }
    s.git(&["rm", "-q", "--cached", "a.gen"]);
    assert_eq!(paths(&s.scan_json(&[])), [".gitignore", "out/deep/tracked.c"]);
}

#[test]
fn what_lictorignore_names_is_left_out_tracked_or_not_and_counted() {
    let s = small();
    s.write(".lictorignore", "lib/\nuntracked.c\n");
    s.write("untracked.c", tag("MIT"));
    let report = s.scan_json(&[]);
    assert_eq!(paths(&report), [".lictorignore", "deny.c", "plain.c"]);
    assert_eq!(report["checkouts"][0]["excluded"], 2, "{report:#}");
    s.lictor(&["scan"]).expect(1).shows(&["Left out by .lictorignore: 2 paths"]);
    s.remove(".lictorignore");
    assert_eq!(paths(&s.scan_json(&[])).len(), 5, "all is looked at again");
}

#[test]
fn checkouts_inside_a_checkout_are_scanned_as_their_own() {
    let s = small();
    let other = s.at("../other");
    other.git(&["init", "-q", "-b", "main"]);
    other.write("sub.c", tag("ISC"));
    other.commit();
    s.git(&["submodule", "--quiet", "add", "../other", "third/sub"]);
    let nested = s.at("nested");
    nested.git(&["init", "-q", "-b", "main"]);
    nested.write("own.c", tag("0BSD"));
    nested.write(".gitignore", "*.o\n");
    nested.write("x.o", tag("MIT"));
    s.git(&["commit", "-q", "-m", "submodule"]);

    for time in ["first", "second"] {
        let report = s.scan_json(&[]);
        let checkouts = report["checkouts"].as_array().expect("checkouts");
        let roots: Vec<&str> = checkouts.iter().filter_map(|c| c["path"].as_str()).collect();
        let expected = [s.path(""), s.path("nested"), s.path("third/sub")];
        let expected: Vec<&str> =
            expected.iter().map(|p| p.to_str().expect("UTF-8").trim_end_matches('/')).collect();
        assert_eq!(roots, expected, "{time}");
        assert_eq!(checkouts[1]["found"].as_array().map(Vec::len), Some(2), "{time}: {report:#}");
        assert_eq!(checkouts[2]["found"][0]["expression"], "ISC", "{time}: {report:#}");
        assert!(checkouts[2]["commit"].is_string(), "{time}: {report:#}");
    }
    assert_eq!(s.reads(&[]), 0, "nested checkouts are remembered, too");
    let inside = nested.dir.to_str().expect("UTF-8");
    let only: Vec<Value> = s.findings(&["--checkout", inside]);
    assert_eq!(only.len(), 1, "{only:?}");
    assert_eq!(only[0]["path"], "own.c");
}

#[test]
fn a_submodule_that_is_not_checked_out_is_said() {
    let s = small();
    let other = s.at("../other");
    other.git(&["init", "-q", "-b", "main"]);
    other.write("sub.c", tag("ISC"));
    other.commit();
    s.git(&["submodule", "--quiet", "add", "../other", "third/sub"]);
    s.git(&["commit", "-q", "-m", "submodule"]);
    s.git(&["clone", "-q", ".", "../clone"]);
    let clone = s.at("../clone");
    for time in ["first", "second"] {
        let run = clone.lictor(&["scan"]);
        run.expect(1).shows(&["1 submodule", "submodule third/sub", "git submodule update --init"]);
        let left = not_looked(&clone.scan_json(&[]));
        assert_eq!(left, [pair("third/sub", "submodule")], "{time}");
    }
    let committed = s.scan_json(&["--rev", "HEAD"]);
    assert_eq!(not_looked(&committed), [pair("third/sub", "submodule")]);
}

#[test]
fn a_bare_repository_is_scanned_at_its_head() {
    let s = small();
    s.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    let bare = s.at("../bare.git");
    let report = bare.scan_json(&[]);
    assert_eq!(found(&report), found(&s.scan_json(&[])));
    let run = bare.lictor(&["scan"]);
    run.expect(1).shows(&["revision HEAD", "0 contents were read"]);
    s.lictor(&["scan", "../bare.git", "--rev", "main"]).expect(1);
}

#[test]
fn a_revision_is_scanned_as_its_clean_checkout() {
    let s = small();
    s.write("a.b/x", tag("Zlib"));
    s.write("a/y", tag("Zlib"));
    s.write("a.c", tag("Zlib"));
    s.write("logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0");
    std::os::unix::fs::symlink("deny.c", s.path("link")).expect("a link");
    s.commit();
    s.git(&["tag", "-a", "-m", "t", "v1"]);
    s.git(&["rm", "-rq", "lib"]);
    s.write_at("deny.c", tag("MIT"), 60);
    s.commit();
    s.git(&["clone", "-q", "-b", "v1", ".", "../clone"]);
    let clean = s.at("../clone").scan_json(&["--no-store"]);
    let commit = s.git(&["rev-parse", "v1^{commit}"]);
    for rev in ["v1", "HEAD~1", &commit, "main@{0}^"] {
        let report = s.scan_json(&["--rev", rev]);
        let ours = &report["checkouts"][0];
        assert_eq!(ours["found"], clean["checkouts"][0]["found"], "{rev}");
        assert_eq!(not_looked(&report), not_looked(&clean), "{rev}");
        assert_eq!(ours["commit"], commit.as_str(), "{rev}");
        assert_eq!(ours["view"], format!("rev:{rev}"));
    }
    // The views do not know of each other.
    s.lictor(&["scan", "--rev", "v1"]).expect(1);
    s.lictor(&["scan"]).expect(0);
    let views: Vec<Value> =
        s.findings(&["--path", "deny.c"]).into_iter().map(|f| f["view"].clone()).collect();
    assert!(views.contains(&Value::from("rev:v1")) && views.contains(&Value::from("")));
}

#[test]
fn a_part_of_a_revision_or_of_the_index_can_be_scanned() {
    let s = small();
    s.git(&["update-ref", "-d", "HEAD"]);
    let commit = s.git(&["commit-tree", &s.git(&["write-tree"]), "-m", "c"]);
    for view in [vec!["--rev", &commit], vec!["--staged"], vec![]] {
        let report = s.scan_json(&[vec!["lib"], view.clone()].concat());
        assert_eq!(paths(&report), ["lib/allow.c", "lib/review.c"], "{view:?}");
        assert_eq!(report["checkouts"][0]["scope"], "lib/", "{view:?}");
    }
}

#[test]
fn what_is_staged_is_scanned_and_not_the_work_tree() {
    let s = small();
    s.write_at("deny.c", tag("ISC"), 60);
    s.git(&["add", "deny.c"]);
    s.write_at("deny.c", tag("SSPL-1.0"), 120);
    s.write("untracked.c", tag("MIT"));
    s.write("added.c", tag("Zlib"));
    s.git(&["add", "added.c"]);
    s.remove("added.c");
    s.git(&["rm", "-q", "--cached", "plain.c"]);
    let report = s.scan_json(&["--staged"]);
    assert_eq!(paths(&report), ["added.c", "deny.c"]);
    assert_eq!(expression(&report, "deny.c"), some("ISC"));
    assert_eq!(report["checkouts"][0]["view"], "staged");
    s.lictor(&["scan", "--staged"]).expect(0).shows(&["what is staged"]);
    assert_eq!(expression(&s.scan_json(&[]), "deny.c"), some("SSPL-1.0"));
}

#[test]
fn a_linked_worktree_is_a_checkout_of_its_own() {
    let s = small();
    s.lictor(&["scan"]).expect(1);
    s.git(&["worktree", "add", "-q", "-b", "side", "../linked"]);
    let linked = s.at("../linked");
    for file in ["deny.c", "lib/review.c", "lib/allow.c", "plain.c"] {
        touch(&linked.path(file), 60);
    }
    linked.git(&["update-index", "--refresh"]);
    assert_eq!(linked.reads(&[]), 0, "all of its contents are known");
    linked.write("side.c", tag("Zlib"));
    linked.commit();
    let report = linked.scan_json(&[]);
    assert_eq!(paths(&report).len(), 5, "{report:#}");
    assert_eq!(report["checkouts"][0]["commit"], linked.git(&["rev-parse", "HEAD"]).as_str());
    assert_eq!(paths(&linked.scan_json(&["--rev", "side"])), paths(&report));
    assert_eq!(paths(&s.scan_json(&[])).len(), 4, "the main work tree is as it was");
}

#[test]
fn scanning_a_part_does_not_forget_the_rest() {
    let s = small();
    s.write("lib-b/deny.c", tag("AGPL-3.0-only"));
    s.commit();
    s.lictor(&["scan"]).expect(1);
    s.write_at("lib/review.c", tag("MIT"), 60);
    let part = s.lictor(&["scan", "lib", "--format", "json"]);
    assert_eq!(paths(&part.expect(0).json()), ["lib/allow.c", "lib/review.c"]);
    assert_eq!(
        violations(&s, &[]),
        [pair("deny.c", "open"), pair("lib-b/deny.c", "open"), pair("lib/review.c", "resolved")]
    );
    assert_eq!(s.reads(&[]), 0, "the whole is still known");
    // From inside, the same directory is meant.
    assert_eq!(s.at("lib").reads(&["."]), 0);
}

#[test]
fn scanning_a_part_by_another_policy_leaves_the_whole_to_be_judged() {
    let s = small();
    s.write("lax.toml", "version = 1\n[otherwise]\nunnamed = 'allow'\n");
    s.lictor(&["scan"]).expect(1);
    s.lictor(&["scan", "lib", "--policy", "lax.toml"]).expect(0);
    assert_eq!(violations(&s, &["--state", "open"]), [pair("deny.c", "open")]);
    s.lictor(&["scan", "--policy", "lax.toml"]).expect(0);
    assert_eq!(violations(&s, &["--state", "open"]), []);
}

#[test]
fn the_lines_of_jsonl_say_the_same_as_the_document() {
    let s = small();
    let document = s.scan_json(&[]);
    let lines = s.lictor(&["scan", "--format", "jsonl"]).json_lines();
    let of = |t: &str| lines.iter().filter(|l| l["type"] == t).cloned().collect::<Vec<_>>();
    assert_eq!((of("scan").len(), of("checkout").len(), of("file").len()), (1, 1, 4));
    assert_eq!(lines[0]["format"], "lictor-scan");
    assert_eq!(lines[0]["complete"], true);
    for (line, file) in
        of("file").iter_mut().zip(document["checkouts"][0]["found"].as_array().expect("files"))
    {
        line.as_object_mut().expect("an object").remove("type");
        assert_eq!(line, file);
    }
}

#[test]
fn a_report_is_written_to_a_file_whole() {
    let s = small();
    let out = s.at("../out");
    let args = ["scan", "--format", "json", "--output", "../out/report.json"];
    let run = s.lictor(&args);
    run.expect(1);
    assert!(run.stdout.is_empty(), "the report goes to the file only: {run:#?}");
    let written = std::fs::read_to_string(out.path("report.json")).expect("the report");
    assert_eq!(written, s.lictor(&["scan", "--format", "json"]).stdout);
    assert_eq!(names(&out), ["report.json"], "nothing else is left");
    // Over an older report; and no colors in files.
    s.lictor(&["scan", "--color", "always", "-o", "../out/report.json"]).expect(1);
    let human = std::fs::read_to_string(out.path("report.json")).expect("the report");
    assert!(human.starts_with("Policy default"), "{human}");
    s.lictor(&["scan", "-o", "../nowhere/r"]).expect(2).says(&["nowhere/r", "--output"]);
}

#[test]
fn a_report_does_not_speak_of_itself() {
    let s = small();
    assert_eq!(paths(&reported(&s)), ["deny.c", "lib/allow.c", "lib/review.c", "plain.c"]);
}

#[test]
fn a_report_does_not_speak_of_the_one_before_it() {
    let s = small();
    assert_eq!(reported(&s), reported(&s));
}

/// A report that is written into the tree that it is about.
fn reported(s: &Sandbox) -> Value {
    s.lictor(&["scan", "--format", "json", "--output", "report.json"]).expect(1);
    let written = std::fs::read(s.path("report.json")).expect("the report");
    serde_json::from_slice(&written).expect("JSON")
}

#[test]
fn a_scan_that_fails_leaves_no_part_of_a_report() {
    let s = small();
    let out = s.at("../out");
    s.write(".git/index", b"DIRC\0\0\0\x02rubbish");
    s.lictor(&["scan", "--staged", "-o", "../out/report"]).expect(2);
    assert_eq!(names(&out), [""; 0]);
}

#[test]
fn an_output_that_is_no_plain_file_is_written_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let s = small();
    let out = s.at("../out");
    let fifo = out.path("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0)
        .expect("a FIFO");
    // Open for both ends, so that nobody waits for the other.
    let _both = std::fs::File::options().read(true).write(true).open(&fifo).expect("opening it");
    s.lictor(&["scan", "-o", "../out/fifo"]).expect(1);
    let kind = std::fs::symlink_metadata(&fifo).expect("a stat").file_type();
    assert!(kind.is_fifo(), "the FIFO was replaced; so would be /dev/null");
    std::os::unix::fs::symlink("target", out.path("link")).expect("a link");
    out.write("target", "old");
    s.lictor(&["scan", "-o", "../out/link"]).expect(1);
    let target = std::fs::read_to_string(out.path("target")).expect("the target");
    assert!(target.starts_with("Policy"), "the link was replaced, not what it names: {target}");
}

fn names(s: &Sandbox) -> Vec<String> {
    let list = std::fs::read_dir(&s.dir).expect("a listing");
    let mut names: Vec<String> =
        list.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_exit_code_says_what_was_asked() {
    let s = small();
    let code = |args: &[&str]| s.lictor(&[&["scan"], args].concat()).code;
    assert_eq!(code(&[]), Some(1), "a denied license");
    assert_eq!(code(&["--fail-on", "never"]), Some(0));
    assert_eq!(code(&["lib"]), Some(0), "only a license to review");
    assert_eq!(code(&["lib", "--fail-on", "review"]), Some(1));
    assert_eq!(code(&["--fail-on", "review"]), Some(1), "denied is worse than review");
    assert_eq!(code(&["nowhere"]), Some(2), "a path that is not there");
    assert_eq!(code(&["--no-such-option"]), Some(2), "an argument that is not known");
    s.write("bad.toml", "version = 2\n");
    assert_eq!(code(&["--policy", "bad.toml"]), Some(78), "a policy with a mistake");
}

#[test]
fn another_policy_judges_anew_without_reading() {
    let s = small();
    s.write(
        "strict.toml",
        "version = 1\n[licenses]\nMIT = 'deny'\n[otherwise]\nunnamed = 'allow'\n",
    );
    s.write("lax.toml", "version = 1\n[otherwise]\nunnamed = 'allow'\n");
    s.lictor(&["scan"]).expect(1);
    let run = s.lictor(&["scan", "--policy", "strict.toml"]);
    assert_eq!(run.expect(1).contents_read(), 0, "{run:#?}");
    run.shows(&["license:MIT", "strict.toml"]);
    assert_eq!(violations(&s, &["--state", "open"]), [pair("lib/allow.c", "open")]);
    let run = s.with("LICTOR_POLICY", "lax.toml").lictor(&["scan"]);
    assert_eq!(run.expect(0).contents_read(), 0, "{run:#?}");
    assert_eq!(violations(&s, &["--state", "open"]), []);
}

#[test]
fn a_file_that_passes_a_filter_is_read_and_not_believed_from_the_index() {
    let s = Sandbox::repo();
    // What git-lfs does: the index holds a pointer, the work tree the content.
    s.git(&["config", "filter.fake.clean", "echo pointer"]);
    s.git(&["config", "filter.fake.smudge", "cat"]);
    s.write(".gitattributes", "*.big filter=fake\n");
    s.write("a.big", tag("AGPL-3.0-only"));
    s.write("pointer", "pointer\n");
    s.commit();
    s.lictor(&["scan"]).expect(1);
    let report = s.scan_json(&[]);
    assert_eq!(expression(&report, "a.big"), some("AGPL-3.0-only"));
    assert_eq!(expression(&report, "pointer"), None);
    assert_eq!(
        expression(&s.scan_json(&["--rev", "HEAD"]), "a.big"),
        None,
        "git holds the pointer"
    );
}

#[test]
fn a_file_with_converted_line_ends_has_its_own_blob() {
    let s = Sandbox::repo();
    s.write(".gitattributes", "*.c text eol=crlf\n");
    s.write("a.c", tag("MIT").replace('\n', "\r\n"));
    s.commit();
    let report = s.scan_json(&[]);
    let blob = s.git(&["hash-object", "--no-filters", "a.c"]);
    let files = report["checkouts"][0]["found"].as_array().expect("files");
    let file = files.iter().find(|f| f["path"] == "a.c").expect("the file");
    assert_eq!(file["blob"], blob.as_str(), "the blob is that of the bytes that were read");
    s.lictor(&["explain", "a.c"]).expect(0).hides(&["changed since"]);
}

#[test]
fn checkouts_keep_to_their_own_policies() {
    let s = small();
    let other = s.at("../other");
    other.git(&["init", "-q", "-b", "main"]);
    other.write("deny.c", tag("AGPL-3.0-only"));
    other.commit();
    s.write("../lax.toml", "version = 1\n[otherwise]\nunnamed = 'allow'\n");
    for _ in 0..2 {
        s.lictor(&["scan"]).expect(1);
        s.lictor(&["scan", "../other", "--policy", "../lax.toml"]).expect(0);
    }
    let open = s.findings(&["--state", "open"]);
    assert_eq!(open.len(), 2, "{open:#?}");
    let here = s.dir.to_str().expect("UTF-8");
    assert!(open.iter().all(|f| f["checkout"] == here), "{open:#?}");
}

#[test]
fn findings_are_filtered_by_what_is_asked() {
    let s = small();
    s.write("two.c", tag("MIT AND GPL-3.0-or-later WITH GCC-exception-3.1"));
    let other = s.at("../other");
    other.write("data.txt", tag("CC-BY-4.0"));
    s.lictor(&["scan"]).expect(1);
    s.lictor(&["scan", "../other"]).expect(0);
    let get = |args: &[&str]| -> Vec<String> {
        let found = s.findings(args);
        found.iter().map(|f| f["path"].as_str().expect("a path").to_owned()).collect()
    };
    let all = ["data.txt", "deny.c", "lib/allow.c", "lib/review.c", "two.c"];
    let mut unordered = get(&[]);
    unordered.sort();
    assert_eq!(unordered, all);
    assert_eq!(get(&["--checkout", "../other"]), ["data.txt"]);
    assert_eq!(get(&["--checkout", ".."]).len(), 5, "checkouts below a directory");
    assert_eq!(get(&["--checkout", "../nowhere"]).len(), 0);
    assert_eq!(get(&["--path", "lib/*.c"]), ["lib/allow.c", "lib/review.c"]);
    assert_eq!(get(&["--path", "*.c"]), ["deny.c", "two.c"], "a star stops at a slash");
    assert_eq!(get(&["--path", "**/*.c"]).len(), 4);
    assert_eq!(get(&["--license", "MIT"]), ["lib/allow.c", "two.c"]);
    assert_eq!(get(&["--license", "gpl-2.0-ONLY"]), ["lib/review.c"], "ids know no case");
    assert_eq!(get(&["--license", "GCC-exception-3.1"]), ["two.c"]);
    assert_eq!(get(&["--category", "network-copyleft"]), ["deny.c"]);
    assert_eq!(get(&["--category", "permissive"]), ["lib/allow.c", "two.c"]);
    assert_eq!(get(&["--outcome", "deny"]), ["deny.c"]);
    assert_eq!(get(&["--outcome", "allow"]), ["lib/allow.c"]);
    assert_eq!(get(&["--state", "open", "--outcome", "review", "--checkout", "."]).len(), 2);
    assert_eq!(get(&["--state", "resolved"]), [""; 0]);
    s.lictor(&["findings", "--license", "MTI"]).expect(2).says(&["MTI"]);
    s.lictor(&["findings", "--path", "a[b"]).expect(2).says(&["a[b", "no glob"]);
    s.lictor(&["findings", "--category", "nice"]).expect(2).says(&["nice"]);
}

#[test]
fn a_resolved_violation_is_found_by_its_own_license() {
    let s = small();
    s.lictor(&["scan"]).expect(1);
    s.write_at("deny.c", tag("MIT"), 60);
    s.lictor(&["scan"]).expect(0);
    let by = |license: &str| violations(&s, &["--license", license, "--state", "resolved"]);
    assert_eq!(by("AGPL-3.0-only"), [pair("deny.c", "resolved")]);
    assert_eq!(by("MIT"), [], "MIT was no violation");
    // The file itself is allowed now.
    let allowed = s.findings(&["--path", "deny.c", "--outcome", "allow"]);
    assert_eq!(allowed.len(), 1, "the license that the file has now is a finding");
}

#[test]
fn a_license_filter_that_can_match_nothing_is_refused() {
    let s = small();
    s.write("or.c", tag("ISC OR Zlib"));
    s.write("with.c", tag("GPL-2.0-only WITH Classpath-exception-2.0"));
    s.lictor(&["scan"]).expect(1);
    for license in ["ISC OR Zlib", "GPL-2.0-only WITH Classpath-exception-2.0"] {
        let run = s.lictor(&["findings", "--license", license]);
        let silent = run.code == Some(0) && run.stdout.is_empty();
        assert!(!silent, "{license} is in the store, or no id: {run:#?}");
    }
}

#[test]
fn two_violations_of_a_file_can_be_told_apart_in_every_format() {
    let s = Sandbox::repo();
    s.write("two.c", tag("GPL-2.0-only AND GPL-3.0-only"));
    s.lictor(&["scan"]).expect(0);
    for format in ["human", "jsonl", "csv"] {
        let run = s.lictor(&["findings", "--format", format]);
        let mut lines: Vec<&str> = run.stdout.lines().collect();
        lines.sort_unstable();
        lines.dedup();
        let expected = if format == "csv" { 3 } else { 2 };
        assert_eq!(lines.len(), expected, "{format}: {run:#?}");
    }
}

#[test]
fn findings_say_the_same_in_every_format() {
    let s = small();
    s.lictor(&["scan"]).expect(1);
    let run = |format: &str| s.lictor(&["findings", "--format", format]);
    let lines = run("jsonl").json_lines();
    let document = run("json").json();
    assert_eq!(document["format"], "lictor-findings");
    assert_eq!(document["findings"].as_array(), Some(&lines));
    let human = run("human");
    assert_eq!(human.expect(0).stdout.lines().count(), lines.len());
    human.shows(&["/work/deny.c:1", "(V1 category:network-copyleft", "open since 20"]);
    let csv = run("csv");
    let rows: Vec<&str> = csv.expect(0).stdout.split("\r\n").collect();
    assert_eq!(rows.len(), lines.len() + 2, "a head, and an end after the last row: {csv:#?}");
    assert!(rows[0].starts_with("checkout,view,path,line,expression,blob,outcome"), "{csv:#?}");
    let blob = s.git(&["hash-object", "deny.c"]);
    assert!(rows[1].contains(&format!(",deny.c,1,AGPL-3.0-only,{blob},deny,")), "{csv:#?}");
    let none = s.lictor(&["findings", "--format", "json", "--path", "nothing"]);
    assert_eq!(none.expect(0).json()["findings"], Value::Array(Vec::new()));
}

#[test]
fn explain_tells_why_a_file_has_its_verdict() {
    let s = small();
    s.write("LICENSE", text("MIT"));
    s.lictor(&["scan"]).expect(1);
    let explain = |path: &str| s.lictor(&["explain", path]);
    explain("deny.c").expect(0).shows(&[
        "deny.c",
        &s.git(&["hash-object", "deny.c"]),
        "AGPL-3.0-only by tag, line 1, score 1.000",
        "    1 | //",
        "Verdict deny",
        "AGPL-3.0-only (network-copyleft): deny by rule category:network-copyleft",
        "why: users who reach it",
        "do:  replace it",
        "Last scan 20",
        &s.git(&["rev-parse", "HEAD"])[..12],
        "category:network-copyleft of AGPL-3.0-only is open",
    ]);
    let text = explain("LICENSE");
    text.expect(0).shows(&["MIT by text, lines 1-", "and 12 more lines", "Verdict allow"]);
    let all = s.lictor(&["explain", "LICENSE", "--all"]);
    all.expect(0).shows(&["OTHER DEALINGS"]).hides(&["more lines"]);
    explain("plain.c").expect(0).shows(&["nothing found", "Verdict allow", "Last scan"]);
    s.write_at("deny.c", tag("MIT"), 60);
    explain("deny.c").expect(0).shows(&["Verdict allow", "the file has changed since"]);
    s.write("new.c", tag("MIT"));
    explain("new.c").expect(0).shows(&["Not in the store"]);
    explain("nowhere.c").expect(2).says(&["cannot read nowhere.c", "help:"]);
    explain("lib").expect(2).says(&["lib is not a file", "lictor scan"]);
}

#[test]
fn explain_tells_it_to_programs() {
    let s = small();
    s.write("LICENSE", text("MIT"));
    s.lictor(&["scan"]).expect(1);
    let explain = |path: &str| s.lictor(&["explain", "--format", "json", path]).json();
    let deny = explain("deny.c");
    assert_eq!(deny["format"], "lictor-explain");
    assert_eq!(deny["outcome"], "deny");
    assert_eq!(deny["licenses"][0]["rule"], "category:network-copyleft");
    assert_eq!(deny["matches"][0]["kind"], "tag");
    assert_eq!(deny["seen"]["blob"], deny["blob"]);
    assert_eq!(deny["seen"]["violations"][0]["state"], "open");
    assert_eq!(explain("LICENSE")["matches"][0]["kind"], "text");
    let plain = explain("plain.c");
    assert!(plain["expression"].is_null() && plain["matches"] == Value::Array(Vec::new()));
    s.write_at("deny.c", tag("MIT"), 60);
    let changed = explain("deny.c");
    assert_ne!(changed["seen"]["blob"], changed["blob"]);
    s.write("new.c", tag("MIT"));
    assert!(explain("new.c")["seen"].is_null());
}

#[test]
fn explain_knows_a_file_deep_in_a_directory_that_is_no_repository() {
    let s = Sandbox::new();
    s.write("a/b/x.c", tag("AGPL-3.0-only"));
    s.lictor(&["scan"]).expect(1);
    s.lictor(&["explain", "a/b/x.c"]).expect(0).shows(&["Last scan"]).hides(&["Not in the store"]);
}

#[test]
fn a_directory_that_is_no_repository_is_scanned() {
    let s = Sandbox::new();
    s.write("a.c", tag("MIT"));
    s.write("b/c.c", text("ISC"));
    s.write(".gitignore", "b/\n");
    let report = s.scan_json(&[]);
    assert_eq!(paths(&report), [".gitignore", "a.c", "b/c.c"], "git's rules hold in git only");
    assert!(report["checkouts"][0]["commit"].is_null());
    assert_eq!(s.reads(&[]), 0);
}

#[test]
fn a_repository_without_a_commit_is_scanned() {
    let s = Sandbox::repo();
    s.write("a.c", tag("AGPL-3.0-only"));
    s.lictor(&["scan"]).expect(1);
    s.lictor(&["scan", "--rev", "HEAD"]).expect(2).says(&["has no commit `HEAD`", "help:"]);
    assert_eq!(paths(&s.scan_json(&["--staged"])), [""; 0]);
}

#[test]
fn detect_tells_licenses_without_policy_and_store() {
    let s = small();
    s.write("LICENSE", text("ISC"));
    let run = s.lictor(&["detect", "--format", "jsonl", "deny.c", "."]);
    let lines = run.expect(0).json_lines();
    assert_eq!(lines.len(), 6, "{run:#?}");
    assert_eq!(lines[0]["path"], "deny.c");
    assert_eq!(lines[0]["expression"], "AGPL-3.0-only");
    for line in &lines {
        let object = line.as_object().expect("an object");
        let keys: Vec<&String> = object.keys().collect();
        for key in ["path", "blob", "expression", "licenses", "matches"] {
            assert!(object.contains_key(key), "{key} is missing in {keys:?}");
        }
        let path = line["path"].as_str().expect("a path");
        assert_eq!(line["blob"], s.git(&["hash-object", path]).as_str(), "{path}");
        for m in line["matches"].as_array().expect("a list") {
            for key in ["expression", "kind", "score", "start_line", "end_line"] {
                assert!(!m[key].is_null(), "{key} is missing in {m}");
            }
            assert!(m["start_line"].as_u64() <= m["end_line"].as_u64(), "{m}");
        }
        for verdict in ["outcome", "violations"] {
            assert!(!object.contains_key(verdict), "there is no {verdict} without a policy");
        }
    }
    let license = lines.iter().find(|l| l["path"] == "LICENSE").expect("the license");
    assert_eq!(license["matches"][0]["kind"], "text");
    assert_eq!(license["licenses"], Value::from(vec!["ISC"]));
    assert!(!s.store().exists(), "detection remembers nothing");

    s.lictor(&["detect", "."])
        .expect(0)
        .shows(&["deny.c: AGPL-3.0-only (tag 1)"])
        .hides(&["plain"]);
    // Paths are relative to what was asked for.
    s.lictor(&["detect", "lib"]).expect(0).shows(&["review.c: GPL-2.0-only"]).hides(&["lib/"]);
    s.lictor(&["detect", "lib/review.c"]).expect(0).shows(&["lib/review.c: GPL-2.0-only"]);
    s.lictor(&["detect", "nowhere"]).expect(2).says(&["cannot look at nowhere", "help:"]);
}

#[test]
fn scans_at_once_share_a_store_from_its_first_moment() {
    let s = small();
    let others: Vec<Sandbox> = (0..8).map(|n| s.at(format!("../other{n}"))).collect();
    for (n, other) in others.iter().enumerate() {
        other.write("a.c", format!("{}{n}\n", tag("MIT")));
    }
    let children: Vec<_> = others.iter().map(|o| o.start(&["scan", "-j1"])).collect();
    for run in children.into_iter().map(common::finish) {
        run.expect(0);
        assert_eq!(run.stderr, "", "nothing is wrong");
    }
    assert!(others.iter().all(|o| o.reads(&[]) == 0), "all of them were remembered");
}
