//! Responses: `new → partial → completed`. Beginning one of a survey makes `survey.created`; completing one makes `form.completed` or
//! `survey.completed`, once: a partial save makes nothing, and a completed response that is saved again makes nothing.

mod distribute;
mod progress;

pub use distribute::{Distributed, RECIPIENTS_MAX, Recipients, Sent, distribute};
pub use progress::progress;

use super::participants::{SOURCE, site_of};
use super::saved::Saved;
use crate::error::{AppError, invalid, not_found};
use crate::model::audit::AuditEntry;
use crate::model::event::NewEvent;
use crate::model::event_type::EventType;
use crate::model::form::{Form, FormKind, Question, check_answers};
use crate::model::id::{FormId, ParticipantId, ResponseId};
use crate::model::page::Page;
use crate::model::participant::Participant;
use crate::model::permission::Action;
use crate::model::response::{Response, ResponseStatus, Submitter};
use crate::model::site::Site;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::server::auth::{Actor, Who};
use crate::server::clock::random_bytes;
use crate::server::engine::intake::{self, Audience, Planned};
use crate::server::secret::Secret;
use crate::server::state::App;
use crate::server::store::{Db, audit, forms, participants, responses, studies};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// What has answers is not new.
const ANSWERED: &str = "are saved with the status partial or completed";

/// Which responses a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseFilter {
    /// To this form or survey.
    pub form: Option<FormId>,
    /// Of this participant.
    pub participant: Option<ParticipantId>,
    /// This far.
    pub status: Option<ResponseStatus>,
}

/// A response with what a page shows around it.
#[derive(Debug, Clone)]
pub struct ResponseView {
    /// The response.
    pub response: Response,
    /// Its form or survey as it is now.
    pub form: Form,
    /// What it was asked: the questions of its own version.
    pub questions: Vec<Question>,
    /// Whose it is.
    pub participant: Participant,
}

/// A response to be begun.
#[derive(Debug, Clone)]
pub struct NewResponse {
    /// To which form or survey, at its present version.
    pub form: FormId,
    /// Whose.
    pub participant: ParticipantId,
    /// How far it is at once.
    pub status: ResponseStatus,
    /// Answers, unless it is new.
    pub answers: Map<String, Value>,
}

/// The responses of the actor's study, newest first.
///
/// # Errors
/// 403.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &ResponseFilter,
    before: Option<&ResponseId>,
    limit: u32,
) -> Result<Page<Response>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    let (form, participant) = (filter.form.as_ref(), filter.participant.as_ref());
    Ok(responses::list(&mut db, &actor.study.id, form, participant, filter.status, before, limit).await?)
}

/// One response.
///
/// # Errors
/// 403, 404.
pub async fn get(app: &App, actor: &Actor, id: &ResponseId) -> Result<ResponseView, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    let found = responses::find(&mut db, &actor.study.id, id).await?;
    view_of(&mut db, found.ok_or_else(|| not_found("response"))?).await
}

async fn view_of(db: &mut Db, response: Response) -> Result<ResponseView, AppError> {
    let study = &response.study_id;
    let form = forms::find(db, study, &response.form_id).await?.ok_or_else(|| not_found("form"))?;
    let questions = forms::questions_of(db, study, &response.form_id, response.form_version).await?.unwrap_or_default();
    let participant = participants::find(db, study, &response.participant_id).await?.ok_or_else(|| not_found("participant"))?;
    Ok(ResponseView { response, form, questions, participant })
}

fn submitter_of(actor: &Actor) -> Submitter {
    match actor.who {
        Who::User(_) => Submitter::Coordinator,
        Who::Key(_) => Submitter::Api,
    }
}

fn event(response: &Response, form: &Form, participant: &Participant, site: Option<&Site>, what: &str, event_type: EventType) -> NewEvent {
    let mut data = participant.event_data(site);
    response.add_event_data(form, &mut data);
    NewEvent {
        source: SOURCE.to_owned(),
        external_id: format!("{}/{what}", response.id),
        event_type,
        occurred_at: Some(response.updated_at),
        data: Value::Object(data),
    }
}

fn completed_event(response: &Response, form: &Form, participant: &Participant, site: Option<&Site>) -> NewEvent {
    let event_type = match form.kind {
        FormKind::Form => EventType::FormCompleted,
        FormKind::Survey => EventType::SurveyCompleted,
    };
    event(response, form, participant, site, "completed", event_type)
}

fn created_event(response: &Response, survey: &Form, participant: &Participant, site: Option<&Site>) -> NewEvent {
    event(response, survey, participant, site, "created", EventType::SurveyCreated)
}

