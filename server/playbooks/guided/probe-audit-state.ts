import { auditStream } from "@/server/caracal/audit-chain-read";
import { boundedRead } from "@/server/caracal/bounded-read";
import { readCapacity, rowsIngested } from "@/server/caracal/postgres-capacity";
import type { Deployment } from "@/server/caracal/deployment";
import { listOf, numberOrNull, pairs, pipelined } from "@/server/caracal/streams/redis-pipeline";
import { messageOf } from "@/server/platform/errors";
import { mostNoted, noteDeadLetters } from "@/server/playbooks/guided/note-dead-letters";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import { lettersLeft, notedLetters } from "@/server/playbooks/guided/run-letters";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { saysOf } from "@/server/playbooks/guided/service-replicas";
import { letterSorts, sortMeanings } from "@/server/playbooks/guided/sort-dead-letters";
import { readOutages } from "@/server/services/outages/outage-windows";
import { type Asked, askReplicas } from "@/server/services/restarts/standing-now";

const hourMs = 3_600_000;
const bounds = { timeoutMs: 5_000, narrow: "It is read again." };
export const number = (value: number) => value.toLocaleString("en-US");
const auditsOf = (looking: Looking): Promise<Asked[]> => askReplicas(looking.caracal, ({ kind }) => kind === "audit");

/** How far ingestion has read: entries handed out and not settled, and entries not handed out yet (null: Redis cannot tell). */
export async function ingestion(
  caracal: Pick<Deployment, "redis">,
): Promise<{ readonly pending: number; readonly unread: number | null; readonly caughtUp: boolean } | null> {
  const [groups, stream] = await pipelined(
    caracal.redis,
    [
      ["XINFO", "GROUPS", auditStream],
      ["XINFO", "STREAM", auditStream],
    ],
    () => undefined,
  );
  if (groups === undefined || stream === undefined) throw new Error("Redis gave no reply");
  if (!groups.ok || !stream.ok) return null; // no such stream
  const group = listOf(groups.value)
    .map((row) => pairs(row))
    .find((row) => row.get("name") === "audit-ingestor");
  if (group === undefined) return null;
  const pending = numberOrNull(group.get("pending")) ?? 0;
  const caughtUp = group.get("last-delivered-id") === pairs(stream.value).get("last-generated-id");
  return { pending, unread: caughtUp ? 0 : numberOrNull(group.get("lag")), caughtUp };
}

/** Audit's health in its own words, how far it has read, and how many letters lie there. */
export async function auditLookedAt(looking: Looking): Promise<Probed> {
  const [asked, left, read] = await Promise.all([
    auditsOf(looking),
    lettersLeft(looking.caracal),
    ingestion(looking.caracal),
  ]);
  await noteDeadLetters(looking, looking.run.id);
  const sum = (name: string) => asked.reduce((all, { reading }) => all + (reading.metrics?.[name] ?? 0), 0);
  const health = asked.map(
    (one) =>
      `${saysOf(one)}${one.reading.reachable && !one.reading.healthy ? ` (/health: ${one.reading.healthReason})` : ""}`,
  );
  const behind =
    read === null
      ? "The group audit-ingestor is not there."
      : read.caughtUp && read.pending === 0
        ? "Ingestion has read everything."
        : `Ingestion has ${read.unread === null ? "some" : number(read.unread)} unread and ${number(read.pending)} not settled.`;
  return {
    ...yes(
      `${asked.length === 0 ? "No address of audit is configured." : `${health.join("; ")}.`} ${number(left)} dead letters; ${number(sum("dlq_total"))} since audit started, ${number(sum("retries_total"))} retries. ${behind}`,
    ),
    figures: [
      { name: "dead letters", value: left, source: "XLEN caracal.audit.events.dlq" },
      { name: "dlq_total", value: sum("dlq_total"), source: "audit /metrics, since its start" },
      { name: "not settled", value: read?.pending ?? null, source: "XINFO GROUPS caracal.audit.events" },
    ],
  };
}

/** Every letter by what is behind it: honest events of a Postgres outage apart from tampering, forgeries and faults. */
export async function lettersSorted(looking: Looking): Promise<Probed> {
  const { db, caracal, run } = looking;
  await noteDeadLetters(looking, run.id);
  const [letters, left] = await Promise.all([notedLetters(db, run.id), lettersLeft(caracal)]);
  if (left > letters.length && letters.length >= mostNoted)
    return unknown(
      `The newest ${number(letters.length)} of ${number(left)} letters were read: redrive in parts, and begin anew.`,
    );
  if (letters.length === 0) return no("No dead letter lies there, and none came since this run began.");
  const counts = letterSorts
    .map((sort) => ({ sort, count: letters.filter((letter) => letter.sort === sort).length }))
    .filter(({ count }) => count > 0);
  const words = counts.map(
    ({ sort, count }) => `${number(count)} ${sortMeanings[sort].what}: ${sortMeanings[sort].todo}`,
  );
  return {
    ...yes(`${words.join(". ")}.${await drift(looking, counts)}${await outageOf(looking, letters)}`),
    figures: counts.map(({ sort, count }) => ({ name: sort, value: count, source: "caracal.audit.events.dlq" })),
  };
}

