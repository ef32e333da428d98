// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is told to others: the native body of a webhook, `docs/schemas/webhook.json`.
//!
//! Plain data. Every text in it was made visible, so that a repository can put no control
//! character into it; escaping what a chat takes as markup is for the formats. How a message
//! comes about and where it goes is not known here.

use serde::{Deserialize, Serialize};

pub use crate::model::EventKind as Kind;

/// The version of the schema; another one when a field changes its meaning or goes. New fields
/// may come at any time.
pub const SCHEMA: u32 = 1;

/// The body of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    #[serde(rename = "type")]
    pub kind: Kind,
    /// When it happened, RFC 3339 in UTC.
    pub timestamp: String,
    pub data: Data,
}

/// What it is about. What does not belong to a kind of message is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// [`SCHEMA`].
    pub schema: u32,
    /// A UUIDv7, the same in every attempt: the `webhook-id`.
    pub id: String,
    /// All of it in a sentence of plain text.
    pub summary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<Checkout>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// The rule that all the violations break, or broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The directory in the checkout to which all the violations belong; `.` for the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// How many violations it is about, listed or not.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub count: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// How many were left out of `violations` or `licenses`, so that the body stays small.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// Files whose license changed, of `license.changed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<LicenseChange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waiver>,
    /// What went wrong, of `scan.failed`, `checkout.unreachable` and `webhook.suspended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// The name of the endpoint, of `webhook.suspended`, `webhook.resumed` and `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Where a person finds more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Where it was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Checkout {
    pub root: String,
    /// Empty for the work tree, `rev:NAME` for a revision.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub view: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// By what was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// SHA-256 in hex.
    pub digest: String,
    /// The one before, of `policy.changed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
}

/// The rule that was broken, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub id: String,
    /// `deny` or `review`.
    pub outcome: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

/// A violation and what happened to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// `V17`.
    pub id: String,
    /// The UUIDv7 of what happened: the same at every endpoint and however it is grouped.
    pub event: String,
    pub path: String,
    /// First and last line of the evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<[u32; 2]>,
    /// The license that breaks the rule; empty where a file has none.
    pub license: String,
    /// All that the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// What was chosen, where the expression offers a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// The words that were matched; may be cut, which `…` at the end shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The content, as `git hash-object` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub context: String,
    /// Who answers for the file by CODEOWNERS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced: Option<Introduced>,
    /// What it was before, of `violation.changed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Was>,
    /// The waiver that holds, or that lapsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<String>,
    /// Why that lapsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// The commit that brought it in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduced {
    pub commit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

/// What a violation was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Was {
    pub rule: String,
    pub outcome: String,
    pub severity: String,
    pub context: String,
}

/// A file whose license is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseChange {
    pub event: String,
    pub path: String,
    /// `None` for no license.
    pub from: Option<String>,
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
}

/// A waiver that is about to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    pub id: String,
    /// The last day on which it holds, UTC: `2026-11-30`.
    pub expires: String,
    /// How many days are left.
    pub days: i64,
    pub granted_by: String,
    pub reason: String,
    pub ticket: String,
    /// How many violations it waives now.
    pub waives: u64,
}

/// What is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Many events in one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    pub why: DigestReason,
    /// When the first and the last of it happened, RFC 3339 in UTC.
    pub from: String,
    pub to: String,
    /// How often each kind of event happened, by `type`.
    pub counts: std::collections::BTreeMap<String, u64>,
    /// What is open now in the checkouts in which something happened.
    pub checkouts: Vec<DigestCheckout>,
    /// The violations that were opened, reopened or changed and stand, by rule and license, worst
    /// and most first.
    pub groups: Vec<DigestGroup>,
    /// How many groups, checkouts and notes were left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// What else happened, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Why there is one message and not many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestReason {
    Scheduled,
    FirstScan,
    QuietHours,
    RateLimit,
}

/// How many violations stand in a checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestCheckout {
    pub checkout: Checkout,
    pub deny: u64,
    pub review: u64,
    pub waived: u64,
}

/// Violations of one rule by one license.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestGroup {
    pub root: String,
    pub rule: Rule,
    pub license: String,
    pub count: u64,
    /// The path of one of them.
    pub example: String,
}
