//! Every function of the store, on both engines.

use crate::harness::{START, TestApp};
use hookwell::model::api_key::ApiKey;
use hookwell::model::audit::AuditEntry;
use hookwell::model::delivery::{Attempt, DeliveryFilter, DeliveryState, FailureKind, Payload, Timing, Trigger};
use hookwell::model::event::Event;
use hookwell::model::event_type::EventType;
use hookwell::model::id::{ApiKeyId, AttemptId, DeliveryId, EventId, StudyId, UserId, WebhookId};
use hookwell::model::payload_variant::PayloadVariant;
use hookwell::model::permission::{Role, Scope};
use hookwell::model::retry_schedule::RetrySchedule;
use hookwell::model::study::Study;
use hookwell::model::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use hookwell::model::user::User;
use hookwell::model::webhook::{
    Content, CredentialsShown, EventFilter, FormatOptions, PayloadFormat, Webhook, WebhookMode, WebhookSettings, WebhookStats,
    WebhookStatus,
};
use hookwell::server::store::queue::{self, Completion, Job, NewDelivery, NewPayload};
use hookwell::server::store::webhooks::Counted;
use hookwell::server::store::{StoreError, api_keys, attempts, audit, deliveries, events, people, sessions, settings, studies, webhooks};
use serde_json::json;
use std::collections::HashSet;

fn study(n: u128) -> Study {
    Study {
        id: StudyId::from_bits(n),
        slug: format!("study-{n}"),
        name: format!("Study {n}"),
        production: n == 1,
        integrations_enabled: true,
        created_at: START,
    }
}

fn user(n: u128, name: &str) -> User {
    User {
        id: UserId::from_bits(n),
        email: format!("{n}@example.com"),
        name: name.to_owned(),
        created_at: START,
        password_changed_at: START,
    }
}

fn webhook(study: &Study, n: u128, name: &str) -> Webhook {
    Webhook {
        id: WebhookId::from_bits(n),
        study_id: study.id.clone(),
        settings: WebhookSettings {
            name: name.to_owned(),
            url: "https://ctms.example.com/hooks".to_owned(),
            events: vec![EventType::FormCompleted],
            filter: EventFilter { forms: vec!["f1".to_owned()], sites: Vec::new() },
            format: PayloadFormat::Standard,
            format_options: FormatOptions::default(),
            synchronous: false,
            content: Content::Full,
            timeout_seconds: 7,
            retry_schedule: RetrySchedule(vec![1, 2]),
            rate_limit: Some(3),
            concurrency: 4,
        },
        status: WebhookStatus::Active,
        disabled_cause: None,
        mode: WebhookMode::Live,
        credentials: CredentialsShown { secret_fingerprint: Some("abc".to_owned()), secret_set_at: Some(START), ..Default::default() },
        version: 1,
        verified_version: Some(1),
        created_by: None,
        created_at: START,
        updated_at: START,
        archived_at: None,
    }
}

/// What the functions of many take.
fn refs<T>(all: &[T]) -> Vec<&T> {
    all.iter().collect()
}

/// Ends one lease; whether it was still held.
async fn complete(tx: &mut hookwell::server::store::Tx, node: &str, study: &StudyId, id: &DeliveryId, done: &Completion) -> bool {
    queue::complete(tx, node, &[(study, id, done)]).await.unwrap().contains(id)
}

fn an_event(study: &Study, n: u128, event_type: EventType, is_test: bool) -> Event {
    Event {
        id: EventId::from_bits(n),
        study_id: study.id.clone(),
        source: "/edc".to_owned(),
        external_id: format!("ext-{n}"),
        event_type,
        subject: n.is_multiple_of(2).then(|| format!("P-{n}")),
        occurred_at: START.plus(-DAY),
        accepted_at: START,
        skipped: Vec::new(),
        is_test,
        data: Some(json!({"participant": {"id": "p"}, "text": "é\u{1F600}"})),
    }
}

fn delivery_of(event: &Event, webhook: &Webhook, id: DeliveryId) -> NewDelivery {
    NewDelivery {
        id,
        webhook_id: webhook.id.clone(),
        event_id: event.id.clone(),
        variant: "standard/id-only".to_owned(),
        trigger: Trigger::Schedule,
        requested_by: None,
        lease: None,
    }
}

fn payload_of(event: &Event) -> NewPayload {
    NewPayload {
        event_id: event.id.clone(),
        variant: "standard/id-only".to_owned(),
        payload: Payload { headers: vec![("content-type".to_owned(), "a/b".to_owned())], body: format!("body of {}", event.id) },
    }
}

/// A study with a Live webhook.
async fn base(app: &TestApp) -> (Study, Webhook) {
    let (study, mut tx) = (study(1), app.store.begin().await.unwrap());
    let webhook = webhook(&study, 1, "CTMS");
    studies::insert(&mut tx, &study).await.unwrap();
    webhooks::insert(&mut tx, &webhook, b"sealed").await.unwrap();
    tx.commit().await.unwrap();
    (study, webhook)
}

