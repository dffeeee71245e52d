import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { outboxId } from "@/server/caracal/revocation/outbox-id";
import { publishOne } from "@/server/caracal/revocation/publish-one";
import { revocationStream } from "@/server/caracal/revocation/revocation-stream";
import { groupConsumers } from "@/server/caracal/streams/group-consumers";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { loadGuidedRun } from "@/server/playbooks/guided/run-rows";
import { runEntry } from "@/server/playbooks/guided/run-entry";
import type { hearInput } from "@/server/services/schemas";

type Context = { readonly db: Database; readonly caracal: Deployment; readonly actor: Actor };

export const groupOf = { sts: "sts-revocation", gateway: "gateway-revocation" } as const;
const everyMs = 250;
const mostPublished = 40; // ten seconds of them; a group hands them to its readers in turn

/** A session that is revoked already, so that the message changes nothing anywhere; one that never was when there is none. */
async function harmless(caracal: Deployment): Promise<{ zone_id: string; session_id: string }> {
  const [row] = await caracal.db.query<{ zone_id: string; session_id: string }>(
    `SELECT zone_id, session_id FROM (SELECT zone_id, id AS session_id, status FROM sessions ORDER BY id DESC LIMIT 2000) newest
      WHERE status = 'revoked' LIMIT 1`,
  );
  return row ?? { zone_id: "none", session_id: randomUUID() };
}

/**
 * Finds out whether the consumers of every STS or gateway live: publishes revocations that change nothing, one by one, until as many
 * consumers were handed one as replicas are configured, or ten seconds are over. A replica that was started while Redis was away never
 * begins to read and says ready all the same (contract section 1), and its siblings read in its place, so that nothing falls behind.
 * That it is asked stands on the record before the first message.
 * @throws not_found, conflict when the run is over, source_unreachable
 */
export async function hearConsumers({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof hearInput>;
}): Promise<{ readonly consumers: readonly string[]; readonly replicas: number }> {
  const { db, caracal, actor } = ctx;
  const run = await loadGuidedRun(db, actor, input.runId);
  if (run.state !== "open") throw new DomainError("conflict", "The run is over.");
  const replicas = caracal.replicas.filter(({ kind }) => kind === input.kind).length;
  const group = groupOf[input.kind];
  const id = randomUUID();
  await db.transaction(async (tx) => {
    await tx.query(
      "INSERT INTO consumer_hearings (id, guided_run_id, kind, asked_by_id, asked_by_name, replicas) VALUES ($1, $2, $3, $4, $5, $6)",
      [id, run.id, input.kind, actor.id, actor.name, replicas],
    );
    await runEntry(
      tx,
      run,
      actor,
      "hearing-asked",
      `${actor.name} asked whether the consumers of every ${input.kind} live: revocations of a session that is revoked already are published until each was handed one`,
    );
  });
  const fields = await harmless(caracal);
  const handed = new Set<string>();
  let published = 0;
  const began = performance.now();
  while (published < mostPublished && handed.size < Math.max(1, replicas)) {
    published += 1;
    const reference = outboxId(id, fields.session_id, published);
    await publishOne(caracal, {
      id: reference,
      stream: revocationStream,
      fields: { ...fields, reason: "console-hearing", console_ref: reference },
      holder: `console:${id}`,
    });
    await pause(everyMs);
    const sinceMs = performance.now() - began;
    for (const { name, agoMs } of await groupConsumers(caracal.redis, revocationStream, group))
      if (agoMs !== null && agoMs < sinceMs) handed.add(name);
  }
  const consumers = [...handed].sort();
  await db.transaction(async (tx) => {
    await tx.query(
      "UPDATE consumer_hearings SET consumers = $2, published = $3, finished_at = clock_timestamp() WHERE id = $1",
      [id, consumers, published],
    );
    await runEntry(
      tx,
      run,
      null,
      "hearing-ended",
      `${consumers.length} consumers of ${group} were handed one of ${published} messages; ${replicas} ${input.kind} are configured`,
      {
        figures: consumers.map((name) => ({
          name,
          value: "handed a message",
          source: `XINFO CONSUMERS ${revocationStream} ${group}`,
        })),
      },
    );
  });
  return { consumers, replicas };
}
