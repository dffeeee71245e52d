import { sessionStates } from "@/server/caracal/sessions-read";
import { readEntries, readPending } from "@/server/caracal/streams/entries";
import { revocationStream } from "@/server/caracal/streams/expected-streams";
import { compareStreamIds } from "@/server/caracal/streams/stream-id";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import type { StreamPosition } from "@/server/playbooks/guided/reports.schemas";
import { isGenuine, messagesDownTo, revocations, sidsOf } from "@/server/playbooks/guided/revocation-messages";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { askReplicas } from "@/server/services/restarts/standing-now";

/** How far the stream has come: kept with the step that ends the revoking, it is what every group has to pass. In Redis's own ids, of no clock. */
export async function positionNow(looking: Looking): Promise<StreamPosition> {
  const { stream } = await revocations(looking);
  return { kind: "position", stream: revocationStream, lastId: stream.lastId ?? "0-0" };
}

/**
 * Every group that reads has passed the newest message there was when everything was revoked, and has nothing pending up to it (trap 1).
 * Of a run whose position was not kept: the newest there is.
 */
export async function groupsPast(looking: Looking): Promise<Probed> {
  const { redis } = looking.caracal;
  const { stream, groups } = await revocations(looking);
  if (stream.missingGroups.length > 0) return no(`Missing: ${stream.missingGroups.join(", ")}. Nothing reads for it.`);
  const kept = looking.settled.get("force")?.kept;
  const newest = stream.lastId ?? "0-0";
  const mark = kept?.kind === "position" ? kept.lastId : newest;
  if (compareStreamIds(newest, mark) < 0)
    return no(
      `The stream was made anew: its newest id is ${newest}, and it was at ${mark} when everything was revoked. What was unread is gone: begin this playbook again.`,
    );
  const open: string[] = [];
  for (const { group, lastDeliveredId, lost } of groups) {
    if (lost) {
      open.push(`${group} has lost messages by trimming: revoke anew`);
      continue;
    }
    const [next] = await readEntries(redis, {
      stream: revocationStream,
      after: lastDeliveredId,
      direction: "oldest",
      limit: 1,
    }); // the newest of then may have been deleted: past it is who has nothing more to be given up to it
    if (next !== undefined && compareStreamIds(next.id, mark) <= 0) {
      open.push(`${group} is at ${lastDeliveredId}`);
      continue;
    }
    const [oldest] = await readPending(redis, { stream: revocationStream, group, after: null, limit: 1 });
    if (oldest !== undefined && compareStreamIds(oldest.id, mark) <= 0) open.push(`${group} has ${oldest.id} pending`);
  }
  return open.length > 0
    ? no(`Not past ${mark} yet: ${open.join("; ")}.`)
    : yes(`${groups.map(({ group }) => group).join(", ")} are past ${mark}, with nothing pending up to it.`);
}

const recentMs = 15 * 60_000; // as long as a per-call mandate lives
const keysAtOnce = 500;

/** How many of these sessions resource servers know to be revoked. */
async function heldByResourceServers({ redis }: Looking["caracal"], sids: readonly string[]): Promise<number> {
  let held = 0;
  for (let from = 0; from < sids.length; from += keysAtOnce)
    held += await redis.exists(...sids.slice(from, from + keysAtOnce).map((sid) => `caracal:revoked:sessions:${sid}`));
  return held;
}

/** What gateways hold, as each says; one that shares the group's messages with others may be given none. */
async function gatewaysHold(caracal: Looking["caracal"], revoked: number) {
  const counts = (await askReplicas(caracal, ({ kind }) => kind === "gateway")).map(({ address, reading }) => ({
    id: address.id,
    holds: reading.metrics?.revocations_active ?? null,
  }));
  const silent = counts.filter(({ holds }) => holds === null).map(({ id }) => id);
  const empty = counts.filter(({ holds }) => holds === 0).map(({ id }) => `${id} holds none`);
  const together = counts.reduce((sum, { holds }) => sum + (holds ?? 0), 0);
  const few =
    counts.length > 0 && silent.length + empty.length === 0 && together < revoked
      ? [`gateways hold ${together} together`]
      : [];
  const told = counts.map(({ id, holds }) => `${id} ${holds ?? "did not say"}`).join(", ");
  return { silent, open: [...empty, ...few], told: told === "" ? "no address here" : told };
}

/**
 * The effect is visible where it can be seen: sessions in Postgres, keys of resource servers, and what each gateway says it holds (trap 2).
 * Gateways give counts, not ids: too few are proof against it, enough are not proof of each.
 */
export async function effectVisible(looking: Looking): Promise<Probed> {
  const { caracal } = looking;
  const key = caracal.streamsKey;
  const { groups } = await revocations(looking);
  const [redisSeconds] = await caracal.redis.time(); // ids are of Redis's clock
  const since = `${Number(redisSeconds) * 1_000 - recentMs}-0`;
  const { entries, whole } = await messagesDownTo(looking, since);
  const sids = sidsOf(
    entries.filter(
      (entry) => compareStreamIds(entry.id, since) >= 0 && (key === null || isGenuine(key, entry)), // others are dropped, as they should be
    ),
  );
  if (!whole)
    return unknown(`More than ${entries.length.toLocaleString("en-US")} messages came in the last 15 minutes.`);
  if (sids.length === 0)
    return yes(
      "No session was revoked in the last 15 minutes: there is no effect to look for, and per-call mandates of those before have run out.",
    );

  const states = await sessionStates(caracal.db, sids);
  const live = sids.filter((sid) => states.get(sid) === "live").sort();
  const resources = groups.some(({ group }) => group === "resource-revocation");
  const held = resources ? await heldByResourceServers(caracal, sids) : 0;
  const gateways = await gatewaysHold(caracal, sids.length);
  const gatewaysSeen = caracal.replicas.some(({ kind }) => kind === "gateway");
  const open = [
    ...(live.length === 0 ? [] : [`${live.length} are still active in Postgres, ${live[0]} first`]),
    ...(resources && held < sids.length ? [`resource servers hold ${held} of ${sids.length}`] : []),
    ...gateways.open,
  ];
  if (open.length > 0) {
    const sentence = `Of ${sids.length} revoked in the last 15 minutes ${open.join("; ")}. They were read and not applied: another STREAMS_HMAC_KEY, or a restart since; or, where it is one gateway alone, others were given them all: have them published anew. Gateways: ${gateways.told}.`;
    return key === null
      ? unknown(`${sentence} STREAMS_HMAC_KEY is not set here: whether the messages are genuine cannot be told.`)
      : no(sentence);
  }
  if (gateways.silent.length > 0)
    return unknown(`${gateways.silent.join(", ")} did not say what it holds. Gateways: ${gateways.told}.`);
  if (!resources && !gatewaysSeen)
    return unknown(
      `None of ${sids.length} revoked in the last 15 minutes is active in Postgres. Whether anybody else knows cannot be seen from here: no gateway has an address, and no resource server reads the stream.`,
    );
  return yes(
    `${sids.length} revoked in the last 15 minutes are seen to be: none is active in Postgres${resources ? ", resource servers hold them all" : ""}. Gateways hold: ${gateways.told}.`,
  );
}
