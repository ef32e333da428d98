// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Who answers for a path: `CODEOWNERS` files as GitHub and GitLab read them. The last pattern
//! that matches a path wins, at GitLab the last of each section.
//!
//! Files of a repository are not to be trusted: what is wrong in one is told, the rest of it
//! holds, and neither reading nor asking takes more than time in proportion to its size.

use std::collections::HashMap;

/// Where such a file can be, the first that exists is the one that counts.
pub const LOCATIONS: [&str; 4] =
    [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// A file larger than this, in bytes, does not count. GitHub has the same limit.
pub const MAX_SIZE: usize = 3 << 20;

const MAX_RULES: usize = 50_000;
const MAX_PATTERN: usize = 4096;
const MAX_PROBLEMS: usize = 100;

/// Something in such a file that does not do what its author meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// Its words may be the file's: see `diag::visible`.
    pub message: String,
}

/// What a `CODEOWNERS` file says.
#[derive(Debug, Default)]
pub struct Owners {
    sections: Vec<Section>,
}

#[derive(Debug, Default)]
struct Section {
    rules: Vec<Rule>,
    /// Paths for which the whole section does not hold.
    exclusions: Vec<Pattern>,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    owners: Vec<String>,
}

/// Who reads the file: they differ in what a pattern with a slash in it is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forge {
    GitHub,
    GitLab,
}

impl Owners {
    /// Reads the file that was found at `location`, one of [`LOCATIONS`]. A file in `.gitlab`,
    /// or one that has sections, is GitLab's.
    pub fn parse(location: &str, text: &str) -> (Owners, Vec<Problem>) {
        let mut problems = Problems(Vec::new());
        if text.len() > MAX_SIZE {
            problems.add(1, format!("the file is larger than {MAX_SIZE} bytes and does not count"));
            return (Owners::default(), problems.0);
        }
        let lines = || text.lines().enumerate().map(|(n, line)| (n + 1, line.trim()));
        let gitlab = location.starts_with(".gitlab/") || lines().any(|(_, l)| heading(l).is_some());
        let forge = if gitlab { Forge::GitLab } else { Forge::GitHub };

        let mut sections = vec![Section::default()];
        let mut names: HashMap<String, usize> = HashMap::new();
        let (mut here, mut defaults, mut rules) = (0, Vec::new(), 0);
        for (number, line) in lines().filter(|(_, l)| !l.is_empty() && !l.starts_with('#')) {
            if let Some((name, rest)) = heading(line) {
                // The same name again goes on with the same section.
                here = *names.entry(name.trim().to_lowercase()).or_insert_with(|| {
                    sections.push(Section::default());
                    sections.len() - 1
                });
                defaults = owners(rest, number, &mut problems);
                continue;
            }
            rules += 1;
            if rules > MAX_RULES {
                problems.add(number, format!("the lines after the first {MAX_RULES} do not count"));
                break;
            }
            let (excludes, line) = match line.strip_prefix('!') {
                Some(_) if forge == Forge::GitHub => {
                    problems.add(number, "a pattern cannot be negated with `!`".into());
                    continue;
                }
                Some(rest) => (true, rest),
                None => (false, line),
            };
            let (pattern, rest) = split(line);
            let pattern = match Pattern::parse(pattern, forge) {
                Ok(pattern) => pattern,
                Err(message) => {
                    problems.add(number, message);
                    continue;
                }
            };
            if excludes {
                sections[here].exclusions.push(pattern);
                continue;
            }
            let mut owners = owners(rest, number, &mut problems);
            if owners.is_empty() {
                owners.clone_from(&defaults);
            }
            sections[here].rules.push(Rule { pattern, owners });
        }
        (Owners { sections }, problems.0)
    }

