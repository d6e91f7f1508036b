//! `infermedica`: `event_type` and `content`, as Infermedica's Intake posts them. The token's header is one of the webhook's credentials.
//!
//! `content` holds the id of the *patient's* survey. In Intake a survey is one patient's: it is created, and its status changes to
//! completed. Here that is the response, which has the status, while `survey` is the questionnaire that many patients answer; a receiver
//! that asks for the survey by its id wants the former. A platform that tells of no response (it may leave it out when a survey is
//! created) has surveys as Intake has them, so there the survey's own id is the patient's.
//!
//! That id is all there is, so id-only and full content give the same bytes.

use super::{EventView, json_payload, text};
use crate::model::delivery::Payload;
use crate::model::event_type::EventType;
use serde::Serialize;

/// Members are sent in this order.
#[derive(Serialize)]
struct Notice<'a> {
    event_type: &'static str,
    content: Content<'a>,
}

#[derive(Serialize)]
struct Content<'a> {
    survey_id: Option<&'a str>,
}

/// The notice of an event; `None` for one that Intake does not know.
pub fn render(event: &EventView<'_>) -> Option<Payload> {
    let event_type = match event.event_type {
        EventType::SurveyCreated => "survey_created",
        EventType::SurveyCompleted => "survey_finished",
        _ => return None,
    };
    let survey_id = text(event.data, "/response/id").or_else(|| text(event.data, "/survey/id"));
    Some(json_payload(&Notice { event_type, content: Content { survey_id } }))
}
