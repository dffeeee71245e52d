import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sourceStamp } from "@/scripts/source-stamp";

export const checkout = fileURLToPath(new URL("../", import.meta.url));
const standalone = join(checkout, ".next", "standalone");
const stampFile = join(standalone, "source-stamp");

/** The production server's entry, complete with its static files. */
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

/** Builds the console unless the sources are those of the last build. Gives whether it built; throws when that failed. */
export function ensureBuilt(): boolean {
  const stamp = sourceStamp(checkout);
  if (builtStamp() === stamp) return false;
  rmSync(standalone, { recursive: true, force: true });
  const next = join(checkout, "node_modules", "next", "dist", "bin", "next");
  const built = spawnSync(process.execPath, [next, "build"], {
    cwd: checkout,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  if (built.status !== 0) throw new Error(`The console could not be built:\n${built.stdout}\n${built.stderr}`);
  copyStaticFiles();
  writeFileSync(stampFile, stamp);
  return true;
}
