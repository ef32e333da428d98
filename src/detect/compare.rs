// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What was changed in a text: its words against those of the license, with lines and some
//! words around.
//!
//! What may differ from copy to copy is no change, much as the matching guidelines of the SPDX
//! list have it: copyright lines, blanks for names (`texts` leaves them out on both sides), the
//! title above a text, numbers before the items of a list, `http` for `https`, and what stands
//! before and behind a text in a file that is about something else.

use std::ops::Range;

use similar::{Algorithm, DiffOp};

use super::tokens::{self, Lines, Token};

/// Words that are shown around a change.
const CONTEXT: usize = 6;

/// So few words that are alike between two changes are shown as changed with them.
const BETWEEN: usize = 2;

/// Most words of a title.
const TITLE: usize = 16;

/// Words of a part of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Same(String),
    /// The license has them and the file has not.
    Missing(String),
    /// The file has them and the license has not.
    Added(String),
}

/// A place where a text was changed, with the words around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it is in the file, counted from 1.
    pub line: u32,
    pub pieces: Vec<Piece>,
}

/// A text, or a part of it: the bytes and those of their words that count.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub text: &'a [u8],
    pub tokens: &'a [Token],
}

impl Words<'_> {
    /// The words as they are written, on one line, without what marks comments.
    fn written(self, range: Range<usize>) -> String {
        let beside = |bytes: &[u8], marks: &str| -> String {
            let own = bytes.iter().map(|b| char::from(*b)).take_while(|c| marks.contains(*c));
            own.take(3).collect()
        };
        let (first, last) = (&self.tokens[range.start], &self.tokens[range.end - 1]);
        let before: Vec<u8> =
            self.text[..first.start as usize].iter().rev().take(3).copied().collect();
        let mut out: String = beside(&before, "(\"'<").chars().rev().collect();
        for n in range.clone() {
            let token = &self.tokens[n];
            if n > range.start {
                let gap = &self.text[self.tokens[n - 1].end as usize..token.start as usize];
                let line = memchr::memchr(b'\n', gap).map_or(gap, |end| &gap[..end]);
                // What was left out between two words is not for the eyes either.
                match line.iter().any(u8::is_ascii_alphanumeric) {
                    true => out.push(' '),
                    false if line.len() < gap.len() => {
                        out.push_str(String::from_utf8_lossy(line).trim_end());
                        out.push(' ');
                    }
                    false => out.push_str(&folded(&String::from_utf8_lossy(gap))),
                }
            }
            out.push_str(&String::from_utf8_lossy(token.bytes(self.text)));
        }
        out.push_str(&beside(&self.text[last.end as usize..], ".,;:!?)\"'>"));
        out
    }

    /// Whether a sentence or clause begins with a word.
    fn begins(self, at: usize) -> bool {
        let before = at.checked_sub(1).map_or(0, |b| self.tokens[b].end as usize);
        let gap = &self.text[before..self.tokens[at].start as usize];
        at == 0 || gap.iter().any(|b| b".;:".contains(b)) || gap.windows(2).any(|w| w == b"\n\n")
    }

    /// Where a run of words that are only on this side may begin as well, in words further on: if
    /// "a b" is missing from "x a b a y", it may be "b a". What begins a sentence reads best.
    fn slide(self, run: &Range<usize>, room: usize) -> usize {
        let same = |n: usize| {
            let (a, b) = (self.tokens.get(run.start + n), self.tokens.get(run.end + n));
            a.zip(b).is_some_and(|(a, b)| a.hash == b.hash)
        };
        let far = (0..room).take_while(|n| same(*n)).count();
        (0..=far).find(|n| self.begins(run.start + n)).unwrap_or(0)
    }

    fn hashes(self) -> Vec<u64> {
        let [http, https] = [tokens::words("http")[0], tokens::words("https")[0]];
        self.tokens.iter().map(|t| if t.hash == http { https } else { t.hash }).collect()
    }

    /// The words that tell one copy of a text from another.
    fn counting(self) -> Vec<Token> {
        let copyright = tokens::words("copyright")[0];
        let mut kept: Vec<Token> = Vec::with_capacity(self.tokens.len());
        // Where a line ends that is left out.
        let mut until = 0;
        for (n, token) in self.tokens.iter().enumerate() {
            let (start, end) = (token.start as usize, token.end as usize);
            if start < until || self.is_item(token) {
                continue;
            }
            if token.hash == copyright && self.tokens[n..].iter().take(4).any(|t| self.is_year(t)) {
                let line = memchr::memrchr(b'\n', &self.text[..start]).map_or(0, |n| n + 1);
                while kept.pop_if(|t| t.start as usize >= line).is_some() {}
                let rest = &self.text[end..];
                until = end + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                continue;
            }
            kept.push(*token);
        }
        kept
    }

    fn is_year(self, token: &Token) -> bool {
        let word = token.bytes(self.text);
        word.len() == 4 && word.iter().all(u8::is_ascii_digit)
    }

    /// Whether a word is the number or letter before an item of a list: `1.`, `(a)`.
    fn is_item(self, token: &Token) -> bool {
        let word = token.bytes(self.text);
        let counts = word.len() <= 2 && word.iter().all(u8::is_ascii_digit)
            || word.len() == 1
            || word.len() <= 4 && word.iter().all(|b| b"ivxIVX".contains(b));
        let before = self.text[..token.start as usize].iter().rev();
        let mut before = before.take_while(|b| **b != b'\n').take(40);
        counts
            && matches!(self.text.get(token.end as usize), Some(b'.' | b')'))
            && !before.any(u8::is_ascii_alphanumeric)
    }
}

