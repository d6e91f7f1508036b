//! `/api/v1/replays`: count, begin, follow, hold and end replays.

use crate::error::not_found;
use crate::model::delivery::{DeliveryQuery, DeliveryState, FailureKind};
use crate::model::event_type::EventType;
use crate::model::id::{ReplayId, WebhookId};
use crate::model::replay::{DryRun, Outcomes, Replay, ReplayDraft, ReplayState};
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Id, Json, Params};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, OfQuery, Problem};
use crate::server::service::replays;
use crate::server::state::App;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which deliveries are replayed, how fast, and why. Each member of the filter narrows it; without any, all of the webhook's deliveries are meant.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayNew {
    /// Whose deliveries.
    #[schema(value_type = WebhookId)]
    webhook_id: String,
    /// In this state; `failed` stands for exhausted and cancelled. What waits is on its way, and left alone.
    #[schema(example = "failed")]
    state: String,
    /// By the last answer's status: `2xx`, `3xx`, `4xx`, `5xx`.
    #[schema(example = "5xx")]
    class: String,
    /// By why the last attempt failed.
    #[schema(value_type = Option<FailureKind>)]
    failure: String,
    /// Of this event type.
    #[schema(value_type = Option<EventType>)]
    event_type: String,
    /// With so many attempts at least.
    min_attempts: Option<u32>,
    /// Accepted at or after, RFC 3339.
    #[schema(value_type = Option<Timestamp>)]
    from: String,
    /// Accepted before, RFC 3339. Never later than now.
    #[schema(value_type = Option<Timestamp>)]
    to: String,
    /// `live` or `test`.
    #[schema(example = "live")]
    mode: String,
    /// A delivery's, event's or replay's id, a sender's event id or a subject, exactly.
    q: String,
    /// Deliveries made due a second, 1–1,000; left out: as the webhook allows.
    #[schema(example = 50)]
    rate: Option<u32>,
    /// 3–500 characters, for the audit trail and the attempts. A dry run needs none.
    #[schema(example = "the receiver was repaired")]
    reason: String,
    /// Counts what would be replayed, and makes nothing.
    dry_run: bool,
}

impl ReplayNew {
    fn into_draft(self) -> ReplayDraft {
        let query = DeliveryQuery {
            state: self.state,
            class: self.class,
            failure: self.failure,
            event_type: self.event_type,
            min_attempts: self.min_attempts.map(|n| n.to_string()).unwrap_or_default(),
            from: self.from,
            to: self.to,
            mode: self.mode,
            q: self.q,
            cursor: String::new(),
        };
        ReplayDraft { query, rate: self.rate.map(|n| n.to_string()).unwrap_or_default(), reason: self.reason }
    }
}

/// How many deliveries are of an event type.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountOfType {
    /// The event type.
    pub event_type: EventType,
    /// How many.
    pub count: i64,
}

/// How many deliveries are in a state.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountOfState {
    /// The state.
    pub state: DeliveryState,
    /// How many.
    pub count: i64,
}

/// What a replay would be of.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayDryRun {
    /// Deliveries that are like the filter.
    pub planned: i64,
    /// Those of them that are on their way already, and would be left alone.
    pub on_their_way: i64,
    /// By event type, the most frequent first.
    pub by_event_type: Vec<CountOfType>,
    /// By state, the most frequent first.
    pub by_state: Vec<CountOfState>,
    /// When the oldest was accepted.
    pub oldest: Option<Timestamp>,
    /// When the newest was accepted.
    pub newest: Option<Timestamp>,
}

impl From<DryRun> for ReplayDryRun {
    fn from(d: DryRun) -> Self {
        Self {
            planned: d.total,
            on_their_way: d.on_their_way,
            by_event_type: d.by_type.into_iter().map(|(event_type, count)| CountOfType { event_type, count }).collect(),
            by_state: d.by_state.into_iter().map(|(state, count)| CountOfState { state, count }).collect(),
            oldest: d.oldest,
            newest: d.newest,
        }
    }
}

/// A replay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replay)]
pub struct ReplayResource {
    /// Its id; `q` of the deliveries' list finds what it made due.
    pub id: ReplayId,
    /// Whose deliveries.
    pub webhook_id: WebhookId,
    /// How far it is.
    pub state: ReplayState,
    /// Deliveries made due a second; null: as the webhook allows.
    pub rate: Option<u32>,
    /// Why.
    #[schema(example = "the receiver was repaired")]
    pub reason: String,
    /// Deliveries that were like the filter when it began.
    pub planned: i64,
    /// Those made due so far.
    pub made_due: i64,
    /// Those left alone so far: they were on their way already.
    pub skipped: i64,
    /// Who began it.
    #[schema(example = "Ada Admin")]
    pub requested_by: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was done or cancelled.
    pub finished_at: Option<Timestamp>,
}

impl From<Replay> for ReplayResource {
    fn from(r: Replay) -> Self {
        Self {
            id: r.id,
            webhook_id: r.webhook_id,
            state: r.state,
            rate: r.rate,
            reason: r.reason,
            planned: r.planned,
            made_due: r.made_due,
            skipped: r.skipped,
            requested_by: r.requested_by,
            created_at: r.created_at,
            finished_at: r.finished_at,
        }
    }
}

