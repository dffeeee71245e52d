-- Dead rows of Caracal's outboxes that two people had tried again: on record before anything is changed, followed until each is published.

CREATE TABLE outbox_requeues (
  id           uuid PRIMARY KEY,
  outbox       text NOT NULL CHECK (outbox IN ('event_outbox', 'caracal_outbox')),
  ids          text[] NOT NULL CHECK (cardinality(ids) > 0),
  before       json NOT NULL,     -- of each row: its stream, how often it was tried, its last error
  state        text NOT NULL DEFAULT 'ordered' CHECK (state IN ('ordered', 'requeued', 'done')),
  result       json,              -- how many are published, waiting, dead
  incident_id  uuid REFERENCES incidents (id),
  approval_id  uuid NOT NULL UNIQUE REFERENCES approval_requests (id),
  reason       text NOT NULL,
  by_id        text NOT NULL,
  by_name      text NOT NULL,
  ordered_at   timestamptz NOT NULL DEFAULT now(),
  requeued_at  timestamptz,
  done_at      timestamptz,
  heartbeat_at timestamptz NOT NULL DEFAULT 'epoch',
  error        text,              -- why it does not get on just now
  CHECK ((state = 'ordered') = (requeued_at IS NULL)),
  CHECK ((state = 'done') = (done_at IS NOT NULL))
);
CREATE INDEX outbox_requeues_open ON outbox_requeues (heartbeat_at) WHERE state <> 'done';
CREATE INDEX outbox_requeues_newest ON outbox_requeues (outbox, ordered_at DESC, id DESC);
CREATE INDEX outbox_requeues_incident ON outbox_requeues (incident_id) WHERE incident_id IS NOT NULL;
