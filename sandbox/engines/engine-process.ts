import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { signalTree } from "@/sandbox/engines/process-tree";
import { forgetProcess, watchProcess } from "@/sandbox/engines/watchdog";

export type ProcessPlan = {
  readonly label: string; // "Postgres"
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly user: { readonly uid: number; readonly gid: number } | null;
  /** The signal for an orderly end. */
  readonly stopSignal: NodeJS.Signals;
  /** Resolves when it answers, throws while it does not. */
  readonly probe: () => Promise<void>;
  /** Everything it says, as it says it. */
  readonly listen?: (said: string) => void;
};

export type RunningProcess = {
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Sends a signal that does not end it. */
  signal(name: NodeJS.Signals): void;
  /** The newest of what it said since it was last started, and since when it runs; null: it does not. */
  said(): string;
  runsSince(): Date | null;
};

const startWithinMs = 20_000;
const stopWithinMs = 5_000;

const alive = (child: ChildProcess | undefined): child is ChildProcess & { pid: number } =>
  child?.pid !== undefined && child.exitCode === null && child.signalCode === null;

const ended = (child: ChildProcess): Promise<void> =>
  alive(child) ? new Promise((resolve) => child.once("exit", () => resolve())) : Promise.resolve();

/** A server process that can be ended and started again with the same arguments. The watchdog ends it with its parent. */
export function engineProcess(plan: ProcessPlan): RunningProcess {
  let child: ChildProcess | undefined;
  let output = "";
  let since: Date | null = null;

  const finish = async (signal: NodeJS.Signals) => {
    const running = child;
    if (!alive(running)) return;
    const gone = ended(running);
    // a frozen process handles nothing but KILL until it is woken
    signalTree(running.pid, "SIGCONT");
    if (signal === "SIGKILL") signalTree(running.pid, "SIGKILL");
    else running.kill(signal);
    const late = setTimeout(() => alive(running) && signalTree(running.pid, "SIGKILL"), stopWithinMs);
    await gone;
    clearTimeout(late);
  };

  return {
    async start() {
      if (alive(child)) return;
      output = "";
      const starting = spawn(plan.command, [...plan.args], {
        cwd: plan.cwd,
        env: plan.env,
        stdio: ["ignore", "pipe", "pipe"],
        detached: true, // a Ctrl-C in the terminal reaches the launcher only, which then ends things in order
        ...(plan.user ?? {}),
      });
      child = starting;
      since = new Date();
      const keep = (chunk: Buffer) => {
        output = `${output}${chunk.toString()}`.slice(-64_000);
        plan.listen?.(chunk.toString());
      };
      starting.stdout?.on("data", keep);
      starting.stderr?.on("data", keep);
      starting.on("error", (error) => {
        output += error.message;
      });
      const pid = starting.pid;
      if (pid !== undefined) {
        watchProcess(pid);
        starting.once("exit", () => forgetProcess(pid));
      }
      const deadline = Date.now() + startWithinMs;
      for (;;) {
        try {
          await plan.probe();
          return;
        } catch (error) {
          if (alive(starting) && Date.now() < deadline) {
            await delay(20);
            continue;
          }
          await finish("SIGKILL");
          throw new Error(`${plan.label} did not start: ${output.slice(-4_000).trim() || String(error)}`);
        }
      }
    },
    stop: () => finish(plan.stopSignal),
    kill: () => finish("SIGKILL"),
    async pause() {
      if (alive(child)) signalTree(child.pid, "SIGSTOP");
    },
    async resume() {
      if (alive(child)) signalTree(child.pid, "SIGCONT");
    },
    signal(name) {
      if (alive(child)) child.kill(name);
    },
    said: () => output,
    runsSince: () => (alive(child) ? since : null),
  };
}
