// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! How often the gate's search stops in vain, and a better arrangement of its literals.
//!
//! The search (Teddy, of the crate aho-corasick) compares three bytes with sixteen buckets of
//! literals at once. Which literals share a bucket goes by their order, and a bucket lets
//! through what any mixture of theirs would. What this costs is counted from how often every
//! three bytes stand in a tree; a seeded annealing over the order and the bars finds an
//! arrangement that stops less.
//!
//! ```text
//! cargo bench --bench gate -- SECONDS TREE [TREE ...]
//! ```
//!
//! What it prints is pasted into `src/detect/gate.rs`. It leaves out what the search costs where
//! nothing stops it, and processors without AVX2, which have eight buckets.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

const GATE: &str = include_str!("../src/detect/gate.rs");
const BUCKETS: usize = 16;
/// Three bytes that are rarer than so many others are not counted.
const COUNTED: usize = 60_000;
/// What comparing one more literal costs, against stopping.
const COMPARED: f64 = 0.15;

struct Literal {
    text: String,
    bar: usize,
}

/// What was changed, and how it was before.
enum Change {
    Bar(usize, usize),
    Order(usize, usize),
}

/// The three bytes that are searched for.
type Three = [u8; 3];

fn literals() -> Vec<Literal> {
    let lines = GATE.lines().filter_map(|l| l.strip_prefix("    \"")?.strip_suffix("\","));
    let written = lines.filter(|l| l.contains('|')).map(|l| l.replace("\\n", "\n"));
    written
        .map(|l| Literal { bar: l.find('|').unwrap_or(0), text: l.replacen('|', "", 1) })
        .collect()
}

/// What a constant of the gate is.
fn constant(name: &str) -> usize {
    let start = format!("const {name}: usize = ");
    let value = GATE.lines().find_map(|l| l.strip_prefix(&start)?.strip_suffix(';'));
    value.and_then(|v| v.parse().ok()).expect("gate.rs has this constant")
}

fn count(path: &Path, counts: &mut [u64]) {
    let Ok(kind) = path.symlink_metadata().map(|m| m.file_type()) else { return };
    if kind.is_dir() && path.file_name().is_none_or(|n| n != ".git") {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|e| count(&e.path(), counts));
    } else if kind.is_file() {
        let bytes = std::fs::read(path).unwrap_or_default();
        // As lictor does, what has a NUL in its beginning is not searched.
        if !bytes.iter().take(8_000).any(|b| *b == 0) {
            for w in bytes.windows(3) {
                counts[usize::from(w[0]) << 16 | usize::from(w[1]) << 8 | usize::from(w[2])] += 1;
            }
        }
    }
}

struct Search {
    common: Vec<(Three, f64)>,
    known: HashMap<Vec<Three>, f64>,
}

impl Search {
    /// In a thousand bytes, how often a bucket with these lets something through.
    fn stops(&mut self, bucket: &mut Vec<Three>) -> f64 {
        bucket.sort_unstable();
        if let Some(known) = self.known.get(bucket) {
            return *known;
        }
        let mut nibbles = [(0u16, 0u16); 3];
        for three in bucket.iter() {
            for (set, byte) in nibbles.iter_mut().zip(three) {
                *set = (set.0 | 1 << (byte & 15), set.1 | 1 << (byte >> 4));
            }
        }
        let passes = |three: &Three| {
            three.iter().zip(&nibbles).all(|(byte, (low, high))| {
                low >> (byte & 15) & 1 == 1 && high >> (byte >> 4) & 1 == 1
            })
        };
        let stops = self.common.iter().filter(|(three, _)| passes(three)).map(|(_, n)| n).sum();
        self.known.insert(bucket.clone(), stops);
        stops
    }

