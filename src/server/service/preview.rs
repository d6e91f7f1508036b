//! The exact request that a sample would be, made by the functions that send and shown instead of sent.

use crate::error::{AppError, not_found};
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, EventId, WebhookId};
use crate::model::permission::Action;
use crate::model::preview::Preview;
use crate::model::webhook_draft::{Change, WebhookDraft};
use crate::server::auth::Actor;
use crate::server::credentials::Credentials;
use crate::server::engine::intake::SAMPLE_SOURCE;
use crate::server::engine::request::{METHOD, Request};
use crate::server::engine::signing::generate_secret;
use crate::server::format::{self, EventView};
use crate::server::secret::Secret;
use crate::server::state::App;
use crate::server::store::webhooks;

/// What a draft would send as a sample of the first of its events that its format speaks of. `of`: the webhook that is edited; `None`: a
/// new one, for which a secret is made unless one is pasted. Saves nothing, sends nothing, and looks no host up.
///
/// # Errors
/// 403, 404; each wrong field.
pub async fn of_draft(app: &App, actor: &Actor, of: Option<&WebhookId>, draft: &WebhookDraft) -> Result<Preview, AppError> {
    actor.require(Action::ManageWebhook)?;
    actor.require(Action::ManageCredentials)?;
    actor.require_integrations()?;
    let (mut settings, _, change) = draft.check(app.config.allow_http)?;
    let now = app.clock.now();
    let pasted = match &change.secret {
        Change::Set(secret) => Some(Secret::new(secret.clone())),
        Change::Keep => None,
    };
    let credentials = match of {
        None => {
            let mut credentials = Credentials::default().apply(change)?;
            credentials.secret = Some((pasted.unwrap_or_else(generate_secret), now));
            credentials
        }
        Some(id) => {
            let mut db = app.store.read().await?;
            let Some(stored) = webhooks::find_sealed(&mut db, &actor.study.id, id).await? else { return Err(not_found("webhook")) };
            settings.format_options.legacy = stored.webhook.settings.format_options.legacy;
            super::webhooks::open(app, &stored.webhook, &stored.credentials)?.apply(change)?
        }
    };
    let url = url::Url::parse(&settings.url).map_err(|e| crate::error::invalid("url", format!("is not an absolute URL ({e})")))?;
    let event_type = settings.first_event();
    let (variant, data) = (settings.variant(), event_type.example());
    let (event, delivery) = (EventId::from_bits(0), DeliveryId::from_bits(0));
    let subject = EventType::subject_of(&data);
    let view = EventView {
        id: &event,
        external_id: event.as_str(),
        source: SAMPLE_SOURCE,
        study: &actor.study.slug,
        event_type,
        occurred_at: now,
        subject: subject.as_deref(),
        is_test: true,
        data: &data,
    };
    let Some(payload) = format::render(&variant, &view) else {
        return Err(AppError::Internal(format!("{} has no body for {}.", settings.format.label(), event_type.name())));
    };
    let request = Request { delivery: &delivery, variant: &variant, payload: &payload, credentials: &credentials, at: now };
    let headers = request.previewed(&url);
    Ok(Preview { event_type, method: METHOD, url: settings.url, headers, body: payload.body })
}
