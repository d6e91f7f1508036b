//! Webhooks, and the counters that their pages show.

use super::{Db, StoreError, Tx, all, from_json, id, known, maybe, one, run, to_json};
use crate::model::id::{StudyId, WebhookId};
use crate::model::time::{HOUR, Timestamp};
use crate::model::webhook::{Content, PayloadFormat, Webhook, WebhookMode, WebhookSettings, WebhookStats, WebhookStatus};
use std::collections::HashMap;

#[derive(sqlx::FromRow)]
struct WebhookRow {
    study_id: String,
    id: String,
    name: String,
    url: String,
    status: String,
    disabled_cause: Option<String>,
    mode: String,
    events: String,
    filter: String,
    format: String,
    content: String,
    timeout_seconds: i64,
    retry_schedule: String,
    rate_limit: Option<i64>,
    concurrency: i64,
    credentials: Vec<u8>,
    credentials_shown: String,
    version: i64,
    verified_version: Option<i64>,
    created_at: i64,
    updated_at: i64,
    archived_at: Option<i64>,
    format_options: String,
    synchronous: bool,
    created_by: Option<String>,
}

const SELECT: &str = "SELECT study_id, id, name, url, status, disabled_cause, mode, events, filter, format, content, timeout_seconds,
    retry_schedule, rate_limit, concurrency, credentials, credentials_shown, version, verified_version, created_at, updated_at, archived_at,
    format_options, synchronous, created_by FROM webhooks";

/// A webhook with its sealed credentials.
pub struct Sealed {
    /// The webhook.
    pub webhook: Webhook,
    /// Credentials, as [`crate::server::credentials`] sealed them.
    pub credentials: Vec<u8>,
}

impl TryFrom<WebhookRow> for Sealed {
    type Error = StoreError;

    fn try_from(row: WebhookRow) -> Result<Self, StoreError> {
        let number = |n: i64| u32::try_from(n).map_err(|e| StoreError::Corrupt { what: "webhook", why: e.to_string() });
        let webhook = Webhook {
            id: id("webhook", &row.id)?,
            study_id: id("webhook", &row.study_id)?,
            settings: WebhookSettings {
                name: row.name,
                url: row.url,
                events: from_json("webhook's events", &row.events)?,
                filter: from_json("webhook's filter", &row.filter)?,
                format: known("format", &row.format, PayloadFormat::parse)?,
                format_options: from_json("webhook's format options", &row.format_options)?,
                synchronous: row.synchronous,
                content: known("content", &row.content, Content::parse)?,
                timeout_seconds: number(row.timeout_seconds)?,
                retry_schedule: from_json("webhook's retry schedule", &row.retry_schedule)?,
                rate_limit: row.rate_limit.map(number).transpose()?,
                concurrency: number(row.concurrency)?,
            },
            status: known("webhook status", &row.status, WebhookStatus::parse)?,
            disabled_cause: row.disabled_cause,
            mode: known("webhook mode", &row.mode, WebhookMode::parse)?,
            credentials: from_json("webhook's credentials", &row.credentials_shown)?,
            version: row.version,
            verified_version: row.verified_version,
            created_by: row.created_by,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            archived_at: row.archived_at.map(Timestamp),
        };
        Ok(Sealed { webhook, credentials: row.credentials })
    }
}

const INSERT: &str = "INSERT INTO webhooks (study_id, id, name, url, status, disabled_cause, mode, events, filter, format, content,
      timeout_seconds, retry_schedule, rate_limit, concurrency, credentials, credentials_shown, version, verified_version, created_at,
      updated_at, archived_at, format_options, synchronous, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)";

const UPDATE: &str = "UPDATE webhooks SET name = $3, url = $4, status = $5, disabled_cause = $6, mode = $7, events = $8, filter = $9,
      format = $10, content = $11, timeout_seconds = $12, retry_schedule = $13, rate_limit = $14, concurrency = $15, credentials = $16,
      credentials_shown = $17, version = $18, verified_version = $19, updated_at = $21, archived_at = $22,
      format_options = $23, synchronous = $24
    WHERE study_id = $1 AND id = $2 AND version = $26";

