// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Runs of words by which texts are found. `build.rs` has this file, too: those of the license
//! list are compiled in, those of other texts are cut when lictor starts.

use super::tokens;

/// Words to a shingle.
pub(super) const SHINGLE: usize = 5;

/// Texts with more shingles than this are represented by one in [`SAMPLE`] of them.
const SAMPLE_ABOVE: usize = 200;
const SAMPLE: u64 = 4;

/// A shingle of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Posting {
    pub shingle: u64,
    pub text: u32,
    /// Position of the shingle in the text, in words.
    pub at: u32,
}

impl Posting {
    pub fn pack(self) -> [u64; 2] {
        [self.shingle, pack(self.text, self.at)]
    }

    pub fn unpack([shingle, place]: [u64; 2]) -> Posting {
        let (text, at) = unpack(place);
        Posting { shingle, text, at }
    }
}

/// What tells the words of one text from those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gist {
    pub digest: u64,
    pub words: u32,
}

impl Gist {
    pub fn of(words: &[u64]) -> Gist {
        let digest = words.iter().fold(tokens::SEED, |hash, word| tokens::mix(hash, *word));
        Gist { digest, words: number(words.len()) }
    }

    /// With the number under which the text has its shingles.
    pub fn pack(self, shape: u32) -> [u64; 2] {
        [self.digest, pack(self.words, shape)]
    }

    pub fn unpack([digest, rest]: [u64; 2]) -> (Gist, u32) {
        let (words, shape) = unpack(rest);
        (Gist { digest, words }, shape)
    }
}

/// The shingles of a text, sorted. What it says more than once is left out: it would tie places
/// together that are far apart.
pub(super) fn postings(text: u32, words: &[u64]) -> Vec<Posting> {
    let sampled = words.len().saturating_sub(SHINGLE - 1) > SAMPLE_ABOVE;
    let mut postings: Vec<Posting> = words
        .windows(SHINGLE)
        .map(|w| w.iter().fold(tokens::SEED, |h, word| tokens::mix(h, *word)))
        .enumerate()
        .filter(|(_, shingle)| !sampled || shingle.is_multiple_of(SAMPLE))
        .map(|(at, shingle)| Posting { shingle, text, at: number(at) })
        .collect();
    postings.sort_unstable();
    let single = postings.chunk_by(|a, b| a.shingle == b.shingle).filter(|same| same.len() == 1);
    single.flatten().copied().collect()
}

pub(super) fn number(n: usize) -> u32 {
    u32::try_from(n).expect("texts are fewer and shorter than 2^32")
}

fn pack(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn unpack(both: u64) -> (u32, u32) {
    ((both >> 32) as u32, both as u32)
}
