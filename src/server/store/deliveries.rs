//! Deliveries: looking for them, and a person's wish to have one tried again.

use super::delivery_filter::{conditions, filtered};
use super::{Db, StoreError, Tx, all, from_json, id, known, maybe, run};
use crate::model::delivery::{Delivery, DeliveryFilter, DeliveryState, FailureKind, Payload, Trigger};
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, EventId, StudyId, WebhookId};
use crate::model::page::Page;
use crate::model::payload_variant::PayloadVariant;
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    study_id: String,
    id: String,
    webhook_id: String,
    event_id: String,
    event_type: String,
    subject: Option<String>,
    is_test: bool,
    state: String,
    attempts: i64,
    next_attempt_at: Option<i64>,
    created_at: i64,
    finished_at: Option<i64>,
    last_status: Option<i64>,
    last_failure: Option<String>,
    last_duration: Option<i64>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        Ok(Delivery {
            id: id("delivery", &row.id)?,
            study_id: id("delivery", &row.study_id)?,
            webhook_id: id("delivery", &row.webhook_id)?,
            event_id: id("delivery", &row.event_id)?,
            event_type: known("event type", &row.event_type, EventType::parse)?,
            subject: row.subject,
            is_test: row.is_test,
            state: known("delivery state", &row.state, DeliveryState::parse)?,
            attempts: u32::try_from(row.attempts).unwrap_or_default(),
            next_attempt_at: row.next_attempt_at.map(Timestamp),
            created_at: Timestamp(row.created_at),
            finished_at: row.finished_at.map(Timestamp),
            last_status: row.last_status.and_then(|s| u16::try_from(s).ok()),
            last_failure: row.last_failure.map(|f| known("failure", &f, FailureKind::parse)).transpose()?,
            last_duration: row.last_duration,
        })
    }
}

const SELECT: &str =
    "SELECT study_id, id, webhook_id, event_id, event_type, subject, is_test, state, attempts, next_attempt_at, created_at,
    finished_at, last_status, last_failure, last_duration FROM deliveries";

/// By id.
pub async fn find(db: &mut Db, study: &StudyId, delivery: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
    let row = maybe!(db, DeliveryRow, format!("{SELECT} WHERE study_id = $1 AND id = $2"), study.as_str(), delivery.as_str())?;
    row.map(Delivery::try_from).transpose()
}

/// What a delivery sends, and what its sender said of its event.
pub struct StoredPayload {
    /// What decided the bytes, when the event was accepted.
    pub variant: PayloadVariant,
    /// The bytes.
    pub payload: Payload,
    /// The sender's `source`.
    pub source: String,
    /// The sender's `id`.
    pub external_id: String,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// What a delivery sends.
pub async fn find_payload(db: &mut Db, study: &StudyId, delivery: &DeliveryId) -> Result<Option<StoredPayload>, StoreError> {
    let row = maybe!(
        db,
        (String, String, String, String, String, i64),
        "SELECT p.variant, p.headers, p.body, e.source, e.external_id, e.occurred_at FROM deliveries d
         JOIN payloads p ON p.study_id = d.study_id AND p.event_id = d.event_id AND p.variant = d.variant
         JOIN events e ON e.study_id = d.study_id AND e.id = d.event_id
         WHERE d.study_id = $1 AND d.id = $2",
        study.as_str(),
        delivery.as_str(),
    )?;
    let Some((variant, headers, body, source, external_id, occurred_at)) = row else { return Ok(None) };
    Ok(Some(StoredPayload {
        variant: known("payload's variant", &variant, PayloadVariant::parse)?,
        payload: Payload { headers: from_json("payload's headers", &headers)?, body },
        source,
        external_id,
        occurred_at: Timestamp(occurred_at),
    }))
}

/// The deliveries of one event, in the order in which they were made.
pub async fn of_event(db: &mut Db, study: &StudyId, event: &EventId) -> Result<Vec<Delivery>, StoreError> {
    let rows =
        all!(db, DeliveryRow, format!("{SELECT} WHERE study_id = $1 AND event_id = $2 ORDER BY id"), study.as_str(), event.as_str())?;
    rows.into_iter().map(Delivery::try_from).collect()
}

/// What a filter finds, newest first: of one webhook, or of a whole study.
pub async fn list(
    db: &mut Db,
    study: &StudyId,
    webhook: Option<&WebhookId>,
    filter: &DeliveryFilter,
    limit: u32,
) -> Result<Page<Delivery>, StoreError> {
    let text = format!("{SELECT} WHERE {} ORDER BY id DESC LIMIT $12", conditions(webhook.is_some(), filter));
    let rows = filtered!(all[DeliveryRow], db, text, study, webhook, filter, i64::from(limit) + 1)?;
    let items = rows.into_iter().map(Delivery::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(items, limit, |d| d.id.to_string()))
}

/// Plans an attempt now at somebody's wish. `false` when one is under way.
///
/// A delivered one stays delivered whatever this attempt gives; every other becomes retrying.
pub async fn request_retry(
    tx: &mut Tx,
    study: &StudyId,
    delivery: &DeliveryId,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE deliveries SET next_attempt_at = $3, next_trigger = $4, requested_by = $5, reason = $6, finished_at = NULL,
           state = CASE WHEN state = 'delivered' THEN state ELSE 'retrying' END
         WHERE study_id = $1 AND id = $2 AND lease_owner IS NULL",
        study.as_str(),
        delivery.as_str(),
        now.micros(),
        Trigger::Manual.as_str(),
        by,
        reason,
    )?;
    Ok(changed == 1)
}

/// Cancels what waits for a webhook that was archived. What a node holds is cancelled by the node, which looks before it sends.
pub async fn cancel_waiting(tx: &mut Tx, study: &StudyId, webhook: &WebhookId, now: Timestamp) -> Result<u64, StoreError> {
    run!(
        tx,
        "UPDATE deliveries SET state = CASE WHEN state = 'delivered' THEN state ELSE 'cancelled' END, next_attempt_at = NULL,
           finished_at = $3
         WHERE study_id = $1 AND webhook_id = $2 AND next_attempt_at IS NOT NULL AND lease_owner IS NULL",
        study.as_str(),
        webhook.as_str(),
        now.micros(),
    )
}
