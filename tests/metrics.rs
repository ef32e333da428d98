// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The metrics: what they say, and that the reference, the alerts and the dashboard name those
//! that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lictor::daemon::metrics::Metrics;
use lictor::daemon::status::*;

fn checkout(root: &str) -> CheckoutStatus {
    CheckoutStatus {
        root: root.into(),
        view: String::new(),
        state: CheckoutState::Watching,
        why: None,
        commit: None,
        branch: None,
        files: 10,
        open: Open { deny: 1, review: 2 },
        waived: 3,
        pending: 4,
        last_scan: Some("2026-11-23T01:02:03Z".into()),
        last_whole_scan: Some("2026-11-23T00:00:00Z".into()),
        rescans: BTreeMap::from([("start".into(), 1)]),
        done: None,
    }
}

fn status(checkouts: Vec<CheckoutStatus>) -> Status {
    let text = String::new;
    Status {
        version: text(),
        pid: 1,
        started: text(),
        state: State::Watching,
        problems: Vec::new(),
        config: ConfigStatus { path: text(), digest: text(), loaded: text() },
        policy: PolicyStatus { name: text(), origin: text(), digest: text() },
        store: StoreStatus { path: text(), bytes: 4096 },
        watches: Watches { used: 7, limit: Some(100), polling: false },
        checkouts,
        webhooks: vec![WebhookStatus {
            name: "ospo".into(),
            state: "suspended".into(),
            trouble: Some("it answered 500".into()),
            failing_since: Some("2026-11-23T02:00:00Z".into()),
            pending: 3,
            oldest: Some("2026-11-23T02:00:00Z".into()),
            behind: 4,
            dead: 1,
            delivered: 1200,
            failed: 9,
            given_up: 2,
        }],
    }
}

/// Everything that is ever said.
fn full() -> String {
    let metrics = Metrics::new();
    metrics.verdict(Duration::from_millis(15));
    metrics.verdict(Duration::from_secs(200));
    metrics.look("partial", Duration::from_millis(3));
    metrics.commit(Duration::from_millis(4));
    metrics.contents(5, 6, 700);
    metrics.text(&status(vec![checkout("/srv/a")]), 42)
}

/// The metrics of a text, with their types and labels.
fn told(text: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut all = BTreeMap::new();
    for line in text.lines().filter_map(|l| l.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').expect("a name and a type");
        let full = match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        };
        let mut labels = BTreeSet::new();
        for sample in text.lines().filter(|l| l.starts_with(name) && !l.starts_with('#')) {
            let Some((_, rest)) = sample.split_once('{') else { continue };
            let (list, _) = rest.rsplit_once('}').expect("an end of labels");
            labels
                .extend(list.split(',').filter_map(|l| l.split_once('=')).map(|l| l.0.to_owned()));
        }
        labels.remove("le");
        all.insert(full, (kind.to_owned(), labels));
    }
    all
}

