//! Every route against a real store, without a socket.

mod deliveries;
mod distributions;
mod events;
mod infermedica;
mod problems;
mod replays;
mod study_data;
mod surveys;
mod webhooks;

use crate::model::api_key::ApiKeyDraft;
use crate::model::permission::{Role, Scope, Standing};
use crate::model::time::Timestamp;
use crate::model::webhook::WebhookMode;
use crate::server::auth::{Actor, Asker, api_key, password::Hasher};
use crate::server::clock::Clock;
use crate::server::config::Config;
use crate::server::secret::Vault;
use crate::server::service::{api_keys, people, webhooks as service};
use crate::server::state::App;
use crate::server::store::{Store, studies};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

/// An answer, read.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// The problem's name, after checking that it is one.
    fn problem(&self) -> &str {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        self.body["type"].as_str().and_then(|t| t.strip_prefix("/api/docs#problem-")).expect("a type")
    }

    fn fields(&self) -> Vec<&str> {
        self.body["errors"].as_array().into_iter().flatten().filter_map(|e| e["field"].as_str()).collect()
    }

    fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }
}

/// An installation with one study and a key that may everything.
pub(super) struct Server {
    app: App,
    router: Router,
    key: String,
    _dir: tempfile::TempDir,
}

impl Server {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let config = Config::load(None, std::iter::empty()).expect("defaults");
        let store = Store::connect(&format!("sqlite:{}", dir.path().join("test.db").display())).await.expect("connects");
        store.migrate().await.expect("migrates");
        let clock = Clock::manual(Timestamp(1_795_000_000_000_000));
        let vault = Vault::from_key([7; 32]);
        let (app, _intake) = App::build(config, store, vault, clock, Hasher::cheap_for_tests(), false).await.expect("builds");
        let mut server = Self { router: super::router(app.clone()), app, key: String::new(), _dir: dir };
        server.study("first").await;
        server.key = server.key_for("first", &Scope::ALL).await;
        server
    }

    async fn study(&self, slug: &str) {
        let study = people::add_study(&self.app, slug, slug, false).await.expect("added");
        self.switch(&study.id, true).await;
    }

    async fn switch(&self, study: &crate::model::id::StudyId, on: bool) {
        let mut tx = self.app.store.begin().await.expect("begins");
        studies::set_integrations(&mut tx, study, on).await.expect("switched");
        tx.commit().await.expect("commits");
    }

    async fn key_for(&self, slug: &str, scopes: &[Scope]) -> String {
        let scopes = scopes.iter().map(|s| s.as_str().to_owned()).collect();
        let draft = ApiKeyDraft { name: "key".to_owned(), scopes, expires_in_days: "30".to_owned() };
        let (_, secret) = api_keys::create_by_operator(&self.app, slug, &draft).await.expect("made");
        secret.expose().to_owned()
    }

    /// An administrator of the key's study: what no key may do, for the arrangement of a test.
    async fn administrator(&self) -> Actor {
        let header = format!("Bearer {}", self.key);
        let key = api_key::authenticate(&self.app.store, Some(&header), self.app.clock.now()).await.expect("known");
        let mut db = self.app.store.read().await.expect("reads");
        let actor = Actor::key(&mut db, key, Asker::default()).await.expect("has a study");
        Actor { standing: Standing::Member(Role::Administrator), ..actor }
    }

    /// As if every delivery had run out of attempts, three of them; gives how many there are.
    async fn exhaust_all(&self) -> u64 {
        let mut tx = self.app.store.begin().await.expect("begins");
        let text = "UPDATE deliveries SET state = 'exhausted', next_attempt_at = NULL, attempts = 3";
        let changed = crate::server::store::run!(&mut tx, text).expect("changed");
        tx.commit().await.expect("commits");
        changed
    }

    /// What goes on in the background, until there is nothing to do now.
    async fn do_chores(&self) {
        crate::server::chores::drain(&self.app).await.expect("goes on");
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.expect("answers");
        let (parts, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.key)).header("x-request-id", "req-1")
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(Body::empty()).expect("request")).await
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(method, path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("request")).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, body).await
    }

    /// A webhook at an address that needs no look-up.
    async fn webhook(&self, name: &str) -> Answer {
        let made = self.post("/api/v1/webhooks", json!({"name": name, "url": "https://1.1.1.1/hook", "events": ["form.completed"]})).await;
        assert_eq!(made.status, 201, "{made:?}");
        made
    }

    /// A live webhook's id, and the id of a delivery that waits for it.
    async fn delivery(&self) -> (String, String) {
        let webhook = self.webhook("live").await.id();
        let id = webhook.parse().expect("an id");
        let why = "for the test";
        service::set_mode(&self.app, &self.administrator().await, &id, WebhookMode::Live, why).await.expect("live");
        let published = self.post("/api/v1/events", event("1")).await;
        assert_eq!(published.status, 202, "{published:?}");
        (webhook, published.body["delivery_ids"][0].as_str().expect("a delivery").to_owned())
    }
}

