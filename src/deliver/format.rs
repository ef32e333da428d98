// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! How a message is written for its receiver. Pure: a message in, a body out. What a repository
//! holds stays text in every format: it makes no markup, no link and calls nobody.

mod card;
mod cloudevents;
mod mattermost;
mod slack;
mod teams;
mod template;

use serde_json::Value;

use super::message::Message;
use super::shorten::shortened;
use crate::diag::Failure;

pub use template::Template;

/// A way to write messages.
pub enum Format {
    /// The native body, for Standard Webhooks 1.0.0.
    Standard,
    /// CloudEvents 1.0, JSON format, structured mode.
    CloudEvents,
    /// Block Kit, for incoming webhooks of Slack.
    Slack,
    /// Attachments, for incoming webhooks of Mattermost.
    Mattermost,
    /// An adaptive card, for workflows of Microsoft Teams.
    Teams,
    /// The user's own.
    Template(Box<Template>),
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

const JSON: &str = "application/json";

/// Writes a message, shortened so far that receivers take it.
///
/// # Errors
/// The template of the user fails on it.
pub fn render(format: &Format, message: &Message) -> Result<Body, Failure> {
    let message = &shortened(message);
    let json = |value: &Value| Body { content_type: JSON, bytes: value.to_string().into_bytes() };
    match format {
        Format::Standard => {
            let bytes = serde_json::to_vec(message);
            let bytes = bytes.map_err(|e| Failure::new("a message is no JSON").caused_by(e))?;
            Ok(Body { content_type: JSON, bytes })
        }
        Format::CloudEvents => Ok(Body {
            content_type: "application/cloudevents+json; charset=utf-8",
            ..json(&cloudevents::event(message))
        }),
        Format::Slack => Ok(json(&slack::message(message))),
        Format::Mattermost => Ok(json(&mattermost::message(message))),
        Format::Teams => Ok(json(&teams::message(message))),
        Format::Template(template) => template.render(message),
    }
}

#[cfg(test)]
mod tests;
