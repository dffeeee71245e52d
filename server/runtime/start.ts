import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { announceClosing } from "@/server/runtime/closing";
import { getConsole } from "@/server/runtime/console";

/** How long work in flight may take once the process was told to end; then it ends anyway. Everything it does resumes. */
const graceMs = 3_000;

async function shutDown(): Promise<void> {
  const {
    collector,
    jobs,
    notifier,
    heads,
    clocks,
    brakes,
    signals,
    expiry,
    keyJobs,
    anchors,
    checks,
    fleets,
    spools,
    db,
    caracal,
  } = getConsole();
  announceClosing();
  setTimeout(() => process.exit(0), graceMs).unref();
  for (const result of await Promise.allSettled(
    [collector, jobs, notifier, heads, clocks, brakes, signals, expiry, keyJobs, anchors, checks, fleets, spools].map(
      (part) => part.stop(),
    ),
  ))
    if (result.status === "rejected") log.warn({ reason: messageOf(result.reason) }, "a part did not stop");
  await Promise.allSettled([db.close(), caracal.close()]);
  process.exit(0);
}

/**
 * Starts what works in the background. Nothing here waits for Caracal or for a database: each part retries by itself.
 * Wrong settings end the process with their list, since nothing could be served.
 */
export function startConsole(): void {
  try {
    const {
      collector,
      jobs,
      notifier,
      heads,
      clocks,
      brakes,
      signals,
      expiry,
      keyJobs,
      anchors,
      checks,
      fleets,
      spools,
    } = getConsole();
    for (const part of [
      collector,
      jobs,
      notifier,
      heads,
      clocks,
      brakes,
      signals,
      expiry,
      keyJobs,
      anchors,
      checks,
      fleets,
      spools,
    ])
      part.start();
  } catch (error) {
    log.fatal({ reason: messageOf(error) }, "the console cannot start");
    process.exit(1);
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void shutDown());
}
