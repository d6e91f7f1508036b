use super::{Server, members};
use axum::body::Body;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn sites_are_added_listed_and_renamed() {
    let server = Server::new().await;
    let site = server.made("/api/v1/sites", json!({"name": " Basel "})).await;
    assert_eq!(members(&site.body), BTreeSet::from(["id", "name", "created_at"]));
    assert_eq!(site.body["name"], "Basel");
    assert_eq!(server.post("/api/v1/sites", json!({"name": "Basel"})).await.fields(), ["name"]);
    assert_eq!(server.post("/api/v1/sites", json!({})).await.fields(), ["name"]);
    let path = format!("/api/v1/sites/{}", site.id());
    let renamed = server.patch(&path, json!({"name": "Bern"})).await;
    assert_eq!((renamed.status, &renamed.body["name"]), (200, &json!("Bern")));
    assert_eq!(server.get("/api/v1/sites").await.body["items"], json!([renamed.body]));
}

#[tokio::test]
async fn a_participant_is_created_read_and_changed_in_what_is_named_alone() {
    let server = Server::new().await;
    let site = server.made("/api/v1/sites", json!({"name": "Basel"})).await.id();
    let new = json!({"identifier": "A-1", "site": "Basel", "email": "Ada@Example.com", "details": {"arm": "B", "cohort": "2"}});
    let ada = server.made("/api/v1/participants", new.clone()).await;
    let shape = ["id", "identifier", "site", "email", "details", "origin", "version", "created_at", "updated_at"];
    assert_eq!(members(&ada.body), BTreeSet::from(shape));
    assert_eq!(ada.body["site"], json!({"id": site, "name": "Basel"}));
    assert_eq!((&ada.body["email"], &ada.body["origin"], &ada.body["version"]), (&json!("ada@example.com"), &json!("api"), &json!(1)));
    assert_eq!(ada.headers["etag"], "\"1\"");
    let path = format!("/api/v1/participants/{}", ada.id());
    let read = server.get(&path).await;
    assert_eq!((&read.body, read.headers["etag"].to_str().expect("text")), (&ada.body, "\"1\""));
    // A merge patch: what is not named stays, null removes.
    let changed = server.patch(&path, json!({"email": null, "details": {"arm": "A", "cohort": null, "note": "n"}, "version": 1})).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(
        (
            &changed.body["identifier"],
            &changed.body["site"]["name"],
            &changed.body["email"],
            &changed.body["details"],
            &changed.body["version"]
        ),
        (&json!("A-1"), &json!("Basel"), &json!(null), &json!({"arm": "A", "note": "n"}), &json!(2))
    );
    let bare = server.patch(&path, json!({"site": null, "details": null})).await;
    assert_eq!((&bare.body["site"], &bare.body["details"]), (&json!(null), &json!({})));
    // Somebody else was faster.
    assert_eq!(server.patch(&path, json!({"email": "b@example.com", "version": 1})).await.problem(), "conflict");
    let matched = server.request("PATCH", &path).header("content-type", "application/json").header("if-match", "\"2\"");
    assert_eq!(server.send(matched.body(Body::from(r#"{"email": null}"#)).expect("request")).await.problem(), "conflict");
    let both = server.request("PATCH", &path).header("content-type", "application/json").header("if-match", "\"3\"");
    assert_eq!(server.send(both.body(Body::from(r#"{"version": 2}"#)).expect("request")).await.fields(), ["version"]);
    assert_eq!(server.get(&path).await.body["version"], 3);
    // Refused, each with its member.
    for (body, field) in [
        (new, "identifier"),
        (json!({"site": "Nowhere"}), "site"),
        (json!({"site": 5}), "site"),
        (json!({"email": "nobody"}), "email"),
        (json!({"details": {"a:b": "c"}}), "details.a:b"),
        (json!({"details": {"a": "one\ntwo"}}), "details.a"),
        (json!({"details": {"a": 1}}), "details.a"),
        (json!({"nickname": "x"}), "nickname"),
    ] {
        let refused = server.post("/api/v1/participants", body.clone()).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![field]), "{body} {refused:?}");
    }
    assert_eq!(server.patch(&path, json!({"identifier": " "})).await.fields(), ["identifier"]);
}

#[tokio::test]
async fn participants_are_listed_a_page_at_a_time_and_by_what_is_asked_for() {
    let server = Server::new().await;
    let site = server.made("/api/v1/sites", json!({"name": "Basel"})).await.id();
    for body in [json!({"identifier": "A-1", "site": site}), json!({"identifier": "A-2"}), json!({"identifier": "B-1", "site": site})] {
        server.made("/api/v1/participants", body).await;
    }
    let list = async |query: &str| {
        let page = server.get(&format!("/api/v1/participants?{query}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let names = page.body["items"].as_array().expect("items").iter().map(|p| p["identifier"].as_str().expect("text").to_owned());
        (names.collect::<Vec<_>>(), page.body["next"].as_str().map(str::to_owned))
    };
    let (first, next) = list("limit=2").await;
    assert_eq!(first, ["B-1", "A-2"]);
    assert_eq!(list(&format!("limit=2&cursor={}", next.expect("another page"))).await, (vec!["A-1".to_owned()], None));
    assert_eq!(list("identifier_prefix=A-").await.0, ["A-2", "A-1"]);
    assert_eq!(list(&format!("site={site}&identifier_prefix=A-")).await.0, ["A-1"]);
    for (query, field) in [("site=Basel", "site"), ("cursor=x", "cursor"), ("limit=201", "limit"), ("sort=name", "sort")] {
        assert_eq!(server.get(&format!("/api/v1/participants?{query}")).await.fields(), [field]);
    }
}

#[tokio::test]
async fn an_import_is_shown_then_confirmed_or_discarded() {
    let server = Server::new().await;
    let path = "/api/v1/participants/imports";
    let file = "identifier,email,arm\nA-1,ada@example.com,B\nA-2,nobody,\nA-1,,\n";
    let preview = server.csv(&format!("{path}?file_name=march.csv"), "text/csv; charset=utf-8", file).await;
    assert_eq!(preview.status, 201, "{preview:?}");
    let counts = |b: &Value| ["rows", "good", "bad", "created"].map(|name| b[name].as_i64().expect("a number"));
    assert_eq!(
        (counts(&preview.body), &preview.body["state"], &preview.body["file_name"]),
        ([3, 1, 2, 0], &json!("preview"), &json!("march.csv"))
    );
    assert_eq!((&preview.body["sample"][0]["identifier"], &preview.body["sample"][0]["details"]), (&json!("A-1"), &json!({"arm": "B"})));
    let bad: Vec<_> = preview.body["bad_rows"].as_array().expect("rows").iter().map(|r| (r["line"].clone(), r["error"].clone())).collect();
    assert_eq!(bad.iter().map(|(line, _)| line.as_i64()).collect::<Vec<_>>(), [Some(3), Some(4)]);
    assert!(bad[0].1.as_str().is_some_and(|e| e.starts_with("email: ")), "{bad:?}");
    let one = format!("{path}/{}", preview.id());
    assert_eq!(preview.headers["location"], one);
    let confirmed = server.post(&format!("{one}/confirm"), json!(null)).await;
    assert_eq!((confirmed.status, &confirmed.body["state"]), (202, &json!("running")));
    server.do_chores().await;
    let done = server.get(&one).await;
    assert_eq!((&done.body["state"], counts(&done.body)), (&json!("done"), [3, 1, 2, 1]));
    assert_eq!(server.post(&format!("{one}/discard"), json!(null)).await.problem(), "conflict");
    // Another is thrown away.
    let other = server.csv(path, "text/csv", "identifier\nA-9\n").await;
    let discarded = server.post(&format!("{path}/{}/discard", other.id()), json!(null)).await;
    assert_eq!((discarded.status, &discarded.body["state"]), (200, &json!("discarded")));
    assert_eq!(server.get(path).await.body["items"].as_array().map(Vec::len), Some(2));
    let identifiers = server.get("/api/v1/participants").await.body["items"].as_array().map(Vec::len);
    assert_eq!(identifiers, Some(1), "only the good row of the confirmed one");
    // What cannot be read as a whole.
    assert_eq!(server.csv(path, "application/json", "{}").await.problem(), "unsupported-media-type");
    assert_eq!(server.csv(path, "text/csv", "name\nx\n").await.fields(), ["body"]);
    assert_eq!(server.csv(path, "text/csv", &"x".repeat(crate::model::import::BYTES_MAX + 1)).await.problem(), "too-large");
}
