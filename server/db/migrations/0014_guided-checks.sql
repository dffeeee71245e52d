-- What people tick one by one in a step of a guided run: the replicas that no probe reaches, the places a destroyed key lay in.

CREATE TABLE guided_checks (
  run_id    uuid NOT NULL REFERENCES guided_runs (id),
  step      text NOT NULL,
  item      text NOT NULL,
  by_id     text NOT NULL,
  by_name   text NOT NULL,
  ticked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  note      text NOT NULL, -- how they know
  PRIMARY KEY (run_id, step, item)
);

-- What was ticked or settled stays as it was said.
CREATE TRIGGER guided_checks_rows BEFORE UPDATE OR DELETE ON guided_checks FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guided_checks_table BEFORE TRUNCATE ON guided_checks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guided_steps_rows BEFORE UPDATE OR DELETE ON guided_steps FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guided_steps_table BEFORE TRUNCATE ON guided_steps FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
