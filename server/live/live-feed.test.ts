import { describe, expect, it } from "vitest";
import { type LiveItem, liveFeed } from "./live-feed";
import { emptySnapshot } from "@/sandbox/empty-snapshot";
import type { Board } from "@/server/incidents/schemas";
import type { Snapshot } from "./snapshot";

type Run = { readonly id: string; readonly revision: number };

const snapshotAt = (at: number): Snapshot => ({ ...emptySnapshot, at });

const approval: Board["approvals"][number] = {
  id: "a1",
  action: "freeze-zone",
  incidentId: null,
  requesterId: "p1",
  revision: 1,
  state: "pending",
  expiresAt: "2026-11-24T00:00:00.000Z",
};

function arrange(lastEventId: string | null = null) {
  const listeners = new Set<(snapshot: Snapshot) => void>();
  const runListeners = new Map<string, (run: Run) => void>();
  const boards: { tell: ((board: Board) => void) | null } = { tell: null };
  const stop = new AbortController();
  let time = 0;
  let current = snapshotAt(1);
  const feed = liveFeed<Run>({
    current: () => current,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    runs: ["r1"],
    subscribeRun(runId, listener) {
      runListeners.set(runId, listener);
      return () => void runListeners.delete(runId);
    },
    subscribeBoard(listener) {
      boards.tell = listener;
      return () => {
        boards.tell = null;
      };
    },
    lastEventId,
    signal: stop.signal,
    clock: () => time,
    wait: async (ms) => {
      time += ms;
    },
  });
  const publish = (at: number) => {
    current = snapshotAt(at);
    for (const listener of listeners) listener(current);
  };
  return { feed, publish, stop, listeners, runListeners, boards };
}

const shown = (result: IteratorResult<LiveItem<Run>, void>) => {
  if (result.done || result.value === undefined) return "end";
  const { id, event } = result.value;
  if (event.kind === "board") return `board of ${event.board.approvals.length} approvals after ${id}`;
  return event.kind === "snapshot" ? `snapshot ${id}` : `run ${event.run.id} rev ${event.run.revision} after ${id}`;
};

describe("liveFeed", () => {
  it("starts with the newest snapshot, then each new one under its own id", async () => {
    const { feed, publish } = arrange();
    expect(shown(await feed.next())).toBe("snapshot 1");
    const next = feed.next();
    publish(2);
    expect(shown(await next)).toBe("snapshot 2");
  });

  it("resumes without repeating what the tab already has", async () => {
    const { feed, publish } = arrange("1");
    const next = feed.next();
    await Promise.resolve();
    publish(2);
    expect(shown(await next)).toBe("snapshot 2");
  });

  it("gives a slow reader the newest of each kind, not a queue", async () => {
    const { feed, publish, runListeners } = arrange();
    await feed.next();
    for (let at = 2; at <= 100; at++) publish(at);
    for (let revision = 1; revision <= 9; revision++) runListeners.get("r1")?.({ id: "r1", revision });
    expect(shown(await feed.next())).toBe("run r1 rev 9 after 1");
    expect(shown(await feed.next())).toBe("snapshot 100");
  });

  it("tells the board as soon as it changes, before the next snapshot's turn", async () => {
    const { feed, publish, boards } = arrange();
    await feed.next();
    publish(2);
    for (const count of [1, 2])
      boards.tell?.({ incidents: [], approvals: Array.from({ length: count }, () => approval) });
    expect(shown(await feed.next())).toBe("board of 2 approvals after 1");
    expect(shown(await feed.next())).toBe("snapshot 2");
  });

  it("misses nothing that comes between listening and the first read", async () => {
    const { feed, publish } = arrange();
    const first = feed.next();
    publish(2);
    const got = [shown(await first)];
    if (got[0] === "snapshot 1") got.push(shown(await feed.next()));
    expect(got.at(-1)).toBe("snapshot 2");
  });

  it("ends when the tab goes and leaves no listener behind", async () => {
    const { feed, stop, listeners, runListeners, boards } = arrange();
    await feed.next();
    const next = feed.next();
    stop.abort();
    expect(shown(await next)).toBe("end");
    expect([listeners.size, runListeners.size, boards.tell]).toEqual([0, 0, null]);
  });
});
