import { createHash, randomBytes } from "node:crypto";
import {
  type AuditEvent,
  chainHmac,
  contentSha256,
  eventSignature,
  readEvent,
  wireEvent,
} from "@/sandbox/encoding/audit-event";
import type { GoJson } from "@/sandbox/encoding/go-json";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";

/** A row of audit_events as Postgres gives it back, and the stream entry that it came from. */
export type ChainRow = {
  id: string;
  zone_id: string;
  event_type: string;
  request_id: string | null;
  decision: string | null;
  policy_set_id: string | null;
  policy_set_version_id: string | null;
  manifest_sha: string | null;
  evaluation_status: string | null;
  determining_policies_json: string | null;
  diagnostics_json: string | null;
  metadata_json: string | null;
  occurred_at: string;
  ingested_at: string | null;
  content_sha256: string | null;
  prev_content_sha256: string | null;
  chain_hmac: string | null;
  chain_seq: number | null;
  ingest_signature: string | null;
};
export type ChainEntry = { readonly id: string; readonly fields: { id: string; data: string; sig: string } };
export type Chain = { readonly rows: ChainRow[]; readonly stream: ChainEntry[]; readonly key: Buffer };

/** A number as numeric prints it: no exponent, no minus zero. */
function plain(value: number): string {
  if (value === 0) return "0";
  const [mantissa = "", exponent] = String(value).split("e");
  if (exponent === undefined) return mantissa;
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = `${whole}${fraction}`;
  const point = whole.length + Number(exponent);
  const sign = value < 0 ? "-" : "";
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, "0").slice(0, point)}${digits.length > point ? `.${digits.slice(point)}` : ""}`;
}

/** A value as jsonb prints it: keys by length and then bytes, a blank after commas and colons. */
export function jsonbText(value: GoJson): string {
  if (typeof value === "number") return plain(value);
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(", ")}]`;
  const members = Object.entries(value).sort(
    ([a], [b]) => Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}: ${jsonbText(member)}`).join(", ")}}`;
}

/** Whole units, rounded down also before 1970. */
const below = (value: bigint, unit: bigint): bigint => (value - (((value % unit) + unit) % unit)) / unit;

/** The event's row as ingestion stores it, linked to the one before. */
export function rowOf(event: AuditEvent, previous: ChainRow | null, key: Buffer): ChainRow {
  const content = contentSha256(readEvent(wireEvent(event)));
  const micros = below(event.occurredAt, 1_000n);
  const seconds = new Date(Number(below(micros, 1_000_000n)) * 1_000).toISOString().slice(0, 19).replace("T", " ");
  return {
    id: event.id,
    zone_id: event.zoneId,
    event_type: event.eventType,
    request_id: event.requestId,
    decision: event.decision,
    policy_set_id: event.policySetId ?? null,
    policy_set_version_id: event.policySetVersionId ?? null,
    manifest_sha: event.manifestSha ?? null,
    evaluation_status: event.evaluationStatus,
    determining_policies_json: jsonbText(event.determiningPolicies),
    diagnostics_json: jsonbText(event.diagnostics),
    metadata_json: event.metadata === undefined ? null : jsonbText(event.metadata),
    occurred_at: `${seconds}.${String(micros - below(micros, 1_000_000n) * 1_000_000n).padStart(6, "0")}+00`,
    ingested_at: null,
    content_sha256: content,
    prev_content_sha256: previous?.content_sha256 ?? null,
    chain_hmac: chainHmac(key, content, previous?.content_sha256 ?? null),
    chain_seq: (previous?.chain_seq ?? 0) + 1,
    ingest_signature: eventSignature(key, wireEvent(event)),
  };
}

/**
 * An honest chain of a zone without end: each event's row, and the stream entry that it came from. `random`: from 0 up to, not including, 1.
 * `startAt`: nanoseconds since 1970.
 */
export function* honestEvents(
  random: () => number,
  key: Buffer,
  { zoneId = uuidV7(), startAt = 1_795_465_220_617_133_000n, nextMs = 5_000 } = {},
): Generator<{ readonly row: ChainRow; readonly entry: ChainEntry }> {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const whole = (below: number) => Math.floor(random() * below);
  const scalars: readonly GoJson[] = [
    true,
    null,
    "a<b>&c",
    "\u2028 é",
    0,
    -0,
    1e-7,
    1.5,
    -299.99157071170777,
    42,
    12345678901234567890n,
    1e21,
  ];
  const value = (depth: number): GoJson => {
    const kind = depth === 0 ? 0 : whole(4);
    if (kind === 1) return Array.from({ length: whole(3) }, () => value(depth - 1));
    if (kind === 2)
      return Object.fromEntries(
        Array.from({ length: whole(4) }, (_, at) => [`${pick(["k", "longer", "ü", "x&y"])}${at}`, value(depth - 1)]),
      );
    return pick(scalars);
  };
  let at = startAt + BigInt(whole(1_000));
  let previous: ChainRow | null = null;
  for (let n = 0; ; n += 1) {
    at += BigInt(whole(nextMs * 1_000_000) + 1);
    const version = uuidV7();
    const event: AuditEvent = {
      id: uuidV7(),
      zoneId,
      eventType: "token_exchange",
      requestId: uuidV7(),
      decision: pick(["allow", "deny", "partial"]),
      ...(random() < 0.9
        ? { policySetVersionId: version, manifestSha: createHash("sha256").update(version).digest("hex") }
        : {}),
      evaluationStatus: "complete",
      determiningPolicies: [value(2)],
      diagnostics: [value(2)],
      ...(random() < 0.8
        ? { metadata: { resource: `resource://${pick(["ledger", "mail<&>"])}`, more: value(1) } }
        : {}),
      occurredAt: at,
    };
    const data = wireEvent(event);
    const row: ChainRow = rowOf(event, previous, key);
    previous = row;
    yield {
      row,
      entry: { id: `${at / 1_000_000n}-${n}`, fields: { id: event.id, data, sig: eventSignature(key, data) } },
    };
  }
}

/** The first events of an honest chain. */
export function honestChain(random: () => number, length: number, key: Buffer = randomBytes(32)): Chain {
  const rows: ChainRow[] = [];
  const stream: ChainEntry[] = [];
  if (length > 0)
    for (const { row, entry } of honestEvents(random, key)) {
      rows.push(row);
      stream.push(entry);
      if (rows.length >= length) break;
    }
  return { rows, stream, key };
}
