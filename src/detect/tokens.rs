// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Words with a way back to their place: the one tokenizer for license texts, rules and files.
//!
//! A token is a run of ASCII letters or of digits, compared without regard to case and to
//! "licence" or "license"; `GPLv2` is two of them. A plus sign right behind a word is a token of
//! its own (`GPL+`). All else separates, and with it comment markers, quotes and dashes.
//!
//! Left out is what differs from file to file or only dresses the words up: copyright
//! lines, the comment words of some languages (`dnl`, `REM`), a word that every line of a run
//! begins with, elements of HTML and DocBook, entities, and the commands of troff, TeX, RTF
//! and C strings that stand between words.
//!
//! In files, words that a hyphen breaks over two lines are put together again by [`rejoin`].

use std::ops::Range;

/// A word: its hash, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub hash: u64,
    pub start: u32,
    pub end: u32,
}

impl Token {
    pub fn bytes<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.start as usize..self.end as usize]
    }
}

/// Words that begin comment lines and say nothing.
const COMMENT_WORDS: [&str; 6] = ["dnl", "rem", "echo", "msgid", "msgstr", "c"];

/// Elements of HTML, DocBook and their kin that only dress words up.
const ELEMENTS: [&str; 58] = [
    "abbr",
    "acronym",
    "address",
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "center",
    "cite",
    "citetitle",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "emphasis",
    "filename",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "itemizedlist",
    "kbd",
    "legalnotice",
    "li",
    "listitem",
    "literal",
    "ol",
    "orderedlist",
    "p",
    "para",
    "pre",
    "productname",
    "quote",
    "section",
    "simpara",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
];

/// Longest element that is looked for, in bytes.
const MAX_ELEMENT: usize = 300;

/// Commands behind a backslash that stand between words in TeX and RTF.
const COMMANDS: [&str; 40] = [
    "b",
    "begin",
    "bf",
    "bfseries",
    "bigskip",
    "cf",
    "copyright",
    "em",
    "emph",
    "enspace",
    "f",
    "footnotesize",
    "fs",
    "i",
    "ignorespaces",
    "it",
    "item",
    "itshape",
    "large",
    "ldblquote",
    "line",
    "noindent",
    "par",
    "paragraph",
    "pard",
    "plain",
    "quad",
    "rdblquote",
    "rm",
    "rquote",
    "sf",
    "small",
    "tab",
    "textbf",
    "textit",
    "textrm",
    "texttt",
    "tt",
    "ttfamily",
    "underline",
];

/// For each byte whether it is a letter (1), a digit (2), or neither (0).
static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => 1,
            b'0'..=b'9' => 2,
            _ => 0,
        };
        byte += 1;
    }
    class
};

/// How many lines in a row must begin with the same word for it to be decoration.
const PREFIX_RUN: usize = 3;

/// The tokens of `text[range]`. Offsets count from the start of `text`, which must be shorter
/// than 4 GiB.
pub(super) fn tokenize(text: &[u8], range: Range<usize>) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(range.len() / 6);
    let mut prefixes = Prefixes::default();
    let mut line_start = range.start;
    for newline in memchr::memchr_iter(b'\n', &text[range.clone()]).map(|n| range.start + n) {
        tokenize_line(text, line_start..newline, &mut tokens, &mut prefixes);
        line_start = newline + 1;
    }
    tokenize_line(text, line_start..range.end, &mut tokens, &mut prefixes);
    prefixes.close();
    if !prefixes.decoration.is_empty() {
        let mut decoration = prefixes.decoration.iter().peekable();
        let mut at = 0;
        tokens.retain(|_| {
            let drop = decoration.next_if_eq(&&at).is_some();
            at += 1;
            !drop
        });
    }
    tokens
}

/// The words of a pattern or a name, as hashes.
pub(super) fn words(text: &str) -> Vec<u64> {
    tokenize(text.as_bytes(), 0..text.len()).iter().map(|t| t.hash).collect()
}

