// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is known of a checkout, as lines that can be compared with those of a fresh scan.

use std::sync::Arc;

use lictor::daemon::pass::{Looker, Target, Tools};
use lictor::detect::Detector;
use lictor::diag::visible;
use lictor::licenses::Licenses;
use lictor::plan::Checkout;
use lictor::policy::Policy;
use lictor::scan::{DEFAULT_MAX_SIZE, Progress, Records as _};
use lictor::store::{Filter, Finding, State, Store};
use lictor::watch::{Reason, Work};

use super::Sandbox;

pub fn tools(detector: &Arc<Detector>, policy: &Arc<Policy>) -> Arc<Tools> {
    let (detector, policy) = (Arc::clone(detector), Arc::clone(policy));
    let licenses = Licenses::builtin();
    Arc::new(Tools { licenses, detector, policy, max_size: DEFAULT_MAX_SIZE })
}

/// All that a store knows of a checkout.
pub fn known(store: &mut Store, checkout: &Checkout, engine: &str) -> Vec<String> {
    let recalled = store.recall(checkout, engine).expect("the store can be read");
    let mut lines: Vec<String> = Vec::new();
    for (n, file) in recalled.memory.files.iter().enumerate() {
        let known = recalled.contents[n].as_ref();
        let said = known.map(|k| (k.expression.clone(), k.skipped, k.size));
        let concluded = recalled.concluded.get(&n);
        let path = visible(&file.path);
        lines.push(format!("{path} {} {:?} {said:?} {concluded:?}", file.tracked, file.what));
    }
    let each = &mut |f: Finding| {
        let violation = f.violation.filter(|v| v.state != State::Resolved);
        let violation =
            violation.map(|v| (v.license, v.rule, v.outcome, v.severity, v.context, v.state));
        if f.expression.is_some() {
            lines.push(format!("{} {:?} {violation:?}", visible(&f.path), f.expression));
        }
        true
    };
    store.findings(Licenses::builtin(), &Filter::default(), each).expect("findings");
    let at = store.checkouts(None).expect("checkouts");
    lines.push(format!("{:?}", at.iter().map(|k| (&k.commit, &k.branch)).collect::<Vec<_>>()));
    lines.sort();
    lines
}

/// All that a fresh scan finds.
pub fn fresh(s: &Sandbox, target: &Target, tools: &Arc<Tools>) -> Vec<String> {
    let place = s.state_dir().join("fresh.db");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(s.state_dir().join(format!("fresh.db{end}")));
    }
    let store = Store::open(&place).expect("a store");
    let mut looker = Looker::new(store, Arc::clone(tools));
    let work = Work::Everything(Reason::Start);
    looker.look(target, &work, None, &Progress::default()).expect("a fresh scan");
    let checkout = target.find().expect("the checkout is there");
    known(looker.store(), &checkout, &tools.detector.engine())
}

/// What is found and violated now, without what only a history has: numbers and times.
pub fn found_now(s: &Sandbox, args: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for finding in s.findings(args) {
        let violation = &finding["violation"];
        let is_open = violation["state"] != "resolved" && !violation.is_null();
        let parts = ["license", "rule", "outcome", "severity", "context", "state"];
        let violation: Vec<String> = parts.map(|p| violation[p].to_string()).into();
        if !finding["expression"].is_null() {
            let violation = if is_open { violation.join(" ") } else { String::new() };
            lines.push(format!("{} {} {violation}", finding["path"], finding["expression"]));
        }
    }
    // A license that was resolved and the one that stands there now are one finding.
    lines.sort();
    lines.dedup();
    lines
}

/// The same, of a fresh scan.
pub fn found_afresh(s: &Sandbox) -> Vec<String> {
    let place = s.state_dir().join("afresh.db");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(s.state_dir().join(format!("afresh.db{end}")));
    }
    let place = place.to_string_lossy().into_owned();
    s.lictor(&["scan", "--fail-on", "never", "--store", &place]).expect(0);
    found_now(s, &["--store", &place])
}
