import type { Actor } from "@/server/auth/roles";
import type { KeyJobRow } from "@/server/keys/key-job-rows";
import type { Queryable } from "@/server/platform/postgres";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

/** What became of a key job, on its incident's record; on the console's own when there is none. Call it last in a transaction. */
export const keyJobEntry = (
  tx: Queryable,
  job: Pick<KeyJobRow, "id" | "incident_id" | "from_kek" | "to_kek">,
  what: string,
  summary: string,
  by: Actor | null = null,
): Promise<void> =>
  appendAnyway(tx, [
    {
      chain: job.incident_id ?? consoleChain,
      kind: `playbook.${what}`,
      by,
      summary: summary.slice(0, 4_000),
      details: { refs: { keyJob: job.id }, parameters: { fromKek: job.from_kek, toKek: job.to_kek } },
    },
  ]);
