import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { keyJobEntry } from "@/server/keys/key-job-entry";
import { loadVisibleKeyJob } from "@/server/keys/key-job-views";
import type { keyJobInput } from "@/server/keys/schemas";
import { DomainError } from "@/server/platform/errors";
import type { Database } from "@/server/platform/postgres";

/**
 * Asks a job to stop. It does at the next batch; what a rotation has written by then is still delivered and proved.
 * @throws not_found, conflict when it is over
 */
export async function cancelKeyJob({
  ctx: { db, actor },
  input: { jobId },
}: {
  ctx: { readonly db: Database; readonly actor: Actor };
  input: z.output<typeof keyJobInput>;
}): Promise<void> {
  const job = await loadVisibleKeyJob(db, actor, jobId);
  await db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE key_jobs SET cancel_asked_at = clock_timestamp(), cancel_asked_by = $2
        WHERE id = $1 AND state IN ('queued', 'running') AND cancel_asked_at IS NULL RETURNING 1`,
      [jobId, actor.name],
    );
    if (rows.length === 0) throw new DomainError("conflict", "The job is over, or is being stopped already.");
    await keyJobEntry(tx, job, `${job.kind}-cancel-asked`, `${actor.name} asked to stop it`, actor);
  });
}
