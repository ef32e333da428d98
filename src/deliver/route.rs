// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What of the ledger an endpoint is told, and what of it in one message. Pure: events in, groups
//! and sums out. What else is known of a violation is put in by [`super::tell`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::message::Kind;
use crate::clock::Moment;
use crate::config::{FirstScan, Webhook};
use crate::diag::visible;
use crate::model::Severity;
use crate::policy::globs::Globs;
use crate::store::Event;

/// How many messages are made at a time.
const MOST_GROUPS: usize = 1000;

/// How many violations a message can list; its size mostly allows for fewer.
const MOST_LISTED: usize = 100;

/// How many sentences on what else happened a sum has.
const MOST_NOTES: usize = 20;

/// The scan by which something was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scan {
    /// The root of the checkout, made visible.
    pub root: String,
    pub view: String,
    pub commit: Option<String>,
    pub branch: Option<String>,
    pub policy: String,
    /// Whether the checkout was never scanned before.
    pub first: bool,
    pub began: Moment,
}

impl Scan {
    /// From an event of kind `scan`.
    pub fn of(event: &Event) -> Scan {
        let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
        let text = |key: &str| detail[key].as_str().map(str::to_owned);
        Scan {
            root: text("checkout").unwrap_or_default(),
            view: text("view").unwrap_or_default(),
            commit: text("commit"),
            branch: text("branch"),
            policy: text("policy").unwrap_or_default(),
            first: detail["first"] == true,
            began: event.time,
        }
    }
}

/// Something that happened, and that the endpoint wants to hear of.
#[derive(Debug, Clone)]
pub struct Item {
    pub kind: Kind,
    pub time: Moment,
    pub hash: [u8; 32],
    pub violation: Option<i64>,
    pub path: Vec<u8>,
    pub detail: Value,
    /// Where it was found; what is about no checkout has none.
    pub scan: Option<Arc<Scan>>,
}

impl Item {
    pub fn text(&self, key: &str) -> Option<&str> {
        self.detail[key].as_str().filter(|t| !t.is_empty())
    }
}

/// What is one message.
#[derive(Debug)]
pub struct Group {
    pub kind: Kind,
    /// Those that can be listed.
    pub items: Vec<Item>,
    /// Of all of them.
    pub count: u64,
    pub about: Vec<i64>,
    pub component: Option<Vec<u8>>,
    /// The hash of the last.
    pub last: [u8; 32],
}

/// What is counted in one message.
#[derive(Debug, Default)]
pub struct Sum {
    pub counts: BTreeMap<Kind, u64>,
    pub span: Option<(Moment, Moment)>,
    /// Of the first and the last.
    pub hashes: Option<([u8; 32], [u8; 32])>,
    /// The last scan of each checkout, by root and view.
    pub scans: BTreeMap<(String, String), Arc<Scan>>,
    pub notes: Vec<Item>,
    kinds: Vec<Standing>,
    numbers: HashMap<(String, String, String), usize>,
    /// Which kind each violation is of that stands.
    standing: HashMap<i64, usize>,
}

/// Violations of one rule by one license in one checkout.
#[derive(Debug, Clone)]
pub struct Standing {
    pub root: String,
    pub license: String,
    /// With the rule.
    pub detail: Value,
    pub example: Vec<u8>,
    pub count: u64,
}

