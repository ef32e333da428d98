// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Contexts: how a path is used. Each path has exactly one.

use super::globs::{Globs, specificity};

/// The contexts that every policy knows, in the order in which they go before each other:
/// what reaches furthest is judged first.
pub const KNOWN: [&str; 6] = ["shipped", "hosted", "internal", "build-tool", "docs", "test"];

/// Directories and files that mean the same in most projects.
const LAYOUT: [(&str, &[&str]); 3] = [
    (
        "test",
        &[
            "**/test/**",
            "**/tests/**",
            "**/testing/**",
            "**/testdata/**",
            "**/testsuite/**",
            "**/__tests__/**",
            "**/spec/**",
            "**/fixtures/**",
            "**/benches/**",
            "**/*_test.*",
            "**/*.test.*",
            "**/test_*.py",
        ],
    ),
    ("docs", &["**/doc/**", "**/docs/**", "**/Documentation/**", "**/man/**", "**/examples/**"]),
    (
        "build-tool",
        &[
            ".github/**",
            ".gitlab/**",
            ".ci/**",
            "ci/**",
            "scripts/**",
            "**/cmake/**",
            "**/m4/**",
            "**/Makefile",
            "**/CMakeLists.txt",
        ],
    ),
];

/// The contexts of a policy.
#[derive(Debug, Clone)]
pub struct Contexts {
    names: Vec<String>,
    globs: Globs,
    /// For each glob: what goes first among those that fit, and the context's number.
    ranks: Vec<(Rank, usize)>,
    default: usize,
}

/// Whether it is the policy's own, how specific it is, and how early its context stands.
type Rank = (bool, (usize, usize), std::cmp::Reverse<usize>);

/// What a policy says of contexts.
#[derive(Debug, Default)]
pub struct Said {
    /// `shipped` if none.
    pub default: Option<String>,
    pub no_layout: bool,
    /// [`KNOWN`] if none.
    pub precedence: Option<Vec<String>>,
    /// Each with its globs.
    pub own: Vec<(String, Vec<String>)>,
}

impl Contexts {
    /// # Errors
    /// The contexts that nothing says how to rank, by name.
    pub fn new(said: &Said) -> Result<Contexts, Vec<String>> {
        let known = || KNOWN.map(str::to_owned).to_vec();
        let mut names = said.precedence.clone().unwrap_or_else(known);
        let layout: &[(&str, &[&str])] = if said.no_layout { &[] } else { &LAYOUT };
        let own = said.own.iter().map(|(name, _)| name);
        let unranked: Vec<String> =
            own.chain(&said.default).filter(|name| !names.contains(name)).cloned().collect();
        if !unranked.is_empty() {
            return Err(unranked);
        }
        let wanted = layout.iter().map(|(name, _)| (*name).to_owned()).chain(known());
        for name in wanted {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let number = |name: &str| names.iter().position(|n| n == name).unwrap_or(0);
        let (mut globs, mut ranks) = (Vec::new(), Vec::new());
        let mut add = |own: bool, name: &str, glob: &str| {
            let number = number(name);
            ranks.push(((own, specificity(glob), std::cmp::Reverse(number)), number));
            globs.push(glob.to_owned());
        };
        for (name, list) in layout {
            list.iter().for_each(|glob| add(false, name, glob));
        }
        for (name, list) in &said.own {
            list.iter().for_each(|glob| add(true, name, glob));
        }
        let default = number(said.default.as_deref().unwrap_or("shipped"));
        // The reader has built each glob by itself.
        let globs = Globs::new(globs).map_err(|_| Vec::new())?;
        Ok(Contexts { names, globs, ranks, default })
    }

    /// Those that every policy knows.
    pub fn known() -> Contexts {
        Contexts::new(&Said::default()).expect("what is compiled in is ranked")
    }

    /// The number of a path's context; `fitting` is room to work in.
    pub fn of(&self, path: &[u8], fitting: &mut Vec<usize>) -> usize {
        self.globs.which(path, fitting);
        let best = fitting.iter().map(|n| &self.ranks[*n]).max_by_key(|(rank, _)| rank);
        best.map_or(self.default, |(_, context)| *context)
    }

    pub fn name(&self, number: usize) -> &str {
        &self.names[number]
    }

    pub fn number(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_glob_says_the_context() {
        let own = |name: &str, globs: &[&str]| {
            (name.to_owned(), globs.iter().map(|g| (*g).to_owned()).collect())
        };
        let contexts = Contexts::new(&Said {
            own: vec![
                own("internal", &["tools/**"]),
                own("shipped", &["tools/release/**", "a/**/b.c"]),
                own("hosted", &["**/b.c", "x/**/b.c"]),
                own("test", &["x/**/b.c"]),
            ],
            ..Said::default()
        })
        .unwrap();
        for (path, context) in [
            ("src/main.c", "shipped"),
            ("src/tests/main.c", "test"),
            ("tools/x.c", "internal"),
            // What a policy says itself goes before what is common.
            ("tools/tests/x.c", "internal"),
            ("tools/release/x.c", "shipped"),
            ("b.c", "hosted"),
            ("a/z/b.c", "shipped"),
            // Two globs say as much: by precedence.
            ("x/y/b.c", "hosted"),
            ("doc/x.md", "docs"),
            ("pkg/a_test.go", "test"),
        ] {
            let found = contexts.of(path.as_bytes(), &mut Vec::new());
            assert_eq!(contexts.name(found), context, "{path}");
        }
    }

    #[test]
    fn a_context_of_ones_own_must_be_ranked() {
        let said = |precedence: Option<Vec<String>>| Said {
            precedence,
            own: vec![("demo".into(), vec!["demo/**".into()])],
            ..Said::default()
        };
        assert_eq!(Contexts::new(&said(None)).unwrap_err(), ["demo"]);
        let ranked = Contexts::new(&said(Some(vec!["demo".into()]))).unwrap();
        assert_eq!(ranked.name(ranked.of(b"demo/x", &mut Vec::new())), "demo");
        assert_eq!(ranked.name(ranked.of(b"x", &mut Vec::new())), "shipped");
    }
}
