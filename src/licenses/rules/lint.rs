// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Rules that can be read and are of no use: words that nothing can match, and words that
//! are another's.

use std::collections::HashMap;
use std::ops::Range;

use super::{Complaints, Rule, words};
use crate::diag::Mistakes;
use crate::licenses::Licenses;

/// Words as they are compared.
pub fn comparable(text: &str) -> String {
    words(text).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

/// What has which words.
pub struct Words<'a>(HashMap<String, Owner<'a>>);

#[derive(Clone, Copy)]
enum Owner<'a> {
    License(&'a str),
    Rule(&'a Rule),
}

impl<'a> Words<'a> {
    /// The words of all license texts of a database.
    pub fn of_texts(licenses: &'a Licenses) -> Words<'a> {
        let mut owners = HashMap::new();
        for text in licenses.texts() {
            owners.entry(comparable(text.text)).or_insert(Owner::License(text.id));
        }
        Words(owners)
    }

    /// The words of all license texts and rules of a database.
    pub fn of(licenses: &'a Licenses) -> Words<'a> {
        let mut all = Words::of_texts(licenses);
        for rule in licenses.rules() {
            all.0.entry(comparable(&rule.text)).or_insert(Owner::Rule(rule));
        }
        all
    }

    /// For people: what has exactly the words of this text.
    pub fn owner(&self, text: &str) -> Option<String> {
        match self.0.get(&comparable(text))? {
            Owner::License(id) => Some(format!("the text of {id}")),
            Owner::Rule(rule) => Some(format!("the rule {}", rule.source.path)),
        }
    }
}

/// Where the first line of a rule's words stands in its file.
pub fn first_line(rule: &Rule) -> Range<usize> {
    let text = &rule.source.text;
    rule.body..text[rule.body..].find('\n').map_or(text.len(), |n| rule.body + n)
}

/// Everything that makes rules useless, by file.
pub fn lint(licenses: &Licenses) -> Vec<Mistakes> {
    let mut wrong = Complaints::default();
    let mut known = Words::of_texts(licenses);
    let mut rules: Vec<&Rule> = licenses.rules().iter().collect();
    // Of two with the same words the user's own is the one to change.
    rules.sort_by_key(|r| !r.source.builtin);
    for rule in rules {
        let place = first_line(rule);
        let own = comparable(&rule.text);
        if own.is_empty() {
            let message = "the rule has no words that are compared".to_owned();
            wrong.one(&rule.source, place, message, "words are ASCII letters and digits");
            continue;
        }
        match known.owner(&rule.text) {
            Some(owner) => {
                let message = format!("these are the words of {owner}");
                wrong.one(&rule.source, place, message, "remove one of the two");
            }
            None => {
                known.0.insert(own, Owner::Rule(rule));
            }
        }
    }
    wrong.into_list()
}
