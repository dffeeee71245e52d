import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  at,
  beginPrograms,
  compose,
  endPrograms,
  failureOf,
  places,
  program,
  replicas,
  seen,
} from "@/sandbox/service-stage/programs";
import { readSettings, SettingsError } from "@/server/platform/settings";
import { manualAdapter } from "@/server/services/adapter/manual";
import { openAdapter } from "@/server/services/adapter/open-adapter";
import { readPlaces } from "@/server/services/adapter/places";

beforeEach(beginPrograms);
afterEach(endPrograms);

const byHand = { file: null, project: null, host: null };
const opened = (env: Record<string, string>) =>
  openAdapter(
    readSettings({
      CONSOLE_DATABASE_URL: "postgres://a@h/console",
      CONSOLE_MIGRATE_DATABASE_URL: "postgres://o@h/console",
      CARACAL_DATABASE_URL: "postgres://c@h/caracal",
      CARACAL_REDIS_URL: "redis://h",
      ...env,
    }),
    replicas,
  );

describe("the settings", () => {
  test("off unless it is set, and then only what is listed", () => {
    expect(opened({}).kind).toBe("off");
    expect(opened({ RUNTIME_SERVICES: "sts=sts" }).placeOf("sts-1")).toBeNull();
    expect(opened({ RUNTIME_ADAPTER: "compose" }).placeOf("sts-1")).toBeNull();
    expect(opened({ RUNTIME_ADAPTER: "compose", RUNTIME_SERVICES: "sts=sts" }).placeOf("sts-1")?.target).toBe("sts");
  });

  test.each([
    [
      "a container without its project, which would be the whole service",
      { RUNTIME_ADAPTER: "compose", RUNTIME_SERVICES: "sts-1=sts#1" },
    ],
    ["a target that is an option", { RUNTIME_ADAPTER: "compose", RUNTIME_SERVICES: "sts=--all" }],
    ["a file that is an option", { RUNTIME_ADAPTER: "compose", RUNTIME_COMPOSE_FILE: "--host=x" }],
    ["a namespace that is an option", { RUNTIME_ADAPTER: "kubernetes", RUNTIME_KUBE_NAMESPACE: "-A" }],
    ["a supervisor without a token", { RUNTIME_ADAPTER: "process", RUNTIME_PROCESS_URL: "http://127.0.0.1:1" }],
    [
      "a supervisor elsewhere",
      { RUNTIME_ADAPTER: "process", RUNTIME_PROCESS_URL: "http://10.0.0.1:1", RUNTIME_PROCESS_TOKEN: "x".repeat(16) },
    ],
    ["a runtime nobody knows", { RUNTIME_ADAPTER: "podman" }],
  ])("refused at the start: %s", (_, env) => {
    expect(() => opened(env)).toThrow(SettingsError);
  });
});

describe("the allow-list", () => {
  test.each([
    ["compose", "sts=--help"],
    ["compose", "sts=-v"],
    ["compose", "sts=sts;reboot"],
    ["compose", "sts=$(reboot)"],
    ["compose", "sts=sts reboot"],
    ["compose", "sts=sts#0"],
    ["compose", "sts=../../etc"],
    ["compose", "sts=sts\n--volumes"],
    ["compose", "postgres=db"],
    ["compose", "sts=a,sts=b"],
    ["compose", "sts"],
    ["kubernetes", "sts=pod/sts"],
    ["kubernetes", "sts=deployment/--all"],
    ["kubernetes", "sts=deployment/sts/x"],
    ["kubernetes", "sts=sts"],
  ] as const)("%s refuses %j", (kind, text) => {
    expect(readPlaces(kind, text)).toBeTypeOf("string");
  });

  test("what is not on it has no place, whatever it is called", () => {
    const adapter = compose("sts=sts");
    for (const name of ["gateway-1", "sts-3", "sts", "--help", "sts-1;reboot", "__proto__", ""])
      expect(adapter.placeOf(name), name).toBeNull();
  });

  test("off allows nothing; by hand shows commands and runs none", async () => {
    program("docker", "");
    const parts = places("compose", "sts=sts");
    expect(manualAdapter("off", byHand, parts).placeOf("sts-1")).toBeNull();
    const manual = manualAdapter("manual", byHand, parts);
    expect(manual.commands(at(manual, "sts-1")).restart).toBe("docker compose restart -t 20 -- sts");
    expect((await failureOf(manual.restart(at(manual, "sts-1")))).failure).toBe("by-hand");
    expect(() => seen()).toThrow(/ENOENT/);
  });
});
