//! Payload formats: pure functions from an event to headers and bytes (PRODUCT.md §4). The same event gives the same bytes, always.

pub mod standard;

use crate::model::delivery::Payload;
use crate::model::event_type::EventType;
use crate::model::id::EventId;
use crate::model::time::Timestamp;
use crate::model::webhook::{Content, PayloadFormat};
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

/// The event in a webhook's format.
pub fn render(format: PayloadFormat, event: &EventView<'_>, content: Content) -> Payload {
    match format {
        _ => standard::render(event, content),
    }
}
