// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The control API by real sockets: what it answers, that its description is true, and what
//! clients get that hang, trickle, shout or lie.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use common::{Sandbox, tag};
use lictor::daemon::control::{self, Limits, OPENAPI, Server, Service, Token};
use lictor::daemon::status::*;
use lictor::diag::{Failure, Mistake, Mistakes};
use lictor::licenses::Licenses;
use lictor::store::Store;
use serde_json::{Value, json};
use tokio::sync::watch;

const SECRET: &str = "a secret of sixteen or more";

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service that does nothing but answer.
struct Fake {
    store: PathBuf,
    state: Mutex<State>,
    events: watch::Sender<i64>,
    /// What scans that were asked for came to, by ticket.
    outcomes: Mutex<BTreeMap<u64, Option<RescanOutcome>>>,
    ended: Condvar,
    /// Held by a test that wants the service to be stuck.
    stuck: Mutex<()>,
    reload: Mutex<Option<Failure>>,
}

impl Fake {
    fn checkout(&self) -> CheckoutStatus {
        CheckoutStatus {
            root: "/srv/git/monorepo".into(),
            view: String::new(),
            state: CheckoutState::Scanning,
            why: Some("it is tried again in 60 s".into()),
            commit: Some("c0ffee".into()),
            branch: Some("main".into()),
            files: 78_603,
            open: Open { deny: 2, review: 40 },
            waived: 3,
            pending: 12,
            last_scan: Some("2026-11-23T01:02:03Z".into()),
            last_whole_scan: None,
            rescans: BTreeMap::from([("overflow".into(), 2), ("start".into(), 1)]),
            done: Some(41),
        }
    }
}

impl Service for Fake {
    fn status(&self) -> Status {
        drop(self.stuck.lock());
        Status {
            version: "0.1.0".into(),
            pid: 4711,
            started: "2026-11-23T00:00:00Z".into(),
            state: *self.state.lock().expect("a lock"),
            problems: vec![Problem {
                what: "the disk is full".into(),
                since: "2026-11-23T01:00:00Z".into(),
                help: Some("make room".into()),
            }],
            config: ConfigStatus {
                path: "/etc/lictor/lictor.toml".into(),
                digest: "0123456789ab".into(),
                loaded: "2026-11-23T00:00:00Z".into(),
            },
            policy: PolicyStatus {
                name: "default".into(),
                origin: "built in".into(),
                digest: "ab".into(),
            },
            store: StoreStatus { path: "/var/lib/lictor/lictor.db".into(), bytes: 1 << 20 },
            watches: Watches { used: 5000, limit: Some(65_536), polling: false },
            checkouts: vec![self.checkout()],
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

    fn rescan(&self, checkout: Option<&Path>) -> Result<u64, Failure> {
        if checkout.is_some_and(|c| !c.starts_with("/srv/git/monorepo")) {
            return Err(Failure::new("/elsewhere is in no checkout that is watched")
                .help("add it to the configuration"));
        }
        let mut outcomes = self.outcomes.lock().expect("a lock");
        let ticket = outcomes.len() as u64 + 1;
        outcomes.insert(ticket, None);
        Ok(ticket)
    }

    fn wait(&self, ticket: u64, at_most: Duration) -> Option<RescanOutcome> {
        let outcomes = self.outcomes.lock().expect("a lock");
        let going_on = |all: &mut BTreeMap<_, Option<_>>| matches!(all.get(&ticket), Some(None));
        let (outcomes, _) =
            self.ended.wait_timeout_while(outcomes, at_most, going_on).expect("a lock");
        outcomes.get(&ticket).cloned().flatten()
    }

    fn reload(&self) -> Result<(), Failure> {
        self.reload.lock().expect("a lock").take().map_or(Ok(()), Err)
    }

    fn store(&self) -> &Path {
        &self.store
    }

    fn licenses(&self) -> &'static Licenses {
        Licenses::builtin()
    }

    fn metrics(&self) -> String {
        "# EOF\n".into()
    }

    fn events(&self) -> watch::Receiver<i64> {
        self.events.subscribe()
    }

    fn stopping(&self) -> bool {
        false
    }
}

/// A repository that was scanned, and the API beside it.
struct Scene {
    sandbox: Sandbox,
    fake: Arc<Fake>,
    server: Option<Server>,
    socket: PathBuf,
    description: Value,
}

fn scene() -> Scene {
    scene_with(Limits::default(), None)
}

fn scene_with(limits: Limits, tcp: Option<u16>) -> Scene {
    let s = Sandbox::repo();
    for n in 0..5 {
        s.write(format!("deny/{n}.c"), format!("{}{n}\n", tag("AGPL-3.0-only")));
        s.write(format!("fine/{n}.c"), format!("{}{n}\n", tag("MIT")));
    }
    s.write(common::name(b"deny/latin\xe9.c"), tag("AGPL-3.0-only"));
    s.commit();
    s.lictor(&["scan"]).expect(1);
    let last = Store::open_existing(&s.store()).expect("the store").last_event().expect("a number");
    let fake = Arc::new(Fake {
        store: s.store(),
        state: Mutex::new(State::Watching),
        events: watch::channel(last).0,
        outcomes: Mutex::default(),
        ended: Condvar::new(),
        stuck: Mutex::default(),
        reload: Mutex::default(),
    });
    let socket = s.path("control.sock");
    let tcp = tcp.map(|port| (([127, 0, 0, 1], port).into(), Token::from(SECRET)));
    let listeners = control::listen(&socket, 0o660, tcp).expect("listening");
    let server = control::start(listeners, fake.clone(), limits).expect("serving");
    let description = serde_json::from_str(OPENAPI).expect("JSON");
    Scene { sandbox: s, fake, server: Some(server), socket, description }
}

#[derive(Debug)]
struct Answer {
    code: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| {
            assert!(e.is_io(), "the answer is no JSON: {e}: {self:?}");
            Value::Null
        })
    }

    fn kind(&self) -> &str {
        let lines = self.head.lines();
        let mut kinds = lines.filter_map(|l| l.strip_prefix("content-type: "));
        kinds.next().unwrap_or("")
    }
}

