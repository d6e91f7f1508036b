//! Webhooks: the list, adding, editing, switching, the secret, the history.

use super::{Answer, Form, FormAnd, Query, Visitor, WebError, again, html, see_other};
use crate::error::{AppError, not_found};
use crate::model::delivery::DeliveryQuery;
use crate::model::id::WebhookId;
use crate::model::page::{DEFAULT_LIMIT, Page};
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::webhook::{OVERLAP_HOURS_DEFAULT, Webhook, WebhookMode, WebhookStatus};
use crate::model::webhook_draft::WebhookDraft;
use crate::pages::frame::{Frame, integrations_path, webhook_path};
use crate::pages::webhook::{About, ChangesPage, OverviewPage};
use crate::pages::webhook_deliveries::DeliveriesPage;
use crate::pages::webhook_form::{EditWebhookPage, NewWebhookPage};
use crate::pages::webhook_secret::SecretPage;
use crate::pages::webhooks::{LockedPage, WebhooksPage};
use crate::server::auth::Actor;
use crate::server::secret::Secret;
use crate::server::service::webhooks::NewSecret;
use crate::server::service::{audit, deliveries, preview, webhooks};
use crate::ui::Flash;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use leptos::prelude::*;
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;

/// The path of a webhook's pages: study and webhook.
pub type Place = Path<(String, String)>;

/// Who asks, and which webhook it is about.
pub async fn find(visitor: &Visitor, place: Place) -> Result<(Actor, Webhook), WebError> {
    let Path((slug, id)) = place;
    let actor = visitor.actor(&slug).await?;
    let id: WebhookId = id.parse().map_err(|_| not_found("webhook"))?;
    let webhook = webhooks::get(&visitor.app, &actor, &id).await?;
    Ok((actor, webhook))
}

/// What a webhook's pages show above their tabs.
pub async fn about(visitor: &Visitor, actor: &Actor, webhook: Webhook) -> Result<About, WebError> {
    let stats = webhooks::stats(&visitor.app, actor, &webhook.id).await?;
    let disabled_at = match webhook.status {
        WebhookStatus::Disabled => webhooks::disabled_at(&visitor.app, actor, &webhook.id).await?,
        WebhookStatus::Active | WebhookStatus::Inactive => None,
    };
    Ok(About { study: actor.study.clone(), webhook, stats, disabled_at })
}

/// The list's filter.
#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    state: String,
    #[serde(default)]
    mode: String,
}

/// `GET /s/{study}/settings/integrations`
pub async fn list(visitor: Visitor, Path(slug): Path<String>, Query(ListQuery { state, mode }): Query<ListQuery>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    actor.require(Action::ReadMetadata)?;
    let frame = Frame::of(&visitor, &actor).await?;
    let study = actor.study.clone();
    if !study.integrations_enabled {
        return Ok(html(&visitor, "Integrations", move || view! { <LockedPage frame=frame study=study error=None /> }).await);
    }
    let mut hooks = webhooks::list(&visitor.app, &actor, state == "archived").await?;
    let total = hooks.len();
    hooks.retain(|(w, _)| {
        let state_ok = match state.as_str() {
            "" => true,
            "archived" => w.archived_at.is_some(),
            text => WebhookStatus::parse(text) == Some(w.status),
        };
        state_ok && (mode.is_empty() || WebhookMode::parse(&mode) == Some(w.mode))
    });
    let page = move || view! { <WebhooksPage frame=frame study=study webhooks=hooks total=total state=state mode=mode error=None /> };
    Ok(html(&visitor, "Integrations", page).await)
}

/// `GET …/new`
pub async fn new_page(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    actor.require(Action::ManageWebhook)?;
    actor.require_integrations()?;
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || view! { <NewWebhookPage frame=frame study=actor.study draft=WebhookDraft::default() errors=FieldErrors::default() preview=None /> };
    Ok(html(&visitor, "Add webhook", page).await)
}

/// Which button of a webhook's form was pressed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Pressed {
    preview: bool,
}

/// What a preview leaves of a draft: the page's fields, and whether something secret was typed that is none of them.
fn kept(draft: WebhookDraft) -> (WebhookDraft, bool) {
    let kept = draft.clone().without_secrets();
    let dropped = kept != draft;
    (kept, dropped)
}

