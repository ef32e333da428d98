// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The front matter of rule and license files: the part of YAML that such files use.
//!
//! Read by hand rather than by a YAML crate, because every key and value must keep its
//! place in the file, one mistake must not hide the next, and most of YAML (anchors, tags,
//! nested maps) has no business here. What is read, is read as YAML 1.2 reads it; what
//! YAML would call an error is one here.

use std::ops::Range;

use crate::diag::Mistake;

/// A file taken apart at its two `---` lines.
pub(super) struct Front {
    /// In the order of the file; no key twice.
    pub entries: Vec<Entry>,
    /// What stands behind the front matter.
    pub body: Range<usize>,
}

pub(super) struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub value: Value,
}

pub(super) enum Value {
    /// A key with nothing behind it.
    Nothing,
    One(Scalar),
    Many(Vec<Scalar>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    pub text: String,
    /// Where its words stand in the file, without quotes.
    pub span: Range<usize>,
}

impl Scalar {
    /// The place of a part of `text` in the file; the whole where the file writes it otherwise.
    pub fn part(&self, part: Range<usize>) -> Range<usize> {
        // Folded and escaped text is shorter than what the file has.
        let exact = self.span.len() == self.text.len();
        if exact && part.end <= self.text.len() {
            self.span.start + part.start..self.span.start + part.end
        } else {
            self.span.clone()
        }
    }
}

/// Takes a file apart; what is wrong goes to `mistakes`. `None` if there is no front matter.
pub(super) fn read(text: &str, mistakes: &mut Vec<Mistake>) -> Option<Front> {
    let lines = lines(text);
    let first = lines.first().map_or(0..0, |l| l.start..l.end);
    let is_fence = |l: &Line| text[l.start..l.end].trim_end() == "---";
    let mut mistake = |span: Range<usize>, message: &str, help: &str| {
        mistakes.push(Mistake {
            message: message.into(),
            span,
            label: String::new(),
            help: Some(help.into()),
        });
    };
    if !lines.first().is_some_and(is_fence) {
        let help = "begin with a line `---`, then `key: value` lines, then `---`, then the text";
        mistake(first, "the file has no front matter", help);
        return None;
    }
    let Some(end) = lines.iter().skip(1).position(is_fence).map(|n| n + 1) else {
        let help = "write a second line `---` between the keys and the text";
        mistake(first, "the front matter does not end", help);
        return None;
    };
    let body = lines.get(end + 1).map_or(text.len(), |l| l.start)..text.len();
    let mut reader = Reader { text, lines: &lines[1..end], mistakes };
    Some(Front { entries: reader.entries(), body })
}

/// A line without its end and, for the first, without a byte order mark.
struct Line {
    start: usize,
    end: usize,
}

fn lines(text: &str) -> Vec<Line> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let next = start + line.len();
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        let mark =
            if start == 0 && bare.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        lines.push(Line { start: start + mark, end: start + bare.len() });
        start = next;
    }
    lines
}

struct Reader<'a> {
    text: &'a str,
    lines: &'a [Line],
    mistakes: &'a mut Vec<Mistake>,
}

/// A value and the number of the line behind it.
type Read<T> = (T, usize);

impl<'a> Reader<'a> {
    fn mistake(&mut self, span: Range<usize>, message: impl Into<String>, help: &str) {
        self.mistakes.push(Mistake {
            message: message.into(),
            span,
            label: String::new(),
            help: (!help.is_empty()).then(|| help.to_owned()),
        });
    }