    /// Who owns a path, in the order of the file: `@user`, `@organisation/team`, addresses,
    /// GitLab's `@@role`. Empty when nobody does.
    pub fn of(&self, path: &[u8]) -> Vec<&str> {
        let names: Vec<&[u8]> = path.split(|b| *b == b'/').collect();
        let mut all: Vec<&str> = Vec::new();
        for section in &self.sections {
            if section.exclusions.iter().any(|p| p.matches(&names)) {
                continue;
            }
            let rule = section.rules.iter().rev().find(|r| r.pattern.matches(&names));
            for owner in rule.iter().flat_map(|r| &r.owners) {
                if !all.contains(&owner.as_str()) {
                    all.push(owner);
                }
            }
        }
        all
    }
}

struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, line: usize, message: String) {
        if self.0.len() < MAX_PROBLEMS {
            self.0.push(Problem { line, message });
        }
    }
}

/// The name in a section's heading, `[Name]`, `^[Name]` or `[Name][2]`, and what stands behind.
fn heading(line: &str) -> Option<(&str, &str)> {
    let (name, mut rest) =
        line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?.split_once(']')?;
    if let Some((count, behind)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        if count.is_empty() || !count.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        rest = behind;
    }
    let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (ends && !name.trim().is_empty()).then_some((name, rest))
}

/// The pattern at the start of a line, up to a blank without a backslash, and the rest.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let ends = c.is_whitespace() && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    line.split_at(end.unwrap_or(line.len()))
}

/// The owners in the rest of a line, up to a comment.
fn owners(rest: &str, line: usize, problems: &mut Problems) -> Vec<String> {
    let mut owners: Vec<String> = Vec::new();
    for word in rest.split_whitespace().take_while(|w| !w.starts_with('#')) {
        let is_name = word.strip_prefix("@@").or(word.strip_prefix('@')).map(|n| !n.is_empty());
        let is_address =
            || word.split_once('@').is_some_and(|(n, host)| !n.is_empty() && !host.is_empty());
        if is_name.unwrap_or_else(is_address) {
            owners.push(word.to_owned());
        } else {
            problems.add(line, format!("`{word}` is neither `@name` nor an address"));
        }
    }
    owners
}

/// A pattern for paths: like those of gitignore(5), without `!` and `[a-z]`.
#[derive(Debug)]
struct Pattern {
    /// One for each directory, and one for the name.
    parts: Vec<Part>,
    /// What a directory of that name holds matches too.
    below: bool,
}

#[derive(Debug, PartialEq)]
enum Part {
    /// `**`: any number of directories.
    Any,
    /// One name.
    Name(Vec<Piece>),
}

#[derive(Debug, PartialEq)]
enum Piece {
    Byte(u8),
    /// `?`
    One,
    /// `*`
    Many,
}

impl Pattern {
    fn parse(text: &str, forge: Forge) -> Result<Pattern, String> {
        if text.len() > MAX_PATTERN {
            return Err(format!("the pattern is longer than {MAX_PATTERN} bytes"));
        }
        let body = text.strip_prefix('/').unwrap_or(text);
        let is_directory = body.ends_with('/');
        let body = body.strip_suffix('/').unwrap_or(body);
        if body.is_empty() && text != "/" {
            return Err("there is no pattern".into());
        }
        let anchored = text.starts_with('/') || (forge == Forge::GitHub && body.contains('/'));
        let mut parts = Vec::new();
        if !anchored {
            parts.push(Part::Any);
        }
        let names = body.split('/').filter(|n| !n.is_empty());
        parts.extend(names.map(|n| if n == "**" { Part::Any } else { Part::Name(pieces(n)) }));
        // `docs/*` is for the files in it and not deeper.
        let last_is_any_name = body.ends_with("/*");
        if is_directory || text == "/" {
            parts.push(Part::Any);
            parts.push(Part::Name(vec![Piece::Many]));
        }
        Ok(Pattern { parts, below: !is_directory && !last_is_any_name })
    }

