//! Ten thousand participants by CSV, with the real binary on SQLite: each is created once and delivered once, though the process is killed in the
//! middle, and the progress that is told is what is durable.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a platform's client is not the engine's")]
#![allow(dead_code, reason = "the support is shared")]

mod support;

use serde_json::Value;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use support::{Installation, Receiver, client, within};

const COUNT: usize = 10_000;
/// The default of a webhook: so many attempts can be in flight when the process is killed.
const CONCURRENCY: usize = 10;

async fn call(at: &Installation, key: &str, method: reqwest::Method, path: &str, body: Option<String>) -> Value {
    let mut request = client().request(method, at.url(path)).bearer_auth(key);
    if let Some(body) = body {
        request = request.header("content-type", "text/csv").body(body);
    }
    let response = request.send().await.expect("answers");
    let status = response.status();
    let text = response.text().await.expect("a body");
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_participants_by_csv_are_delivered_once_each() {
    let at = Installation::sqlite();
    let receiver = Receiver::start(Duration::ZERO).await;
    let set = at.set_up(&receiver.url).await;
    receiver.verify_with(&set.secret);
    let key = at.key("data:write");
    let mut file = "identifier,email,arm\n".to_owned();
    for n in 0..COUNT {
        writeln!(file, "HF-{n:05},p{n}@example.com,{}", if n % 2 == 0 { "A" } else { "B" }).unwrap();
    }
    let server = at.serve().await;
    let began = Instant::now();
    let preview = call(&at, &key, reqwest::Method::POST, "/api/v1/participants/imports?file_name=all.csv", Some(file)).await;
    assert_eq!((&preview["rows"], &preview["good"], &preview["state"]), (&COUNT.into(), &COUNT.into(), &"preview".into()));
    let path = format!("/api/v1/participants/imports/{}", preview["id"].as_str().unwrap());
    call(&at, &key, reqwest::Method::POST, &format!("{path}/confirm"), None).await;
    let created = async || call(&at, &key, reqwest::Method::GET, &path, None).await["created"].as_u64().unwrap();
    // Progress is seen, and then the process is gone.
    let mut seen = Vec::new();
    within(Duration::from_secs(120), "some are created", async || {
        let now = created().await;
        if now > 0 && seen.last() != Some(&now) {
            seen.push(now);
        }
        seen.len() >= 2
    })
    .await;
    server.kill();
    let server = at.serve().await;
    assert!(created().await >= *seen.last().unwrap(), "what was told is durable");
    let waiting = "SELECT COUNT(*) FROM deliveries WHERE next_attempt_at IS NOT NULL";
    within(Duration::from_secs(240), "all are delivered", async || receiver.distinct() >= COUNT && at.number(waiting).await == 0).await;
    let took = began.elapsed();
    let done = call(&at, &key, reqwest::Method::GET, &path, None).await;
    assert_eq!((&done["state"], &done["created"], &done["skipped"]), (&"done".into(), &COUNT.into(), &0.into()));
    assert!(server.terminate().success());
    let expected = i64::try_from(COUNT).unwrap();
    for text in [
        "SELECT COUNT(*) FROM participants",
        "SELECT COUNT(*) FROM events WHERE event_type = 'participant.created'",
        "SELECT COUNT(*) FROM deliveries WHERE state = 'delivered'",
    ] {
        assert_eq!(at.number(text).await, expected, "{text}");
    }
    assert_eq!(receiver.distinct(), COUNT, "none is lost");
    assert!(receiver.repeated() <= CONCURRENCY, "only attempts in flight at the kill repeat");
    receiver.came(|came| assert_eq!(came.refused, 0, "every signature holds"));
    println!("{COUNT} participants created and delivered in {took:.1?}, with one kill; progress was seen at {seen:?}");
    at.finish().await;
}
