// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

use super::places::Places;
use super::*;
use crate::diag::Mistakes;

fn db() -> &'static Licenses {
    Licenses::builtin()
}

fn policy(text: &str) -> Policy {
    let shown = |m: &Mistakes| m.render(false);
    file::read("p.toml", text, &file::Nowhere, db())
        .unwrap_or_else(|m| panic!("{}", m.iter().map(shown).collect::<String>()))
}

/// What follows for an expression that is known by a tag, in a file with this path.
fn at(policy: &Policy, path: &str, expr: &str) -> Decision {
    let around = Surroundings { checkout: b"/r", branch: Some("main") };
    let mut places = Places::new(policy, db(), around);
    let component = path.rsplit_once("//").map_or("", |(component, _)| component);
    let path = path.replace("//", "/");
    let place = places.of(path.as_bytes(), component.as_bytes(), None);
    let expr = db().parse(expr).ok();
    let profile = expr.as_ref().map(|e| format!("tag 100 - {e}\n")).unwrap_or_default();
    policy.decide(db(), expr.as_ref(), &profile, places.get(place))
}

fn decide(policy: &Policy, expr: &str) -> (Outcome, Option<String>, Vec<String>) {
    let d = at(policy, "x.c", expr);
    let rules = d.breaches.iter().map(|b| format!("{} by {}", b.license, b.rule.id)).collect();
    (d.outcome, d.choice, rules)
}

use Outcome::{Allow, Deny, Review};

#[test]
fn or_takes_the_best_and_remembers_it_and_takes_the_worst() {
    let p = Policy::builtin(db());
    let gpl = "GPL-2.0-only by category:strong-copyleft".to_owned();
    let agpl = "AGPL-3.0-only by category:network-copyleft".to_owned();
    for (expr, outcome, choice, rules) in [
        ("MIT", Allow, None, vec![]),
        ("GPL-2.0-only OR MIT", Allow, Some("MIT"), vec![]),
        ("MIT OR Apache-2.0", Allow, Some("Apache-2.0"), vec![]),
        ("GPL-2.0-only AND MIT", Review, None, vec![gpl.clone()]),
        ("GPL-2.0-only AND AGPL-3.0-only", Deny, None, vec![agpl.clone(), gpl.clone()]),
        ("AGPL-3.0-only OR GPL-2.0-only AND MIT", Review, Some("GPL-2.0-only AND MIT"), vec![gpl]),
        ("(AGPL-3.0-only OR MIT) AND ISC", Allow, Some("ISC AND MIT"), vec![]),
        ("LicenseRef-ours", Review, None, vec!["LicenseRef-ours by otherwise:unknown".into()]),
    ] {
        assert_eq!(decide(&p, expr), (outcome, choice.map(str::to_owned), rules), "{expr}");
    }
}

#[test]
fn branches_with_the_same_first_license_are_told_apart_by_the_others() {
    let p = policy("version = 1\n[categories]\npermissive = 'allow'\nstrong-copyleft = 'allow'\n");
    for expr in [
        "GPL-2.0-only AND MIT OR GPL-2.0-only AND ISC",
        "ISC AND GPL-2.0-only OR MIT AND GPL-2.0-only",
    ] {
        assert_eq!(decide(&p, expr).1.as_deref(), Some("GPL-2.0-only AND ISC"), "{expr}");
    }
}

#[test]
fn what_the_office_prefers_is_chosen_among_what_is_equally_good() {
    let p = policy("version = 1\nprefer = ['MIT', 'ISC']\n[categories]\npermissive = 'allow'\n");
    for (expr, choice) in [
        ("Apache-2.0 OR MIT", "MIT"),
        ("ISC OR MIT OR 0BSD", "MIT"),
        ("0BSD OR ISC", "ISC"),
        ("(0BSD AND MIT) OR ISC", "ISC"),
        // What is not allowed is not chosen for being preferred.
        ("(MIT AND AGPL-3.0-only) OR 0BSD", "0BSD"),
    ] {
        assert_eq!(decide(&p, expr).1.as_deref(), Some(choice), "{expr}");
    }
}

