type Privilege = "SELECT" | "INSERT" | "UPDATE";

/** `columns` null: the whole table. `soon`: granted by deploy/grants.sql, read by no page of this version yet. */
export type NeededGrant = {
  readonly table: string;
  readonly privilege: Privilege;
  readonly columns: readonly string[] | null;
  readonly purpose: string;
  readonly soon: boolean;
};

const needs = (table: string, privilege: Privilege, columns: string | null, purpose: string): NeededGrant => ({
  table,
  privilege,
  columns: columns?.split(" ") ?? null,
  purpose,
  soon: false,
});
const soon = (table: string, columns: string | null = null): NeededGrant => ({
  ...needs(table, "SELECT", columns, "a later version reads it"),
  soon: true,
});

/** What deploy/grants.sql gives the console in Caracal's Postgres, and what for. A test holds the two together. */
export const neededGrants: readonly NeededGrant[] = [
  needs("zones", "SELECT", "id org_id name slug created_at updated_at archived_at", "zones cannot be listed or named"),
  needs("sessions", "SELECT", null, "sessions cannot be found"),
  needs("sessions", "UPDATE", "status", "nothing can be revoked"),
  needs("agent_sessions", "SELECT", null, "a revocation's agents cannot be found"),
  needs("agent_sessions", "UPDATE", "status terminated_at", "a revoked subject's agents cannot be terminated"),
  needs(
    "secrets",
    "SELECT",
    "id zone_id entity_id name type dek_id version created_at updated_at ciphertext nonce",
    "key versions cannot be listed",
  ),
  needs("secrets", "UPDATE", "ciphertext nonce", "nothing can be re-encrypted"),
  needs(
    "secrets",
    "INSERT",
    "id zone_id entity_id name type ciphertext nonce dek_id version",
    "no zone's signing key can be rotated",
  ),
  needs(
    "providers",
    "SELECT",
    "id zone_id name identifier owner_type client_id secret_config_keys secret_config_ct secret_config_nonce created_at updated_at archived_at",
    "provider tokens that outlive a revocation cannot be named",
  ),
  needs("providers", "UPDATE", "secret_config_ct secret_config_nonce", "provider secrets cannot be re-encrypted"),
  needs(
    "delegated_grants",
    "SELECT",
    "id zone_id application_id user_id resource_id provider_id scopes status expires_at refreshed_at created_at updated_at refresh_token_version access_token_ct refresh_token_ct",
    "provider tokens that outlive a revocation cannot be named",
  ),
  needs("delegated_grants", "UPDATE", "access_token_ct refresh_token_ct", "grants' tokens cannot be re-encrypted"),
  needs(
    "applications",
    "SELECT",
    "id zone_id name registration_method credential_type consent traits expires_at archived_at last_active_at created_at updated_at",
    "applications cannot be named",
  ),
  needs("event_outbox", "SELECT", null, "a revocation cannot be proved"),
  needs(
    "event_outbox",
    "INSERT",
    "id stream_name payload_json attempts available_at locked_until locked_by request_id created_at",
    "nothing can be revoked",
  ),
  needs(
    "event_outbox",
    "UPDATE",
    "attempts available_at locked_until locked_by last_error dispatched_at",
    "revocations cannot be published by the fast lane",
  ),
  needs("audit_events", "SELECT", null, "evidence cannot be searched"),
  needs("audit_ingest_alerts", "SELECT", null, "alerts at ingestion stay unseen"),
  needs("audit_export_watermark", "SELECT", null, "a stalled export stays unseen"),
  soon("delegation_edges"),
  needs("policy_set_bindings", "SELECT", null, "no zone can be frozen"),
  needs("policy_set_bindings", "UPDATE", "active_version_id", "no zone can be frozen or thawed"),
  soon("resources"),
  needs("admin_audit_events", "SELECT", null, "what administrators did cannot be shown"),
  needs("caracal_outbox", "SELECT", null, "the coordinator's outbox cannot be seen"),
  needs("caracal_outbox", "UPDATE", "status attempts available_at", "its dead rows cannot be tried again"),
];

/** Sealed or hashed credentials that no page needs and the role must not see. */
export const sealedColumns: readonly (readonly [table: string, column: string])[] = [
  ["zones", "dek_ciphertext"],
  ["applications", "client_secret_hash"],
];
