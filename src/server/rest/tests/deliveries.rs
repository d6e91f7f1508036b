use super::{Server, event};
use crate::model::permission::Scope;
use serde_json::json;

#[tokio::test]
async fn the_history_is_listed_by_filter_and_page() {
    let server = Server::new().await;
    let (webhook, first) = server.delivery().await;
    let second = server.post("/api/v1/events", event("2")).await.body["delivery_ids"][0].clone();
    let page =
        server.get(&format!("/api/v1/deliveries?webhook_id={webhook}&state=waiting&event_type=form.completed&mode=live&limit=1")).await;
    assert_eq!((page.status, &page.body["items"][0]["id"]), (200, &second), "{page:?}");
    assert_eq!(page.body["items"][0]["subject"], "A-1");
    let next = page.body["next"].as_str().expect("another page");
    let rest = server.get(&format!("/api/v1/deliveries?limit=1&cursor={next}")).await;
    assert_eq!((&rest.body["items"][0]["id"], &rest.body["next"]), (&json!(first), &json!(null)));
    assert_eq!(server.get("/api/v1/deliveries?state=delivered").await.body["items"], json!([]));
    assert_eq!(server.get("/api/v1/deliveries?q=2").await.body["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let server = Server::new().await;
    for (query, field) in [
        ("state=x", "state"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("from=x", "from"),
        ("cursor=x", "cursor"),
        ("colour=red", "colour"),
    ] {
        let refused = server.get(&format!("/api/v1/deliveries?{query}")).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![field]), "{refused:?}");
    }
    assert_eq!(server.get("/api/v1/deliveries?webhook_id=x").await.problem(), "not-found");
}

#[tokio::test]
async fn a_delivery_is_read_without_its_live_body() {
    let server = Server::new().await;
    let (webhook, id) = server.delivery().await;
    let read = server.get(&format!("/api/v1/deliveries/{id}")).await;
    assert_eq!(read.status, 200, "{read:?}");
    assert_eq!((&read.body["id"], &read.body["webhook_id"], &read.body["state"]), (&json!(id), &json!(webhook), &json!("pending")));
    assert_eq!((&read.body["source"], &read.body["external_id"]), (&json!("/test"), &json!("1")));
    assert_eq!(read.body["payload"]["body"], json!(null));
    assert!(read.body["payload"]["body_size"].as_u64().is_some_and(|n| n > 0));
    assert!(read.body["payload"]["headers"].as_array().is_some_and(|h| !h.is_empty()));
    assert_eq!(server.get(&format!("/api/v1/deliveries/{id}/attempts")).await.body, json!({"items": []}));
}

#[tokio::test]
async fn a_delivery_is_retried_with_a_reason() {
    let mut server = Server::new().await;
    let (_, id) = server.delivery().await;
    let path = format!("/api/v1/deliveries/{id}/retry");
    assert_eq!(server.post(&path, json!({})).await.fields(), ["reason"]);
    assert_eq!(server.post(&path, json!({"reason": "x"})).await.fields(), ["reason"]);
    let planned = server.post(&path, json!({"reason": "it was repaired"})).await;
    assert_eq!((planned.status, &planned.body["id"]), (202, &json!(id)), "{planned:?}");
    server.key = server.key_for("first", &[Scope::WebhooksRead]).await;
    assert_eq!(server.post(&path, json!({"reason": "it was repaired"})).await.problem(), "forbidden");
}
