import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { addLetters, letterOf, madeEvent, transient } from "@/sandbox/redrive-stage/audit-letters";
import { dlq, type RedriveStage } from "@/sandbox/redrive-stage/stage";
import { archiveDigest, chosenDigest, originalsOf } from "@/server/redrive/archive";
import { startClassification } from "@/server/redrive/start-classification";
import { startRedrive } from "@/server/redrive/start-redrive";

const checkout = fileURLToPath(new URL("../../", import.meta.url));
const audit = "caracal.audit.events";
const zone = "zone-crash";

/** What must all be 0 but `killed`, `redrives`, `letters`, `again` (additions that could not be found again) and `copies` (that ingestion absorbed). */
export type CrashTally = {
  killed: number;
  redrives: number;
  letters: number;
  lost: number;
  duplicates: number;
  archive: number;
  unaccounted: number;
  replayed: number;
  again: number;
  copies: number;
};

/** One worker on a run: dies at a random step, or is killed at a random time, or neither. True: it was killed. */
async function workOnce(
  stage: RedriveStage,
  script: string,
  runId: string,
  kill: "step" | "time" | null,
): Promise<boolean> {
  const child = spawn(process.execPath, [script], {
    env: {
      ...process.env,
      CONSOLE_URL: stage.urls.console,
      CARACAL_URL: stage.urls.caracal,
      REDIS_URL: stage.urls.redis,
      AUDIT_KEY: stage.keys.audit.toString("hex"),
      STREAMS_KEY: stage.keys.streams.toString("hex"),
      RUN: runId,
      ...(kill === "step" ? { DIE_AT: String(randomInt(1, 40)) } : {}),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  await Promise.race([new Promise((resolve) => child.stdout.once("data", resolve)), ended]);
  child.stdout.resume();
  if (kill === "time") {
    await Promise.race([pause(randomInt(0, 120)), ended]);
    child.kill("SIGKILL");
  }
  return (await ended) === "SIGKILL";
}

type Mixed = {
  readonly missing: readonly string[];
  readonly recorded: readonly string[];
  readonly stay: readonly string[];
  readonly fields: ReadonlyMap<string, Record<string, string>>;
};

/** Letters of every kind in the proportions of a bad night, shuffled; those that are recorded already are ingested first. */
async function mixedLetters(stage: RedriveStage, count: number): Promise<Mixed> {
  const key = stage.keys.audit;
  const events = (share: number) => Array.from({ length: Math.ceil(count * share) }, () => madeEvent(key, zone));
  const [missing, drifted, recorded, changed, forged, refused, broken, signals] = [
    0.5, 0.1, 0.15, 0.05, 0.05, 0.05, 0.05, 0.05,
  ].map(events) as [
    ReturnType<typeof events>,
    ReturnType<typeof events>,
    ReturnType<typeof events>,
    ReturnType<typeof events>,
    ReturnType<typeof events>,
    ReturnType<typeof events>,
    ReturnType<typeof events>,
    ReturnType<typeof events>,
  ];
  await addLetters(
    stage.redis,
    [...recorded, ...changed].map(({ id, data, sig }) => ({ id, data, sig })),
    audit,
  );
  const ids = [...recorded, ...changed].map(({ id }) => id);
  for (let there = 0; there < ids.length; await pause(50))
    there = (await stage.caracalOwner.query("SELECT id FROM audit_events WHERE id = ANY ($1)", [ids])).rows.length;
  await stage.caracalOwner.query("UPDATE audit_events SET decision = 'deny' WHERE id = ANY ($1)", [
    changed.map(({ id }) => id),
  ]);
  const letters = [
    ...missing.map((event) => letterOf(event, transient)),
    ...drifted.map((event) => letterOf(event, "hmac_verify_failed")),
    ...recorded.map((event) => letterOf(event, transient)),
    ...changed.map((event) => letterOf(event, transient)),
    ...forged.map((event) => letterOf({ ...event, sig: "0".repeat(64) }, "hmac_verify_failed")),
    ...refused.map((event) =>
      letterOf(event, "pg_permanent_error:ERROR: unsupported Unicode escape sequence (SQLSTATE 22P05)"),
    ),
    ...broken.map((event) =>
      letterOf({ ...event, data: event.data.slice(0, 20) }, "json_parse_error:unexpected end of JSON input"),
    ),
    ...signals.map((event) =>
      letterOf(
        { ...event, data: event.data.replace("token_exchange", "replay_detected"), sig: "" },
        "hmac_verify_failed",
      ),
    ),
  ];
  for (let at = letters.length - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1);
    [letters[at], letters[other]] = [letters[other] ?? {}, letters[at] ?? {}];
  }
  const entryIds = await addLetters(stage.redis, letters);
  const goes = new Set([...missing, ...drifted, ...recorded].map(({ id }) => id));
  return {
    missing: [...missing, ...drifted].map(({ id }) => id),
    recorded: recorded.map(({ id }) => id),
    stay: entryIds.filter((_, at) => !goes.has(letters[at]?.src_id ?? "")),
    fields: new Map(entryIds.map((id, at) => [id, letters[at] ?? {}])),
  };
}

/** Redrives mixed letters with audit ingestion running and kills the worker again and again until `kills` have been; then looks for what is wrong. */
export async function crashRedrives(
  stage: RedriveStage,
  options: { readonly kills: number; readonly letters: number },
): Promise<CrashTally> {
  const folder = join(checkout, ".cache", `redrive-worker-${process.pid}`);
  const script = join(folder, "worker-process.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("./worker-process.ts", import.meta.url))],
    outfile: script,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    logLevel: "warning",
    absWorkingDir: checkout,
  });
  const tally: CrashTally = {
    killed: 0,
    redrives: 0,
    letters: 0,
    lost: 0,
    duplicates: 0,
    archive: 0,
    unaccounted: 0,
    replayed: 0,
    again: 0,
    copies: 0,
  };
  const by = { db: stage.db, caracal: stage.caracal, actor: stage.actor };
  try {
    while (tally.killed < options.kills) {
      await stage.redis.del(dlq);
      const mixed = await mixedLetters(stage, options.letters);
      const before = await stage.redis.xlen(audit);
      const { runId } = await startClassification({ ctx: by, input: { stream: dlq } });
      const workUntil = async (state: string) => {
        for (let life = 0; (await stage.run(runId)).state !== state; life += 1) {
          const kill = tally.killed >= options.kills ? null : life % 2 === 0 ? "step" : "time";
          if (await workOnce(stage, script, runId, kill)) tally.killed += 1;
        }
      };
      await workUntil("planned");
      await startRedrive({
        ctx: by,
        input: {
          runId,
          classes: ["missing", "recorded"],
          rate: null,
          canary: 10,
          mostLag: 5_000,
          mostFailures: 5,
          reason: "A crash test",
        },
      });
      await workUntil("finished");
      await examine(stage, runId, mixed, before, tally);
      tally.redrives += 1;
      tally.letters += mixed.fields.size;
    }
    return tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function examine(
  stage: RedriveStage,
  runId: string,
  mixed: Mixed,
  before: number,
  tally: CrashTally,
): Promise<void> {
  const run = await stage.run(runId);
  const { rows } = await stage.caracalOwner.query<{ id: string; n: number }>(
    "SELECT id, count(*)::int AS n FROM audit_events WHERE id = ANY ($1) GROUP BY id",
    [[...mixed.missing, ...mixed.recorded]],
  );
  tally.lost += mixed.missing.length + mixed.recorded.length - rows.length;
  tally.duplicates += rows.filter(({ n }) => n !== 1).length;

  const left = new Set<string>();
  for (let from = "-"; ; ) {
    const page = await stage.redis.xrange(dlq, from, "+", "COUNT", 5_000);
    for (const [id] of page) left.add(id);
    if (page.length < 5_000) break;
    from = `(${page.at(-1)?.[0]}`;
  }
  const stay = new Set(mixed.stay);
  tally.unaccounted += [...stay].filter((id) => !left.has(id)).length + [...left].filter((id) => !stay.has(id)).length;
  const states = await stage.db.query<{
    entry_id: string;
    action: string | null;
    state: string;
    new_id: string | null;
  }>("SELECT entry_id, action, state, new_id FROM redrive_entries WHERE run_id = $1", [runId]);
  tally.unaccounted += Math.abs(states.length - mixed.fields.size);
  tally.unaccounted += states.filter(
    ({ entry_id: id, state }) => state !== (stay.has(id) ? "listed" : "retired"),
  ).length;
  tally.replayed += states.filter(({ entry_id: id, new_id: added }) => stay.has(id) && added !== null).length;
  if (run.retired !== run.chosen || run.failed !== 0) tally.unaccounted += 1;

  const kept = new Map<string, Record<string, string>>();
  for await (const page of originalsOf(stage.db, runId))
    for (const { line } of page) {
      const { id, fields } = JSON.parse(line) as { id: string; fields: [string, string][] };
      kept.set(id, Object.fromEntries(fields));
    }
  for (const [id, fields] of mixed.fields) {
    const own = kept.get(id) ?? {};
    if (
      Object.keys(own).length !== Object.keys(fields).length ||
      Object.entries(fields).some(([name, value]) => own[name] !== value)
    )
      tally.archive += 1;
  }
  if ((await archiveDigest(stage.db, runId)).sha256 !== run.archive_sha256) tally.archive += 1;
  if ((await chosenDigest(stage.db, runId)).digest !== run.digest) tally.archive += 1;

  tally.again += run.added_again;
  tally.copies += Math.max(0, (await stage.redis.xlen(audit)) - before - mixed.missing.length);
}
