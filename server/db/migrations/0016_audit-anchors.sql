-- Heads of Caracal's audit chains as this console saw them: a cut tail and a rewrite with the key contradict them.

CREATE TABLE audit_anchors (
  zone_id        text NOT NULL,
  chain_seq      bigint NOT NULL,
  event_id       text NOT NULL,
  content_sha256 text NOT NULL,
  anchored_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (zone_id, chain_seq, content_sha256) -- a head that changed afterwards is one more row: the first one stands
);
CREATE TRIGGER audit_anchors_rows BEFORE UPDATE OR DELETE ON audit_anchors FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_anchors_table BEFORE TRUNCATE ON audit_anchors FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
