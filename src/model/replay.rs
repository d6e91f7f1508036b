//! Replays: many deliveries of one webhook sent again, chosen by a filter, counted first, carried out in the background.

use super::delivery::{DeliveryFilter, DeliveryQuery, DeliveryState};
use super::event_type::EventType;
use super::id::{ReplayId, StudyId, WebhookId};
use super::problem::FieldErrors;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Deliveries a second at most, where a replay has a rate of its own.
pub const RATE_MAX: u32 = 1000;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum ReplayState {
    /// Deliveries are being made due.
    Running,
    /// Held by somebody; goes on where it was.
    Paused,
    /// Each delivery was made due, or left alone. Some may still wait for their attempts.
    Done,
    /// Ended by somebody. What was made due before is sent.
    Cancelled,
}

text_enum!(ReplayState { Running = "running" / "Running", Paused = "paused" / "Paused", Done = "done" / "Done", Cancelled = "cancelled" / "Cancelled" });

/// One replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Its id.
    pub id: ReplayId,
    /// Its study.
    pub study_id: StudyId,
    /// Whose deliveries.
    pub webhook_id: WebhookId,
    /// Which of them; never one that was accepted after it began.
    pub filter: DeliveryFilter,
    /// Deliveries made due a second; `None`: as the webhook allows.
    pub rate: Option<u32>,
    /// Why.
    pub reason: String,
    /// How far it is.
    pub state: ReplayState,
    /// Deliveries that were like the filter when it began.
    pub planned: i64,
    /// Those made due so far.
    pub made_due: i64,
    /// Those left alone so far: they were on their way already.
    pub skipped: i64,
    /// The delivery up to which it is carried out; empty at the start.
    pub cursor: String,
    /// The time up to which its rate is used up.
    pub paced_at: Timestamp,
    /// Who began it, by name.
    pub requested_by: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was done or cancelled.
    pub finished_at: Option<Timestamp>,
}

impl Replay {
    /// Whether it holds dummy values alone.
    pub fn is_test(&self) -> bool {
        self.filter.is_test == Some(true)
    }

    /// How many deliveries it has come past.
    pub fn passed(&self) -> i64 {
        self.made_due + self.skipped
    }
}

/// What has become of the deliveries that a replay made due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcomes {
    /// The latest attempt arrived.
    pub delivered: i64,
    /// The latest attempt failed, and none is to come.
    pub failed: i64,
    /// An attempt is still to come, or under way.
    pub waiting: i64,
}

impl Outcomes {
    /// Deliveries that a later replay took over, or that are kept no longer, of so many made due.
    pub fn elsewhere(&self, made_due: i64) -> i64 {
        (made_due - self.delivered - self.failed - self.waiting).max(0)
    }
}

/// What a replay would be of: the dry run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DryRun {
    /// Deliveries that are like the filter.
    pub total: i64,
    /// Those of them that are on their way already, and would be left alone.
    pub on_their_way: i64,
    /// How many of each event type, the most frequent first.
    pub by_type: Vec<(EventType, i64)>,
    /// How many in each state, the most frequent first.
    pub by_state: Vec<(DeliveryState, i64)>,
    /// When the oldest was accepted.
    pub oldest: Option<Timestamp>,
    /// When the newest was accepted.
    pub newest: Option<Timestamp>,
}

impl DryRun {
    /// Deliveries that would be made due.
    pub fn ready(&self) -> i64 {
        self.total - self.on_their_way
    }
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplayDraft {
    /// Which deliveries.
    pub query: DeliveryQuery,
    /// Deliveries a second, or empty.
    pub rate: String,
    /// Why.
    pub reason: String,
}

impl ReplayDraft {
    /// Reads filter and rate. The reason is the service's to check.
    ///
    /// # Errors
    /// Each wrong field with what would be right.
    pub fn check(&self) -> Result<(DeliveryFilter, Option<u32>), FieldErrors> {
        let filter = self.query.check();
        let rate = match self.rate.trim() {
            "" => Ok(None),
            text => text.parse().ok().filter(|n| (1..=RATE_MAX).contains(n)).map(Some).ok_or(()),
        };
        match (filter, rate) {
            (Ok(filter), Ok(rate)) => Ok((filter, rate)),
            (filter, rate) => {
                let mut errors = filter.err().unwrap_or_default();
                if rate.is_err() {
                    errors.add("rate", format!("must be a whole number from 1 to {RATE_MAX}, or empty"));
                }
                Err(errors)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_and_rate_are_read_or_named_together() {
        let draft = |state: &str, rate: &str| ReplayDraft {
            query: DeliveryQuery { state: state.into(), ..DeliveryQuery::default() },
            rate: rate.into(),
            reason: String::new(),
        };
        let (filter, rate) = draft("failed", " 1000 ").check().expect("good");
        assert_eq!((filter.states, rate), (vec![DeliveryState::Exhausted, DeliveryState::Cancelled], Some(1000)));
        assert_eq!(draft("", "").check().expect("good").1, None);
        let wrong = |state: &str, rate: &str| -> Vec<String> {
            draft(state, rate).check().expect_err("wrong").0.into_iter().map(|e| e.field).collect()
        };
        assert_eq!(wrong("x", "0"), ["state", "rate"]);
        for rate in ["1001", "-1", "1.5", "many"] {
            assert_eq!(wrong("", rate), ["rate"], "{rate}");
        }
    }
}
