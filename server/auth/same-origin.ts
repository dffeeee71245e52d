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

/**
 * Whether a download that leaves a trace was asked for by a page of ours, or by somebody who opened the address themselves. A browser
 * that does not say where the request comes from (plain HTTP elsewhere than on this machine) says it by the referring page, if at all.
 */
export function askedHere(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" || site === "none";
  const referer = headers.get("referer");
  return referer === null || (URL.canParse(referer) && new URL(referer).host === hostOf(headers));
}
