import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";
import { seededSecret } from "@/sandbox/services/shared/client-secret";
import { eventually, openWitness, type Witness } from "@/sandbox/stand-in-witness";
import { type Deployment, startDeployment } from "@/sandbox/supervisor/deployment";
import { tamperings, undoTampering } from "@/sandbox/supervisor/tamper";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { getCheck, listFindings } from "@/server/audit/checks/check-views";
import { startCheck } from "@/server/audit/checks/start-check";
import { openDeployment, type Deployment as Attached } from "@/server/caracal/deployment";
import { openDatabase, type Database } from "@/server/platform/postgres";
import { readSettings } from "@/server/platform/settings";

/** Each tamper switch of the sandbox on its running services: what a check says of it, and that it is whole once taken back. */
let deployment: Deployment;
let own: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let caracal: Attached;
let db: Database;
let witness: Witness;

beforeAll(async () => {
  [deployment, own] = await Promise.all([startDeployment({ size: "small" }), freshConsoleDatabase()]);
  witness = await openWitness(deployment);
  caracal = openDeployment(
    readSettings({
      CONSOLE_DATABASE_URL: own.url,
      CONSOLE_MIGRATE_DATABASE_URL: own.migrateUrl,
      CARACAL_DATABASE_URL: deployment.caracal.url,
      CARACAL_REDIS_URL: deployment.redis.url,
    }),
  );
  db = openDatabase({ url: own.url, label: "console", max: 5, statementTimeoutMs: 5_000 });
  await vi.waitUntil(() => caracal.redis.status === "ready", { timeout: 5_000 });
});
afterAll(async () => {
  await Promise.all([caracal?.close(), db?.close(), witness?.close()]);
  await deployment?.dispose();
  await own?.drop();
});

async function checked() {
  const actor = { id: "00000000-0000-4000-8000-000000000001", name: "Sam", roles: ["security" as const] };
  const { checkId } = await startCheck({ ctx: { db, caracal, actor }, input: {} });
  await advanceOneCheck({
    db,
    caracal,
    auditKey: Buffer.from(deployment.secrets.auditHmacKey, "hex"),
    holder: "console:test",
  });
  const { state, totals, error } = await getCheck({ ctx: { db }, input: { checkId } });
  expect([state, error]).toEqual(["finished", null]);
  const { rows } = await listFindings({ ctx: { db }, input: { checkId, limit: 100 } });
  return { totals, found: rows.map(({ finding, columns }) => [finding, ...columns].join(" ")) };
}
const run = (name: string) => tamperings[name]?.run(deployment);

test.each([
  ["tamper-edit", ["column_changed metadata_json"]],
  ["tamper-delete", ["row_deleted"]],
  ["tamper-swap", ["reordered", "reordered"]],
  ["tamper-cut-tail", ["tail_truncated", "tail_truncated", "tail_truncated"]],
  ["tamper-reseal", ["rewritten_with_key decision"]],
  ["tamper-fork", ["forked"]],
])("%s is told as what it is", async (name, expected) => {
  await run(name);
  expect((await checked()).found).toEqual(expected);
  await undoTampering(deployment);
  expect(await checked()).toMatchObject({ totals: { tampered: 0, removed: 0, not_provable: 0 }, found: [] });
});

test("audit-retention is told as retention and as nothing worse", async () => {
  const before = (await checked()).totals;
  await run("audit-retention");
  const { found, totals } = await checked();
  expect(new Set(found)).toEqual(new Set(["retention_gap"]));
  expect(totals).toMatchObject({ tampered: 0, removed: 0 });
  expect(totals?.rows).toBeLessThan(before?.rows ?? 0);
  await undoTampering(deployment);
  expect((await checked()).totals).toEqual(before);
});

test("events that came after a cut stay in the chain, behind what is put back", async () => {
  const zone = deployment.seeded.zones[0]?.id;
  const head = async () =>
    Number(
      (
        await caracal.db.query<{ seq: string }>("SELECT max(chain_seq) AS seq FROM audit_events WHERE zone_id = $1", [
          zone,
        ])
      )[0]?.seq,
    );
  const before = await head();
  await run("tamper-cut-tail");
  await witness.mint("sts-1", 0, { client_secret: seededSecret(deployment.seeded.zones[0]?.applications[0] ?? "") });
  await eventually(async () => expect(await head()).toBeGreaterThan(before - 3));
  await undoTampering(deployment);
  expect(await head()).toBeGreaterThan(before);
  expect((await checked()).found).toEqual([]);
});
