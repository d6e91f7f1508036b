//! Telling administrators: operational events out of the outbox, notices, and mail over a real connection to a mail server.

use crate::borders::{send, sign_in};
use crate::harness::{Received, Receiver, TestApp, draft, fields, participant};
use crate::smtp::MailServer;
use axum::http::{Method, StatusCode};
use hookwell::error::AppError;
use hookwell::model::audit::AuditEntry;
use hookwell::model::event_type::EventType;
use hookwell::model::notice::NoticeList;
use hookwell::model::permission::Role;
use hookwell::model::time::{DAY, HOUR, MINUTE};
use hookwell::model::webhook::Webhook;
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::Actor;
use hookwell::server::chores;
use hookwell::server::router::router;
use hookwell::server::service::{events, notices, people};
use hookwell::server::state::App;
use hookwell::server::store::{audit, outbox, webhooks as webhooks_store};
use serde_json::{Value, json};

const CAUSE: &str = "It failed for 72 hours without one success.";

/// A study with a webhook that fails, and one that is told of it. Both are subscribed to what the engine says.
struct Scene {
    admin: Actor,
    failing: Webhook,
    down: Receiver,
    receiver: Receiver,
}

async fn scene(app: &TestApp) -> Scene {
    app.study("heart").await;
    let (admin, down, receiver) = (app.admin("heart").await, Receiver::start().await, Receiver::start().await);
    let told = ["webhook.disabled", "delivery.exhausted"].map(str::to_owned).to_vec();
    let failing = WebhookDraft { events: [told.clone(), vec!["participant.created".into()]].concat(), ..draft("failing", &down.url) };
    let (failing, _) = app.live_webhook(&admin, &failing).await;
    // Its list of sites is about the study's events, not about what the engine tells.
    let watching = WebhookDraft { events: told, sites: "site-1".into(), retry_schedule: "1s".into(), ..draft("watching", &receiver.url) };
    app.live_webhook(&admin, &watching).await;
    Scene { admin, failing, down, receiver }
}

impl Scene {
    /// Writes what the engine writes when it disables the failing webhook.
    async fn disabled(&self, app: &TestApp) -> String {
        let data = json!({"webhook": {"id": self.failing.id, "name": "failing"}, "cause": CAUSE});
        put(app, &self.admin, EventType::WebhookDisabled, &data).await
    }

    async fn list(&self, app: &App) -> NoticeList {
        notices::list(app, &self.admin, None, 50).await.unwrap()
    }

    /// Type, path and sender's id of what arrived.
    fn arrived(&self) -> Vec<(String, String)> {
        let told = |r: &Received| (r.json()["type"].as_str().unwrap().to_owned(), r.path.clone());
        self.receiver.requests().iter().map(told).collect()
    }
}