impl Sum {
    fn add(&mut self, item: &Item) {
        *self.counts.entry(item.kind).or_default() += 1;
        let (first, _) = self.span.unwrap_or((item.time, item.time));
        self.span = Some((first.min(item.time), first.max(item.time)));
        let (first, _) = self.hashes.unwrap_or((item.hash, item.hash));
        self.hashes = Some((first, item.hash));
        let Some(scan) = &item.scan else {
            if self.notes.len() < MOST_NOTES {
                self.notes.push(item.clone());
            }
            return;
        };
        let key = (scan.root.clone(), scan.view.clone());
        self.scans.insert(key, Arc::clone(scan));
        let Some(violation) = item.violation else { return };
        match item.kind {
            Kind::Opened | Kind::Reopened | Kind::Changed | Kind::WaiverLapsed => {
                let text = |key: &str| item.text(key).unwrap_or_default().to_owned();
                let key = (scan.root.clone(), text("rule"), text("license"));
                let next = self.kinds.len();
                let number = *self.numbers.entry(key).or_insert(next);
                if number == next {
                    self.kinds.push(Standing {
                        root: scan.root.clone(),
                        license: text("license"),
                        detail: item.detail.clone(),
                        example: item.path.clone(),
                        count: 0,
                    });
                }
                self.standing.insert(violation, number);
            }
            Kind::Resolved | Kind::Waived => _ = self.standing.remove(&violation),
            _ => {}
        }
    }

    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// What stands, worst and most first.
    pub fn standing(&self) -> Vec<Standing> {
        let mut all = self.kinds.clone();
        for number in self.standing.values() {
            all[*number].count += 1;
        }
        all.retain(|s| s.count > 0);
        let severity =
            |s: &Standing| s.detail["severity"].as_str().and_then(|s| s.parse::<Severity>().ok());
        all.sort_by(|a, b| {
            let rank = |s: &Standing| std::cmp::Reverse((severity(s), s.count));
            let name =
                |s: &Standing| (s.root.clone(), s.detail["rule"].to_string(), s.license.clone());
            rank(a).cmp(&rank(b)).then_with(|| name(a).cmp(&name(b)))
        });
        all
    }
}

/// What has to be asked about an event beside what it says.
pub trait Ask {
    /// Who owns the file of a violation.
    fn owner(&mut self, violation: i64) -> Option<String>;
    /// To which component the file of a violation belongs.
    fn component(&mut self, scan: &Scan, path: &[u8]) -> Vec<u8>;
}

/// What an endpoint wants, made ready to be asked.
pub struct Wanted<'w> {
    webhook: &'w Webhook,
    kinds: BTreeSet<Kind>,
    checkouts: Option<Globs>,
}

impl Wanted<'_> {
    pub fn new(webhook: &Webhook) -> Wanted<'_> {
        let globs = webhook.wants.checkouts.clone();
        Wanted {
            webhook,
            kinds: webhook.wants.events.iter().copied().collect(),
            // They were read before, when the configuration was.
            checkouts: Some(globs).filter(|g| !g.is_empty()).and_then(|g| Globs::new(g).ok()),
        }
    }

    fn wants(&self, item: &Item, ask: &mut dyn Ask) -> bool {
        let wants = &self.webhook.wants;
        let root = item.scan.as_ref().map(|s| s.root.as_str()).or(item.text("checkout"));
        if !self.kinds.contains(&item.kind)
            || self.checkouts.as_ref().zip(root).is_some_and(|(g, r)| !g.fits(r.as_bytes()))
        {
            return false;
        }
        let Some(violation) = item.violation else { return true };
        // What an older lictor did not write down narrows nothing.
        let severity = item.text("severity").and_then(|s| s.parse::<Severity>().ok());
        let fits =
            |list: &[String], value: &str| list.is_empty() || list.iter().any(|one| one == value);
        let license = item.text("license").unwrap_or_default();
        let bare = license.split(" WITH ").next().unwrap_or_default();
        severity.is_none_or(|s| s >= wants.severity)
            && item.text("context").is_none_or(|c| fits(&wants.contexts, c))
            && (fits(&wants.licenses, license) || fits(&wants.licenses, bare))
            && (wants.owners.is_empty()
                || ask.owner(violation).is_some_and(|owners| {
                    owners.split(' ').any(|owner| wants.owners.iter().any(|w| w == owner))
                }))
    }
}

