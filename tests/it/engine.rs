//! The engine: retries by the clock, crashes, an orderly stop, and what one webhook must not do to another.

use crate::harness::{Receiver, START, TestApp, draft, participant, until};
use hookwell::model::delivery::{Delivery, DeliveryFilter, DeliveryState, FailureKind, Trigger};
use hookwell::model::retry_schedule::RetrySchedule;
use hookwell::model::time::{DAY, HOUR, MINUTE, SECOND};
use hookwell::model::webhook::WebhookStatus;
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::Actor;
use hookwell::server::clock::Clock;
use hookwell::server::engine::dispatch::Dispatcher;
use hookwell::server::service::{deliveries, events, integrations, webhooks};
use hookwell::server::store::queue;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

async fn study(app: &TestApp) -> (Actor, Actor, Receiver) {
    app.study("heart").await;
    (app.admin("heart").await, app.platform("heart").await, Receiver::start().await)
}

/// The study's deliveries, newest first.
async fn all(app: &TestApp, admin: &Actor) -> Vec<Delivery> {
    deliveries::list(app, admin, None, &DeliveryFilter::default(), 200).await.unwrap().items
}

async fn only(app: &TestApp, admin: &Actor) -> Delivery {
    let mut all = all(app, admin).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

on_both!(a_delivery_arrives_signed_at_the_first_attempt, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let (webhook, secret) = app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    app.publish(&platform, &participant("1")).await.unwrap();
    assert_eq!((app.drain().await, app.drain().await), (1, 0));
    let (delivery, got) = (only(app, &admin).await, receiver.last());
    assert!(got.is_signed_by(&secret));
    assert_eq!(got.header("webhook-id"), delivery.id.as_str());
    assert_eq!(got.header("webhook-timestamp"), START.seconds().to_string());
    assert_eq!(
        (delivery.state, delivery.attempts, delivery.last_status, delivery.last_failure),
        (DeliveryState::Delivered, 1, Some(204), None)
    );
    let detail = deliveries::get(app, &admin, &delivery.id, true).await.unwrap();
    assert_eq!(detail.payload.body.as_bytes(), &got.body[..]);
    assert_eq!((detail.attempts.len(), detail.attempts[0].number, detail.attempts[0].trigger), (1, 1, Trigger::Schedule));
    let stats = webhooks::stats(app, &admin, &webhook.id).await.unwrap();
    assert_eq!((stats.delivered, stats.waiting, stats.failed_attempts), (1, 0, 0));
});

on_both!(each_step_of_the_schedule_comes_in_its_time_and_then_no_more, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let (webhook, _) = app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    receiver.answer(500);
    app.publish(&platform, &participant("1")).await.unwrap();
    for (n, pause) in RetrySchedule::default().0.iter().enumerate() {
        assert_eq!(app.drain().await, 1, "attempt {}", n + 1);
        let delivery = only(app, &admin).await;
        assert_eq!((delivery.state, delivery.attempts as usize), (DeliveryState::Retrying, n + 1));
        let wait = delivery.next_attempt_at.unwrap().since(app.clock.now());
        let pause = i64::from(*pause) * SECOND;
        // What the request took comes on top: the pause counts from its end.
        assert!((pause * 9 / 10..=pause * 11 / 10 + 2 * SECOND).contains(&wait), "step {n}: {wait} for {pause}");
        app.clock.advance(wait - 1);
        assert_eq!(app.drain().await, 0, "not early");
        app.clock.advance(1);
    }
    assert_eq!(app.drain().await, 1, "the eleventh");
    let delivery = only(app, &admin).await;
    assert_eq!((delivery.state, delivery.attempts, delivery.next_attempt_at), (DeliveryState::Exhausted, 11, None));
    assert!(delivery.finished_at.is_some());
    assert_eq!((delivery.last_status, delivery.last_failure), (Some(500), Some(FailureKind::HttpStatus)));
    app.clock.advance(30 * DAY);
    assert_eq!((app.drain().await, receiver.count()), (0, 11));
    let detail = deliveries::get(app, &admin, &delivery.id, false).await.unwrap();
    assert_eq!(detail.attempts.iter().map(|a| a.number).collect::<Vec<_>>(), (1..=11).collect::<Vec<_>>());
    let bodies: std::collections::HashSet<_> = receiver.requests().into_iter().map(|r| r.body).collect();
    assert_eq!(bodies.len(), 1, "the same bytes every time");
    // The schedule lasts 75 hours, and after 72 without one success the webhook is given up.
    assert_eq!(webhooks::get(app, &admin, &webhook.id).await.unwrap().status, WebhookStatus::Disabled);
});

