import type { Spool } from "@/server/keys/spools";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";

/**
 * The most that was ever seen waiting, by replica. Null: it did not answer at first, and what waited then is not known until more
 * than nothing is seen. A restart counts anew from 0, so the highest stays.
 */
export type SpoolBaseline = Readonly<Record<string, number | null>>;

/** The baseline after one more look. Pure. */
export function rememberSpools(before: SpoolBaseline, seen: readonly Spool[]): SpoolBaseline {
  const next: Record<string, number | null> = { ...before };
  for (const { replica, pending } of seen) {
    const known = before[replica];
    if (known === undefined) next[replica] = pending;
    else if (pending !== null && pending > (known ?? 0)) next[replica] = pending;
  }
  return next;
}

/**
 * Whether every audit spool is drained: nothing waits, and what was ever seen waiting has been replayed since the restart. A count of 0
 * alone proves nothing, since a restart zeroes it whatever happened (trap 17). Pure.
 */
export function judgeSpools(baseline: SpoolBaseline, seen: readonly Spool[]): Probed {
  if (seen.length === 0) return unknown("No STS address is configured: spools cannot be read.");
  const silent = seen.filter(({ pending, replayed }) => pending === null || replayed === null);
  if (silent.length > 0)
    return unknown(`${silent.map(({ replica }) => replica).join(", ")} did not say what waits in the spool.`);
  const open = seen.flatMap(({ replica, pending, replayed }) => {
    const waited = baseline[replica] ?? 0;
    if ((pending ?? 0) > 0) return [`${replica} holds ${pending}: restart it plainly`];
    if ((replayed ?? 0) < waited)
      return [`${replica} replayed ${replayed} of the ${waited} that were seen waiting: the rest may be lost`];
    return [];
  });
  if (open.length > 0) return no(`${open.join("; ")}.`);
  const unseen = seen.filter(({ replica }) => (baseline[replica] ?? null) === null);
  if (unseen.length > 0)
    return unknown(
      `${unseen.map(({ replica }) => replica).join(", ")} did not answer when this run began, and has held nothing since: what waited before cannot be told. See whether its log says that it replayed, and skip with what you saw.`,
    );
  const total = seen.reduce((sum, { replica }) => sum + (baseline[replica] ?? 0), 0);
  return yes(
    total === 0
      ? `Nothing waits at ${seen.length} STS replicas, and nothing was seen waiting.`
      : `All ${total} that waited were replayed.`,
  );
}
