import type { inferParserType } from "nuqs";
import { parseUtc } from "@/components/lib/utc";
import type { AuditQuestion } from "@/server/audit/schemas";
import { auditWindow } from "./audit-window";
import type { auditSearch } from "./search-params";

export type AuditFilter = inferParserType<typeof auditSearch>;

export type Asked =
  | { readonly ok: true; readonly question: AuditQuestion }
  | { readonly ok: false; readonly problem: string };

const columns = (filter: AuditFilter) => ({
  zoneId: filter.zone ?? undefined,
  eventType: filter.type ?? undefined,
  decision: filter.decision ?? undefined,
  evaluationStatus: filter.status ?? undefined,
  resource: filter.resource ?? undefined,
  policySetId: filter.set ?? undefined,
  policySetVersionId: filter.version ?? undefined,
  policy: filter.policy ?? undefined,
  requestId: filter.request ?? undefined,
  text: filter.text ?? undefined,
});

/** What the address asks the server; preset windows end at the address's `asof`, without one at `now` (epoch ms). */
export function questionOf(filter: AuditFilter, now: number): Asked {
  const asOf = filter.asof === null ? now : parseUtc(filter.asof);
  if (asOf === null) return { ok: false, problem: "The address holds a time that cannot be read. Search up to now." };
  const window = auditWindow(
    { preset: filter.window, since: filter.since, until: filter.until, text: filter.text },
    asOf,
  );
  return window.ok
    ? { ok: true, question: { since: window.since, until: window.until, ...columns(filter) } }
    : { ok: false, problem: window.problem };
}

const minute = 60_000;
export const tailMinutes = 15;

/** What a tail asks: the last minutes, and one ahead, for clocks that are. */
export const tailQuestion = (filter: AuditFilter, now: number): AuditQuestion => ({
  since: new Date(now - tailMinutes * minute).toISOString(),
  until: new Date(now + minute).toISOString(),
  ...columns(filter),
});

/** How many filters are set, the window aside. */
export const filterCount = (filter: AuditFilter): number =>
  Object.values(columns(filter)).filter((value) => value !== undefined).length;
