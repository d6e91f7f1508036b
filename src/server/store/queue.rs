//! The queue within the database: written in bulk, claimed with leases, completed by the lease's holder. The one file in
//! which the engines differ.
//!
//! A delivery is *due* when `next_attempt_at` has come, *leased* while a node works on it. A node that dies leaves leases
//! behind, which run out.

use super::health::Probe;
use super::{Db, Raw, StoreError, Tx, all, health, id, known, maybe, run, to_json};
use crate::model::delivery::{DeliveryState, FailureKind, Payload, Trigger};
use crate::model::event::Event;
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, EventId, StudyId, WebhookId};
use crate::model::time::Timestamp;
use std::collections::{HashMap, HashSet};

/// A delivery about to be made.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// To which webhook.
    pub webhook_id: WebhookId,
    /// Of which event.
    pub event_id: EventId,
    /// Which of the event's payloads it sends.
    pub variant: String,
    /// What sets its first attempt off.
    pub trigger: Trigger,
    /// Who asked for it: a sample's sender.
    pub requested_by: Option<String>,
    /// The node that has it already, and until when.
    pub lease: Option<(String, Timestamp)>,
}

/// A payload about to be fixed.
#[derive(Debug, Clone)]
pub struct NewPayload {
    /// Of which event.
    pub event_id: EventId,
    /// Which format and content.
    pub variant: String,
    /// Headers and bytes.
    pub payload: Payload,
}

/// Work: a delivery that this node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its study.
    pub study_id: StudyId,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// To which webhook.
    pub webhook_id: WebhookId,
    /// What happened.
    pub event_type: EventType,
    /// Whether it holds dummy values.
    pub is_test: bool,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts that have ended.
    pub attempts: u32,
    /// Retries of the schedule that were used.
    pub schedule_step: u32,
    /// What sets this attempt off.
    pub trigger: Trigger,
    /// Who asked for it.
    pub requested_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// What an ended attempt makes of its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The new state.
    pub state: DeliveryState,
    /// When the next attempt is due; `None`: there is none.
    pub next_attempt_at: Option<Timestamp>,
    /// Attempts that have ended, this one included.
    pub attempts: u32,
    /// Retries of the schedule that are used.
    pub schedule_step: u32,
    /// The answer's status.
    pub status: Option<u16>,
    /// Why it failed.
    pub failure: Option<FailureKind>,
    /// How long it took, in microseconds.
    pub duration: i64,
    /// When it ended.
    pub ended_at: Timestamp,
}

impl Completion {
    /// When the delivery came to a final state; `None`: it has not.
    pub fn finished_at(&self) -> Option<Timestamp> {
        self.next_attempt_at.is_none().then_some(self.ended_at)
    }
}

