// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Manifests that are programs: words, strings and marks of Ruby, Python, Perl, Elixir, Lua,
//! Groovy, Kotlin and their like, without running or understanding any of them. A string that
//! is not closed ends with its line, so that a wrong guess costs one line.

use std::ops::Range;

/// How a language writes its comments and strings.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Style {
    /// What begins a comment that ends with its line.
    pub line: &'static [&'static str],
    /// What encloses a longer one.
    pub block: Option<(&'static str, &'static str)>,
    /// Three quotes begin a string of several lines.
    pub triple: bool,
    /// Letters before a string that belong to it.
    pub prefixes: &'static str,
    /// What begins a list of words in brackets: `%w[a b]`.
    pub word_lists: Option<u8>,
    /// `=begin`, `=head1` and their like begin a comment that ends with `=end` or `=cut`.
    pub pod: bool,
}

pub(super) const RUBY: Style =
    Style { line: &["#"], word_lists: Some(b'%'), pod: true, ..Style::NONE };
pub(super) const PYTHON: Style =
    Style { line: &["#"], triple: true, prefixes: "bBrRuU", ..Style::NONE };
pub(super) const PERL: Style = Style { line: &["#"], pod: true, ..Style::NONE };
pub(super) const ELIXIR: Style =
    Style { line: &["#"], triple: true, word_lists: Some(b'~'), ..Style::NONE };
pub(super) const LUA: Style = Style { line: &["--"], block: Some(("--[[", "]]")), ..Style::NONE };
pub(super) const GRADLE: Style =
    Style { line: &["//"], block: Some(("/*", "*/")), triple: true, ..Style::NONE };
pub(super) const OPAM: Style =
    Style { line: &["#"], block: Some(("(*", "*)")), triple: true, ..Style::NONE };
pub(super) const SDL: Style =
    Style { line: &["//", "#", "--"], block: Some(("/*", "*/")), ..Style::NONE };

impl Style {
    const NONE: Style =
        Style { line: &[], block: None, triple: false, prefixes: "", word_lists: None, pod: false };
}

/// A token and where it stands; a string without its quotes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub what: What,
    pub range: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Word,
    Text,
    Mark(u8),
}

/// A program as its tokens.
pub(super) struct Code<'a> {
    text: &'a [u8],
    tokens: Vec<Token>,
}

impl<'a> Code<'a> {
    pub fn read(text: &'a [u8], style: Style) -> Code<'a> {
        let mut lexer = Lexer { text, style, at: 0, tokens: Vec::new() };
        lexer.run();
        Code { text, tokens: lexer.tokens }
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn is_mark(&self, n: usize, mark: u8) -> bool {
        self.tokens.get(n).is_some_and(|t| t.what == What::Mark(mark))
    }

    pub fn is_word(&self, n: usize, word: &str) -> bool {
        self.tokens
            .get(n)
            .is_some_and(|t| t.what == What::Word && &self.text[t.range.clone()] == word.as_bytes())
    }

    /// A word, or a string that says the same: keys of hashes are written in both ways.
    pub fn is_key(&self, n: usize, word: &str) -> bool {
        self.tokens.get(n).is_some_and(|t| {
            !matches!(t.what, What::Mark(_)) && &self.text[t.range.clone()] == word.as_bytes()
        })
    }

    /// The string at a place.
    pub fn string(&self, n: usize) -> Option<Range<usize>> {
        self.tokens.get(n).filter(|t| t.what == What::Text).map(|t| t.range.clone())
    }

    /// The string at a place, or those of the list that begins there.
    pub fn strings(&self, n: usize) -> Vec<Range<usize>> {
        if let Some(range) = self.string(n) {
            return vec![range];
        }
        let mut found = Vec::new();
        if self.is_mark(n, b'[') || self.is_mark(n, b'(') {
            for t in &self.tokens[n + 1..] {
                match t.what {
                    What::Text => found.push(t.range.clone()),
                    // What is computed is not known.
                    What::Mark(b'[' | b'(' | b'{' | b']' | b')' | b'}') => break,
                    _ => {}
                }
            }
        }
        found
    }

    /// Behind the bracket that closes the one at `n`, or the end.
    pub fn closed(&self, n: usize) -> usize {
        let mut depth = 0usize;
        for (i, t) in self.tokens.iter().enumerate().skip(n) {
            match t.what {
                What::Mark(b'[' | b'(' | b'{') => depth += 1,
                What::Mark(b']' | b')' | b'}') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return i + 1;
                    }
                }
                _ => {}
            }
        }
        self.tokens.len()
    }

    /// Where the value behind a key begins: `key: v`, `key = v`, `key => v`, `key v`.
    pub fn value(&self, key: usize) -> usize {
        let mut n = key + 1;
        if self.is_mark(n, b':') || self.is_mark(n, b'=') {
            n += 1;
            n += usize::from(self.is_mark(n, b'>'));
        }
        n
    }
}

