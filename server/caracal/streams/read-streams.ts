import type { Redis } from "ioredis";
import type { ConsumerState, GroupState, StreamState } from "@/server/live/snapshot";
import { toPending } from "@/server/caracal/streams/entries";
import { expectedStreams, readerOf } from "@/server/caracal/streams/expected-streams";
import { groupVerdict, type StreamPosition } from "@/server/caracal/streams/group-verdict";
import {
  type Command,
  type CountCommands,
  listOf,
  numberOrNull,
  pairs,
  pipelined,
  type Reply,
  textOrNull,
} from "@/server/caracal/streams/redis-pipeline";
import type { StreamMemory } from "@/server/caracal/streams/stream-memory";
import { estimateUnread } from "@/server/caracal/streams/unread-estimate";

const pendingSampleSize = 10;
const maxGroups = 100;

type GroupHeader = {
  readonly stream: string;
  readonly group: string;
  readonly info: Map<string, unknown>;
};

export type StreamsReading = { readonly streams: readonly StreamState[]; readonly gone: readonly string[] };

const expectedByName = new Map(expectedStreams.map((stream) => [stream.name, stream]));

/**
 * One look at every stream and group in two round trips: XINFO STREAM and GROUPS, then CONSUMERS where due and the ten
 * oldest pending entries. Bounded by the number of streams and groups, never by their length. A stream of the contract
 * that does not exist is listed with length 0 and its groups as missing; `.dead` streams only when they exist.
 */
export async function readStreams(
  redis: Redis,
  names: readonly string[],
  memory: StreamMemory,
  now: number,
  count: CountCommands,
): Promise<StreamsReading> {
  const first = await pipelined(
    redis,
    names.flatMap((name): Command[] => [
      ["XINFO", "STREAM", name],
      ["XINFO", "GROUPS", name],
    ]),
    count,
  );
  const gone: string[] = [];
  const present: { name: string; info: Map<string, unknown>; groups: GroupHeader[] }[] = [];
  names.forEach((name, index) => {
    const [stream, groups] = [first[index * 2], first[index * 2 + 1]];
    if (stream === undefined || !stream.ok || groups === undefined || !groups.ok) {
      refuse(stream);
      refuse(groups);
      gone.push(name);
      return;
    }
    const headers = listOf(groups.value).map((reply) => {
      const info = pairs(reply);
      return { stream: name, group: String(info.get("name")), info };
    });
    present.push({ name, info: pairs(stream.value), groups: headers });
  });

  const headers = present.flatMap((stream) => stream.groups).slice(0, maxGroups);
  const asked = headers.filter(({ stream, group, info }) =>
    memory.consumers.due(stream, group, numberOrNull(info.get("consumers")) ?? 0, now),
  );
  const second = await pipelined(
    redis,
    [
      ...headers.map(({ stream, group }): Command => ["XPENDING", stream, group, "-", "+", pendingSampleSize]),
      ...asked.map(({ stream, group }): Command => ["XINFO", "CONSUMERS", stream, group]),
    ],
    count,
  );
  asked.forEach(({ stream, group }, index) => {
    const reply = second[headers.length + index];
    if (reply?.ok) memory.consumers.note(stream, group, listOf(reply.value).map(toConsumer), now);
  });
  const pendingOf = new Map(headers.map((header, index) => [header, second[index]]));

  const streams = present.map(({ name, info, groups }) => {
    const position = positionOf(info);
    const expected = expectedByName.get(name);
    const have = new Set(groups.map((header) => header.group));
    return {
      name,
      length: position.length,
      firstId: position.firstId,
      lastId: position.lastId,
      entriesAdded: position.entriesAdded,
      bound: expected?.bound ?? null,
      ...memory.witness.motion(name, position, now),
      removed: position.entriesAdded === null ? null : Math.max(0, position.entriesAdded - position.length),
      bytes: memory.sizes.of(name)?.bytes ?? null,
      bytesAt: memory.sizes.of(name)?.at ?? null,
      groups: groups.map((header) => toGroup(header, position, pendingOf.get(header), memory, now)),
      missingGroups: (expected?.groups ?? []).filter((group) => !have.has(group)),
    } satisfies StreamState;
  });
  const absent = expectedStreams.filter(({ name }) => gone.includes(name)).map((expected) => absentStream(expected));
  return { streams: [...streams, ...absent].sort((a, b) => (a.name < b.name ? -1 : 1)), gone };
}

