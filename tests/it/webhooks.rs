//! Setting webhooks up, changing them, their secrets, Test and Live.

use crate::harness::{Engine, Receiver, START, draft, fields, participant};
use hookwell::model::event_type::EventType;
use hookwell::model::permission::{Role, Scope};
use hookwell::model::time::HOUR;
use hookwell::model::webhook::{Content, WebhookMode, WebhookStatus};
use hookwell::model::webhook_draft::{KEEP, WebhookDraft};
use hookwell::server::secret::Secret;
use hookwell::server::service::integrations;
use hookwell::server::service::samples;
use hookwell::server::service::webhooks::{self, NewSecret};

const GOOD: &str = "http://127.0.0.1:9/hooks";

on_both!(bad_input_names_its_field, |app| async {
    app.study("heart").await;
    let admin = app.admin("heart").await;
    app.test_webhook(&admin, &draft("Taken", GOOD)).await;
    type Change = Box<dyn FnOnce(&mut WebhookDraft) + Send>;
    let url = |url: &str| -> Change {
        let url = url.to_owned();
        Box::new(move |d| d.url = url)
    };
    let cases: Vec<(&str, &str, Change)> = vec![
        ("url", "give the address", url("")),
        ("url", "not an absolute URL", url("ctms.example.com/hooks")),
        ("url", "not an absolute URL", url("https://")),
        ("url", "must begin with https", url("ftp://127.0.0.1/")),
        ("url", "user or password", url("http://ada:pw@127.0.0.1/")),
        ("url", "characters", url(&format!("http://127.0.0.1/{}", "x".repeat(2000)))),
        ("url", "cannot be called", url("https://10.0.0.1/")),
        ("url", "cannot be called", url("https://192.168.1.10/hooks")),
        ("url", "cannot be called", url("http://169.254.169.254/latest/meta-data")),
        ("url", "cannot be called", url("https://[::1]/")),
        ("url", "cannot be called", url("https://0x0a000001/")),
        ("url", "cannot be called", url("https://localhost/")),
        ("url", "cannot be called", url("https://db.internal/")),
        ("url", "cannot be reached", url("https://no-such-host.invalid/")),
        ("secret", "16–500", Box::new(|d| d.secret = "canary-short".to_owned())),
        ("secret", "16–500", Box::new(|d| d.secret = "x".repeat(501))),
        ("events", "", Box::new(|d| d.events.clear())),
        ("events", "not an event type", Box::new(|d| d.events.push("form.finished".to_owned()))),
        ("events", "cannot be subscribed", Box::new(|d| d.events.push("webhook.test".to_owned()))),
        ("name", "another webhook", Box::new(|d| d.name = " Taken ".to_owned())),
        ("name", "1–200", Box::new(|d| d.name = " ".to_owned())),
        ("status", "active or inactive", Box::new(|d| d.status = "disabled".to_owned())),
        ("token_value", "no stored value", Box::new(|d| (d.token_header, d.token_value) = ("X-Token".to_owned(), KEEP.to_owned()))),
        ("headers", "no stored value", Box::new(|d| d.headers = format!("X-One: {KEEP}"))),
    ];
    for (field, message, change) in cases {
        let mut draft = draft("New", GOOD);
        change(&mut draft);
        let refused =
            webhooks::create(app, &admin, &draft, NewSecret::Generate).await.err().unwrap_or_else(|| panic!("{field}: {message}"));
        assert_eq!((refused.status(), fields(&refused)), (422, vec![field.to_owned()]), "{refused}");
        assert!(refused.to_string().contains(message) && !refused.to_string().contains("canary"), "{refused}");
    }
    // A blocked URL is refused on change too, and nothing of it is kept.
    let (webhook, _) = app.test_webhook(&admin, &draft("Mine", GOOD)).await;
    let refused = webhooks::update(app, &admin, &webhook.id, 1, &draft("Mine", "https://10.0.0.1/")).await.expect_err("private");
    assert_eq!(fields(&refused), ["url"]);
    assert_eq!(webhooks::get(app, &admin, &webhook.id).await.unwrap(), webhook);
    assert_eq!(webhooks::list(app, &admin, true).await.unwrap().len(), 2);
});

