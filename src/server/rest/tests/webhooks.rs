use super::Server;
use axum::body::Body;
use serde_json::json;

#[tokio::test]
async fn a_webhook_is_made_with_its_secret_shown_once_and_read_back_without() {
    let server = Server::new().await;
    let body = json!({
        "name": "CTMS", "url": "https://1.1.1.1/hook", "events": ["form.completed", "participant.created"], "status": "inactive",
        "filter": {"forms": ["f1", "f2"], "sites": []}, "format": "standard", "content": "full", "timeout_seconds": 7, "retry_schedule": [5, 90],
        "rate_limit": 20, "concurrency": 3, "token_header": {"name": "x-token", "value": "t0ken-value"},
        "basic": {"user": "a@b.c", "password": "pass-word"}, "headers": {"x-one": "1-value", "x-two": "2-value"},
    });
    let made = server.post("/api/v1/webhooks", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(made.body["secret"].as_str().is_some_and(|s| s.starts_with("whsec_")));
    assert_eq!(made.headers["cache-control"], "no-store");
    assert_eq!(made.headers["location"], format!("/api/v1/webhooks/{}", made.id()).as_str());
    let read = server.get(&format!("/api/v1/webhooks/{}", made.id())).await;
    assert_eq!((read.status, read.headers["etag"].to_str().expect("text")), (200, "\"1\""));
    let mut shown = made.body.clone();
    shown.as_object_mut().expect("object").remove("secret");
    assert_eq!(read.body, shown);
    assert_eq!(read.body["retry_schedule"], json!([5, 90]));
    assert_eq!(read.body["filter"], json!({"forms": ["f1", "f2"], "sites": []}));
    assert_eq!((&read.body["mode"], &read.body["status"], &read.body["rate_limit"]), (&json!("test"), &json!("inactive"), &json!(20)));
    assert_eq!(read.body["credentials"]["header_names"], json!(["x-one", "x-two"]));
    for never in ["t0ken-value", "pass-word", "1-value"] {
        assert!(!read.body.to_string().contains(never));
    }
    let list = server.get("/api/v1/webhooks").await;
    assert_eq!(list.body["items"], json!([read.body]));
}

#[tokio::test]
async fn a_secret_is_generated_given_or_none() {
    let server = Server::new().await;
    let with = |name: &str, secret: serde_json::Value| json!({"name": name, "url": "https://1.1.1.1/", "events": ["form.completed"], "secret": secret});
    let given = server.post("/api/v1/webhooks", with("a", json!("0123456789abcdef"))).await;
    assert_eq!(given.body["secret"], "0123456789abcdef");
    let none = server.post("/api/v1/webhooks", with("b", json!(null))).await;
    assert_eq!((&none.body["secret"], &none.body["credentials"]["secret_fingerprint"]), (&json!(null), &json!(null)));
    for wrong in ["", " ", "short"] {
        let refused = server.post("/api/v1/webhooks", with("c", json!(wrong))).await;
        assert_eq!((refused.status, refused.fields()), (422, vec!["secret"]), "{refused:?}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_under_its_name_here() {
    let server = Server::new().await;
    let body = json!({
        "name": "", "url": "ftp://x", "events": ["nothing"], "filter": {"forms": ["a,b"]}, "timeout_seconds": -1, "retry_schedule": [0],
        "token_header": {"name": "", "value": "v"}, "basic": {"user": "a:b", "password": "p"}, "headers": {"x-a": "1\nx-b: 2"},
    });
    let refused = server.post("/api/v1/webhooks", body).await;
    assert_eq!(refused.problem(), "invalid");
    let fields =
        ["filter.forms", "token_header.name", "headers", "name", "url", "events", "timeout_seconds", "retry_schedule", "basic.user"];
    assert_eq!(refused.fields(), fields);
    let unknown = server.post("/api/v1/webhooks", json!({"name": "a", "colour": "red"})).await;
    assert_eq!((unknown.status, unknown.fields()), (422, vec!["colour"]));
    let private = server.post("/api/v1/webhooks", json!({"name": "a", "url": "https://127.0.0.1/", "events": ["form.completed"]})).await;
    assert_eq!((private.status, private.fields()), (422, vec!["url"]));
}

#[tokio::test]
async fn a_change_touches_only_what_it_names() {
    let server = Server::new().await;
    let body = json!({
        "name": "a", "url": "https://1.1.1.1/", "events": ["form.completed"], "filter": {"forms": ["f1"], "sites": ["s1"]}, "rate_limit": 5,
        "token_header": {"name": "x-token", "value": "one"}, "headers": {"x-a": "1", "x-b": "2"},
    });
    let made = server.post("/api/v1/webhooks", body).await;
    let path = format!("/api/v1/webhooks/{}", made.id());
    let change = json!({
        "name": "b", "filter": {"sites": []}, "rate_limit": null, "token_header": {"name": "x-other"}, "headers": {"x-a": null, "x-c": "3"},
        "status": "inactive", "version": 1,
    });
    let changed = server.call("PATCH", &path, change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.headers["etag"], "\"2\"");
    let b = &changed.body;
    assert_eq!((&b["name"], &b["url"], &b["status"], &b["rate_limit"]), (&json!("b"), &made.body["url"], &json!("inactive"), &json!(null)));
    assert_eq!(b["filter"], json!({"forms": ["f1"], "sites": []}));
    assert_eq!((&b["credentials"]["token_header"], &b["credentials"]["header_names"]), (&json!("x-other"), &json!(["x-b", "x-c"])));
    let emptied = server.call("PATCH", &path, json!({"token_header": null, "headers": null})).await;
    assert_eq!((&emptied.body["credentials"]["token_header"], &emptied.body["credentials"]["header_names"]), (&json!(null), &json!([])));
}

#[tokio::test]
async fn a_change_of_an_older_version_is_refused() {
    let server = Server::new().await;
    let path = format!("/api/v1/webhooks/{}", server.webhook("a").await.id());
    assert_eq!(server.call("PATCH", &path, json!({"name": "b"})).await.status, 200);
    let late = server.call("PATCH", &path, json!({"name": "c", "version": 1})).await;
    assert_eq!((late.status, late.problem()), (409, "conflict"));
    let request = |tag: &str| server.request("PATCH", &path).header("content-type", "application/json").header("if-match", tag);
    let late = server.send(request("\"1\"").body(Body::from("{\"name\": \"c\"}")).expect("request")).await;
    assert_eq!(late.problem(), "conflict");
    let good = server.send(request("\"2\"").body(Body::from("{\"name\": \"c\"}")).expect("request")).await;
    assert_eq!((good.status, &good.body["name"]), (200, &json!("c")));
    let unread = server.send(request("2").body(Body::from("{}")).expect("request")).await;
    assert_eq!(unread.fields(), ["If-Match"]);
    let torn = server.send(request("\"3\"").body(Body::from("{\"version\": 2}")).expect("request")).await;
    assert_eq!(torn.fields(), ["version"]);
}

#[tokio::test]
async fn no_key_takes_a_webhook_live_and_one_may_take_it_back() {
    let server = Server::new().await;
    let (id, _) = server.delivery().await;
    let path = format!("/api/v1/webhooks/{id}");
    let back = server.call("PATCH", &path, json!({"mode": "test", "name": "renamed"})).await;
    assert_eq!((back.status, &back.body["mode"], &back.body["name"]), (200, &json!("test"), &json!("renamed")));
    let live = server.call("PATCH", &path, json!({"mode": "live", "name": "again"})).await;
    assert_eq!(live.problem(), "forbidden");
    assert_eq!(server.get(&path).await.body["name"], "renamed", "nothing was changed");
    let disabled = server.call("PATCH", &path, json!({"status": "disabled"})).await;
    assert_eq!((disabled.status, disabled.fields()), (422, vec!["status"]));
    let secret = server.call("PATCH", &path, json!({"secret": "0123456789abcdef"})).await;
    assert_eq!((secret.status, secret.fields()), (422, vec!["secret"]));
}

#[tokio::test]
async fn the_secret_is_rotated() {
    let server = Server::new().await;
    let made = server.webhook("a").await;
    let path = format!("/api/v1/webhooks/{}/rotate", made.id());
    let empty = server.send(server.request("POST", &path).body(Body::empty()).expect("request")).await;
    assert_eq!(empty.status, 200, "{empty:?}");
    assert_ne!(empty.body["secret"], made.body["secret"]);
    let tomorrow = server.app.clock.now().plus(crate::model::time::DAY);
    assert_eq!(empty.body["credentials"]["previous_secret_until"], json!(tomorrow));
    let given = server.post(&path, json!({"secret": "0123456789abcdef", "overlap_hours": 0})).await;
    assert_eq!((&given.body["secret"], &given.body["credentials"]["previous_secret_until"]), (&json!("0123456789abcdef"), &json!(null)));
    for wrong in [-1, 169] {
        assert_eq!(server.post(&path, json!({"overlap_hours": wrong})).await.fields(), ["overlap_hours"]);
    }
    assert_eq!(server.post(&path, json!({"secret": "short"})).await.fields(), ["secret"]);
}

#[tokio::test]
async fn a_webhook_is_archived_with_a_reason_or_the_default() {
    let server = Server::new().await;
    for (name, query, body) in [("a", "", ""), ("b", "?reason=no%20longer", ""), ("c", "", "{\"reason\": \"no longer\"}")] {
        let path = format!("/api/v1/webhooks/{}", server.webhook(name).await.id());
        let request = server.request("DELETE", &format!("{path}{query}")).header("content-type", "application/json");
        let gone = server.send(request.body(Body::from(body)).expect("request")).await;
        assert_eq!(gone.status, 200, "{gone:?}");
        assert!(gone.body["archived_at"].is_string());
        assert_eq!(server.call("PATCH", &path, json!({"name": "x"})).await.problem(), "conflict");
        assert_eq!(server.get(&path).await.status, 200, "it stays readable");
    }
    assert_eq!(server.get("/api/v1/webhooks").await.body["items"], json!([]));
    assert_eq!(server.get("/api/v1/webhooks?archived=true").await.body["items"].as_array().map(Vec::len), Some(3));
    let path = format!("/api/v1/webhooks/{}", server.webhook("d").await.id());
    assert_eq!(server.call("DELETE", &path, json!({"reason": "x"})).await.fields(), ["reason"]);
}

#[tokio::test]
async fn a_sample_that_does_not_fit_its_type_is_refused_before_it_is_sent() {
    let server = Server::new().await;
    let path = format!("/api/v1/webhooks/{}/sample", server.webhook("a").await.id());
    assert_eq!(server.post(&path, json!({"event_type": "nothing"})).await.fields(), ["event_type"]);
    assert_eq!(server.post(&path, json!({"event_type": "form.completed", "data": {}})).await.fields(), ["data"]);
}

#[tokio::test]
async fn a_format_its_options_and_who_waits_are_set_shown_and_changed() {
    let server = Server::new().await;
    let plain = server.webhook("plain").await;
    let usual = json!({
        "key_case": "pascal", "legacy": false, "signature_header": "X-Webhook-Signature", "event_header": "X-Webhook-Event",
        "delivery_header": "X-Webhook-Delivery",
    });
    assert_eq!((&plain.body["format_options"], &plain.body["delivery"]), (&usual, &json!("asynchronous")));
    let body = json!({
        "name": "a", "url": "https://1.1.1.1/", "events": ["survey.completed"], "format": "survey", "delivery": "synchronous",
        "format_options": {"signature_header": "X-Sig", "key_case": "camel"},
    });
    let made = server.post("/api/v1/webhooks", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!((&made.body["format"], &made.body["delivery"]), (&json!("survey"), &json!("synchronous")));
    let options = &made.body["format_options"];
    assert_eq!((&options["signature_header"], &options["key_case"]), (&json!("X-Sig"), &json!("camel")));
    let path = format!("/api/v1/webhooks/{}", made.id());
    let change = json!({"format": "mydatahelps", "format_options": {"event_header": "X-Kind"}});
    let changed = server.call("PATCH", &path, change).await;
    assert_eq!((changed.status, &changed.body["format"]), (200, &json!("mydatahelps")), "{changed:?}");
    let options = &changed.body["format_options"];
    assert_eq!((&options["signature_header"], &options["event_header"]), (&json!("X-Sig"), &json!("X-Kind")), "what is not named stays");
    assert_eq!(changed.body["delivery"], "synchronous");
    let emptied = server.call("PATCH", &path, json!({"format_options": {"signature_header": ""}, "delivery": "asynchronous"})).await;
    assert_eq!(emptied.body["format_options"]["signature_header"], "X-Webhook-Signature");
    assert_eq!(emptied.body["delivery"], "asynchronous");
    assert_eq!(server.get(&path).await.body["format_options"], emptied.body["format_options"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_format_is_told_under_its_name_here() {
    let server = Server::new().await;
    let with = |more: serde_json::Value| {
        let mut body = json!({"name": "a", "url": "https://1.1.1.1/", "events": ["survey.completed"], "format": "survey"});
        body.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        body
    };
    for (more, fields) in [
        (json!({"format": "xml"}), vec!["format"]),
        (json!({"format": "trialkit"}), vec!["format"]),
        (json!({"format": "infermedica"}), vec!["token_header.value"]),
        (json!({"format": "infermedica", "token_header": {"name": "x-t"}}), vec!["token_header.value"]),
        (json!({"delivery": "later"}), vec!["delivery"]),
        (json!({"format_options": {"key_case": "snake"}}), vec!["format_options.key_case"]),
        (json!({"format": "mydatahelps", "format_options": {"key_case": "snake"}}), vec!["format_options.key_case"]),
        (json!({"format_options": {"signature_header": "no header"}}), vec!["format_options.signature_header"]),
        (json!({"format_options": {"event_header": "webhook-id"}}), vec!["format_options.event_header"]),
        (json!({"format_options": {"delivery_header": "cookie"}}), vec!["format_options.delivery_header"]),
        (json!({"headers": {"x-webhook-event": "1"}}), vec!["headers"]),
        (json!({"format_options": {"legacy": true}}), vec!["format_options.legacy"]),
        (json!({"format_options": {"legacy": false}}), vec!["format_options.legacy"]),
        (json!({"format_options": {"colour": 1}}), vec!["format_options.colour"]),
    ] {
        let refused = server.post("/api/v1/webhooks", with(more.clone())).await;
        assert_eq!((refused.status, refused.fields()), (422, fields), "{more}: {refused:?}");
    }
}

#[tokio::test]
async fn a_sample_without_a_type_is_one_of_the_format_and_another_is_refused() {
    let server = Server::new().await;
    let body = json!({"name": "a", "url": "https://1.1.1.1/", "events": ["record.inserted"], "format": "trialkit"});
    let made = server.post("/api/v1/webhooks", body).await;
    let refused = server.post(&format!("/api/v1/webhooks/{}/sample", made.id()), json!({"event_type": "webhook.test"})).await;
    assert_eq!((refused.status, refused.fields()), (422, vec!["event_type"]), "{refused:?}");
    assert!(refused.body.to_string().contains("record.inserted, record.updated, record.review_changed"), "{refused:?}");
}
