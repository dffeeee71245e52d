"use client";

import { useSyncExternalStore } from "react";

/** The tab's one clock: a tick a second for all, by the server's time when the two clocks are far apart. */
let offset = 0;
let current = 0;
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();
const smallSkewMs = 5_000;

function tick() {
  current = Date.now() - offset;
  for (const listener of listeners) listener();
}
function subscribe(listener: () => void) {
  listeners.add(listener);
  if (timer === undefined) timer = setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
function read(): number | null {
  if (timer === undefined || current === 0) current = Math.floor((Date.now() - offset) / 1_000) * 1_000;
  return current;
}

/** Tells the clock what time the server has (epoch ms). Differences under 5 s count as travel time, not as skew. */
export function alignClock(serverNow: number): void {
  const apart = Date.now() - serverNow;
  offset = Math.abs(apart) < smallSkewMs ? 0 : apart;
}

/** The time now in epoch milliseconds, once a second; null while rendering on the server. */
export function useNow(): number | null {
  return useSyncExternalStore(subscribe, read, () => null);
}
