import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { keyNames, readSettings, secretNames, settingNames, SettingsError } from "@/server/platform/settings";

const required = {
  CONSOLE_DATABASE_URL: "postgres://a@h/console",
  CONSOLE_MIGRATE_DATABASE_URL: "postgres://o@h/console",
  CARACAL_DATABASE_URL: "postgresql://c@h/caracal",
  CARACAL_REDIS_URL: "redis://h:6379",
};
const channels = [{ name: "hook", kind: "webhook", url: "https://hooks.example/x", secret: "ab".repeat(16) }];
const signingKey = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString().trim();
const givenAs: Readonly<Record<string, string>> = {
  BREAK_GLASS_SECRET_HASH: "scrypt$15$8$1$c2FsdA$a2V5",
  NOTIFY_CHANNELS: JSON.stringify(channels),
  EVIDENCE_SIGNING_KEY: signingKey,
  TIMELINE_HEADS_WEBHOOK_URL: "https://witness.example/heads?token=x",
  AUDIT_ANCHORS_WEBHOOK_URL: "https://witness.example/anchors?token=x",
};
const problemsOf = (env: Record<string, string>, readFile?: (path: string) => string): readonly string[] => {
  try {
    readSettings(env, readFile);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
};

describe("settings", () => {
  test("the first four suffice; the rest is empty or has its default", () => {
    const settings = readSettings({ ...required, CARACAL_STS_URLS: "", STREAMS_HMAC_KEY: "" });
    expect(settings.CARACAL_STS_URLS).toEqual([]);
    expect(settings.STREAMS_HMAC_KEY).toBeUndefined();
    expect(settings.CARACAL_NAME).toBe("caracal");
  });

  test("everything missing is named at once", () => {
    expect(problemsOf({})).toEqual(Object.keys(required).map((name) => `${name} is not set.`));
  });

  test("replica lists take several addresses and drop trailing slashes", () => {
    const { CARACAL_STS_URLS } = readSettings({ ...required, CARACAL_STS_URLS: " http://a:1/ ,https://b:2//,, " });
    expect(CARACAL_STS_URLS).toEqual(["http://a:1", "https://b:2"]);
    expect(problemsOf({ ...required, CARACAL_STS_URLS: "ftp://a" })).toHaveLength(1);
  });

  test("a problem never repeats the value", () => {
    const wrong = {
      ...required,
      STREAMS_HMAC_KEY: "hunter2",
      CARACAL_REDIS_URL: "http://u:hunter2@h",
      AUTH_SECRET: "hunter2",
    };
    const problems = problemsOf(wrong);
    expect(problems.map((line) => line.split(" ")[0]).sort()).toEqual([
      "AUTH_SECRET",
      "CARACAL_REDIS_URL",
      "STREAMS_HMAC_KEY",
    ]);
    expect(problems.join()).not.toContain("hunter2");
  });

  test.each(secretNames)("%s may come from a file, with its line end", (name) => {
    const given = givenAs[name] ?? "ab".repeat(32);
    const { [name as keyof typeof required]: value = given, ...others } = required;
    const read = readSettings({ ...others, [`${name}_FILE`]: "/run/secrets/x" }, () => `${value}\n`);
    expect(read[name]).toEqual(name === "NOTIFY_CHANNELS" ? channels : value);
  });

  test("a signing key is an Ed25519 key in PEM, also on one line; anything else is refused without its value", () => {
    const oneLine = { ...required, EVIDENCE_SIGNING_KEY: signingKey.replaceAll("\n", "\\n") };
    expect(readSettings(oneLine).EVIDENCE_SIGNING_KEY).toBe(signingKey);
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    for (const wrong of ["hunter2", rsa.export({ type: "pkcs8", format: "pem" }).toString()])
      expect(problemsOf({ ...required, EVIDENCE_SIGNING_KEY: wrong })).toEqual([
        "EVIDENCE_SIGNING_KEY must be an Ed25519 private key in PEM (PKCS #8).",
      ]);
  });

  test("an unreadable file and a doubled setting are named, without path or value", () => {
    const unreadable = problemsOf({ ...required, AUTH_SECRET_FILE: "/secret/path" }, () => {
      throw new Error("ENOENT /secret/path");
    });
    expect(unreadable).toEqual(["AUTH_SECRET_FILE cannot be read at the path it names."]);
    const key = "ab".repeat(32);
    expect(problemsOf({ ...required, STREAMS_HMAC_KEY: key, STREAMS_HMAC_KEY_FILE: "/f" }, () => key)).toEqual([
      "STREAMS_HMAC_KEY and STREAMS_HMAC_KEY_FILE are both set: keep one.",
    ]);
  });

  test("the table of the README has every setting once, and nothing that is none", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const table = readme.split("| Setting |")[1]?.split("\n\n")[0] ?? "";
    const listed = table
      .split("\n")
      .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => name));
    const files = [...secretNames, ...keyNames].map((name) => `${name}_FILE`); // said of all secrets at once, above the table
    expect(listed.toSorted()).toEqual(settingNames.filter((name) => !files.includes(name)).toSorted());
  });
});
