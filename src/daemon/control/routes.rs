// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What can be asked, and the answers. Whatever blocks is done on threads of its own, few at a
//! time, and waited for within bounds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::problem::Problem;
use super::{Limits, OPENAPI, Service, events};
use crate::daemon::status::{self, RescanOutcome};
use crate::diag::{Failure, visible};
use crate::report::{ReportError, json};
use crate::store::{Cursor, Filter, Store};

/// The one thing that may be asked without a token.
pub(super) const HEALTH: &str = "/v1/health";

/// How long the service may take to read its configuration and policies.
const RELOAD: Duration = Duration::from_secs(120);

/// The largest body of a request, in bytes.
const BODY_SIZE: usize = 64 << 10;

/// How many read the store at once.
const READERS: usize = 4;

/// How many wait for a scan at once.
const WAITERS: usize = 8;

/// How many follow events at once.
const FOLLOWERS: usize = 32;

/// How long a request waits for a scan at most, in seconds.
const WAIT: u64 = 600;

/// How often it is looked whether a client that waits is still there.
const TURN: Duration = Duration::from_secs(1);

/// How many things one answer lists, if nothing else is said and at most.
const LIMIT: (u16, u16) = (100, 1000);

/// What all answers are made from.
#[derive(Clone)]
pub(super) struct Api {
    pub service: Arc<dyn Service>,
    pub limits: Limits,
    /// Whether the API is ending.
    pub stopped: watch::Receiver<bool>,
    pub followers: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    waiters: Arc<Semaphore>,
}

/// All that can be asked, by path.
fn routes() -> Vec<(&'static str, MethodRouter<Api>)> {
    vec![
        (HEALTH, get(health)),
        ("/v1/status", get(status)),
        ("/v1/checkouts", get(checkouts)),
        ("/v1/findings", get(findings)),
        ("/v1/violations", get(violations)),
        ("/v1/violations/{id}", get(violation)),
        ("/v1/events", get(events::events)),
        ("/v1/rescan", post(rescan)),
        ("/v1/rescan/{ticket}", get(rescanned)),
        ("/v1/reload", post(reload)),
        ("/v1/openapi.json", get(openapi)),
        ("/metrics", get(metrics)),
    ]
}

pub(super) fn router(
    service: Arc<dyn Service>,
    limits: Limits,
    stopped: watch::Receiver<bool>,
) -> Router {
    let api = Api {
        service,
        limits,
        stopped,
        followers: Arc::new(Semaphore::new(FOLLOWERS)),
        readers: Arc::new(Semaphore::new(READERS)),
        waiters: Arc::new(Semaphore::new(WAITERS)),
    };
    let mut router = Router::new();
    for (path, methods) in routes() {
        router = router.route(path, methods);
    }
    router.fallback(nowhere).method_not_allowed_fallback(not_so).with_state(api)
}

impl Api {
    /// Asks the service for something simple.
    async fn simple<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Service) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        self.ask(self.limits.answering, question).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        within: Duration,
        question: impl FnOnce(&dyn Service) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let service = Arc::clone(&self.service);
        let asked = tokio::task::spawn_blocking(move || question(&*service));
        match timeout(within, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => {
                let help = "the log has more; please report it";
                let title = "Something went wrong inside";
                let detail = "the answer could not be made";
                Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, title, detail).help(help))
            }
            Err(_) => {
                let detail = format!("the service did not answer within {} s", within.as_secs());
                Err(Problem::busy(detail, "try again; if it goes on, look at the log"))
            }
        }
    }

    /// Reads the store, by a connection of its own.
    pub async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Store, &dyn Service) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit =
            timeout(self.limits.answering, Arc::clone(&self.readers).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Problem::busy("too many read the store", "try again in a moment"));
        };
        let answer = self.ask(self.limits.answering * 6, move |service| {
            // Kept until the reading is over, though nobody may wait for it any more.
            let _permit = permit;
            let _reading = service.reading();
            Store::open_existing(service.store()).and_then(|store| question(&store, service))
        });
        Ok(answer.await??)
    }
}

