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
  timeout_seconds       BIGINT NOT NULL,
  retry_schedule        TEXT NOT NULL,
  rate_limit            BIGINT,
  concurrency           BIGINT NOT NULL,
  -- Secrets, token, password and header values, sealed with the master key, which is not in the database.
  credentials           BYTEA NOT NULL,
  -- What of them may be shown: names and a fingerprint.
  credentials_shown     TEXT NOT NULL,
  version               BIGINT NOT NULL,
  verified_version      BIGINT,
  created_at            BIGINT NOT NULL,
  updated_at            BIGINT NOT NULL,
  archived_at           BIGINT,
  PRIMARY KEY (study_id, id)
);
CREATE UNIQUE INDEX webhooks_name ON webhooks (study_id, name) WHERE archived_at IS NULL;

-- Kept as outcomes happen, so that no page counts rows. One row a webhook and hour.
CREATE TABLE webhook_hours (
  study_id        TEXT NOT NULL,
  webhook_id      TEXT NOT NULL,
  hour            BIGINT NOT NULL,
  delivered       BIGINT NOT NULL DEFAULT 0,
  exhausted       BIGINT NOT NULL DEFAULT 0,
  attempts_ok     BIGINT NOT NULL DEFAULT 0,
  attempts_failed BIGINT NOT NULL DEFAULT 0,
  last_attempt_at BIGINT,
  PRIMARY KEY (study_id, webhook_id, hour)
);
