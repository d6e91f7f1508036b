//! Study data: when an event fires and when none does, tried by hand (PRODUCT.md §3).

use crate::harness::{Receiver, TestApp, draft, fields};
use hookwell::model::event_type::EventType;
use hookwell::model::form::{Form, FormDraft};
use hookwell::model::id::FormId;
use hookwell::model::participant::{Participant, ParticipantDraft};
use hookwell::model::record::{ReviewLevel, ReviewLevels};
use hookwell::model::response::{Response, ResponseStatus};
use hookwell::model::schedule::{RunCause, ScheduleDraft};
use hookwell::model::time::{DAY, HOUR, MINUTE};
use hookwell::model::webhook::{Content, Webhook};
use hookwell::model::webhook_draft::{SYNCHRONOUS, WebhookDraft};
use hookwell::server::auth::Actor;
use hookwell::server::chores;
use hookwell::server::service::records::RecordChange;
use hookwell::server::service::responses::{NewResponse, ResponseChange};
use hookwell::server::service::{events, forms, imports, participants, records, responses, schedules, sites};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A study with an administrator and a live webhook that is subscribed to everything a study does.
struct Scene {
    admin: Actor,
    receiver: Receiver,
    webhook: Webhook,
}

async fn scene(app: &TestApp) -> Scene {
    app.study("heart").await;
    let (admin, receiver) = (app.admin("heart").await, Receiver::start().await);
    let types = EventType::ALL.iter().filter(|t| t.can_be_published()).map(|t| t.name().to_owned()).collect();
    let all = WebhookDraft { events: types, content: Content::Full.as_str().into(), ..draft("All", &receiver.url) };
    let (webhook, _) = app.live_webhook(&admin, &all).await;
    Scene { admin, receiver, webhook }
}

impl Scene {
    /// The types that arrived since this was last asked.
    async fn arrived(&self, app: &TestApp) -> Vec<String> {
        app.drain().await;
        let types = self.receiver.requests().iter().map(|r| r.json()["type"].as_str().unwrap().to_owned()).collect();
        self.receiver.forget();
        types
    }

    async fn participant(&self, app: &TestApp, identifier: &str) -> Participant {
        let draft = ParticipantDraft { identifier: identifier.into(), ..ParticipantDraft::default() };
        participants::create(app, &self.admin, &draft, false).await.unwrap().thing
    }

    async fn form(&self, app: &TestApp, kind: &str, name: &str) -> Form {
        let draft =
            FormDraft { kind: kind.into(), name: name.into(), questions: "pain | Pain? | number | required\nnote | Note | text".into() };
        forms::create(app, &self.admin, &draft).await.unwrap()
    }

