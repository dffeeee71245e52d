-- Signatures under a step of a guided run: by people, signed in with the role that they sign for, and none of them runs the playbook.

ALTER TABLE guided_steps ADD COLUMN kept json; -- what was on the screen when it was settled, or the verdict that was given

CREATE TABLE guided_signatures (
  run_id      uuid NOT NULL REFERENCES guided_runs (id),
  step        text NOT NULL,
  role        text NOT NULL CHECK (role IN ('security', 'compliance')),
  person_id   uuid NOT NULL REFERENCES people (id),
  person_name text NOT NULL,
  comment     text NOT NULL CHECK (length(comment) BETWEEN 4 AND 500),
  digest      text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'), -- SHA-256 over the steps that were settled before it
  signed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run_id, step, role),   -- one for each role
  UNIQUE (run_id, step, person_id)    -- and nobody for two
);
CREATE TRIGGER guided_signatures_rows BEFORE UPDATE OR DELETE ON guided_signatures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guided_signatures_table BEFORE TRUNCATE ON guided_signatures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who signs holds the role as their own (not for the half hour of break-glass), and neither began nor drives the run.
CREATE FUNCTION guided_signature_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE run guided_runs;
BEGIN
  SELECT * INTO run FROM guided_runs WHERE id = NEW.run_id FOR UPDATE;
  IF run.state <> 'open' THEN
    RAISE EXCEPTION 'the run is over' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF NEW.person_id::text IN (run.created_by_id, run.driver_id) THEN
    RAISE EXCEPTION 'who runs the playbook does not sign it' USING ERRCODE = 'check_violation';
  END IF;
  PERFORM 1 FROM people WHERE id = NEW.person_id AND active AND NEW.role = ANY (roles) FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'who signs holds the role' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END;
$$;
CREATE TRIGGER guided_signatures_stand BEFORE INSERT ON guided_signatures FOR EACH ROW EXECUTE FUNCTION guided_signature_stands();

-- Nor does anybody take over a run that they have signed.
CREATE FUNCTION guided_driver_has_not_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM guided_signatures s WHERE s.run_id = NEW.id AND s.person_id::text = NEW.driver_id) THEN
    RAISE EXCEPTION 'who signed the run does not drive it' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END;
$$;
CREATE TRIGGER guided_runs_driver BEFORE UPDATE OF driver_id ON guided_runs FOR EACH ROW EXECUTE FUNCTION guided_driver_has_not_signed();

-- The tamper playbook is signed off by both, or not at all.
CREATE FUNCTION guided_sign_off_is_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.step = 'sign-off'
     AND EXISTS (SELECT 1 FROM guided_runs r WHERE r.id = NEW.run_id AND r.playbook = 'audit-tampering')
     AND (SELECT count(*) FROM guided_signatures s WHERE s.run_id = NEW.run_id AND s.step = NEW.step) < 2 THEN
    RAISE EXCEPTION 'security and compliance have not both signed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END;
$$;
CREATE TRIGGER guided_steps_signed BEFORE INSERT ON guided_steps FOR EACH ROW EXECUTE FUNCTION guided_sign_off_is_signed();
