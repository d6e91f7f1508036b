//! The route table: every address that Hookwell answers, and what is around them.

use super::auth::session::{COOKIE, Sessions};
use super::console::{account, api_keys, deliveries, notices, render, sign_in, studies, test, webhooks};
use super::state::App;
use super::{assets, health, rest, same_origin, security_headers};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state, map_request};
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
        .route("/deliveries", get(webhooks::history));
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
        .route("/deliveries/{delivery}/reveal", post(deliveries::reveal));
    let pages = Router::new()
        .route("/", get(sign_in::home))
        .route("/sign-in", get(sign_in::page).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/setup/{token}", get(sign_in::setup_page).post(sign_in::setup_submit))
        .route("/account", get(account::page))
        .route("/account/password", post(account::change_password))
        .route("/studies", get(studies::list))
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
    let path = match request.uri().path() {
        path if path.starts_with("/setup/") => "/setup/…",
        path => path,
    };
    tracing::info_span!("request", id, method = %request.method(), path)
}
