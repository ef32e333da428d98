// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Lists the files below `license-db/rules`, so that they are compiled in as they are, and cuts the
//! texts of the license list into what detection looks for: in the field that would take longer
//! than most scans. The modules that do it are those of `detect`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use shingles::{Gist, Posting};

#[path = "src/detect/blanks.rs"]
mod blanks;
#[allow(dead_code, reason = "what is only of use at run time is not called here")]
#[path = "src/licenses/list.rs"]
mod list;
#[allow(dead_code, reason = "what is packed here is unpacked when lictor starts")]
#[path = "src/detect/shingles.rs"]
mod shingles;
#[allow(dead_code, reason = "what is only of use at run time is not called here")]
#[path = "src/detect/tokens.rs"]
mod tokens;

const RULES: &str = "license-db/rules";

const MODULES: [&str; 4] = [
    "src/detect/blanks.rs",
    "src/licenses/list.rs",
    "src/detect/shingles.rs",
    "src/detect/tokens.rs",
];

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    rules(&out)?;
    texts(&out)?;
    #[allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
    for path in MODULES.iter().chain(&[RULES, "build.rs"]) {
        println!("cargo::rerun-if-changed={path}");
    }
    Ok(())
}

fn rules(out: &Path) -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut paths = Vec::new();
    list(&root.join(RULES), &mut paths)?;
    // The order of a directory is an accident; that of the program is not.
    paths.sort();
    let mut code = String::from("[\n");
    for path in &paths {
        let relative = path.strip_prefix(&root).unwrap_or(path).display();
        let place = format!("/{relative}");
        // Writing to a string cannot fail.
        let _ = writeln!(
            code,
            "    ({:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {place:?}))),",
            relative.to_string()
        );
    }
    code.push_str("]\n");
    fs::write(out.join("rules.rs"), code)
}

/// Writes what is known of the texts of the list: which of them have the same words, the shingles
/// of those that differ, and all words.
fn texts(out: &Path) -> io::Result<()> {
    let mut texts: Vec<[u64; 2]> = Vec::new();
    let mut postings: Vec<Posting> = Vec::new();
    let mut vocabulary: BTreeSet<u64> = BTreeSet::new();
    let mut shapes: BTreeMap<(Vec<u64>, bool), u32> = BTreeMap::new();
    for list::LicenseText { text, header, .. } in list::texts() {
        let tokens = tokens::tokenize(text.as_bytes(), 0..text.len());
        vocabulary.extend(tokens.iter().map(|t| t.hash));
        let words: Vec<u64> = blanks::invariant(&tokens).iter().map(|t| t.hash).collect();
        let gist = Gist::of(&words);
        let new = shingles::number(shapes.len());
        let shape = *shapes.entry((words, header)).or_insert_with_key(|(words, _)| {
            postings.extend(shingles::postings(new, words));
            new
        });
        texts.push(gist.pack(shape));
    }
    postings.sort_unstable();
    write(&out.join("texts.bin"), texts.into_iter().flatten())?;
    write(&out.join("postings.bin"), postings.into_iter().flat_map(Posting::pack))?;
    write(&out.join("words.bin"), vocabulary)
}

fn write(path: &Path, numbers: impl IntoIterator<Item = u64>) -> io::Result<()> {
    let bytes: Vec<u8> = numbers.into_iter().flat_map(u64::to_le_bytes).collect();
    fs::write(path, bytes)
}

fn list(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, found)?;
        } else if path.extension().is_some_and(|e| e == "RULE" || e == "LICENSE") {
            found.push(path);
        }
    }
    Ok(())
}
