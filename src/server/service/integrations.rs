//! The Integrations switch of a study.

use super::check_reason;
use crate::error::{AppError, not_found};
use crate::model::permission::Action;
use crate::model::study::Study;
use crate::server::auth::Actor;
use crate::server::state::App;
use crate::server::store::studies;
use serde_json::json;

/// Switches Integrations on or off, at once. Off, nothing is delivered; what was accepted waits.
///
/// # Errors
/// 403 for all but an implementation manager; a missing reason.
pub async fn switch(app: &App, actor: &Actor, enabled: bool, reason: &str) -> Result<Study, AppError> {
    actor.require(Action::SwitchIntegrations)?;
    let reason = check_reason(reason)?;
    let mut tx = app.store.begin().await?;
    let Some(study) = studies::find(&mut tx, &actor.study.id).await? else { return Err(not_found("study")) };
    studies::set_integrations(&mut tx, &study.id, enabled).await?;
    let changes = json!({"integrations_enabled": [study.integrations_enabled, enabled]});
    let action = if enabled { "integrations.enabled" } else { "integrations.disabled" };
    actor.audit(&mut tx, app.clock.now(), action, study.id.as_str(), changes, Some(reason)).await?;
    tx.commit().await?;
    app.engine.wake();
    Ok(Study { integrations_enabled: enabled, ..study })
}
