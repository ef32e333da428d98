// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What the words in a manifest's license field mean: SPDX expressions as they are and as they
//! were, names of licenses as people and ecosystems write them, classifiers, addresses.
//!
//! A name is compared by its words, see [`words`]. Names that leave open which license is
//! meant ("BSD", the trove classifier `BSD License`) mean nothing here: to take one of
//! several would be a guess. Beside a name that is understood they are an unknown license. A GNU license without a version is any version, as its own text
//! says.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::manifests::{Declared, Form};
use crate::licenses::expression::{Expr, Term, UNKNOWN_PREFIX, is_reference};
use crate::licenses::{ALIASES, Licenses};
use crate::model::FileKind;

/// Longest text, in bytes, that is read as names.
const MAX_NAMES: usize = 300;

/// Deepest nesting of parentheses, lists and operators.
const MAX_DEPTH: usize = 6;

/// The tables of `license-db/aliases.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Aliases {
    names: BTreeMap<String, String>,
    cpan: BTreeMap<String, String>,
    debian: BTreeMap<String, String>,
    rpm: BTreeMap<String, String>,
    exceptions: BTreeMap<String, String>,
    urls: BTreeMap<String, String>,
}

static TABLES: LazyLock<Aliases> =
    LazyLock::new(|| toml::from_str(ALIASES).expect("the compiled-in aliases are valid"));

/// The expression that a declared value means, `None` if that cannot be told.
pub(super) fn resolve(licenses: &Licenses, kind: FileKind, declared: &Declared) -> Option<Expr> {
    let own = match kind {
        FileKind::CpanJson | FileKind::CpanMake | FileKind::CpanYaml => Some(&TABLES.cpan),
        FileKind::DebianCopyright => Some(&TABLES.debian),
        FileKind::RpmSpec => Some(&TABLES.rpm),
        _ => None,
    };
    let names = Names { licenses, own };
    let value = declared.value.trim();
    match declared.form {
        Form::File | Form::Unlicensed => None,
        Form::Url => names.url(value),
        Form::Classifier => names.one(value.rsplit("::").next()?),
        Form::Expression | Form::Name if value.starts_with("http") => names.url(value),
        Form::Expression | Form::Name if value.len() > MAX_NAMES => names.expression(value),
        Form::Expression | Form::Name => names.all(value, 0),
    }
}

/// What names mean that stand where an SPDX expression should, `None` if there is one among them
/// that no table knows.
pub(super) fn names(licenses: &Licenses, value: &str) -> Option<Expr> {
    let short = Some(value).filter(|v| v.len() <= MAX_NAMES);
    let expr = Names { licenses, own: None }.all(short?, 0)?;
    expr.ids().iter().all(|id| !id.starts_with(UNKNOWN_PREFIX)).then_some(expr)
}

/// Words that every license has in its name, and that tell none from another.
const NOISE: [&str; 15] = [
    "a",
    "agreement",
    "an",
    "license",
    "licensed",
    "licenses",
    "of",
    "software",
    "terms",
    "the",
    "under",
    "v",
    "ver",
    "version",
    "versions",
];

/// The words of a name by which it is compared: in lower case, `gplv2` as `gpl 2`, numbers
/// without their last `.0`, no word twice in a row, and none of [`NOISE`].
fn words(name: &str) -> Vec<String> {
    // The other spelling of the word.
    let lower = name.to_lowercase().replace(concat!("lic", "ence"), "license");
    let bytes = lower.as_bytes();
    let digit = |n: usize| bytes.get(n).is_some_and(u8::is_ascii_digit);
    let mut spaced = String::with_capacity(lower.len());
    for (n, c) in lower.char_indices() {
        match c {
            '_' if n > 0 && digit(n - 1) && digit(n + 1) => spaced.push('.'),
            '>' if bytes.get(n + 1) == Some(&b'=') => spaced.push_str(" >= "),
            '≥' => spaced.push_str(" >= "),
            '.' | '+' => spaced.push(c),
            c if c.is_alphanumeric() => spaced.push(c),
            // It is the second character of the mark above, and stands there already.
            '=' => {}
            _ => spaced.push(' '),
        }
    }
    let mut words: Vec<String> = Vec::new();
    let mut push = |word: &str| {
        let numeric = word.starts_with(|c: char| c.is_ascii_digit());
        let (bare, plus) = match word.strip_suffix('+') {
            Some(bare) if numeric => (bare, "+"),
            _ => (word, ""),
        };
        let mut bare = bare;
        while let Some(head) = bare.strip_suffix(".0").filter(|_| numeric) {
            bare = head;
        }
        let word = format!("{bare}{plus}");
        let double = words.last() == Some(&word);
        if !(word.is_empty() || NOISE.contains(&word.as_str()) || double) {
            words.push(word);
        }
    };
    for word in spaced.split_whitespace() {
        if word == ">=" {
            push(word);
            continue;
        }
        let word = word.trim_matches('.');
        let letters = word.bytes().take_while(u8::is_ascii_lowercase).count();
        let (name, number) = word.split_at(letters);
        let tail = number.strip_suffix('+').unwrap_or(number);
        let version = tail.starts_with(|c: char| c.is_ascii_digit())
            && tail.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        match name.strip_suffix('v').unwrap_or(name) {
            "" if version => push(number),
            name if version && name.len() >= 3 => {
                push(name);
                push(number);
            }
            _ => push(word),
        }
    }
    words
}

