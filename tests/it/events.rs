//! Publishing events, and to whom they go.

use crate::harness::{Receiver, START, TestApp, draft, event, fields, form, participant};
use hookwell::model::delivery::DeliveryState;
use hookwell::model::event::EventDetail;
use hookwell::model::event_type::EventType;
use hookwell::model::permission::Scope;
use hookwell::model::time::{SECOND, Timestamp};
use hookwell::model::webhook::WebhookMode;
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::Actor;
use hookwell::server::service::webhooks::NewSecret;
use hookwell::server::service::{deliveries, events, webhooks};
use serde_json::{Value, json};

async fn study(app: &TestApp) -> (Actor, Actor, Receiver) {
    app.study("heart").await;
    (app.admin("heart").await, app.platform("heart").await, Receiver::start().await)
}

on_both!(an_event_is_accepted_once, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    let first = app.publish(&platform, &participant("1")).await.expect("accepted").remove(0);
    assert!(!first.duplicate);
    assert_eq!((first.delivery_ids.len(), first.source.as_str(), first.id.as_str()), (1, "/edc", "1"));
    let again = app.publish(&platform, &participant("1")).await.expect("seen before").remove(0);
    assert_eq!((again.duplicate, &again.event_id, again.delivery_ids.len()), (true, &first.event_id, 0));
    // The same id of another source is another event.
    let mut other = participant("1");
    other["source"] = json!("/other");
    assert!(!app.publish(&platform, &other).await.unwrap()[0].duplicate);
    // Twice in a batch.
    let batch = app.publish(&platform, &json!([participant("2"), participant("2"), participant("1")])).await.unwrap();
    assert_eq!(batch.iter().map(|a| a.duplicate).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(batch[0].event_id, batch[1].event_id);
    assert_eq!(app.drain().await, 3);
    assert_eq!(receiver.count(), 3);
    // The same at once, over two connections.
    let (a, b) = (participant("3"), participant("3"));
    let (a, b) = tokio::join!(app.publish(&platform, &a), app.publish(&platform, &b));
    let (a, b) = (a.unwrap().remove(0), b.unwrap().remove(0));
    assert!(a.duplicate != b.duplicate && a.event_id == b.event_id);
});

on_both!(a_batch_is_all_or_nothing, |app| async {
    let (_, platform, _) = study(app).await;
    let mut wrong = form("2", "f", "s");
    wrong["data"]["response"]["status"] = json!("partial");
    let refused = app.publish(&platform, &json!([participant("1"), wrong, 7])).await.expect_err("wrong");
    assert_eq!((refused.status(), fields(&refused)), (422, vec!["events[1].data.response.status".to_owned(), "events[2]".to_owned()]));
    assert_eq!(app.number("SELECT COUNT(*) FROM events").await, 0);
    assert_eq!(fields(&app.publish(&platform, &json!([])).await.expect_err("empty")), ["events"]);
    let many: Vec<Value> = (0..1001).map(|n| participant(&n.to_string())).collect();
    assert_eq!(app.publish(&platform, &json!(many)).await.expect_err("too many").status(), 413);
    assert_eq!(app.publish(&platform, &json!(many[..1000])).await.expect("as many as may be").len(), 1000);
});

on_both!(a_form_that_is_not_complete_completes_nothing, |app| async {
    let (_, platform, _) = study(app).await;
    for status in ["new", "partial", ""] {
        let mut event = form("1", "f", "s");
        event["data"]["response"]["status"] = json!(status);
        let refused = app.publish(&platform, &event).await.expect_err(status);
        assert_eq!((refused.status(), fields(&refused)), (422, vec!["data.response.status".to_owned()]));
    }
    let cases = [
        ("specversion", json!("0.3"), "specversion"),
        ("id", json!(""), "id"),
        ("id", json!("a\u{0}b"), "id"),
        ("source", Value::Null, "source"),
        ("type", json!("form.finished"), "type"),
        ("type", json!("webhook.disabled"), "type"),
        ("time", json!("yesterday"), "time"),
        ("datacontenttype", json!("text/xml"), "datacontenttype"),
        ("data", json!("text"), "data"),
        ("data", json!({"participant": {"id": 7}}), "data.participant.id"),
    ];
    for (member, value, field) in cases {
        let mut event = participant("1");
        event[member] = value;
        let refused = app.publish(&platform, &event).await.expect_err(field);
        assert_eq!(fields(&refused), [field], "{refused}");
        assert!(!refused.to_string().contains("canary"), "{refused}");
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM events").await, 0);
});

on_both!(text_that_a_database_may_not_hold_is_no_defect_of_ours, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &WebhookDraft { content: "full".into(), ..draft("A", &receiver.url) }).await;
    // PostgreSQL's text holds no NUL; JSON spells it \u0000.
    let mut event = participant("1");
    event["data"]["participant"]["identifier"] = json!("P\u{0}1");
    event["data"]["note"] = json!("nul \u{0} and \u{1F600} and \u{2028}");
    app.publish(&platform, &event).await.expect("accepted");
    assert_eq!(app.drain().await, 1);
    let body: Value = serde_json::from_slice(&receiver.last().body).unwrap();
    assert_eq!((&body["data"], &body["subject"]), (&event["data"], &json!("P1")));
    // In what a person types it is bad input, not our fault. (SQLite keeps it.)
    let named = webhooks::create(app, &admin, &draft("a\0b", &receiver.url), NewSecret::Generate).await;
    if let Err(refused) = named {
        assert_eq!(refused.status(), 400, "{refused}");
    }
});

