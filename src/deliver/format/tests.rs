// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::deliver::message::{Kind, Violation};
use crate::deliver::samples::samples;
use crate::deliver::tell::summary;
use crate::diag::visible;

const JSON_FORMATS: [Format; 5] =
    [Format::Standard, Format::CloudEvents, Format::Slack, Format::Mattermost, Format::Teams];

fn body(format: &Format, message: &Message) -> Value {
    let body = render(format, message).expect("a body");
    serde_json::from_slice(&body.bytes).expect("JSON")
}

fn sample(kind: Kind) -> Message {
    samples().into_iter().find(|m| m.kind == kind).expect("there is one of each kind")
}

/// All texts in a value.
fn texts<'v>(value: &'v Value, all: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => all.push(text),
        Value::Array(list) => list.iter().for_each(|v| texts(v, all)),
        Value::Object(fields) => fields.values().for_each(|v| texts(v, all)),
        _ => {}
    }
}

/// A message about more violations than it lists.
fn many() -> Message {
    let mut message = sample(Kind::Opened);
    let one = message.data.violations[0].clone();
    message.data.violations = (17..20)
        .map(|n| Violation {
            id: format!("V{n}"),
            path: format!("third_party/mailer/src/{n}.c"),
            ..one.clone()
        })
        .collect();
    (message.data.count, message.data.more) = (42, 39);
    message.data.summary = summary(message.kind, &message.data);
    message
}

#[test]
fn every_kind_can_be_written_in_every_format() {
    for message in samples() {
        for format in &JSON_FORMATS {
            let body = body(format, &message);
            let mut all = Vec::new();
            texts(&body, &mut all);
            assert!(all.iter().any(|t| t.len() > 5), "{body}");
        }
    }
}

#[test]
fn the_formats_are_as_their_receivers_want_them() {
    let of_kinds =
        [Kind::Opened, Kind::Digest, Kind::WaiverExpiring, Kind::ScanFailed, Kind::Suspended];
    let mut messages: Vec<(String, Message)> =
        of_kinds.iter().map(|k| (k.to_string(), sample(*k))).collect();
    messages.insert(1, ("violation.opened, many".to_owned(), many()));
    let names = ["standard", "cloudevents", "slack", "mattermost", "teams"];
    for (name, format) in names.iter().zip(&JSON_FORMATS) {
        let mut shown = String::new();
        for (title, message) in &messages {
            let mut message = message.clone();
            message.data.link = Some("https://ospo.example.com/violations/V17".into());
            let value = body(format, &message);
            shown += &format!("{title}\n{value:#}\n\n");
        }
        insta::with_settings!({ snapshot_path => "../../../tests/snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("webhook-{name}"), shown);
        });
    }
}

/// A schema that lets no field pass that it does not describe.
fn strict(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut fields: serde_json::Map<String, Value> =
                fields.iter().map(|(name, v)| (name.clone(), strict(v))).collect();
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.entry("additionalProperties").or_insert(false.into());
            }
            fields.into()
        }
        Value::Array(list) => list.iter().map(strict).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

#[test]
fn the_schema_describes_every_field_of_every_message() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../docs/schemas/webhook.json")).expect("JSON");
    let validator = jsonschema::validator_for(&strict(&schema)).expect("a schema");
    for message in samples() {
        // With what only some have, and with so much that it is shortened.
        let mut full = message.clone();
        full.data.more = 3;
        full.data.link = Some("https://ospo.example.com/".into());
        if let Some(checkout) = &mut full.data.checkout {
            checkout.view = "rev:main".into();
        }
        for v in &mut full.data.violations {
            v.link = Some("https://ospo.example.com/V17".into());
        }
        if let Some(digest) = &mut full.data.digest {
            digest.more = 3;
        }
        for message in [message, full.clone(), much(&full, "päth/", 4000, 100)] {
            let body = body(&Format::Standard, &message);
            let wrong: Vec<String> = validator.iter_errors(&body).map(|e| e.to_string()).collect();
            assert!(wrong.is_empty(), "{}: {wrong:#?}", message.kind);
        }
    }
    let kinds: Vec<&str> = Kind::ALL.iter().map(|k| k.as_str()).collect();
    assert_eq!(schema["properties"]["type"]["enum"], serde_json::json!(kinds));
    let reference = include_str!("../../../docs/webhooks.md");
    for kind in kinds {
        assert!(
            reference.contains(&format!("`{kind}`")),
            "docs/webhooks.md does not tell of {kind}"
        );
    }
}

