//! `/api/v2/config/webhook`: webhook configurations as Infermedica's document prints them (seed 003).

use super::{events, given, in_path, refuse, renamed, with_required};
use crate::error::{AppError, not_found};
use crate::model::event_type::EventType;
use crate::model::id::WebhookId;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::webhook::{PayloadFormat, Webhook};
use crate::model::webhook_draft::{KEEP, WebhookDraft};
use crate::server::rest::extract::{ApiActor, Json};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, Problem};
use crate::server::service::webhooks::{self, Face};
use crate::server::state::App;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The header that carries the token with each request.
const TOKEN_HEADER: &str = "x-webhook-infermedica-token";
const WHY_DELETED: &str = "deleted through the Infermedica API";
/// Its names for events, in the catalogue's order.
const EVENTS: &[(&str, EventType)] = &[("survey_created", EventType::SurveyCreated), ("survey_finished", EventType::SurveyCompleted)];
/// The draft's names, and its own.
const NAMES: &[(&str, &str)] =
    &[("events", "subscribed_events"), ("token_value", "authorization_token"), ("token_header", "authorization_token")];

/// A webhook's id as this API shows it: the same 128 bits as a hyphenated UUID.
pub struct WebhookUuid(WebhookId);

crate::model::text_schema!(WebhookUuid, "12345678-1234-5678-1234-567812345678");

impl std::fmt::Display for WebhookUuid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hex = self.0.as_str().trim_start_matches("wh_");
        for (index, digit) in hex.chars().enumerate() {
            if matches!(index, 8 | 12 | 16 | 20) {
                f.write_str("-")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl FromStr for WebhookUuid {
    type Err = AppError;

    /// The hyphenated form alone; its digits in either case (RFC 9562 §4). Anything else names nothing.
    fn from_str(text: &str) -> Result<Self, AppError> {
        let hex = text.replace('-', "").to_ascii_lowercase();
        let id = format!("{}_{hex}", WebhookId::PREFIX).parse().map(Self).map_err(|_| not_found("webhook"))?;
        if id.to_string().eq_ignore_ascii_case(text) { Ok(id) } else { Err(not_found("webhook")) }
    }
}

impl Serialize for WebhookUuid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WebhookUuid {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(in_path(parts, state, "id").await?.parse()?)
    }
}

/// What to change of a configuration; what is not named stays as it is.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InfermedicaWebhookPatch {
    /// URL that the webhooks will be sent to. Must be capable of accepting POST requests.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "https://mywebsite.com/webhook_receiver")]
    url: Option<String>,
    /// Token that each request carries in the `x-webhook-infermedica-token` header: 1–2,000 visible ASCII characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ")]
    authorization_token: Option<String>,
    /// Event types for which webhooks will be sent: `survey_created`, `survey_finished`.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = json!(["survey_created"]))]
    subscribed_events: Option<Vec<String>>,
}

/// A configuration to be registered. Every member is needed.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub struct InfermedicaWebhookNew(InfermedicaWebhookPatch);

impl PartialSchema for InfermedicaWebhookNew {
    fn schema() -> RefOr<Schema> {
        with_required::<InfermedicaWebhookPatch>(&["url", "authorization_token", "subscribed_events"])
    }
}
impl ToSchema for InfermedicaWebhookNew {}

impl InfermedicaWebhookPatch {
    /// Lays what is named over a draft.
    fn overlay(self, draft: &mut WebhookDraft, errors: &mut FieldErrors) {
        if let Some(url) = self.url {
            draft.url = url;
        }
        if let Some(token) = self.authorization_token {
            // Shown again in the answer, so it is stored as it was sent or not at all; and nobody means the sign for "as stored" here.
            if token == KEEP || token.trim() != token {
                errors.add("authorization_token", "must be 1–2,000 visible ASCII characters without spaces around them");
            }
            TOKEN_HEADER.clone_into(&mut draft.token_header);
            draft.token_value = token;
        }
        if let Some(names) = self.subscribed_events {
            draft.events = events("subscribed_events", &names, EVENTS, errors);
        }
    }
}

