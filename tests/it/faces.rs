//! The compatibility faces' services: what is registered is live at once, belongs to whom it belongs, and is counted right.

use crate::harness::{Receiver, TestApp, event, fields};
use hookwell::error::AppError;
use hookwell::model::delivery::DeliveryState;
use hookwell::model::event_type::EventType;
use hookwell::model::form::{Form, FormDraft};
use hookwell::model::permission::{Action, Scope};
use hookwell::model::time::HOUR;
use hookwell::model::webhook::{Webhook, WebhookMode, WebhookStatus};
use hookwell::model::webhook_draft::{KEEP, WebhookDraft};
use hookwell::server::auth::Actor;
use hookwell::server::secret::Secret;
use hookwell::server::service::webhooks::{self, Face, PER_SURVEY_MAX, SecretChange};
use hookwell::server::service::{audit, deliveries, forms};
use serde_json::json;

/// What the Surveys face makes of a body.
pub fn survey_draft(name: &str, url: &str, survey: &str) -> WebhookDraft {
    WebhookDraft {
        name: name.to_owned(),
        url: url.to_owned(),
        format: "survey".to_owned(),
        events: vec!["survey.completed".to_owned()],
        forms: survey.to_owned(),
        ..WebhookDraft::default()
    }
}

/// What the Infermedica face makes of a body.
pub fn infermedica_draft(url: &str) -> WebhookDraft {
    WebhookDraft {
        name: "Infermedica".to_owned(),
        url: url.to_owned(),
        format: "infermedica".to_owned(),
        events: vec!["survey.created".to_owned(), "survey.completed".to_owned()],
        token_header: "x-webhook-infermedica-token".to_owned(),
        token_value: "canary-token".to_owned(),
        ..WebhookDraft::default()
    }
}

/// A survey that a study keeps here.
pub async fn survey_of(app: &TestApp, actor: &Actor, name: &str) -> Form {
    let questions = "pain | Pain? | number | required\nnote | Note | text".to_owned();
    forms::create(app, actor, &FormDraft { kind: "survey".into(), name: name.into(), questions }).await.unwrap()
}

fn completed(id: &str, survey: &str) -> serde_json::Value {
    let mut data = EventType::SurveyCompleted.example();
    data["survey"]["id"] = json!(survey);
    event(id, EventType::SurveyCompleted, &data)
}

async fn register(app: &TestApp, actor: &Actor, name: &str, url: &str, survey: &str) -> Result<Webhook, AppError> {
    webhooks::register(app, actor, Face::Survey(survey), &survey_draft(name, url, survey)).await
}