struct Lexer<'a> {
    text: &'a [u8],
    style: Style,
    at: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(b) = self.text.get(self.at).copied() {
            let rest = &self.text[self.at..];
            let line_start = self.at == 0 || self.text[self.at - 1] == b'\n';
            if b.is_ascii_whitespace() {
                self.at += 1;
            } else if line_start && (rest.starts_with(b"__END__") || rest.starts_with(b"__DATA__"))
            {
                return;
            } else if self.style.pod
                && line_start
                && b == b'='
                && rest.get(1).is_some_and(u8::is_ascii_alphabetic)
            {
                self.pod();
            } else if let Some((_, end)) =
                self.style.block.filter(|(s, _)| rest.starts_with(s.as_bytes()))
            {
                self.skip_to(end.as_bytes());
            } else if self.style.line.iter().any(|s| rest.starts_with(s.as_bytes())) {
                self.skip_to(b"\n");
            } else if b == b'"' || b == b'\'' {
                self.string(b);
            } else if self.style.word_lists == Some(b) && self.word_list() {
            } else if b.is_ascii_alphanumeric() || b == b'_' || !b.is_ascii() {
                self.word();
            } else {
                self.push(What::Mark(b), self.at..self.at + 1);
                self.at += 1;
            }
        }
    }

    fn push(&mut self, what: What, range: Range<usize>) {
        self.tokens.push(Token { what, range });
    }

    fn skip_to(&mut self, end: &[u8]) {
        let rest = &self.text[self.at..];
        self.at += memchr::memmem::find(rest, end).map_or(rest.len(), |n| n + end.len());
    }

    fn pod(&mut self) {
        loop {
            self.skip_to(b"\n");
            let rest = &self.text[self.at..];
            if rest.is_empty() || rest.starts_with(b"=cut") || rest.starts_with(b"=end") {
                self.skip_to(b"\n");
                return;
            }
        }
    }

    fn word(&mut self) {
        let start = self.at;
        let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || !b.is_ascii();
        while self.text.get(self.at).is_some_and(word) {
            self.at += 1;
        }
        let letters = &self.text[start..self.at];
        let quoted = self.text.get(self.at).is_some_and(|b| matches!(b, b'"' | b'\''));
        let prefix = |b: &u8| self.style.prefixes.as_bytes().contains(b);
        if !(quoted && letters.len() <= 2 && letters.iter().all(prefix)) {
            self.push(What::Word, start..self.at);
        }
    }

    fn string(&mut self, quote: u8) {
        let three = [quote; 3];
        if self.style.triple && self.text[self.at..].starts_with(&three) {
            self.at += 3;
            let start = self.at;
            self.skip_to(&three);
            let closed = self.text[start..self.at].ends_with(&three);
            self.push(What::Text, start..self.at - if closed { 3 } else { 0 });
            return;
        }
        self.at += 1;
        let start = self.at;
        while let Some(n) = memchr::memchr3(quote, b'\\', b'\n', &self.text[self.at..]) {
            self.at += n;
            match self.text[self.at] {
                b'\\' => self.at = (self.at + 2).min(self.text.len()),
                b'\n' => return,
                _ => {
                    self.push(What::Text, start..self.at);
                    self.at += 1;
                    return;
                }
            }
        }
        self.at = self.text.len();
    }

    /// `%w[a b]` as `["a" "b"]`, and `%q(a)` as `"a"`.
    fn word_list(&mut self) -> bool {
        let [_, letter @ (b'w' | b'W' | b'q' | b'Q' | b'i'), open, ..] = self.text[self.at..]
        else {
            return false;
        };
        let close = match open {
            b'[' => b']',
            b'(' => b')',
            b'{' => b'}',
            b'<' => b'>',
            b'|' | b'/' | b'!' => open,
            _ => return false,
        };
        let start = self.at + 3;
        let Some(len) = memchr::memchr2(close, b'\n', &self.text[start..]) else { return false };
        let end = start + len;
        if self.text[end] != close {
            return false;
        }
        if matches!(letter, b'q' | b'Q') {
            self.push(What::Text, start..end);
        } else {
            self.push(What::Mark(b'['), start - 1..start);
            let mut at = start;
            for word in self.text[start..end].split(u8::is_ascii_whitespace) {
                if !word.is_empty() {
                    self.push(What::Text, at..at + word.len());
                }
                at += word.len() + 1;
            }
            self.push(What::Mark(b']'), end..end + 1);
        }
        self.at = end + 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, style: Style) -> String {
        let code = Code::read(text.as_bytes(), style);
        let show = |t: &Token| match t.what {
            What::Text => format!("<{}>", &text[t.range.clone()]),
            _ => text[t.range.clone()].to_owned(),
        };
        code.tokens.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_go_and_strings_stay() {
        for (style, text, expected) in [
            (RUBY, "s.a = 'x' # 'y'\n=begin\n'z'\n=end\nb", "s . a = <x> b"),
            (RUBY, "a = %w[M-1 I] + %q(z)", "a = [ <M-1> <I> ] + <z>"),
            (PYTHON, "f(a=u'x', b=\"\"\"y\n'z'\"\"\") # '", "f ( a = <x> , b = <y\n'z'> )"),
            (PERL, "a => 'x',\n=head1 X\n'y'\n=cut\nb\n__END__\n'z'", "a = > <x> , b"),
            (ELIXIR, "a: ~w(x y)", "a : ( <x> <y> )"),
            (LUA, "--[[ 'x'\n]] a = 'y' -- 'z'", "a = <y>"),
            (GRADLE, "/* 'x' */ a.set(\"y\\\"\") // 'z'", "a . set ( <y\\\"> )"),
            (OPAM, "(* \"x\" *) a: [\"y\" \"z\"] # b", "a : [ <y> <z> ]"),
            (RUBY, "a = 'open\nb = 'x'", "a = b = <x>"),
        ] {
            assert_eq!(shown(text, style), expected, "{text}");
        }
    }

    #[test]
    fn lists_and_brackets_are_followed_to_their_end() {
        let code = Code::read(b"a = [('x'), 'y'] b ['z'", RUBY);
        assert!(code.strings(2).is_empty());
        assert_eq!(code.closed(2), 9);
        assert_eq!(code.strings(10).len(), 1);
        assert_eq!(code.closed(10), code.len());
        assert!(Code::read(b"[", RUBY).strings(0).is_empty());
        assert!(Code::read(b"a", RUBY).strings(7).is_empty());
    }
}
