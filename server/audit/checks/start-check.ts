import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { checkInput, startCheckInput } from "@/server/audit/checks/schemas";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { findZone } from "@/server/caracal/revocation/subject-sessions";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

/** Which rules judged; it goes with every result. */
export const verifierVersion = "audit-chain@1";

type Context = { readonly db: Database; readonly caracal: Pick<Deployment, "db">; readonly actor: Actor };

/** Orders a check of a zone's audit chain, or of all. While one of the same zone is under way that one is given. @throws not_found, source_unreachable */
export async function startCheck({
  ctx: { db, caracal, actor },
  input,
}: {
  ctx: Context;
  input: z.output<typeof startCheckInput>;
}): Promise<{ readonly checkId: string }> {
  const zone = input.zoneId == null ? null : await findZone(caracal.db, input.zoneId);
  if (input.zoneId != null && zone === null) throw new DomainError("not_found", "No such zone in this deployment.");
  return db.transaction(async (tx) => {
    const id = randomUUID();
    const made = await tx.query(
      `INSERT INTO audit_checks (id, zone_id, zone_name, verifier, requested_by_id, requested_by_name) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT DO NOTHING RETURNING 1`,
      [id, zone?.id ?? null, zone?.name ?? null, verifierVersion, actor.id, actor.name],
    );
    if (made.length === 0) {
      const [open] = await tx.query<{ id: string }>(
        "SELECT id FROM audit_checks WHERE coalesce(zone_id, '') = coalesce($1, '') AND state IN ('queued', 'running')",
        [zone?.id ?? null],
      );
      if (open === undefined) throw new DomainError("conflict", "Another check has just ended. Order it again.");
      return { checkId: open.id };
    }
    await appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "evidence.check-ordered",
        by: actor,
        summary: `${actor.name} ordered a check of the audit chain of ${zone === null ? "every zone" : `zone ${zone.name}`}`,
        details: { refs: { auditCheck: id } },
      },
    ]);
    return { checkId: id };
  });
}

/** Asks a check to stop; it does at the next page. @throws not_found, conflict when it is over */
export async function cancelCheck({
  ctx: { db, actor },
  input: { checkId },
}: {
  ctx: Pick<Context, "db" | "actor">;
  input: z.output<typeof checkInput>;
}): Promise<void> {
  const rows = await db.query(
    "UPDATE audit_checks SET cancel_asked_by = $2 WHERE id = $1 AND state IN ('queued', 'running') AND cancel_asked_by IS NULL RETURNING 1",
    [checkId, actor.name],
  );
  if (rows.length === 0) throw new DomainError("conflict", "The check is over, or is being stopped already.");
}
