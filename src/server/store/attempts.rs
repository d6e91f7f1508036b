//! Attempts as they went.

use super::{Db, Raw, StoreError, Tx, all, from_json, id, known, to_json};
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

/// Adds attempts that have ended.
pub async fn insert(tx: &mut Tx, all: &[(&StudyId, &Attempt)]) -> Result<(), StoreError> {
    const COLUMNS: &str =
        "study_id, id, delivery_id, number, trigger, requested_by, reason, started_at, timing, url, request_headers, status,
        response_headers, response_body, response_truncated, failure, message";
    let timing = all.iter().map(|(_, a)| to_json("attempt's timing", &a.timing)).collect::<Result<Vec<_>, _>>()?;
    let requests = all.iter().map(|(_, a)| to_json("attempt's headers", &a.request_headers)).collect::<Result<Vec<_>, _>>()?;
    let responses = all.iter().map(|(_, a)| to_json("attempt's headers", &a.response_headers)).collect::<Result<Vec<_>, _>>()?;
    match tx.raw() {
        Raw::Sqlite(c) => {
            for ((((study, a), timing), request_headers), response_headers) in all.iter().zip(&timing).zip(&requests).zip(&responses) {
                sqlx::query(sqlx::AssertSqlSafe(format!(
                    "INSERT INTO attempts ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
                )))
                .bind(study.as_str())
                .bind(a.id.as_str())
                .bind(a.delivery_id.as_str())
                .bind(i64::from(a.number))
                .bind(a.trigger.as_str())
                .bind(a.requested_by.as_deref())
                .bind(a.reason.as_deref())
                .bind(a.started_at.micros())
                .bind(timing)
                .bind(&a.url)
                .bind(request_headers)
                .bind(a.status.map(i64::from))
                .bind(response_headers)
                .bind(a.response_body.as_deref())
                .bind(a.response_truncated)
                .bind(a.failure.map(FailureKind::as_str))
                .bind(a.message.as_deref())
                .execute(&mut *c)
                .await?;
            }
        }
        Raw::Postgres(c) => {
            let of = |what: fn(&Attempt) -> Option<String>| all.iter().map(|(_, a)| what(a)).collect::<Vec<_>>();
            sqlx::query(sqlx::AssertSqlSafe(format!(
                "INSERT INTO attempts ({COLUMNS}) SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[],
                   $7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::text[], $14::text[], $15::bool[],
                   $16::text[], $17::text[])"
            )))
            .bind(all.iter().map(|(study, _)| study.to_string()).collect::<Vec<_>>())
            .bind(of(|a| Some(a.id.to_string())))
            .bind(of(|a| Some(a.delivery_id.to_string())))
            .bind(all.iter().map(|(_, a)| i64::from(a.number)).collect::<Vec<_>>())
            .bind(of(|a| Some(a.trigger.as_str().to_owned())))
            .bind(of(|a| a.requested_by.clone()))
            .bind(of(|a| a.reason.clone()))
            .bind(all.iter().map(|(_, a)| a.started_at.micros()).collect::<Vec<_>>())
            .bind(timing)
            .bind(of(|a| Some(a.url.clone())))
            .bind(requests)
            .bind(all.iter().map(|(_, a)| a.status.map(i64::from)).collect::<Vec<_>>())
            .bind(responses)
            .bind(of(|a| a.response_body.clone()))
            .bind(all.iter().map(|(_, a)| a.response_truncated).collect::<Vec<_>>())
            .bind(of(|a| a.failure.map(|f| f.as_str().to_owned())))
            .bind(of(|a| a.message.clone()))
            .execute(c)
            .await?;
        }
    }
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
