//! A delivery (one event on its way to one webhook), its attempts (one HTTP request each), and how to look for them.

use super::event_type::EventType;
use super::id::{AttemptId, DeliveryId, EventId, ReplayId, StudyId, WebhookId};
use super::problem::FieldErrors;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum DeliveryState {
    /// Accepted; its first attempt has not ended. Becomes delivered, retrying, exhausted or cancelled.
    Pending,
    /// At least one attempt failed and another is planned. Becomes delivered, exhausted or cancelled.
    Retrying,
    /// Answered 2xx. Final.
    Delivered,
    /// Failed, and no attempt is left. Only a retry by hand or a replay brings it back.
    Exhausted,
    /// Its webhook was archived, or disabled by a 410, before it arrived. As exhausted.
    Cancelled,
}

text_enum!(DeliveryState {
    Pending = "pending" / "Pending",
    Retrying = "retrying" / "Retrying",
    Delivered = "delivered" / "Delivered",
    Exhausted = "exhausted" / "Exhausted",
    Cancelled = "cancelled" / "Cancelled",
});

impl DeliveryState {
    /// Whether an attempt is still to come.
    pub fn is_waiting(self) -> bool {
        matches!(self, DeliveryState::Pending | DeliveryState::Retrying)
    }
}

/// Why an attempt failed: a closed set (PRODUCT.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum FailureKind {
    /// The host's name has no address.
    Dns,
    /// No connection: refused, unreachable, reset before the request was out.
    Connect,
    /// No secure connection: the certificate or the handshake.
    Tls,
    /// No whole answer within the webhook's timeout.
    Timeout,
    /// An answer that is not 2xx.
    HttpStatus,
    /// A redirect, which is not followed.
    Redirect,
    /// The address is one that must not be called (PRODUCT.md §7).
    BlockedAddress,
    /// An answer that does not end.
    BodyTooLarge,
    /// Not an HTTP answer, or one cut short.
    Protocol,
    /// Called off: the service stopped, or the webhook did.
    Cancelled,
}

text_enum!(FailureKind {
    Dns = "dns" / "Name not found",
    Connect = "connect" / "No connection",
    Tls = "tls" / "TLS failed",
    Timeout = "timeout" / "Timed out",
    HttpStatus = "http_status" / "HTTP error",
    Redirect = "redirect" / "Redirect",
    BlockedAddress = "blocked_address" / "Blocked address",
    BodyTooLarge = "body_too_large" / "Answer too large",
    Protocol = "protocol" / "Broken answer",
    Cancelled = "cancelled" / "Cancelled",
});

/// What set an attempt off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Trigger {
    /// The event, or the retry schedule.
    Schedule,
    /// A person or a key, with a reason.
    Manual,
    /// Send sample.
    Sample,
    /// A replay of many, with a reason.
    Replay,
}

text_enum!(Trigger {
    Schedule = "schedule" / "Schedule",
    Manual = "manual" / "Retried by hand",
    Sample = "sample" / "Sample",
    Replay = "replay" / "Replay",
});

/// A delivery, without its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id; sent as `webhook-id`.
    pub id: DeliveryId,
    /// Its study.
    pub study_id: StudyId,
    /// To which webhook.
    pub webhook_id: WebhookId,
    /// Which event.
    pub event_id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// Whom it is about.
    pub subject: Option<String>,
    /// Whether it holds dummy values.
    pub is_test: bool,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts that have ended.
    pub attempts: u32,
    /// When the next one is due; `None` when none is.
    pub next_attempt_at: Option<Timestamp>,
    /// When the event was accepted.
    pub created_at: Timestamp,
    /// When it came to a final state.
    pub finished_at: Option<Timestamp>,
    /// The last answer's HTTP status.
    pub last_status: Option<u16>,
    /// Why the last attempt failed; `None` after a success.
    pub last_failure: Option<FailureKind>,
    /// How long the last attempt took, in microseconds.
    pub last_duration: Option<i64>,
}

