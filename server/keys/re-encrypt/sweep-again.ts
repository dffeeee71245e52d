import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { keyJobEntry } from "@/server/keys/key-job-entry";
import { loadVisibleKeyJob } from "@/server/keys/key-job-views";
import { openWriter } from "@/server/keys/open-writer";
import type { keyJobInput } from "@/server/keys/schemas";
import { DomainError } from "@/server/platform/errors";
import { type Database, isUniqueViolation } from "@/server/platform/postgres";

/**
 * Walks over everything once more with a re-encryption that ended: replicas on the old key go on sealing refreshed grants under it
 * (trap 6). Part of what two people agreed on: "repeated until no value opens under the key it moves from".
 * @throws not_found, conflict when it is not a finished re-encryption or another key job is under way
 */
export async function sweepAgain({
  ctx: { db, actor },
  input: { jobId },
}: {
  ctx: { readonly db: Database; readonly actor: Actor };
  input: z.output<typeof keyJobInput>;
}): Promise<void> {
  const job = await loadVisibleKeyJob(db, actor, jobId);
  try {
    await db.transaction(async (tx) => {
      const rows = await tx.query(
        `UPDATE key_jobs SET state = 'queued', phase = 'start', pass = pass + 1, finished_at = NULL, error = NULL, heartbeat_at = 'epoch'
          WHERE id = $1 AND kind = 're-encrypt' AND state = 'finished' RETURNING 1`,
        [jobId],
      );
      if (rows.length === 0)
        throw new DomainError("conflict", "Only a re-encryption that has finished can be walked again.");
      await keyJobEntry(
        tx,
        job,
        "re-encrypt-again",
        `${actor.name} ordered another walk over every sealed value`,
        actor,
      );
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new DomainError("conflict", (await openWriter(db)) ?? "Another key job is under way.");
  }
}
