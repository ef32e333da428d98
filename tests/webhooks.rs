// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Webhooks end to end: real commits, a real service, real sockets.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::receiver::{Arrived, Receiver, Reply};
use common::service::{Service, config, configure, damage};
use common::{Sandbox, set_mode, signal, tag};
use rustix::process::Signal;
use serde_json::Value;

/// Thirty-two bytes that nobody else uses.
const SECRET: &str = "whsec_bGljdG9yIHRlc3RzIHNpZ24gd2l0aCB0aGlzIGtleSE=";

/// A policy by which some licenses are denied and others are to be reviewed.
const POLICY: &str = "version = 1\nname = 'test'\n[categories]\npermissive = 'allow'\n\
                      strong-copyleft = 'review'\nnetwork-copyleft = 'deny'\n\
                      [otherwise]\nnone = 'allow'\nunknown = 'review'\nunnamed = 'review'\n";

/// A repository with a secret in the environment of what is run.
fn repo() -> Sandbox {
    let s = Sandbox::repo().with("LICTOR_TEST_SECRET", SECRET);
    s.write("ok.c", tag("MIT"));
    s.write("CODEOWNERS", "/vendor/ @acme/vendor\n");
    s.commit();
    s
}

/// Starts the service with these webhooks, and waits until the first scan is told, which is
/// nothing worth telling.
fn start(s: &Sandbox, webhooks: &str) -> Service {
    configure(s, &["."], &format!("link = 'https://ospo.example.com/v/{{violation}}'\n{webhooks}"));
    let service = Service::start(s);
    service.rescan().expect(0);
    service
}

/// Whether a request is signed by a secret, as Standard Webhooks 1.0.0 says.
fn is_signed(a: &Arrived, secret: &str) -> bool {
    let key = secret.strip_prefix("whsec_").expect("a secret");
    let key = STANDARD.decode(key).expect("base64");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
    let signed =
        [a.header("webhook-id"), ".", a.header("webhook-timestamp"), "."].concat().into_bytes();
    let all = [&signed[..], &a.body].concat();
    a.header("webhook-signature").split(' ').any(|signature| {
        let signature = signature.strip_prefix("v1,").expect("a signature of version 1");
        let signature = STANDARD.decode(signature).expect("base64");
        ring::hmac::verify(&key, &all, &signature).is_ok()
    })
}

/// The messages that the store has, as `lictor webhook deliveries` tells them.
fn deliveries(s: &Sandbox, args: &[&str]) -> Vec<Value> {
    let store = s.store();
    let store = ["webhook", "deliveries", "--format", "jsonl", "--most", "1000000", "--store"]
        .map(std::ffi::OsStr::new)
        .into_iter()
        .chain([store.as_os_str()])
        .chain(args.iter().map(std::ffi::OsStr::new));
    let run = s.lictor(&store.collect::<Vec<_>>());
    run.expect(0);
    run.json_lines()
}

