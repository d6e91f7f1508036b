//! `/api/v1/schedules`.

use super::page;
use crate::error::{AppError, invalid};
use crate::model::id::{RunId, ScheduleId, SiteId, WebhookId};
use crate::model::schedule::{RunCause, Schedule, ScheduleDraft, ScheduleRun, Timing};
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Id, Json, Params};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, OfQuery, Problem};
use crate::server::rest::version::{IfMatch, made, with_etag};
use crate::server::service::schedules;
use crate::server::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// When something happens, for whom, and which webhooks are called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Schedule)]
pub struct ScheduleResource {
    /// Its id.
    id: ScheduleId,
    /// Its name, unique in the study.
    #[schema(example = "Weekly reminder")]
    name: String,
    /// When it runs.
    timing: Timing,
    /// For participants of these sites; none: for all.
    sites: Vec<SiteId>,
    /// The webhooks to call. No other webhook gets its events.
    webhooks: Vec<WebhookId>,
    /// Whether it runs by itself.
    active: bool,
    /// When it runs next; null: it is not active.
    next_run_at: Option<Timestamp>,
    /// Counts changes, from 1. Also the `ETag`.
    #[schema(example = 1)]
    version: i64,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
    /// When it was archived.
    archived_at: Option<Timestamp>,
}

impl From<Schedule> for ScheduleResource {
    fn from(s: Schedule) -> Self {
        Self {
            id: s.id,
            name: s.name,
            timing: s.timing,
            sites: s.sites,
            webhooks: s.webhooks,
            active: s.active,
            next_run_at: s.next_run_at,
            version: s.version,
            created_at: s.created_at,
            updated_at: s.updated_at,
            archived_at: s.archived_at,
        }
    }
}

fn shown(schedule: Schedule) -> Response {
    with_etag(schedule.version, ScheduleResource::from(schedule))
}

/// Schedules, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleList {
    /// All that are not archived: there is no next page.
    items: Vec<ScheduleResource>,
}

/// One run of a schedule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduleRun)]
pub struct RunResource {
    /// Its id.
    id: RunId,
    /// Of which schedule.
    schedule_id: ScheduleId,
    /// What set it off.
    cause: RunCause,
    /// When it was due.
    due_at: Timestamp,
    /// Occasions that were missed while the service was down, this one not counted.
    #[schema(example = 0)]
    missed: i64,
    /// Participants for whom it was triggered so far.
    #[schema(example = 12)]
    participants: i64,
    /// Who asked for it, by hand.
    requested_by: Option<String>,
    /// When it began.
    started_at: Timestamp,
    /// When it ended; null: it is under way.
    finished_at: Option<Timestamp>,
}

impl From<ScheduleRun> for RunResource {
    fn from(r: ScheduleRun) -> Self {
        Self {
            id: r.id,
            schedule_id: r.schedule_id,
            cause: r.cause,
            due_at: r.due_at,
            missed: r.missed,
            participants: r.participants,
            requested_by: r.requested_by,
            started_at: r.started_at,
            finished_at: r.finished_at,
        }
    }
}

/// A page of runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunList {
    /// The runs.
    items: Vec<RunResource>,
    /// The `cursor` of the next, older page; null on the last one.
    next: Option<String>,
}

/// A timing as sent, read member by member so that each wrong one is named.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimingInput {
    kind: String,
    expression: Option<String>,
    time_zone: Option<String>,
    minutes: Option<i64>,
}

impl TimingInput {
    /// Lays it over a draft, which finds out whether it can be.
    fn over(self, draft: &mut ScheduleDraft) -> Result<(), AppError> {
        let cron = self.kind == "cron";
        let stray = [
            ("timing.expression", !cron && self.expression.is_some()),
            ("timing.time_zone", !cron && self.time_zone.is_some()),
            ("timing.minutes", cron && self.minutes.is_some()),
        ];
        if let Some((field, _)) = stray.into_iter().find(|(_, there)| *there) {
            return Err(invalid(field, format!("is not of the kind {}", self.kind)));
        }
        draft.timing = self.kind;
        draft.expression = self.expression.unwrap_or_default();
        draft.time_zone = self.time_zone.unwrap_or_default();
        draft.number = self.minutes.map(|n| n.to_string()).unwrap_or_default();
        "minutes".clone_into(&mut draft.unit);
        Ok(())
    }
}

