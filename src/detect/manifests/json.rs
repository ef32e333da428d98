// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! JSON whose strings know where they stand, which `serde_json` does not tell. Comments and
//! commas too many are let through, as `deno.jsonc` has them.

use std::ops::Range;

/// Deeper nesting is no manifest's.
const MAX_DEPTH: usize = 64;

/// A value; what is neither a string nor holds one is all the same here.
#[derive(Debug, PartialEq)]
pub(super) enum Json {
    Text(Text),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    Other,
}

/// A string and where it stands, without its quotes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub value: String,
    pub range: Range<usize>,
}

impl Json {
    /// The member of an object.
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&Text> {
        match self {
            Json::Text(t) => Some(t),
            _ => None,
        }
    }

    /// The members of a list; anything else is a list of itself.
    pub fn each(&self) -> &[Json] {
        match self {
            Json::List(list) => list,
            other => std::slice::from_ref(other),
        }
    }
}

/// The value that a text is, `None` if it is malformed.
pub(super) fn parse(text: &[u8]) -> Option<Json> {
    let at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut reader = Reader { text, at };
    let value = reader.value(0)?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b) = self.peek() {
            match (b, self.text.get(self.at + 1)) {
                (b' ' | b'\t' | b'\r' | b'\n', _) => self.at += 1,
                (b'/', Some(b'/')) => self.skip_to(b"\n"),
                (b'/', Some(b'*')) => {
                    self.at += 2;
                    self.skip_to(b"*/");
                }
                _ => return,
            }
        }
    }

    /// Moves behind the next `end`, or to the end of the text.
    fn skip_to(&mut self, end: &[u8]) {
        let rest = &self.text[self.at..];
        self.at += memchr::memmem::find(rest, end).map_or(rest.len(), |n| n + end.len());
    }

    fn eat(&mut self, b: u8) -> bool {
        self.space();
        let found = self.peek() == Some(b);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.space();
        match self.peek()? {
            b'"' => self.string().map(Json::Text),
            b'[' => {
                self.at += 1;
                let mut list = Vec::new();
                while !self.eat(b']') {
                    list.push(self.value(depth + 1)?);
                    if !self.eat(b',') && !self.eat_close(b']') {
                        return None;
                    }
                }
                Some(Json::List(list))
            }
            b'{' => {
                self.at += 1;
                let mut members = Vec::new();
                while !self.eat(b'}') {
                    let key = self.string()?.value;
                    if !self.eat(b':') {
                        return None;
                    }
                    members.push((key, self.value(depth + 1)?));
                    if !self.eat(b',') && !self.eat_close(b'}') {
                        return None;
                    }
                }
                Some(Json::Object(members))
            }
            b if b.is_ascii_alphanumeric() || b == b'-' => {
                while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
                {
                    self.at += 1;
                }
                Some(Json::Other)
            }
            _ => None,
        }
    }

    /// Whether the list or object ends here; leaves the end to be read.
    fn eat_close(&mut self, b: u8) -> bool {
        self.space();
        self.peek() == Some(b)
    }

    fn string(&mut self) -> Option<Text> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at + 1;
        let mut at = start;
        loop {
            at += memchr::memchr2(b'"', b'\\', self.text.get(at..)?)?;
            if self.text[at] == b'"' {
                break;
            }
            at += 2;
        }
        self.at = at + 1;
        let bytes = &self.text[start..at];
        let value = if bytes.contains(&b'\\') {
            serde_json::from_slice(&self.text[start - 1..=at]).ok()?
        } else {
            String::from_utf8_lossy(bytes).into_owned()
        };
        Some(Text { value, range: start..at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_know_where_they_stand() {
        let text = br#"{ "a": [1, null, "x\u0041\"", {"b": "y"},], // more
            /* and */ "c": -1.5e+3 }"#;
        let json = parse(text).unwrap();
        let [_, _, x, y] = json.get("a").unwrap().each() else { panic!("{json:?}") };
        let x = x.text().unwrap();
        assert_eq!((x.value.as_str(), &text[x.range.clone()]), ("xA\"", &br#"x\u0041\""#[..]));
        assert_eq!(y.get("b").unwrap().text().unwrap().value, "y");
        assert_eq!(json.get("c"), Some(&Json::Other));
    }

    #[test]
    fn what_is_malformed_is_nothing() {
        let deep = "[".repeat(100_000);
        for bad in
            ["", "{", "[1", "{\"a\"}", "{\"a\":1 \"b\":2}", "\"\\", "\"x", "1 2", "{a:1}", &deep]
        {
            assert_eq!(parse(bad.as_bytes()), None, "{}", &bad[..bad.len().min(20)]);
        }
        assert_eq!(parse(b"\"\\ud800\""), None, "half a character");
    }
}
