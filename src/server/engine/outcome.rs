//! What an attempt's end means for its delivery and its webhook (a pure decision), and the one commit that records it.

use super::group_commit::Write;
use super::{Engine, breaker, retry};
use crate::model::audit::AuditEntry;
use crate::model::delivery::{Attempt, DeliveryState, FailureKind};
use crate::model::event_type::EventType;
use crate::model::id::{StudyId, WebhookId};
use crate::model::retry_schedule::RetrySchedule;
use crate::model::time::{HOUR, Timestamp};
use crate::model::webhook::Webhook;
use crate::server::store::health::Reported;
use crate::server::store::queue::{self, Completion, Job};
use crate::server::store::webhooks::Counted;
use crate::server::store::{self, StoreError, Tx, attempts, health, outbox, webhooks};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// With the delivery.
    pub completion: Completion,
    /// With the webhook: disable it, for this cause.
    pub disable: Option<String>,
}

/// Decides, by the rules of PRODUCT.md §5. `jitter` is in −1 … 1.
pub fn decide(
    job: &Job,
    schedule: &RetrySchedule,
    attempt: &Attempt,
    retry_after: Option<i64>,
    ended_at: Timestamp,
    jitter: f64,
) -> Verdict {
    let next = match (attempt.failure, job.state) {
        (None, ..) => None,
        // A sample is one question and one answer, also when it is asked again by hand.
        (Some(_), ..) if job.is_test => None,
        // It arrived once; that one more request failed takes nothing back.
        (Some(_), DeliveryState::Delivered) => None,
        // Gone: the receiver says that it wants nothing more.
        (Some(_), ..) if attempt.status == Some(410) => None,
        (Some(_), ..) => retry::next_attempt_at(schedule, job.schedule_step + 1, ended_at, retry_after, jitter),
    };
    let state = match (attempt.failure, job.state, next) {
        (None, ..) | (Some(_), DeliveryState::Delivered, _) => DeliveryState::Delivered,
        (Some(_), _, Some(_)) => DeliveryState::Retrying,
        (Some(_), _, None) => DeliveryState::Exhausted,
    };
    let disable = (attempt.status == Some(410) && !job.is_test)
        .then(|| "The receiver answered 410 Gone: it wants no more events at this address.".to_owned());
    let completion = Completion {
        state,
        next_attempt_at: next,
        attempts: attempt.number,
        schedule_step: job.schedule_step + u32::from(next.is_some()),
        status: attempt.status,
        failure: attempt.failure,
        duration: attempt.timing.total,
        ended_at,
    };
    Verdict { completion, disable }
}

/// An attempt that has ended and what that means, on its way into the database.
pub struct Ended {
    job: Job,
    /// The webhook's version with which the request was made.
    version: i64,
    /// Its name.
    name: String,
    attempt: Attempt,
    verdict: Verdict,
    /// Whether the lease was still ours, once it is written.
    held: bool,
}

/// Records an attempt and what it means, in a commit that it shares with others that end at the same time. A database that does not answer is
/// tried again for as long as the lease may last: an attempt that was made and not recorded would be made twice.
///
/// # Errors
/// When the database refuses it, or still does not answer.
pub async fn record(engine: &Engine, job: &Job, webhook: &Webhook, attempt: Attempt, retry_after: Option<&str>) -> Result<(), StoreError> {
    let ended_at = attempt.ended_at();
    let retry_after = retry_after.and_then(|value| retry::parse_retry_after(value, ended_at));
    let verdict = decide(job, &webhook.settings.retry_schedule, &attempt, retry_after, ended_at, rand::random_range(-1.0..=1.0));
    let mut pause = Duration::from_millis(100);
    loop {
        let ended = Ended {
            job: job.clone(),
            version: webhook.version,
            name: webhook.settings.name.clone(),
            attempt: attempt.clone(),
            verdict: verdict.clone(),
            held: false,
        };
        match engine.outcomes.submit(engine, ended).await {
            Err(error) if may_pass(&error) && pause < Duration::from_secs(20) => {
                tracing::warn!(delivery = %job.delivery_id, %error, "the outcome is not recorded yet");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            done => return done,
        }
    }
}

fn may_pass(error: &StoreError) -> bool {
    let StoreError::Sqlx(error) = error else { return matches!(error, StoreError::Busy) };
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed)
        // PostgreSQL: shutting down, starting up, connection lost, serialisation.
        || error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code.starts_with("57P") || code.starts_with("08") || code.starts_with("40"))
}

impl Write for Ended {
    type Answer = ();

    fn weight(&self) -> usize {
        3
    }

