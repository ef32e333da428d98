// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! License texts and standard headers: fingerprints propose, askalono confirms.
//!
//! Every text of the list is cut into shingles (runs of [`SHINGLE`] words). Shingles that
//! a region of a file shares with a text propose a candidate: this text, at this place.
//! The few best candidates of a place are compared; of those that remain askalono's score (the
//! Sørensen-Dice coefficient over pairs of words) has the last word. Rules of the kind *text*
//! are texts like those of the list, and say themselves which of their words must be there.
//!
//! Both sides reach askalono as words on one line behind a fixed first line, so that none
//! of its own guesses (common prefixes, title and copyright lines) applies: two of them
//! depend on the order of a hash map. Texts that several ids share are kept once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use askalono::TextData;
use rustc_hash::FxHashSet;

use super::blanks;
use super::compare::{self, Words};
use super::references::stem;
use super::shingles::{self, Gist, Posting, SHINGLE};
use super::tokens::{self, Token};
use super::unknown::Phrases;
use crate::licenses::names::Holder;
use crate::licenses::rules::{Rule, RuleKind};
use crate::licenses::{LicenseText, Licenses};

/// Share of a text's shingles that must be met for it to be a candidate.
const MIN_COVERAGE: f32 = 0.3;

/// Candidates of similar length that one place may have. The right one is nearly always
/// the first; the rest are its near neighbours (BSD, MIT and HPND variants).
const MAX_RIVALS: u8 = 6;

/// askalono's score from which a text counts as found. Five words changed in a hundred
/// leave about 0.9 of the pairs of words.
const MIN_TEXT_SCORE: f32 = 0.85;
/// Headers are short and name their program; [`marks`] tells those that are much alike apart.
const MIN_HEADER_SCORE: f32 = 0.8;

/// A header with fewer words than this must be met from its first to its last.
const SHORT_HEADER: usize = 20;

/// Share of a text's words from which it is there whatever else stands between them, and the
/// score that it then needs.
const MIN_COMPLETE: f32 = 0.93;
const MIN_MIXED_SCORE: f32 = 0.6;

/// Words, and share of a text, from which an exact part of it stands for the whole.
const MIN_CUT_WORDS: f32 = 60.0;
const MIN_CUT: f32 = 0.36;

/// askalono's score from which a text is itself, whatever else is named.
const EXACT: f32 = 0.99;

/// By how much askalono's score may be above what candidates are compared by: it has a line more
/// on both sides and tidies words up in ways of its own.
const SLACK: f32 = 0.04;

/// How many words less, as a share, a text may explain than the one that is found, and yet be
/// the one that is meant where its name is given.
const RIVAL: f32 = 0.05;

/// Share of a text's shingles from which what is met is a part of it that may have been moved, and
/// how many words may be put before such a part.
const MIN_PART: f32 = 0.1;
const MAX_INSERTED: u32 = 120;

/// How many words without any known shingle end a passage.
const MAX_GAP: usize = 250;

/// How often at most askalono is asked about the candidates of a place.
const MAX_ROUNDS: usize = 3;

/// How many words may stand between phrases that are close together.
const DENSE_GAP: usize = 15;

/// How many scores and passages are remembered at most.
const MAX_REMEMBERED: usize = 1 << 16;

/// A region is searched in windows of this many words, each overlapping the next by half,
/// which is more than the longest text has. Bounds memory on hostile input.
const WINDOW: usize = 1 << 16;

/// How far above a text its copyright lines may stand, in bytes.
const COPYRIGHT: usize = 500;

/// Unmatched words at the edge of a candidate that may still belong to it.
const EDGE: usize = 2 * SHINGLE;

pub(super) struct Texts {
    licenses: &'static Licenses,
    /// Made when the first region is searched: a scan that reads nothing does not pay.
    index: OnceLock<Index>,
}

struct Index {
    entries: Vec<Entry>,
    /// Sorted by their shingles; their texts are numbers of `entries`.
    postings: Vec<Posting>,
    /// Where in `postings` the shingles begin that have the same top bits.
    starts: Vec<u32>,
    /// Which shingles may be in `postings`: small enough to stay near the processor, and most
    /// shingles of a file fail at it.
    filter: Vec<u64>,
    scores: Mutex<HashMap<(u64, usize), f32>>,
    passages: Mutex<HashMap<u64, Arc<[Candidate]>>>,
    /// Hashes the words of files for the two above.
    key: RandomState,
}

/// One text, shared by all ids that have it.
struct Entry {
    /// The license that is reported.
    id: Arc<str>,
    /// All ids with this text.
    twins: Vec<&'static str>,
    header: bool,
    exception: bool,
    /// Whose text it must be, if it is one of many that differ in nothing else.
    holder: Option<&'static Holder>,
    words: usize,
    /// Shingles in the index.
    shingles: usize,
    source: &'static str,
    /// What it is called in evidence.
    title: Arc<str>,
    demands: Demands,
    /// The families of licenses that the text itself names.
    mentions: OnceLock<FxHashSet<String>>,
    own: OnceLock<Own>,
}

