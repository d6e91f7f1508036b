//! Looking at deliveries, and retrying one by hand.

use crate::harness::{Receiver, TestApp, draft, fields, participant};
use hookwell::model::delivery::{BodyAccess, Delivery, DeliveryFilter, DeliveryState, Trigger};
use hookwell::model::event_type::EventType;
use hookwell::model::id::{DeliveryId, WebhookId};
use hookwell::model::permission::{Role, Scope};
use hookwell::model::time::{HOUR, SECOND};
use hookwell::model::webhook::{Webhook, WebhookMode};
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::Actor;
use hookwell::server::service::{deliveries, events, samples, webhooks};
use hookwell::server::store::queue;

async fn study(app: &TestApp) -> (Actor, Actor, Receiver, Webhook) {
    app.study("heart").await;
    let (admin, platform, receiver) = (app.admin("heart").await, app.platform("heart").await, Receiver::start().await);
    let short = WebhookDraft { retry_schedule: "10s".into(), ..draft("A", &receiver.url) };
    let (webhook, _) = app.live_webhook(&admin, &short).await;
    (admin, platform, receiver, webhook)
}

async fn newest(app: &TestApp, admin: &Actor) -> Delivery {
    deliveries::list(app, admin, None, &DeliveryFilter::default(), 1).await.unwrap().items.remove(0)
}

on_both!(who_sees_which_body, |app| async {
    let (admin, platform, receiver, webhook) = study(app).await;
    receiver.change(|a| (a.status, a.body) = (200, "canary-answer\u{0}".to_owned()));
    app.publish(&platform, &participant("1")).await.unwrap();
    app.drain().await;
    let live = newest(app, &admin).await;
    let (test, _) = samples::send(app, &admin, &webhook.id, EventType::WebhookTest, EventType::WebhookTest.example()).await.unwrap();
    let (manager, qa) = (app.member("heart", Role::ImplementationManager).await, app.member("heart", Role::Qa).await);
    let auditor = app.member("heart", Role::Auditor).await;
    let reader = app.key("heart", &[Scope::WebhooksRead]).await;
    let tester = app.key("heart", &[Scope::WebhooksRead, Scope::WebhooksTest]).await;
    use BodyAccess::{Hidden, Redacted, Shown};
    let table: [(&str, &Actor, BodyAccess, BodyAccess); 6] = [
        ("administrator", &admin, Shown, Shown),
        ("manager", &manager, Hidden, Shown),
        ("qa", &qa, Hidden, Shown),
        ("auditor", &auditor, Redacted, Redacted),
        ("reader", &reader, Hidden, Hidden),
        ("tester", &tester, Hidden, Shown),
    ];
    for (name, actor, of_live, of_test) in table {
        for (delivery, access) in [(&live, of_live), (&test, of_test)] {
            let seq = app.last_seq().await;
            let detail = deliveries::get(app, actor, &delivery.id, true).await.unwrap();
            assert_eq!(detail.access, access, "{name}");
            assert_eq!(detail.payload.body.is_empty(), access != Shown, "{name}");
            assert_eq!(detail.attempts[0].response_body.is_some(), access == Shown, "{name}");
            assert!(detail.body_size > 100 && detail.payload.headers.len() == 1, "{name}: that it is there, and how long");
            let revealed = access == Shown && !delivery.is_test;
            let expected: &[&str] = if revealed { &["delivery.body_read"] } else { &[] };
            assert_eq!(app.audited_after(seq).await, expected, "{name}");
        }
        let seq = app.last_seq().await;
        let detail = events::get(app, actor, &live.event_id, true).await.unwrap();
        assert_eq!((detail.access, detail.event.data.is_some()), (of_live, of_live == Shown), "{name}");
        let expected: &[&str] = if of_live == Shown { &["event.body_read"] } else { &[] };
        assert_eq!(app.audited_after(seq).await, expected, "{name}");
    }
    // Not revealed unless asked for, and then not audited.
    let seq = app.last_seq().await;
    let detail = deliveries::get(app, &admin, &live.id, false).await.unwrap();
    assert_eq!((detail.access, detail.payload.body.as_str(), app.last_seq().await), (Redacted, "", seq));
    assert!(detail.attempts[0].response_body.is_none());
});

