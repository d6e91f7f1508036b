//! One delivery.

use super::{Answer, Form, Query, Visitor, WebError, again, html, see_other};
use crate::error::{AppError, not_found};
use crate::model::delivery::{BodyAccess, DeliveryDetail};
use crate::model::id::DeliveryId;
use crate::model::permission::{Action, Decision};
use crate::pages::delivery::DeliveryPage;
use crate::pages::frame::Frame;
use crate::server::auth::Actor;
use crate::server::service::deliveries;
use crate::ui::Flash;
use axum::extract::Path;
use leptos::prelude::*;
use serde::Deserialize;

/// Which attempt is shown.
#[derive(Deserialize)]
pub struct Shown {
    attempt: Option<u32>,
}

async fn find(visitor: &Visitor, path: Path<(String, String)>, reveal: bool) -> Result<(Actor, DeliveryDetail, bool), WebError> {
    let Path((slug, id)) = path;
    let actor = visitor.actor(&slug).await?;
    let id: DeliveryId = id.parse().map_err(|_| not_found("delivery"))?;
    let detail = deliveries::get(&visitor.app, &actor, &id, reveal).await?;
    let may_reveal =
        detail.access != BodyAccess::Shown && actor.decide(Action::ReadBody { test: detail.delivery.is_test }) == Decision::Allow;
    Ok((actor, detail, may_reveal))
}

/// `GET /s/{study}/deliveries/{id}`
pub async fn page(visitor: Visitor, path: Path<(String, String)>, Query(Shown { attempt }): Query<Shown>) -> Answer {
    let (actor, detail, may_reveal) = find(&visitor, path, false).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let page =
        move || view! { <DeliveryPage frame=frame study=actor.study detail=detail chosen=attempt may_reveal=may_reveal error=None /> };
    Ok(html(&visitor, "Delivery", page).await)
}

/// `POST /s/{study}/deliveries/{id}/reveal`: the page with its bodies. A POST, because it writes the audit trail, and never a
/// redirect, because the bodies are shown to this one request.
pub async fn reveal(visitor: Visitor, path: Path<(String, String)>, Form(Shown { attempt }): Form<Shown>) -> Answer {
    let (actor, detail, may_reveal) = find(&visitor, path, true).await?;
    if detail.access != BodyAccess::Shown {
        actor.require(Action::ReadBody { test: detail.delivery.is_test })?;
        return Err(AppError::Forbidden("You may not read this payload or response body.".to_owned()).into());
    }
    let frame = Frame::of(&visitor, &actor).await?;
    let page =
        move || view! { <DeliveryPage frame=frame study=actor.study detail=detail chosen=attempt may_reveal=may_reveal error=None /> };
    Ok(html(&visitor, "Delivery", page).await)
}

/// A reason alone.
#[derive(Deserialize)]
pub struct Reason {
    #[serde(default)]
    reason: String,
}

/// `POST /s/{study}/deliveries/{id}/retry`
pub async fn retry(visitor: Visitor, path: Path<(String, String)>, Form(form): Form<Reason>) -> Answer {
    let Path((slug, id)) = Path(path.0.clone());
    let actor = visitor.actor(&slug).await?;
    let id: DeliveryId = id.parse().map_err(|_| not_found("delivery"))?;
    let to = format!("/s/{}/deliveries/{id}", actor.study.slug);
    match deliveries::retry(&visitor.app, &actor, &id, &form.reason).await {
        Ok(_) => {
            visitor.flash(Flash::success("The delivery is tried again now.")).await?;
            Ok(see_other(&to))
        }
        Err(AppError::Conflict(text)) => {
            visitor.flash(Flash::error(text)).await?;
            Ok(see_other(&to))
        }
        Err(error @ AppError::Invalid(_)) => {
            let (actor, detail, may_reveal) = find(&visitor, path, false).await?;
            let frame = Frame::of(&visitor, &actor).await?;
            let message = error.fields().of("reason").map(str::to_owned);
            let page = move || {
                view! { <DeliveryPage frame=frame study=actor.study detail=detail chosen=None may_reveal=may_reveal error=message /> }
            };
            Ok(again(&visitor, "Delivery", page).await)
        }
        Err(error) => Err(error.into()),
    }
}
