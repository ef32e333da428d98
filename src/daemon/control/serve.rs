// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Connections: accepting them, bounding them, and ending them. One connection has one request.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Sleep, sleep};
use tower::ServiceExt as _;

use super::problem::Problem;
use super::routes::{self, HEALTH};
use super::{Listeners, Service, Token};
use crate::diag::Failure;

/// The largest head of a request, in bytes.
const HEAD_SIZE: usize = 16 << 10;

/// How long answers that are being given may take when the service stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// Threads that wait for the service and read the store.
const THREADS: usize = 24;

/// What clients may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// How long a client may take to send the head of its request, and then the body.
    pub asking: Duration,
    /// How long it may read nothing of its answer.
    pub reading: Duration,
    /// How long the service may take to answer something simple.
    pub answering: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 256,
            asking: Duration::from_secs(10),
            reading: Duration::from_secs(30),
            answering: Duration::from_secs(10),
        }
    }
}

/// The API while it is served.
pub struct Server {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Takes no more requests, gives answers that are begun a moment, and ends.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            // It was said where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Serves the API on a thread of its own.
///
/// # Errors
/// The thread cannot be started.
pub fn start(
    listeners: Listeners,
    service: Arc<dyn Service>,
    limits: Limits,
) -> Result<Server, Failure> {
    let fail = |e: io::Error| Failure::new("cannot serve the control API").caused_by(e);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(THREADS)
        .thread_name("control-worker")
        .build()
        .map_err(fail)?;
    let (stop, stopped) = watch::channel(false);
    let serve = move || {
        runtime.block_on(serve(listeners, service, limits, stopped));
        // Threads that wait for the service end when it does.
        runtime.shutdown_background();
    };
    let thread = std::thread::Builder::new().name("control".into()).spawn(serve).map_err(fail)?;
    Ok(Server { stop, thread: Some(thread) })
}

async fn serve(
    listeners: Listeners,
    service: Arc<dyn Service>,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) {
    let Listeners { unix, tcp, made } = listeners;
    let router = routes::router(service, limits, stopped.clone());
    let door = Arc::new(Door::new(limits));
    let mut accepting = JoinSet::new();
    for listener in unix {
        // A socket that systemd handed over may be of any kind; it was seen to be of this one.
        match tokio::net::UnixListener::from_std(listener) {
            Ok(listener) => {
                let (door, router) = (Arc::clone(&door), router.clone());
                accepting.spawn(async move {
                    loop {
                        match listener.accept().await {
                            Ok((stream, _)) => door.enter(stream, router.clone(), None),
                            Err(e) => out_of_order(&e).await,
                        }
                    }
                });
            }
            Err(e) => tracing::error!(error = %e, "the control socket cannot be used"),
        }
    }
    if let Some((listener, token)) = tcp {
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => {
                let (door, router) = (Arc::clone(&door), router.clone());
                accepting.spawn(async move {
                    loop {
                        match listener.accept().await {
                            Ok((stream, _)) => {
                                door.enter(stream, router.clone(), Some(token.clone()))
                            }
                            Err(e) => out_of_order(&e).await,
                        }
                    }
                });
            }
            Err(e) => tracing::error!(error = %e, "the control address cannot be used"),
        }
    }
    // Ends as well when nobody is left who could say so.
    let _ = stopped.wait_for(|stop| *stop).await;
    drop(accepting);
    drop(made);
    let _ = tokio::time::timeout(FAREWELL, door.is_empty()).await;
}

/// Nothing can be accepted now, for want of descriptors or memory; later perhaps.
async fn out_of_order(e: &io::Error) {
    tracing::warn!(error = %e, "the control API cannot accept a connection");
    sleep(Duration::from_secs(1)).await;
}

/// The connections that there are.
struct Door {
    limits: Limits,
    inside: Mutex<VecDeque<Inside>>,
    guests: AtomicUsize,
    left: tokio::sync::Notify,
}

struct Inside {
    asked: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Door {
    fn new(limits: Limits) -> Door {
        let (inside, guests) = (Mutex::default(), AtomicUsize::new(0));
        Door { limits, inside, guests, left: tokio::sync::Notify::new() }
    }

    fn inside(&self) -> MutexGuard<'_, VecDeque<Inside>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves a connection. Where there are too many, the oldest that asked for nothing yet goes,
    /// and if all did, this one.
    fn enter<S>(self: &Arc<Self>, stream: S, router: Router, token: Option<Token>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut inside = self.inside();
        inside.retain(|c| !c.task.is_finished());
        if inside.len() >= self.limits.connections {
            let idle = inside.iter().position(|c| !c.asked.load(Ordering::Relaxed));
            let Some(oldest) = idle.and_then(|n| inside.remove(n)) else {
                tracing::warn!("the control API refuses a connection: it has too many");
                return;
            };
            oldest.task.abort();
        }
        let asked = Arc::new(AtomicBool::new(false));
        self.guests.fetch_add(1, Ordering::SeqCst);
        let guest = Guest(Arc::clone(self));
        let (seen, limits) = (Arc::clone(&asked), self.limits);
        let task = tokio::spawn(async move {
            let _guest = guest;
            converse(stream, router, token, limits, seen).await;
        });
        inside.push_back(Inside { asked, task: task.abort_handle() });
    }

    async fn is_empty(&self) {
        loop {
            let left = self.left.notified();
            if self.guests.load(Ordering::SeqCst) == 0 {
                return;
            }
            left.await;
        }
    }
}

/// Says that a connection ended, however it did.
struct Guest(Arc<Door>);

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.guests.fetch_sub(1, Ordering::SeqCst);
        self.0.left.notify_waiters();
    }
}

/// One request and its answer.
async fn converse<S>(
    stream: S,
    router: Router,
    token: Option<Token>,
    limits: Limits,
    asked: Arc<AtomicBool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = hyper::service::service_fn(move |request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        let router = router.clone();
        let known = token
            .as_ref()
            .is_none_or(|token| request.uri().path() == HEALTH || shows(&request, token));
        async move {
            match known {
                true => router.oneshot(request.map(Body::new)).await,
                false => Ok::<_, Infallible>(unknown()),
            }
        }
    });
    let io = TokioIo::new(Patient { inner: stream, limit: limits.reading, stalled: None });
    let done = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.asking)
        .max_buf_size(HEAD_SIZE)
        .keep_alive(false)
        .serve_connection(io, answer)
        .await;
    if let Err(e) = done {
        tracing::debug!(error = %e, "a connection to the control API ended early");
    }
}

/// Whether a request shows the token.
fn shows(request: &Request<Incoming>, token: &Token) -> bool {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let bearer = shown.and_then(|s| s.split_once(' '));
    bearer.is_some_and(|(scheme, secret)| {
        scheme.eq_ignore_ascii_case("bearer") && token.is(secret.trim())
    })
}

fn unknown() -> Response {
    let detail = "this address asks for a token";
    let help = "send `Authorization: Bearer TOKEN` with the token of the service's `token-file`";
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "Who are you?", detail).help(help);
    let mut response = problem.into_response();
    let scheme = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    response
}

/// A stream that fails when the other side reads nothing for long.
struct Patient<S> {
    inner: S,
    limit: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Passes on what became of an attempt to write, or that it takes too long.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let limit = self.limit;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.watch(cx, ended)
    }
}
