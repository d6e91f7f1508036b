//! The Infermedica face as its document prints it.

use super::{Answer, Server};
use crate::model::permission::Scope;
use axum::body::Body;
use serde_json::{Value, json};

const PATH: &str = "/api/v2/config/webhook";
const TOKEN: &str = "zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ";

fn printed() -> Value {
    json!({"url": "https://1.1.1.1/webhook_receiver", "authorization_token": TOKEN, "subscribed_events": ["survey_created"]})
}

async fn registered(server: &Server) -> Answer {
    let made = server.post(PATH, printed()).await;
    assert_eq!(made.status, 201, "{made:?}");
    made
}

fn without_token(body: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().expect("an object").remove("authorization_token");
    body
}

async fn raw(server: &Server, method: &str, path: &str, body: &str) -> Answer {
    let request = server.request(method, path).header("content-type", "application/json");
    server.send(request.body(Body::from(body.to_owned())).expect("request")).await
}

#[tokio::test]
async fn a_configuration_has_the_members_that_are_printed_and_its_token_once() {
    let server = Server::new().await;
    let made = registered(&server).await;
    let id = made.id();
    assert_eq!(made.body, {
        let mut all = printed();
        all["id"] = json!(id);
        all
    });
    assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert_eq!(made.headers["cache-control"], "no-store");
    let path = format!("{PATH}/{id}");
    assert_eq!(made.headers["location"], path.as_str());
    let shown = without_token(&made.body);
    assert_eq!(server.get(&path).await.body, shown);
    assert_eq!(server.get(PATH).await.body, json!([shown]));
    let deleted = server.send(server.request("DELETE", &path).body(Body::empty()).expect("request")).await;
    assert_eq!((deleted.status, deleted.body), (200, shown));
    assert_eq!(server.get(&path).await.problem(), "not-found");
    assert_eq!(server.get(PATH).await.body, json!([]));
    assert_eq!(server.call("DELETE", &path, json!({})).await.status, 404);
    // In the console it is what it was, archived.
    let kept = server.get(&format!("/api/v1/webhooks/wh_{}", id.replace('-', ""))).await;
    assert!(kept.body["archived_at"].is_string(), "{kept:?}");
    assert_eq!((&kept.body["format"], &kept.body["mode"]), (&json!("infermedica"), &json!("live")));
    assert_eq!(kept.body["credentials"]["token_header"], "x-webhook-infermedica-token");
    assert_eq!(
        (&kept.body["credentials"]["secret_fingerprint"], &kept.body["name"]),
        (&json!(null), &json!("Infermedica webhook: 1.1.1.1"))
    );
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_shows_the_token_that_it_sets() {
    let server = Server::new().await;
    let made = registered(&server).await;
    let path = format!("{PATH}/{}", made.id());
    let events = server.call("PATCH", &path, json!({"subscribed_events": ["survey_finished", "survey_created"]})).await;
    assert_eq!(events.status, 200, "{events:?}");
    assert_eq!(events.body, json!({"id": made.id(), "url": printed()["url"], "subscribed_events": ["survey_created", "survey_finished"]}));
    let url = server.call("PATCH", &path, json!({"url": "https://1.1.1.1/other", "subscribed_events": ["survey_finished"]})).await;
    assert_eq!(url.body, json!({"id": made.id(), "url": "https://1.1.1.1/other", "subscribed_events": ["survey_finished"]}));
    let token = server.call("PATCH", &path, json!({"authorization_token": "another-token"})).await;
    let mut expected = url.body.clone();
    expected["authorization_token"] = json!("another-token");
    assert_eq!((token.status, &token.body), (200, &expected));
    assert_eq!(token.headers["cache-control"], "no-store");
    assert_eq!(server.get(&path).await.body, url.body);
}

#[tokio::test]
async fn the_printed_trailing_comma_is_told_with_its_place() {
    let server = Server::new().await;
    let path = format!("{PATH}/{}", registered(&server).await.id());
    let printed = "{\n\"authorization_token\": \"zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ\",\n}";
    let refused = raw(&server, "PATCH", &path, printed).await;
    assert_eq!((refused.status, refused.problem()), (400, "malformed"));
    assert_eq!(refused.body["detail"], "The body is not JSON: trailing comma at line 3 column 1.");
    let mended = raw(&server, "PATCH", &path, &printed.replace(",\n}", "\n}")).await;
    assert_eq!((mended.status, &mended.body["authorization_token"]), (200, &json!(TOKEN)));
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once_under_its_name_here_and_without_the_token() {
    let server = Server::new().await;
    let nothing = server.post(PATH, json!({})).await;
    assert_eq!((nothing.status, nothing.fields()), (422, vec!["url", "authorization_token", "subscribed_events"]), "{nothing:?}");
    assert!(nothing.body["errors"].as_array().into_iter().flatten().all(|e| e["message"] == "is missing"), "{nothing:?}");
    let wrong = json!({"url": "ftp://x", "authorization_token": "canary\u{7}", "subscribed_events": ["survey_started", "survey_created"]});
    let wrong = server.post(PATH, wrong).await;
    assert_eq!((wrong.status, wrong.fields()), (422, vec!["subscribed_events", "url", "authorization_token"]), "{wrong:?}");
    assert!(wrong.body["errors"][0]["message"].as_str().is_some_and(|m| m.contains("survey_created, survey_finished")), "{wrong:?}");
    assert!(!wrong.body.to_string().contains("canary"));
    let path = format!("{PATH}/{}", registered(&server).await.id());
    for (body, field) in [
        (json!({"events": ["survey_created"]}), "events"),
        (json!({"url": null}), "url"),
        (json!({"url": "https://192.168.0.1/"}), "url"),
        (json!({"subscribed_events": []}), "subscribed_events"),
        (json!({"subscribed_events": ["survey.created"]}), "subscribed_events"),
        (json!({"subscribed_events": [1]}), "subscribed_events[0]"),
        (json!({"authorization_token": ""}), "authorization_token"),
        (json!({"authorization_token": " x"}), "authorization_token"),
        (json!({"authorization_token": "••••••••"}), "authorization_token"),
    ] {
        let refused = server.call("PATCH", &path, body.clone()).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![field]), "{body}: {refused:?}");
    }
    assert_eq!(server.get(PATH).await.body.as_array().map(Vec::len), Some(1), "nothing that was refused was made");
}