/// Reads an answer to its end.
fn read(mut stream: impl Read) -> Answer {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        // What was sent and not read by the server.
        Err(e) => assert_eq!(e.kind(), ErrorKind::ConnectionReset, "{e}"),
    }
    let text = String::from_utf8(bytes).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let code = head.split(' ').nth(1).and_then(|c| c.parse().ok()).unwrap_or(0);
    Answer { code, head: head.to_ascii_lowercase(), body: body.into() }
}

/// A request as it goes over the wire.
fn request(method: &str, target: &str, headers: &str, body: &str) -> String {
    let length = match body {
        "" => String::new(),
        body => format!("content-length: {}\r\n", body.len()),
    };
    format!("{method} {target} HTTP/1.1\r\nhost: x\r\n{headers}{length}\r\n{body}")
}

impl Scene {
    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.socket).expect("connecting");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream
    }

    fn ask(&self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request(method, target, headers, body).as_bytes()).expect("asking");
        read(stream)
    }

    /// Asks, and compares the answer with the description.
    #[track_caller]
    fn told(&self, method: &str, target: &str, body: &str, code: u16) -> Value {
        let answer = self.ask(method, target, "", body);
        assert_eq!(answer.code, code, "{method} {target}: {answer:?}");
        self.is_as_described(method, target, &answer);
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    fn get(&self, target: &str) -> Value {
        self.told("GET", target, "", 200)
    }

    /// Fails unless an answer is as the description says, with no key that it does not say.
    #[track_caller]
    fn is_as_described(&self, method: &str, target: &str, answer: &Answer) {
        let path = target.split('?').next().unwrap_or("");
        let same = |template: &str| {
            let (t, p): (Vec<_>, Vec<_>) =
                (template.split('/').collect(), path.split('/').collect());
            t.len() == p.len() && t.iter().zip(p).all(|(t, p)| t.starts_with('{') || *t == p)
        };
        let paths = self.description["paths"].as_object().expect("paths");
        let Some((_, described)) = paths.iter().find(|(template, _)| same(template)) else {
            assert_eq!((answer.code, answer.kind()), (404, "application/problem+json"));
            return self.fits(&json!({ "$ref": "#/components/schemas/Failure" }), answer);
        };
        let responses = &described[method.to_ascii_lowercase()]["responses"];
        let code = answer.code.to_string();
        let response = responses.get(&code).or(responses.get("default"));
        if answer.code == 405 {
            return self.fits(&json!({ "$ref": "#/components/schemas/Failure" }), answer);
        }
        let response = response.unwrap_or_else(|| {
            assert!(answer.code == 0, "{method} {path}: {code} is not described");
            &Value::Null
        });
        let Some(content) = response.get("content") else {
            assert_eq!(answer.body, "", "{method} {path}: no answer is described");
            return;
        };
        let schema = &content[answer.kind()]["schema"];
        assert!(schema.is_object(), "{method} {path}: no {} is described", answer.kind());
        if answer.kind().ends_with("json") {
            self.fits(schema, answer);
        }
    }

    #[track_caller]
    fn fits(&self, schema: &Value, answer: &Answer) {
        let components = strict(&self.description["components"]);
        let whole = json!({ "components": components, "allOf": [strict(schema)] });
        let validator = jsonschema::validator_for(&whole).expect("a schema");
        let body = answer.json();
        let wrong: Vec<String> =
            validator.iter_errors(&body).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "not as described: {wrong:#?}\n{body:#}");
    }
}

/// The same, but what is not described is wrong.
fn strict(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let mut map: serde_json::Map<String, Value> =
                map.iter().map(|(k, v)| (k.clone(), strict(v))).collect();
            if map.contains_key("properties") && !map.contains_key("additionalProperties") {
                map.insert("additionalProperties".into(), false.into());
            }
            Value::Object(map)
        }
        Value::Array(list) => list.iter().map(strict).collect(),
        other => other.clone(),
    }
}

/// Runs until something holds that must come.
#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what} does not come");
        std::thread::yield_now();
    }
}

