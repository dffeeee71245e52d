import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { guidedRuns } from "@/sandbox/key-stage/guided-runs";
import { type KeyStage, openKeyStage } from "@/sandbox/key-stage/stage";
import { dataSignature } from "@/server/audit/verify/seals";
import { readStreamCopy } from "@/server/audit/verify/stream-copy";
import type { Deployment } from "@/server/caracal/deployment";
import { noteDeadLetters } from "@/server/playbooks/guided/note-dead-letters";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { lettersSorted } from "@/server/playbooks/guided/probe-audit-state";
import {
  complianceToldOfLetters,
  gapKnown,
  honestOnesBack,
  lettersDownToRest,
} from "@/server/playbooks/guided/probe-letters-back";

/** What a run must not say of its dead letters while it cannot know it. Every wrong way here once settled a step. */
const dlq = "caracal.audit.events.dlq";
const key = randomBytes(32);
let stage: KeyStage;
let runId: string;
const { start, looking } = guidedRuns(
  () => stage,
  () => [],
);

beforeEach(async () => {
  stage = await openKeyStage();
  runId = await start("audit-dead-letters");
});
afterEach(() => stage.close());

const seeing = async (more: Partial<Deployment> = {}, thorough = true): Promise<Looking> => {
  const at = await looking(runId);
  return { ...at, thorough, caracal: { ...at.caracal, auditKey: key, ...more } };
};
const event = (n: number, decision = "allow") =>
  JSON.stringify({
    id: `event-${n}`,
    zone_id: "zone-1",
    event_type: "token_exchange",
    request_id: "r",
    decision,
    evaluation_status: "complete",
    determining_policies_json: [],
    diagnostics_json: [],
    occurred_at: `2026-11-28T02:00:00.${String(n).padStart(6, "0")}789Z`,
  });
const away = "transient_exceeded_max_deliveries:dial tcp: connection refused";

async function letters(count: number, reason = away, from = 1): Promise<void> {
  const pipe = stage.caracal.redis.pipeline();
  for (let n = from; n < from + count; n += 1) {
    const data = event(n);
    const fields = { reason, received_at: "1795831200000", src_id: `event-${n}`, src_data: data };
    pipe.xadd(dlq, "*", ...Object.entries({ ...fields, src_sig: dataSignature(key, data) }).flat());
  }
  await pipe.exec();
}
/** The rows that ingestion makes of some events, each with the content of what `of` gives. */
const record = (from: number, to: number, of: (n: number) => string = event, seconds = 0) =>
  stage.caracalOwner.query(
    `INSERT INTO audit_events (id, zone_id, event_type, request_id, decision, evaluation_status, determining_policies_json, diagnostics_json, occurred_at, content_sha256)
     SELECT e.id, 'zone-1', 'token_exchange', 'r', 'allow', 'complete', '[]', '[]', e.at::timestamptz + make_interval(secs => $2), e.content
       FROM json_to_recordset($1) AS e (id text, at text, content text)`,
    [
      JSON.stringify(
        Array.from({ length: to - from + 1 }, (_, at) => from + at).map((n) => ({
          id: `event-${n}`,
          at: `2026-11-28T02:00:00.${String(n).padStart(6, "0")}Z`,
          content: readStreamCopy(of(n), "")?.content,
        })),
      ),
      seconds,
    ],
  );
const noted = async () => {
  const [row] = await stage.db.query<{ n: number; newest: string }>(
    "SELECT count(*)::int AS n, (SELECT noted_to FROM run_letter_notes WHERE run_id = $1) AS newest FROM run_dead_letters WHERE run_id = $1",
    [runId],
  );
  return row;
};

