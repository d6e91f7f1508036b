//! The pages of study data, asked over HTTP: what a form's errors look like, what a participant's link opens, and what a synchronous webhook
//! that failed tells whoever saved.

use crate::borders::{send, sign_in};
use crate::harness::{Receiver, TestApp, draft};
use crate::study_things::StudyData;
use axum::Router;
use axum::http::{Method, StatusCode, header};
use hookwell::model::permission::Role;
use hookwell::model::response::{ResponseStatus, Submitter};
use hookwell::model::webhook_draft::{SYNCHRONOUS, WebhookDraft};
use hookwell::server::auth::Actor;
use hookwell::server::router::router;
use hookwell::server::service::responses;

struct Scene {
    admin: Actor,
    router: Router,
    cookie: String,
    receiver: Receiver,
}

async fn scene(app: &TestApp) -> Scene {
    app.study("heart").await;
    let (admin, receiver) = (app.admin("heart").await, Receiver::start().await);
    app.member("heart", Role::Administrator).await;
    let router = router(app.app.clone());
    let cookie = sign_in(&router, "administrator@heart.example.com").await;
    Scene { admin, router, cookie, receiver }
}

impl Scene {
    async fn get(&self, path: &str) -> (StatusCode, header::HeaderMap, String) {
        send(&self.router, &Method::GET, path, "", Some(&self.cookie)).await
    }

    async fn post(&self, path: &str, form: &str) -> (StatusCode, header::HeaderMap, String) {
        send(&self.router, &Method::POST, path, form, Some(&self.cookie)).await
    }
}

on_both!(a_form_with_errors_comes_back_with_what_was_typed, |app| async {
    let scene = scene(app).await;
    let (status, _, body) = scene.post("/s/heart/forms/new", "kind=survey&name=&questions=pain+%7C+Pain%3F+%7C+colour").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("pain | Pain? | colour") && body.contains("Line 1: the kind must be one of"), "{body}");
    let data = StudyData::of(app, &scene.admin, "one").await;
    let path = format!("/s/heart/responses/{}?version=1", data.response.id);
    let (status, _, body) = scene.post(&path, "status=completed&answers.pain=much").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("Pain? – must be a number") && body.contains("value=\"much\""), "{body}");
    assert_eq!(scene.post(&path, "status=partial&answers.pain=3").await.0, StatusCode::SEE_OTHER);
    let (status, _, body) = scene.post(&path, "status=partial&answers.pain=4").await;
    assert_eq!(status, StatusCode::CONFLICT, "somebody else saved it");
    assert!(body.contains("value=\"4\""), "{body}");
    let unknown = format!("form={}&participant=Nobody", data.form.id);
    let (status, _, body) = scene.post("/s/heart/responses/new", &unknown).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("Participant: is nobody’s identifier in this study"), "{body}");
    let (status, _, body) = scene.post("/s/heart/records/levels", "levels[0].name=Monitor&levels[0].roles=many").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("Level 1, roles: must be numbers"), "{body}");
});

on_both!(an_unticked_schedule_is_inactive_and_unsubscribed_webhooks_cannot_be_added, |app| async {
    let scene = scene(app).await;
    let data = StudyData::of(app, &scene.admin, "one").await;
    app.test_webhook(&scene.admin, &draft("Elsewhere", &scene.receiver.url)).await;
    let (_, _, body) = scene.get("/s/heart/schedules/new").await;
    assert!(body.contains("Not subscribed to schedule.triggered"), "{body}");
    let form = format!("name=Inactive&timing=every&number=1&unit=days&active=&webhooks={}", data.webhook.id);
    let (status, headers, _) = scene.post("/s/heart/schedules/new", &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, _, body) = scene.get(headers[header::LOCATION].to_str().unwrap()).await;
    assert!(body.contains("Inactive") && body.contains("Every 1 d"), "{body}");
});

