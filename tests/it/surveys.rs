//! The pattern around a survey's webhooks: contacts, sending, polling. What happens once happens once, and many are all or none.

use crate::faces::{survey_draft, survey_of};
use crate::harness::{Receiver, TestApp, draft, fields};
use hookwell::error::AppError;
use hookwell::model::form::{Form, FormDraft};
use hookwell::model::id::ParticipantId;
use hookwell::model::participant::{Participant, ParticipantDraft};
use hookwell::model::permission::{Action, Scope};
use hookwell::model::response::{Progress, Response, ResponseStatus};
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::Actor;
use hookwell::server::service::participants::{UPSERT_MAX, Upserted};
use hookwell::server::service::responses::{Distributed, RECIPIENTS_MAX, Recipients, ResponseChange};
use hookwell::server::service::webhooks::Face;
use hookwell::server::service::{audit, forms, participants, responses, sites, webhooks};
use serde_json::json;

/// A study with a survey, and a live webhook for all that sending one makes.
struct Scene {
    key: Actor,
    admin: Actor,
    receiver: Receiver,
    survey: Form,
}

async fn scene(app: &TestApp) -> Scene {
    app.study("heart").await;
    let (admin, key, receiver) = (app.admin("heart").await, app.key("heart", &Scope::ALL).await, Receiver::start().await);
    let events = ["participant.created", "survey.created", "survey.completed"].map(str::to_owned).to_vec();
    app.live_webhook(&admin, &WebhookDraft { events, ..draft("All", &receiver.url) }).await;
    let survey = survey_of(app, &admin, "Satisfaction").await;
    Scene { key, admin, receiver, survey }
}

impl Scene {
    /// The types that arrived since this was last asked, by name.
    async fn arrived(&self, app: &TestApp) -> Vec<String> {
        app.drain().await;
        let mut types: Vec<String> = self.receiver.requests().iter().map(|r| r.json()["type"].as_str().unwrap().to_owned()).collect();
        self.receiver.forget();
        types.sort();
        types
    }

    async fn upsert(&self, app: &TestApp, drafts: &[ParticipantDraft]) -> Result<Vec<Upserted>, AppError> {
        Ok(participants::upsert_many(app, &self.key, drafts, false).await?.thing)
    }

    async fn send(&self, app: &TestApp, to: &[&Participant], drafts: &[ParticipantDraft]) -> Result<Distributed, AppError> {
        let to = Recipients { participants: to.iter().map(|p| p.id.clone()).collect(), drafts: drafts.to_vec() };
        Ok(responses::distribute(app, &self.key, &self.survey.id, &to, false).await?.thing)
    }

    async fn answer(&self, app: &TestApp, response: &Response, status: ResponseStatus) {
        let answers = json!({"pain": 3}).as_object().cloned().unwrap();
        responses::save(app, &self.key, &response.id, ResponseChange { version: None, status, answers }, false).await.unwrap();
    }

    async fn progress(&self, app: &TestApp, of: Option<&[ParticipantId]>) -> Vec<Progress> {
        responses::progress(app, &self.key, &self.survey.id, of, None, 500).await.unwrap().items
    }
}

fn named(identifier: &str) -> ParticipantDraft {
    ParticipantDraft { identifier: identifier.into(), ..ParticipantDraft::default() }
}

fn mailed(email: &str) -> ParticipantDraft {
    ParticipantDraft { email: email.into(), ..ParticipantDraft::default() }
}

async fn rows(app: &TestApp, table: &str) -> i64 {
    app.number(&format!("SELECT COUNT(*) FROM {table}")).await
}

