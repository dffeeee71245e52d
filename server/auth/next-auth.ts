import { Auth } from "@auth/core";
import { decodeJwt } from "jose";
import NextAuth, { CredentialsSignin, type NextAuthConfig, type Profile } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { addressOf, publicOrigin } from "@/server/auth/address";
import { cookieSecret } from "@/server/auth/cookie-secret";
import { checkLocalAccount } from "@/server/auth/local-accounts";
import { parseRoleMap, recordOidcPerson, rolesOfGroups } from "@/server/auth/oidc-people";
import { secureCookies } from "@/server/auth/session-cookie";
import { endSignIn, openSignIn, personOfSignIn } from "@/server/auth/sign-ins";
import { DomainError, messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import type { Settings } from "@/server/platform/settings";
import { getConsole } from "@/server/runtime/console";

/** A refused local sign-in as next-auth carries it; `code` ends up in the sign-in page's address. */
export class SignInRefused extends CredentialsSignin {
  constructor(code: "credentials" | "rate_limited" | "unreachable") {
    super();
    this.code = code;
  }
}

export const oidcConfigured = (settings: Settings): boolean =>
  settings.AUTH_OIDC_ISSUER !== undefined && settings.AUTH_OIDC_CLIENT_ID !== undefined;

type Connection = { readonly userAgent: string | null; readonly address: string | null };
const connectionOf = (headers: Headers): Connection => ({
  userAgent: headers.get("user-agent"),
  address: addressOf(headers),
});

async function authorizeLocally(given: Partial<Record<string, unknown>>, request: Request) {
  const { username, password } = given;
  if (typeof username !== "string" || typeof password !== "string" || username.length > 200 || password.length > 500)
    throw new SignInRefused("credentials");
  const { db } = getConsole();
  const connection = connectionOf(request.headers);
  try {
    const personId = await checkLocalAccount({ db, input: { username, password, address: connection.address } });
    if (personId === null) throw new SignInRefused("credentials");
    const signInId = await openSignIn({ db, input: { personId, method: "local", ...connection } });
    return { id: signInId };
  } catch (error) {
    if (error instanceof DomainError && error.code === "rate_limited") throw new SignInRefused("rate_limited");
    if (error instanceof DomainError && error.code === "source_unreachable") throw new SignInRefused("unreachable");
    throw error;
  }
}

const text = (value: unknown): string | null => (typeof value === "string" && value.trim() !== "" ? value : null);

/** When the provider last asked the person to prove who they are, where its token says so. */
function provedAtOf(idToken: string | undefined): number | null {
  const claim = idToken === undefined ? null : decodeJwt(idToken).auth_time;
  return typeof claim === "number" && Number.isFinite(claim) && claim > 0 && claim < 1e11 ? claim : null;
}

/** Who the identity provider says came. Claims of the userinfo answer win over those of the validated ID token. */
async function recordProfile(profile: Profile, idToken: string | undefined) {
  const { db, settings } = getConsole();
  const claims: Record<string, unknown> = { ...(idToken === undefined ? {} : decodeJwt(idToken)), ...profile };
  const subject = text(claims.sub);
  if (subject === null || settings.AUTH_OIDC_ISSUER === undefined)
    throw new Error("the identity provider named no subject");
  const username = text(claims.preferred_username) ?? text(claims.email) ?? subject;
  const held = rolesOfGroups(claims[settings.AUTH_OIDC_GROUPS_CLAIM], parseRoleMap(settings.AUTH_OIDC_ROLE_MAP));
  const issuer = settings.AUTH_OIDC_ISSUER;
  const displayName = text(claims.name) ?? username;
  const person = await recordOidcPerson({ db, input: { issuer, subject, username, displayName, roles: held } });
  return { ...person, roles: held };
}

function configFor(settings: Settings, headers: Headers | undefined): NextAuthConfig {
  return {
    secret: cookieSecret(settings),
    trustHost: true,
    useSecureCookies: secureCookies(settings),
    session: { strategy: "jwt", maxAge: 12 * 3_600 },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    logger: {
      error: (error) =>
        log.warn({ kind: error.name, reason: messageOf(error.cause ?? error).slice(0, 300) }, "sign-in failed"),
      warn: (code) => log.debug({ code }, "sign-in"),
      debug: () => undefined,
    },
    providers: [
      Credentials({ id: "local", credentials: { username: {}, password: {} }, authorize: authorizeLocally }),
      ...(oidcConfigured(settings)
        ? [
            {
              id: "oidc",
              name: new URL(settings.AUTH_OIDC_ISSUER ?? "").host,
              type: "oidc" as const,
              issuer: settings.AUTH_OIDC_ISSUER ?? "",
              clientId: settings.AUTH_OIDC_CLIENT_ID ?? "",
              ...(settings.AUTH_OIDC_CLIENT_SECRET === undefined
                ? { client: { token_endpoint_auth_method: "none" } }
                : { clientSecret: settings.AUTH_OIDC_CLIENT_SECRET }),
              authorization: { params: { scope: "openid profile email" } },
              checks: ["pkce" as const, "state" as const, "nonce" as const],
              idToken: false, // groups are often in the userinfo answer only; the ID token is read as well
              profile: (profile: Profile) => ({ id: text(profile.sub) ?? "" }),
            },
          ]
        : []),
    ],
    callbacks: {
      async signIn({ account, profile }) {
        if (account?.provider !== "oidc" || profile === undefined) return account?.provider === "local";
        const person = await recordProfile(profile, account.id_token);
        if (!person.active) return "/forbidden?why=deactivated";
        return person.roles.length > 0 ? true : "/forbidden?why=no-role";
      },
      async jwt({ token, user, account, profile }) {
        if (account?.provider === "local") return { signInId: user.id };
        if (account?.provider !== "oidc" || profile === undefined) return { signInId: token.signInId };
        const person = await recordProfile(profile, account.id_token);
        const connection = connectionOf(headers ?? new Headers());
        const { db } = getConsole();
        const provedAt = provedAtOf(account.id_token);
        const input = { personId: person.id, method: "oidc" as const, provedAt, ...connection };
        return { signInId: await openSignIn({ db, input }) };
      },
      session: ({ session }) => ({ expires: session.expires }), // nothing about the person leaves by this way
    },
    events: {
      async signOut(message) {
        const id = "token" in message ? message.token?.signInId : undefined;
        if (typeof id !== "string") return;
        const { db } = getConsole();
        const personId = await personOfSignIn(db, id);
        if (personId !== null) await endSignIn({ ctx: { db, actor: { id: personId } }, input: { id } });
      },
    },
  };
}

/** next-auth behind our own tables: its sealed cookie carries a sign-in id and nothing else. */
export const { signIn, signOut } = NextAuth(() => configFor(getConsole().settings, undefined));

/**
 * The routes below /api/auth. Not next-auth's own handlers: they pass through NextRequest, which turns 127.0.0.1 into
 * localhost, and an identity provider refuses a redirect address that changes between two steps.
 */
export function answerAuth(request: Request): Promise<Response> {
  const { settings } = getConsole();
  const { pathname, search } = new URL(request.url);
  const url = new URL(`${pathname}${search}`, publicOrigin(request.headers, settings.AUTH_URL));
  return Auth(new Request(url, request), { ...configFor(settings, request.headers), basePath: "/api/auth" });
}
