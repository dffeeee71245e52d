import { afterAll, beforeAll, expect, test } from "vitest";
import { type AttachedConsole, attachConsole } from "@/sandbox/attached-console";
import { seededSecret } from "@/sandbox/services/shared/client-secret";
import { eventually } from "@/sandbox/stand-in-witness";
import { tamperings, undoTampering } from "@/sandbox/supervisor/tamper";
import { advanceOneCheck } from "@/server/audit/checks/check-worker";
import { getCheck, listFindings } from "@/server/audit/checks/check-views";
import { startCheck } from "@/server/audit/checks/start-check";
import { chainNotWhole } from "@/server/detection/chain-not-whole";
import { chainTroubles } from "@/server/detection/chain-troubles";

/** Each tamper switch of the sandbox on its running services: what a check says of it, and that it is whole once taken back. */
let attached: AttachedConsole;
let deployment: AttachedConsole["deployment"];
let caracal: AttachedConsole["caracal"];
let db: AttachedConsole["db"];

beforeAll(async () => {
  attached = await attachConsole();
  ({ deployment, caracal, db } = attached);
});
afterAll(() => attached?.close());

async function checked() {
  const actor = { id: "00000000-0000-4000-8000-000000000001", name: "Sam", roles: ["security" as const] };
  const { checkId } = await startCheck({ ctx: { db, caracal, actor }, input: { scope: "full" } });
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
/** What stands on "Now" by it: severity and the numbers of rows. */
async function signalled() {
  const chains = await chainTroubles(db);
  const [signal] = chainNotWhole({ chains });
  return signal === undefined ? chains.whole : [signal.severity, ...signal.figures.map(({ value }) => value)];
}
const run = (name: string) => tamperings[name]?.run(deployment);

test.each([
  ["tamper-edit", ["column_changed metadata_json"], ["P2", 0, 0, 1]],
  ["tamper-delete", ["row_deleted"], ["P1", 1, 0, 0]],
  ["tamper-swap", ["reordered", "reordered"], ["P1", 0, 2, 0]],
  ["tamper-cut-tail", ["tail_truncated", "tail_truncated", "tail_truncated"], ["P1", 3, 0, 0]],
  ["tamper-reseal", ["rewritten_with_key decision"], ["P1", 0, 1, 0]],
  ["tamper-fork", ["forked"], ["P1", 0, 1, 0]],
])("%s is told as what it is, and is a signal until it is taken back", async (name, expected, signal) => {
  await run(name);
  expect((await checked()).found).toEqual(expected);
  expect(await signalled()).toEqual(signal);
  await undoTampering(deployment);
  expect(await checked()).toMatchObject({ totals: { tampered: 0, removed: 0, not_provable: 0 }, found: [] });
  expect(await signalled()).toMatchObject({ rows: expect.any(Number), proved: expect.any(Number) });
});

test("audit-retention is told as retention and as nothing worse", async () => {
  const before = (await checked()).totals;
  await run("audit-retention");
  const { found, totals } = await checked();
  expect(new Set(found)).toEqual(new Set(["retention_gap"]));
  expect(totals).toMatchObject({ tampered: 0, removed: 0 });
  expect(await signalled()).toMatchObject({ rows: totals?.rows });
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
  await attached.witness.mint("sts-1", 0, {
    client_secret: seededSecret(deployment.seeded.zones[0]?.applications[0] ?? ""),
  });
  await eventually(async () => expect(await head()).toBeGreaterThan(before - 3));
  await undoTampering(deployment);
  expect(await head()).toBeGreaterThan(before);
  expect((await checked()).found).toEqual([]);
});
