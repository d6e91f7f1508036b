//! Participants: whom a study is about.

use super::id::{ParticipantId, SiteId, StudyId};
use super::problem::FieldErrors;
use super::site::Site;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Details of one participant at most.
pub const DETAILS_MAX: usize = 50;

/// How a participant came to be here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Origin {
    /// Typed in on the page.
    Console,
    /// From a file.
    Import,
    /// Over the API.
    Api,
}

text_enum!(Origin { Console = "console" / "Typed in", Import = "import" / "Import", Api = "api" / "API" });

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Our id.
    pub id: ParticipantId,
    /// The study.
    pub study_id: StudyId,
    /// What the study knows them by: as on their invitation, or made here. 1–100 characters, unique in the study.
    pub identifier: String,
    /// Where they are seen.
    pub site_id: Option<SiteId>,
    /// Where they can be written to.
    pub email: Option<String>,
    /// What else a study keeps of them.
    pub details: BTreeMap<String, String>,
    /// How they came here.
    pub origin: Origin,
    /// Counts changes, from 1.
    pub version: i64,
    /// When they were enrolled here.
    pub created_at: Timestamp,
    /// When they were last changed.
    pub updated_at: Timestamp,
}

impl Participant {
    /// `participant` and `site` of an event's `data`. The e-mail and the details are there for `full` content alone.
    pub fn event_data(&self, site: Option<&Site>) -> serde_json::Map<String, Value> {
        let mut participant = json!({"id": self.id, "identifier": self.identifier});
        if let Some(email) = &self.email {
            participant["email"] = json!(email);
        }
        if !self.details.is_empty() {
            participant["details"] = json!(self.details);
        }
        let mut data = serde_json::Map::new();
        data.insert("participant".to_owned(), participant);
        if let Some(site) = site {
            data.insert("site".to_owned(), json!({"id": site.id, "name": site.name}));
        }
        data
    }
}

/// Which participants a list shows, as its address says it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ParticipantQuery {
    /// A site's id; empty: any.
    pub site: String,
    /// Whose identifier begins so; empty: all.
    pub begins: String,
    /// Where the page starts: the last id of the page before.
    pub cursor: String,
}

impl ParticipantQuery {
    /// Whether anything is filtered.
    pub fn is_filtered(&self) -> bool {
        !self.site.is_empty() || !self.begins.trim().is_empty()
    }
}

/// A participant as typed or sent, not checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ParticipantDraft {
    /// As on the invitation; empty: one is made.
    pub identifier: String,
    /// A site's id or its name; empty: none.
    pub site: String,
    /// Empty: none.
    pub email: String,
    /// One `name: value` a line.
    pub details: String,
}

/// A participant, checked; the site is looked up by the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedParticipant {
    /// `None`: to be made.
    pub identifier: Option<String>,
    /// As typed.
    pub site: Option<String>,
    /// In lower case.
    pub email: Option<String>,
    /// See [`Participant::details`].
    pub details: BTreeMap<String, String>,
}

impl ParticipantDraft {
    /// A draft of an existing participant, to edit.
    pub fn of(participant: &Participant) -> Self {
        Self {
            identifier: participant.identifier.clone(),
            site: participant.site_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            email: participant.email.clone().unwrap_or_default(),
            details: participant.details.iter().map(|(k, v)| format!("{k}: {v}")).collect::<Vec<_>>().join("\n"),
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// Each wrong one with what would be right.
    pub fn check(&self) -> Result<CheckedParticipant, FieldErrors> {
        let mut errors = FieldErrors::default();
        let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        let identifier = some(&self.identifier);
        if identifier.as_ref().is_some_and(|t| t.chars().count() > 100 || t.chars().any(char::is_control)) {
            errors.add("identifier", "must be 1–100 characters on one line, or empty: then one is made");
        }
        let email = some(&self.email).map(|e| e.to_lowercase());
        if email.as_ref().is_some_and(|e| !is_email(e)) {
            errors.add("email", "must be an e-mail address, such as ada@example.com");
        }
        let mut details = BTreeMap::new();
        for (index, line) in self.details.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            match line.split_once(':').map(|(name, value)| (name.trim(), value.trim())) {
                Some((name, value)) if !name.is_empty() && name.chars().count() <= 100 && value.chars().count() <= 1000 => {
                    if details.insert(name.to_owned(), value.to_owned()).is_some() {
                        errors.add("details", format!("line {}: {name} is there twice", index + 1));
                    }
                }
                _ => errors.add("details", format!("line {}: write it as name: value, at most 100 and 1,000 characters", index + 1)),
            }
        }
        if details.len() > DETAILS_MAX {
            errors.add("details", format!("has {} lines; at most {DETAILS_MAX} are possible", details.len()));
        }
        errors.into_result(|| CheckedParticipant { identifier, site: some(&self.site), email, details })
    }
}

/// Whether a text can be an e-mail address. Only a message that arrives proves one.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let fits = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@');
    fits(local) && fits(domain) && !domain.starts_with('.') && !domain.ends_with('.') && text.chars().count() <= 254
}

/// An identifier made from random bits: `P-` and eight letters and digits that nobody mistakes for each other (Crockford's base 32).
pub fn made_identifier(bits: u64) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let letter = |at: u32| LETTERS.get(usize::try_from((bits >> (5 * at)) & 31).unwrap_or_default()).map_or('0', |b| char::from(*b));
    format!("P-{}", (0..8).map(letter).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(draft: &ParticipantDraft) -> Vec<String> {
        draft.check().err().map(|e| e.0.into_iter().map(|e| e.field).collect()).unwrap_or_default()
    }

    #[test]
    fn every_wrong_field_is_named() {
        let draft = ParticipantDraft {
            identifier: "x".repeat(101),
            email: "nobody".into(),
            details: "no colon\na: 1\na: 2".into(),
            ..ParticipantDraft::default()
        };
        assert_eq!(wrong(&draft), ["identifier", "email", "details", "details"]);
        let draft = ParticipantDraft { identifier: " A-1 ".into(), email: "Ada@Example.com".into(), ..ParticipantDraft::default() };
        let checked = draft.check().expect("right");
        assert_eq!((checked.identifier.as_deref(), checked.email.as_deref()), (Some("A-1"), Some("ada@example.com")));
        assert_eq!(ParticipantDraft::default().check().expect("all may be empty").identifier, None);
    }

    #[test]
    fn made_identifiers_are_readable_and_differ() {
        assert_eq!(made_identifier(0), "P-00000000");
        assert_ne!(made_identifier(1), made_identifier(2));
        assert_eq!(made_identifier(u64::MAX).len(), 10);
    }
}
