//! Webhooks: set up, change, pause, archive, go Live, rotate the secret.

mod register;

pub use register::{Face, PER_SURVEY_MAX, register, registered, registered_one};

use super::check_reason;
use super::name_free;
use crate::error::{AppError, invalid, not_found};
use crate::model::audit::AuditEntry;
use crate::model::id::{StudyId, WebhookId};
use crate::model::payload_variant::PayloadVariant;
use crate::model::permission::Action;
use crate::model::time::{HOUR, Timestamp};
use crate::model::webhook::{OVERLAP_HOURS_MAX, PayloadFormat, Webhook, WebhookMode, WebhookSettings, WebhookStats, WebhookStatus};
use crate::model::webhook_draft::{Change, WebhookDraft, check_secret};
use crate::server::auth::Actor;
use crate::server::credentials::Credentials;
use crate::server::engine::address::LookupError;
use crate::server::engine::signing::generate_secret;
use crate::server::secret::Secret;
use crate::server::state::App;
use crate::server::store::{self, Tx, deliveries, health, studies, webhooks};
use serde_json::{Value, json};

/// The webhooks of the actor's study with what they have been doing, by name.
///
/// # Errors
/// 403.
pub async fn list(app: &App, actor: &Actor, archived: bool) -> Result<Vec<(Webhook, WebhookStats)>, AppError> {
    actor.require(Action::ReadMetadata)?;
    let mut db = app.store.read().await?;
    let hooks = webhooks::of_study(&mut db, &actor.study.id, archived).await?;
    let mut stats = webhooks::stats(&mut db, &actor.study.id, app.clock.now()).await?;
    Ok(hooks
        .into_iter()
        .map(|w| {
            let of = stats.remove(&w.id).unwrap_or_default();
            (w, of)
        })
        .collect())
}

/// One webhook.
///
/// # Errors
/// 403, 404.
pub async fn get(app: &App, actor: &Actor, id: &WebhookId) -> Result<Webhook, AppError> {
    actor.require(Action::ReadMetadata)?;
    let mut db = app.store.read().await?;
    webhooks::find(&mut db, &actor.study.id, id).await?.ok_or_else(|| not_found("webhook"))
}

/// Since when Hookwell has a webhook switched off; `None` when it has not.
///
/// # Errors
/// 403, 404.
pub async fn disabled_at(app: &App, actor: &Actor, id: &WebhookId) -> Result<Option<Timestamp>, AppError> {
    actor.require(Action::ReadMetadata)?;
    let mut db = app.store.read().await?;
    let Some(webhook) = webhooks::find(&mut db, &actor.study.id, id).await? else { return Err(not_found("webhook")) };
    if webhook.status != WebhookStatus::Disabled {
        return Ok(None);
    }
    Ok(store::audit::last(&mut db, &actor.study.id, id.as_str(), "webhook.disabled").await?)
}

/// What one webhook has been doing.
///
/// # Errors
/// 403, 404.
pub async fn stats(app: &App, actor: &Actor, id: &WebhookId) -> Result<WebhookStats, AppError> {
    actor.require(Action::ReadMetadata)?;
    let mut db = app.store.read().await?;
    if webhooks::find(&mut db, &actor.study.id, id).await?.is_none() {
        return Err(not_found("webhook"));
    }
    let mut stats = webhooks::stats(&mut db, &actor.study.id, app.clock.now()).await?.remove(id).unwrap_or_default();
    webhooks::add_waiting(&mut db, &actor.study.id, id, &mut stats).await?;
    Ok(stats)
}

/// How a new webhook comes to its secret.
pub enum NewSecret {
    /// `whsec_` and 32 random bytes.
    Generate,
    /// As pasted into the draft.
    Given,
    /// None: nothing is signed.
    None,
}

/// Sets a webhook up, in Test mode. Gives the secret, this once.
///
/// # Errors
/// 403; each wrong field; a name that is taken.
pub async fn create(app: &App, actor: &Actor, draft: &WebhookDraft, secret: NewSecret) -> Result<(Webhook, Option<Secret>), AppError> {
    let New { webhook, sealed, secret } = New::prepare(app, actor, draft, secret).await?;
    let mut tx = app.store.begin().await?;
    name_free("webhook", &webhook.settings.name, webhooks::insert(&mut tx, &webhook, &sealed).await)?;
    actor.audit(&mut tx, webhook.created_at, "webhook.created", webhook.id.as_str(), diff(None, &webhook), None).await?;
    tx.commit().await?;
    Ok((webhook, secret))
}

