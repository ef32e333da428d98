// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What chats show of a message: a title, facts, lines. Plain text, which each chat's format
//! escapes in its own way.

use crate::deliver::message::{Digest, Kind, LicenseChange, Message, Violation};

/// How much it matters, for those who show colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Bad,
    Warning,
    Good,
    Plain,
}

impl Tone {
    /// As `#rrggbb`.
    pub fn colour(self) -> &'static str {
        match self {
            Tone::Bad => "#b3261e",
            Tone::Warning => "#b26a00",
            Tone::Good => "#1b7f3b",
            Tone::Plain => "#5f6368",
        }
    }
}

/// A message for people.
#[derive(Debug)]
pub struct Card<'m> {
    pub tone: Tone,
    pub title: &'static str,
    pub summary: &'m str,
    /// Names, and what there is to say.
    pub facts: Vec<(&'static str, String)>,
    /// What it is about, one each.
    pub lines: Vec<String>,
    /// How many are not among them.
    pub more: u64,
    pub link: Option<&'m str>,
}

/// How many lines people are shown.
const MOST_LINES: usize = 20;

/// How many checkouts of a digest.
const MOST_CHECKOUTS: usize = 5;

impl<'m> Card<'m> {
    pub fn of(message: &'m Message) -> Card<'m> {
        let data = &message.data;
        let mut card = Card {
            tone: tone(message),
            title: title(message.kind),
            summary: &data.summary,
            facts: Vec::new(),
            lines: Vec::new(),
            more: data.more,
            link: data.link.as_deref(),
        };
        if let Some(c) = &data.checkout {
            card.facts.push(("Checkout", format!("{} {}", c.root, c.view).trim().to_owned()));
            let commit = c.commit.as_ref().map(|c| c.get(..12).unwrap_or(c).to_owned());
            let at: Vec<String> = c.branch.iter().cloned().chain(commit).collect();
            if !at.is_empty() {
                card.facts.push(("At", at.join(" ")));
            }
        }
        if let Some(rule) = &data.rule {
            card.facts.push(("Rule", format!("{} ({}, {})", rule.id, rule.outcome, rule.severity)));
            if message.kind != Kind::Resolved && message.kind != Kind::Waived {
                card.facts.push(("Why", rule.reason.clone()));
                card.facts.push(("To do", rule.remedy.clone()));
            }
        }
        if let Some(w) = &data.waiver {
            card.facts.push(("Granted by", w.granted_by.clone()));
            card.facts.push(("Because", w.reason.clone()));
            card.facts.push(("Ticket", w.ticket.clone()));
        }
        if let Some(help) = data.problem.as_ref().and_then(|p| p.help.clone()) {
            card.facts.push(("To do", help));
        }
        card.facts.retain(|(_, says)| !says.is_empty());
        card.lines.extend(data.violations.iter().map(violation));
        card.lines.extend(data.licenses.iter().map(license));
        if let Some(digest) = &data.digest {
            card.digest(digest);
        }
        let left = card.lines.len().saturating_sub(MOST_LINES);
        card.lines.truncate(MOST_LINES);
        card.more += left as u64;
        card
    }

    fn digest(&mut self, digest: &'m Digest) {
        for c in digest.checkouts.iter().take(MOST_CHECKOUTS) {
            let open = format!("{} to deny, {} to review, {} waived", c.deny, c.review, c.waived);
            self.facts.push(("Open", format!("{}: {open}", c.checkout.root)));
        }
        match digest.checkouts.len().saturating_sub(MOST_CHECKOUTS) {
            0 => {}
            1 => self.facts.push(("Open", "and 1 more checkout".to_owned())),
            n => self.facts.push(("Open", format!("and {n} more checkouts"))),
        }
        for g in &digest.groups {
            let license = if g.license.is_empty() { "no license" } else { &g.license };
            let rule = format!("{} ({}, {})", g.rule.id, g.rule.outcome, g.rule.severity);
            self.lines.push(format!("{} × {license}: {rule}, such as {}", g.count, g.example));
        }
        self.lines.extend(digest.notes.iter().cloned());
        self.more += digest.more;
    }
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Opened => "New license violation",
        Kind::Changed => "License violation changed",
        Kind::Reopened => "License violation is back",
        Kind::Waived => "License violation waived",
        Kind::Resolved => "License violation resolved",
        Kind::WaiverExpiring => "Waiver is about to end",
        Kind::WaiverLapsed => "Waiver holds no longer",
        Kind::LicenseChanged => "License changed",
        Kind::ScanFailed => "Checkout cannot be looked at",
        Kind::Unreachable => "Checkout is not there",
        Kind::Recovered => "Checkout is looked at again",
        Kind::PolicyChanged => "Policy changed",
        Kind::Suspended => "Webhook suspended",
        Kind::Resumed => "Webhook resumed",
        Kind::Digest => "License compliance",
        Kind::Test => "Test of a webhook",
    }
}

fn tone(message: &Message) -> Tone {
    let deny = message.data.rule.as_ref().is_some_and(|r| r.outcome == "deny");
    match message.kind {
        Kind::Resolved | Kind::Waived | Kind::Recovered | Kind::Resumed => Tone::Good,
        Kind::Opened | Kind::Changed | Kind::Reopened | Kind::WaiverLapsed if deny => Tone::Bad,
        Kind::ScanFailed | Kind::Unreachable | Kind::Suspended => Tone::Bad,
        Kind::PolicyChanged | Kind::Test => Tone::Plain,
        Kind::Digest => {
            let denies = message.data.digest.iter().flat_map(|d| &d.checkouts).any(|c| c.deny > 0);
            if denies { Tone::Bad } else { Tone::Plain }
        }
        _ => Tone::Warning,
    }
}

fn violation(v: &Violation) -> String {
    let mut line = match v.lines {
        Some([first, _]) => format!("{}:{first}", v.path),
        None => v.path.clone(),
    };
    let license = if v.license.is_empty() { "no license" } else { &v.license };
    line += &format!(": {license}");
    if let Some(expression) = v.expression.as_ref().filter(|e| **e != v.license) {
        line += &format!(" (of {expression})");
    }
    line += &format!(", {}", v.id);
    if let Some(was) = &v.was {
        line += &format!(", was {} by {}", was.outcome, was.rule);
    }
    if let Some(waiver) = &v.waiver {
        line += &format!(", waiver {waiver}");
    }
    if let Some(why) = &v.why {
        line += &format!(" ({why})");
    }
    if let Some(i) = &v.introduced {
        let commit = i.commit.get(..12).unwrap_or(&i.commit);
        line += &format!(", in {commit}");
        if let Some(author) = &i.author {
            line += &format!(" by {author}");
        }
    }
    if let Some(owner) = &v.owner {
        line += &format!(", owned by {owner}");
    }
    line
}

fn license(l: &LicenseChange) -> String {
    let named = |l: &Option<String>| l.clone().unwrap_or_else(|| "no license".into());
    format!("{}: from {} to {}", l.path, named(&l.from), named(&l.to))
}

/// A number of lines, in words, if there is one.
pub fn and_more(more: u64) -> Option<String> {
    (more > 0).then(|| format!("and {more} more"))
}

/// What may be a link: anything else could run something where it is clicked.
pub fn safe_link(link: Option<&str>) -> Option<&str> {
    link.filter(|l| l.starts_with("https://") || l.starts_with("http://"))
}
