// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! License texts and standard headers: fingerprints propose, askalono confirms.
//!
//! Every text of the list is cut into shingles (runs of [`SHINGLE`] words). Shingles that
//! a region of a file shares with a text propose a candidate: this text, at this place.
//! Only the few best candidates of a place are given to askalono, whose score (the
//! Sørensen-Dice coefficient over pairs of words) decides.
//!
//! Both sides reach askalono as words on one line behind a fixed first line, so that none
//! of its own guesses (common prefixes, title and copyright lines) applies: two of them
//! depend on the order of a hash map. Texts that several ids share are kept once.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::OnceLock;

use askalono::TextData;

use super::tokens::{self, Lines, Token};
use crate::licenses::{LicenseText, Licenses};
use crate::model::{Match, MatchKind};

/// Words to a shingle.
const SHINGLE: usize = 5;

/// Texts with more shingles than this are represented by one in [`SAMPLE`] of them.
const SAMPLE_ABOVE: usize = 200;
const SAMPLE: u64 = 4;

/// Share of a text's shingles that must be met for it to be a candidate.
const MIN_COVERAGE: f32 = 0.3;

/// Candidates of similar length that one place may have. The right one is nearly always
/// the first; the rest are its near neighbours (BSD, MIT and HPND variants).
const MAX_RIVALS: u8 = 6;

/// askalono's score from which a text counts as found. Five words changed in a hundred
/// leave about 0.9 of the pairs of words.
const MIN_TEXT_SCORE: f32 = 0.85;
/// Headers are often cut short or end in another postal address; which one it is, is
/// decided among rivals, so that less is asked of each.
const MIN_HEADER_SCORE: f32 = 0.75;

/// A region is searched in windows of this many words, each overlapping the next by half,
/// which is more than the longest text has. Bounds memory on hostile input.
const WINDOW: usize = 1 << 16;

/// Unmatched words at the edge of a candidate that may still belong to it.
const EDGE: usize = 2 * SHINGLE;

pub(super) struct Texts {
    licenses: &'static Licenses,
    /// Built when the first region is searched: a scan that reads nothing does not pay.
    index: OnceLock<Index>,
}

struct Index {
    entries: Vec<Entry>,
    postings: Vec<Posting>,
    /// One bit for each of the top bits of every shingle in `postings`.
    filter: Vec<u64>,
}

/// One text, shared by all ids that have it.
struct Entry {
    /// The id that is reported.
    id: &'static str,
    /// All ids with this text.
    twins: Vec<&'static str>,
    header: bool,
    words: usize,
    /// Shingles in the index.
    shingles: usize,
    source: &'static str,
    data: OnceLock<TextData>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Posting {
    shingle: u64,
    entry: u32,
    /// Position of the shingle in the text, in words.
    at: u32,
}

/// A text met at a place of a window, positions in words.
#[derive(Debug, Clone)]
struct Candidate {
    entry: usize,
    start: usize,
    end: usize,
    score: f32,
}

impl Candidate {
    fn len(&self) -> usize {
        self.end - self.start
    }
}

impl Texts {
    pub fn new(licenses: &'static Licenses) -> Texts {
        Texts { licenses, index: OnceLock::new() }
    }

    pub fn prepare(&self) {
        self.index();
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::build(self.licenses))
    }

    /// The id under which a license's text is reported; its own unless a twin stands for it.
    #[cfg(test)]
    pub fn representative(&self, id: &str) -> Option<&'static str> {
        let entry = self.index().entries.iter().find(|e| !e.header && e.twins.contains(&id))?;
        Some(entry.id)
    }

    /// Whether the text reported as `reported` is also the text of `id`.
    pub fn same_text(&self, reported: &str, id: &str) -> bool {
        self.index().entries.iter().any(|e| e.id == reported && e.twins.contains(&id))
    }

    /// Adds a match for every text and header found in `text[region]`.
    pub fn find(
        &self,
        text: &[u8],
        region: Range<usize>,
        lines: &mut Lines<'_>,
        matches: &mut Vec<Match>,
    ) {
        let tokens = tokens::tokenize(text, region);
        let index = self.index();
        let mut found: Vec<Candidate> = Vec::new();
        let mut start = 0;
        loop {
            let end = tokens.len().min(start + WINDOW);
            for mut c in index.search(text, &tokens[start..end]) {
                c.start += start;
                c.end += start;
                // The overlap of two windows finds the same text twice.
                if found.iter().rev().take_while(|f| f.end > start).all(|f| c.start >= f.end) {
                    found.push(c);
                }
            }
            if end == tokens.len() {
                break;
            }
            start += WINDOW / 2;
        }
        for c in found {
            let entry = &index.entries[c.entry];
            let from = tokens[c.start].start as usize;
            let to = tokens[c.end - 1].end as usize;
            matches.push(Match {
                expression: entry.id.into(),
                kind: if entry.header { MatchKind::Header } else { MatchKind::Text },
                score: c.score,
                start_line: lines.number(from),
                end_line: lines.number(to),
                words: super::excerpt(&text[from..to]),
            });
        }
    }
}