on_both!(a_locked_study_accepts_no_webhook, |app| async {
    app.study_with("heart", false).await;
    let (admin, manager) = (app.admin("heart").await, app.member("heart", Role::ImplementationManager).await);
    let refused = webhooks::create(app, &admin, &draft("A", GOOD), NewSecret::Generate).await.err().unwrap();
    assert_eq!((refused.status(), refused.kind().0), (403, "integrations-locked"));
    assert!(refused.to_string().contains("implementation manager"), "{refused}");
    assert_eq!(fields(&integrations::switch(app, &manager, true, "").await.expect_err("no reason")), ["reason"]);
    integrations::switch(app, &manager, true, "contract signed").await.expect("enabled");
    let admin = app.admin("heart").await;
    let (webhook, _) = app.test_webhook(&admin, &draft("A", GOOD)).await;
    integrations::switch(app, &manager, false, "contract ended").await.expect("disabled");

    let (admin, platform) = (app.admin("heart").await, app.platform("heart").await);
    let id = &webhook.id;
    let locked = |what: &str, error: Option<hookwell::error::AppError>| {
        assert_eq!(error.map(|e| e.kind().0), Some("integrations-locked"), "{what}");
    };
    locked("update", webhooks::update(app, &admin, id, 1, &draft("A", GOOD)).await.err());
    locked("pause", webhooks::set_active(app, &admin, id, false).await.err());
    locked("live", webhooks::set_mode(app, &admin, id, WebhookMode::Live, "because").await.err());
    locked("archive", webhooks::archive(app, &admin, id, "because").await.err());
    locked("rotate", webhooks::rotate(app, &admin, id, None, 0).await.err());
    locked("sample", samples::send(app, &admin, id, EventType::WebhookTest, EventType::WebhookTest.example()).await.err());
    locked("publish", app.publish(&platform, &participant("1")).await.err());
    assert!(webhooks::get(app, &admin, id).await.is_ok(), "history and configuration stay readable");
});

on_both!(a_stale_edit_is_refused, |app| async {
    app.study("heart").await;
    let admin = app.admin("heart").await;
    let (webhook, _) = app.test_webhook(&admin, &draft("A", GOOD)).await;
    let first = webhooks::update(app, &admin, &webhook.id, 1, &draft("B", GOOD)).await.expect("the present version");
    assert_eq!((first.version, first.settings.name.as_str()), (2, "B"));
    let refused = webhooks::update(app, &admin, &webhook.id, 1, &draft("C", GOOD)).await.expect_err("stale");
    assert_eq!(refused.status(), 409);
    assert_eq!(webhooks::get(app, &admin, &webhook.id).await.unwrap().settings.name, "B");
    // Two at once: one is saved.
    let (c, d) = (draft("C", GOOD), draft("D", GOOD));
    let (c, d) = tokio::join!(webhooks::update(app, &admin, &webhook.id, 2, &c), webhooks::update(app, &admin, &webhook.id, 2, &d));
    assert!(c.is_ok() != d.is_ok(), "{c:?} {d:?}");
    assert_eq!(c.err().or(d.err()).unwrap().status(), 409);
    assert_eq!(fields(&webhooks::update(app, &admin, &webhook.id, 3, &draft("", GOOD)).await.expect_err("wrong")), ["name"]);
});