/// Blanks as one, at either end as well.
fn folded(gap: &str) -> String {
    let mut out = String::with_capacity(gap.len());
    for c in gap.chars() {
        match c.is_whitespace() {
            true if out.ends_with(' ') => {}
            true => out.push(' '),
            false => out.push(c),
        }
    }
    out
}

/// How many words at the beginning of a license's text are its title: a short first paragraph,
/// or several, above one that is not.
pub(super) fn title(own: Words<'_>) -> usize {
    let mut title = 0;
    for n in 1..own.tokens.len().min(TITLE + 1) {
        let gap = &own.text[own.tokens[n - 1].end as usize..own.tokens[n].start as usize];
        let before = own.text[..own.tokens[n].start as usize].trim_ascii_end();
        if before.last().is_some_and(|b| b".,:;".contains(b)) {
            break;
        }
        if gap.split(|b| *b == b'\n').skip(1).any(|line| line.trim_ascii().is_empty()) {
            title = n;
        }
    }
    title
}

/// Whether the words of a license stand in `here` in one piece, with the title or without.
pub(super) fn is_verbatim(own: Words<'_>, here: Words<'_>) -> bool {
    let title = title(own);
    let own = Words { tokens: &own.tokens[title..], ..own };
    let hashes = |words: Words<'_>| Words { tokens: &words.counting(), ..words }.hashes();
    let (own, here) = (hashes(own), hashes(here));
    !own.is_empty() && here.windows(own.len()).any(|w| w == own)
}

