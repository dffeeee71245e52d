-- Playbook runs: intent, rounds of work, targets, publications, checklist and an append-only log.

CREATE TABLE playbook_runs (
  id uuid PRIMARY KEY,
  playbook text NOT NULL CHECK (playbook = 'revoke-session'),
  state text NOT NULL CHECK (state IN ('identify', 'blast_radius', 'revoke', 'verify', 'wait', 'done', 'abandoned')),
  revision integer NOT NULL DEFAULT 1,
  drill boolean NOT NULL DEFAULT false,
  zone_id text NOT NULL,
  zone_name text NOT NULL,
  zone_slug text NOT NULL,
  subject_id text NOT NULL,
  subject_type text NOT NULL,
  from_kind text NOT NULL CHECK (from_kind IN ('session', 'subject', 'event')),
  from_id text NOT NULL,
  reason text,
  created_by_id text NOT NULL,
  created_by_name text NOT NULL,
  driver_id text NOT NULL,
  driver_name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  step_times jsonb NOT NULL DEFAULT '{}',
  blast jsonb,
  outlives jsonb NOT NULL DEFAULT '{"applications": [], "grants": []}', -- what a revocation does not reach (checklist)
  baseline jsonb, -- stream position and each gateway's counters before the first publication
  scan jsonb, -- how far the stream was searched, and revocations from elsewhere since the baseline
  proof jsonb, -- last observation, shown with its age
  gateway_readings jsonb NOT NULL DEFAULT '{}',
  facts jsonb NOT NULL DEFAULT '{}', -- last logged fact per subject of observation, so that only changes are logged
  observed_at timestamptz,
  last_published_at timestamptz,
  log_seq integer NOT NULL DEFAULT 0,
  CHECK (state IN ('identify', 'blast_radius', 'abandoned') OR reason IS NOT NULL)
);
CREATE INDEX playbook_runs_newest ON playbook_runs (created_at DESC, id DESC);
CREATE INDEX playbook_runs_open ON playbook_runs (observed_at) WHERE state IN ('revoke', 'verify', 'wait');

CREATE TABLE playbook_rounds (
  run_id uuid NOT NULL REFERENCES playbook_runs (id),
  round integer NOT NULL CHECK (round BETWEEN 1 AND 65535),
  kind text NOT NULL CHECK (kind IN ('revoke', 'second-sweep', 'publish-again')),
  lane text NOT NULL CHECK (lane IN ('fast', 'api')),
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'finished', 'failed')),
  requested_by_id text NOT NULL,
  requested_by_name text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  planned_at timestamptz,
  finished_at timestamptz,
  heartbeat_at timestamptz NOT NULL DEFAULT now(),
  targets integer NOT NULL DEFAULT 0,
  revoked integer NOT NULL DEFAULT 0,
  published integer NOT NULL DEFAULT 0,
  agent_sessions integer NOT NULL DEFAULT 0,
  series integer NOT NULL DEFAULT 1, -- place in a series of rounds that one click asked for
  stalled integer NOT NULL DEFAULT 0, -- rounds of the series in a row in which no gateway got further
  missing integer, -- what all gateways together lacked after the round
  error text,
  PRIMARY KEY (run_id, round)
);
-- One round at a time: concurrent clicks meet here.
CREATE UNIQUE INDEX playbook_rounds_one_at_a_time ON playbook_rounds (run_id) WHERE state IN ('queued', 'running');

CREATE TABLE playbook_targets (
  run_id uuid NOT NULL REFERENCES playbook_runs (id),
  sid text NOT NULL,
  zone_id text NOT NULL,
  round integer NOT NULL,
  sweep integer NOT NULL CHECK (sweep >= 1),
  expires_at timestamptz NOT NULL,
  minted_at timestamptz NOT NULL,
  outcome text NOT NULL DEFAULT 'planned' CHECK (outcome IN ('planned', 'revoked', 'already-revoked', 'expired')),
  outcome_at timestamptz,
  proved_at timestamptz,
  PRIMARY KEY (run_id, sid),
  FOREIGN KEY (run_id, round) REFERENCES playbook_rounds (run_id, round)
);

CREATE TABLE playbook_publications (
  outbox_id text PRIMARY KEY,
  run_id uuid NOT NULL,
  round integer NOT NULL,
  sid text NOT NULL,
  stream_id text,
  signature text CHECK (signature IN ('valid', 'invalid', 'missing')),
  dispatched_at timestamptz,
  FOREIGN KEY (run_id, round) REFERENCES playbook_rounds (run_id, round)
);
CREATE INDEX playbook_publications_target ON playbook_publications (run_id, sid);
CREATE INDEX playbook_publications_unfound ON playbook_publications (run_id) WHERE stream_id IS NULL;

CREATE TABLE playbook_checks (
  run_id uuid NOT NULL REFERENCES playbook_runs (id),
  item text NOT NULL,
  done_by text NOT NULL,
  done_at timestamptz NOT NULL DEFAULT now(),
  skipped_reason text,
  PRIMARY KEY (run_id, item)
);

CREATE TABLE playbook_log (
  run_id uuid NOT NULL REFERENCES playbook_runs (id),
  seq integer NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor_id text,
  actor_name text NOT NULL,
  kind text NOT NULL,
  text text NOT NULL,
  data jsonb,
  PRIMARY KEY (run_id, seq)
);
CREATE TRIGGER playbook_log_rows BEFORE UPDATE OR DELETE ON playbook_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER playbook_log_table BEFORE TRUNCATE ON playbook_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
