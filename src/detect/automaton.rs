// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Many word sequences looked for at once: they are kept sorted, and those that begin like the words
//! at a place are a range that narrows with each word.
//!
//! What a sequence means is its owner's business; this module only knows numbers.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::tokens::{self, Token};

/// The filter that most words fail at has so many bits, as a power of two.
const FILTER_BITS: u32 = 17;

pub(super) struct Automaton {
    /// Sorted by their words: one that others begin with comes before them.
    sequences: Vec<Sequence>,
    /// The words of all sequences.
    words: Vec<u64>,
    /// Sequences of one word by that, others by their first two, as [`pair`] has them.
    begun: FxHashMap<u64, Range<u32>>,
    /// What may be in `begun`, by its upper bits.
    filter: Vec<u64>,
}

struct Sequence {
    /// Where its words begin.
    start: u32,
    len: u32,
    number: u32,
}

impl Automaton {
    /// Sequences with the number that each one has for its owner; empty ones are left out.
    pub fn new(sequences: impl IntoIterator<Item = (Vec<u64>, u32)>) -> Automaton {
        let mut sorted: Vec<(Vec<u64>, u32)> = sequences.into_iter().collect();
        // Equal ones stay in their order.
        sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut automaton = Automaton {
            sequences: Vec::with_capacity(sorted.len()),
            words: Vec::with_capacity(sorted.iter().map(|(words, _)| words.len()).sum()),
            begun: FxHashMap::default(),
            filter: vec![0u64; 1 << (FILTER_BITS - 6)],
        };
        let short = |n: usize| u32::try_from(n).expect("fewer than 2^32 words");
        for (words, number) in sorted {
            let begin = match words[..] {
                [] => continue,
                [word] => word,
                [first, second, ..] => pair(first, second),
            };
            let (slot, bit) = filter(begin);
            automaton.filter[slot] |= bit;
            let n = short(automaton.sequences.len());
            automaton.begun.entry(begin).or_insert(n..n).end = n + 1;
            let (start, len) = (short(automaton.words.len()), short(words.len()));
            automaton.sequences.push(Sequence { start, len, number });
            automaton.words.extend(words);
        }
        automaton
    }

    /// Calls `found` with the length and number of every sequence that `tokens` begin with,
    /// shorter ones first.
    pub fn matches(&self, tokens: &[Token], mut found: impl FnMut(usize, u32)) {
        let Some(first) = tokens.first() else { return };
        self.begun(first.hash).iter().for_each(|s| found(1, s.number));
        let Some(second) = tokens.get(1) else { return };
        let mut like = self.begun(pair(first.hash, second.hash));
        for len in 2.. {
            if like.is_empty() {
                return;
            }
            let ended = like.iter().take_while(|s| s.len as usize == len).count();
            like[..ended].iter().for_each(|s| found(len, s.number));
            like = &like[ended..];
            let Some(next) = tokens.get(len) else { return };
            let word = |s: &Sequence| self.words[s.start as usize + len];
            let from = like.partition_point(|s| word(s) < next.hash);
            let to = from + like[from..].partition_point(|s| word(s) == next.hash);
            like = &like[from..to];
        }
    }

    /// The sequences that begin so.
    #[inline(always)]
    fn begun(&self, begin: u64) -> &[Sequence] {
        let (slot, bit) = filter(begin);
        if self.filter[slot] & bit == 0 { &[] } else { self.known(begin) }
    }

    fn known(&self, begin: u64) -> &[Sequence] {
        let range = self.begun.get(&begin);
        range.map_or(&[], |r| &self.sequences[r.start as usize..r.end as usize])
    }
}

#[inline(always)]
fn pair(first: u64, second: u64) -> u64 {
    tokens::mix(first, second)
}

#[inline(always)]
fn filter(hash: u64) -> (usize, u64) {
    // The upper bits of such a hash are the better ones.
    let at = (hash >> (u64::BITS - FILTER_BITS)) as usize;
    (at / 64, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    #[test]
    fn every_sequence_at_a_place_is_found_shorter_first() {
        let sequences =
            ["gnu gpl", "gnu", "gpl", "", "gnu gpl version", "gnu gpl", "gnu gpl license", "a gpl"];
        let automaton = Automaton::new((0..).zip(sequences).map(|(n, s)| (tokens::words(s), n)));
        let found = |text: &str| {
            let mut all = Vec::new();
            let tokens = tokens::tokenize(text.as_bytes(), 0..text.len());
            automaton.matches(&tokens, |len, number| all.push((len, number)));
            all
        };
        assert_eq!(found("GNU GPL, v2"), [(1, 1), (2, 0), (2, 5)]);
        assert_eq!(found("GNU GPL license"), [(1, 1), (2, 0), (2, 5), (3, 6)]);
        assert_eq!(found("gnu gpl"), [(1, 1), (2, 0), (2, 5)]);
        assert_eq!(found("gnu lesser gpl"), [(1, 1)]);
        assert_eq!(found("gpl"), [(1, 2)]);
        assert_eq!(found("the gpl"), []);
        assert_eq!(found(""), []);
    }
}
