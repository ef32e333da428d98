// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is known about licenses: ids, categories, exceptions, successors of deprecated
//! ids, and texts.
//!
//! The facts are the files of `license-db/`, compiled in; the texts come from the crate
//! `license` (SPDX License List 3.29). A directory of rules and licenses may be laid over
//! them. Nothing here looks at a scanned file.

pub mod compatibility;
pub mod expression;
pub mod families;
mod list;
pub mod names;
pub mod obligations;
pub mod rules;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::diag::{Failure, Mistakes, visible};
use crate::model::UnknownWord;
use expression::{Expr, Term};
#[cfg(test)]
pub use list::texts as listed_texts;
pub use list::{LicenseText, exception_ids, license_ids};
use rules::{Custom, OverlayError, Rule, Source};

/// The class of a license, as the field uses the words; `license-db/README.md` defines each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    PublicDomain,
    Permissive,
    WeakCopyleft,
    StrongCopyleft,
    NetworkCopyleft,
    SourceAvailable,
    NonCommercial,
    ProprietaryFree,
    Documentation,
    Font,
    Data,
    Patent,
    Unstated,
}

impl Category {
    pub const ALL: [Category; 13] = [
        Category::PublicDomain,
        Category::Permissive,
        Category::WeakCopyleft,
        Category::StrongCopyleft,
        Category::NetworkCopyleft,
        Category::SourceAvailable,
        Category::NonCommercial,
        Category::ProprietaryFree,
        Category::Documentation,
        Category::Font,
        Category::Data,
        Category::Patent,
        Category::Unstated,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Category::PublicDomain => "public-domain",
            Category::Permissive => "permissive",
            Category::WeakCopyleft => "weak-copyleft",
            Category::StrongCopyleft => "strong-copyleft",
            Category::NetworkCopyleft => "network-copyleft",
            Category::SourceAvailable => "source-available",
            Category::NonCommercial => "non-commercial",
            Category::ProprietaryFree => "proprietary-free",
            Category::Documentation => "documentation",
            Category::Font => "font",
            Category::Data => "data",
            Category::Patent => "patent",
            Category::Unstated => "unstated",
        }
    }
}

