// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Lists the files below `license-db/rules`, so that they are compiled in as they are.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const RULES: &str = "license-db/rules";

fn main() -> io::Result<()> {
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
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("rules.rs"), code)?;
    #[allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
    {
        println!("cargo::rerun-if-changed={RULES}");
        println!("cargo::rerun-if-changed=build.rs");
    }
    Ok(())
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
