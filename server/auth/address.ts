/**
 * The address a request came from, for limits and the list of sign-ins: the last hop of x-forwarded-for, the only one
 * that was not written by the client. Next fills it with the socket's address when no proxy stands before it.
 */
export function addressOf(headers: Headers): string | null {
  const hops = headers.get("x-forwarded-for")?.split(",") ?? [];
  return hops.at(-1)?.trim() || null;
}

/** The origin that people use: AUTH_URL, else what the proxy or the browser named. */
export function publicOrigin(headers: Headers, authUrl: string | undefined): string {
  if (authUrl !== undefined) return new URL(authUrl).origin;
  const first = (name: string) => headers.get(name)?.split(",")[0]?.trim();
  return `${first("x-forwarded-proto") ?? "http"}://${first("x-forwarded-host") ?? headers.get("host") ?? "localhost"}`;
}
