// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! One pass over the raw bytes that finds tags and the regions worth a closer look.
//!
//! The literals are few, long and rare so that the vectorised search stays in its stride;
//! every text and header of the license list holds at least one of them (a test keeps it
//! so). What a region says is not judged here.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

/// Starts of an SPDX tag; then a macro of the Linux kernel that looks like a license text
/// and is none; then fragments that license texts and headers cannot do without.
const LITERALS: [&str; 25] = [
    "SPDX-License-Identifier",
    "SPDX-LICENSE-IDENTIFIER",
    "spdx-license-identifier",
    "MODULE_LICENSE",
    "Licen",
    "licen",
    "LICEN",
    "Lizenz",
    "ermission ",
    "ERMISSION ",
    "edistribut",
    "EDISTRIBUT",
    "arranty",
    "WARRANT",
    "ublic domain",
    "PUBLIC DOMAIN",
    "opyleft",
    "opyright law",
    "any purpose",
    "freely",
    "intact",
    "may be used",
    "may be distributed",
    "permitted",
    "rovided that",
];

/// How many of the literals are tags, and how many are tags or to be passed over.
const TAGS: usize = 3;
const QUIET: usize = 4;

/// How far a region reaches to both sides of a literal, in bytes.
const REACH: usize = 1500;

/// Two literals no farther apart than this, in bytes, share a region: the texts of the GNU
/// licenses go on for 4.5 KB without any of them.
const BRIDGE: usize = 5500;

/// What the gate lets through.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hits {
    /// Offsets of tags.
    pub tags: Vec<usize>,
    /// Byte ranges, ascending and apart from each other.
    pub regions: Vec<Range<usize>>,
}

impl Hits {
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.regions.is_empty()
    }
}

pub(super) struct Gate {
    literals: AhoCorasick,
}

impl Gate {
    pub fn new() -> Gate {
        let literals = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(LITERALS)
            .expect("a handful of short literals builds");
        Gate { literals }
    }

    pub fn hits(&self, text: &[u8]) -> Hits {
        let mut hits = Hits::default();
        let mut previous = 0;
        for found in self.literals.find_iter(text) {
            if found.pattern().as_usize() < TAGS {
                hits.tags.push(found.start());
                continue;
            }
            if found.pattern().as_usize() < QUIET {
                continue;
            }
            let start = found.start().saturating_sub(REACH);
            let end = (found.end() + REACH).min(text.len());
            match hits.regions.last_mut() {
                Some(last) if found.start() <= previous + BRIDGE => last.end = end,
                _ => hits.regions.push(start..end),
            }
            previous = found.end();
        }
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_from_regions_and_the_module_macro_is_neither() {
        let gate = Gate::new();
        let tag = format!("// SPDX-License-{}: MIT\nMODULE_LICENSE(\"GPL\");\n", "Identifier");
        assert_eq!(gate.hits(tag.as_bytes()), Hits { tags: vec![3], regions: vec![] });
        assert_eq!(gate.hits(b"the License").regions, vec![0..11; 1]);
        assert!(gate.hits(b"int main(void) {}").is_empty());
    }

    #[test]
    fn near_literals_share_a_region_and_far_ones_do_not() {
        let gate = Gate::new();
        let pad = |n: usize| " ".repeat(n);
        let near = format!("Licen{}Licen", pad(BRIDGE));
        assert_eq!(gate.hits(near.as_bytes()).regions.len(), 1);
        let far = format!("Licen{}Licen", pad(BRIDGE + 1));
        let regions = gate.hits(far.as_bytes()).regions;
        assert_eq!(regions.len(), 2);
        assert!(regions[0].end <= regions[1].start);
    }
}
