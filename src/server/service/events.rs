//! Events: published by platforms as CloudEvents 1.0, and read back.

use super::body_access;
use super::saved::Saved;
use crate::error::{AppError, not_found};
use crate::model::delivery::BodyAccess;
use crate::model::event::{Accepted, Event, EventDetail, NewEvent};
use crate::model::event_type::EventType;
use crate::model::id::EventId;
use crate::model::page::Page;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::time::Timestamp;
use crate::server::auth::Actor;
use crate::server::engine::intake;
use crate::server::state::App;
use crate::server::store::{deliveries, events, webhooks};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

static VALIDATORS: LazyLock<HashMap<EventType, jsonschema::Validator>> = LazyLock::new(|| {
    // A schema of ours that does not compile fails the catalogue's test.
    EventType::ALL.iter().filter_map(|t| jsonschema::validator_for(&t.schema()).ok().map(|v| (*t, v))).collect()
});

/// What of `data` does not fit the type's schema, each with its path, e.g. `data.participant.id`. Values are not repeated: they may
/// be a patient's.
pub fn schema_errors(event_type: EventType, data: &Value) -> FieldErrors {
    let Some(validator) = VALIDATORS.get(&event_type) else { return FieldErrors::one("type", "has no schema") };
    let mut errors = FieldErrors::default();
    for error in validator.iter_errors(data) {
        let path = error.instance_path().to_string().replace('/', ".");
        errors.add(format!("data{path}"), error.masked_with("the value").to_string());
    }
    errors
}

/// Reads one CloudEvent, as JSON of the structured mode. `place` names it in errors: empty for a single one, `events[3].` in a batch.
fn read(value: &Value, place: &str, errors: &mut FieldErrors) -> Option<NewEvent> {
    let before = errors.0.len();
    let Some(object) = value.as_object() else {
        errors.add(place.trim_end_matches('.'), "must be a CloudEvent: a JSON object");
        return None;
    };
    let mut text = |name: &str, most: usize| match object.get(name) {
        Some(Value::String(s)) if !s.is_empty() && s.chars().count() <= most && !s.chars().any(char::is_control) => Some(s.clone()),
        Some(_) => {
            errors.add(format!("{place}{name}"), format!("must be text of 1–{most} characters without control characters"));
            None
        }
        None => {
            errors.add(format!("{place}{name}"), "is missing");
            None
        }
    };
    let spec = text("specversion", 10);
    let id = text("id", 200);
    let source = text("source", 500);
    let kind = text("type", 200);
    if spec.is_some_and(|s| s != "1.0") {
        errors.add(format!("{place}specversion"), "must be 1.0");
    }
    let event_type = kind.and_then(|name| match EventType::parse(&name) {
        Some(t) if t.can_be_published() => Some(t),
        Some(_) => {
            errors.add(format!("{place}type"), format!("{name} is published by Hookwell alone"));
            None
        }
        None => {
            errors.add(format!("{place}type"), "is not of the catalogue; see /api/v1/event-types");
            None
        }
    });
    let occurred_at = object.get("time").and_then(|t| {
        let read = t.as_str().and_then(Timestamp::parse);
        if read.is_none() {
            errors.add(format!("{place}time"), "must be RFC 3339, such as 2026-11-21T09:30:00Z");
        }
        read
    });
    if object.get("datacontenttype").is_some_and(|t| !t.as_str().is_some_and(|t| t.starts_with("application/json"))) {
        errors.add(format!("{place}datacontenttype"), "must be application/json");
    }
    let data = object.get("data").cloned().unwrap_or(Value::Null);
    if let Some(event_type) = event_type {
        for error in schema_errors(event_type, &data).0 {
            errors.add(format!("{place}{}", error.field), error.message);
        }
    }
    if errors.0.len() > before {
        return None;
    }
    Some(NewEvent { source: source?, external_id: id?, event_type: event_type?, occurred_at, data })
}

/// Accepts one CloudEvent or a batch, all or nothing, without waiting for any webhook. What is answered is durable.
///
/// # Errors
/// As [`accept`].
pub async fn publish(app: &App, actor: &Actor, body: &Value) -> Result<Vec<Accepted>, AppError> {
    Ok(accept(app, actor, body, false).await?.accepted)
}

/// Accepts one CloudEvent or a batch, all or nothing. What is answered is durable.
///
/// # Errors
/// 403; each wrong member, with its place in the batch; 503 when nothing could be kept.
///
/// With `waits`, deliveries of synchronous webhooks are left to the caller, who calls [`Saved::wait`].
pub async fn accept(app: &App, actor: &Actor, body: &Value, waits: bool) -> Result<Saved<()>, AppError> {
    actor.require(Action::PublishEvents)?;
    actor.require_integrations()?;
    let mut errors = FieldErrors::default();
    let new: Vec<NewEvent> = match body {
        Value::Array(items) if items.is_empty() => {
            errors.add("events", "a batch holds at least one event");
            Vec::new()
        }
        Value::Array(items) if items.len() > crate::model::event::BATCH_MAX => {
            return Err(AppError::TooLarge(format!(
                "A batch holds at most {} events; this one has {}.",
                crate::model::event::BATCH_MAX,
                items.len()
            )));
        }
        Value::Array(items) => {
            let mut new = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                new.extend(read(item, &format!("events[{index}]."), &mut errors));
                // A batch that is wrong throughout is not answered with a book.
                if errors.0.len() >= 100 {
                    break;
                }
            }
            new
        }
        one => read(one, "", &mut errors).into_iter().collect(),
    };
    errors.into_result(|| ())?;
    Ok(Saved::new((), intake::accept(&app.engine, &actor.study, new, waits).await?))
}

/// The events of the actor's study, newest first.
///
/// # Errors
/// 403; a wrong cursor.
pub async fn list(app: &App, actor: &Actor, cursor: Option<&EventId>, limit: u32) -> Result<Page<Event>, AppError> {
    actor.require(Action::ReadMetadata)?;
    let mut db = app.store.read().await?;
    let page = events::list(&mut db, &actor.study.id, cursor, limit).await?;
    // A list is metadata: reading a body is one event's, and audited.
    Ok(page.map(|e| Event { data: None, ..e }))
}

/// One event with its deliveries and the webhooks that it did not go to. Its data is in it where the actor may read that: a sample's always, a
/// live one's where they ask to. `reveal` writes a live one's reading into the audit trail.
///
/// # Errors
/// 403, 404.
pub async fn get(app: &App, actor: &Actor, id: &EventId, reveal: bool) -> Result<EventDetail, AppError> {
    actor.require(Action::ReadMetadata)?;
    let study = &actor.study.id;
    let mut db = app.store.read().await?;
    let Some(mut event) = events::find(&mut db, study, id).await? else { return Err(not_found("event")) };
    let deliveries = deliveries::of_event(&mut db, study, id).await?;
    let about: BTreeSet<_> = deliveries.iter().map(|d| &d.webhook_id).chain(event.skipped.iter().map(|s| &s.webhook_id)).cloned().collect();
    let hooks = webhooks::of_study(&mut db, study, true).await?;
    drop(db);
    let webhook_names = hooks.into_iter().filter(|w| about.contains(&w.id)).map(|w| (w.id, w.settings.name)).collect();
    let access = body_access(app, actor, event.is_test, reveal, "event.body_read", id.as_str()).await?;
    if access != BodyAccess::Shown {
        event.data = None;
    }
    Ok(EventDetail { event, access, deliveries, webhook_names })
}
