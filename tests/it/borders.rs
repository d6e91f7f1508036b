//! The table of `model::permission`, asked at the HTTP border: every page, form and REST route, for every role, every scope,
//! another study's people and nobody.

mod study_data;

use crate::faces::{infermedica_draft, survey_draft};
use crate::harness::{PASSWORD, Receiver, TestApp, draft, participant};
use crate::study_things::StudyData;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use hookwell::model::api_key::ApiKeyDraft;
use hookwell::model::delivery::{DeliveryFilter, DeliveryQuery};
use hookwell::model::event_type::EventType;
use hookwell::model::form::FormDraft;
use hookwell::model::participant::ParticipantDraft;
use hookwell::model::permission::{Action, Decision, Role, Scope, Standing};
use hookwell::model::replay::ReplayDraft;
use hookwell::model::webhook::Webhook;
use hookwell::server::router::router;
use hookwell::server::service::webhooks::Face;
use hookwell::server::service::{api_keys, deliveries, forms, imports, participants, replays, samples, sites, webhooks};
use serde_json::{Value, json};
use tower::ServiceExt;

/// What an address needs, and how it says yes.
struct Row {
    method: Method,
    path: String,
    form: String,
    needs: Action,
    /// Only the whole yes counts: a redacted one is a no here.
    whole: bool,
}

fn row(method: Method, path: impl Into<String>, form: impl Into<String>, needs: Action) -> Row {
    Row { method, path: path.into(), form: form.into(), needs, whole: false }
}

struct Site {
    webhook: Webhook,
    live: Webhook,
    delivery: String,
    sample: String,
    event: String,
    receiver: Receiver,
}

async fn site(app: &TestApp) -> Site {
    app.study("heart").await;
    let (admin, receiver) = (app.admin("heart").await, Receiver::start().await);
    let (webhook, _) = app.test_webhook(&admin, &draft("Test", &receiver.url)).await;
    let (live, _) = app.live_webhook(&admin, &draft("Live", &receiver.url)).await;
    let accepted = app.publish(&app.platform("heart").await, &participant("1")).await.unwrap();
    app.drain().await;
    let delivery = deliveries::list(app, &admin, None, &DeliveryFilter::default(), 1).await.unwrap().items.remove(0).id.to_string();
    let sent = samples::send(app, &admin, &webhook.id, EventType::WebhookTest, EventType::WebhookTest.example()).await.unwrap();
    Site { webhook, live, delivery, sample: sent.0.id.to_string(), event: accepted[0].event_id.to_string(), receiver }
}

/// A replay that has just begun: of the live webhook's live deliveries, or of the test one's samples.
async fn replay(app: &TestApp, site: &Site, test: bool) -> String {
    let (webhook, mode) = if test { (&site.webhook, "test") } else { (&site.live, "live") };
    let query = DeliveryQuery { mode: mode.to_owned(), ..DeliveryQuery::default() };
    let draft = ReplayDraft { query, rate: String::new(), reason: "because".to_owned() };
    replays::start(app, &app.admin("heart").await, &webhook.id, &draft).await.unwrap().id.to_string()
}