// Answers.

#[test]
fn the_service_says_how_it_is() {
    let scene = scene();
    let status = scene.get("/v1/status");
    assert_eq!(status, serde_json::to_value(scene.fake.status()).unwrap());
    assert_eq!(scene.get("/v1/checkouts")["checkouts"], status["checkouts"]);
    assert_eq!(scene.get("/v1/health"), json!({ "state": "watching" }));
    for state in [State::Starting, State::Degraded, State::Stopping] {
        *scene.fake.state.lock().expect("a lock") = state;
        let health = scene.told("GET", "/v1/health", "", 503);
        assert_eq!(health, json!({ "state": state }));
    }
    assert_eq!(scene.get("/v1/openapi.json"), scene.description);
    let metrics = scene.ask("GET", "/metrics", "", "");
    assert_eq!((metrics.code, &*metrics.body), (200, "# EOF\n"));
    scene.is_as_described("GET", "/metrics", &metrics);
}

#[test]
fn findings_are_given_in_pages_and_narrowed() {
    let scene = scene();
    let all = scene.get("/v1/findings?limit=1000");
    assert_eq!(all["next"], Value::Null);
    let all = all["findings"].as_array().expect("a list").clone();
    assert_eq!(all.len(), 11);
    for limit in [1, 2, 5, 10, 11] {
        let (mut pages, mut after) = (Vec::new(), String::new());
        loop {
            let page = scene.get(&format!("/v1/findings?limit={limit}{after}"));
            let list = page["findings"].as_array().expect("a list");
            assert!(!list.is_empty() && list.len() <= limit);
            pages.extend(list.iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(pages, all, "pages of {limit}");
    }
    let count = |query: &str| {
        scene.get(&format!("/v1/findings?{query}"))["findings"].as_array().expect("a list").len()
    };
    assert_eq!(count("license=mit"), 5);
    assert_eq!(count("outcome=deny"), 6);
    assert_eq!(count("path=**/3.c"), 2);
    assert_eq!(count("path=fine%2F*.c&limit=7"), 5);
    assert_eq!(count("checkout=/elsewhere"), 0);
    assert_eq!(count(&format!("checkout={}", scene.sandbox.dir.display())), 11);
    assert_eq!(count("state=waived"), 0);
    let violations = scene.get("/v1/violations");
    let violations = violations["violations"].as_array().expect("a list");
    assert_eq!(violations.len(), 6);
    assert!(violations.iter().any(|v| v["path_hex"].is_string()), "a path that is not UTF-8");

    // What is gone stays where it was in the order.
    for n in 0..5 {
        scene.sandbox.remove(format!("deny/{n}.c"));
    }
    scene.sandbox.lictor(&["scan"]).expect(1);
    assert_eq!(
        scene.get("/v1/violations?state=resolved")["violations"].as_array().unwrap().len(),
        5
    );
    let first = scene.get("/v1/violations?limit=3");
    let next = first["next"].as_str().expect("there are more");
    let rest = scene.get(&format!("/v1/violations?after={next}"));
    assert_eq!(rest["violations"].as_array().unwrap().len(), 3);

    for (query, says) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("outcome=bad", "allow, review, deny"),
        ("state=shut", "open, waived, resolved"),
        ("license=MIT+OR+ISC", "more than one"),
        ("license=NoSuch", "NoSuch"),
        ("path=%5Ba", "no glob"),
        ("checkout=relative", "absolute"),
        ("after=zz", "next"),
        ("after=00-00", "next"),
        ("colour=red", "colour"),
    ] {
        let target = format!("/v1/findings?{query}");
        let problem = scene.told("GET", &target, "", 400);
        assert!(problem.to_string().contains(says), "{query}: {problem}");
        assert!(problem["help"].is_string(), "{query}: {problem}");
    }
}

#[test]
fn a_violation_has_its_evidence_and_its_history() {
    let scene = scene();
    let list = scene.get("/v1/violations?path=deny/3.c");
    let id = list["violations"][0]["violation"]["id"].as_str().expect("a number").to_owned();
    let v = scene.get(&format!("/v1/violations/{id}"));
    assert_eq!(v["path"], "deny/3.c");
    assert_eq!(v["matches"][0]["start_line"], 1);
    assert_eq!(v["events"][0]["kind"], "violation.opened");
    assert_eq!(v["events"][0]["violation"], id);
    assert_eq!(v["violation"]["state"], "open");
    scene.sandbox.remove("deny/3.c");
    scene.sandbox.lictor(&["scan"]).expect(1);
    let v = scene.get(&format!("/v1/violations/{}", id.to_lowercase()));
    assert_eq!((&v["blob"], &v["matches"]), (&Value::Null, &json!([])));
    let kinds: Vec<&str> =
        v["events"].as_array().unwrap().iter().filter_map(|e| e["kind"].as_str()).collect();
    assert_eq!(kinds.last(), Some(&"violation.resolved"));
    scene.told("GET", "/v1/violations/V4711", "", 404);
    for bad in ["17", "V", "V0", "V-1", "Vx", "V99999999999999999999", "%FF"] {
        scene.told("GET", &format!("/v1/violations/{bad}"), "", 400);
    }
}

#[test]
fn events_are_given_from_a_number_on() {
    let scene = scene();
    let all = scene.get("/v1/events");
    let last = all["last"].as_i64().expect("a number");
    assert_eq!(all["next"], last);
    let seqs = |page: &Value| -> Vec<i64> {
        page["events"].as_array().unwrap().iter().filter_map(|e| e["seq"].as_i64()).collect()
    };
    assert_eq!(seqs(&all), (1..=last).collect::<Vec<_>>());
    let page = scene.get("/v1/events?after=1&limit=2");
    assert_eq!((seqs(&page), &page["next"]), (vec![2, 3], &json!(3)));
    let none = scene.get(&format!("/v1/events?after={last}"));
    assert_eq!((seqs(&none), &none["next"]), (vec![], &json!(last)));
    let problem = scene.told("GET", &format!("/v1/events?after={}", last + 1), "", 409);
    assert!(problem["help"].as_str().unwrap().contains("restored"), "{problem}");
    scene.told("GET", "/v1/events?after=-1", "", 409);
    scene.told("GET", "/v1/events?after=x", "", 400);
}

/// A stream of events.
struct Stream(BufReader<UnixStream>);

impl Stream {
    fn open(scene: &Scene, target: &str, headers: &str) -> Stream {
        let mut stream = scene.connect();
        let accept = format!("accept: text/event-stream\r\n{headers}");
        stream.write_all(request("GET", target, &accept, "").as_bytes()).expect("asking");
        let mut stream = Stream(BufReader::new(stream));
        let status = stream.line().expect("a status");
        assert!(status.contains("200"), "{status}");
        while stream.line().is_some_and(|l| !l.is_empty()) {}
        stream
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line in time");
        line.ends_with('\n').then(|| line.trim_end().to_owned())
    }

    /// The next event: its id and data; `None` at the end.
    fn next(&mut self) -> Option<(i64, Value)> {
        let mut id = None;
        loop {
            let line = self.line()?;
            if let Some(given) = line.strip_prefix("id: ") {
                id = given.parse().ok();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((id?, serde_json::from_str(data).expect("JSON")));
            }
        }
    }
}

#[test]
fn a_stream_follows_what_happens() {
    let mut scene = scene();
    let last = scene.get("/v1/events")["last"].as_i64().expect("a number");
    let mut live = Stream::open(&scene, "/v1/events", "");
    let mut whole = Stream::open(&scene, "/v1/events?after=0", "");
    let mut again = Stream::open(&scene, "/v1/events?after=0", "last-event-id: 3\r\n");
    for seq in 1..=last {
        let (id, event) = whole.next().expect("an event");
        assert_eq!((id, &event["seq"]), (seq, &json!(seq)));
    }
    assert_eq!(again.next().expect("an event").0, 4);
    scene.sandbox.write("deny/new.c", tag("AGPL-3.0-only"));
    scene.sandbox.lictor(&["scan"]).expect(1);
    let now = Store::open_existing(&scene.fake.store).unwrap().last_event().unwrap();
    assert!(now > last);
    scene.fake.events.send_replace(now);
    for seq in last + 1..=now {
        assert_eq!(live.next().expect("an event").0, seq);
        let (id, event) = whole.next().expect("an event");
        assert_eq!(id, seq);
        let answer = Answer { code: 200, head: String::new(), body: event.to_string() };
        scene.fits(&json!({ "$ref": "#/components/schemas/Event" }), &answer);
    }
    // A number that is not of this history, and too many who follow.
    let accept = "accept: text/html, text/event-stream;q=0.9\r\n";
    let answer = scene.ask("GET", &format!("/v1/events?after={}", now + 5), accept, "");
    assert_eq!(answer.code, 409);
    let odd = format!("{accept}last-event-id: x\r\n");
    assert_eq!(scene.ask("GET", "/v1/events", &odd, "").code, 400);
    let mut more: Vec<Stream> = (3..32).map(|_| Stream::open(&scene, "/v1/events", "")).collect();
    let answer = scene.ask("GET", "/v1/events", accept, "");
    assert_eq!((answer.code, answer.kind()), (503, "application/problem+json"));
    more.pop();
    eventually("a place", || scene.ask("HEAD", "/v1/events", accept, "").code == 200);
    // They end with the service.
    scene.server.take().expect("it is served").stop();
    assert_eq!(live.next(), None);
}

#[test]
fn a_scan_is_asked_for_and_waited_for() {
    let scene = scene();
    let ticket = scene.told("POST", "/v1/rescan", "", 202);
    assert_eq!(ticket, json!({ "ticket": 1, "done": false }));
    let part = r#"{ "checkout": "/srv/git/monorepo/deny", "wait": 1 }"#;
    assert_eq!(scene.told("POST", "/v1/rescan", part, 202)["ticket"], 2);
    let outcome = RescanOutcome {
        checkouts: vec![Rescanned {
            root: "/srv/git/monorepo".into(),
            view: String::new(),
            why: None,
            files: 11,
            open: Open { deny: 6, review: 0 },
            waived: 0,
        }],
    };
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| scene.told("GET", "/v1/rescan/2?wait=600", "", 200));
        let done = Some(outcome.clone());
        scene.fake.outcomes.lock().expect("a lock").insert(2, done);
        scene.fake.ended.notify_all();
        let answer = waiting.join().expect("an answer");
        assert_eq!(answer["outcome"], serde_json::to_value(&outcome).unwrap());
    });
    assert_eq!(scene.told("GET", "/v1/rescan/2", "", 200)["done"], true);
    assert_eq!(scene.told("GET", "/v1/rescan/1", "", 202)["done"], false);
    let problem = scene.told("POST", "/v1/rescan", r#"{ "checkout": "/elsewhere" }"#, 422);
    assert!(problem["help"].as_str().unwrap().contains("configuration"), "{problem}");
    let asked = scene.fake.outcomes.lock().expect("a lock").len();
    for bad in
        [r#"{ "wait": 601 }"#, r#"{ "checkout": "here" }"#, r#"{ "what": 1 }"#, "[]", "{", "\u{1}"]
    {
        scene.told("POST", "/v1/rescan", bad, 400);
    }
    assert_eq!(scene.fake.outcomes.lock().expect("a lock").len(), asked, "nothing was begun");
    scene.told("GET", "/v1/rescan/x", "", 400);
    scene.told("GET", "/v1/rescan/1?wait=601", "", 400);
    scene.told("GET", "/v1/rescan/1?wait=x", "", 400);
}

#[test]
fn too_many_who_wait_are_told_so_and_those_who_go_make_room() {
    let scene = scene();
    scene.told("POST", "/v1/rescan", "", 202);
    let wait = request("GET", "/v1/rescan/1?wait=600", "", "");
    let waiting: Vec<UnixStream> = (0..8)
        .map(|_| {
            let mut stream = scene.connect();
            stream.write_all(wait.as_bytes()).expect("asking");
            stream
        })
        .collect();
    let full = || scene.ask("GET", "/v1/rescan/1?wait=1", "", "").code == 503;
    eventually("the limit", full);
    scene.get("/v1/status");
    drop(waiting);
    eventually("room", || !full());
}

#[test]
fn a_reload_that_fails_says_every_mistake() {
    let scene = scene();
    assert_eq!(scene.told("POST", "/v1/reload", "", 204), Value::Null);
    let mistakes = Mistakes {
        file: "policy.toml".into(),
        text: "version = 2\n".into(),
        list: vec![Mistake {
            message: "there is no version 2".into(),
            span: 10..11,
            label: String::new(),
            help: None,
        }],
    };
    let failure = Failure::config("1 mistake in the policy").because_of(vec![mistakes]);
    *scene.fake.reload.lock().expect("a lock") = Some(failure);
    let problem = scene.told("POST", "/v1/reload", "", 422);
    assert!(problem["mistakes"][0].as_str().unwrap().contains("policy.toml:1:11"), "{problem}");
}

// Clients that do other things.

#[test]
fn what_cannot_be_asked_is_said() {
    let scene = scene();
    scene.told("GET", "/", "", 404);
    scene.told("GET", "/v2/status", "", 404);
    scene.told("POST", "/v1/status", "", 405);
    scene.told("DELETE", "/v1/rescan", "", 405);
    let garbage = |bytes: &[u8]| {
        let mut stream = scene.connect();
        // It may be refused before all of it is sent.
        let _ = stream.write_all(bytes);
        read(stream).code
    };
    assert_eq!(garbage(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), 400);
    assert_eq!(garbage(b"GET /v1/status\r\n\r\n"), 400);
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(20 << 10));
    assert!(matches!(garbage(long.as_bytes()), 414 | 431));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(200));
    assert_eq!(garbage(many.as_bytes()), 431);
    let large = format!("{{ \"checkout\": \"/{}\" }}", "a".repeat(64 << 10));
    scene.told("POST", "/v1/rescan", &large, 413);
    // Without saying before how much it will be.
    let chunked = "POST /v1/rescan HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("8000\r\n{}\r\n", "a".repeat(0x8000));
    assert_eq!(garbage(format!("{chunked}{chunk}{chunk}{chunk}0\r\n\r\n").as_bytes()), 413);
    scene.get("/v1/status");
}

