import { formatAge } from "@/components/lib/duration";

export type FreezeStep = {
  readonly label: string;
  readonly mark: "done" | "current" | "todo";
  readonly at: string | null;
  readonly note: string | null;
};

/** The moments of a freeze, each null until it was seen. */
export type FreezeTimes = {
  readonly requestedAt: string;
  readonly nulledAt: string | null;
  readonly frozenAt: string | null; // every STS proved
  readonly thawRequestedAt: string | null;
  readonly restoredAt: string | null;
  readonly thawedAt: string | null;
};

/**
 * A freeze as the steps of a run. A step is done when it was seen to be: bindings are taken when the database said so, the zone is
 * frozen when every STS is proved. The way back is listed once somebody asked for it.
 */
export function freezeSteps(times: FreezeTimes, proved: string | null): readonly FreezeStep[] {
  const there = [
    { label: "Approved and asked for", at: times.requestedAt, note: null },
    { label: "Policy bindings taken", at: times.nulledAt, note: null },
    { label: "Frozen: proved on every STS", at: times.frozenAt, note: times.frozenAt === null ? proved : null },
  ];
  const back = [
    { label: "Thaw asked for", at: times.thawRequestedAt, note: null },
    { label: "Policy bindings put back", at: times.restoredAt, note: null },
    { label: "Thawed: proved on every STS", at: times.thawedAt, note: times.thawedAt === null ? proved : null },
  ];
  const thawing = times.thawRequestedAt !== null;
  // A thaw may be asked for before the freeze was proved: what it overtook is not what is being waited for.
  const steps = thawing ? [...there.filter(({ at }) => at !== null), ...back] : there;
  const current = steps.findIndex(({ at }) => at === null);
  return steps.map((step, index) => ({
    ...step,
    mark: step.at !== null ? "done" : index === current ? "current" : "todo",
  }));
}

/** How one STS replica came to know: it was handed the message, its poll has run since, or neither can be said yet. */
export type ReplicaProof = {
  readonly deliveredAt: string | null;
  readonly polledAt: string | null; // when the 60 s of its poll had passed
  readonly pollBy: string | null; // when they will have, whatever became of the message
};

/**
 * What is said of one replica, by the page's clock. One that heard nothing still stops within its poll of 60 s, so a wait is a
 * countdown and never a guess. `now` in epoch ms.
 */
export function replicaWords(proof: ReplicaProof, now: number): { readonly proved: boolean; readonly words: string } {
  if (proof.deliveredAt !== null) return { proved: true, words: "Was handed the message" };
  if (proof.polledAt !== null) return { proved: true, words: "Its poll has passed since" };
  if (proof.pollBy === null) return { proved: false, words: "Cannot be told yet" };
  const left = Date.parse(proof.pollBy) - now;
  if (left <= 0) return { proved: false, words: "Its poll has passed, which is not recorded yet" };
  return {
    proved: false,
    words: `Not handed to it yet; its poll passes in ${formatAge(Math.ceil(left / 1_000) * 1_000)}`,
  };
}

/** "1 of 2 STS proved". */
export function provedOf(replicas: readonly ReplicaProof[]): string {
  const proved = replicas.filter(({ deliveredAt, polledAt }) => deliveredAt !== null || polledAt !== null).length;
  return `${proved} of ${replicas.length} STS proved`;
}

/** A freeze in a few words: "frozen" is only said once every STS is proved. */
export function freezeWords(times: FreezeTimes): string {
  if (times.thawedAt !== null) return "Thawed";
  if (times.thawRequestedAt !== null) return "Is being thawed";
  if (times.frozenAt !== null) return "Frozen";
  return times.nulledAt === null ? "Is being frozen" : "Bindings taken, not proved yet";
}
