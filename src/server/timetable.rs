//! When a schedule runs: crontab rules in a time zone, intervals. Pure: the time is an argument. What `chrono` is needed for stays in here.

use crate::model::schedule::Timing;
use crate::model::time::{MINUTE, Timestamp};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

/// Missed occasions are counted up to here.
pub const MISSED_MAX: i64 = 10_000;

fn read(expression: &str, time_zone: &str) -> Result<(Cron, Tz), (&'static str, String)> {
    let zone: Tz = time_zone
        .parse()
        .map_err(|_| ("time_zone", "must be a time zone of the IANA database, such as UTC or Europe/Berlin".to_owned()))?;
    let example = "write five fields: minute, hour, day of month, month, day of week, such as 0 9 * * MON";
    if expression.split_whitespace().count() != 5 {
        return Err(("expression", example.to_owned()));
    }
    let cron = CronParser::builder().seconds(Seconds::Disallowed).build().parse(expression);
    Ok((cron.map_err(|e| ("expression", format!("is no crontab rule ({e}); {example}")))?, zone))
}

fn cron_after(cron: &Cron, zone: Tz, after: Timestamp) -> Option<Timestamp> {
    let from: DateTime<Utc> = DateTime::from_timestamp_micros(after.micros())?;
    let next = cron.find_next_occurrence(&from.with_timezone(&zone), false).ok()?;
    Some(Timestamp(next.timestamp_micros()))
}

/// Checks that a timing can run at all.
///
/// # Errors
/// The field that is wrong, and what would be right. A rule that never comes, such as the 30th of February, is wrong.
pub fn check(timing: &Timing, now: Timestamp) -> Result<(), (&'static str, String)> {
    let Timing::Cron { expression, time_zone } = timing else { return Ok(()) };
    let (cron, zone) = read(expression, time_zone)?;
    match cron_after(&cron, zone, now) {
        Some(_) => Ok(()),
        None => Err(("expression", "never comes: no day fits it".to_owned())),
    }
}

/// When it is next due after an instant. Of [`Timing::AfterEnrolment`]: when participants are next looked at.
pub fn next_after(timing: &Timing, after: Timestamp) -> Option<Timestamp> {
    match timing {
        Timing::Cron { expression, time_zone } => {
            let (cron, zone) = read(expression, time_zone).ok()?;
            cron_after(&cron, zone, after)
        }
        Timing::Every { minutes } => Some(after.plus(i64::from(*minutes) * MINUTE)),
        Timing::AfterEnrolment { .. } => Some(after.plus(MINUTE)),
    }
}

/// Of a schedule that was due at `due`: how many further occasions have passed by `now`, and when it is next due.
pub fn catch_up(timing: &Timing, due: Timestamp, now: Timestamp) -> (i64, Option<Timestamp>) {
    match timing {
        Timing::Every { minutes } => {
            let step = i64::from(*minutes).max(1) * MINUTE;
            let missed = now.since(due).max(0) / step;
            (missed.min(MISSED_MAX), Some(due.plus((missed + 1) * step)))
        }
        Timing::AfterEnrolment { .. } => (0, next_after(timing, now)),
        Timing::Cron { expression, time_zone } => {
            let Ok((cron, zone)) = read(expression, time_zone) else { return (0, None) };
            let (mut missed, mut at) = (0, due);
            loop {
                match cron_after(&cron, zone, at) {
                    Some(next) if next <= now && missed < MISSED_MAX => (missed, at) = (missed + 1, next),
                    Some(next) if next <= now => return (missed, cron_after(&cron, zone, now)),
                    next => return (missed, next),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn cron(expression: &str, time_zone: &str) -> Timing {
        Timing::Cron { expression: expression.into(), time_zone: time_zone.into() }
    }

    #[test]
    fn a_cron_is_read_in_its_time_zone() {
        let nine = cron("0 9 * * MON", "Europe/Berlin");
        assert_eq!(next_after(&nine, at("2026-11-21T00:00:00Z")), Some(at("2026-11-23T08:00:00Z")));
        // Summer time begins on the 29th of March 2026.
        assert_eq!(next_after(&nine, at("2026-03-28T00:00:00Z")), Some(at("2026-03-30T07:00:00Z")));
        // Strictly after: an occasion does not come twice.
        assert_eq!(next_after(&nine, at("2026-11-23T08:00:00Z")), Some(at("2026-11-30T08:00:00Z")));
    }

    #[test]
    fn what_cannot_run_is_refused() {
        let now = at("2026-11-21T00:00:00Z");
        for (timing, field) in [
            (cron("0 0 30 2 *", "UTC"), "expression"),
            (cron("* * *", "UTC"), "expression"),
            (cron("61 * * * *", "UTC"), "expression"),
            (cron("* * * * * *", "UTC"), "expression"),
            (cron("0 9 * * *", "Mars/Olympus"), "time_zone"),
        ] {
            assert_eq!(check(&timing, now).expect_err("refused").0, field, "{timing:?}");
        }
        assert_eq!(check(&cron("0 0 29 2 *", "UTC"), now), Ok(()));
    }

    #[test]
    fn what_was_missed_is_counted_and_runs_once() {
        let (due, now) = (at("2026-11-21T09:00:00Z"), at("2026-11-21T12:30:00Z"));
        assert_eq!(catch_up(&cron("0 * * * *", "UTC"), due, now), (3, Some(at("2026-11-21T13:00:00Z"))));
        assert_eq!(catch_up(&Timing::Every { minutes: 60 }, due, now), (3, Some(at("2026-11-21T13:00:00Z"))));
        assert_eq!(catch_up(&Timing::Every { minutes: 60 }, due, due), (0, Some(at("2026-11-21T10:00:00Z"))));
    }
}
