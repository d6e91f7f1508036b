//! What somebody who saves is told of a synchronous webhook.

use super::delivery::FailureKind;
use super::id::{DeliveryId, WebhookId};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Why it failed, in the names that people know from TrialKit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum SyncFailure {
    /// The receiver answered with an error, or not as HTTP should.
    ProtocolError,
    /// No answer in time.
    Timeout,
    /// No connection.
    ConnectFailure,
    /// The host's name could not be resolved.
    NameResolutionFailure,
    /// Its certificate is not trusted.
    TrustFailure,
}

text_enum!(SyncFailure {
    ProtocolError = "ProtocolError" / "ProtocolError",
    Timeout = "Timeout" / "Timeout",
    ConnectFailure = "ConnectFailure" / "ConnectFailure",
    NameResolutionFailure = "NameResolutionFailure" / "NameResolutionFailure",
    TrustFailure = "TrustFailure" / "TrustFailure",
});

impl SyncFailure {
    /// The name for a kind of failure.
    pub fn of(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Dns => SyncFailure::NameResolutionFailure,
            FailureKind::Connect | FailureKind::BlockedAddress => SyncFailure::ConnectFailure,
            FailureKind::Tls => SyncFailure::TrustFailure,
            FailureKind::Timeout => SyncFailure::Timeout,
            FailureKind::HttpStatus
            | FailureKind::Redirect
            | FailureKind::BodyTooLarge
            | FailureKind::Protocol
            | FailureKind::Cancelled => SyncFailure::ProtocolError,
        }
    }
}

/// What came of one synchronous delivery. The save stands in any case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SyncOutcome {
    /// Which webhook.
    pub webhook_id: WebhookId,
    /// Its name.
    pub webhook_name: String,
    /// Which delivery.
    pub delivery_id: DeliveryId,
    /// The answer's HTTP status.
    pub status: Option<u16>,
    /// Why it failed; `None`: it arrived.
    pub failure: Option<SyncFailure>,
    /// The same in a sentence.
    pub message: String,
    /// When it is tried again.
    pub next_attempt_at: Option<Timestamp>,
}
