// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Block Kit for incoming webhooks of Slack. All text is `plain_text`, which knows no markup and no
//! mentions; `&`, `<` and `>` are escaped all the same, as Slack asks for it.

use serde_json::{Value, json};

use super::card::{Card, and_more, safe_link};
use crate::deliver::message::Message;
use crate::diag::shorten;

/// Characters of all blocks as JSON. Slack documents 3,000 a section, 2,000 a field and 150 a header;
/// above some 12,000 in all it answers `msg_blocks_too_long`.
const BLOCKS: usize = 10_000;
const HEADER: usize = 150;
const TEXT: usize = 500;
const FIELD: usize = 300;
const FIELDS: usize = 10;
const LINK: usize = 3000;

pub fn message(message: &Message) -> Value {
    let card = Card::of(message);
    let mut blocks = vec![
        json!({ "type": "header", "text": plain(card.title, HEADER) }),
        json!({ "type": "section", "text": plain(card.summary, TEXT) }),
    ];
    for facts in card.facts.chunks(FIELDS).take(2) {
        let fields = facts.iter().map(|(name, says)| plain(&format!("{name}: {says}"), FIELD));
        blocks.push(json!({ "type": "section", "fields": fields.collect::<Vec<_>>() }));
    }
    // At most some twenty lines: far from the fifty blocks that Slack takes.
    let mut room = BLOCKS.saturating_sub(blocks.iter().map(length).sum());
    let mut more = card.more;
    for line in &card.lines {
        let block = json!({ "type": "section", "text": plain(line, TEXT) });
        // The shorter ones behind it are shown all the same.
        match room.checked_sub(length(&block)) {
            Some(left) => room = left,
            None => {
                more += 1;
                continue;
            }
        }
        blocks.push(block);
    }
    if let Some(more) = and_more(more) {
        blocks.push(json!({ "type": "context", "elements": [plain(&more, FIELD)] }));
    }
    if let Some(link) = safe_link(card.link).filter(|l| l.len() <= LINK) {
        let button = json!({ "type": "button", "text": plain("Open", 75), "url": link });
        blocks.push(json!({ "type": "actions", "elements": [button] }));
    }
    json!({
        // For notifications, which show no blocks.
        "text": escaped(card.summary, TEXT),
        "mrkdwn": false,
        "parse": "none",
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
    })
}

fn length(block: &Value) -> usize {
    block.to_string().chars().count()
}

/// Plain text of at most so many characters.
fn plain(text: &str, most: usize) -> Value {
    json!({ "type": "plain_text", "text": escaped(text, most), "emoji": false })
}

/// Escaped text of at most so many characters.
fn escaped(text: &str, most: usize) -> String {
    let mut keep = most;
    loop {
        let short = shorten(text, keep).replace('&', "&amp;");
        let short = short.replace('<', "&lt;").replace('>', "&gt;");
        match short.chars().count().saturating_sub(most) {
            0 => return short,
            _ if keep == 0 => return short,
            over => keep = keep.saturating_sub(over),
        }
    }
}
