// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Attachments for incoming webhooks of Mattermost, which reads Markdown. All that is not ours is in
//! code spans: its parser reads no backslash before `<` or `$` as an escape, makes links of
//! `example.com/` and hashtags and channels of what was escaped, so that escaping does not hold.

use serde_json::{Value, json};

use super::card::{Card, and_more, safe_link};
use crate::deliver::message::Message;
use crate::diag::shorten;

/// Characters of a line. With twenty of them a message stays below the 16,383 that Mattermost takes.
const TEXT: usize = 500;

pub fn message(message: &Message) -> Value {
    let card = Card::of(message);
    let fields: Vec<Value> = card
        .facts
        .iter()
        .map(|(name, says)| json!({ "short": says.len() < 40, "title": name, "value": safe(says) }))
        .collect();
    let mut lines: Vec<String> = vec![safe(card.summary)];
    lines.extend(card.lines.iter().map(|line| format!("* {}", safe(line))));
    lines.extend(and_more(card.more));
    let mut attachment = json!({
        "fallback": safe(card.summary),
        "color": card.tone.colour(),
        "title": card.title,
        "text": lines.join("\n"),
        "fields": fields,
    });
    if let Some(link) = safe_link(card.link) {
        attachment["title_link"] = link.into();
    }
    json!({ "attachments": [attachment] })
}

/// Text that is nothing but text: in a code span only its end means something, and a new line, which
/// Mattermost also makes of the symbol for one (U+2424).
fn safe(text: &str) -> String {
    format!("`{}`", shorten(text, TEXT).replace('`', "'").replace(['\n', '\u{2424}'], " "))
}
