//! `/api/v1/responses`.

use super::{page, parsed};
use crate::error::{AppError, invalid};
use crate::model::id::{FormId, ParticipantId, ResponseId};
use crate::model::response::{Response as Answered, ResponseStatus, Submitter};
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Id, Json, Params};
use crate::server::rest::prefer::{Prefer, Waited};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, OfQuery, OfWait, Problem};
use crate::server::rest::version::{IfMatch, etag, made, with_etag};
use crate::server::service::participants;
use crate::server::service::responses::{self, NewResponse, ResponseChange, ResponseFilter};
use crate::server::state::App;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// One participant's answers to one form or survey.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Response)]
pub struct ResponseResource {
    /// Its id.
    id: ResponseId,
    /// To which form or survey.
    form_id: FormId,
    /// To which version of it.
    #[schema(example = 1)]
    form_version: i64,
    /// Whose.
    participant_id: ParticipantId,
    /// How far it is.
    status: ResponseStatus,
    /// Answers by question.
    #[schema(value_type = Object, example = json!({"pain": 3}))]
    answers: Map<String, Value>,
    /// Who submitted it.
    submitted_by: Option<Submitter>,
    /// When it was completed.
    completed_at: Option<Timestamp>,
    /// Counts changes, from 1. Also the `ETag`.
    #[schema(example = 1)]
    version: i64,
    /// When it was assigned or begun.
    created_at: Timestamp,
    /// When it was last saved.
    updated_at: Timestamp,
}

impl From<Answered> for ResponseResource {
    fn from(r: Answered) -> Self {
        Self {
            id: r.id,
            form_id: r.form_id,
            form_version: r.form_version,
            participant_id: r.participant_id,
            status: r.status,
            answers: r.answers,
            submitted_by: r.submitted_by,
            completed_at: r.completed_at,
            version: r.version,
            created_at: r.created_at,
            updated_at: r.updated_at,
        }
    }
}

/// A page of responses, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResponseList {
    /// The responses.
    items: Vec<ResponseResource>,
    /// The `cursor` of the next, older page; null on the last one.
    next: Option<String>,
}

/// Which responses. Each parameter narrows the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ResponseParams {
    /// To this form or survey.
    #[param(value_type = Option<FormId>)]
    form: String,
    /// Of this participant: an id or an identifier.
    #[param(value_type = Option<String>)]
    participant: String,
    /// This far.
    #[param(value_type = Option<ResponseStatus>)]
    status: String,
    /// Where the page starts: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: String,
    /// Responses a page, 1–200; default 50.
    #[param(value_type = Option<u32>)]
    limit: String,
}

fn status_of(text: &str) -> Result<Option<ResponseStatus>, AppError> {
    match text {
        "" => Ok(None),
        text => ResponseStatus::parse(text).map(Some).ok_or_else(|| invalid("status", "must be new, partial or completed")),
    }
}

/// List responses
///
/// The study's responses, newest first, a page at a time. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/responses", tag = "Responses", params(ResponseParams),
    responses((status = 200, description = "A page of responses.", body = ResponseList), OfQuery, Always))]
pub async fn list_responses(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Params(p): Params<ResponseParams>,
) -> Result<axum::Json<ResponseList>, Problem> {
    let (before, limit) = page::<ResponseId>(&p.cursor, &p.limit)?;
    let participant = match p.participant.as_str() {
        "" => None,
        text => Some(participants::find_named(&app, &actor, text).await?.id),
    };
    let form = parsed("form", &p.form, "must be the id of a form or survey")?;
    let filter = ResponseFilter { form, participant, status: status_of(&p.status)? };
    let found = responses::list(&app, &actor, &filter, before.as_ref(), limit).await?.map(ResponseResource::from);
    Ok(axum::Json(ResponseList { items: found.items, next: found.next }))
}

/// A response to be begun.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"form": "frm_00000000000000000000000000000000", "participant": "TEST-0000", "status": "completed", "answers": {"pain": 3}}))]
pub struct ResponseNew {
    /// To which form or survey: its id. The response keeps its present version.
    #[schema(value_type = FormId)]
    form: String,
    /// Whose: a participant's id or identifier.
    participant: String,
    /// How far it is at once; default `new`.
    status: Option<ResponseStatus>,
    /// Answers by question, unless it is new.
    #[serde(default)]
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
}

/// Begin a response
///
/// A response to a survey makes `survey.created`; one that is completed at once makes `form.completed` or `survey.completed` too. With
/// `Prefer: wait=N` synchronous webhooks are waited for: 200 with `webhooks` when all of them took it, else 502 or 504, and the response
/// is there all the same. Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/v1/responses", tag = "Responses", params(Prefer), request_body(content = ResponseNew),
    responses(
        (status = 201, description = "The response.", body = ResponseResource,
            headers(("ETag" = String, description = "The version, quoted."), ("Location" = String, description = "The response's path."))),
        (status = 200, description = "The caller waited, and each synchronous webhook took it.", body = Waited<ResponseResource>),
        OfWait, OfBody, Always))]
