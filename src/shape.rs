// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What may stand in the files that people write: which keys, which values, what they mean.
//!
//! One description serves the reader, which reports every mistake by it, the JSON Schema for
//! editors and the reference (`policies/README.md`, `docs/configuration.md`), so that the three
//! cannot disagree. What a value means is not known here.

use std::borrow::Cow;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use crate::diag::{Failure, Mistake, Mistakes, did_you_mean, visible};

/// Largest file that is read, in bytes.
pub const MAX_FILE: u64 = 1 << 20;

/// The units of durations, the longest first, with their milliseconds.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// A key and its value with their places in the file.
pub type Entry<'a, 'i> = (&'a Spanned<Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    Text,
    Flag,
    /// A TOML local date.
    Date,
    /// An integer between these, both included.
    Number(i64, i64),
    /// A span of time between these, both included: `"100ms"`, `"6h"`.
    Duration(Duration, Duration),
    /// A number of bytes below 4G: `"32M"`.
    Size,
    /// One of these words; the first field says what they are.
    Word(&'static str, &'static [&'static str]),
    /// One value, or a list of at least one.
    Some(&'static Shape),
    /// Any number of tables.
    Tables(&'static [Key]),
    Table(&'static [Key]),
    /// A table whose keys the user chooses, beside those that are named here.
    Map(&'static [Key], &'static Shape),
    /// A table whose keys are some of these words; the first field says what they are.
    Keyed(&'static str, &'static [&'static str], &'static Shape),
    /// What TOML tells apart by the kind of value: a word, or a table.
    Either(&'static Shape, &'static Shape),
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
    /// What it means, a sentence or two.
    pub says: &'static str,
    /// As it stands in a file.
    pub example: &'static str,
}

impl Key {
    pub const fn new(
        name: &'static str,
        shape: Shape,
        says: &'static str,
        example: &'static str,
    ) -> Key {
        Key { name, shape, required: false, says, example }
    }

    pub const fn required(self) -> Key {
        Key { required: true, ..self }
    }
}

/// A file that is being read, and what is wrong in it so far.
#[derive(Debug)]
pub struct Reader {
    file: String,
    text: String,
    pub mistakes: Vec<Mistake>,
}

impl Reader {
    pub fn new(file: &str, text: &str) -> Reader {
        Reader { file: file.into(), text: text.into(), mistakes: Vec::new() }
    }

    /// Notes a mistake.
    pub fn wrong(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        let message = message.into();
        self.mistakes.push(Mistake { message, span, label: String::new(), help });
    }

    /// What was read, if nothing in it is wrong.
    pub fn finish<T>(self, value: T) -> Result<T, Mistakes> {
        if self.mistakes.is_empty() {
            return Ok(value);
        }
        Err(Mistakes { file: self.file, text: self.text, list: self.mistakes })
    }

    /// Checks a document against its keys and the version of its format.
    pub fn document(&mut self, document: &DeTable<'_>, keys: &'static [Key]) {
        self.keys(document, keys, None, None);
        match document.get("version").map(|v| (v, v.get_ref().as_integer())) {
            None => self.wrong(
                0..0,
                "the file does not say its format version",
                Some("write `version = 1` at the top".into()),
            ),
            Some((v, n)) if n.map(DeInteger::as_str) != Some("1") => self.wrong(
                v.span(),
                "unknown format version",
                Some("this lictor reads version 1".into()),
            ),
            Some(_) => {}
        }
    }

    fn keys(
        &mut self,
        table: &DeTable<'_>,
        keys: &'static [Key],
        rest: Option<&'static Shape>,
        whole: Option<Range<usize>>,
    ) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match (keys.iter().find(|k| k.name == name), rest) {
                (Some(known), _) => self.check(name, value, &known.shape),
                (None, Some(shape)) => self.check(name, value, shape),
                (None, None) => {
                    let names: Vec<&str> = keys.iter().map(|k| k.name).collect();
                    let help = did_you_mean(name, &names)
                        .unwrap_or_else(|| format!("known here: {}", names.join(", ")));
                    self.wrong(key.span(), format!("unknown key `{name}`"), Some(help));
                }
            }
        }
        let Some(whole) = whole else { return };
        for missing in keys.iter().filter(|k| k.required && !table.contains_key(k.name)) {
            let help = format!("for example `{}`", missing.example);
            self.wrong(whole.clone(), format!("`{}` is missing", missing.name), Some(help));
        }
    }

    fn word(&mut self, noun: &str, words: &[&str], word: &str, span: Range<usize>) {
        if !words.contains(&word) {
            let help = did_you_mean(word, words)
                .unwrap_or_else(|| format!("known are: {}", words.join(", ")));
            self.wrong(span, format!("unknown {noun} `{word}`"), Some(help));
        }
    }

    fn check(&mut self, name: &str, value: &Spanned<DeValue<'_>>, shape: &'static Shape) {
        let is = value.get_ref();
        match (shape, is) {
            (Shape::Text, DeValue::String(_)) | (Shape::Flag, DeValue::Boolean(_)) => {}
            (Shape::Date, DeValue::Datetime(d)) if d.date.is_some() && d.time.is_none() => {}
            (Shape::Number(least, most), DeValue::Integer(n)) => {
                let n = n.as_str().parse::<i64>();
                if !n.is_ok_and(|n| (*least..=*most).contains(&n)) {
                    let message = format!("`{name}` must be between {least} and {most}");
                    self.wrong(value.span(), message, None);
                }
            }
            (Shape::Duration(least, most), DeValue::String(text)) => match duration(text) {
                Ok(d) if (*least..=*most).contains(&d) => {}
                Ok(_) => {
                    let (least, most) = (span(*least), span(*most));
                    let message = format!("`{name}` must be between {least} and {most}");
                    self.wrong(value.span(), message, None);
                }
                Err(help) => {
                    let message = format!("`{name}` is no span of time");
                    self.wrong(value.span(), message, Some(help));
                }
            },
            (Shape::Size, DeValue::String(text)) => {
                if let Err(help) = size(text) {
                    self.wrong(value.span(), format!("`{name}` is no size"), Some(help));
                }
            }
            (Shape::Word(noun, words), DeValue::String(word)) => {
                self.word(noun, words, word, value.span());
            }
            (Shape::Some(shape), DeValue::Array(list)) => {
                if list.is_empty() {
                    let help = format!("leave `{name}` out where it does not matter");
                    self.wrong(value.span(), format!("`{name}` names nothing"), Some(help));
                }
                for one in list {
                    self.check(name, one, shape);
                }
            }
            (Shape::Some(shape), _) if shape.is_kind(is) => self.check(name, value, shape),
            (Shape::Tables(keys), DeValue::Array(list)) => {
                for one in list {
                    match one.get_ref() {
                        DeValue::Table(table) => self.keys(table, keys, None, Some(one.span())),
                        other => {
                            let message =
                                format!("`{name}` must hold tables, not {}", other.type_str());
                            self.wrong(one.span(), message, None);
                        }
                    }
                }
            }
            (Shape::Table(keys), DeValue::Table(table)) => {
                self.keys(table, keys, None, Some(value.span()));
            }
            (Shape::Map(keys, rest), DeValue::Table(table)) => {
                self.keys(table, keys, Some(rest), Some(value.span()));
            }
            (Shape::Keyed(noun, words, shape), DeValue::Table(table)) => {
                for (key, value) in table {
                    let word = key.get_ref().as_ref();
                    self.word(noun, words, word, key.span());
                    self.check(word, value, shape);
                }
            }
            (Shape::Either(a, _), _) if a.is_kind(is) => self.check(name, value, a),
            (Shape::Either(_, b), _) if b.is_kind(is) => self.check(name, value, b),
            _ => {
                let message = format!("`{name}` must be {}, not {}", shape.name(), is.type_str());
                let help = match shape {
                    Shape::Tables(_) => Some(format!("begin each with a line `[[{name}]]`")),
                    Shape::Date => Some("write a day as 2027-01-31, without quotes".into()),
                    Shape::Duration(..) => Some(AS_DURATION.into()),
                    Shape::Size => Some(AS_SIZE.into()),
                    _ => None,
                };
                self.wrong(value.span(), message, help);
            }
        }
    }
}

impl Shape {
    /// Whether a value is of the kind that TOML has for this.
    fn is_kind(&self, value: &DeValue<'_>) -> bool {
        match self {
            Shape::Text | Shape::Word(..) | Shape::Duration(..) | Shape::Size => value.is_str(),
            Shape::Flag => value.is_bool(),
            Shape::Date => value.is_datetime(),
            Shape::Number(..) => value.is_integer(),
            Shape::Some(shape) => value.is_array() || shape.is_kind(value),
            Shape::Tables(_) => value.is_array(),
            Shape::Table(_) | Shape::Map(..) | Shape::Keyed(..) => value.is_table(),
            Shape::Either(a, b) => a.is_kind(value) || b.is_kind(value),
        }
    }

    /// What it is, for people.
    pub fn name(&self) -> String {
        match self {
            Shape::Text => "a string".into(),
            Shape::Flag => "true or false".into(),
            Shape::Date => "a date".into(),
            Shape::Number(..) => "a whole number".into(),
            Shape::Duration(..) => "a span of time".into(),
            Shape::Size => "a size".into(),
            Shape::Word(noun, _) => format!("{} {noun}", article(noun)),
            Shape::Some(shape) => format!("{} or a list of such", shape.name()),
            Shape::Tables(_) => "a list of tables".into(),
            Shape::Table(_) | Shape::Map(..) | Shape::Keyed(..) => "a table".into(),
            Shape::Either(a, b) => format!("{} or {}", a.name(), b.name()),
        }
    }

    /// As JSON Schema, draft 2020-12.
    fn schema(&self) -> Value {
        match self {
            Shape::Text => json!({ "type": "string" }),
            Shape::Flag => json!({ "type": "boolean" }),
            Shape::Date => json!({ "type": "string", "format": "date" }),
            Shape::Number(least, most) => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Shape::Duration(..) => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" }),
            Shape::Size => json!({ "type": "string", "pattern": "^[0-9]+[kKmMgG]?$" }),
            Shape::Word(_, words) => json!({ "enum": words }),
            Shape::Some(shape) => {
                let one = shape.schema();
                json!({ "anyOf": [one.clone(), { "type": "array", "items": one, "minItems": 1 }] })
            }
            Shape::Tables(keys) => json!({ "type": "array", "items": object(keys, None) }),
            Shape::Table(keys) => object(keys, None),
            Shape::Map(keys, rest) => object(keys, Some(rest)),
            Shape::Keyed(_, words, shape) => json!({
                "type": "object",
                "propertyNames": { "enum": words },
                "additionalProperties": shape.schema(),
            }),
            Shape::Either(a, b) => json!({ "anyOf": [a.schema(), b.schema()] }),
        }
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

fn object(keys: &[Key], rest: Option<&Shape>) -> Value {
    let properties: serde_json::Map<String, Value> = keys
        .iter()
        .map(|k| {
            let mut schema = k.shape.schema();
            schema["description"] = k.says.into();
            (k.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = keys.iter().filter(|k| k.required).map(|k| k.name).collect();
    let rest = rest.map_or(json!(false), Shape::schema);
    let mut object =
        json!({ "type": "object", "properties": properties, "additionalProperties": rest });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// The JSON Schema of a file with these keys, for editors.
pub fn schema(title: &str, keys: &[Key]) -> Value {
    let mut schema = object(keys, None);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = title.into();
    schema
}

/// The strings of a value that is one or a list of them, with their places.
pub fn texts<'a>(value: &'a Spanned<DeValue<'_>>) -> Vec<(&'a str, Range<usize>)> {
    let one = |v: &'a Spanned<DeValue<'_>>| Some((v.get_ref().as_str()?, v.span()));
    match value.get_ref() {
        DeValue::Array(list) => list.iter().filter_map(one).collect(),
        _ => one(value).into_iter().collect(),
    }
}

/// The entries of a table, by key.
pub fn entries<'a, 'i>(value: Option<&'a Spanned<DeValue<'i>>>) -> Vec<Entry<'a, 'i>> {
    value.and_then(|v| v.get_ref().as_table()).into_iter().flatten().collect()
}

/// The tables of a list.
pub fn tables<'a, 'i>(
    document: &'a DeTable<'i>,
    name: &str,
) -> Vec<(&'a DeTable<'i>, Range<usize>)> {
    let list: Option<&DeArray<'i>> = document.get(name).and_then(|v| v.get_ref().as_array());
    let table = |v: &'a Spanned<DeValue<'i>>| Some((v.get_ref().as_table()?, v.span()));
    list.into_iter().flat_map(|list| list.iter()).filter_map(table).collect()
}

/// A table of a table.
pub fn table<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<&'a DeTable<'i>> {
    table.get(name)?.get_ref().as_table()
}

/// A string of a table.
pub fn text<'a>(table: &'a DeTable<'_>, name: &str) -> Option<&'a str> {
    table.get(name)?.get_ref().as_str()
}

/// A truth of a table.
pub fn flag(table: &DeTable<'_>, name: &str) -> Option<bool> {
    table.get(name)?.get_ref().as_bool()
}

/// A whole number of a table.
pub fn number(table: &DeTable<'_>, name: &str) -> Option<i64> {
    table.get(name)?.get_ref().as_integer()?.as_str().parse().ok()
}

/// A day of a table.
pub fn date(table: &DeTable<'_>, name: &str) -> Option<jiff::civil::Date> {
    let date = table.get(name)?.get_ref().as_datetime()?.date?;
    let number = |n: u16| i16::try_from(n).ok();
    let byte = |n: u8| i8::try_from(n).ok();
    jiff::civil::Date::new(number(date.year)?, byte(date.month)?, byte(date.day)?).ok()
}

const AS_DURATION: &str =
    "write a whole number and its unit in quotes: \"100ms\", \"5s\", \"10m\", \"6h\" or \"30d\"";
const AS_SIZE: &str = "write a whole number in quotes, with k, M or G behind it: \"32M\"";

/// `6h` as a span of time.
///
/// # Errors
/// How it must be written.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = UNITS.iter().find(|(unit, _)| *unit == &text[digits.len()..]);
    // `parse` would take a sign.
    let number = Some(digits).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
    number
        .and_then(|n| n.parse::<u64>().ok()?.checked_mul(unit?.1))
        .map(Duration::from_millis)
        .ok_or_else(|| AS_DURATION.into())
}

/// A span of time as it stands in a file; parts of a millisecond are left out.
pub fn span(duration: Duration) -> String {
    let all = duration.as_millis();
    let fits = |(_, long): &&(&str, u64)| all.is_multiple_of(u128::from(*long));
    // Zero is a whole number of days.
    let (unit, long) = UNITS.iter().filter(|_| all > 0).find(fits).unwrap_or(&("s", 1000));
    format!("{}{unit}", all / u128::from(*long))
}

/// `32M` as a number of bytes. Bounded by what offsets in contents can count.
///
/// # Errors
/// What is wrong with it.
pub fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match &text[digits.len()..] {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        _ => u32::MAX,
    };
    if digits.is_empty() || shift > 30 || digits.bytes().any(|b| !b.is_ascii_digit()) {
        return Err("expected a number with k, M or G behind it".into());
    }
    let n = digits.parse::<u64>().ok();
    n.and_then(|n| n.checked_mul(1 << shift))
        .filter(|bytes| *bytes < 1 << 32)
        .ok_or_else(|| "must be less than 4G".to_owned())
}

/// A number of bytes as it stands in a file.
pub fn sized(bytes: u64) -> String {
    let fits = |(_, shift): &&(&str, u32)| bytes.is_multiple_of(1 << shift);
    let units = [("G", 30), ("M", 20), ("k", 10)];
    let (unit, shift) = units.iter().filter(|_| bytes > 0).find(fits).unwrap_or(&("", 0));
    format!("{}{unit}", bytes >> shift)
}

/// The text of a file, and its name for people. `what` it is stands in the messages, `help` says
/// how to name another.
///
/// # Errors
/// It cannot be read, is no file or too large, or is not UTF-8.
pub fn open(path: &Path, what: &str, help: &str) -> Result<(String, String), Failure> {
    let name = visible(path.as_os_str().as_bytes());
    let unreadable = |e: std::io::Error| {
        Failure::config(format!("cannot read {what} {name}")).caused_by(e).help(help)
    };
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() || meta.len() > MAX_FILE {
        return Err(
            Failure::config(format!("{what} {name} is not a file of at most 1 MiB")).help(help)
        );
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let valid = e.utf8_error().valid_up_to();
        let line = 1 + e.as_bytes()[..valid].iter().filter(|b| **b == b'\n').count();
        Failure::config(format!("{what} {name} is not UTF-8 (line {line})"))
            .help("save it as UTF-8; TOML knows no other encoding")
    })?;
    Ok((name, text))
}

/// Reads a document with the mistakes that it has as TOML; what can be read of it is read.
pub fn parse<'i>(reader: &mut Reader, text: &'i str) -> DeTable<'i> {
    let (document, errors) = DeTable::parse_recoverable(text);
    for e in errors {
        let span = e.span().unwrap_or(0..0);
        reader.wrong(span, format!("not TOML: {}", e.message().trim()), None);
    }
    document.into_inner()
}

/// Checks the form of a whole file.
///
/// # Errors
/// Everything that is wrong in it.
pub fn check(name: &str, text: &str, keys: &'static [Key]) -> Result<(), Mistakes> {
    let mut reader = Reader::new(name, text);
    let document = parse(&mut reader, text);
    reader.document(&document, keys);
    reader.finish(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_read_as_they_are_written() {
        for text in ["1ms", "100ms", "5s", "90s", "10m", "6h", "36h", "30d"] {
            assert_eq!(span(duration(text).unwrap()), text);
        }
        assert_eq!(span(duration("1000ms").unwrap()), "1s");
        assert_eq!(span(duration("0d").unwrap()), "0s");
        for bad in
            ["", "5", "s", "5 s", "-5s", "+5s", "1.5h", "5w", "1h30m", "5S", "99999999999999d"]
        {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024_below_4g() {
        assert_eq!(size("12"), Ok(12));
        assert_eq!(size("2k"), Ok(2048));
        assert_eq!(size("3G"), Ok(3 << 30));
        for text in ["0", "12", "2k", "1500k", "32M", "3G", "1023"] {
            assert_eq!(sized(size(text).unwrap()), text);
        }
        for bad in ["", "M", "4G", "1.5M", "-1", "+1", "1kk", "99999999999999999999", "9999999999G"]
        {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
