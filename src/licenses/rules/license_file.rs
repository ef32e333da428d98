// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `.LICENSE` files: licenses that no list has, and what keys in expressions mean.

use std::collections::HashMap;
use std::sync::Arc;

use super::fields::{Fields, Shape};
use super::front::Scalar;
use super::{Complaints, Custom, Database, Keys, Meaning, Source, rule_file};
use crate::diag::did_you_mean;
use crate::licenses::expression::is_reference;
use crate::licenses::{Category, Licenses};

/// The keys that only a license file may have. What only describes the license is accepted and
/// not used.
const KEYS: [(&str, Shape); 18] = [
    ("key", Shape::Text),
    ("short_name", Shape::Text),
    ("name", Shape::Text),
    ("category", Shape::Text),
    ("owner", Shape::Text),
    ("homepage_url", Shape::Text),
    ("spdx_license_key", Shape::Text),
    ("other_spdx_license_keys", Shape::List),
    ("osi_license_key", Shape::Text),
    ("is_unknown", Shape::Flag),
    ("is_generic", Shape::Flag),
    ("is_builtin", Shape::Flag),
    ("key_aliases", Shape::List),
    ("text_urls", Shape::List),
    ("osi_url", Shape::Text),
    ("faq_url", Shape::Text),
    ("other_urls", Shape::List),
    ("standard_notice", Shape::Text),
];

/// ScanCode's names of categories. They are coarser than lictor's own.
const CATEGORIES: [(&str, Category); 11] = [
    ("Permissive", Category::Permissive),
    ("Copyleft", Category::StrongCopyleft),
    ("Copyleft Limited", Category::WeakCopyleft),
    ("Public Domain", Category::PublicDomain),
    ("Proprietary Free", Category::ProprietaryFree),
    // Free but for some uses, which is what lictor calls source-available.
    ("Free Restricted", Category::SourceAvailable),
    ("Source-available", Category::SourceAvailable),
    // The nearest there is: not open, and denied or looked at wherever that is.
    ("Commercial", Category::ProprietaryFree),
    // What contributors grant says nothing of what anyone else may do.
    ("CLA", Category::Unstated),
    ("Patent License", Category::Patent),
    ("Unstated License", Category::Unstated),
];

struct File<'a> {
    source: &'a Arc<Source>,
    fields: Fields,
    key: Scalar,
}

/// The key of a license file, if it can be read.
pub(super) fn key(source: &Source) -> Option<String> {
    Fields::read(source, &KEYS).text("key").map(|s| s.text.clone())
}

/// Reads license files. `db` learns the ids that they define, so that expressions may use
/// them; what their keys mean is given back.
pub(super) fn read<'a>(
    db: &mut Licenses,
    sources: impl Iterator<Item = &'a Arc<Source>>,
    database: &mut Database,
    wrong: &mut Complaints,
) -> Keys {
    let mut files: Vec<File<'a>> = Vec::new();
    let mut seen: HashMap<String, &'a Source> = HashMap::new();
    for source in sources {
        let mut fields = Fields::read(source, &KEYS);
        if !fields.found {
            wrong.add(source, fields.mistakes);
            continue;
        }
        let Some(key) = fields.text("key").cloned() else {
            let help = "add `key:` with the name by which rules call the license";
            fields.mistake(0..3, "the license has no key", help);
            wrong.add(source, fields.mistakes);
            continue;
        };
        if let Some(other) = seen.insert(key.text.clone(), source) {
            let message = format!("the key `{}` is taken by {}", key.text, other.path);
            fields.mistake(key.span.clone(), message, "give each license its own key");
            wrong.add(source, fields.mistakes);
            continue;
        }
        files.push(File { source, fields, key });
    }
    let mut keys = Keys::new();
    let mut replaced = Vec::new();
    for mut file in files {
        match define(db, &mut file, &mut keys, database) {
            true => wrong.add(file.source, file.fields.mistakes),
            false => replaced.push(file),
        }
    }
    // What replaces a deprecated key may use any other key.
    for mut file in replaced {
        let list = file.fields.list("replaced_by").to_vec();
        let meant: Vec<(String, bool)> = list
            .iter()
            .filter_map(|s| rule_file::resolve(db, &keys, s, &mut file.fields))
            .collect();
        // Of several, nothing says how they belong together.
        if let [(expression, exception)] = &meant[..] {
            let meaning = match exception {
                true => Meaning { addition: Some(expression.clone()), license: None },
                false => Meaning { license: Some(nestable(expression)), addition: None },
            };
            keys.insert(file.key.text.clone(), meaning);
        }
        wrong.add(file.source, file.fields.mistakes);
    }
    keys
}

/// An expression as it can stand inside another.
fn nestable(expression: &str) -> String {
    let compound = expression.contains(" AND ") || expression.contains(" OR ");
    if compound { format!("({expression})") } else { expression.to_owned() }
}

