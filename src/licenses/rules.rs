// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Rules: words that say a license without being its text, and licenses that no list has.
//!
//! Both are files in the format of ScanCode's license database (`*.RULE`, `*.LICENSE`), so
//! that what people wrote for one is of use in the other; `license-db/README.md` describes
//! it. This module reads such files and reports every mistake of all of them at once.
//! Finding the words in files belongs to `detect`.

mod fields;
mod front;
mod license_file;
mod rule_file;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;

use super::{Category, Licenses};
use crate::diag::{Failure, Mistake, Mistakes, visible};
use crate::model::UnknownWord;

/// Largest rule or license file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Most files that a database may have: several times what the largest one known has.
const MAX_FILES: usize = 200_000;

/// How deep directories of a database may be nested.
const MAX_DEPTH: usize = 16;

/// The rule and license files that are compiled in, by path.
static BUILTIN: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// A rule or license file as it was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// For people; safe to print.
    pub path: String,
    /// The last part of the path, which names the file among others.
    pub name: String,
    pub text: Cow<'static, str>,
    /// Compiled in, rather than a file of the user's own.
    pub builtin: bool,
}

impl Source {
    /// A file that is at hand already.
    pub fn new(path: &str, text: impl Into<Cow<'static, str>>) -> Source {
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        Source { path: path.to_owned(), name, text: text.into(), builtin: false }
    }

    /// The files that are compiled in.
    pub fn builtin() -> Vec<Source> {
        let file = |(path, text): &(&str, &'static str)| Source {
            builtin: true,
            ..Source::new(path, *text)
        };
        BUILTIN.iter().map(file).collect()
    }

    fn is_license(&self) -> bool {
        self.name.ends_with(".LICENSE")
    }

    /// This file with what is wrong in it.
    pub fn mistakes(&self, list: Vec<Mistake>) -> Mistakes {
        Mistakes { file: self.path.clone(), text: self.text.clone().into_owned(), list }
    }
}

/// What kind of words a rule has, as ScanCode tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleKind {
    /// The text of a license, or a part of it.
    Text,
    /// A notice that puts something under a license.
    Notice,
    /// A mention of a license by its name, address or file.
    Reference,
    /// A structured statement, as in a package manifest.
    Tag,
    /// Words that lead to a license statement and say none themselves.
    Intro,
    /// Words that hint at a license, too weak to count by themselves.
    Clue,
    /// Words that look like a license and are none.
    FalsePositive,
}

impl RuleKind {
    pub const ALL: [RuleKind; 7] = [
        RuleKind::Text,
        RuleKind::Notice,
        RuleKind::Reference,
        RuleKind::Tag,
        RuleKind::Intro,
        RuleKind::Clue,
        RuleKind::FalsePositive,
    ];

    /// The word for this kind on the command line and in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            RuleKind::Text => "text",
            RuleKind::Notice => "notice",
            RuleKind::Reference => "reference",
            RuleKind::Tag => "tag",
            RuleKind::Intro => "intro",
            RuleKind::Clue => "clue",
            RuleKind::FalsePositive => "false-positive",
        }
    }

    /// The key that says this kind in a rule file.
    pub fn key(self) -> &'static str {
        match self {
            RuleKind::Text => "is_license_text",
            RuleKind::Notice => "is_license_notice",
            RuleKind::Reference => "is_license_reference",
            RuleKind::Tag => "is_license_tag",
            RuleKind::Intro => "is_license_intro",
            RuleKind::Clue => "is_license_clue",
            RuleKind::FalsePositive => "is_false_positive",
        }
    }

    /// Whether a rule of this kind reports an expression.
    pub fn reports(self) -> bool {
        !matches!(self, RuleKind::Intro | RuleKind::FalsePositive)
    }
}

