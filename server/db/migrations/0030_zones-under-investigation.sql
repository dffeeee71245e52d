-- Why an act goes ahead in a zone that is under tamper investigation: part of what is asked for, so it changes as little as the rest.

ALTER TABLE approval_requests ADD COLUMN investigation_reason text CHECK (length(investigation_reason) BETWEEN 4 AND 500);

CREATE OR REPLACE FUNCTION approval_requests_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.action, NEW.severity, NEW.parameters::text, NEW.targets::text, NEW.target_count, NEW.targets_digest,
      NEW.preconditions::text, NEW.blast::text, NEW.incident_id, NEW.playbook_version, NEW.requester_id, NEW.reason, NEW.nonce,
      NEW.votes_needed, NEW.security_needed, NEW.requested_at, NEW.expires_at, NEW.digest, NEW.investigation_reason)
     IS DISTINCT FROM
     (OLD.id, OLD.action, OLD.severity, OLD.parameters::text, OLD.targets::text, OLD.target_count, OLD.targets_digest,
      OLD.preconditions::text, OLD.blast::text, OLD.incident_id, OLD.playbook_version, OLD.requester_id, OLD.reason, OLD.nonce,
      OLD.votes_needed, OLD.security_needed, OLD.requested_at, OLD.expires_at, OLD.digest, OLD.investigation_reason) THEN
    RAISE EXCEPTION 'an approval request does not change: make a new one' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state NOT IN ('pending', 'approved') AND NEW.state <> OLD.state THEN
    RAISE EXCEPTION 'an approval request that has ended stays ended' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END;
$$;

-- The zones that are under tamper investigation, and the incident of each: an open run of the tamper playbook on the zone, or an
-- open incident that a signal of the zone's broken chain, or of what its archive contradicts, belongs to, whether it still fires or not.
CREATE VIEW open_investigations AS
  SELECT r.zone_id, r.incident_id FROM guided_runs r WHERE r.playbook = 'audit-tampering' AND r.state = 'open'
  UNION
  SELECT substr(held.key, strpos(held.key, ':') + 1), i.id
    FROM (SELECT incident_id, dedupe_key AS key FROM incident_keys
           WHERE open AND (starts_with(dedupe_key, 'chain-not-whole:') OR starts_with(dedupe_key, 'archive-contradicts:'))
          UNION ALL
          SELECT x.incident_id, s.key FROM signal_records s JOIN incident_signals x ON x.signal_id = s.id
           WHERE s.rule IN ('chain-not-whole', 'archive-contradicts')) AS held
    JOIN incidents i ON i.id = held.incident_id AND i.merged_into IS NULL AND i.state NOT IN ('resolved', 'closed');
CREATE INDEX guided_runs_investigating ON guided_runs (zone_id) WHERE playbook = 'audit-tampering' AND state = 'open';
CREATE INDEX signal_records_broken_chains ON signal_records (id) WHERE rule IN ('chain-not-whole', 'archive-contradicts');
