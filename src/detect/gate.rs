// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! One pass over the raw bytes that finds tags and the regions worth a closer look.
//!
//! The literals are few and rare, so that the vectorised search stays in its stride;
//! every text and header of the license list holds at least one of them (a test keeps it
//! so). What a region says is not judged here.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

/// Starts of an SPDX tag; then a macro of the Linux kernel; then fragments that license texts
/// and headers cannot do without; then what names a license without any of them. What stands
/// before the bar is compared, what stands behind it is searched for: the search takes its
/// stride from the first three bytes, which are chosen to be rare in source code.
///
/// Which of them the search looks for at once goes by their order, so that order and bars are
/// what `benches/gate.rs` found (on a kernel tree and 16 packages of Debian): it stops 1.4
/// times in a thousand bytes, and 10 to 20 times where a literal is merely put in somewhere.
const LITERALS: [&str; 57] = [
    "SPDX-|License-Identifier",
    "SPD|X-LICENSE-IDENTIFIER",
    "spdx-|license-identifier",
    "MODULE_|LICENSE",
    "ub|lic domain",
    "r|ovided that",
    "PUBLI|C DOMAIN",
    "edistr|ibut",
    "E|RMISSION ",
    "|aim you wrote",
    "fuse an|y responsib",
    "arr|anty",
    "|ermission ",
    "|opyright law",
    "|Licen",
    "kost|enlos",
    "|ermission\n",
    "confi|g.lt script is",
    "|Lizenz",
    "ublic |Domain",
    "any |purpose",
    "ubli|c-domain",
    "WARR|ANT",
    "|LICEN",
    "ma|y be used",
    "|opyleft",
    "|licen",
    "R|OVIDED that",
    "reby gr|anted",
    "p|ermitted",
    "in|tact",
    "fr|eely",
    "ma|y be distributed",
    "n't |hold me",
    "|Artistic",
    "|CC0",
    "|GPL",
    "C|C-BY",
    "|BSD",
    "of distribution an|d use",
    "| MPL",
    "ndependent J|PEG",
    "Open Source |Agreement",
    "BEE|R-WARE",
    "same t|erms",
    "info/cp|ol10",
    "|WTFPL",
    "opensourc|e.org",
    " |OFL",
    "c|opyright notice in",
    "|Apache",
    "reative |Commons",
    " |EPL",
    "C|OPYING",
    " |CDDL",
    "iscl|aims copyright",
    "| MIT",
];

/// How many of the literals are tags, how many are tags or the macro, and where those begin
/// that only name.
const TAGS: usize = 3;
const MACROS: usize = 4;
const NAMES: usize = 34;

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
    search: AhoCorasick,
    literals: Vec<Literal>,
}

struct Literal {
    /// What must stand before the part that is searched for.
    before: &'static [u8],
    /// The literal that is met where this one's part is, but not what must stand before it.
    otherwise: Option<usize>,
}

impl Gate {
    pub fn new() -> Gate {
        let parts = LITERALS.map(|l| l.split_once('|').expect("every literal has its bar"));
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(parts.map(|(_, part)| part))
            .expect("a handful of short literals builds");
        let literals = parts.iter().enumerate().map(|(n, (before, part))| Literal {
            before: before.as_bytes(),
            otherwise: parts.iter().enumerate().position(|(m, (none, other))| {
                m != n && none.is_empty() && part.starts_with(other)
            }),
        });
        Gate { search, literals: literals.collect() }
    }

    /// The literal that is met where the part of one is.
    fn literal(&self, text: &[u8], part: usize, start: usize) -> Option<(usize, usize)> {
        let Literal { before, otherwise } = self.literals[part];
        match text[..start].ends_with(before) {
            true => Some((part, start - before.len())),
            false => otherwise.map(|other| (other, start)),
        }
    }

    // A function of its own, so that benches/count.sh can count it.
    #[inline(never)]
    pub fn hits(&self, text: &[u8]) -> Hits {
        let mut hits = Hits::default();
        // Whether the region at hand is one around license texts, and where that was seen last.
        let mut previous: Option<usize> = None;
        // Which of the regions that is.
        let mut home = 0;
        // Names up to here belong to a tag or macro.
        let mut told = 0;
        for found in self.search.find_iter(text) {
            let part = found.pattern().as_usize();
            let Some((literal, start)) = self.literal(text, part, found.start()) else { continue };
            let found = start..found.end();
            if literal < MACROS {
                match literal < TAGS {
                    true => hits.tags.push(found.start),
                    false => hits.macros.push(found.start),
                }
                let rest = &text[found.end..];
                told = found.end + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                continue;
            }
            let names = literal >= NAMES;
            if names && (found.start < told || is_symbol(text, &found)) {
                continue;
            }
            let reach = if names { NAME_REACH } else { REACH };
            let start = found.start.saturating_sub(reach);
            let end = (found.end + reach).min(text.len());
            let bridged = !names && previous.is_some_and(|p| found.start <= p + BRIDGE);
            if bridged {
                // What was merely named on the way belongs to it.
                hits.regions.truncate(home + 1);
            }
            match hits.regions.last_mut() {
                Some(last) if bridged || start <= last.end => last.end = last.end.max(end),
                _ => hits.regions.push(start..end),
            }
            if !names {
                previous = Some(found.end);
                home = hits.regions.len() - 1;
            }
        }
        hits
    }
}

/// Whether what was found is part of a name in a program (`EXPORT_SYMBOL_GPL`).
fn is_symbol(text: &[u8], found: &Range<usize>) -> bool {
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
    fn a_literal_whose_beginning_is_another_is_that_other_or_nothing() {
        let gate = Gate::new();
        // "LICENSE" is the end of the macro, "License-Identifier" that of a tag.
        for license in ["see LICENSE.", "X-License-Identifier: x"] {
            let hits = gate.hits(license.as_bytes());
            assert_eq!((hits.regions.len(), hits.macros.len(), hits.tags.len()), (1, 0, 0));
        }
        assert!(gate.hits(b"the contact; a mission ; zenzero; anty").is_empty());
        for literal in LITERALS {
            assert!(!gate.hits(literal.replace('|', "").as_bytes()).is_empty(), "{literal}");
        }
    }

    #[test]
    fn licenses_are_let_through_by_their_mere_names() {
        for name in [
            "under the MPL 1.1",
            "under the EPL",
            "Artistic",
            "an OFL font",
            "NASA Open Source Agreement",
            "https://www.codeproject.com/info/cpol10.aspx",
        ] {
            assert!(!Gate::new().hits(name.as_bytes()).is_empty(), "{name}");
        }
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
    fn regression_a_name_in_a_text_does_not_break_its_region() {
        let pad = " ".repeat(BRIDGE / 2 - 10);
        let text = format!("Licen{pad}GPL{pad}Licen");
        assert_eq!(Gate::new().hits(text.as_bytes()).regions, vec![0..text.len(); 1]);
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
