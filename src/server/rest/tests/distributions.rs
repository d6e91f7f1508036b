//! The Surveys face beside its webhooks: contacts, sending a survey, polling.

use super::{Answer, Server};
use crate::model::form::FormDraft;
use crate::model::permission::Scope;
use crate::server::service::{forms, participants};
use serde_json::{Value, json};

const UPSERT: &str = "/api/directory/contacts/upsert";

/// A survey that the study keeps: its path.
async fn survey(server: &Server, kind: &str) -> String {
    let draft = FormDraft { kind: kind.into(), name: format!("A {kind}"), questions: "pain | Pain? | number | required".into() };
    let form = forms::create(&server.app, &server.administrator().await, &draft).await.expect("made");
    format!("/api/surveys/{}", form.id)
}

async fn contact(server: &Server, body: Value) -> String {
    let made = server.post(UPSERT, body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["contactId"].as_str().expect("an id").to_owned()
}

fn refused(answer: &Answer, fields: &[&str]) {
    assert_eq!((answer.status, answer.problem(), answer.fields()), (422, "invalid", fields.to_vec()), "{answer:?}");
}

#[tokio::test]
async fn one_contact_is_created_and_then_known() {
    let server = Server::new().await;
    let body = json!({
        "externalId": "P-0001", "email": "Ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "phone": null, "language": "",
        "attributes": {"ward": "B2"},
    });
    let made = server.post(UPSERT, body.clone()).await;
    let id = made.body["contactId"].clone();
    assert!(id.as_str().is_some_and(|id| id.starts_with("par_")), "{made:?}");
    assert_eq!(made.status, 201);
    assert_eq!(made.body, json!({"contactId": id, "externalId": "P-0001", "email": "ada@example.com", "created": true}));
    let known = server.post(UPSERT, body).await;
    assert_eq!((known.status, &known.body["contactId"], &known.body["created"]), (200, &id, &json!(false)));
    let events = server.get("/api/v1/events").await;
    assert_eq!(events.body["items"].as_array().map(Vec::len), Some(1), "{events:?}");
    assert_eq!(events.body["items"][0]["type"], "participant.created");
    let kept = participants::get(&server.app, &server.administrator().await, &id.as_str().expect("an id").parse().expect("one")).await;
    assert_eq!(json!(kept.expect("is there").0.details), json!({"firstName": "Ada", "lastName": "Lovelace", "ward": "B2"}));
    // By e-mail alone; one without an identifier gets one.
    assert_eq!(server.post(UPSERT, json!({"email": "ADA@example.com", "phone": "1"})).await.body["contactId"], id);
    let nameless = server.post(UPSERT, json!({"email": "grace@example.com"})).await;
    assert!(nameless.body["externalId"].as_str().is_some_and(|id| id.starts_with("P-")), "{nameless:?}");
}

#[tokio::test]
async fn several_contacts_are_answered_in_their_order_and_wrong_ones_by_their_place() {
    let server = Server::new().await;
    let known = contact(&server, json!({"externalId": "P-1"})).await;
    let several = server.post(UPSERT, json!({"contacts": [{"externalId": "P-2"}, {"externalId": "P-1"}]})).await;
    assert_eq!(several.status, 200, "{several:?}");
    let created: Vec<_> = several.body["contacts"].as_array().expect("contacts").iter().map(|c| c["created"].clone()).collect();
    assert_eq!((created, &several.body["contacts"][1]["contactId"]), (vec![json!(true), json!(false)], &json!(known)));
    let many: Vec<Value> = (0..501).map(|n| json!({"externalId": format!("M-{n}")})).collect();
    let long = "x".repeat(1001);
    for (body, fields) in [
        (json!({}), vec!["externalId"]),
        (json!({"externalId": " ", "email": null}), vec!["externalId"]),
        (json!({"email": "nobody"}), vec!["email"]),
        (json!({"externalId": "x".repeat(101)}), vec!["externalId"]),
        (json!({"externalId": 5}), vec!["externalId"]),
        (json!({"externalId": "P-3", "segment": "x"}), vec!["segment"]),
        (json!({"externalId": "P-3", "firstName": "a\nb"}), vec!["firstName"]),
        (
            json!({"externalId": "P-3", "attributes": {"ward": long, "a:b": "c", "phone": "1"}}),
            vec!["attributes", "attributes.phone", "attributes.ward"],
        ),
        (json!({"externalId": "P-3", "attributes": {"ward": 2}}), vec!["attributes.ward"]),
        (json!({"contacts": []}), vec!["contacts"]),
        (json!({"contacts": many}), vec!["contacts"]),
        (json!({"contacts": {}}), vec!["contacts"]),
        (json!({"contacts": [{"externalId": "P-3"}], "email": "a@example.com"}), vec!["email"]),
        (
            json!({"contacts": [{"externalId": "P-3"}, {"phone": "1"}, {"email": "x", "language": "a\u{0}"}]}),
            vec!["contacts[1].externalId", "contacts[2].language", "contacts[2].email"],
        ),
        (json!({"contacts": [{"externalId": "P-3"}, {"externalId": "P-4", "extra": 1}]}), vec!["contacts[1].extra"]),
    ] {
        refused(&server.post(UPSERT, body).await, &fields);
    }
    let details = |from: usize| (from..from + 30).map(|n| (format!("d{n}"), json!("x"))).collect::<serde_json::Map<_, _>>();
    contact(&server, json!({"externalId": "P-3", "attributes": details(0)})).await;
    refused(&server.post(UPSERT, json!({"externalId": "P-3", "attributes": details(30)})).await, &["attributes"]);
    let in_list = json!({"contacts": [{"externalId": "P-4"}, {"externalId": "P-3", "attributes": details(30)}]});
    refused(&server.post(UPSERT, in_list).await, &["contacts[1].attributes"]);
    assert_eq!(server.post(UPSERT, json!({"externalId": "P-4"})).await.status, 201, "nothing of the refused lists is there");
    // 500 with all that they may have in them are not too many bytes.
    let many: Vec<Value> = (0..500).map(|n| json!({"externalId": format!("M-{n}"), "firstName": "x".repeat(200)})).collect();
    assert_eq!(server.post(UPSERT, json!({"contacts": many})).await.status, 200);
    let huge: Vec<Value> = (0..500).map(|n| json!({"externalId": format!("M-{n}"), "firstName": "x".repeat(2200)})).collect();
    assert_eq!(server.post(UPSERT, json!({"contacts": huge})).await.problem(), "too-large");
}

#[tokio::test]
async fn a_survey_is_sent_by_links_that_open_it() {
    let server = Server::new().await;
    let survey = survey(&server, "survey").await;
    let ada = contact(&server, json!({"externalId": "P-1"})).await;
    let path = format!("{survey}/distributions/quick");
    let sent = server.post(&path, json!({"contactIds": [ada], "contacts": [{"externalId": "P-2", "firstName": "Grace"}]})).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    let one = &sent.body["distributions"][0];
    let link = one["link"].as_str().expect("a link");
    assert_eq!(
        sent.body,
        json!({
            "distributionId": sent.body["distributionId"], "surveyId": survey.rsplit('/').next(), "channel": "link", "sent": 2,
            "distributions": [
                {"contactId": ada, "externalId": "P-1", "responseId": one["responseId"], "status": "new", "link": link, "existing": false},
                sent.body["distributions"][1],
            ],
        })
    );
    assert!(sent.body["distributionId"].as_str().is_some_and(|id| id.starts_with("dst_")));
    let (public, token) = link.rsplit_once("/r/").expect("a link");
    assert_eq!(public, server.app.config.public_url.as_str().trim_end_matches('/'));
    let opened = crate::server::service::responses::by_link(&server.app, token).await.expect("opens");
    assert_eq!(json!(opened.response.id), one["responseId"]);
    let again = server.post(&path, json!({"contactIds": [ada]})).await;
    assert_eq!(
        (&again.body["distributions"][0]["existing"], &again.body["distributions"][0]["responseId"]),
        (&json!(true), &one["responseId"])
    );
    assert_ne!(again.body["distributions"][0]["link"], link);
}

#[tokio::test]
async fn what_is_wrong_with_a_sending_is_named_as_it_was_sent() {
    let server = Server::new().await;
    let (survey, form) = (survey(&server, "survey").await, survey(&server, "form").await);
    let ada = contact(&server, json!({"externalId": "P-1"})).await;
    let unknown = format!("par_{:032x}", 7);
    let path = format!("{survey}/distributions/quick");
    for (body, fields) in [
        (json!({}), vec!["contactIds"]),
        (json!({"contactIds": vec![ada.clone(); 501]}), vec!["contactIds"]),
        (json!({"contactIds": [ada, ada, unknown]}), vec!["contactIds[1]", "contactIds[2]"]),
        (json!({"contactIds": ["P-1", ada], "contacts": [{"email": "x"}]}), vec!["contactIds[0]", "contacts[0].email"]),
        (json!({"contactIds": [ada], "contacts": [{"externalId": "P-1"}]}), vec!["contacts[0]"]),
        (json!({"contactIds": [ada], "channel": "email"}), vec!["channel"]),
        (json!({"contactIds": [5]}), vec!["contactIds[0]"]),
    ] {
        refused(&server.post(&path, body).await, &fields);
    }
    refused(&server.post(&format!("{form}/distributions/quick"), json!({"contactIds": [ada]})).await, &["surveyId"]);
    refused(&server.get(&format!("{form}/responses/bulk-status")).await, &["surveyId"]);
    for none in ["SURVEY_UUID", "frm_00000000000000000000000000000000"] {
        let sent = server.post(&format!("/api/surveys/{none}/distributions/quick"), json!({"contactIds": [ada]})).await;
        assert_eq!(sent.problem(), "not-found", "{sent:?}");
        assert_eq!(server.get(&format!("/api/surveys/{none}/responses/bulk-status")).await.problem(), "not-found");
        // Nor have its webhooks an address: the study keeps its surveys here.
        assert_eq!(server.get(&format!("/api/surveys/{none}/webhooks")).await.problem(), "not-found");
        let new = json!({"name": "x", "url": "https://1.1.1.1/", "events": ["survey.response_completed"]});
        assert_eq!(server.post(&format!("/api/surveys/{none}/webhooks"), new).await.problem(), "not-found");
    }
    let status = server.get(&format!("{survey}/responses/bulk-status")).await;
    assert_eq!((status.status, &status.body["items"]), (200, &json!([])), "nothing was sent: {status:?}");
}

#[tokio::test]
async fn statuses_are_polled_for_some_or_for_all() {
    let mut server = Server::new().await;
    let survey = survey(&server, "survey").await;
    let mut ids = Vec::new();
    for name in ["P-1", "P-2", "P-3"] {
        ids.push(contact(&server, json!({"externalId": name})).await);
    }
    let sent = server.post(&format!("{survey}/distributions/quick"), json!({"contactIds": ids[..2]})).await;
    let path = format!("{survey}/responses/bulk-status");
    let first = json!({
        "contactId": ids[0], "externalId": "P-1", "responseId": sent.body["distributions"][0]["responseId"], "status": "notStarted",
        "completedAt": null,
    });
    let all = server.get(&path).await;
    assert_eq!((all.status, all.body["items"].as_array().map(Vec::len), &all.body["items"][0]), (200, Some(2), &first), "{all:?}");
    assert_eq!((&all.body["surveyId"], &all.body["next"]), (&json!(survey.rsplit('/').next()), &json!(null)));
    let never = json!({"contactId": ids[2], "externalId": "P-3", "responseId": null, "status": "notSent", "completedAt": null});
    for query in [format!("contactIds={},{}", ids[2], ids[0]), format!("contactIds={}&contactIds={},{}", ids[2], ids[0], ids[0])] {
        let some = server.get(&format!("{path}?{query}")).await;
        assert_eq!(some.body["items"], json!([first, never]), "{query}");
    }
    let page = server.get(&format!("{path}?limit=1")).await;
    assert_eq!((&page.body["items"], &page.body["next"]), (&json!([first]), &json!(ids[0])));
    let rest = server.get(&format!("{path}?limit=1&cursor={}", ids[0])).await;
    assert_eq!((&rest.body["items"][0]["contactId"], &rest.body["next"]), (&json!(ids[1]), &json!(null)));
    let many = vec![ids[0].as_str(); 501].join(",");
    for (query, field) in [
        ("limit=0".to_owned(), "limit"),
        ("limit=501".to_owned(), "limit"),
        ("limit=1&limit=2".to_owned(), "limit"),
        ("cursor=x".to_owned(), "cursor"),
        ("status=completed".to_owned(), "status"),
        ("contactIds=".to_owned(), "contactIds"),
        (format!("contactIds={many}"), "contactIds"),
        (format!("contactIds={},x", ids[0]), "contactIds[1]"),
        (format!("contactIds={},par_{:032x}", ids[0], 7), "contactIds[1]"),
    ] {
        refused(&server.get(&format!("{path}?{query}")).await, &[field]);
    }
    let others: Vec<Scope> = Scope::ALL.into_iter().filter(|s| *s != Scope::DataWrite).collect();
    server.key = server.key_for("first", &others).await;
    assert_eq!(server.get(&path).await.problem(), "forbidden");
    assert_eq!(server.post(UPSERT, json!({"externalId": "P-9"})).await.problem(), "forbidden");
    assert_eq!(server.post(&format!("{survey}/distributions/quick"), json!({"contactIds": ids})).await.problem(), "forbidden");
}
