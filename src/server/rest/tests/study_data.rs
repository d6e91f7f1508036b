mod answers;
mod participants;

use super::{Answer, Server};
use axum::body::Body;
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Server {
    /// A made thing.
    async fn made(&self, path: &str, body: Value) -> Answer {
        let made = self.post(path, body).await;
        assert_eq!(made.status, 201, "{path}: {made:?}");
        assert_eq!(made.headers["location"], format!("{path}/{}", made.id()));
        made
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path, body).await
    }

    async fn form(&self, kind: &str) -> String {
        let questions = json!([
            {"key": "pain", "label": "How strong is the pain?", "kind": "number", "required": true},
            {"key": "side", "label": "Which side?", "kind": "choice", "choices": ["left", "right"]},
        ]);
        self.made("/api/v1/forms", json!({"kind": kind, "name": kind, "questions": questions})).await.id()
    }

    async fn csv(&self, path: &str, media: &str, text: &str) -> Answer {
        self.send(self.request("POST", path).header("content-type", media).body(Body::from(text.to_owned())).expect("request")).await
    }
}

/// The member names of an object.
fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_schedule_is_added_changed_run_and_archived() {
    let server = Server::new().await;
    let hook = json!({"name": "Schedules", "url": "https://1.1.1.1/hook", "events": ["schedule.triggered"]});
    let (hook, other) = (server.post("/api/v1/webhooks", hook).await.id(), server.webhook("other").await.id());
    let cron = json!({"kind": "cron", "expression": "0 9 * * MON", "time_zone": "Europe/Berlin"});
    let new = json!({"name": "Weekly", "timing": cron, "webhooks": [hook]});
    let schedule = server.made("/api/v1/schedules", new.clone()).await;
    let shape =
        ["id", "name", "timing", "sites", "webhooks", "active", "next_run_at", "version", "created_at", "updated_at", "archived_at"];
    assert_eq!(members(&schedule.body), BTreeSet::from(shape));
    assert_eq!((&schedule.body["timing"], &schedule.body["active"]), (&cron, &json!(true)));
    assert!(schedule.body["next_run_at"].is_string());
    for (change, field) in [
        (json!({"timing": {"kind": "cron", "expression": "0 0 30 2 *", "time_zone": "UTC"}}), "timing.expression"),
        (json!({"timing": {"kind": "cron", "expression": "0 9 * * *", "time_zone": "Nowhere"}}), "timing.time_zone"),
        (json!({"timing": {"kind": "every", "minutes": 0}}), "timing.minutes"),
        (json!({"timing": {"kind": "every", "minutes": "x"}}), "timing.minutes"),
        (json!({"timing": {"kind": "every"}}), "timing.minutes"),
        (json!({"timing": {"kind": "every", "minutes": 5, "seconds": 1}}), "timing.seconds"),
        (json!({"timing": {"kind": "every", "minutes": 5, "time_zone": "UTC"}}), "timing.time_zone"),
        (json!({"timing": {"kind": "cron", "expression": "0 9 * * *", "time_zone": "UTC", "minutes": 5}}), "timing.minutes"),
        (json!({"timing": {"kind": "cron", "expression": "0 9 * * *"}}), "timing.time_zone"),
        (json!({"timing": {"kind": "yearly"}}), "timing.kind"),
        (json!({"timing": {}}), "timing.kind"),
        (json!({"timing": "daily"}), "timing"),
        (json!({"sites": ["sit_00000000000000000000000000000000"]}), "sites"),
        (json!({"sites": ["Basel"]}), "sites"),
        (json!({"webhooks": []}), "webhooks"),
        (json!({"webhooks": [other]}), "webhooks"),
        (json!({"name": "Weekly"}), "name"),
        (json!({"colour": "red"}), "colour"),
    ] {
        let mut body = new.clone();
        body["name"] = json!("Another");
        body.as_object_mut().expect("an object").extend(change.as_object().cloned().expect("an object"));
        let refused = server.post("/api/v1/schedules", body).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![field]), "{change} {refused:?}");
    }
    let path = format!("/api/v1/schedules/{}", schedule.id());
    let paused = server.patch(&path, json!({"active": false, "version": 1})).await;
    assert_eq!((paused.status, &paused.body["next_run_at"], &paused.body["timing"]), (200, &json!(null), &cron), "{paused:?}");
    let daily = json!({"kind": "every", "minutes": 1440});
    assert_eq!(server.patch(&path, json!({"timing": daily})).await.body["timing"], daily);
    assert_eq!(server.patch(&path, json!({"name": "X", "version": 1})).await.problem(), "conflict");
    server.made("/api/v1/participants", json!({"identifier": "A-1"})).await;
    let run = server.post(&format!("{path}/run"), json!(null)).await;
    assert_eq!((run.status, &run.body["cause"], &run.body["finished_at"]), (202, &json!("manual"), &json!(null)), "{run:?}");
    server.do_chores().await;
    let runs = server.get(&format!("{path}/runs?limit=1")).await;
    assert_eq!((&runs.body["items"][0]["id"], &runs.body["items"][0]["participants"]), (&run.body["id"], &json!(1)));
    assert_eq!(server.get(&format!("{path}/runs?cursor=x")).await.fields(), ["cursor"]);
    assert_eq!(server.get("/api/v1/schedules").await.body["items"][0]["version"], 3);
    let archived = server.call("DELETE", &path, json!(null)).await;
    assert!(archived.status == 200 && archived.body["archived_at"].is_string(), "{archived:?}");
    assert_eq!(server.get("/api/v1/schedules").await.body["items"], json!([]));
    assert_eq!(server.post(&format!("{path}/run"), json!(null)).await.problem(), "conflict");
}

