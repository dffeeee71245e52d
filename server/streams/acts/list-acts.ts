import type { z } from "zod";
import type { Actor } from "@/server/auth/roles";
import { viewerParams, visibleByIncident } from "@/server/incidents/visible-to";
import type { Database } from "@/server/platform/postgres";
import type { ActRow } from "@/server/streams/acts/act-row";
import { actWords } from "@/server/streams/acts/act-words";
import { movedBy } from "@/server/streams/acts/claim-back";
import type { actsInput, StreamActView } from "@/server/streams/acts/schemas";

/** The newest 25 acts on a stream's groups that the viewer may see. */
export async function listActs({
  ctx: { db, actor },
  input,
}: {
  ctx: { readonly db: Database; readonly actor: Actor };
  input: z.output<typeof actsInput>;
}): Promise<readonly StreamActView[]> {
  const rows = await db.query<ActRow & { taken_back: boolean }>(
    `SELECT a.*, EXISTS (SELECT 1 FROM stream_acts u WHERE u.undoes = a.id) AS taken_back
       FROM stream_acts a WHERE a.stream = $3 AND ${visibleByIncident("a.incident_id", 1)}
      ORDER BY a.ordered_at DESC, a.id DESC LIMIT 25`,
    [...viewerParams(actor), input.stream],
  );
  return rows.map((act) => {
    const words = actWords(act);
    const open = act.error === null ? "under way" : `tried again until it is done: ${act.error}`;
    return {
      id: act.id,
      kind: act.kind,
      group: act.group_name,
      consumer: act.consumer,
      entries: act.ids.length,
      state: act.state,
      sentence: words.ended ?? `${words.ordered}; ${open}`,
      by: act.by_name,
      reason: act.reason,
      orderedAt: act.ordered_at.toISOString(),
      approvalId: act.approval_id,
      canBeTakenBack: act.kind === "claim" && !act.taken_back && movedBy(act).length > 0,
    };
  });
}
