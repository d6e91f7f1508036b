//! A filter of deliveries as SQL: shared by the history, which lists what is like it, and by replays, which count and plan it.

use crate::model::delivery::{DeliveryFilter, DeliveryState};
use crate::model::id::DeliveryId;
use crate::model::time::Timestamp;

/// What deliveries are like the filter: only the conditions that are asked for, so that an index fits each. A value's place is the same in
/// every text, and [`filtered`] binds them; what a statement adds begins at $12.
pub fn conditions(webhook: bool, f: &DeliveryFilter) -> String {
    let mut text = "study_id = $1".to_owned();
    let mut and = |yes: bool, condition: &str| {
        if yes {
            text.push_str(" AND ");
            text.push_str(condition);
        }
    };
    and(webhook, "webhook_id = $2");
    // Names of a closed set: they need no place.
    let states: Vec<String> = f.states.iter().map(|s| format!("'{}'", DeliveryState::as_str(*s))).collect();
    and(!states.is_empty(), &format!("state IN ({})", states.join(", ")));
    and(f.replay.is_some(), "replay_id = $3");
    and(f.class.is_some(), "last_status >= $4 AND last_status < $4 + 100");
    and(f.failure.is_some(), "last_failure = $5");
    and(f.event_type.is_some(), "event_type = $6");
    and(f.min_attempts.is_some_and(|n| n > 1), "attempts > 1 AND attempts >= $7");
    and(f.min_attempts == Some(1), "attempts >= $7");
    // Ids grow with time, so a range of time is a range of ids.
    and(f.from.is_some(), "id >= $8");
    and(f.to.is_some(), "id < $9");
    and(f.is_test == Some(true), "is_test = TRUE");
    and(f.is_test == Some(false), "is_test = FALSE");
    // One look-up an index, not four conditions in one: an OR over them reads the whole history.
    and(
        f.q.is_some(),
        "id IN (SELECT id FROM deliveries WHERE study_id = $1 AND id = $10
           UNION ALL SELECT id FROM deliveries WHERE study_id = $1 AND event_id = $10
           UNION ALL SELECT id FROM deliveries WHERE study_id = $1 AND external_id = $10
           UNION ALL SELECT id FROM deliveries WHERE study_id = $1 AND subject = $10)",
    );
    and(f.before.is_some(), "id < $11");
    text
}

/// The least id that can have been made at `at`.
pub fn first_id_at(at: Timestamp) -> String {
    let millis = u128::from(u64::try_from(at.micros().div_euclid(1000)).unwrap_or_default());
    DeliveryId::from_bits(millis << 80).to_string()
}

/// Runs a statement with [`conditions`] on whichever engine it is: `filtered!(all[Row], db, text, study, webhook, filter, further values…)`,
/// or `filtered!(run[], tx, …)`.
macro_rules! filtered {
    ($macro:ident [$($row:ty)?], $db:expr, $text:expr, $study:expr, $webhook:expr, $f:expr $(, $more:expr)* $(,)?) => {
        $crate::server::store::$macro!(
            $db,
            $($row,)?
            $text,
            $study.as_str(),
            $webhook.map($crate::model::id::WebhookId::as_str),
            $f.replay.as_ref().map($crate::model::id::ReplayId::as_str),
            $f.class.map(|c| i64::from(c) * 100),
            $f.failure.map($crate::model::delivery::FailureKind::as_str),
            $f.event_type.map($crate::model::event_type::EventType::as_str),
            $f.min_attempts.map(i64::from),
            $f.from.map($crate::server::store::delivery_filter::first_id_at),
            $f.to.map($crate::server::store::delivery_filter::first_id_at),
            $f.q.as_deref(),
            $f.before.as_ref().map($crate::model::id::DeliveryId::as_str)
            $(, $more)*
        )
    };
}
pub(crate) use filtered;
