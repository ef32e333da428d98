// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The service as a process, with a socket where systemd listens.

use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::{Run, Sandbox, finish, signal};

/// Nothing takes as long as this, however busy the machine is.
pub const LONG: Duration = Duration::from_secs(120);

/// A running service.
pub struct Service {
    pub s: Sandbox,
    pub child: Option<Child>,
    pub told: UnixDatagram,
    log: PathBuf,
}

/// Where a service of this sandbox has its configuration.
pub fn config(s: &Sandbox) -> PathBuf {
    s.state_dir().join("lictor.toml")
}

/// Writes a configuration for the checkouts.
pub fn configure(s: &Sandbox, checkouts: &[&str], more: &str) {
    let state = s.state_dir();
    let mut text = format!(
        "version = 1\nstore = '{}'\n{more}\n[watch]\nsettle = '20ms'\npoll = '1s'\n\
         [control]\nsocket = '{}'\n",
        s.store().display(),
        state.join("control.sock").display(),
    );
    for path in checkouts {
        text += &format!("[[checkout]]\npath = '{}'\n", s.path(path).display());
    }
    std::fs::write(config(s), text).expect("a configuration");
}

impl Service {
    /// Starts the service and waits until it is ready.
    pub fn start(s: &Sandbox) -> Service {
        Service::start_as(s, "serve")
    }

    /// Starts the command of this name and waits until it is ready.
    pub fn start_as(s: &Sandbox, command: &str) -> Service {
        let mut service = Service::launch_as(s, command, &[]);
        service.wait_for("READY=1");
        service
    }

    /// Starts the service by a command before it.
    pub fn launch(s: &Sandbox, before: &[&str]) -> Service {
        Service::launch_as(s, "serve", before)
    }

    fn launch_as(s: &Sandbox, command: &str, before: &[&str]) -> Service {
        let path = s.state_dir().join(format!("{command}.sock"));
        let _ = std::fs::remove_file(&path);
        let told = UnixDatagram::bind(&path).expect("a socket");
        told.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
        let s = s.with("NOTIFY_SOCKET", &path).with("LICTOR_CONFIG", config(s));
        let log = s.state_dir().join(format!("{command}.log"));
        let mut command = s.lictor_command(&[command]);
        if let [program, arguments @ ..] = before {
            let mut wrapped = s.command(program);
            wrapped.args(arguments).arg(command.get_program()).args(command.get_args());
            command = wrapped;
        }
        let file = std::fs::File::create(&log).expect("a log");
        let child = command.stderr(file).spawn().expect("lictor can be started");
        Service { s, child: Some(child), told, log }
    }

    /// Waits until systemd would be told something.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str) {
        let mut buffer = [0; 4096];
        let end = std::time::Instant::now() + LONG;
        loop {
            let n = match self.told.recv(&mut buffer) {
                Ok(n) => n,
                Err(e) => {
                    let ended = self.child.as_mut().map(|c| c.try_wait().expect("its state"));
                    let over = ended.flatten().is_some() || std::time::Instant::now() > end;
                    assert!(!over, "{what} was not told ({e}): {ended:?}\n{}", self.log());
                    continue;
                }
            };
            if String::from_utf8_lossy(&buffer[..n]).lines().any(|line| line.starts_with(what)) {
                return;
            }
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn status(&self) -> Value {
        let run = self.s.lictor(&["status", "--format", "json"]);
        let status = run.json();
        run.expect(if status["state"] == "degraded" { 2 } else { 0 });
        status
    }

    /// Has all checkouts looked at, and waits for it.
    pub fn rescan(&self) -> Run {
        self.s.lictor(&["rescan", "--wait"])
    }

    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        signal(&child, Signal::KILL);
        child.wait().expect("it ends");
    }

    /// Stops the service in good order.
    #[track_caller]
    pub fn stop(mut self) {
        let child = self.child.take().expect("it runs");
        signal(&child, Signal::TERM);
        self.wait_for("STOPPING=1");
        let run = finish(child);
        assert_eq!(run.code, Some(0), "{}", self.log());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Damages all pages of a store but the first.
pub fn damage(s: &Sandbox) {
    let db = rusqlite::Connection::open(s.store()).expect("the store");
    // What is in the log is not read from the pages.
    let busy = db.query_row("PRAGMA wal_checkpoint(truncate)", [], |r| r.get::<_, i64>(0));
    assert_eq!(busy, Ok(0), "the log could not be emptied");
    let file = std::fs::File::options().write(true).open(s.store()).expect("the store");
    let size = file.metadata().expect("its size").len();
    let garbage = vec![0xa5; usize::try_from(size).expect("it is small") - 4096];
    file.write_all_at(&garbage, 4096).expect("writing");
}
