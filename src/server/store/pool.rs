//! The connections: SQLite with one writer and several readers, or a PostgreSQL pool.

use super::StoreError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction};
use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::time::Duration;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Pool);

#[derive(Clone)]
enum Pool {
    /// SQLite takes one writer at a time; a pool of one makes the others wait in turn instead of failing with BUSY.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
    },
    Postgres(PgPool),
}

/// A connection to read with.
pub struct Db(Held);

/// A transaction. Dropped without [`Tx::commit`], it leaves nothing behind.
pub struct Tx(Db);

enum Held {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTx(Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

/// The engine's own connection, for the statement macros and [`super::queue`].
pub enum Raw<'a> {
    /// SQLite's.
    Sqlite(&'a mut SqliteConnection),
    /// PostgreSQL's.
    Postgres(&'a mut PgConnection),
}

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a request waits for a connection before it is told that the database is not available.
const ACQUIRE: Duration = Duration::from_secs(10);

impl Store {
    /// Connects to `sqlite:<path>` (made if missing) or `postgres://…`. Does not touch the schema.
    ///
    /// # Errors
    /// When the address is of neither kind or nothing answers there.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)?.application_name("hookwell");
            let pool = PgPoolOptions::new().max_connections(20).acquire_timeout(ACQUIRE).connect_with(options).await?;
            return Ok(Self(Pool::Postgres(pool)));
        }
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An event that was answered with 202 survives a power cut: the commit waits for the disk.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "memory");
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            // After some errors, a full disk above all, SQLite has rolled back by itself; sqlx's own rollback fails then, and it
            // would count the transaction as open for ever and begin no other. Such a connection is replaced.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_with(options.clone())
            .await?;
        let read =
            SqlitePoolOptions::new().max_connections(8).acquire_timeout(ACQUIRE).connect_with(options.pragma("query_only", "on")).await?;
        Ok(Self(Pool::Sqlite { write, read }))
    }

    /// Brings the schema up to date; several nodes may try at once, one does it.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when the database is ahead of this program.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let done = match &self.0 {
            Pool::Sqlite { write, .. } => SQLITE.run(write).await,
            Pool::Postgres(pool) => POSTGRES.run(pool).await,
        };
        done.map_err(|error| match error {
            MigrateError::VersionMissing(step) => StoreError::Newer(step),
            other => StoreError::Migrate(other.to_string()),
        })
    }

    /// Whether this is the embedded engine, which one process has to itself.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.0, Pool::Sqlite { .. })
    }

    /// A connection to read with.
    ///
    /// # Errors
    /// When none is free in time or the database does not answer.
    pub async fn read(&self) -> Result<Db, StoreError> {
        Ok(Db(match &self.0 {
            Pool::Sqlite { read, .. } => Held::Sqlite(read.acquire().await?),
            Pool::Postgres(pool) => Held::Postgres(pool.acquire().await?),
        }))
    }

    /// Begins a transaction that writes. On SQLite it is IMMEDIATE: a deferred one that reads first can fail with
    /// BUSY_SNAPSHOT, which no time-out retries.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Tx(Db(match &self.0 {
            Pool::Sqlite { write, .. } => Held::SqliteTx(write.begin_with("BEGIN IMMEDIATE").await?),
            Pool::Postgres(pool) => Held::PostgresTx(pool.begin().await?),
        })))
    }

    /// Lets go of every connection; SQLite's log is folded into its file.
    pub async fn close(&self) {
        match &self.0 {
            Pool::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

impl Db {
    /// The engine's own connection.
    pub fn raw(&mut self) -> Raw<'_> {
        match &mut self.0 {
            Held::Sqlite(c) => Raw::Sqlite(c),
            Held::SqliteTx(c) => Raw::Sqlite(c),
            Held::Postgres(c) => Raw::Postgres(c),
            Held::PostgresTx(c) => Raw::Postgres(c),
        }
    }
}

impl Tx {
    /// Makes it durable. What comes after may tell the world.
    ///
    /// # Errors
    /// When the database could not; nothing was kept then.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.0.0 {
            Held::SqliteTx(tx) => tx.commit().await?,
            Held::PostgresTx(tx) => tx.commit().await?,
            // A Tx is only ever made by `begin`.
            Held::Sqlite(_) | Held::Postgres(_) => {}
        }
        Ok(())
    }
}

/// What can be read can be read within a transaction.
impl Deref for Tx {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Db {
        &mut self.0
    }
}