/// A registered configuration.
#[derive(Serialize, ToSchema)]
pub struct InfermedicaWebhook {
    /// Webhook configuration ID.
    id: WebhookUuid,
    /// URL that the webhooks are sent to.
    #[schema(example = "https://mywebsite.com/webhook_receiver")]
    url: String,
    /// The token; only in the answers to POST, and to a PATCH that changes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ")]
    authorization_token: Option<String>,
    /// Event types for which webhooks are sent.
    #[schema(example = json!(["survey_created"]))]
    subscribed_events: Vec<&'static str>,
}

impl InfermedicaWebhook {
    fn of(webhook: Webhook, authorization_token: Option<String>) -> Self {
        let chosen = &webhook.settings.events;
        let subscribed_events = EVENTS.iter().filter(|(_, t)| chosen.contains(t)).map(|(name, _)| *name).collect();
        Self { id: WebhookUuid(webhook.id), url: webhook.settings.url, authorization_token, subscribed_events }
    }
}

/// The answer to what made or changed a configuration. One with a token is kept by nobody on the way.
fn with_token(status: StatusCode, webhook: Webhook, token: Option<String>) -> Response {
    let kept = token.is_none();
    let mut answer = (status, axum::Json(InfermedicaWebhook::of(webhook, token))).into_response();
    if !kept {
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer
}

/// Register a webhook configuration
///
/// Its URL receives the chosen events from now on, each request with the token in the `x-webhook-infermedica-token` header. Answers 201, for
/// something was made (RFC 9110 §15.3.2): Infermedica's document prints no status, and a client that looks for success looks for 2xx. Needs
/// the scope `webhooks:write`.
#[utoipa::path(post, path = "/api/v2/config/webhook", tag = "Infermedica face", request_body = InfermedicaWebhookNew,
    responses(
        (status = 201, description = "The configuration with its id and its token.", body = InfermedicaWebhook,
            headers(("Location" = String, description = "The configuration's path."))),
        OfBody, OfChange, Always))]
pub async fn register_infermedica_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Json(InfermedicaWebhookNew(body)): Json<InfermedicaWebhookNew>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::default();
    let needed = [
        ("url", body.url.is_none()),
        ("authorization_token", body.authorization_token.is_none()),
        ("subscribed_events", body.subscribed_events.is_none()),
    ];
    for (name, _) in needed.iter().filter(|(_, missing)| *missing) {
        errors.add(*name, "is missing");
    }
    let token = body.authorization_token.clone();
    let mut draft = WebhookDraft {
        // The service makes a name of the host.
        name: Face::Infermedica.name().to_owned(),
        format: PayloadFormat::Infermedica.as_str().to_owned(),
        ..WebhookDraft::default()
    };
    body.overlay(&mut draft, &mut errors);
    refuse(&draft, errors, app.config.allow_http, NAMES)?;
    let webhook = webhooks::register(&app, &actor, Face::Infermedica, &draft).await.map_err(|e| renamed(e, NAMES))?;
    let location = [(header::LOCATION, format!("/api/v2/config/webhook/{}", WebhookUuid(webhook.id.clone())))];
    Ok((location, with_token(StatusCode::CREATED, webhook, token)).into_response())
}

/// List the caller's webhook configurations
///
/// Those that this very key registered, oldest first, without tokens. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v2/config/webhook", tag = "Infermedica face",
    responses((status = 200, description = "The configurations.", body = Vec<InfermedicaWebhook>), Always))]
pub async fn list_infermedica_webhooks(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
) -> Result<axum::Json<Vec<InfermedicaWebhook>>, Problem> {
    let all = webhooks::registered(&app, &actor, Face::Infermedica).await?;
    Ok(axum::Json(all.into_iter().map(|webhook| InfermedicaWebhook::of(webhook, None)).collect()))
}

