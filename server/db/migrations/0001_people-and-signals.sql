-- People, their sign-ins, sign-in rate limits, and signals declared by hand.

-- Attached to append-only tables: what was recorded stays recorded, even against the owner's slip of hand.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE TABLE people (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  username      text NOT NULL CHECK (username = lower(username) AND username <> '' AND length(username) <= 200),
  display_name  text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 200),
  roles         text[] NOT NULL DEFAULT '{}'
                CHECK (roles <@ ARRAY['viewer', 'responder', 'approver', 'security', 'compliance', 'admin']::text[]),
  password_hash text,
  oidc_issuer   text,
  oidc_subject  text,
  active        boolean NOT NULL DEFAULT true,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  UNIQUE (oidc_issuer, oidc_subject),
  CHECK ((oidc_issuer IS NULL) = (oidc_subject IS NULL)),
  CHECK ((password_hash IS NULL) <> (oidc_subject IS NULL)) -- a person comes in one way
);

-- A name from the identity provider can never shadow a local account: each kind has its own namespace.
CREATE UNIQUE INDEX people_local_username ON people (username) WHERE password_hash IS NOT NULL;

-- The id is what approvals and logs are bound to; it never changes and never goes away.
CREATE FUNCTION refuse_new_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.oidc_issuer IS DISTINCT FROM OLD.oidc_issuer OR NEW.oidc_subject IS DISTINCT FROM OLD.oidc_subject THEN
    RAISE EXCEPTION 'the identity of a person does not change' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END;
$$;
CREATE TRIGGER people_identity BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION refuse_new_identity();

CREATE TABLE sign_ins (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  person_id    uuid NOT NULL REFERENCES people (id),
  method       text NOT NULL CHECK (method IN ('local', 'oidc')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz,
  revoked_by   uuid REFERENCES people (id),
  user_agent   text,
  address      text,
  CHECK (revoked_at IS NOT NULL OR revoked_by IS NULL)
);
CREATE INDEX sign_ins_newest ON sign_ins (created_at DESC, id DESC);
CREATE INDEX sign_ins_of_person ON sign_ins (person_id) WHERE revoked_at IS NULL;

-- The table that rate-limiter-flexible keeps its counters in; the key is a digest of a username or an address.
CREATE TABLE sign_in_attempts (
  key    text PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);

CREATE TABLE declared_signals (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  severity         text NOT NULL CHECK (severity IN ('P1', 'P2', 'P3', 'P4')),
  sentence         text NOT NULL,
  zone_id          text,
  declared_by_id   text NOT NULL,
  declared_by_name text NOT NULL,
  declared_at      timestamptz NOT NULL DEFAULT now(),
  cleared_by_id    text,
  cleared_by_name  text,
  cleared_at       timestamptz,
  clear_reason     text,
  CHECK ((cleared_at IS NULL) = (clear_reason IS NULL))
);
CREATE INDEX declared_signals_open ON declared_signals (declared_at DESC) WHERE cleared_at IS NULL;
