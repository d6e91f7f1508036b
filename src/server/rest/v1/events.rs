//! `/api/v1/events`: publish (CloudEvents 1.0), list, read.

use super::deliveries::check_limit;
use super::resource::{EventList, EventResource, EventWithDeliveries};
use crate::error::{AppError, invalid};
use crate::model::event::{Accepted, BATCH_BYTES_MAX, EVENT_MAX};
use crate::model::event_type::EventType;
use crate::model::id::EventId;
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Id, Params, media_type, parse, read_body};
use crate::server::rest::prefer::{Prefer, Waited};
use crate::server::rest::problem::{Always, OfBody, OfOne, OfQuery, OfWait, Problem};
use crate::server::service::events;
use crate::server::state::App;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

const ONE: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
const EITHER: &str = "application/json";

/// An event as CloudEvents 1.0 has it, in structured mode. Other attributes are allowed and not kept.
#[derive(ToSchema)]
#[schema(example = json!({
    "specversion": "1.0", "id": "response-4711-completed", "source": "/platform/site-1", "type": "form.completed", "time": "2026-11-21T09:30:00Z",
    "data": {
        "participant": {"id": "p-1", "identifier": "TEST-0000"}, "form": {"id": "f-1", "name": "Test form"},
        "response": {"id": "r-4711", "status": "completed"},
    },
}))]
#[expect(dead_code, reason = "describes what the service reads as a plain value, so that it can name each wrong member")]
pub struct CloudEvent {
    /// `1.0`.
    #[schema(example = "1.0")]
    specversion: String,
    /// The sender's id, 1–200 characters: with `source` it tells a repetition.
    #[schema(example = "response-4711-completed")]
    id: String,
    /// Where it comes from, 1–500 characters.
    #[schema(example = "/platform/site-1")]
    source: String,
    /// A type of the catalogue.
    #[schema(value_type = EventType)]
    r#type: String,
    /// When it happened; default: now.
    #[schema(value_type = Option<Timestamp>)]
    time: Option<String>,
    /// `application/json`, if given.
    #[schema(example = "application/json")]
    datacontenttype: Option<String>,
    /// What happened, by the type's schema in the catalogue.
    #[schema(value_type = Object)]
    data: Value,
}

/// One event, or a batch of 1 to 1,000.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "documentation, as CloudEvent")]
pub enum CloudEvents {
    /// One.
    One(CloudEvent),
    /// Several, accepted all or none.
    Batch(Vec<CloudEvent>),
}

/// What became of what was published: of one event, or of each of a batch in its order.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Published {
    /// Of one.
    One(Accepted),
    /// Of a batch.
    Batch(Vec<Accepted>),
    /// Of a batch whose sender waited.
    Waited(AcceptedList),
}

/// What became of each event of a batch, in its order, where `webhooks` stands beside it.
#[derive(Serialize, ToSchema)]
pub struct AcceptedList {
    /// One for each event.
    items: Vec<Accepted>,
}

/// What is answered with 200.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "documentation: the body is written by `Prefer::answer`")]
pub enum KnownOrWaited {
    /// All of it was known; nobody waited.
    Known(Published),
    /// The sender waited: one event.
    One(Waited<Accepted>),
    /// The sender waited: a batch.
    Batch(Waited<AcceptedList>),
}

fn check_size(event: &str, place: &str) -> Result<(), AppError> {
    if event.len() <= EVENT_MAX {
        return Ok(());
    }
    Err(AppError::TooLarge(format!("{place} has {} bytes; an event has at most {EVENT_MAX}.", event.len())))
}