on_both!(a_participants_link_is_shown_once_and_is_all_that_it_takes, |app| async {
    let scene = scene(app).await;
    let data = StudyData::of(app, &scene.admin, "one").await;
    let page = format!("/s/heart/responses/{}", data.response.id);
    assert_eq!(scene.post(&format!("{page}/link"), "").await.0, StatusCode::SEE_OTHER);
    let (_, _, body) = scene.get(&page).await;
    let at = body.find("/r/").expect("the link") + 3;
    let token = &body[at..at + 48];
    assert!(!scene.get(&page).await.2.contains(token), "once");
    let link = format!("/r/{token}");
    let nobody = async |method: Method, path: &str, form: &str| send(&scene.router, &method, path, form, None).await;
    let (status, headers, body) = nobody(Method::GET, &link, "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("Pain?") && !body.contains("Sign out"), "{body}");
    assert_eq!(
        (&headers["x-robots-tag"], &headers[header::CACHE_CONTROL]),
        (&"noindex, nofollow".parse().unwrap(), &"no-store".parse().unwrap())
    );
    assert!(!headers.contains_key(header::SET_COOKIE));
    let (status, _, body) = nobody(Method::POST, &link, "version=1&status=completed&answers.pain=a+lot").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("value=\"a lot\""), "{body}");
    let (status, headers, _) = nobody(Method::POST, &link, "version=1&status=partial&answers.pain=5").await;
    assert_eq!((status, headers[header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, format!("{link}?saved=true").as_str()));
    let (_, _, body) = nobody(Method::GET, &format!("{link}?saved=true"), "").await;
    assert!(body.contains("Saved for later") && body.contains("value=\"5\""), "{body}");
    assert_eq!(nobody(Method::POST, &link, "version=2&status=completed&answers.pain=5").await.0, StatusCode::SEE_OTHER);
    let (_, _, body) = nobody(Method::GET, &link, "").await;
    assert!(body.contains("Thank you") && !body.contains("answers.pain"), "{body}");
    let (status, _, body) = nobody(Method::POST, &link, "version=3&status=completed&answers.pain=9").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body.contains("Thank you"), "{body}");
    let saved = responses::get(app, &scene.admin, &data.response.id).await.unwrap().response;
    assert_eq!((saved.status, saved.submitted_by), (ResponseStatus::Completed, Some(Submitter::Participant)));
    assert_eq!(saved.answers["pain"], 5);
    let (status, _, body) = nobody(Method::GET, "/r/0000", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("Ask your study team") && !body.contains("/studies"), "{body}");
});

on_both!(whoever_saves_a_record_sees_what_the_synchronous_webhook_answered, |app| async {
    let scene = scene(app).await;
    let data = StudyData::of(app, &scene.admin, "one").await;
    let hook = WebhookDraft {
        events: vec!["record.inserted".into(), "record.updated".into()],
        delivery: SYNCHRONOUS.into(),
        ..draft("EDC", &scene.receiver.url)
    };
    app.live_webhook(&scene.admin, &hook).await;
    scene.receiver.answer(401);
    let (status, headers, _) = scene.post(&format!("/s/heart/records/new?form={}", data.form.id), "participant=A-1&answers.pain=7").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let page = headers[header::LOCATION].to_str().unwrap().to_owned();
    let (_, _, body) = scene.get(&page).await;
    for wanted in
        ["<dialog", "ProtocolError", "EDC", "401", "Record 2 is saved (trans_id 2)", "/s/heart/deliveries/dlv_", "It is tried again"]
    {
        assert!(body.contains(wanted), "{wanted}: {body}");
    }
    assert!(!scene.get(&page).await.2.contains("<dialog"), "told once");
    scene.receiver.answer(204);
    assert_eq!(scene.post(&format!("{page}?version=1"), "answers.pain=8").await.0, StatusCode::SEE_OTHER);
    let (_, _, body) = scene.get(&page).await;
    assert!(!body.contains("<dialog") && body.contains("Record 2 is saved. EDC has it."), "{body}");
});

on_both!(a_locked_record_is_saved_only_with_its_lock_broken_and_a_signature_needs_the_password, |app| async {
    let scene = scene(app).await;
    let data = StudyData::of(app, &scene.admin, "one").await;
    let levels = "levels[0].name=Signed&levels[0].flags=lock&levels[0].flags=sign";
    assert_eq!(scene.post("/s/heart/records/levels", levels).await.0, StatusCode::SEE_OTHER);
    let page = format!("/s/heart/records/{}", data.record.id);
    let (status, _, body) = scene.post(&format!("{page}/review?version=1"), "level=1&password=wrong").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("Your password: is wrong; nothing was signed"), "{body}");
    let signed = format!("level=1&password={}", crate::harness::PASSWORD.replace(' ', "+"));
    assert_eq!(scene.post(&format!("{page}/review?version=1"), &signed).await.0, StatusCode::SEE_OTHER);
    let (status, _, body) = scene.post(&format!("{page}?version=2"), "answers.pain=9").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body.contains("This record is locked") && body.contains("value=\"9\"") && body.contains("Break the lock"), "{body}");
    assert_eq!(scene.post(&format!("{page}?version=2"), "answers.pain=9&break_lock=true").await.0, StatusCode::SEE_OTHER);
    let (_, _, body) = scene.get(&page).await;
    assert!(body.contains("Not reviewed") && body.contains("value=\"9\""), "{body}");
});
