-- How a webhook's receiver is doing. The row is there while something is wrong with it, and goes with the first success.
CREATE TABLE webhook_health (
  study_id       TEXT NOT NULL,
  webhook_id     TEXT NOT NULL,
  -- Failed attempts in a row, and since when there was no success.
  failures       BIGINT NOT NULL,
  failing_since  BIGINT NOT NULL,
  -- Deliveries in a row that ran out of attempts.
  exhausted      BIGINT NOT NULL,
  -- The breaker, once it is open: nothing is sent before this; then one probe, which is under way while `probing`. How many probes failed.
  probe_at       BIGINT,
  probing        BOOLEAN NOT NULL DEFAULT FALSE,
  probes         BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (study_id, webhook_id)
);

-- Operational events (webhook.disabled, delivery.exhausted) written with what they tell of, and published by a chore.
CREATE TABLE outbox (
  study_id   TEXT NOT NULL,
  id         TEXT NOT NULL,
  event_type TEXT NOT NULL,
  data       TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (study_id, id)
);
