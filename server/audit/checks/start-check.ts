import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { checkInput, startCheckInput } from "@/server/audit/checks/schemas";
import { requireChain } from "@/server/audit/require-chain";
import { verifierVersion } from "@/server/audit/checks/verifier-version";
import type { Actor } from "@/server/auth/roles";
import type { Deployment } from "@/server/caracal/deployment";
import { DomainError } from "@/server/platform/errors";
import { requireInstant } from "@/server/platform/exact-time";
import type { Database } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

type Context = { readonly db: Database; readonly caracal: Pick<Deployment, "db">; readonly actor: Actor };

const isSeq = (text: string) => /^\d{1,15}$/.test(text);

/** The window's edges as they are kept: seqs, or times in UTC. @throws bad_input */
function edgesOf(input: z.output<typeof startCheckInput>): { from: string; to: string | null } | null {
  const { scope, window, zoneId } = input;
  if (scope !== "window") return null;
  if (window === undefined) throw new DomainError("bad_input", "Which window? Give where it begins.");
  const to = window.to == null || window.to === "" ? null : window.to;
  if (isSeq(window.from)) {
    if (zoneId == null)
      throw new DomainError("bad_input", "A window of seqs is one of a zone: each zone counts its own.");
    if (to !== null && (!isSeq(to) || Number(to) < Number(window.from)))
      throw new DomainError("bad_input", "The window's last seq must be a number that is not below the first.");
    return { from: window.from, to };
  }
  const edges = { from: requireInstant("from", window.from), to: to === null ? null : requireInstant("to", to) };
  if (edges.to !== null && edges.to <= edges.from)
    throw new DomainError("bad_input", "The window ends before it begins.");
  return edges;
}

const scopeWords = { full: "", window: "a window of ", new: "what is new in " } as const;

/**
 * Orders a check of a zone's audit chain, or of all: whole, of a window, or of what is new. While one of the same zone and scope is under
 * way that one is given. @throws not_found, bad_input, source_unreachable
 */
export async function startCheck({
  ctx: { db, caracal, actor },
  input,
}: {
  ctx: Context;
  input: z.output<typeof startCheckInput>;
}): Promise<{ readonly checkId: string }> {
  const zone = input.zoneId == null ? null : await requireChain(caracal.db, input.zoneId);
  const edges = edgesOf(input);
  const { scope } = input;
  return db.transaction(async (tx) => {
    const id = randomUUID();
    const made = await tx.query(
      `INSERT INTO audit_checks (id, zone_id, zone_name, verifier, requested_by_id, requested_by_name, scope, window_from, window_to)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING 1`,
      [
        id,
        zone?.id ?? null,
        zone?.name ?? null,
        verifierVersion,
        actor.id,
        actor.name,
        scope,
        edges?.from ?? null,
        edges?.to ?? null,
      ],
    );
    if (made.length === 0) {
      const [open] = await tx.query<{ id: string }>(
        "SELECT id FROM audit_checks WHERE coalesce(zone_id, '') = coalesce($1, '') AND scope = $2 AND state IN ('queued', 'running')",
        [zone?.id ?? null, scope],
      );
      if (open === undefined) throw new DomainError("conflict", "Another check has just ended. Order it again.");
      return { checkId: open.id };
    }
    await appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "evidence.check-ordered",
        by: actor,
        summary: `${actor.name} ordered a check of ${scopeWords[scope]}the audit chain of ${zone === null ? "every zone" : `zone ${zone.name}`}`,
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