/** Redis with what is asked of it counted, and page reads that fail from some page on. */
function watched(redis: Redis, failsAt = Number.POSITIVE_INFINITY) {
  const seen = { looks: 0, pages: 0 };
  const proxy = new Proxy(redis, {
    get(target, name) {
      if (name === "pipeline")
        return () => {
          const pipe = target.pipeline();
          const call = pipe.call.bind(pipe);
          pipe.call = ((...given: Parameters<typeof call>) => {
            if (given[0] === "XRANGE") seen.looks += 1;
            return call(...given);
          }) as typeof pipe.call;
          return pipe;
        };
      if (name === "xrangeBuffer")
        return (...given: Parameters<Redis["xrangeBuffer"]>) => {
          seen.pages += 1;
          return seen.pages >= failsAt
            ? Promise.reject(new Error("Command timed out"))
            : Reflect.apply(target.xrangeBuffer, target, given);
        };
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { redis: proxy, seen };
}

test("noting that is interrupted goes on where it stopped: the oldest are noted first, and none is lost", async () => {
  await letters(700);
  // What no column takes as it is must not keep those behind it from being noted.
  await stage.caracal.redis.xadd(
    dlq,
    "*",
    ...["reason", "json_parse_error:\0x", "src_id", "a", "src_data", '{"id":"\\ud800\\u0000","zone_id":"\\udfff"}'],
    ...["received_at", "9e15"],
  );
  await letters(499, away, 701);
  const { redis } = watched(stage.caracal.redis, 2);
  await expect(noteDeadLetters(await seeing({ redis }), runId)).rejects.toThrow("Command timed out");
  const oldest = await stage.caracal.redis.xrange(dlq, "-", "+", "COUNT", 500);
  expect(await noted()).toEqual({ n: 500, newest: oldest.at(-1)?.[0] });
  await expect(lettersSorted(await seeing({ redis }))).rejects.toThrow("Command timed out");

  expect((await lettersSorted(await seeing())).sentence).toMatch(/^1,199 honest events.*1 no event that could be read/);
  expect((await noted())?.n).toBe(1_200);
  await record(1, 500);
  expect(await honestOnesBack(await seeing())).toMatchObject({
    done: false,
    sentence: "699 of 1,199 honest events are not recorded yet and lie among the letters.",
  });
});

test("while not all letters are noted nothing is said of them: a burst of more than one look takes is noted in parts", async () => {
  await letters(10_600);
  await record(1, 10_000); // all that the first look notes
  expect(await lettersSorted(await seeing())).toMatchObject({
    done: null,
    sentence: expect.stringMatching(/^10,000 letters are noted so far, the oldest first, and more lie there/),
  });
  expect(await honestOnesBack(await seeing())).toMatchObject({
    done: false,
    sentence: expect.stringMatching(/^600 of 10,600/),
  });
  expect((await noted())?.n).toBe(10_600);
  await letters(10_100, away, 20_000); // between two looks
  for (const probe of [honestOnesBack, complianceToldOfLetters]) expect((await probe(await seeing())).done).toBe(false);
  expect((await noted())?.n).toBe(20_700);
}, 60_000);

test("no proof is given from the letters that are noted so far", async () => {
  await letters(10_001);
  await record(1, 10_000);
  expect(await honestOnesBack(await seeing())).toMatchObject({
    done: null,
    sentence: expect.stringContaining("10,000 letters are noted so far"),
  });
}, 60_000);

test("after key drift the letters are honest: they go back when they verify, and nothing is said without a key", async () => {
  await letters(3, "hmac_verify_failed");
  expect((await lettersSorted(await seeing({ auditKey: null }))).done).toBeNull();
  expect(await honestOnesBack(await seeing({ auditKey: null }))).toMatchObject({
    done: null,
    sentence: expect.stringContaining("the console has no AUDIT_HMAC_KEY"),
  });
  expect((await lettersDownToRest(await seeing({ auditKey: null }))).done).toBeNull();
  const forged = await lettersSorted(await seeing({ auditKey: randomBytes(32) }));
  expect(forged.sentence).toMatch(/^3 events with a wrong signature/);

  const sorted = await lettersSorted(await seeing()); // the key was mended: they are judged anew
  expect(sorted).toMatchObject({
    done: true,
    sentence: expect.stringContaining("redrive them once audit has that key"),
  });
  expect(await honestOnesBack(await seeing())).toMatchObject({
    done: false,
    sentence: "3 of 3 honest events are not recorded yet and lie among the letters.",
  });
  expect((await lettersDownToRest(await seeing())).sentence).toMatch(/^3 honest events still lie/);
  await record(1, 3);
  await stage.caracal.redis.del(dlq);
  expect(await honestOnesBack(await seeing())).toEqual({ done: true, sentence: "All 3 honest events are recorded." });
});

test("recorded is a row with exactly that content: another one under the id is told as tampering, whenever it came", async () => {
  await letters(4);
  await record(1, 2);
  await record(3, 3, (n) => event(n, "deny"));
  await record(4, 4, event, 1); // the id at another time
  const told = await honestOnesBack(await seeing());
  expect(told.done).toBe(false);
  expect(told.sentence).toMatch(
    /2 of 4 honest events have a row with other content: evidence of tampering.*event-3, event-4/,
  );
  expect((await complianceToldOfLetters(await seeing())).sentence).toContain(
    "2 letters are not recorded, 2 of them with other content under their id",
  );
  const gap = await gapKnown(await seeing());
  expect(gap.sentence).toMatch(/2 recorded since, 0 signals, 2 not recorded \(2 recorded with other content/);
  expect(gap.figures?.find(({ name }) => name === "event-3")?.value).toMatch(/^recorded with other content/);

  await stage.caracalOwner.query("DELETE FROM audit_events WHERE id IN ('event-3', 'event-4')");
  await record(3, 4);
  expect((await honestOnesBack(await seeing())).done).toBe(true);
  await stage.caracalOwner.query("UPDATE audit_events SET content_sha256 = 'x' WHERE id = 'event-1'");
  expect((await honestOnesBack(await seeing())).sentence).toContain("event-1"); // asked again, though it was recorded
});

test("who only looks asks after a thousand letters at a time, and never again after what is recorded and away", async () => {
  await letters(1_500);
  await noteDeadLetters(await seeing(), runId);
  await record(1, 1_500);
  await stage.caracal.redis.del(dlq);
  const { redis, seen } = watched(stage.caracal.redis);
  let transactions = 0;
  const db: Deployment["db"] = {
    ...stage.caracal.db,
    transaction: (work) => {
      transactions += 1;
      return stage.caracal.db.transaction(work);
    },
  };
  const look = async () => honestOnesBack(await seeing({ redis, db }, false));
  expect(await look()).toMatchObject({ done: null, sentence: expect.stringContaining("500 of 1,500 letters") });
  expect([seen.looks, transactions]).toEqual([1_000, 2]);
  expect((await look()).done).toBe(true);
  expect([seen.looks, transactions]).toEqual([1_500, 3]);
  for (let n = 0; n < 10; n += 1) expect((await look()).done).toBe(true);
  expect([seen.looks, transactions]).toEqual([1_500, 3]);
  expect((await honestOnesBack(await seeing({ redis, db }))).done).toBe(true);
  expect([seen.looks, transactions]).toEqual([1_500, 6]); // what settles asks every row again
});

test("what is noted of a letter cannot be changed or taken away", async () => {
  await letters(1);
  await noteDeadLetters(await seeing(), runId);
  for (const change of [
    "UPDATE run_dead_letters SET content = 'x'",
    "UPDATE run_dead_letters SET event_id = 'x'",
    "UPDATE run_dead_letters SET entry_id = 'x'",
    "UPDATE run_dead_letters SET reason = 'x'",
    "DELETE FROM run_dead_letters",
    "TRUNCATE run_dead_letters",
  ])
    await expect(stage.owner.query(change)).rejects.toThrow(/a noted letter is kept/);
});
