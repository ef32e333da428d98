// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Asking the service: finding its socket, one request and its answer, what to do when nobody
//! answers.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, header};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::args::ServiceArg;
use lictor::config::{Config, DEFAULT_PATH};
use lictor::daemon::control::DEFAULT_SOCKET;
use lictor::diag::{Failure, visible};

/// How long the service may take to answer, beside what it is asked to wait for.
const PATIENCE: Duration = Duration::from_secs(150);

pub struct Client {
    socket: PathBuf,
}

/// What the service says when it cannot do what it is asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    detail: String,
    help: Option<String>,
    mistakes: Vec<String>,
}

impl Client {
    /// Finds the socket: the one that is named, or that of the configuration, or the usual one.
    pub fn find(args: &ServiceArg) -> anyhow::Result<Client> {
        let socket = match (&args.socket, &args.config) {
            (Some(socket), _) => socket.clone(),
            (None, Some(config)) => Config::load(config)?.control.socket,
            // Who may ask the service need not be able to read its configuration.
            (None, None) => Config::load(Path::new(DEFAULT_PATH))
                .map_or_else(|_| DEFAULT_SOCKET.into(), |config| config.control.socket),
        };
        Ok(Client { socket })
    }

    /// Asks for something.
    pub fn get<T: DeserializeOwned>(&self, target: &str) -> Result<T, Failure> {
        self.ask(Method::GET, target, None)
    }

    /// Asks to do something.
    pub fn post<T: DeserializeOwned>(&self, target: &str, body: &Value) -> Result<T, Failure> {
        self.ask(Method::POST, target, Some(body))
    }

    pub fn reload(&self) -> anyhow::Result<()> {
        // There is nothing to say but that it is done.
        let _: Value = self.post("/v1/reload", &Value::Null)?;
        Ok(())
    }

    fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        target: &str,
        body: Option<&Value>,
    ) -> Result<T, Failure> {
        let answer = self.run(async {
            let response = self.send(method, target, "application/json", body).await?;
            let (head, body) = response.into_parts();
            let body = timeout(PATIENCE, body.collect()).await.map_err(|_| self.silent())?;
            let body = body.map_err(|e| self.odd().caused_by(e))?.to_bytes();
            if head.status.is_success() { Ok(body) } else { Err(self.refused(&body)) }
        })?;
        let answer = if answer.is_empty() { Bytes::from_static(b"null") } else { answer };
        serde_json::from_slice(&answer).map_err(|e| self.odd().caused_by(e))
    }

    /// Reads a stream of events from a number on; gives the data of each to `each`, until it says
    /// `false` or the stream ends.
    pub fn follow(&self, after: i64, each: &mut dyn FnMut(&str) -> bool) -> Result<(), Failure> {
        self.run(async {
            let target = format!("/v1/events?after={after}");
            let response = self.send(Method::GET, &target, "text/event-stream", None).await?;
            let ok = response.status().is_success();
            let mut body = response.into_body();
            if !ok {
                let body = body.collect().await.map_err(|e| self.odd().caused_by(e))?;
                return Err(self.refused(&body.to_bytes()));
            }
            let (mut rest, mut name) = (Vec::new(), String::new());
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(|e| self.odd().caused_by(e))?.into_data() else {
                    continue;
                };
                rest.extend_from_slice(&data);
                while let Some(end) = rest.iter().position(|b| *b == b'\n') {
                    let line = String::from_utf8_lossy(&rest[..end]).trim_end().to_owned();
                    rest.drain(..=end);
                    if let Some(event) = line.strip_prefix("event:") {
                        name = event.trim().to_owned();
                    } else if let Some(data) = line.strip_prefix("data:") {
                        if name == "problem" {
                            return Err(self.refused(data.as_bytes()));
                        }
                        if !each(data.trim_start()) {
                            return Ok(());
                        }
                    }
                }
            }
            Ok(())
        })
    }

    fn run<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        runtime.map_err(|e| Failure::new("cannot ask the service").caused_by(e))?.block_on(work)
    }

    async fn send(
        &self,
        method: Method,
        target: &str,
        accept: &str,
        body: Option<&Value>,
    ) -> Result<Response<Incoming>, Failure> {
        let connected = UnixStream::connect(&self.socket).await;
        let stream = connected.map_err(|e| self.unreachable(e))?;
        let made = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = made.map_err(|e| self.odd().caused_by(e))?;
        tokio::spawn(connection);
        let body = body.filter(|b| !b.is_null()).map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, "localhost")
            .header(header::ACCEPT, accept)
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| self.odd().caused_by(e))?;
        let sent = timeout(PATIENCE, sender.send_request(request)).await;
        sent.map_err(|_| self.silent())?.map_err(|e| self.odd().caused_by(e))
    }

    fn shown(&self) -> String {
        visible(self.socket.as_os_str().as_encoded_bytes())
    }

    fn silent(&self) -> Failure {
        Failure::new(format!("the service at {} does not answer", self.shown()))
            .help("see what it is doing: `journalctl -u lictor`")
    }

    fn odd(&self) -> Failure {
        Failure::new(format!(
            "what answers at {} is no lictor, or of another version",
            self.shown()
        ))
        .help("name the socket of the service with --socket")
    }

    fn refused(&self, body: &[u8]) -> Failure {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        if problem.detail.is_empty() {
            return self.odd();
        }
        let mut message = visible(problem.detail.as_bytes());
        for mistake in problem.mistakes {
            // Lines with carets stay lines.
            let lines: Vec<String> = mistake.lines().map(|l| visible(l.as_bytes())).collect();
            message = format!("{message}\n\n{}", lines.join("\n"));
        }
        let failure = Failure::new(message);
        match problem.help {
            Some(help) => failure.help(visible(help.as_bytes())),
            None => failure,
        }
    }

    fn unreachable(&self, e: io::Error) -> Failure {
        let shown = self.shown();
        match e.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                Failure::new(format!("no service answers at {shown}")).caused_by(e).help(
                    "start it with `systemctl start lictor`, or name its socket with --socket",
                )
            }
            io::ErrorKind::PermissionDenied => {
                let group = group_of(&self.socket);
                Failure::new(format!("you may not ask the service at {shown}"))
                    .caused_by(e)
                    .help(format!("become a member of {group} and log in again: `usermod -aG`"))
            }
            _ => Failure::new(format!("cannot ask the service at {shown}")).caused_by(e),
        }
    }
}

/// The group that may use a socket; that of its directory where the socket cannot be seen.
fn group_of(socket: &Path) -> String {
    let mut places = socket.ancestors();
    let Some(gid) = places.find_map(|p| std::fs::symlink_metadata(p).ok()).map(|m| m.gid()) else {
        return "its group".into();
    };
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let name = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(gid)).then(|| format!("the group `{name}`"))
    });
    name.unwrap_or_else(|| format!("the group with the number {gid}"))
}
