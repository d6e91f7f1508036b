//! `/api/surveys/{surveyId}/distributions/quick` and `…/responses/bulk-status`: a survey that is kept here on its way to its contacts, and
//! how far they are with it.

use super::contacts::{CONTACTS_BODY_MAX, Contact, drafts, in_contacts};
use super::{SurveyId, in_path};
use crate::error::{AppError, invalid, not_found};
use crate::model::id::{DistributionId, FormId, ParticipantId, ResponseId};
use crate::model::problem::FieldErrors;
use crate::model::response::{Progress, ResponseStatus};
use crate::model::time::Timestamp;
use crate::server::rest::extract::{ApiActor, Json};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfOne, OfQuery, Problem};
use crate::server::service::responses::{self, RECIPIENTS_MAX, Recipients};
use crate::server::state::App;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Contacts of one page of statuses at most, and unless asked otherwise: those of one distribution.
const STATUS_LIMIT: u32 = 500;

/// A survey that is kept here, as the path names it.
pub struct KeptSurvey(FormId);

impl<S: Send + Sync> FromRequestParts<S> for KeptSurvey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = in_path(parts, state, "surveyId").await?;
        Ok(Self(id.parse().map_err(|_| not_found("survey"))?))
    }
}

/// To whom to send: 1–500 contacts in both lists together.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct QuickDistribution {
    /// Contacts that are here, by `contactId`.
    #[schema(example = json!(["par_00000000000000000000000000000001"]))]
    #[serde(default)]
    contact_ids: Vec<String>,
    /// Contacts that are created or updated first, as by `/api/directory/contacts/upsert`.
    #[serde(default)]
    contacts: Vec<Contact>,
}

/// A survey that was sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuickDistributed {
    /// By this the audit trail names it.
    distribution_id: DistributionId,
    /// The survey's id.
    survey_id: FormId,
    /// How it reaches the contacts: by `link`, which you bring to them. No e-mail is sent from here.
    #[schema(example = "link")]
    channel: &'static str,
    /// Contacts that got it.
    #[schema(example = 1)]
    sent: usize,
    /// What each got: first `contactIds`, then `contacts`, in their order.
    distributions: Vec<QuickSent>,
}

/// What one contact got.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuickSent {
    /// Who.
    contact_id: ParticipantId,
    /// What the study knows them by.
    #[schema(example = "P-0001")]
    external_id: String,
    /// Their response.
    response_id: ResponseId,
    /// How far it is: `new`, or `partial` for one that was begun before.
    status: ResponseStatus,
    /// Where they answer. Whoever has it answers as this contact; it is shown this once.
    #[schema(example = "https://hookwell.example.com/r/…")]
    link: String,
    /// Whether they had a response that was not completed: they go on with it, and an older link of theirs opens nothing any more.
    existing: bool,
}

/// The service's names for fields, as the body has them.
fn in_body(field: &str) -> String {
    if field == "survey" {
        "surveyId".to_owned()
    } else if let Some(rest) = field.strip_prefix("participants") {
        format!("contactIds{rest}")
    } else if let Some(rest) = field.strip_prefix("drafts") {
        in_contacts(rest)
    } else {
        field.to_owned()
    }
}

/// Contacts by the ids that were sent.
fn contact_ids(texts: &[String]) -> Result<Vec<ParticipantId>, AppError> {
    let mut errors = FieldErrors::default();
    let mut ids = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(id) => ids.push(id),
            Err(_) => errors.add(format!("contactIds[{index}]"), "is no contact of this study; give a contactId, such as par_0193…"),
        }
    }
    Ok(errors.into_result(|| ids)?)
}

/// Send a survey to contacts
///
/// Each contact gets a response that is theirs to answer and a personal link to it (`channel` is `link`): **no e-mail is sent**, the links
/// are yours to bring to the contacts. All or none. A new response makes the event `survey.created`; a contact whose last one is not
/// completed goes on with that one by another link (`existing`). The survey is one that is kept here (404); a form that is none is 422.
/// Needs the scope `data:write`.
#[utoipa::path(post, path = "/api/surveys/{surveyId}/distributions/quick", tag = "Surveys face",
    params(("surveyId" = SurveyId, Path, description = "The survey's id.")),
    request_body(content = QuickDistribution, example = json!({
        "contactIds": ["par_00000000000000000000000000000001"], "contacts": [{"externalId": "P-0002", "email": "grace@example.com"}]
    })),
    responses((status = 201, description = "It was sent.", body = QuickDistributed), OfOne, OfBody, OfChange, Always))]
pub async fn distribute_survey(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    KeptSurvey(survey): KeptSurvey,
    Json(body): Json<QuickDistribution, CONTACTS_BODY_MAX>,
) -> Result<(StatusCode, axum::Json<QuickDistributed>), Problem> {
    let count = body.contact_ids.len() + body.contacts.len();
    if !(1..=RECIPIENTS_MAX).contains(&count) {
        let message = format!("and contacts are {count} together; 1–{RECIPIENTS_MAX} are taken at a time");
        return Err(invalid("contactIds", message).into());
    }
    let to = match (contact_ids(&body.contact_ids), drafts(body.contacts)) {
        (Ok(participants), Ok(drafts)) => Recipients { participants, drafts },
        (ids, contacts) => {
            let mut errors = ids.err().map(|e| e.fields()).unwrap_or_default();
            errors.0.extend(contacts.err().unwrap_or_default().0);
            return Err(AppError::from(errors).into());
        }
    };
    let saved = responses::distribute(&app, &actor, &survey, &to, false).await.map_err(|e| e.with_fields(in_body))?;
    let distributed = saved.thing;
    let distributions: Vec<QuickSent> = distributed
        .sent
        .into_iter()
        .map(|sent| QuickSent {
            link: responses::link_address(&app, &sent.link),
            contact_id: sent.participant.id,
            external_id: sent.participant.identifier,
            response_id: sent.response.id,
            status: sent.response.status,
            existing: sent.existing,
        })
        .collect();
    let answer = QuickDistributed {
        distribution_id: distributed.id,
        survey_id: distributed.survey.id,
        channel: "link",
        sent: distributions.len(),
        distributions,
    };
    Ok((StatusCode::CREATED, axum::Json(answer)))
}