/** A key that does not exist is an answer; a refusal of the command itself (ACL, wrong type) is the source failing. */
function refuse(reply: Reply | undefined): void {
  if (reply !== undefined && !reply.ok && !/no such key|WRONGTYPE/i.test(reply.error.message)) throw reply.error;
}

function positionOf(info: Map<string, unknown>): StreamPosition {
  const edge = (name: string) => textOrNull(listOf(info.get(name))[0]);
  return {
    length: numberOrNull(info.get("length")) ?? 0,
    firstId: edge("first-entry"),
    lastEntryId: edge("last-entry"),
    lastId: textOrNull(info.get("last-generated-id")),
    entriesAdded: numberOrNull(info.get("entries-added")),
    maxDeletedId: textOrNull(info.get("max-deleted-entry-id")),
  };
}

function toGroup(
  header: GroupHeader,
  stream: StreamPosition,
  pendingReply: Reply | undefined,
  { witness, consumers }: StreamMemory,
  now: number,
): GroupState {
  const { info } = header;
  const lastDeliveredId = textOrNull(info.get("last-delivered-id")) ?? "0-0";
  const pending = numberOrNull(info.get("pending")) ?? 0;
  const entriesRead = numberOrNull(info.get("entries-read"));
  const sample = pendingReply?.ok ? toPending(pendingReply.value) : [];
  const judged = groupVerdict(stream, {
    lastDeliveredId,
    entriesRead,
    lag: numberOrNull(info.get("lag")),
    pending,
    consumers: numberOrNull(info.get("consumers")) ?? 0,
    hasReader: readerOf(header.group) !== null,
    witnessedUnreadId: witness.unread(header.stream, header.group, lastDeliveredId, stream),
  });
  return {
    stream: header.stream,
    group: header.group,
    ...consumers.picture(header.stream, header.group),
    pending,
    lag: numberOrNull(info.get("lag")),
    lastDeliveredId,
    entriesRead,
    readPerSecond: witness.readRate(header.stream, header.group, entriesRead, now),
    oldestPendingId: sample[0]?.id ?? null,
    oldestPendingIdleMs: sample.length === 0 ? null : Math.max(...sample.map((entry) => entry.idleMs)),
    maxDeliveries: sample.length === 0 ? null : Math.max(...sample.map((entry) => entry.deliveries)),
    pendingSample: sample,
    lost: judged.lost,
    lostCount: judged.lostCount,
    unread: judged.unread,
    unreadEstimate:
      judged.unread === null && judged.verdict !== "never-used" ? estimateUnread(stream, lastDeliveredId) : null,
    verdict: judged.verdict,
  };
}

export function toConsumer(reply: unknown): ConsumerState {
  const info = pairs(reply);
  return {
    name: String(info.get("name")),
    pending: numberOrNull(info.get("pending")) ?? 0,
    idleMs: numberOrNull(info.get("idle")) ?? 0,
    inactiveMs: numberOrNull(info.get("inactive")), // absent before Redis 7.2
  };
}

const absentStream = (expected: (typeof expectedStreams)[number]): StreamState => ({
  name: expected.name,
  length: 0,
  firstId: null,
  lastId: null,
  entriesAdded: null,
  bound: expected.bound,
  boundSeen: null,
  perSecond: null,
  removedPerSecond: null,
  removed: null,
  bytes: null,
  bytesAt: null,
  groups: [],
  missingGroups: expected.groups,
});
