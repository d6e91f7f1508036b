//! `Prefer: wait=N` (RFC 7240): whoever saves waits for the answers of synchronous webhooks, and is told what they were.

use super::problem::{Problem, Untold};
use crate::error::{AppError, invalid};
use crate::model::synchronous::SyncOutcome;
use crate::server::service::saved::Saved;
use crate::server::state::App;
use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderName, StatusCode, request::Parts};
use axum::response::{IntoResponse, IntoResponseParts, Response};
use serde::Serialize;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

const PREFER: &str = "prefer";
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// Seconds that anybody may wait at most: the longest timeout of a webhook.
const WAIT_MAX: u32 = 30;

/// Whether the caller waits for synchronous webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Prefer {
    /// `wait=N`, N from 1 to 30: waits up to so many seconds for the answers of synchronous webhooks. Without it nobody waits, and they
    /// are called in the background.
    #[param(rename = "Prefer", value_type = Option<String>, example = "wait=10")]
    wait: Option<u32>,
}

impl<S: Send + Sync> FromRequestParts<S> for Prefer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self { wait: wait_of(&parts.headers)? })
    }
}

/// The seconds of the first `wait`; other preferences are not ours to honour.
fn wait_of(headers: &HeaderMap) -> Result<Option<u32>, AppError> {
    for text in headers.get_all(PREFER).iter().filter_map(|h| h.to_str().ok()) {
        let mut quoted = false;
        let preferences = text.split(|c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        for preference in preferences {
            let bare = preference.split(';').next().unwrap_or_default();
            let (name, value) = bare.split_once('=').unwrap_or((bare, ""));
            if name.trim().eq_ignore_ascii_case("wait") {
                let seconds = value.trim().trim_matches('"').parse().ok().filter(|n| (1..=WAIT_MAX).contains(n));
                let wanted = || invalid("Prefer", format!("wait must be a whole number of seconds from 1 to {WAIT_MAX}, such as wait=10"));
                return seconds.map(Some).ok_or_else(wanted);
            }
        }
    }
    Ok(None)
}

/// What was saved, and what its synchronous webhooks answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Waited<T> {
    /// As it is without waiting.
    #[serde(flatten)]
    pub saved: T,
    /// One for each synchronous webhook that was called; none: nobody was to be waited for.
    pub webhooks: Vec<SyncOutcome>,
}

impl Prefer {
    /// Whether the service is to leave synchronous webhooks to [`Prefer::answer`].
    pub fn waits(self) -> bool {
        self.wait.is_some()
    }

    /// Answers a save: as `status` at once, or after the wait with 200, or with what went wrong and the fact that the save stands. `headers`
    /// are there in each case.
    ///
    /// Nothing may be awaited between the save and this: a caller that leaves meanwhile would leave its deliveries to nobody.
    pub async fn answer<T: Serialize>(self, app: &App, saved: Saved<T>, status: StatusCode, headers: impl IntoResponseParts) -> Response {
        let Some(seconds) = self.wait else {
            return (status, headers, axum::Json(saved.thing)).into_response();
        };
        let (saved, webhooks) = saved.wait(app, Duration::from_secs(u64::from(seconds))).await;
        let applied = [(APPLIED, format!("wait={seconds}"))];
        if webhooks.iter().all(|w| w.failure.is_none()) {
            return (StatusCode::OK, headers, applied, axum::Json(Waited { saved, webhooks })).into_response();
        }
        match serde_json::to_value(&saved) {
            Ok(saved) => (headers, applied, Problem::Untold(Box::new(Untold { webhooks, saved }))).into_response(),
            Err(error) => {
                tracing::error!(%error, "what was saved could not be written as JSON");
                (headers, Problem::from(AppError::Internal(String::new()))).into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<u32>, String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, value.parse().expect("a header"));
        }
        wait_of(&headers).map_err(|e| e.to_string())
    }

    #[test]
    fn the_first_wait_counts_and_other_preferences_do_not() {
        for (values, wanted) in [
            (&[][..], None),
            (&["respond-async"], None),
            (&["wait=10"], Some(10)),
            (&["respond-async, Wait = \"5\""], Some(5)),
            (&["handling=lenient", "wait=7;x=1, wait=9"], Some(7)),
            (&["note=\"a, wait=3\""], None),
        ] {
            assert_eq!(read(values), Ok(wanted), "{values:?}");
        }
        for wrong in ["wait", "wait=", "wait=0", "wait=31", "wait=-1", "wait=1.5", "wait=soon"] {
            let said = read(&[wrong]).expect_err(wrong);
            assert!(said.starts_with("Prefer: wait must be a whole number"), "{said}");
        }
    }
}
