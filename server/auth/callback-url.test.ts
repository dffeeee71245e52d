import { expect, test } from "vitest";
import { safeCallback } from "@/server/auth/callback-url";

test.each([
  ["/streams/caracal.audit.events?from=1-0", "/streams/caracal.audit.events?from=1-0"],
  ["/playbooks/1#step", "/playbooks/1"],
  ["https://evil.example/", "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["/.//evil.example", "/"],
  ["/..//evil.example", "/"],
  ["/a/..//evil.example", "/"],
  ["/./\\evil.example", "/"],
  ["javascript:alert(1)", "/"],
  ["/sign-in?callbackUrl=/", "/"],
  ["/api/trpc/system.me", "/"],
  ["", "/"],
  [undefined, "/"],
  [["/a", "/b"], "/"],
  [`/${"a".repeat(3_000)}`, "/"],
])("%j leads to %s", (given, path) => {
  expect(safeCallback(given)).toBe(path);
});
