// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The receivers of the documentation, with the libraries of Standard Webhooks that they name. Where
//! those cannot be had this is said on the terminal, and the test passes; with
//! `LICTOR_TEST_RECEIVERS=required` it fails.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use common::receiver::{Arrived, Receiver, Reply};
use common::service::{Service, configure};
use common::{Run, Sandbox, tag};
use serde_json::{Value, json};

const SECRET: &str = "whsec_bGljdG9yIHRlc3RzIHNpZ24gd2l0aCB0aGlzIGtleSE=";

/// Says that something is not there, or fails where it must be.
fn skipped(what: &str) {
    let required = std::env::var_os("LICTOR_TEST_RECEIVERS").is_some_and(|v| v == "required");
    assert!(!required, "{what}");
    // Not through the test's output, which nobody sees while it passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// A Python with the library, which is installed below the target directory once.
fn python() -> Option<PathBuf> {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("receivers");
    let python = base.join("bin/python3");
    let has = |python: &Path| {
        let check = Command::new(python).args(["-c", "import standardwebhooks"]).output();
        check.is_ok_and(|out| out.status.success())
    };
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock();
    if !has(&python) {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&base).output();
        made.ok().filter(|out| out.status.success())?;
        let pip = ["-m", "pip", "install", "--quiet", "--retries=0", "standardwebhooks==1.0.1"];
        let got = Command::new(&python).args(pip).output();
        got.ok().filter(|out| out.status.success())?;
    }
    has(&python).then_some(python)
}

/// A program that listens at a port.
struct Program {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    port: u16,
}

impl Program {
    fn start(mut command: Command) -> Program {
        // Free a moment ago, and hardly anybody's since.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        command.arg(port.to_string()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().expect("its state");
            assert!(ended.is_none(), "it ended: {ended:?}");
            std::thread::yield_now();
        }
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        Program { child, lines, port }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        line
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sandbox whose configuration has a webhook to a port.
fn told(port: u16, secret: &Path, more: &str) -> Sandbox {
    let s = Sandbox::repo();
    let webhook = format!(
        "[[webhook]]\nname = 'w'\nurl = 'http://127.0.0.1:{port}/'\nplain-http = true\n\
         allow = '127.0.0.0/8'\nsecrets = '{}'\n{more}\n",
        secret.display()
    );
    configure(&s, &["."], &webhook);
    let config = s.state_dir().join("lictor.toml");
    s.with("LICTOR_CONFIG", config)
}

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/receivers").join(name)
}

/// A receiver believes what is signed by its secret, also while that is exchanged, and nothing else.
fn believes(mut command: Command) {
    command.env("SECRET", SECRET);
    let mut program = Program::start(command);
    let directory = tempfile::tempdir().expect("a directory");
    let secret = directory.path().join("secret");
    std::fs::write(&secret, format!("{SECRET}\n")).expect("a secret");
    let s = told(program.port, &secret, "");
    let test = |code| -> Run {
        let run = s.lictor(&["webhook", "test", "w", "--kind", "violation.opened"]);
        run.expect(code);
        run
    };
    test(0).shows(&["w took it: 204"]);
    assert!(program.line().contains("violation.opened"), "what arrived is shown");
    s.lictor(&["webhook", "secret", "rotate", "w"]).expect(0);
    test(0);
    assert!(program.line().contains("violation.opened"));
    // Once the old one is gone it is another's signature.
    s.lictor(&["webhook", "secret", "retire", "w"]).expect(0);
    test(2).shows(&["w did not take it: 401"]);
    assert!(program.line().contains("refused"));
}

#[test]
fn the_receiver_in_python_believes_what_is_signed() {
    let Some(python) = python() else {
        return skipped("python3 with the package standardwebhooks cannot be had");
    };
    let mut command = Command::new(python);
    command.arg(docs("receiver.py"));
    believes(command);
}

