import { createHash } from "node:crypto";
import type { StoredRow } from "@/server/audit/verify/stored-row";
import { rowsById } from "@/server/caracal/audit-rows-by-id";
import { boundedRead } from "@/server/caracal/bounded-read";
import { type ExactEntry, lineOf } from "@/server/caracal/streams/exact-entries";
import { sessionStates } from "@/server/caracal/sessions-read";
import { classifyLetter, type Classified, eventIdOf, sessionIdOf } from "@/server/redrive/letters/classify-letter";
import { isAuditLetters, type Letter, readLetter } from "@/server/redrive/letters/read-letter";
import type { RedriveContext } from "@/server/redrive/run-rows";

const bounds = { timeoutMs: 10_000, narrow: "It is tried again." };

export type ClassifiedLetter = Classified & {
  readonly entryId: string;
  readonly cause: string;
  readonly fingerprint: string;
  readonly line: string;
  readonly sha256: string;
};

const present = (values: readonly (string | null)[]): string[] => [...new Set(values.filter((one) => one !== null))];

/** In how many runs each of these went back before. */
async function replaysOf({ db }: Pick<RedriveContext, "db">, letters: readonly Letter[]): Promise<Map<string, number>> {
  const rows = await db.query<{ fingerprint: string; runs: number }>(
    `SELECT fingerprint, count(DISTINCT run_id)::int AS runs FROM redrive_entries
      WHERE fingerprint = ANY ($1) AND new_id IS NOT NULL GROUP BY fingerprint`,
    [letters.map(({ fingerprint }) => fingerprint)],
  );
  return new Map(rows.map(({ fingerprint, runs }) => [fingerprint, runs]));
}

/** Reads what Postgres knows of a page of letters and says what each of them is. Writes nothing. At most 500 entries. */
export async function classifyPage(
  ctx: Omit<RedriveContext, "holder">,
  stream: string,
  entries: readonly ExactEntry[],
): Promise<ClassifiedLetter[]> {
  const letters = entries.map((entry) => readLetter(stream, entry));
  const audit = isAuditLetters(stream);
  const eventIds = audit ? present(letters.map(eventIdOf)) : [];
  const sessionIds = audit ? [] : present(letters.map((letter) => sessionIdOf(stream, letter)));
  const { rows, sessions } = await boundedRead(ctx.caracal.db, bounds, async (tx) => ({
    rows: eventIds.length === 0 ? [] : await rowsById(tx, eventIds),
    sessions: sessionIds.length === 0 ? new Map<string, string>() : await sessionStates(tx, sessionIds),
  }));
  const byId = new Map<string, StoredRow[]>();
  for (const row of rows) byId.set(row.id, [...(byId.get(row.id) ?? []), row]);
  const replays = await replaysOf(ctx, letters);
  return letters.map((letter, at) => {
    const session = sessionIdOf(stream, letter);
    const known = {
      rows: byId.get((audit ? eventIdOf(letter) : null) ?? "") ?? [],
      session: session === null ? null : (sessions.get(session) ?? null),
      replays: replays.get(letter.fingerprint) ?? 0,
    };
    const line = lineOf(entries[at] ?? { id: letter.id, fields: [] });
    return {
      ...classifyLetter(stream, letter, known, ctx.keys),
      entryId: letter.id,
      cause: letter.cause.replaceAll("\0", ""),
      fingerprint: letter.fingerprint,
      line,
      sha256: createHash("sha256").update(line).digest("hex"),
    };
  });
}
