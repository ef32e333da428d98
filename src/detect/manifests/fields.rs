// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Manifests that are read by line: `Key: value` fields as Debian, Python, R, Java and RPM
//! have them, ini files, and as much of YAML as a license field needs.

use std::ops::Range;

/// The lines of a text with their offsets, without their ends.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= text.len() {
            return None;
        }
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |n| start + n);
        let line = start..end - usize::from(end > start && text[end - 1] == b'\r');
        start = end + 1;
        Some(line)
    })
}

/// A part of a text without the white space around it.
pub(super) fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_ascii_start().len();
    start..start + part.trim_ascii().len()
}

/// A part of a text as a string, its white space folded.
pub(super) fn words(text: &[u8], range: Range<usize>) -> String {
    let part = String::from_utf8_lossy(&text[range]);
    part.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A field that begins at the start of a line.
#[derive(Debug, PartialEq)]
pub(super) struct Field<'a> {
    pub name: &'a [u8],
    /// The value on the line of the name.
    pub first: Range<usize>,
    /// The value with the lines that continue it, which begin with white space.
    pub whole: Range<usize>,
    /// Counts what blank lines separate.
    pub stanza: usize,
}

impl Field<'_> {
    /// Whether the field has this name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The fields of a text; other lines are passed over.
pub(super) fn fields(text: &[u8]) -> Vec<Field<'_>> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut stanza = 0;
    // Whether a line that is indented continues a field.
    let mut continues = false;
    for line in lines(text) {
        let bytes = &text[line.clone()];
        if bytes.trim_ascii().is_empty() {
            stanza += 1;
            continues = false;
        } else if bytes.starts_with(b" ") || bytes.starts_with(b"\t") {
            if let Some(last) = fields.last_mut().filter(|_| continues) {
                last.whole.end = trimmed(text, line).end;
            }
        } else {
            let colon = memchr::memchr(b':', bytes);
            let name = bytes[..colon.unwrap_or(0)].trim_ascii_end();
            continues = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
            if let Some(colon) = colon.filter(|_| continues) {
                let first = trimmed(text, line.start + colon + 1..line.end);
                fields.push(Field { name, whole: first.clone(), first, stanza });
            }
        }
    }
    fields
}

/// The values of a key in a section of an ini file, with the lines that continue each.
pub(super) fn ini(text: &[u8], section: &str, key: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let (mut inside, mut continues) = (false, false);
    for line in lines(text) {
        let bytes = &text[line.clone()];
        let bare = bytes.trim_ascii();
        if bare.is_empty() || bare.starts_with(b"#") || bare.starts_with(b";") {
            continue;
        }
        if bytes.starts_with(b" ") || bytes.starts_with(b"\t") {
            if let Some(last) = found.last_mut().filter(|_| continues) {
                last.end = trimmed(text, line).end;
            }
            continue;
        }
        continues = false;
        if let Some(name) = bare.strip_prefix(b"[") {
            inside = name.strip_suffix(b"]").is_some_and(|n| n.trim_ascii() == section.as_bytes());
        } else if let Some(n) = memchr::memchr2(b'=', b':', bytes).filter(|_| inside)
            && bytes[..n].trim_ascii().eq_ignore_ascii_case(key.as_bytes())
        {
            found.push(trimmed(text, line.start + n + 1..line.end));
            continues = true;
        }
    }
    found
}

/// The scalars at a path of keys in block style YAML, several if there is a list. Flow style
/// is read where a value or a list has it; what is written over several lines is not.
pub(super) fn yaml(text: &[u8], path: &[&str]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // How many keys of the path have been met, and how far each was indented.
    let mut met: Vec<usize> = Vec::new();
    // How far a key's own keys are indented, while that is not known yet.
    let mut inner: Option<usize> = Some(0);
    let mut in_list = false;
    for line in lines(text) {
        let bytes = &text[line.clone()];
        let indent = bytes.iter().take_while(|b| **b == b' ').count();
        let bare = bytes[indent..].trim_ascii_end();
        if bare.is_empty() || bare.starts_with(b"#") {
            continue;
        }
        if bare.starts_with(b"---") || bare.starts_with(b"...") {
            if found.is_empty() {
                continue;
            }
            break;
        }
        if in_list {
            let item = bare.strip_prefix(b"-").filter(|i| i.starts_with(b" ") || i.is_empty());
            match item.filter(|_| indent >= met.last().copied().unwrap_or(0)) {
                Some(_) => {
                    found.extend(scalar(text, line.start + indent + 1..line.end));
                    continue;
                }
                None => break,
            }
        }
        // Back to where a key that was met stands: it is over.
        while met.last().is_some_and(|m| indent <= *m) {
            met.pop();
            inner = Some(met.last().map_or(0, |_| indent));
        }
        if *inner.get_or_insert(indent) != indent || met.len() >= path.len() {
            continue;
        }
        let Some(value) = yaml_key(bare, path[met.len()]) else { continue };
        let value = trimmed(text, line.start + indent + value..line.end);
        let (last, empty) = (met.len() + 1 == path.len(), without_comment(text, &value).is_empty());
        match (last, empty) {
            (false, true) => {
                met.push(indent);
                inner = None;
            }
            (true, true) => {
                met.push(indent);
                in_list = true;
            }
            (true, false) if text[value.start] == b'[' => {
                found = flow(text, value);
                break;
            }
            (true, false) => {
                found.extend(scalar(text, value));
                break;
            }
            (false, false) => {}
        }
    }
    found
}

