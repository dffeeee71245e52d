import { expect, test } from "vitest";
import { isLongQuery } from "./long-query";

test("a hundred ids are too many for an address, a page's question is not, and changes go by POST anyway", () => {
  const ids = Array.from({ length: 100 }, (_, at) => `1795465374026-${at}`);
  const parameters = { stream: "caracal.sessions.revoke", group: "sts-revocation", ids };
  expect(isLongQuery({ type: "query", input: { action: "ack-pending", parameters } })).toBe(true);
  expect(isLongQuery({ type: "mutation", input: { action: "ack-pending", parameters } })).toBe(false);
  expect(isLongQuery({ type: "query", input: { stream: parameters.stream, limit: 50 } })).toBe(false);
  expect(isLongQuery({ type: "query", input: undefined })).toBe(false);
});
