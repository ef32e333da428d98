// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What people read, word for word. `INSTA_UPDATE=always cargo test --test snapshots` takes
//! what is written now for right; look at the difference before it is committed.

mod common;

use common::{Sandbox, tag, text};

/// A small product with a bit of everything.
fn product() -> Sandbox {
    let s = Sandbox::repo();
    s.write("README.md", "# A product\n");
    s.write("LICENSE", text("Apache-2.0"));
    s.write("src/main.c", tag("Apache-2.0"));
    s.write("src/util.c", tag("MIT OR GPL-2.0-only"));
    s.write("vendor/db/LICENSE", text("MIT"));
    s.write("vendor/db/db.c", tag("AGPL-3.0-only"));
    s.write(
        "vendor/db/index.c",
        tag("AGPL-3.0-only AND GPL-2.0-only WITH Classpath-exception-2.0"),
    );
    s.write("vendor/gpl/copying.txt", "int x;\n");
    s.write("vendor/gpl/gpl.c", tag("GPL-2.0-or-later"));
    s.write("vendor/odd.c", tag("Nonsense-9.9"));
    s.write("logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0");
    s.write(".gitignore", "target/\n");
    s.write("target/out.c", tag("MIT"));
    std::os::unix::fs::symlink("src", s.path("link")).expect("a link");
    s.commit();
    s
}

