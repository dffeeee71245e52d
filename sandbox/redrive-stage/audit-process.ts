import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@/sandbox/engines/free-port";
import type { RedriveStage } from "@/sandbox/redrive-stage/stage";

/** The stand-in's audit service as a process of its own on a stage's engines: it ingests, and dead-letters as the release does. */
export async function startAuditProcess(
  stage: Pick<RedriveStage, "urls" | "keys">,
  key: Buffer = stage.keys.audit ?? Buffer.alloc(32),
) {
  const port = await freePort();
  const exports = mkdtempSync(join(tmpdir(), "audit-exports-"));
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", "sandbox/services/audit.ts"], {
    env: {
      ...process.env,
      PORT: String(port),
      DATABASE_URL: stage.urls.caracalOwner,
      REDIS_URL: stage.urls.redis,
      AUDIT_HMAC_KEY: key.toString("hex"),
      AUDIT_CLAIM_IDLE_MS: "1000",
      AUDIT_SWEEP_SECONDS: "3600",
      AUDIT_EXPORT_FOLDER: exports,
      AUDIT_EXPORT_SECONDS: "3600",
    },
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let up = false;
  for (let tries = 0; tries < 600 && !up && child.exitCode === null; tries += 1) {
    up = await fetch(`http://127.0.0.1:${port}/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (!up) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (!up) throw new Error("The stand-in's audit service did not start.");
  return {
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    async stop() {
      child.kill("SIGKILL");
      await ended;
      rmSync(exports, { recursive: true, force: true });
    },
  };
}
