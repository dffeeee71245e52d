import type { Settings } from "@/server/platform/settings";
import { type Finding, ok, warn } from "@/server/runtime/doctor/finding";

/** Settings that are valid one by one and still ask for care together; what is missing or malformed never gets this far. */
export function checkSettings(settings: Settings): readonly Finding[] {
  const findings: Finding[] = [];
  const open = URL.parse(settings.CONSOLE_DATABASE_URL)?.password === "";
  if (settings.AUTH_SECRET === undefined && open)
    findings.push(
      warn(
        "cookie secret",
        "AUTH_SECRET is not set, and CONSOLE_DATABASE_URL holds no password to derive it from: it can be guessed.",
        "Set AUTH_SECRET to 32 random characters or more, the same on every replica of the console.",
      ),
    );
  const oidc = [settings.AUTH_OIDC_ISSUER, settings.AUTH_OIDC_CLIENT_ID];
  if (oidc.filter((value) => value !== undefined).length === 1)
    findings.push(
      warn(
        "identity provider",
        "Only one of AUTH_OIDC_ISSUER and AUTH_OIDC_CLIENT_ID is set: sign-in by the identity provider is off.",
        "Set both, or neither.",
      ),
    );
  const listed = [
    ...settings.CARACAL_STS_URLS,
    ...settings.CARACAL_GATEWAY_URLS,
    ...settings.CARACAL_API_URLS,
    ...settings.CARACAL_AUDIT_URLS,
    ...settings.CARACAL_COORDINATOR_URLS,
  ];
  if (new Set(listed).size < listed.length)
    findings.push(
      warn(
        "addresses",
        "The same address is listed more than once: what it answers would count as two replicas.",
        "List each replica once, in the setting of its own service.",
      ),
    );
  return [ok("settings", "Every required setting is there, and each is well formed."), ...findings];
}
