// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Licenses that are named: in a sentence that grants, in a field, beside each other with a slash
//! between, by their address, or in the fixed words of a rule.
//!
//! One automaton finds names, addresses and rules in the words of a region. A name is
//! read with what belongs to it: versions before or behind it, and whether later ones are
//! granted. A name that is also a common word counts only in the company of words about
//! licenses or of other licenses. Which of all that is said about a file holds is decided in
//! `combine`.

use rustc_hash::FxHashSet;

use super::automaton::Automaton;
use super::combine::Sure;
use super::tokens::{self, PLUS, Token};
use crate::licenses::Licenses;
use crate::licenses::names::{self, Family};
use crate::licenses::rules::RuleKind;

/// A license named at a place, positions in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub expression: String,
    pub start: usize,
    pub end: usize,
    pub how: How,
    /// Whether it is joined by "or" to the reference before it.
    pub or: bool,
    /// Whether the words before it say that something stands under it.
    pub granted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// The fixed words of a rule, by its number.
    Rule(u32),
    /// A name, and how much it says of the version.
    Name {
        sure: Sure,
    },
    Address,
    /// The words of an exception, to be attached to the license that stands by it.
    Exception,
    /// The name of an exception, which says something only behind a license.
    ExceptionName,
}

/// What a sequence of the automaton stands for.
enum Meaning {
    Name {
        family: usize,
        strong: bool,
    },
    /// An SPDX id as it is written, hyphens and all.
    Id(&'static str),
    Exception(String),
    Rule(u32),
    FalseAlarm {
        open: bool,
    },
    Address(String),
}

pub(super) struct References {
    automaton: Automaton,
    meanings: Vec<Meaning>,
    families: Vec<Known>,
    words: Words,
}

/// A family of licenses, ready for use.
struct Known {
    /// Version without trailing `.0` to id or stem.
    versions: Vec<(String, String)>,
    unversioned: Option<String>,
    gnu: bool,
    /// Words of its own names, which may stand between a version and "or later".
    own: FxHashSet<u64>,
}

/// Sets of words that the grammar knows.
struct Words {
    version: FxHashSet<u64>,
    numbers: Vec<(u64, &'static str)>,
    /// Between a name and its version.
    filler: FxHashSet<u64>,
    /// Between a version and "or later".
    between: FxHashSet<u64>,
    later: FxHashSet<u64>,
    choice: FxHashSet<u64>,
    only: FxHashSet<u64>,
    negation: FxHashSet<u64>,
    /// Between a version and the name it belongs to.
    of: FxHashSet<u64>,
    gnu: FxHashSet<u64>,
    /// Words about licenses.
    license: FxHashSet<u64>,
    /// What may stand between such a word and a name.
    approach: FxHashSet<u64>,
    grant: FxHashSet<u64>,
    under: FxHashSet<u64>,
    style: FxHashSet<u64>,
    joint: FxHashSet<u64>,
    or: FxHashSet<u64>,
    either: FxHashSet<u64>,
    not_a_statement: FxHashSet<u64>,
    ends_open: FxHashSet<u64>,
}

fn set(words: &str) -> FxHashSet<u64> {
    words.split_whitespace().flat_map(tokens::words).collect()
}

impl Words {
    fn new() -> Words {
        let numbers =
            [("one", "1"), ("two", "2"), ("three", "3")].map(|(w, n)| (tokens::words(w)[0], n));
        Words {
            version: set("version versions ver vers v rev revision release"),
            numbers: numbers.to_vec(),
            filler: set(
                "as published by the free software foundation inc either under terms of license \
                 licenses a an its is open source agreement this that apache org gnu gpl lgpl agpl \
                 fdl gfdl general public osi approved number no standard and conditions to said mpl \
                 fsf only",
            ),
            between: set(
                "as published by the free software foundation inc either or and of this that \
                 license licenses at your option any a an its all choice discretion you may use if \
                 wish prefer like gnu general public gpl in our their user s users to be \
                 also can its opinion every version versions software preferably from then date \
                 dated june february march july 1991 1999 2007 2 1 3",
            ),
            later: set(
                "later newer higher greater above subsequent future superior up latter upwards \
                 upward onwards onward following more recent beyond after better over",
            ),
            choice: set("or and any all at"),
            only: set("only solely exclusively"),
            negation: set("no not neither without nor"),
            of: set("of the a gnu that your this our or either under terms"),
            gnu: set("gnu gpl general public"),
            license: set(
                "license licenses licensed licensing licensable sublicense relicensed license",
            ),
            approach: set(
                "the a an either both of terms and conditions under gnu new standard dual its \
                 this same open source free software any one all by is are as with s your \
                 usual permissive following mode version or simplified public osi approved \
                 available distributed released in to type file info text code project name \
                 modified revised double only agreement style",
            ),
            grant: set(
                "licensed released distributed available published provided covered dual release \
                 distribute redistribute redistributed relicensed offered placed made license used \
                 use modify copied modified governed license it protected open opensource software \
                 sourced source code is are copyrighted",
            ),
            under: set("under terms conditions subject per"),
            style: set("style like type open source public software free s ed compatible x"),
            joint: set(
                "or and the gnu either both a an also under with plus as well of dual new terms",
            ),
            or: set("or either"),
            either: set("either dual dually choice alternatively alternative choose double"),
            not_a_statement: set(
                "compatible incompatible violation violations compat compatibility zealot faq",
            ),
            ends_open: set("with the to as like than under unlike a by of and or not from non"),
        }
    }
}

/// How surely a name is meant to say under which license something stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Meant {
    No,
    /// Only beside others that are.
    Weak,
    Yes,
}

struct Named {
    reference: Reference,
    meant: Meant,
}

/// A version and whether later ones are granted.
type Version = (String, Later);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Later {
    Unsaid,
    Only,
    Granted,
}

/// What is read behind a name.
#[derive(Default)]
struct Tail {
    versions: Vec<Version>,
    /// `GPL+`.
    plus: bool,
    end: usize,
}

impl References {
    pub fn new(licenses: &Licenses) -> References {
        let mut sequences: Vec<(Vec<u64>, u32)> = Vec::new();
        let mut meanings: Vec<Meaning> = Vec::new();
        let mut add = |words: Vec<u64>, meaning: Meaning| {
            sequences.push((words, u32::try_from(meanings.len()).expect("fewer than 2^32")));
            meanings.push(meaning);
        };
        let words = Words::new();
        let mut families = Vec::new();
        let mut covered: FxHashSet<String> = FxHashSet::default();
        for family in licenses.names().families.values() {
            let number = families.len();
            let known = known(family);
            for (_, id) in &known.versions {
                covered.extend([id.clone(), format!("{id}-only"), format!("{id}-or-later")]);
                covered.insert(format!("{id}+"));
            }
            for (patterns, strong) in [(&family.strong, true), (&family.weak, false)] {
                for name in patterns.iter().flat_map(|p| names::expand(p).unwrap_or_default()) {
                    add(tokens::words(&name), Meaning::Name { family: number, strong });
                }
            }
            families.push(known);
        }
        for id in crate::licenses::license_ids() {
            // "DOC", "Intel", "Fair": what is but a word is listed with its names, if at all.
            let numbered = id.contains('-') && id.bytes().any(|b| b.is_ascii_digit());
            if !covered.contains(id) && numbered {
                add(tokens::words(id), Meaning::Id(id));
            }
        }
        for (id, exception) in &licenses.names().exceptions {
            for name in exception.names.iter().flat_map(|p| names::expand(p).unwrap_or_default()) {
                add(tokens::words(&name), Meaning::Exception(id.clone()));
            }
        }
        for (number, rule) in (0u32..).zip(licenses.rules()) {
            let own = tokens::words(&rule.text);
            let meaning = match rule.kind {
                RuleKind::FalsePositive => Meaning::FalseAlarm {
                    open: own.last().is_some_and(|w| words.ends_open.contains(w)),
                },
                RuleKind::Intro | RuleKind::Clue | RuleKind::Text => continue,
                _ => Meaning::Rule(number),
            };
            add(own, meaning);
        }
        for (address, id) in addresses(licenses) {
            add(tokens::words(&address), Meaning::Address(id));
        }
        References { automaton: Automaton::new(sequences), meanings, families, words }
    }

