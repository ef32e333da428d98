// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! From bytes to licenses: a pure function, the same answer on any machine.
//!
//! ```text
//! bytes -> decode -> gate -> tags ---------------------------> combine -> Detection
//!                 |      \-> regions -> tokens -> references -/
//!                 |                          \--> texts -----/
//!                 \-> manifests -> aliases -----------------/
//! ```
//!
//! Files to which the words point (`pointers`) are found on the way.
//!
//! The gate dismisses most files in one pass over the raw bytes; what it lets through is
//! read as tags, or cut into regions in which license texts and standard headers are
//! looked for. A file whose name says that it is a package manifest is also asked for the
//! license that it declares. This module opens no file, reads no clock and knows no policy.

mod aliases;
mod automaton;
mod blanks;
mod combine;
mod compare;
mod decode;
mod gate;
pub mod lint;
mod manifests;
mod pointers;
mod references;
#[allow(dead_code, reason = "what is unpacked here was packed by build.rs")]
mod shingles;
mod tags;
mod texts;
mod tokens;
mod unknown;

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use crate::licenses::Licenses;
use crate::licenses::expression::{Expr, Term, UNKNOWN_PREFIX, family};
use crate::model::{Basis, Detection, FileKind, Match, MatchKind, Pointer, Skipped};
use combine::{Hit, Sure};
use compare::Words;
pub use compare::{Change, Piece};
pub use pointers::is_license_file;
use references::{How, Reference, Sentence, stem};
use tokens::Token;

/// Changes whenever the same bytes and the same license-db may give another answer, so that
/// remembered detections of an older detector are not used.
pub const VERSION: u32 = 8;

/// How many hits of a content are kept that say what others say.
const MAX_HITS: usize = 500;

/// How many expressions are remembered at most.
const MAX_EXPRESSIONS: usize = 4096;

/// Longest `MODULE_LICENSE` line, in bytes.
const MACRO: usize = 200;

/// Longest content that is compared as a whole, in bytes.
const MAX_WHOLE: usize = 1 << 18;

/// A text or header that does not say what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered {
    /// See [`Match::matched`].
    pub matched: Arc<str>,
    /// Where the match begins.
    pub line: u32,
    pub changes: Vec<Change>,
}

/// What is met in a content while its regions are read.
struct Seen<'a> {
    hits: Vec<Hit<'a>>,
    /// How many of the hits are tags and manifests; they come first.
    told: usize,
    phrases: Vec<unknown::Phrases>,
    /// Files that are pointed to, and where.
    points: Vec<(String, Range<usize>)>,
    /// Where a choice is offered.
    offers: Vec<Sentence>,
}

/// Finds licenses in contents. Shared by all workers.
pub struct Detector {
    licenses: &'static Licenses,
    gate: gate::Gate,
    texts: texts::Texts,
    /// Built when the first region is read: a scan that reads nothing does not pay.
    references: OnceLock<references::References>,
    /// Expressions that were met, parsed: a tree holds the same few over and over.
    expressions: Mutex<FxHashMap<Box<str>, Option<Expr>>>,
    /// What tags and phrases are called in evidence.
    tag: Arc<str>,
    phrases: Arc<str>,
    /// All words of texts and rules. Built when the first line ends in a hyphen.
    vocabulary: OnceLock<FxHashSet<u64>>,
}

impl Detector {
    pub fn new(licenses: &'static Licenses) -> Detector {
        Detector {
            licenses,
            gate: gate::Gate::new(),
            texts: texts::Texts::new(licenses),
            references: OnceLock::new(),
            expressions: Mutex::default(),
            tag: "tag".into(),
            phrases: "phrases of license texts".into(),
            vocabulary: OnceLock::new(),
        }
    }

    /// Builds what is otherwise built when the first text is looked for.
    pub fn prepare(&self) {
        self.texts.prepare();
        self.references();
    }

    fn references(&self) -> &references::References {
        self.references.get_or_init(|| references::References::new(self.licenses))
    }

    fn vocabulary(&self) -> &FxHashSet<u64> {
        self.vocabulary.get_or_init(|| {
            let customs = self.licenses.customs().iter().map(|c| c.text);
            let rules = self.licenses.rules().iter().map(|r| r.text.as_str());
            texts::listed_words().chain(customs.chain(rules).flat_map(tokens::words)).collect()
        })
    }

