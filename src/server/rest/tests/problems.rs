use super::{Server, event};
use crate::model::permission::Scope;
use crate::model::time::DAY;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;

#[tokio::test]
async fn without_a_good_key_nothing_is_answered() {
    let mut server = Server::new().await;
    let bare = server.send(Request::builder().uri("/api/v1/webhooks").body(Body::empty()).expect("request")).await;
    assert_eq!((bare.status, bare.problem()), (401, "unauthenticated"));
    assert_eq!(bare.headers["www-authenticate"], "Bearer");
    let good = std::mem::replace(&mut server.key, "hwk_wrong".to_owned());
    assert_eq!(server.get("/api/v1/webhooks").await.problem(), "unauthenticated");
    server.key = good;
    assert_eq!(server.get("/api/v1/webhooks").await.status, 200);
    server.app.clock.advance(31 * DAY);
    assert_eq!(server.get("/api/v1/webhooks").await.problem(), "unauthenticated", "expired");
}

#[tokio::test]
async fn each_scope_allows_its_own_and_nothing_else() {
    let mut server = Server::new().await;
    let (webhook, delivery) = server.delivery().await;
    let hook = format!("/api/v1/webhooks/{webhook}");
    let new = json!({"name": "n", "url": "https://1.1.1.1/", "events": ["form.completed"]});
    let calls = [
        ("GET", "/api/v1/webhooks".to_owned(), json!(null), Scope::WebhooksRead),
        ("GET", hook.clone(), json!(null), Scope::WebhooksRead),
        ("GET", "/api/v1/deliveries".to_owned(), json!(null), Scope::WebhooksRead),
        ("GET", format!("/api/v1/deliveries/{delivery}"), json!(null), Scope::WebhooksRead),
        ("GET", format!("/api/v1/deliveries/{delivery}/attempts"), json!(null), Scope::WebhooksRead),
        ("GET", "/api/v1/events".to_owned(), json!(null), Scope::WebhooksRead),
        ("POST", "/api/v1/webhooks".to_owned(), new, Scope::WebhooksWrite),
        ("POST", format!("{hook}/rotate"), json!({}), Scope::WebhooksWrite),
        ("PATCH", hook.clone(), json!({"name": "p"}), Scope::WebhooksWrite),
        ("POST", format!("{hook}/sample"), json!({}), Scope::WebhooksTest),
        ("POST", format!("/api/v1/deliveries/{delivery}/retry"), json!({"reason": "for the test"}), Scope::DeliveriesRetry),
        ("POST", "/api/v1/events".to_owned(), event("9"), Scope::EventsWrite),
        ("DELETE", hook, json!({}), Scope::WebhooksWrite),
    ];
    for (method, path, body, scope) in &calls {
        let others: Vec<Scope> = Scope::ALL.into_iter().filter(|s| s != scope).collect();
        server.key = server.key_for("first", &others).await;
        let refused = server.call(method, path, body.clone()).await;
        assert_eq!((refused.status, refused.problem()), (403, "forbidden"), "{method} {path}");
        assert_eq!(refused.body["request_id"], "req-1");
    }
}

#[tokio::test]
async fn another_studys_things_are_not_there() {
    let mut server = Server::new().await;
    let (webhook, delivery) = server.delivery().await;
    let events = server.get("/api/v1/events").await;
    let event = events.body["items"][0]["id"].as_str().expect("an id").to_owned();
    server.study("second").await;
    server.key = server.key_for("second", &Scope::ALL).await;
    for (method, path, body) in [
        ("GET", format!("/api/v1/webhooks/{webhook}"), json!(null)),
        ("PATCH", format!("/api/v1/webhooks/{webhook}"), json!({"name": "x"})),
        ("DELETE", format!("/api/v1/webhooks/{webhook}"), json!({})),
        ("POST", format!("/api/v1/webhooks/{webhook}/rotate"), json!({})),
        ("POST", format!("/api/v1/webhooks/{webhook}/sample"), json!({})),
        ("GET", format!("/api/v1/deliveries?webhook_id={webhook}"), json!(null)),
        ("GET", format!("/api/v1/deliveries/{delivery}"), json!(null)),
        ("GET", format!("/api/v1/deliveries/{delivery}/attempts"), json!(null)),
        ("POST", format!("/api/v1/deliveries/{delivery}/retry"), json!({"reason": "for the test"})),
        ("GET", format!("/api/v1/events/{event}"), json!(null)),
        // Ids that are none.
        ("GET", "/api/v1/webhooks/x".to_owned(), json!(null)),
        ("GET", "/api/v1/deliveries/%ff".to_owned(), json!(null)),
        ("GET", format!("/api/v1/events/{webhook}"), json!(null)),
    ] {
        let refused = server.call(method, &path, body).await;
        assert_eq!((refused.status, refused.problem()), (404, "not-found"), "{method} {path}");
    }
    assert_eq!(server.get("/api/v1/webhooks").await.body["items"], json!([]));
}

#[tokio::test]
async fn a_locked_study_takes_nothing() {
    let server = Server::new().await;
    server.switch(&server.administrator().await.study.id, false).await;
    assert_eq!(server.post("/api/v1/events", event("1")).await.problem(), "integrations-locked");
    let new = json!({"name": "n", "url": "https://1.1.1.1/", "events": ["form.completed"]});
    assert_eq!(server.post("/api/v1/webhooks", new).await.problem(), "integrations-locked");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let server = Server::new().await;
    for path in ["/api", "/api/v1", "/api/v1/nothing", "/api/nothing/at/all"] {
        assert_eq!(server.get(path).await.problem(), "not-found", "{path}");
    }
    let wrong = server.call("PUT", "/api/v1/webhooks", json!({})).await;
    assert_eq!((wrong.status, wrong.problem()), (405, "method-not-allowed"));
    let allowed = wrong.headers["allow"].to_str().expect("text");
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    assert_eq!(wrong.body["request_id"], "req-1");
    assert_eq!(server.call("POST", "/api/docs", json!({})).await.problem(), "method-not-allowed");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_says_why() {
    let server = Server::new().await;
    let post = |media: &str, body: String| {
        server.send(server.request("POST", "/api/v1/webhooks").header("content-type", media).body(Body::from(body)).expect("request"))
    };
    let comma = post("application/json", "{\"name\": \"a\",\n}".to_owned()).await;
    assert_eq!((comma.status, comma.problem()), (400, "malformed"));
    assert!(comma.body["detail"].as_str().is_some_and(|d| d.contains("line 2 column 1")), "{comma:?}");
    assert_eq!(post("text/plain", "{}".to_owned()).await.problem(), "unsupported-media-type");
    let large = post("application/json", format!("{{\"name\": \"{}\"}}", "x".repeat(64 * 1024))).await;
    assert_eq!((large.status, large.problem()), (413, "too-large"));
    let typed = post("application/json", "{\"name\": \"a\", \"secret\": 12345}".to_owned()).await;
    assert_eq!((typed.status, typed.fields()), (422, vec!["secret"]));
    assert!(!typed.body.to_string().contains("12345"), "a value may be a secret");
}
