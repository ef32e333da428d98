// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Judges the files of a scan by a policy. Files that say the same at places that are the same
//! to the policy share a verdict; only what is waived is looked at file by file.

use std::hash::{Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHasher};

use super::components::{Components, directory};
use super::{Recalled, Records, Scanned, ScannedFile, Verdict};
use crate::clock::Moment;
use crate::diag::Failure;
use crate::licenses::Licenses;
use crate::model::{Match, Outcome};
use crate::policy::places::Places;
use crate::policy::waivers::{Asked, text_hash};
use crate::policy::{Decision, Policy, Surroundings};

/// What a verdict follows from.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    /// Number in `Scanned::said`, and the expression that holds instead of what it says.
    said: usize,
    instead: Option<Option<Arc<str>>>,
    place: usize,
}

pub(super) struct Judge<'a> {
    scanned: &'a Scanned,
    recalled: &'a Recalled,
    licenses: &'a Licenses,
    policy: &'a Policy,
    today: Date,
    places: Places<'a>,
    landmarks: &'a Landmarks,
}

/// What of a whole checkout verdicts on single files depend on, if the policy asks for it.
#[derive(Default)]
pub(super) struct Landmarks {
    pub components: Option<Components>,
    /// What manifests declare, by the directory of their component.
    declared: FxHashMap<Vec<u8>, Arc<str>>,
}

impl Landmarks {
    pub fn find(
        scanned: &Scanned,
        files: &[ScannedFile],
        policy: &Policy,
        licenses: &Licenses,
    ) -> Landmarks {
        let places = Places::new(policy, licenses, surroundings(scanned));
        let components =
            places.asks_components().then(|| Components::find(files.iter().map(|f| &*f.path)));
        let mut declared = FxHashMap::default();
        if places.asks_declared() {
            for f in files {
                let profile = &scanned.said[scanned.content(f).said].profile;
                let manifest = profile.lines().find(|l| l.starts_with("manifest"));
                if let Some(expression) = manifest.and_then(|l| l.splitn(4, ' ').nth(3)) {
                    declared.entry(directory(&f.path).to_vec()).or_insert(expression.into());
                }
            }
        }
        Landmarks { components, declared }
    }
}

fn surroundings(scanned: &Scanned) -> Surroundings<'_> {
    let checkout = &scanned.checkout;
    Surroundings {
        checkout: checkout.root.as_os_str().as_bytes(),
        branch: checkout.branch.as_deref(),
    }
}

