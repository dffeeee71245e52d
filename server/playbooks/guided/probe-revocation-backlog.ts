import { readerOf, revocationStream } from "@/server/caracal/streams/expected-streams";
import type { GroupState } from "@/server/live/snapshot";
import type { Looking } from "@/server/playbooks/guided/playbook";
import { no, unknown, yes } from "@/server/playbooks/guided/probed";
import { isGenuine, newestMessages, revocations } from "@/server/playbooks/guided/revocation-messages";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { askReplicas } from "@/server/services/restarts/standing-now";

const oldMs = 60_000;
const asksMs = 10_000; // a living consumer asks every few seconds, given something or not

const number = (value: number) => value.toLocaleString("en-US");
const seconds = (ms: number) => `${number(Math.floor(ms / 1_000))} s`;

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

const asks = ({ consumerCount, silentCount }: GroupState) => consumerCount > silentCount; // within the last minute

/**
 * Before Redis 7.2 a consumer's idle time runs on while there is nothing to give it, and it shows itself only with its first delivery:
 * silence, or that there is none, tells only where something is unread.
 */
const silenceTells = (group: GroupState) =>
  group.consumers.some(({ inactiveMs }) => inactiveMs !== null) || unreadOf(group) !== 0;

function silence(group: GroupState): string {
  if (group.consumerCount > 0)
    return `${group.group}: no consumer has asked for ${seconds(Math.min(...group.consumers.map(({ idleMs }) => idleMs)))}`;
  const unread = unreadOf(group);
  return `${group.group}: ${unread === null ? "an unknown number" : number(unread)} unread and no consumer, as when its service was started while Redis was away or the group was made anew: it answers ready and reads nothing`;
}

/**
 * Whoever reads is alive: every replica of a service that reads answers ready, and each group has a consumer that asked within a minute.
 * One that does not ask is dead, frozen, or a name that a restart left behind; a group that is behind and has none is read by nobody,
 * whatever /ready says (contract section 1). One that gives no answer in time while as many consumers ask as there are replicas is slow,
 * and so is a group that is behind although all of them ask.
 */
export async function readersAlive(looking: Looking): Promise<Probed> {
  const { stream, groups } = await revocations(looking);
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
  const deaf = [
    ...groups.filter((group) => !asks(group) && silenceTells(group)).map(silence),
    ...stream.missingGroups.map((group) => `${group}: there is no such group, so nobody reads for it`),
  ];
  if (dead.length + deaf.length > 0)
    return no(
      `Dead or frozen, or too slow to tell: ${[...dead, ...deaf].join("; ")}. Start it again, then look once more.`,
    );
  const untold = groups.filter((group) => !asks(group)).map(({ group }) => group);
  const asking = groups.filter(asks).map(({ group }) => group);
  const behind = groups.filter(isBehind).map(({ group }) => group);
  const ready = asked.filter(({ reading }) => reading.ready).map(({ address }) => address.id);
  const sentence = [
    ready.length === 0 ? null : `${ready.join(", ")}: ready.`,
    untold.length === 0 ? "Each group has a consumer that asks." : null,
    untold.length === 0 || asking.length === 0 ? null : `A consumer asks for ${asking.join(", ")}.`,
    untold.length === 0
      ? null
      : `Whether anybody reads for ${untold.join(", ")} cannot be told: nothing is unread, and this Redis does not say who asks in vain. The next message tells.`,
    slow.length === 0 ? null : `Slow, not dead, since its consumer asks: ${slow.join("; ")}.`,
    behind.length === 0 ? null : `Behind all the same: ${behind.join(", ")}: slow, or held up by what is pending.`,
  ]
    .filter((part) => part !== null)
    .join(" ");
  return untold.length === 0 ? yes(sentence) : unknown(sentence);
}

/** The newest messages carry signatures that consumers take: one that does not is acknowledged and dropped, and pending says nothing (trap 2). */
export async function signaturesHold({ caracal }: Looking): Promise<Probed> {
  if (caracal.streamsKey === null) return unknown("STREAMS_HMAC_KEY is not set here: signatures cannot be checked.");
  const entries = await newestMessages({ caracal });
  const key = caracal.streamsKey;
  const bad = entries.filter((entry) => !isGenuine(key, entry));
  if (bad.length === 0)
    return yes(`All of the newest ${number(entries.length)} messages carry a signature that holds.`);
  return no(
    `${number(bad.length)} of the newest ${number(entries.length)} messages carry no signature that holds, ${bad[0]?.id} the newest: every consumer acknowledges and drops them. ${bad.length === entries.length ? "All at once means another key, here or where they are published." : "See who published them before anything is revoked on their word."}`,
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
