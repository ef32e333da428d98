// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The keys of a rule or license file: which there are, and what may stand behind each.

use std::ops::Range;

use super::Source;
use super::front::{self, Entry, Scalar, Value};
use crate::diag::{Mistake, did_you_mean};

/// What may stand behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `yes` or `no`.
    Flag,
    /// A number from 0 to 100.
    Percent,
    Text,
    List,
}

/// The keys that both kinds of files may have.
const COMMON: [(&str, Shape); 14] = [
    ("is_exception", Shape::Flag),
    ("is_deprecated", Shape::Flag),
    ("replaced_by", Shape::List),
    ("minimum_coverage", Shape::Percent),
    ("relevance", Shape::Percent),
    ("language", Shape::Text),
    ("notes", Shape::Text),
    ("source", Shape::Text),
    ("ignorable_copyrights", Shape::List),
    ("ignorable_holders", Shape::List),
    ("ignorable_authors", Shape::List),
    ("ignorable_urls", Shape::List),
    ("ignorable_emails", Shape::List),
    ("skip_for_required_phrase_generation", Shape::Flag),
];

/// The keys of one file that are known and have what belongs behind them, and what is wrong
/// with the others.
pub(super) struct Fields {
    entries: Vec<Entry>,
    pub body: Range<usize>,
    pub mistakes: Vec<Mistake>,
    /// Whether the keys could be read at all.
    pub found: bool,
}

impl Fields {
    /// Reads the front matter of a file that may have these keys beside the common ones.
    pub fn read(source: &Source, known: &[(&str, Shape)]) -> Fields {
        let mut mistakes = Vec::new();
        let front = front::read(&source.text, &mut mistakes);
        let found = front.is_some();
        let front = front.unwrap_or(front::Front { entries: Vec::new(), body: 0..0 });
        let mut fields = Fields { entries: Vec::new(), body: front.body, mistakes, found };
        for entry in front.entries {
            if fields.fits(&entry, known) {
                fields.entries.push(entry);
            }
        }
        fields
    }

    fn fits(&mut self, entry: &Entry, known: &[(&str, Shape)]) -> bool {
        let key = &entry.key;
        let known = || known.iter().chain(&COMMON);
        let Some((_, shape)) = known().find(|(k, _)| k == key) else {
            let keys: Vec<&str> = known().map(|(k, _)| *k).collect();
            let help = did_you_mean(key, &keys)
                .unwrap_or_else(|| "license-db/README.md lists the keys of such files".into());
            self.mistake(entry.key_span.clone(), format!("unknown key `{key}`"), &help);
            return false;
        };
        let span = match &entry.value {
            Value::Nothing => entry.key_span.clone(),
            Value::One(s) => s.span.clone(),
            Value::Many(l) => l.first().map_or(entry.key_span.clone(), |s| s.span.clone()),
        };
        let (fits, wanted) = match (shape, &entry.value) {
            // Nothing is as good as no key at all, but for what must be said.
            (_, Value::Nothing) => return true,
            (Shape::Flag, Value::One(s)) => (flag(&s.text).is_some(), "`yes` or `no`"),
            (Shape::Flag, _) => (false, "`yes` or `no`"),
            (Shape::Percent, Value::One(s)) => {
                (percent(&s.text).is_some(), "a number from 0 to 100")
            }
            (Shape::Percent, _) => (false, "a number from 0 to 100"),
            (Shape::Text, Value::One(_)) | (Shape::List, Value::Many(_)) => (true, ""),
            (Shape::Text, _) => (false, "one text, not a list"),
            (Shape::List, _) => (false, "a list: a line `- …` for each"),
        };
        if !fits {
            self.mistake(span, format!("`{key}` must be {wanted}"), "");
        }
        fits
    }

    pub fn mistake(&mut self, span: Range<usize>, message: impl Into<String>, help: &str) {
        self.mistakes.push(Mistake {
            message: message.into(),
            span,
            label: String::new(),
            help: (!help.is_empty()).then(|| help.to_owned()),
        });
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|e| e.key == key).map(|e| &e.value)
    }

    /// Where a key stands; the start of the file if it does not.
    pub fn place(&self, key: &str) -> Range<usize> {
        self.entries.iter().find(|e| e.key == key).map_or(0..0, |e| e.key_span.clone())
    }

    pub fn text(&self, key: &str) -> Option<&Scalar> {
        match self.value(key) {
            Some(Value::One(s)) if !s.text.trim().is_empty() => Some(s),
            _ => None,
        }
    }

    pub fn flag(&self, key: &str) -> bool {
        self.text(key).and_then(|s| flag(&s.text)).unwrap_or(false)
    }

    pub fn percent(&self, key: &str) -> Option<u8> {
        self.text(key).and_then(|s| percent(&s.text))
    }

    pub fn list(&self, key: &str) -> &[Scalar] {
        match self.value(key) {
            Some(Value::Many(l)) => l,
            _ => &[],
        }
    }
}

fn flag(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" => Some(true),
        "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// Whole percents; a fraction, which ScanCode allows, is cut off.
fn percent(word: &str) -> Option<u8> {
    let whole = match word.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit()) => whole,
        Some(_) => return None,
        None => word,
    };
    whole.parse().ok().filter(|n| *n <= 100)
}
