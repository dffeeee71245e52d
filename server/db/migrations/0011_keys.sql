-- Work on Caracal's keys: inventories, re-encryption under another KEK, rotation of zone signing keys. Keys are named by
-- fingerprint (first 8 bytes of SHA-256, hex); no key and no plaintext is ever stored here.

CREATE TABLE key_jobs (
  id                uuid PRIMARY KEY,
  kind              text NOT NULL CHECK (kind IN ('inventory', 're-encrypt', 'rotate')),
  state             text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'finished', 'cancelled', 'refused')),
  phase             text NOT NULL DEFAULT 'start',
  approval_id       uuid UNIQUE REFERENCES approval_requests (id),
  incident_id       uuid REFERENCES incidents (id),
  parameters        json NOT NULL DEFAULT '{}',
  from_kek          text CHECK (from_kek ~ '^[0-9a-f]{16}$'),
  to_kek            text CHECK (to_kek ~ '^[0-9a-f]{16}$'),
  pass              integer NOT NULL DEFAULT 1,
  position          json,            -- where the pass is: {"kind", "after"}
  counts            json NOT NULL DEFAULT '{}', -- of the pass that is under way
  passes            json NOT NULL DEFAULT '[]', -- of those that ended
  total             integer,         -- what a pass or a rotation has to do, as counted at its start
  done              integer NOT NULL DEFAULT 0,
  result            json,
  reason            text,
  requested_by_id   text NOT NULL,
  requested_by_name text NOT NULL,
  requested_at      timestamptz NOT NULL DEFAULT now(),
  started_at        timestamptz,
  pass_started_at   timestamptz,
  finished_at       timestamptz,
  cancel_asked_at   timestamptz,
  cancel_asked_by   text,
  holder            text,            -- the worker that has it; another takes over when the heartbeat stops
  heartbeat_at      timestamptz NOT NULL DEFAULT 'epoch',
  error             text,            -- why it does not get on just now
  CHECK ((kind = 'inventory') = (approval_id IS NULL)),
  CHECK (kind <> 're-encrypt' OR (from_kek IS NOT NULL AND to_kek IS NOT NULL AND from_kek <> to_kek)),
  CHECK (kind <> 'rotate' OR to_kek IS NOT NULL),
  CHECK ((state IN ('finished', 'cancelled', 'refused')) = (finished_at IS NOT NULL))
);
-- A rotation while values move from one KEK to another would not know which to seal under: one of them at a time.
CREATE UNIQUE INDEX key_jobs_one_writer ON key_jobs ((true)) WHERE kind <> 'inventory' AND state IN ('queued', 'running');
CREATE UNIQUE INDEX key_jobs_one_inventory ON key_jobs ((true)) WHERE kind = 'inventory' AND state IN ('queued', 'running');
CREATE INDEX key_jobs_newest ON key_jobs (requested_at DESC, id DESC);
CREATE INDEX key_jobs_incident ON key_jobs (incident_id) WHERE incident_id IS NOT NULL;

-- Zones of a rotation: what was written, who was told, who serves it. The kids are set before they are written to Caracal.
CREATE TABLE key_job_zones (
  job_id       uuid NOT NULL REFERENCES key_jobs (id),
  zone_id      text NOT NULL,
  zone_name    text NOT NULL,
  zone_slug    text NOT NULL,
  state        text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'written', 'proved', 'left')),
  kids         text[] NOT NULL,        -- secrets.id of the new versions, oldest first
  versions     integer[],
  written_at   timestamptz,            -- when the commit was known, by the console's database
  publications integer NOT NULL DEFAULT 0,
  delivered    json NOT NULL DEFAULT '{}', -- consumer → time
  jwks         json NOT NULL DEFAULT '[]', -- last answer of each STS replica
  told_at      timestamptz,            -- every STS was told, and the replicas were last asked what they serve
  note         text,
  proved_at    timestamptz,
  PRIMARY KEY (job_id, zone_id),
  CHECK (state IN ('planned', 'left') OR versions IS NOT NULL)
);
CREATE INDEX key_job_zones_open ON key_job_zones (job_id, state, told_at NULLS FIRST, zone_id);

-- Sealed values that no configured KEK opens, as one job met them.
CREATE TABLE key_findings (
  job_id           uuid NOT NULL REFERENCES key_jobs (id),
  seal_kind        text NOT NULL,
  row_id           text NOT NULL,
  zone_id          text NOT NULL,
  seal_fingerprint text NOT NULL, -- first 8 bytes of SHA-256 over the sealed bytes
  pass             integer NOT NULL,
  found_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (job_id, seal_kind, row_id)
);

-- What an inventory saw of each zone.
CREATE TABLE key_inventory_zones (
  job_id    uuid NOT NULL REFERENCES key_jobs (id),
  zone_id   text NOT NULL,
  zone_name text NOT NULL,
  zone_slug text NOT NULL,
  archived  boolean NOT NULL,
  seals     json NOT NULL,  -- by kind: {"current", "next", "neither"}
  versions  json NOT NULL,  -- newest first: kid, version, createdAt, thumbprint, kek
  jwks      json NOT NULL,  -- by STS replica: status, agrees, reason, kids
  trouble   text,           -- the first thing that is wrong, in words
  PRIMARY KEY (job_id, zone_id)
);
CREATE INDEX key_inventory_zones_order ON key_inventory_zones (job_id, (trouble IS NULL), zone_slug, zone_id);
