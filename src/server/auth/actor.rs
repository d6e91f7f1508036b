//! [`Actor`]: somebody, in one study, with what they may do there. A service takes one as an argument; there is no other way to
//! make one than from a session's member, an API key, or the operator at the machine.

use crate::error::{AppError, not_found};
use crate::model::api_key::ApiKey;
use crate::model::audit::AuditEntry;
use crate::model::id::UserId;
use crate::model::permission::{Action, Decision, Role, Standing};
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::model::user::User;
use crate::server::store::{Db, studies};
use crate::server::store::{audit, people};
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::net::SocketAddr;

/// Who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A signed-in person.
    User(User),
    /// A platform, by its key.
    Key(ApiKey),
}

/// Where a request came from: what the audit trail keeps of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asker {
    /// The address it came from.
    pub address: Option<String>,
    /// Its id, which the log has too.
    pub request_id: Option<String>,
}

impl Asker {
    /// Of a request, by what the router put around it: the connection's address and the request's id.
    pub fn of(parts: &Parts) -> Self {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|from| from.0.ip().to_string());
        Self { address, request_id: request_id(&parts.headers) }
    }
}

/// The id that the router gave a request.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned)
}

/// Somebody in a study.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who.
    pub who: Who,
    /// Where.
    pub study: Study,
    /// What they are there.
    pub standing: Standing,
    /// Where they ask from.
    pub asker: Asker,
}

impl Actor {
    /// A signed-in person in the study with this slug.
    ///
    /// # Errors
    /// 404 when there is no such study or they are no member: who is not one does not learn whether it is there.
    pub async fn member(db: &mut Db, user: User, slug: &str, asker: Asker) -> Result<Self, AppError> {
        let Some(study) = studies::find_by_slug(db, slug).await? else { return Err(not_found("study")) };
        let Some(role) = people::find_role(db, &study.id, &user.id).await? else { return Err(not_found("study")) };
        Ok(Self { who: Who::User(user), study, standing: Standing::Member(role), asker })
    }

    /// A platform, by a key that was found good.
    ///
    /// # Errors
    /// When the key's study is gone.
    pub async fn key(db: &mut Db, key: ApiKey, asker: Asker) -> Result<Self, AppError> {
        let Some(study) = studies::find(db, &key.study_id).await? else { return Err(not_found("study")) };
        Ok(Self { standing: Standing::Key(key.scopes.clone()), who: Who::Key(key), study, asker })
    }

    /// The answer of the permission table.
    pub fn decide(&self, action: Action) -> Decision {
        self.standing.decide(action)
    }

    /// The one place where a service is refused.
    ///
    /// # Errors
    /// 403, with what is not allowed and who may.
    pub fn require(&self, action: Action) -> Result<Decision, AppError> {
        match self.decide(action) {
            Decision::Deny => Err(AppError::Forbidden(format!("You may not {}.", action.describe()))),
            allowed => Ok(allowed),
        }
    }

    /// That the study's Integrations are on: nothing about webhooks works while they are not.
    ///
    /// # Errors
    /// [`AppError::IntegrationsLocked`].
    pub fn require_integrations(&self) -> Result<(), AppError> {
        if self.study.integrations_enabled { Ok(()) } else { Err(AppError::IntegrationsLocked) }
    }

    /// Their id, for the audit trail.
    pub fn id(&self) -> &str {
        match &self.who {
            Who::User(user) => user.id.as_str(),
            Who::Key(key) => key.id.as_str(),
        }
    }

    /// Their name, as people know it.
    pub fn name(&self) -> &str {
        match &self.who {
            Who::User(user) => &user.name,
            Who::Key(key) => &key.name,
        }
    }

    /// The person, where it is one.
    pub fn user_id(&self) -> Option<&UserId> {
        match &self.who {
            Who::User(user) => Some(&user.id),
            Who::Key(_) => None,
        }
    }

    /// Their role's name, for the audit trail.
    pub fn role_name(&self) -> &'static str {
        match &self.standing {
            Standing::Member(role) => Role::as_str(*role),
            Standing::Key(_) => "api_key",
        }
    }

    /// Writes what they did into the audit trail, in the transaction that does it.
    ///
    /// # Errors
    /// When the database fails; the transaction should be dropped then.
    pub async fn audit(
        &self,
        tx: &mut crate::server::store::Tx,
        at: Timestamp,
        action: &str,
        object: &str,
        changes: serde_json::Value,
        reason: Option<&str>,
    ) -> Result<(), AppError> {
        let entry = AuditEntry {
            seq: 0,
            at,
            actor: self.id().to_owned(),
            actor_name: self.name().to_owned(),
            actor_role: self.role_name().to_owned(),
            study_id: Some(self.study.id.clone()),
            action: action.to_owned(),
            object: object.to_owned(),
            changes,
            reason: reason.map(str::to_owned),
            request_id: self.asker.request_id.clone(),
        };
        audit::append(tx, &entry, self.asker.address.as_deref()).await?;
        Ok(())
    }
}
