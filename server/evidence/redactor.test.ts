import { expect, test } from "vitest";
import { createRedactor, idsIn } from "@/server/evidence/redactor";

const redactor = createRedactor({
  people: [
    { id: "6f1c2d3e-0000-4000-8000-000000000001", name: "Dana Responder", aliases: ["dana"] },
    { id: "6f1c2d3e-0000-4000-8000-000000000002", name: "Al (on call)", aliases: [] },
  ],
  zones: ["Payments Zone", "zone-pay-01"],
  ids: ["svc/batch@prod", "mallory"],
  key: Buffer.alloc(32, 7),
});

test("people become numbers, the same one by name, by part of it, by user name and by id", () => {
  expect(redactor.text("Dana Responder, Dana, dana and 6f1c2d3e-0000-4000-8000-000000000001.")).toBe(
    "responder-1, responder-1, responder-1 and responder-1.",
  );
  expect(redactor.text("asked of Al (on call), Danaher was not")).toBe("asked of responder-2, Danaher was not");
  expect(redactor.person("another", "Zoë")).toBe("responder-3");
  expect(redactor.person("another", "Zoë Renamed")).toBe("responder-3");
});

test("zones and ids become hashes that depend on the key, inside quotes and before punctuation too", () => {
  const said = redactor.text('In "Payments Zone" (zone-pay-01): svc/batch@prod, zone=zone-pay-01; mallory.');
  expect(said).toMatch(
    /^In "zone-[0-9a-f]{8}" \(zone-[0-9a-f]{8}\): id-[0-9a-f]{8}, zone=zone-[0-9a-f]{8}; id-[0-9a-f]{8}\.$/,
  );
  const other = createRedactor({ people: [], zones: ["zone-pay-01"], ids: [], key: Buffer.alloc(32, 8) });
  expect(said).not.toContain(other.text("zone-pay-01"));
});

test.each([
  ["from 192.0.2.1:8080", "from [address]"],
  ["from 2001:db8::1, then", "from [address], then"],
  ["to mallory.x@mail.example.com", "to [e-mail address]"],
  ["with eyJhbGciOi.eyJzdWIi.c2ln", "with [token]"],
  ["at 10:04:33", "at 10:04:33"],
])("what looks like an address or a token goes: %s", (given, shown) => {
  expect(redactor.text(given)).toBe(shown);
});

test("in JSON every string and name is replaced, times and numbers stay", () => {
  const given = { at: "2026-11-24T02:03:04.5+00:00", n: 4, dana: ["mallory", null], zone: { id: "zone-pay-01" } };
  expect(redactor.value(given)).toEqual({
    at: given.at,
    n: 4,
    "responder-1": [expect.stringMatching(/^id-/), null],
    zone: { id: expect.stringMatching(/^zone-/) },
  });
});

test("ids inside a value are told from words and times", () => {
  expect(idsIn({ a: "sess-4411", b: ["revoked", "2026-11-24T02:03:04Z", { c: "user:7" }], d: "two words 1" })).toEqual([
    "sess-4411",
    "user:7",
  ]);
});
