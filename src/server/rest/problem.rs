//! Errors as `application/problem+json` (RFC 9457), of a closed list of types.

use crate::error::AppError;
use crate::model::problem::FieldError;
use crate::model::synchronous::{SyncFailure, SyncOutcome};
use crate::server::auth::request_id;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::openapi::{Content, ObjectBuilder, Ref, RefOr, Response as ResponseDoc, ResponseBuilder, schema::Type};

/// Seconds after which it is worth trying again when we cannot say it better.
const RETRY_UNAVAILABLE: u64 = 5;

/// Why a request of the API was not done: what the product says, and what HTTP itself finds wrong.
#[derive(Debug, Clone)]
pub enum Problem {
    /// Any error of the product.
    App(AppError),
    /// 405: the path is there, and does not know the method.
    Method,
    /// 415: the body is of a type that this path does not read.
    MediaType(String),
    /// 502 and 504: it was saved, and a synchronous webhook did not take it.
    Untold(Box<Untold>),
}

/// A save that stands, and what came of its synchronous webhooks, a failure among them.
#[derive(Debug, Clone)]
pub struct Untold {
    /// Each of them.
    pub webhooks: Vec<SyncOutcome>,
    /// What was saved, as it is answered otherwise.
    pub saved: Value,
}

impl Untold {
    fn failures(&self) -> impl Iterator<Item = SyncFailure> {
        self.webhooks.iter().filter_map(|w| w.failure)
    }

    fn kind(&self) -> (&'static str, &'static str, u16) {
        if self.failures().any(|f| f == SyncFailure::Timeout) {
            ("synchronous-timeout", "Saved, but a webhook did not answer in time", 504)
        } else {
            ("synchronous-failure", "Saved, but a webhook failed", 502)
        }
    }

    fn detail(&self) -> String {
        let said: Vec<String> = self
            .webhooks
            .iter()
            .filter_map(|w| w.failure.map(|f| format!("“{}”: {}. {}", w.webhook_name, f.as_str(), w.message)))
            .collect();
        format!("What you sent is saved and stands; the delivery goes on by the webhook's retry schedule. {}", said.join(" "))
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        Problem::App(error)
    }
}

/// One type of problem, as documented.
pub struct Kind {
    /// The last part of its `type`.
    pub name: &'static str,
    /// Its HTTP status.
    pub status: u16,
    /// Its title.
    pub title: &'static str,
    /// When it is answered, and what to do.
    pub about: &'static str,
}

/// Every type of problem that the API answers with.
pub const KINDS: &[Kind] = &[
    kind("malformed", 400, "The request cannot be read", "The body is not JSON, or the query is not one. `detail` has line and column."),
    kind(
        "unauthenticated",
        401,
        "Not signed in",
        "No API key was sent, or it is unknown, expired or revoked. Send `Authorization: Bearer hwk_…`.",
    ),
    kind("forbidden", 403, "Not allowed", "The API key lacks the scope that `detail` names."),
    kind(
        "integrations-locked",
        403,
        "Integrations are not enabled",
        "The study's Integrations are off. An implementation manager switches them on.",
    ),
    kind("not-found", 404, "Not found", "There is no such thing in the study of the API key, or no such path."),
    kind(
        "method-not-allowed",
        405,
        "Method not allowed",
        "The path does not know this method; the `Allow` header names those that it does.",
    ),
    kind(
        "conflict",
        409,
        "In conflict with what is there",
        "It was right when it was written and is not now: somebody changed the webhook meanwhile, it is archived, or an attempt is under way. Read again, then decide.",
    ),
    kind(
        "too-large",
        413,
        "Too large",
        "The body, or one event of it, has more bytes than are taken. `detail` says which and how many are.",
    ),
    kind("unsupported-media-type", 415, "Unsupported media type", "Send the body as one of the types that `detail` names."),
    kind("invalid", 422, "Something in the request is wrong", "`errors` names each wrong member and says what would be right."),
    kind("too-many-requests", 429, "Too many requests", "Wait for the seconds that the `Retry-After` header says."),
    kind("internal", 500, "Our fault", "A defect or a broken part on our side. Nothing was changed. `request_id` finds it in the log."),
    kind(
        "synchronous-failure",
        502,
        "Saved, but a webhook failed",
        "Of requests with `Prefer: wait`: the save stands, and `saved` is what was saved; do not send it again. `webhooks` says what a \
         synchronous webhook answered; the delivery goes on by its retry schedule.",
    ),
    kind("unavailable", 503, "Not available now", "Nothing was changed. Try again after the seconds that the `Retry-After` header says."),
    kind(
        "synchronous-timeout",
        504,
        "Saved, but a webhook did not answer in time",
        "As `synchronous-failure`, where a webhook had not answered by the end of the wait or of its own timeout.",
    ),
];