pub async fn create_response(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    prefer: Prefer,
    Json(body): Json<ResponseNew>,
) -> Result<Response, Problem> {
    let participant = participants::find_named(&app, &actor, &body.participant).await?;
    let form = body.form.parse().map_err(|_| invalid("form", "must be the id of a form or survey of this study"))?;
    let status = body.status.unwrap_or(ResponseStatus::New);
    let new = NewResponse { form, participant: participant.id, status, answers: body.answers };
    let saved = responses::begin(&app, &actor, new, prefer.waits()).await?;
    let headers = made(format!("/api/v1/responses/{}", saved.thing.id), saved.thing.version);
    Ok(prefer.answer(&app, saved.map(ResponseResource::from), StatusCode::CREATED, headers).await)
}

/// Read a response
///
/// Its `ETag` is its version, for `If-Match` of a change. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/responses/{id}", tag = "Responses", params(("id" = ResponseId, Path, description = "The response's id.")),
    responses(
        (status = 200, description = "The response.", body = ResponseResource, headers(("ETag" = String, description = "The version, quoted."))),
        OfOne, Always))]
pub async fn get_response(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<ResponseId>) -> Result<Response, Problem> {
    let response = responses::get(&app, &actor, &id).await?.response;
    Ok(with_etag(response.version, ResponseResource::from(response)))
}

/// What of a response changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "completed", "answers": {"pain": 3}, "version": 1}))]
pub struct ResponsePatch {
    /// How far it is then; it only goes forward. Left out, it stays, and a new one with answers becomes partial.
    status: Option<ResponseStatus>,
    /// All answers, in place of those before. Left out, they stay.
    #[schema(value_type = Option<Object>)]
    answers: Option<Map<String, Value>>,
    /// The version that was read; nothing is changed when there is a newer one.
    version: Option<i64>,
}

/// Save a response
///
/// Completing it makes `form.completed` or `survey.completed`, once: a partial save makes nothing, nor does a completed response that is
/// saved again. With `version` or `If-Match` nothing is changed when somebody else saved it since (409). `Prefer: wait=N` as when it is
/// begun. Needs the scope `data:write`.
#[utoipa::path(patch, path = "/api/v1/responses/{id}", tag = "Responses",
    params(("id" = ResponseId, Path, description = "The response's id."), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read."), Prefer),
    request_body(content = ResponsePatch),
    responses(
        (status = 200, description = "The response as it is now; with `webhooks`, where the caller waited.", body = ResponseResource,
            headers(("ETag" = String, description = "The version, quoted."))),
        OfWait, OfOne, OfBody, OfChange, Always))]
pub async fn patch_response(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<ResponseId>,
    matched: IfMatch,
    prefer: Prefer,
    Json(body): Json<ResponsePatch>,
) -> Result<Response, Problem> {
    let seen = matched.or(body.version)?;
    let before = responses::get(&app, &actor, &id).await?.response;
    let answered = body.answers.as_ref().is_some_and(|a| !a.is_empty());
    let stays = if answered { before.status.max(ResponseStatus::Partial) } else { before.status };
    let change = ResponseChange {
        version: seen.or(Some(before.version)),
        status: body.status.unwrap_or(stays),
        answers: body.answers.unwrap_or(before.answers),
    };
    let saved = responses::save(&app, &actor, &id, change, prefer.waits()).await?;
    let headers = etag(saved.thing.version);
    Ok(prefer.answer(&app, saved.map(ResponseResource::from), StatusCode::OK, headers).await)
}

/// A link that is shown this once.
#[derive(Serialize, ToSchema)]
pub struct ResponseLink {
    /// Where the participant answers by themselves. Whoever has it can.
    #[schema(example = "https://hooks.example.org/r/0123456789abcdef0123456789abcdef0123456789abcdef")]
    url: String,
}

/// Make a participant's link
///
/// By it the participant answers without an account. It takes the place of one that was made before, and cannot be read again. Needs the
/// scope `data:write`.
#[utoipa::path(post, path = "/api/v1/responses/{id}/link", tag = "Responses", params(("id" = ResponseId, Path, description = "The response's id.")),
    responses((status = 200, description = "The link.", body = ResponseLink), OfOne, OfChange, Always))]
pub async fn make_response_link(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<ResponseId>) -> Result<Response, Problem> {
    let token = responses::make_link(&app, &actor, &id).await?;
    let url = responses::link_address(&app, &token);
    // The one answer that holds it is kept by nobody on the way.
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(ResponseLink { url })).into_response())
}
