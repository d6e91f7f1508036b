//! The REST API: JSON over the same services as the pages. `v1` is the list of its routes, `compat` that of the compatibility faces.

pub mod compat;
pub mod docs;
pub mod extract;
pub mod prefer;
pub mod problem;
pub mod v1;
pub mod version;

#[cfg(test)]
mod tests;

use super::state::App;
use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::{any, get};
use bytes::Bytes;
use utoipa_axum::router::OpenApiRouter;

/// The page at `/api/docs` loads its stylesheet, and nothing else.
const DOCS_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Everything below `/api/v1/` and the faces, the document at `/api/openapi.json` and the page at `/api/docs`. What is at no other path below `/api/` is
/// answered with a problem.
pub fn router(app: App) -> Router {
    router_with(app, crate::server::assets::url("style.css"))
}

/// The same, with another stylesheet for the page.
pub fn router_with(app: App, stylesheet: &str) -> Router {
    let (routes, document) = routes().split_for_parts();
    // Written once: neither changes while the process lives.
    let document = serde_json::to_value(&document).unwrap_or_default();
    let page = Bytes::from(docs::page(&document, stylesheet));
    let json = Bytes::from(document.to_string());
    routes
        .route("/api/openapi.json", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json).into_response() }))
        .route("/api/docs", get(move || async move { ([(header::CONTENT_SECURITY_POLICY, DOCS_POLICY)], Html(page)) }))
        .route("/api", any(problem::unknown_path))
        .route("/api/{*path}", any(problem::unknown_path))
        .method_not_allowed_fallback(problem::unknown_method)
        .layer(axum::middleware::from_fn(problem::with_request_id))
        .with_state(app)
}

fn routes() -> OpenApiRouter<App> {
    v1::routes().merge(compat::routes())
}

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}
