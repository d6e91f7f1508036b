//! Every service that changes something writes one row of the audit trail for each thing it changes, in the transaction that
//! changes it: both are there, or neither.

use crate::faces::survey_draft;
use crate::harness::{Engine, PASSWORD, Receiver, TestApp, draft, participant};
use hookwell::error::AppError;
use hookwell::model::api_key::ApiKeyDraft;
use hookwell::model::event_type::EventType;
use hookwell::model::permission::Role;
use hookwell::model::webhook::WebhookMode;
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::secret::Secret;
use hookwell::server::service::people::Setup;
use hookwell::server::service::webhooks::{Face, NewSecret, SecretChange};
use hookwell::server::service::{api_keys, deliveries, events, integrations, people, samples, webhooks};
use std::future::Future;

/// From now on the database keeps no audit row.
async fn refuse_audit(app: &TestApp) {
    match app.engine {
        Engine::Sqlite => {
            app.execute("CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no audit'); END").await.unwrap();
        }
        Engine::Postgres => {
            let function = "CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no audit'; END $$";
            app.execute(function).await.unwrap();
            app.execute("CREATE TRIGGER no_audit BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION no_audit()").await.unwrap();
        }
    }
}

async fn allow_audit(app: &TestApp) {
    let on = if app.engine == Engine::Postgres { " ON audit" } else { "" };
    app.execute(&format!("DROP TRIGGER no_audit{on}")).await.unwrap();
    if app.engine == Engine::Postgres {
        app.execute("DROP FUNCTION no_audit").await.unwrap();
    }
}

/// Everything that is kept.
async fn everything(app: &TestApp) -> Vec<String> {
    let mut all = Vec::new();
    for table in app.tables().await {
        all.extend(app.dump(&table).await.into_iter().map(|row| format!("{table}: {row}")));
    }
    all
}

/// Calls a service first with a database that keeps no audit row, then with one that does.
async fn walk<T, F: Future<Output = Result<T, AppError>>>(app: &TestApp, expected: &[&str], call: impl Fn() -> F) -> T {
    let before = everything(app).await;
    refuse_audit(app).await;
    let refused = call().await.err().unwrap_or_else(|| panic!("{expected:?}: done without its audit row"));
    assert_eq!(refused.status(), 500, "{expected:?}: {refused}");
    allow_audit(app).await;
    assert_eq!(everything(app).await, before, "{expected:?}: changed without its audit row");
    let seq = app.last_seq().await;
    let done = call().await.unwrap_or_else(|e| panic!("{expected:?}: {e}"));
    assert_eq!(app.audited_after(seq).await, expected);
    done
}

