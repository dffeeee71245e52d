import { expect, test } from "vitest";
import { isFollowed, seriesLabel } from "@/server/live/series.catalogue";

test.each([
  ["stream:caracal.audit.events.dlq:length", "entries of caracal.audit.events.dlq"],
  ["stream:a:b:rate", "entries a second of a:b"],
  ["group:caracal.audit.events:audit-ingestor:pending", "pending of audit-ingestor on caracal.audit.events"],
  ["replica:sts-1:ready", "sts-1 ready (1) or not (0)"],
  ["replica:gateway-2:requests_denied", "requests denied of gateway-2"],
  ["total:dead-letters", "dead letters of all streams"],
  ["counts:live_sessions", "live sessions in Postgres"],
  ["something", "something"],
])("%s is called %s", (key, label) => {
  expect(seriesLabel(key)).toBe(label);
});

test("what is followed are counters, the gauges that matter, and what the sweep and the outbox say", () => {
  expect(["requests_total", "consumer_lag", "tamper_chain_breaks", "outbox.dead"].every(isFollowed)).toBe(true);
  expect(isFollowed("some_other_figure")).toBe(false);
});