#[test]
fn a_cloud_event_has_what_the_specification_requires() {
    for message in samples() {
        let event = body(&Format::CloudEvents, &message);
        for name in ["specversion", "id", "source", "type"] {
            assert!(event[name].as_str().is_some_and(|t| !t.is_empty()), "{name}: {event}");
        }
        assert_eq!(event["data"]["id"], event["id"]);
    }
    let mut message = sample(Kind::Opened);
    message.data.checkout.as_mut().expect("a checkout").root = "/srv/a b/ü?".into();
    let source = body(&Format::CloudEvents, &message)["source"].clone();
    assert_eq!(source, "lictor:/srv/a%20b/%C3%BC%3F");
}

#[test]
fn a_template_makes_what_it_says_and_nothing_of_what_it_is_given() {
    let text = r#"{"title": {{ data.summary }}, "files": [
        {%- for v in data.violations | default([]) %}{{ v.path }}{% if not loop.last %},{% endif %}{% endfor -%}
    ]}"#;
    let template = Template::parse("ticket.json.j2", text).expect("a template");
    let mut message = sample(Kind::Opened);
    message.data.violations[0].path = r#"a", "b": "{{ data.id }}"#.into();
    let body = body(&Format::Template(Box::new(template)), &message);
    assert_eq!(body["files"][0], message.data.violations[0].path);
    assert_eq!(body["title"], message.data.summary);
}

#[test]
fn what_is_wrong_with_a_template_is_told_with_its_line() {
    let wrong = |name: &str, text: &str| {
        Template::parse(name, text).expect_err("it is wrong").render(false)
    };
    let syntax = wrong("t.txt", "all is well\n{% for x in %}\n");
    assert!(syntax.contains("t.txt:2:1") && syntax.contains('^'), "{syntax}");
    let unknown = wrong("t.txt", "\n\n{{ data.rule.id }}");
    assert!(unknown.contains("t.txt:3:1") && unknown.contains("is defined"), "{unknown}");
    let no_json = wrong("t.json", "{{ data.summary }},");
    assert!(no_json.contains("no JSON"), "{no_json}");
    let endless = wrong(
        "t.txt",
        "{% for x in range(100000) %}{% for y in range(100000) %}x{% endfor %}{% endfor %}",
    );
    assert!(endless.contains("t.txt"), "{endless}");
    let large = wrong(
        "t.txt",
        "{% for x in range(9000) %}0123456789012345678901234567890123456789{% endfor %}",
    );
    assert!(large.contains("256 kB") || large.contains("write"), "{large}");
    let files = wrong("t.txt", "{% include '/etc/passwd' %}");
    assert!(!files.contains("root:"), "{files}");
}

/// What somebody may call a file, or write into a commit.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "<!channel>",
        "<!here|x>",
        "@all",
        "@channel",
        "@here",
        "<@U1234>",
        "](https://evil.example)",
        "[x](javascript:alert(1))",
        "`",
        "```",
        "*b*",
        "_i_",
        "# h",
        "<b>",
        "&lt;",
        "&",
        ">",
        "|",
        "\n",
        "\r",
        "\u{202e}",
        "\u{1b}[31m",
        "\"",
        "\\",
        "{{7*7}}",
        "{% x %}",
        ":smile:",
        "~x~",
        "https://evil.example",
        "WwW.evil.example",
        "<https://evil.example|x>",
        "evil.com/x",
        "www1.evil.example",
        "<ada@evil.example>",
        "#tag",
        "~town-square",
        "\u{2424}",
        "{{DATE(2026-11-28T00:00:00Z)}}",
        "ü",
        "日本",
        "\u{0}",
        "a",
    ]);
    prop::collection::vec(parts, 0..12).prop_map(|parts| parts.concat())
}

/// What is never any text: made here, by git, or by whoever runs lictor.
const OURS: [&str; 9] =
    ["type", "timestamp", "link", "why", "id", "event", "commit", "blob", "digest"];

