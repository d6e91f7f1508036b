//! Identifiers: a prefix that says what it names, an underscore, and a UUIDv7 in lowercase hex, e.g.
//! `wh_019a…`. Sortable by time of making, safe in URLs, and told apart at a glance in a log.

use serde::{Deserialize, Serialize};

/// An identifier that is not of its kind's form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must look like {expected}_ followed by 32 hexadecimal digits")]
pub struct BadId {
    /// The prefix that was expected, e.g. `wh`.
    pub expected: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The prefix of this kind of identifier.
            pub const PREFIX: &'static str = $prefix;

            /// Makes one from 128 bits (a UUIDv7 on the server).
            pub fn from_bits(bits: u128) -> Self {
                Self(format!("{}_{bits:032x}", $prefix))
            }

            /// The text, as stored and shown.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                let ok = text.strip_prefix(concat!($prefix, "_")).is_some_and(|hex| {
                    hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
                });
                if ok { Ok(Self(text)) } else { Err(BadId { expected: $prefix }) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        #[cfg(feature = "ssr")]
        crate::model::text_schema!($name, concat!($prefix, "_00000000000000000000000000000000"));

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A study: the tenant. Everything but users and sessions belongs to one.
    StudyId, "std"
);
id!(
    /// A person.
    UserId, "usr"
);
id!(
    /// A webhook of a study.
    WebhookId, "wh"
);
id!(
    /// An event as accepted; the sender's own id is [`crate::model::event::Event::external_id`].
    EventId, "evt"
);
id!(
    /// One event on its way to one webhook. Sent as `webhook-id`, stable over retries.
    DeliveryId, "dlv"
);
id!(
    /// One HTTP request of a delivery.
    AttemptId, "att"
);
id!(
    /// An API key.
    ApiKeyId, "key"
);
id!(
    /// A place of a study: a hospital, a practice.
    SiteId, "sit"
);
id!(
    /// Somebody who takes part in a study.
    ParticipantId, "par"
);
id!(
    /// A form or survey.
    FormId, "frm"
);
id!(
    /// One participant's answers to one form or survey.
    ResponseId, "rsp"
);
id!(
    /// A record: a form's values that are saved, updated and reviewed.
    RecordId, "rec"
);
id!(
    /// A schedule.
    ScheduleId, "sch"
);
id!(
    /// One run of a schedule.
    RunId, "run"
);
id!(
    /// An import of participants.
    ImportId, "imp"
);
id!(
    /// One sending of a survey to participants.
    DistributionId, "dst"
);
id!(
    /// A replay of a webhook's deliveries.
    ReplayId, "rpl"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_a_wrong_one_says_what_is_right() {
        let id = WebhookId::from_bits(42);
        assert_eq!(id.as_str().parse::<WebhookId>().as_ref(), Ok(&id));
        for wrong in ["", "wh_", "evt_0000000000000000000000000000002a", "wh_0000000000000000000000000000002A", "wh_2a"] {
            let error = wrong.parse::<WebhookId>().expect_err(wrong);
            assert_eq!(error.to_string(), "must look like wh_ followed by 32 hexadecimal digits");
        }
    }
}
