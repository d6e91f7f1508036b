//! The routes of study data: all of them need `data:write`.

use super::{ask, holders};
use crate::harness::{Receiver, TestApp, draft};
use axum::http::Method;
use hookwell::model::form::FormDraft;
use hookwell::model::participant::ParticipantDraft;
use hookwell::model::permission::Action;
use hookwell::model::record::{ReviewLevel, ReviewLevels};
use hookwell::model::response::ResponseStatus;
use hookwell::model::schedule::ScheduleDraft;
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::router::router;
use hookwell::server::service::responses::NewResponse;
use hookwell::server::service::{forms, imports, participants, records, responses, schedules, sites};
use serde_json::json;

/// What routes of study data are asked about, all of one study.
struct StudyData {
    site: String,
    participant: String,
    form: String,
    response: String,
    record: String,
    schedule: String,
    webhook: String,
    previews: [String; 2],
}

async fn study_data(app: &TestApp, slug: &str, url: &str) -> StudyData {
    let (admin, name) = (app.admin(slug).await, format!("{:032x}", app.ids.next()));
    let on_schedules = WebhookDraft { events: vec!["schedule.triggered".into()], ..draft(&name, url) };
    let webhook = app.test_webhook(&admin, &on_schedules).await.0.id;
    let participant = ParticipantDraft { identifier: name.clone(), ..ParticipantDraft::default() };
    let participant = participants::create(app, &admin, &participant, false).await.unwrap().thing.id;
    let form = FormDraft { kind: "form".into(), name: name.clone(), ..FormDraft::default() };
    let form = forms::create(app, &admin, &form).await.unwrap().id;
    let new =
        NewResponse { form: form.clone(), participant: participant.clone(), status: ResponseStatus::New, answers: Default::default() };
    let schedule =
        ScheduleDraft { name: name.clone(), expression: "0 9 * * *".into(), webhooks: vec![webhook.to_string()], ..Default::default() };
    let preview = async || imports::preview(app, &admin, "x.csv", format!("email\n{name}@example.com\n").as_bytes()).await.unwrap().id;
    StudyData {
        site: sites::create(app, &admin, &name).await.unwrap().id.to_string(),
        response: responses::begin(app, &admin, new, false).await.unwrap().thing.id.to_string(),
        record: records::create(app, &admin, &form, None, &Default::default(), false).await.unwrap().thing.id.to_string(),
        schedule: schedules::create(app, &admin, &schedule).await.unwrap().id.to_string(),
        previews: [preview().await.to_string(), preview().await.to_string()],
        participant: participant.to_string(),
        form: form.to_string(),
        webhook: webhook.to_string(),
    }
}

on_both!(each_route_of_study_data_answers_each_scope_by_the_table, |app| async {
    app.study("heart").await;
    app.study("other").await;
    let (router, receiver) = (router(app.app.clone()), Receiver::start().await);
    let levels = ReviewLevels(vec![ReviewLevel {
        seq: 1,
        name: "Monitor".into(),
        roles: [-1; 3],
        field_level: false,
        lock: false,
        sign: false,
        soft: false,
        description: String::new(),
    }]);
    records::set_levels(app, &app.admin("heart").await, levels).await.unwrap();
    for holder in holders(app).await {
        let of = study_data(app, "heart", &receiver.url).await;
        // What a body names is of the asker's own study.
        let own = study_data(app, if holder.study == "other" { "other" } else { "heart" }, &receiver.url).await;
        let name = format!("{:032x}", app.ids.next());
        let timing = json!({"kind": "every", "minutes": 60});
        let path = |noun: &str, id: &str| format!("/api/v1/{noun}/{id}");
        let import = |id: &str, verb: &str| format!("/api/v1/participants/imports/{id}{verb}");
        let (site, participant, form) = (path("sites", &of.site), path("participants", &of.participant), path("forms", &of.form));
        let (response, record, schedule) = (path("responses", &of.response), path("records", &of.record), path("schedules", &of.schedule));
        let response_new = json!({"form": own.form, "participant": own.participant});
        let rows = vec![
            ("GET", "/api/v1/sites".to_owned(), json!(null), false),
            ("POST", "/api/v1/sites".to_owned(), json!({"name": name}), false),
            ("PATCH", site, json!({"name": format!("{name}-site")}), true),
            ("GET", "/api/v1/participants".to_owned(), json!(null), false),
            ("POST", "/api/v1/participants".to_owned(), json!({"identifier": name}), false),
            ("GET", participant.clone(), json!(null), true),
            ("PATCH", participant, json!({"email": null}), true),
            ("GET", "/api/v1/participants/imports".to_owned(), json!(null), false),
            ("POST", "/api/v1/participants/imports".to_owned(), json!("identifier\nA-1\n"), false),
            ("GET", import(&of.previews[0], ""), json!(null), true),
            ("POST", import(&of.previews[0], "/confirm"), json!(null), true),
            ("POST", import(&of.previews[1], "/discard"), json!(null), true),
            ("GET", "/api/v1/forms".to_owned(), json!(null), false),
            ("POST", "/api/v1/forms".to_owned(), json!({"kind": "form", "name": name}), false),
            ("GET", form.clone(), json!(null), true),
            ("PATCH", form.clone(), json!({"name": format!("{name}-form")}), true),
            ("GET", "/api/v1/responses".to_owned(), json!(null), false),
            ("POST", "/api/v1/responses".to_owned(), response_new, false),
            ("GET", response.clone(), json!(null), true),
            ("POST", format!("{response}/link"), json!(null), true),
            ("PATCH", response, json!({"status": "completed"}), true),
            ("GET", "/api/v1/records".to_owned(), json!(null), false),
            ("POST", "/api/v1/records".to_owned(), json!({"form": own.form}), false),
            ("GET", record.clone(), json!(null), true),
            ("PATCH", record.clone(), json!({"answers": {"pain": 1}}), true),
            ("POST", format!("{record}/review"), json!({"level": 1}), true),
            ("GET", "/api/v1/review-levels".to_owned(), json!(null), false),
            ("PUT", "/api/v1/review-levels".to_owned(), json!({"levels": [{"name": "Monitor"}]}), false),
            ("GET", "/api/v1/schedules".to_owned(), json!(null), false),
            ("POST", "/api/v1/schedules".to_owned(), json!({"name": name, "timing": timing, "webhooks": [own.webhook]}), false),
            ("GET", schedule.clone(), json!(null), true),
            ("PATCH", schedule.clone(), json!({"active": false}), true),
            ("POST", format!("{schedule}/run"), json!(null), true),
            ("GET", format!("{schedule}/runs"), json!(null), true),
            ("DELETE", schedule, json!(null), true),
            ("DELETE", form, json!(null), true),
        ];
        let rows = rows.into_iter().map(|(method, path, body, names_a_thing)| {
            (Method::from_bytes(method.as_bytes()).unwrap(), path, body, Action::WriteStudyData, names_a_thing)
        });
        ask(app, &router, &holder, rows.collect()).await;
    }
});
