import { auditStream } from "@/server/caracal/audit-chain-read";
import type { Deployment } from "@/server/caracal/deployment";
import { listOf, numberOrNull, pairs, pipelined } from "@/server/caracal/streams/redis-pipeline";
import { messageOf } from "@/server/platform/errors";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";
import type { Asked } from "@/server/services/restarts/standing-now";

export const number = (value: number) => value.toLocaleString("en-US");

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

const isDeaf = ({ address, reading }: Asked): boolean => address.kind === "audit" && reading.ready && !reading.healthy;

/**
 * What the unhealthy consumers of ready audit replicas are: dead, or only idle. /health stays 503 after Redis is back until the next
 * event is read, which is excused on an idle zone alone (contract section 1): everything published was read and settled, and no other
 * replica reads in its place. Null: no consumer is unhealthy.
 */
export async function auditConsumers(
  caracal: Pick<Deployment, "redis">,
  asked: readonly Asked[],
): Promise<Probed | null> {
  const deaf = asked.filter(isDeaf);
  if (deaf.length === 0) return null;
  const says = `${deaf.map(({ address, reading }) => `${address.id} /health: ${reading.healthReason ?? "not healthy"}`).join("; ")}.`;
  if (!deaf.every(({ reading }) => reading.healthReason?.startsWith("consumer unhealthy") === true)) return no(says);
  let read: Awaited<ReturnType<typeof ingestion>>;
  try {
    read = await ingestion(caracal);
  } catch (error) {
    return unknown(`${says} Whether its consumer is dead or only idle cannot be told: ${messageOf(error)}`);
  }
  if (read === null) return no(`${says} The group audit-ingestor is not there: nobody ingests.`);
  if (!read.caughtUp || read.pending > 0)
    return no(
      `${says} Its consumer does not read: audit-ingestor has ${read.unread === null ? "some" : number(read.unread)} entries unread and ${number(read.pending)} not settled. Restart it.`,
    );
  if (asked.some(({ address, reading }) => address.kind === "audit" && reading.healthy))
    return unknown(
      `${says} Another replica reads, so whether this consumer is dead or only idle cannot be told: restart it, or wait until it reads an event.`,
    );
  return yes(`${says} Everything published was read and settled: on an idle zone that is not a dead consumer.`);
}
