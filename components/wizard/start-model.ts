export type StartKind = "session" | "subject" | "event";

/** What a deep link to the start form may carry; anything missing is asked for. */
export type StartParams = {
  readonly session: string | null;
  readonly zone: string | null;
  readonly subject: string | null;
  readonly event: string | null;
  readonly at: string | null;
  readonly incident?: string | null; // that the run is for
};

/** Which of the three ways in a link means. A session given beside an event is the likely session that was picked for it. */
export function startKind(params: StartParams): StartKind {
  if (params.event !== null) return "event";
  if (params.session !== null) return "session";
  return params.zone !== null || params.subject !== null ? "subject" : "session";
}

/** Link to the start form of the revoke playbook with the given values filled in. */
export function startHref(params: Partial<StartParams>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (value) query.set(name, value);
  const text = query.toString();
  return `/playbooks/revoke-session/new${text === "" ? "" : `?${text}`}`;
}
