import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { vaultStage, type VaultStage } from "@/sandbox/evidence-stage/vault";
import { streamExtents, WalkCount, walkUpTo } from "@/server/caracal/evidence-streams";
import type { VaultStore } from "@/server/evidence/vault/store";
import { getItem } from "@/server/evidence/vault/views";
import { advanceOneItem } from "@/server/evidence/vault/vault-worker";
import { declareIncident } from "@/server/incidents/declare-incident";
import { declareIncidentInput } from "@/server/incidents/schemas";
import type { GuidedRunRow } from "@/server/playbooks/guided/playbook";
import { evidencePreserved } from "@/server/playbooks/guided/probe-preserved";

const auditStream = "caracal.audit.events";
const letters = "caracal.audit.events.dlq";
const revocations = "caracal.sessions.revoke";
const logs = { what: "Access logs of Postgres", why: expect.any(String) };
const touched = [auditStream, letters, revocations];

let stage: VaultStage;
const kept = new Map<string, Buffer>();
beforeAll(async () => {
  stage = await vaultStage();
  for (const stream of touched) kept.set(stream, (await stage.caracal.redis.dumpBuffer(stream)) ?? Buffer.alloc(0));
});
afterAll(() => stage?.close());

let incidentId: string;
beforeEach(async () => {
  const input = declareIncidentInput.parse({ title: "Tampered", severity: "P1" });
  ({ incidentId } = await declareIncident({ ctx: { db: stage.db, actor: stage.actor }, input }));
});
afterEach(async () => {
  for (const [stream, bytes] of kept) await stage.caracal.redis.restore(stream, 0, bytes, "REPLACE");
});

const order = () => stage.order({ incidentId });
const view = (itemId: string) => getItem({ ctx: { db: stage.db, actor: stage.actor }, input: { itemId } });
const readme = (id: string) => readFile(join(stage.folder, id, "README.md"), "utf8");
const step = () =>
  evidencePreserved({
    db: stage.db,
    run: { incident_id: incidentId, zone_id: null, created_at: new Date(0) } as GuidedRunRow,
  });

test.each([
  ["deleted", auditStream, (stream: string) => stage.caracal.redis.del(stream), "Redis has no such stream"],
  ["emptied", auditStream, (stream: string) => stage.caracal.redis.xtrim(stream, "MAXLEN", 0), "it is empty"],
  ["deleted", revocations, (stream: string) => stage.caracal.redis.del(stream), "Redis has no such stream"],
])("with a stream %s before it, %s, evidence is not whole and says so", async (_, stream, ruin, words) => {
  await ruin(stream);
  const id = await order();
  await stage.work();
  expect(await view(id)).toMatchObject({
    state: "partial",
    missing: [{ what: stream, why: expect.stringContaining(words) }, logs],
    error: expect.stringContaining(`${stream} not preserved: ${words}`),
  });
  expect(await readme(id)).toMatch(/IT IS NOT WHOLE\. Not preserved: caracal/);
  expect(await step()).toMatchObject({ done: false, sentence: expect.stringContaining(`partial: ${stream}`) });
});

test("dead letters that were all cleared away leave it whole, and are said; what never held an entry is said by its empty file", async () => {
  await stage.caracal.redis.xtrim(letters, "MAXLEN", 0);
  const id = await order();
  await stage.work();
  const { state, missing, files } = await view(id);
  expect([state, missing]).toEqual([
    "whole",
    [{ what: letters, why: expect.stringMatching(/held entries once: the last was \d+-\d+/) }, logs],
  ]);
  expect(files).toContainEqual(expect.objectContaining({ name: "caracal.agents.lifecycle.jsonl.gz", rows: 0 }));
  expect(await step()).toMatchObject({ done: true });
});

test("entries that are trimmed while the streams are read are missed, from whichever end", async () => {
  const { redis } = stage.caracal;
  const folder = stage.stores.get("folder");
  if (folder === undefined) throw new Error("no folder");
  const trimming: VaultStore = {
    ...folder,
    async create(item, name) {
      if (name === `${auditStream}.jsonl.gz`) await redis.xtrim(auditStream, "MAXLEN", 600); // its extent is known by then
      return folder.create(item, name);
    },
  };
  const id = await order();
  await advanceOneItem({ ...stage.worker, stores: new Map([["folder", trimming]]) });
  const item = await view(id);
  const why = expect.stringMatching(
    /^600 of its 664 entries were read.* It began at \d+-\d+, what was read at \d+-\d+$/,
  );
  expect(item).toMatchObject({
    state: "partial",
    missing: [
      { what: `Part of ${auditStream}.jsonl`, why },
      { what: `Part of ${auditStream}.waiting.jsonl`, why },
      logs,
    ],
  });
  expect(item.files.map(({ name }) => name)).toContain(`${auditStream}.jsonl.gz`); // what there was is kept

  const extent = (await streamExtents(redis)).find(({ stream }) => stream === revocations);
  if (extent === undefined) throw new Error("no revocations");
  await redis.xdel(revocations, extent.last);
  const walked = new WalkCount(extent);
  for await (const entry of walkUpTo(redis, extent)) walked.take(entry);
  expect(walked.lacks()).toContain(`${extent.entries - 1} of its ${extent.entries} entries`);
});
