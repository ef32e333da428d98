// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Words with a way back to their place: the one tokenizer for license texts and files.
//!
//! A token is a run of ASCII letters and digits, compared without regard to case. All
//! else, and with it comment markers, quotes, dashes, markup brackets and letters outside
//! ASCII, separates. Copyright lines are left out: they differ in every file and say
//! nothing about which license it is.

use std::ops::Range;

/// A word: its hash, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub hash: u64,
    pub start: u32,
    pub end: u32,
}

/// The tokens of `text[range]`, copyright lines left out. Offsets count from the start of
/// `text`, which must be shorter than 4 GiB.
pub(super) fn tokenize(text: &[u8], range: Range<usize>) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(range.len() / 6);
    let mut line_start = range.start;
    for newline in memchr::memchr_iter(b'\n', &text[range.clone()]).map(|n| range.start + n) {
        tokenize_line(text, line_start..newline, &mut tokens);
        line_start = newline + 1;
    }
    tokenize_line(text, line_start..range.end, &mut tokens);
    tokens
}

fn tokenize_line(text: &[u8], line: Range<usize>, tokens: &mut Vec<Token>) {
    let before = tokens.len();
    let mut at = line.start;
    while at < line.end {
        if !text[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let start = at;
        let mut hash = SEED;
        while at < line.end && text[at].is_ascii_alphanumeric() {
            hash = mix(hash, u64::from(text[at].to_ascii_lowercase()));
            at += 1;
        }
        tokens.push(Token { hash, start: offset(start), end: offset(at) });
    }
    if is_copyright(text, &tokens[before..]) {
        tokens.truncate(before);
    }
}

/// A line that begins with "Copyright" or "(c)" and goes on with a year, a name or a
/// placeholder; not prose such as "copyright notice and this permission notice".
fn is_copyright(text: &[u8], line: &[Token]) -> bool {
    let word = |i: usize| line.get(i).map(|t| &text[t.start as usize..t.end as usize]);
    // A whole license on one line may begin with its copyright notice.
    if line.len() > 24 {
        return false;
    }
    let is = |i: usize, w: &str| word(i).is_some_and(|x| x.eq_ignore_ascii_case(w.as_bytes()));
    let year = |i: usize| word(i).is_some_and(|x| x.len() == 4 && x.iter().all(u8::is_ascii_digit));
    if is(0, "copyright") {
        return year(1) || ["c", "yyyy", "year", "years", "dates", "by"].iter().any(|w| is(1, w));
    }
    (is(0, "c") && year(1))
        || (is(0, "all") && is(1, "rights") && is(2, "reserved") && line.len() == 3)
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("contents are limited to less than 4 GiB")
}

pub(super) const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// One step of a multiplicative hash; the same on every machine.
pub(super) fn mix(hash: u64, value: u64) -> u64 {
    (hash.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// Line numbers by offset, counted as far as they are asked for.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    /// Offsets behind every newline seen so far.
    starts: Vec<usize>,
    counted: usize,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a [u8]) -> Lines<'a> {
        Lines { text, starts: Vec::new(), counted: 0 }
    }

    /// The line on which the byte at `offset` stands, from 1.
    pub fn number(&mut self, offset: usize) -> u32 {
        let offset = offset.min(self.text.len());
        if offset > self.counted {
            let part = &self.text[self.counted..offset];
            self.starts.extend(memchr::memchr_iter(b'\n', part).map(|n| self.counted + n + 1));
            self.counted = offset;
        }
        let before = self.starts.partition_point(|s| *s <= offset);
        u32::try_from(before).map_or(u32::MAX, |n| n.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let tokens = tokenize(text.as_bytes(), 0..text.len());
        tokens.iter().map(|t| &text[t.start as usize..t.end as usize]).collect()
    }

    #[test]
    fn decoration_separates_and_case_does_not_matter() {
        assert_eq!(words(" * “As-is”, 2.0\n//%% foo_bar"), ["As", "is", "2", "0", "foo", "bar"]);
        let hash = |t: &str| tokenize(t.as_bytes(), 0..t.len())[0].hash;
        assert_eq!(hash("Warranty"), hash("WARRANTY"));
        assert_ne!(hash("Lesser"), hash("Library"));
    }

    #[test]
    fn copyright_lines_are_left_out_but_not_the_words_about_them() {
        assert_eq!(
            words("/* Copyright (c) 2020 Jane\n * (C) 2021 Joe\nAll rights reserved.\nok"),
            ["ok"]
        );
        assert_eq!(words("copyright notice and").len(), 3);
        assert_eq!(words("The above copyright 2020").len(), 4);
    }

    #[test]
    fn lines_are_counted_in_any_order_of_asking() {
        let mut lines = Lines::new(b"a\nb\n\nc");
        assert_eq!([6, 5, 2, 0, 4].map(|o| lines.number(o)), [4, 4, 2, 1, 3]);
        assert_eq!(Lines::new(b"").number(9), 1);
    }
}
