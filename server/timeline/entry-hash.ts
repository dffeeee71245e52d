import { hash as digest } from "node:crypto";

/** One row of timeline_entries with every column as text, as it is hashed: `at` by exactInstantSql, `details` as stored. */
export type EntryRow = {
  readonly chain: string;
  readonly seq: string;
  readonly at: string;
  readonly kind: string;
  readonly actor_id: string | null;
  readonly actor_name: string;
  readonly actor_roles: string;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly summary: string;
  readonly details: string;
  readonly prev_hash: string;
  readonly hash: string;
};

/** What the first entry of a chain links to. */
export const noHash = "0".repeat(64);

/** Length in bytes, a colon, the text, a line feed; a minus sign for null: no two rows give the same text. */
const field = (value: string | null): string => (value === null ? "-\n" : `${Buffer.byteLength(value)}:${value}\n`);

/** The text that an entry's hash is made of: the same as timeline_append() makes (migration 0003, docs/adr/0009). */
export const entryText = (row: Omit<EntryRow, "hash">): string =>
  `caracal-timeline-1\n${field(row.prev_hash)}${field(row.chain)}${field(row.seq)}${field(row.at)}${field(row.kind)}${field(
    row.actor_id,
  )}${field(row.actor_name)}${field(row.actor_roles)}${field(row.address)}${field(row.request_id)}${field(
    row.summary,
  )}${field(row.details)}`;

/** SHA-256 of the entry's text as 64 hex digits. */
export const entryHash = (row: Omit<EntryRow, "hash">): string => digest("sha256", entryText(row), "hex");
