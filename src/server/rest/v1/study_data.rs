//! Study data over the API, one file a noun. Everything here needs the scope `data:write`, reading too.

mod forms;
mod imports;
mod participants;
mod records;
mod responses;
mod review_levels;
mod schedules;
mod sites;

use super::deliveries::check_limit;
use crate::error::{AppError, invalid};
use crate::server::state::App;
use std::str::FromStr;
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The document's tags of these routes.
pub fn tags() -> Vec<Tag> {
    let tag = |name: &str, text: &str| TagBuilder::new().name(name).description(Some(text)).build();
    vec![
        tag("Sites", "The places of the study."),
        tag("Participants", "Whom the study is about. Creating one makes the event `participant.created`."),
        tag("Forms and surveys", "Questions, in numbered versions."),
        tag(
            "Responses",
            "One participant's answers to one form or survey: `new`, `partial`, `completed`. Completing one makes its event, once.",
        ),
        tag("Records", "A form's values that are saved, updated and reviewed; each makes its event."),
        tag("Schedules", "When `schedule.triggered` happens, for whom, and which webhooks get it."),
    ]
}

/// Every route of study data.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sites::list_sites, sites::create_site))
        .routes(routes!(sites::patch_site))
        .routes(routes!(participants::list_participants, participants::create_participant))
        .routes(routes!(participants::get_participant, participants::patch_participant))
        .routes(routes!(imports::list_imports, imports::preview_import))
        .routes(routes!(imports::get_import))
        .routes(routes!(imports::confirm_import))
        .routes(routes!(imports::discard_import))
        .routes(routes!(forms::list_forms, forms::create_form))
        .routes(routes!(forms::get_form, forms::patch_form, forms::archive_form))
        .routes(routes!(responses::list_responses, responses::create_response))
        .routes(routes!(responses::get_response, responses::patch_response))
        .routes(routes!(responses::make_response_link))
        .routes(routes!(records::list_records, records::create_record))
        .routes(routes!(records::get_record, records::patch_record))
        .routes(routes!(records::review_record))
        .routes(routes!(review_levels::get_review_levels, review_levels::put_review_levels))
        .routes(routes!(schedules::list_schedules, schedules::create_schedule))
        .routes(routes!(schedules::get_schedule, schedules::patch_schedule, schedules::archive_schedule))
        .routes(routes!(schedules::run_schedule))
        .routes(routes!(schedules::list_schedule_runs))
}

/// Where a page starts and how long it is.
fn page<T: FromStr>(cursor: &str, limit: &str) -> Result<(Option<T>, u32), AppError> {
    Ok((parsed("cursor", cursor, "is not one that this list gave")?, check_limit(limit)?))
}

/// A parameter that may be empty; what is wrong with it is told at `field`.
fn parsed<T: FromStr>(field: &str, text: &str, wrong: &str) -> Result<Option<T>, AppError> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| invalid(field, wrong)),
    }
}