#[test]
fn a_violation_arrives_signed_and_with_all_that_is_needed() {
    let s = repo();
    let receiver = Receiver::start();
    let service = start(&s, &receiver.keys("ospo", ""));
    s.write("vendor/db.c", format!("\n{}", tag("AGPL-3.0-only OR LicenseRef-Paid")));
    s.commit();
    let arrived = receiver.next_of("violation.opened");
    assert!(is_signed(&arrived, SECRET), "{arrived:?}");
    assert_eq!(arrived.header("content-type"), "application/json");
    let body = arrived.json();
    let data = &body["data"];
    assert_eq!(arrived.header("webhook-id"), data["id"]);
    assert_eq!(data["checkout"]["commit"], s.git(&["rev-parse", "HEAD"]));
    assert_eq!(data["checkout"]["branch"], "main");
    assert_eq!(data["checkout"]["root"], s.dir.to_str().expect("UTF-8"));
    assert!(data["rule"]["reason"].as_str().is_some_and(|r| r.len() > 10), "{data:#}");
    assert!(data["rule"]["remedy"].as_str().is_some_and(|r| r.len() > 10), "{data:#}");
    assert_eq!(data["policy"]["digest"].as_str().map(str::len), Some(64));
    assert_eq!(data["count"], 1);
    let v = &data["violations"][0];
    assert_eq!(v["path"], "vendor/db.c");
    assert_eq!(v["lines"], serde_json::json!([2, 2]));
    assert_eq!(v["expression"], "AGPL-3.0-only OR LicenseRef-Paid");
    assert_eq!(v["blob"], s.git(&["hash-object", "vendor/db.c"]));
    assert_eq!(v["owner"], "@acme/vendor");
    assert_eq!(v["introduced"]["commit"], s.git(&["rev-parse", "HEAD"]));
    assert!(v["introduced"]["author"].as_str().is_some_and(|a| a.contains("a@example.org")));
    assert!(v["words"].as_str().is_some_and(|w| w.contains("AGPL-3.0-only")), "{v:#}");
    let id = v["id"].as_str().expect("a number");
    assert_eq!(v["link"], format!("https://ospo.example.com/v/{id}"));
    assert_eq!(v["choice"].as_str().map(str::is_empty), Some(false));

    // What becomes of it arrives in order, and what a person does about it.
    s.remove("vendor/db.c");
    s.commit();
    let resolved = receiver.next_of("violation.resolved").json();
    assert_eq!(resolved["data"]["violations"][0]["id"], id);
    let status = service.status();
    assert_eq!(status["webhooks"][0]["state"], "active", "{status:#}");
    let shown = s.lictor(&[
        "webhook",
        "show",
        data["id"].as_str().expect("an id"),
        "--store",
        s.store().to_str().expect("UTF-8"),
    ]);
    let shown = shown.expect(0).json();
    assert_eq!(shown["event"]["kind"], "violation.opened", "{shown:#}");
    assert_eq!(shown["messages"][0]["message"], body);
    service.stop();
}

#[test]
fn a_first_scan_is_one_message_however_much_it_finds() {
    let s = repo();
    for n in 0..300 {
        s.write(format!("d{}/{n}.c", n % 7), tag("AGPL-3.0-only"));
    }
    s.commit();
    let receiver = Receiver::start();
    let service = start(&s, &receiver.keys("ospo", ""));
    let first = receiver.next().json();
    assert_eq!(first["type"], "digest", "{first:#}");
    let digest = &first["data"]["digest"];
    assert_eq!(digest["why"], "first-scan");
    assert_eq!(digest["groups"][0]["count"], 300);
    let checkout = &digest["checkouts"][0];
    assert_eq!(
        checkout["deny"].as_u64().unwrap_or(0) + checkout["review"].as_u64().unwrap_or(0),
        300
    );
    // Then one for each component and rule. The files appear at once: what comes after others were
    // looked at is a group of its own.
    let aside = s.state_dir().join("later");
    for n in 0..40 {
        s.write(aside.join(format!("{n}.c")), tag("AGPL-3.0-only"));
    }
    std::fs::rename(&aside, s.path("later")).expect("a directory that is moved in");
    s.commit();
    let later = receiver.next().json();
    assert_eq!(later["type"], "violation.opened");
    assert_eq!((&later["data"]["count"], &later["data"]["component"]), (&40.into(), &".".into()));
    let listed = later["data"]["violations"].as_array().expect("a list").len() as u64;
    assert_eq!(listed + later["data"]["more"].as_u64().unwrap_or(0), 40);
    service.stop();
}