async fn put(app: &TestApp, admin: &Actor, event_type: EventType, data: &Value) -> String {
    assert!(events::schema_errors(event_type, data).0.is_empty(), "as the catalogue says");
    let id = format!("{:032x}", app.ids.next());
    let mut tx = app.store.begin().await.unwrap();
    outbox::put(&mut tx, &admin.study.id, &id, event_type, data, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

on_both!(an_operational_event_is_published_once_by_whichever_of_two_nodes, |app| async {
    let s = scene(app).await;
    let (other, _) = app.another_node(&app.clock, false).await;
    let mut put = Vec::new();
    for _ in 0..30 {
        put.push(s.disabled(app).await);
    }
    app.clock.advance(MINUTE);
    let (one, two) = tokio::join!(chores::drain(app), chores::drain(&other));
    one.unwrap();
    two.unwrap();
    app.drain().await;
    other.engine.drain().await.unwrap();
    assert_eq!(app.number("SELECT COUNT(*) FROM outbox").await, 0);
    assert_eq!(app.texts("SELECT external_id FROM events WHERE source = '/hookwell/engine' ORDER BY 1").await, put);
    assert_eq!(s.receiver.count(), 30, "one delivery each, to the one webhook");
    let numbers: Vec<i64> = s.list(app).await.page.items.iter().map(|n| n.number).collect();
    assert_eq!(numbers, (1..=30).rev().collect::<Vec<_>>());
    let sent = s.receiver.last().json();
    assert_eq!((&sent["type"], &sent["data"]["cause"]), (&json!("webhook.disabled"), &json!(CAUSE)));
    let times = app.number("SELECT COUNT(DISTINCT occurred_at) FROM events").await;
    assert_eq!((times, app.number("SELECT MIN(accepted_at - occurred_at) FROM events").await), (1, MINUTE), "when it happened");
    other.store.close().await;
});

on_both!(what_breaks_off_in_the_middle_leaves_nothing_and_is_done_once_afterwards, |app| async {
    let s = scene(app).await;
    s.disabled(app).await;
    // Events and deliveries are written, then the notice cannot be: as if the process had died there.
    app.execute("ALTER TABLE notices RENAME TO elsewhere").await.unwrap();
    chores::drain(app).await.expect_err("there is no table");
    for table in ["events", "deliveries", "elsewhere"] {
        assert_eq!(app.dump(table).await, [""; 0], "{table}");
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM outbox").await, 1);
    app.execute("ALTER TABLE elsewhere RENAME TO notices").await.unwrap();
    for _ in 0..2 {
        chores::drain(app).await.unwrap();
        app.drain().await;
    }
    assert_eq!((s.receiver.count(), s.list(app).await.page.items.len()), (1, 1));
});

on_both!(what_the_engine_does_is_told_to_all_but_the_webhook_itself, |app| async {
    let s = scene(app).await;
    s.down.answer(410);
    app.publish(&app.platform("heart").await, &participant("1")).await.unwrap();
    app.drain().await;
    chores::drain(app).await.unwrap();
    app.drain().await;
    let mut arrived = s.arrived();
    arrived.sort();
    let to_watching = |t: &str| (t.to_owned(), "/hooks".to_owned());
    assert_eq!(arrived, [to_watching("delivery.exhausted"), to_watching("webhook.disabled")]);
    assert_eq!((s.down.count(), app.number("SELECT COUNT(*) FROM outbox").await), (1, 0));
    let told: Vec<_> =
        events::list(app, &s.admin, None, 10).await.unwrap().items.into_iter().filter(|e| e.source == "/hookwell/engine").collect();
    assert_eq!(told.len(), 2);
    for event in told {
        let skipped: Vec<_> = event.skipped.iter().map(|s| (s.webhook_id.clone(), s.reason.as_str())).collect();
        assert_eq!(skipped, [(s.failing.id.clone(), "its_own")], "{:?}", event.event_type);
    }
    for request in s.receiver.requests() {
        let event_type = EventType::parse(request.json()["type"].as_str().unwrap()).unwrap();
        let wrong = events::schema_errors(event_type, &request.json()["data"]).0;
        assert!(wrong.is_empty(), "not as the catalogue says: {wrong:?}");
    }
    let list = s.list(app).await;
    assert_eq!(list.page.items.len(), 1, "that a delivery is exhausted is no notice");
    let notice = &list.page.items[0];
    assert_eq!((&notice.webhook_id, notice.kind), (&s.failing.id, EventType::WebhookDisabled));
    assert!(notice.message.contains("410 Gone"), "{}", notice.message);
});

on_both!(that_telling_failed_is_not_told, |app| async {
    let s = scene(app).await;
    s.receiver.answer(500);
    s.disabled(app).await;
    chores::drain(app).await.unwrap();
    app.drain().await;
    app.clock.advance(MINUTE);
    app.drain().await;
    assert_eq!((s.receiver.count(), app.number("SELECT COUNT(*) FROM deliveries WHERE state = 'exhausted'").await), (2, 1));
    assert_eq!(app.number("SELECT COUNT(*) FROM outbox").await, 0);
    chores::drain(app).await.unwrap();
    app.drain().await;
    assert_eq!(s.receiver.count(), 2);
});

on_both!(each_reader_has_their_own_count_of_the_unread, |app| async {
    let s = scene(app).await;
    let manager = app.member("heart", Role::ImplementationManager).await;
    let qa = app.member("heart", Role::Qa).await;
    for _ in 0..3 {
        s.disabled(app).await;
    }
    chores::drain(app).await.unwrap();
    let unread = async |actor: &Actor| notices::unread(app, actor).await.unwrap();
    assert_eq!((unread(&s.admin).await, unread(&manager).await, unread(&qa).await), (Some(3), Some(3), None));
    assert_eq!(notices::list(app, &qa, None, 50).await.unwrap_err().status(), 403);
    // One came while the page was looked at.
    let shown = s.list(app).await.newest();
    s.disabled(app).await;
    chores::drain(app).await.unwrap();
    notices::mark_read(app, &s.admin, shown).await.unwrap();
    assert_eq!((unread(&s.admin).await, unread(&manager).await), (Some(1), Some(4)));
    let list = s.list(app).await;
    let marks: Vec<(i64, bool)> = list.page.items.iter().map(|n| (n.number, list.is_unread(n))).collect();
    assert_eq!(marks, [(4, true), (3, false), (2, false), (1, false)]);
    // Neither back nor beyond what is there.
    notices::mark_read(app, &s.admin, 1).await.unwrap();
    assert_eq!(unread(&s.admin).await, Some(1));
    notices::mark_read(app, &s.admin, i64::MAX).await.unwrap();
    s.disabled(app).await;
    chores::drain(app).await.unwrap();
    assert_eq!(unread(&s.admin).await, Some(1));
    // Page by page.
    let first = notices::list(app, &s.admin, None, 2).await.unwrap().page;
    assert_eq!(first.next.as_deref(), Some("4"));
    let rest = notices::list(app, &s.admin, Some(4), 3).await.unwrap().page;
    assert_eq!((rest.items.len(), rest.next), (3, None));
    // Another study has its own.
    app.study("lung").await;
    assert_eq!(unread(&app.admin("lung").await).await, Some(0));
});

on_both!(the_bell_counts_leads_to_the_webhook_and_is_marked_read, |app| async {
    let s = scene(app).await;
    s.disabled(app).await;
    let mut tx = app.store.begin().await.unwrap();
    let (study, webhook, now) = (&s.admin.study.id, &s.failing.id, app.clock.now());
    webhooks_store::disable(&mut tx, study, webhook, CAUSE, now).await.unwrap();
    audit::append(&mut tx, &AuditEntry::by_engine(study, now, "webhook.disabled", webhook.as_str(), CAUSE), None).await.unwrap();
    tx.commit().await.unwrap();
    chores::drain(app).await.unwrap();
    app.member("heart", Role::Auditor).await;
    let router = router(app.app.clone());
    let cookie = sign_in(&router, "administrator@heart.example.com").await;
    let get = async |path: &str, cookie: &str| send(&router, &Method::GET, path, "", Some(cookie)).await;
    let webhook = format!("/s/heart/settings/integrations/{}", s.failing.id);
    let (_, _, page) = get(&webhook, &cookie).await;
    for expected in ["Notices, 1 unread", "Hookwell switched this webhook off", CAUSE, "It is off since", "Re-enable", "replay what failed"]
    {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    let (status, _, page) = get("/s/heart/notices", &cookie).await;
    assert_eq!(status, StatusCode::OK);
    for expected in ["Hookwell switched “failing” off.", CAUSE, &format!("href=\"{webhook}\""), "Unread", "no mail server is set up"] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    let (status, ..) = send(&router, &Method::POST, "/s/heart/notices/read", "to=1", Some(&cookie)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, _, page) = get("/s/heart/notices", &cookie).await;
    assert!(!page.contains("1 unread") && !page.contains("Mark all read"), "{page}");
    let (status, _, page) = get("/s/heart/notices?cursor=x", &cookie).await;
    assert!(status == StatusCode::BAD_REQUEST && page.contains("cursor"), "{status} {page}");
    let (status, ..) = send(&router, &Method::POST, &format!("{webhook}/status"), "active=true", Some(&cookie)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(!get(&webhook, &cookie).await.2.contains("switched this webhook off"));
    // Whom notices are not for has no bell.
    let auditor = sign_in(&router, "auditor@heart.example.com").await;
    assert!(!get(&webhook, &auditor).await.2.contains("class=\"bell\""));
});

on_both!(each_administrator_gets_one_mail, |app| async {
    let s = scene(app).await;
    app.member("heart", Role::ImplementationManager).await;
    app.user("second@example.com").await;
    people::set_role(app, "second@example.com", "heart", Role::Administrator).await.unwrap();
    let server = MailServer::start().await;
    let (node, other) = (app.node_with_mail(&server.url).await, app.node_with_mail(&server.url).await);
    s.disabled(app).await;
    assert!(!notices::send_due(&node).await.unwrap(), "nothing before the commit that tells of it");
    chores::drain(&node).await.unwrap();
    let (one, two) = tokio::join!(chores::drain_mail(&node), chores::drain_mail(&other));
    one.unwrap();
    two.unwrap();
    app.clock.advance(DAY);
    chores::drain_mail(&node).await.unwrap();
    let mut taken = server.taken();
    taken.sort_by(|a, b| a.to.cmp(&b.to));
    let to: Vec<_> = taken.iter().map(|t| t.to.join(",")).collect();
    assert_eq!(to, ["administrator@heart.example.com", "second@example.com"]);
    let mail = &taken[0];
    assert_eq!((mail.from.as_str(), mail.header("From").as_str()), ("hooks@example.org", "Hookwell <hooks@example.org>"));
    assert_eq!(mail.header("Subject"), "Study heart: a webhook was switched off");
    assert!(mail.header("Content-Type").starts_with("text/plain") && !mail.header("Message-ID").is_empty(), "{}", mail.text);
    assert_ne!(mail.header("Message-ID"), taken[1].header("Message-ID"));
    // 2026-11-18, by the clock of the test.
    assert!(mail.header("Date").contains("18 Nov 2026"), "{}", mail.header("Date"));
    let text = plain(&mail.text);
    for expected in [CAUSE, "“failing”", &format!("http://127.0.0.1:3000/s/heart/settings/integrations/{}", s.failing.id)] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let mails = s.list(&node).await.page.items.remove(0).mails;
    assert!(mails.len() == 2 && mails.iter().all(|m| m.sent_at.is_some() && m.error.is_none()), "{mails:?}");
    for node in [node, other] {
        node.store.close().await;
    }
});

/// The text of a message, quoted-printable undone.
fn plain(message: &str) -> String {
    let (head, body) = message.split_once("\r\n\r\n").unwrap();
    if !head.contains("quoted-printable") {
        return body.to_owned();
    }
    let body = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let [first, tail @ ..] = rest {
        (bytes, rest) = match (first, tail) {
            (b'=', [a, b, tail @ ..]) => {
                bytes.push(u8::from_str_radix(std::str::from_utf8(&[*a, *b]).unwrap(), 16).unwrap());
                (bytes, tail)
            }
            _ => {
                bytes.push(*first);
                (bytes, tail)
            }
        };
    }
    String::from_utf8(bytes).unwrap()
}

on_both!(a_refused_mail_is_kept_and_tried_again_while_the_others_arrive, |app| async {
    let s = scene(app).await;
    app.user("away@example.com").await;
    people::set_role(app, "away@example.com", "heart", Role::Administrator).await.unwrap();
    let server = MailServer::start().await;
    server.refuse("away@example.com", true);
    let node = app.node_with_mail(&server.url).await;
    s.disabled(app).await;
    chores::drain(&node).await.unwrap();
    chores::drain_mail(&node).await.unwrap();
    assert_eq!(server.taken().len(), 1);
    let away = async || s.list(&node).await.page.items.remove(0).mails.into_iter().find(|m| m.to == "away").unwrap();
    let mail = away().await;
    assert!(mail.error.as_deref().is_some_and(|e| e.contains("550") && e.contains("no such user here")), "{mail:?}");
    assert_eq!((mail.sent_at, mail.next_at), (None, Some(app.clock.now().plus(MINUTE))));
    // The page says so.
    let router = router(node.clone());
    let cookie = sign_in(&router, "administrator@heart.example.com").await;
    let (_, _, page) = send(&router, &Method::GET, "/s/heart/notices", "", Some(&cookie)).await;
    assert!(page.contains("no such user here") && page.contains("next try"), "{page}");
    // Pauses grow.
    app.clock.advance(MINUTE - 1);
    assert!(!notices::send_due(&node).await.unwrap());
    app.clock.advance(1);
    assert!(notices::send_due(&node).await.unwrap());
    assert_eq!(away().await.next_at, Some(app.clock.now().plus(2 * MINUTE)));
    app.clock.advance(2 * MINUTE);
    server.refuse("away@example.com", false);
    chores::drain_mail(&node).await.unwrap();
    let mail = away().await;
    assert_eq!((mail.sent_at, mail.next_at, mail.error), (Some(app.clock.now()), None, None));
    assert_eq!(server.taken().len(), 2);
    node.store.close().await;
});

on_both!(a_mail_is_given_up_after_three_days_and_not_sent_to_who_is_no_administrator_any_more, |app| async {
    let s = scene(app).await;
    // Nobody listens there.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let node = app.node_with_mail(&url).await;
    s.disabled(app).await;
    chores::drain(&node).await.unwrap();
    let mut tries = 0;
    for _ in 0..100 {
        tries += i32::from(notices::send_due(&node).await.unwrap());
        app.clock.advance(HOUR);
    }
    let mail = s.list(&node).await.page.items.remove(0).mails.remove(0);
    assert!((10..30).contains(&tries), "{tries}");
    assert!(mail.sent_at.is_none() && mail.next_at.is_none() && mail.error.is_some(), "{mail:?}");
    // One that is due, to somebody who is something else by now.
    let server = MailServer::start().await;
    let node = app.node_with_mail(&server.url).await;
    s.disabled(app).await;
    chores::drain(&node).await.unwrap();
    people::set_role(app, "administrator@heart.example.com", "heart", Role::Qa).await.unwrap();
    chores::drain_mail(&node).await.unwrap();
    assert_eq!((server.taken().len(), app.number("SELECT COUNT(*) FROM notice_mails WHERE next_at IS NOT NULL").await), (0, 0));
    node.store.close().await;
});

on_both!(what_a_crash_leaves_between_sending_and_noting_is_sent_again_under_the_same_id, |app| async {
    let s = scene(app).await;
    let server = MailServer::start().await;
    let node = app.node_with_mail(&server.url).await;
    s.disabled(app).await;
    chores::drain(&node).await.unwrap();
    // The mail server takes it, and that cannot be noted: `sent_at` is not there at that moment.
    app.execute("ALTER TABLE notice_mails RENAME COLUMN sent_at TO elsewhere").await.unwrap();
    chores::drain_mail(&node).await.expect_err("it cannot be noted");
    app.execute("ALTER TABLE notice_mails RENAME COLUMN elsewhere TO sent_at").await.unwrap();
    assert!(!notices::send_due(&node).await.unwrap(), "not at once");
    app.clock.advance(MINUTE);
    chores::drain_mail(&node).await.unwrap();
    let ids: Vec<String> = server.taken().iter().map(|t| t.header("Message-ID")).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
    node.store.close().await;
});

on_both!(without_a_mail_server_nothing_is_kept_to_be_mailed, |app| async {
    let s = scene(app).await;
    s.disabled(app).await;
    chores::drain(app).await.unwrap();
    chores::drain_mail(app).await.unwrap();
    assert_eq!((s.list(app).await.by_mail, app.number("SELECT COUNT(*) FROM notice_mails").await), (false, 0));
    // A key reads no notices.
    let refused = notices::list(app, &app.platform("heart").await, None, 1).await.unwrap_err();
    assert!(matches!(refused, AppError::Forbidden(_)) && fields(&refused).is_empty());
});
