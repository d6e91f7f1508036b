//! A Hookwell as somebody runs it: the built binary, a folder, a database, a port; and a receiver.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use hookwell::model::webhook::WebhookMode;
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::password::Hasher;
use hookwell::server::auth::{Actor, Asker};
use hookwell::server::clock::{Clock, random_bytes};
use hookwell::server::config::Config;
use hookwell::server::secret::Vault;
use hookwell::server::service::webhooks::NewSecret;
use hookwell::server::service::{integrations, webhooks};
use hookwell::server::state::App;
use hookwell::server::store::{Raw, Store, people};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const BINARY: &str = env!("CARGO_BIN_EXE_hookwell");
pub const STUDY: &str = "trial";

/// A folder, a database and a port.
pub struct Installation {
    pub dir: tempfile::TempDir,
    pub database_url: String,
    pub address: std::net::SocketAddr,
    postgres: Option<(String, String)>,
}

/// Who may publish to it.
pub struct Set {
    pub key: String,
    pub secret: String,
    pub webhook_id: String,
}

/// A running `hookwell serve`. Dropped, it is killed.
pub struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

impl Server {
    /// SIGKILL.
    pub fn kill(mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("reaped");
    }

    /// SIGTERM; waits for its end.
    pub fn terminate(mut self) -> ExitStatus {
        let asked = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().expect("kill");
        assert!(asked.success());
        self.0.wait().expect("ended")
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port")
}

impl Installation {
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let database_url = format!("sqlite:{}", dir.path().join("data/hookwell.db").display());
        Self { dir, database_url, address: free_port(), postgres: None }
    }

