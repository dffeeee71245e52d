-- Acts on consumer groups of Caracal's streams: each is on record before anything is done in Redis, and is done again after a crash
-- until what it wanted is so.

CREATE TABLE stream_acts (
  id           uuid PRIMARY KEY,
  kind         text NOT NULL CHECK (kind IN ('claim', 'claim-back', 'ack', 'destroy-consumer')),
  stream       text NOT NULL,
  group_name   text NOT NULL,
  consumer     text,               -- claimed to, or destroyed
  min_idle_ms  bigint,             -- of a claim: entries younger than this stay; of a destruction: silent for at least this long
  ids          text[] NOT NULL,    -- the pending entries that it is about
  before       json NOT NULL,      -- of each entry: who held it, for how long, how often it was delivered, what Postgres said of it
  state        text NOT NULL DEFAULT 'ordered' CHECK (state IN ('ordered', 'done')),
  result       json,               -- what became of each
  undoes       uuid UNIQUE REFERENCES stream_acts (id), -- a claim is taken back once
  incident_id  uuid REFERENCES incidents (id),
  approval_id  uuid UNIQUE REFERENCES approval_requests (id),
  reason       text NOT NULL,
  by_id        text NOT NULL,
  by_name      text NOT NULL,
  ordered_at   timestamptz NOT NULL DEFAULT now(),
  done_at      timestamptz,
  heartbeat_at timestamptz NOT NULL DEFAULT now(),
  error        text,               -- why it does not get on just now
  CHECK ((state = 'done') = (done_at IS NOT NULL) AND (state = 'done') = (result IS NOT NULL)),
  CHECK ((kind IN ('claim', 'destroy-consumer')) = (consumer IS NOT NULL)),
  CHECK ((kind = 'claim-back') = (undoes IS NOT NULL)),
  CHECK ((kind = 'destroy-consumer') = (cardinality(ids) = 0)),
  CHECK (approval_id IS NULL OR kind = 'ack')
);
CREATE INDEX stream_acts_open ON stream_acts (heartbeat_at) WHERE state = 'ordered';
CREATE INDEX stream_acts_newest ON stream_acts (stream, ordered_at DESC, id DESC);
CREATE INDEX stream_acts_incident ON stream_acts (incident_id) WHERE incident_id IS NOT NULL;
