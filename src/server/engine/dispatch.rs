//! Dispatch: a lane (queue, concurrency, rate) for each webhook, so that a slow or dead one delays nobody else; and the claim
//! loop, which brings in what is not in memory: retries, what a crash left, what found no place at intake.
//!
//! One task owns all of it, so there is no lock. A lane lives while it has work.

use super::attempt::{self, Limits, Ran};
use super::breaker::FAILURES_MAX;
use super::{Engine, Intake, Queued};
use crate::model::id::{StudyId, WebhookId};
use crate::model::time::SECOND;
use crate::server::store::queue::{self, Job};
use crate::server::store::{StoreError, webhooks};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Requests at once, all webhooks together.
const TOTAL_MAX: usize = 4096;
/// From here on no webhook has more than one request under way: a thousand slow receivers do not keep the others from theirs.
const SHARED_MAX: usize = 512;
/// Jobs claimed from the database at a time.
const CLAIM: u32 = 200;
/// The claim loop looks at least this often: the truth is the database, a wake-up only saves time.
const POLL: Duration = Duration::from_secs(1);
/// Leases are held for longer this often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What an orderly stop waits for attempts in flight. Longer ones are given back.
const GRACE: Duration = Duration::from_secs(20);

/// What waits for one webhook, and how fast it may go.
struct Lane {
    queue: VecDeque<Queued>,
    running: usize,
    limits: Limits,
    /// Failed attempts in a row, as far as this node saw. From [`FAILURES_MAX`] on only probes go, one at a time.
    failures: i64,
    /// Not before, by the rate limit.
    next_start: Instant,
}

impl Lane {
    fn may_start(&self, now: Instant, running: usize) -> bool {
        self.may_run_more(running) && self.next_start <= now
    }

    /// Whether nothing but the rate holds it back, with so many requests of all webhooks under way.
    fn may_run_more(&self, running: usize) -> bool {
        let alone = self.failures >= FAILURES_MAX || running >= SHARED_MAX;
        let most = if alone { 1 } else { self.limits.concurrency as usize };
        !self.queue.is_empty() && self.running < most
    }
}

/// Owns the lanes and runs until it is told to stop.
pub struct Dispatcher {
    engine: Engine,
    intake: Intake,
    lanes: HashMap<WebhookId, Lane>,
    /// The order in which lanes get their turn.
    turns: VecDeque<WebhookId>,
    running: JoinSet<Ran>,
    /// What each of those works on, to give it back if it panics.
    jobs: HashMap<task::Id, Job>,
}

impl Dispatcher {
    /// A dispatcher for what `engine` accepts.
    pub fn new(engine: Engine, intake: Intake) -> Self {
        Self { engine, intake, lanes: HashMap::new(), turns: VecDeque::new(), running: JoinSet::new(), jobs: HashMap::new() }
    }