const fn kind(name: &'static str, status: u16, title: &'static str, about: &'static str) -> Kind {
    Kind { name, status, title, about }
}

/// A problem as sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Which of the closed list it is; the address leads to its description.
    #[serde(rename = "type")]
    #[schema(example = "/api/docs#problem-invalid")]
    pub kind: String,
    /// The type in a few words, the same each time.
    #[schema(example = "Something in the request is wrong")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What it is this time, in a sentence.
    #[schema(example = "url: must begin with https://")]
    pub detail: String,
    /// Each wrong member; of `invalid` alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
    /// What came of each synchronous webhook; of `synchronous-failure` and `synchronous-timeout` alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub webhooks: Vec<SyncOutcome>,
    /// What was saved, as it is answered without waiting; of the same two alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub saved: Option<Value>,
    /// The request's id, which the log has too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    fn kind(&self) -> (&'static str, &'static str, u16) {
        match self {
            Problem::App(error) => {
                let (name, title) = error.kind();
                (name, title, error.status())
            }
            Problem::Method => ("method-not-allowed", "Method not allowed", 405),
            Problem::MediaType(_) => ("unsupported-media-type", "Unsupported media type", 415),
            Problem::Untold(untold) => untold.kind(),
        }
    }

    fn detail(&self) -> String {
        match self {
            Problem::App(error) => error.to_string(),
            Problem::Method => "This path does not know this method; the Allow header names those that it does.".to_owned(),
            Problem::MediaType(detail) => detail.clone(),
            Problem::Untold(untold) => untold.detail(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Problem::App(AppError::TooMany(seconds)) => Some(*seconds),
            Problem::App(AppError::Unavailable(_)) => Some(RETRY_UNAVAILABLE),
            _ => None,
        }
    }

    /// The answer, with the request's id where it is known.
    pub fn answer(&self, request_id: Option<String>) -> Response {
        let (name, title, status) = self.kind();
        let errors = match self {
            Problem::App(error) => error.fields().0,
            _ => Vec::new(),
        };
        let (webhooks, saved) = match self {
            Problem::Untold(untold) => (untold.webhooks.clone(), Some(untold.saved.clone())),
            _ => (Vec::new(), None),
        };
        let kind = format!("/api/docs#problem-{name}");
        let body = ProblemBody { kind, title, status, detail: self.detail(), errors, webhooks, saved, request_id };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = (status, axum::Json(body)).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut answer = self.answer(None);
        // The handler does not know the request's id; `with_request_id` writes the answer again with it.
        answer.extensions_mut().insert(self);
        answer
    }
}

/// Middleware: puts the request's id into problems.
pub async fn with_request_id(request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let mut answer = next.run(request).await;
    match (id, answer.extensions_mut().remove::<Problem>()) {
        (Some(id), Some(problem)) => {
            let mut written = problem.answer(Some(id));
            // What was added on the way out, such as Allow.
            for (name, value) in answer.headers() {
                if name != header::CONTENT_LENGTH && !written.headers().contains_key(name) {
                    written.headers_mut().append(name, value.clone());
                }
            }
            written
        }
        _ => answer,
    }
}

/// What is at no path of the API.
pub async fn unknown_path() -> Problem {
    Problem::App(AppError::NotFound("There is nothing at this path. /api/docs lists what there is.".to_owned()))
}