/// `POST …/new`
pub async fn create(visitor: Visitor, Path(slug): Path<String>, FormAnd(draft, pressed): FormAnd<WebhookDraft, Pressed>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    if pressed.preview {
        return preview_new(visitor, actor, draft).await;
    }
    match webhooks::create(&visitor.app, &actor, &draft, NewSecret::Generate).await {
        Ok((webhook, secret)) => {
            if let Some(secret) = secret {
                visitor.show_once(webhook.id.as_str(), &secret).await?;
            }
            visitor.flash(Flash::success(format!("“{}” is added, in Test mode. Send it a sample next.", webhook.settings.name))).await?;
            Ok(see_other(&format!("{}/secret", webhook_path(&actor.study, &webhook.id))))
        }
        Err(error @ AppError::Invalid(_)) => new_again(visitor, actor, draft, error.fields()).await,
        Err(error) => Err(error.into()),
    }
}

/// The form for a new webhook again, with what was wrong.
async fn new_again(visitor: Visitor, actor: Actor, draft: WebhookDraft, errors: FieldErrors) -> Answer {
    let frame = Frame::of(&visitor, &actor).await?;
    let draft = draft.without_secrets();
    let page = move || view! { <NewWebhookPage frame=frame study=actor.study draft=draft errors=errors preview=None /> };
    Ok(again(&visitor, "Add webhook", page).await)
}

/// The form for a new webhook again, with the request that it would send.
async fn preview_new(visitor: Visitor, actor: Actor, draft: WebhookDraft) -> Answer {
    let made = match preview::of_draft(&visitor.app, &actor, None, &draft).await {
        Ok(made) => made,
        Err(error @ AppError::Invalid(_)) => return new_again(visitor, actor, draft, error.fields()).await,
        Err(error) => return Err(error.into()),
    };
    let frame = Frame::of(&visitor, &actor).await?;
    let (draft, dropped) = kept(draft);
    let page = move || {
        view! { <NewWebhookPage frame=frame study=actor.study draft=draft errors=FieldErrors::default() preview=Some((made, dropped)) /> }
    };
    Ok(html(&visitor, "Add webhook", page).await)
}

/// `GET …/{id}`
pub async fn overview(visitor: Visitor, place: Place) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    let title = webhook.settings.name.clone();
    let about = about(&visitor, &actor, webhook).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    Ok(html(&visitor, &title, move || view! { <OverviewPage frame=frame about=about error=None /> }).await)
}

/// The overview again, with what was wrong with an action's reason.
async fn overview_again(visitor: &Visitor, actor: &Actor, id: &WebhookId, name: &'static str, error: &AppError) -> Answer {
    let webhook = webhooks::get(&visitor.app, actor, id).await?;
    let title = webhook.settings.name.clone();
    let about = about(visitor, actor, webhook).await?;
    let frame = Frame::of(visitor, actor).await?;
    let message = error.fields().of("reason").unwrap_or_default().to_owned();
    Ok(again(visitor, &title, move || view! { <OverviewPage frame=frame about=about error=Some((name, message)) /> }).await)
}

/// `GET …/{id}/edit`
pub async fn edit_page(visitor: Visitor, place: Place) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    actor.require(Action::ManageWebhook)?;
    actor.require_integrations()?;
    let (draft, version) = (WebhookDraft::of(&webhook), webhook.version);
    let about = about(&visitor, &actor, webhook).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || view! { <EditWebhookPage frame=frame about=about draft=draft version=version errors=FieldErrors::default() conflict=None preview=None /> };
    Ok(html(&visitor, "Settings", page).await)
}

/// The version that the person began with: part of the form's address.
#[derive(Deserialize)]
pub struct Version {
    version: i64,
}

