//! A whole application over a fresh database, a clock that a test moves, and a receiver that does as it is told.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use hookwell::error::AppError;
use hookwell::model::api_key::ApiKeyDraft;
use hookwell::model::event::Accepted;
use hookwell::model::event_type::EventType;
use hookwell::model::id::{StudyId, UserId};
use hookwell::model::permission::{Role, Scope};
use hookwell::model::study::Study;
use hookwell::model::time::Timestamp;
use hookwell::model::user::User;
use hookwell::model::webhook::{Webhook, WebhookMode};
use hookwell::model::webhook_draft::WebhookDraft;
use hookwell::server::auth::password::Hasher;
use hookwell::server::auth::{Actor, Asker};
use hookwell::server::clock::{Clock, random_bytes};
use hookwell::server::config::Config;
use hookwell::server::engine::Intake;
use hookwell::server::secret::{Secret, Vault};
use hookwell::server::service::webhooks::NewSecret;
use hookwell::server::service::{api_keys, events, webhooks};
use hookwell::server::state::App;
use hookwell::server::store::{self, Raw, Store};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Makes two tests of one body: `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($name:ident, |$app:ident| async $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "a short body may need none of them")]
            use super::*;

            async fn body($app: &$crate::harness::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::harness::run($crate::harness::Engine::Sqlite, async |app| body(app).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::harness::run($crate::harness::Engine::Postgres, async |app| body(app).await).await;
            }
        }
    };
}

/// Runs a test's body, unless there is no PostgreSQL to run it on.
pub async fn run(engine: Engine, body: impl AsyncFnOnce(&TestApp)) {
    let Some(app) = spawn_app(engine).await else { return };
    body(&app).await;
    app.finish().await;
}

/// A Saturday in 2026, on the second.
pub const START: Timestamp = Timestamp(1_795_000_000_000_000);
/// A password that is good enough, of everybody who has one.
pub const PASSWORD: &str = "correct horse battery staple";

pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    pub engine: Engine,
    /// Where its database is, to look into it from outside.
    pub url: String,
    pub dir: tempfile::TempDir,
    /// The cluster and the database's name in it.
    database: Option<(String, String)>,
}

impl std::ops::Deref for TestApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

pub fn vault() -> Vault {
    Vault::from_key([7; 32])
}

/// An application of its own, with nobody and nothing in it. `None` for PostgreSQL where there is none.
pub async fn spawn_app(engine: Engine) -> Option<TestApp> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (url, database) = match engine {
        Engine::Sqlite => (format!("sqlite:{}", dir.path().join("hookwell.db").display()), None),
        Engine::Postgres => {
            let Ok(cluster) = std::env::var("HOOKWELL_TEST_POSTGRES_URL") else {
                println!("skipped: HOOKWELL_TEST_POSTGRES_URL is not set");
                return None;
            };
            let name = format!("hookwell_{}", hex::encode(random_bytes::<8>()));
            administer(&cluster, &format!("CREATE DATABASE {name}")).await;
            let mut url = url::Url::parse(&cluster).expect("HOOKWELL_TEST_POSTGRES_URL");
            url.set_path(&name);
            (url.to_string(), Some((cluster, name)))
        }
    };
    let store = Store::connect(&url).await.expect("connects");
    store.migrate().await.expect("migrates");
    let clock = Clock::manual(START);
    let (app, _) = build(&url, &dir, store, &clock, false, &[]).await;
    Some(TestApp { app, clock, engine, url, dir, database })
}

async fn build(url: &str, dir: &tempfile::TempDir, store: Store, clock: &Clock, background: bool, more: &[(&str, &str)]) -> (App, Intake) {
    let settings = [
        ("HOOKWELL_DATABASE_URL", url),
        ("HOOKWELL_DATA_DIR", &dir.path().display().to_string()),
        ("HOOKWELL_ALLOW_HTTP", "true"),
        ("HOOKWELL_ALLOW_ADDRESSES", "127.0.0.0/8"),
    ];
    let settings = settings.iter().chain(more).map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    let config = Config::load(None, settings).expect("a configuration");
    App::build(config, store, vault(), clock.clone(), Hasher::cheap_for_tests(), background)
        .await
        .map_err(|e| e.to_string())
        .expect("builds")
}

async fn administer(cluster: &str, statement: &str) {
    use sqlx::{ConnectOptions, Connection};
    let options: sqlx::postgres::PgConnectOptions = cluster.parse().expect("HOOKWELL_TEST_POSTGRES_URL");
    let mut connection = options.connect().await.expect("a connection to HOOKWELL_TEST_POSTGRES_URL");
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("may make and drop databases");
    connection.close().await.expect("closes");
}

impl TestApp {
    /// Lets go of the database, and of PostgreSQL's room for it.
    pub async fn finish(self) {
        self.app.store.close().await;
        if let Some((cluster, name)) = &self.database {
            administer(cluster, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    /// Another process over the same database, with the machine's or this clock.
    pub async fn another_node(&self, clock: &Clock, background: bool) -> (App, Intake) {
        let store = Store::connect(&self.url).await.expect("connects");
        build(&self.url, &self.dir, store, clock, background, &[]).await
    }

    /// Another process over the same database, by the same clock, that sends its mail there.
    pub async fn node_with_mail(&self, smtp_url: &str) -> App {
        let store = Store::connect(&self.url).await.expect("connects");
        let more = [("HOOKWELL_SMTP_URL", smtp_url), ("HOOKWELL_MAIL_FROM", "Hookwell <hooks@example.org>")];
        build(&self.url, &self.dir, store, &self.clock, false, &more).await.0
    }

    /// Attempts up to so many of what is due now, in one claim.
    pub async fn drain_some(&self, most: u32) -> usize {
        let engine = &self.app.engine;
        let mut tx = self.store.begin().await.expect("begins");
        let jobs = store::queue::claim(&mut tx, &engine.node, self.clock.now(), engine.lease_until(), &[], most).await.expect("claims");
        tx.commit().await.expect("commits");
        let count = jobs.len();
        for job in jobs {
            hookwell::server::engine::attempt::run(engine, job).await;
        }
        count
    }

    /// Attempts everything that is due now.
    pub async fn drain(&self) -> usize {
        self.app.engine.drain().await.expect("drains")
    }

    /// A study with Integrations enabled.
    pub async fn study(&self, slug: &str) -> Study {
        self.study_with(slug, true).await
    }

    pub async fn study_with(&self, slug: &str, integrations_enabled: bool) -> Study {
        let study = Study {
            id: StudyId::from_bits(self.ids.next()),
            slug: slug.to_owned(),
            name: format!("Study {slug}"),
            production: false,
            integrations_enabled,
            created_at: self.clock.now(),
        };
        let mut tx = self.store.begin().await.unwrap();
        store::studies::insert(&mut tx, &study).await.unwrap();
        tx.commit().await.unwrap();
        study
    }

    /// Somebody with an account, who is no member of anything.
    pub async fn user(&self, email: &str) -> User {
        let now = self.clock.now();
        let user = User {
            id: UserId::from_bits(self.ids.next()),
            email: email.to_owned(),
            name: email.split('@').next().unwrap().to_owned(),
            created_at: now,
            password_changed_at: now,
        };
        let hash = self.hash_password(Secret::new(PASSWORD)).await.unwrap();
        let mut tx = self.store.begin().await.unwrap();
        store::people::insert_user(&mut tx, &user, &hash).await.unwrap();
        tx.commit().await.unwrap();
        user
    }

    /// The member of the study with this role, as of now; made at the first call.
    pub async fn member(&self, slug: &str, role: Role) -> Actor {
        let email = format!("{}@{slug}.example.com", role.as_str());
        let mut db = self.store.read().await.unwrap();
        let known = store::people::find_login(&mut db, &email).await.unwrap().map(|l| l.user);
        let study = store::studies::find_by_slug(&mut db, slug).await.unwrap().expect("a study");
        drop(db);
        let user = match known {
            Some(user) => user,
            None => {
                let user = self.user(&email).await;
                let mut tx = self.store.begin().await.unwrap();
                store::people::set_role(&mut tx, &study.id, &user.id, role, self.clock.now()).await.unwrap();
                tx.commit().await.unwrap();
                user
            }
        };
        let asker = Asker { address: Some("192.0.2.1".to_owned()), request_id: Some("req-1".to_owned()) };
        let mut db = self.store.read().await.unwrap();
        Actor::member(&mut db, user, slug, asker).await.expect("a member")
    }

    pub async fn admin(&self, slug: &str) -> Actor {
        self.member(slug, Role::Administrator).await
    }

    /// A new API key of the study with these scopes.
    pub async fn key(&self, slug: &str, scopes: &[Scope]) -> Actor {
        let draft = ApiKeyDraft {
            name: "Platform".to_owned(),
            scopes: scopes.iter().map(|s| s.as_str().to_owned()).collect(),
            ..Default::default()
        };
        let (key, _) = api_keys::create_by_operator(&self.app, slug, &draft).await.expect("a key");
        let mut db = self.store.read().await.unwrap();
        Actor::key(&mut db, key, Asker::default()).await.unwrap()
    }

    /// Who publishes events.
    pub async fn platform(&self, slug: &str) -> Actor {
        self.key(slug, &[Scope::EventsWrite]).await
    }

    /// A webhook in Test mode, and its secret.
    pub async fn test_webhook(&self, admin: &Actor, draft: &WebhookDraft) -> (Webhook, Secret) {
        let (webhook, secret) = webhooks::create(&self.app, admin, draft, NewSecret::Generate).await.expect("a webhook");
        (webhook, secret.expect("a secret"))
    }

    /// A Live one.
    pub async fn live_webhook(&self, admin: &Actor, draft: &WebhookDraft) -> (Webhook, Secret) {
        let (webhook, secret) = self.test_webhook(admin, draft).await;
        let webhook = webhooks::set_mode(&self.app, admin, &webhook.id, WebhookMode::Live, "for the test").await.expect("Live");
        (webhook, secret)
    }

    pub async fn publish(&self, platform: &Actor, event: &Value) -> Result<Vec<Accepted>, AppError> {
        events::publish(&self.app, platform, event).await
    }

    /// A statement from outside, with its error's text.
    pub async fn execute(&self, text: &str) -> Result<u64, String> {
        let mut tx = self.store.begin().await.unwrap();
        let text = sqlx::AssertSqlSafe(text.to_owned());
        let done = match tx.raw() {
            Raw::Sqlite(c) => sqlx::query(text).execute(c).await.map(|d| d.rows_affected()),
            Raw::Postgres(c) => sqlx::query(text).execute(c).await.map(|d| d.rows_affected()),
        };
        let done = done.map_err(|e| e.to_string())?;
        tx.commit().await.map_err(|e| e.to_string())?;
        Ok(done)
    }

    /// The one text column that a query gives.
    pub async fn texts(&self, text: &str) -> Vec<String> {
        let mut db = self.store.read().await.unwrap();
        let text = sqlx::AssertSqlSafe(text.to_owned());
        let rows: Vec<(String,)> = match db.raw() {
            Raw::Sqlite(c) => sqlx::query_as(text).fetch_all(c).await.unwrap(),
            Raw::Postgres(c) => sqlx::query_as(text).fetch_all(c).await.unwrap(),
        };
        rows.into_iter().map(|(t,)| t).collect()
    }

    pub async fn number(&self, text: &str) -> i64 {
        let mut db = self.store.read().await.unwrap();
        let text = sqlx::AssertSqlSafe(text.to_owned());
        let row: (i64,) = match db.raw() {
            Raw::Sqlite(c) => sqlx::query_as(text).fetch_one(c).await.unwrap(),
            Raw::Postgres(c) => sqlx::query_as(text).fetch_one(c).await.unwrap(),
        };
        row.0
    }

    /// Every table of ours.
    pub async fn tables(&self) -> Vec<String> {
        match self.engine {
            Engine::Sqlite => self.texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY 1").await,
            Engine::Postgres => {
                self.texts("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' ORDER BY 1").await
            }
        }
    }

    /// Every row of a table, as one text; bytes in hexadecimal.
    pub async fn dump(&self, table: &str) -> Vec<String> {
        match self.engine {
            Engine::Sqlite => {
                let columns = self.texts(&format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')")).await;
                self.texts(&format!("SELECT {} FROM {table} ORDER BY 1", columns.join(" || '|' || "))).await
            }
            Engine::Postgres => self.texts(&format!("SELECT t::text FROM {table} t ORDER BY 1")).await,
        }
    }

    /// The actions of the audit trail after `seq`, oldest first.
    pub async fn audited_after(&self, seq: i64) -> Vec<String> {
        self.texts(&format!("SELECT action FROM audit WHERE seq > {seq} ORDER BY seq")).await
    }

    pub async fn last_seq(&self) -> i64 {
        self.number("SELECT COALESCE(MAX(seq), 0) FROM audit").await
    }
}

/// A good draft of a webhook that wants form completions and participants.
pub fn draft(name: &str, url: &str) -> WebhookDraft {
    WebhookDraft {
        name: name.to_owned(),
        url: url.to_owned(),
        events: vec!["participant.created".to_owned(), "form.completed".to_owned()],
        ..WebhookDraft::default()
    }
}

/// A CloudEvent.
pub fn event(id: &str, event_type: EventType, data: &Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "/edc", "type": event_type.name(), "time": "2026-11-18T10:00:00Z", "data": data})
}

/// A participant with more than identifiers.
pub fn participant(id: &str) -> Value {
    event(
        id,
        EventType::ParticipantCreated,
        &json!({"participant": {"id": "p-1", "identifier": "P-0001", "phone": "+49 30 1"}, "site": {"id": "site-1"}, "note": "canary-note"}),
    )
}

/// A form completion at a form and a site.
pub fn form(id: &str, form: &str, site: &str) -> Value {
    let data = json!({
        "participant": {"id": "p-1", "identifier": "P-0001"}, "site": {"id": site}, "form": {"id": form, "name": "Visit 1"},
        "response": {"id": "r-1", "status": "completed", "completed_at": "2026-11-18T10:00:00Z", "submitted_by": "participant"},
        "answers": {"q1": "canary-answer"},
    });
    event(id, EventType::FormCompleted, &data)
}

/// The fields that an error names.
pub fn fields(error: &AppError) -> Vec<String> {
    error.fields().0.into_iter().map(|e| e.field).collect()
}

/// Waits until something is so, and fails after ten seconds.
pub async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    for _ in 0..1000 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain: {what}");
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub at: std::time::Instant,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Whether the signature is of this secret, by the reference implementation.
    pub fn is_signed_by(&self, secret: &Secret) -> bool {
        let webhook = standardwebhooks::Webhook::new(secret.expose()).expect("a secret");
        // It compares the timestamp with the machine's clock, which is not ours: signs again what was signed, and compares.
        let again = webhook.sign(self.header("webhook-id"), self.header("webhook-timestamp").parse().expect("a time"), &self.body);
        let again = again.expect("signs");
        self.header("webhook-signature").split(' ').any(|one| one == again)
    }
}

/// What the receiver answers.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub delay: Duration,
}

#[derive(Default)]
struct Seen {
    requests: Vec<Received>,
    open: usize,
    most_open: usize,
}

struct Receiving {
    seen: Mutex<Seen>,
    answer: Mutex<Answer>,
}

/// A receiver on loopback.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    receiving: Arc<Receiving>,
}

impl Receiver {
    pub async fn start() -> Self {
        let answer = Answer { status: 204, headers: Vec::new(), body: String::new(), delay: Duration::ZERO };
        let receiving = Arc::new(Receiving { seen: Mutex::default(), answer: Mutex::new(answer) });
        let router = axum::Router::new().fallback(receive).with_state(Arc::clone(&receiving));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, receiving }
    }

    /// What to answer from now on.
    pub fn answer(&self, status: u16) {
        self.change(|a| {
            a.status = status;
            a.headers.clear();
            a.body = String::new();
            a.delay = Duration::ZERO;
        });
    }

    pub fn change(&self, change: impl FnOnce(&mut Answer)) {
        change(&mut self.receiving.answer.lock().unwrap());
    }

    /// Everything that came, oldest first.
    pub fn requests(&self) -> Vec<Received> {
        self.receiving.seen.lock().unwrap().requests.clone()
    }

    pub fn count(&self) -> usize {
        self.receiving.seen.lock().unwrap().requests.len()
    }

    /// Forgets what came.
    pub fn forget(&self) {
        self.receiving.seen.lock().unwrap().requests.clear();
    }

    pub fn last(&self) -> Received {
        self.requests().pop().expect("a request")
    }

    /// Requests that were open at once, at most.
    pub fn most_open(&self) -> usize {
        self.receiving.seen.lock().unwrap().most_open
    }
}

async fn receive(State(receiving): State<Arc<Receiving>>, uri: Uri, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    {
        let mut seen = receiving.seen.lock().unwrap();
        seen.requests.push(Received { path: uri.path().to_owned(), headers, body, at: std::time::Instant::now() });
        seen.open += 1;
        seen.most_open = seen.most_open.max(seen.open);
    }
    let answer = receiving.answer.lock().unwrap().clone();
    tokio::time::sleep(answer.delay).await;
    receiving.seen.lock().unwrap().open -= 1;
    let mut response = (StatusCode::from_u16(answer.status).unwrap(), answer.body).into_response();
    for (name, value) in answer.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
