-- Comparisons of Caracal's audit_events with its hourly Parquet exports. One that is cut off begins anew.

CREATE TABLE audit_comparisons (
  id                uuid PRIMARY KEY,
  zone_id           text,             -- null: every zone
  zone_name         text,
  asked_from        timestamptz,      -- hours; null: from the first export
  asked_to          timestamptz,      -- not included; null: to the last hour that was exported
  state             text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'finished', 'cancelled')),
  phase             text NOT NULL DEFAULT 'queued',
  done              bigint NOT NULL DEFAULT 0, -- of the phase that it is in
  phase_since       timestamptz,
  totals            json,
  compared_from     timestamptz,      -- the hours that were compared; null: there was none
  compared_to       timestamptz,
  heard             json,             -- which archive, how far the exporter was, what is to be known of it
  comparer          text NOT NULL,    -- which version compared
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
  CHECK (asked_from < asked_to),
  CHECK ((state IN ('finished', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK ((compared_from IS NULL) = (compared_to IS NULL)),
  CHECK (state <> 'finished' OR (totals IS NOT NULL AND heard IS NOT NULL))
);
CREATE INDEX audit_comparisons_newest ON audit_comparisons (requested_at DESC, id DESC);
CREATE INDEX audit_comparisons_finished ON audit_comparisons (coalesce(zone_id, ''), started_at DESC) WHERE state = 'finished';
CREATE UNIQUE INDEX audit_comparisons_one_of_a_zone ON audit_comparisons (coalesce(zone_id, '')) WHERE state IN ('queued', 'running');

CREATE TABLE audit_differences (
  comparison_id     uuid NOT NULL REFERENCES audit_comparisons (id),
  n                 integer NOT NULL,  -- in the order of zones and their chains
  zone_id           text NOT NULL,
  chain_seq         bigint,
  event_id          text NOT NULL,
  finding           text NOT NULL,
  columns           text[] NOT NULL,
  archived          json,              -- values of those columns as exported, and as stored
  stored            json,
  hour              text,              -- of the export
  row_proves_itself boolean,           -- it is the archive that was changed
  PRIMARY KEY (comparison_id, n)
);
CREATE TRIGGER audit_differences_rows BEFORE UPDATE OR DELETE ON audit_differences FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_differences_table BEFORE TRUNCATE ON audit_differences FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Files that could not be used, and hours without any.
CREATE TABLE audit_archive_files (
  comparison_id uuid NOT NULL REFERENCES audit_comparisons (id),
  n             integer NOT NULL,
  key           text NOT NULL,
  hour          text,
  trouble       text NOT NULL,
  reason        text NOT NULL,
  rows          bigint NOT NULL,       -- of that hour in the table, not compared
  PRIMARY KEY (comparison_id, n)
);
CREATE TRIGGER audit_archive_files_rows BEFORE UPDATE OR DELETE ON audit_archive_files FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_archive_files_table BEFORE TRUNCATE ON audit_archive_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What the newest comparison that covers a zone and its hours found: the ground of the signals on "Now".
CREATE TABLE audit_archive_troubles (
  comparison_id   uuid NOT NULL REFERENCES audit_comparisons (id),
  zone_id         text NOT NULL,       -- empty: of the archive itself, files and hours
  zone_name       text NOT NULL,
  as_of           timestamptz NOT NULL, -- when the comparison began to read
  hours_from      timestamptz NOT NULL, -- what lies between is what was found: a later comparison of all of it takes its place
  hours_to        timestamptz NOT NULL,
  removed         integer NOT NULL,    -- rows that the archive has and the table has not
  rewritten       integer NOT NULL,    -- rows of another content hash
  changed         integer NOT NULL,    -- rows whose columns differ
  added           integer NOT NULL,    -- rows of an exported hour that the archive has not
  archive_changed integer NOT NULL,    -- of the archive: events that were changed there, or put in twice
  files           integer NOT NULL,    -- of the archive: files and hours that could not be used
  first_seq       bigint,
  superseded_by   uuid REFERENCES audit_comparisons (id),
  PRIMARY KEY (comparison_id, zone_id)
);
CREATE INDEX audit_archive_troubles_open ON audit_archive_troubles (as_of, zone_id) WHERE superseded_by IS NULL;

-- What one source already told of a row the other does not tell again.
CREATE INDEX audit_differences_of_zone ON audit_differences (comparison_id, zone_id, n);
CREATE INDEX audit_findings_of_zone ON audit_findings (check_id, zone_id);
