// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Language of licenses that nothing explains: a text that no list knows, or a known one that
//! was changed beyond recognition.
//!
//! License texts share their phrases. Where many of them stand close together and no license,
//! tag, notice, name or reference to another file is found around, somebody must read it.

use std::ops::Range;

/// A place with phrases of license texts close to each other.
pub(super) struct Phrases {
    /// In bytes of the content (while they are collected, in words of a region).
    pub range: Range<usize>,
    /// How many runs of words there also stand in a license text.
    pub met: usize,
}

/// From how many on they are a license and no accident: of 25,000 files of Debian's packages and
/// 80,000 of the kernel there are 53 with so many and nothing around, and all speak of licenses.
const ENOUGH: usize = 14;

/// What stands no farther away than this, in bytes, explains them.
const NEAR: usize = 2000;

/// The places that nothing that is `known` explains.
pub(super) fn unexplained<'a>(
    found: Vec<Phrases>,
    known: impl Iterator<Item = &'a Range<usize>>,
) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> =
        found.into_iter().filter(|f| f.met >= ENOUGH).map(|f| f.range).collect();
    if places.is_empty() {
        return places;
    }
    let mut explained: Vec<(usize, usize)> =
        known.map(|place| (place.start.saturating_sub(NEAR), place.end + NEAR)).collect();
    explained.sort_unstable();
    // Each end is the farthest so far, so that the last hit that begins before a place decides.
    let mut farthest = 0;
    for (_, end) in &mut explained {
        farthest = farthest.max(*end);
        *end = farthest;
    }
    places.retain(|place| {
        let before = explained.partition_point(|(start, _)| *start < place.end);
        before.checked_sub(1).is_none_or(|n| explained[n].1 <= place.start)
    });
    places
}
