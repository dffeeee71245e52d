import type { Actor } from "@/server/auth/roles";

const everyMs = 10_000;

/**
 * A signal that aborts when the viewer goes or their sign-in ends, looked up every ten seconds: an open stream must not
 * outlive a sign-in that was ended on the server. Not being able to ask ends nothing (law 5: stay up when a database is down).
 */
export function untilSignedOut(
  actor: () => Promise<Actor | null>,
  viewer: AbortSignal | undefined,
): { readonly signal: AbortSignal; stop(): void } {
  const over = new AbortController();
  const timer = setInterval(() => {
    actor().then(
      (found) => {
        if (found === null) over.abort();
      },
      () => undefined,
    );
  }, everyMs);
  return {
    signal: viewer === undefined ? over.signal : AbortSignal.any([viewer, over.signal]),
    stop: () => clearInterval(timer),
  };
}
