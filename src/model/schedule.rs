//! Schedules: when, for whom, and which webhooks to call (the MyDataHelps way).

use super::id::{RunId, ScheduleId, SiteId, StudyId, WebhookId};
use super::problem::FieldErrors;
use super::site::check_name;
use super::time::{DAY, HOUR, MINUTE, Timestamp, human_duration};
use serde::{Deserialize, Serialize};

/// When a schedule runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Timing {
    /// By a crontab expression of five fields, read in a time zone of the IANA database.
    Cron {
        /// Such as `0 9 * * MON`.
        expression: String,
        /// Such as `Europe/Berlin`.
        time_zone: String,
    },
    /// Again and again.
    Every {
        /// Minutes in between, 1 to 525,600.
        minutes: u32,
    },
    /// Once for each participant, so long after they were enrolled.
    AfterEnrolment {
        /// Minutes after it, 0 to 5,256,000 (ten years).
        minutes: u32,
    },
}

impl Timing {
    /// As people say it.
    pub fn say(&self) -> String {
        match self {
            Timing::Cron { expression, time_zone } => format!("{expression} ({time_zone})"),
            Timing::Every { minutes } => format!("Every {}", human_duration(i64::from(*minutes) * MINUTE)),
            Timing::AfterEnrolment { minutes: 0 } => "At enrolment".to_owned(),
            Timing::AfterEnrolment { minutes } => format!("{} after enrolment", human_duration(i64::from(*minutes) * MINUTE)),
        }
    }
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Its study.
    pub study_id: StudyId,
    /// 1–200 characters, unique in the study.
    pub name: String,
    /// When it runs.
    pub timing: Timing,
    /// For participants of these sites; none: for all.
    pub sites: Vec<SiteId>,
    /// Its actions: the webhooks to call. No other webhook gets its events.
    pub webhooks: Vec<WebhookId>,
    /// Whether it runs by itself. By hand it runs always.
    pub active: bool,
    /// When it runs next; `None`: it is not active. For [`Timing::AfterEnrolment`], up to when participants were looked at.
    pub next_run_at: Option<Timestamp>,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
}

/// What set a run off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum RunCause {
    /// Its time had come.
    Due,
    /// Its time had come while the service was down; it ran once, afterwards.
    Late,
    /// Somebody pressed Run now.
    Manual,
}

