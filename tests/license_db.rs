// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor license-db`, and databases of one's own laid over the built-in one.

mod common;

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use common::{Run, Sandbox, expression, tag, text};
use serde_json::Value;

/// A license of the house; its text has what the detector looks for.
const EULA: &str = "---\nkey: acme-eula\nname: Acme End User License\ncategory: Commercial\n---\n\n\
                    This license lets the customer of Acme run the zebra engine on one machine for \
                    any purpose but the breeding of zebras. The customer may not redistribute it \
                    to other breeders, nor remove the stripes that Acme has painted on it. There \
                    is no warranty that the zebra engine gallops.\n";

const NOTICE: &str = "---\nlicense_expression: acme-eula\nis_license_notice: yes\n---\n\n\
                      Licensed under the terms of the {{Acme zebra}} agreement\n";

/// A database of the house in `rules`.
fn house() -> Sandbox {
    let s = Sandbox::repo();
    s.write("rules/licenses/acme-eula.LICENSE", EULA);
    s.write("rules/acme_1.RULE", NOTICE);
    s.write("rules/README", "no rule\n");
    s
}

fn with_input(s: &Sandbox, args: &[&str], input: &str) -> Run {
    let mut command = s.lictor_command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("lictor can be started");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("writing to lictor");
    drop(stdin);
    common::finish(child)
}

#[test]
fn everything_known_is_listed() {
    let s = Sandbox::new();
    let run = s.lictor(&["license-db", "list"]);
    run.expect(0).shows(&["Licenses (", "Rules (", "MIT License", "network-copyleft"]);
    run.shows(&["Classpath-exception-2.0", ".RULE"]);
    let run = s.lictor(&["license-db", "list", "--kind", "license"]);
    run.expect(0).shows(&["MIT License"]).hides(&[".RULE"]);
    let house = house().with("LICTOR_LICENSE_DB", "rules");
    let run = house.lictor(&["license-db", "list", "--kind", "notice"]);
    run.expect(0).shows(&["acme_1.RULE"]).hides(&["MIT License", "false-positive"]);
    let run = house.lictor(&["license-db", "list", "--license", "LICENSEREF-acme-eula"]);
    run.expect(0).shows(&["LicenseRef-acme-eula", "acme_1.RULE"]).hides(&["MIT License"]);
    let run = s.lictor(&["license-db", "list", "--license", "GPL-1.0-or-latr"]);
    run.expect(2).says(&["has no `GPL-1.0-or-latr`", "did you mean `GPL-1.0-or-later`?"]);
    let run = s.lictor(&["license-db", "list", "--kind", "poem"]);
    run.expect(2).says(&["license", "notice", "false-positive"]);
}

#[test]
fn the_list_is_also_one_json_document() {
    let s = house();
    let list = s.lictor(&["--license-db", "rules", "license-db", "list", "--format", "json"]);
    let list = list.expect(0).json();
    assert_eq!(
        (list["format"].as_str(), list["version"].as_u64()),
        (Some("lictor-license-db"), Some(1))
    );
    let find = |list: &Value, key: &str, wanted: &str| {
        list.as_array().unwrap().iter().find(|e| e[key] == wanted).cloned().unwrap()
    };
    let custom = find(&list["licenses"], "id", "LicenseRef-acme-eula");
    assert_eq!(custom["category"], "proprietary-free");
    assert_eq!(custom["source"], "rules/licenses/acme-eula.LICENSE");
    let old = find(&list["licenses"], "id", "GPL-2.0");
    assert_eq!((&old["deprecated"], &old["successor"]), (&true.into(), &"GPL-2.0-only".into()));
    assert_eq!(
        (&custom["osi_approved"], &custom["families"]),
        (&false.into(), &[""; 0][..].into())
    );
    let gpl = find(&list["licenses"], "id", "GPL-2.0-only");
    assert_eq!((&gpl["osi_approved"], &gpl["fsf_free"]), (&true.into(), &true.into()));
    assert_eq!(gpl["families"], Value::from(vec!["GPL"]));
    let exception = find(&list["licenses"], "id", "Classpath-exception-2.0");
    assert_eq!((&exception["exception"], &exception["category"]), (&true.into(), &Value::Null));
    let rule = find(&list["rules"], "name", "acme_1.RULE");
    assert_eq!(
        (&rule["kind"], &rule["expression"]),
        (&"notice".into(), &"LicenseRef-acme-eula".into())
    );
    assert!(list["licenses"].as_array().unwrap().len() > 700);
}

