//! E-mail as the binary sends it, taken by a mail server that is none of our code: aiosmtpd, which wants a password, and encryption before
//! it. `scripts/install-missing mail-server` installs it; where that is not possible, this fails.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a platform's client is not the engine's")]
#![allow(dead_code, reason = "the support is shared")]

mod support;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver as Lines, channel};
use std::time::Duration;
use support::{Installation, Server, within};

const PASSWORD: &str = "p@ss word";

/// The mail server, and the authority that its certificate is of. Dropped, it is killed.
struct MailServer {
    child: Child,
    lines: Lines<Value>,
    port: u64,
    authority: PathBuf,
    _dir: tempfile::TempDir,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl MailServer {
    fn start(wrapped: bool) -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            let done = Command::new(repository.join("scripts/install-missing")).arg("mail-server").status().expect("the script runs");
            assert!(done.success(), "scripts/install-missing mail-server: {done}");
        });
        let cache = std::env::var_os("HOOKWELL_CACHE")
            .map_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/hookwell"), PathBuf::from);
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        certificate(&file("authority.pem"), &file("certificate.pem"), &file("key.pem"));
        let mut command = Command::new(cache.join("mail-server-venv/bin/python"));
        command.arg("-B").arg(repository.join("end2end/receivers/mail.py")).stdout(Stdio::piped());
        command.env("MAIL_CERTIFICATE", file("certificate.pem")).env("MAIL_KEY", file("key.pem"));
        command.env("MAIL_USER", "hookwell").env("MAIL_PASSWORD", PASSWORD);
        if wrapped {
            command.env("MAIL_WRAPPED", "1");
        }
        let mut child = command.spawn().expect("the mail server starts");
        let (told, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if told.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        let mut server = Self { child, lines, port: 0, authority: file("authority.pem"), _dir: dir };
        server.port = server.next()["port"].as_u64().expect("a port");
        server
    }

    fn next(&self) -> Value {
        self.lines.recv_timeout(Duration::from_secs(30)).expect("the mail server says something")
    }

    fn took_nothing(&self) -> bool {
        self.lines.try_recv().is_err()
    }
}

/// An authority, and a certificate of it for localhost with its key.
fn certificate(authority_file: &Path, certificate_file: &Path, key_file: &Path) {
    let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    std::fs::write(authority_file, authority.self_signed(&authority_key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(certificate_file, leaf.pem()).unwrap();
    std::fs::write(key_file, key.serialize_pem()).unwrap();
}

/// `hookwell mail test` over this server's URL, trusting the authorities of this file.
fn mail_test(at: &Installation, url: &str, authority: Option<&Path>, to: &str) -> Output {
    let mut command = at.command(&["mail", "test", to]);
    command.env("HOOKWELL_SMTP_URL", url).env("HOOKWELL_MAIL_FROM", "Hookwell <hooks@example.org>");
    if let Some(authority) = authority {
        command.env("SSL_CERT_FILE", authority);
    }
    command.output().expect("it runs")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_test_mail_arrives_encrypted_or_it_is_said_what_went_wrong() {
    let at = Installation::sqlite();
    for wrapped in [false, true] {
        let server = MailServer::start(wrapped);
        let (scheme, tls) = if wrapped { ("smtps", "") } else { ("smtp", "?tls=required") };
        let url = |password: &str| format!("{scheme}://hookwell:{password}@localhost:{}{tls}", server.port);
        let (good, trusted) = (url("p%40ss%20word"), Some(server.authority.as_path()));

        let output = mail_test(&at, &good, trusted, "ada@example.com");
        assert!(output.status.success() && told(&output).contains("ada@example.com"), "{}", told(&output));
        let taken = server.next();
        assert_eq!(
            (&taken["from"], &taken["to"], &taken["encrypted"]),
            (&json!("hooks@example.org"), &json!(["ada@example.com"]), &json!(true))
        );
        assert!(taken["text"].as_str().unwrap().contains("Subject: A test from Hookwell"), "{taken}");

        for (url, authority, to, why) in [
            (&good, trusted, "refused@example.com", "550"),
            (&url("canary"), trusted, "ada@example.com", "535"),
            (&good, None, "ada@example.com", "certificate"),
            (&good, trusted, "nobody", "no e-mail address"),
            (&"smtp://127.0.0.1:9".to_owned(), None, "ada@example.com", "refused"),
        ] {
            let output = mail_test(&at, url, authority, to);
            let said = told(&output);
            assert!(output.status.code() == Some(2) && said.contains(why) && said.contains(to), "{why}: {said}");
            assert!(!said.contains("canary") && !said.contains("ss word") && !said.contains("ss%20word"), "{said}");
        }
        assert!(server.took_nothing());
    }
    let output = at.run(&["mail", "test", "ada@example.com"], "");
    assert!(output.status.code() == Some(2) && told(&output).contains("HOOKWELL_SMTP_URL is not set"), "{}", told(&output));
    let mut command = at.command(&["config"]);
    command.env("HOOKWELL_SMTP_URL", "smtps://hookwell:canary@mail.example.org").env("HOOKWELL_MAIL_FROM", "hooks@example.org");
    let said = told(&command.output().unwrap());
    assert!(said.contains("HOOKWELL_SMTP_URL=smtps://hookwell:") && !said.contains("canary"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_is_told_by_the_running_server() {
    let mail = MailServer::start(false);
    let at = Installation::sqlite();
    let set = at.set_up("http://127.0.0.1:9/hooks").await;
    let url = format!("smtp://hookwell:p%40ss%20word@localhost:{}?tls=required", mail.port);
    let mut command = at.command(&["serve"]);
    command.env("HOOKWELL_SMTP_URL", url).env("HOOKWELL_MAIL_FROM", "hooks@example.org").env("SSL_CERT_FILE", &mail.authority);
    let server = at.ready(Server::of(command.stdout(Stdio::null()).spawn().unwrap())).await;
    // What the engine writes when it disables a webhook.
    let data = json!({"webhook": {"id": set.webhook_id, "name": "Receiver"}, "cause": "It failed for 72 hours."});
    at.execute(&format!(
        "INSERT INTO outbox SELECT id, 'out_00000000000000000000000000000001', 'webhook.disabled', '{data}', 1795000000000000 FROM studies"
    ))
    .await;
    let taken = tokio::task::block_in_place(|| mail.next());
    let text = taken["text"].as_str().unwrap().to_owned();
    assert_eq!(taken["to"], json!(["administrator@example.com"]));
    assert!(text.contains("It failed for 72 hours.") && text.contains("Subject: A trial: a webhook was switched off"), "{text}");
    within(Duration::from_secs(20), "it is noted", async || {
        at.number("SELECT COUNT(*) FROM notice_mails WHERE sent_at IS NOT NULL AND tries = 1").await == 1
    })
    .await;
    assert!(mail.took_nothing());
    assert!(server.terminate().success());
}
