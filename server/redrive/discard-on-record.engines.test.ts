import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { newPerson } from "@/sandbox/new-person";
import { addLetters, letterOf, madeEvent } from "@/sandbox/redrive-stage/audit-letters";
import { dlq, openRedriveStage, type RedriveStage } from "@/sandbox/redrive-stage/stage";
import type { ApprovalContext } from "@/server/approvals/act-on-request";
import { previewApproval, requestApproval } from "@/server/approvals/ask";
import { executeRequest } from "@/server/approvals/execute";
import { getRequest } from "@/server/approvals/read-requests";
import { castVote } from "@/server/approvals/vote";
import type { Actor } from "@/server/auth/roles";
import { openSignIn } from "@/server/auth/sign-ins";
import { declareIn } from "@/server/incidents/declare-incident";
import { mergeIncidents } from "@/server/incidents/merge-incidents";
import { archiveDigest } from "@/server/redrive/archive";
import { discardAction, mostDiscarded } from "@/server/redrive/discard.action";
import type { RunRow } from "@/server/redrive/run-rows";

let stage: RedriveStage;
let rae: ApprovalContext;
let sol: ApprovalContext;
beforeAll(async () => {
  stage = await openRedriveStage();
  const actions = new Map([["discard-dead-letters", discardAction(stage)] as const]);
  const contextOf = async (actor: Actor): Promise<ApprovalContext> => ({
    db: stage.db,
    actor,
    actions,
    signInId: await openSignIn({
      db: stage.db,
      input: { personId: actor.id, method: "local", userAgent: null, address: null },
    }),
  });
  rae = await contextOf(stage.actor);
  sol = await contextOf(await newPerson(stage.db, "sol", ["security"]));
});
afterAll(() => stage?.close());
beforeEach(() => stage.redis.del(dlq));
afterEach(() =>
  stage.owner.query(
    "UPDATE redrive_runs SET state = 'cancelled', finished_at = now() WHERE state NOT IN ('finished', 'cancelled')",
  ),
);

const incident = async (title: string): Promise<string> =>
  (await stage.db.transaction((tx) => declareIn(tx, stage.actor, { title, severity: "P2", origin: "by-hand" })))
    .incidentId;

/** A list with one letter to discard, whose originals were downloaded; of an incident, as if it had been redriven for it. */
async function listOf(incidentId: string | null): Promise<RunRow> {
  const event = madeEvent(stage.keys.audit, "zone-discard");
  await addLetters(stage.redis, [letterOf({ ...event, sig: "0".repeat(64) }, "hmac_verify_failed")]);
  const list = await stage.list();
  await stage.owner.query("UPDATE redrive_runs SET incident_id = $2, exported_at = now() WHERE id = $1", [
    list.id,
    incidentId,
  ]);
  return list;
}
const given = (list: RunRow) => ({
  action: "discard-dead-letters" as const,
  parameters: { runId: list.id, classes: ["bad-signature"] },
});
const ask = (list: RunRow, incidentId: string | null) =>
  requestApproval({ ctx: rae, input: { ...given(list), incidentId, reason: "Nobody needs it" } });
async function approved(list: RunRow, incidentId: string | null) {
  const asked = await ask(list, incidentId);
  await castVote({ ctx: sol, input: { ...asked, vote: "approve", comment: "" } });
  return asked;
}

test("a discard stands on the record of the incident of its list, whichever other one it is asked for under", async () => {
  const [own, other] = [await incident("Dead letters"), await incident("Something else")];
  const list = await listOf(own);
  expect((await previewApproval({ ctx: rae, input: given(list) })).belongsTo).toBe(own);
  await expect(ask(list, other)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("record of another incident"),
  });
  expect((await ask(list, null)).incidentId).toBe(own);
  const insert = (incidentId: string | null) =>
    stage.db.query(
      `INSERT INTO redrive_runs (id, kind, stream, target, state, approval_id, incident_id, of_run, last_id, requested_by_id, requested_by_name, finished_at)
       SELECT $1, 'discard', stream, target, 'cancelled', a.id, $3, r.id, last_id, 'x', 'x', now()
         FROM redrive_runs r, approval_requests a WHERE r.id = $2 LIMIT 1`,
      [randomUUID(), list.id, incidentId],
    );
  for (const elsewhere of [other, null])
    await expect(insert(elsewhere)).rejects.toThrow("a discard belongs to the incident of its list");
  await insert(own);
});

