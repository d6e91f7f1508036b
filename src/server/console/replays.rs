//! Replays of a webhook's deliveries.

use super::webhooks::{Place, about, find};
use super::{Answer, FormAnd, Query, Visitor, WebError, again, html, see_other};
use crate::error::{AppError, not_found};
use crate::model::delivery::DeliveryQuery;
use crate::model::id::ReplayId;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::replay::ReplayDraft;
use crate::model::webhook::Webhook;
use crate::pages::delivery_choices::pairs;
use crate::pages::frame::{Frame, webhook_path};
use crate::pages::replay::ReplayProgressPage;
use crate::pages::webhook_replay::ReplayPage;
use crate::server::auth::Actor;
use crate::server::service::replays;
use crate::ui::{Flash, address};
use axum::extract::Path;
use leptos::prelude::*;
use serde::Deserialize;

/// Whether the deliveries are to be counted. Part of the address, beside the filter.
#[derive(Deserialize)]
pub struct Count {
    #[serde(default)]
    count: bool,
}

/// `GET …/{webhook}/replay`
pub async fn page(visitor: Visitor, place: Place, Query(query): Query<DeliveryQuery>, Query(Count { count }): Query<Count>) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    let mut query = DeliveryQuery { cursor: String::new(), ..query };
    if !count && !query.is_filtered() {
        // What most people come for.
        "failed".clone_into(&mut query.state);
    }
    let draft = ReplayDraft { query, ..ReplayDraft::default() };
    shown(&visitor, &actor, webhook, draft, FieldErrors::default(), count).await
}

/// The page; 422 where something is wrong.
async fn shown(visitor: &Visitor, actor: &Actor, webhook: Webhook, draft: ReplayDraft, mut errors: FieldErrors, count: bool) -> Answer {
    let dry_run = if count && actor.standing.may(Action::Retry { test: true }) {
        // What is wrong with the rate says nothing of what is counted.
        let filter = ReplayDraft { query: draft.query.clone(), ..ReplayDraft::default() };
        match replays::dry_run(&visitor.app, actor, &webhook.id, &filter).await {
            Ok(found) => Some(found),
            Err(error @ AppError::Invalid(_)) => {
                if errors.is_empty() {
                    errors = error.fields();
                }
                None
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        None
    };
    let past = replays::latest(&visitor.app, actor, Some(&webhook.id)).await?;
    let about = about(visitor, actor, webhook).await?;
    let frame = Frame::of(visitor, actor).await?;
    let wrong = !errors.is_empty();
    let view = move || view! { <ReplayPage frame=frame about=about draft=draft errors=errors dry_run=dry_run past=past /> };
    Ok(if wrong { again(visitor, "Replay", view).await } else { html(visitor, "Replay", view).await })
}

/// What the form asks beside the filter.
#[derive(Deserialize)]
pub struct Start {
    #[serde(default)]
    rate: String,
    #[serde(default)]
    reason: String,
}

/// `POST …/{webhook}/replay`
pub async fn start(visitor: Visitor, place: Place, FormAnd(query, start): FormAnd<DeliveryQuery, Start>) -> Answer {
    let (actor, webhook) = find(&visitor, place).await?;
    let path = format!("{}/replay", webhook_path(&actor.study, &webhook.id));
    let draft = ReplayDraft { query, rate: start.rate, reason: start.reason };
    match replays::start(&visitor.app, &actor, &webhook.id, &draft).await {
        Ok(replay) => Ok(see_other(&format!("{path}/{}", replay.id))),
        Err(AppError::Conflict(text)) => {
            visitor.flash(Flash::error(text)).await?;
            let mut query = pairs(&draft.query);
            query.push(("count".to_owned(), "true".to_owned()));
            Ok(see_other(&address(&path, &query)))
        }
        Err(error @ AppError::Invalid(_)) => shown(&visitor, &actor, webhook, draft, error.fields(), true).await,
        Err(error) => Err(error.into()),
    }
}

/// The path of a replay's page: study, webhook, replay.
pub type ReplayPlace = Path<(String, String, String)>;

async fn find_replay(visitor: &Visitor, place: ReplayPlace) -> Result<(Actor, Webhook, replays::ReplayView), WebError> {
    let Path((slug, webhook, id)) = place;
    let (actor, webhook) = find(visitor, Path((slug, webhook))).await?;
    let id: ReplayId = id.parse().map_err(|_| not_found("replay"))?;
    let found = replays::get(&visitor.app, &actor, &id).await?;
    if found.replay.webhook_id != webhook.id {
        return Err(not_found("replay").into());
    }
    Ok((actor, webhook, found))
}

/// `GET …/{webhook}/replay/{replay}`
pub async fn show(visitor: Visitor, place: ReplayPlace) -> Answer {
    let (actor, webhook, found) = find_replay(&visitor, place).await?;
    let about = about(&visitor, &actor, webhook).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let replays::ReplayView { replay, outcomes, held_back } = found;
    let page = move || {
        view! { <ReplayProgressPage frame=frame about=about replay=replay outcomes=outcomes held_back=held_back /> }
    };
    Ok(html(&visitor, "Replay", page).await)
}

/// `POST …/{webhook}/replay/{replay}/pause`
pub async fn pause(visitor: Visitor, place: ReplayPlace) -> Answer {
    let (actor, webhook, found) = find_replay(&visitor, place).await?;
    let done = replays::pause(&visitor.app, &actor, &found.replay.id).await.map(|_| "The replay is paused.");
    back(&visitor, &actor, &webhook, &found.replay.id, done).await
}

/// `POST …/{webhook}/replay/{replay}/resume`
pub async fn resume(visitor: Visitor, place: ReplayPlace) -> Answer {
    let (actor, webhook, found) = find_replay(&visitor, place).await?;
    let done = replays::resume(&visitor.app, &actor, &found.replay.id).await.map(|_| "The replay goes on.");
    back(&visitor, &actor, &webhook, &found.replay.id, done).await
}

/// `POST …/{webhook}/replay/{replay}/cancel`
pub async fn cancel(visitor: Visitor, place: ReplayPlace) -> Answer {
    let (actor, webhook, found) = find_replay(&visitor, place).await?;
    let done = replays::cancel(&visitor.app, &actor, &found.replay.id).await.map(|_| "The replay is cancelled.");
    back(&visitor, &actor, &webhook, &found.replay.id, done).await
}

/// To the replay's page, with what came of it.
async fn back(visitor: &Visitor, actor: &Actor, webhook: &Webhook, id: &ReplayId, done: Result<&str, AppError>) -> Answer {
    let flash = match done {
        Ok(text) => Flash::success(text),
        // It ended meanwhile, or somebody else was faster: the page shows how it is.
        Err(AppError::Conflict(text)) => Flash::error(text),
        Err(error) => return Err(error.into()),
    };
    visitor.flash(flash).await?;
    Ok(see_other(&format!("{}/replay/{id}", webhook_path(&actor.study, &webhook.id))))
}
