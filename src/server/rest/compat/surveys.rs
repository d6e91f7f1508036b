//! `/api/surveys/{surveyId}/webhooks`: the webhooks of one survey (seed 004). What is sent and answered is in [`resource`]; the pattern
//! around it is in [`contacts`] and [`distributions`].

pub mod contacts;
pub mod distributions;
mod resource;

use super::{in_path, refuse, renamed};
use crate::error::{AppError, invalid, not_found};
use crate::model::delivery::{DeliveryQuery, DeliveryState};
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, WebhookId};
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::webhook::PayloadFormat;
use crate::model::webhook_draft::WebhookDraft;
use crate::server::rest::extract::{ApiActor, Json, MaybeJson, Params};
use crate::server::rest::problem::{Always, OfBody, OfChange, OfName, OfOne, OfQuery, Problem};
use crate::server::rest::v1::deliveries::check_limit;
use crate::server::service::webhooks::{self, Face, SecretChange};
use crate::server::service::{deliveries, samples};
use crate::server::state::App;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use resource::{SurveyDelivery, SurveyDeliveryList, SurveyTest, SurveyWebhook, SurveyWebhookList, SurveyWebhookNew, SurveyWebhookPatch};
use serde::Deserialize;
use serde_json::json;
use std::str::FromStr;
use utoipa::{IntoParams, ToSchema};

const WHY_DELETED: &str = "deleted through the Surveys API";
const WHY_RETRIED: &str = "retried through the Surveys API";
/// The draft's names, and its own.
const NAMES: &[(&str, &str)] = &[("status", "isActive"), ("forms", "surveyId")];

/// A survey's id, as its platform gives it.
pub struct SurveyId(String);

crate::model::text_schema!(SurveyId, "SURVEY_UUID");

impl FromStr for SurveyId {
    type Err = AppError;

    fn from_str(text: &str) -> Result<Self, AppError> {
        // The console's form holds ids as lines or with commas between them: an id with one would become two there.
        let fits = (1..=200).contains(&text.chars().count()) && text.trim() == text && !text.contains(|c: char| c == ',' || c.is_control());
        let wrong = "must have 1–200 characters, none of them a comma or a line break, and no spaces around them";
        if fits { Ok(Self(text.to_owned())) } else { Err(invalid("surveyId", wrong)) }
    }
}

impl SurveyId {
    fn face(&self) -> Face<'_> {
        Face::Survey(&self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SurveyId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(in_path(parts, state, "surveyId").await?.parse()?)
    }
}

/// A survey and one of its webhooks, as the path names them.
pub struct Named {
    survey: SurveyId,
    id: WebhookId,
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let survey = SurveyId::from_request_parts(parts, state).await?;
        let id = in_path(parts, state, "id").await?.parse().map_err(|_| not_found("webhook"))?;
        Ok(Self { survey, id })
    }
}

/// A delivery of it.
pub struct NamedDelivery(DeliveryId);

impl<S: Send + Sync> FromRequestParts<S> for NamedDelivery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(in_path(parts, state, "deliveryId").await?.parse().map_err(|_| not_found("delivery"))?))
    }
}

/// Create a webhook
///
/// Its URL receives `survey.response_completed` of this survey from now on, at most ten webhooks a survey (409). The answer holds no
/// secret: `hasSecret` says whether there is one. What is sent holds the response's answers (`data.answers`): that is health data, which
/// leaves the study for this URL. An administrator can take a webhook back to identifiers alone in the console. Where the study keeps its
/// forms here, a survey that is none of them is 404; else ids are your platform's, and are taken as they are. Needs the scope
/// `webhooks:write`.
#[utoipa::path(post, path = "/api/surveys/{surveyId}/webhooks", tag = "Surveys face",
    params(("surveyId" = SurveyId, Path, description = "The survey's id.")),
    request_body(content = SurveyWebhookNew, example = json!({
        "surveyId": "SURVEY_UUID", "name": "Patient Survey Completion", "url": "https://your-system.example.com/webhooks/survey-complete",
        "events": ["survey.response_completed"], "secret": "your-webhook-secret", "isActive": true
    })),
    responses(
        (status = 201, description = "The webhook.", body = SurveyWebhook, headers(("Location" = String, description = "The webhook's path."))),
        OfOne, OfBody, OfChange, Always))]