/// Applies a change to all texts that may come from a repository, or from a person.
fn with_texts(message: &Message, change: &mut dyn FnMut() -> String) -> Message {
    fn walk(value: &mut Value, change: &mut dyn FnMut() -> String) {
        match value {
            Value::String(text) => *text = change(),
            Value::Array(list) => list.iter_mut().for_each(|v| walk(v, change)),
            Value::Object(fields) => {
                for (name, v) in fields {
                    if !v.is_string() || !OURS.contains(&name.as_str()) {
                        walk(v, change);
                    }
                }
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(message).expect("JSON");
    walk(&mut value, change);
    serde_json::from_value(value).expect("a message")
}

/// A message with long texts, and many of all that there may be several of.
fn much(message: &Message, of: &str, long: usize, n: usize) -> Message {
    let text = of.repeat(long.div_ceil(of.len()));
    let mut message = with_texts(message, &mut || text.clone());
    let data = &mut message.data;
    if let Some(one) = data.violations.pop() {
        data.violations = vec![one; n];
        data.count = n as u64;
    }
    data.licenses = data.licenses.iter().cycle().take(data.licenses.len() * n).cloned().collect();
    if let Some(digest) = &mut data.digest {
        digest.groups = vec![digest.groups[0].clone(); n];
        digest.notes = vec![digest.notes[0].clone(); n];
        digest.checkouts = vec![digest.checkouts[0].clone(); n];
    }
    message
}

/// Whether it is one code span and nothing else.
fn is_code(text: &str) -> bool {
    let inside = text.strip_prefix('`').and_then(|t| t.strip_suffix('`'));
    inside.is_some_and(|t| !t.is_empty() && !t.contains(['`', '\n', '\u{2424}']))
}

#[test]
fn mattermost_makes_no_links_of_paths_and_authors() {
    // Its parser takes none of these as escaped by a backslash, or broken by what is not seen.
    let texts =
        ["github.com/x/y.c", "www1.evil.example", "<ada@example.com>", "#tag", "~town-square"];
    for text in texts {
        let message = with_texts(&sample(Kind::Opened), &mut || text.to_owned());
        let body = body(&Format::Mattermost, &message);
        for line in body["attachments"][0]["text"].as_str().expect("a text").lines() {
            assert!(is_code(line.trim_start_matches("* ")), "{line}");
        }
    }
}

#[test]
fn mattermost_makes_no_line_of_the_symbol_for_one() {
    let message = with_texts(&sample(Kind::Opened), &mut || "a\u{2424}# heading".to_owned());
    let body = body(&Format::Mattermost, &message);
    assert!(!body.to_string().contains('\u{2424}'), "{body}");
}

#[test]
fn what_teams_shows_instead_of_a_card_holds_no_markdown() {
    let mut message = sample(Kind::Opened);
    message.data.summary = "[x](https://evil.example)".into();
    let body = body(&Format::Teams, &message);
    assert_eq!(body["attachments"][0]["content"]["fallbackText"], "New license violation");
}

#[test]
fn slack_is_sent_what_it_takes_and_told_how_much_is_missing() {
    let mut message = many();
    for v in &mut message.data.violations {
        v.path = "directory/".repeat(40);
    }
    message.data.violations = message.data.violations.iter().cycle().take(20).cloned().collect();
    message.data.more = 22;
    let body = body(&Format::Slack, &message);
    let blocks = body["blocks"].as_array().expect("blocks");
    let all = body["blocks"].to_string().len();
    assert!((9_000..12_000).contains(&all), "{all}");
    let lines = blocks.iter().filter(|b| b["text"]["text"].to_string().contains("directory"));
    let told = format!("and {} more", 42 - lines.count());
    assert!(body["blocks"].to_string().contains(&told), "{told}: {body:#}");
}

#[test]
fn a_line_that_is_a_little_too_long_for_slack_is_cut_a_little() {
    let mut message = sample(Kind::Opened);
    message.data.summary = format!("{}<&>", "a".repeat(495));
    let body = body(&Format::Slack, &message);
    let shown = body["blocks"][1]["text"]["text"].as_str().expect("a text");
    assert!((480..=500).contains(&shown.len()), "{}", shown.len());
}

#[test]
fn the_template_of_the_reference_is_one() {
    let reference = include_str!("../../../docs/webhooks.md");
    let text = reference.split("```jinja\n").nth(1).and_then(|t| t.split("```").next());
    let template = Template::parse("ticket.json.j2", text.expect("an example"));
    let template = template.map_err(|wrong| wrong.render(false)).expect("a template");
    let body = body(&Format::Template(Box::new(template)), &sample(Kind::Opened));
    assert_eq!(body["labels"], serde_json::json!(["license", "high"]));
}

proptest! {
    #[test]
    fn what_a_repository_holds_stays_text(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        said in prop::collection::vec(hostile(), 8),
    ) {
        // As `deliver::tell` puts it in; a text is never empty there.
        let mut said = said.iter().map(|text| visible(format!("{text}x").as_bytes())).cycle();
        let mut message =
            with_texts(&sample(kind), &mut || said.next().unwrap_or_default());
        if kind != Kind::Digest {
            message.data.summary = summary(kind, &message.data);
        }
        for format in &JSON_FORMATS {
            let value = body(format, &message);
            let mut all = Vec::new();
            texts(&value, &mut all);
            for text in all {
                prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
                prop_assert!(!text.contains('\u{202e}'), "{text:?}");
            }
        }
        // Slack: nothing that begins a control sequence; no text that is markup.
        let slack = body(&Format::Slack, &message);
        let mut all = Vec::new();
        texts(&slack, &mut all);
        for text in all {
            prop_assert!(!text.contains(['<', '>']), "{text}");
            for (n, _) in text.match_indices('&') {
                let entity = ["&amp;", "&lt;", "&gt;"].iter().any(|e| text[n..].starts_with(e));
                prop_assert!(entity, "{text}");
            }
        }
        prop_assert!(!slack["blocks"].to_string().contains("mrkdwn"));
        // Mattermost: all that is not ours is code.
        let mattermost = body(&Format::Mattermost, &message);
        let attachment = &mattermost["attachments"][0];
        let fields = attachment["fields"].as_array().expect("fields").iter().map(|f| &f["value"]);
        for text in fields.chain([&attachment["fallback"]]) {
            prop_assert!(is_code(text.as_str().expect("a text")), "{text}");
        }
        for line in attachment["text"].as_str().expect("a text").lines() {
            prop_assert!(is_code(line.strip_prefix("* ").unwrap_or(line)), "{line}");
        }
        // Teams: what is not ours is in text runs only, and calls no function.
        let teams = body(&Format::Teams, &message);
        let content = &teams["attachments"][0]["content"];
        let blocks = content["body"].as_array().expect("blocks");
        let title = &blocks[0];
        prop_assert!(title["type"] == "TextBlock" && title["text"] == content["fallbackText"]);
        for block in &blocks[1..] {
            prop_assert_eq!(&block["type"], "RichTextBlock");
            prop_assert!(!block.to_string().contains("{{"), "{block}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn bodies_stay_as_small_as_receivers_want_them(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        of in prop::sample::select(vec!["a/", "<&>", "é", "😀", "\"", "\\\\", "{{", "`"]),
        long in prop::sample::select(vec![1, 40, 290, 505, 4000]),
        n in prop::sample::select(vec![1usize, 20, 200]),
    ) {
        let message = much(&sample(kind), of, long, n);
        let length = |format| render(format, &message).map_or(usize::MAX, |b| b.bytes.len());
        prop_assert!(length(&Format::Standard) <= 20 * 1024);
        prop_assert!(length(&Format::Teams) <= 28 * 1024);
        let slack = body(&Format::Slack, &message);
        let blocks = slack["blocks"].as_array().expect("blocks");
        prop_assert!(blocks.len() <= 50);
        let all = slack["blocks"].to_string().chars().count();
        prop_assert!(all <= 11_000, "{all}");
        for block in blocks {
            let most = if block["type"] == "header" { 150 } else { 3000 };
            let text = block["text"]["text"].as_str().unwrap_or_default();
            prop_assert!(text.chars().count() <= most);
            let fields = block["fields"].as_array();
            prop_assert!(fields.is_none_or(|f| f.len() <= 10));
            for field in fields.into_iter().flatten() {
                let text = field["text"].as_str().unwrap_or_default();
                prop_assert!((1..=2000).contains(&text.chars().count()));
            }
        }
        let mattermost = body(&Format::Mattermost, &message);
        let text = mattermost["attachments"][0]["text"].as_str().expect("a text");
        prop_assert!(text.chars().count() <= 16_383, "{}", text.chars().count());
    }
}
