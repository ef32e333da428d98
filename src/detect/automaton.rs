// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Many word sequences looked for at once: a trie over word hashes.
//!
//! What a sequence means is its owner's business; this module only knows numbers.

use rustc_hash::FxHashMap;

use super::tokens::Token;

/// Bits of the filter that most words fail at.
const FILTER_BITS: usize = 1 << 16;

pub(super) struct Automaton {
    /// State and word to the next state; state 0 is the start.
    next: FxHashMap<(u32, u64), u32>,
    /// What ends in each state.
    outputs: Vec<Vec<u32>>,
    /// Which words can begin a sequence, by the low bits of their hash.
    first: Vec<u64>,
}

impl Automaton {
    /// Sequences with the number that each one has for its owner; empty ones are left out.
    pub fn new(sequences: impl IntoIterator<Item = (Vec<u64>, u32)>) -> Automaton {
        let mut next: FxHashMap<(u32, u64), u32> = FxHashMap::default();
        let mut outputs: Vec<Vec<u32>> = vec![Vec::new()];
        let mut first = vec![0u64; FILTER_BITS / 64];
        for (words, number) in sequences {
            let Some(head) = words.first() else { continue };
            let (slot, bit) = filter(*head);
            first[slot] |= bit;
            let mut state = 0;
            for word in words {
                let fresh = u32::try_from(outputs.len()).expect("fewer than 2^32 states");
                state = *next.entry((state, word)).or_insert(fresh);
                if state == fresh {
                    outputs.push(Vec::new());
                }
            }
            outputs[state as usize].push(number);
        }
        Automaton { next, outputs, first }
    }

    /// Calls `found` with the length and number of every sequence that `tokens` begin with,
    /// shorter ones first.
    pub fn matches(&self, tokens: &[Token], mut found: impl FnMut(usize, u32)) {
        let Some(head) = tokens.first() else { return };
        let (slot, bit) = filter(head.hash);
        if self.first[slot] & bit == 0 {
            return;
        }
        let mut state = 0;
        for (n, token) in tokens.iter().enumerate() {
            let Some(next) = self.next.get(&(state, token.hash)) else { return };
            state = *next;
            for number in &self.outputs[state as usize] {
                found(n + 1, *number);
            }
        }
    }
}

fn filter(hash: u64) -> (usize, u64) {
    let at = (hash as usize) % FILTER_BITS;
    (at / 64, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    #[test]
    fn every_sequence_at_a_place_is_found_shorter_first() {
        let sequences = ["gnu gpl", "gnu", "gpl", "", "gnu gpl version"];
        let automaton = Automaton::new((0..).zip(sequences).map(|(n, s)| (tokens::words(s), n)));
        let found = |text: &str| {
            let mut all = Vec::new();
            let tokens = tokens::tokenize(text.as_bytes(), 0..text.len());
            automaton.matches(&tokens, |len, number| all.push((len, number)));
            all
        };
        assert_eq!(found("GNU GPL, v2"), [(1, 1), (2, 0)]);
        assert_eq!(found("gpl"), [(1, 2)]);
        assert_eq!(found("the gpl"), []);
        assert_eq!(found(""), []);
    }
}