/// Puts words together that are broken: by a hyphen at the end of a line, where `known` has the
/// whole word and not both its parts (so "royalty-free" is two words wherever its line ends), and
/// by soft hyphens anywhere. A word put together reaches over what stands between its parts.
pub(super) fn rejoin(
    text: &[u8],
    range: Range<usize>,
    tokens: &mut Vec<Token>,
    known: impl Fn(u64) -> bool,
) {
    let mut joined = false;
    for at in memchr::memchr2_iter(b'\n', SOFT_HYPHEN, &text[range.clone()]) {
        let here = &text[..range.start + at + 1];
        let (before, soft) = match here {
            // In Latin-1 it is one byte, which in UTF-8 follows no letter.
            [before @ .., 0xc2, SOFT_HYPHEN] | [before @ .., SOFT_HYPHEN] => (before, true),
            [before @ .., b'-', b'\n'] | [before @ .., b'-', b'\r', b'\n'] => (before, false),
            _ => continue,
        };
        if !before.last().is_some_and(u8::is_ascii_lowercase) {
            continue;
        }
        let Ok(n) = tokens.binary_search_by_key(&offset(before.len()), |t| t.end) else { continue };
        let Some(&[first, second]) = tokens.get(n..n + 2) else { continue };
        let between = &text[before.len()..second.start as usize];
        let lines = memchr::memchr_iter(b'\n', between).count();
        // Words that were left out as decoration stand between them all the same.
        let beside = !between.iter().any(u8::is_ascii_alphanumeric)
            && lines <= 1
            && second.bytes(text).iter().all(u8::is_ascii_lowercase);
        let whole = Token { hash: letters(text, first.start, second.end), ..first };
        if beside && (soft || known(whole.hash) && !(known(first.hash) && known(second.hash))) {
            // The first part goes: the second may be the first of another.
            tokens[n].end = tokens[n].start;
            tokens[n + 1] = Token { end: second.end, ..whole };
            joined = true;
        }
    }
    if joined {
        tokens.retain(|t| t.start < t.end);
    }
}

/// The hash of the letters between two places.
fn letters(text: &[u8], start: u32, end: u32) -> u64 {
    let word = &text[start as usize..end as usize];
    let word: Vec<u8> = word.iter().copied().filter(u8::is_ascii_alphabetic).collect();
    let plain = || word.iter().fold(SEED, |hash, b| mix(hash, u64::from(b | 0x20)));
    if word.len() >= 7 { license(&word).unwrap_or_else(plain) } else { plain() }
}

/// The soft hyphen of Latin-1, and the last byte of that of UTF-8.
const SOFT_HYPHEN: u8 = 0xad;

/// Runs of lines that begin with the same word behind or before a mark of punctuation.
#[derive(Default)]
struct Prefixes {
    run: Vec<usize>,
    hash: u64,
    decoration: Vec<usize>,
}

impl Prefixes {
    fn line(&mut self, first: usize, hash: u64) {
        if hash != self.hash {
            self.close();
            self.hash = hash;
        }
        self.run.push(first);
    }

    fn close(&mut self) {
        if self.run.len() >= PREFIX_RUN {
            self.decoration.append(&mut self.run);
        }
        self.run.clear();
        self.hash = 0;
    }
}

fn tokenize_line(
    text: &[u8],
    line: Range<usize>,
    tokens: &mut Vec<Token>,
    prefixes: &mut Prefixes,
) {
    let before = tokens.len();
    let mut at = after_number(text, &line);
    while at < line.end {
        let byte = text[at];
        if CLASS[usize::from(byte)] == 0 {
            at = match byte {
                b'<' => after_element(text, at, line.end),
                b'&' => after_entity(text, at, line.end),
                b'\\' => after_command(text, at, line.end),
                b'+' if at > line.start
                    && text[at - 1].is_ascii_alphanumeric()
                    && !text[at + 1..line.end]
                        .first()
                        .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'+') =>
                {
                    let token = Token { hash: PLUS, start: offset(at), end: offset(at + 1) };
                    tokens.push(token);
                    at + 1
                }
                _ => at + 1,
            };
            continue;
        }
        let start = at;
        let mut hash = SEED;
        let class = CLASS[usize::from(byte)];
        for byte in &text[start..line.end] {
            if CLASS[usize::from(*byte)] != class {
                break;
            }
            hash = mix(hash, u64::from(byte | 0x20));
            at += 1;
        }
        if at - start >= 7 && text[start] | 0x20 == b'l' {
            hash = license(&text[start..at]).unwrap_or(hash);
        }
        tokens.push(Token { hash, start: offset(start), end: offset(at) });
    }
    let Some(first) = tokens.get(before).copied() else { return };
    if is_copyright(text, &tokens[before..]) {
        tokens.truncate(before);
        return;
    }
    let word = first.bytes(text);
    let is = |w: &str| word.eq_ignore_ascii_case(w.as_bytes());
    // In Fortran a C in the first column is a comment; elsewhere it is a word.
    let column = first.start as usize - line.start;
    let spaced = text.get(first.end as usize).is_none_or(|b| b" \t\"'(".contains(b));
    if spaced && COMMENT_WORDS.iter().any(|w| is(w)) && (word.len() > 1 || column == 0) {
        tokens.remove(before);
        return;
    }
    let marked = text.get(first.end as usize).is_some_and(|b| b":(\"'|*#>=".contains(b))
        || column > 0 && b"%@|*#>".contains(&text[first.start as usize - 1]);
    match marked && first.hash != PLUS {
        true => prefixes.line(before, first.hash),
        false => prefixes.close(),
    }
}