#[test]
fn what_happened_and_what_is_the_case_is_told() {
    let text = full();
    for line in [
        "lictor_build_info{version=\"0.1.0\"} 1",
        "lictor_state{state=\"watching\"} 1",
        "lictor_problems 0",
        "lictor_watches 7",
        "lictor_watches_limit 100",
        "lictor_polling 0",
        "lictor_store_bytes 4096",
        "lictor_events_total 42",
        "lictor_checkout_state{checkout=\"/srv/a\",view=\"\",state=\"watching\"} 1",
        "lictor_files{checkout=\"/srv/a\",view=\"\"} 10",
        "lictor_queue_paths{checkout=\"/srv/a\",view=\"\"} 4",
        "lictor_open_violations{checkout=\"/srv/a\",view=\"\",outcome=\"deny\"} 1",
        "lictor_open_violations{checkout=\"/srv/a\",view=\"\",outcome=\"review\"} 2",
        "lictor_waived_violations{checkout=\"/srv/a\",view=\"\"} 3",
        "lictor_last_look_timestamp_seconds{checkout=\"/srv/a\",view=\"\"} 1795395723",
        "lictor_last_whole_look_timestamp_seconds{checkout=\"/srv/a\",view=\"\"} 1795392000",
        "lictor_rescans_total{checkout=\"/srv/a\",view=\"\",reason=\"start\"} 1",
        "lictor_change_to_verdict_seconds_bucket{le=\"0.01\"} 0",
        "lictor_change_to_verdict_seconds_bucket{le=\"0.02\"} 1",
        "lictor_change_to_verdict_seconds_bucket{le=\"100.0\"} 1",
        "lictor_change_to_verdict_seconds_bucket{le=\"+Inf\"} 2",
        "lictor_look_seconds_count{kind=\"partial\"} 1",
        "lictor_store_commit_seconds_count 1",
        "lictor_contents_read_total 5",
        "lictor_contents_known_total 6",
        "lictor_read_bytes_total 700",
    ] {
        assert!(text.lines().any(|l| l == line), "`{line}` is not told:\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn a_checkout_that_is_gone_has_no_numbers_and_its_name_breaks_no_line() {
    let metrics = Metrics::new();
    let odd = "/srv/\"a\\b\nc\"} 1";
    let text = metrics.text(&status(vec![checkout("/srv/a"), checkout(odd)]), 1);
    assert_eq!(text.matches("checkout=\"/srv/a\"").count(), 9, "{text}");
    let line = "lictor_files{checkout=\"/srv/\\\"a\\\\\\\\b\\\\nc\\\"} 1\",view=\"\"} 10";
    assert!(text.lines().any(|l| l == line), "{text}");
    let text = metrics.text(&status(vec![checkout("/srv/b")]), 1);
    assert!(!text.contains("/srv/a") && text.contains("/srv/b"), "{text}");
    let text = metrics.text(&status(Vec::new()), 1);
    assert!(!text.contains("checkout="), "{text}");
}

#[test]
fn the_reference_has_every_metric_and_no_other() {
    let reference = include_str!("../docs/metrics.md");
    let ticked = |cell: &str| -> BTreeSet<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let mut described = BTreeMap::new();
    for row in reference.lines().filter(|l| l.starts_with("| `lictor_")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let name = cells[1].trim_matches('`').to_owned();
        described.insert(name, (cells[2].to_owned(), ticked(cells[3])));
    }
    assert_eq!(described, told(&full()));
}

#[test]
fn alerts_and_dashboard_name_metrics_that_there_are() {
    let text = full();
    let known: BTreeSet<&str> = text
        .lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| l.split(['{', ' ']).next().expect("a name"))
        .collect();
    // Of a histogram, what is told are its parts.
    let base = |name: &str| {
        let ends = ["_bucket", "_count", "_sum"];
        ends.iter().find_map(|e| name.strip_suffix(e)).unwrap_or(name).to_owned()
    };
    let bases: BTreeSet<String> = known.iter().map(|name| base(name)).collect();
    let alerts = include_str!("../systemd/prometheus-alerts.yml");
    let dashboard = include_str!("../systemd/grafana-dashboard.json");
    let dashboard_json: serde_json::Value = serde_json::from_str(dashboard).expect("JSON");
    let panels = dashboard_json["panels"].as_array().expect("panels");
    let ids: BTreeSet<u64> = panels.iter().filter_map(|p| p["id"].as_u64()).collect();
    assert_eq!(ids.len(), panels.len(), "every panel has a number of its own");
    for (file, text) in [("alerts", alerts), ("dashboard", dashboard)] {
        let mut named = BTreeSet::new();
        for (at, _) in text.match_indices("lictor_") {
            let name = text[at..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
            named.extend(name);
        }
        assert!(named.len() > 5, "the {file} were not read");
        let unknown: Vec<_> =
            named.iter().filter(|n| !known.contains(*n) && !bases.contains(**n)).collect();
        assert!(unknown.is_empty(), "the {file} name {unknown:?}");
    }
    // What is worth a metric is worth a place on the dashboard.
    for name in known {
        let shown = ["lictor_build_info", "lictor_polling", "lictor_last_look_timestamp_seconds"];
        assert!(
            shown.contains(&name) || dashboard.contains(&base(name)),
            "{name} is not on the dashboard"
        );
    }
}
