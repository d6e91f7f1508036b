//! The catalogue of events: what can happen, when it does, and what its `data` holds (PRODUCT.md §3).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EventType {
    /// A participant is created.
    ParticipantCreated,
    /// A form response becomes complete.
    FormCompleted,
    /// A survey is assigned.
    SurveyCreated,
    /// A survey response becomes complete.
    SurveyCompleted,
    /// A schedule runs for a participant.
    ScheduleTriggered,
    /// A record is saved for the first time.
    RecordInserted,
    /// A record is saved again.
    RecordUpdated,
    /// A record's review level changes.
    RecordReviewChanged,
    /// A sample, where no other type is chosen.
    WebhookTest,
    /// The engine disabled a webhook.
    WebhookDisabled,
    /// A delivery ran out of attempts.
    DeliveryExhausted,
}

text_enum!(EventType {
    ParticipantCreated = "participant.created" / "Participant created",
    FormCompleted = "form.completed" / "Form completed",
    SurveyCreated = "survey.created" / "Survey created",
    SurveyCompleted = "survey.completed" / "Survey completed",
    ScheduleTriggered = "schedule.triggered" / "Schedule triggered",
    RecordInserted = "record.inserted" / "Record inserted",
    RecordUpdated = "record.updated" / "Record updated",
    RecordReviewChanged = "record.review_changed" / "Record review changed",
    WebhookTest = "webhook.test" / "Webhook test",
    WebhookDisabled = "webhook.disabled" / "Webhook disabled",
    DeliveryExhausted = "delivery.exhausted" / "Delivery exhausted",
});

impl From<EventType> for String {
    fn from(t: EventType) -> String {
        t.as_str().to_owned()
    }
}

impl TryFrom<String> for EventType {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not an event type"))
    }
}

#[cfg(feature = "ssr")]
crate::model::text_schema!(EventType, "form.completed");

/// An id, as every example spells it: nobody takes it for a real one.
pub const DUMMY_UUID: &str = "00000000-0000-0000-0000-000000000000";

