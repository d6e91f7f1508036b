//! Group commit: writes that arrive together share a transaction and its fsync, and each is answered after that commit. One that arrives alone is
//! committed alone, at once: there is no timer.
//!
//! Whoever comes takes a turn; who has the turn writes everything that waits, its own and the others'. The turn is taken in a task of its own, so
//! that a caller who leaves takes nobody's write along.

use super::Engine;
use crate::server::store::{StoreError, Tx};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, oneshot};

/// Rows, roughly, that one commit takes at most: the next group need not wait long for it.
const GROUP_MAX: usize = 2_000;
/// Rows, roughly, that wait at most. What comes then is refused (503): better than an answer that comes when nobody waits any more.
const WAITING_MAX: usize = 20_000;

/// Something that is written.
pub trait Write: Send + Sized + 'static {
    /// What its writer is told.
    type Answer: Send + 'static;

    /// How many rows it is, roughly.
    fn weight(&self) -> usize;

    /// Writes all of these within one transaction. After an error the transaction is dropped, and each may be written again, alone.
    fn write(engine: &Engine, tx: &mut Tx, all: &mut [Self]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// After the commit.
    fn committed(self, engine: &Engine) -> Self::Answer;
}

type Waiting<W> = (W, oneshot::Sender<Result<<W as Write>::Answer, StoreError>>);

/// Writes of one kind that share their commits. Cheap to clone.
pub struct GroupCommit<W: Write>(Arc<Parts<W>>);

struct Parts<W: Write> {
    waiting: Mutex<Queue<W>>,
    /// SQLite has one writer; PostgreSQL commits several groups at a time.
    turns: Semaphore,
}

struct Queue<W: Write> {
    entries: VecDeque<Waiting<W>>,
    weight: usize,
}

impl<W: Write> Clone for GroupCommit<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> GroupCommit<W> {
    /// `turns`: groups that are written at a time.
    pub fn new(turns: usize) -> Self {
        let waiting = Mutex::new(Queue { entries: VecDeque::new(), weight: 0 });
        Self(Arc::new(Parts { waiting, turns: Semaphore::new(turns) }))
    }

    /// Writes it with whatever else waits, and answers after the commit.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too much waits already; what the database says, for this write alone: that another of its group fails is not told.
    pub async fn submit(&self, engine: &Engine, what: W) -> Result<W::Answer, StoreError> {
        let (sender, answer) = oneshot::channel();
        {
            let mut waiting = self.lock();
            let weight = what.weight().max(1);
            if waiting.weight > 0 && waiting.weight + weight > WAITING_MAX {
                return Err(StoreError::Busy);
            }
            waiting.weight += weight;
            waiting.entries.push_back((what, sender));
        }
        let (group, engine) = (self.clone(), engine.clone());
        tokio::spawn(async move { group.take_turn(&engine).await });
        answer.await.unwrap_or_else(|_| Err(StoreError::Interrupted))
    }

    fn lock(&self) -> MutexGuard<'_, Queue<W>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what waits when the turn comes: all of it, or nothing when somebody before did.
    async fn take_turn(&self, engine: &Engine) {
        let Ok(_turn) = self.0.turns.acquire().await else { return };
        let group = self.next_group();
        if group.is_empty() {
            return;
        }
        let (mut writes, mut answers): (Vec<W>, Vec<_>) = group.into_iter().unzip();
        // Who has left is not told; the write stands.
        match commit(engine, &mut writes).await {
            Ok(()) => {
                for (write, answer) in writes.into_iter().zip(answers) {
                    let _left = answer.send(Ok(write.committed(engine)));
                }
            }
            Err(error) if writes.len() == 1 => {
                let _left = answers.pop().map(|answer| answer.send(Err(error)));
            }
            Err(error) => {
                tracing::debug!(%error, writes = writes.len(), "a group could not be written; each is written alone");
                for (write, answer) in writes.into_iter().zip(answers) {
                    let mut alone = [write];
                    let done = commit(engine, &mut alone).await;
                    let [write] = alone;
                    let _left = answer.send(done.map(|()| write.committed(engine)));
                }
            }
        }
    }

    fn next_group(&self) -> Vec<Waiting<W>> {
        let mut waiting = self.lock();
        let mut group = Vec::new();
        let mut weight = 0;
        while let Some((next, _)) = waiting.entries.front() {
            let more = next.weight().max(1);
            if weight > 0 && weight + more > GROUP_MAX {
                break;
            }
            weight += more;
            group.extend(waiting.entries.pop_front());
        }
        waiting.weight -= weight;
        group
    }
}

async fn commit<W: Write>(engine: &Engine, all: &mut [W]) -> Result<(), StoreError> {
    let mut tx = engine.store.begin().await?;
    W::write(engine, &mut tx, all).await?;
    tx.commit().await
}
