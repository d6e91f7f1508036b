//! Sites: the list, adding one, renaming one.

use super::{Answer, Form, Visitor, WebError, again, html, see_other};
use crate::error::{AppError, not_found};
use crate::model::id::SiteId;
use crate::model::problem::FieldErrors;
use crate::model::site::Site;
use crate::pages::frame::{Frame, participants_path};
use crate::pages::sites::{RenameSitePage, SitesPage};
use crate::server::auth::Actor;
use crate::server::service::sites;
use crate::ui::Flash;
use axum::extract::Path;
use leptos::prelude::*;
use serde::Deserialize;

/// `GET /s/{study}/participants/sites`
pub async fn list(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let sites = sites::list(&visitor.app, &actor).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let (name, errors) = (String::new(), FieldErrors::default());
    Ok(html(&visitor, "Sites", move || view! { <SitesPage frame=frame study=actor.study sites=sites name=name errors=errors /> }).await)
}

/// A name as typed.
#[derive(Deserialize)]
pub struct Name {
    #[serde(default)]
    name: String,
}

/// `POST /s/{study}/participants/sites`
pub async fn create(visitor: Visitor, Path(slug): Path<String>, Form(Name { name }): Form<Name>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    match sites::create(&visitor.app, &actor, &name).await {
        Ok(site) => {
            visitor.flash(Flash::success(format!("“{}” is added.", site.name))).await?;
            Ok(see_other(&format!("{}/sites", participants_path(&actor.study))))
        }
        Err(error @ AppError::Invalid(_)) => {
            let sites = sites::list(&visitor.app, &actor).await?;
            let frame = Frame::of(&visitor, &actor).await?;
            let errors = error.fields();
            let page = move || view! { <SitesPage frame=frame study=actor.study sites=sites name=name errors=errors /> };
            Ok(again(&visitor, "Sites", page).await)
        }
        Err(error) => Err(error.into()),
    }
}

async fn find(visitor: &Visitor, Path((slug, id)): Path<(String, String)>) -> Result<(Actor, Site), WebError> {
    let actor = visitor.actor(&slug).await?;
    let id: SiteId = id.parse().map_err(|_| not_found("site"))?;
    let site = sites::list(&visitor.app, &actor).await?.into_iter().find(|s| s.id == id);
    Ok((actor, site.ok_or_else(|| not_found("site"))?))
}

/// `GET /s/{study}/participants/sites/{id}`
pub async fn rename_page(visitor: Visitor, path: Path<(String, String)>) -> Answer {
    let (actor, site) = find(&visitor, path).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let (name, errors) = (site.name.clone(), FieldErrors::default());
    let page = move || view! { <RenameSitePage frame=frame study=actor.study site=site name=name errors=errors /> };
    Ok(html(&visitor, "Rename site", page).await)
}

/// `POST /s/{study}/participants/sites/{id}`
pub async fn rename(visitor: Visitor, path: Path<(String, String)>, Form(Name { name }): Form<Name>) -> Answer {
    let (actor, site) = find(&visitor, path).await?;
    match sites::rename(&visitor.app, &actor, &site.id, &name).await {
        Ok(renamed) => {
            visitor.flash(Flash::success(format!("“{}” is “{}” now.", site.name, renamed.name))).await?;
            Ok(see_other(&format!("{}/sites", participants_path(&actor.study))))
        }
        Err(error @ AppError::Invalid(_)) => {
            let frame = Frame::of(&visitor, &actor).await?;
            let errors = error.fields();
            let page = move || view! { <RenameSitePage frame=frame study=actor.study site=site name=name errors=errors /> };
            Ok(again(&visitor, "Rename site", page).await)
        }
        Err(error) => Err(error.into()),
    }
}
