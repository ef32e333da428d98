// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! From bytes to licenses: a pure function, the same answer on any machine.
//!
//! ```text
//! bytes -> decode -> gate -> tags ----------------------> combine -> Detection
//!                        \-> regions -> tokens -> texts -/
//! ```
//!
//! The gate dismisses most files in one pass over the raw bytes; what it lets through is
//! read as tags, or cut into regions in which license texts and standard headers are
//! looked for. This module opens no file, reads no clock and knows no policy.

mod combine;
mod decode;
mod gate;
mod tags;
mod texts;
mod tokens;

use std::sync::Arc;

use crate::licenses::Licenses;
use crate::model::{Detection, Match, Skipped};

/// Changes whenever the same bytes and the same license-db may give another answer, so that
/// remembered detections of an older detector are not used.
pub const VERSION: u32 = 1;

/// Finds licenses in contents. Shared by all workers.
pub struct Detector {
    licenses: &'static Licenses,
    gate: gate::Gate,
    texts: texts::Texts,
}

impl Detector {
    pub fn new(licenses: &'static Licenses) -> Detector {
        Detector { licenses, gate: gate::Gate::new(), texts: texts::Texts::new(licenses) }
    }

    /// Builds what is otherwise built when the first text is looked for.
    pub fn prepare(&self) {
        self.texts.prepare();
    }

    /// Names everything a detection depends on beside the content: the detector's version
    /// and the license-db's digest.
    pub fn engine(&self) -> String {
        format!("{VERSION}:{}", self.licenses.digest())
    }

    /// Finds the licenses that a content names or contains.
    pub fn detect(&self, bytes: &[u8]) -> Detection {
        let Some(text) = decode::decode(bytes) else {
            return Detection { skipped: Some(Skipped::Binary), ..Detection::default() };
        };
        let text: &[u8] = &text;
        let hits = self.gate.hits(text);
        if hits.is_empty() {
            return Detection::default();
        }
        let mut lines = tokens::Lines::new(text);
        let mut matches: Vec<Match> = Vec::new();
        for at in hits.tags {
            // A tag whose expression reached over this place has already read it.
            if let Some(tag) = tags::read(self.licenses, text, at) {
                let (first, last) = (lines.number(tag.start), lines.number(tag.end));
                matches.push(Match {
                    expression: tag.expression.into(),
                    kind: crate::model::MatchKind::Tag,
                    score: 1.0,
                    start_line: first,
                    end_line: last,
                    words: excerpt(&text[tag.start..tag.end]),
                });
            }
        }
        for region in hits.regions {
            self.texts.find(text, region, &mut lines, &mut matches);
        }
        // Tags before texts where they share a line: a tag is the surer statement.
        matches.sort_by_key(|m| (m.start_line, m.end_line, m.kind));
        let expression = combine::combine(self.licenses, &self.texts, &matches);
        Detection { expression: expression.map(|e| e.to_string().into()), matches, skipped: None }
    }
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
mod tests {
    use super::*;
    use crate::model::MatchKind;

    fn detector() -> &'static Detector {
        static DETECTOR: std::sync::LazyLock<Detector> =
            std::sync::LazyLock::new(|| Detector::new(Licenses::builtin()));
        &DETECTOR
    }

    fn expression(bytes: impl AsRef<[u8]>) -> Option<String> {
        detector().detect(bytes.as_ref()).expression.map(|e| e.to_string())
    }

    /// Written in two parts so that this file does not tag itself.
    fn tag(expr: &str) -> String {
        format!("// SPDX-License-{}: {expr}\nint x;\n", "Identifier")
    }

    #[test]
    fn a_tag_is_evidence_with_line_and_words() {
        let d = detector().detect(format!("#!/bin/sh\n{}", tag("gpl-2.0+ OR mit")).as_bytes());
        assert_eq!(d.expression.as_deref(), Some("GPL-2.0-or-later OR MIT"));
        let [m] = &d.matches[..] else { panic!("{d:?}") };
        assert_eq!((m.kind, m.score, m.start_line, m.end_line), (MatchKind::Tag, 1.0, 2, 2));
        assert_eq!(&*m.words, format!("SPDX-License-{}: gpl-2.0+ OR mit", "Identifier"));
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        for quiet in
            ["", "int main(void) { return 0; }\n", "licence to print money, no license key"]
        {
            assert_eq!(detector().detect(quiet.as_bytes()), Detection::default(), "{quiet}");
        }
    }

    #[test]
    fn binary_content_is_said_to_be_skipped() {
        let d = detector().detect(b"\x7fELF\x02\x01\x01\0\0\0\0\0license");
        assert_eq!(d.skipped, Some(Skipped::Binary));
    }

    #[test]
    fn tags_are_read_in_utf16_and_latin1() {
        let text = tag("MIT");
        let le: Vec<u8> =
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> =
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        assert_eq!(expression(le).as_deref(), Some("MIT"));
        assert_eq!(expression(be).as_deref(), Some("MIT"));
        let latin1 = [b"// \xa9 Andr\xe9\n".as_slice(), text.as_bytes()].concat();
        assert_eq!(expression(latin1).as_deref(), Some("MIT"));
    }