#[test]
fn a_license_and_a_rule_are_shown_with_all_that_is_known() {
    let s = house().with("LICTOR_LICENSE_DB", "rules");
    let run = s.lictor(&["license-db", "show", "mit"]);
    run.expect(0).shows(&["MIT\n", "MIT License", "permissive", "the SPDX License List"]);
    run.shows(&["  families    MIT\n  approved    by the OSI and the FSF\n"]);
    run.shows(&[
        "  owed        attribution (on distribution): Keep",
        "license-text (on distribution)",
    ]);
    run.shows(&["Permission is hereby granted"]);
    let run = s.lictor(&["license-db", "show", "GPL-2.0+"]);
    run.expect(0).shows(&["GPL-2.0-or-later", "state-changes (on distribution with modification)"]);
    let run = s.lictor(&["license-db", "show", "0BSD"]);
    run.expect(0).shows(&["  owed        nothing\n"]);
    let run = s.lictor(&["license-db", "show", "Classpath-exception-2.0"]);
    run.expect(0).shows(&["an exception, attached to a license by WITH", "Linking this library"]);
    let run = s.lictor(&["license-db", "show", "LicenseRef-acme-eula"]);
    run.expect(0).shows(&[
        "Acme End User License",
        "proprietary-free",
        "acme_1.RULE",
        "zebra engine",
    ]);
    run.shows(&["rules/licenses/acme-eula.LICENSE"]);
    let run = s.lictor(&["license-db", "show", "acme_1.RULE"]);
    run.expect(0).shows(&["notice", "LicenseRef-acme-eula", "{{Acme zebra}}", "rules/acme_1.RULE"]);
    s.lictor(&["license-db", "show", "acme_2.RULE"])
        .expect(2)
        .says(&["did you mean `acme_1.RULE`?"]);
    s.lictor(&["license-db", "show", "\x1b[2J"])
        .expect(2)
        .says(&["`\\u{1b}[2J`", "license-db list"]);
}

#[test]
fn the_built_in_database_is_in_order() {
    let s = Sandbox::new();
    s.lictor(&["license-db", "check"]).expect(0).shows(&["nothing is wrong"]);
}

#[test]
fn rules_are_checked_with_their_examples() {
    let s = house();
    let checked = || {
        let run = s.lictor(&["license-db", "check", "rules"]);
        run.expect(0).shows(&[" licenses that no list has", " examples: nothing is wrong"]);
        let (before, _) = run.stdout.split_once(" examples").expect("their number");
        let number = before.rsplit(' ').next().expect("a word");
        number.parse::<usize>().expect("a number")
    };
    let without = checked();
    let example = tag("LicenseRef-acme-eula").replace('\n', " ");
    let examples =
        format!("examples:\n  - '{example}'\ncounterexamples:\n  - this and that\n---\n\n");
    s.write("rules/acme_1.RULE", NOTICE.replacen("---\n\n", &examples, 1));
    assert_eq!(checked(), without + 2);

    let examples =
        "examples:\n  - nothing at all\n  - MIT_TAG\ncounterexamples:\n  - 'OWN_TAG'\n---\n\n";
    let examples = examples.replace("MIT_TAG", &format!("'{}'", tag("MIT").replace('\n', " ")));
    let examples = examples.replace("OWN_TAG", &example);
    s.write("rules/acme_1.RULE", NOTICE.replacen("---\n\n", &examples, 1));
    s.lictor(&["license-db", "check", "rules"]).expect(78).says(&[
        "the example is found as nothing, not as LicenseRef-acme-eula",
        "rules/acme_1.RULE:5:5",
        "the example is found as MIT, not as LicenseRef-acme-eula",
        "the counterexample is found as LicenseRef-acme-eula",
        "error: 3 mistakes in the license database file rules/acme_1.RULE",
    ]);
}

#[test]
fn rules_that_are_of_no_use_are_named() {
    let s = house();
    s.write("rules/acme_2.RULE", NOTICE.replace("Licensed under", "* licensed UNDER"));
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("license-db/rules");
    let built_in = s.lictor(&["license-db", "list", "--kind", "notice", "--format", "json"]).json();
    let built_in = built_in["rules"][0]["name"].as_str().expect("a rule").to_owned();
    s.write("rules/copy.RULE", std::fs::read(own.join(&built_in)).expect("a rule's file"));
    s.write("rules/silent.RULE", "---\nis_license_intro: yes\n---\n–– «»\n");
    let mit = format!("---\nlicense_expression: MIT\nis_license_text: yes\n---\n{}", text("MIT"));
    s.write("rules/mit-text.RULE", mit);
    s.lictor(&["license-db", "check", "rules"]).expect(78).says(&[
        "these are the words of the rule rules/acme_1.RULE",
        "these are the words of the text of MIT",
        &format!("these are the words of the rule license-db/rules/{built_in}"),
        "the rule has no words that are compared",
        "error: 4 mistakes in 4 files of the license database",
    ]);
    // They do no harm, so a scan goes on.
    s.write(".lictorignore", "/rules/\n");
    s.lictor(&["scan", "--no-store", "--license-db", "rules"]).expect(0);
}