/// Takes up what one license file defines; `false` if that hangs on other files.
fn define(
    db: &mut Licenses,
    file: &mut File<'_>,
    keys: &mut Keys,
    database: &mut Database,
) -> bool {
    let File { source, fields, key } = file;
    let written = fields.text("spdx_license_key").cloned();
    let deprecated = fields.flag("is_deprecated");
    if deprecated && written.is_none() && !fields.list("replaced_by").is_empty() {
        return false;
    }
    let exception = fields.flag("is_exception");
    let category = category(fields);
    let others: Vec<String> =
        fields.list("other_spdx_license_keys").iter().map(|s| s.text.clone()).collect();
    let outside = written.as_ref().is_none_or(|w| is_reference(&w.text));
    if let Some(written) = written.as_ref().filter(|_| !outside) {
        let bare = written.text.strip_suffix('+').unwrap_or(&written.text);
        // `GPL-2.0-with-GCC-exception` and its like are licenses of the list, whatever is said.
        let addition = db.exception_id(bare).filter(|_| exception || db.license_id(bare).is_none());
        let known = addition.or_else(|| db.license_id(bare));
        let Some(known) = known else {
            let closest = if exception { db.closest_exception(bare) } else { db.closest(bare) };
            let help = closest.map_or_else(
                || "write an id of the SPDX list, or a `LicenseRef-` of your own".to_owned(),
                |c| format!("did you mean `{c}`?"),
            );
            let message = format!("the SPDX list has no `{}`", written.text);
            fields.mistake(written.span.clone(), message, &help);
            return true;
        };
        // ScanCode's categories are coarser than what lictor knows of the list.
        if let Some((category, true)) = category {
            database.categories.insert(known.to_owned(), category);
        }
        let meaning = match addition {
            Some(id) => Meaning { addition: Some(id.to_owned()), license: None },
            None => Meaning { license: Some(respelt(&written.text, known)), addition: None },
        };
        keys.insert(key.text.clone(), meaning);
        return true;
    }
    let prefix = if exception { "AdditionRef-" } else { "LicenseRef-" };
    let (stem, place) = match &written {
        Some(w) => (w.text.split_once('-').map_or("", |(_, stem)| stem), &w.span),
        None => (key.text.as_str(), &key.span),
    };
    let stem = if written.is_none() { stem.replace('_', "-") } else { stem.to_owned() };
    if stem.is_empty() || !stem.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
    {
        let help = "an SPDX id has only letters, digits, `-` and `.`";
        fields.mistake(place.clone(), format!("`{stem}` cannot be part of an SPDX id"), help);
        return true;
    }
    let id = format!("{prefix}{stem}");
    let taken = db.license_id(&id).or_else(|| db.exception_id(&id));
    if let Some(taken) = taken {
        fields.mistake(
            place.clone(),
            format!("`{taken}` is defined by another file"),
            "give each license its own id",
        );
        return true;
    }
    let meaning = Meaning {
        license: Some(format!("LicenseRef-{stem}")),
        addition: Some(format!("AdditionRef-{stem}")),
    };
    for other in written.iter().map(|w| &w.text).chain(&others).filter(|o| is_reference(o)) {
        keys.entry(other.clone()).or_insert_with(|| meaning.clone());
    }
    keys.insert(key.text.clone(), meaning);
    let category = category.map(|(c, _)| c);
    if category.is_none() && !deprecated && fields.text("category").is_none() {
        let known = CATEGORIES.map(|(name, _)| name).join(", ");
        let help = format!("add `category:` with one of {known}, or one of lictor's own");
        fields.mistake(key.span.clone(), "a license that no list has needs a category", &help);
    }
    let name = fields.text("name").or(fields.text("short_name")).unwrap_or(key).text.clone();
    let text = source.text[fields.body.clone()].trim().to_owned();
    let custom = Custom {
        // The ids and texts of the list live as long as the process; so do these, a few
        // hundred bytes to a few kilobytes each, read once.
        id: id.leak(),
        key: key.text.clone(),
        name,
        category: category.unwrap_or(Category::Unstated),
        exception,
        text: text.leak(),
        source: Arc::clone(source),
    };
    db.learn(&custom, &stem);
    database.customs.push(custom);
    true
}

/// The list's spelling of an id, with the `+` that was written behind it.
fn respelt(written: &str, known: &str) -> String {
    if written.ends_with('+') { format!("{known}+") } else { known.to_owned() }
}

/// The category that a file gives, and whether it is in lictor's own words.
fn category(fields: &mut Fields) -> Option<(Category, bool)> {
    let word = fields.text("category")?.clone();
    let theirs = CATEGORIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&word.text));
    // `permissive` and `source-available` are words of both.
    let own = Category::ALL.into_iter().find(|c| c.as_str() == word.text);
    let found = own.map(|c| (c, true)).or(theirs.map(|(_, c)| (*c, false)));
    if found.is_none() {
        let known: Vec<&str> =
            CATEGORIES.iter().map(|(n, _)| *n).chain(Category::ALL.map(Category::as_str)).collect();
        let help = did_you_mean(&word.text, &known)
            .unwrap_or_else(|| format!("known are: {}", known.join(", ")));
        fields.mistake(word.span, format!("unknown category `{}`", word.text), &help);
    }
    found
}
