// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Which of the names that were read are meant: those beside others that are, and not those
//! of a catalogue; and which of them are a choice.

use rustc_hash::FxHashSet;

use super::reader::{Meant, Named, Reader};
use super::{How, Reference};
use crate::detect::combine::Sure;

/// How many licenses, not farther apart than so many words, make a catalogue.
const CATALOGUE: usize = 12;
const CATALOGUE_GAP: usize = 40;

impl Reader<'_> {
    /// Keeps what is surely meant and what stands beside it, and sees what is joined by "or".
    pub fn choose(&self, mut named: Vec<Named>) -> Vec<Reference> {
        let words = &self.of.words;
        without_catalogues(&mut named);
        // For each name, whether it follows the one before it with nothing but "or", "and" and
        // the like between; and whether that is a choice.
        let joined: Vec<Option<bool>> = (0..named.len())
            .map(|n| {
                let before = &named.get(n.wrapping_sub(1))?.reference;
                let here = &named[n].reference;
                if before.place.end > here.place.start || here.place.start - before.place.end > 8 {
                    return None;
                }
                let mut or = false;
                for t in before.place.end..here.place.start {
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
                let from = self.tokens[before.place.end - 1].end as usize;
                let gap = &self.text[from..self.tokens[here.place.start].start as usize];
                if memchr::memmem::find(gap, b"\n\n").is_some()
                    || gap.windows(2).any(|w| w == b". ")
                {
                    return None;
                }
                // A slash between, or a word that offers a choice before.
                or |= gap.trim_ascii() == b"/" || gap.contains(&b'|');
                let from = before.place.start.saturating_sub(8);
                or |= (from..here.place.start).any(|t| self.is(t, &words.either));
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
        for n in 0..named.len() {
            let beside = [joined[n].is_some().then(|| n - 1), joined.get(n + 1).map(|_| n + 1)];
            let gnu = |m: usize| {
                joined[n.max(m)] == Some(true)
                    && named[m].family.is_some_and(|f| self.of.families[f].gnu)
            };
            if let Some(family) = named[n].family
                && named[n].reference.how == (How::Name { sure: Sure::Vague })
                && let Some(meant) = &self.of.families[family].beside_gnu
                && beside.into_iter().flatten().any(gnu)
            {
                named[n].reference.expression.clone_from(meant);
            }
        }
        let mut chosen: Vec<Reference> = Vec::new();
        let mut before_kept = false;
        for (n, name) in named.into_iter().enumerate() {
            let kept = name.meant == Meant::Yes;
            if kept {
                let or = before_kept && joined[n] == Some(true);
                let granted = self.granted(name.reference.place.start)
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
    for run in named.chunk_by(|a, b| {
        b.reference.place.start.saturating_sub(a.reference.place.end) <= CATALOGUE_GAP
    }) {
        let distinct: FxHashSet<&str> =
            run.iter().map(|n| n.reference.expression.as_str()).collect();
        let catalogue = distinct.len() >= CATALOGUE;
        kept.extend(run.iter().map(|_| !catalogue));
    }
    let mut kept = kept.into_iter();
    named.retain(|_| kept.next().unwrap_or(true));
}
