//! Browser sessions. The cookie's value is not kept, only its hash.

use super::{Db, StoreError, Tx, maybe, run};
use crate::model::id::UserId;
use crate::model::time::Timestamp;

/// What a session holds, as JSON, if it is there and has not expired.
pub async fn find(db: &mut Db, id_hash: &[u8], now: Timestamp) -> Result<Option<(String, Timestamp)>, StoreError> {
    let row =
        maybe!(db, (String, i64), "SELECT data, expires_at FROM sessions WHERE id_hash = $1 AND expires_at > $2", id_hash, now.micros())?;
    Ok(row.map(|(data, expires_at)| (data, Timestamp(expires_at))))
}

/// Keeps a session, new or changed.
pub async fn save(tx: &mut Tx, id_hash: &[u8], user: Option<&UserId>, data: &str, expires_at: Timestamp) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO sessions (id_hash, user_id, data, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id_hash) DO UPDATE SET user_id = excluded.user_id, data = excluded.data, expires_at = excluded.expires_at",
        id_hash,
        user.map(UserId::as_str),
        data,
        expires_at.micros(),
    )?;
    Ok(())
}

/// Ends a session.
pub async fn delete(tx: &mut Tx, id_hash: &[u8]) -> Result<(), StoreError> {
    run!(tx, "DELETE FROM sessions WHERE id_hash = $1", id_hash)?;
    Ok(())
}

/// Ends every session of somebody but one: after a change of password.
pub async fn delete_others(tx: &mut Tx, user: &UserId, keep: Option<&[u8]>) -> Result<u64, StoreError> {
    run!(tx, "DELETE FROM sessions WHERE user_id = $1 AND ($2 IS NULL OR id_hash <> $2)", user.as_str(), keep)
}

/// Clears away what has expired.
pub async fn prune(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    run!(tx, "DELETE FROM sessions WHERE expires_at <= $1", now.micros())
}