on_both!(retry_after_pushes_back_and_never_forward, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &WebhookDraft { retry_schedule: "100s, 100s, 100s".into(), ..draft("A", &receiver.url) }).await;
    app.publish(&platform, &participant("1")).await.unwrap();
    for (status, asked, least, most) in [(429, "1", 90, 112), (503, "3600", 3600, 3602), (503, "999999", 24 * 3600, 24 * 3600 + 2)] {
        receiver.change(|a| (a.status, a.headers) = (status, vec![("retry-after", asked.to_owned())]));
        assert_eq!(app.drain().await, 1);
        let wait = only(app, &admin).await.next_attempt_at.unwrap().since(app.clock.now());
        assert!((least * SECOND..=most * SECOND).contains(&wait), "{asked}: {wait}");
        app.clock.advance(wait);
    }
    assert_eq!(app.drain().await, 1);
    assert_eq!(only(app, &admin).await.state, DeliveryState::Exhausted, "Retry-After adds no attempt");
});

on_both!(gone_disables_the_webhook_at_once, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let (webhook, _) = app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    receiver.answer(500);
    app.publish(&platform, &participant("1")).await.unwrap();
    assert_eq!(app.drain().await, 1);
    receiver.answer(410);
    let seq = app.last_seq().await;
    app.publish(&platform, &participant("2")).await.unwrap();
    assert_eq!(app.drain().await, 1);
    let disabled = webhooks::get(app, &admin, &webhook.id).await.unwrap();
    assert_eq!(disabled.status, WebhookStatus::Disabled);
    assert!(disabled.disabled_cause.unwrap().contains("410"));
    assert_eq!(app.audited_after(seq).await, ["webhook.disabled"]);
    app.clock.advance(HOUR);
    assert_eq!(app.drain().await, 0, "the others wait");
    assert!(app.publish(&platform, &participant("3")).await.unwrap()[0].delivery_ids.is_empty());
    receiver.answer(200);
    let active = webhooks::set_active(app, &admin, &webhook.id, true).await.unwrap();
    assert_eq!((active.status, active.disabled_cause), (WebhookStatus::Active, None));
    assert_eq!(app.drain().await, 1);
});

on_both!(each_way_to_fail_has_its_name, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing = format!("http://{}/", nobody.local_addr().unwrap());
    drop(nobody);
    let (webhook, _) = app
        .live_webhook(&admin, &WebhookDraft { timeout_seconds: "1".into(), retry_schedule: String::new(), ..draft("A", &receiver.url) })
        .await;
    let mut version = webhook.version;
    for (n, (url, status, kind)) in [
        (&receiver.url, 404, FailureKind::HttpStatus),
        (&receiver.url, 302, FailureKind::Redirect),
        (&receiver.url, 0, FailureKind::Timeout),
        (&refusing, 200, FailureKind::Connect),
    ]
    .into_iter()
    .enumerate()
    {
        receiver.change(|a| (a.status, a.delay) = (status.max(200), if status == 0 { Duration::from_secs(3) } else { Duration::ZERO }));
        receiver.change(|a| a.headers = if status == 302 { vec![("location", "/elsewhere".to_owned())] } else { Vec::new() });
        let edit = WebhookDraft { timeout_seconds: "1".into(), retry_schedule: String::new(), ..draft("A", url) };
        version = webhooks::update(app, &admin, &webhook.id, version, &edit).await.unwrap().version;
        app.publish(&platform, &participant(&n.to_string())).await.unwrap();
        assert_eq!(app.drain().await, 1);
        let delivery = all(app, &admin).await.remove(0);
        assert_eq!((delivery.state, delivery.last_failure), (DeliveryState::Exhausted, Some(kind)), "an empty schedule is one attempt");
        let attempt = deliveries::get(app, &admin, &delivery.id, false).await.unwrap().attempts.remove(0);
        assert!(attempt.message.is_some_and(|m| m.len() > 10), "{kind:?} in a sentence");
    }
    assert!(receiver.requests().iter().all(|r| r.path == "/hooks"), "no redirect is followed");
    // An address that was good when it was saved is checked again at every attempt.
    app.execute("UPDATE webhooks SET url = 'http://10.0.0.1/hooks'").await.unwrap();
    app.publish(&platform, &participant("x")).await.unwrap();
    assert_eq!(app.drain().await, 1);
    assert_eq!(all(app, &admin).await.remove(0).last_failure, Some(FailureKind::BlockedAddress));
});

