import type { GatewayProof } from "@/server/playbooks/schemas";

export const maxRoundsPerSeries = 60;
const mistakenOnceIn = 10_000;

/**
 * After how many rounds in a row in which no gateway got further chance is no explanation any more: a round misses a given one of
 * n replicas with probability 1 - 1/n, so that many misses in a row come once in ten thousand series (23 rounds with three).
 */
export const maxStalledRounds = (replicas: number): number =>
  replicas < 2 ? 2 : Math.ceil(Math.log(mistakenOnceIn) / -Math.log(1 - 1 / replicas));

export type SeriesStep = {
  readonly go: boolean;
  readonly stalled: number;
  readonly missing: number;
  readonly text: string;
};

const missingOn = (gateway: GatewayProof): number => gateway.expected - (gateway.known ?? gateway.atLeast ?? 0);

/**
 * Whether publishing again should go on after a round. Ends when every gateway knows every sid; when only silent ones lack
 * some; when no gateway got further for a while; or at the limit. The text names who still lacks how many.
 */
export function nextInSeries(
  gateways: readonly GatewayProof[],
  before: { readonly series: number; readonly stalled: number; readonly missing: number | null },
): SeriesStep {
  if (gateways.length === 0)
    return { go: false, stalled: 0, missing: 0, text: "No gateway is configured, so no count can be compared" };
  const lacking = gateways.filter((gateway) => gateway.verdict !== "all" && missingOn(gateway) > 0);
  const missing = lacking.reduce((sum, gateway) => sum + missingOn(gateway), 0);
  const names = lacking.map((gateway) => `${missingOn(gateway)} missing on ${gateway.replica}`).join(", ");
  if (lacking.length === 0) return { go: false, stalled: 0, missing, text: "Every gateway knows every session" };
  const stalled = before.missing !== null && missing >= before.missing ? before.stalled + 1 : 0;
  const stop = (why: string): SeriesStep => ({ go: false, stalled, missing, text: `${names}: ${why}` });
  if (lacking.every((gateway) => gateway.verdict === "silent"))
    return stop("it does not answer, so publishing again stops");
  if (stalled >= maxStalledRounds(gateways.length))
    return stop(`no gateway got further in ${stalled} rounds, so publishing again stops`);
  if (before.series >= maxRoundsPerSeries) return stop(`stopped after ${before.series} rounds`);
  return { go: true, stalled, missing, text: names };
}
