-- Times are BIGINT microseconds since 1970 (UTC); ids are prefixed text; JSON is text. As in migrations/sqlite, step for step.

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);

CREATE TABLE users (
  id                  TEXT PRIMARY KEY,
  email               TEXT NOT NULL UNIQUE,
  name                TEXT NOT NULL,
  password_hash       TEXT NOT NULL,
  created_at          BIGINT NOT NULL,
  password_changed_at BIGINT NOT NULL,
  -- Wrong passwords since the last right one, and until when the next try must wait.
  failed_sign_ins     BIGINT NOT NULL DEFAULT 0,
  blocked_until       BIGINT
);

-- One row at most: the link for the first administrator. Only its hash is kept.
CREATE TABLE setup_links (
  token_hash BYTEA PRIMARY KEY,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);

-- The cookie's value is not kept, only its SHA-256: a copy of the database opens no session.
CREATE TABLE sessions (
  id_hash    BYTEA PRIMARY KEY,
  user_id    TEXT REFERENCES users (id),
  data       TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE studies (
  id                   TEXT PRIMARY KEY,
  slug                 TEXT NOT NULL UNIQUE,
  name                 TEXT NOT NULL,
  production BOOLEAN NOT NULL,
  integrations_enabled BOOLEAN NOT NULL DEFAULT FALSE,
  created_at           BIGINT NOT NULL
);

CREATE TABLE memberships (
  study_id   TEXT NOT NULL REFERENCES studies (id),
  user_id    TEXT NOT NULL REFERENCES users (id),
  role       TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (study_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE api_keys (
  id           TEXT PRIMARY KEY,
  study_id     TEXT NOT NULL REFERENCES studies (id),
  name         TEXT NOT NULL,
  hint         TEXT NOT NULL,
  -- SHA-256 of a random 256-bit secret: nothing to guess, so no slow hash is needed.
  secret_hash  BYTEA NOT NULL UNIQUE,
  scopes       TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT,
  last_used_at BIGINT,
  revoked_at   BIGINT
);
CREATE INDEX api_keys_by_study ON api_keys (study_id, id);

CREATE TABLE audit (
  seq        BIGINT PRIMARY KEY,
  at         BIGINT NOT NULL,
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
);
CREATE INDEX audit_by_study ON audit (study_id, seq);
CREATE INDEX audit_by_object ON audit (study_id, object, seq);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
