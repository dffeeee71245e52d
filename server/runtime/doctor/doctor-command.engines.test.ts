import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type DoctorStage, openDoctorStage } from "@/sandbox/doctor-stage/stage";
import { revocationStream } from "@/server/caracal/streams/expected-streams";

let on: DoctorStage;
beforeAll(async () => {
  on = await openDoctorStage();
});
beforeEach(() => on.begin());
afterEach(() => on.end());
afterAll(() => on?.close());

describe("npm run doctor", () => {
  const script = fileURLToPath(new URL("../../../scripts/doctor.ts", import.meta.url));
  const run = (env: Record<string, string>, ...args: string[]) =>
    promisify(execFile)(process.execPath, ["--import", "tsx", script, ...args], {
      env: { NODE_ENV: "test", PATH: process.env.PATH, ...env },
    }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
    );

  it("ends with 0 when nothing is to be fixed, with 1 when something is, with 2 when the settings are", async () => {
    const whole = await run(on.environment, "--json");
    expect(JSON.parse(whole.stdout)).toMatchObject({ ok: true });
    expect(whole.code).toBe(0);

    await on.client.xgroup("DESTROY", revocationStream, "sts-revocation");
    const broken = await run(on.environment);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/^✗ fail +groups +Group sts-revocation is missing/);

    const unset = await run({ ...on.environment, CARACAL_REDIS_URL: "", STREAMS_HMAC_KEY: "hush-hush" });
    expect(unset.code).toBe(2);
    expect(unset.stdout).toContain("CARACAL_REDIS_URL is not set.");
    expect(unset.stdout).toContain("STREAMS_HMAC_KEY must be hex");
    expect(unset.stdout).not.toContain("hush-hush");
  });
});
