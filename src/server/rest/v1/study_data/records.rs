//! `/api/v1/records`: saved, updated and reviewed (the TrialKit way).

use super::{page, parsed};
use crate::error::invalid;
use crate::model::id::{FormId, ParticipantId, RecordId};
use crate::model::record::Record;
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Id, Json, Params};
use crate::server::rest::prefer::{Prefer, Waited};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, OfQuery, OfWait, Problem};
use crate::server::rest::version::{IfMatch, etag, made, with_etag};
use crate::server::service::participants;
use crate::server::service::records::{self, RecordChange};
use crate::server::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// A form's values.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Record)]
pub struct RecordResource {
    /// Our id.
    id: RecordId,
    /// Its number in the study, from 1; in events it is text.
    #[schema(example = 1)]
    trans_id: i64,
    /// Of which form.
    form_id: FormId,
    /// Of which version of it.
    #[schema(example = 1)]
    form_version: i64,
    /// About whom, where it is about somebody.
    participant_id: Option<ParticipantId>,
    /// Values by question.
    #[schema(value_type = Object, example = json!({"pain": 3}))]
    answers: Map<String, Value>,
    /// The review level that it has reached, 1–5; null: not reviewed.
    review: Option<u8>,
    /// Counts changes, from 1. Also the `ETag`.
    #[schema(example = 1)]
    version: i64,
    /// When it was first saved.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

impl From<Record> for RecordResource {
    fn from(r: Record) -> Self {
        Self {
            id: r.id,
            trans_id: r.trans_id,
            form_id: r.form_id,
            form_version: r.form_version,
            participant_id: r.participant_id,
            answers: r.answers,
            review: r.review,
            version: r.version,
            created_at: r.created_at,
            updated_at: r.updated_at,
        }
    }
}

/// A page of records, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordList {
    /// The records.
    items: Vec<RecordResource>,
    /// The `cursor` of the next, older page; null on the last one.
    next: Option<String>,
}

/// Which records.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct RecordParams {
    /// Of this form.
    #[param(value_type = Option<FormId>)]
    form: String,
    /// Where the page starts: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: String,
    /// Records a page, 1–200; default 50.
    #[param(value_type = Option<u32>)]
    limit: String,
}

/// List records
///
/// The study's records, newest first, a page at a time. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/records", tag = "Records", params(RecordParams),
    responses((status = 200, description = "A page of records.", body = RecordList), OfQuery, Always))]
pub async fn list_records(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Params(p): Params<RecordParams>,
) -> Result<axum::Json<RecordList>, Problem> {
    let (before, limit) = page::<RecordId>(&p.cursor, &p.limit)?;
    let form = parsed::<FormId>("form", &p.form, "must be the id of a form")?;
    let found = records::list(&app, &actor, form.as_ref(), before.as_ref(), limit).await?.map(RecordResource::from);
    Ok(axum::Json(RecordList { items: found.items, next: found.next }))
}

/// A record to be saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"form": "frm_00000000000000000000000000000000", "participant": "TEST-0000", "answers": {"pain": 3}}))]
pub struct RecordNew {
    /// Of which form: its id. The record keeps its present version.
    #[schema(value_type = FormId)]
    form: String,
    /// About whom: a participant's id or identifier; left out: nobody.
    participant: Option<String>,
    /// Values by question, all that are required among them.
    #[serde(default)]
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
}

/// Save a new record
///
/// Makes `record.inserted`. With `Prefer: wait=N` synchronous webhooks are waited for: 200 with `webhooks` when all of them took it, else
/// 502 or 504, and the record is there all the same. Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/v1/records", tag = "Records", params(Prefer), request_body(content = RecordNew),
    responses(
        (status = 201, description = "The record.", body = RecordResource,
            headers(("ETag" = String, description = "The version, quoted."), ("Location" = String, description = "The record's path."))),
        (status = 200, description = "The caller waited, and each synchronous webhook took it.", body = Waited<RecordResource>),
        OfWait, OfBody, Always))]
