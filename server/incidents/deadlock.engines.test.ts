import { afterAll, beforeAll, expect, test } from "vitest";
import { type IncidentStage, openIncidentStage } from "@/sandbox/incident-stage/stage";
import { emptySnapshot } from "@/sandbox/empty-snapshot";
import type { IncidentContext } from "@/server/incidents/act-on-incident";
import { addMember, setRole } from "@/server/incidents/assign";
import { changeSeverity } from "@/server/incidents/change-severity";
import { declareIn } from "@/server/incidents/declare-incident";
import { mergeIncidents } from "@/server/incidents/merge-incidents";
import { addNote, pinEntry } from "@/server/incidents/notes";
import type { Signal } from "@/server/live/snapshot";
import { DomainError } from "@/server/platform/errors";
import { type Database, openDatabase } from "@/server/platform/postgres";
import { openRecords, recordSignals } from "@/server/signals/record-signals";
import { appendEntries } from "@/server/timeline/append-entries";
import { pinFigure } from "@/server/watches/pin-figure";

let stage: IncidentStage;
let db: Database;
let once: Database;
beforeAll(async () => {
  stage = await openIncidentStage();
  const url = stage.url;
  db = openDatabase({ url, label: "console", max: 10, statementTimeoutMs: 20_000, attempts: 5 });
  once = openDatabase({ url, label: "console", max: 4, statementTimeoutMs: 20_000 });
});
afterAll(async () => {
  await Promise.all([db?.close(), once?.close()]);
  await stage?.close();
});

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error));

test("two transactions that wait for each other: one is run again instead of failing, and only where that was asked for", async () => {
  const [a, b] = [await stage.declare("dana"), await stage.declare("dana")];
  const cross = (on: Database) => {
    let waiting = 2;
    let free: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      free = resolve;
    });
    let runs = 0;
    const one = (first: string, second: string) =>
      on.transaction(async (tx) => {
        runs += 1;
        await appendEntries(tx, [{ chain: first, kind: "note.added", by: null, summary: "first" }]);
        waiting -= 1;
        if (waiting <= 0) free();
        await both;
        await appendEntries(tx, [{ chain: second, kind: "note.added", by: null, summary: "second" }]);
      });
    return Promise.allSettled([one(a.incidentId, b.incidentId), one(b.incidentId, a.incidentId)]).then((answers) => ({
      failed: answers.flatMap((answer) => (answer.status === "rejected" ? [codeOf(answer.reason)] : [])),
      runs,
    }));
  };
  expect(await cross(once)).toEqual({ failed: ["40P01"], runs: 2 });
  expect(await cross(db)).toEqual({ failed: [], runs: 3 });
});

test("eight workers on the same incidents: refusals are the domain's own, never a deadlock", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 4; n += 1) ids.push((await stage.declare("dana", { title: `Stress ${n}` })).incidentId);
  const people = ["dana", "remy", "sol", "ada"];
  const by = (name: string): IncidentContext => ({ ...stage.by(name), db });
  const collector = {
    snapshot: () =>
      ({
        ...emptySnapshot,
        sources: [{ id: "caracal-redis", status: "ok" }],
        streams: [{ name: "s", length: 1, entriesAdded: 0, perSecond: 0, groups: [], missingGroups: [] }],
      }) as unknown as typeof emptySnapshot,
    history: () => [],
  };
  const signal = (n: number, severity: "P1" | "P2"): Signal => ({
    key: `stress:${n}`,
    rule: "stress",
    severity,
    sentence: `Stress ${n}`,
    meaning: "",
    figures: [],
    since: Date.now(),
    stale: false,
    noise: null,
    declaredBy: null,
    series: null,
    action: { label: "Look", href: "/" },
  });
  const failures = new Map<string, number>();
  let done = 0;
  let seed = 20_261_128;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const acts: readonly (() => Promise<unknown>)[] = [
    () =>
      addNote({
        ctx: by(pick(people)),
        input: { incidentId: pick(ids), text: "@remy look", isUpdate: random(2) === 0 },
      }),
    () => pinEntry({ ctx: by(pick(people)), input: { incidentId: pick(ids), seq: 1, pinned: random(2) === 0 } }),
    () =>
      changeSeverity({
        ctx: by(pick(people)),
        input: { incidentId: pick(ids), severity: pick(["P1", "P2", "P3"]), reason: "As it is" },
      }),
    () =>
      setRole({
        ctx: by(pick(people)),
        input: { incidentId: pick(ids), role: pick(["lead", "driver"]), personId: stage.by(pick(people)).actor.id },
      }),
    () =>
      addMember({ ctx: by(pick(people)), input: { incidentId: pick(ids), personId: stage.by(pick(people)).actor.id } }),
    () => mergeIncidents({ ctx: by("ada"), input: { incidentId: pick(ids), intoId: pick(ids), reason: "The same" } }),
    () =>
      pinFigure({
        ctx: { ...by(pick(people)), collector },
        input: { incidentId: pick(ids), series: "stream:s:length" },
      }),
    () =>
      db.transaction((tx) =>
        declareIn(tx, null, {
          title: "Folded",
          severity: "P1",
          origin: "automatic",
          dedupeKeys: [`stress:${random(3)}`],
        }),
      ),
    async () =>
      recordSignals({
        ctx: { db, autoDeclare: true },
        input: { seen: [signal(random(3), pick(["P1", "P2"]))], gone: [], open: await openRecords(db) },
      }),
    async () => {
      const chains = [pick(ids), pick(ids)]; // in no order, as two calls in one transaction would have it
      await db.transaction(async (tx) => {
        for (const chain of chains) await appendEntries(tx, [{ chain, kind: "note.added", by: null, summary: "both" }]);
      });
    },
  ];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let n = 0; n < 60; n += 1)
        await pick(acts)().then(
          () => {
            done += 1;
          },
          (error: unknown) => {
            const code = error instanceof DomainError ? "refused" : codeOf(error);
            failures.set(code, (failures.get(code) ?? 0) + 1);
          },
        );
    }),
  );
  failures.delete("refused");
  expect([...failures]).toEqual([]);
  expect(done).toBeGreaterThan(150);
});
