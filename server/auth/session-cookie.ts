import { getToken } from "next-auth/jwt";
import { cookieSecret } from "@/server/auth/cookie-secret";
import type { Settings } from "@/server/platform/settings";

type CookieSettings = Pick<Settings, "AUTH_URL">;

/** Cookies carry `Secure` only where the console is reached by https: over plain loopback http they would not come back. */
export const secureCookies = (settings: CookieSettings): boolean => settings.AUTH_URL?.startsWith("https://") ?? false;

export const cookieName = (settings: CookieSettings): string =>
  secureCookies(settings) ? "__Secure-authjs.session-token" : "authjs.session-token";

/** The sign-in id in a request's sealed cookie; null when there is none or it does not open. Says nothing about validity. */
export async function signInIdOf(
  headers: Headers,
  settings: CookieSettings & Pick<Settings, "AUTH_SECRET" | "CONSOLE_DATABASE_URL">,
): Promise<string | null> {
  const cookie = headers.get("cookie");
  if (cookie === null) return null;
  const token = await getToken({
    req: { headers: new Headers({ cookie }) },
    secret: cookieSecret(settings),
    secureCookie: secureCookies(settings),
    cookieName: cookieName(settings),
  });
  const id = token?.signInId;
  return typeof id === "string" ? id : null;
}