pub async fn create_record(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    prefer: Prefer,
    Json(body): Json<RecordNew>,
) -> Result<Response, Problem> {
    let participant = match &body.participant {
        Some(text) => Some(participants::find_named(&app, &actor, text).await?.id),
        None => None,
    };
    let form: FormId = body.form.parse().map_err(|_| invalid("form", "must be the id of a form of this study"))?;
    let saved = records::create(&app, &actor, &form, participant.as_ref(), &body.answers, prefer.waits()).await?;
    let headers = made(format!("/api/v1/records/{}", saved.thing.id), saved.thing.version);
    Ok(prefer.answer(&app, saved.map(RecordResource::from), StatusCode::CREATED, headers).await)
}

/// Read a record
///
/// Its `ETag` is its version, for `If-Match` of a change. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/records/{id}", tag = "Records", params(("id" = RecordId, Path, description = "The record's id.")),
    responses(
        (status = 200, description = "The record.", body = RecordResource, headers(("ETag" = String, description = "The version, quoted."))),
        OfOne, Always))]
pub async fn get_record(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<RecordId>) -> Result<Response, Problem> {
    let record = records::get(&app, &actor, &id).await?.record;
    Ok(with_etag(record.version, RecordResource::from(record)))
}

/// What of a record changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"answers": {"pain": 4}, "version": 1}))]
pub struct RecordPatch {
    /// All values, in place of those before. Left out, they stay.
    #[schema(value_type = Option<Object>)]
    answers: Option<Map<String, Value>>,
    /// Whether a lock is to be broken: the record falls back below the review level that locks it.
    #[serde(default)]
    break_lock: bool,
    /// The version that was read; nothing is changed when there is a newer one.
    version: Option<i64>,
}

/// Update a record
///
/// Makes `record.updated`, and `record.review_changed` where a lock is broken; a locked record is changed with `break_lock` alone (409).
/// With `version` or `If-Match` nothing is changed when somebody else changed it since (409). `Prefer: wait=N` as for a new one. Needs
/// the scope `data:write`.
#[utoipa::path(patch, path = "/api/v1/records/{id}", tag = "Records",
    params(("id" = RecordId, Path, description = "The record's id."), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read."), Prefer),
    request_body(content = RecordPatch),
    responses(
        (status = 200, description = "The record as it is now; with `webhooks`, where the caller waited.", body = RecordResource,
            headers(("ETag" = String, description = "The version, quoted."))),
        OfWait, OfOne, OfBody, OfChange, Always))]
pub async fn patch_record(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<RecordId>,
    matched: IfMatch,
    prefer: Prefer,
    Json(body): Json<RecordPatch>,
) -> Result<Response, Problem> {
    let seen = matched.or(body.version)?;
    let before = records::get(&app, &actor, &id).await?.record;
    let change = RecordChange {
        version: seen.or(Some(before.version)),
        answers: body.answers.unwrap_or(before.answers),
        break_lock: body.break_lock,
    };
    let saved = records::update(&app, &actor, &id, change, prefer.waits()).await?;
    let headers = etag(saved.thing.version);
    Ok(prefer.answer(&app, saved.map(RecordResource::from), StatusCode::OK, headers).await)
}

/// Where a record's review goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"level": 1}))]
pub struct Review {
    /// One of the study's review levels, 1–5; null: not reviewed.
    // Named, as to be left out is not the same as null here.
    #[serde(deserialize_with = "Option::deserialize")]
    level: Option<u8>,
    /// The version that was read; nothing is changed when there is a newer one.
    version: Option<i64>,
}

/// Review a record
///
/// Takes it to a review level, forward or back, and makes `record.review_changed`. A level that is signed is reached by a person alone, in
/// the console (403). `Prefer: wait=N` as for a new record. Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/v1/records/{id}/review", tag = "Records",
    params(("id" = RecordId, Path, description = "The record's id."), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read."), Prefer),
    request_body(content = Review),
    responses(
        (status = 200, description = "The record as it is now; with `webhooks`, where the caller waited.", body = RecordResource,
            headers(("ETag" = String, description = "The version, quoted."))),
        OfWait, OfOne, OfBody, OfChange, Always))]
pub async fn review_record(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<RecordId>,
    matched: IfMatch,
    prefer: Prefer,
    Json(body): Json<Review>,
) -> Result<Response, Problem> {
    let seen = matched.or(body.version)?;
    let saved = records::review(&app, &actor, &id, seen, body.level, None, prefer.waits()).await?;
    let headers = etag(saved.thing.version);
    Ok(prefer.answer(&app, saved.map(RecordResource::from), StatusCode::OK, headers).await)
}
