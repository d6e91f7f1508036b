//! Sites.

use super::name_free;
use crate::error::{AppError, invalid, not_found};
use crate::model::id::SiteId;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::site::{Site, check_name};
use crate::server::auth::Actor;
use crate::server::state::App;
use crate::server::store::{Db, sites};
use serde_json::json;

/// The sites of the actor's study, by name.
///
/// # Errors
/// 403.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Site>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    Ok(sites::of_study(&mut db, &actor.study.id).await?)
}

/// Adds a site.
///
/// # Errors
/// 403; a wrong or taken name.
pub async fn create(app: &App, actor: &Actor, name: &str) -> Result<Site, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut errors = FieldErrors::default();
    let name = check_name("name", name, &mut errors);
    errors.into_result(|| ())?;
    let now = app.clock.now();
    let site = Site { id: SiteId::from_bits(app.ids.next()), study_id: actor.study.id.clone(), name, created_at: now };
    let mut tx = app.store.begin().await?;
    name_free("site", &site.name, sites::insert(&mut tx, &site).await)?;
    actor.audit(&mut tx, now, "site.created", site.id.as_str(), json!({"name": [null, site.name]}), None).await?;
    tx.commit().await?;
    Ok(site)
}

/// Gives a site another name.
///
/// # Errors
/// 403, 404; a wrong or taken name.
pub async fn rename(app: &App, actor: &Actor, id: &SiteId, name: &str) -> Result<Site, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut errors = FieldErrors::default();
    let name = check_name("name", name, &mut errors);
    errors.into_result(|| ())?;
    let mut tx = app.store.begin().await?;
    let Some(site) = sites::find(&mut tx, &actor.study.id, id).await? else { return Err(not_found("site")) };
    name_free("site", &name, sites::rename(&mut tx, &actor.study.id, id, &name).await)?;
    actor.audit(&mut tx, app.clock.now(), "site.renamed", id.as_str(), json!({"name": [site.name, name]}), None).await?;
    tx.commit().await?;
    Ok(Site { name, ..site })
}

/// The site that a text names, by id or by name.
///
/// # Errors
/// On `site`, when there is none.
pub(super) async fn named(db: &mut Db, actor: &Actor, text: &str) -> Result<Site, AppError> {
    let found = match text.parse::<SiteId>() {
        Ok(id) => sites::find(db, &actor.study.id, &id).await?,
        Err(_) => sites::find_by_name(db, &actor.study.id, text).await?,
    };
    found.ok_or_else(|| invalid("site", "is no site of this study; give a site's name or id"))
}
