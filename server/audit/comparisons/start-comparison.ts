import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { ArchiveSource } from "@/server/audit/archive/archive-source";
import { hourMs, hourOf } from "@/server/audit/archive/export-key";
import type { comparisonInput, startComparisonInput } from "@/server/audit/comparisons/schemas";
import { requireChain } from "@/server/audit/require-chain";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

/** Which rules compared; it goes with every result. */
export const comparerVersion = "audit-archive@1";

type Context = {
  readonly db: Database;
  readonly caracal: Pick<Deployment, "db">;
  readonly archive: Pick<ArchiveSource, "name"> | null;
  readonly actor: Actor;
};

/**
 * Orders a comparison of audit_events with the archive: of a zone or of all, of whole hours of ingestion. While one of the same zone is
 * under way that one is given. @throws not_found, precondition_failed without an archive, source_unreachable
 */
export async function startComparison({
  ctx: { db, caracal, archive, actor },
  input,
}: {
  ctx: Context;
  input: z.output<typeof startComparisonInput>;
}): Promise<{ readonly comparisonId: string }> {
  if (archive === null)
    throw new DomainError(
      "precondition_failed",
      "No archive is set: AUDIT_ARCHIVE_FOLDER or AUDIT_ARCHIVE_S3_BUCKET says where Caracal's hourly exports lie.",
    );
  const zone = input.zoneId == null ? null : await requireChain(caracal.db, input.zoneId);
  const from = input.from == null ? null : new Date(hourOf(Date.parse(input.from)));
  const to = input.to == null ? null : new Date(hourOf(Date.parse(input.to) + hourMs - 1));
  return db.transaction(async (tx) => {
    const id = randomUUID();
    const made = await tx.query(
      `INSERT INTO audit_comparisons (id, zone_id, zone_name, asked_from, asked_to, comparer, requested_by_id, requested_by_name)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING 1`,
      [id, zone?.id ?? null, zone?.name ?? null, from, to, comparerVersion, actor.id, actor.name],
    );
    if (made.length === 0) {
      const [open] = await tx.query<{ id: string }>(
        "SELECT id FROM audit_comparisons WHERE coalesce(zone_id, '') = coalesce($1, '') AND state IN ('queued', 'running')",
        [zone?.id ?? null],
      );
      if (open === undefined) throw new DomainError("conflict", "Another comparison has just ended. Order it again.");
      return { comparisonId: open.id };
    }
    await appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "evidence.comparison-ordered",
        by: actor,
        summary: `${actor.name} ordered a comparison of the audit log of ${zone === null ? "every zone" : `zone ${zone.name}`} with the archive`,
        details: { refs: { comparison: id } },
      },
    ]);
    return { comparisonId: id };
  });
}

/** Asks a comparison to stop; it does at the next page. @throws conflict when it is over */
export async function cancelComparison({
  ctx: { db, actor },
  input: { comparisonId },
}: {
  ctx: Pick<Context, "db" | "actor">;
  input: z.output<typeof comparisonInput>;
}): Promise<void> {
  const rows = await db.query(
    "UPDATE audit_comparisons SET cancel_asked_by = $2 WHERE id = $1 AND state IN ('queued', 'running') AND cancel_asked_by IS NULL RETURNING 1",
    [comparisonId, actor.name],
  );
  if (rows.length === 0) throw new DomainError("conflict", "The comparison is over, or is being stopped already.");
}
