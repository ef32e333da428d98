// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The ids and texts of the SPDX License List, as the crates `spdx` and `license` have them.
//! `build.rs` has this file, too: what detection looks for in these texts is compiled in.

/// One license text to recognise.
pub struct LicenseText {
    pub id: &'static str,
    pub text: &'static str,
    /// The text is a header for source files rather than the license itself.
    pub header: bool,
    /// The text is that of an exception.
    pub exception: bool,
    /// Its number among the `texts` of the list, if it is one of them.
    pub listed: Option<usize>,
}

/// Every license id of the list.
pub fn license_ids() -> impl Iterator<Item = &'static str> {
    spdx::identifiers::LICENSES
        .iter()
        .map(|l| l.name)
        .filter(|n| !matches!(*n, "NOASSERTION" | "NONE"))
}

pub fn exception_ids() -> impl Iterator<Item = &'static str> {
    spdx::identifiers::EXCEPTIONS.iter().map(|e| e.name)
}

/// All texts and standard headers of the list in the order of their ids, exceptions behind
/// licenses.
pub fn texts() -> Vec<LicenseText> {
    let mut texts = Vec::new();
    let mut push = |id, text, header, exception| {
        let listed = Some(texts.len());
        texts.push(LicenseText { id, text, header, exception, listed });
    };
    for id in license_ids() {
        let Ok(license) = id.parse::<&dyn license::License>() else { continue };
        push(id, license.text(), false, false);
        if let Some(header) = license.header() {
            push(id, header, true, false);
        }
    }
    for id in exception_ids() {
        let Ok(exception) = id.parse::<&dyn license::Exception>() else { continue };
        push(id, exception.text(), false, true);
    }
    texts
}
