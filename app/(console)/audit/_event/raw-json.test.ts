import { expect, it } from "vitest";
import { rawJson } from "./raw-json";

it("is JSON with every column, its numbers digit by digit", () => {
  const event = {
    id: 'a"b',
    zoneId: "z",
    eventType: "token_exchange",
    requestId: null,
    decision: "allow",
    evaluationStatus: "complete",
    policySetId: null,
    policySetVersionId: null,
    manifestSha: null,
    occurredAt: "2026-11-23T20:00:00.000001Z",
    ingestedAt: "2026-11-23T20:00:00.000002Z",
    contentSha256: null,
    prevContentSha256: null,
    chainHmac: null,
    chainSeq: "9007199254740993",
    ingestSignature: null,
  };
  const json = { determiningPolicies: '[{"w": 1.50}]', diagnostics: null, metadata: '{"n": 12345678901234567890}' };
  const text = rawJson(event, json);
  expect(Object.keys(JSON.parse(text))).toHaveLength(19);
  for (const exact of ['"id": "a\\"b"', '"w": 1.50', "12345678901234567890", '"chain_seq": 9007199254740993'])
    expect(text).toContain(exact);
});
