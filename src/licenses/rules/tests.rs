// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Tests of reading rule and license files.

use proptest::prelude::*;

use super::*;
use crate::licenses::expression::{Expr, Term};

/// The compiled-in database with these files laid over it.
fn overlay(files: &[(&str, &str)]) -> Result<Licenses, Vec<Mistakes>> {
    Licenses::overlay(
        files.iter().map(|(name, text)| Source::new(name, (*text).to_owned())).collect(),
    )
}

#[track_caller]
fn laid(files: &[(&str, &str)]) -> Licenses {
    overlay(files).unwrap_or_else(|m| panic!("{}", shown(&m).join("\n")))
}

/// Mistakes as `file: words: message (help)`.
fn shown(mistakes: &[Mistakes]) -> Vec<String> {
    let one = |m: &Mistakes| {
        m.list
            .iter()
            .map(|x| {
                format!(
                    "{}: {}: {} ({})",
                    m.file,
                    &m.text[x.span.clone()],
                    x.message,
                    x.help.as_deref().unwrap_or_default()
                )
            })
            .collect::<Vec<_>>()
    };
    mistakes.iter().flat_map(one).collect()
}

#[track_caller]
fn wrong(files: &[(&str, &str)], expected: &[&str]) {
    let found = shown(&overlay(files).err().unwrap_or_default());
    assert_eq!(found, expected);
}

fn rule<'a>(db: &'a Licenses, name: &str) -> &'a Rule {
    db.rules().iter().find(|r| r.name == name).unwrap()
}

fn category(db: &Licenses, id: &str) -> Option<Category> {
    db.category(&Term { license: id.into(), addition: None })
}

#[test]
fn the_compiled_in_rules_are_valid_and_say_something() {
    let db = Licenses::builtin();
    assert!(!db.rules().is_empty());
    for rule in db.rules() {
        assert_eq!(rule.expression.is_some(), rule.kind.reports(), "{}", rule.name);
    }
    assert!(db.rules().is_sorted_by(|a, b| a.name < b.name));
}

#[test]
fn every_key_of_a_rule_is_read() {
    let text = "---\nlicense_expression: gpl-2.0 WITH classpath-exception-2.0 or mit\n\
                is_license_notice: yes\nis_continuous: true\nrelevance: 80\n\
                minimum_coverage: '99.5'\nreferenced_filenames:\n  - LICENSE.txt\n  - COPYING\n\
                is_license_text: no\nis_required_phrase: no\nis_deprecated: no\nlanguage: en\n\
                skip_for_required_phrase_generation: yes\nnotes: |\n  a\n  b\n\
                ignorable_copyrights:\n- Copyright (c) A\nignorable_holders: []\n\
                ignorable_authors:\nignorable_urls: [http://a.b/]\nignorable_emails: ['a@b.c']\n\
                replaced_by:\nexamples:\n  - |\n    see: below\n  - that\ncounterexamples: [this]\n\
                ---\n\n  This is {{the license}} of {{this}}.\n\n";
    let db = laid(&[("a/x_1.RULE", text)]);
    let rule = rule(&db, "x_1.RULE");
    let exp = "GPL-2.0-only WITH Classpath-exception-2.0 OR MIT";
    assert_eq!(rule.expression.as_deref(), Some(exp));
    assert_eq!((rule.kind, rule.continuous, rule.exception), (RuleKind::Notice, true, false));
    assert_eq!((rule.relevance, rule.minimum_coverage), (80, Some(99)));
    assert_eq!(rule.referenced_filenames, ["LICENSE.txt", "COPYING"]);
    assert_eq!(rule.text, "This is the license of this.");
    let required: Vec<&str> = rule.required.iter().map(|r| &rule.text[r.clone()]).collect();
    assert_eq!(required, ["the license", "this"]);
    assert!(text[rule.body..].starts_with("This is {{"));
    let examples: Vec<&str> = rule.examples.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(examples, ["see: below\n", "that"]);
    assert_eq!(&text[rule.counterexamples[0].span.clone()], "this");
    assert_eq!(rule.source.path, "a/x_1.RULE");
}

