import type { ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { openSeal } from "@/server/caracal/keys/seal";
import { readSealedValues, sealKinds } from "@/server/caracal/keys/sealed-values";
import { keyStream } from "@/server/caracal/keys/key-invalidation";
import { outboxId } from "@/server/caracal/revocation/outbox-id";
import { revocationStream } from "@/server/caracal/revocation/revocation-stream";
import { loadKeyJob } from "@/server/keys/key-job-rows";
import { fillSeals, fillZones, keyReader, type KeysBench, openKeysBench } from "./keys-stage";
import { sizeOf } from "./flags";
import type { BenchEntry, BenchPart } from "./result";

const kills = sizeOf("kills", 200);
const seals = 4_000;
const zones = 120;
const sessions = 2_000; // in each of a few zones

const count = (figure: string, value: number, goal: number, exactly = true): BenchEntry => ({
  bench: "crash",
  figure,
  value,
  unit: "",
  against: null,
  ratio: null,
  goal: exactly ? `= ${goal}` : `>= ${goal}`,
  pass: exactly ? value === goal : value >= goal,
});

type Tally = {
  killed: number;
  jobs: number;
  lost: number;
  twice: number;
  versions: number;
  outbox: number;
  unrevoked: number;
  secrets: number;
};

/** Every value of the stage as it opens under a key. */
async function opened({ stage }: KeysBench, kek: Buffer): Promise<Map<string, string | null>> {
  const found = new Map<string, string | null>();
  for (const kind of sealKinds)
    for (let after: string | null = null; ; ) {
      const page = await readSealedValues(stage.caracal.db, kind, after, 1_000);
      for (const value of page) found.set(`${kind} ${value.id}`, openSeal(kek, value.sealed)?.toString("utf8") ?? null);
      after = page.at(-1)?.id ?? null;
      if (page.length < 1_000) break;
    }
  return found;
}

const said: string[] = [];

/** One worker, killed after a random while unless it was through before. True: it was killed. */
async function killOne(child: ChildProcess, mostMs: number): Promise<boolean> {
  let ready: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (ready = resolve));
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      said.push(chunk.toString());
      ready();
    });
  await Promise.race([started, ended]);
  await Promise.race([pause(Math.random() * mostMs), ended]);
  child.kill("SIGKILL");
  return (await ended) === "SIGKILL";
}

async function reEncrypting(
  bench: KeysBench,
  tally: Tally,
  until: number,
  before: ReadonlyMap<string, string | null>,
): Promise<void> {
  for (let forward = true; tally.killed < until || !forward; forward = !forward) {
    const jobId = await bench.reEncrypt(forward ? "forward" : "back");
    tally.jobs += 1;
    while ((await loadKeyJob(bench.stage.db, jobId)).state !== "finished")
      if (await killOne(bench.worker(jobId), tally.killed < until ? 400 : 60_000)) tally.killed += 1;
    const now = await opened(bench, forward ? bench.stage.files.next : bench.stage.files.current);
    for (const [id, text] of before) {
      if (!now.has(id)) tally.lost += 1;
      else if (now.get(id) !== text) tally.twice += 1;
    }
  }
}

