//! The audit trail's rows. The hash chain and the page come with the records work.

use super::id::StudyId;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place in the order, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: a user's or a key's id, or `system`.
    pub actor: String,
    /// Who, as people know them.
    pub actor_name: String,
    /// What they were: a role, `api_key` or `system`.
    pub actor_role: String,
    /// In which study; `None` for what concerns the whole installation.
    pub study_id: Option<StudyId>,
    /// What, as `noun.verb`: `webhook.updated`.
    pub action: String,
    /// To what: an id.
    pub object: String,
    /// Values before and after, as JSON; fingerprints in place of secrets.
    pub changes: serde_json::Value,
    /// Why, where a reason is asked for.
    pub reason: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
}

impl AuditEntry {
    /// What the engine did by itself.
    pub fn by_engine(study: &StudyId, at: Timestamp, action: &str, object: &str, why: &str) -> Self {
        Self { reason: Some(why.to_owned()), ..Self::by_system("engine", "Hookwell", Some(study), at, action, object) }
    }

    /// What the operator did at the machine, or the set-up link's holder.
    pub fn by_operator(study: Option<&StudyId>, at: Timestamp, action: &str, object: &str, changes: serde_json::Value) -> Self {
        Self { changes, ..Self::by_system("operator", "Operator", study, at, action, object) }
    }

    fn by_system(actor: &str, name: &str, study: Option<&StudyId>, at: Timestamp, action: &str, object: &str) -> Self {
        Self {
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
}