#[test]
fn a_client_that_hangs_or_trickles_is_let_go() {
    let asking = Duration::from_millis(500);
    let scene = scene_with(Limits { asking, ..Limits::default() }, None);
    let silent = scene.connect();
    let mut half = scene.connect();
    half.write_all(b"GET /v1/status HTTP/1.1\r\nho").expect("asking");
    let mut body = scene.connect();
    let head = "POST /v1/rescan HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    body.write_all(head.as_bytes()).expect("asking");
    let mut trickle = scene.connect();
    let begun = Instant::now();
    let pause = asking / 20;
    trickle.set_read_timeout(Some(pause)).expect("a limit");
    trickle.write_all(b"GET /v1/status HTTP/1.1\r\na: ").expect("asking");
    let answered = || match (&trickle).read(&mut [0; 1024]) {
        Err(e) if e.kind() == ErrorKind::WouldBlock => false,
        Ok(_) | Err(_) => true,
    };
    eventually("an end of a trickle", || (&trickle).write_all(b"b").is_err() || answered());
    assert!((asking..asking * 4).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    assert_eq!(read(body).code, 408);
    // With an answer or without: it ends.
    assert!(matches!(read(half).code, 0 | 408));
    assert!(matches!(read(silent).code, 0 | 408));
    assert!(scene.fake.outcomes.lock().expect("a lock").is_empty(), "nothing was asked for");
}

#[test]
fn a_client_that_does_not_read_is_let_go() {
    let limits = Limits { reading: Duration::from_millis(500), ..Limits::default() };
    let scene = scene_with(limits, None);
    for n in 0..1000 {
        let name = format!("deep/{}/{n}.c", "a-long-name/".repeat(30));
        scene.sandbox.write(name, format!("{}{n}\n", tag("AGPL-3.0-only")));
    }
    scene.sandbox.lictor(&["scan"]).expect(1);
    let mut deaf = scene.connect();
    let all = request("GET", "/v1/findings?limit=1000", "", "");
    deaf.write_all(all.as_bytes()).expect("asking");
    eventually("the end of the connection", || deaf.write_all(b"x").is_err());
    // Whoever reads gets it all.
    let all = scene.get("/v1/findings?limit=1000");
    assert_eq!(all["findings"].as_array().expect("a list").len(), 1000);
}

#[test]
fn a_thousand_connections_keep_nobody_out() {
    // Both sides of all connections are in this process.
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    let most = Rlimit { current: maximum, maximum };
    setrlimit(Resource::Nofile, most).expect("more descriptors");
    // They hang for longer than anybody waits here.
    let asking = Duration::from_secs(600);
    let scene = scene_with(Limits { asking, ..Limits::default() }, None);
    let before = descriptors();
    let mut hanging: Vec<UnixStream> = Vec::new();
    for n in 0..1000 {
        hanging.push(scene.connect());
        if n % 100 == 0 {
            scene.get("/v1/status");
        }
    }
    scene.get("/v1/status");
    eventually("a bound of connections", || {
        // Those of the clients are here as well.
        descriptors() <= before + hanging.len() + 256 + 10
    });
    let is_open = |mut stream: &UnixStream| {
        stream.set_nonblocking(true).expect("a mode");
        matches!(stream.read(&mut [0]), Err(e) if e.kind() == ErrorKind::WouldBlock)
    };
    let open = hanging.iter().filter(|stream| is_open(stream)).count();
    assert!((200..=256).contains(&open), "{open} connections are open");
    drop(hanging);
    eventually("an end of all", || descriptors() <= before + 10);
    scene.get("/v1/status");
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("descriptors").count()
}

#[test]
fn a_service_that_is_stuck_does_not_take_the_api_along() {
    let answering = Duration::from_millis(200);
    let scene = scene_with(Limits { answering, ..Limits::default() }, None);
    let stuck = scene.fake.stuck.lock().expect("a lock");
    for _ in 0..30 {
        let answer = scene.ask("GET", "/v1/health", "", "");
        assert_eq!((answer.code, answer.kind()), (503, "application/problem+json"));
    }
    scene.get("/v1/openapi.json");
    drop(stuck);
    eventually("an answer", || scene.ask("GET", "/v1/health", "", "").code == 200);
}

#[test]
fn a_store_that_cannot_be_read_is_said() {
    let scene = scene();
    std::fs::rename(&scene.fake.store, scene.fake.store.with_extension("away")).expect("moving");
    for target in ["/v1/findings", "/v1/violations/V1", "/v1/events"] {
        let problem = scene.told("GET", target, "", 500);
        assert!(problem["detail"].as_str().unwrap().contains("no store"), "{problem}");
    }
    scene.get("/v1/status");
}

#[test]
fn the_loopback_asks_for_the_token() {
    // The port is free now, and hardly another's a moment later.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let scene = scene_with(Limits::default(), Some(port));
    let ask = |target: &str, headers: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connecting");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream.write_all(request("GET", target, headers, "").as_bytes()).expect("asking");
        read(stream)
    };
    for wrong in [
        String::new(),
        "authorization: Bearer\r\n".into(),
        "authorization: Bearer wrong\r\n".into(),
        format!("authorization: Basic {SECRET}\r\n"),
        format!("authorization: {SECRET}\r\n"),
        format!("authorization: Bearer {SECRET}x\r\n"),
        format!("authorization: Bearer {}\r\n", &SECRET[1..]),
    ] {
        for target in ["/v1/status", "/metrics", "/v1/openapi.json", "/", "/v1/health/../status"] {
            let answer = ask(target, &wrong);
            assert_eq!(answer.code, 401, "{target} {wrong}");
            assert!(answer.head.contains("www-authenticate: bearer"), "{answer:?}");
        }
        assert_eq!(ask("/v1/health", &wrong).code, 200);
    }
    for right in [format!("Bearer {SECRET}"), format!("bearer   {SECRET}")] {
        assert_eq!(ask("/v1/status", &format!("authorization: {right}\r\n")).code, 200);
    }
    let taken = ([127, 0, 0, 1], port).into();
    let error = control::listen(&scene.sandbox.path("other"), 0o600, Some((taken, SECRET.into())));
    assert!(error.err().expect("it is taken").message.contains("cannot listen"));
}

