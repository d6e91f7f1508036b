-- Study data: the small source of events of Hookwell's own. As in migrations/sqlite, step for step.

-- Numbers that count up in a study: trans_id of records.
CREATE TABLE counters (
  study_id TEXT NOT NULL REFERENCES studies (id),
  name     TEXT NOT NULL,
  value    BIGINT NOT NULL,
  PRIMARY KEY (study_id, name)
);

CREATE TABLE sites (
  study_id   TEXT NOT NULL REFERENCES studies (id),
  id         TEXT NOT NULL,
  name       TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (study_id, id)
);
CREATE UNIQUE INDEX sites_name ON sites (study_id, name);

CREATE TABLE participants (
  study_id   TEXT NOT NULL REFERENCES studies (id),
  id         TEXT NOT NULL,
  identifier TEXT NOT NULL,
  site_id    TEXT,
  email      TEXT,
  details    TEXT NOT NULL,
  origin     TEXT NOT NULL,
  version    BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (study_id, id)
);
CREATE UNIQUE INDEX participants_identifier ON participants (study_id, identifier);
CREATE INDEX participants_by_site ON participants (study_id, site_id, id) WHERE site_id IS NOT NULL;
CREATE INDEX participants_by_email ON participants (study_id, email) WHERE email IS NOT NULL;
-- Schedules that run so long after enrolment look for those of a span of time.
CREATE INDEX participants_by_enrolment ON participants (study_id, created_at);

CREATE TABLE forms (
  study_id    TEXT NOT NULL REFERENCES studies (id),
  id          TEXT NOT NULL,
  kind        TEXT NOT NULL,
  name        TEXT NOT NULL,
  version     BIGINT NOT NULL,
  questions   TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  archived_at BIGINT,
  PRIMARY KEY (study_id, id)
);
CREATE UNIQUE INDEX forms_name ON forms (study_id, name) WHERE archived_at IS NULL;

-- What a response or record of an older version was asked.
CREATE TABLE form_versions (
  study_id   TEXT NOT NULL,
  form_id    TEXT NOT NULL,
  version    BIGINT NOT NULL,
  name       TEXT NOT NULL,
  questions  TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (study_id, form_id, version)
);

CREATE TABLE responses (
  study_id       TEXT NOT NULL REFERENCES studies (id),
  id             TEXT NOT NULL,
  form_id        TEXT NOT NULL,
  form_version   BIGINT NOT NULL,
  participant_id TEXT NOT NULL,
  status         TEXT NOT NULL,
  answers        TEXT NOT NULL,
  submitted_by   TEXT,
  completed_at   BIGINT,
  -- SHA-256 of the random part of the participant's link; NULL where there is none.
  link_hash      BYTEA,
  version        BIGINT NOT NULL,
  created_at     BIGINT NOT NULL,
  updated_at     BIGINT NOT NULL,
  PRIMARY KEY (study_id, id)
);
CREATE INDEX responses_by_form ON responses (study_id, form_id, id);
CREATE INDEX responses_by_participant ON responses (study_id, participant_id, id);
CREATE UNIQUE INDEX responses_by_link ON responses (link_hash) WHERE link_hash IS NOT NULL;

-- One row a study: its levels in order, as JSON.
CREATE TABLE review_levels (
  study_id TEXT PRIMARY KEY REFERENCES studies (id),
  levels   TEXT NOT NULL
);

CREATE TABLE records (
  study_id       TEXT NOT NULL REFERENCES studies (id),
  id             TEXT NOT NULL,
  trans_id       BIGINT NOT NULL,
  form_id        TEXT NOT NULL,
  form_version   BIGINT NOT NULL,
  participant_id TEXT,
  answers        TEXT NOT NULL,
  review         BIGINT,
  version        BIGINT NOT NULL,
  created_at     BIGINT NOT NULL,
  updated_at     BIGINT NOT NULL,
  PRIMARY KEY (study_id, id)
);
CREATE UNIQUE INDEX records_trans_id ON records (study_id, trans_id);
CREATE INDEX records_by_form ON records (study_id, form_id, id);

CREATE TABLE schedules (
  study_id    TEXT NOT NULL REFERENCES studies (id),
  id          TEXT NOT NULL,
  name        TEXT NOT NULL,
  timing      TEXT NOT NULL,
  sites       TEXT NOT NULL,
  webhooks    TEXT NOT NULL,
  active      BOOLEAN NOT NULL,
  next_run_at BIGINT,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  archived_at BIGINT,
  PRIMARY KEY (study_id, id)
);
CREATE UNIQUE INDEX schedules_name ON schedules (study_id, name) WHERE archived_at IS NULL;
CREATE INDEX schedules_due ON schedules (next_run_at) WHERE next_run_at IS NOT NULL;

CREATE TABLE schedule_runs (
  study_id     TEXT NOT NULL REFERENCES studies (id),
  id           TEXT NOT NULL,
  schedule_id  TEXT NOT NULL,
  cause        TEXT NOT NULL,
  due_at       BIGINT NOT NULL,
  since        BIGINT,
  until        BIGINT NOT NULL,
  missed       BIGINT NOT NULL,
  participants BIGINT NOT NULL DEFAULT 0,
  -- The participant up to whom it is carried out: a run goes on there after a crash.
  cursor       TEXT NOT NULL DEFAULT '',
  requested_by TEXT,
  started_at   BIGINT NOT NULL,
  finished_at  BIGINT,
  PRIMARY KEY (study_id, id)
);
CREATE INDEX schedule_runs_by_schedule ON schedule_runs (study_id, schedule_id, id);
CREATE INDEX schedule_runs_under_way ON schedule_runs (started_at) WHERE finished_at IS NULL;

CREATE TABLE imports (
  study_id    TEXT NOT NULL REFERENCES studies (id),
  id          TEXT NOT NULL,
  file_name   TEXT NOT NULL,
  state       TEXT NOT NULL,
  total       BIGINT NOT NULL,
  bad         BIGINT NOT NULL,
  -- The line up to which it is carried out: an import goes on there after a crash.
  line_done   BIGINT NOT NULL DEFAULT 0,
  created     BIGINT NOT NULL DEFAULT 0,
  skipped     BIGINT NOT NULL DEFAULT 0,
  created_by  TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  finished_at BIGINT,
  PRIMARY KEY (study_id, id)
);
CREATE INDEX imports_running ON imports (created_at) WHERE state = 'running';

CREATE TABLE import_rows (
  study_id   TEXT NOT NULL,
  import_id  TEXT NOT NULL,
  line       BIGINT NOT NULL,
  identifier TEXT NOT NULL,
  site       TEXT NOT NULL,
  email      TEXT NOT NULL,
  details    TEXT NOT NULL,
  error      TEXT,
  PRIMARY KEY (study_id, import_id, line)
);
CREATE INDEX import_rows_bad ON import_rows (study_id, import_id, line) WHERE error IS NOT NULL;
