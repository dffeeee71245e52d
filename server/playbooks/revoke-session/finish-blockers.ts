import { remainingExposureItem } from "@/server/playbooks/revoke-session/checklist";
import type { ChecklistItem, Exposure } from "@/server/playbooks/schemas";

/** What keeps a run from being done, in words; empty when nothing does. */
export function finishBlockers(facts: {
  readonly live: number;
  readonly exposure: readonly Exposure[];
  readonly checklist: readonly ChecklistItem[];
  readonly now: number;
}): string[] {
  const settled = (id: string) => facts.checklist.some((item) => item.id === id && item.doneAt !== null);
  const blockers: string[] = [];
  if (facts.live > 0)
    blockers.push(`${facts.live} session${facts.live === 1 ? "" : "s"} of the subject live again: sweep again`);
  for (const item of facts.checklist)
    if (item.id !== remainingExposureItem && item.doneAt === null)
      blockers.push(`"${item.label}" is neither done nor skipped with a reason`);
  if (!settled(remainingExposureItem))
    for (const item of facts.exposure)
      if (item.until !== null && item.until > facts.now)
        blockers.push(`${item.what.toLowerCase()} for another ${Math.ceil((item.until - facts.now) / 1_000)} s`);
  return blockers;
}
