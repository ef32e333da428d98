// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

use crate::config::{Config, Webhook};

/// A webhook with these keys beside those it must have.
pub fn webhook(keys: &str) -> Webhook {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("lictor.toml");
    let text = format!(
        "version = 1\n[[checkout]]\npath = '/srv/a'\n[[webhook]]\nname = 'w'\n\
         url = 'https://hooks.example.com/'\nsecrets = 'env:SECRET'\n{keys}\n"
    );
    std::fs::write(&path, text).expect("writing the configuration");
    let config = Config::load(&path).expect("the configuration is right");
    config.webhooks.into_iter().next().expect("it has one webhook")
}

mod routing {
    use std::collections::{BTreeMap, HashMap};

    use proptest::prelude::*;
    use serde_json::json;

    use super::webhook;
    use crate::clock::Moment;
    use crate::config::Webhook;
    use crate::deliver::message::Kind;
    use crate::deliver::route::{Ask, Batch, Scan, Wanted};
    use crate::store::Event;

    /// Components are the first directory of a path; owners are by number.
    struct Known;

    impl Ask for Known {
        fn owner(&mut self, violation: i64) -> Option<String> {
            (violation < 100).then(|| format!("@acme/team-{} @jo", violation % 2))
        }

        fn component(&mut self, _: &Scan, path: &[u8]) -> Vec<u8> {
            path.iter().position(|b| *b == b'/').map_or(Vec::new(), |n| path[..n].to_vec())
        }
    }

    /// Events as the ledger would number them.
    #[derive(Default)]
    struct Ledger(Vec<Event>);

    impl Ledger {
        fn add(
            &mut self,
            kind: &str,
            violation: Option<i64>,
            path: &str,
            detail: &serde_json::Value,
        ) {
            let seq = self.0.len() as i64 + 1;
            let path = Some(path.as_bytes().to_vec()).filter(|p| !p.is_empty());
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&seq.to_be_bytes());
            let (kind, time) = (kind.to_owned(), Moment(seq * 1_000_000_000));
            let detail = detail.to_string();
            self.0.push(Event { seq, time, kind, violation, path, detail, hash });
        }

        fn scan(&mut self, root: &str, first: bool) {
            let detail = json!({ "first": first, "checkout": root, "view": "", "policy": "p" });
            self.add("scan", None, "", &detail);
        }

        fn violation(&mut self, kind: &str, id: i64, path: &str, rule: &str) {
            let detail = json!({
                "license": "GPL-3.0-only", "rule": rule, "outcome": "deny", "severity": "high",
                "context": "shipped",
            });
            self.add(&format!("violation.{kind}"), Some(id), path, &detail);
        }