impl FromStr for RuleKind {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        RuleKind::ALL.into_iter().find(|k| k.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// A text in a rule file that shows what its rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub text: String,
    /// Where it stands in the rule's file.
    pub span: Range<usize>,
}

/// Words, and what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// File name without directory; names the rule in evidence.
    pub name: String,
    /// Canonical SPDX expression; None for intros and false positives.
    pub expression: Option<String>,
    /// The expression is an exception id alone, to be attached to a license by `WITH`.
    pub exception: bool,
    pub kind: RuleKind,
    /// The words, with the `{{ }}` marks taken out. May lack words that `detect` knows: those
    /// of scripts without ASCII letters.
    pub text: String,
    /// Byte ranges of required phrases in `text`, ascending: a match must have their words.
    pub required: Vec<Range<usize>>,
    /// How much a match is worth, 0 to 100.
    pub relevance: u8,
    /// How much of the words a match must have at least, in percent.
    pub minimum_coverage: Option<u8>,
    /// The words must be met without gaps and in one piece.
    pub continuous: bool,
    /// Names of files in which the license that the words speak of is said to stand.
    pub referenced_filenames: Vec<String>,
    /// Texts that must be found as this rule's expression.
    pub examples: Vec<Example>,
    /// Texts that must not.
    pub counterexamples: Vec<Example>,
    /// The file.
    pub source: Arc<Source>,
    /// Where `text` begins in the file.
    pub body: usize,
}

/// A license, or an exception, that is defined by a license file and is on no list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custom {
    /// `LicenseRef-…`, for an exception `AdditionRef-…`.
    pub id: &'static str,
    /// The name by which rules of its database call it.
    pub key: String,
    pub name: String,
    pub category: Category,
    pub exception: bool,
    /// The text, possibly empty.
    pub text: &'static str,
    pub source: Arc<Source>,
}

/// What the files of a database say, checked.
#[derive(Default)]
pub(super) struct Database {
    pub rules: Vec<Rule>,
    pub customs: Vec<Custom>,
    /// Categories that license files give to licenses of the list.
    pub categories: BTreeMap<String, Category>,
}

/// Why a directory cannot be laid over the database.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    #[error(transparent)]
    Failure(#[from] Failure),
    /// Everything that is wrong, by file, in the order of the paths.
    #[error("{} files of the license database have mistakes", .0.len())]
    Mistakes(Vec<Mistakes>),
}

/// What a key of a license file means in expressions. A license that no list has may stand
/// in either place: ScanCode does not tell exceptions from licenses there.
#[derive(Debug, Clone, Default)]
struct Meaning {
    /// Where a license belongs: an id, or an expression that replaces a deprecated key.
    license: Option<String>,
    /// Behind WITH.
    addition: Option<String>,
}

type Keys = HashMap<String, Meaning>;

/// Collects what is wrong, by file.
#[derive(Default)]
pub(crate) struct Complaints(BTreeMap<String, Mistakes>);

impl Complaints {
    pub fn add(&mut self, source: &Source, list: Vec<Mistake>) {
        if !list.is_empty() {
            let new = || source.mistakes(Vec::new());
            self.0.entry(source.path.clone()).or_insert_with(new).list.extend(list);
        }
    }

    fn one(&mut self, source: &Source, span: Range<usize>, message: String, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.add(source, vec![Mistake { message, span, label: String::new(), help }]);
    }

    pub fn into_list(self) -> Vec<Mistakes> {
        self.0.into_values().collect()
    }

    fn done(self) -> Result<(), Vec<Mistakes>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into_list()) }
    }
}

/// Reads all files of a database. `db` learns the licenses that they define.
pub(super) fn read(db: &mut Licenses, sources: &[Arc<Source>]) -> Result<Database, Vec<Mistakes>> {
    let mut wrong = Complaints::default();
    let mut names: HashMap<&str, &Source> = HashMap::new();
    for source in sources {
        if let Some(other) = names.insert(&source.name, source) {
            let message = format!("the file has the name of {}", other.path);
            let help = "name each file otherwise: the name is what evidence calls it by";
            wrong.one(source, 0..0, message, help);
        }
    }
    let mut database = Database::default();
    let licenses = sources.iter().filter(|s| s.is_license());
    let keys = license_file::read(db, licenses, &mut database, &mut wrong);
    for source in sources.iter().filter(|s| !s.is_license()) {
        let (rule, list) = rule_file::read(db, &keys, source);
        wrong.add(source, list);
        database.rules.extend(rule);
    }
    wrong.done()?;
    database.rules.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(database)
}

