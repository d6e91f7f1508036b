//! `/api/v1/webhooks`: set up, read, change, archive, rotate the secret, send a sample.

use super::resource::{AttemptResource, DeliveryResource, WebhookList, WebhookResource, WebhookWithSecret};
use super::webhook_input::{WebhookNew, WebhookPatch, api_names};
use crate::error::invalid;
use crate::model::delivery::DeliveryState;
use crate::model::event_type::EventType;
use crate::model::id::WebhookId;
use crate::model::webhook::{OVERLAP_HOURS_DEFAULT, Webhook, WebhookMode};
use crate::model::webhook_draft::WebhookDraft;
use crate::server::rest::extract::{ApiActor, Id, Json, MaybeJson, Params};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, OfQuery, Problem};
use crate::server::rest::version::{IfMatch, etag, with_etag};
use crate::server::secret::Secret;
use crate::server::service::{samples, webhooks};
use crate::server::state::App;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

const WHY_ARCHIVED: &str = "archived over the API";

fn shown(webhook: Webhook) -> Response {
    with_etag(webhook.version, WebhookResource::from(webhook))
}

fn with_secret(status: StatusCode, webhook: Webhook, secret: Option<&Secret>) -> Response {
    let secret = secret.map(|s| s.expose().to_owned());
    let tag = etag(webhook.version);
    // The one answer that holds a secret is kept by nobody on the way.
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (status, headers, tag, axum::Json(WebhookWithSecret { webhook: webhook.into(), secret })).into_response()
}

/// Which webhooks to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `true`: the archived ones instead of the others.
    #[serde(default)]
    archived: bool,
}

/// List webhooks
///
/// The webhooks of the key's study, by name. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "Webhooks", params(ListParams),
    responses((status = 200, description = "The webhooks.", body = WebhookList), OfQuery, Always))]
pub async fn list_webhooks(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Params(params): Params<ListParams>,
) -> Result<axum::Json<WebhookList>, Problem> {
    let all = webhooks::list(&app, &actor, params.archived).await?;
    // The service's list of the archived may hold the others too; the API tells them apart.
    let items = all.into_iter().map(|(webhook, _)| webhook).filter(|w| w.archived_at.is_some() == params.archived);
    Ok(axum::Json(WebhookList { items: items.map(WebhookResource::from).collect() }))
}

/// Create a webhook
///
/// It starts in test mode, in which it gets samples only; an administrator takes it live in the console. `name`, `url` and `events` are
/// needed. The answer holds the secret, this once. Needs the scope `webhooks:write`.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "Webhooks",
    request_body(content = WebhookNew, example = json!({"name": "CTMS enrolment", "url": "https://ctms.example.com/hooks", "events": ["participant.created", "form.completed"]})),
    responses(
        (status = 201, description = "The webhook, with its secret.", body = WebhookWithSecret,
            headers(("ETag" = String, description = "The version, quoted."), ("Location" = String, description = "The webhook's path."))),
        OfBody, Always))]
pub async fn create_webhook(State(app): State<App>, ApiActor(actor): ApiActor, Json(body): Json<WebhookNew>) -> Result<Response, Problem> {
    let (draft, secret) = body.draft(app.config.allow_http).map_err(api_names)?;
    let (webhook, secret) = webhooks::create(&app, &actor, &draft, secret).await.map_err(api_names)?;
    let location = [(header::LOCATION, format!("/api/v1/webhooks/{}", webhook.id))];
    Ok((location, with_secret(StatusCode::CREATED, webhook, secret.as_ref())).into_response())
}

/// Read a webhook
///
/// Its `ETag` is its version, for `If-Match` of a change. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", tag = "Webhooks", params(("id" = WebhookId, Path, description = "The webhook's id.")),
    responses(
        (status = 200, description = "The webhook.", body = WebhookResource, headers(("ETag" = String, description = "The version, quoted."))),
        OfOne, Always))]
pub async fn get_webhook(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<WebhookId>) -> Result<Response, Problem> {
    Ok(shown(webhooks::get(&app, &actor, &id).await?))
}

/// Change a webhook
///
/// A JSON merge patch (RFC 7396): what is not named stays, null removes. With `version` or `If-Match` nothing is changed when somebody
/// else changed the webhook since (409). The secret is changed with *rotate*. A key may take a webhook back to test, not live. Needs
/// the scopes `webhooks:write` and `webhooks:read`.
#[utoipa::path(patch, path = "/api/v1/webhooks/{id}", tag = "Webhooks",
    params(("id" = WebhookId, Path, description = "The webhook's id."), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read.")),
    request_body(content = WebhookPatch, example = json!({"status": "inactive", "version": 1})),
    responses(
        (status = 200, description = "The webhook as it is now.", body = WebhookResource, headers(("ETag" = String, description = "The version, quoted."))),
        OfOne, OfBody, OfChange, Always))]
