//! The route table: every address that Hookwell answers, and what is around them.

use super::auth::session::{COOKIE, Sessions};
use super::console::{
    account, api_keys, deliveries, events, forms, imports, notices, participant_answer, participants, records, render, replays, responses,
    review_levels, schedules, sign_in, sites, studies, test, webhooks,
};
use super::state::App;
use super::{assets, health, rest, same_origin, security_headers};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::HeaderValue;
use axum::middleware::{from_fn, from_fn_with_state, map_request, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use std::time::Duration;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};

/// Everything.
pub fn router(app: App) -> Router {
    // Leptos renders on the runtime that is running. Set once for the process; a second router finds it set.
    let _set_already = any_spawner::Executor::init_tokio();
    let https = app.config.is_https();
    let origin = same_origin::Settings { public_url: Some(app.config.public_url.clone()) };
    let around = ServiceBuilder::new()
        // One that a client sends is not taken over, so that nobody writes into our log and the audit trail.
        .layer(map_request(without_request_id))
        .layer(SetRequestIdLayer::x_request_id(RequestIds(app.clone())))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(from_fn_with_state(security_headers::Settings { https }, security_headers::layer))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(origin, same_origin::layer));
    console(&app).merge(rest::router(app.clone())).merge(health::routes().with_state(app)).merge(assets::routes()).layer(around)
}