/// What the rule of a text asks of a match.
#[derive(Default)]
struct Demands {
    /// Phrases that must be there.
    phrases: Vec<Vec<u64>>,
    /// Share of the words that must be there.
    coverage: f32,
    /// A match is a hint.
    clue: bool,
}

/// What is only needed of a text that is met.
struct Own {
    words: Vec<Token>,
    pairs: Vec<u64>,
    /// The words as [`plain`] gives them.
    plain: String,
    data: TextData,
}

/// A text or header at a place, in bytes.
pub(super) struct Found<'a> {
    pub id: &'a Arc<str>,
    pub header: bool,
    pub exception: bool,
    /// A hint too weak to count by itself.
    pub clue: bool,
    pub score: f32,
    pub range: Range<usize>,
    entry: &'a Entry,
    /// The text that was met; another than `entry` where that is the one that is meant.
    met: &'a Entry,
}

impl<'a> Found<'a> {
    /// What is named in the text itself; `read` gives the families named in a text.
    pub fn mentions(&self, read: impl FnOnce(&str) -> FxHashSet<String>) -> &'a FxHashSet<String> {
        self.met.mentions.get_or_init(|| read(self.met.source))
    }

    pub fn title(&self) -> Arc<str> {
        Arc::clone(&self.entry.title)
    }

    /// The words of the license.
    pub fn own(&self) -> Words<'a> {
        self.entry.written()
    }
}

/// A text met at a place of a window, positions in words.
#[derive(Debug, Clone)]
struct Candidate {
    entry: usize,
    start: usize,
    end: usize,
    /// The words of the text that are met here, and how many of them at its edges may not be.
    part: Range<usize>,
    edge: usize,
    score: f32,
    /// How many words it explains, less those that should be here and are not.
    value: f32,
    /// Texts that were also found here, and explain less.
    rivals: Vec<usize>,
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
        self.index.get_or_init(|| Index::new(self.licenses, self.licenses.texts()))
    }

    /// The id under which a license's text is reported; its own unless a twin stands for it.
    #[cfg(test)]
    pub fn representative(&self, id: &str) -> Option<&str> {
        let entry = self.index().entries.iter().find(|e| !e.header && e.twins.contains(&id))?;
        Some(&entry.id)
    }

    /// Whether the text reported as `reported` is also the text of `id`.
    pub fn same_text(&self, reported: &str, id: &str) -> bool {
        stem(reported) == stem(id)
            || self.index().entries.iter().any(|e| *e.id == *reported && e.twins.contains(&id))
    }

    /// The texts and headers found in the words of a region, apart from each other, and where phrases
    /// of texts stand close together. Of texts that
    /// are much alike the one is found that `named` knows, if it is the only one.
    // A function of its own, so that benches/count.sh can count it.
    #[inline(never)]
    pub fn find(
        &self,
        text: &[u8],
        tokens: &[Token],
        named: impl Fn(&str) -> bool,
    ) -> (Vec<Found<'_>>, Vec<Phrases>) {
        let index = self.index();
        let tokens = &blanks::invariant(tokens)[..];
        let mut found: Vec<Candidate> = Vec::new();
        let (passages, dense) = index.passages(text, tokens);
        for passage in passages {
            let (mut start, last) = (passage.start, passage.end);
            loop {
                let end = last.min(start + WINDOW);
                for c in index.search(text, &tokens[start..end]).iter() {
                    // The overlap of two windows finds the same text twice.
                    let (from, to) = (c.start + start, c.end + start);
                    if found.last().is_none_or(|f| from >= f.end) {
                        found.push(Candidate { start: from, end: to, ..c.clone() });
                    }
                }
                if end == last {
                    break;
                }
                start += WINDOW / 2;
            }
        }
        let found = found.into_iter().map(|c| {
            let words = &tokens[c.start..c.end];
            let range = tokens[c.start].start as usize..tokens[c.end - 1].end as usize;
            let met = &index.entries[c.entry];
            let (entry, score) = match index.meant(text, &range, &c, &named) {
                n if n == c.entry => (met, c.score),
                n => (&index.entries[n], index.score(text, words, n)),
            };
            let Entry { header, exception, demands: Demands { clue, .. }, .. } = *entry;
            Found { id: &entry.id, header, exception, clue, score, range, entry, met }
        });
        let place = |words: &Range<usize>| {
            tokens[words.start].start as usize..tokens[words.end - 1].end as usize
        };
        let dense = dense.into_iter().map(|p| Phrases { range: place(&p.range), ..p });
        (found.collect(), dense.collect())
    }
}

