//! One attempt: prepare (read the webhook as it is now, sign), send, hand the answer to [`super::outcome`].

use super::client::{Exchange, Outgoing};
use super::mask::mask_headers;
use super::request::Request;
use super::{Engine, outcome};
use crate::model::delivery::{Attempt, FailureKind, Trigger};
use crate::model::id::AttemptId;
use crate::model::time::Timestamp;
use crate::model::webhook::{Webhook, WebhookMode, WebhookStatus};
use crate::server::credentials::Credentials;
use crate::server::store::queue::{self, Job};
use crate::server::store::{StoreError, deliveries, studies, webhooks};
use std::time::Duration;

/// What a webhook allows, as it was when last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests at once.
    pub concurrency: u32,
    /// Attempts begun a second.
    pub rate: Option<u32>,
}

impl From<&Webhook> for Limits {
    fn from(webhook: &Webhook) -> Self {
        Self { concurrency: webhook.settings.concurrency, rate: webhook.settings.rate_limit }
    }
}

/// What preparing gave.
enum Prepared {
    /// Send this.
    Ready(Box<Ready>),
    /// The webhook cannot receive now: the delivery waits, untried.
    Held,
    /// The webhook was archived: the delivery never goes out.
    Gone,
}

struct Ready {
    webhook: Webhook,
    outgoing: Outgoing,
    /// Headers as history keeps them.
    shown_headers: Vec<(String, String)>,
    started_at: Timestamp,
}

/// What a run tells its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ran {
    /// The webhook's limits, where it could be read.
    pub limits: Option<Limits>,
    /// Whether the attempt failed; `None`: none was made.
    pub failed: Option<bool>,
}

/// Runs one job that this node holds to its end; gives the webhook's limits where it could be read. Never fails: what goes wrong
/// in between gives the delivery back, to be tried again.
pub async fn run(engine: &Engine, job: Job) -> Ran {
    let (ran, result) = match prepare(engine, &job).await {
        Ok(Prepared::Ready(ready)) => {
            let limits = Limits::from(&ready.webhook);
            let exchange = engine.outbound.send(ready.outgoing.clone()).await;
            let failed = exchange.result.is_err() && !job.is_test;
            (Ran { limits: Some(limits), failed: Some(failed) }, conclude(engine, &job, *ready, exchange).await)
        }
        Ok(Prepared::Held) => (Ran::default(), give_back(engine, &job, false).await),
        Ok(Prepared::Gone) => (Ran::default(), give_back(engine, &job, true).await),
        Err(error) => (Ran::default(), Err(error)),
    };
    if let Err(error) = result {
        tracing::error!(delivery = %job.delivery_id, %error, "the attempt could not be carried through");
        engine.abandon(job.clone());
    }
    engine.live.tell(&job.study_id, &job.webhook_id);
    ran
}

async fn give_back(engine: &Engine, job: &Job, gone: bool) -> Result<(), StoreError> {
    let mut tx = engine.store.begin().await?;
    if gone {
        queue::cancel(&mut tx, &engine.node, &job.study_id, &job.delivery_id, engine.clock.now()).await?;
    } else {
        queue::release(&mut tx, &engine.node, &job.study_id, &job.delivery_id).await?;
    }
    tx.commit().await
}

async fn prepare(engine: &Engine, job: &Job) -> Result<Prepared, StoreError> {
    let mut db = engine.store.read().await?;
    let Some(sealed) = webhooks::find_sealed(&mut db, &job.study_id, &job.webhook_id).await? else { return Ok(Prepared::Gone) };
    let webhook = sealed.webhook;
    if webhook.archived_at.is_some() {
        return Ok(Prepared::Gone);
    }
    let enabled = studies::find(&mut db, &job.study_id).await?.is_some_and(|s| s.integrations_enabled);
    let receives = webhook.status == WebhookStatus::Active && (job.is_test || webhook.mode == WebhookMode::Live);
    // A sample goes out to an inactive webhook too: trying it out comes before switching it on.
    if !enabled || !(receives || job.trigger == Trigger::Sample) {
        return Ok(Prepared::Held);
    }
    let Some(stored) = deliveries::find_payload(&mut db, &job.study_id, &job.delivery_id).await? else {
        return Err(StoreError::Corrupt { what: "delivery", why: "it has no payload".to_owned() });
    };
    drop(db);
    let credentials = Credentials::open(&engine.vault, &job.study_id, &job.webhook_id, &sealed.credentials)
        .map_err(|e| StoreError::Corrupt { what: "webhook's credentials", why: e.to_string() })?;
    let started_at = engine.clock.now();
    let request = Request {
        delivery: &job.delivery_id,
        variant: &stored.variant,
        payload: &stored.payload,
        credentials: &credentials,
        at: started_at,
    };
    let headers = request.headers();
    let shown_headers = request.shown(headers.clone());
    let outgoing = Outgoing {
        url: webhook.settings.url.clone(),
        headers,
        body: stored.payload.body.into(),
        timeout: Duration::from_secs(u64::from(webhook.settings.timeout_seconds)),
    };
    Ok(Prepared::Ready(Box::new(Ready { webhook, outgoing, shown_headers, started_at })))
}

async fn conclude(engine: &Engine, job: &Job, ready: Ready, exchange: Exchange) -> Result<(), StoreError> {
    let (answer, failure) = match exchange.result {
        Ok(answer) => (Some(answer), None),
        Err(failure) => (failure.answer, Some((failure.kind, failure.message))),
    };
    let retry_after =
        answer.as_ref().and_then(|a| a.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("retry-after"))).map(|(_, value)| value.clone());
    let (status, response_headers, response_body, response_truncated) = match answer {
        Some(a) => (Some(a.status), mask_headers(a.headers, &[]), Some(a.body), a.truncated),
        None => (None, Vec::new(), None, false),
    };
    let attempt = Attempt {
        id: AttemptId::from_bits(engine.ids.next()),
        delivery_id: job.delivery_id.clone(),
        number: job.attempts + 1,
        trigger: job.trigger,
        requested_by: job.requested_by.clone(),
        reason: job.reason.clone(),
        started_at: ready.started_at,
        timing: exchange.timing,
        url: ready.webhook.settings.url.clone(),
        request_headers: ready.shown_headers,
        status,
        response_headers,
        response_body,
        response_truncated,
        failure: failure.as_ref().map(|(kind, _): &(FailureKind, String)| *kind),
        message: failure.map(|(_, message)| message),
    };
    outcome::record(engine, job, &ready.webhook, attempt, retry_after.as_deref()).await
}
