//! `/api/v1/`: the routes and their OpenAPI document, which are one list.

pub mod deliveries;
mod event_types;
mod events;
mod replays;
pub mod resource;
mod study_data;
mod webhook_input;
mod webhooks;

use super::problem::ProblemBody;
use crate::model::permission::Scope;
use crate::server::state::App;
use utoipa::PartialSchema;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Schema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const BEARER: &str = "api_key";

/// What the document says before its first path.
fn document() -> OpenApi {
    let scopes: Vec<String> = Scope::ALL.iter().map(|s| format!("- `{}`: {}", s.as_str(), s.describe())).collect();
    let about = format!(
        "Webhooks, their deliveries, and the events that set them off, of one study: that of the API key.\n\n\
         Send the key as `Authorization: Bearer hwk_…`. Each operation names the scope that it needs:\n\n{}\n\n\
         Errors are `application/problem+json` (RFC 9457) of a closed list of types; see the list of problems at /api/docs#problems. \
         Times are RFC 3339 in UTC. Members that are not documented here are refused in requests, and may be added to answers.",
        scopes.join("\n")
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("hwk_…")
        .description(Some("An API key of a study. An administrator makes one in Settings → API keys."))
        .build();
    let tag = |name: &str, text: &str| TagBuilder::new().name(name).description(Some(text)).build();
    let mut tags = vec![
        tag("Webhooks", "Where events are sent, how, and with which credentials."),
        tag("Deliveries", "The history: one event on its way to one webhook, and each attempt."),
        tag("Replays", "Many deliveries of one webhook sent again: counted first, then carried out in the background."),
        tag("Events", "What happened, as CloudEvents 1.0."),
        tag("Event types", "The catalogue of what can happen."),
    ];
    tags.extend(study_data::tags());
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title("Hookwell API").version(env!("CARGO_PKG_VERSION")).description(Some(about)).build())
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme(BEARER, SecurityScheme::Http(bearer))
                .schema("Problem", ProblemBody::schema())
                .schema("FieldError", crate::model::problem::FieldError::schema())
                .build(),
        ))
        .security(Some([SecurityRequirement::new(BEARER, Vec::<String>::new())]))
        .tags(Some(tags))
        .build()
}

/// Every route, with its description.
pub fn routes() -> OpenApiRouter<App> {
    let mut all = OpenApiRouter::with_openapi(document())
        .routes(routes!(webhooks::list_webhooks, webhooks::create_webhook))
        .routes(routes!(webhooks::get_webhook, webhooks::patch_webhook, webhooks::archive_webhook))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::send_sample))
        .routes(routes!(deliveries::list_deliveries))
        .routes(routes!(deliveries::get_delivery))
        .routes(routes!(deliveries::list_attempts))
        .routes(routes!(deliveries::retry_delivery))
        .routes(routes!(replays::list_replays, replays::create_replay))
        .routes(routes!(replays::get_replay))
        .routes(routes!(replays::pause_replay))
        .routes(routes!(replays::resume_replay))
        .routes(routes!(replays::cancel_replay))
        .routes(routes!(events::publish_events, events::list_events))
        .routes(routes!(events::get_event))
        .routes(routes!(event_types::list_event_types))
        .merge(study_data::routes());
    // The type takes them as optional, so that everything that is missing or wrong is told at once.
    let schemas = all.get_openapi_mut().components.as_mut().map(|c| &mut c.schemas);
    if let Some(RefOr::T(Schema::Object(new))) = schemas.and_then(|s| s.get_mut("WebhookNew")) {
        new.required = ["name", "url", "events"].map(str::to_owned).to_vec();
    }
    all
}
