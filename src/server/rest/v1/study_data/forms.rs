//! `/api/v1/forms`: forms and surveys.

use crate::error::AppError;
use crate::model::form::{CheckedForm, Form, FormKind, Question};
use crate::model::id::FormId;
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Id, Json, Params};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, OfQuery, Problem};
use crate::server::rest::version::{IfMatch, made, with_etag};
use crate::server::service::forms;
use crate::server::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A form or survey at its present version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form)]
pub struct FormResource {
    /// Its id.
    id: FormId,
    /// Which of the two it is.
    kind: FormKind,
    /// Its name, unique in the study.
    #[schema(example = "Visit 1")]
    name: String,
    /// From 1; a change makes the next one, and responses keep the one that they were begun with. Also the `ETag`.
    #[schema(example = 1)]
    version: i64,
    /// Its questions. None: any object is taken as answers.
    questions: Vec<Question>,
    /// When it was made.
    created_at: Timestamp,
    /// When its present version was made.
    updated_at: Timestamp,
    /// When it was archived.
    archived_at: Option<Timestamp>,
}

impl From<Form> for FormResource {
    fn from(f: Form) -> Self {
        Self {
            id: f.id,
            kind: f.kind,
            name: f.name,
            version: f.version,
            questions: f.questions,
            created_at: f.created_at,
            updated_at: f.updated_at,
            archived_at: f.archived_at,
        }
    }
}

fn shown(form: Form) -> Response {
    with_etag(form.version, FormResource::from(form))
}

/// Forms and surveys, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormList {
    /// All of them: there is no next page.
    items: Vec<FormResource>,
}

/// Which forms to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FormParams {
    /// `true`: the archived ones instead of the others.
    #[serde(default)]
    archived: bool,
}

/// List forms and surveys
///
/// Those of the key's study, by name. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/forms", tag = "Forms and surveys", params(FormParams),
    responses((status = 200, description = "The forms and surveys.", body = FormList), OfQuery, Always))]
pub async fn list_forms(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Params(params): Params<FormParams>,
) -> Result<axum::Json<FormList>, Problem> {
    let all = forms::list(&app, &actor, params.archived).await?;
    // The service's list of the archived holds the others too; the API tells them apart.
    let items = all.into_iter().filter(|f| f.archived_at.is_some() == params.archived).map(FormResource::from).collect();
    Ok(axum::Json(FormList { items }))
}

/// A form or survey to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "survey", "name": "Pain diary", "questions": [
    {"key": "pain", "label": "How strong is the pain?", "kind": "number", "required": true},
    {"key": "side", "label": "Which side?", "kind": "choice", "choices": ["left", "right"]},
]}))]
pub struct FormNew {
    /// Which of the two it is. It stays so.
    kind: FormKind,
    /// 1–200 characters on one line, unique in the study.
    name: String,
    /// At most 200. None: any object is taken as answers.
    #[serde(default)]
    questions: Vec<Question>,
}

/// Add a form or survey
///
/// Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/v1/forms", tag = "Forms and surveys", request_body(content = FormNew),
    responses(
        (status = 201, description = "The form.", body = FormResource,
            headers(("ETag" = String, description = "The version, quoted."), ("Location" = String, description = "The form's path."))),
        OfBody, Always))]
pub async fn create_form(State(app): State<App>, ApiActor(actor): ApiActor, Json(body): Json<FormNew>) -> Result<Response, Problem> {
    let checked = CheckedForm::new(body.kind, &body.name, body.questions).map_err(AppError::from)?;
    let form = forms::add(&app, &actor, checked).await?;
    let headers = made(format!("/api/v1/forms/{}", form.id), form.version);
    Ok((StatusCode::CREATED, headers, axum::Json(FormResource::from(form))).into_response())
}

/// Read a form or survey
///
/// At its present version, which is its `ETag`. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/forms/{id}", tag = "Forms and surveys", params(("id" = FormId, Path, description = "The form's id.")),
    responses(
        (status = 200, description = "The form.", body = FormResource, headers(("ETag" = String, description = "The version, quoted."))),
        OfOne, Always))]
pub async fn get_form(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<FormId>) -> Result<Response, Problem> {
    Ok(shown(forms::get(&app, &actor, &id).await?))
}

/// What of a form changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormPatch {
    /// See the form.
    #[schema(example = "Visit 1")]
    name: Option<String>,
    /// All questions, in place of those before.
    questions: Option<Vec<Question>>,
    /// The version that was read; nothing is changed when there is a newer one.
    #[schema(example = 1)]
    version: Option<i64>,
}

/// Change a form or survey
///
/// Makes its next version; what is not named stays, and a change that changes nothing makes none. Responses that were begun keep their
/// version. With `version` or `If-Match` nothing is changed when somebody else changed it since (409). Needs the scope `data:write`.
#[utoipa::path(patch, path = "/api/v1/forms/{id}", tag = "Forms and surveys",
    params(("id" = FormId, Path, description = "The form's id."), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read.")),
    request_body(content = FormPatch),
    responses(
        (status = 200, description = "The form as it is now.", body = FormResource, headers(("ETag" = String, description = "The version, quoted."))),
        OfOne, OfBody, OfChange, Always))]
pub async fn patch_form(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<FormId>,
    matched: IfMatch,
    Json(body): Json<FormPatch>,
) -> Result<Response, Problem> {
    let seen = matched.or(body.version)?;
    let before = forms::get(&app, &actor, &id).await?;
    let name = body.name.unwrap_or(before.name);
    let checked = CheckedForm::new(before.kind, &name, body.questions.unwrap_or(before.questions)).map_err(AppError::from)?;
    Ok(shown(forms::replace(&app, &actor, &id, seen.or(Some(before.version)), checked).await?))
}

/// Archive a form or survey
///
/// It takes no new responses or records; what is there stays. Needs the scope `data:write`.
#[utoipa::path(delete, path = "/api/v1/forms/{id}", tag = "Forms and surveys", params(("id" = FormId, Path, description = "The form's id.")),
    responses((status = 200, description = "The archived form.", body = FormResource), OfOne, OfChange, Always))]
pub async fn archive_form(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<FormId>) -> Result<Response, Problem> {
    Ok(shown(forms::archive(&app, &actor, &id).await?))
}
