//! Schedules and their runs.

use super::{Db, StoreError, Tx, all, from_json, id, known, maybe, run, to_json};
use crate::model::id::{RunId, ScheduleId, StudyId};
use crate::model::page::Page;
use crate::model::schedule::{RunCause, Schedule, ScheduleRun};
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct Row {
    study_id: String,
    id: String,
    name: String,
    timing: String,
    sites: String,
    webhooks: String,
    active: bool,
    next_run_at: Option<i64>,
    version: i64,
    created_at: i64,
    updated_at: i64,
    archived_at: Option<i64>,
}

impl TryFrom<Row> for Schedule {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Schedule {
            id: id("schedule", &row.id)?,
            study_id: id("schedule", &row.study_id)?,
            name: row.name,
            timing: from_json("schedule's timing", &row.timing)?,
            sites: from_json("schedule's sites", &row.sites)?,
            webhooks: from_json("schedule's webhooks", &row.webhooks)?,
            active: row.active,
            next_run_at: row.next_run_at.map(Timestamp),
            version: row.version,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            archived_at: row.archived_at.map(Timestamp),
        })
    }
}

const SELECT: &str = "SELECT study_id, id, name, timing, sites, webhooks, active, next_run_at, version, created_at, updated_at, archived_at
    FROM schedules";

const INSERT: &str =
    "INSERT INTO schedules (study_id, id, name, timing, sites, webhooks, active, next_run_at, version, created_at, updated_at,
      archived_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

const UPDATE: &str = "UPDATE schedules SET name = $3, timing = $4, sites = $5, webhooks = $6, active = $7, next_run_at = $8, version = $9,
      updated_at = $11, archived_at = $12
    WHERE study_id = $1 AND id = $2 AND version = $13";

/// Runs one of the two with a schedule's columns, whose places are the same in both; gives the rows written.
async fn write(tx: &mut Tx, text: &'static str, s: &Schedule, expected: Option<i64>) -> Result<u64, StoreError> {
    run!(
        tx,
        text,
        s.study_id.as_str(),
        s.id.as_str(),
        &s.name,
        to_json("schedule's timing", &s.timing)?,
        to_json("schedule's sites", &s.sites)?,
        to_json("schedule's webhooks", &s.webhooks)?,
        s.active,
        s.next_run_at.map(Timestamp::micros),
        s.version,
        s.created_at.micros(),
        s.updated_at.micros(),
        s.archived_at.map(Timestamp::micros),
        expected,
    )
}

/// Adds a schedule.
///
/// # Errors
/// [`StoreError::Duplicate`] when its name is taken by another that is not archived.
pub async fn insert(tx: &mut Tx, schedule: &Schedule) -> Result<(), StoreError> {
    write(tx, INSERT, schedule, None).await.map(drop)
}

/// Writes a changed schedule if it is still at `expected` version; `false` when somebody was faster.
///
/// # Errors
/// As [`insert`].
pub async fn update(tx: &mut Tx, schedule: &Schedule, expected: i64) -> Result<bool, StoreError> {
    Ok(write(tx, UPDATE, schedule, Some(expected)).await? == 1)
}

/// By id, archived ones too.
pub async fn find(db: &mut Db, study: &StudyId, schedule: &ScheduleId) -> Result<Option<Schedule>, StoreError> {
    let text = format!("{SELECT} WHERE study_id = $1 AND id = $2");
    maybe!(db, Row, text, study.as_str(), schedule.as_str())?.map(Schedule::try_from).transpose()
}

/// All of a study but archived ones, by name.
pub async fn of_study(db: &mut Db, study: &StudyId) -> Result<Vec<Schedule>, StoreError> {
    let text = format!("{SELECT} WHERE study_id = $1 AND archived_at IS NULL ORDER BY name, id");
    all!(db, Row, text, study.as_str())?.into_iter().map(Schedule::try_from).collect()
}

/// Schedules of any study whose time has come, the longest due first.
pub async fn due(db: &mut Db, now: Timestamp, limit: u32) -> Result<Vec<Schedule>, StoreError> {
    let text = format!("{SELECT} WHERE next_run_at <= $1 AND archived_at IS NULL ORDER BY next_run_at, id LIMIT $2");
    all!(db, Row, text, now.micros(), i64::from(limit))?.into_iter().map(Schedule::try_from).collect()
}

