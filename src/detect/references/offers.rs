// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Sentences that give a choice between licenses which are named, or whose texts stand, apart from
//! each other: "Alternatively, this software may be distributed under the terms of ...".
//!
//! Names side by side are a matter of [`super::choice`]. Which licenses are offered is not judged
//! here, only where.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::reader::Reader;
use crate::detect::tokens;

/// What is offered by a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) enum Offer {
    /// What follows, instead of what stands before it.
    Instead,
    /// So many licenses that follow.
    Following(usize),
    /// The two licenses before it, or the one before it and the one behind.
    Preceding,
    /// Nothing: what follows holds for a part of the work, whatever else is chosen.
    Beside,
}

/// A word of a sentence as it is known.
enum Step {
    /// One of these.
    One(FxHashSet<u64>),
    /// Up to so many other words of the same sentence.
    Skip(usize),
}

/// What can be done with a work, and the work itself.
const DONE: &str = "used|use|distributed|distribute|redistributed|redistribute|licensed|license|\
                    relicensed|released|copied|copy|modified|modify|available|made|choose";
const WORK: &str = "contents|software|program|code|file|files|library|package|product|source|form|\
                    work|works|module|document|header";

/// Sentences; `*3` stands for up to three words, `<done>` and `<work>` for the words above. Behind
/// three dots all that is offered is named before the sentence ends.
const SENTENCES: [(&str, Offer); 22] = [
    (
        "alternatively *14 (this|these|it|you) *8 (may|can|is|are) *4 <done> *6 the following license",
        Offer::Instead,
    ),
    (
        "alternatively *14 (this|these|it|you) *8 (may|can|is|are) *4 <done> *14 (under|terms) ...",
        Offer::Instead,
    ),
    (
        "alternatively *4 the <work> *8 (may|can|is|are) *4 <done> *14 (under|terms) ...",
        Offer::Instead,
    ),
    ("(this|the) <work> (may|can) alternatively be <done> *14 (under|terms) ...", Offer::Instead),
    ("<work> may also be <done> *6 (under|terms) ...", Offer::Instead),
    ("(it|you|they) (may|can) also be <done> *6 (under|terms) ...", Offer::Instead),
    ("you (may|can) also <done> *10 (under|terms) ...", Offer::Instead),
    ("or when distributed separately", Offer::Instead),
    ("otherwise the following license", Offer::Instead),
    ("or at your option (the|under|a|an|this) ...", Offer::Instead),
    ("choice of *3 (two|2) *1 licenses", Offer::Following(2)),
    ("choice of *3 (three|3) *1 licenses", Offer::Following(3)),
    ("(dual|dually|double) (licensed|license) (under|with|as|by|using) ...", Offer::Following(2)),
    ("(triple|tri) (licensed|license) (under|with|as|by|using) ...", Offer::Following(3)),
    (
        "(choose|select|under|use) (one|either|any) of the following *1 licenses",
        Offer::Following(2),
    ),
    ("(may|can) choose to be licensed under", Offer::Following(2)),
    ("(choose|select|pick|use) *5 (one|either|any) of the above *1 licenses", Offer::Preceding),
    ("terms of either ...", Offer::Following(2)),
    ("under either license", Offer::Preceding),
    ("either license (may|can|applies)", Offer::Preceding),
    ("incorporates *3 covered by the following", Offer::Beside),
    ("under either of (these|those|them|the)", Offer::Preceding),
];

/// How far behind a sentence what it offers is looked for, in bytes.
const REACH: usize = 400;

/// A sentence that offers something.
#[derive(Debug)]
pub(in crate::detect) struct Sentence {
    /// In bytes.
    pub place: Range<usize>,
    /// Where what it offers must have begun, in bytes.
    pub until: usize,
    /// Whether that holds of all that it offers, and not of the first alone.
    pub within: bool,
    pub offer: Offer,
}