/// Adds events; gives the ids of those whose key was new. One that is there already is left as it is.
pub async fn insert_events(tx: &mut Tx, events: &[&Event]) -> Result<HashSet<EventId>, StoreError> {
    const COLUMNS: &str = "study_id, id, source, external_id, event_type, subject, occurred_at, accepted_at, is_test, data, skipped";
    let data = events.iter().map(|e| to_json("event's data", &e.data)).collect::<Result<Vec<_>, _>>()?;
    let skipped = events
        .iter()
        .map(|e| (!e.skipped.is_empty()).then(|| to_json("event's skipped webhooks", &e.skipped)).transpose())
        .collect::<Result<Vec<_>, _>>()?;
    let mut added = HashSet::with_capacity(events.len());
    match tx.raw() {
        Raw::Sqlite(c) => {
            for ((e, data), skipped) in events.iter().zip(&data).zip(&skipped) {
                let done = sqlx::query(sqlx::AssertSqlSafe(format!(
                    "INSERT INTO events ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                     ON CONFLICT (study_id, source, external_id) DO NOTHING"
                )))
                .bind(e.study_id.as_str())
                .bind(e.id.as_str())
                .bind(&e.source)
                .bind(&e.external_id)
                .bind(e.event_type.as_str())
                .bind(e.subject.as_deref())
                .bind(e.occurred_at.micros())
                .bind(e.accepted_at.micros())
                .bind(e.is_test)
                .bind(data)
                .bind(skipped.as_deref())
                .execute(&mut *c)
                .await?;
                if done.rows_affected() == 1 {
                    added.insert(e.id.clone());
                }
            }
        }
        Raw::Postgres(c) => {
            // In the key's order, so that two nodes with the same events wait for each other instead of in a circle; then by our
            // id, so that the first of a batch wins.
            let rows: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "INSERT INTO events ({COLUMNS})
                 SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bool[], $10::text[],
                   $11::text[])
                   AS e ({COLUMNS}) ORDER BY study_id, source, external_id, id
                 ON CONFLICT (study_id, source, external_id) DO NOTHING RETURNING id"
            )))
            .bind(events.iter().map(|e| e.study_id.to_string()).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.id.to_string()).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.source.clone()).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.external_id.clone()).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.event_type.as_str().to_owned()).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.subject.clone()).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.occurred_at.micros()).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.accepted_at.micros()).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.is_test).collect::<Vec<_>>())
            .bind(data)
            .bind(skipped)
            .fetch_all(c)
            .await?;
            for (text,) in rows {
                added.insert(id("event", &text)?);
            }
        }
    }
    Ok(added)
}