impl Index {
    /// Made of texts, of which those of the list are read already.
    fn new(licenses: &'static Licenses, texts: Vec<LicenseText>) -> Index {
        let (mut entries, read): (Vec<Entry>, Vec<Read>) =
            collapse(licenses, texts).into_iter().unzip();
        let mut of_shape: Vec<Option<u32>> = Vec::new();
        let mut postings: Vec<Posting> = Vec::with_capacity(POSTINGS.len() / 16);
        for (n, read) in (0u32..).zip(read) {
            match read {
                Read::Now(words) => postings.extend(shingles::postings(n, &words)),
                Read::Before(shape) => {
                    let len = of_shape.len().max(shape as usize + 1);
                    of_shape.resize(len, None);
                    of_shape[shape as usize] = Some(n);
                }
            }
        }
        for posting in numbers(POSTINGS).map(Posting::unpack) {
            if let Some(Some(text)) = of_shape.get(posting.text as usize) {
                postings.push(Posting { text: *text, ..posting });
            }
        }
        // Nearly all of them are in order already, of which a stable sort makes use.
        postings.sort_by_key(|p| p.shingle);
        let mut starts = vec![0u32; (1 << BUCKET_BITS) + 1];
        let mut filter = vec![0u64; 1 << (FILTER_BITS - 6)];
        for p in &postings {
            entries[p.text as usize].shingles += 1;
            starts[bucket(p.shingle) + 1] += 1;
            let (word, bit) = seat(p.shingle);
            filter[word] |= bit;
        }
        for n in 1..starts.len() {
            starts[n] += starts[n - 1];
        }
        Index {
            entries,
            postings,
            starts,
            filter,
            scores: Mutex::default(),
            passages: Mutex::default(),
            key: RandomState::new(),
        }
    }

    /// Which of the texts that are much alike is meant at a place: the one that is named, or whose
    /// holder is.
    fn meant(
        &self,
        text: &[u8],
        place: &Range<usize>,
        c: &Candidate,
        named: impl Fn(&str) -> bool,
    ) -> usize {
        let entry = |n: usize| &self.entries[n];
        let own = entry(c.entry);
        let exact = c.score >= EXACT && own.holder.is_none();
        if own.exception || exact || named(&own.id) {
            return c.entry;
        }
        let mut rivals = c.rivals.iter().filter(|n| entry(**n).header == own.header);
        if let Some(named) = rivals.find(|n| named(&entry(**n).id)) {
            return *named;
        }
        let head = &text[place.start.saturating_sub(COPYRIGHT)..place.end];
        let holds = |e: &Entry| e.holder.is_some_and(|h| has_word(head, &h.words));
        let Some(holder) = own.holder.filter(|h| !h.unnamed && !holds(own)) else { return c.entry };
        let alike = |e: &Entry| e.holder.is_some_and(|h| h.otherwise == holder.otherwise);
        let find = |wanted: &dyn Fn(&Entry) -> bool| self.entries.iter().position(wanted);
        find(&|e| alike(e) && holds(e))
            .or_else(|| find(&|e| !e.header && *e.id == *holder.otherwise))
            .unwrap_or(c.entry)
    }

