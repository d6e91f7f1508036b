use super::{Server, event};
use crate::model::permission::Scope;
use serde_json::json;

/// A live webhook, and two deliveries to it that ran out of attempts.
async fn failed(server: &Server) -> String {
    let (webhook, _) = server.delivery().await;
    server.post("/api/v1/events", event("2")).await;
    assert_eq!(server.exhaust_all().await, 2);
    webhook
}

#[tokio::test]
async fn a_dry_run_counts_and_makes_nothing() {
    let server = Server::new().await;
    let webhook = failed(&server).await;
    let counted = server.post("/api/v1/replays", json!({"webhook_id": webhook, "state": "failed", "dry_run": true})).await;
    assert_eq!((counted.status, &counted.body["planned"], &counted.body["on_their_way"]), (200, &json!(2), &json!(0)), "{counted:?}");
    assert_eq!(counted.body["by_event_type"], json!([{"event_type": "form.completed", "count": 2}]));
    assert_eq!(counted.body["by_state"], json!([{"state": "exhausted", "count": 2}]));
    assert!(counted.body["oldest"].is_string() && counted.body["newest"].is_string());
    assert_eq!(server.get("/api/v1/replays").await.body, json!({"items": []}));
}

#[tokio::test]
async fn a_replay_is_begun_followed_held_and_ended() {
    let server = Server::new().await;
    let webhook = failed(&server).await;
    let asked = json!({"webhook_id": webhook, "state": "failed", "min_attempts": 3, "rate": 1, "reason": "it was repaired"});
    let begun = server.post("/api/v1/replays", asked).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let path = format!("/api/v1/replays/{}", begun.id());
    assert_eq!(begun.headers["location"], path.as_str());
    server.app.clock.advance(crate::model::time::SECOND);
    server.do_chores().await;
    let read = server.get(&path).await;
    let numbers = ["planned", "made_due", "skipped", "delivered", "failed", "waiting"].map(|name| read.body[name].as_i64().expect(name));
    assert_eq!((read.status, numbers, &read.body["state"]), (200, [2, 1, 0, 0, 0, 1], &json!("running")), "{read:?}");
    assert_eq!((&read.body["rate"], &read.body["reason"], &read.body["held_back"]), (&json!(1), &json!("it was repaired"), &json!(null)));
    let listed = server.get(&format!("/api/v1/deliveries?q={}", begun.id())).await;
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(1), "{listed:?}");
    for (action, status, state) in [("resume", 409, ""), ("pause", 200, "paused"), ("resume", 200, "running"), ("cancel", 200, "cancelled")]
    {
        let answer = server.post(&format!("{path}/{action}"), json!(null)).await;
        assert_eq!(answer.status, status, "{action}: {answer:?}");
        if status == 200 {
            assert_eq!(answer.body["state"], state);
        } else {
            assert_eq!(answer.problem(), "conflict");
        }
    }
    assert_eq!(server.get(&format!("/api/v1/replays?webhook_id={webhook}")).await.body["items"][0]["state"], "cancelled");
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let mut server = Server::new().await;
    let webhook = failed(&server).await;
    let good = json!({"webhook_id": webhook, "reason": "it was repaired"});
    for (member, value, field) in [
        ("webhook_id", json!("x"), "webhook_id"),
        ("state", json!("x"), "state"),
        ("rate", json!(0), "rate"),
        ("rate", json!(1001), "rate"),
        ("rate", json!("fast"), "rate"),
        ("from", json!("yesterday"), "from"),
        ("reason", json!(""), "reason"),
        ("colour", json!("red"), "colour"),
    ] {
        let mut asked = good.clone();
        asked[member] = value;
        let refused = server.post("/api/v1/replays", asked).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![field]), "{refused:?}");
    }
    let nothing = json!({"webhook_id": webhook, "state": "delivered", "reason": "it was repaired"});
    assert_eq!(server.post("/api/v1/replays", nothing).await.problem(), "conflict");
    assert_eq!(server.get("/api/v1/replays/x").await.problem(), "not-found");
    server.key = server.key_for("first", &[Scope::WebhooksRead]).await;
    assert_eq!(server.post("/api/v1/replays", good).await.problem(), "forbidden");
}
