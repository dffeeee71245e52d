/** Link to the form that replaces an application's secret, with what is known filled in. */
export function replaceSecretHref(known: {
  readonly zone: string | null;
  readonly application?: string | null;
  readonly incident?: string | null;
}): string {
  const query = new URLSearchParams();
  if (known.zone) query.set("zone", known.zone);
  if (known.application) query.set("application", known.application);
  if (known.incident) query.set("incident", known.incident);
  const text = query.toString();
  return `/brakes/replace-secret${text === "" ? "" : `?${text}`}`;
}
