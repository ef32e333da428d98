// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What holds of every content, and contents that are made of what licenses are made of.

use std::sync::LazyLock;

use lictor::detect::Detector;
use lictor::licenses::Licenses;
use lictor::licenses::expression::is_reference;
use lictor::model::FileKind;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(Licenses::builtin()));

/// The kind that a byte stands for.
pub fn kind(byte: u8) -> FileKind {
    FileKind::ALL[usize::from(byte) % FileKind::ALL.len()]
}

/// Detects, and checks all that must hold whatever the content is.
pub fn detect(content: &[u8], kind: FileKind) {
    let found = DETECTOR.detect(content, kind);
    // The second time it is remembered.
    assert_eq!(found, DETECTOR.detect(content, kind));
    if found.skipped.is_some() {
        assert!(found.expression.is_none() && found.matches.is_empty());
        return;
    }
    found.expression.iter().for_each(|e| canonical(e));
    let encoded = content.contains(&0)
        || content.starts_with(b"\xff\xfe")
        || content.starts_with(b"\xfe\xff");
    // In UTF-16 a line end may be made of two halves.
    let lines = match encoded {
        true => content.len(),
        false => content.split(|b| *b == b'\n').count(),
    };
    for m in &found.matches {
        canonical(&m.expression);
        assert!(
            1 <= m.start_line && m.start_line <= m.end_line && m.end_line as usize <= lines,
            "{m:?}"
        );
        assert!((0.0..=1.0).contains(&m.score), "{m:?}");
        assert!(!m.words.contains(['\n', '\r']), "{m:?}");
    }
    if content.is_ascii() && !encoded {
        let wide: Vec<u8> = content.iter().flat_map(|b| [*b, 0]).collect();
        let wide = [b"\xff\xfe", &wide[..]].concat();
        assert_eq!(found, DETECTOR.detect(&wide, kind), "in UTF-16");
    }
}

/// An expression that is written as lictor writes it.
pub fn canonical(expression: &str) {
    match Licenses::builtin().parse(expression) {
        Ok(parsed) => {
            assert_eq!(parsed.to_string(), expression);
            assert!(!parsed.ids().is_empty());
        }
        Err(wrong) => panic!("{expression}: {wrong:?}"),
    }
}

/// An id that a list has, or that says itself that none has it.
pub fn known(id: &str) {
    let db = Licenses::builtin();
    assert!(db.entry(id).is_some() || is_reference(id), "{id}");
}

/// What stands around words.
const AROUND: [&str; 32] = [
    " ",
    "\n",
    "\r\n",
    "\n\n",
    "\n * ",
    "\n# ",
    "\n// ",
    "\n;; ",
    "\n-- ",
    "\n% ",
    "\ndnl ",
    "\nREM ",
    "/* ",
    " */\n",
    "<!-- ",
    " -->\n",
    "(* ",
    " *)",
    ".\\\" ",
    "\\fB",
    "<b>",
    "</p>\n",
    "&quot;",
    "-\n",
    "-",
    ", ",
    ". ",
    "(",
    ")",
    "\"",
    "\\n\"\n\"",
    "+",
];

/// What licenses are said with, beside their names.
const SAID: [&str; 32] = [
    " or ",
    " and ",
    " with ",
    " exception ",
    " either ",
    " any later version",
    " only",
    "version ",
    " 2",
    ".0",
    " 3",
    "v2",
    "license ",
    "License: ",
    "licensed under the ",
    "terms of the ",
    "Copyright (c) 2020 A. B.\n",
    "All rights reserved.\n",
    "See the file ",
    "COPYING",
    "not ",
    "GPL",
    "LGPL",
    "GNU ",
    "BSD",
    "MIT",
    "Apache",
    "public domain",
    "MODULE_LICENSE(\"",
    "\")",
    "unless ",
    "dual-licensed ",
];

/// A content made of parts of license texts, rules, names, tags, and what stands between them: four
/// bytes a step.
pub fn compose(steps: &[u8]) -> Vec<u8> {
    static TEXTS: LazyLock<Vec<Vec<&str>>> = LazyLock::new(|| {
        let texts = Licenses::builtin().texts();
        texts.iter().map(|t| t.text.split_inclusive(char::is_whitespace).collect()).collect()
    });
    let db = Licenses::builtin();
    let mut content = Vec::new();
    for step in steps.chunks_exact(4) {
        let [what, a, b, c] = step else { continue };
        let which = usize::from(*a) | usize::from(*b) << 8;
        let c = usize::from(*c);
        let n = usize::from(what >> 3);
        match what % 8 {
            // A part of a text, of 1 to 31 words or all of it.
            0 | 1 => {
                let words = &TEXTS[which % TEXTS.len()];
                let part = match n {
                    0 => &words[..],
                    n => {
                        let from = c * words.len() / 256;
                        &words[from..words.len().min(from + n)]
                    }
                };
                part.iter().for_each(|w| content.extend(w.bytes()));
            }
            2 => content.extend(db.rules()[which % db.rules().len()].text.bytes()),
            3 => {
                let rule = &db.rules()[which % db.rules().len()].text;
                let words: Vec<&str> = rule.split_inclusive(char::is_whitespace).collect();
                let from = c * words.len() / 256;
                words[from..words.len().min(from + n + 1)]
                    .iter()
                    .for_each(|w| content.extend(w.bytes()));
            }
            4 => {
                let ids: &Vec<&str> = {
                    static IDS: LazyLock<Vec<&str>> =
                        LazyLock::new(|| Licenses::builtin().entries().map(|l| l.id).collect());
                    &IDS
                };
                let tag = ["", "SPDX-License-", "Identifier: "];
                let tag = if n % 2 == 0 { tag.concat() } else { String::new() };
                content.extend(format!("{tag}{}", ids[which % ids.len()]).bytes());
            }
            5 => [a, b, &(c as u8)].iter().for_each(|b| content.push(**b)),
            6 => {
                let said = [SAID[n], AROUND[usize::from(*a) % 32], SAID[usize::from(*b) % 32]];
                content.extend(said.concat().bytes());
            }
            _ => content.extend(AROUND[n].bytes().chain(AROUND[usize::from(*a) % 32].bytes())),
        }
    }
    content
}