/// The hash of "license" and its forms, spelt the American way and in the singular.
fn license(word: &[u8]) -> Option<u64> {
    let low = |i: usize| word[i] | 0x20;
    if !((0..5).map(low).eq(*b"licen") && matches!(low(5), b'c' | b's')) {
        return None;
    }
    let len = match word.len() {
        8 if low(6) == b'e' && low(7) == b's' => 7,
        len => len,
    };
    let letters = (0..len).map(|i| if i == 5 { b's' } else { low(i) });
    Some(letters.fold(SEED, |hash, b| mix(hash, u64::from(b))))
}

/// Behind the number of a line in a listing made by Doxygen, or where the line begins.
fn after_number(text: &[u8], line: &Range<usize>) -> usize {
    let skip = |rest: &[u8]| {
        let rest = rest.strip_prefix(b"<div class=\"line\">").unwrap_or(rest);
        let rest = digits(rest.strip_prefix(b"<a name=\"l")?).strip_prefix(b"\"></a>")?;
        let rest = rest.strip_prefix(b"<span class=\"lineno\">").unwrap_or(rest);
        Some(digits(rest.trim_ascii_start()).len())
    };
    match text.get(line.start) {
        Some(b'<') => skip(&text[line.clone()]).map_or(line.start, |left| line.end - left),
        _ => line.start,
    }
}

/// What stands behind the digits at the beginning.
fn digits(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|b| b.is_ascii_digit()).count()..]
}

/// Behind the element of markup at `at`, or behind the bracket if there is none.
fn after_element(text: &[u8], at: usize, end: usize) -> usize {
    let rest = &text[at + 1..end.min(at + MAX_ELEMENT)];
    let slash = usize::from(rest.first() == Some(&b'/'));
    let name = rest[slash..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let name = &rest[slash..slash + name];
    // Of a link the address is read, its name says nothing.
    if name.eq_ignore_ascii_case(b"a") || name.eq_ignore_ascii_case(b"ulink") {
        return at + 1 + slash + name.len();
    }
    let mut lower = [0u8; 16];
    let Some(lower) = lower.get_mut(..name.len()) else { return at + 1 };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    if ELEMENTS.binary_search_by(|e| e.as_bytes().cmp(lower)).is_err() {
        return at + 1;
    }
    memchr::memchr(b'>', rest).map_or(at + 1, |n| at + 2 + n)
}

/// Behind the entity at `at`, or behind the ampersand if there is none.
fn after_entity(text: &[u8], at: usize, end: usize) -> usize {
    let rest = &text[at + 1..end.min(at + 10)];
    match memchr::memchr(b';', rest) {
        Some(n) if n >= 2 && rest[..n].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'#') => {
            at + 2 + n
        }
        _ => at + 1,
    }
}

/// Behind the command or escape at `at`: `\fB` of troff, `\emph` of TeX, `\par` and `\'92` of
/// RTF, `\n` of C.
fn after_command(text: &[u8], at: usize, end: usize) -> usize {
    let rest = &text[at + 1..end.min(at + 20)];
    if rest.first() == Some(&b'\'')
        && rest.len() > 2
        && rest[1..3].iter().all(u8::is_ascii_hexdigit)
    {
        return at + 4;
    }
    if let [b'f', b'B' | b'I' | b'R' | b'P' | b'1'..=b'4', ..] = rest {
        return at + 3;
    }
    let letters = rest.iter().take_while(|b| b.is_ascii_lowercase()).count();
    if COMMANDS.binary_search_by(|c| c.as_bytes().cmp(&rest[..letters])).is_ok() {
        let digits = rest[letters..].iter().take_while(|b| b.is_ascii_digit()).count();
        return at + 1 + letters + digits;
    }
    match rest.first() {
        Some(b'n' | b't' | b'r') => at + 2,
        _ => at + 1,
    }
}