    /// Names everything a detection depends on beside the content: the detector's version
    /// and the license-db's digest.
    pub fn engine(&self) -> String {
        format!("{VERSION}:{}", self.licenses.digest())
    }

    /// Finds the licenses that a content names or contains, in a file of this kind.
    pub fn detect(&self, bytes: &[u8], kind: FileKind) -> Detection {
        let Some(text) = decode::decode(bytes) else {
            return Detection { skipped: Some(Skipped::Binary), ..Detection::default() };
        };
        let text: &[u8] = &text;
        let found = self.gate.hits(text);
        if found.is_empty() && kind == FileKind::Plain {
            return Detection::default();
        }
        let mut hits: Vec<Hit<'_>> = Vec::new();
        let mut regions = found.regions;
        // Those of the gate are in order; what is added here lies outside of them.
        let gated = regions.len();
        for at in found.tags {
            // A tag whose expression reached over this place has already read it.
            if let Some(tag) = tags::read(self.licenses, text, at)
                && let Some(expr) = self.parse(&tag.expression)
            {
                // What is no id may still be a name, and the rest of its line others.
                let before = regions[..gated].partition_point(|r| r.end <= at);
                let inside = regions[..gated].get(before).is_some_and(|r| r.start <= at);
                if is_unknown(&expr) && !inside {
                    let rest = &text[tag.end..];
                    let line = memchr::memchr(b'\n', rest).map_or(text.len(), |n| tag.end + n);
                    regions.push(tag.start..line);
                }
                let place = tag.start..tag.end;
                hits.push(Hit::new(expr, MatchKind::Tag, Basis::Tag, Arc::clone(&self.tag), place));
            }
        }
        for (expr, range) in manifests::find(self.licenses, kind, text) {
            let matched = format!("license field ({})", kind.as_str()).into();
            hits.push(Hit::new(expr, MatchKind::Manifest, Basis::Field, matched, range));
        }
        // Tags and manifests are read in place; words inside them say nothing of their own.
        let mut seen = Seen {
            told: hits.len(),
            hits,
            phrases: Vec::new(),
            points: Vec::new(),
            offers: Vec::new(),
        };
        for region in regions {
            self.read(text, region, &mut seen);
        }
        // What a module of the kernel declares is coarser than any notice: "GPL" may be either
        // GPL. It counts where nothing else is said, or no more than a name.
        let line = |at: usize| {
            let rest = &text[at..text.len().min(at + MACRO)];
            at..at + memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1)
        };
        let declared = |h: &Hit<'_>| {
            let before = found.macros.partition_point(|at| *at <= h.range.start);
            before > 0 && line(found.macros[before - 1]).contains(&h.range.start)
        };
        if seen.hits.iter().any(|h| h.sure > Sure::Vague && !declared(h)) {
            seen.hits.retain(|h| !declared(h));
        } else if seen.hits.is_empty() {
            for at in &found.macros {
                self.read(text, line(*at), &mut seen);
            }
        }
        let Seen { mut hits, phrases, mut points, offers, .. } = seen;
        let known = hits.iter().map(|h| &h.range).chain(points.iter().map(|(_, range)| range));
        for range in unknown::unexplained(phrases, known) {
            let expr = Expr::Term(Term { license: combine::UNKNOWN.to_owned(), addition: None });
            let matched = Arc::clone(&self.phrases);
            hits.push(Hit::new(expr, MatchKind::Unknown, Basis::Phrases, matched, range));
        }
        // Tags before texts where they share a place: a tag is the surer statement.
        hits.sort_by_key(|h| (h.range.start, h.range.end, h.kind));
        // Of very many hits those that repeat others are left out: all are compared with all.
        if hits.len() > MAX_HITS {
            let mut said: FxHashSet<(String, MatchKind, bool)> = FxHashSet::default();
            let mut at = 0;
            hits.retain(|h| {
                at += 1;
                said.insert((h.expr.to_string(), h.kind, h.exception)) || at <= MAX_HITS
            });
        }
        let (expression, hits) = combine::combine(&self.texts, hits, &offers);
        let mut lines = tokens::Lines::new(text);
        // Where the license is said precisely, no other file has to be asked.
        let vague = hits.iter().all(|h| h.explained || h.sure == Sure::Vague);
        let points = match vague {
            true => {
                points.extend(manifests::files(kind, text));
                pointers(points, &mut lines)
            }
            false => None,
        };
        let matches = hits
            .into_iter()
            .map(|h| Match {
                expression: h.expr.to_string().into(),
                kind: h.kind,
                basis: h.basis,
                matched: h.matched,
                score: h.score,
                start_line: lines.number(h.range.start),
                end_line: lines.number(h.range.end),
                hash: words_hash(&text[h.range.clone()]),
                words: excerpt(&text[h.range]),
            })
            .collect();
        let expression = expression.map(|e| e.to_string().into());
        Detection { expression, matches, points, skipped: None }
    }

    /// What was changed in the texts and headers of a content, those that were not left out.
    /// With `whole` the content is about its license and nothing else, so that words beside a
    /// text are a change to it.
    pub fn altered(&self, bytes: &[u8], whole: bool) -> Vec<Altered> {
        let Some(text) = decode::decode(bytes) else { return Vec::new() };
        let text: &[u8] = &text;
        let whole = whole && text.len() <= MAX_WHOLE;
        let regions = match whole {
            true => std::iter::once(0..text.len()).collect(),
            false => self.gate.hits(text).regions,
        };
        let mut lines = tokens::Lines::new(text);
        let mut altered = Vec::new();
        for region in regions {
            let tokens = self.words(text, region);
            let words = blanks::invariant(&tokens);
            let at = |byte: usize| words.partition_point(|t| (t.start as usize) < byte);
            let named = self.references().find(text, &tokens);
            let (found, _) = self.texts.find(text, &tokens, |id| is_named(&named, id));
            for (n, t) in found.iter().enumerate() {
                let (mut start, mut end) = (at(t.range.start), at(t.range.end));
                if whole {
                    start = n.checked_sub(1).map_or(0, |n| at(found[n].range.end));
                    end = if n + 1 == found.len() { words.len() } else { end };
                }
                let here = Words { text, tokens: &words[start..end] };
                let changes = compare::changes(t.own(), here, whole);
                if !changes.is_empty() && (whole || t.score < 1.0) {
                    let line = lines.number(t.range.start);
                    altered.push(Altered { matched: t.title(), line, changes });
                }
            }
        }
        altered
    }

    fn parse(&self, expression: &str) -> Option<Expr> {
        let known = || self.expressions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(parsed) = known().get(expression) {
            return parsed.clone();
        }
        let parsed = self.licenses.parse(expression).ok();
        let mut known = known();
        if known.len() < MAX_EXPRESSIONS {
            known.insert(expression.into(), parsed.clone());
        }
        parsed
    }

    /// The words of a region, those put together that a hyphen breaks over two lines.
    fn words(&self, text: &[u8], region: Range<usize>) -> Vec<Token> {
        let mut tokens = tokens::tokenize(text, region.clone());
        tokens::rejoin(text, region, &mut tokens, |word| self.vocabulary().contains(&word));
        tokens
    }

    /// Adds what the words of a region name and contain.
    fn read<'a>(&'a self, text: &[u8], region: Range<usize>, seen: &mut Seen<'a>) {
        let tokens = self.words(text, region);
        let named = self.references().find(text, &tokens);
        let (found, dense) = self.texts.find(text, &tokens, |id| is_named(&named, id));
        seen.phrases.extend(dense);
        // Whoever offers a choice names one at least, or gives its text.
        if !(named.is_empty() && found.is_empty()) {
            let most = MAX_HITS.saturating_sub(seen.offers.len());
            seen.offers.extend(self.references().offers(text, &tokens, most));
        }
        seen.points.extend(pointers::find(text, &tokens));
        for t in found {
            let expr = match t.exception {
                true => stand_in(t.id),
                false => match self.parse(t.id) {
                    Some(expr) => expr,
                    None => continue,
                },
            };
            let mentions = t.mentions(|source| self.families(source));
            let (kind, basis, sure) = match t.header {
                true => (MatchKind::Header, Basis::Header, Sure::Exact),
                false if t.clue => (MatchKind::Reference, Basis::Clue, Sure::Vague),
                false => (MatchKind::Text, Basis::Text, Sure::Exact),
            };
            seen.hits.push(Hit {
                score: t.score,
                sure,
                exception: t.exception,
                mentions: Some(mentions),
                ..Hit::new(expr, kind, basis, t.title(), t.range)
            });
        }
        for r in named {
            let Range { start, end } = r.place;
            let range = tokens[start].start as usize..tokens[end - 1].end as usize;
            let told = seen.hits[..seen.told]
                .iter_mut()
                .find(|t| t.range.start <= range.start && range.start < t.range.end);
            if let Some(told) = told {
                // Words of a tag that are no ids may still name a license.
                if !is_unknown(&told.expr) {
                    continue;
                }
                told.explained = true;
            }
            let files = self.references().files(&r).iter();
            seen.points.extend(files.map(|f| (f.clone(), range.clone())));
            if matches!(r.how, How::Name { .. }) && is_path(text, &range) {
                continue;
            }
            let heading = !r.granted && !r.or && is_heading(text, &range);
            let quoted = is_quoted(text, &range);
            let file = matches!(r.how, How::Name { .. }) && is_file_name(text, &range);
            seen.hits.extend(self.named(&r, range).map(|h| Hit {
                heading,
                quoted: quoted && h.mention,
                sure: if file { Sure::Vague } else { h.sure },
                ..h
            }));
        }
    }

    /// The families of licenses that a text names.
    fn families(&self, text: &str) -> FxHashSet<String> {
        let tokens = tokens::tokenize(text.as_bytes(), 0..text.len());
        let named = self.references().find(text.as_bytes(), &tokens);
        let parsed = named.iter().filter_map(|r| self.licenses.parse(&r.expression).ok());
        parsed
            .flat_map(|e| e.ids().into_iter().map(|i| family(i).to_owned()).collect::<Vec<_>>())
            .collect()
    }

    fn named(&self, r: &Reference, range: Range<usize>) -> Option<Hit<'static>> {
        let (kind, sure, basis) = match r.how {
            How::Rule | How::Exception => (MatchKind::Notice, Sure::Exact, Basis::Rule),
            How::Clue => (MatchKind::Reference, Sure::Vague, Basis::Clue),
            How::Name { sure } => match sure {
                Sure::Exact => (MatchKind::Notice, sure, Basis::Name),
                Sure::Plain => (MatchKind::Notice, sure, Basis::NameLaterUnsaid),
                Sure::Vague => (MatchKind::Notice, sure, Basis::NameVersionUnsaid),
            },
            How::Address { vague } => {
                let sure = if vague { Sure::Vague } else { Sure::Plain };
                (MatchKind::Reference, sure, Basis::Address)
            }
            How::ExceptionName => (MatchKind::Reference, Sure::Exact, Basis::Name),
        };
        let matched = self.references().title(r);
        let exception = matches!(r.how, How::Exception | How::ExceptionName);
        let expr = match exception {
            true => stand_in(&r.expression),
            false => self.parse(&r.expression)?,
        };
        let mention = !r.granted
            && matches!(r.how, How::Name { .. } | How::Address { .. } | How::ExceptionName);
        Some(Hit {
            sure,
            or: r.or,
            exception,
            mention,
            ..Hit::new(expr, kind, basis, matched, range)
        })
    }
}

