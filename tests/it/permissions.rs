//! The table of `model::permission`, asked of the services that stand behind it: every action, for every role, every scope, and
//! for those of another study. Nothing here says who may what; it is read from the table.

use crate::faces::{infermedica_draft, survey_draft};
use crate::harness::{Receiver, TestApp, draft, participant};
use hookwell::error::AppError;
use hookwell::model::api_key::ApiKeyDraft;
use hookwell::model::delivery::{BodyAccess, Delivery, DeliveryFilter};
use hookwell::model::event_type::EventType;
use hookwell::model::permission::{Action, Decision, Role, Scope};
use hookwell::model::webhook::{Webhook, WebhookMode};
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::Actor;
use hookwell::server::service::webhooks::Face;
use hookwell::server::service::{api_keys, audit, deliveries, events, integrations, notices, people, preview, samples, webhooks};
use hookwell::server::store::queue;

/// What the services are asked about: a study's webhooks and deliveries, live and test.
struct Things {
    receiver: Receiver,
    test_webhook: Webhook,
    live_webhook: Webhook,
    survey_webhook: Webhook,
    live_delivery: Delivery,
    test_delivery: Delivery,
}

async fn things(app: &TestApp, slug: &str) -> Things {
    app.study(slug).await;
    let (admin, receiver) = (app.admin(slug).await, Receiver::start().await);
    let (test_webhook, _) = app.test_webhook(&admin, &draft("Test", &receiver.url)).await;
    let (live_webhook, _) = app.live_webhook(&admin, &draft("Live", &receiver.url)).await;
    app.publish(&app.platform(slug).await, &participant("1")).await.unwrap();
    app.drain().await;
    let live_delivery = deliveries::list(app, &admin, None, &DeliveryFilter::default(), 1).await.unwrap().items.remove(0);
    let (test_delivery, _) = sample(app, &admin, &live_webhook).await.unwrap();
    let survey_draft = survey_draft("Survey", &receiver.url, "s-1");
    let survey_webhook = webhooks::register(app, &admin, Face::Survey("s-1"), &survey_draft).await.unwrap();
    Things { receiver, test_webhook, live_webhook, survey_webhook, live_delivery, test_delivery }
}

async fn sample(app: &TestApp, actor: &Actor, webhook: &Webhook) -> Result<(Delivery, hookwell::model::delivery::Attempt), AppError> {
    samples::send(app, actor, &webhook.id, EventType::WebhookTest, EventType::WebhookTest.example()).await
}

/// A webhook of its own for what can be done once.
async fn fresh(app: &TestApp, things: &Things) -> Webhook {
    let name = format!("{:032x}", app.ids.next());
    app.test_webhook(&app.admin("heart").await, &draft(&name, &things.receiver.url)).await.0
}

/// Whether what is asked for belongs to a study: then it is 404 for those of another, and else it is theirs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Of {
    Thing,
    Study,
}

