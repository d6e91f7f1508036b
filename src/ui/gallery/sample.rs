//! Made-up things to show.

use crate::model::delivery::{Delivery, DeliveryState, FailureKind};
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, EventId, StudyId, WebhookId};
use crate::model::permission::Role;
use crate::model::study::{Study, StudyOfMember};
use crate::model::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};

/// The present of the style guide: 2026-11-21 09:30:00 UTC.
pub const NOW: Timestamp = Timestamp(1_795_253_400 * SECOND);

pub fn studies() -> Vec<StudyOfMember> {
    let study = |n: u128, slug: &str, name: &str, production, role| StudyOfMember {
        study: Study {
            id: StudyId::from_bits(n),
            slug: slug.to_owned(),
            name: name.to_owned(),
            production,
            integrations_enabled: true,
            created_at: NOW.plus(-90 * DAY),
        },
        role,
    };
    vec![
        study(1, "onco-301", "ONCO-301 Adjuvant therapy", true, Role::Administrator),
        study(2, "onco-301-uat", "ONCO-301 acceptance test", false, Role::Qa),
        study(3, "cardio-12", "CARDIO-12 Heart failure registry", true, Role::Auditor),
    ]
}

const HEAD: u128 = 0x019a_a5c2_41d8_7000_0000_0000_0000_0000;

pub fn delivery_id(n: u128) -> DeliveryId {
    DeliveryId::from_bits(HEAD + (n << 80) + n * 0x9e37_79b9_7f4a_7c15)
}

/// A page of deliveries: one in each state, and then the usual.
pub fn deliveries() -> Vec<Delivery> {
    use DeliveryState::{Cancelled, Delivered, Exhausted, Pending, Retrying};
    use EventType::{FormCompleted, ParticipantCreated, RecordReviewChanged, RecordUpdated, SurveyCompleted};
    // type, subject, state, attempts, status, failure, microseconds taken, age
    type Row = (EventType, &'static str, DeliveryState, u32, Option<u16>, Option<FailureKind>, i64, i64);
    let rows: [Row; 12] = [
        (SurveyCompleted, "SUBJ-0412", Pending, 0, None, None, 0, 2 * SECOND),
        (FormCompleted, "SUBJ-0398", Delivered, 1, Some(200), None, 84_000, 40 * SECOND),
        (FormCompleted, "SUBJ-0377", Retrying, 3, Some(503), Some(FailureKind::HttpStatus), 1_312_000, 6 * MINUTE),
        (ParticipantCreated, "SUBJ-0413", Delivered, 2, Some(201), None, 131_000, 11 * MINUTE),
        (RecordUpdated, "SUBJ-0101", Delivered, 1, Some(202), None, 66_400, 14 * MINUTE),
        (RecordReviewChanged, "SUBJ-0101", Retrying, 4, None, Some(FailureKind::Timeout), 10_000_000, 41 * MINUTE),
        (SurveyCompleted, "SUBJ-0255", Exhausted, 11, Some(500), Some(FailureKind::HttpStatus), 240_000, 3 * HOUR),
        (FormCompleted, "SUBJ-0254", Exhausted, 11, None, Some(FailureKind::Tls), 12_000, 4 * HOUR),
        (ParticipantCreated, "SUBJ-0411", Cancelled, 2, Some(410), Some(FailureKind::HttpStatus), 98_000, 5 * HOUR),
        (FormCompleted, "SUBJ-0390", Delivered, 1, Some(200), None, 79_000, 6 * HOUR),
        (FormCompleted, "SUBJ-0389", Delivered, 6, Some(200), None, 1_840_000, 9 * HOUR),
        (SurveyCompleted, "SUBJ-0120", Delivered, 1, Some(204), None, 58_000, 26 * HOUR),
    ];
    rows.into_iter()
        .enumerate()
        .map(|(n, (event_type, subject, state, attempts, status, failure, took, age))| Delivery {
            id: delivery_id(n as u128 + 1),
            study_id: StudyId::from_bits(1),
            webhook_id: WebhookId::from_bits(1),
            event_id: EventId::from_bits(n as u128),
            event_type,
            subject: Some(subject.to_owned()),
            is_test: n == 9,
            state,
            attempts,
            next_attempt_at: state.is_waiting().then(|| NOW.plus(12 * MINUTE)),
            created_at: NOW.plus(-age),
            finished_at: None,
            last_status: status,
            last_failure: failure,
            last_duration: (attempts > 0).then_some(took),
        })
        .collect()
}

/// 24 hours of a webhook: steady, with a bad spell of `bad` failures at 03:00.
pub fn hours(steady: i64, bad: i64) -> Vec<(i64, i64)> {
    (0..24)
        .map(|h| match h {
            14..=16 if bad > 0 => (steady / 3, bad),
            _ => (steady * (4 + (h * 7) % 9) / 8, 0),
        })
        .collect()
}