#[test]
fn the_end_gives_answers_that_are_begun() {
    let mut scene = scene();
    let stuck = scene.fake.stuck.lock().expect("a lock");
    let mut begun = scene.connect();
    begun.write_all(request("GET", "/v1/status", "", "").as_bytes()).expect("asking");
    let silent = scene.connect();
    // It is inside once another one is answered.
    scene.get("/v1/openapi.json");
    let server = scene.server.take().expect("it is served");
    std::thread::scope(|threads| {
        let stopping = threads.spawn(|| server.stop());
        eventually("no socket", || !scene.socket.exists());
        drop(stuck);
        assert_eq!(read(begun).code, 200);
        stopping.join().expect("an end");
    });
    assert_eq!(read(silent).code, 0);
    assert_eq!(
        UnixStream::connect(&scene.socket).expect_err("nobody is there").kind(),
        ErrorKind::NotFound
    );
}

// The commands that ask.

impl Scene {
    fn lictor(&self, args: &[&str]) -> common::Run {
        self.sandbox.with("LICTOR_SOCKET", &self.socket).lictor(args)
    }
}

#[test]
fn lictor_status_shows_all_at_a_glance() {
    let scene = scene();
    let run = scene.lictor(&["status"]);
    run.expect(0).shows(&[
        "lictor 0.1.0 is watching, process 4711 since 2026-11-23T00:00:00Z",
        "problem: the disk is full, since 2026-11-23T01:00:00Z",
        "help: make room",
        "/etc/lictor/lictor.toml, revision 0123456789ab",
        "/var/lib/lictor/lictor.db, 1.0 MiB",
        "5,000 of 65,536",
        "/srv/git/monorepo  scanning 41%  78,603     2      40       3  2026-11-23T01:02:03Z",
        "  main c0ffee, 12 paths wait, overflow 2",
        "  it is tried again in 60 s",
    ]);
    *scene.fake.state.lock().expect("a lock") = State::Degraded;
    scene.lictor(&["status"]).expect(2).shows(&["is degraded"]);
    let run = scene.lictor(&["status", "--format", "json"]);
    let status: Status = serde_json::from_value(run.expect(2).json()).expect("a status");
    assert_eq!(status, scene.fake.status());
}

