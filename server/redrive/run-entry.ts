import type { Actor } from "@/server/auth/roles";
import type { Queryable } from "@/server/platform/postgres";
import type { RunRow } from "@/server/redrive/run-rows";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";
import type { EntryDetails } from "@/server/timeline/schemas";

/** What became of a redrive, on its incident's record; on the console's own when there is none. Call it last in a transaction. */
export const runEntry = (
  tx: Queryable,
  run: Pick<RunRow, "id" | "incident_id" | "stream">,
  what: string,
  summary: string,
  by: Actor | null = null,
  details: EntryDetails = {},
): Promise<void> =>
  appendAnyway(tx, [
    {
      chain: run.incident_id ?? consoleChain,
      kind: `playbook.redrive-${what}`,
      by,
      summary: summary.slice(0, 4_000),
      details: { ...details, refs: { redrive: run.id, ...details.refs } },
    },
  ]);