#[test]
fn one_that_fails_is_tried_again_and_harms_no_other() {
    let s = repo();
    let turn = Arc::new(AtomicUsize::new(0));
    let turns = Arc::clone(&turn);
    let bad = Receiver::answering(move |_| match turns.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Status(500),
        1 => Reply::Drop,
        2 => Reply::With(503, "retry-after: 0\r\n"),
        3 => Reply::Stall,
        4 => Reply::Status(302),
        _ => Reply::Status(200),
    });
    let good = Receiver::start();
    let webhooks = bad.keys("bad", "retry = ['10ms', '10ms', '10ms', '10ms', '10ms', '10ms']\ntimeout = '300ms'\nconnect-timeout = '300ms'")
        + &good.keys("good", "");
    let service = start(&s, &webhooks);
    s.write("vendor/db.c", tag("AGPL-3.0-only"));
    s.commit();
    let opened = good.next_of("violation.opened");
    let mut ids = BTreeSet::new();
    for answered in [Some(500), None, Some(503), None, Some(302), Some(200)] {
        let tried = bad.next();
        assert_eq!(tried.answered, answered, "{tried:?}");
        assert!(is_signed(&tried, SECRET), "each attempt is signed");
        ids.insert(tried.header("webhook-id").to_owned());
    }
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), [opened.header("webhook-id")]);
    service.stop();
    let all = deliveries(&s, &["--webhook", "bad"]);
    assert_eq!(
        (&all[0]["state"], &all[0]["attempts"]),
        (&"delivered".into(), &6.into()),
        "{all:#?}"
    );
}

#[test]
fn a_redirect_is_a_failure_and_leads_nowhere() {
    let s = repo();
    let elsewhere = Receiver::start();
    let location: &'static str =
        Box::leak(format!("location: {}\r\n", elsewhere.url()).into_boxed_str());
    let receiver = Receiver::answering(move |_| Reply::With(307, location));
    let service = start(&s, &receiver.keys("ospo", "retry = '10ms'"));
    s.write("vendor/db.c", tag("AGPL-3.0-only"));
    s.commit();
    receiver.next();
    receiver.next();
    service.stop();
    assert!(elsewhere.arrived.is_empty(), "the redirect was followed");
    let all = deliveries(&s, &["--failed"]);
    assert_eq!((&all[0]["state"], &all[0]["status"]), (&"dead".into(), &307.into()), "{all:#?}");
}

#[test]
fn who_wants_nothing_more_is_told_nothing_until_resumed() {
    let s = repo();
    let gone = Receiver::answering({
        let turn = AtomicUsize::new(0);
        move |_| Reply::Status(if turn.fetch_add(1, Ordering::Relaxed) == 0 { 410 } else { 204 })
    });
    let other = Receiver::start();
    let service = start(&s, &(gone.keys("gone", "") + &other.keys("other", "")));
    s.write("vendor/db.c", tag("AGPL-3.0-only"));
    s.commit();
    assert_eq!(gone.next().answered, Some(410));
    let told = other.next_of("webhook.suspended").json();
    assert_eq!(told["data"]["webhook"], "gone", "{told:#}");
    let status = service.status();
    assert_eq!(status["webhooks"][0]["state"], "disabled", "{status:#}");
    s.write("vendor/b.c", tag("AGPL-3.0-only"));
    s.commit();
    other.next_of("violation.opened");
    assert!(gone.arrived.is_empty());
    let store = s.store();
    s.lictor(&["webhook", "resume", "gone", "--store", store.to_str().expect("UTF-8")]).expect(0);
    let paths: Vec<Value> = (0..2)
        .map(|_| gone.next_of("violation.opened").json()["data"]["violations"][0]["path"].clone())
        .collect();
    assert_eq!(paths, ["vendor/db.c", "vendor/b.c"], "nothing is lost, and all is in order");
    other.next_of("webhook.resumed");
    service.stop();
}

