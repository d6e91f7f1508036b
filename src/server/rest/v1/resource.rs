//! What the API shows: the public form of each noun, apart from the model so that neither holds the other back.

use crate::model::delivery::{Attempt, BodyAccess, Delivery, DeliveryDetail, DeliveryState, FailureKind, Trigger};
use crate::model::event::{Event, EventDetail, SkipReason, Skipped};
use crate::model::event_type::EventType;
use crate::model::id::{AttemptId, DeliveryId, EventId, WebhookId};
use crate::model::time::Timestamp;
use crate::model::webhook::{Content, CredentialsShown, EventFilter, FormatOptions, PayloadFormat, Webhook, WebhookMode, WebhookStatus};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Whether the save that causes an event waits for the answer.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// It goes on at once.
    Asynchronous,
    /// It waits, at most for the webhook's timeout.
    Synchronous,
}

/// A webhook as it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookResource {
    /// Its id.
    pub id: WebhookId,
    /// Its name, unique in the study.
    #[schema(example = "CTMS enrolment")]
    pub name: String,
    /// Where events are sent.
    #[schema(example = "https://ctms.example.com/hooks")]
    pub url: String,
    /// Whether it is triggered.
    pub status: WebhookStatus,
    /// Why the engine disabled it, in a sentence.
    pub disabled_cause: Option<String>,
    /// Whether it gets live events. A new webhook starts in test.
    pub mode: WebhookMode,
    /// The event types that trigger it.
    pub events: Vec<EventType>,
    /// Which events of those types count.
    pub filter: EventFilter,
    /// How an event becomes headers and bytes.
    pub format: PayloadFormat,
    /// What the format leaves open. A format reads its own part and ignores the rest; `legacy` is the operator's.
    pub format_options: FormatOptions,
    /// What of an event leaves the study.
    pub content: Content,
    /// Whether the save that causes an event waits for the answer.
    pub delivery: DeliveryMode,
    /// Seconds until an attempt is given up.
    #[schema(example = 10)]
    pub timeout_seconds: u32,
    /// Seconds from one attempt's end to the next one's start, before ±10 % jitter.
    #[schema(example = json!([5, 30, 300]))]
    pub retry_schedule: Vec<u32>,
    /// Attempts begun a second at most; null: no limit.
    pub rate_limit: Option<u32>,
    /// Requests at once at most.
    #[schema(example = 10)]
    pub concurrency: u32,
    /// Names and a fingerprint; never a value.
    pub credentials: CredentialsShown,
    /// Counts changes, from 1. Also the `ETag`.
    #[schema(example = 1)]
    pub version: i64,
    /// Whether a sample sent with the present configuration was answered 2xx.
    pub verified: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
}

impl From<Webhook> for WebhookResource {
    fn from(w: Webhook) -> Self {
        let verified = w.is_verified();
        let s = w.settings;
        Self {
            id: w.id,
            name: s.name,
            url: s.url,
            status: w.status,
            disabled_cause: w.disabled_cause,
            mode: w.mode,
            events: s.events,
            filter: s.filter,
            format: s.format,
            format_options: s.format_options,
            content: s.content,
            delivery: if s.synchronous { DeliveryMode::Synchronous } else { DeliveryMode::Asynchronous },
            timeout_seconds: s.timeout_seconds,
            retry_schedule: s.retry_schedule.0,
            rate_limit: s.rate_limit,
            concurrency: s.concurrency,
            credentials: w.credentials,
            version: w.version,
            verified,
            created_at: w.created_at,
            updated_at: w.updated_at,
            archived_at: w.archived_at,
        }
    }
}

/// A webhook with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct WebhookWithSecret {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookResource,
    /// The signing secret; null when there is none. It cannot be read again.
    #[schema(example = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    pub secret: Option<String>,
}

/// Webhooks, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// All of them: there is no next page.
    pub items: Vec<WebhookResource>,
}