on_both!(a_name_is_free_again_when_its_webhook_is_archived, |app| async {
    app.study("heart").await;
    app.study("lung").await;
    let (admin, other) = (app.admin("heart").await, app.admin("lung").await);
    let (webhook, _) = app.test_webhook(&admin, &draft("A", GOOD)).await;
    app.test_webhook(&other, &draft("A", GOOD)).await;
    let (second, _) = app.test_webhook(&admin, &draft("B", GOOD)).await;
    assert_eq!(fields(&webhooks::update(app, &admin, &second.id, 1, &draft("A", GOOD)).await.expect_err("taken")), ["name"]);
    assert_eq!(fields(&webhooks::archive(app, &admin, &webhook.id, "").await.expect_err("no reason")), ["reason"]);
    let archived = webhooks::archive(app, &admin, &webhook.id, "replaced").await.expect("archived");
    assert!(archived.archived_at.is_some() && archived.status == WebhookStatus::Inactive);
    app.test_webhook(&admin, &draft("A", GOOD)).await;
    for error in [
        webhooks::update(app, &admin, &webhook.id, 2, &draft("Z", GOOD)).await.err(),
        webhooks::set_active(app, &admin, &webhook.id, true).await.err(),
        webhooks::archive(app, &admin, &webhook.id, "again").await.err(),
        webhooks::rotate(app, &admin, &webhook.id, None, 0).await.err(),
        samples::send(app, &admin, &webhook.id, EventType::WebhookTest, EventType::WebhookTest.example()).await.err(),
    ] {
        assert_eq!(error.map(|e| e.status()), Some(409));
    }
    assert_eq!(webhooks::list(app, &admin, false).await.unwrap().len(), 2);
    assert_eq!(webhooks::list(app, &admin, true).await.unwrap().len(), 3);
});

on_both!(a_secret_is_shown_once_and_cannot_be_read_in_the_database, |app| async {
    app.study("heart").await;
    let admin = app.admin("heart").await;
    let draft = WebhookDraft {
        secret: "canary-secret-0123456789".to_owned(),
        token_header: "X-Token".to_owned(),
        token_value: "canary-token".to_owned(),
        basic_user: "ada@example.com".to_owned(),
        basic_password: "canary-password".to_owned(),
        headers: "X-One: canary-header".to_owned(),
        ..draft("A", GOOD)
    };
    let (webhook, secret) = webhooks::create(app, &admin, &draft, NewSecret::Given).await.expect("a webhook");
    assert_eq!(secret.unwrap().expose(), "canary-secret-0123456789");
    assert_eq!(webhook.credentials.secret_fingerprint.as_deref(), Some(Secret::new("canary-secret-0123456789").fingerprint().as_str()));
    // Kept by what the form shows in their place, and changed one by one.
    let mut edit = WebhookDraft::of(&webhook);
    edit.headers.push_str("\nX-Two: canary-header-2");
    let webhook = webhooks::update(app, &admin, &webhook.id, 1, &edit).await.expect("changed");
    assert_eq!(webhook.credentials.header_names, ["X-One", "X-Two"]);
    edit.secret = "canary-secret-by-the-back-door".to_owned();
    assert_eq!(fields(&webhooks::update(app, &admin, &webhook.id, 2, &edit).await.expect_err("rotate")), ["secret"]);
    webhooks::rotate(app, &admin, &webhook.id, Some(Secret::new("canary-secret-of-the-rotation")), 24).await.expect("rotated");
    let (_, generated) = app.test_webhook(&admin, &crate::harness::draft("B", GOOD)).await;
    assert!(generated.expose().starts_with("whsec_") && generated.expose().len() == 6 + 44, "32 bytes in base64");
    let none = webhooks::create(app, &admin, &crate::harness::draft("C", GOOD), NewSecret::None).await.expect("a webhook");
    assert!(none.1.is_none() && none.0.credentials.secret_fingerprint.is_none());

    let told = serde_json::to_string(&webhooks::list(app, &admin, true).await.unwrap()).unwrap();
    let needles = ["canary", &hex::encode("canary"), &hex::encode("canary").to_uppercase(), &generated.expose()[6..]];
    for table in app.tables().await {
        for row in app.dump(&table).await {
            assert!(!needles.iter().any(|n| row.contains(n)), "{table}: {row}");
        }
    }
    assert!(!needles.iter().any(|n| told.contains(n)), "{told}");
    if app.engine == Engine::Sqlite {
        // What the disk holds: the file and its log.
        for file in std::fs::read_dir(app.dir.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(6).any(|w| w == b"canary"));
        }
    }
});

