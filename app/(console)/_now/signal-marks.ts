import type { RouterOutputs } from "@/components/live/trpc";
import type { Signal } from "@/server/live/snapshot";

export type SignalMark = RouterOutputs["signals"]["open"][number];

/** Signals that are shown, and those folded away by a snooze that still runs at `now` (epoch ms). Nothing is left out. */
export function splitSnoozed(
  signals: readonly Signal[],
  marks: ReadonlyMap<string, SignalMark>,
  now: number,
): { readonly shown: readonly Signal[]; readonly snoozed: readonly Signal[] } {
  const asleep = (signal: Signal) => {
    const until = marks.get(signal.key)?.snoozed?.until;
    return until !== undefined && Date.parse(until) > now;
  };
  return { shown: signals.filter((signal) => !asleep(signal)), snoozed: signals.filter(asleep) };
}