/// A schedule to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Weekly reminder", "timing": {"kind": "cron", "expression": "0 9 * * MON", "time_zone": "Europe/Berlin"},
    "webhooks": ["wh_00000000000000000000000000000000"]}))]
pub struct ScheduleNew {
    /// 1–200 characters on one line, unique in the study.
    name: String,
    /// When it runs.
    #[schema(value_type = Timing)]
    timing: TimingInput,
    /// Ids of sites: for their participants alone; none, the default: for all.
    #[serde(default)]
    #[schema(value_type = Vec<SiteId>)]
    sites: Vec<String>,
    /// Ids of the webhooks to call, at least one, each subscribed to `schedule.triggered`.
    #[schema(value_type = Vec<WebhookId>)]
    webhooks: Vec<String>,
    /// Whether it runs by itself; default true.
    active: Option<bool>,
}

/// What of a schedule changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"active": false, "version": 1}))]
pub struct SchedulePatch {
    /// See the schedule.
    name: Option<String>,
    /// See the schedule. Its next run is planned anew.
    #[schema(value_type = Option<Timing>)]
    timing: Option<TimingInput>,
    /// All sites, in place of those before.
    #[schema(value_type = Option<Vec<SiteId>>)]
    sites: Option<Vec<String>>,
    /// All webhooks, in place of those before.
    #[schema(value_type = Option<Vec<WebhookId>>)]
    webhooks: Option<Vec<String>>,
    /// Whether it runs by itself.
    active: Option<bool>,
    /// The version that was read; nothing is changed when there is a newer one.
    version: Option<i64>,
}

impl SchedulePatch {
    /// Lays what is named over a draft.
    fn over(self, mut draft: ScheduleDraft) -> Result<ScheduleDraft, AppError> {
        if let Some(timing) = self.timing {
            timing.over(&mut draft)?;
        }
        Ok(ScheduleDraft {
            name: self.name.unwrap_or(draft.name),
            sites: self.sites.unwrap_or(draft.sites),
            webhooks: self.webhooks.unwrap_or(draft.webhooks),
            active: self.active.map_or(draft.active, |active| if active { "yes" } else { "" }.to_owned()),
            ..draft
        })
    }
}

/// The draft's fields as the API spells them.
fn api_names(error: AppError) -> AppError {
    let AppError::Invalid(mut errors) = error else { return error };
    for error in &mut errors {
        match error.field.as_str() {
            "timing" => "timing.kind",
            "expression" => "timing.expression",
            "time_zone" => "timing.time_zone",
            "number" => "timing.minutes",
            _ => continue,
        }
        .clone_into(&mut error.field);
    }
    AppError::Invalid(errors)
}

/// List schedules
///
/// The schedules of the key's study, by name. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/schedules", tag = "Schedules",
    responses((status = 200, description = "The schedules.", body = ScheduleList), Always))]
pub async fn list_schedules(State(app): State<App>, ApiActor(actor): ApiActor) -> Result<axum::Json<ScheduleList>, Problem> {
    let items = schedules::list(&app, &actor).await?.into_iter().map(ScheduleResource::from).collect();
    Ok(axum::Json(ScheduleList { items }))
}

/// Add a schedule
///
/// Each run makes `schedule.triggered` once a participant, for the webhooks that it names. Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/v1/schedules", tag = "Schedules", request_body(content = ScheduleNew),
    responses(
        (status = 201, description = "The schedule.", body = ScheduleResource,
            headers(("ETag" = String, description = "The version, quoted."), ("Location" = String, description = "The schedule's path."))),
        OfBody, Always))]