#[test]
fn a_pair_is_judged_before_its_license_and_a_license_before_its_category() {
    let p = policy(
        "version = 1\n[categories]\nstrong-copyleft = 'deny'\nweak-copyleft = 'review'\n\
         [licenses]\n'GPL-3.0-only' = 'review'\n'GPL-2.0-only WITH Classpath-exception-2.0' = 'allow'\n",
    );
    let outcome = |e: &str| decide(&p, e).0;
    assert_eq!(outcome("GPL-2.0-only"), Deny);
    assert_eq!(outcome("GPL-3.0-only"), Review);
    assert_eq!(outcome("GPL-2.0-only WITH Classpath-exception-2.0"), Allow);
    assert_eq!(outcome("GPL-3.0-only WITH Classpath-exception-2.0"), Review);
    // A category that the policy does not name is never allowed in silence.
    assert_eq!(decide(&p, "MIT").2, ["MIT by otherwise:unnamed"]);
}

#[test]
fn finding_nothing_is_allowed_unless_the_policy_says_otherwise() {
    assert_eq!(at(&Policy::builtin(db()), "x", "").outcome, Allow);
    let strict = at(&policy("version = 1\n[otherwise]\nnone = 'review'\n"), "x", "");
    assert_eq!((strict.outcome, strict.breaches.len()), (Review, 1));
}

#[test]
fn every_category_has_a_place_in_the_default_policy() {
    let p = Policy::builtin(db());
    let named = |c: &Category| {
        p.rules().any(|r| r.when.categories.as_ref().is_some_and(|list| list.contains(c)))
    };
    assert!(Category::ALL.iter().all(named));
}

#[test]
fn expressions_made_to_explode_are_judged_in_a_walk() {
    let p = Policy::builtin(db());
    let expr = format!("{}0BSD", "(MIT OR GPL-2.0-only) AND ".repeat(300));
    assert_eq!(decide(&p, &expr).1.as_deref(), Some("0BSD AND MIT"));
    let deep = format!("{}0BSD{}", "(GPL-2.0-only AND (MIT OR ".repeat(200), "))".repeat(200));
    let decision = decide(&p, &deep);
    assert_eq!((decision.0, decision.1.as_deref()), (Review, Some("GPL-2.0-only AND MIT")));
}

#[test]
fn a_license_may_be_fine_in_one_context_and_denied_in_another() {
    let p = policy(
        "version = 1\n[contexts]\ninternal = 'tools/**'\n\
         [categories]\nstrong-copyleft = { outcome = { test = 'allow', internal = 'review', otherwise = 'deny' } }\n",
    );
    for (path, outcome) in [
        ("src/a.c", Deny),
        ("src/tests/a.c", Allow),
        ("tools/a.c", Review),
        ("tools/test/a", Review),
    ] {
        let decision = at(&p, path, "GPL-2.0-only");
        assert_eq!(decision.outcome, outcome, "{path}");
        assert!(decision.breaches.iter().all(|b| b.rule.id == "category:strong-copyleft"));
    }
}

