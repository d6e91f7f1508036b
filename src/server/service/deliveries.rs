//! The history: looking for deliveries, reading one with its attempts, retrying one.

use super::{body_access, check_reason};
use crate::error::{AppError, not_found};
use crate::model::delivery::{BodyAccess, Delivery, DeliveryDetail, DeliveryFilter, Payload};
use crate::model::id::{DeliveryId, WebhookId};
use crate::model::page::Page;
use crate::model::permission::Action;
use crate::model::webhook::{Webhook, WebhookMode, WebhookStatus};
use crate::server::auth::Actor;
use crate::server::state::App;
use crate::server::store::deliveries::StoredPayload;
use crate::server::store::{attempts, deliveries, webhooks};
use serde_json::json;

/// What a filter finds, newest first: of one webhook, or of the whole study.
///
/// # Errors
/// 403; 404 for an unknown webhook.
pub async fn list(
    app: &App,
    actor: &Actor,
    webhook: Option<&WebhookId>,
    filter: &DeliveryFilter,
    limit: u32,
) -> Result<Page<Delivery>, AppError> {
    actor.require(Action::ReadMetadata)?;
    let mut db = app.store.read().await?;
    if let Some(id) = webhook
        && webhooks::find(&mut db, &actor.study.id, id).await?.is_none()
    {
        return Err(not_found("webhook"));
    }
    Ok(deliveries::list(&mut db, &actor.study.id, webhook, filter, limit).await?)
}

/// One delivery with its attempts. Bodies are shown where the actor may read them and asks to: `reveal` writes a live one's
/// reading into the audit trail.
///
/// # Errors
/// 403, 404.
pub async fn get(app: &App, actor: &Actor, id: &DeliveryId, reveal: bool) -> Result<DeliveryDetail, AppError> {
    actor.require(Action::ReadMetadata)?;
    let study = &actor.study.id;
    let mut db = app.store.read().await?;
    let Some(delivery) = deliveries::find(&mut db, study, id).await? else { return Err(not_found("delivery")) };
    let Some(webhook) = webhooks::find(&mut db, study, &delivery.webhook_id).await? else { return Err(not_found("webhook")) };
    let Some(stored) = deliveries::find_payload(&mut db, study, id).await? else { return Err(not_found("delivery")) };
    let StoredPayload { payload, source, external_id, occurred_at, .. } = stored;
    let mut attempts = attempts::of_delivery(&mut db, study, id).await?;
    drop(db);
    let access = body_access(app, actor, delivery.is_test, reveal, "delivery.body_read", id.as_str()).await?;
    let body_size = payload.body.len();
    let payload = if access == BodyAccess::Shown { payload } else { Payload { body: String::new(), ..payload } };
    if access != BodyAccess::Shown {
        for attempt in &mut attempts {
            attempt.response_body = None;
        }
    }
    let may_retry = actor.standing.may(Action::Retry { test: delivery.is_test });
    Ok(DeliveryDetail {
        webhook_name: webhook.settings.name.clone(),
        webhook_host: webhook.host(),
        may_retry,
        delivery,
        source,
        external_id,
        occurred_at,
        access,
        body_size,
        payload,
        attempts,
    })
}

/// Why a retry or a replay would wait instead of going out now.
pub(super) fn cannot_receive(webhook: &Webhook, test: bool) -> Option<&'static str> {
    match (webhook.status, webhook.mode) {
        _ if webhook.archived_at.is_some() => Some("The webhook is archived; nothing is sent to it any more."),
        (WebhookStatus::Inactive, _) => Some("The webhook is inactive. Make it active first; what waits goes out then, too."),
        (WebhookStatus::Disabled, _) => Some("The webhook is disabled. Look at the cause and make it active again first."),
        (WebhookStatus::Active, WebhookMode::Test) if !test => {
            Some("The webhook is in Test mode and gets no live events. Take it Live first.")
        }
        (WebhookStatus::Active, _) => None,
    }
}

/// Has a delivery tried again now, whatever its state, with the same bytes.
///
/// # Errors
/// 403, 404; a missing reason; 409 while an attempt is under way or the webhook cannot receive.
pub async fn retry(app: &App, actor: &Actor, id: &DeliveryId, reason: &str) -> Result<Delivery, AppError> {
    plan_retry(app, actor, None, id, reason).await
}

/// [`retry`] of a delivery to this webhook: another one's is not there.
///
/// # Errors
/// As [`retry`].
pub async fn retry_to(app: &App, actor: &Actor, webhook: &WebhookId, id: &DeliveryId, reason: &str) -> Result<Delivery, AppError> {
    plan_retry(app, actor, Some(webhook), id, reason).await
}

async fn plan_retry(app: &App, actor: &Actor, to: Option<&WebhookId>, id: &DeliveryId, reason: &str) -> Result<Delivery, AppError> {
    let study = &actor.study.id;
    let mut tx = app.store.begin().await?;
    let found = deliveries::find(&mut tx, study, id).await?.filter(|d| to.is_none_or(|webhook| d.webhook_id == *webhook));
    let Some(delivery) = found else {
        // Who may retry nothing learns nothing of what is there.
        actor.require(Action::Retry { test: true })?;
        return Err(not_found("delivery"));
    };
    actor.require(Action::Retry { test: delivery.is_test })?;
    actor.require_integrations()?;
    let reason = check_reason(reason)?;
    let Some(webhook) = webhooks::find(&mut tx, study, &delivery.webhook_id).await? else { return Err(not_found("webhook")) };
    cannot_receive(&webhook, delivery.is_test).map_or(Ok(()), |why| Err(AppError::Conflict(why.to_owned())))?;
    let now = app.clock.now();
    if !deliveries::request_retry(&mut tx, study, id, actor.name(), reason, now).await? {
        return Err(AppError::Conflict("An attempt of this delivery is under way. Look at its outcome first.".to_owned()));
    }
    actor.audit(&mut tx, now, "delivery.retried", id.as_str(), json!({"state": delivery.state}), Some(reason)).await?;
    let planned = deliveries::find(&mut tx, study, id).await?;
    tx.commit().await?;
    app.engine.wake();
    app.live.tell(study, &delivery.webhook_id);
    planned.ok_or_else(|| not_found("delivery"))
}
