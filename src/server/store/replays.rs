//! Replays: what they would be of, how far they are, and the step that makes deliveries due.

use super::delivery_filter::{conditions, filtered};
use super::{Db, StoreError, Tx, all, from_json, id, known, maybe, one, run, to_json};
use crate::model::delivery::{DeliveryFilter, DeliveryState, Trigger};
use crate::model::event_type::EventType;
use crate::model::id::{ReplayId, StudyId, WebhookId};
use crate::model::replay::{DryRun, Outcomes, Replay, ReplayState};
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct Row {
    study_id: String,
    id: String,
    webhook_id: String,
    filter: String,
    rate: Option<i64>,
    reason: String,
    state: String,
    planned: i64,
    made_due: i64,
    skipped: i64,
    cursor: String,
    paced_at: i64,
    requested_by: String,
    created_at: i64,
    finished_at: Option<i64>,
}

impl TryFrom<Row> for Replay {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Replay {
            id: id("replay", &row.id)?,
            study_id: id("replay", &row.study_id)?,
            webhook_id: id("replay", &row.webhook_id)?,
            filter: from_json("replay's filter", &row.filter)?,
            rate: row.rate.and_then(|n| u32::try_from(n).ok()),
            reason: row.reason,
            state: known("replay's state", &row.state, ReplayState::parse)?,
            planned: row.planned,
            made_due: row.made_due,
            skipped: row.skipped,
            cursor: row.cursor,
            paced_at: Timestamp(row.paced_at),
            requested_by: row.requested_by,
            created_at: Timestamp(row.created_at),
            finished_at: row.finished_at.map(Timestamp),
        })
    }
}

const COLUMNS: &str = "study_id, id, webhook_id, filter, rate, reason, state, planned, made_due, skipped, cursor, paced_at, requested_by,
    created_at, finished_at";

/// Adds one.
pub async fn insert(tx: &mut Tx, r: &Replay) -> Result<(), StoreError> {
    run!(
        tx,
        format!("INSERT INTO replays ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"),
        r.study_id.as_str(),
        r.id.as_str(),
        r.webhook_id.as_str(),
        to_json("replay's filter", &r.filter)?,
        r.rate.map(i64::from),
        &r.reason,
        r.state.as_str(),
        r.planned,
        r.made_due,
        r.skipped,
        &r.cursor,
        r.paced_at.micros(),
        &r.requested_by,
        r.created_at.micros(),
        r.finished_at.map(Timestamp::micros),
    )?;
    Ok(())
}

/// By id.
pub async fn find(db: &mut Db, study: &StudyId, replay: &ReplayId) -> Result<Option<Replay>, StoreError> {
    let text = format!("SELECT {COLUMNS} FROM replays WHERE study_id = $1 AND id = $2");
    maybe!(db, Row, text, study.as_str(), replay.as_str())?.map(Replay::try_from).transpose()
}

/// The latest of a webhook, or of the whole study, newest first.
pub async fn latest(db: &mut Db, study: &StudyId, webhook: Option<&WebhookId>, limit: u32) -> Result<Vec<Replay>, StoreError> {
    let of_webhook = if webhook.is_some() { "AND webhook_id = $2" } else { "" };
    let text = format!("SELECT {COLUMNS} FROM replays WHERE study_id = $1 {of_webhook} ORDER BY id DESC LIMIT $3");
    all!(db, Row, text, study.as_str(), webhook.map(WebhookId::as_str), i64::from(limit))?.into_iter().map(Replay::try_from).collect()
}

/// Replays of any study that are being carried out, the oldest first.
pub async fn running(db: &mut Db) -> Result<Vec<Replay>, StoreError> {
    let text = format!("SELECT {COLUMNS} FROM replays WHERE state = 'running' ORDER BY created_at, id");
    all!(db, Row, text)?.into_iter().map(Replay::try_from).collect()
}

/// Brings a replay from one state to the next; `false` when it is not in `from`. `paced_at`: from when on its rate counts.
pub async fn set_state(
    tx: &mut Tx,
    r: &Replay,
    from: ReplayState,
    to: ReplayState,
    paced_at: Timestamp,
    finished_at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE replays SET state = $4, paced_at = $5, finished_at = $6 WHERE study_id = $1 AND id = $2 AND state = $3",
        r.study_id.as_str(),
        r.id.as_str(),
        from.as_str(),
        to.as_str(),
        paced_at.micros(),
        finished_at.map(Timestamp::micros),
    )?;
    Ok(changed == 1)
}

/// Counts what is like a filter.
pub async fn dry_run(db: &mut Db, study: &StudyId, webhook: &WebhookId, filter: &DeliveryFilter) -> Result<DryRun, StoreError> {
    let text = format!(
        "SELECT event_type, state, COUNT(*), COUNT(next_attempt_at), MIN(created_at), MAX(created_at) FROM deliveries
         WHERE {} GROUP BY event_type, state",
        conditions(true, filter)
    );
    let rows = filtered!(all[(String, String, i64, i64, i64, i64)], db, text, study, Some(webhook), filter)?;
    let mut found = DryRun::default();
    for (event_type, state, count, on_their_way, oldest, newest) in rows {
        found.total += count;
        found.on_their_way += on_their_way;
        add(&mut found.by_type, known("event type", &event_type, EventType::parse)?, count);
        add(&mut found.by_state, known("delivery state", &state, DeliveryState::parse)?, count);
        found.oldest = found.oldest.into_iter().chain([Timestamp(oldest)]).min();
        found.newest = found.newest.into_iter().chain([Timestamp(newest)]).max();
    }
    found.by_type.sort_by_key(|(event_type, count)| (-count, event_type.as_str()));
    found.by_state.sort_by_key(|(state, count)| (-count, state.as_str()));
    Ok(found)
}

