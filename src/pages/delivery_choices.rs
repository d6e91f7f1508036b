//! What a filter of deliveries offers to choose from: on the history's page and on a replay's.

use crate::model::delivery::{DeliveryQuery, DeliveryState, FailureKind};
use crate::model::event_type::EventType;
use crate::model::time::Timestamp;
use crate::ui::Choice;

/// Names that stand for several states.
const WAITING: &str = "Waiting";
const FAILED: &str = "Failed (exhausted or cancelled)";

/// States, and the two names that stand for several.
pub fn states() -> Vec<Choice> {
    let mut all = vec![Choice::new("", "Any state"), Choice::new("waiting", WAITING), Choice::new("failed", FAILED)];
    all.extend(DeliveryState::ALL.iter().map(|s| Choice::new(s.as_str(), s.label())));
    all
}

/// Hundreds of the answer's status.
pub fn classes() -> Vec<Choice> {
    let mut all = vec![Choice::new("", "Any answer")];
    all.extend(["2xx", "3xx", "4xx", "5xx"].map(|c| Choice::new(c, c)));
    all
}

/// Why the last attempt failed.
pub fn failures() -> Vec<Choice> {
    let mut all = vec![Choice::new("", "Any failure")];
    all.extend(FailureKind::ALL.iter().map(|k| Choice::new(k.as_str(), k.label())));
    all
}

/// Types of the catalogue.
pub fn event_types() -> Vec<Choice> {
    let mut all = vec![Choice::new("", "Any event")];
    all.extend(EventType::ALL.iter().map(|t| Choice::new(t.name(), t.label())));
    all
}

/// Dummy values, live ones, both.
pub fn modes() -> Vec<Choice> {
    vec![Choice::new("", "Live and test"), Choice::new("live", "Live"), Choice::new("test", "Test")]
}

/// A time as `datetime-local` takes it; empty where it is none.
pub fn local(text: &str) -> String {
    Timestamp::parse(text).map(|t| t.rfc3339().chars().take(19).collect()).unwrap_or_default()
}

/// The parameters of an address with this filter, without the page's start.
pub fn pairs(q: &DeliveryQuery) -> Vec<(String, String)> {
    [
        ("state", &q.state),
        ("class", &q.class),
        ("failure", &q.failure),
        ("event_type", &q.event_type),
        ("min_attempts", &q.min_attempts),
        ("from", &q.from),
        ("to", &q.to),
        ("mode", &q.mode),
        ("q", &q.q),
    ]
    .map(|(name, value)| (name.to_owned(), value.clone()))
    .to_vec()
}
