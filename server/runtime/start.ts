import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { announceClosing } from "@/server/runtime/closing";
import { type Console, getConsole } from "@/server/runtime/console";

/** How long work in flight may take once the process was told to end; then it ends anyway. Everything it does resumes. */
const graceMs = 3_000;

/** What works in the background, in the order in which it is started. */
const backgroundOf = (console: Console): readonly { start(): void; stop(): Promise<unknown> }[] => [
  console.collector,
  console.jobs,
  console.notifier,
  console.heads,
  console.clocks,
  console.brakes,
  console.signals,
  console.expiry,
  console.keyJobs,
  console.anchors,
  console.checks,
  console.checkSchedule,
  console.redrives,
  console.vault,
  console.comparisons,
  console.watches,
  console.fleets,
  console.streamActs,
  console.requeues,
  console.spools,
  console.letters,
  console.outages,
  console.restarts,
];

async function shutDown(): Promise<void> {
  const console = getConsole();
  announceClosing();
  setTimeout(() => process.exit(0), graceMs).unref();
  for (const result of await Promise.allSettled(backgroundOf(console).map((part) => part.stop())))
    if (result.status === "rejected") log.warn({ reason: messageOf(result.reason) }, "a part did not stop");
  await Promise.allSettled([console.db.close(), console.caracal.close()]);
  process.exit(0);
}

/**
 * Starts what works in the background. Nothing here waits for Caracal or for a database: each part retries by itself.
 * Wrong settings end the process with their list, since nothing could be served.
 */
export function startConsole(): void {
  try {
    for (const part of backgroundOf(getConsole())) part.start();
  } catch (error) {
    log.fatal({ reason: messageOf(error) }, "the console cannot start");
    process.exit(1);
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void shutDown());
}
