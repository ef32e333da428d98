// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

use std::collections::HashMap;

use super::*;

/// Files of a policy that is only in memory.
struct Beside(HashMap<&'static str, &'static str>);

impl Files for Beside {
    fn find(&self, glob: &str) -> Vec<String> {
        let globs = Globs::new(vec![glob.to_owned()]).unwrap();
        let mut found: Vec<String> =
            self.0.keys().filter(|n| globs.fits(n.as_bytes())).map(|n| (*n).to_owned()).collect();
        found.sort();
        found
    }

    fn read(&self, name: &str) -> Result<String, String> {
        self.0.get(name).map(|t| (*t).to_owned()).ok_or_else(|| format!("no {name}"))
    }
}

/// `SPAN: MESSAGE` of all mistakes.
fn mistakes_of(text: &str, files: &dyn Files) -> Vec<String> {
    match read("p.toml", text, files, Licenses::builtin()) {
        Ok(_) => Vec::new(),
        Err(all) => {
            let shown = |m: &Mistakes| {
                let line = |m: &crate::diag::Mistake, text: &str| {
                    format!("{}: {}", &text[m.span.clone()], m.message)
                };
                m.list.iter().map(|one| line(one, &m.text)).collect::<Vec<_>>()
            };
            all.iter().flat_map(shown).collect()
        }
    }
}

fn mistakes(text: &str) -> Vec<String> {
    mistakes_of(text, &Nowhere)
}

#[test]
fn every_mistake_is_reported_at_its_place() {
    let text = "version = 2\ncolour = 'red'\n[licenses]\nMTI = 'allow'\n\
                'MIT OR ISC' = 'allow'\nISC = 'alow'\n\
                [categories]\npermisive = 'allow'\nfont = { reason = 'x' }\ndata = 3\n\
                [otherwise]\nnone = { outcome = 'deny', remdy = '' }\n";
    let found = mistakes(text);
    for expected in [
        "2: `version` must be between 1 and 1",
        "2: unknown format version",
        "colour: unknown key `colour`",
        "MTI: unknown license id `MTI`",
        "'MIT OR ISC': `MIT OR ISC` is more than one license",
        "'alow': unknown outcome `alow`",
        "permisive: unknown category `permisive`",
        "{ reason = 'x' }: `outcome` is missing",
        "3: `data` must be an outcome or a table, not integer",
        "remdy: unknown key `remdy`",
    ] {
        assert!(found.iter().any(|f| f == expected), "{expected} is not in {found:#?}");
    }
    assert_eq!(found.len(), 10, "{found:#?}");
}

#[test]
fn what_cannot_be_meant_is_a_mistake() {
    for (text, expected) in [
        ("[[rule]]\nid = 'a b'\noutcome = 'deny'", "'a b': `a b` is no name for a rule"),
        (
            "[[rule]]\nid = 'a'\nlicense = 'MTI'\noutcome = 'deny'",
            "'MTI': unknown license id `MTI`",
        ),
        (
            "[[rule]]\nid = 'a'\nexception = 'Classpath'\noutcome = 'deny'",
            "unknown license exception",
        ),
        ("[[rule]]\nid = 'a'\nfamily = 'GLP'\noutcome = 'deny'", "'GLP': unknown family `GLP`"),
        ("[[rule]]\nid = 'a'\npath = 'a[/b'\noutcome = 'deny'", "'a[/b': impossible glob"),
        (
            "[[rule]]\nid = 'a'\npath = 'vendor/'\noutcome = 'deny'",
            "'vendor/': the glob fits no path",
        ),
        ("[[rule]]\nid = 'a'\npath = []\noutcome = 'deny'", "[]: `path` names nothing"),
        ("[[rule]]\nid = 'a'\ncontext = 'tset'\noutcome = 'deny'", "'a': unknown context `tset`"),
        (
            "[[rule]]\nid = 'a'\nnone = true\nlicense = 'MIT'\noutcome = 'deny'",
            "true: `none` leaves nothing",
        ),
        ("[[rule]]\nid = 'a'\nover = 'b'\noutcome = 'deny'", "'b': there is no rule `b`"),
        ("[[rule]]\nid = 'a'\noutcome = { test = 'allow' }", "no outcome for the other contexts"),
        (
            "[[rule]]\nid = 'a'\nmax-score = 101\noutcome = 'deny'",
            "101: `max-score` must be between 0 and 100",
        ),
        ("[contexts]\ndemo = 'demo/**'", "nothing says where the context `demo` ranks"),
        ("[outbound]\n'**' = 'MTI'", "'MTI': unknown license id `MTI`"),
        ("[waivers]\nfiles = 'w.toml'", "'w.toml': there is no `w.toml`"),
        ("include = 'base.toml'", "'base.toml': there is no `base.toml`"),
        ("[[layer]]\npolicy = 'x.toml'", "there is no `x.toml`"),
        ("[[test]]\nlicense = 'MIT'", "`expect` is missing"),
        ("[licenses]\nGPL-2.0-only = 'deny'", "GPL-2: `GPL-2.0-only` needs quotes"),
    ] {
        let found = mistakes(&format!("version = 1\n{text}\n"));
        assert!(found.iter().any(|f| f.contains(expected)), "{expected} is not in {found:#?}");
        assert_eq!(found.len(), 1, "{found:#?}");
    }
}