/// Reads one event or a batch, and measures each by its own bytes.
fn read(body: &[u8], media: &str) -> Result<Value, Problem> {
    let batch = body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[');
    match (media, batch) {
        (ONE, true) => return Err(AppError::Malformed(format!("{ONE} is one event; send a batch as {BATCH}.")).into()),
        (BATCH, false) => return Err(AppError::Malformed(format!("{BATCH} is an array; send one event as {ONE}.")).into()),
        _ => {}
    }
    if batch {
        for (index, event) in parse::<Vec<&RawValue>>(body)?.iter().enumerate() {
            check_size(event.get(), &format!("events[{index}]"))?;
        }
    } else {
        check_size(parse::<&RawValue>(body)?.get(), "The event")?;
    }
    parse(body)
}

/// Publish events
///
/// One CloudEvent, or an array of up to 1,000, accepted all or none. An event has at most 256 KiB, a batch at most 4 MiB. What is answered
/// is durable. `(source, id)` tells a repetition: it is answered as before, and nothing is delivered twice. 202 when anything was new,
/// 200 when all of it was known.
///
/// With `Prefer: wait=N` synchronous webhooks are waited for: 200 with `webhooks` when all of them took it (a batch stands under `items`
/// then), else 502 or 504, and what was sent is accepted all the same. Needs the scope `events:write`.
#[utoipa::path(post, path = "/api/v1/events", tag = "Events", params(Prefer),
    request_body(
        content((CloudEvents = "application/json"), (CloudEvent = "application/cloudevents+json"), (Vec<CloudEvent> = "application/cloudevents-batch+json")),
        description = "One event or a batch."),
    responses(
        (status = 202, description = "Accepted; something of it was new.", body = Published),
        (status = 200, description = "All of it was known already, nothing is delivered again; or the sender waited, and each synchronous webhook took it.",
            body = KnownOrWaited),
        OfWait, OfBody, Always))]
pub async fn publish_events(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    prefer: Prefer,
    request: Request,
) -> Result<Response, Problem> {
    let media = media_type(request.headers(), &[ONE, BATCH, EITHER])?;
    let body = read_body(request, BATCH_BYTES_MAX).await?;
    let value = read(&body, media)?;
    let batch = value.is_array();
    let saved = events::accept(&app, &actor, &value, prefer.waits()).await?;
    let mut accepted = saved.accepted.clone();
    let status = if accepted.iter().all(|a| a.duplicate) { StatusCode::OK } else { StatusCode::ACCEPTED };
    let published = match accepted.pop() {
        Some(one) if !batch => Published::One(one),
        last => {
            accepted.extend(last);
            if prefer.waits() { Published::Waited(AcceptedList { items: accepted }) } else { Published::Batch(accepted) }
        }
    };
    Ok(prefer.answer(&app, saved.map(|()| published), status, ()).await)
}

/// Which page of events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EventParams {
    /// Where the page starts: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: String,
    /// Events a page, 1–200; default 50.
    #[param(value_type = Option<u32>)]
    limit: String,
}

/// List events
///
/// The study's events, newest first, a page at a time, without their data. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v1/events", tag = "Events", params(EventParams),
    responses((status = 200, description = "A page of events.", body = EventList), OfQuery, Always))]
pub async fn list_events(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Params(params): Params<EventParams>,
) -> Result<axum::Json<EventList>, Problem> {
    let limit = check_limit(&params.limit)?;
    let cursor: Option<EventId> = match params.cursor.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| invalid("cursor", "is not one that this list gave"))?),
    };
    let page = events::list(&app, &actor, cursor.as_ref(), limit).await?.map(EventResource::from);
    Ok(axum::Json(EventList { items: page.items, next: page.next }))
}

/// Read an event
///
/// With its deliveries, and the webhooks that are subscribed to its type and that it did not go to, with the reason. Its data is there for samples and a key with `webhooks:test` alone. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "Events", params(("id" = EventId, Path, description = "The event's id, as Hookwell gave it.")),
    responses((status = 200, description = "The event.", body = EventWithDeliveries), OfOne, Always))]
pub async fn get_event(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<EventId>,
) -> Result<axum::Json<EventWithDeliveries>, Problem> {
    Ok(axum::Json(events::get(&app, &actor, &id, true).await?.into()))
}
