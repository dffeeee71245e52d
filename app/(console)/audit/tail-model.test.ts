import { expect, it } from "vitest";
import type { AuditRow } from "@/server/audit/schemas";
import { noTail, tailRelease, tailStep, waitingCount } from "./tail-model";

const rows = (...ids: number[]) =>
  ids.map((id) => ({ id: String(id), occurredAt: "2026-11-23T02:14:31.000000Z" }) as AuditRow);

it("shows what came, holds it back while somebody reads, and lets it go after", () => {
  const first = tailStep(noTail, rows(2, 1), false, false);
  expect(first).toEqual({ rows: rows(2, 1), waiting: null, gap: false });
  const held = tailStep(first, rows(4, 3, 2, 1), true, false);
  expect(held.rows).toEqual(rows(2, 1));
  expect(waitingCount(held)).toBe(2);
  const released = tailRelease(held);
  expect(released.rows).toEqual(rows(4, 3, 2, 1));
  expect(waitingCount(released)).toBe(0);
});

it("says when more came than a look holds, also while held", () => {
  const first = tailStep(noTail, rows(2, 1), false, true);
  expect(first.gap).toBe(false);
  expect(tailStep(first, rows(4, 3), false, true).gap).toBe(true);
  expect(tailStep(first, rows(3, 2), false, true).gap).toBe(false);
  expect(tailStep(first, rows(4, 3), false, false).gap).toBe(false); // not full: the old ones left the window
  const lost = tailStep(first, rows(4, 3), true, true);
  expect(tailStep(lost, rows(5, 4), true, true).gap).toBe(true);
  expect(tailRelease(lost).gap).toBe(true);
});