    /// The licenses named in `tokens`, in order.
    pub fn find(&self, licenses: &Licenses, text: &[u8], tokens: &[Token]) -> Vec<Reference> {
        let reader = Reader { of: self, licenses, text, tokens };
        reader.choose(reader.read())
    }
}

fn known(family: &Family) -> Known {
    let own = family
        .strong
        .iter()
        .chain(&family.weak)
        .flat_map(|p| names::expand(p).unwrap_or_default())
        .flat_map(|n| tokens::words(&n))
        .collect();
    Known {
        versions: family
            .versions
            .iter()
            .map(|(v, id)| (bare_version(v).to_owned(), id.clone()))
            .collect(),
        unversioned: family.unversioned.clone(),
        gnu: family.gnu,
        own,
    }
}

fn bare_version(version: &str) -> &str {
    let mut v = version;
    while let Some(short) = v.strip_suffix(".0") {
        v = short;
    }
    v
}

/// Addresses of license texts without scheme, host prefix and ending, with what they say.
fn addresses(licenses: &Licenses) -> Vec<(String, String)> {
    let mut all: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    let mut clash: FxHashSet<String> = FxHashSet::default();
    let mut put = |url: String, id: &str| {
        if let Some(known) = all.get(&url)
            && stem(known) != stem(id)
        {
            clash.insert(url);
        } else {
            all.entry(url).or_insert_with(|| id.to_owned());
        }
    };
    for a in licenses.addresses() {
        // The plain id of a GNU license stands for all its forms: its address does not say.
        let id = match licenses.is_deprecated(a.id) {
            true => licenses.parse(a.id).map_or(a.id.to_owned(), |e| e.to_string()),
            false => a.id.to_owned(),
        };
        if id.ends_with("-or-later") || id.contains(" ") {
            continue;
        }
        let url = a.url.split_once("://").map_or(a.url, |(_, rest)| rest);
        let url = url.strip_prefix("www.").unwrap_or(url);
        let url = url.split_once("web/").map_or(url, |(before, rest)| {
            match before == "web.archive.org/" {
                true => rest
                    .split_once("://")
                    .map_or(rest, |(_, r)| r.strip_prefix("www.").unwrap_or(r)),
                false => url,
            }
        });
        let mut url = url.trim_end_matches('/');
        for ending in [".html", ".htm", ".txt", ".php", ".md"] {
            url = url.strip_suffix(ending).unwrap_or(url);
        }
        let path = url.split_once('/').map_or("", |(_, path)| path);
        if tokens::words(path).len() >= 2 || tokens::words(path).len() == 1 && path.len() >= 5 {
            put(url.to_owned(), &id);
        }
    }
    for id in crate::licenses::license_ids() {
        let canonical = licenses.parse(id).map_or(id.to_owned(), |e| e.to_string());
        if canonical.contains(' ') {
            continue;
        }
        for base in ["opensource.org/licenses", "opensource.org/license", "spdx.org/licenses"] {
            put(format!("{base}/{id}"), &canonical);
        }
    }
    all.into_iter().filter(|(url, _)| !clash.contains(url)).collect()
}

/// A GNU id without what says whether later versions are granted.
pub(super) fn stem(id: &str) -> &str {
    let id = id.strip_suffix('+').unwrap_or(id);
    id.strip_suffix("-only").or_else(|| id.strip_suffix("-or-later")).unwrap_or(id)
}

struct Reader<'a> {
    of: &'a References,
    licenses: &'a Licenses,
    text: &'a [u8],
    tokens: &'a [Token],
}

