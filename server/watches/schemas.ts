import { z } from "zod";
import { plainText } from "@/server/platform/page";

export const listWatchesInput = z.object({ incidentId: z.uuid() });
export const pinFigureInput = z.object({ incidentId: z.uuid(), series: plainText(300).min(1) });
export const unpinFigureInput = z.object({ watchId: z.uuid() });

/** How many figures one incident watches at a time, and how many samples are kept of each. */
export const mostWatches = 20;
export const mostSamples = 5_000;

export type WatchView = {
  readonly id: string;
  readonly series: string;
  readonly label: string;
  readonly pinnedBy: string;
  readonly pinnedAt: string;
  readonly unpinnedBy: string | null;
  readonly unpinnedAt: string | null;
  readonly points: readonly (readonly [at: number, value: number | null])[]; // epoch ms; null is a gap. The extremes are kept
  readonly lowest: number | null;
  readonly highest: number | null;
  readonly last: number | null; // null: a gap, or nothing yet
  readonly full: boolean; // no more is recorded
};