#[test]
fn an_endpoint_that_fails_for_long_is_suspended() {
    let s = repo();
    let well = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_well = Arc::clone(&well);
    let receiver = Receiver::answering(move |_| {
        Reply::Status(if is_well.load(Ordering::Relaxed) { 204 } else { 500 })
    });
    let other = Receiver::start();
    let webhooks = receiver
        .keys("ospo", "retry = ['10ms', '1s', '1s', '1s', '1s']\nsuspend-after = '1s'")
        + &other.keys("other", "events = 'webhook.*'");
    let service = start(&s, &webhooks);
    s.write("vendor/db.c", tag("AGPL-3.0-only"));
    s.commit();
    let told = other.next().json();
    assert_eq!(told["type"], "webhook.suspended", "{told:#}");
    let status = service.status();
    let hooks = &status["webhooks"][0];
    assert_eq!((&hooks["name"], &hooks["state"]), (&"ospo".into(), &"suspended".into()));
    assert_eq!(hooks["trouble"], "it answered 500", "{hooks:#}");
    well.store(true, Ordering::Relaxed);
    let store = s.store();
    s.lictor(&["webhook", "resume", "ospo", "--store", store.to_str().expect("UTF-8")]).expect(0);
    assert_eq!(other.next().json()["type"], "webhook.resumed");
    while receiver.next().answered != Some(204) {}
    service.stop();
}

#[test]
fn an_address_that_is_not_public_is_refused_unless_it_is_allowed() {
    let s = repo();
    let receiver = Receiver::start();
    let keys = receiver.keys("ospo", "retry = '10ms'").replace("allow = '127.0.0.0/8'\n", "");
    let named = keys.replace("'ospo'", "'named'").replace("127.0.0.1", "localhost");
    let service = start(&s, &(keys + &named));
    s.write("vendor/db.c", tag("AGPL-3.0-only"));
    s.commit();
    let mut dead = Vec::new();
    while dead.len() < 2 {
        service.rescan().expect(0);
        dead = deliveries(&s, &["--failed"]);
        dead.retain(|d| d["state"] == "dead");
    }
    for d in dead {
        let said = d["said"].as_str().expect("a reason");
        assert!(said.contains("127.0.0.1") || said.contains("::1"), "{said}");
        assert!(said.contains("allow"), "{said}");
    }
    assert!(receiver.arrived.is_empty());
    service.stop();
}

#[test]
fn a_process_of_its_own_delivers_what_the_service_and_scans_find() {
    let s = repo();
    let receiver = Receiver::start();
    configure(&s, &["."], &receiver.keys("ospo", ""));
    let config = s.state_dir().join("lictor.toml");
    let scan = || {
        let store = s.store();
        let args = ["scan", "--fail-on", "never", "--store", store.to_str().expect("UTF-8")];
        s.lictor(&args).expect(0);
    };
    scan();
    let mut courier = Service::start_as(&s, "deliver");
    // A second one would send everything twice.
    s.with("LICTOR_CONFIG", &config).lictor(&["deliver"]).expect(2).says(&["another lictor"]);
    s.write("a.c", tag("AGPL-3.0-only"));
    scan();
    let first = receiver.next_of("violation.opened");
    assert_eq!(first.json()["data"]["violations"][0]["path"], "a.c");
    // It is killed, and what happens meanwhile is told when it is back.
    courier.kill();
    s.write("b.c", tag("AGPL-3.0-only"));
    scan();
    s.write("c.c", tag("AGPL-3.0-only"));
    scan();
    // Another configuration has another webhook, which is told what happens from then on.
    let courier = Service::start_as(&s, "deliver");
    // What was sent and not written down when it was killed may come once more.
    let next = || loop {
        let next = receiver.next_of("violation.opened");
        if next.header("webhook-id") != first.header("webhook-id") {
            break next.json()["data"]["violations"][0]["path"].clone();
        }
    };
    assert_eq!([next(), next()], ["b.c", "c.c"]);
    let second = Receiver::start();
    configure(&s, &["."], &(receiver.keys("ospo", "") + &second.keys("new", "")));
    let child = courier.child.as_ref().expect("it runs");
    signal(child, Signal::HUP);
    let store = s.store();
    let known = || {
        let db = rusqlite::Connection::open(&store).expect("the store");
        let query = "SELECT count(*) FROM endpoint WHERE name = 'new'";
        db.query_row(query, [], |r| r.get::<_, i64>(0)).expect("a number")
    };
    while known() == 0 {
        std::thread::yield_now();
    }
    s.write("d.c", tag("AGPL-3.0-only"));
    scan();
    let told = second.next_of("violation.opened").json();
    assert_eq!(told["data"]["violations"][0]["path"], "d.c");
    courier.stop();
}