pub async fn create_schedule(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Json(body): Json<ScheduleNew>,
) -> Result<Response, Problem> {
    let ScheduleNew { name, timing, sites, webhooks, active } = body;
    let all = SchedulePatch { name: Some(name), timing: Some(timing), sites: Some(sites), webhooks: Some(webhooks), active, version: None };
    let schedule = schedules::create(&app, &actor, &all.over(ScheduleDraft::default())?).await.map_err(api_names)?;
    let headers = made(format!("/api/v1/schedules/{}", schedule.id), schedule.version);
    Ok((StatusCode::CREATED, headers, axum::Json(ScheduleResource::from(schedule))).into_response())
}

/// Read a schedule
///
/// Its `ETag` is its version, for `If-Match` of a change. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/schedules/{id}", tag = "Schedules", params(("id" = ScheduleId, Path, description = "The schedule's id.")),
    responses(
        (status = 200, description = "The schedule.", body = ScheduleResource, headers(("ETag" = String, description = "The version, quoted."))),
        OfOne, Always))]
pub async fn get_schedule(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<ScheduleId>) -> Result<Response, Problem> {
    Ok(shown(schedules::get(&app, &actor, &id).await?))
}

/// Change a schedule
///
/// What is not named stays. With `version` or `If-Match` nothing is changed when somebody else changed it since (409). Needs the scope
/// `data:write`.
#[utoipa::path(patch, path = "/api/v1/schedules/{id}", tag = "Schedules",
    params(("id" = ScheduleId, Path, description = "The schedule's id."), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read.")),
    request_body(content = SchedulePatch),
    responses(
        (status = 200, description = "The schedule as it is now.", body = ScheduleResource, headers(("ETag" = String, description = "The version, quoted."))),
        OfOne, OfBody, OfChange, Always))]
pub async fn patch_schedule(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<ScheduleId>,
    matched: IfMatch,
    Json(body): Json<SchedulePatch>,
) -> Result<Response, Problem> {
    let seen = matched.or(body.version)?;
    let before = schedules::get(&app, &actor, &id).await?;
    let draft = body.over(ScheduleDraft::of(&before))?;
    Ok(shown(schedules::update(&app, &actor, &id, seen.or(Some(before.version)), &draft).await.map_err(api_names)?))
}

/// Archive a schedule
///
/// It is hidden and runs no more; its runs stay readable. Needs the scope `data:write`.
#[utoipa::path(delete, path = "/api/v1/schedules/{id}", tag = "Schedules", params(("id" = ScheduleId, Path, description = "The schedule's id.")),
    responses((status = 200, description = "The archived schedule.", body = ScheduleResource), OfOne, OfChange, Always))]
pub async fn archive_schedule(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<ScheduleId>) -> Result<Response, Problem> {
    Ok(shown(schedules::archive(&app, &actor, &id).await?))
}

/// Run a schedule now
///
/// For every participant that it is for, whenever they were enrolled, in the background. It need not be active. Needs the scope
/// `data:write`.
#[utoipa::path(post, path = "/api/v1/schedules/{id}/run", tag = "Schedules", params(("id" = ScheduleId, Path, description = "The schedule's id.")),
    responses((status = 202, description = "The run, which is under way.", body = RunResource), OfOne, OfChange, Always))]
pub async fn run_schedule(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<ScheduleId>) -> Result<Response, Problem> {
    let run = schedules::run_now(&app, &actor, &id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(RunResource::from(run))).into_response())
}

/// Which page of runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct RunParams {
    /// Where the page starts: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: String,
    /// Runs a page, 1–200; default 50.
    #[param(value_type = Option<u32>)]
    limit: String,
}

/// List a schedule's runs
///
/// Newest first, a page at a time. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/schedules/{id}/runs", tag = "Schedules",
    params(("id" = ScheduleId, Path, description = "The schedule's id."), RunParams),
    responses((status = 200, description = "A page of runs.", body = RunList), OfOne, OfQuery, Always))]
pub async fn list_schedule_runs(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<ScheduleId>,
    Params(p): Params<RunParams>,
) -> Result<axum::Json<RunList>, Problem> {
    let (before, limit) = page::<RunId>(&p.cursor, &p.limit)?;
    let found = schedules::runs(&app, &actor, &id, before.as_ref(), limit).await?.map(RunResource::from);
    Ok(axum::Json(RunList { items: found.items, next: found.next }))
}