impl FromStr for Category {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Category::ALL.into_iter().find(|c| c.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// What an exception does to the category of the license that it is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Effect {
    /// The license stays in its own category.
    Keeps,
    /// A strong copyleft license becomes weak copyleft.
    Weakens,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoriesFile {
    licenses: BTreeMap<String, Category>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionsFile {
    exceptions: BTreeMap<String, Effect>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DeprecatedFile {
    deprecated: BTreeMap<String, String>,
    #[serde(default)]
    deprecated_exceptions: BTreeMap<String, String>,
}

const CATEGORIES: &str = include_str!("../license-db/categories.toml");
const EXCEPTIONS: &str = include_str!("../license-db/exceptions.toml");
const DEPRECATED: &str = include_str!("../license-db/deprecated.toml");
const NAMES: &str = include_str!("../license-db/names.toml");

/// The names of licenses in package manifests. `detect` reads them; they are here because
/// detections depend on them as on the rest of the database.
pub(crate) const ALIASES: &str = include_str!("../license-db/aliases.toml");

/// The license database.
#[derive(Clone)]
pub struct Licenses {
    categories: BTreeMap<String, Category>,
    exceptions: BTreeMap<String, Effect>,
    deprecated: BTreeMap<String, String>,
    deprecated_exceptions: BTreeMap<String, String>,
    /// Lower-case spelling of every license and exception id to the id itself.
    license_ids: HashMap<String, &'static str>,
    exception_ids: HashMap<String, &'static str>,
    customs: Vec<Custom>,
    rules: Vec<Rule>,
    names: names::Names,
    digest: String,
}

/// What is known of a license or an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License<'a> {
    pub id: &'a str,
    pub name: &'a str,
    /// `None` for an exception.
    pub category: Option<Category>,
    pub exception: bool,
    pub deprecated: bool,
    /// What is reported instead of a deprecated id.
    pub successor: Option<&'a str>,
    /// Where it comes from: a list, or a file.
    pub source: &'a str,
    pub text: Option<&'a str>,
}

impl Licenses {
    /// The database that is compiled in. Its files are checked by the tests of this module,
    /// so that loading cannot fail in the field.
    pub fn builtin() -> &'static Licenses {
        static BUILTIN: LazyLock<Licenses> = LazyLock::new(|| {
            let licenses = Licenses::facts().expect("the compiled-in license-db is valid");
            let own: Vec<_> = Source::builtin().into_iter().map(Arc::new).collect();
            licenses
                .with(&own)
                .map_err(|wrong| wrong.len())
                .expect("the compiled-in rules are valid")
        });
        &BUILTIN
    }

    /// The compiled-in database with the rules and licenses of a directory laid over it: a
    /// file of the same name, or a license of the same key, replaces the compiled-in one.
    ///
    /// # Errors
    /// The directory cannot be read or has no such files, or everything that is wrong in them.
    pub fn load_overlay(directory: &Path) -> Result<Licenses, OverlayError> {
        let files = rules::files(directory)?;
        if files.is_empty() {
            let shown = visible(directory.as_os_str().as_encoded_bytes());
            let failure = Failure::config(format!("there are no rules in {shown}"))
                .help("name a directory with `.RULE` and `.LICENSE` files, or leave it out");
            return Err(failure.into());
        }
        Licenses::overlay(files).map_err(OverlayError::Mistakes)
    }

    /// The compiled-in database with these files laid over it.
    ///
    /// # Errors
    /// Everything that is wrong in them, by file.
    pub fn overlay(files: Vec<Source>) -> Result<Licenses, Vec<Mistakes>> {
        let licenses = Licenses::facts().expect("the compiled-in license-db is valid");
        licenses.with(&rules::laid_over(Source::builtin(), files))
    }

    /// The tables of the compiled-in database with these files in the place of its rules.
    ///
    /// # Errors
    /// Everything that is wrong in them, by file.
    pub fn alone(files: Vec<Source>) -> Result<Licenses, Vec<Mistakes>> {
        static FACTS: LazyLock<Licenses> =
            LazyLock::new(|| Licenses::facts().expect("the compiled-in license-db is valid"));
        FACTS.clone().with(&rules::laid_over(Vec::new(), files))
    }

    /// What the tables of the compiled-in database say, without rules.
    fn facts() -> Result<Licenses, toml::de::Error> {
        let CategoriesFile { licenses: categories } = toml::from_str(CATEGORIES)?;
        let ExceptionsFile { exceptions } = toml::from_str(EXCEPTIONS)?;
        let DeprecatedFile { deprecated, deprecated_exceptions } = toml::from_str(DEPRECATED)?;
        let lower = |names: &mut dyn Iterator<Item = &'static str>| {
            names.map(|n| (n.to_ascii_lowercase(), n)).collect::<HashMap<_, _>>()
        };
        Ok(Licenses {
            categories,
            exceptions,
            deprecated,
            deprecated_exceptions,
            license_ids: lower(&mut license_ids()),
            exception_ids: lower(&mut exception_ids()),
            customs: Vec::new(),
            rules: Vec::new(),
            names: toml::from_str(NAMES)?,
            digest: String::new(),
        })
    }

    fn with(mut self, sources: &[Arc<Source>]) -> Result<Licenses, Vec<Mistakes>> {
        let database = rules::read(&mut self, sources)?;
        self.categories.extend(database.categories);
        self.customs = database.customs;
        self.customs.sort_by_key(|c| c.id);
        self.rules = database.rules;
        // Where files lie does not matter, nor in which order.
        let mut files: Vec<(&str, &str)> =
            sources.iter().map(|s| (s.name.as_str(), s.text.as_ref())).collect();
        files.sort_unstable();
        let tables = [spdx::license_version(), CATEGORIES, EXCEPTIONS, DEPRECATED, NAMES, ALIASES];
        let mut hash = Sha256::new();
        for part in tables.into_iter().chain(files.into_iter().flat_map(|(n, t)| [n, t])) {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        self.digest = hash.finalize().iter().fold(String::new(), |mut s, b| {
            let _ = write!(s, "{b:02x}");
            s
        });
        Ok(self)
    }

    /// Takes up the id and category of a license that no list has. `stem` is its id without
    /// the prefix that tells licenses from exceptions: what it says holds in either place.
    fn learn(&mut self, custom: &Custom, stem: &str) {
        let lower = custom.id.to_ascii_lowercase();
        // An exception with copyleft of less reach, or none, is one that frees other works.
        let effect = match custom.category {
            Category::WeakCopyleft | Category::Permissive | Category::PublicDomain => {
                Effect::Weakens
            }
            _ => Effect::Keeps,
        };
        self.exceptions.insert(format!("AdditionRef-{stem}"), effect);
        self.categories.insert(format!("LicenseRef-{stem}"), custom.category);
        let ids = if custom.exception { &mut self.exception_ids } else { &mut self.license_ids };
        ids.insert(lower, custom.id);
    }

    /// All licenses and exceptions, by id.
    pub fn entries(&self) -> impl Iterator<Item = License<'_>> {
        let mut ids: Vec<&str> =
            self.license_ids.values().chain(self.exception_ids.values()).copied().collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| self.entry(id))
    }

