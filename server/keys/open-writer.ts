import type { Queryable } from "@/server/platform/postgres";

/** The re-encryption or rotation that is under way, in words; null: none is. The unique index key_jobs_one_writer decides in the end. */
export async function openWriter(db: Queryable): Promise<string | null> {
  const [row] = await db.query<{ kind: string; by: string }>(
    "SELECT kind, requested_by_name AS by FROM key_jobs WHERE kind <> 'inventory' AND state IN ('queued', 'running') LIMIT 1",
  );
  if (row === undefined) return null;
  return `${row.by}'s ${row.kind === "rotate" ? "rotation" : "re-encryption"} is under way; one at a time.`;
}