on_both!(a_retry_by_hand_has_its_rules, |app| async {
    let (admin, platform, receiver, webhook) = study(app).await;
    receiver.answer(500);
    app.publish(&platform, &participant("1")).await.unwrap();
    app.drain().await;
    let id = newest(app, &admin).await.id;
    let retry = async |reason: &str| deliveries::retry(app, &admin, &id, reason).await;
    assert_eq!(fields(&retry("").await.expect_err("no reason")), ["reason"]);
    assert_eq!(deliveries::retry(app, &admin, &DeliveryId::from_bits(1), "because").await.expect_err("unknown").status(), 404);

    // It goes out now, and the schedule goes on where it was.
    let planned = retry("they say it is mended").await.expect("planned");
    assert_eq!((planned.state, planned.next_attempt_at), (DeliveryState::Retrying, Some(app.clock.now())));
    assert_eq!(app.drain().await, 1);
    let delivery = newest(app, &admin).await;
    assert_eq!((delivery.state, delivery.attempts, delivery.next_attempt_at), (DeliveryState::Exhausted, 2, None), "one pause, one retry");
    // What is exhausted may be tried again, any number of times; each is one attempt.
    retry("once more").await.expect("planned");
    assert_eq!((app.drain().await, newest(app, &admin).await.state), (1, DeliveryState::Exhausted));
    receiver.answer(200);
    retry("once more").await.expect("planned");
    assert_eq!((app.drain().await, newest(app, &admin).await.state), (1, DeliveryState::Delivered));
    let detail = deliveries::get(app, &admin, &id, false).await.unwrap();
    assert_eq!(
        detail.attempts.iter().map(|a| a.trigger).collect::<Vec<_>>(),
        [Trigger::Schedule, Trigger::Manual, Trigger::Manual, Trigger::Manual]
    );
    let second = &detail.attempts[1];
    assert_eq!((second.requested_by.as_deref(), second.reason.as_deref()), (Some("administrator"), Some("they say it is mended")));
    // What arrived may be sent again, and stays delivered whatever comes of it.
    receiver.answer(500);
    assert_eq!(retry("they lost it").await.expect("planned").state, DeliveryState::Delivered);
    assert_eq!(app.drain().await, 1);
    let delivery = newest(app, &admin).await;
    assert_eq!((delivery.state, delivery.attempts, delivery.next_attempt_at), (DeliveryState::Delivered, 5, None));
    let ids: std::collections::HashSet<_> =
        receiver.requests().iter().map(|r| (r.header("webhook-id").to_owned(), r.body.clone())).collect();
    assert_eq!(ids.len(), 1, "the same id and bytes");

    // Not while one is under way.
    app.publish(&platform, &participant("2")).await.unwrap();
    let next = newest(app, &admin).await.id;
    let mut tx = app.store.begin().await.unwrap();
    queue::claim(&mut tx, "another", app.clock.now(), app.clock.now().plus(SECOND), &[], 10).await.unwrap();
    tx.commit().await.unwrap();
    let seq = app.last_seq().await;
    assert_eq!(deliveries::retry(app, &admin, &next, "because").await.expect_err("under way").status(), 409);

    // Not where it could not go out.
    let refused = async |what: &str| {
        let refused = retry("because").await.expect_err(what);
        assert!(refused.status() == 409 && refused.to_string().contains(what), "{refused}");
    };
    webhooks::set_active(app, &admin, &webhook.id, false).await.unwrap();
    refused("inactive").await;
    app.execute("UPDATE webhooks SET status = 'disabled'").await.unwrap();
    refused("disabled").await;
    webhooks::set_active(app, &admin, &webhook.id, true).await.unwrap();
    webhooks::set_mode(app, &admin, &webhook.id, WebhookMode::Test, "").await.unwrap();
    refused("Test mode").await;
    webhooks::archive(app, &admin, &webhook.id, "replaced").await.unwrap();
    refused("archived").await;
    assert!(!app.audited_after(seq).await.contains(&"delivery.retried".to_owned()));
});

on_both!(a_sample_that_is_retried_stays_a_sample, |app| async {
    let (admin, _, receiver, webhook) = study(app).await;
    let qa = app.member("heart", Role::Qa).await;
    for status in [500, 410] {
        receiver.answer(status);
        let (sample, _) = samples::send(app, &admin, &webhook.id, EventType::WebhookTest, EventType::WebhookTest.example()).await.unwrap();
        assert_eq!((sample.state, sample.attempts, sample.next_attempt_at), (DeliveryState::Exhausted, 1, None));
        deliveries::retry(app, &qa, &sample.id, "try again").await.expect("QA may");
        assert_eq!(app.drain().await, 1);
        app.clock.advance(HOUR);
        assert_eq!(app.drain().await, 0, "one question, one answer");
        assert_eq!(newest(app, &admin).await.state, DeliveryState::Exhausted);
    }
    assert_eq!(webhooks::get(app, &admin, &webhook.id).await.unwrap().disabled_cause, None);
    let stats = webhooks::stats(app, &admin, &webhook.id).await.unwrap();
    assert_eq!((stats.failed_attempts, stats.exhausted), (0, 0), "samples are not counted");
});

on_both!(a_list_is_of_one_webhook_or_of_the_study, |app| async {
    let (admin, platform, receiver, webhook) = study(app).await;
    let (other, _) = app.live_webhook(&admin, &draft("B", &receiver.url)).await;
    app.publish(&platform, &participant("1")).await.unwrap();
    app.drain().await;
    let list = async |of: Option<&WebhookId>| deliveries::list(app, &admin, of, &DeliveryFilter::default(), 10).await;
    assert_eq!(list(None).await.unwrap().items.len(), 2);
    for one in [&webhook, &other] {
        let items = list(Some(&one.id)).await.unwrap().items;
        assert!(items.len() == 1 && items[0].webhook_id == one.id);
    }
    assert_eq!(list(Some(&WebhookId::from_bits(1))).await.expect_err("unknown").status(), 404);
});
