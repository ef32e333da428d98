// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::deliver::message::Kind;
use crate::deliver::samples::samples;
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
    let of_kinds = [Kind::Opened, Kind::Digest, Kind::WaiverExpiring, Kind::Suspended];
    let names = ["standard", "cloudevents", "slack", "mattermost", "teams"];
    for (name, format) in names.iter().zip(&JSON_FORMATS) {
        let mut shown = String::new();
        for kind in of_kinds {
            let mut message = sample(kind);
            message.data.link = Some("https://ospo.example.com/violations/V17".into());
            let value = body(format, &message);
            shown += &format!("{kind}\n{value:#}\n\n");
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
        let body = body(&Format::Standard, &message);
        let wrong: Vec<String> = validator.iter_errors(&body).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", message.kind);
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
        "ü",
        "日本",
        "\u{0}",
        "a",
    ]);
    prop::collection::vec(parts, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn what_a_repository_holds_stays_text(path in hostile(), author in hostile(), words in hostile()) {
        let mut message = sample(Kind::Opened);
        // As `deliver::tell` puts it in.
        let made = |text: &str| visible(text.as_bytes());
        {
            let v = &mut message.data.violations[0];
            v.path = made(&path);
            v.words = Some(made(&words));
            v.introduced.as_mut().expect("it was brought in").author = Some(made(&author));
            v.owner = Some(made(&author));
        }
        message.data.checkout.as_mut().expect("a checkout").branch = Some(made(&path));
        message.data.summary = crate::deliver::tell::summary(message.kind, &message.data);
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
        }
        prop_assert!(!slack["blocks"].to_string().contains("mrkdwn"));
        // Mattermost: nobody is called, no link is made.
        let mattermost = body(&Format::Mattermost, &message);
        let attachment = &mattermost["attachments"][0];
        let fields = attachment["fields"].as_array().expect("fields").iter().map(|f| &f["value"]);
        for text in fields.chain([&attachment["text"], &attachment["fallback"]]) {
            let text = text.as_str().expect("a text");
            for (n, _) in text.match_indices('@') {
                prop_assert!(text[n + 1..].starts_with('\u{200b}'), "{text}");
            }
            prop_assert!(!text.contains("]("), "{text}");
            prop_assert!(!text.contains("://"), "{text}");
            prop_assert!(!text.to_lowercase().contains("www."), "{text}");
            let bare = |c: char| {
                text.match_indices(c).any(|(n, _)| n == 0 || !text[..n].ends_with('\\'))
            };
            prop_assert!(!bare('`') && !bare('<') && !bare('['), "{text}");
        }
        // Teams: what is not ours is in text runs only.
        let teams = body(&Format::Teams, &message);
        let blocks = teams["attachments"][0]["content"]["body"].as_array().expect("blocks");
        for block in blocks {
            let ours = block["type"] == "TextBlock" && block["text"] == "New license violation";
            prop_assert!(ours || block["type"] == "RichTextBlock", "{block}");
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn bodies_stay_as_small_as_receivers_want_them(n in 0usize..400, long in 1usize..4000) {
        let mut message = sample(Kind::Opened);
        let one = message.data.violations[0].clone();
        let path = "<&>é\"\\".repeat(long / 6 + 1);
        message.data.violations =
            (0..n.max(1)).map(|_| super::super::message::Violation { path: path.clone(), ..one.clone() }).collect();
        message.data.count = n.max(1) as u64;
        let length = |format| render(format, &message).map_or(usize::MAX, |b| b.bytes.len());
        prop_assert!(length(&Format::Standard) <= 20 * 1024);
        prop_assert!(length(&Format::Teams) <= 28 * 1024);
        let slack = body(&Format::Slack, &message);
        let blocks = slack["blocks"].as_array().expect("blocks");
        prop_assert!(blocks.len() <= 50);
        for block in blocks {
            let text = block["text"]["text"].as_str().unwrap_or_default();
            prop_assert!(text.chars().count() <= 3000);
        }
        let mattermost = body(&Format::Mattermost, &message);
        let text = mattermost["attachments"][0]["text"].as_str().expect("a text");
        prop_assert!(text.chars().count() <= 16_383, "{}", text.chars().count());
    }
}
