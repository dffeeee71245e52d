import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { loadGuidedRun } from "@/server/playbooks/guided/run-rows";
import type { LogText } from "@/server/services/adapter/adapter";
import { placeOrRefuse, type RestartContext } from "@/server/services/restarts/order-restart";
import type { serviceLogsInput } from "@/server/services/schemas";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

/**
 * The newest lines of a replica's log, redacted. That they were read, and by whom, is on the record; what they say is not.
 * @throws not_configured, not_found (run), source_unreachable, precondition_failed
 */
export async function readServiceLogs({
  ctx: { db, adapter, actor },
  input,
}: {
  ctx: RestartContext & { readonly actor: Actor };
  input: z.output<typeof serviceLogsInput>;
}): Promise<LogText> {
  const place = placeOrRefuse(adapter, input.replica);
  const run = input.runId == null ? null : await loadGuidedRun(db, actor, input.runId);
  await db.transaction((tx) =>
    appendAnyway(tx, [
      {
        chain: run?.incident_id ?? consoleChain,
        kind: "view.logs",
        by: actor,
        summary: `${actor.name} read the newest ${input.lines} log lines of ${place.replicas.join(", ")}`,
        details: { parameters: { target: place.target, adapter: adapter.kind } },
      },
    ]),
  );
  return adapter.logs(place, input.lines);
}
