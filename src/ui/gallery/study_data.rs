//! Components of the study's data.

use super::sample::{NOW, delivery_id};
use crate::model::form::{Question, QuestionKind};
use crate::model::id::WebhookId;
use crate::model::synchronous::{SyncFailure, SyncOutcome};
use crate::model::time::SECOND;
use crate::ui::*;
use leptos::prelude::*;

/// A field of each kind: empty, filled in, wrong.
pub fn questions() -> impl IntoView {
    let question = |key: &str, label: &str, kind: QuestionKind, required: bool| Question {
        key: key.to_owned(),
        label: label.to_owned(),
        kind,
        required,
        choices: if kind == QuestionKind::Choice { vec!["left".to_owned(), "right".to_owned()] } else { Vec::new() },
    };
    view! {
        <div class="stack">
            <QuestionField question=question("pain", "How strong is your pain?", QuestionKind::Number, true) error="is required before it can be completed" />
            <QuestionField question=question("since", "Since when?", QuestionKind::Date, false) value="2026-11-02" />
            <QuestionField question=question("fever", "Do you have a fever?", QuestionKind::YesNo, false) value="no" />
            <QuestionField question=question("agree", "Do you agree?", QuestionKind::YesNo, true) error="must be yes or no" />
            <QuestionField question=question("side", "Which side?", QuestionKind::Choice, false) value="left" />
            <QuestionField question=question("note", "Anything else?", QuestionKind::Text, false) value="It hurts more\nin the morning." />
        </div>
    }
}

/// One that was refused and is tried again, one that was too slow, one of which nothing is known; and the dialog that is not there, because
/// everything arrived.
pub fn dialog() -> impl IntoView {
    let outcome = |n: u128, name: &str, status, failure, message: &str| SyncOutcome {
        webhook_id: WebhookId::from_bits(n),
        webhook_name: name.to_owned(),
        delivery_id: delivery_id(n),
        status,
        failure,
        message: message.to_owned(),
        next_attempt_at: (n == 1).then(|| NOW.plus(5 * SECOND)),
    };
    let arrived = vec![outcome(4, "CTMS", Some(204), None, "Answered 204.")];
    let failed = vec![
        outcome(1, "EDC", Some(401), Some(SyncFailure::ProtocolError), "The receiver answered 401 Unauthorized."),
        outcome(2, "Safety database", None, Some(SyncFailure::Timeout), "No answer within 10 s."),
        outcome(3, "", None, Some(SyncFailure::Timeout), "No answer within 35 seconds; the attempt goes on."),
    ];
    view! {
        <SyncDialog outcomes=arrived saved="Record 11 is saved." deliveries="/s/onco-301/deliveries" now=NOW />
        <SyncDialog outcomes=failed saved="Record 12 is saved (trans_id 12)." deliveries="/s/onco-301/deliveries" now=NOW />
    }
}
