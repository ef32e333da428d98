// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Components: directories that are one thing legally, told by a license file or by the
//! manifest of a package in them. Everything else belongs to the nearest one above.

use rustc_hash::FxHashSet;

/// Whether a file of this name makes its directory a component.
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

/// First words of the names of license files, in lower case.
const LICENSE_FILES: [&[u8]; 5] = [b"license", b"licence", b"copying", b"copyright", b"unlicense"];

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

fn is_marker(name: &[u8]) -> bool {
    is_manifest(name) || is_license_file(name)
}

/// Whether a file of this name is there to say the license of others.
pub fn is_license_file(name: &[u8]) -> bool {
    matches!(name, [b'l' | b'L' | b'c' | b'C' | b'u' | b'U', ..])
        && LICENSE_FILES.iter().any(|l| match name.split_at_checked(l.len()) {
            Some((start, rest)) => start.eq_ignore_ascii_case(l) && is_license_ending(rest),
            None => false,
        })
}

/// LICENSE, LICENSE.txt, COPYING.LESSER, LICENSE-MIT; not license_check.c.
fn is_license_ending(rest: &[u8]) -> bool {
    match rest {
        [] => true,
        [b'-' | b'_', rest @ ..] => !rest.contains(&b'.') || rest.ends_with(b".txt"),
        [b'.', b'A'..=b'Z', ..] => true,
        _ => matches!(rest, b".txt" | b".md" | b".rst" | b".html"),
    }
}

fn name(path: &[u8]) -> &[u8] {
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

    #[test]
    fn license_files_are_told_from_code_about_licenses() {
        for yes in
            ["LICENSE", "COPYING.LESSER", "LICENSE-MIT", "license.md", "LICENCE.txt", "foo.gemspec"]
        {
            assert!(is_marker(yes.as_bytes()), "{yes}");
        }
        for no in [
            "license.c",
            "licenses",
            "copying_files.py",
            "LICENSE_CHECK.py",
            "x.toml",
            "license.rs",
        ] {
            assert!(!is_marker(no.as_bytes()), "{no}");
        }
    }
}
