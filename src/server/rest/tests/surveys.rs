//! The Surveys face as its document prints it.

use super::{Answer, Server};
use crate::model::permission::Scope;
use serde_json::{Value, json};

const PATH: &str = "/api/surveys/SURVEY_UUID/webhooks";

fn printed() -> Value {
    json!({
        "surveyId": "SURVEY_UUID", "name": "Patient Survey Completion", "url": "https://1.1.1.1/webhooks/survey-complete",
        "events": ["survey.response_completed"], "secret": "your-webhook-secret", "isActive": true,
    })
}

fn with(change: Value) -> Value {
    let mut body = printed();
    for (name, value) in change.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

async fn made(server: &Server) -> Answer {
    let made = server.post(PATH, printed()).await;
    assert_eq!(made.status, 201, "{made:?}");
    made
}

/// The same webhook as `/api/v1/` shows it.
async fn inside(server: &Server, id: &str) -> Value {
    server.get(&format!("/api/v1/webhooks/{id}")).await.body
}

#[tokio::test]
async fn a_webhook_is_made_read_listed_and_deleted_in_camel_case_and_without_its_secret() {
    let server = Server::new().await;
    let made = made(&server).await;
    let path = format!("{PATH}/{}", made.id());
    let at = made.body["createdAt"].clone();
    assert_eq!(
        made.body,
        json!({
            "id": made.id(), "surveyId": "SURVEY_UUID", "name": "Patient Survey Completion", "url": "https://1.1.1.1/webhooks/survey-complete",
            "events": ["survey.response_completed"], "hasSecret": true, "isActive": true, "disabledCause": null, "createdAt": at, "updatedAt": at,
        })
    );
    assert_eq!(made.headers["location"], path.as_str());
    assert_eq!(server.get(&path).await.body, made.body);
    assert_eq!(server.get(PATH).await.body, json!({"items": [made.body]}));
    let stored = inside(&server, &made.id()).await;
    assert_eq!(
        (&stored["format"], &stored["mode"], &stored["filter"]["forms"]),
        (&json!("survey"), &json!("live"), &json!(["SURVEY_UUID"]))
    );
    let deleted = server.call("DELETE", &path, json!({})).await;
    assert_eq!((deleted.status, &deleted.body["id"]), (200, &made.body["id"]));
    assert_eq!(server.get(&path).await.status, 404);
    assert!(inside(&server, &made.id()).await["archived_at"].is_string());
}

#[tokio::test]
async fn is_active_and_active_are_the_same_and_must_agree() {
    let server = Server::new().await;
    for (name, body, active) in [
        ("a", json!({"isActive": false}), false),
        ("b", json!({"active": false, "isActive": false}), false),
        ("c", json!({"active": true}), true),
    ] {
        let mut body = with(with_name(body, name));
        if body["active"] == json!(true) {
            body.as_object_mut().expect("an object").remove("isActive");
        }
        let made = server.post(PATH, body).await;
        assert_eq!((made.status, &made.body["isActive"]), (201, &json!(active)), "{made:?}");
        let turned = server.call("PATCH", &format!("{PATH}/{}", made.id()), json!({"active": !active})).await;
        assert_eq!((turned.status, &turned.body["isActive"]), (200, &json!(!active)), "{turned:?}");
    }
    let both = server.post(PATH, with(json!({"isActive": true, "active": false}))).await;
    assert_eq!((both.status, both.fields()), (422, vec!["active"]), "{both:?}");
}

fn with_name(mut body: Value, name: &str) -> Value {
    body["name"] = json!(name);
    body
}

#[tokio::test]
async fn a_secret_is_set_replaced_and_removed_and_never_shown() {
    let server = Server::new().await;
    let made = made(&server).await;
    let path = format!("{PATH}/{}", made.id());
    let fingerprint = async || inside(&server, &made.id()).await["credentials"]["secret_fingerprint"].clone();
    let first = fingerprint().await;
    let renamed = server.call("PATCH", &path, json!({"name": "Renamed"})).await;
    assert_eq!((&renamed.body["name"], &renamed.body["hasSecret"], fingerprint().await), (&json!("Renamed"), &json!(true), first.clone()));
    let replaced = server.call("PATCH", &path, json!({"secret": "another-webhook-secret", "name": "Again"})).await;
    assert_eq!((replaced.status, &replaced.body["hasSecret"], &replaced.body["name"]), (200, &json!(true), &json!("Again")));
    assert!(!replaced.body.to_string().contains("another-webhook-secret"));
    let second = fingerprint().await;
    assert_ne!(second, first);
    assert_eq!(inside(&server, &made.id()).await["credentials"]["previous_secret_until"], json!(null), "the old one signs no more");
    let again = server.call("PATCH", &path, json!({"secret": "another-webhook-secret"})).await;
    assert_eq!((again.status, fingerprint().await), (200, second), "the same once more changes nothing");
    let removed = server.call("PATCH", &path, json!({"secret": null})).await;
    assert_eq!((removed.status, &removed.body["hasSecret"]), (200, &json!(false)));
    for wrong in ["", "short", "with a space in the secret"] {
        let refused = server.call("PATCH", &path, json!({"secret": wrong})).await;
        assert_eq!((refused.status, refused.fields()), (422, vec!["secret"]), "{refused:?}");
    }
    for (name, secret) in [("none", json!(null)), ("left out", json!("x"))] {
        let mut body = with(json!({"name": name, "secret": secret}));
        if name == "left out" {
            body.as_object_mut().expect("an object").remove("secret");
        }
        assert_eq!(server.post(PATH, body).await.body["hasSecret"], json!(false), "{name}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once_under_its_name_here() {
    let server = Server::new().await;
    let nothing = server.post(PATH, json!({})).await;
    assert_eq!((nothing.status, nothing.fields()), (422, vec!["name", "url", "events"]), "{nothing:?}");
    for (change, fields) in [
        (json!({"surveyId": "ANOTHER", "events": ["survey.created"], "url": "x"}), vec!["surveyId", "events", "url"]),
        (json!({"surveyId": null}), vec!["surveyId"]),
        (json!({"isActive": "yes"}), vec!["isActive"]),
        (json!({"isActive": null}), vec!["isActive"]),
        (json!({"name": ""}), vec!["name"]),
        (json!({"secret": "short"}), vec!["secret"]),
        (json!({"timeout": 3}), vec!["timeout"]),
        (json!({"url": "https://10.0.0.1/"}), vec!["url"]),
    ] {
        let refused = server.post(PATH, with(change.clone())).await;
        assert_eq!((refused.status, refused.fields()), (422, fields), "{change}: {refused:?}");
    }
    made(&server).await;
    let taken = server.post(PATH, printed()).await;
    assert_eq!((taken.status, taken.fields()), (422, vec!["name"]));
    let long = "x".repeat(201);
    for wrong in ["a,b", "%20a", "a%0Ab", long.as_str()] {
        let refused = server.get(&format!("/api/surveys/{wrong}/webhooks")).await;
        assert_eq!((refused.status, refused.fields()), (422, vec!["surveyId"]), "{wrong}");
    }
}

#[tokio::test]
async fn a_survey_has_ten_webhooks_at_most_and_another_survey_its_own() {
    let server = Server::new().await;
    let first = made(&server).await;
    for number in 1..10 {
        assert_eq!(server.post(PATH, with(json!({"name": format!("{number}")}))).await.status, 201);
    }
    let eleventh = server.post(PATH, with(json!({"name": "eleventh"}))).await;
    assert_eq!((eleventh.status, eleventh.problem()), (409, "conflict"), "{eleventh:?}");
    assert!(eleventh.body["detail"].as_str().is_some_and(|d| d.contains("SURVEY_UUID") && d.contains("10")), "{eleventh:?}");
    // An id of other signs than letters is as good, however it is encoded.
    let other = server.post("/api/surveys/k%2F%C3%A9%20x/webhooks", with(json!({"name": "other", "surveyId": "k/é x"}))).await;
    assert_eq!((other.status, &other.body["surveyId"]), (201, &json!("k/é x")), "{other:?}");
    assert_eq!(server.get(other.headers["location"].to_str().expect("text")).await.body, other.body);
    let elsewhere = format!("/api/surveys/k%2F%C3%A9%20x/webhooks/{}", first.id());
    for (method, path) in [
        ("GET", elsewhere.clone()),
        ("PATCH", elsewhere.clone()),
        ("DELETE", elsewhere.clone()),
        ("POST", format!("{elsewhere}/test")),
        ("GET", format!("{elsewhere}/deliveries")),
        ("POST", format!("{elsewhere}/deliveries/dlv_00000000000000000000000000000000/retry")),
        ("GET", format!("{PATH}/x")),
    ] {
        let refused = server.call(method, &path, json!({})).await;
        assert_eq!((refused.status, refused.problem()), (404, "not-found"), "{method} {path}");
    }
    assert_eq!(server.call("DELETE", &format!("{PATH}/{}", first.id()), json!({})).await.status, 200);
    assert_eq!(server.post(PATH, with(json!({"name": "eleventh"}))).await.status, 201, "one was deleted");
}

#[tokio::test]
async fn deliveries_are_paged_and_each_operation_wants_its_scope() {
    let mut server = Server::new().await;
    let path = format!("{PATH}/{}", made(&server).await.id());
    for n in 0..3 {
        let event = json!({
            "specversion": "1.0", "id": format!("e{n}"), "source": "/test", "type": "survey.completed",
            "data": {"participant": {"id": "p1"}, "survey": {"id": "SURVEY_UUID"}, "response": {"id": "r1", "status": "completed"}},
        });
        assert_eq!(server.post("/api/v1/events", event).await.status, 202);
    }
    let page = server.get(&format!("{path}/deliveries?limit=2")).await;
    assert_eq!((page.status, page.body["items"].as_array().map(Vec::len)), (200, Some(2)), "{page:?}");
    let one = &page.body["items"][0];
    let (wanted, has) = (
        [
            "attempts",
            "createdAt",
            "durationMs",
            "eventId",
            "eventType",
            "failure",
            "finishedAt",
            "id",
            "isTest",
            "nextAttemptAt",
            "responseStatus",
            "status",
        ],
        one.as_object().expect("an object"),
    );
    let mut names: Vec<&str> = has.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, wanted);
    assert_eq!(
        (&one["eventType"], &one["status"], &one["isTest"]),
        (&json!("survey.response_completed"), &json!("pending"), &json!(false))
    );
    let next = page.body["next"].as_str().expect("a cursor");
    let rest = server.get(&format!("{path}/deliveries?cursor={next}")).await;
    assert_eq!((rest.body["items"].as_array().map(Vec::len), &rest.body["next"]), (Some(1), &json!(null)));
    for (query, field) in [("limit=0", "limit"), ("limit=x", "limit"), ("cursor=x", "cursor"), ("state=pending", "state")] {
        assert_eq!(server.get(&format!("{path}/deliveries?{query}")).await.fields(), [field]);
    }
    let retry = format!("{path}/deliveries/{}/retry", one["id"].as_str().expect("an id"));
    for (method, path, scope) in [
        ("GET", PATH.to_owned(), Scope::WebhooksRead),
        ("GET", path.clone(), Scope::WebhooksRead),
        ("GET", format!("{path}/deliveries"), Scope::WebhooksRead),
        ("POST", PATH.to_owned(), Scope::WebhooksWrite),
        ("PATCH", path.clone(), Scope::WebhooksWrite),
        ("POST", format!("{path}/test"), Scope::WebhooksTest),
        ("POST", retry, Scope::DeliveriesRetry),
        ("DELETE", path, Scope::WebhooksWrite),
    ] {
        let others: Vec<Scope> = Scope::ALL.into_iter().filter(|s| *s != scope).collect();
        server.key = server.key_for("first", &others).await;
        let body = if method == "POST" && path == PATH { printed() } else { json!({}) };
        assert_eq!(server.call(method, &path, body).await.problem(), "forbidden", "{method} {path}");
    }
}
