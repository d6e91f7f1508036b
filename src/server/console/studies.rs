//! Studies, their Integrations switch, and the search by id.

use super::{Answer, Form, Query, Visitor, again, html, see_other};
use crate::error::AppError;
use crate::model::delivery::DeliveryFilter;
use crate::model::id::{DeliveryId, EventId, ParticipantId, WebhookId};
use crate::model::permission::Action;
use crate::pages::frame::{Frame, event_path, integrations_path, participants_path, webhook_path};
use crate::pages::search::SearchPage;
use crate::pages::studies::StudiesPage;
use crate::pages::webhooks::LockedPage;
use crate::server::auth::Actor;
use crate::server::service::{deliveries, events, integrations, participants, webhooks};
use crate::ui::Flash;
use axum::extract::Path;
use leptos::prelude::*;
use serde::Deserialize;

/// `GET /studies`
pub async fn list(visitor: Visitor) -> Answer {
    let frame = Frame::outside(&visitor).await?;
    Ok(html(&visitor, "Studies", move || view! { <StudiesPage frame=frame /> }).await)
}

/// `GET /s/{study}`
pub async fn home(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    Ok(see_other(&integrations_path(&actor.study)))
}

/// The switch.
#[derive(Deserialize)]
pub struct Switch {
    enabled: bool,
    #[serde(default)]
    reason: String,
}

/// `POST /s/{study}/settings/integrations/switch`
pub async fn switch(visitor: Visitor, Path(slug): Path<String>, Form(form): Form<Switch>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    match integrations::switch(&visitor.app, &actor, form.enabled, &form.reason).await {
        Ok(study) => {
            let text = if form.enabled { "Integrations are enabled." } else { "Integrations are disabled. Nothing is delivered any more." };
            visitor.flash(Flash::success(text)).await?;
            Ok(see_other(&integrations_path(&study)))
        }
        Err(error @ AppError::Invalid(_)) => {
            let frame = Frame::of(&visitor, &actor).await?;
            let message = error.fields().of("reason").map(str::to_owned);
            let study = actor.study;
            if study.integrations_enabled {
                let text = message.unwrap_or_default();
                visitor.flash(Flash::error(format!("Integrations were not disabled: {text}."))).await?;
                return Ok(see_other(&integrations_path(&study)));
            }
            Ok(again(&visitor, "Integrations", move || view! { <LockedPage frame=frame study=study error=message /> }).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// What is searched for.
#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
}

/// Deliveries that a search shows at most.
const SHOWN_MAX: u32 = 50;

/// `GET /s/{study}/search`: an id leads to its page; a participant's identifier, a sender's id or a subject to what is about it.
pub async fn search(visitor: Visitor, Path(slug): Path<String>, Query(Search { q }): Query<Search>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let q: String = q.trim().chars().take(200).collect();
    if let Some(to) = by_id(&visitor, &actor, &q).await? {
        return Ok(see_other(&to));
    }
    let filter = DeliveryFilter { q: Some(q.clone()), ..DeliveryFilter::default() };
    let deliveries = if q.is_empty() { Vec::new() } else { deliveries::list(&visitor.app, &actor, None, &filter, SHOWN_MAX).await?.items };
    // Who may not see participants finds none.
    let participant = match actor.standing.may(Action::WriteStudyData) && !q.is_empty() {
        true => participants::find_by_identifier(&visitor.app, &actor, &q).await?,
        false => None,
    };
    if let (None, [only]) = (&participant, deliveries.as_slice()) {
        return Ok(see_other(&format!("/s/{}/deliveries/{}", actor.study.slug, only.id)));
    }
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || view! { <SearchPage frame=frame study=actor.study q=q participant=participant deliveries=deliveries /> };
    Ok(html(&visitor, "Search", page).await)
}

/// The page of the thing with this id, where there is one that the actor may see.
async fn by_id(visitor: &Visitor, actor: &Actor, q: &str) -> Result<Option<String>, AppError> {
    let (app, study) = (&visitor.app, &actor.study);
    let (path, found) = if let Ok(id) = q.parse::<DeliveryId>() {
        (format!("/s/{}/deliveries/{id}", study.slug), deliveries::get(app, actor, &id, false).await.map(drop))
    } else if let Ok(id) = q.parse::<WebhookId>() {
        (webhook_path(study, &id), webhooks::get(app, actor, &id).await.map(drop))
    } else if let Ok(id) = q.parse::<EventId>() {
        (event_path(study, &id), events::get(app, actor, &id, false).await.map(drop))
    } else if let Ok(id) = q.parse::<ParticipantId>() {
        (format!("{}/{id}", participants_path(study)), participants::get(app, actor, &id).await.map(drop))
    } else {
        return Ok(None);
    };
    match found {
        Ok(()) => Ok(Some(path)),
        // Nothing is said of what is not there, or not theirs to see.
        Err(AppError::NotFound(_) | AppError::Forbidden(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
