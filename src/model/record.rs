//! Records and their review levels (the TrialKit way).

use super::form::Form;
use super::id::{FormId, ParticipantId, RecordId, StudyId};
use super::problem::FieldErrors;
use super::site::check_name;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Review levels of a study at most.
pub const LEVELS_MAX: usize = 5;

/// A form's values, saved, updated and reviewed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Our id.
    pub id: RecordId,
    /// Its study.
    pub study_id: StudyId,
    /// Its number in the study, from 1; sent as text.
    pub trans_id: i64,
    /// Of which form.
    pub form_id: FormId,
    /// Of which version of it.
    pub form_version: i64,
    /// About whom, where it is about somebody.
    pub participant_id: Option<ParticipantId>,
    /// Values by question.
    pub answers: Map<String, Value>,
    /// The review level that it has reached (its place, 1–5); `None`: not reviewed.
    pub review: Option<u8>,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was first saved.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Record {
    /// Adds `record`, `form` and `answers` to an event's `data`.
    pub fn add_event_data(&self, form: &Form, data: &mut Map<String, Value>) {
        data.insert("record".to_owned(), json!({"id": self.id, "trans_id": self.trans_id.to_string()}));
        data.insert("form".to_owned(), json!({"id": form.id, "name": form.name, "version": self.form_version}));
        if !self.answers.is_empty() {
            data.insert("answers".to_owned(), Value::Object(self.answers.clone()));
        }
    }
}

/// One step of the review that a study's records go through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReviewLevel {
    /// Its place, 1–5: `wf_seq`, and `wf_id`, which a study's levels have in common with it.
    pub seq: u8,
    /// Its name, 1–200 characters.
    pub name: String,
    /// The numbers of at most three roles of the platform; -1 stands for none.
    pub roles: [i64; 3],
    /// Whether single fields are reviewed.
    pub field_level: bool,
    /// Whether a record that has reached it is locked: an update must break the lock first.
    pub lock: bool,
    /// Whether reaching it is signed: the person confirms it with their password, and no API key can do it.
    pub sign: bool,
    /// Whether it may be left out: a level after it can be reached without it.
    pub soft: bool,
    /// What it is for.
    pub description: String,
}

impl ReviewLevel {
    /// `wf_status`: 10 for the first level to 14 for the fifth.
    pub fn status(&self) -> i64 {
        9 + i64::from(self.seq)
    }

    /// Adds `review` to an event's `data`.
    pub fn add_event_data(&self, lock_broken: bool, data: &mut Map<String, Value>) {
        let review = json!({
            "wf_id": self.seq, "seq": self.seq, "name": self.name, "roles": self.roles, "field_level": self.field_level, "lock": self.lock,
            "sign": self.sign, "soft": self.soft, "status": self.status(), "description": self.description, "lock_broken": lock_broken,
        });
        data.insert("review".to_owned(), review);
    }
}

/// The levels of a study, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReviewLevels(pub Vec<ReviewLevel>);

impl ReviewLevels {
    /// Checks them and numbers them from 1.
    ///
    /// # Errors
    /// On `levels[n].…`.
    pub fn check(mut self) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        if self.0.len() > LEVELS_MAX {
            errors.add("levels", format!("has {} levels; at most {LEVELS_MAX} are possible", self.0.len()));
        }
        for (index, level) in self.0.iter_mut().enumerate() {
            level.seq = u8::try_from(index + 1).unwrap_or(u8::MAX);
            level.name = check_name(&format!("levels[{index}].name"), &level.name, &mut errors);
            if level.description.chars().count() > 2000 {
                errors.add(format!("levels[{index}].description"), "has at most 2,000 characters");
            }
            if level.roles.iter().any(|r| *r < -1) {
                errors.add(format!("levels[{index}].roles"), "are numbers from 0, or -1 for none");
            }
        }
        errors.into_result(|| self)
    }

    /// The level at a place.
    pub fn at(&self, seq: u8) -> Option<&ReviewLevel> {
        self.0.iter().find(|l| l.seq == seq)
    }

    /// Whether a record at `from` may go to `to`: back to any, or forward over soft levels alone.
    ///
    /// # Errors
    /// A sentence that says what stands in between.
    pub fn may_move(&self, from: Option<u8>, to: Option<u8>) -> Result<(), String> {
        let Some(target) = to else { return Ok(()) };
        if self.at(target).is_none() {
            return Err(format!("must be one of the study's {} review levels", self.0.len()));
        }
        let start = from.unwrap_or(0);
        match self.0.iter().find(|l| l.seq > start && l.seq < target && !l.soft) {
            Some(between) => Err(format!("{} comes first; only soft levels may be left out", between.name)),
            None => Ok(()),
        }
    }

    /// Whether going from `from` to `to` breaks a lock: it leaves a level that locks for one before it.
    pub fn breaks_lock(&self, from: Option<u8>, to: Option<u8>) -> bool {
        let back_to = to.unwrap_or(0);
        from.is_some_and(|from| self.0.iter().any(|l| l.lock && l.seq <= from && l.seq > back_to))
    }

    /// The level that locks a record at `at`, where one does.
    pub fn lock_at(&self, at: Option<u8>) -> Option<&ReviewLevel> {
        let at = at?;
        self.0.iter().rev().find(|l| l.lock && l.seq <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(name: &str, lock: bool, soft: bool) -> ReviewLevel {
        ReviewLevel {
            seq: 0,
            name: name.into(),
            roles: [4, -1, -1],
            field_level: false,
            lock,
            sign: false,
            soft,
            description: String::new(),
        }
    }

    #[test]
    fn levels_are_reached_in_turn_but_for_soft_ones() {
        let levels = ReviewLevels(vec![level("Data", false, true), level("Monitor", true, false), level("Sponsor", false, false)]);
        let levels = levels.check().expect("right");
        assert_eq!(levels.0.iter().map(ReviewLevel::status).collect::<Vec<_>>(), [10, 11, 12]);
        assert_eq!(levels.may_move(None, Some(2)), Ok(()));
        assert!(levels.may_move(None, Some(3)).expect_err("Monitor").starts_with("Monitor"));
        assert!(levels.may_move(None, Some(4)).is_err());
        assert_eq!(levels.may_move(Some(3), Some(1)), Ok(()));
        assert!(levels.breaks_lock(Some(3), Some(1)) && levels.breaks_lock(Some(2), None));
        assert!(!levels.breaks_lock(Some(3), Some(2)) && !levels.breaks_lock(None, Some(1)));
        assert_eq!(levels.lock_at(Some(3)).map(|l| l.seq), Some(2));
        assert_eq!(levels.lock_at(Some(1)), None);
    }

    #[test]
    fn six_are_too_many() {
        let six = ReviewLevels((0..6).map(|n| level(&n.to_string(), false, false)).collect());
        assert_eq!(six.check().expect_err("six").0[0].field, "levels");
    }
}
