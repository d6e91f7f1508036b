//! A webhook as it stands. What a person types to set one up is in [`super::webhook_draft`].

use super::event::SkipReason;
use super::event_type::EventType;
use super::id::{StudyId, WebhookId};
use super::retry_schedule::RetrySchedule;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether it is triggered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum WebhookStatus {
    /// Triggered by its events.
    Active,
    /// Switched off by an administrator. What was accepted before waits.
    Inactive,
    /// Switched off by the engine; the cause is in [`Webhook::disabled_cause`].
    Disabled,
}

/// Whether it gets live events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum WebhookMode {
    /// Samples only. Every webhook starts here, but for those that another product's API registers.
    Test,
    /// Live events, and samples by an administrator.
    Live,
}

/// What of an event leaves the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Content {
    /// Only what the catalogue names as identifiers for the type.
    #[serde(rename = "id-only")]
    IdOnly,
    /// The event's whole `data`.
    #[serde(rename = "full")]
    Full,
}

/// How an event becomes headers and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum PayloadFormat {
    /// CloudEvents 1.0 JSON with the three Standard Webhooks headers. WeGuide's too, with a secret header.
    Standard,
    /// MyDataHelps Designer: survey submitted, schedule triggered.
    Mydatahelps,
    /// TrialKit: a record saved, updated, reviewed.
    Trialkit,
    /// Infermedica Intake: a survey created or finished.
    Infermedica,
    /// Survey webhooks: a response completed.
    Survey,
}

/// How a format spells the keys of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum KeyCase {
    /// `ParticipantIdentifier`
    #[default]
    Pascal,
    /// `participantIdentifier`
    Camel,
}

/// What a format leaves open. Each format reads its own part and ignores the rest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FormatOptions {
    /// `mydatahelps`: how keys are spelt.
    pub key_case: KeyCase,
    /// `mydatahelps`: whether `PatientIdentifier` and `PatientID` are sent too. Only a migration sets it, never a form.
    pub legacy: bool,
    /// `survey`: the header with the signature.
    pub signature_header: String,
    /// `survey`: the header with the event's type.
    pub event_header: String,
    /// `survey`: the header with the delivery's id.
    pub delivery_header: String,
}

impl FormatOptions {
    /// `survey`: the names of its headers, for signature, event and delivery.
    pub fn header_names(&self) -> [&str; 3] {
        [&self.signature_header, &self.event_header, &self.delivery_header]
    }
}

impl Default for FormatOptions {
    fn default() -> Self {
        Self {
            key_case: KeyCase::Pascal,
            legacy: false,
            signature_header: "X-Webhook-Signature".to_owned(),
            event_header: "X-Webhook-Event".to_owned(),
            delivery_header: "X-Webhook-Delivery".to_owned(),
        }
    }
}

text_enum!(WebhookStatus { Active = "active" / "Active", Inactive = "inactive" / "Inactive", Disabled = "disabled" / "Disabled" });
text_enum!(WebhookMode { Test = "test" / "Test", Live = "live" / "Live" });
text_enum!(Content { IdOnly = "id-only" / "Identifiers only", Full = "full" / "Full data" });
text_enum!(PayloadFormat {
    Standard = "standard" / "Standard (CloudEvents)",
    Mydatahelps = "mydatahelps" / "MyDataHelps",
    Trialkit = "trialkit" / "TrialKit",
    Infermedica = "infermedica" / "Infermedica",
    Survey = "survey" / "Survey webhooks",
});
text_enum!(KeyCase { Pascal = "pascal" / "ParticipantIdentifier", Camel = "camel" / "participantIdentifier" });

impl PayloadFormat {
    /// Whether it has a body for events of this type. `standard` has one for all.
    pub fn speaks_of(self, event_type: EventType) -> bool {
        use EventType::{RecordInserted, RecordReviewChanged, RecordUpdated, ScheduleTriggered, SurveyCompleted, SurveyCreated};
        match self {
            PayloadFormat::Standard => true,
            PayloadFormat::Mydatahelps => matches!(event_type, SurveyCompleted | ScheduleTriggered),
            PayloadFormat::Trialkit => matches!(event_type, RecordInserted | RecordUpdated | RecordReviewChanged),
            PayloadFormat::Infermedica => matches!(event_type, SurveyCreated | SurveyCompleted),
            PayloadFormat::Survey => matches!(event_type, SurveyCompleted),
        }
    }

    /// The event types it has a body for, in the catalogue's order; at least one.
    pub fn event_types(self) -> Vec<EventType> {
        EventType::ALL.iter().copied().filter(|t| self.speaks_of(*t)).collect()
    }
}

/// Which events of the chosen types count; an empty list means all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EventFilter {
    /// Ids of forms and surveys. An event that names neither is not concerned.
    #[serde(default)]
    pub forms: Vec<String>,
    /// Ids of sites. An event without a site passes only an empty list.
    #[serde(default)]
    pub sites: Vec<String>,
}

impl EventFilter {
    /// What holds an event with this `data` back; `None`: it passes (PRODUCT.md §2, §3).
    pub fn holds_back(&self, data: &serde_json::Value) -> Option<SkipReason> {
        let id_of = |member: &str| data.get(member).and_then(|m| m.get("id")).and_then(|id| id.as_str());
        let form = id_of("form").or_else(|| id_of("survey"));
        if !self.forms.is_empty() && form.is_some_and(|id| !self.forms.iter().any(|f| f == id)) {
            return Some(SkipReason::Form);
        }
        if !self.sites.is_empty() && !id_of("site").is_some_and(|id| self.sites.iter().any(|s| s == id)) {
            return Some(SkipReason::Site);
        }
        None
    }
}

