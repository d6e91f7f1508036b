//! Responses: one participant's answers to one form or survey, `new → partial → completed`.

use super::form::{Form, FormKind};
use super::id::{FormId, ParticipantId, ResponseId, StudyId};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum ResponseStatus {
    /// Assigned, nothing saved.
    New,
    /// Something saved.
    Partial,
    /// Submitted. It stays so.
    Completed,
}

/// Who submitted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Submitter {
    /// The participant, by their link.
    Participant,
    /// Somebody of the study, on the page.
    Coordinator,
    /// A platform.
    Api,
}

text_enum!(ResponseStatus { New = "new" / "New", Partial = "partial" / "Partial", Completed = "completed" / "Completed" });
text_enum!(Submitter { Participant = "participant" / "Participant", Coordinator = "coordinator" / "Coordinator", Api = "api" / "API" });

impl ResponseStatus {
    /// Whether it may become `next`: forward, or saved again where it is. What is completed stays completed, and nothing becomes new again.
    pub fn may_become(self, next: ResponseStatus) -> bool {
        next >= self && (next != ResponseStatus::New || self == ResponseStatus::New)
    }
}

/// One participant's answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Its id.
    pub id: ResponseId,
    /// Its study.
    pub study_id: StudyId,
    /// To which form or survey.
    pub form_id: FormId,
    /// To which version of it.
    pub form_version: i64,
    /// Whose.
    pub participant_id: ParticipantId,
    /// How far it is.
    pub status: ResponseStatus,
    /// Answers by question.
    pub answers: Map<String, Value>,
    /// Who submitted it.
    pub submitted_by: Option<Submitter>,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was assigned or begun.
    pub created_at: Timestamp,
    /// When it was last saved.
    pub updated_at: Timestamp,
}

impl Response {
    /// Adds `form` or `survey`, `response` and `answers` to an event's `data`.
    pub fn add_event_data(&self, form: &Form, data: &mut Map<String, Value>) {
        let member = match form.kind {
            FormKind::Form => "form",
            FormKind::Survey => "survey",
        };
        data.insert(member.to_owned(), json!({"id": form.id, "name": form.name, "version": self.form_version}));
        let mut response = json!({"id": self.id, "status": self.status});
        if let Some(at) = self.completed_at {
            response["completed_at"] = json!(at);
        }
        if let Some(by) = self.submitted_by {
            response["submitted_by"] = json!(by);
        }
        data.insert("response".to_owned(), response);
        if !self.answers.is_empty() {
            data.insert("answers".to_owned(), Value::Object(self.answers.clone()));
        }
    }
}

/// How far one participant is with one survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Who.
    pub participant: ParticipantId,
    /// What the study knows them by.
    pub identifier: String,
    /// Their newest response: its id, how far it is, and when it was completed. `None`: they have none.
    pub newest: Option<(ResponseId, ResponseStatus, Option<Timestamp>)>,
}

#[cfg(test)]
mod tests {
    use super::ResponseStatus::{Completed, New, Partial};

    #[test]
    fn it_only_goes_forward() {
        let allowed = [(New, New), (New, Partial), (New, Completed), (Partial, Partial), (Partial, Completed), (Completed, Completed)];
        for from in [New, Partial, Completed] {
            for to in [New, Partial, Completed] {
                assert_eq!(from.may_become(to), allowed.contains(&(from, to)), "{from:?} → {to:?}");
            }
        }
    }
}
