import type { z } from "zod";
import { findStreamEntries, readNeighbours, readStoredRows, type StreamLook } from "@/server/caracal/audit-row-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import { redactJson } from "@/server/audit/redaction/redact-json";
import { redactPlain } from "@/server/audit/redaction/sensitive-text";
import type { auditPlaceInput, EventVerdict, LinkVerdict, NeighbourRow } from "@/server/audit/schemas";
import { isKeyDrift } from "@/server/audit/verify/key-drift";
import { judgeRow } from "@/server/audit/verify/judge-row";
import { recoverContent } from "@/server/audit/verify/recover-content";
import { chainSeal, dataSignature } from "@/server/audit/verify/seals";
import { ingestedAt, jsonColumns, type StoredRow } from "@/server/audit/verify/stored-row";
import { readStreamCopy, type StreamCopy } from "@/server/audit/verify/stream-copy";
import { DomainError, messageOf } from "@/server/platform/errors";
import { millisecondsOf, requireInstant } from "@/server/platform/exact-time";
import { log } from "@/server/platform/log";

type Context = { readonly caracal: Pick<Deployment, "db" | "redis">; readonly auditKey: Buffer | null };

const bounds = { timeoutMs: 2_000, narrow: "Try again when Caracal's Postgres is less busy." };

const sealOf = (key: Buffer | null, row: StoredRow): EventVerdict["seal"] =>
  key === null
    ? "unheard"
    : !row.chain_hmac
      ? "blank"
      : chainSeal(key, row.content_sha256 ?? "", row.prev_content_sha256) === row.chain_hmac
        ? "right"
        : "wrong";

const neighbourOf = (row: StoredRow): NeighbourRow => ({
  id: row.id,
  occurredAt: row.occurred_at,
  chainSeq: row.chain_seq,
  eventType: row.event_type,
  decision: row.decision,
});

/** How the link from one row to the next stands: `to` holds the content hash of the row before it. */
const linked = (from: StoredRow, to: StoredRow) => (to.prev_content_sha256 ?? "") === (from.content_sha256 ?? "");

function linkBack(row: StoredRow, previous: readonly StoredRow[], firstSeq: number): LinkVerdict {
  if (previous.length > 0) return previous.some((one) => linked(one, row)) ? "holds" : "broken";
  if (row.chain_seq === 1) return row.prev_content_sha256 ? "broken" : "end";
  return row.chain_seq === firstSeq ? "beyond retention" : "missing";
}

function linkOn(row: StoredRow, next: readonly StoredRow[], lastSeq: number): LinkVerdict {
  if (next.length > 0) return next.some((one) => linked(row, one)) ? "holds" : "broken";
  return row.chain_seq === lastSeq ? "end" : "missing";
}

/** Values of a signed copy beside those of the row, for the columns that differ; JSON redacted, as everywhere. */
function differences(
  row: StoredRow,
  copy: StreamCopy | undefined,
  columns: readonly string[],
): EventVerdict["changed"] {
  if (copy === undefined) return [];
  const shown = (of: StoredRow, column: string) => {
    const value = new Map<string, string | number | null>(Object.entries(of)).get(column) ?? null;
    const text = value === null ? null : String(value);
    return jsonColumns.has(column) ? redactJson(text).text : redactPlain(column, text);
  };
  return columns
    .filter((column) => column in row && !["content_sha256", "chain_hmac", "ingest_signature"].includes(column))
    .map((column) => ({ column, stored: shown(row, column), signed: shown(copy.columns, column) }));
}

async function lookInStream({ caracal, auditKey }: Context, row: StoredRow) {
  if (auditKey === null) return { copies: [], signaturesRight: 0, stream: { state: "no key" } as const };
  let look: StreamLook;
  const occurred = millisecondsOf(row.occurred_at);
  try {
    look = await findStreamEntries(caracal.redis, row.id, occurred, millisecondsOf(row.ingested_at ?? row.occurred_at));
  } catch (error) {
    log.warn({ reason: messageOf(error) }, "the stream copy of an event could not be looked for");
    return { copies: [], signaturesRight: 0, stream: { state: "unreachable" } as const };
  }
  const signed = look.entries.filter(
    ({ fields: { data, sig } }) => data && sig && dataSignature(auditKey, data) === sig,
  );
  const copies = signed.flatMap(({ id, fields }) => {
    const copy = readStreamCopy(fields.data ?? "", fields.sig ?? "");
    return copy !== null && copy.columns.id === row.id ? [{ entry: id, copy }] : [];
  });
  const own = copies.filter(({ copy }) => copy.columns.zone_id === row.zone_id);
  const heard = own.length > 0 ? own : copies;
  return {
    copies: heard.map(({ copy }) => copy),
    signaturesRight: signed.length,
    stream: {
      state: heard.length > 0 ? "found" : "not found",
      entry: heard[0]?.entry ?? null,
      looked: look.looked,
      whole: look.whole,
    } as const,
  };
}

/**
 * What can be proved of one event now: its hash rebuilt from its columns, its seal and signature, its signed copy while the stream still has
 * it, and its links to the rows before and after. A whole check of the zone proves more: what was cut off behind it, for one.
 * @throws DomainError not_found, bad_input, precondition_failed, source_unreachable.
 */
export async function getVerdict({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.infer<typeof auditPlaceInput>;
}): Promise<EventVerdict> {
  const occurredAt = requireInstant("occurredAt", input.occurredAt);
  const { row, neighbours } = await boundedRead(ctx.caracal.db, bounds, async (tx) => {
    const [found] = await readStoredRows(tx, [{ id: input.id, occurredAt }]);
    if (found === undefined) throw new DomainError("not_found", "No audit event has this id at this time.", {});
    return {
      row: found,
      neighbours: found.chain_seq === null ? null : await readNeighbours(tx, found.zone_id, found.chain_seq),
    };
  });
  const around = [...(neighbours?.previous ?? []), row, ...(neighbours?.next ?? [])];
  const { copies, signaturesRight, stream } = await lookInStream(ctx, row);
  const seals = around.map((one) => sealOf(ctx.auditKey, one));
  const wrong = seals.filter((seal) => seal === "wrong").length;
  const drift = isKeyDrift({ right: seals.filter((seal) => seal === "right").length, wrong }, signaturesRight);
  const key = drift ? null : ctx.auditKey;
  const sealed = (neighbours?.previous ?? []).some((one) => sealOf(key, one) === "right");
  const since = around.flatMap((one) => (sealOf(key, one) === "right" ? (ingestedAt(one) ?? []) : []));
  const sealing = { zone: sealed, since: since.length === 0 ? null : Math.min(...since) };
  const judged = judgeRow(row, copies, key, sealing);
  return {
    finding: judged.finding,
    columns: judged.columns,
    witnesses: judged.witnesses,
    hash: recoverContent(row).kind,
    seal: drift ? "unheard" : sealOf(key, row),
    signature: judged.signature,
    keyDrift: drift,
    stream,
    changed: differences(
      row,
      copies.find(({ content }) => content === row.content_sha256) ?? copies[0],
      judged.columns,
    ),
    previous: {
      link: neighbours === null ? null : linkBack(row, neighbours.previous, neighbours.first),
      rows: (neighbours?.previous ?? []).map(neighbourOf),
    },
    next: {
      link: neighbours === null ? null : linkOn(row, neighbours.next, neighbours.last),
      rows: (neighbours?.next ?? []).map(neighbourOf),
    },
  };
}
