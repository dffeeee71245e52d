/** The host that the browser addressed, behind a proxy too. */
const hostOf = (headers: Headers) => (headers.get("x-forwarded-host") ?? headers.get("host"))?.split(",")[0]?.trim();

/**
 * Whether a request was sent by a page of this console. Browsers send Sec-Fetch-Site on trustworthy origins and Origin
 * with every POST; a request that carries neither, or one that disagrees, is not taken for ours.
 */
export function sameOrigin(request: { readonly headers: Headers }): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const origin = request.headers.get("origin");
  if (origin === null) return site === "same-origin";
  return URL.canParse(origin) && new URL(origin).host === hostOf(request.headers);
}
