//! Notices, and how far each of their readers has read.

use super::{Db, StoreError, Tx, all, id, known, maybe, one, run};
use crate::model::event_type::EventType;
use crate::model::id::{StudyId, UserId, WebhookId};
use crate::model::notice::Notice;
use crate::model::time::Timestamp;

/// Writes a notice and gives its number. The caller [`super::studies::hold`]s the study, so that no two get the same.
pub async fn insert(
    tx: &mut Tx,
    study: &StudyId,
    kind: EventType,
    webhook: &WebhookId,
    message: &str,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let text = "INSERT INTO notices (study_id, number, kind, webhook_id, message, created_at)
         VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM notices WHERE study_id = $1), $2, $3, $4, $5) RETURNING number";
    Ok(one!(tx, (i64,), text, study.as_str(), kind.as_str(), webhook.as_str(), message, now.micros())?.0)
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    kind: String,
    webhook_id: String,
    webhook_name: String,
    message: String,
    created_at: i64,
}

/// Those before a number (of all, without one), newest first, without their mails.
pub async fn list(db: &mut Db, study: &StudyId, before: Option<i64>, limit: u32) -> Result<Vec<Notice>, StoreError> {
    let text = "SELECT n.number, n.kind, n.webhook_id, w.name AS webhook_name, n.message, n.created_at
         FROM notices n JOIN webhooks w ON w.study_id = n.study_id AND w.id = n.webhook_id
         WHERE n.study_id = $1 AND n.number < $2 ORDER BY n.number DESC LIMIT $3";
    let rows = all!(db, Row, text, study.as_str(), before.unwrap_or(i64::MAX), i64::from(limit))?;
    rows.into_iter()
        .map(|row| {
            Ok(Notice {
                number: row.number,
                kind: known("notice's kind", &row.kind, EventType::parse)?,
                webhook_id: id("notice", &row.webhook_id)?,
                webhook_name: row.webhook_name,
                message: row.message,
                created_at: Timestamp(row.created_at),
                mails: Vec::new(),
            })
        })
        .collect()
}

/// The number up to which somebody has read; 0 when they have read none.
pub async fn read_to(db: &mut Db, study: &StudyId, user: &UserId) -> Result<i64, StoreError> {
    let text = "SELECT read_to FROM notice_reads WHERE study_id = $1 AND user_id = $2";
    Ok(maybe!(db, (i64,), text, study.as_str(), user.as_str())?.map_or(0, |(to,)| to))
}

/// How many somebody has not read.
pub async fn unread(db: &mut Db, study: &StudyId, user: &UserId) -> Result<i64, StoreError> {
    let text = "SELECT COUNT(*) FROM notices
         WHERE study_id = $1 AND number > COALESCE((SELECT read_to FROM notice_reads WHERE study_id = $1 AND user_id = $2), 0)";
    Ok(one!(db, (i64,), text, study.as_str(), user.as_str())?.0)
}

/// Marks those up to a number read, as far as they are there; what was read stays read.
pub async fn set_read(tx: &mut Tx, study: &StudyId, user: &UserId, to: i64) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO notice_reads (study_id, user_id, read_to)
         SELECT $1, $2, COALESCE(MAX(number), 0) FROM notices WHERE study_id = $1 AND number <= $3
         ON CONFLICT (study_id, user_id) DO UPDATE
         SET read_to = CASE WHEN excluded.read_to > notice_reads.read_to THEN excluded.read_to ELSE notice_reads.read_to END",
        study.as_str(),
        user.as_str(),
        to,
    )?;
    Ok(())
}