impl Index {
    fn build(licenses: &Licenses) -> Index {
        let entries = collapse(licenses);
        // Plain threads: inside a rayon worker, waiting for rayon could run another file's
        // detection, which waits for this index.
        let halves: Vec<Vec<Vec<Posting>>> = std::thread::scope(|scope| {
            let (low, high) = entries.split_at(entries.len() / 2);
            let high_start = low.len();
            let other = scope.spawn(move || all_postings(high, high_start));
            let first = all_postings(low, 0);
            vec![first, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))]
        });
        let per_entry: Vec<Vec<Posting>> = halves.into_iter().flatten().collect();
        let entries = entries
            .into_iter()
            .zip(&per_entry)
            .map(|(entry, postings)| Entry { shingles: postings.len(), ..entry })
            .collect();
        let mut postings: Vec<Posting> = per_entry.into_iter().flatten().collect();
        postings.sort_unstable();
        let mut filter = vec![0u64; 1 << (FILTER_BITS - 6)];
        for p in &postings {
            let bit = filter_bit(p.shingle);
            filter[bit / 64] |= 1 << (bit % 64);
        }
        Index { entries, postings, filter }
    }

    fn postings(&self, shingle: u64) -> &[Posting] {
        let bit = filter_bit(shingle);
        if self.filter[bit / 64] & (1 << (bit % 64)) == 0 {
            return &[];
        }
        let start = self.postings.partition_point(|p| p.shingle < shingle);
        let len = self.postings[start..].iter().take_while(|p| p.shingle == shingle).count();
        &self.postings[start..start + len]
    }

    /// The texts in a window, apart from each other and in order.
    fn search(&self, text: &[u8], tokens: &[Token]) -> Vec<Candidate> {
        let mut met: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
        for (here, shingle) in (0u32..).zip(shingles(tokens)) {
            for p in self.postings(shingle) {
                met.entry(p.entry).or_default().push((here, p.at));
            }
        }
        // A BTreeMap gives the candidates an order that no hash decides.
        let met: BTreeMap<u32, Vec<(u32, u32)>> = met
            .into_iter()
            .filter(|(entry, places)| {
                places.len() as f32 >= MIN_COVERAGE * self.entries[*entry as usize].shingles as f32
            })
            .collect();
        let mut candidates: Vec<Candidate> = met
            .iter()
            .flat_map(|(entry, places)| self.place(*entry as usize, places, tokens.len()))
            .collect();
        candidates.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then(a.entry.cmp(&b.entry)).then(a.start.cmp(&b.start))
        });
        let confirmed = self.confirm(text, tokens, candidates);
        settle(confirmed)
    }

    /// Where in a window a text may stand, from the places where their shingles meet.
    /// The score is an estimate here.
    fn place(&self, entry: usize, places: &[(u32, u32)], window: usize) -> Vec<Candidate> {
        let Entry { words, shingles, .. } = self.entries[entry];
        let mut candidates = Vec::new();
        let mut close = |band: &[(i64, u32, u32)]| {
            let mut met: Vec<u32> = band.iter().map(|(_, _, at)| *at).collect();
            met.sort_unstable();
            met.dedup();
            let (Some(first), Some(last)) = (met.first(), met.last()) else { return };
            let coverage = met.len() as f32 / shingles as f32;
            if coverage < MIN_COVERAGE {
                return;
            }
            let here = band.iter().map(|(_, here, _)| *here as usize);
            let (Some(low), Some(high)) = (here.clone().min(), here.max()) else { return };
            let before = (*first as usize).min(EDGE);
            let after = words.saturating_sub(*last as usize + SHINGLE).min(EDGE);
            let start = low.saturating_sub(before);
            let end = (high + SHINGLE + after).min(window);
            let score = 2.0 * coverage * words as f32 / (words + end - start) as f32;
            candidates.push(Candidate { entry, start, end, score });
        };
        // Shingles of one copy of the text stand at the same distance from their place in
        // the text, but for words put in or left out on the way.
        let drift = (words / 8).max(3 * SHINGLE) as i64;
        let mut bands: Vec<(i64, u32, u32)> = places
            .iter()
            .map(|(here, at)| (i64::from(*here) - i64::from(*at), *here, *at))
            .collect();
        bands.sort_unstable();
        bands.chunk_by(|a, b| b.0 - a.0 <= drift).for_each(&mut close);
        candidates
    }

    /// Lets askalono score the best candidates of every place.
    fn confirm(&self, text: &[u8], tokens: &[Token], best_first: Vec<Candidate>) -> Vec<Candidate> {
        let mut rivals: HashMap<u32, Vec<u8>> = HashMap::new();
        let mut confirmed = Vec::new();
        for c in best_first {
            let class = rivals.entry(c.len().ilog2()).or_insert_with(|| vec![0; tokens.len()]);
            if class[usize::midpoint(c.start, c.end)] >= MAX_RIVALS {
                continue;
            }
            class[c.start..c.end].iter_mut().for_each(|n| *n = n.saturating_add(1));
            let entry = &self.entries[c.entry];
            let here = TextData::new(&plain(text, &tokens[c.start..c.end])).without_text();
            let score = entry.data().match_score(&here);
            if score >= if entry.header { MIN_HEADER_SCORE } else { MIN_TEXT_SCORE } {
                confirmed.push(Candidate { score, ..c });
            }
        }
        confirmed
    }
}