on_both!(a_participant_is_created_by_the_first_upsert_and_changed_by_the_next, |app| async {
    let scene = scene(app).await;
    let basel = sites::create(app, &scene.admin, "Basel").await.unwrap();
    let ada = ParticipantDraft { email: "Ada@example.com".into(), details: "phone: 1\nward: B2".into(), ..named("P-1") };
    let made = scene.upsert(app, &[ada.clone(), mailed("grace@example.com")]).await.unwrap();
    assert_eq!(made.iter().map(|u| u.created).collect::<Vec<_>>(), [true, true]);
    assert_eq!(scene.arrived(app).await, ["participant.created", "participant.created"]);
    // What is left empty stays; by e-mail alone the same is found, in whatever case.
    let change = ParticipantDraft { site: "Basel".into(), details: "phone: 2".into(), ..mailed("ADA@example.com") };
    let seq = app.last_seq().await;
    let again = scene.upsert(app, &[change.clone(), change, named("P-1")]).await.unwrap();
    for one in &again {
        assert_eq!((one.created, &one.participant.id), (false, &made[0].participant.id));
        assert_eq!(one.participant.site_id.as_ref(), Some(&basel.id));
        assert_eq!(json!(one.participant.details), json!({"phone": "2", "ward": "B2"}));
    }
    assert_eq!(app.audited_after(seq).await, ["participant.updated"], "what changes nothing writes nothing");
    assert!(scene.arrived(app).await.is_empty(), "who is known makes no event");
    // Twice in one call is once.
    let twice = scene.upsert(app, &[mailed("new@example.com"), mailed("new@example.com")]).await.unwrap();
    assert_eq!((twice[0].created, twice[1].created), (true, false));
    assert_eq!(scene.arrived(app).await, ["participant.created"]);
    assert!(!app.dump("audit").await.concat().contains("example.com\""), "what is a person's own is not in the trail");
});

on_both!(of_many_upserts_of_the_same_at_once_one_creates, |app| async {
    let scene = scene(app).await;
    // In two orders, so that they would wait for each other in a circle.
    let (forth, back) = ([named("P-1"), mailed("a@example.com")], [mailed("a@example.com"), named("P-1")]);
    let calls = (0..8).map(|n| scene.upsert(app, if n % 2 == 0 { &forth } else { &back }));
    let all: Vec<Upserted> = futures::future::join_all(calls).await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!((all.len(), all.iter().filter(|u| u.created).count()), (16, 2));
    assert_eq!(rows(app, "participants").await, 2);
    assert_eq!(scene.arrived(app).await, ["participant.created", "participant.created"]);
});

on_both!(upserts_are_all_or_none_and_each_wrong_field_is_named, |app| async {
    let scene = scene(app).await;
    let wrong = [named("P-1"), ParticipantDraft::default(), ParticipantDraft { email: "nobody".into(), ..named("P-2") }];
    assert_eq!(fields(&scene.upsert(app, &wrong).await.expect_err("wrong")), ["[1].identifier", "[2].email"]);
    let nowhere = [named("P-1"), ParticipantDraft { site: "Nowhere".into(), ..named("P-2") }];
    assert_eq!(fields(&scene.upsert(app, &nowhere).await.expect_err("no site")), ["[1].site"]);
    // More details than are possible, only together with those that are there.
    let lines = |from: usize| (from..from + 30).map(|n| format!("d{n}: x")).collect::<Vec<_>>().join("\n");
    scene.upsert(app, &[ParticipantDraft { details: lines(0), ..named("P-9") }]).await.unwrap();
    let more = [named("P-1"), ParticipantDraft { details: lines(30), ..named("P-9") }];
    assert_eq!(fields(&scene.upsert(app, &more).await.expect_err("too many")), ["[1].details"]);
    let many: Vec<_> = (0..=UPSERT_MAX).map(|n| named(&format!("M-{n}"))).collect();
    for count in [0, UPSERT_MAX + 1] {
        assert_eq!(scene.upsert(app, &many[..count]).await.expect_err("too many").status(), 422);
    }
    assert_eq!(rows(app, "participants").await, 1);
    assert_eq!(scene.arrived(app).await, ["participant.created"], "of P-9 alone");
    assert_eq!(scene.upsert(app, &many[1..]).await.unwrap().len(), UPSERT_MAX);
    // The case of one names its fields as they are.
    let one = participants::upsert(app, &scene.key, &mailed("nobody"), false).await.expect_err("wrong");
    assert_eq!(fields(&one), ["email"]);
});

