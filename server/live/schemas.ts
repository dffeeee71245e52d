import { z } from "zod";
import { pageInput, plainText, writtenText } from "@/server/platform/page";
import { severities } from "@/server/platform/severity";

/** One multiplexed subscription per tab: the snapshot always, runs on request. Resumed by last event id. */
export const liveInput = z.object({
  runs: z.array(z.uuid()).max(5).default([]),
  lastEventId: z.string().max(100).nullish(),
});
export const historyInput = z.object({
  keys: z.array(z.string().max(200)).max(50),
  minutes: z.number().int().min(1).max(60).default(15),
});

/** "Declared by hand": for what no probe sees. */
export const declareSignalInput = z.object({
  severity: z.enum(severities),
  sentence: writtenText(200).min(8),
  zoneId: plainText(200).optional(),
});
export const clearSignalInput = z.object({ id: z.uuid(), reason: writtenText(300).min(4) });
export const signInsInput = z.object(pageInput(200, 50));
export const endSignInInput = z.object({ id: z.uuid() });
