//! Golden files: the exact bytes of each format's bodies, in `tests/golden/<format>/<case>.json`. They change only where somebody asks for
//! it, `HOOKWELL_WRITE_GOLDEN=1 cargo test --lib golden`, and then the difference is for a person to read.

use super::{EventView, attempt_headers, render};
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, EventId};
use crate::model::payload_variant::PayloadVariant;
use crate::model::time::Timestamp;
use crate::model::webhook::{Content, KeyCase, PayloadFormat};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What a platform sends: the values of the published samples where there are some, and more than a format may let out.
fn live(event_type: EventType) -> Value {
    let participant = json!({"id": "7f1c", "identifier": "DE-0007", "phone": "+49 1"});
    let site = json!({"id": "12", "name": "Zürich \"Süd\""});
    let survey = json!({"id": "intake-2", "name": "Intake", "version": 3});
    let record = |id: &str| json!({"participant": participant, "record": {"trans_id": id}, "form": {"id": "319", "name": "Sample Form"}});
    match event_type {
        EventType::SurveyCreated => {
            json!({"participant": participant, "site": site, "survey": survey, "response": {"id": "r-88", "status": "new"}})
        }
        EventType::SurveyCompleted => json!({
            "participant": participant, "site": site, "survey": survey,
            "response": {"id": "r-88", "status": "completed", "completed_at": "2026-11-20T08:15:00Z", "submitted_by": "participant"},
            "answers": {"q1": 4, "q2": "schläft schlecht"}, "embedded_data": {"visit": "V2"}, "metadata": {"language": "de"},
        }),
        EventType::ScheduleTriggered => {
            json!({"participant": participant, "site": site, "schedule": {"id": "sch-3", "name": "Week 2 reminder"}})
        }
        EventType::RecordInserted => record("436"),
        EventType::RecordUpdated => record("435"),
        EventType::RecordReviewChanged => {
            let mut data = record("435");
            data["review"] = json!({
                "wf_id": 1, "seq": 1, "name": "Monitor Review", "roles": [4, -1, -1], "field_level": true, "lock": true, "sign": false,
                "soft": false, "status": 10, "description": "Monitor Review", "lock_broken": false,
            });
            data
        }
        other => other.example(),
    }
}

/// The least that a platform may send: what the type's schema requires.
fn least(event_type: EventType) -> Value {
    let mut data = json!({"participant": {"id": "7f1c"}});
    let more = match event_type {
        EventType::SurveyCreated => json!({"survey": {"id": "intake-2"}}),
        EventType::SurveyCompleted => json!({"survey": {"id": "intake-2"}, "response": {"id": "r-88", "status": "completed"}}),
        EventType::ScheduleTriggered => json!({"schedule": {"id": "sch-3"}}),
        EventType::RecordInserted | EventType::RecordUpdated => json!({"record": {"trans_id": "436"}, "form": {"id": "319"}}),
        EventType::RecordReviewChanged => {
            json!({"record": {"trans_id": "436"}, "form": {"id": "319"}, "review": {"wf_id": 1, "status": 11}})
        }
        other => return other.example(),
    };
    data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    data
}

fn body(variant: &PayloadVariant, event_type: EventType, is_test: bool, data: &Value) -> String {
    let id = EventId::from_bits(42);
    let subject = EventType::subject_of(data);
    let event = EventView {
        id: &id,
        external_id: "A-1",
        source: "/edc",
        study: "aurora-2",
        event_type,
        occurred_at: Timestamp(1_795_162_500_250_000),
        subject: subject.as_deref(),
        is_test,
        data,
    };
    let payload = render(variant, &event).expect("a body");
    assert_eq!(Some(payload.clone()), render(variant, &event), "the same event gives the same bytes");
    let expected =
        if variant.format() == PayloadFormat::Standard { "application/cloudevents+json; charset=utf-8" } else { "application/json" };
    assert_eq!(payload.headers, [("content-type".to_owned(), expected.to_owned())]);
    payload.body
}

fn survey(content: Content) -> PayloadVariant {
    PayloadVariant::Survey {
        content,
        signature_header: "X-Webhook-Signature".to_owned(),
        event_header: "X-Webhook-Event".to_owned(),
        delivery_header: "X-Webhook-Delivery".to_owned(),
    }
}

/// Each variant with what its cases are called after.
fn variants() -> Vec<(&'static str, PayloadVariant)> {
    let mydatahelps = |key_case, legacy| PayloadVariant::Mydatahelps { key_case, legacy };
    vec![
        ("id-only", PayloadVariant::Standard { content: Content::IdOnly }),
        ("full", PayloadVariant::Standard { content: Content::Full }),
        ("pascal", mydatahelps(KeyCase::Pascal, false)),
        ("camel", mydatahelps(KeyCase::Camel, false)),
        ("pascal-legacy", mydatahelps(KeyCase::Pascal, true)),
        ("camel-legacy", mydatahelps(KeyCase::Camel, true)),
        ("", PayloadVariant::Trialkit),
        ("", PayloadVariant::Infermedica),
        ("id-only", survey(Content::IdOnly)),
        ("full", survey(Content::Full)),
    ]
}

