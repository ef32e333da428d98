// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! An adaptive card 1.5 for workflows of Microsoft Teams ("when a Teams webhook request is
//! received"). All text is in text runs, which know no markup.

use serde_json::{Value, json};

use super::card::{Card, Tone, and_more, safe_link};
use crate::deliver::message::Message;
use crate::diag::shorten;

/// Teams takes 28 kB in all; JSON escapes little of what was made visible.
const TEXT: usize = 500;

pub fn message(message: &Message) -> Value {
    let card = Card::of(message);
    let colour = match card.tone {
        Tone::Bad => "attention",
        Tone::Warning => "warning",
        Tone::Good => "good",
        Tone::Plain => "default",
    };
    let mut body = vec![json!({
        "type": "TextBlock", "text": card.title, "weight": "bolder", "size": "large",
        "color": colour, "wrap": true,
    })];
    body.push(runs(&[(card.summary, false)]));
    for (name, says) in &card.facts {
        body.push(runs(&[(&format!("{name}: "), true), (says, false)]));
    }
    for line in &card.lines {
        body.push(runs(&[("• ", false), (line, false)]));
    }
    if let Some(more) = and_more(card.more) {
        body.push(runs(&[(&more, false)]));
    }
    let mut content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": shorten(card.summary, TEXT),
        "msteams": { "width": "Full" },
        "body": body,
    });
    if let Some(link) = safe_link(card.link) {
        content["actions"] = json!([{ "type": "Action.OpenUrl", "title": "Open", "url": link }]);
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": content,
        }],
    })
}

fn runs(parts: &[(&str, bool)]) -> Value {
    let run = |(text, strong): &(&str, bool)| {
        let weight = if *strong { "bolder" } else { "default" };
        json!({ "type": "TextRun", "text": shorten(text, TEXT), "weight": weight })
    };
    let inlines: Vec<Value> = parts.iter().map(run).collect();
    json!({ "type": "RichTextBlock", "inlines": inlines })
}
