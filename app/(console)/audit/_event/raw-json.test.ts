import { expect, it } from "vitest";
import type { AuditDetail } from "@/server/audit/schemas";
import { rawJson } from "./raw-json";

it("is JSON with every column, its numbers digit by digit", () => {
  const event = { id: 'a"b', chainSeq: "9007199254740993", requestId: null } as AuditDetail;
  const json = { determiningPolicies: '[{"w": 1.50}]', diagnostics: null, metadata: '{"n": 12345678901234567890}' };
  const text = rawJson(event, json);
  expect(Object.keys(JSON.parse(text))).toHaveLength(19);
  for (const exact of ['"id": "a\\"b"', '"w": 1.50', "12345678901234567890", '"chain_seq": 9007199254740993'])
    expect(text).toContain(exact);
});
