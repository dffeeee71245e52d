import type { ReplicaAddress } from "@/server/caracal/deployment";
import { unresolved } from "@/server/caracal/services/fetch-answer";
import type { GuidedRunRow, Looking } from "@/server/playbooks/guided/playbook";
import type { ServiceKind } from "@/server/playbooks/guided/schemas";
import { type Asked, askReplicas, askShared } from "@/server/services/restarts/standing-now";

/** Whether a run is about a kind of service. */
export const isAbout = (run: Pick<GuidedRunRow, "service">, kind: ServiceKind): boolean =>
  run.service === kind || run.service === "all";

/** The one kind that a run is about; null: all of them. */
export const kindOf = ({ service }: Pick<GuidedRunRow, "service">): ServiceKind | null =>
  service === "all" || service === null ? null : service;

/** The replicas that a run is about, as configured. */
export const replicasOf = ({ caracal, run }: Pick<Looking, "caracal" | "run">): readonly ReplicaAddress[] =>
  caracal.replicas.filter(({ kind }) => isAbout(run, kind));

/** Those replicas as they answer right now; while somebody only looks, as they answered within the last second. */
export async function askOf({ caracal, run, thorough }: Looking): Promise<Asked[]> {
  if (thorough) return askReplicas(caracal, ({ kind }) => isAbout(run, kind));
  return (await askShared(caracal)).filter(({ address }) => isAbout(run, address.kind));
}

/** "sts-1: redis unreachable", with what is known of such a sign (contract section 1). */
export function saysOf({ address, reading }: Asked): string {
  if (reading.ready) return `${address.id} is ready`;
  const nameGone = !reading.reachable && reading.readyReason === unresolved; // the name of a stopped container goes with it
  const exited =
    (reading.refused || nameGone) && (address.kind === "api" || address.kind === "coordinator")
      ? `, as it is ${nameGone ? "in compose " : ""}after it exited; it does when its Postgres connections are cut, and somebody has to start it again`
      : "";
  return `${address.id}: ${reading.readyReason ?? "not ready"}${exited}`;
}
