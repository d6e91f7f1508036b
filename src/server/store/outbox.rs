//! The outbox: operational events, written in the transaction that does what they tell of, until a chore publishes them.

use super::{Db, StoreError, Tx, all, from_json, id, known, run, to_json};
use crate::model::event_type::EventType;
use crate::model::id::{StudyId, WebhookId};
use crate::model::time::Timestamp;
use serde_json::Value;

/// An operational event that waits to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Its study.
    pub study_id: StudyId,
    /// Its idempotency key, which the published event has as the sender's id.
    pub id: String,
    /// What happened.
    pub event_type: EventType,
    /// The webhook that it tells of: `data.webhook.id`.
    pub webhook_id: WebhookId,
    /// The event's data.
    pub data: Value,
    /// When it happened.
    pub created_at: Timestamp,
}

/// Writes an operational event to be published. `id` is its idempotency key; `data` is as the type's schema says.
pub async fn put(tx: &mut Tx, study: &StudyId, id: &str, event_type: EventType, data: &Value, now: Timestamp) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO outbox (study_id, id, event_type, data, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (study_id, id) DO NOTHING",
        study.as_str(),
        id,
        event_type.as_str(),
        to_json("operational event", data)?,
        now.micros(),
    )?;
    Ok(())
}

/// The oldest that wait, of any study.
pub async fn waiting(db: &mut Db, limit: u32) -> Result<Vec<Waiting>, StoreError> {
    let text = "SELECT study_id, id, event_type, data, created_at FROM outbox ORDER BY created_at, study_id, id LIMIT $1";
    let rows = all!(db, (String, String, String, String, i64), text, i64::from(limit))?;
    rows.into_iter()
        .map(|(study_id, row_id, event_type, data, created_at)| {
            let data: Value = from_json("operational event", &data)?;
            let webhook = data.pointer("/webhook/id").and_then(Value::as_str).unwrap_or_default();
            Ok(Waiting {
                study_id: id("operational event", &study_id)?,
                id: row_id,
                event_type: known("operational event's type", &event_type, EventType::parse)?,
                webhook_id: id("operational event's webhook", webhook)?,
                data,
                created_at: Timestamp(created_at),
            })
        })
        .collect()
}

/// Takes one out; `false` when another node has.
pub async fn take(tx: &mut Tx, study: &StudyId, id: &str) -> Result<bool, StoreError> {
    Ok(run!(tx, "DELETE FROM outbox WHERE study_id = $1 AND id = $2", study.as_str(), id)? == 1)
}
