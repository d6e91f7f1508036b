//! The compatibility faces: the webhook APIs of other products, as their documents print them, over the services of the console and of
//! `/api/v1/`. A client written for one of them changes the host and the bearer, nothing else.

mod infermedica;
mod surveys;

use super::problem::Problem;
use crate::error::{AppError, not_found};
use crate::model::event_type::EventType;
use crate::model::problem::FieldErrors;
use crate::model::webhook_draft::WebhookDraft;
use crate::server::state::App;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::{Deserialize, Deserializer};
use std::collections::HashMap;
use utoipa::PartialSchema;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, OpenApi, OpenApiBuilder, RefOr, Schema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

fn document() -> OpenApi {
    let tag = |name: &str, text: &str| TagBuilder::new().name(name).description(Some(text)).build();
    OpenApiBuilder::new()
        // Named in paths alone, where its schema is not found by itself.
        .components(Some(ComponentsBuilder::new().schema("SurveyId", surveys::SurveyId::schema()).build()))
        .tags(Some([
            tag(
                "Infermedica face",
                "The webhook configurations of Infermedica's API, as its document prints them. A webhook that is registered here is live from the start. \
                 The bearer is a Hookwell API key, and each key has its own webhooks.",
            ),
            tag(
                "Surveys face",
                "The webhooks of one survey, contacts, sending a survey and polling for who has answered, in camel case. A webhook that is registered \
                 here is live from the start. The bearer is a Hookwell API key.",
            ),
        ]))
        .build()
}

/// Every route of the faces, with its description.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document())
        .routes(routes!(infermedica::list_infermedica_webhooks, infermedica::register_infermedica_webhook))
        .routes(routes!(
            infermedica::get_infermedica_webhook,
            infermedica::patch_infermedica_webhook,
            infermedica::delete_infermedica_webhook
        ))
        .routes(routes!(surveys::list_survey_webhooks, surveys::register_survey_webhook))
        .routes(routes!(surveys::get_survey_webhook, surveys::patch_survey_webhook, surveys::delete_survey_webhook))
        .routes(routes!(surveys::test_survey_webhook))
        .routes(routes!(surveys::list_survey_webhook_deliveries))
        .routes(routes!(surveys::retry_survey_webhook_delivery))
        .routes(routes!(surveys::contacts::upsert_contacts))
        .routes(routes!(surveys::distributions::distribute_survey))
        .routes(routes!(surveys::distributions::bulk_status))
}

/// A member that may be left out and must not be null.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The schema of a body of which a new thing needs some members: they are optional to serde, so that everything that is missing is told at
/// once.
fn with_required<T: PartialSchema>(members: &[&str]) -> RefOr<Schema> {
    let mut schema = T::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.required = members.iter().map(|m| (*m).to_owned()).collect();
    }
    schema
}

/// One member of the path, decoded.
async fn in_path<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Result<String, Problem> {
    let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
    // What is not UTF-8 names nothing.
    let mut all = path.map_err(|_| not_found("path"))?.0;
    all.remove(name).ok_or_else(|| AppError::Internal(format!("The path has no {name}.")).into())
}

/// The types that a face's names for events stand for; what is wrong with them is told at `field`.
fn events(field: &str, names: &[String], known: &[(&str, EventType)], errors: &mut FieldErrors) -> Vec<String> {
    let all = || known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    if names.is_empty() {
        errors.add(field, format!("must name at least one event of {}", all()));
    }
    let mut types = Vec::new();
    for name in names {
        match known.iter().find(|(known, _)| known == name) {
            Some((_, event_type)) => types.push(event_type.name().to_owned()),
            None => errors.add(field, format!("{name:?} is not an event that is known here; known: {}", all())),
        }
    }
    types
}

/// The draft's fields under the names that the face has for them.
fn renamed(error: AppError, names: &[(&str, &str)]) -> AppError {
    error.with_fields(|field| names.iter().find(|(draft, _)| *draft == field).map_or(field, |(_, name)| name).to_owned())
}

/// Refuses a draft of which the face found something wrong, with what the model finds wrong beside it, so that everything is told at once.
fn refuse(draft: &WebhookDraft, mut errors: FieldErrors, http_allowed: bool, names: &[(&str, &str)]) -> Result<(), AppError> {
    if errors.is_empty() {
        return Ok(());
    }
    let more = draft.check(http_allowed).err().map(|all| renamed(all.into(), names).fields()).unwrap_or_default();
    for error in more.0 {
        if errors.of(&error.field).is_none() {
            errors.0.push(error);
        }
    }
    Err(errors.into())
}