/// Compares with what is written down, without what differs from run to run.
fn check(name: &str, s: &Sandbox, shown: &str) {
    let place = s.dir.parent().expect("the sandbox").to_str().expect("UTF-8").to_owned();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(&place, "[SANDBOX]");
    settings.add_filter(r"in \d+\.\d\d s, [\d,]+ files/s", "in [N] s, [N] files/s");
    settings.add_filter(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[TIME]");
    settings.add_filter(r"revision [0-9a-f]{64}", "revision [DIGEST]");
    settings.add_filter(r"default, [0-9a-f]{12}", "default, [DIGEST]");
    settings.add_filter(r"detector \d+:[0-9a-f]+", "detector [ENGINE]");
    // A snapshot must not tag itself.
    settings.add_filter("SPDX-License-Identifier", "[TAG]");
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

#[test]
fn the_report_of_a_scan() {
    let s = product();
    let run = s.lictor(&["scan"]);
    check("scan", &s, &run.expect(1).stdout);
}

#[test]
fn the_report_of_a_scan_that_found_nothing_wrong() {
    let s = product();
    let run = s.lictor(&["scan", "src"]);
    check("scan-clean", &s, &run.expect(0).stdout);
}

#[test]
fn the_findings() {
    let s = product();
    s.lictor(&["scan"]).expect(1);
    check("findings", &s, &s.lictor(&["findings"]).expect(0).stdout);
}

#[test]
fn the_explanation_of_a_tag() {
    let s = product();
    s.lictor(&["scan"]).expect(1);
    let run = s.lictor(&["explain", "vendor/db/index.c"]);
    check("explain-tag", &s, &run.expect(0).stdout);
}

#[test]
fn the_explanation_of_a_choice() {
    let s = product();
    s.lictor(&["scan"]).expect(1);
    check("explain-choice", &s, &s.lictor(&["explain", "src/util.c"]).expect(0).stdout);
}

#[test]
fn the_explanation_of_a_text() {
    let s = product();
    check("explain-text", &s, &s.lictor(&["explain", "vendor/db/LICENSE"]).expect(0).stdout);
}

/// The text of the MIT license with one passage put in the place of another.
fn altered(from: &str, to: &str) -> String {
    let mit = text("MIT");
    assert!(mit.contains(from), "{mit}");
    mit.replace(from, to)
}

#[test]
fn the_explanation_of_an_altered_text() {
    let s = Sandbox::repo();
    let any = "to any person obtaining a copy";
    s.write("limited/LICENSE", altered(any, &format!("{any} for non-commercial use")));
    let mit = text("MIT");
    let clause = mit.find("THE SOFTWARE IS").expect("the warranty clause");
    s.write("bare/LICENSE", &mit[..clause]);
    let condition = "\"Stripes Clause\" License Condition v1.0\n\nThe Software is provided to you by \
                     the Licensor under the License, as defined below, subject to the following \
                     condition.\n\nWithout limiting other conditions in the License, the grant of \
                     rights under the License will not include, and the License does not grant to \
                     you, the right to Sell the Software.\n\n";
    s.write("condition/LICENSE", format!("{condition}{mit}"));
    let code: String = altered("without restriction,", "for academic purposes,")
        .lines()
        .map(|line| format!("// {line}\n"))
        .collect();
    s.write("stripes.rs", format!("// Stripes.\n{code}fn main() {{}}\n"));
    let files = ["limited/LICENSE", "bare/LICENSE", "condition/LICENSE", "stripes.rs"];
    let shown: Vec<String> = files
        .iter()
        .map(|file| {
            let shown = s.lictor(&["explain", file]).expect(0).stdout.clone();
            shown.split("\nVerdict").next().unwrap_or_default().to_owned()
        })
        .collect();
    let detected = s.lictor(&["detect", "."]).expect(0).stdout.clone();
    check("explain-altered", &s, &format!("{}\n{detected}", shown.join("\n")));
}

#[test]
fn the_mistakes_of_a_policy() {
    let s = product();
    let policy = "# A policy with mistakes\n\
                  version = 1\n\
                  nmae = \"ours\"\n\n\
                  [categories]\n\
                  permisive = \"allow\"\n\
                  font = { reason = \"why not\" }\n\n\
                  [licenses]\n\
                  MTI = \"allow\"\n\
                  \"MIT OR ISC\" = \"allow\"\n\
                  ISC = \"alow\"\n";
    s.write("policy.toml", policy);
    let run = s.lictor(&["scan", "--policy", "policy.toml"]);
    check("policy-mistakes", &s, &run.expect(78).stderr);
}

#[test]
fn the_mistakes_of_a_license_database() {
    let s = product();
    let rule = "---\n\
                license_expression: gpl-2.0-plus AND mit\n\
                is_license_notce: yes\n\
                is_license_text: yes\n\
                relevance: very\n\
                notes: see: below\n\
                \tlanguage: en\n\
                examples: one\n\
                ---\n\n\
                These are {{the words.\n";
    s.write("rules/gpl.RULE", rule);
    let license = "---\nkey: ours\nspdx_license_key: GPL-2.0-onyl\ncategory: Permisive\n---\n";
    s.write("rules/ours.LICENSE", license);
    let run = s.lictor(&["scan", "--license-db", "rules"]);
    check("license-db-mistakes", &s, &run.expect(78).stderr);
}

#[test]
fn the_data_of_a_license_and_a_rule() {
    let s = product();
    let rule = "---\n\
                license_expression: Artistic-1.0-Perl OR GPL-1.0-or-later\n\
                is_license_notice: yes\n\
                minimum_coverage: 80\n\
                referenced_filenames:\n  - README\n\
                ---\n\n\
                under the {{same terms as the zebra}} itself\n";
    s.write("rules/zebra.RULE", rule);
    let license = "---\nkey: ours\nname: Ours\ncategory: Commercial\n---\n\nAll\tours.\n";
    s.write("rules/ours.LICENSE", license);
    let tag = "---\nlicense_expression: ours\nis_license_tag: yes\n---\nlicense = ours\n";
    s.write("rules/ours.RULE", tag);
    let shown = |name: &str| {
        s.lictor(&["--license-db", "rules", "license-db", "show", name]).expect(0).stdout.clone()
    };
    check("license-db-show", &s, &format!("{}\n{}", shown("LicenseRef-ours"), shown("zebra.RULE")));
}

#[test]
fn a_failure_says_what_why_and_what_to_do() {
    let s = product();
    check("failure", &s, &s.lictor(&["scan", "--rev", "v9"]).expect(2).stderr);
}
