// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! An endpoint with all that its configuration names, ready to be sent to; and what follows from
//! an answer. When to send, and what, is not decided here.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use super::client::{Client, Settings, Unreachable};
use super::format::{Body, Format, Template, render};
use super::guard::Guard;
use super::message::Message;
use super::schedule::{self, Schedule};
use super::secret::{self, Secret};
use super::sign::sign;
use crate::clock::Moment;
use crate::config::{FormatKind, SecretSource, Url, Webhook, check_url};
use crate::diag::{Failure, visible};
use crate::store::Outcome;

/// The longest that a receiver may ask for.
const MOST_PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// An endpoint that can be sent to.
pub struct Endpoint {
    secrets: Vec<Secret>,
    format: Format,
    client: Client,
    schedule: Schedule,
}

/// What came of sending.
#[derive(Debug, Clone)]
pub struct Answered {
    pub status: Option<u16>,
    /// What the receiver said, or why there is no answer.
    pub said: String,
    pub took: Duration,
    /// How long it asked to be left alone.
    pub retry_after: Option<Duration>,
}

impl Answered {
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|s| (200..300).contains(&s))
    }
}

impl Endpoint {
    /// Reads the secrets, the template and the certificates of an endpoint.
    ///
    /// # Errors
    /// Something cannot be read, or is not what it should be.
    pub fn load(w: &Webhook) -> Result<Endpoint, Failure> {
        let about =
            |e: Failure| Failure { message: format!("the webhook {}: {}", w.name, e.message), ..e };
        Endpoint::try_load(w).map_err(about)
    }

    fn try_load(w: &Webhook) -> Result<Endpoint, Failure> {
        let mut secrets = Vec::new();
        for source in &w.secrets {
            secrets.extend(read_secrets(source)?);
        }
        let format = match (w.format, &w.template) {
            (FormatKind::Template, Some(path)) => {
                let (name, text) = crate::shape::open(path, "the template", "name another one")?;
                let parsed = Template::parse(&name, &text).map_err(|mistakes| {
                    Failure::config("the template is wrong").because_of(vec![mistakes])
                })?;
                Format::Template(Box::new(parsed))
            }
            (FormatKind::CloudEvents, _) => Format::CloudEvents,
            (FormatKind::Slack, _) => Format::Slack,
            (FormatKind::Mattermost, _) => Format::Mattermost,
            (FormatKind::Teams, _) => Format::Teams,
            (FormatKind::Standard | FormatKind::Template, _) => Format::Standard,
        };
        let url = read_url(&w.url)?;
        check_url(&url, w.plain_http).map_err(|(message, help)| {
            Failure::config(format!("its address cannot be used: {message}")).help(help)
        })?;
        let pem = |path: &Path| read_file(path, "the certificates");
        let identity = match &w.identity {
            Some((certificate, key)) => Some((pem(certificate)?, read_file(key, "the key")?)),
            None => None,
        };
        let client = Client::new(Settings {
            url,
            timeout: w.timeout,
            connect_timeout: w.connect_timeout,
            ca: w.ca.as_deref().map(pem).transpose()?,
            identity,
            proxy: w.proxy.as_ref().map(read_url).transpose()?,
            guard: Guard { allow: w.allow.clone() },
        })?;
        Ok(Endpoint { secrets, format, client, schedule: Schedule { waits: w.retry.clone() } })
    }

    /// The body of a message, as this endpoint takes it.
    ///
    /// # Errors
    /// The template fails on it.
    pub fn body(&self, message: &Message) -> Result<Body, Failure> {
        render(&self.format, message)
    }

    /// Sends a body, signed at this moment.
    pub fn send(&self, id: &str, body: &Body, now: Moment) -> Answered {
        let timestamp = now.0 / 1_000_000_000;
        let mut headers = vec![
            ("content-type", body.content_type.to_string()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp.to_string()),
        ];
        if !self.secrets.is_empty() {
            headers.push(("webhook-signature", sign(&self.secrets, id, timestamp, &body.bytes)));
        }
        let answer = self.client.post(&headers, &body.bytes);
        let took = answer.took;
        match answer.result {
            Ok(reply) => {
                let until = reply.retry_after.and_then(|after| after.from(now));
                let retry_after = until.map(|d| d.min(MOST_PATIENCE));
                let said =
                    if (200..300).contains(&reply.status) { String::new() } else { reply.said };
                Answered { status: Some(reply.status), said, took, retry_after }
            }
            Err(Unreachable { what, .. }) => {
                Answered { status: None, said: what, took, retry_after: None }
            }
        }
    }

