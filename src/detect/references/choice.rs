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

/// How a name stands to the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    Apart,
    /// With nothing but a comma between.
    Listed,
    /// With nothing but "and" and the like between.
    And,
    Or,
}

/// Most words between two names that are joined, and before the first of them that offer a choice.
const JOINT: usize = 8;

/// Words that at least say who published a license.
const PUBLISHER: usize = 6;

impl Reader<'_> {
    /// Keeps what is surely meant and what stands beside it, and sees what is joined by "or".
    pub fn choose(&self, mut named: Vec<Named>) -> Vec<Reference> {
        without_catalogues(&mut named);
        let joints = self.joints(&named);
        mean_beside(&mut named, &joints);
        self.explain_beside_gnu(&mut named, &joints);
        let mut chosen: Vec<Reference> = Vec::new();
        let mut before_kept = false;
        for (name, joint) in named.into_iter().zip(joints) {
            let kept = name.meant == Meant::Yes;
            if kept {
                let or = before_kept && joint == Joint::Or;
                let granted = self.granted(name.reference.place.start)
                    || joint != Joint::Apart && chosen.last().is_some_and(|r| r.granted);
                chosen.push(Reference { or, granted, ..name.reference });
            }
            before_kept = kept;
        }
        chosen
    }

    /// For each name how it stands to the one before it. "A, B or C" is a choice throughout.
    fn joints(&self, named: &[Named]) -> Vec<Joint> {
        let pairs = named.windows(2).map(|n| self.joint(&n[0].reference, &n[1].reference));
        let first = (!named.is_empty()).then_some(Joint::Apart);
        let mut joints: Vec<Joint> = first.into_iter().chain(pairs).collect();
        for n in (1..joints.len()).rev() {
            if joints[n] == Joint::Or && joints[n - 1] == Joint::Listed {
                joints[n - 1] = Joint::Or;
            }
        }
        joints
    }

    fn joint(&self, before: &Reference, here: &Reference) -> Joint {
        let words = &self.of.words;
        // "Version 2 as published by the Free Software Foundation or ...".
        let publisher =
            (before.place.end..here.place.start).take_while(|t| self.is(*t, &words.published));
        let start =
            before.place.end + Some(publisher.count()).filter(|n| *n >= PUBLISHER).unwrap_or(0);
        let between = start..here.place.start;
        if start > here.place.start || between.len() > JOINT {
            return Joint::Apart;
        }
        let plain = [&words.joint, &words.license, &words.style, &words.approach];
        if !between.clone().all(|t| plain.iter().any(|set| self.is(t, set))) {
            return Joint::Apart;
        }
        let from = self.tokens[start - 1].end as usize;
        let gap = &self.text[from..self.tokens[here.place.start].start as usize];
        if gap.windows(2).any(|w| matches!(w, b"\n\n" | b". ")) {
            return Joint::Apart;
        }
        // A slash between, or a word that offers a choice, here or before.
        let offered = before.place.start.saturating_sub(JOINT)..here.place.start;
        if between.clone().any(|t| self.is(t, &words.or))
            || gap.trim_ascii() == b"/"
            || gap.contains(&b'|')
            || offered.into_iter().any(|t| self.is(t, &words.either))
        {
            return Joint::Or;
        }
        let listed = gap.trim_ascii_start().starts_with(b",")
            && between.clone().all(|t| self.is(t, &words.article));
        if listed { Joint::Listed } else { Joint::And }
    }

    /// Gives a name without a version the version that it has in a choice with a GNU license,
    /// wherever it is called by it.
    fn explain_beside_gnu(&self, named: &mut [Named], joints: &[Joint]) {
        let vague =
            |n: &Named| n.family.filter(|_| n.reference.how == (How::Name { sure: Sure::Vague }));
        let gnu = |n: &Named| n.family.is_some_and(|f| self.of.families[f].gnu);
        for n in 0..named.len() {
            let Some(family) = vague(&named[n]) else { continue };
            let Some(meant) = &self.of.families[family].beside_gnu else { continue };
            let beside = joints[n] == Joint::Or && gnu(&named[n - 1])
                || joints.get(n + 1) == Some(&Joint::Or) && gnu(&named[n + 1]);
            if beside {
                for same in named.iter_mut().filter(|other| vague(other) == Some(family)) {
                    same.reference.expression.clone_from(meant);
                }
            }
        }
    }
}

/// What stands beside a name that is meant is meant as well.
fn mean_beside(named: &mut [Named], joints: &[Joint]) {
    let spread = |named: &mut [Named], from: usize, to: usize| {
        if named[from].meant == Meant::Yes && named[to].meant == Meant::Weak {
            named[to].meant = Meant::Yes;
        }
    };
    let joined = |n: &usize| joints[*n] != Joint::Apart;
    for n in (1..named.len()).filter(joined) {
        spread(named, n - 1, n);
    }
    for n in (1..named.len()).rev().filter(joined) {
        spread(named, n, n - 1);
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
