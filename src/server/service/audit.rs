//! Audit rows of those who are no [`crate::server::auth::Actor`], and reading the trail of one object.

use crate::error::AppError;
use crate::model::audit::AuditEntry;
use crate::model::id::StudyId;
use crate::model::permission::{Action, Decision};
use crate::model::time::Timestamp;
use crate::server::auth::Actor;
use crate::server::state::App;
use crate::server::store;

fn entry(actor: &str, name: &str, study: Option<&StudyId>, at: Timestamp, action: &str, object: &str) -> AuditEntry {
    AuditEntry {
        seq: 0,
        at,
        actor: actor.to_owned(),
        actor_name: name.to_owned(),
        actor_role: "system".to_owned(),
        study_id: study.cloned(),
        action: action.to_owned(),
        object: object.to_owned(),
        changes: serde_json::Value::Null,
        reason: None,
        request_id: None,
    }
}

/// What the engine did by itself.
pub fn by_engine(study: &StudyId, at: Timestamp, action: &str, object: &str, why: &str) -> AuditEntry {
    AuditEntry { reason: Some(why.to_owned()), ..entry("engine", "Hookwell", Some(study), at, action, object) }
}

/// What the operator did at the machine, or the set-up link's holder.
pub fn by_operator(study: Option<&StudyId>, at: Timestamp, action: &str, object: &str, changes: serde_json::Value) -> AuditEntry {
    AuditEntry { changes, ..entry("operator", "Operator", study, at, action, object) }
}

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
