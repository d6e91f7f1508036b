//! What the Surveys face reads and shows, in camel case.

use crate::model::delivery::{Attempt, Delivery, DeliveryState, FailureKind};
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, EventId, WebhookId};
use crate::model::problem::FieldErrors;
use crate::model::time::Timestamp;
use crate::model::webhook::{Webhook, WebhookStatus};
use crate::model::webhook_draft::{WebhookDraft, check_secret};
use crate::server::rest::compat::{events, given, with_required};
use crate::server::rest::extract::nullable;
use crate::server::secret::Secret;
use crate::server::service::webhooks::SecretChange;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Its names for events.
const EVENTS: &[(&str, EventType)] = &[("survey.response_completed", EventType::SurveyCompleted)];

/// An event's name here; one that this API has none for keeps the catalogue's.
fn name_of(event_type: EventType) -> &'static str {
    EVENTS.iter().find(|(_, t)| *t == event_type).map_or(event_type.name(), |(name, _)| name)
}

/// What to change of a webhook; what is not named stays as it is.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SurveyWebhookPatch {
    /// The survey's id: that of the path, or left out.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "SURVEY_UUID")]
    survey_id: Option<String>,
    /// Webhook name: 1–200 characters, unique in the study.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "Patient Survey Completion")]
    name: Option<String>,
    /// HTTPS endpoint to receive callbacks.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "https://your-system.example.com/webhooks/survey-complete")]
    url: Option<String>,
    /// Event types to subscribe to: `survey.response_completed`.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = json!(["survey.response_completed"]))]
    events: Option<Vec<String>>,
    /// Shared secret for HMAC-SHA256 signature verification, 16–500 characters; null: none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, example = "your-webhook-secret")]
    secret: Option<Option<String>>,
    /// Enable/disable (default: true).
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = true)]
    is_active: Option<bool>,
    /// The same under its other name; where both are given they must be equal.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = true)]
    active: Option<bool>,
}

/// A webhook to be made: `name`, `url` and `events` are needed.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub struct SurveyWebhookNew(pub SurveyWebhookPatch);

impl PartialSchema for SurveyWebhookNew {
    fn schema() -> RefOr<Schema> {
        with_required::<SurveyWebhookPatch>(&["name", "url", "events"])
    }
}
impl ToSchema for SurveyWebhookNew {}

impl SurveyWebhookPatch {
    /// What a new webhook needs and is not here.
    pub fn missing(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        for (name, missing) in [("name", self.name.is_none()), ("url", self.url.is_none()), ("events", self.events.is_none())] {
            if missing {
                errors.add(name, "is missing");
            }
        }
        errors
    }

    /// Lays what is named over the draft of a webhook of `survey`; gives what becomes of the secret.
    pub fn overlay(self, survey: &str, draft: &mut WebhookDraft, errors: &mut FieldErrors) -> SecretChange {
        if self.survey_id.is_some_and(|id| id != survey) {
            errors.add("surveyId", "must be the one of the path, or left out");
        }
        if let Some(name) = self.name {
            draft.name = name;
        }
        if let Some(url) = self.url {
            draft.url = url;
        }
        if let Some(names) = self.events {
            draft.events = events("events", &names, EVENTS, errors);
        }
        if let (Some(one), Some(other)) = (self.is_active, self.active)
            && one != other
        {
            errors.add("active", "says the opposite of isActive; give one of them");
        }
        if let Some(active) = self.is_active.or(self.active) {
            let status = if active { WebhookStatus::Active } else { WebhookStatus::Inactive };
            status.as_str().clone_into(&mut draft.status);
        }
        match self.secret {
            None => SecretChange::Keep,
            Some(None) => SecretChange::Remove,
            Some(Some(secret)) => {
                if let Err(message) = check_secret(&secret) {
                    errors.add("secret", message);
                }
                SecretChange::Replace(Secret::new(secret))
            }
        }
    }
}

