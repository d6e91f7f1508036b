//! Operational events, written with what they tell of and published by a chore.

use super::{StoreError, Tx, run, to_json};
use crate::model::event_type::EventType;
use crate::model::id::StudyId;
use crate::model::time::Timestamp;
use serde_json::Value;

/// Writes an operational event to be published. `id` is its idempotency key.
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
