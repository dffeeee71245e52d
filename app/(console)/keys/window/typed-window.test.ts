import { expect, it } from "vitest";
import { typedWindow } from "./typed-window";

const asOf = Date.parse("2026-11-23T03:00:00Z");

it("is the last day unless times are typed, which are UTC", () => {
  expect(typedWindow(null, null, asOf)).toEqual({
    ok: true,
    since: "2026-11-22T03:00:00.000Z",
    until: "2026-11-23T03:00:00.000Z",
  });
  expect(typedWindow("2026-11-20 10:00", "2026-11-21T01:30:05Z", asOf)).toMatchObject({
    since: "2026-11-20T10:00:00.000Z",
    until: "2026-11-21T01:30:05.000Z",
  });
});

it("says what is wrong with times that make no window", () => {
  expect(typedWindow("yesterday", null, asOf)).toMatchObject({ ok: false, problem: expect.stringContaining("UTC") });
  expect(typedWindow("2026-11-23 04:00", null, asOf)).toMatchObject({
    problem: expect.stringContaining("ends before"),
  });
  expect(typedWindow("2026-11-01", null, asOf)).toMatchObject({ problem: expect.stringContaining("7 days") });
});