text_enum!(RunCause { Due = "due" / "On time", Late = "late" / "Late", Manual = "manual" / "By hand" });

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRun {
    /// Its id.
    pub id: RunId,
    /// Of which study.
    pub study_id: StudyId,
    /// Of which schedule.
    pub schedule_id: ScheduleId,
    /// What set it off.
    pub cause: RunCause,
    /// When it was due.
    pub due_at: Timestamp,
    /// Of [`Timing::AfterEnrolment`]: participants enrolled after this and up to [`ScheduleRun::until`] are meant; `None`: all.
    pub since: Option<Timestamp>,
    /// Participants enrolled up to this instant are meant.
    pub until: Timestamp,
    /// Occasions that were missed while the service was down, this one not counted.
    pub missed: i64,
    /// Participants for whom it was triggered.
    pub participants: i64,
    /// The participant up to whom it is carried out.
    pub cursor: String,
    /// Who asked for it, by hand.
    pub requested_by: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None`: it is under way.
    pub finished_at: Option<Timestamp>,
}

/// A schedule as typed or sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleDraft {
    /// See [`Schedule::name`].
    pub name: String,
    /// `cron`, `every` or `after_enrolment`.
    pub timing: String,
    /// Of a cron.
    pub expression: String,
    /// Of a cron.
    pub time_zone: String,
    /// Of the two others: a whole number.
    pub number: String,
    /// `minutes`, `hours` or `days`.
    pub unit: String,
    /// Ids of sites.
    pub sites: Vec<String>,
    /// Ids of webhooks.
    pub webhooks: Vec<String>,
    /// `yes` or empty.
    pub active: String,
}

impl Default for ScheduleDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            timing: "cron".to_owned(),
            expression: String::new(),
            time_zone: "UTC".to_owned(),
            number: String::new(),
            unit: "days".to_owned(),
            sites: Vec::new(),
            webhooks: Vec::new(),
            active: "yes".to_owned(),
        }
    }
}

/// A schedule, checked as far as needs no clock and no database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedSchedule {
    /// See [`Schedule::name`].
    pub name: String,
    /// See [`Schedule::timing`].
    pub timing: Timing,
    /// See [`Schedule::sites`].
    pub sites: Vec<SiteId>,
    /// See [`Schedule::webhooks`].
    pub webhooks: Vec<WebhookId>,
    /// See [`Schedule::active`].
    pub active: bool,
}

impl ScheduleDraft {
    /// A draft of an existing schedule.
    pub fn of(schedule: &Schedule) -> Self {
        let mut draft = Self {
            name: schedule.name.clone(),
            sites: schedule.sites.iter().map(ToString::to_string).collect(),
            webhooks: schedule.webhooks.iter().map(ToString::to_string).collect(),
            active: if schedule.active { "yes" } else { "" }.to_owned(),
            ..Self::default()
        };
        let minutes = match &schedule.timing {
            Timing::Cron { expression, time_zone } => {
                (draft.expression, draft.time_zone) = (expression.clone(), time_zone.clone());
                return draft;
            }
            Timing::Every { minutes } => {
                draft.timing = "every".to_owned();
                i64::from(*minutes)
            }
            Timing::AfterEnrolment { minutes } => {
                draft.timing = "after_enrolment".to_owned();
                i64::from(*minutes)
            }
        };
        let units = [("days", DAY / MINUTE), ("hours", HOUR / MINUTE), ("minutes", 1)];
        let (unit, size) = units.into_iter().find(|(_, size)| minutes % size == 0).unwrap_or(("minutes", 1));
        (draft.unit, draft.number) = (unit.to_owned(), (minutes / size).to_string());
        draft
    }

    /// Checks every field; whether a cron ever fires, and whether sites and webhooks are there, is for the service.
    ///
    /// # Errors
    /// Each wrong one.
    pub fn check(&self) -> Result<CheckedSchedule, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = check_name("name", &self.name, &mut errors);
        let timing = match self.timing.as_str() {
            "cron" => Timing::Cron { expression: self.expression.trim().to_owned(), time_zone: self.time_zone.trim().to_owned() },
            "every" => Timing::Every { minutes: self.minutes(1, 525_600, &mut errors) },
            "after_enrolment" => Timing::AfterEnrolment { minutes: self.minutes(0, 5_256_000, &mut errors) },
            _ => {
                errors.add("timing", "must be cron, every or after_enrolment");
                Timing::Every { minutes: 1 }
            }
        };
        let sites = ids("sites", &self.sites, &mut errors);
        let webhooks: Vec<WebhookId> = ids("webhooks", &self.webhooks, &mut errors);
        if webhooks.is_empty() && errors.of("webhooks").is_none() {
            errors.add("webhooks", "add at least one webhook to call");
        }
        errors.into_result(|| CheckedSchedule { name, timing, sites, webhooks, active: !self.active.is_empty() })
    }

    fn minutes(&self, least: u32, most: u32, errors: &mut FieldErrors) -> u32 {
        let size = match self.unit.as_str() {
            "minutes" => 1,
            "hours" => 60,
            "days" => 1440,
            _ => {
                errors.add("unit", "must be minutes, hours or days");
                1
            }
        };
        match self.number.trim().parse::<u32>().ok().and_then(|n| n.checked_mul(size)) {
            Some(minutes) if (least..=most).contains(&minutes) => minutes,
            _ => {
                errors.add("number", format!("must be a whole number, {least} to {most} minutes in all"));
                least
            }
        }
    }
}

fn ids<T: std::str::FromStr>(field: &str, texts: &[String], errors: &mut FieldErrors) -> Vec<T>
where
    T::Err: std::fmt::Display,
{
    let mut ids = Vec::new();
    for text in texts.iter().filter(|t| !t.trim().is_empty()) {
        match text.trim().parse() {
            Ok(id) => ids.push(id),
            Err(error) => errors.add(field, T::Err::to_string(&error)),
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_reads_back_what_it_wrote() {
        let webhook = WebhookId::from_bits(1);
        for (timing, number, unit) in [("every", "2", "hours"), ("after_enrolment", "14", "days"), ("every", "90", "minutes")] {
            let draft = ScheduleDraft {
                name: "S".into(),
                timing: timing.into(),
                number: number.into(),
                unit: unit.into(),
                webhooks: vec![webhook.to_string()],
                ..ScheduleDraft::default()
            };
            let checked = draft.check().expect("right");
            let schedule = Schedule {
                id: ScheduleId::from_bits(2),
                study_id: StudyId::from_bits(3),
                name: checked.name,
                timing: checked.timing,
                sites: checked.sites,
                webhooks: checked.webhooks,
                active: checked.active,
                next_run_at: None,
                version: 1,
                created_at: Timestamp(0),
                updated_at: Timestamp(0),
                archived_at: None,
            };
            assert_eq!(ScheduleDraft::of(&schedule), draft);
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let draft = ScheduleDraft { timing: "every".into(), number: "0".into(), sites: vec!["x".into()], ..ScheduleDraft::default() };
        let fields: Vec<_> = draft.check().expect_err("wrong").0.into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["name", "number", "sites", "webhooks"]);
    }
}
