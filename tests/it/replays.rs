//! Replaying many: what is counted is what happens, once, at its rate, whatever node does it.

use crate::harness::{Receiver, START, TestApp, draft, fields, form, participant};
use hookwell::model::delivery::{Delivery, DeliveryFilter, DeliveryQuery, DeliveryState, Trigger};
use hookwell::model::event_type::EventType;
use hookwell::model::permission::{Role, Scope};
use hookwell::model::replay::{Outcomes, Replay, ReplayDraft, ReplayState};
use hookwell::model::time::{HOUR, SECOND};
use hookwell::model::webhook::Webhook;
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::Actor;
use hookwell::server::chores;
use hookwell::server::service::replays::{self, ReplayView};
use hookwell::server::service::{deliveries, samples, webhooks};
use std::collections::HashMap;

struct World {
    admin: Actor,
    platform: Actor,
    receiver: Receiver,
    webhook: Webhook,
}

impl World {
    async fn new(app: &TestApp) -> Self {
        app.study("heart").await;
        let (admin, platform, receiver) = (app.admin("heart").await, app.platform("heart").await, Receiver::start().await);
        let short = WebhookDraft { retry_schedule: "10s".into(), ..draft("A", &receiver.url) };
        let (webhook, _) = app.live_webhook(&admin, &short).await;
        Self { admin, platform, receiver, webhook }
    }

    /// Publishes so many participants, a second apart, and attempts each once.
    async fn publish(&self, app: &TestApp, first: usize, count: usize) {
        for i in first..first + count {
            app.publish(&self.platform, &participant(&format!("e{i:03}"))).await.unwrap();
            app.clock.advance(SECOND);
        }
        app.drain().await;
    }

    async fn start(&self, app: &TestApp, draft: &ReplayDraft) -> Replay {
        replays::start(app, &self.admin, &self.webhook.id, draft).await.expect("begins")
    }

    async fn view(&self, app: &TestApp, replay: &Replay) -> ReplayView {
        replays::get(app, &self.admin, &replay.id).await.expect("is there")
    }

    /// State, made due, left alone.
    async fn progress(&self, app: &TestApp, replay: &Replay) -> (ReplayState, i64, i64) {
        let r = self.view(app, replay).await.replay;
        (r.state, r.made_due, r.skipped)
    }

    async fn all(&self, app: &TestApp) -> Vec<Delivery> {
        deliveries::list(app, &self.admin, None, &DeliveryFilter::default(), 200).await.unwrap().items
    }

    /// How often each delivery arrived.
    fn arrivals(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for request in self.receiver.requests() {
            *counts.entry(request.header("webhook-id").to_owned()).or_default() += 1;
        }
        counts
    }
}

fn ask(state: &str, rate: &str) -> ReplayDraft {
    let query = DeliveryQuery { state: state.into(), ..DeliveryQuery::default() };
    ReplayDraft { query, rate: rate.into(), reason: "the receiver was mended".into() }
}

