//! Events: the list, and where each one went or why not.

use super::{Answer, Query, Visitor, WebError, html};
use crate::error::{AppError, invalid, not_found};
use crate::model::delivery::BodyAccess;
use crate::model::event::EventDetail;
use crate::model::id::EventId;
use crate::model::page::DEFAULT_LIMIT;
use crate::model::permission::{Action, Decision};
use crate::pages::event::EventPage;
use crate::pages::events::EventsPage;
use crate::pages::frame::Frame;
use crate::server::auth::Actor;
use crate::server::service::events;
use axum::extract::Path;
use leptos::prelude::*;
use serde::Deserialize;

/// Where a page of the list starts.
#[derive(Deserialize)]
pub struct At {
    #[serde(default)]
    cursor: String,
}

/// `GET /s/{study}/events`
pub async fn list(visitor: Visitor, Path(slug): Path<String>, Query(At { cursor }): Query<At>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let before: Option<EventId> = match cursor.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| invalid("cursor", "is not one that this list gave"))?),
    };
    let page = events::list(&visitor.app, &actor, before.as_ref(), DEFAULT_LIMIT).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    Ok(html(&visitor, "Events", move || view! { <EventsPage frame=frame study=actor.study page=page cursor=cursor /> }).await)
}

async fn find(visitor: &Visitor, path: Path<(String, String)>, reveal: bool) -> Result<(Actor, EventDetail, bool), WebError> {
    let Path((slug, id)) = path;
    let actor = visitor.actor(&slug).await?;
    let id: EventId = id.parse().map_err(|_| not_found("event"))?;
    let detail = events::get(&visitor.app, &actor, &id, reveal).await?;
    let may_reveal = detail.access != BodyAccess::Shown && actor.decide(Action::ReadBody { test: detail.event.is_test }) == Decision::Allow;
    Ok((actor, detail, may_reveal))
}

async fn show(visitor: &Visitor, actor: Actor, detail: EventDetail, may_reveal: bool) -> Answer {
    let frame = Frame::of(visitor, &actor).await?;
    let page = move || view! { <EventPage frame=frame study=actor.study detail=detail may_reveal=may_reveal /> };
    Ok(html(visitor, "Event", page).await)
}

/// `GET /s/{study}/events/{id}`
pub async fn page(visitor: Visitor, path: Path<(String, String)>) -> Answer {
    let (actor, detail, may_reveal) = find(&visitor, path, false).await?;
    show(&visitor, actor, detail, may_reveal).await
}

/// `POST /s/{study}/events/{id}/reveal`: the page with its data, to this one request, as with a delivery's bodies.
pub async fn reveal(visitor: Visitor, path: Path<(String, String)>) -> Answer {
    let (actor, detail, may_reveal) = find(&visitor, path, true).await?;
    if detail.access != BodyAccess::Shown {
        actor.require(Action::ReadBody { test: detail.event.is_test })?;
        return Err(AppError::Forbidden("You may not read this event’s data.".to_owned()).into());
    }
    show(&visitor, actor, detail, may_reveal).await
}
