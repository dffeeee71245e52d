-- The stand-in's own DDL for the tables that CARACAL's release v2026.05 shows to an operator.
-- Ids are text. Row-level security is enabled, not forced: the owner sees everything, other roles per policy.

CREATE TABLE zones (
  id text PRIMARY KEY,
  org_id text NOT NULL,
  name text NOT NULL,
  slug text NOT NULL UNIQUE,
  dek_ciphertext bytea NOT NULL, -- random filler, not under the KEK
  kek_arn text,
  dcr_enabled boolean NOT NULL DEFAULT false,
  pkce_required boolean NOT NULL DEFAULT true,
  login_flow text NOT NULL DEFAULT 'default',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  archived_at timestamptz
);

CREATE TABLE applications (
  id text PRIMARY KEY,
  zone_id text NOT NULL REFERENCES zones (id),
  name text NOT NULL,
  registration_method text NOT NULL DEFAULT 'managed',
  credential_type text NOT NULL,
  client_secret_hash text,
  consent text NOT NULL DEFAULT 'implicit',
  traits text[] NOT NULL DEFAULT '{}',
  expires_at timestamptz,
  archived_at timestamptz,
  last_active_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX applications_zone ON applications (zone_id);

CREATE TABLE providers (
  id text PRIMARY KEY,
  zone_id text NOT NULL REFERENCES zones (id),
  name text NOT NULL,
  identifier text NOT NULL,
  owner_type text NOT NULL DEFAULT 'customer',
  config_json jsonb,
  client_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  archived_at timestamptz,
  secret_config_ct bytea,
  secret_config_nonce bytea,
  secret_config_keys text[] NOT NULL DEFAULT '{}'
);

CREATE TABLE resources (
  id text PRIMARY KEY,
  zone_id text NOT NULL REFERENCES zones (id),
  name text NOT NULL,
  identifier text NOT NULL,
  upstream_url text,
  prefix boolean NOT NULL DEFAULT false,
  credential_provider_id text,
  scopes text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  archived_at timestamptz
);

CREATE TABLE sessions (
  id text PRIMARY KEY, -- the sid claim
  zone_id text NOT NULL REFERENCES zones (id),
  session_type text NOT NULL CHECK (session_type IN ('user', 'application')),
  subject_id text NOT NULL,
  parent_id text,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'revoked', 'expired')),
  expires_at timestamptz NOT NULL,
  authenticated_at timestamptz NOT NULL DEFAULT now(),
  claims_json jsonb,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_zone_subject_status ON sessions (zone_id, subject_id, status);
CREATE INDEX sessions_active_expiry ON sessions (expires_at) WHERE status = 'active';

CREATE TABLE agent_sessions ( -- has no updated_at: the coordinator's own terminate and suspend fail on it
  id text PRIMARY KEY,
  zone_id text NOT NULL REFERENCES zones (id),
  application_id text NOT NULL,
  parent_id text,
  session_sid text, -- sessions.id
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'terminated', 'expired')),
  depth integer NOT NULL DEFAULT 0,
  spawned_at timestamptz NOT NULL DEFAULT now(),
  last_active_at timestamptz NOT NULL DEFAULT now(),
  terminated_at timestamptz,
  ttl_seconds integer
);
CREATE INDEX agent_sessions_zone_status ON agent_sessions (zone_id, status);
CREATE INDEX agent_sessions_sid ON agent_sessions (session_sid);

CREATE TABLE delegation_edges (
  id text PRIMARY KEY,
  zone_id text NOT NULL REFERENCES zones (id),
  source_session_id text NOT NULL, -- agent_sessions.id
  target_session_id text NOT NULL, -- agent_sessions.id
  resource_id text,
  scopes text[] NOT NULL DEFAULT '{}',
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'revoked', 'expired')),
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX delegation_edges_source ON delegation_edges (source_session_id);
CREATE INDEX delegation_edges_target ON delegation_edges (target_session_id);

CREATE TABLE policy_set_bindings (
  zone_id text NOT NULL REFERENCES zones (id),
  policy_set_id text NOT NULL,
  active_version_id text, -- null stops minting under this set
  PRIMARY KEY (zone_id, policy_set_id)
);

