//! One of each thing of a study's data, made anew for what can be done once.

use crate::harness::{TestApp, draft};
use hookwell::model::form::{Form, FormDraft};
use hookwell::model::participant::{Participant, ParticipantDraft};
use hookwell::model::record::Record;
use hookwell::model::response::{Response, ResponseStatus};
use hookwell::model::schedule::{Schedule, ScheduleDraft};
use hookwell::model::webhook::Webhook;
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::Actor;
use hookwell::server::service::responses::NewResponse;
use hookwell::server::service::{forms, participants, records, responses, schedules};
use serde_json::{Map, json};

/// The participant of all of them.
pub const IDENTIFIER: &str = "A-1";

/// A form with a response and a record of it, and a schedule that calls a webhook.
pub struct StudyData {
    pub form: Form,
    pub participant: Participant,
    pub response: Response,
    pub record: Record,
    pub schedule: Schedule,
    pub webhook: Webhook,
}

impl StudyData {
    /// The participant, who is there already or is created.
    pub async fn participant(app: &TestApp, admin: &Actor) -> Participant {
        if let Some(known) = participants::find_by_identifier(app, admin, IDENTIFIER).await.unwrap() {
            return known;
        }
        let draft = ParticipantDraft { identifier: IDENTIFIER.into(), ..ParticipantDraft::default() };
        participants::create(app, admin, &draft, false).await.unwrap().thing
    }

    /// All of it, by names that begin with `name`.
    pub async fn of(app: &TestApp, admin: &Actor, name: &str) -> Self {
        let participant = Self::participant(app, admin).await;
        let form_draft = FormDraft { kind: "form".into(), name: format!("{name}-form"), questions: "pain | Pain? | number".into() };
        let form = forms::create(app, admin, &form_draft).await.unwrap();
        let new =
            NewResponse { form: form.id.clone(), participant: participant.id.clone(), status: ResponseStatus::New, answers: Map::new() };
        let response = responses::begin(app, admin, new, false).await.unwrap().thing;
        let values = Map::from_iter([("pain".to_owned(), json!(3))]);
        let record = records::create(app, admin, &form.id, Some(&participant.id), &values, false).await.unwrap().thing;
        // In Test mode: no run calls it.
        let hook =
            WebhookDraft { events: vec!["schedule.triggered".into()], ..draft(&format!("{name}-scheduled"), "http://127.0.0.1:9/hooks") };
        let (webhook, _) = app.test_webhook(admin, &hook).await;
        let schedule_draft = ScheduleDraft {
            name: format!("{name}-schedule"),
            timing: "every".into(),
            number: "1".into(),
            webhooks: vec![webhook.id.to_string()],
            active: String::new(),
            ..ScheduleDraft::default()
        };
        let schedule = schedules::create(app, admin, &schedule_draft).await.unwrap();
        Self { form, participant, response, record, schedule, webhook }
    }
}
