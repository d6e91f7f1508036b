//! [`AppError`]: the only error that crosses the wire. What a person or a program is told is decided here;
//! what went wrong inside is logged where it happens, and told as [`AppError::Internal`] with the request's id.

use crate::model::problem::{FieldError, FieldErrors};
use serde::{Deserialize, Serialize};

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// 401: nobody is signed in, or the key is unknown, expired or revoked.
    #[error("{0}")]
    Unauthenticated(String),
    /// 403: somebody is, and may not.
    #[error("{0}")]
    Forbidden(String),
    /// 403: the study's Integrations are not enabled.
    #[error("Integrations are not enabled for this study. Ask your implementation manager to enable the integration.")]
    IntegrationsLocked,
    /// 404: there is no such thing, or none that they may know of.
    #[error("{0}")]
    NotFound(String),
    /// 400: the request could not be read at all.
    #[error("{0}")]
    Malformed(String),
    /// 422: it could be read, and something in it is wrong.
    #[error("{}", sentence(.0))]
    Invalid(Vec<FieldError>),
    /// 409: it was right when it was written, and is not now.
    #[error("{0}")]
    Conflict(String),
    /// 413: more bytes than are taken.
    #[error("{0}")]
    TooLarge(String),
    /// 429: too often. Seconds until it is worth trying again.
    #[error("Too many requests. Try again in {0} seconds.")]
    TooMany(u64),
    /// 503: not now; nothing was changed.
    #[error("{0}")]
    Unavailable(String),
    /// 500: a defect or a broken part of ours. The text is safe to show; the cause is in the log under the request's id.
    #[error("Something went wrong on our side. Nothing was changed. {0}")]
    Internal(String),
}

fn sentence(errors: &[FieldError]) -> String {
    errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("; ")
}

impl AppError {
    /// The HTTP status that says this.
    pub fn status(&self) -> u16 {
        match self {
            AppError::Unauthenticated(_) => 401,
            AppError::Forbidden(_) | AppError::IntegrationsLocked => 403,
            AppError::NotFound(_) => 404,
            AppError::Malformed(_) => 400,
            AppError::Invalid(_) => 422,
            AppError::Conflict(_) => 409,
            AppError::TooLarge(_) => 413,
            AppError::TooMany(_) => 429,
            AppError::Unavailable(_) => 503,
            AppError::Internal(_) => 500,
        }
    }

    /// The last part of the problem's `type` and its title: the closed list of the API.
    pub fn kind(&self) -> (&'static str, &'static str) {
        match self {
            AppError::Unauthenticated(_) => ("unauthenticated", "Not signed in"),
            AppError::Forbidden(_) => ("forbidden", "Not allowed"),
            AppError::IntegrationsLocked => ("integrations-locked", "Integrations are not enabled"),
            AppError::NotFound(_) => ("not-found", "Not found"),
            AppError::Malformed(_) => ("malformed", "The request cannot be read"),
            AppError::Invalid(_) => ("invalid", "Something in the request is wrong"),
            AppError::Conflict(_) => ("conflict", "In conflict with what is there"),
            AppError::TooLarge(_) => ("too-large", "Too large"),
            AppError::TooMany(_) => ("too-many-requests", "Too many requests"),
            AppError::Unavailable(_) => ("unavailable", "Not available now"),
            AppError::Internal(_) => ("internal", "Our fault"),
        }
    }

    /// Field errors, where that is what it is.
    pub fn fields(&self) -> FieldErrors {
        match self {
            AppError::Invalid(errors) => FieldErrors(errors.clone()),
            _ => FieldErrors::default(),
        }
    }

    /// The same error with its fields under the names that `name` gives them.
    #[must_use]
    pub fn with_fields(self, name: impl Fn(&str) -> String) -> Self {
        let AppError::Invalid(mut errors) = self else { return self };
        for error in &mut errors {
            error.field = name(&error.field);
        }
        AppError::Invalid(errors)
    }
}

/// `404` for a kind of thing.
pub fn not_found(what: &str) -> AppError {
    AppError::NotFound(format!("There is no such {what}, or you have no access to it."))
}

/// One wrong field.
pub fn invalid(field: &str, message: impl Into<String>) -> AppError {
    AppError::Invalid(FieldErrors::one(field, message).0)
}

impl From<FieldErrors> for AppError {
    fn from(errors: FieldErrors) -> Self {
        AppError::Invalid(errors.0)
    }
}

/// Server functions fail with an [`AppError`] too: what the framework itself finds wrong is told as such.
impl leptos::server_fn::error::FromServerFnError for AppError {
    type Encoder = leptos::server_fn::codec::JsonEncoding;

    fn from_server_fn_error(error: leptos::server_fn::error::ServerFnErrorErr) -> Self {
        use leptos::server_fn::error::ServerFnErrorErr as E;
        match error {
            E::Args(text) | E::MissingArg(text) | E::Deserialization(text) => AppError::Malformed(text),
            other => AppError::Internal(other.to_string()),
        }
    }
}