impl<'a> Judge<'a> {
    pub fn new(
        scanned: &'a Scanned,
        recalled: &'a Recalled,
        landmarks: &'a Landmarks,
        licenses: &'a Licenses,
        policy: &'a Policy,
        now: Moment,
    ) -> Judge<'a> {
        let places = Places::new(policy, licenses, surroundings(scanned));
        let today = now.day();
        Judge { scanned, recalled, licenses, policy, today, places, landmarks }
    }

    /// Gives every file its verdict; gives the verdicts, and what [`Scanned::judgement`] is.
    pub fn judge(
        mut self,
        files: &mut [ScannedFile],
        records: &mut dyn Records,
    ) -> Result<(Vec<Verdict>, u64), Failure> {
        let root = self.scanned.checkout.root.as_os_str().as_bytes();
        let mut verdicts = vec![nothing()];
        let mut numbers: FxHashMap<Key, usize> = FxHashMap::default();
        let mut waived: FxHashMap<(usize, String), usize> = FxHashMap::default();
        let components = self.landmarks.components.as_ref();
        let paths: Vec<Arc<[u8]>> = match components {
            Some(_) => files.iter().map(|f| Arc::clone(&f.path)).collect(),
            None => Vec::new(),
        };
        let mut walk = components.map(Components::walk);
        for (n, f) in files.iter_mut().enumerate() {
            let content = self.scanned.content(f);
            if content.skipped.is_some() {
                f.verdict = 0;
                continue;
            }
            let said = &self.scanned.said[content.said];
            let detected = said.expression.as_deref();
            let curation = self.policy.curation(root, &f.path, detected, content.blob);
            f.curated = curation.map(|(number, _)| number);
            let instead = match curation {
                Some((_, curation)) => Some(curation.concluded.clone()),
                None => f.concluded.as_ref().map(|c| Some(Arc::clone(&c.expression))),
            };
            let component = walk.as_mut().map_or(&b""[..], |walk| walk.of(&paths[n]));
            let place = self.places.of(&f.path, component, self.landmarks.declared.get(component));
            let key = Key { said: content.said, instead, place };
            let number = match numbers.get(&key) {
                Some(number) => *number,
                None => {
                    let expression = match &key.instead {
                        Some(instead) => instead.clone(),
                        None => said.expression.clone(),
                    };
                    let parsed = expression.as_deref().and_then(|e| self.licenses.parse(e).ok());
                    let place = self.places.get(place);
                    let decision =
                        self.policy.decide(self.licenses, parsed.as_ref(), &said.profile, place);
                    let context = place.context;
                    verdicts.push(Verdict { expression, context, decision, lapsed: Vec::new() });
                    numbers.insert(key, verdicts.len() - 1);
                    verdicts.len() - 1
                }
            };
            f.verdict = number;
            if verdicts[number].decision.breaches.is_empty() || self.policy.waivers.list.is_empty()
            {
                continue;
            }
            let moved = self.scanned.moved.binary_search_by(|(to, _)| to.cmp(&f.path));
            let from = moved.ok().map_or(&f.path, |n| &self.scanned.moved[n].1);
            let born = self.recalled.born.get(from).or(moved.ok().map(|_| from));
            let asked =
                Asked { path: &f.path, born: born.map(|b| &**b), component, checkout: root };
            let mut matches: Option<Vec<Match>> = None;
            let mut failed = None;
            let mut hash = |license: &str| {
                let matches = matches.get_or_insert_with(|| match (&content.fresh, content.key) {
                    (Some(fresh), _) => fresh.matches.clone(),
                    (None, Some(key)) => records.evidence(key).unwrap_or_else(|e| {
                        failed = Some(e);
                        Vec::new()
                    }),
                    (None, None) => Vec::new(),
                });
                text_hash(matches, license, self.licenses)
            };
            let decision = &verdicts[number].decision;
            let applied = self.policy.waivers.apply(decision, asked, self.today, &mut hash);
            if let Some(e) = failed {
                return Err(e);
            }
            let Some((decision, lapsed)) = applied else { continue };
            let by = decision.waived.iter().map(|w| (&w.judged.license, &w.waiver, "holds"));
            let by = by.chain(lapsed.iter().map(|l| (&l.license, &l.waiver, l.why.as_str())));
            let by: Vec<String> = by.map(|(l, w, why)| format!("{l} {} {why}", w.id)).collect();
            f.verdict = *waived.entry((number, by.join("\n"))).or_insert_with(|| {
                let Verdict { expression, context, .. } = &verdicts[number];
                let (expression, context) = (expression.clone(), *context);
                verdicts.push(Verdict { expression, context, decision, lapsed });
                verdicts.len() - 1
            });
        }
        let digests: Vec<u64> = verdicts.iter().map(digest).collect();
        let mut all = FxHasher::default();
        for f in files.iter().filter(|f| digests[f.verdict] != 0) {
            f.path.hash(&mut all);
            all.write_u64(digests[f.verdict]);
        }
        Ok((verdicts, all.finish()))
    }
}

/// The verdict of what was not searched.
fn nothing() -> Verdict {
    let decision = Decision {
        outcome: Outcome::Allow,
        choice: None,
        judged: Vec::new(),
        breaches: Vec::new(),
        waived: Vec::new(),
    };
    Verdict { expression: None, context: 0, decision, lapsed: Vec::new() }
}

/// A number for what is remembered of a verdict; 0 if that is nothing.
fn digest(verdict: &Verdict) -> u64 {
    let decision = &verdict.decision;
    if decision.breaches.is_empty() && decision.waived.is_empty() {
        return 0;
    }
    let mut hasher = FxHasher::default();
    verdict.context.hash(&mut hasher);
    let waived = decision.waived.iter().map(|w| (&w.judged, w.waiver.id.as_str()));
    for (judged, waiver) in decision.breaches.iter().map(|b| (b, "")).chain(waived) {
        let rule = &judged.rule;
        (&judged.license, &rule.id, rule.outcome, rule.severity, waiver).hash(&mut hasher);
    }
    hasher.finish() | 1
}
