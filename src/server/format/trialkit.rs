//! `trialkit`: the dictionary that TrialKit posts to a hook: the record and its form, and which event it was.
//!
//! Keys, their order and their types are those of TrialKit's published samples, and no key is added. All of them are identifiers and
//! review levels, so id-only and full content give the same bytes. Receivers read these values with fixed types, so what a platform did
//! not send is the value that means none in its type: -1 for a role (as in the samples), 0, false, or an empty text; never null.

use super::{EventView, json_payload, text};
use crate::model::delivery::Payload;
use crate::model::event_type::EventType;
use serde::Serialize;
use serde_json::Value;

/// Members are sent in this order. One of the three flags is there, and true.
#[derive(Serialize)]
struct Hook<'a> {
    trans_id: &'a str,
    form_id: &'a str,
    form_name: &'a str,
    #[serde(rename = "OnInsert", skip_serializing_if = "Option::is_none")]
    on_insert: Option<bool>,
    #[serde(rename = "OnUpdate", skip_serializing_if = "Option::is_none")]
    on_update: Option<bool>,
    #[serde(rename = "OnReview", skip_serializing_if = "Option::is_none")]
    on_review: Option<bool>,
    #[serde(flatten)]
    review: Option<Review<'a>>,
}

#[derive(Serialize)]
struct Review<'a> {
    wf_id: i64,
    wf_object: Workflow<'a>,
    wf_status: i64,
    #[serde(rename = "LockBroken")]
    lock_broken: bool,
}

/// A review level.
#[derive(Serialize)]
struct Workflow<'a> {
    wf_id: i64,
    wf_seq: i64,
    wf_name: &'a str,
    wf_role1: i64,
    wf_role2: i64,
    wf_role3: i64,
    wf_fl: bool,
    wf_lock: bool,
    wf_sign: bool,
    wf_soft: bool,
    wf_status: i64,
    wf_desc: &'a str,
}

/// No role.
const NO_ROLE: i64 = -1;

fn review(data: &Value) -> Review<'_> {
    let number = |path: &str, none: i64| data.pointer(path).and_then(Value::as_i64).unwrap_or(none);
    let flag = |path: &str| data.pointer(path).and_then(Value::as_bool).unwrap_or(false);
    let words = |path: &str| text(data, path).unwrap_or_default();
    let (id, status) = (number("/review/wf_id", 0), number("/review/status", 0));
    Review {
        wf_id: id,
        wf_object: Workflow {
            wf_id: id,
            wf_seq: number("/review/seq", 0),
            wf_name: words("/review/name"),
            wf_role1: number("/review/roles/0", NO_ROLE),
            wf_role2: number("/review/roles/1", NO_ROLE),
            wf_role3: number("/review/roles/2", NO_ROLE),
            wf_fl: flag("/review/field_level"),
            wf_lock: flag("/review/lock"),
            wf_sign: flag("/review/sign"),
            wf_soft: flag("/review/soft"),
            wf_status: status,
            wf_desc: words("/review/description"),
        },
        wf_status: status,
        lock_broken: flag("/review/lock_broken"),
    }
}

/// The dictionary of an event; `None` for one that is not about a record.
pub fn render(event: &EventView<'_>) -> Option<Payload> {
    let is = |event_type| (event.event_type == event_type).then_some(true);
    let hook = Hook {
        trans_id: text(event.data, "/record/trans_id").unwrap_or_default(),
        form_id: text(event.data, "/form/id").unwrap_or_default(),
        form_name: text(event.data, "/form/name").unwrap_or_default(),
        on_insert: is(EventType::RecordInserted),
        on_update: is(EventType::RecordUpdated),
        on_review: is(EventType::RecordReviewChanged),
        review: is(EventType::RecordReviewChanged).map(|_| review(event.data)),
    };
    hook.on_insert.or(hook.on_update).or(hook.on_review)?;
    Some(json_payload(&hook))
}
