//! `/api/v1/sites`.

use crate::model::id::SiteId;
use crate::model::site::Site;
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Id, Json};
use crate::server::rest::problem::{Always, OfBody, OfOne, Problem};
use crate::server::service::sites;
use crate::server::state::App;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A place where participants are seen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Site)]
pub struct SiteResource {
    /// Its id.
    id: SiteId,
    /// Its name, unique in the study.
    #[schema(example = "Basel")]
    name: String,
    /// When it was made.
    created_at: Timestamp,
}

impl From<Site> for SiteResource {
    fn from(s: Site) -> Self {
        Self { id: s.id, name: s.name, created_at: s.created_at }
    }
}

/// Sites, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct SiteList {
    /// All of them: there is no next page.
    items: Vec<SiteResource>,
}

/// A site as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteInput {
    /// 1–200 characters on one line, unique in the study.
    #[schema(example = "Basel")]
    name: String,
}

/// List sites
///
/// The sites of the key's study, by name. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/sites", tag = "Sites", responses((status = 200, description = "The sites.", body = SiteList), Always))]
pub async fn list_sites(State(app): State<App>, ApiActor(actor): ApiActor) -> Result<axum::Json<SiteList>, Problem> {
    let items = sites::list(&app, &actor).await?.into_iter().map(SiteResource::from).collect();
    Ok(axum::Json(SiteList { items }))
}

/// Add a site
///
/// Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/v1/sites", tag = "Sites", request_body(content = SiteInput),
    responses(
        (status = 201, description = "The site.", body = SiteResource, headers(("Location" = String, description = "The site's path."))),
        OfBody, Always))]
pub async fn create_site(State(app): State<App>, ApiActor(actor): ApiActor, Json(body): Json<SiteInput>) -> Result<Response, Problem> {
    let site = sites::create(&app, &actor, &body.name).await?;
    let location = [(header::LOCATION, format!("/api/v1/sites/{}", site.id))];
    Ok((StatusCode::CREATED, location, axum::Json(SiteResource::from(site))).into_response())
}

/// Rename a site
///
/// Events that were accepted before keep the name that it had. Needs the scope `data:write`.
#[utoipa::path(patch, path = "/api/v1/sites/{id}", tag = "Sites", params(("id" = SiteId, Path, description = "The site's id.")),
    request_body(content = SiteInput), responses((status = 200, description = "The site.", body = SiteResource), OfOne, OfBody, Always))]
pub async fn patch_site(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<SiteId>,
    Json(body): Json<SiteInput>,
) -> Result<axum::Json<SiteResource>, Problem> {
    Ok(axum::Json(sites::rename(&app, &actor, &id, &body.name).await?.into()))
}
