//! Named values of the installation, e.g. the check of the master key.

use super::{Db, StoreError, Tx, maybe, run};

/// A value, if it was set.
pub async fn find(db: &mut Db, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(maybe!(db, (Vec<u8>,), "SELECT value FROM settings WHERE name = $1", name)?.map(|row| row.0))
}

/// Sets a value.
pub async fn set(tx: &mut Tx, name: &str, value: &[u8]) -> Result<(), StoreError> {
    run!(tx, "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)?;
    Ok(())
}
