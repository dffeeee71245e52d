-- Redrive of dead letters: what stood in a dead-letter stream, what each entry is, what is done with it, and how far that is.

-- Dead letters exactly as Redis held them, kept before anything is moved. One line each: {"id","fields":[[name,value],…]}.
CREATE TABLE dead_letter_originals (
  stream   text NOT NULL,
  entry_id text NOT NULL,
  sha256   text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'), -- of the line
  line     text NOT NULL,
  kept_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (stream, entry_id, sha256)
);
CREATE TRIGGER dead_letter_originals_rows BEFORE UPDATE OR DELETE ON dead_letter_originals FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER dead_letter_originals_table BEFORE TRUNCATE ON dead_letter_originals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE redrive_runs (
  id                uuid PRIMARY KEY,
  kind              text NOT NULL DEFAULT 'redrive' CHECK (kind IN ('redrive', 're-sign', 'discard')),
  stream            text NOT NULL,    -- the dead letters
  target            text NOT NULL,    -- where they came from and go back to
  state             text NOT NULL DEFAULT 'classifying'
                    CHECK (state IN ('classifying', 'planned', 'running', 'paused', 'finished', 'cancelled')),
  approval_id       uuid UNIQUE REFERENCES approval_requests (id),
  incident_id       uuid REFERENCES incidents (id),
  of_run            uuid REFERENCES redrive_runs (id), -- whose frozen list and archive a discard goes by
  reason            text,
  -- the frozen list
  last_id           text NOT NULL,    -- newest dead letter when the list was begun: what arrives after it is not touched
  read_to           text,             -- how far the list is
  left_out          integer NOT NULL DEFAULT 0, -- letters up to last_id beyond the ceiling of one list
  entries           integer NOT NULL DEFAULT 0,
  archive_sha256    text,             -- over the originals' lines in order, each ended by a line feed
  archive_bytes     bigint,
  exported_at       timestamptz,
  exported_by       text,
  chosen            integer,
  digest            text CHECK (digest ~ '^[0-9a-f]{64}$'), -- over the chosen ids in order, each ended by a line feed
  -- how it runs
  rate              integer CHECK (rate BETWEEN 1 AND 100000), -- entries a second; null: as fast as the target's readers allow
  canary            integer NOT NULL DEFAULT 0 CHECK (canary >= 0),
  canary_passed     boolean NOT NULL DEFAULT false,
  most_lag          integer NOT NULL DEFAULT 5000 CHECK (most_lag > 0),
  most_failures     integer NOT NULL DEFAULT 5 CHECK (most_failures > 0),
  failed_before     integer NOT NULL DEFAULT 0, -- failures that were known when it was last resumed
  pause_reason      text,
  paused_by         text,             -- null: the console itself
  -- intent: entries from n to n are being added; tail is the target's last id before. Cleared with the record of their new ids.
  adding_from       integer,
  adding_to         integer,
  adding_tail       text,
  next_n            integer NOT NULL DEFAULT 1, -- entries below it were dealt with or are on their way
  settled_to        integer NOT NULL DEFAULT 0, -- entries up to it are over
  watched_to        text,             -- how far the dead letters were looked through for returns
  added             integer NOT NULL DEFAULT 0,
  added_again       integer NOT NULL DEFAULT 0, -- additions whose record was lost in a crash and that could not be found again
  confirmed         integer NOT NULL DEFAULT 0,
  retired           integer NOT NULL DEFAULT 0,
  failed            integer NOT NULL DEFAULT 0,
  lag               integer,          -- of the target's readers, as last seen
  held_back         text,             -- why it adds nothing just now, in words
  requested_by_id   text NOT NULL,
  requested_by_name text NOT NULL,
  requested_at      timestamptz NOT NULL DEFAULT now(),
  started_at        timestamptz,
  started_by        text,
  finished_at       timestamptz,
  cancel_asked_by   text,
  holder            text,
  heartbeat_at      timestamptz NOT NULL DEFAULT 'epoch',
  error             text,             -- why it does not get on just now
  CHECK ((state IN ('finished', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK ((kind = 'redrive') = (approval_id IS NULL)),
  CHECK ((kind = 'discard') = (of_run IS NOT NULL)),
  CHECK (state NOT IN ('planned', 'running', 'paused', 'finished') OR archive_sha256 IS NOT NULL), -- kept before anything moves
  CHECK (state NOT IN ('running', 'paused', 'finished') OR digest IS NOT NULL),
  CHECK ((adding_from IS NULL) = (adding_to IS NULL) AND (adding_from IS NULL) = (adding_tail IS NULL))
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX redrive_runs_one_of_a_stream ON redrive_runs (stream) WHERE state NOT IN ('finished', 'cancelled');
CREATE INDEX redrive_runs_newest ON redrive_runs (requested_at DESC, id DESC);
CREATE INDEX redrive_runs_incident ON redrive_runs (incident_id) WHERE incident_id IS NOT NULL;

-- Entries of a run, oldest first. Their states change often and are in no index, so that Postgres updates them in place.
CREATE TABLE redrive_entries (
  run_id      uuid NOT NULL REFERENCES redrive_runs (id),
  n           integer NOT NULL,
  stream      text NOT NULL,
  entry_id    text NOT NULL,
  sha256      text NOT NULL,          -- with stream and entry_id: the original, which nothing can remove
  fingerprint text NOT NULL,          -- SHA-256 over what goes back: known again when it returns
  class       text NOT NULL CHECK (class IN ('missing', 'recorded', 'conflict', 'unreadable', 'refused', 'bad-signature', 'security-signal', 'quarantined')),
  cause       text NOT NULL,
  why         text NOT NULL,
  event_id    text,
  occurred_at text,                   -- with microseconds, as Postgres stores it
  content     text,                   -- content_sha256 that its row must have
  subject     json,                   -- of a security signal: jti, client, resource
  replacement text,                   -- of an edited or re-signed event: the data that goes back
  action      text CHECK (action IN ('redrive', 'retire', 're-sign', 'discard')),
  state       text NOT NULL DEFAULT 'listed' CHECK (state IN ('listed', 'waiting', 'added', 'confirmed', 'retired', 'failed')),
  new_id      text,
  added_at    timestamptz,
  outcome     text,                   -- how it was confirmed, or why it failed
  PRIMARY KEY (run_id, n),
  CHECK ((action IS NULL) = (state = 'listed')),
  -- What may be done with what, whatever was clicked. A conflict is evidence: it never goes back.
  CHECK (action IS NULL OR action = 'discard' OR (action = 'redrive' AND class = 'missing') OR (action = 'retire' AND class = 'recorded')
         OR (action = 're-sign' AND class IN ('bad-signature', 'unreadable', 'refused', 'security-signal'))),
  CHECK ((replacement IS NOT NULL) = (action IS NOT DISTINCT FROM 're-sign')),
  CHECK (new_id IS NULL OR action IN ('redrive', 're-sign'))
) WITH (fillfactor = 50);
CREATE INDEX redrive_entries_fingerprint ON redrive_entries (fingerprint);
CREATE INDEX redrive_entries_entry ON redrive_entries (stream, entry_id);
CREATE INDEX redrive_entries_class ON redrive_entries (run_id, class, n);

-- What an entry is and what was agreed on is never changed afterwards; only how far it is.
CREATE FUNCTION redrive_entry_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what a dead letter is, and what was agreed on for it, does not change' USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
CREATE TRIGGER redrive_entries_stand BEFORE UPDATE ON redrive_entries FOR EACH ROW
  WHEN (NEW.run_id <> OLD.run_id OR NEW.n <> OLD.n OR NEW.stream <> OLD.stream OR NEW.entry_id <> OLD.entry_id OR NEW.sha256 <> OLD.sha256
        OR NEW.fingerprint <> OLD.fingerprint OR NEW.class <> OLD.class OR NEW.content IS DISTINCT FROM OLD.content
        OR (OLD.action IS NOT NULL AND (NEW.action IS DISTINCT FROM OLD.action OR NEW.replacement IS DISTINCT FROM OLD.replacement))
        OR (OLD.state IN ('retired', 'failed') AND NEW.state <> OLD.state))
  EXECUTE FUNCTION redrive_entry_stands();
