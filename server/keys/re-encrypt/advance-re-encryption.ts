import pMap from "p-map";
import { recordApprovalResult } from "@/server/approvals/record-result";
import { openSeal, sealFingerprint } from "@/server/caracal/keys/seal";
import {
  countSealedValues,
  readSealedValues,
  type SealedValue,
  type SealKind,
  sealKinds,
} from "@/server/caracal/keys/sealed-values";
import { withKeks } from "@/server/keys/kek-source";
import { keyJobEntry } from "@/server/keys/key-job-entry";
import { type KeyContext, type KeyJobRow, noSeals, noteTrouble, TakenOver } from "@/server/keys/key-job-rows";
import { type Moved, moveSeal } from "@/server/keys/re-encrypt/move-seal";
import type { SealCountsByKind, SealPass } from "@/server/keys/schemas";
import { wantedFingerprint } from "@/server/keys/wanted-fingerprint";
import type { Queryable } from "@/server/platform/postgres";

const batchSize = 500;
const atOnce = 4;
/** Replicas on the old key seal one grant now and then; a walk that still finds some after so many says so instead of going on for ever. */
const mostPasses = 50;

type Keks = { readonly from: Buffer; readonly to: Buffer };

/** The two keys of the job, whichever slots hold them: the way back is the same job with the fingerprints exchanged. */
async function withJobKeks(ctx: KeyContext, job: KeyJobRow, work: (keks: Keks) => Promise<boolean>): Promise<boolean> {
  return withKeks(ctx.keks, async (keks, states) => {
    const holding = (fingerprint: string | null) => {
      const slot = states.find((state) => state.fingerprint === fingerprint)?.slot;
      return slot === undefined ? null : keks[slot];
    };
    const [from, to] = [holding(job.from_kek), holding(job.to_kek)];
    if (from !== null && to !== null) return work({ from, to });
    const missing = [from === null ? job.from_kek : null, to === null ? job.to_kek : null]
      .filter(Boolean)
      .join(" and ");
    const why = states.flatMap(({ trouble }) => trouble ?? []).join(" ");
    await noteTrouble(
      ctx,
      job.id,
      `The console does not have the key ${missing}. ${why} Nothing is lost: it goes on where it is when the key is back.`,
    );
    return false;
  });
}

/** Whether any of the first values opens at all. Values but none that opens: the wrong keys, and nothing may be written. */
async function opensNothing(ctx: KeyContext, keks: Keks): Promise<boolean> {
  let seen = 0;
  for (const kind of sealKinds)
    for (const { sealed } of await readSealedValues(ctx.caracal.db, kind, null, batchSize)) {
      seen += 1;
      const plaintext = openSeal(keks.from, sealed) ?? openSeal(keks.to, sealed);
      if (plaintext === null) continue;
      plaintext.fill(0);
      return false;
    }
  return seen > 0;
}

/** Ends the job once; false when it has ended already or is held by another. */
async function end(
  ctx: KeyContext,
  job: KeyJobRow,
  state: "finished" | "cancelled" | "refused",
  sentence: string,
  also: (tx: Queryable) => Promise<void> = async () => undefined,
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE key_jobs SET state = $3, finished_at = clock_timestamp(), error = $4, phase = 'end'
        WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING 1`,
      [job.id, ctx.holder, state, state === "refused" ? sentence : null],
    );
    if (rows.length === 0) throw new TakenOver();
    await also(tx);
    await keyJobEntry(tx, job, `re-encrypt-${state}`, sentence);
    if (job.approval_id !== null) await recordApprovalResult(tx, job.approval_id, sentence, []);
  });
}

async function begin(ctx: KeyContext, job: KeyJobRow, keks: Keks): Promise<boolean> {
  if (job.pass === 1 && (await opensNothing(ctx, keks))) {
    const wanted = await wantedFingerprint(ctx.db);
    await end(
      ctx,
      job,
      "refused",
      `Refused before the first write: none of the values that were looked at opens under ${job.from_kek} or ${job.to_kek}. ${wanted}`,
    );
    return false;
  }
  const total = await countSealedValues(ctx.caracal.db);
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE key_jobs SET phase = 'walk', total = $3, done = 0, counts = '{}', position = $4, pass_started_at = clock_timestamp(), error = NULL, heartbeat_at = now()
        WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING 1`,
      [job.id, ctx.holder, total, JSON.stringify({ kind: sealKinds[0], after: null })],
    );
    if (rows.length === 0) throw new TakenOver();
    if (job.pass === 1)
      await keyJobEntry(
        tx,
        job,
        "re-encrypt-started",
        `Re-encryption of ${total} sealed values from ${job.from_kek} to ${job.to_kek} began`,
      );
  });
  return true;
}

