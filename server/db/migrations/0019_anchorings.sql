-- Every anchoring of audit heads as one link of a chain of its own, and where outside this database it is kept.

CREATE TABLE audit_anchorings (
  n        bigint PRIMARY KEY CHECK (n > 0),
  at       text NOT NULL,        -- as it was hashed
  by_name  text NOT NULL,
  previous text NOT NULL,        -- sha256 of the anchoring before; of the first, 64 zeros
  heads    text NOT NULL,        -- JSON, as it was hashed
  sha256   text NOT NULL UNIQUE
);
CREATE TRIGGER audit_anchorings_rows BEFORE UPDATE OR DELETE ON audit_anchorings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_anchorings_table BEFORE TRUNCATE ON audit_anchorings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE audit_anchoring_places (
  place     text PRIMARY KEY CHECK (place IN ('file', 'webhook')),
  written_n bigint NOT NULL DEFAULT 0, -- up to which anchoring it has them
  tried_at  timestamptz NOT NULL,
  problem   text                       -- null: the last time went well
);
