import { entryHref, incidentHref } from "@/components/incidents/incident-words";

export type RefLink = { readonly label: string; readonly href: string };

/** What an entry points to, as links. Names that this screen has no page for are left to the details. */
export function refLinks(incidentId: string, refs: Readonly<Record<string, string | number>>): readonly RefLink[] {
  return Object.entries(refs).flatMap(([name, value]) => {
    const id = encodeURIComponent(String(value));
    switch (name) {
      case "run":
        return [{ label: "Open the run", href: `/playbooks/runs/${id}` }];
      case "approval":
        return [{ label: "Open the approval", href: `/approvals/${id}` }];
      case "incident":
        return String(value) === incidentId ? [] : [{ label: "Open the incident", href: incidentHref(id) }];
      case "file":
        return [{ label: "Open the file", href: `/api/incidents/${incidentId}/files?file=${id}` }];
      case "seq":
        return [{ label: `Entry ${value}`, href: entryHref(incidentId, Number(value)) }];
      default:
        return [];
    }
  });
}