on_both!(an_event_goes_to_those_who_want_it, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let base = |name: &str| draft(name, &format!("{}/{name}", receiver.url));
    app.live_webhook(&admin, &base("live")).await;
    app.test_webhook(&admin, &base("test")).await;
    app.live_webhook(&admin, &WebhookDraft { status: "inactive".into(), ..base("inactive") }).await;
    app.live_webhook(&admin, &WebhookDraft { events: vec!["survey.completed".into()], ..base("survey") }).await;
    app.live_webhook(&admin, &WebhookDraft { forms: "f1, f2".into(), ..base("forms") }).await;
    app.live_webhook(&admin, &WebhookDraft { sites: "s1\ns2".into(), ..base("sites") }).await;
    let (archived, _) = app.live_webhook(&admin, &base("archived")).await;
    webhooks::archive(app, &admin, &archived.id, "replaced").await.unwrap();
    app.study("lung").await;
    let other = app.admin("lung").await;
    app.live_webhook(&other, &base("other-study")).await;

    let mut seen = 0;
    let mut sent_to = async |event: Value| {
        app.publish(&platform, &event).await.expect("accepted");
        app.drain().await;
        let requests = receiver.requests();
        let mut names: Vec<String> = requests[seen..].iter().map(|r| r.path.trim_start_matches("/hooks/").to_owned()).collect();
        seen = requests.len();
        names.sort();
        names
    };
    assert_eq!(sent_to(form("1", "f1", "s9")).await, ["forms", "live"]);
    assert_eq!(sent_to(form("2", "f9", "s2")).await, ["live", "sites"]);
    assert_eq!(sent_to(form("3", "f2", "s1")).await, ["forms", "live", "sites"]);
    assert_eq!(sent_to(participant("4")).await, ["forms", "live"], "it names no form, so that a filter of forms is not concerned");
    let survey = json!({"participant": {"id": "p"}, "survey": {"id": "x"}, "response": {"id": "r", "status": "completed"}});
    assert_eq!(sent_to(event("5", EventType::SurveyCompleted, &survey)).await, ["survey"]);
    assert_eq!(
        sent_to(event("6", EventType::ScheduleTriggered, &json!({"participant": {"id": "p"}, "schedule": {"id": "x"}}))).await,
        [""; 0]
    );
});

on_both!(only_identifiers_leave_unless_full_is_chosen, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("ids", &format!("{}/ids", receiver.url))).await;
    app.live_webhook(&admin, &draft("ids2", &format!("{}/ids2", receiver.url))).await;
    app.live_webhook(&admin, &WebhookDraft { content: "full".into(), ..draft("full", &format!("{}/full", receiver.url)) }).await;
    app.publish(&platform, &form("1", "f", "s")).await.unwrap();
    assert_eq!(app.drain().await, 3);
    let body = |name: &str| {
        let requests = receiver.requests();
        let request = requests.iter().find(|r| r.path.ends_with(name)).unwrap();
        serde_json::from_slice::<Value>(&request.body).unwrap()
    };
    assert_eq!(body("/full")["data"], form("1", "f", "s")["data"]);
    assert_eq!(body("/ids"), body("/ids2"));
    assert!(!body("/ids").to_string().contains("canary"));
    assert_eq!(body("/ids")["data"]["form"], json!({"id": "f", "name": "Visit 1"}));
    for (member, expected) in
        [("id", "1"), ("source", "/edc"), ("type", "form.completed"), ("time", "2026-11-18T10:00:00Z"), ("subject", "P-0001")]
    {
        assert_eq!(body("/ids")[member], expected);
    }
    assert!(body("/ids").get("hookwelltest").is_none());
    assert_eq!(app.number("SELECT COUNT(*) FROM payloads").await, 2, "the same bytes are kept once");
});

