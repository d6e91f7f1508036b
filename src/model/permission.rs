//! Who may do what: the whole table of the product, in one place.
//!
//! Pages ask it what to offer; `server::auth` asks it what to allow. A service never decides by itself.

use serde::{Deserialize, Serialize};

/// What a person is in one study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the study's webhooks.
    Administrator,
    /// Enables the integration for a study; sees, but does not configure.
    ImplementationManager,
    /// Tries webhooks out in test mode.
    Qa,
    /// Reads the records.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Administrator, Role::ImplementationManager, Role::Qa, Role::Auditor];

    /// As stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Administrator => "administrator",
            Role::ImplementationManager => "implementation_manager",
            Role::Qa => "qa",
            Role::Auditor => "auditor",
        }
    }

    /// As a person reads it.
    pub fn label(self) -> &'static str {
        match self {
            Role::Administrator => "Administrator",
            Role::ImplementationManager => "Implementation manager",
            Role::Qa => "QA",
            Role::Auditor => "Auditor",
        }
    }

    /// Reads what [`Role::as_str`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }
}

/// What an API key is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Scope {
    /// Read webhooks, deliveries (without bodies), events and the catalogue.
    #[serde(rename = "webhooks:read")]
    WebhooksRead,
    /// Create, edit, pause and archive webhooks; set their credentials.
    #[serde(rename = "webhooks:write")]
    WebhooksWrite,
    /// Send samples.
    #[serde(rename = "webhooks:test")]
    WebhooksTest,
    /// Retry and replay deliveries.
    #[serde(rename = "deliveries:retry")]
    DeliveriesRetry,
    /// Publish events.
    #[serde(rename = "events:write")]
    EventsWrite,
    /// Write study data.
    #[serde(rename = "data:write")]
    DataWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 6] =
        [Scope::EventsWrite, Scope::DataWrite, Scope::WebhooksRead, Scope::WebhooksWrite, Scope::WebhooksTest, Scope::DeliveriesRetry];

    /// As stored and sent, e.g. `events:write`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::WebhooksRead => "webhooks:read",
            Scope::WebhooksWrite => "webhooks:write",
            Scope::WebhooksTest => "webhooks:test",
            Scope::DeliveriesRetry => "deliveries:retry",
            Scope::EventsWrite => "events:write",
            Scope::DataWrite => "data:write",
        }
    }

    /// What it allows, in a phrase.
    pub fn describe(self) -> &'static str {
        match self {
            Scope::WebhooksRead => "Read webhooks, deliveries (without bodies) and events",
            Scope::WebhooksWrite => "Create, edit, pause and archive webhooks; set their credentials",
            Scope::WebhooksTest => "Send samples",
            Scope::DeliveriesRetry => "Retry and replay deliveries",
            Scope::EventsWrite => "Publish events",
            Scope::DataWrite => "Write study data",
        }
    }

    /// Reads what [`Scope::as_str`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// Whom a decision is about: a person with a role in the study, or an API key of the study with its scopes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// A signed-in member.
    Member(Role),
    /// A key.
    Key(Vec<Scope>),
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Enable or disable Integrations for the study.
    SwitchIntegrations,
    /// Create, edit, pause, archive a webhook.
    ManageWebhook,
    /// Set or rotate the secret, headers, Basic credentials.
    ManageCredentials,
    /// Read configuration and delivery metadata.
    ReadMetadata,
    /// Read a payload or a response body.
    ReadBody {
        /// Whether the delivery is a sample's or a test webhook's, so that it holds dummy values only.
        test: bool,
    },
    /// Send a sample to a webhook.
    SendSample {
        /// Whether the webhook is Live.
        live: bool,
    },
    /// Retry one delivery, or replay many.
    Retry {
        /// As in [`Action::ReadBody`].
        test: bool,
    },
    /// Take a webhook from Test to Live.
    GoLive,
    /// Publish events over the API.
    PublishEvents,
    /// Write study data.
    WriteStudyData,
    /// Read and export the audit trail.
    ReadAudit,
    /// Users, roles, API keys.
    ManagePeople,
    /// Read what Hookwell tells of the study's webhooks: that it disabled one.
    ReadNotices,
}

impl Action {
    /// Every cell's row: each action, with each of its variants.
    pub const ALL: [Action; 16] = [
        Action::SwitchIntegrations,
        Action::ManageWebhook,
        Action::ManageCredentials,
        Action::ReadMetadata,
        Action::ReadBody { test: false },
        Action::ReadBody { test: true },
        Action::SendSample { live: false },
        Action::SendSample { live: true },
        Action::Retry { test: false },
        Action::Retry { test: true },
        Action::GoLive,
        Action::PublishEvents,
        Action::WriteStudyData,
        Action::ReadAudit,
        Action::ManagePeople,
        Action::ReadNotices,
    ];

