// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Lists of globs of paths, and how one list lies to another.
//!
//! Globs are those of the crate `globset`: `*` and `?` end at a slash, `**` does not. Whether
//! two globs meet is judged by what they begin and end with; where that leaves it open, they
//! are taken to meet.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::conditions::Relation;

/// A path fits if one of the globs fits.
#[derive(Debug, Clone)]
pub struct Globs {
    texts: Vec<String>,
    set: GlobSet,
}

impl Globs {
    /// # Errors
    /// The number of a glob that is none, and what is wrong with it.
    pub fn new(texts: Vec<String>) -> Result<Globs, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (n, text) in texts.iter().enumerate() {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            set.add(glob.map_err(|e| (n, e.kind().to_string()))?);
        }
        let set = set.build().map_err(|e| (0, e.kind().to_string()))?;
        Ok(Globs { texts, set })
    }

    pub fn fits(&self, path: &[u8]) -> bool {
        self.set.is_match(as_path(path))
    }

    /// The numbers of the globs that fit, into `out`.
    pub fn which(&self, path: &[u8], out: &mut Vec<usize>) {
        self.set.matches_into(as_path(path), out);
    }

    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// How the paths of this list lie to those of another.
    pub fn relation(&self, other: &Globs) -> Relation {
        let inside = |a: &Globs, b: &Globs| {
            a.texts.iter().all(|glob| b.texts.iter().any(|wide| is_within(glob, wide)))
        };
        let meets = self.texts.iter().any(|a| other.texts.iter().any(|b| may_meet(a, b)));
        Relation::of(inside(self, other), inside(other, self), meets)
    }
}

/// How much a glob pins down: directories and files it names, then letters.
pub fn specificity(glob: &str) -> (usize, usize) {
    let named = glob.split('/').filter(|part| !part.is_empty() && !part.contains(WILD)).count();
    (named, glob.chars().filter(|c| !WILD.contains(c)).count())
}

const WILD: [char; 6] = ['*', '?', '[', ']', '{', '}'];

/// Whether all that fits `glob` fits `wide`, as far as can be told.
fn is_within(glob: &str, wide: &str) -> bool {
    let below = |w: &str| {
        w.strip_suffix("**").is_some_and(|base| !base.contains(WILD) && glob.starts_with(base))
    };
    glob == wide || below(wide)
}

/// Whether a path may fit both.
fn may_meet(a: &str, b: &str) -> bool {
    let (a_head, b_head) = (head(a), head(b));
    let (a_tail, b_tail) = (tail(a), tail(b));
    let heads = a_head.starts_with(b_head) || b_head.starts_with(a_head);
    let tails = a_tail.ends_with(b_tail) || b_tail.ends_with(a_tail);
    // What holds no wildcard is one path.
    let whole = |text: &str, other: &str| text.contains(WILD) || other.contains(WILD);
    heads && tails && (whole(a, b) || a == b)
}

fn head(glob: &str) -> &str {
    // `**/x` fits `x` as well.
    if glob.starts_with("**/") { "" } else { &glob[..glob.find(WILD).unwrap_or(glob.len())] }
}

fn tail(glob: &str) -> &str {
    &glob[glob.rfind(WILD).map_or(0, |n| n + 1)..]
}

fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_globs_lie_to_each_other_as_their_paths_do() {
        let globs = |text: &str| Globs::new(text.split(' ').map(str::to_owned).collect()).unwrap();
        for (a, b, relation) in [
            ("vendor/**", "vendor/**", Relation::Equal),
            ("vendor/zlib/**", "vendor/**", Relation::Narrower),
            ("vendor/**", "vendor/a.c vendor/zlib/**", Relation::Wider),
            ("vendor/**", "src/**", Relation::Apart),
            ("**/*.c", "**/*.h", Relation::Apart),
            ("src/a.c", "src/b.c", Relation::Apart),
            ("**/gpl/**", "vendor/**", Relation::Meets),
            ("a/** b/**", "b/** c/**", Relation::Meets),
            ("src/a.c", "**", Relation::Narrower),
        ] {
            assert_eq!(globs(a).relation(&globs(b)), relation, "{a} to {b}");
        }
    }

    #[test]
    fn a_glob_pins_down_what_it_names() {
        assert!(specificity("vendor/**/test/**") > specificity("**/test/**"));
        assert!(specificity("vendor/zlib/**") > specificity("vendor/**"));
        assert!(specificity("**/*_test.go") > specificity("**/*.go"));
    }
}
