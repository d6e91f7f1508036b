//! Schedules: each run makes `schedule.triggered` once a participant, only for the webhooks that the schedule names.
//!
//! A run is carried out in steps, each one commit; a crash or another node goes on where the last commit was. A schedule whose time came while
//! the service was down runs once, late, and says so.

use super::name_free;
use super::participants::SOURCE;
use crate::error::{AppError, invalid, not_found};
use crate::model::audit::AuditEntry;
use crate::model::event::NewEvent;
use crate::model::event_type::EventType;
use crate::model::id::{RunId, ScheduleId};
use crate::model::page::Page;
use crate::model::participant::Participant;
use crate::model::permission::Action;
use crate::model::schedule::{CheckedSchedule, RunCause, Schedule, ScheduleDraft, ScheduleRun, Timing};
use crate::model::site::Site;
use crate::model::time::{MINUTE, Timestamp};
use crate::server::auth::Actor;
use crate::server::engine::intake::{self, Audience, Planned};
use crate::server::state::App;
use crate::server::store::{Db, StoreError, audit, participants, schedules, sites, studies, webhooks};
use crate::server::timetable;
use serde_json::{Value, json};

/// Participants carried out in one commit.
const STEP: u32 = 500;
/// Later than this, a run says that it is late.
const LATE: i64 = 2 * MINUTE;

/// The schedules of the actor's study, by name.
///
/// # Errors
/// 403.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Schedule>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    Ok(schedules::of_study(&mut db, &actor.study.id).await?)
}

/// One schedule.
///
/// # Errors
/// 403, 404.
pub async fn get(app: &App, actor: &Actor, id: &ScheduleId) -> Result<Schedule, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    schedules::find(&mut db, &actor.study.id, id).await?.ok_or_else(|| not_found("schedule"))
}

/// The runs of a schedule, newest first.
///
/// # Errors
/// 403, 404.
pub async fn runs(app: &App, actor: &Actor, id: &ScheduleId, before: Option<&RunId>, limit: u32) -> Result<Page<ScheduleRun>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    if schedules::find(&mut db, &actor.study.id, id).await?.is_none() {
        return Err(not_found("schedule"));
    }
    Ok(schedules::runs(&mut db, &actor.study.id, id, before, limit).await?)
}

/// What needs the database or the clock: sites and webhooks that are there, a rule that comes at all.
async fn check(app: &App, db: &mut Db, actor: &Actor, draft: &ScheduleDraft) -> Result<CheckedSchedule, AppError> {
    let checked = draft.check()?;
    timetable::check(&checked.timing, app.clock.now()).map_err(|(field, message)| invalid(field, message))?;
    for site in &checked.sites {
        if sites::find(db, &actor.study.id, site).await?.is_none() {
            return Err(invalid("sites", format!("{site} is no site of this study")));
        }
    }
    for id in &checked.webhooks {
        let message = match webhooks::find(db, &actor.study.id, id).await? {
            None => format!("{id} is no webhook of this study"),
            Some(w) if w.archived_at.is_some() => format!("“{}” is archived", w.settings.name),
            Some(w) if !w.settings.events.contains(&EventType::ScheduleTriggered) => {
                format!("“{}” is not subscribed to schedule.triggered; choose that event in its settings first", w.settings.name)
            }
            Some(_) => continue,
        };
        return Err(invalid("webhooks", message));
    }
    Ok(checked)
}

fn next_run(checked: &CheckedSchedule, now: Timestamp) -> Option<Timestamp> {
    if checked.active { timetable::next_after(&checked.timing, now) } else { None }
}

/// Adds a schedule.
///
/// # Errors
/// 403; each wrong field, a rule that never comes among them.
pub async fn create(app: &App, actor: &Actor, draft: &ScheduleDraft) -> Result<Schedule, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut tx = app.store.begin().await?;
    let checked = check(app, &mut tx, actor, draft).await?;
    let now = app.clock.now();
    let next_run_at = next_run(&checked, now);
    let CheckedSchedule { name, timing, sites, webhooks, active } = checked;
    let schedule = Schedule {
        id: ScheduleId::from_bits(app.ids.next()),
        study_id: actor.study.id.clone(),
        name,
        timing,
        sites,
        webhooks,
        active,
        next_run_at,
        version: 1,
        created_at: now,
        updated_at: now,
        archived_at: None,
    };
    name_free("schedule", &schedule.name, schedules::insert(&mut tx, &schedule).await)?;
    actor.audit(&mut tx, now, "schedule.created", schedule.id.as_str(), diff(None, &schedule), None).await?;
    tx.commit().await?;
    app.chores.notify_one();
    Ok(schedule)
}