on_both!(what_was_counted_is_what_happens, |app| async {
    let w = World::new(app).await;
    w.publish(app, 0, 3).await;
    w.receiver.answer(500);
    app.publish(&w.platform, &form("f", "v1", "s1")).await.unwrap();
    app.drain().await;
    app.clock.advance(20 * SECOND);
    app.drain().await;
    // One more, which still waits for its second attempt.
    app.publish(&w.platform, &participant("waits")).await.unwrap();
    app.drain().await;
    let first_bodies: HashMap<String, _> = w.receiver.requests().into_iter().map(|r| (r.header("webhook-id").to_owned(), r.body)).collect();
    w.receiver.forget();

    let before = (app.last_seq().await, app.dump("deliveries").await);
    let found = replays::dry_run(app, &w.admin, &w.webhook.id, &ask("", "")).await.unwrap();
    assert_eq!((found.total, found.on_their_way, found.ready()), (5, 1, 4));
    assert_eq!(found.by_type, [(EventType::ParticipantCreated, 4), (EventType::FormCompleted, 1)]);
    assert_eq!(found.by_state, [(DeliveryState::Delivered, 3), (DeliveryState::Exhausted, 1), (DeliveryState::Retrying, 1)]);
    assert_eq!((found.oldest, found.newest), (Some(START), Some(START.plus(23 * SECOND))));
    let failed = replays::dry_run(app, &w.admin, &w.webhook.id, &ask("failed", "")).await.unwrap();
    assert_eq!((failed.total, failed.by_type.as_slice()), (1, [(EventType::FormCompleted, 1)].as_slice()));
    assert_eq!((app.last_seq().await, app.dump("deliveries").await), before, "a dry run changes nothing");
    assert_eq!(app.number("SELECT COUNT(*) FROM replays").await, 0);

    w.receiver.answer(204);
    let replay = w.start(app, &ask("", "")).await;
    assert_eq!(replay.planned, found.total);
    // Accepted after it began: not meant.
    app.clock.advance(SECOND);
    app.publish(&w.platform, &participant("later")).await.unwrap();
    chores::drain(app).await.unwrap();
    assert_eq!(w.progress(app, &replay).await, (ReplayState::Done, found.ready(), found.on_their_way));
    assert_eq!(w.view(app, &replay).await.outcomes, Outcomes { waiting: 4, ..Outcomes::default() });
    app.drain().await;
    assert_eq!(w.view(app, &replay).await.outcomes, Outcomes { delivered: 4, ..Outcomes::default() });

    // The same bytes under the same ids, each once.
    let again: Vec<_> = w.receiver.requests().into_iter().filter(|r| first_bodies.contains_key(r.header("webhook-id"))).collect();
    assert_eq!(again.len(), 4);
    for request in &again {
        assert_eq!(first_bodies[request.header("webhook-id")], request.body);
    }
    assert!(w.arrivals().values().all(|n| *n == 1));
    // The id of the replay finds them.
    let query = DeliveryQuery { q: replay.id.to_string(), ..DeliveryQuery::default() };
    let of_it = deliveries::list(app, &w.admin, Some(&w.webhook.id), &query.check().unwrap(), 200).await.unwrap().items;
    assert_eq!(of_it.len(), 4);
    let attempt = deliveries::get(app, &w.admin, &of_it[0].id, false).await.unwrap().attempts.pop().unwrap();
    let said = (attempt.trigger, attempt.requested_by.as_deref(), attempt.reason.as_deref());
    assert_eq!(said, (Trigger::Replay, Some("administrator"), Some("the receiver was mended")));
});

on_both!(a_replayed_delivery_has_its_schedule_from_the_start, |app| async {
    let w = World::new(app).await;
    w.publish(app, 0, 1).await;
    w.receiver.answer(500);
    w.publish(app, 1, 1).await;
    app.clock.advance(20 * SECOND);
    app.drain().await;
    let states = async || w.all(app).await.iter().map(|d| (d.state, d.attempts, d.next_attempt_at.is_some())).collect::<Vec<_>>();
    assert_eq!(states().await, [(DeliveryState::Exhausted, 2, false), (DeliveryState::Delivered, 1, false)]);

    // It fails again: what was exhausted is retried as if it were new, what was delivered stays so.
    let replay = w.start(app, &ask("", "")).await;
    chores::drain(app).await.unwrap();
    assert_eq!(states().await, [(DeliveryState::Retrying, 2, true), (DeliveryState::Delivered, 1, true)]);
    app.drain().await;
    assert_eq!(states().await, [(DeliveryState::Retrying, 3, true), (DeliveryState::Delivered, 2, false)]);
    assert_eq!(w.view(app, &replay).await.outcomes, Outcomes { waiting: 1, failed: 1, delivered: 0 });
    app.clock.advance(20 * SECOND);
    app.drain().await;
    assert_eq!(states().await, [(DeliveryState::Exhausted, 4, false), (DeliveryState::Delivered, 2, false)]);
    assert_eq!(w.view(app, &replay).await.outcomes, Outcomes { failed: 2, ..Outcomes::default() });
    let exhausted = w.all(app).await.remove(0);
    let triggers: Vec<_> = deliveries::get(app, &w.admin, &exhausted.id, false).await.unwrap().attempts.iter().map(|a| a.trigger).collect();
    assert_eq!(triggers, [Trigger::Schedule, Trigger::Schedule, Trigger::Replay, Trigger::Schedule]);

    // A later replay takes it over; the earlier one says so.
    w.receiver.answer(204);
    let query = DeliveryQuery { q: replay.id.to_string(), state: "failed".into(), ..DeliveryQuery::default() };
    let later = w.start(app, &ReplayDraft { query, ..ask("", "") }).await;
    chores::drain(app).await.unwrap();
    app.drain().await;
    assert_eq!(w.view(app, &later).await.outcomes, Outcomes { delivered: 1, ..Outcomes::default() });
    assert_eq!(w.view(app, &replay).await.outcomes.elsewhere(2), 1);
});

