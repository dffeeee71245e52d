import {
  type AuditFilter,
  type AuditScope,
  type AuditWindow,
  countOfRequest,
  readAuditZones,
} from "@/server/caracal/audit-read";
import { type AuditQuestion, longestWindowHours } from "@/server/audit/schemas";
import { redactText } from "@/server/audit/redaction/sensitive-text";
import { requireAuditZone } from "@/server/audit/require-audit-zone";
import { DomainError } from "@/server/platform/errors";
import { millisecondsOf, requireInstant } from "@/server/platform/exact-time";
import type { Queryable } from "@/server/platform/postgres";

const mostZones = 2_000;
/** A request id on more events than this is no lead any more: callers choose it, and sorting them all would burden Postgres. */
const mostOfRequest = 5_000;

/** The window as exact instants. @throws DomainError bad_input when it is empty, upside down or too long. */
export function auditWindow(question: Pick<AuditQuestion, "since" | "until" | "text">): AuditWindow {
  const since = requireInstant("since", question.since);
  const until = requireInstant("until", question.until);
  if (since >= until) throw new DomainError("bad_input", "The window is empty: its end must be later than its start.");
  const mostHours = question.text === undefined ? longestWindowHours.plain : longestWindowHours.text;
  if (millisecondsOf(until) - millisecondsOf(since) > mostHours * 3_600_000)
    throw new DomainError(
      "bad_input",
      question.text === undefined
        ? "The window is longer than 31 days. Search a shorter one, or page on by moving it."
        : "Text is searched in windows of at most 24 hours. Shorten the window, or search without text.",
      { mostHours },
    );
  return { since, until };
}

/** A value that is hidden where it is shown must not be found by asking for it. @throws bad_input */
function requireSearchable(name: string, value: string | undefined): void {
  if (value !== undefined && redactText(value) !== value)
    throw new DomainError(
      "bad_input",
      `This ${name} looks like something that is hidden in events (a secret, an e-mail, an address), so events cannot be searched for it.`,
    );
}

/** The filters that no index leads to; empty ones left out. @throws bad_input for a value that is hidden in events */
export function auditFilter(question: AuditQuestion): AuditFilter {
  const given = (value: string | undefined) => (value === "" ? undefined : value);
  requireSearchable("resource", question.resource);
  requireSearchable("policy", question.policy);
  return {
    eventType: given(question.eventType),
    decision: given(question.decision),
    evaluationStatus: given(question.evaluationStatus),
    resource: given(question.resource),
    policySetId: given(question.policySetId),
    policySetVersionId: given(question.policySetVersionId),
    policy: given(question.policy),
    text: question.text,
  };
}

export const isFiltered = (filter: AuditFilter): boolean => Object.values(filter).some((value) => value !== undefined);

const pickZone = (why: string) => new DomainError("precondition_failed", `${why} Pick a zone.`);

/**
 * What leads to the events: the zone, every zone when nothing else is asked, or the request id. What no index covers may be asked within one
 * zone only. @throws DomainError not_found (zone), precondition_failed with what to narrow
 */
export async function auditScope(
  tx: Queryable,
  question: AuditQuestion,
  window: AuditWindow,
  filter: AuditFilter,
): Promise<AuditScope> {
  const { requestId, zoneId } = question;
  if (zoneId !== undefined) await requireAuditZone(tx, zoneId);
  if (requestId !== undefined) {
    if ((await countOfRequest(tx, requestId, window, mostOfRequest + 1)) <= mostOfRequest)
      return { kind: "request", requestId, zoneId: zoneId ?? null };
    if (zoneId === undefined)
      throw pickZone(
        `More than ${mostOfRequest.toLocaleString("en-US")} events of this window carry this request id, and callers choose request ids.`,
      );
    return { kind: "zones", zoneIds: [zoneId], requestId };
  }
  if (zoneId !== undefined) return { kind: "zones", zoneIds: [zoneId] };
  const zoneIds = await readAuditZones(tx, null, mostZones + 1);
  if (zoneIds.length > mostZones) throw pickZone(`More than ${mostZones.toLocaleString("en-US")} zones have events.`);
  if (zoneIds.length > 1 && isFiltered(filter))
    throw pickZone("No index covers these filters, so they look through the events of one zone.");
  return { kind: "zones", zoneIds };
}

/** True when events are looked at one by one, so that a look may have to stop before it is through. */
export const looksThrough = (scope: AuditScope, filter: AuditFilter): boolean =>
  isFiltered(filter) || (scope.kind === "zones" && scope.requestId !== undefined);