/// Whose statuses, and which page of them.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StatusQuery {
    /// These contacts alone: up to 500 ids, with commas between them or the parameter once for each. Left out: everybody to whom the survey
    /// was sent.
    #[param(rename = "contactIds", value_type = Option<String>, example = "par_00000000000000000000000000000001")]
    contact_ids: Option<Vec<String>>,
    /// Contacts a page, 1–500; default 500.
    #[param(value_type = Option<u32>)]
    limit: u32,
    /// Where the page starts: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<ParticipantId>,
}

impl StatusQuery {
    /// By hand, because `contactIds` may be there more than once.
    fn read(query: &str) -> Result<Self, AppError> {
        let mut read = Self { limit: STATUS_LIMIT, ..Self::default() };
        let mut seen = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "contactIds" => {
                    let ids = value.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
                    read.contact_ids.get_or_insert_default().extend(ids);
                }
                once if seen.iter().any(|s| s == once) => return Err(invalid(once, "is there twice")),
                "limit" => {
                    let limit = value.trim().parse().ok().filter(|limit| (1..=STATUS_LIMIT).contains(limit));
                    read.limit = limit.ok_or_else(|| invalid("limit", format!("must be a whole number from 1 to {STATUS_LIMIT}")))?;
                }
                "cursor" => {
                    let wrong = |_| invalid("cursor", "must be `next` of the page before");
                    read.cursor = Some(value.parse().map_err(wrong)?);
                }
                other => return Err(invalid(other, "is not known here; expected one of contactIds, limit, cursor")),
            }
            seen.push(name);
        }
        if read.contact_ids.as_ref().is_some_and(|ids| !(1..=RECIPIENTS_MAX).contains(&ids.len())) {
            return Err(invalid("contactIds", format!("must name 1–{RECIPIENTS_MAX} contacts, or be left out")));
        }
        Ok(read)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for StatusQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::read(parts.uri.query().unwrap_or_default())?)
    }
}

/// How far a contact is with a survey.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ContactProgress {
    /// The survey was not sent to them.
    NotSent,
    /// They have saved nothing yet.
    NotStarted,
    /// They have saved something.
    InProgress,
    /// They have submitted it.
    Completed,
}

/// How far one contact is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactStatus {
    /// Who.
    contact_id: ParticipantId,
    /// What the study knows them by.
    #[schema(example = "P-0001")]
    external_id: String,
    /// Their newest response; null: none.
    response_id: Option<ResponseId>,
    /// How far it is.
    status: ContactProgress,
    /// When they submitted it.
    completed_at: Option<Timestamp>,
}

impl From<Progress> for ContactStatus {
    fn from(progress: Progress) -> Self {
        let (response_id, status, completed_at) = match progress.newest {
            None => (None, ContactProgress::NotSent, None),
            Some((id, ResponseStatus::New, _)) => (Some(id), ContactProgress::NotStarted, None),
            Some((id, ResponseStatus::Partial, _)) => (Some(id), ContactProgress::InProgress, None),
            Some((id, ResponseStatus::Completed, at)) => (Some(id), ContactProgress::Completed, at),
        };
        Self { contact_id: progress.participant, external_id: progress.identifier, response_id, status, completed_at }
    }
}

/// A page of statuses.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BulkStatus {
    /// The survey's id.
    survey_id: FormId,
    /// How far each contact is, in the order of their ids.
    items: Vec<ContactStatus>,
    /// The `cursor` of the next page; null on the last one.
    next: Option<String>,
}

/// Poll how far contacts are
///
/// With `contactIds` exactly those contacts, `notSent` for one to whom the survey was not sent; without it everybody to whom it was. What
/// counts is each contact's newest response. Where a proxy does not take addresses that long, ask for fewer contacts at a time. Needs the
/// scope `data:write`.
#[utoipa::path(get, path = "/api/surveys/{surveyId}/responses/bulk-status", tag = "Surveys face",
    params(("surveyId" = SurveyId, Path, description = "The survey's id."), StatusQuery),
    responses((status = 200, description = "A page of statuses.", body = BulkStatus), OfOne, OfQuery, Always))]
pub async fn bulk_status(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    KeptSurvey(survey): KeptSurvey,
    query: StatusQuery,
) -> Result<axum::Json<BulkStatus>, Problem> {
    let named = query.contact_ids.as_deref().map(contact_ids).transpose()?;
    let page = responses::progress(&app, &actor, &survey, named.as_deref(), query.cursor.as_ref(), query.limit).await;
    let page = page.map_err(|e| e.with_fields(in_body))?.map(ContactStatus::from);
    Ok(axum::Json(BulkStatus { survey_id: survey, items: page.items, next: page.next }))
}
