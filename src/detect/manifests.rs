// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The license that a package manifest declares, in the fields where its format has it.
//!
//! [`read`] finds the values and where they stand, `aliases` says what they mean, [`find`]
//! makes matches of them. Nothing is executed, expanded or followed; what is malformed
//! declares nothing. Every reader takes time linear in the text.

mod code;
mod fields;
mod formats;
mod json;
mod xml;

use std::ops::Range;

use super::aliases;
use crate::licenses::Licenses;
use crate::licenses::expression::Expr;
use crate::model::FileKind;

/// No manifest is longer, in bytes, but a list of the copyrights of a distribution.
const MAX_TEXT: usize = 1 << 20;
const MAX_LIST: usize = 16 << 20;

/// Most declarations that are taken from one file.
const MAX_DECLARED: usize = 1000;

/// A value in a license field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    pub value: String,
    pub form: Form,
    /// Where the value stands, in bytes.
    pub start: usize,
    pub end: usize,
    pub link: Link,
}

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An SPDX expression, by the format's specification.
    Expression,
    /// Free text.
    Name,
    /// A trove classifier of Python's.
    Classifier,
    /// The address of a license.
    Url,
    /// The name of a file with the license.
    File,
    /// The word of the format for "no license is granted".
    Unlicensed,
}

/// How a value goes with the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// It holds as well.
    And,
    /// One of the two may be chosen.
    Or,
    /// It says the same in another way, and counts if the other cannot be understood.
    Else,
}

/// The values in the license fields of a manifest, in the order of the text or, where a
/// format has several fields, the surest first.
pub(super) fn read(kind: FileKind, text: &[u8]) -> Vec<Declared> {
    let limit = if kind == FileKind::DebianCopyright { MAX_LIST } else { MAX_TEXT };
    if text.len() > limit {
        return Vec::new();
    }
    let mut declared = formats::read(kind, text);
    declared.truncate(MAX_DECLARED);
    declared
}

/// The files in which a manifest says that the license stands, with the places of the values.
pub(super) fn files(kind: FileKind, text: &[u8]) -> Vec<(String, Range<usize>)> {
    let files = read(kind, text).into_iter().filter(|d| d.form == Form::File);
    files.map(|d| (d.value, d.start..d.end)).collect()
}

/// Adds a match for every statement about the license that a manifest makes.
pub(super) fn find(licenses: &Licenses, kind: FileKind, text: &[u8]) -> Vec<(Expr, Range<usize>)> {
    let mut found: Vec<(Expr, Range<usize>)> = Vec::new();
    for (expr, range) in understood(licenses, kind, &read(kind, text)) {
        if !found.iter().any(|(said, _)| *said == expr) {
            found.push((expr, range));
        }
    }
    found
}

