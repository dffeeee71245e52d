import { checkStreamSignature } from "@/server/caracal/stream-signature";
import { type RawEntry, readEntries, readPending } from "@/server/caracal/streams/entries";
import { readerOf, revocationStream } from "@/server/caracal/streams/expected-streams";
import { readStreams } from "@/server/caracal/streams/read-streams";
import { compareStreamIds } from "@/server/caracal/streams/stream-id";
import { createStreamMemory } from "@/server/caracal/streams/stream-memory";
import type { GroupState, StreamState } from "@/server/live/snapshot";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { askReplicas } from "@/server/services/restarts/standing-now";

const newest = 500; // entries that one probe reads: one bounded page
const oldMs = 60_000;
const asksMs = 10_000; // a living consumer asks every few seconds, given something or not
const uncounted = () => undefined;

const number = (value: number) => value.toLocaleString("en-US");
const seconds = (ms: number) => `${number(Math.floor(ms / 1_000))} s`;

/** The revocation stream with the groups that somebody reads; a provisioned one that nothing uses is no backlog. */
async function revocations({
  caracal,
}: Pick<Looking, "caracal">): Promise<{ readonly stream: StreamState; readonly groups: readonly GroupState[] }> {
  const { streams } = await readStreams(caracal.redis, [revocationStream], createStreamMemory(), Date.now(), uncounted);
  const stream = streams.find(({ name }) => name === revocationStream);
  if (stream === undefined) throw new Error(`Redis says nothing of ${revocationStream}`);
  return { stream, groups: stream.groups.filter(({ verdict }) => verdict !== "never-used") };
}

const unreadOf = (group: GroupState): number | null => group.unread ?? group.lag;
const isBehind = (group: GroupState) =>
  group.lost || group.pending > 0 || group.verdict === "behind" || (unreadOf(group) ?? 0) > 0;

function standing(group: GroupState): string {
  const unread = unreadOf(group);
  const parts = [
    group.lost ? "has lost entries by trimming" : null,
    unread === 0 ? null : `${unread === null ? "an unknown number" : number(unread)} unread`,
    group.pending === 0 ? null : `${number(group.pending)} pending`,
  ].filter((part) => part !== null);
  return `${group.group}: ${parts.length === 0 ? "all read" : parts.join(", ")}`;
}

/** Which group is behind, by how much. Says so whatever it is: what is behind right now is for people to judge. */
export async function backlogLocated(looking: Looking): Promise<Probed> {
  const { stream, groups } = await revocations(looking);
  const missing = stream.missingGroups.length === 0 ? "" : ` Missing: ${stream.missingGroups.join(", ")}.`;
  return {
    ...yes(`${groups.map(standing).join("; ") || "Nothing reads the stream"}.${missing}`),
    figures: groups.map((group) => ({
      name: `unread and pending of ${group.group}`,
      value: unreadOf(group) === null ? null : (unreadOf(group) ?? 0) + group.pending,
      unit: "entries",
      source: `XINFO GROUPS ${revocationStream}`,
    })),
  };
}

/** Before Redis 7.2 a consumer's idle time runs on while there is nothing to give it: silence tells only where something is unread. */
const silenceTells = (group: GroupState) =>
  group.consumers.some(({ inactiveMs }) => inactiveMs !== null) || unreadOf(group) !== 0;

/**
 * Whoever reads is alive: every replica of a service that reads answers ready, and each group has a consumer that asked within a minute.
 * One that does not ask is dead, frozen, or a name that a restart left behind. One that gives no answer in time while as many consumers
 * ask as there are replicas is slow, and so is a group that is behind although all of them ask.
 */
