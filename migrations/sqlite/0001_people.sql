-- Times are BIGINT microseconds since 1970 (UTC); ids are prefixed text; JSON is text. As in migrations/postgres, step for step.

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;

CREATE TABLE users (
  id                  TEXT PRIMARY KEY,
  email               TEXT NOT NULL UNIQUE,
  name                TEXT NOT NULL,
  password_hash       TEXT NOT NULL,
  created_at          INTEGER NOT NULL,
  password_changed_at INTEGER NOT NULL,
  -- Wrong passwords since the last right one, and until when the next try must wait.
  failed_sign_ins     INTEGER NOT NULL DEFAULT 0,
  blocked_until       INTEGER
) STRICT;

-- One row at most: the link for the first administrator. Only its hash is kept.
CREATE TABLE setup_links (
  token_hash BLOB PRIMARY KEY,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- The cookie's value is not kept, only its SHA-256: a copy of the database opens no session.
CREATE TABLE sessions (
  id_hash    BLOB PRIMARY KEY,
  user_id    TEXT REFERENCES users (id),
  data       TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE studies (
  id                   TEXT PRIMARY KEY,
  slug                 TEXT NOT NULL UNIQUE,
  name                 TEXT NOT NULL,
  production           INTEGER NOT NULL,
  integrations_enabled INTEGER NOT NULL DEFAULT 0,
  created_at           INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
  study_id   TEXT NOT NULL REFERENCES studies (id),
  user_id    TEXT NOT NULL REFERENCES users (id),
  role       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (study_id, user_id)
) STRICT;
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE api_keys (
  id           TEXT PRIMARY KEY,
  study_id     TEXT NOT NULL REFERENCES studies (id),
  name         TEXT NOT NULL,
  hint         TEXT NOT NULL,
  -- SHA-256 of a random 256-bit secret: nothing to guess, so no slow hash is needed.
  secret_hash  BLOB NOT NULL UNIQUE,
  scopes       TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,
  last_used_at INTEGER,
  revoked_at   INTEGER
) STRICT;
CREATE INDEX api_keys_by_study ON api_keys (study_id, id);

CREATE TABLE audit (
  seq        INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  actor      TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  actor_role TEXT NOT NULL,
  address    TEXT,
  study_id   TEXT,
  action     TEXT NOT NULL,
  object     TEXT NOT NULL,
  changes    TEXT NOT NULL,
  reason     TEXT,
  request_id TEXT
) STRICT;
CREATE INDEX audit_by_study ON audit (study_id, seq);
CREATE INDEX audit_by_object ON audit (study_id, object, seq);
CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
