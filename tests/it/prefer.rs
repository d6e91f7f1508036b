//! `Prefer: wait`: what whoever saves over the API is told of synchronous webhooks, and that the save stands whatever they answer.

use crate::harness::{Receiver, TestApp, draft, participant, until};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use hookwell::model::api_key::ApiKeyDraft;
use hookwell::model::form::FormDraft;
use hookwell::model::permission::Scope;
use hookwell::model::webhook_draft::{SYNCHRONOUS, WebhookDraft};
use hookwell::server::auth::Actor;
use hookwell::server::router::router;
use hookwell::server::service::{api_keys, forms};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tower::ServiceExt;

/// A study with a form, an administrator, and a platform that speaks to the API.
#[derive(Clone)]
struct Scene {
    router: Router,
    admin: Actor,
    bearer: String,
    form: String,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn problem(&self) -> &str {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.body);
        assert_eq!(self.body["status"], self.status);
        self.body["type"].as_str().unwrap().strip_prefix("/api/docs#problem-").unwrap()
    }

    /// The name of each webhook's failure.
    fn failures(&self) -> Vec<Value> {
        self.body["webhooks"].as_array().unwrap().iter().map(|w| w["failure"].clone()).collect()
    }
}

async fn scene(app: &TestApp) -> Scene {
    app.study("heart").await;
    let admin = app.admin("heart").await;
    let scopes = Scope::ALL.iter().map(|s| s.as_str().to_owned()).collect();
    let key = ApiKeyDraft { name: "Platform".into(), scopes, ..ApiKeyDraft::default() };
    let (_, secret) = api_keys::create_by_operator(app, "heart", &key).await.unwrap();
    let form = FormDraft { kind: "form".into(), name: "Vitals".into(), ..FormDraft::default() };
    let form = forms::create(app, &admin, &form).await.unwrap().id.to_string();
    Scene { router: router(app.app.clone()), admin, bearer: secret.expose().to_owned(), form }
}