#[test]
fn a_template_that_fails_on_one_event_costs_that_event() {
    let s = repo();
    let receiver = Receiver::start();
    let template = s.state_dir().join("t.json.j2");
    // A number that only some paths have.
    let text =
        "{\"text\": {{ data.summary }}, \"n\": {{ 1 / (0 if 'bad.c' in data.summary else 1) }}}";
    std::fs::write(&template, text).expect("a template");
    let more = format!("format = 'template'\ntemplate = '{}'", template.display());
    let service = start(&s, &receiver.keys("ospo", &more));
    s.write("vendor/bad.c", tag("AGPL-3.0-only"));
    s.commit();
    service.rescan().expect(0);
    s.write("vendor/good.c", tag("AGPL-3.0-only"));
    s.commit();
    let arrived = receiver.next().json();
    assert!(arrived["text"].as_str().is_some_and(|t| t.contains("good.c")), "{arrived}");
    let failed = deliveries(&s, &["--failed"]);
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert!(failed[0]["said"].as_str().is_some_and(|t| t.contains("template")), "{failed:#?}");
    service.stop();
}

#[test]
fn a_secret_is_exchanged_without_a_gap() {
    let s = repo();
    let receiver = Receiver::start();
    let file = s.state_dir().join("secret");
    std::fs::write(&file, format!("# for the receiver of the open source office\n{SECRET}\n"))
        .expect("a secret");
    set_mode(&file, 0o640);
    let keys = receiver.keys("ospo", "");
    let keys = keys.replace("env:LICTOR_TEST_SECRET", file.to_str().expect("UTF-8"));
    configure(&s, &["."], &keys);
    let config = s.state_dir().join("lictor.toml");
    let run = |args: &[&str]| s.with("LICTOR_CONFIG", &config).lictor(args);
    let test = || {
        run(&["webhook", "test", "ospo"]).expect(0).shows(&["ospo took it: 204"]);
        receiver.next()
    };
    assert!(is_signed(&test(), SECRET));
    let rotated = run(&["webhook", "secret", "rotate", "ospo"]);
    let new = rotated.expect(0).says(&["retire ospo"]).stdout.trim().to_owned();
    assert_ne!(new, SECRET);
    let both = test();
    assert!(is_signed(&both, SECRET) && is_signed(&both, &new));
    run(&["webhook", "secret", "retire", "ospo"]).expect(0).shows(&["1 secret taken out"]);
    let one = test();
    assert!(is_signed(&one, &new) && !is_signed(&one, SECRET));
    let kept = std::fs::read_to_string(&file).expect("the file");
    assert!(kept.starts_with("# for the receiver"), "{kept}");
    let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata().expect("the file"));
    assert_eq!(mode & 0o777, 0o640);
    run(&["webhook", "test", "ospo", "--dry-run", "--kind", "violation.opened"])
        .expect(0)
        .shows(&["content-type: application/json", "GPL-3.0-or-later"]);
    run(&["webhook", "test", "nobody"]).expect(2).says(&["there is no webhook nobody", "ospo"]);
}