/// Moves a schedule's next run from `from` to `to`; `false` when another node has done so, which then has the run.
pub async fn advance(
    tx: &mut Tx,
    study: &StudyId,
    schedule: &ScheduleId,
    from: Timestamp,
    to: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE schedules SET next_run_at = $4 WHERE study_id = $1 AND id = $2 AND next_run_at = $3",
        study.as_str(),
        schedule.as_str(),
        from.micros(),
        to.map(Timestamp::micros),
    )?;
    Ok(changed == 1)
}

#[derive(sqlx::FromRow)]
struct RunRow {
    study_id: String,
    id: String,
    schedule_id: String,
    cause: String,
    due_at: i64,
    since: Option<i64>,
    until: i64,
    missed: i64,
    participants: i64,
    cursor: String,
    requested_by: Option<String>,
    started_at: i64,
    finished_at: Option<i64>,
}

impl TryFrom<RunRow> for ScheduleRun {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        Ok(ScheduleRun {
            id: id("run", &row.id)?,
            study_id: id("run", &row.study_id)?,
            schedule_id: id("run's schedule", &row.schedule_id)?,
            cause: known("run's cause", &row.cause, RunCause::parse)?,
            due_at: Timestamp(row.due_at),
            since: row.since.map(Timestamp),
            until: Timestamp(row.until),
            missed: row.missed,
            participants: row.participants,
            cursor: row.cursor,
            requested_by: row.requested_by,
            started_at: Timestamp(row.started_at),
            finished_at: row.finished_at.map(Timestamp),
        })
    }
}

const SELECT_RUNS: &str =
    "SELECT study_id, id, schedule_id, cause, due_at, since, until, missed, participants, cursor, requested_by, started_at,
    finished_at FROM schedule_runs";

/// Adds a run.
pub async fn insert_run(tx: &mut Tx, r: &ScheduleRun) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO schedule_runs (study_id, id, schedule_id, cause, due_at, since, until, missed, participants, cursor, requested_by, started_at,
           finished_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        r.study_id.as_str(),
        r.id.as_str(),
        r.schedule_id.as_str(),
        r.cause.as_str(),
        r.due_at.micros(),
        r.since.map(Timestamp::micros),
        r.until.micros(),
        r.missed,
        r.participants,
        &r.cursor,
        r.requested_by.as_deref(),
        r.started_at.micros(),
        r.finished_at.map(Timestamp::micros),
    )?;
    Ok(())
}

/// Moves a run on from `r` as it was read; `false` when another node has done so, whose step it is then.
pub async fn advance_run(
    tx: &mut Tx,
    r: &ScheduleRun,
    cursor: &str,
    more_participants: i64,
    finished_at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE schedule_runs SET cursor = $4, participants = participants + $5, finished_at = $6
         WHERE study_id = $1 AND id = $2 AND cursor = $3 AND finished_at IS NULL",
        r.study_id.as_str(),
        r.id.as_str(),
        &r.cursor,
        cursor,
        more_participants,
        finished_at.map(Timestamp::micros),
    )?;
    Ok(changed == 1)
}

/// By id.
pub async fn find_run(db: &mut Db, study: &StudyId, id: &RunId) -> Result<Option<ScheduleRun>, StoreError> {
    let text = format!("{SELECT_RUNS} WHERE study_id = $1 AND id = $2");
    maybe!(db, RunRow, text, study.as_str(), id.as_str())?.map(ScheduleRun::try_from).transpose()
}

/// Runs of any study that are under way, the oldest first.
pub async fn runs_under_way(db: &mut Db) -> Result<Vec<ScheduleRun>, StoreError> {
    let text = format!("{SELECT_RUNS} WHERE finished_at IS NULL ORDER BY started_at, id");
    all!(db, RunRow, text)?.into_iter().map(ScheduleRun::try_from).collect()
}

/// The runs of a schedule, newest first, older than `before`.
pub async fn runs(
    db: &mut Db,
    study: &StudyId,
    schedule: &ScheduleId,
    before: Option<&RunId>,
    limit: u32,
) -> Result<Page<ScheduleRun>, StoreError> {
    let rows = all!(
        db,
        RunRow,
        format!("{SELECT_RUNS} WHERE study_id = $1 AND schedule_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4"),
        study.as_str(),
        schedule.as_str(),
        // Above every id: "run_" and 32 digits up to f.
        before.map_or("run_g", RunId::as_str),
        i64::from(limit) + 1,
    )?;
    let items = rows.into_iter().map(ScheduleRun::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(items, limit, |r| r.id.to_string()))
}
