-- What the console may do in Caracal's Postgres, and nothing else. Run it as the owner of Caracal's tables, connected to
-- Caracal's database; running it again is harmless. The role's name is `caracal_console`: replace that text to use another.
-- Give the role a password yourself: ALTER ROLE caracal_console PASSWORD '…';

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'caracal_console') THEN
    CREATE ROLE caracal_console LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS;
  ELSIF EXISTS (SELECT FROM pg_roles WHERE rolname = 'caracal_console'
                AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)) THEN
    RAISE EXCEPTION 'The role caracal_console exists and has more than it needs: remove SUPERUSER, CREATEDB, CREATEROLE, REPLICATION and BYPASSRLS from it first.';
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL; -- someone made it at the same moment
END $$;

-- Never make an outage worse: no statement runs long, waits long for a lock or sits in a transaction.
DO $$
BEGIN
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO caracal_console', current_database());
  EXECUTE format('ALTER ROLE caracal_console IN DATABASE %I SET statement_timeout = %L', current_database(), '30s');
  EXECUTE format('ALTER ROLE caracal_console IN DATABASE %I SET lock_timeout = %L', current_database(), '5s');
  EXECUTE format('ALTER ROLE caracal_console IN DATABASE %I SET idle_in_transaction_session_timeout = %L', current_database(), '30s');
  EXECUTE format('ALTER ROLE caracal_console IN DATABASE %I SET search_path = public', current_database());
END $$;

-- Start from nothing, so that a grant dropped from this file is dropped from the database too.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM caracal_console;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM caracal_console;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM caracal_console;
REVOKE ALL ON SCHEMA public FROM caracal_console;
GRANT USAGE ON SCHEMA public TO caracal_console;

-- Zones: names for every list and filter. dek_ciphertext is not needed.
GRANT SELECT (id, org_id, name, slug, created_at, updated_at, archived_at) ON zones TO caracal_console;

-- Sessions: who holds which mandate; a revocation sets status and nothing else.
GRANT SELECT ON sessions TO caracal_console;
GRANT UPDATE (status) ON sessions TO caracal_console;

-- Agent sessions of a revoked session: terminated by SQL, since the coordinator's own terminate fails on this release.
GRANT SELECT ON agent_sessions TO caracal_console;
GRANT UPDATE (status, terminated_at) ON agent_sessions TO caracal_console;

-- Blast radius: what was delegated from and to those agents, under which policy, for which resource.
GRANT SELECT ON delegation_edges, policy_set_bindings, resources TO caracal_console;

-- Freezing a zone takes the active version from its policy bindings, thawing puts it back. Nothing else of a binding changes.
GRANT UPDATE (active_version_id) ON policy_set_bindings TO caracal_console;

-- Applications by name, never their secret's hash.
GRANT SELECT (id, zone_id, name, registration_method, credential_type, consent, traits, expires_at, archived_at, last_active_at, created_at, updated_at)
  ON applications TO caracal_console;

-- Sealed values (zone signing keys among them): read to tell which KEK opens them, replaced by a seal of the same value under
-- another KEK. They open only under the KEK, which is not in any database. A rotation adds a row; none is ever changed otherwise.
GRANT SELECT (id, zone_id, entity_id, name, type, dek_id, version, created_at, updated_at, ciphertext, nonce) ON secrets TO caracal_console;
GRANT UPDATE (ciphertext, nonce) ON secrets TO caracal_console;
GRANT INSERT (id, zone_id, entity_id, name, type, ciphertext, nonce, dek_id, version) ON secrets TO caracal_console;

-- Provider configurations and grants: what outlives a revocation (provider tokens), and their sealed credentials, which a
-- re-encryption seals anew. Nothing else of them changes.
GRANT SELECT (id, zone_id, name, identifier, owner_type, client_id, secret_config_keys, secret_config_ct, secret_config_nonce, created_at, updated_at, archived_at)
  ON providers TO caracal_console;
GRANT UPDATE (secret_config_ct, secret_config_nonce) ON providers TO caracal_console;
GRANT SELECT (id, zone_id, application_id, user_id, resource_id, provider_id, scopes, status, expires_at, refreshed_at, created_at, updated_at, refresh_token_version, access_token_ct, refresh_token_ct)
  ON delegated_grants TO caracal_console;
GRANT UPDATE (access_token_ct, refresh_token_ct) ON delegated_grants TO caracal_console;

-- The outbox: a revocation is a row here, written with the status change; the fast lane takes leases and records dispatch.
GRANT SELECT ON event_outbox TO caracal_console;
GRANT INSERT (id, stream_name, payload_json, attempts, available_at, locked_until, locked_by, request_id, created_at)
  ON event_outbox TO caracal_console;
GRANT UPDATE (attempts, available_at, locked_until, locked_by, last_error, dispatched_at) ON event_outbox TO caracal_console;

-- The coordinator's outbox: what waits and what is dead. Rows that it has given up on are made due again when two people agree: their
-- status goes from dead to pending and their attempts are counted anew. Neither what a row says nor whether it was published changes.
GRANT SELECT ON caracal_outbox TO caracal_console;
GRANT UPDATE (status, attempts, available_at) ON caracal_outbox TO caracal_console;

-- Evidence: events, ingest alerts, export progress, what administrators did. Read only.
GRANT SELECT ON audit_events, audit_ingest_alerts, audit_export_watermark, admin_audit_events TO caracal_console;
