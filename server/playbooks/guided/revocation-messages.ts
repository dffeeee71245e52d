import { checkStreamSignature } from "@/server/caracal/stream-signature";
import { type RawEntry, readEntries, readEntriesById, readPending } from "@/server/caracal/streams/entries";
import { revocationStream } from "@/server/caracal/streams/expected-streams";
import { readStreams } from "@/server/caracal/streams/read-streams";
import { compareStreamIds } from "@/server/caracal/streams/stream-id";
import { createStreamMemory } from "@/server/caracal/streams/stream-memory";
import type { GroupState, StreamState } from "@/server/live/snapshot";
import type { Looking } from "@/server/playbooks/guided/playbook";

type Caracal = Pick<Looking, "caracal">;
type Looked = Pick<Looking, "caracal" | "thorough">;

const uncounted = () => undefined;
const page = 500; // messages of one read
const idsAtOnce = 100;

/** Messages that one probe goes through at most. To settle something it goes as far as the longest stream that publishers leave untrimmed. */
const mostMessages = ({ thorough }: Pick<Looking, "thorough">) => (thorough ? 100_000 : 10_000);

export type Revocations = { readonly stream: StreamState; readonly groups: readonly GroupState[] };

/** The revocation stream with the groups that somebody reads; a provisioned one that nothing uses is no backlog. */
export async function revocations({ caracal }: Caracal): Promise<Revocations> {
  const { streams } = await readStreams(caracal.redis, [revocationStream], createStreamMemory(), Date.now(), uncounted);
  const stream = streams.find(({ name }) => name === revocationStream);
  if (stream === undefined) throw new Error(`Redis says nothing of ${revocationStream}`);
  return { stream, groups: stream.groups.filter(({ verdict }) => verdict !== "never-used") };
}

/** The newest messages, one page. */
export const newestMessages = ({ caracal }: Caracal): Promise<RawEntry[]> =>
  readEntries(caracal.redis, { stream: revocationStream, after: null, direction: "newest", limit: page });

/** Newest first. `whole` false: there are more than one probe goes through. */
export type Messages = { readonly entries: readonly RawEntry[]; readonly whole: boolean };

/** The newest page of messages, and older ones, page by page, down to an id. */
export async function messagesDownTo(looking: Looked, id: string): Promise<Messages> {
  const entries: RawEntry[] = [];
  for (let after: string | null = null; ; ) {
    const read: RawEntry[] = await readEntries(looking.caracal.redis, {
      stream: revocationStream,
      after,
      direction: "newest",
      limit: page,
    });
    entries.push(...read);
    const last = read.at(-1);
    if (last === undefined || read.length < page || compareStreamIds(last.id, id) <= 0) return { entries, whole: true };
    if (entries.length >= mostMessages(looking)) return { entries, whole: false };
    after = last.id;
  }
}

/** Ids that are pending in any of some groups. */
async function pendingIds(looking: Looked, groups: readonly GroupState[]) {
  const ids = new Set<string>();
  for (const { group } of groups.filter(({ pending }) => pending > 0)) {
    for (let after: string | null = null; ; ) {
      const read = await readPending(looking.caracal.redis, { stream: revocationStream, group, after, limit: page });
      for (const { id } of read) ids.add(id);
      const last = read.at(-1);
      if (last === undefined || read.length < page) break;
      if (ids.size >= mostMessages(looking)) return { ids, whole: false };
      after = last.id;
    }
  }
  return { ids, whole: true };
}

/** Messages that may not have been applied: the newest, all that the slowest group has not been given, and what is pending. */
export async function messagesInDoubt(
  looking: Looked,
): Promise<Messages & { readonly gone: number /* pending, and no longer in the stream */ }> {
  const { stream, groups } = await revocations(looking);
  const slowest = groups
    .map(({ lastDeliveredId }) => lastDeliveredId)
    .reduce((least, id) => (compareStreamIds(id, least) < 0 ? id : least), stream.lastId ?? "0-0");
  const unread = await messagesDownTo(looking, slowest);
  const pending = await pendingIds(looking, groups);
  for (const { id } of unread.entries) pending.ids.delete(id);
  const older: RawEntry[] = [];
  const ids = [...pending.ids];
  for (let from = 0; from < ids.length; from += idsAtOnce) {
    const found = await readEntriesById(looking.caracal.redis, revocationStream, ids.slice(from, from + idsAtOnce));
    older.push(...found.values());
  }
  return {
    entries: [...unread.entries, ...older],
    whole: unread.whole && pending.whole,
    gone: ids.length - older.length,
  };
}

/** Whether consumers take a message: one whose signature does not hold they acknowledge and drop (trap 2). */
export const isGenuine = (key: Buffer, { fields }: RawEntry): boolean =>
  checkStreamSignature(key, revocationStream, fields) === "valid";

/** The sessions that messages name, each once. What no session's id can be is left out: Postgres refuses a question with a NUL. */
export const sidsOf = (entries: readonly RawEntry[]): string[] => [
  ...new Set(entries.flatMap(({ fields }) => fields.session_id || []).filter((sid) => !sid.includes("\0"))),
];
