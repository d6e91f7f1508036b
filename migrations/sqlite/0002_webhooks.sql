CREATE TABLE webhooks (
  study_id              TEXT NOT NULL REFERENCES studies (id),
  id                    TEXT NOT NULL,
  name                  TEXT NOT NULL,
  url                   TEXT NOT NULL,
  status                TEXT NOT NULL,
  disabled_cause        TEXT,
  mode                  TEXT NOT NULL,
  events                TEXT NOT NULL,
  filter                TEXT NOT NULL,
  format                TEXT NOT NULL,
  content               TEXT NOT NULL,
  timeout_seconds       INTEGER NOT NULL,
  retry_schedule        TEXT NOT NULL,
  rate_limit            INTEGER,
  concurrency           INTEGER NOT NULL,
  -- Secrets, token, password and header values, sealed with the master key, which is not in the database.
  credentials           BLOB NOT NULL,
  -- What of them may be shown: names and a fingerprint.
  credentials_shown     TEXT NOT NULL,
  version               INTEGER NOT NULL,
  verified_version      INTEGER,
  created_at            INTEGER NOT NULL,
  updated_at            INTEGER NOT NULL,
  archived_at           INTEGER,
  PRIMARY KEY (study_id, id)
) STRICT;
CREATE UNIQUE INDEX webhooks_name ON webhooks (study_id, name) WHERE archived_at IS NULL;

-- Kept as outcomes happen, so that no page counts rows. One row a webhook and hour.
CREATE TABLE webhook_hours (
  study_id        TEXT NOT NULL,
  webhook_id      TEXT NOT NULL,
  hour            INTEGER NOT NULL,
  delivered       INTEGER NOT NULL DEFAULT 0,
  exhausted       INTEGER NOT NULL DEFAULT 0,
  attempts_ok     INTEGER NOT NULL DEFAULT 0,
  attempts_failed INTEGER NOT NULL DEFAULT 0,
  last_attempt_at INTEGER,
  PRIMARY KEY (study_id, webhook_id, hour)
) STRICT, WITHOUT ROWID;