async function rotating(bench: KeysBench, tally: Tally, until: number, ids: readonly string[]): Promise<void> {
  const { caracalOwner, db, owner } = bench.stage;
  const versionsOf = async () =>
    new Map(
      (
        await caracalOwner.query(
          "SELECT zone_id, count(*)::int AS n, max(version) AS top FROM secrets WHERE name = 'zone_signing_key' AND zone_id = ANY ($1) GROUP BY 1",
          [ids],
        )
      ).rows.map((row) => [row.zone_id as string, row as { n: number; top: number }]),
    );
  while (tally.killed < until) {
    const before = await versionsOf();
    const jobId = await bench.rotate();
    tally.jobs += 1;
    const told = async () => {
      const [row] = await db.query<{ open: number }>(
        "SELECT count(*)::int AS open FROM key_job_zones WHERE job_id = $1 AND (state = 'planned' OR delivered::text = '{}')",
        [jobId],
      );
      return row?.open === 0;
    };
    while (!(await told()))
      if (await killOne(bench.worker(jobId, { UNTIL_DELIVERED: "1" }), tally.killed < until ? 250 : 60_000))
        tally.killed += 1;
    const after = await versionsOf();
    const rows = await db.query<{ zone_id: string; publications: number }>(
      "SELECT zone_id, publications FROM key_job_zones WHERE job_id = $1",
      [jobId],
    );
    const outbox = (
      await caracalOwner.query("SELECT id, payload_json->>'zone_id' AS zone FROM event_outbox WHERE stream_name = $1", [
        keyStream,
      ])
    ).rows;
    const mine = new Map<string, number>();
    for (const { zone_id: zone, publications } of rows) {
      const rounds = new Set(Array.from({ length: publications + 2 }, (_, at) => outboxId(jobId, zone, at + 1)));
      mine.set(zone, outbox.filter((row) => rounds.has(row.id)).length);
      const was = before.get(zone) ?? { n: 0, top: 0 };
      const is = after.get(zone) ?? { n: 0, top: 0 };
      if (is.n !== was.n + 2 || is.top !== was.top + 2) tally.versions += 1;
      // Each round has one row; the one after the last recorded publication may be written already.
      if ((mine.get(zone) ?? 0) < publications || (mine.get(zone) ?? 0) > publications + 1) tally.outbox += 1;
    }
    await owner.query("UPDATE key_jobs SET state = 'finished', finished_at = now() WHERE id = $1", [jobId]); // no STS stands here to be asked
  }
}

async function revoking(bench: KeysBench, tally: Tally, ids: readonly string[]): Promise<void> {
  const { caracalOwner, db, caracal } = bench.stage;
  while (tally.killed < kills) {
    await caracalOwner.query(
      `INSERT INTO sessions (id, zone_id, session_type, subject_id, status, expires_at)
       SELECT gen_random_uuid()::text, z, 'user', 'somebody', 'active', now() + interval '1 hour' FROM unnest($1::text[]) AS z, generate_series(1, $2)`,
      [ids, sessions],
    );
    const approval = await bench.revokeEverything();
    const runs = await db.query<{ id: string; zone_id: string }>(
      "SELECT id, zone_id FROM playbook_runs WHERE approval_id = $1 ORDER BY zone_id",
      [approval],
    );
    const open = async (runId: string) =>
      (
        await db.query(
          "SELECT 1 FROM playbook_rounds WHERE run_id = $1 AND round = 1 AND state IN ('queued', 'running')",
          [runId],
        )
      ).length > 0;
    for (const { id: runId } of runs) {
      tally.jobs += 1;
      while (await open(runId))
        if (await killOne(bench.roundWorker(runId, 1), tally.killed < kills ? 700 : 60_000)) tally.killed += 1;
      const targets = await db.query<{ sid: string }>("SELECT sid FROM playbook_targets WHERE run_id = $1", [runId]);
      const sids = targets.map(({ sid }) => sid);
      const wanted = new Set(sids.map((sid) => outboxId(runId, sid, 1)));
      const { rows: live } = await caracalOwner.query<{ id: string }>(
        "SELECT id FROM sessions WHERE id = ANY ($1) AND status <> 'revoked'",
        [sids],
      );
      const { rows } = await caracalOwner.query<{ id: string; sid: string }>(
        `SELECT id, payload_json->>'session_id' AS sid FROM event_outbox
          WHERE stream_name = $1 AND dispatched_at IS NOT NULL AND payload_json->>'session_id' = ANY ($2)`,
        [revocationStream, sids],
      );
      tally.unrevoked += live.length + sids.length - new Set(rows.map(({ sid }) => sid)).size;
      tally.outbox += rows.filter(({ id }) => !wanted.has(id)).length + Math.max(0, rows.length - sids.length);
      if (sids.length !== sessions) tally.unrevoked += 1;
    }
    const published = new Set<string>();
    for (let from = "-"; ; ) {
      const entries = await caracal.redis.xrange(revocationStream, from, "+", "COUNT", 5_000);
      for (const [, flat] of entries) published.add(flat[flat.indexOf("session_id") + 1] ?? "");
      const last = entries.at(-1)?.[0];
      if (last === undefined || entries.length < 5_000) break;
      from = `(${last}`;
    }
    const all = await db.query<{ sid: string }>("SELECT sid FROM playbook_targets WHERE run_id = ANY ($1::uuid[])", [
      runs.map(({ id }) => id),
    ]);
    tally.unrevoked += all.filter(({ sid }) => !published.has(sid)).length;
  }
}