async fn nowhere(request: Request) -> Problem {
    let detail = format!("there is nothing at {}", visible(request.uri().path().as_bytes()));
    Problem::missing(detail, "GET /v1/openapi.json describes what there is")
}

async fn not_so(request: Request) -> Problem {
    let (method, path) = (request.method(), visible(request.uri().path().as_bytes()));
    let detail = format!("{path} cannot be asked by {}", visible(method.as_str().as_bytes()));
    let help = "GET /v1/openapi.json describes what can";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Another method is needed", detail).help(help)
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn status(State(api): State<Api>) -> Result<Json<status::Status>, Problem> {
    Ok(Json(api.simple(Service::status).await?))
}

#[derive(Serialize)]
struct Checkouts {
    checkouts: Vec<status::CheckoutStatus>,
}

async fn checkouts(State(api): State<Api>) -> Result<Json<Checkouts>, Problem> {
    let status = api.simple(Service::status).await?;
    Ok(Json(Checkouts { checkouts: status.checkouts }))
}

#[derive(Serialize)]
struct Health {
    state: status::State,
}

/// Says no more than whoever may not ask for the rest should know.
async fn health(State(api): State<Api>) -> Result<Response, Problem> {
    let state = api.simple(|service| service.status().state).await?;
    let code = match state {
        status::State::Watching => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    Ok((code, Json(Health { state })).into_response())
}

async fn metrics(State(api): State<Api>) -> Result<Response, Problem> {
    let text = api.simple(Service::metrics).await?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

async fn reload(State(api): State<Api>) -> Result<StatusCode, Problem> {
    let reloaded = api.ask(RELOAD, Service::reload).await?;
    let title = "What was in force before still is";
    reloaded
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| Problem::of(StatusCode::UNPROCESSABLE_ENTITY, title, &e))
}

/// What a scan is asked for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rescan {
    checkout: Option<PathBuf>,
    /// In seconds.
    wait: u64,
}

#[derive(Serialize)]
struct Ticket {
    ticket: u64,
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<RescanOutcome>,
}

async fn rescan(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let Rescan { checkout, wait } = body(request, api.limits.asking).await?;
    let wait = patience(wait)?;
    if checkout.as_ref().is_some_and(|path| !path.is_absolute()) {
        let help = "name the checkout, or a path in it, from `/` on; leave it out for all";
        return Err(Problem::bad("`checkout` is no absolute path", help));
    }
    let asked = api.simple(move |service| service.rescan(checkout.as_deref())).await?;
    let title = "Nothing is scanned";
    let ticket = asked.map_err(|e| Problem::of(StatusCode::UNPROCESSABLE_ENTITY, title, &e))?;
    wait_for(&api, ticket, wait).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    /// In seconds.
    #[serde(default)]
    wait: u64,
}

async fn rescanned(
    State(api): State<Api>,
    ticket: Result<Path<String>, PathRejection>,
    query: Result<Query<Wait>, QueryRejection>,
) -> Result<Response, Problem> {
    let wait = patience(parameters(query)?.wait)?;
    let ticket = segment(ticket)?;
    let number = ticket.parse().map_err(|_| {
        let shown = visible(ticket.as_bytes());
        Problem::bad(format!("`{shown}` is no ticket"), "POST /v1/rescan gives one")
    })?;
    wait_for(&api, number, wait).await
}

/// How long a client wants to wait.
fn patience(seconds: u64) -> Result<Duration, Problem> {
    if seconds > WAIT {
        let help = "ask again for what came of it: GET /v1/rescan/TICKET";
        return Err(Problem::bad(format!("`wait` is more than {WAIT} seconds"), help));
    }
    Ok(Duration::from_secs(seconds))
}

/// Waits for a scan in turns, so that nobody waits long for a client that is gone.
async fn wait_for(api: &Api, ticket: u64, mut left: Duration) -> Result<Response, Problem> {
    let _permit = match left.is_zero() {
        true => None,
        false => Some(Arc::clone(&api.waiters).try_acquire_owned().map_err(|_| {
            let help = "ask without `wait`, and for what came of it later";
            Problem::busy("too many wait for scans", help)
        })?),
    };
    let mut stopped = api.stopped.clone();
    let outcome = loop {
        let turn = left.min(TURN);
        let wait = api.ask(turn + api.limits.answering, move |service| service.wait(ticket, turn));
        let outcome = tokio::select! {
            outcome = wait => outcome?,
            _ = stopped.wait_for(|stop| *stop) => None,
        };
        left -= turn;
        if outcome.is_some() || left.is_zero() || *api.stopped.borrow() {
            break outcome;
        }
    };
    let code = if outcome.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((code, Json(Ticket { ticket, done: outcome.is_some(), outcome })).into_response())
}

/// The JSON object that a request carries; one without a body has an empty one.
async fn body<T: for<'a> Deserialize<'a> + Default>(
    request: Request,
    within: Duration,
) -> Result<T, Problem> {
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    let too_large = || {
        let detail = format!("a request has {BODY_SIZE} bytes at most");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large", detail)
    };
    if declared.is_some_and(|bytes| bytes > BODY_SIZE) {
        return Err(too_large());
    }
    let bytes = match timeout(within, to_bytes(request.into_body(), BODY_SIZE)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(too_large()),
        Err(_) => {
            let detail = format!("it was not there within {} s", within.as_secs());
            let title = "The request took too long";
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, title, detail));
        }
    };
    if bytes.is_empty() {
        return Ok(T::default());
    }
    // A list would be taken for an object without names.
    let object = serde_json::from_slice::<serde_json::Map<_, _>>(&bytes);
    object.and_then(|object| T::deserialize(serde_json::Value::Object(object))).map_err(|e| {
        let detail = format!("the body is wrong: {}", visible(e.to_string().as_bytes()));
        Problem::bad(detail, "GET /v1/openapi.json describes it")
    })
}