/// Sends a form, or asks for a page, as a browser does.
pub async fn send(
    router: &Router,
    method: &Method,
    path: &str,
    form: &str,
    cookie: Option<&str>,
) -> (StatusCode, header::HeaderMap, String) {
    let mut request = Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin");
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    if *method == Method::POST {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let response = router.clone().oneshot(request.body(Body::from(form.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let streams = parts.headers.get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/event-stream"));
    let body = if streams { String::new() } else { String::from_utf8_lossy(&to_bytes(body, usize::MAX).await.unwrap()).into_owned() };
    (parts.status, parts.headers, body)
}

/// Signs in by the form; gives the cookie.
pub async fn sign_in(router: &Router, email: &str) -> String {
    let form = format!("email={email}&password={}&next=", PASSWORD.replace(' ', "+"));
    let (status, headers, body) = send(router, &Method::POST, "/sign-in", &form, None).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{email}: {body}");
    headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned()
}

/// Every address of the console that belongs to a study. What can be done once gets a webhook of its own each time.
async fn rows(app: &TestApp, site: &Site) -> Vec<Row> {
    let admin = app.admin("heart").await;
    let name = format!("{:032x}", app.ids.next());
    let (once, _) = app.test_webhook(&admin, &draft(&name, &site.receiver.url)).await;
    let key_draft = ApiKeyDraft { name: "Once".to_owned(), scopes: vec!["events:write".to_owned()], ..ApiKeyDraft::default() };
    let (key, _) = api_keys::create_by_operator(app, "heart", &key_draft).await.unwrap();
    let (get, post) = (Method::GET, Method::POST);
    let base = "/s/heart/settings/integrations".to_owned();
    let (test, live, once_path) =
        (format!("{base}/{}", site.webhook.id), format!("{base}/{}", site.live.id), format!("{base}/{}", once.id));
    let url = &site.receiver.url;
    let new = format!("name={name}-new&url={url}&status=active&events=form.completed");
    let edited = format!("name={name}-edited&url={url}&status=active&events=form.completed");
    let (read, manage) = (Action::ReadMetadata, Action::ManageWebhook);
    let (replay_path, test_replay_path) =
        (format!("{live}/replay/{}", replay(app, site, false).await), format!("{test}/replay/{}", replay(app, site, true).await));
    let (retry, retry_test) = (Action::Retry { test: false }, Action::Retry { test: true });
    let mut rows = vec![
        row(get.clone(), "/s/heart", "", read),
        row(get.clone(), "/s/heart/search?q=nothing", "", read),
        row(get.clone(), "/s/heart/notices", "", Action::ReadNotices),
        row(post.clone(), "/s/heart/notices/read", "to=1", Action::ReadNotices),
        row(get.clone(), base.clone(), "", read),
        row(post.clone(), format!("{base}/switch"), "enabled=true&reason=because", Action::SwitchIntegrations),
        row(get.clone(), format!("{base}/new"), "", manage),
        row(post.clone(), format!("{base}/new"), new, manage),
        row(get.clone(), test.clone(), "", read),
        row(get.clone(), format!("{test}/edit"), "", manage),
        row(post.clone(), format!("{once_path}/edit?version={}", once.version), edited, manage),
        row(post.clone(), format!("{test}/status"), "active=true", manage),
        row(post.clone(), format!("{test}/mode"), "mode=test", manage),
        row(post.clone(), format!("{once_path}/mode"), "mode=live&reason=because", Action::GoLive),
        row(get.clone(), format!("{test}/secret"), "", Action::ManageCredentials),
        row(post.clone(), format!("{test}/secret"), "overlap_hours=0", Action::ManageCredentials),
        row(get.clone(), format!("{test}/changes"), "", Action::ReadAudit),
        row(get.clone(), format!("{test}/test"), "", read),
        row(post.clone(), format!("{test}/test"), "event_type=webhook.test", Action::SendSample { live: false }),
        row(post.clone(), format!("{live}/test"), "event_type=webhook.test", Action::SendSample { live: true }),
        row(get.clone(), format!("{test}/deliveries"), "", read),
        row(get.clone(), format!("{test}/deliveries/live"), "", read),
        row(get.clone(), format!("{live}/replay"), "", read),
        row(get.clone(), format!("{live}/replay?state=delivered&count=true"), "", read),
        row(post.clone(), format!("{live}/replay"), "mode=live&reason=because", retry),
        row(post.clone(), format!("{test}/replay"), "mode=test&reason=because", retry_test),
        row(get.clone(), replay_path.clone(), "", read),
        row(post.clone(), format!("{replay_path}/pause"), "", retry),
        row(post.clone(), format!("{replay_path}/resume"), "", retry),
        row(post.clone(), format!("{replay_path}/cancel"), "", retry),
        row(post.clone(), format!("{test_replay_path}/cancel"), "", retry_test),
        row(get.clone(), "/s/heart/settings/api-keys", "", Action::ManagePeople),
        row(post.clone(), "/s/heart/settings/api-keys", "name=New&scopes=events:write", Action::ManagePeople),
        row(post.clone(), format!("/s/heart/settings/api-keys/{}/revoke", key.id), "reason=because", Action::ManagePeople),
        row(get.clone(), format!("/s/heart/deliveries/{}", site.delivery), "", read),
        row(post.clone(), format!("/s/heart/deliveries/{}/retry", site.delivery), "reason=because", Action::Retry { test: false }),
        row(post.clone(), format!("/s/heart/deliveries/{}/retry", site.sample), "reason=because", Action::Retry { test: true }),
        row(post.clone(), format!("{once_path}/archive"), "reason=because", manage),
    ];
    rows.extend(study_data_rows(app, site, &name).await);
    rows.push(Row {
        whole: true,
        ..row(post, format!("/s/heart/deliveries/{}/reveal", site.delivery), "", Action::ReadBody { test: false })
    });
    rows.extend(event_rows(site));
    rows.extend(participant_rows(app, &name).await);
    rows
}

fn event_rows(site: &Site) -> Vec<Row> {
    let event = format!("/s/heart/events/{}", site.event);
    vec![
        row(Method::GET, "/s/heart/events", "", Action::ReadMetadata),
        row(Method::GET, event.clone(), "", Action::ReadMetadata),
        Row { whole: true, ..row(Method::POST, format!("{event}/reveal"), "", Action::ReadBody { test: false }) },
    ]
}

/// Participants, their sites and their imports. `name` is used nowhere else.
async fn participant_rows(app: &TestApp, name: &str) -> Vec<Row> {
    let admin = app.admin("heart").await;
    let place = sites::create(app, &admin, name).await.unwrap();
    let known = ParticipantDraft { identifier: name.to_owned(), ..ParticipantDraft::default() };
    let person = participants::create(app, &admin, &known, false).await.unwrap().thing;
    let file = format!("identifier\n{name}-imported\n");
    let (first, second) = (
        imports::preview(app, &admin, "a.csv", file.as_bytes()).await.unwrap(),
        imports::preview(app, &admin, "b.csv", file.as_bytes()).await.unwrap(),
    );
    let base = "/s/heart/participants";
    let (person_path, place_path) = (format!("{base}/{}", person.id), format!("{base}/sites/{}", place.id));
    let (first, second) = (format!("{base}/imports/{}", first.id), format!("{base}/imports/{}", second.id));
    let rows = [
        (Method::GET, base.to_owned(), String::new()),
        (Method::GET, format!("{base}/new"), String::new()),
        (Method::POST, format!("{base}/new"), format!("identifier={name}-new&site={}", place.id)),
        (Method::GET, person_path.clone(), String::new()),
        (Method::GET, format!("{person_path}/edit"), String::new()),
        (Method::POST, format!("{person_path}/edit?version={}", person.version), format!("identifier={name}-edited")),
        (Method::GET, format!("{base}/sites"), String::new()),
        (Method::POST, format!("{base}/sites"), format!("name={name}-new")),
        (Method::GET, place_path.clone(), String::new()),
        (Method::POST, place_path, format!("name={name}-renamed")),
        (Method::GET, format!("{base}/import"), String::new()),
        (Method::POST, format!("{base}/import"), format!("text=identifier%0A{name}-pasted")),
        (Method::GET, format!("{base}/import/template.csv"), String::new()),
        (Method::GET, first.clone(), String::new()),
        (Method::POST, format!("{first}/confirm"), String::new()),
        (Method::POST, format!("{second}/discard"), String::new()),
    ];
    rows.into_iter().map(|(method, path, form)| row(method, path, form, Action::WriteStudyData)).collect()
}

/// Forms, responses, records, schedules. What is made or archived is made anew each time.
async fn study_data_rows(app: &TestApp, site: &Site, name: &str) -> Vec<Row> {
    let data = StudyData::of(app, &app.admin("heart").await, name).await;
    let (get, post, write) = (Method::GET, Method::POST, Action::WriteStudyData);
    let StudyData { form, participant, response, record, schedule, webhook } = data;
    let at = |path: &str| format!("/s/heart/{path}");
    let schedule_fields = |name: &str| format!("name={name}&timing=every&number=1&unit=days&active=&webhooks={}", webhook.id);
    assert_ne!(site.webhook.id, webhook.id);
    let row = |method: &Method, path: String, fields: String| row(method.clone(), path, fields, write);
    vec![
        row(&get, at("forms"), String::new()),
        row(&get, at("forms/new"), String::new()),
        row(&post, at("forms/new"), format!("kind=survey&name={name}-survey&questions=a+%7C+A+%7C+text")),
        row(&get, at(&format!("forms/{}", form.id)), String::new()),
        row(&get, at(&format!("forms/{}/edit", form.id)), String::new()),
        row(&post, at(&format!("forms/{}/edit?version={}", form.id, form.version)), format!("kind=form&name={name}-edited&questions=")),
        row(&get, at("responses/new"), String::new()),
        row(&post, at("responses/new"), format!("form={}&participant={}", form.id, participant.identifier)),
        row(&get, at(&format!("responses/{}", response.id)), String::new()),
        row(&post, at(&format!("responses/{}/link", response.id)), String::new()),
        row(&post, at(&format!("responses/{}?version={}", response.id, response.version)), "status=partial&answers.pain=3".to_owned()),
        row(&get, at("records"), String::new()),
        row(&get, at("records/levels"), String::new()),
        row(&post, at("records/levels"), "levels[0].name=Monitor".to_owned()),
        row(&get, at(&format!("records/new?form={}", form.id)), String::new()),
        row(&get, at(&format!("records/{}", record.id)), String::new()),
        row(&post, at(&format!("records/{}?version={}", record.id, record.version)), "answers.pain=4".to_owned()),
        row(&post, at(&format!("records/{}/review?version={}", record.id, record.version + 1)), "level=1".to_owned()),
        row(&post, at(&format!("records/{}/review?version={}", record.id, record.version + 2)), "level=".to_owned()),
        row(&post, at(&format!("records/new?form={}", form.id)), "participant=&answers=%7B%7D".to_owned()),
        row(&get, at("schedules"), String::new()),
        row(&get, at("schedules/new"), String::new()),
        row(&post, at("schedules/new"), schedule_fields(&format!("{name}-new"))),
        row(&get, at(&format!("schedules/{}", schedule.id)), String::new()),
        row(&get, at(&format!("schedules/{}/edit", schedule.id)), String::new()),
        row(&post, at(&format!("schedules/{}/edit?version={}", schedule.id, schedule.version)), schedule_fields(&format!("{name}-edited"))),
        row(&post, at(&format!("schedules/{}/run", schedule.id)), String::new()),
        row(&post, at(&format!("schedules/{}/archive", schedule.id)), String::new()),
        row(&post, at(&format!("forms/{}/archive", form.id)), String::new()),
    ]
}

on_both!(each_page_and_form_answers_each_role_by_the_table, |app| async {
    let site = site(app).await;
    app.study("other").await;
    let router = router(app.app.clone());
    for role in Role::ALL {
        app.member("heart", role).await;
        let cookie = sign_in(&router, &format!("{}@heart.example.com", role.as_str())).await;
        for row in rows(app, &site).await {
            let allowed = match Standing::Member(role).decide(row.needs) {
                Decision::Allow | Decision::Own => true,
                Decision::Redacted => !row.whole,
                Decision::Deny => false,
            };
            let (status, _, body) = send(&router, &row.method, &row.path, &row.form, Some(&cookie)).await;
            let expected = match (allowed, &row.method) {
                (false, _) => vec![StatusCode::FORBIDDEN],
                (true, &Method::GET) => vec![StatusCode::OK, StatusCode::SEE_OTHER],
                (true, _) if row.whole => vec![StatusCode::OK],
                (true, _) => vec![StatusCode::SEE_OTHER],
            };
            assert!(expected.contains(&status), "{role:?} {} {}: {status}\n{body}", row.method, row.path);
            if !allowed {
                assert!(body.contains("You may not"), "the refusal is a page that says so: {body}");
            }
            app.drain().await;
        }
    }
});

on_both!(another_studys_people_find_nothing_and_nobody_is_asked_to_sign_in, |app| async {
    let site = site(app).await;
    app.study("other").await;
    let router = router(app.app.clone());
    app.member("other", Role::Administrator).await;
    let cookie = sign_in(&router, "administrator@other.example.com").await;
    for row in rows(app, &site).await {
        let (status, ..) = send(&router, &row.method, &row.path, &row.form, Some(&cookie)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{} {}", row.method, row.path);
        let (status, headers, _) = send(&router, &row.method, &row.path, &row.form, None).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{} {}", row.method, row.path);
        assert!(headers[header::LOCATION].to_str().unwrap().starts_with("/sign-in?next="));
        // In one's own study, another one's things are not there.
        let own = row.path.replacen("/s/heart", "/s/other", 1);
        // Whoever chooses a form of another study for a new record is shown that there is none to choose.
        let names_a_thing =
            ["wh_", "dlv_", "key_", "evt_", "par_", "sit_", "imp_", "frm_", "rsp_", "rec_", "sch_"].iter().any(|id| own.contains(id));
        if names_a_thing && !own.contains("records/new") {
            let (status, ..) = send(&router, &row.method, &own, &row.form, Some(&cookie)).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{} {own}", row.method);
        }
    }
});

/// Who asks the REST routes: a key with one scope, another study's with all, nobody.
struct Holder {
    scope: Option<Scope>,
    study: &'static str,
    key_id: String,
    bearer: Option<String>,
}

async fn holders(app: &TestApp) -> Vec<Holder> {
    let mut holders = Vec::new();
    for (scope, study) in Scope::ALL.into_iter().map(|s| (Some(s), "heart")).chain([(None, "other")]) {
        let scopes = scope.map_or(Scope::ALL.to_vec(), |s| vec![s]).iter().map(|s| s.as_str().to_owned()).collect();
        let draft = ApiKeyDraft { name: "Platform".to_owned(), scopes, ..ApiKeyDraft::default() };
        let (key, secret) = api_keys::create_by_operator(app, study, &draft).await.unwrap();
        holders.push(Holder { scope, study, key_id: key.id.to_string(), bearer: Some(secret.expose().to_owned()) });
    }
    holders.push(Holder { scope: None, study: "nobody", key_id: String::new(), bearer: None });
    holders
}

/// A REST route, the body that is sent (text as CSV), what it needs, and whether it names a thing of the study.
type RestRow = (Method, String, Value, Action, bool);

/// Asks each route and compares the answer with the table.
async fn ask(app: &TestApp, router: &Router, holder: &Holder, rows: Vec<RestRow>) {
    for (method, path, body, needs, names_a_thing) in rows {
        let mut request = Request::builder().method(&method).uri(&path);
        if let Some(bearer) = &holder.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let (media, body) = match body {
            Value::Null => (None, String::new()),
            Value::String(text) => (Some("text/csv"), text),
            body => (Some("application/json"), body.to_string()),
        };
        if let Some(media) = media {
            request = request.header(header::CONTENT_TYPE, media);
        }
        let response = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status();
        let text = String::from_utf8_lossy(&to_bytes(response.into_body(), usize::MAX).await.unwrap()).into_owned();
        let expected = match (holder.scope, holder.study) {
            (_, "nobody") => status == StatusCode::UNAUTHORIZED,
            (_, "other") if names_a_thing => status == StatusCode::NOT_FOUND,
            (_, "other") => status.is_success(),
            (scope, _) if Standing::Key(scope.into_iter().collect()).may(needs) => status.is_success(),
            _ => status == StatusCode::FORBIDDEN,
        };
        assert!(expected, "{:?} of {}: {method} {path}: {status}\n{text}", holder.scope, holder.study);
        app.drain().await;
    }
}

on_both!(each_rest_route_answers_each_scope_by_the_table, |app| async {
    let site = site(app).await;
    app.study("other").await;
    let router = router(app.app.clone());
    let receiver = &site.receiver;
    for holder in holders(app).await {
        let admin = app.admin("heart").await;
        let name = format!("{:032x}", app.ids.next());
        let (once, _) = app.test_webhook(&admin, &draft(&name, &receiver.url)).await;
        let (test, once) = (format!("/api/v1/webhooks/{}", site.webhook.id), format!("/api/v1/webhooks/{}", once.id));
        let delivery = format!("/api/v1/deliveries/{}", site.delivery);
        let new = json!({"name": format!("{name}-new"), "url": receiver.url, "events": ["form.completed"]});
        let event = json!({"specversion": "1.0", "id": name, "source": "/test", "type": "participant.created", "data": {"participant": {"id": "p"}}});
        let (get, post) = (Method::GET, Method::POST);
        let replayed = format!("/api/v1/replays/{}", replay(app, &site, false).await);
        let test_replay = format!("/api/v1/replays/{}", replay(app, &site, true).await);
        let ask_replay = json!({"webhook_id": site.live.id, "mode": "live", "reason": "because"});
        let dry_run = json!({"webhook_id": site.webhook.id, "mode": "test", "dry_run": true});
        let (retry, retry_test) = (Action::Retry { test: false }, Action::Retry { test: true });
        let rows = vec![
            (get.clone(), "/api/v1/replays".to_owned(), json!(null), Action::ReadMetadata, false),
            (get.clone(), replayed.clone(), json!(null), Action::ReadMetadata, true),
            (post.clone(), "/api/v1/replays".to_owned(), ask_replay, retry, true),
            (post.clone(), "/api/v1/replays".to_owned(), dry_run, retry_test, true),
            (post.clone(), format!("{replayed}/pause"), json!(null), retry, true),
            (post.clone(), format!("{replayed}/resume"), json!(null), retry, true),
            (post.clone(), format!("{replayed}/cancel"), json!(null), retry, true),
            (post.clone(), format!("{test_replay}/cancel"), json!(null), retry_test, true),
            (get.clone(), "/api/v1/webhooks".to_owned(), json!(null), Action::ReadMetadata, false),
            (get.clone(), test.clone(), json!(null), Action::ReadMetadata, true),
            (get.clone(), "/api/v1/deliveries".to_owned(), json!(null), Action::ReadMetadata, false),
            (get.clone(), delivery.clone(), json!(null), Action::ReadMetadata, true),
            (get.clone(), format!("{delivery}/attempts"), json!(null), Action::ReadMetadata, true),
            (get.clone(), "/api/v1/events".to_owned(), json!(null), Action::ReadMetadata, false),
            (get.clone(), format!("/api/v1/events/{}", site.event), json!(null), Action::ReadMetadata, true),
            (post.clone(), "/api/v1/webhooks".to_owned(), new, Action::ManageWebhook, false),
            (post.clone(), format!("{test}/rotate"), json!({}), Action::ManageCredentials, true),
            (post.clone(), format!("{test}/sample"), json!({}), Action::SendSample { live: false }, true),
            (
                post.clone(),
                format!("/api/v1/deliveries/{}/retry", site.sample),
                json!({"reason": "because"}),
                Action::Retry { test: true },
                true,
            ),
            (post.clone(), format!("{delivery}/retry"), json!({"reason": "because"}), Action::Retry { test: false }, true),
            (post, "/api/v1/events".to_owned(), event, Action::PublishEvents, false),
            (Method::DELETE, once, json!(null), Action::ManageWebhook, true),
        ];
        ask(app, &router, &holder, rows).await;
    }
});

on_both!(each_route_of_the_faces_answers_each_scope_by_the_table, |app| async {
    app.study("heart").await;
    app.study("other").await;
    let (router, receiver, admin) = (router(app.app.clone()), Receiver::start().await, app.admin("heart").await);
    for holder in holders(app).await {
        let name = format!("{:032x}", app.ids.next());
        let survey = FormDraft { kind: "survey".into(), name: name.clone(), ..FormDraft::default() };
        let survey = forms::create(app, &admin, &survey).await.unwrap().id.to_string();
        // One of theirs in each face, which they need not have been allowed to make.
        let own = webhooks::register(app, &admin, Face::Infermedica, &infermedica_draft(&receiver.url)).await.unwrap();
        app.execute(&format!("UPDATE webhooks SET created_by = '{}' WHERE id = '{}'", holder.key_id, own.id)).await.unwrap();
        let of_survey = survey_draft(&name, &receiver.url, &survey);
        let of_survey = webhooks::register(app, &admin, Face::Survey(&survey), &of_survey).await.unwrap();
        let example = EventType::SurveyCompleted.example();
        let sent = samples::send(app, &admin, &of_survey.id, EventType::SurveyCompleted, example).await.unwrap().0.id;
        let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
        let (read, manage, write) = (Action::ReadMetadata, Action::ManageWebhook, Action::WriteStudyData);
        let face = "/api/v2/config/webhook".to_owned();
        let hex = own.id.as_str().trim_start_matches("wh_");
        let one = format!("{face}/{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        let new = json!({"url": receiver.url, "authorization_token": "token", "subscribed_events": ["survey_finished"]});
        let surveys = format!("/api/surveys/{survey}/webhooks");
        let hook = format!("{surveys}/{}", of_survey.id);
        let new_of_survey = json!({"name": format!("{name}-new"), "url": receiver.url, "events": ["survey.response_completed"]});
        let rows = vec![
            (get.clone(), face.clone(), json!(null), read, false),
            (get.clone(), one.clone(), json!(null), read, true),
            (post.clone(), face, new, manage, false),
            (patch.clone(), one.clone(), json!({"authorization_token": "other"}), manage, true),
            (delete.clone(), one, json!(null), manage, true),
            (get.clone(), surveys.clone(), json!(null), read, false),
            (get.clone(), hook.clone(), json!(null), read, true),
            (get, format!("{hook}/deliveries"), json!(null), read, true),
            (post.clone(), surveys, new_of_survey, manage, false),
            (patch, hook.clone(), json!({"secret": null}), Action::ManageCredentials, true),
            (post.clone(), format!("{hook}/test"), json!(null), Action::SendSample { live: true }, true),
            (post, format!("{hook}/deliveries/{sent}/retry"), json!(null), Action::Retry { test: true }, true),
            (delete, hook, json!(null), manage, true),
            (Method::POST, "/api/directory/contacts/upsert".to_owned(), json!({"externalId": name}), write, false),
            (Method::POST, format!("/api/surveys/{survey}/distributions/quick"), json!({"contacts": [{"externalId": name}]}), write, true),
            (Method::GET, format!("/api/surveys/{survey}/responses/bulk-status"), json!(null), write, true),
        ];
        ask(app, &router, &holder, rows).await;
    }
});

on_both!(a_form_from_another_site_is_refused, |app| async {
    app.study("heart").await;
    app.member("heart", Role::ImplementationManager).await;
    let router = router(app.app.clone());
    let cookie = sign_in(&router, "implementation_manager@heart.example.com").await;
    let request = Request::post("/s/heart/settings/integrations/switch")
        .header(header::COOKIE, cookie)
        .header("sec-fetch-site", "cross-site")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("enabled=false&reason=because"))
        .unwrap();
    assert_eq!(router.clone().oneshot(request).await.unwrap().status(), StatusCode::FORBIDDEN);
    assert!(app.member("heart", Role::Auditor).await.study.integrations_enabled, "nothing was changed");
});

on_both!(a_requests_id_is_ours, |app| async {
    let router = router(app.app.clone());
    let request = Request::get("/healthz").header("x-request-id", "planted").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert!(response.headers()["x-request-id"].to_str().unwrap().starts_with("req_"));
});

on_both!(a_session_ends_by_itself_and_with_a_sign_out, |app| async {
    use hookwell::model::time::{HOUR, MINUTE};
    app.study("heart").await;
    app.member("heart", Role::Auditor).await;
    let router = router(app.app.clone());
    let is_in = async |cookie: &str| send(&router, &Method::GET, "/studies", "", Some(cookie)).await.0 == StatusCode::OK;
    let cookie = sign_in(&router, "auditor@heart.example.com").await;
    app.clock.advance(14 * MINUTE);
    assert!(is_in(&cookie).await);
    app.clock.advance(14 * MINUTE);
    assert!(is_in(&cookie).await, "a request moves the idle limit on");
    app.clock.advance(16 * MINUTE);
    assert!(!is_in(&cookie).await, "idle");
    let cookie = sign_in(&router, "auditor@heart.example.com").await;
    for _ in 0..(12 * 60 / 14) {
        app.clock.advance(14 * MINUTE);
        assert!(is_in(&cookie).await);
    }
    app.clock.advance(13 * MINUTE);
    assert!(!is_in(&cookie).await, "12 hours are over");
    let cookie = sign_in(&router, "auditor@heart.example.com").await;
    let (status, ..) = send(&router, &Method::POST, "/sign-out", "", Some(&cookie)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(!is_in(&cookie).await);
    app.clock.advance(HOUR);
});
