//! The table of `model::permission`, asked of the services that stand behind it: every action, for every role, every scope, and
//! for those of another study. Nothing here says who may what; it is read from the table.

use crate::faces::{infermedica_draft, survey_draft, survey_of};
use crate::harness::{Receiver, TestApp, draft, participant};
use crate::study_things::StudyData;
use hookwell::error::AppError;
use hookwell::model::api_key::ApiKeyDraft;
use hookwell::model::delivery::{BodyAccess, Delivery, DeliveryFilter, DeliveryQuery};
use hookwell::model::event_type::EventType;
use hookwell::model::form::{CheckedForm, FormDraft, FormKind};
use hookwell::model::id::FormId;
use hookwell::model::participant::{Participant, ParticipantDraft};
use hookwell::model::permission::{Action, Decision, Role, Scope};
use hookwell::model::record::ReviewLevels;
use hookwell::model::replay::{Replay, ReplayDraft};
use hookwell::model::response::ResponseStatus;
use hookwell::model::schedule::ScheduleDraft;
use hookwell::model::site::Site;
use hookwell::model::webhook::{Webhook, WebhookMode};
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::Actor;
use hookwell::server::chores;
use hookwell::server::service::participants::ParticipantFilter;
use hookwell::server::service::records::RecordChange;
use hookwell::server::service::responses::{NewResponse, Recipients, ResponseChange, ResponseFilter};
use hookwell::server::service::webhooks::Face;
use hookwell::server::service::{
    api_keys, audit, deliveries, events, forms, imports, integrations, notices, participants, people, preview, records, replays, responses,
    samples, schedules, sites, webhooks,
};
use hookwell::server::store::queue;
use serde_json::{Map, json};

/// What the services are asked about: a study's webhooks and deliveries, live and test.
struct Things {
    receiver: Receiver,
    test_webhook: Webhook,
    live_webhook: Webhook,
    survey: FormId,
    survey_webhook: Webhook,
    live_delivery: Delivery,
    test_delivery: Delivery,
    site: Site,
    person: Participant,
    live_replay: Replay,
}

async fn things(app: &TestApp, slug: &str) -> Things {
    app.study(slug).await;
    let (admin, receiver) = (app.admin(slug).await, Receiver::start().await);
    let (test_webhook, _) = app.test_webhook(&admin, &draft("Test", &receiver.url)).await;
    let (live_webhook, _) = app.live_webhook(&admin, &draft("Live", &receiver.url)).await;
    app.publish(&app.platform(slug).await, &participant("1")).await.unwrap();
    StudyData::participant(app, &admin).await;
    app.drain().await;
    let live_delivery = deliveries::list(app, &admin, None, &DeliveryFilter::default(), 1).await.unwrap().items.remove(0);
    let (test_delivery, _) = sample(app, &admin, &live_webhook).await.unwrap();
    let survey = survey_of(app, &admin, "Intake").await.id;
    let survey_draft = survey_draft("Survey", &receiver.url, survey.as_str());
    let survey_webhook = webhooks::register(app, &admin, Face::Survey(survey.as_str()), &survey_draft).await.unwrap();
    let site = sites::create(app, &admin, "Charité").await.unwrap();
    let known = ParticipantDraft { identifier: "KNOWN".to_owned(), ..ParticipantDraft::default() };
    let person = participants::create(app, &admin, &known, false).await.unwrap().thing;
    app.drain().await;
    let live_replay = replays::start(app, &admin, &live_webhook.id, &replay_draft(false)).await.unwrap();
    Things { receiver, test_webhook, live_webhook, survey, survey_webhook, live_delivery, test_delivery, site, person, live_replay }
}

