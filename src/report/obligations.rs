// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is owed for licenses, and for which files.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use super::ReportError;
use crate::diag::visible;
use crate::licenses::obligations::{Basis, Obligations, Owed, Trigger};

/// What is owed for a license, and where it is.
pub struct Owing {
    pub basis: Basis,
    pub owed: Vec<Owed>,
    /// Absolute paths, in the order in which they came.
    pub files: Vec<Vec<u8>>,
}

impl Owing {
    /// Only what one of `triggers` makes due, if any are named.
    pub fn new(obligations: Obligations, triggers: &[Trigger]) -> Owing {
        let Obligations { basis, mut owed } = obligations;
        owed.retain(|o| triggers.is_empty() || o.on.iter().any(|t| triggers.contains(t)));
        Owing { basis, owed, files: Vec::new() }
    }
}

fn basis(basis: Basis) -> Option<String> {
    match basis {
        Basis::License => None,
        Basis::Category(category) => Some(format!(
            "by its category, {}; nothing is said of the license itself",
            category.as_str()
        )),
        Basis::Nothing => Some("nothing is known of it: read it".into()),
    }
}

fn when(o: &Owed) -> String {
    let on: Vec<&str> = o.on.iter().map(|t| t.as_str()).collect();
    let only = o.only_if.map(|t| format!(", with {}", t.as_str()));
    format!("{}{}", on.join(", "), only.unwrap_or_default())
}

/// For people.
///
/// # Errors
/// The writer fails.
pub fn human(
    owing: &BTreeMap<String, Owing>,
    all: bool,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    for (license, o) in owing {
        let files = if o.files.len() == 1 { "file" } else { "files" };
        writeln!(out, "{}: {} {files}", visible(license.as_bytes()), o.files.len())?;
        if let Some(basis) = basis(o.basis) {
            writeln!(out, "  ({basis})")?;
        }
        for owed in &o.owed {
            writeln!(out, "  {:<24} {}", owed.duty.as_str(), owed.says)?;
            writeln!(out, "  {:<24} on {}", "", when(owed))?;
        }
        if o.owed.is_empty() && o.basis == Basis::License {
            writeln!(out, "  nothing is owed")?;
        }
        let shown = if all { o.files.len() } else { 1 };
        for file in o.files.iter().take(shown) {
            writeln!(out, "    {}", visible(file))?;
        }
        if o.files.len() > shown {
            writeln!(out, "    and {} more; --all shows them", o.files.len() - shown)?;
        }
        writeln!(out)?;
    }
    if owing.is_empty() {
        writeln!(out, "No license is known there.")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    licenses: Vec<LicenseJson<'a>>,
}

#[derive(Serialize)]
struct LicenseJson<'a> {
    license: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    owed: &'a [Owed],
    files: Vec<String>,
}

/// For machines.
///
/// # Errors
/// The writer fails.
pub fn json(owing: &BTreeMap<String, Owing>, out: &mut dyn Write) -> Result<(), ReportError> {
    let licenses = owing.iter().map(|(license, o)| LicenseJson {
        license,
        note: basis(o.basis),
        owed: &o.owed,
        files: o.files.iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect(),
    });
    let (format, licenses) = ("lictor-obligations", licenses.collect());
    super::json::line(out, &Document { format, version: super::json::VERSION, licenses })
}
