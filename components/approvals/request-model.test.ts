import { expect, test } from "vitest";
import { type Draft, draftLacks, parametersOf, requestHref, subjectsOf } from "@/components/approvals/request-model";

const draft = {
  action: "revoke-zone",
  zone: "z1",
  scope: "subjects",
  subjects: ["b", "a"],
  zones: [],
  mode: "compromise",
  direction: "forward",
  service: "sts",
  stream: null,
  group: null,
  outbox: "event_outbox",
  ids: [],
} satisfies Draft;

test("pasted subjects are taken apart and each kept once", () => {
  expect(subjectsOf(" a, b\nc;a  b\n")).toEqual(["a", "b", "c"]);
  expect(subjectsOf(" \n")).toEqual([]);
});

test("what is missing is said, and no parameters are made of it", () => {
  expect(draftLacks({ ...draft, zone: null })).toBe("Choose a zone.");
  expect(draftLacks({ ...draft, subjects: [] })).toContain("Name the subjects");
  expect(parametersOf({ ...draft, subjects: [] })).toBeNull();
  expect(draftLacks({ ...draft, action: "freeze-zone", subjects: [] })).toBeNull();
});

test("a restart of a service takes its kind and no zone", () => {
  const restart = { ...draft, action: "restart-service", zone: null, service: "gateway" } satisfies Draft;
  expect(draftLacks(restart)).toBeNull();
  expect(parametersOf(restart)).toEqual({ kind: "gateway" });
  expect(requestHref("restart-service", { service: "audit", incident: "i" })).toBe(
    "/approvals/new?action=restart-service&service=audit&incident=i",
  );
});

test("a link to the form carries what is known", () => {
  expect(requestHref("revoke-zone", { zone: "z1", subjects: ["a", "b"], incident: "i" })).toBe(
    "/approvals/new?action=revoke-zone&zone=z1&subjects=a%2Cb&incident=i",
  );
  expect(requestHref("freeze-zone")).toBe("/approvals/new?action=freeze-zone");
});

test("a rotation takes one zone or all of them, a re-encryption a direction", () => {
  const rotation = { ...draft, action: "rotate-zone-key" } satisfies Draft;
  expect(parametersOf(rotation)).toEqual({ zoneIds: ["z1"], mode: "compromise" });
  expect(draftLacks({ ...rotation, zone: null })).toBe("Choose a zone.");
  expect(parametersOf({ ...rotation, zone: null, scope: "zone" })).toEqual({ zoneIds: null, mode: "compromise" });
  expect(parametersOf({ ...draft, action: "re-encrypt-kek", zone: null, direction: "back" })).toEqual({
    direction: "back",
  });
  const fleet = { ...draft, action: "revoke-fleet", zone: null } satisfies Draft;
  expect(parametersOf({ ...fleet, scope: "zone" })).toEqual({ zoneIds: null });
  expect(draftLacks({ ...fleet, zones: ["z1"] })).toBe("Choose two zones or more, or every zone.");
  expect(parametersOf({ ...fleet, zones: ["z2", "z1"] })).toEqual({ zoneIds: ["z1", "z2"] });
  expect(requestHref("rotate-zone-key", { whole: true, mode: "compromise" })).toBe(
    "/approvals/new?action=rotate-zone-key&scope=zone&mode=compromise",
  );
});

test("pending entries and dead rows travel by their ids", () => {
  const ack = { ...draft, action: "ack-pending", stream: "s", group: "g", ids: ["2-0", "1-0"] } as const;
  expect(parametersOf({ ...ack, ids: [...ack.ids] })).toEqual({ stream: "s", group: "g", ids: ["2-0", "1-0"] });
  expect(parametersOf({ ...ack, ids: [] })).toBeNull();
  expect(requestHref("ack-pending", { stream: "s", group: "g", ids: ack.ids })).toBe(
    "/approvals/new?action=ack-pending&stream=s&group=g&ids=2-0%2C1-0",
  );
  expect(parametersOf({ ...draft, action: "requeue-outbox", ids: ["a"] })).toEqual({
    outbox: "event_outbox",
    ids: ["a"],
  });
  expect(draftLacks({ ...draft, action: "requeue-outbox" })).toContain("dead rows");
});
