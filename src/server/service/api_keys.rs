//! API keys of a study.

use crate::error::{AppError, not_found};
use crate::model::api_key::{ApiKey, ApiKeyDraft};
use crate::model::audit::AuditEntry;
use crate::model::id::ApiKeyId;
use crate::model::permission::Action;
use crate::server::auth::{Actor, api_key};
use crate::server::secret::Secret;
use crate::server::state::App;
use crate::server::store::{self, api_keys, studies};
use serde_json::json;

/// The keys of the actor's study.
///
/// # Errors
/// 403.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<ApiKey>, AppError> {
    actor.require(Action::ManagePeople)?;
    let mut db = app.store.read().await?;
    Ok(api_keys::of_study(&mut db, &actor.study.id).await?)
}

fn make(app: &App, study_id: crate::model::id::StudyId, draft: &ApiKeyDraft) -> Result<(ApiKey, Secret), AppError> {
    let now = app.clock.now();
    let (name, scopes, expires_at) = draft.check(now)?;
    let secret = api_key::generate();
    let key = ApiKey {
        id: ApiKeyId::from_bits(app.ids.next()),
        study_id,
        name,
        hint: api_key::hint(&secret),
        scopes,
        created_at: now,
        expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    Ok((key, secret))
}

/// Makes a key; its secret is given this once.
///
/// # Errors
/// 403; each wrong field.
pub async fn create(app: &App, actor: &Actor, draft: &ApiKeyDraft) -> Result<(ApiKey, Secret), AppError> {
    actor.require(Action::ManagePeople)?;
    let (key, secret) = make(app, actor.study.id.clone(), draft)?;
    let mut tx = app.store.begin().await?;
    api_keys::insert(&mut tx, &key, &api_key::hash(secret.expose())).await?;
    let changes = json!({"name": key.name, "scopes": key.scopes, "expires_at": key.expires_at});
    actor.audit(&mut tx, key.created_at, "api_key.created", key.id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok((key, secret))
}

/// The same for the operator at the machine.
///
/// # Errors
/// 404 for an unknown study; each wrong field.
pub async fn create_by_operator(app: &App, slug: &str, draft: &ApiKeyDraft) -> Result<(ApiKey, Secret), AppError> {
    let mut tx = app.store.begin().await?;
    let Some(study) = studies::find_by_slug(&mut tx, slug).await? else { return Err(not_found("study")) };
    let (key, secret) = make(app, study.id, draft)?;
    api_keys::insert(&mut tx, &key, &api_key::hash(secret.expose())).await?;
    let changes = json!({"name": key.name, "scopes": key.scopes, "expires_at": key.expires_at});
    let entry = AuditEntry::by_operator(Some(&key.study_id), key.created_at, "api_key.created", key.id.as_str(), changes);
    store::audit::append(&mut tx, &entry, None).await?;
    tx.commit().await?;
    Ok((key, secret))
}

/// Revokes a key, at once and for good.
///
/// # Errors
/// 403; 404 when there is none such, or it was revoked before.
pub async fn revoke(app: &App, actor: &Actor, key: &ApiKeyId, reason: &str) -> Result<ApiKey, AppError> {
    actor.require(Action::ManagePeople)?;
    let reason = super::check_reason(reason)?;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let Some(key) = api_keys::revoke(&mut tx, &actor.study.id, key, now).await? else { return Err(not_found("API key that still works")) };
    actor.audit(&mut tx, now, "api_key.revoked", key.id.as_str(), json!({"name": key.name}), Some(reason)).await?;
    tx.commit().await?;
    Ok(key)
}
