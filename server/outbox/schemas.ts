import { z } from "zod";
import { type OutboxCount, type OutboxName, outboxNames, type OutboxRow } from "@/server/caracal/outbox/outbox-read";
import type { RequeueState } from "@/server/caracal/outbox/requeue-rows";
import { idText, pageInput } from "@/server/platform/page";

export const outboxInput = z.object({ outbox: z.enum(outboxNames) });
export const outboxRowsInput = z.object({
  outbox: z.enum(outboxNames),
  state: z.enum(["waiting", "failing", "dead"]),
  ...pageInput(100, 50),
});
export const requeueParameters = z.strictObject({
  outbox: z.enum(outboxNames),
  ids: z
    .array(idText)
    .min(1)
    .max(100)
    .transform((given) => [...new Set(given)]),
});

/** `lookedThrough`: how many rows at most the counts are over; `capped`: there are more, so the counts are "at least". */
export type OutboxOverview = {
  readonly outbox: OutboxName;
  readonly counts: readonly OutboxCount[];
  readonly lookedThrough: number;
  readonly capped: boolean;
};
export type OutboxPage = {
  readonly rows: readonly OutboxRow[];
  readonly nextCursor: string | null; // a page that is not full may have one: the search goes on from there
};
export type RequeueView = {
  readonly id: string;
  readonly outbox: OutboxName;
  readonly rows: number;
  readonly state: "ordered" | "requeued" | "done";
  readonly result: RequeueState | null;
  readonly by: string;
  readonly reason: string;
  readonly orderedAt: string;
  readonly approvalId: string;
  readonly error: string | null;
};
