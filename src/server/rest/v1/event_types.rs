//! `/api/v1/event-types`: the catalogue.

use crate::model::event_type::EventType;
use crate::server::rest::extract::ApiActor;
use crate::server::rest::problem::Always;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A type of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventTypeResource {
    /// Its name on the wire.
    name: EventType,
    /// As a person reads it.
    #[schema(example = "Form completed")]
    label: &'static str,
    /// When it happens.
    description: &'static str,
    /// Members of `data` that an `id-only` webhook is sent.
    identifiers: &'static [&'static str],
    /// Whether a webhook can choose it.
    can_be_subscribed: bool,
    /// Whether a platform can publish it.
    can_be_published: bool,
    /// JSON Schema (2020-12) of `data`.
    #[schema(value_type = Object)]
    schema: Value,
    /// An example of `data`.
    #[schema(value_type = Object)]
    example: Value,
}

/// The catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventTypeList {
    /// Every type.
    items: Vec<EventTypeResource>,
}

/// List event types
///
/// The catalogue: each type with its schema and an example. Any key may read it.
#[utoipa::path(get, path = "/api/v1/event-types", tag = "Event types",
    responses((status = 200, description = "The catalogue.", body = EventTypeList), Always))]
pub async fn list_event_types(_: ApiActor) -> axum::Json<EventTypeList> {
    let items = EventType::ALL.iter().map(|t| EventTypeResource {
        name: *t,
        label: t.label(),
        description: t.description(),
        identifiers: t.identifiers(),
        can_be_subscribed: t.can_be_subscribed(),
        can_be_published: t.can_be_published(),
        schema: t.schema(),
        example: t.example(),
    });
    axum::Json(EventTypeList { items: items.collect() })
}