    /// Whether the path with these names matches. Goes back to the last `**` only, as no
    /// other choice before it can help.
    fn matches(&self, names: &[&[u8]]) -> bool {
        let (mut p, mut n) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match self.parts.get(p) {
                Some(Part::Any) => {
                    retry = Some((p + 1, n));
                    p += 1;
                    // At the end it stands for everything that is in there.
                    if p == self.parts.len() {
                        return n < names.len();
                    }
                    continue;
                }
                Some(Part::Name(pieces)) if names.get(n).is_some_and(|x| fits(pieces, x)) => {
                    (p, n) = (p + 1, n + 1);
                    continue;
                }
                None if n == names.len() || self.below => return true,
                _ => {}
            }
            match &mut retry {
                Some((part, name)) if *name < names.len() => {
                    *name += 1;
                    (p, n) = (*part, *name);
                }
                _ => return false,
            }
        }
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => pieces.push(Piece::Byte(bytes.next().unwrap_or(b'\\'))),
            b'*' if pieces.last() == Some(&Piece::Many) => {}
            b'*' => pieces.push(Piece::Many),
            b'?' => pieces.push(Piece::One),
            byte => pieces.push(Piece::Byte(byte)),
        }
    }
    pieces
}

/// Whether one name is as the pieces say. Goes back to the last `*` only.
fn fits(pieces: &[Piece], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match (pieces.get(p), name.get(n)) {
            (None, None) => return true,
            (Some(Piece::Many), _) => {
                retry = Some((p + 1, n));
                p += 1;
                continue;
            }
            (Some(Piece::One), Some(_)) => {
                (p, n) = (p + 1, n + 1);
                continue;
            }
            (Some(Piece::Byte(wanted)), Some(byte)) if wanted == byte => {
                (p, n) = (p + 1, n + 1);
                continue;
            }
            _ => {}
        }
        match &mut retry {
            Some((piece, byte)) if *byte < name.len() => {
                *byte += 1;
                (p, n) = (*piece, *byte);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn github(text: &str) -> Owners {
        let (owners, problems) = Owners::parse("CODEOWNERS", text);
        assert_eq!(problems, []);
        owners
    }

    #[track_caller]
    fn check(owners: &Owners, table: &[(&str, &[&str])]) {
        for (path, expected) in table {
            assert_eq!(owners.of(path.as_bytes()), *expected, "{path}");
        }
    }

    /// Paths that one pattern of GitHub's matches, and some that it does not.
    #[track_caller]
    fn pattern(pattern: &str, yes: &[&str], no: &[&str]) {
        let owners = github(&format!("{pattern} @o\n"));
        for path in yes {
            assert_eq!(owners.of(path.as_bytes()), ["@o"], "{pattern} must match {path}");
        }
        for path in no {
            assert_eq!(owners.of(path.as_bytes()), [""; 0], "{pattern} must not match {path}");
        }
    }

    #[test]
    fn the_last_pattern_that_matches_wins() {
        let owners = github(
            "# everything\n* @all  # and a remark\n\n*.rs @rust a@example.org\n\
             /docs/ @writers\n/docs/internal/\n",
        );
        check(
            &owners,
            &[
                ("COPYING", &["@all"]),
                ("src/main.rs", &["@rust", "a@example.org"]),
                ("docs/example.rs", &["@writers"]),
                // A pattern without owners: nobody.
                ("docs/internal/x.rs", &[]),
                ("sub/docs/x.md", &["@all"]),
            ],
        );
        check(&Owners::default(), &[("any", &[])]);
    }

    #[test]
    fn patterns_are_like_those_of_gitignore() {
        pattern("*", &["a", "a/b/c"], &[]);
        pattern("/", &["a", "a/b"], &[]);
        pattern("*.c", &["x.c", "a/b/x.c", ".c"], &["x.cc", "c"]);
        pattern("/*.c", &["x.c"], &["a/x.c"]);
        pattern("docs", &["docs", "docs/a", "x/docs/a/b"], &["docs2", "mydocs/a"]);
        pattern("docs/", &["docs/a", "x/docs/a/b"], &["docs", "x/docs"]);
        pattern("/docs/", &["docs/a/b"], &["x/docs/a", "docs"]);
        pattern("docs/*", &["docs/a"], &["docs/a/b", "x/docs/a"]);
        pattern("docs/api", &["docs/api", "docs/api/x"], &["x/docs/api", "docs/apis"]);
        pattern("**/logs", &["logs", "a/b/logs/x"], &["logs2"]);
        pattern("/a/**/b", &["a/b", "a/x/b", "a/x/y/b/c"], &["b", "x/a/b", "a/x"]);
        pattern("/a/**", &["a/x", "a/x/y"], &["a", "b/a/x"]);
        pattern("/a?c", &["abc"], &["ac", "a/c", "abbc"]);
        pattern("a*b*c", &["abc", "axbxbxc", "x/abcc"], &["ab", "acb", "ab/c"]);
        pattern(r"with\ blank", &["with blank", "x/with blank/y"], &["with"]);
        pattern(r"\#x", &["#x"], &["x"]);
        pattern(r"\*", &["*"], &["a"]);
        // There are no ranges, and letters have their case.
        pattern("/[ab].c", &["[ab].c"], &["a.c"]);
        pattern("Makefile", &["Makefile"], &["makefile"]);
    }

    #[test]
    fn of_each_section_the_last_pattern_that_matches_wins() {
        let text = "* @admin\n\n\
                    [Readme][2] @readers @more\n\
                    README.md\ninternal/README.md @inner @more\n\n\
                    ^[Legal] @counsel\nCOPYING\nsrc/ @src-counsel\n!src/generated/\n\
                    [Docs]\ndocs/ @@maintainer @group/sub/team\n\
                    [legal]\nNOTICE @more\n";
        let (owners, problems) = Owners::parse("CODEOWNERS", text);
        assert_eq!(problems, []);
        check(
            &owners,
            &[
                ("main.c", &["@admin"]),
                ("README.md", &["@admin", "@readers", "@more"]),
                // At GitLab a pattern begins anywhere unless it begins with a slash.
                ("a/internal/README.md", &["@admin", "@inner", "@more"]),
                ("COPYING", &["@admin", "@counsel"]),
                ("src/a.c", &["@admin", "@src-counsel"]),
                ("src/generated/a.c", &["@admin"]),
                (
                    "docs/README.md",
                    &["@admin", "@readers", "@more", "@@maintainer", "@group/sub/team"],
                ),
                // A section that is named twice is one.
                ("NOTICE", &["@admin", "@more"]),
            ],
        );
        // Without sections, where the file is says whose it is.
        let file = "a/b @o\n";
        assert_eq!(Owners::parse(".gitlab/CODEOWNERS", file).0.of(b"x/a/b"), ["@o"]);
        assert_eq!(Owners::parse("CODEOWNERS", file).0.of(b"x/a/b"), [""; 0]);
    }

    #[test]
    fn what_is_wrong_is_told_and_the_rest_holds() {
        let text = "* @all nobody @\n!src/ @no\n// @x\n[id].tsx @page\n*.md a@b @\n";
        let (owners, problems) = Owners::parse(".github/CODEOWNERS", text);
        let lines: Vec<usize> = problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [1, 1, 2, 3, 5], "{problems:?}");
        assert!(problems[0].message.contains("`nobody`"));
        check(&owners, &[("src/a", &["@all"]), ("a.md", &["a@b"]), ("[id].tsx", &["@page"])]);

        let (owners, problems) = Owners::parse("CODEOWNERS", &"*  @all\n".repeat(MAX_SIZE / 8 + 1));
        assert_eq!((owners.of(b"a"), problems.len()), (vec![], 1));
        let many = "a @b\n".repeat(MAX_RULES) + "* @late\n";
        let (owners, problems) = Owners::parse("CODEOWNERS", &many);
        assert_eq!((owners.of(b"x"), problems.len()), (vec![], 1));
        let long = format!("{} @o\n", "a".repeat(MAX_PATTERN + 1));
        assert_eq!(Owners::parse("CODEOWNERS", &long).1.len(), 1);
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let stars = format!("/{} @o\n/{}b @o\n", "**/a/".repeat(800), "a*".repeat(2000));
        let owners = github(&stars);
        assert_eq!(owners.of("a/".repeat(700).as_bytes()), [""; 0]);
        assert_eq!(owners.of("a".repeat(4000).as_bytes()), [""; 0]);
    }
}