type Answers = Vec<(&'static str, Of, Result<(), AppError>)>;

/// Calls every service behind an action.
async fn ask(app: &TestApp, actor: &Actor, action: Action, things: &Things) -> Answers {
    use Of::{Study, Thing};
    let unit = |r: Result<(), AppError>| r;
    macro_rules! ok {
        ($call:expr) => {
            unit($call.await.map(drop))
        };
    }
    match action {
        Action::SwitchIntegrations => vec![("switch", Study, ok!(integrations::switch(app, actor, true, "for the test")))],
        Action::ManageWebhook => {
            let (one, two) = (fresh(app, things).await, fresh(app, things).await);
            let renamed = WebhookDraft { name: format!("{}-renamed", one.settings.name), ..WebhookDraft::of(&one) };
            let new = draft(&format!("{:032x}", app.ids.next()), &things.receiver.url);
            let (registered, survey) = (infermedica_draft(&things.receiver.url), Face::Survey("s-1"));
            vec![
                ("create", Study, ok!(webhooks::create(app, actor, &new, webhooks::NewSecret::Generate))),
                ("register", Study, ok!(webhooks::register(app, actor, Face::Infermedica, &registered))),
                ("registered one", Thing, ok!(webhooks::registered_one(app, actor, survey, &things.survey_webhook.id, action))),
                ("update", Thing, ok!(webhooks::update(app, actor, &one.id, one.version, &renamed))),
                ("preview of a new one", Study, ok!(preview::of_draft(app, actor, None, &new))),
                ("preview", Thing, ok!(preview::of_draft(app, actor, Some(&two.id), &WebhookDraft::of(&two)))),
                ("pause", Thing, ok!(webhooks::set_active(app, actor, &one.id, false))),
                ("resume", Thing, ok!(webhooks::set_active(app, actor, &one.id, true))),
                ("back to test", Thing, ok!(webhooks::set_mode(app, actor, &one.id, WebhookMode::Test, ""))),
                ("archive", Thing, ok!(webhooks::archive(app, actor, &two.id, "for the test"))),
            ]
        }
        Action::ManageCredentials => {
            let (one, two) = (fresh(app, things).await, fresh(app, things).await);
            let remove = webhooks::SecretChange::Remove;
            let with = WebhookDraft { headers: "X-One: 1".into(), ..WebhookDraft::of(&one) };
            vec![
                ("update", Thing, ok!(webhooks::update(app, actor, &one.id, one.version, &with))),
                ("rotate", Thing, ok!(webhooks::rotate(app, actor, &one.id, None, 1))),
                ("remove the secret", Thing, ok!(webhooks::update_with_secret(app, actor, &two.id, 1, &WebhookDraft::of(&two), remove))),
            ]
        }
        Action::ReadMetadata => {
            let id = &things.live_webhook.id;
            let (filter, survey) = (DeliveryFilter::default(), Face::Survey("s-1"));
            vec![
                ("webhooks", Study, ok!(webhooks::list(app, actor, true))),
                ("webhook", Thing, ok!(webhooks::get(app, actor, id))),
                ("registered", Study, ok!(webhooks::registered(app, actor, survey))),
                ("registered one", Thing, ok!(webhooks::registered_one(app, actor, survey, &things.survey_webhook.id, action))),
                ("disabled at", Thing, ok!(webhooks::disabled_at(app, actor, id))),
                ("stats", Thing, ok!(webhooks::stats(app, actor, id))),
                ("deliveries", Study, ok!(deliveries::list(app, actor, None, &filter, 10))),
                ("deliveries of one", Thing, ok!(deliveries::list(app, actor, Some(id), &filter, 10))),
                ("delivery", Thing, ok!(deliveries::get(app, actor, &things.live_delivery.id, false))),
                ("events", Study, ok!(events::list(app, actor, None, 10))),
                ("event", Thing, ok!(events::get(app, actor, &things.live_delivery.event_id))),
            ]
        }
        Action::SendSample { live } => {
            let webhook = if live { &things.live_webhook } else { &things.test_webhook };
            let mut asked = vec![("sample", Thing, ok!(sample(app, actor, webhook)))];
            if !live {
                asked.push(("a sample's type", Thing, ok!(samples::usual_type(app, actor, &webhook.id))));
            }
            asked
        }
        Action::Retry { test } => {
            let delivery = if test { &things.test_delivery } else { &things.live_delivery };
            let answer = ok!(deliveries::retry(app, actor, &delivery.id, "for the test"));
            app.drain().await;
            let named = ok!(deliveries::retry_to(app, actor, &delivery.webhook_id, &delivery.id, "for the test"));
            app.drain().await;
            vec![("retry", Thing, answer), ("retry to", Thing, named)]
        }
        Action::GoLive => {
            let one = fresh(app, things).await;
            vec![("go live", Thing, ok!(webhooks::set_mode(app, actor, &one.id, WebhookMode::Live, "for the test")))]
        }
        Action::PublishEvents => {
            let event = participant(&format!("{:032x}", app.ids.next()));
            let answer = ok!(events::publish(app, actor, &event));
            app.drain().await;
            vec![("publish", Study, answer)]
        }
        Action::ReadNotices => vec![
            ("notices", Study, ok!(notices::list(app, actor, None, 10))),
            ("mark notices read", Study, ok!(notices::mark_read(app, actor, 1))),
        ],
        Action::ReadAudit => vec![("audit", Study, ok!(audit::of_object(app, actor, things.live_webhook.id.as_str())))],
        Action::ManagePeople => {
            let draft = ApiKeyDraft { name: "Key".into(), scopes: vec!["events:write".into()], ..Default::default() };
            let (key, _) = api_keys::create_by_operator(app, "heart", &draft).await.unwrap();
            vec![
                ("members", Study, ok!(people::members(app, actor))),
                ("keys", Study, ok!(api_keys::list(app, actor))),
                ("new key", Study, ok!(api_keys::create(app, actor, &draft))),
                ("revoke", Thing, ok!(api_keys::revoke(app, actor, &key.id, "for the test"))),
            ]
        }
        // Asked for below; and no service writes study data yet, so that the one place that refuses is asked itself.
        Action::ReadBody { .. } => Vec::new(),
        Action::WriteStudyData => vec![("require", Study, actor.require(action).map(drop))],
    }
}

async fn everybody(app: &TestApp, slug: &str) -> Vec<(String, Actor)> {
    let mut all = Vec::new();
    for role in Role::ALL {
        all.push((role.as_str().to_owned(), app.member(slug, role).await));
    }
    for scope in Scope::ALL {
        all.push((scope.as_str().to_owned(), app.key(slug, &[scope]).await));
    }
    all
}

on_both!(every_action_is_answered_as_the_table_says, |app| async {
    let things = things(app, "heart").await;
    let mut cells = 0;
    for (who, actor) in everybody(app, "heart").await {
        for action in Action::ALL {
            let denied = actor.decide(action) == Decision::Deny;
            // What changes nothing writes nothing, refusals above all.
            let before = app.last_seq().await;
            for (service, _, answer) in ask(app, &actor, action, &things).await {
                cells += 1;
                match answer {
                    Ok(()) => assert!(!denied, "{who} could {service} ({action:?})"),
                    Err(error) => {
                        assert!(denied, "{who} could not {service} ({action:?}): {error}");
                        assert!(matches!(error, AppError::Forbidden(_)), "{who} {service}: {error}");
                    }
                }
            }
            if denied {
                let by_them = format!("SELECT COUNT(*) FROM audit WHERE seq > {before} AND actor = '{}'", actor.id());
                assert_eq!(app.number(&by_them).await, 0, "{who} {action:?}");
            }
        }
    }
    assert!(cells > 250, "{cells}");
});

on_both!(nobody_reaches_into_another_study, |app| async {
    let things = things(app, "heart").await;
    app.study("lung").await;
    let untouched = app.dump("deliveries").await.len();
    for (who, actor) in everybody(app, "lung").await {
        for action in Action::ALL {
            // Who may send a sample to a Test webhook is not told that another study's is Live: there is none for them.
            let least = match action {
                Action::SendSample { .. } => Action::SendSample { live: false },
                Action::Retry { .. } => Action::Retry { test: true },
                other => other,
            };
            let denied = actor.decide(least) == Decision::Deny;
            for (service, of, answer) in ask(app, &actor, action, &things).await {
                let status = answer.err().map(|e| e.status());
                let expected = match (denied, of) {
                    (true, _) => Some(403),
                    (false, Of::Thing) => Some(404),
                    (false, Of::Study) => None,
                };
                assert_eq!(status, expected, "{who} {service} ({action:?})");
            }
        }
        if actor.decide(Action::ReadMetadata) != Decision::Deny {
            assert!(deliveries::list(app, &actor, None, &DeliveryFilter::default(), 10).await.unwrap().items.is_empty());
            let trail = audit::of_object(app, &actor, things.live_webhook.id.as_str()).await;
            assert!(trail.is_err() || trail.is_ok_and(|entries| entries.is_empty()));
        }
    }
    assert_eq!(app.dump("deliveries").await.len(), untouched);
});

on_both!(bodies_are_shown_as_the_table_says, |app| async {
    let things = things(app, "heart").await;
    for (who, actor) in everybody(app, "heart").await {
        for (test, delivery) in [(false, &things.live_delivery), (true, &things.test_delivery)] {
            let seq = app.last_seq().await;
            let answer = deliveries::get(app, &actor, &delivery.id, true).await;
            if actor.decide(Action::ReadMetadata) == Decision::Deny {
                assert_eq!(answer.err().map(|e| e.status()), Some(403), "{who}");
                continue;
            }
            let detail = answer.unwrap();
            let decision = actor.decide(Action::ReadBody { test });
            let expected = match decision {
                Decision::Allow => BodyAccess::Shown,
                Decision::Redacted => BodyAccess::Redacted,
                _ => BodyAccess::Hidden,
            };
            assert_eq!((detail.access, detail.payload.body.is_empty()), (expected, expected != BodyAccess::Shown), "{who} test: {test}");
            let audited = usize::from(decision == Decision::Allow && !test);
            assert_eq!(app.audited_after(seq).await.len(), audited, "{who} test: {test}");
            assert_eq!(detail.may_retry, actor.decide(Action::Retry { test }) != Decision::Deny, "{who}");
        }
    }
});

on_both!(an_implementation_manager_reads_their_own_actions_alone, |app| async {
    let study = app.study("heart").await;
    let (manager, auditor) = (app.member("heart", Role::ImplementationManager).await, app.member("heart", Role::Auditor).await);
    integrations::switch(app, &manager, false, "by the manager").await.unwrap();
    people::set_role(app, "auditor@heart.example.com", "heart", Role::Auditor).await.unwrap();
    let other = app.user("other@example.com").await;
    people::set_role(app, &other.email, "heart", Role::ImplementationManager).await.unwrap();
    let mut db = app.store.read().await.unwrap();
    let second = Actor::member(&mut db, other, "heart", Default::default()).await.unwrap();
    drop(db);
    integrations::switch(app, &second, true, "by the other").await.unwrap();
    let reasons = async |actor: &Actor| {
        let entries = audit::of_object(app, actor, study.id.as_str()).await.unwrap();
        entries.into_iter().map(|e| e.reason.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(reasons(&manager).await, ["by the manager"]);
    assert_eq!(reasons(&second).await, ["by the other"]);
    assert_eq!(reasons(&auditor).await, ["by the other", "by the manager"]);
});

on_both!(a_refused_retry_leaves_the_delivery_as_it_is, |app| async {
    let things = things(app, "heart").await;
    let qa = app.member("heart", Role::Qa).await;
    let before = app.dump("deliveries").await;
    assert_eq!(deliveries::retry(app, &qa, &things.live_delivery.id, "because").await.expect_err("live").status(), 403);
    assert_eq!(app.dump("deliveries").await, before);
    let mut tx = app.store.begin().await.unwrap();
    assert!(queue::next_due(&mut tx, app.clock.now()).await.unwrap().is_none());
});