/// A webhook that was checked and is not stored yet.
struct New {
    webhook: Webhook,
    sealed: Vec<u8>,
    secret: Option<Secret>,
}

impl New {
    /// Everything about a new webhook that needs no transaction; in Test mode.
    async fn prepare(app: &App, actor: &Actor, draft: &WebhookDraft, secret: NewSecret) -> Result<Self, AppError> {
        actor.require(Action::ManageWebhook)?;
        actor.require(Action::ManageCredentials)?;
        actor.require_integrations()?;
        let (settings, status, change) = draft.check(app.config.allow_http)?;
        if status == WebhookStatus::Disabled {
            return Err(invalid("status", "must be active or inactive"));
        }
        check_address(app, &settings.url).await?;
        super::forms::check_filter(&mut app.store.read().await?, &actor.study.id, &settings.filter).await?;
        let now = app.clock.now();
        let signs = match (&change.secret, secret) {
            (Change::Set(pasted), _) => Some(Secret::new(pasted.clone())),
            (Change::Keep, NewSecret::None) => None,
            (Change::Keep, NewSecret::Generate | NewSecret::Given) => Some(generate_secret()),
        };
        let mut credentials = Credentials::default().apply(change)?;
        credentials.secret = signs.as_ref().map(|s| (s.clone(), now));
        let webhook = Webhook {
            id: WebhookId::from_bits(app.ids.next()),
            study_id: actor.study.id.clone(),
            settings,
            status,
            disabled_cause: None,
            mode: WebhookMode::Test,
            credentials: credentials.shown(),
            version: 1,
            verified_version: None,
            created_by: Some(actor.id().to_owned()),
            created_at: now,
            updated_at: now,
            archived_at: None,
        };
        let sealed = seal(app, &webhook, &credentials)?;
        Ok(Self { webhook, sealed, secret: signs })
    }
}

/// Changes a webhook. `version` is the one that the editor saw.
///
/// # Errors
/// 403, 404; each wrong field; 409 when somebody changed it meanwhile.
pub async fn update(app: &App, actor: &Actor, id: &WebhookId, version: i64, draft: &WebhookDraft) -> Result<Webhook, AppError> {
    update_with_secret(app, actor, id, version, draft, SecretChange::Keep).await
}

/// What becomes of the secret in a change that knows no overlap: the old one signs no more from this moment on.
pub enum SecretChange {
    /// It stays.
    Keep,
    /// This one is in its place; 16–500 characters.
    Replace(Secret),
    /// There is none any more: nothing is signed.
    Remove,
}

/// [`update`] and the secret in one step, for APIs that have no rotation of their own. The audit row says what became of the secret.
///
/// # Errors
/// As [`update`]; a secret that cannot be one, on `secret`.
pub async fn update_with_secret(
    app: &App,
    actor: &Actor,
    id: &WebhookId,
    version: i64,
    draft: &WebhookDraft,
    secret: SecretChange,
) -> Result<Webhook, AppError> {
    actor.require(Action::ManageWebhook)?;
    actor.require(Action::ManageCredentials)?;
    actor.require_integrations()?;
    let (mut settings, status, change) = draft.check(app.config.allow_http)?;
    if let SecretChange::Replace(secret) = &secret {
        check_secret(secret.expose()).map_err(|message| invalid("secret", message))?;
    }
    check_address(app, &settings.url).await?;
    let mut edit = Edit::begin(app, &actor.study.id, id, Some(version)).await?;
    // No form and no request says it.
    settings.format_options.legacy = edit.before.settings.format_options.legacy;
    super::forms::check_filter(&mut edit.tx, &actor.study.id, &settings.filter).await?;
    if matches!(&change.secret, Change::Set(_)) {
        return Err(invalid("secret", "is changed under Secret, so that the old one can go on signing for a while"));
    }
    let credentials = open(app, &edit.webhook, &edit.sealed)?;
    let before = (credentials.token.is_some(), credentials.basic.is_some(), credentials.headers.len());
    let sets_values = [&change.token, &change.basic].iter().any(|c| matches!(c, Some((_, Change::Set(_)))))
        || change.headers.iter().any(|(_, c)| matches!(c, Change::Set(_)));
    let mut credentials = credentials.apply(change)?;
    edit.secret_became = set_secret(&mut credentials, secret, app.clock.now());
    let after = (credentials.token.is_some(), credentials.basic.is_some(), credentials.headers.len());
    edit.webhook.credentials = credentials.shown();
    let same_request = !sets_values
        && before == after
        && edit.webhook.credentials == edit.before.credentials
        && what_is_sent(&settings) == what_is_sent(&edit.before.settings);
    edit.keeps_verified = same_request;
    edit.webhook.settings = settings;
    if status != WebhookStatus::Disabled {
        edit.webhook.status = status;
        edit.webhook.disabled_cause = None;
    }
    edit.credentials_changed = sets_values || before != after;
    edit.sealed = seal(app, &edit.webhook, &credentials)?;
    let webhook = edit.finish(app, actor, "webhook.updated", None).await?;
    // It may have become active: what waited goes out.
    app.engine.wake();
    Ok(webhook)
}