on_both!(what_is_registered_receives_at_once_and_the_trail_says_why_it_is_live, |app| async {
    app.study("heart").await;
    let (key, platform, receiver) = (app.key("heart", &Scope::ALL).await, app.platform("heart").await, Receiver::start().await);
    let of_survey = register(app, &key, "Completion", &receiver.url, "s-1").await.unwrap();
    let of_other = register(app, &key, "Other", &format!("{}/other", receiver.url), "s-2").await.unwrap();
    let of_all = webhooks::register(app, &key, Face::Infermedica, &infermedica_draft(&receiver.url)).await.unwrap();
    assert_eq!((of_survey.mode, of_survey.status, of_survey.is_verified()), (WebhookMode::Live, WebhookStatus::Active, false));
    let accepted = app.publish(&platform, &completed("1", "s-1")).await.unwrap().remove(0);
    assert_eq!(accepted.delivery_ids.len(), 2, "of this survey, and of all");
    app.drain().await;
    assert_eq!(receiver.count(), 2);
    let token = |r: &crate::harness::Received| r.header("x-webhook-infermedica-token").to_owned();
    let mut tokens: Vec<String> = receiver.requests().iter().map(token).collect();
    tokens.sort();
    assert_eq!(tokens, ["", "canary-token"]);
    for (webhook, product) in [(&of_survey, "Surveys"), (&of_other, "Surveys"), (&of_all, "Infermedica")] {
        let made = audit::of_object(app, &app.admin("heart").await, webhook.id.as_str()).await.unwrap().pop().unwrap();
        assert_eq!((made.action.as_str(), made.actor.as_str(), made.actor_role.as_str()), ("webhook.created", key.id(), "api_key"));
        let surveys = product == "Surveys";
        let content = if surveys { ", and whose callback has the answers, so that the content is full" } else { "" };
        assert_eq!(made.reason.unwrap(), format!("registered through the {product} API, which has no test mode{content}"));
        assert_eq!(made.changes["mode"], json!([null, "live"]));
        assert_eq!(made.changes["content"], json!([null, if surveys { "full" } else { "id-only" }]));
        assert!(!made.changes.to_string().contains("canary"));
    }
    // Paused and archived as any other.
    webhooks::set_active(app, &key, &of_survey.id, false).await.unwrap();
    webhooks::archive(app, &key, &of_all.id, "for the test").await.unwrap();
    assert!(app.publish(&platform, &completed("2", "s-1")).await.unwrap().remove(0).delivery_ids.is_empty());
    // No key takes another one live.
    let draft = WebhookDraft { name: "Plain".into(), ..survey_draft("", &receiver.url, "s-1") };
    let (plain, _) = app.test_webhook(&key, &draft).await;
    assert_eq!(webhooks::set_mode(app, &key, &plain.id, WebhookMode::Live, "because").await.expect_err("live").status(), 403);
});

on_both!(of_many_at_once_ten_are_registered, |app| async {
    app.study("heart").await;
    app.study("lung").await;
    let (key, receiver) = (app.key("heart", &[Scope::WebhooksWrite, Scope::WebhooksRead]).await, Receiver::start().await);
    let names: Vec<String> = (0..PER_SURVEY_MAX + 6).map(|n| format!("Webhook {n}")).collect();
    let all = futures::future::join_all(names.iter().map(|name| register(app, &key, name, &receiver.url, "s-1"))).await;
    let refused: Vec<&AppError> = all.iter().filter_map(|r| r.as_ref().err()).collect();
    assert_eq!(refused.len(), 6, "{refused:?}");
    assert!(refused.iter().all(|e| e.status() == 409 && e.to_string().contains("10 webhooks")), "{refused:?}");
    assert_eq!(webhooks::registered(app, &key, Face::Survey("s-1")).await.unwrap().len(), PER_SURVEY_MAX);
    // Another survey, and another study's survey of the same id, have their own.
    assert!(register(app, &key, "Other", &receiver.url, "s-2").await.is_ok());
    let elsewhere = app.key("lung", &[Scope::WebhooksWrite]).await;
    let there = register(app, &elsewhere, "Webhook 0", &receiver.url, "s-1").await.unwrap();
    let found = webhooks::registered_one(app, &key, Face::Survey("s-1"), &there.id, Action::ReadMetadata).await;
    assert_eq!(found.expect_err("another study's").status(), 404);
    // A paused one counts, a deleted one does not.
    let first = webhooks::registered(app, &key, Face::Survey("s-1")).await.unwrap().remove(0);
    webhooks::set_active(app, &key, &first.id, false).await.unwrap();
    assert_eq!(register(app, &key, "More", &receiver.url, "s-1").await.expect_err("an eleventh").status(), 409);
    webhooks::archive(app, &key, &first.id, "for the test").await.unwrap();
    assert!(register(app, &key, "More", &receiver.url, "s-1").await.is_ok());
});

