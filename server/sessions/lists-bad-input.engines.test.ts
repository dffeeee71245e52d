import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshCaracalDatabase } from "@/sandbox/engines/test-databases";
import { getAuditEvent } from "@/server/audit/get-audit-event";
import { getVocabulary } from "@/server/audit/get-vocabulary";
import { searchAudit } from "@/server/audit/search-audit";
import { searchAuditInput } from "@/server/audit/schemas";
import { listZoneKeys } from "@/server/keys/list-zone-keys";
import { listZoneKeysInput } from "@/server/keys/schemas";
import { boundedRead } from "@/server/caracal/bounded-read";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { getSession } from "@/server/sessions/get-session";
import { listSessions } from "@/server/sessions/list-sessions";
import { listZones } from "@/server/sessions/list-zones";
import { listSessionsInput, zoneListInput } from "@/server/sessions/schemas";

let caracal: Awaited<ReturnType<typeof freshCaracalDatabase>>;
let db: Database;
let owner: Database;

beforeAll(async () => {
  caracal = await freshCaracalDatabase();
  db = openDatabase({ url: caracal.url, label: "Caracal's Postgres", max: 2, statementTimeoutMs: 5_000 });
  owner = openDatabase({ url: caracal.ownerUrl, label: "owner", max: 1, statementTimeoutMs: 5_000 });
  await owner.query(
    `INSERT INTO zones (id, org_id, name, slug, dek_ciphertext)
     SELECT 'zone-' || n, 'org', 'Zone ' || n, 'zone-' || n, '\\x00' FROM generate_series(1, 3) AS n`,
  );
  await owner.query(
    `INSERT INTO secrets (id, zone_id, entity_id, name, type, ciphertext, nonce, version)
     SELECT 'kid-' || n, 'zone-1', 'zone-1', 'zone_signing_key', 'token', decode('0' || n, 'hex'), '\\x00', n FROM generate_series(1, 3) AS n`,
  );
});

afterAll(async () => {
  await Promise.all([db?.close(), owner?.close()]);
  await caracal?.drop();
});

const ctx = () => ({ caracal: { db, replicas: [{ id: "sts-1", kind: "sts" as const, url: "http://127.0.0.1:9" }] } });
const window = { since: "2026-11-01T00:00:00Z", until: "2026-11-02T00:00:00Z" };
const sessions = (question: object) => listSessions({ ctx: ctx(), input: listSessionsInput.parse(question) });
const zones = (question: object) => listZones({ ctx: ctx(), input: zoneListInput.parse(question) });
const keys = (question: object) => listZoneKeys({ ctx: ctx(), input: listZoneKeysInput.parse(question) });
const audit = (question: object) =>
  searchAudit({ ctx: ctx(), input: searchAuditInput.parse({ ...window, ...question }) });

describe("bad input to the lists", () => {
  it("unknown ids are not found", async () => {
    const unknown = { code: "not_found" };
    await expect(sessions({ zoneId: "nowhere" })).rejects.toMatchObject(unknown);
    await expect(keys({ zoneId: "nowhere" })).rejects.toMatchObject(unknown);
    await expect(audit({ zoneId: "nowhere" })).rejects.toMatchObject(unknown);
    await expect(getSession({ ctx: ctx(), input: { sessionId: "'; --" } })).rejects.toMatchObject(unknown);
    await expect(getVocabulary({ ctx: ctx(), input: { zoneId: "nowhere" } })).rejects.toMatchObject(unknown);
    const event = { id: "none", occurredAt: "2026-11-01T00:00:00+23:59" };
    await expect(getAuditEvent({ ctx: ctx(), input: event })).rejects.toMatchObject(unknown);
  });

  it("malformed filters and oversize pages are refused before any statement", () => {
    expect(() => sessions({ limit: 201 })).toThrow();
    expect(() => sessions({ zoneId: "a b" })).toThrow();
    expect(() => sessions({ state: "dead" })).toThrow();
    expect(() => zones({ search: "nul\u0000" })).toThrow();
    expect(() => audit({ eventType: "nul\u0000" })).toThrow();
    expect(() => audit({ text: "x" })).toThrow();
    expect(() => audit({ since: "yesterday" })).toThrow();
  });

  it("impossible windows are refused in words", async () => {
    for (const since of ["0000-01-01T00:00:00Z", "2026-11-03T00:00:00Z", "2026-09-01T00:00:00Z"])
      await expect(audit({ since }), since).rejects.toMatchObject({ code: "bad_input" });
  });

  it("cursors of another question, another list or nobody are stale", async () => {
    const page = await zones({ limit: 1 });
    const cursor = page.nextCursor;
    expect((await zones({ limit: 1, cursor })).rows.map((row) => row.id)).toEqual(["zone-2"]);
    const stale = { code: "stale_cursor" };
    await expect(zones({ limit: 1, cursor, search: "zone" })).rejects.toMatchObject(stale);
    await expect(sessions({ cursor })).rejects.toMatchObject(stale);
    await expect(keys({ cursor })).rejects.toMatchObject(stale);
    await expect(audit({ cursor: "%%%" })).rejects.toMatchObject(stale);
  });

  it("reads can write nothing, and say what to narrow when they run out of time", async () => {
    const bounds = { timeoutMs: 100, narrow: "Pick a zone." };
    await expect(boundedRead(db, bounds, (tx) => tx.query("UPDATE sessions SET status = 'revoked'"))).rejects.toThrow(
      /read-only/,
    );
    await expect(boundedRead(db, bounds, (tx) => tx.query("SELECT pg_sleep(5)"))).rejects.toMatchObject({
      code: "precondition_failed",
      message: expect.stringContaining("Pick a zone."),
    });
  });
});

describe("keys of a zone", () => {
  it("newest first, with places and seals, and a silent replica is not agreement", async () => {
    const page = await keys({ zoneId: "zone-1" });
    expect(page.rows[0]?.versions.map(({ kid, place }) => [kid, place])).toEqual([
      ["kid-3", "signs"],
      ["kid-2", "verifies"],
      ["kid-1", "old"],
    ]);
    expect(new Set(page.rows[0]?.versions.map((version) => version.sealFingerprint)).size).toBe(3);
    expect(page.rows[0]?.jwks).toMatchObject([{ replica: "sts-1", status: null, agrees: null }]);
  });
});