    /// What is known of a license or exception, whatever the case of its id.
    pub fn entry(&self, id: &str) -> Option<License<'_>> {
        let license = self.license_id(id);
        let id = license.or_else(|| self.exception_id(id))?;
        let exception = license.is_none();
        let term = Term { license: id.to_owned(), addition: None };
        let category = self.category(&term).filter(|_| !exception);
        if let Some(custom) = self.customs.iter().find(|c| c.id == id) {
            return Some(License {
                id,
                name: &custom.name,
                category,
                exception,
                deprecated: false,
                successor: None,
                source: &custom.source.path,
                text: Some(custom.text).filter(|t| !t.is_empty()),
            });
        }
        let (name, text) = match exception {
            true => id.parse().map(|e: &dyn license::Exception| (e.name(), e.text())).ok(),
            false => id.parse().map(|l: &dyn license::License| (l.name(), l.text())).ok(),
        }
        .unzip();
        let successor = if exception { self.exception_successor(id) } else { self.successor(id) };
        Some(License {
            id,
            name: name.or_else(|| spdx::license_id(id).map(|l| l.full_name)).unwrap_or(id),
            category,
            exception,
            deprecated: self.is_deprecated(id) || successor.is_some(),
            successor,
            source: "the SPDX License List",
            text,
        })
    }

    /// Whether a rule's expression names a license or exception.
    pub fn reports(&self, rule: &Rule, id: &str) -> bool {
        let Some(expression) = &rule.expression else { return false };
        expression == id || self.parse(expression).is_ok_and(|e| e.ids().contains(&id))
    }

    /// The rules, by name.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The licenses and exceptions that are on no list, by id.
    pub fn customs(&self) -> &[Custom] {
        &self.customs
    }

    /// SHA-256 over the database's files and the version of the SPDX list, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What licenses and exceptions are called.
    pub fn names(&self) -> &names::Names {
        &self.names
    }

    /// The list's spelling of a license id, whatever its case.
    pub fn license_id(&self, id: &str) -> Option<&'static str> {
        self.license_ids.get(&id.to_ascii_lowercase()).copied()
    }

    /// The list's spelling of an exception id, whatever its case.
    pub fn exception_id(&self, id: &str) -> Option<&'static str> {
        self.exception_ids.get(&id.to_ascii_lowercase()).copied()
    }

    /// The list's spelling of one license or exception id; a `LicenseRef-` is its own.
    ///
    /// # Errors
    /// It is none.
    pub fn known_id(&self, id: &str) -> Result<String, Failure> {
        if let Some(known) = self.exception_id(id) {
            return Ok(known.to_owned());
        }
        match self.parse(id) {
            Ok(e) if e.ids().len() > 1 => {
                let message = format!("`{}` is more than one id", visible(id.as_bytes()));
                Err(Failure::new(message).help("name one license or exception"))
            }
            Ok(e) => Ok(e.to_string()),
            Err(e) => {
                let failure = Failure::new(visible(e.message.as_bytes()));
                Err(Failure { help: e.help, ..failure })
            }
        }
    }

    /// The known license id most like `id`, for "did you mean".
    pub fn closest(&self, id: &str) -> Option<&'static str> {
        closest(&id.to_ascii_lowercase(), &self.license_ids)
    }

    /// The known exception id most like `id`.
    pub fn closest_exception(&self, id: &str) -> Option<&'static str> {
        closest(&id.to_ascii_lowercase(), &self.exception_ids)
    }

    /// The expression that replaces a deprecated license id, where the list has one.
    pub fn successor(&self, id: &str) -> Option<&str> {
        self.deprecated.get(id).map(String::as_str)
    }

    /// The exception id that replaces a deprecated one.
    pub fn exception_successor(&self, id: &str) -> Option<&str> {
        self.deprecated_exceptions.get(id).map(String::as_str)
    }

    /// The category of a license with its exception; `None` for a license no list knows.
    pub fn category(&self, term: &Term) -> Option<Category> {
        let own = *self.categories.get(term.base_license())?;
        match term.addition.as_deref().and_then(|a| self.exceptions.get(a)) {
            // What an AGPL work owes to users over a network is not lifted by leave to link.
            Some(Effect::Weakens) if own == Category::StrongCopyleft => {
                Some(Category::WeakCopyleft)
            }
            _ => Some(own),
        }
    }

    /// All license texts and standard headers in the order of their ids, those that are on no
    /// list behind the others. Of texts shared by
    /// several ids (GPL-2.0, -only, -or-later) all are given; `detect` collapses them.
    pub fn texts(&self) -> Vec<LicenseText> {
        let mut texts = list::texts();
        // Of a license with an exception in its deprecated id each part has its own text.
        texts.retain(|t| !self.successor(t.id).is_some_and(|s| s.contains(" WITH ")));
        let customs = self.customs.iter().filter(|c| !c.text.is_empty());
        texts.extend(customs.map(|c| LicenseText {
            id: c.id,
            text: c.text,
            header: false,
            exception: c.exception,
            listed: None,
        }));
        texts
    }

    /// Whether the SPDX list calls the license id deprecated.
    pub fn is_deprecated(&self, id: &str) -> bool {
        spdx::license_id(id).is_some_and(|l| l.name == id && l.is_deprecated())
            || id.ends_with('+') && self.license_ids.contains_key(&id.to_ascii_lowercase())
    }

    /// Reads an SPDX expression whose ids must all be known (or be `LicenseRef-`s), in
    /// any case and with deprecated ids, and gives it in canonical form.
    ///
    /// # Errors
    /// What is wrong and where, as a byte range of `text`.
    pub fn parse(&self, text: &str) -> Result<Expr, expression::ExprError> {
        expression::parse(self, text)
    }
}

