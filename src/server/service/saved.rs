//! What a save of study data gives: the thing, the events that it made, and the synchronous webhooks that wait to be called.

use crate::model::event::Accepted;
use crate::model::synchronous::SyncOutcome;
use crate::server::engine::intake::{Committed, Leased};
use crate::server::engine::synchronous;
use crate::server::state::App;
use std::time::Duration;

/// The longest that anybody who saves waits: a webhook's longest timeout, and a little for what is around it.
pub const WAIT_MAX: Duration = Duration::from_secs(35);

/// Something that was saved. It is durable: what its webhooks answer changes nothing about it.
#[derive(Debug)]
pub struct Saved<T> {
    /// As it stands now.
    pub thing: T,
    /// The events that the save made.
    pub accepted: Vec<Accepted>,
    to_wait_for: Leased,
}

impl<T> Saved<T> {
    /// A save whose plan was committed.
    pub fn new(thing: T, committed: Committed) -> Self {
        Self { thing, accepted: committed.accepted, to_wait_for: committed.to_wait_for }
    }

    /// A save that made no event.
    pub fn quiet(thing: T) -> Self {
        Self::new(thing, Committed::default())
    }

    /// The same save, shown otherwise.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Saved<U> {
        Saved { thing: f(self.thing), accepted: self.accepted, to_wait_for: self.to_wait_for }
    }

    /// Calls the synchronous webhooks, all at once, and waits for their answers or for `most`. Empty where there are none.
    pub async fn wait(self, app: &App, most: Duration) -> (T, Vec<SyncOutcome>) {
        let outcomes =
            if self.to_wait_for.is_empty() { Vec::new() } else { synchronous::wait(&app.engine, self.to_wait_for.take(), most).await };
        (self.thing, outcomes)
    }
}