/// A family of GNU licenses.
struct Family {
    /// Its names, by words; one that begins with another comes first.
    names: &'static [&'static [&'static str]],
    id: &'static str,
    versions: &'static [&'static str],
}

const GNU: [Family; 4] = [
    Family {
        names: &[
            &["library", "or", "lesser", "general", "public"],
            &["lesser", "or", "library", "general", "public"],
            &["lesser", "general", "public"],
            &["library", "general", "public"],
            &["lesser", "gpl"],
            &["library", "gpl"],
            &["lgpl"],
        ],
        id: "LGPL",
        versions: &["2", "2.1", "3"],
    },
    Family {
        names: &[&["affero", "general", "public"], &["affero", "gpl"], &["agpl"]],
        id: "AGPL",
        versions: &["3"],
    },
    Family {
        names: &[&["free", "documentation"], &["gfdl"], &["fdl"]],
        id: "GFDL",
        versions: &["1.1", "1.2", "1.3"],
    },
    Family { names: &[&["general", "public"], &["gpl"]], id: "GPL", versions: &["1", "2", "3"] },
];

/// What says that later versions may be taken, or not.
const LATER: [&str; 15] = [
    "+",
    "and above",
    "and later",
    "and newer",
    "any later",
    "at your option any later",
    "or above",
    "or any later",
    "or any newer",
    "or at your option any later",
    "or greater",
    "or higher",
    "or later",
    "or newer",
    "plus",
];

/// The id of a GNU license that is named by these words.
fn gnu(words: &[String]) -> Option<String> {
    let mut rest: Vec<&str> = words.iter().map(String::as_str).collect();
    if rest.first() == Some(&"gnu") {
        rest.remove(0);
    }
    let mut later = false;
    let begins = |rest: &[&str], name: &[&str]| {
        let (last, head) = name.split_last()?;
        let word = rest.get(head.len())?;
        let plus = word.strip_suffix('+') == Some(last);
        (rest.starts_with(head) && (word == last || plus)).then_some((name.len(), plus))
    };
    let (family, (len, plus)) =
        GNU.iter().find_map(|f| Some((f, f.names.iter().find_map(|n| begins(&rest, n))?)))?;
    let Family { id, versions, .. } = family;
    later |= plus;
    rest.drain(..len);
    // `GNU General Public License GPL 2`
    if rest.first().is_some_and(|w| w.eq_ignore_ascii_case(id)) {
        rest.remove(0);
    }
    if rest.first() == Some(&">=") {
        later = true;
        rest.remove(0);
    }
    let mut version = None;
    if let Some(word) = rest.first() {
        let bare = word.strip_suffix('+').unwrap_or(word);
        if let Some(known) = versions.iter().find(|v| **v == bare) {
            version = Some(*known);
            later |= bare.len() < word.len();
            rest.remove(0);
        }
    }
    let only = rest == ["only"] && !later && version.is_some();
    let rest = rest.join(" ");
    let granted = LATER.contains(&rest.as_str());
    if !(rest.is_empty() || only || granted) {
        return None;
    }
    later |= granted;
    // Without a version it is any.
    let number = version.unwrap_or(versions[0]);
    let dot = if number.contains('.') { "" } else { ".0" };
    let grant = if later || version.is_none() { "or-later" } else { "only" };
    Some(format!("{id}-{number}{dot}-{grant}"))
}

/// Reads names in the light of one ecosystem.
struct Names<'a> {
    licenses: &'a Licenses,
    /// The ecosystem's own table.
    own: Option<&'a BTreeMap<String, String>>,
}

