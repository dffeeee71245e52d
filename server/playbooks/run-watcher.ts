import type { Collector } from "@/server/live/collector";
import { messageOf } from "@/server/platform/errors";
import { log } from "@/server/platform/log";
import { observeRun } from "@/server/playbooks/observe-run";
import type { ObserverContext } from "@/server/playbooks/round-context";
import { loadRun } from "@/server/playbooks/run-rows";
import { runView } from "@/server/playbooks/run-view";
import type { RunView } from "@/server/playbooks/schemas";

export type RunWatcher = {
  /** Looks at the run about once a second while somebody is subscribed: one observer per run, however many listen. */
  subscribe(runId: string, listener: (view: RunView) => void): () => void;
};

type Watch = { readonly listeners: Set<(view: RunView) => void>; last: RunView | null; stop(): void };
const cadenceMs = 1_000;

export function createRunWatcher(
  ctx: Omit<ObserverContext, "collector"> & {
    readonly collector: Pick<Collector, "snapshot" | "sampleNow" | "subscribe">;
  },
): RunWatcher {
  const watches = new Map<string, Watch>();

  async function look(runId: string): Promise<RunView> {
    await observeRun({ ctx, input: { runId } });
    return runView(ctx, await loadRun(ctx.db, runId));
  }

  function open(runId: string): Watch {
    let timer: NodeJS.Timeout | null = null;
    let stopped = false;
    const leaveCollector = ctx.collector.subscribe(() => undefined); // keeps gateways' counts a second old, not five
    const watch: Watch = {
      listeners: new Set(),
      last: null,
      stop() {
        stopped = true;
        if (timer !== null) clearTimeout(timer);
        leaveCollector();
      },
    };
    const round = async () => {
      try {
        const view = await look(runId);
        watch.last = view;
        for (const listener of watch.listeners) listener(view);
      } catch (error) {
        log.warn({ runId, reason: messageOf(error) }, "run not observed");
      }
      if (!stopped) timer = setTimeout(() => void round(), cadenceMs);
    };
    void round();
    return watch;
  }

  return {
    subscribe(runId, listener) {
      const watch = watches.get(runId) ?? open(runId);
      watches.set(runId, watch);
      watch.listeners.add(listener);
      if (watch.last !== null) listener(watch.last);
      return () => {
        watch.listeners.delete(listener);
        if (watch.listeners.size > 0 || watches.get(runId) !== watch) return;
        watches.delete(runId);
        watch.stop();
      };
    },
  };
}
