//! Refuses requests that another site makes a browser send. Server functions and forms have no other guard: a cookie
//! says who, not what for. `SameSite=Lax` helps, but lets a sibling domain through, and is the browser's to honour.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::Url;

/// What [`layer`] compares with: the address by which people reach the console, where one is configured.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `scheme://host[:port]`; a path is ignored.
    pub public_url: Option<Url>,
}

/// Answers 403 to a changing request that does not come from a page of this console. Use it with
/// `axum::middleware::from_fn_with_state(Settings { public_url }, same_origin::layer)` around everything.
pub async fn layer(State(settings): State<Settings>, request: Request, next: Next) -> Response {
    match is_allowed(&settings, request.method(), request.headers()) {
        true => next.run(request).await,
        false => (
            StatusCode::FORBIDDEN,
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")],
            "This request came from another site, so nothing was done. Open the console itself and try again there.\n",
        )
            .into_response(),
    }
}

fn is_allowed(settings: &Settings, method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    // A browser does not send a key by itself, and no other site's script can make it: that is cross-origin and needs
    // a preflight, which is not answered here.
    if has_bearer(headers) {
        return true;
    }
    // No script can set or change this one. `none` is the person: the address bar, a bookmark.
    if let Some(site) = headers.get(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    // An older browser, or https was ended before us and http has no Sec-Fetch-Site.
    if let Some(origin) = headers.get(header::ORIGIN) {
        return origin.to_str().is_ok_and(|origin| is_ours(settings, headers, origin));
    }
    // No browser that is in use leaves out both on a changing request; a program does, and it has no cookie unless it
    // took part in a sign-in, and can say where it comes from.
    !headers.contains_key(header::COOKIE)
}

fn has_bearer(headers: &HeaderMap) -> bool {
    let scheme = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().get(..7));
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
}

/// `null`, which sandboxed frames and `data:` pages send, is nobody's.
fn is_ours(settings: &Settings, headers: &HeaderMap, origin: &str) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    if !origin.origin().is_tuple() {
        return false;
    }
    if settings.public_url.as_ref().is_some_and(|public| public.origin() == origin.origin()) {
        return true;
    }
    // Without a public URL the scheme is not known, for a proxy may have ended https; host and port must do.
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let Ok(ours) = Url::parse(&format!("{}://{host}", origin.scheme())) else { return false };
    ours.origin() == origin.origin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, routing::any};
    use tower::ServiceExt;

    async fn status(public_url: Option<&str>, method: Method, headers: &[(&str, &str)]) -> StatusCode {
        let settings = Settings { public_url: public_url.map(|url| url.parse().unwrap()) };
        let router = Router::new().route("/", any(|| async { "done" })).layer(axum::middleware::from_fn_with_state(settings, super::layer));
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
    }

    async fn post(headers: &[(&str, &str)]) -> bool {
        status(None, Method::POST, headers).await == StatusCode::OK
    }

    #[tokio::test]
    async fn reading_is_free() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let evil = [("sec-fetch-site", "cross-site"), ("cookie", "id=1")];
            assert_eq!(status(None, method, &evil).await, StatusCode::OK);
        }
    }

    #[tokio::test]
    async fn every_other_method_is_guarded() {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert_eq!(status(None, method, &[("sec-fetch-site", "cross-site")]).await, StatusCode::FORBIDDEN);
        }
    }

    #[tokio::test]
    async fn the_browser_says_where_it_comes_from() {
        assert!(post(&[("sec-fetch-site", "same-origin"), ("cookie", "id=1")]).await);
        assert!(post(&[("sec-fetch-site", "none"), ("cookie", "id=1")]).await);
        assert!(!post(&[("sec-fetch-site", "cross-site")]).await);
        assert!(!post(&[("sec-fetch-site", "same-site")]).await);
        // It is believed before an Origin that would match.
        assert!(!post(&[("sec-fetch-site", "same-site"), ("origin", "https://a.test"), ("host", "a.test")]).await);
    }

    #[tokio::test]
    async fn or_the_origin_does() {
        assert!(post(&[("origin", "https://a.test"), ("host", "a.test")]).await);
        assert!(post(&[("origin", "https://a.test"), ("host", "a.test:443")]).await);
        assert!(post(&[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]).await);
        assert!(!post(&[("origin", "http://127.0.0.1:4000"), ("host", "127.0.0.1:3000")]).await);
        assert!(!post(&[("origin", "https://evil.test"), ("host", "a.test")]).await);
        assert!(!post(&[("origin", "https://a.test.evil.test"), ("host", "a.test")]).await);
        assert!(!post(&[("origin", "null"), ("host", "null")]).await);
        assert!(!post(&[("origin", "data:x"), ("host", "x")]).await);
        assert!(!post(&[("origin", "https://a.test")]).await);
    }

    #[tokio::test]
    async fn the_public_address_counts_where_a_proxy_changes_the_host() {
        let headers = [("origin", "https://hooks.test"), ("host", "10.0.0.7:3000"), ("cookie", "id=1")];
        assert_eq!(status(Some("https://hooks.test/"), Method::POST, &headers).await, StatusCode::OK);
        assert_eq!(status(Some("http://hooks.test/"), Method::POST, &headers).await, StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn programs_are_let_through_unless_they_have_a_cookie() {
        assert!(post(&[]).await);
        assert!(!post(&[("cookie", "id=1")]).await);
        assert!(post(&[("authorization", "Bearer hk_1"), ("cookie", "id=1")]).await);
        assert!(post(&[("authorization", "bearer hk_1"), ("sec-fetch-site", "cross-site")]).await);
        assert!(!post(&[("authorization", "Basic eA=="), ("sec-fetch-site", "cross-site")]).await);
    }
}