#[test]
fn every_body_is_its_golden_file() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let write = std::env::var("HOOKWELL_WRITE_GOLDEN").is_ok_and(|v| v == "1");
    let mut named = BTreeSet::new();
    let mut wrong = Vec::new();
    for (name, variant) in variants() {
        for event_type in variant.format().event_types() {
            let cases = [("live", live(event_type), false), ("least", least(event_type), false), ("sample", event_type.example(), true)];
            for (kind, data, is_test) in cases {
                let case = [event_type.name(), kind, name].iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(".");
                let file = root.join(variant.format().as_str()).join(case + ".json");
                let bytes = body(&variant, event_type, is_test, &data);
                if write {
                    std::fs::create_dir_all(file.parent().expect("a folder")).expect("makes it");
                    std::fs::write(&file, &bytes).expect("writes");
                }
                if std::fs::read_to_string(&file).ok().as_deref() != Some(&bytes) {
                    wrong.push(format!("{}: {bytes}", file.display()));
                }
                assert!(named.insert(file), "two cases of one name");
            }
        }
    }
    assert!(wrong.is_empty(), "these differ from their files:\n{}", wrong.join("\n"));
    let there: BTreeSet<PathBuf> = std::fs::read_dir(&root)
        .expect("reads")
        .flat_map(|d| std::fs::read_dir(d.expect("reads").path()).expect("reads"))
        .map(|f| f.expect("reads").path())
        .collect();
    assert_eq!(there, named, "a file without a case");
}

/// JSON text without the white space between its parts.
fn packed(text: &str) -> String {
    let mut inside = false;
    let keep = |c: &char| {
        inside ^= *c == '"';
        inside || !c.is_whitespace()
    };
    text.chars().filter(keep).collect()
}

#[test]
fn trialkit_s_published_samples_come_out_letter_by_letter() {
    let of = |event_type| body(&PayloadVariant::Trialkit, event_type, false, &live(event_type));
    assert_eq!(of(EventType::RecordInserted), r#"{"trans_id":"436","form_id":"319","form_name":"Sample Form","OnInsert":true}"#);
    assert_eq!(of(EventType::RecordUpdated), r#"{"trans_id":"435","form_id":"319","form_name":"Sample Form","OnUpdate":true}"#);
    let review = r#"{"trans_id":"435", "form_id":"319", "form_name":"Sample Form", "OnReview":true, "wf_id":1, "wf_object":
        {"wf_id":1, "wf_seq":1, "wf_name":"Monitor Review", "wf_role1":4, "wf_role2":-1, "wf_role3":-1, "wf_fl":true, "wf_lock":true,
        "wf_sign":false, "wf_soft":false, "wf_status":10, "wf_desc":"Monitor Review"}, "wf_status":10,"LockBroken":false}"#;
    assert_eq!(of(EventType::RecordReviewChanged), packed(review));
}

#[test]
fn identifiers_are_the_same_whatever_may_leave_the_study() {
    // The formats whose variant does not hold the content read nothing but what the catalogue names as identifiers.
    for variant in
        [PayloadVariant::Trialkit, PayloadVariant::Infermedica, PayloadVariant::Mydatahelps { key_case: KeyCase::Pascal, legacy: true }]
    {
        for event_type in variant.format().event_types() {
            let data = live(event_type);
            let identifiers = event_type.identifiers_of(&data);
            assert_eq!(
                body(&variant, event_type, false, &data),
                body(&variant, event_type, false, &identifiers),
                "{variant} {event_type:?}"
            );
        }
    }
    let id_only = body(&survey(Content::IdOnly), EventType::SurveyCompleted, false, &live(EventType::SurveyCompleted));
    assert!(!id_only.contains("schläft") && !id_only.contains("V2") && !id_only.contains("\"de\""), "{id_only}");
}

#[test]
fn a_format_has_a_body_for_what_it_speaks_of_and_for_nothing_else() {
    let id = EventId::from_bits(42);
    for (name, variant) in variants() {
        assert!(!variant.format().event_types().is_empty());
        for event_type in EventType::ALL {
            let data = event_type.example();
            let event = EventView {
                id: &id,
                external_id: "A-1",
                source: "/edc",
                study: "aurora-2",
                event_type: *event_type,
                occurred_at: Timestamp(0),
                subject: None,
                is_test: true,
                data: &data,
            };
            let has = render(&variant, &event).is_some();
            assert_eq!(has, variant.format().speaks_of(*event_type), "{variant} {name} {event_type:?}");
        }
    }
}

#[test]
fn only_survey_adds_headers_to_an_attempt() {
    for (_, variant) in variants() {
        let names: Vec<String> = attempt_headers(&variant, &DeliveryId::from_bits(1), Some("a secret of some length"), "{}")
            .into_iter()
            .map(|(n, _)| n)
            .collect();
        match variant.format() {
            PayloadFormat::Survey => assert_eq!(names, ["X-Webhook-Event", "X-Webhook-Delivery", "X-Webhook-Signature"]),
            _ => assert!(names.is_empty(), "{variant}"),
        }
    }
}