#[test]
fn lictor_rescan_waits_and_says_what_came_of_it() {
    let scene = scene();
    scene.lictor(&["rescan"]).expect(0).shows(&["It is begun"]);
    let rescanned = |why: Option<&str>| Rescanned {
        root: "/srv/git/monorepo".into(),
        view: "rev:v1".into(),
        why: why.map(str::to_owned),
        files: 78_603,
        open: Open { deny: 1, review: 2 },
        waived: 3,
    };
    for (ticket, why, code) in [(2, None, 0), (3, Some("a/b: unreadable"), 2)] {
        let outcome = RescanOutcome { checkouts: vec![rescanned(why)] };
        std::thread::scope(|threads| {
            let path = "/srv/git/monorepo/a";
            let waiting = threads.spawn(|| scene.lictor(&["rescan", "--wait", path]));
            let asked = || scene.fake.outcomes.lock().expect("a lock").contains_key(&ticket);
            eventually("the question", asked);
            scene.fake.outcomes.lock().expect("a lock").insert(ticket, Some(outcome));
            scene.fake.ended.notify_all();
            let run = waiting.join().expect("a run");
            run.expect(code).shows(&[
                "/srv/git/monorepo rev:v1: 78,603 files, 1 to deny, 2 to review, 3 waived",
                why.unwrap_or_default(),
            ]);
        });
    }
    // A path is that of whoever asks.
    scene.lictor(&["rescan", "deny"]).expect(2).says(&["no checkout that is watched", "help:"]);
}

