// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! One `.RULE` file.

use std::ops::Range;
use std::sync::Arc;

use super::fields::{Fields, Shape};
use super::front::Scalar;
use super::{Example, Keys, Meaning, Rule, RuleKind, Source};
use crate::diag::{Mistake, did_you_mean};
use crate::licenses::Licenses;
use crate::licenses::expression::{is_reference, words as expression_words};

/// The keys that only a rule file may have. What ScanCode keeps for itself is accepted and
/// not used.
const KEYS: [(&str, Shape); 13] = [
    ("license_expression", Shape::Text),
    ("is_license_text", Shape::Flag),
    ("is_license_notice", Shape::Flag),
    ("is_license_reference", Shape::Flag),
    ("is_license_tag", Shape::Flag),
    ("is_license_intro", Shape::Flag),
    ("is_license_clue", Shape::Flag),
    ("is_false_positive", Shape::Flag),
    ("is_required_phrase", Shape::Flag),
    ("is_continuous", Shape::Flag),
    ("referenced_filenames", Shape::List),
    // lictor's own.
    ("examples", Shape::List),
    ("counterexamples", Shape::List),
];

/// Reads a rule file. A deprecated rule is checked and gives none.
pub(super) fn read(
    db: &Licenses,
    keys: &Keys,
    source: &Arc<Source>,
) -> (Option<Rule>, Vec<Mistake>) {
    let mut fields = Fields::read(source, &KEYS);
    if !fields.found || fields.flag("is_deprecated") {
        return (None, fields.mistakes);
    }
    let kinds: Vec<RuleKind> = RuleKind::ALL.into_iter().filter(|k| fields.flag(k.key())).collect();
    let kind = match kinds[..] {
        [kind] => kind,
        [] => {
            let known = RuleKind::ALL.map(|k| format!("`{}`", k.key())).join(", ");
            let help = format!("add one of {known} with `yes` behind it");
            fields.mistake(0..3, "the rule does not say of what kind its words are", &help);
            RuleKind::Notice
        }
        [first, second, ..] => {
            let (first, second) = (first.key(), second.key());
            let message = format!("a rule is of one kind, and `{first}` is said already");
            fields.mistake(fields.place(second), message, "keep one of them");
            RuleKind::Notice
        }
    };
    let mut expression = None;
    if kind.reports() {
        match fields.text("license_expression").cloned() {
            Some(text) => expression = resolve(db, keys, &text, &mut fields),
            None => {
                let help = "add `license_expression:` with an SPDX expression";
                fields.mistake(0..3, "the rule does not say which license its words are", help);
            }
        }
    }
    let exception = expression.as_ref().is_some_and(|(_, exception)| *exception);
    if fields.flag("is_exception") && expression.is_some() && !exception {
        let place = fields.place("is_exception");
        let help = "let the expression be the id of one exception, or remove this line";
        fields.mistake(place, "the expression is no exception", help);
    }
    let body = &source.text[fields.body.clone()];
    let trimmed = body.trim();
    let start = fields.body.start + (body.len() - body.trim_start().len());
    if trimmed.is_empty() {
        let end = fields.body.start;
        fields.mistake(end..end, "the rule has no text", "write its words behind the second `---`");
    }
    let (text, required) = phrases(trimmed, start, &mut fields);
    let examples = |key: &str| -> Vec<Example> {
        let list = fields.list(key).iter();
        list.map(|s| Example { text: s.text.clone(), span: s.span.clone() }).collect()
    };
    let rule = Rule {
        name: source.name.clone(),
        expression: expression.map(|(text, _)| text),
        exception,
        kind,
        text,
        required,
        relevance: fields.percent("relevance").unwrap_or(100),
        minimum_coverage: fields.percent("minimum_coverage"),
        continuous: fields.flag("is_continuous"),
        referenced_filenames: fields
            .list("referenced_filenames")
            .iter()
            .map(|s| s.text.clone())
            .collect(),
        examples: examples("examples"),
        counterexamples: examples("counterexamples"),
        source: Arc::clone(source),
        body: start,
    };
    (fields.mistakes.is_empty().then_some(rule), fields.mistakes)
}

/// Takes the `{{ }}` marks out of a text that stands at `start` in its file.
fn phrases(marked: &str, start: usize, fields: &mut Fields) -> (String, Vec<Range<usize>>) {
    let mut text = String::with_capacity(marked.len());
    let mut required = Vec::new();
    // Where the marks that are open stand in the file and in `text`.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    loop {
        let rest = &marked[at..];
        let Some(next) = rest.find("{{").into_iter().chain(rest.find("}}")).min() else { break };
        text.push_str(&rest[..next]);
        let place = start + at + next..start + at + next + 2;
        at += next + 2;
        if rest[next..].starts_with("{{") {
            if !open.is_empty() {
                let message = "a required phrase begins inside another";
                fields.mistake(place.clone(), message, "close the first with `}}`");
            }
            open.push((place.start, text.len()));
            continue;
        }
        match open.pop() {
            None => fields.mistake(place, "no required phrase is open here", "open it with `{{`"),
            // It was complained about when it was opened.
            Some(_) if !open.is_empty() => {}
            Some((opened, from)) => {
                if !has_words(&text[from..]) {
                    let help =
                        "put words that are compared between the marks: ASCII letters or digits";
                    fields.mistake(opened..place.end, "the required phrase has no words", help);
                }
                required.push(from..text.len());
            }
        }
    }
    text.push_str(&marked[at..]);
    if let Some((opened, _)) = open.first() {
        let message = "this required phrase does not end";
        fields.mistake(*opened..opened + 2, message, "close it with `}}`");
    }
    (text, required)
}

