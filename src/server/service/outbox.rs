//! The outbox's chore: publishes operational events, and tells administrators of those that want something done.

use crate::model::event::NewEvent;
use crate::model::event_type::EventType;
use crate::model::id::StudyId;
use crate::model::study::Study;
use crate::server::engine::intake::{self, Audience, Planned, Receivers};
use crate::server::state::App;
use crate::server::store::outbox::{self, Waiting};
use crate::server::store::{StoreError, Tx, notice_mails, notices, studies};
use serde_json::Value;
use std::collections::HashMap;

/// The `source` of operational events.
pub const SOURCE: &str = "/hookwell/engine";

/// Events published in one commit.
const STEP: u32 = 100;

/// Publishes what waits, by one step, whatever the study. Says whether there may be more to do.
///
/// # Errors
/// When the database fails; the step is as if it had not been.
pub async fn carry_on(app: &App) -> Result<bool, StoreError> {
    let mut db = app.store.read().await?;
    let waiting = outbox::waiting(&mut db, STEP).await?;
    drop(db);
    if waiting.is_empty() {
        return Ok(false);
    }
    let mut of_study = HashMap::<StudyId, (Study, Receivers)>::new();
    for row in &waiting {
        if !of_study.contains_key(&row.study_id) {
            of_study.insert(row.study_id.clone(), study_with_webhooks(app, &row.study_id).await?);
        }
    }
    let mut tx = app.store.begin().await?;
    // All rows before any study: two nodes that lock in the same order wait for each other instead of in a circle.
    let mut taken = Vec::with_capacity(waiting.len());
    for row in &waiting {
        if outbox::take(&mut tx, &row.study_id, &row.id).await? {
            taken.push(row);
        }
    }
    let mut published = Vec::with_capacity(taken.len());
    for row in &taken {
        let Some((study, hooks)) = of_study.get(&row.study_id) else { continue };
        let audience = Audience::AllBut(&row.webhook_id);
        let mut planned = Planned::new(&app.engine, study, hooks, vec![event(row)], audience, false);
        planned.write(&app.engine, &mut tx).await?;
        published.push(planned);
    }
    taken.sort_by(|a, b| a.study_id.cmp(&b.study_id));
    for row in taken {
        tell(app, &mut tx, row).await?;
    }
    tx.commit().await?;
    for planned in published {
        planned.committed(&app.engine);
    }
    Ok(true)
}

async fn study_with_webhooks(app: &App, id: &StudyId) -> Result<(Study, Receivers), StoreError> {
    let mut db = app.store.read().await?;
    let found = studies::find(&mut db, id).await?;
    drop(db);
    let study = found.ok_or_else(|| StoreError::Corrupt { what: "outbox", why: format!("there is no study {id}") })?;
    let hooks = intake::webhooks_of(&app.engine, &study).await?;
    Ok((study, hooks))
}

fn event(row: &Waiting) -> NewEvent {
    NewEvent {
        source: SOURCE.to_owned(),
        external_id: row.id.clone(),
        event_type: row.event_type,
        occurred_at: Some(row.created_at),
        data: row.data.clone(),
    }
}

/// Writes a notice, and lets it be mailed where mail is set up. Only what needs somebody to act is worth one.
async fn tell(app: &App, tx: &mut Tx, row: &Waiting) -> Result<(), StoreError> {
    if row.event_type != EventType::WebhookDisabled {
        return Ok(());
    }
    let text = |path: &str| row.data.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let message = format!("Hookwell switched “{}” off. {}", text("/webhook/name"), text("/cause"));
    studies::hold(tx, &row.study_id).await?;
    let number = notices::insert(tx, &row.study_id, row.event_type, &row.webhook_id, message.trim(), row.created_at).await?;
    if app.mailer.is_some() {
        notice_mails::insert(tx, &row.study_id, number, app.clock.now()).await?;
    }
    Ok(())
}
