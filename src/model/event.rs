//! Events: as a platform sends them (CloudEvents 1.0) and as they were accepted.

use super::event_type::EventType;
use super::id::{DeliveryId, EventId, StudyId};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bytes of one event at most.
pub const EVENT_MAX: usize = 256 * 1024;
/// Bytes of a batch at most.
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Events of a batch at most.
pub const BATCH_MAX: usize = 1000;

/// An event, checked, not yet accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// CloudEvents `source`: with `external_id` the idempotency key.
    pub source: String,
    /// CloudEvents `id`.
    pub external_id: String,
    /// What happened.
    pub event_type: EventType,
    /// CloudEvents `time`: when it happened at the platform.
    pub occurred_at: Option<Timestamp>,
    /// CloudEvents `data`.
    pub data: Value,
}

/// An event as accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Ours.
    pub id: EventId,
    /// Its study.
    pub study_id: StudyId,
    /// The sender's `source`.
    pub source: String,
    /// The sender's `id`.
    pub external_id: String,
    /// What happened.
    pub event_type: EventType,
    /// Whom it is about.
    pub subject: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was durable here.
    pub accepted_at: Timestamp,
    /// Whether it is a sample.
    pub is_test: bool,
    /// What it holds. `None` where the reader may not see it.
    pub data: Option<Value>,
}

/// What became of one published event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Accepted {
    /// Our id for it.
    pub event_id: EventId,
    /// The sender's `source`.
    pub source: String,
    /// The sender's `id`.
    pub id: String,
    /// True when it was seen before: nothing is delivered twice.
    pub duplicate: bool,
    /// The deliveries it makes, one for each webhook that wants it. Empty for a duplicate.
    pub delivery_ids: Vec<DeliveryId>,
}