/// What differs between the text of a license and the words of a file that were taken for it.
/// With `whole` all these words are about the license; otherwise it may begin and end among
/// them.
pub(super) fn changes(own: Words<'_>, here: Words<'_>, whole: bool) -> Vec<Change> {
    let title = title(own);
    let titled = &own.tokens[..title];
    let own = Words { tokens: &own.tokens[title..], ..own };
    let (own_counting, here_counting) = (own.counting(), here.counting());
    let own = Words { tokens: &own_counting, ..own };
    let here = Words { tokens: &here_counting, ..here };
    // Myers with bounds on the work: no file can make this slow.
    let ops = similar::capture_diff_slices(Algorithm::Myers, &own.hashes(), &here.hashes());
    let mut runs: Vec<Run> = ops.iter().map(Run::from).collect();
    for n in 1..runs.len() {
        let (run, room) = (&runs[n], runs.get(n + 1).map_or(0, |next| next.new.len()));
        let by = match (run.same, run.old.is_empty(), run.new.is_empty()) {
            (false, false, true) => own.slide(&run.old, room),
            (false, true, false) => here.slide(&run.new, room),
            _ => 0,
        };
        if by > 0 {
            runs[n - 1].grow(by, 0);
            runs[n].slide(by);
            runs[n + 1].grow(0, by);
        }
    }
    let heading = |r: &Run| r.new.clone().all(|n| is_title(titled, &here.tokens[n], here.text));
    if let Some(first) = runs.first_mut()
        && !first.same
    {
        let above = &here.tokens[..first.new.end];
        match !whole || heading(first) {
            true => first.cut(first.new.end),
            // The title is none of the words above the text.
            false if !titled.is_empty() && ends_with(above, titled) => {
                first.new.end -= titled.len();
            }
            false => {}
        }
    }
    if let Some(last) = runs.last_mut()
        && !last.same
        && !whole
    {
        last.cut(last.new.start);
    }
    runs.retain(|r| !r.old.is_empty() || !r.new.is_empty());
    let mut lines = Lines::new(here.text);
    let mut changes: Vec<Change> = Vec::new();
    let runs = joined(runs);
    for (n, run) in runs.iter().enumerate() {
        if run.same {
            // Up to the next change; the words behind the last one are put in below.
            continue;
        }
        let before = n.checked_sub(1).map(|n| &runs[n]);
        let close = before.is_some_and(|b| n > 1 && b.new.len() <= 2 * CONTEXT);
        let mut pieces = Vec::new();
        if let Some(before) = before {
            let from = match close {
                true => before.new.start,
                false => before.new.start.max(before.new.end.saturating_sub(CONTEXT)),
            };
            pieces.extend(piece(Piece::Same, here, from..before.new.end));
        }
        pieces.extend(piece(Piece::Missing, own, run.old.clone()));
        pieces.extend(piece(Piece::Added, here, run.new.clone()));
        let after = runs.get(n + 1);
        if let Some(after) = after
            && !(after.new.len() <= 2 * CONTEXT && n + 2 < runs.len())
        {
            let to = after.new.end.min(after.new.start + CONTEXT);
            pieces.extend(piece(Piece::Same, here, after.new.start..to));
        }
        match changes.last_mut() {
            Some(last) if close => last.pieces.extend(pieces),
            _ => {
                // Words that are missing are missing behind the word before them.
                let at = match run.new.is_empty() {
                    true => run.new.start.saturating_sub(1),
                    false => run.new.start,
                };
                let line = here.tokens.get(at).map_or(1, |t| lines.number(t.start as usize));
                changes.push(Change { line, pieces });
            }
        }
    }
    changes
}

fn piece(of: fn(String) -> Piece, words: Words<'_>, range: Range<usize>) -> Option<Piece> {
    (!range.is_empty()).then(|| of(words.written(range)))
}

fn ends_with(words: &[Token], end: &[Token]) -> bool {
    words.len() >= end.len()
        && words[words.len() - end.len()..].iter().zip(end).all(|(a, b)| a.hash == b.hash)
}

/// Whether a word above a text says no more than its title.
fn is_title(title: &[Token], word: &Token, text: &[u8]) -> bool {
    title.iter().any(|t| t.hash == word.hash)
        || ["the", "license", "version"]
            .iter()
            .any(|w| word.bytes(text).eq_ignore_ascii_case(w.as_bytes()))
}

/// Words of both sides that belong to each other.
#[derive(Clone)]
struct Run {
    same: bool,
    old: Range<usize>,
    new: Range<usize>,
}

impl Run {
    fn grow(&mut self, end: usize, start: usize) {
        self.old = self.old.start + start..self.old.end + end;
        self.new = self.new.start + start..self.new.end + end;
    }

    fn slide(&mut self, by: usize) {
        self.grow(by, by);
    }

    /// Leaves out the words of the file, which lie before or behind the text.
    fn cut(&mut self, at: usize) {
        self.new = at..at;
        self.same = self.old.is_empty();
    }
}

impl From<&DiffOp> for Run {
    fn from(op: &DiffOp) -> Run {
        Run { same: matches!(op, DiffOp::Equal { .. }), old: op.old_range(), new: op.new_range() }
    }
}