/// The compiled-in files with those of an overlay in the place of their namesakes.
pub(super) fn laid_over(own: Vec<Source>, overlay: Vec<Source>) -> Vec<Arc<Source>> {
    let key = |s: &Source| s.is_license().then(|| license_file::key(s)).flatten();
    let keys: HashSet<String> = overlay.iter().filter_map(key).collect();
    let names: HashSet<&str> = overlay.iter().map(|s| s.name.as_str()).collect();
    let kept = own.into_iter().filter(|s| {
        !names.contains(s.name.as_str()) && key(s).is_none_or(|key| !keys.contains(&key))
    });
    let kept: Vec<Source> = kept.collect();
    let mut all: Vec<Arc<Source>> = kept.into_iter().chain(overlay).map(Arc::new).collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// All rule and license files at or below a directory, by path.
///
/// # Errors
/// The directory or one in it cannot be read, or everything that is wrong with the files.
pub fn files(directory: &Path) -> Result<Vec<Source>, OverlayError> {
    let unreadable = |path: &Path, e: io::Error| {
        let shown = visible(path.as_os_str().as_encoded_bytes());
        Failure::config(format!("cannot read the license database {shown}"))
            .caused_by(e)
            .help("name a directory with `.RULE` and `.LICENSE` files, or leave --license-db out")
    };
    let mut found: Vec<PathBuf> = Vec::new();
    let mut todo = vec![(directory.to_owned(), 0)];
    while let Some((place, depth)) = todo.pop() {
        for entry in fs::read_dir(&place).map_err(|e| unreadable(&place, e))? {
            let entry = entry.map_err(|e| unreadable(&place, e))?;
            let path = entry.path();
            // A link to a directory is not followed: it may lead back here.
            let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
            if is_dir && depth < MAX_DEPTH {
                todo.push((path, depth + 1));
            } else if !is_dir && path.extension().is_some_and(|e| e == "RULE" || e == "LICENSE") {
                found.push(path);
            }
        }
        if found.len() > MAX_FILES {
            let shown = visible(directory.as_os_str().as_encoded_bytes());
            let message = format!("there are more than {MAX_FILES} rule files below {shown}");
            return Err(Failure::config(message).help("name a directory with fewer").into());
        }
    }
    // As bytes: to compare paths part by part takes a tenth of reading tens of thousands of files.
    found.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    let mut wrong = Complaints::default();
    let mut sources = Vec::with_capacity(found.len());
    for path in found {
        let shown = visible(path.as_os_str().as_encoded_bytes());
        let name = visible(path.file_name().unwrap_or_default().as_encoded_bytes());
        let source = |text: String| Source {
            path: shown.clone(),
            name: name.clone(),
            text: text.into(),
            builtin: false,
        };
        match text(&path) {
            Ok(text) => sources.push(source(text)),
            Err((message, help)) => wrong.one(&source(String::new()), 0..0, message, help),
        }
    }
    wrong.done().map_err(OverlayError::Mistakes)?;
    Ok(sources)
}

/// The text of a file, or what is wrong with it and what to do.
fn text(path: &Path) -> Result<String, (String, &'static str)> {
    let unreadable = |e: io::Error| (format!("the file cannot be read: {e}"), "");
    let meta = fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() || meta.len() > MAX_FILE {
        return Err(("this is not a file of at most 1 MiB".into(), "rules are short texts"));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|e| {
        let before = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        (format!("the file is not UTF-8 (line {line})"), "save it as UTF-8")
    })
}

#[cfg(test)]
mod tests;