    fn line(&self, n: usize) -> &'a str {
        &self.text[self.lines[n].start..self.lines[n].end]
    }

    /// Spaces before the first word of a line.
    fn indent(&self, n: usize) -> usize {
        self.line(n).len() - self.line(n).trim_start_matches(' ').len()
    }

    fn is_blank(&self, n: usize) -> bool {
        self.line(n).trim().is_empty()
    }

    /// Whether a line says nothing: blank, or a comment.
    fn is_quiet(&self, n: usize) -> bool {
        self.is_blank(n) || self.line(n).trim_start().starts_with('#')
    }

    fn is_item(&self, n: usize) -> bool {
        let rest = self.line(n).trim_start_matches(' ');
        rest == "-" || rest.starts_with("- ") || rest.starts_with("-\t")
    }

    /// The words of a line, without the space around them.
    fn content(&self, n: usize) -> Range<usize> {
        let start = self.lines[n].start + self.indent(n);
        start..start + self.text[start..self.lines[n].end].trim_end().len()
    }

    fn entries(&mut self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut n = 0;
        // A run of lines that cannot be read is one mistake.
        let mut lost = false;
        while n < self.lines.len() {
            if self.is_quiet(n) {
                n += 1;
                continue;
            }
            let (line, start) = (self.line(n), self.lines[n].start);
            if line.starts_with([' ', '\t']) || self.is_item(n) {
                if !lost {
                    let tab = line.trim_start_matches(' ').starts_with('\t');
                    let (message, help) = match (tab, self.is_item(n)) {
                        (true, _) => ("a tab indents this line", "YAML indents with spaces only"),
                        (_, true) => ("a list item without a key", "write `key:` on a line above"),
                        _ => {
                            ("an indented line that continues nothing", "begin keys at the margin")
                        }
                    };
                    let indent = line.len() - line.trim_start().len();
                    let span = if tab { start..start + indent } else { self.content(n) };
                    self.mistake(span, message, help);
                }
                (lost, n) = (true, n + 1);
                continue;
            }
            lost = false;
            let len = line
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
                .unwrap_or(line.len());
            let (key, rest) = line.split_at(len);
            let value =
                rest.strip_prefix(':').filter(|v| v.is_empty() || v.starts_with([' ', '\t']));
            let Some(value) = value.filter(|_| !key.is_empty()) else {
                self.mistake(self.content(n), "expected `key: value`", "");
                n += 1;
                continue;
            };
            let key_span = start..start + len;
            let at = self.lines[n].end - value.trim_start().len();
            let (value, next) = self.value(n, at);
            if entries.iter().any(|e| e.key == key) {
                let message = format!("`{key}` is said twice");
                self.mistake(key_span, message, "keep one of them");
            } else {
                entries.push(Entry { key: key.to_owned(), key_span, value });
            }
            n = next;
        }
        entries
    }

    /// The value of a key that stands on line `n`, from the byte `at` on.
    fn value(&mut self, n: usize, at: usize) -> Read<Value> {
        let rest = &self.text[at..self.lines[n].end];
        if rest.starts_with('[') {
            return (Value::Many(self.flow(n, at)), n + 1);
        }
        if !rest.trim_end().is_empty() && !rest.starts_with('#') {
            let (scalar, next) = self.scalar(n, at, 0);
            return (scalar.map_or(Value::Nothing, Value::One), next);
        }
        let quiet = self.lines[n + 1..].len();
        let next = (n + 1..=n + quiet).find(|l| !self.is_quiet(*l));
        match next {
            Some(l) if self.is_item(l) => {
                let (items, next) = self.list(l);
                (Value::Many(items), next)
            }
            Some(l)
                if self.indent(l) > 0
                    && !self.line(l).trim_start_matches(' ').starts_with('\t') =>
            {
                let (scalar, next) = self.scalar(l, self.lines[l].start + self.indent(l), 0);
                (scalar.map_or(Value::Nothing, Value::One), next)
            }
            _ => (Value::Nothing, n + 1),
        }
    }

    /// A list whose first item stands on line `n`.
    fn list(&mut self, mut n: usize) -> Read<Vec<Scalar>> {
        let column = self.indent(n);
        let mut items = Vec::new();
        while n < self.lines.len() {
            if self.is_quiet(n) {
                n += 1;
                continue;
            }
            if !self.is_item(n) || self.indent(n) < column {
                break;
            }
            if self.indent(n) > column {
                let help = "let the `-` of all items stand below each other";
                self.mistake(self.content(n), "this list item is indented further", help);
                n += 1;
                continue;
            }
            let dash = self.lines[n].start + column;
            let rest = &self.text[dash + 1..self.lines[n].end];
            let at = self.lines[n].end - rest.trim_start().len();
            if rest.trim().is_empty() || rest.trim_start().starts_with('#') {
                self.mistake(dash..dash + 1, "a list item with nothing in it", "remove the `-`");
                n += 1;
                continue;
            }
            let (scalar, next) = self.scalar(n, at, column + 1);
            items.extend(scalar);
            n = next;
        }
        (items, n)
    }

    /// `[a, 'b', "c"]` on one line.
    fn flow(&mut self, n: usize, at: usize) -> Vec<Scalar> {
        let end = self.lines[n].end;
        let mut items = Vec::new();
        let mut at = at + 1;
        loop {
            at += self.text[at..end].len() - self.text[at..end].trim_start().len();
            let rest = &self.text[at..end];
            if let Some(behind) = rest.strip_prefix(']') {
                self.nothing_more(end - behind.len(), end);
                return items;
            }
            if rest.starts_with(['"', '\'']) {
                let Some((scalar, behind)) = self.quoted(at, n) else { return items };
                if behind > end {
                    self.mistake(at..end, "a quoted text in `[…]` must end on its line", "");
                    return items;
                }
                items.push(scalar);
                at = behind;
            } else {
                let len = rest.find([',', ']']).unwrap_or(rest.len());
                let word = rest[..len].trim_end();
                if !word.is_empty() {
                    items.push(Scalar { text: word.into(), span: at..at + word.len() });
                }
                at += len;
            }
            at += self.text[at..end].len() - self.text[at..end].trim_start().len();
            let rest = &self.text[at..end];
            match rest.chars().next() {
                Some(',') => at += 1,
                Some(']') => {}
                _ => {
                    let help = "write the list on one line, or as lines that begin with `- `";
                    self.mistake(at..end, "expected `,` or `]`", help);
                    return items;
                }
            }
        }
    }

    /// A single value on line `n` from the byte `at` on. What continues or belongs to it is
    /// indented by more than what it stands under: `margin` spaces at least, and one.
    fn scalar(&mut self, n: usize, at: usize, margin: usize) -> Read<Option<Scalar>> {
        let end = self.lines[n].end;
        let rest = &self.text[at..end];
        match rest.chars().next() {
            Some('|' | '>') => self.block(n, at, margin),
            Some('"' | '\'') => {
                let Some((scalar, behind)) = self.quoted(at, n) else { return (None, n + 1) };
                let last =
                    (n..self.lines.len()).find(|l| behind <= self.lines[*l].end).unwrap_or(n);
                self.nothing_more(behind, self.lines[last].end);
                (Some(scalar), last + 1)
            }
            Some(c @ ('{' | '}' | '[' | ']' | '&' | '*' | '!' | '%' | '@' | '`' | ',')) => {
                let help = "put the value in quotes";
                self.mistake(at..end, format!("a value cannot begin with `{c}`"), help);
                (None, n + 1)
            }
            Some('-' | '?' | ':') if rest[1..].is_empty() || rest[1..].starts_with(' ') => {
                let help = "put the value in quotes, or begin a list on the next line";
                self.mistake(at..end, "a value cannot begin like this", help);
                (None, n + 1)
            }
            _ => self.plain(n, at, margin),
        }
    }

    /// Complains about what stands behind a value and is no comment.
    fn nothing_more(&mut self, at: usize, end: usize) {
        let rest = &self.text[at..end];
        let word = rest.trim_start();
        let comment = word.starts_with('#') && word.len() < rest.len();
        if !(word.is_empty() || comment) {
            self.mistake(end - word.len()..end, "this stands behind the end of the value", "");
        }
    }

    fn plain(&mut self, n: usize, at: usize, margin: usize) -> Read<Option<Scalar>> {
        let mut text = String::new();
        let mut span = at..at;
        let (mut n, mut blank) = (n, 0);
        let mut from = at;
        loop {
            let line = &self.text[from..self.lines[n].end];
            let line = line.find(" #").map_or(line, |c| &line[..c]);
            let line = line.find("\t#").map_or(line, |c| &line[..c]).trim_end();
            let comment = from + line.len() < self.lines[n].end
                && self.text[from + line.len()..self.lines[n].end].trim_start().starts_with('#');
            let colon = line.find(": ").or(line.strip_suffix(':').map(str::len));
            if let Some(colon) = colon {
                let message = "a colon in a value needs quotes around the value";
                let help = "if a key was meant, begin it at the margin of its own line";
                self.mistake(from..from + colon + 1, message, help);
            }
            if span.end > span.start {
                fold(&mut text, blank);
            }
            text.push_str(line);
            span.end = from + line.len();
            n += 1;
            // A comment ends a plain value.
            if comment {
                break;
            }
            let next = (n..self.lines.len()).find(|l| !self.is_blank(*l));
            let Some(next) = next.filter(|l| self.continues(*l, margin) && !self.is_quiet(*l))
            else {
                break;
            };
            blank = next - n;
            n = next;
            from = self.lines[n].start + self.indent(n);
        }
        (Some(Scalar { text, span }), n)
    }

    /// Whether a line is indented enough to belong to what was begun above it.
    fn continues(&self, n: usize, margin: usize) -> bool {
        let rest = self.line(n).trim_start_matches(' ');
        self.indent(n) >= margin.max(1) && !rest.starts_with('\t')
    }

    /// A quoted text that begins at the byte `at`, and the place behind its closing quote.
    fn quoted(&mut self, at: usize, n: usize) -> Option<(Scalar, usize)> {
        let quote = self.text[at..].chars().next()?;
        let last = self.lines.last().map_or(at, |l| l.end);
        let mut text = String::new();
        let mut chars =
            self.text[at + 1..last].char_indices().map(|(i, c)| (at + 1 + i, c)).peekable();
        while let Some((i, c)) = chars.next() {
            match c {
                '\'' if quote == '\'' && chars.next_if(|(_, c)| *c == '\'').is_some() => {
                    text.push('\'');
                }
                c if c == quote => {
                    return Some((Scalar { text, span: at + 1..i }, i + 1));
                }
                '\\' if quote == '"' => {
                    let escaped = chars.next().map_or('\\', |(_, c)| c);
                    let digits = match escaped {
                        'x' => 2,
                        'u' => 4,
                        'U' => 8,
                        _ => 0,
                    };
                    let number: String = (0..digits)
                        .map_while(|_| chars.next_if(|(_, c)| c.is_ascii_hexdigit()))
                        .map(|(_, c)| c)
                        .collect();
                    let known = match escaped {
                        'n' => Some('\n'),
                        't' | '\t' => Some('\t'),
                        'r' => Some('\r'),
                        '0' => Some('\0'),
                        ' ' | '"' | '/' | '\\' => Some(escaped),
                        '_' => Some('\u{a0}'),
                        'x' | 'u' | 'U' if number.len() == digits => {
                            u32::from_str_radix(&number, 16).ok().and_then(char::from_u32)
                        }
                        _ => None,
                    };
                    if matches!(escaped, '\n' | '\r') {
                        // The line's end is hidden, the next line's indentation with it.
                        while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
                    } else if let Some(known) = known {
                        text.push(known);
                    } else {
                        let end = chars.peek().map_or(last, |(i, _)| *i);
                        let help =
                            "in double quotes write `\\\\` for a backslash, or use single quotes";
                        self.mistake(i..end, "unknown escape", help);
                    }
                }
                '\n' | '\r' => {
                    // A line's end is a space, each empty line a line's end.
                    let mut ends = usize::from(c == '\n');
                    while let Some((_, c)) = chars.next_if(|(_, c)| c.is_whitespace()) {
                        ends += usize::from(c == '\n');
                    }
                    let kept = text.trim_end_matches([' ', '\t']).len();
                    text.truncate(kept);
                    fold(&mut text, ends.saturating_sub(1));
                }
                c => text.push(c),
            }
        }
        let end = self.lines[n].end;
        self.mistake(
            at..end,
            "the quotes are not closed",
            "close them, or write the text after `|`",
        );
        None
    }

    /// A text behind `|` (lines as they are) or `>` (lines joined).
    fn block(&mut self, n: usize, at: usize, margin: usize) -> Read<Option<Scalar>> {
        let header = &self.text[at..self.lines[n].end];
        let folded = header.starts_with('>');
        let (mut chomp, mut digit) = (None, None);
        let mut len = 1;
        for c in header.chars().skip(1) {
            match c {
                '+' | '-' if chomp.is_none() => chomp = Some(c),
                '1'..='9' if digit.is_none() => digit = c.to_digit(10),
                _ => break,
            }
            len += 1;
        }
        self.nothing_more(at + len, self.lines[n].end);
        let first = n + 1;
        let mut end = first;
        let belongs = |r: &Reader<'_>, l: usize| r.is_blank(l) || r.indent(l) >= margin.max(1);
        while end < self.lines.len() && belongs(self, end) {
            end += 1;
        }
        let shallow = margin.saturating_sub(1);
        let indent = match digit {
            Some(d) => shallow + d as usize,
            None => (first..end).find(|l| !self.is_blank(*l)).map_or(0, |l| self.indent(l)),
        };
        let mut lines: Vec<&str> = Vec::new();
        for l in first..end {
            if !self.is_blank(l) && self.indent(l) < indent {
                let help = "indent all lines of the text alike";
                self.mistake(self.content(l), "this line is indented less than the text", help);
            }
            let line = self.line(l);
            lines.push(line.get(indent.min(self.indent(l))..).unwrap_or_default());
        }
        let blank = lines.iter().rev().take_while(|l| l.trim().is_empty()).count();
        lines.truncate(lines.len() - blank);
        let mut text = if folded { joined(&lines) } else { lines.join("\n") };
        match chomp {
            Some('-') => {}
            Some(_) => text.push_str(&"\n".repeat(blank + usize::from(!lines.is_empty()))),
            None if lines.is_empty() => {}
            None => text.push('\n'),
        }
        let last = first + lines.len();
        let span = if lines.is_empty() {
            at..at + len
        } else {
            self.lines[first].start + indent.min(self.indent(first))..self.lines[last - 1].end
        };
        (Some(Scalar { text, span }), end)
    }
}