    /// On a new database of the cluster that `HOOKWELL_TEST_POSTGRES_URL` names; `None` where there is none.
    pub async fn postgres() -> Option<Self> {
        let Ok(cluster) = std::env::var("HOOKWELL_TEST_POSTGRES_URL") else {
            println!("skipped: HOOKWELL_TEST_POSTGRES_URL is not set");
            return None;
        };
        let name = format!("hookwell_{}", hex::encode(random_bytes::<8>()));
        administer(&cluster, &format!("CREATE DATABASE {name}")).await;
        let mut url = url::Url::parse(&cluster).expect("HOOKWELL_TEST_POSTGRES_URL");
        url.set_path(&name);
        let dir = tempfile::tempdir().expect("a folder");
        Some(Self { dir, database_url: url.to_string(), address: free_port(), postgres: Some((cluster, name)) })
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HOOKWELL_DATABASE_URL", self.database_url.clone()),
            ("HOOKWELL_DATA_DIR", self.data().display().to_string()),
            ("HOOKWELL_LISTEN", self.address.to_string()),
            ("HOOKWELL_ALLOW_HTTP", "true".to_owned()),
            ("HOOKWELL_ALLOW_ADDRESSES", "127.0.0.0/8".to_owned()),
            ("HOOKWELL_LOG", "warn".to_owned()),
        ]
    }

    /// The binary with this installation's settings and nobody else's.
    pub fn command(&self, args: &[&str]) -> Command {
        self.command_of(Path::new(BINARY), args)
    }

    pub fn command_of(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.dir.path());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HOOKWELL_")) {
            command.env_remove(name);
        }
        command.envs(self.settings());
        command
    }

    /// Runs a command to its end, with something to read.
    pub fn run(&self, args: &[&str], input: &str) -> Output {
        let mut child = self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("written");
        child.wait_with_output().expect("ended")
    }

    /// The same, of what must succeed; gives what it printed.
    pub fn must(&self, args: &[&str], input: &str) -> String {
        let output = self.run(args, input);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// A key of the study with these scopes, by the command line.
    pub fn key(&self, scopes: &str) -> String {
        self.must(&["key", "create", "--study", STUDY, "--name", "Platform", "--scope", scopes], "").trim().to_owned()
    }

    /// A study with a Live webhook that wants participants.
    pub async fn set_up(&self, receiver: &str) -> Set {
        let draft = WebhookDraft {
            name: "Receiver".to_owned(),
            url: receiver.to_owned(),
            events: vec!["participant.created".to_owned()],
            ..WebhookDraft::default()
        };
        self.set_up_with(&draft).await
    }

    /// A study with people and a key by the command line; then, as its people would, Integrations on and a Live webhook.
    pub async fn set_up_with(&self, draft: &WebhookDraft) -> Set {
        self.must(&["study", "add", "--slug", STUDY, "--name", "A trial"], "");
        for role in ["administrator", "implementation_manager"] {
            let email = format!("{role}@example.com");
            let args = ["user", "add", "--email", &email, "--name", role, "--study", STUDY, "--role", role, "--password-stdin"];
            self.must(&args, "correct horse battery staple\n");
        }
        let key = self.key("events:write,webhooks:read,webhooks:test,deliveries:retry");

        let app = self.app().await;
        let manager = actor(&app, "implementation_manager@example.com").await;
        integrations::switch(&app, &manager, true, "for the test").await.expect("on");
        let admin = actor(&app, "administrator@example.com").await;
        let (webhook, secret) = webhooks::create(&app, &admin, draft, NewSecret::Generate).await.expect("a webhook");
        webhooks::set_mode(&app, &admin, &webhook.id, WebhookMode::Live, "for the test").await.expect("Live");
        app.store.close().await;
        Set { key, secret: secret.expect("a secret").expose().to_owned(), webhook_id: webhook.id.to_string() }
    }

    /// The application over this database, without an engine that runs: for what a person does in the console.
    pub async fn app(&self) -> App {
        let store = Store::connect(&self.database_url).await.expect("connects");
        let env = self.settings().into_iter().map(|(name, value)| (name.to_owned(), value));
        let config = Config::load(None, env).expect("settings");
        let vault = Vault::open_or_create(&config.master_key_file).expect("the key");
        let built = App::build(config, store, vault, Clock::system(), Hasher::production(), false).await;
        built.map_err(|e| e.to_string()).expect("builds").0
    }

    /// Starts the server, and waits until it answers.
    pub async fn serve(&self) -> Server {
        let server = Server(self.command(&["serve"]).stdout(Stdio::null()).spawn().expect("starts"));
        self.ready(server).await
    }

    pub async fn ready(&self, mut server: Server) -> Server {
        let client = client();
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if client.get(self.url("/healthz")).send().await.is_ok_and(|r| r.status() == 200) {
                return server;
            }
            if let Some(status) = server.0.try_wait().expect("asked") {
                panic!("it ended at its start: {status}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it does not answer");
    }

    pub async fn number(&self, text: &str) -> i64 {
        let store = Store::connect(&self.database_url).await.expect("connects");
        let mut db = store.read().await.expect("reads");
        let text = sqlx::AssertSqlSafe(text.to_owned());
        let row: (i64,) = match db.raw() {
            Raw::Sqlite(c) => sqlx::query_as(text).fetch_one(c).await.expect("a number"),
            Raw::Postgres(c) => sqlx::query_as(text).fetch_one(c).await.expect("a number"),
        };
        drop(db);
        store.close().await;
        row.0
    }

    pub async fn execute(&self, text: &str) {
        let store = Store::connect(&self.database_url).await.expect("connects");
        let mut tx = store.begin().await.expect("begins");
        let text = sqlx::AssertSqlSafe(text.to_owned());
        match tx.raw() {
            Raw::Sqlite(c) => drop(sqlx::query(text).execute(c).await.expect("done")),
            Raw::Postgres(c) => drop(sqlx::query(text).execute(c).await.expect("done")),
        }
        tx.commit().await.expect("committed");
        store.close().await;
    }

    /// Lets go of PostgreSQL's room for it.
    pub async fn finish(self) {
        if let Some((cluster, name)) = &self.postgres {
            administer(cluster, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

impl Server {
    pub fn of(child: Child) -> Self {
        Self(child)
    }
}

async fn actor(app: &App, email: &str) -> Actor {
    let mut db = app.store.read().await.expect("reads");
    let login = people::find_login(&mut db, email).await.expect("reads").expect("is there");
    Actor::member(&mut db, login.user, STUDY, Asker::default()).await.expect("a member")
}

async fn administer(cluster: &str, statement: &str) {
    use sqlx::{ConnectOptions, Connection};
    let options: sqlx::postgres::PgConnectOptions = cluster.parse().expect("HOOKWELL_TEST_POSTGRES_URL");
    let mut connection = options.connect().await.expect("a connection to HOOKWELL_TEST_POSTGRES_URL");
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("may make and drop databases");
    connection.close().await.expect("closes");
}

/// A platform's HTTP client.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_secs(20)).build().expect("a client")
}

/// A CloudEvent.
pub fn event(number: usize) -> Value {
    json!({
        "specversion": "1.0", "source": "/platform", "id": format!("event-{number}"), "type": "participant.created",
        "data": {"participant": {"id": format!("p-{number}"), "identifier": format!("P-{number:04}")}},
    })
}

/// Publishes; gives the status and the answer. `Err` when the connection broke.
pub async fn publish(client: &reqwest::Client, at: &Installation, key: &str, what: &Value) -> Result<(u16, Value), reqwest::Error> {
    let request = client.post(at.url("/api/v1/events")).header("content-type", "application/json").bearer_auth(key);
    let answer = request.body(what.to_string()).send().await?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await?;
    Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

/// What came, by webhook-id.
#[derive(Default)]
pub struct Came {
    pub times: HashMap<String, usize>,
    pub refused: usize,
}

/// A slow receiver that verifies with the published crate.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    secret: Arc<Mutex<Option<standardwebhooks::Webhook>>>,
    came: Arc<Mutex<Came>>,
    delay: Duration,
}

impl Receiver {
    pub async fn start(delay: Duration) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hooks", listener.local_addr().expect("bound"));
        let receiver = Self { url, secret: Arc::default(), came: Arc::default(), delay };
        let router = axum::Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub fn verify_with(&self, secret: &str) {
        *self.secret.lock().unwrap() = Some(standardwebhooks::Webhook::new(secret).expect("a secret"));
    }

    pub fn came<T>(&self, look: impl FnOnce(&Came) -> T) -> T {
        look(&self.came.lock().unwrap())
    }

    /// Deliveries, each counted once.
    pub fn distinct(&self) -> usize {
        self.came(|c| c.times.len())
    }

    /// Requests beyond the first of a delivery.
    pub fn repeated(&self) -> usize {
        self.came(|c| c.times.values().map(|n| n - 1).sum())
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let good = receiver.secret.lock().unwrap().as_ref().is_some_and(|w| w.verify(&body, &headers).is_ok());
    {
        let mut came = receiver.came.lock().unwrap();
        if !good {
            came.refused += 1;
            return StatusCode::UNAUTHORIZED;
        }
        let id = headers.get("webhook-id").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        *came.times.entry(id).or_default() += 1;
    }
    tokio::time::sleep(receiver.delay).await;
    StatusCode::NO_CONTENT
}

/// Waits until something is so.
pub async fn within(limit: Duration, what: &str, mut so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + limit;
    while !so().await {
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
