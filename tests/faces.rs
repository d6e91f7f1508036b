//! The compatibility faces as their clients use them: the commands of their documents, run by `bash` and `curl` against the real binary, with a
//! receiver that takes what comes. Where bash, curl or python3 is missing, this fails.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a platform's client is not the engine's")]
#![allow(dead_code, reason = "the support is shared")]

mod support;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use support::Installation;

/// What came: path, headers and body.
type Request = (String, HeaderMap, Bytes);
type Came = Arc<Mutex<Vec<Request>>>;

/// A receiver that answers 204 to everything: its address, and what came.
async fn receiver() -> (String, Came) {
    let came = Came::default();
    let seen = Arc::clone(&came);
    let router = axum::Router::new().fallback(async move |uri: Uri, headers: HeaderMap, body: Bytes| {
        seen.lock().unwrap().push((uri.path().to_owned(), headers, body));
        StatusCode::NO_CONTENT
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, came)
}

/// Runs a script of `end2end/faces/` against a fresh installation; gives what its receiver got.
async fn as_printed(script: &str) -> Vec<Request> {
    let (url, came) = receiver().await;
    let at = Installation::sqlite();
    at.set_up(&url).await;
    let key = at.key("webhooks:read,webhooks:write,webhooks:test,deliveries:retry,events:write,data:write");
    let server = at.serve().await;
    let mut command = Command::new("bash");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("end2end/faces").join(script));
    command.env("HOOKWELL", at.url("")).env("CREDENTIALS", key).env("RECEIVER", url);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().expect("bash runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{script}: {}\n{}{}", output.status, said(&output.stdout), said(&output.stderr));
    assert!(server.terminate().success());
    let came = came.lock().unwrap();
    came.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn infermedicas_commands_do_what_its_document_says() {
    let came = as_printed("infermedica.sh").await;
    let [(path, headers, _)] = came.as_slice() else { panic!("{came:?}") };
    assert_eq!(path, "/webhook_receiver");
    assert_eq!(headers["x-webhook-infermedica-token"], "zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ");
    assert!(headers.get("webhook-signature").is_none(), "it has no secret");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_surveys_operations_do_what_their_document_says() {
    let came = as_printed("surveys.sh").await;
    // The study has a webhook for new participants too, which is at the receiver's root.
    let (ours, others): (Vec<_>, Vec<_>) = came.iter().partition(|(path, ..)| path == "/webhooks/survey-complete");
    assert_eq!(others.len(), 2, "two contacts are new: {others:?}");
    // The test, the completion and its retry with the same id; then the completion of the survey that was sent.
    let ids: Vec<&str> = ours.iter().map(|(_, headers, _)| headers["webhook-id"].to_str().unwrap()).collect();
    assert_eq!(ids.len(), 4, "{ours:?}");
    assert_eq!(ids[1], ids[2]);
    for (_, headers, body) in &ours {
        assert_eq!(headers["x-webhook-signature"], signature("your-webhook-secret", body).as_str());
    }
    let callback: serde_json::Value = serde_json::from_slice(&ours[3].2).unwrap();
    assert_eq!((&callback["eventType"], &callback["data"]["answers"]["satisfied"]), (&"survey.response_completed".into(), &true.into()));
}

fn signature(secret: &str, body: &[u8]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}