/// Neighbours as one, and with them what is alike by mere chance: "of" and "the" are in every
/// sentence.
fn joined(runs: Vec<Run>) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::with_capacity(runs.len());
    let count = runs.len();
    for (n, mut run) in runs.into_iter().enumerate() {
        run.same &= n == 0 || n + 1 == count || run.new.len() > BETWEEN;
        match out.last_mut() {
            Some(last) if last.same == run.same => {
                last.old.end = run.old.end;
                last.new.end = run.new.end;
            }
            _ => out.push(run),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::blanks::invariant;

    /// The changes as `git diff --word-diff` writes them, each behind its line.
    fn shown(own: &str, here: &str, whole: bool) -> Vec<String> {
        let read = |text: &str| invariant(&tokens::tokenize(text.as_bytes(), 0..text.len()));
        let (a, b) = (read(own), read(here));
        let own = Words { text: own.as_bytes(), tokens: &a };
        let here = Words { text: here.as_bytes(), tokens: &b };
        let found = changes(own, here, whole);
        assert_eq!(is_verbatim(own, here), changes(own, here, false).is_empty(), "{found:?}");
        let piece = |p: &Piece| match p {
            Piece::Same(words) => words.clone(),
            Piece::Missing(words) => format!("[-{words}-]"),
            Piece::Added(words) => format!("{{+{words}+}}"),
        };
        let pieces = |c: &Change| c.pieces.iter().map(piece).collect::<Vec<_>>().join(" ");
        found.iter().map(|c| format!("{} {}", c.line, pieces(c))).collect()
    }

    const OWN: &str = "Zebra License\n\nCopyright (c) <year> <owner>\n\n\
        You may ride the zebra, provided that you bring it back:\n\n\
        1. before the sun sets, and\n2. without a scratch.\n\n\
        The zebra is provided by the owner as is. It may bite; see http://zebra.example.org for \
        what to do then.\n";

    #[test]
    fn what_differs_from_copy_to_copy_is_no_change() {
        let here = "/*\n * stripes.c\n * Copyright 2020 Jane\n * the stripes, copyright (c) 2021 Joe\n \
            * You may ride\n * the ZEBRA provided that you bring it back:\n * - before the sun sets, \
            and\n * - without a scratch.\n * The zebra is provided by Jane and Joe \"as is\". It may \
            bite;\n * see https://zebra.example.org for what to do then.\n */\nint main;\n";
        assert_eq!(shown(OWN, here, false), [""; 0]);
    }

    #[test]
    fn what_was_put_in_or_left_out_is_shown_with_its_line_and_some_words() {
        let here = OWN.replace("may ride", "may on Sundays, and then only, ride");
        assert_eq!(
            shown(OWN, &here, true),
            ["5 You may {+on Sundays, and then only,+} ride the zebra, provided that you"]
        );
        let here = OWN.replace(" It may bite;", "");
        assert_eq!(
            shown(OWN, &here, true),
            ["10 zebra is provided by as is. [-It may bite;-] see http://zebra.example.org for"]
        );
        // Two changes near each other are one, and what is alike by chance is no word between.
        let here = OWN.replace("bring it back", "lead it home").replace("the sun sets", "dusk");
        assert_eq!(
            shown(OWN, &here, true),
            [
                "5 ride the zebra, provided that you [-bring it back: before the sun sets,-] {+lead it \
              home: before dusk,+} and without a scratch. The zebra"
            ]
        );
    }

    #[test]
    fn what_is_missing_is_missing_from_the_beginning_of_a_sentence() {
        let own = "Keep the zebra. The keeper is not liable for the zebra. Goodbye.";
        assert_eq!(
            shown(own, "Keep the zebra. Goodbye.", true),
            ["1 Keep the zebra. [-The keeper is not liable for the zebra.-] Goodbye."]
        );
        assert_eq!(
            shown(own, "Keep the zebra.", true),
            ["1 Keep the zebra. [-The keeper is not liable for the zebra. Goodbye.-]"]
        );
    }

    #[test]
    fn words_beside_a_text_count_where_nothing_else_is_in_the_file() {
        let here = format!("No riding for money.\n\n{OWN}\nOr for fame.\n");
        assert_eq!(shown(OWN, &here, false), [""; 0]);
        let shown = shown(OWN, &here, true);
        assert!(shown[0].starts_with("1 {+No riding for money.+} You may ride"), "{shown:?}");
        assert!(shown[1].ends_with("to do then. {+Or for fame.+}"), "{shown:?}");
        assert!(self::shown(OWN, &format!("The Zebra License (Zebra)\n\n{OWN}"), true).is_empty());
    }

    #[test]
    fn a_long_text_against_another_is_compared_in_no_time() {
        let words = |n: usize, m: usize| {
            (0..n)
                .map(|i| format!("w{} ", char::from(b'a' + (i * m % 23) as u8)))
                .collect::<String>()
        };
        let changes = shown(&words(20_000, 7), &words(20_000, 5), true);
        assert!(!changes.is_empty());
    }
}
