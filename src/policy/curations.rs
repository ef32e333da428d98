// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Curations: corrections of what was detected, by people who looked. A curation holds while
//! the same is detected, and the content is one of those it names, if it names any.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Policy;
use super::globs::Globs;
use crate::model::BlobId;

/// A correction of what was detected.
#[derive(Debug, Clone)]
pub struct Curation {
    pub paths: Globs,
    pub checkouts: Option<Globs>,
    /// `None` if nothing was.
    pub detected: Option<String>,
    /// `None` if nothing holds.
    pub concluded: Option<Arc<str>>,
    /// In hex.
    pub blobs: Option<BTreeSet<String>>,
    pub by: String,
    pub reason: String,
}

impl Curation {
    /// For people.
    pub fn by_and_why(&self) -> Arc<[u8]> {
        format!("{}: {}", self.by, self.reason).into_bytes().into()
    }
}

impl Policy {
    /// The curation that holds for a file, with its number.
    pub fn curation(
        &self,
        checkout: &[u8],
        path: &[u8],
        detected: Option<&str>,
        blob: BlobId,
    ) -> Option<(usize, &Curation)> {
        let holds = |c: &&Curation| {
            c.detected.as_deref() == detected
                && c.paths.fits(path)
                && c.checkouts.as_ref().is_none_or(|globs| globs.fits(checkout))
                && c.blobs.as_ref().is_none_or(|list| list.contains(&blob.to_string()))
        };
        let number = self.curations.iter().position(|c| holds(&c))?;
        Some((number, &self.curations[number]))
    }
}
