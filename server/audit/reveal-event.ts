import type { z } from "zod";
import { readAuditEvent } from "@/server/caracal/audit-event-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import type { Actor } from "@/server/auth/roles";
import { redactJson } from "@/server/audit/redaction/redact-json";
import type { RevealedEvent, revealInput } from "@/server/audit/schemas";
import { loadIncident } from "@/server/incidents/incident-rows";
import { DomainError } from "@/server/platform/errors";
import { requireInstant } from "@/server/platform/exact-time";
import type { Database } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

const bounds = { timeoutMs: 2_000, narrow: "Try again when Caracal's Postgres is less busy." };

/**
 * The JSON of one event with nothing hidden. Who looked, why and at which members is on the record before it leaves the server: on the
 * incident's timeline, or without one on the console's. Who may is in the policy table.
 * @throws DomainError not_found (event, incident), bad_input, precondition_failed, source_unreachable.
 */
export async function revealEvent({
  ctx: { db, caracal, actor },
  input,
}: {
  ctx: { readonly db: Database; readonly caracal: Pick<Deployment, "db">; readonly actor: Actor };
  input: z.infer<typeof revealInput>;
}): Promise<RevealedEvent> {
  const occurredAt = requireInstant("occurredAt", input.occurredAt);
  const incident = input.incidentId === undefined ? null : await loadIncident(db, actor, input.incidentId);
  const event = await boundedRead(caracal.db, bounds, (tx) => readAuditEvent(tx, input.id, occurredAt));
  if (event === null) throw new DomainError("not_found", "No audit event has this id at this time.", {});
  const { determiningPolicies, diagnostics, metadata } = event;
  const hidden = Object.entries({ determiningPolicies, diagnostics, metadata }).flatMap(([column, text]) =>
    redactJson(text).hidden.map((path) => `${column}: ${path}`),
  );
  await db.transaction((tx) =>
    appendAnyway(tx, [
      {
        chain: incident?.id ?? consoleChain,
        kind: "evidence.revealed",
        by: actor,
        summary: `What is hidden in audit event ${event.id} was shown to ${actor.name}: ${hidden.length} members. Reason: ${input.reason}`,
        details: {
          parameters: {
            event: event.id,
            occurredAt,
            zone: event.zoneId,
            members: hidden.slice(0, 50),
            reason: input.reason,
          },
        },
      },
    ]),
  );
  return { determiningPolicies, diagnostics, metadata };
}
