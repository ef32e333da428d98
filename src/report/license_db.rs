// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What the license database holds, for people and as JSON.

use std::io::Write;

use anstyle::Style;
use serde::Serialize;

use super::ReportError;
use super::json::Head;
use crate::diag::visible;
use crate::licenses::expression::{Expr, Term};
use crate::licenses::obligations::{Basis, Obligations};
use crate::licenses::rules::{Rule, RuleKind};
use crate::licenses::{Category, License, Licenses};

const BOLD: Style = Style::new().bold();

/// Version of the format `lictor-license-db`.
pub const VERSION: u32 = 1;

/// The licenses and rules that were asked for.
pub struct Listing<'a> {
    pub database: &'a Licenses,
    pub licenses: Vec<License<'a>>,
    pub rules: Vec<&'a Rule>,
}

/// Writes a line for each license and rule.
///
/// # Errors
/// The writer fails.
pub fn list(listing: &Listing<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut parts = 0;
    if !listing.licenses.is_empty() {
        parts += 1;
        heading("Licenses", listing.licenses.len(), out)?;
        let ids = column(listing.licenses.iter().map(|l| l.id.len()));
        for l in &listing.licenses {
            let category = l.category.map_or("exception", Category::as_str);
            let name = visible(l.name.as_bytes());
            write!(out, "  {:ids$}  {category:<16}  {name}", l.id)?;
            if let Some(successor) = l.successor {
                write!(out, "; now {successor}")?;
            }
            writeln!(out)?;
        }
    }
    if !listing.rules.is_empty() {
        if parts > 0 {
            writeln!(out)?;
        }
        heading("Rules", listing.rules.len(), out)?;
        let names: Vec<String> = listing.rules.iter().map(|r| visible(r.name.as_bytes())).collect();
        let width = column(names.iter().map(String::len));
        for (rule, name) in listing.rules.iter().zip(names) {
            let expression = rule.expression.as_deref().unwrap_or("-");
            writeln!(out, "  {name:width$}  {:<14}  {expression}", rule.kind.as_str())?;
        }
    }
    if listing.licenses.is_empty() && listing.rules.is_empty() {
        writeln!(out, "Nothing of that kind.")?;
    }
    Ok(())
}

fn heading(what: &str, n: usize, out: &mut dyn Write) -> Result<(), ReportError> {
    Ok(writeln!(out, "{}{what}{} ({n})", BOLD.render(), BOLD.render_reset())?)
}

/// The width of a column: the longest entry, unless that is out of proportion.
fn column(widths: impl Iterator<Item = usize>) -> usize {
    widths.max().unwrap_or(0).min(44)
}

#[derive(Serialize)]
struct ListingJson<'a> {
    #[serde(flatten)]
    head: Head,
    digest: &'a str,
    licenses: Vec<LicenseJson<'a>>,
    rules: Vec<RuleJson<'a>>,
}

#[derive(Serialize)]
struct LicenseJson<'a> {
    id: &'a str,
    name: &'a str,
    category: Option<Category>,
    exception: bool,
    deprecated: bool,
    successor: Option<&'a str>,
    families: Vec<&'a str>,
    osi_approved: bool,
    fsf_free: bool,
    source: &'a str,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    name: &'a str,
    kind: RuleKind,
    expression: Option<&'a str>,
    relevance: u8,
    minimum_coverage: Option<u8>,
    continuous: bool,
    referenced_filenames: &'a [String],
    source: &'a str,
}

/// Writes the licenses and rules as one JSON document.
///
/// # Errors
/// The writer fails.
pub fn list_json(listing: &Listing<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let db = listing.database;
    let licenses = listing.licenses.iter().map(|l| LicenseJson {
        id: l.id,
        name: l.name,
        category: l.category,
        exception: l.exception,
        deprecated: l.deprecated,
        successor: l.successor,
        families: db.families(&alone(l.id)),
        osi_approved: db.is_osi_approved(l.id),
        fsf_free: db.is_fsf_free(l.id),
        source: l.source,
    });
    let rules = listing.rules.iter().map(|r| RuleJson {
        name: &r.name,
        kind: r.kind,
        expression: r.expression.as_deref(),
        relevance: r.relevance,
        minimum_coverage: r.minimum_coverage,
        continuous: r.continuous,
        referenced_filenames: &r.referenced_filenames,
        source: &r.source.path,
    });
    let document = ListingJson {
        head: Head::new("lictor-license-db", VERSION),
        digest: db.digest(),
        licenses: licenses.collect(),
        rules: rules.collect(),
    };
    let text = serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?;
    Ok(writeln!(out, "{text}")?)
}

/// The license without an exception.
fn alone(id: &str) -> Term {
    Term { license: id.to_owned(), addition: None }
}