/// One event on its way to one webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryResource {
    /// Its id; sent as `webhook-id`, stable over retries.
    pub id: DeliveryId,
    /// To which webhook.
    pub webhook_id: WebhookId,
    /// Of which event.
    pub event_id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// Whom it is about: the participant's identifier, or the record's.
    #[schema(example = "TEST-0000")]
    pub subject: Option<String>,
    /// Whether it is a sample with dummy values.
    pub is_test: bool,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts that have ended.
    pub attempts: u32,
    /// When the next one is due; null when none is.
    pub next_attempt_at: Option<Timestamp>,
    /// When the event was accepted.
    pub created_at: Timestamp,
    /// When it came to a final state.
    pub finished_at: Option<Timestamp>,
    /// The last answer's HTTP status.
    pub last_status: Option<u16>,
    /// Why the last attempt failed; null after a success.
    pub last_failure: Option<FailureKind>,
    /// How long the last attempt took, in milliseconds.
    pub last_duration_ms: Option<f64>,
}

impl From<Delivery> for DeliveryResource {
    fn from(d: Delivery) -> Self {
        Self {
            id: d.id,
            webhook_id: d.webhook_id,
            event_id: d.event_id,
            event_type: d.event_type,
            subject: d.subject,
            is_test: d.is_test,
            state: d.state,
            attempts: d.attempts,
            next_attempt_at: d.next_attempt_at,
            created_at: d.created_at,
            finished_at: d.finished_at,
            last_status: d.last_status,
            last_failure: d.last_failure,
            last_duration_ms: d.last_duration.map(millis),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a duration of 285 years is exact to the microsecond still")]
fn millis(micros: i64) -> f64 {
    micros as f64 / 1000.0
}

/// A page of deliveries, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryList {
    /// The deliveries.
    pub items: Vec<DeliveryResource>,
    /// The `cursor` of the next, older page; null on the last one.
    pub next: Option<String>,
}

/// A header.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeaderField {
    /// Its name.
    #[schema(example = "content-type")]
    pub name: String,
    /// Its value; credentials are masked.
    #[schema(example = "application/json")]
    pub value: String,
}

fn fields(headers: Vec<(String, String)>) -> Vec<HeaderField> {
    headers.into_iter().map(|(name, value)| HeaderField { name, value }).collect()
}

/// What a delivery sends.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payload)]
pub struct PayloadResource {
    /// Headers of the format. Those that change by attempt are with the attempts.
    pub headers: Vec<HeaderField>,
    /// Bytes of the body.
    pub body_size: usize,
    /// The body, exactly. Null where the key may not read it: a key with `webhooks:test` reads those of samples, and no key reads a live one.
    pub body: Option<String>,
}

/// A delivery with what it sends.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryWithPayload {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryResource,
    /// The event's `source`, as its sender gave it.
    #[schema(example = "/platform/site-1")]
    pub source: String,
    /// The event's `id`, as its sender gave it.
    pub external_id: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What it sends.
    pub payload: PayloadResource,
}

impl From<DeliveryDetail> for DeliveryWithPayload {
    fn from(d: DeliveryDetail) -> Self {
        let body = (d.access == BodyAccess::Shown).then_some(d.payload.body);
        Self {
            delivery: d.delivery.into(),
            source: d.source,
            external_id: d.external_id,
            occurred_at: d.occurred_at,
            payload: PayloadResource { headers: fields(d.payload.headers), body_size: d.body_size, body },
        }
    }
}

/// How long the parts of an attempt took, in milliseconds; null: not reached, or needless.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Timing)]
pub struct TimingResource {
    /// Looking up the host's addresses.
    pub dns_ms: Option<f64>,
    /// Connecting, TLS included.
    pub connect_ms: Option<f64>,
    /// From the request's start to the answer's first byte.
    pub first_byte_ms: Option<f64>,
    /// From the start to the end.
    pub total_ms: f64,
}

