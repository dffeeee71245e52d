import { messageOf } from "@/server/platform/errors";
import type { SourceState } from "@/server/live/snapshot";

/** One thing that is looked at: its last good value is kept while it fails, with since when and why. */
export type Source<Value> = {
  readonly id: string;
  /** Looks once; never throws. A call while one is under way joins it. */
  sample(now: () => number): Promise<void>;
  value(): Value | null; // last good one
  state(): SourceState;
  ok(): boolean;
};

/** `read` gives a value or throws the reason. `everyMs` holds back looks that need not be as frequent as the tick. */
export function createSource<Value>(options: {
  readonly id: string;
  readonly label: string;
  readonly read: (now: number, last: Value | null) => Promise<Value>;
  readonly everyMs?: number;
}): Source<Value> {
  let last: Value | null = null;
  let okAt: number | null = null;
  let triedAt: number | null = null;
  let failingSince: number | null = null;
  let reason: string | null = null;
  let underWay: Promise<void> | null = null;

  async function look(now: () => number): Promise<void> {
    const started = now();
    triedAt = started;
    try {
      last = await options.read(started, last);
      okAt = now();
      failingSince = null;
      reason = null;
    } catch (error) {
      failingSince ??= started;
      reason = messageOf(error).slice(0, 300);
    }
  }

  const ok = () => okAt !== null && failingSince === null;
  return {
    id: options.id,
    sample(now) {
      if (underWay !== null) return underWay;
      const due = triedAt === null || failingSince !== null || now() - triedAt >= (options.everyMs ?? 0);
      if (!due) return Promise.resolve();
      underWay = look(now).finally(() => {
        underWay = null;
      });
      return underWay;
    },
    value: () => last,
    ok,
    state: () => ({
      id: options.id,
      label: options.label,
      status: ok() ? "ok" : okAt === null ? "never" : "stale",
      okAt,
      failingSince,
      reason,
    }),
  };
}