on_both!(what_a_crash_left_is_attempted_again_when_its_lease_runs_out, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    app.publish(&platform, &participant("1")).await.unwrap();
    // Another node takes it, and dies before it records anything.
    let (dead, _) = app.another_node(&app.clock, false).await;
    let mut tx = dead.store.begin().await.unwrap();
    let jobs = queue::claim(&mut tx, &dead.engine.node, app.clock.now(), dead.engine.lease_until(), &[], 10).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(jobs.len(), 1);
    dead.store.close().await;
    assert_eq!(app.drain().await, 0);
    app.clock.advance(45 * SECOND - 1);
    assert_eq!(app.drain().await, 0);
    app.clock.advance(1);
    assert_eq!(app.drain().await, 1);
    assert_eq!((only(app, &admin).await.state, receiver.count()), (DeliveryState::Delivered, 1));
});

on_both!(what_was_accepted_into_memory_survives_a_crash, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    // A node that hands deliveries to its dispatcher in memory, and dies before the dispatcher looks.
    let (dead, intake) = app.another_node(&app.clock, true).await;
    let accepted = events::publish(&dead, &platform, &participant("1")).await.unwrap();
    assert_eq!(accepted[0].delivery_ids.len(), 1);
    drop(intake);
    dead.store.close().await;
    drop(dead);
    assert_eq!(app.drain().await, 0, "leased from the start");
    app.clock.advance(45 * SECOND);
    assert_eq!((app.drain().await, receiver.count()), (1, 1));
});

on_both!(disabled_integrations_hold_everything_at_once, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    app.publish(&platform, &participant("1")).await.unwrap();
    let manager = app.member("heart", hookwell::model::permission::Role::ImplementationManager).await;
    integrations::switch(app, &manager, false, "audit").await.unwrap();
    assert_eq!(app.drain().await, 0);
    integrations::switch(app, &manager, true, "audit over").await.unwrap();
    assert_eq!((app.drain().await, receiver.count()), (1, 1));
    assert_eq!(only(app, &admin).await.state, DeliveryState::Delivered);
});

/// A dispatcher in the background, by the machine's clock; stops when told.
struct Running {
    app: hookwell::server::state::App,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn start(test: &TestApp) -> Self {
        let (app, intake) = test.another_node(&Clock::system(), true).await;
        let stop = CancellationToken::new();
        let task = tokio::spawn(Dispatcher::new(app.engine.clone(), intake).run(stop.clone()));
        Self { app, stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("an orderly stop");
        self.app.store.close().await;
    }
}

fn batch(from: usize, count: usize) -> Value {
    json!((from..from + count).map(|n| participant(&n.to_string())).collect::<Vec<_>>())
}

const WAITING: &str = "SELECT COUNT(*) FROM deliveries WHERE state <> 'delivered'";
const LEASED: &str = "SELECT COUNT(*) FROM deliveries WHERE lease_owner IS NOT NULL";

on_both!(the_dispatcher_delivers_what_is_accepted_and_what_waits, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    // Accepted before it runs; the manual clock's time is in its past or future, so that it is made due now.
    app.publish(&platform, &batch(0, 20)).await.unwrap();
    app.execute("UPDATE deliveries SET next_attempt_at = 0").await.unwrap();
    let running = Running::start(app).await;
    events::publish(&running.app, &platform, &batch(100, 20)).await.unwrap();
    until("all delivered", async || app.number(WAITING).await == 0).await;
    assert_eq!((receiver.count(), app.number(LEASED).await), (40, 0));
    let ids: std::collections::HashSet<_> = receiver.requests().iter().map(|r| r.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 40, "each once");
    running.stop().await;
});

on_both!(a_retry_comes_by_itself, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &WebhookDraft { retry_schedule: "1s, 1s".into(), ..draft("A", &receiver.url) }).await;
    receiver.answer(500);
    let running = Running::start(app).await;
    events::publish(&running.app, &platform, &participant("1")).await.unwrap();
    until("the first attempt failed", async || app.number("SELECT COUNT(*) FROM attempts").await == 1).await;
    receiver.answer(200);
    until("the second arrived", async || app.number(WAITING).await == 0).await;
    let requests = receiver.requests();
    let pause = requests[1].at - requests[0].at;
    assert!((Duration::from_millis(890)..Duration::from_millis(3000)).contains(&pause), "{pause:?}");
    running.stop().await;
});

