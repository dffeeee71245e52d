-- Who is told of what, over which channel, when; and what became of every message.

-- Every version of the rules; the newest counts. Two who save over the same version meet at the primary key.
CREATE TABLE notification_rules (
  revision      integer PRIMARY KEY CHECK (revision >= 1),
  rules         json NOT NULL,
  saved_by_id   text, -- null: the console
  saved_by_name text NOT NULL,
  saved_at      timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER notification_rules_rows BEFORE UPDATE OR DELETE ON notification_rules FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notification_rules_table BEFORE TRUNCATE ON notification_rules FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The incident page: on-call for P1 and P2, security for P1 tamper and key compromise, compliance for P1 and P2 with audit
-- events lost. Every channel at once; again after ten minutes without an acknowledgement, then three times more.
INSERT INTO notification_rules (revision, rules, saved_by_name) VALUES (1, '[
  {"tier": "on-call", "when": [{"severities": ["P1", "P2"], "tags": []}],
   "steps": [{"channel": "*", "afterMinutes": 0}, {"channel": "*", "afterMinutes": 10}], "repeat": {"everyMinutes": 15, "times": 3}},
  {"tier": "security", "when": [{"severities": ["P1"], "tags": ["tamper", "key-compromise"]}],
   "steps": [{"channel": "*", "afterMinutes": 0}, {"channel": "*", "afterMinutes": 15}], "repeat": {"everyMinutes": 15, "times": 2}},
  {"tier": "compliance", "when": [{"severities": ["P1", "P2"], "tags": ["audit-loss"]}],
   "steps": [{"channel": "*", "afterMinutes": 0}], "repeat": {"everyMinutes": 60, "times": 0}}
]', 'console');

CREATE TABLE maintenance_windows (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  starts_at  timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '7 days'),
  severities text[] NOT NULL DEFAULT '{}' CHECK (severities <@ ARRAY['P1', 'P2', 'P3', 'P4']::text[]), -- none: all but P1
  tiers      text[] NOT NULL DEFAULT '{}' CHECK (tiers <@ ARRAY['on-call', 'security', 'compliance']::text[]), -- none: all
  include_p1 boolean NOT NULL DEFAULT false,
  reason     text NOT NULL CHECK (length(reason) BETWEEN 1 AND 300),
  by_id      text NOT NULL,
  by_name    text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at   timestamptz, -- early
  ended_by   text,
  CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX maintenance_windows_ends ON maintenance_windows (ends_at DESC);

-- The outbox: one message per notice, tier, step and channel, whoever plans it and however often.
CREATE TABLE notification_deliveries (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(), -- the idempotency key that receivers get
  notice_id   uuid NOT NULL REFERENCES notices (id),
  incident_id uuid REFERENCES incidents (id),
  tier        text NOT NULL CHECK (tier IN ('on-call', 'security', 'compliance')),
  step        integer NOT NULL CHECK (step >= 1),
  channel     text NOT NULL,
  severity    text NOT NULL CHECK (severity IN ('P1', 'P2', 'P3', 'P4')),
  escalation  boolean NOT NULL, -- sent only while nobody has acknowledged the incident
  pages       text CHECK (pages IN ('trigger', 'acknowledge', 'resolve')), -- what PagerDuty is told; null for other kinds
  state       text NOT NULL DEFAULT 'waiting'
              CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'suppressed', 'stopped')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  due_at      timestamptz NOT NULL, -- of the next attempt
  attempts    integer NOT NULL DEFAULT 0,
  lease_until timestamptz, -- while it is being sent; taken over afterwards
  finished_at timestamptz,
  reason      text CHECK (length(reason) <= 500),
  UNIQUE (notice_id, tier, step, channel),
  CHECK ((state IN ('waiting', 'sending')) = (finished_at IS NULL)),
  CHECK ((state = 'sending') = (lease_until IS NOT NULL))
);
CREATE INDEX notification_deliveries_due ON notification_deliveries (channel, due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX notification_deliveries_newest ON notification_deliveries (created_at DESC, id DESC);
CREATE INDEX notification_deliveries_incident ON notification_deliveries (incident_id, created_at DESC);
CREATE INDEX notification_deliveries_paged ON notification_deliveries (incident_id, channel) WHERE pages IS NOT NULL;

-- When a channel was last tried by hand: the conditional upsert is what limits it.
CREATE TABLE channel_tests (
  channel   text PRIMARY KEY,
  tested_at timestamptz NOT NULL DEFAULT now()
);

-- Signals that another system declares: one row per alert of theirs, taken up again when it fires anew, so that a flapping
-- alert keeps its key and folds into the incident it began.
ALTER TABLE declared_signals ADD COLUMN source text NOT NULL DEFAULT 'by-hand' CHECK (source IN ('by-hand', 'alertmanager'));
ALTER TABLE declared_signals ADD COLUMN external_key text CHECK (length(external_key) BETWEEN 1 AND 200);
ALTER TABLE declared_signals ADD CONSTRAINT declared_signals_external CHECK ((source = 'by-hand') = (external_key IS NULL));
ALTER TABLE declared_signals ADD COLUMN opened_at timestamptz NOT NULL DEFAULT now(); -- when the console took it up
ALTER TABLE declared_signals ADD COLUMN seen_at timestamptz; -- when the other system last said that it stands
CREATE UNIQUE INDEX declared_signals_key ON declared_signals (source, external_key) WHERE external_key IS NOT NULL;
