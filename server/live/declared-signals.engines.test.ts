import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Actor } from "@/server/auth/roles";
import { clearSignal } from "@/server/detection/clear-signal";
import { declareSignal } from "@/server/detection/declare-signal";
import { openDeclaredSignals } from "@/server/detection/open-declared-signals";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { freshConsoleDatabase } from "@/sandbox/engines/test-databases";

const dana: Actor = { id: "p1", name: "Dana Responder", roles: ["responder"] };
const remy: Actor = { id: "p2", name: "Remy Responder", roles: ["responder"] };
let fresh: Awaited<ReturnType<typeof freshConsoleDatabase>>;
let db: Database;
beforeAll(async () => {
  fresh = await freshConsoleDatabase();
  db = openDatabase({ url: fresh.url, label: "The console's Postgres", max: 8, statementTimeoutMs: 5_000 });
});
afterAll(async () => {
  await db?.close();
  await fresh?.drop();
});

const declare = (sentence: string, zoneId?: string) =>
  declareSignal({ ctx: { db, actor: dana }, input: { severity: "P2", sentence, zoneId } });
const clear = (id: string, actor = dana, reason = "it is over") =>
  clearSignal({ ctx: { db, actor }, input: { id, reason } });
const open = async () => (await openDeclaredSignals(db)).map(({ id }) => id);

it("shows what was declared under its author's name, newest first, until it is cleared with who and why", async () => {
  const first = await declare("a customer reports strange writes");
  const second = await declare("a laptop was stolen", "zone-7");
  const shown = await openDeclaredSignals(db);
  expect(shown.map(({ id }) => id)).toEqual([second.id, first.id]);
  expect(shown[0]).toMatchObject({
    severity: "P2",
    sentence: "a laptop was stolen",
    zoneId: "zone-7",
    declaredBy: "Dana Responder",
  });
  expect(Math.abs((shown[0]?.at ?? 0) - Date.now())).toBeLessThan(30_000);
  await clear(first.id, remy, "the writes were a migration");
  expect(await open()).toEqual([second.id]);
  const [row] = await db.query(
    "SELECT declared_by_id, cleared_by_id, cleared_by_name, clear_reason, cleared_at FROM declared_signals WHERE id = $1",
    [first.id],
  );
  expect(row).toEqual({
    declared_by_id: "p1",
    cleared_by_id: "p2",
    cleared_by_name: "Remy Responder",
    clear_reason: "the writes were a migration",
    cleared_at: expect.any(Date),
  });
  await clear(second.id);
});

it("lets exactly one of many who clear at once win; the others hear who was faster", async () => {
  const { id } = await declare("eight hands on one signal");
  const people = Array.from(
    { length: 8 },
    (_, n): Actor => ({ id: `p${n}`, name: `Person ${n}`, roles: ["responder"] }),
  );
  const results = await Promise.allSettled(people.map((person) => clear(id, person, `reason of ${person.name}`)));
  const winners = people.filter((_, n) => results[n]?.status === "fulfilled");
  expect(winners).toHaveLength(1);
  const [winner] = winners;
  for (const result of results)
    if (result.status === "rejected")
      expect(result.reason).toMatchObject({
        code: "conflict",
        message: `${winner?.name} has already cleared this signal.`,
      });
  const [row] = await db.query("SELECT cleared_by_id, clear_reason FROM declared_signals WHERE id = $1", [id]);
  expect(row).toEqual({ cleared_by_id: winner?.id, clear_reason: `reason of ${winner?.name}` });
  expect(await open()).not.toContain(id);
});

it("says so when there is no such signal, and changes nothing", async () => {
  const { id } = await declare("still going on here");
  await expect(clear(randomUUID())).rejects.toMatchObject({ code: "not_found" });
  expect(await open()).toContain(id);
});