/// Runs one of the two with a webhook's columns, whose places are the same in both; gives the rows written.
async fn write(tx: &mut Tx, text: &'static str, webhook: &Webhook, credentials: &[u8], expected: Option<i64>) -> Result<u64, StoreError> {
    let s = &webhook.settings;
    run!(
        tx,
        text,
        webhook.study_id.as_str(),
        webhook.id.as_str(),
        &s.name,
        &s.url,
        webhook.status.as_str(),
        webhook.disabled_cause.as_deref(),
        webhook.mode.as_str(),
        to_json("webhook's events", &s.events)?,
        to_json("webhook's filter", &s.filter)?,
        s.format.as_str(),
        s.content.as_str(),
        i64::from(s.timeout_seconds),
        to_json("webhook's retry schedule", &s.retry_schedule)?,
        s.rate_limit.map(i64::from),
        i64::from(s.concurrency),
        credentials,
        to_json("webhook's credentials", &webhook.credentials)?,
        webhook.version,
        webhook.verified_version,
        webhook.created_at.micros(),
        webhook.updated_at.micros(),
        webhook.archived_at.map(Timestamp::micros),
        to_json("webhook's format options", &s.format_options)?,
        s.synchronous,
        webhook.created_by.as_deref(),
        expected,
    )
}

/// Adds a webhook.
///
/// # Errors
/// [`StoreError::Duplicate`] when its name is taken by another that is not archived.
pub async fn insert(tx: &mut Tx, webhook: &Webhook, credentials: &[u8]) -> Result<(), StoreError> {
    write(tx, INSERT, webhook, credentials, None).await.map(drop)
}

/// Writes a changed webhook if it is still at `expected` version; `false` when somebody was faster.
///
/// # Errors
/// As [`insert`].
pub async fn update(tx: &mut Tx, webhook: &Webhook, credentials: &[u8], expected: i64) -> Result<bool, StoreError> {
    Ok(write(tx, UPDATE, webhook, credentials, Some(expected)).await? == 1)
}

/// By id, archived ones too.
pub async fn find_sealed(db: &mut Db, study: &StudyId, webhook: &WebhookId) -> Result<Option<Sealed>, StoreError> {
    let row = maybe!(db, WebhookRow, format!("{SELECT} WHERE study_id = $1 AND id = $2"), study.as_str(), webhook.as_str())?;
    row.map(Sealed::try_from).transpose()
}

/// By id, archived ones too.
pub async fn find(db: &mut Db, study: &StudyId, webhook: &WebhookId) -> Result<Option<Webhook>, StoreError> {
    Ok(find_sealed(db, study, webhook).await?.map(|s| s.webhook))
}

/// The webhooks of a study, by name; archived ones only where asked for, after the others.
pub async fn of_study(db: &mut Db, study: &StudyId, archived: bool) -> Result<Vec<Webhook>, StoreError> {
    let text = if archived {
        format!("{SELECT} WHERE study_id = $1 ORDER BY (archived_at IS NOT NULL), name, id")
    } else {
        format!("{SELECT} WHERE study_id = $1 AND archived_at IS NULL ORDER BY name, id")
    };
    all!(db, WebhookRow, text, study.as_str())?.into_iter().map(|row| Ok(Sealed::try_from(row)?.webhook)).collect()
}

/// Notes that a sample sent at `version` was answered 2xx, if that is still the version.
pub async fn set_verified(tx: &mut Tx, study: &StudyId, webhook: &WebhookId, version: i64) -> Result<(), StoreError> {
    run!(
        tx,
        "UPDATE webhooks SET verified_version = $3 WHERE study_id = $1 AND id = $2 AND version = $3",
        study.as_str(),
        webhook.as_str(),
        version
    )?;
    Ok(())
}

/// Disables an active webhook, with the cause in a sentence; `false` when it was not active.
pub async fn disable(tx: &mut Tx, study: &StudyId, webhook: &WebhookId, cause: &str, at: Timestamp) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE webhooks SET status = 'disabled', disabled_cause = $3, updated_at = $4, version = version + 1,
           verified_version = CASE WHEN verified_version = version THEN version + 1 ELSE verified_version END
         WHERE study_id = $1 AND id = $2 AND status = 'active'",
        study.as_str(),
        webhook.as_str(),
        cause,
        at.micros(),
    )?;
    Ok(changed == 1)
}

