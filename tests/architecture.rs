// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Keeps the house in order: which module may use which, which crates are named where, and
//! what stands at the top of every file. `ARCHITECTURE.md` says why.

use std::path::{Path, PathBuf};

/// The modules of the library, the lowest first. Those of one row do not use each other.
const ROOMS: [&[&str]; 15] = [
    &["clock", "model"],
    &["diag"],
    &["shape"],
    &["licenses"],
    &["detect"],
    &["owners", "policy"],
    &["plan"],
    &["scan"],
    &["config"],
    &["store"],
    &["report"],
    &["watch"],
    &["deliver"],
    &["daemon"],
    &["doctor"],
];

/// Crates that only one room may name.
const KEPT: [(&str, &str); 22] = [
    ("askalono", "detect"),
    ("similar", "detect"),
    ("git2", "plan"),
    ("ignore", "plan"),
    ("rusqlite", "store"),
    ("rusqlite_migration", "store"),
    ("notify", "watch"),
    ("ureq", "deliver"),
    ("base64", "deliver"),
    ("ring", "deliver"),
    ("rustls", "deliver"),
    ("rustls_native_certs", "deliver"),
    ("minijinja", "deliver"),
    ("sd_notify", "daemon"),
    ("axum", "daemon"),
    ("prometheus_client", "daemon"),
    ("listenfd", "daemon"),
    ("futures_util", "daemon"),
    ("tower", "daemon"),
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("indicatif", "cli"),
];

