//! How receivers are doing: failures in a row, and the breaker. A webhook that does well has no row.

use super::{Db, StoreError, Tx, all, id, one, run};
use crate::model::id::{StudyId, WebhookId};
use crate::model::time::Timestamp;
use std::collections::{HashMap, HashSet};

/// What outcomes say of one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Whose study.
    pub study_id: StudyId,
    /// Which webhook.
    pub webhook_id: WebhookId,
    /// Whether an attempt succeeded: what is below came after it.
    pub ok: bool,
    /// Failed attempts.
    pub failures: i64,
    /// When the first of them ended.
    pub first_failure_at: Timestamp,
    /// When the last of them ended.
    pub last_failure_at: Timestamp,
    /// Deliveries that ran out of attempts.
    pub exhausted: i64,
}

/// A receiver that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Failed attempts in a row.
    pub failures: i64,
    /// Since when there was no success.
    pub failing_since: Timestamp,
    /// Deliveries in a row that ran out of attempts.
    pub exhausted: i64,
    /// The breaker, once it is open: when the next probe may go.
    pub probe_at: Option<Timestamp>,
    /// Whether a probe is under way.
    pub probing: bool,
    /// Probes that failed.
    pub probes: i64,
}

type Row = (i64, i64, i64, Option<i64>, bool, i64);

fn health((failures, failing_since, exhausted, probe_at, probing, probes): Row) -> Health {
    Health { failures, failing_since: Timestamp(failing_since), exhausted, probe_at: probe_at.map(Timestamp), probing, probes }
}

/// Adds what outcomes say; gives how the receiver is doing then, `None` for one that does well.
pub async fn report(tx: &mut Tx, r: &Reported) -> Result<Option<Health>, StoreError> {
    if r.ok {
        clear(tx, &r.study_id, &r.webhook_id).await?;
    }
    if r.failures == 0 {
        return Ok(None);
    }
    let row = one!(
        tx,
        Row,
        "INSERT INTO webhook_health (study_id, webhook_id, failures, failing_since, exhausted) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (study_id, webhook_id) DO UPDATE SET failures = webhook_health.failures + excluded.failures,
           exhausted = webhook_health.exhausted + excluded.exhausted
         RETURNING failures, failing_since, exhausted, probe_at, probing, probes",
        r.study_id.as_str(),
        r.webhook_id.as_str(),
        r.failures,
        r.first_failure_at.micros(),
        r.exhausted,
    )?;
    Ok(Some(health(row)))
}

/// Forgets that a receiver failed: it answered well, or its webhook was switched.
pub async fn clear(tx: &mut Tx, study: &StudyId, webhook: &WebhookId) -> Result<(), StoreError> {
    run!(tx, "DELETE FROM webhook_health WHERE study_id = $1 AND webhook_id = $2", study.as_str(), webhook.as_str())?;
    Ok(())
}

/// Opens the breaker, or keeps it open, until the next probe.
pub async fn set_probe(tx: &mut Tx, study: &StudyId, webhook: &WebhookId, probe_at: Timestamp, probes: i64) -> Result<(), StoreError> {
    run!(
        tx,
        "UPDATE webhook_health SET probe_at = $3, probes = $4, probing = FALSE WHERE study_id = $1 AND webhook_id = $2",
        study.as_str(),
        webhook.as_str(),
        probe_at.micros(),
        probes,
    )?;
    Ok(())
}

/// One webhook's, where it fails.
pub async fn find(db: &mut Db, study: &StudyId, webhook: &WebhookId) -> Result<Option<Health>, StoreError> {
    let text =
        "SELECT failures, failing_since, exhausted, probe_at, probing, probes FROM webhook_health WHERE study_id = $1 AND webhook_id = $2";
    Ok(all!(db, Row, text, study.as_str(), webhook.as_str())?.into_iter().next().map(health))
}

/// The webhooks of a study whose breaker is open.
pub async fn broken_of_study(db: &mut Db, study: &StudyId) -> Result<HashSet<WebhookId>, StoreError> {
    let rows = all!(db, (String,), "SELECT webhook_id FROM webhook_health WHERE study_id = $1 AND probe_at IS NOT NULL", study.as_str())?;
    rows.into_iter().map(|(webhook,)| id("webhook", &webhook)).collect()
}

/// Who has the one probe of a broken webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// Whoever asked.
    Ours,
    /// Somebody else, or nobody yet: it is not due.
    NotOurs,
}

/// Takes the due probes of the broken webhooks among those asked for, until `until`: whoever asks next finds them taken. Webhooks that are not in
/// the answer are not broken.
pub async fn take_probes(
    tx: &mut Tx,
    asked: &HashSet<(&StudyId, &WebhookId)>,
    now: Timestamp,
    until: Timestamp,
) -> Result<HashMap<WebhookId, Probe>, StoreError> {
    let mut probes = HashMap::new();
    // Few are broken, and most of the time none: one look instead of one for each webhook.
    let rows = all!(tx, (String, String), "SELECT study_id, webhook_id FROM webhook_health WHERE probe_at IS NOT NULL")?;
    for (study, webhook) in rows {
        let (study, webhook) = (id::<StudyId>("webhook", &study)?, id::<WebhookId>("webhook", &webhook)?);
        if !asked.contains(&(&study, &webhook)) {
            continue;
        }
        let text = "UPDATE webhook_health SET probe_at = $4, probing = TRUE WHERE study_id = $1 AND webhook_id = $2 AND probe_at <= $3";
        let taken = run!(tx, text, study.as_str(), webhook.as_str(), now.micros(), until.micros())? > 0;
        probes.insert(webhook, if taken { Probe::Ours } else { Probe::NotOurs });
    }
    Ok(probes)
}