on_both!(a_survey_is_sent_once_and_goes_on_until_it_is_completed, |app| async {
    let scene = scene(app).await;
    let ada = scene.upsert(app, &[named("P-1")]).await.unwrap().remove(0).participant;
    scene.arrived(app).await;
    let first = scene.send(app, &[&ada], &[mailed("grace@example.com")]).await.unwrap();
    assert_eq!(scene.arrived(app).await, ["participant.created", "survey.created", "survey.created"]);
    assert!(first.sent.iter().all(|s| s.response.status == ResponseStatus::New && !s.existing));
    let opened = async |link: &hookwell::server::secret::Secret| responses::by_link(app, link.expose()).await.map(|v| v.response.id);
    assert_eq!(opened(&first.sent[0].link).await.unwrap(), first.sent[0].response.id);
    // Begun or not, they go on with it, and by the new link alone.
    scene.answer(app, &first.sent[1].response, ResponseStatus::Partial).await;
    let again = scene.send(app, &[&ada], &[mailed("grace@example.com")]).await.unwrap();
    assert!(scene.arrived(app).await.is_empty());
    for (before, now) in first.sent.iter().zip(&again.sent) {
        assert!(now.existing);
        assert_eq!(now.response.id, before.response.id);
        assert_eq!(opened(&before.link).await.expect_err("the old link").status(), 404);
        assert_eq!(opened(&now.link).await.unwrap(), now.response.id);
    }
    assert_eq!(again.sent[1].response.status, ResponseStatus::Partial);
    // Completed, it is sent anew.
    scene.answer(app, &first.sent[0].response, ResponseStatus::Completed).await;
    assert_eq!(scene.arrived(app).await, ["survey.completed"]);
    let third = scene.send(app, &[&ada], &[]).await.unwrap();
    assert!(!third.sent[0].existing && third.sent[0].response.id != first.sent[0].response.id);
    assert_eq!(scene.arrived(app).await, ["survey.created"]);
    // The trail names each sending, and none of the links.
    let trail = audit::of_object(app, &scene.admin, scene.survey.id.as_str()).await.unwrap();
    let sent: Vec<_> = trail.iter().filter(|e| e.action == "survey.distributed").map(|e| e.changes["distribution"].clone()).collect();
    assert_eq!(sent, [json!(third.id), json!(again.id), json!(first.id)]);
    let of_response = audit::of_object(app, &scene.admin, first.sent[0].response.id.as_str()).await.unwrap();
    assert!(of_response.iter().any(|e| e.action == "response.created" && e.changes["distribution"] == json!(first.id)));
    let audited = app.dump("audit").await.concat();
    assert!(first.sent.iter().chain(&again.sent).all(|s| !audited.contains(s.link.expose())));
});

on_both!(of_many_that_are_sent_at_once_one_makes_the_response, |app| async {
    let scene = scene(app).await;
    let ada = scene.upsert(app, &[named("P-1")]).await.unwrap().remove(0).participant;
    let to = [&ada];
    let all = futures::future::join_all((0..6).map(|_| scene.send(app, &to, &[]))).await;
    assert_eq!(all.into_iter().filter(|d| !d.as_ref().unwrap().sent[0].existing).count(), 1);
    assert_eq!(rows(app, "responses").await, 1);
    assert_eq!(scene.arrived(app).await, ["participant.created", "survey.created"]);
});