pub async fn register_survey_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    survey: SurveyId,
    uri: axum::http::Uri,
    Json(SurveyWebhookNew(body)): Json<SurveyWebhookNew>,
) -> Result<Response, Problem> {
    let mut errors = body.missing();
    let mut draft = WebhookDraft { format: PayloadFormat::Survey.as_str().to_owned(), forms: survey.0.clone(), ..WebhookDraft::default() };
    if let SecretChange::Replace(secret) = body.overlay(&survey.0, &mut draft, &mut errors) {
        secret.expose().clone_into(&mut draft.secret);
    }
    refuse(&draft, errors, app.config.allow_http, NAMES)?;
    let webhook = webhooks::register(&app, &actor, survey.face(), &draft).await.map_err(|e| renamed(e, NAMES))?;
    // The path as it was asked for, so that the survey's id is encoded as the client does it.
    let location = [(header::LOCATION, format!("{}/{}", uri.path(), webhook.id))];
    Ok((StatusCode::CREATED, location, axum::Json(SurveyWebhook::of(survey.0, webhook))).into_response())
}

/// List a survey's webhooks
///
/// Oldest first, without secrets. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/surveys/{surveyId}/webhooks", tag = "Surveys face",
    params(("surveyId" = SurveyId, Path, description = "The survey's id.")),
    responses((status = 200, description = "The webhooks.", body = SurveyWebhookList), OfOne, OfName, Always))]
pub async fn list_survey_webhooks(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    survey: SurveyId,
) -> Result<axum::Json<SurveyWebhookList>, Problem> {
    let all = webhooks::registered(&app, &actor, survey.face()).await?;
    Ok(axum::Json(SurveyWebhookList { items: all.into_iter().map(|w| SurveyWebhook::of(survey.0.clone(), w)).collect() }))
}

/// Read a webhook
///
/// Another survey's is not there (404). Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/surveys/{surveyId}/webhooks/{id}", tag = "Surveys face",
    params(("surveyId" = SurveyId, Path, description = "The survey's id."), ("id" = WebhookId, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The webhook.", body = SurveyWebhook), OfOne, OfName, Always))]
pub async fn get_survey_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Named { survey, id }: Named,
) -> Result<axum::Json<SurveyWebhook>, Problem> {
    let webhook = webhooks::registered_one(&app, &actor, survey.face(), &id, Action::ReadMetadata).await?;
    Ok(axum::Json(SurveyWebhook::of(survey.0, webhook)))
}

/// Update a webhook
///
/// What is not named stays as it is. A `secret` replaces the one before it at once, and null removes it. Needs the scope `webhooks:write`.
#[utoipa::path(patch, path = "/api/surveys/{surveyId}/webhooks/{id}", tag = "Surveys face",
    params(("surveyId" = SurveyId, Path, description = "The survey's id."), ("id" = WebhookId, Path, description = "The webhook's id.")),
    request_body(content = SurveyWebhookPatch, example = json!({"isActive": false})),
    responses((status = 200, description = "The webhook as it is now.", body = SurveyWebhook), OfOne, OfBody, OfChange, Always))]
pub async fn patch_survey_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Named { survey, id }: Named,
    Json(body): Json<SurveyWebhookPatch>,
) -> Result<axum::Json<SurveyWebhook>, Problem> {
    let webhook = webhooks::registered_one(&app, &actor, survey.face(), &id, Action::ManageWebhook).await?;
    let (mut draft, mut errors) = (WebhookDraft::of(&webhook), FieldErrors::default());
    let secret = body.overlay(&survey.0, &mut draft, &mut errors);
    refuse(&draft, errors, app.config.allow_http, NAMES)?;
    let changed = webhooks::update_with_secret(&app, &actor, &id, webhook.version, &draft, secret).await;
    Ok(axum::Json(SurveyWebhook::of(survey.0, changed.map_err(|e| renamed(e, NAMES))?)))
}

