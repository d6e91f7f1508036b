//! Sites: the places of a study.

use super::id::{SiteId, StudyId};
use super::problem::FieldErrors;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A place where participants are seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its study.
    pub study_id: StudyId,
    /// 1–200 characters, unique in the study.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Checks a name of 1–200 characters on one line; gives it without blanks around it.
pub fn check_name(field: &str, text: &str, errors: &mut FieldErrors) -> String {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        errors.add(field, "must be 1–200 characters on one line");
    }
    name.to_owned()
}
