import { describe, expect, it } from "vitest";
import { readSettings } from "@/server/platform/settings";
import { fail, few } from "@/server/runtime/doctor/finding";
import { checkSettings } from "@/server/runtime/doctor/check-settings";
import { hideSecrets } from "@/server/runtime/doctor/hide-secrets";
import { reportText } from "@/server/runtime/doctor/report";

const env = {
  CONSOLE_DATABASE_URL: "postgres://console:p%40ssword@db/console",
  CONSOLE_MIGRATE_DATABASE_URL: "postgres://owner:100%sure@db/console",
  CARACAL_DATABASE_URL: "postgres://caracal_console:third-one@db/caracal",
  CARACAL_REDIS_URL: "redis://:fourth-one@redis",
  CARACAL_STS_URLS: "https://someone:fifth-one@sts",
};

describe("hideSecrets", () => {
  it.each([env.CONSOLE_DATABASE_URL, "p%40ssword", "p@ssword", "third-one", "fourth-one", "fifth-one"])(
    "keeps back %s, whoever's words bring it",
    (secret) => {
      const { found } = hideSecrets(readSettings(env), fail("x", `refused: ${secret} is wrong`, "y"));
      expect(found).toBe("refused: (hidden) is wrong");
    },
  );
});

describe("checkSettings", () => {
  const named = (changed: Record<string, string>) =>
    checkSettings(readSettings({ ...env, ...changed })).flatMap(({ name, status }) =>
      status === "warn" ? [name] : [],
    );

  it("asks for AUTH_SECRET where the address holds nothing secret to derive it from", () => {
    const peer = { CONSOLE_DATABASE_URL: "postgres://console@db/console" };
    expect(named({})).toEqual([]);
    expect(named(peer)).toEqual(["cookie secret"]);
    expect(named({ ...peer, AUTH_SECRET: "s".repeat(32) })).toEqual([]);
  });

  it("sees a replica listed twice and half an identity provider", () => {
    expect(named({ CARACAL_GATEWAY_URLS: "http://g,http://g/" })).toEqual(["addresses"]);
    expect(named({ AUTH_OIDC_ISSUER: "https://id" })).toEqual(["identity provider"]);
  });
});

describe("reportText", () => {
  it("aligns names, puts the cure below what it cures, and sums up", () => {
    const text = reportText([
      fail("redis", "It is away.", "Start it."),
      { name: "least privilege", status: "ok", found: "Fine.", fix: null },
    ]);
    expect(text.split("\n")).toEqual([
      "✗ fail     redis            It is away.",
      "                            → Start it.",
      "✓ ok       least privilege  Fine.",
      "",
      "1 to fix, 0 to look at, 0 skipped, 1 ok.",
    ]);
  });
});

describe("few", () => {
  it("names some and counts the rest", () => {
    expect([few([]), few(["a"]), few(["a", "b"]), few(["a", "b", "c"], 2)]).toEqual([
      "",
      "a",
      "a and b",
      "a, b and 1 more",
    ]);
  });
});
