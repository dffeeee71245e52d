import { z } from "zod";
import type { ConsumerState } from "@/server/live/snapshot";

export const streamName = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[\x21-\x7e]+$/, "must be a stream's name");
export const groupName = z.string().trim().min(1).max(200);
const notAnId = "must be a stream id such as 1795465374026-0";
const sequenceOf = (id: string): bigint => BigInt(/\d+$/.exec(id)?.[0] ?? -1);

/** An id that can be read from, in either direction: Redis refuses 0-0 and parts over 64 bits. */
export const streamId = z
  .string()
  .regex(/^\d{1,16}-\d{1,20}$/, notAnId)
  .refine((id) => !/^0+-0+$/.test(id) && BigInt.asUintN(64, sequenceOf(id)) === sequenceOf(id), notAnId);

/** Entries newest first (reverse) or oldest first. Pages of at most 200; `from` is exclusive. */
export const entriesInput = z.object({
  stream: streamName,
  from: streamId.nullish(),
  direction: z.enum(["newest", "oldest"]).default("newest"),
  limit: z.number().int().min(1).max(200).default(50),
});
export type StreamEntry = {
  readonly id: string;
  readonly at: number;
  readonly fields: Readonly<Record<string, string>>; // long values cut at 4,000 characters, signatures shown as fingerprints
  readonly decoded: Readonly<Record<string, string>>; // those that hold JSON, on several lines
  readonly signature: "valid" | "invalid" | "missing" | "not-signed-stream" | "no-key";
  readonly consequence: string | null; // what consumers make of a signature that does not hold
};
export type EntriesPage = { readonly entries: readonly StreamEntry[]; readonly next: string | null };

export const pendingInput = z.object({
  stream: streamName,
  group: groupName,
  from: streamId.nullish(),
  consumer: z.string().trim().max(200).optional(),
  limit: z.number().int().min(1).max(100).default(50),
});
/** What Postgres says of a pending entry. `proved`: this group's effect is there, so that acknowledging it loses nothing. */
export type PendingVerdict = {
  readonly kind: "recorded" | "conflict" | "missing" | "applied" | "not-applied" | "gone" | "unknown";
  readonly sentence: string;
  readonly proved: boolean;
};
/** `diagnosis` says why it is stuck: e.g. "poison: no session_id; stays until a restart, five deliveries, then .dead" */
export type PendingEntry = {
  readonly id: string;
  readonly consumer: string;
  readonly idleMs: number;
  readonly deliveries: number;
  readonly at: number; // when it was added, by its id
  readonly diagnosis: string | null;
  readonly verdict: PendingVerdict | null; // null: Postgres knows nothing of this stream
};
export type PendingPage = { readonly entries: readonly PendingEntry[]; readonly next: string | null };

export const consumersInput = z.object({ stream: streamName, group: groupName });
export type ConsumersView = {
  readonly total: number;
  readonly consumers: readonly ConsumerState[]; // at most 500
  readonly living: readonly string[]; // names of those that asked within a minute, at most 50
  readonly claimMeaning: string; // what giving a pending entry to one of them comes to
};

export const deadLettersInput = z.object({
  stream: streamName,
  from: streamId.nullish(),
  cause: z.string().max(100).optional(),
  limit: z.number().int().min(1).max(200).default(50),
});
export type DeadLetterKind = "security-signal" | "fault";
export type DeadLetter = {
  readonly id: string;
  readonly at: number;
  readonly cause: string; // reason up to its first colon: "pg_permanent_error"
  readonly reason: string;
  readonly kind: DeadLetterKind; // replay_detected is a security signal (trap 11)
  readonly eventId: string | null; // src_id holds the event's own id (trap 12)
  readonly eventType: string | null;
  readonly zoneId: string | null;
  readonly fields: Readonly<Record<string, string>>;
};
export type DeadLetterPage = {
  readonly entries: readonly DeadLetter[];
  readonly next: string | null;
  readonly causes: readonly { readonly cause: string; readonly kind: DeadLetterKind; readonly count: number }[]; // over the newest `counted`
  readonly counted: number;
  readonly length: number;
};
