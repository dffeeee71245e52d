import { expect, test } from "vitest";
import { actionOf, agreementWords } from "@/components/approvals/action-of";
import { policyOf } from "@/server/auth/action-policy";

test("an action that is gone from the table is not taken for another", () => {
  expect(actionOf("freeze-zone")?.label).toBe("Freeze a zone");
  expect(actionOf("toString")).toBeNull();
});

test("who must agree is said from the rule that is enforced", () => {
  expect(agreementWords(policyOf("thaw-zone"))).toBe("One responder. No second person is needed.");
  expect(agreementWords(policyOf("freeze-zone"))).toContain(
    "a responder asks, and somebody else who is approver, security or responder",
  );
  expect(agreementWords(policyOf("re-sign-event"))).toContain("Two people: somebody of security asks");
  expect(agreementWords(policyOf("rotate-zone-key"))).toContain("a responder or somebody of security asks");
  expect(agreementWords(policyOf("rotate-zone-key"))).toContain("other than who asks, is of security");
});
