// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Addresses at which license texts are found, and which license each one means.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::stem;
use crate::detect::tokens;
use crate::licenses::Licenses;

/// Addresses of license texts without scheme, host prefix and ending, with what they say.
pub(super) fn addresses(licenses: &Licenses) -> Vec<(String, String)> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut clash: FxHashSet<String> = FxHashSet::default();
    let mut put = |url: String, id: &str| {
        match all.get(&url) {
            None => drop(all.insert(url, id.to_owned())),
            Some(known) if stem(known) == stem(id) => {}
            // A variant of a license is read where the license is.
            Some(known) if is_variant(id, known) => {}
            Some(known) if is_variant(known, id) => drop(all.insert(url, id.to_owned())),
            Some(_) => drop(clash.insert(url)),
        }
    };
    for a in licenses.addresses() {
        // The plain id of a GNU license stands for all its forms: its address does not say.
        let id = match licenses.is_deprecated(a.id) {
            true => licenses.parse(a.id).map_or(a.id.to_owned(), |e| e.to_string()),
            false => a.id.to_owned(),
        };
        if id.ends_with("-or-later") || id.contains(' ') {
            continue;
        }
        let url = bare(a.url);
        let path = url.split_once('/').map_or("", |(_, path)| path);
        if tokens::words(path).len() >= 2 || tokens::words(path).len() == 1 && path.len() >= 5 {
            put(url.to_owned(), &id);
        }
        // What people point to at Creative Commons is the page before the text.
        if let Some(deed) = url.strip_suffix("/legalcode") {
            put(deed.to_owned(), &id);
        }
    }
    for id in crate::licenses::license_ids() {
        let canonical = licenses.parse(id).map_or(id.to_owned(), |e| e.to_string());
        if canonical.contains(' ') {
            continue;
        }
        for base in ["opensource.org/licenses", "opensource.org/license", "spdx.org/licenses"] {
            put(format!("{base}/{id}"), &canonical);
        }
    }
    all.into_iter().filter(|(url, _)| !clash.contains(url)).collect()
}

/// Whether an id is another's with more behind it.
fn is_variant(id: &str, of: &str) -> bool {
    id.strip_prefix(of).is_some_and(|rest| rest.starts_with('-'))
}

/// An address without scheme, `www.`, ending, and without the archive that keeps a copy of it.
fn bare(url: &str) -> &str {
    let mut bare = without_scheme(url);
    if let Some(copy) = bare.strip_prefix("web.archive.org/web/")
        && copy.contains("://")
    {
        bare = without_scheme(copy);
    }
    bare = bare.trim_end_matches('/');
    for ending in [".html", ".htm", ".txt", ".php", ".md"] {
        bare = bare.strip_suffix(ending).unwrap_or(bare);
    }
    bare
}

fn without_scheme(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.strip_prefix("www.").unwrap_or(rest)
}
