//! A study: the tenant.

use super::id::StudyId;
use super::permission::Role;
use super::problem::FieldErrors;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Study {
    /// Its id.
    pub id: StudyId,
    /// Its name in addresses: `/s/{slug}/…`.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Whether it is a production study; a badge, so that nobody mistakes the one for the other.
    pub production: bool,
    /// Whether an implementation manager has enabled Integrations.
    pub integrations_enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A study as one of its members sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyOfMember {
    /// The study.
    pub study: Study,
    /// What they are in it.
    pub role: Role,
}

/// Checks the name and slug of a new study. A slug is 2–60 of `a–z 0–9 -`, beginning and ending with a letter or digit.
pub fn check_new_study(slug: &str, name: &str) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    let chars_ok = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !(2..=60).contains(&slug.len()) || !chars_ok || slug.starts_with('-') || slug.ends_with('-') {
        errors.add("slug", "must be 2–60 characters of a–z, 0–9 and -, beginning and ending with a letter or digit");
    }
    if name.trim().is_empty() || name.chars().count() > 200 {
        errors.add("name", "must be 1–200 characters");
    }
    errors.into_result(|| ())
}
