// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! As much of XML as manifests need: elements, their attributes and their text. Comments,
//! declarations and instructions are passed over, no entity is expanded but the five of
//! XML itself and numbers, and nothing is fetched.

use std::ops::Range;

/// Deeper nesting is no manifest's.
const MAX_DEPTH: usize = 64;

/// An element that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open<'a> {
    /// Without its namespace.
    pub name: &'a [u8],
    attributes: &'a [u8],
    /// Counts elements, to tell one from another of its name.
    pub number: usize,
}

impl Open<'_> {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let mut rest = self.attributes;
        loop {
            let equals = memchr::memchr(b'=', rest)?;
            let key = rest[..equals].trim_ascii();
            let after = rest[equals + 1..].trim_ascii_start();
            let quote = *after.first().filter(|b| matches!(b, b'"' | b'\''))?;
            let len = memchr::memchr(quote, &after[1..])?;
            if key == name.as_bytes() {
                return Some(decode(&after[1..1 + len]));
            }
            rest = &after[len + 2..];
        }
    }
}

/// Calls `leaf` for every element that has no other one inside, with the elements around it
/// and itself, and where its text stands. Ends at the first thing that is no XML.
pub(super) fn leaves<'a>(text: &'a [u8], mut leaf: impl FnMut(&[Open<'a>], Range<usize>)) {
    let mut open: Vec<Open<'a>> = Vec::new();
    let mut number = 0;
    // Where the text of the innermost element begins, while no other one was in it.
    let mut content: Option<usize> = None;
    let mut at = 0;
    while let Some(n) = memchr::memchr(b'<', &text[at..]) {
        let start = at + n;
        let rest = &text[start..];
        let find = |end: &[u8]| memchr::memmem::find(rest, end).map(|n| start + n + end.len());
        let end = if rest.starts_with(b"<!--") {
            find(b"-->")
        } else if rest.starts_with(b"<![CDATA[") {
            find(b"]]>")
        } else if rest.starts_with(b"<?") {
            find(b"?>")
        } else if rest.starts_with(b"<!") {
            doctype(rest).map(|n| start + n)
        } else {
            let Some(len) = tag(rest) else { return };
            let inside = &rest[1..len - 1];
            if let Some(name) = inside.strip_prefix(b"/") {
                let name = local(name.trim_ascii());
                if let Some(depth) = open.iter().rposition(|o| o.name == name) {
                    if let Some(from) = content.filter(|_| depth + 1 == open.len()) {
                        leaf(&open, trimmed(text, from..start));
                    }
                    open.truncate(depth);
                }
                content = None;
            } else {
                let (inside, closed) = match inside.strip_suffix(b"/") {
                    Some(inside) => (inside, true),
                    None => (inside, false),
                };
                let split = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
                let (name, attributes) = inside.split_at(split);
                if open.len() >= MAX_DEPTH || name.is_empty() {
                    return;
                }
                number += 1;
                open.push(Open { name: local(name), attributes, number });
                content = Some(start + len);
                if closed {
                    leaf(&open, start + len..start + len);
                    open.pop();
                    content = None;
                }
            }
            Some(start + len)
        };
        let Some(end) = end else { return };
        at = end;
    }
}

/// The length of the tag at the start, whose attributes may hold `>`.
fn tag(text: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (n, b) in text.iter().enumerate().skip(1) {
        match (quote, b) {
            (Some(q), b) if *b == q => quote = None,
            (None, b'"' | b'\'') => quote = Some(*b),
            (None, b'>') => return Some(n + 1),
            (None, b'<') => return None,
            _ => {}
        }
    }
    None
}

/// The length of the declaration at the start, which may hold others in brackets.
fn doctype(text: &[u8]) -> Option<usize> {
    let end = memchr::memchr2(b'>', b'[', text)?;
    if text[end] == b'>' {
        return Some(end + 1);
    }
    let inner = end + memchr::memchr(b']', &text[end..])?;
    Some(inner + memchr::memchr(b'>', &text[inner..])? + 1)
}

fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|b| *b == b':').next().unwrap_or(name)
}

fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_ascii_start().len();
    start..start + part.trim_ascii().len()
}

/// The text that a piece of XML stands for, its white space folded.
pub(super) fn decode(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(n) = rest.find(['&', '<']) {
        out.push_str(&rest[..n]);
        rest = &rest[n..];
        if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            let (data, after) = inside.split_once("]]>").unwrap_or((inside, ""));
            out.push_str(data);
            rest = after;
        } else if let Some(inside) = rest.strip_prefix("<!--") {
            rest = inside.split_once("-->").map_or("", |(_, after)| after);
        } else if let Some((c, len)) = entity(rest) {
            out.push(c);
            rest = &rest[len..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The character that the entity at the start stands for, and its length.
fn entity(text: &str) -> Option<(char, usize)> {
    // The longest is that of the last character: `&#1114111;`.
    let end = text.bytes().take(12).position(|b| b == b';')?;
    let name = text.get(1..end)?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((c, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let mut out = Vec::new();
        leaves(text.as_bytes(), |open, range| {
            let path: Vec<_> = open.iter().map(|o| String::from_utf8_lossy(o.name)).collect();
            out.push((path.join("/"), decode(&text.as_bytes()[range])));
        });
        out
    }

    fn pair(path: &str, value: &str) -> (String, String) {
        (path.to_owned(), value.to_owned())
    }

    #[test]
    fn leaves_come_with_their_path_and_text() {
        let text = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x \"y\">]>\n<a xmlns:n='u'>\
                    <!-- <b>no</b> --><n:b c=\"1>2\"> x &amp; &#x41;&y; </n:b>\
                    <b><![CDATA[<z>]]></b><e/> mixed </a>";
        let expected = [pair("a/b", "x & A&y;"), pair("a/b", "<z>"), pair("a/e", "")];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn attributes_are_found_in_either_quotes() {
        let mut found = Vec::new();
        leaves(b"<a type = 'x' b=\"y&lt;\"/>", |open, _| {
            found = ["type", "b", "c"].iter().map(|n| open[0].attribute(n)).collect();
        });
        assert_eq!(found, [Some("x".to_owned()), Some("y<".to_owned()), None]);
    }

    #[test]
    fn what_is_malformed_ends_it() {
        for bad in ["<", "<a", "<a><b", "<a/><!--", "<![CDATA[", "<!DOCTYPE [", "<>x</>", "</a>"] {
            assert!(read(bad).iter().all(|(_, text)| text.is_empty()), "{bad}");
        }
        assert_eq!(read("<a><b>x</a></b>"), []);
        assert_eq!(read(&"<a>".repeat(100_000)), []);
    }
}
