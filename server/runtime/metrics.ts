import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { getConsole } from "@/server/runtime/console";
import { severities } from "@/server/platform/severity";

const holder = globalThis as typeof globalThis & { __caracalMetrics?: Registry };

/** Every label has a fixed set of values: sources and replicas come from the settings, severities are four. */
function registry(): Registry {
  if (holder.__caracalMetrics) return holder.__caracalMetrics;
  const made = new Registry();
  collectDefaultMetrics({ register: made, prefix: "caracal_console_" });
  const registers = [made];
  const sources = new Gauge({
    name: "caracal_console_source_ok",
    help: "1 while the source answers, 0 while its last values are stale",
    labelNames: ["source"],
    registers,
  });
  const ready = new Gauge({
    name: "caracal_console_replica_ready",
    help: "1 while the replica of Caracal answers /ready with 200",
    labelNames: ["replica"],
    registers,
  });
  new Gauge({
    name: "caracal_console_signals",
    help: "What is wrong now, by severity; known noise left out",
    labelNames: ["severity"],
    registers,
    collect() {
      const snapshot = getConsole().collector.snapshot();
      for (const severity of severities)
        this.set(
          { severity },
          snapshot.signals.filter((signal) => signal.severity === severity && signal.noise === null).length,
        );
      for (const source of snapshot.sources) sources.set({ source: source.id }, source.status === "ok" ? 1 : 0);
      for (const replica of snapshot.replicas) ready.set({ replica: replica.id }, replica.ready ? 1 : 0);
    },
  });
  holder.__caracalMetrics = made;
  return made;
}

/** The console's own metrics as Prometheus text: figures only, no ids of zones, subjects or people. */
export async function metricsText(): Promise<{ text: string; contentType: string }> {
  const made = registry();
  return { text: await made.metrics(), contentType: made.contentType };
}