/// Adds payloads and the deliveries that send them, for events that were just added, of whatever studies.
pub async fn insert_deliveries(
    tx: &mut Tx,
    events: &[&Event],
    payloads: &[&NewPayload],
    deliveries: &[&NewDelivery],
) -> Result<(), StoreError> {
    let headers = payloads.iter().map(|p| to_json("payload's headers", &p.payload.headers)).collect::<Result<Vec<_>, _>>()?;
    // A batch holds up to a thousand events, each for several webhooks, and the writer waits meanwhile.
    let by_id: HashMap<&EventId, &Event> = events.iter().map(|e| (&e.id, *e)).collect();
    let event_of = |id: &EventId| {
        by_id.get(id).copied().ok_or(StoreError::Corrupt { what: "new delivery", why: "its event is not of the same commit".to_owned() })
    };
    match tx.raw() {
        Raw::Sqlite(c) => {
            for (p, headers) in payloads.iter().zip(&headers) {
                sqlx::query("INSERT INTO payloads (study_id, event_id, variant, headers, body) VALUES ($1, $2, $3, $4, $5)")
                    .bind(event_of(&p.event_id)?.study_id.as_str())
                    .bind(p.event_id.as_str())
                    .bind(&p.variant)
                    .bind(headers)
                    .bind(&p.payload.body)
                    .execute(&mut *c)
                    .await?;
            }
            for d in deliveries {
                let e = event_of(&d.event_id)?;
                sqlx::query(
                    "INSERT INTO deliveries (study_id, id, webhook_id, event_id, variant, event_type, external_id, subject, is_test, state,
                       next_attempt_at, next_trigger, requested_by, created_at, lease_owner, lease_until)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10, $11, $12, $13, $14, $15)",
                )
                .bind(e.study_id.as_str())
                .bind(d.id.as_str())
                .bind(d.webhook_id.as_str())
                .bind(e.id.as_str())
                .bind(&d.variant)
                .bind(e.event_type.as_str())
                .bind(&e.external_id)
                .bind(e.subject.as_deref())
                .bind(e.is_test)
                .bind(e.accepted_at.micros())
                .bind(d.trigger.as_str())
                .bind(d.requested_by.as_deref())
                .bind(e.accepted_at.micros())
                .bind(d.lease.as_ref().map(|(owner, _)| owner.as_str()))
                .bind(d.lease.as_ref().map(|(_, until)| until.micros()))
                .execute(&mut *c)
                .await?;
            }
        }
        Raw::Postgres(c) => {
            sqlx::query(
                "INSERT INTO payloads (study_id, event_id, variant, headers, body)
                 SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])",
            )
            .bind(payloads.iter().map(|p| Ok(event_of(&p.event_id)?.study_id.to_string())).collect::<Result<Vec<_>, StoreError>>()?)
            .bind(payloads.iter().map(|p| p.event_id.to_string()).collect::<Vec<_>>())
            .bind(payloads.iter().map(|p| p.variant.clone()).collect::<Vec<_>>())
            .bind(headers)
            .bind(payloads.iter().map(|p| p.payload.body.clone()).collect::<Vec<_>>())
            .execute(&mut *c)
            .await?;
            let of = deliveries.iter().map(|d| event_of(&d.event_id)).collect::<Result<Vec<_>, _>>()?;
            sqlx::query(
                "INSERT INTO deliveries (study_id, state, id, webhook_id, event_id, variant, event_type, external_id, subject, is_test,
                   next_attempt_at, next_trigger, requested_by, created_at, lease_owner, lease_until)
                 SELECT d.study_id, 'pending', d.id, d.webhook_id, d.event_id, d.variant, d.event_type, d.external_id, d.subject, d.is_test,
                   d.accepted_at, d.next_trigger, d.requested_by, d.accepted_at, d.lease_owner, d.lease_until
                 FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::bigint[],
                   $11::text[], $12::text[], $13::text[], $14::bigint[])
                   AS d (study_id, id, webhook_id, event_id, variant, event_type, external_id, subject, is_test, accepted_at, next_trigger, requested_by,
                     lease_owner, lease_until)",
            )
            .bind(of.iter().map(|e| e.study_id.to_string()).collect::<Vec<_>>())
            .bind(deliveries.iter().map(|d| d.id.to_string()).collect::<Vec<_>>())
            .bind(deliveries.iter().map(|d| d.webhook_id.to_string()).collect::<Vec<_>>())
            .bind(of.iter().map(|e| e.id.to_string()).collect::<Vec<_>>())
            .bind(deliveries.iter().map(|d| d.variant.clone()).collect::<Vec<_>>())
            .bind(of.iter().map(|e| e.event_type.as_str().to_owned()).collect::<Vec<_>>())
            .bind(of.iter().map(|e| e.external_id.clone()).collect::<Vec<_>>())
            .bind(of.iter().map(|e| e.subject.clone()).collect::<Vec<_>>())
            .bind(of.iter().map(|e| e.is_test).collect::<Vec<_>>())
            .bind(of.iter().map(|e| e.accepted_at.micros()).collect::<Vec<_>>())
            .bind(deliveries.iter().map(|d| d.trigger.as_str().to_owned()).collect::<Vec<_>>())
            .bind(deliveries.iter().map(|d| d.requested_by.clone()).collect::<Vec<_>>())
            .bind(deliveries.iter().map(|d| d.lease.as_ref().map(|(owner, _)| owner.clone())).collect::<Vec<_>>())
            .bind(deliveries.iter().map(|d| d.lease.as_ref().map(|(_, until)| until.micros())).collect::<Vec<_>>())
            .execute(c)
            .await?;
        }
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct JobRow {
    study_id: String,
    id: String,
    webhook_id: String,
    event_type: String,
    is_test: bool,
    state: String,
    attempts: i64,
    schedule_step: i64,
    next_trigger: String,
    requested_by: Option<String>,
    reason: Option<String>,
    next_attempt_at: i64,
}

impl TryFrom<JobRow> for Job {
    type Error = StoreError;

    fn try_from(row: JobRow) -> Result<Self, StoreError> {
        Ok(Job {
            study_id: id("delivery", &row.study_id)?,
            delivery_id: id("delivery", &row.id)?,
            webhook_id: id("delivery", &row.webhook_id)?,
            event_type: known("event type", &row.event_type, EventType::parse)?,
            is_test: row.is_test,
            state: known("delivery state", &row.state, DeliveryState::parse)?,
            attempts: u32::try_from(row.attempts).unwrap_or_default(),
            schedule_step: u32::try_from(row.schedule_step).unwrap_or_default(),
            trigger: known("trigger", &row.next_trigger, Trigger::parse)?,
            requested_by: row.requested_by,
            reason: row.reason,
        })
    }
}