/// One HTTP request of a delivery, as it went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptResource {
    /// Its id.
    pub id: AttemptId,
    /// Of which delivery.
    pub delivery_id: DeliveryId,
    /// 1 for the first.
    pub number: u32,
    /// What set it off.
    pub trigger: Trigger,
    /// Who asked for it, where somebody did.
    pub requested_by: Option<String>,
    /// Why they did.
    pub reason: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub timing: TimingResource,
    /// Where it was sent.
    pub url: String,
    /// Headers as sent, credentials masked.
    pub request_headers: Vec<HeaderField>,
    /// The answer's status.
    pub status: Option<u16>,
    /// The answer's headers, credentials masked.
    pub response_headers: Vec<HeaderField>,
    /// The answer's body, the first 16 KiB. Null where the key may not read it, or there was none.
    pub response_body: Option<String>,
    /// Whether more came than was kept.
    pub response_truncated: bool,
    /// Why it failed; null: it succeeded.
    pub failure: Option<FailureKind>,
    /// The same in a sentence.
    pub message: Option<String>,
}

impl From<Attempt> for AttemptResource {
    fn from(a: Attempt) -> Self {
        let t = a.timing;
        Self {
            id: a.id,
            delivery_id: a.delivery_id,
            number: a.number,
            trigger: a.trigger,
            requested_by: a.requested_by,
            reason: a.reason,
            started_at: a.started_at,
            timing: TimingResource {
                dns_ms: t.dns.map(millis),
                connect_ms: t.connect.map(millis),
                first_byte_ms: t.first_byte.map(millis),
                total_ms: millis(t.total),
            },
            url: a.url,
            request_headers: fields(a.request_headers),
            status: a.status,
            response_headers: fields(a.response_headers),
            response_body: a.response_body,
            response_truncated: a.response_truncated,
            failure: a.failure,
            message: a.message,
        }
    }
}

/// The attempts of a delivery, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptList {
    /// All of them: there is no next page.
    pub items: Vec<AttemptResource>,
}

/// An event as accepted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventResource {
    /// Hookwell's id for it.
    pub id: EventId,
    /// The sender's `source`.
    #[schema(example = "/platform/site-1")]
    pub source: String,
    /// The sender's `id`.
    pub external_id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// Whom it is about.
    #[schema(example = "TEST-0000")]
    pub subject: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was durable here.
    pub accepted_at: Timestamp,
    /// Whether it is a sample with dummy values.
    pub is_test: bool,
    /// What it holds. Null in lists, and where the key may not read it: a key with `webhooks:test` reads that of samples, and no key
    /// reads a live one.
    #[schema(value_type = Option<Object>)]
    pub data: Option<Value>,
}

impl From<Event> for EventResource {
    fn from(e: Event) -> Self {
        Self {
            id: e.id,
            source: e.source,
            external_id: e.external_id,
            event_type: e.event_type,
            subject: e.subject,
            occurred_at: e.occurred_at,
            accepted_at: e.accepted_at,
            is_test: e.is_test,
            data: e.data,
        }
    }
}

/// A page of events, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventList {
    /// The events.
    pub items: Vec<EventResource>,
    /// The `cursor` of the next, older page; null on the last one.
    pub next: Option<String>,
}

/// An event and where it went.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventWithDeliveries {
    /// The event.
    #[serde(flatten)]
    pub event: EventResource,
    /// Its deliveries, one for each webhook that wanted it.
    pub deliveries: Vec<DeliveryResource>,
    /// Webhooks that are subscribed to its type and that it did not go to, as they were when it was accepted.
    pub skipped: Vec<SkippedResource>,
}

/// A webhook that an event did not go to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SkippedWebhook)]
pub struct SkippedResource {
    /// Which.
    pub webhook_id: WebhookId,
    /// Its name at present.
    #[schema(example = "CTMS enrolment")]
    pub webhook_name: String,
    /// Why.
    pub reason: SkipReason,
    /// The same in a sentence.
    #[schema(example = "It was in Test mode, which gets samples only")]
    pub sentence: String,
}

impl From<EventDetail> for EventWithDeliveries {
    fn from(detail: EventDetail) -> Self {
        let skipped = |s: &Skipped| SkippedResource {
            webhook_id: s.webhook_id.clone(),
            webhook_name: detail.name_of(&s.webhook_id),
            reason: s.reason,
            sentence: s.reason.label().to_owned(),
        };
        let skipped = detail.event.skipped.iter().map(skipped).collect();
        let deliveries = detail.deliveries.into_iter().map(DeliveryResource::from).collect();
        Self { event: detail.event.into(), deliveries, skipped }
    }
}