/// What is one message together: the kind, where it was found, and by which rule.
type Key = (Kind, Option<Arc<Scan>>, Vec<u8>, String);

/// Events in the order of the ledger, as they become messages.
#[derive(Default)]
pub struct Batch {
    pub groups: Vec<Group>,
    /// Of each checkout that was never scanned before.
    pub first: BTreeMap<(String, String), Sum>,
    /// Of everything else.
    pub sum: Sum,
    /// The last event that the groups reach to, if not to the end.
    pub full: Option<i64>,
    scan: Option<Arc<Scan>>,
    /// The last group of each key.
    open: BTreeMap<Key, usize>,
    /// The last group in which a violation is.
    places: HashMap<i64, usize>,
}

impl Batch {
    /// What follows a scan; `None` if none was written yet.
    pub fn after(scan: Option<Scan>) -> Batch {
        Batch { scan: scan.map(Arc::new), ..Batch::default() }
    }

    /// How many messages it would be.
    pub fn messages(&self) -> usize {
        self.groups.len() + self.first.len()
    }

    /// Takes the next event.
    pub fn add(&mut self, wanted: &Wanted<'_>, event: Event, ask: &mut dyn Ask) {
        if event.kind == "scan" {
            self.scan = Some(Arc::new(Scan::of(&event)));
            return;
        }
        let Ok(kind) = event.kind.parse::<Kind>() else { return };
        let of_scan = event.violation.is_some() || kind == Kind::LicenseChanged;
        let item = Item {
            kind,
            time: event.time,
            hash: event.hash,
            violation: event.violation,
            path: event.path.unwrap_or_default(),
            detail: serde_json::from_str(&event.detail).unwrap_or_default(),
            scan: self.scan.clone().filter(|_| of_scan),
        };
        if !wanted.wants(&item, ask) {
            return;
        }
        if let Some(scan) = item.scan.as_ref().filter(|scan| scan.first) {
            match wanted.webhook.first_scan {
                FirstScan::Everything => {}
                FirstScan::Nothing => return,
                FirstScan::Summary => {
                    let key = (scan.root.clone(), scan.view.clone());
                    self.first.entry(key).or_default().add(&item);
                    return;
                }
            }
        }
        self.sum.add(&item);
        if self.full.is_some() {
            return;
        }
        if self.groups.len() >= MOST_GROUPS {
            self.full = Some(event.seq - 1);
            return;
        }
        self.group(wanted, item, ask);
    }

    fn group(&mut self, wanted: &Wanted<'_>, item: Item, ask: &mut dyn Ask) {
        let together = wanted.webhook.group && item.scan.is_some();
        let component = match (&item.scan, item.violation) {
            (Some(scan), Some(_)) => Some(ask.component(scan, &item.path)),
            _ => None,
        };
        let key = (
            item.kind,
            item.scan.clone(),
            component.clone().unwrap_or_default(),
            item.text("rule").unwrap_or_default().to_owned(),
        );
        // What happens to a violation is told in its order: each time in a later message.
        let before = item.violation.and_then(|v| self.places.get(&v));
        let next = self.groups.len();
        let open = self.open.get(&key).filter(|open| before.is_none_or(|b| b < *open));
        let place = *open.filter(|_| together).unwrap_or(&next);
        if place == next {
            self.open.insert(key, next);
            self.groups.push(Group {
                kind: item.kind,
                items: Vec::new(),
                count: 0,
                about: Vec::new(),
                component,
                last: item.hash,
            });
        }
        let group = &mut self.groups[place];
        group.count += 1;
        group.last = item.hash;
        if let Some(violation) = item.violation {
            group.about.push(violation);
            self.places.insert(violation, place);
        }
        if group.items.len() < MOST_LISTED {
            group.items.push(item);
        }
    }
}

/// A path for people; the root of a checkout is `.`.
pub fn shown(path: &[u8]) -> String {
    if path.is_empty() { ".".into() } else { visible(path) }
}
