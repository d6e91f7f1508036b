//! When a failed delivery is tried again.

use super::time::SECOND;
use serde::{Deserialize, Serialize};

/// Pauses between attempts: the time from one attempt's end to the next one's start, in seconds, before jitter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RetrySchedule(pub Vec<u32>);

impl Default for RetrySchedule {
    /// 5 s, 30 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: about 75 h.
    fn default() -> Self {
        const H: u32 = 3600;
        Self(vec![5, 30, 300, 1800, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H])
    }
}

/// Retries at most.
pub const RETRIES_MAX: usize = 20;
/// The longest pause between attempts, in seconds: 7 days.
pub const PAUSE_MAX: u32 = 7 * 24 * 3600;

impl RetrySchedule {
    /// Reads `5s, 30s, 5m, 2h, 1d` (a bare number is seconds); an empty text is no retry at all.
    ///
    /// # Errors
    /// A sentence that says which part is wrong and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pauses = Vec::new();
        for part in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|p| !p.is_empty()) {
            let digits = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let unit = match &part[digits.len()..] {
                "" | "s" => 1,
                "m" | "min" => 60,
                "h" => 3600,
                "d" => 86_400,
                _ => {
                    return Err(format!("{part:?} is not a delay; write it like 30s, 5m, 2h or 1d"));
                }
            };
            let seconds = digits.parse::<u32>().ok().and_then(|n| n.checked_mul(unit)).filter(|n| (1..=PAUSE_MAX).contains(n));
            match seconds {
                Some(seconds) => pauses.push(seconds),
                None => {
                    return Err(format!("{part:?} must be a delay of 1 second to 7 days, like 30s, 5m, 2h or 1d"));
                }
            }
        }
        if pauses.len() > RETRIES_MAX {
            return Err(format!("has {} delays; at most {RETRIES_MAX} are possible", pauses.len()));
        }
        Ok(Self(pauses))
    }

    /// As [`RetrySchedule::parse`] reads it.
    pub fn text(&self) -> String {
        let one = |s: &u32| match *s {
            s if s % 86_400 == 0 => format!("{}d", s / 86_400),
            s if s % 3600 == 0 => format!("{}h", s / 3600),
            s if s % 60 == 0 => format!("{}m", s / 60),
            s => format!("{s}s"),
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// From the first attempt to the last, in microseconds, without jitter.
    pub fn total(&self) -> i64 {
        self.0.iter().map(|s| i64::from(*s) * SECOND).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_reads_back() {
        for text in ["5s, 30s, 5m, 30m, 2h, 5h, 10h, 14h, 20h, 1d", ""] {
            assert_eq!(RetrySchedule::parse(text).map(|s| s.text()), Ok(text.to_owned()));
        }
        assert_eq!(RetrySchedule::default().text(), "5s, 30s, 5m, 30m, 2h, 5h, 10h, 14h, 20h, 1d");
    }
}
