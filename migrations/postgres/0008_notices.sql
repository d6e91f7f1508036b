-- What a study's administrators are told in the console. Numbered within the study in the order in which they were written, so that "read up
-- to here" is one number.
CREATE TABLE notices (
  study_id   TEXT NOT NULL,
  number     BIGINT NOT NULL,
  -- The operational event that it tells of, by its type, e.g. webhook.disabled.
  kind       TEXT NOT NULL,
  webhook_id TEXT NOT NULL,
  message    TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (study_id, number)
);

-- How far each of them has read.
CREATE TABLE notice_reads (
  study_id TEXT NOT NULL,
  user_id  TEXT NOT NULL,
  read_to  BIGINT NOT NULL,
  PRIMARY KEY (study_id, user_id)
);

-- A notice on its way to one administrator by e-mail. Apart for each, so that one bad address costs the others nothing.
CREATE TABLE notice_mails (
  study_id TEXT NOT NULL,
  number   BIGINT NOT NULL,
  user_id  TEXT NOT NULL,
  tries    BIGINT NOT NULL DEFAULT 0,
  -- When it is tried, or tried again. NULL once it was sent or given up.
  next_at  BIGINT,
  sent_at  BIGINT,
  -- What went wrong at the last try.
  error    TEXT,
  PRIMARY KEY (study_id, number, user_id)
);

CREATE INDEX notice_mails_due ON notice_mails (next_at) WHERE next_at IS NOT NULL;
