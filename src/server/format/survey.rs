//! `survey`: the callback of survey platforms, with `X-Webhook-Signature: sha256=<hex>` over the body.
//!
//! Every key is always there. With id-only content `answers`, `embeddedData` and `metadata` are null: they stay in the study. With full
//! content they are what the platform sent as `answers`, `embedded_data` and `metadata`, and an empty object where it sent none.

use super::{EventView, json_payload, text};
use crate::model::delivery::Payload;
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, EventId};
use crate::model::time::Timestamp;
use crate::model::webhook::Content;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;

/// The one event there is.
const RESPONSE_COMPLETED: &str = "survey.response_completed";

/// Members are sent in this order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Callback<'a> {
    survey_id: Option<&'a str>,
    event_type: &'static str,
    event_id: &'a EventId,
    timestamp: Timestamp,
    data: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    response_id: Option<&'a str>,
    completed_at: Value,
    answers: Value,
    embedded_data: Value,
    metadata: Value,
}

/// The callback of an event; `None` for any but a completed survey. A platform that does not say when the response was completed means
/// when the event happened.
pub fn render(event: &EventView<'_>, content: Content) -> Option<Payload> {
    if event.event_type != EventType::SurveyCompleted {
        return None;
    }
    let of_patient = |member: &str| match content {
        Content::IdOnly => Value::Null,
        Content::Full => event.data.get(member).cloned().unwrap_or_else(|| json!({})),
    };
    Some(json_payload(&Callback {
        survey_id: text(event.data, "/survey/id"),
        event_type: RESPONSE_COMPLETED,
        event_id: event.id,
        timestamp: event.occurred_at,
        data: Response {
            response_id: text(event.data, "/response/id"),
            completed_at: text(event.data, "/response/completed_at").map_or_else(|| json!(event.occurred_at), |at| json!(at)),
            answers: of_patient("answers"),
            embedded_data: of_patient("embedded_data"),
            metadata: of_patient("metadata"),
        },
    }))
}

/// The names of its headers.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Of the signature's.
    pub signature: &'a str,
    /// Of the event type's.
    pub event: &'a str,
    /// Of the delivery id's.
    pub delivery: &'a str,
}

/// The headers of one attempt. The scheme has room for one signature, so during a rotation the present secret alone signs: `secret` is
/// that one, or `None` where there is none, and then nothing is signed. The key is the secret's text as it is, `whsec_` included.
pub fn headers(names: Names<'_>, delivery: &DeliveryId, secret: Option<&str>, body: &str) -> Vec<(String, String)> {
    let mut headers =
        vec![(names.event.to_owned(), RESPONSE_COMPLETED.to_owned()), (names.delivery.to_owned(), delivery.as_str().to_owned())];
    // HMAC takes a key of any length, so there always is one.
    if let Some(mut mac) = secret.and_then(|secret| Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()) {
        mac.update(body.as_bytes());
        headers.push((names.signature.to_owned(), format!("sha256={}", hex::encode(mac.finalize().into_bytes()))));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hex_over_the_body_keyed_by_the_text() {
        let names = Names { signature: "X-S", event: "X-E", delivery: "X-D" };
        let id = DeliveryId::from_bits(1);
        // RFC 4231, test case 2.
        let signed = headers(names, &id, Some("Jefe"), "what do ya want for nothing?");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            signed,
            [
                pair("X-E", "survey.response_completed"),
                pair("X-D", id.as_str()),
                pair("X-S", "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            ]
        );
        assert_eq!(headers(names, &id, None, "{}").len(), 2);
    }
}
