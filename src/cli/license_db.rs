// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor license-db`: what the database holds, whether it is in order, and more of it.

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::Path;

use super::args::{
    AddRule, CheckDatabase, LicenseDb, ListDatabase, ListFormat, Listed, ShowEntry, TestText,
};
use super::output::Output;
use super::{CLEAN, setup};
use lictor::detect::Detector;
use lictor::detect::lint::{self, Words};
use lictor::diag::{Failure, visible};
use lictor::licenses::Licenses;
use lictor::licenses::rules::{self, OverlayError, Source};
use lictor::model::FileKind;
use lictor::report::license_db::{self as report, Listing};
use lictor::report::{ReportError, human};
use lictor::scan::DEFAULT_MAX_SIZE;

/// Longest text that becomes a rule, in bytes.
const MAX_TEXT: u64 = 512 << 10;

pub fn run(command: &LicenseDb, overlay: Option<&Path>) -> anyhow::Result<u8> {
    match command {
        LicenseDb::List(args) => list(args, setup::licenses(overlay)?),
        LicenseDb::Show(args) => show(args, setup::licenses(overlay)?),
        LicenseDb::Check(args) => check(args, overlay),
        LicenseDb::Test(args) => test(args, setup::licenses(overlay)?),
        LicenseDb::Add(args) => add(args),
    }
}

fn list(args: &ListDatabase, db: &'static Licenses) -> anyhow::Result<u8> {
    let id = match &args.license {
        Some(wanted) => Some(db.entry(wanted).ok_or_else(|| unknown(db, wanted))?.id),
        None => None,
    };
    let (licenses, kind) = match args.kind {
        None => (true, None),
        Some(Listed::License) => (true, None),
        Some(Listed::Rule(kind)) => (false, Some(kind)),
    };
    let rules = args.kind != Some(Listed::License);
    let listing = Listing {
        database: db,
        licenses: db.entries().filter(|l| licenses && id.is_none_or(|id| l.id == id)).collect(),
        rules: db
            .rules()
            .iter()
            .filter(|r| rules && kind.is_none_or(|k| r.kind == k))
            .filter(|r| id.is_none_or(|id| db.reports(r, id)))
            .collect(),
    };
    let mut out = Output::open(None)?;
    match args.format {
        ListFormat::Human => report::list(&listing, &mut out)?,
        ListFormat::Json => report::list_json(&listing, &mut out)?,
    }
    out.finish()?;
    Ok(CLEAN)
}

fn show(args: &ShowEntry, db: &'static Licenses) -> anyhow::Result<u8> {
    let mut out = Output::open(None)?;
    if let Some(rule) = db.rules().iter().find(|r| r.name == args.name) {
        report::rule(rule, &mut out)?;
    } else if let Some(license) = db.entry(&args.name) {
        report::license(db, &license, &mut out)?;
    } else {
        return Err(unknown(db, &args.name).into());
    }
    out.finish()?;
    Ok(CLEAN)
}

/// Neither a license nor a rule is called this.
fn unknown(db: &Licenses, name: &str) -> Failure {
    let rules: Vec<&str> = db.rules().iter().map(|r| r.name.as_str()).collect();
    let closest = match name.ends_with(".RULE") {
        true => lictor::diag::did_you_mean(name, &rules),
        false => db
            .closest(name)
            .or_else(|| db.closest_exception(name))
            .map(|c| format!("did you mean `{c}`?")),
    };
    let help = closest.unwrap_or_else(|| "`lictor license-db list` names all there are".into());
    let shown = visible(name.as_bytes());
    Failure::new(format!("the license database has no `{shown}`")).help(help)
}

fn check(args: &CheckDatabase, overlay: Option<&Path>) -> anyhow::Result<u8> {
    let directory = args.directory.as_deref().or(overlay);
    let db = setup::licenses(directory)?;
    let wrong = lint::check(&Detector::new(db));
    if !wrong.is_empty() {
        return Err(OverlayError::Mistakes(wrong).into());
    }
    let examples =
        db.rules().iter().map(|r| r.examples.len() + r.counterexamples.len()).sum::<usize>();
    let mut out = Output::open(None)?;
    let (rules, licenses) = (db.rules().len(), db.customs().len());
    let count = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    writeln!(
        out,
        "{}, {} that no list has, {}: nothing is wrong",
        count(rules, "rule"),
        count(licenses, "license"),
        count(examples, "example")
    )
    .map_err(ReportError::from)?;
    out.finish()?;
    Ok(CLEAN)
}

fn test(args: &TestText, db: &'static Licenses) -> anyhow::Result<u8> {
    let content = content(&args.file, DEFAULT_MAX_SIZE)?;
    let detection = Detector::new(db).detect(&content, FileKind::Plain);
    let name = args.file.as_os_str().as_encoded_bytes();
    let mut out = Output::open(None)?;
    let io = ReportError::from;
    match detection.skipped {
        Some(why) => {
            writeln!(out, "{}: not looked at ({})", visible(name), why.as_str()).map_err(io)?
        }
        None if detection.expression.is_none() => {
            writeln!(out, "{}: nothing found", visible(name)).map_err(io)?;
        }
        None => human::detection(name, &detection, &mut out)?,
    }
    let text = String::from_utf8_lossy(&content);
    let met = lint::met(db.rules(), &text);
    if !met.is_empty() {
        writeln!(out, "\nRules whose words stand in it:").map_err(io)?;
    }
    for (rule, place) in met {
        let line = |at: usize| 1 + text[..at].matches('\n').count();
        let lines = match (line(place.start), line(place.end)) {
            (first, last) if first == last => format!("line {first}"),
            (first, last) => format!("lines {first}-{last}"),
        };
        let expression = rule.expression.as_deref().unwrap_or("-");
        let (name, kind) = (visible(rule.name.as_bytes()), rule.kind.as_str());
        writeln!(out, "  {lines}: {name} ({kind})  {expression}").map_err(io)?;
    }
    out.finish()?;
    Ok(CLEAN)
}

