import { expect, test } from "vitest";
import { honestChain } from "@/sandbox/audit-chain/honest-chain";
import { auditRow } from "@/server/audit/event-view";
import { exportLines } from "@/server/audit/export-lines";
import type { ListedAuditEvent } from "@/server/caracal/audit-read";

const [made] = honestChain(Math.random, 1).rows;
if (made === undefined) throw new Error("no row");
const secret = "token=hunter22";
const row = { ...made, request_id: secret };

test("a request id, which callers choose, is hidden in lists and exports, and given whole where nothing is", () => {
  for (const format of ["csv", "jsonl"] as const) {
    expect(exportLines(format, true).line(row)).toContain("token=[redacted: secret]");
    expect(exportLines(format, true).line(row)).not.toContain("hunter22");
    expect(exportLines(format, false).line(row)).toContain(secret);
    expect(exportLines(format, true).line(made)).toContain(made.request_id ?? "none");
  }
  const listed = { requestId: secret, determiningPolicies: null, metadata: null } as ListedAuditEvent;
  expect(auditRow(listed).requestId).toBe("token=[redacted: secret]");
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  expect(auditRow({ ...listed, requestId: trace }).requestId).toBe(trace);
});