/// A replay with what has become of its deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayWithOutcomes {
    /// The replay.
    #[serde(flatten)]
    pub replay: ReplayResource,
    /// Why it makes no delivery due although it runs.
    pub held_back: Option<String>,
    /// Deliveries whose latest attempt arrived.
    pub delivered: i64,
    /// Deliveries whose latest attempt failed, and for which none is to come.
    pub failed: i64,
    /// Deliveries for which an attempt is still to come.
    pub waiting: i64,
}

/// Replays, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayList {
    /// The latest hundred.
    pub items: Vec<ReplayResource>,
}

/// Whose replays.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ReplayParams {
    /// Of this webhook.
    #[param(value_type = Option<WebhookId>)]
    webhook_id: String,
}

/// Replay deliveries
///
/// Has many deliveries of one webhook sent again, with the same bytes and ids and the retry schedule from its start. It goes on in the
/// background. With `dry_run` the answer is what would be replayed, and nothing is made. Needs the scope `deliveries:retry`.
#[utoipa::path(post, path = "/api/v1/replays", tag = "Replays",
    request_body(content = ReplayNew, example = json!({
        "webhook_id": "wh_00000000000000000000000000000000", "state": "failed", "from": "2026-11-20T00:00:00Z", "rate": 50,
        "reason": "the receiver was repaired",
    })),
    responses(
        (status = 200, description = "The dry run's counts.", body = ReplayDryRun),
        (status = 201, description = "The replay, which has begun.", body = ReplayResource),
        OfOne, OfBody, OfChange, Always,
    ))]
pub async fn create_replay(State(app): State<App>, ApiActor(actor): ApiActor, Json(new): Json<ReplayNew>) -> Result<Response, Problem> {
    let webhook: WebhookId = new.webhook_id.parse().map_err(|e| crate::error::invalid("webhook_id", format!("{e}")))?;
    let dry_run = new.dry_run;
    let draft = new.into_draft();
    if dry_run {
        let found = replays::dry_run(&app, &actor, &webhook, &draft).await?;
        return Ok(axum::Json(ReplayDryRun::from(found)).into_response());
    }
    let replay = replays::start(&app, &actor, &webhook, &draft).await?;
    let location = format!("/api/v1/replays/{}", replay.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(ReplayResource::from(replay))).into_response())
}

/// List replays
///
/// The latest hundred, newest first. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v1/replays", tag = "Replays", params(ReplayParams),
    responses((status = 200, description = "The replays.", body = ReplayList), OfOne, OfQuery, Always))]
pub async fn list_replays(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Params(p): Params<ReplayParams>,
) -> Result<axum::Json<ReplayList>, Problem> {
    let webhook: Option<WebhookId> = match p.webhook_id.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| not_found("webhook"))?),
    };
    let items = replays::latest(&app, &actor, webhook.as_ref()).await?.into_iter().map(ReplayResource::from).collect();
    Ok(axum::Json(ReplayList { items }))
}

/// Read a replay
///
/// How far it is, and what has become of its deliveries. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/v1/replays/{id}", tag = "Replays", params(("id" = ReplayId, Path, description = "The replay's id.")),
    responses((status = 200, description = "The replay.", body = ReplayWithOutcomes), OfOne, Always))]
pub async fn get_replay(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<ReplayId>,
) -> Result<axum::Json<ReplayWithOutcomes>, Problem> {
    let replays::ReplayView { replay, outcomes, held_back } = replays::get(&app, &actor, &id).await?;
    let Outcomes { delivered, failed, waiting } = outcomes;
    let held_back = held_back.map(str::to_owned);
    Ok(axum::Json(ReplayWithOutcomes { replay: replay.into(), held_back, delivered, failed, waiting }))
}

/// Pause a replay
///
/// It makes nothing more due until it is resumed. What was made due is sent. Needs the scope `deliveries:retry`.
#[utoipa::path(post, path = "/api/v1/replays/{id}/pause", tag = "Replays", params(("id" = ReplayId, Path, description = "The replay's id.")),
    responses((status = 200, description = "The replay.", body = ReplayResource), OfOne, OfChange, Always))]
pub async fn pause_replay(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<ReplayId>,
) -> Result<axum::Json<ReplayResource>, Problem> {
    Ok(axum::Json(replays::pause(&app, &actor, &id).await?.into()))
}

/// Resume a replay
///
/// It goes on where it was paused. Needs the scope `deliveries:retry`.
#[utoipa::path(post, path = "/api/v1/replays/{id}/resume", tag = "Replays", params(("id" = ReplayId, Path, description = "The replay's id.")),
    responses((status = 200, description = "The replay.", body = ReplayResource), OfOne, OfChange, Always))]
pub async fn resume_replay(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<ReplayId>,
) -> Result<axum::Json<ReplayResource>, Problem> {
    Ok(axum::Json(replays::resume(&app, &actor, &id).await?.into()))
}

/// Cancel a replay
///
/// It ends where it is. What was made due is sent. Needs the scope `deliveries:retry`.
#[utoipa::path(post, path = "/api/v1/replays/{id}/cancel", tag = "Replays", params(("id" = ReplayId, Path, description = "The replay's id.")),
    responses((status = 200, description = "The replay.", body = ReplayResource), OfOne, OfChange, Always))]
pub async fn cancel_replay(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<ReplayId>,
) -> Result<axum::Json<ReplayResource>, Problem> {
    Ok(axum::Json(replays::cancel(&app, &actor, &id).await?.into()))
}
