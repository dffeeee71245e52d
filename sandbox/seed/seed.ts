import { Client } from "pg";
import { uuidV7 } from "@/sandbox/encoding/uuid-v7";
import { revocations } from "@/sandbox/services/shared/streams";
import { type Cell, copyRows } from "./copy-rows";
import { makeEvents } from "./events";
import { fillStreams, type PastRevocation } from "./fill-streams";
import { seededRandom } from "./random";
import { makePopulation, type SeededSession } from "./sessions";
import { amounts, dayMs, days, minuteMs, type Size } from "./sizes";
import { makeGrant, makeZones, type SeededZone } from "./zones";

export type SeedOptions = {
  readonly ownerUrl: string; // a database that has the schema, and no rows
  readonly redisUrl: string; // an empty Redis
  readonly keys: { readonly zoneKek: string; readonly auditHmacKey: string; readonly streamsHmacKey: string }; // hex
  readonly now: Date;
  readonly size?: Size;
};
export type SeedFacts = {
  readonly zones: readonly SeededZone[];
  readonly keylessZone: SeededZone;
  /** The subject whose mandate is stolen in the demo, and its really active sessions. */
  readonly stolen: { readonly zone: SeededZone; readonly subject: string; readonly sessionIds: readonly string[] };
  readonly sessions: number;
  readonly liveSessions: number;
  readonly events: number;
};

const workloadUsers = 5;
const pastRevocations = 24;

function outboxOf(
  revoked: readonly SeededSession[],
  now: number,
): { rows: Record<string, Cell>[]; past: PastRevocation[] } {
  const rows: Record<string, Cell>[] = [];
  const past: PastRevocation[] = [];
  for (const [place, session] of revoked.slice(0, pastRevocations).entries()) {
    const milliseconds = now - (pastRevocations - place) * minuteMs;
    const fields = { zone_id: session.zone.id, session_id: session.id, reason: "grant_revoked" };
    const at = new Date(milliseconds);
    const shared = {
      attempts: 1,
      available_at: at,
      locked_by: "api:1",
      dispatched_at: new Date(milliseconds + 120),
      created_at: at,
    };
    rows.push({
      id: uuidV7(milliseconds),
      stream_name: revocations,
      payload_json: JSON.stringify(fields),
      request_id: uuidV7(milliseconds),
      ...shared,
    });
    past.push({ milliseconds: milliseconds + 120, fields });
  }
  return { rows, past };
}

/**
 * Fills an empty deployment: zones, subjects, sessions, agents, keys, providers, grants, 40 days of audit events in monthly
 * partitions with whole chains, and the streams with their groups. Full size in a few seconds.
 */
export async function seedDeployment(options: SeedOptions): Promise<SeedFacts> {
  const wanted = amounts[options.size ?? "full"];
  const now = options.now.getTime();
  const random = seededRandom(20_260_512);
  const [kek, auditKey, streamsKey] = [
    options.keys.zoneKek,
    options.keys.auditHmacKey,
    options.keys.streamsHmacKey,
  ].map((hex) => Buffer.from(hex, "hex")) as [Buffer, Buffer, Buffer];
  const { zones, tables } = makeZones(wanted.zones, now, kek, random);
  const people = makePopulation(zones, wanted, now, random);
  const audit = makeEvents({ zones, sessions: people.sessions, count: wanted.events, now, key: auditKey }, random);
  const outbox = outboxOf(
    people.sessions.filter((session) => session.status === "revoked"),
    now,
  );
  const grants = zones.flatMap((zone) => {
    const users = (people.usersByZone.get(zone.id) ?? []).filter((_, place) => place % 2 === 0);
    const workload = Array.from({ length: workloadUsers }, (_, place) => `workload-${place}`);
    return [...users, ...workload].map((user) => makeGrant(zone, user, now, kek));
  });

  const client = new Client({ connectionString: options.ownerUrl });
  await client.connect();
  try {
    await client.query(
      "SELECT ensure_audit_partition(moment) FROM generate_series($1::timestamptz, $2::timestamptz, '10 days') AS moment",
      [new Date(now - (days + 1) * dayMs), new Date(now + dayMs)],
    );
    await client.query("BEGIN");
    for (const [table, rows] of Object.entries(tables)) await copyRows(client, table, rows);
    await copyRows(client, "sessions", people.rows);
    await copyRows(client, "agent_sessions", people.agents);
    await copyRows(client, "delegation_edges", people.edges);
    await copyRows(client, "delegated_grants", grants);
    await copyRows(client, "event_outbox", outbox.rows);
    await copyRows(client, "audit_events", audit.rows);
    await client.query("COMMIT");
    await client.query("ANALYZE");
  } finally {
    await client.end();
  }
  await fillStreams(options.redisUrl, audit.signed.slice(-wanted.onStream), outbox.past, streamsKey);
  return factsOf(zones, people.sessions, audit.rows.length, now);
}

function factsOf(
  zones: readonly SeededZone[],
  sessions: readonly SeededSession[],
  events: number,
  now: number,
): SeedFacts {
  const isLive = (session: SeededSession) => session.status === "active" && session.expiresAt > now;
  const [zone] = zones;
  const keylessZone = zones.at(-1);
  const subject = sessions[0]?.subject;
  if (zone === undefined || keylessZone === undefined || subject === undefined)
    throw new RangeError("nothing was seeded");
  const sessionIds = sessions
    .filter((session) => session.zone === zone && session.subject === subject && isLive(session))
    .map((session) => session.id);
  return {
    zones,
    keylessZone,
    stolen: { zone, subject, sessionIds },
    sessions: sessions.length,
    liveSessions: sessions.filter(isLive).length,
    events,
  };
}
