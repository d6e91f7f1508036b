//! API keys.

use super::{Answer, Form, Visitor, again, html, see_other};
use crate::error::{AppError, not_found};
use crate::model::api_key::ApiKeyDraft;
use crate::model::problem::FieldErrors;
use crate::pages::api_keys::ApiKeysPage;
use crate::pages::frame::Frame;
use crate::server::service::api_keys;
use crate::ui::Flash;
use axum::extract::Path;
use leptos::prelude::*;
use serde::Deserialize;

/// What [`Visitor::show_once`] knows a new key's secret by.
const ONCE: &str = "api-key";

fn path(slug: &str) -> String {
    format!("/s/{slug}/settings/api-keys")
}

/// `GET /s/{study}/settings/api-keys`
pub async fn page(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let keys = api_keys::list(&visitor.app, &actor).await?;
    let secret = visitor.take_shown_once(ONCE).await?.map(|s| s.expose().to_owned());
    let frame = Frame::of(&visitor, &actor).await?;
    let (draft, errors) = (ApiKeyDraft::default(), FieldErrors::default());
    Ok(html(&visitor, "API keys", move || view! { <ApiKeysPage frame=frame keys=keys secret=secret draft=draft errors=errors /> }).await)
}

/// `POST /s/{study}/settings/api-keys`
pub async fn create(visitor: Visitor, Path(slug): Path<String>, Form(draft): Form<ApiKeyDraft>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    match api_keys::create(&visitor.app, &actor, &draft).await {
        Ok((key, secret)) => {
            visitor.show_once(ONCE, &secret).await?;
            visitor.flash(Flash::success(format!("The key “{}” is made.", key.name))).await?;
            Ok(see_other(&path(&slug)))
        }
        Err(error @ AppError::Invalid(_)) => {
            let keys = api_keys::list(&visitor.app, &actor).await?;
            let frame = Frame::of(&visitor, &actor).await?;
            let errors = error.fields();
            let page = move || view! { <ApiKeysPage frame=frame keys=keys secret=None draft=draft errors=errors /> };
            Ok(again(&visitor, "API keys", page).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// A reason alone.
#[derive(Deserialize)]
pub struct Reason {
    #[serde(default)]
    reason: String,
}

/// `POST /s/{study}/settings/api-keys/{id}/revoke`
pub async fn revoke(visitor: Visitor, Path((slug, id)): Path<(String, String)>, Form(form): Form<Reason>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let id = id.parse().map_err(|_| not_found("API key"))?;
    let flash = match api_keys::revoke(&visitor.app, &actor, &id, &form.reason).await {
        Ok(key) => Flash::success(format!("The key “{}” is revoked.", key.name)),
        Err(error @ AppError::Invalid(_)) => Flash::error(format!("The key was not revoked. {error}.")),
        Err(error) => return Err(error.into()),
    };
    visitor.flash(flash).await?;
    Ok(see_other(&path(&slug)))
}