/// Read a webhook configuration
///
/// Without its token. Another client's is not there (404). Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v2/config/webhook/{id}", tag = "Infermedica face",
    params(("id" = WebhookUuid, Path, description = "Webhook configuration ID.")),
    responses((status = 200, description = "The configuration.", body = InfermedicaWebhook), OfOne, Always))]
pub async fn get_infermedica_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    WebhookUuid(id): WebhookUuid,
) -> Result<axum::Json<InfermedicaWebhook>, Problem> {
    let webhook = webhooks::registered_one(&app, &actor, Face::Infermedica, &id, Action::ReadMetadata).await?;
    Ok(axum::Json(InfermedicaWebhook::of(webhook, None)))
}

/// Update a webhook configuration
///
/// Changes only what it names. The answer has the token only where the request names it. Needs the scope `webhooks:write`.
#[utoipa::path(patch, path = "/api/v2/config/webhook/{id}", tag = "Infermedica face", request_body = InfermedicaWebhookPatch,
    params(("id" = WebhookUuid, Path, description = "Webhook configuration ID.")),
    responses((status = 200, description = "The configuration as it is now.", body = InfermedicaWebhook), OfOne, OfBody, OfChange, Always))]
pub async fn patch_infermedica_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    WebhookUuid(id): WebhookUuid,
    Json(body): Json<InfermedicaWebhookPatch>,
) -> Result<Response, Problem> {
    let webhook = webhooks::registered_one(&app, &actor, Face::Infermedica, &id, Action::ManageWebhook).await?;
    let token = body.authorization_token.clone();
    let (mut draft, mut errors) = (WebhookDraft::of(&webhook), FieldErrors::default());
    body.overlay(&mut draft, &mut errors);
    refuse(&draft, errors, app.config.allow_http, NAMES)?;
    let webhook = webhooks::update(&app, &actor, &id, webhook.version, &draft).await.map_err(|e| renamed(e, NAMES))?;
    Ok(with_token(StatusCode::OK, webhook, token))
}

/// Delete a webhook configuration
///
/// Nothing is sent to it any more, and this API shows it no more; its history stays readable in the console. The answer is what was
/// deleted, without its token. Needs the scope `webhooks:write`.
#[utoipa::path(delete, path = "/api/v2/config/webhook/{id}", tag = "Infermedica face",
    params(("id" = WebhookUuid, Path, description = "Webhook configuration ID.")),
    responses((status = 200, description = "The deleted configuration.", body = InfermedicaWebhook), OfOne, OfChange, Always))]
pub async fn delete_infermedica_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    WebhookUuid(id): WebhookUuid,
) -> Result<axum::Json<InfermedicaWebhook>, Problem> {
    webhooks::registered_one(&app, &actor, Face::Infermedica, &id, Action::ManageWebhook).await?;
    let webhook = webhooks::archive(&app, &actor, &id, WHY_DELETED).await?;
    Ok(axum::Json(InfermedicaWebhook::of(webhook, None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_as_a_uuid_of_the_same_bits_and_read_in_that_form_alone() {
        let id = WebhookId::from_bits(0x1234_5678_1234_5678_1234_5678_1234_5678);
        let shown = WebhookUuid(id.clone()).to_string();
        assert_eq!(shown, "12345678-1234-5678-1234-567812345678");
        assert_eq!(shown.parse::<WebhookUuid>().expect("an id").0, id);
        let letters = WebhookId::from_bits(0xabcd);
        let upper = WebhookUuid(letters.clone()).to_string().to_uppercase();
        assert_eq!(upper.parse::<WebhookUuid>().expect("an id").0, letters);
        let moved = "1234567-81234-5678-1234-567812345678";
        for wrong in ["", "x", id.as_str(), "12345678123456781234567812345678", moved, "{12345678-1234-5678-1234-567812345678}"] {
            assert!(wrong.parse::<WebhookUuid>().is_err(), "{wrong}");
        }
    }
}
