//! The request that a sample would be, to look at before anything is sent.

use super::event_type::EventType;

/// A request that was made and not sent. Credentials are masked; what is known only when it is sent says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Of what it is an example.
    pub event_type: EventType,
    /// Its method.
    pub method: &'static str,
    /// Where it goes.
    pub url: String,
    /// Every header.
    pub headers: Vec<(String, String)>,
    /// The body, exactly, but for the event's id and time.
    pub body: String,
}
