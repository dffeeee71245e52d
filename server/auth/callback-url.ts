/** Where to go after signing in: a path on this console, never another origin. Anything else leads to the first page. */
export function safeCallback(given: unknown): string {
  if (typeof given !== "string" || given.length > 2_000 || !/^\/(?![/\\])/.test(given)) return "/";
  const base = "http://console.invalid";
  if (!URL.canParse(given, base)) return "/";
  const url = new URL(given, base);
  if (url.origin !== base || /^\/(sign-in|api)(\/|$)/.test(url.pathname)) return "/";
  if (url.pathname.startsWith("//")) return "/"; // "/.//evil" resolves to this, and a browser takes it for a host
  return `${url.pathname}${url.search}`;
}
