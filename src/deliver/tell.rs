// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Makes messages of what is to be told: what the ledger says happened, and what the store knows
//! of it now (evidence, who brought it in, who owns it). Repository content is made visible here.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::message::{
    Checkout, Data, Digest, DigestCheckout, DigestGroup, DigestReason, Introduced, Kind,
    LicenseChange, Message, Policy, Problem, Rule, SCHEMA, Violation, Waiver, Was,
};
use super::route::{Ask, Group, Item, Scan, Standing, Sum, shown};
use crate::clock::Moment;
use crate::diag::{Failure, shorten, visible};
use crate::model::{BlobId, Match};
use crate::store::{NewDelivery, Placed, Store};

/// Of matched words, in characters.
const MOST_WORDS: usize = 600;

/// Groups of a digest.
const MOST_KINDS: usize = 50;

/// Asks the store, and remembers the answers for as long as a batch takes.
pub struct Asker<'s> {
    store: &'s Store,
    /// `{violation}` stands for the number.
    link: Option<&'s str>,
    roots: HashMap<String, Vec<u8>>,
    components: HashMap<Vec<u8>, Vec<u8>>,
    /// What could not be asked.
    pub failed: Option<Failure>,
}

impl<'s> Asker<'s> {
    /// # Errors
    /// The store cannot be read.
    pub fn new(store: &'s Store, link: Option<&'s str>) -> Result<Asker<'s>, Failure> {
        let known = store.checkouts(None)?;
        let roots = known.into_iter().map(|k| (visible(&k.root), k.root)).collect();
        Ok(Asker { store, link, roots, components: HashMap::new(), failed: None })
    }

    fn root<'a>(&'a self, scan: &'a Scan) -> &'a [u8] {
        // A checkout that is forgotten has no files.
        self.roots.get(&scan.root).map_or(scan.root.as_bytes(), Vec::as_slice)
    }

    /// Whether who brought the new violations of a scan in is known as far as it will be.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn is_attributed(&self, scan: &Scan) -> Result<bool, Failure> {
        self.store.is_attributed(self.root(scan), &scan.view, scan.began)
    }

    fn took<T>(&mut self, answer: Result<T, Failure>) -> Option<T> {
        answer.map_err(|e| self.failed = Some(e)).ok()
    }
}

impl Ask for Asker<'_> {
    fn owner(&mut self, violation: i64) -> Option<String> {
        let placed = self.store.violation(violation);
        self.took(placed)??.violation.owner
    }

    fn component(&mut self, scan: &Scan, path: &[u8]) -> Vec<u8> {
        let directory = path.iter().rposition(|b| *b == b'/').map_or(&b""[..], |n| &path[..n]);
        let key = [self.root(scan), b"\0", scan.view.as_bytes(), b"\0", directory].concat();
        if let Some(known) = self.components.get(&key) {
            return known.clone();
        }
        let found = self.store.component(self.root(scan), &scan.view, path);
        let found = self.took(found).unwrap_or_default();
        self.components.insert(key, found.clone());
        found
    }
}

