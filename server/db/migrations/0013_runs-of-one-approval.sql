-- Revoking in several zones is one approval and a run in each zone.
ALTER TABLE playbook_runs DROP CONSTRAINT playbook_runs_approval_id_key;
CREATE UNIQUE INDEX playbook_runs_approval_zone ON playbook_runs (approval_id, zone_id) WHERE approval_id IS NOT NULL;
