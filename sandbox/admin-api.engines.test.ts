import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import { seededSecret } from "@/sandbox/services/shared/client-secret";
import { toEntries } from "@/sandbox/services/shared/streams";
import { eventually, openWitness, type Witness } from "@/sandbox/stand-in-witness";
import { type Deployment, startDeployment } from "@/sandbox/supervisor/deployment";

type Page = { rows: Record<string, unknown>[]; next_cursor: string | null };
let deployment: Deployment;
let witness: Witness;
beforeAll(async () => {
  deployment = await startDeployment({ size: "small", replicas: { sts: 1, gateway: 1 } });
  witness = await openWitness(deployment);
});
afterAll(async () => {
  await witness?.close();
  await deployment?.dispose();
});

const zone = () => deployment.seeded.stolen.zone;
async function call(method: string, path: string, body?: unknown, token = deployment.secrets.adminToken) {
  const response = await fetch(`${deployment.service("api-1").url}/v1${path}`, {
    method,
    headers: token === "" ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as unknown };
}
const page = async (path: string) => (await call("GET", path)).body as Page;
async function allPages(path: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const next = await page(`${path}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
    expect(Object.keys(next).sort()).toEqual(["next_cursor", "rows"]);
    rows.push(...next.rows);
    cursor = next.next_cursor;
  }
  return rows;
}

describe("the admin endpoints", () => {
  it("want the bearer token", async () => {
    expect(await call("GET", "/zones", undefined, "")).toEqual({ status: 401, body: { error: "missing_token" } });
    expect(await call("GET", "/zones", undefined, "wrong")).toEqual({ status: 401, body: { error: "invalid_token" } });
    const zones = (await call("GET", "/zones")).body as { id: string }[];
    expect(zones.map(({ id }) => id).sort()).toEqual(deployment.seeded.zones.map(({ id }) => id).sort());
  });

  it("page sessions as {rows, next_cursor}, filtered by status and subject", async () => {
    const path = `/zones/${zone().id}/sessions`;
    const first = await page(`${path}?limit=7`);
    expect(first.rows).toHaveLength(7);
    expect(first.next_cursor).toEqual(first.rows.at(-1)?.created_at);
    expect(Object.keys(first.rows[0] ?? {})).not.toContain("claims_json");
    const { rows } = await witness.owner.query("SELECT id FROM sessions WHERE zone_id = $1 AND status = 'active'", [
      zone().id,
    ]);
    const active = await allPages(`${path}?status=active&limit=1000`);
    expect(new Set(active.map(({ id }) => id))).toEqual(new Set(rows.map(({ id }) => id))); // expired ones too, trap 5
    const own = await allPages(`${path}?subject_id=${deployment.seeded.stolen.subject}&limit=1000`);
    expect(new Set(own.map(({ subject_id }) => subject_id))).toEqual(new Set([deployment.seeded.stolen.subject]));
  });

  it("skip rows that share the last row's millisecond, as the release does", async () => {
    for (const id of ["same-1", "same-2", "same-3"])
      await witness.owner.query(
        `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at, authenticated_at, created_at)
         VALUES ($1, $2, 'user', 'same-moment', 'active', now() + interval '1 hour', now(), '2026-11-01 10:00:00.123')`,
        [id, zone().id],
      );
    const rows = await allPages(`/zones/${zone().id}/sessions?subject_id=same-moment&limit=2`);
    expect(rows).toHaveLength(2); // of three: evidence is taken from Postgres
  });

  it("page audit events likewise, by window, request, decision and type, and one request's events", async () => {
    const path = `/zones/${zone().id}/audit`;
    const some = await page(`${path}?limit=5`);
    expect(some.rows).toHaveLength(5);
    expect(some.next_cursor).toEqual(some.rows.at(-1)?.occurred_at);
    const until = String(some.rows[1]?.occurred_at);
    const since = String(some.rows[4]?.occurred_at);
    const window = await page(`${path}?since=${since}&until=${until}`);
    expect(window.next_cursor).toBeNull();
    for (const { occurred_at } of window.rows)
      expect(String(occurred_at) >= since && String(occurred_at) < until).toBe(true);
    expect(window.rows.length).toBeGreaterThan(0);
    const denied = await page(`${path}?decision=deny&event_type=token_exchange&limit=3`);
    expect(denied.rows.map(({ decision }) => decision)).toEqual(["deny", "deny", "deny"]);
    const request = String(some.rows[0]?.request_id);
    expect((await page(`${path}?request_id=${request}`)).rows.map(({ request_id }) => request_id)).toContain(request);
    const byRequest = (await call("GET", `${path}/by-request/${request}`)).body as Record<string, unknown>[];
    expect(new Set(byRequest.map(({ request_id }) => request_id))).toEqual(new Set([request]));
  });

  it("revoke a grant with every active session of its user, expired ones included, each by the outbox", async () => {
    const { rows: grants } = await witness.owner.query(
      `SELECT g.id, g.user_id FROM delegated_grants g JOIN sessions s ON s.zone_id = g.zone_id AND s.subject_id = g.user_id
       WHERE g.zone_id = $1 AND s.status = 'active' GROUP BY g.id, g.user_id
       HAVING bool_or(s.expires_at < now()) AND bool_or(s.expires_at > now()) LIMIT 1`,
      [zone().id],
    );
    const [grant] = grants as { id: string; user_id: string }[];
    const bySubject = "SELECT id, status FROM sessions WHERE zone_id = $1 AND subject_id = $2 ORDER BY id";
    const before = (await witness.owner.query(bySubject, [zone().id, grant?.user_id])).rows;
    const active = before.filter(({ status }) => status === "active").map(({ id }) => id);
    expect(active.length).toBeGreaterThan(1);
    expect(await call("DELETE", `/zones/${zone().id}/grants/${grant?.id}`)).toEqual({ status: 204, body: null });

    const after = (await witness.owner.query(bySubject, [zone().id, grant?.user_id])).rows;
    expect(after).toEqual(before.map(({ id, status }) => ({ id, status: status === "active" ? "revoked" : status })));
    const outbox = "SELECT payload_json FROM event_outbox WHERE payload_json->>'grant_id' = $1";
    const payloads = (await witness.owner.query(outbox, [grant?.id])).rows.map(({ payload_json }) => payload_json);
    expect(payloads).toHaveLength(active.length);
    for (const payload of payloads)
      expect(payload).toEqual({
        zone_id: zone().id,
        session_id: expect.any(String),
        reason: "grant_revoked",
        grant_id: grant?.id,
      });
    expect(payloads.map(({ session_id }) => session_id).sort()).toEqual([...active].sort());
    await eventually(async () => {
      const entries = toEntries(await witness.redis.xrange("caracal.sessions.revoke", "-", "+", "COUNT", 1_000));
      const published = entries.filter(({ fields }) => fields.grant_id === grant?.id);
      expect(published.map(({ fields }) => fields.session_id).sort()).toEqual([...active].sort());
    });
    const { rows } = await witness.owner.query(
      "SELECT method, status_code FROM admin_audit_events WHERE entity_id = $1",
      [grant?.id],
    );
    expect(rows).toEqual([{ method: "DELETE", status_code: 204 }]);
    expect((await call("DELETE", `/zones/${zone().id}/grants/${grant?.id}`)).status).toBe(404);
    expect((await call("DELETE", `/zones/${zone().id}/grants/${uuidV7()}`)).status).toBe(404);
  });

  it("replace an application's secret at once", async () => {
    const application = zone().applications[0] ?? "";
    const mint = async (client_secret: string) => (await witness.mint("sts-1", 0, { client_secret })).status;
    expect(await mint(seededSecret(application))).toBe(200);
    const path = `/zones/${zone().id}/applications/${application}`;
    expect((await call("PATCH", path, {})).status).toBe(400);
    const answer = await call("PATCH", path, { client_secret: "fresh" });
    expect([answer.status, JSON.stringify(answer.body).includes("fresh")]).toEqual([200, false]);
    expect([await mint(seededSecret(application)), await mint("fresh")]).toEqual([401, 200]);
    expect((await call("PATCH", `/zones/${zone().id}/applications/none`, { client_secret: "x" })).status).toBe(404);
  });

  it("have nothing that revokes a session, rotates a key or replays a dead letter", async () => {
    for (const path of ["sessions/x/revoke", "keys/rotate", "dlq/replay", "sessions/x"])
      expect((await call("POST", `/zones/${zone().id}/${path}`, {})).status).toBe(404);
    expect((await call("DELETE", `/zones/${zone().id}/sessions/x`)).status).toBe(404);
  });
});