#[test]
fn kinds_are_told_by_one_flag_and_only_reporting_ones_need_an_expression() {
    for kind in RuleKind::ALL {
        let text = format!("---\nlicense_expression: mit\n{}: yes\n---\nthe words\n", kind.key());
        let db = laid(&[("x.RULE", &text)]);
        let expression = rule(&db, "x.RULE").expression.as_deref();
        assert_eq!((rule(&db, "x.RULE").kind, expression), (kind, kind.reports().then_some("MIT")));
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    laid(&[("x.RULE", "---\nis_license_intro: yes\n---\nthe words\n")]);
    let help = "add `license_expression:` with an SPDX expression";
    let expected =
        format!("x.RULE: ---: the rule does not say which license its words are ({help})");
    wrong(&[("x.RULE", "---\nis_license_clue: yes\n---\nthe words\n")], &[&expected]);
}

#[test]
fn a_rule_that_says_so_is_of_an_exception_alone() {
    let text = |expression: &str| {
        format!(
            "---\nlicense_expression: {expression}\nis_license_notice: yes\nis_exception: yes\n---\nwords\n"
        )
    };
    let db = laid(&[("x.RULE", &text("AdditionRef-ours"))]);
    assert!(rule(&db, "x.RULE").exception);
    let help = "let the expression be the id of one exception, or remove this line";
    wrong(
        &[("x.RULE", &text("gpl-2.0 WITH classpath-exception-2.0"))],
        &[&format!("x.RULE: is_exception: the expression is no exception ({help})")],
    );
}

#[test]
fn a_misplaced_exception_and_a_key_of_scancode_are_told_apart_from_what_is_unknown() {
    let text = |expression: &str| {
        format!("---\nlicense_expression: {expression}\nis_license_notice: yes\n---\nwords\n")
    };
    for (written, said) in [
        (
            "mit AND llvm-exception",
            "llvm-exception: `llvm-exception` is an exception, not a license (attach it to the license that it belongs to: `GPL-2.0-only WITH …`)",
        ),
        (
            "gpl-2.0 WITH mit",
            "mit: `mit` is a license, not an exception (write AND instead of WITH)",
        ),
        (
            "lgpl-2.1-plus",
            "lgpl-2.1-plus: unknown license `lgpl-2.1-plus` (did you mean `LGPL-2.1-or-later`?)",
        ),
    ] {
        wrong(&[("x.RULE", &text(written))], &[&format!("x.RULE: {said}")]);
    }
}

#[test]
fn a_deprecated_rule_is_no_rule() {
    let db = laid(&[("x.RULE", "---\nlicense_expression: gone\nis_deprecated: yes\n---\n\n")]);
    assert!(db.rules().iter().all(|r| r.name != "x.RULE"));
}

#[test]
fn every_mistake_of_every_file_is_reported_by_path() {
    let files = [
        (
            "b.RULE",
            "---\nlicense_expresion: mit\nis_license_notice: maybe\nrelevance: 101\nnotes:\n  - a\nreferenced_filenames: LICENSE\nminimum_coverage: [5]\n---\nthe words\n",
        ),
        (
            "a.RULE",
            "---\nlicense_expression: mit AND aapache-2.0 OR bsd-nwe\nis_license_notice: yes\nis_license_text: yes\n---\n{{the {{words}} and}} more}} {{ }} {{\n",
        ),
        ("c.RULE", "the words\n"),
        ("d.RULE", "---\nlicense_expression: mit and\nis_license_tag: yes\n---\n\n"),
        ("e.LICENSE", "---\nname: E\n---\n"),
        ("f.LICENSE", "---\nkey: f\n---\n"),
        (
            "g.LICENSE",
            "---\nkey: bsd-new\nspdx_license_key: BSD-3-Claus\ncategory: Permisive\n---\n",
        ),
        ("h/a.RULE", "---\nis_license_intro: yes\n---\nother words\n"),
        ("i.LICENSE", "---\nkey: f\ncategory: CLA\n---\n"),
        ("j.LICENSE", "---\nkey: a b\ncategory: CLA\n---\n"),
    ];
    let found = shown(&overlay(&files).err().unwrap());
    let expected = [
        "a.RULE: is_license_notice: a rule is of one kind, and `is_license_text` is said already",
        "a.RULE: aapache-2.0: unknown license `aapache-2.0` (did you mean `Apache-2.0`?)",
        "a.RULE: bsd-nwe: unknown license `bsd-nwe`",
        "a.RULE: {{: a required phrase begins inside another",
        "a.RULE: }}: no required phrase is open here",
        "a.RULE: {{ }}: the required phrase has no words",
        "a.RULE: {{: this required phrase does not end",
        "b.RULE: license_expresion: unknown key `license_expresion` (did you mean `license_expression`?)",
        "b.RULE: maybe: `is_license_notice` must be `yes` or `no`",
        "b.RULE: 101: `relevance` must be a number from 0 to 100",
        "b.RULE: a: `notes` must be one text, not a list",
        "b.RULE: LICENSE: `referenced_filenames` must be a list: a line `- …` for each",
        "b.RULE: 5: `minimum_coverage` must be a number from 0 to 100",
        "b.RULE: ---: the rule does not say of what kind its words are",
        "b.RULE: ---: the rule does not say which license its words are",
        "c.RULE: the words: the file has no front matter",
        "d.RULE: and: not an SPDX license expression",
        "d.RULE: : the rule has no text",
        "e.LICENSE: ---: the license has no key",
        "f.LICENSE: f: a license that no list has needs a category",
        "g.LICENSE: Permisive: unknown category `Permisive` (did you mean `Permissive`?)",
        "g.LICENSE: BSD-3-Claus: the SPDX list has no `BSD-3-Claus` (did you mean `BSD-3-Clause`?)",
        "h/a.RULE: : the file has the name of a.RULE",
        "i.LICENSE: f: the key `f` is taken by f.LICENSE",
        "j.LICENSE: a b: `a b` cannot be part of an SPDX id",
    ];
    for e in expected {
        assert!(found.iter().any(|f| f.starts_with(e)), "{e} is not in {found:#?}");
    }
    let paths: Vec<&str> = found.iter().map(|f| f.split(':').next().unwrap()).collect();
    assert!(paths.is_sorted(), "{paths:?}");
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

const NEW: &str = "---\nkey: bsd-new\nspdx_license_key: BSD-3-Clause\ncategory: Permissive\n---\n";
const OURS: &str =
    "---\nkey: acme_eula\nname: Acme EULA\ncategory: Commercial\n---\n\nAll yours.\n";
const THEIRS: &str = "---\nkey: foo\nshort_name: Foo\ncategory: Copyleft\n\
                      spdx_license_key: LicenseRef-scancode-foo\n\
                      other_spdx_license_keys:\n  - LicenseRef-Foo-1.0\n---\n";
const LENIENT: &str = "---\nkey: foo-exception\nname: Foo exception\ncategory: Copyleft Limited\n\
                       is_exception: yes\nspdx_license_key: LicenseRef-scancode-foo-exception\n---\n";
const OLD: &str = "---\nkey: old-foo\nis_deprecated: yes\nreplaced_by:\n  - foo OR bsd-new\n---\n";
const DATABASE: [(&str, &str); 5] = [
    ("bsd-new.LICENSE", NEW),
    ("acme.LICENSE", OURS),
    ("foo.LICENSE", THEIRS),
    ("foo-exception.LICENSE", LENIENT),
    ("old-foo.LICENSE", OLD),
];

#[test]
fn license_files_say_what_keys_mean() {
    for (written, expression, exception) in [
        ("bsd-new", "BSD-3-Clause", false),
        ("acme_eula", "LicenseRef-acme-eula", false),
        ("AdditionRef-x", "AdditionRef-x", true),
        ("gpl-2.0 AND classpath-exception-2.0", "", false),
        ("gpl-2.0 WITH mit", "", false),
        // What no list has may stand in either place.
        ("mit AND foo-exception", "MIT AND LicenseRef-scancode-foo-exception", false),
        ("mit WITH foo", "MIT WITH AdditionRef-scancode-foo", false),
        ("foo AND BSD-new", "", false),
        ("(foo and bsd-new)", "LicenseRef-scancode-foo AND BSD-3-Clause", false),
        (
            "gpl-2.0+ WITH foo-exception",
            "GPL-2.0-or-later WITH AdditionRef-scancode-foo-exception",
            false,
        ),
        ("mit OR LicenseRef-Foo-1.0", "MIT OR LicenseRef-scancode-foo", false),
        (
            "gpl-2.0 with LicenseRef-scancode-foo-exception",
            "GPL-2.0-only WITH AdditionRef-scancode-foo-exception",
            false,
        ),
        ("mit AND old-foo", "MIT AND (LicenseRef-scancode-foo OR BSD-3-Clause)", false),
        ("licenseref-ACME-eula", "LicenseRef-acme-eula", false),
        ("LicenseRef-other", "LicenseRef-other", false),
        ("foo-exception", "AdditionRef-scancode-foo-exception", true),
        ("classpath-exception-2.0", "Classpath-exception-2.0", true),
    ] {
        let text =
            format!("---\nlicense_expression: {written}\nis_license_notice: yes\n---\nwords\n");
        let mut files = DATABASE.to_vec();
        files.push(("x.RULE", &text));
        match overlay(&files) {
            Ok(db) => {
                let x = rule(&db, "x.RULE");
                assert_eq!(
                    (x.expression.as_deref(), x.exception),
                    (Some(expression), exception),
                    "{written}"
                );
            }
            Err(m) => assert_eq!(expression, "", "{written}: {:?}", shown(&m)),
        }
    }
}

#[test]
fn licenses_of_an_overlay_are_licenses_like_others() {
    let db = laid(&DATABASE);
    assert_eq!(category(&db, "LicenseRef-acme-eula"), Some(Category::ProprietaryFree));
    assert_eq!(category(&db, "LicenseRef-scancode-foo"), Some(Category::StrongCopyleft));
    let weak = db.parse("GPL-2.0-only WITH AdditionRef-scancode-foo-exception").unwrap();
    let Expr::Term(weak) = weak else { panic!("{weak}") };
    assert_eq!(db.category(&weak), Some(Category::WeakCopyleft));
    assert_eq!(db.closest("LicenseRef-acme-eul"), Some("LicenseRef-acme-eula"));
    assert_eq!(
        db.parse("LicenseRef-ACME-Eula OR mit").unwrap().to_string(),
        "LicenseRef-acme-eula OR MIT"
    );
    let own = |id: &&str| !id.contains("Ref-lictor-");
    let ids: Vec<&str> = db.customs().iter().map(|c| c.id).filter(own).collect();
    assert_eq!(
        ids,
        ["AdditionRef-scancode-foo-exception", "LicenseRef-acme-eula", "LicenseRef-scancode-foo"]
    );
    let acme = db.customs().iter().find(|c| c.id == "LicenseRef-acme-eula");
    assert_eq!(acme.map(|c| c.name.as_str()), Some("Acme EULA"));
    let text = db.texts().into_iter().find(|t| t.id == "LicenseRef-acme-eula");
    assert_eq!(text.map(|t| t.text), Some("All yours."));
    assert_eq!(category(Licenses::builtin(), "LicenseRef-acme-eula"), None);
}

#[test]
fn only_own_words_change_the_category_of_a_listed_license() {
    let of = |word: &str| {
        let text =
            format!("---\nkey: agpl-3.0\nspdx_license_key: AGPL-3.0-only\ncategory: {word}\n---\n");
        category(&laid(&[("agpl-3.0.LICENSE", &text)]), "AGPL-3.0-only")
    };
    assert_eq!(of("Copyleft"), Some(Category::NetworkCopyleft));
    assert_eq!(of("strong-copyleft"), Some(Category::StrongCopyleft));
    assert!(Category::ALL.iter().all(|c| of(c.as_str()) == Some(*c)));
}

#[test]
fn a_file_of_the_same_name_or_key_replaces_the_compiled_in_one() {
    let own = vec![
        Source::new("db/a.RULE", "1"),
        Source::new("db/b.RULE", "2"),
        Source::new("db/old.LICENSE", "---\nkey: k\n---\n"),
    ];
    let theirs =
        vec![Source::new("o/b.RULE", "3"), Source::new("o/new.LICENSE", "---\nkey: k\n---\n")];
    let all = laid_over(own, theirs);
    let paths: Vec<&str> = all.iter().map(|s| s.path.as_str()).collect();
    assert_eq!(paths, ["db/a.RULE", "o/b.RULE", "o/new.LICENSE"]);
}

#[test]
fn the_digest_depends_on_names_and_texts_and_not_on_places() {
    let text = "---\nis_license_intro: yes\n---\nwords\n";
    let digest = |files: &[(&str, &str)]| laid(files).digest().to_owned();
    let one = digest(&[("a/x.RULE", text)]);
    assert_eq!(digest(&[("b/c/x.RULE", text)]), one);
    assert_ne!(digest(&[("a/y.RULE", text)]), one);
    assert_ne!(digest(&[("a/x.RULE", &text.replace("words", "others"))]), one);
    assert_ne!(Licenses::builtin().digest(), one);
    assert_eq!(digest(&[]), Licenses::builtin().digest());
}

#[test]
fn what_is_known_of_an_id_is_given_in_any_case() {
    let db = laid(&DATABASE);
    let entry = |id: &str| db.entry(id).unwrap();
    assert_eq!(
        (entry("mit").name, entry("MIT").category),
        ("MIT License", Some(Category::Permissive))
    );
    assert_eq!(
        (entry("GPL-2.0").successor, entry("gpl-2.0").deprecated),
        (Some("GPL-2.0-only"), true)
    );
    assert!(entry("classpath-exception-2.0").exception && entry("LLVM-exception").text.is_some());
    let ours = entry("licenseref-acme-eula");
    assert_eq!(
        (ours.name, ours.source, ours.text),
        ("Acme EULA", "acme.LICENSE", Some("All yours."))
    );
    assert_eq!(db.entry("nothing"), None);
    let ids: Vec<&str> = db.entries().map(|e| e.id).collect();
    assert!(ids.is_sorted() && ids.contains(&"LicenseRef-scancode-foo") && ids.len() > 780);
}

const KEY: &str = "(key|license_expression|is_license_notice|is_exception|spdx_license_key|category|\
                   relevance|examples|replaced_by|is_deprecated)";

proptest! {
    #[test]
    fn no_text_panics(
        name in "(x\\.RULE|x\\.LICENSE)",
        keys in prop::collection::vec((KEY, "(yes|mit|foo|\\(mit AND |Permissive|LicenseRef-a|GPL-2.0\\+ WITH |'|\"| #|\\||\n  - |\\PC){0,5}"), 0..6),
        body in "(\\{\\{|\\}\\}|[a-z ]|\\PC){0,20}",
    ) {
        let keys: String = keys.iter().map(|(k, v)| format!("{k}: {v}\n")).collect();
        let text = format!("---\n{keys}---\n{body}");
        if let Err(mistakes) = Licenses::alone(vec![Source::new(&name, text)]) {
            for m in &mistakes {
                m.render(false);
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = Licenses::alone(vec![Source::new("x.RULE", text.clone()), Source::new("x.LICENSE", text)]);
    }
}