test("a list of no incident is discarded under any; one that got its incident meanwhile voids the request", async () => {
  const [any, own] = [await incident("Any"), await incident("Its own")];
  const list = await listOf(null);
  const asked = await approved(list, any);
  await stage.owner.query("UPDATE redrive_runs SET incident_id = $2 WHERE id = $1", [list.id, own]);
  await expect(executeRequest({ ctx: rae, input: asked })).rejects.toThrow("belongs to another incident by now");
  expect((await getRequest({ ctx: rae, input: asked })).state).toBe("void");
});

test("an incident that is merged takes its lists along: what was asked for before runs, what is asked for after goes on the other's record", async () => {
  const [own, into] = [await incident("First"), await incident("Second")];
  const list = await listOf(own);
  const before = await approved(list, own);
  await mergeIncidents({
    ctx: { db: stage.db, actor: stage.actor },
    input: { incidentId: own, intoId: into, reason: "The same" },
  });
  expect((await ask(list, null)).incidentId).toBe(into);
  expect((await executeRequest({ ctx: rae, input: before })).ref).toMatch(/^redrive:/);
});

test("a damaged archive ends an approved request with words, and not a letter is deleted", async () => {
  const list = await listOf(await incident("Damaged"));
  const asked = await approved(list, null);
  await stage.owner.query("ALTER TABLE dead_letter_originals DISABLE TRIGGER USER");
  await stage.owner.query(
    "UPDATE dead_letter_originals SET line = replace(line, 'zone-discard', 'zone-distort') WHERE entry_id IN (SELECT entry_id FROM redrive_entries WHERE run_id = $1)",
    [list.id],
  );
  await stage.owner.query("ALTER TABLE dead_letter_originals ENABLE TRIGGER USER");
  await expect(executeRequest({ ctx: rae, input: asked })).rejects.toThrow("archive is not what it was");
  expect(await getRequest({ ctx: rae, input: asked })).toMatchObject({
    state: "void",
    stateReason: expect.stringContaining("Tell security"),
  });
  const [entry] = await stage.db.query<{ summary: string }>(
    "SELECT summary FROM timeline_entries WHERE chain = $1 AND kind = 'approval.void'",
    [asked.incidentId],
  );
  expect(entry?.summary).toContain("archive is not what it was");
  expect(await stage.redis.xlen(dlq)).toBe(1);
});

test("of more letters than one request takes, the oldest are agreed on, and the rest is said; what was dealt with voids it", async () => {
  const list = await listOf(await incident("Very many"));
  await stage.owner.query(
    `WITH lines AS (SELECT n, '9-' || n AS id, '{"n":' || n || '}' AS line FROM generate_series(2, $2::int) AS n),
          kept AS (INSERT INTO dead_letter_originals (stream, entry_id, sha256, line)
                   SELECT $3, id, encode(sha256(convert_to(line, 'UTF8')), 'hex'), line FROM lines RETURNING entry_id, sha256)
     INSERT INTO redrive_entries (run_id, n, stream, entry_id, sha256, fingerprint, class, cause, why)
     SELECT $1, l.n, $3, l.id, k.sha256, k.sha256, 'bad-signature', 'x', 'x' FROM lines l JOIN kept k ON k.entry_id = l.id`,
    [list.id, mostDiscarded + 5, dlq],
  );
  const { sha256 } = await archiveDigest(stage.db, list.id);
  await stage.owner.query("UPDATE redrive_runs SET archive_sha256 = $2 WHERE id = $1", [list.id, sha256]);
  const preview = await previewApproval({ ctx: rae, input: given(list) });
  expect(preview.targetCount).toBe(mostDiscarded);
  expect(preview.blast.sentence).toMatch(
    /^The oldest 10,000 dead letters are deleted.*\. 5 more of these classes stay/,
  );
  expect(preview.blast.figures).toEqual([{ name: "bad-signature", value: mostDiscarded + 5, source: dlq }]);
  const asked = await approved(list, null);
  expect((await getRequest({ ctx: rae, input: asked })).changed).toBeNull();
  await stage.owner.query(
    "UPDATE redrive_entries SET action = 'discard', state = 'retired' WHERE run_id = $1 AND n = 7",
    [list.id],
  );
  expect((await getRequest({ ctx: rae, input: asked })).changed).toContain("dealt with meanwhile");
});
