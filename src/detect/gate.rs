// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! One pass over the raw bytes that finds tags and the regions worth a closer look.
//!
//! The literals are few, long and rare, so that the vectorised search stays in its stride (more
//! than 32 and up to 64 share 16 buckets of it, fewer share 8 and are slower);
//! every text and header of the license list holds at least one of them (a test keeps it
//! so). What a region says is not judged here.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

/// Starts of an SPDX tag; then a macro of the Linux kernel; then fragments that license texts
/// and headers cannot do without; then what names a license without any of them.
const LITERALS: [&str; 45] = [
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
    "arranty",
    "WARRANT",
    "ublic domain",
    "ublic Domain",
    "ublic-domain",
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
    "kostenlos",
    "ROVIDED that",
    "aim you wrote",
    "n't hold me",
    "reby granted",
    "fuse any responsib",
    "GPL",
    "reative Commons",
    "CC0",
    "CC-BY",
    "WTFPL",
    "BEER-WARE",
    "opensource.org",
    "same terms",
    "of distribution and use",
    "copyright notice in",
    "isclaims copyright",
    "ndependent JPEG",
    "COPYING",
];

/// How many of the literals are tags, how many are tags or the macro, and where those begin
/// that only name.
const TAGS: usize = 3;
const MACROS: usize = 4;
const NAMES: usize = 32;

/// How far a region reaches to both sides of a literal, in bytes.
const REACH: usize = 1500;

/// How far it reaches around a literal that only names.
const NAME_REACH: usize = 500;

/// Two literals no farther apart than this, in bytes, share a region: the texts of the GNU
/// licenses go on for 4.5 KB without any of them.
const BRIDGE: usize = 5500;

/// What the gate lets through.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hits {
    /// Offsets of tags.
    pub tags: Vec<usize>,
    /// Offsets of the kernel's macro.
    pub macros: Vec<usize>,
    /// Byte ranges, ascending and apart from each other.
    pub regions: Vec<Range<usize>>,
}

impl Hits {
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.macros.is_empty() && self.regions.is_empty()
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

    // A function of its own, so that benches/count.sh can count it.
    #[inline(never)]
    pub fn hits(&self, text: &[u8]) -> Hits {
        let mut hits = Hits::default();
        // Whether the region at hand is one around license texts, and where that was seen last.
        let mut previous: Option<usize> = None;
        // Names up to here belong to a tag or macro.
        let mut told = 0;
        for found in self.literals.find_iter(text) {
            let literal = found.pattern().as_usize();
            if literal < MACROS {
                match literal < TAGS {
                    true => hits.tags.push(found.start()),
                    false => hits.macros.push(found.start()),
                }
                let rest = &text[found.end()..];
                told = found.end() + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                continue;
            }
            let names = literal >= NAMES;
            if names && (found.start() < told || is_symbol(text, found.range())) {
                continue;
            }
            let reach = if names { NAME_REACH } else { REACH };
            let start = found.start().saturating_sub(reach);
            let end = (found.end() + reach).min(text.len());
            let bridged = !names && previous.is_some_and(|p| found.start() <= p + BRIDGE);
            match hits.regions.last_mut() {
                Some(last) if bridged || start <= last.end => last.end = last.end.max(end),
                _ => hits.regions.push(start..end),
            }
            if !names {
                previous = Some(found.end());
            }
        }
        hits
    }
}

/// Whether what was found is part of a name in a program (`EXPORT_SYMBOL_GPL`).
fn is_symbol(text: &[u8], found: Range<usize>) -> bool {
    let before = found.start.checked_sub(1).and_then(|n| text.get(n));
    before == Some(&b'_') || text.get(found.end) == Some(&b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_the_module_macro_are_told_from_regions() {
        let gate = Gate::new();
        let tag = format!("// SPDX-License-{}: GPL-2.0\nMODULE_LICENSE(\"GPL\");\n", "Identifier");
        let macros = vec![tag.find("MODULE").unwrap()];
        assert_eq!(gate.hits(tag.as_bytes()), Hits { tags: vec![3], macros, regions: vec![] });
        assert_eq!(gate.hits(b"the License").regions, vec![0..11; 1]);
        assert!(gate.hits(b"int main(void) {} EXPORT_SYMBOL_GPL(main);").is_empty());
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

    #[test]
    fn a_mere_name_has_a_small_region() {
        let gate = Gate::new();
        let pad = " ".repeat(5000);
        let [region] = &gate.hits(format!("{pad}GPL{pad}").as_bytes()).regions[..] else {
            panic!()
        };
        assert_eq!(region.len(), 2 * NAME_REACH + 3);
    }
}
