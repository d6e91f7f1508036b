//! API keys: how a platform signs in.

use super::id::{ApiKeyId, StudyId};
use super::permission::Scope;
use super::problem::FieldErrors;
use super::time::{DAY, Timestamp};
use serde::{Deserialize, Serialize};

/// A key, without its secret, which is shown once and kept only as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The study whose events and webhooks it reaches.
    pub study_id: StudyId,
    /// What people call it.
    pub name: String,
    /// The first characters of the secret, to tell keys apart.
    pub hint: String,
    /// What it is allowed.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What a person fills in to make a key, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ApiKeyDraft {
    /// Name, 1–100 characters.
    #[serde(default)]
    pub name: String,
    /// Scopes, at least one.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Days until it expires, 1–3650; empty: never.
    #[serde(default)]
    pub expires_in_days: String,
}

impl ApiKeyDraft {
    /// Checks each field. Gives name, scopes and expiry.
    pub fn check(&self, now: Timestamp) -> Result<(String, Vec<Scope>, Option<Timestamp>), FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 {
            errors.add("name", "must be 1–100 characters");
        }
        let mut scopes = Vec::new();
        for text in &self.scopes {
            match Scope::parse(text) {
                Some(scope) if !scopes.contains(&scope) => scopes.push(scope),
                Some(_) => {}
                None => errors.add("scopes", format!("{text:?} is not a scope; use {}", Scope::ALL.map(Scope::as_str).join(", "))),
            }
        }
        if self.scopes.is_empty() {
            errors.add("scopes", "choose at least one");
        }
        let days = self.expires_in_days.trim();
        let expires = match days.parse::<i64>() {
            _ if days.is_empty() => None,
            Ok(n @ 1..=3650) => Some(now.plus(n * DAY)),
            _ => {
                errors.add("expires_in_days", "must be a whole number of days, 1–3650, or empty for a key that does not expire");
                None
            }
        };
        errors.into_result(|| (name, scopes, expires))
    }
}
