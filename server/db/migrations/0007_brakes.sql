-- Emergency brakes: zones whose minting was stopped. What stood before is kept here before anything is taken away.

CREATE TABLE zone_freezes (
  id             uuid PRIMARY KEY,
  zone_id        text NOT NULL,
  zone_name      text NOT NULL,
  incident_id    uuid REFERENCES incidents (id),
  approval_id    uuid NOT NULL UNIQUE REFERENCES approval_requests (id),
  state          text NOT NULL DEFAULT 'freezing' CHECK (state IN ('freezing', 'frozen', 'thawing', 'thawed')),
  planned        json NOT NULL, -- the approved bindings: [{"policySetId", "versionId"}]
  before         json,          -- what the job read and nulled, written once, before it nulled
  left_alone     json NOT NULL DEFAULT '[]', -- bindings that somebody set meanwhile: thaw names them and does not touch them
  frozen_by_id   text NOT NULL,
  frozen_by_name text NOT NULL,
  thawed_by_id   text,
  thawed_by_name text,
  reason         text NOT NULL,
  thaw_reason    text,
  requested_at   timestamptz NOT NULL DEFAULT now(),
  nulled_at      timestamptz, -- commit of the nulling, by our clock
  frozen_at      timestamptz, -- proved for every STS replica
  thaw_asked_at  timestamptz,
  restored_at    timestamptz,
  thawed_at      timestamptz, -- proved for every STS replica
  proof          json NOT NULL DEFAULT '[]', -- last look, per STS replica
  publications   integer NOT NULL DEFAULT 0,
  heartbeat_at   timestamptz NOT NULL DEFAULT now(),
  error          text,
  CHECK (nulled_at IS NULL OR before IS NOT NULL),
  CHECK ((state IN ('thawing', 'thawed')) = (thawed_by_id IS NOT NULL))
);
-- One freeze of a zone at a time: concurrent approvals meet here.
CREATE UNIQUE INDEX zone_freezes_open ON zone_freezes (zone_id) WHERE state <> 'thawed';
CREATE INDEX zone_freezes_newest ON zone_freezes (requested_at DESC, id DESC);
CREATE INDEX zone_freezes_incident ON zone_freezes (incident_id) WHERE incident_id IS NOT NULL;

-- Runs that reach beyond one subject: made by an executed approval only, with the frozen sids as the targets of their first round.
ALTER TABLE playbook_runs
  ADD COLUMN scope text NOT NULL DEFAULT 'subject' CHECK (scope IN ('subject', 'subjects', 'zone')),
  ADD COLUMN scope_subjects text[],
  ADD COLUMN approval_id uuid UNIQUE REFERENCES approval_requests (id),
  ALTER COLUMN subject_id DROP NOT NULL,
  DROP CONSTRAINT playbook_runs_from_kind_check,
  ADD CONSTRAINT playbook_runs_from_kind_check CHECK (from_kind IN ('session', 'subject', 'event', 'approval')),
  ADD CONSTRAINT playbook_runs_scope CHECK (
    (scope = 'subject') = (subject_id IS NOT NULL)
    AND (scope = 'subjects') = (scope_subjects IS NOT NULL)
    AND (scope = 'subject') = (approval_id IS NULL));
