// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! A receiver of webhooks that answers as it is told, on a real socket of this host.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver as Arrivals, Sender, unbounded};
use serde_json::Value;

use super::service::LONG;

/// What arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What was answered; `None` if nothing was.
    pub answered: Option<u16>,
}

impl Arrived {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        assert!(found.is_some(), "there is no {name} in {self:?}");
        found.map_or("", |(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    Status(u16),
    With(u16, &'static str),
    /// The connection ends without an answer.
    Drop,
    /// Nothing is said until the sender gives up.
    Stall,
}

type Answers = Box<dyn FnMut(&Arrived) -> Reply + Send>;

/// A receiver; it ends when it is dropped.
pub struct Receiver {
    pub port: u16,
    pub arrived: Arrivals<Arrived>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Answers whatever comes with success.
    pub fn start() -> Receiver {
        Receiver::answering(|_| Reply::Status(204))
    }

    pub fn answering(answers: impl FnMut(&Arrived) -> Reply + Send + 'static) -> Receiver {
        Receiver::at(0, answers)
    }

    /// At a port that another one had.
    pub fn at(port: u16, answers: impl FnMut(&Arrived) -> Reply + Send + 'static) -> Receiver {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port of this host");
        let port = listener.local_addr().expect("an address").port();
        let (sender, arrived) = unbounded();
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let answers: Arc<Mutex<Answers>> = Arc::new(Mutex::new(Box::new(answers)));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (sender, answers) = (sender.clone(), Arc::clone(&answers));
                std::thread::spawn(move || serve(stream, &sender, &answers));
            }
        });
        Receiver { port, arrived, ended, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// The keys of a webhook to this receiver.
    pub fn keys(&self, name: &str, more: &str) -> String {
        format!(
            "[[webhook]]\nname = '{name}'\nurl = '{}'\nplain-http = true\nallow = '127.0.0.0/8'\n\
             secrets = 'env:LICTOR_TEST_SECRET'\n{more}\n",
            self.url()
        )
    }

    /// The next that arrives.
    #[track_caller]
    pub fn next(&self) -> Arrived {
        self.arrived.recv_timeout(LONG).expect("something arrives")
    }

    /// The next that arrives of a kind; others are passed over.
    #[track_caller]
    pub fn next_of(&self, kind: &str) -> Arrived {
        loop {
            let next = self.next();
            if next.json()["type"] == kind {
                return next;
            }
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the thread up, which lets go of the port.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers the requests of a connection.
fn serve(stream: TcpStream, arrived: &Sender<Arrived>, answers: &Mutex<Answers>) {
    let mut reader = BufReader::new(match stream.try_clone() {
        Ok(stream) => stream,
        Err(_) => return,
    });
    let mut stream = stream;
    while let Some(mut request) = read(&mut reader) {
        // What is answered and what is told to the test happen as one.
        let mut answers = answers.lock().expect("no answer panicked");
        let (status, more) = match answers(&request) {
            Reply::Status(status) => (status, ""),
            Reply::With(status, more) => (status, more),
            Reply::Drop => {
                let _ = arrived.send(request);
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
            Reply::Stall => {
                let _ = arrived.send(request);
                drop(answers);
                // Until the sender has had enough.
                let _ = reader.read(&mut [0]);
                return;
            }
        };
        let head = format!("HTTP/1.1 {status} x\r\n{more}content-length: 0\r\n\r\n");
        if stream.write_all(head.as_bytes()).is_ok() {
            request.answered = Some(status);
        }
        let _ = arrived.send(request);
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Arrived> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(n, _)| n == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Arrived { path, headers, body, answered: None })
}