/// The sentences, ready to be looked for.
pub(super) struct Offers {
    sentences: Vec<(Vec<Step>, bool, Offer)>,
    /// What a sentence begins with.
    first: FxHashSet<u64>,
    or: u64,
}

fn steps(sentence: &str) -> Vec<Step> {
    let one = |words: &str| {
        Step::One(words.split('|').flat_map(|w| tokens::words(w).into_iter().next()).collect())
    };
    let step = |word: &str| match word {
        "<done>" => one(DONE),
        "<work>" => one(WORK),
        _ => match word.strip_prefix('*').map(str::parse) {
            Some(Ok(most)) => Step::Skip(most),
            _ => one(word.trim_matches(['(', ')'])),
        },
    };
    sentence.split(' ').map(step).collect()
}

impl Offers {
    pub fn new() -> Offers {
        let sentences = SENTENCES.iter().map(|(sentence, offer)| {
            let short = sentence.strip_suffix(" ...");
            (steps(short.unwrap_or(sentence)), short.is_some(), *offer)
        });
        let sentences: Vec<(Vec<Step>, bool, Offer)> = sentences.collect();
        let first = sentences.iter().filter_map(|(steps, ..)| match &steps[0] {
            Step::One(words) => Some(words.iter().copied()),
            Step::Skip(_) => None,
        });
        Offers { first: first.flatten().collect(), or: tokens::words("or")[0], sentences }
    }
}

impl Reader<'_> {
    /// The sentences that offer a choice, in order.
    pub fn offers(&self) -> impl Iterator<Item = Sentence> {
        let of = &self.of.offers;
        (0..self.tokens.len()).filter_map(move |at| {
            if self.hash(at) == Some(of.or) && self.stands_alone(at) {
                return Some(self.sentence(at..at + 1, false, Offer::Instead));
            }
            let is_first = self.is(at, &of.first);
            let read = |(steps, within, offer): &(Vec<Step>, bool, Offer)| {
                self.follows(at, steps).map(|end| self.sentence(at..end, *within, *offer))
            };
            is_first.then(|| of.sentences.iter().find_map(read)).flatten()
        })
    }

    fn sentence(&self, words: Range<usize>, within: bool, offer: Offer) -> Sentence {
        let place =
            self.tokens[words.start].start as usize..self.tokens[words.end - 1].end as usize;
        let behind = &self.text[place.end..self.text.len().min(place.end + REACH)];
        let until = place.end + if within { sentence_end(behind) } else { behind.len() };
        Sentence { place, until, within, offer }
    }

    /// Whether a word is all that its line says.
    fn stands_alone(&self, at: usize) -> bool {
        at > 0
            && at + 1 < self.tokens.len()
            && self.gap(at).contains(&b'\n')
            && self.gap(at + 1).contains(&b'\n')
    }

    /// Where the words of a sentence end, if they begin at a place.
    fn follows(&self, at: usize, steps: &[Step]) -> Option<usize> {
        let Some((step, rest)) = steps.split_first() else { return Some(at) };
        match step {
            Step::One(words) => self.is(at, words).then(|| self.follows(at + 1, rest)).flatten(),
            Step::Skip(most) => (at..=at + most)
                .take_while(|to| *to == at || !self.breaks(at - 1, *to))
                .find_map(|to| self.follows(to, rest)),
        }
    }
}

/// Where a sentence ends: at a full stop before a word that begins with a capital. That all rights
/// are reserved may be said within.
fn sentence_end(text: &[u8]) -> usize {
    let ends = |at: &usize| {
        let behind = &text[at + 1..];
        let word = behind.iter().position(u8::is_ascii_alphanumeric);
        let Some(word) = word.map(|n| &behind[n..]) else { return false };
        behind[0].is_ascii_whitespace()
            && !text[..*at].ends_with(b"rights reserved")
            && word[0].is_ascii_uppercase()
            && !word.starts_with(b"All rights")
            && !word.starts_with(b"Copyright")
    };
    memchr::memchr_iter(b'.', text).find(ends).unwrap_or(text.len())
}
