-- The evidence vault: what was preserved, file by file, where it lies, and who had it in hands. The bytes lie in the stores.

CREATE TABLE evidence_items (
  id                uuid PRIMARY KEY,
  incident_id       uuid REFERENCES incidents (id),
  reason            text NOT NULL,
  scope             json NOT NULL,    -- zone, window, partition, parts, stores: as it was ordered
  zone_id           text,             -- of the scope; null: every zone
  state             text NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'running', 'whole', 'partial', 'failed', 'cancelled', 'removed')),
  phase             text NOT NULL DEFAULT 'queued',
  rows              bigint NOT NULL DEFAULT 0,
  plain_bytes       bigint NOT NULL DEFAULT 0,
  bytes             bigint NOT NULL DEFAULT 0, -- compressed
  bytes_per_second  bigint,           -- plain ones, while it runs
  requested_by_id   text NOT NULL,
  requested_by_name text NOT NULL,
  requested_at      timestamptz NOT NULL DEFAULT now(),
  started_at        timestamptz,
  finished_at       timestamptz,
  cancel_asked_by   text,
  holder            text,
  heartbeat_at      timestamptz NOT NULL DEFAULT 'epoch',
  error             text,             -- why it is not whole
  missing           json NOT NULL DEFAULT '[]', -- what was not preserved, each with its reason
  facts             json,             -- database, clocks, zones: as in the manifest
  manifest_sha256   text CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$'), -- of manifest.sha256
  key_fingerprint   text,
  time_stamp        text,             -- what the authority answered, in words; null: none is configured
  redo_of           uuid UNIQUE REFERENCES evidence_items (id),
  redo              integer NOT NULL DEFAULT 0, -- how many were begun before it by themselves
  CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL)),
  CHECK (state <> 'whole' OR manifest_sha256 IS NOT NULL)
);
CREATE INDEX evidence_items_newest ON evidence_items (requested_at DESC, id DESC);
CREATE INDEX evidence_items_open ON evidence_items (requested_at) WHERE finished_at IS NULL;
CREATE INDEX evidence_items_of_incident ON evidence_items (incident_id, requested_at);

-- What has ended stands: nothing but its removal by the retention policy changes it.
CREATE FUNCTION evidence_item_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.finished_at IS NULL THEN RETURN NEW; END IF;
  IF NEW.state = 'removed' THEN
    NEW.state := OLD.state;
    IF row_to_json(NEW)::text = row_to_json(OLD)::text THEN NEW.state := 'removed'; RETURN NEW; END IF;
  END IF;
  RAISE EXCEPTION 'evidence that has ended stands as it is' USING ERRCODE = 'restrict_violation';
END;
$$;
CREATE TRIGGER evidence_items_stand BEFORE UPDATE ON evidence_items FOR EACH ROW EXECUTE FUNCTION evidence_item_stands();

CREATE TABLE evidence_files (
  item_id      uuid NOT NULL REFERENCES evidence_items (id),
  n            integer NOT NULL,   -- in the order in which they were written
  name         text NOT NULL,
  part         text NOT NULL,
  rows         bigint,
  size         bigint NOT NULL,
  sha256       text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  plain_size   bigint NOT NULL,    -- uncompressed; the same as the size where nothing is compressed
  plain_sha256 text NOT NULL CHECK (plain_sha256 ~ '^[0-9a-f]{64}$'),
  source       text NOT NULL,      -- the query or command that it came from
  kept_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (item_id, name),
  UNIQUE (item_id, n)
);
CREATE TRIGGER evidence_files_rows BEFORE UPDATE OR DELETE ON evidence_files FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evidence_files_table BEFORE TRUNCATE ON evidence_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Each file in each store, and what it was when it was last read.
CREATE TABLE evidence_copies (
  item_id      uuid NOT NULL REFERENCES evidence_items (id),
  name         text NOT NULL,
  store        text NOT NULL CHECK (store IN ('folder', 's3')),
  verdict      text NOT NULL DEFAULT 'whole' CHECK (verdict IN ('whole', 'mismatch', 'missing')),
  found_sha256 text,
  verified_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (item_id, name, store)
);
CREATE INDEX evidence_copies_in_trouble ON evidence_copies (verified_at) WHERE verdict <> 'whole';

CREATE TABLE evidence_custody (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  item_id uuid NOT NULL REFERENCES evidence_items (id),
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  act     text NOT NULL CHECK (act IN ('ordered', 'created', 'ended', 'cancelled', 'viewed', 'downloaded', 're-verified', 'mismatch', 'handed-over', 'removed')),
  by_id   text,          -- null: the console itself
  by_name text NOT NULL,
  name    text,          -- of one file
  note    text NOT NULL  -- in words, with digests
);
CREATE INDEX evidence_custody_of ON evidence_custody (item_id, id);
CREATE TRIGGER evidence_custody_rows BEFORE UPDATE OR DELETE ON evidence_custody FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evidence_custody_table BEFORE TRUNCATE ON evidence_custody FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