on_both!(a_key_sees_the_configurations_that_it_registered_and_each_has_a_name_of_its_own, |app| async {
    app.study("heart").await;
    let (one, two, receiver) = (app.key("heart", &Scope::ALL).await, app.key("heart", &Scope::ALL).await, Receiver::start().await);
    let draft = infermedica_draft(&receiver.url);
    let (first, made) = tokio::join!(
        webhooks::register(app, &one, Face::Infermedica, &draft),
        futures::future::join_all((0..5).map(|_| webhooks::register(app, &two, Face::Infermedica, &draft))),
    );
    let first = first.unwrap();
    let mut names: Vec<String> = made.into_iter().map(|m| m.unwrap().settings.name).chain([first.settings.name.clone()]).collect();
    names.sort();
    let base = "Infermedica webhook: 127.0.0.1";
    let expected: Vec<String> = std::iter::once(base.to_owned()).chain((2..7).map(|n| format!("{base} ({n})"))).collect();
    assert_eq!(names, expected);
    let ids = async |actor: &Actor| -> Vec<_> {
        webhooks::registered(app, actor, Face::Infermedica).await.unwrap().into_iter().map(|w| w.id).collect()
    };
    assert_eq!(ids(&one).await, std::slice::from_ref(&first.id));
    assert_eq!(ids(&two).await.len(), 5);
    assert!(ids(&app.admin("heart").await).await.is_empty());
    for action in [Action::ReadMetadata, Action::ManageWebhook] {
        let refused = webhooks::registered_one(app, &two, Face::Infermedica, &first.id, action).await;
        assert_eq!(refused.expect_err("another key's").status(), 404);
    }
    // In another format it is the console's, and no more the face's.
    let other = WebhookDraft { format: "standard".into(), ..WebhookDraft::of(&first) };
    webhooks::update(app, &app.admin("heart").await, &first.id, 1, &other).await.unwrap();
    assert!(ids(&one).await.is_empty());
});

on_both!(a_change_keeps_the_token_that_it_does_not_name, |app| async {
    app.study("heart").await;
    let (key, platform, receiver) = (app.key("heart", &Scope::ALL).await, app.platform("heart").await, Receiver::start().await);
    let made = webhooks::register(app, &key, Face::Infermedica, &infermedica_draft("http://127.0.0.1:9/old")).await.unwrap();
    let moved = WebhookDraft { url: receiver.url.clone(), ..WebhookDraft::of(&made) };
    assert_eq!(moved.token_value, KEEP);
    let moved = webhooks::update(app, &key, &made.id, 1, &moved).await.unwrap();
    assert_eq!((moved.mode, moved.settings.url.as_str()), (WebhookMode::Live, receiver.url.as_str()));
    app.publish(&platform, &completed("1", "s-1")).await.unwrap();
    app.drain().await;
    assert_eq!(receiver.last().header("x-webhook-infermedica-token"), "canary-token");
    let token = WebhookDraft { token_value: "canary-other".into(), ..WebhookDraft::of(&moved) };
    webhooks::update(app, &key, &made.id, 2, &token).await.unwrap();
    app.publish(&platform, &completed("2", "s-1")).await.unwrap();
    app.drain().await;
    assert_eq!(receiver.last().header("x-webhook-infermedica-token"), "canary-other");
    assert!(!app.dump("webhooks").await.concat().contains("canary") && !app.dump("audit").await.concat().contains("canary"));
    assert!(!app.dump("attempts").await.concat().contains("canary"), "masked in the history");
});

