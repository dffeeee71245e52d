import { rmSync } from "node:fs";
import { engineProcess, type RunningProcess } from "@/sandbox/engines/engine-process";

export type Environment = Readonly<Record<string, string>>;

export type ServicePlan = {
  readonly name: string; // "gateway-2"
  readonly script: string;
  readonly port: number;
  readonly environment: Environment;
};

/** One replica of a stand-in service, as a process of its own that can be broken in every way a container can. */
export type Service = RunningProcess & {
  readonly name: string;
  readonly url: string;
  /** Ends and starts it, with `environment` on top of its own until the next restart. */
  restart(environment?: Environment): Promise<void>;
  /**
   * Replaces its container: what it kept in files is gone (STS's audit spool, trap 17), and `environment` stays with it from now on.
   */
  recreate(environment: Environment): Promise<void>;
  /** Delays each of its HTTP answers; 0 ends that. */
  slow(milliseconds: number): Promise<void>;
};

const healthy = async (url: string) => {
  // 503 counts: a service whose Redis is away has started all the same
  await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) });
};

export function createService(plan: ServicePlan): Service {
  const url = `http://127.0.0.1:${plan.port}`;
  let base: Environment = plan.environment;
  let override: Environment = {};

  const make = () =>
    engineProcess({
      label: plan.name,
      command: process.execPath,
      args: ["--enable-source-maps", plan.script],
      env: {
        NODE_ENV: "production",
        PATH: process.env.PATH,
        ...base,
        ...override,
        PORT: String(plan.port),
        REPLICA_NAME: plan.name,
      },
      cwd: "/",
      user: null,
      stopSignal: "SIGTERM",
      probe: () => healthy(url),
    });
  let running = make();
  let before = ""; // a plain restart keeps the container's log, as docker does
  const keepLog = () => {
    before = `${before}${running.said()}`.slice(-64_000);
  };

  return {
    name: plan.name,
    url,
    start: () => running.start(),
    stop: () => running.stop(),
    kill: () => running.kill(),
    pause: () => running.pause(),
    resume: () => running.resume(),
    signal: (name) => running.signal(name),
    said: () => `${before}${running.said()}`.slice(-64_000),
    runsSince: () => running.runsSince(),
    async restart(environment = {}) {
      await running.stop();
      keepLog();
      override = environment;
      running = make();
      await running.start();
    },
    async recreate(environment) {
      await running.stop();
      const spool = base.AUDIT_REPLAY_DIR;
      if (spool !== undefined) rmSync(spool, { recursive: true, force: true });
      before = "";
      base = { ...base, ...environment };
      override = {};
      running = make();
      await running.start();
    },
    async slow(milliseconds) {
      await fetch(`${url}/__sandbox/slow?ms=${milliseconds}`, { method: "POST", signal: AbortSignal.timeout(2_000) });
    },
  };
}
