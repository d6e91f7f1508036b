//! Records and their review (the TrialKit way): a save of a new one makes `record.inserted`, of an existing one `record.updated`, a change of its
//! review level `record.review_changed`.

use super::participants::{SOURCE, site_of};
use super::responses::changed_keys;
use super::saved::Saved;
use crate::error::{AppError, invalid, not_found};
use crate::model::event::NewEvent;
use crate::model::event_type::EventType;
use crate::model::form::{Form, Question, check_answers};
use crate::model::id::{FormId, ParticipantId, RecordId};
use crate::model::page::Page;
use crate::model::participant::Participant;
use crate::model::permission::Action;
use crate::model::record::{Record, ReviewLevel, ReviewLevels};
use crate::server::auth::{Actor, Who};
use crate::server::engine::intake::{self, Audience, Planned};
use crate::server::secret::Secret;
use crate::server::service::people;
use crate::server::state::App;
use crate::server::store::{Db, forms, participants, records};
use serde_json::{Map, Value, json};

/// A record with what a page shows around it.
#[derive(Debug, Clone)]
pub struct RecordView {
    /// The record.
    pub record: Record,
    /// Its form as it is now.
    pub form: Form,
    /// The questions of its own version.
    pub questions: Vec<Question>,
    /// About whom it is.
    pub participant: Option<Participant>,
    /// The study's review levels.
    pub levels: ReviewLevels,
}

/// The records of the actor's study, newest first; of one form where asked for.
///
/// # Errors
/// 403.
pub async fn list(
    app: &App,
    actor: &Actor,
    form: Option<&FormId>,
    before: Option<&RecordId>,
    limit: u32,
) -> Result<Page<Record>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    Ok(records::list(&mut db, &actor.study.id, form, before, limit).await?)
}

/// One record.
///
/// # Errors
/// 403, 404.
pub async fn get(app: &App, actor: &Actor, id: &RecordId) -> Result<RecordView, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    view_of(&mut db, actor, id).await
}

async fn view_of(db: &mut Db, actor: &Actor, id: &RecordId) -> Result<RecordView, AppError> {
    let study = &actor.study.id;
    let record = records::find(db, study, id).await?.ok_or_else(|| not_found("record"))?;
    let form = forms::find(db, study, &record.form_id).await?.ok_or_else(|| not_found("form"))?;
    let questions = forms::questions_of(db, study, &form.id, record.form_version).await?.unwrap_or_default();
    let participant = match &record.participant_id {
        Some(id) => participants::find(db, study, id).await?,
        None => None,
    };
    let levels = records::levels(db, study).await?;
    Ok(RecordView { record, form, questions, participant, levels })
}

/// The `data` that all events of a record have in common.
async fn data_of(db: &mut Db, record: &Record, form: &Form, participant: Option<&Participant>) -> Result<Map<String, Value>, AppError> {
    let mut data = match participant {
        Some(participant) => {
            let site = site_of(db, participant).await?;
            participant.event_data(site.as_ref())
        }
        None => Map::new(),
    };
    record.add_event_data(form, &mut data);
    Ok(data)
}

fn event(record: &Record, what: &str, event_type: EventType, data: Map<String, Value>) -> NewEvent {
    NewEvent {
        source: SOURCE.to_owned(),
        external_id: format!("{}/{what}/{}", record.id, record.version),
        event_type,
        occurred_at: Some(record.updated_at),
        data: Value::Object(data),
    }
}