on_both!(every_change_has_its_row_or_does_not_happen, |app| async {
    // People.
    let token = people::setup_token(app).await.unwrap().unwrap();
    let setup = || Setup {
        email: "ada@example.com".into(),
        name: "Ada".into(),
        password: Secret::new(PASSWORD),
        study_name: "First".into(),
        study_slug: "first".into(),
    };
    let ada = walk(app, &["user.created", "study.created", "member.role_set"], || people::setup(app, token.expose(), setup())).await;
    walk(app, &["study.created"], || people::add_study(app, "heart", "Heart", false)).await;
    let as_member = Some(("heart", Role::Administrator));
    walk(app, &["user.created", "member.role_set"], || {
        people::add_user(app, "administrator@heart.example.com", "Bob", Secret::new(PASSWORD), as_member)
    })
    .await;
    walk(app, &["member.role_set"], || people::set_role(app, "ada@example.com", "heart", Role::Qa)).await;
    let other = "canary-Tr0mbone-Lichen-92";
    walk(app, &["user.password_changed"], || people::change_password(app, &ada, Secret::new(PASSWORD), Secret::new(other), None)).await;

    // The study's switch.
    let manager = app.member("heart", Role::ImplementationManager).await;
    walk(app, &["integrations.disabled"], || integrations::switch(app, &manager, false, "for the test")).await;
    walk(app, &["integrations.enabled"], || integrations::switch(app, &manager, true, "for the test")).await;
    let admin = app.admin("heart").await;

    // Keys.
    let key = ApiKeyDraft { name: "Key".into(), scopes: vec!["events:write".into()], ..Default::default() };
    let (made, key_secret) = walk(app, &["api_key.created"], || api_keys::create(app, &admin, &key)).await;
    walk(app, &["api_key.created"], || api_keys::create_by_operator(app, "heart", &key)).await;
    walk(app, &["api_key.revoked"], || api_keys::revoke(app, &admin, &made.id, "for the test")).await;

    // Webhooks.
    let receiver = Receiver::start().await;
    let secretive = WebhookDraft {
        secret: "canary-secret-0123456789".into(),
        token_header: "X-Token".into(),
        token_value: "canary-token".into(),
        basic_user: "ada@example.com".into(),
        basic_password: "canary-password".into(),
        headers: "X-One: canary-header".into(),
        ..draft("A", &receiver.url)
    };
    let (webhook, _) = walk(app, &["webhook.created"], || webhooks::create(app, &admin, &secretive, NewSecret::Given)).await;
    let id = &webhook.id;
    let edited = WebhookDraft { token_value: "canary-token-2".into(), ..WebhookDraft::of(&webhook) };
    walk(app, &["webhook.updated"], || webhooks::update(app, &admin, id, 1, &edited)).await;
    walk(app, &["webhook.paused"], || webhooks::set_active(app, &admin, id, false)).await;
    walk(app, &["webhook.activated"], || webhooks::set_active(app, &admin, id, true)).await;
    let (_, generated) = walk(app, &["webhook.secret_rotated"], || webhooks::rotate(app, &admin, id, None, 24)).await;
    let version = webhooks::get(app, &admin, id).await.unwrap().version;
    let (edited, new) =
        (WebhookDraft { name: "Renamed".into(), ..edited }, || SecretChange::Replace(Secret::new("canary-secret-replaced")));
    walk(app, &["webhook.updated"], || webhooks::update_with_secret(app, &admin, id, version, &edited, new())).await;
    let registered = survey_draft("Survey", &receiver.url, "s-1");
    walk(app, &["webhook.created"], || webhooks::register(app, &admin, Face::Survey("s-1"), &registered)).await;
    let example = || EventType::WebhookTest.example();
    walk(app, &["webhook.sample_sent"], || samples::send(app, &admin, id, EventType::WebhookTest, example())).await;
    assert_eq!(receiver.count(), 1, "the refused one was not sent");
    walk(app, &["webhook.went_live"], || webhooks::set_mode(app, &admin, id, WebhookMode::Live, "for the test")).await;

    // Deliveries. Events are records themselves.
    let platform = app.platform("heart").await;
    let seq = app.last_seq().await;
    let accepted = app.publish(&platform, &participant("1")).await.unwrap().remove(0);
    app.drain().await;
    assert_eq!(app.last_seq().await, seq);
    let delivery = &accepted.delivery_ids[0];
    walk(app, &["delivery.retried"], || deliveries::retry(app, &admin, delivery, "for the test")).await;
    app.drain().await;
    walk(app, &["delivery.retried"], || deliveries::retry_to(app, &admin, id, delivery, "for the test")).await;
    app.drain().await;
    walk(app, &["delivery.body_read"], || deliveries::get(app, &admin, delivery, true)).await;
    walk(app, &["event.body_read"], || events::get(app, &admin, &accepted.event_id, true)).await;
    walk(app, &["webhook.back_to_test"], || webhooks::set_mode(app, &admin, id, WebhookMode::Test, "")).await;
    walk(app, &["webhook.archived"], || webhooks::archive(app, &admin, id, "for the test")).await;

    let trail = app.dump("audit").await;
    assert!(trail.len() > 25);
    for row in &trail {
        let secrets = ["canary", PASSWORD, &key_secret.expose()[4..], &generated.expose()[6..], token.expose(), "argon2"];
        assert!(!secrets.iter().any(|s| row.contains(s)), "{row}");
        assert!(row.contains("heart") || row.contains("std_") || row.contains("user."), "of which study: {row}");
    }
    // A person's rows say who, as what, from where, and with which request.
    let whole = "SELECT COUNT(*) FROM audit WHERE actor_role = 'administrator' AND address = '192.0.2.1' AND request_id = 'req-1'
       AND actor LIKE 'usr_%' AND actor_name <> '' AND study_id IS NOT NULL";
    assert_eq!(app.number(whole).await, app.number("SELECT COUNT(*) FROM audit WHERE actor_role = 'administrator'").await);
    assert_eq!(app.number("SELECT MAX(seq) - COUNT(*) FROM audit").await, 0, "without a gap");
});

on_both!(what_changed_is_told_without_what_is_secret, |app| async {
    app.study("heart").await;
    let (admin, receiver) = (app.admin("heart").await, Receiver::start().await);
    let (webhook, _) = app.test_webhook(&admin, &draft("A", &receiver.url)).await;
    let edited = WebhookDraft { timeout_seconds: "20".into(), headers: "X-One: canary".into(), ..WebhookDraft::of(&webhook) };
    webhooks::update(app, &admin, &webhook.id, 1, &edited).await.unwrap();
    let entry = hookwell::server::service::audit::of_object(app, &admin, webhook.id.as_str()).await.unwrap().remove(0);
    assert_eq!(entry.changes["timeout_seconds"], serde_json::json!([10, 20]));
    assert_eq!(entry.changes["credential_values"], "changed");
    assert_eq!(entry.changes["credentials"][1]["header_names"], serde_json::json!(["X-One"]));
    assert!(entry.changes.get("name").is_none(), "only what differs");
    // Nothing wrong is audited.
    let seq = app.last_seq().await;
    assert!(webhooks::update(app, &admin, &webhook.id, 1, &edited).await.is_err());
    assert!(webhooks::create(app, &admin, &draft("A", &receiver.url), NewSecret::Generate).await.is_err());
    assert!(people::add_study(app, "heart", "Again", false).await.is_err());
    assert_eq!(app.last_seq().await, seq);
});