    fn postings(&self, shingle: u64) -> &[Posting] {
        let (word, bit) = seat(shingle);
        if self.filter[word] & bit == 0 {
            return &[];
        }
        let bucket = bucket(shingle);
        let bucket = &self.postings[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        let start = bucket.iter().take_while(|p| p.shingle < shingle).count();
        let len = bucket[start..].iter().take_while(|p| p.shingle == shingle).count();
        &bucket[start..start + len]
    }

    /// The parts of a region in which shingles of any text are met not too far from each other,
    /// and those in which they are met close together; all in words.
    fn passages(&self, text: &[u8], tokens: &[Token]) -> (Vec<Range<usize>>, Vec<Phrases>) {
        let mut passages: Vec<Range<usize>> = Vec::new();
        let mut dense: Vec<Phrases> = Vec::new();
        for (here, shingle) in runs(tokens).enumerate() {
            if self.postings(shingle).is_empty() {
                continue;
            }
            match passages.last_mut() {
                Some(last) if here <= last.end + MAX_GAP => last.end = here + SHINGLE,
                _ => passages.push(here..here + SHINGLE),
            }
            match dense.last_mut() {
                _ if is_data(text, &tokens[here..here + SHINGLE]) => {}
                Some(last) if here <= last.range.end + DENSE_GAP => {
                    last.range.end = here + SHINGLE;
                    last.met += 1;
                }
                _ => dense.push(Phrases { range: here..here + SHINGLE, met: 1 }),
            }
        }
        (passages, dense)
    }

    /// The texts in a window of a passage, apart from each other and in order. Equal
    /// windows are searched once: a tree holds the same few texts over and over.
    fn search(&self, text: &[u8], tokens: &[Token]) -> Arc<[Candidate]> {
        let plain = plain(text, tokens);
        // The key is secret to this process, so that no file can be made to look like
        // another one here.
        let key = self.key.hash_one(&plain);
        let passages = || self.passages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = passages().get(&key) {
            return Arc::clone(known);
        }
        let found: Arc<[Candidate]> = self.search_anew(text, tokens).into();
        let mut passages = passages();
        if passages.len() < MAX_REMEMBERED {
            passages.insert(key, Arc::clone(&found));
        }
        found
    }

    fn search_anew(&self, text: &[u8], tokens: &[Token]) -> Vec<Candidate> {
        let mut met: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
        for (here, shingle) in (0u32..).zip(runs(tokens)) {
            for p in self.postings(shingle) {
                met.entry(p.text).or_default().push((here, p.at));
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
            .filter(|c| self.entries[c.entry].demands.has_phrases(&tokens[c.start..c.end]))
            .collect();
        candidates.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then(a.entry.cmp(&b.entry)).then(a.start.cmp(&b.start))
        });
        let mut likely = self.compare(text, tokens, candidates);
        let mut confirmed: Vec<Candidate> = Vec::new();
        // What stood back for a text that is not there after all is looked at in another round.
        for round in 0..MAX_ROUNDS {
            let best = settle(likely.iter().chain(&confirmed).cloned().collect());
            // Of the rest the difference is so great that askalono cannot see it otherwise.
            let is_close = |c: &Candidate| {
                let from = best.partition_point(|b| b.end <= c.start);
                let here = best[from..].iter().take_while(|b| b.start < c.end);
                here.into_iter().all(|b| c.value + RIVAL * c.len() as f32 >= b.value)
            };
            let (close, rest): (Vec<_>, Vec<_>) = likely.into_iter().partition(is_close);
            likely = rest;
            if close.is_empty() {
                break;
            }
            let confirm = |c: Candidate| self.confirm(text, tokens, c, round == 0);
            confirmed.extend(close.into_iter().filter_map(confirm));
        }
        let mut settled = settle(confirmed);
        for c in settled.iter_mut().filter(|c| c.score < 1.0) {
            // Only what may differ was other, or words around.
            let own = self.entries[c.entry].written();
            let start = c.start.saturating_sub(c.part.start);
            let end = c.end + EDGE + own.tokens.len() - c.part.end;
            let here = Words { text, tokens: &tokens[start..end.min(tokens.len())] };
            if compare::is_verbatim(own, here) {
                c.score = 1.0;
            }
        }
        settled
    }

    /// Where in a window a text may stand, from the places where their shingles meet.
    /// The score is an estimate here.
    fn place(&self, entry: usize, places: &[(u32, u32)], window: usize) -> Vec<Candidate> {
        let Entry { words, shingles, .. } = self.entries[entry];
        let mut candidates = Vec::new();
        let mut close = |band: &[Met]| {
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
            let before = (*first as usize).min(EDGE).min(low);
            let after = words.saturating_sub(*last as usize + SHINGLE).min(EDGE);
            let after = after.min(window - (high + SHINGLE));
            let (start, end) = (low - before, high + SHINGLE + after);
            let part = *first as usize - before..*last as usize + SHINGLE + after;
            let mut candidate = |start: usize, end: usize, part: Range<usize>, edge: usize| {
                let score = 2.0 * coverage * words as f32 / (words + end - start) as f32;
                let (value, rivals) = (0.0, vec![]);
                candidates.push(Candidate { entry, start, end, part, edge, score, value, rivals });
            };
            // What a text says twice is not in the index: its beginning and its end may stand here all
            // the same.
            let head = (*first as usize).min(low);
            if coverage >= 0.6 && head > EDGE {
                candidate(low - head, end, *first as usize - head..part.end, after);
            }
            if coverage >= 0.7 && part.len() * 10 < words * 9 {
                let end = (low + words).saturating_sub(*first as usize).min(window);
                let part = part.start..(part.start + end.saturating_sub(start)).min(words);
                if end > start {
                    candidate(start, end, part, 0);
                }
            }
            candidate(start, end, part, before + after);
        };
        // Shingles of one copy of the text stand at the same distance from their place in
        // the text, but for words put in or left out on the way.
        let drift = (words / 8).max(3 * SHINGLE) as i64;
        let mut met: Vec<Met> = places
            .iter()
            .map(|(here, at)| (i64::from(*here) - i64::from(*at), *here, *at))
            .collect();
        met.sort_unstable();
        let mut bands: Vec<&[Met]> = met.chunk_by(|a, b| b.0 - a.0 <= drift).collect();
        bands.iter().for_each(|band| close(band));
        // A paragraph was put into the text, or left out: its parts stand one behind the other.
        bands.retain(|band| band.len() as f32 >= MIN_PART * shingles as f32);
        for chain in chains(bands) {
            let whole = chain.concat();
            // Where one of them is nearly all, it is a candidate already.
            if chain.iter().all(|part| part.len() * 5 < whole.len() * 4) {
                close(&whole);
            }
        }
        candidates
    }

    /// Compares the best candidates of every place, by what askalono will go by: the share of
    /// pairs of neighbouring words. askalono itself takes twenty times as long.
    fn compare(&self, text: &[u8], tokens: &[Token], best_first: Vec<Candidate>) -> Vec<Candidate> {
        let mut places: HashMap<u32, Vec<Place>> = HashMap::new();
        let mut likely = Vec::new();
        for c in best_first {
            let class = c.len().ilog2();
            let here = places.entry(class).or_insert_with(|| vec![Place::default(); tokens.len()]);
            let place = here[usize::midpoint(c.start, c.end)];
            if place.rivals >= MAX_RIVALS || attainable(c.score).max(c.score + 0.15) < place.best {
                continue;
            }
            let entry = &self.entries[c.entry];
            let words = &tokens[c.start..c.end];
            let own = entry.own();
            let score = match entry.header {
                // Only what is there is compared, so that the version and "or later" of a
                // header that was cut short weigh more than what is missing.
                true if c.part.len() * 2 < entry.words => 0.0,
                true if entry.words < SHORT_HEADER && c.part.len() < entry.words => 0.0,
                true => match alike(&pairs(&own.words[c.part.clone()]), &pairs(words)) {
                    score
                        if score + SLACK >= MIN_HEADER_SCORE
                            && entry.marks_fit(text, &c, words) =>
                    {
                        score
                    }
                    _ => 0.0,
                },
                false => alike(&own.pairs, &pairs(words)),
            };
            for place in &mut here[c.start..c.end] {
                place.rivals = place.rivals.saturating_add(1);
                place.best = place.best.max(score);
            }
            likely.extend(entry.judge(&c, score + SLACK, true).map(|value| Candidate {
                score,
                value,
                ..c
            }));
        }
        likely
    }

    /// Lets askalono have the last word. Less than a whole text may do with `cut`.
    fn confirm(&self, text: &[u8], tokens: &[Token], c: Candidate, cut: bool) -> Option<Candidate> {
        let entry = &self.entries[c.entry];
        let words = &tokens[c.start..c.end];
        let score = match entry.header {
            true => entry.score_part(text, words, c.part.clone()),
            false => self.score(text, words, c.entry),
        };
        entry.judge(&c, score, cut).map(|value| Candidate { score, value, ..c })
    }

    /// askalono's score of a text against words of a file. Equal words are scored once.
    fn score(&self, text: &[u8], tokens: &[Token], entry: usize) -> f32 {
        let own = self.entries[entry].own();
        let here = plain(text, tokens);
        if here == own.plain {
            return 1.0;
        }
        let key = (self.key.hash_one(&here), entry);
        let scores = || self.scores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(score) = scores().get(&key) {
            return *score;
        }
        let score = own.data.match_score(&TextData::new(&here).without_text());
        let mut scores = scores();
        if scores.len() < MAX_REMEMBERED {
            scores.insert(key, score);
        }
        score
    }
}

/// Where a shingle of a text is met: how far that is from its place in the text, then both.
type Met = (i64, u32, u32);

/// The parts of a text that may be one copy of it: each stands behind the one before, here and in
/// the text, with not too many words put between.
fn chains(mut parts: Vec<&[Met]>) -> Vec<Vec<&[Met]>> {
    let first = |part: &[Met], of: fn(&Met) -> u32| part.iter().map(of).min().unwrap_or_default();
    let last = |part: &[Met], of: fn(&Met) -> u32| part.iter().map(of).max().unwrap_or_default();
    parts.sort_by_key(|part| first(part, |met| met.1));
    let mut chains: Vec<Vec<&[Met]>> = Vec::new();
    for part in parts {
        let goes_on = |before: &[Met]| {
            let (end, start) = (last(before, |met| met.1), first(part, |met| met.1));
            let text = last(before, |met| met.2) < first(part, |met| met.2);
            text && end < start && start - end <= MAX_INSERTED
        };
        match chains.last_mut() {
            Some(chain) if chain.last().is_some_and(|before| goes_on(before)) => chain.push(part),
            _ => chains.push(vec![part]),
        }
    }
    chains
}

/// The pairs of neighbouring words, sorted.
fn pairs(words: &[Token]) -> Vec<u64> {
    let mut pairs: Vec<u64> = words.windows(2).map(|w| tokens::mix(w[0].hash, w[1].hash)).collect();
    pairs.sort_unstable();
    pairs
}

/// The Sørensen-Dice coefficient of two sorted lists.
fn alike(a: &[u64], b: &[u64]) -> f32 {
    let (mut n, mut m, mut common) = (0, 0, 0usize);
    while let (Some(x), Some(y)) = (a.get(n), b.get(m)) {
        common += usize::from(x == y);
        n += usize::from(x <= y);
        m += usize::from(y <= x);
    }
    match a.len() + b.len() {
        0 => 1.0,
        all => 2.0 * common as f32 / all as f32,
    }
}

/// What is known of a place while its candidates are scored.
#[derive(Clone, Copy, Default)]
struct Place {
    rivals: u8,
    best: f32,
}

/// The score that a candidate may at best have, given the share of shingles that were met: a
/// changed word breaks five shingles and two pairs of words.
fn attainable(estimate: f32) -> f32 {
    1.0 - (1.0 - estimate) * 0.3
}

impl Entry {
    /// askalono's score of a part of this text against words of a file.
    fn score_part(&self, text: &[u8], tokens: &[Token], part: Range<usize>) -> f32 {
        let own = plain(self.source.as_bytes(), &self.own().words[part]);
        let here = plain(text, tokens);
        if own == here {
            return 1.0;
        }
        TextData::new(&here).match_score(&TextData::new(&own))
    }

