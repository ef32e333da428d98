// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Places in a text that each copy fills in differently. `build.rs` has this file, too.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::tokens::{self, Token};

/// A blank in a text that is filled with a name: what stands before and behind it.
struct Blank {
    from: Vec<u64>,
    to: Vec<u64>,
    /// Words that the name may have.
    most: usize,
    /// Whether what stands before is left out, too (if not 0).
    whole: usize,
}

/// The words of a text without the names that differ from copy to copy: whose name may not be
/// used, who provides the software, who is not liable. The templates of the SPDX list leave
/// the same places open.
pub(super) fn invariant(tokens: &[Token]) -> Vec<Token> {
    static BLANKS: LazyLock<Vec<Blank>> = LazyLock::new(|| {
        let blanks = [
            ("neither the name", "may be used to endorse", 40, 3),
            ("neither the names", "may be used to endorse", 40, 3),
            ("neither my name", "may be used to endorse", 40, 3),
            ("none of the names", "may be used to endorse", 40, 4),
            ("neither name of", "may be used to endorse", 40, 3),
            ("the name of", "may not be used to endorse", 24, 3),
            ("the names of", "may not be used to endorse", 24, 3),
            ("the name", "may not be used to endorse", 24, 2),
            ("the names", "may not be used to endorse", 24, 2),
            ("provided by", "as is", 16, 0),
            ("in no event shall", "be liable", 30, 0),
            ("in no event will", "be liable", 30, 0),
            ("the name of", "not be used in advertising", 24, 0),
            ("the names of", "not be used in advertising", 24, 0),
            ("the name of", "shall not be used in advertising", 24, 0),
            // Licenses made after Apache's.
            ("the name", "must not be used to endorse", 24, 0),
            ("the names", "must not be used to endorse", 24, 0),
            ("this software may not be called", "nor may", 16, 0),
            ("nor may", "appear in their name", 16, 0),
            ("nor may", "appear in their names", 16, 0),
            // Disclaimers in the name of a university or company.
            ("even if", "has been advised", 16, 0),
            ("even if", "have been advised", 16, 0),
            ("damage", "specifically disclaims", 16, 0),
            ("damage", "specifically disclaim", 16, 0),
            ("basis and", "has", 16, 0),
            ("basis and", "have", 16, 0),
            ("prior permission", "makes no representations", 16, 0),
            ("prior permission", "make no representations", 16, 0),
            ("prior permission", "disclaims all warranties", 16, 0),
            ("prior permission", "disclaim all warranties", 16, 0),
            ("implied warranty", "disclaims all warranties", 16, 0),
            ("implied warranty", "disclaim all warranties", 16, 0),
            ("as is and", "disclaims all warranties", 16, 0),
            ("as is and", "disclaim all warranties", 16, 0),
        ];
        let blanks = blanks.iter().map(|(from, to, most, whole)| Blank {
            from: tokens::words(from),
            to: tokens::words(to),
            most: *most,
            whole: *whole,
        });
        blanks.collect()
    });
    static BEGINNINGS: LazyLock<FxHashSet<u64>> =
        LazyLock::new(|| BLANKS.iter().map(|p| p.from[0]).collect());
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let is = |at: usize, words: &[u64]| {
        tokens.get(at..at + words.len()).is_some_and(|t| t.iter().map(|t| &t.hash).eq(words))
    };
    let mut at = 0;
    'tokens: while at < tokens.len() {
        if !BEGINNINGS.contains(&tokens[at].hash) {
            out.push(tokens[at]);
            at += 1;
            continue;
        }
        for blank in BLANKS.iter() {
            if tokens[at].hash != blank.from[0] || !is(at, &blank.from) {
                continue;
            }
            let start = at + blank.from.len();
            if let Some(n) = (0..=blank.most).find(|n| is(start + n, &blank.to)) {
                if blank.whole == 0 {
                    out.extend_from_slice(&tokens[at..start]);
                }
                // "may [not]" goes with the name, "be used" stays.
                at = start + n;
                if blank.whole > 0 {
                    at += if blank.to.len() == 6 { 2 } else { 1 };
                }
                continue 'tokens;
            }
        }
        out.push(tokens[at]);
        at += 1;
    }
    out
}
