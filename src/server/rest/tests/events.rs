use super::{Server, event};
use crate::model::event::{BATCH_BYTES_MAX, EVENT_MAX};
use axum::body::Body;
use serde_json::{Value, json};

async fn publish(server: &Server, media: &str, body: String) -> super::Answer {
    server.send(server.request("POST", "/api/v1/events").header("content-type", media).body(Body::from(body)).expect("request")).await
}

#[tokio::test]
async fn an_event_is_accepted_once() {
    let server = Server::new().await;
    let (_, _) = server.delivery().await;
    let new = publish(&server, "application/cloudevents+json; charset=utf-8", event("2").to_string()).await;
    assert_eq!((new.status, &new.body["duplicate"], &new.body["id"]), (202, &json!(false), &json!("2")), "{new:?}");
    assert_eq!(new.body["delivery_ids"].as_array().map(Vec::len), Some(1));
    let again = server.post("/api/v1/events", event("2")).await;
    assert_eq!((again.status, &again.body["duplicate"], &again.body["event_id"]), (200, &json!(true), &new.body["event_id"]));
    assert_eq!(again.body["delivery_ids"], json!([]));
    let mixed = publish(&server, "application/cloudevents-batch+json", json!([event("2"), event("3")]).to_string()).await;
    assert_eq!((mixed.status, &mixed.body[0]["duplicate"], &mixed.body[1]["duplicate"]), (202, &json!(true), &json!(false)));
    let known = server.post("/api/v1/events", json!([event("2"), event("3")])).await;
    assert_eq!((known.status, known.body.as_array().map(Vec::len)), (200, Some(2)));
}

#[tokio::test]
async fn events_are_listed_and_read_with_their_deliveries() {
    let server = Server::new().await;
    let (_, delivery) = server.delivery().await;
    server.post("/api/v1/events", event("2")).await;
    let page = server.get("/api/v1/events?limit=1").await;
    assert_eq!((page.status, &page.body["items"][0]["external_id"]), (200, &json!("2")), "{page:?}");
    let next = page.body["next"].as_str().expect("another page");
    let rest = server.get(&format!("/api/v1/events?limit=1&cursor={next}")).await;
    assert_eq!((&rest.body["items"][0]["external_id"], &rest.body["next"]), (&json!("1"), &json!(null)));
    let id = rest.body["items"][0]["id"].as_str().expect("an id");
    let one = server.get(&format!("/api/v1/events/{id}")).await;
    assert_eq!((&one.body["type"], &one.body["data"]), (&json!("form.completed"), &json!(null)), "no key reads a live body");
    assert_eq!(one.body["deliveries"][0]["id"], json!(delivery));
    assert_eq!(server.get("/api/v1/events?cursor=x").await.fields(), ["cursor"]);
}

#[tokio::test]
async fn what_is_wrong_in_a_batch_is_told_with_its_place_and_nothing_is_accepted() {
    let server = Server::new().await;
    let mut partial = event("2");
    partial["data"]["response"]["status"] = json!("partial");
    let mut nameless = event("3");
    nameless.as_object_mut().expect("object").remove("id");
    let refused = server.post("/api/v1/events", json!([event("1"), partial, nameless, "text"])).await;
    assert_eq!((refused.status, refused.problem()), (422, "invalid"));
    assert_eq!(refused.fields(), ["events[1].data.response.status", "events[2].id", "events[3]"]);
    assert_eq!(server.get("/api/v1/events").await.body["items"], json!([]));
    assert_eq!(server.post("/api/v1/events", json!([])).await.fields(), ["events"]);
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_named() {
    let server = Server::new().await;
    let of_size = |id: &str, size: usize| {
        let mut one = event(id);
        one["data"]["note"] = json!("");
        let short = one.to_string().len();
        one["data"]["note"] = json!("x".repeat(size - short));
        one
    };
    assert_eq!(server.post("/api/v1/events", of_size("1", EVENT_MAX)).await.status, 202);
    let one = server.post("/api/v1/events", of_size("2", EVENT_MAX + 1)).await;
    assert_eq!((one.status, one.problem()), (413, "too-large"));
    let named = server.post("/api/v1/events", json!([event("3"), of_size("4", EVENT_MAX + 1)])).await;
    assert!(named.body["detail"].as_str().is_some_and(|d| d.starts_with("events[1] has 262145 bytes")), "{named:?}");
    let many: Vec<Value> = (0..17).map(|n| of_size(&n.to_string(), EVENT_MAX)).collect();
    let body = json!(many).to_string();
    assert!(body.len() > BATCH_BYTES_MAX);
    assert_eq!(publish(&server, "application/json", body.clone()).await.problem(), "too-large");
    // The same without its length announced.
    let stream = Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(body)]));
    let request = server.request("POST", "/api/v1/events").header("content-type", "application/json").body(stream).expect("request");
    assert_eq!(server.send(request).await.problem(), "too-large");
    let many: Vec<Value> = (0..1001).map(|n| event(&n.to_string())).collect();
    assert_eq!(server.post("/api/v1/events", json!(many)).await.problem(), "too-large");
}

#[tokio::test]
async fn the_media_type_says_what_comes() {
    let server = Server::new().await;
    assert_eq!(publish(&server, "text/plain", event("1").to_string()).await.problem(), "unsupported-media-type");
    assert_eq!(publish(&server, "application/cloudevents+json", json!([event("1")]).to_string()).await.problem(), "malformed");
    assert_eq!(publish(&server, "application/cloudevents-batch+json", event("1").to_string()).await.problem(), "malformed");
    let broken = publish(&server, "application/json", "[{\"id\": 1},\n {\"id\": 2,}]".to_owned()).await;
    assert_eq!(broken.problem(), "malformed");
    assert!(broken.body["detail"].as_str().is_some_and(|d| d.contains("line 2 column 11")), "{broken:?}");
}
