//! Notices.

use super::{Answer, Form, Query, Visitor, html, see_other};
use crate::error::AppError;
use crate::model::page::DEFAULT_LIMIT;
use crate::pages::frame::Frame;
use crate::pages::notices::{NoticesPage, notices_path};
use crate::server::service::notices;
use axum::extract::Path;
use leptos::prelude::*;
use serde::Deserialize;

/// Which page.
#[derive(Deserialize)]
pub struct Older {
    #[serde(default)]
    cursor: String,
}

/// `GET /s/{study}/notices`
pub async fn page(visitor: Visitor, Path(slug): Path<String>, Query(Older { cursor }): Query<Older>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let before = match cursor.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| AppError::Malformed("cursor: is not one that this page gave.".to_owned()))?),
    };
    let list = notices::list(&visitor.app, &actor, before, DEFAULT_LIMIT).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let study = actor.study;
    Ok(html(&visitor, "Notices", move || view! { <NoticesPage frame=frame study=study list=list cursor=cursor /> }).await)
}

/// What was read: the newest that the page showed, so that what came meanwhile stays unread.
#[derive(Deserialize)]
pub struct Read {
    to: i64,
}

/// `POST /s/{study}/notices/read`
pub async fn mark_read(visitor: Visitor, Path(slug): Path<String>, Form(Read { to }): Form<Read>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    notices::mark_read(&visitor.app, &actor, to).await?;
    Ok(see_other(&notices_path(&actor.study)))
}
