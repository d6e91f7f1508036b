//! `/api/v1/participants`.

use super::{page, parsed};
use crate::error::{AppError, invalid};
use crate::model::id::{ParticipantId, SiteId};
use crate::model::participant::{Origin, Participant, ParticipantDraft};
use crate::model::problem::FieldErrors;
use crate::model::site::Site;
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Id, Json, Params, nullable};
use crate::server::rest::prefer::{Prefer, Waited};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, OfQuery, OfWait, Problem};
use crate::server::rest::version::{IfMatch, made, with_etag};
use crate::server::service::participants::{self, ParticipantFilter};
use crate::server::service::sites;
use crate::server::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Where a participant is seen.
#[derive(Debug, Serialize, ToSchema)]
pub struct SiteOfParticipant {
    /// The site's id.
    id: SiteId,
    /// Its name.
    #[schema(example = "Basel")]
    name: String,
}

/// Somebody who takes part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Participant)]
pub struct ParticipantResource {
    /// Our id.
    id: ParticipantId,
    /// What the study knows them by, unique in it.
    #[schema(example = "TEST-0000")]
    identifier: String,
    /// Where they are seen.
    site: Option<SiteOfParticipant>,
    /// Where they can be written to.
    #[schema(example = "ada@example.com")]
    email: Option<String>,
    /// What else the study keeps of them.
    #[schema(example = json!({"arm": "B"}))]
    details: BTreeMap<String, String>,
    /// How they came here.
    origin: Origin,
    /// Counts changes, from 1. Also the `ETag`.
    #[schema(example = 1)]
    version: i64,
    /// When they were enrolled here.
    created_at: Timestamp,
    /// When they were last changed.
    updated_at: Timestamp,
}

impl ParticipantResource {
    /// The participant, with the site found among the study's.
    fn of(p: Participant, sites: &[Site]) -> Self {
        let site = p.site_id.and_then(|id| sites.iter().find(|s| s.id == id));
        Self {
            id: p.id,
            identifier: p.identifier,
            site: site.map(|s| SiteOfParticipant { id: s.id.clone(), name: s.name.clone() }),
            email: p.email,
            details: p.details,
            origin: p.origin,
            version: p.version,
            created_at: p.created_at,
            updated_at: p.updated_at,
        }
    }
}

/// A page of participants, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParticipantList {
    /// The participants.
    items: Vec<ParticipantResource>,
    /// The `cursor` of the next, older page; null on the last one.
    next: Option<String>,
}

/// Which participants.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ParticipantParams {
    /// Of this site.
    #[param(value_type = Option<SiteId>)]
    site: String,
    /// Whose identifier begins so.
    #[param(value_type = Option<String>)]
    identifier_prefix: String,
    /// Where the page starts: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: String,
    /// Participants a page, 1–200; default 50.
    #[param(value_type = Option<u32>)]
    limit: String,
}

/// List participants
///
/// The study's participants, newest first, a page at a time. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/participants", tag = "Participants", params(ParticipantParams),
    responses((status = 200, description = "A page of participants.", body = ParticipantList), OfQuery, Always))]
pub async fn list_participants(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Params(p): Params<ParticipantParams>,
) -> Result<axum::Json<ParticipantList>, Problem> {
    let (before, limit) = page::<ParticipantId>(&p.cursor, &p.limit)?;
    let filter = ParticipantFilter { site: parsed("site", &p.site, "must be the id of a site")?, begins: p.identifier_prefix };
    let found = participants::list(&app, &actor, &filter, before.as_ref(), limit).await?;
    // After the participants: a site that one of them has is among them.
    let sites = sites::list(&app, &actor).await?;
    let found = found.map(|p| ParticipantResource::of(p, &sites));
    Ok(axum::Json(ParticipantList { items: found.items, next: found.next }))
}

/// A participant to be created. Everything may be left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParticipantNew {
    /// 1–100 characters on one line, unique in the study; left out, one is made.
    #[schema(example = "TEST-0000")]
    identifier: Option<String>,
    /// A site's id or its name.
    #[schema(example = "Basel")]
    site: Option<String>,
    /// An e-mail address.
    #[schema(example = "ada@example.com")]
    email: Option<String>,
    /// At most 50 texts by name, each on one line.
    #[schema(example = json!({"arm": "B"}))]
    details: Option<BTreeMap<String, String>>,
}

impl ParticipantNew {
    fn draft(self) -> Result<ParticipantDraft, AppError> {
        Ok(ParticipantDraft {
            identifier: self.identifier.unwrap_or_default(),
            site: self.site.unwrap_or_default(),
            email: self.email.unwrap_or_default(),
            details: lines(&self.details.unwrap_or_default())?,
        })
    }
}

/// Details as the draft has them, one `name: value` a line.
fn lines(details: &BTreeMap<String, String>) -> Result<String, AppError> {
    let mut errors = FieldErrors::default();
    let mut lines = Vec::new();
    for (name, value) in details {
        let field = || format!("details.{name}");
        let on_one_line = |text: &str| !text.chars().any(char::is_control);
        if name.trim().is_empty() || name.chars().count() > 100 || name.contains(':') || !on_one_line(name) {
            errors.add(field(), "has a name that is not 1–100 characters on one line without a colon");
        } else if value.chars().count() > 1000 || !on_one_line(value) {
            errors.add(field(), "must be text of at most 1,000 characters on one line");
        }
        lines.push(format!("{name}: {value}"));
    }
    Ok(errors.into_result(|| lines.join("\n"))?)
}

