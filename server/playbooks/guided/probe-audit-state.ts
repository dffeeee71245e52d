import { boundedRead } from "@/server/caracal/bounded-read";
import { readCapacity, rowsIngested } from "@/server/caracal/postgres-capacity";
import { messageOf } from "@/server/platform/errors";
import { ingestion, number } from "@/server/playbooks/guided/audit-ingestion";
import { notAllNoted, noteDeadLetters } from "@/server/playbooks/guided/note-dead-letters";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import { lettersBySort, lettersLeft, type SortTally, together } from "@/server/playbooks/guided/run-letters";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { saysOf } from "@/server/playbooks/guided/service-replicas";
import { letterSorts, sortMeanings } from "@/server/playbooks/guided/sort-dead-letters";
import { readOutages } from "@/server/services/outages/outage-windows";
import { type Asked, askReplicas } from "@/server/services/restarts/standing-now";

const hourMs = 3_600_000;
const bounds = { timeoutMs: 5_000, narrow: "It is read again." };
const auditsOf = (looking: Looking): Promise<Asked[]> => askReplicas(looking.caracal, ({ kind }) => kind === "audit");

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
  const blank = notAllNoted(await noteDeadLetters(looking, looking.run.id));
  if (blank !== null) return blank;
  const noted = await lettersBySort(looking.db, looking.run.id);
  if (noted.length === 0) return no("No dead letter lies there, and none came since this run began.");
  const counts = [...noted].sort((a, b) => letterSorts.indexOf(a.sort) - letterSorts.indexOf(b.sort));
  const words = counts.map(
    ({ sort, letters }) => `${number(letters)} ${sortMeanings[sort].what}: ${sortMeanings[sort].todo}`,
  );
  const unjudged = together(noted, ["signature-unknown"]).letters > 0;
  const say = unjudged ? unknown : yes;
  return {
    ...say(`${words.join(". ")}.${await drift(looking, noted)}${await outageOf(looking, noted)}`),
    figures: counts.map(({ sort, letters }) => ({ name: sort, value: letters, source: "caracal.audit.events.dlq" })),
  };
}

/** Every event with a wrong signature at once is key drift and no attack (trap 18). */
async function drift(looking: Looking, noted: readonly SortTally[]): Promise<string> {
  if (together(noted, ["signature", "signature-unknown", "drifted"]).letters === 0) return "";
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
async function outageOf(looking: Looking, noted: readonly SortTally[]): Promise<string> {
  const honest = noted.find(({ sort }) => sort === "outage");
  if (honest === undefined) return "";
  const replicas = looking.caracal.replicas.filter(({ kind }) => kind === "audit").map(({ id }) => id);
  const from = honest.first.getTime();
  const outages = await readOutages(looking.db, replicas, new Date(from - hourMs));
  const away = outages.find(
    ({ reason, downSince, upSince }) =>
      /^pg unreachable/.test(reason) &&
      downSince <= honest.last.getTime() &&
      (upSince ?? Number.POSITIVE_INFINITY) >= from - hourMs,
  );
  const time = (at: Date) => `${at.toISOString().slice(11, 19)} UTC`;
  return ` The honest ones were given up from ${time(honest.first)} to ${time(honest.last)}${away === undefined ? "; audit never said that Postgres was away then, so look whether it refused writes" : `; audit said that Postgres was away from ${time(new Date(away.downSince))}`}.`;
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