fn closest(wanted: &str, known: &HashMap<String, &'static str>) -> Option<&'static str> {
    known
        .iter()
        .map(|(lower, id)| (strsim::jaro_winkler(wanted, lower), *id))
        .filter(|(score, _)| *score > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_of_the_list_is_without_a_category_and_none_is_invented() {
        let db = Licenses::builtin();
        let listed: Vec<&str> = license_ids().collect();
        assert!(listed.len() > 700, "{}", listed.len());
        let missing: Vec<_> =
            listed.iter().filter(|id| !db.categories.contains_key(**id)).collect();
        assert!(missing.is_empty(), "no category: {missing:?}");
        let extra: Vec<_> =
            db.categories.keys().filter(|id| !listed.contains(&id.as_str())).collect();
        // The `+` forms are on SPDX's list; the spdx crate spells them with an operator.
        assert!(
            extra.iter().all(|id| id.ends_with('+') || id.starts_with("LicenseRef-")),
            "not on the list: {extra:?}"
        );
    }

    #[test]
    fn no_exception_of_the_list_is_without_an_effect_and_none_is_invented() {
        let db = Licenses::builtin();
        let listed: Vec<&str> = exception_ids().collect();
        assert!(listed.len() > 70);
        let known: Vec<&str> = db.exceptions.keys().map(String::as_str).collect();
        let missing: Vec<_> = listed.iter().filter(|id| !known.contains(id)).collect();
        let custom = |id: &&&str| id.starts_with("AdditionRef-");
        let extra: Vec<_> = known.iter().filter(|id| !listed.contains(id)).collect();
        let extra: Vec<_> = extra.into_iter().filter(|id| !custom(id)).collect();
        assert!(missing.is_empty() && extra.is_empty(), "missing {missing:?}, extra {extra:?}");
    }

    #[test]
    fn every_license_of_the_list_has_a_text() {
        let db = Licenses::builtin();
        let texts = db.texts();
        // Stems that the spdx crate adds; the list itself has only their `-only` and
        // `-or-later` forms.
        // What a deprecated id says of a license and its exception is in the texts of the two.
        let pair = |id: &str| db.successor(id).is_some_and(|s| s.contains(" WITH "));
        let stem = |id: &&str| id.ends_with("invariants") || pair(id);
        for id in license_ids().filter(|id| !stem(id)) {
            assert!(
                texts.iter().any(|t| t.id == id && !t.header && !t.text.trim().is_empty()),
                "{id} has no text"
            );
        }
    }

    #[test]
    fn every_successor_is_itself_current() {
        let db = Licenses::builtin();
        for (old, new) in &db.deprecated {
            let expr = db.parse(new).unwrap_or_else(|e| panic!("{old} -> {new}: {e:?}"));
            assert_eq!(&expr.to_string(), new, "{old} is replaced by something deprecated");
        }
    }

    #[test]
    fn an_exception_softens_copyleft_and_nothing_else() {
        let db = Licenses::builtin();
        let category = |s: &str| match db.parse(s).unwrap() {
            Expr::Term(t) => db.category(&t),
            other => panic!("{other} is no term"),
        };
        assert_eq!(category("GPL-2.0-only"), Some(Category::StrongCopyleft));
        assert_eq!(
            category("GPL-2.0-only WITH Classpath-exception-2.0"),
            Some(Category::WeakCopyleft)
        );
        assert_eq!(category("Apache-2.0 WITH LLVM-exception"), Some(Category::Permissive));
        assert_eq!(category("MPL-2.0+"), category("MPL-2.0"));
        assert_eq!(category("LicenseRef-ours"), None);
    }

    #[test]
    fn a_misspelt_id_has_a_closest_one() {
        let db = Licenses::builtin();
        assert_eq!(db.closest("GPL-2.0-onyl"), Some("GPL-2.0-only"));
        assert_eq!(db.closest("Apache2.0"), Some("Apache-2.0"));
        assert_eq!(db.closest("zzzzzz"), None);
        assert_eq!(db.closest_exception("Classpath-exception"), Some("Classpath-exception-2.0"));
    }
}
