//! `/api/v1/deliveries`: the history, one delivery, its attempts, a retry.

use super::resource::{AttemptList, AttemptResource, DeliveryList, DeliveryResource, DeliveryWithPayload};
use crate::error::{AppError, invalid, not_found};
use crate::model::delivery::{DeliveryQuery, DeliveryState, FailureKind};
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, WebhookId};
use crate::model::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Id, Json, Params};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, OfQuery, Problem};
use crate::server::service::deliveries;
use crate::server::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// What to look for. Each parameter narrows the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeliveryParams {
    /// To this webhook.
    #[param(value_type = Option<WebhookId>)]
    webhook_id: String,
    /// In this state; `waiting` stands for pending and retrying.
    #[param(value_type = Option<DeliveryState>)]
    state: String,
    /// By the last answer's status: `2xx`, `3xx`, `4xx`, `5xx`.
    #[param(value_type = Option<String>, example = "5xx")]
    class: String,
    /// By why the last attempt failed.
    #[param(value_type = Option<FailureKind>)]
    failure: String,
    /// Of this event type.
    #[param(value_type = Option<EventType>)]
    event_type: String,
    /// With so many attempts at least.
    #[param(value_type = Option<u32>)]
    min_attempts: String,
    /// Accepted at or after, RFC 3339.
    #[param(value_type = Option<Timestamp>)]
    from: String,
    /// Accepted before, RFC 3339.
    #[param(value_type = Option<Timestamp>)]
    to: String,
    /// `live` or `test`.
    #[param(value_type = Option<String>, example = "live")]
    mode: String,
    /// A delivery's or event's id, a sender's event id or a subject, exactly.
    #[param(value_type = Option<String>)]
    q: String,
    /// Where the page starts: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: String,
    /// Deliveries a page, 1–200; default 50.
    #[param(value_type = Option<u32>)]
    limit: String,
}

/// Reads `limit`, as text, so that a wrong one is named like any other parameter.
///
/// # Errors
/// On the field `limit`.
pub fn check_limit(text: &str) -> Result<u32, AppError> {
    match text.trim() {
        "" => Ok(DEFAULT_LIMIT),
        text => match text.parse() {
            Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
            _ => Err(invalid("limit", format!("must be a whole number from 1 to {MAX_LIMIT}"))),
        },
    }
}

/// List deliveries
///
/// The study's deliveries, newest first, a page at a time. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "Deliveries", params(DeliveryParams),
    responses((status = 200, description = "A page of deliveries.", body = DeliveryList), OfOne, OfQuery, Always))]
pub async fn list_deliveries(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Params(p): Params<DeliveryParams>,
) -> Result<axum::Json<DeliveryList>, Problem> {
    let limit = check_limit(&p.limit)?;
    let webhook: Option<WebhookId> = match p.webhook_id.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| not_found("webhook"))?),
    };
    let query = DeliveryQuery {
        state: p.state,
        class: p.class,
        failure: p.failure,
        event_type: p.event_type,
        min_attempts: p.min_attempts,
        from: p.from,
        to: p.to,
        mode: p.mode,
        q: p.q,
        cursor: p.cursor,
    };
    let filter = query.check().map_err(AppError::from)?;
    let page = deliveries::list(&app, &actor, webhook.as_ref(), &filter, limit).await?.map(DeliveryResource::from);
    Ok(axum::Json(DeliveryList { items: page.items, next: page.next }))
}

/// Read a delivery
///
/// With what it sends. The body is there for samples and a key with `webhooks:test` alone. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v1/deliveries/{id}", tag = "Deliveries", params(("id" = DeliveryId, Path, description = "The delivery's id.")),
    responses((status = 200, description = "The delivery.", body = DeliveryWithPayload), OfOne, Always))]
pub async fn get_delivery(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<DeliveryId>,
) -> Result<axum::Json<DeliveryWithPayload>, Problem> {
    Ok(axum::Json(deliveries::get(&app, &actor, &id, false).await?.into()))
}

/// List the attempts of a delivery
///
/// Each HTTP request as it went, oldest first. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v1/deliveries/{id}/attempts", tag = "Deliveries", params(("id" = DeliveryId, Path, description = "The delivery's id.")),
    responses((status = 200, description = "The attempts.", body = AttemptList), OfOne, Always))]
pub async fn list_attempts(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<DeliveryId>,
) -> Result<axum::Json<AttemptList>, Problem> {
    let detail = deliveries::get(&app, &actor, &id, false).await?;
    Ok(axum::Json(AttemptList { items: detail.attempts.into_iter().map(AttemptResource::from).collect() }))
}

/// Why a delivery is retried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// 3–500 characters, for the audit trail.
    #[schema(example = "the receiver was repaired")]
    reason: String,
}

/// Retry a delivery
///
/// Has it tried again now, whatever its state, with the same bytes. Needs the scope `deliveries:retry`.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/retry", tag = "Deliveries", params(("id" = DeliveryId, Path, description = "The delivery's id.")),
    request_body(content = Retry, example = json!({"reason": "the receiver was repaired"})),
    responses((status = 202, description = "It will be tried; the delivery as planned.", body = DeliveryResource), OfOne, OfBody, OfChange, Always))]
pub async fn retry_delivery(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<DeliveryId>,
    Json(body): Json<Retry>,
) -> Result<(StatusCode, axum::Json<DeliveryResource>), Problem> {
    let planned = deliveries::retry(&app, &actor, &id, &body.reason).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(planned.into())))
}