const JOB: &str =
    "study_id, id, webhook_id, event_type, is_test, state, attempts, schedule_step, next_trigger, requested_by, reason, next_attempt_at";

/// Due, free, and its webhook able to receive. Held back while the webhook is inactive or disabled, the study's Integrations
/// are off, or a live event waits for a webhook that went back to Test.
const CLAIMABLE: &str = "d.next_attempt_at <= $1 AND (d.lease_until IS NULL OR d.lease_until <= $1)
    AND EXISTS (SELECT 1 FROM webhooks w JOIN studies s ON s.id = w.study_id
                WHERE w.study_id = d.study_id AND w.id = d.webhook_id AND s.integrations_enabled = TRUE
                  AND (w.archived_at IS NOT NULL OR (w.status = 'active' AND (d.is_test = TRUE OR w.mode = 'live')) OR d.next_trigger = 'sample'))";

/// Nothing goes to a broken receiver before its next probe, but what somebody asks for by hand.
const NOT_BROKEN: &str = "(d.next_trigger IN ('manual', 'sample') OR NOT EXISTS (SELECT 1 FROM webhook_health h
    WHERE h.study_id = d.study_id AND h.webhook_id = d.webhook_id AND h.probe_at > $1))";

/// Leases due deliveries to `node`, the longest due first, leaving out the webhooks in `full`, which have enough in memory.
pub async fn claim(tx: &mut Tx, node: &str, now: Timestamp, until: Timestamp, full: &[String], limit: u32) -> Result<Vec<Job>, StoreError> {
    let mut rows: Vec<JobRow> = match tx.raw() {
        Raw::Sqlite(c) => {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "UPDATE deliveries SET lease_owner = $2, lease_until = $3 WHERE rowid IN (
                   SELECT d.rowid FROM deliveries d WHERE {CLAIMABLE} AND {NOT_BROKEN} AND d.webhook_id NOT IN (SELECT value FROM json_each($4))
                   ORDER BY d.next_attempt_at, d.id LIMIT $5)
                 RETURNING {JOB}"
            )))
            .bind(now.micros())
            .bind(node)
            .bind(until.micros())
            .bind(to_json("ids", &full)?)
            .bind(i64::from(limit))
            .fetch_all(c)
            .await?
        }
        Raw::Postgres(c) => {
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "WITH due AS MATERIALIZED (
                   SELECT d.study_id, d.id FROM deliveries d WHERE {CLAIMABLE} AND {NOT_BROKEN} AND NOT (d.webhook_id = ANY($4))
                   ORDER BY d.next_attempt_at, d.id LIMIT $5 FOR UPDATE SKIP LOCKED)
                 UPDATE deliveries SET lease_owner = $2, lease_until = $3 WHERE (study_id, id) IN (SELECT study_id, id FROM due)
                 RETURNING {JOB}"
            )))
            .bind(now.micros())
            .bind(node)
            .bind(until.micros())
            .bind(full)
            .bind(i64::from(limit))
            .fetch_all(c)
            .await?
        }
    };
    // RETURNING keeps no order.
    rows.sort_by(|a, b| (a.next_attempt_at, &a.id).cmp(&(b.next_attempt_at, &b.id)));
    let jobs = rows.into_iter().map(Job::try_from).collect::<Result<Vec<Job>, _>>()?;
    keep_one_probe(tx, node, jobs, now, until).await
}