    /// The cost of an arrangement, and the stops alone.
    fn cost(&mut self, literals: &[Literal], order: &[usize]) -> (f64, f64) {
        let mut buckets: [Vec<Three>; BUCKETS] = Default::default();
        let mut of: HashMap<Three, usize> = HashMap::new();
        for (place, n) in order.iter().enumerate() {
            let Literal { text, bar } = &literals[*n];
            let three: Three = text.as_bytes()[*bar..*bar + 3].try_into().expect("three bytes");
            let low = three.map(|b| b & 15);
            let bucket = *of.entry(low).or_insert(BUCKETS - 1 - place % BUCKETS);
            buckets[bucket].push(three);
        }
        buckets.iter_mut().filter(|b| !b.is_empty()).fold((0.0, 0.0), |(cost, stops), bucket| {
            let more = self.stops(bucket);
            (cost + more * (1.0 + COMPARED * bucket.len() as f64), stops + more)
        })
    }
}

/// Whether no part is the beginning of another, which would hide it.
fn are_apart(literals: &[Literal], fixed: usize) -> bool {
    let part = |l: &Literal| l.text[l.bar..].to_owned();
    let parts: Vec<String> = literals.iter().map(part).collect();
    (0..parts.len()).all(|a| {
        (0..parts.len()).all(|b| {
            a == b || !parts[a].starts_with(&parts[b]) || a < fixed && literals[b].bar == 0
        })
    })
}

#[allow(clippy::print_stdout, reason = "this is a program")]
fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let Some((seconds, trees)) = args.split_first().filter(|(_, trees)| !trees.is_empty()) else {
        println!("gate: skipped, as no tree was given (gate.rs says how)");
        return;
    };
    let limit = Duration::from_secs(seconds.parse().expect("SECONDS is a number"));
    let mut counts = vec![0u64; 1 << 24];
    trees.iter().for_each(|tree| count(Path::new(tree), &mut counts));
    let all = counts.iter().sum::<u64>() as f64;
    let mut common: Vec<(Three, f64)> = counts
        .iter()
        .enumerate()
        .filter(|(_, n)| **n > 0)
        .map(|(at, n)| ([(at >> 16) as u8, (at >> 8) as u8, at as u8], *n as f64 * 1000.0 / all))
        .collect();
    common.sort_by(|a, b| b.1.total_cmp(&a.1));
    common.truncate(COUNTED);
    let mut search = Search { common, known: HashMap::new() };

    let mut literals = literals();
    // Tags and the macro stay as they are: other literals are the beginning of some of them.
    let (fixed, names) = (constant("MACROS"), constant("NAMES"));
    let mut order: Vec<usize> = (0..literals.len()).collect();
    let (mut cost, stops) = search.cost(&literals, &order);
    println!("{stops:.2} stops in a thousand bytes");

    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    let mut best = (cost, order.clone(), literals.iter().map(|l| l.bar).collect::<Vec<_>>());
    let begun = Instant::now();
    while begun.elapsed() < limit {
        let left = 1.0 - begun.elapsed().as_secs_f64() / limit.as_secs_f64();
        let warmth = left * left + 0.001;
        let change = if random(10) < 3 {
            let n = fixed + random(literals.len() - fixed);
            let bar = literals[n].bar;
            literals[n].bar = random(literals[n].text.len() - 2);
            if !are_apart(&literals, fixed) {
                literals[n].bar = bar;
                continue;
            }
            Change::Bar(n, bar)
        } else {
            let kind = if random(10) < 6 { fixed..names } else { names..literals.len() };
            let (a, b) = (kind.start + random(kind.len()), kind.start + random(kind.len()));
            order.swap(a, b);
            Change::Order(a, b)
        };
        let (now, _) = search.cost(&literals, &order);
        let chance = random(1 << 20) as f64 / f64::from(1 << 20);
        if now < cost || chance < ((cost - now) / warmth).exp() {
            cost = now;
            if cost < best.0 {
                best = (cost, order.clone(), literals.iter().map(|l| l.bar).collect());
            }
        } else {
            match change {
                Change::Bar(n, before) => literals[n].bar = before,
                Change::Order(a, b) => order.swap(a, b),
            }
        }
    }
    for (literal, bar) in literals.iter_mut().zip(&best.2) {
        literal.bar = *bar;
    }
    println!("{:.2} stops in a thousand bytes with these:", search.cost(&literals, &best.1).1);
    for n in &best.1 {
        let (before, part) = literals[*n].text.split_at(literals[*n].bar);
        println!("    \"{}|{}\",", before.replace('\n', "\\n"), part.replace('\n', "\\n"));
    }
}
