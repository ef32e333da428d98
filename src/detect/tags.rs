// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `SPDX-License-Identifier` tags (SPDX 2.3, annex E; REUSE 3.3), read as they are met in
//! the wild: any case, behind any comment marker, closed by any, broken over lines at an
//! operator or inside parentheses.
//!
//! Names that are no ids ("Apache 2.0", "GPL-2.0 or later") mean what they mean in a manifest.
//! Otherwise an id that no list knows becomes `LicenseRef-lictor-unknown-<id>`. A mention of
//! the tag without an id behind it (in prose, in a template) is no tag.

use super::aliases;
use crate::licenses::Licenses;
use crate::licenses::expression::{self, Expr, MAX_LEN, UNKNOWN_PREFIX};

/// Length of the words before the colon.
const NAME: usize = "SPDX-License-Identifier".len();

/// Most lines that one broken expression may take.
const MAX_LINES: usize = 16;

pub(super) struct Tag {
    pub expression: String,
    /// From the tag's first letter to the end of its expression.
    pub start: usize,
    pub end: usize,
}

/// Reads the tag whose name starts at `at`.
pub(super) fn read(licenses: &Licenses, text: &[u8], at: usize) -> Option<Tag> {
    let limit = text.len().min(at + NAME + MAX_LEN);
    let mut reader = Reader { text: &text[..limit], at: at + NAME };
    // In JSON the name and the id each stand in quotes.
    reader.skip(b"\"'`*_ \t");
    if reader.peek() != Some(b':') {
        return None;
    }
    reader.at += 1;
    reader.skip(b"\"'`*_ \t");
    let from = reader.at;
    let read = reader.expression(licenses);
    let known = read.as_ref().filter(|(words, _)| !words.contains("-lictor-unknown-"));
    // All of the line is an expression, or goes on below.
    let is_all =
        |end: usize| text[from..end].contains(&b'\n') || line(&text[end..limit]).is_empty();
    if !known.is_some_and(|(_, end)| is_all(*end)) {
        let line = line(&text[from..limit]);
        if let Some(expression) = aliases::names(licenses, line) {
            let end = from + line.len();
            return Some(Tag { expression: expression.to_string(), start: at, end });
        }
    }
    let (words, end) = read?;
    let expression: Expr = licenses.parse(&words).ok()?;
    Some(Tag { expression: expression.to_string(), start: at, end })
}

