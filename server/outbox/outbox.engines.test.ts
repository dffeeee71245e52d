import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { agreed } from "@/sandbox/agreed";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { newPerson } from "@/sandbox/new-person";
import type { Actor } from "@/server/auth/roles";
import { requeueState } from "@/server/caracal/outbox/requeue-rows";
import { listRequeues } from "@/server/outbox/list-requeues";
import { listOutboxRows, outboxOverview } from "@/server/outbox/read-outbox";
import { requeueOutboxAction } from "@/server/outbox/requeue.action";
import { advanceRequeue, takeDueRequeues } from "@/server/outbox/requeue-worker";
import { forgetReads } from "@/server/platform/shared-read";

let stage: KeyStage;
let dana: Actor;
beforeAll(async () => {
  stage = await openKeyStage();
  dana = await newPerson(stage.db, "dana", ["responder"]);
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.caracalOwner.query("TRUNCATE event_outbox, caracal_outbox");
  forgetReads(stage.caracal.db);
});

const revocations = "caracal.sessions.revoke";
const ctx = () => ({ db: stage.db, caracal: stage.caracal });
const event = (id: string, over = "DEFAULT, DEFAULT, NULL, NULL", stream = revocations) =>
  stage.caracalOwner.query(
    `INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, last_error, dispatched_at)
     VALUES ('${id}', '${stream}', '{"session_id": "s", "client_secret": "hunter2", "scope": {"agents": ["a"], "token": "hunter3"}}', ${over})`,
  );
const dead = (id: string) => event(id, "100, 'infinity', 'redis: connection refused', NULL");
const coordinator = (id: string, status: string, attempts = 0) =>
  stage.caracalOwner.query(
    "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, status, attempts) VALUES ($1, 'coordinator', 'agents', $1, '{}', $2, $3)",
    [id, status, attempts],
  );
const rows = async (outbox: "event_outbox" | "caracal_outbox", state: "waiting" | "failing" | "dead", limit = 50) => {
  const found: string[] = [];
  for (let cursor: string | null = null; ; ) {
    const page = await listOutboxRows({ ctx: ctx(), input: { outbox, state, limit, cursor } });
    found.push(...page.rows.map(({ id }) => id));
    cursor = page.nextCursor;
    if (cursor === null) return found;
  }
};

test("rows that wait, fail or are dead are told apart, page by page, and nothing secret leaves", async () => {
  await event("waits");
  await event("leased", "1, now(), NULL, NULL"); // a dispatcher holds it: nothing has failed yet
  await event("fails", "7, now() + interval '1 minute', 'timeout', NULL");
  await event("out", "1, now(), NULL, now()");
  for (const id of ["dead-1", "dead-2", "dead-3"]) await dead(id);
  const { counts, capped } = await outboxOverview({ ctx: ctx(), input: { outbox: "event_outbox" } });
  expect(counts.map(({ state, rows: count }) => [state, count])).toEqual([
    ["dead", 3],
    ["failing", 1],
    ["waiting", 2],
  ]);
  expect(capped).toBe(false);
  expect(await rows("event_outbox", "waiting")).toEqual(["waits", "leased"]);
  expect(await rows("event_outbox", "failing")).toEqual(["fails"]);
  expect(await rows("event_outbox", "dead", 1)).toEqual(["dead-1", "dead-2", "dead-3"]);
  const { rows: shown } = await listOutboxRows({
    ctx: ctx(),
    input: { outbox: "event_outbox", state: "dead", limit: 9 },
  });
  expect(shown[0]).toMatchObject({ availableAt: null, lastError: "redis: connection refused", attempts: 100 });
  expect(shown[0]?.payload.scope).toMatch(/"token":"sha256:.*"agents":\["a"\]/); // what is nested is read, not [object Object]
  expect(JSON.stringify(shown)).not.toMatch(/hunter[23]/);

  await coordinator("c-1", "published");
  await coordinator("c-2", "pending", 3);
  await coordinator("c-3", "dead", 9);
  await coordinator("c-4", "pending");
  expect(await rows("caracal_outbox", "failing")).toEqual(["c-2"]);
  expect(await rows("caracal_outbox", "dead")).toEqual(["c-3"]);
});

test("at volume a look reads what is bounded, by an index only, and says at least", async () => {
  await stage.caracalOwner.query(
    `INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, dispatched_at)
     SELECT 'p-' || n, 's', '{}'::jsonb, 1, now(), now() FROM generate_series(1, 60000) n
     UNION ALL SELECT 'd-' || n, 's', '{}'::jsonb, 100, 'infinity'::timestamptz, NULL::timestamptz FROM generate_series(1, 12000) n`,
  );
  await stage.caracalOwner.query(
    `INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, status)
     SELECT lpad(n::text, 8, '0'), 'api', 't', n::text, '{}'::jsonb, CASE n WHEN 7 THEN 'dead' ELSE 'published' END FROM generate_series(1, 50000) n`,
  );
  await stage.caracalOwner.query("ANALYZE event_outbox; ANALYZE caracal_outbox");
  const plans: string[] = [];
  const watching = {
    ...stage.caracal,
    db: {
      ...stage.caracal.db,
      transaction: <T>(work: Parameters<typeof stage.caracal.db.transaction<T>>[0]) =>
        stage.caracal.db.transaction<T>((tx) =>
          work({
            async query(sql, params) {
              if (/outbox/.test(sql))
                plans.push(
                  (await tx.query<{ "QUERY PLAN": string }>(`EXPLAIN ${sql}`, params))
                    .map((r) => r["QUERY PLAN"])
                    .join("\n"),
                );
              return tx.query(sql, params);
            },
          }),
        ),
    },
  };
  const overview = await outboxOverview({ ctx: { caracal: watching }, input: { outbox: "event_outbox" } });
  expect(overview).toMatchObject({ capped: true, counts: [{ state: "dead", rows: 10_001 }] });
  await listOutboxRows({ ctx: { caracal: watching }, input: { outbox: "event_outbox", state: "dead", limit: 50 } });
  const older = await outboxOverview({ ctx: { caracal: watching }, input: { outbox: "caracal_outbox" } });
  expect(older).toMatchObject({ capped: true, counts: [] });
  await listOutboxRows({ ctx: { caracal: watching }, input: { outbox: "caracal_outbox", state: "dead", limit: 50 } });
  expect(plans.length).toBeGreaterThanOrEqual(5);
  for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on (event|caracal)_outbox/);
  for (const plan of plans.slice(0, 2)) expect(plan).toContain("event_outbox_due");
  expect(await rows("caracal_outbox", "dead")).toEqual(["00000007"]); // two looks on
});

