//! The figures of docs/PERFORMANCE.md: `make bench` measures them again and writes them there. Each is given beside something
//! bare that was measured in the same run, for the ratio says more than the figure on a machine that does other things too.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a platform's client is not the engine's")]
#![allow(dead_code, reason = "the support is shared")]

#[path = "../tests/support/mod.rs"]
mod support;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use hookwell::model::delivery::{Attempt, DeliveryState, FailureKind, Payload, Timing, Trigger};
use hookwell::model::event::Event;
use hookwell::model::event_type::EventType;
use hookwell::model::id::{AttemptId, DeliveryId, EventId, WebhookId};
use hookwell::model::time::{MINUTE, SECOND};
use hookwell::server::state::App;
use hookwell::server::store::queue::{self, Completion, NewDelivery, NewPayload};
use hookwell::server::store::{Raw, attempts, studies};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{Installation, Receiver, STUDY, Set, client, event, publish};
use tower::ServiceExt;

const DELIVERIES: usize = 100_000;
const REQUESTS: usize = 200;
/// No measurement of a rate takes longer.
const LONGEST: Duration = Duration::from_secs(6);

fn main() {
    // `cargo test --benches` runs this too, and it proves nothing.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut table = String::from("| What | Figure | Beside it | Ratio |\n|---|---|---|---|\n");
    runtime.block_on(async {
        pages(&mut table).await;
        rates(&mut table).await;
    });
    println!("\n{table}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/PERFORMANCE.md");
    let text = std::fs::read_to_string(path).expect("the document");
    let (before, rest) = text.split_once("<!-- figures -->").expect("the first mark");
    let (_, after) = rest.split_once("<!-- /figures -->").expect("the second mark");
    std::fs::write(path, format!("{before}<!-- figures -->\n{table}<!-- /figures -->{after}")).expect("written");
}

