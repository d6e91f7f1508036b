//! What a browser loads beside the pages, from the table that `build.rs` put into the binary. Names hold a hash of the
//! content, so that an answer never changes and may be kept for ever; a page names the present one by [`url`].

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use leptos::config::LeptosOptions;

/// One file and its variants.
struct Asset {
    /// What the code calls it: `style.css`.
    name: &'static str,
    /// What a page calls it: `/assets/style-….css`.
    url: &'static str,
    content_type: &'static str,
    identity: &'static [u8],
    /// Only where it is smaller.
    brotli: Option<&'static [u8]>,
    /// Only where it is smaller.
    gzip: Option<&'static [u8]>,
}

// PACKAGE and ASSETS.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const A_DAY: &str = "public, max-age=86400";

/// `/assets/…` and `/favicon.ico`, `/favicon.svg`. Merge it before the pages; it needs no state and no session.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{*file}", get(serve)).route("/favicon.ico", get(favicon)).route("/favicon.svg", get(favicon))
}

/// The address of a file of `public/`, or of `style.css`, by the name it has there. A name that is not there gives an
/// address that answers 404: a page without its icon is better than no page.
pub fn url(name: &str) -> &'static str {
    let found = ASSETS.iter().find(|asset| asset.name == name);
    debug_assert!(found.is_some(), "there is no asset {name}");
    found.map_or("/assets/missing", |asset| asset.url)
}

/// Whether the islands are in this binary. They are not where only the server was built.
pub fn has_islands() -> bool {
    PACKAGE.is_some()
}

/// Leptos' options, by which its `HydrationScripts` finds the script and the wasm in the table: it asks for
/// `/assets/<output_name>.js` and, as long as `LEPTOS_OUTPUT_NAME` is not set when Leptos is compiled,
/// `/assets/<output_name>_bg.wasm`.
pub fn leptos_options() -> LeptosOptions {
    LeptosOptions::builder().output_name(PACKAGE.unwrap_or("hookwell")).site_pkg_dir("assets").build()
}

async fn serve(Path(file): Path<String>, request: HeaderMap) -> Response {
    match ASSETS.iter().find(|asset| asset.url.strip_prefix("/assets/") == Some(file.as_str())) {
        Some(asset) => asset.respond(&request, FOR_EVER),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Browsers ask for `/favicon.ico` whatever the page says, and take an SVG for it.
async fn favicon(request: HeaderMap) -> Response {
    match ASSETS.iter().find(|asset| asset.name == "favicon.svg") {
        Some(asset) => asset.respond(&request, A_DAY),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Asset {
    fn respond(&self, request: &HeaderMap, cache: &'static str) -> Response {
        let (encoding, body) = self.variant(request);
        // Variants differ in their bytes, and so they must in their tags. The address has the hash already.
        let tag = format!("\"{}{}\"", self.url.rsplit('/').next().unwrap_or_default(), encoding.map_or("", |encoding| encoding.suffix()));
        let known = request
            .get(header::IF_NONE_MATCH)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|known| known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*"));

        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
        set(header::CACHE_CONTROL, cache);
        set(header::VARY, "accept-encoding");
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if !known {
            set(header::CONTENT_TYPE, self.content_type);
            if let Some(encoding) = encoding {
                set(header::CONTENT_ENCODING, encoding.name());
            }
        }
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        match known {
            true => (StatusCode::NOT_MODIFIED, headers).into_response(),
            false => (headers, body).into_response(),
        }
    }

    /// The smallest variant that the client takes. Without `Accept-Encoding` that is the file as it is.
    fn variant(&self, request: &HeaderMap) -> (Option<Encoding>, &'static [u8]) {
        let packed = [(Encoding::Brotli, self.brotli), (Encoding::Gzip, self.gzip)];
        packed
            .into_iter()
            .find_map(|(encoding, bytes)| bytes.filter(|_| accepts(request, encoding.name())).map(|bytes| (Some(encoding), bytes)))
            .unwrap_or((None, self.identity))
    }
}

#[derive(Clone, Copy)]
enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Gzip => "gzip",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Encoding::Brotli => "-br",
            Encoding::Gzip => "-gzip",
        }
    }
}

/// RFC 9110 §12.5.3, as far as it decides between variants: named with a weight above zero, or covered by `*`.
fn accepts(request: &HeaderMap, encoding: &str) -> bool {
    let mut any = false;
    for value in request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for item in value.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q="))).map_or(Ok(1.0), str::parse::<f32>);
            let wanted = weight.is_ok_and(|weight| weight > 0.0);
            if name.eq_ignore_ascii_case(encoding) {
                return wanted;
            }
            any |= name == "*" && wanted;
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    async fn get_with(path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        routes::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn bytes(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
    }

    const SAMPLE: Asset = Asset {
        name: "a.txt",
        url: "/assets/a-1.txt",
        content_type: "text/plain; charset=utf-8",
        identity: b"as it is",
        brotli: Some(b"br"),
        gzip: Some(b"gz"),
    };

    fn accepting(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    #[tokio::test]
    async fn the_stylesheet_may_be_kept_for_ever() {
        let response = get_with(url("style.css"), &[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["cache-control"], FOR_EVER);
        assert_eq!(response.headers()["content-type"], "text/css; charset=utf-8");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["vary"], "accept-encoding");
        assert!(!response.headers().contains_key("content-encoding"));
    }

    #[tokio::test]
    async fn a_known_tag_is_answered_without_a_body() {
        let tag = get_with(url("style.css"), &[]).await.headers()["etag"].to_str().unwrap().to_owned();
        let again = get_with(url("style.css"), &[("if-none-match", &format!("\"other\", W/{tag}"))]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()["etag"], tag.as_str());
        assert!(bytes(again).await.is_empty());
    }

    #[tokio::test]
    async fn what_is_not_in_the_table_is_not_found() {
        for path in ["/assets/style.css", "/assets/../Cargo.toml", "/assets/nothing"] {
            assert_eq!(get_with(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn the_smallest_variant_that_the_client_takes() {
        for (accept, expected) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip", "gz"),
            ("br;q=0, gzip;q=0.5", "gz"),
            ("br; q=0.0, *", "gz"),
            ("*", "br"),
            ("deflate", "as it is"),
            ("identity, *;q=0", "as it is"),
            ("", "as it is"),
        ] {
            let (_, body) = SAMPLE.variant(&accepting(accept));
            assert_eq!(std::str::from_utf8(body).unwrap(), expected, "{accept:?}");
        }
        assert_eq!(SAMPLE.variant(&HeaderMap::new()).1, b"as it is");
    }

    #[test]
    fn variants_have_tags_of_their_own() {
        let tag = |accept| SAMPLE.respond(&accepting(accept), FOR_EVER).headers()["etag"].clone();
        assert_eq!(tag("br"), "\"a-1.txt-br\"");
        assert_eq!(tag("gzip"), "\"a-1.txt-gzip\"");
        assert_eq!(tag(""), "\"a-1.txt\"");
    }

    /// Holds only where the wasm was built before; the browser tests need it and would fail.
    #[tokio::test]
    async fn leptos_finds_the_islands() {
        if has_islands() {
            let name = leptos_options().output_name;
            for (file, kind) in [(format!("{name}.js"), "text/javascript; charset=utf-8"), (format!("{name}_bg.wasm"), "application/wasm")]
            {
                let response = get_with(&format!("/assets/{file}"), &[("accept-encoding", "br")]).await;
                assert_eq!(response.headers()["content-type"], kind);
                assert_eq!(response.headers()["content-encoding"], "br");
            }
        }
    }
}