on_both!(a_sending_is_all_or_none, |app| async {
    let scene = scene(app).await;
    app.study("lung").await;
    let ada = scene.upsert(app, &[named("P-1")]).await.unwrap().remove(0).participant;
    let elsewhere = participants::upsert(app, &app.admin("lung").await, &named("L-1"), false).await.unwrap().0.thing;
    scene.arrived(app).await;
    let (before, new) = (app.last_seq().await, mailed("new@example.com"));
    let refused = scene.send(app, &[&ada, &elsewhere, &ada], &[new.clone(), named("P-1")]).await.expect_err("wrong");
    assert_eq!(fields(&refused), ["participants[1]", "participants[2]", "drafts[1]"]);
    let refused = scene.send(app, &[&ada], &[new.clone(), mailed("nobody")]).await.expect_err("wrong");
    assert_eq!(fields(&refused), ["drafts[1].email"]);
    let many: Vec<_> = (0..=RECIPIENTS_MAX).map(|n| named(&format!("M-{n}"))).collect();
    for drafts in [&many[..0], &many[..]] {
        assert_eq!(fields(&scene.send(app, &[], drafts).await.expect_err("too many")), ["participants"]);
    }
    // A form is no survey, an archived one takes nothing new, and another study's is not there.
    let form = FormDraft { kind: "form".into(), name: "Visit".into(), ..FormDraft::default() };
    let form = forms::create(app, &scene.admin, &form).await.unwrap();
    let archived = survey_of(app, &scene.admin, "Old").await;
    forms::archive(app, &scene.admin, &archived.id).await.unwrap();
    let theirs = survey_of(app, &app.admin("lung").await, "Theirs").await;
    let to = Recipients { participants: vec![ada.id.clone()], drafts: vec![new] };
    for (survey, status) in [(&form.id, 422), (&archived.id, 422), (&theirs.id, 404)] {
        let refused = responses::distribute(app, &scene.key, survey, &to, false).await.expect_err("refused");
        assert_eq!(refused.status(), status, "{refused}");
    }
    assert_eq!(rows(app, "responses").await, 0);
    assert_eq!(rows(app, "participants").await, 2);
    assert!(scene.arrived(app).await.is_empty());
    assert!(!app.audited_after(before).await.iter().any(|a| a.starts_with("participant.") || a.starts_with("response.")));
});

on_both!(progress_is_that_of_the_newest_response_a_page_at_a_time, |app| async {
    let scene = scene(app).await;
    let people: Vec<ParticipantDraft> = (0..5).map(|n| named(&format!("P-{n}"))).collect();
    let people: Vec<Participant> = scene.upsert(app, &people).await.unwrap().into_iter().map(|u| u.participant).collect();
    let sent = scene.send(app, &people.iter().take(4).collect::<Vec<_>>(), &[]).await.unwrap().sent;
    scene.answer(app, &sent[1].response, ResponseStatus::Partial).await;
    scene.answer(app, &sent[2].response, ResponseStatus::Completed).await;
    scene.answer(app, &sent[3].response, ResponseStatus::Completed).await;
    let once_more = scene.send(app, &[&people[3]], &[]).await.unwrap().sent.remove(0);
    // Another survey's responses do not count.
    let other = survey_of(app, &scene.admin, "Other").await;
    let to = Recipients { participants: vec![people[4].id.clone(), people[0].id.clone()], drafts: Vec::new() };
    responses::distribute(app, &scene.key, &other.id, &to, false).await.unwrap();
    let all = scene.progress(app, None).await;
    let newest = |p: &Progress| p.newest.as_ref().map(|(_, status, at)| (*status, at.is_some()));
    let expected = [ResponseStatus::New, ResponseStatus::Partial, ResponseStatus::Completed, ResponseStatus::New];
    assert_eq!(all.iter().map(newest).collect::<Vec<_>>(), expected.map(|s| Some((s, s == ResponseStatus::Completed))));
    assert_eq!(all[3].newest.as_ref().unwrap().0, once_more.response.id);
    assert_eq!(all.iter().map(|p| p.identifier.as_str()).collect::<Vec<_>>(), ["P-0", "P-1", "P-2", "P-3"]);
    // Page by page it is the same, whoever is asked for.
    let ids: Vec<ParticipantId> = people.iter().rev().map(|p| p.id.clone()).collect();
    for of in [None, Some(ids.as_slice())] {
        let whole = scene.progress(app, of).await;
        let (mut paged, mut after) = (Vec::new(), None::<ParticipantId>);
        loop {
            let page = responses::progress(app, &scene.key, &scene.survey.id, of, after.as_ref(), 2).await.unwrap();
            assert!(page.items.len() <= 2);
            paged.extend(page.items);
            let Some(next) = page.next else { break };
            after = Some(next.parse().unwrap());
        }
        assert_eq!(paged, whole);
    }
    let asked = scene.progress(app, Some(&ids)).await;
    assert_eq!((asked.len(), asked[4].identifier.as_str(), &asked[4].newest), (5, "P-4", &None));
    // Who is not there is named; a form has no progress.
    let unknown = [ids[0].clone(), ParticipantId::from_bits(7)];
    let refused = responses::progress(app, &scene.key, &scene.survey.id, Some(&unknown), None, 10).await.expect_err("unknown");
    assert_eq!(fields(&refused), ["participants[1]"]);
});