/** Ends a walk over everything: one that moved nothing, and is not the first, is the proof. */
async function endPass(ctx: KeyContext, job: KeyJobRow): Promise<boolean> {
  const { moved = 0, ...counts } = job.counts;
  const all = Object.fromEntries(sealKinds.map((kind) => [kind, counts[kind] ?? noSeals])) as SealCountsByKind;
  const sum = (of: "current" | "next" | "neither") => sealKinds.reduce((total, kind) => total + all[kind][of], 0);
  const pass: SealPass = {
    pass: job.pass,
    startedAt: (job.pass_started_at ?? new Date()).toISOString(),
    finishedAt: new Date().toISOString(),
    seen: sum("current") + sum("next") + sum("neither"),
    moved,
    counts: all,
  };
  const left = sum("neither");
  const rest = left === 0 ? "" : `; ${left} open under neither key and were left as they are`;
  const sentence =
    moved === 0
      ? `Walk ${job.pass}: all ${sum("next")} values opened under ${job.to_kek}, none under ${job.from_kek}${rest}`
      : `Walk ${job.pass}: ${moved} values moved from ${job.from_kek} to ${job.to_kek}${rest}`;
  const passes = JSON.stringify([...job.passes, pass].slice(-100));
  const write = (tx: Queryable) =>
    tx.query("UPDATE key_jobs SET passes = $2, result = $3, done = $4, total = $4 WHERE id = $1", [
      job.id,
      passes,
      JSON.stringify(pass),
      pass.seen,
    ]);
  if ((moved === 0 && job.pass > 1) || job.pass >= mostPasses) {
    await end(
      ctx,
      job,
      "finished",
      moved === 0
        ? sentence
        : `${sentence}. Values are still being sealed under the old key: find the replica that runs on it, then sweep again`,
      async (tx) => {
        await write(tx);
      },
    );
    return false;
  }
  await ctx.db.transaction(async (tx) => {
    const rows = await tx.query(
      "UPDATE key_jobs SET pass = pass + 1, phase = 'start', heartbeat_at = now() WHERE id = $1 AND holder = $2 AND state = 'running' AND pass = $3 RETURNING 1",
      [job.id, ctx.holder, job.pass],
    );
    if (rows.length === 0) throw new TakenOver();
    await write(tx);
    await keyJobEntry(tx, job, "re-encrypt-pass", sentence);
  });
  return true;
}

/** Deals with the next values of the walk and saves how far it has come, in one statement. */
async function walk(ctx: KeyContext, job: KeyJobRow, keks: Keks): Promise<boolean> {
  const position = job.position ?? { kind: "secrets" as SealKind, after: null };
  const values = await readSealedValues(ctx.caracal.db, position.kind, position.after, batchSize);
  const last = values.at(-1);
  if (last === undefined) {
    const following = sealKinds[sealKinds.indexOf(position.kind) + 1];
    if (following === undefined) return endPass(ctx, job);
    return save(ctx, job, { position: { kind: following, after: null }, done: 0, counts: job.counts });
  }
  const outcomes = await pMap(values, (value) => moveSeal(ctx.caracal.db, value, keks), { concurrency: atOnce });
  await recordNeither(
    ctx,
    job,
    values.filter((_, at) => outcomes[at] === "neither"),
  );
  const number = (outcome: Moved) => outcomes.filter((one) => one === outcome).length;
  const before = job.counts[position.kind] ?? noSeals;
  const counts = {
    ...job.counts,
    moved: (job.counts.moved ?? 0) + number("current"),
    [position.kind]: {
      current: before.current + number("current"),
      next: before.next + number("next"),
      neither: before.neither + number("neither"),
    },
  };
  return save(ctx, job, { position: { kind: position.kind, after: last.id }, done: values.length, counts });
}

async function save(
  ctx: KeyContext,
  job: KeyJobRow,
  now: { position: KeyJobRow["position"]; done: number; counts: KeyJobRow["counts"] },
): Promise<boolean> {
  const rows = await ctx.db.query(
    `UPDATE key_jobs SET position = $3, done = done + $4, counts = $5, error = NULL, heartbeat_at = now()
      WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING 1`,
    [job.id, ctx.holder, JSON.stringify(now.position), now.done, JSON.stringify(now.counts)],
  );
  if (rows.length === 0) throw new TakenOver();
  return true;
}

/** Values that neither key opens: listed, and otherwise left alone. */
async function recordNeither(ctx: KeyContext, job: KeyJobRow, values: readonly SealedValue[]): Promise<void> {
  if (values.length === 0) return;
  await ctx.db.query(
    `INSERT INTO key_findings (job_id, seal_kind, row_id, zone_id, seal_fingerprint, pass)
     SELECT $1, f.kind, f.id, f.zone, f.print, $2 FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS f (kind, id, zone, print)
     ON CONFLICT (job_id, seal_kind, row_id) DO UPDATE SET pass = EXCLUDED.pass, seal_fingerprint = EXCLUDED.seal_fingerprint`,
    [
      job.id,
      job.pass,
      values.map(({ kind }) => kind),
      values.map(({ id }) => id),
      values.map(({ zoneId }) => zoneId),
      values.map(({ sealed }) => sealFingerprint(sealed)),
    ],
  );
}

/**
 * One slice of a re-encryption: walks over every sealed value, again and again until a walk moves nothing. Stopping it at any
 * instruction loses nothing: each value is under one of the two keys at every moment, and the walk is taken up at the last batch.
 */
export async function advanceReEncryption(ctx: KeyContext, job: KeyJobRow): Promise<boolean> {
  if (job.cancel_asked_at !== null) {
    const { moved = 0 } = job.counts;
    await end(
      ctx,
      job,
      "cancelled",
      `Cancelled by ${job.cancel_asked_by} in walk ${job.pass} after ${moved} values had moved in it: values are now under both keys, and every replica needs the one its rows are under. Start it again, or the way back`,
    );
    return false;
  }
  return withJobKeks(ctx, job, (keks) => (job.phase === "walk" ? walk(ctx, job, keks) : begin(ctx, job, keks)));
}
