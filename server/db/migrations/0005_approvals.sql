-- Two-person approval. What makes it hold is here: identities, bytes and votes are tied by keys and checks, not by code.

CREATE TABLE approval_requests (
  id               uuid PRIMARY KEY,
  action           text NOT NULL,
  severity         text NOT NULL CHECK (severity IN ('P1', 'P2', 'P3', 'P4')),
  parameters       json NOT NULL, -- canonical text: these bytes are what is executed
  targets          json NOT NULL, -- frozen list of ids, canonical text
  target_count     integer NOT NULL CHECK (target_count >= 0),
  targets_digest   text NOT NULL CHECK (targets_digest ~ '^[0-9a-f]{64}$'),
  preconditions    json NOT NULL DEFAULT '{}', -- what was true when it was asked; looked at again before it is executed
  blast            json NOT NULL DEFAULT '{}', -- what the approver is shown of its reach
  incident_id      uuid REFERENCES incidents (id),
  playbook_version text NOT NULL,
  requester_id     uuid NOT NULL REFERENCES people (id),
  requester_name   text NOT NULL,
  reason           text NOT NULL CHECK (length(reason) BETWEEN 4 AND 500),
  nonce            text NOT NULL UNIQUE,
  votes_needed     integer NOT NULL CHECK (votes_needed >= 1),
  security_needed  boolean NOT NULL DEFAULT false, -- key actions: one of the voters holds security
  requested_at     timestamptz NOT NULL DEFAULT now(),
  expires_at       timestamptz NOT NULL CHECK (expires_at > requested_at),
  digest           text NOT NULL UNIQUE CHECK (digest ~ '^[0-9a-f]{64}$'),
  state            text NOT NULL DEFAULT 'pending'
                   CHECK (state IN ('pending', 'approved', 'denied', 'cancelled', 'expired', 'void', 'executed')),
  state_reason     text,
  decided_at       timestamptz,
  executed_at      timestamptz,
  executed_by_id   uuid REFERENCES people (id),
  executed_by_name text,
  result_ref       text, -- what it started: "run:<id>", "freeze:<id>"
  revision         integer NOT NULL DEFAULT 1,
  UNIQUE (id, requester_id),
  UNIQUE (id, digest),
  CHECK ((state = 'executed') = (executed_at IS NOT NULL)),
  CHECK ((state = 'executed') = (executed_by_id IS NOT NULL))
);
CREATE INDEX approval_requests_newest ON approval_requests (requested_at DESC, id DESC);
CREATE INDEX approval_requests_open ON approval_requests (expires_at) WHERE state IN ('pending', 'approved');
CREATE INDEX approval_requests_incident ON approval_requests (incident_id) WHERE incident_id IS NOT NULL;

-- What was asked for does not change any more, and what has ended stays ended.
CREATE FUNCTION approval_requests_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.action, NEW.severity, NEW.parameters::text, NEW.targets::text, NEW.target_count, NEW.targets_digest,
      NEW.preconditions::text, NEW.blast::text, NEW.incident_id, NEW.playbook_version, NEW.requester_id, NEW.reason, NEW.nonce,
      NEW.votes_needed, NEW.security_needed, NEW.requested_at, NEW.expires_at, NEW.digest)
     IS DISTINCT FROM
     (OLD.id, OLD.action, OLD.severity, OLD.parameters::text, OLD.targets::text, OLD.target_count, OLD.targets_digest,
      OLD.preconditions::text, OLD.blast::text, OLD.incident_id, OLD.playbook_version, OLD.requester_id, OLD.reason, OLD.nonce,
      OLD.votes_needed, OLD.security_needed, OLD.requested_at, OLD.expires_at, OLD.digest) THEN
    RAISE EXCEPTION 'an approval request does not change: make a new one' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state NOT IN ('pending', 'approved') AND NEW.state <> OLD.state THEN
    RAISE EXCEPTION 'an approval request that has ended stays ended' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END;
$$;
CREATE TRIGGER approval_requests_fixed BEFORE UPDATE ON approval_requests
  FOR EACH ROW EXECUTE FUNCTION approval_requests_fixed();

CREATE TABLE approval_votes (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  request_id   uuid NOT NULL,
  requester_id uuid NOT NULL,
  digest       text NOT NULL, -- what the voter was shown
  voter_id     uuid NOT NULL REFERENCES people (id),
  voter_name   text NOT NULL,
  voter_roles  text[] NOT NULL,
  vote         text NOT NULL CHECK (vote IN ('approve', 'deny')),
  comment      text NOT NULL DEFAULT '' CHECK (length(comment) <= 500),
  cast_at      timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL CHECK (expires_at > cast_at),
  withdrawn_at timestamptz,
  FOREIGN KEY (request_id, requester_id) REFERENCES approval_requests (id, requester_id),
  FOREIGN KEY (request_id, digest) REFERENCES approval_requests (id, digest),
  CHECK (voter_id <> requester_id), -- nobody approves what they asked for
  CHECK (vote = 'approve' OR comment <> '')
);
CREATE UNIQUE INDEX approval_votes_one_each ON approval_votes (request_id, voter_id) WHERE withdrawn_at IS NULL;

-- Two named people hold more roles for a short while. Off unless BREAK_GLASS_SECRET_HASH is set.
CREATE TABLE break_glass (
  id          uuid PRIMARY KEY,
  incident_id uuid NOT NULL REFERENCES incidents (id),
  first_id    uuid NOT NULL REFERENCES people (id),
  second_id   uuid REFERENCES people (id),
  reason      text NOT NULL CHECK (length(reason) BETWEEN 4 AND 500),
  asked_at    timestamptz NOT NULL DEFAULT now(),
  opened_at   timestamptz,
  expires_at  timestamptz,
  ended_at    timestamptz,
  reviewed_at timestamptz,
  reviewer_id uuid REFERENCES people (id),
  review      text,
  CHECK (second_id <> first_id),
  CHECK ((opened_at IS NULL) = (second_id IS NULL)),
  CHECK (expires_at <= opened_at + interval '1 hour'),
  CHECK (reviewer_id <> first_id AND reviewer_id <> second_id),
  CHECK ((reviewed_at IS NULL) = (reviewer_id IS NULL))
);
CREATE UNIQUE INDEX break_glass_asked ON break_glass ((true)) WHERE opened_at IS NULL AND ended_at IS NULL;
CREATE INDEX break_glass_incident ON break_glass (incident_id);
