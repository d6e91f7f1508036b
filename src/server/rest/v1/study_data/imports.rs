//! `/api/v1/participants/imports`: a file of participants is read and shown, confirmed, then carried out in the background.

use crate::error::AppError;
use crate::model::id::ImportId;
use crate::model::import::{BYTES_MAX, Import, ImportRow, ImportState};
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Id, Params, media_type, read_body};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, Problem};
use crate::server::service::imports::{self, ImportView};
use crate::server::state::App;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

const CSV: &str = "text/csv";

/// An import of participants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportResource {
    /// Its id.
    id: ImportId,
    /// What the file was called.
    #[schema(example = "participants.csv")]
    file_name: String,
    /// How far it is. Nothing is imported while it is a `preview`.
    state: ImportState,
    /// Rows in the file.
    #[schema(example = 120)]
    rows: i64,
    /// Rows that are or will be imported.
    #[schema(example = 118)]
    good: i64,
    /// Rows with an error, which are left out.
    #[schema(example = 2)]
    bad: i64,
    /// Participants created so far.
    #[schema(example = 0)]
    created: i64,
    /// Good rows that could not be imported after all: their identifier was taken meanwhile, or their site renamed.
    #[schema(example = 0)]
    skipped: i64,
    /// When the file came.
    created_at: Timestamp,
    /// When it ended; null: it has not.
    finished_at: Option<Timestamp>,
}

impl From<Import> for ImportResource {
    fn from(i: Import) -> Self {
        let good = i.good();
        Self {
            id: i.id,
            file_name: i.file_name,
            state: i.state,
            rows: i.total,
            good,
            bad: i.bad,
            created: i.created,
            skipped: i.skipped,
            created_at: i.created_at,
            finished_at: i.finished_at,
        }
    }
}

/// A row of the file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRow)]
pub struct RowResource {
    /// Its line in the file, from 1; the first line names the columns.
    #[schema(example = 2)]
    line: i64,
    /// As in the file.
    identifier: String,
    /// As in the file.
    site: String,
    /// As in the file.
    email: String,
    /// The other columns.
    details: BTreeMap<String, String>,
    /// What is wrong with it; null: nothing.
    error: Option<String>,
}

impl From<ImportRow> for RowResource {
    fn from(r: ImportRow) -> Self {
        let pairs = r.details.lines().filter_map(|line| line.split_once(':'));
        let details = pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
        Self { line: r.line, identifier: r.identifier, site: r.site, email: r.email, details, error: r.error }
    }
}

/// An import with rows to look at.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportWithRows {
    /// The import.
    #[serde(flatten)]
    import: ImportResource,
    /// The first good rows, at most 20.
    sample: Vec<RowResource>,
    /// Rows with an error, at most 200.
    bad_rows: Vec<RowResource>,
}

impl From<ImportView> for ImportWithRows {
    fn from(v: ImportView) -> Self {
        let rows = |rows: Vec<ImportRow>| rows.into_iter().map(RowResource::from).collect();
        Self { import: v.import.into(), sample: rows(v.sample), bad_rows: rows(v.bad) }
    }
}

/// The latest imports, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportList {
    /// At most 20.
    items: Vec<ImportResource>,
}

/// List imports
///
/// The latest 20, newest first. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/participants/imports", tag = "Participants",
    responses((status = 200, description = "The imports.", body = ImportList), Always))]
pub async fn list_imports(State(app): State<App>, ApiActor(actor): ApiActor) -> Result<axum::Json<ImportList>, Problem> {
    let items = imports::latest(&app, &actor).await?.into_iter().map(ImportResource::from).collect();
    Ok(axum::Json(ImportList { items }))
}

/// What the file is called.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct FileParams {
    /// Shown in the list of imports; default `participants.csv`.
    #[param(example = "participants.csv")]
    file_name: Option<String>,
}

/// Upload participants
///
/// A CSV file in UTF-8, at most 10 MiB and 50,000 rows, whose first line names the columns: `identifier`, and where there are any `site`
/// and `email`; the others become details. It is read and shown with what is wrong with which row; nothing is imported until it is
/// confirmed. Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/v1/participants/imports", tag = "Participants", params(FileParams),
    request_body(content = String, content_type = "text/csv", description = "The file.", example = json!("identifier,site,email\nA-001,Basel,ada@example.com\n")),
    responses(
        (status = 201, description = "The preview.", body = ImportWithRows, headers(("Location" = String, description = "The import's path."))),
        OfBody, Always))]
pub async fn preview_import(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Params(params): Params<FileParams>,
    request: Request,
) -> Result<Response, Problem> {
    media_type(request.headers(), &[CSV])?;
    let body = read_body(request, BYTES_MAX).await?;
    let name = params.file_name.as_deref().unwrap_or("participants.csv");
    let import = imports::preview(&app, &actor, name, &body).await.map_err(api_names)?;
    let view = imports::get(&app, &actor, &import.id).await?;
    let location = [(header::LOCATION, format!("/api/v1/participants/imports/{}", import.id))];
    Ok((StatusCode::CREATED, location, axum::Json(ImportWithRows::from(view))).into_response())
}

/// The file is the body here.
fn api_names(error: AppError) -> AppError {
    let AppError::Invalid(mut errors) = error else { return error };
    for error in errors.iter_mut().filter(|e| e.field == "file") {
        "body".clone_into(&mut error.field);
    }
    AppError::Invalid(errors)
}

/// Read an import
///
/// How far it is, and the rows that are left out. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/participants/imports/{id}", tag = "Participants",
    params(("id" = ImportId, Path, description = "The import's id.")),
    responses((status = 200, description = "The import.", body = ImportWithRows), OfOne, Always))]
pub async fn get_import(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<ImportId>,
) -> Result<axum::Json<ImportWithRows>, Problem> {
    Ok(axum::Json(imports::get(&app, &actor, &id).await?.into()))
}

/// Confirm an import
///
/// The good rows are imported in the background, each with its event `participant.created`. Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/v1/participants/imports/{id}/confirm", tag = "Participants",
    params(("id" = ImportId, Path, description = "The import's id.")),
    responses((status = 202, description = "The import, which runs.", body = ImportResource), OfOne, OfChange, Always))]
pub async fn confirm_import(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<ImportId>) -> Result<Response, Problem> {
    let import = imports::confirm(&app, &actor, &id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(ImportResource::from(import))).into_response())
}

/// Discard an import
///
/// Throws a preview away. Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/v1/participants/imports/{id}/discard", tag = "Participants",
    params(("id" = ImportId, Path, description = "The import's id.")),
    responses((status = 200, description = "The import, which is discarded.", body = ImportResource), OfOne, OfChange, Always))]
pub async fn discard_import(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<ImportId>,
) -> Result<axum::Json<ImportResource>, Problem> {
    Ok(axum::Json(imports::discard(&app, &actor, &id).await?.into()))
}
