// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What a change brings in, and which commit brought evidence in, on real repositories.

mod common;

use std::sync::Arc;

use common::Sandbox;
use lictor::model::BlobId;
use lictor::plan::{Base, Changes, Checkout, Place, Range, Untraced, View, blob_id};

fn checkout(s: &Sandbox, view: View) -> Checkout {
    Checkout::find(&s.dir, view).expect("a checkout")
}

/// The changes of `git diff`'s argument.
#[track_caller]
fn diff(s: &Sandbox, range: &str) -> Changes {
    let range = Range::parse(range).expect("a range");
    checkout(s, View::Revision(range.head)).changes(&range.base).expect("changes")
}

#[track_caller]
fn staged(s: &Sandbox) -> Changes {
    checkout(s, View::Staged).changes(&Base::Head).expect("changes")
}

fn text(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// In short: `path`, `path < where it was`, `path << what it was copied from`, `-path`,
/// `!path reason`.
fn told(changes: &Changes) -> Vec<String> {
    let deltas = changes.deltas.iter().map(|d| match &d.was {
        None => text(&d.path),
        Some((was, _)) => {
            let sign = if d.copied { "<<" } else { "<" };
            format!("{} {sign} {}", text(&d.path), text(was))
        }
    });
    let removed = changes.removed.iter().map(|(path, _)| format!("-{}", text(path)));
    let others = changes.not_looked.iter();
    let others = others.map(|n| format!("!{} {}", text(&n.path), n.why.as_str()));
    deltas.chain(removed).chain(others).collect()
}

/// Twenty lines, one of them with this word.
fn long(word: &str) -> String {
    (0..20).map(|n| format!("line {n} {}\n", if n == 10 { word } else { "" })).collect()
}

#[test]
fn a_change_tells_what_is_new_changed_moved_copied_and_gone() {
    let s = Sandbox::repo();
    s.write("same", "same\n");
    s.write("dir/changed", "old\n");
    s.write("gone", "gone\n");
    s.write("moved", "moved\n");
    s.write("edited", long("old"));
    s.write("dir.x", "x\n");
    s.commit();
    s.write_at("dir/changed", "new\n", 5);
    s.remove("gone");
    s.git(&["mv", "moved", "dir/moved-away"]);
    s.write("copy of old", "old\n");
    s.remove("edited");
    s.write("a/edited too", long("new"));
    s.write_at("dir.x", "y\n", 5);
    s.write("fresh", "fresh\n");
    s.commit();

    let changes = diff(&s, "HEAD~1");
    assert_eq!(
        told(&changes),
        [
            "a/edited too < edited",
            "copy of old << dir/changed",
            "dir.x < dir.x",
            "dir/changed < dir/changed",
            "dir/moved-away < moved",
            "fresh",
            "-gone",
        ]
    );
    assert_eq!(changes.base, Some(s.git(&["rev-parse", "HEAD~1"])));
    let delta = changes.deltas.iter().find(|d| *d.path == *b"dir/changed").expect("it changed");
    assert_eq!(delta.blob, blob_id(b"new\n"));
    assert_eq!(delta.was, Some((Arc::from(*b"dir/changed"), blob_id(b"old\n"))));
    assert_eq!(changes.removed, [(Arc::from(*b"gone"), blob_id(b"gone\n"))]);
    assert!(changes.notes.is_empty());
    assert_eq!(told(&diff(&s, "HEAD")), [""; 0]);
    // Backwards all of it is undone.
    let back = told(&diff(&s, "HEAD..HEAD~1"));
    assert!(back.contains(&"-fresh".into()) && back.contains(&"edited < a/edited too".into()));
}

#[test]
fn of_files_that_are_alike_those_with_the_same_name_belong_together() {
    let s = Sandbox::repo();
    for file in ["a/LICENSE", "a/NOTICE", "b/LICENSE"] {
        s.write(file, "the same text\n");
    }
    s.commit();
    s.git(&["mv", "a", "z"]);
    s.write("y/LICENSE", "the same text\n");
    s.commit();
    assert_eq!(
        told(&diff(&s, "HEAD~1")),
        [
            // Two with that name and one that it can have been: the first in the order of paths.
            "y/LICENSE < a/LICENSE",
            "z/LICENSE << a/LICENSE",
            "z/NOTICE < a/NOTICE",
        ]
    );
}

#[test]
fn a_mode_is_no_change_and_what_is_no_file_is_not_looked_at() {
    let s = Sandbox::repo();
    s.write("script", "#!/bin/sh\n");
    s.write("becomes-link", "text\n");
    s.write("becomes-dir", "text\n");
    std::os::unix::fs::symlink("script", s.path("link")).expect("a link");
    std::os::unix::fs::symlink("script", s.path("was-link")).expect("a link");
    s.commit();
    common::set_mode(&s.path("script"), 0o755);
    for file in ["becomes-link", "was-link", "link", "becomes-dir"] {
        s.remove(file);
    }
    std::os::unix::fs::symlink("script", s.path("becomes-link")).expect("a link");
    std::os::unix::fs::symlink("elsewhere", s.path("link")).expect("a link");
    s.write("was-link", "a file\n");
    s.write("becomes-dir/file", "other text, and not like it\n");
    let inner = s.at("sub");
    inner.git(&["init", "-q"]);
    inner.write("x", "x\n");
    inner.commit();
    s.git(&["-c", "advice.addEmbeddedRepo=false", "add", "-A"]);
    let expected = [
        "becomes-dir/file",
        "was-link",
        "-becomes-dir",
        "-becomes-link",
        "!becomes-link symlink",
        "!link symlink",
        "!sub submodule",
    ];
    assert_eq!(told(&staged(&s)), expected);
    s.git(&["commit", "-q", "-m", "c"]);
    assert_eq!(told(&diff(&s, "HEAD~1")), expected);
}

#[test]
fn staged_is_the_index_against_head() {
    let s = Sandbox::repo();
    s.write("a", "a\n");
    s.write("dir/b", "b\n");
    s.git(&["add", "a"]);
    // Before the first commit everything that is staged is new.
    assert_eq!(told(&staged(&s)), ["a"]);
    assert_eq!(staged(&s).base, None);
    s.commit();
    assert_eq!(told(&staged(&s)), [""; 0]);
    s.write_at("a", "changed\n", 5);
    assert_eq!(told(&staged(&s)), [""; 0], "the work tree has no part in it");
    s.git(&["add", "a"]);
    s.write("later", "later\n");
    s.git(&["add", "--intent-to-add", "later"]);
    s.git(&["rm", "-q", "dir/b"]);
    let changes = staged(&s);
    assert_eq!(told(&changes), ["a < a", "-dir/b"]);
    assert_eq!(changes.base, Some(s.git(&["rev-parse", "HEAD"])));
}

#[test]
fn a_conflict_is_not_looked_at() {
    let s = Sandbox::repo();
    s.write("dir/f", "base\n");
    s.write("g", "g\n");
    s.commit();
    s.git(&["checkout", "-q", "-b", "side"]);
    s.write_at("dir/f", "side\n", 3);
    s.commit();
    s.git(&["checkout", "-q", "main"]);
    s.write_at("dir/f", "main\n", 5);
    s.commit();
    assert!(s.try_git(&["merge", "-q", "side"]).is_err(), "there must be a conflict");
    assert_eq!(told(&staged(&s)), ["!dir/f unreadable"]);
}

#[test]
fn a_scope_bounds_what_is_told() {
    let s = Sandbox::repo();
    s.write("dir/a", "a\n");
    s.write("outside", long("x"));
    s.commit();
    s.write_at("dir/a", "b\n", 5);
    s.write("dir.c", "c\n");
    s.write("dirt/d", "d\n");
    s.git(&["mv", "outside", "dir/inside"]);
    s.commit();
    assert_eq!(told(&diff(&s.at("dir"), "HEAD~1")), ["dir/a < dir/a", "dir/inside"]);
    s.git(&["reset", "-q", "--soft", "HEAD~1"]);
    assert_eq!(told(&staged(&s.at("dir"))), ["dir/a < dir/a", "dir/inside"]);
}

#[test]
fn three_dots_begin_where_the_histories_part() {
    let s = Sandbox::repo();
    s.write("base", "base\n");
    s.commit();
    s.git(&["checkout", "-q", "-b", "feature"]);
    s.write("feature", "feature\n");
    s.commit();
    s.git(&["checkout", "-q", "main"]);
    s.write("main", "main\n");
    s.commit();
    s.git(&["tag", "-m", "t", "annotated"]);
    assert_eq!(told(&diff(&s, "main...feature")), ["feature"]);
    assert_eq!(told(&diff(&s, "main..feature")), ["feature", "-main"]);
    assert_eq!(told(&diff(&s, "annotated...feature")), ["feature"]);
    assert_eq!(told(&diff(&s, "feature")), ["main", "-feature"]);
    // A tree is as good as a commit.
    assert_eq!(told(&diff(&s, "feature^{tree}")), ["main", "-feature"]);
    // The index on a branch of its own: what a merge request is about to be.
    s.git(&["checkout", "-q", "feature"]);
    s.write("more", "more\n");
    s.git(&["add", "more"]);
    let base = Base::MergeBase("main".into());
    let changes = checkout(&s, View::Staged).changes(&base).expect("changes");
    assert_eq!(told(&changes), ["feature", "more"]);
}

#[test]
fn what_cannot_be_compared_is_said_with_a_way_out() {
    let s = Sandbox::repo();
    let fails = |s: &Sandbox, range: &str| {
        let range = Range::parse(range).expect("a range");
        let found = Checkout::find(&s.dir, View::Revision(range.head));
        let failure = found.and_then(|c| c.changes(&range.base)).expect_err("it must fail");
        format!("{failure} | {}", failure.help.as_deref().unwrap_or_default())
    };
    for n in 0..3 {
        s.write_at("f", format!("{n}\n"), n);
        s.commit();
    }
    let said = fails(&s, "mian");
    assert!(said.contains("no commit `mian`") && said.contains("git rev-parse"), "{said}");
    s.git(&["checkout", "-q", "--orphan", "other"]);
    s.commit();
    let said = fails(&s, "main...other");
    assert!(said.contains("part") && said.contains("`main..`"), "{said}");

    let url = format!("file://{}", s.dir.display());
    s.git(&["clone", "-q", "--depth", "1", "-b", "main", &url, "shallow"]);
    let shallow = s.at("shallow");
    for range in ["HEAD~1", "v1.0...HEAD"] {
        let said = fails(&shallow, range);
        assert!(said.contains("shallow") && said.contains("--unshallow"), "{range}: {said}");
    }
    // Fetched, but without the history in which they meet.
    s.git(&["checkout", "-q", "main"]);
    s.write("g", "g\n");
    s.commit();
    shallow.git(&["fetch", "-q", "--depth", "1", "origin", "main"]);
    let said = fails(&shallow, "FETCH_HEAD...HEAD");
    assert!(said.contains("--unshallow"), "{said}");
    assert_eq!(told(&diff(&shallow, "FETCH_HEAD..HEAD")), ["-g"]);

    // The work tree is no state to compare, and without git there is none at all.
    assert!(checkout(&s, View::Worktree).changes(&Base::Head).is_err());
    let plain = Sandbox::new();
    assert!(checkout(&plain, View::Worktree).changes(&Base::Head).is_err());
}

#[test]
fn names_and_contents_are_looked_up_in_the_new_side() {
    let s = Sandbox::repo();
    s.write("dir/a", "a\n");
    s.write("dir.x", "x\n");
    s.write("dir/sub/b", "b\n");
    std::os::unix::fs::symlink("a", s.path("dir/link")).expect("a link");
    s.write(common::name(b"l\xe4tin/\xff"), "latin\n");
    s.commit();
    s.write("dir/c", "c\n");
    s.git(&["rm", "-q", "--cached", "dir/sub/b"]);
    s.git(&["add", "dir/c"]);
    let names = |view| -> Vec<String> {
        let names = checkout(&s, view).names().expect("names");
        names.iter().map(|n| n.escape_ascii().to_string()).collect()
    };
    let head = View::Revision("HEAD".into());
    let latin = "l\\xe4tin/\\xff";
    assert_eq!(names(head.clone()), ["dir.x", "dir/a", "dir/link", "dir/sub/b", latin]);
    assert_eq!(names(View::Staged), ["dir.x", "dir/a", "dir/c", "dir/link", latin]);

    let at = |view: &View, path: &[u8]| -> Option<BlobId> {
        checkout(&s, view.clone()).blob_at(path).expect("a look-up")
    };
    for view in [&head, &View::Staged] {
        assert_eq!(at(view, b"dir/a"), Some(blob_id(b"a\n")));
        assert_eq!(at(view, b"l\xe4tin/\xff"), Some(blob_id(b"latin\n")));
        for none in [&b"dir"[..], b"dir/", b"dir/link", b"none", b"", b"/dir/a", b"../x", b"a\0b"] {
            assert_eq!(at(view, none), None, "{}", none.escape_ascii());
        }
    }
    assert_eq!(at(&head, b"dir/c"), None);
    assert_eq!(at(&View::Staged, b"dir/c"), Some(blob_id(b"c\n")));
    assert_eq!(at(&View::Staged, b"dir/sub/b"), None);
}

#[test]
fn a_hook_sees_the_index_that_is_committed() {
    let s = Sandbox::repo();
    s.write("a.c", "int a;\n");
    s.write("b.c", "int b;\n");
    s.commit();
    s.append("a.c", common::tag("MIT"), 5);
    s.append("b.c", common::tag("0BSD"), 5);
    let lictor = env!("CARGO_BIN_EXE_lictor");
    let hook = format!("#!/bin/sh\nexec '{lictor}' scan --staged --format json >hook.json\n");
    s.write(".git/hooks/pre-commit", hook);
    common::set_mode(&s.path(".git/hooks/pre-commit"), 0o755);
    // The index of `git commit FILE` is neither that of before nor the work tree.
    s.git(&["commit", "-q", "-m", "c", "b.c"]);
    let report = std::fs::read(s.path("hook.json")).expect("the hook ran");
    let report = serde_json::from_slice(&report).expect("a report");
    let found: Vec<String> =
        common::found(&report).into_iter().filter_map(|(_, expression)| expression).collect();
    assert_eq!(found, ["0BSD"]);
}

#[test]
fn a_tree_with_strange_entries_is_compared() {
    let s = Sandbox::repo();
    s.write("f", "f\n");
    s.commit();
    let id = s.git(&["rev-parse", "HEAD:f"]);
    // A mode that git itself never writes, and the same name twice.
    let bytes: Vec<u8> = (0..20)
        .map(|n| u8::from_str_radix(&id[n * 2..n * 2 + 2], 16).expect("hexadecimal"))
        .collect();
    let entry = |mode: &str| [mode.as_bytes(), b" odd\0", &bytes].concat();
    s.write("tree", [entry("100600"), entry("100777")].concat());
    let tree = s.git(&["hash-object", "-t", "tree", "-w", "--literally", "tree"]);
    let commit = s.git(&["commit-tree", "-m", "odd", "-p", "HEAD", &tree]);
    assert_eq!(told(&diff(&s, &format!("HEAD..{commit}")))[0], "odd < f");
}

/// Commits what is there as another day's work; gives the commit.
fn commit_on(s: &Sandbox, day: u32, summary: &str) -> String {
    let date = format!("2021-03-{day:02}T12:00:00Z");
    let s = s.with("GIT_AUTHOR_DATE", &date).with("GIT_COMMITTER_DATE", &date);
    s.git(&["add", "-A"]);
    s.git(&["commit", "-q", "--allow-empty", "-m", summary]);
    s.git(&["rev-parse", "HEAD"])
}

fn introduced(s: &Sandbox, view: View, path: &str, lines: (u32, u32)) -> Result<String, Untraced> {
    let mut answers = checkout(s, view).introduced(&[Place { path: path.as_bytes(), lines }]);
    assert_eq!(answers.len(), 1);
    answers.remove(0).map(|i| i.commit)
}

const HEADER: &str = "/*\n * one\n * two\n */\n";

#[test]
fn evidence_is_introduced_by_the_commit_that_completed_it() {
    let s = Sandbox::repo();
    s.write("f.c", "int f;\n");
    commit_on(&s, 1, "no header");
    s.write("f.c", "/*\n * one\n */\nint f;\n");
    let half = commit_on(&s, 2, "half a header");
    s.write("f.c", format!("{HEADER}int f;\n"));
    let whole = commit_on(&s, 3, "the header\n\nand why");
    s.write("f.c", format!("#include <x>\n\n{HEADER}int f;\nint g;\n"));
    commit_on(&s, 4, "the lines are elsewhere now");
    s.write_at("f.c", format!("#include <x>\n\n{HEADER}int f;\nint g;\n").replace('\n', "\r\n"), 5);
    s.write("other", "x\n");
    commit_on(&s, 5, "lines end otherwise");

    let head = || View::Revision("HEAD".into());
    assert_eq!(introduced(&s, View::Worktree, "f.c", (3, 6)), Ok(whole.clone()));
    assert_eq!(introduced(&s, head(), "f.c", (3, 6)), Ok(whole.clone()));
    assert_eq!(introduced(&s, View::Staged, "f.c", (3, 6)), Ok(whole.clone()));
    // The first two lines were there before.
    assert_eq!(introduced(&s, head(), "f.c", (3, 4)), Ok(half));

    let place = Place { path: b"f.c", lines: (3, 6) };
    let told = checkout(&s, head()).introduced(&[place]).remove(0).expect("a commit");
    assert_eq!(told.author, "A <a@example.org>");
    assert_eq!(told.time.rfc3339(), "2021-03-03T12:00:00Z");
    assert_eq!(told.summary, "the header");
}

#[test]
fn evidence_is_followed_through_moves_and_merges() {
    let s = Sandbox::repo();
    s.write("a/COPYING", long("terms"));
    s.write("b/unlike", "nothing of it\n");
    s.write("z", "z\n");
    let first = commit_on(&s, 1, "vendored");
    s.git(&["mv", "a/COPYING", "a/LICENSE"]);
    commit_on(&s, 2, "another name");
    s.git(&["checkout", "-q", "-b", "side"]);
    s.git(&["mv", "a", "lib"]);
    s.append("lib/LICENSE", "and one line more\n", 5);
    let side = commit_on(&s, 3, "another place, and changed");
    s.git(&["checkout", "-q", "main"]);
    s.write_at("z", "zz\n", 5);
    commit_on(&s, 4, "meanwhile");
    s.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    assert!(s.path("lib/LICENSE").exists());

    assert_eq!(introduced(&s, View::Worktree, "lib/LICENSE", (1, 20)), Ok(first));
    assert_eq!(introduced(&s, View::Worktree, "lib/LICENSE", (21, 21)), Ok(side.clone()));
    assert_eq!(introduced(&s, View::Worktree, "lib/LICENSE", (20, 21)), Ok(side));
    // A file beside one that goes is not that one.
    s.remove("b/unlike");
    s.write("b/new", "wholly different words in it\n");
    let new = commit_on(&s, 5, "new");
    assert_eq!(introduced(&s, View::Worktree, "b/new", (1, 1)), Ok(new));
}

#[test]
fn many_places_are_traced_in_one_walk() {
    let s = Sandbox::repo();
    let mut commits = Vec::new();
    for n in 0..5 {
        s.write(format!("dir/{n}"), format!("notice number {n}\n"));
        commits.push(commit_on(&s, n + 1, "one more"));
    }
    s.write("dir/0", "not committed\n");
    let paths: Vec<String> = (0..5).map(|n| format!("dir/{n}")).collect();
    let places = paths.iter().rev().map(|p| Place { path: p.as_bytes(), lines: (1, 1) });
    let mut places: Vec<Place<'_>> = places.collect();
    places.push(Place { path: b"none", lines: (1, 1) });
    let told = checkout(&s, View::Worktree).introduced(&places);
    let told: Vec<_> = told.into_iter().map(|t| t.map(|i| i.commit)).collect();
    let mut expected: Vec<_> = commits.into_iter().skip(1).rev().map(Ok).collect();
    expected.extend([Err(Untraced::NotCommitted), Err(Untraced::NotCommitted)]);
    assert_eq!(told, expected);
}

#[test]
fn what_cannot_be_traced_says_why() {
    let plain = Sandbox::new();
    plain.write("f", "f\n");
    assert_eq!(introduced(&plain, View::Worktree, "f", (1, 1)), Err(Untraced::NoRepository));
    let s = Sandbox::repo();
    s.write("f", "f\n");
    assert_eq!(introduced(&s, View::Worktree, "f", (1, 1)), Err(Untraced::NotCommitted));
    let first = commit_on(&s, 1, "first");
    s.write("g", "g\n");
    let second = commit_on(&s, 2, "second");
    s.write("h", "h\n");
    s.git(&["add", "h"]);
    assert_eq!(introduced(&s, View::Staged, "h", (1, 1)), Err(Untraced::NotCommitted));
    std::os::unix::fs::symlink("f", s.path("link")).expect("a link");
    assert_eq!(introduced(&s, View::Worktree, "link", (1, 1)), Err(Untraced::NotCommitted));

    let url = format!("file://{}", s.dir.display());
    s.git(&["clone", "-q", "--depth", "1", &url, "shallow"]);
    let shallow = s.at("shallow");
    assert_eq!(introduced(&shallow, View::Worktree, "g", (1, 1)), Err(Untraced::Shallow));
    s.git(&["clone", "-q", "--depth", "2", &url, "deeper"]);
    let deeper = s.at("deeper");
    assert_eq!(introduced(&deeper, View::Worktree, "g", (1, 1)), Ok(second));
    assert_eq!(introduced(&s, View::Worktree, "f", (1, 1)), Ok(first));
}

#[test]
fn a_mailmap_of_the_history_says_who_somebody_is() {
    let s = Sandbox::repo();
    s.write("f", "f\n");
    s.write(".mailmap", "The Author <author@example.org> <a@example.org>\n");
    commit_on(&s, 1, "by an old address");
    let author = || {
        let place = Place { path: b"f", lines: (1, 1) };
        let told = checkout(&s, View::Worktree).introduced(&[place]).remove(0);
        told.expect("a commit").author
    };
    assert_eq!(author(), "The Author <author@example.org>");
    // Not the one on disk, which may be anything.
    s.write_at(".mailmap", "Somebody Else <else@example.org> <a@example.org>\n", 5);
    assert_eq!(author(), "The Author <author@example.org>");
}

#[test]
fn the_words_of_a_commit_may_be_any_bytes() {
    let s = Sandbox::repo();
    s.write("f", "f\n");
    s.git(&["add", "f"]);
    let s = s.with("GIT_AUTHOR_NAME", common::name(b"Ren\xe9 \x1b[31m"));
    s.git(&["-c", "i18n.commitEncoding=latin1", "commit", "-q", "-m", "s\x1b[0m"]);
    let place = Place { path: b"f", lines: (1, 1) };
    let told = checkout(&s, View::Worktree).introduced(&[place]).remove(0).expect("a commit");
    assert_eq!(told.author, "Ren\u{fffd} \u{1b}[31m <a@example.org>");
    assert_eq!(told.summary, "s\u{1b}[0m");
}
