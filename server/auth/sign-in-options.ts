import { oidcConfigured } from "@/server/auth/next-auth";
import { getConsole } from "@/server/runtime/console";

/** What the sign-in page shows before anybody is known: which deployment this is and which ways in there are. */
export function signInOptions(): { deployment: string; colour: string; provider: string | null } {
  const { settings } = getConsole();
  const provider = oidcConfigured(settings) ? new URL(settings.AUTH_OIDC_ISSUER ?? "").host : null;
  return { deployment: settings.CARACAL_NAME, colour: settings.CARACAL_COLOUR, provider };
}