on_both!(bytes_are_fixed_when_the_event_is_accepted, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let (webhook, secret) = app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    receiver.answer(500);
    app.publish(&platform, &form("1", "f", "s")).await.unwrap();
    assert_eq!(app.drain().await, 1);
    let first = receiver.last();
    // Everything about the webhook is edited, but the bytes are what they were.
    let edited = WebhookDraft {
        content: "full".into(),
        events: vec!["participant.created".into()],
        sites: "other".into(),
        ..draft("B", &format!("{}/moved", receiver.url))
    };
    webhooks::update(app, &admin, &webhook.id, webhook.version, &edited).await.expect("edited");
    receiver.answer(204);
    app.clock.advance(6 * SECOND);
    assert_eq!(app.drain().await, 1);
    let second = receiver.last();
    assert_eq!((&second.body, second.path.as_str()), (&first.body, "/hooks/moved"), "to where it is now");
    assert_eq!(second.header("webhook-id"), first.header("webhook-id"));
    assert_ne!(second.header("webhook-timestamp"), first.header("webhook-timestamp"));
    assert!(second.is_signed_by(&secret));
    assert_eq!(second.header("content-type"), first.header("content-type"));
});

on_both!(events_are_listed_without_their_data, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    let mut without_time = participant("3");
    without_time.as_object_mut().unwrap().remove("time");
    app.publish(&platform, &json!([participant("1"), participant("2"), without_time])).await.unwrap();
    let reader = app.key("heart", &[Scope::WebhooksRead]).await;
    let page = events::list(app, &reader, None, 2).await.unwrap();
    assert_eq!(page.items.iter().map(|e| e.external_id.as_str()).collect::<Vec<_>>(), ["3", "2"]);
    assert_eq!((page.items[0].occurred_at, page.items[0].accepted_at), (START, START));
    assert_eq!(page.items[1].occurred_at, Timestamp::parse("2026-11-18T10:00:00Z").unwrap());
    assert!(page.items.iter().all(|e| e.data.is_none()));
    let page = events::list(app, &reader, Some(&page.next.unwrap().parse().unwrap()), 2).await.unwrap();
    assert_eq!((page.items.len(), page.next), (1, None));
    let EventDetail { event, deliveries: made, .. } = events::get(app, &reader, &page.items[0].id, true).await.unwrap();
    assert!(event.data.is_none());
    assert_eq!((made.len(), made[0].state), (1, DeliveryState::Pending));
    assert!(events::get(app, &admin, &event.id, false).await.unwrap().event.data.is_none(), "not unless asked for");
    let event = events::get(app, &admin, &event.id, true).await.unwrap().event;
    assert_eq!(event.data.unwrap(), participant("1")["data"]);
});

on_both!(archiving_cancels_pausing_holds, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let (one, _) = app.live_webhook(&admin, &draft("One", &format!("{}/one", receiver.url))).await;
    let (two, _) = app.live_webhook(&admin, &draft("Two", &format!("{}/two", receiver.url))).await;
    receiver.answer(500);
    app.publish(&platform, &participant("1")).await.unwrap();
    assert_eq!(app.drain().await, 2);
    receiver.answer(204);
    webhooks::set_active(app, &admin, &one.id, false).await.unwrap();
    webhooks::archive(app, &admin, &two.id, "replaced").await.unwrap();
    app.clock.advance(10 * SECOND);
    assert_eq!(app.drain().await, 0);
    assert!(app.publish(&platform, &participant("2")).await.unwrap()[0].delivery_ids.is_empty(), "nothing new while paused");
    let state = async |id| {
        let page = deliveries::list(app, &admin, Some(id), &Default::default(), 10).await.unwrap();
        page.items.into_iter().map(|d| (d.state, d.next_attempt_at.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(state(&one.id).await, [(DeliveryState::Retrying, true)]);
    assert_eq!(state(&two.id).await, [(DeliveryState::Cancelled, false)], "its history stays");
    webhooks::set_active(app, &admin, &one.id, true).await.unwrap();
    assert_eq!(app.drain().await, 1);
    assert_eq!((state(&one.id).await, receiver.last().path), (vec![(DeliveryState::Delivered, false)], "/hooks/one".to_owned()));

    // Back in Test it holds what was accepted, too.
    receiver.answer(500);
    app.publish(&platform, &participant("3")).await.unwrap();
    assert_eq!(app.drain().await, 1);
    webhooks::set_mode(app, &admin, &one.id, WebhookMode::Test, "").await.unwrap();
    app.clock.advance(10 * SECOND);
    assert_eq!(app.drain().await, 0);
    receiver.answer(204);
    webhooks::set_mode(app, &admin, &one.id, WebhookMode::Live, "again").await.unwrap();
    assert_eq!(app.drain().await, 1);
});
