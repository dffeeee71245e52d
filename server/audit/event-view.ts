import type { ListedAuditEvent } from "@/server/caracal/audit-read";
import type { AuditRow } from "@/server/audit/schemas";
import { redactJson } from "@/server/audit/redaction/redact-json";
import { mark, redactRequestId } from "@/server/audit/redaction/sensitive-text";

const mostShown = 300;

const cut = (text: string): string => (text.length <= mostShown ? text : `${text.slice(0, mostShown)}…`);

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** The resource that an event is about: `resource`, or what was `requested` when it was refused (as recorded). */
function resourceOf(metadata: unknown): string | null {
  const resource = member(metadata, "resource");
  if (typeof resource === "string") return cut(resource);
  const requested = member(metadata, "requested");
  if (!Array.isArray(requested)) return null;
  return cut(requested.filter((one): one is string => typeof one === "string").join(", ")) || null;
}

function policiesOf(policies: unknown): string | null {
  if (!Array.isArray(policies)) return null;
  const names = policies.map((one) => member(one, "policy")).filter((name): name is string => typeof name === "string");
  return cut(names.join(", ")) || null;
}

/** An event as a list shows it: what is sensitive in its JSON never leaves the server here. */
export function auditRow({ determiningPolicies, metadata, ...event }: ListedAuditEvent): AuditRow {
  const shown = redactJson(metadata).text;
  return {
    ...event,
    requestId: event.requestId === null ? null : redactRequestId(event.requestId),
    resource: resourceOf(parsed(shown)),
    policies: policiesOf(parsed(redactJson(determiningPolicies).text)),
    metadata: shown === null ? (event.large ? mark("too large for a list") : null) : cut(shown),
  };
}

/** Whether a text is found in what may be shown of the metadata: what is hidden cannot be found either. */
export function showsText({ metadata }: Pick<ListedAuditEvent, "metadata">, text: string): boolean {
  return redactJson(metadata).text?.toLowerCase().includes(text.toLowerCase()) ?? false;
}