    /// Runs until `stop`, then ends or gives back what is in flight. On the embedded database it first takes back what a
    /// process before it held: nobody else can hold anything.
    pub async fn run(mut self, stop: CancellationToken) {
        if self.engine.store.is_sqlite()
            && let Err(error) = self.take_back().await
        {
            tracing::error!(%error, "what an earlier process held is not taken back; its leases run out in their time");
        }
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut claim_at = Instant::now();
        loop {
            self.start_what_may();
            let rate_at = self.next_rate_start();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // Before the work, which may never pause: a node that is busy must not lose its leases.
                _ = heartbeat.tick() => {
                    if let Err(error) = self.engine.heartbeat().await {
                        tracing::warn!(%error, "the leases could not be held for longer");
                    }
                }
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                Some(jobs) = self.intake.0.recv() => self.enqueue(jobs).await,
                () = self.engine.wake.notified() => claim_at = Instant::now(),
                () = tokio::time::sleep_until(claim_at) => claim_at = self.claim().await,
                () = sleep_until_some(rate_at) => {}
            }
        }
        self.stop().await;
    }

    async fn take_back(&self) -> Result<(), StoreError> {
        let mut tx = self.engine.store.begin().await?;
        let count = queue::release_others(&mut tx, &self.engine.node).await?;
        tx.commit().await?;
        if count > 0 {
            tracing::info!(count, "took back what an earlier process held");
        }
        Ok(())
    }

    /// Claims what is due and fits; gives when to look again.
    async fn claim(&mut self) -> Instant {
        let engine = self.engine.clone();
        let limit = CLAIM.min(u32::try_from(engine.memory.free()).unwrap_or(CLAIM));
        if limit == 0 {
            return Instant::now() + POLL;
        }
        let full = engine.memory.full();
        let claimed = async {
            let now = engine.clock.now();
            let mut tx = engine.store.begin().await?;
            let jobs = queue::claim(&mut tx, &engine.node, now, engine.lease_until(), &full, limit).await?;
            let next = queue::next_due(&mut tx, now).await?;
            tx.commit().await?;
            Ok::<_, StoreError>((jobs, next.map(|at| at.since(now))))
        };
        match claimed.await {
            Ok((jobs, next)) => {
                let more = jobs.len() >= limit as usize;
                let mut queued = Vec::with_capacity(jobs.len());
                for job in jobs {
                    match engine.place(&job.webhook_id) {
                        Some(place) => queued.push(Queued { job, place }),
                        // The last places of its webhook went to others of this claim.
                        None => engine.abandon(job),
                    }
                }
                self.enqueue(queued).await;
                if more {
                    return Instant::now();
                }
                let micros = next.unwrap_or(SECOND).clamp(1_000, SECOND);
                Instant::now() + Duration::from_micros(u64::try_from(micros).unwrap_or(1_000_000)).min(POLL)
            }
            Err(error) => {
                tracing::warn!(%error, "nothing could be claimed");
                Instant::now() + POLL
            }
        }
    }

    async fn enqueue(&mut self, jobs: Vec<Queued>) {
        for queued in jobs {
            let webhook = queued.job.webhook_id.clone();
            if !self.lanes.contains_key(&webhook) {
                let limits = self.limits_of(&queued.job.study_id, &webhook).await;
                self.lanes
                    .insert(webhook.clone(), Lane { queue: VecDeque::new(), running: 0, limits, failures: 0, next_start: Instant::now() });
                self.turns.push_back(webhook.clone());
            }
            if let Some(lane) = self.lanes.get_mut(&webhook) {
                lane.queue.push_back(queued);
            }
        }
    }

    async fn limits_of(&self, study: &StudyId, webhook: &WebhookId) -> Limits {
        let found = async {
            let mut db = self.engine.store.read().await?;
            webhooks::find(&mut db, study, webhook).await
        };
        match found.await {
            Ok(Some(webhook)) => Limits::from(&webhook),
            // Too little does no harm: the first attempt reads them again.
            Ok(None) | Err(_) => Limits { concurrency: 1, rate: None },
        }
    }

    /// Starts attempts in turn, one a lane a round, while something may start.
    fn start_what_may(&mut self) {
        let now = Instant::now();
        let mut idle = 0;
        while idle < self.turns.len() && self.running.len() < TOTAL_MAX {
            let Some(webhook) = self.turns.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(&webhook) else { continue };
            // The rate counts from the last start, also when there is nothing to do meanwhile.
            if lane.queue.is_empty() && lane.running == 0 && lane.next_start <= now {
                self.lanes.remove(&webhook);
                continue;
            }
            self.turns.push_back(webhook.clone());
            if !lane.may_start(now, self.running.len()) {
                idle += 1;
                continue;
            }
            idle = 0;
            if let Some(Queued { job, place }) = lane.queue.pop_front() {
                lane.running += 1;
                if let Some(rate) = lane.limits.rate {
                    lane.next_start = lane.next_start.max(now) + Duration::from_secs(1) / rate.max(1);
                }
                let (engine, working_on) = (self.engine.clone(), job.clone());
                let started = self.running.spawn(async move {
                    let ran = attempt::run(&engine, job).await;
                    // Given up when the job has ended, not when it began.
                    drop(place);
                    ran
                });
                self.jobs.insert(started.id(), working_on);
            }
        }
    }

    /// When the rate limit next lets something start that nothing else holds back.
    fn next_rate_start(&self) -> Option<Instant> {
        let now = Instant::now();
        let running = self.running.len();
        let waits = |lane: &&Lane| lane.may_run_more(running) && lane.next_start > now;
        self.lanes.values().filter(waits).map(|lane| lane.next_start).min()
    }

    fn ended(&mut self, ended: Result<(task::Id, Ran), JoinError>) {
        let (id, ran) = match &ended {
            Ok((id, ran)) => (*id, *ran),
            Err(error) => (error.id(), Ran::default()),
        };
        let Some(job) = self.jobs.remove(&id) else { return };
        if let Some(lane) = self.lanes.get_mut(&job.webhook_id) {
            lane.running = lane.running.saturating_sub(1);
            lane.limits = ran.limits.unwrap_or(lane.limits);
            match ran.failed {
                Some(true) => lane.failures += 1,
                Some(false) => lane.failures = 0,
                None => {}
            }
            if lane.failures == FAILURES_MAX {
                // The breaker is open now: what waits here waits in the database instead, for probes, and leaves its places to others.
                lane.queue.drain(..).for_each(|queued| self.engine.abandon(queued.job));
            }
        }
        if let Err(error) = ended {
            // A defect of ours. The delivery is not held for ever for it.
            tracing::error!(delivery = %job.delivery_id, %error, "an attempt panicked");
            self.engine.abandon(job);
        }
    }

    async fn stop(mut self) {
        self.intake.0.close();
        let in_flight = self.running.len();
        let ended = tokio::time::timeout(GRACE, async { while self.running.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            tracing::warn!(in_flight = self.running.len(), "attempts that had not ended are given back");
            self.running.shutdown().await;
        }
        match self.engine.give_back().await {
            Ok(released) => tracing::info!(in_flight, released, "the engine has stopped"),
            Err(error) => tracing::warn!(%error, "leases were not given back; they run out by themselves"),
        }
    }
}

async fn sleep_until_some(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
