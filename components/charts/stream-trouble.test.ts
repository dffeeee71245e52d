import { expect, test } from "vitest";
import { aGroup, aStream } from "@/components/charts/a-stream.test-data";
import { byTrouble, streamTrouble } from "@/components/charts/stream-trouble";

test("lost entries come before dead letters, backlog, missing groups and bounds; never used is no trouble", () => {
  const streams = [
    aStream([aGroup()], { name: "well" }),
    aStream([aGroup({ verdict: "never-used", lag: 10 })], { name: "never-used" }),
    aStream([aGroup()], { name: "over", length: 20_000 }),
    aStream([], { name: "missing", missingGroups: ["sts-keys"] }),
    aStream([aGroup({ verdict: "behind", lag: 3 })], { name: "behind" }),
    aStream([], { name: "caracal.audit.events.dlq" }),
    aStream([aGroup({ verdict: "lost", lost: true })], { name: "lost" }),
  ];
  expect(byTrouble(streams).map((stream) => stream.name)).toEqual([
    "lost",
    "caracal.audit.events.dlq",
    "behind",
    "missing",
    "over",
    "never-used",
    "well",
  ]);
});

test("an empty dead-letter stream is no trouble", () => {
  expect(streamTrouble(aStream([], { name: "caracal.sessions.revoke.dead", length: 0, firstId: null }))).toBe(0);
});