#[test]
fn lictor_events_shows_what_happened_and_what_happens() {
    let mut scene = scene();
    let run = scene.lictor(&["events"]);
    run.expect(0).shows(&["1 ", " scan branch=main", " violation.opened V1 deny/0.c "]);
    run.shows(&["license=AGPL-3.0-only", "outcome=deny", "author=\"A <a@example.org>\""]);
    let last = scene.get("/v1/events")["last"].as_u64().expect("a number");
    let run = scene.lictor(&["events", "--after", "3"]);
    assert_eq!(run.stdout.lines().count() as u64, last - 3);
    let run = scene.lictor(&["events", "--after", "0", "--format", "jsonl"]);
    let lines = run.expect(0).json_lines();
    assert_eq!(json!(lines), scene.get("/v1/events")["events"]);
    scene.lictor(&["events", "--after", "100"]).expect(2).says(&["no event has the number 100"]);

    let asking = scene.sandbox.with("LICTOR_SOCKET", &scene.socket);
    let mut child = asking.start(&["events", "--follow", "--format", "jsonl"]);
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("a line").expect("a line");
        serde_json::from_str(&line).expect("JSON")
    };
    let last = scene.get("/v1/events")["last"].as_i64().expect("a number");
    for seq in 1..=last {
        assert_eq!(next()["seq"], seq);
    }
    scene.sandbox.remove("deny/0.c");
    scene.sandbox.lictor(&["scan"]).expect(1);
    let now = Store::open_existing(&scene.fake.store).unwrap().last_event().unwrap();
    scene.fake.events.send_replace(now);
    assert_eq!(next()["kind"], "scan");
    assert_eq!(next()["kind"], "violation.resolved");
    scene.server.take().expect("it is served").stop();
    common::finish(child).expect(2).says(&["the service ended", &format!("--after {now}")]);
}