/// What is owed under a license, a line each.
fn owed(db: &Licenses, id: &str) -> Vec<String> {
    // A deprecated id may stand for a license with an exception.
    let term = match db.parse(id) {
        Ok(Expr::Term(term)) => term,
        _ => alone(id),
    };
    let Obligations { basis, owed } = db.obligations(&term);
    let mut lines = match basis {
        Basis::License if owed.is_empty() => vec!["nothing".to_owned()],
        Basis::License => Vec::new(),
        Basis::Category(_) => {
            vec!["by its category, nothing is said of the license itself:".to_owned()]
        }
        Basis::Nothing => vec!["not known".to_owned()],
    };
    lines.extend(owed.iter().map(|o| {
        let on: Vec<&str> = o.on.iter().map(|t| t.as_str()).collect();
        let on = on.join(", ").replace("distribution-source, distribution-binary", "distribution");
        let only_if = o.only_if.map(|t| format!(" with {}", t.as_str())).unwrap_or_default();
        format!("{} (on {on}{only_if}): {}", o.duty.as_str(), o.says)
    }));
    lines
}

/// Writes all that is known of one license.
///
/// # Errors
/// The writer fails.
pub fn license(db: &Licenses, l: &License<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(out, "{}{}{}", BOLD.render(), l.id, BOLD.render_reset())?;
    let row = |out: &mut dyn Write, key: &str, value: &str| writeln!(out, "  {key:<10}  {value}");
    row(out, "name", &visible(l.name.as_bytes()))?;
    match l.category {
        Some(category) => row(out, "category", category.as_str())?,
        None => row(out, "kind", "an exception, attached to a license by WITH")?,
    }
    match (l.successor, l.deprecated) {
        (Some(successor), _) => row(out, "deprecated", &format!("reported as {successor}"))?,
        (None, true) => row(out, "deprecated", "yes, and nothing replaces it")?,
        (None, false) => {}
    }
    let families = db.families(&alone(l.id));
    if !families.is_empty() {
        row(out, "families", &families.join(", "))?;
    }
    let approved: Vec<&str> =
        [(db.is_osi_approved(l.id), "the OSI"), (db.is_fsf_free(l.id), "the FSF")]
            .into_iter()
            .filter_map(|(by, who)| by.then_some(who))
            .collect();
    if !approved.is_empty() {
        row(out, "approved", &format!("by {}", approved.join(" and ")))?;
    }
    if !l.exception {
        for (n, line) in owed(db, l.id).iter().enumerate() {
            row(out, if n == 0 { "owed" } else { "" }, line)?;
        }
    }
    row(out, "source", l.source)?;
    let rules: Vec<&Rule> = db.rules().iter().filter(|r| db.reports(r, l.id)).collect();
    if rules.is_empty() {
        row(out, "rules", "none reports it")?;
    }
    for (n, rule) in rules.iter().enumerate() {
        let name = format!("{} ({})", visible(rule.name.as_bytes()), rule.kind.as_str());
        row(out, if n == 0 { "rules" } else { "" }, &name)?;
    }
    lines(l.text.unwrap_or("(no text)"), out)
}

/// Writes all that is known of one rule.
///
/// # Errors
/// The writer fails.
pub fn rule(rule: &Rule, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(out, "{}{}{}", BOLD.render(), visible(rule.name.as_bytes()), BOLD.render_reset())?;
    let mut row = |key: &str, value: &str| writeln!(out, "  {key:<10}  {value}");
    row("kind", rule.kind.as_str())?;
    match &rule.expression {
        Some(expression) => row("expression", expression)?,
        None => row("expression", "none: it reports nothing")?,
    }
    row("relevance", &rule.relevance.to_string())?;
    if let Some(coverage) = rule.minimum_coverage {
        row("coverage", &format!("at least {coverage} % of its words"))?;
    }
    if rule.continuous {
        row("continuous", "its words are met in one piece")?;
    }
    if !rule.referenced_filenames.is_empty() {
        row("refers to", &visible(rule.referenced_filenames.join(", ").as_bytes()))?;
    }
    let (examples, counter) = (rule.examples.len(), rule.counterexamples.len());
    if examples + counter > 0 {
        row("examples", &format!("{examples}, and {counter} of what it is not"))?;
    }
    row("source", &rule.source.path)?;
    // As the file has it, with the marks of required phrases.
    lines(rule.source.text[rule.body..].trim_end(), out)
}

/// A text below an empty line, made safe line by line.
fn lines(text: &str, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(out)?;
    for line in text.lines() {
        let spaced = line.replace('\t', "    ");
        writeln!(out, "{}", visible(spaced.as_bytes()))?;
    }
    Ok(())
}
