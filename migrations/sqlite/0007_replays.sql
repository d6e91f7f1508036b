-- Replays: many deliveries of one webhook are sent again, in the background.
CREATE TABLE replays (
  study_id     TEXT NOT NULL REFERENCES studies (id),
  id           TEXT NOT NULL,
  webhook_id   TEXT NOT NULL,
  -- Which deliveries, as JSON.
  filter       TEXT NOT NULL,
  -- Deliveries a second; NULL: as the webhook allows.
  rate         INTEGER,
  reason       TEXT NOT NULL,
  state        TEXT NOT NULL,
  -- Deliveries that were like the filter when it began.
  planned      INTEGER NOT NULL,
  made_due     INTEGER NOT NULL DEFAULT 0,
  skipped      INTEGER NOT NULL DEFAULT 0,
  -- The delivery up to which it is carried out: a replay goes on there after a crash.
  cursor       TEXT NOT NULL DEFAULT '',
  -- The time up to which its rate is used up.
  paced_at     INTEGER NOT NULL,
  requested_by TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  finished_at  INTEGER,
  PRIMARY KEY (study_id, id)
) STRICT;
CREATE INDEX replays_by_webhook ON replays (study_id, webhook_id, id);
CREATE INDEX replays_running ON replays (created_at) WHERE state = 'running';

-- The latest replay of a delivery. Its indexes hold nothing of a delivery that was never replayed.
ALTER TABLE deliveries ADD COLUMN replay_id TEXT;
CREATE INDEX deliveries_by_replay ON deliveries (study_id, replay_id, state, last_failure, next_attempt_at) WHERE replay_id IS NOT NULL;
-- Made due by a replay, and not attempted since.
CREATE INDEX deliveries_replay_ahead ON deliveries (study_id, replay_id) WHERE next_trigger = 'replay' AND next_attempt_at IS NOT NULL;
