// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What the world does to a scanner: each time it must be said what is wrong and what to do,
//! the exit code must tell, and the rest must be scanned all the same.

mod common;

use std::io::Read;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use common::{
    Sandbox, expression, finish, is_root, name, not_looked, paths, set_mode, signal, tag, text,
};
use rustix::process::Signal;
use serde_json::Value;

fn some(s: &str) -> Option<String> {
    Some(s.to_owned())
}

/// Says on standard error why a test checks nothing here.
fn skip(why: &str) {
    #[allow(clippy::print_stderr, reason = "who reads the test log must know")]
    {
        eprintln!("SKIPPED: {why}");
    }
}

/// A repository with one file to deny.
fn small() -> Sandbox {
    let s = Sandbox::repo();
    s.write("deny.c", tag("AGPL-3.0-only"));
    s.write("lib/allow.c", tag("MIT"));
    s.commit();
    s
}

// Paths.

#[test]
fn a_path_that_is_no_directory_is_named_with_a_way_out() {
    let s = small();
    s.lictor(&["scan", "nowhere"]).expect(2).says(&[
        "error: cannot look at nowhere",
        "No such file",
        "help: name a directory",
    ]);
    s.lictor(&["scan", "deny.c"]).expect(2).says(&["deny.c is not a directory", "lictor detect"]);
    symlink("gone", s.path("dangling")).expect("a link");
    s.lictor(&["scan", "dangling"]).expect(2).says(&["dangling", "help:"]);
    symlink("loop", s.path("loop")).expect("a link");
    s.lictor(&["scan", "loop"]).expect(2).says(&["loop", "help:"]);
}

#[test]
fn what_is_wrong_is_escaped_once() {
    let s = small();
    let odd = s.lictor(&["scan", "a\x1b[31m\nb"]);
    odd.expect(2).says(&["cannot look at a\\u{1b}[31m\\nb"]);
    s.lictor(&["scan", "--rev", "v\x1b9"]).expect(2).says(&["has no commit `v\\u{1b}9`"]);
    let odd = s.lictor(&["findings", "--license", "a\x1b[31m"]);
    odd.expect(2);
    assert!(!odd.stderr.contains('\x1b'), "{odd:?}");
}

#[test]
fn what_may_not_be_read_is_named_and_the_rest_is_scanned() {
    let s = small().unprivileged();
    s.write("secret.c", tag("MIT"));
    s.write("closed/in.c", tag("MIT"));
    set_mode(&s.path("secret.c"), 0);
    set_mode(&s.path("closed"), 0);
    let run = s.lictor(&["scan"]);
    run.expect(2).shows(&[
        "2 unreadable paths",
        "unreadable closed: ",
        "unreadable secret.c: Permission denied",
        "1 file to deny",
        "The scan is incomplete",
    ]);
    let report = s.scan_json(&[]);
    assert_eq!(report["complete"], false);
    assert_eq!(paths(&report), ["deny.c", "lib/allow.c"]);
    set_mode(&s.path("secret.c"), 0o644);
    set_mode(&s.path("closed"), 0o755);
    s.lictor(&["scan"]).expect(1);
    assert_eq!(paths(&s.scan_json(&[])).len(), 4, "what can be read again is scanned");

    set_mode(&s.path(""), 0);
    let run = s.at("..").lictor(&["scan", "work"]);
    set_mode(&s.path(""), 0o755);
    run.expect(2).says(&["/work", "Permission denied", "help:"]);
}

#[test]
fn what_cannot_be_read_any_more_is_not_taken_for_mended() {
    let s = small().unprivileged();
    s.lictor(&["scan"]).expect(1);
    s.write_at("deny.c", tag("MIT"), 60);
    set_mode(&s.path("deny.c"), 0);
    s.lictor(&["scan"]).expect(2);
    assert_eq!(s.findings(&["--state", "open"]).len(), 1);
    set_mode(&s.path("deny.c"), 0o644);
    s.lictor(&["scan"]).expect(0);
    assert_eq!(s.findings(&["--state", "open"]).len(), 0, "now it is known to be mended");
}

#[test]
fn what_is_in_a_directory_that_cannot_be_read_is_not_taken_for_mended() {
    let s = small().unprivileged();
    s.write("closed/deny.c", tag("AGPL-3.0-only"));
    s.lictor(&["scan"]).expect(1);
    set_mode(&s.path("closed"), 0);
    let run = s.lictor(&["scan"]);
    set_mode(&s.path("closed"), 0o755);
    run.expect(2);
    assert_eq!(s.findings(&["--state", "open"]).len(), 2);
    assert_eq!(s.reads(&[]), 0, "what is in it is still known");
}

#[test]
fn fifos_and_sockets_are_counted_and_not_waited_for() {
    let s = small();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        s.path("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o644),
        0,
    )
    .expect("a FIFO");
    let _socket = UnixListener::bind(s.path("socket")).expect("a socket");
    let run = s.lictor(&["scan"]);
    run.expect(1).shows(&["2 FIFOs, sockets and devices"]);
    s.lictor(&["scan", "--all"]).shows(&["special fifo: a FIFO", "special socket: a socket"]);
    s.lictor(&["detect", "fifo"]).expect(0).says(&["fifo was not looked at: special"]);
    s.lictor(&["explain", "fifo"]).expect(2).says(&["fifo is not a file"]);
}

