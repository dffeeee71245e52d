import type { ReplicaAddress } from "@/server/caracal/deployment";
import type { Place } from "@/server/services/adapter/adapter";

export type Standing = {
  readonly ready: boolean;
  readonly reachable: boolean;
  readonly refused: boolean; // its host answers, and nothing listens there: it is down. Any other silence may be the way there
  readonly stopped: boolean; // the runtime says that nothing runs of what a restart of it would touch
  readonly pending: number | null; // what waits in an STS's audit spool; null: it did not say
};

/**
 * Why restarting this place takes two people, in words; null: one may. It does when it may take away the last replica of a service that
 * serves: one being restarted counts as not ready, and one that gives no answer here may well serve elsewhere. Where the runtime says that
 * nothing of it runs (a stopped container, whose name does not even resolve), its restart takes nothing away. It takes two as well when audit
 * events that wait in a spool, or may wait there, would be lost with the container's files (trap 17). Pure.
 */
export function whyTwo(given: {
  readonly place: Place;
  readonly all: readonly Pick<ReplicaAddress, "id" | "kind">[];
  readonly standing: ReadonlyMap<string, Standing>;
  readonly restarting: ReadonlySet<string>; // replicas with a restart under way, this one's own or not
  readonly keepsFiles: boolean;
}): string | null {
  const { place, all, standing, restarting, keepsFiles } = given;
  const own = all.filter(({ id }) => place.replicas.includes(id));
  for (const kind of new Set(own.map((one) => one.kind))) {
    const reason = whyLast(
      kind,
      own.filter((one) => one.kind === kind).map(({ id }) => id),
      all.filter((one) => one.kind === kind && !place.replicas.includes(one.id)).map(({ id }) => id),
      standing,
      restarting,
    );
    if (reason !== null) return reason;
  }
  if (keepsFiles) return null;
  const spools = own.filter(({ id, kind }) => kind === "sts" && standing.get(id)?.pending !== 0);
  if (spools.length === 0) return null;
  return `Its container is replaced by this, and with it the audit events that wait in its spool: ${spools.map(({ id }) => `${id} ${holds(standing.get(id)?.pending ?? null)}`).join(", ")}. Copy them out of AUDIT_REPLAY_DIR first.`;
}

/** What an STS's spool holds, in words. Pure. */
export const holds = (pending: number | null): string =>
  pending === null ? "does not say what it holds" : `holds ${pending}`;

/** Why no replica of a kind may be ready without these, in words. */
function whyLast(
  kind: string,
  own: readonly string[],
  others: readonly string[],
  standing: ReadonlyMap<string, Standing>,
  restarting: ReadonlySet<string>,
): string | null {
  if (others.some((id) => standing.get(id)?.ready === true && !restarting.has(id))) return null;
  if (own.every((id) => standing.get(id)?.stopped === true)) return null;
  const meanwhile = others.filter((id) => restarting.has(id));
  const also = meanwhile.length === 0 ? "" : `; ${meanwhile.join(", ")} is being restarted`;
  const ready = own.filter((id) => standing.get(id)?.ready === true);
  if (ready.length > 0)
    return `No ${kind} would be ready meanwhile: ${ready.join(", ")} ${ready.length === 1 ? "is the only one that is" : "go together"}${also}.`;
  const all = [...own, ...others];
  const silent = all.every((id) => standing.get(id)?.reachable !== true);
  if (silent && all.length > 1) return `No ${kind} answers from here, which does not say that all are down${also}.`;
  const unknown = own.filter((id) => {
    const one = standing.get(id);
    return one?.reachable !== true && one?.refused !== true && one?.stopped !== true;
  });
  if (unknown.length > 0)
    return `${unknown.join(", ")} gives no answer here, which does not say that it is down, nor does the runtime say that it is stopped; and no other ${kind} is ready${also}.`;
  return null;
}
