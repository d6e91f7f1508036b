use super::{Answer, Server};
use crate::server::chores;
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
    chores::drain(&server.app).await.expect("drains");
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

#[tokio::test]
async fn forms_have_versions_and_are_archived() {
    let server = Server::new().await;
    let id = server.form("survey").await;
    let path = format!("/api/v1/forms/{id}");
    let form = server.get(&path).await;
    let shape = ["id", "kind", "name", "version", "questions", "created_at", "updated_at", "archived_at"];
    assert_eq!(members(&form.body), BTreeSet::from(shape));
    assert_eq!(form.body["questions"][0], json!({"key": "pain", "label": "How strong is the pain?", "kind": "number", "required": true}));
    let next = server.patch(&path, json!({"questions": [{"key": "pain", "label": "Pain?", "kind": "number"}], "version": 1})).await;
    assert_eq!((next.status, &next.body["version"], &next.body["name"]), (200, &json!(2), &json!("survey")), "{next:?}");
    assert_eq!(server.patch(&path, json!({"name": "survey"})).await.body["version"], 2, "what changes nothing makes no version");
    assert_eq!(server.patch(&path, json!({"name": "Other", "version": 1})).await.problem(), "conflict");
    for (body, field) in [
        (json!({"kind": "poll", "name": "F"}), "kind"),
        (json!({"kind": "form"}), "name"),
        (json!({"kind": "form", "name": ""}), "name"),
        (json!({"kind": "form", "name": "survey"}), "name"),
        (json!({"kind": "form", "name": "F", "questions": "key | label | text"}), "questions"),
        (json!({"kind": "form", "name": "F", "questions": [{"key": "a", "label": "A", "kind": "colour"}]}), "questions[0].kind"),
        (json!({"kind": "form", "name": "F", "questions": [{"key": "a", "label": "A", "kind": "text", "size": 3}]}), "questions[0].size"),
        (json!({"kind": "form", "name": "F", "questions": [{"key": "a b", "label": "A", "kind": "text"}]}), "questions"),
    ] {
        let refused = server.post("/api/v1/forms", body.clone()).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![field]), "{body} {refused:?}");
    }
    let archived = server.call("DELETE", &path, json!(null)).await;
    assert_eq!(archived.status, 200);
    assert!(archived.body["archived_at"].is_string());
    assert_eq!(server.get("/api/v1/forms").await.body["items"], json!([]));
    assert_eq!(server.get("/api/v1/forms?archived=true").await.body["items"], json!([archived.body]));
    assert_eq!(server.patch(&path, json!({"name": "Other"})).await.problem(), "conflict");
    assert_eq!(server.call("DELETE", &path, json!(null)).await.problem(), "conflict");
}

#[tokio::test]
async fn a_response_goes_forward_alone() {
    let server = Server::new().await;
    let form = server.form("survey").await;
    let ada = server.made("/api/v1/participants", json!({"identifier": "A-1"})).await.id();
    let new = server.made("/api/v1/responses", json!({"form": form, "participant": "A-1"})).await;
    let shape = [
        "id",
        "form_id",
        "form_version",
        "participant_id",
        "status",
        "answers",
        "submitted_by",
        "completed_at",
        "version",
        "created_at",
        "updated_at",
    ];
    assert_eq!(members(&new.body), BTreeSet::from(shape));
    assert_eq!((&new.body["status"], &new.body["participant_id"]), (&json!("new"), &json!(ada)));
    let path = format!("/api/v1/responses/{}", new.id());
    // A link, once; whoever has it can answer.
    let link = server.post(&format!("{path}/link"), json!(null)).await;
    assert_eq!((link.status, link.headers["cache-control"].to_str().expect("text")), (200, "no-store"));
    let url = link.body["url"].as_str().expect("an address");
    assert!(url.starts_with("http://127.0.0.1:3000/r/") && url.rsplit('/').next().is_some_and(|t| t.len() == 48), "{url}");
    let partial = server.patch(&path, json!({"answers": {"side": "left"}})).await;
    assert_eq!((&partial.body["status"], &partial.body["answers"]), (&json!("partial"), &json!({"side": "left"})), "{partial:?}");
    assert_eq!(server.patch(&path, json!({"status": "completed"})).await.fields(), ["answers.pain"]);
    let done = server.patch(&path, json!({"status": "completed", "answers": {"pain": 3}, "version": 2})).await;
    assert_eq!((done.status, &done.body["answers"], &done.body["submitted_by"]), (200, &json!({"pain": 3}), &json!("api")));
    assert_eq!(done.headers["etag"], "\"3\"");
    for back in ["partial", "new"] {
        let refused = server.patch(&path, json!({"status": back, "answers": {}})).await;
        assert_eq!((refused.status, refused.fields()), (422, vec!["status"]));
        assert!(refused.body["detail"].as_str().is_some_and(|d| d.contains("completed")), "{refused:?}");
    }
    assert_eq!(server.patch(&path, json!({"answers": {"pain": 4}, "version": 2})).await.problem(), "conflict");
    assert_eq!(server.post(&format!("{path}/link"), json!(null)).await.problem(), "conflict");
    for (body, field) in [
        (json!({"form": form, "participant": "A-9"}), "participant"),
        (json!({"form": "x", "participant": "A-1"}), "form"),
        (json!({"form": "frm_00000000000000000000000000000000", "participant": ada}), "form"),
        (json!({"form": form}), "participant"),
        (json!({"form": form, "participant": ada, "answers": {"side": "left"}}), "answers"),
        (json!({"form": form, "participant": ada, "status": "partial", "answers": {"side": "up"}}), "answers.side"),
        (json!({"form": form, "participant": ada, "status": "begun"}), "status"),
        (json!({"form": form, "participant": ada, "answers": []}), "answers"),
    ] {
        let refused = server.post("/api/v1/responses", body.clone()).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![field]), "{body} {refused:?}");
    }
    let other = server.made("/api/v1/responses", json!({"form": form, "participant": ada, "status": "partial"})).await;
    assert_eq!(server.patch(&format!("/api/v1/responses/{}", other.id()), json!({"status": "new"})).await.fields(), ["status"]);
    let found = async |query: &str| server.get(&format!("/api/v1/responses?{query}")).await.body["items"].as_array().map(Vec::len);
    assert_eq!(found(&format!("form={form}&participant=A-1")).await, Some(2));
    assert_eq!(found("status=completed").await, Some(1));
    for (query, field) in [("status=x", "status"), ("form=x", "form"), ("participant=x", "participant"), ("cursor=x", "cursor")] {
        assert_eq!(server.get(&format!("/api/v1/responses?{query}")).await.fields(), [field]);
    }
}