pub(super) fn event(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/test", "type": "form.completed", "time": "2026-11-21T09:30:00Z",
        "data": {"participant": {"id": "p1", "identifier": "A-1"}, "form": {"id": "f1"}, "response": {"id": "r1", "status": "completed"}},
    })
}

/// The paths that the router has: axum tells them only in its debug text.
fn paths_of(router: &Router) -> std::collections::BTreeSet<String> {
    let text = format!("{router:?}");
    text.split('"').filter(|part| part.starts_with("/api")).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_route_is_in_the_document_and_the_document_is_openapi_3_1() {
    let server = Server::new().await;
    let document = server.get("/api/openapi.json").await;
    assert_eq!(document.headers["content-type"], "application/json");
    let document = document.body;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["components"]["securitySchemes"]["api_key"]["scheme"], "bearer");
    let paths = document["paths"].as_object().expect("paths");
    let unlisted = ["/api", "/api/{*path}", "/api/docs", "/api/openapi.json"].map(str::to_owned);
    let listed: std::collections::BTreeSet<String> = paths.keys().cloned().chain(unlisted).collect();
    assert_eq!(paths_of(&server.router), listed);
    let mut ids = std::collections::HashSet::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            let name = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().expect("id").to_owned()), "{name} has an id of its own");
            assert!(!operation["summary"].as_str().expect("summary").is_empty(), "{name}");
            let about = operation["description"].as_str().expect("description");
            assert!(about.contains("scope") || about.contains("Any key"), "{name} names its scope");
            for status in ["401", "403", "429", "500", "503"] {
                assert!(operation["responses"][status]["content"]["application/problem+json"].is_object(), "{name} {status}");
            }
            // It is routed: without a key it is refused, not unknown.
            let concrete: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
            let concrete = concrete.join("/");
            let request = Request::builder().method(method.to_uppercase().as_str()).uri(concrete).body(Body::empty()).expect("request");
            assert_eq!(server.send(request).await.status, 401, "{name}");
        }
    }
    assert_eq!(document["components"]["schemas"]["WebhookNew"]["required"], json!(["name", "url", "events"]));
    // What the page shows as an example is accepted.
    let published = server.post("/api/v1/events", super::docs::event_example(&document)).await;
    assert_eq!(published.status, 202, "{published:?}");
    // Each reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_page_is_there_without_a_key() {
    let server = Server::new().await;
    let page = server.send(Request::builder().uri("/api/docs").body(Body::empty()).expect("request")).await;
    assert_eq!(page.status, 200);
    assert!(page.headers["content-type"].to_str().expect("text").starts_with("text/html"));
    assert!(page.headers["content-security-policy"].to_str().expect("text").contains("style-src 'self'"));
}

#[tokio::test]
async fn the_catalogue_lists_each_type_with_its_schema() {
    let server = Server::new().await;
    let all = server.get("/api/v1/event-types").await;
    assert_eq!(all.body["items"].as_array().map(Vec::len), Some(crate::model::event_type::EventType::ALL.len()));
    assert_eq!(all.body["items"][0]["name"], "participant.created");
    assert_eq!(all.body["items"][0]["schema"]["type"], "object");
}
