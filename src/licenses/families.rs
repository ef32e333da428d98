// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What several licenses have in common beside a category: the families of
//! `license-db/families.toml`, and who approved of them as the SPDX list says it.
//!
//! Nothing here has a part in detection, nor in [`Licenses::digest`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Licenses;
use super::expression::Term;

const FAMILIES: &str = include_str!("../../license-db/families.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    families: BTreeMap<String, Vec<String>>,
}

/// The compiled-in families; a test reads the file, so that this cannot fail in the field.
fn table() -> &'static BTreeMap<String, Vec<String>> {
    static TABLE: LazyLock<File> = LazyLock::new(|| {
        toml::from_str(FAMILIES).expect("the compiled-in license-db/families.toml is valid")
    });
    &TABLE.families
}

impl Licenses {
    /// Whether the SPDX list says that the OSI approved of the license.
    pub fn is_osi_approved(&self, id: &str) -> bool {
        self.listed(id).is_some_and(spdx::LicenseId::is_osi_approved)
    }

    /// Whether the SPDX list says that the FSF calls the license free.
    pub fn is_fsf_free(&self, id: &str) -> bool {
        self.listed(id).is_some_and(spdx::LicenseId::is_fsf_free_libre)
    }

    /// A license of the SPDX list, with or without `+`, whatever the case of its id.
    fn listed(&self, id: &str) -> Option<spdx::LicenseId> {
        spdx::license_id(self.license_id(id.strip_suffix('+').unwrap_or(id))?)
    }

    /// The names of all families, in the order of their letters.
    pub fn family_names(&self) -> impl Iterator<Item = &'static str> {
        table().keys().map(String::as_str)
    }

    /// The ids in a family, whatever the case of its name.
    pub fn family(&self, name: &str) -> Option<&'static [String]> {
        table().iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, ids)| ids.as_slice())
    }

    /// The families that a license is in. An exception takes it out of none: it is still the GPL.
    pub fn families(&self, term: &Term) -> Vec<&'static str> {
        let id = term.base_license();
        let holds = |ids: &[String]| ids.iter().any(|i| i == id);
        table().iter().filter(|(_, ids)| holds(ids)).map(|(name, _)| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::licenses::expression::{Expr, family};
    use crate::licenses::{Category, license_ids};

    fn families(expression: &str) -> Vec<&'static str> {
        let db = Licenses::builtin();
        match db.parse(expression).unwrap() {
            Expr::Term(term) => db.families(&term),
            other => panic!("{other} is no term"),
        }
    }

    #[test]
    fn every_id_in_a_family_is_a_current_one() {
        let db = Licenses::builtin();
        for (name, ids) in table() {
            assert!(ids.is_sorted() && ids.len() > 1, "{name}: {ids:?}");
            for id in ids {
                assert_eq!(db.license_id(id), Some(id.as_str()), "{name} has an unknown {id}");
                assert!(!db.is_deprecated(id) && db.successor(id).is_none(), "{name}: {id}");
            }
        }
    }

    #[test]
    fn no_version_of_a_license_is_forgotten() {
        let db = Licenses::builtin();
        for id in license_ids().filter(|id| !db.is_deprecated(id) && db.successor(id).is_none()) {
            let Some(ids) = db.family(family(id)) else { continue };
            // Stems that only the spdx crate has, and what the file says it leaves out.
            let left_out =
                id.ends_with("invariants") || id.contains("-No-") || id.contains("WebUI");
            assert!(left_out || ids.iter().any(|i| i == id), "{id} is in no family");
        }
    }

    #[test]
    fn a_family_is_of_one_category() {
        let db = Licenses::builtin();
        for (name, ids) in table().iter().filter(|(name, _)| *name != "EUPL") {
            let category = |id: &String| {
                db.category(&Term { license: id.clone(), addition: None }).map(Category::as_str)
            };
            let all: Vec<_> = ids.iter().map(category).collect();
            assert!(all.iter().all(|c| *c == all[0]), "{name}: {all:?}");
        }
    }

    #[test]
    fn a_family_is_exact() {
        assert_eq!(families("GPL-2.0+"), ["GPL"]);
        assert_eq!(families("GPL-2.0-only WITH Classpath-exception-2.0"), ["GPL"]);
        assert_eq!(families("LGPL-2.1-only"), ["LGPL"]);
        assert_eq!(families("AGPL-3.0-or-later"), ["AGPL"]);
        assert_eq!(families("MPL-1.1+"), ["MPL"]);
        assert_eq!(families("CC-BY-SA-4.0"), ["CC-BY-SA"]);
        assert_eq!(families("LicenseRef-GPL-2.0"), [""; 0]);
        let db = Licenses::builtin();
        assert_eq!(db.family("gpl"), db.family("GPL"));
        assert!(db.family("GP").is_none());
    }

    #[test]
    fn who_approved_of_a_license() {
        let db = Licenses::builtin();
        for (id, osi, fsf) in [
            ("MIT", true, true),
            ("mpl-1.1+", true, true),
            ("GPL-2.0-only", true, true),
            ("WTFPL", false, true),
            ("NASA-1.3", true, false),
            ("BUSL-1.1", false, false),
            ("JSON", false, false),
            ("LicenseRef-ours", false, false),
            ("Classpath-exception-2.0", false, false),
        ] {
            assert_eq!((db.is_osi_approved(id), db.is_fsf_free(id)), (osi, fsf), "{id}");
        }
    }

    #[test]
    fn both_copies_of_the_list_agree_on_the_flags() {
        let db = Licenses::builtin();
        for id in license_ids() {
            let Ok(license) = id.parse::<&dyn license::License>() else { continue };
            let flags = (license.is_osi_approved(), license.is_fsf_libre());
            assert_eq!((db.is_osi_approved(id), db.is_fsf_free(id)), flags, "{id}");
        }
    }
}
