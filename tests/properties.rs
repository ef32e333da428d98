// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Whatever is done to a tree: a scan that remembers finds what one finds that does not.
//! Whatever a manifest holds: the detector gives an answer, and the same one again.

mod common;

use common::{Sandbox, tag, text, touch};
use lictor::detect::Detector;
use lictor::licenses::Licenses;
use lictor::model::FileKind;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;

/// What is done to the tree between two scans. Numbers name files and contents.
#[derive(Debug, Clone)]
enum Step {
    Write(usize, usize),
    Delete(usize),
    Rename(usize, usize),
    Touch(usize),
    Add(usize),
    IntendToAdd(usize),
    Untrack(usize),
    Commit,
    Checkout,
    ScanPart,
}

const FILES: [&str; 8] =
    ["a.c", "a/b.c", "a/c.txt", "a.b/c", "LICENSE", "out/gen.c", "x.log", ".gitattributes"];

fn contents() -> Vec<Vec<u8>> {
    vec![
        tag("MIT").into_bytes(),
        tag("AGPL-3.0-only").into_bytes(),
        tag("GPL-2.0-only OR MIT").into_bytes(),
        text("ISC").as_bytes().to_vec(),
        b"int main(void) { return 0; }\n".to_vec(),
        Vec::new(),
        b"\x7fELF\0\0\0\0".to_vec(),
        b"*.c text=auto\n".to_vec(),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let file = || 0..FILES.len();
    prop_oneof![
        6 => (file(), 0usize..8).prop_map(|(f, c)| Step::Write(f, c)),
        2 => file().prop_map(Step::Delete),
        2 => (file(), file()).prop_map(|(a, b)| Step::Rename(a, b)),
        1 => file().prop_map(Step::Touch),
        2 => file().prop_map(Step::Add),
        1 => file().prop_map(Step::IntendToAdd),
        1 => file().prop_map(Step::Untrack),
        2 => Just(Step::Commit),
        1 => Just(Step::Checkout),
        1 => Just(Step::ScanPart),
    ]
}

fn take(s: &Sandbox, step: &Step, later: u64, contents: &[Vec<u8>]) {
    let there = |f: usize| s.path(FILES[f]).is_file();
    match *step {
        // An old time or the present one: whether git and lictor believe it must not matter.
        Step::Write(f, c) if later.is_multiple_of(3) => {
            let path = s.path(FILES[f]);
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            std::fs::write(path, &contents[c]).expect("writing a file");
        }
        Step::Write(f, c) => s.write_at(FILES[f], &contents[c], later),
        Step::Delete(f) if there(f) => s.remove(FILES[f]),
        Step::Rename(a, b) if there(a) => {
            let to = s.path(FILES[b]);
            std::fs::create_dir_all(to.parent().expect("a directory")).expect("a directory");
            std::fs::rename(s.path(FILES[a]), to).expect("renaming a file");
        }
        Step::Touch(f) if there(f) => touch(&s.path(FILES[f]), later),
        Step::Add(f) if there(f) => drop(s.git(&["add", "-f", FILES[f]])),
        Step::IntendToAdd(f) if there(f) => drop(s.git(&["add", "-f", "-N", FILES[f]])),
        // Nothing to do where it is not tracked.
        Step::Untrack(f) => {
            drop(s.git(&["rm", "-q", "--cached", "--ignore-unmatch", "-f", FILES[f]]))
        }
        Step::Commit => s.commit(),
        Step::Checkout => drop(s.git(&["reset", "-q", "--hard"])),
        Step::ScanPart if s.path("a").is_dir() => drop(s.lictor(&["scan", "a", "-j2"])),
        _ => {}
    }
}

fn found(s: &Sandbox, args: &[&str]) -> Result<Value, TestCaseError> {
    let run = s.lictor(&[&["scan", "--format", "json", "-j2"], args].concat());
    let fine = matches!(run.code, Some(0 | 1));
    prop_assert!(fine, "the scan failed: {run:#?}");
    Ok(run.json()["checkouts"][0]["found"].clone())
}

#[test]
fn a_scan_that_remembers_finds_what_a_fresh_one_finds() {
    let config = Config {
        cases: 10,
        max_shrink_iters: 60,
        // The cases are the same in every run: a failure is for who made it.
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_122),
        ..Config::default()
    };
    let contents = contents();
    let trees = prop::collection::vec(step(), 8..16);
    TestRunner::new(config)
        .run(&trees, |steps| {
            let s = Sandbox::repo();
            s.write(".gitignore", "out/\n*.log\n");
            s.commit();
            for (n, step) in steps.iter().enumerate() {
                take(&s, step, n as u64, &contents);
                let fresh = found(&s, &["--no-store"])?;
                let remembered = found(&s, &[])?;
                prop_assert_eq!(&remembered, &fresh, "after {:?}", &steps[..=n]);
            }
            // The store's own view of what is open agrees, too.
            let open = s.findings(&["--state", "open"]);
            let now = found(&s, &[])?;
            let wrong = |f: &&Value| f["violations"].as_array().is_some_and(|v| !v.is_empty());
            let violating = now.as_array().map_or(0, |a| a.iter().filter(wrong).count());
            prop_assert_eq!(open.len(), violating, "open violations after {:?}", &steps);
            Ok(())
        })
        .unwrap_or_else(|e| assert!(e.to_string().is_empty(), "{e}"));
}

/// Pieces that manifests are made of, whole and broken.
const PIECES: [&str; 64] = [
    "license",
    "License",
    "LICENSE",
    "licenses",
    "License-Expression",
    "Bundle-License",
    "project_license",
    "PackageLicenseExpression",
    "licenseUrl",
    "classifiers",
    "metadata",
    "package",
    "project",
    "component",
    "about",
    "pom",
    "setup",
    "spec.",
    "Format",
    "Files",
    "Package",
    "Name",
    "Metadata-Version",
    "Theme Name",
    "Stable tag",
    "===",
    "type",
    "file",
    "MIT",
    "GPL-2.0+",
    "GPL (>= 2)",
    "Apache License, Version 2.0",
    " or ",
    " and ",
    " with ",
    " exception",
    "License :: OSI Approved :: MIT License",
    "http://opensource.org/licenses/",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "\"",
    "'",
    "\"\"\"",
    ":",
    "=",
    ",",
    ";",
    "|",
    "\n",
    "\n  ",
    "\n\n",
    "\\",
    "é",
    "%w[",
];

#[test]
fn no_manifest_makes_the_detector_fail() {
    let config = Config {
        cases: 1500,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_122),
        ..Config::default()
    };
    let detector = Detector::new(Licenses::builtin());
    let pieces = prop::collection::vec(0..PIECES.len(), 0..60)
        .prop_map(|n| n.into_iter().map(|n| PIECES[n]).collect::<String>().into_bytes());
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let contents = prop_oneof![8 => pieces, 1 => bytes];
    TestRunner::new(config)
        .run(&contents, |content| {
            for kind in FileKind::ALL {
                let found = detector.detect(&content, kind);
                let lines = content.split(|b| *b == b'\n').count();
                for m in &found.matches {
                    prop_assert!(m.start_line <= m.end_line, "{:?}: {:?}", kind, m);
                    // In UTF-16 a line end may be made of two halves.
                    prop_assert!(m.end_line as usize <= lines.max(content.len()), "{:?}", m);
                    prop_assert!(Licenses::builtin().parse(&m.expression).is_ok(), "{:?}", m);
                }
                prop_assert_eq!(&found, &detector.detect(&content, kind));
            }
            Ok(())
        })
        .unwrap_or_else(|e| assert!(e.to_string().is_empty(), "{e}"));
}
