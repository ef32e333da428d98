// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! A message of each kind, for tests of endpoints and of templates.

use std::collections::BTreeMap;

use super::message::{
    Checkout, Data, Digest, DigestCheckout, DigestGroup, DigestReason, Introduced, Kind,
    LicenseChange, Message, Policy, Problem, Rule, SCHEMA, Violation, Waiver, Was,
};
use super::tell::summary;

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// One of each kind, in the order of [`Kind::ALL`]. Nothing in them happened.
pub fn samples() -> Vec<Message> {
    Kind::ALL.into_iter().map(sample).collect()
}

fn sample(kind: Kind) -> Message {
    let mut data = Data {
        schema: SCHEMA,
        id: format!("01937a00-0000-7000-8000-0000000000{:02x}", kind as u8),
        ..Data::default()
    };
    let policy = |was: Option<&str>| Policy {
        name: Some("distributed product".into()),
        digest: DIGEST.into(),
        was: was.map(str::to_owned),
    };
    match kind {
        Kind::Opened
        | Kind::Changed
        | Kind::Reopened
        | Kind::Waived
        | Kind::Resolved
        | Kind::WaiverLapsed => {
            data.checkout = Some(checkout());
            data.policy = Some(policy(None));
            data.rule = Some(rule());
            data.component = Some("third_party/mailer".into());
            data.violations = vec![violation(kind)];
            data.count = 1;
        }
        Kind::LicenseChanged => {
            data.checkout = Some(checkout());
            data.policy = Some(policy(None));
            data.licenses = vec![LicenseChange {
                event: "01937a00-0000-7000-8000-00000000ffff".into(),
                path: "third_party/cache/LICENSE".into(),
                from: Some("BSD-3-Clause".into()),
                to: Some("BUSL-1.1".into()),
                blob: Some("89d0f2c1b7d2b4a0a4a2d4b3a5f0e8a6f3a1c2d4".into()),
            }];
        }
        Kind::WaiverExpiring => {
            data.waiver = Some(Waiver {
                id: "mailer-until-rewrite".into(),
                expires: "2026-12-31".into(),
                days: 7,
                granted_by: "Jo Doe <jo@example.com>".into(),
                reason: "it is replaced in the next release".into(),
                ticket: "LEGAL-17".into(),
                waives: 3,
            });
        }
        Kind::ScanFailed | Kind::Unreachable => {
            data.checkout = Some(Checkout { commit: None, branch: None, ..checkout() });
            let (what, help) = match kind {
                Kind::ScanFailed => ("permission denied", "let the user lictor read it"),
                _ => ("there is no directory", "mount it, or take it out of the configuration"),
            };
            data.problem = Some(Problem { what: what.into(), help: Some(help.into()) });
        }
        Kind::Recovered => {
            data.checkout = Some(Checkout { commit: None, branch: None, ..checkout() });
        }
        Kind::PolicyChanged => data.policy = Some(policy(Some(&DIGEST.replace('9', "1")))),
        Kind::Suspended => {
            data.webhook = Some("ospo".into());
            data.problem = Some(Problem {
                what: "it answered 500".into(),
                help: Some(
                    "it is tried once an hour; what happens meanwhile is told when it is back"
                        .into(),
                ),
            });
        }
        Kind::Resumed | Kind::Test => data.webhook = Some("ospo".into()),
        Kind::Digest => data.digest = Some(digest()),
    }
    data.summary = match kind {
        Kind::Digest => "In 1 checkout, 3 violations are new and stand; in all, 2 to deny and 14 to review are open.".into(),
        _ => summary(kind, &data),
    };
    Message { kind, timestamp: "2026-11-28T09:30:00Z".into(), data }
}

fn checkout() -> Checkout {
    Checkout {
        root: "/srv/git/monorepo".into(),
        view: String::new(),
        commit: Some("6ca46afc3f9b2d1e0f5a4b3c2d1e0f9a8b7c6d5e".into()),
        branch: Some("main".into()),
    }
}

fn rule() -> Rule {
    Rule {
        id: "category:strong-copyleft".into(),
        outcome: "deny".into(),
        severity: "high".into(),
        reason: "a work distributed with it must be given out under its license as a whole".into(),
        remedy: "if it is shipped in the product, replace it or ask the open source office".into(),
    }
}

fn violation(kind: Kind) -> Violation {
    let was = Was {
        rule: "category:weak-copyleft".into(),
        outcome: "review".into(),
        severity: "medium".into(),
        context: "tests".into(),
    };
    let waived = matches!(kind, Kind::Waived | Kind::WaiverLapsed);
    Violation {
        id: "V17".into(),
        event: "01937a00-0000-7000-8000-00000000ffff".into(),
        path: "third_party/mailer/src/queue.c".into(),
        lines: Some([3, 17]),
        license: "GPL-3.0-or-later".into(),
        expression: Some("GPL-3.0-or-later OR LicenseRef-commercial".into()),
        choice: Some("GPL-3.0-or-later".into()),
        words: Some(
            "This program is free software: you can redistribute it and/or modify it".into(),
        ),
        blob: Some("5b6f7e8d9c0b1a2f3e4d5c6b7a8f9e0d1c2b3a4f".into()),
        context: "shipped".into(),
        owner: Some("@acme/payments".into()),
        introduced: Some(Introduced {
            commit: "0123456789abcdef0123456789abcdef01234567".into(),
            author: Some("Ada Doe <ada@example.com>".into()),
            time: Some("2026-11-28T09:29:12Z".into()),
        }),
        was: (kind == Kind::Changed).then_some(was),
        waiver: waived.then(|| "mailer-until-rewrite".into()),
        why: (kind == Kind::WaiverLapsed).then(|| "text-changed".into()),
        link: None,
    }
}

fn digest() -> Digest {
    Digest {
        why: DigestReason::Scheduled,
        from: "2026-11-27T09:12:00Z".into(),
        to: "2026-11-28T08:59:00Z".into(),
        counts: BTreeMap::from([
            ("violation.opened".into(), 4),
            ("violation.resolved".into(), 1),
            ("policy.changed".into(), 1),
        ]),
        checkouts: vec![DigestCheckout { checkout: checkout(), deny: 2, review: 14, waived: 3 }],
        groups: vec![DigestGroup {
            root: "/srv/git/monorepo".into(),
            rule: rule(),
            license: "GPL-3.0-or-later".into(),
            count: 3,
            example: "third_party/mailer/src/queue.c".into(),
        }],
        more: 0,
        notes: vec![
            "It is judged by another policy now: distributed product, revision 9f86d081884c."
                .into(),
        ],
    }
}
