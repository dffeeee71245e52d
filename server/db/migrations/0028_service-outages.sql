-- When each replica of Caracal's services did not answer ready, as the console's leader saw it itself by asking once a second.

CREATE TABLE replica_outages (
  id          uuid PRIMARY KEY,
  replica     text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('sts', 'gateway', 'api', 'audit', 'coordinator')),
  ready_until timestamptz,          -- the last time before it that it answered ready; null: never seen ready
  down_since  timestamptz NOT NULL, -- the first time that it did not
  down_until  timestamptz NOT NULL, -- the last time that it did not
  up_since    timestamptz,          -- the first time after it that it answered ready
  reason      text NOT NULL,        -- in the service's words at first
  last_reason text NOT NULL,
  CHECK (ready_until IS NULL OR ready_until <= down_since),
  CHECK (down_since <= down_until),
  CHECK (up_since IS NULL OR down_until <= up_since)
);
CREATE UNIQUE INDEX replica_outages_open ON replica_outages (replica) WHERE up_since IS NULL;
CREATE INDEX replica_outages_newest ON replica_outages (down_since DESC);

-- What was seen stays: an outage ends once, and only its end and its latest look are ever written.
CREATE FUNCTION keep_outage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.up_since IS NOT NULL OR (NEW.id, NEW.replica, NEW.kind, NEW.down_since, NEW.reason) IS DISTINCT FROM (OLD.id, OLD.replica, OLD.kind, OLD.down_since, OLD.reason)
     OR NEW.ready_until IS DISTINCT FROM OLD.ready_until OR NEW.down_until < OLD.down_until THEN
    RAISE EXCEPTION 'an outage is kept as it was seen' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER replica_outages_rows BEFORE UPDATE ON replica_outages FOR EACH ROW EXECUTE FUNCTION keep_outage();

-- Until when somebody was looking, and when nobody was: a console that is off sees neither an end nor a beginning.
CREATE TABLE outage_watch (
  only_one      boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  watched_until timestamptz NOT NULL
);
CREATE TABLE watch_gaps (
  from_at timestamptz PRIMARY KEY,
  to_at   timestamptz NOT NULL CHECK (to_at > from_at)
);
CREATE TRIGGER watch_gaps_rows BEFORE UPDATE OR DELETE ON watch_gaps FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER watch_gaps_table BEFORE TRUNCATE ON watch_gaps FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
