// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Findings as CSV (RFC 4180), for spreadsheets. `docs/formats.md` describes the columns.

use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};

use super::ReportError;
use crate::diag::visible;
use crate::store::{Finding, State, Violation};

const COLUMNS: [&str; 20] = [
    "checkout",
    "view",
    "path",
    "line",
    "expression",
    "blob",
    "outcome",
    "rule",
    "license",
    "state",
    "first_seen",
    "last_seen",
    "matched",
    "sure",
    "concluded",
    "because",
    "violation",
    "severity",
    "context",
    "waiver",
];

/// Writes findings, one a row.
pub struct Findings<W: Write> {
    out: Writer<W>,
}

impl<W: Write> Findings<W> {
    /// # Errors
    /// The columns cannot be written.
    pub fn new(out: W) -> Result<Findings<W>, ReportError> {
        let mut out = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
        out.write_record(COLUMNS).map_err(io)?;
        Ok(Findings { out })
    }

    /// # Errors
    /// The row cannot be written.
    pub fn row(&mut self, f: &Finding) -> Result<(), ReportError> {
        let v = f.violation.as_ref();
        let text = |s: Option<String>| s.unwrap_or_default();
        let fields = [
            cell(&visible(&f.root)),
            cell(&f.view),
            cell(&visible(&f.path)),
            text(f.line.map(|l| l.to_string())),
            cell(f.expression.as_deref().unwrap_or_default()),
            text(f.blob.map(|b| b.to_string())),
            f.outcome.as_str().to_owned(),
            text(v.map(|v| cell(&v.rule))),
            text(v.map(|v| cell(&v.license))),
            v.map(|v| v.state).map_or("", State::as_str).to_owned(),
            text(v.map(|v| v.first_seen.rfc3339())),
            text(v.map(|v| v.last_seen.rfc3339())),
            text(f.matched.as_ref().map(|(matched, _)| cell(&visible(matched.as_bytes())))),
            text(f.matched.as_ref().map(|(_, sure)| cell(sure))),
            text(f.concluded.as_ref().map(|c| cell(&c.expression))),
            text(f.concluded.as_ref().map(|c| cell(&visible(&c.because.join(&b", "[..]))))),
            text(v.map(Violation::name)),
            v.map_or("", |v| v.severity.as_str()).to_owned(),
            text(v.map(|v| cell(&v.context))),
            text(v.and_then(|v| v.waiver.as_deref()).map(cell)),
        ];
        Ok(self.out.write_record(fields).map_err(io)?)
    }

    /// # Errors
    /// What is left cannot be written.
    pub fn finish(mut self) -> Result<(), ReportError> {
        Ok(self.out.flush()?)
    }
}

fn io(e: csv::Error) -> std::io::Error {
    match e.into_kind() {
        csv::ErrorKind::Io(e) => e,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

/// Spreadsheets run what begins like a formula (CWE-1236); an apostrophe makes it text.
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Outcome;

    #[test]
    fn formulas_and_control_characters_do_not_get_through() {
        let mut bytes = Vec::new();
        let mut out = Findings::new(&mut bytes).unwrap();
        let finding = Finding {
            root: b"/r".to_vec(),
            view: String::new(),
            path: b"=cmd|'/c calc'!A1\n\x1b[2J,\"x\"".to_vec(),
            expression: Some("MIT".into()),
            blob: None,
            line: Some(3),
            concluded: None,
            matched: Some(("=x.RULE".into(), "sure".into())),
            outcome: Outcome::Allow,
            violation: None,
        };
        out.row(&finding).unwrap();
        out.finish().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.contains(
                "\"'=cmd|'/c calc'!A1\\n\\u{1b}[2J,\"\"x\"\"\",3,MIT,,allow,,,,,,'=x.RULE,sure,,,,,,\r\n"
            ),
            "{text}"
        );
        assert_eq!(text.lines().count(), 2);
    }
}
