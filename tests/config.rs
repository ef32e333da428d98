// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The configuration of the service, as `lictor config` reads it.

mod common;

use serde_json::Value;

use common::Sandbox;

fn kept(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).expect("a file")
}

#[test]
fn mistakes_are_told_in_the_configuration_and_in_what_it_names() {
    let s = Sandbox::new();
    s.write("lictor.toml", "version = 1\npolcy = 'p.toml'\n[[checkout]]\npath = '/srv/**'\n");
    s.lictor(&["config", "check", "lictor.toml"]).expect(78).says(&[
        "lictor.toml:2:1",
        "did you mean `policy`?",
        "lictor.toml:4:8",
        "error: 2 mistakes in the configuration lictor.toml",
    ]);
    s.write("lictor.toml", "version = 1\npolicy = 'p.toml'\n[[checkout]]\npath = '.'\n");
    s.lictor(&["config", "check", "lictor.toml"]).expect(78).says(&["cannot read the policy"]);
    s.write("p.toml", "version = 1\n[licenses]\nMTI = 'deny'\n");
    let in_policy = ["p.toml:3:1", "error: 1 mistake in the policy", "unknown license id `MTI`"];
    s.lictor(&["config", "check", "lictor.toml"]).expect(78).says(&in_policy);
    s.write("p.toml", "version = 1\n[categories]\npermissive = 'allow'\n");
    let run = s.lictor(&["config", "check", "lictor.toml"]);
    run.expect(0).shows(&["policy ", "p.toml", "1 of 1 directories of checkouts are there"]);
    // What is wrong in the license database is told before the policy is read by it.
    s.write("db/acme.LICENSE", "no front matter");
    let with = "version = 1\npolicy = 'gone.toml'\nlicense-db = 'db'\n[[checkout]]\npath = '.'\n";
    s.write("lictor.toml", with);
    let run = s.lictor(&["config", "check", "lictor.toml"]);
    run.expect(78).says(&["acme.LICENSE", "the policy was not read"]);
}

#[test]
fn the_file_is_named_by_an_argument_an_option_or_a_variable() {
    let s = Sandbox::new();
    let wrong = |name: &str| format!("version = 1\n{name} = 1\n[[checkout]]\npath = '.'\n");
    for name in ["a", "b", "c"] {
        s.write(format!("{name}.toml"), wrong(name));
    }
    let s = s.with("LICTOR_CONFIG", "a.toml");
    s.lictor(&["config", "check"]).expect(78).says(&["a.toml:2:1"]);
    s.lictor(&["config", "check", "--config", "b.toml"]).expect(78).says(&["b.toml:2:1"]);
    s.lictor(&["config", "show", "--config", "b.toml", "c.toml"]).expect(78).says(&["c.toml:2:1"]);
    let none = s.with("LICTOR_CONFIG", "none.toml");
    none.lictor(&["config", "check"]).expect(78).says(&["cannot read the configuration none.toml"]);
}

#[test]
fn what_is_shown_is_in_force_and_a_configuration_itself() {
    let s = Sandbox::new();
    std::fs::create_dir_all(s.path("git/a")).expect("a directory");
    s.write(
        "lictor.toml",
        "version = 1\n[[checkout]]\npath = 'git/*'\n[[checkout]]\npath = 'gone'\n",
    );
    let s = s.with("STATE_DIRECTORY", "/var/lib/x");
    let shown = s.lictor(&["config", "show", "lictor.toml"]);
    let now = format!("# now: {}\n", s.path("git/a").display());
    let gone = format!("# now: {} (missing)\n", s.path("gone").display());
    shown.expect(0).shows(&["store = \"/var/lib/x/lictor.db\"", "settle = \"100ms\"", &now, &gone]);
    s.write("again.toml", &shown.stdout);
    let again = s.lictor(&["config", "show", "again.toml"]).expect(0).stdout.clone();
    let body = |text: &str| text.lines().skip(1).collect::<Vec<_>>().join("\n");
    assert_eq!(body(&again), body(&shown.stdout));
}

/// Every key with its description, below the name of its table.
fn keys(schema: &Value, out: &mut Vec<(String, String)>) {
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        let says = below["description"].as_str().expect("every key says what it means");
        out.push((name.clone(), says.to_owned()));
        keys(below, out);
        keys(&below["items"], out);
    }
}

#[test]
fn the_reference_and_the_schema_tell_every_key() {
    let s = Sandbox::new();
    let schema = s.lictor(&["config", "schema"]).expect(0).json();
    let reference = kept("docs/configuration.md");
    let mut all = Vec::new();
    keys(&schema, &mut all);
    assert!(all.len() >= 30, "{all:?}");
    for (name, says) in all {
        let row = |l: &&str| l.starts_with(&format!("| `{name}` |")) && l.contains(&says);
        let told = reference.lines().find(row);
        assert!(told.is_some(), "docs/configuration.md has no row `{name}` with: {says}");
    }
    let same: Value = serde_json::from_str(&kept("docs/schemas/config.json")).expect("JSON");
    assert_eq!(same, schema, "docs/schemas/config.json: write it with `lictor config schema`");
}

#[test]
fn the_example_is_right_and_what_it_leaves_commented_out_as_well() {
    let s = Sandbox::new();
    let example = kept("systemd/lictor.toml");
    s.write("lictor.toml", &example);
    let usual = s.lictor(&["config", "show", "lictor.toml"]).expect(0).stdout.clone();
    // With every key that is commented out, but for those that are not usual.
    let opened: String = example
        .lines()
        .map(|l| match l.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') => format!("{key}\n"),
            _ => format!("{l}\n"),
        })
        .collect();
    assert!(opened.lines().filter(|l| l.contains('=')).count() > 20, "{opened}");
    s.write("opened.toml", &opened);
    let opened = s.lictor(&["config", "show", "opened.toml"]).expect(0).stdout.clone();
    for line in usual.lines().filter(|l| l.contains(" = ")) {
        assert!(
            opened.lines().any(|l| l == line),
            "`{line}` is not what the example says:\n{opened}"
        );
    }
}
