// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is concluded for a file from other files, beside what was detected in it.
//!
//! A file that says its license precisely speaks for itself. One that says none, or a family
//! of licenses and no more, may point to another that says it ("see COPYING"): that is a
//! statement of the file. And a license file speaks for its directory and what is below, as far
//! as nothing says otherwise: that is a custom, and policies do not judge by it.

use std::sync::Arc;

use crate::detect::is_license_file;
use crate::licenses::Licenses;
use crate::licenses::expression::{Expr, family};
use crate::model::Pointer;

use super::components::{directory, name};

/// Manifests that declare a license, those first that mostly do.
const MANIFESTS: [&str; 5] =
    ["Cargo.toml", "package.json", "pyproject.toml", "composer.json", "setup.cfg"];

/// The files of a checkout, as far as conclusions need them.
pub trait Tree {
    /// What was detected in a file; `None` if there is no such file.
    fn said(&self, path: &[u8]) -> Option<Option<Arc<str>>>;

    /// The paths of the license files in a directory, sorted.
    fn license_files(&self, directory: &[u8]) -> Vec<Arc<[u8]>>;
}

/// What is concluded for a file that does not say it itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    pub expression: Arc<str>,
    /// The paths of the files that say it.
    pub because: Vec<Arc<[u8]>>,
}

/// What the files say to which a file points, in its directory or else one above. Of a file
/// that says a family of licenses itself (`own`) it makes that precise, and nothing else.
pub fn by_pointers(
    licenses: &Licenses,
    tree: &dyn Tree,
    path: &[u8],
    own: Option<&str>,
    points: &[Pointer],
) -> Option<Conclusion> {
    let own = own.and_then(|own| licenses.parse(own).ok());
    let said = points.iter().filter_map(|p| resolve(tree, path, p.path.as_bytes()));
    let said = said.filter_map(|(said, because)| match &own {
        Some(own) => Some((of_families(own, &licenses.parse(&said).ok()?)?.into(), because)),
        None => Some((said, because)),
    });
    all(licenses, said)
}

/// What is said of the licenses that are versions of what a file names itself.
fn of_families(own: &Expr, said: &Expr) -> Option<String> {
    let families: Vec<&str> = own.ids().into_iter().map(family).collect();
    let shares = |e: &&Expr| e.ids().into_iter().any(|id| families.contains(&family(id)));
    let kept = match said {
        Expr::And(parts) => Expr::all(parts.iter().filter(shares).cloned()),
        one => Some(one).filter(shares).cloned(),
    };
    kept.map(|e| e.to_string())
}

/// What the license files say that are nearest to a file, in its directory or else one above.
/// Nothing if nothing is known of what those say: others do not speak in their place.
pub fn by_directory(licenses: &Licenses, tree: &dyn Tree, path: &[u8]) -> Option<Conclusion> {
    if is_license_file(name(path)) {
        return None;
    }
    let near = above(path).map(|d| tree.license_files(d));
    // A copyright file is seldom about the license.
    let speaks = |p: &Arc<[u8]>| {
        !name(p).get(.."copyright".len()).is_some_and(|n| n.eq_ignore_ascii_case(b"copyright"))
    };
    let mut near = near.map(|files| files.into_iter().filter(speaks).collect::<Vec<_>>());
    let nearest = near.find(|files| !files.is_empty())?;
    let together = all(licenses, nearest.into_iter().filter_map(|p| Some((tree.said(&p)??, p))))?;
    Some(declared(licenses, tree, &together).unwrap_or(together))
}

/// What a manifest beside several license files declares of the same licenses: it says whether
/// they are a choice.
fn declared(licenses: &Licenses, tree: &dyn Tree, together: &Conclusion) -> Option<Conclusion> {
    let [first, _, ..] = &together.because[..] else { return None };
    let ids = |expression: &str| -> Option<Vec<String>> {
        let expr = licenses.parse(expression).ok()?;
        let mut ids: Vec<String> = expr.ids().into_iter().map(str::to_owned).collect();
        ids.sort();
        Some(ids)
    };
    let wanted = ids(&together.expression)?;
    MANIFESTS.iter().find_map(|manifest| {
        let path: Arc<[u8]> = joined(directory(first), manifest.as_bytes())?.into();
        let expression = tree.said(&path)??;
        let same = ids(&expression)? == wanted && expression != together.expression;
        let because = || together.because.iter().cloned().chain([path]).collect();
        same.then(|| Conclusion { expression, because: because() })
    })
}