/// `POST …/{id}/edit`
pub async fn edit(
    visitor: Visitor,
    place: Place,
    Query(Version { version }): Query<Version>,
    FormAnd(draft, pressed): FormAnd<WebhookDraft, Pressed>,
) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    if pressed.preview {
        return preview_edit(visitor, actor, webhook, version, draft).await;
    }
    let (errors, conflict) = match webhooks::update(&visitor.app, &actor, &webhook.id, version, &draft).await {
        Ok(webhook) => {
            visitor.flash(Flash::success("The webhook is saved.")).await?;
            return Ok(see_other(&webhook_path(&actor.study, &webhook.id)));
        }
        Err(error @ AppError::Invalid(_)) => (error.fields(), None),
        Err(AppError::Conflict(text)) => (FieldErrors::default(), Some(text)),
        Err(error) => return Err(error.into()),
    };
    edit_again(visitor, actor, webhook, version, draft, errors, conflict).await
}

/// The form again, with what was wrong: 409 for a conflict, else 422.
async fn edit_again(
    visitor: Visitor,
    actor: Actor,
    webhook: Webhook,
    version: i64,
    draft: WebhookDraft,
    errors: FieldErrors,
    conflict: Option<String>,
) -> Answer {
    let status = if conflict.is_some() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    let draft = draft.without_secrets();
    let about = about(&visitor, &actor, webhook).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || {
        view! { <EditWebhookPage frame=frame about=about draft=draft version=version errors=errors conflict=conflict preview=None /> }
    };
    let mut response = html(&visitor, "Settings", page).await;
    *response.status_mut() = status;
    Ok(response)
}

/// The form again, with the request that it would send.
async fn preview_edit(visitor: Visitor, actor: Actor, webhook: Webhook, version: i64, draft: WebhookDraft) -> Answer {
    let made = match preview::of_draft(&visitor.app, &actor, Some(&webhook.id), &draft).await {
        Ok(made) => made,
        Err(error @ AppError::Invalid(_)) => return edit_again(visitor, actor, webhook, version, draft, error.fields(), None).await,
        Err(error) => return Err(error.into()),
    };
    let (draft, dropped) = kept(draft);
    let about = about(&visitor, &actor, webhook).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let (errors, made) = (FieldErrors::default(), Some((made, dropped)));
    let page = move || {
        view! { <EditWebhookPage frame=frame about=about draft=draft version=version errors=errors conflict=None preview=made /> }
    };
    Ok(html(&visitor, "Settings", page).await)
}

/// Pause or activate.
#[derive(Deserialize)]
pub struct SetActive {
    active: bool,
}

/// `POST …/{id}/status`
pub async fn set_active(visitor: Visitor, place: Place, Form(form): Form<SetActive>) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    webhooks::set_active(&visitor.app, &actor, &webhook.id, form.active).await?;
    let text = if form.active { "The webhook is active." } else { "The webhook is paused. What is accepted for it already waits." };
    visitor.flash(Flash::success(text)).await?;
    Ok(see_other(&webhook_path(&actor.study, &webhook.id)))
}

/// Test or Live.
#[derive(Deserialize)]
pub struct SetMode {
    mode: WebhookMode,
    #[serde(default)]
    reason: String,
}

/// `POST …/{id}/mode`
pub async fn set_mode(visitor: Visitor, place: Place, Form(form): Form<SetMode>) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    match webhooks::set_mode(&visitor.app, &actor, &webhook.id, form.mode, &form.reason).await {
        Ok(_) => {
            let text = match form.mode {
                WebhookMode::Live => "The webhook is Live: it gets the study’s events from now on.",
                WebhookMode::Test => "The webhook is back in Test mode: it gets samples only.",
            };
            visitor.flash(Flash::success(text)).await?;
            Ok(see_other(&webhook_path(&actor.study, &webhook.id)))
        }
        Err(error @ AppError::Invalid(_)) => overview_again(&visitor, &actor, &webhook.id, "mode", &error).await,
        Err(error) => Err(error.into()),
    }
}

/// A reason alone.
#[derive(Deserialize)]
pub struct Reason {
    #[serde(default)]
    reason: String,
}