/// Where every file says under which license it stands.
const HEADED: [&str; 8] =
    ["src", "tests", "benches", "fuzz", "policies", "license-db", ".ci", "systemd"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a directory of the project, relative to the project.
fn files(below: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![root().join(below)];
    while let Some(directory) = todo.pop() {
        let Ok(listing) = std::fs::read_dir(&directory) else { continue };
        for entry in listing {
            let path = entry.expect("an entry of a directory of the project").path();
            let relative = path.strip_prefix(root()).expect("it is in the project").to_owned();
            let name = relative.to_string_lossy().into_owned();
            if path.is_dir() {
                if !matches!(name.as_str(), "target" | ".git" | ".jj") {
                    todo.push(path);
                }
            } else {
                found.push(relative);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    let bytes = std::fs::read(root().join(path)).expect("a file of the project can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Words and single characters of Rust code, without comments and the insides of literals.
fn tokens(code: &str) -> Vec<String> {
    let c: Vec<char> = code.chars().collect();
    let at = |n: usize| c.get(n).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut n = 0;
    while n < c.len() {
        match c[n] {
            '/' if at(n + 1) == '/' => {
                while n < c.len() && c[n] != '\n' {
                    n += 1;
                }
            }
            '/' if at(n + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (at(n), at(n + 1)) {
                        ('/', '*') => (depth, n) = (depth + 1, n + 2),
                        ('*', '/') => (depth, n) = (depth - 1, n + 2),
                        _ => n += 1,
                    }
                    if depth == 0 || n >= c.len() {
                        break;
                    }
                }
            }
            '"' => {
                n += 1;
                while n < c.len() && c[n] != '"' {
                    n += if c[n] == '\\' { 2 } else { 1 };
                }
                n += 1;
                tokens.push("\"\"".into());
            }
            'r' if matches!(at(n + 1), '"' | '#') && raw_string(&c[n..]).is_some() => {
                n += raw_string(&c[n..]).expect("just seen");
                tokens.push("\"\"".into());
            }
            '\'' if at(n + 1) == '\\' => {
                n += 3;
                while n < c.len() && c[n] != '\'' {
                    n += 1;
                }
                n += 1;
            }
            '\'' if at(n + 2) == '\'' => n += 3,
            x if x.is_alphanumeric() || x == '_' => {
                let start = n;
                while at(n).is_alphanumeric() || at(n) == '_' {
                    n += 1;
                }
                let word: String = c[start..n].iter().collect();
                // `br"..."` and `b"..."`: the prefix is no word, the literal comes next.
                if word == "br" && matches!(at(n), '"' | '#') {
                    n -= 1;
                    continue;
                }
                tokens.push(word);
            }
            x if x.is_whitespace() => n += 1,
            x => {
                tokens.push(x.to_string());
                n += 1;
            }
        }
    }
    tokens
}

/// The length of the raw string that begins here with `r`.
fn raw_string(c: &[char]) -> Option<usize> {
    let hashes = c[1..].iter().take_while(|x| **x == '#').count();
    if c.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let mut n = 2 + hashes;
    while n < c.len() {
        let closed = c[n] == '"' && c[n + 1..].iter().take_while(|x| **x == '#').count() >= hashes;
        n += 1;
        if closed {
            return Some(n + hashes);
        }
    }
    Some(n)
}

/// The room that a file of `src` belongs to, and how deep its module is below the root.
fn room(file: &str) -> (String, usize) {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    let parts: Vec<&str> = path.split('/').filter(|p| *p != "mod").collect();
    (parts[0].to_owned(), parts.len())
}

fn rank(room: &str) -> Option<usize> {
    ROOMS.iter().position(|row| row.contains(&room))
}

/// The names that stand directly behind a path's `::`, one, or several in braces.
fn named(tokens: &[String]) -> Vec<String> {
    match tokens.first().map(String::as_str) {
        Some("{") => {
            let (mut depth, mut fresh, mut names) = (0, true, Vec::new());
            for t in tokens {
                match t.as_str() {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    "," if depth == 1 => fresh = true,
                    word if depth == 1 && fresh => {
                        names.push(word.to_owned());
                        fresh = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            names
        }
        Some(word) => vec![word.to_owned()],
        None => Vec::new(),
    }
}

/// What a source file does that its place in the house forbids.
fn trespasses(file: &str, code: &str) -> Vec<String> {
    let (own, depth) = room(file);
    let tokens = tokens(code);
    let is = |n: usize, t: &str| tokens.get(n).is_some_and(|x| x == t);
    let colons = |n: usize| is(n, ":") && is(n + 1, ":");
    let mut wrong = Vec::new();
    let mut used = |name: &str| {
        let Some(there) = rank(name) else { return };
        let here = rank(&own).unwrap_or(usize::MAX);
        if name != own && there >= here {
            wrong.push(format!("{file} uses `{name}`, which is not below `{own}`"));
        }
    };
    // Braces of inline modules, for `super`.
    let (mut braces, mut inline): (usize, Vec<usize>) = (0, Vec::new());
    let mut n = 0;
    while n < tokens.len() {
        match tokens[n].as_str() {
            "{" => {
                braces += 1;
                if n >= 2 && is(n - 2, "mod") {
                    inline.push(braces);
                }
            }
            "}" => {
                if inline.last() == Some(&braces) {
                    inline.pop();
                }
                braces = braces.saturating_sub(1);
            }
            "crate" if colons(n + 1) => named(&tokens[n + 3..]).iter().for_each(|x| used(x)),
            "super" if colons(n + 1) && !(n > 2 && is(n - 3, "super")) => {
                let mut up = 1;
                let mut next = n + 3;
                while is(next, "super") && colons(next + 1) {
                    (up, next) = (up + 1, next + 3);
                }
                if up == depth + inline.len() {
                    named(&tokens[next..]).iter().for_each(|x| used(x));
                }
            }
            _ => {}
        }
        n += 1;
    }
    let own = if own == "main" { "cli" } else { &own };
    for (n, t) in tokens.iter().enumerate() {
        let Some((_, keeper)) = KEPT.iter().find(|(name, _)| name == t) else { continue };
        // In `a::git2::b` it is a module of `a`; in `use ::git2::b` it is the crate.
        let word = |n: usize| tokens[n].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let inside = n > 2 && colons(n - 2) && word(n - 3) && tokens[n - 3] != "use";
        let begins_path = colons(n + 1) && !inside;
        let imported = n > 0 && (is(n - 1, "use") || is(n - 1, "crate"));
        if (begins_path || imported) && own != *keeper {
            wrong.push(format!("{file} names the crate `{t}`, which is for `{keeper}` only"));
        }
    }
    wrong
}

#[test]
fn every_module_uses_only_what_is_below_it() {
    let sources: Vec<PathBuf> =
        files("src").into_iter().filter(|p| p.extension().is_some_and(|e| e == "rs")).collect();
    assert!(sources.len() > 20, "the sources were not found: {sources:?}");
    let wrong: Vec<String> =
        sources.iter().flat_map(|path| trespasses(&path.to_string_lossy(), &read(path))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_of_the_library_has_its_place() {
    let lib = tokens(&read(Path::new("src/lib.rs")));
    let modules: Vec<&String> =
        lib.windows(3).filter(|w| w[0] == "mod" && w[2] == ";").map(|w| &w[1]).collect();
    assert!(modules.len() >= 10, "the modules were not found: {modules:?}");
    for module in modules {
        assert!(rank(module).is_some(), "`{module}` has no place in ROOMS: give it one");
    }
}

#[test]
fn the_checker_finds_what_is_forbidden() {
    for (file, code) in [
        ("src/scan.rs", "use crate::store::Store;"),
        ("src/scan.rs", "fn f() -> crate::report::Report {}"),
        ("src/plan/walk.rs", "use crate::{\n    diag::Failure,\n    scan::{Change, Scanned},\n};"),
        ("src/plan/walk.rs", "use super::super::scan::Change;"),
        ("src/plan.rs", "use super::scan::Change;"),
        ("src/plan.rs", "mod tests { use super::super::scan::Change; }"),
        ("src/model.rs", "use crate::clock::Moment;"),
        ("src/diag.rs", "const A: &str = \"// no comment\"; use crate::scan;"),
        ("src/diag.rs", "const A: &str = r#\"\"\"#; use crate::scan;"),
        ("src/diag.rs", "const A: char = '\"'; use crate::scan; const B: char = '\"';"),
        ("src/scan.rs", "fn f(e: git2::Error) {}"),
        ("src/cli/scan.rs", "use ::rusqlite::Connection;"),
        ("src/report.rs", "use ignore::Match;"),
        ("src/report/human.rs", "use indicatif as bars;"),
        ("src/lib.rs", "use clap::Parser;"),
        ("src/main.rs", "extern crate askalono;"),
    ] {
        assert_eq!(trespasses(file, code).len(), 1, "{file}: {code}");
    }
}

#[test]
fn the_checker_lets_through_what_is_allowed() {
    for (file, code) in [
        ("src/scan.rs", "use crate::{plan, policy::Policy, detect::Detector};"),
        ("src/store/query.rs", "use super::super::scan::Scanned; use crate::store::Store;"),
        ("src/store.rs", "mod tests { use super::*; use super::scan::x; }"),
        ("src/plan.rs", "// crate::scan and git2::Error\n/* /* crate::scan */ crate::store */"),
        ("src/plan.rs", "/// [`crate::scan::Records`]\nfn ignore<'a>(x: &'a str) -> char { 'x' }"),
        ("src/report.rs", "const A: &str = \"\\\"crate::cli\"; #[ignore] fn x() { ignore(); }"),
        ("src/plan/repo.rs", "use git2::Repository; use ignore::Match;"),
        ("src/cli/args.rs", "use clap::Parser; use lictor::store::State;"),
        ("src/model.rs", "pub(crate) fn f() { other::git2::x(); }"),
    ] {
        assert_eq!(trespasses(file, code), [""; 0], "{file}: {code}");
    }
}

/// Whether `REUSE.toml` speaks for a file, which then has no place for a header.
fn in_reuse_toml(path: &str) -> bool {
    path.ends_with(".snap")
        || path.ends_with("Cargo.lock")
        || path.starts_with("tests/cmd/")
        || path.starts_with("license-db/rules/")
        || path == "systemd/grafana-dashboard.json"
}

fn lacks_header(text: &str) -> bool {
    let top: Vec<&str> = text.lines().take(8).collect();
    // In two parts: this file says it of others here.
    let id = format!("SPDX-License-{}: Apache-2.0", "Identifier");
    let copyright = "SPDX-FileCopyrightText: 2026 The lictor authors";
    !(top.iter().any(|l| l.contains(&id)) && top.iter().any(|l| l.contains(copyright)))
}

#[test]
fn every_file_says_under_which_license_it_stands() {
    let all: Vec<PathBuf> = HEADED.iter().flat_map(|d| files(d)).collect();
    assert!(all.len() > 30, "the files were not found: {all:?}");
    for path in all {
        let name = path.to_string_lossy();
        assert!(in_reuse_toml(&name) || !lacks_header(&read(&path)), "{name} lacks the SPDX lines");
    }
    assert!(lacks_header("//! a module\n") && lacks_header(""), "the check finds nothing");
}

/// Lines with the other spelling of `license`.
fn misspelt(text: &str) -> Vec<usize> {
    let other = concat!("lic", "ence");
    let lines = text.lines().enumerate();
    lines.filter(|(_, l)| l.to_lowercase().contains(other)).map(|(n, _)| n + 1).collect()
}

#[test]
fn license_is_spelt_in_one_way() {
    // Names of other people's files, and a text in which nothing must be found.
    let theirs = [
        "src/scan/components.rs",
        "src/detect/pointers.rs",
        "src/detect/references/tests.rs",
        "src/detect/tests.rs",
        "src/detect/tokens.rs",
        "license-db/names.toml",
    ];
    for path in files("") {
        let name = path.to_string_lossy();
        if theirs.contains(&&*name)
            || name.ends_with("Cargo.lock")
            || ["LICENSES/", "license-db/rules/"].iter().any(|d| name.starts_with(d))
        {
            continue;
        }
        let lines = misspelt(&read(&path));
        assert!(lines.is_empty(), "{name} spells `license` otherwise in lines {lines:?}");
    }
    assert_eq!(misspelt(concat!("a\nLic", "ences\n")), [2], "the check finds nothing");
}
