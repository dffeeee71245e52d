import { randomUUID } from "node:crypto";
import { z } from "zod";
import { agreedAs } from "@/server/approvals/agreed-as";
import type { ApprovedAction } from "@/server/approvals/approved-action";
import { DomainError } from "@/server/platform/errors";
import type { Place } from "@/server/services/adapter/adapter";
import { insertRestart, placeOrRefuse, type RestartContext } from "@/server/services/restarts/order-restart";
import { askReplicas, pendingOf } from "@/server/services/restarts/standing-now";
import { holds } from "@/server/services/restarts/why-two";
import { restartServiceInput, serviceKinds } from "@/server/services/schemas";
import { appendAnyway } from "@/server/timeline/append-anyway";
import { consoleChain } from "@/server/timeline/append-entries";

const agreed = z.object({ kind: z.enum(serviceKinds) });

/** "Restart a whole service" as two people agree on it: these targets, in this order, each after the one before is ready again. */
export function restartServiceAction(ctx: RestartContext): ApprovedAction<"restart-service"> {
  const { caracal, adapter } = ctx;
  function placesOf(kind: string): Place[] {
    const replicas = caracal.replicas.filter((one) => one.kind === kind).map(({ id }) => id);
    if (replicas.length === 0)
      throw new DomainError(
        "not_configured",
        `No address of ${kind} is configured: what would be restarted is not known.`,
      );
    const places = replicas.map((replica) => placeOrRefuse(adapter, replica));
    return places.filter((place, at) => places.findIndex(({ target }) => target === place.target) === at);
  }
  return {
    action: "restart-service",
    zonesOf: () => "every",
    async freeze(parameters) {
      const parsed = restartServiceInput.safeParse(parameters);
      if (!parsed.success) throw new DomainError("bad_input", "Restarting a service needs its kind and nothing else.");
      const { kind } = parsed.data;
      const places = placesOf(kind);
      const asked = await askReplicas(caracal, ({ id }) => places.some(({ replicas }) => replicas.includes(id)));
      const ready = asked.filter(({ reading }) => reading.ready).map(({ address }) => address.id);
      const holding = asked.filter((one) => one.address.kind === "sts" && pendingOf(one) !== 0);
      const lost =
        adapter.keepsFiles || holding.length === 0
          ? ""
          : `. Their containers are replaced, and with them audit events that wait in spools: ${holding.map((one) => `${one.address.id} ${holds(pendingOf(one))}`).join(", ")}`;
      return {
        parameters: { kind, adapter: adapter.kind, keepsFiles: adapter.keepsFiles },
        targets: places.map(({ target, replicas }) => `${target}: ${replicas.join(", ")}`),
        preconditions: {},
        blast: {
          sentence: `${places.flatMap(({ replicas }) => replicas).join(", ")} ${asked.length === 1 ? "is" : "are"} restarted, one target after another; ${ready.length} of ${asked.length} ${ready.length === 1 ? "is" : "are"} ready now${lost}`,
          figures: asked.map((one) => ({
            name: one.address.id,
            value: one.reading.ready ? "ready" : (one.reading.readyReason ?? "not ready"),
            ...(pendingOf(one) === null ? {} : { unit: `${pendingOf(one)} in its spool` }),
            source: `${one.address.id} /ready, /metrics`,
          })),
        },
        severity: "P1",
        playbookVersion: "restart-service@1",
      };
    },
    async recheck(stored) {
      const { kind } = agreedAs(agreed, stored.parameters);
      const now = placesOf(kind).map(({ target, replicas }) => `${target}: ${replicas.join(", ")}`);
      return now.join("\n") === stored.targets.join("\n")
        ? null
        : "The settings name other targets than were approved.";
    },
    async start(tx, stored, by) {
      const { kind } = agreedAs(agreed, stored.parameters);
      const orderId = randomUUID();
      for (const [at, place] of placesOf(kind).entries())
        await insertRestart(tx, adapter, {
          orderId,
          placeNumber: at + 1,
          place,
          before: {}, // what it says before is read when its turn comes
          incidentId: stored.incidentId,
          runId: null,
          approvalId: stored.approvalId,
          reason: stored.reason,
          by,
        });
      await appendAnyway(tx, [
        {
          chain: stored.incidentId ?? consoleChain,
          kind: "playbook.restart-ordered",
          by,
          summary: `${by.name} ordered the restart of every ${kind}: ${stored.reason}`,
          details: { refs: { order: orderId, approval: stored.approvalId }, parameters: { targets: stored.targets } },
        },
      ]);
      return `restart:${orderId}`;
    },
    wake: async () => undefined, // the restart worker of any replica finds it within half a second
  };
}
