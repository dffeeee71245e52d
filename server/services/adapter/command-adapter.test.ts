import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSettings, SettingsError } from "@/server/platform/settings";
import { DomainError } from "@/server/platform/errors";
import type { Place, RuntimeAdapter } from "@/server/services/adapter/adapter";
import { createClean } from "@/server/services/adapter/clean-output";
import { commandAdapter } from "@/server/services/adapter/command-adapter";
import { composeLines } from "@/server/services/adapter/compose";
import { kubernetesLines } from "@/server/services/adapter/kubernetes";
import { openAdapter } from "@/server/services/adapter/open-adapter";
import { manualAdapter } from "@/server/services/adapter/manual";
import { readPlaces } from "@/server/services/adapter/places";
import { runCommand } from "@/server/services/adapter/run-command";

const replicas = ["sts-1", "sts-2", "gateway-1", "audit-1"];
const path = process.env.PATH;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runtime-"));
  process.env.PATH = `${folder}:${path}`;
  process.env.STREAMS_HMAC_KEY = "ab".repeat(32); // whatever a child could inherit by mistake
});
afterEach(() => {
  process.env.PATH = path;
  delete process.env.STREAMS_HMAC_KEY;
  rmSync(folder, { recursive: true, force: true });
});

/** A real program of that name: writes down its arguments and environment, then does what `script` says. */
function program(name: string, script: string): void {
  const file = join(folder, name);
  const seen = join(folder, "seen");
  writeFileSync(
    file,
    `#!${process.execPath}\nrequire("node:fs").writeFileSync(${JSON.stringify(seen)}, JSON.stringify({ argv: process.argv.slice(2), env: process.env }));\n${script}\n`,
  );
  chmodSync(file, 0o755);
}
const seen = (): { argv: string[]; env: Record<string, string> } =>
  JSON.parse(readFileSync(join(folder, "seen"), "utf8"));

function places(kind: "compose" | "kubernetes", text: string) {
  const list = readPlaces(kind, text);
  if (typeof list === "string") throw new Error(list);
  return { places: list, replicas, clean: createClean(["the-console-s-own-token"]) };
}
const compose = (text = "sts-1=sts#1,sts-2=sts#2,gateway=gateway", host: string | null = null): RuntimeAdapter =>
  commandAdapter(composeLines({ file: "/srv/caracal.yml", project: "caracal", host }), places("compose", text));
const kubernetes = (text = "sts=deployment/sts"): RuntimeAdapter =>
  commandAdapter(
    kubernetesLines({ kubeconfig: "/srv/kube", context: "prod", namespace: "auth", spoolOnVolume: false }),
    places("kubernetes", text),
  );
const at = (adapter: RuntimeAdapter, replica: string): Place => {
  const place = adapter.placeOf(replica);
  if (place === null) throw new Error(`${replica} is not on the list`);
  return place;
};
const failureOf = async (work: Promise<unknown>): Promise<{ failure: unknown; sentence: string; code: string }> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof DomainError)
      return { failure: error.facts.failure, sentence: error.message, code: error.code };
    throw error;
  }
  throw new Error("it did not fail");
};

describe("compose", () => {
  test("logs, restart and status have fixed arguments, by container where the list says so", async () => {
    program("docker", `console.log("one\\ntwo")`);
    const adapter = compose();
    const base = ["compose", "--file", "/srv/caracal.yml", "--project-name", "caracal"];
    expect(await adapter.logs(at(adapter, "sts-2"), 50)).toEqual({ lines: ["one", "two"], cut: false });
    expect(seen().argv).toEqual([
      ...base,
      "logs",
      "--no-color",
      "--timestamps",
      "--tail",
      "50",
      "--index",
      "2",
      "--",
      "sts",
    ]);
    await adapter.restart(at(adapter, "sts-2"));
    expect(seen().argv).toEqual(["container", "restart", "-t", "20", "--", "caracal-sts-2"]);
    await adapter.restart(at(adapter, "gateway-1"));
    expect(seen().argv).toEqual([...base, "restart", "-t", "20", "--", "gateway"]);
    expect(adapter.commands(at(adapter, "sts-1")).status).toBe(
      "docker compose --file /srv/caracal.yml --project-name caracal ps --all -- sts",
    );
    expect(adapter.commands(at(adapter, "gateway-1")).restart).toBe(
      "docker compose --file /srv/caracal.yml --project-name caracal restart -t 20 -- gateway",
    );
  });

  test("the child sees where programs lie, and none of our secrets", async () => {
    program("docker", "");
    const adapter = compose("sts=sts", "tcp://docker.internal:2375");
    await adapter.runs(at(adapter, "sts-1"));
    expect(Object.keys(seen().env).sort()).toEqual(["DOCKER_HOST", "HOME", "LANG", "PATH"]);
  });

  test("replicas that share a target go along in its restart", () => {
    expect(at(compose("sts=sts"), "sts-1").replicas).toEqual(["sts-1", "sts-2"]);
    expect(at(compose(), "sts-1").replicas).toEqual(["sts-1"]);
  });
});

