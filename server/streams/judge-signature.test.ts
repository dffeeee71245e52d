import { expect, test } from "vitest";
import { dataSignature } from "@/server/audit/verify/seals";
import { streamSignature } from "@/server/caracal/stream-signature";
import { judgeSignature } from "./judge-signature";

const [streamsKey, auditKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const keys = { streamsKey, auditKey };
const judge = (stream: string, fields: Record<string, string>, given: Parameters<typeof judgeSignature>[0] = keys) =>
  judgeSignature(given, stream, { id: "1-1", fields });
const revocation = "caracal.sessions.revoke";
const audit = "caracal.audit.events";

test("a message without a signature that holds is said to be dropped, an event to be dead-lettered", () => {
  const fields = { zone_id: "z", session_id: "s" };
  expect(judge(revocation, { ...fields, _sig: streamSignature(streamsKey, revocation, fields) })).toEqual({
    signature: "valid",
    consequence: null,
  });
  expect(judge(revocation, { ...fields, _sig: streamSignature(streamsKey, "another", fields) }).consequence).toContain(
    "acknowledge it and drop it",
  );
  expect(judge(revocation, fields).signature).toBe("missing");
  const data = '{"id":"e"}';
  expect(judge(audit, { data, sig: dataSignature(auditKey, data) }).signature).toBe("valid");
  expect(judge(audit, { data, sig: "0".repeat(64) })).toMatchObject({
    signature: "invalid",
    consequence: expect.stringContaining("hmac_verify_failed"),
  });
  expect(judge(audit, { note: "x" }).consequence).toContain("missing_data_field");
  expect(judge(audit, { data: '{"event_type":"replay_detected"}' }).consequence).toContain("security signal");
});

test("without a key nothing is judged, and streams without signatures are said to have none", () => {
  expect(judge(revocation, {}, { streamsKey: null, auditKey }).signature).toBe("no-key");
  expect(judge(audit, { data: "{}" }, { streamsKey, auditKey: null }).consequence).toContain("AUDIT_HMAC_KEY");
  expect(judge("caracal.audit.events.dlq", {})).toEqual({ signature: "not-signed-stream", consequence: null });
  expect(judge(`${revocation}.dead`, {}).consequence).toContain("does not hold STREAMS_HMAC_KEY");
});