impl EventType {
    /// Its name on the wire, e.g. `form.completed`.
    pub fn name(self) -> &'static str {
        self.as_str()
    }

    /// Whether a webhook can choose it. A sample needs no subscription.
    pub fn can_be_subscribed(self) -> bool {
        self != EventType::WebhookTest
    }

    /// Whether a platform can publish it. What the engine says about itself, only the engine says.
    pub fn can_be_published(self) -> bool {
        !matches!(self, EventType::WebhookTest | EventType::WebhookDisabled | EventType::DeliveryExhausted)
    }

    /// When it happens, in a sentence.
    pub fn description(self) -> &'static str {
        match self {
            EventType::ParticipantCreated => "A participant is created, by any path. Once; never when one is changed.",
            EventType::FormCompleted => {
                "A form response becomes complete. Once; a partial save does not trigger it, nor does saving a completed form again."
            }
            EventType::SurveyCreated => "A survey is assigned to a participant or started.",
            EventType::SurveyCompleted => {
                "A survey response becomes complete, by the participant, a coordinator or the API. Once for each result submitted."
            }
            EventType::ScheduleTriggered => "A schedule runs. Once for each participant, and only to the webhooks that the schedule names.",
            EventType::RecordInserted => "A record is saved for the first time.",
            EventType::RecordUpdated => "An existing record is saved again.",
            EventType::RecordReviewChanged => "The review level of a record changes.",
            EventType::WebhookTest => "Somebody pressed Send sample without choosing another event.",
            EventType::WebhookDisabled => "Hookwell switched a failing webhook off. Subscribe another webhook to be told.",
            EventType::DeliveryExhausted => "A delivery failed at every attempt of its schedule.",
        }
    }

    /// Members of `data` that identify what happened: what an `id-only` webhook is sent. A dotted path keeps that part alone.
    pub fn identifiers(self) -> &'static [&'static str] {
        const PARTICIPANT: [&str; 4] = ["participant.id", "participant.identifier", "site.id", "site.name"];
        macro_rules! with { ($($more:literal),*) => {{ const ALL: &[&str] = &[PARTICIPANT[0], PARTICIPANT[1], PARTICIPANT[2], PARTICIPANT[3], $($more),*]; ALL }}; }
        match self {
            EventType::ParticipantCreated => with!(),
            EventType::FormCompleted => with!(
                "form.id",
                "form.name",
                "form.version",
                "response.id",
                "response.status",
                "response.completed_at",
                "response.submitted_by"
            ),
            EventType::SurveyCreated | EventType::SurveyCompleted => with!(
                "survey.id",
                "survey.name",
                "survey.version",
                "response.id",
                "response.status",
                "response.completed_at",
                "response.submitted_by"
            ),
            EventType::ScheduleTriggered => with!("schedule.id", "schedule.name"),
            EventType::RecordInserted | EventType::RecordUpdated => {
                with!("record.trans_id", "form.id", "form.name")
            }
            EventType::RecordReviewChanged => with!(
                "record.trans_id",
                "form.id",
                "form.name",
                "review.wf_id",
                "review.seq",
                "review.name",
                "review.roles",
                "review.field_level",
                "review.lock",
                "review.sign",
                "review.soft",
                "review.status",
                "review.description",
                "review.lock_broken"
            ),
            EventType::WebhookTest => &["message"],
            EventType::WebhookDisabled => &["webhook.id", "webhook.name", "cause"],
            EventType::DeliveryExhausted => &["webhook.id", "webhook.name", "delivery.id", "delivery.event_type", "attempts", "failure"],
        }
    }

    /// `data` with only what [`EventType::identifiers`] names.
    pub fn identifiers_of(self, data: &Value) -> Value {
        let mut kept = serde_json::Map::new();
        for path in self.identifiers() {
            match path.split_once('.') {
                Some((outer, inner)) => {
                    if let Some(value) = data.get(outer).and_then(|o| o.get(inner)) {
                        let group = kept.entry(outer).or_insert_with(|| json!({}));
                        if let Some(group) = group.as_object_mut() {
                            group.insert(inner.to_owned(), value.clone());
                        }
                    }
                }
                None => {
                    if let Some(value) = data.get(path) {
                        kept.insert((*path).to_owned(), value.clone());
                    }
                }
            }
        }
        Value::Object(kept)
    }

    /// JSON Schema (2020-12) of `data`. What it does not name is allowed: a platform may send more.
    pub fn schema(self) -> Value {
        let text = json!({"type": "string", "minLength": 1, "maxLength": 200});
        let number = json!({"type": "integer"});
        let yes_no = json!({"type": "boolean"});
        let time = json!({"type": "string", "format": "date-time"});
        let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties});
        let participant = object(&["id"], json!({"id": text, "identifier": text}));
        let site = object(&["id"], json!({"id": text, "name": text}));
        let thing = object(&["id"], json!({"id": text, "name": text, "version": {"type": ["integer", "string"]}}));
        let response = |statuses: &[&str]| {
            object(
                &["id", "status"],
                json!({"id": text, "status": {"enum": statuses}, "completed_at": time, "submitted_by": {"enum": ["participant", "coordinator", "api"]}}),
            )
        };
        let record = object(&["trans_id"], json!({"trans_id": text}));
        let (required, mut properties): (&[&str], Value) = match self {
            EventType::ParticipantCreated => (&["participant"], json!({})),
            EventType::FormCompleted => {
                (&["participant", "form", "response"], json!({"form": thing, "response": response(&["completed"])}))
            }
            EventType::SurveyCreated => (&["participant", "survey"], json!({"survey": thing, "response": response(&["new", "partial"])})),
            EventType::SurveyCompleted => (
                &["participant", "survey", "response"],
                json!({"survey": thing, "response": response(&["completed"]), "answers": {"type": ["object", "array"]}}),
            ),
            EventType::ScheduleTriggered => {
                (&["participant", "schedule"], json!({"schedule": object(&["id"], json!({"id": text, "name": text}))}))
            }
            EventType::RecordInserted | EventType::RecordUpdated => (&["record", "form"], json!({"record": record, "form": thing})),
            EventType::RecordReviewChanged => (
                &["record", "form", "review"],
                json!({"record": record, "form": thing, "review": object(
                    &["wf_id", "status"],
                    json!({
                        "wf_id": number, "seq": number, "name": text,
                        "roles": {"type": "array", "items": number, "minItems": 3, "maxItems": 3},
                        "field_level": yes_no, "lock": yes_no, "sign": yes_no, "soft": yes_no,
                        "status": {"type": "integer", "minimum": 10, "maximum": 14},
                        "description": {"type": "string", "maxLength": 2000}, "lock_broken": yes_no,
                    }),
                )}),
            ),
            EventType::WebhookTest => (&[], json!({"message": {"type": "string", "maxLength": 2000}})),
            EventType::WebhookDisabled => {
                (&["webhook", "cause"], json!({"webhook": object(&["id"], json!({"id": text, "name": text})), "cause": {"type": "string"}}))
            }
            EventType::DeliveryExhausted => (
                &["webhook", "delivery"],
                json!({
                    "webhook": object(&["id"], json!({"id": text, "name": text})),
                    "delivery": object(&["id"], json!({"id": text, "event_type": text})),
                    "attempts": number, "failure": text,
                }),
            ),
        };
        if let Some(map) = properties.as_object_mut()
            && self.can_be_published()
        {
            map.insert("participant".into(), participant);
            map.insert("site".into(), site);
        }
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name(),
            "description": self.description(),
            "type": "object",
            "required": required,
            "properties": properties,
        })
    }

    /// An example of `data`, with values that nobody takes for real. What Send sample sends unless edited.
    pub fn example(self) -> Value {
        let participant = json!({"id": DUMMY_UUID, "identifier": "TEST-0000"});
        let site = json!({"id": DUMMY_UUID, "name": "Test site"});
        let response =
            json!({"id": DUMMY_UUID, "status": "completed", "completed_at": "2000-01-01T00:00:00Z", "submitted_by": "participant"});
        let survey = json!({"id": DUMMY_UUID, "name": "Test survey", "version": 1});
        let form = json!({"id": DUMMY_UUID, "name": "Test form", "version": 1});
        // Receivers that were made for TrialKit read these ids as numbers.
        let record = json!({"trans_id": "0"});
        let record_form = json!({"id": "0", "name": "Test form", "version": 1});
        match self {
            EventType::ParticipantCreated => json!({"participant": participant, "site": site}),
            EventType::FormCompleted => {
                json!({"participant": participant, "site": site, "form": form, "response": response})
            }
            EventType::SurveyCreated => json!({
                "participant": participant, "site": site, "survey": survey, "response": {"id": DUMMY_UUID, "status": "new"},
            }),
            EventType::SurveyCompleted => json!({
                "participant": participant, "site": site, "survey": survey, "response": response, "answers": {"q1": "TEST"},
            }),
            EventType::ScheduleTriggered => {
                json!({"participant": participant, "site": site, "schedule": {"id": DUMMY_UUID, "name": "Test schedule"}})
            }
            EventType::RecordInserted | EventType::RecordUpdated => {
                json!({"participant": participant, "record": record, "form": record_form})
            }
            EventType::RecordReviewChanged => json!({
                "participant": participant, "record": record, "form": record_form,
                "review": {
                    "wf_id": 0, "seq": 1, "name": "Test review", "roles": [0, -1, -1], "field_level": false, "lock": false, "sign": false,
                    "soft": false, "status": 10, "description": "Test review", "lock_broken": false,
                },
            }),
            EventType::WebhookTest => {
                json!({"message": "This is a test from Hookwell. Nothing happened."})
            }
            EventType::WebhookDisabled => {
                json!({"webhook": {"id": "wh_00000000000000000000000000000000", "name": "Test webhook"}, "cause": "This is a test. Nothing was disabled."})
            }
            EventType::DeliveryExhausted => json!({
                "webhook": {"id": "wh_00000000000000000000000000000000", "name": "Test webhook"},
                "delivery": {"id": "dlv_00000000000000000000000000000000", "event_type": "form.completed"},
                "attempts": 11, "failure": "timeout",
            }),
        }
    }

    /// Whom or what it is about, for lists: the participant's identifier, else its id, else the record's. One line of text:
    /// control characters are left out, of which PostgreSQL's text may not hold NUL.
    pub fn subject_of(data: &Value) -> Option<String> {
        let text =
            |path: &str| data.pointer(path).and_then(Value::as_str).map(|s| s.chars().filter(|c| !c.is_control()).take(200).collect());
        text("/participant/identifier")
            .or_else(|| text("/participant/id"))
            .or_else(|| text("/record/trans_id"))
            .or_else(|| text("/webhook/id"))
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn every_example_fits_its_schema_and_reads_as_a_dummy() {
        for t in EventType::ALL {
            let validator = jsonschema::validator_for(&t.schema()).expect("a schema");
            let example = t.example();
            let errors: Vec<String> = validator.iter_errors(&example).map(|e| e.to_string()).collect();
            assert_eq!(errors, [""; 0], "{t:?}");
            let text = example.to_string().to_lowercase();
            assert!(text.contains("test"), "{t:?} could be taken for real: {text}");
            assert_eq!(EventType::parse(t.name()), Some(*t));
        }
    }

    #[test]
    fn only_identifiers_leave_the_study_unless_full_is_chosen() {
        let data = json!({
            "participant": {"id": "p1", "identifier": "A-1", "name": "Ada"}, "survey": {"id": "s"}, "answers": {"q": 1}, "response": {"id": "r", "status": "completed"},
        });
        assert_eq!(
            EventType::SurveyCompleted.identifiers_of(&data),
            json!({"participant": {"id": "p1", "identifier": "A-1"}, "survey": {"id": "s"}, "response": {"id": "r", "status": "completed"}}),
        );
    }

    #[test]
    fn a_response_that_is_not_complete_is_no_completion() {
        let validator = jsonschema::validator_for(&EventType::FormCompleted.schema()).expect("a schema");
        let mut data = EventType::FormCompleted.example();
        assert!(validator.is_valid(&data));
        data["response"]["status"] = json!("partial");
        assert!(!validator.is_valid(&data));
    }
}
