import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { copyStaticFiles, serverEntry } from "@/scripts/console-build";
import { messageOf } from "@/server/platform/errors";
import { readSettings } from "@/server/platform/settings";

/** How long open live streams may keep a server that was told to stop; SHUTDOWN_GRACE_SECONDS, 10 unless given. */
const graceMs = (Number(process.env.SHUTDOWN_GRACE_SECONDS) || 10) * 1_000;

/** Production start of the built console in this process: PORT (3000) and HOSTNAME (127.0.0.1) as Next reads them. */
function start(): void {
  readSettings(process.env); // says now, in words, what the server would only log later
  if (!existsSync(serverEntry)) throw new Error("There is no build to start: run npm run build first.");
  copyStaticFiles();
  Object.assign(process.env, { NODE_ENV: "production", HOSTNAME: process.env.HOSTNAME ?? "127.0.0.1" });
  // Next stops accepting and waits for open requests; a live stream never ends by itself
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => setTimeout(() => process.exit(0), graceMs).unref());
  createRequire(import.meta.url)(serverEntry);
}

try {
  start();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