/// Goes on after a line's end: with a space, or with as many line ends as there were empty lines.
fn fold(text: &mut String, blank: usize) {
    match blank {
        0 => text.push(' '),
        n => text.push_str(&"\n".repeat(n)),
    }
}

/// The lines behind a `>`: joined by spaces but for empty lines and those indented further.
fn joined(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut blank = 0;
    let mut before: Option<bool> = None;
    for line in lines {
        if line.trim().is_empty() {
            blank += 1;
            continue;
        }
        let deeper = line.starts_with([' ', '\t']);
        match before {
            None => text.push_str(&"\n".repeat(blank)),
            Some(was) if was || deeper => text.push_str(&"\n".repeat(blank + 1)),
            Some(_) => fold(&mut text, blank),
        }
        text.push_str(line);
        (before, blank) = (Some(deeper), 0);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The entries as `key=value`, lists as `key=[a|b]`, and the mistakes as `words: message`.
    fn read_all(text: &str) -> (Vec<String>, Vec<String>) {
        let mut mistakes = Vec::new();
        let front = read(text, &mut mistakes);
        let entries = front.map_or(Vec::new(), |f| f.entries);
        let shown = entries.iter().map(|e| match &e.value {
            Value::Nothing => format!("{}=", e.key),
            Value::One(s) => format!("{}={}", e.key, s.text),
            Value::Many(l) => {
                let items: Vec<&str> = l.iter().map(|s| s.text.as_str()).collect();
                format!("{}=[{}]", e.key, items.join("|"))
            }
        });
        let wrong = mistakes.iter().map(|m| format!("{}: {}", &text[m.span.clone()], m.message));
        (shown.collect(), wrong.collect())
    }

    #[track_caller]
    fn reads(front: &str, entries: &[&str]) {
        let (shown, wrong) = read_all(&format!("---\n{front}---\n\ntext\n"));
        assert_eq!(wrong, [""; 0], "{front}");
        assert_eq!(shown, entries, "{front}");
        // Nothing depends on how lines end or on a byte order mark.
        let crlf = format!("\u{feff}---\n{front}---\ntext").replace('\n', "\r\n");
        let (again, wrong) = read_all(&crlf);
        assert_eq!(wrong, [""; 0], "{front}, with CRLF");
        assert_eq!(again, entries, "{front}, with CRLF");
    }

    #[track_caller]
    fn complains(front: &str, mistakes: &[&str]) {
        assert_eq!(read_all(&format!("---\n{front}---\ntext\n")).1, mistakes, "{front}");
    }

    #[test]
    fn plain_values_end_at_a_comment_and_go_on_where_they_are_indented() {
        reads("a: b\n# c\n\nd:   e f # g\n", &["a=b", "d=e f"]);
        reads("a: b#c\nu: http://x.org/#y\n", &["a=b#c", "u=http://x.org/#y"]);
        reads(
            "a: one\n  two\n\n  three\nb:\n   four\n five\nc:\n",
            &["a=one two\nthree", "b=four five", "c="],
        );
        reads("a: -5\n", &["a=-5"]);
        reads("a: b # c\nd: x\n", &["a=b", "d=x"]);
    }

    #[test]
    fn quotes_keep_what_plain_values_cannot_hold() {
        reads("a: 'it''s: # 1'  # c\n", &["a=it's: # 1"]);
        reads("a: \"x\\\"\\\\\\n\\t\\x41\\u00e9\\U0001f600\"\n", &["a=x\"\\\n\tAé😀"]);
        reads("a: 'one\n  two\n\n  three'\nb: c\n", &["a=one two\nthree", "b=c"]);
        reads("a: \"one\\\n   two\"\n", &["a=onetwo"]);
        reads("a: ''\n", &["a="]);
    }

    #[test]
    fn lists_stand_in_one_column_at_the_margin_or_not() {
        reads("a:\n    - b\n    # c\n\n    - 'd: e'\nf: g\n", &["a=[b|d: e]", "f=g"]);
        reads("a:\n- b\n- c\nd: e\n", &["a=[b|c]", "d=e"]);
        reads("a:\n  - one\n    two\n  - three\n", &["a=[one two|three]"]);
        reads("a: []\nb: [c, 'd, e', \"f\"] # g\n", &["a=[]", "b=[c|d, e|f]"]);
        reads("a:\n  - |\n    b\n     c\n\n  - >-\n    d\n    e\n", &["a=[b\n c\n|d e]"]);
    }

    #[test]
    fn blocks_keep_or_join_their_lines() {
        reads("a: |\n  b\n\n   c: d\n  # e\n\nf: g\n", &["a=b\n\n c: d\n# e\n", "f=g"]);
        reads("a: >\n  b\n  c\n\n  d\n    e\n  f\n", &["a=b c\nd\n  e\nf\n"]);
        reads("a: |-\n  b\n\nc: |+\n  d\n\ne: f\n", &["a=b", "c=d\n\n", "e=f"]);
        reads("a: |2-\n    b\n  c\n", &["a=  b\nc"]);
        reads("a: |\nb: c\n", &["a=", "b=c"]);
    }

    #[test]
    fn what_is_no_yaml_is_said_at_its_place() {
        complains("a\n", &["a: expected `key: value`"]);
        complains("a:b\n", &["a:b: expected `key: value`"]);
        complains(": b\n", &[": b: expected `key: value`"]);
        complains("a: b\na: c\n", &["a: `a` is said twice"]);
        complains("\ta: b\n", &["\t: a tab indents this line"]);
        complains("a:\n\t- b\n\t- c\n", &["\t: a tab indents this line"]);
        complains("  a: b\n", &["a: b: an indented line that continues nothing"]);
        complains("- a\n- b\n", &["- a: a list item without a key"]);
        complains("a:\n  -\n", &["-: a list item with nothing in it"]);
        complains("a: b: c\n", &["b:: a colon in a value needs quotes around the value"]);
        complains("a: 'b\nc: d\n", &["'b: the quotes are not closed"]);
        complains("a: 'b' c\n", &["c: this stands behind the end of the value"]);
        complains("a: \"\\q\"\n", &["\\q: unknown escape"]);
        complains("a: \"\\ud800\"\n", &["\\ud800: unknown escape"]);
        complains("a: - b\n", &["- b: a value cannot begin like this"]);
        complains("a: {b}\n", &["{b}: a value cannot begin with `{`"]);
        complains("a: [b\n", &[": expected `,` or `]`"]);
        complains("a: |x\n  b\n", &["x: this stands behind the end of the value"]);
        complains("a: |\n    b\n  c\n", &["c: this line is indented less than the text"]);
        assert_eq!(read_all("a: b\n").1, ["a: b: the file has no front matter"]);
        assert_eq!(read_all("").1, [": the file has no front matter"]);
        assert_eq!(read_all("---\na: b\n").1, ["---: the front matter does not end"]);
        assert_eq!(read_all("---\n---").1, [""; 0]);
    }

    #[test]
    fn the_text_begins_behind_the_second_line() {
        for (text, body) in [
            ("---\na: b\n---\n\ntext\n---\nmore", "\ntext\n---\nmore"),
            ("---\n--- \r\ntext", "text"),
            ("---\n---", ""),
        ] {
            let front = read(text, &mut Vec::new()).unwrap();
            assert_eq!(&text[front.body], body);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_place_is_in_it(
            text in "(---\n)?([a-c#:'\"|>\\[\\],{}\\\\ \t\n\r-]|---\n|  - |\u{feff}|é){0,60}(\n---\n)?"
        ) {
            let mut mistakes = Vec::new();
            let front = read(&text, &mut mistakes);
            for m in &mistakes {
                prop_assert!(text.get(m.span.clone()).is_some(), "{m:?}");
            }
            let Some(front) = front else { return Ok(()) };
            prop_assert!(text.get(front.body).is_some());
            for entry in front.entries {
                prop_assert!(text.get(entry.key_span).is_some());
                let scalars = match entry.value {
                    Value::Nothing => Vec::new(),
                    Value::One(s) => vec![s],
                    Value::Many(l) => l,
                };
                for s in scalars {
                    prop_assert!(text.get(s.span.clone()).is_some(), "{s:?}");
                }
            }
        }
    }
}
