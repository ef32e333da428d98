// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What happened, from a number on: a page of it, or a stream that follows what comes
//! (server-sent events). The number is a cursor: whoever has it misses nothing.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::problem::Problem;
use super::routes::{Api, as_json, limit, parameters, wants_stream};
use crate::report::json;
use crate::store::Event;

/// How often a stream in which nothing happens says that it is there.
const ALIVE: Duration = Duration::from_secs(30);

/// How many events are read for a stream at once.
const BATCH: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    after: Option<i64>,
    limit: Option<u16>,
}

pub(super) async fn events(
    State(api): State<Api>,
    headers: HeaderMap,
    query: Result<Query<Since>, QueryRejection>,
) -> Result<Response, Problem> {
    let since = parameters(query)?;
    let limit = limit(since.limit)?;
    let last = api.read(|store, _| store.last_event()).await?;
    let stream = wants_stream(&headers);
    // A stream that is taken up again says itself where it was.
    let after = match headers.get("last-event-id").filter(|_| stream) {
        Some(seen) => seen.to_str().ok().and_then(|s| s.parse().ok()).ok_or_else(|| {
            Problem::bad("`Last-Event-ID` is no number", "send the id of the last event, or none")
        })?,
        None => since.after.unwrap_or(if stream { last } else { 0 }),
    };
    if !(0..=last).contains(&after) {
        let detail = format!("no event has the number {after} yet, the last is {last}");
        let help = format!(
            "if it was given once, the store was restored since: read events after {last}, and \
             all violations anew"
        );
        let title = "The number is not of this history";
        return Err(Problem::new(StatusCode::CONFLICT, title, detail).help(help));
    }
    if stream {
        return follow(api, after);
    }
    let events = read(&api, after, limit).await?;
    let next = events.back().map_or(after, |e| e.seq);
    let events: Vec<serde_json::Value> = events.iter().map(json::event).collect();
    let page = serde_json::json!({ "events": events, "next": next, "last": last });
    Ok(as_json(page.to_string().into_bytes()))
}

async fn read(api: &Api, after: i64, limit: usize) -> Result<VecDeque<Event>, Problem> {
    let read = api.read(move |store, _| {
        let mut events = VecDeque::new();
        store.events(after, None, &mut |event| {
            events.push_back(event);
            events.len() < limit
        })?;
        Ok(events)
    });
    read.await
}

/// A stream of events while it is read.
struct Follower {
    api: Api,
    after: i64,
    last: watch::Receiver<i64>,
    read: VecDeque<Event>,
    _place: OwnedSemaphorePermit,
}

fn follow(api: Api, after: i64) -> Result<Response, Problem> {
    let Ok(place) = Arc::clone(&api.followers).try_acquire_owned() else {
        let help = "ask for events in intervals, with `after`";
        return Err(Problem::busy("too many follow events", help));
    };
    let last = api.service.events();
    let follower = Follower { api, after, last, read: VecDeque::new(), _place: place };
    let stream = futures_util::stream::unfold(Some(follower), |follower| async move {
        let mut follower = follower?;
        match follower.next().await {
            Ok(Some(event)) => Some((Ok::<_, Infallible>(said(&event)), Some(follower))),
            Ok(None) => None,
            Err(problem) => {
                let detail = serde_json::to_string(&problem).unwrap_or_default();
                let event = sse::Event::default().event("problem").data(detail);
                Some((Ok(event), None))
            }
        }
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(ALIVE)).into_response())
}

fn said(event: &Event) -> sse::Event {
    sse::Event::default().id(event.seq.to_string()).data(json::event(event).to_string())
}

impl Follower {
    /// The next event, when there is one; `None` when the service ends.
    async fn next(&mut self) -> Result<Option<Event>, Problem> {
        let mut stopped = self.api.stopped.clone();
        loop {
            if let Some(event) = self.read.pop_front() {
                self.after = event.seq;
                return Ok(Some(event));
            }
            // Before reading: what comes meanwhile is told afterwards.
            let last = *self.last.borrow_and_update();
            if last > self.after {
                self.read = read(&self.api, self.after, BATCH).await?;
                if !self.read.is_empty() {
                    continue;
                }
            }
            tokio::select! {
                changed = self.last.changed() => if changed.is_err() { return Ok(None) },
                _ = stopped.wait_for(|stop| *stop) => return Ok(None),
            }
        }
    }
}