#[test]
fn a_rule_that_is_never_met_is_named() {
    let s = house();
    // Names of licenses are understood without a rule, and before it.
    let swallowed =
        NOTICE.replace("Licensed under the terms of the {{Acme zebra}} agreement", "Zlib license");
    s.write("rules/swallowed.RULE", swallowed);
    // A rule of no exception that is met only near words about licenses is in order.
    s.write("rules/quiet.RULE", NOTICE.replace("Licensed under the terms of", "Zebras obey"));
    let exception = "---\nlicense_expression: AdditionRef-acme\nis_license_notice: yes\n---\n\n\
                     with the stripes exception of Acme\n";
    s.write("rules/exception.RULE", exception);
    s.lictor(&["license-db", "check", "rules"]).expect(78).says(&[
        "the rule's own words are found as Zlib, not as LicenseRef-acme-eula",
        "rules/swallowed.RULE:6:1",
        "change or remove the rule",
        "error: 1 mistake in the license database file rules/swallowed.RULE",
    ]);
    s.remove("rules/swallowed.RULE");
    s.lictor(&["license-db", "check", "rules"]).expect(0);
}

#[test]
fn regression_a_rule_of_the_kind_text_is_found() {
    let s = house();
    let rule = "---\nlicense_expression: MIT\nis_license_text: yes\n---\n\n\
                Zebras may use, copy and change this software as they like,\nand keep its stripes.\n";
    s.write("rules/zebra.RULE", rule);
    s.lictor(&["license-db", "check", "rules"]).expect(0);
    let text = "# Zebras may use, copy and change\n# this software as they like, and keep its stripes.\n# License\n";
    s.write("a.sh", text);
    s.lictor(&["detect", "a.sh", "--license-db", "rules"]).expect(0).shows(&["MIT"]);
}

#[test]
fn a_text_is_tested() {
    let s = house().with("LICTOR_LICENSE_DB", "rules");
    s.write(
        "a.c",
        format!("{}// licensed under the terms of the ACME\n// zebra agreement\n", tag("ISC")),
    );
    let run = s.lictor(&["license-db", "test", "a.c"]);
    run.expect(0).shows(&["a.c: ISC", "lines 3-4: acme_1.RULE (notice)  LicenseRef-acme-eula"]);
    let run = with_input(&s, &["license-db", "test", "-"], "nothing to see");
    run.expect(0).shows(&["-: nothing found"]).hides(&["Rules"]);
    let run = s.lictor(&["license-db", "test", "gone.c"]);
    run.expect(2).says(&["cannot read gone.c", "help:"]);
}

#[test]
fn a_license_of_the_house_is_found_and_judged_like_any_other() {
    let s = house();
    s.write("LICENSE", EULA.split_once("---\n\n").expect("a text").1);
    s.write("a.c", tag("LicenseRef-ACME-Eula"));
    s.write(".lictorignore", "/rules/\n");
    let without = s.scan_json(&["--no-store"]);
    assert_eq!(expression(&without, "LICENSE"), None);
    let with = s.scan_json(&["--license-db", "rules"]);
    let found = Some("LicenseRef-acme-eula".to_owned());
    assert_eq!((expression(&with, "LICENSE"), expression(&with, "a.c")), (found.clone(), found));
    assert_ne!(with["engine"], without["engine"]);
    let run = s.lictor(&["scan", "--license-db", "rules"]);
    run.expect(1).shows(&["category:proprietary-free"]);
    // What was found with one database is not taken for what is found with another.
    assert_eq!(s.reads(&[]), 3);

    s.write(
        "p.toml",
        "version = 1\n[licenses]\nLicenseRef-acme-eula = 'allow'\n[otherwise]\nunknown = 'deny'\n",
    );
    s.lictor(&["scan", "--no-store", "--policy", "p.toml", "--license-db", "rules"]).expect(0);
    let run = s.lictor(&["explain", "a.c", "--license-db", "rules"]);
    run.expect(0).shows(&["LicenseRef-acme-eula", "proprietary-free"]);
    s.lictor(&["scan", "--license-db", "rules"]).expect(1);
    let args = ["findings", "--license-db", "rules", "--state", "open"];
    assert_eq!(s.lictor(&args).expect(0).stdout.lines().count(), 2);
    let run = s.lictor(&["detect", "LICENSE", "--license-db", "rules"]);
    run.expect(0).shows(&["LicenseRef-acme-eula"]);
}