on_both!(a_study_that_keeps_its_forms_here_has_no_other_surveys, |app| async {
    app.study("heart").await;
    let (key, admin, receiver) = (app.key("heart", &Scope::ALL).await, app.admin("heart").await, Receiver::start().await);
    let register = async |survey: &str, name: &str| {
        webhooks::register(app, &key, Face::Survey(survey), &survey_draft(name, &receiver.url, survey)).await
    };
    // None is kept here: an id is the platform's.
    let theirs = register("s-1", "Theirs").await.unwrap();
    let form = FormDraft { kind: "form".into(), name: "Visit".into(), ..FormDraft::default() };
    let form = forms::create(app, &admin, &form).await.unwrap();
    let survey = survey_of(app, &admin, "Satisfaction").await;
    for none in ["s-1", form.id.as_str()] {
        assert_eq!(register(none, "Another").await.expect_err("no survey").status(), 404);
        assert_eq!(webhooks::registered(app, &key, Face::Survey(none)).await.expect_err("no survey").status(), 404);
        let one = webhooks::registered_one(app, &key, Face::Survey(none), &theirs.id, Action::ReadMetadata).await;
        assert_eq!(one.expect_err("no survey").status(), 404);
    }
    let ours = register(survey.id.as_str(), "Ours").await.unwrap();
    assert_eq!(webhooks::registered(app, &key, Face::Survey(survey.id.as_str())).await.unwrap().len(), 1);
    // Archived, it takes no new responses, and those that were begun are still answered.
    forms::archive(app, &admin, &survey.id).await.unwrap();
    let one = webhooks::registered_one(app, &key, Face::Survey(survey.id.as_str()), &ours.id, Action::ReadMetadata).await;
    assert_eq!(one.unwrap().id, ours.id);
});

on_both!(a_surveys_webhook_gets_the_answers_until_an_administrator_says_otherwise, |app| async {
    let scene = scene(app).await;
    let (survey, hooks) = (scene.survey.id.as_str(), Receiver::start().await);
    let ours = webhooks::register(app, &scene.key, Face::Survey(survey), &survey_draft("Ours", &hooks.url, survey)).await.unwrap();
    let sent = scene.send(app, &[], &[named("P-1"), named("P-2")]).await.unwrap().sent;
    app.drain().await;
    assert_eq!(hooks.count(), 0, "what is sent is not answered yet");
    scene.answer(app, &sent[0].response, ResponseStatus::Completed).await;
    app.drain().await;
    let body = hooks.last().json();
    assert_eq!((&body["surveyId"], &body["eventType"]), (&json!(survey), &json!("survey.response_completed")));
    assert_eq!((&body["data"]["responseId"], &body["data"]["answers"]), (&json!(sent[0].response.id), &json!({"pain": 3})));
    let least = WebhookDraft { content: "id-only".into(), ..WebhookDraft::of(&ours) };
    webhooks::update(app, &scene.admin, &ours.id, ours.version, &least).await.unwrap();
    scene.answer(app, &sent[1].response, ResponseStatus::Completed).await;
    app.drain().await;
    assert_eq!(hooks.last().json()["data"]["answers"], json!(null));
});
