// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! A family of licenses: which id is meant by a version as people write it.

use rustc_hash::FxHashSet;

use crate::detect::tokens;
use crate::licenses::names::Family;

/// A family of licenses, ready for use.
pub(super) struct Known {
    /// Version without trailing `.0` to id or stem.
    pub versions: Vec<(String, String)>,
    pub unversioned: Option<String>,
    pub beside_gnu: Option<String>,
    pub gnu: bool,
    /// Words of its own names, which may stand between a version and "or later".
    pub own: FxHashSet<u64>,
}

/// A version and whether later ones are granted.
pub(super) type Version = (String, Later);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Later {
    Unsaid,
    Only,
    Granted,
}

fn bare_version(version: &str) -> &str {
    let mut v = version;
    while let Some(short) = v.strip_suffix(".0") {
        v = short;
    }
    v
}

impl Known {
    /// `names` are all that the family goes by.
    pub fn new<'a>(family: &Family, names: impl Iterator<Item = &'a String>) -> Known {
        let versions = family.versions.iter();
        // Behind it may stand another license ("library or lesser" is one).
        let or = tokens::words("or")[0];
        Known {
            versions: versions.map(|(v, id)| (bare_version(v).to_owned(), id.clone())).collect(),
            unversioned: family.unversioned.clone(),
            beside_gnu: family.beside_gnu.clone(),
            gnu: family.gnu,
            own: names.flat_map(|n| tokens::words(n)).filter(|w| *w != or).collect(),
        }
    }

    /// The id or stem of a version as it is written.
    pub fn id(&self, version: &str) -> Option<&str> {
        let bare = bare_version(version);
        let find = |v: &str| self.versions.iter().find(|(known, _)| known == v);
        let found = find(bare).or_else(|| {
            // "LGPL21", "MPL11".
            let [major, minor] = bare.as_bytes() else { return None };
            (major.is_ascii_digit() && minor.is_ascii_digit())
                .then(|| {
                    find(bare_version(&format!("{}.{}", char::from(*major), char::from(*minor))))
                })
                .flatten()
        });
        found.map(|(_, id)| id.as_str())
    }

    /// What a name says together with its versions.
    pub fn expression(&self, versions: &[Version]) -> Option<String> {
        let ids: Vec<String> = versions
            .iter()
            .filter_map(|(version, later)| {
                let id = self.id(version)?;
                Some(match (self.gnu, later) {
                    (true, Later::Granted) => format!("{id}-or-later"),
                    (true, _) => format!("{id}-only"),
                    (false, Later::Granted) => format!("{id}+"),
                    (false, _) => id.to_owned(),
                })
            })
            .collect();
        if ids.is_empty() {
            return self.unversioned.clone();
        }
        Some(ids.join(" OR "))
    }
}