/// What a delivery sends, fixed when its event was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// Headers of the format, e.g. `content-type`. Those that change by attempt (timestamp, signature) and credentials are not here.
    pub headers: Vec<(String, String)>,
    /// The body, exactly.
    pub body: String,
}

/// How long the parts of an attempt took, in microseconds. `None`: not reached, or a kept connection made it needless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Timing {
    /// Looking up the host's addresses.
    pub dns: Option<i64>,
    /// Connecting, TLS included.
    pub connect: Option<i64>,
    /// From the request's start to the answer's first byte.
    pub first_byte: Option<i64>,
    /// From the start to the end.
    pub total: i64,
}

/// One HTTP request of a delivery, as it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
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
    pub timing: Timing,
    /// Where it was sent.
    pub url: String,
    /// Headers as sent, credentials masked.
    pub request_headers: Vec<(String, String)>,
    /// The answer's status.
    pub status: Option<u16>,
    /// The answer's headers, credentials masked.
    pub response_headers: Vec<(String, String)>,
    /// The answer's body, the first 16 KiB; `None` where the reader may not see it or there was none.
    pub response_body: Option<String>,
    /// Whether more came than was kept.
    pub response_truncated: bool,
    /// Why it failed; `None`: it succeeded.
    pub failure: Option<FailureKind>,
    /// The same in a sentence.
    pub message: Option<String>,
}

impl Attempt {
    /// When it ended.
    pub fn ended_at(&self) -> Timestamp {
        self.started_at.plus(self.timing.total)
    }

    /// A header as sent, by its lowercased name.
    pub fn request_header(&self, name: &str) -> Option<&str> {
        self.request_headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// How much of a body somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyAccess {
    /// All of it.
    Shown,
    /// That it is there, and how long; not what it says.
    Redacted,
    /// Not at all.
    Hidden,
}

/// Everything about one delivery, for its page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryDetail {
    /// The delivery.
    pub delivery: Delivery,
    /// Its webhook's name.
    pub webhook_name: String,
    /// Its webhook's URL's host.
    pub webhook_host: String,
    /// The sender's `source` and `id`.
    pub source: String,
    /// See `source`.
    pub external_id: String,
    /// When it happened at the platform.
    pub occurred_at: Timestamp,
    /// How much the reader may see of bodies.
    pub access: BodyAccess,
    /// Bytes of the body.
    pub body_size: usize,
    /// What it sends; the body is empty unless `access` is shown.
    pub payload: Payload,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
    /// Whether the reader may retry it now.
    pub may_retry: bool,
}

/// What to look for in a webhook's history. Every member is a parameter of the page's address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryQuery {
    /// A [`DeliveryState`], `waiting` for pending and retrying, `failed` for exhausted and cancelled, or empty.
    pub state: String,
    /// `2xx`, `3xx`, `4xx`, `5xx`, or empty.
    pub class: String,
    /// A [`FailureKind`], or empty.
    pub failure: String,
    /// An event type, or empty.
    pub event_type: String,
    /// Attempts at least, or empty.
    pub min_attempts: String,
    /// Not before, RFC 3339 or `datetime-local`, UTC.
    pub from: String,
    /// Before.
    pub to: String,
    /// `live`, `test`, or empty.
    pub mode: String,
    /// A delivery's, event's or replay's id, a sender's event id or a subject, exactly.
    pub q: String,
    /// Where the page starts; from [`super::page::Page::next`].
    pub cursor: String,
}

/// [`DeliveryQuery`], read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryFilter {
    /// Any of these; empty: any.
    pub states: Vec<DeliveryState>,
    /// Hundreds of the last HTTP status.
    pub class: Option<u16>,
    /// Why the last attempt failed.
    pub failure: Option<FailureKind>,
    /// What happened.
    pub event_type: Option<EventType>,
    /// Attempts at least.
    pub min_attempts: Option<u32>,
    /// Accepted at or after.
    pub from: Option<Timestamp>,
    /// Accepted before.
    pub to: Option<Timestamp>,
    /// Dummy values, or live ones.
    pub is_test: Option<bool>,
    /// An id or subject.
    pub q: Option<String>,
    /// Made due by this replay, and by none since.
    pub replay: Option<ReplayId>,
    /// Older than this one.
    pub before: Option<DeliveryId>,
}