/// A response in which nothing is answered yet.
fn assigned(app: &App, form: &Form, participant: &Participant, now: Timestamp) -> Response {
    Response {
        id: ResponseId::from_bits(app.ids.next()),
        study_id: form.study_id.clone(),
        form_id: form.id.clone(),
        form_version: form.version,
        participant_id: participant.id.clone(),
        status: ResponseStatus::New,
        answers: Map::new(),
        submitted_by: None,
        completed_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Begins a response, and saves or completes it at once where asked. With `waits`, synchronous webhooks are left to the caller.
///
/// # Errors
/// 403; a form or participant that is not there; answers that do not fit.
pub async fn begin(app: &App, actor: &Actor, new: NewResponse, waits: bool) -> Result<Saved<Response>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let hooks = intake::webhooks_of(&app.engine, &actor.study).await?;
    let study = &actor.study.id;
    let mut tx = app.store.begin().await?;
    let form = forms::find(&mut tx, study, &new.form).await?.ok_or_else(|| invalid("form", "is no form or survey of this study"))?;
    if form.archived_at.is_some() {
        return Err(invalid("form", "is archived; it takes no new responses"));
    }
    let participant = participants::find(&mut tx, study, &new.participant).await?;
    let participant = participant.ok_or_else(|| invalid("participant", "is no participant of this study"))?;
    if new.status == ResponseStatus::New && !new.answers.is_empty() {
        return Err(invalid("answers", ANSWERED));
    }
    let completed = new.status == ResponseStatus::Completed;
    let answers = check_answers(&form.questions, &new.answers, completed)?;
    let site = site_of(&mut tx, &participant).await?;
    let now = app.clock.now();
    let response = Response {
        status: new.status,
        answers,
        submitted_by: completed.then(|| submitter_of(actor)),
        completed_at: completed.then_some(now),
        ..assigned(app, &form, &participant, now)
    };
    responses::insert(&mut tx, &response, None).await?;
    let mut events = Vec::new();
    if form.kind == FormKind::Survey {
        let begun = Response {
            status: new.status.min(ResponseStatus::Partial),
            answers: Map::new(),
            submitted_by: None,
            completed_at: None,
            ..response.clone()
        };
        events.push(created_event(&begun, &form, &participant, site.as_ref()));
    }
    if completed {
        events.push(completed_event(&response, &form, &participant, site.as_ref()));
    }
    let mut planned = Planned::new(&app.engine, &actor.study, &hooks, events, Audience::Subscribed, waits);
    planned.write(&app.engine, &mut tx).await?;
    let changes = json!({"form": [null, form.id], "participant": [null, participant.id], "status": [null, response.status]});
    actor.audit(&mut tx, now, "response.created", response.id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok(Saved::new(response, planned.committed(&app.engine)))
}

/// What a save changes.
#[derive(Debug, Clone)]
pub struct ResponseChange {
    /// The version that the editor saw; `None`: whatever it is.
    pub version: Option<i64>,
    /// How far it is then.
    pub status: ResponseStatus,
    /// All answers, in place of those before.
    pub answers: Map<String, Value>,
}

/// Saves a response. With `waits`, synchronous webhooks are left to the caller.
///
/// # Errors
/// 403, 404; answers that do not fit; a status that goes back; 409 when somebody changed it meanwhile.
pub async fn save(app: &App, actor: &Actor, id: &ResponseId, change: ResponseChange, waits: bool) -> Result<Saved<Response>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    let before = responses::find(&mut db, &actor.study.id, id).await?.ok_or_else(|| not_found("response"))?;
    drop(db);
    write(app, &actor.study, before, change, submitter_of(actor), Author::Actor(actor), waits).await
}

/// Who saves, for the audit trail.
enum Author<'a> {
    Actor(&'a Actor),
    /// By their link.
    Participant,
}

async fn write(
    app: &App,
    study: &Study,
    before: Response,
    change: ResponseChange,
    by: Submitter,
    author: Author<'_>,
    waits: bool,
) -> Result<Saved<Response>, AppError> {
    if !before.status.may_become(change.status) {
        let message = format!("is {} and cannot go back to {}", before.status.as_str(), change.status.as_str());
        return Err(invalid("status", message));
    }
    if change.status == ResponseStatus::New && !change.answers.is_empty() {
        return Err(invalid("answers", ANSWERED));
    }
    if change.version.is_some_and(|v| v != before.version) {
        return Err(AppError::Conflict("Somebody saved this response meanwhile. Nothing of yours was saved; look again.".to_owned()));
    }
    let hooks = intake::webhooks_of(&app.engine, study).await?;
    let mut tx = app.store.begin().await?;
    let ResponseView { form, questions, participant, .. } = view_of(&mut tx, before.clone()).await?;
    let answers = check_answers(&questions, &change.answers, change.status == ResponseStatus::Completed)?;
    let now = app.clock.now();
    let completes = change.status == ResponseStatus::Completed && before.status != ResponseStatus::Completed;
    let after = Response {
        status: change.status,
        answers,
        submitted_by: if completes { Some(by) } else { before.submitted_by },
        completed_at: if completes { Some(now) } else { before.completed_at },
        version: before.version + 1,
        updated_at: now,
        ..before.clone()
    };
    if !responses::update(&mut tx, &after, before.version).await? {
        return Err(AppError::Conflict("Somebody saved this response at the same moment. Try again.".to_owned()));
    }
    let site = site_of(&mut tx, &participant).await?;
    let events = if completes { vec![completed_event(&after, &form, &participant, site.as_ref())] } else { Vec::new() };
    let mut planned = Planned::new(&app.engine, study, &hooks, events, Audience::Subscribed, waits);
    planned.write(&app.engine, &mut tx).await?;
    let changes = json!({"status": [before.status, after.status], "answers": changed_keys(&before.answers, &after.answers)});
    let action = if completes { "response.completed" } else { "response.saved" };
    match author {
        Author::Actor(actor) => actor.audit(&mut tx, now, action, after.id.as_str(), changes, None).await?,
        Author::Participant => {
            let entry = AuditEntry { changes, ..by_participant(study, &participant, now, action, &after.id) };
            audit::append(&mut tx, &entry, None).await?;
        }
    }
    tx.commit().await?;
    Ok(Saved::new(after, planned.committed(&app.engine)))
}

fn by_participant(study: &Study, participant: &Participant, at: Timestamp, action: &str, id: &ResponseId) -> AuditEntry {
    AuditEntry {
        actor: participant.id.to_string(),
        actor_name: participant.identifier.clone(),
        actor_role: "participant".to_owned(),
        reason: None,
        ..AuditEntry::by_engine(&study.id, at, action, id.as_str(), "")
    }
}

/// Questions whose answers differ. The answers themselves are health data, and stay out of the audit trail.
pub(super) fn changed_keys(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<String> {
    let mut keys: Vec<String> = after.iter().filter(|(k, v)| before.get(*k) != Some(*v)).map(|(k, _)| k.clone()).collect();
    keys.extend(before.keys().filter(|k| !after.contains_key(*k)).cloned());
    keys
}

fn link_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The secret part of a new link.
fn new_link() -> Secret {
    Secret::new(hex::encode(random_bytes::<24>()))
}

/// Makes the link by which a participant answers by themselves, in place of one that was made before. Gives its secret part, this once.
///
/// # Errors
/// 403, 404; 409 when it is completed already.
pub async fn make_link(app: &App, actor: &Actor, id: &ResponseId) -> Result<Secret, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut tx = app.store.begin().await?;
    let response = responses::find(&mut tx, &actor.study.id, id).await?.ok_or_else(|| not_found("response"))?;
    if response.status == ResponseStatus::Completed {
        return Err(AppError::Conflict("This response is completed; there is nothing left to answer.".to_owned()));
    }
    let link = new_link();
    responses::set_link(&mut tx, &actor.study.id, id, &link_hash(link.expose())).await?;
    actor.audit(&mut tx, app.clock.now(), "response.link_made", id.as_str(), json!({}), None).await?;
    tx.commit().await?;
    Ok(link)
}

/// The address at which a participant answers, by the secret part of their link.
pub fn link_address(app: &App, token: &Secret) -> String {
    format!("{}/r/{}", app.config.public_url.as_str().trim_end_matches('/'), token.expose())
}

/// The response that a participant's link opens.
///
/// # Errors
/// 404 for a link that opens nothing.
pub async fn by_link(app: &App, token: &str) -> Result<ResponseView, AppError> {
    let mut db = app.store.read().await?;
    let response = responses::find_by_link(&mut db, &link_hash(token)).await?.ok_or_else(|| not_found("survey"))?;
    view_of(&mut db, response).await
}

/// Saves what a participant answers by their link. What is completed is not saved again.
///
/// # Errors
/// As [`save`]; 404 for a link that opens nothing; 409 when it is completed.
pub async fn save_by_link(app: &App, token: &str, change: ResponseChange) -> Result<Response, AppError> {
    let before = by_link(app, token).await?.response;
    if before.status == ResponseStatus::Completed {
        return Err(AppError::Conflict("You have submitted this already. Thank you.".to_owned()));
    }
    let mut db = app.store.read().await?;
    let study = studies::find(&mut db, &before.study_id).await?.ok_or_else(|| not_found("survey"))?;
    drop(db);
    Ok(write(app, &study, before, change, Submitter::Participant, Author::Participant, false).await?.thing)
}
