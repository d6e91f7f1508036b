//! `POST /api/directory/contacts/upsert`: a study's participants under the name that the Surveys document has for them.

use crate::error::{AppError, invalid};
use crate::model::id::ParticipantId;
use crate::model::participant::{DETAILS_MAX, Participant, ParticipantDraft};
use crate::model::problem::FieldErrors;
use crate::server::rest::extract::{ApiActor, media_type, parse, read_body};
use crate::server::rest::problem::{Always, OfBody, OfChange, Problem};
use crate::server::service::participants::{self, UPSERT_MAX, Upserted};
use crate::server::state::App;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Bytes of a body that names contacts at most.
pub const CONTACTS_BODY_MAX: usize = 1024 * 1024;
/// Characters of one detail's name and of its value at most, as the model has it.
const NAME_MAX: usize = 100;
const VALUE_MAX: usize = 1000;

/// A contact: a participant of the study. At least one of `externalId` and `email` is needed; what is left out, null or empty stays as it
/// is.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Contact {
    /// What the study knows them by, 1–100 characters: the participant's identifier. Left out: they are known by their e-mail, and a new
    /// one gets an identifier that is made.
    #[schema(example = "P-0001")]
    external_id: Option<String>,
    /// Where they can be written to.
    #[schema(example = "ada@example.com")]
    email: Option<String>,
    /// Kept as the participant's detail `firstName`, up to 1,000 characters on one line, as those below.
    #[schema(example = "Ada")]
    first_name: Option<String>,
    /// Kept as the detail `lastName`.
    #[schema(example = "Lovelace")]
    last_name: Option<String>,
    /// Kept as the detail `phone`.
    phone: Option<String>,
    /// Kept as the detail `language`.
    #[schema(example = "en")]
    language: Option<String>,
    /// Further details by name, all of them text.
    #[schema(example = json!({"ward": "B2"}))]
    attributes: Option<BTreeMap<String, String>>,
}

/// Several contacts, all or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactList {
    /// 1–500 of them.
    contacts: Vec<Contact>,
}

/// One contact, or several.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub enum ContactUpsert {
    /// One.
    One(Contact),
    /// Several, all or none.
    Many(ContactList),
}

#[derive(Deserialize)]
struct Peek {
    contacts: Option<serde::de::IgnoredAny>,
}

impl<S: Send + Sync> FromRequest<S> for ContactUpsert {
    type Rejection = Problem;

    /// Told apart by `contacts` before it is read, so that what is wrong is named with its place.
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        media_type(request.headers(), &["application/json"])?;
        let body = read_body(request, CONTACTS_BODY_MAX).await?;
        let several = parse::<Peek>(&body)?.contacts.is_some();
        Ok(if several { Self::Many(parse(&body)?) } else { Self::One(parse(&body)?) })
    }
}

/// What became of a contact.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpsertedContact {
    /// Its id here.
    contact_id: ParticipantId,
    /// What the study knows them by.
    #[schema(example = "P-0001")]
    external_id: String,
    /// Where they can be written to.
    #[schema(example = "ada@example.com")]
    email: Option<String>,
    /// Whether they were not known before.
    created: bool,
}

/// What became of several, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpsertedContacts {
    /// Of each.
    contacts: Vec<UpsertedContact>,
}

/// Of one contact, or of each of several.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ContactUpsertResult {
    /// Of one.
    One(UpsertedContact),
    /// Of several.
    Many(UpsertedContacts),
}

impl UpsertedContact {
    fn of(participant: Participant, created: bool) -> Self {
        Self { contact_id: participant.id, external_id: participant.identifier, email: participant.email, created }
    }
}

/// The participant's names for a contact's members.
fn member_of(field: &str) -> &str {
    match field {
        "identifier" => "externalId",
        "details" => "attributes",
        other => other,
    }
}

/// A service's field of a list, such as `[3].identifier`, as the body has it: `contacts[3].externalId`.
pub fn in_contacts(field: &str) -> String {
    match field.split_once("].") {
        Some((index, field)) => format!("contacts{index}].{}", member_of(field)),
        None => format!("contacts{field}"),
    }
}