/// All of what several files say.
fn all(
    licenses: &Licenses,
    said: impl Iterator<Item = (Arc<str>, Arc<[u8]>)>,
) -> Option<Conclusion> {
    let mut said: Vec<(Arc<str>, Arc<[u8]>)> = said.collect();
    said.sort_by(|a, b| a.1.cmp(&b.1));
    said.dedup_by(|a, b| a.1 == b.1);
    let expression = match &said[..] {
        [] => return None,
        [(one, _)] => Arc::clone(one),
        many => {
            let parsed = many.iter().filter_map(|(e, _)| licenses.parse(e).ok());
            Expr::all(parsed)?.to_string().into()
        }
    };
    Some(Conclusion { expression, because: said.into_iter().map(|(_, path)| path).collect() })
}

/// The file that is meant by a path in the words of another, and what it says. Where it says
/// nothing that is known, none above speaks in its place.
fn resolve(tree: &dyn Tree, path: &[u8], named: &[u8]) -> Option<(Arc<str>, Arc<[u8]>)> {
    let (said, found) = above(path).find_map(|here| {
        let wanted = joined(here, named)?;
        if wanted == path {
            return None;
        }
        let exact = tree.said(&wanted).map(|said| (said, Arc::from(&wanted[..])));
        exact.or_else(|| {
            // "COPYING" may be `Copying` or `COPYING.txt`.
            let alike = |p: &Arc<[u8]>| {
                let (p, wanted) = (name(p), name(&wanted));
                p.get(..wanted.len()).is_some_and(|p| p.eq_ignore_ascii_case(wanted))
                    && matches!(&p[wanted.len()..], b"" | b".txt" | b".md" | b".rst")
            };
            let files = tree.license_files(directory(&wanted));
            let found = files.into_iter().filter(|p| **p != *path).find(alike)?;
            Some((tree.said(&found)?, found))
        })
    })?;
    Some((said?, found))
}

/// The directory of a path and those above it, the nearest first.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(directory(path)), |d| (!d.is_empty()).then(|| directory(d)))
}

