// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Components: directories that are one thing legally, told by a license file or by the
//! manifest of a package in them. Everything else belongs to the nearest one above.

use rustc_hash::FxHashSet;

use crate::detect::is_license_file;

/// Whether a file of this name is the manifest of a package.
fn is_manifest(name: &[u8]) -> bool {
    matches!(
        name,
        b"Cargo.toml"
            | b"package.json"
            | b"pyproject.toml"
            | b"setup.py"
            | b"setup.cfg"
            | b"go.mod"
            | b"pom.xml"
            | b"build.gradle"
            | b"build.gradle.kts"
            | b"composer.json"
            | b"pubspec.yaml"
            | b"Package.swift"
            | b"mix.exs"
            | b"dune-project"
            | b"cpanfile"
            | b"Makefile.PL"
            | b"conanfile.py"
    ) || ENDINGS.iter().any(|e| name.ends_with(e))
}

const ENDINGS: [&[u8]; 5] = [b".gemspec", b".nuspec", b".cabal", b".podspec", b".opam"];

/// The components of a checkout.
pub struct Components {
    directories: FxHashSet<Vec<u8>>,
}

impl Components {
    /// Finds the components among all paths of a checkout.
    pub fn find<'a>(paths: impl Iterator<Item = &'a [u8]>) -> Components {
        let marked = paths.filter(|p| is_marker(name(p))).map(|p| {
            let directory = directory(p);
            // A folder of license texts (REUSE) speaks for the directory it is in.
            match name(directory).to_ascii_lowercase().as_slice() {
                b"licenses" | b"licences" => self::directory(directory).to_vec(),
                _ => directory.to_vec(),
            }
        });
        Components { directories: marked.collect() }
    }

    /// Asks for the components of paths, best in the order of the paths.
    pub fn walk<'c, 'p>(&'c self) -> Walk<'c, 'p> {
        Walk { components: self, last: None }
    }
}

/// Remembers the answer for one directory: the next path is mostly in the same.
pub struct Walk<'c, 'p> {
    components: &'c Components,
    last: Option<(&'p [u8], &'p [u8])>,
}

impl<'p> Walk<'_, 'p> {
    /// The component a path belongs to, as a directory relative to the root; empty for the
    /// checkout as a whole.
    pub fn of(&mut self, path: &'p [u8]) -> &'p [u8] {
        let own = directory(path);
        if let Some((directory, component)) = self.last
            && directory == own
        {
            return component;
        }
        let mut here = own;
        while !here.is_empty() && !self.components.directories.contains(here) {
            here = directory(here);
        }
        self.last = Some((own, here));
        here
    }
}

/// Whether a file of this name makes its directory a component.
pub fn is_marker(name: &[u8]) -> bool {
    is_manifest(name) || is_license_file(name)
}

/// The last part of a path.
pub fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or(path)
}

/// The directory that a path is in, empty for the root.
pub fn directory(path: &[u8]) -> &[u8] {
    path.iter().rposition(|b| *b == b'/').map_or(b"", |n| &path[..n])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_nearest_component() {
        let paths: [&[u8]; 6] = [
            b"COPYING",
            b"LICENSES/MIT.txt",
            b"vendor/zlib/LICENSE.txt",
            b"web/package.json",
            b"web/src/license_check.c",
            b"lib/LICENSES/license.txt",
        ];
        let components = Components::find(paths.into_iter());
        for (path, component) in [
            ("main.c", ""),
            ("a/b/c.c", ""),
            ("vendor/zlib/contrib/x.c", "vendor/zlib"),
            ("vendor/y.c", ""),
            ("web/src/license_check.c", "web"),
            ("lib/z.c", "lib"),
        ] {
            assert_eq!(components.walk().of(path.as_bytes()), component.as_bytes(), "{path}");
        }
    }
}