impl DeliveryQuery {
    /// Whether anything but the page's start is set.
    pub fn is_filtered(&self) -> bool {
        Self { cursor: String::new(), ..self.clone() } != Self::default()
    }

    /// Reads each parameter.
    ///
    /// # Errors
    /// Each wrong parameter with what would be right.
    pub fn check(&self) -> Result<DeliveryFilter, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut filter = DeliveryFilter::default();
        match self.state.trim() {
            "" => {}
            "waiting" => filter.states = vec![DeliveryState::Pending, DeliveryState::Retrying],
            "failed" => filter.states = vec![DeliveryState::Exhausted, DeliveryState::Cancelled],
            text => match DeliveryState::parse(text) {
                Some(state) => filter.states = vec![state],
                None => errors.add("state", "must be waiting, failed, pending, retrying, delivered, exhausted or cancelled"),
            },
        }
        match self.class.trim() {
            "" => {}
            "2xx" => filter.class = Some(2),
            "3xx" => filter.class = Some(3),
            "4xx" => filter.class = Some(4),
            "5xx" => filter.class = Some(5),
            _ => errors.add("class", "must be 2xx, 3xx, 4xx or 5xx"),
        }
        if !self.failure.trim().is_empty() {
            filter.failure = FailureKind::parse(self.failure.trim());
            if filter.failure.is_none() {
                let known: Vec<&str> = FailureKind::ALL.iter().map(|k| k.as_str()).collect();
                errors.add("failure", format!("must be one of {}", known.join(", ")));
            }
        }
        if !self.event_type.trim().is_empty() {
            filter.event_type = EventType::parse(self.event_type.trim());
            if filter.event_type.is_none() {
                errors.add("event_type", "must be a type of the catalogue at /api/v1/event-types");
            }
        }
        if !self.min_attempts.trim().is_empty() {
            filter.min_attempts = self.min_attempts.trim().parse().ok();
            if filter.min_attempts.is_none() {
                errors.add("min_attempts", "must be a whole number");
            }
        }
        for (name, text, slot) in [("from", &self.from, &mut filter.from), ("to", &self.to, &mut filter.to)] {
            if !text.trim().is_empty() {
                *slot = Timestamp::parse(text);
                if slot.is_none() {
                    errors.add(name, "must be a time such as 2026-11-21T09:30:00Z");
                }
            }
        }
        match self.mode.trim() {
            "" => {}
            "live" => filter.is_test = Some(false),
            "test" => filter.is_test = Some(true),
            _ => errors.add("mode", "must be live or test"),
        }
        let q = self.q.trim();
        if q.chars().count() > 200 {
            errors.add("q", "must have at most 200 characters");
        } else if let Ok(replay) = q.parse() {
            filter.replay = Some(replay);
        } else if !q.is_empty() {
            filter.q = Some(q.to_owned());
        }
        if !self.cursor.is_empty() {
            filter.before = self.cursor.parse().ok();
            if filter.before.is_none() {
                errors.add("cursor", "is not one that this list gave");
            }
        }
        errors.into_result(|| filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_is_read_or_named() {
        let filter =
            DeliveryQuery { state: "waiting".into(), class: "5xx".into(), from: "2026-11-21T00:00".into(), ..DeliveryQuery::default() }
                .check();
        let filter = filter.expect("good");
        assert_eq!(filter.states, [DeliveryState::Pending, DeliveryState::Retrying]);
        assert_eq!(filter.class, Some(5));
        let x = || "x".to_owned();
        let all_wrong = DeliveryQuery {
            state: x(),
            class: x(),
            failure: x(),
            event_type: x(),
            min_attempts: x(),
            from: x(),
            to: x(),
            mode: x(),
            q: "x".repeat(201),
            cursor: x(),
        };
        let fields: Vec<String> = all_wrong.check().expect_err("wrong").0.into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["state", "class", "failure", "event_type", "min_attempts", "from", "to", "mode", "q", "cursor"]);
    }
}
