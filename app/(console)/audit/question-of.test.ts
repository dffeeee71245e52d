import { expect, it } from "vitest";
import { usualColumns } from "./search-params";
import { type AuditFilter, filterCount, questionOf, tailQuestion } from "./question-of";

const none: AuditFilter = {
  window: "1h",
  since: null,
  until: null,
  asof: null,
  zone: null,
  type: null,
  decision: null,
  status: null,
  resource: null,
  set: null,
  version: null,
  policy: null,
  request: null,
  text: null,
  page: null,
  way: "older",
  tail: false,
  cols: [...usualColumns],
  event: null,
  at: null,
};
const now = Date.parse("2026-11-23T02:14:31.000Z");

it("an address with asof means the same window whenever it is opened", () => {
  const asked = { ...none, asof: "2026-11-22T10:00:00.000Z", zone: "z" };
  const wanted = {
    ok: true,
    question: { since: "2026-11-22T09:00:00.000Z", until: "2026-11-22T10:00:00.000Z", zoneId: "z" },
  };
  expect(questionOf(asked, now)).toEqual(wanted);
  expect(questionOf(asked, now + 86_400_000)).toEqual(wanted);
  expect(questionOf({ ...asked, asof: "soon" }, now).ok).toBe(false);
});

it("a tail looks at the last minutes, whatever the window, under the same filters", () => {
  expect(tailQuestion({ ...none, window: "31d", type: "replay_detected" }, now)).toEqual({
    since: "2026-11-23T01:59:31.000Z",
    until: "2026-11-23T02:15:31.000Z",
    eventType: "replay_detected",
  });
  expect(filterCount({ ...none, type: "a", text: "b" })).toBe(2);
});
