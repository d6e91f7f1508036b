//! The audit trail: rows are added and read; the database refuses anything else.

use super::{Db, StoreError, Tx, all, from_json, id, maybe, one, run};
use crate::model::audit::AuditEntry;
use crate::model::id::StudyId;
use crate::model::time::Timestamp;

/// Adds a row; gives its place in the order. `seq` of the entry is ignored.
pub async fn append(tx: &mut Tx, entry: &AuditEntry, address: Option<&str>) -> Result<i64, StoreError> {
    // SQLite has one writer; on PostgreSQL the lock keeps the order without gaps until commit.
    if let super::Raw::Postgres(c) = tx.raw() {
        sqlx::query("SELECT pg_advisory_xact_lock(7301, 1)").execute(c).await?;
    }
    let seq = one!(tx, (i64,), "SELECT COALESCE(MAX(seq), 0) + 1 FROM audit")?.0;
    run!(
        tx,
        "INSERT INTO audit (seq, at, actor, actor_name, actor_role, address, study_id, action, object, changes, reason, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        seq,
        entry.at.micros(),
        &entry.actor,
        &entry.actor_name,
        &entry.actor_role,
        address,
        entry.study_id.as_ref().map(StudyId::as_str),
        &entry.action,
        &entry.object,
        entry.changes.to_string(),
        entry.reason.as_deref(),
        entry.request_id.as_deref(),
    )?;
    Ok(seq)
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    seq: i64,
    at: i64,
    actor: String,
    actor_name: String,
    actor_role: String,
    study_id: Option<String>,
    action: String,
    object: String,
    changes: String,
    reason: Option<String>,
    request_id: Option<String>,
}

/// When an action was last done to an object.
pub async fn last(db: &mut Db, study: &StudyId, object: &str, action: &str) -> Result<Option<Timestamp>, StoreError> {
    let text = "SELECT at FROM audit WHERE study_id = $1 AND object = $2 AND action = $3 ORDER BY seq DESC LIMIT 1";
    Ok(maybe!(db, (i64,), text, study.as_str(), object, action)?.map(|(at,)| Timestamp(at)))
}

/// The newest rows about one object.
pub async fn of_object(db: &mut Db, study: &StudyId, object: &str, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
    let rows = all!(
        db,
        AuditRow,
        "SELECT seq, at, actor, actor_name, actor_role, study_id, action, object, changes, reason, request_id FROM audit
         WHERE study_id = $1 AND object = $2 ORDER BY seq DESC LIMIT $3",
        study.as_str(),
        object,
        i64::from(limit),
    )?;
    rows.into_iter()
        .map(|row| {
            Ok(AuditEntry {
                seq: row.seq,
                at: Timestamp(row.at),
                actor: row.actor,
                actor_name: row.actor_name,
                actor_role: row.actor_role,
                study_id: row.study_id.map(|s| id("study", &s)).transpose()?,
                action: row.action,
                object: row.object,
                changes: from_json("audit row's changes", &row.changes)?,
                reason: row.reason,
                request_id: row.request_id,
            })
        })
        .collect()
}