/// Where the value begins, if the line has this key.
fn yaml_key(line: &[u8], key: &str) -> Option<usize> {
    let quote = line.first().filter(|b| matches!(b, b'"' | b'\''));
    let mut at = usize::from(quote.is_some());
    if !line[at..].starts_with(key.as_bytes()) {
        return None;
    }
    at += key.len();
    if let Some(quote) = quote {
        if line.get(at) != Some(quote) {
            return None;
        }
        at += 1;
    }
    let rest = line[at..].trim_ascii_start();
    let colon = line.len() - rest.len();
    let ends = rest.get(1).is_none_or(u8::is_ascii_whitespace);
    (rest.first() == Some(&b':') && ends).then_some(colon + 1)
}

/// A plain scalar without the comment behind it.
fn without_comment(text: &[u8], range: &Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let comment = memchr::memchr_iter(b'#', part)
        .find(|n| *n == 0 || part[n - 1] == b' ' || part[n - 1] == b'\t');
    trimmed(text, range.start..range.start + comment.unwrap_or(part.len()))
}

/// A scalar on one line, without its quotes.
fn scalar(text: &[u8], range: Range<usize>) -> Option<Range<usize>> {
    let range = trimmed(text, range);
    let first = *text[range.clone()].first()?;
    let range = match first {
        b'"' | b'\'' => {
            let len = memchr::memchr(first, &text[range.start + 1..range.end])?;
            range.start + 1..range.start + 1 + len
        }
        // Blocks, anchors, tags and flow.
        b'|' | b'>' | b'&' | b'*' | b'!' | b'{' | b'[' => return None,
        _ => without_comment(text, &range),
    };
    (!range.is_empty()).then_some(range)
}

/// The scalars of a flow list on one line.
fn flow(text: &[u8], range: Range<usize>) -> Vec<Range<usize>> {
    let end = memchr::memchr(b']', &text[range.clone()]).map_or(range.end, |n| range.start + n);
    let mut found = Vec::new();
    let mut start = range.start + 1;
    while start < end {
        let comma = memchr::memchr(b',', &text[start..end]).map_or(end, |n| start + n);
        found.extend(scalar(text, start..comma));
        start = comma + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str, found: Vec<Range<usize>>) -> Vec<String> {
        found.into_iter().map(|r| words(text.as_bytes(), r)).collect()
    }

    #[test]
    fn fields_are_continued_by_indented_lines_and_parted_by_blank_ones() {
        let text = "A: x\r\n  y\n\nnot a field\nb-c :z\n w\n";
        let found: Vec<_> = fields(text.as_bytes())
            .iter()
            .map(|f| {
                let first = words(text.as_bytes(), f.first.clone());
                (f.is("b-C"), first, words(text.as_bytes(), f.whole.clone()), f.stanza)
            })
            .collect();
        let expected = [
            (false, "x".to_owned(), "x y".to_owned(), 0),
            (true, "z".to_owned(), "z w".to_owned(), 1),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn ini_keys_belong_to_their_section() {
        let text = "license = no\n[metadata]\n# license = no\nLicense = MIT\nlist =\n  a\n  b\n\n[x]\nlicense = no";
        let get = |key| values(text, ini(text.as_bytes(), "metadata", key));
        assert_eq!(get("license"), ["MIT"]);
        assert_eq!(get("list"), ["a b"]);
    }

    #[test]
    fn yaml_is_read_along_a_path() {
        for (text, expected) in [
            ("about:\n  home: x\n  license: MIT  # why\n", vec!["MIT"]),
            ("license: no\nabout:\n    license: 'MIT # x'\n", vec!["MIT # x"]),
            ("---\nabout:\n  - x\n\"about\" :\n  \"license\": MIT", vec!["MIT"]),
            ("about:\n  license:\n    - MIT\n    - \"ISC\"\n  x: y\n", vec!["MIT", "ISC"]),
            ("about:\n  license:\n  - MIT\n", vec!["MIT"]),
            ("about:\n  license: [MIT, 'ISC']\n", vec!["MIT", "ISC"]),
            ("about:\n  x:\n    license: no\n  license: MIT\n", vec!["MIT"]),
            ("about:\nx:\n  license: no\n", vec![]),
            ("about:\n  license: |\n    no\n", vec![]),
            ("about:\n  license:\n", vec![]),
            ("about: x\n  license: no\n", vec![]),
        ] {
            let found = values(text, yaml(text.as_bytes(), &["about", "license"]));
            assert_eq!(found, expected, "{text}");
        }
        let text = "x:\n  license: no\nlicense: MIT\n";
        assert_eq!(values(text, yaml(text.as_bytes(), &["license"])), ["MIT"]);
    }
}
