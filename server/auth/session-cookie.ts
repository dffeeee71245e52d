import { getToken } from "next-auth/jwt";
import type { Settings } from "@/server/platform/settings";

type CookieSettings = Pick<Settings, "AUTH_SECRET" | "AUTH_URL">;

/** Cookies carry `Secure` only where the console is reached by https: over plain loopback http they would not come back. */
export const secureCookies = (settings: CookieSettings): boolean => settings.AUTH_URL?.startsWith("https://") ?? false;

export const cookieName = (settings: CookieSettings): string =>
  secureCookies(settings) ? "__Secure-authjs.session-token" : "authjs.session-token";

/** The sign-in id in a request's sealed cookie; null when there is none or it does not open. Says nothing about validity. */
export async function signInIdOf(headers: Headers, settings: CookieSettings): Promise<string | null> {
  if (settings.AUTH_SECRET === undefined) return null;
  const cookie = headers.get("cookie");
  if (cookie === null) return null;
  const token = await getToken({
    req: { headers: new Headers({ cookie }) },
    secret: settings.AUTH_SECRET,
    secureCookie: secureCookies(settings),
    cookieName: cookieName(settings),
  });
  const id = token?.signInId;
  return typeof id === "string" ? id : null;
}