#[test]
fn what_was_given_up_is_listed_and_delivered_again_under_its_id() {
    let s = repo();
    let well = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_well = Arc::clone(&well);
    let receiver = Receiver::answering(move |_| {
        Reply::Status(if is_well.load(Ordering::Relaxed) { 204 } else { 400 })
    });
    let service = start(&s, &receiver.keys("ospo", "retry = '10ms'"));
    s.write("vendor/db.c", tag("AGPL-3.0-only"));
    s.commit();
    let first = receiver.next().header("webhook-id").to_owned();
    receiver.next();
    while deliveries(&s, &["--failed"]).first().is_none_or(|d| d["state"] != "dead") {}
    well.store(true, Ordering::Relaxed);
    let store = s.store();
    let store = store.to_str().expect("UTF-8");
    s.lictor(&["webhook", "deliveries", "--failed", "--store", store]).expect(0).shows(&[
        &first,
        "dead",
        "violation.opened",
        "it answered 400",
    ]);
    s.lictor(&["webhook", "replay", &first, "--store", store])
        .expect(0)
        .shows(&["1 to be delivered again"]);
    let again = receiver.next();
    assert_eq!((again.header("webhook-id"), again.answered), (&*first, Some(204)));
    s.lictor(&["webhook", "replay", "--since", "1h", "--store", store]).expect(0);
    assert_eq!(receiver.next().header("webhook-id"), first);
    service.stop();
}

/// Regression: who was configured before the last reload was all that the store in a damaged one's
/// place was told of.
#[test]
fn a_webhook_that_came_by_a_reload_outlives_a_damaged_store() {
    let s = repo();
    let old: Vec<Receiver> = (0..3).map(|_| Receiver::start()).collect();
    let new = Receiver::start();
    let mut keys: String =
        old.iter().enumerate().map(|(n, r)| r.keys(&format!("old-{n}"), "")).collect();
    configure(&s, &["."], &keys);
    let service = Service::start(&s);
    service.rescan().expect(0);
    keys += &new.keys("new", "");
    configure(&s, &["."], &keys);
    service.s.lictor(&["reload"]).expect(0);
    s.lictor(&["backup", "--config", config(&s).to_str().expect("UTF-8")]).expect(0);
    damage(&s);
    s.write("a.c", tag("AGPL-3.0-only"));
    s.commit();
    let mended = (0..20).any(|_| service.rescan().code == Some(0));
    assert!(mended, "{}", service.log());
    s.write("b.c", tag("AGPL-3.0-only"));
    s.commit();
    for receiver in old.iter().chain([&new]) {
        while receiver.next_of("violation.opened").json()["data"]["violations"][0]["path"] != "b.c"
        {
        }
    }
    service.stop();
}