#[test]
fn rules_that_nothing_puts_in_order_are_both_named() {
    let rule = |id: &str, more: &str| {
        format!("[[rule]]\nid = '{id}'\ncategory = 'weak-copyleft'\n{more}\n")
    };
    let tie =
        |a: &str, b: &str| mistakes(&format!("version = 1\n{}{}", rule("a", a), rule("b", b)));
    let path = |glob: &str, outcome: &str| format!("path = '{glob}'\noutcome = '{outcome}'");
    let found = tie(&path("vendor/**", "deny"), &path("**/lib/**", "allow"));
    assert_eq!(found, ["'b': `b` and `a` (p.toml:3) are equally specific, and both can hold"],);
    // They say the same, or cannot both hold, or one is narrower, or it is said.
    for (a, b) in [
        (path("vendor/**", "deny"), path("**/lib/**", "deny")),
        (path("vendor/**", "deny"), path("src/**", "allow")),
        (path("vendor/**", "deny"), path("vendor/lib/**", "allow")),
        (path("vendor/**", "deny"), path("**/lib/**", "allow") + "\nover = 'a'"),
        ("context = 'test'\noutcome = 'allow'".into(), "context = 'docs'\noutcome = 'deny'".into()),
    ] {
        assert_eq!(tie(&a, &b), [] as [&str; 0], "{a} {b}");
    }
    let found = tie("outcome = 'deny'\nover = 'b'", "path = 'x/**'\noutcome = 'allow'");
    assert_eq!(found, ["'a': `a` cannot go over `b`, which is more specific"]);
    let found = tie(
        &(path("vendor/**", "deny") + "\nover = 'b'"),
        &(path("**/lib/**", "allow") + "\nover = 'a'"),
    );
    assert_eq!(found, ["'a': `a` goes over rules that go over it"]);
}

#[test]
fn a_rule_that_never_decides_is_a_mistake() {
    let all: String = Category::ALL.map(|c| format!("{} = 'deny'\n", c.as_str())).concat();
    let found = mistakes(&format!(
        "version = 1\n[[rule]]\nid = 'tests'\ncontext = 'test'\noutcome = 'allow'\n\
         [categories]\n{all}[otherwise]\nunknown = 'deny'\n",
    ));
    assert_eq!(found, ["'tests': `tests` never decides"]);
    let found = mistakes(
        "version = 1\n[categories]\nfont = 'deny'\n[[rule]]\nid = 'a'\ncategory = 'font'\nosi-approved = true\noutcome = 'allow'\n",
    );
    assert_eq!(found, [] as [&str; 0]);
}

#[test]
fn included_files_count_as_one_policy_and_circles_are_found() {
    let files = Beside(
        [
            ("base.toml", "version = 1\n[categories]\nfont = 'deny'\n"),
            ("round.toml", "version = 1\ninclude = 'again.toml'\n"),
            ("again.toml", "version = 1\ninclude = 'round.toml'\n"),
        ]
        .into(),
    );
    let read = |text: &str| read("p.toml", text, &files, Licenses::builtin());
    let one = read("version = 1\ninclude = 'base.toml'\n").unwrap();
    assert!(one.rules().any(|r| r.id == "category:font" && r.place.0 == "base.toml"));
    let two = read("version = 1\ninclude = 'base.toml'\n[licenses]\nMIT = 'deny'\n").unwrap();
    assert!(one.digest != two.digest && one.sources.len() == 2);
    let twice = "version = 1\ninclude = 'base.toml'\n[categories]\nfont = 'deny'\n";
    assert_eq!(mistakes_of(twice, &files), ["font: `category:font` is named twice"]);
    let circle = mistakes_of("version = 1\ninclude = 'round.toml'\n", &files);
    assert_eq!(
        circle,
        [
            "'round.toml': `round.toml` includes itself: p.toml includes round.toml includes again.toml"
        ],
    );
}

