// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What licenses and exceptions are called: the file `license-db/names.toml`, and the
//! addresses that the SPDX list gives for them.
//!
//! How a name is read in a file, with its version and what else belongs to it, is the
//! business of `detect`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Licenses;

/// A license in all its versions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Patterns of names that are written only to name the license.
    #[serde(default)]
    pub strong: Vec<String>,
    /// Patterns of names that mean the license only where licenses are spoken of.
    #[serde(default)]
    pub weak: Vec<String>,
    /// Patterns of words that say it only as a sentence or line of their own.
    #[serde(default)]
    pub alone: Vec<String>,
    /// Version as written to the license's id, or its stem if `gnu`.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    /// What is meant when no version is given; `None` if nothing can be told.
    pub unversioned: Option<String>,
    /// What is meant without a version in a choice with a license of the GNU.
    pub beside_gnu: Option<String>,
    /// Ids end in `-only` or `-or-later`.
    #[serde(default)]
    pub gnu: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionNames {
    pub names: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub families: BTreeMap<String, Family>,
    #[serde(default)]
    pub exceptions: BTreeMap<String, ExceptionNames>,
    /// Texts that differ from a general one in nothing but whose they are.
    #[serde(default)]
    pub holders: BTreeMap<String, Holder>,
}

/// Whose text it must be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Words, in lower case, one of which must stand in the text or its copyright lines.
    pub words: Vec<String>,
    /// The license that it is otherwise.
    pub otherwise: String,
    /// Its own text names no holder, so that it is itself without one, too.
    #[serde(default)]
    pub unnamed: bool,
}

/// An address that the SPDX list gives for a license.
pub struct Address {
    pub url: &'static str,
    pub id: &'static str,
}

impl Licenses {
    /// Where the SPDX list says that licenses and exceptions can be read, in the order of
    /// their ids.
    pub fn addresses(&self) -> Vec<Address> {
        let mut addresses = Vec::new();
        for id in super::license_ids() {
            if let Ok(license) = id.parse::<&dyn license::License>() {
                addresses.extend(license.see_also().iter().map(|url| Address { url, id }));
            }
        }
        addresses
    }
}

/// The names that a pattern stands for: `[x]` is optional, `(a|b c)` a choice. Choices do
/// not nest.
///
/// # Errors
/// What is wrong with the pattern.
pub fn expand(pattern: &str) -> Result<Vec<String>, String> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some(open) = rest.find(['[', '(']) {
        let (before, tail) = rest.split_at(open);
        let closing = if tail.starts_with('[') { ']' } else { ')' };
        let Some(close) = tail.find(closing) else {
            return Err(format!("`{closing}` is missing in `{pattern}`"));
        };
        let inner = &tail[1..close];
        let mut choices: Vec<&str> = inner.split('|').collect();
        if closing == ']' {
            choices.push("");
        }
        names = names
            .iter()
            .flat_map(|name| choices.iter().map(move |choice| format!("{name}{before}{choice}")))
            .collect();
        rest = &tail[close + 1..];
    }
    for name in &mut names {
        name.push_str(rest);
    }
    match rest.contains([']', ')']) {
        true => Err(format!("`{pattern}` closes a bracket that it did not open")),
        false => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_names() {
        let expanded = expand("[gnu] (lesser|library) license").unwrap();
        let folded: Vec<String> =
            expanded.iter().map(|n| n.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let names =
            ["gnu lesser license", "gnu library license", "lesser license", "library license"];
        assert_eq!(folded, names);
        assert!(expand("(a|b").is_err() && expand("a]").is_err());
    }
}
