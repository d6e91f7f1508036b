//! Instants, in whole microseconds, as stored: what a database of either kind keeps exactly.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// One second, in microseconds.
pub const SECOND: i64 = 1_000_000;
/// One minute, in microseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour, in microseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day of 24 hours, in microseconds.
pub const DAY: i64 = 24 * HOUR;

impl Timestamp {
    /// Microseconds since the epoch.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: the `webhook-timestamp` of Standard Webhooks.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// This instant moved by `micros` (either way), clamped at the ends of the range.
    pub fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this instant; negative when `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// RFC 3339 in UTC with milliseconds: `2026-11-21T09:30:00.250Z`.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(t) => t.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            Err(_) => "out of range".to_owned(),
        }
    }

    /// For reading: `2026-11-21 09:30:00 UTC`.
    pub fn human(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(t) => t.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            Err(_) => "out of range".to_owned(),
        }
    }

    /// Reads RFC 3339 (any offset), or the `YYYY-MM-DDTHH:MM[:SS]` of a browser's `datetime-local`, taken as UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(t) = text.parse::<jiff::Timestamp>() {
            return Some(Self(t.as_microsecond()));
        }
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_microsecond()))
    }
}

/// A length of time as a person says it, to two units at most: `4 min 20 s`, `1.2 s`, `35 ms`.
pub fn human_duration(micros: i64) -> String {
    let micros = micros.max(0);
    match micros {
        0..=999 => format!("{micros} µs"),
        1_000..=999_999 => format!("{} ms", micros / 1_000),
        1_000_000..=9_999_999 => {
            let tenths = micros / 100_000;
            if tenths % 10 == 0 { format!("{} s", tenths / 10) } else { format!("{}.{} s", tenths / 10, tenths % 10) }
        }
        _ => {
            let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")];
            let mut rest = micros;
            let mut parts = Vec::new();
            for (size, name) in units {
                if rest >= size && parts.len() < 2 {
                    parts.push(format!("{} {name}", rest / size));
                    rest %= size;
                } else if !parts.is_empty() {
                    break;
                }
            }
            parts.join(" ")
        }
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// On the wire a time is RFC 3339 text.
impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Microseconds are kept, so that a time that crosses the wire comes back the same.
        let text = jiff::Timestamp::from_microsecond(self.0).map_err(serde::ser::Error::custom)?.to_string();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("must be a time such as 2026-11-21T09:30:00Z"))
    }
}

#[cfg(feature = "ssr")]
crate::model::text_schema!(Timestamp, "2026-11-21T09:30:00Z");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back() {
        let t = Timestamp(1_649_367_553_250_001);
        assert_eq!(t.rfc3339(), "2022-04-07T21:39:13.250Z");
        assert_eq!(t.human(), "2022-04-07 21:39:13 UTC");
        let wire = serde_json::to_string(&t).expect("serialises");
        assert_eq!(serde_json::from_str::<Timestamp>(&wire).expect("reads back"), t);
        assert_eq!(Timestamp::parse("2022-04-07T23:39:13+02:00").map(Timestamp::seconds), Some(1_649_367_553));
        assert_eq!(Timestamp::parse("2022-04-07T21:39").map(Timestamp::seconds), Some(1_649_367_540));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn durations_read_as_a_person_says_them() {
        for (micros, text) in [
            (0, "0 µs"),
            (35_400, "35 ms"),
            (1_250_000, "1.2 s"),
            (5 * SECOND, "5 s"),
            (260 * SECOND, "4 min 20 s"),
            (2 * HOUR, "2 h"),
            (DAY + 3 * HOUR + 59 * SECOND, "1 d 3 h"),
        ] {
            assert_eq!(human_duration(micros), text);
        }
    }
}
