//! People.

use super::id::UserId;
use super::permission::Role;
use super::problem::FieldErrors;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A person. The password's hash never leaves the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Address for sign-in, lowercased, unique.
    pub email: String,
    /// Name shown to others.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the password was last set.
    pub password_changed_at: Timestamp,
}

/// A member of a study, as its administrator sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The person.
    pub user: User,
    /// What they are in the study.
    pub role: Role,
}

/// Fewest characters of a password.
pub const PASSWORD_MIN: usize = 12;
/// Most characters of a password: argon2 takes any length, a form need not.
pub const PASSWORD_MAX: usize = 200;

/// An e-mail address in the one form in which it is stored: trimmed and lowercased.
pub fn normalise_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Checks a new user's name and e-mail address.
pub fn check_new_user(email: &str, name: &str) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    let email = normalise_email(email);
    let shaped = email.len() <= 254
        && !email.contains(char::is_whitespace)
        && email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.len() > 1 && !domain.contains('@'));
    if !shaped {
        errors.add("email", "must be an e-mail address, such as ada@example.com");
    }
    if name.trim().is_empty() || name.chars().count() > 200 {
        errors.add("name", "must be 1–200 characters");
    }
    errors.into_result(|| ())
}
