import type { Redis } from "ioredis";
import { deadAuditStream } from "@/server/caracal/audit-chain-read";
import type { Deployment } from "@/server/caracal/deployment";
import { readDeadLetter } from "@/server/caracal/streams/dead-letter";
import { type RawEntry, readEntries } from "@/server/caracal/streams/entries";
import { compareStreamIds, streamIdTime } from "@/server/caracal/streams/stream-id";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import type { Database } from "@/server/platform/postgres";
import { sortOf } from "@/server/playbooks/guided/sort-dead-letters";

const everyMs = 2_000;
const pageSize = 500;
export const mostNoted = 10_000; // letters of one run
type Parts = { readonly db: Database; readonly caracal: Pick<Deployment, "redis"> };

/** The letters that came after the newest that is known, newest first: a page at a time, 10,000 at most. */
async function* newLetters(redis: Redis, newest: string | null): AsyncGenerator<readonly RawEntry[]> {
  for (let after: string | null = null, read = 0; read < mostNoted; ) {
    const page: RawEntry[] = await readEntries(redis, {
      stream: deadAuditStream,
      after,
      direction: "newest",
      limit: after === null && newest !== null ? 50 : pageSize,
    });
    const fresh = page.filter(({ id }) => newest === null || compareStreamIds(id, newest) > 0);
    yield fresh;
    read += page.length;
    after = page.at(-1)?.id ?? null;
    if (fresh.length < page.length || page.length === 0) return;
  }
}

const instant = (text: unknown): string | null => {
  const at = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : new Date(at).toISOString();
};

function occurredAt(entry: RawEntry): string | null {
  try {
    return instant((JSON.parse(entry.fields.src_data ?? "null") as { occurred_at?: unknown } | null)?.occurred_at);
  } catch {
    return null;
  }
}

/**
 * Keeps what lies among the dead letters of the audit stream with a run: id, cause and times, never the event itself. It stays known when
 * the letters were redriven. Reads on from the newest that the run knows.
 */
export async function noteDeadLetters({ db, caracal }: Parts, runId: string): Promise<void> {
  const [known] = await db.query<{ newest: string | null }>(
    `SELECT (SELECT entry_id FROM run_dead_letters WHERE run_id = $1
              ORDER BY split_part(entry_id, '-', 1)::numeric DESC, split_part(entry_id, '-', 2)::numeric DESC LIMIT 1) AS newest`,
    [runId],
  );
  for await (const page of newLetters(caracal.redis, known?.newest ?? null)) {
    if (page.length === 0) return;
    const rows = page.map((entry) => {
      const letter = readDeadLetter(entry);
      const received = Number(entry.fields.received_at);
      return {
        entry_id: entry.id,
        event_id: letter.eventId,
        zone_id: letter.zoneId,
        cause: letter.cause,
        reason: letter.reason,
        sort: sortOf(letter),
        occurred_at: occurredAt(entry),
        received_at: new Date(
          Number.isFinite(received) && received > 0 && received < 8e15 ? received : (streamIdTime(entry.id) ?? 0),
        ).toISOString(),
      };
    });
    await db.query(
      `INSERT INTO run_dead_letters (run_id, entry_id, event_id, zone_id, cause, reason, sort, occurred_at, received_at)
       SELECT $1, l.* FROM json_to_recordset($2) AS l (entry_id text, event_id text, zone_id text, cause text, reason text, sort text,
                                                       occurred_at timestamptz, received_at timestamptz)
       ON CONFLICT DO NOTHING`,
      [runId, JSON.stringify(rows)],
    );
  }
}

/** One look on behalf of every open run about dead letters, though nobody has its page open. */
export async function noteLettersForOpenRuns(parts: Parts): Promise<void> {
  const runs = await parts.db.query<{ id: string }>(
    "SELECT id FROM guided_runs WHERE state = 'open' AND playbook = 'audit-dead-letters' ORDER BY created_at DESC LIMIT 20",
  );
  for (const { id } of runs) await noteDeadLetters(parts, id);
}

/** Keeps the letters of open runs, in the background. */
export const createLetterNoter = (parts: Parts): Repeating =>
  repeat("noting dead letters", everyMs, () => noteLettersForOpenRuns(parts));