/// Whether nothing in an expression is known.
fn is_unknown(expr: &Expr) -> bool {
    expr.ids().iter().all(|id| id.starts_with(UNKNOWN_PREFIX))
}

/// Whether a license is named for sure.
fn is_named(named: &[Reference], id: &str) -> bool {
    named.iter().any(|r| r.is_sure() && stem(&r.expression) == stem(id))
}

/// What is pointed to, each file once, with the line where that is said first.
fn pointers(
    mut points: Vec<(String, Range<usize>)>,
    lines: &mut tokens::Lines<'_>,
) -> Option<Arc<[Pointer]>> {
    points.retain(|(path, _)| path.len() <= pointers::MAX_PATH && !path.contains(char::is_control));
    points.sort_by_key(|(_, range)| range.start);
    let mut distinct: Vec<Pointer> = Vec::new();
    for (path, range) in points {
        let known = distinct.iter().any(|p| *p.path == *path);
        if !known && distinct.len() < pointers::MAX {
            distinct.push(Pointer { path: path.into(), line: lines.number(range.start) });
        }
    }
    (!distinct.is_empty()).then(|| distinct.into())
}

/// Whether a name stands nearly alone on its line, or right behind a colon.
fn is_heading(text: &[u8], name: &Range<usize>) -> bool {
    const BESIDE: usize = 24;
    let before = &text[name.start.saturating_sub(80)..name.start];
    let before = memchr::memrchr(b'\n', before).map_or(before, |n| &before[n + 1..]);
    // "License of most parts of the package: MIT".
    let before = if before.ends_with(b": ") { b"" } else { before };
    // One of several is no heading.
    let mut words = before.rsplit(|b| !b.is_ascii_alphabetic());
    if words.find(|w| !w.is_empty()).is_some_and(|w| matches!(w, b"or" | b"and")) {
        return false;
    }
    let after = &text[name.end..text.len().min(name.end + 80)];
    let after = memchr::memchr(b'\n', after).map_or(after, |n| &after[..n]);
    let letters = |line: &[u8]| line.iter().filter(|b| b.is_ascii_alphanumeric()).count();
    letters(before) + letters(after) <= BESIDE
}