/** Every event with a wrong signature at once is key drift and no attack (trap 18). */
async function drift(looking: Looking, counts: readonly { sort: string; count: number }[]): Promise<string> {
  if (!counts.some(({ sort }) => sort === "signature")) return "";
  const asked = await auditsOf(looking);
  const drifted = asked.filter(({ reading }) => {
    const { hmac_failures_total: failed = 0, inserts_total: inserted = 0 } = reading.metrics ?? {};
    return failed >= 10 && inserted === 0;
  });
  return drifted.length === 0
    ? ""
    : ` ${drifted.map(({ address }) => address.id).join(", ")} has recorded nothing and refused every signature since it started: another AUDIT_HMAC_KEY than STS's, and no attack.`;
}

/** Whether audit itself said that Postgres was away when the honest ones were given up (trap 21). */
async function outageOf(looking: Looking, letters: Awaited<ReturnType<typeof notedLetters>>): Promise<string> {
  const honest = letters.filter(({ sort }) => sort === "outage");
  const [first, last] = [honest[0], honest.at(-1)];
  if (first === undefined || last === undefined) return "";
  const replicas = looking.caracal.replicas.filter(({ kind }) => kind === "audit").map(({ id }) => id);
  const from = first.received_at.getTime();
  const outages = await readOutages(looking.db, replicas, new Date(from - hourMs));
  const away = outages.find(
    ({ reason, downSince, upSince }) =>
      /^pg unreachable/.test(reason) &&
      downSince <= last.received_at.getTime() &&
      (upSince ?? Number.POSITIVE_INFINITY) >= from - hourMs,
  );
  const time = (at: Date) => `${at.toISOString().slice(11, 19)} UTC`;
  return ` The honest ones were given up from ${time(first.received_at)} to ${time(last.received_at)}${away === undefined ? "; audit never said that Postgres was away then, so look whether it refused writes" : `; audit said that Postgres was away from ${time(new Date(away.downSince))}`}.`;
}

/** What Postgres can take: rows in five minutes, connections, locks, size, switches; and what our role may not see. */
export async function capacityRead({ caracal }: Looking): Promise<Probed> {
  let capacity: Awaited<ReturnType<typeof readCapacity>>;
  let ingested: Awaited<ReturnType<typeof rowsIngested>>;
  try {
    capacity = await boundedRead(caracal.db, bounds, readCapacity);
    ingested = await boundedRead(caracal.db, bounds, (tx) => rowsIngested(tx, 5));
  } catch (error) {
    return unknown(`Postgres does not say: ${messageOf(error)}`);
  }
  const { connections, hidden, most, waiting, auditLocks, bytes, standby, readOnly, slow, seesAll, monthThere } =
    capacity;
  const trouble = [
    readOnly === null ? null : `Writes are switched off ${readOnly}: every insert fails.`,
    standby ? "This is a standby: it takes no writes." : null,
    connections >= most * 0.9 ? "Nearly every connection is taken." : null,
    auditLocks > 0 ? `${auditLocks} wait for a lock on audit_events: somebody holds it.` : null,
    monthThere ? null : "This month has no partition of its own: events go to the default one.",
    (slow ?? 0) > 0 ? `${slow} statements have run for more than 30 s.` : null,
  ].filter((part) => part !== null);
  const blind = seesAll
    ? ""
    : ` Our role may not see the statements of others (${hidden} connections), so slow ones and why inserts fail are in audit's log; nor free disk, which no SQL tells.`;
  return {
    ...yes(
      `${number(ingested.rows)} rows ingested in 5 minutes${ingested.more ? ", in the first 500 zones" : ""}; ${connections} of ${most} connections; ${waiting} locks waited for; ${number(Math.round(bytes / 1_048_576))} MiB. ${trouble.length === 0 ? "Nothing that can be seen keeps it from taking rows." : trouble.join(" ")}${blind}`,
    ),
    figures: [
      { name: "rows ingested in 5 minutes", value: ingested.rows, source: "audit_events by (zone_id, chain_seq)" },
      { name: "connections", value: connections, unit: `of ${most}`, source: "pg_stat_activity" },
      { name: "locks waited for", value: waiting, source: "pg_locks" },
      { name: "size", value: bytes, unit: "bytes", source: "pg_database_size" },
    ],
  };
}
