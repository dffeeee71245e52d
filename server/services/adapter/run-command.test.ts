import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  at,
  beginPrograms,
  compose,
  endPrograms,
  failureOf,
  program,
  programFolder,
} from "@/sandbox/service-stage/programs";
import { runCommand } from "@/server/services/adapter/run-command";

beforeEach(beginPrograms);
afterEach(endPrograms);

describe("what goes wrong", () => {
  test("no such program", async () => {
    process.env.PATH = programFolder();
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
       require("node:fs").writeFileSync(${JSON.stringify(join(programFolder(), "pid"))}, String(c.pid));
       process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);`,
    );
    const limits = { timeoutMs: 2_000, keepBytes: 1_000, readBytes: 1_000 };
    const { failure, sentence } = await failureOf(runCommand("docker", ["logs"], limits));
    expect(failure).toBe("timed-out");
    expect(sentence).toContain("may happen all the same");
    const grandchild = Number(readFileSync(join(programFolder(), "pid"), "utf8"));
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
