import { readOutbox } from "@/server/caracal/revocation/outbox-rows";
import { pendingAmong, readRevocationStream } from "@/server/caracal/revocation/revocation-groups";
import { resourceKey, revocationStream } from "@/server/caracal/revocation/revocation-stream";
import { resourceKeysPresent } from "@/server/caracal/revocation/stream-entries";
import { countLive, sessionStatuses } from "@/server/caracal/revocation/subject-sessions";
import { DomainError, messageOf } from "@/server/platform/errors";
import { gatewayReadings } from "@/server/playbooks/gateway-source";
import { recheckSignatures, searchStream } from "@/server/playbooks/observe-stream";
import { targetsToObserve } from "@/server/playbooks/observe-targets";
import { recordObservation } from "@/server/playbooks/record-observation";
import {
  gatewayGain,
  gatewayProof,
  type GatewayMemory,
  remember,
} from "@/server/playbooks/revoke-session/gateway-count";
import { judgedGroups, judgeRun, type Observations, type TargetFacts } from "@/server/playbooks/revoke-session/proof";
import type { ObserverContext } from "@/server/playbooks/round-context";
import { loadRun, subjectsOf, type RunRow, type Scan } from "@/server/playbooks/run-rows";
import type { GatewayProof, RunProof } from "@/server/playbooks/schemas";

/** States in which there is something to observe. */
const observed = new Set(["revoke", "verify", "wait"]);

/**
 * One look at everything that proves a run: Postgres rows, outbox, stream entries and signatures, every group, resource keys,
 * gateways' counts. Bounded reads only. What was seen is stored with its time, and what changed goes to the log. When a source
 * does not answer, the last proof stays as it was, with its age, and `trouble` says what could not be read.
 */
export async function observeRun({
  ctx,
  input,
}: {
  ctx: ObserverContext;
  input: { readonly runId: string };
}): Promise<{ readonly run: RunRow; readonly proof: RunProof | null }> {
  const run = await loadRun(ctx.db, input.runId);
  if (!observed.has(run.state)) return { run, proof: run.proof };
  const memory = gatewayMemory(ctx, run);
  try {
    const scan = await searchStream(ctx, run);
    await recheckSignatures(ctx, run.id);
    const { targets, provedBefore } = await targetsToObserve(ctx.db, run.id);
    const seen = await look(ctx, run, targets, provedBefore);
    const expected = expectedIn(targets, provedBefore);
    const gateways = gatewayProofs(memory, run, scan, expected);
    const gained = run.baseline === null ? null : gatewayGain(Object.values(memory), expected, Date.now());
    const judged = judgeRun({ ...seen, gateways, gained });
    return { run, proof: await recordObservation(ctx.db, run, judged.proof, judged.provedSids, memory) };
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === null) throw error;
    const last = run.proof ?? neverLooked();
    return { run, proof: await recordObservation(ctx.db, run, { ...last, trouble: [trouble] }, [], memory) };
  }
}

const expectedIn = (targets: readonly TargetFacts[], provedBefore: number): number =>
  provedBefore + targets.filter((target) => target.outcome === "revoked").length;

async function look(
  ctx: ObserverContext,
  run: RunRow,
  targets: readonly TargetFacts[],
  provedBefore: number,
): Promise<Omit<Observations, "gateways" | "gained">> {
  const { db, redis, streamsKey } = ctx.caracal;
  const sids = targets.map((target) => target.sid);
  const outboxIds = targets.flatMap((target) => target.publications.slice(0, 2).map((row) => row.outboxId));
  const [live, statuses, outbox, stream] = await Promise.all([
    countLive(db, run.zone_id, subjectsOf(run)),
    sessionStatuses(db, sids),
    readOutbox(db, outboxIds),
    readRevocationStream(redis, revocationStream),
  ]);
  const ids = targets.flatMap((target) =>
    target.publications.flatMap((row) => (row.streamId === null ? [] : [row.streamId])),
  );
  const pending = new Map<string, Awaited<ReturnType<typeof pendingAmong>>>();
  const knownGroups = groupsBefore(run);
  for (const group of judgedGroups(stream, knownGroups))
    if (group.required && group.state !== null)
      pending.set(group.name, await pendingAmong(redis, revocationStream, group.state, ids));
  const resourceKeys = await resourceKeysPresent(redis, sids, resourceKey);
  return {
    now: Date.now(),
    targets,
    provedBefore,
    outbox,
    statuses,
    stream,
    pending,
    resourceKeys,
    hasKey: streamsKey !== null,
    knownGroups,
    live,
    trouble: [],
  };
}

/** Groups that had to be passed already: one that is gone since must not be forgotten with it. */
const groupsBefore = (run: RunRow): string[] => [
  ...(run.baseline?.groups ?? []),
  ...(run.proof?.groups ?? []).filter((group) => group.required).map((group) => group.group),
];

function gatewayMemory(ctx: ObserverContext, run: RunRow): Record<string, GatewayMemory> {
  const known: Record<string, GatewayMemory> = { ...run.gateway_readings };
  for (const reading of gatewayReadings(ctx.collector.snapshot())) {
    const before = known[reading.replica] ?? {
      floor: null,
      deniedFloor: null,
      denied: null,
      requestsTotal: null,
      revocationsActive: null,
      at: null,
      restartedAt: null,
    };
    known[reading.replica] = remember(before, reading);
  }
  return known;
}

function gatewayProofs(
  memory: Record<string, GatewayMemory>,
  run: RunRow,
  scan: Scan | null,
  expected: number,
): GatewayProof[] {
  const elsewhere = scan === null ? 0 : scan.elsewhere.length + scan.overflow;
  const names = Object.keys(memory).sort();
  return run.baseline === null
    ? []
    : names.map((name) => gatewayProof(name, memory[name] ?? null, { expected, elsewhere, now: Date.now() }));
}

function troubleOf(error: unknown): string | null {
  if (error instanceof DomainError) return error.code === "source_unreachable" ? error.message : null;
  const text = messageOf(error);
  const isRedis =
    /redis|connection is closed|stream isn't writeable|command timed out|ECONNREFUSED|max retries|socket|LOADING|READONLY|ETIMEDOUT|ECONNRESET/i;
  return isRedis.test(text) ? `Caracal's Redis did not answer: ${text}` : null;
}

const neverLooked = (): RunProof => ({
  observedAt: null,
  trouble: [],
  total: 0,
  proved: 0,
  groups: [],
  targets: [],
  gateways: [],
  signatureNote: null,
  summary: "Not observed yet",
  live: 0,
});