/// Whether a name stands between quotation marks, but for what an id may end in.
fn is_quoted(text: &[u8], name: &Range<usize>) -> bool {
    let before = name.start.checked_sub(1).and_then(|n| text.get(n));
    let mark = before.filter(|b| b"\"'`".contains(b));
    let mut rest = text[name.end..text.len().min(name.end + 16)].iter();
    let end = rest.find(|b| !(b.is_ascii_alphanumeric() || b"+-.".contains(b)));
    mark.is_some() && end == mark
}

/// Whether a name is part of a path that a program uses (`open("/usr/share/licenses/GPL-3.txt")`).
fn is_path(text: &[u8], name: &Range<usize>) -> bool {
    const LONGEST: usize = 200;
    let of_path = |b: &u8| b.is_ascii_alphanumeric() || b"_./+-".contains(b);
    let before = &text[name.start.saturating_sub(LONGEST)..name.start];
    let head = before.iter().rev().take_while(|b| of_path(b)).count();
    let (before, head) = before.split_at(before.len() - head);
    let after = &text[name.end..text.len().min(name.end + LONGEST)];
    let after = &after[after.iter().take_while(|b| of_path(b)).count()..];
    let mark = before.last().filter(|b| b"\"'".contains(b));
    // In prose a word stands before it, in a program a bracket, an operator or a macro.
    let leads = |b: &u8| b"(,=[{+_".contains(b) || b.is_ascii_uppercase();
    mark.is_some()
        && before[..before.len() - 1].trim_ascii_end().last().is_some_and(leads)
        && head.contains(&b'/')
        && after.first() == mark
        && after.get(1).is_some_and(|b| b"),;]".contains(b))
}

