-- Checks of Caracal's audit chain: what was asked for, how far it is, what was found. A check that is cut off begins anew.

CREATE TABLE audit_checks (
  id                uuid PRIMARY KEY,
  zone_id           text,             -- null: every zone
  zone_name         text,
  state             text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'finished', 'cancelled')),
  phase             text NOT NULL DEFAULT 'queued',
  done              bigint NOT NULL DEFAULT 0, -- of the phase that it is in
  totals            json,             -- {"rows", "proved", "tampered", "removed", "not_provable"}
  witnesses         json,             -- who was heard: seal, and the window of the stream
  verifier          text NOT NULL,    -- which version judged
  requested_by_id   text NOT NULL,
  requested_by_name text NOT NULL,
  requested_at      timestamptz NOT NULL DEFAULT now(),
  started_at        timestamptz,
  finished_at       timestamptz,
  cancel_asked_by   text,
  holder            text,
  heartbeat_at      timestamptz NOT NULL DEFAULT 'epoch',
  error             text,             -- why it does not get on just now
  CHECK ((zone_id IS NULL) = (zone_name IS NULL)),
  CHECK ((state IN ('finished', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK (state <> 'finished' OR totals IS NOT NULL)
);
CREATE INDEX audit_checks_newest ON audit_checks (requested_at DESC, id DESC);
CREATE UNIQUE INDEX audit_checks_one_of_a_zone ON audit_checks (coalesce(zone_id, '')) WHERE state IN ('queued', 'running');

CREATE TABLE audit_findings (
  check_id  uuid NOT NULL REFERENCES audit_checks (id),
  n         integer NOT NULL,  -- in the order of zones and their chains
  zone_id   text NOT NULL,
  chain_seq bigint,
  event_id  text,
  finding   text NOT NULL,
  columns   text[] NOT NULL,
  witnesses text[] NOT NULL,
  PRIMARY KEY (check_id, n)
);
CREATE TRIGGER audit_findings_rows BEFORE UPDATE OR DELETE ON audit_findings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_findings_table BEFORE TRUNCATE ON audit_findings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