/// What the values mean, statement by statement, with where each stands. Of a choice, what is
/// understood is taken.
fn understood(
    licenses: &Licenses,
    kind: FileKind,
    declared: &[Declared],
) -> Vec<(Expr, Range<usize>)> {
    let mut found = Vec::new();
    // Classifiers are the coarsest statement: they count if no other field is understood.
    let mut classified = Vec::new();
    for statement in declared.chunk_by(|_, next| next.link != Link::And) {
        let mut choice: Vec<Expr> = Vec::new();
        let mut range: Option<Range<usize>> = None;
        for same in statement.chunk_by(|_, next| next.link == Link::Else) {
            let resolved =
                same.iter().find_map(|d| Some((aliases::resolve(licenses, kind, d)?, d)));
            let Some((expr, d)) = resolved else { continue };
            choice.push(expr);
            let so_far = range.get_or_insert(d.start..d.end);
            *so_far = so_far.start.min(d.start)..so_far.end.max(d.end);
        }
        let Some((expr, range)) = Expr::any(choice).zip(range) else { continue };
        let list = match statement[0].form {
            Form::Classifier => &mut classified,
            _ => &mut found,
        };
        list.push((expr, range));
    }
    if found.is_empty() { classified } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a manifest says, each as `expression @ line`.
    #[track_caller]
    fn says(kind: FileKind, text: &str, expected: &[&str]) {
        let mut lines = super::super::tokens::Lines::new(text.as_bytes());
        let found: Vec<String> = find(Licenses::builtin(), kind, text.as_bytes())
            .into_iter()
            .map(|(expr, place)| match (lines.number(place.start), lines.number(place.end)) {
                (first, last) if first == last => format!("{expr} @ {first}"),
                (first, last) => format!("{expr} @ {first}-{last}"),
            })
            .collect();
        assert_eq!(found, expected, "{text}");
        for d in read(kind, text.as_bytes()) {
            assert!(d.start <= d.end && d.end <= text.len(), "{d:?}");
        }
    }

    /// The values as they are read, before anything is made of them.
    fn values(kind: FileKind, text: &str) -> Vec<(String, Form)> {
        read(kind, text.as_bytes()).into_iter().map(|d| (d.value, d.form)).collect()
    }

    fn one(value: &str, form: Form) -> Vec<(String, Form)> {
        vec![(value.to_owned(), form)]
    }

    #[test]
    fn cargo() {
        let kind = FileKind::Cargo;
        says(
            kind,
            "[package]\nname = 'x'\nlicense = \"MIT OR Apache-2.0\"\n",
            &["MIT OR Apache-2.0 @ 3"],
        );
        says(kind, "[package]\nlicense = 'MIT/Apache-2.0'", &["MIT OR Apache-2.0 @ 2"]);
        says(
            kind,
            "[workspace.package]\nlicense = 'MPL-2.0'\n[package]\nlicense.workspace = true\n",
            &["MPL-2.0 @ 2"],
        );
        says(kind, "[package]\nlicense.workspace = true\n", &[]);
        says(kind, "[package]\nlicense = 3\n[dependencies]\nlicense = '3'\n", &[]);
        says(kind, "[package\nlicense = 'MIT'", &[]);
        assert_eq!(values(kind, "[package]\nlicense-file = 'L.txt'"), one("L.txt", Form::File));
        let text = "[package]\nlicense = \"\"\"MIT\"\"\"";
        let [d] = &read(kind, text.as_bytes())[..] else { panic!("one value") };
        assert_eq!(&text[d.start..d.end], "MIT");
    }

    #[test]
    fn npm_and_bower() {
        let kind = FileKind::Npm;
        says(
            kind,
            "{\n \"name\": \"x\",\n \"license\": \"(MIT OR GPL-3.0)\"\n}",
            &["MIT OR GPL-3.0-only @ 3"],
        );
        says(kind, "{\"license\": {\"type\": \"MIT\", \"url\": \"https://x\"}}", &["MIT @ 1"]);
        says(
            kind,
            "{\"license\": {\"type\": \"mine\", \"url\": \"https://opensource.org/licenses/ISC\"}}",
            &["ISC @ 1"],
        );
        says(
            kind,
            "{\"licenses\": [\n{\"type\": \"MIT\",\n\"url\": \"x\"},\n{\"type\": \"GPL-2.0\"}]}",
            &["MIT OR GPL-2.0-only @ 2-4"],
        );
        says(kind, "{\"licenses\": [\"MIT\", \"Apache2\"]}", &["MIT OR Apache-2.0 @ 1"]);
        says(kind, "{\"dependencies\": {\"license\": \"MIT\"}, \"license\": null}", &[]);
        says(kind, "{\"license\": \"MIT\"", &[]);
        assert_eq!(
            values(kind, "{\"license\": \"SEE LICENSE IN a b.md\"}"),
            one("a b.md", Form::File)
        );
        assert_eq!(
            values(kind, "{\"license\": \"UNLICENSED\"}"),
            one("UNLICENSED", Form::Unlicensed)
        );
        says(kind, "{\"license\": \"UNLICENSED\"}", &[]);
        says(FileKind::Bower, "{\"license\": [\"MIT\", \"ISC\"]}", &["MIT OR ISC @ 1"]);
    }

    #[test]
    fn composer() {
        let kind = FileKind::Composer;
        says(
            kind,
            "{\"license\": [\"LGPL-2.1-only\", \"GPL-3.0-or-later\"]}",
            &["LGPL-2.1-only OR GPL-3.0-or-later @ 1"],
        );
        says(kind, "{\"license\": \"(LGPL-2.1 or MIT)\"}", &["LGPL-2.1-only OR MIT @ 1"]);
        says(kind, "{\"license\": \"proprietary\"}", &[]);
    }

    #[test]
    fn other_json() {
        says(
            FileKind::CpanJson,
            "{\"license\": [\"perl_5\"],\n\"resources\": {\"license\": [\"https://x\"]}}",
            &["Artistic-1.0-Perl OR GPL-1.0-or-later @ 1"],
        );
        says(
            FileKind::CpanJson,
            "{\"license\": [\"mit\", \"gpl_3\"]}",
            &["MIT @ 1", "GPL-3.0-only @ 1"],
        );
        says(FileKind::CpanJson, "{\"license\": [\"unknown\"]}", &[]);
        says(FileKind::Deno, "{\n// comment\n\"license\": \"MIT\",\n}", &["MIT @ 3"]);
        says(FileKind::DubJson, "{\"license\": \"BSL-1.0\"}", &["BSL-1.0 @ 1"]);
        says(FileKind::Elm, "{\"license\": \"BSD-3-Clause\"}", &["BSD-3-Clause @ 1"]);
        says(FileKind::Haxelib, "{\"license\": \"GPL\"}", &["GPL-1.0-or-later @ 1"]);
        says(FileKind::Vcpkg, "{\"license\": null}", &[]);
        says(FileKind::Vcpkg, "{\"license\": \"Zlib\"}", &["Zlib @ 1"]);
        says(FileKind::CodeMeta, "{\"license\": \"https://spdx.org/licenses/MIT\"}", &["MIT @ 1"]);
        says(
            FileKind::CodeMeta,
            "{\"license\": {\"@type\": \"CreativeWork\", \"name\": \"MIT License\"}}",
            &["MIT @ 1"],
        );
        says(FileKind::CodeMeta, "{\"license\": [\"MIT\",\n\"ISC\"]}", &["MIT @ 1", "ISC @ 2"]);
        says(
            FileKind::PodspecJson,
            "{\"license\": {\"type\": \"MIT\", \"file\": \"L\"}}",
            &["MIT @ 1"],
        );
        says(
            FileKind::PodspecJson,
            "{\"license\": \"Apache License, Version 2.0\"}",
            &["Apache-2.0 @ 1"],
        );
    }

    #[test]
    fn pyproject() {
        let kind = FileKind::Pyproject;
        says(
            kind,
            "[project]\nlicense = 'MIT AND (BSD-3-Clause OR ISC)'",
            &["MIT AND (BSD-3-Clause OR ISC) @ 2"],
        );
        says(kind, "[project]\nlicense = {text = 'BSD 3-Clause License'}", &["BSD-3-Clause @ 2"]);
        says(
            kind,
            "[project]\nlicense = {file = 'LICENSE'}\nclassifiers = [\n 'Topic :: X',\n 'License :: OSI Approved :: MIT License',\n]",
            &["MIT @ 5"],
        );
        says(
            kind,
            "[project]\nlicense = 'ISC'\nclassifiers = ['License :: OSI Approved :: MIT License']",
            &["ISC @ 2"],
        );
        says(kind, "[tool.poetry]\nlicense = 'GPL-3.0-or-later'", &["GPL-3.0-or-later @ 2"]);
        says(kind, "[project]\nlicense = {text = '''MIT License\n\nPermission is'''}", &[]);
        assert_eq!(values(kind, "[project]\nlicense = {file = 'L'}"), one("L", Form::File));
    }

    #[test]
    fn setup_cfg() {
        let kind = FileKind::SetupCfg;
        says(kind, "[metadata]\nname = x\nlicense = MIT\nlicense_files = LICENSE\n", &["MIT @ 3"]);
        says(
            kind,
            "[metadata]\nclassifiers =\n  Topic :: X\n  License :: OSI Approved :: ISC License (ISCL)\n",
            &["ISC @ 4"],
        );
        says(kind, "[options]\nlicense = MIT\n", &[]);
        assert_eq!(values(kind, "[metadata]\nlicense = file: L"), one("L", Form::File));
    }

    #[test]
    fn setup_py() {
        let kind = FileKind::SetupPy;
        says(
            kind,
            "from setuptools import setup\nsetup(\n  name='x',\n  license=u'MIT',  # 'no'\n  x=f(license='ISC'),\n)\n",
            &["MIT @ 4"],
        );
        says(
            kind,
            "setup(classifiers=[\n'Topic :: X',\n\"License :: OSI Approved :: MIT License\"])",
            &["MIT @ 3"],
        );
        says(
            kind,
            "setup(license='MIT', classifiers=['License :: OSI Approved :: ISC License (ISCL)'])",
            &["MIT @ 1"],
        );
        says(
            kind,
            "setup(license='BSD', classifiers=['License :: OSI Approved :: ISC License (ISCL)'])",
            &["ISC @ 1"],
        );
        says(kind, "setup(license='MI' + 'T', x=1)\nlicense='MIT'\n", &[]);
        says(kind, "setup(license=open('LICENSE').read())", &[]);
        says(kind, "def f(license='MIT'): pass", &[]);
    }

    #[test]
    fn python_metadata() {
        let kind = FileKind::PythonMetadata;
        says(
            kind,
            "Metadata-Version: 2.4\nName: x\nLicense-Expression: MIT OR ISC\nLicense-File: L\n\nLicense: no\n",
            &["MIT OR ISC @ 3"],
        );
        says(
            kind,
            "Metadata-Version: 2.1\nLicense: Apache 2.0\nClassifier: License :: OSI Approved :: MIT License\n",
            &["Apache-2.0 @ 2"],
        );
        says(
            kind,
            "Metadata-Version: 2.1\nLicense: UNKNOWN\nClassifier: Topic :: X\nClassifier: License :: OSI Approved :: MIT License\n",
            &["MIT @ 4"],
        );
        says(
            kind,
            "Metadata-Version: 2.1\nLicense: MIT License\n        \n        Permission is\n",
            &["MIT @ 2"],
        );
        says(kind, "Metadata-Version: 2.1\nLicense: MIT License\n        Permission is\n", &[]);
        says(kind, "name: x\nlicense: MIT\n", &[]);
    }

    #[test]
    fn maven() {
        let kind = FileKind::Maven;
        let pom = |inside: &str| format!("<project xmlns=\"x\">\n{inside}\n</project>");
        says(
            kind,
            &pom(
                "<licenses>\n<license>\n<name>The Apache Software License, Version 2.0</name>\n<url>http://x</url></license></licenses>",
            ),
            &["Apache-2.0 @ 4"],
        );
        says(
            kind,
            &pom(
                "<licenses><license><name>Ours</name><url>http://www.opensource.org/licenses/mit-license.php</url></license></licenses>",
            ),
            &["MIT @ 2"],
        );
        says(
            kind,
            &pom(
                "<licenses><license><name>EPL 1.0</name></license>\n<!-- <license><name>MIT</name></license> -->\n<license><name>LGPL 2.1</name></license></licenses>",
            ),
            &["EPL-1.0 OR LGPL-2.1-only @ 2-4"],
        );
        says(
            kind,
            &pom(
                "<build><plugins><licenses><license><name>MIT</name></license></licenses></plugins></build>",
            ),
            &[],
        );
        says(kind, "<project><licenses><license><name>MIT", &[]);
        let nameless = "<license><name/><url>https://opensource.org/licenses/ISC</url></license>";
        says(
            kind,
            &pom(&format!("<licenses><license><name>MIT</name></license>\n{nameless}</licenses>")),
            &["MIT OR ISC @ 2-3"],
        );
    }

    #[test]
    fn nuget_and_msbuild() {
        let kind = FileKind::NuGet;
        let spec = |inside: &str| {
            format!("<?xml version=\"1.0\"?>\n<package><metadata>\n{inside}</metadata></package>")
        };
        says(
            kind,
            &spec(
                "<licenseUrl>https://licenses.nuget.org/MIT</licenseUrl>\n<license type=\"expression\">Apache-2.0</license>",
            ),
            &["Apache-2.0 @ 4"],
        );
        says(
            kind,
            &spec("<licenseUrl>https://www.apache.org/licenses/LICENSE-2.0</licenseUrl>"),
            &["Apache-2.0 @ 3"],
        );
        assert_eq!(
            values(kind, &spec("<license type=\"file\">L.txt</license>")),
            one("L.txt", Form::File)
        );
        says(
            FileKind::MsBuild,
            "<Project Sdk=\"x\"><PropertyGroup>\n<PackageLicenseExpression>MIT</PackageLicenseExpression></PropertyGroup></Project>",
            &["MIT @ 2"],
        );
    }

    #[test]
    fn app_stream() {
        says(
            FileKind::AppStream,
            "<component type=\"desktop\">\n<metadata_license>CC0-1.0</metadata_license>\n<project_license>GPL-3.0+ and MIT</project_license></component>",
            &["CC0-1.0 @ 2", "GPL-3.0-or-later AND MIT @ 3"],
        );
    }

    #[test]
    fn ruby() {
        let kind = FileKind::Gemspec;
        says(
            kind,
            "Gem::Specification.new do |s|\n  # s.license = 'no'\n  s.license = 'MIT'\nend",
            &["MIT @ 3"],
        );
        says(
            kind,
            "s.licenses = [\"Ruby\".freeze,\n'BSD-2-Clause']",
            &["Ruby @ 1", "BSD-2-Clause @ 2"],
        );
        says(kind, "s.licenses = %w[MIT GPL-2.0]", &["MIT @ 1", "GPL-2.0-only @ 1"]);
        says(kind, "if s.license == 'MIT'\nputs 'license'\nend", &[]);
        let kind = FileKind::Podspec;
        says(kind, "spec.license = { :type => 'MIT', :file => 'LICENSE' }", &["MIT @ 1"]);
        says(
            kind,
            "spec.license = { type: \"Apache License, Version 2.0\" }\n",
            &["Apache-2.0 @ 1"],
        );
        says(kind, "spec.license = 'BSD-3-Clause'", &["BSD-3-Clause @ 1"]);
        assert_eq!(values(kind, "spec.license = { :file => 'L' }"), one("L", Form::File));
    }

    #[test]
    fn perl() {
        says(
            FileKind::CpanYaml,
            "---\nname: X\nlicense: perl\nresources:\n  license: http://x\n",
            &["Artistic-1.0-Perl OR GPL-1.0-or-later @ 3"],
        );
        let kind = FileKind::CpanMake;
        says(
            kind,
            "WriteMakefile(\n  NAME => 'X',\n  ($v > 6 ? (LICENSE => 'artistic_2') : ()),\n);",
            &["Artistic-2.0 @ 3"],
        );
        says(
            kind,
            "WriteMakefile(\"LICENSE\" => \"perl_5\");\n__END__\nLICENSE => 'mit'",
            &["Artistic-1.0-Perl OR GPL-1.0-or-later @ 1"],
        );
        says(kind, "use inc::Module::Install;\nname 'X';\nlicense 'mit';\nWriteAll;", &["MIT @ 3"]);
        says(
            kind,
            "Module::Build->new(license => 'bsd')->create_build_script;\n\n=head1 LICENSE\n\nlicense => 'mit'\n\n=cut\n",
            &["BSD-3-Clause @ 1"],
        );
    }

    #[test]
    fn r() {
        let kind = FileKind::RDescription;
        says(kind, "Package: x\nLicense: GPL (>= 2)\n", &["GPL-2.0-or-later @ 2"]);
        says(kind, "Package: x\nLicense: MIT + file LICENSE\n", &["MIT @ 2"]);
        says(
            kind,
            "Package: x\nLicense: Artistic-2.0 |\n  GPL-2\n",
            &["Artistic-2.0 OR GPL-2.0-only @ 2-3"],
        );
        says(
            kind,
            "Package: x\nLicense: BSD_3_clause + file LICENSE | GPL-3\n",
            &["BSD-3-Clause OR GPL-3.0-only @ 2"],
        );
        says(kind, "License: MIT\n", &[]);
        assert_eq!(values(kind, "Package: x\nLicense: file L\n"), one("L", Form::File));
    }

    #[test]
    fn haskell() {
        let kind = FileKind::Cabal;
        says(
            kind,
            "cabal-version: 1.10\nname: x\nlicense:            BSD3\nlicense-file: LICENSE\n",
            &["BSD-3-Clause @ 3"],
        );
        says(kind, "License:\n    Apache-2.0 OR MIT\n", &["Apache-2.0 OR MIT @ 1-2"]);
        says(kind, "license: AllRightsReserved\n", &[]);
        assert_eq!(values(kind, "license-file: L\n"), one("L", Form::File));
        says(FileKind::Hpack, "name: x\nlicense: MIT # x\n", &["MIT @ 2"]);
    }

    #[test]
    fn rpm() {
        let kind = FileKind::RpmSpec;
        says(
            kind,
            "Name: x\nLicense:   GPLv2+ and (ASL 2.0 or MIT)\n%package doc\nLicense: GFDL\n%description\nLicense: MIT\n",
            &["GPL-2.0-or-later AND (Apache-2.0 OR MIT) @ 2", "GFDL-1.1-or-later @ 4"],
        );
        says(kind, "Name: x\nLicense: %{y}\n", &[]);
        says(kind, "a = Analysis()\nlicense: MIT\n", &[]);
    }

    #[test]
    fn debian() {
        let kind = FileKind::DebianCopyright;
        says(
            kind,
            "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: x\nLicense: Expat\n\nFiles: a/*\n b/*\nLicense: GPL-2+ or Artistic, and BSD-3-clause\n words\n .\n words\n\nFiles: c\nLicense: Expat\n\nLicense: ISC\n words\n",
            &["MIT @ 5", "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND BSD-3-Clause @ 9"],
        );
        says(kind, "This package was made by X.\n\nLicense: MIT\n", &[]);
    }

    #[test]
    fn java() {
        let kind = FileKind::BundleManifest;
        says(
            kind,
            "Manifest-Version: 1.0\r\nBundle-License: Apache-2.0;link=\"https://www.apache.org/lice\r\n nses/LICENSE-2.0.txt\"\r\nX: y\r\n",
            &["Apache-2.0 @ 2"],
        );
        says(
            kind,
            "Bundle-License: https://www.apache.org/lice\n nses/LICENSE-2.0.txt, \"MIT\"\n",
            &["Apache-2.0 @ 1-2", "MIT @ 2"],
        );
        says(kind, "Bundle-License: <<EXTERNAL>>\n", &[]);
        let kind = FileKind::Gradle;
        says(
            kind,
            "pom {\n licenses {\n  license {\n   name = 'The Apache License, Version 2.0'\n   url = 'http://x'\n  }\n  // license { name = 'no' }\n }\n}",
            &["Apache-2.0 @ 4"],
        );
        says(
            kind,
            "licenses { license { url.set(\"https://opensource.org/licenses/MIT\")\nname.set(\"Ours\") }\nlicense { name.set(\"ISC\") } }",
            &["MIT OR ISC @ 1-3"],
        );
        says(kind, "licenses {", &[]);
        says(kind, "license { name = 'MIT' }", &[]);
    }

    #[test]
    fn others() {
        says(
            FileKind::Conda,
            "{% set v = '1' %}\npackage:\n  license: no\nabout:\n  home: x\n  license: BSD-3-Clause\n",
            &["BSD-3-Clause @ 6"],
        );
        says(
            FileKind::Opam,
            "opam-version: \"2.0\"\nlicense: [\"MIT\" \"ISC\"]\n",
            &["MIT @ 2", "ISC @ 2"],
        );
        says(
            FileKind::Opam,
            "license: \"LGPL-2.1-only WITH OCaml-LGPL-linking-exception\"",
            &["LGPL-2.1-only WITH OCaml-LGPL-linking-exception @ 1"],
        );
        says(
            FileKind::Mix,
            "defp package do\n  [licenses: [\"Apache-2.0\"], links: %{}]\nend",
            &["Apache-2.0 @ 2"],
        );
        says(FileKind::Rockspec, "description = {\n  license = \"MIT/X11\" -- x\n}", &["MIT @ 2"]);
        says(FileKind::DubSdl, "name \"x\"\nlicense \"MIT\"\n", &["MIT @ 2"]);
        says(
            FileKind::Citation,
            "cff-version: 1.2.0\nlicense:\n  - MIT\n  - GPL-3.0-only\n",
            &["MIT OR GPL-3.0-only @ 3-4"],
        );
        says(
            FileKind::Citation,
            "references:\n  - license: MIT\nlicense: Apache-2.0\n",
            &["Apache-2.0 @ 3"],
        );
    }

    #[test]
    fn wordpress() {
        let kind = FileKind::WordPressReadme;
        says(
            kind,
            "=== A Plugin ===\nContributors: x\nStable tag: 1\nLicense: GPLv2 or later\nLicense URI: https://www.gnu.org/licenses/gpl-2.0.html\n\nShort.\n\n== Description ==\nLicense: MIT\n",
            &["GPL-2.0-or-later @ 4"],
        );
        says(kind, "=== Notes ===\nLicense: MIT\n", &[]);
        says(kind, "Read me.\nContributors: x\nLicense: MIT\n", &[]);
        let kind = FileKind::WordPressStyle;
        says(
            kind,
            "/*\n * Theme Name: X\n * License: GNU General Public License v2 or later\n */\na {}",
            &["GPL-2.0-or-later @ 3"],
        );
        says(kind, "/* License: MIT */\na {}", &[]);
    }

    #[test]
    fn what_is_too_long_is_not_read() {
        let text = format!("{{\"license\": \"MIT\"}}{}", " ".repeat(MAX_TEXT));
        says(FileKind::Npm, &text, &[]);
        let many = format!("Name: x\n{}", "License: MIT\n".repeat(5000));
        assert_eq!(read(FileKind::RpmSpec, many.as_bytes()).len(), MAX_DECLARED);
        says(FileKind::RpmSpec, &many, &["MIT @ 2"]);
        assert_eq!(read(FileKind::Plain, b"license: MIT"), []);
    }
}
