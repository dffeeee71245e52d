import { afterAll, beforeAll, expect, test } from "vitest";
import { type AttachedConsole, attachConsole } from "@/sandbox/attached-console";
import { eventually } from "@/sandbox/stand-in-witness";
import { tamperings, undoTampering } from "@/sandbox/supervisor/tamper";
import { folderSource } from "@/server/audit/archive/folder-source";
import { getComparison, listDifferences } from "@/server/audit/comparisons/comparison-views";
import { advanceOneComparison } from "@/server/audit/comparisons/comparison-worker";
import { startComparison } from "@/server/audit/comparisons/start-comparison";

/** The stand-in's own exporter, and each switch that tampers with what it has exported. */
let attached: AttachedConsole;
beforeAll(async () => {
  attached = await attachConsole();
});
afterAll(() => attached?.close());

async function compared() {
  const { db, caracal, deployment } = attached;
  const archive = folderSource(deployment.archiveFolder);
  const actor = { id: "00000000-0000-4000-8000-000000000001", name: "Sam", roles: ["security" as const] };
  const { comparisonId } = await startComparison({ ctx: { db, caracal, archive, actor }, input: {} });
  await advanceOneComparison({ db, caracal, archive, holder: "console:test" });
  const { state, totals, heard, error } = await getComparison({ ctx: { db }, input: { comparisonId } });
  expect([state, error]).toEqual(["finished", null]);
  const { rows } = await listDifferences({ ctx: { db }, input: { comparisonId, limit: 100 } });
  return { totals, heard, found: rows.map(({ finding, columns }) => [finding, ...columns].join(" ")).sort() };
}

test("what the stand-in exports agrees with its table, each event once, and retention is no difference", async () => {
  const { witness, deployment } = attached;
  await eventually(async () => {
    const { rows } = await witness.owner.query<{ behind: number }>(
      "SELECT extract(epoch FROM date_trunc('hour', now(), 'UTC') - last_exported_hour)::int AS behind FROM audit_export_watermark",
    );
    expect(rows[0]?.behind).toBeLessThanOrEqual(3_600);
  }, 60_000);
  const { totals, heard, found } = await compared();
  expect(found).toEqual([]);
  expect(totals?.agree).toBeGreaterThan(500);
  expect(totals).toMatchObject({ troubles: 0, not_compared: 0, stored: totals?.agree });
  expect(heard?.behindHours).toBeNull();
  await tamperings["audit-retention"]?.run(deployment);
  const later = await compared();
  expect(later.found).toEqual([]);
  expect(later.totals?.gone_by_retention).toBeGreaterThan(0);
  await undoTampering(deployment);
});

test.each([
  ["tamper-exported-edit", "columns_differ decision"],
  ["tamper-exported-delete", "missing_in_database"],
])("%s contradicts the archive until it is taken back", async (name, said) => {
  await tamperings[name]?.run(attached.deployment);
  expect((await compared()).found).toEqual([said]);
  await undoTampering(attached.deployment);
  expect((await compared()).found).toEqual([]);
});