pub(super) fn parameters<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    query.map(|Query(parameters)| parameters).map_err(|e| {
        let detail = format!("a parameter is wrong: {}", visible(e.body_text().as_bytes()));
        Problem::bad(detail, "GET /v1/openapi.json describes what there is")
    })
}

/// What stands at the end of a path.
fn segment(path: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    path.map(|Path(segment)| segment).map_err(|e| {
        let detail = format!("the path is wrong: {}", visible(e.body_text().as_bytes()));
        Problem::bad(detail, "GET /v1/openapi.json describes what there is")
    })
}

/// How many things are wanted.
pub(super) fn limit(asked: Option<u16>) -> Result<usize, Problem> {
    match asked.unwrap_or(LIMIT.0) {
        n @ 1.. if n <= LIMIT.1 => Ok(usize::from(n)),
        _ => {
            let detail = format!("`limit` is not from 1 to {}", LIMIT.1);
            Err(Problem::bad(detail, "ask for the rest with `after`"))
        }
    }
}

/// Which findings are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    checkout: Option<PathBuf>,
    path: Option<String>,
    license: Option<String>,
    outcome: Option<String>,
    state: Option<String>,
    limit: Option<u16>,
    after: Option<String>,
}

async fn findings(
    State(api): State<Api>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    list(api, parameters(query)?, "findings", false).await
}

async fn violations(
    State(api): State<Api>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    list(api, parameters(query)?, "violations", true).await
}

/// A page of findings under a name, with where the next one begins.
async fn list(
    api: Api,
    wanted: Wanted,
    name: &'static str,
    violations: bool,
) -> Result<Response, Problem> {
    let limit = limit(wanted.limit)?;
    let filter = wanted.filter(&*api.service, violations)?;
    let page = api.read(move |store, service| {
        let mut page = format!("{{\"{name}\":[").into_bytes();
        let (mut count, mut last, mut next) = (0, None, None);
        let mut written: Result<(), ReportError> = Ok(());
        store.findings(service.licenses(), &filter, &mut |finding| {
            if count == limit {
                next = last.take();
                return false;
            }
            if count > 0 {
                page.push(b',');
            }
            count += 1;
            written = json::finding(&finding, &mut page);
            last = Some(Cursor::of(&finding));
            written.is_ok()
        })?;
        written.map_err(|e| Failure::new("the answer could not be made").caused_by(e))?;
        let next = next.map(|cursor: Cursor| cursor.to_string());
        let next = serde_json::to_string(&next).unwrap_or_else(|_| "null".into());
        page.extend(format!("],\"next\":{next}}}").into_bytes());
        Ok(page)
    });
    Ok(as_json(page.await?))
}