#[test]
fn what_happens_to_the_service_itself_is_told_once() {
    let s = repo();
    let receiver = Receiver::start();
    let policy = s.state_dir().join("policy.toml");
    let with_waivers = format!("{POLICY}[waivers]\nfiles = 'waivers.toml'\n");
    std::fs::write(&policy, &with_waivers).expect("a policy");
    std::fs::write(s.state_dir().join("waivers.toml"), "version = 1\n").expect("no waivers");
    let keys = receiver.keys("ospo", "");
    configure(&s, &["."], &format!("policy = '{}'\n{keys}", policy.display()));
    let service = Service::start(&s);
    service.rescan().expect(0);
    s.write("a.c", tag("AGPL-3.0-only"));
    s.commit();
    let opened = receiver.next_of("violation.opened").json();
    let id = opened["data"]["violations"][0]["id"].as_str().expect("a number").to_owned();

    // A waiver that ends in five days: of the leads 30, 7 and 1 the second is reached.
    let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(5 * 24);
    let ends = ends.strftime("%Y-%m-%d").to_string();
    let waivers = s.state_dir().join("waivers.toml");
    let store = s.store();
    let args = [
        "waive",
        &id,
        "--expires",
        &ends,
        "--reason",
        "bought",
        "--ticket",
        "L-1",
        "--granted-by",
        "Jo",
    ];
    let to = ["--store", store.to_str().expect("UTF-8")];
    let entry = s.lictor(&[&args[..], &to].concat()).expect(0).stdout.clone();
    std::fs::write(&waivers, format!("version = 1\n{entry}")).expect("a waiver");
    let expiring = receiver.next_of("waiver.expiring").json();
    let waiver = &expiring["data"]["waiver"];
    assert_eq!((&waiver["expires"], &waiver["ticket"]), (&ends.as_str().into(), &"L-1".into()));
    assert_eq!(waiver["days"], 5, "{waiver:#}");
    receiver.next_of("violation.waived");

    // The policy that waives nothing is another one, and by it the violation is open again.
    std::fs::write(&policy, POLICY).expect("a policy");
    let changed = receiver.next_of("policy.changed").json();
    assert_ne!(changed["data"]["policy"]["was"], changed["data"]["policy"]["digest"]);
    assert_eq!(
        receiver.next_of("waiver.lapsed").json()["data"]["violations"][0]["why"],
        "withdrawn"
    );

    // The checkout is taken away, and comes back.
    let aside = s.dir.with_file_name("aside");
    std::fs::rename(&s.dir, &aside).expect("moving the checkout");
    let gone = receiver.next_of("checkout.unreachable").json();
    assert!(gone["data"]["problem"]["what"].as_str().is_some_and(|w| !w.is_empty()), "{gone:#}");
    // What was told is not told again by another process.
    service.stop();
    let mut service = Service::start(&s.at_state());
    service.wait_for("STATUS=1 checkout, 1 in trouble");
    std::fs::rename(&aside, &s.dir).expect("moving it back");
    receiver.next_of("checkout.recovered");
    service.stop();
    let audit = s.lictor(&["audit", "export", "--store", store.to_str().expect("UTF-8")]);
    let events = audit.expect(0).json_lines();
    let times = ["checkout.unreachable", "checkout.recovered", "waiver.expiring", "policy.changed"]
        .map(|kind| events.iter().filter(|e| e["kind"] == kind).count());
    assert_eq!(times, [1, 1, 1, 2], "each once; the policy was another one twice");
}

/// Numbers that follow from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

