//! What a first visit transfers: everything that the sign-in page and one page of the console load, packed with brotli.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a browser's client is not the engine's")]
#![allow(dead_code, reason = "the support is shared")]

mod support;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use hookwell::server::{assets, router};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use support::{Installation, STUDY};
use tower::ServiceExt;

const MOST: usize = 150 * 1024;

struct Browser {
    router: Router,
    cookie: String,
}

impl Browser {
    async fn send(&mut self, method: &str, path: &str, body: &'static str, encoding: &str) -> (u16, Bytes) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:3000")
            .header(header::COOKIE, &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::ACCEPT_ENCODING, encoding)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        if let Some(cookie) = response.headers().get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        let status = response.status().as_u16();
        (status, axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap())
    }

    /// A page's weight, and what it names of ours.
    async fn visit(&mut self, path: &str, named: &mut BTreeSet<String>) -> usize {
        let (status, plain) = self.send("GET", path, "", "identity").await;
        assert_eq!(status, 200, "{path}");
        let text = String::from_utf8(plain.to_vec()).unwrap();
        // Up to a quote or the fragment that names a part of a sprite.
        for part in text.split("/assets/").skip(1) {
            let file = part.split(['"', '\'', '#', ')', ' ', '`']).next().unwrap();
            named.insert(format!("/assets/{file}"));
        }
        self.send("GET", path, "", "br").await.1.len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_visit_is_light() {
    if !assets::has_islands() {
        println!("not measured: this build has no islands (make wasm first)");
        return;
    }
    let at = Installation::sqlite();
    let set = at.set_up("http://127.0.0.1:9/hooks").await;
    let app = at.app().await;
    let mut browser = Browser { router: router::router(app), cookie: String::new() };
    let mut named = BTreeSet::from(["/favicon.ico".to_owned()]);
    // What Leptos' script asks for by itself.
    let islands = assets::leptos_options().output_name;
    named.extend([format!("/assets/{islands}.js"), format!("/assets/{islands}_bg.wasm")]);
    let mut sum = browser.visit("/sign-in", &mut named).await;
    let form = "email=administrator%40example.com&password=correct+horse+battery+staple";
    assert_eq!(browser.send("POST", "/sign-in", form, "br").await.0, 303);
    sum += browser.visit(&format!("/s/{STUDY}/settings/integrations/{}/deliveries", set.webhook_id), &mut named).await;
    println!("pages: {sum} bytes");
    for file in &named {
        let (status, body) = browser.send("GET", file, "", "br").await;
        assert_eq!(status, 200, "{file}");
        println!("{file}: {} bytes", body.len());
        sum += body.len();
    }
    println!("a first visit: {sum} bytes, {:.1} KB", sum as f64 / 1024.0);
    assert!(sum <= MOST, "{sum} bytes");
}