#[test]
fn the_more_specific_rule_wins_wherever_it_stands() {
    let rules = [
        "[[rule]]\nid = 'all'\ncategory = ['strong-copyleft', 'weak-copyleft']\noutcome = 'deny'\n",
        "[[rule]]\nid = 'weak'\ncategory = 'weak-copyleft'\noutcome = 'review'\n",
        "[[rule]]\nid = 'vendor'\ncategory = 'weak-copyleft'\npath = 'vendor/**'\noutcome = 'allow'\n",
        "[[rule]]\nid = 'zlib'\ncategory = 'weak-copyleft'\npath = 'vendor/zlib/**'\noutcome = 'deny'\n",
        "[[rule]]\nid = 'family'\nfamily = 'LGPL'\noutcome = 'review'\nseverity = 'critical'\n",
        "[[rule]]\nid = 'one'\nlicense = 'LGPL-2.1-only'\npath = 'vendor/**'\noutcome = 'allow'\n",
        "[[rule]]\nid = 'either'\ncategory = 'weak-copyleft'\npath = '**/old/**'\nover = ['vendor', 'zlib']\noutcome = 'review'\n",
    ];
    let forward = policy(&format!("version = 1\n{}", rules.concat()));
    let backward: String = rules.iter().rev().copied().collect();
    let backward = policy(&format!("version = 1\n{backward}"));
    for (path, license, rule) in [
        ("a.c", "GPL-2.0-only", "all"),
        ("a.c", "MPL-2.0", "weak"),
        ("vendor/a.c", "MPL-2.0", "vendor"),
        ("vendor/zlib/a.c", "MPL-2.0", "zlib"),
        ("vendor/zlib/old/a.c", "MPL-2.0", "either"),
        ("vendor/a.c", "LGPL-3.0-only", "family"),
        ("vendor/a.c", "LGPL-2.1-only", "one"),
        ("a.c", "LGPL-2.1-only", "family"),
    ] {
        for p in [&forward, &backward] {
            let decision = at(p, path, license);
            assert_eq!(decision.judged[0].rule.id, rule, "{license} in {path}");
        }
    }
}

#[test]
fn rules_ask_for_components_origins_branches_and_checkouts() {
    let p = policy(
        "version = 1\nfirst-party = 'crates/**'\n[categories]\npermissive = 'allow'\nweak-copyleft = 'allow'\n\
         [[rule]]\nid = 'copied'\ncategory = 'permissive'\norigin = 'copied'\noutcome = 'review'\n\
         [[rule]]\nid = 'zlib'\ncategory = 'permissive'\ncomponent = 'vendor/zlib'\norigin = 'copied'\noutcome = 'deny'\n\
         [[rule]]\nid = 'release'\ncategory = 'weak-copyleft'\nbranch = 'release/**'\noutcome = 'deny'\n\
         [[rule]]\nid = 'r'\ncategory = 'font'\ncheckout = '**/r'\nbranch = 'main'\noutcome = 'deny'\n",
    );
    for (path, license, outcome) in [
        ("a.c", "MIT", Allow),
        ("vendor/x//a.c", "MIT", Review),
        ("vendor/zlib//a.c", "MIT", Deny),
        ("crates/x//a.rs", "MIT", Allow),
        ("a.c", "MPL-2.0", Allow),
        ("a.c", "OFL-1.1", Deny),
    ] {
        assert_eq!(at(&p, path, license).outcome, outcome, "{license} in {path}");
    }
}

#[test]
fn rules_ask_how_a_license_is_known() {
    let p = policy(
        "version = 1\n[categories]\npermissive = 'allow'\n\
         [[rule]]\nid = 'altered'\ncategory = 'permissive'\naltered = true\noutcome = 'deny'\n\
         [[rule]]\nid = 'named'\ncategory = 'permissive'\nkind = ['reference', 'unknown']\naltered = false\noutcome = 'review'\n\
         [[rule]]\nid = 'part'\ncategory = 'weak-copyleft'\nmax-score = 89\noutcome = 'deny'\n\
         [[rule]]\nid = 'new'\ncategory = 'font'\nundeclared = true\noutcome = 'deny'\n",
    );
    let around = Surroundings { checkout: b"/r", branch: None };
    let mut places = Places::new(&p, db(), around);
    let declared = Arc::from("MIT");
    let place = places.of(b"a", b"", Some(&declared));
    let outcome = |expr: &str, profile: &str| {
        let expr = db().parse(expr).ok();
        p.decide(db(), expr.as_ref(), profile, places.get(place)).outcome
    };
    assert_eq!(outcome("MIT", "text 97 altered MIT\n"), Deny);
    assert_eq!(outcome("MIT", "text 97 altered MIT\ntag 100 - MIT\n"), Allow);
    assert_eq!(outcome("MIT", "reference 100 - MIT\n"), Review);
    assert_eq!(outcome("MIT", "reference+text 100 - MIT\n"), Allow);
    assert_eq!(outcome("MPL-2.0", "text 88 altered MPL-2.0\n"), Deny);
    assert_eq!(outcome("MPL-2.0", "text 90 altered MPL-2.0\n"), Review);
    assert_eq!(outcome("OFL-1.1", "text 100 - OFL-1.1\n"), Deny);
}

