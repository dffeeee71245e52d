import type { z } from "zod";
import { boundedRead, type ReadBounds } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import {
  coordinatorRowsSeen,
  countOutbox,
  eventRowsSeen,
  type OutboxRow,
  readCoordinatorOutbox,
  readEventOutbox,
} from "@/server/caracal/outbox/outbox-read";
import type { OutboxOverview, OutboxPage, outboxInput, outboxRowsInput } from "@/server/outbox/schemas";
import { exactInstant } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, oneKey } from "@/server/platform/keyset-cursor";
import { sharedRead } from "@/server/platform/shared-read";
import { showFields } from "@/server/streams/show-fields";

type Ctx = { readonly caracal: Pick<Deployment, "db"> };

const bounds: ReadBounds = { timeoutMs: 2_000, narrow: "Try again when it is less busy." };
const sharedMs = 2_000;

/** What waits, fails or is dead in an outbox, by stream, over a bounded look. @throws precondition_failed when that took too long */
export function outboxOverview({
  ctx: { caracal },
  input: { outbox },
}: {
  ctx: Ctx;
  input: z.output<typeof outboxInput>;
}): Promise<OutboxOverview> {
  return sharedRead(caracal.db, `outbox\n${outbox}`, sharedMs, () =>
    boundedRead(caracal.db, bounds, async (tx) => {
      const counts = await countOutbox(tx, outbox);
      const rows = (dead: boolean) =>
        counts.filter(({ state }) => (state === "dead") === dead).reduce((sum, count) => sum + count.rows, 0);
      if (outbox === "event_outbox") {
        const capped = rows(true) > eventRowsSeen || rows(false) > eventRowsSeen;
        return { outbox, counts, lookedThrough: eventRowsSeen, capped };
      }
      const [older] = await tx.query(
        `SELECT 1 FROM caracal_outbox ORDER BY id DESC OFFSET ${coordinatorRowsSeen} LIMIT 1`,
      );
      return { outbox, counts, lookedThrough: coordinatorRowsSeen, capped: older !== undefined };
    }),
  );
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const shown = (row: OutboxRow): OutboxRow => ({
  ...row,
  lastError: row.lastError?.slice(0, 500) ?? null,
  payload: showFields(Object.fromEntries(Object.entries(row.payload).map(([name, value]) => [name, textOf(value)]))),
});

/** For rows keyed by when they were made and their id, which is any text. */
const instantAndText = (position: readonly string[]): readonly [string, string] | null => {
  const [at = "", id] = position;
  return position.length === 2 && id !== undefined && exactInstant(at) === at ? [at, id] : null;
};

/** One page of rows in a state, payloads redacted. @throws stale_cursor, precondition_failed when that took too long */
export async function listOutboxRows({
  ctx: { caracal },
  input,
}: {
  ctx: Ctx;
  input: z.output<typeof outboxRowsInput>;
}): Promise<OutboxPage> {
  const { outbox, state, limit } = input;
  const list = `outbox:${outbox}`;
  if (outbox === "caracal_outbox") {
    const before = decodeCursor(list, { state }, input.cursor, oneKey)?.[0] ?? null;
    const { rows, next } = await boundedRead(caracal.db, bounds, (tx) =>
      readCoordinatorOutbox(tx, { state, before, limit }),
    );
    return { rows: rows.map(shown), nextCursor: next === null ? null : encodeCursor(list, { state }, [next]) };
  }
  const after = decodeCursor(list, { state }, input.cursor, instantAndText);
  const found = await boundedRead(caracal.db, bounds, (tx) => readEventOutbox(tx, { state, after, limit }));
  const rows = found.slice(0, limit);
  const last = found.length > limit ? rows.at(-1) : undefined;
  return {
    rows: rows.map(shown),
    nextCursor: last === undefined ? null : encodeCursor(list, { state }, [last.createdAt, last.id]),
  };
}