#[tokio::test]
async fn records_are_saved_reviewed_and_their_locks_broken() {
    let server = Server::new().await;
    let form = server.form("form").await;
    let levels = json!({"levels": [{"name": "Data entry", "soft": true}, {"name": "Monitor", "lock": true, "roles": [4, -1, -1]}, {"name": "Signed", "sign": true}]});
    let put = server.call("PUT", "/api/v1/review-levels", levels).await;
    assert_eq!(
        (put.status, &put.body["levels"][1]["seq"], &put.body["levels"][0]["roles"]),
        (200, &json!(2), &json!([-1, -1, -1])),
        "{put:?}"
    );
    let read = server.get("/api/v1/review-levels").await;
    assert_eq!(read.body, put.body);
    assert_eq!(server.call("PUT", "/api/v1/review-levels", read.body).await.body, put.body, "what is read can be sent");
    for (body, field) in [
        (json!({"levels": [{"name": ""}]}), "levels[0].name"),
        (json!({"levels": [{"name": "A", "seq": 2}]}), "levels[0].seq"),
        (json!({"levels": [{"name": "A", "roles": [1]}]}), "levels[0].roles"),
        (json!({"levels": [{"name": "A", "colour": 1}]}), "levels[0].colour"),
        (json!([]), "body"),
    ] {
        let refused = server.call("PUT", "/api/v1/review-levels", body.clone()).await;
        assert_eq!((refused.status, refused.fields()), (422, vec![field]), "{body} {refused:?}");
    }
    let record = server.made("/api/v1/records", json!({"form": form, "answers": {"pain": 1}})).await;
    let shape = ["id", "trans_id", "form_id", "form_version", "participant_id", "answers", "review", "version", "created_at", "updated_at"];
    assert_eq!(members(&record.body), BTreeSet::from(shape));
    assert_eq!((&record.body["trans_id"], &record.body["review"]), (&json!(1), &json!(null)));
    let path = format!("/api/v1/records/{}", record.id());
    let review = async |body: Value| server.post(&format!("{path}/review"), body).await;
    assert_eq!(review(json!({})).await.fields(), ["level"]);
    assert_eq!(review(json!({"level": 9})).await.fields(), ["level"]);
    assert_eq!(review(json!({"level": 300})).await.fields(), ["level"]);
    assert_eq!(review(json!({"level": 3})).await.problem(), "forbidden", "a signature is a person's");
    let reviewed = review(json!({"level": 2, "version": 1})).await;
    assert_eq!((reviewed.status, &reviewed.body["review"]), (200, &json!(2)), "{reviewed:?}");
    assert_eq!(review(json!({"level": null, "version": 1})).await.problem(), "conflict");
    assert_eq!(server.patch(&path, json!({"answers": {"pain": 2}})).await.problem(), "conflict", "it is locked");
    let broken = server.patch(&path, json!({"answers": {"pain": 2}, "break_lock": true})).await;
    assert_eq!((broken.status, &broken.body["review"], &broken.body["answers"]), (200, &json!(1), &json!({"pain": 2})), "{broken:?}");
    assert_eq!(server.get(&path).await.body, broken.body);
    assert_eq!(server.call("PUT", "/api/v1/review-levels", json!({"levels": []})).await.problem(), "conflict");
    for (body, field) in [
        (json!({"form": form, "answers": {}}), "answers.pain"),
        (json!({"form": form, "participant": "A-9", "answers": {"pain": 1}}), "participant"),
        (json!({"answers": {"pain": 1}}), "form"),
    ] {
        assert_eq!(server.post("/api/v1/records", body).await.fields(), [field]);
    }
    assert_eq!(server.get(&format!("/api/v1/records?form={form}")).await.body["items"].as_array().map(Vec::len), Some(1));
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
    chores::drain(&server.app).await.expect("drains");
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