/// How many words may stand between a name and its version, or a version and "or later".
const TAIL: usize = 26;

/// Up to so many words must not be spread over several strings of a program.
const FEW: usize = 4;

/// A rule for an exception with fewer words than this only names it.
const EXCEPTION_WORDS: usize = 5;

/// How many licenses, not farther apart than so many words, make a catalogue.
const CATALOGUE: usize = 12;
const CATALOGUE_GAP: usize = 40;

/// How far back the words about licenses may stand from a weak name.
const APPROACH: usize = 9;

impl Reader<'_> {
    fn hash(&self, at: usize) -> Option<u64> {
        self.tokens.get(at).map(|t| t.hash)
    }

    fn is(&self, at: usize, set: &FxHashSet<u64>) -> bool {
        self.hash(at).is_some_and(|h| set.contains(&h))
    }

    /// What stands between two neighbouring words.
    fn gap(&self, at: usize) -> &[u8] {
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
        if word[0].is_ascii_digit() && word.len() <= 3 {
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
        let next = at + 1;
        self.number(next)
    }

    fn read(&self) -> Vec<Named> {
        let words = &self.of.words;
        let mut named: Vec<Named> = Vec::new();
        // A version that stands before the name it belongs to.
        let mut pending: Option<(usize, Vec<Version>, usize)> = None;
        // Where a phrase ends that denies what follows.
        let mut denied = usize::MAX;
        let mut at = 0;
        while at < self.tokens.len() {
            let Some((len, meaning)) = self.longest(at) else {
                if let Some((version, end)) = self.version(at) {
                    let mut versions = Vec::new();
                    let end = self.later(end, version, None, &mut versions);
                    pending = Some((at, versions, end));
                    at = end;
                } else {
                    at += 1;
                }
                continue;
            };
            let end = at + len;
            match meaning {
                Meaning::FalseAlarm { open } => {
                    if *open {
                        denied = end;
                    }
                    at = end;
                }
                Meaning::Rule(number) => {
                    let rule = &self.licenses.rules()[*number as usize];
                    if let Some(expression) = &rule.expression {
                        // A family whose version is not said, as if its name stood here.
                        let vague = self.of.families.iter().any(|f| {
                            !f.versions.is_empty() && f.unversioned.as_ref() == Some(expression)
                        });
                        let how = match (rule.exception, vague) {
                            (true, _) if len < EXCEPTION_WORDS => How::ExceptionName,
                            (true, _) => How::Exception,
                            (_, true) => How::Name { sure: Sure::Vague },
                            _ => How::Rule(*number),
                        };
                        let reference = Reference {
                            expression: expression.clone(),
                            start: at,
                            end,
                            how,
                            or: false,
                            granted: false,
                        };
                        named.push(Named { reference, meant: Meant::Yes });
                    }
                    at = end;
                }
                Meaning::Exception(id) => {
                    let reference = Reference {
                        expression: id.clone(),
                        start: at,
                        end,
                        how: How::ExceptionName,
                        or: false,
                        granted: false,
                    };
                    named.push(Named { reference, meant: Meant::Yes });
                    at = end;
                }
                Meaning::Address(id) => {
                    let reference = Reference {
                        expression: id.clone(),
                        start: at,
                        end,
                        how: How::Address,
                        or: false,
                        granted: false,
                    };
                    named.push(Named { reference, meant: Meant::Yes });
                    at = end;
                }
                Meaning::Id(id) => {
                    let plus = self.hash(end) == Some(PLUS);
                    let expression = if plus { format!("{id}+") } else { (*id).to_owned() };
                    let end = end + usize::from(plus);
                    let reference = Reference {
                        expression,
                        start: at,
                        end,
                        how: How::Name { sure: Sure::Exact },
                        or: false,
                        granted: false,
                    };
                    let meant = self.context(at, end, false);
                    named.push(Named { reference, meant });
                    at = end;
                }
                Meaning::Name { family, strong } => {
                    let known = &self.of.families[*family];
                    let tail = self.tail(end, known);
                    let mut start = at;
                    let mut late = end;
                    let mut versions = tail.versions;
                    if versions.is_empty()
                        && let Some((from, before, to)) = pending.take()
                        && at >= to
                        && at - to <= 6
                        && (to == at || (to..at).any(|n| self.is(n, &words.of)))
                        && (to..at).all(|n| {
                            self.is(n, &words.of) || known.own.contains(&self.tokens[n].hash)
                        })
                        && before.iter().any(|(v, _)| known.id(v).is_some())
                    {
                        start = from;
                        versions = before;
                        // "version 2 of the GPL or any later version".
                        if let [(version, Later::Unsaid)] = &versions[..] {
                            let mut behind = Vec::new();
                            let to = self.later(end, version.clone(), Some(known), &mut behind);
                            if matches!(behind[..], [(_, Later::Only | Later::Granted)]) {
                                versions = behind;
                                late = to;
                            }
                        }
                    }
                    pending = None;
                    let sure = match &versions[..] {
                        [] if known.versions.is_empty() => Sure::Exact,
                        [] => Sure::Vague,
                        [.., (_, Later::Unsaid)] if known.gnu => Sure::Plain,
                        _ => Sure::Exact,
                    };
                    let next = tail.end.max(late);
                    if let Some(expression) = known.expression(&versions, tail.plus) {
                        let refused = denied == at
                            || self.is(end, &words.not_a_statement)
                            || at > 0 && self.is(at - 1, &words.negation);
                        let meant = match refused {
                            true => Meant::No,
                            false if *strong => Meant::Yes,
                            false
                                if known.gnu
                                    && known.unversioned.is_some()
                                    && !versions.is_empty() =>
                            {
                                Meant::Yes
                            }
                            false => self.context(at, next, !versions.is_empty()),
                        };
                        let reference = Reference {
                            expression,
                            start,
                            end: next,
                            how: How::Name { sure },
                            or: false,
                            granted: false,
                        };
                        named.push(Named { reference, meant });
                    }
                    at = next;
                }
            }
        }
        named
    }

    /// The longest sequence that begins at a place; the first added among equals.
    fn longest(&self, at: usize) -> Option<(usize, &Meaning)> {
        let mut best: Option<(usize, &Meaning)> = None;
        self.of.automaton.matches(&self.tokens[at..], |len, number| {
            let meaning = &self.of.meanings[number as usize];
            let fits = match meaning {
                Meaning::Id(id) => self.raw(at, at + len).eq_ignore_ascii_case(id.as_bytes()),
                Meaning::Address(_) => {
                    let raw = self.raw(at, at + len);
                    !raw.contains(&b' ') && !raw.contains(&b'\n')
                }
                // Few words are no phrase when they stand in strings of their own.
                _ if len <= FEW => !(at + 1..at + len)
                    .any(|n| self.gap(n).windows(2).any(|w| matches!(w, b"\"," | b"',"))),
                _ => true,
            };
            if fits && best.is_none_or(|(longest, _)| len > longest) {
                best = Some((len, meaning));
            }
        });
        best
    }

    /// What belongs to a name that ends before `at`.
    fn tail(&self, at: usize, known: &Known) -> Tail {
        let words = &self.of.words;
        let mut tail = Tail { end: at, ..Tail::default() };
        if self.hash(at) == Some(PLUS) {
            return Tail { plus: true, end: at + 1, ..tail };
        }
        let mut here = at;
        while here < at + TAIL {
            let close = here == at
                && self.gap(here).iter().all(|b| b" -_,(/\"':=>.v".contains(b))
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
        // "GPL or later", without a version.
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
        let mut here = at;
        while here < at + TAIL && here < self.tokens.len() {
            if self.is(here, &words.later)
                && (chosen || self.gap(here).contains(&b'(') || self.gap(here) == b"-")
            {
                let denied = (at..here).any(|n| self.is(n, &words.negation));
                later = if denied { Later::Only } else { Later::Granted };
                end = here + 1;
                if self.is(end, &words.version) {
                    end += 1;
                }
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
        let mut under = false;
        for n in (start.saturating_sub(APPROACH)..start).rev() {
            let hash = self.tokens[n].hash;
            if words.license.contains(&hash) && (!self.breaks(n, start) || self.heads(n, start)) {
                return Meant::Yes;
            }
            if under && words.grant.contains(&hash) {
                return Meant::Yes;
            }
            under |= words.under.contains(&hash);
            if !(words.approach.contains(&hash) || words.under.contains(&hash)) {
                break;
            }
        }
        if versioned && self.near(start, end) {
            return Meant::Yes;
        }
        Meant::Weak
    }

    /// Whether something is said to be "licensed under" what begins at a place.
    fn granted(&self, start: usize) -> bool {
        let words = &self.of.words;
        let from = start.saturating_sub(APPROACH);
        let under = (from..start).rev().find(|n| self.is(*n, &words.under));
        under.is_some_and(|under| {
            let from = under.saturating_sub(APPROACH);
            !self.breaks(under, start) && (from..under).any(|n| self.is(n, &words.grant))
        })
    }

    /// Whether a sentence ends between two words.
    fn breaks(&self, from: usize, to: usize) -> bool {
        (from + 1..=to).any(|n| {
            let gap = self.gap(n);
            gap.windows(2).any(|w| matches!(w, b". " | b".\n" | b"; "))
                || gap.iter().any(|b| matches!(b, b']' | b'}'))
                || gap.iter().filter(|b| **b == b'\n').count() > 1
        })
    }

    /// Whether a word is the heading above what begins right behind it.
    fn heads(&self, word: usize, start: usize) -> bool {
        let gap = self.gap(start);
        word + 1 == start
            && gap.iter().all(|b| b.is_ascii_whitespace() || b"#=-_*:~".contains(b))
            && gap.iter().filter(|b| **b == b'\n').count() <= 3
    }

    fn near(&self, start: usize, end: usize) -> bool {
        let to = (end + 12).min(self.tokens.len());
        (start.saturating_sub(12)..to).any(|n| self.is(n, &self.of.words.license))
    }

    /// Keeps what is surely meant and what stands beside it, and sees what is joined by "or".
    fn choose(&self, mut named: Vec<Named>) -> Vec<Reference> {
        let words = &self.of.words;
        without_catalogues(&mut named);
        // For each name, whether it follows the one before it with nothing but "or", "and" and
        // the like between; and whether that is a choice.
        let joined: Vec<Option<bool>> = (0..named.len())
            .map(|n| {
                let before = &named.get(n.wrapping_sub(1))?.reference;
                let here = &named[n].reference;
                if before.end > here.start || here.start - before.end > 8 {
                    return None;
                }
                let mut or = false;
                for t in before.end..here.start {
                    let hash = self.tokens[t].hash;
                    let plain = words.joint.contains(&hash)
                        || words.license.contains(&hash)
                        || words.style.contains(&hash)
                        || words.approach.contains(&hash);
                    if !plain {
                        return None;
                    }
                    or |= words.or.contains(&hash);
                }
                let from = self.tokens[before.end - 1].end as usize;
                let gap = &self.text[from..self.tokens[here.start].start as usize];
                if memchr::memmem::find(gap, b"\n\n").is_some()
                    || gap.windows(2).any(|w| w == b". ")
                {
                    return None;
                }
                // A slash between, or a word that offers a choice before.
                or |= gap.trim_ascii() == b"/" || gap.contains(&b'|');
                let from = before.start.saturating_sub(8);
                or |= (from..here.start).any(|t| self.is(t, &words.either));
                Some(or)
            })
            .collect();
        for n in 1..named.len() {
            if joined[n].is_some()
                && named[n - 1].meant == Meant::Yes
                && named[n].meant == Meant::Weak
            {
                named[n].meant = Meant::Yes;
            }
        }
        for n in (1..named.len()).rev() {
            if joined[n].is_some()
                && named[n].meant == Meant::Yes
                && named[n - 1].meant == Meant::Weak
            {
                named[n - 1].meant = Meant::Yes;
            }
        }
        let mut chosen: Vec<Reference> = Vec::new();
        let mut before_kept = false;
        for (n, name) in named.into_iter().enumerate() {
            let kept = name.meant == Meant::Yes;
            if kept {
                let or = before_kept && joined[n] == Some(true);
                let granted = self.granted(name.reference.start)
                    || joined[n].is_some() && chosen.last().is_some_and(|r| r.granted);
                chosen.push(Reference { or, granted, ..name.reference });
            }
            before_kept = kept;
        }
        chosen
    }
}

/// Leaves out what stands in a list of many licenses: a table of a program about licenses, a
/// menu, a form. Nobody gives a thing out under so many.
fn without_catalogues(named: &mut Vec<Named>) {
    let mut kept: Vec<bool> = Vec::with_capacity(named.len());
    for run in
        named.chunk_by(|a, b| b.reference.start.saturating_sub(a.reference.end) <= CATALOGUE_GAP)
    {
        let distinct: FxHashSet<&str> =
            run.iter().map(|n| n.reference.expression.as_str()).collect();
        let catalogue = distinct.len() >= CATALOGUE;
        kept.extend(run.iter().map(|_| !catalogue));
    }
    let mut kept = kept.into_iter();
    named.retain(|_| kept.next().unwrap_or(true));
}

impl Known {
    /// The id or stem of a version as it is written.
    fn id(&self, version: &str) -> Option<&str> {
        let bare = bare_version(version);
        let find = |v: &str| self.versions.iter().find(|(known, _)| known == v);
        let found = find(bare).or_else(|| {
            // "LGPL21", "MPL11".
            let [major, minor] = bare.as_bytes() else { return None };
            (major.is_ascii_digit() && minor.is_ascii_digit())
                .then(|| {
                    find(bare_version(&format!("{}.{}", char::from(*major), char::from(*minor))))
                })
                .flatten()
        });
        found.map(|(_, id)| id.as_str())
    }

    fn expression(&self, versions: &[Version], plus: bool) -> Option<String> {
        let ids: Vec<String> = versions
            .iter()
            .filter_map(|(version, later)| {
                let id = self.id(version)?;
                Some(match (self.gnu, later) {
                    (true, Later::Granted) => format!("{id}-or-later"),
                    (true, _) => format!("{id}-only"),
                    (false, Later::Granted) => format!("{id}+"),
                    (false, _) => id.to_owned(),
                })
            })
            .collect();
        if ids.is_empty() {
            let _ = plus;
            return self.unversioned.clone();
        }
        Some(ids.join(" OR "))
    }
}

#[cfg(test)]
mod tests;
