-- Where each zone's chain began when this console looked: a beginning that is missing later went with retention only if its partition did.

CREATE TABLE audit_chain_beginnings (
  zone_id     text NOT NULL,
  chain_seq   bigint NOT NULL,
  event_id    text NOT NULL,
  occurred_at timestamptz NOT NULL,
  partition   text NOT NULL,      -- in which that row lay, as the first of its zone
  in_default  boolean NOT NULL,   -- the default partition: retention never takes it
  kept_from   timestamptz NOT NULL, -- where the oldest partition began then; -infinity: there was none beside the default one
  seen_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (zone_id, kept_from, chain_seq)
);
CREATE TRIGGER audit_chain_beginnings_rows BEFORE UPDATE OR DELETE ON audit_chain_beginnings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_chain_beginnings_table BEFORE TRUNCATE ON audit_chain_beginnings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- When an anchored row occurred, and whether it lay in the default partition; null: anchored before this was kept.
ALTER TABLE audit_anchors
  ADD COLUMN occurred_at timestamptz,
  ADD COLUMN in_default  boolean,
  ADD CHECK ((occurred_at IS NULL) = (in_default IS NULL));
CREATE INDEX audit_anchors_by_time ON audit_anchors (zone_id, anchored_at);

-- Under which key seals of a zone were right when a check last heard them: all of them failing under the same key later is no other key.
ALTER TABLE audit_checked_heads ADD COLUMN sealed_under text; -- the key's fingerprint