CREATE TABLE secrets (
  id text PRIMARY KEY,
  zone_id text NOT NULL REFERENCES zones (id),
  entity_id text NOT NULL,
  name text NOT NULL,
  type text NOT NULL CHECK (type IN ('token', 'password')),
  ciphertext bytea NOT NULL,
  nonce bytea NOT NULL,
  dek_id text NOT NULL DEFAULT 'local',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX secrets_entity_name_version ON secrets (zone_id, entity_id, name, version);

CREATE TABLE delegated_grants (
  id text PRIMARY KEY,
  zone_id text NOT NULL REFERENCES zones (id),
  application_id text NOT NULL,
  user_id text NOT NULL,
  resource_id text NOT NULL,
  provider_id text,
  scopes text[] NOT NULL DEFAULT '{}',
  status text NOT NULL DEFAULT 'active',
  access_token_ct bytea,
  refresh_token_ct bytea,
  expires_at timestamptz,
  refreshed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  refresh_token_version integer NOT NULL DEFAULT 0
);
CREATE INDEX delegated_grants_zone_user ON delegated_grants (zone_id, user_id);

CREATE TABLE event_outbox ( -- the API's
  id text PRIMARY KEY,
  stream_name text NOT NULL,
  payload_json jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  available_at timestamptz NOT NULL DEFAULT now(),
  locked_until timestamptz,
  locked_by text,
  last_error text,
  dispatched_at timestamptz,
  request_id text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX event_outbox_due ON event_outbox (available_at) WHERE dispatched_at IS NULL;

CREATE TABLE caracal_outbox ( -- the coordinator's
  id text PRIMARY KEY,
  producer text NOT NULL CHECK (producer IN ('api', 'coordinator')),
  topic text NOT NULL,
  dedupe_key text NOT NULL,
  payload_json jsonb NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'published', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  available_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (producer, topic, dedupe_key)
);

CREATE TABLE audit_events (
  id text NOT NULL,
  zone_id text NOT NULL,
  event_type text NOT NULL,
  request_id text NOT NULL,
  decision text NOT NULL,
  policy_set_id text,
  policy_set_version_id text,
  manifest_sha text,
  evaluation_status text NOT NULL,
  determining_policies_json jsonb,
  diagnostics_json jsonb,
  metadata_json jsonb,
  occurred_at timestamptz NOT NULL,
  ingested_at timestamptz NOT NULL DEFAULT now(),
  content_sha256 text,
  prev_content_sha256 text,
  chain_hmac text,
  chain_seq bigint,
  ingest_signature text,
  PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX audit_events_zone_time ON audit_events (zone_id, occurred_at DESC);
CREATE INDEX audit_events_request ON audit_events (request_id);
CREATE INDEX audit_events_zone_seq ON audit_events (zone_id, chain_seq DESC);
CREATE TABLE audit_events_default PARTITION OF audit_events DEFAULT;

-- Makes the monthly partition that holds `moment`, if it is not there; gives its name.
CREATE FUNCTION ensure_audit_partition(moment timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  month_start timestamptz := date_trunc('month', moment AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
  month_end timestamptz := (date_trunc('month', moment AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
  partition_name text := 'audit_events_' || to_char(month_start AT TIME ZONE 'UTC', '"y"YYYY"m"MM');
BEGIN
  IF to_regclass(format('%I', partition_name)) IS NULL THEN
    EXECUTE format('CREATE TABLE %I PARTITION OF audit_events FOR VALUES FROM (%L) TO (%L)', partition_name, month_start, month_end);
  END IF;
  RETURN partition_name;
END $$;
REVOKE ALL ON FUNCTION ensure_audit_partition(timestamptz) FROM PUBLIC;
SELECT ensure_audit_partition(now() + make_interval(months => offset_months)) FROM generate_series(-3, 2) AS offset_months;

CREATE TABLE audit_ingest_alerts (
  id bigserial PRIMARY KEY,
  event_id text NOT NULL,
  zone_id text NOT NULL,
  kind text NOT NULL,
  detail text,
  observed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_export_watermark (
  name text PRIMARY KEY,
  last_exported_hour timestamptz NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE admin_audit_events (
  id text PRIMARY KEY,
  request_id text,
  actor_id text,
  actor_name text,
  actor_scope text,
  action text NOT NULL,
  method text,
  path text,
  zone_id text,
  entity_type text,
  entity_id text,
  status_code integer,
  payload_json jsonb,
  occurred_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX admin_audit_events_zone_time ON admin_audit_events (zone_id, occurred_at DESC);

-- With caracal.zone_id set a connection sees that zone's rows; unset or empty, all. Zones, outboxes and alerts have no policy.
DO $$
DECLARE
  scoped text;
BEGIN
  FOREACH scoped IN ARRAY ARRAY['applications', 'providers', 'resources', 'sessions', 'agent_sessions', 'delegation_edges',
    'policy_set_bindings', 'secrets', 'delegated_grants', 'audit_events', 'admin_audit_events']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', scoped);
    EXECUTE format(
      'CREATE POLICY zone_isolation ON %I USING (coalesce(current_setting(''caracal.zone_id'', true), '''') = '''' OR zone_id = current_setting(''caracal.zone_id'', true))',
      scoped);
  END LOOP;
END $$;