    /// Whether versions, names of licenses and "later" are those of the header, and whether what is
    /// here of a header that names its license does so as well.
    fn marks_fit(&self, text: &[u8], c: &Candidate, words: &[Token]) -> bool {
        let Own { words: own, plain: whole, .. } = self.own();
        let part = marks(&plain(self.source.as_bytes(), &own[c.part.clone()]));
        let whole = marks(whole);
        part == marks(&plain(text, words))
            && (part.name() || !whole.name())
            && part.free == whole.free
    }

    /// What a candidate for this text is worth by its score; `None` if that is not enough.
    fn judge(&self, c: &Candidate, score: f32, cut: bool) -> Option<f32> {
        let of = if self.header { c.part.len() } else { self.words };
        let (matched, value) = worth(score, c.len(), of, &c.part, self.words);
        // A text into which a paragraph was put is all there, though it is less alike.
        let complete = matched >= MIN_COMPLETE * self.words as f32 && score >= MIN_MIXED_SCORE;
        // A good part of a text, word for word: it was cut off.
        let is_cut = || {
            c.part.start <= EDGE * 2
                && matched >= MIN_CUT_WORDS
                && matched >= MIN_CUT * self.words as f32
                && matched >= 0.97 * (c.part.len() - c.edge) as f32
                && matched >= 0.9 * (c.len() - c.edge) as f32
                && self.grants(&c.part)
        };
        let enough = match self.header {
            true => score >= MIN_HEADER_SCORE,
            false => score >= MIN_TEXT_SCORE || complete || cut && is_cut(),
        };
        let covered = matched >= self.demands.coverage * self.words as f32;
        (enough && covered).then_some(value)
    }

