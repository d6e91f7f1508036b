//! `hookwell serve --demo`: an example installation to look around in. Its history is no fiction: every delivery in it went
//! through the engine to a receiver on this machine, by a clock that stood a day ago and was moved on.

mod study_data;

use super::auth::password::Hasher;
use super::auth::{Actor, Asker};
use super::clock::{Clock, random_bytes};
use super::config::Config;
use super::listen;
use super::secret::{Secret, Vault};
use super::service::webhooks::NewSecret;
use super::service::{api_keys, events, integrations, people, webhooks};
use super::state::{App, StartError};
use super::store::{Store, StoreError, people as people_store, settings};
use crate::error::AppError;
use crate::model::api_key::ApiKeyDraft;
use crate::model::permission::Role;
use crate::model::time::{DAY, HOUR, MINUTE};
use crate::model::webhook::WebhookMode;
use crate::model::webhook_draft::WebhookDraft;
use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The study with a history.
pub const STUDY: &str = "heart-failure";
/// The study whose Integrations nobody has enabled yet.
pub const LOCKED_STUDY: &str = "sleep-recovery";
/// The example people, with what they are.
pub const PEOPLE: [(&str, &str, Role); 4] = [
    ("admin@example.com", "Ada Admin", Role::Administrator),
    ("manager@example.com", "Imre Manager", Role::ImplementationManager),
    ("qa@example.com", "Quinn QA", Role::Qa),
    ("auditor@example.com", "Otto Auditor", Role::Auditor),
];
/// The example webhooks' secret. It guards nothing: the receiver is this process.
const SECRET: &str = "whsec_aG9va3dlbGwtZXhhbXBsZS1zZWNyZXQtMDAwMA==";
const RECEIVER: &str = "demo_receiver";
/// Where a receiver says that it wants no more events, so that its webhook is disabled.
const GONE: &str = "/gone";

