import { randomUUID } from "node:crypto";
import type { Actor } from "@/server/auth/roles";
import type { Database } from "@/server/platform/postgres";
import { appendEntries, consoleChain } from "@/server/timeline/append-entries";

/**
 * Orders an inventory of every sealed value and signing key; it only reads. While one is under way that one is given: of any number
 * of clicks at once one starts it.
 */
export async function startInventory({
  ctx: { db, actor },
}: {
  ctx: { readonly db: Database; readonly actor: Actor };
}): Promise<{ readonly jobId: string }> {
  return db.transaction(async (tx) => {
    const id = randomUUID();
    const made = await tx.query(
      `INSERT INTO key_jobs (id, kind, requested_by_id, requested_by_name) VALUES ($1, 'inventory', $2, $3)
       ON CONFLICT DO NOTHING RETURNING 1`,
      [id, actor.id, actor.name],
    );
    if (made.length === 0) {
      const [open] = await tx.query<{ id: string }>(
        "SELECT id FROM key_jobs WHERE kind = 'inventory' AND state IN ('queued', 'running')",
      );
      if (open !== undefined) return { jobId: open.id };
    }
    await appendEntries(tx, [
      {
        chain: consoleChain,
        kind: "playbook.inventory-ordered",
        by: actor,
        summary: `${actor.name} ordered an inventory of keys and sealed values`,
        details: { refs: { keyJob: id } },
      },
    ]);
    return { jobId: id };
  });
}