on_both!(a_secret_is_replaced_and_removed_at_once_and_the_trail_says_so, |app| async {
    app.study("heart").await;
    let (admin, key, receiver) = (app.admin("heart").await, app.key("heart", &Scope::ALL).await, Receiver::start().await);
    let secret = |name: &str| Secret::new(format!("whsec_{}", format!("canary{name}").repeat(4)));
    let (old, new) = (secret("old"), secret("new"));
    let draft = WebhookDraft { secret: old.expose().to_owned(), ..survey_draft("Completion", &receiver.url, "s-1") };
    let made = webhooks::register(app, &key, Face::Survey("s-1"), &draft).await.unwrap();
    assert_eq!(made.credentials.secret_fingerprint, Some(old.fingerprint()));
    let change = async |version: i64, secret: SecretChange| {
        let now = webhooks::get(app, &admin, &made.id).await.unwrap();
        webhooks::update_with_secret(app, &key, &made.id, version, &WebhookDraft::of(&now), secret).await
    };
    let last = async || audit::of_object(app, &admin, made.id.as_str()).await.unwrap().remove(0);
    let short = change(1, SecretChange::Replace(Secret::new("canary"))).await.expect_err("too short");
    assert_eq!(fields(&short), ["secret"]);
    // During a rotation the one before it signs too; a replacement ends that.
    webhooks::rotate(app, &admin, &made.id, Some(secret("mid")), 24).await.unwrap();
    let replaced = change(2, SecretChange::Replace(new.clone())).await.unwrap();
    assert_eq!((replaced.credentials.secret_fingerprint, replaced.credentials.previous_secret_until), (Some(new.fingerprint()), None));
    let entry = last().await;
    assert_eq!((entry.action.as_str(), &entry.changes["secret"]), ("webhook.updated", &json!("replaced")));
    assert_eq!(entry.changes["credentials"][1]["secret_fingerprint"], json!(new.fingerprint()));
    app.publish(&app.platform("heart").await, &completed("1", "s-1")).await.unwrap();
    app.drain().await;
    let seen = receiver.last();
    assert!(seen.is_signed_by(&new) && !seen.is_signed_by(&old));
    assert_eq!(seen.header("webhook-signature").split(' ').count(), 1);
    // The same once more is no change of it; nor is keeping it.
    for same in [SecretChange::Replace(new.clone()), SecretChange::Keep] {
        let version = webhooks::get(app, &admin, &made.id).await.unwrap().version;
        assert_eq!(change(version, same).await.unwrap().credentials.secret_fingerprint, Some(new.fingerprint()));
        assert!(last().await.changes.get("secret").is_none());
    }
    app.clock.advance(HOUR);
    assert_eq!(change(5, SecretChange::Remove).await.unwrap().credentials.secret_fingerprint, None);
    assert_eq!(last().await.changes["secret"], "removed");
    assert_eq!(change(6, SecretChange::Replace(old)).await.unwrap().credentials.secret_set_at, Some(app.clock.now()));
    assert_eq!(last().await.changes["secret"], "set");
    assert_eq!(change(1, SecretChange::Remove).await.expect_err("an old version").status(), 409);
    assert!(!app.dump("audit").await.concat().contains("canary"));
});

on_both!(a_retry_reaches_the_named_webhooks_deliveries_alone, |app| async {
    app.study("heart").await;
    let (key, receiver) = (app.key("heart", &Scope::ALL).await, Receiver::start().await);
    let one = register(app, &key, "One", &receiver.url, "s-1").await.unwrap();
    let two = register(app, &key, "Two", "http://127.0.0.1:9/", "s-2").await.unwrap();
    let delivery = app.publish(&key, &completed("1", "s-1")).await.unwrap().remove(0).delivery_ids.remove(0);
    app.drain().await;
    let before = app.dump("deliveries").await;
    assert_eq!(deliveries::retry_to(app, &key, &two.id, &delivery, "because").await.expect_err("another's").status(), 404);
    assert_eq!(app.dump("deliveries").await, before);
    let planned = deliveries::retry_to(app, &key, &one.id, &delivery, "because").await.unwrap();
    assert_eq!((planned.id, planned.state), (delivery, DeliveryState::Delivered));
    app.drain().await;
    assert_eq!(receiver.count(), 2);
});

on_both!(a_study_without_integrations_registers_nothing, |app| async {
    app.study_with("heart", false).await;
    let (key, receiver) = (app.key("heart", &Scope::ALL).await, Receiver::start().await);
    assert!(matches!(register(app, &key, "One", &receiver.url, "s-1").await, Err(AppError::IntegrationsLocked)));
    let refused = webhooks::register(app, &key, Face::Infermedica, &infermedica_draft(&receiver.url)).await;
    assert!(matches!(refused, Err(AppError::IntegrationsLocked)));
    assert_eq!(app.number("SELECT COUNT(*) FROM webhooks").await, 0);
});
