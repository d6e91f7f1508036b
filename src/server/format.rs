//! Payload formats: pure functions from an event to headers and bytes (PRODUCT.md §4). The same event gives the same bytes, always.

pub mod infermedica;
pub mod mydatahelps;
pub mod standard;
pub mod survey;
pub mod trialkit;

#[cfg(test)]
mod tests;

use crate::model::delivery::Payload;
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, EventId};
use crate::model::payload_variant::PayloadVariant;
use crate::model::time::Timestamp;
use crate::model::webhook::Content;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// What a format may tell of an event.
#[derive(Debug, Clone, Copy)]
pub struct EventView<'a> {
    /// Our id.
    pub id: &'a EventId,
    /// The sender's id.
    pub external_id: &'a str,
    /// The sender's source.
    pub source: &'a str,
    /// The study's slug.
    pub study: &'a str,
    /// What happened.
    pub event_type: EventType,
    /// When it did.
    pub occurred_at: Timestamp,
    /// Whom it is about.
    pub subject: Option<&'a str>,
    /// Whether it is a sample.
    pub is_test: bool,
    /// What the sender sent.
    pub data: &'a Value,
}

impl EventView<'_> {
    /// What of `data` leaves the study.
    pub fn content(&self, content: Content) -> Cow<'_, Value> {
        match content {
            Content::IdOnly => Cow::Owned(self.event_type.identifiers_of(self.data)),
            Content::Full => Cow::Borrowed(self.data),
        }
    }
}

/// The event in a variant's format: what is the same for every delivery and attempt. `None` where the format has no body for its type
/// ([`crate::model::webhook::PayloadFormat::speaks_of`]).
pub fn render(variant: &PayloadVariant, event: &EventView<'_>) -> Option<Payload> {
    match variant {
        PayloadVariant::Standard { content } => Some(standard::render(event, *content)),
        PayloadVariant::Mydatahelps { key_case, legacy } => mydatahelps::render(event, *key_case, *legacy),
        PayloadVariant::Trialkit => trialkit::render(event),
        PayloadVariant::Infermedica => infermedica::render(event),
        PayloadVariant::Survey { content, .. } => survey::render(event, *content),
    }
}

/// The headers that a variant's format adds to one attempt: those that depend on the delivery or on the present secret.
pub fn attempt_headers(variant: &PayloadVariant, delivery: &DeliveryId, secret: Option<&str>, body: &str) -> Vec<(String, String)> {
    match variant {
        PayloadVariant::Survey { signature_header, event_header, delivery_header, .. } => {
            let names = survey::Names { signature: signature_header, event: event_header, delivery: delivery_header };
            survey::headers(names, delivery, secret, body)
        }
        PayloadVariant::Standard { .. } | PayloadVariant::Mydatahelps { .. } | PayloadVariant::Trialkit | PayloadVariant::Infermedica => {
            Vec::new()
        }
    }
}

/// A text within `data`, by its JSON pointer; `None` where the platform sent none.
fn text<'a>(data: &'a Value, path: &str) -> Option<&'a str> {
    data.pointer(path).and_then(Value::as_str)
}

/// A body of plain JSON.
fn json_payload(body: &impl Serialize) -> Payload {
    Payload {
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        // Text, numbers and JSON values always serialise; only a time outside of the years -9999 to 9999 would not.
        body: serde_json::to_string(body).unwrap_or_default(),
    }
}
