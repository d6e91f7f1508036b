//! Send sample: the very path of a live event, with dummy values.

use crate::error::{AppError, invalid, not_found};
use crate::model::delivery::{Attempt, Delivery};
use crate::model::event_type::EventType;
use crate::model::id::WebhookId;
use crate::model::permission::Action;
use crate::model::problem::FieldError;
use crate::model::webhook::{PayloadFormat, WebhookMode};
use crate::server::auth::Actor;
use crate::server::engine::{attempt, intake};
use crate::server::state::App;
use crate::server::store::{attempts, deliveries, webhooks};
use serde_json::json;

/// Bytes of an edited sample at most.
const SAMPLE_MAX: usize = 64 * 1024;

/// Reads an edited payload. Empty: the catalogue's example.
///
/// # Errors
/// On the field `data`, with line and column, or what the schema misses.
pub fn check_data(event_type: EventType, text: &str) -> Result<serde_json::Value, AppError> {
    if text.trim().is_empty() {
        return Ok(event_type.example());
    }
    if text.len() > SAMPLE_MAX {
        return Err(invalid("data", format!("has {} bytes; at most {SAMPLE_MAX} are possible", text.len())));
    }
    let data: serde_json::Value = serde_json::from_str(text).map_err(|e| invalid("data", format!("is not JSON: {e}")))?;
    let wrong = super::events::schema_errors(event_type, &data);
    // One field on the page, so the paths within it go into its message; the field is called data already.
    let sentence = |e: &FieldError| match e.field.strip_prefix("data.") {
        Some(path) => format!("{path}: {}", e.message),
        None => e.message.clone(),
    };
    if wrong.is_empty() { Ok(data) } else { Err(invalid("data", wrong.0.iter().map(sentence).collect::<Vec<_>>().join("; "))) }
}

/// The event type of a sample for which none is chosen: one of which the webhook's format speaks.
///
/// # Errors
/// 403, 404.
pub async fn usual_type(app: &App, actor: &Actor, id: &WebhookId) -> Result<EventType, AppError> {
    actor.require(Action::SendSample { live: false })?;
    let mut db = app.store.read().await?;
    let webhook = webhooks::find(&mut db, &actor.study.id, id).await?.ok_or_else(|| not_found("webhook"))?;
    Ok(webhook.settings.sample_event())
}

/// That a format has a body for this type.
fn check_type(format: PayloadFormat, event_type: EventType) -> Result<(), AppError> {
    if format.speaks_of(event_type) {
        return Ok(());
    }
    let known = format.event_types().into_iter().map(EventType::name).collect::<Vec<_>>().join(", ");
    Err(invalid("event_type", format!("{} has no body for {}; choose one of {known}", format.label(), event_type.name())))
}

/// Sends a sample and waits for the answer, or the webhook's timeout.
///
/// # Errors
/// 403, 404; a type of which the webhook's format does not speak, on `event_type`.
pub async fn send(
    app: &App,
    actor: &Actor,
    id: &WebhookId,
    event_type: EventType,
    data: serde_json::Value,
) -> Result<(Delivery, Attempt), AppError> {
    // Who may send none to any webhook learns nothing of which there are.
    actor.require(Action::SendSample { live: false })?;
    let mut db = app.store.read().await?;
    let Some(webhook) = webhooks::find(&mut db, &actor.study.id, id).await? else { return Err(not_found("webhook")) };
    drop(db);
    actor.require(Action::SendSample { live: webhook.mode == WebhookMode::Live })?;
    actor.require_integrations()?;
    if webhook.archived_at.is_some() {
        return Err(AppError::Conflict("This webhook is archived; it gets no samples.".to_owned()));
    }
    check_type(webhook.settings.format, event_type)?;
    let mut tx = app.store.begin().await?;
    let leased = intake::accept_sample(&app.engine, &mut tx, &actor.study, &webhook, event_type, data, actor.name().to_owned()).await?;
    let Some(delivery_id) = leased.first().map(|job| job.delivery_id.clone()) else {
        return Err(AppError::Internal("The sample made no delivery.".to_owned()));
    };
    let changes = json!({"event_type": event_type, "delivery": delivery_id});
    actor.audit(&mut tx, app.clock.now(), "webhook.sample_sent", id.as_str(), changes, None).await?;
    tx.commit().await?;
    app.live.tell(&actor.study.id, id);
    // In a task of its own: a browser that leaves does not cut the attempt off between sending and recording.
    let engine = app.engine.clone();
    let ran = tokio::spawn(async move {
        for job in leased.take() {
            attempt::run(&engine, job).await;
        }
    })
    .await;
    if let Err(error) = ran {
        tracing::error!(%error, "a sample panicked");
        return Err(AppError::Internal("The sample could not be sent.".to_owned()));
    }
    let mut db = app.store.read().await?;
    let delivery = deliveries::find(&mut db, &actor.study.id, &delivery_id).await?;
    let attempt = attempts::of_delivery(&mut db, &actor.study.id, &delivery_id).await?.pop();
    match (delivery, attempt) {
        (Some(delivery), Some(attempt)) => Ok((delivery, attempt)),
        _ => Err(AppError::Internal("The sample was sent, but its outcome could not be recorded; the log says why.".to_owned())),
    }
}
