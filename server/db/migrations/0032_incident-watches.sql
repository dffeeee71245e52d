-- Figures that somebody has the console watch for an incident: what the collector samples anyway, kept here with its gaps.

CREATE TABLE incident_watches (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  incident_id      uuid NOT NULL REFERENCES incidents (id),
  series           text NOT NULL CHECK (length(series) BETWEEN 1 AND 300), -- key of the collector's series
  label            text NOT NULL,
  pinned_by_id     text NOT NULL,
  pinned_by_name   text NOT NULL,
  pinned_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  unpinned_by_id   text,
  unpinned_by_name text,
  unpinned_at      timestamptz,
  CHECK ((unpinned_at IS NULL) = (unpinned_by_id IS NULL) AND (unpinned_at IS NULL) = (unpinned_by_name IS NULL))
);
CREATE UNIQUE INDEX incident_watches_open ON incident_watches (incident_id, series) WHERE unpinned_at IS NULL; -- of two clicks one pins
CREATE INDEX incident_watches_of ON incident_watches (incident_id, pinned_at);

-- A row without a value is a gap: the source did not answer from then on, or nobody recorded. Old rows are thinned.
CREATE TABLE incident_watch_samples (
  watch_id uuid NOT NULL REFERENCES incident_watches (id),
  at       timestamptz NOT NULL,
  value    double precision,
  PRIMARY KEY (watch_id, at)
);