/// What of the credentials may be shown: names and a fingerprint, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CredentialsShown {
    /// The first 12 hexadecimal digits of the secret's SHA-256; `None` without a secret.
    pub secret_fingerprint: Option<String>,
    /// When the secret was set.
    pub secret_set_at: Option<Timestamp>,
    /// Until when the secret before it signs too.
    pub previous_secret_until: Option<Timestamp>,
    /// Name of the header that carries the token.
    pub token_header: Option<String>,
    /// User (e-mail) of Basic authentication.
    pub basic_user: Option<String>,
    /// Names of the custom headers.
    pub header_names: Vec<String>,
}

/// A webhook as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Its study.
    pub study_id: StudyId,
    /// What a person configured.
    pub settings: WebhookSettings,
    /// Whether it is triggered.
    pub status: WebhookStatus,
    /// Why the engine disabled it, in a sentence.
    pub disabled_cause: Option<String>,
    /// Whether it gets live events.
    pub mode: WebhookMode,
    /// What may be shown of its credentials.
    pub credentials: CredentialsShown,
    /// Counts changes, from 1: a form or request that edits an older version is refused.
    pub version: i64,
    /// The version at which a sample was last answered 2xx: going Live needs it to be the present one.
    pub verified_version: Option<i64>,
    /// Who made it: a user's or an API key's id; `None` for those of before this was kept.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
}

impl Webhook {
    /// Whether a sample sent with the present configuration was answered 2xx.
    pub fn is_verified(&self) -> bool {
        self.verified_version == Some(self.version)
    }

    /// The host of its URL, to show in lists.
    pub fn host(&self) -> String {
        url::Url::parse(&self.settings.url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// What a person configures, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSettings {
    /// 1–200 characters, unique in the study.
    pub name: String,
    /// Absolute, `https` (or `http` where the operator allows), at most 2,000 characters.
    pub url: String,
    /// At least one, in the catalogue's order.
    pub events: Vec<EventType>,
    /// Which of those count.
    pub filter: EventFilter,
    /// How an event becomes bytes.
    pub format: PayloadFormat,
    /// What the format leaves open.
    pub format_options: FormatOptions,
    /// What leaves the study.
    pub content: Content,
    /// Whether the save that causes an event waits for the answer (the TrialKit way).
    pub synchronous: bool,
    /// Seconds until an attempt is given up, 1–30.
    pub timeout_seconds: u32,
    /// Pauses between attempts.
    pub retry_schedule: RetrySchedule,
    /// Attempts begun a second at most, 1–1,000; `None`: no limit.
    pub rate_limit: Option<u32>,
    /// Requests at once, 1–100.
    pub concurrency: u32,
}

/// What one webhook has been doing, for the strip above its tabs and for lists.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WebhookStats {
    /// Delivered in the last 24 h.
    pub delivered: i64,
    /// Exhausted in the last 24 h.
    pub exhausted: i64,
    /// Failed attempts in the last 24 h.
    pub failed_attempts: i64,
    /// Waiting now, first attempts and retries.
    pub waiting: i64,
    /// When the oldest of those was accepted.
    pub oldest_waiting: Option<Timestamp>,
    /// When the next of those is due.
    pub next_attempt_at: Option<Timestamp>,
    /// When an attempt last ended.
    pub last_attempt_at: Option<Timestamp>,
    /// Attempts that succeeded and that failed, an hour each, oldest first, for 24 hours.
    pub hours: Vec<(i64, i64)>,
}

impl WebhookStats {
    /// Share of ended deliveries of the last 24 h that arrived, in tenths of a percent; `None` when none ended.
    pub fn success_permille(&self) -> Option<i64> {
        let ended = self.delivered + self.exhausted;
        (ended > 0).then(|| self.delivered * 1000 / ended)
    }
}

/// Hours for which two secrets sign after a rotation, unless chosen otherwise.
pub const OVERLAP_HOURS_DEFAULT: u32 = 24;
/// Longest overlap, in hours: 7 days.
pub const OVERLAP_HOURS_MAX: u32 = 7 * 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_lets_through_what_it_lists() {
        let data = serde_json::json!({"survey": {"id": "s1"}, "site": {"id": "x"}});
        let filter = |forms: &[&str], sites: &[&str]| EventFilter {
            forms: forms.iter().map(|s| (*s).to_owned()).collect(),
            sites: sites.iter().map(|s| (*s).to_owned()).collect(),
        };
        let person = serde_json::json!({"participant": {"id": "p"}});
        assert_eq!(filter(&[], &[]).holds_back(&data), None);
        assert_eq!(filter(&["s1"], &["x", "y"]).holds_back(&data), None);
        assert_eq!(filter(&["s2"], &[]).holds_back(&data), Some(SkipReason::Form));
        assert_eq!(filter(&[], &["y"]).holds_back(&data), Some(SkipReason::Site));
        assert_eq!(filter(&["s2"], &[]).holds_back(&person), None);
        assert_eq!(filter(&[], &["y"]).holds_back(&person), Some(SkipReason::Site));
    }
}