/// Gives what became of the secret, for the audit row; `None` when it is as it was.
fn set_secret(credentials: &mut Credentials, change: SecretChange, now: Timestamp) -> Option<&'static str> {
    let present = credentials.secret.as_ref().map(|(secret, _)| secret.expose());
    match change {
        SecretChange::Replace(new) if present != Some(new.expose()) => {
            let became = if present.is_some() { "replaced" } else { "set" };
            (credentials.secret, credentials.previous) = (Some((new, now)), None);
            Some(became)
        }
        SecretChange::Remove if present.is_some() => {
            (credentials.secret, credentials.previous) = (None, None);
            Some("removed")
        }
        SecretChange::Keep | SecretChange::Replace(_) | SecretChange::Remove => None,
    }
}

/// The part of the settings that a sample tries out.
fn what_is_sent(s: &WebhookSettings) -> (&str, PayloadVariant, u32) {
    (&s.url, s.variant(), s.timeout_seconds)
}

/// Makes a webhook of the format `mydatahelps` a legacy one, whose receivers were built for the patient's keys, or an ordinary one again.
/// For the operator at the machine who moves webhooks here: no form and no request of the API does it, so no new webhook is one.
///
/// # Errors
/// 404 for an unknown study or webhook; 409 for an archived one; a webhook of another format, on `webhook`.
pub async fn set_legacy_by_operator(app: &App, slug: &str, id: &WebhookId, legacy: bool) -> Result<Webhook, AppError> {
    let mut db = app.store.read().await?;
    let Some(study) = studies::find_by_slug(&mut db, slug).await? else { return Err(not_found("study")) };
    drop(db);
    let mut edit = Edit::begin(app, &study.id, id, None).await?;
    let format = edit.before.settings.format;
    if format != PayloadFormat::Mydatahelps {
        return Err(invalid("webhook", format!("has the format {}; only those of mydatahelps can be legacy ones", format.as_str())));
    }
    edit.webhook.settings.format_options.legacy = legacy;
    edit.keeps_verified = what_is_sent(&edit.webhook.settings) == what_is_sent(&edit.before.settings);
    let changes = edit.write(app).await?;
    let action = if legacy { "webhook.made_legacy" } else { "webhook.made_ordinary" };
    let entry = AuditEntry::by_operator(Some(&study.id), edit.webhook.updated_at, action, id.as_str(), changes);
    store::audit::append(&mut edit.tx, &entry, None).await?;
    edit.commit(app).await
}

/// Makes a webhook active, or pauses it. Active again, what waited goes out.
///
/// # Errors
/// 403, 404.
pub async fn set_active(app: &App, actor: &Actor, id: &WebhookId, active: bool) -> Result<Webhook, AppError> {
    actor.require(Action::ManageWebhook)?;
    actor.require_integrations()?;
    let mut edit = Edit::begin(app, &actor.study.id, id, None).await?;
    edit.webhook.status = if active { WebhookStatus::Active } else { WebhookStatus::Inactive };
    edit.webhook.disabled_cause = None;
    let action = if active { "webhook.activated" } else { "webhook.paused" };
    let webhook = edit.finish(app, actor, action, None).await?;
    app.engine.wake();
    Ok(webhook)
}

