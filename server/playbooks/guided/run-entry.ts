import type { Actor } from "@/server/auth/roles";
import type { Queryable } from "@/server/platform/postgres";
import type { GuidedRunRow } from "@/server/playbooks/guided/playbook";
import { appendAnyway } from "@/server/timeline/append-anyway";
import type { EntryDetails } from "@/server/timeline/schemas";

/** What happened in a run, on its incident's record. Call it last in a transaction. */
export const runEntry = (
  tx: Queryable,
  run: Pick<GuidedRunRow, "id" | "incident_id">,
  by: Actor | null, // null: the console itself
  what: string,
  summary: string,
  details: EntryDetails = {},
): Promise<void> =>
  appendAnyway(tx, [
    {
      chain: run.incident_id,
      kind: `playbook.${what}`,
      by,
      summary: summary.slice(0, 4_000),
      details: { ...details, refs: { ...details.refs, guidedRun: run.id } },
    },
  ]);
