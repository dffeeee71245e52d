import { formatDuration } from "@/components/lib/duration";
import type { KeyJobView } from "@/server/keys/schemas";

/** A part of a whole as a CSS width; nothing of nothing is nothing. */
export const shareOf = (part: number, total: number): string => `${total === 0 ? 0 : (part / total) * 100}%`;

/** What the job is, as its heading says it. */
export function jobTitle(job: Pick<KeyJobView, "kind" | "mode">): string {
  if (job.kind === "inventory") return "Inventory of keys and sealed values";
  if (job.kind === "re-encrypt") return "Re-encryption";
  return job.mode === "compromise" ? "Rotation after a compromise" : "Routine rotation";
}

export const isOver = (job: Pick<KeyJobView, "state">): boolean =>
  job.state === "finished" || job.state === "cancelled" || job.state === "refused";

const states = {
  queued: "waiting for a worker",
  running: "running",
  finished: "finished",
  cancelled: "cancelled",
  refused: "refused",
} as const;

export const stateWords = (job: Pick<KeyJobView, "state" | "cancelAsked">): string =>
  job.cancelAsked && !isOver(job) ? "stopping" : states[job.state];

/** How far and how fast: "12,000 of 100,000 · 4,210/s · 21 s left". What is not known is left out. */
export function progressWords(job: Pick<KeyJobView, "done" | "total" | "perSecond" | "secondsLeft" | "kind">): string {
  const parts = [
    job.total === null
      ? `${job.done.toLocaleString("en-GB")} ${job.kind === "rotate" ? "zones" : "values"}`
      : `${job.done.toLocaleString("en-GB")} of ${job.total.toLocaleString("en-GB")}`,
  ];
  if (job.perSecond !== null && job.perSecond > 0)
    parts.push(`${job.perSecond.toLocaleString("en-GB", { maximumFractionDigits: job.perSecond < 10 ? 1 : 0 })}/s`);
  if (job.secondsLeft !== null) parts.push(`${formatDuration(job.secondsLeft * 1_000)} left`);
  return parts.join(" · ");
}