on_both!(a_webhook_goes_live_after_a_sample_or_with_a_reason, |app| async {
    app.study("heart").await;
    let receiver = Receiver::start().await;
    let admin = app.admin("heart").await;
    let (webhook, secret) = app.test_webhook(&admin, &draft("A", &receiver.url)).await;
    assert_eq!(webhook.mode, WebhookMode::Test, "every one starts there");
    let live = async |reason: &str| webhooks::set_mode(app, &admin, &webhook.id, WebhookMode::Live, reason).await;
    let sample = async || samples::send(app, &admin, &webhook.id, EventType::FormCompleted, EventType::FormCompleted.example()).await;
    let verified = async || webhooks::get(app, &admin, &webhook.id).await.unwrap().is_verified();
    assert_eq!(fields(&live("").await.expect_err("not tried")), ["reason"]);
    receiver.answer(500);
    sample().await.expect("sent");
    assert_eq!(fields(&live(" ").await.expect_err("failed")), ["reason"]);
    receiver.answer(200);
    let (delivery, attempt) = sample().await.expect("sent");
    assert!(delivery.is_test && attempt.failure.is_none());
    assert!(receiver.last().is_signed_by(&secret));
    let body: serde_json::Value = serde_json::from_slice(&receiver.last().body).unwrap();
    assert_eq!((&body["hookwelltest"], &body["data"]["participant"]["identifier"]), (&true.into(), &"TEST-0000".into()));
    assert!(verified().await);

    // What changes nothing of the request keeps it; what does, does not.
    let present = async || webhooks::get(app, &admin, &webhook.id).await.unwrap();
    let edit = async |change: &dyn Fn(&mut WebhookDraft)| {
        let now = present().await;
        let mut draft = WebhookDraft::of(&now);
        change(&mut draft);
        webhooks::update(app, &admin, &webhook.id, now.version, &draft).await.expect("changed")
    };
    edit(&|d| d.name = "B".to_owned()).await;
    assert!(verified().await);
    webhooks::set_active(app, &admin, &webhook.id, false).await.expect("paused");
    webhooks::set_active(app, &admin, &webhook.id, true).await.expect("resumed");
    assert!(verified().await);
    type Change = Box<dyn Fn(&mut WebhookDraft)>;
    let changes: Vec<Change> = vec![
        Box::new(|d| d.url.push_str("/other")),
        Box::new(|d| d.content = Content::Full.as_str().to_owned()),
        Box::new(|d| d.headers = "X-One: 1".to_owned()),
        Box::new(|d| d.headers = "X-One: 2".to_owned()),
        Box::new(|d| d.headers = String::new()),
        Box::new(|d| (d.token_header, d.token_value) = ("X-T".to_owned(), "t".to_owned())),
    ];
    for (n, change) in changes.iter().enumerate() {
        sample().await.expect("sent");
        assert!(verified().await, "{n}");
        edit(change).await;
        assert!(!verified().await, "{n}");
    }
    sample().await.expect("sent");
    webhooks::rotate(app, &admin, &webhook.id, None, 1).await.expect("rotated");
    assert!(!verified().await);
    assert_eq!(live("the receiver is not there yet").await.expect("an override").mode, WebhookMode::Live);
    let back = webhooks::set_mode(app, &admin, &webhook.id, WebhookMode::Test, "").await.expect("back needs no reason");
    assert_eq!(back.mode, WebhookMode::Test);
    sample().await.expect("sent");
    assert_eq!(live("").await.expect("verified").mode, WebhookMode::Live);
});

on_both!(a_sample_goes_to_an_inactive_webhook_and_shows_what_is_wrong, |app| async {
    app.study("heart").await;
    let receiver = Receiver::start().await;
    let admin = app.admin("heart").await;
    let inactive = WebhookDraft { status: "inactive".to_owned(), ..draft("A", &receiver.url) };
    let (webhook, _) = app.test_webhook(&admin, &inactive).await;
    let (delivery, attempt) =
        samples::send(app, &admin, &webhook.id, EventType::WebhookTest, EventType::WebhookTest.example()).await.unwrap();
    assert!(attempt.failure.is_none());
    assert_eq!(attempt.requested_by.as_deref(), Some("administrator"));
    assert_eq!(receiver.last().header("webhook-id"), delivery.id.as_str());

    assert_eq!(samples::check_data(EventType::FormCompleted, " ").unwrap(), EventType::FormCompleted.example());
    for (text, message) in [("{\"a\": 1,}", "line 1 column"), ("{}", "data: "), (&" x".repeat(40_000), "at most")] {
        let refused = samples::check_data(EventType::FormCompleted, text).expect_err(message);
        assert_eq!(fields(&refused), ["data"]);
        assert!(refused.to_string().contains(message), "{refused}");
    }
});

