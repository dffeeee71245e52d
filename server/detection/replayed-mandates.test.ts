import { expect, test } from "vitest";
import { facts, now } from "./a-deployment.test-data";
import type { Facts } from "./facts";
import { replayedMandates } from "./replayed-mandates";

const dayMs = 24 * 3_600_000;
const stream = "caracal.audit.events.dlq";
const replay = (jti: string | null, at: number) => ({
  jti,
  client: "agent-7",
  resource: "resource://pay",
  subject: null,
  requestId: "req-1",
  at,
});
const found = (replays: Facts["deadLetters"][number]["replays"]) =>
  replayedMandates(
    facts({
      deadLetters: [{ stream, sampled: 100, length: 4_000, searched: 1_500, securitySignals: 0, causes: {}, replays }],
    }),
  );

test("a mandate that was presented again is a signal of its own, with whose and where, however old the letters around it are", () => {
  const [one, ...more] = found([
    replay("jti-2", now - 1_000),
    replay("jti-1", now - 5_000),
    replay("jti-2", now - 9_000),
  ]);
  expect(more).toEqual([]);
  expect(one).toMatchObject({ key: `replayed-mandates:${stream}`, severity: "P2", since: now - 1_000 });
  expect(one?.sentence).toBe(
    "Mandate jti-2 was presented again at resource://pay by client agent-7, and 1 other mandate too",
  );
  expect(one?.figures).toMatchObject([
    { name: "letters looked through", value: 1_500, unit: "of 4000" },
    { name: "mandate jti-2", value: expect.stringMatching(/^3 times seen/) },
    { name: "mandate jti-1", value: expect.stringMatching(/^2 times seen/) },
  ]);
  expect(one?.action?.href).toContain("cause=replay_detected");
});

test("a day after the newest it is history, and none is no signal", () => {
  expect(found([replay("jti-1", now - dayMs - 1)])[0]?.severity).toBe("P4");
  expect(found([])).toEqual([]);
});

test("one whose letter names no mandate is told by its request", () => {
  expect(found([replay(null, now)])[0]).toMatchObject({
    sentence: expect.stringContaining("without jti"),
    figures: [expect.anything(), { name: "mandate req-1" }],
  });
});
