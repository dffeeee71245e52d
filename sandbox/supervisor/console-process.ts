import { dirname } from "node:path";
import { engineProcess, type RunningProcess } from "@/sandbox/engines/engine-process";
import type { ConsoleSettings } from "@/sandbox/supervisor/console-environment";

export type ConsoleProcess = RunningProcess & { readonly url: string };

/** The console's production server on `port`, as a process that can be stopped, killed and started again. */
export function createConsoleProcess(options: {
  readonly entry: string; // .next/standalone/server.js
  readonly port: number;
  readonly environment: ConsoleSettings;
  readonly reportFolder?: string; // where SIGUSR2 has Node write a diagnostic report
  readonly listen?: (said: string) => void;
}): ConsoleProcess {
  const url = `http://127.0.0.1:${options.port}`;
  const server = engineProcess({
    label: "The console",
    command: process.execPath,
    args: [
      ...(options.reportFolder === undefined
        ? []
        : ["--report-on-signal", `--report-directory=${options.reportFolder}`]),
      options.entry,
    ],
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    env: {
      NODE_ENV: "production",
      PATH: process.env.PATH,
      NEXT_TELEMETRY_DISABLED: "1",
      ...options.environment,
      HOSTNAME: "127.0.0.1",
      PORT: String(options.port),
    },
    cwd: dirname(options.entry),
    user: null,
    stopSignal: "SIGTERM",
    async probe() {
      const answer = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(5_000) });
      if (!answer.ok) throw new Error(`its health check answers ${answer.status}`);
    },
  });
  return { ...server, url };
}
