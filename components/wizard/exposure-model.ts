import { formatAge } from "@/components/lib/duration";
import { utcStamp } from "@/components/lib/utc";
import type { Exposure } from "@/server/playbooks/schemas";

export type ExposureLine = {
  readonly exposure: Exposure;
  readonly state: "over" | "running" | "open-ended";
  /** Share of its time that is used up, 0 to 1; an open-ended one is 0 for as long as nobody has acted. */
  readonly elapsed: number;
  readonly left: string;
};

/** Each thing that may still work, with how much of its time is over. `now` in epoch ms. Longest-lived first, ended ones last. */
export function exposureLines(exposures: readonly Exposure[], now: number): readonly ExposureLine[] {
  const lines = exposures.map((exposure): ExposureLine => {
    if (exposure.until === null) return { exposure, state: "open-ended", elapsed: 0, left: "until somebody acts" };
    if (exposure.until <= now) return { exposure, state: "over", elapsed: 1, left: "over" };
    const span = Math.max(1, exposure.until - exposure.from);
    const elapsed = Math.min(1, Math.max(0, (now - exposure.from) / span));
    return { exposure, state: "running", elapsed, left: `${formatAge(exposure.until - now)} left` };
  });
  const weight = { "open-ended": 0, running: 1, over: 2 } as const;
  return lines.toSorted(
    (a, b) => weight[a.state] - weight[b.state] || (b.exposure.until ?? 0) - (a.exposure.until ?? 0),
  );
}

/** The one sentence above the bars: the latest moment at which something stolen can still work. */
export function exposureSentence(lines: readonly ExposureLine[], now: number): string {
  if (lines.length === 0) return "What can still work is worked out once sessions have been revoked.";
  const running = lines.filter((line) => line.state === "running");
  const openEnded = lines.filter((line) => line.state === "open-ended");
  const last = Math.max(...running.map((line) => line.exposure.until ?? 0));
  const timed =
    running.length === 0
      ? null
      : `Something stolen can still work for ${formatAge(last - now)}, until ${utcStamp(last, now)}.`;
  const untimed =
    openEnded.length === 0
      ? null
      : `${openEnded.length === 1 ? "One thing works" : `${openEnded.length} things work`} on until somebody acts.`;
  return [timed, untimed].filter((part) => part !== null).join(" ") || "Nothing stolen is known to work any more.";
}
