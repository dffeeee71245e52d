import type { ChecklistItem, Exposure, RunState } from "@/server/playbooks/schemas";

export const openResponseMs = 60_000; // the gateway's WRITE_TIMEOUT (trap 3)

/** What the run knows about time, in epoch milliseconds; null: not yet. */
export type ExposureFacts = {
  readonly state: RunState;
  readonly now: number;
  readonly live: number | null; // live sessions of the subject at the last look
  readonly latestExpiry: number | null; // of its live sessions, before the revocation
  readonly revokedAt: number | null; // when the first row was revoked
  readonly lastPublishedAt: number | null;
  readonly perCallUntil: number | null; // latest expiry among targets that can be per-call mandates
  readonly checklist: readonly ChecklistItem[];
};

/** What can still work, why and until when (contract sections 1 and 6, traps 3, 4 and 20). `until` null: until somebody acts. */
export function exposureOf(facts: ExposureFacts): Exposure[] {
  const items: Exposure[] = [];
  const { revokedAt, now } = facts;
  if (revokedAt === null) {
    if (facts.latestExpiry !== null && facts.latestExpiry > now)
      items.push({
        id: "live-mandates",
        what: "Every live mandate of the subject",
        why: "Nothing is revoked yet: each one works until it expires, and ambient ones mint more.",
        from: now,
        until: facts.latestExpiry,
      });
    return items;
  }
  items.push({
    id: "ambient",
    what: "Ambient mandates",
    why: "None left: STS reads the session row for every exchange, so a revoked one mints nothing, on any replica, at once.",
    from: revokedAt,
    until: revokedAt,
  });
  if ((facts.live ?? 0) > 0)
    items.push({
      id: "live-again",
      what: `${facts.live} live session${facts.live === 1 ? "" : "s"} of the subject`,
      why: "Minted meanwhile or not revoked yet (trap 4): sweep again.",
      from: revokedAt,
      until: null,
    });
  const published = facts.lastPublishedAt;
  items.push({
    id: "open-responses",
    what: "Responses already open at a gateway",
    why: "A gateway asks STS for every new request, so nothing new passes; a response that was open runs on, at most 60 s.",
    from: revokedAt,
    until: published === null ? null : published + openResponseMs,
  });
  if (facts.perCallUntil !== null && facts.perCallUntil > revokedAt)
    items.push({
      id: "per-call",
      what: "Per-call mandates at resource servers that do not read revocations",
      why: "They check the signature and the expiry only, so a mandate works there until it expires, at most 15 minutes after it was minted.",
      from: revokedAt,
      until: facts.perCallUntil,
    });
  for (const item of facts.checklist) {
    if (item.id === "remaining-exposure") continue;
    const settled = item.doneAt === null ? null : Date.parse(item.doneAt);
    if (settled !== null && item.skippedReason === null) continue;
    items.push({ id: item.id, what: item.label, why: item.why, from: revokedAt, until: null });
  }
  return items;
}

/** When the last exposure with an end is over, or null when none is known. */
export const exposureEnd = (items: readonly Exposure[]): number | null =>
  items.reduce<number | null>(
    (latest, item) => (item.until === null ? latest : Math.max(latest ?? 0, item.until)),
    null,
  );