    /// What follows from an answer, after so many attempts at the message failed before, and so
    /// many at the endpoint in a row. `kept` keeps a message from being given up.
    pub fn outcome(
        &self,
        answered: &Answered,
        (attempts, failures): (u32, u32),
        id: &Uuid,
        kept: Option<Duration>,
        now: Moment,
    ) -> Outcome {
        match answered.status {
            Some(200..300) => return Outcome::Delivered,
            Some(410) => return Outcome::Disabled,
            _ => {}
        }
        let asked = answered.retry_after.unwrap_or_default();
        let random = jitter(id, attempts);
        let again = self.schedule.next(attempts + 1, random).max(kept);
        // What is wrong with one message is no reason to keep the others waiting.
        let of_message = matches!(answered.status, Some(400 | 413 | 415 | 422));
        let hold = if of_message { Duration::ZERO } else { schedule::hold(failures + 1, random) };
        // Whoever wants messages tried again soon does not want the endpoint left alone for longer.
        let hold = again.map_or(hold, |again| hold.min(again));
        let again = again.map(|wait| later(now, wait.max(asked)));
        Outcome::Failed { again, hold: later(now, hold.max(asked)) }
    }
}

/// A moment some time later.
pub fn later(now: Moment, wait: Duration) -> Moment {
    Moment(now.0.saturating_add(i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX)))
}

/// A number from 0 to 1 that differs from message to message and from attempt to attempt.
fn jitter(id: &Uuid, attempts: u32) -> f64 {
    let (_, random) = id.as_u64_pair();
    let mixed = (random ^ u64::from(attempts)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

fn read_file(path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    let shown = visible(path.as_os_str().as_bytes());
    let meta = fs::metadata(path).and_then(|meta| fs::read(path).map(|bytes| (meta, bytes)));
    match meta {
        Ok((meta, bytes)) if meta.len() <= crate::shape::MAX_FILE => Ok(bytes),
        Ok(_) => Err(Failure::config(format!("{what} in {shown} are larger than 1 MiB"))),
        Err(e) => Err(Failure::config(format!("cannot read {what} in {shown}"))
            .caused_by(e)
            .help("check that the file is there, and that the user of the service may read it")),
    }
}

fn read_text(path: &Path, what: &str) -> Result<String, Failure> {
    let shown = visible(path.as_os_str().as_bytes());
    String::from_utf8(read_file(path, what)?)
        .map_err(|_| Failure::config(format!("{what} in {shown} is not UTF-8")))
}

fn read_url(url: &Url) -> Result<String, Failure> {
    match url {
        Url::Plain(url) => Ok(url.clone()),
        Url::File(path) => Ok(read_text(path, "the address")?.trim().to_owned()),
    }
}

/// The secrets of a source, the newest first.
///
/// # Errors
/// It cannot be read, or holds something else; what it holds is never told.
pub fn read_secrets(source: &SecretSource) -> Result<Vec<Secret>, Failure> {
    let (text, place) = match source {
        SecretSource::File(path) => {
            (read_text(path, "the secret")?, visible(path.as_os_str().as_bytes()))
        }
        SecretSource::Variable(name) => {
            let text = std::env::var(name).map_err(|_| {
                Failure::config(format!("the variable {} is not set", visible(name.as_bytes())))
                    .help("set it to a secret, or name a file")
            })?;
            (text, format!("the variable {}", visible(name.as_bytes())))
        }
    };
    secret::parse_all(&text).map_err(|(line, wrong)| {
        Failure::config(format!("line {line} of {place} is no secret: {wrong}"))
            .help("`lictor webhook secret new` makes one")
    })
}