/// A line that begins with "Copyright" or "(c)" and goes on with a year, a name or a
/// placeholder; not prose such as "copyright notice and this permission notice".
fn is_copyright(text: &[u8], line: &[Token]) -> bool {
    let word = |i: usize| line.get(i).map(|t| t.bytes(text));
    // A whole license on one line may begin with its copyright notice.
    if line.len() > 24 {
        return false;
    }
    let is = |i: usize, w: &str| word(i).is_some_and(|x| x.eq_ignore_ascii_case(w.as_bytes()));
    // "(C) 2010 Jane Doe. GPLv2.", "Copyright 1988 Joe. You may copy this".
    let telling = [
        "gpl",
        "gplv",
        "lgpl",
        "lgplv",
        "license",
        "licensed",
        "bsd",
        "mit",
        "permission",
        "permitted",
        "grants",
        "may",
        "use",
        "freely",
        "under",
        "agpl",
        "agplv",
        "apache",
        "artistic",
        "mpl",
        "unlicense",
        "wtfpl",
        "zlib",
    ];
    if (0..line.len()).any(|i| telling.iter().any(|w| is(i, w))) {
        return false;
    }
    let year = |i: usize| word(i).is_some_and(|x| x.len() == 4 && x.iter().all(u8::is_ascii_digit));
    if is(0, "copyright") {
        return year(1) || ["c", "yyyy", "year", "years", "dates", "by"].iter().any(|w| is(1, w));
    }
    (is(0, "c") && year(1))
        || (is(0, "all") && is(1, "rights") && is(2, "reserved") && line.len() == 3)
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("contents are limited to less than 4 GiB")
}

pub(super) const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of a plus sign behind a word.
pub(super) const PLUS: u64 = mix(SEED, b'+' as u64);