impl Names<'_> {
    /// Several names with words or marks between them, or one.
    fn all(&self, text: &str, depth: usize) -> Option<Expr> {
        let text = text.trim();
        if text.is_empty() || depth > MAX_DEPTH {
            return None;
        }
        if let Some(expr) = self.one(text) {
            return Some(expr);
        }
        if let Some(inner) = inside(text) {
            return self.all(inner, depth + 1);
        }
        let each = |parts: Vec<&str>| self.each(&parts, depth);
        let parts = split(text, |rest, _| mark(rest, &[";"]));
        if parts.len() > 1 {
            return Expr::all(each(parts)?);
        }
        if let Some(expr) = self.with_commas(text, depth) {
            return Some(expr);
        }
        let parts = split(text, |rest, apart| {
            mark(rest, &["||", "|"]).or_else(|| operator(rest, apart, "or"))
        });
        if parts.len() > 1 {
            return Expr::any(each(parts)?);
        }
        let parts = split(text, |rest, apart| {
            mark(rest, &["&&", "&", " + "]).or_else(|| operator(rest, apart, "and"))
        });
        if parts.len() > 1 {
            return Expr::all(each(parts)?);
        }
        let parts = split(text, |rest, apart| operator(rest, apart, "with"));
        if let [license, exception] = parts[..] {
            return self.with(license, exception, depth);
        }
        let parts = split(text, |rest, _| mark(rest, &["/"]));
        (parts.len() > 1).then(|| Expr::any(each(parts)?)).flatten()
    }

    /// What several parts mean. Beside one that is understood, another that is but an unknown
    /// name stands for itself, as in a tag: `GPLv2+ and BSD` says something about both.
    fn each(&self, parts: &[&str], depth: usize) -> Option<Vec<Expr>> {
        let found: Vec<Option<Expr>> = parts.iter().map(|p| self.all(p, depth + 1)).collect();
        if found.iter().all(Option::is_none) {
            return None;
        }
        let exprs = found.into_iter().zip(parts);
        exprs.map(|(expr, part)| expr.or_else(|| self.unknown(part))).collect()
    }

    /// A part that is one word and no prose, as the id of an unknown license.
    fn unknown(&self, part: &str) -> Option<Expr> {
        let noise = |w: &str| NOISE.contains(&w.to_ascii_lowercase().as_str());
        let mut words = part.split_whitespace().filter(|w| !noise(w));
        let (word, None) = (words.next()?, words.next()) else { return None };
        let plain = word.len() <= 40
            && word.starts_with(|c: char| c.is_ascii_alphanumeric())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._+".contains(&b))
            && word.bytes().filter(u8::is_ascii_alphabetic).count() > 1
            && word.bytes().any(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        let id = word.replace(['_', '+'], "-");
        let id = id.trim_end_matches(['-', '.']);
        plain.then(|| self.licenses.parse(&format!("{UNKNOWN_PREFIX}{id}")).ok()).flatten()
    }

    /// `A, B and C`, `A, B or C`, and Debian's `A or B, and C`, in which the comma binds least.
    fn with_commas(&self, text: &str, depth: usize) -> Option<Expr> {
        let parts = split(text, |rest, _| mark(rest, &[","]));
        if parts.len() < 2 {
            return None;
        }
        let mut word = None;
        let mut names = Vec::new();
        for part in &parts {
            let part = part.trim();
            let found = ["and", "or"].into_iter().find_map(|w| Some((w, operator(part, true, w)?)));
            let (said, part) = found.map_or((None, part), |(w, len)| (Some(w), &part[len..]));
            word = said.or(word);
            names.push(part);
        }
        let exprs = self.each(&names, depth)?;
        let choice = match word {
            Some(word) => word == "or",
            // Only the last two are parted by a word, which goes for all.
            None => {
                let or = |p: &&str| split(p, |rest, apart| operator(rest, apart, "or")).len() > 1;
                let (last, others) = parts.split_last()?;
                or(last) && !others.iter().any(or)
            }
        };
        if choice { Expr::any(exprs) } else { Expr::all(exprs) }
    }

    /// A license with an exception; one that no list knows gets a name of its own.
    fn with(&self, license: &str, exception: &str, depth: usize) -> Option<Expr> {
        let Expr::Term(Term { license, addition: None }) = self.all(license, depth + 1)? else {
            return None;
        };
        let mut words = words(exception);
        let all = words.len();
        words.retain(|w| w != "exception" && w != "exceptions");
        let (spaced, joined) = (words.join(" "), words.join("-"));
        let known = TABLES.exceptions.get(&spaced).map(String::as_str);
        let known = known
            .or_else(|| self.licenses.exception_id(&joined))
            .or_else(|| self.licenses.exception_id(&format!("{joined}-exception")))
            .or_else(|| {
                let (name, version) = joined.rsplit_once('-')?;
                let id = format!("{name}-exception-{version}");
                let known = self.licenses.exception_id(&id);
                known.or_else(|| self.licenses.exception_id(&format!("{id}.0")))
            });
        let id = match known {
            Some(id) => id.to_owned(),
            None if words.len() < all && (1..=4).contains(&words.len()) => {
                let plain = joined.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
                plain.then(|| format!("AdditionRef-lictor-unknown-{joined}"))?
            }
            None => return None,
        };
        self.licenses.parse(&format!("{license} WITH {id}")).ok()
    }

    /// One name, with or without what stands in parentheses in it.
    fn one(&self, name: &str) -> Option<Expr> {
        let name = name.trim();
        if let Some(expr) = self.named(name) {
            return Some(expr);
        }
        let open = name.find('(')?;
        let close = open + name[open..].find(')')?;
        let around = format!("{} {}", &name[..open], &name[close + 1..]);
        let inside = &name[open + 1..close];
        // What is joined with something is more than a remark.
        if joined(inside) {
            return None;
        }
        self.named(&around).or_else(|| (!joined(&around)).then(|| self.named(inside)).flatten())
    }

    /// An SPDX expression as it is. What cannot be one is not parsed: a parser that explains
    /// mistakes takes its time over them.
    fn expression(&self, text: &str) -> Option<Expr> {
        let known = |word: &str| {
            let bare = word.strip_suffix('+').unwrap_or(word);
            ["and", "or", "with"].iter().any(|o| word.eq_ignore_ascii_case(o))
                || self.licenses.license_id(bare).is_some()
                || self.licenses.exception_id(word).is_some()
                || is_reference(word)
        };
        let mut words = text.split([' ', '(', ')']).filter(|w| !w.is_empty());
        words.all(known).then(|| self.licenses.parse(text).ok()).flatten()
    }

    fn named(&self, name: &str) -> Option<Expr> {
        if let Some(expr) = self.expression(name) {
            return Some(expr);
        }
        let words = words(name);
        let key = words.join(" ");
        let own = self.own.and_then(|table| table.get(&key));
        if let Some(expr) = own.or_else(|| TABLES.names.get(&key)) {
            return self.licenses.parse(expr).ok();
        }
        // Ids in any spelling: `epl 1` is EPL-1.0.
        let id = words.join("-");
        let spelt = self.licenses.license_id(&id);
        let spelt = spelt.or_else(|| self.licenses.license_id(&format!("{id}.0")));
        let id = gnu(&words).or_else(|| spelt.map(str::to_owned))?;
        self.licenses.parse(&id).ok()
    }

    fn url(&self, address: &str) -> Option<Expr> {
        let lower = address.to_ascii_lowercase();
        let (_, place) = lower.split_once("://")?;
        let place = place.split(['#', '?']).next()?.trim_end_matches('/');
        let place = place.strip_prefix("www.").unwrap_or(place);
        let endings = [".html", ".htm", ".txt", ".php", ".md", ".en", "-standalone"];
        let place = endings.iter().fold(place, |p, e| p.strip_suffix(e).unwrap_or(p));
        if let Some(expr) = TABLES.urls.get(place) {
            return self.licenses.parse(expr).ok();
        }
        let lists = [
            "spdx.org/licenses/",
            "opensource.org/licenses/",
            "opensource.org/license/",
            "choosealicense.com/licenses/",
            "licenses.nuget.org/",
        ];
        if let Some(name) = lists.iter().find_map(|l| place.strip_prefix(l)) {
            return self.all(&name.replace("%20", " "), 0);
        }
        if let Some(name) = place.strip_prefix("gnu.org/") {
            let name = name.rsplit('/').next()?;
            // The address without a version is that of the newest.
            return name.contains(|c: char| c.is_ascii_digit()).then(|| self.one(name)).flatten();
        }
        let name = place.strip_prefix("creativecommons.org/")?;
        let mut parts = name.split('/');
        let id = match (parts.next()?, parts.next()?, parts.next()?) {
            ("licenses", name, version) => format!("cc-{name}-{version}"),
            ("publicdomain", "zero", version) => format!("cc0-{version}"),
            _ => return None,
        };
        self.licenses.parse(&id).ok()
    }
}

