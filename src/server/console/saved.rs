//! What the page after a save says of the synchronous webhooks that the save called.

use crate::model::synchronous::SyncOutcome;
use crate::ui::Flash;

/// A warning that names each synchronous webhook that failed, what it answered, and when it is tried again. `None` where all of them arrived,
/// or there were none: the save stands in any case.
pub fn notice(outcomes: &[SyncOutcome]) -> Option<Flash> {
    let sentences: Vec<String> = outcomes.iter().filter_map(sentence).collect();
    (!sentences.is_empty()).then(|| Flash::warning(format!("Saved. {}", sentences.join(" "))))
}

fn sentence(outcome: &SyncOutcome) -> Option<String> {
    let failure = outcome.failure?;
    let name = match outcome.webhook_name.as_str() {
        "" => "A synchronous webhook".to_owned(),
        name => format!("“{name}”"),
    };
    let message = outcome.message.trim_end_matches('.');
    let next = match outcome.next_attempt_at {
        Some(at) => format!("it is tried again at {}.", at.human()),
        None => "its delivery’s page says what becomes of it.".to_owned(),
    };
    Some(format!("{name} gave {}: {message}; {next}", failure.label()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{DeliveryId, WebhookId};
    use crate::model::synchronous::SyncFailure;
    use crate::model::time::Timestamp;
    use crate::ui::FlashKind;

    fn outcome(name: &str, failure: Option<SyncFailure>, next: Option<Timestamp>) -> SyncOutcome {
        SyncOutcome {
            webhook_id: WebhookId::from_bits(1),
            webhook_name: name.to_owned(),
            delivery_id: DeliveryId::from_bits(2),
            status: failure.map(|_| 401),
            failure,
            message: "The receiver answered 401.".to_owned(),
            next_attempt_at: next,
        }
    }

    #[test]
    fn only_what_failed_is_told() {
        assert_eq!(notice(&[]), None);
        assert_eq!(notice(&[outcome("CTMS", None, None)]), None);
        let at = Timestamp::parse("2026-11-21T09:30:00Z").expect("a time");
        let both = [outcome("CTMS", None, None), outcome("TrialKit", Some(SyncFailure::ProtocolError), Some(at))];
        let flash = notice(&both).expect("one failed");
        assert_eq!(flash.kind, FlashKind::Warning);
        assert_eq!(
            flash.text,
            format!("Saved. “TrialKit” gave ProtocolError: The receiver answered 401; it is tried again at {}.", at.human())
        );
    }

    #[test]
    fn a_webhook_whose_name_could_not_be_read_is_told_too() {
        let flash = notice(&[outcome("", Some(SyncFailure::Timeout), None)]).expect("it failed");
        assert!(flash.text.starts_with("Saved. A synchronous webhook gave Timeout: "), "{}", flash.text);
    }
}
