//! When to try again. Pure: the time, the jitter and what the receiver asked for are arguments (PRODUCT.md §2, §5).

use crate::model::retry_schedule::RetrySchedule;
use crate::model::time::{DAY, SECOND, Timestamp};
use std::time::{Duration, UNIX_EPOCH};

/// A `Retry-After` counts up to this, in microseconds: a receiver must not be able to put a delivery off for ever.
pub const RETRY_AFTER_MAX: i64 = DAY;
/// How far jitter moves a pause, either way.
const JITTER: f64 = 0.1;

/// When the next attempt is due, or `None` when the schedule is used up.
///
/// * `attempts_done`: attempts that have ended, the one that just did included. 0 has no next one by the schedule.
/// * `ended_at`: when that one ended. Pauses count from the end, so that a slow receiver gets all of its pause.
/// * `retry_after`: what the failed answer's `Retry-After` says, in microseconds from `ended_at`. Counts up to
///   [`RETRY_AFTER_MAX`], and only ever pushes back.
/// * `jitter`: a random number in [-1, 1], so that deliveries that failed together do not return together.
pub fn next_attempt_at(
    schedule: &RetrySchedule,
    attempts_done: u32,
    ended_at: Timestamp,
    retry_after: Option<i64>,
    jitter: f64,
) -> Option<Timestamp> {
    let index = usize::try_from(attempts_done.checked_sub(1)?).ok()?;
    let pause = i64::from(*schedule.0.get(index)?) * SECOND;
    let jitter = if jitter.is_finite() { jitter.clamp(-1.0, 1.0) } else { 0.0 };
    // A pause is at most 7 days: far within what f64 holds exactly.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "small whole numbers")]
    let moved = pause + (pause as f64 * JITTER * jitter).round() as i64;
    let asked = retry_after.unwrap_or(0).min(RETRY_AFTER_MAX);
    Some(ended_at.plus(moved.max(asked)))
}

/// Reads a `Retry-After` header (RFC 9110 §10.2.3): seconds, or an HTTP date. Microseconds from `now`, not negative; `None` where it is
/// neither.
pub fn parse_retry_after(value: &str, now: Timestamp) -> Option<i64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit mean "very long", not "nonsense".
        return Some(value.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(SECOND));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let micros = date.duration_since(UNIX_EPOCH).as_ref().map(Duration::as_micros).unwrap_or(0);
    let at = Timestamp(i64::try_from(micros).unwrap_or(i64::MAX));
    Some(at.since(now).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ENDED: Timestamp = Timestamp(1_700_000_000_000_000);

    #[test]
    fn the_default_schedule_runs_out_after_its_last_pause() {
        let schedule = RetrySchedule::default();
        let pauses: Vec<i64> =
            (1..=10).filter_map(|n| next_attempt_at(&schedule, n, ENDED, None, 0.0)).map(|at| at.since(ENDED) / SECOND).collect();
        assert_eq!(pauses, [5, 30, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!(next_attempt_at(&schedule, 11, ENDED, Some(SECOND), 0.0), None);
        assert_eq!(next_attempt_at(&schedule, 0, ENDED, None, 0.0), None);
        assert_eq!(next_attempt_at(&RetrySchedule(vec![]), 1, ENDED, None, 0.0), None);
    }

    #[test]
    fn jitter_and_retry_after_move_it_as_promised() {
        let one = RetrySchedule(vec![100]);
        let seconds = |retry_after: Option<i64>, jitter| {
            next_attempt_at(&one, 1, ENDED, retry_after.map(|s| s * SECOND), jitter).map(|at| at.since(ENDED) / SECOND)
        };
        assert_eq!(seconds(None, -1.0), Some(90));
        assert_eq!(seconds(None, 1.0), Some(110));
        assert_eq!(seconds(None, f64::NAN), Some(100));
        assert_eq!(seconds(Some(10), 0.0), Some(100), "never forward");
        assert_eq!(seconds(Some(300), 0.0), Some(300));
        assert_eq!(seconds(Some(1_000_000), 0.0), Some(24 * 3600), "capped");
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let now = Timestamp(1_445_412_470 * SECOND);
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(10)),
            ("Wed, 21 Oct 2015 07:27:00 GMT", Some(0)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("120, 130", None),
        ] {
            assert_eq!(parse_retry_after(value, now), seconds.map(|s: i64| s * SECOND), "{value:?}");
        }
        assert_eq!(parse_retry_after("99999999999999999999999", now), Some(i64::MAX));
    }

    proptest! {
        #[test]
        fn laws(
            pauses in proptest::collection::vec(1u32..=604_800, 1..20), done in 1u32..25, jitter in -2.0f64..2.0,
            a in 0i64..200 * 3600 * SECOND, b in 0i64..200 * 3600 * SECOND,
        ) {
            let schedule = RetrySchedule(pauses.clone());
            let at = |retry_after| next_attempt_at(&schedule, done, ENDED, retry_after, jitter).map(|t| t.since(ENDED));
            let Some(pause) = pauses.get(done as usize - 1).map(|s| i64::from(*s) * SECOND) else {
                prop_assert_eq!(at(Some(a)), None);
                return Ok(());
            };
            let (plain, early, late) = (at(None).expect("due"), at(Some(a.min(b))).expect("due"), at(Some(a.max(b))).expect("due"));
            prop_assert!(plain >= pause * 9 / 10 && plain <= pause * 11 / 10);
            prop_assert!(plain <= early && early <= late, "monotone, and never forward");
            prop_assert!(late <= plain.max(RETRY_AFTER_MAX), "capped");
            prop_assert!(late >= b.max(a).min(RETRY_AFTER_MAX), "honoured");
        }

        #[test]
        fn nothing_panics(value in ".*", now in any::<i64>()) {
            if let Some(micros) = parse_retry_after(&value, Timestamp(now)) {
                prop_assert!(micros >= 0);
            }
        }
    }
}