impl Entry {
    fn data(&self) -> &TextData {
        self.data.get_or_init(|| {
            let text = self.source.as_bytes();
            let tokens = tokens::tokenize(text, 0..text.len());
            TextData::new(&plain(text, &tokens)).without_text()
        })
    }
}

/// Of candidates that claim the same words the longer explains the shorter, and among
/// those of about the same length the better score wins.
fn settle(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|a, b| {
        b.len()
            .cmp(&a.len())
            .then(b.score.total_cmp(&a.score))
            .then(a.entry.cmp(&b.entry))
            .then(a.start.cmp(&b.start))
    });
    // Apart from each other and ordered by their place.
    let mut settled: Vec<Candidate> = Vec::new();
    for c in candidates {
        let from = settled.partition_point(|s| s.end <= c.start);
        let to = settled.partition_point(|s| s.start < c.end);
        if from == to {
            settled.insert(from, c);
        } else if to - from == 1 {
            let rival = &mut settled[from];
            let similar = c.len() * 10 >= rival.len() * 7;
            if similar && c.score > rival.score {
                *rival = c;
            }
        }
    }
    settled
}

/// The distinct texts of the list, each under the id that is reported for it.
fn collapse(licenses: &Licenses) -> Vec<Entry> {
    let mut by_words: BTreeMap<(Vec<u64>, bool), Vec<LicenseText>> = BTreeMap::new();
    for text in licenses.texts() {
        let words: Vec<u64> = tokens::tokenize(text.text.as_bytes(), 0..text.text.len())
            .iter()
            .map(|t| t.hash)
            .collect();
        if words.len() >= SHINGLE {
            by_words.entry((words, text.header)).or_default().push(text);
        }
    }
    let mut entries: Vec<Entry> = by_words
        .into_iter()
        .filter_map(|((words, header), texts)| {
            // A current id before a deprecated one, `-only` before `-or-later`.
            let first =
                texts.iter().min_by_key(|t| (licenses.is_deprecated(t.id), t.id.len(), t.id))?;
            Some(Entry {
                id: first.id,
                source: first.text,
                twins: texts.iter().map(|t| t.id).collect(),
                header,
                words: words.len(),
                shingles: 0,
                data: OnceLock::new(),
            })
        })
        .collect();
    entries.sort_by_key(|e| (e.id, e.header));
    entries
}

/// The postings of each text; the first text has the number `first`.
fn all_postings(entries: &[Entry], first: usize) -> Vec<Vec<Posting>> {
    let postings = |(n, entry): (usize, &Entry)| {
        let tokens = tokens::tokenize(entry.source.as_bytes(), 0..entry.source.len());
        let sampled = tokens.len().saturating_sub(SHINGLE - 1) > SAMPLE_ABOVE;
        shingles(&tokens)
            .enumerate()
            .filter(|(_, shingle)| !sampled || shingle.is_multiple_of(SAMPLE))
            .map(|(at, shingle)| Posting {
                shingle,
                entry: u32::try_from(first + n).expect("fewer than 2^32 texts"),
                at: u32::try_from(at).expect("texts are shorter than 2^32 words"),
            })
            .collect()
    };
    entries.iter().enumerate().map(postings).collect()
}

fn shingles(tokens: &[Token]) -> impl Iterator<Item = u64> + '_ {
    tokens.windows(SHINGLE).map(|w| w.iter().fold(tokens::SEED, |h, t| tokens::mix(h, t.hash)))
}

const FILTER_BITS: u32 = 22;

fn filter_bit(shingle: u64) -> usize {
    (shingle >> (u64::BITS - FILTER_BITS)) as usize
}

/// The words as askalono is given them; see the head of this module.
fn plain(text: &[u8], tokens: &[Token]) -> String {
    let mut out = String::with_capacity(2 + tokens.len() * 7);
    out.push_str("x\n");
    for t in tokens {
        let word = &text[t.start as usize..t.end as usize];
        out.extend(word.iter().map(|b| char::from(b.to_ascii_lowercase())));
        out.push(' ');
    }
    out
}