/// A day's history: four of five arrived, the others failed for good or wait for a retry.
async fn fill(app: &App, set: &Set) -> Vec<DeliveryId> {
    let mut db = app.store.read().await.unwrap();
    let study = studies::find_by_slug(&mut db, STUDY).await.unwrap().unwrap().id;
    drop(db);
    let webhook_id: WebhookId = set.webhook_id.parse().unwrap();
    let now = app.clock.now();
    let mut ids = Vec::with_capacity(DELIVERIES);
    for first in (0..DELIVERIES).step_by(1000) {
        let events: Vec<Event> = (first..first + 1000)
            .map(|n| Event {
                id: EventId::from_bits(app.ids.next()),
                study_id: study.clone(),
                source: "/platform".to_owned(),
                external_id: format!("event-{n}"),
                event_type: EventType::ParticipantCreated,
                subject: Some(format!("P-{n:06}")),
                occurred_at: now,
                accepted_at: now,
                is_test: false,
                data: Some(event(n)["data"].clone()),
                skipped: Vec::new(),
            })
            .collect();
        let payload = |e: &Event| Payload { headers: Vec::new(), body: json!({"type": "participant.created", "data": e.data}).to_string() };
        let variant = "standard/id-only".to_owned();
        let payloads: Vec<_> =
            events.iter().map(|e| NewPayload { event_id: e.id.clone(), variant: variant.clone(), payload: payload(e) }).collect();
        let deliveries: Vec<_> = events
            .iter()
            .map(|e| NewDelivery {
                id: DeliveryId::from_bits(app.ids.next()),
                webhook_id: webhook_id.clone(),
                event_id: e.id.clone(),
                variant: variant.clone(),
                trigger: Trigger::Schedule,
                requested_by: None,
                lease: Some(("filling".to_owned(), now)),
            })
            .collect();
        let mut tx = app.store.begin().await.unwrap();
        let events: Vec<&Event> = events.iter().collect();
        queue::insert_events(&mut tx, &events).await.unwrap();
        queue::insert_deliveries(&mut tx, &events, &payloads.iter().collect::<Vec<_>>(), &deliveries.iter().collect::<Vec<_>>())
            .await
            .unwrap();
        for (n, delivery) in deliveries.iter().enumerate() {
            let (state, status, failure, next) = match n % 20 {
                0..16 => (DeliveryState::Delivered, 204, None, None),
                16..18 => (DeliveryState::Exhausted, 500, Some(FailureKind::HttpStatus), None),
                _ => (DeliveryState::Retrying, 503, Some(FailureKind::HttpStatus), Some(now.plus(60 * MINUTE))),
            };
            let done = Completion {
                state,
                next_attempt_at: next,
                attempts: 1,
                schedule_step: u32::from(next.is_some()),
                status: Some(status),
                failure,
                duration: 20_000,
                ended_at: now.plus(SECOND),
            };
            queue::complete(&mut tx, "filling", &[(&study, &delivery.id, &done)]).await.unwrap();
            if n % 5 == 0 {
                let attempt = Attempt {
                    id: AttemptId::from_bits(app.ids.next()),
                    delivery_id: delivery.id.clone(),
                    number: 1,
                    trigger: Trigger::Schedule,
                    requested_by: None,
                    reason: None,
                    started_at: now,
                    timing: Timing { total: 20_000, ..Timing::default() },
                    url: "http://127.0.0.1:9/hooks".to_owned(),
                    request_headers: vec![("webhook-id".to_owned(), delivery.id.to_string())],
                    status: Some(status),
                    response_headers: vec![("content-length".to_owned(), "0".to_owned())],
                    response_body: Some(String::new()),
                    response_truncated: false,
                    failure,
                    message: None,
                };
                attempts::insert(&mut tx, &[(&study, &attempt)]).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        ids.extend(deliveries.into_iter().map(|d| d.id));
    }
    ids
}

async fn ask(router: &Router, path: &str, cookie: &str) -> usize {
    let request = Request::get(path).header(header::COOKIE, cookie).header(header::HOST, "127.0.0.1:3000");
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().len()
}

async fn sign_in(router: &Router) -> String {
    let request = Request::post("/sign-in")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::HOST, "127.0.0.1:3000");
    let body = "email=administrator%40example.com&password=correct+horse+battery+staple";
    let mut request = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 303);
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// The median and the 95th of a hundred, in milliseconds.
async fn times(mut once: impl AsyncFnMut()) -> (f64, f64) {
    for _ in 0..10 {
        once().await;
    }
    let end = Instant::now() + Duration::from_secs(20);
    let mut all = Vec::with_capacity(REQUESTS);
    while all.len() < REQUESTS && Instant::now() < end {
        let began = Instant::now();
        once().await;
        all.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    all.sort_by(f64::total_cmp);
    (all[all.len() / 2], all[all.len() * 95 / 100])
}

async fn pages(table: &mut String) {
    let at = Installation::sqlite();
    drop(at.serve().await);
    let set = at.set_up("http://127.0.0.1:9/hooks").await;
    let app = at.app().await;
    let began = Instant::now();
    let ids = fill(&app, &set).await;
    println!("{DELIVERIES} deliveries written in {:.1?}", began.elapsed());
    let router = hookwell::server::router::router(app.clone());
    let cookie = sign_in(&router).await;

    let health = times(async || assert!(ask(&router, "/healthz", "").await > 0)).await;
    let select = times(async || {
        let mut db = app.store.read().await.unwrap();
        if let Raw::Sqlite(c) = db.raw() {
            let _one: (i64,) = sqlx::query_as("SELECT 1").fetch_one(c).await.unwrap();
        }
    })
    .await;
    let _ = writeln!(table, "| `/healthz`, in the process | {:.2} ms (p95 {:.2}) | | |", health.0, health.1);
    let _ = writeln!(table, "| `SELECT 1` | {:.2} ms (p95 {:.2}) | | |", select.0, select.1);
    let webhook = format!("/s/{STUDY}/settings/integrations/{}", set.webhook_id);
    let paths = [
        ("Webhooks of a study", format!("/s/{STUDY}/settings/integrations")),
        ("A webhook", webhook.clone()),
        ("Its deliveries", format!("{webhook}/deliveries")),
        ("… filtered by state", format!("{webhook}/deliveries?state=exhausted")),
        ("… searched for", format!("{webhook}/deliveries?q=event-50000")),
        ("… 90,000 deep", format!("{webhook}/deliveries?before={}", ids[DELIVERIES / 10])),
        ("A delivery", format!("/s/{STUDY}/deliveries/{}", ids[DELIVERIES / 2])),
    ];
    for (name, path) in &paths {
        let (p50, p95) = times(async || assert!(ask(&router, path, &cookie).await > 0)).await;
        println!("{name}: {p50:.2} ms, p95 {p95:.2} ms");
        let verdict = if p95 < 10.0 { "" } else { " **over 10 ms**" };
        let _ = writeln!(table, "| {name} | {p50:.2} ms (p95 {p95:.2}){verdict} | `SELECT 1` | × {:.0} |", p50 / select.0);
    }
    app.store.close().await;
}

/// How often the disk makes 4 KiB durable.
fn syncs(dir: &std::path::Path) -> f64 {
    let mut file = std::fs::File::create(dir.join("sync")).unwrap();
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(3) {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

/// Publishes over eight connections, `size` events a request; gives events a second.
async fn intake(at: &Arc<Installation>, key: &str, size: usize, next: &Arc<AtomicUsize>, most: usize) -> f64 {
    let before = next.load(Ordering::SeqCst);
    let (began, published) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (at, key, next, published) = (at.clone(), key.to_owned(), next.clone(), published.clone());
            tokio::spawn(async move {
                let client = client();
                while began.elapsed() < LONGEST && published.fetch_add(size, Ordering::SeqCst) < most {
                    let first = next.fetch_add(size, Ordering::SeqCst);
                    let what = if size == 1 { event(first) } else { Value::Array((first..first + size).map(event).collect()) };
                    let (status, answer) = publish(&client, &at, &key, &what).await.unwrap();
                    assert_eq!(status, 202, "{answer}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    (next.load(Ordering::SeqCst) - before) as f64 / began.elapsed().as_secs_f64()
}

/// Signed requests of the same client straight to the receiver, ten at a time as the engine does.
async fn bare(receiver: &Receiver, secret: &str) -> f64 {
    let now = hookwell::server::clock::Clock::system().now().seconds();
    let body = event(0).to_string();
    let signature = standardwebhooks::Webhook::new(secret).unwrap().sign("bare", now, body.as_bytes()).unwrap();
    let (client, began, count) = (client(), Instant::now(), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let (client, url, body, signature, count) =
                (client.clone(), receiver.url.clone(), body.clone(), signature.clone(), count.clone());
            tokio::spawn(async move {
                while began.elapsed() < Duration::from_secs(3) {
                    let request = client.post(&url).header("webhook-id", "bare").header("webhook-timestamp", now.to_string());
                    let answer = request.header("webhook-signature", &signature).body(body.clone()).send().await.unwrap();
                    assert_eq!(answer.status(), 204);
                    count.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    count.load(Ordering::SeqCst) as f64 / began.elapsed().as_secs_f64()
}

async fn rates(table: &mut String) {
    let at = Arc::new(Installation::sqlite());
    let receiver = Receiver::start(Duration::ZERO).await;
    let set = at.set_up(&receiver.url).await;
    receiver.verify_with(&set.secret);
    let synced = syncs(at.dir.path());
    let posts = bare(&receiver, &set.secret).await;
    let delivered = || receiver.distinct() - 1;
    let _ = writeln!(table, "| 4 KiB written and synced | {synced:.0} a second | | |");
    let _ = writeln!(table, "| Bare signed POSTs to the receiver | {posts:.0} a second | | |");
    let server = at.serve().await;
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let batches = intake(&at, &set.key, 100, &next, 2000).await;
    let wanted = next.load(Ordering::SeqCst);
    while delivered() < wanted && began.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let end_to_end = delivered() as f64 / began.elapsed().as_secs_f64();
    let singles = intake(&at, &set.key, 1, &next, 20_000).await;
    let _ = writeln!(table, "| Events taken one a request, while delivering | {singles:.0} a second | syncs | × {:.2} |", singles / synced);
    let _ = writeln!(
        table,
        "| Events taken a hundred a request, while delivering | {batches:.0} a second | syncs | × {:.2} |",
        batches / synced
    );
    let _ = writeln!(table, "| Events from intake to the receiver | {end_to_end:.0} a second | bare POSTs | × {:.2} |", end_to_end / posts);
    server.kill();
}
