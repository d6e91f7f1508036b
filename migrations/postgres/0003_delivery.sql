CREATE TABLE events (
  study_id    TEXT NOT NULL,
  id          TEXT NOT NULL,
  source      TEXT NOT NULL,
  external_id TEXT NOT NULL,
  event_type  TEXT NOT NULL,
  subject     TEXT,
  occurred_at BIGINT NOT NULL,
  accepted_at BIGINT NOT NULL,
  is_test BOOLEAN NOT NULL,
  data        TEXT NOT NULL,
  PRIMARY KEY (study_id, id)
);
-- The idempotency key.
CREATE UNIQUE INDEX events_key ON events (study_id, source, external_id);

-- The bytes that are sent, fixed at acceptance. Webhooks of the same format and content share them; the deliveries'
-- rows, which change at every attempt, stay small.
CREATE TABLE payloads (
  study_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  variant  TEXT NOT NULL,
  headers  TEXT NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (study_id, event_id, variant)
);

CREATE TABLE deliveries (
  study_id        TEXT NOT NULL,
  id              TEXT NOT NULL,
  webhook_id      TEXT NOT NULL,
  event_id        TEXT NOT NULL,
  variant         TEXT NOT NULL,
  event_type      TEXT NOT NULL,
  external_id     TEXT NOT NULL,
  subject         TEXT,
  is_test BOOLEAN NOT NULL,
  state           TEXT NOT NULL,
  attempts        BIGINT NOT NULL DEFAULT 0,
  -- Set exactly while an attempt is still to come.
  next_attempt_at BIGINT,
  -- What set the next attempt off, and who asked for it and why.
  next_trigger    TEXT NOT NULL,
  requested_by    TEXT,
  reason          TEXT,
  -- The node that is working on it, and until when it may.
  lease_owner     TEXT,
  lease_until     BIGINT,
  created_at      BIGINT NOT NULL,
  finished_at     BIGINT,
  last_status     BIGINT,
  last_failure    TEXT,
  last_duration   BIGINT,
  -- Retries used of the schedule; a retry by hand does not count.
  schedule_step   BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (study_id, id)
);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (study_id, webhook_id, created_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_leased ON deliveries (lease_owner) WHERE lease_owner IS NOT NULL;
-- One for each filter of the history; the id, which grows with time, is the keyset.
CREATE INDEX deliveries_by_webhook ON deliveries (study_id, webhook_id, id);
CREATE INDEX deliveries_by_state ON deliveries (study_id, webhook_id, state, id);
CREATE INDEX deliveries_by_type ON deliveries (study_id, webhook_id, event_type, id);
CREATE INDEX deliveries_by_failure ON deliveries (study_id, webhook_id, last_failure, id) WHERE last_failure IS NOT NULL;
CREATE INDEX deliveries_by_status ON deliveries (study_id, webhook_id, last_status, id) WHERE last_status IS NOT NULL;
CREATE INDEX deliveries_test ON deliveries (study_id, webhook_id, id) WHERE is_test;
CREATE INDEX deliveries_retried ON deliveries (study_id, webhook_id, attempts, id) WHERE attempts > 1;
CREATE INDEX deliveries_by_event ON deliveries (study_id, event_id);
CREATE INDEX deliveries_by_external_id ON deliveries (study_id, external_id);
CREATE INDEX deliveries_by_subject ON deliveries (study_id, subject) WHERE subject IS NOT NULL;

CREATE TABLE attempts (
  study_id           TEXT NOT NULL,
  id                 TEXT NOT NULL,
  delivery_id        TEXT NOT NULL,
  number             BIGINT NOT NULL,
  trigger            TEXT NOT NULL,
  requested_by       TEXT,
  reason             TEXT,
  started_at         BIGINT NOT NULL,
  timing             TEXT NOT NULL,
  url                TEXT NOT NULL,
  request_headers    TEXT NOT NULL,
  status             BIGINT,
  response_headers   TEXT NOT NULL,
  response_body      TEXT,
  response_truncated BOOLEAN NOT NULL,
  failure            TEXT,
  message            TEXT,
  PRIMARY KEY (study_id, id)
);
CREATE UNIQUE INDEX attempts_by_delivery ON attempts (study_id, delivery_id, number);