    #[test]
    fn every_text_of_the_list_is_recognised_as_itself_or_as_its_twin() {
        let mut wrong = Vec::new();
        let mut total = 0;
        for t in Licenses::builtin().texts().iter().filter(|t| !t.header) {
            total += 1;
            let found = detector().detect(t.text.as_bytes());
            let own = detector().texts.representative(t.id);
            if !found.matches.iter().any(|m| Some(&*m.expression) == own) {
                wrong.push((t.id, own, found.expression));
            }
        }
        // Left are texts of one line that begin with a copyright notice, and Japanese.
        assert!(wrong.len() * 50 <= total, "{} of {total}: {wrong:?}", wrong.len());
    }

    #[test]
    fn a_text_is_recognised_wrapped_commented_and_slightly_changed() {
        let text = |id: &str| {
            let texts = Licenses::builtin().texts();
            texts.iter().find(|t| t.id == id && !t.header).unwrap().text
        };
        for id in ["MIT", "BSD-3-Clause", "BSD-2-Clause", "Apache-2.0", "ISC", "GPL-2.0-only"] {
            let words: Vec<&str> = text(id).split_whitespace().collect();
            for (width, prefix) in [(5, " * "), (9, "# "), (30, "// "), (12, "%% ")] {
                let wrapped: String = words
                    .chunks(width)
                    .map(|line| format!("{prefix}{}\n", line.join(" ")))
                    .collect();
                assert_eq!(expression(&wrapped).as_deref(), Some(id), "{width} {prefix}");
            }
            let changed: Vec<&str> = words
                .iter()
                .enumerate()
                .map(|(i, w)| if i % 40 == 20 { "zebra" } else { w })
                .collect();
            assert_eq!(expression(changed.join(" ")).as_deref(), Some(id), "changed words");
        }
    }

    #[test]
    fn two_texts_in_one_file_are_both_found_with_their_lines() {
        let texts = Licenses::builtin().texts();
        let text = |id: &str| texts.iter().find(|t| t.id == id && !t.header).unwrap().text;
        let both = format!("{}\n\n-----\n\n{}", text("BSD-3-Clause"), text("MIT"));
        let d = detector().detect(both.as_bytes());
        assert_eq!(d.expression.as_deref(), Some("BSD-3-Clause AND MIT"));
        assert!(d.matches[0].end_line <= d.matches[1].start_line, "{d:?}");
    }

    #[test]
    fn copies_of_one_text_are_that_text_and_nothing_like_it() {
        let texts = Licenses::builtin().texts();
        for id in ["GPL-2.0-or-later", "MIT", "BSD-3-Clause"] {
            let text = texts.iter().find(|t| t.id == id && !t.header).unwrap().text;
            let copies: String = (0..6).map(|n| format!("{text}\n\ncopy {n}\n")).collect();
            let d = detector().detect(copies.as_bytes());
            let only = id.replace("-or-later", "-only");
            assert_eq!(d.expression.as_deref(), Some(only.as_str()));
            assert_eq!(d.matches.len(), 6, "{:?}", d.matches);
        }
    }

    #[test]
    fn a_header_tells_only_from_or_later_whatever_the_address() {
        let texts = Licenses::builtin().texts();
        for id in ["GPL-2.0-only", "GPL-2.0-or-later", "LGPL-2.1-or-later", "Apache-2.0"] {
            let header = texts.iter().find(|t| t.id == id && t.header).unwrap().text;
            let moved =
                header.replace("51 Franklin Street, Fifth Floor", "59 Temple Place - Suite 330");
            let commented: String = moved.lines().map(|l| format!(" * {l}\n")).collect();
            let d = detector().detect(format!("/*\n{commented} */\nint x;\n").as_bytes());
            assert_eq!(d.expression.as_deref(), Some(id), "{d:?}");
            assert_eq!(d.matches[0].kind, MatchKind::Header);
        }
    }

    #[test]
    fn a_header_names_its_program_and_not_another_license() {
        let texts = Licenses::builtin().texts();
        let header = |id: &str| texts.iter().find(|t| t.id == id && t.header).unwrap().text;
        let named = header("LGPL-2.1-or-later")
            .replace("This library", "Zebra")
            .replace("this library", "Zebra");
        assert_eq!(expression(named).as_deref(), Some("LGPL-2.1-or-later"));
        // Other licenses ask for the words of this one with their own name in them.
        assert_eq!(expression(header("MPL-1.1")).as_deref(), Some("MPL-1.1"));
    }

    #[test]
    fn a_text_under_its_own_tag_is_one_license() {
        let texts = Licenses::builtin().texts();
        let mit = texts.iter().find(|t| t.id == "MIT" && !t.header).unwrap().text;
        let d = detector().detect(format!("{}\n{mit}", tag("MIT OR GPL-2.0-only")).as_bytes());
        assert_eq!(d.expression.as_deref(), Some("MIT OR GPL-2.0-only"));
        assert_eq!(d.matches.len(), 2);
    }
}