/// What outcomes add to the counters of one webhook and hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Whose study.
    pub study_id: StudyId,
    /// Which webhook.
    pub webhook_id: WebhookId,
    /// Hours since 1970.
    pub hour: i64,
    /// Deliveries that arrived.
    pub delivered: i64,
    /// Deliveries that ran out of attempts.
    pub exhausted: i64,
    /// Attempts that succeeded.
    pub attempts_ok: i64,
    /// Attempts that failed.
    pub attempts_failed: i64,
    /// When the last of them ended.
    pub last_attempt_at: Timestamp,
}

/// Counts outcomes, in the transaction that records them.
pub async fn count(tx: &mut Tx, all: &[Counted]) -> Result<(), StoreError> {
    for row in all {
        run!(
            tx,
            "INSERT INTO webhook_hours (study_id, webhook_id, hour, delivered, exhausted, attempts_ok, attempts_failed, last_attempt_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (study_id, webhook_id, hour) DO UPDATE SET
               delivered = webhook_hours.delivered + excluded.delivered,
               exhausted = webhook_hours.exhausted + excluded.exhausted,
               attempts_ok = webhook_hours.attempts_ok + excluded.attempts_ok,
               attempts_failed = webhook_hours.attempts_failed + excluded.attempts_failed,
               last_attempt_at = excluded.last_attempt_at",
            row.study_id.as_str(),
            row.webhook_id.as_str(),
            row.hour,
            row.delivered,
            row.exhausted,
            row.attempts_ok,
            row.attempts_failed,
            row.last_attempt_at.micros(),
        )?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct HourRow {
    webhook_id: String,
    hour: i64,
    delivered: i64,
    exhausted: i64,
    attempts_ok: i64,
    attempts_failed: i64,
    last_attempt_at: Option<i64>,
}

/// Hours that a sparkline shows.
const HOURS: i64 = 24;

/// The last 24 hours of every webhook of a study, from the counters. Waiting deliveries are not in here: see [`add_waiting`].
pub async fn stats(db: &mut Db, study: &StudyId, now: Timestamp) -> Result<HashMap<WebhookId, WebhookStats>, StoreError> {
    let first = now.micros().div_euclid(HOUR) - HOURS + 1;
    let rows = all!(
        db,
        HourRow,
        "SELECT webhook_id, hour, delivered, exhausted, attempts_ok, attempts_failed, last_attempt_at FROM webhook_hours
         WHERE study_id = $1 AND hour >= $2",
        study.as_str(),
        first,
    )?;
    let mut stats: HashMap<WebhookId, WebhookStats> = HashMap::new();
    for row in rows {
        let of = stats
            .entry(id("webhook", &row.webhook_id)?)
            .or_insert_with(|| WebhookStats { hours: vec![(0, 0); usize::try_from(HOURS).unwrap_or(24)], ..WebhookStats::default() });
        of.delivered += row.delivered;
        of.exhausted += row.exhausted;
        of.failed_attempts += row.attempts_failed;
        of.last_attempt_at = of.last_attempt_at.max(row.last_attempt_at.map(Timestamp));
        if let Some(hour) = usize::try_from(row.hour - first).ok().and_then(|i| of.hours.get_mut(i)) {
            *hour = (row.attempts_ok, row.attempts_failed);
        }
    }
    Ok(stats)
}

/// The count of waiting deliveries stops here: beyond it a page says "1,000+", and counting stays cheap.
pub const WAITING_SHOWN_MAX: i64 = 1000;

/// Adds what waits for one webhook now.
pub async fn add_waiting(db: &mut Db, study: &StudyId, webhook: &WebhookId, stats: &mut WebhookStats) -> Result<(), StoreError> {
    let (count, oldest, next) = one!(
        db,
        (i64, Option<i64>, Option<i64>),
        "SELECT COUNT(*), MIN(created_at), MIN(next_attempt_at) FROM
           (SELECT created_at, next_attempt_at FROM deliveries
            WHERE study_id = $1 AND webhook_id = $2 AND next_attempt_at IS NOT NULL ORDER BY created_at LIMIT $3) AS waiting",
        study.as_str(),
        webhook.as_str(),
        WAITING_SHOWN_MAX + 1,
    )?;
    stats.waiting = count;
    stats.oldest_waiting = oldest.map(Timestamp);
    stats.next_attempt_at = next.map(Timestamp);
    Ok(())
}