/// What stands on a line before its comment or string is closed.
fn line(text: &[u8]) -> &str {
    const CLOSE: [&[u8]; 9] = [b"*/", b"-->", b"-*-", b"\"", b"'", b"`", b"<", b"#}", b"\\n"];
    let closes = |n: &usize| CLOSE.iter().any(|c| text[*n..].starts_with(c));
    let end = (0..text.len()).find(|n| text[*n] == b'\n' || closes(n)).unwrap_or(text.len());
    let text = match std::str::from_utf8(&text[..end]) {
        Ok(text) => text,
        Err(e) => std::str::from_utf8(&text[..e.valid_up_to()]).unwrap_or_default(),
    };
    text.trim_end_matches(|c: char| c.is_whitespace() || ".,;:*#".contains(c))
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, set: &[u8]) {
        while self.peek().is_some_and(|b| set.contains(&b)) {
            self.at += 1;
        }
    }

    /// The word at the reader, without the punctuation of the sentence or comment around it.
    fn word(&self) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let len = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || b"-.+:_".contains(b)))
            .unwrap_or(rest.len());
        let mut word = &rest[..len];
        while let [head @ .., b'-' | b'.' | b':' | b'_'] = word {
            word = head;
        }
        word
    }

    /// Moves to the next line's first letter or parenthesis, over comment markers.
    fn next_line(&mut self) -> bool {
        let Some(n) = memchr::memchr(b'\n', &self.text[self.at..]) else { return false };
        self.at += n + 1;
        while let Some(b) = self.peek() {
            if b.is_ascii_alphanumeric() || b == b'(' || b == b')' {
                return true;
            }
            if b == b'\n' {
                return false;
            }
            self.at += 1;
        }
        false
    }

    /// The longest expression from here on, respelt, and where it ends.
    fn expression(&mut self, licenses: &Licenses) -> Option<(String, usize)> {
        let mut words = String::new();
        // The state at the last place where the expression could have ended.
        let mut complete: Option<(usize, usize, usize)> = None;
        let mut depth = 0usize;
        let mut want = Want::License;
        let mut lines = 1;
        loop {
            self.skip(b" \t");
            match self.peek() {
                Some(b'(') if want == Want::License => {
                    words.push('(');
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                Some(b')') if want == Want::Operator && depth > 0 => {
                    words.push(')');
                    depth -= 1;
                    self.at += 1;
                    complete = Some((words.len(), self.at, depth));
                    continue;
                }
                // At the end of a line the expression goes on only if it cannot be over.
                Some(b'\n' | b'\r') | None
                    if (want != Want::Operator || depth > 0)
                        && complete.is_some()
                        && lines < MAX_LINES =>
                {
                    lines += 1;
                    if self.next_line() {
                        continue;
                    }
                    break;
                }
                _ => {}
            }
            let word = self.word();
            let Ok(word) = std::str::from_utf8(word) else { break };
            let upper = word.to_ascii_uppercase();
            let operator = matches!(upper.as_str(), "AND" | "OR" | "WITH");
            // Ids merely beside each other (U-Boot wrote so): all hold, as nothing offers a choice.
            if want == Want::Operator && depth == 0 && word.contains('-') && is_id(licenses, word) {
                words.push_str(" AND ");
                want = Want::License;
            }
            match want {
                Want::Operator if operator => {
                    words.push_str(&format!(" {upper} "));
                    want = if upper == "WITH" { Want::Exception } else { Want::License };
                    self.at += word.len();
                    continue;
                }
                Want::License if !operator && !word.is_empty() => {
                    let Some(id) = license_id(licenses, word) else { break };
                    words.push_str(&id);
                }
                Want::Exception if !operator && !word.is_empty() => {
                    words.push_str(&exception_id(licenses, word));
                }
                _ => break,
            }
            want = Want::Operator;
            self.at += word.len();
            complete = Some((words.len(), self.at, depth));
        }
        let (len, end, open) = complete?;
        words.truncate(len);
        words.push_str(&")".repeat(open));
        Some((words, end))
    }
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Want {
    License,
    Exception,
    Operator,
}

fn is_id(licenses: &Licenses, word: &str) -> bool {
    licenses.license_id(word.strip_suffix('+').unwrap_or(word)).is_some()
}

fn license_id(licenses: &Licenses, word: &str) -> Option<String> {
    if is_id(licenses, word) || expression::is_reference(word) {
        return Some(word.to_owned());
    }
    // Prose ("SPDX-License-Identifier: tag") is not taken for an unknown license.
    let shouted = word.len() >= 3 && word.bytes().all(|b| b.is_ascii_uppercase());
    let numbered = word.bytes().any(|b| b.is_ascii_digit());
    let joined = word.contains('-') && word.bytes().any(|b| b.is_ascii_uppercase());
    (word.bytes().any(|b| b.is_ascii_alphabetic()) && (shouted || numbered || joined))
        .then(|| unknown(UNKNOWN_PREFIX, word))
}

fn exception_id(licenses: &Licenses, word: &str) -> String {
    match licenses.exception_id(word) {
        Some(id) => id.to_owned(),
        None if expression::is_reference(word) => word.to_owned(),
        None => unknown("AdditionRef-lictor-unknown-", word),
    }
}

fn unknown(prefix: &str, word: &str) -> String {
    let id: String =
        word.chars().map(|c| if matches!(c, '+' | ':' | '_') { '-' } else { c }).collect();
    format!("{prefix}{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_tag(rest: &str) -> Option<(String, String)> {
        let text = format!("/* SPDX-License-{}{rest}", "Identifier");
        let tag = read(Licenses::builtin(), text.as_bytes(), 3)?;
        Some((tag.expression, text[tag.end..].to_owned()))
    }

    #[test]
    fn tags_end_where_their_expression_ends() {
        for (rest, expression, left) in [
            (": MIT */", "MIT", " */"),
            (": MIT", "MIT", ""),
            (":MIT*/", "MIT", "*/"),
            (": GPL-2.0-->", "GPL-2.0-only", "-->"),
            (
                ": GPL-2.0+ WITH Linux-syscall-note */",
                "GPL-2.0-or-later WITH Linux-syscall-note",
                " */",
            ),
            (": (GPL-2.0 OR MIT)\n", "GPL-2.0-only OR MIT", "\n"),
            (
                ": ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */",
                "GPL-2.0-only WITH Linux-syscall-note OR MIT",
                " */",
            ),
            (": GPL-2.0-only or mit -*- c -*-", "GPL-2.0-only OR MIT", " -*- c -*-"),
            ("\": \"Apache-2.0\",", "Apache-2.0", "\","),
            (": MIT. And more", "MIT", ". And more"),
            (": MIT and more", "MIT", " and more"),
            (": MIT OR\n * Apache-2.0\n", "MIT OR Apache-2.0", "\n"),
            (": (MIT OR\n#  ISC) AND 0BSD\n", "(MIT OR ISC) AND 0BSD", "\n"),
            (": (MIT OR ISC\n", "MIT OR ISC", "\n"),
            (": LicenseRef-Ours\n", "LicenseRef-Ours", "\n"),
            (": GPL-2.0+\tBSD-3-Clause\n", "GPL-2.0-or-later AND BSD-3-Clause", "\n"),
            (": MIT Apache\n", "MIT", " Apache\n"),
            (": Nonsense-9.9 OR MIT\n", "LicenseRef-lictor-unknown-Nonsense-9.9 OR MIT", "\n"),
            (": GPL-2.0 or later */", "GPL-2.0-or-later", " */"),
            (": Apache 2.0\n", "Apache-2.0", "\n"),
            ("\": \"Apache License 2.0\",", "Apache-2.0", "\","),
            (": EPL-2.0 OR EDL-1.0\n", "EPL-2.0 OR BSD-3-Clause", "\n"),
            (": MIT, Apache-2.0 -->", "MIT AND Apache-2.0", " -->"),
            (": Public-Domain.\n", "LicenseRef-lictor-public-domain", ".\n"),
            (": GPL-2.0-only WITH foo\n", "GPL-2.0-only WITH AdditionRef-lictor-unknown-foo", "\n"),
        ] {
            assert_eq!(read_tag(rest), Some((expression.into(), left.into())), "{rest}");
        }
    }

    #[test]
    fn a_mention_is_no_tag() {
        for rest in [
            "",
            ":",
            ": ",
            " tags are required",
            ": <SPDX id>",
            ": %s",
            ": tag\n",
            ": $ID",
            ":\nMIT\n",
            ": ()",
            ": OR MIT",
        ] {
            assert_eq!(read_tag(rest), None, "{rest:?}");
        }
    }

    #[test]
    fn hostile_tags_take_bounded_work() {
        assert!(read_tag(&format!(": {}", "(".repeat(1_000_000))).is_none());
        let many = format!(": MIT{}", " OR MIT".repeat(1_000_000));
        assert_eq!(read_tag(&many).map(|t| t.0).as_deref(), Some("MIT"));
        assert!(read_tag(&format!(": MIT OR{}", "\n *".repeat(100_000))).is_some());
    }
}
