use super::{Server, members};
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