/// Takes a webhook Live, or back to Test. Live needs a sample that was answered 2xx with the present configuration, or a reason.
///
/// # Errors
/// 403, 404; a missing reason on `reason`.
pub async fn set_mode(app: &App, actor: &Actor, id: &WebhookId, mode: WebhookMode, reason: &str) -> Result<Webhook, AppError> {
    actor.require(if mode == WebhookMode::Live { Action::GoLive } else { Action::ManageWebhook })?;
    actor.require_integrations()?;
    let mut edit = Edit::begin(app, &actor.study.id, id, None).await?;
    let mut why = None;
    if mode == WebhookMode::Live && !edit.before.is_verified() {
        if reason.trim().is_empty() {
            let message = "no sample sent with the present configuration was answered 2xx. Send one first, or say why it goes Live without";
            return Err(invalid("reason", message));
        }
        why = Some(check_reason(reason)?.to_owned());
    }
    edit.webhook.mode = mode;
    let action = if mode == WebhookMode::Live { "webhook.went_live" } else { "webhook.back_to_test" };
    let webhook = edit.finish(app, actor, action, why.as_deref()).await?;
    app.engine.wake();
    Ok(webhook)
}

/// Archives a webhook: it is hidden and stopped, what waits is cancelled, its history stays.
///
/// # Errors
/// 403, 404; a missing reason.
pub async fn archive(app: &App, actor: &Actor, id: &WebhookId, reason: &str) -> Result<Webhook, AppError> {
    actor.require(Action::ManageWebhook)?;
    actor.require_integrations()?;
    let reason = check_reason(reason)?;
    let mut edit = Edit::begin(app, &actor.study.id, id, None).await?;
    let now = app.clock.now();
    edit.webhook.archived_at = Some(now);
    edit.webhook.status = WebhookStatus::Inactive;
    deliveries::cancel_waiting(&mut edit.tx, &actor.study.id, id, now).await?;
    edit.finish(app, actor, "webhook.archived", Some(reason)).await
}

/// Sets a new secret, generated or given. The old one signs too for `overlap_hours`, 0–168. Gives the new one, this once.
///
/// # Errors
/// 403, 404; a wrong field.
pub async fn rotate(
    app: &App,
    actor: &Actor,
    id: &WebhookId,
    given: Option<Secret>,
    overlap_hours: u32,
) -> Result<(Webhook, Secret), AppError> {
    actor.require(Action::ManageCredentials)?;
    actor.require_integrations()?;
    if overlap_hours > OVERLAP_HOURS_MAX {
        return Err(invalid("overlap_hours", format!("must be a whole number from 0 to {OVERLAP_HOURS_MAX}")));
    }
    if let Some(secret) = &given {
        check_secret(secret.expose()).map_err(|message| invalid("secret", message))?;
    }
    let mut edit = Edit::begin(app, &actor.study.id, id, None).await?;
    let now = app.clock.now();
    let mut credentials = open(app, &edit.webhook, &edit.sealed)?;
    let secret = given.unwrap_or_else(generate_secret);
    if credentials.secret.as_ref().is_some_and(|(old, _)| old.expose() == secret.expose()) {
        return Err(invalid("secret", "is the present one already"));
    }
    let until = now.plus(i64::from(overlap_hours) * HOUR);
    credentials.previous = credentials.secret.take().filter(|_| overlap_hours > 0).map(|(old, _)| (old, until));
    credentials.secret = Some((secret.clone(), now));
    edit.webhook.credentials = credentials.shown();
    edit.keeps_verified = false;
    edit.credentials_changed = true;
    edit.sealed = seal(app, &edit.webhook, &credentials)?;
    let webhook = edit.finish(app, actor, "webhook.secret_rotated", None).await?;
    Ok((webhook, secret))
}

/// One change of one webhook, from reading it to its audit row, within one transaction.
struct Edit {
    tx: Tx,
    before: Webhook,
    webhook: Webhook,
    sealed: Vec<u8>,
    /// Whether a sample that was answered well still says something about the changed webhook.
    keeps_verified: bool,
    /// Whether values changed that the audit row cannot show.
    credentials_changed: bool,
    /// What became of the secret, where it was changed outside of a rotation.
    secret_became: Option<&'static str>,
}

impl Edit {
    async fn begin(app: &App, study: &StudyId, id: &WebhookId, version: Option<i64>) -> Result<Self, AppError> {
        let mut tx = app.store.begin().await?;
        let Some(found) = webhooks::find_sealed(&mut tx, study, id).await? else { return Err(not_found("webhook")) };
        let before = found.webhook;
        if before.archived_at.is_some() {
            return Err(AppError::Conflict("This webhook is archived. Its history stays readable; it cannot be changed.".to_owned()));
        }
        if version.is_some_and(|v| v != before.version) {
            return Err(AppError::Conflict(
                "Somebody changed this webhook while you were editing it. Nothing of yours was saved; look at the present state and make your change again."
                    .to_owned(),
            ));
        }
        let webhook = before.clone();
        Ok(Self { tx, webhook, before, sealed: found.credentials, keeps_verified: true, credentials_changed: false, secret_became: None })
    }