/// Of the jobs for a broken receiver keeps the first, which is the probe, where the probe is ours, and gives the others back. Another node may have
/// taken it since the jobs were chosen.
async fn keep_one_probe(tx: &mut Tx, node: &str, jobs: Vec<Job>, now: Timestamp, until: Timestamp) -> Result<Vec<Job>, StoreError> {
    let by_hand = |job: &Job| matches!(job.trigger, Trigger::Manual | Trigger::Sample);
    let asked: HashSet<(&StudyId, &WebhookId)> = jobs.iter().filter(|j| !by_hand(j)).map(|j| (&j.study_id, &j.webhook_id)).collect();
    if asked.is_empty() {
        return Ok(jobs);
    }
    let mut probes = health::take_probes(tx, &asked, now, until).await?;
    let mut kept = Vec::with_capacity(jobs.len());
    for job in jobs {
        let goes = match probes.get_mut(&job.webhook_id) {
            None => true,
            Some(_) if by_hand(&job) => true,
            // The first has it; the next finds it taken.
            Some(probe) => std::mem::replace(probe, Probe::NotOurs) == Probe::Ours,
        };
        if goes {
            kept.push(job);
        } else {
            release(tx, node, &job.study_id, &job.delivery_id).await?;
        }
    }
    Ok(kept)
}

/// Leases one delivery that is free, due or not: for a sample, which is sent at once. `None` when a node has it.
pub async fn claim_one(
    tx: &mut Tx,
    node: &str,
    study: &StudyId,
    delivery: &DeliveryId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Job>, StoreError> {
    let row = maybe!(
        tx,
        JobRow,
        format!(
            "UPDATE deliveries SET lease_owner = $3, lease_until = $5
             WHERE study_id = $1 AND id = $2 AND next_attempt_at IS NOT NULL AND (lease_until IS NULL OR lease_until <= $4) RETURNING {JOB}"
        ),
        study.as_str(),
        delivery.as_str(),
        node,
        now.micros(),
        until.micros(),
    )?;
    row.map(Job::try_from).transpose()
}

/// When the next free delivery is due, so that the claim loop knows how long it may sleep. May be in the past for what is held back.
pub async fn next_due(db: &mut Db, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let row = all!(
        db,
        (i64,),
        "SELECT next_attempt_at FROM deliveries WHERE next_attempt_at > $1 AND lease_owner IS NULL ORDER BY next_attempt_at LIMIT 1",
        after.micros(),
    )?;
    Ok(row.first().map(|(at,)| Timestamp(*at)))
}

/// Ends attempts' leases with what came of them; gives those whose lease was still this node's. The others are somebody else's by now.
pub async fn complete(tx: &mut Tx, node: &str, all: &[(&StudyId, &DeliveryId, &Completion)]) -> Result<HashSet<DeliveryId>, StoreError> {
    const SET: &str = "next_trigger = 'schedule', requested_by = NULL, reason = NULL, lease_owner = NULL, lease_until = NULL";
    let mut held = HashSet::with_capacity(all.len());
    match tx.raw() {
        Raw::Sqlite(c) => {
            for (study, delivery, done) in all {
                let changed = sqlx::query(sqlx::AssertSqlSafe(format!(
                    "UPDATE deliveries SET state = $4, next_attempt_at = $5, attempts = $6, schedule_step = $7, last_status = $8, last_failure = $9,
                       last_duration = $10, finished_at = $11, {SET}
                     WHERE study_id = $1 AND id = $2 AND lease_owner = $3"
                )))
                .bind(study.as_str())
                .bind(delivery.as_str())
                .bind(node)
                .bind(done.state.as_str())
                .bind(done.next_attempt_at.map(Timestamp::micros))
                .bind(i64::from(done.attempts))
                .bind(i64::from(done.schedule_step))
                .bind(done.status.map(i64::from))
                .bind(done.failure.map(FailureKind::as_str))
                .bind(done.duration)
                .bind(done.finished_at().map(Timestamp::micros))
                .execute(&mut *c)
                .await?;
                if changed.rows_affected() == 1 {
                    held.insert((*delivery).clone());
                }
            }
        }
        Raw::Postgres(c) => {
            let of = |what: fn(&Completion) -> Option<i64>| all.iter().map(|(.., done)| what(done)).collect::<Vec<_>>();
            let rows: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "UPDATE deliveries d SET state = n.state, next_attempt_at = n.next_attempt_at, attempts = n.attempts, schedule_step = n.schedule_step,
                   last_status = n.last_status, last_failure = n.last_failure, last_duration = n.last_duration, finished_at = n.finished_at, {SET}
                 FROM UNNEST($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[], $10::bigint[],
                   $11::bigint[]) AS n (study_id, id, state, next_attempt_at, attempts, schedule_step, last_status, last_failure, last_duration,
                   finished_at)
                 WHERE d.study_id = n.study_id AND d.id = n.id AND d.lease_owner = $1 RETURNING d.id"
            )))
            .bind(node)
            .bind(all.iter().map(|(study, ..)| study.to_string()).collect::<Vec<_>>())
            .bind(all.iter().map(|(_, delivery, _)| delivery.to_string()).collect::<Vec<_>>())
            .bind(all.iter().map(|(.., done)| done.state.as_str().to_owned()).collect::<Vec<_>>())
            .bind(of(|done| done.next_attempt_at.map(Timestamp::micros)))
            .bind(of(|done| Some(i64::from(done.attempts))))
            .bind(of(|done| Some(i64::from(done.schedule_step))))
            .bind(of(|done| done.status.map(i64::from)))
            .bind(all.iter().map(|(.., done)| done.failure.map(|f| f.as_str().to_owned())).collect::<Vec<_>>())
            .bind(of(|done| Some(done.duration)))
            .bind(of(|done| done.finished_at().map(Timestamp::micros)))
            .fetch_all(c)
            .await?;
            for (text,) in rows {
                held.insert(id("delivery", &text)?);
            }
        }
    }
    Ok(held)
}