test("kubernetes: fixed arguments, and it says that a rollout takes the files along", async () => {
  program("kubectl", `console.log("ready")`);
  const adapter = kubernetes();
  const base = ["--kubeconfig", "/srv/kube", "--context", "prod", "--namespace", "auth"];
  await adapter.logs(at(adapter, "sts-1"), 20);
  expect(seen().argv).toEqual([
    ...base,
    "logs",
    "--all-pods=true",
    "--prefix",
    "--timestamps",
    "--tail=20",
    "--",
    "deployment/sts",
  ]);
  await adapter.restart(at(adapter, "sts-1"));
  expect(seen().argv).toEqual([...base, "rollout", "restart", "--", "deployment/sts"]);
  expect(adapter.commands(at(adapter, "sts-1")).status).toBe(
    "kubectl --kubeconfig /srv/kube --context prod --namespace auth rollout status --timeout=8s -- deployment/sts",
  );
  expect(adapter.keepsFiles).toBe(false);
  expect(compose().keepsFiles).toBe(true);
});

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

describe("what goes wrong", () => {
  test("no such program", async () => {
    process.env.PATH = folder;
    const adapter = compose();
    const { failure, sentence, code } = await failureOf(adapter.restart(at(adapter, "sts-1")));
    expect([failure, code]).toEqual(["missing-program", "source_unreachable"]);
    expect(sentence).toContain("docker is not installed where this console runs");
  });

  test("an exit code other than 0: its last words, without secrets", async () => {
    program("docker", `console.error("token: the-console-s-own-token at postgres://u:hunter22@db/x"); process.exit(7)`);
    const adapter = compose();
    const { failure, sentence } = await failureOf(adapter.restart(at(adapter, "sts-1")));
    expect(failure).toBe("refused");
    expect(sentence).toMatch(/^docker ended with code 7: /);
    expect(sentence).not.toMatch(/hunter22|the-console-s-own-token/);
  });

  test("a child that hangs, and whatever it has started, is ended in time", async () => {
    program(
      "docker",
      `const c = require("node:child_process").spawn("sleep", ["300"], { stdio: "inherit" });
       require("node:fs").writeFileSync(${JSON.stringify(join(folder, "pid"))}, String(c.pid));
       process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);`,
    );
    const limits = { timeoutMs: 2_000, keepBytes: 1_000, readBytes: 1_000 };
    const { failure, sentence } = await failureOf(runCommand("docker", ["logs"], limits));
    expect(failure).toBe("timed-out");
    expect(sentence).toContain("may happen all the same");
    const grandchild = Number(readFileSync(join(folder, "pid"), "utf8"));
    await expect.poll(() => isAlive(grandchild), { timeout: 10_000 }).toBe(false);
  }, 30_000);

  test("100 MB of output: the newest is kept, the child is ended, and the memory stays small", async () => {
    program(
      "docker",
      `const line = "x".repeat(99) + "\\n"; let n = 0;
       const more = () => { while (n < 1e6) { n += 1; if (!process.stdout.write(n + " " + line)) return process.stdout.once("drain", more); } };
       more();`,
    );
    const adapter = compose();
    const { lines, cut } = await adapter.logs(at(adapter, "sts-1"), 200);
    expect(cut).toBe(true);
    expect(lines).toHaveLength(500);
    expect(lines.join("\n").length).toBeLessThan(256 * 1024);
    expect(Number(lines.at(-2)?.split(" ")[0])).toBeLessThan(200_000); // it was ended long before its million lines
  }, 30_000);

  test("a restart that talks a lot is heard out, not ended", async () => {
    program("docker", `process.stdout.write("y".repeat(9_000_000))`);
    const adapter = compose();
    await expect(adapter.restart(at(adapter, "sts-1"))).resolves.toBeUndefined();
  }, 30_000);

  test("bytes that are no text, colours and controls", async () => {
    program(
      "docker",
      `process.stdout.write(Buffer.from([0xff, 0xfe, 0x41, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x42, 0x00, 0x07, 0x43, 0x0a]))`,
    );
    const adapter = compose();
    expect((await adapter.logs(at(adapter, "sts-1"), 10)).lines).toEqual(["\ufffd\ufffdABC"]);
  });
});

test("what a log may not carry out: secrets by name, tokens, keys, addresses, people", () => {
  const { lines } = createClean(["ab".repeat(20)]).lines(
    [
      `starting with ${"ab".repeat(20)}`,
      `ZONE_KEK=${"0f".repeat(32)} loaded`,
      '{"client_secret":"s3cr3t-value","level":"info"}',
      "authorization: Bearer eyJhbGciOi.JIUzI1NiJ9.sig",
      "GET /x mandate eyJhbGciOi.JIUzI1NiJ9.c2ln",
      "postgres unreachable: postgres://caracal:hunter22@10.0.0.7:5432/caracal",
      "subject ira@example.com refused",
      `${"q".repeat(5_000)}`,
    ].join("\n"),
    false,
  );
  const all = lines.join("\n");
  for (const secret of ["abababab", "0f0f0f", "s3cr3t", "JIUzI1NiJ9", "hunter22", "10.0.0.7", "ira@"])
    expect(all, secret).not.toContain(secret);
  expect(all).toContain("postgres unreachable");
  expect(lines.at(-1)?.length).toBeLessThan(2_100);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
