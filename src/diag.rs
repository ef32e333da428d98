// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What people read when something is wrong: failures with a way out, mistakes in files
//! with line and caret, and untrusted text made visible.
//!
//! Deciding what is wrong belongs to the rooms; printing belongs to the command line.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Who has to act on a failure; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command cannot be carried out: a missing path, a broken store. Exit code 2.
    Failed,
    /// A configuration or policy file is wrong. Exit code 78 (`EX_CONFIG` of sysexits.h).
    Config,
}

/// A failure that ends a command: what happened, to what, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    pub kind: Kind,
    /// Safe to print: whoever makes it puts untrusted words through [`visible`].
    pub message: String,
    pub help: Option<String>,
    pub source: Option<Box<dyn Error + Send + Sync>>,
    /// What is wrong in files, where that is the reason.
    pub mistakes: Vec<Mistakes>,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Failure {
        let message = message.into();
        Failure { kind: Kind::Failed, message, help: None, source: None, mistakes: Vec::new() }
    }

    pub fn config(message: impl Into<String>) -> Failure {
        Failure { kind: Kind::Config, ..Failure::new(message) }
    }

    pub fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }

    pub fn because_of(mut self, mistakes: Vec<Mistakes>) -> Failure {
        self.mistakes = mistakes;
        self
    }

    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Failure {
        self.source = Some(Box::new(source));
        self
    }

    /// The message with its causes and where in files they are, as a log has it.
    pub fn in_a_line(&self) -> String {
        let mut text = self.message.clone();
        let mut source = self.source();
        while let Some(cause) = source {
            text += &format!(": {}", visible(cause.to_string().as_bytes()));
            source = cause.source();
        }
        for file in &self.mistakes {
            let at = |m: &Mistake| {
                let line = 1 + file.text[..m.span.start.min(file.text.len())].matches('\n').count();
                format!("; {}:{line}: {}", visible(file.file.as_bytes()), m.message)
            };
            text.extend(file.list.iter().map(at));
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|s| s as &(dyn Error + 'static))
    }
}

/// One mistake at one place of a file that a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub message: String,
    /// Byte range in the file.
    pub span: Range<usize>,
    /// Words beside the caret; may be empty.
    pub label: String,
    pub help: Option<String>,
}

/// Every mistake of one file; never empty when it is returned as an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    /// The file's name as the user gave it.
    pub file: String,
    pub text: String,
    pub list: Vec<Mistake>,
}

impl Mistakes {
    /// All mistakes with line and caret, in the order of the file.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut list: Vec<&Mistake> = self.list.iter().collect();
        list.sort_by_key(|m| (m.span.start, m.span.end));
        let reports: Vec<String> = list
            .iter()
            .map(|m| {
                let end = m.span.end.min(self.text.len());
                let start = m.span.start.min(end);
                let snippet = Snippet::source(self.text.as_str())
                    .path(self.file.as_str())
                    .annotation(AnnotationKind::Primary.span(start..end).label(m.label.as_str()));
                let mut group: Group<'_> =
                    Level::ERROR.primary_title(m.message.as_str()).element(snippet);
                if let Some(help) = &m.help {
                    group = group.element(Level::HELP.message(help.as_str()));
                }
                renderer.render(&[group])
            })
            .collect();
        reports.join("\n\n")
    }
}

/// Makes untrusted bytes safe to print on one line: control, format and bidirectional
/// characters become `\n`, `\u{202e}` and so on, bytes that are not UTF-8 become `\xHH`,
/// and a backslash is doubled so that no escape can be forged.
pub fn visible(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\\' => out.push_str("\\\\"),
                c if c.is_control() || is_invisible(c) => {
                    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
                }
                c => out.push(c),
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out
}

/// Characters that print as nothing or reorder what stands around them (Unicode format
/// characters, line and paragraph separators, tags, the byte order mark).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// "did you mean" with the known word most like `word`, if one is alike enough.
pub fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|k| (strsim::jaro_winkler(word, k), *k))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, k)| format!("did you mean `{k}`?"))
}

/// `text` cut to at most `limit` characters, with `…` where something was cut.
pub fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => {
            let keep: String = text.chars().take(limit.saturating_sub(1)).collect();
            format!("{}…", keep.trim_end())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_bad_bytes_are_made_visible() {
        assert_eq!(visible(b"plain/path.c"), "plain/path.c");
        assert_eq!(visible("grün/ß.c".as_bytes()), "grün/ß.c");
        assert_eq!(visible(b"a\x1b[31mb\nc\td\\e"), "a\\u{1b}[31mb\\nc\\td\\\\e");
        assert_eq!(visible(b"latin\xe9"), "latin\\xe9");
        assert_eq!(visible("x\u{202e}cod.exe".as_bytes()), "x\\u{202e}cod.exe");
    }

    #[test]
    fn shortening_counts_characters_not_bytes() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
    }

    #[test]
    fn mistakes_show_file_line_and_caret_in_file_order() {
        let m = |message: &str, span: Range<usize>| Mistake {
            message: message.into(),
            span,
            label: String::new(),
            help: Some("do this".into()),
        };
        let mistakes = Mistakes {
            file: "p.toml".into(),
            text: "a = 1\nb = 2\n".into(),
            list: vec![m("second", 6..7), m("first", 0..1)],
        };
        let shown = mistakes.render(false);
        assert!(shown.find("first") < shown.find("second"), "{shown}");
        assert!(shown.contains("p.toml:2:1") && shown.contains("^") && shown.contains("do this"));
        // A span beyond the text is drawn at its end instead of panicking.
        let beyond = Mistakes { list: vec![m("beyond", 90..99)], ..mistakes };
        assert!(beyond.render(false).contains("beyond"));
    }
}