test.each(["event_outbox", "caracal_outbox"] as const)(
  "dead rows of %s are due again once two people agree, on record first, and followed until they are published",
  async (outbox) => {
    const make = (id: string) => (outbox === "event_outbox" ? dead(id) : coordinator(id, "dead", 50));
    for (const id of ["a", "b", "c"]) await make(id);
    const action = requeueOutboxAction(ctx());
    const stored = await agreed(stage.owner, action, { outbox, ids: ["a", "b"] }, dana);
    expect(await action.recheck(stored)).toBeNull();
    await expect(action.freeze({ outbox, ids: ["a", "nowhere"] })).rejects.toMatchObject({ code: "conflict" });
    const ref = await stage.db.transaction((tx) => action.start(tx, stored, dana));
    expect(await rows(outbox, "dead")).toHaveLength(3); // intent first

    await action.wake(ref);
    await stage.owner.query(
      "UPDATE outbox_requeues SET state = 'ordered', requeued_at = NULL WHERE state = 'requeued'",
    ); // as after a crash before it was said
    await stage.owner.query("UPDATE outbox_requeues SET heartbeat_at = 'epoch'");
    for (const row of await takeDueRequeues(ctx())) await advanceRequeue(ctx(), row);
    expect(await rows(outbox, "dead")).toEqual(["c"]);
    expect((await rows(outbox, "waiting")).sort()).toEqual(["a", "b"]);
    expect(await action.recheck(stored)).toContain("not dead any more");

    const turn = async () => {
      await stage.owner.query("UPDATE outbox_requeues SET heartbeat_at = 'epoch'");
      for (const row of await takeDueRequeues(ctx())) await advanceRequeue(ctx(), row);
      return (await listRequeues({ ctx: { db: stage.db, actor: dana }, input: { outbox } }))[0];
    };
    expect(await turn()).toMatchObject({ state: "requeued", result: { published: 0, waiting: 2, dead: 0 } });
    await stage.caracalOwner.query(
      outbox === "event_outbox"
        ? "UPDATE event_outbox SET dispatched_at = now() WHERE id = 'a'"
        : "UPDATE caracal_outbox SET status = 'published' WHERE id = 'a'",
    );
    await stage.caracalOwner.query(
      outbox === "event_outbox"
        ? "UPDATE event_outbox SET available_at = 'infinity' WHERE id = 'b'"
        : "UPDATE caracal_outbox SET status = 'dead' WHERE id = 'b'",
    );
    expect(await turn()).toMatchObject({ state: "done", result: { published: 1, waiting: 0, dead: 1 } });
    const { rows: entries } = await stage.owner.query(
      "SELECT summary FROM timeline_entries WHERE kind = 'approval.result' AND summary = 'Executed: 1 published, 0 waiting, 1 dead again'",
    );
    expect(entries.length).toBeGreaterThanOrEqual(1);
    await turn();
    expect(await rows(outbox, "dead")).toContain("b"); // given up on again is not requeued by itself
  },
);

test("a row that is gone was published where published rows are deleted; of the API's outbox it counts as dead", async () => {
  await dead("a");
  await coordinator("a", "pending");
  const ids = ["a", "gone"];
  expect(await requeueState(stage.caracal.db, "event_outbox", ids)).toEqual({ published: 0, waiting: 0, dead: 2 });
  expect(await requeueState(stage.caracal.db, "caracal_outbox", ids)).toEqual({ published: 1, waiting: 1, dead: 0 });
});