    /// What was refused, to end the sentence "You may not …".
    pub fn describe(self) -> &'static str {
        match self {
            Action::SwitchIntegrations => "enable or disable Integrations; that is for an implementation manager",
            Action::ManageWebhook => "create or change webhooks; that is for an administrator, or an API key with webhooks:write",
            Action::ManageCredentials => "set webhook credentials; that is for an administrator, or an API key with webhooks:write",
            Action::ReadMetadata => "read webhooks and deliveries; an API key needs webhooks:read",
            Action::ReadBody { .. } => "read this payload or response body",
            Action::SendSample { .. } => {
                "send a sample to this webhook; QA and implementation managers may in Test mode, an API key needs webhooks:test"
            }
            Action::Retry { .. } => {
                "retry or replay these deliveries; that is for an administrator (QA: test ones), or an API key with deliveries:retry"
            }
            Action::GoLive => "take a webhook Live; that is for an administrator",
            Action::PublishEvents => "publish events; that needs an API key with events:write",
            Action::WriteStudyData => "write study data; that is for an administrator, or an API key with data:write",
            Action::ReadAudit => "read the audit trail",
            Action::ManagePeople => "manage people and API keys; that is for an administrator",
            Action::ReadNotices => "read notices; they are for administrators and implementation managers",
        }
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Yes.
    Allow,
    /// Yes, with the contents blacked out.
    Redacted,
    /// Yes, for what they did themselves.
    Own,
    /// No: 403.
    Deny,
}

impl Standing {
    /// The table. One row an action, one column a role; a key is asked for its scope.
    pub fn decide(&self, action: Action) -> Decision {
        use Decision::{Allow, Deny, Own, Redacted};
        // administrator, implementation manager, QA, auditor, scope of an API key
        let (administrator, manager, qa, auditor, scope) = match action {
            Action::SwitchIntegrations => (Deny, Allow, Deny, Deny, None),
            Action::ManageWebhook => (Allow, Deny, Deny, Deny, Some(Scope::WebhooksWrite)),
            Action::ManageCredentials => (Allow, Deny, Deny, Deny, Some(Scope::WebhooksWrite)),
            Action::ReadMetadata => (Allow, Allow, Allow, Allow, Some(Scope::WebhooksRead)),
            Action::ReadBody { test: false } => (Allow, Deny, Deny, Redacted, None),
            // Dummy values only. Who may send a sample may see what it was and what came back.
            Action::ReadBody { test: true } => (Allow, Allow, Allow, Redacted, Some(Scope::WebhooksTest)),
            Action::SendSample { live: false } => (Allow, Allow, Allow, Deny, Some(Scope::WebhooksTest)),
            Action::SendSample { live: true } => (Allow, Deny, Deny, Deny, Some(Scope::WebhooksTest)),
            Action::Retry { test: false } => (Allow, Deny, Deny, Deny, Some(Scope::DeliveriesRetry)),
            Action::Retry { test: true } => (Allow, Deny, Allow, Deny, Some(Scope::DeliveriesRetry)),
            Action::GoLive => (Allow, Deny, Deny, Deny, None),
            Action::PublishEvents => (Deny, Deny, Deny, Deny, Some(Scope::EventsWrite)),
            Action::WriteStudyData => (Allow, Deny, Deny, Deny, Some(Scope::DataWrite)),
            Action::ReadAudit => (Allow, Own, Deny, Allow, None),
            Action::ManagePeople => (Allow, Deny, Deny, Deny, None),
            Action::ReadNotices => (Allow, Allow, Deny, Deny, None),
        };
        match self {
            Standing::Member(Role::Administrator) => administrator,
            Standing::Member(Role::ImplementationManager) => manager,
            Standing::Member(Role::Qa) => qa,
            Standing::Member(Role::Auditor) => auditor,
            Standing::Key(scopes) => match scope {
                Some(needed) if scopes.contains(&needed) => Allow,
                _ => Deny,
            },
        }
    }

    /// Whether the answer is anything but no: to show or hide a button.
    pub fn may(&self, action: Action) -> bool {
        self.decide(action) != Decision::Deny
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as the product states it, written out a second time: `A`llow, `R`edacted, `O`wn, `-`.
    #[test]
    fn the_table_is_the_products() {
        let rows = [
            (Action::SwitchIntegrations, "-A--", None),
            (Action::ManageWebhook, "A---", Some("webhooks:write")),
            (Action::ManageCredentials, "A---", Some("webhooks:write")),
            (Action::ReadMetadata, "AAAA", Some("webhooks:read")),
            (Action::ReadBody { test: false }, "A--R", None),
            (Action::ReadBody { test: true }, "AAAR", Some("webhooks:test")),
            (Action::SendSample { live: false }, "AAA-", Some("webhooks:test")),
            (Action::SendSample { live: true }, "A---", Some("webhooks:test")),
            (Action::Retry { test: false }, "A---", Some("deliveries:retry")),
            (Action::Retry { test: true }, "A-A-", Some("deliveries:retry")),
            (Action::GoLive, "A---", None),
            (Action::PublishEvents, "----", Some("events:write")),
            (Action::WriteStudyData, "A---", Some("data:write")),
            (Action::ReadAudit, "AO-A", None),
            (Action::ManagePeople, "A---", None),
            (Action::ReadNotices, "AA--", None),
        ];
        assert_eq!(rows.map(|r| r.0), Action::ALL, "a row for each action");
        for (action, cells, scope) in rows {
            for (role, cell) in Role::ALL.into_iter().zip(cells.chars()) {
                let expected = match cell {
                    'A' => Decision::Allow,
                    'R' => Decision::Redacted,
                    'O' => Decision::Own,
                    _ => Decision::Deny,
                };
                assert_eq!(Standing::Member(role).decide(action), expected, "{role:?} {action:?}");
            }
            for held in Scope::ALL {
                let expected = if scope == Some(held.as_str()) { Decision::Allow } else { Decision::Deny };
                assert_eq!(Standing::Key(vec![held]).decide(action), expected, "{held:?} {action:?}");
            }
        }
    }
}