#[tokio::test]
async fn a_list_holds_the_callers_own_and_another_keys_are_not_there() {
    let mut server = Server::new().await;
    let id = registered(&server).await.id();
    server.webhook("of the console's API").await;
    let own = server.get(PATH).await;
    assert_eq!(own.body.as_array().map(Vec::len), Some(1), "{own:?}");
    server.key = server.key_for("first", &Scope::ALL).await;
    assert_eq!(server.get(PATH).await.body, json!([]));
    for (method, path) in
        [("GET", id.as_str()), ("PATCH", &id), ("DELETE", &id), ("GET", "x"), ("GET", &id.replace('-', "")), ("GET", "%ff")]
    {
        let refused = server.call(method, &format!("{PATH}/{path}"), json!({})).await;
        assert_eq!((refused.status, refused.problem()), (404, "not-found"), "{method} {path}");
    }
    // The name is made of the host and told apart by a number.
    registered(&server).await;
    registered(&server).await;
    let all = server.get("/api/v1/webhooks").await;
    let names: Vec<&str> = all.body["items"].as_array().into_iter().flatten().filter_map(|w| w["name"].as_str()).collect();
    let base = "Infermedica webhook: 1.1.1.1";
    assert_eq!(names, [base, &format!("{base} (2)"), &format!("{base} (3)"), "of the console's API"]);
}

#[tokio::test]
async fn without_a_bearer_scope_or_integrations_nothing_is_done() {
    let mut server = Server::new().await;
    let path = format!("{PATH}/{}", registered(&server).await.id());
    let all = std::mem::replace(&mut server.key, "hwk_wrong".to_owned());
    for (method, path) in [("GET", PATH), ("POST", PATH), ("GET", &path), ("PATCH", &path), ("DELETE", &path)] {
        let refused = server.call(method, path, printed()).await;
        assert_eq!((refused.status, refused.problem()), (401, "unauthenticated"), "{method} {path}");
        assert_eq!(refused.headers["www-authenticate"], "Bearer");
    }
    server.key = server.key_for("first", &[Scope::WebhooksRead]).await;
    assert_eq!(server.get(PATH).await.status, 200);
    for (method, path) in [("POST", PATH), ("PATCH", &path), ("DELETE", &path)] {
        assert_eq!(server.call(method, path, printed()).await.problem(), "forbidden", "{method} {path}");
    }
    server.key = all;
    let study = server.administrator().await.study.id;
    server.switch(&study, false).await;
    assert_eq!(server.post(PATH, printed()).await.problem(), "integrations-locked");
    assert_eq!(server.call("PATCH", &path, json!({"url": "https://1.1.1.1/"})).await.problem(), "integrations-locked");
}