#[test]
fn links_are_counted_and_never_followed() {
    let s = small();
    s.write("../outside/secret.c", tag("SSPL-1.0"));
    symlink("loop", s.path("loop")).expect("a link");
    symlink("gone", s.path("dangling")).expect("a link");
    symlink("../outside/secret.c", s.path("file")).expect("a link");
    symlink("../outside", s.path("directory")).expect("a link");
    symlink("/", s.path("everything")).expect("a link");
    symlink(".", s.path("lib/self")).expect("a link");
    let report = s.scan_json(&[]);
    assert_eq!(paths(&report), ["deny.c", "lib/allow.c"]);
    let links: Vec<_> = not_looked(&report).into_iter().map(|(p, _)| p).collect();
    assert_eq!(links, ["dangling", "directory", "everything", "file", "lib/self", "loop"]);
    s.lictor(&["scan"]).expect(1).shows(&["6 symbolic links"]);
    // A link that was named is followed.
    symlink(&s.dir, s.path("../way")).expect("a link");
    assert_eq!(
        s.at("..").scan_json(&["way"])["checkouts"][0]["found"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn odd_names_are_shown_safely_and_given_exactly() {
    let s = Sandbox::repo();
    let odd: [&[u8]; 6] = [
        b"latin\xe9.c",
        b"new\nline.c",
        b"escape\x1b[2J\x07.c",
        "bidi\u{202e}c.txt".as_bytes(),
        b"back\\slash.c",
        b"=formula.c",
    ];
    for n in odd {
        s.write(name(n), tag("AGPL-3.0-only"));
    }
    s.commit();
    let run = s.lictor(&["scan", "--all", "--color", "always"]);
    run.expect(1);
    for args in [
        vec!["scan", "--all"],
        vec!["findings"],
        vec!["detect", "."],
        vec!["findings", "--format", "csv"],
    ] {
        let run = s.lictor(&args);
        let bad = run.stdout.chars().find(|c| {
            let csv_end = *c == '\r' && args.contains(&"csv");
            (c.is_control() && *c != '\n' && !csv_end) || *c == '\u{202e}'
        });
        assert_eq!(bad, None, "{args:?} lets a character through: {run:#?}");
        assert!(std::str::from_utf8(&run.raw).is_ok(), "{args:?} writes no UTF-8");
    }
    s.lictor(&["findings"]).shows(&[
        "/latin\\xe9.c",
        "/new\\nline.c",
        "/escape\\u{1b}[2J\\u{7}.c",
        "/bidi\\u{202e}c.txt",
        "/back\\\\slash.c",
    ]);
    s.lictor(&["findings", "--format", "csv"]).shows(&["'=formula.c"]);
    let report = s.scan_json(&[]);
    assert_eq!(paths(&report).len(), odd.len());
    let files = report["checkouts"][0]["found"].as_array().expect("files");
    let latin = files.iter().find(|f| !f["path_hex"].is_null()).expect("one name is no UTF-8");
    assert_eq!(latin["path_hex"], "6c6174696ee92e63");
    assert_eq!(s.reads(&[]), 0, "odd names are remembered, too");
    let run = s.lictor(&[name(b"explain"), name(b"latin\xe9.c")]);
    run.expect(0).shows(&["latin\\xe9.c", "Last scan"]);
}

// Contents.

#[test]
fn a_file_over_the_limit_is_named_and_not_read() {
    let s = small();
    let file = std::fs::File::create(s.path("huge")).expect("a file");
    file.set_len(10 << 30).expect("a sparse file");
    s.write("small.c", format!("{}{}", tag("ISC"), " ".repeat(3000)));
    let run = s.lictor(&["scan", "--max-file-size", "2k"]);
    run.expect(1).shows(&[
        "2 files over the size limit",
        "too-large huge: 10737418240 bytes",
        "too-large small.c: ",
    ]);
    let report = s.scan_json(&[]);
    assert_eq!(not_looked(&report).len(), 1, "the limit is not remembered: {report:#}");
    assert_eq!(expression(&report, "small.c"), some("ISC"));
    assert_eq!(report["complete"], true);
    s.lictor(&["explain", "huge"]).expect(2).says(&["huge is not looked at", "10737418240"]);
    s.lictor(&["scan", "--max-file-size", "9G"]).expect(2).says(&["must be less than 4G"]);
    s.lictor(&["scan", "--max-file-size", "big"]).expect(2).says(&["expected a number"]);
    s.lictor(&["scan", "--no-store", "--rev", "HEAD", "--max-file-size", "1"])
        .expect(0)
        .shows(&["2 files over the size limit"]);
}

#[test]
fn a_limit_holds_in_every_view_whatever_is_known() {
    let s = small();
    s.lictor(&["scan"]).expect(1);
    for view in [vec![], vec!["--rev", "HEAD"], vec!["--staged"]] {
        let limited = [vec!["--max-file-size", "1"], view.clone()].concat();
        let fresh = [limited.clone(), vec!["--no-store"]].concat();
        assert_eq!(s.scan_json(&limited), s.scan_json(&fresh), "{view:?}");
    }
}

#[test]
fn one_long_line_is_searched_and_shown_short() {
    let s = Sandbox::new();
    let license = text("MIT").replace('\n', " ");
    let filler = "var a=function(b){return b+1};".repeat(10_000);
    let mut line = filler.repeat(33);
    line.push_str(&license);
    line.push_str(&filler.repeat(33));
    line.push_str(tag("ISC").trim_end());
    assert!(line.len() > 19_000_000, "the file is too small to tell anything");
    s.write("min.js", line);
    let run = s.lictor(&["scan", "--all"]);
    run.expect(0);
    assert!(run.stdout.len() < 4000, "the report is flooded");
    assert_eq!(expression(&s.scan_json(&[]), "min.js"), some("MIT AND ISC"));
    let run = s.lictor(&["explain", "min.js"]);
    assert!(run.expect(0).stdout.len() < 4000, "the explanation is flooded");
}

#[test]
fn encodings_are_read_and_binaries_are_told_apart() {
    let s = Sandbox::repo();
    let utf16 = |f: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let units = tag("ISC");
        let head = mark.then_some(0xfeff);
        head.into_iter().chain(units.encode_utf16()).flat_map(f).collect()
    };
    s.write("le.txt", utf16(u16::to_le_bytes, true));
    s.write("be.txt", utf16(u16::to_be_bytes, true));
    s.write("le-bare.txt", utf16(u16::to_le_bytes, false));
    s.write("be-bare.txt", utf16(u16::to_be_bytes, false));
    s.write("latin1.c", [b"// \xa9 Andr\xe9\n", tag("ISC").as_bytes()].concat());
    s.write("utf8-mark.c", [b"\xef\xbb\xbf", tag("ISC").as_bytes()].concat());
    s.write("crlf.c", tag("ISC").replace('\n', "\r\n"));
    s.write("empty", "");
    s.write("binary", [b"\x7fELF\0\0\0\0", tag("ISC").as_bytes()].concat());
    s.write("odd", b"\xff\xfea");
    s.commit();
    let report = s.scan_json(&[]);
    let texts =
        ["le.txt", "be.txt", "le-bare.txt", "be-bare.txt", "latin1.c", "utf8-mark.c", "crlf.c"];
    for path in texts {
        assert_eq!(expression(&report, path), some("ISC"), "{path}");
    }
    for path in ["empty", "binary", "odd"] {
        assert_eq!(expression(&report, path), None, "{path}");
    }
    s.lictor(&["scan"]).expect(0).shows(&["1 binary file"]);
    s.lictor(&["explain", "binary"]).expect(0).shows(&["not searched: binary"]);
    s.lictor(&["explain", "empty"]).expect(0).shows(&["nothing found"]);
    s.lictor(&["explain", "le.txt"]).expect(0).shows(&["ISC by tag, line 1"]);
}

#[test]
fn directories_nested_too_deep_are_named() {
    let s = small();
    let deep: String = "d/".repeat(300);
    s.write(format!("{deep}x.c"), tag("MIT"));
    s.write(format!("{}y.c", "d/".repeat(200)), tag("ISC"));
    let run = s.lictor(&["scan"]);
    run.expect(2).shows(&["1 unreadable path", "nested deeper than 256 directories"]);
    let report = s.scan_json(&[]);
    assert_eq!(paths(&report).len(), 3, "what is less deep is scanned: {report:#}");
}

// Repositories.

/// Scans a repository that git's index is of no use for.
#[track_caller]
fn scanned_with_a_note(s: &Sandbox, note: &str) {
    let run = s.lictor(&["scan"]);
    run.expect(1).shows(&["note: ", note, "the directory is walked instead", "--include-ignored"]);
    let report = s.scan_json(&[]);
    assert!(paths(&report).contains(&"deny.c".to_owned()), "{report:#}");
    let notes = report["checkouts"][0]["notes"].as_array().expect("notes");
    assert_eq!(notes.len(), 1, "{report:#}");
    assert_eq!(s.reads(&[]), 0, "a second scan reads nothing all the same");
}

#[test]
fn a_sha256_repository_is_scanned() {
    let s = Sandbox::new();
    s.git(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    s.write(".gitignore", "*.o\n");
    s.write("a.o", tag("MIT"));
    s.write("deny.c", tag("AGPL-3.0-only"));
    s.commit();
    scanned_with_a_note(&s, "sha256");
    assert_eq!(paths(&s.scan_json(&[])), [".gitignore", "deny.c"]);
    let report = s.lictor(&["scan", "--rev", "HEAD"]);
    report.expect(2).says(&["is not in a git repository that can be read", "help:"]);
    s.write("lib/x.c", tag("MIT"));
    assert_eq!(paths(&s.scan_json(&["lib"])), ["lib/x.c"]);
}

#[test]
fn a_repository_with_a_sparse_index_is_scanned() {
    let s = small();
    s.write("other/x.c", tag("MIT"));
    s.commit();
    s.git(&["sparse-checkout", "init", "--cone", "--sparse-index"]);
    s.git(&["sparse-checkout", "set", "lib"]);
    assert!(!s.path("other").exists(), "the checkout is not sparse");
    scanned_with_a_note(&s, "'sdir'");
}

#[test]
fn a_repository_with_a_split_index_is_scanned() {
    let s = small();
    s.git(&["update-index", "--split-index"]);
    scanned_with_a_note(&s, "'link'");
}

#[test]
fn leaving_out_what_git_does_not_track_needs_to_know_what_it_tracks() {
    let s = small();
    s.git(&["update-index", "--split-index"]);
    let run = s.lictor(&["scan", "--no-untracked"]);
    // Scanning nothing would look like a clean result.
    run.expect(2).says(&["--no-untracked"]);
}

#[test]
fn a_repository_with_reftables_is_scanned() {
    let s = Sandbox::new();
    if s.try_git(&["init", "-q", "-b", "main", "--ref-format=reftable"]).is_err() {
        return skip("this git knows no reftables");
    }
    s.write("deny.c", tag("AGPL-3.0-only"));
    s.commit();
    scanned_with_a_note(&s, "refstorage");
}

#[test]
fn a_broken_index_is_said() {
    let s = small();
    s.write(".git/index", b"DIRC\0\0\0\x02rubbish");
    scanned_with_a_note(&s, "index");
    s.lictor(&["scan", "--staged"]).expect(2).says(&["cannot read index", "git fsck"]);
}

#[test]
fn a_git_directory_that_is_none_is_said() {
    let empty = Sandbox::new();
    empty.write("deny.c", tag("AGPL-3.0-only"));
    std::fs::create_dir(empty.path(".git")).expect("a directory");
    scanned_with_a_note(&empty, "cannot be read");
    let lost = Sandbox::new();
    lost.write("deny.c", tag("AGPL-3.0-only"));
    lost.write(".git", "gitdir: ../nowhere\n");
    scanned_with_a_note(&lost, "cannot be read");
    let garbage = Sandbox::new();
    garbage.write("deny.c", tag("AGPL-3.0-only"));
    garbage.write(".git", b"\xff\x1b[2J\n");
    scanned_with_a_note(&garbage, "cannot be read");
}

#[test]
fn a_broken_checkout_inside_another_is_scanned_and_remembered() {
    let s = small();
    s.write("inner/.git/nothing", "");
    s.write("inner/x.c", tag("AGPL-3.0-only"));
    s.write("lost/.git", "gitdir: ../nowhere\n");
    s.write("lost/y.c", tag("AGPL-3.0-only"));
    let mut first = paths(&s.scan_json(&[]));
    first.sort();
    assert!(first.iter().any(|p| p.ends_with("x.c")), "{first:?}");
    assert!(first.iter().any(|p| p.ends_with("y.c")), "{first:?}");
    let open = s.findings(&["--state", "open"]);
    assert_eq!(open.len(), 3, "{open:#?}");
    assert_eq!(s.reads(&[]), 0, "nothing has changed");
    assert_eq!(s.findings(&["--state", "open"]).len(), 3);
    assert_eq!(s.findings(&["--state", "resolved"]).len(), 0);
}

#[test]
fn a_repository_of_somebody_else_is_scanned() {
    if !is_root() {
        return skip("only root can give files away");
    }
    let s = small();
    common::chown_all(&s.dir, 12345);
    let report = s.scan_json(&[]);
    assert_eq!(paths(&report), ["deny.c", "lib/allow.c"]);
    assert_eq!(report["checkouts"][0]["notes"], Value::Array(Vec::new()));
    assert!(report["checkouts"][0]["commit"].is_string());
    s.lictor(&["scan", "--rev", "HEAD"]).expect(1);
}

fn url(s: &Sandbox) -> String {
    format!("file://{}", s.dir.to_str().expect("UTF-8"))
}

#[test]
fn a_shallow_clone_is_scanned() {
    let s = small();
    s.write("more.c", tag("ISC"));
    s.commit();
    s.git(&["clone", "-q", "--depth", "1", &url(&s), "../shallow"]);
    let shallow = s.at("../shallow");
    assert_eq!(paths(&shallow.scan_json(&[])).len(), 3);
    shallow.lictor(&["scan", "--rev", "HEAD"]).expect(1);
    shallow
        .lictor(&["scan", "--rev", "HEAD~1"])
        .expect(2)
        .says(&["has no commit `HEAD~1`", "fetch"]);
}

#[test]
fn contents_that_a_partial_clone_lacks_are_named() {
    let s = small();
    s.git(&["config", "uploadpack.allowFilter", "true"]);
    s.git(&["clone", "-q", "--filter=blob:none", "--no-checkout", &url(&s), "../partial"]);
    let partial = s.at("../partial");
    let run = partial.lictor(&["scan", "--rev", "HEAD"]);
    run.expect(2).shows(&["2 unreadable paths", "unreadable deny.c", "unreadable lib/allow.c"]);
    let report = partial.scan_json(&["--rev", "HEAD"]);
    assert_eq!(report["complete"], false);
    assert_eq!(not_looked(&report).len(), 2);
    // What was seen elsewhere needs no object.
    s.lictor(&["scan"]).expect(1);
    partial.lictor(&["scan", "--rev", "HEAD"]).expect(1).shows(&["0 contents were read"]);
}

#[test]
fn a_revision_that_is_not_there_is_named() {
    let s = small();
    s.lictor(&["scan", "--rev", "v9"]).expect(2).says(&["no commit `v9`", "help: name a commit"]);
    let blob = s.git(&["hash-object", "deny.c"]);
    s.lictor(&["scan", "--rev", &blob]).expect(2).says(&["has no commit"]);
    s.lictor(&["scan", "--rev", ""]).expect(2).says(&["has no commit"]);
    s.lictor(&["scan", "--rev", "HEAD", "--staged"]).expect(2).says(&["cannot be used with"]);
    let plain = s.at("../plain");
    plain.lictor(&["scan", "--rev", "HEAD"]).expect(2).says(&["is not in a git repository"]);
    plain.lictor(&["scan", "--staged"]).expect(2).says(&["is not in a git repository"]);
}

// Policies.

#[test]
fn all_mistakes_of_a_policy_are_shown_at_once() {
    let s = small();
    let policy = "version = 1\ncolour = 'red'\n[licenses]\nMTI = 'allow'\nISC = 'alow'\n\
                  [categories]\npermisive = 'allow'\nfont = { reason = 'x' }\n";
    s.write("p.toml", policy);
    let run = s.lictor(&["scan", "--policy", "p.toml"]);
    run.expect(78).says(&[
        "p.toml:2:1",
        "unknown key `colour`",
        "p.toml:4:1",
        "unknown license id `MTI`",
        "p.toml:5:7",
        "unknown outcome `alow`",
        "did you mean `allow`?",
        "p.toml:7:1",
        "unknown category `permisive`",
        "did you mean `permissive`?",
        "p.toml:8:8",
        "`outcome` is missing",
        "error: 5 mistakes in the policy p.toml",
    ]);
    let carets = run.stderr.lines().filter(|l| l.contains('^')).count();
    assert_eq!(carets, 5, "{run:#?}");
    assert!(run.stdout.is_empty() && !s.store().exists(), "nothing was done: {run:#?}");
    s.lictor(&["explain", "deny.c", "--policy", "p.toml"]).expect(78);
}

#[test]
fn a_license_database_with_mistakes_stops_every_command_that_uses_it() {
    let s = small();
    s.write("rules/a.RULE", "---\nlicense_expression: MTI\n---\nthe words\n");
    s.write("rules/deep/b.RULE", "the words\n");
    s.write("rules/c.RULE", b"---\nis_license_intro: yes\n---\ncaf\xe9\n");
    for args in [
        &["scan", "--no-store"][..],
        &["detect", "deny.c"],
        &["explain", "deny.c"],
        &["findings"],
        &["license-db", "list"],
        &["license-db", "check"],
        &["license-db", "add", "--to", "rules", "--kind", "intro", "deny.c"],
    ] {
        let run = s.with("LICTOR_LICENSE_DB", "rules").lictor(args);
        run.expect(78).says(&["rules/c.RULE", "the file is not UTF-8 (line 4)"]);
        assert!(run.stdout.is_empty(), "something was done: {run:#?}");
    }
    assert!(!s.store().exists(), "a store was made");
    s.remove("rules/c.RULE");
    let run = s.lictor(&["scan", "--license-db", "rules"]);
    run.expect(78).says(&[
        "the rule does not say of what kind its words are",
        "rules/a.RULE:2:21",
        "unknown license `MTI`",
        "rules/deep/b.RULE:1:1",
        "the file has no front matter",
        "error: 3 mistakes in 2 files of the license database",
    ]);
    // What needs no database does not read it.
    s.lictor(&["--license-db", "rules", "completions", "bash"]).expect(0);
}

#[test]
fn a_license_database_that_is_none_is_named() {
    let s = small();
    let scan = |dir: &str| s.lictor(&["scan", "--no-store", "--license-db", dir]);
    scan("gone").expect(78).says(&[
        "cannot read the license database gone",
        "No such file",
        "help:",
    ]);
    scan("deny.c").expect(78).says(&["cannot read the license database deny.c", "help:"]);
    scan("lib").expect(78).says(&["there are no rules in lib", "`.RULE`"]);
    symlink(".", s.path("lib/loop")).expect("a link");
    symlink("loop2", s.path("lib/loop2.RULE")).expect("a link");
    scan("lib").expect(78).says(&["lib/loop2.RULE", "the file cannot be read"]);
}

#[test]
fn words_of_a_rule_cannot_write_to_the_terminal() {
    let s = small();
    let rule =
        "---\nis_license_intro: yes\nreferenced_filenames:\n  - \"\\e[2J\"\n---\na\x1b[2Jb\n";
    s.write("rules/x\x1b[2J.RULE", rule.replace("\\e", "\\x1b"));
    for args in [&["list"][..], &["show", "x\\u{1b}[2J.RULE"]] {
        let args = [&["--license-db", "rules", "license-db"], args].concat();
        let run = s.lictor(&args);
        run.expect(0).hides(&["\x1b"]);
    }
    s.write("rules/y.RULE", "---\nis\x1b[2J: yes\n---\nb\n");
    let run = s.lictor(&["license-db", "check", "rules"]);
    run.expect(78);
    assert!(!run.stderr.contains('\x1b'), "{run:#?}");
}

#[test]
fn a_policy_that_cannot_be_read_is_named() {
    let s = small();
    let scan = |policy: &str| s.lictor(&["scan", "--policy", policy]);
    scan("nowhere.toml").expect(78).says(&["cannot read the policy nowhere.toml", "help:"]);
    scan("lib").expect(78).says(&["the policy lib is not a file", "help:"]);
    s.write("latin.toml", b"version = 1\n# \xe9\n");
    scan("latin.toml").expect(78).says(&["latin.toml is not UTF-8 (line 2)", "help:"]);
    s.write("no.toml", "version = 1\nname = [\n");
    scan("no.toml").expect(78).says(&["not TOML", "no.toml:"]);
    s.write("empty.toml", "");
    scan("empty.toml").expect(78).says(&["does not say its format version", "version = 1"]);
    let big = std::fs::File::create(s.path("big.toml")).expect("a file");
    big.set_len(2 << 20).expect("a sparse file");
    scan("big.toml").expect(78).says(&["big.toml is not a file of at most 1 MiB"]);
}

#[test]
fn a_license_id_without_quotes_is_said_to_need_them() {
    let s = small();
    // In TOML these are tables in tables: `GPL-2` with `0-only` in it.
    s.write("p.toml", "version = 1\n[licenses]\nGPL-2.0-only = 'deny'\n");
    let run = s.lictor(&["scan", "--policy", "p.toml"]);
    run.expect(78).says(&["p.toml:3:1", "error: 1 mistake in", "\"GPL-2.0-only\""]);
}

#[test]
fn words_of_a_policy_cannot_write_to_the_terminal() {
    let s = small();
    let policy = "version = 1\nname = \"a\\u001B[2J\\nb\\u202Ec\\u0007\"\n[licenses]\n\
                  \"AGPL-3.0-only\" = { outcome = \"deny\", reason = \"\\u001B[2J\\n\", remedy = \"\\u202E\" }\n";
    s.write("p.toml", policy);
    for args in [vec!["scan", "--all"], vec!["explain", "deny.c"]] {
        let run = s.lictor(&[args.clone(), vec!["--policy", "p.toml"]].concat());
        let bad = run.stdout.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{args:?}: {run:#?}");
        run.shows(&["a\\u{1b}[2J\\nb\\u{202e}c\\u{7}"]);
    }
    s.write("bad.toml", "version = 1\n\"\\u001B[2J\\u0007\\u202E\" = 1\n");
    let run = s.lictor(&["scan", "--policy", "bad.toml"]);
    let bad = run.stderr.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
    assert_eq!(bad, None, "{run:#?}");
    run.expect(78).says(&["unknown key"]);
}

// Stores.

#[test]
fn a_store_that_another_process_holds_is_said_after_waiting() {
    let s = small();
    s.lictor(&["scan"]).expect(1);
    s.write("new.c", tag("ISC"));
    let db = rusqlite::Connection::open(s.store()).expect("the store");
    db.execute_batch("BEGIN EXCLUSIVE").expect("holding the store");
    let run = s.lictor(&["scan"]);
    run.expect(2).says(&["is in use by another process", "lictor.db", "--no-store"]);
    s.lictor(&["scan", "--no-store"]).expect(1);
    db.execute_batch("ROLLBACK").expect("letting the store go");
    assert_eq!(s.reads(&[]), 1, "the next scan does what is left");
}

#[test]
fn a_store_that_may_not_be_written_is_said() {
    let s = small().unprivileged();
    s.lictor(&["scan"]).expect(1);
    s.write("new.c", tag("ISC"));
    let directory = s.state_dir().join("lictor");
    for file in std::fs::read_dir(&directory).expect("the store's directory") {
        set_mode(&file.expect("an entry").path(), 0o444);
    }
    set_mode(&directory, 0o555);
    let run = s.lictor(&["scan"]);
    set_mode(&directory, 0o755);
    run.expect(2).says(&["lictor.db", "cannot be", "--no-store"]);

    let locked = s.with("XDG_STATE_HOME", s.path("locked"));
    std::fs::create_dir(s.path("locked")).expect("a directory");
    set_mode(&s.path("locked"), 0o555);
    locked.lictor(&["scan"]).expect(2).says(&["cannot make the store's directory", "--no-store"]);
}

#[test]
fn reading_a_store_needs_no_right_to_write_it() {
    let s = small().unprivileged();
    s.lictor(&["scan"]).expect(1);
    let directory = s.state_dir().join("lictor");
    set_mode(&s.store(), 0o444);
    set_mode(&directory, 0o555);
    let (found, explained) = (s.lictor(&["findings"]), s.lictor(&["explain", "deny.c"]));
    set_mode(&directory, 0o755);
    found.expect(0).shows(&["deny.c"]);
    explained.expect(0).shows(&["Last scan"]);
}

#[test]
fn what_is_no_store_is_said_and_left_alone() {
    let s = small();
    s.write(
        "words",
        "these are only words, and more than a header of a database has bytes. ".repeat(20),
    );
    for command in [vec!["scan"], vec!["findings"]] {
        let run = s.lictor(&[command, vec!["--store", "words"]].concat());
        run.expect(2).says(&["words is not a store", "--store"]);
    }
    s.lictor(&["findings", "--store", "nowhere"]).expect(2).says(&["there is no store at nowhere"]);
    s.lictor(&["scan", "--store", "lib"]).expect(2).says(&["the store lib", "help:"]);
    s.lictor(&["scan", "--store", "deny.c/x"]).expect(2).says(&["deny.c", "--store"]);
    s.lictor(&["scan", "--store", "x", "--no-store"]).expect(2).says(&["cannot be used with"]);
}

/// A database of another program, with a version of its own.
fn foreign(s: &Sandbox, version: u32) -> std::path::PathBuf {
    let path = s.path("../other.db");
    let db = rusqlite::Connection::open(&path).expect("a database");
    db.execute_batch(&format!("CREATE TABLE notes (x); PRAGMA user_version = {version};"))
        .expect("a table");
    db.close().expect("closing it");
    path
}

#[test]
fn a_database_of_another_program_is_said() {
    let s = small();
    foreign(&s, 0);
    for command in ["scan", "findings"] {
        let run = s.lictor(&[command, "--store", "../other.db"]);
        run.expect(2).says(&["is a database, but none of lictor's", "--store"]);
    }
}

#[test]
fn a_database_of_another_program_is_known_by_more_than_its_version() {
    let s = small();
    foreign(&s, 1);
    let run = s.lictor(&["scan", "--store", "../other.db"]);
    run.expect(2).says(&["is a database, but none of lictor's", "--store"]);
}

#[test]
fn a_database_of_another_program_is_left_as_it_is() {
    let s = small();
    let path = foreign(&s, 0);
    let before = std::fs::read(&path).expect("reading it");
    s.lictor(&["scan", "--store", "../other.db"]).expect(2);
    let after = std::fs::read(&path).expect("reading it");
    assert!(before == after, "its bytes were changed");
}

#[test]
fn a_store_of_a_newer_lictor_is_said() {
    let s = small();
    s.lictor(&["scan"]).expect(1);
    let db = rusqlite::Connection::open(s.store()).expect("the store");
    db.execute_batch("PRAGMA user_version = 99").expect("a newer schema");
    drop(db);
    for command in ["scan", "findings"] {
        let run = s.lictor(&[command]);
        run.expect(2).says(&["was made by a newer lictor (schema 99", "update lictor"]);
    }
}

#[test]
fn a_damaged_store_is_said() {
    let s = Sandbox::new();
    for n in 0..800 {
        s.write(format!("{n}.c"), format!("{}{n}\n", tag("AGPL-3.0-only")));
    }
    s.lictor(&["scan"]).expect(1);
    let db = rusqlite::Connection::open(s.store()).expect("the store");
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
    db.close().expect("closing it");
    let mut bytes = std::fs::read(s.store()).expect("the store");
    let len = bytes.len();
    assert!(len > 20 * 4096, "the store is too small to damage its middle");
    bytes[2 * 4096..].fill(0xa5);
    std::fs::write(s.store(), bytes).expect("damaging it");
    for command in [vec!["scan"], vec!["findings"], vec!["explain", "1.c"]] {
        let run = s.lictor(&command);
        run.expect(2).says(&["lictor.db", "damaged", "move it away"]);
    }
    s.lictor(&["scan", "--no-store"]).expect(1);
}

#[test]
fn a_full_disk_costs_what_was_not_kept_and_nothing_else() {
    if !is_root() {
        return skip("only root can mount a small disk");
    }
    let s = Sandbox::new();
    for n in 0..600 {
        let many: String = (0..40).map(|m| format!("{}{n} {m}\n", tag("AGPL-3.0-only"))).collect();
        // At other lines, so that it is other evidence.
        s.write(format!("{n}.c"), "\n".repeat(n) + &many);
    }
    let disk = s.at("../disk");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=400k", "tmpfs"])
        .arg(&disk.dir)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|m| m.success()) {
        return skip("no small disk can be mounted here");
    }
    let args = ["scan", "--store", "../disk/s.db"];
    let run = s.lictor(&args);
    let more = Command::new("mount").args(["-o", "remount,size=64m"]).arg(&disk.dir).status();
    let again = s.lictor(&args);
    let check = integrity(&disk.path("s.db"));
    let unmounted = Command::new("umount").arg(&disk.dir).status();
    run.expect(2).shows(&["600 files to deny"]).says(&["no space is left", "s.db", "help:"]);
    assert!(more.is_ok_and(|m| m.success()), "the disk could not be made larger");
    again.expect(1).shows(&["600 files to deny"]);
    assert_eq!(check, "ok");
    assert!(unmounted.is_ok_and(|m| m.success()), "the disk is still mounted");
}

fn integrity(store: &std::path::Path) -> String {
    let db = rusqlite::Connection::open(store).expect("the store");
    db.query_row("PRAGMA integrity_check", [], |r| r.get(0)).expect("an answer")
}

// Ends that come too early.

/// Files that take long enough to be met in the middle of them.
fn laborious() -> Sandbox {
    let s = Sandbox::new();
    let license = text("ISC");
    for n in 0..400 {
        s.write(format!("{}/{n}.txt", n % 7), format!("{n}\n{license}\n").repeat(4));
    }
    s.write("strict.toml", "version = 1\n[otherwise]\nunnamed = 'review'\n");
    s.with("LICTOR_POLICY", s.path("strict.toml"))
}

/// Starts a scan and lets `end` end it once it says that it is detecting.
fn ended_in_the_middle(s: &Sandbox, end: Signal) -> common::Run {
    let busy = s.with("LICTOR_LOG", "lictor::scan=debug");
    let mut child = busy.start(&["scan", "-j1"]);
    let mut stderr = child.stderr.take().expect("a pipe");
    let mut said = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&said).contains("detecting") {
        let n = stderr.read(&mut byte).expect("reading the log");
        assert_eq!(n, 1, "it ended before it began: {}", String::from_utf8_lossy(&said));
        said.push(byte[0]);
    }
    signal(&child, end);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("reading the log");
    let run = finish(child);
    common::Run { stderr: String::from_utf8_lossy(&said).into_owned() + &rest, ..run }
}

#[test]
fn an_interrupted_scan_says_so_and_the_next_one_completes_it() {
    let s = laborious();
    let run = ended_in_the_middle(&s, Signal::INT);
    // A signal that comes after the last file finds a whole scan.
    run.expect(2).says(&["interrupted"]);
    assert_eq!(integrity(&s.store()), "ok");
    let again = s.lictor(&["scan"]);
    again.expect(0).shows(&["401 files", "400 files to review"]);
    assert_eq!(s.reads(&[]), 0);
    let fresh = s.scan_json(&["--no-store"]);
    assert_eq!(s.scan_json(&[]), fresh, "the store knows what a fresh scan finds");
}

#[test]
fn a_terminated_scan_ends_like_an_interrupted_one() {
    let s = laborious();
    ended_in_the_middle(&s, Signal::TERM).expect(2).says(&["interrupted"]);
}

#[test]
fn a_killed_scan_leaves_a_store_that_holds() {
    let s = laborious();
    let run = ended_in_the_middle(&s, Signal::KILL);
    assert_eq!(run.code, None, "it was not killed: {run:#?}");
    assert_eq!(integrity(&s.store()), "ok");
    s.lictor(&["scan"]).expect(0).shows(&["400 files to review"]);
    assert_eq!(s.reads(&[]), 0);
    assert_eq!(s.scan_json(&[]), s.scan_json(&["--no-store"]));
}

#[test]
fn an_interruption_does_not_end_what_was_open() {
    let s = laborious();
    s.write("0/first.c", tag("AGPL-3.0-only"));
    s.lictor(&["scan"]).expect(0);
    let open = s.findings(&["--state", "open"]).len();
    // All are read again.
    for n in 0..400 {
        common::touch(&s.path(format!("{}/{n}.txt", n % 7)), 60);
    }
    ended_in_the_middle(&s, Signal::INT).expect(2);
    assert_eq!(s.findings(&["--state", "open"]).len(), open);
    assert_eq!(s.findings(&["--state", "resolved"]).len(), 0);
    s.lictor(&["scan"]).expect(0);
    assert_eq!(s.findings(&["--state", "open"]).len(), open);
}

#[test]
fn an_interrupted_scan_leaves_no_part_of_a_report() {
    let s = laborious();
    let out = s.at("../out");
    let busy = s.with("LICTOR_LOG", "lictor::scan=debug");
    let mut child = busy.start(&["scan", "-j1", "-o", "../out/report"]);
    let mut stderr = child.stderr.take().expect("a pipe");
    let mut said = [0; 10];
    stderr.read_exact(&mut said).expect("the log says something");
    signal(&child, Signal::INT);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("reading the log");
    finish(child);
    let left: Vec<_> = std::fs::read_dir(&out.dir)
        .expect("a listing")
        .map(|e| e.expect("an entry").file_name())
        .filter(|n| n != "report")
        .collect();
    assert!(left.is_empty(), "{left:?} is left");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let s = small();
    for n in 0..3000 {
        s.write(format!("many/{n}.c"), tag("AGPL-3.0-only"));
    }
    s.lictor(&["scan"]).expect(1);
    for args in [
        vec!["scan", "--format", "json"],
        vec!["scan", "--format", "jsonl"],
        vec!["scan", "--all"],
        vec!["findings"],
        vec!["findings", "--format", "json"],
        vec!["findings", "--format", "jsonl"],
        vec!["findings", "--format", "csv"],
        vec!["detect", "."],
        vec!["detect", "--format", "jsonl", "."],
        vec!["explain", "deny.c"],
    ] {
        let mut child = s.start(&args);
        drop(child.stdout.take());
        let run = finish(child);
        assert!(matches!(run.code, Some(0 | 1)), "{args:?}: {run:#?}");
        assert_eq!(run.stderr, "", "{args:?} complains");
    }
}

#[test]
fn a_reader_of_completions_that_goes_away_is_no_error() {
    let s = small();
    let mut child = s.start(&["completions", "bash"]);
    drop(child.stdout.take());
    let run = finish(child);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_output_that_is_full_is_said() {
    let s = small();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let out = s.lictor_command(&["scan"]).stdout(full).output().expect("lictor can be started");
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("No space left") && said.contains("cannot write"), "{said}");
}

// The environment.

#[test]
fn a_log_filter_that_is_none_is_said() {
    let s = small();
    let run = s.with("LICTOR_LOG", "lictor=loud").lictor(&["scan"]);
    run.expect(78).says(&["LICTOR_LOG=lictor=loud is no log filter", "help: write for example"]);
    s.with("LICTOR_LOG", "").lictor(&["scan"]).expect(1);
    let json = s.lictor(&["scan", "-vv", "--log-format", "json"]);
    let log: Result<Vec<Value>, _> = json.stderr.lines().map(serde_json::from_str).collect();
    assert!(log.is_ok_and(|l| !l.is_empty()), "{json:#?}");
}

#[test]
fn without_a_home_a_store_must_be_named() {
    let s = small().without("HOME").without("XDG_STATE_HOME");
    let run = s.lictor(&["scan"]);
    run.expect(2).says(&["neither XDG_STATE_HOME nor HOME is set", "--store", "--no-store"]);
    s.lictor(&["scan", "--no-store"]).expect(1);
    s.lictor(&["scan", "--store", "../s.db"]).expect(1);
    s.with("LICTOR_STORE", "../s.db").lictor(&["findings"]).expect(0).shows(&["deny.c"]);
    // A relative path is to be passed over (XDG Base Directory Specification).
    let relative = s.with("XDG_STATE_HOME", "state").with("HOME", s.path("../home"));
    relative.lictor(&["scan"]).expect(1);
    assert!(s.path("../home/.local/state/lictor/lictor.db").exists());
}