/// A number from the environment, for more than a test run has the time for.
fn given(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// With `LICTOR_TEST_EVENTS=10000 LICTOR_TEST_KILLS=100` it is what the project promises; the seed
/// is `LICTOR_TEST_SEED`.
#[test]
fn killed_over_and_over_every_event_arrives_in_order_and_hardly_any_twice() {
    let events = given("LICTOR_TEST_EVENTS", 240);
    let kills = given("LICTOR_TEST_KILLS", 12);
    let seed = given("LICTOR_TEST_SEED", 20_261_128) as u64;
    let s = repo();
    let files = (events / 4).max(1);
    s.write("policy.toml", POLICY);
    // Until it is to be well, the receiver fails, stalls and hangs up as chance will have it.
    let well = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_well = Arc::clone(&well);
    let chance = Mutex::new(Chance(seed));
    let answers = move |_: &Arrived| {
        if is_well.load(Ordering::Relaxed) {
            return Reply::Status(200);
        }
        match chance.lock().expect("no panic").next(20) {
            0 => Reply::Status(500),
            1 => Reply::With(429, "retry-after: 0\r\n"),
            2 => Reply::Drop,
            3 => Reply::Stall,
            _ => Reply::Status(200),
        }
    };
    let receiver = Arc::new(Receiver::answering(answers));
    let more = "group = false\nfirst-scan = 'everything'\nevents = 'violation.*'\ntimeout = '200ms'\n\
                connect-timeout = '200ms'\nretry = ['10ms', '20ms', '40ms', '80ms', '80ms', '80ms', \
                '80ms', '80ms', '80ms', '80ms', '80ms', '80ms', '80ms', '80ms', '80ms', '80ms']";
    configure(&s, &["."], &receiver.keys("ospo", more));
    let store = s.store();
    let store = store.to_str().expect("UTF-8").to_owned();
    let policy = s.path("policy.toml");
    let scan = || {
        let policy = policy.to_str().expect("UTF-8");
        let args = ["scan", "--fail-on", "never", "--policy", policy, "--store", &store];
        s.lictor(&args).expect(0);
    };
    // The endpoint is to be known before anything happens.
    Service::start_as(&s, "deliver").stop();
    let mut chance = Chance(seed ^ 1);
    let licenses = ["AGPL-3.0-only", "MIT", "GPL-2.0-only", "MIT"];
    let mut told = Vec::new();
    let mut killed = 0;
    for (turn, license) in licenses.iter().enumerate() {
        for n in 0..files {
            s.write_at(format!("d{}/{n}.c", n % 50), tag(license), 10 * turn as u64);
        }
        scan();
        for _ in 0..kills / licenses.len() {
            let mut courier = Service::start_as(&s, "deliver");
            // A moment that depends on what arrives, not on a clock.
            for _ in 0..chance.next(2 * (files / (kills / 4).max(1)) as u64 + 2) {
                match receiver.arrived.recv_timeout(std::time::Duration::from_millis(500)) {
                    Ok(arrived) => told.push(arrived),
                    Err(_) => break,
                }
            }
            courier.kill();
            killed += 1;
        }
    }
    well.store(true, Ordering::Relaxed);
    let courier = Service::start_as(&s, "deliver");
    let audit = s.lictor(&["audit", "export", "--store", &store]);
    let ledger: Vec<Value> = audit.expect(0).json_lines();
    let happened: Vec<&Value> = ledger
        .iter()
        .filter(|e| {
            let kind = e["kind"].as_str().unwrap_or_default();
            kind.starts_with("violation.") && kind != "violation.attributed"
        })
        .collect();
    assert!(happened.len() >= files * 4, "{}", happened.len());
    while told.iter().filter_map(events_of).flatten().collect::<BTreeSet<_>>().len()
        < happened.len()
    {
        told.push(receiver.next());
    }
    while !deliveries(&s, &["--pending"]).is_empty() {}
    courier.stop();
    told.extend(receiver.arrived.try_iter());
    // Accepted: each at least once; more often at most once for each time it was killed.
    let mut order: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut twice = 0;
    for a in told.iter().filter(|a| a.answered == Some(200)) {
        assert!(is_signed(a, SECRET));
        let body = a.json();
        for v in body["data"]["violations"].as_array().expect("violations") {
            let event = v["event"].as_str().expect("an id").to_owned();
            if seen.insert(event) {
                let kind = body["type"].as_str().expect("a kind").to_owned();
                order.entry(v["id"].as_str().expect("a number").to_owned()).or_default().push(kind);
            } else {
                twice += 1;
            }
        }
    }
    assert_eq!(seen.len(), happened.len(), "each event arrives");
    assert!(twice < killed.max(1), "{twice} arrived twice, killed {killed} times");
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for e in happened {
        let (id, kind) = (e["violation"].as_str(), e["kind"].as_str());
        let entry = wanted.entry(id.expect("a number").to_owned()).or_default();
        entry.push(kind.expect("a kind").to_owned());
    }
    assert_eq!(order, wanted, "of each violation in order");
    let left: BTreeSet<String> =
        deliveries(&s, &[]).iter().map(|d| d["state"].to_string()).collect();
    assert_eq!(left.into_iter().collect::<Vec<_>>(), ["\"delivered\""]);
    eprintln!("{} events, killed {killed} times, {twice} arrived twice, seed {seed}", seen.len());
}

/// The events of a message that was accepted.
fn events_of(a: &Arrived) -> Option<Vec<String>> {
    let body = a.json();
    let violations = body["data"]["violations"].as_array().filter(|_| a.answered == Some(200))?;
    Some(violations.iter().filter_map(|v| v["event"].as_str().map(str::to_owned)).collect())
}
