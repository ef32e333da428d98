// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Block Kit for incoming webhooks of Slack. All text is `plain_text`, which knows no markup and no
//! mentions; `&`, `<` and `>` are escaped all the same, as Slack asks for it.

use serde_json::{Value, json};

use super::card::{Card, and_more, safe_link};
use crate::deliver::message::Message;
use crate::diag::shorten;

/// Characters of a header and of a section, and fields of a section, that Slack takes.
const HEADER: usize = 150;
const SECTION: usize = 3000;
const FIELD: usize = 2000;
const FIELDS: usize = 10;
const LINK: usize = 3000;

pub fn message(message: &Message) -> Value {
    let card = Card::of(message);
    let mut blocks = vec![
        json!({ "type": "header", "text": plain(card.title, HEADER) }),
        json!({ "type": "section", "text": plain(card.summary, SECTION) }),
    ];
    for facts in card.facts.chunks(FIELDS).take(2) {
        let fields = facts.iter().map(|(name, says)| plain(&format!("{name}: {says}"), FIELD));
        blocks.push(json!({ "type": "section", "fields": fields.collect::<Vec<_>>() }));
    }
    // At most some twenty lines: far from the fifty blocks that Slack takes.
    for line in &card.lines {
        blocks.push(json!({ "type": "section", "text": plain(line, SECTION) }));
    }
    if let Some(more) = and_more(card.more) {
        blocks.push(json!({ "type": "context", "elements": [plain(&more, FIELD)] }));
    }
    if let Some(link) = safe_link(card.link).filter(|l| l.len() <= LINK) {
        let button = json!({ "type": "button", "text": plain("Open", 75), "url": link });
        blocks.push(json!({ "type": "actions", "elements": [button] }));
    }
    json!({
        // For notifications, which show no blocks.
        "text": escaped(&shorten(card.summary, SECTION)),
        "mrkdwn": false,
        "parse": "none",
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
    })
}

/// Plain text of at most so many characters.
fn plain(text: &str, most: usize) -> Value {
    let mut short = escaped(&shorten(text, most));
    if short.chars().count() > most {
        // Escaping makes five characters of one at most.
        short = escaped(&shorten(text, most / 5));
    }
    json!({ "type": "plain_text", "text": short, "emoji": false })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
