import type { z } from "zod";
import { readLikelyEvents } from "@/server/caracal/audit-event-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { readSession } from "@/server/caracal/sessions-read";
import { redactRequestId, redactText } from "@/server/audit/redaction/sensitive-text";
import type { LikelyEventRow, likelyEventsInput } from "@/server/audit/schemas";
import { DomainError } from "@/server/platform/errors";

const bounds = { timeoutMs: 2_000, narrow: "Try again when Caracal's Postgres is less busy." };

/**
 * The events that likely belong to a session: of its zone, within milliseconds of when it was made. Never a join, since events name no
 * session (contract section 4). @throws DomainError not_found, precondition_failed, source_unreachable.
 */
export async function likelyEvents({
  ctx,
  input,
}: {
  ctx: { caracal: Pick<Deployment, "db"> };
  input: z.infer<typeof likelyEventsInput>;
}): Promise<readonly LikelyEventRow[]> {
  return boundedRead(ctx.caracal.db, bounds, async (tx) => {
    const session = await readSession(tx, input.sessionId);
    if (session === null) throw new DomainError("not_found", "Caracal has no session with this id.", {});
    const found = await readLikelyEvents(tx, session.zoneId, session.createdAt);
    return found.map(({ id, occurredAt, eventType, decision, evaluationStatus, requestId, resource, apartMs }) => ({
      id,
      occurredAt,
      eventType,
      decision,
      evaluationStatus,
      requestId: requestId === null ? null : redactRequestId(requestId),
      resource: resource === null ? null : redactText(resource),
      apartMs,
    }));
  });
}
