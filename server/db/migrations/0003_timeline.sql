-- The record: one append-only hash chain per incident, and one for the console itself (the nil uuid).
-- seq, at, prev_hash and hash are given by the database under the chain's row lock, so that the running role can neither
-- choose nor repeat them and any number of concurrent writers get one total order.

CREATE TABLE timeline_heads (
  chain  uuid PRIMARY KEY,
  seq    bigint NOT NULL DEFAULT 0,
  hash   text NOT NULL DEFAULT repeat('0', 64),
  at     timestamptz,
  closed boolean NOT NULL DEFAULT false
) WITH (fillfactor = 20); -- every append rewrites its head: leave room on the page

CREATE TABLE timeline_entries (
  chain       uuid NOT NULL,
  seq         bigint NOT NULL,
  at          timestamptz NOT NULL,
  kind        text NOT NULL CHECK (kind ~ '^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$'),
  actor_id    text, -- null: the console itself
  actor_name  text NOT NULL,
  actor_roles text NOT NULL DEFAULT '', -- held at that moment, comma separated
  address     text,
  request_id  text,
  summary     text NOT NULL CHECK (length(summary) BETWEEN 1 AND 4000),
  details     json NOT NULL DEFAULT '{}', -- json, not jsonb: its text is kept as it was hashed
  prev_hash   text NOT NULL,
  hash        text NOT NULL,
  PRIMARY KEY (chain, seq)
);
CREATE INDEX timeline_entries_family ON timeline_entries (chain, split_part(kind, '.', 1), seq);

-- One field of the hashed text: its length in bytes, a colon, the text, a line feed; a minus sign for null. No two rows share a text.
CREATE FUNCTION timeline_field(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN value IS NULL THEN '-' ELSE octet_length(value)::text || ':' || value END || chr(10)
$$;

CREATE FUNCTION timeline_append() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE head timeline_heads;
BEGIN
  SELECT * INTO head FROM timeline_heads WHERE chain = NEW.chain FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO timeline_heads (chain) VALUES (NEW.chain) ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM timeline_heads WHERE chain = NEW.chain FOR UPDATE;
  END IF;
  IF head.closed AND NEW.kind <> 'incident.reopened' THEN
    RAISE EXCEPTION 'the timeline is closed' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  NEW.seq := head.seq + 1;
  NEW.at := greatest(clock_timestamp(), head.at);
  NEW.prev_hash := head.hash;
  NEW.hash := encode(sha256(convert_to(
    'caracal-timeline-1' || chr(10) ||
    timeline_field(NEW.prev_hash) || timeline_field(NEW.chain::text) || timeline_field(NEW.seq::text) ||
    timeline_field(to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) || timeline_field(NEW.kind) ||
    timeline_field(NEW.actor_id) || timeline_field(NEW.actor_name) || timeline_field(NEW.actor_roles) ||
    timeline_field(NEW.address) || timeline_field(NEW.request_id) || timeline_field(NEW.summary) ||
    timeline_field(NEW.details::text), 'UTF8')), 'hex');
  UPDATE timeline_heads SET seq = NEW.seq, hash = NEW.hash, at = NEW.at, closed = NEW.kind = 'incident.closed'
   WHERE chain = NEW.chain;
  RETURN NEW;
END;
$$;
CREATE TRIGGER timeline_entries_append BEFORE INSERT ON timeline_entries FOR EACH ROW EXECUTE FUNCTION timeline_append();
CREATE TRIGGER timeline_entries_rows BEFORE UPDATE OR DELETE ON timeline_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER timeline_entries_table BEFORE TRUNCATE ON timeline_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who does a thing that only one replica may do at a time (detection, clocks): held for a while, taken over when it runs out.
CREATE TABLE leases (
  name   text PRIMARY KEY,
  holder text NOT NULL,
  until  timestamptz NOT NULL
);