fn add<K: PartialEq>(counts: &mut Vec<(K, i64)>, key: K, count: i64) {
    match counts.iter_mut().find(|(known, _)| *known == key) {
        Some((_, sum)) => *sum += count,
        None => counts.push((key, count)),
    }
}

/// What has become of what a replay made due.
pub async fn outcomes(db: &mut Db, study: &StudyId, replay: &ReplayId) -> Result<Outcomes, StoreError> {
    let rows = all!(
        db,
        (bool, bool, i64),
        "SELECT next_attempt_at IS NOT NULL AS waits, state = 'delivered' AND last_failure IS NULL AS arrived, COUNT(*) FROM deliveries
         WHERE study_id = $1 AND replay_id = $2 GROUP BY waits, arrived",
        study.as_str(),
        replay.as_str(),
    )?;
    let mut found = Outcomes::default();
    for (waits, arrived, count) in rows {
        match (waits, arrived) {
            (true, _) => found.waiting += count,
            (false, true) => found.delivered += count,
            (false, false) => found.failed += count,
        }
    }
    Ok(found)
}

/// Deliveries that a replay made due and that were not attempted since.
pub async fn ahead(db: &mut Db, study: &StudyId, replay: &ReplayId) -> Result<i64, StoreError> {
    let (count,) = one!(
        db,
        (i64,),
        "SELECT COUNT(*) FROM deliveries WHERE study_id = $1 AND replay_id = $2 AND next_trigger = 'replay' AND next_attempt_at IS NOT NULL",
        study.as_str(),
        replay.as_str(),
    )?;
    Ok(count)
}

/// Holds a replay as it was read, until the transaction ends; `false` when it is not like that any more: another node has done the step, or
/// somebody paused it.
pub async fn hold(tx: &mut Tx, r: &Replay) -> Result<bool, StoreError> {
    let held = run!(
        tx,
        "UPDATE replays SET cursor = cursor WHERE study_id = $1 AND id = $2 AND state = 'running' AND cursor = $3 AND paced_at = $4",
        r.study_id.as_str(),
        r.id.as_str(),
        &r.cursor,
        r.paced_at.micros(),
    )?;
    Ok(held == 1)
}

/// The ids of the next deliveries that a replay comes past, with whether each is free to be made due.
pub async fn next(db: &mut Db, r: &Replay, limit: i64) -> Result<Vec<(String, bool)>, StoreError> {
    let text = format!(
        "SELECT id, next_attempt_at IS NULL AND lease_owner IS NULL FROM deliveries WHERE {} AND id > $12 ORDER BY id LIMIT $13",
        conditions(true, &r.filter)
    );
    filtered!(all[(String, bool)], db, text, r.study_id, Some(&r.webhook_id), r.filter, &r.cursor, limit)
}

/// Makes the free ones up to `last` due now, with a fresh schedule; gives how many. One that was delivered stays so whatever comes of it.
pub async fn make_due(tx: &mut Tx, r: &Replay, last: &str, now: Timestamp) -> Result<i64, StoreError> {
    let text = format!(
        "UPDATE deliveries SET replay_id = $14, next_attempt_at = $15, next_trigger = $16, requested_by = $17, reason = $18, schedule_step = 0,
           finished_at = NULL,
           state = CASE WHEN state = 'delivered' THEN state WHEN attempts = 0 THEN 'pending' ELSE 'retrying' END
         WHERE {} AND id > $12 AND id <= $13 AND next_attempt_at IS NULL AND lease_owner IS NULL",
        conditions(true, &r.filter)
    );
    let changed = filtered!(
        run[],
        tx,
        text,
        r.study_id,
        Some(&r.webhook_id),
        r.filter,
        &r.cursor,
        last,
        r.id.as_str(),
        now.micros(),
        Trigger::Replay.as_str(),
        &r.requested_by,
        &r.reason,
    )?;
    Ok(i64::try_from(changed).unwrap_or(i64::MAX))
}

/// Moves a replay that is held on to where a step ended.
pub async fn advance(tx: &mut Tx, r: &Replay, last: &str, made_due: i64, skipped: i64, paced_at: Timestamp) -> Result<(), StoreError> {
    run!(
        tx,
        "UPDATE replays SET cursor = $3, made_due = made_due + $4, skipped = skipped + $5, paced_at = $6 WHERE study_id = $1 AND id = $2",
        r.study_id.as_str(),
        r.id.as_str(),
        last,
        made_due,
        skipped,
        paced_at.micros(),
    )?;
    Ok(())
}
