import { spawn } from "node:child_process";
import { DomainError } from "@/server/platform/errors";

export type CommandLimits = {
  readonly timeoutMs: number;
  readonly keepBytes: number; // of the newest output
  readonly readBytes: number; // more than this and it is stopped; Infinity: it is read and thrown away
};
export type CommandOutput = { readonly text: string; readonly cut: boolean };

/**
 * What a child may see of our environment: where programs lie, where its user keeps its settings, and where the cluster's API is, by which
 * kubectl inside a pod finds it; no secret.
 */
const inherited = ["PATH", "HOME", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"] as const;

function environmentOf(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const env: Record<string, string> = { LANG: "C.UTF-8" };
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...more } as unknown as NodeJS.ProcessEnv; // without NODE_ENV, which its type insists on
}

const failed = (failure: string, code: "source_unreachable" | "precondition_failed", sentence: string) =>
  new DomainError(code, sentence, { failure });

/** The newest bytes of what it says, both outputs in the order of arrival. */
function newest(keepBytes: number) {
  let kept: Buffer[] = [];
  let size = 0;
  let total = 0;
  return {
    take(chunk: Buffer): number {
      kept.push(chunk);
      size += chunk.length;
      total += chunk.length;
      if (size > keepBytes * 2) {
        kept = [Buffer.concat(kept).subarray(-keepBytes)];
        size = keepBytes;
      }
      return total;
    },
    text: () => Buffer.concat(kept).subarray(-keepBytes).toString("utf8"), // what is no UTF-8 becomes U+FFFD
    cut: () => total > keepBytes,
  };
}

/**
 * Runs one program with fixed arguments, without a shell, in a process group of its own that is killed as a whole when its time is up.
 * @throws DomainError with `facts.failure`: missing-program, timed-out, refused (its exit code and last words)
 */
export function runCommand(
  program: string,
  args: readonly string[],
  limits: CommandLimits,
  more: Readonly<Record<string, string>> = {},
): Promise<CommandOutput> {
  return new Promise((resolve, reject) => {
    const output = newest(limits.keepBytes);
    const child = spawn(program, [...args], {
      shell: false,
      detached: true, // plugins that it starts end with it
      stdio: ["ignore", "pipe", "pipe"],
      env: environmentOf(more),
    });
    let flooded = false;
    let late = false;
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL"); // the group is gone already
      }
      // A grandchild that left the group may hold the pipes open: we are done with them.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(() => {
      late = true;
      end();
    }, limits.timeoutMs);
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        if (output.take(chunk) <= limits.readBytes || flooded) return;
        flooded = true;
        end();
      });
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(
        error.code === "ENOENT" || error.code === "EACCES"
          ? failed(
              "missing-program",
              "source_unreachable",
              `${program} is not installed where this console runs, or may not be run by it. Nothing was done.`,
            )
          : failed("not-started", "source_unreachable", `${program} could not be started: ${error.code ?? "unknown"}.`),
      );
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (late)
        return reject(
          failed(
            "timed-out",
            "source_unreachable",
            `${program} gave no end within ${limits.timeoutMs / 1_000} s and was stopped. What it had begun may happen all the same: look before you do it again.`,
          ),
        );
      if (flooded || code === 0) return resolve({ text: output.text(), cut: flooded || output.cut() });
      const words = output.text().trim().split("\n").slice(-3).join(" ").slice(-400);
      reject(
        failed(
          "refused",
          "precondition_failed",
          `${program} ended with ${code === null ? `signal ${signal}` : `code ${code}`}${words === "" ? " and said nothing" : `: ${words}`}.`,
        ),
      );
    });
  });
}