/// Delete a webhook
///
/// Nothing is sent to it any more, and this API shows it no more; its history stays readable in the console. The answer is what was
/// deleted. Needs the scope `webhooks:write`.
#[utoipa::path(delete, path = "/api/surveys/{surveyId}/webhooks/{id}", tag = "Surveys face",
    params(("surveyId" = SurveyId, Path, description = "The survey's id."), ("id" = WebhookId, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The deleted webhook.", body = SurveyWebhook), OfOne, OfName, OfChange, Always))]
pub async fn delete_survey_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Named { survey, id }: Named,
) -> Result<axum::Json<SurveyWebhook>, Problem> {
    webhooks::registered_one(&app, &actor, survey.face(), &id, Action::ManageWebhook).await?;
    let webhook = webhooks::archive(&app, &actor, &id, WHY_DELETED).await?;
    Ok(axum::Json(SurveyWebhook::of(survey.0, webhook)))
}

/// Test a webhook
///
/// Sends a completed response with dummy values by the way of a live one, and waits for the answer or the webhook's timeout. What came of it
/// is in the answer, which is 200 also when the receiver refused it. Needs the scope `webhooks:test`.
#[utoipa::path(post, path = "/api/surveys/{surveyId}/webhooks/{id}/test", tag = "Surveys face",
    params(("surveyId" = SurveyId, Path, description = "The survey's id."), ("id" = WebhookId, Path, description = "The webhook's id.")),
    responses((status = 200, description = "What came of it.", body = SurveyTest), OfOne, OfName, OfChange, Always))]
pub async fn test_survey_webhook(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Named { survey, id }: Named,
) -> Result<axum::Json<SurveyTest>, Problem> {
    webhooks::registered_one(&app, &actor, survey.face(), &id, Action::SendSample { live: false }).await?;
    let mut data = EventType::SurveyCompleted.example();
    data["survey"]["id"] = json!(survey.0);
    let (delivery, attempt) = samples::send(&app, &actor, &id, EventType::SurveyCompleted, data).await?;
    Ok(axum::Json(SurveyTest::of(delivery.state == DeliveryState::Delivered, attempt)))
}

/// Which page of deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeliveryPage {
    /// Deliveries a page, 1–200; default 50. As text, so that a wrong one is named like any other parameter.
    #[param(value_type = Option<u32>)]
    limit: String,
    /// Where the page starts: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: String,
}

/// List a webhook's deliveries
///
/// Newest first, tests too, a page at a time. Needs the scope `webhooks:read`.
#[utoipa::path(get, path = "/api/surveys/{surveyId}/webhooks/{id}/deliveries", tag = "Surveys face",
    params(("surveyId" = SurveyId, Path, description = "The survey's id."), ("id" = WebhookId, Path, description = "The webhook's id."), DeliveryPage),
    responses((status = 200, description = "A page of deliveries.", body = SurveyDeliveryList), OfOne, OfQuery, Always))]
pub async fn list_survey_webhook_deliveries(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Named { survey, id }: Named,
    Params(page): Params<DeliveryPage>,
) -> Result<axum::Json<SurveyDeliveryList>, Problem> {
    let limit = check_limit(&page.limit)?;
    let filter = DeliveryQuery { cursor: page.cursor, ..DeliveryQuery::default() }.check().map_err(AppError::from)?;
    webhooks::registered_one(&app, &actor, survey.face(), &id, Action::ReadMetadata).await?;
    let page = deliveries::list(&app, &actor, Some(&id), &filter, limit).await?.map(SurveyDelivery::from);
    Ok(axum::Json(SurveyDeliveryList { items: page.items, next: page.next }))
}

/// Why a delivery is retried.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyRetry {
    /// 3–500 characters for the audit trail; default: "retried through the Surveys API".
    #[schema(example = "the receiver was repaired")]
    reason: Option<String>,
}

/// Retry a delivery
///
/// Has it tried again now, whatever its status, with the same bytes. The body may be left out. Needs the scope `deliveries:retry`.
#[utoipa::path(post, path = "/api/surveys/{surveyId}/webhooks/{id}/deliveries/{deliveryId}/retry", tag = "Surveys face",
    params(
        ("surveyId" = SurveyId, Path, description = "The survey's id."), ("id" = WebhookId, Path, description = "The webhook's id."),
        ("deliveryId" = DeliveryId, Path, description = "The delivery's id.")),
    request_body(content = Option<SurveyRetry>, example = json!({"reason": "the receiver was repaired"})),
    responses((status = 202, description = "It will be tried; the delivery as planned.", body = SurveyDelivery), OfOne, OfBody, OfChange, Always))]
pub async fn retry_survey_webhook_delivery(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Named { survey, id }: Named,
    NamedDelivery(delivery): NamedDelivery,
    MaybeJson(body): MaybeJson<SurveyRetry>,
) -> Result<(StatusCode, axum::Json<SurveyDelivery>), Problem> {
    webhooks::registered_one(&app, &actor, survey.face(), &id, Action::Retry { test: true }).await?;
    let planned = deliveries::retry_to(&app, &actor, &id, &delivery, body.reason.as_deref().unwrap_or(WHY_RETRIED)).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(planned.into())))
}