/// The pages, with sessions and error pages around them.
fn console(app: &App) -> Router {
    let sessions = SessionManagerLayer::new(Sessions::new(app.store.clone(), app.clock.clone(), app.config.session.idle))
        .with_name(COOKIE)
        .with_http_only(true)
        // Lax: a link in an e-mail leads to a signed-in page. What changes anything is guarded by its origin.
        .with_same_site(SameSite::Lax)
        .with_secure(app.config.is_https())
        .with_expiry(Expiry::OnInactivity(idle(app)));
    let webhook = Router::new()
        .route("/", get(webhooks::overview))
        .route("/edit", get(webhooks::edit_page).post(webhooks::edit))
        .route("/status", post(webhooks::set_active))
        .route("/mode", post(webhooks::set_mode))
        .route("/archive", post(webhooks::archive))
        .route("/secret", get(webhooks::secret_page).post(webhooks::rotate))
        .route("/changes", get(webhooks::changes))
        .route("/test", get(test::page).post(test::send))
        .route("/deliveries", get(webhooks::history))
        .route("/replay", get(replays::page).post(replays::start))
        .route("/replay/{replay}", get(replays::show))
        .route("/replay/{replay}/pause", post(replays::pause))
        .route("/replay/{replay}/resume", post(replays::resume))
        .route("/replay/{replay}/cancel", post(replays::cancel));
    let study = Router::new()
        .route("/", get(studies::home))
        .route("/search", get(studies::search))
        .route("/notices", get(notices::page))
        .route("/notices/read", post(notices::mark_read))
        .route("/settings/integrations", get(webhooks::list))
        .route("/settings/integrations/switch", post(studies::switch))
        .route("/settings/integrations/new", get(webhooks::new_page).post(webhooks::create))
        .nest("/settings/integrations/{webhook}", webhook)
        .route("/settings/api-keys", get(api_keys::page).post(api_keys::create))
        .route("/settings/api-keys/{key}/revoke", post(api_keys::revoke))
        .route("/deliveries/{delivery}", get(deliveries::page))
        .route("/deliveries/{delivery}/retry", post(deliveries::retry))
        .route("/deliveries/{delivery}/reveal", post(deliveries::reveal))
        .nest("/participants", participants())
        .route("/events", get(events::list))
        .route("/events/{event}", get(events::page))
        .route("/events/{event}/reveal", post(events::reveal))
        .merge(answers_and_schedules());
    let pages = Router::new()
        .route("/", get(sign_in::home))
        .route("/sign-in", get(sign_in::page).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/setup/{token}", get(sign_in::setup_page).post(sign_in::setup_submit))
        .route("/account", get(account::page))
        .route("/account/password", post(account::change_password))
        .route("/studies", get(studies::list))
        .route("/r/{token}", get(participant_answer::page).post(participant_answer::save).layer(map_response(not_for_search_engines)))
        .nest("/s/{study}", study)
        .layer(CompressionLayer::new())
        // Outside the compression: a stream of small messages must not wait for a full block.
        .route("/s/{study}/settings/integrations/{webhook}/deliveries/live", get(webhooks::live))
        .layer(sessions)
        .fallback(async || axum::http::StatusCode::NOT_FOUND)
        .layer(from_fn(render::error_pages));
    // Every component in every state, for those who work on them.
    #[cfg(debug_assertions)]
    let pages = pages.route("/styleguide", get(super::console::styleguide));
    pages.with_state(app.clone())
}

/// Participants, their sites and their imports.
fn participants() -> Router<App> {
    let upload = get(imports::upload_page).post(imports::upload).layer(DefaultBodyLimit::max(imports::UPLOAD_MAX));
    Router::new()
        .route("/", get(participants::list))
        .route("/new", get(participants::new_page).post(participants::create))
        .route("/sites", get(sites::list).post(sites::create))
        .route("/sites/{site}", get(sites::rename_page).post(sites::rename))
        .route("/import", upload)
        .route("/import/template.csv", get(imports::template))
        .route("/imports/{import}", get(imports::page))
        .route("/imports/{import}/confirm", post(imports::confirm))
        .route("/imports/{import}/discard", post(imports::discard))
        .route("/{participant}", get(participants::page))
        .route("/{participant}/edit", get(participants::edit_page).post(participants::edit))
}

/// Forms and surveys, responses, records, schedules: below `/s/{study}`.
fn answers_and_schedules() -> Router<App> {
    Router::new()
        .route("/forms", get(forms::list))
        .route("/forms/new", get(forms::new_page).post(forms::create))
        .route("/forms/{form}", get(forms::page))
        .route("/forms/{form}/edit", get(forms::edit_page).post(forms::edit))
        .route("/forms/{form}/archive", post(forms::archive))
        .route("/responses/new", get(responses::new_page).post(responses::create))
        .route("/responses/{response}", get(responses::page).post(responses::save))
        .route("/responses/{response}/link", post(responses::make_link))
        .route("/records", get(records::list))
        .route("/records/levels", get(review_levels::page).post(review_levels::save))
        .route("/records/new", get(records::new_page).post(records::create))
        .route("/records/{record}", get(records::page).post(records::save))
        .route("/records/{record}/review", post(records::review))
        .route("/schedules", get(schedules::list))
        .route("/schedules/new", get(schedules::new_page).post(schedules::create))
        .route("/schedules/{schedule}", get(schedules::page))
        .route("/schedules/{schedule}/edit", get(schedules::edit_page).post(schedules::edit))
        .route("/schedules/{schedule}/run", post(schedules::run_now))
        .route("/schedules/{schedule}/archive", post(schedules::archive))
}

/// A page behind a secret link is nobody's to list.
async fn not_for_search_engines(mut response: Response) -> Response {
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    response
}

fn idle(app: &App) -> tower_sessions::cookie::time::Duration {
    let micros = u64::try_from(app.config.session.idle).unwrap_or_default();
    tower_sessions::cookie::time::Duration::try_from(Duration::from_micros(micros)).unwrap_or(tower_sessions::cookie::time::Duration::HOUR)
}

async fn without_request_id(mut request: Request) -> Request {
    request.headers_mut().remove("x-request-id");
    request
}

/// Request ids of our own.
#[derive(Clone)]
struct RequestIds(App);

impl MakeRequestId for RequestIds {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        format!("req_{:032x}", self.0.ids.next()).parse().ok().map(RequestId::new)
    }
}

/// What the log says of a request: its path without the query, which may hold a search for a participant.
fn span(request: &Request) -> tracing::Span {
    let id = request.headers().get("x-request-id").and_then(|v| v.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), path = path_to_log(request.uri().path()))
}

/// A path without what is secret in it.
fn path_to_log(path: &str) -> &str {
    match path {
        path if path.starts_with("/setup/") => "/setup/…",
        path if path.starts_with("/r/") => "/r/…",
        path => path,
    }
}

#[cfg(test)]
mod tests {
    use super::path_to_log;

    #[test]
    fn what_opens_something_is_not_logged() {
        assert_eq!(path_to_log("/s/heart/records/rec_1"), "/s/heart/records/rec_1");
        assert_eq!((path_to_log("/setup/abc"), path_to_log("/r/abc")), ("/setup/…", "/r/…"));
    }
}