#[test]
fn lictor_reload_shows_every_mistake() {
    let scene = scene();
    scene.lictor(&["reload"]).expect(0);
    let mistake = Mistake {
        message: "there is no version 2".into(),
        span: 10..11,
        label: String::new(),
        help: None,
    };
    let (file, text) = ("policy.toml".into(), "version = 2\n".into());
    let mistakes = Mistakes { file, text, list: vec![mistake] };
    let failure = Failure::config("1 mistake in the policy").because_of(vec![mistakes]);
    *scene.fake.reload.lock().expect("a lock") = Some(failure);
    let run = scene.lictor(&["reload"]);
    run.expect(2).says(&["1 mistake in the policy", "policy.toml:1:11", "^"]);
}

#[test]
fn who_does_not_answer_is_said_with_what_to_do() {
    let s = Sandbox::new();
    let run = s.lictor(&["status", "--socket", "none.sock"]);
    run.expect(2).says(&["no service answers at none.sock", "systemctl start lictor"]);
    // A socket that is left over.
    drop(UnixListener::bind(s.path("old.sock")).expect("a socket"));
    s.lictor(&["status", "--socket", "old.sock"]).expect(2).says(&["no service answers"]);
    // The configuration names it.
    s.write(
        "lictor.toml",
        "version = 1\n[[checkout]]\npath = '.'\n[control]\nsocket = 'of.sock'\n",
    );
    s.lictor(&["status", "--config", "lictor.toml"]).expect(2).says(&["/of.sock"]);
    s.lictor(&["status", "--config", "none.toml"]).expect(78).says(&["none.toml"]);
    // Something else answers.
    let other = UnixListener::bind(s.path("other.sock")).expect("a socket");
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for answer in ["220 mail\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"] {
                let (mut stream, _) = other.accept().expect("a connection");
                stream.write_all(answer.as_bytes()).expect("answering");
                // Until the other side goes.
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        for _ in 0..2 {
            s.lictor(&["status", "--socket", "other.sock"]).expect(2).says(&["is no lictor"]);
        }
    });
    if common::is_root() {
        let closed = UnixListener::bind(s.path("closed.sock")).expect("a socket");
        common::set_mode(&s.path("closed.sock"), 0o660);
        let run = s.unprivileged().lictor(&["status", "--socket", "closed.sock"]);
        run.expect(2).says(&["you may not ask", "the group `root`"]);
        drop(closed);
    }
}

// Sockets that are handed over.

/// What the test below runs in another process, which is given a socket.
#[test]
#[ignore = "another test runs it in a process of its own"]
fn serve_on_what_is_handed_over() {
    let scene = scene();
    assert!(!scene.socket.exists(), "no socket is made beside the one that is handed over");
    // Until the other process goes.
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn a_socket_of_systemd_is_served() {
    let s = Sandbox::new();
    let path = s.path("handed.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    rustix::io::fcntl_setfd(&listener, rustix::io::FdFlags::empty()).expect("to be inherited");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "--ignored", "serve_on_what_is_handed_over"])
        .env("LISTEN_FDS", "1")
        .env("LISTEN_FDS_FIRST_FD", listener.as_raw_fd().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("another process");
    let mut stream = UnixStream::connect(&path).expect("connecting");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    stream.write_all(request("GET", "/v1/health", "", "").as_bytes()).expect("asking");
    assert_eq!(read(stream).code, 200);
    drop(child.stdin.take());
    assert!(child.wait().expect("an end").success());
    assert!(path.exists(), "the socket is systemd's");
}

// The description.

#[test]
fn every_answer_in_the_description_was_compared_with_one() {
    let description: Value = serde_json::from_str(OPENAPI).expect("JSON");
    let source = include_str!("control.rs");
    let mut missing = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        let asked = path.split('{').next().unwrap_or(path);
        assert!(methods.is_object());
        if !source.contains(&format!("\"{asked}")) {
            missing.insert(path);
        }
    }
    assert!(missing.is_empty(), "no test asks for {missing:?}");
    let kinds = description.to_string();
    for (name, _) in description["components"]["schemas"].as_object().expect("schemas") {
        let used = format!("#/components/schemas/{name}\"");
        assert!(kinds.contains(&used), "nothing refers to the schema {name}");
    }
}