/// Changes a schedule. `version` is the one that the editor saw. Its next run is planned anew.
///
/// # Errors
/// 403, 404; each wrong field; 409 when somebody changed it meanwhile.
pub async fn update(app: &App, actor: &Actor, id: &ScheduleId, version: Option<i64>, draft: &ScheduleDraft) -> Result<Schedule, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut tx = app.store.begin().await?;
    let before = present(schedules::find(&mut tx, &actor.study.id, id).await?)?;
    if version.is_some_and(|v| v != before.version) {
        return Err(AppError::Conflict("Somebody changed this schedule meanwhile. Nothing of yours was saved; look again.".to_owned()));
    }
    let checked = check(app, &mut tx, actor, draft).await?;
    let now = app.clock.now();
    // Another name or webhook does not move what is planned.
    let same_times = before.timing == checked.timing && before.active == checked.active;
    let next_run_at = if same_times { before.next_run_at } else { next_run(&checked, now) };
    let CheckedSchedule { name, timing, sites, webhooks, active } = checked;
    let after =
        Schedule { name, timing, sites, webhooks, active, next_run_at, version: before.version + 1, updated_at: now, ..before.clone() };
    finish(&mut tx, actor, &before, &after, "schedule.updated").await?;
    tx.commit().await?;
    app.chores.notify_one();
    Ok(after)
}

/// Archives a schedule: it is hidden and runs no more; its runs stay readable.
///
/// # Errors
/// 403, 404; 409 when it is archived already.
pub async fn archive(app: &App, actor: &Actor, id: &ScheduleId) -> Result<Schedule, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut tx = app.store.begin().await?;
    let before = present(schedules::find(&mut tx, &actor.study.id, id).await?)?;
    let now = app.clock.now();
    let after = Schedule {
        active: false,
        next_run_at: None,
        archived_at: Some(now),
        version: before.version + 1,
        updated_at: now,
        ..before.clone()
    };
    finish(&mut tx, actor, &before, &after, "schedule.archived").await?;
    tx.commit().await?;
    Ok(after)
}

fn present(found: Option<Schedule>) -> Result<Schedule, AppError> {
    match found {
        None => Err(not_found("schedule")),
        Some(s) if s.archived_at.is_some() => Err(AppError::Conflict("This schedule is archived; it cannot be changed.".to_owned())),
        Some(s) => Ok(s),
    }
}

async fn finish(
    tx: &mut crate::server::store::Tx,
    actor: &Actor,
    before: &Schedule,
    after: &Schedule,
    action: &str,
) -> Result<(), AppError> {
    if !name_free("schedule", &after.name, schedules::update(tx, after, before.version).await)? {
        return Err(AppError::Conflict("Somebody changed this schedule at the same moment. Try again.".to_owned()));
    }
    actor.audit(tx, after.updated_at, action, after.id.as_str(), diff(Some(before), after), None).await
}

/// Each setting that differs, as `[before, after]`.
fn diff(before: Option<&Schedule>, after: &Schedule) -> Value {
    let flat = |s: &Schedule| json!({"name": s.name, "timing": s.timing, "sites": s.sites, "webhooks": s.webhooks, "active": s.active, "archived_at": s.archived_at});
    let (old, new) = (before.map(flat).unwrap_or_default(), flat(after));
    let changed = new.as_object().into_iter().flatten().filter_map(|(name, value)| {
        let was = old.get(name).cloned().unwrap_or(Value::Null);
        (was != *value).then(|| (name.clone(), json!([was, value])))
    });
    Value::Object(changed.collect())
}

/// Runs a schedule now, for every participant that it is for, whenever they were enrolled. It goes on in the background.
///
/// # Errors
/// 403, 404; 409 when it is archived.
pub async fn run_now(app: &App, actor: &Actor, id: &ScheduleId) -> Result<ScheduleRun, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut tx = app.store.begin().await?;
    let schedule = present(schedules::find(&mut tx, &actor.study.id, id).await?)?;
    let now = app.clock.now();
    let run = ScheduleRun { requested_by: Some(actor.name().to_owned()), ..new_run(app, &schedule, RunCause::Manual, now, now) };
    schedules::insert_run(&mut tx, &run).await?;
    actor.audit(&mut tx, now, "schedule.run_now", id.as_str(), json!({"run": run.id}), None).await?;
    tx.commit().await?;
    app.chores.notify_one();
    Ok(run)
}

fn new_run(app: &App, schedule: &Schedule, cause: RunCause, due_at: Timestamp, now: Timestamp) -> ScheduleRun {
    ScheduleRun {
        id: RunId::from_bits(app.ids.next()),
        study_id: schedule.study_id.clone(),
        schedule_id: schedule.id.clone(),
        cause,
        due_at,
        since: None,
        until: now,
        missed: 0,
        participants: 0,
        cursor: String::new(),
        requested_by: None,
        started_at: now,
        finished_at: None,
    }
}

