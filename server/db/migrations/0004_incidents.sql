-- Incidents, who works on them, what they are about, and the signals that the detection leader has recorded.

CREATE TABLE incidents (
  id               uuid PRIMARY KEY,
  number           bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  title            text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  severity         text NOT NULL CHECK (severity IN ('P1', 'P2', 'P3', 'P4')),
  state            text NOT NULL DEFAULT 'declared'
                   CHECK (state IN ('declared', 'contained', 'recovered', 'resolved', 'closed', 'reopened')),
  restricted       boolean NOT NULL DEFAULT false,
  drill            boolean NOT NULL DEFAULT false,
  origin           text NOT NULL CHECK (origin IN ('by-hand', 'signal', 'automatic', 'playbook', 'break-glass', 'alertmanager')),
  merged_into      uuid REFERENCES incidents (id) CHECK (merged_into <> id),
  revision         integer NOT NULL DEFAULT 1,
  declared_by_id   text, -- null: the console
  declared_by_name text NOT NULL,
  began_at         timestamptz NOT NULL DEFAULT now(), -- when the trouble began, as far as anything measured tells
  declared_at      timestamptz NOT NULL DEFAULT now(),
  acknowledged_at  timestamptz,
  contained_at     timestamptz,
  recovered_at     timestamptz,
  resolved_at      timestamptz,
  closed_at        timestamptz,
  updated_at       timestamptz NOT NULL DEFAULT now(),
  CHECK (state <> 'closed' OR closed_at IS NOT NULL)
);
CREATE INDEX incidents_newest ON incidents (declared_at DESC, id DESC);
CREATE INDEX incidents_open ON incidents (severity, declared_at) WHERE state <> 'closed' AND merged_into IS NULL;

-- What a repeated signal or start folds into: one open incident per key.
CREATE TABLE incident_keys (
  incident_id uuid NOT NULL REFERENCES incidents (id),
  dedupe_key  text NOT NULL,
  open        boolean NOT NULL DEFAULT true,
  PRIMARY KEY (incident_id, dedupe_key)
);
CREATE UNIQUE INDEX incident_keys_open ON incident_keys (dedupe_key) WHERE open;

CREATE TABLE incident_roles (
  incident_id uuid NOT NULL REFERENCES incidents (id),
  role        text NOT NULL CHECK (role IN ('lead', 'driver', 'reviewer', 'scribe')),
  person_id   uuid NOT NULL REFERENCES people (id),
  since       timestamptz NOT NULL DEFAULT clock_timestamp(),
  until       timestamptz,
  PRIMARY KEY (incident_id, role, since)
);
CREATE UNIQUE INDEX incident_roles_now ON incident_roles (incident_id, role) WHERE until IS NULL;

-- Its responders: who may see it when it is restricted.
CREATE TABLE incident_members (
  incident_id uuid NOT NULL REFERENCES incidents (id),
  person_id   uuid NOT NULL REFERENCES people (id),
  active      boolean NOT NULL DEFAULT true,
  since       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (incident_id, person_id)
);
CREATE INDEX incident_members_person ON incident_members (person_id) WHERE active;

CREATE TABLE incident_links (
  incident_id uuid NOT NULL REFERENCES incidents (id),
  kind        text NOT NULL CHECK (kind IN ('zone', 'service')),
  ref         text NOT NULL,
  label       text NOT NULL,
  active      boolean NOT NULL DEFAULT true,
  PRIMARY KEY (incident_id, kind, ref)
);

