//! Versions of things: `ETag` out, `If-Match` or `version` in, so that nobody overwrites what they did not see.

use super::problem::Problem;
use crate::error::{AppError, invalid};
use axum::extract::FromRequestParts;
use axum::http::{HeaderName, header, request::Parts};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The headers of a thing: its version.
pub fn etag(version: i64) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{version}\""))]
}

/// The headers of a thing that was made: where it is, and its version.
pub fn made(path: String, version: i64) -> [(HeaderName, String); 2] {
    [(header::LOCATION, path), (header::ETAG, format!("\"{version}\""))]
}

/// Answers with a thing and its version.
pub fn with_etag(version: i64, thing: impl Serialize) -> Response {
    (etag(version), axum::Json(thing)).into_response()
}

/// The version that `If-Match` names; `*` and no header name none.
pub struct IfMatch(Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.headers.get(header::IF_MATCH).map(|h| h.to_str().unwrap_or_default().trim()) {
            None | Some("*") => Ok(Self(None)),
            Some(text) => {
                let version = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).and_then(|t| t.parse().ok());
                let wanted = || invalid("If-Match", "must be the ETag that was read, such as \"3\"");
                Ok(Self(Some(version.ok_or_else(wanted)?)))
            }
        }
    }
}

impl IfMatch {
    /// The version that the caller saw, by the header or by the body's `version`.
    ///
    /// # Errors
    /// On `version`, when they name two.
    pub fn or(self, version: Option<i64>) -> Result<Option<i64>, AppError> {
        match (self.0, version) {
            (Some(a), Some(b)) if a != b => Err(invalid("version", "is another one than If-Match names")),
            (matched, version) => Ok(matched.or(version)),
        }
    }
}