/// Begins what is due and carries on what is under way by one step, whatever the study. Says whether there is more to do.
///
/// # Errors
/// When the database fails; the step is as if it had not been.
pub async fn carry_on(app: &App) -> Result<bool, StoreError> {
    let now = app.clock.now();
    let mut db = app.store.read().await?;
    let due = schedules::due(&mut db, now, 100).await?;
    drop(db);
    for schedule in &due {
        begin(app, schedule, now).await?;
    }
    let mut db = app.store.read().await?;
    let under_way = schedules::runs_under_way(&mut db).await?;
    drop(db);
    for run in &under_way {
        step(app, run).await?;
    }
    Ok(!under_way.is_empty())
}

/// Begins the run of a schedule whose time has come, and plans the next.
async fn begin(app: &App, schedule: &Schedule, now: Timestamp) -> Result<(), StoreError> {
    let Some(due) = schedule.next_run_at else { return Ok(()) };
    let (missed, next) = timetable::catch_up(&schedule.timing, due, now);
    let cause = if now.since(due) > LATE { RunCause::Late } else { RunCause::Due };
    let mut run = ScheduleRun { missed, ..new_run(app, schedule, cause, due, now) };
    if let Timing::AfterEnrolment { minutes } = schedule.timing {
        // It was looked last a minute before it was due: whoever's time has come since is meant, nobody twice.
        let offset = i64::from(minutes) * MINUTE;
        (run.since, run.until) = (Some(due.plus(-MINUTE - offset)), now.plus(-offset));
    }
    let mut tx = app.store.begin().await?;
    // Another node may have begun it.
    if !schedules::advance(&mut tx, &schedule.study_id, &schedule.id, due, next).await? {
        return Ok(());
    }
    let nobody =
        run.since.is_some() && participants::of_run(&mut tx, &run.study_id, &schedule.sites, run.since, run.until, "", 1).await?.is_empty();
    if !nobody {
        schedules::insert_run(&mut tx, &run).await?;
        let why = match cause {
            RunCause::Late => format!("was due {}; {missed} further occasions were missed", due.rfc3339()),
            _ => "was due".to_owned(),
        };
        let entry = AuditEntry::by_engine(&schedule.study_id, now, "schedule.run", schedule.id.as_str(), &why);
        audit::append(&mut tx, &entry, None).await?;
    }
    tx.commit().await
}

/// One step of a run: events of up to [`STEP`] participants in one commit.
async fn step(app: &App, run: &ScheduleRun) -> Result<(), StoreError> {
    let mut db = app.store.read().await?;
    let Some(study) = studies::find(&mut db, &run.study_id).await? else { return Ok(()) };
    let Some(schedule) = schedules::find(&mut db, &run.study_id, &run.schedule_id).await? else { return Ok(()) };
    let meant = participants::of_run(&mut db, &study.id, &schedule.sites, run.since, run.until, &run.cursor, STEP).await?;
    let sites = sites::of_study(&mut db, &study.id).await?;
    drop(db);
    let hooks = intake::webhooks_of(&app.engine, &study).await?;
    let now = app.clock.now();
    let events: Vec<NewEvent> = meant.iter().map(|p| event(run, &schedule, p, &sites)).collect();
    let count = i64::try_from(meant.len()).unwrap_or_default();
    let finished_at = (meant.len() < STEP as usize).then_some(now);
    let cursor = meant.last().map_or(run.cursor.as_str(), |p| p.id.as_str());
    let mut planned = Planned::new(&app.engine, &study, &hooks, events, Audience::Named(&schedule.webhooks), false);
    let mut tx = app.store.begin().await?;
    // Another node may have done this step: then it is not done a second time.
    if !schedules::advance_run(&mut tx, run, cursor, count, finished_at).await? {
        return Ok(());
    }
    planned.write(&app.engine, &mut tx).await?;
    tx.commit().await?;
    planned.committed(&app.engine);
    Ok(())
}

fn event(run: &ScheduleRun, schedule: &Schedule, participant: &Participant, sites: &[Site]) -> NewEvent {
    let site = sites.iter().find(|s| Some(&s.id) == participant.site_id.as_ref());
    let mut data = participant.event_data(site);
    data.insert("schedule".to_owned(), json!({"id": schedule.id, "name": schedule.name}));
    NewEvent {
        source: SOURCE.to_owned(),
        external_id: format!("{}/{}", run.id, participant.id),
        event_type: EventType::ScheduleTriggered,
        occurred_at: Some(run.started_at),
        data: Value::Object(data),
    }
}
