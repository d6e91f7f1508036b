//! The engine: from an accepted event to what came of it.
//!
//! Read it in this order: [`intake`] commits an event with its deliveries; [`dispatch`] holds a queue a webhook and starts what
//! may start; [`attempt`] makes one HTTP request; [`outcome`] decides what it means and records it. The rest are rules that
//! those ask: [`retry`], [`signing`], [`address`], [`mask`]. No transaction is held across an HTTP call.

pub mod address;
pub mod attempt;
pub mod breaker;
pub mod client;
pub mod dispatch;
pub mod group_commit;
pub mod intake;
pub mod mask;
pub mod memory;
pub mod outcome;
pub mod request;
pub mod retry;
pub mod signing;
pub mod synchronous;

use super::clock::{Clock, Ids};
use super::live::Live;
use super::secret::Vault;
use super::store::queue::{self, Job};
use super::store::{Store, StoreError};
use crate::model::id::WebhookId;
use crate::model::time::{SECOND, Timestamp};
use client::Outbound;
use group_commit::GroupCommit;
use memory::{Memory, Place};
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, mpsc};

/// How long a lease lasts without a heartbeat, in microseconds: what a dead node's work waits until another takes it.
const LEASE: i64 = 45 * SECOND;
/// The engine's parts and its in-memory queue. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

/// What the engine's steps need.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Ids.
    pub ids: Ids,
    /// Opens credentials.
    pub vault: Arc<Vault>,
    /// Sends.
    pub outbound: Outbound,
    /// Tells open pages.
    pub live: Live,
    /// This process, as the owner of leases.
    pub node: String,
    intakes: GroupCommit<intake::Planned>,
    outcomes: GroupCommit<outcome::Ended>,
    queue: mpsc::UnboundedSender<Vec<Queued>>,
    memory: Memory,
    wake: Notify,
    background: bool,
    /// Jobs that could neither be carried through nor given back, because the database did not answer: the next heartbeat
    /// gives them back, and does not hold them for longer.
    abandoned: Mutex<Vec<Job>>,
}

/// A job in memory, with the place that it takes up.
pub struct Queued {
    job: Job,
    place: Place,
}

impl std::ops::Deref for Engine {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The engine's other end: [`dispatch::Dispatcher`] takes it. Dropped, nothing is handed on in memory.
pub struct Intake(mpsc::UnboundedReceiver<Vec<Queued>>);

impl Engine {
    /// Puts the parts together. `background` says that a dispatcher will run: without one (in tests) deliveries stay in the
    /// database until [`Engine::drain`].
    pub fn new(store: Store, clock: Clock, vault: Arc<Vault>, outbound: Outbound, live: Live, background: bool) -> (Self, Intake) {
        let (queue, receiver) = mpsc::unbounded_channel();
        let ids = Ids::new(clock.clone());
        let node = format!("node_{:032x}", ids.next());
        // SQLite has one writer; several commits of PostgreSQL are under way at a time.
        let turns = if store.is_sqlite() { 1 } else { 4 };
        let parts = Parts {
            intakes: GroupCommit::new(turns),
            outcomes: GroupCommit::new(turns),
            store,
            clock,
            ids,
            vault,
            outbound,
            live,
            node,
            queue,
            memory: Memory::default(),
            wake: Notify::new(),
            background,
            abandoned: Mutex::new(Vec::new()),
        };
        (Self(Arc::new(parts)), Intake(receiver))
    }

    /// Until when a lease taken now lasts.
    pub fn lease_until(&self) -> Timestamp {
        self.clock.now().plus(LEASE)
    }

    /// Tells the claim loop that something may be due: a retry by hand, a webhook made active.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// A place in memory for one more delivery of a webhook. None when it is full, and without a dispatcher: it goes by way of the database.
    fn place(&self, webhook: &WebhookId) -> Option<Place> {
        if self.background { self.memory.place(webhook) } else { None }
    }

    /// Notes a job to be given back by the next heartbeat.
    fn abandon(&self, job: Job) {
        self.abandoned.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(job);
    }

    /// Holds this node's leases for longer, all but what was abandoned, which is given back.
    ///
    /// # Errors
    /// When the database fails; nothing changed then.
    pub async fn heartbeat(&self) -> Result<(), StoreError> {
        let abandoned = std::mem::take(&mut *self.abandoned.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        let beat = async {
            let mut tx = self.store.begin().await?;
            for job in &abandoned {
                queue::release(&mut tx, &self.node, &job.study_id, &job.delivery_id).await?;
            }
            queue::extend(&mut tx, &self.node, self.lease_until()).await?;
            tx.commit().await
        };
        let done = beat.await;
        if done.is_err() {
            abandoned.into_iter().for_each(|job| self.abandon(job));
        }
        done
    }

    /// Gives back every delivery that this node holds, untried: at its stop. Says how many.
    ///
    /// # Errors
    /// When the database fails; the leases run out by themselves then.
    pub async fn give_back(&self) -> Result<u64, StoreError> {
        let mut tx = self.store.begin().await?;
        let count = queue::release_all(&mut tx, &self.node).await?;
        tx.commit().await?;
        Ok(count)
    }

    /// Hands committed, leased jobs to the dispatcher.
    fn hand_over(&self, jobs: Vec<Queued>) {
        if let Err(refused) = self.queue.send(jobs) {
            // The dispatcher has stopped: the leases are released with the node's others.
            tracing::debug!(jobs = refused.0.len(), "handed over after the stop");
        }
    }

    /// Attempts everything that is due, until nothing is, and says how many attempts were made. What the dispatcher does by
    /// itself; for the example and for tests, which move the clock instead of waiting.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drain(&self) -> Result<usize, StoreError> {
        let mut made = 0;
        loop {
            let mut tx = self.store.begin().await?;
            let jobs = queue::claim(&mut tx, &self.node, self.clock.now(), self.lease_until(), &[], 100).await?;
            tx.commit().await?;
            if jobs.is_empty() {
                return Ok(made);
            }
            for job in jobs {
                attempt::run(self, job).await;
                made += 1;
            }
        }
    }
}