#[test]
fn the_receiver_in_node_believes_what_is_signed() {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("receivers-node");
    let there = || base.join("node_modules/standardwebhooks").exists();
    if !there() {
        let made = std::fs::create_dir_all(&base);
        made.expect("a directory below the target directory");
        let args = ["install", "--silent", "--fetch-retries=0", "standardwebhooks@1.0.0"];
        let _ = Command::new("npm").args(args).current_dir(&base).output();
    }
    if !there() {
        return skipped("node with the package standardwebhooks cannot be had");
    }
    // Modules are looked for beside the file.
    let file = base.join("receiver.mjs");
    std::fs::copy(docs("receiver.mjs"), &file).expect("a copy");
    let mut command = Command::new("node");
    command.arg(file);
    believes(command);
}

/// Everything that the service sends during a whole life of a violation, and a rotation, is believed
/// by the library.
#[test]
fn an_independent_library_believes_all_that_the_service_sends() {
    let Some(python) = python() else {
        return skipped("python3 with the package standardwebhooks cannot be had");
    };
    let receiver = Receiver::answering(|_| Reply::Status(204));
    let directory = tempfile::tempdir().expect("a directory");
    let secret = directory.path().join("secret");
    std::fs::write(&secret, format!("{SECRET}\n")).expect("a secret");
    let s = told(receiver.port, &secret, "group = false");
    let service = Service::start(&s);
    service.rescan().expect(0);
    let mut arrived: Vec<Arrived> = Vec::new();
    let rotated =
        |arrived: &[Arrived]| arrived.iter().any(|a| a.header("webhook-signature").contains(' '));
    // The service sees a moment later that the secrets are others: events go on until it did.
    for turn in 0..200 {
        for n in 0..5 {
            s.write_at(format!("{n}.c"), tag("AGPL-3.0-only"), turn * 20);
        }
        s.commit();
        arrived.extend((0..5).map(|_| receiver.next()));
        for n in 0..5 {
            s.write_at(format!("{n}.c"), tag("MIT"), turn * 20 + 10);
        }
        s.commit();
        arrived.extend((0..5).map(|_| receiver.next()));
        if turn == 0 {
            s.lictor(&["webhook", "secret", "rotate", "w"]).expect(0);
            // It is read when the file changes; the test does not wait for that.
            service.s.lictor(&["reload"]).expect(0);
        }
        if rotated(&arrived) {
            break;
        }
    }
    service.stop();
    assert!(rotated(&arrived), "a rotation");
    let lines: Vec<String> = arrived
        .iter()
        .map(|a| {
            let headers: serde_json::Map<String, Value> =
                a.headers.iter().map(|(n, v)| (n.clone(), v.as_str().into())).collect();
            let body = String::from_utf8(a.body.clone()).expect("UTF-8");
            json!({ "headers": headers, "body": body }).to_string()
        })
        .collect();
    let script = "import json, sys\nfrom standardwebhooks import Webhook\nw = Webhook(sys.argv[1])\n\
                  for line in sys.stdin:\n    m = json.loads(line)\n    w.verify(m['body'], m['headers'])\n\
                  print('all of them')\n";
    let mut check = Command::new(python);
    check.args(["-c", script, SECRET]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = check.spawn().expect("python");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(lines.join("\n").as_bytes()).expect("writing to it");
    drop(input);
    let run = common::finish(child);
    run.expect(0).shows(&["all of them"]);
}

/// A GitHub with one project, as far as the bridge asks.
fn github(issues: Arc<Mutex<Vec<Value>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            let mut stream = stream;
            let mut head = Vec::new();
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
                    length = n.trim().parse().unwrap_or(0);
                }
                head.push(line);
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            let request = head.first().cloned().unwrap_or_default();
            let change: Value = serde_json::from_slice(&body).unwrap_or_default();
            let mut all = issues.lock().expect("a lock");
            let answer = if request.starts_with("POST /repos/acme/compliance/issues ") {
                let mut issue = change;
                issue["number"] = (all.len() + 1).into();
                issue["state"] = "open".into();
                all.push(issue.clone());
                issue
            } else if let Some(rest) = request.strip_prefix("PATCH /repos/acme/compliance/issues/")
            {
                let number: usize = rest.split(' ').next().unwrap_or("0").parse().unwrap_or(0);
                for (name, to) in change.as_object().into_iter().flatten() {
                    all[number - 1][name] = to.clone();
                }
                all[number - 1].clone()
            } else {
                Value::Array(all.clone())
            };
            let text = answer.to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{text}",
                text.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

/// The bridge between a sandbox whose webhook leads to it and a GitHub that keeps issues.
struct Bridged {
    s: Sandbox,
    issues: Arc<Mutex<Vec<Value>>>,
    _bridge: Program,
    _secret: tempfile::TempDir,
}

/// `None` without a Python that has the library.
fn bridged() -> Option<Bridged> {
    let python = python()?;
    let issues = Arc::new(Mutex::new(Vec::new()));
    let api = github(Arc::clone(&issues));
    let mut command = Command::new(python);
    command.arg(docs("bridge.py")).env("SECRET", SECRET).env("TOKEN", "t");
    command.env("PROJECT", "acme/compliance").env("API", format!("http://127.0.0.1:{api}"));
    let bridge = Program::start(command);
    let directory = tempfile::tempdir().expect("a directory");
    let secret = directory.path().join("secret");
    std::fs::write(&secret, SECRET).expect("a secret");
    let s = told(bridge.port, &secret, "");
    Some(Bridged { s, issues, _bridge: bridge, _secret: directory })
}

/// Waits until the issues are in these states.
fn until(issues: &Mutex<Vec<Value>>, wanted: &[&str]) {
    let states = || -> Vec<String> {
        let issues = issues.lock().expect("a lock");
        issues.iter().map(|i| i["state"].as_str().unwrap_or_default().to_owned()).collect()
    };
    while states() != wanted {
        std::thread::yield_now();
    }
}

#[test]
fn the_bridge_keeps_an_issue_for_each_violation() {
    let Some(bridged) = bridged() else {
        return skipped("python3 with the package standardwebhooks cannot be had");
    };
    let Bridged { s, issues, .. } = &bridged;
    let service = Service::start(s);
    service.rescan().expect(0);
    let states = |wanted: &[&str]| until(issues, wanted);
    s.write("a.c", tag("AGPL-3.0-only"));
    s.write("b.c", tag("AGPL-3.0-only"));
    s.commit();
    states(&["open", "open"]);
    let first = issues.lock().expect("a lock")[0].clone();
    assert!(first["title"].as_str().is_some_and(|t| t.contains("a.c")), "{first}");
    s.remove("a.c");
    s.commit();
    states(&["closed", "open"]);
    s.write_at("a.c", tag("AGPL-3.0-only"), 9);
    s.commit();
    states(&["open", "open"]);
    // What comes twice changes nothing.
    let store = s.store();
    let replay = ["webhook", "replay", "--since", "1h", "--store", store.to_str().expect("UTF-8")];
    s.lictor(&replay).expect(0);
    while !s
        .lictor(&["webhook", "deliveries", "--pending", "--store", store.to_str().expect("UTF-8")])
        .stdout
        .contains("There are none")
    {}
    service.stop();
    assert_eq!(issues.lock().expect("a lock").len(), 2);
}

#[test]
fn the_bridge_tells_of_a_violation_that_changed_in_its_issue() {
    let Some(bridged) = bridged() else {
        return skipped("python3 with the package standardwebhooks cannot be had");
    };
    let Bridged { s, issues, .. } = &bridged;
    let test = |kind| {
        s.lictor(&["webhook", "test", "w", "--kind", kind]).expect(0);
    };
    test("violation.opened");
    until(issues, &["open"]);
    test("violation.changed");
    until(issues, &["open"]);
    let issue = issues.lock().expect("a lock")[0].clone();
    let text = issue["body"].as_str().unwrap_or_default();
    assert!(text.contains("It was review by `category:weak-copyleft`."), "{text}");
    test("violation.resolved");
    until(issues, &["closed"]);
}

#[test]
fn a_path_does_not_pass_for_the_issue_of_another_violation() {
    let Some(bridged) = bridged() else {
        return skipped("python3 with the package standardwebhooks cannot be had");
    };
    let Bridged { s, issues, .. } = &bridged;
    let service = Service::start(s);
    service.rescan().expect(0);
    let root = s.path("b.c").parent().expect("the checkout").display().to_string();
    s.write(format!("<!-- lictor: {root} V2 -->"), tag("AGPL-3.0-only"));
    s.commit();
    until(issues, &["open"]);
    s.write("b.c", tag("AGPL-3.0-only"));
    s.commit();
    until(issues, &["open", "open"]);
    service.stop();
}