#[tokio::test]
async fn what_cannot_be_read_says_where() {
    let server = Server::new().await;
    let members = [
        ("sites", "name"),
        ("participants", "email"),
        ("forms", "name"),
        ("responses", "form"),
        ("records", "form"),
        ("schedules", "name"),
    ];
    for (path, member) in members {
        let body = Body::from(format!("{{\"{member}\": \"a\",\n}}"));
        let request = server.request("POST", &format!("/api/v1/{path}")).header("content-type", "application/json").body(body);
        let comma = server.send(request.expect("request")).await;
        assert_eq!((comma.status, comma.problem()), (400, "malformed"), "{path}");
        assert!(comma.body["detail"].as_str().is_some_and(|d| d.contains("line 2 column 1")), "{comma:?}");
        assert_eq!(server.call("DELETE", &format!("/api/v1/{path}"), json!(null)).await.problem(), "method-not-allowed");
        if path != "sites" {
            assert_eq!(server.get(&format!("/api/v1/{path}/x")).await.problem(), "not-found");
        }
    }
}

#[tokio::test]
async fn a_wait_that_is_none_is_refused_before_anything_is_saved() {
    let server = Server::new().await;
    let form = server.form("form").await;
    let post = |path: &str, prefer: &str, body: Value| {
        let request = server.request("POST", path).header("content-type", "application/json").header("prefer", prefer);
        server.send(request.body(Body::from(body.to_string())).expect("request"))
    };
    let record = json!({"form": form, "answers": {"pain": 1}});
    for wrong in ["wait=0", "wait=31", "wait=soon"] {
        assert_eq!(post("/api/v1/records", wrong, record.clone()).await.fields(), ["Prefer"], "{wrong}");
        assert_eq!(post("/api/v1/events", wrong, super::event("1")).await.fields(), ["Prefer"], "{wrong}");
    }
    assert_eq!(server.get("/api/v1/records").await.body["items"], json!([]));
    // Nobody to wait for: it says so, and does not wait.
    let saved = post("/api/v1/records", "wait=5", record).await;
    assert_eq!((saved.status, &saved.body["webhooks"], &saved.body["trans_id"]), (200, &json!([]), &json!(1)), "{saved:?}");
    assert_eq!(saved.headers["preference-applied"], "wait=5");
    assert!(saved.headers.contains_key("location") && saved.headers.contains_key("etag"));
    let batch = post("/api/v1/events", "wait=5", json!([super::event("1"), super::event("2")])).await;
    assert_eq!(
        (batch.status, batch.body["items"].as_array().map(Vec::len), &batch.body["webhooks"]),
        (200, Some(2), &json!([])),
        "{batch:?}"
    );
    let one = post("/api/v1/events", "wait=5", super::event("3")).await;
    assert_eq!((&one.body["duplicate"], &one.body["webhooks"]), (&json!(false), &json!([])));
}