/// Gives deliveries back untried: the webhook cannot receive now, or the service stops.
pub async fn release(tx: &mut Tx, node: &str, study: &StudyId, delivery: &DeliveryId) -> Result<(), StoreError> {
    run!(
        tx,
        "UPDATE deliveries SET lease_owner = NULL, lease_until = NULL WHERE study_id = $1 AND id = $2 AND lease_owner = $3",
        study.as_str(),
        delivery.as_str(),
        node,
    )?;
    Ok(())
}

/// Cancels a delivery that this node holds.
pub async fn cancel(tx: &mut Tx, node: &str, study: &StudyId, delivery: &DeliveryId, now: Timestamp) -> Result<(), StoreError> {
    run!(
        tx,
        "UPDATE deliveries SET state = CASE WHEN state = 'delivered' THEN state ELSE 'cancelled' END, next_attempt_at = NULL, finished_at = $4,
           lease_owner = NULL, lease_until = NULL
         WHERE study_id = $1 AND id = $2 AND lease_owner = $3",
        study.as_str(),
        delivery.as_str(),
        node,
        now.micros(),
    )?;
    Ok(())
}

/// Gives back everything that a node holds: at its orderly stop.
pub async fn release_all(tx: &mut Tx, node: &str) -> Result<u64, StoreError> {
    run!(tx, "UPDATE deliveries SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = $1", node)
}

/// Gives back what any other node holds. For the embedded database alone, which one process has to itself: whoever held it is dead.
pub async fn release_others(tx: &mut Tx, node: &str) -> Result<u64, StoreError> {
    run!(tx, "UPDATE deliveries SET lease_owner = NULL, lease_until = NULL WHERE lease_owner IS NOT NULL AND lease_owner <> $1", node)
}

/// Holds a node's leases for longer: its heartbeat.
pub async fn extend(tx: &mut Tx, node: &str, until: Timestamp) -> Result<u64, StoreError> {
    run!(tx, "UPDATE deliveries SET lease_until = $2 WHERE lease_owner = $1", node, until.micros())
}
