import type { ReplicaAddress } from "@/server/caracal/deployment";
import type { Place } from "@/server/services/adapter/adapter";

export type Standing = { readonly ready: boolean; readonly pending: number | null }; // what waits in an STS's audit spool

/**
 * Why restarting this place takes two people, in words; null: one may. It does when no replica of a service that has one now would be
 * ready meanwhile, or when audit events that wait in a spool would be lost with the container's files (trap 17). Pure.
 */
export function whyTwo(given: {
  readonly place: Place;
  readonly all: readonly Pick<ReplicaAddress, "id" | "kind">[];
  readonly standing: ReadonlyMap<string, Standing>;
  readonly keepsFiles: boolean;
}): string | null {
  const { place, all, standing, keepsFiles } = given;
  const kinds = new Set(all.filter(({ id }) => place.replicas.includes(id)).map(({ kind }) => kind));
  for (const kind of kinds) {
    const ready = all.filter((one) => one.kind === kind && standing.get(one.id)?.ready === true).map(({ id }) => id);
    if (ready.length > 0 && ready.every((id) => place.replicas.includes(id)))
      return `No ${kind} would be ready meanwhile: ${ready.join(", ")} ${ready.length === 1 ? "is the only one that is" : "go together"}.`;
  }
  const holding = place.replicas.filter((id) => (standing.get(id)?.pending ?? 0) > 0);
  if (!keepsFiles && holding.length > 0)
    return `Its container is replaced by this, and with it the audit events that wait in its spool: ${holding.map((id) => `${id} holds ${standing.get(id)?.pending}`).join(", ")}. Copy them out of AUDIT_REPLAY_DIR first.`;
  return null;
}
