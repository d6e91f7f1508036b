//! The only SQL. One statement text for both engines; [`queue`] alone is written per engine where they differ.
//!
//! A function that reads takes a [`Db`]; one that writes takes a [`Tx`], so that a change without a transaction does not
//! compile. Look-ups return `Option`. Everything that belongs to a study is asked for with the study's id.

pub mod api_keys;
pub mod attempts;
pub mod audit;
pub mod deliveries;
mod delivery_filter;
pub mod events;
pub mod forms;
pub mod health;
pub mod imports;
pub mod notice_mails;
pub mod notices;
pub mod outbox;
pub mod participants;
pub mod people;
mod pool;
pub mod queue;
pub mod records;
pub mod replays;
pub mod responses;
pub mod schedules;
pub mod sessions;
pub mod settings;
pub mod sites;
pub mod studies;
pub mod webhooks;

pub use pool::{Db, Raw, Store, Tx};

use crate::error::AppError;

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique index refused it. Holds the index's or the columns' name, as the engine tells it.
    #[error("already there: {0}")]
    Duplicate(String),
    /// What was read is not what was ever written: a damaged row, or one of a newer version.
    #[error("the database holds a {what} that cannot be read: {why}")]
    Corrupt {
        /// Which kind of row or column.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A text holds what the database's text cannot: U+0000.
    #[error("a text holds the character U+0000")]
    BadText,
    /// The disk is full. Nothing was written.
    #[error("the disk that holds the database is full; nothing was written")]
    DiskFull,
    /// The schema is of a newer Hookwell.
    #[error("the database was written by a newer version of Hookwell (schema step {0}); start that version, or restore a backup")]
    Newer(i64),
    /// Too many writes wait already. Nothing was written.
    #[error("too many writes wait for the database already")]
    Busy,
    /// The write was begun, and what became of it is not known: the process is stopping.
    #[error("the write was interrupted")]
    Interrupted,
    /// Anything else that the engine or the connection says.
    #[error("database: {0}")]
    Sqlx(sqlx::Error),
    /// A migration failed.
    #[error("cannot bring the database's schema up to date: {0}")]
    Migrate(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(db) = &error {
            if db.is_unique_violation() {
                return StoreError::Duplicate(db.constraint().unwrap_or_else(|| db.message()).to_owned());
            }
            // PostgreSQL's character_not_in_repertoire: text with U+0000, which SQLite takes.
            if db.code().as_deref() == Some("22021") {
                return StoreError::BadText;
            }
            // SQLITE_FULL is 13; PostgreSQL's disk_full is 53100.
            if matches!(db.code().as_deref(), Some("13" | "53100")) {
                return StoreError::DiskFull;
            }
        }
        StoreError::Sqlx(error)
    }
}

/// What a caller is told. The cause goes to the log here, once.
impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store");
        match error {
            StoreError::DiskFull => AppError::Unavailable(
                "The server's disk is full. Nothing was changed; try again when its operator has made room.".to_owned(),
            ),
            StoreError::Busy => {
                AppError::Unavailable("More comes in than can be kept at the moment. Nothing was changed; try again.".to_owned())
            }
            StoreError::BadText => AppError::Malformed("A text holds the character U+0000, which cannot be kept.".to_owned()),
            StoreError::Sqlx(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) => {
                AppError::Unavailable("The database cannot be reached at the moment. Nothing was changed; try again.".to_owned())
            }
            _ => AppError::Internal("The database refused it; the log says why.".to_owned()),
        }
    }
}

/// Reads JSON that we wrote.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Corrupt { what, why: e.to_string() })
}

/// Writes JSON of a type whose serialisation cannot fail.
pub(crate) fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Corrupt { what, why: e.to_string() })
}

/// Reads a name of a closed set that we wrote.
pub(crate) fn known<T>(what: &'static str, text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
    parse(text).ok_or_else(|| StoreError::Corrupt { what, why: format!("{text:?} is unknown") })
}

/// Reads an id that we wrote.
pub(crate) fn id<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, StoreError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e: T::Err| StoreError::Corrupt { what, why: e.to_string() })
}

/// Runs one statement text on whichever engine it is: `all!`, `maybe!`, `one!` give rows, `run!` the number of rows changed.
macro_rules! on_engine {
    ($db:expr, $make:ident [$($row:ty)?], $fetch:ident, $sql:expr $(, $arg:expr)*) => {
        match $db.raw() {
            $crate::server::store::Raw::Sqlite(c) => {
                sqlx::$make::<sqlx::Sqlite $(, $row)?>(sqlx::AssertSqlSafe($sql))$(.bind($arg))*.$fetch(c).await.map_err($crate::server::store::StoreError::from)
            }
            $crate::server::store::Raw::Postgres(c) => {
                sqlx::$make::<sqlx::Postgres $(, $row)?>(sqlx::AssertSqlSafe($sql))$(.bind($arg))*.$fetch(c).await.map_err($crate::server::store::StoreError::from)
            }
        }
    };
}
macro_rules! all { ($db:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => { $crate::server::store::on_engine!($db, query_as[$row], fetch_all, $sql $(, $arg)*) }; }
macro_rules! maybe { ($db:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => { $crate::server::store::on_engine!($db, query_as[$row], fetch_optional, $sql $(, $arg)*) }; }
macro_rules! one { ($db:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => { $crate::server::store::on_engine!($db, query_as[$row], fetch_one, $sql $(, $arg)*) }; }
macro_rules! run {
    ($db:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $db.raw() {
            $crate::server::store::Raw::Sqlite(c) => {
                sqlx::query::<sqlx::Sqlite>(sqlx::AssertSqlSafe($sql))$(.bind($arg))*.execute(c).await.map(|r| r.rows_affected()).map_err($crate::server::store::StoreError::from)
            }
            $crate::server::store::Raw::Postgres(c) => {
                sqlx::query::<sqlx::Postgres>(sqlx::AssertSqlSafe($sql))$(.bind($arg))*.execute(c).await.map(|r| r.rows_affected()).map_err($crate::server::store::StoreError::from)
            }
        }
    };
}
pub(crate) use {all, maybe, on_engine, one, run};