/// Why there is no example.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The application.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A service refused.
    #[error("the example could not be made: {0}")]
    App(#[from] AppError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The receiver.
    #[error("the example's receiver cannot listen: {0}")]
    Io(#[from] std::io::Error),
}

/// What to tell whoever started it.
pub struct Demo {
    /// Set when the example was made by this start.
    pub made: Option<Made>,
    /// Where the example's receiver listens.
    pub receiver: SocketAddr,
}

/// Secrets that are told once.
pub struct Made {
    /// Everybody's password.
    pub password: Secret,
    /// A key that may publish events.
    pub key: Secret,
}

/// Opens the configuration for the example: the receiver's address, and plain http to it.
pub fn open(config: &mut Config) {
    config.allow_http = true;
    config.allow_addresses.push(IpAddr::V4(Ipv4Addr::LOCALHOST).into());
}

/// Starts the example's receiver, and on an empty database makes the example. The receiver runs until `stop`.
///
/// # Errors
/// When a part of it cannot be made. Nothing is made on a database that has people already.
pub async fn prepare(
    config: &Config,
    store: &Store,
    vault: impl Fn() -> Result<Vault, super::secret::VaultError>,
    password: Option<Secret>,
    stop: CancellationToken,
) -> Result<Demo, DemoError> {
    let mut db = store.read().await?;
    let empty = !people_store::any_user(&mut db).await?;
    let known = settings::find(&mut db, RECEIVER).await?.and_then(|v| String::from_utf8(v).ok()).and_then(|v| v.parse::<SocketAddr>().ok());
    drop(db);
    // The webhooks of an example that was made before name its receiver's port.
    let wanted = known.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let listener = match TcpListener::bind(wanted).await {
        Ok(listener) => listener,
        Err(error) if known.is_some() => {
            tracing::warn!(%error, %wanted, "the example's receiver has another port now; its webhooks still name the old one");
            TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?
        }
        Err(error) => return Err(error.into()),
    };
    let receiver = listener.local_addr()?;
    let listener = listener.into_std()?;
    let mut made = None;
    if empty {
        let vault = vault().map_err(StartError::from)?;
        made = Some(make(config, store, vault, password, listener.try_clone()?).await?);
        let mut tx = store.begin().await?;
        settings::set(&mut tx, RECEIVER, receiver.to_string().as_bytes()).await?;
        tx.commit().await?;
    }
    let options =
        listen::Options { secret: Some(Secret::new(SECRET)), out: Box::new(std::io::sink()), ..listen::Options::new(Clock::system()) };
    let listener = TcpListener::from_std(listener)?;
    tokio::spawn(async move {
        if let Err(error) = listen::serve(listener, options, stop.cancelled_owned()).await {
            tracing::error!(%error, "the example's receiver");
        }
    });
    Ok(Demo { made, receiver })
}

async fn make(
    config: &Config,
    store: &Store,
    vault: Vault,
    password: Option<Secret>,
    listener: std::net::TcpListener,
) -> Result<Made, DemoError> {
    let receiver = listener.local_addr()?;
    // The study was set up an hour before its history begins.
    let clock = Clock::manual(Clock::system().now().plus(-DAY - HOUR));
    let (app, _intake) = App::build(config.clone(), store.clone(), vault, clock.clone(), Hasher::production(), false).await?;
    let password = password.unwrap_or_else(|| Secret::new(format!("example-{}", hex::encode(random_bytes::<6>()))));
    people::add_study(&app, STUDY, "Heart failure registry", false).await?;
    people::add_study(&app, LOCKED_STUDY, "Sleep and recovery survey", false).await?;
    for (email, name, role) in PEOPLE {
        people::add_user(&app, email, name, password.clone(), Some((STUDY, role))).await?;
        people::set_role(&app, email, LOCKED_STUDY, role).await?;
    }
    let manager = actor(&app, PEOPLE[1].0).await?;
    integrations::switch(&app, &manager, true, "Example study").await?;
    let admin = actor(&app, PEOPLE[0].0).await?;
    let draft = ApiKeyDraft {
        name: "Example platform".to_owned(),
        scopes: ["events:write", "webhooks:read", "webhooks:test", "deliveries:retry"].map(str::to_owned).to_vec(),
        ..ApiKeyDraft::default()
    };
    let (_, key) = api_keys::create(&app, &admin, &draft).await?;
    let platform = {
        let found = super::auth::api_key::authenticate(store, Some(&format!("Bearer {}", key.expose())), clock.now()).await?;
        let mut db = store.read().await?;
        Actor::key(&mut db, found, Asker::default()).await?
    };
    study_data::fill(&app, &admin, &clock).await?;
    clock.advance(Clock::system().now().plus(-DAY).since(clock.now()));
    add_webhooks(&app, &admin, receiver).await?;
    fill(&app, &platform, &clock, listener).await?;
    study_data::add_schedule(&app, &admin).await?;
    Ok(Made { password, key })
}

async fn actor(app: &App, email: &str) -> Result<Actor, AppError> {
    let mut db = app.store.read().await?;
    let login = people_store::find_login(&mut db, email).await?.ok_or_else(|| crate::error::not_found("user"))?;
    Actor::member(&mut db, login.user, STUDY, Asker::default()).await
}

async fn add_webhooks(app: &App, admin: &Actor, receiver: SocketAddr) -> Result<(), AppError> {
    let steady = format!("http://{receiver}");
    // Nothing listens on the discard port: a receiver that is down.
    let dead = "http://127.0.0.1:9".to_owned();
    let webhooks: [(&str, String, &[&str], &str, bool); 5] = [
        ("CTMS", format!("{steady}/ctms"), &["participant.created", "form.completed"], "id-only", true),
        ("Data lake", format!("{steady}/lake"), &["survey.completed", "form.completed", "record.updated"], "full", true),
        ("Old EDC", format!("{dead}/hooks"), &["record.updated"], "id-only", true),
        ("Lab portal", format!("{steady}{GONE}"), &["participant.created"], "id-only", true),
        ("Patient app (new)", format!("{steady}/app"), &["survey.created", "schedule.triggered"], "id-only", false),
    ];
    for (name, url, events, content, live) in webhooks {
        let draft = WebhookDraft {
            name: name.to_owned(),
            url,
            events: events.iter().map(|e| (*e).to_owned()).collect(),
            content: content.to_owned(),
            secret: SECRET.to_owned(),
            ..WebhookDraft::default()
        };
        let (webhook, _) = webhooks::create(app, admin, &draft, NewSecret::Given).await?;
        if live {
            webhooks::set_mode(app, admin, &webhook.id, WebhookMode::Live, "Example: no sample was sent").await?;
        }
    }
    Ok(())
}

/// A day of events, some minutes apart. Now and then the receiver is down for a while, and retries make up for it.
async fn fill(app: &App, platform: &Actor, clock: &Clock, listener: std::net::TcpListener) -> Result<(), DemoError> {
    let down = Arc::new(AtomicBool::new(false));
    let stop = CancellationToken::new();
    let receiver = {
        let down = Arc::clone(&down);
        let answer = async move |uri: Uri| match uri.path() {
            GONE => StatusCode::GONE,
            _ if down.load(Ordering::SeqCst) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::NO_CONTENT,
        };
        let serve = axum::serve(TcpListener::from_std(listener)?, axum::Router::new().fallback(answer));
        tokio::spawn(serve.with_graceful_shutdown(stop.clone().cancelled_owned()).into_future())
    };
    let end = Clock::system().now().plus(-4 * MINUTE);
    let mut number = 0;
    while clock.now() < end {
        number += 1;
        // Down for half an hour of every four.
        down.store((number / 8) % 8 == 5, Ordering::SeqCst);
        events::publish(app, platform, &example(number)).await?;
        app.engine.drain().await?;
        clock.advance(4 * MINUTE);
    }
    stop.cancel();
    if let Ok(Err(error)) = receiver.await {
        return Err(error.into());
    }
    Ok(())
}

fn example(number: u32) -> Value {
    let participant = json!({"id": format!("p-{:04}", number % 40), "identifier": format!("HF-{:04}", number % 40)});
    let site = json!({"id": "site-1", "name": "Charité"});
    let form = json!({"id": "kccq-12", "name": "KCCQ-12", "version": 2});
    let response = json!({"id": format!("r-{number}"), "status": "completed", "submitted_by": "participant"});
    let (kind, data) = match number % 5 {
        0 => ("participant.created", json!({"participant": participant, "site": site})),
        1 | 2 => ("form.completed", json!({"participant": participant, "site": site, "form": form, "response": response})),
        3 => ("survey.completed", json!({"participant": participant, "survey": form, "response": response, "answers": {"q1": number % 6}})),
        _ => ("record.updated", json!({"participant": participant, "record": {"trans_id": number.to_string()}, "form": form})),
    };
    json!({"specversion": "1.0", "source": "/example/edc", "id": format!("example-{number}"), "type": kind, "data": data})
}
