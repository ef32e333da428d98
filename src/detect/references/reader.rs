// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Reading names with what belongs to them: versions before or behind, whether later ones
//! are granted, and whether the words around speak of licenses at all.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::family::{Known, Later, Version};
use super::{How, Meaning, Reference, References, Speaks};
use crate::detect::combine::Sure;
use crate::detect::tokens::{PLUS, Token};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meant {
    No,
    /// Only beside others that are.
    Weak,
    Yes,
}

pub(super) struct Named {
    pub reference: Reference,
    pub meant: Meant,
    /// The number of the family that was named.
    pub family: Option<usize>,
}

#[derive(Default)]
struct Tail {
    versions: Vec<Version>,
    end: usize,
}

/// A version that stands before the name it belongs to.
struct Pending {
    start: usize,
    versions: Vec<Version>,
    end: usize,
}

pub(super) struct Reader<'a> {
    pub of: &'a References,
    pub text: &'a [u8],
    pub tokens: &'a [Token],
}

/// How many words may stand between a name and its version, or a version and "or later".
const TAIL: usize = 26;

/// Up to so many words must not be spread over several strings of a program.
const FEW: usize = 4;

/// How far back the words about licenses may stand from a weak name.
const APPROACH: usize = 9;

impl Reader<'_> {
    pub fn hash(&self, at: usize) -> Option<u64> {
        self.tokens.get(at).map(|t| t.hash)
    }

    pub fn is(&self, at: usize, set: &FxHashSet<u64>) -> bool {
        self.hash(at).is_some_and(|h| set.contains(&h))
    }

    /// What stands between two neighbouring words.
    pub fn gap(&self, at: usize) -> &[u8] {
        match (at.checked_sub(1).and_then(|b| self.tokens.get(b)), self.tokens.get(at)) {
            (Some(before), Some(here)) => &self.text[before.end as usize..here.start as usize],
            _ => b"",
        }
    }

    fn raw(&self, start: usize, end: usize) -> &[u8] {
        match (self.tokens.get(start), self.tokens.get(end.wrapping_sub(1))) {
            (Some(a), Some(b)) => &self.text[a.start as usize..b.end as usize],
            _ => b"",
        }
    }

    fn number_word(&self, at: usize) -> Option<&str> {
        let token = self.tokens.get(at)?;
        let word = token.bytes(self.text);
        if word[0].is_ascii_digit() && word.len() <= 4 {
            return std::str::from_utf8(word).ok();
        }
        self.of.words.numbers.iter().find(|(h, _)| *h == token.hash).map(|(_, n)| *n)
    }

    /// The number at a place, as "2.1" or "1.3c", and where it ends.
    fn number(&self, at: usize) -> Option<(String, usize)> {
        let mut number = self.number_word(at)?.to_owned();
        let mut end = at + 1;
        while end < at + 4
            && matches!(self.gap(end), b"." | b"-" | b"_")
            && self.tokens.get(end).is_some_and(|t| t.bytes(self.text)[0].is_ascii_digit())
        {
            let part = self.number_word(end)?;
            number.push('.');
            number.push_str(part);
            end += 1;
        }
        if let Some(letter) = self.tokens.get(end)
            && self.gap(end).is_empty()
            && letter.end - letter.start == 1
            && letter.hash != PLUS
        {
            let byte = letter.bytes(self.text)[0].to_ascii_lowercase();
            if (b'a'..=b'd').contains(&byte) {
                number.push(char::from(byte));
                end += 1;
            }
        }
        Some((number, end))
    }

    /// A number with the word "version" before it.
    fn version(&self, at: usize) -> Option<(String, usize)> {
        if !self.is(at, &self.of.words.version) {
            return None;
        }
        // "Versión", "versão".
        let tail = self.gap(at + 1);
        let accented = !tail.is_empty() && !tail.is_ascii() && tail.iter().all(|b| !b.is_ascii());
        self.number(at + 1 + usize::from(accented))
    }

    /// The licenses named, in order.
    pub fn read(&self) -> Vec<Reference> {
        self.choose(self.names())
    }

    fn names(&self) -> Vec<Named> {
        let mut named: Vec<Named> = Vec::new();
        let mut pending: Option<Pending> = None;
        // Where a phrase ends that denies what follows.
        let mut denied = usize::MAX;
        let mut at = 0;
        while at < self.tokens.len() {
            let Some((len, number)) = self.longest(at) else {
                if let Some((version, end)) = self.version(at) {
                    let mut versions = Vec::new();
                    let end = self.later(end, version, None, &mut versions);
                    pending = Some(Pending { start: at, versions, end });
                    at = end;
                } else {
                    at += 1;
                }
                continue;
            };
            let end = at + len;
            let mut surely = |expression: &str, how: How| {
                let reference = Reference::new(expression.to_owned(), at..end, how, number);
                named.push(Named { reference, meant: Meant::Yes, family: None });
            };
            at = match &self.of.meanings[number as usize] {
                Meaning::FalseAlarm { open } => {
                    if *open {
                        denied = end;
                    }
                    end
                }
                // "With the Bison exception" is known, "Bison exception 1.24" says more.
                Meaning::Rule { how: How::Exception | How::ExceptionName, .. }
                    if self.exception_beyond(at, end) =>
                {
                    at + 1
                }
                Meaning::Rule { expression, how, .. } => {
                    surely(expression, *how);
                    end
                }
                Meaning::Exception(id) => {
                    surely(id, How::ExceptionName);
                    end
                }
                Meaning::Address { id, vague } => {
                    surely(id, How::Address { vague: *vague });
                    end
                }
                Meaning::Id(id) => {
                    let plus = self.hash(end) == Some(PLUS);
                    let expression = if plus { format!("{id}+") } else { (*id).to_owned() };
                    let end = end + usize::from(plus);
                    let how = How::Name { sure: Sure::Exact };
                    let reference = Reference::new(expression, at..end, how, number);
                    // "DOC", "Intel", "Fair" are words, if not a field's value.
                    let meant = match id.contains('-') {
                        true => self.context(at, end, false),
                        false if self.is_value(at, end, id) => Meant::Yes,
                        false => Meant::No,
                    };
                    named.push(Named { reference, meant, family: None });
                    end
                }
                Meaning::Name { family, speaks } => {
                    let known = &self.of.families[*family];
                    let (versions, place) = self.versions(at..end, known, pending.take());
                    if let Some(expression) = known.expression(&versions) {
                        let sure = match &versions[..] {
                            [] if known.versions.is_empty() => Sure::Exact,
                            [] => Sure::Vague,
                            [.., (_, Later::Unsaid)] if known.gnu => Sure::Plain,
                            _ => Sure::Exact,
                        };
                        // `EXPORT_SYMBOL_GPL` is a name in a program.
                        let refused = denied == at
                            || *speaks != Speaks::Anywhere && self.gap(at) == b"_"
                            || self.is(end, &self.of.words.not_a_statement)
                            || versions.is_empty() && self.heads_notice(end)
                            || at > 0 && self.is(at - 1, &self.of.words.negation);
                        let gnu = known.gnu && known.unversioned.is_some();
                        let versioned = !versions.is_empty();
                        let meant = match speaks {
                            _ if refused => Meant::No,
                            Speaks::Alone if !self.alone(place.clone()) => Meant::No,
                            Speaks::InContext if !(gnu && versioned) => {
                                self.context(at, place.end, versioned)
                            }
                            _ => Meant::Yes,
                        };
                        let how = How::Name { sure };
                        let reference = Reference::new(expression, place.clone(), how, number);
                        named.push(Named { reference, meant, family: Some(*family) });
                    }
                    place.end
                }
            };
        }
        named
    }

    /// Whether the name of an exception begins within some words and reaches beyond them.
    fn exception_beyond(&self, start: usize, end: usize) -> bool {
        let names = |n: u32| matches!(self.of.meanings[n as usize], Meaning::Exception(_));
        (start + 1..end)
            .any(|at| self.longest(at).is_some_and(|(len, n)| at + len > end && names(n)))
    }

    /// The versions that belong to a name, behind it or before it, and the place of it all.
    fn versions(
        &self,
        name: Range<usize>,
        known: &Known,
        pending: Option<Pending>,
    ) -> (Vec<Version>, Range<usize>) {
        let words = &self.of.words;
        let tail = self.tail(name.end, known);
        let place = name.start..tail.end;
        let between = |to: usize| {
            to <= name.start
                && name.start - to <= 6
                && !self
                    .raw(to - 1, name.start + 1)
                    .windows(3)
                    .any(|w| matches!(w, b" | " | b" - "))
                && (to == name.start || (to..name.start).any(|n| self.is(n, &words.of)))
                && (to..name.start)
                    .all(|n| self.is(n, &words.of) || known.own.contains(&self.tokens[n].hash))
        };
        let before = pending
            .filter(|p| tail.versions.is_empty() && between(p.end))
            .filter(|p| p.versions.iter().any(|(v, _)| known.id(v).is_some()))
            // "1.0.0" is a version of the program.
            .filter(|p| p.versions.iter().all(|(v, _)| v.split('.').count() < 3));
        let Some(before) = before else { return (tail.versions, place) };
        // "version 2 of the GPL or any later version".
        if let [(version, Later::Unsaid)] = &before.versions[..] {
            let mut behind = Vec::new();
            let end = self.later(name.end, version.clone(), Some(known), &mut behind);
            if matches!(behind[..], [(_, Later::Only | Later::Granted)]) {
                return (behind, before.start..end.max(tail.end));
            }
        }
        (before.versions, before.start..tail.end)
    }

    /// Whether a number goes on at a place that began before it.
    fn is_inside_number(&self, at: usize) -> bool {
        let digit = |n: usize| self.tokens[n].bytes(self.text)[0].is_ascii_digit();
        at > 0 && self.gap(at) == b"." && digit(at) && digit(at - 1)
    }

    /// The longest sequence that begins at a place; the first added among equals.
    fn longest(&self, at: usize) -> Option<(usize, u32)> {
        let mut best: Option<(usize, u32)> = None;
        self.of.automaton.matches(&self.tokens[at..], |len, number| {
            let meaning = &self.of.meanings[number as usize];
            let fits = match meaning {
                Meaning::Id(id) => self.raw(at, at + len).eq_ignore_ascii_case(id.as_bytes()),
                // "Version 1.0 BSD" is not "0 BSD".
                _ if self.is_inside_number(at) => false,
                // "The MIT (http://example.org/mit.php) license" is none of PHP.
                Meaning::Name { .. }
                    if self.gap(at) == b"."
                        && (at + 1..at + len).any(|n| self.gap(n).contains(&b')')) =>
                {
                    false
                }
                Meaning::Address { .. } => {
                    let raw = self.raw(at, at + len);
                    !raw.contains(&b' ') && !raw.contains(&b'\n')
                }
                // Few words are no phrase when they stand in strings of their own.
                _ if len <= FEW => !(at + 1..at + len)
                    .any(|n| self.gap(n).windows(2).any(|w| matches!(w, b"\"," | b"',"))),
                _ => true,
            };
            if fits && best.is_none_or(|(longest, _)| len > longest) {
                best = Some((len, number));
            }
        });
        best
    }

    /// What belongs to a name that ends before `at`.
    fn tail(&self, at: usize, known: &Known) -> Tail {
        let words = &self.of.words;
        let mut tail = Tail { end: at, ..Tail::default() };
        if self.hash(at) == Some(PLUS) {
            return Tail { end: at + 1, ..tail };
        }
        let mut here = at;
        while here < at + TAIL {
            let close = here == at
                && self.gap(here).iter().all(|b| b" -_,()/\"':=>.v".contains(b))
                && !self.gap(here).starts_with(b". ");
            let number = match close {
                true => self.number(here),
                false => None,
            };
            let number = number.or_else(|| self.version(here));
            if let Some((version, end)) = number
                && known.id(&version).is_some()
            {
                let end = self.later(end, version, Some(known), &mut tail.versions);
                let from = self.tokens[at.saturating_sub(1)].end as usize;
                let to = self.tokens[here].start as usize;
                if self.text[from..to].windows(2).any(|w| w == b">=") {
                    for v in &mut tail.versions {
                        v.1 = Later::Granted;
                    }
                }
                tail.end = end;
                return tail;
            }
            if !(self.is(here, &words.filler)
                || self.hash(here).is_some_and(|h| known.own.contains(&h)))
            {
                break;
            }
            here += 1;
        }
        tail
    }

    /// Reads behind a version whether later ones are granted, or others beside it; gives
    /// where that ends.
    fn later(
        &self,
        at: usize,
        version: String,
        known: Option<&Known>,
        versions: &mut Vec<Version>,
    ) -> usize {
        let words = &self.of.words;
        let mut later = Later::Unsaid;
        let mut end = at;
        let mut more: Vec<Version> = Vec::new();
        if self.hash(at) == Some(PLUS) {
            versions.push((version, Later::Granted));
            return at + 1;
        }
        let mut chosen = false;
        let mut here = self.behind_aside(at);
        while here < at + TAIL && here < self.tokens.len() {
            if self.is(here, &words.later)
                && (chosen || self.gap(here).contains(&b'(') || self.gap(here) == b"-")
            {
                let denied = (at..here).any(|n| self.is(n, &words.negation));
                end = here + 1;
                if self.is(end, &words.version) {
                    end += 1;
                }
                // "Any later version accepted by the membership of KDE e.V." is not any later one.
                let depends = self.is(end, &words.accepted);
                later = if denied || depends { Later::Only } else { Later::Granted };
                break;
            }
            if self.is(here, &words.only) {
                later = Later::Only;
                end = here + 1;
                break;
            }
            if chosen
                && let Some((other, to)) = self
                    .version(here)
                    .or_else(|| (here == at + 1).then(|| self.number(here)).flatten())
                && known.is_none_or(|k| k.id(&other).is_some())
            {
                more.push((other, Later::Unsaid));
                here = to;
                end = to;
                continue;
            }
            chosen |= self.is(here, &words.choice) || self.is(here, &words.negation);
            let foreign = known.is_none_or(|k| !k.gnu) && self.is(here, &words.gnu);
            let passes = self.is(here, &words.between) && !foreign
                || self.is(here, &words.negation)
                || known.is_some_and(|k| self.hash(here).is_some_and(|h| k.own.contains(&h)));
            if !passes {
                break;
            }
            here += 1;
        }
        if let Some(last) = more.last_mut() {
            last.1 = later;
            versions.push((version, Later::Unsaid));
            versions.extend(more);
        } else {
            versions.push((version, later));
        }
        end
    }

    /// "GNU Public License Notice:" does not say which one; the notice below does.
    fn heads_notice(&self, end: usize) -> bool {
        self.is(end, &self.of.words.notice) && self.gap(end + 1).starts_with(b":")
    }

    /// Where a choice goes on behind an aside: "version 1.2 (local copy) or any later version".
    fn behind_aside(&self, at: usize) -> usize {
        const ASIDE: usize = 8;
        let opens = self.gap(at).contains(&b'(') && !self.is(at, &self.of.words.choice);
        let behind = opens.then(|| (at + 1..=at + ASIDE).find(|n| self.gap(*n).contains(&b')')));
        behind.flatten().filter(|n| self.is(*n, &self.of.words.choice)).unwrap_or(at)
    }

    /// Whether the words around a name speak of licenses.
    fn context(&self, start: usize, end: usize, versioned: bool) -> Meant {
        let words = &self.of.words;
        // Words about licenses right behind.
        let mut after = end;
        while after < end + 3 && self.is(after, &words.style) {
            after += 1;
        }
        if self.is(after, &words.license) && !self.breaks(end, after) {
            return Meant::Yes;
        }
        // Words about licenses, or about granting, on the way to it.
        let (mut under, mut by) = (false, false);
        for n in (start.saturating_sub(APPROACH)..start).rev() {
            let hash = self.tokens[n].hash;
            if words.license.contains(&hash) && (!self.breaks(n, start) || self.heads(n, start)) {
                return Meant::Yes;
            }
            let grants = under && words.grant.contains(&hash)
                || by && words.bound.contains(&hash)
                // "Used under BSD" is said of systems.
                || under && self.is(start - 1, &words.article) && words.use_.contains(&hash);
            if grants || words.under.contains(&hash) && self.is(end, &words.terms) {
                return Meant::Yes;
            }
            by |= words.by.contains(&hash);
            under |= words.under.contains(&hash);
            let heading = || words.heading.contains(&hash) && self.breaks(n, start);
            if !(words.approach.contains(&hash) || words.under.contains(&hash) || heading()) {
                break;
            }
        }
        if self.stated(start, end) || versioned && self.near(start, end) {
            return Meant::Yes;
        }
        Meant::Weak
    }

    /// Whether an id is the whole value of a field of that name ("License: Intel").
    fn is_value(&self, start: usize, end: usize, id: &str) -> bool {
        const SHORT: usize = 4;
        let quotes = |b: &u8| b.is_ascii_whitespace() || b"\"'`[]<>,;.".contains(b);
        let alone = end >= self.tokens.len()
            || self.gap(end).iter().all(|b| quotes(b) || *b == b'(')
                && (self.gap(end).contains(&b'\n') || self.gap(end).len() > 1);
        let gap = self.gap(start);
        alone
            && start.checked_sub(1).is_some_and(|n| self.is(n, &self.of.words.license))
            && gap.iter().any(|b| b":=".contains(b))
            && gap.iter().all(|b| quotes(b) || b":=".contains(b))
            && !gap.contains(&b'\n')
            && (id.len() > SHORT || self.raw(start, end) == id.as_bytes())
    }

    /// Whether a name is all that is said of a file ("this code is GPL."), of its license ("the license
    /// of the program is BSD") or in a field about copying ("Copying-policy: GPL").
    fn stated(&self, start: usize, end: usize) -> bool {
        let words = &self.of.words;
        let behind = &self.text[self.tokens[end - 1].end as usize..];
        let alone = end >= self.tokens.len()
            || behind.first().is_some_and(|b| b".,;)!<\"'".contains(b))
            || self.gap(end).contains(&b'\n');
        let Some(before) = start.checked_sub(1).filter(|_| alone) else { return false };
        if self.is(before, &words.label) {
            return self.gap(start).trim_ascii() == b":";
        }
        if self.gap(start).trim_ascii() == b"(" && behind.starts_with(b")") {
            let mut line = (start.saturating_sub(APPROACH)..start).rev();
            let is_above = |n: &usize| self.gap(*n + 1).contains(&b'\n');
            return line
                .find(|n| is_above(n) || self.is(*n, &words.copyright))
                .is_some_and(|n| !is_above(&n));
        }
        let (mut subject, to) = (before.saturating_sub(APPROACH)..before, before);
        self.is(before, &words.is)
            && !self.breaks(before, start)
            && (to.checked_sub(1).is_some_and(|n| self.is(n, &words.work) && !self.breaks(n, to))
                || subject.any(|n| {
                    self.is(n, &words.license) && self.is(n + 1, &words.of) && !self.breaks(n, to)
                }))
    }

    /// Whether words are a sentence of their own ("Public domain."), or the line of a comment.
    fn alone(&self, words: Range<usize>) -> bool {
        let behind = &self.text[self.tokens[words.end - 1].end as usize..];
        let said = behind.iter().find(|b| !b" \t\r".contains(b));
        if !said.is_none_or(|b| b".,;\n*\"".contains(b)) {
            return false;
        }
        // "In the public domain."
        let inside = words
            .start
            .checked_sub(2)
            .filter(|n| self.raw(*n, words.start).eq_ignore_ascii_case(b"in the"));
        let start = inside.unwrap_or(words.start);
        let from = start.checked_sub(1).map_or(0, |n| self.tokens[n].end as usize);
        let first = self.tokens[start].start as usize;
        if !self.text[first].is_ascii_uppercase() {
            return false;
        }
        let gap = &self.text[from..first];
        let (above, mark) = match gap.iter().rposition(|b| *b == b'\n') {
            Some(n) => (&gap[..n], &gap[n + 1..]),
            // The end of a sentence, or the beginning of the content.
            None if start > 0 => {
                return gap.starts_with(b".") && gap[1..].iter().all(|b| *b == b' ');
            }
            None => (&b""[..], gap),
        };
        let mark = mark.trim_ascii();
        let comment = mark.iter().all(|b| b"/*#;%!".contains(b)) && mark != b"##";
        let begins = start == 0 || above.contains(&b'\n') || above.trim_ascii_end().ends_with(b".");
        let ends = said.is_none_or(|b| *b == b'\n');
        comment && (start == 0 || !mark.is_empty()) && (begins || ends)
    }

    /// Whether something is said to be "licensed under" what begins at a place.
    pub fn granted(&self, start: usize) -> bool {
        let words = &self.of.words;
        let from = start.saturating_sub(APPROACH);
        let under = (from..start).rev().find(|n| self.is(*n, &words.under));
        under.is_some_and(|under| {
            let from = under.saturating_sub(APPROACH);
            !self.breaks(under, start) && (from..under).any(|n| self.is(n, &words.grant))
        })
    }

    /// Whether a sentence ends between two words.
    pub fn breaks(&self, from: usize, to: usize) -> bool {
        (from + 1..=to).any(|n| {
            let gap = self.gap(n);
            gap.windows(2).any(|w| matches!(w, b". " | b".\n" | b"; "))
                || gap.iter().any(|b| matches!(b, b']' | b'}'))
                || gap.iter().filter(|b| **b == b'\n').count() > 1
        })
    }

    /// Whether a word is the heading above what begins right behind it, or begins that heading.
    fn heads(&self, word: usize, start: usize) -> bool {
        let gap = self.gap(start);
        (word + 1..start).all(|n| self.is(n, &self.of.words.heading))
            && gap.iter().all(|b| b.is_ascii_whitespace() || b"#=-_*:~[".contains(b))
            && gap.iter().filter(|b| **b == b'\n').count() <= 3
    }

    fn near(&self, start: usize, end: usize) -> bool {
        let to = (end + 12).min(self.tokens.len());
        (start.saturating_sub(12)..to).any(|n| self.is(n, &self.of.words.license))
    }
}
