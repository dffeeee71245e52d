import type { z } from "zod";
import { likelyWithinMs, readAuditEvent, readLikelySessions } from "@/server/caracal/audit-event-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { DomainError } from "@/server/platform/errors";
import { requireInstant } from "@/server/platform/exact-time";
import { eventCommand } from "@/server/audit/commands";
import { redactJson } from "@/server/audit/redaction/redact-json";
import { redactRequestId } from "@/server/audit/redaction/sensitive-text";
import type { AuditDetail, auditEventInput } from "@/server/audit/schemas";

const bounds = { timeoutMs: 2_000, narrow: "Try again when Caracal's Postgres is less busy." };
const likelySessionsNote = `Likely, by time only: sessions of the same zone created within ${likelyWithinMs} ms. Events name no session. Sessions whose id is not a UUIDv7 cannot be found this way.`;

/**
 * One event with all its columns, what is sensitive in its JSON hidden, and the sessions that it likely belongs to (never a join, contract section 4).
 * @throws DomainError not_found, bad_input, precondition_failed, source_unreachable.
 */
export async function getAuditEvent({
  ctx,
  input,
}: {
  ctx: { caracal: Pick<Deployment, "db"> };
  input: z.infer<typeof auditEventInput>;
}): Promise<AuditDetail> {
  const occurredAt = input.occurredAt === undefined ? null : requireInstant("occurredAt", input.occurredAt);
  return boundedRead(ctx.caracal.db, bounds, async (tx) => {
    const event = await readAuditEvent(tx, input.id, occurredAt);
    if (event === null)
      throw new DomainError(
        "not_found",
        "No audit event has this id at this time. Retention may have dropped it, or the link is damaged.",
        { id: input.id, occurredAt },
      );
    const shown = {
      determiningPolicies: redactJson(event.determiningPolicies),
      diagnostics: redactJson(event.diagnostics),
      metadata: redactJson(event.metadata),
    };
    return {
      ...event,
      requestId: event.requestId === null ? null : redactRequestId(event.requestId),
      determiningPolicies: shown.determiningPolicies.text,
      diagnostics: shown.diagnostics.text,
      metadata: shown.metadata.text,
      hidden: Object.entries(shown).flatMap(([column, { hidden }]) => hidden.map((path) => `${column}: ${path}`)),
      likelySessions: await readLikelySessions(tx, event.zoneId, event.occurredAt),
      likelySessionsNote,
      sql: eventCommand(event),
    };
  });
}
