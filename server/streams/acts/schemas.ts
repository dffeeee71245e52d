import { z } from "zod";
import type { ConsumerFate, Fates } from "@/server/caracal/streams/pending-acts";
import { writtenText } from "@/server/platform/page";
import { groupName, streamId, streamName } from "@/server/streams/schemas";

/** No consumer of the release works this long on one entry; what is younger may still be at work with whoever holds it. */
export const leastIdleMs = 60_000;

const consumerName = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[\x21-\x7e]+$/, "must be a consumer's name");
const ids = z
  .array(streamId)
  .min(1)
  .max(100)
  .transform((given) => [...new Set(given)]);
const why = { incidentId: z.uuid().nullish(), reason: writtenText(500).min(4) };
const where = { stream: streamName, group: groupName };

export const claimInput = z.object({
  ...where,
  ...why,
  ids,
  consumer: consumerName,
  minIdleMs: z
    .number()
    .int()
    .min(leastIdleMs, "Below 60 s an entry may still be at work with its consumer: both would then apply it.")
    .max(86_400_000)
    .default(leastIdleMs),
});
export const claimBackInput = z.object({ actId: z.uuid(), reason: writtenText(500).min(4) });
export const ackProvedInput = z.object({ ...where, ...why, ids });
export const ackParameters = z.strictObject({ ...where, ids });
export const destroyInput = z.object({ ...where, ...why, consumer: consumerName });
export const actsInput = z.object({ stream: streamName });

export type StreamActKind = "claim" | "claim-back" | "ack" | "destroy-consumer";

/** An entry as it was when an act on it was ordered. */
export type EntryBefore = {
  readonly consumer: string;
  readonly idleMs: number;
  readonly deliveries: number;
  readonly verdict: string | null;
};
export type ActResult = { readonly fates: Fates } | { readonly consumer: ConsumerFate };

/** `done`: carried out, with what became of it in words; else it is on record and is tried again until it is. */
export type ActAnswer = { readonly actId: string; readonly done: boolean; readonly sentence: string };

export type StreamActView = {
  readonly id: string;
  readonly kind: StreamActKind;
  readonly group: string;
  readonly consumer: string | null;
  readonly entries: number;
  readonly state: "ordered" | "done";
  readonly sentence: string;
  readonly by: string;
  readonly reason: string;
  readonly orderedAt: string;
  readonly approvalId: string | null;
  readonly canBeTakenBack: boolean;
};
