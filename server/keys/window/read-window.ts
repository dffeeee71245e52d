import type { z } from "zod";
import { boundedRead } from "@/server/caracal/bounded-read";
import type { Deployment } from "@/server/caracal/deployment";
import {
  type AllowsKey,
  type CompromiseWindow,
  type IssuanceKey,
  mostEventsRead,
  mostSessionsRead,
  readAllows,
  readIssuances,
  readIssued,
} from "@/server/caracal/keys/compromise-window-read";
import {
  type WindowAllows,
  type WindowIssuances,
  type WindowSession,
  windowDays,
  type windowPageInput,
  type windowSessionsInput,
} from "@/server/keys/window/schemas";
import { DomainError } from "@/server/platform/errors";
import { millisecondsOf, requireInstant } from "@/server/platform/exact-time";
import { decodeCursor, encodeCursor, oneKey } from "@/server/platform/keyset-cursor";
import { type Page, pageOf } from "@/server/platform/page";

type Context = { readonly caracal: Pick<Deployment, "db"> };
const bounds = { timeoutMs: 10_000, narrow: "Choose one zone, or a shorter window." };
const narrower = "Choose one zone, or a shorter window, to see the rest.";
const listOf = (zoneId: string | null, since: string, until: string) => ({ zoneId: zoneId ?? "", since, until });

/** The window as it is asked about. @throws bad_input when it is none, ends before it begins or is longer than a week */
export function windowOf(input: {
  since: string;
  until: string;
  zoneId?: string | null | undefined;
}): CompromiseWindow {
  const since = requireInstant("since", input.since);
  const until = requireInstant("until", input.until);
  if (since >= until) throw new DomainError("bad_input", "The window ends before it begins.");
  if (millisecondsOf(until) - millisecondsOf(since) > windowDays * 86_400_000)
    throw new DomainError("bad_input", `A window may be ${windowDays} days long at most. Look at it in parts.`);
  return { since, until, zoneId: input.zoneId ?? null };
}

const whole = (text: string) => /^\d{1,9}$/.test(text);

function issuanceKey(position: readonly string[]): IssuanceKey | null {
  const [rank = "", zoneId = "", subjectId = "", type = ""] = position;
  const [isNew = "", count = ""] = rank.split(":");
  return position.length === 4 && /^[01]$/.test(isNew) && whole(count)
    ? [isNew === "1", Number(count), zoneId, subjectId, type]
    : null;
}
function allowsKey(position: readonly string[]): AllowsKey | null {
  const [count = "", zoneId = "", resource = "", version = ""] = position;
  return position.length === 4 && whole(count) ? [Number(count), zoneId, resource, version] : null;
}

/** Who was issued sessions in the window: subjects new in a zone first, then the most. @throws bad_input, stale_cursor, source_unreachable */
export async function windowIssuances({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof windowPageInput>;
}): Promise<WindowIssuances> {
  const window = windowOf(input);
  const filter = listOf(window.zoneId, window.since, window.until);
  const position = decodeCursor("window-issuances", filter, input.cursor, (keys) =>
    issuanceKey(keys) === null ? null : keys,
  );
  const after = position === null ? null : issuanceKey(position);
  const { rows, read, sessions, groups } = await boundedRead(ctx.caracal.db, bounds, (tx) =>
    readIssuances(tx, window, after, input.limit + 1),
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("window-issuances", filter, [
      `${last.isNew ? 1 : 0}:${last.count}`,
      last.zoneId,
      last.subjectId,
      last.type,
    ]),
  );
  return {
    rows: page.map(({ zoneId, zoneName, ...row }) => ({ zone: { id: zoneId, name: zoneName }, ...row })),
    nextCursor,
    sessions,
    subjects: groups,
    cut:
      read > mostSessionsRead
        ? `Only the newest ${mostSessionsRead.toLocaleString("en-US")} sessions of all zones were read. ${narrower}`
        : null,
  };
}

/** What was allowed in the window, by zone, resource and policy set version. @throws bad_input, stale_cursor, source_unreachable */
export async function windowAllows({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof windowPageInput>;
}): Promise<WindowAllows> {
  const window = windowOf(input);
  const filter = listOf(window.zoneId, window.since, window.until);
  const position = decodeCursor("window-allows", filter, input.cursor, (keys) =>
    allowsKey(keys) === null ? null : keys,
  );
  const after = position === null ? null : allowsKey(position);
  const { rows, cut } = await boundedRead(ctx.caracal.db, bounds, (tx) =>
    readAllows(tx, window, after, input.limit + 1),
  );
  const { rows: page, nextCursor } = pageOf(rows, input.limit, (last) =>
    encodeCursor("window-allows", filter, [
      String(last.count),
      last.zoneId,
      last.resource ?? "",
      last.policySetVersionId ?? "",
    ]),
  );
  return {
    rows: page.map(({ zoneId, zoneName, ...row }) => ({ zone: { id: zoneId, name: zoneName }, ...row })),
    nextCursor,
    cut: cut
      ? `Not every event was read: the newest 100,000 of a zone, ${mostEventsRead.toLocaleString("en-US")} in all. ${narrower}`
      : null,
  };
}

/** The sessions that one subject was issued in a zone, each with its likely audit event. @throws bad_input, stale_cursor, source_unreachable */
export async function windowSessions({
  ctx,
  input,
}: {
  ctx: Context;
  input: z.output<typeof windowSessionsInput>;
}): Promise<Page<WindowSession>> {
  const window = windowOf(input);
  const filter = { ...listOf(input.zoneId, window.since, window.until), subject: input.subjectId };
  const [before] = decodeCursor("window-sessions", filter, input.cursor, oneKey) ?? [null];
  const rows = await boundedRead(ctx.caracal.db, bounds, (tx) =>
    readIssued(tx, window, input.zoneId, input.subjectId, before, input.limit + 1),
  );
  return pageOf(rows, input.limit, (last) => encodeCursor("window-sessions", filter, [last.id]));
}