/// `POST …/{id}/archive`
pub async fn archive(visitor: Visitor, place: Place, Form(form): Form<Reason>) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    match webhooks::archive(&visitor.app, &actor, &webhook.id, &form.reason).await {
        Ok(webhook) => {
            visitor.flash(Flash::success(format!("“{}” is archived. Its history stays readable.", webhook.settings.name))).await?;
            Ok(see_other(&integrations_path(&actor.study)))
        }
        Err(error @ AppError::Invalid(_)) => overview_again(&visitor, &actor, &webhook.id, "archive", &error).await,
        Err(error) => Err(error.into()),
    }
}

/// `GET …/{id}/secret`
pub async fn secret_page(visitor: Visitor, place: Place) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    actor.require(Action::ManageCredentials)?;
    let secret = visitor.take_shown_once(webhook.id.as_str()).await?.map(|s| s.expose().to_owned());
    let about = about(&visitor, &actor, webhook).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || view! { <SecretPage frame=frame about=about secret=secret overlap=OVERLAP_HOURS_DEFAULT.to_string() errors=FieldErrors::default() /> };
    Ok(html(&visitor, "Secret", page).await)
}

/// A new secret.
#[derive(Deserialize)]
pub struct Rotate {
    #[serde(default)]
    secret: String,
    #[serde(default)]
    overlap_hours: String,
}

/// `POST …/{id}/secret`
pub async fn rotate(visitor: Visitor, place: Place, Form(form): Form<Rotate>) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    let given = Some(form.secret.trim()).filter(|s| !s.is_empty()).map(Secret::new);
    // What is no number is out of range, and told so.
    let overlap = form.overlap_hours.trim().parse().unwrap_or(u32::MAX);
    match webhooks::rotate(&visitor.app, &actor, &webhook.id, given, overlap).await {
        Ok((webhook, secret)) => {
            visitor.show_once(webhook.id.as_str(), &secret).await?;
            visitor.flash(Flash::success("The secret is rotated.")).await?;
            Ok(see_other(&format!("{}/secret", webhook_path(&actor.study, &webhook.id))))
        }
        Err(error @ AppError::Invalid(_)) => {
            let about = about(&visitor, &actor, webhook).await?;
            let frame = Frame::of(&visitor, &actor).await?;
            let errors = error.fields();
            let page = move || view! { <SecretPage frame=frame about=about secret=None overlap=form.overlap_hours errors=errors /> };
            Ok(again(&visitor, "Secret", page).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET …/{id}/changes`
pub async fn changes(visitor: Visitor, place: Place) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    let entries = audit::of_object(&visitor.app, &actor, webhook.id.as_str()).await?;
    let about = about(&visitor, &actor, webhook).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    Ok(html(&visitor, "Changes", move || view! { <ChangesPage frame=frame about=about entries=entries /> }).await)
}

/// `GET …/{id}/deliveries`
pub async fn history(visitor: Visitor, place: Place, Query(query): Query<DeliveryQuery>) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    let (page, errors) = match query.check() {
        Ok(filter) => (deliveries::list(&visitor.app, &actor, Some(&webhook.id), &filter, DEFAULT_LIMIT).await?, FieldErrors::default()),
        Err(errors) => (Page { items: Vec::new(), next: None }, errors),
    };
    let wrong = !errors.is_empty();
    let about = about(&visitor, &actor, webhook).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let view = move || view! { <DeliveriesPage frame=frame about=about query=query errors=errors page=page /> };
    Ok(if wrong { again(&visitor, "Deliveries", view).await } else { html(&visitor, "Deliveries", view).await })
}

/// `GET …/{id}/deliveries/live`: a message whenever the history changed; what changed, the page fetches.
pub async fn live(visitor: Visitor, place: Place) -> Result<Response, WebError> {
    let (actor, webhook) = find(&visitor, place).await?;
    let study = actor.study.id;
    let changes = BroadcastStream::new(visitor.app.live.listen()).filter_map(move |change| {
        // One that lagged behind missed something: that is a change too.
        let concerns = change.is_err() || change.is_ok_and(|c| c.study_id == study && c.webhook_id == webhook.id);
        std::future::ready(concerns.then(|| Ok::<_, std::convert::Infallible>(Event::default().data("changed"))))
    });
    let until_stop = changes.take_until(visitor.app.stopping().clone().cancelled_owned());
    Ok(Sse::new(until_stop).keep_alive(KeepAlive::default()).into_response())
}