/// Whether a name is the ending of a file's (`COPYING.GPLv3`).
fn is_file_name(text: &[u8], name: &Range<usize>) -> bool {
    let before = &text[name.start.saturating_sub(2)..name.start];
    matches!(before, [letter, b'.'] if letter.is_ascii_alphabetic())
}

/// An exception whose license is not known.
fn stand_in(exception: &str) -> Expr {
    let license = combine::UNKNOWN.to_owned();
    Expr::Term(Term { license, addition: Some(exception.to_owned()) })
}

/// The first half of the SHA-256 of the words of a text; see `model::Match::hash`.
fn words_hash(text: &[u8]) -> [u8; 16] {
    let mut all = Sha256::new();
    for token in tokens::tokenize(text, 0..text.len()) {
        all.update(token.bytes(text).to_ascii_lowercase());
        all.update(b" ");
    }
    let mut half = [0; 16];
    half.copy_from_slice(&all.finalize()[..16]);
    half
}

/// The first words of a match with white space folded, for people to recognise it by.
fn excerpt(bytes: &[u8]) -> Arc<str> {
    const WORDS: usize = 160;
    // Four bytes a character at most: enough is kept without reading a whole text.
    let head = &bytes[..bytes.len().min(WORDS * 8)];
    let folded: Vec<String> =
        String::from_utf8_lossy(head).split_whitespace().map(str::to_owned).collect();
    crate::diag::shorten(&folded.join(" "), WORDS).into()
}

#[cfg(test)]
mod tests;
