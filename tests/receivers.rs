//! Receivers that are none of our code: the packages `standardwebhooks` of PyPI, npm and Cargo verify what the engine sends, and receivers
//! that were written from the documents of the systems alone, in `end2end/receivers`, take what the formats make for them.
//! `scripts/install-missing receivers` installs the first two; where that is not possible, this fails.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a platform's client is not the engine's")]
#![allow(dead_code, reason = "the support is shared")]

mod support;

use hookwell::model::webhook_draft::WebhookDraft;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver as Lines, channel};
use std::time::Duration;
use support::{Installation, Receiver, client, event, free_port, publish, within};

const SAMPLE: &str = "participant.created";

/// Another language's receiver. Dropped, it is killed.
struct Other {
    child: Child,
    lines: Lines<Value>,
}

impl Drop for Other {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Other {
    fn start(mut command: Command, environment: &[(&str, &str)]) -> Self {
        let mut child = command.envs(environment.iter().copied()).stdout(Stdio::piped()).spawn().expect("the receiver starts");
        let (told, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if told.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        let other = Self { child, lines };
        assert!(other.next()["port"].is_u64());
        other
    }

    fn next(&self) -> Value {
        self.lines.recv_timeout(Duration::from_secs(30)).expect("the receiver says something")
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn install() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let done = Command::new(repository().join("scripts/install-missing")).arg("receivers").status().expect("the script runs");
        assert!(done.success(), "scripts/install-missing receivers: {done}");
    });
}

fn receiver(file: &str) -> PathBuf {
    repository().join("end2end/receivers").join(file)
}

fn python(file: &str) -> Command {
    install();
    let cache = std::env::var_os("HOOKWELL_CACHE")
        .map_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/hookwell"), PathBuf::from);
    let mut command = Command::new(cache.join("receivers-venv/bin/python"));
    command.arg("-B").arg(receiver(file));
    command
}

fn node(file: &str) -> Command {
    install();
    let mut command = Command::new("node");
    command.arg(receiver(file));
    command
}

/// What a platform's API answers to a sample: what came of it.
async fn sample(at: &Installation, key: &str, webhook: &str, event_type: &str) -> Value {
    let request = client().post(at.url(&format!("/api/v1/webhooks/{webhook}/sample"))).bearer_auth(key);
    let answer =
        request.header("content-type", "application/json").body(json!({"event_type": event_type}).to_string()).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// A delivery that was signed for something else: with the right id and time, and a byte of the body changed.
async fn tampered(url: &str, secret: &str) -> u16 {
    let now = hookwell::server::clock::Clock::system().now().seconds();
    let signature = standardwebhooks::Webhook::new(secret).unwrap().sign("dlv_x", now, br#"{"n":1}"#).unwrap();
    let request = client().post(url).header("webhook-id", "dlv_x").header("webhook-timestamp", now.to_string());
    request.header("webhook-signature", signature).body(r#"{"n":2}"#).send().await.unwrap().status().as_u16()
}

async fn proves(command: Command) {
    let port = free_port();
    let url = format!("http://{port}/hooks");
    let at = Installation::sqlite();
    let set = at.set_up(&url).await;
    let mut command = command;
    command.arg(port.port().to_string());
    let other = Other::start(command, &[("WEBHOOK_SECRET", &set.secret)]);
    let server = at.serve().await;
    let mut one = event(1);
    // More than ASCII, so that whoever signs characters instead of bytes is found out.
    one["data"]["participant"]["identifier"] = json!("Zürich–1 🩺");
    let (status, answer) = publish(&client(), &at, &set.key, &one).await.unwrap();
    assert_eq!(status, 202, "{answer}");
    assert_eq!(other.next(), json!({"ok": true, "id": answer["delivery_ids"][0]}));
    let result = sample(&at, &set.key, &set.webhook_id, SAMPLE).await;
    let seen = other.next();
    assert_eq!(seen["ok"], true, "{seen} of {result}");
    assert_eq!(tampered(&url, &set.secret).await, 401);
    assert_eq!(other.next(), json!({"ok": false, "id": "dlv_x"}));
    within(Duration::from_secs(20), "both are delivered", async || {
        at.number("SELECT COUNT(*) FROM deliveries WHERE state = 'delivered' AND last_status = 204").await == 2
    })
    .await;
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_package_of_pypi_verifies() {
    proves(python("receiver.py")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_package_of_npm_verifies() {
    proves(node("receiver.mjs")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_package_of_cargo_verifies() {
    let receiver = Receiver::start(Duration::ZERO).await;
    let at = Installation::sqlite();
    let set = at.set_up(&receiver.url).await;
    receiver.verify_with(&set.secret);
    let server = at.serve().await;
    let (status, answer) = publish(&client(), &at, &set.key, &event(1)).await.unwrap();
    assert_eq!(status, 202, "{answer}");
    within(Duration::from_secs(20), "the delivery", async || receiver.distinct() == 1).await;
    sample(&at, &set.key, &set.webhook_id, SAMPLE).await;
    assert_eq!(receiver.distinct(), 2);
    assert_eq!(receiver.came(|c| c.refused), 0);
    assert_eq!(tampered(&receiver.url, &set.secret).await, 401);
    assert!(server.terminate().success());
}

/// One of a system's receivers, and how to come through to it.
struct System {
    command: Command,
    environment: Vec<(&'static str, String)>,
    draft: WebhookDraft,
    /// What happens at the platform, of each type that the system knows.
    events: Vec<(&'static str, Value)>,
}

/// A request by hand: what the receiver answers to it.
type ByHand<'a> = dyn Fn(Vec<(&'static str, String)>, String) -> std::pin::Pin<Box<dyn Future<Output = u16>>> + 'a;

/// Live deliveries and samples of every type arrive and are taken; then `tamper` sends its own, with the webhook's secret in hand.
async fn takes(
    mut system: System,
    with_secret: Option<&str>,
    before: impl FnOnce(&Installation, &str),
    tamper: impl AsyncFnOnce(&ByHand<'_>, &str),
) {
    let port = free_port();
    let url = format!("http://{port}/hooks");
    let at = Installation::sqlite();
    system.draft.url.clone_from(&url);
    system.draft.name = "Receiver".to_owned();
    system.draft.events = system.events.iter().map(|(event_type, _)| (*event_type).to_owned()).collect();
    let set = at.set_up_with(&system.draft).await;
    before(&at, &set.webhook_id);
    system.command.arg(port.port().to_string());
    let mut environment: Vec<(&str, &str)> = system.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    environment.extend(with_secret.map(|name| (name, set.secret.as_str())));
    let other = Other::start(system.command, &environment);
    let server = at.serve().await;
    for (number, (event_type, data)) in system.events.iter().enumerate() {
        let mut one = event(number);
        (one["type"], one["data"]) = (json!(event_type), data.clone());
        let (status, answer) = publish(&client(), &at, &set.key, &one).await.unwrap();
        assert_eq!(status, 202, "{answer}");
        assert_eq!(other.next(), json!({"ok": true, "why": null, "id": answer["delivery_ids"][0]}), "{event_type}");
        let result = sample(&at, &set.key, &set.webhook_id, event_type).await;
        let seen = other.next();
        assert_eq!((&seen["ok"], &result["delivered"]), (&json!(true), &json!(true)), "a sample of {event_type}: {seen} of {result}");
    }
    let count = i64::try_from(system.events.len()).unwrap();
    for is_test in ["TRUE", "FALSE"] {
        let delivered = format!("SELECT COUNT(*) FROM deliveries WHERE state = 'delivered' AND is_test = {is_test}");
        within(Duration::from_secs(20), "all are delivered", async || at.number(&delivered).await == count).await;
    }
    let by_hand = |headers: Vec<(&'static str, String)>, body: String| -> std::pin::Pin<Box<dyn Future<Output = u16>>> {
        let mut request = client().post(&url).header("content-type", "application/json").body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        Box::pin(async move { request.send().await.unwrap().status().as_u16() })
    };
    tamper(&by_hand, &set.secret).await;
    assert!(server.terminate().success());
}

fn participant() -> Value {
    json!({"id": "p-1", "identifier": "Zürich–1 🩺"})
}

fn completed_survey() -> Value {
    json!({
        "participant": participant(), "survey": {"id": "s-1", "name": "Zufriedenheit"},
        "response": {"id": "r-1", "status": "completed", "completed_at": "2026-11-20T08:15:00Z"}, "answers": {"q1": "größtenteils"},
    })
}

fn mydatahelps(environment: Vec<(&'static str, String)>) -> System {
    let schedule = json!({"participant": participant(), "schedule": {"id": "sch-1", "name": "Week 2"}});
    System {
        command: python("mydatahelps.py"),
        environment,
        draft: WebhookDraft { format: "mydatahelps".into(), ..WebhookDraft::default() },
        events: vec![("survey.completed", completed_survey()), ("schedule.triggered", schedule)],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_for_mydatahelps_takes_its_format() {
    takes(
        mydatahelps(Vec::new()),
        None,
        |_, _| {},
        async |send, _| {
            let good = json!({
                "EventType": "ScheduleTriggered", "ParticipantIdentifier": "A", "ParticipantID": "1", "ProjectID": "p", "ScheduleID": "s",
                "ScheduleName": "n",
            });
            assert_eq!(send(vec![], good.to_string()).await, 204);
            // There is nothing to authenticate by; what is no callback is refused all the same.
            let mut wrong = good.clone();
            wrong["PatientID"] = json!("1");
            assert_eq!(send(vec![], wrong.to_string()).await, 400);
            assert_eq!(send(vec![], good.to_string().replace("ScheduleTriggered", "SurveySubmitted")).await, 400);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_of_before_takes_a_legacy_webhook_of_mydatahelps() {
    let make = |at: &Installation, webhook: &str| {
        let said = at.must(&["webhook", "legacy", support::STUDY, webhook, "--on"], "");
        assert!(said.contains("PatientIdentifier"), "{said}");
        for args in [vec!["webhook", "legacy", support::STUDY, webhook], vec!["webhook", "legacy", "nothing", webhook, "--on"]] {
            assert!(!at.run(&args, "").status.success(), "{args:?}");
        }
    };
    takes(mydatahelps(vec![("LEGACY", "1".to_owned())]), None, make, async |_, _| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_for_trialkit_takes_its_format() {
    let record = json!({"record": {"trans_id": "436"}, "form": {"id": "319", "name": "Formular für Anämie"}});
    let mut review = record.clone();
    review["review"] = json!({"wf_id": 1, "seq": 1, "name": "Monitor Review", "roles": [4, -1, -1], "lock": true, "status": 10});
    let (email, password) = ("hook@example.com", "geheim: 42 ü");
    let system = System {
        command: python("trialkit.py"),
        environment: vec![("HOOK_EMAIL", email.to_owned()), ("HOOK_PASSWORD", password.to_owned())],
        draft: WebhookDraft {
            format: "trialkit".into(),
            basic_user: email.into(),
            basic_password: password.into(),
            ..WebhookDraft::default()
        },
        events: vec![("record.inserted", record.clone()), ("record.updated", record), ("record.review_changed", review)],
    };
    takes(
        system,
        None,
        |_, _| {},
        async |send, _| {
            use base64::Engine as _;
            let basic = |password: &str| {
                let pair = base64::prelude::BASE64_STANDARD.encode(format!("{email}:{password}"));
                vec![("authorization", format!("Basic {pair}"))]
            };
            let body = r#"{"trans_id":"436","form_id":"319","form_name":"Sample Form","OnInsert":true}"#.to_owned();
            assert_eq!(send(basic(password), body.clone()).await, 204);
            assert_eq!(send(basic("geheim"), body.clone()).await, 401);
            assert_eq!(send(vec![], body.clone()).await, 401);
            assert_eq!(send(basic(password), body.replace("\"436\"", "436")).await, 400);
            assert_eq!(send(basic(password), body.replace("OnInsert", "OnReview")).await, 400);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_for_infermedica_takes_its_format() {
    let token = "zGORr7q1I4egIr0c0eKXD7CMpIcjFooJ";
    let created = json!({"participant": participant(), "survey": {"id": "s-1"}, "response": {"id": "r-1", "status": "new"}});
    let system = System {
        command: node("infermedica.mjs"),
        environment: vec![("WEBHOOK_TOKEN", token.to_owned())],
        draft: WebhookDraft { format: "infermedica".into(), token_value: token.into(), ..WebhookDraft::default() },
        events: vec![("survey.created", created), ("survey.completed", completed_survey())],
    };
    takes(
        system,
        None,
        |_, _| {},
        async |send, _| {
            let with = |token: &str| vec![("x-webhook-infermedica-token", token.to_owned())];
            let body = r#"{"event_type":"survey_finished","content":{"survey_id":"r-1"}}"#.to_owned();
            assert_eq!(send(with(token), body.clone()).await, 204);
            assert_eq!(send(with("another"), body.clone()).await, 401);
            assert_eq!(send(vec![], body.clone()).await, 401);
            assert_eq!(send(with(token), body.replace("finished", "forgotten")).await, 400);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_for_surveys_takes_its_format_and_verifies_it() {
    for content in ["id-only", "full"] {
        let system = System {
            command: node("survey.mjs"),
            environment: Vec::new(),
            draft: WebhookDraft { format: "survey".into(), content: content.into(), ..WebhookDraft::default() },
            events: vec![("survey.completed", completed_survey())],
        };
        takes(
            system,
            Some("WEBHOOK_SECRET"),
            |_, _| {},
            async |send, secret| {
                use hmac::{Hmac, KeyInit, Mac};
                let body = json!({
                "surveyId": "s", "eventType": "survey.response_completed", "eventId": "e", "timestamp": "2026-11-20T08:15:00Z",
                "data": {"responseId": "r", "completedAt": "2026-11-20T08:15:00Z", "answers": {"q": 1}, "embeddedData": {}, "metadata": {}},
            })
            .to_string();
                let signed = |secret: &str| {
                    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
                    mac.update(body.as_bytes());
                    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
                    vec![
                        ("x-webhook-signature", signature),
                        ("x-webhook-event", "survey.response_completed".to_owned()),
                        ("x-webhook-delivery", "d".to_owned()),
                    ]
                };
                assert_eq!(send(signed(secret), body.clone()).await, 204);
                assert_eq!(send(signed("another secret"), body.clone()).await, 401);
                assert_eq!(send(signed(secret), body.replace("\"q\":1", "\"q\":2")).await, 401);
                assert_eq!(send(signed(secret)[1..].to_vec(), body.clone()).await, 401);
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_for_weguide_takes_the_standard_format_with_a_secret_header() {
    let key = "a-secret-key-of-weguide";
    let form = json!({"participant": participant(), "form": {"id": "f-1"}, "response": {"id": "r-1", "status": "completed"}});
    let system = System {
        command: python("weguide.py"),
        environment: vec![("SECRET_KEY", key.to_owned()), ("SECRET_HEADER", "X-Secret-Key".to_owned())],
        draft: WebhookDraft { token_header: "X-Secret-Key".into(), token_value: key.into(), ..WebhookDraft::default() },
        events: vec![("participant.created", json!({"participant": participant()})), ("form.completed", form)],
    };
    takes(
        system,
        None,
        |_, _| {},
        async |send, _| {
            let with = |key: &str| vec![("x-secret-key", key.to_owned())];
            let body = event(7).to_string();
            assert_eq!(send(with(key), body.clone()).await, 204);
            assert_eq!(send(with("another"), body.clone()).await, 401);
            assert_eq!(send(vec![], body.clone()).await, 401);
            assert_eq!(send(with(key), body.replace("participant.created", "participant.changed")).await, 400);
        },
    )
    .await;
}
