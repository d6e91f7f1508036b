//! The use cases. Each takes the actor and asks the permission table first; a transaction begins here and holds the change and
//! its audit row together. Pages, server functions, REST and the command line all come through here.

pub mod api_keys;
pub mod audit;
pub mod deliveries;
pub mod events;
pub mod forms;
pub mod imports;
pub mod integrations;
pub mod notices;
pub mod outbox;
pub mod participants;
pub mod people;
pub mod preview;
pub mod records;
pub mod replays;
pub mod responses;
pub mod samples;
pub mod saved;
pub mod schedules;
pub mod sites;
pub mod webhooks;

use super::store::StoreError;
use crate::error::{AppError, invalid};
use crate::model::delivery::BodyAccess;
use crate::model::permission::{Action, Decision};
use crate::server::auth::Actor;
use crate::server::state::App;
use serde_json::json;

/// A reason as typed, where one must be given: 3–500 characters.
///
/// # Errors
/// On the field `reason`.
pub fn check_reason(reason: &str) -> Result<&str, AppError> {
    let reason = reason.trim();
    if (3..=500).contains(&reason.chars().count()) {
        Ok(reason)
    } else {
        Err(invalid("reason", "say why, in 3–500 characters; it goes into the audit trail"))
    }
}

/// How much of a payload, a response body or an event's data the actor sees. What is live is shown only to those who may read it and ask to
/// (`reveal`): their reading of `object` is written into the audit trail as `action`, before anything is shown.
async fn body_access(app: &App, actor: &Actor, test: bool, reveal: bool, action: &str, object: &str) -> Result<BodyAccess, AppError> {
    match actor.decide(Action::ReadBody { test }) {
        Decision::Allow if test => Ok(BodyAccess::Shown),
        Decision::Allow if reveal => {
            let mut tx = app.store.begin().await?;
            actor.audit(&mut tx, app.clock.now(), action, object, json!({}), None).await?;
            tx.commit().await?;
            Ok(BodyAccess::Shown)
        }
        Decision::Allow | Decision::Redacted => Ok(BodyAccess::Redacted),
        Decision::Own | Decision::Deny => Ok(BodyAccess::Hidden),
    }
}

/// What was written under a name that no other thing of its kind in the study may have.
///
/// # Errors
/// On the field `name`, when another has it.
fn name_free<T>(noun: &str, name: &str, written: Result<T, StoreError>) -> Result<T, AppError> {
    match written {
        Err(StoreError::Duplicate(_)) => Err(invalid("name", format!("{name:?} is the name of another {noun} of this study"))),
        done => Ok(done?),
    }
}