/// The bytes of a file, or of standard input for `-`.
fn content(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let shown = visible(path.as_os_str().as_encoded_bytes());
    let fail = |e| {
        Failure::new(format!("cannot read {shown}"))
            .caused_by(e)
            .help("name a file that you may read, or `-` for standard input")
    };
    let mut content = Vec::new();
    // One byte more tells what is too long.
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().lock().take(limit + 1).read_to_end(&mut content),
        false => File::open(path).and_then(|f| f.take(limit + 1).read_to_end(&mut content)),
    };
    read.map_err(fail)?;
    if content.len() as u64 > limit {
        let message = format!("{shown} is longer than the limit of {limit} bytes");
        return Err(Failure::new(message).help("give the part that matters"));
    }
    Ok(content)
}

fn add(args: &AddRule) -> anyhow::Result<u8> {
    let shown = visible(args.to.as_os_str().as_encoded_bytes());
    let text = String::from_utf8(content(&args.file, MAX_TEXT)?).map_err(|_| {
        Failure::new("the text of a rule must be UTF-8").help("save it as UTF-8 and try again")
    })?;
    let mut files = rules::files(&args.to)?;
    let db: &'static Licenses = setup::lay(rules::files(&args.to)?)?;
    let expression = match (&args.expression, args.kind.reports()) {
        (Some(written), true) => Some(expression(db, written)?),
        (None, true) => {
            let message =
                format!("a rule of the kind `{}` reports an expression", args.kind.as_str());
            return Err(Failure::new(message).help("name it with --expression").into());
        }
        (_, false) => None,
    };
    if let Some(owner) = Words::of(db).owner(&text.replace("{{", " ").replace("}}", " ")) {
        let help =
            "nothing needs to be added; `lictor license-db test` shows what is met in a text";
        return Err(Failure::new(format!("these are the words of {owner}")).help(help).into());
    }
    if !lint::has_words(&text) {
        let failure = Failure::new("the text has no words that are compared")
            .help("words are ASCII letters and digits");
        return Err(failure.into());
    }
    let taken: Vec<String> = files
        .iter()
        .map(|f| f.name.clone())
        .chain(Source::builtin().into_iter().map(|f| f.name))
        .collect();
    let name = match &args.name {
        Some(name) => named(name, &taken)?,
        None => free(expression.as_deref().unwrap_or(args.kind.as_str()), &taken),
    };
    let said = expression.map(|e| format!("license_expression: {e}\n")).unwrap_or_default();
    let rule = format!("---\n{said}{}: yes\n---\n\n{}\n", args.kind.key(), text.trim());
    let path = args.to.join(&name);
    // What is written can be read: marks that do not belong together are found here.
    files.push(Source::new(&format!("{shown}/{name}"), rule.clone()));
    Licenses::overlay(files).map_err(OverlayError::Mistakes)?;
    let fail = |e| {
        Failure::new(format!("cannot write {}", visible(path.as_os_str().as_encoded_bytes())))
            .caused_by(e)
            .help("name a directory that you may write with --to")
    };
    // Made anew: whatever has the name is left as it is.
    let written = File::options().write(true).create_new(true).open(&path);
    written.and_then(|mut f| f.write_all(rule.as_bytes())).map_err(fail)?;
    let mut out = Output::open(None)?;
    writeln!(out, "{}", visible(path.as_os_str().as_encoded_bytes())).map_err(ReportError::from)?;
    out.finish()?;
    Ok(CLEAN)
}

/// The canonical form of an expression that was typed; an exception may stand alone.
fn expression(db: &Licenses, written: &str) -> Result<String, Failure> {
    if let Some(exception) = db.exception_id(written.trim()) {
        return Ok(exception.to_owned());
    }
    db.parse(written).map(|e| e.to_string()).map_err(|e| {
        let failure = Failure::new(visible(e.message.as_bytes()));
        Failure { help: e.help, ..failure }
    })
}

/// The file name that was asked for.
fn named(name: &str, taken: &[String]) -> Result<String, Failure> {
    let stem = name.strip_suffix(".RULE").unwrap_or(name);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    if stem.is_empty() || stem.starts_with('.') || !stem.chars().all(plain) {
        let message = format!("`{}` cannot name a rule", visible(name.as_bytes()));
        return Err(Failure::new(message).help("use letters, digits, `-`, `_`, `.` and `+`"));
    }
    let name = format!("{stem}.RULE");
    if taken.contains(&name) {
        let message = format!("there is a rule {name} already");
        return Err(Failure::new(message).help("choose another name, or leave --name out"));
    }
    Ok(name)
}

/// The first free file name for what a rule says: `mit_or_apache-2.0_2.RULE`.
fn free(says: &str, taken: &[String]) -> String {
    let mut stem = says.to_ascii_lowercase().replace(['(', ')'], "").replace(' ', "_");
    stem.truncate(120);
    (1..).map(|n| format!("{stem}_{n}.RULE")).find(|name| !taken.contains(name)).unwrap_or(stem)
}