on_both!(an_orderly_stop_ends_what_is_in_flight_and_gives_the_rest_back, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &WebhookDraft { concurrency: "2".into(), ..draft("A", &receiver.url) }).await;
    receiver.change(|a| a.delay = Duration::from_millis(300));
    let running = Running::start(app).await;
    events::publish(&running.app, &platform, &batch(0, 10)).await.unwrap();
    until("two are in flight", async || receiver.count() == 2).await;
    running.stop().await;
    assert_eq!((receiver.count(), app.number(LEASED).await), (2, 0));
    assert_eq!(app.number(WAITING).await, 8, "those in flight were recorded");
    // The next process takes over at once, and repeats nothing.
    receiver.answer(204);
    let running = Running::start(app).await;
    until("all delivered", async || app.number(WAITING).await == 0).await;
    assert_eq!(receiver.count(), 10);
    running.stop().await;
});

on_both!(a_slow_receiver_does_not_delay_another, |app| async {
    let (admin, platform, slow) = study(app).await;
    let fast = Receiver::start().await;
    slow.change(|a| a.delay = Duration::from_secs(8));
    app.live_webhook(&admin, &WebhookDraft { concurrency: "3".into(), ..draft("Slow", &slow.url) }).await;
    app.live_webhook(&admin, &draft("Fast", &fast.url)).await;
    let running = Running::start(app).await;
    let begun = std::time::Instant::now();
    events::publish(&running.app, &platform, &batch(0, 50)).await.unwrap();
    until("the fast one has all", async || fast.count() == 50).await;
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!((slow.count(), slow.most_open()), (3, 3), "its concurrency");
    // Not orderly: what is in flight would be waited for.
    running.task.abort();
    running.app.store.close().await;
});

on_both!(concurrency_and_rate_are_kept, |app| async {
    let (admin, platform, wide) = study(app).await;
    let paced = Receiver::start().await;
    wide.change(|a| a.delay = Duration::from_millis(30));
    app.live_webhook(&admin, &WebhookDraft { concurrency: "4".into(), ..draft("Wide", &wide.url) }).await;
    app.live_webhook(&admin, &WebhookDraft { rate_limit: "10".into(), ..draft("Paced", &paced.url) }).await;
    let running = Running::start(app).await;
    // In a burst, then one by one: a webhook that has nothing to do in between keeps its rate.
    events::publish(&running.app, &platform, &batch(0, 8)).await.unwrap();
    until("the burst", async || paced.count() == 8).await;
    for n in 0..4 {
        events::publish(&running.app, &platform, &batch(100 + n, 1)).await.unwrap();
        until("one", async || paced.count() == 9 + n).await;
    }
    until("all", async || wide.count() == 12).await;
    assert_eq!(wide.most_open(), 4);
    let requests = paced.requests();
    for four in requests.windows(4) {
        let pause = four[3].at - four[0].at;
        // 300 ms at the start; what a busy machine adds to one it takes from those after it.
        assert!(pause > Duration::from_millis(150), "{pause:?}");
    }
    let whole = requests[11].at - requests[0].at;
    assert!(whole > Duration::from_millis(1050), "{whole:?}");
    running.stop().await;
});

on_both!(an_active_webhook_gets_what_waited_without_delay, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let (webhook, _) = app.live_webhook(&admin, &draft("A", &receiver.url)).await;
    app.publish(&platform, &participant("1")).await.unwrap();
    app.execute("UPDATE deliveries SET next_attempt_at = 0").await.unwrap();
    webhooks::set_active(app, &admin, &webhook.id, false).await.unwrap();
    let running = Running::start(app).await;
    app.clock.advance(MINUTE);
    assert_eq!(receiver.count(), 0);
    webhooks::set_active(&running.app, &admin, &webhook.id, true).await.unwrap();
    until("delivered", async || app.number(WAITING).await == 0).await;
    running.stop().await;
});

