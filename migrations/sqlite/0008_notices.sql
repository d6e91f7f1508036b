-- What a study's administrators are told in the console. Numbered within the study in the order in which they were written, so that "read up
-- to here" is one number.
CREATE TABLE notices (
  study_id   TEXT NOT NULL,
  number     INTEGER NOT NULL,
  -- The operational event that it tells of, by its type, e.g. webhook.disabled.
  kind       TEXT NOT NULL,
  webhook_id TEXT NOT NULL,
  message    TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (study_id, number)
) STRICT;

-- How far each of them has read.
CREATE TABLE notice_reads (
  study_id TEXT NOT NULL,
  user_id  TEXT NOT NULL,
  read_to  INTEGER NOT NULL,
  PRIMARY KEY (study_id, user_id)
) STRICT;

-- A notice on its way to one administrator by e-mail. Apart for each, so that one bad address costs the others nothing.
CREATE TABLE notice_mails (
  study_id TEXT NOT NULL,
  number   INTEGER NOT NULL,
  user_id  TEXT NOT NULL,
  tries    INTEGER NOT NULL DEFAULT 0,
  -- When it is tried, or tried again. NULL once it was sent or given up.
  next_at  INTEGER,
  sent_at  INTEGER,
  -- What went wrong at the last try.
  error    TEXT,
  PRIMARY KEY (study_id, number, user_id)
) STRICT;

CREATE INDEX notice_mails_due ON notice_mails (next_at) WHERE next_at IS NOT NULL;
