import type { Actor } from "@/server/auth/roles";

const everyMs = 10_000;

/**
 * A signal that aborts when the viewer goes, their sign-in ends or their roles change, looked up every ten seconds: an open stream
 * must not outlive what it was opened with (the browser opens it anew). Not being able to ask ends nothing (law 5: stay up when a
 * database is down).
 */
export function untilSignedOut(
  opened: Pick<Actor, "roles">,
  actor: () => Promise<Actor | null>,
  viewer: AbortSignal | undefined,
): { readonly signal: AbortSignal; stop(): void } {
  const over = new AbortController();
  const roles = [...opened.roles].sort().join();
  const timer = setInterval(() => {
    actor().then(
      (found) => {
        if (found === null || [...found.roles].sort().join() !== roles) over.abort();
      },
      () => undefined,
    );
  }, everyMs);
  return {
    signal: viewer === undefined ? over.signal : AbortSignal.any([viewer, over.signal]),
    stop: () => clearInterval(timer),
  };
}
