// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Plain data that every room speaks: content ids, matches, detections, outcomes.
//!
//! Nothing here reads, decides or prints.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;

/// The identity of a content: its git blob id (SHA-1 over `blob <size>\0` and the bytes),
/// so that `git hash-object` checks any evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub [u8; 20]);

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How a match was made. The words are those of the output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchKind {
    /// An `SPDX-License-Identifier` tag.
    Tag,
    /// Words that grant, or that say under which license something stands.
    Notice,
    /// The mere name or address of a license.
    Reference,
    /// The text of a license.
    Text,
    /// A standard header that a license asks to be put into files.
    Header,
}

impl MatchKind {
    pub const ALL: [MatchKind; 5] = [
        MatchKind::Tag,
        MatchKind::Notice,
        MatchKind::Reference,
        MatchKind::Text,
        MatchKind::Header,
    ];

    /// The word for this kind in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            MatchKind::Tag => "tag",
            MatchKind::Notice => "notice",
            MatchKind::Reference => "reference",
            MatchKind::Text => "text",
            MatchKind::Header => "header",
        }
    }
}

impl FromStr for MatchKind {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        MatchKind::ALL
            .into_iter()
            .find(|k| k.as_str() == s)
            .ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// A word that names no value of its enumeration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown word `{0}`")]
pub struct UnknownWord(pub String);

/// One piece of evidence: these lines say this license.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Canonical SPDX expression of this match alone.
    pub expression: Arc<str>,
    pub kind: MatchKind,
    /// 0 to 1; 1 for a tag, askalono's score for texts and headers.
    pub score: f32,
    /// First and last line, counted from 1.
    pub start_line: u32,
    pub end_line: u32,
    /// The words that matched as the file has them, shortened. Untrusted: see `diag::visible`.
    pub words: Arc<str>,
}

/// What the detector found in one content.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detection {
    /// Canonical SPDX expression over all matches; `None` when nothing was found.
    pub expression: Option<Arc<str>>,
    pub matches: Vec<Match>,
    /// Set when the content was opened but not searched.
    pub skipped: Option<Skipped>,
}

/// Why something in the tree was not searched for licenses. Ordered as reports show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skipped {
    /// Bytes that are no text in a known encoding.
    Binary,
    /// Larger than the limit of the scan.
    TooLarge,
    /// A symbolic link: never followed, what it names is looked at where it is.
    Symlink,
    /// A FIFO, socket or device.
    Special,
    /// A submodule that is not checked out.
    Submodule,
    /// Could not be read; makes the scan incomplete.
    Unreadable,
    /// The detector failed on it; makes the scan incomplete.
    Failed,
}

impl Skipped {
    pub const ALL: [Skipped; 7] = [
        Skipped::Binary,
        Skipped::TooLarge,
        Skipped::Symlink,
        Skipped::Special,
        Skipped::Submodule,
        Skipped::Unreadable,
        Skipped::Failed,
    ];

    /// The word for this reason in the store and in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Skipped::Binary => "binary",
            Skipped::TooLarge => "too-large",
            Skipped::Symlink => "symlink",
            Skipped::Special => "special",
            Skipped::Submodule => "submodule",
            Skipped::Unreadable => "unreadable",
            Skipped::Failed => "failed",
        }
    }

    /// Whether the scan must be called incomplete because of it.
    pub fn is_failure(self) -> bool {
        matches!(self, Skipped::Unreadable | Skipped::Failed)
    }
}

impl FromStr for Skipped {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Skipped::ALL.into_iter().find(|k| k.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// What a policy says of a license. Ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Allow,
    Review,
    Deny,
}

impl Outcome {
    pub const ALL: [Outcome; 3] = [Outcome::Allow, Outcome::Review, Outcome::Deny];

    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Allow => "allow",
            Outcome::Review => "review",
            Outcome::Deny => "deny",
        }
    }
}

impl FromStr for Outcome {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Outcome::ALL.into_iter().find(|k| k.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_as_what_it_was() {
        for s in Skipped::ALL {
            assert_eq!(s.as_str().parse(), Ok(s));
        }
        for o in Outcome::ALL {
            assert_eq!(o.as_str().parse(), Ok(o));
        }
        assert_eq!("maybe".parse::<Outcome>(), Err(UnknownWord("maybe".into())));
    }

    #[test]
    fn outcomes_are_ordered_from_best_to_worst() {
        assert!(Outcome::Allow < Outcome::Review && Outcome::Review < Outcome::Deny);
    }
}