    async fn write(engine: &Engine, tx: &mut Tx, all: &mut [Self]) -> Result<(), StoreError> {
        let ended: Vec<_> = all.iter().map(|e| (&e.job.study_id, &e.job.delivery_id, &e.verdict.completion)).collect();
        let held = queue::complete(tx, &engine.node, &ended).await?;
        for ended in &mut *all {
            ended.held = held.contains(&ended.job.delivery_id);
        }
        let held = || all.iter().filter(|e| e.held);
        attempts::insert(tx, &held().map(|e| (&e.job.study_id, &e.attempt)).collect::<Vec<_>>()).await?;
        webhooks::count(tx, &counted(held())).await?;
        for ended in held() {
            let Ended { job, version, attempt, verdict, .. } = ended;
            if job.is_test && attempt.failure.is_none() {
                webhooks::set_verified(tx, &job.study_id, &job.webhook_id, *version).await?;
            }
            let at = verdict.completion.ended_at;
            if let Some(cause) = &verdict.disable {
                disable(tx, ended, cause, at).await?;
            }
            // An operational event that did not arrive makes no other.
            if verdict.completion.state == DeliveryState::Exhausted && !job.is_test && job.event_type.can_be_published() {
                let data = json!({
                    "webhook": {"id": job.webhook_id, "name": ended.name}, "delivery": {"id": job.delivery_id, "event_type": job.event_type},
                    "attempts": attempt.number, "failure": attempt.failure.map(FailureKind::as_str),
                });
                let id = format!("{}/{}", job.delivery_id, attempt.number);
                outbox::put(tx, &job.study_id, &id, EventType::DeliveryExhausted, &data, at).await?;
            }
        }
        for (reported, last) in reported(held()) {
            let Some(health) = health::report(tx, &reported).await? else { continue };
            let at = reported.last_failure_at;
            match (breaker::give_up(&health, at), breaker::next_probe(&health, at)) {
                (Some(cause), _) => disable(tx, last, &cause, at).await?,
                (None, Some((probe_at, probes))) => {
                    health::set_probe(tx, &reported.study_id, &reported.webhook_id, probe_at, probes).await?
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn committed(self, _: &Engine) {
        if !self.held {
            // Another node took it over when our lease ran out; what it records counts.
            tracing::warn!(delivery = %self.job.delivery_id, "the lease was lost before the attempt ended");
        }
    }
}

/// Disables a webhook, with the cause in a sentence, and tells: in the audit trail, and by an event.
async fn disable(tx: &mut Tx, ended: &Ended, cause: &str, at: Timestamp) -> Result<(), StoreError> {
    let job = &ended.job;
    if !webhooks::disable(tx, &job.study_id, &job.webhook_id, cause, at).await? {
        return Ok(());
    }
    // Made active again, it begins anew.
    health::clear(tx, &job.study_id, &job.webhook_id).await?;
    let entry = AuditEntry::by_engine(&job.study_id, at, "webhook.disabled", job.webhook_id.as_str(), cause);
    store::audit::append(tx, &entry, None).await?;
    let data = json!({"webhook": {"id": job.webhook_id, "name": ended.name}, "cause": cause});
    let id = format!("{}/disabled/{}", job.webhook_id, at.micros());
    outbox::put(tx, &job.study_id, &id, EventType::WebhookDisabled, &data, at).await
}

/// What these say of each receiver, in the order of their keys, and the last of each. Samples say nothing: somebody is trying something out.
fn reported<'a>(ended: impl Iterator<Item = &'a Ended>) -> Vec<(Reported, &'a Ended)> {
    let mut all = BTreeMap::<(&StudyId, &WebhookId), (Reported, &Ended)>::new();
    for ended in ended.filter(|e| !e.job.is_test) {
        let at = ended.verdict.completion.ended_at;
        let (row, last) = all.entry((&ended.job.study_id, &ended.job.webhook_id)).or_insert_with(|| {
            let row = Reported {
                study_id: ended.job.study_id.clone(),
                webhook_id: ended.job.webhook_id.clone(),
                ok: false,
                failures: 0,
                first_failure_at: at,
                last_failure_at: at,
                exhausted: 0,
            };
            (row, ended)
        });
        *last = ended;
        if ended.attempt.failure.is_none() {
            (row.ok, row.failures, row.exhausted) = (true, 0, 0);
            continue;
        }
        row.first_failure_at = if row.failures == 0 { at } else { row.first_failure_at };
        row.last_failure_at = at;
        row.failures += 1;
        row.exhausted += i64::from(ended.verdict.completion.state == DeliveryState::Exhausted);
    }
    all.into_values().collect()
}

/// What these add to the counters, a row a webhook and hour, in the order of their keys, so that two nodes wait for each other instead of in a
/// circle. Samples are not counted: they say nothing of live traffic.
fn counted<'a>(ended: impl Iterator<Item = &'a Ended>) -> Vec<Counted> {
    let mut rows = BTreeMap::<(StudyId, WebhookId, i64), Counted>::new();
    for Ended { job, attempt, verdict, .. } in ended.filter(|e| !e.job.is_test) {
        let done = &verdict.completion;
        let hour = done.ended_at.micros().div_euclid(HOUR);
        let row = rows.entry((job.study_id.clone(), job.webhook_id.clone(), hour)).or_insert_with(|| Counted {
            study_id: job.study_id.clone(),
            webhook_id: job.webhook_id.clone(),
            hour,
            delivered: 0,
            exhausted: 0,
            attempts_ok: 0,
            attempts_failed: 0,
            last_attempt_at: done.ended_at,
        });
        row.delivered += i64::from(done.state == DeliveryState::Delivered && job.state != DeliveryState::Delivered);
        row.exhausted += i64::from(done.state == DeliveryState::Exhausted);
        row.attempts_ok += i64::from(attempt.failure.is_none());
        row.attempts_failed += i64::from(attempt.failure.is_some());
        row.last_attempt_at = row.last_attempt_at.max(done.ended_at);
    }
    rows.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::delivery::{FailureKind, Timing, Trigger};
    use crate::model::event_type::EventType;
    use crate::model::id::{AttemptId, DeliveryId, StudyId, WebhookId};
    use crate::model::time::SECOND;

    fn job(state: DeliveryState, trigger: Trigger, step: u32) -> Job {
        Job {
            study_id: StudyId::from_bits(1),
            delivery_id: DeliveryId::from_bits(2),
            webhook_id: WebhookId::from_bits(3),
            event_type: EventType::FormCompleted,
            is_test: trigger == Trigger::Sample,
            state,
            attempts: step,
            schedule_step: step,
            trigger,
            requested_by: None,
            reason: None,
        }
    }

    fn attempt(status: Option<u16>, failure: Option<FailureKind>) -> Attempt {
        Attempt {
            id: AttemptId::from_bits(4),
            delivery_id: DeliveryId::from_bits(2),
            number: 1,
            trigger: Trigger::Schedule,
            requested_by: None,
            reason: None,
            started_at: Timestamp(0),
            timing: Timing { total: 1000, ..Timing::default() },
            url: String::new(),
            request_headers: Vec::new(),
            status,
            response_headers: Vec::new(),
            response_body: None,
            response_truncated: false,
            failure,
            message: None,
        }
    }

    fn verdict(job: &Job, attempt: &Attempt) -> (DeliveryState, Option<i64>, u32, bool) {
        let v = decide(job, &RetrySchedule(vec![5, 30]), attempt, None, Timestamp(0), 0.0);
        (v.completion.state, v.completion.next_attempt_at.map(|t| t.micros() / SECOND), v.completion.schedule_step, v.disable.is_some())
    }

    #[test]
    fn each_ending_has_its_state() {
        use DeliveryState::{Delivered, Exhausted, Pending, Retrying};
        let ok = attempt(Some(204), None);
        let bad = attempt(Some(500), Some(FailureKind::HttpStatus));
        let gone = attempt(Some(410), Some(FailureKind::HttpStatus));
        let live = Trigger::Schedule;
        assert_eq!(verdict(&job(Pending, live, 0), &ok), (Delivered, None, 0, false));
        assert_eq!(verdict(&job(Pending, live, 0), &bad), (Retrying, Some(5), 1, false));
        assert_eq!(verdict(&job(Retrying, live, 1), &bad), (Retrying, Some(30), 2, false));
        assert_eq!(verdict(&job(Retrying, live, 2), &bad), (Exhausted, None, 2, false));
        assert_eq!(verdict(&job(Pending, live, 0), &gone), (Exhausted, None, 0, true));
        // By hand: the schedule goes on where it was; what was exhausted stays so; what arrived stays delivered.
        assert_eq!(verdict(&job(Retrying, Trigger::Manual, 1), &bad), (Retrying, Some(30), 2, false));
        assert_eq!(verdict(&job(Retrying, Trigger::Manual, 2), &bad), (Exhausted, None, 2, false));
        assert_eq!(verdict(&job(Delivered, Trigger::Manual, 0), &bad), (Delivered, None, 0, false));
        // A sample is tried once, and disables nothing.
        assert_eq!(verdict(&job(Pending, Trigger::Sample, 0), &bad), (Exhausted, None, 0, false));
        assert_eq!(verdict(&job(Pending, Trigger::Sample, 0), &gone), (Exhausted, None, 0, false));
        // Not when it is retried by hand either.
        let again = Job { is_test: true, ..job(Retrying, Trigger::Manual, 0) };
        assert_eq!(verdict(&again, &bad), (Exhausted, None, 0, false));
        assert_eq!(verdict(&again, &gone), (Exhausted, None, 0, false));
    }
}