on_both!(a_replay_goes_on_after_a_restart_where_it_was, |app| async {
    let w = World::new(app).await;
    w.publish(app, 0, 12).await;
    let replay = w.start(app, &ask("", "5")).await;
    app.clock.advance(SECOND);
    chores::drain(app).await.unwrap();
    assert_eq!(w.progress(app, &replay).await, (ReplayState::Running, 5, 0));
    // A step that was not committed leaves nothing behind: the next node reads the row as it was.
    let (next, _intake) = app.another_node(&app.clock, false).await;
    app.clock.advance(SECOND);
    chores::drain(&next).await.unwrap();
    assert_eq!(w.progress(app, &replay).await, (ReplayState::Running, 10, 0));
    app.drain().await;
    app.clock.advance(10 * SECOND);
    chores::drain(&next).await.unwrap();
    assert_eq!(w.progress(app, &replay).await, (ReplayState::Done, 12, 0));
    app.drain().await;
    assert_eq!(w.arrivals().len(), 12);
    assert!(w.arrivals().values().all(|n| *n == 2), "once when it was accepted, once by the replay: {:?}", w.arrivals());
    next.store.close().await;
});

on_both!(two_nodes_at_once_do_nothing_twice, |app| async {
    let w = World::new(app).await;
    w.publish(app, 0, 40).await;
    let replay = w.start(app, &ask("", "10")).await;
    let (second, _intake) = app.another_node(&app.clock, false).await;
    let mut made_due = 0;
    for _ in 0..4 {
        app.clock.advance(SECOND);
        let (one, two) = tokio::join!(chores::drain(app), chores::drain(&second));
        one.and(two).expect("both may try");
        made_due += 10;
        // No more than the rate, whoever did it.
        assert_eq!(w.progress(app, &replay).await.1, made_due);
    }
    app.clock.advance(SECOND);
    let (one, two) = tokio::join!(chores::drain(app), chores::drain(&second));
    one.and(two).expect("both may try");
    assert_eq!(w.progress(app, &replay).await, (ReplayState::Done, 40, 0));
    app.drain().await;
    assert!(w.arrivals().values().all(|n| *n == 2), "{:?}", w.arrivals());
    let ended = format!("SELECT COUNT(*) FROM audit WHERE action = 'replay.done' AND object = '{}'", replay.id);
    assert_eq!(app.number(&ended).await, 1);
    second.store.close().await;
});

