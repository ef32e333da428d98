// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Whether rules do what they are for: rules that can be read and are of no use, because nothing
//! can match them or their words are another's, and examples that are found as something else.

use std::collections::HashMap;
use std::ops::Range;

use super::automaton::Automaton;
use super::{Detector, tokens};
use crate::diag::{Mistake, Mistakes};
use crate::licenses::Licenses;
use crate::licenses::rules::{Complaints, Rule, RuleKind};
use crate::model::FileKind;

/// What has which words.
pub struct Words<'a>(HashMap<Vec<u64>, Owner<'a>>);

#[derive(Clone, Copy)]
enum Owner<'a> {
    License(&'a str),
    Rule(&'a Rule),
}

impl<'a> Words<'a> {
    /// The words of all license texts of a database.
    fn of_texts(licenses: &'a Licenses) -> Words<'a> {
        let mut owners = HashMap::new();
        for text in licenses.texts() {
            owners.entry(tokens::words(text.text)).or_insert(Owner::License(text.id));
        }
        Words(owners)
    }

    /// The words of all license texts and rules of a database.
    pub fn of(licenses: &'a Licenses) -> Words<'a> {
        let mut all = Words::of_texts(licenses);
        for rule in licenses.rules() {
            all.0.entry(tokens::words(&rule.text)).or_insert(Owner::Rule(rule));
        }
        all
    }

    /// For people: what has exactly the words of this text.
    pub fn owner(&self, text: &str) -> Option<String> {
        self.owner_of(&tokens::words(text))
    }

    fn owner_of(&self, words: &[u64]) -> Option<String> {
        match self.0.get(words)? {
            Owner::License(id) => Some(format!("the text of {id}")),
            Owner::Rule(rule) => Some(format!("the rule {}", rule.source.path)),
        }
    }
}

/// Whether a text has words that are compared.
pub fn has_words(text: &str) -> bool {
    !tokens::words(text).is_empty()
}

/// Everything that is wrong with the rules of a detector's database beyond their form, by file.
pub fn check(detector: &Detector) -> Vec<Mistakes> {
    let licenses = detector.licenses;
    let mut wrong = Complaints::default();
    let mut known = Words::of_texts(licenses);
    let mut rules: Vec<&Rule> = licenses.rules().iter().collect();
    // Of two with the same words the user's own is the one to change.
    rules.sort_by_key(|r| !r.source.builtin);
    for rule in rules {
        wrong.add(&rule.source, useless(&mut known, rule).into_iter().collect());
        wrong.add(&rule.source, misfound(detector, rule));
    }
    wrong.into_list()
}

/// What makes a rule useless, whatever it says. Its words are known from then on.
fn useless<'a>(known: &mut Words<'a>, rule: &'a Rule) -> Option<Mistake> {
    let own = tokens::words(&rule.text);
    let mistake = |message: String, help: &str| Mistake {
        message,
        span: first_line(rule),
        label: String::new(),
        help: Some(help.into()),
    };
    if own.is_empty() {
        let message = "the rule has no words that are compared".to_owned();
        return Some(mistake(message, "words are ASCII letters and digits, copyright lines apart"));
    }
    if let Some(owner) = known.owner_of(&own) {
        return Some(mistake(format!("these are the words of {owner}"), "remove one of the two"));
    }
    known.0.insert(own, Owner::Rule(rule));
    None
}

/// The words of a rule and its examples, where they are not found as they should be.
fn misfound(detector: &Detector, rule: &Rule) -> Vec<Mistake> {
    let find = |text: &str| {
        detector.detect(text.as_bytes(), FileKind::Plain).expression.map(|e| e.to_string())
    };
    let says = |expression: &Option<String>| match (&rule.expression, expression) {
        (Some(own), Some(found)) if rule.exception => {
            detector.licenses.parse(found).is_ok_and(|e| e.ids().contains(&own.as_str()))
        }
        (own, found) => own == found,
    };
    let wanted = rule.expression.as_deref().unwrap_or("nothing");
    let mistake = |span: &Range<usize>, message: String, help: &str| Mistake {
        message,
        span: span.clone(),
        label: String::new(),
        help: Some(help.into()),
    };
    let mut wrong = Vec::new();
    if let Some(own) = in_its_place(rule) {
        let found = find(&own);
        if !says(&found) {
            let found = found.as_deref().unwrap_or("nothing");
            let message = format!("the rule's own words are found as {found}, not as {wanted}");
            let help = "change or remove the rule: something else in the database is met first \
                        in these words, or they are never looked for";
            wrong.push(mistake(&first_line(rule), message, help));
        }
    }
    let help = "change the example or the rule's words";
    for e in &rule.examples {
        let found = find(&e.text);
        if !says(&found) {
            let found = found.as_deref().unwrap_or("nothing");
            let message = format!("the example is found as {found}, not as {wanted}");
            wrong.push(mistake(&e.span, message, help));
        }
    }
    for e in &rule.counterexamples {
        if says(&find(&e.text)) {
            let message = format!("the counterexample is found as {wanted}");
            wrong.push(mistake(&e.span, message, help));
        }
    }
    wrong
}

/// The words of a rule where they would be met: near other words about licenses, those of an
/// exception behind a license. `None` if there are none, or if words of this kind are never met by
/// themselves.
fn in_its_place(rule: &Rule) -> Option<String> {
    match rule.kind {
        RuleKind::Intro | RuleKind::Clue => None,
        _ if !has_words(&rule.text) => None,
        _ if rule.exception => {
            Some(format!("GNU General Public License, version 2\n{}\n", rule.text))
        }
        _ => Some(format!("{}\n\n(keep this intact)\n", rule.text)),
    }
}

/// Where the first line of a rule's words stands in its file.
fn first_line(rule: &Rule) -> Range<usize> {
    let text = &rule.source.text;
    rule.body..text[rule.body..].find('\n').map_or(text.len(), |n| rule.body + n)
}

/// The rules whose words stand in a text one after the other, with the first place of each,
/// in the order of the places.
pub fn met<'a>(rules: &'a [Rule], text: &str) -> Vec<(&'a Rule, Range<usize>)> {
    let own = (0u32..).zip(rules).map(|(n, rule)| (tokens::words(&rule.text), n));
    let automaton = Automaton::new(own);
    let here = tokens::tokenize(text.as_bytes(), 0..text.len());
    let mut places: Vec<Option<Range<usize>>> = vec![None; rules.len()];
    for at in 0..here.len() {
        automaton.matches(&here[at..], |len, n| {
            let place = || here[at].start as usize..here[at + len - 1].end as usize;
            places[n as usize].get_or_insert_with(place);
        });
    }
    let mut met: Vec<_> =
        rules.iter().zip(places).filter_map(|(rule, place)| Some((rule, place?))).collect();
    met.sort_by_key(|(_, place)| (place.start, std::cmp::Reverse(place.end)));
    met
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::licenses::rules::Source;

    fn laid(files: &[(&str, &str)]) -> &'static Licenses {
        let files = files.iter().map(|(name, text)| Source::new(name, (*text).to_owned()));
        Box::leak(Box::new(Licenses::overlay(files.collect()).unwrap()))
    }

    #[test]
    fn rules_of_no_use_are_named_and_of_two_alike_the_users_own() {
        let builtin = &Source::builtin()[0];
        let again = format!("{}\n–\n", builtin.text);
        let db = laid(&[
            ("a.RULE", "---\nis_license_intro: yes\n---\nThe zebra.\n"),
            ("b.RULE", "---\nis_license_clue: yes\nlicense_expression: mit\n---\nthe: zebra\n"),
            ("c.RULE", "---\nis_license_intro: yes\n---\n斑马\n"),
            ("d.RULE", &again),
        ]);
        let found = check(&Detector::new(db));
        let shown =
            |m: &Mistakes| format!("{}: {}", &m.text[m.list[0].span.clone()], m.list[0].message);
        let shown: Vec<String> = found.iter().map(shown).collect();
        assert_eq!(shown[0], "the: zebra: these are the words of the rule a.RULE");
        assert_eq!(shown[1], "斑马: the rule has no words that are compared");
        let own = db.rules().iter().find(|r| r.name == "d.RULE").unwrap();
        let line = own.source.text[own.body..].lines().next().unwrap();
        let owner = format!("{line}: these are the words of the rule {}", builtin.path);
        assert_eq!(shown[2..], [owner]);
        assert!(found.iter().all(|m| m.list.len() == 1), "{found:?}");
    }

    #[test]
    fn rules_are_met_where_their_words_stand_one_after_the_other() {
        let db = laid(&[
            ("a.RULE", "---\nis_license_intro: yes\n---\nthe zebra gallops\n"),
            ("b.RULE", "---\nis_license_intro: yes\n---\nthe {{zebra}}\n"),
            ("c.RULE", "---\nis_license_intro: yes\n---\n–\n"),
        ]);
        let text = "the horse; the ZEBRA // gallops, the zebra";
        let met: Vec<(&str, &str)> =
            met(db.rules(), text).into_iter().map(|(r, p)| (r.name.as_str(), &text[p])).collect();
        assert_eq!(met, [("a.RULE", "the ZEBRA // gallops"), ("b.RULE", "the ZEBRA")]);
    }
}