export async function readersAlive(looking: Looking): Promise<Probed> {
  const { groups } = await revocations(looking);
  const kinds = new Set<string | null>(groups.map(({ group }) => readerOf(group)));
  const asked = await askReplicas(looking.caracal, ({ kind }) => kind !== "api" && kinds.has(kind));
  const allAsk = (kind: string) =>
    groups
      .filter(({ group }) => readerOf(group) === kind)
      .every(
        ({ consumers }) =>
          consumers.filter(({ idleMs }) => idleMs < asksMs).length >=
          asked.filter(({ address }) => address.kind === kind).length,
      );
  const away = asked.filter(({ reading }) => !reading.ready);
  const isSlow = ({ address, reading }: (typeof asked)[number]) =>
    !reading.reachable && !reading.refused && allAsk(address.kind);
  const named = (list: typeof asked) =>
    list.map(({ address, reading }) => `${address.id}: ${reading.readyReason ?? "not ready"}`);
  const dead = named(away.filter((one) => !isSlow(one)));
  const slow = named(away.filter(isSlow));
  const deaf = groups
    .filter((group) => group.consumerCount > 0 && group.silentCount === group.consumerCount && silenceTells(group))
    .map(
      (group) =>
        `${group.group}: no consumer has asked for ${seconds(Math.min(...group.consumers.map(({ idleMs }) => idleMs)))}`,
    );
  if (dead.length + deaf.length > 0)
    return no(
      `Dead or frozen, or too slow to tell: ${[...dead, ...deaf].join("; ")}. Start it again, then look once more.`,
    );
  const behind = groups.filter(isBehind).map(({ group }) => group);
  const ready = asked.filter(({ reading }) => reading.ready).map(({ address }) => address.id);
  return yes(
    [
      ready.length === 0 ? null : `${ready.join(", ")}: ready.`,
      "Each group has a consumer that asks.",
      slow.length === 0 ? null : `Slow, not dead, since its consumer asks: ${slow.join("; ")}.`,
      behind.length === 0 ? null : `Behind all the same: ${behind.join(", ")}: slow, or held up by what is pending.`,
    ]
      .filter((part) => part !== null)
      .join(" "),
  );
}

/** The newest messages carry signatures that consumers take: one that does not is acknowledged and dropped, and pending says nothing (trap 2). */
export async function signaturesHold({ caracal }: Looking): Promise<Probed> {
  if (caracal.streamsKey === null) return unknown("STREAMS_HMAC_KEY is not set here: signatures cannot be checked.");
  const entries = await newestEntries(caracal);
  const key = caracal.streamsKey;
  const bad = entries.filter(({ fields }) => checkStreamSignature(key, revocationStream, fields) !== "valid");
  if (bad.length === 0)
    return yes(`All of the newest ${number(entries.length)} messages carry a signature that holds.`);
  return no(
    `${number(bad.length)} of the newest ${number(entries.length)} messages carry no signature that holds, ${bad[0]?.id} the newest: every consumer acknowledges and drops them. ${bad.length === entries.length ? "All at once means another key, here or where they are published." : "See who published them, and revoke anew what they meant."}`,
  );
}

/** Nothing has been pending for a minute or more. STS and gateways take it up only when they start. */
export async function nothingStuck(looking: Looking): Promise<Probed> {
  const { groups } = await revocations(looking);
  const stuck = groups
    .filter((group) => group.pending > 0 && (group.oldestPendingIdleMs ?? 0) >= oldMs)
    .map(
      (group) =>
        `${group.group}: ${number(group.pending)} pending, the oldest for ${seconds(group.oldestPendingIdleMs ?? 0)} with ${group.pendingSample[0]?.consumer}`,
    );
  return stuck.length === 0
    ? yes("Nothing has been pending for a minute.")
    : no(`${stuck.join("; ")}. Claim it to a living consumer and restart that one, or acknowledge what is proved.`);
}

/** Whatever the stream says: every session that its newest messages and the pending ones name is dead in Postgres, and nothing waits in the outbox. */
export async function sessionsDead(looking: Looking): Promise<Probed> {
  const { caracal } = looking;
  const named = sidsOf(await newestEntries(caracal));
  const [row] = await caracal.db.query<{ live: number; first: string | null }>(
    "SELECT count(*)::int AS live, min(id) AS first FROM sessions WHERE id = ANY ($1) AND status = 'active' AND expires_at > now()",
    [named],
  );
  const [outbox] = await caracal.db.query<{ waiting: number; parked: number }>(
    `SELECT count(*) FILTER (WHERE available_at < 'infinity')::int AS waiting, count(*) FILTER (WHERE available_at = 'infinity')::int AS parked
       FROM (SELECT available_at FROM event_outbox WHERE dispatched_at IS NULL AND stream_name = $1 ORDER BY available_at LIMIT 10001) open`,
    [revocationStream],
  );
  const { live = 0, first = null } = row ?? {};
  const { waiting = 0, parked = 0 } = outbox ?? {};
  const open = [
    live === 0
      ? null
      : `${number(live)} of ${number(named.length)} named sessions are still active, ${first} first: revoke them.`,
    waiting === 0 ? null : `${number(waiting)} revocations are written and not published yet.`,
    parked === 0 ? null : `${number(parked)} were given up on: have them tried again, on the Outboxes page.`,
  ].filter((part) => part !== null);
  return open.length > 0
    ? no(open.join(" "))
    : yes(
        `None of the ${number(named.length)} sessions that the newest messages name is active: no STS mints for them. Nothing waits in the outbox.`,
      );
}