#[test]
fn what_is_given_out_must_be_compatible_with_what_is_inside() {
    let p = policy(
        "version = 1\n[categories]\npermissive = 'allow'\nstrong-copyleft = 'allow'\n\
         [outbound]\n'sdk/**' = 'Apache-2.0'\n'**' = 'GPL-2.0-only'\n",
    );
    for (path, license, outcome) in [
        ("sdk/a.c", "MIT", Allow),
        ("sdk/a.c", "GPL-2.0-only", Deny),
        ("a.c", "GPL-2.0-only", Allow),
        ("a.c", "Apache-2.0", Deny),
        ("a.c", "Apache-2.0 OR MIT", Allow),
    ] {
        let decision = at(&p, path, license);
        assert_eq!(decision.outcome, outcome, "{license} in {path}");
        let rules = decision.breaches.iter().map(|b| b.rule.id.as_str());
        assert!(
            rules.clone().all(|r| r == "otherwise:incompatible"),
            "{:?}",
            rules.collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_lower_layer_can_only_be_stricter_unless_one_above_delegates() {
    let mut p = policy(
        "version = 1\n[categories]\npermissive = 'allow'\nstrong-copyleft = 'deny'\n\
         weak-copyleft = { outcome = 'review', delegate = true }\n\
         [trust]\npolicies = '**/.lictor/policy.toml'\n",
    );
    assert!(p.trusts(b"/r", b"lib/.lictor/policy.toml") && !p.trusts(b"/r", b"lib/policy.toml"));
    let before = p.digest.clone();
    let text = "version = 1\n[categories]\npermissive = 'review'\nstrong-copyleft = 'allow'\n\
                weak-copyleft = 'allow'\n";
    p.lay(b"lib/.lictor/policy.toml", text, db()).unwrap();
    assert_ne!(p.digest, before);
    for (path, license, outcome) in [
        ("lib/a.c", "MIT", Review),
        ("lib/a.c", "GPL-2.0-only", Deny),
        ("lib/a.c", "MPL-2.0", Allow),
        ("libc/a.c", "MPL-2.0", Review),
        ("a.c", "MIT", Allow),
    ] {
        assert_eq!(at(&p, path, license).outcome, outcome, "{license} in {path}");
    }
    let LoadError::Mistakes(files) =
        p.lay(b"x/policy.toml", "version = 1\n[waivers]\nfiles = 'w.toml'\n", db()).unwrap_err()
    else {
        panic!("a repository that waives itself is heard")
    };
    let heard = |m: &crate::diag::Mistake| m.message.contains("no place in a lower layer");
    assert!(files[0].list.iter().any(heard), "{files:?}");
}

#[test]
fn a_profile_is_read_back_as_what_it_was() {
    let m = |expression: &str, kind, basis, score| Match {
        expression: expression.into(),
        kind,
        basis,
        matched: "".into(),
        score,
        start_line: 1,
        end_line: 1,
        words: "".into(),
        hash: [0; 16],
    };
    use crate::model::Basis;
    let text = profile(&[
        m("MIT", MatchKind::Text, Basis::Text, 0.9799),
        m("MIT OR ISC", MatchKind::Tag, Basis::Tag, 1.0),
        m("MIT", MatchKind::Reference, Basis::Name, 1.0),
    ]);
    assert_eq!(text, "reference+text 100 - MIT\ntag 100 - MIT OR ISC\n");
    let read = evidence(&text, db());
    let mit = &read[&Term { license: "MIT".into(), addition: None }];
    assert_eq!((mit.kinds.len(), mit.score, mit.altered), (3, 100, false));
    let text = profile(&[m("ISC", MatchKind::Header, Basis::Header, 0.9)]);
    assert_eq!(text, "header 90 altered ISC\n");
}

/// An expression as a tree, with what its operands are shuffled by.
#[derive(Debug, Clone)]
enum Tree {
    Term(&'static str),
    Join(bool, Vec<(Tree, u8)>),
}

const TERMS: [&str; 9] = [
    "MIT",
    "ISC",
    "GPL-2.0-only",
    "GPL-2.0-only WITH Classpath-exception-2.0",
    "GPL-2.0-or-later",
    "AGPL-3.0-only",
    "BUSL-1.1",
    "OFL-1.1",
    "LicenseRef-ours",
];

fn trees() -> impl Strategy<Value = Tree> {
    let term = proptest::sample::select(&TERMS[..]).prop_map(Tree::Term);
    term.prop_recursive(4, 24, 4, |inner| {
        let parts = proptest::collection::vec((inner, any::<u8>()), 2..5);
        (any::<bool>(), parts).prop_map(|(all, parts)| Tree::Join(all, parts))
    })
}

impl Tree {
    fn text(&self) -> String {
        match self {
            Tree::Term(id) => (*id).to_owned(),
            Tree::Join(all, parts) => {
                let word = if *all { " AND " } else { " OR " };
                let parts: Vec<String> =
                    parts.iter().map(|(p, _)| format!("({})", p.text())).collect();
                parts.join(word)
            }
        }
    }

    /// The same in another order, and with other parentheses.
    fn shuffled(&self) -> String {
        let Tree::Join(all, parts) = self else { return self.text() };
        let word = if *all { " AND " } else { " OR " };
        let mut parts: Vec<&(Tree, u8)> = parts.iter().collect();
        parts.sort_by_key(|(_, n)| *n);
        let mut texts = parts.iter().map(|(p, _)| format!("({})", p.shuffled()));
        let first = texts.next().unwrap_or_default();
        texts.fold(first, |so_far, next| format!("({so_far}{word}{next})"))
    }
}

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_order_and_nesting_of_operands_decide_nothing(
        tree in trees(),
        outcomes in proptest::collection::vec(0..3usize, Category::ALL.len()),
    ) {
        let lines: String = Category::ALL
            .iter()
            .zip(outcomes)
            .map(|(c, o)| format!("{} = '{}'\n", c.as_str(), Outcome::ALL[o].as_str()))
            .collect();
        let p = policy(&format!("version = 1\nprefer = ['ISC']\n[categories]\n{lines}"));
        let (one, other) = (decide(&p, &tree.text()), decide(&p, &tree.shuffled()));
        prop_assert_eq!(one, other, "{} and {}", tree.text(), tree.shuffled());
    }

    #[test]
    fn a_stricter_policy_lets_nothing_pass_that_was_stopped(
        tree in trees(),
        outcomes in proptest::collection::vec(0..3usize, Category::ALL.len()),
        stricter in 0..Category::ALL.len(),
    ) {
        let make = |outcomes: &[usize]| {
            let lines: String = Category::ALL
                .iter()
                .zip(outcomes)
                .map(|(c, o)| format!("{} = '{}'\n", c.as_str(), Outcome::ALL[*o].as_str()))
                .collect();
            policy(&format!("version = 1\n[categories]\n{lines}"))
        };
        let mut tight = outcomes.clone();
        tight[stricter] = (tight[stricter] + 1).min(2);
        let (before, after) = (decide(&make(&outcomes), &tree.text()), decide(&make(&tight), &tree.text()));
        prop_assert!(after.0 >= before.0, "{}: {:?}, then {:?}", tree.text(), before, after);
        prop_assert!(before.2.is_empty() || !after.2.is_empty());
    }
}
