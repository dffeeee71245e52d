import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";
import { forgetProcess, watchProcess } from "@/sandbox/engines/watchdog";
import { sourceStamp } from "@/scripts/source-stamp";
import { threadBundle, threadFile } from "@/server/audit/threads/thread-source";

const checkout = fileURLToPath(new URL("../", import.meta.url));
const standalone = join(checkout, ".next", "standalone");
const stampFile = join(standalone, "source-stamp");

/** The production server's entry, complete with its static files after `ensureBuilt`. */
export const serverEntry = join(standalone, "server.js");

/** The standalone output lacks what a CDN would serve: puts it beside the server. */
export function copyStaticFiles(): void {
  cpSync(join(checkout, ".next", "static"), join(standalone, ".next", "static"), { recursive: true });
  if (existsSync(join(checkout, "public")))
    cpSync(join(checkout, "public"), join(standalone, "public"), { recursive: true });
}

function builtStamp(): string | null {
  return existsSync(stampFile) && existsSync(serverEntry) ? readFileSync(stampFile, "utf8") : null;
}

/**
 * Builds the console unless the sources are those of the last build; `announce` hears of it before it starts.
 * @throws with the build's whole output when it fails.
 */
export async function ensureBuilt(announce: () => void): Promise<void> {
  const stamp = sourceStamp(checkout);
  if (builtStamp() === stamp) return;
  announce();
  rmSync(standalone, { recursive: true, force: true });
  const next = join(checkout, "node_modules", "next", "dist", "bin", "next");
  const build = spawn(process.execPath, [next, "build"], {
    cwd: checkout,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  if (build.pid !== undefined) watchProcess(build.pid);
  const [output, errors] = await Promise.all([text(build.stdout), text(build.stderr), once(build, "exit")]);
  if (build.pid !== undefined) forgetProcess(build.pid);
  if (build.exitCode !== 0) throw new Error(`The console could not be built:\n${output}\n${errors}`);
  await bundle({ ...threadBundle(checkout), outfile: join(standalone, threadFile) });
  copyStaticFiles();
  writeFileSync(stampFile, stamp);
}
