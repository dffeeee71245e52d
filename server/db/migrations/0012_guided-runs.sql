-- Runs of playbooks that lead through several acts. A step is settled once, by a row; the probes that say whether it may be are code.

CREATE TABLE guided_runs (
  id              uuid PRIMARY KEY,
  playbook        text NOT NULL,
  incident_id     uuid NOT NULL REFERENCES incidents (id),
  zone_id         text,              -- of a playbook about one zone
  zone_name       text,
  drill           boolean NOT NULL DEFAULT false,
  state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'abandoned')),
  reason          text NOT NULL,
  baseline        json NOT NULL DEFAULT '{}', -- audit spools by STS replica: the most that was ever seen waiting
  created_by_id   text NOT NULL,
  created_by_name text NOT NULL,
  driver_id       text NOT NULL,
  driver_name     text NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  ended_at        timestamptz,
  ended_reason    text,
  CHECK ((state = 'open') = (ended_at IS NULL)),
  CHECK ((zone_id IS NULL) = (zone_name IS NULL))
);
CREATE INDEX guided_runs_newest ON guided_runs (created_at DESC, id DESC);
CREATE INDEX guided_runs_incident ON guided_runs (incident_id);

CREATE TABLE guided_steps (
  run_id     uuid NOT NULL REFERENCES guided_runs (id),
  step       text NOT NULL,
  outcome    text NOT NULL CHECK (outcome IN ('done', 'skipped')),
  by_id      text NOT NULL,
  by_name    text NOT NULL,
  settled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  reason     text,
  hash       text CHECK (hash ~ '^[0-9a-f]{64}$'),
  seen       text,  -- what the probe said
  PRIMARY KEY (run_id, step), -- of two people at once, one settles it
  CHECK (outcome <> 'skipped' OR reason IS NOT NULL)
);
