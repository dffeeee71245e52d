import { z } from "zod";
import { idText, pageInput, plainText, writtenText } from "@/server/platform/page";

/** What can be preserved, in the order in which it is written: the streams before the rows, so that what the stream holds is in the rows too. */
export const partNames = ["services", "streams", "rows", "alerts", "outbox", "admin", "logs"] as const;
export type PartName = (typeof partNames)[number];

/** Each part in words. */
export const partWords: Readonly<Record<PartName, string>> = {
  services: "Health, readiness and metrics of every replica",
  streams: "Streams and dead letters, raw",
  rows: "Audit rows",
  alerts: "Ingest alerts",
  outbox: "Outbox rows",
  admin: "What administrators did",
  logs: "Access logs of Postgres",
};

export const storeNames = ["folder", "s3"] as const;
export type StoreName = (typeof storeNames)[number];

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
const shape = {
  zoneId: idText.nullish(), // none: every zone
  from: instant.nullish(), // inclusive
  to: instant.nullish(), // exclusive
  partition: z
    .string()
    .regex(/^audit_events_[a-z0-9_]{1,40}$/)
    .nullish(), // a whole partition instead of a window
  parts: z
    .array(z.enum(partNames))
    .min(1)
    .max(partNames.length)
    .default([...partNames]),
};
const oneOrOther = (
  scope: { readonly from?: string | null; readonly to?: string | null; readonly partition?: string | null },
  report: { addIssue(issue: { code: "custom"; message: string }): void },
) => {
  if (scope.partition != null && (scope.from != null || scope.to != null))
    report.addIssue({ code: "custom", message: "Choose a window or a partition, not both." });
  if (scope.from != null && scope.to != null && scope.from >= scope.to)
    report.addIssue({ code: "custom", message: "The window ends before it begins." });
};
export const estimateInput = z.object(shape).superRefine(oneOrOther);
export const preserveInput = z
  .object({
    ...shape,
    stores: z.array(z.enum(storeNames)).min(1).max(2),
    incidentId: z.uuid().nullish(),
    reason: writtenText(500).min(4),
  })
  .superRefine(oneOrOther);
export const itemInput = z.object({ itemId: z.uuid() });
export const listItemsInput = z.object({ incidentId: z.uuid().nullish(), ...pageInput(100, 20) });
export const handOverInput = z.object({
  itemId: z.uuid(),
  to: plainText(200).min(2),
  note: writtenText(500).default(""),
});

/** What an item holds, as it was ordered. */
export type Scope = {
  readonly zone: { readonly id: string; readonly name: string } | null; // null: every zone
  readonly from: string | null; // by the time of the event; null: from the beginning
  readonly to: string | null;
  readonly partition: string | null;
  readonly parts: readonly PartName[];
  readonly stores: readonly StoreName[];
};
export type ItemState = "queued" | "running" | "whole" | "partial" | "failed" | "cancelled" | "removed";
export type Missing = { readonly what: string; readonly why: string };
export type CopyView = {
  readonly store: StoreName;
  readonly verdict: "whole" | "mismatch" | "missing";
  readonly verifiedAt: string;
};
export type FileView = {
  readonly name: string;
  readonly part: string;
  readonly rows: number | null;
  readonly size: number;
  readonly sha256: string;
  readonly plainSize: number;
  readonly plainSha256: string;
  readonly source: string;
  readonly copies: readonly CopyView[];
};
export type CustodyLine = {
  readonly at: string;
  readonly act: string;
  readonly by: string;
  readonly name: string | null;
  readonly note: string;
};
export type ItemSummary = {
  readonly id: string;
  readonly incident: { readonly id: string; readonly number: number } | null;
  readonly reason: string;
  readonly scope: Scope;
  readonly state: ItemState;
  readonly mismatches: number; // files that were not as they had been when they were last read
  readonly phase: string;
  readonly rows: number;
  readonly plainBytes: number;
  readonly bytes: number;
  readonly bytesPerSecond: number | null;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly cancelAsked: boolean;
  readonly error: string | null;
  readonly manifestSha256: string | null;
};
export type ItemView = ItemSummary & {
  readonly missing: readonly Missing[];
  readonly files: readonly FileView[];
  readonly custody: readonly CustodyLine[]; // newest first, at most 200
  readonly keyFingerprint: string | null;
  readonly timeStamp: string | null;
  readonly redoOf: string | null;
  readonly redoneAs: string | null;
};
export type Estimate = {
  readonly rows: number; // about: nothing is counted
  readonly bytes: number; // about, uncompressed, of the rows in one format
  readonly streamEntries: number | null; // null: Redis does not answer
  readonly notes: readonly string[];
  readonly stores: readonly { readonly store: StoreName; readonly place: string }[];
  readonly partitions: readonly string[];
};
export type ExpiredItem = {
  readonly id: string;
  readonly what: string;
  readonly endedAt: string;
  readonly bytes: number;
  readonly heldBy: string | null; // the open incident that holds it
};
export type RetentionView = {
  readonly configured: boolean;
  readonly problem: string | null; // why the file is not understood; then everything is kept
  readonly keepDays: readonly (readonly [severity: string, days: number])[] | null;
  readonly note: string;
  readonly expired: readonly ExpiredItem[];
};