/// A UUIDv7 that follows from a moment and what is hashed: the same whenever it is asked for.
pub fn uuid(time: Moment, seed: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    seed.iter().for_each(|part| hash.update(part));
    let hash = hash.finalize();
    let mut random = [0; 10];
    random.copy_from_slice(&hash[..10]);
    let millis = u64::try_from(time.0 / 1_000_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// The id of an event of the ledger.
pub fn event_id(time: Moment, hash: &[u8; 32]) -> Uuid {
    uuid(time, &[hash])
}

fn files(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// What is delivered of a group.
///
/// # Errors
/// The store cannot be read.
pub fn group(asker: &mut Asker<'_>, group: &Group) -> Result<NewDelivery, Failure> {
    let Some(first) = group.items.first() else {
        return Err(Failure::new("a message about nothing"));
    };
    let id = match group.count {
        1 => event_id(first.time, &first.hash),
        _ => uuid(first.time, &[&first.hash, &group.last, b"group"]),
    };
    let mut data = Data { schema: SCHEMA, id: id.to_string(), ..Data::default() };
    if let Some(scan) = &first.scan {
        data.checkout = Some(checkout(scan));
        data.policy = Some(Policy {
            name: asker.store.policy_name(&scan.policy)?,
            digest: scan.policy.clone(),
            was: None,
        });
    }
    if group.kind == Kind::LicenseChanged {
        data.licenses = group.items.iter().map(license_change).collect();
        data.more = group.count - data.licenses.len() as u64;
    } else if first.violation.is_some() {
        data.rule = Some(rule(first));
        data.component = group.component.as_deref().map(shown);
        data.count = group.count;
        for item in &group.items {
            let violation = violation(asker, item)?;
            data.violations.push(violation);
        }
        data.more = group.count - data.violations.len() as u64;
        data.link = data.violations.first().and_then(|v| v.link.clone());
    } else {
        event(&mut data, first);
    }
    data.summary = summary(group.kind, &data);
    let message = Message { kind: group.kind, timestamp: first.time.rfc3339(), data };
    Ok(delivery(&message, id, group.about.clone()))
}

/// What is delivered of a sum.
///
/// # Errors
/// The store cannot be read.
pub fn digest(asker: &Asker<'_>, sum: &Sum, why: DigestReason) -> Result<NewDelivery, Failure> {
    let (from, to) = sum.span.unwrap_or((Moment(0), Moment(0)));
    let (first, last) = sum.hashes.unwrap_or_default();
    let id = uuid(to, &[&first, &last, b"digest"]);
    let mut open: BTreeMap<(Vec<u8>, String), (u64, u64, u64)> = BTreeMap::new();
    for t in asker.store.tally()? {
        open.insert((t.root, t.view), (t.deny, t.review, t.waived));
    }
    let checkouts: Vec<DigestCheckout> = sum
        .scans
        .values()
        .map(|scan| {
            let key = (asker.root(scan).to_vec(), scan.view.clone());
            let (deny, review, waived) = open.get(&key).copied().unwrap_or_default();
            DigestCheckout { checkout: checkout(scan), deny, review, waived }
        })
        .collect();
    let standing = sum.standing();
    let more = standing.len().saturating_sub(MOST_KINDS) as u64;
    let groups: Vec<DigestGroup> = standing.iter().take(MOST_KINDS).map(digest_group).collect();
    let new: u64 = standing.iter().map(|s| s.count).sum();
    let notes = sum.notes.iter().map(|item| {
        let mut data = Data::default();
        event(&mut data, item);
        summary(item.kind, &data)
    });
    let digest = Digest {
        why,
        from: from.rfc3339(),
        to: to.rfc3339(),
        counts: sum.counts.iter().map(|(kind, n)| (kind.as_str().to_owned(), *n)).collect(),
        checkouts,
        groups,
        more,
        notes: notes.collect(),
    };
    let mut data = Data { schema: SCHEMA, id: id.to_string(), ..Data::default() };
    if let ([one], DigestReason::FirstScan) = (&digest.checkouts[..], why) {
        data.checkout = Some(one.checkout.clone());
    }
    data.summary = digest_summary(&digest, new);
    data.digest = Some(digest);
    let message = Message { kind: Kind::Digest, timestamp: to.rfc3339(), data };
    Ok(delivery(&message, id, Vec::new()))
}

fn delivery(message: &Message, id: Uuid, about: Vec<i64>) -> NewDelivery {
    NewDelivery {
        uuid: id.into_bytes(),
        kind: message.kind.as_str(),
        // Strings and numbers: there is nothing that JSON cannot hold.
        body: serde_json::to_string(message).unwrap_or_default(),
        about,
    }
}

fn digest_summary(digest: &Digest, new: u64) -> String {
    let (deny, review) =
        digest.checkouts.iter().fold((0, 0), |(d, r), c| (d + c.deny, r + c.review));
    let open = format!("{deny} to deny and {review} to review are open");
    match (digest.why, &digest.checkouts[..]) {
        (DigestReason::FirstScan, [one]) => {
            format!("{} was scanned for the first time: {open}.", one.checkout.root)
        }
        (_, []) => {
            let all: u64 = digest.counts.values().sum();
            format!("{} that you may want to know of.", files(all, "event"))
        }
        (_, several) => {
            let new = match new {
                0 => "no violation is new".to_owned(),
                1 => "1 violation is new and stands".to_owned(),
                n => format!("{n} violations are new and stand"),
            };
            let in_all = files(several.len() as u64, "checkout");
            format!("In {in_all}, {new}; in all, {open}.")
        }
    }
}

fn digest_group(s: &Standing) -> DigestGroup {
    DigestGroup {
        root: s.root.clone(),
        rule: rule_of(&s.detail),
        license: s.license.clone(),
        count: s.count,
        example: visible(&s.example),
    }
}

fn checkout(scan: &Scan) -> Checkout {
    Checkout {
        root: scan.root.clone(),
        view: scan.view.clone(),
        commit: scan.commit.clone(),
        branch: scan.branch.as_ref().map(|b| visible(b.as_bytes())),
    }
}

fn rule(item: &Item) -> Rule {
    rule_of(&item.detail)
}

fn rule_of(detail: &serde_json::Value) -> Rule {
    let text = |key: &str| visible(detail[key].as_str().unwrap_or_default().as_bytes());
    Rule {
        id: text("rule"),
        outcome: text("outcome"),
        severity: text("severity"),
        reason: text("reason"),
        remedy: text("remedy"),
    }
}

fn license_change(item: &Item) -> LicenseChange {
    let text = |key: &str| item.text(key).map(|t| visible(t.as_bytes()));
    LicenseChange {
        event: event_id(item.time, &item.hash).to_string(),
        path: visible(&item.path),
        from: text("from"),
        to: text("to"),
        blob: text("blob"),
    }
}

/// A violation by what happened to it and what is known of it now.
fn violation(asker: &Asker<'_>, item: &Item) -> Result<Violation, Failure> {
    let number = item.violation.unwrap_or_default();
    let text = |key: &str| item.text(key).map(|t| visible(t.as_bytes()));
    let id = format!("V{number}");
    let mut told = Violation {
        event: event_id(item.time, &item.hash).to_string(),
        path: visible(&item.path),
        license: text("license").unwrap_or_default(),
        expression: text("expression"),
        choice: text("choice"),
        context: text("context").unwrap_or_default(),
        was: was(&item.detail["was"]),
        waiver: text("waiver"),
        why: text("why"),
        link: asker.link.map(|link| link.replace("{violation}", &id)),
        id,
        ..Violation::default()
    };
    let Some(Placed { root, view, path, violation }) = asker.store.violation(number)? else {
        return Ok(told);
    };
    told.owner = violation.owner.map(|o| visible(o.as_bytes()));
    told.introduced = violation.commit.filter(|c| !c.is_empty()).map(|commit| Introduced {
        commit,
        author: violation.author.map(|a| visible(a.as_bytes())),
        time: violation.authored.map(Moment::rfc3339),
    });
    let resolved = item.kind == Kind::Resolved;
    if let Some((blob, matches)) = asker.store.file(&root, &view, &path)?.filter(|_| !resolved) {
        evidence(&mut told, blob, &matches);
    }
    Ok(told)
}

/// The lines and words on which a violation rests: those that name its license, or the first.
fn evidence(told: &mut Violation, blob: BlobId, matches: &[Match]) {
    told.blob = Some(blob.to_string());
    let name = told.license.split(' ').next().unwrap_or_default();
    let naming = |m: &&Match| !name.is_empty() && m.expression.contains(name);
    if let Some(m) = matches.iter().find(naming).or(matches.first()) {
        told.lines = Some([m.start_line, m.end_line]);
        told.words = Some(shorten(&visible(m.words.as_bytes()), MOST_WORDS));
    }
}

fn was(detail: &serde_json::Value) -> Option<Was> {
    let text = |key: &str| Some(visible(detail[key].as_str()?.as_bytes()));
    Some(Was {
        rule: text("rule")?,
        outcome: text("outcome")?,
        severity: text("severity")?,
        context: text("context")?,
    })
}

/// What is about no violation.
fn event(data: &mut Data, item: &Item) {
    let text = |key: &str| item.text(key).map(|t| visible(t.as_bytes()));
    let whole = |key: &str| item.detail[key].as_i64().unwrap_or_default();
    if let Some(root) = text("checkout") {
        let (commit, branch) = (text("commit"), text("branch"));
        data.checkout =
            Some(Checkout { root, view: text("view").unwrap_or_default(), commit, branch });
    }
    data.problem = text("what").map(|what| Problem { what, help: text("help") });
    data.webhook = text("webhook");
    match item.kind {
        Kind::PolicyChanged => {
            let digest = text("digest").unwrap_or_default();
            data.policy = Some(Policy { name: text("name"), digest, was: text("was") });
        }
        Kind::WaiverExpiring => {
            data.waiver = Some(Waiver {
                id: text("waiver").unwrap_or_default(),
                expires: text("expires").unwrap_or_default(),
                days: whole("days"),
                granted_by: text("granted-by").unwrap_or_default(),
                reason: text("reason").unwrap_or_default(),
                ticket: text("ticket").unwrap_or_default(),
                waives: whole("waives").unsigned_abs(),
            });
        }
        _ => {}
    }
}

/// All of it in a sentence.
pub fn summary(kind: Kind, data: &Data) -> String {
    let root = data.checkout.as_ref().map_or("", |c| c.root.as_str());
    let problem = data.problem.as_ref().map_or("", |p| p.what.as_str());
    let webhook = data.webhook.as_deref().unwrap_or_default();
    let mut said = match kind {
        Kind::Opened
        | Kind::Changed
        | Kind::Reopened
        | Kind::Waived
        | Kind::Resolved
        | Kind::WaiverLapsed => about_violations(kind, data),
        Kind::LicenseChanged => match &data.licenses[..] {
            [one] if data.more == 0 => {
                let named = |l: &Option<String>| l.clone().unwrap_or_else(|| "no license".into());
                format!(
                    "{} in {root} went from {} to {}",
                    one.path,
                    named(&one.from),
                    named(&one.to)
                )
            }
            several => {
                let n = several.len() as u64 + data.more;
                format!("{} in {root} have another license", files(n, "file"))
            }
        },
        Kind::WaiverExpiring => data.waiver.as_ref().map_or_else(String::new, |w| {
            let when = match w.days {
                i64::MIN..=0 => "ends today".to_owned(),
                1 => "ends tomorrow".to_owned(),
                n => format!("ends in {n} days"),
            };
            let waives = files(w.waives, "violation");
            format!("The waiver {} {when}, on {}; it waives {waives}", w.id, w.expires)
        }),
        Kind::ScanFailed => format!("{root} cannot be looked at: {problem}"),
        Kind::Unreachable => format!("{root} is not there: {problem}"),
        Kind::Recovered => format!("{root} is looked at again"),
        Kind::PolicyChanged => {
            let policy = data.policy.as_ref();
            let name = policy.and_then(|p| p.name.as_deref()).unwrap_or_default();
            let digest = policy.map_or("", |p| p.digest.get(..12).unwrap_or(&p.digest));
            format!("It is judged by another policy now: {name}, revision {digest}")
        }
        Kind::Suspended => format!("The webhook {webhook} is suspended: {problem}"),
        Kind::Resumed => format!("The webhook {webhook} is told what happens again"),
        Kind::Test => format!("This is a test of the webhook {webhook}"),
        Kind::Digest => String::new(),
    };
    if !said.ends_with('.') {
        said.push('.');
    }
    said
}

fn about_violations(kind: Kind, data: &Data) -> String {
    let root = data.checkout.as_ref().map_or("", |c| c.root.as_str());
    let rule = data.rule.as_ref();
    let (id, outcome) = rule.map_or(("", ""), |r| (r.id.as_str(), r.outcome.as_str()));
    let (what, plural) = match &data.violations[..] {
        [one] if data.count == 1 => {
            let license = if one.license.is_empty() { "no license" } else { &one.license };
            (format!("{} ({license})", one.path), false)
        }
        _ => {
            let component = match data.component.as_deref() {
                None | Some(".") => String::new(),
                Some(component) => format!(" of {component}"),
            };
            (format!("{}{component}", files(data.count, "file")), true)
        }
    };
    let mut said = format!("{what} in {root} ");
    let verb = |one: &'static str, many: &'static str| if plural { many } else { one };
    // Writing to a string does not fail.
    let _ = match kind {
        Kind::Opened => write!(said, "{} {id}: {outcome}", verb("breaks", "break")),
        Kind::Reopened => write!(said, "{} {id} again: {outcome}", verb("breaks", "break")),
        Kind::Changed => write!(said, "now {} {id}: {outcome}", verb("breaks", "break")),
        Kind::Waived => {
            let waiver = data.violations.first().and_then(|v| v.waiver.as_deref());
            let by = waiver.map(|w| format!(" by {w}")).unwrap_or_default();
            write!(said, "{} waived{by}: {id}", verb("is", "are"))
        }
        Kind::WaiverLapsed => {
            let waiver = data.violations.first().and_then(|v| v.waiver.as_deref());
            write!(
                said,
                "{} {id}: {outcome}; the waiver {} holds no longer",
                verb("breaks", "break"),
                waiver.unwrap_or_default()
            )
        }
        _ => write!(said, "no longer {} {id}", verb("breaks", "break")),
    };
    said
}
