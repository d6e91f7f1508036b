//! The use cases. Each takes the actor and asks the permission table first; a transaction begins here and holds the change and
//! its audit row together. Pages, server functions, REST and the command line all come through here.

pub mod api_keys;
pub mod audit;
pub mod deliveries;
pub mod events;
pub mod forms;
pub mod imports;
pub mod integrations;
pub mod notices;
pub mod outbox;
pub mod participants;
pub mod people;
pub mod preview;
pub mod records;
pub mod responses;
pub mod samples;
pub mod saved;
pub mod schedules;
pub mod sites;
pub mod webhooks;

use crate::error::{AppError, invalid};

/// A reason as typed, where one must be given: 3–500 characters.
///
/// # Errors
/// On the field `reason`.
pub fn check_reason(reason: &str) -> Result<&str, AppError> {
    let reason = reason.trim();
    if (3..=500).contains(&reason.chars().count()) {
        Ok(reason)
    } else {
        Err(invalid("reason", "say why, in 3–500 characters; it goes into the audit trail"))
    }
}
