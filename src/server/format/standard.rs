//! `standard`: CloudEvents 1.0 in the structured mode of its HTTP binding, JSON. The Standard Webhooks headers change with every attempt and are
//! added by the engine.
//!
//! Attributes: <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>. Ours are extensions, whose names may have lowercase letters
//! and digits only: `hookwelleventid` finds the event in the console; `hookwelltest` is there, and true, for samples alone.

use super::EventView;
use crate::model::delivery::Payload;
use crate::model::time::Timestamp;
use crate::model::webhook::Content;
use serde::Serialize;
use serde_json::Value;

/// Members are sent in this order.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    event_type: &'static str,
    time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    datacontenttype: &'static str,
    hookwelleventid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hookwelltest: Option<bool>,
    data: &'a Value,
}

/// The event as a CloudEvent. `id` and `source` are the sender's: a receiver that tells repeats by them keeps working with Hookwell in between.
pub fn render(event: &EventView<'_>, content: Content) -> Payload {
    let data = event.content(content);
    let body = CloudEvent {
        specversion: "1.0",
        id: event.external_id,
        source: event.source,
        event_type: event.event_type.name(),
        time: event.occurred_at,
        subject: event.subject,
        datacontenttype: "application/json",
        hookwelleventid: event.id.as_str(),
        hookwelltest: event.is_test.then_some(true),
        data: &data,
    };
    Payload {
        headers: vec![("content-type".to_owned(), "application/cloudevents+json; charset=utf-8".to_owned())],
        // Text, numbers and JSON values always serialise; only a time outside of the years -9999 to 9999 would not.
        body: serde_json::to_string(&body).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event_type::EventType;
    use crate::model::id::EventId;
    use crate::model::payload_variant::PayloadVariant;
    use crate::server::format::render;
    use serde_json::json;

    fn render_example(event_type: EventType, content: Content, is_test: bool, data: &Value) -> Payload {
        let id = EventId::from_bits(42);
        let subject = EventType::subject_of(data);
        let event = EventView {
            id: &id,
            external_id: "A-1",
            source: "/edc",
            study: "demo",
            event_type,
            occurred_at: Timestamp(1_700_000_000_250_000),
            subject: subject.as_deref(),
            is_test,
            data,
        };
        render(&PayloadVariant::Standard { content }, &event).expect("a body")
    }

    #[test]
    fn these_are_the_bytes() {
        let data = json!({"participant": {"id": "7", "identifier": "P-7", "phone": "+49 1"}, "site": {"id": "1"}, "note": "é\u{2028}\n"});
        let full = render_example(EventType::ParticipantCreated, Content::Full, false, &data);
        assert_eq!(full.headers, [("content-type".to_owned(), "application/cloudevents+json; charset=utf-8".to_owned())]);
        let head = r#"{"specversion":"1.0","id":"A-1","source":"/edc","type":"participant.created","time":"2023-11-14T22:13:20.25Z","subject":"P-7","datacontenttype":"application/json","hookwelleventid":"evt_0000000000000000000000000000002a","#;
        assert_eq!(full.body, format!("{head}\"data\":{data}}}"));
        let id_only = render_example(EventType::ParticipantCreated, Content::IdOnly, false, &data);
        assert_eq!(id_only.body, format!(r#"{head}"data":{{"participant":{{"id":"7","identifier":"P-7"}},"site":{{"id":"1"}}}}}}"#));
    }

    #[test]
    fn a_sample_says_so_and_a_subject_is_left_out_where_there_is_none() {
        let body = render_example(EventType::WebhookTest, Content::IdOnly, true, &EventType::WebhookTest.example()).body;
        assert_eq!(
            body,
            r#"{"specversion":"1.0","id":"A-1","source":"/edc","type":"webhook.test","time":"2023-11-14T22:13:20.25Z","datacontenttype":"application/json","hookwelleventid":"evt_0000000000000000000000000000002a","hookwelltest":true,"data":{"message":"This is a test from Hookwell. Nothing happened."}}"#
        );
    }

    #[test]
    fn every_type_is_a_cloud_event_and_the_same_one_twice() {
        for event_type in EventType::ALL {
            let example = event_type.example();
            let once = render_example(*event_type, Content::Full, true, &example);
            assert_eq!(once, render_example(*event_type, Content::Full, true, &example));
            let value: Value = serde_json::from_str(&once.body).expect("JSON");
            assert_eq!(value["data"], example);
            for name in value.as_object().expect("an object").keys() {
                assert!(name.len() <= 20 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name}");
            }
        }
    }
}
