//! What a browser is told not to do.
//!
//! Two halves, for the policy of a page holds a nonce that only its rendering knows:
//!
//! - [`page_policy`] runs inside the rendering. `leptos_axum` provides the nonce and the response's options *before* it
//!   calls the additional context, and the shell's `use_nonce()` reads the same one, so header and page agree:
//!
//!   ```ignore
//!   router.leptos_routes_with_context(&state, routes, security_headers::page_policy, move || shell(options.clone()))
//!   ```
//!
//!   It is also the additional context of server functions, which have no nonce, and then does nothing.
//! - [`layer`] goes around everything, outermost, and fills in what an answer does not have.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use leptos::prelude::{use_context, use_nonce};
use leptos_axum::ResponseOptions;

/// For what is not a page of the console: nothing may be loaded, should a browser show it at all.
const NOT_A_PAGE: &str = "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Features that a webhook console has no use for, also if something were injected.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

/// A year, in seconds.
const HSTS: &str = "max-age=31536000";

/// Sets the page's `Content-Security-Policy`. Give it to Leptos as the additional context, see above.
pub fn page_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    if let Ok(policy) = HeaderValue::from_str(&policy(&nonce)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// `'strict-dynamic'` because the page's one inline script imports the islands' script; `'wasm-unsafe-eval'` because
/// that compiles the wasm. Inline styles stay forbidden.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'strict-dynamic' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// What [`layer`] has to know.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Whether the console's public address is `https`. Else `Strict-Transport-Security` would be ignored at best, and
    /// lock out an operator who tries it on plain http behind a name that they use for more.
    pub https: bool,
}

/// Fills in the headers that are the same everywhere; what a handler has set stays. Use it outermost, with
/// `axum::middleware::from_fn_with_state(Settings { https }, security_headers::layer)`.
pub async fn layer(State(settings): State<Settings>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let html = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let mut fill = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    fill(header::CONTENT_SECURITY_POLICY, NOT_A_PAGE);
    fill(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    fill(header::REFERRER_POLICY, "same-origin");
    fill(header::X_FRAME_OPTIONS, "DENY");
    fill(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    fill(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    if settings.https {
        fill(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if html {
        // A page shows what its reader may see; nobody after them at the same browser, and no proxy, may have it.
        fill(header::CACHE_CONTROL, "no-store");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, response::Html, routing::get};
    use leptos::prelude::*;
    use tower::ServiceExt;

    async fn answer(router: Router, https: bool) -> Response {
        let router = router.layer(axum::middleware::from_fn_with_state(Settings { https }, layer));
        router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_page_is_not_stored_and_an_answer_of_the_api_is_no_page() {
        let page = answer(Router::new().route("/", get(|| async { Html("") })), true).await;
        assert_eq!(page.headers()["cache-control"], "no-store");
        assert_eq!(page.headers()["x-frame-options"], "DENY");
        assert_eq!(page.headers()["strict-transport-security"], HSTS);
        let text = answer(Router::new().route("/", get(|| async { "" })), false).await;
        assert!(!text.headers().contains_key("cache-control"));
        assert!(!text.headers().contains_key("strict-transport-security"));
        assert_eq!(text.headers()["content-security-policy"], NOT_A_PAGE);
    }

    #[tokio::test]
    async fn what_a_handler_set_stays() {
        let handler = || async { ([("cache-control", "private"), ("content-security-policy", "sandbox")], Html("")) };
        let response = answer(Router::new().route("/", get(handler)), false).await;
        assert_eq!(response.headers()["cache-control"], "private");
        assert_eq!(response.headers()["content-security-policy"], "sandbox");
    }

    #[tokio::test]
    async fn the_header_has_the_nonce_of_the_page() {
        let _set_already = any_spawner::Executor::init_tokio();
        let page = || view! { <script nonce=use_nonce()>"1"</script> };
        let router = Router::new().route("/", get(leptos_axum::render_app_async_with_context(page_policy, page)));
        let response = answer(router, false).await;
        let header = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let nonce = header.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let page = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let page = String::from_utf8(page.to_vec()).unwrap();
        assert!(nonce.len() >= 16);
        assert!(page.contains(&format!("nonce=\"{nonce}\"")), "{page}");
    }
}
