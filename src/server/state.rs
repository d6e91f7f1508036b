//! [`App`]: everything that lives as long as the process, put together in one place.

use super::auth::password::Hasher;
use super::clock::{Clock, Ids};
use super::config::Config;
use super::engine::address::AddressPolicy;
use super::engine::client::Outbound;
use super::engine::{Engine, Intake};
use super::live::Live;
use super::mail::{MailError, Mailer};
use super::secret::{Secret, Vault, VaultError};
use super::store::{Store, StoreError, settings};
use crate::error::AppError;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

/// The application. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// Its parts.
pub struct Parts {
    /// What is in force.
    pub config: Config,
    /// The database.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Ids.
    pub ids: Ids,
    /// Seals credentials.
    pub vault: Arc<Vault>,
    /// Which addresses may be called.
    pub policy: Arc<AddressPolicy>,
    /// The engine.
    pub engine: Engine,
    /// Tells open pages.
    pub live: Live,
    /// Sends e-mail, where the operator set that up.
    pub mailer: Option<Mailer>,
    /// Wakes what runs in the background: an import was confirmed, a schedule changed.
    pub chores: Notify,
    stopping: CancellationToken,
    hasher: Hasher,
    /// Password hashing takes a core and 19 MiB each time: so many at once, the others wait.
    hashing: Semaphore,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Why the application cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The master key.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database was sealed with another master key.
    #[error(
        "HOOKWELL_MASTER_KEY_FILE: {0} is not the key with which this database was sealed. Put the right file back; without it the stored credentials cannot be read"
    )]
    WrongKey(String),
    /// The database was sealed with a key that is not there.
    #[error(
        "HOOKWELL_MASTER_KEY_FILE: {0} is missing, and this database was sealed with it. Put it back; without it the stored credentials cannot be read"
    )]
    MissingKey(String),
    /// The settings of outgoing e-mail.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The client for outgoing requests.
    #[error("the HTTP client cannot start: {0}")]
    Outbound(String),
}

/// The setting that is sealed with the master key, to tell at start whether it is the right one.
const KEY_CHECK: &str = "master_key_check";

impl App {
    /// Puts the application together over a migrated database. `background` says that a dispatcher will run; see [`Engine::new`].
    ///
    /// # Errors
    /// When the master key is not the database's, or a part cannot start.
    pub async fn build(
        config: Config,
        store: Store,
        vault: Vault,
        clock: Clock,
        hasher: Hasher,
        background: bool,
    ) -> Result<(Self, Intake), StartError> {
        check_key(&store, &vault, &config).await?;
        let vault = Arc::new(vault);
        let policy = Arc::new(AddressPolicy { allow: config.allow_addresses.clone(), allow_hosts: config.allow_hosts.clone() });
        let outbound =
            Outbound::new(Arc::clone(&policy), super::engine::request::USER_AGENT).map_err(|e| StartError::Outbound(e.to_string()))?;
        let mailer = config.mail.as_ref().map(Mailer::new).transpose()?;
        let live = Live::default();
        let (engine, intake) = Engine::new(store.clone(), clock.clone(), Arc::clone(&vault), outbound, live.clone(), background);
        // One row of ids, whoever draws.
        let ids = engine.ids.clone();
        let hashing = Semaphore::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get));
        Ok((
            Self(Arc::new(Parts {
                config,
                store,
                clock,
                ids,
                vault,
                policy,
                engine,
                live,
                mailer,
                chores: Notify::new(),
                stopping: CancellationToken::new(),
                hasher,
                hashing,
            })),
            intake,
        ))
    }

    /// Cancelled when the process is about to stop: what would go on for ever (live pages, the dispatcher) ends then.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Hashes a password, off the threads that serve requests.
    ///
    /// # Errors
    /// When the hashing itself fails.
    pub async fn hash_password(&self, password: Secret) -> Result<String, AppError> {
        let _turn = self.hashing.acquire().await;
        let hasher = self.hasher.clone();
        let done = tokio::task::spawn_blocking(move || hasher.hash(&password)).await;
        match done {
            Ok(Ok(hash)) => Ok(hash),
            Ok(Err(error)) => Err(hashing_failed(&error)),
            Err(error) => Err(hashing_failed(&error)),
        }
    }

    /// Whether a password is right. Without a hash (nobody of that name) it takes as long and is wrong.
    ///
    /// # Errors
    /// When the hashing itself fails.
    pub async fn verify_password(&self, password: Secret, hash: Option<String>) -> Result<bool, AppError> {
        let _turn = self.hashing.acquire().await;
        let hasher = self.hasher.clone();
        let done = tokio::task::spawn_blocking(move || match hash {
            Some(hash) => hasher.verify(&password, &hash),
            None => {
                hasher.verify_nobody(&password);
                false
            }
        });
        done.await.map_err(|error| hashing_failed(&error))
    }
}

fn hashing_failed(error: &dyn std::fmt::Display) -> AppError {
    tracing::error!(%error, "password hashing");
    AppError::Internal("The password could not be checked.".to_owned())
}

/// The master key, made at the first start. On a database that was sealed already none is made: it would open nothing, and lie
/// where the right one belongs.
///
/// # Errors
/// When the file is missing though the database was sealed, or cannot be used.
pub async fn open_vault(config: &Config, store: &Store) -> Result<Vault, StartError> {
    let file = &config.master_key_file;
    let sealed = settings::find(&mut store.read().await?, KEY_CHECK).await?.is_some();
    if sealed && !file.exists() {
        return Err(StartError::MissingKey(file.display().to_string()));
    }
    Ok(Vault::open_or_create(file)?)
}

async fn check_key(store: &Store, vault: &Vault, config: &Config) -> Result<(), StartError> {
    let mut tx = store.begin().await?;
    match settings::find(&mut tx, KEY_CHECK).await? {
        Some(sealed) => {
            let file = config.master_key_file.display().to_string();
            vault.open(KEY_CHECK, &sealed).map(drop).map_err(|_| StartError::WrongKey(file))
        }
        None => {
            let sealed = vault.seal(KEY_CHECK, b"hookwell");
            settings::set(&mut tx, KEY_CHECK, &sealed).await?;
            tx.commit().await?;
            Ok(())
        }
    }
}