on_both!(somebody_pauses_resumes_and_cancels, |app| async {
    let w = World::new(app).await;
    w.publish(app, 0, 10).await;
    let seq = app.last_seq().await;
    let replay = w.start(app, &ask("", "2")).await;
    app.clock.advance(SECOND);
    chores::drain(app).await.unwrap();
    let refused = async |what: &str, answer: Result<Replay, hookwell::error::AppError>| {
        assert_eq!(answer.expect_err(what).status(), 409, "{what}");
    };
    refused("it runs", replays::resume(app, &w.admin, &replay.id).await).await;
    replays::pause(app, &w.admin, &replay.id).await.unwrap();
    refused("it is paused", replays::pause(app, &w.admin, &replay.id).await).await;
    app.clock.advance(HOUR);
    chores::drain(app).await.unwrap();
    assert_eq!(w.progress(app, &replay).await, (ReplayState::Paused, 2, 0));
    // Its rate counts from here, not from before the pause.
    replays::resume(app, &w.admin, &replay.id).await.unwrap();
    chores::drain(app).await.unwrap();
    assert_eq!(w.progress(app, &replay).await, (ReplayState::Running, 2, 0));
    app.clock.advance(SECOND);
    chores::drain(app).await.unwrap();
    assert_eq!(w.progress(app, &replay).await, (ReplayState::Running, 4, 0));
    replays::cancel(app, &w.admin, &replay.id).await.unwrap();
    app.clock.advance(HOUR);
    chores::drain(app).await.unwrap();
    let ended = w.view(app, &replay).await.replay;
    assert_eq!((ended.state, ended.made_due, ended.finished_at.is_some()), (ReplayState::Cancelled, 4, true));
    for answer in [replays::resume(app, &w.admin, &replay.id).await, replays::cancel(app, &w.admin, &replay.id).await] {
        refused("it has ended", answer).await;
    }
    // What was made due is sent.
    app.drain().await;
    assert_eq!(w.view(app, &replay).await.outcomes, Outcomes { delivered: 4, ..Outcomes::default() });
    assert_eq!(app.audited_after(seq).await, ["replay.started", "replay.paused", "replay.resumed", "replay.cancelled"]);
    let why = app.texts(&format!("SELECT reason FROM audit WHERE seq > {seq} AND reason IS NOT NULL")).await;
    assert_eq!(why, ["the receiver was mended"]);
    assert_eq!(replays::latest(app, &w.admin, Some(&w.webhook.id)).await.unwrap()[0].id, replay.id);
});

on_both!(the_rate_is_kept_by_the_clock, |app| async {
    let w = World::new(app).await;
    w.publish(app, 0, 60).await;
    let replay = w.start(app, &ask("", "4")).await;
    let made_due = async || {
        chores::drain(app).await.unwrap();
        w.progress(app, &replay).await.1
    };
    assert_eq!(made_due().await, 0);
    app.clock.advance(SECOND / 4);
    assert_eq!(made_due().await, 1);
    assert_eq!(made_due().await, 1, "no more without time");
    for _ in 0..10 {
        app.clock.advance(SECOND / 10);
        made_due().await;
    }
    assert_eq!(made_due().await, 5, "what is left of a step is not lost");
    // While the webhook cannot receive, nothing is made due, and not all of it afterwards at once.
    webhooks::set_active(app, &w.admin, &w.webhook.id, false).await.unwrap();
    app.clock.advance(HOUR);
    assert_eq!(made_due().await, 5);
    assert!(w.view(app, &replay).await.held_back.is_some_and(|why| why.contains("inactive")));
    webhooks::set_active(app, &w.admin, &w.webhook.id, true).await.unwrap();
    assert_eq!(made_due().await, 5 + 20, "five seconds' worth");
    assert_eq!(w.view(app, &replay).await.held_back, None);
    // Its webhook is archived: it ends by itself.
    webhooks::archive(app, &w.admin, &w.webhook.id, "not wanted any more").await.unwrap();
    assert_eq!(made_due().await, 25);
    assert_eq!(w.progress(app, &replay).await.0, ReplayState::Cancelled);
});

