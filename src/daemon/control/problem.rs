// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Answers that say what is wrong and what to do: `application/problem+json` of RFC 9457.

use std::error::Error as _;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::diag::{Failure, visible};

#[derive(Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "status", serialize_with = "number")]
    pub status: StatusCode,
    pub title: &'static str,
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Mistakes in files, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Problem {
        Problem { status, title, detail: detail.into(), help: None, mistakes: Vec::new() }
    }

    /// The request is not one that could be answered.
    pub fn bad(detail: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "The request is wrong", detail).help(help)
    }

    pub fn missing(detail: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "There is no such thing", detail).help(help)
    }

    /// Too much is going on, or the service does not answer.
    pub fn busy(detail: impl Into<String>, help: impl Into<String>) -> Problem {
        let title = "The service cannot answer now";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, title, detail).help(help)
    }

    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// What failed, as something that the service said.
    pub fn of(status: StatusCode, title: &'static str, failure: &Failure) -> Problem {
        let mut detail = failure.message.clone();
        let mut cause = failure.source();
        while let Some(because) = cause {
            detail += &format!("; because: {}", visible(because.to_string().as_bytes()));
            cause = because.source();
        }
        let mistakes = failure.mistakes.iter().map(|m| m.render(false)).collect();
        Problem { status, title, detail, help: failure.help.clone(), mistakes }
    }
}

/// Of a store that cannot be read.
impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        let title = "The store cannot be read";
        Problem::of(StatusCode::INTERNAL_SERVER_ERROR, title, &failure)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}
