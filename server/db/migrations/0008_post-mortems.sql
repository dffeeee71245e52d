-- Post-mortems: what people wrote over a draft that fills itself, who signed which revision of it, and what is left to do.

CREATE TABLE post_mortems (
  incident_id     uuid PRIMARY KEY REFERENCES incidents (id),
  revision        integer NOT NULL DEFAULT 1,
  sections        json NOT NULL DEFAULT '{}', -- only what people wrote; a section that is not here is the draft's own
  updated_at      timestamptz NOT NULL DEFAULT now(),
  updated_by_id   uuid NOT NULL REFERENCES people (id),
  updated_by_name text NOT NULL,
  noted_at        timestamptz NOT NULL DEFAULT now() -- of the last entry about an edit; autosaves in between are one edit
);

-- A signature is for one revision and for the text that the signer read: any change leaves it behind.
CREATE TABLE post_mortem_signatures (
  incident_id  uuid NOT NULL REFERENCES post_mortems (incident_id),
  revision     integer NOT NULL,
  person_id    uuid NOT NULL REFERENCES people (id),
  person_name  text NOT NULL,
  digest       text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
  signed_at    timestamptz NOT NULL DEFAULT now(),
  withdrawn_at timestamptz,
  PRIMARY KEY (incident_id, revision, person_id)
);

CREATE TABLE follow_ups (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  incident_id uuid NOT NULL REFERENCES incidents (id),
  title       text NOT NULL CHECK (length(title) BETWEEN 4 AND 200),
  owner_id    uuid REFERENCES people (id),
  owner_name  text,
  due_on      date,
  state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'dropped')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  CHECK ((owner_id IS NULL) = (owner_name IS NULL))
);
CREATE INDEX follow_ups_of ON follow_ups (incident_id, created_at);
