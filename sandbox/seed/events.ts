import { createHash } from "node:crypto";
import {
  type AuditEvent,
  chainHmac,
  contentSha256,
  eventSignature,
  readEvent,
  wireEvent,
} from "@/sandbox/encoding/audit-event";
import type { GoJson } from "@/sandbox/encoding/go-json";
import { postgresTime } from "@/sandbox/encoding/go-time";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import type { Cell } from "./copy-rows";
import type { Random } from "./random";
import type { SeededSession } from "./sessions";
import { dayMs, days } from "./sizes";
import type { SeededZone } from "./zones";

export type SignedEvent = {
  readonly id: string;
  readonly data: string;
  readonly sig: string;
  readonly milliseconds: number;
};
type Shape = Pick<AuditEvent, "decision" | "evaluationStatus" | "determiningPolicies" | "diagnostics" | "metadata"> & {
  readonly complete: boolean;
};

const denials = ["exchange_denied", "resource_not_found", "scope_mismatch"] as const;

function shapeOf(zone: SeededZone, allowed: boolean, random: Random): Shape {
  const resource = random.pick(zone.resources);
  if (allowed)
    return random.next() < 0.5
      ? {
          decision: "allow",
          evaluationStatus: "complete",
          determiningPolicies: [{ big: 12345678901234567000, policy: "read-ok", weight: 1.5 }],
          diagnostics: [],
          metadata: { resource },
          complete: true,
        }
      : {
          decision: "allow",
          evaluationStatus: "complete",
          determiningPolicies: [{ a: { x: -1.25, y: 1_000 }, ü: "zone<policy>" }],
          diagnostics: [{ note: "a & b", tiny: 1e-7, zero: -0 }],
          metadata: { resource },
          complete: true,
        };
  if (random.next() < 0.3)
    return {
      decision: "deny",
      evaluationStatus: "complete",
      determiningPolicies: [{ policy: "base" }],
      diagnostics: [
        {
          floor: -0,
          limit: 0.25,
          list: [1, 2.5, true, null],
          reason: 'no rule for <write> & "send" — café\u2028',
          tiny: 1e-7,
        },
      ],
      metadata: { resource },
      complete: true,
    };
  const evaluationStatus = random.pick(denials);
  const metadata: GoJson =
    evaluationStatus === "exchange_denied"
      ? { requested: [resource] }
      : { resource: evaluationStatus === "resource_not_found" ? `resource://unknown-${random.below(9)}` : resource };
  return {
    decision: "deny",
    evaluationStatus,
    determiningPolicies: null,
    diagnostics: null,
    metadata,
    complete: false,
  };
}

const manifests = new Map<string, string>();
function manifestOf(version: string): string {
  const known = manifests.get(version);
  if (known !== undefined) return known;
  const sum = createHash("sha256").update(version).digest("hex");
  manifests.set(version, sum);
  return sum;
}

function makeEvent(zone: SeededZone, milliseconds: number, allowed: boolean, random: Random): AuditEvent {
  const { complete, ...shape } = shapeOf(zone, allowed, random);
  const eventType = !allowed && random.next() < 0.01 ? "jti_collision" : "token_exchange";
  return {
    id: uuidV7(milliseconds),
    zoneId: zone.id,
    eventType,
    requestId: uuidV7(milliseconds),
    ...shape,
    ...(complete ? { policySetVersionId: zone.policyVersion, manifestSha: manifestOf(zone.policyVersion) } : {}),
    occurredAt: BigInt(milliseconds) * 1_000_000n + BigInt(random.below(1_000_000)),
  };
}

const orNull = (text: string): string | null => (text === "null" ? null : text);

/** A row as ingestion would have stored it, at the end of its zone's chain. */
function rowOf(
  data: string,
  sig: string,
  head: { seq: number; content: string | null },
  key: Buffer,
): Readonly<Record<string, Cell>> {
  const event = readEvent(data);
  const content = contentSha256(event);
  const previous = head.content;
  head.seq += 1;
  head.content = content;
  return {
    id: event.id,
    zone_id: event.zone_id,
    event_type: event.event_type,
    request_id: event.request_id,
    decision: event.decision,
    policy_set_id: event.policy_set_id,
    policy_set_version_id: event.policy_set_version_id,
    manifest_sha: event.manifest_sha,
    evaluation_status: event.evaluation_status,
    determining_policies_json: orNull(event.determining_policies_json),
    diagnostics_json: orNull(event.diagnostics_json),
    metadata_json: orNull(event.metadata_json),
    occurred_at: postgresTime(event.occurredAt),
    ingested_at: postgresTime(event.occurredAt + 40_000_000n),
    content_sha256: content,
    prev_content_sha256: previous,
    chain_hmac: chainHmac(key, content, previous),
    chain_seq: head.seq,
    ingest_signature: sig,
  };
}

/**
 * `count` events over 40 days: one allow beside each session row, within a millisecond; the rest denials and allows of
 * further resources, heavier in the first zones. In time order, hash-chained per zone, signed as STS signs.
 */
export function makeEvents(
  input: { zones: readonly SeededZone[]; sessions: readonly SeededSession[]; count: number; now: number; key: Buffer },
  random: Random,
): { rows: Readonly<Record<string, Cell>>[]; signed: SignedEvent[] } {
  const { zones, sessions, count, now, key } = input;
  const events = sessions.map((session) => makeEvent(session.zone, session.createdAt - 1, true, random));
  while (events.length < count) {
    const zone = zones[Math.floor(random.next() ** 2 * zones.length)];
    if (zone === undefined) throw new RangeError("no zone to seed");
    events.push(makeEvent(zone, now - 5_000 - Math.floor(random.next() * days * dayMs), random.next() < 0.55, random));
  }
  events.sort((a, b) => (a.occurredAt < b.occurredAt ? -1 : 1));
  const heads = new Map(zones.map((zone) => [zone.id, { seq: 0, content: null as string | null }]));
  const rows: Readonly<Record<string, Cell>>[] = [];
  const signed: SignedEvent[] = [];
  for (const event of events) {
    const head = heads.get(event.zoneId);
    if (head === undefined) throw new RangeError("event of an unknown zone");
    const data = wireEvent(event);
    const sig = eventSignature(key, data);
    rows.push(rowOf(data, sig, head, key));
    signed.push({ id: event.id, data, sig, milliseconds: Number(event.occurredAt / 1_000_000n) });
  }
  return { rows, signed };
}