/// What is inside the parentheses around the whole text.
fn inside(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0usize;
    for b in inner.bytes() {
        match b {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    (depth == 0).then_some(inner)
}

/// Splits a text at what `at` finds outside of parentheses. It is given the rest of the text
/// and whether a word can begin there, and says how long the separator is.
fn split(text: &str, at: impl Fn(&str, bool) -> Option<usize>) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut skip, mut apart) = (0, 0usize, 0, false);
    for (n, c) in text.char_indices() {
        if n >= skip
            && depth == 0
            && let Some(len) = at(&text[n..], apart)
        {
            parts.push(&text[start..n]);
            start = n + len;
            skip = start;
        }
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        apart = c.is_whitespace() || c == ')';
    }
    parts.push(&text[start..]);
    parts
}

/// Whether there is an operator in the text.
fn joined(text: &str) -> bool {
    let words =
        |rest: &str, apart| ["or", "and", "with"].iter().find_map(|w| operator(rest, apart, w));
    // With a space in front, a word may be the first.
    let text = format!(" {text}");
    let parts = split(&text, |rest, apart| {
        mark(rest, &[",", ";", "|", "&", "/"]).or_else(|| words(rest, apart))
    });
    parts.len() > 1
}

fn mark(rest: &str, marks: &[&str]) -> Option<usize> {
    marks.iter().find(|m| rest.starts_with(**m)).map(|m| m.len())
}

