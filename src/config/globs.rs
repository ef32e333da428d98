// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Globs of directories, part by part as a shell expands them. There is no `**`: checkouts hold
//! far more directories than a host has checkouts.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// A part of a pattern between two slashes.
enum Part {
    /// One name.
    Name(String),
    /// Names that fit; those with a dot at their beginning only where the glob has one.
    Any(GlobMatcher, bool),
}

/// Says what is wrong with a pattern, and what to do about it.
pub fn check(pattern: &str) -> Result<(), (String, String)> {
    pattern.split('/').try_for_each(|text| part(text).map(drop))
}

fn part(text: &str) -> Result<Part, (String, String)> {
    if text.contains("**") {
        let help = "write a `*` for each directory on the way: \"/srv/git/*/*\"";
        return Err(("`**` has no place in the path of a checkout".into(), help.into()));
    }
    if let Some(name) = literal(text) {
        return Ok(Part::Name(name));
    }
    let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(false).build();
    let glob = glob.map_err(|e| {
        let help = "braces and brackets end before the next slash; to mean the character itself put \
                    it in brackets: `[[]`";
        (format!("`{text}` is no glob: {}", e.kind()), help.to_owned())
    })?;
    Ok(Part::Any(glob.compile_matcher(), text.starts_with('.')))
}

/// The only name that fits, if there are no wildcards but characters in brackets by themselves.
fn literal(text: &str) -> Option<String> {
    let mut name = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let bracket =
            ["[*]", "[?]", "[[]", "[]]", "[{]", "[}]"].iter().find(|b| rest.starts_with(**b));
        match (bracket, c) {
            (Some(bracket), _) => name.push_str(&bracket[1..2]),
            (None, '*' | '?' | '[' | ']' | '{' | '}') => return None,
            (None, c) => name.push(c),
        }
        rest = &rest[bracket.map_or(c.len_utf8(), |b| b.len())..];
    }
    Some(name)
}

/// The directories in which names are looked for that fit a pattern; none if it has no wildcards.
pub fn parents(pattern: &str) -> Vec<PathBuf> {
    let mut parents = Vec::new();
    walk(pattern, &mut |directory| parents.push(directory.to_owned()));
    parents
}

/// The directories that fit a pattern now, sorted, links behind what is none. A pattern without wildcards is itself,
/// whatever is there. What cannot be listed has nothing that fits.
pub fn expand(pattern: &str) -> Vec<PathBuf> {
    let mut wild = false;
    let mut found = walk(pattern, &mut |_| wild = true);
    if wild {
        found.retain(|path| path.is_dir());
        found.sort_by_cached_key(|path| (path.is_symlink(), path.clone()));
    }
    found
}

/// All that fits a pattern; tells which directories were listed for it.
fn walk(pattern: &str, listed: &mut dyn FnMut(&Path)) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/")];
    for text in pattern.split('/').filter(|text| !text.is_empty()) {
        match part(text) {
            Ok(Part::Name(name)) => found.iter_mut().for_each(|path| path.push(&name)),
            Ok(Part::Any(glob, dotted)) => {
                found.iter().for_each(|path| listed(path));
                found = found.iter().flat_map(|path| fitting(path, &glob, dotted)).collect();
            }
            // The reader lets no such pattern through.
            Err(_) => return Vec::new(),
        }
    }
    found
}

fn fitting(directory: &Path, glob: &GlobMatcher, dotted: bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.map(|e| e.file_name());
    names
        .filter(|name| dotted == name.as_bytes().starts_with(b".") && glob.is_match(name))
        .map(|name| directory.join(name))
        .collect()
}
