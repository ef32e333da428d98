// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Attachments for incoming webhooks of Mattermost, which reads Markdown: what has a meaning in it
//! is escaped, and a mention is broken by a character that is not seen.

use serde_json::{Value, json};

use super::card::{Card, and_more, safe_link};
use crate::deliver::message::Message;
use crate::diag::shorten;

/// Characters of a message that Mattermost takes are 16,383; escaping at most doubles them.
const TEXT: usize = 300;

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

/// Text that is nothing but text.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in shorten(text, TEXT).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '-' | '!'
            | '|' | '~' | '<' | '>' | '&' | '$' | '=' => out.extend(['\\', c]),
            // Of a mention, of an emoji, of an address that would be made a link.
            '@' | ':' => out.extend([c, '\u{200b}']),
            '.' if ends_in_www(&out) => out.extend(['\u{200b}', c]),
            c => out.push(c),
        }
    }
    out
}

fn ends_in_www(text: &str) -> bool {
    text.len() >= 3 && text.as_bytes()[text.len() - 3..].eq_ignore_ascii_case(b"www")
}
