//! stub
pub fn router(_app: crate::server::state::App) -> axum::Router {
    axum::Router::new()
}
