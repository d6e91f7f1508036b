//! Time and randomness are arguments: the only place that asks the machine for either.

use crate::model::time::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use uuid::{ContextV7, Uuid};

/// Tells the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    /// Stands until a test moves it.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// One that stands at `start` until [`Clock::advance`] moves it, so that no test sleeps.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.micros()))))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "the one place that may ask the machine")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp(jiff::Timestamp::now().as_microsecond()),
            Source::Manual(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock on by `micros`; the machine's stays as it is.
    pub fn advance(&self, micros: i64) {
        if let Source::Manual(at) = &self.0 {
            at.fetch_add(micros, Ordering::SeqCst);
        }
    }
}

/// Makes ids: UUIDv7 by the clock it was given, strictly growing within a process.
#[derive(Clone)]
pub struct Ids {
    clock: Clock,
    context: Arc<Mutex<ContextV7>>,
}

impl Ids {
    /// Ids by this clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock, context: Arc::new(Mutex::new(ContextV7::new())) }
    }

    /// The 128 bits of the next id, for `XxxId::from_bits`.
    pub fn next(&self) -> u128 {
        let now = self.clock.now().micros().max(0);
        let seconds = u64::try_from(now / 1_000_000).unwrap_or_default();
        let nanos = u32::try_from(now % 1_000_000 * 1000).unwrap_or_default();
        // A poisoned lock only means that another thread panicked; the counter is still good.
        let context = self.context.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*context, seconds, nanos)).as_u128()
    }
}

/// `N` random bytes from the operating system's generator, for secrets, tokens and nonces.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    use rand::Rng;
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_also_within_an_instant() {
        let ids = Ids::new(Clock::manual(Timestamp(1_700_000_000_000_000)));
        let made: Vec<u128> = (0..10_000).map(|_| ids.next()).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
    }
}
