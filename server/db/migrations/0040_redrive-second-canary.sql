-- A canary that failed proves nothing by being resumed: another one goes first. Counted from what was added before it.

ALTER TABLE redrive_runs ADD COLUMN canary_from integer NOT NULL DEFAULT 0 CHECK (canary_from >= 0);

-- What a dead letter is stands, but for one thing that only the whole list shows: two letters that claim to be the same event and are not.
DROP TRIGGER redrive_entries_stand ON redrive_entries;
CREATE TRIGGER redrive_entries_stand BEFORE UPDATE ON redrive_entries FOR EACH ROW
  WHEN (NEW.run_id <> OLD.run_id OR NEW.n <> OLD.n OR NEW.stream <> OLD.stream OR NEW.entry_id <> OLD.entry_id OR NEW.sha256 <> OLD.sha256
        OR NEW.fingerprint <> OLD.fingerprint OR NEW.content IS DISTINCT FROM OLD.content
        OR (NEW.class <> OLD.class AND NOT (OLD.action IS NULL AND OLD.class = 'missing' AND NEW.class = 'conflict'))
        OR (OLD.action IS NOT NULL AND (NEW.action IS DISTINCT FROM OLD.action OR NEW.replacement IS DISTINCT FROM OLD.replacement))
        OR (OLD.state IN ('retired', 'failed') AND NEW.state <> OLD.state))
  EXECUTE FUNCTION redrive_entry_stands();