/** Every group that reads has passed the newest message there was when everything was revoked, and has nothing pending up to it (trap 1). */
export async function groupsPast(looking: Looking): Promise<Probed> {
  const { redis } = looking.caracal;
  const { stream, groups } = await revocations(looking);
  if (stream.missingGroups.length > 0) return no(`Missing: ${stream.missingGroups.join(", ")}. Nothing reads for it.`);
  const until = looking.settled.get("force")?.settled_at ?? new Date();
  const after = `${until.getTime() + 1}-0`;
  const [mark] = await readEntries(redis, { stream: revocationStream, after, direction: "newest", limit: 1 });
  if (mark === undefined) return yes("The stream holds no message from before.");
  const open: string[] = [];
  for (const { group, lastDeliveredId, lost } of groups) {
    if (lost) open.push(`${group} has lost messages by trimming: revoke anew`);
    else if (compareStreamIds(lastDeliveredId, mark.id) < 0) open.push(`${group} is at ${lastDeliveredId}`);
    else {
      const [oldest] = await readPending(redis, { stream: revocationStream, group, after: null, limit: 1 });
      if (oldest !== undefined && compareStreamIds(oldest.id, mark.id) <= 0)
        open.push(`${group} has ${oldest.id} pending`);
    }
  }
  return open.length > 0
    ? no(`Not past ${mark.id} yet: ${open.join("; ")}.`)
    : yes(`${groups.map(({ group }) => group).join(", ")} are past ${mark.id}, with nothing pending up to it.`);
}

const recentMs = 15 * 60_000;

/** The effect is visible where it can be seen: sessions in Postgres, keys of resource servers, and what gateways say they hold (trap 2). */
export async function effectVisible(looking: Looking): Promise<Probed> {
  const { caracal } = looking;
  const { groups } = await revocations(looking);
  const key = caracal.streamsKey;
  const recent = (await newestEntries(caracal)).filter(
    ({ id, fields }) =>
      Date.now() - Number(id.split("-")[0]) < recentMs &&
      (key === null || checkStreamSignature(key, revocationStream, fields) === "valid"), // others are dropped, as they should be
  );
  const sids = sidsOf(recent).slice(0, 100);
  if (sids.length === 0) return yes("No session was revoked in the last 15 minutes: there is no effect to look for.");
  const open: string[] = [];
  if (groups.some(({ group }) => group === "resource-revocation")) {
    const held = await caracal.redis.exists(...sids.map((sid) => `caracal:revoked:sessions:${sid}`));
    if (held < sids.length) open.push(`resource servers hold ${held} of ${sids.length}`);
  }
  const gateways = await askReplicas(caracal, ({ kind }) => kind === "gateway");
  const counts = gateways.map(({ address, reading }) => ({
    id: address.id,
    holds: reading.metrics?.revocations_active ?? null,
  }));
  if (counts.length > 0 && counts.every(({ holds }) => holds === 0)) open.push("no gateway holds any revocation");
  const told = counts.map(({ id, holds }) => `${id} ${holds ?? "did not say"}`).join(", ");
  if (open.length > 0)
    return no(
      `Of ${sids.length} revoked in the last 15 minutes ${open.join("; ")}. They were read and not applied: another STREAMS_HMAC_KEY, or a restart since. Gateways: ${told || "no address"}.`,
    );
  return yes(
    `${sids.length} revoked in the last 15 minutes are seen to be. Gateways hold: ${told || "no address here"}.`,
  );
}

const newestEntries = (caracal: Looking["caracal"]): Promise<RawEntry[]> =>
  readEntries(caracal.redis, { stream: revocationStream, after: null, direction: "newest", limit: newest });

const sidsOf = (entries: readonly RawEntry[]): string[] => [
  ...new Set(entries.flatMap(({ fields }) => fields.session_id || [])),
];
