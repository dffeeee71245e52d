import { encode } from "next-auth/jwt";
import { describe, expect, it } from "vitest";
import { cookieSecret } from "@/server/auth/cookie-secret";
import { cookieName, signInIdOf } from "@/server/auth/session-cookie";
import { readSettings } from "@/server/platform/settings";

const required = {
  CONSOLE_DATABASE_URL: "postgres://console:s3cret@db.internal/console",
  CONSOLE_MIGRATE_DATABASE_URL: "postgres://owner:0wner@db.internal/console",
  CARACAL_DATABASE_URL: "postgres://caracal_console:p@db.internal/caracal",
  CARACAL_REDIS_URL: "redis://redis.internal",
};

/** A request that brings what another replica sealed. */
async function requestSealedBy(env: Record<string, string>): Promise<Headers> {
  const settings = readSettings(env);
  const name = cookieName(settings);
  const sealed = await encode({ token: { signInId: "the-sign-in" }, secret: cookieSecret(settings), salt: name });
  return new Headers({ cookie: `${name}=${sealed}` });
}

describe("the cookie's secret", () => {
  it("needs no setting beyond the four required, and says nothing of the address it came from", () => {
    const secret = cookieSecret(readSettings(required));
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(secret, "base64url").includes("s3cret")).toBe(false);
  });

  it("is the same on every replica of one console, so that each opens what the other sealed", async () => {
    const elsewhere = { ...required, CARACAL_NAME: "replica two", CARACAL_REDIS_URL: "redis://other.internal" };
    expect(await signInIdOf(await requestSealedBy(required), readSettings(elsewhere))).toBe("the-sign-in");
  });

  it("differs from one console's database to another's, whose cookies then do not open", async () => {
    const other = { ...required, CONSOLE_DATABASE_URL: "postgres://console:other@db.internal/console" };
    expect(await signInIdOf(await requestSealedBy(other), readSettings(required))).toBeNull();
  });

  it("is AUTH_SECRET where that is set, whatever the database", async () => {
    const given = { ...required, AUTH_SECRET: "a".repeat(32) };
    expect(cookieSecret(readSettings(given))).toBe("a".repeat(32));
    const moved = { ...given, CONSOLE_DATABASE_URL: "postgres://console:rotated@db.internal/console" };
    expect(await signInIdOf(await requestSealedBy(given), readSettings(moved))).toBe("the-sign-in");
  });
});