/// Create a participant
///
/// Makes the event `participant.created`. With `Prefer: wait=N` synchronous webhooks are waited for: 200 with `webhooks` when all of them
/// took it, else 502 or 504, and the participant is there all the same. Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/v1/participants", tag = "Participants", params(Prefer), request_body(content = ParticipantNew),
    responses(
        (status = 201, description = "The participant.", body = ParticipantResource,
            headers(("ETag" = String, description = "The version, quoted."), ("Location" = String, description = "The participant's path."))),
        (status = 200, description = "The caller waited, and each synchronous webhook took it.", body = Waited<ParticipantResource>),
        OfWait, OfBody, Always))]
pub async fn create_participant(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    prefer: Prefer,
    Json(body): Json<ParticipantNew>,
) -> Result<Response, Problem> {
    // Before the save, after which nothing is awaited but the webhooks.
    let sites = sites::list(&app, &actor).await?;
    let saved = participants::create(&app, &actor, &body.draft()?, prefer.waits()).await?;
    let headers = made(format!("/api/v1/participants/{}", saved.thing.id), saved.thing.version);
    Ok(prefer.answer(&app, saved.map(|p| ParticipantResource::of(p, &sites)), StatusCode::CREATED, headers).await)
}

/// Read a participant
///
/// Its `ETag` is its version, for `If-Match` of a change. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/participants/{id}", tag = "Participants",
    params(("id" = ParticipantId, Path, description = "The participant's id.")),
    responses(
        (status = 200, description = "The participant.", body = ParticipantResource, headers(("ETag" = String, description = "The version, quoted."))),
        OfOne, Always))]
pub async fn get_participant(State(app): State<App>, ApiActor(actor): ApiActor, Id(id): Id<ParticipantId>) -> Result<Response, Problem> {
    let (participant, site) = participants::get(&app, &actor, &id).await?;
    Ok(with_etag(participant.version, ParticipantResource::of(participant, site.as_slice())))
}

/// What of a participant changes: a JSON merge patch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParticipantPatch {
    /// 1–100 characters on one line, unique in the study.
    identifier: Option<String>,
    /// A site's id or its name; null: none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    site: Option<Option<String>>,
    /// An e-mail address; null: none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// A detail that is not named stays, and one that is null goes; null for all of them removes all.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>, example = json!({"arm": "A"}))]
    details: Option<Option<BTreeMap<String, Option<String>>>>,
    /// The version that was read; nothing is changed when there is a newer one.
    #[schema(example = 1)]
    version: Option<i64>,
}

impl ParticipantPatch {
    /// Lays what is named over the participant.
    fn draft(self, participant: &Participant) -> Result<ParticipantDraft, AppError> {
        let mut draft = ParticipantDraft::of(participant);
        if let Some(identifier) = self.identifier {
            if identifier.trim().is_empty() {
                return Err(invalid("identifier", "must be 1–100 characters on one line"));
            }
            draft.identifier = identifier;
        }
        if let Some(site) = self.site {
            draft.site = site.unwrap_or_default();
        }
        if let Some(email) = self.email {
            draft.email = email.unwrap_or_default();
        }
        if let Some(named) = self.details {
            let mut details = if named.is_some() { participant.details.clone() } else { BTreeMap::new() };
            for (name, value) in named.unwrap_or_default() {
                match value {
                    Some(value) => details.insert(name, value),
                    None => details.remove(&name),
                };
            }
            draft.details = lines(&details)?;
        }
        Ok(draft)
    }
}

/// Change a participant
///
/// A JSON merge patch (RFC 7396): what is not named stays, null removes. With `version` or `If-Match` nothing is changed when somebody
/// else changed them since (409). It makes no event. Needs the scope `data:write`.
#[utoipa::path(patch, path = "/api/v1/participants/{id}", tag = "Participants",
    params(("id" = ParticipantId, Path, description = "The participant's id."), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read.")),
    request_body(content = ParticipantPatch, example = json!({"email": null, "details": {"arm": "A"}, "version": 1})),
    responses(
        (status = 200, description = "The participant as they are now.", body = ParticipantResource, headers(("ETag" = String, description = "The version, quoted."))),
        OfOne, OfBody, OfChange, Always))]
pub async fn patch_participant(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Id(id): Id<ParticipantId>,
    matched: IfMatch,
    Json(body): Json<ParticipantPatch>,
) -> Result<Response, Problem> {
    let seen = matched.or(body.version)?;
    let (before, _) = participants::get(&app, &actor, &id).await?;
    let version = seen.unwrap_or(before.version);
    let after = participants::update(&app, &actor, &id, Some(version), &body.draft(&before)?).await?;
    let sites = sites::list(&app, &actor).await?;
    Ok(with_etag(after.version, ParticipantResource::of(after, &sites)))
}