/// One step of a multiplicative hash; the same on every machine.
pub(super) const fn mix(hash: u64, value: u64) -> u64 {
    (hash.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95)
}
/// Line numbers by offset, counted as far as they are asked for.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    /// Offsets behind every newline seen so far.
    starts: Vec<usize>,
    counted: usize,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a [u8]) -> Lines<'a> {
        Lines { text, starts: Vec::new(), counted: 0 }
    }

    /// The line on which the byte at `offset` stands, from 1.
    pub fn number(&mut self, offset: usize) -> u32 {
        let offset = offset.min(self.text.len());
        if offset > self.counted {
            let part = &self.text[self.counted..offset];
            self.starts.extend(memchr::memchr_iter(b'\n', part).map(|n| self.counted + n + 1));
            self.counted = offset;
        }
        let before = self.starts.partition_point(|s| *s <= offset);
        u32::try_from(before).map_or(u32::MAX, |n| n.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let tokens = tokenize(text.as_bytes(), 0..text.len());
        tokens.iter().map(|t| &text[t.start as usize..t.end as usize]).collect()
    }

    #[test]
    fn decoration_separates_and_case_does_not_matter() {
        assert_eq!(words(" * “As-is”, 2.0\n//%% foo_bar"), ["As", "is", "2", "0", "foo", "bar"]);
        let hash = |t: &str| super::words(t)[0];
        for same in ["Licence", "licenses", "LICENCES"] {
            assert_eq!(hash(same), hash("license"), "{same}");
        }
        assert_ne!(hash("licensed"), hash("license"));
        assert_eq!(hash("Warranty"), hash("WARRANTY"));
        assert_ne!(hash("Lesser"), hash("Library"));
    }

    #[test]
    fn letters_and_digits_part_and_a_plus_behind_a_word_counts() {
        assert_eq!(
            words("GPLv2+ LGPL-2.1 (GPL+)"),
            ["GPLv", "2", "+", "LGPL", "2", "1", "GPL", "+"]
        );
        assert_eq!(words("C++ a + b +c"), ["C", "a", "b", "c"]);
    }

    #[test]
    fn what_dresses_words_up_is_left_out() {
        let lines: Vec<&str> = words("dnl one\nREM two\nC three\n  C four\n@rem five\nis REM six");
        assert_eq!(lines, ["one", "two", "three", "C", "four", "five", "is", "REM", "six"]);
        assert_eq!(
            words("<p class=\"x\">the <b>MIT</b> &quot;license&quot;<br/>\n<file> a &lt b; c"),
            ["the", "MIT", "license", "file", "a", "lt", "b", "c"]
        );
        assert_eq!(
            words("<a href=\"http://x.org/y\">z</a>"),
            ["href", "http", "x", "org", "y", "z"]
        );
        assert_eq!(
            words("\\fBbold\\fP \\emph{so} \\pard\\f0\\fs20 \\'92 this\\nthat \\section"),
            ["bold", "so", "this", "that", "section"]
        );
        assert_eq!(words("%%Copying: a b\n%%Copying: c\n%%Copying: d"), ["a", "b", "c", "d"]);
        assert_eq!(words("the a\nthe b\nthe c").len(), 6);
    }

    #[test]
    fn numbers_of_lines_are_left_out_of_listings() {
        for listing in [
            "<a name=\"l00008\"></a>00008 either version 3",
            "<div class=\"line\"><a name=\"l00008\"></a><span class=\"lineno\">    8</span>\
             &#160;either version 3</div>",
        ] {
            assert_eq!(words(listing), ["either", "version", "3"]);
        }
        assert_eq!(words("<a name=\"list\">3"), ["name", "list", "3"]);
    }

    #[test]
    fn broken_words_are_put_together_where_the_whole_is_known() {
        let known: Vec<u64> =
            ["distribution", "license", "royalty", "free", "royaltyfree", "permission", "per"]
                .map(|w| super::words(w)[0])
                .to_vec();
        let read = |text: &[u8]| {
            let mut tokens = tokenize(text, 0..text.len());
            rejoin(text, 0..text.len(), &mut tokens, |hash| known.contains(&hash));
            let word = |t: &Token| {
                let letters = t.bytes(text).iter().filter(|b| b.is_ascii_alphanumeric());
                let word: String = letters.map(|b| char::from(*b)).collect();
                assert_eq!(t.hash, super::words(&word)[0], "{word}");
                word
            };
            tokens.iter().map(word).collect::<Vec<_>>().join(" ")
        };
        for (text, words) in [
            ("of distribu-\ntion is", "of distribution is"),
            (" * of distribu-\r\n * tion is", "of distribution is"),
            ("// Distribu-\n// tion", "Distribution"),
            ("licen-\n# ces per-\n# mission", "licences permission"),
            ("royalty-\nfree", "royalty free"),
            ("zebra-\nfish", "zebra fish"),
            ("distribu-tion", "distribu tion"),
            ("distribu -\ntion", "distribu tion"),
            ("distribu-\n\ntion", "distribu tion"),
            ("distribu-\nTion", "distribu Tion"),
            ("distribu-\ndnl tion", "distribu tion"),
            ("distribu-\n2 tion", "distribu 2 tion"),
            ("dis\u{ad}tri\u{ad}bu\u{ad}\n * tion", "distribution"),
            ("royalty\u{ad}free", "royaltyfree"),
            ("distribu-", "distribu"),
            ("-\n", ""),
            ("\u{ad}", ""),
        ] {
            assert_eq!(read(text.as_bytes()), words, "{text}");
        }
        assert_eq!(read(b"distri\xadbution \xc3\xad"), "distribution");
    }

    #[test]
    fn the_lists_are_sorted() {
        assert!(ELEMENTS.is_sorted() && COMMANDS.is_sorted());
    }

    #[test]
    fn copyright_lines_are_left_out_but_not_the_words_about_them() {
        assert_eq!(
            words("/* Copyright (c) 2020 Jane\n * (C) 2021 Joe\nAll rights reserved.\nok"),
            ["ok"]
        );
        assert_eq!(words("# (C) 2010 Jane Doe. GPLv2."), ["C", "2010", "Jane", "Doe", "GPLv", "2"]);
        assert_eq!(words("Copyright 1988 Joe. You may copy").len(), 6);
        assert_eq!(words("copyright notice and").len(), 3);
        assert_eq!(words("The above copyright 2020").len(), 4);
    }

    #[test]
    fn lines_are_counted_in_any_order_of_asking() {
        let mut lines = Lines::new(b"a\nb\n\nc");
        assert_eq!([6, 5, 2, 0, 4].map(|o| lines.number(o)), [4, 4, 2, 1, 3]);
        assert_eq!(Lines::new(b"").number(9), 1);
    }
}