#[test]
fn a_layer_holds_in_its_checkouts_and_can_only_be_stricter() {
    let files = Beside(
        [
            ("firmware.toml", "version = 1\n[categories]\npermissive = 'review'\nfont = 'allow'\n"),
            ("wrong.toml", "version = 1\nprefer = 'MIT'\n[otherwise]\nincompatible = 'deny'\n"),
        ]
        .into(),
    );
    let text = "version = 1\n[categories]\npermissive = 'allow'\nfont = 'deny'\n\
                [[layer]]\ncheckout = '**/firmware'\npolicy = 'firmware.toml'\n";
    let policy = read("p.toml", text, &files, Licenses::builtin()).unwrap();
    assert_eq!(policy.sources.len(), 2);
    let outcome = |checkout: &str, license: &str| {
        let around = super::super::Surroundings { checkout: checkout.as_bytes(), branch: None };
        let mut places = super::super::places::Places::new(&policy, Licenses::builtin(), around);
        let place = places.of(b"a.c", b"", None);
        let expr = Licenses::builtin().parse(license).unwrap();
        policy.decide(Licenses::builtin(), Some(&expr), "", places.get(place)).outcome
    };
    assert_eq!(outcome("/srv/firmware", "MIT"), Outcome::Review);
    assert_eq!(outcome("/srv/web", "MIT"), Outcome::Allow);
    assert_eq!(outcome("/srv/firmware", "OFL-1.1"), Outcome::Deny);
    let wrong = mistakes_of("version = 1\n[[layer]]\npolicy = 'wrong.toml'\n", &files);
    assert_eq!(
        wrong,
        [
            "prefer: `prefer` has no place in a lower layer",
            "incompatible: `incompatible` has no place in a lower layer",
        ],
    );
}

const WAIVER: &str = "version = 1\n[[waiver]]\nid = 'w'\nlicense = 'AGPL-3.0-only'\npath = 'v/**'\n\
    hash = '0000000000000000000000000000000000000000000000000000000000000000'\n\
    granted-by = 'Jo'\ngranted = 2026-01-01\nexpires = 2026-12-31\nreason = 'bought'\nticket = 'L-1'\n";

#[test]
fn a_waiver_that_nobody_stands_by_is_a_mistake() {
    let policy = "version = 1\n[waivers]\nfiles = 'waivers/*.toml'\nmax-days = 364\n";
    let with = |text: &str| {
        let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
        mistakes_of(policy, &Beside([("waivers/w.toml", text)].into()))
    };
    assert_eq!(with(WAIVER), [] as [&str; 0]);
    for (from, to, expected) in [
        ("'Jo'", "' '", "' ': `granted-by` is empty"),
        ("ticket = 'L-1'\n", "", "`ticket` is missing"),
        ("2026-12-31", "2027-12-31", "2027-12-31: the waiver is granted for 729 days"),
        ("2026-12-31", "2025-12-31", "2025-12-31: the waiver ends before it begins"),
        ("2026-12-31", "'never'", "'never': `expires` must be a date, not string"),
        ("'0000", "'", "this is no hash of a matched text"),
        ("path = 'v/**'\n", "", "the waiver does not say where it holds"),
        ("AGPL-3.0-only", "AGPL", "'AGPL': unknown license id `AGPL`"),
    ] {
        let found = with(&WAIVER.replacen(from, to, 1));
        assert!(found.len() == 1 && found[0].contains(expected), "{expected} is not {found:#?}");
    }
}

#[test]
fn broken_toml_is_reported_with_what_can_still_be_read() {
    let found = mistakes("version = 1\nname = \n[licenses]\nMIT = 'nope'\n");
    assert!(found.iter().any(|f| f.contains("not TOML")), "{found:?}");
    assert!(found.iter().any(|f| f.contains("unknown outcome `nope`")), "{found:?}");
}

#[test]
fn one_license_under_two_names_is_a_mistake() {
    let found = mistakes("version = 1\n[licenses]\n'GPL-2.0' = 'deny'\n'GPL-2.0-only' = 'allow'\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("named twice"));
}

#[test]
fn an_empty_file_lacks_its_version() {
    assert_eq!(mistakes(""), [": the file does not say its format version"]);
}
