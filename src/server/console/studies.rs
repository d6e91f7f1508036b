//! Studies, their Integrations switch, and the search by id.

use super::{Answer, Form, Query, Visitor, again, html, see_other};
use crate::error::AppError;
use crate::model::delivery::DeliveryFilter;
use crate::model::id::{DeliveryId, EventId, WebhookId};
use crate::pages::frame::{Frame, integrations_path, webhook_path};
use crate::pages::search::NothingFound;
use crate::pages::studies::StudiesPage;
use crate::pages::webhooks::LockedPage;
use crate::server::service::{deliveries, events, integrations, webhooks};
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

/// `GET /s/{study}/search`: an id leads to its page; a sender's id or a subject to the deliveries that are about it.
pub async fn search(visitor: Visitor, Path(slug): Path<String>, Query(Search { q }): Query<Search>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let q = q.trim().to_owned();
    let app = &visitor.app;
    let base = format!("/s/{}", actor.study.slug);
    if let Ok(id) = q.parse::<DeliveryId>()
        && deliveries::get(app, &actor, &id, false).await.is_ok()
    {
        return Ok(see_other(&format!("{base}/deliveries/{id}")));
    }
    if let Ok(id) = q.parse::<WebhookId>()
        && webhooks::get(app, &actor, &id).await.is_ok()
    {
        return Ok(see_other(&webhook_path(&actor.study, &id)));
    }
    let found = match q.parse::<EventId>() {
        Ok(id) => events::get(app, &actor, &id).await.map(|(_, deliveries)| deliveries).unwrap_or_default(),
        Err(_) if q.is_empty() => Vec::new(),
        Err(_) => {
            let filter = DeliveryFilter { q: Some(q.chars().take(200).collect()), ..DeliveryFilter::default() };
            deliveries::list(app, &actor, None, &filter, 50).await?.items
        }
    };
    if let Some(first) = found.first() {
        let one = found.len() == 1;
        let to = if one {
            format!("{base}/deliveries/{}", first.id)
        } else {
            let path = format!("{}/deliveries", webhook_path(&actor.study, &first.webhook_id));
            crate::ui::address(&path, &[("q".to_owned(), q)])
        };
        return Ok(see_other(&to));
    }
    let frame = Frame::of(&visitor, &actor).await?;
    Ok(html(&visitor, "Search", move || view! { <NothingFound frame=frame q=q /> }).await)
}
