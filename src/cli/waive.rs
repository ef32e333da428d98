// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor waive` and `lictor curate`: entries for the files of waivers and curations. They are
//! written for people to review, and hold once a policy names the file.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::args::{Curate, Waive};
use super::output::Output;
use super::policy::number;
use super::{CLEAN, setup};
use lictor::clock::Moment;
use lictor::detect::Detector;
use lictor::diag::{Failure, visible};
use lictor::licenses::Licenses;
use lictor::model::FileKind;
use lictor::plan::content::{Content, Reader};
use lictor::plan::{self, Checkout, View};
use lictor::policy::waivers::text_hash;
use lictor::policy::{CURATION_FILE, WAIVER_FILE};
use lictor::report::NONE;
use lictor::scan::DEFAULT_MAX_SIZE;
use lictor::scan::components::directory;
use lictor::shape;
use lictor::store::Store;

/// Writes a waiver for a violation.
pub fn waive(args: &Waive, licenses: &'static Licenses) -> anyhow::Result<u8> {
    let name = visible(args.violation.as_bytes());
    let unknown = || {
        Failure::new(format!("there is no violation {name}"))
            .help("`lictor findings --state open` shows the numbers: V17")
    };
    let id = number(&args.violation).ok_or_else(unknown)?;
    let store = Store::open_existing(&setup::store_path(&args.store)?)?;
    let placed = store.violation(id)?.ok_or_else(unknown)?;
    let license = &placed.violation.license;
    let Some((_, matches)) = store.file(&placed.root, &placed.view, &placed.path)? else {
        let message = format!("the file of {name} is gone; there is nothing to waive");
        return Err(Failure::new(message).into());
    };
    let granted = Moment::now().day();
    if args.expires < granted {
        let message = format!("the waiver would have ended on {}", args.expires);
        return Err(Failure::new(message).help("name a day that is to come").into());
    }
    let path = globset::escape(&utf8(&placed.path)?);
    let component = args.component.then(|| directory(&placed.path));
    let place = match component {
        Some(component) => ("component", globset::escape(&utf8(component)?)),
        None => ("path", path),
    };
    let shown = if license.is_empty() { NONE } else { license };
    let id = args.id.clone().unwrap_or_else(|| {
        let words = format!("{shown} {}", place.1);
        let sane = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        words.chars().map(sane).collect()
    });
    let mut entry = Entry::new("waiver");
    entry.text("id", &id);
    entry.text("license", shown);
    entry.text(place.0, &place.1);
    entry.text("rule", &placed.violation.rule);
    entry.text("hash", &text_hash(&matches, license, licenses));
    entry.text("granted-by", &args.granted_by);
    entry.bare("granted", &granted.to_string());
    entry.bare("expires", &args.expires.to_string());
    entry.text("reason", &args.reason);
    entry.text("ticket", &args.ticket);
    entry.write(args.to.as_deref(), WAIVER_FILE)
}

/// Writes a correction of what was detected.
pub fn curate(args: &Curate, licenses: &'static Licenses) -> anyhow::Result<u8> {
    let shown = visible(args.path.as_os_str().as_bytes());
    let concluded = match args.conclude.as_str() {
        NONE => NONE.to_owned(),
        text => match licenses.parse(text) {
            Ok(expr) => expr.to_string(),
            Err(e) => {
                let failure = Failure::new(visible(e.message.as_bytes()));
                return Err(Failure { help: e.help, ..failure }.into());
            }
        },
    };
    let unreadable = |e: std::io::Error| {
        Failure::new(format!("cannot read {shown}"))
            .caused_by(e)
            .help("name a file that exists and that you may read")
    };
    let real = std::fs::canonicalize(&args.path).map_err(unreadable)?;
    let parent = real.parent().unwrap_or(Path::new("/"));
    let checkout = Checkout::find(parent, View::Worktree)?;
    let path = real.strip_prefix(&checkout.root).unwrap_or(&real).as_os_str().as_bytes();
    let mut content = Vec::new();
    let name = real.file_name().unwrap_or_default().as_bytes();
    let read = Reader::files(parent, DEFAULT_MAX_SIZE)?.read(name, None, &mut content);
    if !matches!(read.map_err(unreadable)?, Content::Read(_)) {
        return Err(Failure::new(format!("{shown} is no file that is looked at")).into());
    }
    let detection = Detector::new(licenses).detect(&content, FileKind::of(path));
    let mut entry = Entry::new("curation");
    entry.text("path", &globset::escape(&utf8(path)?));
    entry.text("detected", detection.expression.as_deref().unwrap_or(NONE));
    entry.text("concluded", &concluded);
    if !args.any_content {
        entry.text("blob", &plan::blob_id(&content).to_string());
    }
    entry.text("by", &args.by);
    entry.text("reason", &args.reason);
    if let Some(ticket) = &args.ticket {
        entry.text("ticket", ticket);
    }
    entry.write(args.to.as_deref(), CURATION_FILE)
}

fn utf8(path: &[u8]) -> Result<String, Failure> {
    String::from_utf8(path.to_vec()).map_err(|_| {
        Failure::new(format!("the path {} is not UTF-8, as TOML has to be", visible(path)))
            .help("write the entry by hand, with `?` for each byte that is not")
    })
}

/// An entry of a TOML file.
struct Entry {
    kind: &'static str,
    text: String,
}

impl Entry {
    fn new(kind: &'static str) -> Entry {
        Entry { kind, text: format!("[[{kind}]]\n") }
    }

    fn bare(&mut self, key: &str, value: &str) {
        self.text.push_str(&format!("{key} = {value}\n"));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.bare(key, &toml::Value::String(value.to_owned()).to_string());
    }

    /// Adds the entry to a file, or writes it to standard output. A file that has mistakes is
    /// left as it is.
    fn write(self, to: Option<&Path>, keys: &'static [shape::Key]) -> anyhow::Result<u8> {
        let mut out = Output::open(None)?;
        let Some(file) = to else {
            write!(out, "{}", self.text)?;
            out.finish()?;
            return Ok(CLEAN);
        };
        let shown = visible(file.as_os_str().as_bytes());
        let before = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => "version = 1\n".to_owned(),
            Err(e) => return Err(Failure::new(format!("cannot read {shown}")).caused_by(e).into()),
        };
        let gap = if before.ends_with('\n') { "\n" } else { "\n\n" };
        let text = format!("{before}{gap}{}", self.text);
        shape::check(&shown, &text, keys).map_err(|m| {
            Failure::config(format!("{shown} has mistakes, and is left as it is"))
                .because_of(vec![m])
        })?;
        let mut whole = Output::open(Some(file))?;
        write!(whole, "{text}")?;
        whole.finish()?;
        writeln!(out, "added to {shown}:\n\n{}", self.text)?;
        let (kind, name) = (self.kind, visible(file.file_name().unwrap_or_default().as_bytes()));
        writeln!(
            out,
            "It holds for policies that say `{kind}s.files = \"{name}\"`, or where else the file is."
        )?;
        out.finish()?;
        Ok(CLEAN)
    }
}
