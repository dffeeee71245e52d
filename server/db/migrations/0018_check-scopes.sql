-- What a check covers, how far it is in each zone, and the heads that the next one goes on from.

ALTER TABLE audit_checks
  ADD COLUMN scope       text NOT NULL DEFAULT 'full' CHECK (scope IN ('full', 'window', 'new')), -- new: rows since the heads that were checked last
  ADD COLUMN window_from text,             -- of a window: what was asked for, a time or a seq
  ADD COLUMN window_to   text,
  ADD COLUMN scheduled   boolean NOT NULL DEFAULT false,
  ADD COLUMN times_taken integer NOT NULL DEFAULT 0, -- begun, and gone on with after its worker had gone
  ADD COLUMN stream_to   text,             -- the last entry of the stream that was read and settled
  ADD CHECK ((scope = 'window') = (window_from IS NOT NULL));
UPDATE audit_checks SET times_taken = 1 WHERE started_at IS NOT NULL;
DROP INDEX audit_checks_one_of_a_zone;
CREATE UNIQUE INDEX audit_checks_one_of_a_zone ON audit_checks (coalesce(zone_id, ''), scope)
  WHERE state IN ('queued', 'running') AND scope <> 'window';
DROP INDEX audit_checks_finished;
CREATE INDEX audit_checks_finished ON audit_checks (scope, coalesce(zone_id, ''), started_at DESC) WHERE state = 'finished';

CREATE TABLE audit_check_zones (
  check_id   uuid NOT NULL REFERENCES audit_checks (id) ON DELETE CASCADE,
  zone_id    text NOT NULL,
  zone_name  text,             -- null: a zone that Caracal's table does not know
  state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'walking', 'done')),
  oldest_seq bigint,           -- when the check began; null: it had no rows
  newest_seq bigint,
  from_seq   bigint,           -- the first that is in scope; null: the chain's beginning
  until_seq  bigint,           -- the last one; null: the chain's end
  walk       json,             -- where the walk is, to go on from
  totals     json,
  trouble    json,             -- what is wrong, counted: first and last seq, when those rows were ingested, what it took
  judged     bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (check_id, zone_id)
);

-- The newest row of each zone that a check of the chain's end has seen: the next one goes on from there.
CREATE TABLE audit_checked_heads (
  zone_id        text PRIMARY KEY,
  chain_seq      bigint NOT NULL,
  event_id       text NOT NULL,
  content_sha256 text NOT NULL,
  check_id       uuid NOT NULL,
  full_check_id  uuid,             -- the last that looked at the whole chain
  held           boolean NOT NULL DEFAULT false, -- newer rows were not whole: the next check of the whole chain comes first
  checked_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