on_both!(without_a_rate_no_more_is_made_due_than_is_worked_off, |app| async {
    let w = World::new(app).await;
    let names: Vec<_> = (0..1100).map(|i| participant(&format!("e{i:04}"))).collect();
    for batch in names.chunks(550) {
        app.publish(&w.platform, &serde_json::json!(batch)).await.unwrap();
    }
    app.execute("UPDATE deliveries SET state = 'exhausted', next_attempt_at = NULL, attempts = 2").await.unwrap();
    let replay = w.start(app, &ask("failed", "")).await;
    chores::drain(app).await.unwrap();
    assert_eq!(w.progress(app, &replay).await, (ReplayState::Running, 1000, 0));
    app.drain().await;
    chores::drain(app).await.unwrap();
    assert_eq!(w.progress(app, &replay).await, (ReplayState::Done, 1100, 0));
    app.drain().await;
    assert_eq!(w.view(app, &replay).await.outcomes, Outcomes { delivered: 1100, ..Outcomes::default() });
    assert_eq!(w.receiver.count(), 1100);
});

on_both!(what_cannot_be_replayed_is_refused, |app| async {
    let w = World::new(app).await;
    w.publish(app, 0, 2).await;
    let start = async |draft: ReplayDraft| replays::start(app, &w.admin, &w.webhook.id, &draft).await.expect_err("refused");
    assert_eq!(fields(&start(ReplayDraft { reason: "x".into(), ..ask("x", "0") }).await), ["state", "rate", "reason"]);
    assert_eq!(fields(&start(ReplayDraft { reason: String::new(), ..ask("", "") }).await), ["reason"]);
    assert_eq!(start(ask("failed", "")).await.status(), 409, "nothing is like that");
    webhooks::set_active(app, &w.admin, &w.webhook.id, false).await.unwrap();
    assert!(start(ask("", "")).await.to_string().contains("inactive"));
    webhooks::set_active(app, &w.admin, &w.webhook.id, true).await.unwrap();
    let none = "rpl_00000000000000000000000000000000".parse().unwrap();
    assert_eq!(replays::get(app, &w.admin, &none).await.expect_err("unknown").status(), 404);
    assert_eq!(app.number("SELECT COUNT(*) FROM replays").await, 0);
});

on_both!(qa_replays_test_deliveries_alone, |app| async {
    let w = World::new(app).await;
    w.publish(app, 0, 2).await;
    samples::send(app, &w.admin, &w.webhook.id, EventType::WebhookTest, EventType::WebhookTest.example()).await.unwrap();
    let qa = app.member("heart", Role::Qa).await;
    let live = ReplayDraft { query: DeliveryQuery { mode: "live".into(), ..DeliveryQuery::default() }, ..ask("", "") };
    for answer in
        [replays::dry_run(app, &qa, &w.webhook.id, &live).await.map(drop), replays::start(app, &qa, &w.webhook.id, &live).await.map(drop)]
    {
        assert_eq!(answer.expect_err("live").status(), 403);
    }
    assert_eq!(replays::dry_run(app, &qa, &w.webhook.id, &ask("", "")).await.unwrap().total, 1);
    w.receiver.forget();
    let replay = replays::start(app, &qa, &w.webhook.id, &ask("", "")).await.unwrap();
    chores::drain(app).await.unwrap();
    app.drain().await;
    assert_eq!((replay.planned, w.receiver.count()), (1, 1));
    // Somebody else's live one is none of theirs.
    let of_admin = w.start(app, &live).await;
    for answer in [
        replays::pause(app, &qa, &of_admin.id).await,
        replays::cancel(app, &qa, &of_admin.id).await,
        replays::cancel(app, &app.member("heart", Role::Auditor).await, &of_admin.id).await,
        replays::cancel(app, &app.key("heart", &[Scope::WebhooksWrite]).await, &of_admin.id).await,
    ] {
        assert_eq!(answer.expect_err("not theirs").status(), 403);
    }
    assert_eq!(w.progress(app, &of_admin).await.0, ReplayState::Running);
});
