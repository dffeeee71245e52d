import { setTimeout as pause } from "node:timers/promises";
import type { Redis } from "ioredis";
import { ingestedUpTo } from "@/server/caracal/audit-chain-read";
import { createStreamDiscovery } from "@/server/caracal/streams/discovery";
import { type RawEntry, readEntries } from "@/server/caracal/streams/entries";
import { auditStream } from "@/server/caracal/streams/expected-streams";
import { listOf, pairs, pipelined, textOrNull } from "@/server/caracal/streams/redis-pipeline";
import { compareStreamIds } from "@/server/caracal/streams/stream-id";

const pageSize = 500;
const pageEveryMs = 5; // a page takes about a millisecond: others get the rest
const discoverySteps = 25; // of four SCAN calls each: a keyspace of 50,000 is walked through
const uncounted = () => undefined;

export type StreamExtent = {
  readonly stream: string;
  readonly entries: number;
  readonly first: string | null; // null: it is empty
  readonly last: string; // the newest id it ever gave; 0-0 when none
};

/**
 * The streams that there are, empty ones too, with the last entry of each as of now: what comes later is not part of what is preserved.
 * @throws when Redis does not answer or refuses, as without the right to ask: that is no stream that is not there
 */
export async function streamExtents(redis: Redis): Promise<StreamExtent[]> {
  const discovery = createStreamDiscovery();
  for (let step = 0; step < discoverySteps; step += 1) await discovery.step(redis, 0, uncounted);
  const names = discovery.names();
  const replies = await pipelined(
    redis,
    names.map((name) => ["XINFO", "STREAM", name] as const),
    uncounted,
  );
  return names.flatMap((stream, index) => {
    const reply = replies[index];
    if (reply === undefined) throw new Error(`Redis said nothing of ${stream}`);
    if (!reply.ok) {
      if (/no such key/i.test(reply.error.message)) return [];
      throw new Error(`Redis refused XINFO STREAM ${stream}: ${reply.error.message}`);
    }
    const info = pairs(reply.value);
    return [
      {
        stream,
        entries: Number(info.get("length")),
        first: textOrNull(listOf(info.get("first-entry"))[0]),
        last: String(info.get("last-generated-id")),
      },
    ];
  });
}

/** Whether an entry of the audit stream was ingested or dead-lettered as of now; true for all where there is no such group. */
export async function ingestedTest(redis: Redis): Promise<(id: string) => boolean> {
  const bound = await ingestedUpTo(redis);
  if (bound === null) return () => true;
  const { last, before } = bound;
  return (id) => compareStreamIds(id, last) <= 0 && (before === null || compareStreamIds(id, before) < 0);
}

/** A stream's entries, oldest first, up to one that is included: a bounded page at a time, with a pause between. */
export async function* walkUpTo(redis: Redis, { stream, last }: StreamExtent): AsyncGenerator<RawEntry> {
  for (let after: string | null = null; ; await pause(pageEveryMs)) {
    const page: RawEntry[] = await readEntries(redis, { stream, after, direction: "oldest", limit: pageSize });
    for (const entry of page) {
      if (compareStreamIds(entry.id, last) > 0) return;
      yield entry;
    }
    after = page.at(-1)?.id ?? null;
    if (page.length < pageSize || after === null) return;
  }
}

/** Counts what a walk gave, and says what it lacks of what the extent had promised. */
export class WalkCount {
  private entries = 0;
  private first: string | null = null;

  constructor(private readonly extent: StreamExtent) {}

  take({ id }: RawEntry): void {
    this.entries += 1;
    this.first ??= id;
  }

  /** Null when the walk gave every entry that was there when it began. */
  lacks(): string | null {
    const { entries, first } = this.extent;
    if (this.entries === entries && this.first === first) return null;
    return `${this.entries.toLocaleString("en-US")} of its ${entries.toLocaleString("en-US")} entries were read: the others were trimmed or deleted while it was read. It began at ${first}, what was read at ${this.first ?? "nothing"}`;
  }
}

export type AuditScope = { readonly zoneId: string | null; readonly from: string | null; readonly to: string | null };

const zoneOf = /"zone_id"\s*:\s*"([^"\\]*)"/;
const timeOf = /"occurred_at"\s*:\s*"([^"\\]*)"/;

/**
 * Whether an entry of the audit stream belongs to a zone and a window, as its event says. One that does not say so belongs to every
 * scope: what cannot be read is evidence too. Pure.
 */
export function inScope({ fields }: RawEntry, { zoneId, from, to }: AuditScope): boolean {
  const data = fields.data ?? "";
  const zone = zoneOf.exec(data)?.[1];
  if (zoneId !== null && zone !== undefined && zone !== zoneId) return false;
  const at = Date.parse(timeOf.exec(data)?.[1] ?? "");
  if (Number.isNaN(at)) return true;
  return (from === null || at >= Date.parse(from)) && (to === null || at < Date.parse(to));
}

export const isAuditStream = (stream: string): boolean => stream === auditStream;
