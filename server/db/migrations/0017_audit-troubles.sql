-- What the newest check that covers a zone found wrong with its audit chain: the ground of the signals on "Now".

CREATE TABLE audit_troubles (
  check_id      uuid NOT NULL REFERENCES audit_checks (id),
  zone_id       text NOT NULL,
  zone_name     text NOT NULL,
  as_of         timestamptz NOT NULL, -- when the check began to read
  changed       integer NOT NULL,     -- rows whose columns or seals were changed
  removed       integer NOT NULL,     -- rows that are gone
  rewritten     integer NOT NULL,     -- rows rewritten with their hashes, moved, or put beside others
  foreign_key   boolean NOT NULL,     -- every seal fails under the console's key (trap 18)
  first_seq     bigint,
  superseded_by uuid REFERENCES audit_checks (id), -- a later check of the zone
  PRIMARY KEY (check_id, zone_id)
);
CREATE INDEX audit_troubles_open ON audit_troubles (as_of, zone_id) WHERE superseded_by IS NULL;
CREATE INDEX audit_checks_finished ON audit_checks (coalesce(zone_id, ''), started_at DESC) WHERE state = 'finished';
