//! API keys. The secret is not kept, only its SHA-256.

use super::{Db, StoreError, Tx, all, from_json, id, maybe, run, to_json};
use crate::model::api_key::ApiKey;
use crate::model::id::{ApiKeyId, StudyId};
use crate::model::time::{MINUTE, Timestamp};

#[derive(sqlx::FromRow)]
struct KeyRow {
    id: String,
    study_id: String,
    name: String,
    hint: String,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        Ok(ApiKey {
            id: id("API key", &row.id)?,
            study_id: id("API key", &row.study_id)?,
            name: row.name,
            hint: row.hint,
            scopes: from_json("API key's scopes", &row.scopes)?,
            created_at: Timestamp(row.created_at),
            expires_at: row.expires_at.map(Timestamp),
            last_used_at: row.last_used_at.map(Timestamp),
            revoked_at: row.revoked_at.map(Timestamp),
        })
    }
}

const SELECT: &str = "SELECT id, study_id, name, hint, scopes, created_at, expires_at, last_used_at, revoked_at FROM api_keys";

/// Adds a key.
pub async fn insert(tx: &mut Tx, key: &ApiKey, secret_hash: &[u8]) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO api_keys (id, study_id, name, hint, secret_hash, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        key.id.as_str(),
        key.study_id.as_str(),
        &key.name,
        &key.hint,
        secret_hash,
        to_json("API key's scopes", &key.scopes)?,
        key.created_at.micros(),
        key.expires_at.map(Timestamp::micros),
    )?;
    Ok(())
}

/// By the hash of the secret that a request came with. Also finds revoked and expired ones: the caller says which it was.
pub async fn find_by_secret(db: &mut Db, secret_hash: &[u8]) -> Result<Option<ApiKey>, StoreError> {
    maybe!(db, KeyRow, format!("{SELECT} WHERE secret_hash = $1"), secret_hash)?.map(ApiKey::try_from).transpose()
}

/// The keys of a study, newest first, revoked ones last.
pub async fn of_study(db: &mut Db, study: &StudyId) -> Result<Vec<ApiKey>, StoreError> {
    let rows = all!(db, KeyRow, format!("{SELECT} WHERE study_id = $1 ORDER BY (revoked_at IS NOT NULL), id DESC"), study.as_str())?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// Revokes a key. `None` when there is none such that still works.
pub async fn revoke(tx: &mut Tx, study: &StudyId, key: &ApiKeyId, at: Timestamp) -> Result<Option<ApiKey>, StoreError> {
    let row = maybe!(
        tx,
        KeyRow,
        "UPDATE api_keys SET revoked_at = $3 WHERE study_id = $1 AND id = $2 AND revoked_at IS NULL
         RETURNING id, study_id, name, hint, scopes, created_at, expires_at, last_used_at, revoked_at",
        study.as_str(),
        key.as_str(),
        at.micros(),
    )?;
    row.map(ApiKey::try_from).transpose()
}

/// Whether [`touch`] would change anything: a busy key writes once a minute, not at every request.
pub fn needs_touch(key: &ApiKey, now: Timestamp) -> bool {
    key.last_used_at.is_none_or(|at| now.since(at) >= MINUTE)
}

/// Notes that a key was used.
pub async fn touch(tx: &mut Tx, key: &ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
    run!(tx, "UPDATE api_keys SET last_used_at = $2 WHERE id = $1", key.as_str(), now.micros())?;
    Ok(())
}
