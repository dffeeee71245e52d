import type { ServiceKind } from "@/server/playbooks/guided/schemas";

/** The two-person actions that this form asks for; others are asked for where they arise. */
export const askable = [
  "revoke-zone",
  "revoke-fleet",
  "freeze-zone",
  "rotate-zone-key",
  "re-encrypt-kek",
  "restart-service",
  "ack-pending",
  "requeue-outbox",
] as const;
export type Askable = (typeof askable)[number];

/** What the form holds; it stands in the address, so that a way over the identity provider and back loses nothing. */
export type Draft = {
  readonly action: Askable;
  readonly zone: string | null;
  readonly scope: "subjects" | "zone";
  readonly subjects: string[];
  readonly zones: string[]; // of a revocation in several
  readonly mode: "routine" | "compromise"; // of a rotation
  readonly direction: "forward" | "back"; // of a re-encryption
  readonly service: ServiceKind; // of a restart
  readonly stream: string | null; // of an acknowledgement
  readonly group: string | null;
  readonly outbox: "event_outbox" | "caracal_outbox"; // of a requeue
  readonly ids: string[]; // of pending entries, or of dead rows
};

export const mostSubjects = 30; // they travel in addresses; more than that is a zone's trouble

/** Subject ids out of what somebody pasted: by lines, commas or blanks, each once, in the order given. */
export function subjectsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((part) => part !== ""))];
}

/** What is still missing before a preview makes sense, in words; null: nothing. */
export function draftLacks(draft: Draft): string | null {
  if (draft.action === "re-encrypt-kek" || draft.action === "restart-service") return null;
  if (draft.action === "ack-pending")
    return draft.stream !== null && draft.group !== null && draft.ids.length > 0
      ? null
      : "Choose the entries on the stream's page, under Pending.";
  if (draft.action === "requeue-outbox")
    return draft.ids.length > 0 ? null : "Choose the dead rows on the Outboxes page.";
  if (draft.action === "revoke-fleet")
    return draft.scope === "zone" || draft.zones.length > 1 ? null : "Choose two zones or more, or every zone.";
  if (draft.action === "rotate-zone-key" && draft.scope === "zone") return null; // every zone
  if (draft.zone === null) return "Choose a zone.";
  if (draft.action !== "revoke-zone" || draft.scope === "zone") return null;
  if (draft.subjects.length === 0) return "Name the subjects, or choose the whole zone.";
  if (draft.subjects.length === 1)
    return "One subject needs no second person: revoke it by the playbook, or name more, or choose the whole zone.";
  if (draft.subjects.length > mostSubjects)
    return `${draft.subjects.length.toLocaleString("en-GB")} subjects are more than ${mostSubjects.toLocaleString("en-GB")}: choose the whole zone.`;
  return null;
}

/** The parameters as the action takes them; null while something is missing. */
export function parametersOf(draft: Draft): Record<string, unknown> | null {
  if (draftLacks(draft) !== null) return null;
  if (draft.action === "revoke-fleet") return { zoneIds: draft.scope === "zone" ? null : [...draft.zones].sort() };
  if (draft.action === "re-encrypt-kek") return { direction: draft.direction };
  if (draft.action === "restart-service") return { kind: draft.service };
  if (draft.action === "ack-pending") return { stream: draft.stream, group: draft.group, ids: draft.ids };
  if (draft.action === "requeue-outbox") return { outbox: draft.outbox, ids: draft.ids };
  if (draft.action === "rotate-zone-key")
    return { zoneIds: draft.scope === "zone" || draft.zone === null ? null : [draft.zone], mode: draft.mode };
  if (draft.zone === null) return null;
  if (draft.action === "freeze-zone") return { zoneId: draft.zone };
  return { zoneId: draft.zone, subjects: draft.scope === "zone" ? null : [...draft.subjects].sort() };
}

/** A link to the form with what is known filled in. */
export function requestHref(
  action: Askable,
  known: {
    readonly zone?: string | null;
    readonly subjects?: readonly string[];
    readonly incident?: string | null;
    readonly whole?: boolean; // the whole zone; of what goes over several zones every one
    readonly mode?: Draft["mode"];
    readonly direction?: Draft["direction"];
    readonly service?: ServiceKind;
    readonly stream?: string;
    readonly group?: string;
    readonly outbox?: Draft["outbox"];
    readonly ids?: readonly string[];
  } = {},
): string {
  const query = new URLSearchParams({ action });
  if (known.zone) query.set("zone", known.zone);
  if (known.subjects !== undefined && known.subjects.length > 0) query.set("subjects", known.subjects.join(","));
  if (known.whole) query.set("scope", "zone");
  if (known.mode) query.set("mode", known.mode);
  if (known.direction) query.set("direction", known.direction);
  if (known.service) query.set("service", known.service);
  if (known.stream) query.set("stream", known.stream);
  if (known.group) query.set("group", known.group);
  if (known.outbox) query.set("outbox", known.outbox);
  if (known.ids !== undefined && known.ids.length > 0) query.set("ids", known.ids.join(","));
  if (known.incident) query.set("incident", known.incident);
  return `/approvals/new?${query}`;
}
