//! When a failing receiver is spared, and when it is given up (PRODUCT.md §5). Pure rules; the state is in the database, so that it outlives a
//! restart and holds for every node.

use crate::model::time::{HOUR, MINUTE, SECOND, Timestamp, human_duration};
use crate::server::store::health::Health;

/// After so many failures in a row the breaker opens: one probe at a time.
pub const FAILURES_MAX: i64 = 10;
/// A webhook is disabled after so many deliveries in a row that ran out of attempts.
pub const EXHAUSTED_MAX: i64 = 10;
/// A webhook is disabled after so long without one success, in microseconds.
pub const SILENCE_MAX: i64 = 72 * HOUR;
/// The first pause before a probe; each is twice the one before.
const PAUSE_LEAST: i64 = 30 * SECOND;
/// The longest.
const PAUSE_MOST: i64 = 15 * MINUTE;

/// The pause before the next probe, after so many that failed.
pub fn pause(probes: i64) -> i64 {
    (PAUSE_LEAST << probes.clamp(0, 10)).min(PAUSE_MOST)
}

/// What a failure at `at` makes of the breaker: when the next probe may go, and how many have failed; `None`: as it is. What was in flight when it
/// opened, and fails too, does not push the probe back.
pub fn next_probe(health: &Health, at: Timestamp) -> Option<(Timestamp, i64)> {
    match health.probe_at {
        None if health.failures < FAILURES_MAX => None,
        None => Some((at.plus(pause(0)), 0)),
        Some(_) if !health.probing => None,
        Some(_) => Some((at.plus(pause(health.probes + 1)), health.probes + 1)),
    }
}

/// Why a webhook is to be disabled, in a sentence; `None`: not yet.
pub fn give_up(health: &Health, at: Timestamp) -> Option<String> {
    let silent = at.since(health.failing_since);
    if health.exhausted >= EXHAUSTED_MAX {
        return Some(format!("{} deliveries in a row failed at every attempt of their schedule.", health.exhausted));
    }
    (silent >= SILENCE_MAX).then(|| format!("No attempt succeeded for {}.", human_duration(silent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(failures: i64, exhausted: i64, probe_at: Option<i64>, probing: bool) -> Health {
        Health { failures, failing_since: Timestamp(0), exhausted, probe_at: probe_at.map(Timestamp), probing, probes: 0 }
    }

    #[test]
    fn the_breaker_opens_at_the_tenth_failure_and_its_pauses_grow() {
        assert_eq!(next_probe(&health(9, 0, None, false), Timestamp(0)), None);
        assert_eq!(next_probe(&health(10, 0, None, false), Timestamp(0)), Some((Timestamp(30 * SECOND), 0)));
        assert_eq!(next_probe(&health(11, 0, Some(0), false), Timestamp(0)), None, "it was in flight when the breaker opened");
        assert_eq!(next_probe(&health(11, 0, Some(0), true), Timestamp(0)), Some((Timestamp(MINUTE), 1)));
        let pauses: Vec<_> = (0..8).map(|n| pause(n) / SECOND).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 900, 900, 900]);
    }

    #[test]
    fn it_is_given_up_after_ten_exhausted_or_three_days() {
        assert_eq!(give_up(&health(99, 9, None, false), Timestamp(72 * HOUR - 1)), None);
        assert!(give_up(&health(99, 10, None, false), Timestamp(1)).is_some_and(|why| why.starts_with("10 deliveries")));
        assert_eq!(give_up(&health(99, 0, None, false), Timestamp(72 * HOUR)).as_deref(), Some("No attempt succeeded for 3 d."));
    }
}
