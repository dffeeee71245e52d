import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { readEntries } from "@/server/caracal/streams/entries";
import { isDeadLetterStream } from "@/server/caracal/streams/expected-streams";
import { requireVisible, viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { targetOf } from "@/server/redrive/letters/read-letter";
import { runEntry } from "@/server/redrive/run-entry";
import type { classifyInput } from "@/server/redrive/schemas";
import { askRedis } from "@/server/streams/ask-redis";

type Context = { readonly db: Database; readonly caracal: Pick<Deployment, "redis">; readonly actor: Actor };

/**
 * Begins a list of a dead-letter stream: every letter that is there now is kept and classified, nothing is moved. A list that nobody
 * started is dropped for the new one; while one is under way that one is given.
 * @throws bad_input, not_found (empty), conflict (one under way that the viewer may not see), source_unreachable
 */
export async function startClassification({
  ctx: { db, caracal, actor },
  input: { stream, incidentId = null },
}: {
  ctx: Context;
  input: z.output<typeof classifyInput>;
}): Promise<{ readonly runId: string }> {
  if (!isDeadLetterStream(stream)) throw new DomainError("bad_input", "That stream holds no dead letters.");
  if (incidentId !== null) await requireVisible(db, actor, incidentId);
  const [newest] = await askRedis(() =>
    readEntries(caracal.redis, { stream, after: null, direction: "newest", limit: 1 }),
  );
  if (newest === undefined) throw new DomainError("not_found", "There are no dead letters in that stream.");
  return db.transaction(async (tx) => {
    await tx.query(
      "UPDATE redrive_runs SET state = 'cancelled', finished_at = clock_timestamp(), cancel_asked_by = $2 WHERE stream = $1 AND state = 'planned'",
      [stream, actor.name],
    );
    const id = randomUUID();
    const made = await tx.query(
      `INSERT INTO redrive_runs (id, stream, target, last_id, incident_id, requested_by_id, requested_by_name)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING 1`,
      [id, stream, targetOf(stream), newest.id, incidentId, actor.id, actor.name],
    );
    if (made.length === 0) {
      const [open] = await tx.query<{ id: string; visible: boolean }>(
        `SELECT id, ${visibleByIncident("incident_id", 1)} AS visible FROM redrive_runs WHERE stream = $3 AND state NOT IN ('finished', 'cancelled')`,
        [...viewerParams(actor), stream],
      );
      if (open === undefined) throw new DomainError("conflict", "Another run of it has just ended. Begin it again.");
      if (!open.visible)
        throw new DomainError(
          "conflict",
          "A redrive of this stream is under way, for an incident that is not open to you.",
        );
      return { runId: open.id };
    }
    await runEntry(
      tx,
      { id, incident_id: incidentId, stream },
      "classified",
      `${actor.name} began a list of the dead letters of ${stream} up to ${newest.id}; nothing is moved by it`,
      actor,
    );
    return { runId: id };
  });
}