/// Saves a new record. With `waits`, synchronous webhooks are left to the caller, who calls [`Saved::wait`].
///
/// # Errors
/// 403; a form or participant that is not there; values that do not fit.
pub async fn create(
    app: &App,
    actor: &Actor,
    form: &FormId,
    participant: Option<&ParticipantId>,
    answers: &Map<String, Value>,
    waits: bool,
) -> Result<Saved<Record>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let hooks = intake::webhooks_of(&app.engine, &actor.study).await?;
    let study = &actor.study.id;
    let mut tx = app.store.begin().await?;
    let form = forms::find(&mut tx, study, form).await?.ok_or_else(|| invalid("form", "is no form of this study"))?;
    if form.archived_at.is_some() {
        return Err(invalid("form", "is archived; it takes no new records"));
    }
    let participant = match participant {
        Some(id) => {
            let found = participants::find(&mut tx, study, id).await?;
            Some(found.ok_or_else(|| invalid("participant", "is no participant of this study"))?)
        }
        None => None,
    };
    let answers = check_answers(&form.questions, answers, true)?;
    let now = app.clock.now();
    let record = Record {
        id: RecordId::from_bits(app.ids.next()),
        study_id: study.clone(),
        trans_id: records::next_number(&mut tx, study, "trans_id").await?,
        form_id: form.id.clone(),
        form_version: form.version,
        participant_id: participant.as_ref().map(|p| p.id.clone()),
        answers,
        review: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    records::insert(&mut tx, &record).await?;
    let data = data_of(&mut tx, &record, &form, participant.as_ref()).await?;
    let events = vec![event(&record, "inserted", EventType::RecordInserted, data)];
    let mut planned = Planned::new(&app.engine, &actor.study, &hooks, events, Audience::Subscribed, waits);
    planned.write(&app.engine, &mut tx).await?;
    let changes = json!({"trans_id": [null, record.trans_id], "form": [null, form.id], "participant": [null, record.participant_id]});
    actor.audit(&mut tx, now, "record.created", record.id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok(Saved::new(record, planned.committed(&app.engine)))
}

/// What a save of an existing record changes.
#[derive(Debug, Clone)]
pub struct RecordChange {
    /// The version that the editor saw; `None`: whatever it is.
    pub version: Option<i64>,
    /// All values, in place of those before.
    pub answers: Map<String, Value>,
    /// Whether a lock is to be broken: the record falls back below the level that locks it.
    pub break_lock: bool,
}

/// Saves a record again. A locked one only with `break_lock`, which takes its review back and tells so (`LockBroken`).
///
/// # Errors
/// 403, 404; values that do not fit; 409 when it is locked or somebody changed it meanwhile.
pub async fn update(app: &App, actor: &Actor, id: &RecordId, change: RecordChange, waits: bool) -> Result<Saved<Record>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let hooks = intake::webhooks_of(&app.engine, &actor.study).await?;
    let mut tx = app.store.begin().await?;
    let RecordView { record: before, form, questions, participant, levels } = view_of(&mut tx, actor, id).await?;
    check_version(&before, change.version)?;
    let lock = levels.lock_at(before.review).cloned();
    if let (Some(level), false) = (&lock, change.break_lock) {
        let text =
            format!("This record is locked by the review “{}”. Break the lock to change it; its review falls back then.", level.name);
        return Err(AppError::Conflict(text));
    }
    let answers = check_answers(&questions, &change.answers, true)?;
    // Below the lowest level that locks.
    let review = match &lock {
        Some(_) => levels.0.iter().find(|l| l.lock).map(|l| l.seq - 1).filter(|seq| *seq > 0),
        None => before.review,
    };
    let now = app.clock.now();
    let after = Record { answers, review, version: before.version + 1, updated_at: now, ..before.clone() };
    written(records::update(&mut tx, &after, before.version).await?)?;
    let data = data_of(&mut tx, &after, &form, participant.as_ref()).await?;
    let mut events = vec![event(&after, "updated", EventType::RecordUpdated, data.clone())];
    if let Some(level) = &lock {
        let mut data = data;
        level.add_event_data(true, &mut data);
        events.push(event(&after, "review", EventType::RecordReviewChanged, data));
    }
    let mut planned = Planned::new(&app.engine, &actor.study, &hooks, events, Audience::Subscribed, waits);
    planned.write(&app.engine, &mut tx).await?;
    let changes = json!({"answers": changed_keys(&before.answers, &after.answers), "review": [before.review, after.review], "lock_broken": lock.is_some()});
    actor.audit(&mut tx, now, "record.updated", id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok(Saved::new(after, planned.committed(&app.engine)))
}

/// Takes a record to a review level, forward or back; `None`: to not reviewed. A level that is signed needs the person's password.
///
/// # Errors
/// 403, 404; a level that is not there or not next; a wrong password; 409 when it is there already or somebody changed it meanwhile.
pub async fn review(
    app: &App,
    actor: &Actor,
    id: &RecordId,
    version: Option<i64>,
    to: Option<u8>,
    password: Option<Secret>,
    waits: bool,
) -> Result<Saved<Record>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    let levels = records::levels(&mut db, &actor.study.id).await?;
    drop(db);
    let target = to.and_then(|seq| levels.at(seq).cloned());
    let signs = target.as_ref().is_some_and(|level| level.sign);
    // Before the transaction: a hash takes its time.
    if signs {
        signed(app, actor, password).await?;
    }
    let hooks = intake::webhooks_of(&app.engine, &actor.study).await?;
    let mut tx = app.store.begin().await?;
    let RecordView { record: before, form, participant, levels, .. } = view_of(&mut tx, actor, id).await?;
    check_version(&before, version)?;
    levels.may_move(before.review, to).map_err(|message| invalid("level", message))?;
    if before.review == to {
        return Err(AppError::Conflict("The record is at this review level already.".to_owned()));
    }
    let now = app.clock.now();
    let after = Record { review: to, version: before.version + 1, updated_at: now, ..before.clone() };
    written(records::update(&mut tx, &after, before.version).await?)?;
    let lock_broken = levels.breaks_lock(before.review, to);
    // Taken back to not reviewed, the level that is told is the one that was left.
    let told: Option<&ReviewLevel> = to.or(before.review).and_then(|seq| levels.at(seq));
    let mut data = data_of(&mut tx, &after, &form, participant.as_ref()).await?;
    if let Some(level) = told {
        level.add_event_data(lock_broken, &mut data);
    }
    let events = vec![event(&after, "review", EventType::RecordReviewChanged, data)];
    let mut planned = Planned::new(&app.engine, &actor.study, &hooks, events, Audience::Subscribed, waits);
    planned.write(&app.engine, &mut tx).await?;
    let changes = json!({"review": [before.review, to], "lock_broken": lock_broken, "signed": signs});
    actor.audit(&mut tx, now, "record.reviewed", id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok(Saved::new(after, planned.committed(&app.engine)))
}

/// That the person signs: by their password, again.
async fn signed(app: &App, actor: &Actor, password: Option<Secret>) -> Result<(), AppError> {
    let Who::User(user) = &actor.who else {
        return Err(AppError::Forbidden("This review level is signed; a person does that, on the record's page.".to_owned()));
    };
    let Some(password) = password else { return Err(invalid("password", "give your password: reaching this level is a signature")) };
    // As at the sign-in: wrong ones cost a growing pause.
    match people::sign_in(app, &user.email, password).await {
        Ok(_) => Ok(()),
        Err(AppError::Unauthenticated(_)) => Err(invalid("password", "is wrong; nothing was signed")),
        Err(error) => Err(error),
    }
}

fn check_version(record: &Record, version: Option<i64>) -> Result<(), AppError> {
    match version {
        Some(v) if v != record.version => {
            Err(AppError::Conflict("Somebody changed this record meanwhile. Nothing of yours was saved; look again.".to_owned()))
        }
        _ => Ok(()),
    }
}

fn written(done: bool) -> Result<(), AppError> {
    if done { Ok(()) } else { Err(AppError::Conflict("Somebody changed this record at the same moment. Try again.".to_owned())) }
}

/// The review levels of the actor's study.
///
/// # Errors
/// 403.
pub async fn levels(app: &App, actor: &Actor) -> Result<ReviewLevels, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    Ok(records::levels(&mut db, &actor.study.id).await?)
}

/// Sets the review levels of the actor's study, in order.
///
/// # Errors
/// 403; each wrong field; 409 when a record has reached a level that would go.
pub async fn set_levels(app: &App, actor: &Actor, levels: ReviewLevels) -> Result<ReviewLevels, AppError> {
    actor.require(Action::WriteStudyData)?;
    let levels = levels.check()?;
    let mut tx = app.store.begin().await?;
    let highest = records::highest_review(&mut tx, &actor.study.id).await?;
    if highest > i64::try_from(levels.0.len()).unwrap_or_default() {
        return Err(AppError::Conflict(format!("A record has reached level {highest}; that level cannot be taken away.")));
    }
    let before = records::levels(&mut tx, &actor.study.id).await?;
    records::set_levels(&mut tx, &actor.study.id, &levels).await?;
    let changes = json!({"levels": [before, levels]});
    actor.audit(&mut tx, app.clock.now(), "review_levels.set", actor.study.id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok(levels)
}