fn replay_draft(test: bool) -> ReplayDraft {
    let query = DeliveryQuery { mode: if test { "test" } else { "live" }.to_owned(), ..DeliveryQuery::default() };
    ReplayDraft { query, rate: String::new(), reason: "for the test".to_owned() }
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
            let (registered, survey) = (infermedica_draft(&things.receiver.url), Face::Survey(things.survey.as_str()));
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
            let (filter, survey) = (DeliveryFilter::default(), Face::Survey(things.survey.as_str()));
            // A list is of the asker's own study.
            let name = format!("{:032x}", app.ids.next());
            let own = survey_of(app, &app.admin(&actor.study.slug).await, &name).await.id;
            vec![
                ("webhooks", Study, ok!(webhooks::list(app, actor, true))),
                ("webhook", Thing, ok!(webhooks::get(app, actor, id))),
                ("registered", Study, ok!(webhooks::registered(app, actor, Face::Survey(own.as_str())))),
                ("registered one", Thing, ok!(webhooks::registered_one(app, actor, survey, &things.survey_webhook.id, action))),
                ("disabled at", Thing, ok!(webhooks::disabled_at(app, actor, id))),
                ("stats", Thing, ok!(webhooks::stats(app, actor, id))),
                ("deliveries", Study, ok!(deliveries::list(app, actor, None, &filter, 10))),
                ("deliveries of one", Thing, ok!(deliveries::list(app, actor, Some(id), &filter, 10))),
                ("replays", Study, ok!(replays::latest(app, actor, None))),
                ("replays of one", Thing, ok!(replays::latest(app, actor, Some(id)))),
                ("replay", Thing, ok!(replays::get(app, actor, &things.live_replay.id))),
                ("delivery", Thing, ok!(deliveries::get(app, actor, &things.live_delivery.id, false))),
                ("events", Study, ok!(events::list(app, actor, None, 10))),
                ("event", Thing, ok!(events::get(app, actor, &things.live_delivery.event_id, false))),
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
            let (webhook, draft) = (&things.live_webhook.id, replay_draft(test));
            let once = replays::start(app, &app.admin("heart").await, webhook, &draft).await.unwrap().id;
            // Of its own: what goes on in the background may have ended the one that everybody reads.
            let replay = &replays::start(app, &app.admin("heart").await, webhook, &draft).await.unwrap().id;
            vec![
                ("retry", Thing, answer),
                ("retry to", Thing, named),
                ("dry run", Thing, ok!(replays::dry_run(app, actor, webhook, &draft))),
                ("replay", Thing, ok!(replays::start(app, actor, webhook, &draft))),
                ("pause", Thing, ok!(replays::pause(app, actor, replay))),
                ("resume", Thing, ok!(replays::resume(app, actor, replay))),
                ("cancel", Thing, ok!(replays::cancel(app, actor, &once))),
            ]
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
        // Asked for below.
        Action::ReadBody { .. } => Vec::new(),
        Action::WriteStudyData => {
            let mut answers = participants_and_imports(app, actor, things).await;
            answers.extend(answers_and_schedules(app, actor).await);
            answers.extend(of_the_api_alone(app, actor).await);
            answers.extend(ask_surveys(app, actor, &things.survey).await);
            answers
        }
    }
}

/// Calls every service of forms, responses, records and schedules, on things of its own.
async fn answers_and_schedules(app: &TestApp, actor: &Actor) -> Answers {
    use Of::{Study, Thing};
    let name = format!("{:032x}", app.ids.next());
    let StudyData { form, participant, response, record, schedule, .. } = StudyData::of(app, &app.admin("heart").await, &name).await;
    let form_draft = FormDraft { name: format!("{name}-other"), ..FormDraft::of(&form) };
    let schedule_draft = ScheduleDraft { name: format!("{name}-other"), ..ScheduleDraft::of(&schedule) };
    let values = Map::from_iter([("pain".to_owned(), json!(3))]);
    let begin = NewResponse {
        form: form.id.clone(),
        participant: participant.id.clone(),
        status: ResponseStatus::Partial,
        answers: values.clone(),
    };
    let save = ResponseChange { version: None, status: ResponseStatus::Partial, answers: values.clone() };
    let change = RecordChange { version: None, answers: values.clone(), break_lock: false };
    let filter = ResponseFilter::default();
    macro_rules! ok {
        ($call:expr) => {
            $call.await.map(drop)
        };
    }
    let answers = vec![
        ("identifiers", Study, ok!(participants::identifiers(app, actor, [&participant.id]))),
        ("forms", Study, ok!(forms::list(app, actor, true))),
        ("form", Thing, ok!(forms::get(app, actor, &form.id))),
        ("questions", Thing, ok!(forms::questions_of(app, actor, &form.id, 1))),
        ("counts", Study, ok!(forms::counts(app, actor, &form.id))),
        ("new form", Study, ok!(forms::create(app, actor, &FormDraft { name: format!("{name}-new"), ..form_draft.clone() }))),
        ("change form", Thing, ok!(forms::update(app, actor, &form.id, None, &form_draft))),
        ("responses", Study, ok!(responses::list(app, actor, &filter, None, 10))),
        ("response", Thing, ok!(responses::get(app, actor, &response.id))),
        ("save response", Thing, ok!(responses::save(app, actor, &response.id, save, false))),
        ("link", Thing, ok!(responses::make_link(app, actor, &response.id))),
        ("records", Study, ok!(records::list(app, actor, None, None, 10))),
        ("record", Thing, ok!(records::get(app, actor, &record.id))),
        ("save record", Thing, ok!(records::update(app, actor, &record.id, change, false))),
        ("review levels", Study, ok!(records::levels(app, actor))),
        ("schedules", Study, ok!(schedules::list(app, actor))),
        ("schedule", Thing, ok!(schedules::get(app, actor, &schedule.id))),
        ("runs", Thing, ok!(schedules::runs(app, actor, &schedule.id, None, 10))),
        ("run now", Thing, ok!(schedules::run_now(app, actor, &schedule.id))),
        ("archive schedule", Thing, ok!(schedules::archive(app, actor, &schedule.id))),
    ];
    // What names another study's things in its fields: a wrong field to those of another study, as long as they may write at all.
    let fields = vec![
        ("begin response", ok!(responses::begin(app, actor, begin, false))),
        ("new record", ok!(records::create(app, actor, &form.id, None, &values, false))),
        ("new schedule", ok!(schedules::create(app, actor, &schedule_draft))),
    ];
    let own = actor.study.id == form.study_id;
    let not_there = |answer: Result<(), AppError>| match answer {
        Err(AppError::Invalid(_)) if !own => Ok(()),
        Ok(()) if !own => Err(AppError::Internal("another study's thing was used".to_owned())),
        other => other,
    };
    let mut all = answers;
    all.extend(fields.into_iter().map(|(service, answer)| (service, Study, not_there(answer))));
    all.push(("set levels", Study, ok!(records::set_levels(app, actor, ReviewLevels::default()))));
    all.push(("review", Thing, unreviewed(records::review(app, actor, &record.id, None, None, None, false).await.map(drop))));
    all.push(("archive form", Thing, ok!(forms::archive(app, actor, &form.id))));
    all
}

