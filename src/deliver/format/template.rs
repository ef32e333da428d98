// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Templates of the user's own, in the language of Jinja. They see the native body and nothing
//! else: no files, no clock, no environment. What they may compute and write is limited.

use std::io;

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::{Body, JSON};
use crate::deliver::message::Message;
use crate::deliver::samples::samples;
use crate::diag::{Failure, Mistake, Mistakes, visible};

/// Steps that rendering may take.
const FUEL: u64 = 500_000;

/// Bytes that may come of it.
const LIMIT: usize = 256 * 1024;

/// The name by which the engine knows it.
const NAME: &str = "template";

/// A template that was tried on every kind of message.
#[derive(Debug)]
pub struct Template {
    engine: Environment<'static>,
    is_json: bool,
}

impl Template {
    /// Reads a template. If its name ends in `.json` or `.json.j2`, values are escaped for JSON and
    /// what comes of it must be JSON.
    ///
    /// # Errors
    /// It is no template, or fails on a message of some kind: all that is wrong, with lines.
    pub fn parse(name: &str, text: &str) -> Result<Template, Mistakes> {
        let mut engine = Environment::new();
        let is_json = name.trim_end_matches(".j2").ends_with(".json");
        let escape = if is_json { AutoEscape::Json } else { AutoEscape::None };
        engine.set_auto_escape_callback(move |_| escape.clone());
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        engine.set_fuel(Some(FUEL));
        let wrong = |list| Mistakes { file: name.to_owned(), text: text.to_owned(), list };
        if let Err(e) = engine.add_template_owned(NAME, text.to_owned()) {
            return Err(wrong(vec![mistake(text, &e, "")]));
        }
        let template = Template { engine, is_json };
        let mut list: Vec<Mistake> = Vec::new();
        for sample in samples() {
            let of = format!(", on a message of the kind {}", sample.kind);
            let found = match template.write(&sample) {
                Ok(bytes) => template.check(&bytes).err().map(|why| Mistake {
                    message: format!("{why}{of}"),
                    span: 0..0,
                    label: String::new(),
                    help: None,
                }),
                Err(e) => Some(mistake(text, &e, &of)),
            };
            // What is wrong on every kind is told once.
            let at = |m: &Mistake| m.span.clone();
            list.extend(found.filter(|m| !list.iter().any(|known| at(known) == at(m))));
        }
        if list.is_empty() { Ok(template) } else { Err(wrong(list)) }
    }

    pub(super) fn render(&self, message: &Message) -> Result<Body, Failure> {
        let bytes = self.write(message).map_err(|e| {
            Failure::new(format!("the template fails: {}", visible(e.to_string().as_bytes())))
        })?;
        self.check(&bytes).map_err(Failure::new)?;
        let content_type = if self.is_json { JSON } else { "text/plain; charset=utf-8" };
        Ok(Body { content_type, bytes })
    }

    fn write(&self, message: &Message) -> Result<Vec<u8>, minijinja::Error> {
        let mut out = Limited(Vec::new());
        let template = self.engine.get_template(NAME)?;
        template.render_captured_to(minijinja::value::Serde(message), &mut out)?;
        Ok(out.0)
    }

    fn check(&self, bytes: &[u8]) -> Result<(), String> {
        if !self.is_json {
            return Ok(());
        }
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes)
            .map(|_| ())
            .map_err(|e| format!("what comes of the template is no JSON ({e})"))
    }
}

/// A mistake at the line that the engine names.
fn mistake(text: &str, e: &minijinja::Error, of: &str) -> Mistake {
    let line = e.line().unwrap_or(1).max(1);
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    let what = e.detail().map_or_else(|| e.kind().to_string(), |d| format!("{}: {d}", e.kind()));
    let undefined = e.kind() == minijinja::ErrorKind::UndefinedError;
    let help = undefined.then(|| {
        "what does not belong to a kind of message is not there: ask with `is defined`".to_owned()
    });
    let message = format!("{}{of}", visible(what.as_bytes()));
    Mistake { message, span: start..end, label: String::new(), help }
}

/// Takes no more than there may be.
struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LIMIT {
            return Err(io::Error::other("it writes more than 256 kB"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
