//! `mydatahelps`: the parameters of MyDataHelps Designer's webhook callbacks, as one flat JSON object.
//!
//! All of them are identifiers and names, so id-only and full content give the same bytes. Every key is always there: what the
//! platform did not send is null, so that a receiver that looks a key up finds it.
//!
//! `ProjectID` is the study's slug. It is the one name of a study that nothing changes and that means the same outside of this database:
//! it stands in every address, and a study that moves to another installation keeps it.

use super::{EventView, json_payload, text};
use crate::model::delivery::Payload;
use crate::model::event_type::EventType;
use crate::model::webhook::KeyCase;
use serde::{Serialize, Serializer};

/// Keys as MyDataHelps writes them, with their values, in the order in which they are sent.
struct Parameters<'a> {
    members: Vec<(&'static str, Option<&'a str>)>,
    key_case: KeyCase,
}

impl Serialize for Parameters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.members.iter().map(|(key, value)| (spelt(key, self.key_case), value)))
    }
}

/// `ParticipantID`, or `participantID`.
fn spelt(key: &str, key_case: KeyCase) -> String {
    match key_case {
        KeyCase::Pascal => key.to_owned(),
        KeyCase::Camel => key.split_at_checked(1).map_or_else(String::new, |(first, rest)| first.to_lowercase() + rest),
    }
}

/// The callback of an event; `None` for one that MyDataHelps does not know.
///
/// `legacy` adds the patient's keys: the participant's under their old names, for receivers that were built for those.
pub fn render(event: &EventView<'_>, key_case: KeyCase, legacy: bool) -> Option<Payload> {
    let of = |path: &str| text(event.data, path);
    let (kind, more) = match event.event_type {
        EventType::SurveyCompleted => (
            "SurveySubmitted",
            vec![("SurveyID", of("/survey/id")), ("SurveyName", of("/survey/name")), ("SurveyResultID", of("/response/id"))],
        ),
        EventType::ScheduleTriggered => {
            ("ScheduleTriggered", vec![("ScheduleID", of("/schedule/id")), ("ScheduleName", of("/schedule/name"))])
        }
        _ => return None,
    };
    let (identifier, id) = (of("/participant/identifier"), of("/participant/id"));
    let mut members =
        vec![("EventType", Some(kind)), ("ParticipantIdentifier", identifier), ("ParticipantID", id), ("ProjectID", Some(event.study))];
    if legacy {
        members.extend([("PatientIdentifier", identifier), ("PatientID", id)]);
    }
    members.extend(more);
    Some(json_payload(&Parameters { members, key_case }))
}