/// A record that was not reviewed cannot be taken back: that is no refusal.
fn unreviewed(answer: Result<(), AppError>) -> Result<(), AppError> {
    match answer {
        Err(AppError::Conflict(_)) => Ok(()),
        other => other,
    }
}

/// What stands behind the Surveys face and writes study data.
async fn ask_surveys(app: &TestApp, actor: &Actor, survey: &FormId) -> Answers {
    use Of::{Study, Thing};
    let new = || ParticipantDraft { identifier: format!("{:032x}", app.ids.next()), ..ParticipantDraft::default() };
    let to = Recipients { drafts: vec![new()], ..Recipients::default() };
    let answers = vec![
        ("upsert", Study, participants::upsert(app, actor, &new(), false).await.map(drop)),
        ("upsert many", Study, participants::upsert_many(app, actor, &[new(), new()], false).await.map(drop)),
        ("distribute", Thing, responses::distribute(app, actor, survey, &to, false).await.map(drop)),
        ("progress", Thing, responses::progress(app, actor, survey, None, None, 10).await.map(drop)),
    ];
    app.drain().await;
    answers
}

/// Of study data, what stands behind the API alone.
async fn of_the_api_alone(app: &TestApp, actor: &Actor) -> Answers {
    use Of::{Study, Thing};
    macro_rules! ok {
        ($call:expr) => {
            $call.await.map(drop)
        };
    }
    let (admin, name) = (app.admin("heart").await, format!("{:032x}", app.ids.next()));
    let form = |name: &str| CheckedForm::new(FormKind::Form, name, Vec::new()).unwrap();
    let theirs = forms::add(app, &admin, form(&name)).await.unwrap().id;
    // Of the asker's own study: what a text names is looked for nowhere else.
    let own = ParticipantDraft { identifier: name.clone(), ..ParticipantDraft::default() };
    participants::create(app, &app.admin(&actor.study.slug).await, &own, false).await.unwrap();
    app.drain().await;
    vec![
        ("add a form", Study, ok!(forms::add(app, actor, form(&format!("{name}-added"))))),
        ("replace a form", Thing, ok!(forms::replace(app, actor, &theirs, None, form(&format!("{name}-replaced"))))),
        ("participant that is named", Study, ok!(participants::find_named(app, actor, &name))),
    ]
}

/// Participants, sites and imports.
async fn participants_and_imports(app: &TestApp, actor: &Actor, things: &Things) -> Answers {
    use Of::{Study, Thing};
    let admin = app.admin("heart").await;
    let named = |what: &str| format!("{:032x}-{what}", app.ids.next());
    let who = |what: &str| ParticipantDraft { identifier: named(what), ..ParticipantDraft::default() };
    let file = format!("identifier\n{}\n", named("imported"));
    let (one, two) = (
        imports::preview(app, &admin, "one.csv", file.as_bytes()).await.unwrap(),
        imports::preview(app, &admin, "two.csv", file.as_bytes()).await.unwrap(),
    );
    macro_rules! ok {
        ($call:expr) => {
            $call.await.map(drop)
        };
    }
    let (any, new, changed) = (ParticipantFilter::default(), who("new"), who("changed"));
    let answers = vec![
        ("participants", Study, ok!(participants::list(app, actor, &any, None, 10))),
        ("participant", Thing, ok!(participants::get(app, actor, &things.person.id))),
        ("participant by identifier", Study, ok!(participants::find_by_identifier(app, actor, &things.person.identifier))),
        ("create a participant", Study, ok!(participants::create(app, actor, &new, false))),
        ("change a participant", Thing, ok!(participants::update(app, actor, &things.person.id, None, &changed))),
        ("sites", Study, ok!(sites::list(app, actor))),
        ("create a site", Study, ok!(sites::create(app, actor, &named("new-site")))),
        ("rename a site", Thing, ok!(sites::rename(app, actor, &things.site.id, &named("renamed")))),
        ("preview an import", Study, ok!(imports::preview(app, actor, "three.csv", file.as_bytes()))),
        ("imports", Study, ok!(imports::latest(app, actor))),
        ("import", Thing, ok!(imports::get(app, actor, &one.id))),
        ("confirm an import", Thing, ok!(imports::confirm(app, actor, &one.id))),
        ("discard an import", Thing, ok!(imports::discard(app, actor, &two.id))),
    ];
    chores::drain(app).await.unwrap();
    app.drain().await;
    answers
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