    /// Whether a part of this text permits anything: many licenses share a disclaimer.
    fn grants(&self, part: &Range<usize>) -> bool {
        const GRANT: [&str; 8] = [
            "permission",
            "permitted",
            "granted",
            "grant",
            "redistribute",
            "redistributions",
            "may",
            "license",
        ];
        let grant = GRANT.map(|word| tokens::words(word)[0]);
        self.own().words[part.clone()].iter().any(|t| grant.contains(&t.hash))
    }

    fn written(&self) -> Words<'_> {
        Words { text: self.source.as_bytes(), tokens: &self.own().words }
    }

    fn own(&self) -> &Own {
        self.own.get_or_init(|| {
            let words = source(self.source);
            let plain = plain(self.source.as_bytes(), &words);
            let data = TextData::new(&plain).without_text();
            let pairs = pairs(&words);
            Own { words, pairs, plain, data }
        })
    }
}

impl Demands {
    fn of(rule: &Rule) -> Demands {
        let tokens = source(&rule.text);
        let phrases = rule.required.iter().map(|range| {
            let inside = |t: &&Token| range.contains(&(t.start as usize));
            tokens.iter().filter(inside).map(|t| t.hash).collect::<Vec<u64>>()
        });
        Demands {
            phrases: phrases.filter(|p| !p.is_empty()).collect(),
            coverage: f32::from(rule.minimum_coverage.unwrap_or(0)) / 100.0,
            clue: !super::references::is_sure(rule),
        }
    }

    fn has_phrases(&self, words: &[Token]) -> bool {
        self.phrases.iter().all(|phrase| {
            words.windows(phrase.len()).any(|w| w.iter().map(|t| t.hash).eq(phrase.iter().copied()))
        })
    }
}

/// Whether the words of a rule are a text that is known although it is altered; all others are
/// found word for word.
pub(super) fn is_text(rule: &Rule) -> bool {
    rule.kind == RuleKind::Text
        && rule.expression.is_some()
        && !rule.continuous
        && rule.minimum_coverage != Some(100)
        && source(&rule.text).len() >= SHINGLE
}

/// The words of a text of the list.
fn source(text: &str) -> Vec<Token> {
    blanks::invariant(&tokens::tokenize(text.as_bytes(), 0..text.len()))
}

fn has_word(text: &[u8], words: &[String]) -> bool {
    let mut own = text.split(|b| !b.is_ascii_alphanumeric());
    own.any(|word| words.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes())))
}

/// Whether some words are spread over several strings of a program.
fn is_data(text: &[u8], words: &[Token]) -> bool {
    let [first, .., last] = words else { return false };
    text[first.start as usize..last.end as usize]
        .windows(2)
        .any(|w| matches!(w, b"\"," | b"'," | b"\")" | b"\";"))
}

/// What must not differ between a header and what is taken for it, however alike the rest is.
#[derive(PartialEq, Eq)]
struct Marks {
    versions: BTreeSet<String>,
    /// The words before "license" where they are a name: `lesser general public`.
    names: BTreeSet<String>,
    /// Whether later versions are granted.
    later: bool,
    /// Whether there are no invariant sections.
    free: bool,
}

impl Marks {
    /// Whether they name a license.
    fn name(&self) -> bool {
        !(self.versions.is_empty() && self.names.is_empty())
    }
}

