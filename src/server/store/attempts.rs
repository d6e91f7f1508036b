//! Attempts as they went.

use super::{Db, StoreError, Tx, all, from_json, id, known, run, to_json};
use crate::model::delivery::{Attempt, FailureKind, Trigger};
use crate::model::id::{DeliveryId, StudyId};
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct AttemptRow {
    id: String,
    delivery_id: String,
    number: i64,
    trigger: String,
    requested_by: Option<String>,
    reason: Option<String>,
    started_at: i64,
    timing: String,
    url: String,
    request_headers: String,
    status: Option<i64>,
    response_headers: String,
    response_body: Option<String>,
    response_truncated: bool,
    failure: Option<String>,
    message: Option<String>,
}

/// Adds an attempt that has ended.
pub async fn insert(tx: &mut Tx, study: &StudyId, attempt: &Attempt) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO attempts (study_id, id, delivery_id, number, trigger, requested_by, reason, started_at, timing, url, request_headers,
           status, response_headers, response_body, response_truncated, failure, message)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        study.as_str(),
        attempt.id.as_str(),
        attempt.delivery_id.as_str(),
        i64::from(attempt.number),
        attempt.trigger.as_str(),
        attempt.requested_by.as_deref(),
        attempt.reason.as_deref(),
        attempt.started_at.micros(),
        to_json("attempt's timing", &attempt.timing)?,
        &attempt.url,
        to_json("attempt's headers", &attempt.request_headers)?,
        attempt.status.map(i64::from),
        to_json("attempt's headers", &attempt.response_headers)?,
        attempt.response_body.as_deref(),
        attempt.response_truncated,
        attempt.failure.map(FailureKind::as_str),
        attempt.message.as_deref(),
    )?;
    Ok(())
}

/// The attempts of a delivery, oldest first.
pub async fn of_delivery(db: &mut Db, study: &StudyId, delivery: &DeliveryId) -> Result<Vec<Attempt>, StoreError> {
    let rows = all!(
        db,
        AttemptRow,
        "SELECT id, delivery_id, number, trigger, requested_by, reason, started_at, timing, url, request_headers, status, response_headers,
           response_body, response_truncated, failure, message
         FROM attempts WHERE study_id = $1 AND delivery_id = $2 ORDER BY number",
        study.as_str(),
        delivery.as_str(),
    )?;
    rows.into_iter()
        .map(|row| {
            Ok(Attempt {
                id: id("attempt", &row.id)?,
                delivery_id: id("attempt", &row.delivery_id)?,
                number: u32::try_from(row.number).unwrap_or_default(),
                trigger: known("trigger", &row.trigger, Trigger::parse)?,
                requested_by: row.requested_by,
                reason: row.reason,
                started_at: Timestamp(row.started_at),
                timing: from_json("attempt's timing", &row.timing)?,
                url: row.url,
                request_headers: from_json("attempt's headers", &row.request_headers)?,
                status: row.status.and_then(|s| u16::try_from(s).ok()),
                response_headers: from_json("attempt's headers", &row.response_headers)?,
                response_body: row.response_body,
                response_truncated: row.response_truncated,
                failure: row.failure.map(|f| known("failure", &f, FailureKind::parse)).transpose()?,
                message: row.message,
            })
        })
        .collect()
}
