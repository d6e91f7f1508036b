//! Events: as a platform sends them (CloudEvents 1.0) and as they were accepted.

use super::delivery::{BodyAccess, Delivery};
use super::event_type::EventType;
use super::id::{DeliveryId, EventId, StudyId, WebhookId};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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
    /// Webhooks that are subscribed to its type and that it did not go to, as they were when it was accepted.
    pub skipped: Vec<Skipped>,
}

/// Why an event did not go to a webhook that is subscribed to its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum SkipReason {
    /// Its list of forms and surveys does not hold this one.
    Form,
    /// Its list of sites does not hold this one.
    Site,
    /// The schedule does not name it among the webhooks to call.
    NotNamed,
    /// It is what the event tells of.
    ItsOwn,
    /// It was in Test mode, which gets samples only.
    TestMode,
    /// An administrator had paused it.
    Inactive,
    /// Hookwell had disabled it.
    Disabled,
    /// The study's Integrations were off.
    Locked,
}

text_enum!(SkipReason {
    Form = "form" / "Its list of forms and surveys does not hold this one",
    Site = "site" / "Its list of sites does not hold this one",
    NotNamed = "not_named" / "The schedule does not name it as a webhook to call",
    ItsOwn = "its_own" / "The event is about this webhook itself",
    TestMode = "test_mode" / "It was in Test mode, which gets samples only",
    Inactive = "inactive" / "It was inactive",
    Disabled = "disabled" / "Hookwell had disabled it",
    Locked = "locked" / "Integrations were not enabled for the study",
});

impl SkipReason {
    /// Whether it is the webhook's own filter, or its schedule's, that held the event back.
    pub fn is_filter(self) -> bool {
        matches!(self, SkipReason::Form | SkipReason::Site | SkipReason::NotNamed)
    }
}

/// A webhook that an event did not go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Skipped {
    /// Which.
    pub webhook_id: WebhookId,
    /// Why.
    pub reason: SkipReason,
}

/// Everything about one event, for its page: where it went, where it did not go, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventDetail {
    /// The event; its data is in it where `access` is [`BodyAccess::Shown`].
    pub event: Event,
    /// How much of its data the reader sees.
    pub access: BodyAccess,
    /// Its deliveries, in the order in which they were made.
    pub deliveries: Vec<Delivery>,
    /// Names of the webhooks of `deliveries` and of [`Event::skipped`], as they are at present.
    pub webhook_names: BTreeMap<WebhookId, String>,
}

impl EventDetail {
    /// What a webhook is called; its id, where that is not known.
    pub fn name_of(&self, webhook: &WebhookId) -> String {
        self.webhook_names.get(webhook).cloned().unwrap_or_else(|| webhook.to_string())
    }
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