/// What is asked for with a method that its path does not know.
pub async fn unknown_method() -> Problem {
    Problem::Method
}

/// The documented answer for a status: what kinds of problem it may be.
fn documented(status: u16) -> RefOr<ResponseDoc> {
    let of_status: Vec<&Kind> = KINDS.iter().filter(|k| k.status == status).collect();
    let text: Vec<String> = of_status.iter().map(|k| format!("`{}`: {}", k.name, k.about)).collect();
    let body = Content::new(Some(RefOr::<utoipa::openapi::Schema>::Ref(Ref::from_schema_name("Problem"))));
    let text_header = || utoipa::openapi::HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build();
    let mut answer = ResponseBuilder::new().description(text.join("\n\n")).content("application/problem+json", body);
    if status == 401 {
        answer = answer.header("WWW-Authenticate", text_header());
    }
    if matches!(status, 429 | 503) {
        answer = answer.header("Retry-After", text_header());
    }
    answer.build().into()
}

fn documented_all(statuses: &[u16]) -> BTreeMap<String, RefOr<ResponseDoc>> {
    statuses.iter().map(|s| (s.to_string(), documented(*s))).collect()
}

macro_rules! problems {
    ($(#[$doc:meta])* $name:ident: $($status:literal),+) => {
        $(#[$doc])*
        pub struct $name;
        impl utoipa::IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<ResponseDoc>> {
                documented_all(&[$($status),+])
            }
        }
    };
}
problems!(
    /// What every operation may answer.
    Always: 401, 403, 429, 500, 503
);
problems!(
    /// An operation with a thing's id in its path.
    OfOne: 404
);
problems!(
    /// An operation with a name in its path that must be one.
    OfName: 422
);
problems!(
    /// An operation with parameters in its query.
    OfQuery: 400, 422
);
problems!(
    /// An operation with a body.
    OfBody: 400, 413, 415, 422
);
problems!(
    /// An operation whose caller may wait for synchronous webhooks.
    OfWait: 502, 504
);
problems!(
    /// An operation that changes what others may change too.
    OfChange: 409
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{DeliveryId, WebhookId};

    fn untold(failures: &[Option<SyncFailure>]) -> Problem {
        let outcome = |failure: &Option<SyncFailure>| SyncOutcome {
            webhook_id: WebhookId::from_bits(1),
            webhook_name: "TrialKit".to_owned(),
            delivery_id: DeliveryId::from_bits(2),
            status: failure.is_none().then_some(200),
            failure: *failure,
            message: "It said so.".to_owned(),
            next_attempt_at: None,
        };
        Problem::Untold(Box::new(Untold { webhooks: failures.iter().map(outcome).collect(), saved: serde_json::json!({"id": "rec_1"}) }))
    }

    #[test]
    fn the_closed_list_is_what_the_errors_say() {
        let text = String::new;
        let all = [
            Problem::App(AppError::Malformed(text())),
            Problem::App(AppError::Unauthenticated(text())),
            Problem::App(AppError::Forbidden(text())),
            Problem::App(AppError::IntegrationsLocked),
            Problem::App(AppError::NotFound(text())),
            Problem::Method,
            Problem::App(AppError::Conflict(text())),
            Problem::App(AppError::TooLarge(text())),
            Problem::MediaType(text()),
            Problem::App(AppError::Invalid(Vec::new())),
            Problem::App(AppError::TooMany(7)),
            Problem::App(AppError::Internal(text())),
            untold(&[None, Some(SyncFailure::ProtocolError)]),
            Problem::App(AppError::Unavailable(text())),
            untold(&[Some(SyncFailure::TrustFailure), Some(SyncFailure::Timeout)]),
        ];
        let said: Vec<_> = all.iter().map(Problem::kind).collect();
        let listed: Vec<_> = KINDS.iter().map(|k| (k.name, k.title, k.status)).collect();
        assert_eq!(said, listed);
        assert_eq!(all[10].answer(None).headers()[header::RETRY_AFTER], "7");
        assert!(all[13].answer(None).headers().contains_key(header::RETRY_AFTER));
        assert_eq!(all[1].answer(None).headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}
