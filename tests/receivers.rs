//! Receivers that are none of our code: the packages `standardwebhooks` of PyPI, npm and Cargo verify what the engine sends.
//! `scripts/install-missing receivers` installs the first two; where that is not possible, this fails.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a platform's client is not the engine's")]
#![allow(dead_code, reason = "the support is shared")]

mod support;

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
    fn start(mut command: Command, secret: &str) -> Self {
        let mut child = command.env("WEBHOOK_SECRET", secret).stdout(Stdio::piped()).spawn().expect("the receiver starts");
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

/// What a platform's API answers to a sample: what came of it.
async fn sample(at: &Installation, key: &str, webhook: &str) -> Value {
    let request = client().post(at.url(&format!("/api/v1/webhooks/{webhook}/sample"))).bearer_auth(key);
    let answer = request.header("content-type", "application/json").body(json!({"event_type": SAMPLE}).to_string()).send().await.unwrap();
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
    let other = Other::start(command, &set.secret);
    let server = at.serve().await;
    let mut one = event(1);
    // More than ASCII, so that whoever signs characters instead of bytes is found out.
    one["data"]["participant"]["identifier"] = json!("Zürich–1 🩺");
    let (status, answer) = publish(&client(), &at, &set.key, &one).await.unwrap();
    assert_eq!(status, 202, "{answer}");
    assert_eq!(other.next(), json!({"ok": true, "id": answer["delivery_ids"][0]}));
    let result = sample(&at, &set.key, &set.webhook_id).await;
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
    install();
    let cache = std::env::var_os("HOOKWELL_CACHE")
        .map_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/hookwell"), PathBuf::from);
    let mut command = Command::new(cache.join("receivers-venv/bin/python"));
    command.arg(repository().join("end2end/receivers/receiver.py"));
    proves(command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_package_of_npm_verifies() {
    install();
    let mut command = Command::new("node");
    command.arg(repository().join("end2end/receivers/receiver.mjs"));
    proves(command).await;
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
    sample(&at, &set.key, &set.webhook_id).await;
    assert_eq!(receiver.distinct(), 2);
    assert_eq!(receiver.came(|c| c.refused), 0);
    assert_eq!(tampered(&receiver.url, &set.secret).await, 401);
    assert!(server.terminate().success());
}