on_both!(a_rotation_signs_with_both_until_it_is_over, |app| async {
    app.study("heart").await;
    let receiver = Receiver::start().await;
    let (admin, platform) = (app.admin("heart").await, app.platform("heart").await);
    let (webhook, old) = app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    let signatures = async |n: &str| {
        app.publish(&platform, &participant(n)).await.expect("accepted");
        assert_eq!(app.drain().await, 1);
        receiver.last().header("webhook-signature").split(' ').count()
    };
    assert_eq!(signatures("1").await, 1);
    assert_eq!(fields(&webhooks::rotate(app, &admin, &webhook.id, None, 169).await.err().unwrap()), ["overlap_hours"]);
    let short = Some(Secret::new("canary-short"));
    assert_eq!(fields(&webhooks::rotate(app, &admin, &webhook.id, short, 1).await.err().unwrap()), ["secret"]);
    let (rotated, new) = webhooks::rotate(app, &admin, &webhook.id, None, 24).await.expect("rotated");
    assert_eq!(rotated.credentials.previous_secret_until, Some(START.plus(24 * HOUR)));
    assert_eq!(fields(&webhooks::rotate(app, &admin, &webhook.id, Some(new.clone()), 24).await.err().unwrap()), ["secret"]);
    assert_eq!(signatures("2").await, 2);
    assert!(receiver.last().is_signed_by(&old) && receiver.last().is_signed_by(&new));
    app.clock.advance(24 * HOUR - 1);
    assert_eq!(signatures("3").await, 2);
    app.clock.advance(1);
    assert_eq!(signatures("4").await, 1);
    assert!(!receiver.last().is_signed_by(&old) && receiver.last().is_signed_by(&new));
    // Without an overlap the old one ends at once.
    let (_, newest) = webhooks::rotate(app, &admin, &webhook.id, None, 0).await.expect("rotated");
    assert_eq!(signatures("5").await, 1);
    assert!(!receiver.last().is_signed_by(&new) && receiver.last().is_signed_by(&newest));
});

on_both!(credentials_are_sent_and_masked_in_history, |app| async {
    app.study("heart").await;
    let receiver = Receiver::start().await;
    let admin = app.admin("heart").await;
    let draft = WebhookDraft {
        token_header: "X-Token".to_owned(),
        token_value: "canary-token".to_owned(),
        basic_user: "ada@example.com".to_owned(),
        basic_password: "canary-password".to_owned(),
        headers: "X-One: canary-header".to_owned(),
        ..draft("A", &receiver.url)
    };
    let (webhook, _) = app.test_webhook(&admin, &draft).await;
    let (_, attempt) = samples::send(app, &admin, &webhook.id, EventType::WebhookTest, EventType::WebhookTest.example()).await.unwrap();
    let got = receiver.last();
    assert_eq!((got.header("x-token"), got.header("x-one")), ("canary-token", "canary-header"));
    // ada@example.com:canary-password
    assert_eq!(got.header("authorization"), "Basic YWRhQGV4YW1wbGUuY29tOmNhbmFyeS1wYXNzd29yZA==");
    assert!(got.header("user-agent").starts_with("Hookwell/"));
    let shown = serde_json::to_string(&attempt).unwrap();
    assert!(!shown.contains("canary") && !shown.contains("YWRhQGV4YW1wbGU"), "{shown}");
    for name in ["x-token", "x-one", "authorization"] {
        assert!(attempt.request_header(name).is_some(), "{name} is shown as sent, masked");
    }
});

on_both!(a_key_manages_webhooks_of_its_study, |app| async {
    app.study("heart").await;
    let key = app.key("heart", &[Scope::WebhooksWrite, Scope::WebhooksRead]).await;
    let (webhook, _) = app.test_webhook(&key, &draft("A", GOOD)).await;
    assert_eq!(webhooks::list(app, &key, false).await.unwrap()[0].0, webhook);
    let refused = webhooks::set_mode(app, &key, &webhook.id, WebhookMode::Live, "because").await.expect_err("not a key's");
    assert_eq!(refused.status(), 403);
});
