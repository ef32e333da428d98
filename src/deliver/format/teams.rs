// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! An adaptive card 1.5 for workflows of Microsoft Teams ("when a Teams webhook request is
//! received"). All text is in text runs, which know no markup.

use serde_json::{Value, json};

use super::card::{Card, Tone, and_more, safe_link};
use crate::deliver::message::Message;
use crate::diag::shorten;

/// Bytes in all; Teams takes 28 kB.
const LIMIT: usize = 27 * 1024;

pub fn message(message: &Message) -> Value {
    let card = Card::of(message);
    let mut written = envelope(&card, 500);
    for most in [200, 80] {
        if written.to_string().len() > LIMIT {
            written = envelope(&card, most);
        }
    }
    written
}

/// A card whose texts have at most so many characters.
fn envelope(card: &Card<'_>, most: usize) -> Value {
    let runs = |parts: &[(&str, bool)]| runs(parts, most);
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
        // Read as Markdown, so it holds nothing but our own words.
        "fallbackText": card.title,
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

fn runs(parts: &[(&str, bool)], most: usize) -> Value {
    let run = |(text, strong): &(&str, bool)| {
        let weight = if *strong { "bolder" } else { "default" };
        // `{{DATE(...)}}` would be replaced.
        let text = shorten(text, most).replace("{{", "{\u{200b}{");
        json!({ "type": "TextRun", "text": text, "weight": weight })
    };
    let inlines: Vec<Value> = parts.iter().map(run).collect();
    json!({ "type": "RichTextBlock", "inlines": inlines })
}
