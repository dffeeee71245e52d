-- Restarts of Caracal's services, the hearing of their consumers, and what the playbooks about services keep.

ALTER TABLE guided_runs ADD COLUMN service text CHECK (service IN ('sts', 'gateway', 'api', 'audit', 'coordinator', 'all'));

CREATE TABLE service_restarts (
  id                uuid PRIMARY KEY,
  order_id          uuid NOT NULL,      -- what was ordered together
  place             integer NOT NULL,   -- in that order: the next begins when this one is proved
  target            text NOT NULL,      -- as the runtime calls it, from the settings' list
  replicas          text[] NOT NULL CHECK (cardinality(replicas) > 0),
  adapter           text NOT NULL,
  command           text NOT NULL,      -- the same by hand
  incident_id       uuid REFERENCES incidents (id),
  guided_run_id     uuid REFERENCES guided_runs (id),
  approval_id       uuid REFERENCES approval_requests (id),
  reason            text NOT NULL,
  requested_by_id   text NOT NULL,
  requested_by_name text NOT NULL,
  requested_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  state             text NOT NULL DEFAULT 'ordered'
                    CHECK (state IN ('ordered', 'by-hand', 'running', 'watching', 'proved', 'unproved', 'failed', 'cancelled')),
  before            json NOT NULL,      -- by replica: ready, counters, what waits in the spool
  seen              json NOT NULL DEFAULT '{}', -- by replica: when it was away, whether its counters fell, when it was ready again
  started_at        timestamptz,        -- written before the command is run, once
  answered_at       timestamptz,        -- the command came back, or somebody confirmed by hand
  finished_at       timestamptz,
  by_hand           text,               -- who did it, and how that is known
  note              text,               -- what the command said when it failed
  holder            text,
  heartbeat_at      timestamptz NOT NULL DEFAULT 'epoch',
  UNIQUE (order_id, place),
  CHECK ((state IN ('proved', 'unproved', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK (state NOT IN ('running', 'watching', 'proved') OR started_at IS NOT NULL)
);
CREATE UNIQUE INDEX service_restarts_open ON service_restarts (target)
  WHERE state IN ('ordered', 'by-hand', 'running', 'watching');
CREATE INDEX service_restarts_newest ON service_restarts (requested_at DESC);
CREATE INDEX service_restarts_run ON service_restarts (guided_run_id) WHERE guided_run_id IS NOT NULL;

CREATE TABLE consumer_hearings (
  id              uuid PRIMARY KEY,
  guided_run_id   uuid NOT NULL REFERENCES guided_runs (id),
  kind            text NOT NULL CHECK (kind IN ('sts', 'gateway')),
  asked_by_id     text NOT NULL,
  asked_by_name   text NOT NULL,
  asked_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  replicas        integer NOT NULL,    -- that are configured
  consumers       text[],              -- that were handed one; null: it has not ended
  published       integer,
  finished_at     timestamptz,
  CHECK ((consumers IS NULL) = (finished_at IS NULL))
);
CREATE INDEX consumer_hearings_run ON consumer_hearings (guided_run_id, kind, asked_at DESC);

-- What lay among the dead letters while a run was open: it outlives their redrive, and names the gap afterwards.
CREATE TABLE run_dead_letters (
  run_id      uuid NOT NULL REFERENCES guided_runs (id),
  entry_id    text NOT NULL,
  event_id    text,
  zone_id     text,
  cause       text NOT NULL,
  reason      text NOT NULL,
  sort        text NOT NULL,           -- as server/playbooks/guided/sort-dead-letters.ts tells them apart
  occurred_at timestamptz,             -- as the event says
  received_at timestamptz NOT NULL,
  PRIMARY KEY (run_id, entry_id)
);
CREATE TRIGGER run_dead_letters_rows BEFORE UPDATE OR DELETE ON run_dead_letters FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER run_dead_letters_table BEFORE TRUNCATE ON run_dead_letters FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