impl Wanted {
    fn filter(self, service: &dyn Service, violations: bool) -> Result<Filter, Problem> {
        let Wanted { checkout, path, license, outcome, state, after, .. } = self;
        let bad = |f: Failure| {
            let problem = Problem::of(StatusCode::BAD_REQUEST, "The request is wrong", &f);
            let usual = || Some("GET /v1/openapi.json describes what there is".into());
            Problem { help: problem.help.clone().or_else(usual), ..problem }
        };
        if checkout.as_ref().is_some_and(|path| !path.is_absolute()) {
            let help = "name a directory from `/` on, as GET /v1/checkouts does";
            return Err(Problem::bad("`checkout` is no absolute path", help));
        }
        let word = |name: &str, word: String, known: &str| {
            let shown = visible(word.as_bytes());
            Problem::bad(format!("`{shown}` is no {name}"), format!("write one of {known}"))
        };
        let outcome = match outcome {
            Some(w) => Some(w.parse().map_err(|_| word("outcome", w, "allow, review, deny"))?),
            None => None,
        };
        let state = match state {
            Some(w) => Some(w.parse().map_err(|_| word("state", w, "open, waived, resolved"))?),
            None => None,
        };
        let after = match after {
            Some(w) => Some(w.parse().map_err(|_| {
                let detail = format!("`{}` is no place to go on at", visible(w.as_bytes()));
                Problem::bad(detail, "give what the last answer had as `next`")
            })?),
            None => None,
        };
        let license =
            license.map(|id| service.licenses().known_id(&id)).transpose().map_err(bad)?;
        let path = path.map(|glob| Filter::glob(&glob)).transpose().map_err(bad)?;
        let category = None;
        Ok(Filter { checkout, path, license, category, outcome, state, violations, after })
    }
}

async fn violation(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = segment(id)?;
    let number = id.strip_prefix(['V', 'v']).and_then(|n| n.parse::<i64>().ok()).filter(|n| *n > 0);
    let shown = visible(id.as_bytes());
    let Some(number) = number else {
        let detail = format!("`{shown}` is no number of a violation");
        return Err(Problem::bad(detail, "write it as in GET /v1/violations: V17"));
    };
    let found = api.read(move |store, _| {
        let Some(placed) = store.violation(number)? else { return Ok(None) };
        let file = store.file(&placed.root, &placed.view, &placed.path)?;
        let mut history = Vec::new();
        store.events(0, Some(number), &mut |event| {
            history.push(event);
            history.len() < usize::from(LIMIT.1)
        })?;
        let mut answer = Vec::new();
        json::violation(&placed, file.as_ref(), &history, &mut answer)
            .map_err(|e| Failure::new("the answer could not be made").caused_by(e))?;
        Ok(Some(answer))
    });
    match found.await? {
        Some(answer) => Ok(as_json(answer)),
        None => {
            let help = "GET /v1/violations lists those there are";
            Err(Problem::missing(format!("there is no violation {shown}"), help))
        }
    }
}

pub(super) fn as_json(bytes: Vec<u8>) -> Response {
    let kind = HeaderValue::from_static("application/json");
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Whether a client asks for a stream of events.
pub(super) fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok());
    let mut kinds = accepted.flat_map(|v| v.split(','));
    kinds.any(|kind| kind.split(';').next().is_some_and(|k| k.trim() == "text/event-stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_has_every_path_and_no_other() {
        let description: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
        let described = description["paths"].as_object().unwrap();
        let mut described: Vec<&str> = described.keys().map(String::as_str).collect();
        let mut served: Vec<&str> = routes().into_iter().map(|(path, _)| path).collect();
        described.sort_unstable();
        served.sort_unstable();
        assert_eq!(served, described);
    }
}