/// A relative path from a directory, without `.` and `..`; `None` if it leads out of the checkout.
fn joined(from: &[u8], named: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<&[u8]> = from.split(|b| *b == b'/').filter(|p| !p.is_empty()).collect();
    for part in named.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join(&b'/'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Paths and what was detected in them.
    struct Said(BTreeMap<&'static str, Option<&'static str>>);

    impl Tree for Said {
        fn said(&self, path: &[u8]) -> Option<Option<Arc<str>>> {
            let said = self.0.get(std::str::from_utf8(path).unwrap())?;
            Some(said.map(Arc::from))
        }

        fn license_files(&self, of: &[u8]) -> Vec<Arc<[u8]>> {
            let paths = self.0.keys().map(|p| p.as_bytes());
            let here = paths.filter(|p| directory(p) == of && is_license_file(name(p)));
            here.map(Arc::from).collect()
        }
    }

    fn tree() -> Said {
        Said(BTreeMap::from([
            ("COPYING", Some("GPL-2.0-only")),
            ("Copying.LIB", Some("LGPL-2.1-only")),
            ("AUTHORS", None),
            ("doc/license.md", Some("CC-BY-4.0")),
            ("vendor/LICENSE", Some("ISC")),
            ("vendor/x/LICENSE", None),
            ("vendor/y/LICENSE-APACHE", Some("Apache-2.0")),
            ("vendor/y/LICENSE-MIT", Some("MIT")),
            ("vendor/y/COPYRIGHT", Some("ISC")),
            ("vendor/y/z/COPYING.txt", Some("BSD-3-Clause")),
            ("rs/Cargo.toml", Some("MIT OR Apache-2.0")),
            ("rs/LICENSE-APACHE", Some("Apache-2.0")),
            ("rs/LICENSE-MIT", Some("MIT")),
            ("all/LICENSE", Some("GPL-3.0-or-later AND MIT")),
        ]))
    }

    fn said(c: Option<Conclusion>) -> String {
        c.map_or(String::new(), |c| {
            let because: Vec<_> = c.because.iter().map(|p| String::from_utf8_lossy(p)).collect();
            format!("{} by {}", c.expression, because.join(", "))
        })
    }

    #[test]
    fn a_pointer_leads_to_the_nearest_file_that_it_names() {
        for (path, points, expected) in [
            ("a.c", "COPYING", "GPL-2.0-only by COPYING"),
            ("src/deep/a.c", "COPYING", "GPL-2.0-only by COPYING"),
            ("src/a.c", "../COPYING.LIB", "LGPL-2.1-only by Copying.LIB"),
            ("vendor/y/z/a.c", "COPYING", "BSD-3-Clause by vendor/y/z/COPYING.txt"),
            ("vendor/y/z/q/a.c", "../COPYING", "BSD-3-Clause by vendor/y/z/COPYING.txt"),
            ("vendor/y/a.c", "COPYING", "GPL-2.0-only by COPYING"),
            ("a.c", "doc/license.md", "CC-BY-4.0 by doc/license.md"),
            (
                "vendor/y/a.c",
                "LICENSE-MIT LICENSE-APACHE",
                "Apache-2.0 AND MIT by vendor/y/LICENSE-APACHE, vendor/y/LICENSE-MIT",
            ),
            ("vendor/a.c", "LICENSE", "ISC by vendor/LICENSE"),
            ("vendor/x/a.c", "LICENSE", ""),
            ("a.c", "../COPYING", ""),
            ("a.c", "AUTHORS", ""),
            ("a.c", "LICENSE", ""),
            ("COPYING", "COPYING", ""),
        ] {
            let points: Vec<Pointer> =
                points.split(' ').map(|p| Pointer { path: p.into(), line: 1 }).collect();
            let path = path.as_bytes();
            let found = by_pointers(Licenses::builtin(), &tree(), path, None, &points);
            assert_eq!(said(found), expected, "{points:?}");
        }
    }

    #[test]
    fn a_family_is_made_precise_and_never_another() {
        let points = [Pointer { path: "LICENSE".into(), line: 1 }];
        for (own, expected) in [
            (None, "GPL-3.0-or-later AND MIT by all/LICENSE"),
            (Some("GPL-1.0-or-later"), "GPL-3.0-or-later by all/LICENSE"),
            (Some("LGPL-2.0-or-later"), ""),
            (Some("BSD-3-Clause"), ""),
        ] {
            let db = Licenses::builtin();
            let found = by_pointers(db, &tree(), b"all/a.c", own, &points);
            assert_eq!(said(found), expected, "{own:?}");
        }
    }

    #[test]
    fn the_nearest_license_files_speak_for_their_directory() {
        for (path, expected) in [
            ("a.c", "GPL-2.0-only AND LGPL-2.1-only by COPYING, Copying.LIB"),
            ("doc/a.c", "CC-BY-4.0 by doc/license.md"),
            ("vendor/y/a.c", "Apache-2.0 AND MIT by vendor/y/LICENSE-APACHE, vendor/y/LICENSE-MIT"),
            ("vendor/y/z/b/a.c", "BSD-3-Clause by vendor/y/z/COPYING.txt"),
            ("rs/a.rs", "MIT OR Apache-2.0 by rs/LICENSE-APACHE, rs/LICENSE-MIT, rs/Cargo.toml"),
            // What it says is not known, which is no leave to take what stands above.
            ("vendor/x/a.c", ""),
            ("vendor/x/LICENSE", ""),
        ] {
            let found = by_directory(Licenses::builtin(), &tree(), path.as_bytes());
            assert_eq!(said(found), expected, "{path}");
        }
    }
}