/// One event and its one delivery, both numbered `n`.
async fn deliver(
    app: &TestApp,
    study: &Study,
    webhook: &Webhook,
    n: u128,
    change: impl FnOnce(&mut Event, &mut NewDelivery),
) -> DeliveryId {
    let mut event = an_event(study, n, EventType::FormCompleted, false);
    let mut delivery = delivery_of(&event, webhook, DeliveryId::from_bits(n));
    change(&mut event, &mut delivery);
    let id = delivery.id.clone();
    let mut tx = app.store.begin().await.unwrap();
    assert_eq!(queue::insert_events(&mut tx, &[&event]).await.unwrap().len(), 1);
    queue::insert_deliveries(&mut tx, &[&event], &[&payload_of(&event)], &[&delivery]).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn claim(app: &TestApp, node: &str, now: Timestamp, limit: u32) -> Vec<Job> {
    claim_but(app, node, now, &[], limit).await
}

async fn claim_but(app: &TestApp, node: &str, now: Timestamp, full: &[String], limit: u32) -> Vec<Job> {
    let mut tx = app.store.begin().await.unwrap();
    let jobs = queue::claim(&mut tx, node, now, now.plus(45 * SECOND), full, limit).await.unwrap();
    tx.commit().await.unwrap();
    jobs
}

fn completion(state: DeliveryState, next_attempt_at: Option<Timestamp>, attempts: u32) -> Completion {
    Completion {
        state,
        next_attempt_at,
        attempts,
        schedule_step: u32::from(next_attempt_at.is_some()),
        status: Some(503),
        failure: Some(FailureKind::HttpStatus),
        duration: 1234,
        ended_at: START.plus(SECOND),
    }
}

on_both!(studies_are_kept, |app| async {
    let mut tx = app.store.begin().await.unwrap();
    let (one, two) = (study(1), Study { integrations_enabled: false, ..study(2) });
    studies::insert(&mut tx, &one).await.unwrap();
    studies::insert(&mut tx, &two).await.unwrap();
    let ada = user(1, "Ada");
    people::insert_user(&mut tx, &ada, "hash").await.unwrap();
    people::set_role(&mut tx, &two.id, &ada.id, Role::Qa, START).await.unwrap();
    people::set_role(&mut tx, &one.id, &ada.id, Role::Auditor, START).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = app.store.begin().await.unwrap();
    let again = studies::insert(&mut tx, &Study { id: StudyId::from_bits(3), ..study(1) }).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    drop(tx);
    let mut db = app.store.read().await.unwrap();
    assert_eq!(studies::find_by_slug(&mut db, "study-1").await.unwrap().as_ref(), Some(&one));
    assert_eq!(studies::find(&mut db, &two.id).await.unwrap().as_ref(), Some(&two));
    assert_eq!(studies::find_by_slug(&mut db, "study-9").await.unwrap(), None);
    let of: Vec<(String, Role)> = studies::of_user(&mut db, &ada.id).await.unwrap().into_iter().map(|s| (s.study.slug, s.role)).collect();
    assert_eq!(of, [("study-1".to_owned(), Role::Auditor), ("study-2".to_owned(), Role::Qa)]);
    drop(db);
    let mut tx = app.store.begin().await.unwrap();
    studies::set_integrations(&mut tx, &two.id, true).await.unwrap();
    assert!(studies::find(&mut tx, &two.id).await.unwrap().unwrap().integrations_enabled, "a transaction reads what it wrote");
    drop(tx);
    let mut db = app.store.read().await.unwrap();
    assert!(!studies::find(&mut db, &two.id).await.unwrap().unwrap().integrations_enabled, "dropped, it leaves nothing behind");
});

on_both!(people_are_kept, |app| async {
    let mut tx = app.store.begin().await.unwrap();
    assert!(!people::any_user(&mut tx).await.unwrap());
    let (one, ada, bob) = (study(1), user(1, "Bob"), user(2, "Ada"));
    studies::insert(&mut tx, &one).await.unwrap();
    people::insert_user(&mut tx, &ada, "hash-1").await.unwrap();
    people::insert_user(&mut tx, &bob, "hash-2").await.unwrap();
    assert!(people::any_user(&mut tx).await.unwrap());
    people::set_role(&mut tx, &one.id, &ada.id, Role::Qa, START).await.unwrap();
    people::set_role(&mut tx, &one.id, &ada.id, Role::Administrator, START).await.unwrap();
    people::set_role(&mut tx, &one.id, &bob.id, Role::Qa, START).await.unwrap();
    assert_eq!(people::find_role(&mut tx, &one.id, &ada.id).await.unwrap(), Some(Role::Administrator));
    assert_eq!(people::find_role(&mut tx, &StudyId::from_bits(9), &ada.id).await.unwrap(), None);
    let members: Vec<(String, Role)> =
        people::members(&mut tx, &one.id).await.unwrap().into_iter().map(|m| (m.user.name, m.role)).collect();
    assert_eq!(members, [("Ada".to_owned(), Role::Qa), ("Bob".to_owned(), Role::Administrator)]);
    people::set_sign_in_state(&mut tx, &ada.id, 3, Some(START.plus(5))).await.unwrap();
    let login = people::find_login(&mut tx, &ada.email).await.unwrap().unwrap();
    assert_eq!((&login.user, login.password_hash.as_str(), login.failed_sign_ins), (&ada, "hash-1", 3));
    assert_eq!(login.blocked_until, Some(START.plus(5)));
    people::set_password(&mut tx, &ada.id, "hash-3", START.plus(7)).await.unwrap();
    let login = people::find_login_by_id(&mut tx, &ada.id).await.unwrap().unwrap();
    assert_eq!((login.password_hash.as_str(), login.failed_sign_ins, login.blocked_until), ("hash-3", 0, None));
    assert_eq!(people::find_user(&mut tx, &ada.id).await.unwrap().unwrap().password_changed_at, START.plus(7));
    assert!(people::find_login(&mut tx, "nobody@example.com").await.unwrap().is_none());
    tx.commit().await.unwrap();
    let mut tx = app.store.begin().await.unwrap();
    let again = people::insert_user(&mut tx, &User { email: ada.email.clone(), ..user(3, "Eve") }, "hash").await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
});

on_both!(a_set_up_link_is_taken_once, |app| async {
    let mut tx = app.store.begin().await.unwrap();
    people::replace_setup_link(&mut tx, b"first", START, START.plus(HOUR)).await.unwrap();
    people::replace_setup_link(&mut tx, b"second", START, START.plus(HOUR)).await.unwrap();
    assert!(!people::setup_link_is_good(&mut tx, b"first", START).await.unwrap());
    assert!(people::setup_link_is_good(&mut tx, b"second", START).await.unwrap());
    assert!(!people::setup_link_is_good(&mut tx, b"second", START.plus(HOUR)).await.unwrap());
    assert!(!people::take_setup_link(&mut tx, b"second", START.plus(HOUR)).await.unwrap(), "expired");
    assert!(people::take_setup_link(&mut tx, b"second", START).await.unwrap());
    assert!(!people::take_setup_link(&mut tx, b"second", START).await.unwrap());
});

on_both!(sessions_and_settings_are_kept, |app| async {
    let mut tx = app.store.begin().await.unwrap();
    let ada = user(1, "Ada");
    people::insert_user(&mut tx, &ada, "hash").await.unwrap();
    for (id, who, until) in [(b"a", Some(&ada.id), HOUR), (b"b", Some(&ada.id), HOUR), (b"c", None, HOUR), (b"d", None, 0)] {
        sessions::save(&mut tx, id, who, "{}", START.plus(until)).await.unwrap();
    }
    sessions::save(&mut tx, b"a", Some(&ada.id), r#"{"x":1}"#, START.plus(DAY)).await.unwrap();
    assert_eq!(sessions::find(&mut tx, b"a", START).await.unwrap(), Some((r#"{"x":1}"#.to_owned(), START.plus(DAY))));
    assert_eq!(sessions::find(&mut tx, b"d", START).await.unwrap(), None, "expired");
    assert_eq!(sessions::prune(&mut tx, START).await.unwrap(), 1);
    assert_eq!(sessions::delete_others(&mut tx, &ada.id, Some(b"a")).await.unwrap(), 1);
    assert_eq!(sessions::find(&mut tx, b"b", START).await.unwrap(), None);
    assert_eq!(sessions::delete_others(&mut tx, &ada.id, None).await.unwrap(), 1);
    assert!(sessions::find(&mut tx, b"c", START).await.unwrap().is_some(), "somebody else's");
    sessions::delete(&mut tx, b"c").await.unwrap();
    assert_eq!(sessions::find(&mut tx, b"c", START).await.unwrap(), None);

    assert_eq!(settings::find(&mut tx, "x").await.unwrap(), None);
    settings::set(&mut tx, "x", &[0, 255]).await.unwrap();
    settings::set(&mut tx, "x", &[1, 2]).await.unwrap();
    assert_eq!(settings::find(&mut tx, "x").await.unwrap(), Some(vec![1, 2]));
});

on_both!(api_keys_are_kept, |app| async {
    let (one, _) = base(app).await;
    let key = |n: u128, name: &str| ApiKey {
        id: ApiKeyId::from_bits(n),
        study_id: one.id.clone(),
        name: name.to_owned(),
        hint: "hwk_abcd".to_owned(),
        scopes: vec![Scope::EventsWrite, Scope::WebhooksRead],
        created_at: START,
        expires_at: (n == 1).then(|| START.plus(DAY)),
        last_used_at: None,
        revoked_at: None,
    };
    let mut tx = app.store.begin().await.unwrap();
    for (n, name) in [(1, "one"), (2, "two"), (3, "three")] {
        api_keys::insert(&mut tx, &key(n, name), name.as_bytes()).await.unwrap();
    }
    assert_eq!(api_keys::find_by_secret(&mut tx, b"one").await.unwrap(), Some(key(1, "one")));
    assert_eq!(api_keys::find_by_secret(&mut tx, b"four").await.unwrap(), None);
    assert_eq!(api_keys::revoke(&mut tx, &StudyId::from_bits(9), &key(3, "").id, START).await.unwrap(), None, "another study's");
    let revoked = api_keys::revoke(&mut tx, &one.id, &key(3, "").id, START.plus(1)).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(START.plus(1)));
    assert_eq!(api_keys::revoke(&mut tx, &one.id, &key(3, "").id, START.plus(2)).await.unwrap(), None, "revoked before");
    let names: Vec<String> = api_keys::of_study(&mut tx, &one.id).await.unwrap().into_iter().map(|k| k.name).collect();
    assert_eq!(names, ["two", "one", "three"], "newest first, revoked ones last");
    api_keys::touch(&mut tx, &key(2, "").id, START).await.unwrap();
    let used = api_keys::find_by_secret(&mut tx, b"two").await.unwrap().unwrap();
    assert!(!api_keys::needs_touch(&used, START.plus(MINUTE - 1)) && api_keys::needs_touch(&used, START.plus(MINUTE)));
    tx.commit().await.unwrap();
    let mut tx = app.store.begin().await.unwrap();
    let again = api_keys::insert(&mut tx, &key(4, "four"), b"one").await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
});

on_both!(webhooks_are_kept, |app| async {
    let (one, ctms) = base(app).await;
    let mut tx = app.store.begin().await.unwrap();
    let found = webhooks::find_sealed(&mut tx, &one.id, &ctms.id).await.unwrap().unwrap();
    assert_eq!((&found.webhook, found.credentials.as_slice()), (&ctms, b"sealed".as_slice()));
    assert_eq!(webhooks::find(&mut tx, &StudyId::from_bits(2), &ctms.id).await.unwrap(), None, "another study's");

    let changed = Webhook {
        settings: WebhookSettings { rate_limit: None, name: "EDC".to_owned(), ..ctms.settings.clone() },
        status: WebhookStatus::Inactive,
        mode: WebhookMode::Test,
        disabled_cause: Some("cause".to_owned()),
        version: 2,
        verified_version: None,
        updated_at: START.plus(1),
        ..ctms.clone()
    };
    assert!(webhooks::update(&mut tx, &changed, b"new", 1).await.unwrap());
    assert!(!webhooks::update(&mut tx, &changed, b"newer", 1).await.unwrap(), "an older version is not overwritten");
    let found = webhooks::find_sealed(&mut tx, &one.id, &ctms.id).await.unwrap().unwrap();
    assert_eq!((&found.webhook, found.credentials.as_slice()), (&changed, b"new".as_slice()));

    webhooks::set_verified(&mut tx, &one.id, &ctms.id, 1).await.unwrap();
    assert_eq!(webhooks::find(&mut tx, &one.id, &ctms.id).await.unwrap().unwrap().verified_version, None, "an older configuration");
    webhooks::set_verified(&mut tx, &one.id, &ctms.id, 2).await.unwrap();
    assert!(webhooks::find(&mut tx, &one.id, &ctms.id).await.unwrap().unwrap().is_verified());
    assert!(!webhooks::disable(&mut tx, &one.id, &ctms.id, "gone", START).await.unwrap(), "it is not active");

    let other = webhook(&one, 2, "Another");
    webhooks::insert(&mut tx, &other, b"s").await.unwrap();
    assert!(webhooks::disable(&mut tx, &one.id, &other.id, "gone", START.plus(2)).await.unwrap());
    let disabled = webhooks::find(&mut tx, &one.id, &other.id).await.unwrap().unwrap();
    assert_eq!((disabled.status, disabled.disabled_cause.as_deref(), disabled.version), (WebhookStatus::Disabled, Some("gone"), 2));
    assert!(disabled.is_verified(), "it sends what it sent");
    tx.commit().await.unwrap();

    let mut tx = app.store.begin().await.unwrap();
    let again = webhooks::insert(&mut tx, &webhook(&one, 3, "EDC"), b"s").await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    drop(tx);
    let mut tx = app.store.begin().await.unwrap();
    let archived = Webhook { version: 3, archived_at: Some(START), ..changed };
    assert!(webhooks::update(&mut tx, &archived, b"new", 2).await.unwrap());
    webhooks::insert(&mut tx, &webhook(&one, 3, "EDC"), b"s").await.unwrap();
    let names = |all: Vec<Webhook>| all.into_iter().map(|w| (w.settings.name, w.archived_at.is_some())).collect::<Vec<_>>();
    let (another, edc) = (("Another".to_owned(), false), ("EDC".to_owned(), false));
    assert_eq!(names(webhooks::of_study(&mut tx, &one.id, false).await.unwrap()), [another.clone(), edc.clone()]);
    assert_eq!(names(webhooks::of_study(&mut tx, &one.id, true).await.unwrap()), [another, edc, ("EDC".to_owned(), true)]);
});

on_both!(counters_add_up_by_the_hour, |app| async {
    let (one, ctms) = base(app).await;
    let mut tx = app.store.begin().await.unwrap();
    let hour = |ago: i64| Counted {
        study_id: one.id.clone(),
        webhook_id: ctms.id.clone(),
        hour: START.micros().div_euclid(HOUR) - ago,
        delivered: 0,
        exhausted: 0,
        attempts_ok: 0,
        attempts_failed: 0,
        last_attempt_at: START.plus(-ago * HOUR),
    };
    let delivered = |ago| Counted { delivered: 1, attempts_ok: 1, ..hour(ago) };
    let failed = Counted { attempts_failed: 1, ..hour(0) };
    let exhausted = Counted { exhausted: 1, attempts_failed: 1, ..hour(23) };
    for counted in [delivered(0), failed, delivered(2), exhausted, delivered(24)] {
        webhooks::count(&mut tx, &[counted]).await.unwrap();
    }
    let stats = webhooks::stats(&mut tx, &one.id, START).await.unwrap().remove(&ctms.id).unwrap();
    assert_eq!((stats.delivered, stats.exhausted, stats.failed_attempts), (2, 1, 2));
    assert_eq!((stats.hours.len(), stats.hours[23], stats.hours[21], stats.hours[0]), (24, (1, 1), (1, 0), (0, 1)));
    assert_eq!(stats.success_permille(), Some(666));
    tx.commit().await.unwrap();
    assert_eq!(stats.last_attempt_at, Some(START));

    let mut waiting = WebhookStats::default();
    deliver(app, &one, &ctms, 1, |_, _| {}).await;
    deliver(app, &one, &ctms, 2, |e, _| e.accepted_at = START.plus(-HOUR)).await;
    let mut db = app.store.read().await.unwrap();
    webhooks::add_waiting(&mut db, &one.id, &ctms.id, &mut waiting).await.unwrap();
    let earliest = Some(START.plus(-HOUR));
    assert_eq!((waiting.waiting, waiting.oldest_waiting, waiting.next_attempt_at), (2, earliest, earliest));
    let mut none = WebhookStats::default();
    webhooks::add_waiting(&mut db, &one.id, &WebhookId::from_bits(77), &mut none).await.unwrap();
    assert_eq!((none.waiting, none.oldest_waiting), (0, None));
});

on_both!(events_are_kept_once, |app| async {
    let (one, ctms) = base(app).await;
    let all: Vec<Event> = (1..=5).map(|n| an_event(&one, n, EventType::FormCompleted, false)).collect();
    let mut tx = app.store.begin().await.unwrap();
    assert_eq!(
        queue::insert_events(&mut tx, &refs(&all[..3])).await.unwrap(),
        all[..3].iter().map(|e| e.id.clone()).collect::<HashSet<_>>()
    );
    // The first of a key wins, in the same commit too.
    let again = Event { id: EventId::from_bits(90), ..all[0].clone() };
    let twin = Event { id: EventId::from_bits(91), ..all[3].clone() };
    let batch = [again, all[3].clone(), twin, all[4].clone()];
    let added = queue::insert_events(&mut tx, &refs(&batch)).await.unwrap();
    assert_eq!(added, HashSet::from([all[3].id.clone(), all[4].id.clone()]));
    assert_eq!(queue::insert_events(&mut tx, &[]).await.unwrap().len(), 0);
    queue::insert_deliveries(&mut tx, &refs(&all), &[], &[]).await.unwrap();
    let stranger = delivery_of(&an_event(&one, 66, EventType::FormCompleted, false), &ctms, DeliveryId::from_bits(66));
    assert!(queue::insert_deliveries(&mut tx, &refs(&all), &[], &[&stranger]).await.is_err(), "an event of another commit");
    tx.commit().await.unwrap();

    let mut db = app.store.read().await.unwrap();
    assert_eq!(events::find(&mut db, &one.id, &all[1].id).await.unwrap().as_ref(), Some(&all[1]));
    assert_eq!(events::find(&mut db, &StudyId::from_bits(2), &all[1].id).await.unwrap(), None, "another study's");
    assert_eq!(events::find_by_key(&mut db, &one.id, "/edc", "ext-1").await.unwrap().unwrap().id, all[0].id);
    assert_eq!(events::find_by_key(&mut db, &one.id, "/other", "ext-1").await.unwrap(), None);
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = events::list(&mut db, &one.id, before.as_ref(), 2).await.unwrap();
        seen.extend(page.items.into_iter().map(|e| e.id));
        let Some(next) = page.next else { break };
        before = Some(next.parse().unwrap());
    }
    assert_eq!(seen, all.iter().rev().map(|e| e.id.clone()).collect::<Vec<_>>());
});

on_both!(two_batches_with_the_same_events_in_another_order_do_not_block_each_other, |app| async {
    let (one, _) = base(app).await;
    let keys = |from: u128, reverse: bool| {
        let mut all: Vec<Event> = (0..200)
            .map(|n| Event {
                id: EventId::from_bits(from + n),
                external_id: format!("k-{n}"),
                ..an_event(&one, 1, EventType::FormCompleted, false)
            })
            .collect();
        if reverse {
            all.reverse();
        }
        all
    };
    for round in 0..10u128 {
        let at = |n: u128| 1_000 * (round * 2 + n);
        let rename = |mut all: Vec<Event>| {
            all.iter_mut().for_each(|e| e.external_id = format!("{round}-{}", e.external_id));
            all
        };
        let insert = async |all: Vec<Event>| {
            let mut tx = app.store.begin().await?;
            let added = queue::insert_events(&mut tx, &refs(&all)).await?.len();
            tx.commit().await?;
            Ok::<_, StoreError>(added)
        };
        let (a, b) = tokio::join!(insert(rename(keys(at(0), false))), insert(rename(keys(at(1), true))));
        assert_eq!(a.unwrap() + b.unwrap(), 200);
    }
});

on_both!(deliveries_are_found_by_every_filter, |app| async {
    let (one, ctms) = base(app).await;
    let other = webhook(&one, 2, "Other");
    let mut tx = app.store.begin().await.unwrap();
    webhooks::insert(&mut tx, &other, b"s").await.unwrap();
    // 120 deliveries, a minute apart, their ids as the clock would make them.
    let id_at = |n: i64| DeliveryId::from_bits((u128::try_from(START.plus(n * MINUTE).micros() / 1000).unwrap() << 80) | 7);
    for n in 0..120i64 {
        let event_type = if n % 3 == 0 { EventType::ParticipantCreated } else { EventType::FormCompleted };
        let event =
            Event { accepted_at: START.plus(n * MINUTE), ..an_event(&one, u128::try_from(n).unwrap() + 1, event_type, n % 10 == 0) };
        let to = if n % 4 == 3 { &other } else { &ctms };
        let delivery = NewDelivery { lease: Some(("n".to_owned(), START)), ..delivery_of(&event, to, id_at(n)) };
        queue::insert_events(&mut tx, &[&event]).await.unwrap();
        queue::insert_deliveries(&mut tx, &[&event], &[&payload_of(&event)], &[&delivery]).await.unwrap();
        let ended = START.plus(n * MINUTE + SECOND);
        let done = match n % 5 {
            0 => Completion { status: Some(204), failure: None, ..completion(DeliveryState::Delivered, None, 1) },
            1 => Completion { status: None, failure: Some(FailureKind::Timeout), ..completion(DeliveryState::Retrying, Some(ended), 2) },
            2 => completion(DeliveryState::Exhausted, None, 11),
            3 => Completion { status: Some(404), ..completion(DeliveryState::Cancelled, None, 3) },
            _ => continue,
        };
        assert!(complete(&mut tx, "n", &one.id, &delivery.id, &done).await);
    }
    tx.commit().await.unwrap();

    let all = |f: &dyn Fn(i64) -> bool| (0..120).rev().filter(|n| f(*n)).map(id_at).collect::<Vec<_>>();
    let any = DeliveryFilter::default;
    let cases: Vec<(&str, DeliveryFilter, Box<dyn Fn(i64) -> bool>)> = vec![
        ("all", any(), Box::new(|_| true)),
        ("delivered", DeliveryFilter { states: vec![DeliveryState::Delivered], ..any() }, Box::new(|n| n % 5 == 0)),
        (
            "waiting",
            DeliveryFilter { states: vec![DeliveryState::Pending, DeliveryState::Retrying], ..any() },
            Box::new(|n| n % 5 == 1 || n % 5 == 4),
        ),
        ("2xx", DeliveryFilter { class: Some(2), ..any() }, Box::new(|n| n % 5 == 0)),
        ("4xx", DeliveryFilter { class: Some(4), ..any() }, Box::new(|n| n % 5 == 3)),
        ("3xx", DeliveryFilter { class: Some(3), ..any() }, Box::new(|_| false)),
        ("timeout", DeliveryFilter { failure: Some(FailureKind::Timeout), ..any() }, Box::new(|n| n % 5 == 1)),
        ("type", DeliveryFilter { event_type: Some(EventType::ParticipantCreated), ..any() }, Box::new(|n| n % 3 == 0)),
        ("any attempts", DeliveryFilter { min_attempts: Some(0), ..any() }, Box::new(|_| true)),
        ("1 attempt", DeliveryFilter { min_attempts: Some(1), ..any() }, Box::new(|n| n % 5 != 4)),
        ("3 attempts", DeliveryFilter { min_attempts: Some(3), ..any() }, Box::new(|n| n % 5 == 2 || n % 5 == 3)),
        ("from", DeliveryFilter { from: Some(START.plus(100 * MINUTE)), ..any() }, Box::new(|n| n >= 100)),
        ("to", DeliveryFilter { to: Some(START.plus(100 * MINUTE)), ..any() }, Box::new(|n| n < 100)),
        ("test", DeliveryFilter { is_test: Some(true), ..any() }, Box::new(|n| n % 10 == 0)),
        ("live", DeliveryFilter { is_test: Some(false), ..any() }, Box::new(|n| n % 10 != 0)),
        ("delivery's id", DeliveryFilter { q: Some(id_at(5).to_string()), ..any() }, Box::new(|n| n == 5)),
        ("event's id", DeliveryFilter { q: Some(EventId::from_bits(6).to_string()), ..any() }, Box::new(|n| n == 5)),
        ("sender's id", DeliveryFilter { q: Some("ext-6".to_owned()), ..any() }, Box::new(|n| n == 5)),
        ("subject", DeliveryFilter { q: Some("P-6".to_owned()), ..any() }, Box::new(|n| n == 5)),
        (
            "several",
            DeliveryFilter {
                states: vec![DeliveryState::Exhausted],
                class: Some(5),
                failure: Some(FailureKind::HttpStatus),
                event_type: Some(EventType::FormCompleted),
                min_attempts: Some(2),
                from: Some(START.plus(MINUTE)),
                to: Some(START.plus(119 * MINUTE)),
                is_test: Some(false),
                ..any()
            },
            Box::new(|n| n % 5 == 2 && n % 3 != 0 && n % 10 != 0),
        ),
    ];
    let mut db = app.store.read().await.unwrap();
    for (name, filter, expected) in &cases {
        for of in [None, Some(&ctms), Some(&other)] {
            let here = |n: i64| of.is_none_or(|w| (n % 4 == 3) == (w.id == other.id));
            // Pages of 7: without a gap, without a repeat.
            let (mut seen, mut filter) = (Vec::new(), filter.clone());
            loop {
                let page = deliveries::list(&mut db, &one.id, of.map(|w| &w.id), &filter, 7).await.unwrap();
                assert!(page.items.len() <= 7 && (page.next.is_none() || page.items.len() == 7));
                seen.extend(page.items.into_iter().map(|d| d.id));
                let Some(next) = page.next else { break };
                filter.before = Some(next.parse().unwrap());
            }
            assert_eq!(seen, all(&|n| expected(n) && here(n)), "{name}");
        }
    }
    assert_eq!(deliveries::list(&mut db, &StudyId::from_bits(2), None, &any(), 7).await.unwrap().items, [], "another study's");
    assert_eq!(deliveries::of_event(&mut db, &one.id, &EventId::from_bits(6)).await.unwrap().len(), 1);
});

on_both!(a_delivery_and_its_attempts_read_back, |app| async {
    let (one, ctms) = base(app).await;
    let id = deliver(app, &one, &ctms, 2, |_, _| {}).await;
    let mut tx = app.store.begin().await.unwrap();
    let found = deliveries::find(&mut tx, &one.id, &id).await.unwrap().unwrap();
    assert_eq!((found.state, found.attempts, found.next_attempt_at), (DeliveryState::Pending, 0, Some(START)));
    assert_eq!((found.subject.as_deref(), found.finished_at, found.last_status), (Some("P-2"), None, None));
    assert_eq!(deliveries::find(&mut tx, &StudyId::from_bits(2), &id).await.unwrap(), None, "another study's");
    let stored = deliveries::find_payload(&mut tx, &one.id, &id).await.unwrap().unwrap();
    assert_eq!(stored.variant, PayloadVariant::Standard { content: Content::IdOnly });
    assert_eq!(stored.payload.body, format!("body of {}", found.event_id));
    assert_eq!((stored.source.as_str(), stored.external_id.as_str(), stored.occurred_at), ("/edc", "ext-2", START.plus(-DAY)));
    assert!(deliveries::find_payload(&mut tx, &StudyId::from_bits(2), &id).await.unwrap().is_none());

    let attempt = |n: u32| Attempt {
        id: AttemptId::from_bits(u128::from(100 - n)),
        delivery_id: id.clone(),
        number: n,
        trigger: Trigger::Manual,
        requested_by: Some("Ada".to_owned()),
        reason: Some("why".to_owned()),
        started_at: START,
        timing: Timing { dns: Some(1), connect: None, first_byte: Some(3), total: 4 },
        url: "https://x.example/".to_owned(),
        request_headers: vec![("a".to_owned(), "b".to_owned())],
        status: Some(500),
        response_headers: vec![("c".to_owned(), "d".to_owned())],
        response_body: Some("no \u{fffd}".to_owned()),
        response_truncated: true,
        failure: Some(FailureKind::HttpStatus),
        message: Some("HTTP 500".to_owned()),
    };
    let bare = Attempt {
        requested_by: None,
        reason: None,
        status: None,
        response_body: None,
        response_truncated: false,
        failure: None,
        message: None,
        ..attempt(1)
    };
    attempts::insert(&mut tx, &[(&one.id, &attempt(2))]).await.unwrap();
    attempts::insert(&mut tx, &[(&one.id, &bare)]).await.unwrap();
    assert_eq!(attempts::of_delivery(&mut tx, &one.id, &id).await.unwrap(), [bare, attempt(2)]);
    assert_eq!(attempts::of_delivery(&mut tx, &StudyId::from_bits(2), &id).await.unwrap(), []);
    tx.commit().await.unwrap();
    let mut tx = app.store.begin().await.unwrap();
    let again = attempts::insert(&mut tx, &[(&one.id, &Attempt { id: AttemptId::from_bits(5), ..attempt(2) })]).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "an attempt is recorded once: {again:?}");
});

on_both!(a_lease_is_one_nodes_until_it_ends_or_runs_out, |app| async {
    let (one, ctms) = base(app).await;
    let id = deliver(app, &one, &ctms, 1, |_, _| {}).await;
    assert_eq!(claim(app, "a", START.plus(-1), 10).await, [], "not due");
    let jobs = claim(app, "a", START, 10).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!((&jobs[0].delivery_id, jobs[0].attempts, jobs[0].trigger), (&id, 0, Trigger::Schedule));
    assert_eq!(claim(app, "b", START.plus(45 * SECOND - 1), 10).await, [], "leased");
    assert_eq!(claim(app, "b", START.plus(45 * SECOND), 10).await.len(), 1, "run out");

    let mut tx = app.store.begin().await.unwrap();
    let next = START.plus(HOUR);
    let done = completion(DeliveryState::Retrying, Some(next), 1);
    assert!(!complete(&mut tx, "a", &one.id, &id, &done).await, "a lost it");
    queue::release(&mut tx, "a", &one.id, &id).await.unwrap();
    queue::cancel(&mut tx, "a", &one.id, &id, START).await.unwrap();
    assert_eq!(deliveries::find(&mut tx, &one.id, &id).await.unwrap().unwrap().state, DeliveryState::Pending);
    // b's heartbeat.
    assert_eq!(queue::extend(&mut tx, "b", START.plus(200 * SECOND)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(claim(app, "a", START.plus(199 * SECOND), 10).await, []);
    let mut tx = app.store.begin().await.unwrap();
    assert_eq!(queue::next_due(&mut tx, START.plus(-1)).await.unwrap(), None, "leased");
    assert!(complete(&mut tx, "b", &one.id, &id, &done).await);
    assert!(!complete(&mut tx, "b", &one.id, &id, &done).await, "once");
    let found = deliveries::find(&mut tx, &one.id, &id).await.unwrap().unwrap();
    assert_eq!((found.state, found.attempts, found.next_attempt_at, found.finished_at), (DeliveryState::Retrying, 1, Some(next), None));
    assert_eq!((found.last_status, found.last_failure, found.last_duration), (Some(503), Some(FailureKind::HttpStatus), Some(1234)));
    assert_eq!(queue::next_due(&mut tx, START).await.unwrap(), Some(next));
    assert_eq!(queue::next_due(&mut tx, next).await.unwrap(), None);
    tx.commit().await.unwrap();

    let job = claim(app, "a", next, 10).await.remove(0);
    assert_eq!((job.attempts, job.schedule_step, job.state), (1, 1, DeliveryState::Retrying));
    let mut tx = app.store.begin().await.unwrap();
    queue::release(&mut tx, "a", &one.id, &id).await.unwrap();
    let until = next.plus(SECOND);
    assert!(queue::claim_one(&mut tx, "c", &one.id, &id, START, until).await.unwrap().is_some(), "due or not");
    assert!(queue::claim_one(&mut tx, "d", &one.id, &id, START, until).await.unwrap().is_none());
    assert_eq!(queue::release_others(&mut tx, "c").await.unwrap(), 0);
    assert_eq!(queue::release_others(&mut tx, "d").await.unwrap(), 1);
    assert!(queue::claim_one(&mut tx, "d", &one.id, &id, START, until).await.unwrap().is_some());
    assert_eq!(queue::release_all(&mut tx, "d").await.unwrap(), 1);
    assert!(queue::claim_one(&mut tx, "e", &one.id, &id, START, until).await.unwrap().is_some());
    queue::cancel(&mut tx, "e", &one.id, &id, START.plus(9)).await.unwrap();
    let found = deliveries::find(&mut tx, &one.id, &id).await.unwrap().unwrap();
    assert_eq!((found.state, found.next_attempt_at, found.finished_at), (DeliveryState::Cancelled, None, Some(START.plus(9))));
    assert!(queue::claim_one(&mut tx, "e", &one.id, &id, next, until).await.unwrap().is_none(), "nothing is to come");
    tx.commit().await.unwrap();
    assert_eq!(claim(app, "a", next.plus(DAY), 10).await, []);
});

on_both!(a_retry_by_hand_is_due_at_once_unless_one_is_under_way, |app| async {
    let (one, ctms) = base(app).await;
    let id = deliver(app, &one, &ctms, 1, |_, d| d.lease = Some(("a".to_owned(), START.plus(SECOND)))).await;
    let later = START.plus(HOUR);
    let mut tx = app.store.begin().await.unwrap();
    assert!(!deliveries::request_retry(&mut tx, &one.id, &id, "Ada", "why", later).await.unwrap(), "leased");
    assert!(complete(&mut tx, "a", &one.id, &id, &completion(DeliveryState::Exhausted, None, 3)).await);
    assert_eq!(deliveries::find(&mut tx, &one.id, &id).await.unwrap().unwrap().finished_at, Some(START.plus(SECOND)));
    assert!(deliveries::request_retry(&mut tx, &one.id, &id, "Ada", "why", later).await.unwrap());
    tx.commit().await.unwrap();
    let job = claim(app, "b", later, 1).await.remove(0);
    assert_eq!((job.trigger, job.requested_by.as_deref(), job.reason.as_deref()), (Trigger::Manual, Some("Ada"), Some("why")));
    assert_eq!((job.state, job.attempts), (DeliveryState::Retrying, 3));
    let mut tx = app.store.begin().await.unwrap();
    let arrived = Completion { status: Some(200), failure: None, ..completion(DeliveryState::Delivered, None, 4) };
    assert!(complete(&mut tx, "b", &one.id, &id, &arrived).await);
    assert!(deliveries::request_retry(&mut tx, &one.id, &id, "Ada", "again", later).await.unwrap());
    let found = deliveries::find(&mut tx, &one.id, &id).await.unwrap().unwrap();
    assert_eq!((found.state, found.next_attempt_at), (DeliveryState::Delivered, Some(later)), "what arrived stays so");
    assert_eq!(deliveries::cancel_waiting(&mut tx, &one.id, &ctms.id, later).await.unwrap(), 1);
    let found = deliveries::find(&mut tx, &one.id, &id).await.unwrap().unwrap();
    assert_eq!((found.state, found.next_attempt_at), (DeliveryState::Delivered, None));
});

on_both!(what_cannot_be_received_now_is_not_claimed, |app| async {
    let (one, ctms) = base(app).await;
    let live = deliver(app, &one, &ctms, 1, |_, _| {}).await;
    let sample = deliver(app, &one, &ctms, 2, |e, d| (e.is_test, d.trigger) = (true, Trigger::Sample)).await;
    let retried = deliver(app, &one, &ctms, 3, |e, d| (e.is_test, d.trigger) = (true, Trigger::Manual)).await;
    let claimable = async || {
        let jobs = claim(app, "a", START, 10).await;
        let mut tx = app.store.begin().await.unwrap();
        queue::release_all(&mut tx, "a").await.unwrap();
        tx.commit().await.unwrap();
        jobs.into_iter().map(|j| j.delivery_id).collect::<HashSet<_>>()
    };
    let set = |ids: &[&DeliveryId]| ids.iter().map(|id| (*id).clone()).collect::<HashSet<_>>();
    let put = async |status: &str, mode: &str, archived: &str| {
        app.execute(&format!("UPDATE webhooks SET status = '{status}', mode = '{mode}', archived_at = {archived}")).await.unwrap();
    };
    assert_eq!(claimable().await, set(&[&live, &sample, &retried]));
    for status in ["inactive", "disabled"] {
        put(status, "live", "NULL").await;
        assert_eq!(claimable().await, set(&[&sample]), "{status}");
    }
    put("active", "test", "NULL").await;
    assert_eq!(claimable().await, set(&[&sample, &retried]), "back in Test");
    put("inactive", "test", "1").await;
    assert_eq!(claimable().await, set(&[&live, &sample, &retried]), "archived: claimed to be cancelled");
    put("active", "live", "NULL").await;
    app.execute("UPDATE studies SET integrations_enabled = FALSE").await.unwrap();
    assert_eq!(claimable().await, set(&[]), "Integrations are off");
});

on_both!(claims_are_the_longest_due_and_leave_out_full_lanes, |app| async {
    let (one, ctms) = base(app).await;
    let other = webhook(&one, 2, "Other");
    let mut tx = app.store.begin().await.unwrap();
    webhooks::insert(&mut tx, &other, b"s").await.unwrap();
    tx.commit().await.unwrap();
    for n in 1..=20u128 {
        let to = if n % 2 == 0 { &other } else { &ctms };
        deliver(app, &one, to, n, |e, _| e.accepted_at = START.plus(-i64::try_from(n).unwrap() * SECOND)).await;
    }
    let numbers =
        |jobs: Vec<Job>| jobs.into_iter().map(|j| u128::from_str_radix(&j.delivery_id.as_str()[4..], 16).unwrap()).collect::<Vec<_>>();
    assert_eq!(numbers(claim(app, "a", START, 3).await), [20, 19, 18]);
    assert_eq!(numbers(claim_but(app, "a", START, &[ctms.id.to_string()], 3).await), [16, 14, 12]);
    assert_eq!(claim_but(app, "a", START, &[ctms.id.to_string(), other.id.to_string()], 3).await, []);
    assert_eq!(claim(app, "a", START, 100).await.len(), 14);
});

on_both!(two_nodes_never_get_the_same_job, |app| async {
    let (one, ctms) = base(app).await;
    let all: Vec<Event> = (1..=300).map(|n| an_event(&one, n, EventType::FormCompleted, false)).collect();
    let new: Vec<NewDelivery> = all.iter().zip(1..).map(|(e, n)| delivery_of(e, &ctms, DeliveryId::from_bits(n))).collect();
    let mut tx = app.store.begin().await.unwrap();
    queue::insert_events(&mut tx, &refs(&all)).await.unwrap();
    queue::insert_deliveries(&mut tx, &refs(&all), &refs(&all.iter().map(payload_of).collect::<Vec<_>>()), &refs(&new)).await.unwrap();
    tx.commit().await.unwrap();
    let nodes = (0..4).map(|n| async move {
        let mut got = Vec::new();
        loop {
            let jobs = claim(app, &format!("node-{n}"), START, 7).await;
            if jobs.is_empty() {
                return got;
            }
            got.extend(jobs.into_iter().map(|j| j.delivery_id));
        }
    });
    let mut got: Vec<DeliveryId> = futures::future::join_all(nodes).await.into_iter().flatten().collect();
    got.sort();
    // Who finds the rest locked by another goes home early: nothing may be got twice, and one more round gets what is left.
    got.extend(claim(app, "last", START, 1000).await.into_iter().map(|j| j.delivery_id));
    assert_eq!((got.len(), got.iter().collect::<HashSet<_>>().len()), (300, 300));
});

on_both!(the_audit_trail_is_append_only, |app| async {
    let (one, _) = base(app).await;
    let entry = |study: Option<&Study>, action: &str| AuditEntry {
        seq: 0,
        at: START,
        actor: "usr".to_owned(),
        actor_name: "Ada".to_owned(),
        actor_role: "administrator".to_owned(),
        study_id: study.map(|s| s.id.clone()),
        action: action.to_owned(),
        object: "wh_1".to_owned(),
        changes: json!({"a": [1, null]}),
        reason: Some("why".to_owned()),
        request_id: Some("req".to_owned()),
    };
    let mut tx = app.store.begin().await.unwrap();
    assert_eq!(audit::append(&mut tx, &entry(Some(&one), "a.b"), Some("192.0.2.1")).await.unwrap(), 1);
    assert_eq!(audit::append(&mut tx, &entry(None, "a.c"), None).await.unwrap(), 2);
    tx.commit().await.unwrap();
    let mut tx = app.store.begin().await.unwrap();
    assert_eq!(audit::append(&mut tx, &entry(Some(&one), "a.lost"), None).await.unwrap(), 3);
    drop(tx);
    // Many at once: no gap and no repeat.
    let append = async || {
        let mut tx = app.store.begin().await.unwrap();
        let seq = audit::append(&mut tx, &entry(Some(&one), "a.d"), None).await.unwrap();
        tx.commit().await.unwrap();
        seq
    };
    let mut seqs = futures::future::join_all((0..10).map(|_| append())).await;
    seqs.sort_unstable();
    assert_eq!(seqs, (3..13).collect::<Vec<i64>>());
    let mut db = app.store.read().await.unwrap();
    let found = audit::of_object(&mut db, &one.id, "wh_1", 100).await.unwrap();
    assert_eq!((found.len(), found[0].seq), (11, 12));
    assert_eq!(found[10], AuditEntry { seq: 1, ..entry(Some(&one), "a.b") });
    assert_eq!(audit::of_object(&mut db, &one.id, "wh_1", 2).await.unwrap().len(), 2);
    drop(db);
    for statement in ["UPDATE audit SET reason = 'other'", "DELETE FROM audit", "DELETE FROM audit WHERE seq = 12"] {
        let refused = app.execute(statement).await.expect_err(statement);
        assert!(refused.contains("append-only"), "{refused}");
    }
    if app.engine == crate::harness::Engine::Postgres {
        assert!(app.execute("TRUNCATE audit").await.is_err());
    }
    assert_eq!(app.last_seq().await, 12);
});

on_both!(a_reader_does_not_write, |app| async {
    if app.engine == crate::harness::Engine::Sqlite {
        let mut db = app.store.read().await.unwrap();
        let hookwell::server::store::Raw::Sqlite(c) = db.raw() else { unreachable!() };
        let refused = sqlx::query("DELETE FROM studies").execute(c).await.expect_err("read only").to_string();
        assert!(refused.contains("readonly"), "{refused}");
    }
    app.store.migrate().await.expect("a second time changes nothing");
});

#[test]
fn both_engines_have_the_same_steps() {
    let steps = |engine: &str| {
        let dir = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<String> = std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(steps("sqlite"), steps("postgres"));
}

#[tokio::test]
async fn both_engines_have_the_same_tables() {
    use crate::harness::{Engine, spawn_app};
    let Some(postgres) = spawn_app(Engine::Postgres).await else { return };
    let sqlite = spawn_app(Engine::Sqlite).await.unwrap();
    let columns_of_sqlite = "SELECT m.name || '.' || c.name || ' ' || (CASE c.\"notnull\" OR c.pk WHEN 1 THEN 'not null' ELSE 'null' END)
       || ' ' || (CASE c.type WHEN 'INTEGER' THEN 'number' WHEN 'BLOB' THEN 'bytes' ELSE 'text' END)
       FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY 1";
    let columns_of_postgres =
        "SELECT table_name || '.' || column_name || ' ' || (CASE is_nullable WHEN 'NO' THEN 'not null' ELSE 'null' END)
       || ' ' || (CASE data_type WHEN 'bigint' THEN 'number' WHEN 'boolean' THEN 'number' WHEN 'bytea' THEN 'bytes' ELSE data_type END)
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'";
    let sorted = async |app: &TestApp, text: &str| {
        let mut rows = app.texts(text).await;
        rows.sort();
        rows
    };
    assert_eq!(sorted(&sqlite, columns_of_sqlite).await, sorted(&postgres, columns_of_postgres).await);
    let indexes_of_sqlite = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1";
    let indexes_of_postgres = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_pkey'
       AND indexname NOT LIKE '%\\_key' OR indexname = 'events_key'";
    assert_eq!(sorted(&sqlite, indexes_of_sqlite).await, sorted(&postgres, indexes_of_postgres).await);
    postgres.finish().await;
    sqlite.finish().await;
}
