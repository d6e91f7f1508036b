//! Reading the audit trail of one object.

use crate::error::AppError;
use crate::model::audit::AuditEntry;
use crate::model::permission::{Action, Decision};
use crate::server::auth::Actor;
use crate::server::state::App;
use crate::server::store;

/// What was done to one object of the actor's study, newest first.
///
/// # Errors
/// 403.
pub async fn of_object(app: &App, actor: &Actor, object: &str) -> Result<Vec<AuditEntry>, AppError> {
    let decision = actor.require(Action::ReadAudit)?;
    let mut db = app.store.read().await?;
    let mut entries = store::audit::of_object(&mut db, &actor.study.id, object, 100).await?;
    if decision == Decision::Own {
        entries.retain(|e| e.actor == actor.id());
    }
    Ok(entries)
}
