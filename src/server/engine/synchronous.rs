//! Synchronous webhooks (the TrialKit way): whoever saves waits for the answer, or as long as they wait at most.
//!
//! The save is committed before the request goes out, and nothing is locked while it is under way: nobody else's save waits. What fails goes on by
//! the webhook's retry schedule.

use super::{Engine, attempt};
use crate::model::synchronous::{SyncFailure, SyncOutcome};
use crate::server::store::queue::Job;
use crate::server::store::{StoreError, attempts, deliveries, webhooks};
use futures::future::join_all;
use std::time::Duration;

/// Runs the jobs at once and waits for all of them, but no longer than `most`. What has not ended by then goes on without the caller.
pub async fn wait(engine: &Engine, jobs: Vec<Job>, most: Duration) -> Vec<SyncOutcome> {
    let until = tokio::time::Instant::now() + most;
    let running = jobs.into_iter().map(|job| {
        // In a task of its own: a browser that leaves does not cut the attempt off between sending and recording.
        let (engine_of, job_of) = (engine.clone(), job.clone());
        let task = tokio::spawn(async move { attempt::run(&engine_of, job_of).await });
        (job, task)
    });
    let waits = running.collect::<Vec<_>>().into_iter().map(async |(job, task)| match tokio::time::timeout_at(until, task).await {
        Ok(Ok(_)) => outcome(engine, &job).await.unwrap_or_else(|error| unread(&job, &error)),
        Ok(Err(error)) => {
            tracing::error!(%error, delivery = %job.delivery_id, "a synchronous delivery panicked");
            engine.abandon(job.clone());
            unknown(&job)
        }
        Err(_) => SyncOutcome {
            failure: Some(SyncFailure::Timeout),
            message: format!("No answer within {} seconds; the attempt goes on.", most.as_secs()),
            ..begun(engine, &job).await.unwrap_or_else(|error| unread(&job, &error))
        },
    });
    join_all(waits).await
}

fn unknown(job: &Job) -> SyncOutcome {
    SyncOutcome {
        webhook_id: job.webhook_id.clone(),
        webhook_name: String::new(),
        delivery_id: job.delivery_id.clone(),
        status: None,
        failure: Some(SyncFailure::ProtocolError),
        message: "What came of it could not be read; the delivery's page says it.".to_owned(),
        next_attempt_at: None,
    }
}

fn unread(job: &Job, error: &StoreError) -> SyncOutcome {
    tracing::error!(%error, delivery = %job.delivery_id, "a synchronous delivery's outcome could not be read");
    unknown(job)
}

/// What is known of a delivery that need not have ended.
async fn begun(engine: &Engine, job: &Job) -> Result<SyncOutcome, StoreError> {
    let mut db = engine.store.read().await?;
    let name = webhooks::find(&mut db, &job.study_id, &job.webhook_id).await?.map(|w| w.settings.name).unwrap_or_default();
    Ok(SyncOutcome { webhook_name: name, ..unknown(job) })
}

async fn outcome(engine: &Engine, job: &Job) -> Result<SyncOutcome, StoreError> {
    let begun = begun(engine, job).await?;
    let mut db = engine.store.read().await?;
    let delivery = deliveries::find(&mut db, &job.study_id, &job.delivery_id).await?;
    let last = attempts::of_delivery(&mut db, &job.study_id, &job.delivery_id).await?.pop();
    let mut outcome = SyncOutcome { next_attempt_at: delivery.and_then(|d| d.next_attempt_at), ..begun };
    match last {
        Some(attempt) => {
            outcome.status = attempt.status;
            outcome.failure = attempt.failure.map(SyncFailure::of);
            outcome.message = match (attempt.failure, attempt.message) {
                (None, _) => format!("Answered {}.", attempt.status.unwrap_or_default()),
                (Some(kind), message) => message.unwrap_or_else(|| kind.label().to_owned()),
            };
        }
        // It was held or given back: the webhook was paused at the very moment.
        None => "It was not sent now; the delivery waits.".clone_into(&mut outcome.message),
    }
    Ok(outcome)
}