/// The length of an operator that is a word, but not in "or later" and its like.
fn operator(rest: &str, apart: bool, word: &str) -> Option<usize> {
    let head = rest.get(..word.len()).filter(|h| apart && h.eq_ignore_ascii_case(word))?;
    let tail = &rest[head.len()..];
    if !tail.starts_with(|c: char| c.is_whitespace() || c == '(') {
        return None;
    }
    let next = tail.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let next = next.split(|c: char| !c.is_alphanumeric()).next()?.to_ascii_lowercase();
    let grants = ["above", "any", "at", "greater", "higher", "later", "newer"];
    (!grants.contains(&next.as_str())).then_some(word.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::manifests::Link;

    fn meaning_in(kind: FileKind, form: Form, value: &str) -> Option<String> {
        let declared =
            Declared { value: value.to_owned(), form, start: 0, end: 0, link: Link::And };
        resolve(Licenses::builtin(), kind, &declared).map(|e| e.to_string())
    }

    fn meaning(value: &str) -> Option<String> {
        meaning_in(FileKind::Plain, Form::Name, value)
    }

    #[test]
    fn every_alias_is_written_as_it_is_compared_and_means_a_current_expression() {
        let db = Licenses::builtin();
        let t = &*TABLES;
        for table in [&t.names, &t.cpan, &t.debian, &t.rpm, &t.urls] {
            for (key, value) in table {
                let expr = db.parse(value).unwrap_or_else(|e| panic!("{key} = {value}: {e:?}"));
                assert_eq!(&expr.to_string(), value, "{key} is given something deprecated");
            }
        }
        for table in [&t.names, &t.cpan, &t.debian, &t.rpm, &t.exceptions] {
            for key in table.keys() {
                assert_eq!(&words(key).join(" "), key, "so it has to be written");
            }
        }
        for (key, id) in &t.exceptions {
            assert_eq!(db.exception_id(id), Some(id.as_str()), "{key}");
        }
    }

    #[test]
    fn expressions_are_read_as_they_were_written_at_any_time() {
        for (written, meant) in [
            ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
            ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
            ("(MIT or GPL-3.0+) and ISC", "(MIT OR GPL-3.0-or-later) AND ISC"),
            ("Apache 2.0", "Apache-2.0"),
            ("Apache-2", "Apache-2.0"),
            ("GPLv3+", "GPL-3.0-or-later"),
            ("LGPLv2.1", "LGPL-2.1-only"),
            ("MIT/X11", "MIT"),
            ("BSD-3", "BSD-3-Clause"),
            ("MPL v2.0", "MPL-2.0"),
            ("EPL 1.0", "EPL-1.0"),
            ("LPPL 1.3c", "LPPL-1.3c"),
            ("CC BY-SA 4.0", "CC-BY-SA-4.0"),
            ("LicenseRef-Ours", "LicenseRef-Ours"),
            ("http://opensource.org/licenses/MIT", "MIT"),
        ] {
            let found = meaning_in(FileKind::Npm, Form::Expression, written);
            assert_eq!(found.as_deref(), Some(meant), "{written}");
        }
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        for (written, meant) in [
            ("The Apache Software License, Version 2.0", "Apache-2.0"),
            ("Apache License 2.0", "Apache-2.0"),
            ("Apache License, Version 2.0 or MIT", "Apache-2.0 OR MIT"),
            ("The MIT License (MIT)", "MIT"),
            ("MIT License", "MIT"),
            ("MIT License (MIT) and Apache 2.0", "MIT AND Apache-2.0"),
            ("(MIT License) or (Apache 2.0)", "MIT OR Apache-2.0"),
            ("New BSD License", "BSD-3-Clause"),
            ("BSD 3-Clause \"New\" or \"Revised\" License", "BSD-3-Clause"),
            ("3-Clause BSD License", "BSD-3-Clause"),
            ("BSD_3_clause", "BSD-3-Clause"),
            ("Eclipse Public License - v 1.0", "EPL-1.0"),
            ("Mozilla Public License (MPL) 2.0", "MPL-2.0"),
            (concat!("European Union Public Lic", "ence 1.2"), "EUPL-1.2"),
            (
                "GNU General Public License, version 2 or (at your option) any later version",
                "GPL-2.0-or-later",
            ),
            ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
            ("GNU GPL v2 only", "GPL-2.0-only"),
            ("GPL", "GPL-1.0-or-later"),
            ("LGPL", "LGPL-2.0-or-later"),
            ("GPL (>= 2)", "GPL-2.0-or-later"),
            ("GPL-2 | GPL-3", "GPL-2.0-only OR GPL-3.0-only"),
            ("Artistic-2.0 | GPL-2", "Artistic-2.0 OR GPL-2.0-only"),
            ("GPLv2+ and (LGPLv2+ or MIT)", "GPL-2.0-or-later AND (LGPL-2.0-or-later OR MIT)"),
            ("ASL 2.0 and MIT", "Apache-2.0 AND MIT"),
            ("MIT, BSD-2-Clause", "MIT AND BSD-2-Clause"),
            ("MIT, ISC or Zlib", "MIT OR ISC OR Zlib"),
            ("GPLv2+ and BSD", "GPL-2.0-or-later AND LicenseRef-lictor-unknown-BSD"),
            ("MIT, BSD License", "MIT AND LicenseRef-lictor-unknown-BSD"),
            ("LGPL-2.1+ or x_y-1+", "LGPL-2.1-or-later OR LicenseRef-lictor-unknown-x-y-1"),
            ("GPL-3+ with Bison 1.24 exception", "GPL-3.0-or-later WITH Bison-exception-1.24"),
            ("GPL-3+ with Autoconf 3 exception", "GPL-3.0-or-later WITH Autoconf-exception-3.0"),
            ("MIT; ISC", "MIT AND ISC"),
            ("MIT & ISC", "MIT AND ISC"),
            (
                "GPL-2+ or Artistic-2.0, and BSD-3-clause",
                "(GPL-2.0-or-later OR Artistic-2.0) AND BSD-3-Clause",
            ),
            ("GPLv2 with Classpath exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
            (
                "GNU General Public License, version 2 with the GNU Classpath Exception",
                "GPL-2.0-only WITH Classpath-exception-2.0",
            ),
            (
                "GPL-2+ with OpenSSL exception",
                "GPL-2.0-or-later WITH AdditionRef-lictor-unknown-openssl",
            ),
            ("Apache 2.0 with LLVM exception", "Apache-2.0 WITH LLVM-exception"),
        ] {
            assert_eq!(meaning(written).as_deref(), Some(meant), "{written}");
        }
    }

    #[test]
    fn ecosystems_have_names_of_their_own() {
        for (kind, written, meant) in [
            (FileKind::CpanJson, "perl_5", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
            (FileKind::CpanYaml, "bsd", "BSD-3-Clause"),
            (FileKind::CpanMake, "gpl_2", "GPL-2.0-only"),
            (FileKind::CpanMake, "lgpl_2_1", "LGPL-2.1-only"),
            (FileKind::CpanJson, "apache_2_0", "Apache-2.0"),
            (FileKind::CpanJson, "artistic_2", "Artistic-2.0"),
            (FileKind::DebianCopyright, "Expat", "MIT"),
            (FileKind::DebianCopyright, "Artistic", "Artistic-1.0-Perl"),
            (FileKind::DebianCopyright, "GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
            (FileKind::RpmSpec, "GPL+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"),
            (
                FileKind::RpmSpec,
                "(GPL+ or Artistic) and MIT",
                "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND MIT",
            ),
            (FileKind::RpmSpec, "BSD with advertising", "BSD-4-Clause"),
        ] {
            let found = meaning_in(kind, Form::Name, written);
            assert_eq!(found.as_deref(), Some(meant), "{written}");
        }
    }

    #[test]
    fn what_leaves_the_license_open_means_nothing() {
        for open in [
            "",
            "BSD",
            "BSD License",
            "Artistic License",
            "proprietary",
            "Other",
            "MIT (or so)",
            "GPL v2 or v3",
            "GPLv2+ x",
            "see LICENSE",
            "MIT or something",
            "GPLv2 with exceptions",
            "GPL v7",
            "GPL only",
            "GNU",
            "(",
            "()",
            "or",
            "and and",
            "MIT with",
            "with x",
            ",",
            "a/b",
            "Unlimited",
            "https://example.org/MIT",
            "https://gnu.org/licenses/gpl.html",
            "http",
            "http://",
        ] {
            assert_eq!(meaning(open), None, "{open}");
        }
        let long = "MIT or ".repeat(100_000);
        assert_eq!(meaning(&long), None);
        let nested = format!("{}x{}", "(a or ".repeat(40), ")".repeat(40));
        assert_eq!(meaning(&nested), None);
    }

    #[test]
    fn addresses_are_known_in_any_spelling() {
        for (written, meant) in [
            ("http://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
            ("https://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
            ("http://www.opensource.org/licenses/mit-license.php", "MIT"),
            ("https://opensource.org/license/bsd-3-clause/", "BSD-3-Clause"),
            ("https://spdx.org/licenses/ISC.html", "ISC"),
            ("https://licenses.nuget.org/MIT%20OR%20Apache-2.0", "MIT OR Apache-2.0"),
            ("http://www.gnu.org/licenses/old-licenses/lgpl-2.1.en.html", "LGPL-2.1-only"),
            ("https://www.gnu.org/licenses/gpl-3.0-standalone.html", "GPL-3.0-only"),
            ("https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode", "CC-BY-NC-SA-4.0"),
            ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
            ("https://www.eclipse.org/legal/epl-v20.html", "EPL-2.0"),
        ] {
            let found = meaning_in(FileKind::Maven, Form::Url, written);
            assert_eq!(found.as_deref(), Some(meant), "{written}");
        }
    }

    #[test]
    fn classifiers_mean_what_can_be_told_of_them() {
        let osi = [
            ("Apache Software License", "Apache-2.0"),
            ("Attribution Assurance License", "AAL"),
            ("Blue Oak Model License (BlueOak-1.0.0)", "BlueOak-1.0.0"),
            ("Boost Software License 1.0 (BSL-1.0)", "BSL-1.0"),
            ("CEA CNRS Inria Logiciel Libre License, version 2.1 (CeCILL-2.1)", "CECILL-2.1"),
            ("CMU License (MIT-CMU)", "MIT-CMU"),
            ("Common Development and Distribution License 1.0 (CDDL-1.0)", "CDDL-1.0"),
            ("Common Public License", "CPL-1.0"),
            ("Eclipse Public License 1.0 (EPL-1.0)", "EPL-1.0"),
            ("Eclipse Public License 2.0 (EPL-2.0)", "EPL-2.0"),
            ("Educational Community License, Version 2.0 (ECL-2.0)", "ECL-2.0"),
            (concat!("European Union Public Lic", "ence 1.0 (EUPL 1.0)"), "EUPL-1.0"),
            (concat!("European Union Public Lic", "ence 1.1 (EUPL 1.1)"), "EUPL-1.1"),
            (concat!("European Union Public Lic", "ence 1.2 (EUPL 1.2)"), "EUPL-1.2"),
            ("GNU Affero General Public License v3", "AGPL-3.0-only"),
            ("GNU Affero General Public License v3 or later (AGPLv3+)", "AGPL-3.0-or-later"),
            ("GNU Free Documentation License (FDL)", "GFDL-1.1-or-later"),
            ("GNU General Public License (GPL)", "GPL-1.0-or-later"),
            ("GNU General Public License v2 (GPLv2)", "GPL-2.0-only"),
            ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
            ("GNU General Public License v3 (GPLv3)", "GPL-3.0-only"),
            ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
            ("GNU Lesser General Public License v2 (LGPLv2)", "LGPL-2.0-only"),
            ("GNU Lesser General Public License v2 or later (LGPLv2+)", "LGPL-2.0-or-later"),
            ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
            ("GNU Lesser General Public License v3 or later (LGPLv3+)", "LGPL-3.0-or-later"),
            ("GNU Library or Lesser General Public License (LGPL)", "LGPL-2.0-or-later"),
            ("Historical Permission Notice and Disclaimer (HPND)", "HPND"),
            ("IBM Public License", "IPL-1.0"),
            ("ISC License (ISCL)", "ISC"),
            ("Intel Open Source License", "Intel"),
            ("MIT License", "MIT"),
            ("MIT No Attribution License (MIT-0)", "MIT-0"),
            ("MirOS License (MirOS)", "MirOS"),
            ("Motosoto License", "Motosoto"),
            ("Mozilla Public License 1.0 (MPL)", "MPL-1.0"),
            ("Mozilla Public License 1.1 (MPL 1.1)", "MPL-1.1"),
            ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
            ("Mulan Permissive Software License v2 (MulanPSL-2.0)", "MulanPSL-2.0"),
            ("NASA Open Source Agreement v1.3 (NASA-1.3)", "NASA-1.3"),
            ("Nethack General Public License", "NGPL"),
            ("Nokia Open Source License", "Nokia"),
            ("Open Group Test Suite License", "OGTSL"),
            ("Open Software License 3.0 (OSL-3.0)", "OSL-3.0"),
            ("PostgreSQL License", "PostgreSQL"),
            ("Python License (CNRI Python License)", "CNRI-Python"),
            ("Python Software Foundation License", "PSF-2.0"),
            ("Qt Public License (QPL)", "QPL-1.0"),
            ("Ricoh Source Code Public License", "RSCPL"),
            ("SIL Open Font License 1.1 (OFL-1.1)", "OFL-1.1"),
            ("Sleepycat License", "Sleepycat"),
            ("Sun Industry Standards Source License (SISSL)", "SISSL"),
            ("Sun Public License", "SPL-1.0"),
            ("The Unlicense (Unlicense)", "Unlicense"),
            ("Universal Permissive License (UPL)", "UPL-1.0"),
            ("University of Illinois/NCSA Open Source License", "NCSA"),
            ("Vovida Software License 1.0", "VSL-1.0"),
            ("W3C License", "W3C"),
            ("X.Net License", "Xnet"),
            ("Zero-Clause BSD (0BSD)", "0BSD"),
            ("zlib/libpng License", "Zlib"),
        ];
        for (name, meant) in osi {
            let classifier = format!("License :: OSI Approved :: {name}");
            let found = meaning_in(FileKind::SetupPy, Form::Classifier, &classifier);
            assert_eq!(found.as_deref(), Some(meant), "{name}");
        }
        for (classifier, meant) in [
            ("License :: Aladdin Free Public License (AFPL)", Some("Aladdin")),
            ("License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", Some("CC0-1.0")),
            ("License :: CeCILL-B Free Software License Agreement (CECILL-B)", Some("CECILL-B")),
            ("License :: CeCILL-C Free Software License Agreement (CECILL-C)", Some("CECILL-C")),
            ("License :: Nokia Open Source License (NOKOS)", Some("Nokia")),
            ("License :: OSI Approved :: BSD License", None),
            ("License :: OSI Approved :: Academic Free License (AFL)", None),
            ("License :: OSI Approved :: Apple Public Source License", None),
            ("License :: OSI Approved :: Artistic License", None),
            ("License :: OSI Approved :: Eiffel Forum License", None),
            ("License :: OSI Approved :: Jabber Open Source License", None),
            (
                "License :: OSI Approved :: MITRE Collaborative Virtual Workspace License (CVW)",
                None,
            ),
            ("License :: OSI Approved :: Zope Public License", None),
            ("License :: OSI Approved", None),
            ("License :: DFSG approved", None),
            ("License :: Eiffel Forum License (EFL)", None),
            ("License :: Free For Home Use", None),
            ("License :: Freeware", None),
            ("License :: GUST Font License 1.0", None),
            ("License :: Netscape Public License (NPL)", None),
            ("License :: Other/Proprietary License", None),
            ("License :: Public Domain", Some("LicenseRef-lictor-public-domain")),
            ("License :: Repoze Public License", None),
        ] {
            let found = meaning_in(FileKind::SetupPy, Form::Classifier, classifier);
            assert_eq!(found.as_deref(), meant, "{classifier}");
        }
    }
}