CREATE TABLE incident_files (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  incident_id   uuid NOT NULL REFERENCES incidents (id),
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  media_type    text NOT NULL,
  size          integer NOT NULL CHECK (size BETWEEN 1 AND 10485760),
  sha256        text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  content       bytea NOT NULL CHECK (octet_length(content) = size),
  added_by_id   text NOT NULL,
  added_by_name text NOT NULL,
  added_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX incident_files_of ON incident_files (incident_id, added_at);
CREATE TRIGGER incident_files_rows BEFORE UPDATE OR DELETE ON incident_files FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_files_table BEFORE TRUNCATE ON incident_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE incident_pins (
  incident_id uuid NOT NULL REFERENCES incidents (id),
  seq         bigint NOT NULL,
  pinned      boolean NOT NULL DEFAULT true,
  PRIMARY KEY (incident_id, seq)
);

-- What is due by when. warned_at and breached_at are set by one conditional UPDATE each: that is what makes them happen once.
CREATE TABLE incident_clocks (
  incident_id uuid NOT NULL REFERENCES incidents (id),
  kind        text NOT NULL CHECK (kind IN ('update', 'post-mortem')),
  due_at      timestamptz NOT NULL,
  warn_at     timestamptz NOT NULL CHECK (warn_at <= due_at),
  warned_at   timestamptz,
  breached_at timestamptz,
  met_at      timestamptz,
  PRIMARY KEY (incident_id, kind, due_at)
);
CREATE UNIQUE INDEX incident_clocks_running ON incident_clocks (incident_id, kind) WHERE met_at IS NULL;
CREATE INDEX incident_clocks_due ON incident_clocks (warn_at) WHERE met_at IS NULL AND breached_at IS NULL;

-- Signals as the detection leader recorded them. One open record per key.
CREATE TABLE signal_records (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  key           text NOT NULL,
  rule          text NOT NULL,
  severity      text NOT NULL CHECK (severity IN ('P1', 'P2', 'P3', 'P4')),
  sentence      text NOT NULL,
  figures       json NOT NULL DEFAULT '[]',
  began_at      timestamptz NOT NULL,
  fired_at      timestamptz NOT NULL DEFAULT now(),
  seen_at       timestamptz NOT NULL DEFAULT now(),
  cleared_at    timestamptz,
  acked_at      timestamptz,
  acked_by      text,
  ack_comment   text,
  snoozed_until timestamptz,
  snoozed_by    text,
  snooze_reason text,
  CHECK ((acked_at IS NULL) = (acked_by IS NULL)),
  CHECK ((snoozed_until IS NULL) = (snooze_reason IS NULL))
);
CREATE UNIQUE INDEX signal_records_open ON signal_records (key) WHERE cleared_at IS NULL;
CREATE INDEX signal_records_newest ON signal_records (fired_at DESC, id DESC);

CREATE TABLE signal_readings (
  signal_id uuid NOT NULL REFERENCES signal_records (id),
  at        timestamptz NOT NULL DEFAULT now(),
  severity  text NOT NULL,
  sentence  text NOT NULL,
  figures   json NOT NULL,
  PRIMARY KEY (signal_id, at)
);

CREATE TABLE incident_signals (
  incident_id uuid NOT NULL REFERENCES incidents (id),
  signal_id   uuid NOT NULL REFERENCES signal_records (id),
  PRIMARY KEY (incident_id, signal_id)
);
CREATE INDEX incident_signals_signal ON incident_signals (signal_id);

-- What somebody has to be told, written in the transaction of what happened; planned into deliveries afterwards, once.
CREATE TABLE notices (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  key         text NOT NULL UNIQUE, -- the same happening gives the same key
  kind        text NOT NULL,
  incident_id uuid REFERENCES incidents (id),
  severity    text NOT NULL CHECK (severity IN ('P1', 'P2', 'P3', 'P4')),
  tags        text[] NOT NULL DEFAULT '{}',
  people      uuid[] NOT NULL DEFAULT '{}',
  sentence    text NOT NULL,
  path        text NOT NULL CHECK (path LIKE '/%'), -- of the page to open
  created_at  timestamptz NOT NULL DEFAULT now(),
  planned_at  timestamptz
);
CREATE INDEX notices_unplanned ON notices (created_at) WHERE planned_at IS NULL;

ALTER TABLE playbook_runs ADD COLUMN incident_id uuid REFERENCES incidents (id);
CREATE INDEX playbook_runs_incident ON playbook_runs (incident_id) WHERE incident_id IS NOT NULL;

-- When the person last proved who they are, for acts that ask for it anew.
ALTER TABLE sign_ins ADD COLUMN authenticated_at timestamptz NOT NULL DEFAULT now();