pub async fn patch_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<WebhookId>,
    matched: IfMatch,
    Json(body): Json<WebhookPatch>,
) -> Result<Response, Problem> {
    let seen = matched.or(body.version)?;
    let webhook = webhooks::get(&app, &actor, &id).await?;
    let version = seen.unwrap_or(webhook.version);
    let mode = body.mode;
    // No key may: refused before anything is changed.
    if mode == Some(WebhookMode::Live) && webhook.mode != WebhookMode::Live {
        webhooks::set_mode(&app, &actor, &id, WebhookMode::Live, "").await?;
    }
    let draft = body.draft(&webhook, app.config.allow_http).map_err(api_names)?;
    let to_test = mode == Some(WebhookMode::Test) && webhook.mode != WebhookMode::Test;
    // Taking it back to test alone leaves the rest alone; anything else goes by the service, which knows whether it may be changed.
    let mut now = webhook;
    if !to_test || version != now.version || draft != WebhookDraft::of(&now) {
        now = webhooks::update(&app, &actor, &id, version, &draft).await.map_err(api_names)?;
    }
    if to_test {
        now = webhooks::set_mode(&app, &actor, &id, WebhookMode::Test, "").await?;
    }
    Ok(shown(now))
}

/// Why a webhook is archived.
#[derive(Debug, Default, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Archive {
    /// 3–500 characters for the audit trail; default: "archived over the API". In the query or in a JSON body.
    #[schema(example = "the CTMS was replaced")]
    reason: Option<String>,
}

/// Archive a webhook
///
/// It is stopped and hidden, what waits for it is cancelled, and its history stays readable. Needs the scope `webhooks:write`.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "Webhooks", params(("id" = WebhookId, Path, description = "The webhook's id."), Archive),
    responses((status = 200, description = "The archived webhook.", body = WebhookResource), OfOne, OfBody, OfChange, Always))]
pub async fn archive_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<WebhookId>,
    Params(query): Params<Archive>,
    MaybeJson(body): MaybeJson<Archive>,
) -> Result<Response, Problem> {
    let reason = body.reason.or(query.reason);
    let webhook = webhooks::archive(&app, &actor, &id, reason.as_deref().unwrap_or(WHY_ARCHIVED)).await?;
    Ok(shown(webhook))
}

/// How to rotate the secret.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// The new secret, 16–500 characters; left out, one is generated.
    secret: Option<String>,
    /// Hours for which the old secret signs too, 0–168; default 24.
    #[schema(example = 24)]
    overlap_hours: Option<i64>,
}

/// Rotate the secret
///
/// Sets a new secret; the old one signs beside it for the overlap. The answer holds the new secret, this once. The body may be left out.
/// Needs the scope `webhooks:write`.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/rotate", tag = "Webhooks", params(("id" = WebhookId, Path, description = "The webhook's id.")),
    request_body(content = Option<Rotate>, example = json!({"overlap_hours": 24})),
    responses((status = 200, description = "The webhook, with its new secret.", body = WebhookWithSecret), OfOne, OfBody, OfChange, Always))]
pub async fn rotate_secret(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<WebhookId>,
    MaybeJson(body): MaybeJson<Rotate>,
) -> Result<Response, Problem> {
    // A number out of range is the service's to refuse.
    let hours = body.overlap_hours.map_or(OVERLAP_HOURS_DEFAULT, |n| u32::try_from(n).unwrap_or(u32::MAX));
    let (webhook, secret) = webhooks::rotate(&app, &actor, &id, body.secret.map(Secret::new), hours).await?;
    Ok(with_secret(StatusCode::OK, webhook, Some(&secret)))
}

/// What to send as a sample.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// A type of the catalogue of which the webhook's format speaks; default `webhook.test`, or else the first of its events.
    #[schema(value_type = Option<EventType>)]
    event_type: Option<String>,
    /// The event's data, which must fit the type's schema; default: the catalogue's example.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}

/// What came of a sample.
#[derive(Debug, Serialize, ToSchema)]
pub struct SampleOutcome {
    /// Whether the answer was 2xx.
    delivered: bool,
    /// The sample's delivery.
    delivery: DeliveryResource,
    /// Its one attempt.
    attempt: AttemptResource,
}

/// Send a sample
///
/// Sends a test event by the way of a live one, and waits for the answer or the webhook's timeout. What came of it is in the answer, which
/// is 200 also when the receiver refused it. The body may be left out. Needs the scope `webhooks:test`.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/sample", tag = "Webhooks", params(("id" = WebhookId, Path, description = "The webhook's id.")),
    request_body(content = Option<Sample>, example = json!({"event_type": "form.completed"})),
    responses((status = 200, description = "What came of it.", body = SampleOutcome), OfOne, OfBody, OfChange, Always))]
pub async fn send_sample(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<WebhookId>,
    MaybeJson(body): MaybeJson<Sample>,
) -> Result<axum::Json<SampleOutcome>, Problem> {
    let event_type = match body.event_type.as_deref() {
        None => samples::usual_type(&app, &actor, &id).await?,
        Some(name) => {
            EventType::parse(name).ok_or_else(|| invalid("event_type", "must be a type of the catalogue at /api/v1/event-types"))?
        }
    };
    let edited = body.data.map(|data| data.to_string()).unwrap_or_default();
    let data = samples::check_data(event_type, &edited)?;
    let (delivery, attempt) = samples::send(&app, &actor, &id, event_type, data).await?;
    let delivered = delivery.state == DeliveryState::Delivered;
    Ok(axum::Json(SampleOutcome { delivered, delivery: delivery.into(), attempt: attempt.into() }))
}