on_both!(writes_that_come_together_share_a_commit_and_each_has_its_own_answer, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("All", &receiver.url)).await;
    app.study("lung").await;
    let other = app.platform("lung").await;
    // PostgreSQL's text takes no U+0000: one of the group cannot be written there, and takes nobody along.
    let mut bad = participant("bad");
    bad["source"] = "/a\u{0}b".into();
    let bad = hookwell::model::event::NewEvent {
        source: "/a\u{0}b".to_owned(),
        external_id: "bad".to_owned(),
        event_type: hookwell::model::event_type::EventType::ParticipantCreated,
        occurred_at: None,
        data: bad["data"].clone(),
    };
    let engine = &app.app.engine;
    let spoilt = hookwell::server::engine::intake::accept(engine, &admin.study, vec![bad], false);
    let all = (0..60).map(|n| {
        let (who, number) = if n % 3 == 0 { (&other, n) } else { (&platform, n / 2) };
        async move { events::publish(app, who, &participant(&number.to_string())).await }
    });
    let (spoilt, answers) = tokio::join!(spoilt, futures::future::join_all(all));
    assert_eq!(spoilt.is_err(), !app.store.is_sqlite());
    let answers: Vec<_> = answers.into_iter().map(|a| a.unwrap().remove(0)).collect();
    let news = answers.iter().filter(|a| !a.duplicate).count();
    let distinct: std::collections::HashSet<_> = answers.iter().map(|a| a.event_id.clone()).collect();
    assert_eq!(news, distinct.len(), "a key is new once, and its repetitions name the same event");
    let kept = app.number("SELECT COUNT(*) FROM events").await - i64::from(spoilt.is_ok());
    assert_eq!(kept, i64::try_from(news).unwrap());
    app.drain().await;
    let delivered = answers.iter().filter(|a| !a.delivery_ids.is_empty()).count();
    assert_eq!(receiver.count() - usize::from(spoilt.is_ok()), delivered);
    assert!(delivered > 0 && delivered < news, "the other study has no webhook");
});

on_both!(what_a_caller_left_in_the_middle_of_its_commit_is_not_held_for_ever, |app| async {
    use hookwell::server::engine::intake::{self, Audience, Planned};
    let (admin, _, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("All", &receiver.url)).await;
    // A node with a dispatcher, so that it leases; nobody takes what it hands over.
    let (node, _intake) = app.another_node(&app.clock, true).await;
    let event = hookwell::model::event::NewEvent {
        source: "/a".to_owned(),
        external_id: "1".to_owned(),
        event_type: hookwell::model::event_type::EventType::ParticipantCreated,
        occurred_at: None,
        data: participant("1")["data"].clone(),
    };
    let hooks = intake::webhooks_of(&node.engine, &admin.study).await.unwrap();
    let mut planned = Planned::new(&node.engine, &admin.study, &hooks, vec![event], Audience::Subscribed, false);
    let mut tx = node.store.begin().await.unwrap();
    planned.write(&node.engine, &mut tx).await.unwrap();
    tx.commit().await.unwrap();
    // The connection broke off here: the plan is dropped, committed and not handed on.
    drop(planned);
    assert_eq!(app.drain().await, 0, "leased");
    node.engine.heartbeat().await.unwrap();
    assert_eq!((app.drain().await, receiver.count()), (1, 1));
});

on_both!(a_dead_receiver_gets_one_probe_at_a_time_with_growing_pauses, |app| async {
    let (admin, platform, receiver) = study(app).await;
    app.live_webhook(&admin, &draft("Dead", &receiver.url)).await;
    receiver.answer(500);
    events::publish(app, &platform, &batch(0, 30)).await.unwrap();
    // Every first attempt is due at once; the tenth failure opens the breaker, and what was claimed beside it ends.
    let mut claimed = 0;
    while claimed < 10 {
        claimed += app.drain_some(5).await;
    }
    assert_eq!(receiver.count(), 10);
    assert_eq!(app.drain().await, 0, "open");
    for pause in [30, 60, 120] {
        // An attempt takes its time, from whose end the pause counts.
        app.clock.advance((pause - 1) * SECOND);
        assert_eq!(app.drain_some(100).await, 0, "before {pause} s");
        app.clock.advance(2 * SECOND);
        assert_eq!(app.drain_some(100).await, 1, "one probe after {pause} s");
        assert_eq!(app.drain_some(100).await, 0);
    }
    // By hand somebody may ask all the same.
    let one = deliveries::list(app, &admin, None, &DeliveryFilter::default(), 1).await.unwrap().items.remove(0);
    deliveries::retry(app, &admin, &one.id, "is it back?").await.unwrap();
    assert_eq!(app.drain_some(100).await, 1);
    // A probe that arrives closes it, and everything that waits goes out.
    receiver.answer(204);
    app.clock.advance(242 * SECOND);
    assert_eq!(app.drain_some(1).await, 1);
    assert_eq!(app.number("SELECT COUNT(*) FROM webhook_health").await, 0);
    app.clock.advance(3600 * SECOND);
    app.drain().await;
    assert_eq!(app.number("SELECT COUNT(*) FROM deliveries WHERE state = 'delivered'").await, 30);
});