        fn route(&self, w: &Webhook) -> Batch {
            let wanted = Wanted::new(w);
            let mut batch = Batch::default();
            self.0.iter().for_each(|e| batch.add(&wanted, e.clone(), &mut Known));
            batch
        }
    }

    /// What each message is about: the kind, and the violations.
    fn told(batch: &Batch) -> Vec<(&'static str, Vec<i64>)> {
        batch.groups.iter().map(|g| (g.kind.as_str(), g.about.clone())).collect()
    }

    #[test]
    fn violations_of_one_rule_in_one_component_are_one_message() {
        let mut l = Ledger::default();
        l.scan("/srv/a", false);
        l.violation("opened", 1, "x/a.c", "r");
        l.violation("opened", 2, "y/a.c", "r");
        l.violation("opened", 3, "x/b.c", "r");
        l.violation("opened", 4, "x/c.c", "other");
        l.add("violation.attributed", Some(1), "x/a.c", &json!({}));
        l.scan("/srv/a", false);
        l.violation("opened", 5, "x/d.c", "r");
        let batch = l.route(&webhook(""));
        let opened = "violation.opened";
        let expected =
            [(opened, vec![1, 3]), (opened, vec![2]), (opened, vec![4]), (opened, vec![5])];
        assert_eq!(told(&batch), expected);
        let alone = l.route(&webhook("group = false"));
        assert_eq!(told(&alone), [1, 2, 3, 4, 5].map(|n| (opened, vec![n])));
    }

    #[test]
    fn of_a_violation_each_event_is_in_a_later_message_than_the_one_before() {
        let mut l = Ledger::default();
        l.scan("/srv/a", false);
        l.violation("opened", 1, "a.c", "r");
        l.violation("waived", 1, "a.c", "r");
        l.violation("opened", 2, "b.c", "r");
        l.violation("waived", 2, "b.c", "r");
        l.violation("reopened", 3, "c.c", "r");
        let batch = l.route(&webhook(""));
        // The second is opened in the message of the first, which comes before both waivers.
        let expected = [
            ("violation.opened", vec![1, 2]),
            ("violation.waived", vec![1, 2]),
            ("violation.reopened", vec![3]),
        ];
        assert_eq!(told(&batch), expected);
    }

    #[test]
    fn a_first_scan_is_a_sum_and_what_comes_later_is_not() {
        let mut l = Ledger::default();
        l.scan("/srv/a", true);
        for n in 1..=5000 {
            l.violation("opened", n, &format!("{n}/a.c"), if n % 3 == 0 { "r" } else { "s" });
        }
        l.scan("/srv/a", false);
        l.violation("opened", 6000, "a.c", "r");
        let batch = l.route(&webhook(""));
        assert_eq!(told(&batch), [("violation.opened", vec![6000])]);
        let sum = batch.first.values().next().expect("a sum of the first scan");
        let standing: Vec<_> =
            sum.standing().iter().map(|s| (s.detail["rule"].clone(), s.count)).collect();
        assert_eq!(standing, [(json!("s"), 3334), (json!("r"), 1666)]);
        assert_eq!(l.route(&webhook("first-scan = 'nothing'")).first.len(), 0);
        let all = l.route(&webhook("first-scan = 'everything'"));
        assert_eq!(all.full, Some(1001), "no more than so many messages at a time");
        assert_eq!(all.groups.len(), 1000);
    }

    #[test]
    fn only_what_is_wanted_is_told() {
        let mut l = Ledger::default();
        l.scan("/srv/a/one", false);
        l.violation("opened", 1, "x/a.c", "r");
        l.violation("opened", 2, "x/a.c", "r");
        l.add(
            "violation.opened",
            Some(3),
            "low.c",
            &json!({ "license": "MIT", "rule": "r", "severity": "low", "context": "tests" }),
        );
        l.add("license.changed", None, "z.c", &json!({ "from": "MIT", "to": null, "blob": "b" }));
        l.add("checkout.unreachable", None, "", &json!({ "checkout": "/srv/b", "view": "" }));
        l.add("policy.changed", None, "", &json!({ "digest": "d" }));
        let ids = |keys: &str| -> Vec<String> {
            let batch = l.route(&webhook(keys));
            let shown = batch.groups.iter().map(|g| match &g.about[..] {
                [] => g.kind.as_str().to_owned(),
                about => about.iter().map(|n| format!("V{n}")).collect::<Vec<_>>().join("+"),
            });
            shown.collect()
        };
        assert_eq!(ids(""), ["V1+V2", "V3", "checkout.unreachable", "policy.changed"]);
        assert_eq!(ids("events = 'violation.*'\nseverity = 'medium'"), ["V1+V2"]);
        assert_eq!(ids("events = 'license.changed'"), ["license.changed"]);
        assert_eq!(ids("events = 'violation.*'\ncontexts = 'tests'"), ["V3"]);
        assert_eq!(ids("events = 'violation.*'\nlicenses = 'MIT'"), ["V3"]);
        assert_eq!(ids("events = 'violation.*'\nowners = '@acme/team-1'"), ["V1", "V3"]);
        assert_eq!(ids("checkouts = '/srv/a/*'"), ["V1+V2", "V3", "policy.changed"]);
        assert_eq!(ids("checkouts = '/srv/b'"), ["checkout.unreachable", "policy.changed"]);
    }

    #[test]
    fn what_is_no_longer_so_is_not_counted_as_standing() {
        let mut l = Ledger::default();
        l.scan("/srv/a", false);
        l.violation("opened", 1, "a.c", "r");
        l.violation("opened", 2, "b.c", "r");
        l.violation("changed", 2, "b.c", "s");
        l.violation("resolved", 1, "a.c", "r");
        let sum = l.route(&webhook("")).sum;
        let standing: Vec<_> =
            sum.standing().iter().map(|s| (s.detail["rule"].clone(), s.count)).collect();
        assert_eq!(standing, [(json!("s"), 1)]);
        assert_eq!(sum.counts[&Kind::Opened], 2);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_told_twice_and_each_violation_in_order(
            events in prop::collection::vec((0usize..5, 1i64..12, 0usize..3, 0usize..2), 1..120),
            grouped in any::<bool>(),
        ) {
            let kinds = ["opened", "changed", "reopened", "waived", "resolved"];
            let mut l = Ledger::default();
            l.scan("/srv/a", false);
            for (kind, id, place, rule) in &events {
                if *id == 11 {
                    l.scan("/srv/a", false);
                }
                let rule = format!("r{rule}");
                l.violation(kinds[*kind], *id, &format!("d{place}/f"), &rule);
            }
            let batch = l.route(&webhook(&format!("group = {grouped}")));
            let mut told: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
            for group in &batch.groups {
                prop_assert_eq!(group.count as usize, group.about.len());
                for item in &group.items {
                    let seq = item.time.0 / 1_000_000_000;
                    told.entry(item.violation.unwrap_or(0)).or_default().push(seq);
                }
            }
            let mut happened: HashMap<i64, Vec<i64>> = HashMap::new();
            for e in l.0.iter().filter(|e| e.violation.is_some()) {
                happened.entry(e.violation.unwrap_or(0)).or_default().push(e.seq);
            }
            prop_assert_eq!(told.into_iter().collect::<HashMap<_, _>>(), happened);
        }
    }
}
