import { z } from "zod";
import { agreedAs } from "@/server/approvals/agreed-as";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import { DomainError } from "@/server/platform/errors";
import type { ActContext, ActRow } from "@/server/streams/acts/act-row";
import { orderAct } from "@/server/streams/acts/order-act";
import { pendingNow } from "@/server/streams/acts/pending-now";
import { performAct } from "@/server/streams/acts/perform-act";
import { zonesOfStream } from "@/server/streams/acts/zones-of-stream";
import { ackParameters } from "@/server/streams/acts/schemas";
import { groupName, streamName } from "@/server/streams/schemas";

const agreed = z.object({ stream: streamName, group: groupName });
const verdictsThen = z.object({ verdicts: z.record(z.string(), z.string()) });

const given = (parameters: unknown) => {
  const parsed = ackParameters.safeParse(parameters);
  if (!parsed.success)
    throw new DomainError("bad_input", "Acknowledging needs a stream, a group and the ids of at most 100 entries.");
  return parsed.data;
};

/** "Acknowledge pending entries" as two people agree on it: exactly these, while Postgres says of each what it said then. */
export function ackPendingAction(ctx: ActContext): ApprovedAction<"ack-pending"> {
  const verdictsNow = async (asked: z.output<typeof agreed> & { ids: readonly string[] }) => {
    const { before, verdicts } = await pendingNow(ctx, asked);
    return { before, verdicts, kinds: Object.fromEntries(asked.ids.map((id) => [id, before[id]?.verdict ?? "none"])) };
  };
  return {
    action: "ack-pending",
    async freeze(parameters) {
      const { stream, group, ids } = given(parameters);
      const { verdicts, kinds } = await verdictsNow({ stream, group, ids });
      const dropped = ids.filter((id) => verdicts.get(id)?.proved !== true).length;
      const count = (kind: string) => Object.values(kinds).filter((one) => one === kind).length;
      return {
        parameters: { stream, group },
        targets: ids,
        preconditions: { verdicts: kinds },
        blast: {
          sentence: `${ids.length} pending ${ids.length === 1 ? "entry" : "entries"} of ${group} in ${stream} acknowledged; ${dropped} of them dropped without proof that they had their effect`,
          figures: [...new Set(Object.values(kinds))].sort().map((kind) => ({
            name: kind === "none" ? "nothing in Postgres to hold them against" : kind,
            value: count(kind),
            source: kind === "none" || kind === "gone" ? `XPENDING ${stream} ${group}` : "Postgres",
          })),
        },
        severity: "P2",
        playbookVersion: "ack-pending@1",
      };
    },
    zonesOf: ({ parameters }) => zonesOfStream(agreedAs(agreed, parameters).stream),
    async recheck(stored) {
      const { stream, group } = agreedAs(agreed, stored.parameters);
      const { verdicts } = agreedAs(verdictsThen, stored.preconditions);
      try {
        const { kinds } = await verdictsNow({ stream, group, ids: stored.targets });
        const changed = stored.targets.filter((id) => kinds[id] !== verdicts[id]);
        return changed.length === 0
          ? null
          : `Postgres says something else of ${changed.length === 1 ? changed[0] : `${changed.length} entries`} by now: ${kinds[changed[0] ?? ""]}.`;
      } catch (error) {
        if (error instanceof DomainError && error.code === "conflict") return error.message;
        throw error;
      }
    },
    async start(tx, stored, by) {
      const { stream, group } = agreedAs(agreed, stored.parameters);
      const { verdicts } = agreedAs(verdictsThen, stored.preconditions);
      const before = Object.fromEntries(
        stored.targets.map((id) => [id, { consumer: "", idleMs: 0, deliveries: 0, verdict: verdicts[id] ?? null }]),
      );
      const act = await orderAct(tx, by, {
        kind: "ack",
        stream,
        group,
        ids: stored.targets,
        before,
        incidentId: stored.incidentId,
        approvalId: stored.approvalId,
        reason: stored.reason,
      });
      return `stream-act:${act.id}`;
    },
    async wake(ref) {
      const [act] = await ctx.db.query<ActRow>("SELECT * FROM stream_acts WHERE id = $1 AND state = 'ordered'", [
        ref.replace("stream-act:", ""),
      ]);
      if (act !== undefined) await performAct(ctx, act);
    },
  };
}
