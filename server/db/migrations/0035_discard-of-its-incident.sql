-- A discard stands on the record of the incident that its list was redriven for: nobody hides it on another one.

-- The incident of a list with those that it was merged into, one after another; none: the list belongs to no incident.
CREATE FUNCTION incidents_of_list(list uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
  WITH RECURSIVE chain AS (
    SELECT i.id, i.merged_into FROM redrive_runs r JOIN incidents i ON i.id = r.incident_id WHERE r.id = list
    UNION SELECT i.id, i.merged_into FROM incidents i JOIN chain c ON i.id = c.merged_into)
  SELECT id FROM chain
$$;

CREATE FUNCTION discard_of_its_incident() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT incidents_of_list(NEW.of_run))
     AND NOT EXISTS (SELECT FROM incidents_of_list(NEW.of_run) AS own WHERE own = NEW.incident_id) THEN
    RAISE EXCEPTION 'a discard belongs to the incident of its list' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END;
$$;
CREATE TRIGGER redrive_runs_discard_of_its_incident BEFORE INSERT ON redrive_runs FOR EACH ROW
  WHEN (NEW.kind = 'discard') EXECUTE FUNCTION discard_of_its_incident();