#[test]
fn a_rule_is_made_of_a_text() {
    let s = house();
    let add = ["license-db", "add", "--to", "rules"];
    let run = with_input(
        &s,
        &[&add[..], &["--expression", "mit or gpl-2.0+", "-"]].concat(),
        "\nUse it with {{stripes}} or with {{hoofs}}, as you like.\n\n",
    );
    run.expect(0);
    assert_eq!(run.stdout, "rules/mit_or_gpl-2.0-or-later_1.RULE\n");
    let written = std::fs::read_to_string(s.path(run.stdout.trim())).expect("the rule");
    assert_eq!(
        written,
        "---\nlicense_expression: MIT OR GPL-2.0-or-later\nis_license_notice: yes\n---\n\n\
         Use it with {{stripes}} or with {{hoofs}}, as you like.\n"
    );
    s.lictor(&["license-db", "check", "rules"]).expect(0);
    // The next one has the next name; a name of one's own is taken as it is.
    s.write("words.txt", "Choose stripes, or else hoofs.\n");
    let run =
        s.lictor(&[&add[..], &["--expression", "MIT OR GPL-2.0-or-later", "words.txt"]].concat());
    run.expect(0).shows(&["_2.RULE"]);
    s.write("words.txt", "type of the zebra of the engine\n");
    let run = s.lictor(
        &[&add[..], &["--kind", "false-positive", "--name", "types", "words.txt"]].concat(),
    );
    run.expect(0).shows(&["rules/types.RULE"]);
    let run = s.lictor(&["--license-db", "rules", "license-db", "show", "types.RULE"]);
    run.expect(0).shows(&["false-positive", "it reports nothing"]);
    s.write("words.txt", "with leave to link\n");
    let args = ["--expression", "classpath-exception-2.0", "words.txt"];
    s.lictor(&[&add[..], &args].concat()).expect(0).shows(&["classpath-exception-2.0_1.RULE"]);
}

#[test]
fn a_rule_that_would_be_wrong_is_not_made() {
    let s = house();
    s.write("words.txt", "some words that nobody has\n");
    let add = |args: &[&str]| {
        let base = ["license-db", "add", "--to", "rules"];
        s.lictor(&[&base, args].concat())
    };
    add(&["words.txt"]).expect(2).says(&["reports an expression", "--expression"]);
    let run = add(&["--expression", "MTI2", "words.txt"]);
    run.expect(2).says(&["unknown license id `MTI2`"]);
    let run = add(&["--expression", "MIT", "--name", "acme_1", "words.txt"]);
    run.expect(2).says(&["there is a rule acme_1.RULE already", "choose another name"]);
    let run = add(&["--expression", "MIT", "--name", "../x", "words.txt"]);
    run.expect(2).says(&["`../x` cannot name a rule"]);
    let run = add(&["--expression", "MIT", "gone.txt"]);
    run.expect(2).says(&["cannot read gone.txt"]);

    s.write("again.txt", "LICENSED under the terms, of the Acme zebra agreement!");
    let run = add(&["--expression", "MIT", "again.txt"]);
    run.expect(2).says(&["these are the words of the rule rules/acme_1.RULE"]);
    s.write("mit.txt", text("MIT"));
    let run = add(&["--expression", "MIT", "mit.txt"]);
    run.expect(2).says(&["these are the words of the text of MIT"]);
    s.write("none.txt", "…\n");
    add(&["--expression", "MIT", "none.txt"]).expect(2).says(&["no words"]);
    s.write("latin1.txt", b"caf\xe9 license");
    add(&["--expression", "MIT", "latin1.txt"]).expect(2).says(&["UTF-8"]);
    s.write("open.txt", "the {{open words\n");
    let run = add(&["--expression", "MIT", "open.txt"]);
    run.expect(78).says(&["this required phrase does not end", "rules/mit_1.RULE:6:5"]);
    let run = s.lictor(&["license-db", "add", "--to", "gone", "--kind", "intro", "words.txt"]);
    run.expect(78).says(&["cannot read the license database gone", "help:"]);
    let made = std::fs::read_dir(s.path("rules")).expect("the rules").count();
    assert_eq!(made, 3, "something was written");
}
