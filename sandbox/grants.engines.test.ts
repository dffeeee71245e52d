import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshCaracalDatabase } from "@/sandbox/engines/test-databases";

let database: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let role: Client;
let owner: Client;

beforeAll(async () => {
  database = await freshCaracalDatabase();
  [role, owner] = [database.url, database.ownerUrl].map((connectionString) => new Client({ connectionString })) as [
    Client,
    Client,
  ];
  await role.connect();
  await owner.connect();
  await owner.query(`INSERT INTO zones (id, org_id, name, slug, dek_ciphertext) VALUES
    ('z1', 'o', 'One', 'one', '\\x00'), ('z2', 'o', 'Two', 'two', '\\x00')`);
  await owner.query(`INSERT INTO sessions (id, zone_id, session_type, subject_id, expires_at) VALUES
    ('s1', 'z1', 'user', 'u', now() + interval '1 hour'), ('s2', 'z2', 'user', 'u', now() + interval '1 hour')`);
});
afterAll(async () => {
  await Promise.all([role.end(), owner.end()]);
  await database.drop();
});

describe("the console's role", () => {
  it.each([
    "SELECT * FROM sessions",
    "SELECT id, zone_id, name, version, created_at, updated_at, ciphertext, nonce FROM secrets",
    "SELECT id, status, terminated_at FROM agent_sessions",
    "SELECT id FROM sessions FOR UPDATE SKIP LOCKED",
    "SELECT secret_config_ct, secret_config_nonce FROM providers",
    "SELECT access_token_ct, refresh_token_ct FROM delegated_grants",
    "UPDATE secrets SET ciphertext = ciphertext, nonce = nonce",
    "UPDATE providers SET secret_config_ct = secret_config_ct, secret_config_nonce = secret_config_nonce",
    "UPDATE delegated_grants SET access_token_ct = access_token_ct, refresh_token_ct = refresh_token_ct",
    "UPDATE sessions SET status = 'revoked' WHERE id = 's1' RETURNING id",
    "UPDATE agent_sessions SET status = 'terminated', terminated_at = now()",
    "INSERT INTO event_outbox (id, stream_name, payload_json) VALUES ('o1', 'x', '{}')",
    "UPDATE event_outbox SET locked_until = now(), locked_by = 'c', attempts = attempts + 1 WHERE id = 'o1'",
    "SELECT count(*) FROM audit_events",
    "SELECT count(*) FROM caracal_outbox",
    "UPDATE caracal_outbox SET status = 'pending', attempts = 0, available_at = now() WHERE status = 'dead'",
    "SELECT count(*) FROM audit_ingest_alerts",
  ])("may %s", async (sql) => {
    await expect(role.query(sql)).resolves.toBeDefined();
  });

  it.each([
    "SELECT client_secret_hash FROM applications",
    "UPDATE secrets SET version = 9",
    "UPDATE secrets SET updated_at = now()",
    "DELETE FROM secrets",
    "UPDATE providers SET name = 'x'",
    "SELECT config_json FROM providers",
    "UPDATE delegated_grants SET refresh_token_version = 9",
    "SELECT dek_ciphertext FROM zones",
    "SELECT * FROM audit_events_default",
    "UPDATE sessions SET expires_at = now()",
    "UPDATE agent_sessions SET depth = 1",
    "UPDATE event_outbox SET payload_json = '{}'",
    "UPDATE caracal_outbox SET payload_json = '{}'",
    "UPDATE caracal_outbox SET published_at = now()",
    "DELETE FROM caracal_outbox",
    "UPDATE policy_set_bindings SET policy_set_id = 'x'",
    "UPDATE audit_events SET decision = 'allow'",
    "INSERT INTO audit_events (id) VALUES ('x')",
    "INSERT INTO sessions (id) VALUES ('x')",
    "DELETE FROM sessions",
    "DELETE FROM event_outbox",
    "TRUNCATE audit_events",
    "INSERT INTO audit_ingest_alerts (event_id) VALUES ('x')",
    "UPDATE audit_ingest_alerts SET detail = 'x'",
    "DELETE FROM audit_ingest_alerts",
    "DELETE FROM audit_events",
    "UPDATE audit_export_watermark SET last_exported_hour = now()",
    "INSERT INTO audit_export_watermark (name, last_exported_hour) VALUES ('x', now())",
    "DELETE FROM audit_export_watermark",
    "UPDATE admin_audit_events SET action = 'x'",
    "INSERT INTO admin_audit_events (id) VALUES ('x')",
    "DELETE FROM admin_audit_events",
    "ALTER TABLE audit_events DISABLE TRIGGER USER",
    "SELECT ensure_audit_partition(now())",
    "CREATE TABLE mine (id text)",
  ])("may not %s", async (sql) => {
    await expect(role.query(sql)).rejects.toMatchObject({ code: "42501" });
  });

  it("sees one zone when caracal.zone_id is set, and all when it is empty", async () => {
    const seen = async () => (await role.query("SELECT id FROM sessions ORDER BY id")).rows.map((row) => row.id);
    expect(await seen()).toEqual(["s1", "s2"]);
    await role.query("SET caracal.zone_id = 'z2'");
    expect(await seen()).toEqual(["s2"]);
    await role.query("SET caracal.zone_id = ''");
    expect(await seen()).toEqual(["s1", "s2"]);
  });
});