    async fn finish(mut self, app: &App, actor: &Actor, action: &str, reason: Option<&str>) -> Result<Webhook, AppError> {
        let changes = self.write(app).await?;
        actor.audit(&mut self.tx, self.webhook.updated_at, action, self.webhook.id.as_str(), changes, reason).await?;
        self.commit(app).await
    }

    /// Writes the changed webhook, and gives what its audit row says of it.
    async fn write(&mut self, app: &App) -> Result<Value, AppError> {
        self.webhook.version = self.before.version + 1;
        self.webhook.updated_at = app.clock.now();
        self.webhook.verified_version = (self.keeps_verified && self.before.is_verified()).then_some(self.webhook.version);
        let written = webhooks::update(&mut self.tx, &self.webhook, &self.sealed, self.before.version).await;
        if !name_free("webhook", &self.webhook.settings.name, written)? {
            return Err(AppError::Conflict(
                "Somebody changed this webhook at the same moment. Nothing of yours was saved; try again.".to_owned(),
            ));
        }
        // Somebody has looked after it: it is not judged by what failed before.
        health::clear(&mut self.tx, &self.webhook.study_id, &self.webhook.id).await?;
        let mut changes = diff(Some(&self.before), &self.webhook);
        if let Some(map) = changes.as_object_mut() {
            if self.credentials_changed {
                map.insert("credential_values".to_owned(), json!("changed"));
            }
            if let Some(became) = self.secret_became {
                map.insert("secret".to_owned(), json!(became));
            }
        }
        Ok(changes)
    }

    async fn commit(self, app: &App) -> Result<Webhook, AppError> {
        self.tx.commit().await?;
        app.live.tell(&self.webhook.study_id, &self.webhook.id);
        Ok(self.webhook)
    }
}

fn seal(app: &App, webhook: &Webhook, credentials: &Credentials) -> Result<Vec<u8>, AppError> {
    credentials.seal(&app.vault, &webhook.study_id, &webhook.id).map_err(damaged)
}

/// A webhook's credentials.
///
/// # Errors
/// When the master key is another than the one that they were sealed with.
pub(super) fn open(app: &App, webhook: &Webhook, sealed: &[u8]) -> Result<Credentials, AppError> {
    Credentials::open(&app.vault, &webhook.study_id, &webhook.id, sealed).map_err(damaged)
}

fn damaged(error: crate::server::secret::VaultError) -> AppError {
    tracing::error!(%error, "credentials");
    AppError::Internal("The webhook's credentials cannot be read with this installation's master key.".to_owned())
}

/// Resolves the URL's host and asks the guard about every address: what may never be called is refused on save.
async fn check_address(app: &App, url: &str) -> Result<(), AppError> {
    let parsed = url::Url::parse(url).map_err(|e| invalid("url", format!("is not an absolute URL ({e})")))?;
    let (Some(host), Some(port)) = (parsed.host_str(), parsed.port_or_known_default()) else {
        return Err(invalid("url", "has no host"));
    };
    match app.policy.resolve(host, port).await {
        Ok(_) => Ok(()),
        Err(LookupError::Blocked(blocked)) => Err(invalid("url", format!("cannot be called: {blocked}"))),
        Err(LookupError::Dns(why)) => Err(invalid("url", format!("cannot be reached: {why}"))),
    }
}

/// Each setting that differs, as `[before, after]`. Fingerprints and names stand for what is secret.
fn diff(before: Option<&Webhook>, after: &Webhook) -> Value {
    let flat = |w: &Webhook| {
        let mut all = serde_json::to_value(&w.settings).unwrap_or_default();
        if let Some(map) = all.as_object_mut() {
            map.insert("status".to_owned(), json!(w.status));
            map.insert("mode".to_owned(), json!(w.mode));
            map.insert("credentials".to_owned(), json!(w.credentials));
            map.insert("archived_at".to_owned(), json!(w.archived_at));
        }
        all
    };
    let (old, new) = (before.map(flat).unwrap_or_default(), flat(after));
    let mut changes = serde_json::Map::new();
    for (name, value) in new.as_object().into_iter().flatten() {
        let was = old.get(name).cloned().unwrap_or(Value::Null);
        if was != *value {
            changes.insert(name.clone(), json!([was, value]));
        }
    }
    Value::Object(changes)
}
