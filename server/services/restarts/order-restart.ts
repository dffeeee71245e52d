import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { DomainError } from "@/server/platform/errors";
import { type Database, isUniqueViolation, type Queryable } from "@/server/platform/postgres";
import { loadGuidedRun } from "@/server/playbooks/guided/run-rows";
import type { Place, RuntimeAdapter } from "@/server/services/adapter/adapter";
import { type Asked, askTwice, standingOf, stoppedOf } from "@/server/services/restarts/standing-now";
import { type Before, restartingNow } from "@/server/services/restarts/restart-rows";
import { whyTwo } from "@/server/services/restarts/why-two";
import type { restartInput } from "@/server/services/schemas";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

export type RestartContext = {
  readonly db: Database;
  readonly caracal: Pick<Deployment, "replicas" | "coordinatorToken" | "redis">;
  readonly adapter: RuntimeAdapter;
};

/** The place of a replica. @throws not_configured when it is not on the list */
export function placeOrRefuse(adapter: RuntimeAdapter, replica: string): Place {
  const place = adapter.placeOf(replica);
  if (place !== null) return place;
  throw new DomainError(
    "not_configured",
    adapter.kind === "off"
      ? "No runtime is configured (RUNTIME_ADAPTER): the console can neither restart services nor read their logs."
      : `${replica} is not in RUNTIME_SERVICES: the console leaves it alone.`,
  );
}

/** @throws precondition_failed: an STS or gateway that starts while Redis is away never reads, and says ready all the same */
async function redisThere(caracal: RestartContext["caracal"], place: Place): Promise<void> {
  if (!place.replicas.some((replica) => /^(sts|gateway)-/.test(replica))) return;
  try {
    await caracal.redis.ping();
  } catch {
    throw new DomainError(
      "precondition_failed",
      `Redis does not answer from here. ${place.replicas.join(", ")} started without it would say ready and read nothing: mend Redis first. Two people may restart the whole service all the same.`,
    );
  }
}

export const beforeOf = (asked: readonly Asked[], place: Place): Record<string, Before> =>
  Object.fromEntries(
    asked
      .filter(({ address }) => place.replicas.includes(address.id))
      .map(({ address, reading }) => [
        address.id,
        { ready: reading.ready, reachable: reading.reachable, metrics: reading.metrics },
      ]),
  );

export type NewRestart = {
  readonly orderId: string;
  readonly placeNumber: number;
  readonly place: Place;
  readonly before: Readonly<Record<string, Before>>;
  readonly incidentId: string | null;
  readonly runId: string | null;
  readonly approvalId: string | null;
  readonly reason: string;
  readonly by: { readonly id: string; readonly name: string };
};

/** The durable order of one restart; the worker carries it out. @throws conflict when one of the same target is under way */
export async function insertRestart(tx: Queryable, adapter: RuntimeAdapter, given: NewRestart): Promise<string> {
  const id = randomUUID();
  try {
    await tx.query(
      `INSERT INTO service_restarts (id, order_id, place, target, replicas, adapter, command, incident_id, guided_run_id, approval_id, reason,
                                     requested_by_id, requested_by_name, state, before)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
      [
        id,
        given.orderId,
        given.placeNumber,
        given.place.target,
        given.place.replicas,
        adapter.kind,
        adapter.commands(given.place).restart,
        given.incidentId,
        given.runId,
        given.approvalId,
        given.reason,
        given.by.id,
        given.by.name,
        adapter.acts ? "ordered" : "by-hand",
        JSON.stringify(given.before),
      ],
    );
  } catch (error) {
    if (isUniqueViolation(error))
      throw new DomainError("conflict", `A restart of ${given.place.replicas.join(", ")} is under way already.`);
    throw error;
  }
  return id;
}

/**
 * Orders the restart of one replica: on record before anything is done; a worker carries it out, and probes say what came of it.
 * @throws not_configured, not_found (run), precondition_failed when it takes two people, conflict when one is under way
 */
export async function orderRestart({
  ctx,
  input,
}: {
  ctx: RestartContext & { readonly actor: Actor };
  input: z.output<typeof restartInput>;
}): Promise<{ readonly restartId: string }> {
  const { db, caracal, adapter, actor } = ctx;
  const place = placeOrRefuse(adapter, input.replica);
  const run = input.runId == null ? null : await loadGuidedRun(db, actor, input.runId);
  if (run !== null && run.state !== "open") throw new DomainError("conflict", "The run is over.");
  await redisThere(caracal, place);
  const asked = await askTwice(caracal);
  const stopped = await stoppedOf(adapter, asked);
  const restartId = await db.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock(4270122)"); // those who order take turns: each sees what was ordered before
    const two = whyTwo({
      place,
      all: caracal.replicas,
      standing: standingOf(asked, stopped),
      restarting: await restartingNow(tx),
      keepsFiles: adapter.keepsFiles,
    });
    if (two !== null)
      throw new DomainError("precondition_failed", `This takes two people. ${two} Ask for "Restart a whole service".`);
    const id = await insertRestart(tx, adapter, {
      orderId: randomUUID(),
      placeNumber: 1,
      place,
      before: beforeOf(asked, place),
      incidentId: run?.incident_id ?? null,
      runId: run?.id ?? null,
      approvalId: null,
      reason: input.reason,
      by: actor,
    });
    await appendAnyway(tx, [
      {
        chain: run?.incident_id ?? consoleChain,
        kind: "playbook.restart-ordered",
        by: actor,
        summary: `${actor.name} ${adapter.acts ? "ordered the restart" : "is to restart by hand"} of ${place.replicas.join(", ")}: ${input.reason}`,
        details: {
          refs: { restart: id, ...(run === null ? {} : { guidedRun: run.id }) },
          parameters: { target: place.target, adapter: adapter.kind },
          figures: asked
            .filter(({ address }) => place.replicas.includes(address.id))
            .map((one) => ({
              name: `${one.address.id} before`,
              value: one.reading.ready ? "ready" : (one.reading.readyReason ?? "not ready"),
              source: `${one.address.id} /ready`,
            })),
        },
      },
    ]);
    return id;
  });
  return { restartId };
}