impl Scene {
    async fn send(&self, method: &str, path: &str, prefer: Option<&str>, body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {}", self.bearer));
        request = request.header(header::CONTENT_TYPE, "application/json");
        if let Some(prefer) = prefer {
            request = request.header("prefer", prefer);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Saves a new record.
    async fn save(&self, prefer: Option<&str>) -> Answer {
        self.send("POST", "/api/v1/records", prefer, json!({"form": self.form, "answers": {"pain": 1}})).await
    }

    /// A live synchronous webhook for an event type.
    async fn synchronous(&self, app: &TestApp, name: &str, url: &str, event_type: &str) -> String {
        let draft = WebhookDraft { events: vec![event_type.into()], delivery: SYNCHRONOUS.into(), ..draft(name, url) };
        app.live_webhook(&self.admin, &draft).await.0.id.to_string()
    }

    /// That a failed save is there, as its problem says.
    async fn stands(&self, failed: &Answer) {
        assert!(failed.body["detail"].as_str().unwrap().starts_with("What you sent is saved and stands; the delivery goes on"));
        let path = failed.headers[header::LOCATION].to_str().unwrap();
        let read = self.send("GET", path, None, Value::Null).await;
        assert_eq!((read.status, &read.body), (200, &failed.body["saved"]));
        assert_eq!(read.headers[header::ETAG], failed.headers[header::ETAG]);
    }
}

on_both!(who_waits_is_told_and_who_does_not_is_not_kept, |app| async {
    let (scene, receiver) = (scene(app).await, Receiver::start().await);
    let webhook = scene.synchronous(app, "TrialKit", &receiver.url, "record.inserted").await;
    let arrived = scene.save(Some("wait=20")).await;
    assert_eq!((arrived.status, arrived.failures()), (200, vec![Value::Null]), "{}", arrived.body);
    assert_eq!((&arrived.body["trans_id"], arrived.headers["preference-applied"].to_str().unwrap()), (&json!(1), "wait=20"));
    let told = &arrived.body["webhooks"][0];
    assert_eq!((&told["webhook_id"], &told["webhook_name"], &told["status"]), (&json!(webhook), &json!("TrialKit"), &json!(204)));
    assert_eq!(receiver.count(), 1);
    // Without it, the engine calls it afterwards.
    let plain = scene.save(None).await;
    assert_eq!((plain.status, plain.body.get("webhooks"), receiver.count()), (201, None, 1));
    assert!(!plain.headers.contains_key("preference-applied"));
    app.drain().await;
    assert_eq!(receiver.count(), 2);
});

on_both!(an_error_answer_is_a_protocol_error_and_the_record_is_there, |app| async {
    let (scene, receiver) = (scene(app).await, Receiver::start().await);
    scene.synchronous(app, "TrialKit", &receiver.url, "record.inserted").await;
    receiver.answer(401);
    let refused = scene.save(Some("wait=20")).await;
    assert_eq!((refused.status, refused.problem(), refused.failures()), (502, "synchronous-failure", vec![json!("ProtocolError")]));
    assert_eq!((&refused.body["webhooks"][0]["status"], &refused.body["saved"]["trans_id"]), (&json!(401), &json!(1)));
    assert!(refused.body["webhooks"][0]["next_attempt_at"].is_string());
    scene.stands(&refused).await;
    receiver.answer(200);
    app.clock.advance(6 * 1_000_000);
    app.drain().await;
    assert_eq!(receiver.count(), 2, "it was tried again by the schedule");
});

on_both!(every_save_that_makes_an_event_can_be_waited_for, |app| async {
    let (scene, receiver) = (scene(app).await, Receiver::start().await);
    for event in ["participant.created", "form.completed", "survey.created", "record.inserted", "record.updated", "record.review_changed"] {
        scene.synchronous(app, event, &receiver.url, event).await;
    }
    let survey = scene.send("POST", "/api/v1/forms", None, json!({"kind": "survey", "name": "Diary"})).await.body["id"].clone();
    let levels = json!({"levels": [{"name": "Monitor"}]});
    assert_eq!(scene.send("PUT", "/api/v1/review-levels", None, levels).await.status, 200);
    let ask = async |method: &str, path: &str, body: Value, wanted: &str| {
        let answer = scene.send(method, path, Some("wait=20"), body).await;
        let names: Vec<_> = answer.body["webhooks"].as_array().unwrap().iter().map(|w| w["webhook_name"].as_str().unwrap()).collect();
        assert_eq!((answer.status, names), (200, vec![wanted]), "{method} {path}: {}", answer.body);
        answer.body["id"].as_str().unwrap_or_default().to_owned()
    };
    ask("POST", "/api/v1/participants", json!({"identifier": "A-1"}), "participant.created").await;
    ask("POST", "/api/v1/responses", json!({"form": survey, "participant": "A-1"}), "survey.created").await;
    let response = scene.send("POST", "/api/v1/responses", Some("wait=20"), json!({"form": scene.form, "participant": "A-1"})).await;
    assert_eq!((response.status, &response.body["webhooks"]), (200, &json!([])), "a new response to a form makes no event");
    let response = format!("/api/v1/responses/{}", response.body["id"].as_str().unwrap());
    ask("PATCH", &response, json!({"status": "completed"}), "form.completed").await;
    let record = ask("POST", "/api/v1/records", json!({"form": scene.form}), "record.inserted").await;
    let record = format!("/api/v1/records/{record}");
    ask("PATCH", &record, json!({"answers": {"pain": 2}}), "record.updated").await;
    ask("POST", &format!("{record}/review"), json!({"level": 1}), "record.review_changed").await;
    ask("POST", "/api/v1/events", participant("1"), "participant.created").await;
    let batch = scene.send("POST", "/api/v1/events", Some("wait=20"), json!([participant("2"), participant("3"), participant("1")])).await;
    assert_eq!((batch.status, batch.failures().len(), &batch.body["items"][2]["duplicate"]), (200, 2, &json!(true)), "{}", batch.body);
    // What was published stands too.
    receiver.answer(500);
    let batch = scene.send("POST", "/api/v1/events", Some("wait=20"), json!([participant("4"), participant("5")])).await;
    assert_eq!((batch.status, batch.problem()), (502, "synchronous-failure"));
    let kept = batch.body["saved"]["items"][1]["event_id"].as_str().unwrap().to_owned();
    assert_eq!(scene.send("GET", &format!("/api/v1/events/{kept}"), None, Value::Null).await.status, 200);
    let again = scene.send("POST", "/api/v1/events", Some("wait=20"), participant("5")).await;
    assert_eq!(
        (again.status, &again.body["duplicate"], &again.body["webhooks"]),
        (200, &json!(true), &json!([])),
        "seen before: nothing to wait for"
    );
});

on_both!(a_receiver_that_is_too_slow_is_a_timeout, |app| async {
    let (scene, receiver) = (scene(app).await, Receiver::start().await);
    scene.synchronous(app, "Slow", &receiver.url, "record.inserted").await;
    receiver.change(|a| a.delay = Duration::from_millis(2500));
    let late = scene.save(Some("wait=1")).await;
    assert_eq!((late.status, late.problem(), late.failures()), (504, "synchronous-timeout", vec![json!("Timeout")]), "{}", late.body);
    assert_eq!(
        (&late.body["webhooks"][0]["webhook_name"], &late.headers["preference-applied"]),
        (&json!("Slow"), &"wait=1".parse().unwrap())
    );
    scene.stands(&late).await;
    let path = format!("/api/v1/deliveries/{}", late.body["webhooks"][0]["delivery_id"].as_str().unwrap());
    until("the attempt is recorded", async || scene.send("GET", &path, None, Value::Null).await.body["state"] == "delivered").await;
    assert_eq!((receiver.count(), app.drain().await), (1, 0), "it was sent once");
});

on_both!(what_fails_has_the_name_that_people_know, |app| async {
    let scene = scene(app).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let distrusted = distrusted_receiver().await;
    let webhook = scene.synchronous(app, "Receiver", &format!("http://{nobody}/"), "record.inserted").await;
    for (url, failure) in [
        (format!("http://{nobody}/"), "ConnectFailure"),
        ("http://nobody.invalid/".to_owned(), "NameResolutionFailure"),
        (distrusted, "TrustFailure"),
    ] {
        // A name that nobody resolves could not be saved; one can cease to be.
        app.execute(&format!("UPDATE webhooks SET url = '{url}' WHERE id = '{webhook}'")).await.unwrap();
        let failed = scene.save(Some("wait=30")).await;
        assert_eq!(
            (failed.status, failed.problem(), failed.failures()),
            (502, "synchronous-failure", vec![json!(failure)]),
            "{}",
            failed.body
        );
        scene.stands(&failed).await;
    }
});

/// A server whose certificate nobody vouches for.
async fn distrusted_receiver() -> String {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let config =
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider())).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key).unwrap();
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            assert!(acceptor.accept(stream).await.is_err(), "nobody should trust it");
        }
    });
    format!("https://{address}/")
}

on_both!(a_slow_webhook_blocks_nobody_elses_save, |app| async {
    let (scene, slow, quick) = (scene(app).await, Receiver::start().await, Receiver::start().await);
    scene.synchronous(app, "Slow", &slow.url, "record.inserted").await;
    scene.synchronous(app, "Quick", &quick.url, "participant.created").await;
    slow.change(|a| a.delay = Duration::from_secs(4));
    let of_other = scene.clone();
    let waiting = tokio::spawn(async move { of_other.save(Some("wait=20")).await });
    until("the slow one is called", async || slow.count() == 1).await;
    // Another save of the very same kind, and one that itself waits for its webhook.
    assert_eq!(scene.save(None).await.status, 201);
    let participant = scene.send("POST", "/api/v1/participants", Some("wait=20"), json!({"identifier": "A-1"})).await;
    assert_eq!((participant.status, quick.count()), (200, 1), "{}", participant.body);
    assert!(!waiting.is_finished(), "the others were done before it");
    let done = waiting.await.unwrap();
    assert_eq!((done.status, done.failures()), (200, vec![Value::Null]), "{}", done.body);
});
