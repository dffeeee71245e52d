import type { NoticeKind } from "@/server/notifications/queue-notice";
import type { Tier } from "@/server/notifications/schemas";
import type { Severity } from "@/server/platform/severity";

export type MessageIncident = { readonly number: number; readonly restricted: boolean; readonly drill: boolean };

/** What a channel is given to say: nothing else of the incident leaves the console. */
export type Message = {
  readonly id: string; // of the delivery: the idempotency key
  readonly dedupe: string; // the same for everything about one incident
  readonly kind: NoticeKind | "incident" | "test"; // of a restricted incident only "incident" is said
  readonly severity: Severity;
  readonly tier: Tier;
  readonly step: number;
  readonly incident: string | null; // INC-14
  readonly line: string;
  readonly link: string | null; // null when the console does not know its own address (AUTH_URL)
};

const longest = 300;

/** One line of text: no control or direction characters, no line ends, at most 300 characters. */
export function oneLine(text: string): string {
  const line = text
    .replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** The line that people read. Of a restricted incident only that there is one, and its number. */
export function lineOf(what: {
  readonly severity: Severity;
  readonly incident: MessageIncident | null;
  readonly sentence: string;
  readonly step: number;
}): string {
  const { severity, incident, sentence, step } = what;
  const drill = incident?.drill === true ? "DRILL: " : "";
  if (incident?.restricted === true)
    return `${drill}A restricted ${severity} incident needs you: INC-${incident.number}`;
  const reminder = step > 1 ? "Not acknowledged yet: " : "";
  const about = incident === null ? severity : `${severity} INC-${incident.number}`;
  return oneLine(`${drill}${about}: ${reminder}${sentence}`);
}

/** The page to open, on the origin that people use. */
export const linkTo = (authUrl: string | undefined, path: string): string | null =>
  authUrl === undefined ? null : new URL(path, new URL(authUrl).origin).href;

export function messageOf(what: {
  readonly id: string;
  readonly noticeId: string;
  readonly kind: NoticeKind;
  readonly severity: Severity;
  readonly tier: Tier;
  readonly step: number;
  readonly incident: (MessageIncident & { readonly id: string }) | null;
  readonly sentence: string;
  readonly path: string;
  readonly authUrl: string | undefined;
}): Message {
  const { id, noticeId, kind, severity, tier, step, incident, path, authUrl } = what;
  return {
    id,
    dedupe: incident?.id ?? noticeId,
    kind: incident?.restricted === true ? "incident" : kind,
    severity,
    tier,
    step,
    incident: incident === null ? null : `INC-${incident.number}`,
    line: lineOf(what),
    link: linkTo(authUrl, path),
  };
}

/** A message that says of itself that it is a test. */
export const testMessage = (id: string, tier: Tier, authUrl: string | undefined): Message => ({
  id,
  dedupe: `test-${id}`,
  kind: "test",
  severity: "P4",
  tier,
  step: 1,
  incident: null,
  line: "TEST from the Caracal console: nothing happened, this channel works",
  link: linkTo(authUrl, "/settings"),
});
