import { keyFingerprint } from "@/server/audit/verify/seals";
import { deadAuditStream } from "@/server/caracal/audit-chain-read";
import type { Deployment } from "@/server/caracal/deployment";
import { readDeadLetter } from "@/server/caracal/streams/dead-letter";
import { type ExactEntry, plainEntry, readExactEntries } from "@/server/caracal/streams/exact-entries";
import { streamIdTime } from "@/server/caracal/streams/stream-id";
import { type Repeating, repeat } from "@/server/jobs/repeat";
import { exactInstant } from "@/server/platform/exact-time";
import type { Database } from "@/server/platform/postgres";
import { number } from "@/server/playbooks/guided/audit-ingestion";
import { unknown } from "@/server/playbooks/guided/probed";
import type { Probed } from "@/server/playbooks/guided/schemas";
import { sortOf } from "@/server/playbooks/guided/sort-dead-letters";
import { classifyLetter } from "@/server/redrive/letters/classify-letter";
import { readLetter } from "@/server/redrive/letters/read-letter";

const everyMs = 2_000;
const pageSize = 500;
const pagesOfALook = 20;
const mostNoted = 200_000; // letters of one run; 100,000 is what the stream is meant to hold
const nothingElse = { rows: [], session: null, replays: 0 };
const latest = Date.UTC(9999, 11, 31);
type Parts = { readonly db: Database; readonly caracal: Pick<Deployment, "redis" | "auditKey"> };
type Position = { readonly noted_to: string; readonly noted: number; readonly key: string | null };

/** How many letters a run has noted, whether those are all that lie there, and whether it takes more. */
export type Noted = { readonly noted: number; readonly all: boolean; readonly full: boolean };

/** Text that any column takes: no NUL, no half of a character. A letter that cannot be noted would keep all behind it from being noted. */
const plain = (text: string | null): string | null =>
  text === null ? null : Buffer.from(text.replaceAll("\0", ""), "utf8").toString("utf8");

function occurredIn(data: string | undefined): string | null {
  try {
    const event = JSON.parse(data ?? "null") as { occurred_at?: unknown } | null;
    return typeof event?.occurred_at === "string" ? exactInstant(event.occurred_at) : null;
  } catch {
    return null;
  }
}

/** What is kept of a letter, judged as a redrive judges it (its classification), with nothing known of any row. */
function rowOf(entry: ExactEntry, auditKey: Buffer | null) {
  const letter = readLetter(deadAuditStream, entry);
  const fields = plainEntry(entry)?.fields ?? {};
  const read = readDeadLetter({ id: entry.id, fields });
  const found = classifyLetter(deadAuditStream, letter, nothingElse, { audit: auditKey, streams: null });
  const received = Number(fields.received_at);
  return {
    entry_id: entry.id,
    event_id: plain(found.eventId ?? read.eventId),
    zone_id: plain(read.zoneId),
    cause: plain(letter.cause),
    reason: plain(letter.reason),
    sort: sortOf({ class: found.class, cause: letter.cause }, auditKey !== null),
    occurred_at: found.occurredAt ?? occurredIn(fields.src_data),
    content: found.content,
    received_at: new Date(
      received > 0 && received < latest ? received : Math.min(streamIdTime(entry.id) ?? 0, latest),
    ).toISOString(),
  };
}

/** Keeps a page and, with it, that everything up to its end is noted; unless another look came first, whose position then stands. */
async function keep(
  { db, caracal }: Parts,
  runId: string,
  page: readonly ExactEntry[],
  before: Position | null,
  now: Position,
): Promise<void> {
  // In the order in which ask-letters.ts locks them too.
  const rows = page.map((entry) => rowOf(entry, caracal.auditKey)).sort((a, b) => (a.entry_id < b.entry_id ? -1 : 1));
  await db.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO run_dead_letters AS known (run_id, entry_id, event_id, zone_id, cause, reason, sort, occurred_at, content, received_at)
       SELECT $1, l.* FROM json_to_recordset($2) AS l (entry_id text, event_id text, zone_id text, cause text, reason text, sort text,
                                                       occurred_at timestamptz, content text, received_at timestamptz)
       ON CONFLICT (run_id, entry_id) DO UPDATE SET sort = excluded.sort, event_id = excluded.event_id, zone_id = excluded.zone_id,
                                                    occurred_at = excluded.occurred_at, content = excluded.content
         WHERE known.sort <> excluded.sort OR (known.content IS NULL AND excluded.content IS NOT NULL)`,
      [runId, JSON.stringify(rows)],
    );
    await tx.query(
      `INSERT INTO run_letter_notes AS n (run_id, noted_to, noted, key) VALUES ($1, $2, $3, $4)
       ON CONFLICT (run_id) DO UPDATE SET noted_to = $2, noted = $3, key = $4 WHERE n.noted_to = $5 AND n.key IS NOT DISTINCT FROM $6`,
      [runId, now.noted_to, now.noted, now.key, before?.noted_to ?? null, before?.key ?? null],
    );
  });
}

/**
 * Keeps what lies among the dead letters of the audit stream with a run: id, cause, times, content hash and what its signature is worth,
 * never the event itself. It stays known when the letters were redriven. Reads the oldest first, on from where the last look ended, 10,000
 * a look: whatever interrupts it, the next look goes on there. With another AUDIT_HMAC_KEY than before it reads what lies there anew.
 */
export async function noteDeadLetters(parts: Parts, runId: string): Promise<Noted> {
  const { db, caracal } = parts;
  const key = caracal.auditKey === null ? null : keyFingerprint(caracal.auditKey);
  for (let pages = 0; ; pages += 1) {
    const [at = null] = await db.query<Position>(
      "SELECT noted_to, noted, key FROM run_letter_notes WHERE run_id = $1",
      [runId],
    );
    const from = at !== null && at.key === key ? at : null;
    const noted = from?.noted ?? 0;
    const full = noted >= mostNoted;
    if (full || pages === pagesOfALook) return { noted, all: false, full };
    const page = await readExactEntries(caracal.redis, {
      stream: deadAuditStream,
      after: from?.noted_to ?? null,
      upTo: "+",
      limit: pageSize,
    });
    const last = page.at(-1);
    if (last !== undefined) await keep(parts, runId, page, at, { noted_to: last.id, noted: noted + page.length, key });
    if (page.length < pageSize) return { noted: noted + page.length, all: true, full: false };
  }
}

/** That nothing is told of the letters yet, since not all of them are noted; null: they are. */
export const notAllNoted = ({ all, full, noted }: Noted): Probed | null =>
  all
    ? null
    : unknown(
        full
          ? `${number(noted)} letters are noted, and a run takes no more: redrive in parts, and begin anew.`
          : `${number(noted)} letters are noted so far, the oldest first, and more lie there: it goes on from there, look again.`,
      );

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
