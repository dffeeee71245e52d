import type { z } from "zod";
import { redactJson } from "@/server/audit/redaction/redact-json";
import { redactPlain } from "@/server/audit/redaction/sensitive-text";
import type { SignedCopyView, signedCopyInput } from "@/server/audit/schemas";
import { dataSignature } from "@/server/audit/verify/seals";
import { jsonColumns, rowColumns } from "@/server/audit/verify/stored-row";
import { readStreamCopy } from "@/server/audit/verify/stream-copy";
import { auditStream } from "@/server/caracal/audit-chain-read";
import { findStreamEntries, type StreamLook } from "@/server/caracal/audit-row-read";
import type { Deployment } from "@/server/caracal/deployment";
import { readEntriesById } from "@/server/caracal/streams/entries";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { uuidTime } from "@/server/platform/uuid-time";

const signedColumns = rowColumns.slice(1, rowColumns.indexOf("ingested_at")); // what ingestion adds was not signed
const lateMs = 60_000; // from when an event's id was made to when it is in the stream, unless STS had to spool it

/** The entries that may hold the event: the one that is named, or those around when its id was made. */
async function look({ redis }: Pick<Deployment, "redis">, id: string, entry: string | undefined): Promise<StreamLook> {
  if (entry !== undefined) {
    const found = [...(await readEntriesById(redis, auditStream, [entry])).values()];
    return { entries: found, looked: 1, from: entry, whole: true };
  }
  const made = uuidTime(id);
  if (made === null) return { entries: [], looked: 0, from: null, whole: false };
  return findStreamEntries(redis, id, made, made + lateMs);
}

/**
 * What the signed copy in the stream says of an event, whose row may be gone: the values that were signed, what is sensitive in them hidden
 * as everywhere. Only a copy whose signature verifies is heard.
 */
export async function signedCopy({
  ctx: { caracal, auditKey },
  input: { eventId, entry },
}: {
  ctx: { readonly caracal: Pick<Deployment, "redis">; readonly auditKey: Buffer | null };
  input: z.output<typeof signedCopyInput>;
}): Promise<SignedCopyView> {
  if (auditKey === null) return { state: "no key" };
  let seen: StreamLook;
  try {
    seen = await look(caracal, eventId, entry);
  } catch (error) {
    log.warn({ reason: messageOf(error) }, "the signed copy of an event could not be looked for");
    return { state: "unreachable" };
  }
  for (const { id, fields } of seen.entries) {
    const { data = "", sig = "" } = fields;
    const copy = dataSignature(auditKey, data) === sig ? readStreamCopy(data, sig) : null;
    if (copy === null || copy.columns.id !== eventId) continue;
    const hidden: string[] = [];
    const columns = signedColumns.map((column) => {
      const value = copy.columns[column]?.toString() ?? null;
      if (!jsonColumns.has(column)) return { column, value: redactPlain(column, value) };
      const shown = redactJson(value);
      hidden.push(...shown.hidden.map((path) => `${column}: ${path}`));
      return { column, value: shown.text };
    });
    return { state: "found", entry: id, columns, hidden, content: copy.content };
  }
  return { state: "not found", named: entry !== undefined, looked: seen.looked, whole: seen.whole };
}