fn marks(plain: &str) -> Marks {
    const NO_NAME: [&str; 12] =
        ["a", "any", "following", "no", "of", "or", "such", "that", "the", "this", "under", "your"];
    let words: Vec<&str> = plain.split_whitespace().collect();
    let number = |w: &&&str| w.bytes().all(|b| b.is_ascii_digit());
    let after = |word: &'static str| {
        words.iter().enumerate().filter(move |(_, w)| **w == word).map(|(n, _)| n)
    };
    let versions = after("version").filter_map(|n| {
        let digits: Vec<&str> = words[n + 1..].iter().take_while(number).take(2).copied().collect();
        (!digits.is_empty()).then(|| digits.join("."))
    });
    let names = after("license").filter(|n| *n >= 3 && !NO_NAME.contains(&words[n - 1]));
    let names = names.map(|n| words[n - 3..n].join(" "));
    Marks {
        versions: versions.collect(),
        names: names.collect(),
        later: words.contains(&"later"),
        free: words.windows(2).any(|w| w == ["no", "invariant"]),
    }
}

/// How many words a candidate explains by its score against `of` words, and what that is worth:
/// a word that is missing inside says that it is another text, the end of a text may be cut off.
fn worth(score: f32, here: usize, of: usize, part: &Range<usize>, words: usize) -> (f32, f32) {
    let matched = score * (here + of) as f32 / 2.0;
    let inner = (part.len() as f32 - matched).max(0.0);
    // The head of a text is its title and copyright notice.
    let tail = words.saturating_sub(part.end) as f32;
    let outer = 0.1 * part.start as f32 + tail.min(50.0) + 0.1 * (tail - 50.0).max(0.0);
    let added = (here as f32 - matched).max(0.0);
    (matched, matched - 1.5 * inner - outer - 0.2 * added)
}

/// Of candidates that claim the same words the one that explains most remains.
fn settle(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|a, b| {
        b.value
            .total_cmp(&a.value)
            .then(b.score.total_cmp(&a.score))
            .then(a.entry.cmp(&b.entry))
            .then(a.start.cmp(&b.start))
    });
    // Apart from each other and ordered by their place.
    let mut settled: Vec<Candidate> = Vec::new();
    for c in candidates {
        let from = settled.partition_point(|s| s.end <= c.start + EDGE.min(c.len() / 4));
        let to = settled.partition_point(|s| s.start + EDGE.min(c.len() / 4) < c.end);
        if from >= to {
            settled.insert(from, c);
        } else if let [winner] = &mut settled[from..to]
            && c.start < winner.start + winner.len() / 2
            && winner.start < c.start + c.len() / 2
            && c.value + RIVAL * c.len() as f32 > winner.value
        {
            winner.rivals.push(c.entry);
        }
    }
    settled
}

/// What is known of the words of a text.
enum Read {
    /// Its number in what was compiled in.
    Before(u32),
    Now(Vec<u64>),
}

/// The texts of the list, by number: their gists and shapes.
static TEXTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/texts.bin"));

/// The shingles of their shapes, sorted.
static POSTINGS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/postings.bin"));

/// Their words.
static WORDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/words.bin"));

/// All words of the texts of the list.
pub(super) fn listed_words() -> impl Iterator<Item = u64> {
    numbers(WORDS).map(|[word]| word)
}

/// What `build.rs` wrote.
fn numbers<const N: usize>(bytes: &'static [u8]) -> impl Iterator<Item = [u64; N]> {
    let numbers = bytes.as_chunks::<8>().0.as_chunks::<N>().0;
    numbers.iter().map(|n| n.map(u64::from_le_bytes))
}

/// The distinct texts, each under the id that is reported for it.
fn collapse(licenses: &'static Licenses, texts: Vec<LicenseText>) -> Vec<(Entry, Read)> {
    let listed: Vec<(Gist, u32)> = numbers(TEXTS).map(Gist::unpack).collect();
    let mut distinct: BTreeMap<(Gist, bool), (Vec<LicenseText>, Read)> = BTreeMap::new();
    for text in texts {
        let (gist, read) = match text.listed {
            Some(n) => (listed[n].0, Read::Before(listed[n].1)),
            None => {
                let words: Vec<u64> = source(text.text).iter().map(|t| t.hash).collect();
                (Gist::of(&words), Read::Now(words))
            }
        };
        if gist.words as usize >= SHINGLE {
            let new = || (Vec::new(), read);
            distinct.entry((gist, text.header)).or_insert_with(new).0.push(text);
        }
    }
    let mut entries: Vec<(Entry, Read)> = distinct
        .into_iter()
        .filter_map(|((gist, header), (texts, read))| {
            // A current id before a deprecated one, `-only` before `-or-later`.
            let first =
                texts.iter().min_by_key(|t| (licenses.is_deprecated(t.id), t.id.len(), t.id))?;
            // A deprecated id whose text differs from its successor's stands for that.
            let current = match first.exception {
                true => licenses.exception_successor(first.id).map(str::to_owned),
                false => licenses.parse(first.id).ok().map(|e| e.to_string()),
            };
            let what = if header { "header" } else { "text" };
            let mut id = current.unwrap_or_else(|| first.id.to_owned());
            // The text of a GNU license does not grant later versions; only a notice does.
            let only = format!("{}-only", stem(&id));
            if !header && id.ends_with("-or-later") && licenses.license_id(&only).is_some() {
                id = only;
            }
            let entry = Entry {
                title: format!("{what} of {id}").into(),
                id: id.into(),
                source: first.text,
                twins: texts.iter().map(|t| t.id).collect(),
                header,
                exception: first.exception,
                holder: licenses.names().holders.get(first.id),
                words: gist.words as usize,
                shingles: 0,
                demands: Demands::default(),
                mentions: OnceLock::new(),
                own: OnceLock::new(),
            };
            Some((entry, read))
        })
        .collect();
    let rules = licenses.rules().iter().filter(|r| is_text(r));
    entries.extend(rules.filter_map(|rule| {
        let words: Vec<u64> = source(&rule.text).iter().map(|t| t.hash).collect();
        let entry = Entry {
            title: rule.name.as_str().into(),
            id: rule.expression.as_deref()?.into(),
            source: &rule.text,
            twins: Vec::new(),
            header: false,
            exception: rule.exception,
            holder: None,
            words: words.len(),
            shingles: 0,
            demands: Demands::of(rule),
            mentions: OnceLock::new(),
            own: OnceLock::new(),
        };
        Some((entry, Read::Now(words)))
    }));
    entries.sort_by(|(a, _), (b, _)| {
        (&a.id, a.header, &a.twins, &a.title).cmp(&(&b.id, b.header, &b.twins, &b.title))
    });
    entries
}