/// A webhook of a survey.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SurveyWebhook {
    /// Its id.
    id: WebhookId,
    /// The survey's id.
    #[schema(example = "SURVEY_UUID")]
    survey_id: String,
    /// Webhook name.
    #[schema(example = "Patient Survey Completion")]
    name: String,
    /// HTTPS endpoint that receives callbacks.
    #[schema(example = "https://your-system.example.com/webhooks/survey-complete")]
    url: String,
    /// Event types that it is subscribed to.
    #[schema(example = json!(["survey.response_completed"]))]
    events: Vec<&'static str>,
    /// Whether it has a secret, which itself is never shown.
    has_secret: bool,
    /// Whether it is triggered.
    #[schema(example = true)]
    is_active: bool,
    /// Why it was switched off by itself, in a sentence; null: it was not.
    disabled_cause: Option<String>,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

impl SurveyWebhook {
    /// As the survey's clients see it.
    pub fn of(survey_id: String, webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            survey_id,
            name: webhook.settings.name,
            url: webhook.settings.url,
            events: webhook.settings.events.into_iter().map(name_of).collect(),
            has_secret: webhook.credentials.secret_fingerprint.is_some(),
            is_active: webhook.status == WebhookStatus::Active,
            disabled_cause: webhook.disabled_cause,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

/// The webhooks of a survey.
#[derive(Debug, Serialize, ToSchema)]
pub struct SurveyWebhookList {
    /// All of them, oldest first: there is no next page.
    pub items: Vec<SurveyWebhook>,
}

fn millis(micros: i64) -> i64 {
    micros / 1000
}

/// What came of a test.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SurveyTest {
    /// Whether the answer was 2xx.
    #[schema(example = true)]
    delivered: bool,
    /// The answer's HTTP status; null: there was no answer.
    #[schema(example = 200)]
    status_code: Option<u16>,
    /// How long it took, in milliseconds.
    #[schema(example = 42)]
    duration_ms: i64,
    /// Why it failed; null: it did not.
    failure: Option<FailureKind>,
    /// The same in a sentence.
    message: Option<String>,
    /// Its delivery.
    delivery_id: DeliveryId,
}

impl SurveyTest {
    /// Of the one attempt of a sample.
    pub fn of(delivered: bool, attempt: Attempt) -> Self {
        Self {
            delivered,
            status_code: attempt.status,
            duration_ms: millis(attempt.timing.total),
            failure: attempt.failure,
            message: attempt.message,
            delivery_id: attempt.delivery_id,
        }
    }
}

/// One event on its way to the webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SurveyDelivery {
    /// Its id, stable over retries.
    id: DeliveryId,
    /// Of which event.
    event_id: EventId,
    /// What happened.
    #[schema(example = "survey.response_completed")]
    event_type: &'static str,
    /// Whether it is a test with dummy values.
    is_test: bool,
    /// Where it stands.
    status: DeliveryState,
    /// Attempts that have ended.
    #[schema(example = 1)]
    attempts: u32,
    /// The last answer's HTTP status.
    response_status: Option<u16>,
    /// Why the last attempt failed; null after a success.
    failure: Option<FailureKind>,
    /// How long the last attempt took, in milliseconds.
    duration_ms: Option<i64>,
    /// When the event was accepted.
    created_at: Timestamp,
    /// When the next attempt is due; null when none is.
    next_attempt_at: Option<Timestamp>,
    /// When it came to a final state.
    finished_at: Option<Timestamp>,
}

impl From<Delivery> for SurveyDelivery {
    fn from(d: Delivery) -> Self {
        Self {
            id: d.id,
            event_id: d.event_id,
            event_type: name_of(d.event_type),
            is_test: d.is_test,
            status: d.state,
            attempts: d.attempts,
            response_status: d.last_status,
            failure: d.last_failure,
            duration_ms: d.last_duration.map(millis),
            created_at: d.created_at,
            next_attempt_at: d.next_attempt_at,
            finished_at: d.finished_at,
        }
    }
}

/// A page of deliveries, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SurveyDeliveryList {
    /// The deliveries.
    pub items: Vec<SurveyDelivery>,
    /// The `cursor` of the next, older page; null on the last one.
    pub next: Option<String>,
}