    async fn begin(&self, app: &TestApp, form: &FormId, participant: &Participant, status: ResponseStatus, answers: Value) -> Response {
        let new = NewResponse { form: form.clone(), participant: participant.id.clone(), status, answers: object(answers) };
        responses::begin(app, &self.admin, new, false).await.unwrap().thing
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn change(status: ResponseStatus, answers: Value) -> ResponseChange {
    ResponseChange { version: None, status, answers: object(answers) }
}

on_both!(a_participant_is_created_once_and_updates_make_no_event, |app| async {
    let scene = scene(app).await;
    let site = sites::create(app, &scene.admin, "Basel").await.unwrap();
    let draft =
        ParticipantDraft { identifier: "A-1".into(), site: "Basel".into(), email: "ada@example.com".into(), details: "arm: B".into() };
    let ada = participants::create(app, &scene.admin, &draft, false).await.unwrap().thing;
    app.drain().await;
    let data = scene.receiver.last().json()["data"].clone();
    assert_eq!(
        data,
        json!({"participant": {"id": ada.id, "identifier": "A-1", "email": "ada@example.com", "details": {"arm": "B"}}, "site": {"id": site.id, "name": "Basel"}})
    );
    assert_eq!(scene.arrived(app).await, ["participant.created"]);
    let changed = ParticipantDraft { email: "ada@example.org".into(), ..draft.clone() };
    participants::update(app, &scene.admin, &ada.id, Some(ada.version), &changed).await.unwrap();
    assert!(scene.arrived(app).await.is_empty());
    // The same identifier again: refused, and nothing half-written stays.
    let error = participants::create(app, &scene.admin, &draft, false).await.expect_err("taken");
    assert_eq!(fields(&error), ["identifier"]);
    assert!(scene.arrived(app).await.is_empty());
    // Without one, one is made.
    let made = participants::create(app, &scene.admin, &ParticipantDraft::default(), false).await.unwrap().thing;
    assert!(made.identifier.starts_with("P-"), "{}", made.identifier);
    // What may be a person's own is not in the audit trail.
    assert!(!app.dump("audit").await.concat().contains("example.com"));
});

on_both!(a_form_fires_when_it_is_completed_and_never_else, |app| async {
    let scene = scene(app).await;
    let ada = scene.participant(app, "A-1").await;
    let form = scene.form(app, "form", "Visit").await;
    scene.arrived(app).await;
    let response = scene.begin(app, &form.id, &ada, ResponseStatus::Partial, json!({"note": "so far"})).await;
    assert!(scene.arrived(app).await.is_empty(), "a partial save fires nothing");
    let save = async |status, answers| responses::save(app, &scene.admin, &response.id, change(status, answers), false).await;
    let error = save(ResponseStatus::Completed, json!({"note": "x"})).await.expect_err("pain is required");
    assert_eq!(fields(&error), ["answers.pain"]);
    save(ResponseStatus::Partial, json!({"pain": 3})).await.unwrap();
    assert!(scene.arrived(app).await.is_empty());
    save(ResponseStatus::Completed, json!({"pain": 3})).await.unwrap();
    app.drain().await;
    let data = scene.receiver.last().json()["data"].clone();
    assert_eq!(data["response"]["status"], "completed");
    assert_eq!(data["response"]["submitted_by"], "coordinator");
    assert_eq!(data["answers"], json!({"pain": 3}));
    assert_eq!(scene.arrived(app).await, ["form.completed"]);
    save(ResponseStatus::Completed, json!({"pain": 4})).await.unwrap();
    assert!(scene.arrived(app).await.is_empty(), "completed saved again fires nothing");
    for back in [ResponseStatus::Partial, ResponseStatus::New] {
        assert_eq!(fields(&save(back, json!({})).await.expect_err("back")), ["status"]);
    }
});

on_both!(a_survey_fires_when_it_is_assigned_and_once_a_result, |app| async {
    let scene = scene(app).await;
    let ada = scene.participant(app, "A-1").await;
    let survey = scene.form(app, "survey", "PROMIS").await;
    scene.arrived(app).await;
    let response = scene.begin(app, &survey.id, &ada, ResponseStatus::New, json!({})).await;
    assert_eq!(scene.arrived(app).await, ["survey.created"]);
    // The participant, by their link: partial, then complete.
    let token = responses::make_link(app, &scene.admin, &response.id).await.unwrap();
    let by_link = async |status, answers| responses::save_by_link(app, token.expose(), change(status, answers)).await;
    by_link(ResponseStatus::Partial, json!({"note": "later"})).await.unwrap();
    assert!(scene.arrived(app).await.is_empty());
    let done = by_link(ResponseStatus::Completed, json!({"pain": "5"})).await.unwrap();
    assert_eq!(done.answers, object(json!({"pain": 5})));
    assert_eq!(scene.arrived(app).await, ["survey.completed"]);
    assert_eq!(by_link(ResponseStatus::Completed, json!({"pain": 6})).await.expect_err("submitted").status(), 409);
    assert_eq!(responses::by_link(app, "guessed").await.expect_err("none").status(), 404);
    // At once, by a platform: both events, in order.
    scene.begin(app, &survey.id, &ada, ResponseStatus::Completed, json!({"pain": 1})).await;
    assert_eq!(scene.arrived(app).await, ["survey.created", "survey.completed"]);
});

on_both!(an_unlisted_survey_fires_nothing_and_the_event_says_why, |app| async {
    let scene = scene(app).await;
    let ada = scene.participant(app, "A-1").await;
    let (listed, other) = (scene.form(app, "survey", "Listed").await, scene.form(app, "survey", "Other").await);
    let only =
        WebhookDraft { forms: listed.id.to_string(), events: vec!["survey.completed".into()], ..draft("Listed only", &scene.receiver.url) };
    let (only, _) = app.live_webhook(&scene.admin, &only).await;
    scene.begin(app, &other.id, &ada, ResponseStatus::Completed, json!({"pain": 1})).await;
    app.drain().await;
    let newest = events::list(app, &scene.admin, None, 1).await.unwrap().items.remove(0);
    let detail = events::get(app, &scene.admin, &newest.id, false).await.unwrap();
    assert_eq!(detail.name_of(&only.id), "Listed only");
    let (event, deliveries) = (detail.event, detail.deliveries);
    assert_eq!(event.event_type, EventType::SurveyCompleted);
    assert_eq!(deliveries.iter().map(|d| &d.webhook_id).collect::<Vec<_>>(), [&scene.webhook.id]);
    assert_eq!(event.skipped.len(), 1);
    assert_eq!((&event.skipped[0].webhook_id, event.skipped[0].reason.as_str()), (&only.id, "form"));
    assert!(event.skipped[0].reason.is_filter());
    // A form that is not of this study cannot be listed.
    let unknown = WebhookDraft { forms: FormId::from_bits(7).to_string(), ..WebhookDraft::of(&only) };
    let error =
        hookwell::server::service::webhooks::update(app, &scene.admin, &only.id, only.version, &unknown).await.expect_err("unknown");
    assert_eq!(fields(&error), ["forms"]);
});

fn level(name: &str, lock: bool, sign: bool) -> ReviewLevel {
    ReviewLevel { seq: 0, name: name.into(), roles: [4, -1, -1], field_level: true, lock, sign, soft: false, description: name.into() }
}

on_both!(records_are_inserted_updated_reviewed_and_their_locks_broken, |app| async {
    let scene = scene(app).await;
    let ada = scene.participant(app, "A-1").await;
    let form = scene.form(app, "form", "Vitals").await;
    let levels = ReviewLevels(vec![level("Data entry", false, false), level("Monitor Review", true, false), level("Sign-off", true, true)]);
    records::set_levels(app, &scene.admin, levels).await.unwrap();
    scene.arrived(app).await;
    let record = records::create(app, &scene.admin, &form.id, Some(&ada.id), &object(json!({"pain": 1})), false).await.unwrap().thing;
    assert_eq!(record.trans_id, 1);
    assert_eq!(scene.arrived(app).await, ["record.inserted"]);
    let update = async |break_lock| {
        let change = RecordChange { version: None, answers: object(json!({"pain": 2})), break_lock };
        records::update(app, &scene.admin, &record.id, change, false).await
    };
    update(false).await.unwrap();
    assert_eq!(scene.arrived(app).await, ["record.updated"]);
    let review = async |to, password: Option<&str>| {
        let password = password.map(|p| hookwell::server::secret::Secret::new(p.to_owned()));
        records::review(app, &scene.admin, &record.id, None, to, password, false).await
    };
    assert_eq!(fields(&review(Some(2), None).await.expect_err("Data entry comes first")), ["level"]);
    review(Some(1), None).await.unwrap();
    review(Some(2), None).await.unwrap();
    app.drain().await;
    let told = scene.receiver.last().json()["data"]["review"].clone();
    assert_eq!((&told["status"], &told["lock_broken"], &told["name"]), (&json!(11), &json!(false), &json!("Monitor Review")));
    assert_eq!(scene.arrived(app).await, ["record.review_changed", "record.review_changed"]);
    // A signed level asks for the person's password.
    assert_eq!(fields(&review(Some(3), None).await.expect_err("unsigned")), ["password"]);
    assert_eq!(fields(&review(Some(3), Some("wrong")).await.expect_err("wrong")), ["password"]);
    // Locked: an update must break the lock, and says so.
    assert_eq!(update(false).await.expect_err("locked").status(), 409);
    assert!(scene.arrived(app).await.is_empty());
    let after = update(true).await.unwrap().thing;
    assert_eq!(after.review, Some(1));
    app.drain().await;
    assert_eq!(scene.receiver.last().json()["data"]["review"]["lock_broken"], true);
    assert_eq!(scene.arrived(app).await, ["record.updated", "record.review_changed"]);
    assert_eq!(review(Some(1), None).await.expect_err("there already").status(), 409);
});

on_both!(a_schedule_triggers_once_a_participant_and_only_named_webhooks, |app| async {
    let scene = scene(app).await;
    let named = WebhookDraft { events: vec!["schedule.triggered".into()], ..draft("Named", &scene.receiver.url) };
    let (named, _) = app.live_webhook(&scene.admin, &named).await;
    for n in 0..3 {
        scene.participant(app, &format!("A-{n}")).await;
    }
    scene.arrived(app).await;
    let draft = ScheduleDraft {
        name: "Weekly".into(),
        timing: "every".into(),
        number: "1".into(),
        unit: "hours".into(),
        webhooks: vec![named.id.to_string()],
        ..ScheduleDraft::default()
    };
    let schedule = schedules::create(app, &scene.admin, &draft).await.unwrap();
    chores::drain(app).await.unwrap();
    assert!(scene.arrived(app).await.is_empty(), "not due yet");
    app.clock.advance(HOUR);
    chores::drain(app).await.unwrap();
    assert_eq!(scene.arrived(app).await, ["schedule.triggered"; 3]);
    chores::drain(app).await.unwrap();
    assert!(scene.arrived(app).await.is_empty(), "an occasion runs once");
    // The service was down for three hours and a half: once, late, and it says how many were missed.
    app.clock.advance(3 * HOUR + 30 * MINUTE);
    chores::drain(app).await.unwrap();
    assert_eq!(scene.arrived(app).await, ["schedule.triggered"; 3]);
    schedules::run_now(app, &scene.admin, &schedule.id).await.unwrap();
    chores::drain(app).await.unwrap();
    assert_eq!(scene.arrived(app).await, ["schedule.triggered"; 3]);
    let runs = schedules::runs(app, &scene.admin, &schedule.id, None, 10).await.unwrap().items;
    let told: Vec<_> = runs.iter().map(|r| (r.cause, r.missed, r.participants, r.finished_at.is_some())).collect();
    assert_eq!(told, [(RunCause::Manual, 0, 3, true), (RunCause::Late, 2, 3, true), (RunCause::Due, 0, 3, true)]);
    let newest = events::list(app, &scene.admin, None, 1).await.unwrap().items.remove(0);
    assert_eq!(newest.skipped.len(), 1, "the other webhook is subscribed, but not named");
    assert_eq!(newest.skipped[0].reason.as_str(), "not_named");
});

on_both!(a_schedule_after_enrolment_comes_once_for_each, |app| async {
    let scene = scene(app).await;
    scene.participant(app, "early").await;
    let draft = ScheduleDraft {
        name: "Day 14".into(),
        timing: "after_enrolment".into(),
        number: "14".into(),
        webhooks: vec![scene.webhook.id.to_string()],
        ..ScheduleDraft::default()
    };
    let schedule = schedules::create(app, &scene.admin, &draft).await.unwrap();
    app.clock.advance(7 * DAY);
    scene.participant(app, "later").await;
    chores::drain(app).await.unwrap();
    scene.arrived(app).await;
    app.clock.advance(7 * DAY + MINUTE);
    chores::drain(app).await.unwrap();
    app.drain().await;
    let who: Vec<_> = scene.receiver.requests().iter().map(|r| r.json()["data"]["participant"]["identifier"].clone()).collect();
    assert_eq!(who, ["early"]);
    scene.receiver.forget();
    app.clock.advance(7 * DAY);
    chores::drain(app).await.unwrap();
    app.clock.advance(30 * DAY);
    chores::drain(app).await.unwrap();
    assert_eq!(scene.arrived(app).await.len(), 1, "the later one, once");
    let runs = schedules::runs(app, &scene.admin, &schedule.id, None, 10).await.unwrap().items;
    assert_eq!(runs.len(), 2, "a look that finds nobody is no run");
});

on_both!(what_a_schedule_cannot_do_is_refused, |app| async {
    let scene = scene(app).await;
    let other = WebhookDraft { events: vec!["participant.created".into()], ..draft("Other", &scene.receiver.url) };
    let (other, _) = app.live_webhook(&scene.admin, &other).await;
    let good = ScheduleDraft {
        name: "S".into(),
        expression: "0 9 * * *".into(),
        webhooks: vec![scene.webhook.id.to_string()],
        ..ScheduleDraft::default()
    };
    for (draft, field) in [
        (ScheduleDraft { expression: "0 0 30 2 *".into(), ..good.clone() }, "expression"),
        (ScheduleDraft { time_zone: "Nowhere".into(), ..good.clone() }, "time_zone"),
        (ScheduleDraft { webhooks: vec![other.id.to_string()], ..good.clone() }, "webhooks"),
        (ScheduleDraft { sites: vec!["sit_00000000000000000000000000000000".into()], ..good.clone() }, "sites"),
    ] {
        assert_eq!(fields(&schedules::create(app, &scene.admin, &draft).await.expect_err(field)), [field]);
    }
    schedules::create(app, &scene.admin, &good).await.unwrap();
    assert_eq!(fields(&schedules::create(app, &scene.admin, &good).await.expect_err("name")), ["name"]);
});

on_both!(an_import_shows_first_then_carries_the_good_rows_out, |app| async {
    let scene = scene(app).await;
    sites::create(app, &scene.admin, "Basel").await.unwrap();
    scene.participant(app, "A-0").await;
    scene.arrived(app).await;
    let file = "\u{feff}identifier;site;email;arm\nA-1;Basel;ada@example.com;B\nA-0;;;\nA-2;Nowhere;;\nA-1;;;\n;Basel;;\nA-3;;no mail;\nA-4;Basel\n";
    let import = imports::preview(app, &scene.admin, "people.csv", file.as_bytes()).await.unwrap();
    assert_eq!((import.total, import.bad, import.good()), (7, 5, 2));
    let view = imports::get(app, &scene.admin, &import.id).await.unwrap();
    assert_eq!(view.bad.iter().map(|r| r.line).collect::<Vec<_>>(), [3, 4, 5, 7, 8]);
    chores::drain(app).await.unwrap();
    assert!(scene.arrived(app).await.is_empty(), "nothing is imported before somebody confirms");
    imports::confirm(app, &scene.admin, &import.id).await.unwrap();
    assert_eq!(imports::confirm(app, &scene.admin, &import.id).await.expect_err("once").status(), 409);
    chores::drain(app).await.unwrap();
    assert_eq!(scene.arrived(app).await, ["participant.created"; 2]);
    let done = imports::get(app, &scene.admin, &import.id).await.unwrap().import;
    assert_eq!((done.created, done.skipped, done.percent(), done.state.as_str()), (2, 0, 100, "done"));
    // What is no table at all is refused as a whole.
    for bad in ["", "a,b\n1,2\n", "identifier\n"] {
        assert_eq!(fields(&imports::preview(app, &scene.admin, "x.csv", bad.as_bytes()).await.expect_err("refused")), ["file"]);
    }
    let latin = imports::preview(app, &scene.admin, "x.csv", b"identifier\n\xe4\n").await.expect_err("not UTF-8");
    assert_eq!(fields(&latin), ["file"]);
});

on_both!(an_identifier_that_is_taken_after_the_preview_is_skipped, |app| async {
    let scene = scene(app).await;
    let import = imports::preview(app, &scene.admin, "p.csv", b"identifier\nA-1\nA-2\n").await.unwrap();
    scene.participant(app, "A-1").await;
    imports::confirm(app, &scene.admin, &import.id).await.unwrap();
    chores::drain(app).await.unwrap();
    let view = imports::get(app, &scene.admin, &import.id).await.unwrap();
    assert_eq!((view.import.created, view.import.skipped, view.bad.len()), (1, 1, 1));
    assert_eq!(app.number("SELECT COUNT(*) FROM participants").await, 2);
});

on_both!(a_synchronous_webhook_is_waited_for_and_the_record_stays, |app| async {
    let scene = scene(app).await;
    let form = scene.form(app, "form", "Vitals").await;
    let receiver = Receiver::start().await;
    let draft = WebhookDraft { events: vec!["record.inserted".into()], delivery: SYNCHRONOUS.into(), ..draft("TrialKit", &receiver.url) };
    let (webhook, _) = app.live_webhook(&scene.admin, &draft).await;
    let save = async || {
        let saved = records::create(app, &scene.admin, &form.id, None, &object(json!({"pain": 1})), true).await.unwrap();
        saved.wait(app, Duration::from_secs(20)).await
    };
    let (_, outcomes) = save().await;
    assert_eq!(outcomes.len(), 1, "the other webhook is not waited for");
    assert_eq!((outcomes[0].failure, outcomes[0].status, outcomes[0].webhook_name.as_str()), (None, Some(204), "TrialKit"));
    receiver.answer(401);
    let (record, outcomes) = save().await;
    assert_eq!(outcomes[0].failure.map(|f| f.as_str()), Some("ProtocolError"));
    assert!(outcomes[0].next_attempt_at.is_some(), "the delivery goes on by the schedule");
    assert_eq!(records::get(app, &scene.admin, &record.id).await.unwrap().record.trans_id, 2, "the save stands");
    // Nobody waits for it over the import or a schedule; and a save that does not wait leaves it to the engine.
    receiver.answer(200);
    records::create(app, &scene.admin, &form.id, None, &object(json!({"pain": 1})), false).await.unwrap();
    app.drain().await;
    assert_eq!(receiver.count(), 3);
    assert_eq!(outcomes[0].webhook_id, webhook.id);
});

on_both!(an_import_goes_on_after_a_crash_and_two_nodes_do_nothing_twice, |app| async {
    let scene = scene(app).await;
    let rows: String = (0..1_700).map(|n| format!("C-{n}\n")).collect();
    let import = imports::preview(app, &scene.admin, "many.csv", format!("identifier\n{rows}").as_bytes()).await.unwrap();
    imports::confirm(app, &scene.admin, &import.id).await.unwrap();
    // One step, then the process is gone; another takes over, and then two of them step at the same time.
    assert!(chores::step(app).await.unwrap());
    let (other, _intake) = app.another_node(&app.clock, false).await;
    let view = imports::get(&other, &scene.admin, &import.id).await.unwrap().import;
    assert_eq!((view.created, view.percent()), (500, 29), "progress is what was committed");
    while {
        let (one, two) = tokio::join!(chores::step(app), chores::step(&other));
        one.unwrap() || two.unwrap()
    } {}
    let done = imports::get(app, &scene.admin, &import.id).await.unwrap().import;
    assert_eq!((done.created, done.skipped, done.state.as_str()), (1_700, 0, "done"));
    assert_eq!(app.number("SELECT COUNT(*) FROM participants").await, 1_700);
    assert_eq!(app.number("SELECT COUNT(*) FROM events WHERE event_type = 'participant.created'").await, 1_700);
    assert_eq!(app.number("SELECT COUNT(*) FROM deliveries").await, 1_700);
});
