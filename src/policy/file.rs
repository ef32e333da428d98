// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The policy file format, version 1 (TOML 1.0). `policies/README.md` documents it.
//!
//! The file is walked rather than deserialised, because the first mistake must not hide
//! the others: all of them are reported with their place.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::{Policy, Rule};
use crate::diag::{Mistake, Mistakes, did_you_mean};
use crate::licenses::expression::{Expr, Term};
use crate::licenses::{Category, Licenses};
use crate::model::Outcome;

/// The version of the format that is read.
const VERSION: &str = "1";

/// Reads the text of a policy file; `name` is how mistakes call it.
pub(super) fn read(name: &str, text: &str, licenses: &Licenses) -> Result<Policy, Mistakes> {
    let mut reader = Reader { mistakes: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    for e in errors {
        let span = e.span().unwrap_or(0..0);
        reader.mistake(span, format!("not TOML: {}", e.message().trim()), "", None);
    }
    let policy = reader.policy(name, document.get_ref(), licenses);
    if !reader.mistakes.is_empty() {
        return Err(Mistakes { file: name.into(), text: text.into(), list: reader.mistakes });
    }
    let digest = Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect();
    Ok(Policy { digest, ..policy })
}

struct Reader {
    mistakes: Vec<Mistake>,
}

type Entry<'a, 'i> = (&'a Spanned<Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

impl Reader {
    fn mistake(&mut self, span: Range<usize>, message: String, label: &str, help: Option<String>) {
        self.mistakes.push(Mistake { message, span, label: label.into(), help });
    }

    fn policy(&mut self, name: &str, document: &DeTable<'_>, licenses: &Licenses) -> Policy {
        let mut policy = Policy {
            name: name.to_owned(),
            origin: name.to_owned(),
            digest: String::new(),
            licenses: BTreeMap::new(),
            categories: BTreeMap::new(),
            unknown: otherwise("unknown", Outcome::Review, "no license list knows this license"),
            unnamed: otherwise(
                "unnamed",
                Outcome::Review,
                "the policy says nothing of this category",
            ),
            none: otherwise("none", Outcome::Allow, "no license was found"),
        };
        let mut versioned = false;
        for (key, value) in document {
            match key.get_ref().as_ref() {
                "version" => {
                    versioned = true;
                    self.version(value);
                }
                "name" => policy.name = self.text("name", value).unwrap_or_default(),
                "description" => {
                    self.text("description", value);
                }
                "licenses" => {
                    for (key, value) in self.table("licenses", value) {
                        self.license(key, value, licenses, &mut policy.licenses);
                    }
                }
                "categories" => {
                    for (key, value) in self.table("categories", value) {
                        self.category(key, value, &mut policy.categories);
                    }
                }
                "otherwise" => {
                    for (key, value) in self.table("otherwise", value) {
                        let slot = match key.get_ref().as_ref() {
                            "unknown" => &mut policy.unknown,
                            "unnamed" => &mut policy.unnamed,
                            "none" => &mut policy.none,
                            _ => {
                                self.unknown_key(key, &["unknown", "unnamed", "none"]);
                                continue;
                            }
                        };
                        let reason = slot.reason.clone();
                        if let Some(rule) = self.rule(slot.id.clone(), value, &reason) {
                            *slot = rule;
                        }
                    }
                }
                _ => self.unknown_key(
                    key,
                    &["version", "name", "description", "categories", "licenses", "otherwise"],
                ),
            }
        }
        if !versioned {
            let help = "write `version = 1` at the top".to_owned();
            self.mistake(0..0, "the policy does not say its format version".into(), "", Some(help));
        }
        policy
    }

    fn version(&mut self, value: &Spanned<DeValue<'_>>) {
        if value.get_ref().as_integer().map(DeInteger::as_str) != Some(VERSION) {
            let help = format!("this lictor reads version {VERSION}");
            self.mistake(value.span(), "unknown format version".into(), "", Some(help));
        }
    }

    fn text(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong_type(key, "a string", value);
        }
        text
    }

    fn table<'a, 'i>(&mut self, key: &str, value: &'a Spanned<DeValue<'i>>) -> Vec<Entry<'a, 'i>> {
        match value.get_ref().as_table() {
            Some(table) => table.iter().collect(),
            None => {
                self.wrong_type(key, "a table", value);
                Vec::new()
            }
        }
    }

    fn wrong_type(&mut self, key: &str, wanted: &str, value: &Spanned<DeValue<'_>>) {
        let message = format!("`{key}` must be {wanted}, not {}", value.get_ref().type_str());
        self.mistake(value.span(), message, "", None);
    }

    fn unknown_key(&mut self, key: &Spanned<Cow<'_, str>>, known: &[&str]) {
        let help = format!("known here: {}", known.join(", "));
        let message = format!("unknown key `{}`", key.get_ref());
        self.mistake(
            key.span(),
            message,
            "",
            Some(did_you_mean(key.get_ref(), known).unwrap_or(help)),
        );
    }

    fn license(
        &mut self,
        key: &Spanned<Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        licenses: &Licenses,
        rules: &mut BTreeMap<Term, Arc<Rule>>,
    ) {
        if let Some(id) = unquoted(key.get_ref(), value).filter(|id| licenses.parse(id).is_ok()) {
            let help = format!("write it as \"{id}\", since a dot in a bare key makes a table");
            self.mistake(key.span(), format!("`{id}` needs quotes"), "", Some(help));
            return;
        }
        let parsed = licenses.parse(key.get_ref());
        let rule = |term: &Term| format!("license:{term}");
        match parsed {
            Err(e) => {
                self.mistake(key.span(), e.message, "", e.help);
                self.rule(String::new(), value, "");
            }
            Ok(Expr::Term(term)) => {
                let reason = format!("the policy names {term}");
                let Some(rule) = self.rule(rule(&term), value, &reason) else { return };
                if rules.contains_key(&term) {
                    let message = format!("`{term}` is named twice");
                    let help = "deprecated ids count as those that replace them; keep one line";
                    self.mistake(key.span(), message, "", Some(help.into()));
                }
                rules.insert(term, rule);
            }
            Ok(expr) => {
                let message = format!("`{expr}` is more than one license");
                let help = "name one license, or one license WITH one exception, per line";
                self.mistake(key.span(), message, "", Some(help.into()));
                self.rule(String::new(), value, "");
            }
        }
    }

    fn category(
        &mut self,
        key: &Spanned<Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        rules: &mut BTreeMap<Category, Arc<Rule>>,
    ) {
        let name = key.get_ref().as_ref();
        let reason = format!("the policy names the category {name}");
        let rule = self.rule(format!("category:{name}"), value, &reason);
        match name.parse::<Category>() {
            Ok(category) => rules.extend(rule.map(|r| (category, r))),
            Err(_) => {
                let known = Category::ALL.map(Category::as_str);
                let help = did_you_mean(name, &known)
                    .unwrap_or_else(|| format!("known are: {}", known.join(", ")));
                self.mistake(key.span(), format!("unknown category `{name}`"), "", Some(help));
            }
        }
    }

    /// `"deny"`, or `{ outcome = "deny", reason = "...", remedy = "..." }`.
    fn rule(
        &mut self,
        id: String,
        value: &Spanned<DeValue<'_>>,
        reason: &str,
    ) -> Option<Arc<Rule>> {
        let mut outcome = None;
        let (mut reason, mut remedy) = (reason.to_owned(), None);
        match value.get_ref() {
            DeValue::String(word) => outcome = self.outcome(word, value.span()),
            DeValue::Table(table) => {
                let mut said = false;
                for (key, value) in table {
                    match key.get_ref().as_ref() {
                        "outcome" => {
                            said = true;
                            if let Some(word) = self.text("outcome", value) {
                                outcome = self.outcome(&word, value.span());
                            }
                        }
                        "reason" => reason = self.text("reason", value).unwrap_or_default(),
                        "remedy" => remedy = self.text("remedy", value),
                        _ => self.unknown_key(key, &["outcome", "reason", "remedy"]),
                    }
                }
                if !said {
                    let help = "add `outcome = \"allow\"`, `\"review\"` or `\"deny\"`".to_owned();
                    self.mistake(value.span(), "the rule has no outcome".into(), "", Some(help));
                }
            }
            _ => self.wrong_type("rule", "an outcome or a table with one", value),
        }
        let outcome = outcome?;
        let remedy = remedy.unwrap_or_else(|| default_remedy(outcome).to_owned());
        Some(Arc::new(Rule { id, outcome, reason, remedy }))
    }

    fn outcome(&mut self, word: &str, span: Range<usize>) -> Option<Outcome> {
        let known = Outcome::ALL.map(Outcome::as_str);
        let outcome = word.parse().ok();
        if outcome.is_none() {
            let help = did_you_mean(word, &known)
                .unwrap_or_else(|| format!("an outcome is one of: {}", known.join(", ")));
            self.mistake(span, format!("unknown outcome `{word}`"), "", Some(help));
        }
        outcome
    }
}

/// The id that was meant by `GPL-2.0-only = "deny"`, which TOML takes apart at the dot.
fn unquoted(key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
    let table = value.get_ref().as_table()?;
    let (next, value) = table.iter().next().filter(|_| table.len() == 1)?;
    let next = next.get_ref().as_ref();
    if matches!(next, "outcome" | "reason" | "remedy") {
        return None;
    }
    let id = format!("{key}.{next}");
    unquoted(&id, value).or(Some(id))
}

fn otherwise(id: &str, outcome: Outcome, reason: &str) -> Arc<Rule> {
    Arc::new(Rule {
        id: format!("otherwise:{id}"),
        outcome,
        reason: reason.into(),
        remedy: default_remedy(outcome).into(),
    })
}

fn default_remedy(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "nothing",
        Outcome::Review => "ask the open source office before shipping it",
        Outcome::Deny => "remove or replace it, or ask the open source office",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        match read("p.toml", text, Licenses::builtin()) {
            Ok(_) => Vec::new(),
            Err(m) => {
                m.list.iter().map(|m| format!("{}: {}", &text[m.span.clone()], m.message)).collect()
            }
        }
    }

    #[test]
    fn every_mistake_is_reported_at_its_place() {
        let text = "version = 2\ncolour = 'red'\n[licenses]\nMTI = 'allow'\n\
                    'MIT OR ISC' = 'allow'\nISC = 'alow'\n\
                    [categories]\npermisive = 'allow'\nfont = { reason = 'x' }\ndata = 3\n\
                    [otherwise]\nnone = { outcome = 'deny', remdy = '' }\n";
        let found = mistakes(text);
        for expected in [
            "2: unknown format version",
            "colour: unknown key `colour`",
            "MTI: unknown license id `MTI`",
            "'MIT OR ISC': `MIT OR ISC` is more than one license",
            "'alow': unknown outcome `alow`",
            "permisive: unknown category `permisive`",
            "{ reason = 'x' }: the rule has no outcome",
            "3: `rule` must be an outcome or a table with one, not integer",
            "remdy: unknown key `remdy`",
        ] {
            assert!(found.iter().any(|f| f == expected), "{expected} is not in {found:#?}");
        }
        assert_eq!(found.len(), 9, "{found:#?}");
    }

    #[test]
    fn broken_toml_is_reported_with_what_can_still_be_read() {
        let found = mistakes("version = 1\nname = \n[licenses]\nMIT = 'nope'\n");
        assert!(found.iter().any(|f| f.contains("not TOML")), "{found:?}");
        assert!(found.iter().any(|f| f.contains("unknown outcome `nope`")), "{found:?}");
    }

    #[test]
    fn one_license_under_two_names_is_a_mistake() {
        let found =
            mistakes("version = 1\n[licenses]\n'GPL-2.0' = 'deny'\n'GPL-2.0-only' = 'allow'\n");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("named twice"));
    }

    #[test]
    fn an_empty_file_lacks_its_version() {
        assert_eq!(mistakes(""), [": the policy does not say its format version"]);
    }
}
