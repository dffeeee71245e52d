-- Dead letters of a run are noted from the oldest on and resumed where noting stopped, compared with their rows by content, and asked
-- after in parts: what was seen of each is kept beside it.

ALTER TABLE run_dead_letters
  ADD COLUMN content   text,         -- content_sha256 of exactly the bytes that lie there; null: no event, or noted before this was kept
  ADD COLUMN row_state text CHECK (row_state IN ('recorded', 'conflict', 'absent')), -- as audit_events said when it was last asked
  ADD COLUMN lies      boolean,      -- among the letters when Redis was last asked; an id that is gone does not come back
  ADD COLUMN asked_at  timestamptz;  -- when both were; null: never
CREATE INDEX run_dead_letters_open ON run_dead_letters (run_id, asked_at NULLS FIRST)
  WHERE row_state IS DISTINCT FROM 'recorded' OR lies IS DISTINCT FROM false;

-- A letter stays, and what it is stays; what its signature is worth under another key, and what was seen of it since, does not.
CREATE FUNCTION keep_noted_letter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR (NEW.run_id, NEW.entry_id, NEW.cause, NEW.reason, NEW.received_at)
     IS DISTINCT FROM (OLD.run_id, OLD.entry_id, OLD.cause, OLD.reason, OLD.received_at)
     OR (OLD.content IS NOT NULL AND (NEW.event_id, NEW.zone_id, NEW.occurred_at, NEW.content)
         IS DISTINCT FROM (OLD.event_id, OLD.zone_id, OLD.occurred_at, OLD.content)) THEN
    RAISE EXCEPTION 'a noted letter is kept: % refused', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END;
$$;
DROP TRIGGER run_dead_letters_rows ON run_dead_letters;
DROP TRIGGER run_dead_letters_table ON run_dead_letters;
CREATE TRIGGER run_dead_letters_rows BEFORE UPDATE OR DELETE ON run_dead_letters FOR EACH ROW EXECUTE FUNCTION keep_noted_letter();
CREATE TRIGGER run_dead_letters_table BEFORE TRUNCATE ON run_dead_letters FOR EACH STATEMENT EXECUTE FUNCTION keep_noted_letter();

-- How far the letters of a run are noted, in the stream's order.
CREATE TABLE run_letter_notes (
  run_id   uuid PRIMARY KEY REFERENCES guided_runs (id),
  noted_to text NOT NULL,              -- the newest entry that is noted, with everything before it
  noted    integer NOT NULL,           -- letters read so far under this key
  key      text                        -- fingerprint of the AUDIT_HMAC_KEY that signatures were looked at under; null: there was none
);