/// Whether there is anything that `detect` compares.
fn has_words(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// The canonical SPDX expression of what may be written in ScanCode's keys, and whether it
/// is an exception alone.
pub(super) fn resolve(
    db: &Licenses,
    keys: &Keys,
    written: &Scalar,
    fields: &mut Fields,
) -> Option<(String, bool)> {
    let text = written.text.as_str();
    let mut spelt = String::with_capacity(text.len());
    // Where each part of `spelt` comes from, for the parser's complaints.
    let mut parts: Vec<(usize, Range<usize>)> = Vec::new();
    let mut after_with = false;
    let mut alone: Option<String> = None;
    let mut unknown = false;
    for (start, word) in expression_words(text) {
        let here = start..start + word.len();
        parts.push((spelt.len(), here.clone()));
        if !word.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            spelt.push_str(word);
            continue;
        }
        let upper = word.to_ascii_uppercase();
        if matches!(upper.as_str(), "AND" | "OR" | "WITH") {
            after_with = upper == "WITH";
            spelt.push_str(&upper);
            continue;
        }
        let whole = word == text.trim();
        match meant(db, keys, word, after_with, whole) {
            Meant::Here(meaning) => spelt.push_str(&meaning),
            Meant::Alone(exception) => alone = Some(exception),
            Meant::Elsewhere => {
                unknown = true;
                let (message, help) = match after_with {
                    true => (
                        format!("`{word}` is a license, not an exception"),
                        "write AND instead of WITH",
                    ),
                    false => (
                        format!("`{word}` is an exception, not a license"),
                        "attach it to the license that it belongs to: `GPL-2.0-only WITH …`",
                    ),
                };
                fields.mistake(written.part(here), message, help);
            }
            Meant::Nothing => {
                unknown = true;
                let help = closest(db, keys, word, after_with);
                fields.mistake(written.part(here), format!("unknown license `{word}`"), &help);
            }
        }
        after_with = false;
    }
    if unknown {
        return None;
    }
    if let Some(exception) = alone {
        let current = db.exception_successor(&exception).unwrap_or(&exception);
        return Some((current.to_owned(), true));
    }
    match db.parse(&spelt) {
        Ok(expression) => Some((expression.to_string(), false)),
        Err(e) => {
            let first = parts.partition_point(|(at, _)| *at <= e.span.start).saturating_sub(1);
            let place = parts.get(first).map_or(0..text.len(), |(_, here)| here.clone());
            let help = e.help.unwrap_or_default();
            fields.mistake(written.part(place), e.message, &help);
            None
        }
    }
}

/// What a word of an expression means.
enum Meant {
    /// What belongs at its place.
    Here(String),
    /// An exception that is the whole expression.
    Alone(String),
    /// A license where an exception belongs, or the other way round.
    Elsewhere,
    Nothing,
}

fn meant(db: &Licenses, keys: &Keys, word: &str, after_with: bool, whole: bool) -> Meant {
    let bare = word.strip_suffix('+').unwrap_or(word);
    if let Some(Meaning { license, addition }) = keys.get(word) {
        let custom = |id: &String| db.exception_id(id).is_some();
        return match (license, addition) {
            // Of what no list has, only its file says what it is.
            (_, Some(a)) if whole && custom(a) => Meant::Alone(a.clone()),
            (_, Some(a)) if after_with => Meant::Here(a.clone()),
            (Some(l), _) if !after_with => Meant::Here(l.clone()),
            _ => Meant::Elsewhere,
        };
    }
    if is_reference(bare) {
        let known = if after_with || whole { db.exception_id(word) } else { None };
        let id = known.or_else(|| db.license_id(word)).unwrap_or(word).to_owned();
        return if whole && id.starts_with("AdditionRef-") {
            Meant::Alone(id)
        } else {
            Meant::Here(id)
        };
    }
    match (db.license_id(bare), db.exception_id(word)) {
        (Some(_), _) if !after_with => Meant::Here(word.to_owned()),
        (_, Some(e)) if after_with => Meant::Here(e.to_owned()),
        (None, Some(e)) if whole => Meant::Alone(e.to_owned()),
        (None, None) => Meant::Nothing,
        _ => Meant::Elsewhere,
    }
}

/// What to write instead of a word that means nothing.
fn closest(db: &Licenses, keys: &Keys, word: &str, after_with: bool) -> String {
    // The one habit of ScanCode's keys that no likeness of letters finds.
    let later = word.strip_suffix("-plus").map(|stem| format!("{stem}-or-later"));
    let known: Vec<&str> = keys.keys().map(String::as_str).collect();
    later
        .and_then(|id| db.license_id(&id))
        .or_else(|| if after_with { db.closest_exception(word) } else { db.closest(word) })
        .map(|id| format!("did you mean `{id}`?"))
        .or_else(|| did_you_mean(word, &known))
        .unwrap_or_else(|| {
            "write an SPDX id, a `LicenseRef-`, or the `key` of a `.LICENSE` file".to_owned()
        })
}
