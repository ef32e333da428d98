// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What may stand in the files that counsel writes: which keys, which values, what they mean.
//!
//! One description serves the reader, which reports every mistake by it, the JSON Schema for
//! editors and the reference in `policies/README.md`, so that the three cannot disagree. What
//! a value means is not known here.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Value, json};
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use crate::diag::{Mistake, Mistakes, did_you_mean};

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
            Shape::Text | Shape::Word(..) => value.is_str(),
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

/// Checks the form of a whole file.
///
/// # Errors
/// Everything that is wrong in it.
pub fn check(name: &str, text: &str, keys: &'static [Key]) -> Result<(), Mistakes> {
    let mut reader = Reader::new(name, text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for e in errors {
        let span = e.span().unwrap_or(0..0);
        reader.wrong(span, format!("not TOML: {}", e.message().trim()), None);
    }
    reader.document(document.get_ref(), keys);
    reader.finish(())
}