impl Contact {
    /// The participant that it describes. What is wrong is told at `place`, which is empty or ends with a point.
    fn draft(self, place: &str, errors: &mut FieldErrors) -> ParticipantDraft {
        let mut details = Vec::new();
        let known = [("firstName", self.first_name), ("lastName", self.last_name), ("phone", self.phone), ("language", self.language)];
        for (name, value) in &known {
            if let Some(value) = filled(value.as_deref()) {
                check_value(&format!("{place}{name}"), value, errors);
                details.push(format!("{name}: {value}"));
            }
        }
        for (name, value) in self.attributes.iter().flatten() {
            let field = format!("{place}attributes");
            if known.iter().any(|(known, _)| known == name) {
                errors.add(format!("{field}.{name}"), format!("has a place of its own; give it as {name} beside attributes"));
            } else if !is_name(name) {
                let rule =
                    format!("must have names of 1–{NAME_MAX} characters without colon and line break, and without spaces around them");
                errors.add(field, format!("{rule}, and not {name:?}"));
            } else if let Some(value) = filled(Some(value)) {
                check_value(&format!("{field}.{name}"), value, errors);
                details.push(format!("{name}: {value}"));
            }
        }
        if details.len() > DETAILS_MAX {
            let message = format!("are {} with names, phone and language; at most {DETAILS_MAX} are possible", details.len());
            errors.add(format!("{place}attributes"), message);
        }
        let draft = ParticipantDraft {
            identifier: self.external_id.unwrap_or_default(),
            email: self.email.unwrap_or_default(),
            details: details.join("\n"),
            ..ParticipantDraft::default()
        };
        if draft.identifier.trim().is_empty() && draft.email.trim().is_empty() {
            errors.add(format!("{place}externalId"), "is missing, and email too: give one of them, by which the contact is known");
        }
        for wrong in draft.check().err().unwrap_or_default().0 {
            // Of details everything is said already, by their names here.
            if wrong.field != "details" {
                errors.add(format!("{place}{}", member_of(&wrong.field)), wrong.message);
            }
        }
        draft
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// The console shows details as lines of `name: value`, so that neither may break one.
fn is_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.chars().count()) && name.trim() == name && !name.contains(|c: char| c == ':' || c.is_control())
}

fn check_value(field: &str, value: &str, errors: &mut FieldErrors) {
    if value.chars().count() > VALUE_MAX || value.chars().any(char::is_control) {
        errors.add(field, format!("must be text of at most {VALUE_MAX} characters on one line"));
    }
}

/// The participants that contacts describe.
///
/// # Errors
/// Each wrong member of each contact, such as `contacts[3].email`.
pub fn drafts(contacts: Vec<Contact>) -> Result<Vec<ParticipantDraft>, FieldErrors> {
    let mut errors = FieldErrors::default();
    let all = contacts.into_iter().enumerate().map(|(index, c)| c.draft(&format!("contacts[{index}]."), &mut errors)).collect();
    errors.into_result(|| all)
}

/// Create or update contacts
///
/// One contact, or up to 500 in `contacts`, all or none. A contact is known by its `externalId`, else by its `email`; of several with that
/// e-mail it is the first. Contacts are the study's participants: one who is new makes the event `participant.created`, one who is known
/// makes none. Answers 201 when the one contact was created, 200 when it was known, and always 200 for `contacts`. Needs the scope
/// `data:write`.
#[utoipa::path(post, path = "/api/directory/contacts/upsert", tag = "Surveys face",
    request_body(content = ContactUpsert, example = json!({
        "externalId": "P-0001", "email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "attributes": {"ward": "B2"}
    })),
    responses(
        (status = 201, description = "The contact, which was created.", body = UpsertedContact),
        (status = 200, description = "The contact, which was known; or all contacts in their order.", body = ContactUpsertResult),
        OfBody, OfChange, Always))]
pub async fn upsert_contacts(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    body: ContactUpsert,
) -> Result<(StatusCode, axum::Json<ContactUpsertResult>), Problem> {
    match body {
        ContactUpsert::One(contact) => {
            let mut errors = FieldErrors::default();
            let draft = contact.draft("", &mut errors);
            errors.into_result(|| ()).map_err(AppError::from)?;
            let saved = participants::upsert(&app, &actor, &draft, false).await;
            let (saved, created) = saved.map_err(|e| e.with_fields(|field| member_of(field).to_owned()))?;
            let status = if created { StatusCode::CREATED } else { StatusCode::OK };
            Ok((status, axum::Json(ContactUpsertResult::One(UpsertedContact::of(saved.thing, created)))))
        }
        ContactUpsert::Many(ContactList { contacts }) => {
            if !(1..=UPSERT_MAX).contains(&contacts.len()) {
                return Err(invalid("contacts", format!("has {}; 1–{UPSERT_MAX} are taken at a time", contacts.len())).into());
            }
            let drafts = drafts(contacts).map_err(AppError::from)?;
            let saved = participants::upsert_many(&app, &actor, &drafts, false).await.map_err(|e| e.with_fields(in_contacts))?;
            let contacts =
                saved.thing.into_iter().map(|Upserted { participant, created }| UpsertedContact::of(participant, created)).collect();
            Ok((StatusCode::OK, axum::Json(ContactUpsertResult::Many(UpsertedContacts { contacts }))))
        }
    }
}