/** Looks for every key and plaintext of the run in the console's database, the streams and what workers said. */
async function scan({ stage }: KeysBench): Promise<number> {
  const { current, next } = stage.files;
  const needles = [current, next].flatMap((key) => [
    key.toString("hex"),
    key.toString("base64"),
    key.toString("base64url"),
  ]);
  needles.push(
    "of ordinary length",
    "BEGIN EC PRIVATE KEY",
    Buffer.from("-----BEGIN EC PRIVATE").toString("base64").slice(0, 20),
  );
  const texts = [said.join("")];
  const { rows } = await stage.owner.query<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'pgboss')",
  );
  for (const { name } of rows)
    texts.push(
      (await stage.owner.query<{ text: string }>(`SELECT string_agg(t::text, E'\\n') AS text FROM ${name} t`)).rows[0]
        ?.text ?? "",
    );
  const { rows: events } = await stage.caracalOwner.query<{ text: string }>(
    "SELECT payload_json::text AS text FROM event_outbox",
  );
  texts.push(events.map(({ text }) => text).join("\n"));
  texts.push(JSON.stringify(await stage.caracal.redis.xrange(keyStream, "-", "+", "COUNT", 5_000)));
  return needles.filter((needle) => texts.some((text) => text.toLowerCase().includes(needle.toLowerCase()))).length;
}

/** kill -9, 200 times unless told otherwise, at random moments of re-encryptions, rotations and revocations, each resumed by the next process. */
export async function jobs(): Promise<BenchPart> {
  const stand = await openKeysBench();
  const tally: Tally = { killed: 0, jobs: 0, lost: 0, twice: 0, versions: 0, outbox: 0, unrevoked: 0, secrets: 0 };
  try {
    const zone = await stand.stage.newZone("Crash");
    await fillSeals(stand.stage, zone, seals);
    const before = await opened(stand, stand.stage.files.current);
    await reEncrypting(stand, tally, kills / 3, before);
    const reader = keyReader(stand.redisUrl, "sts-a-1-keys");
    try {
      await rotating(stand, tally, (2 * kills) / 3, [zone, ...(await fillZones(stand.stage, zones))]);
    } finally {
      await reader.stop();
    }
    await revoking(stand, tally, [zone, await stand.stage.newZone("Second"), await stand.stage.newZone("Third")]);
    tally.secrets = await scan(stand);
  } finally {
    await stand.close();
  }
  return {
    entries: [
      count("processes killed while they worked", tally.killed, kills, false),
      count("values lost", tally.lost, 0),
      count("values that open to something else", tally.twice, 0),
      count("zones without exactly two new versions", tally.versions, 0),
      count("zones and sessions without exactly one outbox row a round", tally.outbox, 0),
      count("sessions not revoked, or not published", tally.unrevoked, 0),
      count("keys or plaintexts found where none may be", tally.secrets, 0),
    ],
    notes: [{ figure: "jobs that were finished in spite of it", value: tally.jobs, unit: "jobs" }],
  };
}