on_both!(ten_exhausted_in_a_row_or_three_days_disable, |app| async {
    let (admin, platform, receiver) = study(app).await;
    let brief = WebhookDraft { retry_schedule: String::new(), ..draft("Brief", &receiver.url) };
    let (brief, _) = app.live_webhook(&admin, &brief).await;
    receiver.answer(500);
    for n in 0..9 {
        events::publish(app, &platform, &participant(&n.to_string())).await.unwrap();
        app.drain().await;
    }
    let now = async |id| webhooks::get(app, &admin, id).await.unwrap();
    assert_eq!(now(&brief.id).await.status, WebhookStatus::Active);
    events::publish(app, &platform, &participant("tenth")).await.unwrap();
    app.drain().await;
    let disabled = now(&brief.id).await;
    assert_eq!(disabled.status, WebhookStatus::Disabled);
    assert!(disabled.disabled_cause.as_deref().is_some_and(|c| c.starts_with("10 deliveries in a row")), "{disabled:?}");
    let told = app.texts("SELECT event_type FROM outbox ORDER BY event_type").await;
    assert_eq!(told.iter().filter(|t| *t == "webhook.disabled").count(), 1);
    assert_eq!(told.iter().filter(|t| *t == "delivery.exhausted").count(), 10);
    // Made active again, it begins anew.
    webhooks::set_active(app, &admin, &brief.id, true).await.unwrap();
    events::publish(app, &platform, &participant("eleventh")).await.unwrap();
    app.drain().await;
    assert_eq!(now(&brief.id).await.status, WebhookStatus::Active);
    webhooks::set_active(app, &admin, &brief.id, false).await.unwrap();

    // Three days without one success, whatever the schedule has left.
    let long = WebhookDraft { retry_schedule: "1d, 1d, 1d, 1d, 1d, 1d".into(), ..draft("Long", &receiver.url) };
    let (long, _) = app.live_webhook(&admin, &long).await;
    receiver.answer(500);
    events::publish(app, &platform, &participant("long")).await.unwrap();
    app.drain().await;
    for day in 1..=4 {
        assert_eq!(now(&long.id).await.status, WebhookStatus::Active, "day {day}");
        app.clock.advance(27 * 3600 * SECOND);
        app.drain().await;
        if now(&long.id).await.status == WebhookStatus::Disabled {
            assert_eq!(day, 3);
            return;
        }
    }
    panic!("still active after four days");
});

on_both!(one_of_two_that_ask_has_the_probe_and_the_other_sends_nothing, |app| async {
    use hookwell::model::time::Timestamp;
    use hookwell::server::store::health::{self, Probe};
    let (admin, _, receiver) = study(app).await;
    let (webhook, _) = app.live_webhook(&admin, &draft("Dead", &receiver.url)).await;
    app.execute(&format!(
        "INSERT INTO webhook_health (study_id, webhook_id, failures, failing_since, exhausted, probe_at) VALUES ('{}', '{}', 10, 0, 0, 100)",
        admin.study.id, webhook.id
    ))
    .await
    .unwrap();
    let asked = [(&admin.study.id, &webhook.id)].into();
    let mut tx = app.store.begin().await.unwrap();
    let mut probe =
        async |now| health::take_probes(&mut tx, &asked, Timestamp(now), Timestamp(now + 50)).await.unwrap().remove(&webhook.id);
    assert_eq!(probe(99).await, Some(Probe::NotOurs), "not due");
    assert_eq!(probe(100).await, Some(Probe::Ours));
    assert_eq!(probe(101).await, Some(Probe::NotOurs), "taken");
    assert_eq!(probe(150).await, Some(Probe::Ours), "whoever had it is gone");
});
