//! Browser sessions: server side, in the store, through `tower-sessions`. A session holds who is signed in and since when, and
//! what the next page is to say (a flash message, a form to mend). Idle and absolute limits are ours.

use crate::error::AppError;
use crate::model::id::UserId;
use crate::model::time::Timestamp;
use crate::server::clock::Clock;
use crate::server::store::{self, Store};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Session, SessionStore};

/// The cookie's name.
pub const COOKIE: &str = "hookwell_session";
/// A page view writes the session only when the last write is older than this, in microseconds.
const TOUCH: i64 = 60 * crate::model::time::SECOND;

/// `tower-sessions` over our store.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    clock: Clock,
    idle: i64,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    /// Sessions kept in `store`, for `idle` microseconds after they were last written.
    pub fn new(store: Store, clock: Clock, idle: i64) -> Self {
        Self { store, clock, idle }
    }

    async fn write(&self, record: &Record) -> Result<()> {
        let data = serde_json::to_string(&record.data).map_err(|e| Error::Encode(e.to_string()))?;
        let user = record.data.get(SIGNED_IN).and_then(|v| serde_json::from_value::<SignedIn>(v.clone()).ok()).map(|s| s.user);
        // By our clock, not by the machine's, which the record's own date goes by.
        let expires_at = self.clock.now().plus(self.idle);
        let save = async {
            let mut tx = self.store.begin().await?;
            store::sessions::save(&mut tx, &id_hash(&record.id), user.as_ref(), &data, expires_at).await?;
            tx.commit().await
        };
        save.await.map_err(|e| Error::Backend(e.to_string()))
    }
}

fn id_hash(id: &Id) -> Vec<u8> {
    Sha256::digest(id.0.to_be_bytes()).to_vec()
}

/// The hash under which a session is kept, to spare it when the others are ended.
pub fn hash_of(session: &Session) -> Option<Vec<u8>> {
    session.id().map(|id| id_hash(&id))
}

#[async_trait::async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // 128 random bits do not collide.
        self.write(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.write(record).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = async {
            let mut db = self.store.read().await?;
            store::sessions::find(&mut db, &id_hash(id), self.clock.now()).await
        };
        let Some((data, expires_at)) = found.await.map_err(|e| Error::Backend(e.to_string()))? else { return Ok(None) };
        let data = serde_json::from_str(&data).map_err(|e| Error::Decode(e.to_string()))?;
        let expiry_date =
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(expires_at.micros()) * 1000).map_err(|e| Error::Decode(e.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let gone = async {
            let mut tx = self.store.begin().await?;
            store::sessions::delete(&mut tx, &id_hash(id)).await?;
            tx.commit().await
        };
        gone.await.map_err(|e| Error::Backend(e.to_string()))
    }
}

const SIGNED_IN: &str = "signed_in";

/// Who is signed in, and how long for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// Since when: the absolute limit counts from here.
    pub since: Timestamp,
    /// When a page was last asked for, to the minute: the idle limit counts from here.
    pub seen: Timestamp,
}

/// How long a session may last, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without a request.
    pub idle: i64,
    /// In all.
    pub absolute: i64,
}

fn broken(error: tower_sessions::session::Error) -> AppError {
    tracing::error!(%error, "session");
    AppError::Unavailable("Your session could not be read or kept. Nothing was changed; try again.".to_owned())
}

/// Signs somebody in: a new session id, so that one planted before is worth nothing.
///
/// # Errors
/// When the session cannot be kept.
pub async fn sign_in(session: &Session, user: UserId, now: Timestamp) -> std::result::Result<(), AppError> {
    session.flush().await.map_err(broken)?;
    session.cycle_id().await.map_err(broken)?;
    session.insert(SIGNED_IN, SignedIn { user, since: now, seen: now }).await.map_err(broken)
}

/// Signs out: the session is gone on the server too.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(session: &Session) -> std::result::Result<(), AppError> {
    session.flush().await.map_err(broken)
}

/// Who is signed in, if the limits are kept; moves the idle limit on. A session past a limit is ended here.
///
/// # Errors
/// When the session cannot be read.
pub async fn current(session: &Session, now: Timestamp, limits: Limits) -> std::result::Result<Option<UserId>, AppError> {
    let Some(signed_in) = session.get::<SignedIn>(SIGNED_IN).await.map_err(broken)? else { return Ok(None) };
    if now.since(signed_in.seen) > limits.idle || now.since(signed_in.since) > limits.absolute {
        session.flush().await.map_err(broken)?;
        return Ok(None);
    }
    if now.since(signed_in.seen) >= TOUCH.min(limits.idle / 2) {
        let user = signed_in.user.clone();
        session.insert(SIGNED_IN, SignedIn { seen: now, ..signed_in }).await.map_err(broken)?;
        return Ok(Some(user));
    }
    Ok(Some(signed_in.user))
}

/// Leaves something for the next page.
///
/// # Errors
/// When the session cannot be kept.
pub async fn leave<T: Serialize>(session: &Session, name: &str, value: &T) -> std::result::Result<(), AppError> {
    session.insert(name, value).await.map_err(broken)
}

/// Takes what was left, once.
///
/// # Errors
/// When the session cannot be read.
pub async fn take<T: serde::de::DeserializeOwned>(session: &Session, name: &str) -> std::result::Result<Option<T>, AppError> {
    if session.is_empty().await {
        return Ok(None);
    }
    session.remove(name).await.map_err(broken)
}