fn runs(tokens: &[Token]) -> impl Iterator<Item = u64> + '_ {
    tokens.windows(SHINGLE).map(|w| w.iter().fold(tokens::SEED, |h, t| tokens::mix(h, t.hash)))
}

/// About eight seats for each posting.
const FILTER_BITS: u32 = 21;

/// Where a shingle is marked in the filter.
fn seat(shingle: u64) -> (usize, u64) {
    let at = (shingle >> (u64::BITS - FILTER_BITS)) as usize;
    (at / 64, 1 << (at % 64))
}

/// About one bucket for each posting.
const BUCKET_BITS: u32 = 18;

fn bucket(shingle: u64) -> usize {
    (shingle >> (u64::BITS - BUCKET_BITS)) as usize
}

/// The words as askalono is given them; see the head of this module.
fn plain(text: &[u8], tokens: &[Token]) -> String {
    let mut out = String::with_capacity(2 + tokens.len() * 7);
    // The first line is fixed, and no line begins with "copyright": such lines go away there.
    out.push_str("x\nx ");
    for t in tokens {
        let word = t.bytes(text);
        // A word that was broken over two lines reaches over what stood between.
        let word = word.iter().filter(|b| word.len() == 1 || b.is_ascii_alphanumeric());
        out.extend(word.map(|b| char::from(b.to_ascii_lowercase())));
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::licenses::rules::Source;

    /// What of an index says which texts there are, and by what they are found.
    fn said(index: &Index) -> impl PartialEq + std::fmt::Debug {
        let entry = |e: &Entry| {
            let Entry { header, exception, words, shingles, .. } = *e;
            (e.title.clone(), e.twins.clone(), header, exception, words, shingles)
        };
        let mut postings = index.postings.clone();
        postings.sort_unstable();
        (index.entries.iter().map(entry).collect::<Vec<_>>(), postings, index.starts.clone())
    }

    /// The index of a database, which must be what it is when nothing was read before.
    fn index(licenses: &'static Licenses) -> Index {
        let before = Index::new(licenses, licenses.texts());
        let texts = licenses.texts().into_iter().map(|t| LicenseText { listed: None, ..t });
        let now = Index::new(licenses, texts.collect());
        assert!(now.entries.len() > 600 && now.postings.len() > 100_000);
        assert!(said(&before) == said(&now), "build.rs reads texts otherwise");
        before
    }

    #[test]
    fn texts_that_were_read_when_lictor_was_built_are_as_if_they_were_read_now() {
        index(Licenses::builtin());
        let list = crate::licenses::listed_texts();
        let words: BTreeSet<u64> = list.iter().flat_map(|t| tokens::words(t.text)).collect();
        assert!(words.into_iter().eq(listed_words()), "build.rs reads words otherwise");
    }

    #[test]
    fn texts_of_ones_own_stand_beside_those_of_the_list() {
        let mit = Licenses::builtin().entry("MIT").and_then(|l| l.text).unwrap();
        let green = "You may paint this program green, eat it on Fridays, and sing of it at night.";
        let file = |key: &str, text: &str| {
            let head = format!("key: {key}\nname: A license\ncategory: Permissive");
            Source::new(&format!("{key}.LICENSE"), format!("---\n{head}\n---\n{text}\n"))
        };
        let overlay = Licenses::overlay(vec![file("ours", mit), file("green", green)]).unwrap();
        let index = index(Box::leak(Box::new(overlay)));
        let of = |id: &str| index.entries.iter().find(|e| e.twins.contains(&id)).unwrap();
        // What is word for word a text of the list is that.
        assert_eq!((&*of("LicenseRef-ours").id, &*of("MIT").id), ("MIT", "MIT"));
        assert_eq!(of("LicenseRef-green").shingles, 12);
    }
}
